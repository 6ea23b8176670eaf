"""A hint is printed in one line, and its command as a shell reads it."""

import shlex

import pytest

from certstrap.hints import Command, Hint, command_line, filled, printed


def test_a_sentence_alone_is_printed_as_it_is_and_escaped() -> None:
    assert printed("") == ""
    assert printed("Check the path.", "D") == "Check the path."
    assert printed("a\x1b") == printed(Hint("a\x1b")) == "a\\x1b"


def test_a_command_follows_the_sentence_and_is_for_the_depot_that_was_named() -> None:
    hint = Hint("Renew it", ("certstrap", "renew", "a b", ("--new-key",)))
    assert printed(hint) == "Renew it: certstrap renew 'a b' --new-key"
    assert printed(hint, "D") == "Renew it: certstrap --depot-path D renew 'a b' --new-key"


def test_a_second_command_runs_if_the_first_has_succeeded() -> None:
    hint = Hint("Do", ("chown", "1", "D"), ("certstrap", "status"))
    assert printed(hint, "D") == "Do: chown 1 D && certstrap --depot-path D status"


def test_braces_are_for_options_only() -> None:
    assert printed(Hint("Take {} or {}.", options=("--a", "--b"))) == "Take --a or --b."
    assert printed(Hint("Take {}.")) == "Take {}."


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("certstrap", "sign", "-x", ("--CA", "Cert")), "certstrap sign --CA Cert -- -x"),
        (("certstrap", "sign", "x", ("--CA", "-c")), "certstrap sign x --CA=-c"),
        (("certstrap", "bundle", ("--rotate", "-c", "d")), "certstrap bundle --rotate -c d"),
        (("certstrap", "crl", "it's"), "certstrap crl 'it'\"'\"'s'"),
        (("chmod", "0400", "-x"), "chmod 0400 ./-x"),
        (("fuser", ("-v",), "D"), "fuser -v D"),
        (("openssl", "x509", ("-in", "-x")), "openssl x509 -in ./-x"),
    ],
)
def test_nothing_that_begins_with_a_dash_is_taken_for_something_else(
    command: Command, line: str
) -> None:
    assert command_line(command) == line


def test_a_depot_that_begins_with_a_dash_is_named_too() -> None:
    line = command_line(("certstrap", "renew", "-x"), "-d")
    assert shlex.split(line) == ["certstrap", "--depot-path=-d", "renew", "--", "-x"]


def test_placeholders_are_filled_in_the_commands_only() -> None:
    hint = Hint("NAME", ("certstrap", "sign", "NAME"), ("certstrap", "bundle", ("--cert", "FILE")))
    assert filled(hint, {"NAME": "a", "FILE": "b"}) == Hint(
        "NAME", ("certstrap", "sign", "a"), ("certstrap", "bundle", ("--cert", "b"))
    )
    assert filled("NAME", {"NAME": "a"}) == "NAME"
