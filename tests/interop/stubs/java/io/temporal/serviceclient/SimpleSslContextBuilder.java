package io.temporal.serviceclient;

import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A stub: it prints what it is told. */
public class SimpleSslContextBuilder {
  public static SimpleSslContextBuilder forPKCS8(InputStream keyCertChain, InputStream key) {
    try {
      System.out.println("certificate of " + keyCertChain.readAllBytes().length + " bytes");
      System.out.println("key of " + key.readAllBytes().length + " bytes");
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return new SimpleSslContextBuilder();
  }

  public SimpleSslContextBuilder setKeyPassword(String password) {
    System.out.println("password " + password);
    return this;
  }

  public SimpleSslContextBuilder setTrustManager(TrustManager trustManager) {
    int issuers = ((X509TrustManager) trustManager).getAcceptedIssuers().length;
    System.out.println("trusts " + issuers + " issuers");
    return this;
  }

  public SslContext build() throws SSLException {
    return new SslContext() {};
  }
}
