"""`verify`: the chain through the depot, and every reason why a certificate is not good."""

import json
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import process_time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.cli.context import utc_now
from certstrap.pki.keys import P256, dump_pkcs8
from certstrap.pki.pem import to_pem
from certstrap.pki.profiles import BOTH, CLIENT, SERVER
from tests.builders import crls, foreign, pairs
from tests.builders.depots import init, signed
from tests.builders.keys import an_rsa_key
from tests.builders.pairs import Pair
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine
from tests.interop.peers import openssl
from tests.temporal.pki import with_sha1

ROOT = x509.DirectoryName(foreign.name_of("Root"))


pytestmark = pytest.mark.depot(
    init("Root", "--path-length", "1"),
    *signed("Int", "Root", "--intermediate"),
    *signed("leaf", "Int", "--expires", "90d"),
)
"""`Root`, `Int` below it and `leaf` below that, each with its CRL but the leaf."""


def failures(certstrap: CommandLine, *args: str) -> list[str]:
    """Return the sentences of what is wrong, which there must be."""
    printed = certstrap("verify", *args, exit_code=3).stdout
    return re.findall(r"^ +failed: (.+)$", printed, re.MULTILINE)


def test_good_certificate_is_shown_with_its_chain(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("verify", "leaf").lines == [
        "leaf: good",
        "  1. out/leaf.crt: CN=leaf, expires 2027-02-21",
        "  2. out/Int.crt: CN=Int, expires 2028-05-23",
        "  3. out/Root.crt: CN=Root, expires 2028-05-23",
        "  CRLs: out/Int.crl, out/Root.crl",
    ]


def test_every_reason_is_given_not_the_first_alone(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "leaf")
    certstrap("revoke", "--CN", "Int")
    assert failures(certstrap, "leaf", "--at", "2028-05-24") == [
        "out/leaf.crt expired on 2027-02-21 12:00:00 UTC.",
        "out/leaf.crt was revoked on 2026-11-23 12:00:00 UTC.",
        "out/Int.crl expired on 2028-05-23 12:00:00 UTC.",
        "out/Int.crt expired on 2028-05-23 12:00:00 UTC.",
        "out/Int.crt was revoked on 2026-11-23 12:00:00 UTC.",
        "out/Root.crl expired on 2028-05-23 12:00:00 UTC.",
        "out/Root.crt expired on 2028-05-23 12:00:00 UTC.",
    ]


@pytest.mark.parametrize(
    ("at", "exit_code"),
    [
        ("2027-02-20", 0),
        ("2027-02-21", 3),
        ("2027-02-21T11:59:59", 0),
        ("2027-02-21T12:00:00+00:00", 0),
        ("2027-02-21T12:00:01Z", 3),
        ("89d", 0),
        ("91d", 3),
        ("2026-11-22", 3),
    ],
)
def test_certificate_is_judged_at_another_time(
    certstrap: CommandLine, depot: Path, at: str, exit_code: int
) -> None:
    certstrap("verify", "leaf", "--at", at, exit_code=exit_code)


@pytest.mark.parametrize("at", ["tomorrow", "2027-02-30", "2027-01-01Tx", "9999 years", "-1d"])
def test_time_that_cannot_be_read_is_refused(certstrap: CommandLine, depot: Path, at: str) -> None:
    certstrap.refuses("verify", "leaf", f"--at={at}", sentence=f'Invalid time: "{at}".')


def test_missing_intermediate_may_come_with_the_file(certstrap: CommandLine, depot: Path) -> None:
    chain = Path("chain.pem")
    chain.write_bytes((depot / "leaf.crt").read_bytes() + (depot / "Int.crt").read_bytes())
    (depot / "Int.crt").unlink()
    assert failures(certstrap, "leaf") == [
        'out/leaf.crt was issued by "CN=Int", which out does not have.'
    ]
    printed = certstrap("verify", "chain.pem").stdout
    assert "chain.pem: good" in printed
    assert "  2. chain.pem (certificate 2): CN=Int, expires 2028-05-23" in printed


def test_root_that_comes_with_the_file_is_not_trusted(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    leaf = pairs.leaf(root)
    (folder / "chain.pem").write_bytes(leaf.pem + root.pem)
    assert failures(certstrap, "chain.pem") == [
        "chain.pem (certificate 2) is self-signed, and is not a CA in out."
    ]
    root.store_certificate("Root")
    assert certstrap("verify", "chain.pem", "-", input=leaf.pem).stdout.count(": good") == 2


def test_issuer_is_known_by_its_signature_and_not_by_its_name(
    certstrap: CommandLine, depot: Path
) -> None:
    stranger = pairs.ca(subject="Root")
    (depot.parent / "x.pem").write_bytes(pairs.leaf(stranger).pem)
    assert failures(certstrap, "x.pem") == [
        "x.pem names out/Root.crt as its issuer, but is not signed by the key of that certificate."
    ]
    right = pairs.ca(subject="Other")
    renamed = Pair(pairs.ca(subject="Another", key=right.key).certificate, right.key)
    (depot.parent / "y.pem").write_bytes(pairs.leaf(renamed).pem)
    right.store_certificate("Other")
    (failure,) = failures(certstrap, "y.pem")
    assert failure == (
        'y.pem is signed by the key of out/Other.crt, but names its issuer "CN=Another", which is '
        'not the same, byte by byte, as "CN=Other".'
    )


def test_signer_counts_more_than_a_ca_with_the_name(certstrap: CommandLine, depot: Path) -> None:
    right = pairs.ca(subject="Other")
    renamed = Pair(pairs.ca(subject="Root", key=right.key).certificate, right.key)
    (depot.parent / "x.pem").write_bytes(pairs.leaf(renamed).pem)
    right.store_certificate("Other")
    (failure,) = failures(certstrap, "x.pem")
    assert failure.startswith("x.pem is signed by the key of out/Other.crt, but names")


def test_cas_that_issued_each_other_have_no_root(certstrap: CommandLine, folder: Path) -> None:
    a, b = pairs.ca(subject="A"), pairs.ca(subject="B")
    pairs.ca(subject="A", key=a.key, by=b).store_certificate("A")
    pairs.ca(subject="B", key=b.key, by=a).store_certificate("B")
    pairs.leaf(a).store_certificate("leaf")
    sentence = "out/B.crt is issued by out/A.crt, which is below it: the chain has no root."
    assert failures(certstrap, "leaf") == [sentence]


def test_signer_that_is_no_ca_is_named(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    middle = pairs.leaf(root, "middle")
    root.store_certificate("Root")
    middle.store_certificate("middle")
    pairs.leaf(middle).store_certificate("leaf")
    assert failures(certstrap, "leaf") == [
        "out/middle.crt is not a CA, but signed the certificate below it."
    ]


def test_ca_may_not_sign_what_its_certificate_does_not_allow(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root", path_length=0, usages=["crl_sign"])
    middle = pairs.ca(subject="Int", by=root, end=NOW + foreign.YEAR / 2)
    root.store_certificate("Root")
    middle.store_certificate("Int")
    pairs.leaf(middle).store_certificate("leaf")
    assert failures(certstrap, "leaf") == [
        "out/Root.crt may not sign certificates: its key usage does not include it.",
        "out/Root.crt allows 0 CAs below it, and the path has 1.",
    ]


def test_names_that_a_ca_may_not_sign_are_listed(certstrap: CommandLine, folder: Path) -> None:
    tree = x509.NameConstraints([x509.DNSName("example.com")], None)
    extensions = [(x509.BasicConstraints(ca=True, path_length=None), True), (tree, True)]
    root = pairs.made(subject="Root", extensions=extensions)
    root.store_certificate("Root")
    pairs.leaf(root, "leaf", foreign.alternative("a.example.com", "b.other.org")).store_certificate(
        "leaf"
    )
    assert failures(certstrap, "leaf") == [
        "out/leaf.crt has the name b.other.org, and out/Root.crt is permitted example.com."
    ]


def test_very_many_names_and_constraints_end_in_a_sentence(
    certstrap: CommandLine, folder: Path
) -> None:
    trees = [[x509.DNSName(f"{kind}{n}.test") for n in range(4096)] for kind in "tx"]
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = pairs.made(
        subject="Root", extensions=[constraints, (x509.NameConstraints(*trees), True)]
    )
    root.store_certificate("Root")
    names = x509.SubjectAlternativeName(trees[0])
    pairs.made(subject="leaf", by=root, extensions=[(names, False)]).store_certificate("leaf")
    begin = process_time()
    assert failures(certstrap, "leaf") == [
        "out/leaf.crt has too many names to compare with the name constraints of out/Root.crt."
    ]
    assert process_time() - begin < 1
    verified_by_openssl(exit_code=2)


def test_critical_extensions_that_are_not_known_are_failures(
    certstrap: CommandLine, folder: Path
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    root = pairs.ca(subject="Root")
    root.store_certificate("Root")
    pairs.made(subject="leaf", by=root, extensions=[(unknown, True)]).store_certificate("leaf")
    assert failures(certstrap, "leaf") == [
        "out/leaf.crt has a critical extension that is not supported: 1.2.3.4."
    ]


@pytest.mark.parametrize(
    ("identifier", "good"),
    [
        (x509.AuthorityKeyIdentifier(b"\1", None, None), False),
        (
            x509.AuthorityKeyIdentifier(None, [ROOT], 77),
            False,
        ),
        (x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(foreign.name_of("X"))], 0), False),
        (x509.AuthorityKeyIdentifier(None, [ROOT], 0), True),
        (x509.AuthorityKeyIdentifier(None, [x509.DNSName("x")], 0), True),
        (x509.AuthorityKeyIdentifier(None, None, None), True),
    ],
)
def test_authority_key_identifier_must_be_that_of_the_issuer(
    certstrap: CommandLine, folder: Path, identifier: x509.AuthorityKeyIdentifier, good: bool
) -> None:
    root = pairs.ca(subject="Root")
    if identifier.authority_cert_serial_number == 0:
        identifier = x509.AuthorityKeyIdentifier(
            None, identifier.authority_cert_issuer, root.certificate.serial_number
        )
    root.store_certificate("Root")
    pairs.made(subject="leaf", by=root, extensions=[(identifier, False)]).store_certificate("leaf")
    if good:
        certstrap("verify", "leaf")
    else:
        assert failures(certstrap, "leaf") == [
            "The authority key identifier of out/leaf.crt is not that of the CA that signed it."
        ]


def test_crl_that_cannot_be_read_or_is_of_another_is_a_failure(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "Int.crl", b"broken", 0o644)
    (sentence,) = failures(certstrap, "leaf")
    assert sentence.startswith("out/Int.crl is not a certificate revocation list")
    other = pairs.ca(subject="Int")
    foreign.write(depot / "Int.crl", crls.made_elsewhere(other.certificate, other.key), 0o644)
    assert failures(certstrap, "leaf") == ["out/Int.crl is not signed by its CA."]


def test_of_two_crls_of_one_ca_the_current_one_counts(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    root.store_certificate("Root")
    pairs.leaf(root).store_certificate("leaf")
    old = {"updated": NOW - timedelta(days=3), "next_update": NOW - timedelta(days=2)}
    made = {"Root": crls.made_elsewhere(root.certificate, root.key)}
    made["old"] = crls.made_elsewhere(root.certificate, root.key, **old)  # type: ignore[arg-type]
    for stem, data in made.items():
        foreign.write(folder / f"out/{stem}.crl", data, 0o644)
    certstrap("verify", "leaf")
    (folder / "out/Root.crl").unlink()
    assert failures(certstrap, "leaf") == ["out/old.crl expired on 2026-11-21 12:00:00 UTC."]


def test_ca_that_may_not_sign_crls_makes_its_crl_a_failure(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root", usages=["key_cert_sign"])
    root.store_certificate("Root")
    pairs.leaf(root).store_certificate("leaf")
    assert "No CRL was found." in certstrap("verify", "leaf").stdout
    data = crls.made_elsewhere(root.certificate, root.key)
    foreign.write(folder / "out/Root.crl", data, 0o644)
    assert failures(certstrap, "leaf") == ["The CA out/Root.crt may not sign CRLs."]


def test_crl_with_a_critical_extension_that_is_not_known_is_a_failure(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root")
    root.store_certificate("Root")
    pairs.leaf(root).store_certificate("leaf")
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    crl = crls.made_elsewhere(root.certificate, root.key, extensions=[(unknown, True)])
    foreign.write(folder / "out/Root.crl", crl, 0o644)
    assert failures(certstrap, "leaf") == [
        "out/Root.crl has a critical extension that is not supported: 1.2.3.4."
    ]


def test_of_several_chains_a_good_one_counts(certstrap: CommandLine, folder: Path) -> None:
    roots = [pairs.ca(subject=f"Root {number}") for number in range(3)]
    key = P256.generate()
    for number, root in enumerate(roots):
        end = NOW + timedelta(days=10 if number == 1 else -1)
        root.store_certificate(f"Root{number}")
        pairs.ca(subject="Int", key=key, by=root, end=end).store_certificate(f"Int{number}")
    issuer = pairs.ca(subject="Int", key=key)
    pairs.leaf(issuer).store_certificate("leaf")
    assert certstrap("verify", "leaf").lines[1:4] == [
        "  1. out/leaf.crt: CN=client, expires 2027-11-23",
        "  2. out/Int1.crt: CN=Int, expires 2026-12-03",
        "  3. out/Root1.crt: CN=Root 1, expires 2027-11-23",
    ]


def test_of_chains_that_are_not_good_one_that_reaches_a_root_is_shown(
    certstrap: CommandLine, folder: Path
) -> None:
    root, stranger = pairs.ca(subject="Root"), pairs.ca(subject="Stranger")
    key = P256.generate()
    root.store_certificate("Root")
    pairs.ca(subject="Int", key=key, by=stranger, end=NOW + timedelta(days=9)).store_certificate(
        "Int1"
    )
    pairs.ca(subject="Int", key=key, by=root, end=NOW - timedelta(days=1)).store_certificate("Int2")
    pairs.leaf(pairs.ca(subject="Int", key=key)).store_certificate("leaf")
    assert failures(certstrap, "leaf") == ["out/Int2.crt expired on 2026-11-22 12:00:00 UTC."]


def test_cas_that_signed_each_other_many_times_do_not_take_for_ever(
    certstrap: CommandLine, folder: Path
) -> None:
    keys = [P256.generate() for _ in range(5)]
    cas = [pairs.ca(subject=f"CA {number}", key=key) for number, key in enumerate(keys)]
    for number, ca in enumerate(cas):
        for other, by in enumerate(cas):
            if other != number:
                pairs.ca(subject=f"CA {number}", key=ca.key, by=by).store_certificate(
                    f"{number}by{other}"
                )
    pairs.leaf(cas[0]).store_certificate("leaf")
    assert failures(certstrap, "leaf")
    (cas[1]).store_certificate("Root")
    certstrap("verify", "leaf")


def verified_by_openssl(*options: str, exit_code: int = 0) -> None:
    """Ask OpenSSL about `leaf` below `Root`."""
    at = str(int(NOW.timestamp()))
    openssl(
        "verify", "-attime", at, "-CAfile", "out/Root.crt", *options, "out/leaf.crt",
        exit_code=exit_code,
    )  # fmt: skip


def test_chain_that_is_signed_with_sha1_is_followed_and_is_not_good(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root")
    assert isinstance(root.key, ec.EllipticCurvePrivateKey)
    with_its_own = with_sha1(root.key)
    for stem, pair in {"Root": root, "leaf": pairs.leaf(root)}.items():
        der = pair.certificate.public_bytes(Encoding.DER)
        pem = to_pem("CERTIFICATE", with_its_own(der))
        foreign.write(folder / f"out/{stem}.crt", pem, 0o444)
    crl = crls.made_elsewhere(root.certificate, root.key)
    foreign.write(folder / "out/Root.crl", crl, 0o644)
    certstrap("verify", "Root")  # nobody relies on its own signature
    sentence = "out/leaf.crt is signed with SHA1, which is not secure."
    assert failures(certstrap, "leaf") == [sentence]
    assert certstrap("status").stdout.count("SHA1") == 1
    assert f"! {sentence}" in certstrap("status").stdout
    verified_by_openssl("-auth_level", "0")
    verified_by_openssl("-auth_level", "1", exit_code=2)
    verified_by_openssl("-auth_level", "2", exit_code=2)


def test_weak_key_is_not_good(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    root.store_certificate("Root")
    pairs.made(subject="leaf", by=root, key=an_rsa_key(1024)).store_certificate("leaf")
    assert failures(certstrap, "leaf") == ["out/leaf.crt has an RSA key of 1024 bits."]
    verified_by_openssl("-auth_level", "2", exit_code=2)


def test_algorithm_that_is_not_supported_is_named(certstrap: CommandLine, folder: Path) -> None:
    new = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf", "-keyout", "leaf.key")
    (folder / "out").mkdir(mode=0o700)
    openssl("dsaparam", "-out", "parameters", "2048")
    openssl("gendsa", "-out", "ca.key", "parameters")
    usage = ("-addext", "keyUsage=keyCertSign,cRLSign")
    openssl("req", "-x509", "-key", "ca.key", "-subj", "/CN=CA", *usage, "-out", "out/CA.crt")
    openssl("req", "-new", *new, "-out", "leaf.csr")
    signing = ("-CA", "out/CA.crt", "-CAkey", "ca.key", "-set_serial", "5")
    openssl("x509", "-req", "-in", "leaf.csr", *signing, "-out", "out/leaf.crt")
    config = "[ca]\ndefault_ca=a\n[a]\ndatabase=index\ndefault_md=sha256\n"
    (folder / "ca.cnf").write_text(config)
    (folder / "index").touch()
    signing = ("-keyfile", "ca.key", "-cert", "out/CA.crt", "-crldays", "30")
    openssl("ca", "-gencrl", "-config", "ca.cnf", *signing, "-out", "out/CA.crl")
    words = "is signed with DSA with SHA-256, which is not supported: its signature was not checked"
    today = str(utc_now().date())
    assert failures(certstrap, "leaf", "--at", today) == [f"out/leaf.crt {words}."]
    assert failures(certstrap, "CA", "--at", today) == [
        "out/CA.crt has a DSA key, which is not supported.",
        f"out/CA.crt {words}.",
    ]
    shown = certstrap("status", exit_code=3, now=utc_now()).stdout
    for file in ("leaf.crt", "CA.crt", "CA.crl"):
        assert f"! out/{file} {words}." in shown
    for untrue in ("is not signed by", "which is not in this depot"):
        assert untrue not in shown
    (shown,) = (line for line in certstrap("inspect", "CA").lines if "Issued by" in line)
    assert shown.endswith("not known: its signature cannot be checked")
    found = certstrap("check", "--cert", "out/leaf.crt", "--ca-bundle", "out/CA.crt", exit_code=3)
    assert f"{words}." in " ".join(found.stdout.split())
    assert "not signed by" not in found.stdout
    assert f"{words}." in " ".join(certstrap("check", "CA", exit_code=3).stdout.split())


POLICY, OTHER_POLICY = (x509.ObjectIdentifier(f"1.2.3.{number}") for number in (4, 5))


def with_policies(*policies: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    each = [x509.PolicyInformation(policy, None) for policy in policies]
    return x509.CertificatePolicies(each), False


@pytest.mark.parametrize(
    ("of_ca", "of_leaf", "good"),
    [
        ([POLICY], [POLICY], True),
        ([POLICY], [OTHER_POLICY], False),
        ([POLICY], [], False),
        ([], [POLICY], False),
    ],
)
def test_policy_that_a_ca_requires_must_be_valid_for_the_whole_chain(
    certstrap: CommandLine,
    folder: Path,
    of_ca: list[x509.ObjectIdentifier],
    of_leaf: list[x509.ObjectIdentifier],
    good: bool,
) -> None:
    limits = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    extensions = [(x509.BasicConstraints(ca=True, path_length=None), True), (limits, True)]
    extensions += [with_policies(*of_ca)] if of_ca else []
    root = pairs.ca(subject="Root")
    middle = pairs.made(subject="Int", by=root, extensions=extensions)
    of_leaf_ = [with_policies(*of_leaf)] if of_leaf else []
    root.store_certificate("Root")
    middle.store_certificate("Int")
    pairs.made(subject="leaf", by=middle, extensions=of_leaf_).store_certificate("leaf")
    if good:
        certstrap("verify", "leaf")
    else:
        (sentence,) = failures(certstrap, "leaf")
        assert sentence == (
            "out/Int.crt requires a certificate policy, and out/leaf.crt has none that is valid "
            "for its whole chain."
        )
        assert f"! {sentence}" in certstrap("status").stdout
    options = ("-policy_check", "-policy", "anyPolicy", "-untrusted", "out/Int.crt")
    verified_by_openssl(*options, exit_code=0 if good else 2)


def test_usage_that_a_ca_excludes_is_not_good(certstrap: CommandLine, folder: Path) -> None:
    for stem, of_ca, of_leaf, excluded in (
        ("same", CLIENT, CLIENT, ""),
        ("any", [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], BOTH, ""),
        ("all", CLIENT, (), ""),
        ("none", SERVER, CLIENT, "TLS client"),
        ("some", CLIENT, BOTH, "TLS server"),
    ):
        extensions = [(x509.BasicConstraints(ca=True, path_length=None), True)]
        root = pairs.made(
            subject=stem, extensions=[*extensions, (x509.ExtendedKeyUsage(of_ca), False)]
        )
        middle = pairs.ca(subject="Int", by=root)
        usages = [(x509.ExtendedKeyUsage(of_leaf), False)] if of_leaf else []
        root.store_certificate(stem)
        middle.store_certificate(f"Int-{stem}")
        pairs.made(subject="leaf", by=middle, extensions=usages).store_certificate(f"leaf-{stem}")
        if not excluded:
            certstrap("verify", f"leaf-{stem}")
        else:
            (sentence,) = failures(certstrap, f"leaf-{stem}")
            assert sentence == (
                f"The extended key usage of out/{stem}.crt excludes what out/leaf-{stem}.crt is "
                f"for: {excluded}."
            )


def test_cas_that_leave_no_usage_together_are_not_good(
    certstrap: CommandLine, folder: Path
) -> None:
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    root, middle = (
        partial(pairs.made, extensions=[constraints, (x509.ExtendedKeyUsage(usages), False)])
        for usages in (SERVER, CLIENT)
    )
    above = root(subject="Root")
    below = middle(subject="Int", by=above)
    above.store_certificate("Root")
    below.store_certificate("Int")
    pairs.made(subject="leaf", by=below).store_certificate("leaf")
    assert failures(certstrap, "leaf") == [
        "The extended key usage of out/Root.crt excludes what out/leaf.crt is for: TLS client."
    ]


def test_file_without_a_certificate_is_not_good(certstrap: CommandLine, folder: Path) -> None:
    (folder / "a.csr").write_bytes(foreign.request())
    assert failures(certstrap, "a.csr") == ["a.csr contains no certificate."]


def test_key_beside_a_certificate_is_passed_over(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    (folder / "both.pem").write_bytes(dump_pkcs8(root.key, b"secret") + root.pem)
    root.store_certificate("Root")
    certstrap("verify", "both.pem")


def test_certificate_that_cannot_be_read_is_not_good(certstrap: CommandLine, depot: Path) -> None:
    bad = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    foreign.write(depot / "leaf.crt", bad, 0o644)
    assert failures(certstrap, "leaf") == ["out/leaf.crt is a certificate that cannot be read."]
    (depot / "leaf.crt").unlink()
    (depot / "leaf.crt").mkdir()
    assert failures(certstrap, "leaf") == ["out/leaf.crt is not a regular file."]


def test_root_alone_is_good(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("verify", "Root").lines[0] == "Root: good"
    certificate = foreign.certificate(ca=False, name="alone").public_bytes(Encoding.PEM)
    foreign.write(depot / "alone.crt", certificate, 0o444)
    assert failures(certstrap, "alone") == ["out/alone.crt is self-signed, and is not a CA in out."]


def test_json_has_the_chain_and_its_failures(certstrap: CommandLine, depot: Path) -> None:
    found = json.loads(certstrap("verify", "leaf", "--json").stdout)
    assert found["schema"] == "certstrap.verify/1"
    assert (found["at"], found["good"]) == ("2026-11-23T12:00:00Z", True)
    certstrap("revoke", "--CN", "leaf")
    found = json.loads(certstrap("verify", "leaf", "Int", "--json", exit_code=3).stdout)
    leaf, intermediate = found["results"]
    assert (found["good"], leaf["good"], intermediate["good"]) == (False, False, True)
    assert [each["source"] for each in leaf["chain"]] == [
        "out/leaf.crt",
        "out/Int.crt",
        "out/Root.crt",
    ]
    assert [each["rule"] for each in leaf["chain"][0]["failures"]] == ["revoked"]
    assert leaf["crls"] == ["out/Int.crl", "out/Root.crl"]


def test_terminal_shows_the_same_words_in_its_width(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    foreign.write(depot / "bad.crt", b"", 0o644)
    (depot / "Root.crt").unlink()
    with terminal(folder, "verify", "leaf", "bad") as child:
        printed = re.sub(r"\x1b\[[0-9;]*m", "", ends(child, 3))
    assert all(len(line) <= 80 for line in printed.splitlines())
    words = certstrap("verify", "leaf", "bad", exit_code=3).stdout
    assert " ".join(printed.split()) == " ".join(words.split())


def test_command_line_without_sense_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("verify", sentence="Must provide a name or a file.", exit_code=2)
    sentence = "There is no file, and no name in the depot, nobody."
    certstrap.refuses("verify", "nobody", sentence=sentence)


def test_a_certificate_for_a_server_is_verified_before_it_is_installed(
    certstrap: CommandLine, depot: Path
) -> None:
    names = ("--domain", "temporal.example.com,*.example.org", "--ip", "10.0.0.1")
    certstrap("issue", "srv", "--CA", "Int", *names, "--profile", "server", "--curve", "P-256",
              "--no-passphrase")  # fmt: skip
    for host in ("temporal.example.com", "a.example.org", "10.0.0.1"):
        assert certstrap("verify", "srv", "--server", host).lines[0] == "srv: good"
    (found,) = failures(certstrap, "srv", "--server", "other.example.com")
    assert found == (
        'out/srv.crt is for "temporal.example.com", "*.example.org", "10.0.0.1", not for '
        '"other.example.com".'
    )
    said = certstrap("verify", "srv", "--server", "other.example.com", exit_code=3).stdout
    assert "hint: Issue the server a certificate with --domain other.example.com." in said
    failed = certstrap("verify", "srv", "--server", "x.example.com", "--json", exit_code=3).stdout
    (link, *above) = json.loads(failed)["results"][0]["chain"]
    assert [each["rule"] for each in link["failures"]] == ["server-name"]
    assert not any(each["failures"] for each in above)
    (late,) = failures(certstrap, "srv", "--server", "10.0.0.1", "--at", "2028-05-24")[:1]
    assert "expired on" in late


def test_a_certificate_for_clients_serves_nobody(certstrap: CommandLine, depot: Path) -> None:
    certstrap("issue", "c", "--CA", "Int", "--domain", "c.example", "--profile", "client",
              "--curve", "P-256", "--no-passphrase")  # fmt: skip
    assert certstrap("verify", "c").lines[0] == "c: good"
    assert failures(certstrap, "c", "--server", "c.example") == [
        "out/c.crt is not for servers: its extended key usage does not include them."
    ]
    assert failures(certstrap, "leaf", "--server", "leaf") == [
        "out/leaf.crt has no alternative names, and clients ignore its common name."
    ]
    assert failures(certstrap, "Int", "--server", "Int")[-1] == (
        "out/Int.crt is a CA's certificate, and some clients refuse it as a server's."
    )


@pytest.mark.parametrize("host", ["leaf:7233", "https://leaf", "*.example.com"])
def test_a_server_that_is_no_name_is_refused(
    certstrap: CommandLine, depot: Path, host: str
) -> None:
    certstrap.refuses(
        "verify", "leaf", "--server", host, sentence=f'Invalid server name: "{host}" is not a host'
    )


@pytest.mark.parametrize("form", ["p12", "p7b"])
def test_a_certificate_in_a_store_is_verified_with_its_chain(
    certstrap: CommandLine, depot: Path, form: str
) -> None:
    certstrap("export-pkcs12", "leaf", "--passphrase", "p", "--output", "leaf.p12")
    chain = [foreign.load_certificate(depot / f"{name}.crt") for name in ("leaf", "Int", "Root")]
    Path("leaf.p7b").write_bytes(pkcs7.serialize_certificates(chain, Encoding.DER))
    printed = certstrap("verify", f"leaf.{form}", *(["--passphrase", "p"] if form == "p12" else []))
    assert printed.lines[0] == f"leaf.{form}: good"


def test_a_store_that_is_not_opened_is_not_good(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-pkcs12", "leaf", "--passphrase", "p", "--output", "leaf.p12")
    assert failures(certstrap, "leaf.p12", "--no-passphrase") == [
        "leaf.p12 is encrypted, and no passphrase was given."
    ]
    printed = certstrap("verify", "leaf.p12", exit_code=3).stdout
    assert "hint: Use --passphrase-file FILE or CERTSTRAP_PASSPHRASE." in printed


def test_a_damaged_file_is_not_good_and_says_how_it_is_repaired(
    certstrap: CommandLine, depot: Path
) -> None:
    Path("leaf.pem").write_bytes((depot / "leaf.crt").read_bytes().replace(b"\n", b" "))
    assert certstrap("verify", "leaf.pem", exit_code=3).lines == [
        "leaf.pem: not good",
        "  failed: leaf.pem has its PEM on one line.",
        "  hint: Save the output of this command as a new file: certstrap inspect leaf.pem --pem",
    ]
