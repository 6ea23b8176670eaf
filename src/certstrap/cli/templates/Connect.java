import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.CertificateUtils; // if ENCRYPTED
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.File;
import java.io.InputStream; // if ENCRYPTED
import java.nio.file.Files; // if ENCRYPTED
import java.security.AlgorithmParameters; // if ENCRYPTED
import java.security.KeyFactory; // if ENCRYPTED
import java.security.cert.X509Certificate; // if ENCRYPTED
import java.time.Duration;
import java.util.Base64; // if ENCRYPTED
import java.util.Timer;
import java.util.TimerTask;
import javax.crypto.Cipher; // if ENCRYPTED
import javax.crypto.EncryptedPrivateKeyInfo; // if ENCRYPTED
import javax.crypto.SecretKeyFactory; // if ENCRYPTED
import javax.crypto.spec.PBEKeySpec; // if ENCRYPTED

// Needs the packages io.temporal:temporal-sdk and io.grpc:grpc-util.
public class Connect {
  private static final File CERTIFICATE = new File("CERTIFICATE");
  private static final File KEY = new File("KEY");
  private static final long MILLISECONDS = 600_000;

  public static WorkflowClient connect() throws Exception {
    AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
    load(identity);
    refresh(identity);
    SslContext context =
        GrpcSslContexts.forClient()
            .keyManager(identity)
            .trustManager(new File("SERVER_CA")) // if SERVER_CA
            .build();
    WorkflowServiceStubsOptions options =
        WorkflowServiceStubsOptions.newBuilder()
            .setTarget("ADDRESS")
            .setSslContext(context)
            .setChannelInitializer(channel -> channel.overrideAuthority("SERVER_NAME")) // if SERVER_NAME
            .build();
    return WorkflowClient.newInstance(
        WorkflowServiceStubs.newConnectedServiceStubs(options, Duration.ofSeconds(10)),
        WorkflowClientOptions.newBuilder().setNamespace("NAMESPACE").build());
  }

  private static void load(AdvancedTlsX509KeyManager identity) throws Exception {
    identity.updateIdentityCredentials(CERTIFICATE, KEY); // if PLAIN
    X509Certificate[] chain; // if ENCRYPTED
    try (InputStream certificates = Files.newInputStream(CERTIFICATE.toPath())) { // if ENCRYPTED
      chain = CertificateUtils.getX509Certificates(certificates); // if ENCRYPTED
    } // if ENCRYPTED
    String base64 = Files.readString(KEY.toPath()).replaceAll("-----[^-]+-----", ""); // if ENCRYPTED
    EncryptedPrivateKeyInfo key = // if ENCRYPTED
        new EncryptedPrivateKeyInfo(Base64.getMimeDecoder().decode(base64)); // if ENCRYPTED
    AlgorithmParameters parameters = key.getAlgParameters(); // if ENCRYPTED
    String algorithm = parameters.toString(); // if ENCRYPTED
    char[] password = System.getenv("TEMPORAL_KEY_PASSWORD").toCharArray(); // if ENCRYPTED
    Cipher cipher = Cipher.getInstance(algorithm); // if ENCRYPTED
    cipher.init( // if ENCRYPTED
        Cipher.DECRYPT_MODE, // if ENCRYPTED
        SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password)), // if ENCRYPTED
        parameters); // if ENCRYPTED
    identity.updateIdentityCredentials( // if ENCRYPTED
        chain, // if ENCRYPTED
        KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm()) // if ENCRYPTED
            .generatePrivate(key.getKeySpec(cipher))); // if ENCRYPTED
  }

  // Each new connection uses what was loaded last, so that a renewed certificate needs no restart.
  private static void refresh(AdvancedTlsX509KeyManager identity) {
    TimerTask reload =
        new TimerTask() {
          @Override
          public void run() {
            try {
              load(identity);
            } catch (Exception error) {
              System.err.println("The certificate cannot be loaded again: " + error);
            }
          }
        };
    new Timer(true).schedule(reload, MILLISECONDS, MILLISECONDS);
  }

  public static void main(String[] args) throws Exception {
    WorkflowClient client = connect();
    System.out.println("Connected to " + client.getOptions().getNamespace() + ".");
    client.getWorkflowServiceStubs().shutdown();
  }
}
