"""Who may sign: a CA that is one, is valid, is strong, and whose key is its own."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509

from certstrap.errors import CertstrapError, RefusedError
from certstrap.pki.build import Issuer
from certstrap.pki.keys import RSA_2048, KeySpec, PrivateKey
from certstrap.pki.validity import Validity
from tests.builders.certificates import END, NO_CA, START, a_certificate, an_issuer, key_usage
from tests.builders.keys import CA_KEY, OTHER_KEY, a_key, an_rsa_key
from tests.conftest import NOW


def test_an_issuer_is_a_ca_with_its_key_and_its_validity() -> None:
    certificate = a_certificate()
    issuer = Issuer.of(certificate, "CA.crt", NOW, lambda: (CA_KEY, "CA.key"))
    assert (issuer.certificate, issuer.key) == (certificate, CA_KEY)
    assert issuer.validity == Validity(START, END)


@pytest.mark.parametrize("curve", ["P-224", "P-256", "P-384", "P-521", "Ed25519", ""])
def test_a_ca_of_any_kind_of_key_may_sign(curve: str) -> None:
    key = a_key(KeySpec(curve=curve) if curve else RSA_2048)
    assert an_issuer(key=key).key == key


@pytest.mark.parametrize("now", [START, NOW, END])
def test_a_ca_may_sign_from_its_first_to_its_last_second(now: datetime) -> None:
    assert an_issuer(now=now)


def is_refused(certificate: x509.Certificate, now: datetime = NOW) -> CertstrapError:
    """Return why, after checking that the key, with its passphrase, was never asked for."""

    def read_key() -> tuple[PrivateKey, str]:
        raise AssertionError("the key was read")

    with pytest.raises(CertstrapError) as caught:
        Issuer.of(certificate, "CA.crt", now, read_key)
    return caught.value


@pytest.mark.parametrize(
    "certificate",
    [
        a_certificate(constraints=NO_CA),
        a_certificate(constraints=None),
        a_certificate(usage=key_usage("crl_sign")),
    ],
)
def test_what_is_no_ca_is_refused_before_its_key_is_read(certificate: x509.Certificate) -> None:
    assert isinstance(is_refused(certificate), RefusedError)


def test_a_ca_that_is_not_valid_now_is_refused_before_its_key_is_read() -> None:
    second = timedelta(seconds=1)
    assert "CA.crt expired on" in str(is_refused(a_certificate(), END + second))
    assert "CA.crt is not valid before" in str(is_refused(a_certificate(), START - second))


def test_a_ca_with_a_weak_key_is_refused_before_its_key_is_read() -> None:
    error = is_refused(a_certificate(key=an_rsa_key(1024)))
    assert str(error) == "CA.crt has an RSA key of 1024 bits."


@pytest.mark.parametrize("key", [OTHER_KEY, a_key(RSA_2048), a_key(KeySpec(curve="P-384"))])
def test_the_key_of_another_ca_is_refused(key: PrivateKey) -> None:
    with pytest.raises(RefusedError, match=r"^CA\.key is not the key of CA\.crt\."):
        Issuer.of(a_certificate(), "CA.crt", NOW, lambda: (key, "CA.key"))
