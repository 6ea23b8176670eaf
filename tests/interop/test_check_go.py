"""`check` fails what Go refuses, and passes what Go accepts: Temporal Cloud's server is in Go."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from certstrap.pki.profiles import BOTH, CLIENT, SERVER
from tests.builders import pairs
from tests.builders.certificates import a_name, key_usage
from tests.builders.der import oid, sequence
from tests.conftest import NOW, CommandLine
from tests.interop.peers import go

VERIFY = Path(__file__).with_name("go_verify")
Extension = tuple[x509.ExtensionType, bool]

POLICIES = [x509.ObjectIdentifier(f"1.2.3.{number}") for number in range(3)]
ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")
POLICY_REQUIRED = (x509.PolicyConstraints(0, None), True)
NO_ANY_POLICY = (x509.InhibitAnyPolicy(0), True)


class Chain(NamedTuple):
    """The extensions of a root, an intermediate and a leaf, besides those that each has."""

    leaf: Sequence[Extension] = ()
    intermediate: Sequence[Extension] = ()
    root: Sequence[Extension] = ()


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def directory(organization: str) -> x509.GeneralName:
    return x509.DirectoryName(a_name(organization_name=organization))


def names(*names: x509.GeneralName, critical: bool = False) -> Extension:
    return x509.SubjectAlternativeName(names), critical


def limited(
    permitted: Sequence[x509.GeneralName] = (),
    excluded: Sequence[x509.GeneralName] = (),
    *,
    critical: bool = True,
) -> Extension:
    return x509.NameConstraints(permitted or None, excluded or None), critical


def policies(*identifiers: x509.ObjectIdentifier) -> Extension:
    return x509.CertificatePolicies([x509.PolicyInformation(it, None) for it in identifiers]), False


def mappings(*pairs: tuple[x509.ObjectIdentifier, x509.ObjectIdentifier]) -> Extension:
    der = sequence(*(sequence(oid(of.dotted_string), oid(to.dotted_string)) for of, to in pairs))
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.33"), der), True


def usages(*usages: x509.ObjectIdentifier) -> Extension:
    return x509.ExtendedKeyUsage(usages), False


FIRST, SECOND, THIRD = POLICIES
EXAMPLE = limited(dns("example.com"), dns("a.b.example.com"))
NETWORK = limited([x509.IPAddress(IPv4Network("10.0.0.0/8"))])
CHAINS: dict[str, Chain] = {
    "nothing": Chain(),
    "a permitted name": Chain([names(*dns("a.example.com"))], [EXAMPLE]),
    "another name": Chain([names(*dns("a.example.org"))], [EXAMPLE]),
    "an empty label": Chain([names(*dns("a..example.com"))], [EXAMPLE]),
    "an empty label below the root": Chain([names(*dns("a..example.com"))], root=[EXAMPLE]),
    "an empty label and constraints of addresses": Chain([names(*dns("a..b"))], [NETWORK]),
    "an empty label without constraints": Chain([names(*dns("a..example.com"))]),
    "a dot at the end": Chain([names(*dns("a.example.com."))], [EXAMPLE]),
    "a wildcard": Chain([names(*dns("*.example.com"))], [EXAMPLE]),
    "a wildcard that stands for an excluded name": Chain(
        [names(*dns("*.b.example.com"))], [EXAMPLE]
    ),
    "an underscore": Chain([names(*dns("a_b.example.com"))], [EXAMPLE]),
    "a URI without a domain": Chain([names(uri("urn:a:b"))], [EXAMPLE]),
    "a URI without a domain and without constraints": Chain([names(uri("urn:a:b"))]),
    "a URI with a domain": Chain([names(uri("spiffe://example.com/x"))], [EXAMPLE]),
    "a mailbox without a domain": Chain([names(x509.RFC822Name("a"))], [EXAMPLE]),
    "a mailbox": Chain([names(x509.RFC822Name("a@example.com"))], [EXAMPLE]),
    "constraints of directory names": Chain((), [limited([], [directory("x")])]),
    "constraints of directory names of the root": Chain((), (), [limited([], [directory("x")])]),
    "constraints that are not critical": Chain((), [limited([], [directory("x")], critical=False)]),
    "critical names of another kind": Chain([names(directory("x"), critical=True)]),
    "critical names of two kinds": Chain([names(directory("x"), *dns("a"), critical=True)]),
    "a missing policy": Chain((), [POLICY_REQUIRED]),
    "a policy of the leaf alone": Chain([policies(FIRST)], [POLICY_REQUIRED]),
    "a policy": Chain([policies(FIRST)], [POLICY_REQUIRED, policies(FIRST)]),
    "another policy": Chain([policies(FIRST)], [POLICY_REQUIRED, policies(SECOND)]),
    "any policy": Chain([policies(ANY_POLICY)], [POLICY_REQUIRED, policies(FIRST)]),
    "any policy is inhibited": Chain(
        [policies(ANY_POLICY)], [POLICY_REQUIRED, NO_ANY_POLICY, policies(FIRST)]
    ),
    "a mapped policy": Chain(
        [policies(SECOND)], [POLICY_REQUIRED, policies(FIRST), mappings((FIRST, SECOND))]
    ),
    "a policy mapped to another": Chain(
        [policies(FIRST)], [POLICY_REQUIRED, policies(FIRST), mappings((FIRST, SECOND))]
    ),
    "a policy that any policy is mapped to": Chain(
        [policies(THIRD)], [POLICY_REQUIRED, policies(ANY_POLICY), mappings((FIRST, THIRD))]
    ),
    "a mapping of any policy": Chain(
        [policies(FIRST)], [policies(FIRST), mappings((ANY_POLICY, FIRST))]
    ),
    "a usage": Chain([usages(*BOTH)], [usages(*CLIENT)], [usages(*BOTH)]),
    "an excluded usage": Chain([usages(*BOTH)], [usages(*SERVER)]),
    "a usage that the root excludes": Chain([usages(*BOTH)], (), [usages(*SERVER)]),
}


def test_check_fails_what_go_refuses_and_passes_what_go_accepts(
    certstrap: CommandLine, folder: Path
) -> None:
    ours = {}
    for number, (what, chain) in enumerate(CHAINS.items()):
        write(folder / str(number), chain)
        files = ("--cert", f"{number}/leaf.pem", "--ca-bundle", f"{number}/ca.pem")
        ours[what] = certstrap("check", *files, exit_code=None).exit_code == 0
    lines = go(
        VERIFY, str(int(NOW.timestamp())), *(folder / str(n) for n in range(len(ours)))
    ).lines
    theirs = dict(zip(ours, (line.endswith(" good") for line in lines), strict=True))
    assert {what for what, good in ours.items() if good != theirs[what]} == set()
    assert 10 < sum(ours.values()) < len(ours) - 10


def write(folder: Path, chain: Chain) -> None:
    ca = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (key_usage("key_cert_sign"), True),
    ]
    client = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage("digital_signature"), True),
    ]
    root = pairs.made(subject="Root", extensions=[*ca, *chain.root])
    middle = pairs.made(subject="Int", by=root, extensions=[*ca, *chain.intermediate])
    leaf = pairs.made(subject="leaf", by=middle, extensions=[*client, *chain.leaf])
    folder.mkdir()
    (folder / "ca.pem").write_bytes(root.pem)
    (folder / "leaf.pem").write_bytes(leaf.pem + middle.pem)
