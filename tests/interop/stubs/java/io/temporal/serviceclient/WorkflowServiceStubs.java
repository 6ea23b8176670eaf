package io.temporal.serviceclient;

import java.time.Duration;

/** A stub. */
public interface WorkflowServiceStubs {
  static WorkflowServiceStubs newConnectedServiceStubs(
      WorkflowServiceStubsOptions options, Duration timeout) {
    return () -> System.out.println("shut down");
  }

  void shutdown();
}
