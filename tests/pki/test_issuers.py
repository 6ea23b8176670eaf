"""Who signed an object, by the key alone."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.issuers import is_signed_by
from certstrap.pki.keys import P256
from tests.builders.certificates import a_certificate
from tests.builders.keys import a_key

_SHA256, _SHA384 = (bytes.fromhex(f"06082a8648ce3d04030{n}") for n in (2, 3))  # with ECDSA


def test_two_algorithms_in_one_certificate_are_no_signature() -> None:
    ca = a_certificate(key=a_key(P256))
    der = ca.public_bytes(Encoding.DER)
    assert der.count(_SHA256) == 2
    at = der.rindex(_SHA256)
    changed = x509.load_der_x509_certificate(der[:at] + _SHA384 + der[at + len(_SHA384) :])
    assert is_signed_by(ca, ca)
    assert not is_signed_by(changed, ca)
