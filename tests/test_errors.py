"""The sentence, the hint and the exit status of every error; no terminal obeys what they show."""

import errno
import os
import shlex

import pytest

from certstrap import errors
from certstrap.errors import CertstrapError, StorageError, storage_errors
from certstrap.hints import printed
from certstrap.text import printable, quoted

SENTENCES = [
    (errors.RefusedError("Nothing given", "Give it."), "Nothing given", "Give it."),
    (errors.RefusedError("No."), "No.", ""),
    (
        errors.AlreadyExistsError("CA", "Cert", "out/Cert.crt"),
        'CA with specified name "Cert" already exists!',
        "Choose another name, or move out/Cert.crt away.",
    ),
    (
        errors.AlreadyExistsError("request", "n", "out/n.csr"),
        'Certificate request "n" already exists!',
        "move out/n.csr away",
    ),
    (
        errors.AlreadyExistsError("certificate", "n", "out/n.crt"),
        'Certificate "n" already exists!',
        "move out/n.crt away",
    ),
    (
        errors.PathTakenError("a.pem"),
        "a.pem already exists!",
        "Move it away, or name another file.",
    ),
    (errors.NotFoundError("CA", "a.crt"), "There is no CA a.crt.", "Check the path."),
    (errors.NotFoundError("CA", "a.crt", "Make it."), "There is no CA a.crt.", "Make it."),
    (errors.UnusableFileError("a.key", "is empty", "Why?"), "a.key is empty.", "Why?"),
    (
        errors.NameMismatchError("out/x_y.crt", "x y", "x@y"),
        'out/x_y.crt is for "x@y", and "x y" was asked for.',
        "Use the name in the certificate or request, or the file's name without its suffix.",
    ),
    (
        errors.NameMismatchError("out/x_y.key", "x y", ""),
        'out/x_y.key contains no name, and "x y" was asked for.',
        "Use the name in the certificate or request",
    ),
    (
        errors.AmbiguousNameError("x y", ["out/x_y.crt", "out/x y.csr"]),
        '"x y" is the name in more than one file: out/x_y.crt, out/x y.csr.',
        "Use the name of one of these files, without its suffix.",
    ),
    (
        errors.OutputError(OSError(errno.ENOSPC, "No space left on device")),
        "Cannot write to standard output: No space left on device.",
        "Check where it goes; files that were created before this error still exist.",
    ),
    (errors.OutputError(OSError("odd")), "Cannot write to standard output: odd.", "Check where"),
    (
        errors.StorageError("read", "a", OSError(errno.EACCES, "Permission denied")),
        "Cannot read a: Permission denied.",
        "Check its permissions.",
    ),
    (
        errors.StorageError("write", "a", OSError("odd")),
        "Cannot write a: odd.",
        "Check the folder, its permissions and the space left; nothing was changed.",
    ),
    (
        errors.LaxModeError("a.key", 0o644),
        "a.key is a private key that others can access (mode 0644).",
        "Restrict it with: chmod 0400 ",
    ),
    (
        errors.InvalidNameError(
            "common name", "a\x1bb", "has a control character", "Type it again."
        ),
        'Invalid common name: "a\\x1bb" has a control character.',
        "Type it again.",
    ),
    (errors.InvalidAlternativeNameError("IP address", "foo", "?"), "Invalid IP address: foo", "?"),
    (errors.InvalidAlternativeNameError("URI", "/test", "?"), "Invalid URI: /test", "?"),
    (
        errors.InvalidExpiryError("90x", "has an unknown unit, x"),
        'Invalid expiry: "90x" has an unknown unit, x.',
        'Write it as "18 months", "1 year 6 months", "90d", "30d10h" or "2027-12-31".',
    ),
    (errors.RefusedError("No."), "No.", ""),
    (errors.WrongPassphraseError("a.key"), "The passphrase does not decrypt a.key.", "Try again"),
    (errors.NoPassphraseError("a.key is encrypted"), "a.key is encrypted", "--passphrase-fi"),
    (errors.ChooseCAError("out", ()), "out has no CA.", "certstrap init --common-name NAME"),
    (errors.ChooseCAError("out", ["b", "a"]), "out has more than one CA: a, b.", "--CA NAME"),
]


