"""`revoke`: how a certificate is named, and its CA found."""

from pathlib import Path

import pytest

from tests.builders import crls, foreign
from tests.builders.certificates import a_certificate
from tests.builders.depots import NEW_KEY, init, signed
from tests.conftest import CommandLine

UPDATED = "Updated out/Cert.crl: 1 revoked certificate\n"


pytestmark = pytest.mark.depot(init(), *signed("client"))
"""A depot with the CA `Cert` and the certificate `client`."""


def sign(certstrap: CommandLine, name: str, ca: str = "Cert") -> None:
    certstrap("request-cert", "--cn", name, *NEW_KEY)
    certstrap("sign", name, "--CA", ca)


def serial_of(path: Path) -> int:
    return foreign.load_certificate(path).serial_number


@pytest.mark.parametrize(
    "line",
    [
        "--CN client --CA Cert",
        "--CN=client --CA=Cert",
        "-CN client -CA Cert",
        "-CN=client -CA=Cert",
        "--cn client",
        "-CA=Cert -cn=client -reason=superseded -passphrase=",
        "--CN wrong --CN client",
    ],
)
def test_options_take_one_dash_or_two(certstrap: CommandLine, depot: Path, line: str) -> None:
    assert certstrap("revoke", *line.split()).stdout == UPDATED
    assert crls.serials(depot / "Cert.crl") == [serial_of(depot / "client.crt")]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("my client", "my_client"),
        ("my_client", "my_client"),
        ("*.w.ex", "_.w.ex"),
        ("spiffe://example.com/foo", "spiffe_example.com_foo"),
        ("caf_", "café"),
        ("café", "caf_"),  # as certstrap's request-cert has it
        ("Ünï", "Ünï"),
    ],
)
def test_a_certificate_is_found_under_either_of_certstraps_rules(
    certstrap: CommandLine, depot: Path, name: str, stem: str
) -> None:
    if (name, stem) == ("caf_", "café"):
        certstrap.refuses("revoke", "--CN", name, sentence="There is no certificate out/caf_.crt.")
        return
    (depot / "client.crt").rename(depot / f"{stem}.crt")
    if name != stem:  # what is in it is for "client"
        certstrap.refuses("revoke", "--CN", name, sentence=f'is for "client", and "{name}" was')
        name = stem
    reported = 'The certificate is for "client", the name in it.\n'
    done = certstrap("revoke", "--CN", name, "--CA", "Cert", stderr=reported)
    assert done.stdout == UPDATED


@pytest.mark.parametrize("name", ["Testing Root", "Testing_Root"])
def test_a_ca_is_found_by_its_name_and_by_the_name_of_its_files(
    certstrap: CommandLine, depot: Path, name: str
) -> None:
    certstrap("init", "--cn", "Testing Root", *NEW_KEY)
    sign(certstrap, "theirs", "Testing Root")
    line = certstrap("revoke", "--CN", "theirs", "--CA", name).stdout
    assert line == "Updated out/Testing_Root.crl: 1 revoked certificate\n"


def test_neither_key_nor_request_of_the_certificate_is_needed(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "client.key").unlink()
    (depot / "client.csr").unlink()
    assert certstrap("revoke", "--CN", "client", "--CA", "Cert").stdout == UPDATED


@pytest.mark.parametrize(
    "form",
    ["{:X}", "{:x}", "0x{:x}", "{:040X}", "colons"],
)
def test_a_serial_number_stands_for_a_certificate_whose_file_is_gone(
    certstrap: CommandLine, depot: Path, form: str
) -> None:
    serial = serial_of(depot / "client.crt")
    (depot / "client.crt").unlink()
    octets = f"{serial:040x}"
    colons = ":".join(octets[i : i + 2] for i in range(0, len(octets), 2))
    given = colons if form == "colons" else form.format(serial)
    certstrap.refuses(
        "revoke", "--CN", "client",
        sentence="There is no certificate out/client.crt.", hint="--serial HEX",
    )  # fmt: skip
    assert certstrap("revoke", "--serial", given, "--elsewhere", "--CA", "Cert").stdout == UPDATED
    assert crls.serials(depot / "Cert.crl") == [serial]


