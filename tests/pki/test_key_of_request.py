"""The key of a request that is decoded no further."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import UnusableFileError
from certstrap.pki import rules
from certstrap.pki.decode import key_of_request
from tests.builders.certificates import a_request
from tests.builders.der import integer, raw_request
from tests.builders.keys import LEAF_KEY


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_key_of_a_request_is_returned(encoding: Encoding) -> None:
    assert key_of_request(a_request().public_bytes(encoding), "a.csr") == LEAF_KEY.public_key()


def test_key_that_cannot_be_decoded_is_refused() -> None:
    der = a_request().public_bytes(Encoding.DER)
    curve = bytes.fromhex("06082a8648ce3d030107")  # P-256
    with pytest.raises(UnusableFileError, match=r"a\.csr is not a certificate request"):
        key_of_request(b"broken", "a.csr")
    with pytest.raises(
        UnusableFileError, match=r"a\.csr has a part that .*: key \(.* not supported"
    ):
        key_of_request(der.replace(curve, curve[:-1] + b"\x7f"), "a.csr")


def test_nothing_but_the_key_needs_to_be_decoded() -> None:
    der = raw_request(attributes=integer(5))  # no attribute is an INTEGER
    with pytest.raises(UnusableFileError):
        rules.load_request(der, "a.csr")
    assert key_of_request(der, "a.csr") == LEAF_KEY.public_key()
