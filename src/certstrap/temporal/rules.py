"""The rules of Temporal Cloud and of its clients, as data.

The first source is Temporal's page "Manage certificates". What that page leaves open follows from
the programs that judge: Temporal Cloud's server is written in Go (crypto/x509, crypto/tls), and the
clients for Python, TypeScript, .NET and Ruby share a core that is written in Rust (rustls).
"""

from typing import NamedTuple

from certstrap.hints import Hint

CA, LEAF, CHAIN, KEY, NAMES, VALIDITY, CLIENTS = GROUPS = (
    "CA", "leaf", "chain", "key", "names", "validity", "clients",
)  # fmt: skip
"""The groups, in the order in which they are shown."""

_DOCS = "https://docs.temporal.io/"
_REQUIREMENTS = _DOCS + "cloud/certificates#certificate-requirements"
_ISSUING = _DOCS + "cloud/certificates#issue-certificates"
_NOTICES = _DOCS + "cloud/certificates#expiration-notifications"
_MANAGE = _DOCS + "cloud/certificates#manage-certificates"
_COMPROMISED = _DOCS + "cloud/certificates#how-to-handle-a-compromised-end-entity-certificate"
_CLIENTS = _DOCS + "cloud/certificates#configure-clients-to-use-client-certificates"
_NAMESPACES = _DOCS + "cloud/namespaces#temporal-cloud-namespace-name"
_RFC5280, _TLS = (
    "https://www.rfc-editor.org/rfc/rfc5280#",
    "https://www.rfc-editor.org/rfc/rfc8446#",
)
_GO_TLS = "https://pkg.go.dev/crypto/tls#X509KeyPair"
_GO_X509 = "https://pkg.go.dev/crypto/x509#ParseCertificate"


class Rule(NamedTuple):
    """A rule.

    Attributes:
        identifier: its name, which never changes.
        group: the group that it is shown in, one of `GROUPS`.
        sentence: what must be true.
        reason: why.
        fix: what to do if it is not. In its commands, NAME is the certificate's name in the depot,
            CA-NAME that of its CA, and FILE the file.
        page: the page that says so.
    """

    identifier: str
    group: str
    sentence: str
    reason: str
    fix: Hint | str
    page: str


_NEW_CA = Hint("Create another CA", ("certstrap", "init", ("--common-name", "NEW-NAME")))
_REPLACE_CA = Hint(
    "Create a new CA, and move the clients to it",
    ("certstrap", "init", ("--common-name", "NEW-NAME")),
    ("certstrap", "bundle", ("--rotate", "CA-NAME", "NEW-NAME")),
)
_NEW_BUNDLE = Hint(
    "Write it again", ("certstrap", "bundle", ("--cert", "FILE"), ("--output", "NEW"))
)
_RENEW = Hint("Renew it", ("certstrap", "renew", "NAME"))
_ISSUE = Hint(
    "Move the certificate away and issue a new one",
    ("certstrap", "issue", "NAME", ("--CA", "CA-NAME")),
)
_OTHER_KEY = Hint(
    "Issue a certificate with another key",
    ("certstrap", "issue", "NEW-NAME", ("--CA", "CA-NAME"), ("--curve", "P-256")),
)
_CHAIN = Hint("Move the file away and write the chain again", ("certstrap", "export-chain", "NAME"))


