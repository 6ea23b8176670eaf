"""Bad input: one clear sentence and a hint, status 1, nothing written, and never a traceback.

`certstrap.refuses` holds the status and that nothing below the folder changed.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from certstrap.pki.keys import P256
from tests.builders import foreign
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, request
from tests.conftest import CommandLine

NAMING = {
    "init": ("init", *NEW_KEY, "--cn"),
    "request-cert": ("request-cert", *NEW_KEY, "--cn"),
    "sign": ("sign",),
    "sign --CA": ("sign", "client", "--CA"),
    "issue": ("issue", "--curve", "P-256"),
    "issue --CA": ("issue", "client", "--curve", "P-256", "--CA"),
    "export-pkcs8": ("export-pkcs8",),
    "passphrase": ("passphrase",),
}
MAKING = {name: NAMING[name] for name in ("init", "request-cert", "issue", "issue --CA")}
MAKING_A = {
    "init": ("init", "--no-passphrase", "--cn", "a"),
    "request-cert": ("request-cert", "--no-passphrase", "--cn", "a"),
    "issue": ("issue", "a"),
}
EXPIRING = {
    "init": ("init", *NEW_KEY, "--cn", "a"),
    "sign": ("sign", "client", "--CA", "Cert"),
    "issue": ("issue", "client", "--CA", "Cert"),
}
LISTING = {
    "request-cert": ("request-cert", *NEW_KEY, "--cn", "a"),
    "issue": ("issue", "--curve", "P-256", "a"),
}


pytestmark = pytest.mark.depot(init("Cert", *TEN_YEARS), request("client"))
"""A depot with the CA `Cert`, and the key and request `client`."""


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("init",), "Must supply Common Name for CA"),
        (("init", "--cn", ""), "Must supply Common Name for CA"),
        (("init", "--cn", "  "), "Must supply Common Name for CA"),
        (("request-cert",), "Must provide Common Name, domain, or URI"),
        (("request-cert", "--cn="), "Must provide Common Name, domain, or URI"),
        (("sign",), "One host name must be provided."),
        (("sign", "a", "b"), "One host name must be provided."),
    ],
)
def test_a_command_without_a_name_says_what_it_needs(
    certstrap: CommandLine, args: tuple[str, ...], sentence: str
) -> None:
    certstrap.says(*args, sentence=sentence, hint=f"certstrap {args[0]}")


@pytest.mark.parametrize(
    "command",
    [
        "issue", "renew", "crl", "import", "export-pkcs8", "export-pkcs12", "export-chain",
        "passphrase", "inspect", "verify", "connect", "filters",
    ],
)  # fmt: skip
def test_a_missing_name_is_a_matter_of_the_command_line(
    certstrap: CommandLine, folder: Path, command: str
) -> None:
    """Unlike with the commands above, on whose status certstrap's scripts rely."""
    assert certstrap(command, exit_code=2).stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("year", [1, 1900, 1949])
def test_a_clock_before_the_first_year_of_certificates_is_refused(
    certstrap: CommandLine, depot: Path, year: int
) -> None:
    sentence = f"The clock of this machine says {year}-12-31, and certificates begin in 1950."
    now = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    for args in (
        ("init", *NEW_KEY, "--cn", "a"),
        ("sign", "client"),
        ("issue", "client"),
        ("revoke", "--serial", "7"),
        ("gen", "ca", "--org", "o", "-d", "1y", "--ca-cert", "c", "--ca-key", "k"),
        ("check",),
    ):
        certstrap.refuses(*args, now=now, sentence=sentence, hint="Set the clock.")


@pytest.mark.parametrize("name", ["..", "/", ".", "...", "///", "../..", "_", "-", "*", "🔒", "\\"])
@pytest.mark.parametrize("command", NAMING)
def test_a_name_that_can_name_no_file_is_refused(
    certstrap: CommandLine, command: str, name: str
) -> None:
    sentence = f'Invalid name: "{name}" has no letter or digit.'
    args = NAMING[command]
    dashes = ("--",) if name == "-" and args[-1] not in {"--cn", "--CA"} else ()
    certstrap.says(*args, *dashes, name, sentence=sentence, hint="Choose a name")


@pytest.mark.parametrize("command", ["sign", "issue", "export-pkcs8"])
@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_refused(certstrap: CommandLine, command: str, name: str) -> None:
    sentence = 'Invalid name: "" has no letter or digit.'
    certstrap.says(*NAMING[command], name, sentence=sentence)


