"""Every error a user can meet: its sentence and its hint.

A class takes data and writes a sentence that several places need. Sentences that certstrap's
scripts look for are kept to the letter.
"""

import errno
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from certstrap import platform
from certstrap.hints import Hint, printed
from certstrap.text import counted, escaped, printable, quoted, with_capital

Result = TypeVar("Result")


class CertstrapError(Exception):
    """The tool refuses, or fails.

    Attributes:
        hint: what to do, or empty if there is nothing to add.
        details: lines between the two, each with a hint, if there is more than one thing to say.
    """

    details: tuple[tuple[str, Hint | str], ...] = ()
    exit_code = 1

    def __init__(self, sentence: str, hint: Hint | str = "") -> None:
        super().__init__(escaped(with_capital(sentence)))
        self.hint = hint

    @property
    def text(self) -> str:
        """All that it says but the hints, in one line."""
        return " ".join((str(self), *(line.strip() for line, _ in self.details)))

    def hint_lines(self, depot_path: str) -> Iterator[str]:
        """Yield what follows its sentence, with commands for the depot that the user named."""
        for line, hint in self.details:
            yield f"{line} {printed(hint, depot_path)}".rstrip()
        if self.hint:
            yield f"Hint: {printed(self.hint, depot_path)}"


class NotNamedError(CertstrapError):
    """The command line lacks a name, or an option that the command cannot do without."""

    exit_code = 2


def attempted(read: Callable[[], Result]) -> Result | CertstrapError:
    """Return what ``read`` returns, or the error that it raises."""
    try:
        return read()
    except CertstrapError as error:
        return error


class AlreadyExistsError(CertstrapError):
    """The depot has one of that name; ``kind`` is ``CA``, ``request`` or ``certificate``."""

    SENTENCES = {  # noqa: RUF012 - certstrap's own words, never changed
        "CA": 'CA with specified name "{}" already exists!',
        "request": 'Certificate request "{}" already exists!',
        "certificate": 'Certificate "{}" already exists!',
    }

    def __init__(self, kind: str, name: str, path: str, hint: Hint | str = "") -> None:
        super().__init__(
            self.SENTENCES[kind].format(name), hint or f"Choose another name, or move {path} away."
        )


class PathTakenError(CertstrapError):
    """A file that would be created already exists."""

    def __init__(self, path: str, hint: Hint | str = "") -> None:
        self.path = path
        super().__init__(f"{path} already exists!", hint or "Move it away, or name another file.")


class NotFoundError(CertstrapError):
    """A file that the command reads does not exist; ``kind`` says what it should contain."""

    IN_DEPOT = "Check the name and the depot path."  # the hint for a file that a name leads to

    def __init__(self, kind: str, path: str, hint: Hint | str = "") -> None:
        super().__init__(f"There is no {kind} {path}.", hint or "Check the path.")


class UnusableFileError(CertstrapError):
    """A file exists, but is not what the command needs; ``reason`` ends the sentence."""

    def __init__(self, path: str, reason: str, hint: Hint | str = "") -> None:
        super().__init__(f"{path} {reason}.", hint)


class IncompleteError(CertstrapError):
    """What a command has to know depends on files that cannot be read; ``reasons`` name them.

    ``sentence`` says what is not known.
    """

    def __init__(self, sentence: str, reasons: Sequence[CertstrapError]) -> None:
        super().__init__(sentence, "Restore them from a copy, or move them away.")
        self.details = tuple((f"  {reason}", reason.hint) for reason in reasons)


class DamagedError(UnusableFileError):
    """Text that was PEM, and was damaged on its way here; ``repaired`` is what it was, or empty."""

    def __init__(self, path: str, reason: str, hint: Hint | str, repaired: bytes) -> None:
        self.repaired = repaired
        super().__init__(path, reason, hint)


class TooLargeError(UnusableFileError):
    """A file is larger than anything of its kind that is read, or does not end."""

    LIMIT = 64 * 1024 * 1024  # bytes; of some files less

    def __init__(self, path: str, limit: int = LIMIT, hint: str = "Name the right file.") -> None:
        super().__init__(path, f"has more than {limit >> 20} MB", hint)


class TooLongError(UnusableFileError):
    """The line that should be a secret, ``what``, is longer than any, or does not end."""

    LIMIT = 65_536  # bytes

    def __init__(self, path: str, what: str = "passphrase") -> None:
        super().__init__(
            path, f"has a line of more than {self.LIMIT:,} bytes", f"A {what} is one short line."
        )


