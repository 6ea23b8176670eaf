"""What a command works with: its passphrases, its depot, its instant."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import typer

from certstrap.cli.context import (
    MODULE_VARIABLE,
    PASSPHRASE_VARIABLE,
    PIN_VARIABLE,
    Context,
    is_interactive,
    read_all,
    read_line,
)
from certstrap.cli.terminal import generate, warn
from certstrap.errors import (
    NoPassphraseError,
    NotFoundError,
    RefusedError,
    StorageError,
    TooLongError,
    UnusableFileError,
)
from certstrap.hints import printed
from certstrap.pki.keys import PBKDF2_ROUNDS
from certstrap.session import Passphrases, Session
from certstrap.store import files
from certstrap.store.depot import DepotFolder
from certstrap.store.files import STANDARD_INPUT, descriptor, source_of
from certstrap.store.locks import Timeout
from certstrap.text import escaped

NEW = "Enter passphrase (empty for no passphrase): "
NEW_CA = "Enter passphrase for new CA key (empty for no passphrase): "
_NEW_CLIENT = "Enter passphrase for new client key: "
OPENING = "Enter passphrase for {} (empty for no passphrase): "
_OLD = "Enter old passphrase: "
_CHANGED = "Enter new passphrase (empty for no passphrase): "
AGAIN = "Enter same passphrase again: "
_NO_NEW = (
    "Use --passphrase-file FILE or CERTSTRAP_PASSPHRASE; with --no-passphrase, new keys are not "
    "encrypted."
)
_NO_CHANGED = "Use --passphrase-file FILE; with --no-passphrase, the key is not encrypted."
_NOT_NEEDED = "nothing that was opened is encrypted, and no new file was to be."


class SecretOptions(NamedTuple):
    """What a command line says of passphrases, and of the PIN of a token; None if nothing."""

    text: str | None = None
    file: str | None = None
    none: bool = False
    pin_file: str | None = None


NO_SECRETS = SecretOptions()


def passphrases(
    context: Context,
    options: SecretOptions = NO_SECRETS,
    *,
    ask_opening: bool = True,
    ask_new: bool = True,
    new_prompt: str = NEW,
    names_cas: bool = False,
) -> Passphrases:
    """Return where the passphrases of a command come from.

    Args:
        ask_opening: ask somebody if nothing is given, else open none.
        ask_new: ask somebody if nothing is given, else do not encrypt new keys.
        new_prompt: how somebody is asked for that of a new key.
        names_cas: name the CA whose key is opened, where one command may open those of several.
    """
    text, file, none, pin_file = options
    if (text is not None) + (file is not None) + none > 1:
        raise typer.BadParameter(
            "only one of --passphrase, --passphrase-file and --no-passphrase can be given"
        )

    # An empty variable is a secret that was not set, and never means "not encrypted".
    known = (context.environ.get(PASSPHRASE_VARIABLE) or None) if text is None else text
    encoded = None if known is None else os.fsencode(known)
    given = cache(lambda: encoded if file is None else _first_line(file))

    @cache
    def new() -> bytes:
        secret = b"" if none else given()
        if secret is not None or not ask_new:
            return secret or b""
        return _typed_twice(context, new_prompt)

    @cache
    def opening(what: str) -> bytes:
        # Without a passphrase for new keys, one that is there may still be opened.
        secret = given()
        if secret is not None:
            return secret
        if none and not is_interactive():
            return b""
        if not ask_opening:
            raise NoPassphraseError("A key is encrypted, and its passphrase was not given.")
        return context.ask(OPENING.format(what))

    explicit = bool(text) or file is not None
    if explicit:
        _report_unused(context, "--passphrase" if text else "--passphrase-file", given)
    asks = is_interactive() if none else ask_opening or ask_new
    return Passphrases(
        opening=lambda: opening("key"),
        opening_ca=lambda name: opening(
            f"the key of the CA {escaped(name)}" if names_cas and is_interactive() else "CA key"
        ),
        new=new,
        new_ca=new,
        explicit=explicit,
        explicit_ca=explicit,
        opening_named=lambda name: opening(escaped(name)),
        pin=_pin(context, pin_file),
        waits=file is not None or (asks and known is None),
    )


def _pin(context: Context, file: str | None) -> Callable[[str], bytes]:
    """Return what gets the PIN of a token: from the option ``--pin-file``, else somebody types it.

    It is empty if there is nobody to ask.
    """

    @cache
    def known() -> bytes:
        if file is not None:
            return _first_line(file, "Write the PIN of the token there.", "PIN")
        return os.fsencode(context.environ.get(PIN_VARIABLE, ""))

    def pin(token: str) -> bytes:
        if known() or not is_interactive():
            return known()
        prompt = f"Enter PIN for the token {escaped(token)}: "
        return context.ask(prompt, "Use --pin-file FILE or CERTSTRAP_PIN.", "PIN")

    if file is not None:
        _report_unused(context, "--pin-file", known, "no key in a token was used.")
    return pin


def with_client_passphrase(
    context: Context, of_ca: Passphrases, *, encrypt: bool, file: str | None
) -> Passphrases:
    """Return the passphrases of a command whose others are the CA's: the client's key has its own.

    A client's key that exists and is encrypted is opened with it, or else with the CA's.

    Args:
        encrypt: the option ``--encrypt-key``, which asks for it.
        file: the option ``--key-passphrase-file``, which encrypts too.

    Raises:
        RefusedError: there is nobody to ask.
    """
    if file is None and not encrypt:
        return of_ca._replace(new=bytes, explicit=False)
    if file is None and not is_interactive():
        raise RefusedError(
            "--encrypt-key asks for a passphrase on a terminal, and there is none.",
            "Use --key-passphrase-file FILE.",
        )
    without = "Leave --key-passphrase-file out if the key is not to be encrypted."
    given = cache(lambda: None if file is None else _first_line(file, without))

    def new() -> bytes:
        typed = given() or _typed_twice(context, _NEW_CLIENT)
        if not typed:
            raise RefusedError(
                "No passphrase was typed to encrypt the client's key with.",
                "Type one, or leave --encrypt-key out.",
            )
        return typed

    if file is not None:
        _report_unused(context, "--key-passphrase-file", given)
    return of_ca._replace(
        opening=lambda: given() or context.ask(OPENING.format("key")),
        new=new,
        explicit=True,
        waits=True,
    )


def changing(context: Context, options: SecretOptions, old_file: str | None) -> Passphrases:
    """Return the passphrases of the command that changes one: that in the environment is the old.

    Args:
        old_file: the option ``--old-passphrase-file``.
    """
    new = passphrases(context._replace(environ={}), options, new_prompt=_CHANGED)
    without = "Leave --old-passphrase-file out if the key is not encrypted."
    given = cache(lambda: None if old_file is None else _first_line(old_file, without))
    if old_file is not None:
        _report_unused(context, "--old-passphrase-file", given)

    def old() -> bytes:
        hint = "Use --old-passphrase-file FILE or CERTSTRAP_PASSPHRASE."
        variable = os.fsencode(context.environ.get(PASSPHRASE_VARIABLE, ""))
        known = given() or variable or context.ask(_OLD, hint)
        if not known:
            raise NoPassphraseError("The key is encrypted, and no passphrase was typed.", hint)
        return known

    return new._replace(opening=old, waits=True)


def _typed_twice(context: Context, prompt: str) -> bytes:
    """Return a new passphrase that somebody types, and types again."""
    hint = _NO_CHANGED if prompt == _CHANGED else _NO_NEW
    typed = context.ask(prompt, hint)
    if context.ask(AGAIN, hint) != typed:
        raise RefusedError("Passphrases do not match.", "Run the command again.")
    return typed


def _report_unused(context: Context, option: str, given: Any, why: str = _NOT_NEEDED) -> None:
    """Have it reported if the cached function of a passphrase was not called in the end."""
    context.without_effect.append(
        lambda: "" if given.cache_info().currsize else f"{option} had no effect: {why}"
    )


def _first_line(
    path: str,
    without: str = "Use --no-passphrase if the key is not to be encrypted.",
    what: str = "passphrase",
) -> bytes:
    """Return the first line of a file; a FIFO will do, as shells make for ``<(command)``.

    What follows it is left for the next command that reads the same standard input.

    Args:
        without: the hint if it is empty.
        what: what it is, for the sentences.
    """
    try:
        if path == STANDARD_INPUT:
            line = read_line(what)
        else:
            with open(descriptor(path, os.O_RDONLY), "rb", buffering=0) as file:
                line = file.readline(TooLongError.LIMIT + 1)
    except FileNotFoundError:
        raise NotFoundError(f"{what} file", path) from None
    except OSError as cause:
        raise StorageError("read", path, cause) from None
    if len(line) > TooLongError.LIMIT:
        raise TooLongError(path, what)
    line = line.rstrip(b"\r\n")
    if not line:
        raise UnusableFileError(source_of(path), f"has no {what}", without)
    return line


_EARLIEST = datetime(1950, 1, 2, tzinfo=UTC)  # RFC 5280, 4.1.2.5; what begins now is backdated


def new_session(
    context: Context,
    options: SecretOptions = NO_SECRETS,
    *,
    uses_depot: bool = True,
    **asking: Any,
) -> Session:
    """Return what a command works with; see `passphrases` and `session_with`."""
    return session_with(context, passphrases(context, options, **asking), uses_depot=uses_depot)


def session_with(context: Context, passphrases: Passphrases, *, uses_depot: bool = True) -> Session:
    """Return what a command works with.

    What a killed process left in its depot is finished. If others may write to that depot, that is
    said on standard error.

    Raises:
        RefusedError: the clock is before the first year of certificates.
    """
    now = context.now()
    if now < _EARLIEST:
        raise RefusedError(
            f"The clock of this machine says {now:%Y-%m-%d}, and certificates begin in 1950.",
            "Set the clock.",
        )
    waiting = f"Waiting up to {context.wait} seconds for another process that uses {{}} (--wait)."
    timeout = Timeout(context.wait, lambda folder: warn(waiting.format(folder)))
    depot = DepotFolder(context.depot_path)
    rounds = context.rounds or PBKDF2_ROUNDS
    module = context.environ.get(MODULE_VARIABLE, "")
    session = Session(depot, now, passphrases, generate, read_all, timeout, rounds, module)
    if uses_depot:
        warn_if_shared(context.depot_path)
        session.recover()
    return session


def warn_if_shared(root: str) -> None:
    """Say that others may write to the depot, if they may, and what to do about it."""
    if not (os.path.isdir(root) and files.is_shared(root)):
        return
    said = f"Others can write to {root}: only files of yours, of root and of its owner are used."
    warn(f"{said} {printed(files.restricting(root))}")
