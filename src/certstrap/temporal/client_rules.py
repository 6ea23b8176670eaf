"""Rules for a client's certificate, its chain and its key."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain as chained
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.errors import InvalidNameError
from certstrap.hints import Hint
from certstrap.pki import path as paths
from certstrap.pki import rules
from certstrap.pki.decode import (
    LoadedCertificate,
    alternative_names,
    comparable_name,
    extension,
    is_ca,
    names_of,
    validity_of,
)
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import Issuers, is_self_signed
from certstrap.pki.keys import KeySpec, PrivateKey, kind_of
from certstrap.pki.name_constraints import host_of
from certstrap.pki.names import name_text
from certstrap.temporal import ca_rules
from certstrap.temporal.clients import CLIENTS as EVERY_CLIENT
from certstrap.temporal.clients import Client, refusing, titles
from certstrap.temporal.inputs import MOST_CERTIFICATES, CertificateFile, KeyFile
from certstrap.temporal.namespace import Address, Namespace, parse_other
from certstrap.temporal.rules import (
    REWRITE_CHAIN,
    REWRITE_KEY,
    Page,
    Result,
    adopted,
    failure,
    looked_at,
    rule,
    warning,
)
from certstrap.text import printable, quoted, utc


class ClientChain(NamedTuple):
    """A client's certificate and those above it, at an instant.

    Attributes:
        path: from the leaf to the root, as far as it goes; each is issued by the next.
        anchored: whether it reaches an uploaded CA.
    """

    file: CertificateFile
    leaf: LoadedCertificate
    path: tuple[LoadedCertificate, ...]
    anchored: bool
    uploaded: tuple[LoadedCertificate, ...]
    now: datetime

    @property
    def presented(self) -> tuple[LoadedCertificate, ...]:
        """The intermediates of the path that the client presents."""
        known = {each.certificate for each in self.uploaded}
        return tuple(each for each in self.path[1:] if each.certificate not in known)


def find_chain(
    file: CertificateFile, uploaded: Sequence[LoadedCertificate], key: object, now: datetime
) -> ClientChain | None:
    """Return the chain of a client's certificate file, or None if it has no certificate.

    Args:
        key: the public key of the client's private key, or None if that is not known.
    """
    if not file.is_complete:
        return None
    leaf = _leaf(file.certificates, key)
    known = {each.certificate for each in uploaded}
    issuers = Issuers([*uploaded, *file.certificates])
    every = [(leaf, *above) for above in issuers.paths(leaf.certificate)]
    reached = [
        path[: number + 1]
        for path in every
        for number, each in enumerate(path)
        if each.certificate in known
    ]
    to_roots = [path for path in reached if is_self_signed(path[-1].certificate)]
    path = to_roots[0] if to_roots else min(reached, key=len, default=max(every, key=len))
    return ClientChain(file, leaf, path, bool(reached), tuple(uploaded), now)


def _leaf(certificates: Sequence[LoadedCertificate], key: object) -> LoadedCertificate:
    """Return the certificate of the key; else the first that is not a CA's; else the first."""
    known = certificates if key is not None else ()
    own = (each for each in known if each.certificate.public_key() == key)
    leaves = (each for each in certificates if not is_ca(each.certificate))
    return next(chained(own, leaves), certificates[0])


_RENEW = Hint("Renew it", ("certstrap", "renew", "NAME"))
_ISSUE = Hint(
    "Move the certificate away and issue a new one",
    ("certstrap", "issue", "NAME", ("--CA", "CA-NAME")),
)
_OTHER_KEY = Hint(
    "Issue a certificate with another key",
    ("certstrap", "issue", "NEW-NAME", ("--CA", "CA-NAME"), ("--curve", "P-256")),
)


# The certificate.


def judge_leaf(chain: ClientChain) -> Iterator[Result]:
    """Yield the results by the rules for a client's certificate."""
    checks = (
        leaf_version, leaf_serial, leaf_false, leaf_usage, leaf_client_usage, leaf_algorithm,
        leaf_critical, leaf_expired, leaf_started, leaf_soon, leaf_outlives,
    )  # fmt: skip
    unseen = set() if ca_rules.is_modern(chain.leaf) else {"leaf-false", "leaf-usage"}
    if len(chain.path) == 1:
        unseen.add("leaf-outlives")
    return looked_at((check(chain) for check in checks), unseen)


