import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * What the JDK says of the files in some folders, one line a check.
 *
 * <p>Usage: java Interop.java HOST [ALGORITHM FOLDER]..., with the name of the server and the algorithm of the
 * keys in each folder. It has ca.crt and ca.crl, and for each of client, below, server and stranger a chain
 * (.crt, without the CA) and a key (.key, unencrypted PKCS#8). The stranger's CA has the same name as the other.
 */
public final class Interop {
    private static final int TIMEOUT = 10_000; // milliseconds
    private static final char[] NO_PASSWORD = {};

    private record Owner(String name, List<X509Certificate> chain, PrivateKey key) {}

    public static void main(String[] args) throws Exception {
        for (int i = 1; i < args.length; i += 2) {
            check(args[0], args[i], Path.of(args[i + 1]));
        }
    }

    private static void check(String host, String algorithm, Path folder) throws Exception {
        X509Certificate ca = chain(folder.resolve("ca.crt")).get(0);
        Path crl = folder.resolve("ca.crl");
        Owner client = owner("client", algorithm, folder);
        Owner below = owner("below", algorithm, folder);
        Owner server = owner("server", algorithm, folder);
        Owner stranger = owner("stranger", algorithm, folder);

        for (Owner owner : List.of(client, below, server)) {
            validate(owner.chain, ca, crl);
            System.out.printf("chain of %s validated: %d certificates%n", owner.name, owner.chain.size());
        }
        try {
            validate(stranger.chain, ca, crl);
            throw new AssertionError("the stranger's chain is valid");
        } catch (CertPathValidatorException expected) {
            System.out.println("chain of stranger refused");
        }

        for (Owner owner : List.of(client, below)) {
            System.out.println(handshake(server, owner, ca, host));
        }
        try {
            handshake(server, stranger, ca, host);
            throw new AssertionError("the stranger was let in");
        } catch (SSLException expected) {
            System.out.println("TLS with stranger refused");
        }
    }

    private static Owner owner(String name, String algorithm, Path folder)
            throws IOException, GeneralSecurityException {
        String pem = Files.readString(folder.resolve(name + ".key"));
        String base64 = pem.replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "");
        byte[] der = Base64.getMimeDecoder().decode(base64);
        PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        return new Owner(name, chain(folder.resolve(name + ".crt")), key);
    }

    private static List<X509Certificate> chain(Path file) throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(open(file))) {
            chain.add((X509Certificate) certificate);
        }
        return chain;
    }

    private static InputStream open(Path file) throws IOException {
        return new ByteArrayInputStream(Files.readAllBytes(file));
    }

    /** Validates a chain by RFC 5280; what the CA itself issued is looked up in its CRL too. */
    private static void validate(List<X509Certificate> chain, X509Certificate ca, Path crl)
            throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
        parameters.setRevocationEnabled(chain.size() == 1);
        var crls = new CollectionCertStoreParameters(factory.generateCRLs(open(crl)));
        parameters.addCertStore(CertStore.getInstance("Collection", crls));
        CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(chain), parameters);
    }

    /** Returns the protocol and whom the server sees; each side demands a certificate below the CA. */
    private static String handshake(Owner server, Owner client, X509Certificate ca, String host) throws Exception {
        SSLContext serverContext = context(server, ca);
        SSLContext clientContext = context(client, ca);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket listening = serverContext.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            listening.setSoTimeout(TIMEOUT);
            ((SSLServerSocket) listening).setNeedClientAuth(true);
            CompletableFuture<Void> talking = CompletableFuture.runAsync(() -> talk(clientContext, listening, host));
            String seen;
            try (SSLSocket accepted = (SSLSocket) listening.accept()) {
                accepted.setSoTimeout(TIMEOUT);
                accepted.getOutputStream().write('!');
                var session = accepted.getSession();
                seen = session.getProtocol() + " with " + session.getPeerPrincipal().getName();
            }
            talking.get(TIMEOUT, TimeUnit.MILLISECONDS);
            return seen;
        }
    }

    private static void talk(SSLContext context, ServerSocket listening, String host) {
        try (Socket plain = new Socket(listening.getInetAddress(), listening.getLocalPort());
                SSLSocket socket = (SSLSocket)
                        context.getSocketFactory().createSocket(plain, host, plain.getPort(), true)) {
            socket.setSoTimeout(TIMEOUT);
            var parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            if (socket.getInputStream().read() != '!') {
                throw new IOException("the server said nothing");
            }
        } catch (IOException cause) {
            throw new CompletionException(cause);
        }
    }

    private static SSLContext context(Owner owner, X509Certificate ca) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("own", owner.key, NO_PASSWORD, owner.chain.toArray(new X509Certificate[0]));
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, NO_PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", ca);
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }
}
