import java.io.ByteArrayInputStream;
import java.io.IOException;
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
 * What the JDK says of our files, one line a check; it ends with a stack trace where it says no.
 *
 * <p>Usage: java Interop.java ALGORITHM FOLDER, where FOLDER holds ca.crt, ca.crl, client.crt, client.key,
 * server.crt, server.key, and stranger.crt and stranger.key from a CA of the same name but another key. Each
 * .crt of an end entity may go on with the intermediates above it; each .key is PKCS#8, in the clear.
 */
public final class Interop {
    private static final int TIMEOUT = 10_000; // milliseconds
    private static final char[] NO_PASSWORD = {};

    private record Owner(List<X509Certificate> chain, PrivateKey key) {}

    public static void main(String[] args) throws Exception {
        String algorithm = args[0];
        Path folder = Path.of(args[1]);
        X509Certificate ca = chain(folder.resolve("ca.crt")).get(0);
        Owner client = owner(folder, "client", algorithm);
        Owner server = owner(folder, "server", algorithm);
        Owner stranger = owner(folder, "stranger", algorithm);
        System.out.println("keys loaded: " + client.key.getAlgorithm() + " " + client.key.getFormat());

        validate(client.chain, ca, folder.resolve("ca.crl"));
        validate(server.chain, ca, folder.resolve("ca.crl"));
        System.out.println("chains validated: " + client.chain.size());
        try {
            validate(stranger.chain, ca, folder.resolve("ca.crl"));
            throw new AssertionError("the stranger's chain was validated");
        } catch (CertPathValidatorException expected) {
            System.out.println("stranger's chain refused");
        }

        System.out.println("handshake: " + handshake(server, client, ca));
        try {
            handshake(server, stranger, ca);
            throw new AssertionError("the stranger was let in");
        } catch (SSLException expected) {
            System.out.println("stranger's handshake refused");
        }
    }

    private static Owner owner(Path folder, String name, String algorithm) throws IOException, GeneralSecurityException {
        String pem = Files.readString(folder.resolve(name + ".key"));
        String base64 = pem.replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "");
        byte[] der = Base64.getMimeDecoder().decode(base64);
        PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        return new Owner(chain(folder.resolve(name + ".crt")), key);
    }

    private static List<X509Certificate> chain(Path file) throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = new ArrayList<>();
        ByteArrayInputStream pem = new ByteArrayInputStream(Files.readAllBytes(file));
        for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
            chain.add((X509Certificate) certificate);
        }
        return chain;
    }

    /** Validates a chain below ca by RFC 5280; where ca issued its leaf itself, by the CRL too. */
    private static void validate(List<X509Certificate> chain, X509Certificate ca, Path crl)
            throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
        parameters.setRevocationEnabled(chain.size() == 1);
        var crls = factory.generateCRLs(new ByteArrayInputStream(Files.readAllBytes(crl)));
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(crls)));
        CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(chain), parameters);
    }

    /** Returns the protocol and whom the server saw; both sides demand a certificate below ca. */
    private static String handshake(Owner server, Owner client, X509Certificate ca) throws Exception {
        SSLContext serverContext = context(server, ca);
        SSLContext clientContext = context(client, ca);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket listening = serverContext.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            listening.setSoTimeout(TIMEOUT);
            ((SSLServerSocket) listening).setNeedClientAuth(true);
            CompletableFuture<Void> talking = CompletableFuture.runAsync(() -> talk(clientContext, listening));
            String seen;
            try (SSLSocket accepted = (SSLSocket) listening.accept()) {
                accepted.setSoTimeout(TIMEOUT);
                accepted.getOutputStream().write('!');
                var session = accepted.getSession();
                seen = session.getProtocol() + " " + session.getPeerPrincipal().getName();
            }
            talking.get(TIMEOUT, TimeUnit.MILLISECONDS);
            return seen;
        }
    }

    private static void talk(SSLContext context, ServerSocket listening) {
        try (Socket plain = new Socket(listening.getInetAddress(), listening.getLocalPort());
                SSLSocket socket = (SSLSocket)
                        context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true)) {
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