@pytest.mark.parametrize("name", ["證書", "Ñandú", "сертификат", "عميل", "ग्राहक", "9", "a" * 64])
def test_names_in_other_scripts_and_of_64_characters_go_all_the_way(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    certstrap("init", *NEW_KEY, "--cn", f"{name[:60]} CA")
    certstrap("request-cert", *NEW_KEY, "--cn", name)
    certstrap("sign", name, "--CA", f"{name[:60]} CA")
    assert certstrap("export-pkcs8", name).stdout == f"Created out/{name}.pkcs8.key\n"
    leaf = foreign.load_certificate(folder / f"out/{name}.crt")
    assert leaf.subject == foreign.name_of(name)


@pytest.mark.parametrize("name", ["a" * 65, "證" * 65])
@pytest.mark.parametrize("command", MAKING)
def test_a_common_name_of_65_characters_is_refused(
    certstrap: CommandLine, command: str, name: str
) -> None:
    sentence = f'Invalid common name: "{name}" has 65 characters, and may have 64.'
    certstrap.says(*MAKING[command], name, sentence=sentence, hint="goes into --domain")


@pytest.mark.parametrize("name", ["a" * 300, "證" * 100])
@pytest.mark.parametrize("command", NAMING)
def test_a_name_too_long_for_a_file_is_refused(
    certstrap: CommandLine, command: str, name: str
) -> None:
    shown = name if len(name) <= 80 else f"{name[:79]}…"
    sentence = f'Invalid name: "{shown}" is too long for the name of a file.'
    certstrap.says(*NAMING[command], name, sentence=sentence, hint="shorter")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("a\x00b", "a\\x00b"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\x7f b", "a\\x7f b"),
        ("a\u0085b", "a\\x85b"),
        ("a\u2028b", "a\\u2028b"),
        ("a\udcffb", "a\\udcffb"),
    ],
)
@pytest.mark.parametrize("command", NAMING)
def test_a_name_with_a_control_character_is_refused_and_shown_escaped(
    certstrap: CommandLine, command: str, name: str, shown: str
) -> None:
    sentence = f'Invalid name: "{shown}" has a control character.'
    certstrap.says(*NAMING[command], name, sentence=sentence, hint="Type it without")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--o", "a\nb", 'Invalid organization: "a\\nb" has a control character.'),
        ("--ou", "x" * 65, f'Invalid organizational unit: "{"x" * 65}" has 65 chara'),
        ("--l", "\x1b", 'Invalid locality: "\\x1b" has a control character.'),
        (
            "--st",
            "x" * 129,
            f'Invalid province: "{"x" * 79}…" has 129 characters, and may have 128.',
        ),
    ],
)
@pytest.mark.parametrize("command", ["init", "request-cert"])
def test_a_subject_that_cannot_be_is_refused(
    certstrap: CommandLine, command: str, option: str, value: str, sentence: str
) -> None:
    args = (command, *NEW_KEY, "--cn", "a", option, value)
    certstrap.refuses(*args, sentence=sentence, hint="Hint: ")


@pytest.mark.parametrize("curve", ["P-999", "secp256r1", "ed25519 ", "\x1b"])
@pytest.mark.parametrize("command", MAKING_A)
def test_an_unknown_curve_is_met_with_those_that_are_known(
    certstrap: CommandLine, command: str, curve: str
) -> None:
    sentence = f'Unknown curve: "{curve}".'.replace("\x1b", "\\x1b")
    hint = "Choose one of P-224, P-256, P-384, P-521, Ed25519."
    certstrap.says(*MAKING_A[command], "--curve", curve, sentence=sentence, hint=hint)


@pytest.mark.parametrize("command", ["init", "request-cert"])
def test_an_unknown_curve_is_refused_beside_a_key_of_ones_own_too(
    certstrap: CommandLine, folder: Path, command: str
) -> None:
    foreign.write(folder / "x.key", foreign.key_data(P256.generate()))
    args = (*MAKING_A[command], "--key", "x.key", "--curve", "P-999")
    certstrap.says(*args, sentence='Unknown curve: "P-999".', hint="P-256")


@pytest.mark.parametrize("bits", ["-1", "1", "512", "2047", "16385", "99999999999999999999"])
@pytest.mark.parametrize("command", MAKING_A)
def test_too_few_or_too_many_bits_are_refused(
    certstrap: CommandLine, command: str, bits: str
) -> None:
    sentence = f"An RSA key of {bits} bits is not supported."
    certstrap.says(*MAKING_A[command], "--key-bits", bits, sentence=sentence, hint="2048 to 16384")


