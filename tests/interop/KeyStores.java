import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What the JDK's KeyStore finds in PKCS#12 files, one line a key; "nothing", or "refused".
 *
 * <p>Usage: java KeyStores.java FILE PASSPHRASE [FILE PASSPHRASE]...
 */
public final class KeyStores {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < args.length; i += 2) {
            try {
                show(open(args[i], args[i + 1].toCharArray()), args[i + 1].toCharArray());
            } catch (IOException refused) {
                System.out.println("refused");
            }
        }
    }

    private static KeyStore open(String file, char[] passphrase) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream stream = Files.newInputStream(Path.of(file))) {
            store.load(stream, passphrase);
        }
        return store;
    }

    private static void show(KeyStore store, char[] passphrase) throws GeneralSecurityException {
        if (store.size() == 0) {
            System.out.println("nothing");
        }
        for (String alias : Collections.list(store.aliases())) {
            PrivateKey key = (PrivateKey) store.getKey(alias, passphrase);
            List<String> chain = new ArrayList<>();
            for (Certificate certificate : store.getCertificateChain(alias)) {
                chain.add(((X509Certificate) certificate).getSubjectX500Principal().getName());
            }
            requireSameKey(key, store.getCertificate(alias));
            System.out.printf("%s: %s, %s%n", alias, key.getAlgorithm(), String.join(" < ", chain));
        }
    }

    private static void requireSameKey(PrivateKey key, Certificate certificate) throws GeneralSecurityException {
        boolean hashes = !key.getAlgorithm().equals("EdDSA");
        String algorithm = hashes ? "SHA256with" + key.getAlgorithm().replace("EC", "ECDSA") : "EdDSA";
        byte[] text = {1, 2, 3};
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        signing.update(text);
        Signature verifying = Signature.getInstance(algorithm);
        verifying.initVerify(certificate);
        verifying.update(text);
        if (!verifying.verify(signing.sign())) {
            throw new AssertionError("the key is not that of the certificate");
        }
    }
}
