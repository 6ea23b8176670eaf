"""The rehearsal: a TLS 1.3 connection within this machine, and a key that never reaches the disk.

What a server makes of each mutant stands in `test_mutants`.
"""

import os
import resource
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import socket, socketpair

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certstrap.cli.context import open_loopback
from certstrap.temporal.handshake import Handshake, load_identity, rehearse, words_of
from tests.builders.keys import LEAF_KEY, OTHER_KEY
from tests.temporal.pki import LEAF, PRESENT, ROOT

Sockets = tuple[socket, socket]


def rehearsed(
    loopback: Callable[[], Sockets] = open_loopback, now: datetime = PRESENT
) -> Handshake:
    return rehearse([LEAF.certificate], LEAF_KEY, [ROOT.certificate], now, loopback, 0.2)


def test_the_client_is_let_in() -> None:
    assert rehearsed() == Handshake("accepted", demanded=True)


def test_a_clock_at_the_end_of_time_does_no_harm() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert rehearsed(now=last).outcome in {"accepted", "refused"}


def test_both_ends_are_on_the_loopback_and_closed_at_the_end() -> None:
    opened: list[socket] = []

    def loopback() -> Sockets:
        opened.extend(open_loopback())
        assert [end.getsockname()[0] for end in opened] == ["127.0.0.1", "127.0.0.1"]
        return opened[0], opened[1]

    rehearsed(loopback)
    assert [end.fileno() for end in opened] == [-1, -1]


def test_without_a_loopback_it_is_skipped() -> None:
    def refuse() -> Sockets:
        raise PermissionError(1, "Operation not permitted")

    assert rehearsed(refuse) == Handshake("skipped", "Operation not permitted")


def test_if_no_file_can_be_written_it_is_skipped() -> None:
    with no_bytes():
        tried = rehearsed()
    assert tried == Handshake("skipped", "File too large")


@contextmanager
def no_bytes() -> Iterator[None]:
    """Let this process write no byte to any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def apart() -> Iterator[tuple[socket, socket, socket, socket]]:
    """Yield the client's end and the server's, and what each is connected with instead."""
    (ours, left), (theirs, right) = socketpair(), socketpair()
    with ours, left, theirs, right:
        yield ours, theirs, left, right


def test_ends_that_hear_nothing_are_a_failure() -> None:
    with apart() as (ours, theirs, _, _):
        tried = rehearsed(lambda: (ours, theirs))
    assert tried == Handshake("failed", "the handshake stalled")


def test_a_server_that_refuses_without_an_alert_is_told_by_its_words() -> None:
    with apart() as (ours, theirs, _, right):
        right.sendall(b"GET / HTTP/1.1\r\n\r\n")
        tried = rehearsed(lambda: (ours, theirs))
    assert tried == Handshake("refused", "http request")


def test_a_client_whose_server_is_gone_fails() -> None:
    with apart() as (ours, theirs, left, _):
        left.close()
        tried = rehearsed(lambda: (ours, theirs))
    assert tried == Handshake("failed", "Broken pipe")


def test_a_client_whose_server_is_gone_has_no_alert() -> None:
    with apart() as (ours, theirs, left, right):
        right.sendall(b"GET / HTTP/1.1\r\n\r\n")
        left.close()
        tried = rehearsed(lambda: (ours, theirs))
    assert tried == Handshake("refused", "http request")


class Observer(ssl.SSLContext):
    """Looks at the file that a certificate and its key are loaded from."""

    def load_cert_chain(self, certfile, keyfile=None, password=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        self.path = Path(certfile)
        self.modes = [stat.S_IMODE(os.stat(each).st_mode) for each in (self.path.parent, self.path)]
        self.content, self.password = self.path.read_bytes(), password
        super().load_cert_chain(certfile, keyfile, password)


def test_the_key_is_written_encrypted_and_removed_at_once() -> None:
    context = Observer(ssl.PROTOCOL_TLS_CLIENT)
    load_identity(context, [LEAF.certificate], LEAF_KEY)
    assert context.modes == [0o700, 0o600]
    assert not context.path.parent.exists()
    assert context.content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert b"BEGIN PRIVATE" not in context.content
    with pytest.raises(TypeError):
        load_pem_private_key(context.content, None)
    assert len(context.password) == 64
    key = load_pem_private_key(context.content, context.password.encode())
    assert key.public_key() == LEAF_KEY.public_key()


def test_the_file_is_removed_if_the_key_is_refused() -> None:
    context = Observer(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLError) as refused:
        load_identity(context, [LEAF.certificate], OTHER_KEY)
    assert words_of(refused.value) == "key values mismatch"
    assert not context.path.parent.exists()


def test_each_passphrase_is_used_once() -> None:
    contexts = [Observer(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2)]
    for context in contexts:
        load_identity(context, [LEAF.certificate], LEAF_KEY)
    assert contexts[0].password != contexts[1].password