@rule(
    "leaf",
    Page.CLIENT_CERTIFICATES,
    Hint(
        "Write the certificate again as PEM", ("openssl", "x509", ("-in", "FILE"), ("-out", "NEW"))
    ),
)
def leaf_pem(file: CertificateFile) -> Iterator[Finding]:
    """The certificate file is PEM text that can be read.

    Clients read PEM only.
    """
    yield from file.problems
    hint = "Use the file with the certificate of the client."
    if file.total > MOST_CERTIFICATES:
        yield failure(
            f"{file.path} holds {file.total:,} certificates, which is too many for a chain.", hint
        )
    elif not file.is_decoded:
        yield failure(
            f"{file.path} is too large to be a certificate file ({file.size:,} bytes).", hint
        )


@rule("leaf", Page.REQUIREMENTS, _ISSUE)
def leaf_version(chain: ClientChain) -> Iterator[Finding]:
    """The certificate is X.509 version 3.

    Earlier versions cannot say what a certificate is for.
    """
    return ca_rules.version(chain.leaf)


@rule("leaf", Page.GO_X509, _ISSUE)
def leaf_serial(chain: ClientChain) -> Iterator[Finding]:
    """The certificate has a positive serial number.

    Since Go 1.23, Go cannot read a certificate with a negative one; RFC 5280 forbids 0 too.
    """
    return ca_rules.serial(chain.leaf)


@rule("leaf", Page.REQUIREMENTS, _ISSUE)
def leaf_false(chain: ClientChain) -> Iterator[Finding]:
    """The certificate has basic constraints with CA:FALSE.

    A client's certificate must not be a CA's.
    """
    constraints = extension(chain.leaf.certificate, x509.BasicConstraints)
    if constraints is None and ca_rules.is_modern(chain.leaf):
        yield warning(
            f"{chain.leaf.source} has no basic constraints. It can be used, but the documentation "
            "asks for them.",
            "Issue it again with CA:FALSE; a role of OpenBao or Vault has the switch "
            "basic_constraints_valid_for_non_ca.",
        )
    elif constraints and constraints.ca:
        yield failure(
            f"{chain.leaf.source} is a CA's certificate: it has CA:TRUE.",
            Hint(
                "Use the client's certificate, or issue one",
                ("certstrap", "issue", "NEW-NAME", ("--CA", "NAME")),
            ),
        )


@rule("leaf", Page.REQUIREMENTS, _ISSUE)
def leaf_usage(chain: ClientChain) -> Iterator[Finding]:
    """The key usage includes digital signature.

    In TLS, a client proves with a signature that it has the key.
    """
    source, usage = chain.leaf.source, extension(chain.leaf.certificate, x509.KeyUsage)
    if usage is None and ca_rules.is_modern(chain.leaf):
        yield warning(
            f"{source} has no key usage. It can be used, but the documentation asks for one."
        )
    elif usage and not usage.digital_signature:
        yield failure(f"The key usage of {source} does not include digital signature.")


@rule("leaf", Page.RFC5280 + "4.2.1.12", _ISSUE)
def leaf_client_usage(chain: ClientChain) -> Iterator[Finding]:
    """The extended key usage, if there is one, includes client authentication.

    Otherwise the certificate may be used for something else only, such as a server.
    """
    return ca_rules.client_usage(chain.leaf)


@rule("leaf", Page.REQUIREMENTS, "Issue it again, by a CA with an RSA, P-256 or P-384 key.")
def leaf_algorithm(chain: ClientChain) -> Iterator[Finding]:
    """The certificate is signed with RSA or ECDSA, and SHA-256 or stronger.

    Temporal Cloud refuses SHA-1, MD5 and Ed25519.
    """
    return ca_rules.algorithm(chain.leaf)


@rule("leaf", Page.RFC5280 + "4.2", "Issue the certificate again without that extension.")
def leaf_critical(chain: ClientChain) -> Iterator[Finding]:
    """The certificate has no critical extension that is not known.

    A peer that does not know a critical extension must refuse the certificate.
    """
    return ca_rules.critical(chain.leaf)


@rule("validity", Page.NOTICES, _RENEW)
def leaf_expired(chain: ClientChain) -> Iterator[Finding]:
    """The certificate has not expired.

    A client with an expired certificate is refused.
    """
    return ca_rules.dates(chain.leaf, chain.now, "expired")


