"""Command lines of certstrap: path lengths, years, help, and flags with a value."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.builders.openssl import openssl_accepts
from tests.cli.shell import EC, bash
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine, Program


def path_length(name: str) -> int | None:
    constraints = foreign.stored_certificate(name).extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    return constraints.value.path_length


# Path lengths


@pytest.mark.parametrize("length", ["0", "1"])
@pytest.mark.parametrize("way", ["{} {}", "{}={}"])
def test_a_path_length_and_none_exclude_each_other(
    certstrap: CommandLine, length: str, way: str
) -> None:
    given = way.format("--path-length", length).split()
    sentence = 'The "path-length" and "exclude-path-length" flags cannot be used together!'
    for line in ((*given, "--exclude-path-length"), ("--exclude-path-length", *given)):
        certstrap.refuses("init", "--cn", "CA", *NEW_KEY, *line, sentence=sentence)


@pytest.mark.parametrize(
    ("options", "length"),
    [
        ((), 0),
        (("--path-length", "2"), 2),
        (("--exclude-path-length",), None),
        (("--path-length", "2", "--exclude-path-length=false"), 2),
    ],
)
def test_a_ca_has_the_path_length_that_was_asked_for(
    certstrap: CommandLine, options: tuple[str, ...], length: int | None
) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY, *options)
    assert path_length("CA") == length


def chain(certstrap: CommandLine, *room: str) -> None:
    certstrap("init", "--cn", "Root", *NEW_KEY, *room)
    for name in ("Int", "Below", "leaf"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)


FIT = "{} below this one: the CAs above it allow no more.\n"


@pytest.mark.parametrize(
    ("room", "asked", "fit"),
    [("1", "1", 0), ("1", "5", 0), ("2", "2", 1), ("3", "9", 2)],
)
def test_an_intermediate_with_more_path_than_fits_is_signed_and_a_line_says_what_fits(
    certstrap: CommandLine, folder: Path, room: str, asked: str, fit: int
) -> None:
    chain(certstrap, "--path-length", room)
    line = ("sign", "Int", "--CA", "Root", "--intermediate", "--path-length", asked)
    outcome = certstrap(
        *line, stderr=FIT.format("1 more CA fits" if fit == 1 else f"{fit} more CAs fit")
    )
    assert outcome.lines == ["Created out/Int.crt from out/Int.csr signed by out/Root.key"]
    assert path_length("Int") == int(asked)
    certstrap("sign", "leaf", "--CA", "Int")
    certificates = [foreign.stored_certificate(name) for name in ("Root", "leaf")]
    assert openssl_accepts(folder, *certificates, options=("-untrusted", "out/Int.crt")) == [True]


@pytest.mark.parametrize(
    ("room", "asked"),
    [
        (("--path-length", "1"), ()),
        (("--path-length", "1"), ("--path-length", "0")),
        (("--path-length", "3"), ("--path-length", "2")),
        (("--exclude-path-length",), ("--path-length", "7")),
    ],
)
def test_an_intermediate_whose_path_fits_is_signed_without_a_line(
    certstrap: CommandLine, room: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    chain(certstrap, *room)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate", *asked)
    assert path_length("Int") == int((*asked, "0")[-2 if asked else 0])


@pytest.mark.parametrize("asked", ["0", "1"])
def test_an_intermediate_below_a_ca_without_room_is_refused(
    certstrap: CommandLine, asked: str
) -> None:
    chain(certstrap)
    line = ("sign", "Int", "--CA", "Root", "--intermediate", "--path-length", asked)
    sentence = "The CA's path length is 0: no intermediate may follow it."
    certstrap.refuses(*line, sentence=sentence, hint="init --path-length 1")


def test_what_does_not_fit_below_such_an_intermediate_is_refused(certstrap: CommandLine) -> None:
    chain(certstrap, "--path-length", "1")
    line = ("sign", "Int", "--CA", "Root", "--intermediate", "--path-length", "1")
    certstrap(*line, stderr=FIT.format("0 more CAs fit"))
    below = ("sign", "Below", "--CA", "Int", "--intermediate")
    certstrap.refuses(*below, sentence="path length is 1: no intermediate may follow it here.")


def test_on_a_terminal_the_line_is_with_the_others(folder: Path) -> None:
    bash(
        f"""
        certstrap init --cn Root --path-length 1 {EC}
        certstrap request-cert --cn Int {EC}
        """
    )
    with terminal(folder, "sign", "Int", "--intermediate", "--path-length", "1") as child:
        printed = ends(child).splitlines()
    assert printed[1].startswith("Subject: ")
    assert printed[3].startswith("Expires ")
    assert printed[4] + "\n" == FIT.format("0 more CAs fit")


# Years


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (("--expires", "1 year", "--years", "10"), datetime(2036, 11, 23, 12, tzinfo=UTC)),
        (("--years", "1"), datetime(2029, 5, 23, 12, tzinfo=UTC)),
        (("--years", "0"), datetime(2028, 5, 23, 12, tzinfo=UTC)),
        (("--years", ""), datetime(2028, 5, 23, 12, tzinfo=UTC)),
        (("--expires", "1 year 2 days", "--years=3"), datetime(2029, 11, 25, 12, tzinfo=UTC)),
        (("--expires", "90 days", "--years=0"), datetime(2027, 2, 21, 12, tzinfo=UTC)),
    ],
)
def test_years_take_the_place_of_the_years_in_expires(
    certstrap: CommandLine, options: tuple[str, ...], end: datetime
) -> None:
    certstrap("init", "--cn", "CA", *options, *NEW_KEY)
    assert foreign.stored_certificate("CA").not_valid_after_utc == end


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (("--years", "0"), datetime(2028, 11, 23, 12, tzinfo=UTC)),
        (("--years", "1"), datetime(2027, 11, 23, 12, tzinfo=UTC)),
        (("--years", "4", "--expires", "1 year 1 day"), datetime(2030, 11, 24, 12, tzinfo=UTC)),
        (("--years=0", "--expires=1 day"), datetime(2026, 11, 24, 12, tzinfo=UTC)),
    ],
)
def test_sign_takes_years_likewise(
    certstrap: CommandLine, options: tuple[str, ...], end: datetime
) -> None:
    certstrap("init", "--cn", "CA", "--expires", "10 years", *NEW_KEY)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", *options)
    assert foreign.stored_certificate("client").not_valid_after_utc == end


@pytest.mark.parametrize("command", [("init", "--cn", "CA"), ("sign", "client")])
def test_negative_years_are_refused(certstrap: CommandLine, command: tuple[str, ...]) -> None:
    certstrap.refuses(*command, "--years", "-1", sentence="Invalid expiry: ")


# Help and flags


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("help",),
        ("--depot-path", "x"),
        ("--depot-path", "x", "help"),
        ("-depot-path=x", "help"),
        ("help", "--help"),
    ],
)
def test_help_is_printed_to_standard_output(program: Program, args: tuple[str, ...]) -> None:
    outcome = program(*args)
    assert outcome.lines[0] == "Usage: certstrap [OPTIONS] COMMAND [ARGS]..."
    assert not outcome.stderr
    assert not Path("x").exists()


@pytest.mark.parametrize(
    ("args", "usage"),
    [
        (("help", "sign"), "sign [OPTIONS] [NAME]"),
        (("--depot-path", "x", "help", "sign"), "sign [OPTIONS] [NAME]"),
        (("gen",), "gen [OPTIONS] COMMAND [ARGS]..."),
        (("gen", "help"), "gen [OPTIONS] COMMAND [ARGS]..."),
        (("gen", "help", "leaf"), "gen leaf [OPTIONS]"),
        (("help", "gen", "leaf"), "gen leaf [OPTIONS]"),
    ],
)
def test_help_of_a_command_is_printed_to_standard_output(
    certstrap: CommandLine, args: tuple[str, ...], usage: str
) -> None:
    assert certstrap(*args).lines[0] == f"Usage: certstrap {usage}"


def test_help_of_an_unknown_command_cannot_be_given(certstrap: CommandLine) -> None:
    assert "No such command 'nope'." in certstrap("help", "nope", exit_code=2).stderr


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true_after_a_flag_sets_it(certstrap: CommandLine, word: str) -> None:
    created = certstrap("init", "--cn", "CA", "--stdout", word, *NEW_KEY)
    assert created.stdout.count("BEGIN CERTIFICATE") == 1
    certstrap("request-cert", "--stdout", word, "--cn", "a", *NEW_KEY)
    assert "BEGIN CERTIFICATE" in certstrap("sign", "-stdout", word, "a").stdout


@pytest.mark.parametrize("word", ["false", "False", "FALSE"])
def test_false_after_a_flag_does_not_set_it(certstrap: CommandLine, word: str) -> None:
    created = certstrap("init", "--cn", "CA", "--stdout", word, *NEW_KEY)
    assert len(created.lines) == 3


@pytest.mark.parametrize("name", ["t", "1", "0", "True"])
def test_other_words_after_a_flag_are_names(certstrap: CommandLine, name: str) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY)
    certstrap("request-cert", "--cn", name, *NEW_KEY)
    certstrap("sign", name, "--stdout")
    if name != "True":
        again = ("sign", "--stdout", name)
        certstrap.refuses(*again, sentence=f'Certificate "{name}" already exists!')
