"""Where a passphrase comes from: an option, a file, the environment, a terminal, a pipe."""

import sys
from functools import cache

import typer

from certstrap.authority.key_source import Passphrases
from certstrap.cli.world import World
from certstrap.errors import NoPassphrase, NotFound, PassphrasesDiffer, Storage, Unusable

NEW = "Enter passphrase (empty for no passphrase): "
OPENING = "Enter passphrase for {} (empty for no passphrase): "
AGAIN = "Enter same passphrase again: "


def passphrases(
    world: World,
    text: str | None,
    file: str | None,
    none: bool,
    *,
    ask_opening: bool = True,
    ask_new: bool = True,
) -> Passphrases:
    """Return who gives the passphrases of a command.

    Args:
        world: the environment, and who is asked where nothing else is given.
        text: the option ``--passphrase``.
        file: the option ``--passphrase-file``.
        none: the option ``--no-passphrase``.
        ask_opening: ask somebody where nothing is given, else open none.
        ask_new: ask somebody where nothing is given, else leave new keys in the clear.
    """
    if (text is not None) + (file is not None) + none > 1:
        raise typer.BadParameter(
            "only one of --passphrase, --passphrase-file and --no-passphrase can be given"
        )

    given = cache(lambda: _given(world, text, file, none=none))

    @cache
    def new() -> bytes:
        known = given()
        if known is not None or not ask_new:
            return known or b""
        typed = world.ask(NEW)
        if world.ask(AGAIN) != typed:
            raise PassphrasesDiffer
        return typed

    def existing(what: str) -> bytes:
        # Without a passphrase for new keys, one that is there may still be opened.
        known = _given(world, text, file, none=False) if none else given()
        if known is not None:
            return known
        if none and not world.is_interactive:
            return b""
        if not ask_opening:
            raise NoPassphrase("A key is encrypted, and without a terminal nobody is asked.")
        return world.ask(OPENING.format(what))

    return Passphrases(
        opening=lambda: existing("key"),
        opening_ca=lambda: existing("CA key"),
        new=new,
        insisted=bool(text) or file is not None,
    )


def _given(world: World, text: str | None, file: str | None, *, none: bool) -> bytes | None:
    """Return the passphrase that need not be asked for, if there is one."""
    if none:
        return b""
    if text is not None:
        return text.encode(errors="surrogateescape")
    if file is not None:
        return _first_line(file)
    # An empty variable is a secret that was not set, and never means "in the clear".
    return world.environ.get("CERTSTRAP_PASSPHRASE", "").encode(errors="surrogateescape") or None


def _first_line(path: str) -> bytes:
    """Return the first line of a file; a FIFO will do, as shells make for ``<(command)``."""
    try:
        if path == "-":
            line = sys.stdin.buffer.readline() if sys.stdin else b""
        else:
            with open(path, "rb") as file:
                line = file.readline()
    except FileNotFoundError:
        raise NotFound("passphrase file", path) from None
    except OSError as cause:
        raise Storage("read", path, cause) from None
    line = line.rstrip(b"\r\n")
    if not line:
        shown = "Standard input" if path == "-" else path
        raise Unusable(
            shown, "holds no passphrase", "Give --no-passphrase if the key shall be in the clear."
        )
    return line