# fmt: off
_ALL = (
    Rule(
        "ca-pem", CA, "The CA file is PEM text, and each certificate in it can be read.",
        "Temporal Cloud and its tools read PEM.",
        _NEW_BUNDLE._replace(sentence="Write it again as PEM"), _MANAGE,
    ),
    Rule(
        "ca-content", CA, "The CA file holds certificates and nothing else.",
        "tcld uploads a file as it is, and cannot read it afterwards if anything else is in it.",
        _NEW_BUNDLE, _MANAGE,
    ),
    Rule(
        "ca-private-key", CA, "The CA file holds no private key.",
        "Whoever has a CA's key can admit any client; it must never leave your machine.",
        "Remove the key from the file. If the file was uploaded or sent, create a new CA.", _MANAGE,
    ),
    Rule(
        "ca-count", CA, "There are at most 16 CA certificates.",
        "Temporal Cloud takes no more in one bundle.",
        "Leave out the CAs that no client needs any more.", _REQUIREMENTS,
    ),
    Rule(
        "ca-size", CA, "The CA file has at most 32,768 bytes.",
        "Temporal Cloud takes at most 32 KB, before base64.",
        "Leave out CAs that no client needs any more, and text around the certificates.",
        _REQUIREMENTS,
    ),
    Rule(
        "ca-version", CA, "Each CA certificate is X.509 version 3.",
        "Earlier versions cannot say that a certificate is a CA's.",
        _NEW_CA, _REQUIREMENTS,
    ),
    Rule(
        "ca-serial", CA, "Each CA certificate has a positive serial number.",
        "Since Go 1.23, Go cannot read a certificate with a negative one; RFC 5280 forbids 0 too.",
        _NEW_CA, _GO_X509,
    ),
    Rule(
        "ca-true", CA, "Each CA certificate has basic constraints with CA:TRUE.",
        "Without it, the certificate may not sign others.",
        _NEW_CA, _REQUIREMENTS,
    ),
    Rule(
        "ca-leaf", CA, "No certificate of a client is among the CAs.",
        "Temporal Cloud is given the CA only; the client presents its own certificate.",
        "Upload the CA's certificate instead.", _REQUIREMENTS,
    ),
    Rule(
        "ca-usage", CA, "A CA's key usage, if it has one, includes certificate signing.",
        "Without it, no certificate that the CA signed is accepted.",
        _NEW_CA, _RFC5280 + "section-4.2.1.3",
    ),
    Rule(
        "ca-client-usage", CA,
        "A CA's extended key usage, if it has one, includes client authentication.",
        "It limits what every certificate below the CA may be used for.",
        _NEW_CA, _RFC5280 + "section-4.2.1.12",
    ),
    Rule(
        "ca-issuer", CA, "Each CA is a root, or is issued by another CA in the file.",
        "Temporal Cloud refuses a bundle with a chain that does not end.",
        "Add the certificate of the CA that issued it.", _REQUIREMENTS,
    ),
    Rule(
        "ca-algorithm", CA, "Each CA is signed with RSA or ECDSA, and SHA-256 or stronger.",
        "Temporal Cloud refuses SHA-1, MD5 and Ed25519.",
        _NEW_CA, _REQUIREMENTS,
    ),
    Rule(
        "ca-key", CA, "Each CA has an RSA key of 2048 bits or more, or one on a NIST curve.",
        "Temporal Cloud refuses Ed25519; shorter RSA keys and other curves are refused by its "
        "TLS library.",
        _NEW_CA, _REQUIREMENTS,
    ),
    Rule(
        "ca-critical", CA, "No CA has a critical extension that is not known.",
        "Whoever does not know a critical extension must refuse the certificate.",
        _NEW_CA, _RFC5280 + "section-4.2",
    ),
    Rule(
        "ca-twice", CA, "No certificate is in the CA file twice.",
        "It takes room for nothing, and tcld refuses to add a certificate that is there already.",
        _NEW_BUNDLE._replace(sentence="Write it again, each certificate once"), _MANAGE,
    ),
    Rule(
        "ca-public", CA, "No CA is a well-known public CA.",
        "Anybody can get a certificate of a public CA; Temporal Cloud takes it with certificate "
        "filters only.",
        "Use a CA of your own, or set certificate filters.", _REQUIREMENTS,
    ),
    Rule(
        "leaf-pem", LEAF, "The certificate file is PEM text that can be read.",
        "Clients read PEM only.",
        Hint(
            "Write the certificate again as PEM",
            ("openssl", "x509", ("-in", "FILE"), ("-out", "NEW")),
        ),
        _CLIENTS,
    ),
    Rule(
        "leaf-version", LEAF, "The certificate is X.509 version 3.",
        "Earlier versions cannot say what a certificate is for.",
        _ISSUE, _REQUIREMENTS,
    ),
    Rule(
        "leaf-serial", LEAF, "The certificate has a positive serial number.",
        "Since Go 1.23, Go cannot read a certificate with a negative one; RFC 5280 forbids 0 too.",
        _ISSUE, _GO_X509,
    ),
    Rule(
        "leaf-false", LEAF, "The certificate has basic constraints with CA:FALSE.",
        "A client's certificate must not be a CA's.",
        _ISSUE, _REQUIREMENTS,
    ),
    Rule(
        "leaf-usage", LEAF, "The key usage includes digital signature.",
        "In TLS, a client proves with a signature that it has the key.",
        _ISSUE, _REQUIREMENTS,
    ),
    Rule(
        "leaf-client-usage", LEAF,
        "The extended key usage, if there is one, includes client authentication.",
        "Otherwise the certificate may be used for something else only, such as a server.",
        _ISSUE,
        _RFC5280 + "section-4.2.1.12",
    ),
    Rule(
        "leaf-algorithm", LEAF,
        "The certificate is signed with RSA or ECDSA, and SHA-256 or stronger.",
        "Temporal Cloud refuses SHA-1, MD5 and Ed25519.",
        "Issue it again, by a CA with an RSA, P-256 or P-384 key.", _REQUIREMENTS,
    ),
    Rule(
        "leaf-critical", LEAF, "The certificate has no critical extension that is not known.",
        "Whoever does not know a critical extension must refuse the certificate.",
        "Issue the certificate again without that extension.", _RFC5280 + "section-4.2",
    ),
    Rule(
        "chain-first", CHAIN, "The certificate file begins with the client's certificate.",
        "Clients take the first certificate for the one that belongs to the key.",
        _CHAIN, _TLS + "section-4.4.2",
    ),
    Rule(
        "chain-order", CHAIN, "Each certificate of the file is issued by the next.",
        "Not every server puts a chain in order.",
        _CHAIN, _TLS + "section-4.4.2",
    ),
    Rule(
        "chain-rest", CHAIN, "Each certificate of the file belongs to the chain.",
        "A certificate that does not belong there makes each connection slower and proves nothing.",
        "Leave it out.", _TLS + "section-4.4.2",
    ),
    Rule(
        "chain-complete", CHAIN, "The chain is complete, up to a CA that is uploaded.",
        "Temporal Cloud has only the uploaded CAs and the certificates that the client presents.",
        "Add the missing CA to the client's certificate file, or upload it.", _REQUIREMENTS,
    ),
    Rule(
        "chain-signature", CHAIN, "Each certificate is signed by the key of its issuer.",
        "A CA that was created again has the same name and another key.",
        "Upload the CA that issued the certificate, or issue the certificate again.",
        _RFC5280 + "section-6.1.3",
    ),
    Rule(
        "chain-name", CHAIN, "Each certificate names its issuer exactly as the issuer's own does.",
        "Temporal Cloud compares these names byte by byte, also their encoding.",
        "Upload the CA certificate that was there when the certificate was issued, or issue the "
        "certificate again.", _RFC5280 + "section-6.1.3",
    ),
    Rule(
        "chain-identifiers", CHAIN,
        "Each authority key identifier, if there is one, is that of the issuer's key.",
        "OpenSSL, and what is built on it, then does not find the issuer.",
        _ISSUE,
        _RFC5280 + "section-4.2.1.1",
    ),
    Rule(
        "chain-cas", CHAIN, "Each certificate between the client and the uploaded CA is a CA's.",
        "What holds for the uploaded CA holds for intermediates too.",
        Hint(
            "Move the intermediate's certificate away and sign it again",
            ("certstrap", "sign", "CA-NAME", ("--CA", "ROOT-NAME"), ("--intermediate",)),
        ),
        _REQUIREMENTS,
    ),
    Rule(
        "chain-length", CHAIN, "No CA is followed by more intermediates than its path length.",
        "Every server refuses a longer chain.",
        Hint(
            "Create a CA that allows intermediates",
            ("certstrap", "init", ("--path-length", "1"), ("--common-name", "NEW-NAME")),
        ),
        _RFC5280 + "section-4.2.1.9",
    ),
    Rule(
        "chain-domains", CHAIN, "Each CA is permitted the names that are below it.",
        "Every server refuses a certificate with a name that its CA may not sign.",
        "Issue it again for names that are permitted, or by another CA.",
        _RFC5280 + "section-4.2.1.10",
    ),
    Rule(
        "key-present", KEY, "The private key is here.",
        "Without it, neither the key nor a connection can be checked.",
        "Run the check where the key is, or name the key with --key FILE.", _CLIENTS,
    ),
    Rule(
        "key-pem", KEY, "The key file is PEM text that can be read.",
        "Clients read PEM only.",
        "Write the key again as PEM, with export-pkcs8.", _GO_TLS,
    ),
    Rule(
        "key-encrypted", KEY, "The private key is not encrypted.",
        "Clients cannot ask for a passphrase.",
        "Write a copy that is not encrypted, with export-pkcs8.", _GO_TLS,
    ),
    Rule(
        "key-pair", KEY, "The private key is that of the certificate.",
        "A client must prove that it has the key of the certificate it presents.",
        "Use the key and the certificate that belong together.", _GO_TLS,
    ),
    Rule(
        "key-kind", KEY, "The key is RSA of 2048 to 8192 bits, or on a NIST curve.",
        "Temporal Cloud refuses Ed25519, and its TLS library longer RSA keys and other curves.",
        _OTHER_KEY,
        _REQUIREMENTS,
    ),
    Rule(
        "key-mode", KEY, "Nobody else on this machine can read or change the private key.",
        "Whoever has the key is let in.",
        "Restrict the file to its owner, mode 0400.", _COMPROMISED,
    ),
    Rule(
        "names-bundle", NAMES, "No two uploaded CAs have the same name.",
        "CAs that serve one Namespace must have different names, compared without regard to case.",
        "Upload one of them only; give a new CA another common name.", _REQUIREMENTS,
    ),
    Rule(
        "names-chain", NAMES, "Each certificate of the chain has a name of its own.",
        "Temporal Cloud wants a unique Distinguished Name for each, without regard to case.",
        "Issue the certificate again with another common name.", _REQUIREMENTS,
    ),
    Rule(
        "namespace-form", NAMES, "The Namespace id has the form NAME.ACCOUNT.",
        "Clients that connect to another name are not let in.",
        "Copy it from the Namespace's page.", _NAMESPACES,
    ),
    Rule(
        "namespace-name", NAMES, "The certificate is named after the Namespace.",
        "The documented walkthrough names it so. Temporal Cloud itself does not compare the two.",
        "Use that Namespace's certificate; if the names differ on purpose, leave out --namespace.",
        _ISSUING,
    ),
    Rule(
        "ca-expired", VALIDITY, "No CA has expired.",
        "An expired CA shuts out every client below it.",
        Hint(
            "Renew the CA where its key is, then upload it again",
            ("certstrap", "renew", "CA-NAME"),
        ),
        _NOTICES,
    ),
    Rule(
        "ca-started", VALIDITY, "Each CA is valid already.",
        "Before its first day, a CA is not accepted.",
        "Wait until then, or check the clock of this machine.", _RFC5280 + "section-4.1.2.5",
    ),
    Rule(
        "ca-soon", VALIDITY, "No CA ends soon.",
        "Temporal Cloud sends a notice 15 days before a CA ends.",
        _REPLACE_CA, _NOTICES,
    ),
    Rule(
        "chain-valid", VALIDITY, "Each intermediate in the certificate file is valid now.",
        "A client below an expired intermediate is refused.",
        "Put an intermediate that is valid into the file.", _RFC5280 + "section-6.1.3",
    ),
    Rule(
        "leaf-expired", VALIDITY, "The certificate has not expired.",
        "A client with an expired certificate is refused.",
        _RENEW, _NOTICES,
    ),
    Rule(
        "leaf-started", VALIDITY, "The certificate is valid already.",
        "Before its first day, a certificate is not accepted.",
        "Wait until then, or check the clock of this machine.", _RFC5280 + "section-4.1.2.5",
    ),
    Rule(
        "leaf-soon", VALIDITY, "The certificate does not end soon.",
        "A client with an expired certificate is refused.",
        _RENEW, _NOTICES,
    ),
    Rule(
        "leaf-outlives", VALIDITY, "The certificate does not end after its CA.",
        "It is refused from the CA's end on, whatever its own end is.",
        Hint("Renew it, so that it expires with its CA", ("certstrap", "renew", "NAME")), _ISSUING,
    ),
    Rule(
        "leaf-revoked", VALIDITY, "No certificate of the chain is revoked.",
        "Temporal Cloud does not check CRLs: a revoked certificate is still let in there.",
        "Shut the client out with a certificate filter or a new CA.", _COMPROMISED,
    ),
    Rule(
        "client-kind", CLIENTS, "The client can use a key of this kind.",
        "The clients for Python, TypeScript, .NET and Ruby take RSA keys of 2048 to 4096 bits, "
        "P-256 and P-384; TLS 1.3 has no signature for P-224.",
        _OTHER_KEY,
        _TLS + "section-4.2.3",
    ),
    Rule(
        "client-form", CLIENTS, "The client can read a key file of this form.",
        "The Java SDK reads PKCS#8; the others read PKCS#1, PKCS#8 and SEC1.",
        "Write the key as PKCS#8, with export-pkcs8.", _ISSUING,
    ),
)
# fmt: on

RULES = {rule.identifier: rule for rule in _ALL}
