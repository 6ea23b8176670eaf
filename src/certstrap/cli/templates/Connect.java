import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.SimpleSslContextBuilder;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore; // if SERVER_CA
import java.security.cert.Certificate; // if SERVER_CA
import java.security.cert.CertificateFactory; // if SERVER_CA
import java.time.Duration;
import javax.net.ssl.TrustManagerFactory; // if SERVER_CA

public class Connect {
  public static void main(String[] args) throws Exception {
    try (
        InputStream certificate = Files.newInputStream(Path.of("CERTIFICATE"));
        InputStream ca = Files.newInputStream(Path.of("SERVER_CA")); // if SERVER_CA
        InputStream key = Files.newInputStream(Path.of("KEY"))) {
      KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType()); // if SERVER_CA
      roots.load(null, null); // if SERVER_CA
      CertificateFactory factory = CertificateFactory.getInstance("X.509"); // if SERVER_CA
      for (Certificate root : factory.generateCertificates(ca)) { // if SERVER_CA
        roots.setCertificateEntry(Integer.toString(roots.size()), root); // if SERVER_CA
      } // if SERVER_CA
      String algorithm = TrustManagerFactory.getDefaultAlgorithm(); // if SERVER_CA
      TrustManagerFactory trust = TrustManagerFactory.getInstance(algorithm); // if SERVER_CA
      trust.init(roots); // if SERVER_CA
      WorkflowServiceStubsOptions options =
          WorkflowServiceStubsOptions.newBuilder()
              .setTarget("ADDRESS")
              .setSslContext(
                  SimpleSslContextBuilder.forPKCS8(certificate, key)
                      .setKeyPassword(System.getenv("TEMPORAL_KEY_PASSWORD")) // if ENCRYPTED
                      .setTrustManager(trust.getTrustManagers()[0]) // if SERVER_CA
                      .build())
              .setChannelInitializer(channel -> channel.overrideAuthority("SERVER_NAME")) // if SERVER_NAME
              .build();
      WorkflowServiceStubs service =
          WorkflowServiceStubs.newConnectedServiceStubs(options, Duration.ofSeconds(10));
      WorkflowClient client =
          WorkflowClient.newInstance(
              service,
              WorkflowClientOptions.newBuilder()
                  .setNamespace("NAMESPACE")
                  .build());
      System.out.println("Connected to " + client.getOptions().getNamespace() + ".");
      service.shutdown();
    }
  }
}