@pytest.mark.parametrize(
    "args",
    [("init", "--no-passphrase", "--cn", "a", "--key"), ("request-cert", "--cn", "a", "--key")],
)
def test_a_weak_key_of_ones_own_is_refused(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    path = foreign.write(folder / "weak.key", foreign.key_data(foreign.weak_key()))
    sentence = "weak.key has an RSA key of 1024 bits."
    certstrap.says(*args, path, sentence=sentence, hint="2048 to 16384")


@pytest.mark.parametrize(
    ("expires", "why"),
    [
        ("1.5 years", "is not a length of time or a date"),
        ("-1 year", "is not a length of time or a date"),
        ("soon", "is not a length of time or a date"),
        ("90", "is not a length of time or a date"),
        ("1 year and a day", "is not a length of time or a date"),
        ("2 fortnights", "has an unknown unit, fortnights"),
        ("1 year 2 years", "has years twice"),
        ("  ", "is empty"),
        ("2027-02-30", "is not a date of the calendar"),
        ("2027-1-1", "is not a date of the calendar"),
        ("2026-11-22", "is not in the future"),
        ("0 days", "is not in the future"),
        ("8000 years", "is after the year 9999"),
        ("99999999999999999999999999 days", "is after the year 9999"),
        ("1\x1b[31m", "is not a length of time or a date"),
    ],
)
@pytest.mark.parametrize("command", EXPIRING)
def test_an_expiry_that_does_not_parse_or_lies_in_the_past_is_refused(
    certstrap: CommandLine, depot: Path, command: str, expires: str, why: str
) -> None:
    shown = expires.replace("\x1b", "\\x1b")
    sentence = f'Invalid expiry: "{shown}" {why}.'
    hint = 'Write it as "18 months"'
    certstrap.says(*EXPIRING[command], "--expires", expires, sentence=sentence, hint=hint)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--years", "-3"), 'Invalid expiry: "-3" is not a number of years.'),
        (("--years", "9000"), "is after the year 9999."),
        (("--years", "99999999999999999999"), "is after the year 9999."),
        (("--years", "1", "--expires", "2027-12-31"), "is a date, and --years needs a length"),
    ],
)
@pytest.mark.parametrize("command", ["init", "sign"])
def test_years_that_cannot_be_are_refused(
    certstrap: CommandLine, depot: Path, command: str, options: tuple[str, ...], sentence: str
) -> None:
    certstrap.refuses(*EXPIRING[command], *options, sentence=sentence, hint="Hint: ")


@pytest.mark.parametrize("length", ["-1", "99999999999999999999999"])
@pytest.mark.parametrize(
    "command",
    [("init", *NEW_KEY, "--cn", "a"), ("sign", "client", "--CA", "Root", "--intermediate")],
    ids=["init", "sign"],
)
def test_a_path_length_that_cannot_be_is_refused(
    certstrap: CommandLine, depot: Path, command: tuple[str, ...], length: str
) -> None:
    certstrap("init", *NEW_KEY, "--cn", "Root", "--exclude-path-length")
    sentence = f"A path length cannot be {length}."
    certstrap.says(*command, "--path-length", length, sentence=sentence, hint="0, 1, 2")


@pytest.mark.parametrize("text", [" ", ",", ",a.example", "a.example,", "a.example,,b.example"])
@pytest.mark.parametrize("option", ["--domain", "--ip", "--uri"])
@pytest.mark.parametrize("command", LISTING)
def test_a_list_with_an_empty_entry_is_refused(
    certstrap: CommandLine, command: str, option: str, text: str
) -> None:
    text = text.replace("a.example", "10.0.0.1") if option == "--ip" else text
    text = text.replace("a.example", "urn:a") if option == "--uri" else text
    kind = {"--domain": "domain", "--ip": "IP address", "--uri": "URI"}[option]
    sentence = f'Invalid {kind}: "{text}"'
    certstrap.says(*LISTING[command], option, text, sentence=sentence, hint="empty entry")


