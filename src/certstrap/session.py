"""Sessions: what a command works with, and how it changes a depot."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from cryptography import x509

from certstrap.errors import (
    CertstrapError,
    InUseError,
    RefusedError,
    StorageError,
    attempted,
    storage_errors,
)
from certstrap.hints import Hint
from certstrap.pki.build import Issuer
from certstrap.pki.key_files import Passphrase, TokenURI
from certstrap.pki.keys import PBKDF2_ROUNDS, KeySpec, PrivateKey
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.store import files
from certstrap.store.depot import DepotFolder, Entry
from certstrap.store.files import STANDARD_INPUT, open_stream, source_of
from certstrap.store.locks import DEFAULT_TIMEOUT, Timeout
from certstrap.store.transaction import Transaction, begun, is_stream_of

Result = TypeVar("Result")

Generate = Callable[[KeySpec], PrivateKey]
"""Generates a key; it may take its time, and whoever provides it may show that."""


class Passphrases(NamedTuple):
    """Functions that return a passphrase, each called only when one is needed.

    Attributes:
        opening_ca: the same, for the key of a CA that signs and is named.
        new: the passphrase of a new key; empty leaves it unencrypted.
        new_ca: the same, for the key of a new CA.
        explicit: whether the user gave a passphrase to this very command, and so believes that it
            protects something.
        explicit_ca: the same, for the key of a CA.
        opening_named: the passphrase of the key in a file that the prompt names.
        pin: the PIN of a token that the prompt names.
        waits: whether one may have to be waited for: somebody types it, or it comes from a pipe.
    """

    opening: Passphrase
    opening_ca: Callable[[str], bytes]
    new: Passphrase
    new_ca: Passphrase
    explicit: bool = False
    explicit_ca: bool = False
    opening_named: Callable[[str], bytes] = lambda _name: b""
    pin: Callable[[str], bytes] = lambda _token: b""
    waits: bool = True

    def opening_pkcs12(self) -> bytes:
        """Return the passphrase of a PKCS#12 file."""
        return self.opening_named("PKCS#12 file")

    def require_used(
        self, path: str, secret: bytes, *, name: str = "", of_ca: bool = False
    ) -> None:
        """Refuse a passphrase that protects nothing.

        Args:
            name: whose key it is, if it could be encrypted in its place.
            of_ca: whether the key is a CA's.

        Raises:
            RefusedError: one was given to the command, and the key at ``path`` needed none.
        """
        if (self.explicit_ca if of_ca else self.explicit) and not secret:
            key = "FILE" if path == source_of(STANDARD_INPUT) else path
            words = (("--key", key), ("--encrypt",), ("--output", "NEW"))
            copy = Hint(
                "Leave the passphrase out, or write an encrypted copy of the key",
                ("certstrap", "export-pkcs8", *words),
            )
            encrypt = Hint(
                "Leave the passphrase out, or encrypt the key", ("certstrap", "passphrase", name)
            )
            raise RefusedError(
                f"{path} is not encrypted, and the passphrase would not protect it.",
                encrypt if name else copy,
            )


class CA(NamedTuple):
    """A CA that may sign.

    Attributes:
        ancestors: the CAs above it, as far as the depot has them; the next one first.
        urls: those of what it signs.
    """

    entry: Entry
    certificate: x509.Certificate
    ancestors: Sequence[x509.Certificate] = ()
    urls: URLs = NO_URLS


class _NeededError(Exception):
    """Steps need what is waited for without the lock: a person, a pipe or a prime number."""

    def __init__(self, get: Callable[[], object]) -> None:
        self.get = get
        super().__init__()


