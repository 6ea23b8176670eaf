"""What only some machines show: no thread, no memory."""

import threading

import pytest
from cryptography.exceptions import InternalError

from certstrap.cli.terminal import generate
from certstrap.pki.keys import RSA_2048, KeySpec, PrivateKey
from tests.builders.keys import LEAF_KEY


class OutOfMemory(KeySpec):
    """A kind of key that there is no memory for."""

    def generate(self) -> PrivateKey:
        raise InternalError("malloc failure", [])


class Failing(KeySpec):
    """A kind of key that cannot be generated."""

    def generate(self) -> PrivateKey:
        raise ValueError


class Ready(KeySpec):
    """A kind of key that takes no time."""

    def generate(self) -> PrivateKey:
        return LEAF_KEY


def test_an_error_while_a_key_is_generated_is_not_lost_in_the_thread() -> None:
    for spec, error in ((OutOfMemory(*RSA_2048), MemoryError), (Failing(*RSA_2048), ValueError)):
        with pytest.raises(error):
            generate(spec)


def test_a_key_is_generated_where_no_thread_can_be_started() -> None:
    before = threading.stack_size(1 << 46)  # more than there is
    try:
        assert generate(Ready(*RSA_2048)) is LEAF_KEY
    finally:
        threading.stack_size(before)
