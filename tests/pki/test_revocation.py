"""Which CRLs speak of a certificate, and since when it is revoked."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import RefusedError
from certstrap.pki.findings import Finding, require
from certstrap.pki.keys import PrivateKey
from certstrap.pki.revocation import revocations, revoked, speaks_of
from tests.builders import crls
from tests.builders.certificates import a_certificate, a_name
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY
from tests.conftest import NOW

CA = a_certificate()


def a_crl(
    dates: Mapping[int, datetime] | None = None, *, key: PrivateKey = CA_KEY
) -> x509.CertificateRevocationList:
    entries = [crls.entry(serial, since) for serial, since in (dates or {}).items()]
    return x509.load_pem_x509_crl(crls.made_elsewhere(CA, key, entries=entries))


def test_a_crl_speaks_of_what_the_name_and_the_key_that_signed_it_issued() -> None:
    assert speaks_of(a_crl(), CA)
    assert speaks_of(a_crl(), a_certificate(subject=a_name("TEST  ca"), end=NOW))  # renewed
    assert not speaks_of(a_crl(), a_certificate(subject=a_name("Other CA")))
    assert not speaks_of(a_crl(key=OTHER_KEY), CA)


DAYS = st.dictionaries(st.integers(1, 5), st.integers(-99, 0), max_size=4)


@given(st.lists(DAYS, max_size=3))
def test_the_first_of_several_revocations_counts(found: list[dict[int, int]]) -> None:
    of_ca = [
        a_crl({serial: NOW + timedelta(days=day) for serial, day in each.items()}) for each in found
    ]
    first = {
        serial: NOW + timedelta(days=min(each[serial] for each in found if serial in each))
        for each in found
        for serial in each
    }
    assert revocations(of_ca) == first
    leaf = a_certificate(key=LEAF_KEY, by=(CA.subject, CA_KEY))
    serial = leaf.serial_number
    assert not list(revoked(leaf, of_ca, "leaf.crt"))
    (finding,) = revoked(leaf, [*of_ca, a_crl({serial: NOW})], "leaf.crt")
    assert finding.sentence == f"leaf.crt was revoked on {NOW:%Y-%m-%d %H:%M:%S} UTC."


def test_only_an_error_is_a_reason_to_refuse() -> None:
    warning = Finding("soon", "It expires soon.", severity="warning")
    require([warning])
    with pytest.raises(RefusedError, match=r"^It expired\.$") as caught:
        require([warning, Finding("expired", "It expired.", "Renew it."), Finding("key", "Weak.")])
    assert (caught.value.rule, caught.value.hint) == ("expired", "Renew it.")
