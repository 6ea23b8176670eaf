package io.grpc.netty.shaded.io.netty.handler.ssl;

/** A stub. */
public abstract class SslContext {}
