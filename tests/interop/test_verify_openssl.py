"""`verify` says what `openssl verify` says of the same files: over chains, good and broken."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certstrap.inventory.verify import Verifier, read_certificates
from certstrap.pki.keys import P256, PrivateKey
from certstrap.pki.pem import to_pem
from certstrap.store.depot import DepotFolder
from tests.builders import crls, foreign
from tests.builders.certificates import a_certificate_with, a_name, key_usage
from tests.builders.der import oid, sequence
from tests.conftest import NOW
from tests.interop.peers import openssl
from tests.temporal.pki import broken_signature, with_sha1

DAY = timedelta(days=1)
POLICY_MAPPINGS = x509.ObjectIdentifier("2.5.29.33")
KEYS = [P256.generate() for _ in range(12)]
CHAINS = 320
A_CAS_USAGE = key_usage("key_cert_sign", "crl_sign")
ATTRIBUTES = x509.IssuingDistributionPoint(None, None, False, False, None, False, True)
POLICIES = [x509.ObjectIdentifier(oid) for oid in ("1.2.3.1", "1.2.3.2", "2.5.29.32.0")]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")


@dataclass(frozen=True)
class Cert:
    """A certificate of a chain as it is to be made, of which the mutations change something."""

    subject: x509.Name
    key: PrivateKey
    ca: bool | None = True
    path_length: int | None = None
    usage: x509.KeyUsage | None = A_CAS_USAGE
    start: datetime = NOW - 30 * DAY
    end: datetime = NOW + 300 * DAY
    names: tuple[x509.GeneralName, ...] = ()
    constraints: x509.NameConstraints | None = None
    more: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    issuer: x509.Name | None = None
    signer: PrivateKey | None = None
    authority: bytes | None = None
    broken: bool = False
    sha1: bool = False
    crl: "Crl | None" = None

    def made(self, above: "Cert") -> bytes:
        length = self.path_length if self.ca else None
        authority = self.authority or key_identifier(above).digest
        extensions: list[tuple[x509.ExtensionType | None, bool]] = [
            (None if self.ca is None else x509.BasicConstraints(self.ca, length), True),
            (key_identifier(self), False),
            (x509.AuthorityKeyIdentifier(authority, None, None), False),
            (self.usage, True),
            (x509.SubjectAlternativeName(self.names) if self.names else None, False),
            (self.constraints, True),
            *self.more,
        ]
        signer = self.signer or above.key
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        signed = a_certificate_with(
            *((value, critical) for value, critical in extensions if value is not None),
            key=self.key,
            subject=self.subject,
            by=(self.issuer or above.subject, signer),
            start=self.start,
            end=self.end,
        )
        der = signed.public_bytes(Encoding.DER)
        der = with_sha1(signer)(der) if self.sha1 else der
        return broken_signature(der) if self.broken else der


def key_identifier(of: Cert) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(of.key.public_key())


@dataclass(frozen=True)
class Crl:
    """The CRL of a CA."""

    revokes: tuple[int, ...] = ()  # places in the chain
    updated: datetime = NOW - DAY
    end: datetime = NOW + 30 * DAY
    signer: PrivateKey | None = None
    new_key: PrivateKey | None = None  # of the same CA, which has a second certificate for it
    issuer: x509.Name | None = None
    more: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    in_entries: x509.ExtensionType | None = None
    is_elsewhere: bool = False  # as if the files of its CA were renamed


Chain = list[Cert]  # the root first
Mutation = Callable[[random.Random, Chain], None]


def a_chain(rng: random.Random) -> Chain:
    """Return a good chain of two to five certificates; its CAs may have CRLs."""
    keys = rng.sample(KEYS, 6)
    size = rng.randint(2, 5)
    cas = [Cert(a_name(f"CA {number}"), keys[number]) for number in range(size - 1)]
    if rng.random() < 0.5:
        cas = [
            replace(ca, path_length=size - 2 - number + rng.randint(0, 1))
            for number, ca in enumerate(cas)
        ]
    names: list[x509.GeneralName] = []
    if rng.random() < 0.6:
        names = [x509.DNSName("a.example.com"), x509.IPAddress(IPv4Address("10.0.0.1"))]
    leaf = Cert(
        a_name("leaf"), keys[5], ca=False, usage=key_usage("digital_signature"), names=tuple(names)
    )
    if rng.random() < 0.4:
        place = rng.randrange(len(cas))
        trees = [x509.DNSName("example.com"), x509.IPAddress(IPv4Network("10.0.0.0/8"))]
        cas[place] = replace(cas[place], constraints=x509.NameConstraints(trees, None))
    if rng.random() < 0.5:
        cas = [replace(ca, crl=Crl()) for ca in cas]
    return [*cas, leaf]


def change(place: int, **changes: object) -> Mutation:
    def mutation(_: random.Random, chain: Chain) -> None:
        chain[place] = replace(chain[place], **changes)  # type: ignore[arg-type]

    return mutation


def anywhere(**changes: object) -> Mutation:
    def mutation(rng: random.Random, chain: Chain) -> None:
        change(rng.randrange(len(chain)), **changes)(rng, chain)

    return mutation


def a_ca(**changes: object) -> Mutation:
    def mutation(rng: random.Random, chain: Chain) -> None:
        change(rng.randrange(len(chain) - 1), **changes)(rng, chain)

    return mutation


def below_the_root(**changes: object) -> Mutation:
    def mutation(rng: random.Random, chain: Chain) -> None:
        change(rng.randrange(1, len(chain)), **changes)(rng, chain)

    return mutation


def revoke(rng: random.Random, chain: Chain) -> None:
    place = rng.randrange(1, len(chain))
    chain[place - 1] = replace(chain[place - 1], crl=Crl(revokes=(place,)))


def crl(**changes: object) -> Mutation:
    def mutation(rng: random.Random, chain: Chain) -> None:
        place = rng.randrange(len(chain) - 1)
        chain[place] = replace(chain[place], crl=replace(Crl(), **changes))  # type: ignore[arg-type]

    return mutation


def new_key(rng: random.Random, chain: Chain) -> None:
    """Let an intermediate sign its CRL with another key of its name; it may revoke one."""
    if len(chain) > 2:
        place = rng.randrange(1, len(chain) - 1)
        revokes = (place + 1,) if rng.random() < 0.5 else ()
        key = next(key for key in KEYS if all(key is not each.key for each in chain))
        for number in range(len(chain) - 1):
            chain[number] = replace(chain[number], crl=Crl())
        chain[place] = replace(chain[place], crl=Crl(revokes, new_key=key))


def revoked_elsewhere(rng: random.Random, chain: Chain) -> None:
    place = rng.randrange(1, len(chain))
    chain[place - 1] = replace(chain[place - 1], crl=Crl((place,), is_elsewhere=True))


def lengthen(rng: random.Random, chain: Chain) -> None:
    chain[0] = replace(chain[0], path_length=0)


def self_issued(rng: random.Random, chain: Chain) -> None:
    """Put a CA into the chain that has the name of the one above it, and another key."""
    place = rng.randrange(len(chain) - 1)
    key = next(key for key in KEYS if all(key is not each.key for each in chain))
    chain.insert(place + 1, replace(chain[place], key=key, crl=None))


def forbidden_name(rng: random.Random, chain: Chain) -> None:
    tree: x509.GeneralName = rng.choice(
        [x509.DNSName("other.org"), x509.IPAddress(IPv4Network("192.168.0.0/16"))]
    )
    place = rng.randrange(len(chain) - 1)
    chain[place] = replace(chain[place], constraints=x509.NameConstraints([tree], None))
    names = (x509.DNSName("a.example.com"), x509.IPAddress(IPv4Address("10.0.0.1")))
    chain[-1] = replace(chain[-1], names=names)


def name_in_the_subject(rng: random.Random, chain: Chain) -> None:
    constraints = x509.NameConstraints([x509.DNSName("example.com")], None)
    chain[0] = replace(chain[0], constraints=constraints)
    place = rng.randrange(1, len(chain))
    chain[place] = replace(chain[place], subject=a_name("host.other.org"), names=())


def policies(rng: random.Random, chain: Chain) -> None:
    """Let a CA require a policy, and others state, map and inhibit some."""
    for place, it in enumerate(chain[1:], 1):
        stated = rng.sample(POLICIES, rng.randint(0, 2))
        more: list[tuple[x509.ExtensionType, bool]] = []
        if stated:
            each = [x509.PolicyInformation(policy, None) for policy in stated]
            more.append((x509.CertificatePolicies(each), False))
        if rng.random() < 0.5:
            explicit, mapping = rng.choice([0, 0, 1, None]), rng.choice([0, 1])
            more.append((x509.PolicyConstraints(explicit, mapping), True))
        if rng.random() < 0.2:
            more.append((x509.InhibitAnyPolicy(rng.randint(0, 1)), True))
        if rng.random() < 0.3 and it.ca:
            pair = sequence(*(oid(each.dotted_string) for each in rng.sample(POLICIES[:2], 2)))
            mappings = x509.UnrecognizedExtension(POLICY_MAPPINGS, sequence(pair))
            more.append((mappings, True))
        chain[place] = replace(it, more=tuple(more))


def multi_valued_name(rng: random.Random, chain: Chain) -> None:
    """Name the issuer with an RDN of two values that are in another order or in other letters."""
    texts = [("Some", "Example"), ("some", "  example")]
    one, other = ([NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME], texts)
    names = [
        x509.Name([x509.RelativeDistinguishedName(map(x509.NameAttribute, one, each))])
        for each in other
    ]
    chain[0] = replace(chain[0], subject=names[0], issuer=names[0])
    chain[1] = replace(chain[1], issuer=names[rng.randint(0, 1)])


def nothing(_: random.Random, __: Chain) -> None:
    """Leave the chain as it is."""


MUTATIONS: dict[str, Mutation] = {
    "nothing": nothing,
    "a CA is missing": nothing,
    "expired": anywhere(end=NOW - DAY),
    "not yet valid": anywhere(start=NOW + DAY),
    "not a CA": a_ca(ca=False, usage=None),
    "no basicConstraints": below_the_root(ca=None, usage=None),
    "no certificate signing": a_ca(usage=key_usage("crl_sign")),
    "no CRL signing": a_ca(usage=key_usage("key_cert_sign"), crl=Crl()),
    "broken signature": below_the_root(broken=True),
    "signed by another key": below_the_root(signer=KEYS[0]),
    "another issuer": below_the_root(issuer=a_name("Somebody")),
    "issuer in other letters": below_the_root(issuer=a_name("ca  0")),
    "another identifier": below_the_root(authority=b"\1\2\3"),
    "unknown critical extension": anywhere(more=((UNKNOWN, True),)),
    "SHA-1": anywhere(sha1=True),
    "policies": policies,
    "policies, too": policies,
    "multi-valued name": multi_valued_name,
    "unknown extension": anywhere(more=((UNKNOWN, False),)),
    "path length": lengthen,
    "self-issued CA": self_issued,
    "forbidden name": forbidden_name,
    "forbidden name in a subject": name_in_the_subject,
    "revoked": revoke,
    "expired CRL": crl(end=NOW - DAY, updated=NOW - 2 * DAY),
    "CRL of the future": crl(updated=NOW + DAY),
    "CRL by another": crl(signer=KEYS[0]),
    "CRL by a new key": new_key,
    "revoked by a CA with renamed files": revoked_elsewhere,
    "CRL under another name": crl(issuer=a_name("Somebody")),
    "indirect CRL": crl(more=((crls.scope(indirect=True), True),)),
    "CRL for attribute certificates": crl(more=((ATTRIBUTES, True),)),
    "unknown critical extension in a CRL": crl(more=((UNKNOWN, True),)),
    "unknown critical extension in an entry": crl(revokes=(0,), in_entries=UNKNOWN),
}


def store(depot: Path, chain: Chain, missing: int) -> None:
    """Write a chain to a depot: its CAs as `0`, `1` ..., its leaf as `leaf`, and the CRLs."""
    depot.mkdir()
    made = [it.made(chain[max(number - 1, 0)]) for number, it in enumerate(chain)]
    for number, (it, der) in enumerate(zip(chain, made, strict=True)):
        stem = "leaf" if number == len(chain) - 1 else str(number)
        if number != missing:
            (depot / f"{stem}.crt").write_bytes(to_pem("CERTIFICATE", der))
        if it.crl and number != missing:
            ca = x509.load_der_x509_certificate(der)
            revoked = [x509.load_der_x509_certificate(made[place]) for place in it.crl.revokes]
            added = [] if it.crl.in_entries is None else [it.crl.in_entries]
            if it.crl.new_key:
                new = replace(it, key=it.crl.new_key).made(chain[number - 1])
                (depot / f"{stem}-new.crt").write_bytes(to_pem("CERTIFICATE", new))
                ca = x509.load_der_x509_certificate(new)
            (depot / f"{stem}{'-old' if it.crl.is_elsewhere else ''}.crl").write_bytes(
                crls.made_elsewhere(
                    ca,
                    it.crl.new_key or it.crl.signer or it.key,
                    entries=[
                        crls.entry(each.serial_number, it.crl.updated, *added, critical=True)
                        for each in revoked
                    ],
                    crl_number=1,
                    updated=it.crl.updated,
                    next_update=it.crl.end,
                    issuer=it.crl.issuer,
                    extensions=it.crl.more,
                )
            )


def openssl_verdict(
    folder: Path, depot: Path, chain: Chain, missing: int, *, extended: bool = True
) -> tuple[bool, str]:
    """Return what OpenSSL says with the same files, and its words.

    It checks the CRLs of all CAs, or that of the first, or none: of those that there are.
    """
    cas = [depot / f"{number}.crt" for number in range(len(chain) - 1) if number != missing]
    roots, others = folder / "roots.pem", folder / "others.pem"
    roots.write_bytes(b"".join(ca.read_bytes() for ca in cas if ca.stem == "0"))
    below = [ca for ca in cas if ca.stem != "0"] + [*depot.glob("*-new.crt")]
    others.write_bytes(b"".join(ca.read_bytes() for ca in below))
    options: list[object] = ["-attime", int(NOW.timestamp()), "-auth_level", "2"]
    options += ["-policy_check", "-policy", "anyPolicy"]
    if extended and any(depot.glob("*-new.crt")):
        options.append("-extended_crl")  # a CRL may be signed by a CA that is not in the chain
    options += ["-CAfile", roots] if roots.stat().st_size else ["-no-CAfile"]
    options += ["-no-CApath", "-no-CAstore"]
    options += ["-untrusted", others] if others.stat().st_size else []
    have = [it.crl is not None for it in chain[:-1]]
    if have[-1]:
        options += ["-crl_check_all"] if all(have) else ["-crl_check"]
        for path in depot.glob("*.crl"):
            options += ["-CRLfile", path]
    done = openssl("verify", *map(str, options), str(depot / "leaf.crt"), exit_code=None)
    return done.exit_code == 0, done.stderr


def checks_every_crl(chain: Chain) -> bool:
    """Tell whether OpenSSL can be told to look at exactly the CRLs that there are."""
    have = [it.crl is not None for it in chain[:-1]]
    return all(have) or not any(have[:-1])


def our_verdict(depot: Path) -> tuple[bool, list[str]]:
    """Return what this program says, and the rules that are violated."""
    leaf = depot / "leaf.crt"
    (first, *_), _ = read_certificates(leaf.read_bytes(), "leaf.crt", bytes)
    verdict = Verifier(DepotFolder(str(depot)), NOW).verify("leaf", first)
    return verdict.is_good, [violation.rule for violation in verdict.findings]


def cases() -> Sequence[tuple[int, str]]:
    return [(seed, list(MUTATIONS)[seed % len(MUTATIONS)]) for seed in range(CHAINS)]


def test_verdicts_are_those_of_openssl(folder: Path) -> None:
    good = 0
    differing = []
    compared: dict[str, set[bool]] = {}
    for seed, name in cases():
        rng = random.Random(seed)  # noqa: S311 - the same chains each time
        chain = a_chain(rng)
        MUTATIONS[name](rng, chain)
        missing = rng.randrange(len(chain) - 1) if name == "a CA is missing" else -1
        if not checks_every_crl(chain):
            chain = [replace(it, crl=it.crl or Crl()) for it in chain[:-1]] + chain[-1:]
        depot = folder / str(seed)
        store(depot, chain, missing)
        theirs, words = openssl_verdict(folder, depot, chain, missing)
        verdict, rules = our_verdict(depot)
        compared.setdefault(name, set()).add(verdict)
        good += verdict
        if verdict != theirs:
            differing.append((seed, name, theirs, words, verdict, rules))
    assert not differing
    assert 40 <= good <= CHAINS - 150
    assert set(compared) == set(MUTATIONS)


def a_chain_with(size: int, **changes: object) -> Chain:
    """Return so many certificates with CRLs; that of the leaf's issuer has these properties."""
    cas = [Cert(a_name(f"CA {number}"), KEYS[number], crl=Crl()) for number in range(size - 1)]
    cas[-1] = replace(cas[-1], crl=Crl(**changes))  # type: ignore[arg-type]
    return [*cas, Cert(a_name("leaf"), KEYS[5], ca=False, usage=key_usage("digital_signature"))]