@rule("validity", Page.RFC5280 + "4.1.2.5", "Wait until then, or check the clock of this machine.")
def leaf_started(chain: ClientChain) -> Iterator[Finding]:
    """The certificate is valid already.

    Before its first day, a certificate is not accepted.
    """
    return ca_rules.dates(chain.leaf, chain.now, "not-yet-valid")


@rule("validity", Page.NOTICES, _RENEW)
def leaf_soon(chain: ClientChain) -> Iterator[Finding]:
    """The certificate does not expire soon.

    A client with an expired certificate is refused.
    """
    return ca_rules.ends_soon(chain.leaf, chain.now)


MOMENTS = timedelta(seconds=5)
"""By which a certificate outlives its CA if both are created by one script for as many days."""


@rule(
    "validity",
    Page.ISSUING,
    Hint("Renew it, so that it expires with its CA", ("certstrap", "renew", "NAME")),
)
def leaf_outlives(chain: ClientChain) -> Iterator[Finding]:
    """The certificate does not expire after its CA.

    It is refused once its CA has expired, whatever its own end is.
    """
    end = validity_of(chain.leaf.certificate).end
    for ca in chain.path[1:]:
        ends = validity_of(ca.certificate).end
        if chain.now <= ends < end:
            finding = warning if end - ends <= MOMENTS else failure
            yield finding(
                f"{chain.leaf.source} expires on {utc(end)}, and {ca.source} expires before, on "
                f"{utc(ends)}."
            )


@rule("validity", Page.COMPROMISED, "Shut the client out with a certificate filter or a new CA.")
def leaf_revoked(found: Sequence[Finding]) -> Iterator[Finding]:
    """No certificate of the chain is revoked.

    Temporal Cloud does not check CRLs: a revoked certificate is still let in there.
    """
    return iter(found)


# The chain.


def judge_chain(chain: ClientChain, complete: Hint | str = "") -> Iterator[Result]:
    """Yield the results by the rules for chains; ``complete`` is what completes one."""
    yield from (check(chain) for check in (chain_first, chain_order, chain_rest))
    yield chain_complete(chain, complete)
    checks = (
        chain_signature, chain_name, chain_identifiers, chain_cas, chain_length, chain_domains,
        chain_policies, names_chain, chain_valid,
    )  # fmt: skip
    is_root = is_self_signed(chain.path[-1].certificate)
    ends = chain.anchored or is_root or any(_issuer_mismatch(chain))
    unseen = set() if ends else _OF_WHOLE_CHAINS
    yield from looked_at((check(chain) for check in checks), unseen)


_OF_WHOLE_CHAINS = {
    "chain-signature", "chain-name", "chain-identifiers", "chain-length", "chain-domains",
    "chain-policies", "names-chain",
}  # fmt: skip
"""The rules that look at the issuer of each certificate."""


@rule("chain", Page.TLS + "4.4.2", REWRITE_CHAIN)
def chain_first(chain: ClientChain) -> Iterator[Finding]:
    """The certificate file begins with the client's certificate.

    Clients take the first certificate for the one that belongs to the key.
    """
    first = chain.file.certificates[0]
    if first is not chain.leaf:
        subject = quoted(name_text(first.certificate.subject))
        yield failure(f"{chain.file.path} begins with the certificate of {subject}.")