@pytest.mark.parametrize(("error", "sentence", "hint"), SENTENCES)
def test_an_error_says_what_is_wrong_and_what_to_do(
    error: CertstrapError, sentence: str, hint: str
) -> None:
    assert sentence in str(error)
    assert hint in printed(error.hint)


def test_an_error_keeps_its_data_for_programs() -> None:
    cause = OSError(errno.EACCES, "Permission denied")
    kept: list[tuple[CertstrapError, dict[str, object]]] = [
        (errors.PathTakenError("p"), {"path": "p"}),
        (errors.NameMismatchError("p", "n", "f"), {"path": "p", "name": "n", "found": "f"}),
        (errors.AmbiguousNameError("n", ["p", "q"]), {"paths": ("p", "q")}),
        (errors.StorageError("read", "p", cause), {"cause": cause}),
        (errors.ChooseCAError("out", ["b", "a"], ["c"]), {"found": ("a", "b"), "keyless": ("c",)}),
        (errors.RefusedError("No.", "Do.", "key-size"), {"rule": "key-size"}),
    ]
    for error, data in kept:
        assert {name: getattr(error, name) for name in data} == data


def test_a_path_taken_may_have_a_hint_of_its_own() -> None:
    assert errors.PathTakenError("p", "Use --force.").hint == "Use --force."


def test_what_the_system_refuses_in_a_block_is_a_storage_error() -> None:
    with (
        pytest.raises(
            StorageError, match=r"^Cannot read a: No such file or directory\.$"
        ) as caught,
        storage_errors("read", "a"),
    ):
        os.stat("/nonexistent/a")
    assert isinstance(caught.value.cause, FileNotFoundError)


def test_a_nul_in_a_path_is_a_storage_error() -> None:
    with pytest.raises(StorageError) as caught, storage_errors("write", "a\0b"):
        os.stat("a\0b")
    assert str(caught.value) == "Cannot write a\\x00b: embedded null byte."
    assert caught.value.cause.errno == errno.EINVAL


def test_a_block_in_which_nothing_fails_is_left_alone() -> None:
    with storage_errors("read", "a"):
        reached = True
    assert reached


def test_the_command_that_restricts_a_key_works_for_a_path_with_quotes() -> None:
    path = "it's mine/a b.key"
    _, command = printed(errors.LaxModeError(path, 0o644).hint).split(": ")
    assert shlex.split(command) == ["chmod", "0400", path]


def test_an_internal_error_shows_where_it_is_but_not_what_it_was_about() -> None:
    def stumble() -> None:
        raise ValueError("the secret")

    with pytest.raises(ValueError, match="secret") as caught:
        stumble()
    error = errors.InternalError(caught.value)
    assert f"failed unexpectedly: ValueError in {__name__}." in str(error)
    assert "stumble, line " in str(error)
    assert "secret" not in str(error) + printed(error.hint)
    assert "report" in printed(error.hint)


def test_an_internal_error_that_was_never_raised_has_no_place() -> None:
    sentence = "certstrap failed unexpectedly: KeyError."
    assert str(errors.InternalError(KeyError("x"))) == sentence


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
def test_what_a_terminal_could_interpret_is_escaped_and_what_is_long_is_cut(
    text: str, shown: str
) -> None:
    assert printable(text) == shown
    assert quoted(text) == f'"{shown}"'


def test_sentences_and_hints_are_escaped() -> None:
    error = CertstrapError("a\x1b[31m", "b\x07")
    assert (str(error), printed(error.hint)) == ("a\\x1b[31m", "b\\x07")