@pytest.mark.parametrize("spelling", ["x", "X"])
def test_a_serial_number_and_a_name_mean_the_same(
    certstrap: CommandLine, depot: Path, spelling: str
) -> None:
    serial = format(serial_of(depot / "client.crt"), spelling)
    certstrap("revoke", "--CN", "client", "--CA", "Cert")
    assert certstrap("revoke", "--serial", serial).stdout.startswith("Revoked already, since ")
    assert len(crls.serials(depot / "Cert.crl")) == 1


@pytest.mark.parametrize("serial", [1, (1 << 159) - 1, 1 << 159, (1 << 160) - 1])
def test_a_serial_number_has_up_to_twenty_octets(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    certstrap("revoke", "--serial", f"{serial:x}", "--elsewhere", "--CA", "Cert")
    assert crls.serials(depot / "Cert.crl") == [serial]


@pytest.mark.parametrize(
    "text", ["0", "00:00", "-1", "client", "0x", ":", "1 2", "٣", "1" * 41, "serial", "1e5.0"]
)
def test_what_is_no_serial_number_is_refused(
    certstrap: CommandLine, depot: Path, text: str
) -> None:
    certstrap.refuses(
        "revoke", f"--serial={text}", "--CA", "Cert",
        sentence=f'"{text}" is not a serial number.', hint="openssl x509 -noout -serial -in FILE",
    )  # fmt: skip


@pytest.mark.parametrize(
    "which", [(), ("--CN", ""), ("--serial", ""), ("client", "--serial", "2A")]
)
def test_one_of_name_and_serial_number_is_wanted(
    certstrap: CommandLine, depot: Path, which: tuple[str, ...]
) -> None:
    certstrap.refuses(
        "revoke", *which, "--CA", "Cert",
        sentence="Must provide either NAME or --serial HEX", hint="certstrap revoke --CN",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["..", "/", "../out", " "])
def test_a_name_that_names_no_file_is_refused(
    certstrap: CommandLine, depot: Path, name: str
) -> None:
    for options in (("--CN", name, "--CA", "Cert"), ("--CN", "client", "--CA", name)):
        certstrap.refuses("revoke", *options, sentence="")


def test_the_ca_is_found_by_its_signature(certstrap: CommandLine, depot: Path) -> None:
    for ca in ("Another", "Third"):
        certstrap("init", "--cn", ca, *NEW_KEY)
    sign(certstrap, "theirs", "Third")
    outcome = certstrap("revoke", "--CN", "theirs")
    assert outcome.stdout == "Updated out/Third.crl: 1 revoked certificate\n"
    assert certstrap("revoke", "--CN", "client").stdout == UPDATED


def test_no_ca_of_the_depot_issued_it(certstrap: CommandLine, depot: Path) -> None:
    certstrap("--depot-path", "theirs", "init", "--cn", "Cert", *NEW_KEY)
    certstrap("--depot-path", "theirs", "request-cert", "--cn", "foreign", *NEW_KEY)
    certstrap("--depot-path", "theirs", "sign", "foreign", "--cert", "out/foreign.crt")
    certstrap.refuses(
        "revoke", "--CN", "foreign",
        sentence="No CA in out issued that certificate.",
        hint="Revoke it where the key of its CA is.",
    )  # fmt: skip


def test_a_ca_whose_key_is_elsewhere_is_not_denied(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.key").rename(depot.parent / "offline.key")
    certstrap.refuses("revoke", "--CN", "client", sentence="There is no private key out/Cert.key.")


def test_what_has_no_file_is_revoked_where_the_key_of_its_ca_is(
    certstrap: CommandLine, depot: Path
) -> None:
    """As in an engine, which has the key of its CA and all certificates."""
    serial = foreign.load_certificate(depot / "client.crt").serial_number
    (depot / "client.crt").unlink()
    hint = (
        "If its file is gone, revoke it where the key of its CA is: in an engine, or in a depot "
        "with --serial HEX and --elsewhere\n"
    )
    sentence, by_number = "There is no certificate out/client.crt.", ("--serial", f"{serial:x}")
    certstrap.refuses("revoke", "--CN", "client", sentence=sentence, hint=hint)
    (depot / "Cert.key").rename(depot.parent / "offline.key")
    certstrap.refuses("revoke", "--CN", "client", sentence=sentence, hint=hint)
    (depot.parent / "offline.key").rename(depot / "Cert.key")
    assert certstrap("revoke", *by_number, "--elsewhere").stdout == UPDATED


def test_of_two_certificates_of_the_ca_one_must_be_named(
    certstrap: CommandLine, depot: Path
) -> None:
    old, key = foreign.load_certificate(depot / "Cert.crt"), foreign.load_key(depot / "Cert.key")
    renewed = a_certificate(key=key, subject=old.subject)
    foreign.store_ca(depot, "Renewed", it=renewed, key=key)
    certstrap.refuses(
        "revoke", "--CN", "client",
        sentence="out has more than one CA: Cert, Renewed.", hint="Choose one with --CA NAME.",
    )  # fmt: skip
    assert certstrap("revoke", "--CN", "client", "--CA", "Cert").stdout == UPDATED


def test_a_serial_number_goes_with_the_only_ca(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("revoke", "--serial", "2A", "--elsewhere").stdout == UPDATED
    certstrap("init", "--cn", "Another", *NEW_KEY)
    certstrap.refuses(
        "revoke", "--serial", "2B",
        sentence="out has more than one CA: Another, Cert.", hint="Choose one with --CA NAME.",
    )  # fmt: skip


def test_a_ca_of_another_depot_is_not_found(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses(
        "revoke", "--CN", "client", "--CA", "Elsewhere",
        sentence="There is no certificate out/Elsewhere.crt.", hint="Hint: ",
    )  # fmt: skip


UNKNOWN = "Nothing in out or its archive has the serial number 2A."


def test_a_serial_number_that_nothing_has_is_refused(certstrap: CommandLine, depot: Path) -> None:
    line = ("revoke", "--serial", "2a", "--CA", "Cert")
    certstrap.refuses(*line, sentence=UNKNOWN, hint="add --elsewhere")
    certstrap.refuses(*line, "--reason", "keyCompromise", sentence=UNKNOWN)
    certstrap(*line, "--elsewhere")
    assert certstrap(*line).stdout.startswith("Revoked already, since ")


def test_a_serial_number_in_the_archive_is_known(certstrap: CommandLine, depot: Path) -> None:
    serial = serial_of(depot / "client.crt")
    certstrap("renew", "client")
    assert certstrap("revoke", "--serial", f"{serial:x}").stdout == UPDATED


@pytest.mark.parametrize("place", ["client.crt", "archive"])
def test_a_file_that_cannot_be_read_and_may_have_the_serial_number_is_named(
    place: str, certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "client")
    path = depot / place
    if path.is_dir():
        (path,) = path.glob("*.crt")
    path.unlink()
    path.write_text("garbage")
    shown = path.relative_to(depot.parent)
    sentence = f"{UNKNOWN} {shown} is not a certificate that can be read."
    certstrap.refuses("revoke", "--serial", "2a", sentence=sentence)


def test_a_serial_number_on_another_crl_of_the_ca_is_known(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--serial", "2A", "--elsewhere")
    (depot / "Cert.crl").rename(depot / "Older.crl")
    certstrap.refuses("revoke", "--serial", "2B", sentence="has the serial number 2B.")
    assert certstrap("revoke", "--serial", "2A").stdout == UPDATED


def test_elsewhere_is_only_for_a_serial_number_that_nothing_has(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "client", "--elsewhere", exit_code=2)
    serial = f"{serial_of(depot / 'client.crt'):x}"
    note = "The certificate is here: --elsewhere was not needed.\n"
    certstrap("revoke", "--serial", serial, "--elsewhere", stderr=note)


def test_a_compromised_key_that_is_not_known_is_said(certstrap: CommandLine, depot: Path) -> None:
    note = "Its key is not known, so it is not on the list of compromised keys.\n"
    line = ("revoke", "--serial", "2A", "--elsewhere", "--reason", "keyCompromise")
    certstrap(*line, stderr=note)
    assert not (depot / "compromised-keys").exists()


def test_an_older_certificate_that_cannot_be_read_is_named_and_is_not_success(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "client")
    (path,) = (depot / "archive").glob("*.crt")
    path.unlink()
    path.write_text("garbage")
    note = (
        "Older certificates of that name cannot be read, and may still be valid.\n"
        f"  {path.relative_to(depot.parent)} is not a certificate that can be read."
    )
    line = ("revoke", "--CN", "client")
    assert certstrap(*line, exit_code=1, stderr=note).stdout == UPDATED
    certstrap(*line, exit_code=1, stderr=note)
