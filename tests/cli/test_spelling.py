"""One dash or two, a space or `=`, before or after the name: Go's flags, as scripts write them."""

from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.keys import spec_of
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

INIT = ("init", *NEW_KEY)
SUBJECT = "CN=X,OU=R,O=Acme,L=Ulm,ST=BW,C=DE"


def subject_of(folder: Path, path: str = "out/X.crt") -> str:
    return foreign.load_certificate(folder / path).subject.rfc4514_string()


@pytest.mark.parametrize("dash", ["-", "--"])
@pytest.mark.parametrize("between", [" ", "="])
@pytest.mark.parametrize(
    "names",
    [
        "common-name organization organizational-unit country province locality",
        "cn o ou c st l",
    ],
)
def test_an_option_takes_one_dash_or_two_a_space_or_an_equals_sign(
    certstrap: CommandLine, folder: Path, dash: str, between: str, names: str
) -> None:
    args: list[str] = []
    for name, value in zip(names.split(), ["X", "Acme", "R", "DE", "BW", "Ulm"], strict=True):
        args += f"{dash}{name}{between}{value}".split(" ")
    certstrap(*INIT, *args)
    assert subject_of(folder) == SUBJECT


@pytest.mark.parametrize(
    "line",
    [
        "-no-passphrase -curve P-256 -cn X -expires=90d -years=1 -path-length=3 -stdout",
        "-no-passphrase -curve=P-256 -cn=X -permit-domain=a.example -permit-domain b.example",
        "-passphrase= -key-bits=2048 -cn=X -exclude-path-length",
        "-passphrase-file=secret -curve=Ed25519 -cn=X",
    ],
)
def test_every_option_of_init_takes_one_dash(
    certstrap: CommandLine, folder: Path, line: str
) -> None:
    (folder / "secret").write_text("123\n")
    certstrap("init", *line.split(" "))
    assert subject_of(folder) == "CN=X"


def test_the_other_commands_take_one_dash_too(certstrap: CommandLine, folder: Path) -> None:
    certstrap("-depot-path=d", *INIT, "-cn", "CA", "-path-length=1")
    certstrap(
        "-depot-path", "d", "request-cert", "-curve=P-256", "-no-passphrase", "-cn=a",
        "-ip", "127.0.0.1", "-domain=a.example", "-uri=urn:a", "-key=p.key", "-csr=p.csr",
    )  # fmt: skip
    certstrap(
        "--depot-path", "d", "sign", "-CA", "CA", "-csr=p.csr", "-cert=p.crt", "-expires=1 year",
        "-years=1", "-intermediate", "-path-length=0", "a",
    )  # fmt: skip
    certstrap("--depot-path=d", "export-pkcs8", "-key=p.key", "-output=p8.key", "-allow-ca")
    certstrap("-depot-path=d", "issue", "-CA=CA", "-curve=P-256", "-pkcs8", "b")
    assert subject_of(folder, "p.crt") == "CN=a"
    assert (folder / "d/b.pkcs8.key").is_file()


@pytest.mark.parametrize(
    "args",
    [
        ("client", "--CA", "X", "--expires", "1 day"),
        ("--CA", "X", "client", "--expires", "1 day"),
        ("--expires=1 day", "--CA=X", "client"),
        ("--expires=1 day", "--CA=X", "--", "client"),
        ("-CA", "Wrong", "-CA", "X", "client", "-expires", "1 day"),
    ],
)
def test_options_stand_before_or_after_the_name(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    certstrap(*INIT, "--cn", "X")
    certstrap("request-cert", *NEW_KEY, "--cn", "client")
    line = "Created out/client.crt from out/client.csr signed by out/X.key\n"
    assert certstrap("sign", *args).stdout == line


@pytest.mark.parametrize("name", ["-x", "--CA", "-"])
def test_after_two_dashes_a_name_may_begin_with_one(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    certstrap(*INIT, "--cn", "X")
    foreign.write(folder / f"out/{name}.csr", foreign.request())
    if name == "-":
        certstrap.refuses("sign", "--", name, sentence='Invalid name: "-" has no letter or digit.')
    else:
        certstrap("sign", "--", name)
        assert (folder / f"out/{name}.crt").is_file()


@pytest.mark.parametrize("value", ["-x", "--cn", "--", "=x", "a=b", "--stdout=true"])
@pytest.mark.parametrize("form", ["--organization {}", "-o {}", "--o={}", "-o={}"])
def test_the_value_of_an_option_may_look_like_anything(
    certstrap: CommandLine, folder: Path, form: str, value: str
) -> None:
    certstrap(*INIT, *form.format(value).split(" "), "--cn", "X")
    attributes = foreign.load_certificate(folder / "out/X.crt").subject.get_attributes_for_oid(
        x509.NameOID.ORGANIZATION_NAME
    )
    assert [attribute.value for attribute in attributes] == [value]


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "t", "T", "1"])
def test_a_flag_may_be_set_by_name(certstrap: CommandLine, folder: Path, word: str) -> None:
    outcome = certstrap(*INIT, "--cn", "X", f"--stdout={word}", f"-exclude-path-length={word}")
    assert outcome.stdout.count("BEGIN CERTIFICATE") == 1