class Session:
    """What a command works with.

    Attributes:
        passphrases: where its passphrases come from; each is asked for once.
        rounds: of PBKDF2, which encrypt its keys.
        cas: the CAs that may sign, by stem; each is checked once.
        issuers: the CAs whose keys are open, by stem; a key is opened once.
        module: the PKCS#11 module of tokens, if the URI of a key does not name one.
        was_interrupted: whether Ctrl-C came while the last transaction held it back.
    """

    def __init__(
        self,
        depot: DepotFolder,
        now: datetime,
        passphrases: Passphrases,
        generate: Generate = KeySpec.generate,
        read_stdin: Callable[[], bytes] = bytes,
        timeout: Timeout = DEFAULT_TIMEOUT,
        rounds: int = PBKDF2_ROUNDS,
        module: str = "",
    ) -> None:
        self.depot = depot
        self.now = now
        self.passphrases = passphrases
        if passphrases.waits:
            fields = ("opening", "opening_ca", "new", "new_ca", "opening_named")
            once: dict[str, Any] = {
                field: self._once(field, getattr(passphrases, field)) for field in fields
            }
            self.passphrases = passphrases._replace(**once)
        self.timeout = timeout
        self.rounds = rounds
        self.module = module
        self.cas: dict[str, CA] = {}
        self.issuers: dict[str, Issuer] = {}
        self._generate = generate
        self._read_stdin = read_stdin
        self._known: dict[Hashable, Any] = {}
        self._is_locked = False
        self.was_interrupted = False

    def transact(
        self,
        steps: Callable[[Transaction], Result],
        outputs: Iterable[str] = (),
        *,
        creates: bool = False,
        uses_depot: bool = True,
    ) -> Result:
        """Run steps that change files, while this process alone uses their folders.

        What the steps add is written when they return, all or nothing. They begin again if they
        need what somebody must be waited for, which is got without the lock; so they print nothing,
        and change nothing but by what they add.

        Args:
            outputs: the files that the user named and that the steps may add.
            creates: whether a depot that does not exist may be created.
            uses_depot: whether the depot is locked.

        Raises:
            CertstrapError: the steps raise it, or the files cannot be written; nothing is changed.
        """
        while True:
            try:
                return self._attempt(steps, tuple(outputs), creates, uses_depot)
            except _NeededError as needed:
                if self.was_interrupted:
                    raise KeyboardInterrupt from None
                needed.get()

    def _attempt(
        self,
        steps: Callable[[Transaction], Result],
        outputs: tuple[str, ...],
        creates: bool,
        uses_depot: bool,
    ) -> Result:
        depot = self.depot if uses_depot else None
        interrupts: Sequence[int] = ()
        try:
            with begun(depot, outputs, self.timeout, creates=creates) as held:
                interrupts = held.interrupts
                self._look_again(held.names)
                new = Transaction(self.depot, held, self._writer)
                self._is_locked = True
                try:
                    with held.interrupts.allowed():
                        result = steps(new)
                finally:
                    self._is_locked = False
                new.write_files()
        finally:
            self.was_interrupted = bool(interrupts)
        new.write_streams(self.timeout)
        return result

    def save(
        self, make: Callable[[], Result], output: str, content: Callable[[Result], bytes], mode: int
    ) -> Result:
        """Return what ``make`` returns, after its content is written to ``output``, a new file.

        If that is empty, nothing is written, and no lock is taken.
        """
        if not output:
            return make()

        def steps(new: Transaction) -> Result:
            new.require_free(output)
            made = make()
            new.add(output, content(made), mode)
            return made

        return self.transact(steps, [output])

    def recover(self) -> None:
        """Finish what a killed process left in the depot, for a command that reads it.

        What it began to replace is replaced, or not at all. Temporary files, which may hold a
        private key, are removed, unless another process writes at this moment.
        """
        folders = (self.depot.root, self.depot.archive)
        if any(map(files.journals, folders)):
            with begun(self.depot, (), self.timeout, creates=False):
                self._look_again()
        elif any(map(files.has_temporary, folders)):
            with (
                suppress(InUseError, StorageError),
                begun(self.depot, (), Timeout(seconds=0), creates=False),
            ):
                pass

    def _look_again(self, names: Sequence[str] | None = None) -> None:
        self.depot = DepotFolder(self.depot.root, self.depot.leaves, names)
        self.cas.clear()

    def read(self, path: str, kind: str) -> bytes:
        """Return the content of a file that the user named, which may be a pipe, or ``-``.

        ``kind`` says what it should hold; the errors are those of `files.read`.
        """
        if path == STANDARD_INPUT:
            return self._get(("read", path), self._standard_input)
        if is_stream_of(self.depot, path):
            return self._get(("read", path), lambda: files.read_stream(path))
        return files.read(path, kind)

    def _once(self, field: str, ask: Callable[..., bytes]) -> Callable[..., bytes]:
        """Return what asks for a passphrase once, or once for each name."""
        return lambda *name: self._get((field, *name), partial(ask, *name))

    def _standard_input(self) -> bytes:
        with storage_errors("read", source_of(STANDARD_INPUT)):
            return self._read_stdin()

    def _writer(self, path: str) -> Callable[[bytes], None]:
        return self._get(("write", path), lambda: open_stream(path))

    def new_key(self, spec: KeySpec, path: str) -> PrivateKey:
        """Return a new key for the file at ``path``."""
        if not spec.bits:
            return self._generate(spec)
        return self._get((spec, path), lambda: self._generate(spec))

    def prepare_keys(self, specs: Mapping[str, KeySpec]) -> None:
        """Generate the RSA keys for files, by their paths, at one time rather than one by one."""
        missing = [
            (s, path) for path, s in specs.items() if s.bits and (s, path) not in self._known
        ]

        def generate() -> None:
            for spec, path in missing:
                self.keep_key(spec, path, self._generate(spec))

        if missing and self._is_locked:
            raise _NeededError(generate)
        generate()

    def keep_key(self, spec: KeySpec, path: str, key: PrivateKey) -> None:
        """Keep a key that was generated for the file at ``path``, for `new_key`."""
        self._known[spec, path] = key

    def key_in_token(self, uri: TokenURI, spec: KeySpec | None = None) -> PrivateKey:
        """Return the key that a URI names, or a new one of kind ``spec``, made in the token.

        A token is logged in once, and a PIN that it did not accept is not tried again.

        Raises:
            RefusedError: there is no such token or key, or it cannot be used.
        """

        def get() -> PrivateKey:
            try:
                from certstrap import tokens  # noqa: PLC0415 - few have keys in tokens
            except ImportError:
                raise RefusedError(
                    f"The key is in {uri.place}, and python-pkcs11 is not installed.",
                    "Install it: pip install 'certstrap[pkcs11]'.",
                ) from None
            found = tokens.find(uri, self.module)

            def log_in() -> tokens.Token:
                return tokens.Token(found, self.passphrases.pin(found.label))

            token = self._get(("token", found.slot.slot_id), lambda: attempted(log_in))
            if isinstance(token, CertstrapError):
                raise token
            return token.generate(uri, spec) if spec else token.key(uri)

        return self._get(("key in token", uri.text, spec), get)

    def _get(self, what: Hashable, how: Callable[[], Result]) -> Result:
        """Return what is got once, and never while a lock is held."""
        if what not in self._known:
            if self._is_locked:
                raise _NeededError(lambda: self._get(what, how))
            self._known[what] = how()
        found: Result = self._known[what]
        return found
