"""Every error a user can meet: its sentence, its hint, its exit status.

A class takes the facts and writes its own sentence. Sentences that certstrap's scripts look for are
kept to the letter.
"""

from collections.abc import Sequence


class CertstrapError(Exception):
    """What the tool says no with.

    Attributes:
        hint: one sentence that says what to do, or empty where there is nothing to add.
        exit_code: the exit status of the command, 1 unless a subclass says otherwise.
    """

    exit_code = 1

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(escaped(sentence))
        self.hint = escaped(hint)


class Missing(CertstrapError):
    """Something that the command cannot do without was not given."""


class AlreadyExists(CertstrapError):
    """A thing of that name is in the depot; ``kind`` is ``CA``, ``request`` or ``certificate``."""

    SENTENCES = {  # noqa: RUF012 - certstrap's own words, never changed
        "CA": 'CA with specified name "{}" already exists!',
        "request": 'Certificate request "{}" already exists!',
        "certificate": 'Certificate "{}" already exists!',
    }

    def __init__(self, kind: str, stem: str, path: str) -> None:
        super().__init__(
            self.SENTENCES[kind].format(stem),
            f"Nothing is overwritten: choose another name, or move {path} away.",
        )


class FileExists(CertstrapError):
    """A file that would be written is there already."""

    def __init__(self, path: str, hint: str = "") -> None:
        self.path = path
        super().__init__(
            f"{path} already exists!",
            hint or "Nothing is overwritten: move it away, or name another file.",
        )


class NotFound(CertstrapError):
    """A file that the command reads is not there."""

    def __init__(self, what: str, path: str, hint: str = "") -> None:
        super().__init__(
            f"There is no {what} {path}.", hint or "Check the name and the depot path."
        )


class Unusable(CertstrapError):
    """A file is there, but is not what the command needs; ``why`` ends the sentence."""

    def __init__(self, path: str, why: str, hint: str = "") -> None:
        super().__init__(f"{path} {why}.", hint)


class Storage(CertstrapError):
    """The operating system would not do what was asked of a file."""

    def __init__(self, verb: str, path: str, cause: OSError) -> None:
        super().__init__(
            f"Cannot {verb} {path}: {cause.strerror or cause}.",
            "Check its permissions."
            if verb == "read"
            else "Check the folder, its permissions and the space left; nothing was changed.",
        )


class Untold(CertstrapError):
    """What was done could not be told, as standard output takes no more."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(
            f"Cannot write to standard output: {cause.strerror or cause}.",
            "Check where it leads; files that were made before are there.",
        )


class LaxMode(CertstrapError):
    """A private key that others can read or change."""

    def __init__(self, path: str, mode: int) -> None:
        from shlex import quote  # noqa: PLC0415 - only who fails pays for it

        super().__init__(
            f"{path} is open to others (mode {mode:04o}), and a private key must not be.",
            f"Close it with: chmod 0440 {quote(path)}",
        )


class InvalidName(CertstrapError):
    """A name that cannot be a common name, or cannot name a file; ``why`` ends the sentence."""

    def __init__(self, what: str, text: str, why: str, hint: str = "") -> None:
        super().__init__(f"Invalid {what}: {quoted(text)} {why}.", hint)


class InvalidAlternativeName(CertstrapError):
    """An entry of a list of IP addresses, domains or URIs that is none."""

    def __init__(self, kind: str, text: str, hint: str) -> None:
        super().__init__(f"Invalid {kind}: {printable(text) or quoted(text)}", hint)


class InvalidExpiry(CertstrapError):
    """An end of validity that cannot be read, or cannot be."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(
            f"Invalid expiry: {quoted(text)} {why}.",
            'Write it as "18 months", "1 year 6 months", "90d", "30d10h" or "2027-12-31".',
        )


class InvalidKeySpec(CertstrapError):
    """A curve that is unknown or an RSA key size out of bounds."""


class WrongPassphrase(CertstrapError):
    """The passphrase does not open the key."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The passphrase does not open {path}.",
            "Try again; without its passphrase an encrypted key cannot be used.",
        )


class NoPassphrase(CertstrapError):
    """A passphrase is needed and there is nobody to ask."""

    def __init__(self, sentence: str) -> None:
        super().__init__(
            sentence,
            "Give --passphrase-file FILE or set CERTSTRAP_PASSPHRASE; "
            "--no-passphrase leaves a new key in the clear.",
        )


class PassphrasesDiffer(CertstrapError):
    """A new passphrase was not typed the same way twice."""

    def __init__(self) -> None:
        super().__init__("Passphrases do not match.", "Run the command again.")


class NotAllowedToSign(CertstrapError):
    """The certificate of the chosen CA is not a CA's. This sentence stands alone: no hint."""

    def __init__(self) -> None:
        super().__init__("Selected CA certificate is not allowed to sign certificates.")


class ChooseCA(CertstrapError):
    """The depot holds no CA, or more than one, and the command does not say which."""

    def __init__(self, root: str, found: Sequence[str]) -> None:
        if found:
            names = ", ".join(sorted(found))
            super().__init__(
                f"{root} holds more than one CA: {names}.", "Choose one with --CA NAME."
            )
        else:
            super().__init__(
                f"{root} holds no CA.", "Make one with: certstrap init --common-name NAME"
            )


class Refused(CertstrapError):
    """What was asked for would make a certificate that nobody should accept."""


class Internal(CertstrapError):
    """A mistake of this program; what the exception says is left out, as it may hold a secret."""

    def __init__(self, cause: Exception) -> None:
        last = cause.__traceback__
        while last and last.tb_next:
            last = last.tb_next
        where = f" in {last.tb_frame.f_code.co_name}, line {last.tb_lineno}" if last else ""
        super().__init__(
            f"certstrap failed in a way it never should: {type(cause).__name__}{where}.",
            "Please report it, with the command line.",
        )


def quoted(text: str) -> str:
    """Return ``text`` between quotes, fit for a line of a terminal."""
    return f'"{printable(text)}"'


def printable(text: str) -> str:
    """Return ``text`` with what a terminal could obey escaped, cut to 80 characters."""
    shown = escaped(text)
    return shown if len(shown) <= 80 else shown[:79] + "…"  # noqa: PLR2004 - said above


def escaped(text: str) -> str:
    """Return ``text`` with what a terminal could obey escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