@pytest.mark.parametrize(
    ("option", "text", "sentence", "hint"),
    [
        ("--ip", "foo", "Invalid IP address: foo", "127.0.0.1"),
        ("--ip", "10.0.0.0/8", "Invalid IP address: 10.0.0.0/8", "127.0.0.1"),
        ("--ip", "fe80::1%eth0", "Invalid IP address: fe80::1%eth0", "::1"),
        ("--ip", "256.0.0.1", "Invalid IP address: 256.0.0.1", "127.0.0.1"),
        ("--uri", "/test", "Invalid URI: /test", "spiffe://"),
        ("--uri", "https://ü.example", "Invalid URI: https://ü.example", "ASCII"),
        ("--uri", "urn:a b", "Invalid URI: urn:a b", "spiffe://"),
        ("--domain", "1.2.3.4", "Invalid domain: 1.2.3.4", "--ip"),
        ("--domain", "::1", "Invalid domain: ::1", "--ip"),
        ("--domain", "a_b..c", "Invalid domain: a_b..c", "labels"),
        ("--domain", "-a.example", "Invalid domain: -a.example", "labels"),
        ("--domain", "a.*.example", "Invalid domain: a.*.example", "labels"),
        ("--domain", "*", "Invalid domain: *", "labels"),
        ("--domain", "ü.example", "Invalid domain: ü.example", "xn--"),
        ("--domain", "https://a.example", "Invalid domain: https://a.example", "labels"),
        ("--domain", f"{'a' * 64}.example", f"Invalid domain: {'a' * 64}.example", "labels"),
        ("--domain", ".".join(["a"] * 200), f"Invalid domain: {'a.' * 39}a…", "253"),
        ("--domain", "a\x1bb.example", "Invalid domain: a\\x1bb.example", "labels"),
    ],
)
@pytest.mark.parametrize("command", LISTING)
def test_an_entry_that_is_not_what_its_list_holds_is_refused(
    certstrap: CommandLine, command: str, option: str, text: str, sentence: str, hint: str
) -> None:
    certstrap.says(*LISTING[command], option, text, sentence=sentence, hint=hint)


@pytest.mark.parametrize(("domain", "shown"), [(" ", '" "'), ("*.a", "*.a"), ("1.2.3.4",) * 2])
def test_a_permitted_domain_that_is_none_is_refused(
    certstrap: CommandLine, domain: str, shown: str
) -> None:
    args = ("init", *NEW_KEY, "--cn", "a", "--permit-domain", domain)
    certstrap.says(*args, sentence=f"Invalid domain: {shown}")


def test_a_long_domain_alone_is_too_long_for_a_file(certstrap: CommandLine) -> None:
    domain = ".".join(["a" * 62] * 4)
    args = ("request-cert", *NEW_KEY, "--domain", domain)
    sentence = f'Invalid name: "{domain[:79]}…" is too long for the name of a file.'
    certstrap.says(*args, sentence=sentence, hint="--common-name")


@pytest.mark.parametrize("where", ["", "d/", "../"])
def test_a_file_in_a_folder_that_is_not_there_is_refused(
    certstrap: CommandLine, folder: Path, where: str
) -> None:
    (folder / "d").touch()
    foreign.write(folder / "in.key", foreign.key_data(P256.generate()))
    path = f"{where}no/such/file"
    why = "Not a directory" if where == "d/" else "No such file or directory"
    for args in (
        ("request-cert", *NEW_KEY, "--cn", "a", "--csr", path),
        ("request-cert", *NEW_KEY, "--cn", "a", "--key", path),
        ("export-pkcs8", "--key", "in.key", "--output", path),
    ):
        certstrap.says(*args, sentence=f"Cannot write {path}: {why}.", hint="Check the folder")


@pytest.mark.parametrize("link", [False, True])
def test_a_depot_that_is_no_folder_is_refused(
    certstrap: CommandLine, folder: Path, link: bool
) -> None:
    if link:
        (folder / "out").symlink_to("nowhere")
    else:
        (folder / "out").touch()
    for args in (NAMING["init"], NAMING["request-cert"]):
        certstrap.says(*args, "a", sentence="Cannot create out: File exists.")
    cannot_read = "Cannot read out: Not a directory."
    reported = "Cannot create out: File exists." if link else cannot_read
    certstrap.says(*NAMING["issue"], "a", sentence=reported)
    for args, kind in (
        (("sign", "a", "--CA", "b"), "certificate request out/a.csr"),
        (("export-pkcs8", "a"), "private key out/a.key"),
    ):
        certstrap.says(*args, sentence=f"There is no {kind}." if link else cannot_read)
