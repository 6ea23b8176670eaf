"""Every sentence that a user can meet, and what scripts look for in it."""

import errno
import shlex

import pytest

from certstrap import errors
from certstrap.errors import CertstrapError

SENTENCES = [
    (errors.Missing("Nothing given", "Give it."), "Nothing given", "Give it."),
    (errors.Refused("No."), "No.", ""),
    (
        errors.AlreadyExists("CA", "Cert", "out/Cert.crt"),
        'CA with specified name "Cert" already exists!',
        "Nothing is overwritten: choose another name, or move out/Cert.crt away.",
    ),
    (
        errors.AlreadyExists("request", "n", "out/n.csr"),
        'Certificate request "n" already exists!',
        "move out/n.csr away",
    ),
    (
        errors.AlreadyExists("certificate", "n", "out/n.crt"),
        'Certificate "n" already exists!',
        "move out/n.crt away",
    ),
    (errors.FileExists("a.pem"), "a.pem already exists!", "Nothing is overwritten"),
    (errors.NotFound("CA", "out/a.crt"), "There is no CA out/a.crt.", "Check the name"),
    (errors.NotFound("CA", "a.crt", "Make it."), "There is no CA a.crt.", "Make it."),
    (errors.Unusable("a.key", "is empty", "Why?"), "a.key is empty.", "Why?"),
    (
        errors.Storage("read", "a", OSError(errno.EACCES, "Permission denied")),
        "Cannot read a: Permission denied.",
        "Check its permissions.",
    ),
    (
        errors.Storage("write", "a", OSError("odd")),
        "Cannot write a: odd.",
        "Check the folder, its permissions and the space left; nothing was changed.",
    ),
    (errors.LaxMode("a.key", 0o644), "a.key is open to others (mode 0644)", "chmod 0440 "),
    (
        errors.InvalidName("common name", "a\x1bb", "holds a control character", "Type it again."),
        'Invalid common name: "a\\x1bb" holds a control character.',
        "Type it again.",
    ),
    (errors.InvalidAlternativeName("IP address", "foo", "?"), "Invalid IP address: foo", "?"),
    (errors.InvalidAlternativeName("URI", "/test", "?"), "Invalid URI: /test", "?"),
    (
        errors.InvalidExpiry("90x", "has an unknown unit, x"),
        'Invalid expiry: "90x" has an unknown unit, x.',
        'Write it as "18 months", "1 year 6 months", "90d", "30d10h" or "2027-12-31".',
    ),
    (errors.InvalidKeySpec("No."), "No.", ""),
    (errors.WrongPassphrase("a.key"), "The passphrase does not open a.key.", "Try again"),
    (errors.NoPassphrase("a.key is encrypted"), "a.key is encrypted", "--passphrase-fi"),
    (errors.PassphrasesDiffer(), "Passphrases do not match.", "Run the command again."),
    (errors.ChooseCA("out", ()), "out holds no CA.", "certstrap init --common-name NAME"),
    (errors.ChooseCA("out", ["b", "a"]), "out holds more than one CA: a, b.", "--CA NAME"),
]


@pytest.mark.parametrize(("error", "sentence", "hint"), SENTENCES)
def test_an_error_says_what_is_wrong_and_what_to_do(
    error: CertstrapError, sentence: str, hint: str
) -> None:
    assert sentence in str(error)
    assert hint in error.hint
    assert error.exit_code == 1


def test_the_ca_that_may_not_sign_is_told_in_one_sentence_without_a_hint() -> None:
    error = errors.NotAllowedToSign()
    assert str(error) == "Selected CA certificate is not allowed to sign certificates."
    assert error.hint == ""


def test_the_command_that_closes_a_key_works_for_a_path_with_quotes() -> None:
    path = "it's mine/a b.key"
    _, command = errors.LaxMode(path, 0o644).hint.split(": ")
    assert shlex.split(command) == ["chmod", "0440", path]


def test_a_mistake_of_the_program_shows_where_it_is_but_not_what_it_held() -> None:
    def stumble() -> None:
        raise ValueError("the secret")

    with pytest.raises(ValueError, match="secret") as caught:
        stumble()
    error = errors.Internal(caught.value)
    assert "ValueError in stumble, line " in str(error)
    assert "secret" not in str(error) + error.hint
    assert "report" in error.hint


def test_a_mistake_that_was_never_raised_is_told_without_a_place() -> None:
    assert str(errors.Internal(KeyError("x"))).endswith("never should: KeyError.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Ünï 東京", "Ünï\u0020東京"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udc80", "\\udc80"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
    ],
)
def test_what_a_terminal_could_obey_is_escaped_and_what_is_long_is_cut(
    text: str, shown: str
) -> None:
    assert errors.printable(text) == shown
    assert errors.quoted(text) == f'"{shown}"'
