package io.temporal.client;

/** A stub. */
public final class WorkflowClientOptions {
  private String namespace;

  public static Builder newBuilder() {
    return new Builder();
  }

  public String getNamespace() {
    return namespace;
  }

  /** A stub. */
  public static final class Builder {
    private final WorkflowClientOptions options = new WorkflowClientOptions();

    public Builder setNamespace(String namespace) {
      options.namespace = namespace;
      return this;
    }

    public WorkflowClientOptions build() {
      return options;
    }
  }
}
