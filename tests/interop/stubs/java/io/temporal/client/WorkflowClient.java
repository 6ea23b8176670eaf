package io.temporal.client;

import io.temporal.serviceclient.WorkflowServiceStubs;

/** A stub. */
public interface WorkflowClient {
  static WorkflowClient newInstance(WorkflowServiceStubs service, WorkflowClientOptions options) {
    return () -> options;
  }

  WorkflowClientOptions getOptions();
}
