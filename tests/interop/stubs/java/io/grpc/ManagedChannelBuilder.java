package io.grpc;

/** A stub: it prints what it is told. */
public class ManagedChannelBuilder<T extends ManagedChannelBuilder<T>> {
  @SuppressWarnings("unchecked")
  public T overrideAuthority(String authority) {
    System.out.println("authority " + authority);
    return (T) this;
  }
}
