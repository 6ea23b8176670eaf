"""Mutants of a good pair: each has one thing changed, which the right rule finds, and no other.

The rehearsal says what OpenSSL does with the same files.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certstrap.pki.keys import KeySpec, PrivateKey
from certstrap.temporal.check import RULES, CheckOptions, Report
from certstrap.temporal.clients import CLIENTS
from certstrap.temporal.rules import warning
from tests.builders.certificates import a_name, key_usage
from tests.builders.crls import made_elsewhere
from tests.builders.keys import (
    CA_KEY,
    ED448_KEY,
    LEAF_KEY,
    OTHER_KEY,
    a_key,
    an_rsa_key,
    key_data,
)
from tests.temporal.pki import (
    BELOW,
    DAY,
    INTERMEDIATE,
    KEY,
    LEAF,
    PRESENT,
    ROOT,
    Made,
    as_version_1,
    broken_signature,
    extensions_of_ca,
    judged,
    sentences,
    statuses,
    with_serial,
    with_sha1,
)

ACCEPTED, REFUSED, FAILED, SKIPPED = "accepted", "refused", "failed", "skipped"


class Mutant(NamedTuple):
    """A mutant: what it is, how it is judged, the rule that finds it, and what a server does."""

    what: str
    judge: Callable[[], Report]
    rule: str
    rehearsal: str = ACCEPTED
    status: str = "failed"


def _ca(root: Made) -> Callable[[], Report]:
    """Return the judgement of a changed root, below which the leaf is made again."""
    return lambda: judged(LEAF.but(by=root), uploaded=[root])


def _leaf(leaf: Made, **how: object) -> Callable[[], Report]:
    return lambda: judged(leaf, **how)  # type: ignore[arg-type]


def _chain(intermediate: Made, root: Made = ROOT) -> Callable[[], Report]:
    """Return the judgement of a changed intermediate, below which the leaf is made again."""
    below = BELOW.but(by=intermediate)
    return lambda: judged(below, intermediate, uploaded=[root])


def _named(domain: str = "", uri: str = "", mail: str = "") -> Callable[[], Report]:
    """Return the judgement of a leaf with a name, below a root with constraints of domains."""
    tree = x509.NameConstraints([x509.DNSName("example.com")], [x509.DNSName("a.b.example.com")])
    names: list[x509.GeneralName] = [DIRECTORY, x509.DNSName("x.example.com")]
    names += [x509.DNSName(domain)] if domain else []
    names += [x509.UniformResourceIdentifier(uri)] if uri else []
    names += [x509.RFC822Name(mail)] if mail else []
    root = ROOT.having("names", tree)
    leaf = LEAF.but(by=root).having("names", x509.SubjectAlternativeName(names), critical=False)
    return lambda: judged(leaf, uploaded=[root])


def _uploaded(*uploaded: Made | bytes) -> Callable[[], Report]:
    return lambda: judged(LEAF, uploaded=uploaded)


def _key(key: bytes, **how: object) -> Callable[[], Report]:
    return lambda: judged(LEAF, key=key, **how)  # type: ignore[arg-type]


def _of_kind(key: PrivateKey, client: str = "") -> Callable[[], Report]:
    """Return the judgement of a leaf with another key."""
    wanted = CheckOptions(CLIENTS[client] if client else None)
    return lambda: judged(LEAF.but(key=key), key=key_data(key), wanted=wanted)


def _another_ca(number: int) -> Made:
    return ROOT.but(subject=a_name(f"Other {number}"))


def _printable(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, _ASN1Type.PrintableString)])


DIRECTORY = x509.DirectoryName(a_name("x", organization_name="Other"))
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
NO_CA = x509.BasicConstraints(ca=False, path_length=None)
CRL = made_elsewhere(ROOT.certificate, CA_KEY)
TWO_ROOTS = [_another_ca(1), ROOT]
ED25519 = a_key(KeySpec(curve="Ed25519"))
SECP256K1 = ec.generate_private_key(ec.SECP256K1())
OTHER_ROOT = ROOT.but(key=OTHER_KEY, extensions=extensions_of_ca(OTHER_KEY))
"""A root of the same name, created again."""
SECOND = INTERMEDIATE.but(
    subject=a_name("Second"),
    key=a_key(KeySpec(curve="P-384")),
    extensions=extensions_of_ca(a_key(KeySpec(curve="P-384"))),
    by=INTERMEDIATE.having("constraints", x509.BasicConstraints(ca=True, path_length=1)),
)
"""An intermediate below the intermediate."""
BELOW_SECOND = LEAF.but(by=SECOND).without("authority key")
UNDER_ORG = ROOT.having("names", x509.NameConstraints([x509.DNSName("example.com")], None))
SEC1 = key_data(LEAF_KEY, form=PrivateFormat.TraditionalOpenSSL)
JAVA = CheckOptions(CLIENTS["java"])
HOUR = timedelta(hours=1)

MUTANTS = [
    Mutant("a CA as DER", _uploaded(ROOT.der), "ca-pem"),
    Mutant("a CA after a byte order mark", _uploaded(b"\xef\xbb\xbf", ROOT), "ca-pem"),
    Mutant("a CA in UTF-16", _uploaded(ROOT.pem.decode().encode("utf-16")), "ca-pem", SKIPPED),
    Mutant("a CA cut short", _uploaded(ROOT.pem[:300]), "ca-pem", SKIPPED),
    Mutant("an empty CA file", _uploaded(b""), "ca-pem", SKIPPED),
    Mutant("random bytes as CA", _uploaded(bytes(range(256)) * 9), "ca-pem", SKIPPED),
    Mutant("a CRL beside the CA", _uploaded(ROOT, CRL), "ca-content"),
    Mutant("an empty line at the end", _uploaded(ROOT, b"\n"), "ca-content", status="warning"),
    Mutant("text at the end", _uploaded(ROOT, b"the end\n"), "ca-content", status="warning"),
    Mutant("a private key beside the CA", _uploaded(ROOT, KEY), "ca-private-key"),
    Mutant("17 CAs", _uploaded(ROOT, *map(_another_ca, range(16))), "ca-count"),
    Mutant("32,769 bytes", _uploaded(b"#" * (32_768 - len(ROOT.pem)) + b"\n", ROOT), "ca-size"),
    Mutant("a CA of version 1", _ca(ROOT.but(changed=as_version_1(CA_KEY))), "ca-version"),
    Mutant(
        "a CA with a negative serial number",
        _ca(ROOT.but(changed=with_serial(-5, CA_KEY))),
        "ca-serial",
    ),
    Mutant(
        "a CA with the serial number 0",
        _ca(ROOT.but(changed=with_serial(0, CA_KEY))),
        "ca-serial",
        status="warning",
    ),
    Mutant("a CA with CA:FALSE", _ca(ROOT.having("constraints", NO_CA)), "ca-true", REFUSED),
    Mutant("a CA without constraints", _ca(ROOT.without("constraints")), "ca-true"),
    Mutant("a leaf among the CAs", _uploaded(ROOT, LEAF), "ca-leaf"),
    Mutant(
        "a CA that may sign CRLs alone",
        _ca(ROOT.having("usage", key_usage("crl_sign"))),
        "ca-usage",
        REFUSED,
    ),
    Mutant("a CA for servers", _ca(ROOT.having("extended", SERVER)), "ca-client-usage", REFUSED),
    Mutant(
        "an intermediate alone",
        lambda: judged(BELOW, uploaded=[INTERMEDIATE]),
        "ca-issuer",
        REFUSED,
    ),
    Mutant("a root that was changed", _ca(ROOT.but(changed=broken_signature)), "ca-issuer"),
    Mutant("a root with SHA-1", _ca(ROOT.but(changed=with_sha1(CA_KEY))), "ca-algorithm"),
    Mutant(
        "an Ed25519 root beside", _uploaded(ROOT, _another_ca(1).but(key=ED25519)), "ca-algorithm"
    ),
    Mutant(
        "an Ed448 root beside", _uploaded(ROOT, _another_ca(1).but(key=ED448_KEY)), "ca-algorithm"
    ),
    Mutant(
        "a root with RSA 1024", _uploaded(ROOT, _another_ca(1).but(key=an_rsa_key(1024))), "ca-key"
    ),
    Mutant(
        "a CA whose key signs nothing",
        _uploaded(ROOT, INTERMEDIATE.but(key=X25519PrivateKey.generate())),
        "ca-key",
    ),
    Mutant("a root on secp256k1", _uploaded(ROOT, _another_ca(1).but(key=SECP256K1)), "ca-key"),
    Mutant(
        "an unknown critical extension of the CA",
        _ca(ROOT.having("odd", UNKNOWN)),
        "ca-critical",
        REFUSED,
    ),
    Mutant(
        "critical constraints of directory names of the CA",
        _ca(ROOT.having("names", x509.NameConstraints(None, [DIRECTORY]))),
        "ca-critical",
    ),
    Mutant(
        "critical names of another kind of the CA",
        _ca(ROOT.having("names", x509.SubjectAlternativeName([DIRECTORY]))),
        "ca-critical",
    ),
    Mutant("a CA twice", _uploaded(ROOT, ROOT), "ca-twice"),
    Mutant(
        "a public CA",
        _ca(ROOT.but(subject=a_name("Root", organization_name="DigiCert Inc"))),
        "ca-public",
        status="warning",
    ),
    Mutant("a leaf as DER", lambda: judged(LEAF.der), "leaf-pem"),
    Mutant("a leaf after a byte order mark", lambda: judged(b"\xef\xbb\xbf", LEAF), "leaf-pem"),
    Mutant(
        "a leaf in UTF-16", lambda: judged(LEAF.pem.decode().encode("utf-16")), "leaf-pem", SKIPPED
    ),
    Mutant("no certificate", lambda: judged(KEY), "leaf-pem", SKIPPED),
    Mutant("random bytes as certificate", lambda: judged(bytes(range(256))), "leaf-pem", SKIPPED),
    Mutant("a leaf of version 1", _leaf(LEAF.but(changed=as_version_1(CA_KEY))), "leaf-version"),
    Mutant(
        "a leaf with a negative serial number",
        _leaf(LEAF.but(changed=with_serial(-5, CA_KEY))),
        "leaf-serial",
    ),
    Mutant(
        "a leaf with the serial number 0",
        _leaf(LEAF.but(changed=with_serial(0, CA_KEY))),
        "leaf-serial",
        status="warning",
    ),
    Mutant(
        "a leaf that is a CA",
        _leaf(LEAF.having("constraints", x509.BasicConstraints(ca=True, path_length=None))),
        "leaf-false",
    ),
    Mutant(
        "a leaf without constraints",
        _leaf(LEAF.without("constraints")),
        "leaf-false",
        status="warning",
    ),
    Mutant(
        "a leaf that signs nothing",
        _leaf(LEAF.having("usage", key_usage("key_encipherment"))),
        "leaf-usage",
        REFUSED,
    ),
    Mutant("a leaf without usage", _leaf(LEAF.without("usage")), "leaf-usage", status="warning"),
    Mutant(
        "a leaf for servers",
        _leaf(LEAF.having("extended usage", SERVER)),
        "leaf-client-usage",
        REFUSED,
    ),
    Mutant(
        "a leaf with SHA-1", _leaf(LEAF.but(changed=with_sha1(CA_KEY))), "leaf-algorithm", FAILED
    ),
    Mutant(
        "an unknown critical extension of the leaf",
        _leaf(LEAF.having("odd", UNKNOWN)),
        "leaf-critical",
        REFUSED,
    ),
    Mutant("the root before the leaf", lambda: judged(ROOT, LEAF), "chain-first", FAILED),
    Mutant(
        "the intermediate before the leaf",
        lambda: judged(INTERMEDIATE, BELOW),
        "chain-first",
        FAILED,
    ),
    Mutant(
        "another leaf before the leaf",
        lambda: judged(LEAF.but(key=OTHER_KEY, subject=a_name("other")), LEAF, uploaded=[ROOT]),
        "chain-first",
        FAILED,
    ),
    Mutant(
        "intermediates in the wrong order",
        lambda: judged(BELOW_SECOND, SECOND.by, SECOND),  # type: ignore[arg-type]
        "chain-order",
        status="warning",
    ),
    Mutant(
        "a certificate too many", lambda: judged(LEAF, INTERMEDIATE), "chain-rest", status="warning"
    ),
    Mutant("no intermediate", lambda: judged(BELOW), "chain-complete", REFUSED),
    Mutant("another CA", _uploaded(_another_ca(1).but(key=OTHER_KEY)), "chain-complete", REFUSED),
    Mutant(
        "a leaf of its own",
        _leaf(LEAF.but(by=None).without("authority key")),
        "chain-complete",
        REFUSED,
    ),
    Mutant(
        "the right root presented, but not uploaded",
        lambda: judged(LEAF, ROOT, uploaded=[_another_ca(1).but(key=OTHER_KEY)]),
        "chain-complete",
        REFUSED,
    ),
    Mutant(
        "CAs that issued each other",
        lambda: judged(
            BELOW,
            INTERMEDIATE,
            ROOT.but(by=INTERMEDIATE),
            uploaded=[_another_ca(1).but(key=OTHER_KEY)],
        ),
        "chain-complete",
        REFUSED,
    ),
    Mutant(
        "a CA that is not known", lambda: judged(LEAF, uploaded=None), "chain-complete", SKIPPED
    ),
    Mutant(
        "a leaf that was changed",
        _leaf(LEAF.but(changed=broken_signature)),
        "chain-signature",
        REFUSED,
    ),
    Mutant("a CA that was created again", _uploaded(OTHER_ROOT), "chain-signature", REFUSED),
    Mutant(
        "an intermediate that was changed",
        _chain(INTERMEDIATE.but(changed=broken_signature)),
        "chain-signature",
        REFUSED,
    ),
    Mutant(
        "a CA whose name has another encoding",
        _uploaded(ROOT.but(subject=_printable("Root"))),
        "chain-name",
    ),
    Mutant("an issuer in capitals", _leaf(LEAF.but(issuer=a_name("ROOT"))), "chain-name"),
    Mutant(
        "an issuer of another name", _leaf(LEAF.but(issuer=a_name("Other"))), "chain-name", REFUSED
    ),
    Mutant(
        "the identifier of another key",
        _leaf(
            LEAF.having(
                "authority key",
                x509.AuthorityKeyIdentifier.from_issuer_public_key(OTHER_KEY.public_key()),
                critical=False,
            )
        ),
        "chain-identifiers",
        REFUSED,
    ),
    Mutant(
        "an intermediate with CA:FALSE",
        _chain(INTERMEDIATE.having("constraints", NO_CA)),
        "chain-cas",
        REFUSED,
    ),
    Mutant(
        "an intermediate of version 1",
        _chain(INTERMEDIATE.but(changed=as_version_1(CA_KEY))),
        "chain-cas",
        REFUSED,
    ),
    Mutant(
        "an intermediate with a negative serial number",
        _chain(INTERMEDIATE.but(changed=with_serial(-5, CA_KEY))),
        "chain-cas",
    ),
    Mutant(
        "an intermediate that may sign CRLs alone",
        _chain(INTERMEDIATE.having("usage", key_usage("crl_sign"))),
        "chain-cas",
        REFUSED,
    ),
    Mutant(
        "an intermediate for servers",
        _chain(INTERMEDIATE.having("extended", SERVER)),
        "chain-cas",
        REFUSED,
    ),
    Mutant(
        "an intermediate with SHA-1",
        _chain(INTERMEDIATE.but(changed=with_sha1(CA_KEY))),
        "chain-cas",
        FAILED,
    ),
    Mutant(
        "an unknown critical extension of the intermediate",
        _chain(INTERMEDIATE.having("odd", UNKNOWN)),
        "chain-cas",
        REFUSED,
    ),
    Mutant(
        "a root that no intermediate may follow",
        _chain(
            INTERMEDIATE,
            ROOT.having("constraints", x509.BasicConstraints(ca=True, path_length=0)),
        ),
        "chain-length",
        REFUSED,
    ),
    Mutant(
        "a domain that is not permitted",
        lambda: judged(
            LEAF.but(by=UNDER_ORG).having(
                "names", x509.SubjectAlternativeName([x509.DNSName("example.org")])
            ),
            uploaded=[UNDER_ORG],
        ),
        "chain-domains",
        REFUSED,
    ),
    Mutant("a domain with an empty label", _named("a..example.com"), "chain-domains"),
    Mutant(
        "a wildcard that stands for an excluded domain", _named("*.B.example.com"), "chain-domains"
    ),
    Mutant("a URI without a domain", _named(uri="urn:a:b"), "chain-domains"),
    Mutant("an e-mail address without a domain", _named(mail="somebody"), "chain-domains"),
    Mutant(
        "a policy that the CA requires",
        _chain(
            INTERMEDIATE.having(
                "policies",
                x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None),
            )
        ),
        "chain-policies",
    ),
    Mutant("no key", _leaf(LEAF, key=None), "key-present", SKIPPED, "warning"),
    Mutant("a key as DER", _key(key_data(LEAF_KEY, encoding=Encoding.DER)), "key-pem"),
    Mutant("a key after a byte order mark", _key(b"\xef\xbb\xbf" + KEY), "key-pem"),
    Mutant("a certificate as key", _key(LEAF.pem), "key-pem", SKIPPED),
    Mutant("random bytes as key", _key(bytes(range(256))), "key-pem", SKIPPED),
    Mutant("an encrypted key", _key(key_data(LEAF_KEY, passphrase=b"x")), "key-encrypted", SKIPPED),
    Mutant(
        "an encrypted key that is opened",
        _key(key_data(LEAF_KEY, passphrase=b"x"), passphrase=lambda: b"x"),
        "key-encrypted",
    ),
    Mutant(
        "an encrypted key for Java",
        _key(key_data(LEAF_KEY, passphrase=b"x"), wanted=JAVA),
        "key-encrypted",
        SKIPPED,
        "warning",
    ),
    Mutant("another key", _key(key_data(OTHER_KEY)), "key-pair", FAILED),
    Mutant("the key of the CA", _key(key_data(CA_KEY)), "key-pair", FAILED),
    Mutant("an Ed25519 key", _of_kind(ED25519), "key-kind"),
    Mutant("an RSA key of 1024 bits", _of_kind(an_rsa_key(1024)), "key-kind", FAILED),
    Mutant("a key on secp256k1", _of_kind(SECP256K1), "key-kind", REFUSED),
    Mutant(
        "a key that others can read",
        _leaf(LEAF, lax=(warning("Others can read it."),)),
        "key-mode",
        status="warning",
    ),
    Mutant(
        "two CAs of one name",
        _uploaded(
            ROOT,
            ROOT.but(subject=a_name("ROOT"), key=OTHER_KEY, extensions=extensions_of_ca(OTHER_KEY)),
        ),
        "names-bundle",
    ),
    Mutant(
        "a leaf with the CA's name", _leaf(LEAF.but(subject=a_name("ROOT"))), "names-chain", REFUSED
    ),
    Mutant(
        "a mistyped Namespace",
        _leaf(LEAF, wanted=CheckOptions(namespace="Leaf.acct")),
        "namespace-form",
    ),
    Mutant(
        "another Namespace",
        _leaf(LEAF, wanted=CheckOptions(namespace="other.acct")),
        "namespace-name",
    ),
    Mutant("a CA that has expired", _ca(ROOT.but(end=PRESENT - HOUR)), "ca-expired", REFUSED),
    Mutant("a CA of tomorrow", _ca(ROOT.but(start=PRESENT + DAY)), "ca-started", REFUSED),
    Mutant(
        "a CA that ends soon",
        lambda: judged(
            LEAF.but(end=PRESENT + 9 * DAY),
            uploaded=[ROOT.but(start=PRESENT - 300 * DAY, end=PRESENT + 10 * DAY)],
        ),
        "ca-soon",
        status="warning",
    ),
    Mutant(
        "an intermediate that has expired",
        _chain(INTERMEDIATE.but(end=PRESENT - HOUR)),
        "chain-valid",
        REFUSED,
    ),
    Mutant(
        "an intermediate of tomorrow",
        _chain(INTERMEDIATE.but(start=PRESENT + DAY)),
        "chain-valid",
        REFUSED,
    ),
    Mutant("a leaf that has expired", _leaf(LEAF.but(end=PRESENT - HOUR)), "leaf-expired", REFUSED),
    Mutant("a leaf of tomorrow", _leaf(LEAF.but(start=PRESENT + DAY)), "leaf-started", REFUSED),
    Mutant(
        "a leaf that ends soon",
        _leaf(LEAF.but(start=PRESENT - 300 * DAY, end=PRESENT + 10 * DAY)),
        "leaf-soon",
        status="warning",
    ),
    Mutant("a leaf that outlives its CA", _leaf(LEAF.but(end=ROOT.end + DAY)), "leaf-outlives"),
    Mutant(
        "a leaf that outlives its intermediate",
        _chain(INTERMEDIATE.but(end=PRESENT + 200 * DAY)),
        "leaf-outlives",
    ),
    Mutant(
        "a revoked leaf",
        _leaf(LEAF, revoked=(warning("It was revoked."),)),
        "leaf-revoked",
        status="warning",
    ),
    Mutant("a P-521 key", _of_kind(a_key(KeySpec(curve="P-521"))), "client-kind", status="warning"),
    Mutant(
        "a P-521 key for Python", _of_kind(a_key(KeySpec(curve="P-521")), "python"), "client-kind"
    ),
    Mutant("a P-224 key", _of_kind(a_key(KeySpec(curve="P-224"))), "client-kind", REFUSED),
    Mutant(
        "a P-224 key for Go", _of_kind(a_key(KeySpec(curve="P-224")), "go"), "client-kind", REFUSED
    ),
    Mutant("a SEC1 key for Java", _key(SEC1, wanted=JAVA), "client-form"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_mutant_is_found_by_the_right_rule_and_by_no_other(mutant: Mutant) -> None:
    report = mutant.judge()
    assert statuses(report) == {mutant.rule: mutant.status}
    assert report.rehearsal is not None
    assert report.rehearsal.outcome == mutant.rehearsal, report.rehearsal
    assert sentences(report, mutant.rule)


def test_a_key_that_signs_nothing_is_found() -> None:
    report = judged(LEAF.but(key=X25519PrivateKey.generate()), key=None)
    assert statuses(report) == {"key-kind": "failed", "key-present": "warning"}
    assert sentences(report, "key-kind") == "leaf.crt has a key that cannot sign."


def test_every_rule_has_a_mutant() -> None:
    assert {mutant.rule for mutant in MUTANTS} == set(RULES)


GOOD: dict[str, Callable[[], Report]] = {
    "a leaf below the root": lambda: judged(LEAF),
    "a leaf below an intermediate": lambda: judged(BELOW, INTERMEDIATE),
    "a leaf whose intermediate is uploaded": lambda: judged(BELOW, uploaded=[ROOT, INTERMEDIATE]),
    "an intermediate on both sides": lambda: judged(
        BELOW, INTERMEDIATE, uploaded=[INTERMEDIATE, ROOT]
    ),
    "the root presented too": lambda: judged(BELOW, INTERMEDIATE, ROOT),
    "two intermediates": lambda: judged(BELOW_SECOND, SECOND, SECOND.by),  # type: ignore[arg-type]
    "16 CAs": lambda: judged(LEAF, uploaded=[ROOT, *map(_another_ca, range(15))]),
    "32,768 bytes": lambda: judged(LEAF, uploaded=[b"#" * (32_767 - len(ROOT.pem)) + b"\n", ROOT]),
    "text before the certificate": lambda: judged(b"Certificate:\n", LEAF),
    "lines that end as on Windows": lambda: judged(LEAF.pem.replace(b"\n", b"\r\n")),
    "the key in the certificate file": lambda: judged(LEAF, KEY),
    "a leaf that ends exactly with its CA": lambda: judged(LEAF.but(end=ROOT.end)),
    "a leaf without extended usage": lambda: judged(LEAF.without("extended usage")),
    "a leaf without identifier": lambda: judged(LEAF.without("authority key")),
    "a leaf of a day": lambda: judged(LEAF.but(start=PRESENT - HOUR, end=PRESENT + DAY)),
    "a CA of an organization": _ca(ROOT.but(subject=a_name("Root", organization_name="Example"))),
    "a CA without usage": lambda: judged(
        LEAF.but(by=ROOT.without("usage")), uploaded=[ROOT.without("usage")]
    ),
    "a permitted domain": lambda: judged(
        LEAF.but(by=UNDER_ORG).having(
            "names", x509.SubjectAlternativeName([x509.DNSName("a.example.com")])
        ),
        uploaded=[UNDER_ORG],
    ),
    "a SEC1 key": lambda: judged(LEAF, key=SEC1),
    "a key after the parameters of its curve": lambda: judged(
        LEAF,
        key=b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        + SEC1,
    ),
    "a PKCS#8 key for Java": lambda: judged(LEAF, wanted=JAVA),
    "an RSA key": _of_kind(an_rsa_key(2048)),
    "a P-384 key": _of_kind(a_key(KeySpec(curve="P-384")), "python"),
    "a P-521 key for Go": _of_kind(a_key(KeySpec(curve="P-521")), "go"),
    "a Namespace of that name": lambda: judged(LEAF, wanted=CheckOptions(namespace="leaf.acct")),
    "a Namespace whose id is the name": lambda: judged(
        LEAF.but(subject=a_name("Leaf.acct")), wanted=CheckOptions(namespace="leaf.acct")
    ),
    "a Namespace that is an alternative name": lambda: judged(
        LEAF.but(subject=x509.Name([])).having(
            "names", x509.SubjectAlternativeName([x509.DNSName("leaf.acct")])
        ),
        wanted=CheckOptions(namespace="leaf.acct"),
    ),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_is_good_passes_every_rule_and_the_rehearsal(what: str) -> None:
    report = GOOD[what]()
    assert statuses(report) == {}
    assert report.rehearsal is not None
    assert report.rehearsal.outcome == ACCEPTED, report.rehearsal
    assert report.passed


def test_a_good_pair_is_judged_by_every_rule() -> None:
    report = judged(LEAF, wanted=CheckOptions(CLIENTS["java"], "leaf.acct"))
    assert {each.rule.identifier for each in report.results} == set(RULES)