class NameMismatchError(CertstrapError):
    """A name leads to a file only under another spelling, and that file has another name in it."""

    def __init__(self, path: str, name: str, found: str) -> None:
        self.path, self.name, self.found = path, name, found
        owner = f"is for {quoted(found)}" if found else "contains no name"
        super().__init__(
            f"{path} {owner}, and {quoted(name)} was asked for.",
            "Use the name in the certificate or request, or the file's name without its suffix.",
        )


class AmbiguousNameError(CertstrapError):
    """A name leads to more than one file."""

    def __init__(self, name: str, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        super().__init__(
            f"{quoted(name)} is the name in more than one file: {', '.join(paths)}.",
            "Use the name of one of these files, without its suffix.",
        )


class StorageError(CertstrapError):
    """The operating system refuses to ``verb`` a file, or a stream: then ``hint`` is for those."""

    def __init__(self, verb: str, path: str, cause: OSError, hint: Hint | str = "") -> None:
        self.cause = cause
        super().__init__(
            f"Cannot {verb} {path}: {cause.strerror or cause}.", hint or self._hint(verb, cause)
        )

    @staticmethod
    def _hint(verb: str, cause: OSError) -> str:
        if verb != "read":
            return "Check the folder, its permissions and the space left; nothing was changed."
        if isinstance(cause, NotADirectoryError):
            return "Check the path: part of it is a file, not a folder."
        return "Check its permissions."


class storage_errors:  # noqa: N801 - used as a function; a generator would take four times as long
    """Raise what the operating system refuses in the block as a `StorageError`.

    A pipe that nobody reads any more is left as it is: the command ends quietly.
    """

    def __init__(self, verb: str, path: str, hint: Hint | str = "") -> None:
        self.verb, self.path, self.hint = verb, path, hint

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, cause: BaseException | None, trace: object) -> None:
        """Raise the error of the block, if it is one of the operating system's."""
        if isinstance(cause, OSError) and not isinstance(cause, BrokenPipeError):
            raise StorageError(self.verb, self.path, cause, self.hint) from None
        if isinstance(cause, ValueError):  # a NUL in the path
            refused = OSError(errno.EINVAL, str(cause))
            raise StorageError(self.verb, self.path, refused) from None


class InUseError(CertstrapError):
    """Another process uses a folder that this one has to change, and does not finish."""

    def __init__(self, folder: str, seconds: float) -> None:
        super().__init__(
            f"Another process uses {folder}, and has not finished after {seconds:g} seconds.",
            "Try again, or wait longer with --wait SECONDS before the command."
            if platform.IS_WINDOWS
            else Hint(
                "Try again, wait longer with --wait SECONDS before the command, or find that "
                "process with",
                ("fuser", ("-v",), folder),
            ),
        )


class ForeignOwnerError(CertstrapError):
    """A file in a folder that others may write to, and one of them owns the file."""

    def __init__(self, path: str, owner: str, folder: str) -> None:
        super().__init__(
            f"{path} belongs to {owner}, and others can write to {folder}: it is not used.",
            "Remove it, or replace it with a copy of your own if you trust it.",
        )


class OutputError(CertstrapError):
    """Standard output cannot be written."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(
            f"Cannot write to standard output: {cause.strerror or cause}.",
            "Check where it goes; files that were created before this error still exist.",
        )


ON_WINDOWS_DRIVE = (
    "This is a drive of Windows, whose files have no modes in WSL: move the depot to a folder of "
    "Linux, such as one in your home directory. (Or add metadata to the options of [automount] in "
    "/etc/wsl.conf, restart WSL with wsl --shutdown, and use chmod.)"
)


class LaxModeError(CertstrapError):
    """Others can read or change a private key; ``is_mode`` is False if chmod cannot help."""

    def __init__(self, path: str, mode: int, *, is_mode: bool = True) -> None:
        super().__init__(
            f"{path} is a private key that others can access (mode {mode:04o}).",
            Hint("Restrict it with", ("chmod", "0400", path)) if is_mode else ON_WINDOWS_DRIVE,
        )


class InvalidNameError(CertstrapError):
    """A ``field`` of a name that is not allowed, or cannot name a file; ``reason`` says why."""

    def __init__(self, field: str, text: str, reason: str, hint: Hint | str = "") -> None:
        super().__init__(f"Invalid {field}: {quoted(text)} {reason}.", hint)


class InvalidAlternativeNameError(CertstrapError):
    """An entry of a list of IP addresses, domains or URIs that is not one."""

    def __init__(self, kind: str, text: str, hint: Hint | str) -> None:
        super().__init__(f"Invalid {kind}: {printable(text) or quoted(text)}", hint)


class InvalidExpiryError(CertstrapError):
    """An end of validity that cannot be read, or is not possible."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(
            f"Invalid expiry: {quoted(text)} {reason}.",
            'Write it as "18 months", "1 year 6 months", "90d", "30d10h" or "2027-12-31".',
        )


