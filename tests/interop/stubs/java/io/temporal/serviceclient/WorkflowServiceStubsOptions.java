package io.temporal.serviceclient;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import java.util.function.Consumer;

/** A stub: it prints what it is told. */
public final class WorkflowServiceStubsOptions {
  public static Builder newBuilder() {
    return new Builder();
  }

  /** A stub: it prints what it is told. */
  public static class Builder {
    private static class Channel extends ManagedChannelBuilder<Channel> {}

    public Builder setTarget(String target) {
      System.out.println("target " + target);
      return this;
    }

    public Builder setSslContext(SslContext sslContext) {
      return this;
    }

    public Builder setChannelInitializer(Consumer<ManagedChannelBuilder<?>> channelInitializer) {
      channelInitializer.accept(new Channel());
      return this;
    }

    public WorkflowServiceStubsOptions build() {
      return new WorkflowServiceStubsOptions();
    }
  }
}