@rule("chain", Page.TLS + "4.4.2", REWRITE_CHAIN)
def chain_order(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate of the file is issued by the next.

    Not every server puts a chain in order.
    """
    presented = list(chain.file.certificates)
    places = [presented.index(each) for each in chain.path if each in presented]
    if places[1:] != sorted(places[1:]):
        yield warning(f"The intermediates in {chain.file.path} are not in order.")


@rule("chain", Page.TLS + "4.4.2", "Leave it out.")
def chain_rest(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate of the file belongs to the chain.

    A certificate that does not belong there makes each connection slower and proves nothing.
    """
    known = {each.certificate for each in (*chain.path, *chain.uploaded)}
    for each in chain.file.certificates[1:]:
        if chain.anchored and each.certificate not in known:
            subject = quoted(name_text(each.certificate.subject))
            yield warning(f"{each.source}, of {subject}, is not needed.")


_UNKNOWN_CA = Hint(
    "Name the uploaded file with --ca-bundle FILE, or add the CA to the depot",
    ("certstrap", "import", "NEW-NAME", ("--cert", "FILE")),
)


@rule(
    "chain", Page.REQUIREMENTS, "Add the missing CA to the client's certificate file, or upload it."
)
def chain_complete(chain: ClientChain, hint: Hint | str) -> Iterator[Finding]:
    """The chain is complete, up to a CA that is uploaded.

    Temporal Cloud has only the uploaded CAs and the certificates that the client presents.
    """
    mismatch = [*_issuer_mismatch(chain)]
    yield from adopted(mismatch, "issuer-loop")
    if chain.anchored or mismatch:
        return
    last = chain.path[-1]
    hint = hint or ("" if chain.uploaded else _UNKNOWN_CA)
    if is_self_signed(last.certificate):
        what = "is self-signed" if last is chain.leaf else "is a root"
        yield failure(f"{last.source} {what}, and is not among the uploaded CAs.", hint)
    else:
        issuer = quoted(name_text(last.certificate.issuer))
        yield failure(
            f"{last.source} is issued by {issuer}, which is neither among the uploaded CAs nor in "
            f"{chain.file.path}.",
            hint,
        )


def _issuer_mismatch(chain: ClientChain) -> Iterator[Finding]:
    """Yield why the path ends below what looks like the issuer, by name or by key."""
    last = chain.path[-1]
    if chain.anchored or is_self_signed(last.certificate):
        return iter(())
    known = (*chain.uploaded, *chain.file.certificates)
    others = [each for each in known if each.certificate != last.certificate]
    return rules.issuer_mismatch(last, others)


@rule(
    "chain",
    Page.RFC5280 + "6.1.3",
    "Upload the CA that issued the certificate, or issue the certificate again.",
)
def chain_signature(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate is signed by the key of its issuer.

    A CA that was created again has the same name and another key.
    """
    return adopted(_issuer_mismatch(chain), "signature", "signature-algorithm")


@rule(
    "chain",
    Page.RFC5280 + "6.1.3",
    "Upload the CA certificate that was there when the certificate was issued, or issue the "
    "certificate again.",
)
def chain_name(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate names its issuer exactly as the issuer's own does.

    Temporal Cloud compares these names byte by byte, also their encoding.
    """
    return adopted(_issuer_mismatch(chain), "issuer-name")


@rule("chain", Page.RFC5280 + "4.2.1.1", _ISSUE)
def chain_identifiers(chain: ClientChain) -> Iterator[Finding]:
    """Each authority key identifier, if there is one, is that of the issuer's key.

    OpenSSL, and what is built on it, then does not find the issuer.
    """
    for below, ca in pairwise(chain.path):
        yield from adopted(paths.identifiers(below, ca.certificate))


@rule(
    "chain",
    Page.REQUIREMENTS,
    Hint(
        "Move the intermediate's certificate away and sign it again",
        ("certstrap", "sign", "CA-NAME", ("--CA", "ROOT-NAME"), ("--intermediate",)),
    ),
)
def chain_cas(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate between the client and the uploaded CA is a CA's.

    What holds for the uploaded CA holds for intermediates too.
    """
    for each in chain.presented:
        yield from ca_rules.intermediate(each)


@rule(
    "chain",
    Page.RFC5280 + "4.2.1.9",
    Hint(
        "Create a CA that allows intermediates",
        ("certstrap", "init", ("--path-length", "1"), ("--common-name", "NEW-NAME")),
    ),
)
def chain_length(chain: ClientChain) -> Iterator[Finding]:
    """No CA is followed by more intermediates than its path length.

    Every server refuses a longer chain.
    """
    for number in range(len(chain.path)):
        yield from adopted(paths.path_length(chain.path, number, count_self_issued=True))


@rule(
    "chain",
    Page.RFC5280 + "4.2.1.10",
    "Issue it again for names that are permitted, or by another CA.",
)
def chain_domains(chain: ClientChain) -> Iterator[Finding]:
    """Each CA is permitted the names that are below it.

    Every server refuses a certificate with a name that its CA may not sign.
    """
    for number, each in enumerate(chain.path):
        yield from adopted(paths.names(chain.path, number))
        yield from _names_of_go(each, chain.path[number + 1 :])


_DOMAIN = r"[!-\-/-~]+(\.[!-\-/-~]+)*"  # `domainNameValid` of crypto/x509


def _names_of_go(below: LoadedCertificate, cas: Sequence[LoadedCertificate]) -> Iterator[Finding]:
    """Yield which names Go refuses below a CA with name constraints, whatever these are."""
    constrained = {ca.source: extension(ca.certificate, x509.NameConstraints) for ca in cas}
    excluded = {
        source: {
            "*" + tree.value[tree.value.find(".") :].lower()
            for tree in found.excluded_subtrees or ()
            if isinstance(tree, x509.DNSName) and "." in tree.value
        }
        for source, found in constrained.items()
        if found
    }
    for name in alternative_names(below.certificate) if excluded else ():
        match name:
            case x509.DNSName(value=domain):
                host = domain
            case x509.UniformResourceIdentifier(value=uri):
                host = host_of(uri)
            case x509.RFC822Name(value=mailbox):
                host = mailbox.partition("@")[2]
            case _:
                continue
        shown = f"{below.source} has the name {printable(name.value)}, which"
        if not re.fullmatch(_DOMAIN, host):
            yield failure(f"{shown} Go cannot compare with name constraints.")
        for source, wildcards in excluded.items():
            if isinstance(name, x509.DNSName) and host.lower() in wildcards:
                yield failure(f"{shown} stands for a name that {source} excludes.")


@rule("chain", Page.RFC5280 + "6.1", "Issue it again by a CA that requires no policy.")
def chain_policies(chain: ClientChain) -> Iterator[Finding]:
    """A certificate policy is valid for the whole chain, if a CA requires one.

    Go refuses a chain without the policy that one of its CAs requires.
    """
    return adopted(paths.policies(chain.path))


@rule("names", Page.REQUIREMENTS, "Issue the certificate again with another common name.")
def names_chain(chain: ClientChain) -> Iterator[Finding]:
    """Each certificate of the chain has a name of its own.

    Temporal Cloud wants a unique Distinguished Name for each, without regard to case.
    """
    for number, each in enumerate(chain.path):
        for other in chain.path[:number]:
            subject = each.certificate.subject
            if comparable_name(subject) == comparable_name(other.certificate.subject):
                name = quoted(name_text(subject))
                yield failure(f"{other.source} and {each.source} have the same name, {name}.")


@rule("validity", Page.RFC5280 + "6.1.3", "Put an intermediate that is valid into the file.")
def chain_valid(chain: ClientChain) -> Iterator[Finding]:
    """Each intermediate in the certificate file is valid now.

    A client below an expired intermediate is refused.
    """
    for each in chain.presented:
        yield from ca_rules.dates(each, chain.now)


# The key.

_PKCS8, _ENCRYPTED_PKCS8 = "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"


def judge_key(key: KeyFile, chain: ClientChain | None, client: Client | None) -> Iterator[Result]:
    """Yield the results by the rules for a private key; without a client, for any."""
    yield key_pem(key)
    if key.encrypted or key.private:
        yield key_encrypted(key, client)
    if key.private and chain:
        yield key_pair(key.private, key.path, chain)
    if key.private and key.label and not key.encrypted:
        yield client_form(key, client)
    if key.lax is not None:
        yield key_mode(key)


def judge_key_kind(chain: ClientChain, client: Client | None) -> Iterator[Result]:
    """Yield the results by the rules for the kind of key that a certificate is for."""
    result = key_kind(chain)
    yield result
    kind = kind_of(chain.leaf.certificate.public_key())
    if kind and result.status == "passed":
        yield client_kind(chain.leaf.source, kind, client)


@rule(
    "key",
    Page.CLIENT_CERTIFICATES,
    "Run the check where the key is, or name the key with --key FILE.",
)
def key_present(key: KeyFile | None, path: str) -> Iterator[Finding]:
    """The private key is here.

    Without it, neither the key nor a connection can be checked.
    """
    if not key:
        yield warning(f"{path or 'The private key'} is not here.")


@rule("key", Page.GO_TLS, Hint("Write the key again as PEM", REWRITE_KEY))
def key_pem(key: KeyFile) -> Iterator[Finding]:
    """The key file is PEM text that can be read.

    Clients read PEM only.
    """
    if key.problem:
        yield key.problem._replace(hint="") if key.private else key.problem


@rule("key", Page.GO_TLS, Hint("Write a copy that is not encrypted", REWRITE_KEY))
def key_encrypted(key: KeyFile, client: Client | None) -> Iterator[Finding]:
    """The private key is not encrypted.

    Clients cannot ask for a passphrase.
    """
    if not key.encrypted:
        return
    if client and client.pkcs8 and key.label == _ENCRYPTED_PKCS8:
        yield warning(
            f"{key.path} is encrypted. The client for {client.title} needs its passphrase.",
            Hint(
                "Give the passphrase to the client, or write a copy that is not encrypted",
                REWRITE_KEY,
            ),
        )
    else:
        yield failure(f"{key.path} is encrypted.")


@rule("key", Page.GO_TLS, "Use the key and the certificate that belong together.")
def key_pair(private: PrivateKey, path: str, chain: ClientChain) -> Iterator[Finding]:
    """The private key is that of the certificate.

    A client must prove that it has the key of the certificate it presents.
    """
    certificate, source = chain.leaf.certificate, chain.leaf.source
    for finding in adopted(rules.pair(certificate, source, private, path)):
        for ca in chain.uploaded:
            if not any(rules.pair(ca.certificate, ca.source, private, path)):
                yield failure(
                    f"{path} is the key of the CA {ca.source}, not that of {source}.",
                    "Use the client's key. The CA's key must stay where certificates are signed.",
                )
                return
        yield finding


@rule("key", Page.REQUIREMENTS, _OTHER_KEY)
def key_kind(chain: ClientChain) -> Iterator[Finding]:
    """The key is RSA of 2048 to 8192 bits, or on a NIST curve.

    Temporal Cloud refuses Ed25519, and its TLS library longer RSA keys and other curves.
    """
    return ca_rules.key(chain.leaf, ca_rules.LARGEST_RSA_OF_GO)


@rule("key", Page.COMPROMISED, "Restrict the file to its owner, mode 0400.")
def key_mode(key: KeyFile) -> Iterator[Finding]:
    """Nobody else on this machine can read or change the private key.

    Anyone who has the key can connect.
    """
    yield from key.lax or ()


@rule("clients", Page.TLS + "4.2.3", _OTHER_KEY)
def client_kind(source: str, kind: KeySpec, client: Client | None) -> Iterator[Finding]:
    """The client can use a key of this kind.

    The clients for Python, TypeScript, .NET and Ruby take RSA keys of 2048 to 4096 bits, P-256
    and P-384; TLS 1.3 has no signature for P-224.
    """
    refused_by = refusing(kind)
    if client in refused_by or len(refused_by) == len(EVERY_CLIENT):
        who = f"The client for {client.title}" if client else "None of Temporal's clients"
        yield failure(
            f"{source} has a key of kind {kind}. {who} can{'not' if client else ''} use it."
        )
    elif refused_by and not client:
        yield warning(
            f"{source} has a key of kind {kind}, which the clients for {titles(refused_by)} "
            "cannot use."
        )


@rule("clients", Page.ISSUING, Hint("Write the key as PKCS#8", REWRITE_KEY))
def client_form(key: KeyFile, client: Client | None) -> Iterator[Finding]:
    """The client can read a key file of this form.

    The Java SDK reads PKCS#8; the others read PKCS#1, PKCS#8 and SEC1.
    """
    if client and client.pkcs8 and key.label != _PKCS8:
        yield failure(
            f"{key.path} is not PKCS#8: it begins with BEGIN {key.label}. The client for "
            f"{client.title} reads PKCS#8 only."
        )


# The Namespace.


@rule("names", Page.NAMESPACES, "Copy it from the Namespace's page.")
def namespace_form(text: str, address: Address | None) -> Iterator[Finding]:
    """The Namespace can exist: in Temporal Cloud, its id has the form NAME.ACCOUNT.

    Clients that connect to another name are not let in.
    """
    try:
        if address and not address.is_cloud:
            parse_other(text)
        else:
            yield from map(warning, Namespace.parse(text).doubts)
    except InvalidNameError as error:
        yield failure(str(error), error.hint)


@rule(
    "names",
    Page.ISSUING,
    "Use that Namespace's certificate; if the names differ on purpose, leave out --namespace.",
)
def namespace_name(namespace: Namespace, chain: ClientChain) -> Iterator[Finding]:
    """The certificate is named after the Namespace.

    The documented walkthrough names it so. Temporal Cloud itself does not compare the two.
    """
    leaf = chain.leaf.certificate
    common_names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    names = [*(str(name.value) for name in common_names), *names_of(leaf).domains]
    if not {namespace.name, str(namespace)} & {name.casefold() for name in names}:
        found = quoted(names[0]) if names else "nothing"
        yield failure(f"{chain.leaf.source} is named after {found}, not {quoted(namespace.name)}.")