class WrongPassphraseError(CertstrapError):
    """The passphrase does not decrypt the key."""

    def __init__(self, path: str, hint: Hint | str = "") -> None:
        super().__init__(
            f"The passphrase does not decrypt {path}.",
            hint or "Try again; without its passphrase an encrypted key cannot be used.",
        )


class NoPassphraseError(CertstrapError):
    """A passphrase is needed, and there is neither a terminal nor input to read it from."""

    HINT = "Use --passphrase-file FILE or CERTSTRAP_PASSPHRASE."

    def __init__(self, sentence: str, hint: str = HINT) -> None:
        super().__init__(sentence, hint)


_CREATE_CA = ("certstrap", "init", ("--common-name", "NAME"))


class ChooseCAError(CertstrapError):
    """The depot in ``root`` has no CA, or more than one, and the command does not say which.

    ``keyless`` are the CAs whose private key is not there.
    """

    def __init__(self, root: str, found: Sequence[str], keyless: Sequence[str] = ()) -> None:
        self.found, self.keyless = tuple(sorted(found)), tuple(sorted(keyless))
        if found:
            super().__init__(
                f"{root} has more than one CA: {', '.join(self.found)}.",
                "Choose one with --CA NAME.",
            )
        elif keyless:
            super().__init__(
                f"{root} has no private key of a CA, only certificates: {', '.join(self.keyless)}.",
                Hint(
                    "Sign in the depot or in the engine that has the key, or create another CA "
                    "with",
                    _CREATE_CA,
                ),
            )
        else:
            super().__init__(f"{root} has no CA.", Hint("Create one with", _CREATE_CA))


class WrongLinesError(CertstrapError):
    """Lines of a list that cannot be carried out: their numbers, and what is wrong with each."""

    FIELDS = {  # noqa: RUF012 - of a list, in place of options of the command line
        "--common-name": '"name"',
        "--domain": '"domains"',
        "--ip": '"ips"',
    }

    def __init__(self, path: str, problems: Sequence[tuple[int, CertstrapError]]) -> None:
        super().__init__(
            f"{path} has {counted(len(problems), 'wrong line')}.",
            "Nothing was created: correct the list, and run the command again.",
        )
        self.details = tuple(
            (f"  line {number}: {error.text.removesuffix('.')}.", self._in_list(error.hint))
            for number, error in problems
        )

    @classmethod
    def _in_list(cls, hint: Hint | str) -> Hint | str:
        """Return a hint that names fields of the list, not options."""
        if isinstance(hint, str):
            return hint
        return hint._replace(
            options=tuple(cls.FIELDS.get(option, option) for option in hint.options)
        )


class RefusedError(CertstrapError):
    """What was asked for would not be accepted, or is not safe, by a `rule` if it has one."""

    def __init__(self, sentence: str, hint: Hint | str = "", rule: str = "") -> None:
        self.rule = rule
        super().__init__(sentence, hint)


class InternalError(CertstrapError):
    """A bug of this program. The exception's own text is left out, as it may contain a secret."""

    def __init__(self, cause: BaseException) -> None:
        where, trace = "", cause.__traceback__
        while trace:  # to where it was raised
            frame, line, trace = trace.tb_frame, trace.tb_lineno, trace.tb_next
            module = frame.f_globals.get("__name__", "?")
            where = f" in {module}.{frame.f_code.co_name}, line {line}"
        super().__init__(
            f"certstrap failed unexpectedly: {type(cause).__name__}{where}.",
            "This is a bug: please report it with the command line. CERTSTRAP_DEBUG=1 shows the "
            "traceback.",
        )