@pytest.mark.parametrize(
    "more",
    [x509.DeltaCRLIndicator(1), crls.scope(users=True)],
    ids=["delta", "for certificates that are not a CA's"],
)
def test_openssl_alone_takes_a_crl_that_is_not_complete(
    folder: Path, more: x509.ExtensionType
) -> None:
    chain = a_chain_with(3, more=((more, True),))
    store(folder / "out", chain, -1)
    assert openssl_verdict(folder, folder / "out", chain, -1)[0]
    assert our_verdict(folder / "out") == (False, ["crl-incomplete"])


def test_openssl_alone_looks_at_one_of_the_crls_of_a_name(folder: Path) -> None:
    chain = a_chain_with(3, revokes=(2,), new_key=KEYS[4])
    store(folder / "out", chain, -1)
    ca = foreign.load_certificate(folder / "out/1.crt")
    (folder / "out/own.crl").write_bytes(crls.made_elsewhere(ca, KEYS[1], crl_number=1))
    assert openssl_verdict(folder, folder / "out", chain, -1)[0]
    assert our_verdict(folder / "out") == (False, ["revoked"])


def test_openssl_needs_an_option_for_the_crl_of_a_new_key(folder: Path) -> None:
    chain = a_chain_with(3, new_key=KEYS[4])
    store(folder / "out", chain, -1)
    assert our_verdict(folder / "out") == (True, [])
    verdicts = [
        openssl_verdict(folder, folder / "out", chain, -1, extended=extended)[0]
        for extended in (True, False)
    ]
    assert verdicts == [True, False]
