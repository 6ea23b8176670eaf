import io.temporal.serviceclient.SimpleSslContextBuilder;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.TrustManagerFactory;

/** What the SDK for Java says of each connection in a list: see tests/interop/clients.py. */
public class Say {
  private static void connect(String address, String name, String ca, String crt, String key)
      throws Exception {
    WorkflowServiceStubsOptions.Builder options =
        WorkflowServiceStubsOptions.newBuilder().setTarget(address);
    if (!ca.isEmpty()) {
      KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
      roots.load(null, null);
      try (InputStream file = Files.newInputStream(Path.of(ca))) {
        for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
          roots.setCertificateEntry(Integer.toString(roots.size()), root);
        }
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(roots);
      SimpleSslContextBuilder tls =
          crt.isEmpty()
              ? SimpleSslContextBuilder.noKeyOrCertChain()
              : SimpleSslContextBuilder.forPKCS8(
                  Files.newInputStream(Path.of(crt)), Files.newInputStream(Path.of(key)));
      options.setSslContext(tls.setTrustManager(trust.getTrustManagers()[0]).build());
    }
    if (!name.isEmpty()) {
      options.setChannelInitializer(channel -> channel.overrideAuthority(name));
    }
    WorkflowServiceStubs service = WorkflowServiceStubs.newServiceStubs(options.build());
    try {
      service.connect(Duration.ofSeconds(2));
    } finally {
      service.shutdownNow();
    }
  }

  private static String say(String line) {
    String[] words = line.split("\t", -1);
    try {
      connect(words[0], words[1], words[2], words[3], words[4]);
      return "connected";
    } catch (Throwable error) {
      StringBuilder said = new StringBuilder();
      for (Throwable each = error; each != null; each = each.getCause()) {
        said.append(each).append('\n');
      }
      return said.toString();
    }
  }

  public static void main(String[] args) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(24); // most of them wait
    List<Callable<String>> attempts = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      attempts.add(() -> say(line));
    }
    for (Future<String> said : threads.invokeAll(attempts)) {
      System.out.print(said.get() + "\0");
    }
    System.out.flush();
    System.exit(0);
  }
}