@pytest.mark.parametrize("word", ["false", "False", "FALSE", "f", "F", "0"])
def test_a_flag_may_be_unset_by_name(certstrap: CommandLine, folder: Path, word: str) -> None:
    outcome = certstrap(*INIT, "--cn", "X", f"--stdout={word}", f"-exclude-path-length={word}")
    assert len(outcome.lines) == 3
    constraints = foreign.load_certificate(folder / "out/X.crt").extensions
    assert constraints.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


@pytest.mark.parametrize("word", ["maybe", "", "yes", "2"])
def test_a_flag_set_to_something_else_cannot_be_read(
    certstrap: CommandLine, folder: Path, word: str
) -> None:
    outcome = certstrap(*INIT, "--cn", "X", f"--stdout={word}", exit_code=2)
    assert "--stdout" in outcome.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("earlier", "later"),
    [(("--cn", "Y"), ("-cn", "X")), (("--common-name=Y",), ("--cn=X",)), (("--cn=",), ("--cn=X",))],
)
def test_the_last_of_two_counts(
    certstrap: CommandLine, folder: Path, earlier: tuple[str, ...], later: tuple[str, ...]
) -> None:
    certstrap(*INIT, *earlier, *later)
    assert subject_of(folder) == "CN=X"


def test_an_empty_value_is_as_good_as_none(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "X", "--passphrase=", "--curve=P-256", "--key=", "--o=", "--ou", "")
    assert subject_of(folder) == "CN=X"
    assert str(spec_of(foreign.load_key(folder / "out/X.key"))) == "P-256"


@pytest.mark.parametrize(
    "wrong",
    [
        "-org=Acme", "-orgnization=Acme", "-loc=Ulm", "-country-code=DE", "-contry=DE",
        "--org=Acme", "-oAcme", "-foo", "--foo", "-x=1", "-", "extra",
    ],
)  # fmt: skip
def test_a_word_that_is_no_option_is_never_taken_for_part_of_one(
    certstrap: CommandLine, folder: Path, wrong: str
) -> None:
    outcome = certstrap(*INIT, "--cn", "X", wrong, exit_code=2)
    assert wrong.strip("-").partition("=")[0] in outcome.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("command", ["init", "request-cert", "sign", "issue", "export-pkcs8"])
@pytest.mark.parametrize("spelling", ["-h", "-help", "--help"])
def test_help_takes_one_dash_or_two(
    certstrap: CommandLine, folder: Path, command: str, spelling: str
) -> None:
    outcome = certstrap(command, spelling)
    assert outcome.lines[0].startswith(f"Usage: certstrap {command} [OPTIONS]")


@pytest.mark.parametrize("spelling", ["-v", "-version", "--version"])
def test_the_version_takes_one_dash_or_two(certstrap: CommandLine, spelling: str) -> None:
    assert certstrap(spelling).stdout.startswith("certstrap version ")


@pytest.mark.parametrize("spelling", ["-h", "-help", "--help"])
def test_the_apps_own_help_takes_one_dash_or_two(certstrap: CommandLine, spelling: str) -> None:
    assert certstrap(spelling).lines[0] == "Usage: certstrap [OPTIONS] COMMAND [ARGS]..."


@pytest.mark.parametrize(
    "args",
    [
        ("--", "init", *NEW_KEY, "--cn", "X"),
        ("--depot-path", "wrong", "--depot-path=out", *INIT, "--cn", "X"),
    ],
)
def test_global_options_come_before_the_command(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    certstrap(*args)
    assert [path.name for path in folder.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "args",
    [
        ("init", "--cn", "X", "--depot-path", "d"),
        ("init", "--cn"),
        ("--depot-path",),
        ("init", "--cn", "X", "--key-bits", "many"),
        ("init", "--cn", "X", "--years", "1.5"),
        ("init", "--cn", "X", "--path-length", "one"),
        ("INIT", "--cn", "X"),
    ],
)
def test_a_line_that_cannot_be_read_ends_with_2_and_writes_nothing(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    outcome = certstrap(*args, exit_code=2)
    assert outcome.stderr.splitlines()[-1].startswith("Error: ")
    assert not outcome.stdout
    assert not list(folder.iterdir())
