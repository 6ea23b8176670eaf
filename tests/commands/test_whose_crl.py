"""Which CRLs count, for every command: the name decides, whichever key of it signed them."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.terminal import FOUND
from certstrap.pki.keys import P256
from tests.builders import crls, foreign, pairs
from tests.builders.certificates import a_name
from tests.builders.depots import NEW_KEY, init, issue, signed
from tests.builders.keys import load_key
from tests.builders.pairs import Pair
from tests.conftest import NOW, CommandLine
from tests.interop.peers import openssl

pytestmark = pytest.mark.depot(
    init("Cert", "--path-length", "1"),
    *signed("Int", "Cert", "--intermediate"),
    issue("leaf", "--CA", "Int"),
    issue("other", "--CA", "Int"),
)
"""The root `Cert`, `Int` below it, `leaf` and `other` below that."""


def pair(depot: Path, stem: str) -> Pair:
    """Return a certificate of the depot and its key."""
    return Pair(foreign.load_certificate(depot / f"{stem}.crt"), load_key(depot / f"{stem}.key"))


def rename(depot: Path, old: str, new: str, *suffixes: str) -> None:
    for suffix in suffixes or ("crt", "key", "csr", "crl"):
        if (depot / f"{old}.{suffix}").exists():
            (depot / f"{old}.{suffix}").rename(depot / f"{new}.{suffix}")


def put(depot: Path, stem: str, data: bytes) -> None:
    """Put a CRL into the depot."""
    (depot / f"{stem}.crl").unlink(missing_ok=True)
    foreign.write(depot / f"{stem}.crl", data, 0o644)


def status_of(certstrap: CommandLine, name: str, exit_code: int = 0) -> dict[str, object]:
    found = json.loads(certstrap("status", "--json", exit_code=exit_code).stdout)
    (item,) = [item for item in found["items"] if item["name"] == name]
    assert isinstance(item, dict)
    return item


def problems(certstrap: CommandLine, name: str, exit_code: int = 0) -> list[str]:
    found = status_of(certstrap, name, exit_code)["problems"]
    assert isinstance(found, list)
    return [each["sentence"] for each in found]


def assert_revoked(certstrap: CommandLine, name: str = "leaf") -> None:
    """Assert that all commands know that a certificate is revoked."""
    sentence = f"out/{name}.crt was revoked on 2026-11-23 12:00:00 UTC."
    assert f"failed: {sentence}" in certstrap("verify", name, exit_code=FOUND).stdout
    assert sentence in certstrap("check", name, exit_code=None).stdout
    assert sentence in certstrap("inspect", name).stdout
    assert status_of(certstrap, name)["state"] == "revoked"
    for command in (
        ("issue", name),
        ("renew", name),
        ("sign", name, "--CA", "Int", "--cert", "copy.crt"),
        ("export-chain", name),
        ("export-pkcs12", name, "--no-passphrase"),
        ("export-pkcs8", name, "--no-passphrase"),
        ("filters", name),
        ("connect", name, "--namespace", "your-namespace.acct"),
    ):
        certstrap.refuses(*command, sentence=sentence)


def new_key(certstrap: CommandLine, depot: Path) -> Pair:
    """Give `Int` a new key and keep its name; the old files are `Old`."""
    rename(depot, "Int", "Old")
    for command in signed("Int", "Cert", "--intermediate"):
        certstrap(*command)
    return pair(depot, "Int")


def revoking(ca: Pair, depot: Path, *names: str, number: int = 1) -> bytes:
    """Return a CRL that revokes certificates of the depot."""
    entries = [crls.entry(foreign.stored_certificate(name).serial_number) for name in names]
    return crls.made_elsewhere(ca.certificate, ca.key, entries=entries, crl_number=number)


def test_a_crl_of_the_new_key_of_a_ca_counts_for_what_the_old_one_signed(
    certstrap: CommandLine, depot: Path
) -> None:
    new = new_key(certstrap, depot)
    put(depot, "Int", revoking(new, depot, "leaf"))
    assert_revoked(certstrap)
    shown = certstrap("verify", "other").stdout
    assert "CRLs: out/Int.crl, out/Old.crl, out/Cert.crl" in shown


def test_a_crl_of_the_old_key_of_a_ca_counts_for_what_the_new_one_signs(
    certstrap: CommandLine, depot: Path
) -> None:
    old = pair(depot, "Int")
    new_key(certstrap, depot)
    certstrap("issue", "next", "--CA", "Int", *NEW_KEY)
    put(depot, "Old", revoking(old, depot, "next"))
    assert_revoked(certstrap, "next")


def test_a_crl_of_a_root_with_a_new_key_revokes_a_ca_that_then_signs_nothing(
    certstrap: CommandLine, depot: Path
) -> None:
    rename(depot, "Cert", "Old")
    certstrap(*init("Cert"))
    put(depot, "Cert", revoking(pair(depot, "Cert"), depot, "Int"))
    sentence = 'The CA "CN=Int" was revoked on'
    certstrap.refuses("issue", "next", "--CA", "Int", *NEW_KEY, sentence=sentence)
    assert "out/Int.crt was revoked" in certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert status_of(certstrap, "Int")["state"] == "revoked"
    assert status_of(certstrap, "leaf")["state"] == "valid"


def test_a_crl_that_verify_lists_counts_where_a_ca_signed_its_own_new_key(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root")
    new = pairs.ca(subject="Root", by=root)
    root.store_certificate("Root")
    new.store_certificate("New")
    leaf = pairs.leaf(new)
    leaf.store_certificate("leaf")
    put(folder / "out", "Root", revoking(root, folder / "out", "leaf"))
    shown = certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert "failed: out/leaf.crt was revoked" in shown
    assert "CRLs: out/Root.crl" in shown
    assert status_of(certstrap, "leaf")["state"] == "revoked"


def test_a_ca_may_have_a_key_for_its_crls_alone(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    ca = pairs.ca(subject="Int", by=root, usages=["key_cert_sign"])
    usage = (foreign.key_usage("crl_sign"), True)
    for_crls = pairs.made(subject="Int", by=root, extensions=[usage])
    stored = {"Root": root, "Int": ca, "crls": for_crls, "leaf": pairs.leaf(ca)}
    for stem, each in stored.items():
        each.store_certificate(stem)
    put(folder / "out", "Int", revoking(for_crls, folder / "out"))
    certstrap("verify", "leaf")
    put(folder / "out", "Int", revoking(for_crls, folder / "out", "leaf"))
    assert "out/leaf.crt was revoked" in certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert status_of(certstrap, "leaf")["state"] == "revoked"


NO_CRLS = (foreign.key_usage("digital_signature"), True)
FOR_CRLS = (foreign.key_usage("crl_sign"), True)


@pytest.mark.parametrize(
    "signer",
    [
        lambda root: pairs.made(subject="Int", by=root, extensions=[NO_CRLS]),
        lambda _: pairs.made(subject="Int", extensions=[FOR_CRLS]),
        lambda root: pairs.made(subject="Somebody", by=root, extensions=[FOR_CRLS]),
    ],
    ids=["not for CRLs", "of nobody", "another name"],
)
def test_not_any_certificate_of_that_name_may_sign_its_crl(
    signer: Callable[[Pair], Pair], certstrap: CommandLine, depot: Path
) -> None:
    found = signer(pair(depot, "Cert"))
    found.store_certificate("crls")
    entries = [crls.entry(foreign.stored_certificate("leaf").serial_number)]
    data = crls.made_elsewhere(found.certificate, found.key, entries=entries, issuer=a_name("Int"))
    put(depot, "more", data)
    certstrap("verify", "leaf")
    assert problems(certstrap, "more") == ["out/more.crl is not signed by a CA in this depot."]


def test_a_crl_of_the_key_of_a_ca_under_another_name_does_not_count_and_is_shown(
    certstrap: CommandLine, depot: Path
) -> None:
    ca = pair(depot, "Int")
    entries = [crls.entry(foreign.stored_certificate("leaf").serial_number)]
    data = crls.made_elsewhere(ca.certificate, ca.key, entries=entries, issuer=a_name("Another"))
    sentence = (
        'does not count: it is signed by the key of "CN=Int", but names "CN=Another" as its issuer.'
    )
    put(depot, "more", data)
    assert "more.crl" not in certstrap("verify", "leaf").stdout
    assert problems(certstrap, "more") == [f"out/more.crl {sentence}"]
    assert status_of(certstrap, "leaf")["state"] == "valid"
    certstrap("renew", "leaf")

    put(depot, "Int", data)  # where the CA's own should be
    assert problems(certstrap, "Int", FOUND) == [f"out/Int.crl {sentence}"]
    assert sentence in certstrap("verify", "leaf", exit_code=FOUND).stdout
    for command in (("revoke", "--CN", "leaf"), ("crl", "Int"), ("renew", "leaf")):
        certstrap.refuses(*command, sentence=sentence, hint="mv out/Int.crl out/Int.crl.broken")


@pytest.mark.parametrize("suffixes", [(), ("crt", "key")], ids=["all", "certificate and key"])
@pytest.mark.parametrize(
    "command",
    [("crl", "New"), ("revoke", "--CN", "other"), issue("next", "--CA", "New")],
    ids=" ".join,
)
def test_a_ca_whose_files_were_renamed_keeps_its_revocations(
    command: Sequence[str], suffixes: Sequence[str], certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "leaf")
    rename(depot, "Int", "New", *suffixes)
    assert_revoked_by_new_name(certstrap)
    before = crls.number(depot / f"{'Int' if suffixes else 'New'}.crl")
    certstrap(*command)
    names = ["leaf", "other"] if command[0] == "revoke" else ["leaf"]
    serials = [foreign.stored_certificate(name).serial_number for name in names]
    assert crls.serials(depot / "New.crl") == serials
    is_written = suffixes or command[0] != "issue"
    assert crls.number(depot / "New.crl") == before + bool(is_written)
    assert problems(certstrap, "New") == []
    assert_revoked_by_new_name(certstrap)


def assert_revoked_by_new_name(certstrap: CommandLine) -> None:
    assert "was revoked" in certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert status_of(certstrap, "leaf")["state"] == "revoked"
    certstrap.refuses("renew", "leaf", sentence="was revoked")


def test_what_a_renamed_ca_has_revoked_gets_on_its_new_crl(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "leaf")
    rename(depot, "Int", "New", "crt", "key")
    assert certstrap("revoke", "--CN", "leaf").stdout.startswith("Updated out/New.crl: 1 revoked")
    assert certstrap("revoke", "--CN", "leaf").stdout.startswith("Revoked already, since")
    assert crls.number(depot / "New.crl") == crls.number(depot / "Int.crl") + 1


def test_the_hint_of_an_expired_crl_names_the_ca_where_it_is_now(
    certstrap: CommandLine, depot: Path
) -> None:
    old = pair(depot, "Int")
    ended = crls.made_elsewhere(old.certificate, old.key, next_update=NOW - foreign.YEAR / 9)
    put(depot, "Int", ended)
    rename(depot, "Int", "New", "crt", "key")
    assert "certstrap crl New" in certstrap("verify", "leaf", exit_code=FOUND).stdout
    sentence = "out/Int.crl expired on"
    certstrap.refuses("crl", "leaf", "--bundle", sentence=sentence, hint="certstrap crl New")
    certstrap("crl", "New")
    certstrap("crl", "leaf", "--bundle")
    certstrap("verify", "leaf")


def test_the_crl_of_a_ca_with_a_new_key_has_what_the_old_one_revoked(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "leaf")
    new_key(certstrap, depot)
    serial = foreign.stored_certificate("leaf").serial_number
    assert not (depot / "Int.crl").exists()
    certstrap("crl", "Int")
    assert crls.serials(depot / "Int.crl") == [serial]
    assert crls.number(depot / "Int.crl") == crls.number(depot / "Old.crl") + 1


def test_a_new_root_with_the_name_of_another_begins_with_what_that_revoked(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "Int")
    rename(depot, "Cert", "Old")
    certstrap(*init("Cert"))
    assert crls.serials(depot / "Cert.crl") == crls.serials(depot / "Old.crl") != []


def test_a_bundle_revokes_what_a_crl_of_another_key_of_its_ca_revokes(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    new = new_key(certstrap, depot)
    certstrap("crl", "leaf", "--bundle", "--output", "crls.pem")
    put(depot, "Int", revoking(new, depot, "leaf"))
    certstrap.refuses(
        "crl", "leaf", "--bundle",
        sentence="out/Int.crl revokes certificates that out/Old.crl does not, and both are CRLs of "
        "one CA.",
        hint="certstrap crl Old",
    )  # fmt: skip
    certstrap("crl", "Old")
    certstrap("crl", "leaf", "--bundle", "--output", "crls.pem")
    for name, code in (("leaf", 2), ("other", 0)):
        openssl(
            "verify", "-crl_check_all", "-CRLfile", "crls.pem", "-CAfile", "out/Cert.crt",
            "-untrusted", "out/Old.crt", "-attime", str(int(NOW.timestamp())), f"out/{name}.crt",
            exit_code=code,
        )  # fmt: skip


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
UNUSABLE = {
    "is a delta CRL": (x509.DeltaCRLIndicator(1), True),
    "is a partial CRL": (crls.scope(cas=True), False),
    "is a partial CRL:": (crls.scope(users=True), True),
    "is an indirect CRL": (crls.scope(indirect=True), True),
    "has a critical extension that is not supported": (UNKNOWN, True),
    "has a critical extension in the entry of 7 that is not supported": None,
}


def unusable(ca: Pair, sentence: str, *entries: x509.RevokedCertificate) -> bytes:
    """Return a CRL that does not tell what is revoked, with the number 5."""
    extension = UNUSABLE[sentence]
    more = [] if extension else [crls.entry(7, NOW, UNKNOWN, critical=True)]
    return crls.made_elsewhere(
        ca.certificate, ca.key,
        entries=[*entries, *more], crl_number=5, extensions=[extension] if extension else [],
    )  # fmt: skip


CONTINUING = (
    ("revoke", "--CN", "leaf"),
    ("revoke", "--serial", "2A", "--elsewhere", "--CA", "Int"),
    ("crl", "Int"),
    ("crl", "leaf", "--bundle"),
)
JUDGING = (
    ("renew", "leaf"),
    ("issue", "leaf"),
    ("sign", "leaf", "--CA", "Int", "--cert", "copy.crt"),
    ("export-chain", "leaf"),
)


@pytest.mark.parametrize("sentence", UNUSABLE)
def test_a_crl_that_is_not_complete_is_never_continued_and_nothing_is_judged_by_it(
    sentence: str, certstrap: CommandLine, depot: Path
) -> None:
    put(depot, "Int", unusable(pair(depot, "Int"), sentence))
    whole = f"out/Int.crl {sentence}"
    hint = "mv out/Int.crl out/Int.crl.broken && certstrap crl Int"
    for command in (*CONTINUING, *JUDGING):
        certstrap.refuses(*command, sentence=whole, hint=hint)
    assert whole in problems(certstrap, "Int", FOUND)[0]
    shown = certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert f"failed: {whole}" in shown
    assert hint in shown
    assert whole in certstrap("inspect", "out/Int.crl").stdout
    shutil.move(depot / "Int.crl", depot / "Int.crl.broken")
    certstrap("crl", "Int")
    assert crls.serials(depot / "Int.crl") == []
    certstrap("revoke", "--CN", "leaf")


@pytest.mark.parametrize("sentence", UNUSABLE)
def test_beside_a_complete_crl_what_is_on_an_incomplete_one_is_revoked_and_none_is_continued(
    sentence: str, certstrap: CommandLine, depot: Path
) -> None:
    serial = foreign.stored_certificate("leaf").serial_number
    put(depot, "more", unusable(pair(depot, "Int"), sentence, crls.entry(serial)))
    whole = f"out/more.crl {sentence}"
    hint = "mv out/more.crl out/more.crl.broken && certstrap crl Int"
    for command in CONTINUING:
        certstrap.refuses(*command, sentence=whole, hint=hint)
    assert whole in problems(certstrap, "more", FOUND)[0]
    if "delta" in sentence or "partial" in sentence:
        assert "leaf.crt was revoked" in certstrap("verify", "leaf", exit_code=FOUND).stdout
        assert status_of(certstrap, "leaf", FOUND)["state"] == "revoked"
        for command in JUDGING:
            certstrap.refuses(*command, sentence="leaf.crt was revoked")
        certstrap("verify", "other")
        certstrap("renew", "other")
    else:
        for command in JUDGING:
            certstrap.refuses(*command, sentence=whole, hint=hint)
        assert f"failed: {whole}" in certstrap("verify", "other", exit_code=FOUND).stdout


def test_a_crl_of_that_name_that_nobody_signed_is_not_passed_over_if_there_is_no_other(
    certstrap: CommandLine, depot: Path
) -> None:
    ca = pair(depot, "Int")
    data = crls.made_elsewhere(ca.certificate, P256.generate())
    put(depot, "more", data)
    certstrap("verify", "leaf")
    sentence = "out/more.crl is not signed by"
    assert problems(certstrap, "more") == [f"{sentence} a CA in this depot."]
    (depot / "Int.crl").unlink()
    assert f"failed: {sentence} its CA." in certstrap("verify", "leaf", exit_code=FOUND).stdout
    assert problems(certstrap, "more", FOUND) == [f"{sentence} its CA."]
    hint = "mv out/more.crl out/more.crl.broken && certstrap crl Int"
    for command in (*CONTINUING, *JUDGING):
        certstrap.refuses(*command, sentence=sentence, hint=hint)
    (depot / "more.crl").rename(depot / "more.crl.broken")
    certstrap("crl", "Int")
    certstrap("verify", "leaf")


def test_a_key_whose_certificate_is_revoked_signs_no_crl_of_its_name(
    certstrap: CommandLine, depot: Path
) -> None:
    old = pair(depot, "Int")
    certstrap("revoke", "--CN", "Int", "--CA", "Cert")
    new_key(certstrap, depot)
    certstrap("issue", "next", "--CA", "Int", *NEW_KEY)
    put(depot, "Old", revoking(old, depot, "next"))
    certstrap("verify", "next")
    assert status_of(certstrap, "next")["state"] == "valid"
    (depot / "Int.crl").unlink()
    assert "No CRL" not in certstrap("verify", "next").stdout  # that of the root


def test_a_key_for_crls_whose_certificate_is_revoked_signs_none(
    certstrap: CommandLine, depot: Path
) -> None:
    for_crls = pairs.made(subject="Int", by=pair(depot, "Cert"), extensions=[FOR_CRLS])
    for_crls.store_certificate("crls")
    put(depot, "Int", revoking(for_crls, depot))
    certstrap("verify", "leaf")
    serial = f"{for_crls.certificate.serial_number:X}"
    certstrap("revoke", "--serial", serial, "--CA", "Cert")
    sentence = "failed: out/Int.crl is not signed by its CA."
    assert sentence in certstrap("verify", "leaf", exit_code=FOUND).stdout


def test_a_root_is_not_renewed_beside_a_crl_that_is_not_complete(
    certstrap: CommandLine, depot: Path
) -> None:
    ca = pair(depot, "Cert")
    delta = [(x509.DeltaCRLIndicator(1), True)]
    put(depot, "Cert", crls.made_elsewhere(ca.certificate, ca.key, extensions=delta))
    certstrap.refuses("renew", "Cert", sentence="out/Cert.crl is a delta CRL")


def test_an_indirect_crl_of_the_issuer_that_a_certificate_names_is_not_passed_over(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap(*init("Crls"))
    issuer = pair(depot, "Crls")
    point = x509.DistributionPoint(None, None, None, [x509.DirectoryName(a_name("Crls"))])
    ca = pair(depot, "Int")
    leaf = pairs.leaf(ca, "named", x509.CRLDistributionPoints([point]))
    leaf.store_certificate("named")
    certstrap("verify", "named")
    indirect = [(crls.scope(indirect=True), True)]
    put(depot, "Crls", crls.made_elsewhere(issuer.certificate, issuer.key, extensions=indirect))
    assert "is an indirect CRL" in certstrap("verify", "named", exit_code=FOUND).stdout
    certstrap("verify", "leaf")


def test_without_the_key_of_its_ca_a_crl_that_is_not_complete_is_replaced_where_that_is(
    certstrap: CommandLine, depot: Path
) -> None:
    ca = pair(depot, "Int")
    delta = [(x509.DeltaCRLIndicator(1), True)]
    put(depot, "Int", crls.made_elsewhere(ca.certificate, ca.key, extensions=delta))
    (depot / "Int.key").unlink()
    hint = "Put the complete CRL in its place, or get a new one from where the key of its CA is."
    certstrap.refuses("export-chain", "leaf", sentence="is a delta CRL", hint=hint)


def test_inspect_names_what_makes_a_crl_incomplete(certstrap: CommandLine, depot: Path) -> None:
    ca = pair(depot, "Int")
    extensions = [(x509.DeltaCRLIndicator(1), True), (crls.scope(cas=True), False)]
    data = crls.made_elsewhere(ca.certificate, ca.key, encoding=Encoding.DER, extensions=extensions)
    put(depot, "Int", data)
    shown = certstrap("inspect", "out/Int.crl").stdout
    assert "Extension   deltaCRLIndicator, critical\n" in shown
    assert "Extension   issuingDistributionPoint\n" in shown
    assert "Signed by   the CA Int\n" in shown
