"""Which CRLs speak of a certificate, and since when it is revoked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import RefusedError
from certstrap.pki.crl import following, number_of, revoke
from certstrap.pki.findings import Finding, require
from certstrap.pki.keys import PrivateKey
from certstrap.pki.revocation import foreign, revocations, revoked, speaks_of, unusable
from tests.builders import crls
from tests.builders.certificates import a_certificate, a_certificate_with, a_name, an_issuer
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY
from tests.conftest import NOW

CA = a_certificate()
COMPROMISED, UNSPECIFIED = x509.ReasonFlags.key_compromise, x509.ReasonFlags.unspecified


def a_crl(
    dates: Mapping[int, datetime] | None = None,
    *,
    key: PrivateKey = CA_KEY,
    issuer: x509.Name | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    number: int | None = None,
) -> x509.CertificateRevocationList:
    entries = [crls.entry(serial, since) for serial, since in (dates or {}).items()]
    data = crls.made_elsewhere(
        CA, key, entries=entries, issuer=issuer, extensions=extensions, crl_number=number
    )
    return x509.load_pem_x509_crl(data)


def test_a_crl_speaks_of_what_the_name_of_its_issuer_issued() -> None:
    assert speaks_of(a_crl(), CA)
    assert speaks_of(a_crl(), a_certificate(subject=a_name("TEST  ca"), end=NOW))  # renewed
    assert not speaks_of(a_crl(), a_certificate(subject=a_name("Other CA")))
    assert not speaks_of(a_crl(key=OTHER_KEY), CA)


def test_whichever_key_of_that_name_signed_it() -> None:
    assert speaks_of(a_crl(key=OTHER_KEY), CA, is_signed=True)
    assert not speaks_of(a_crl(key=OTHER_KEY, issuer=a_name("Other CA")), CA, is_signed=True)


def below(*crl_issuers: x509.GeneralName) -> x509.Certificate:
    """Return a certificate that names others as the issuers of its CRL."""
    point = x509.DistributionPoint(None, None, None, [*crl_issuers])
    extension = (x509.CRLDistributionPoints([point]), False)
    return a_certificate_with(
        extension, key=LEAF_KEY, subject=a_name("leaf"), by=(CA.subject, CA_KEY)
    )


def test_an_indirect_crl_speaks_of_a_certificate_that_names_its_issuer() -> None:
    other = a_name("CRLs")
    named = below(x509.DNSName("example.com"), x509.DirectoryName(a_name("crls")))
    leaf = a_certificate(key=LEAF_KEY, by=(CA.subject, CA_KEY))
    indirect = a_crl(key=OTHER_KEY, issuer=other, extensions=[(crls.scope(indirect=True), True)])
    direct = a_crl(key=OTHER_KEY, issuer=other)
    assert speaks_of(indirect, CA, is_signed=True, certificate=named)
    assert not speaks_of(indirect, CA, certificate=named)
    assert not speaks_of(indirect, CA, is_signed=True, certificate=leaf)
    assert not speaks_of(direct, CA, is_signed=True, certificate=named)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
PARTIAL = "f is a partial CRL: it does not list everything that its CA revoked."
POINT = [x509.UniformResourceIdentifier("http://example.com/1.crl")]


@pytest.mark.parametrize(
    ("extension", "critical", "sentence"),
    [
        (
            x509.DeltaCRLIndicator(1),
            True,
            "f is a delta CRL: it lists only what has changed since another CRL.",
        ),
        (
            crls.scope(indirect=True),
            True,
            "f is an indirect CRL: it also lists certificates of other CAs.",
        ),
        (crls.scope(cas=True), True, PARTIAL),
        (crls.scope(users=True), False, PARTIAL),
        (crls.scope(point=POINT), True, PARTIAL),
        (crls.scope(reasons=frozenset({COMPROMISED})), False, PARTIAL),
        (UNKNOWN, True, "f has a critical extension that is not supported: 1.2.3.4."),
        (UNKNOWN, False, ""),
    ],
)
def test_a_crl_that_does_not_tell_what_is_revoked_is_named_as_what_it_is(
    extension: x509.ExtensionType, critical: bool, sentence: str
) -> None:
    found = [*unusable(a_crl(extensions=[(extension, critical)]), "f")]
    assert [each.sentence for each in found] == ([sentence] if sentence else [])
    rule = "crl-incomplete" if "partial" in sentence or "delta" in sentence else "crl-unusable"
    assert {each.rule for each in found} <= {rule}


@pytest.mark.parametrize("critical", [True, False])
def test_nothing_is_judged_by_a_crl_with_a_critical_extension_in_an_entry_that_is_not_known(
    critical: bool,
) -> None:
    entries = [crls.entry(serial, NOW, UNKNOWN, critical=critical) for serial in (0xAB, 0xCD)]
    reason = crls.entry(1, NOW, x509.CRLReason(COMPROMISED), critical=True)
    crl = x509.load_pem_x509_crl(crls.made_elsewhere(CA, CA_KEY, entries=[reason, *entries]))
    sentence = "f has a critical extension in the entry of AB that is not supported: 1.2.3.4."
    assert [each.sentence for each in unusable(crl, "f")] == ([sentence] if critical else [])


def test_why_a_crl_does_not_count_is_said() -> None:
    other = a_crl(issuer=a_name("Other CA"))
    assert foreign(other, "f", [a_certificate(key=OTHER_KEY), CA], "its CA") == (
        'f does not count: it is signed by the key of "CN=Test CA", but names "CN=Other CA" as its '
        "issuer."
    )
    assert foreign(a_crl(key=OTHER_KEY), "f", [CA], "its CA") == "f is not signed by its CA."


DAYS = st.dictionaries(st.integers(1, 5), st.integers(-99, 0), max_size=4)


def crls_of(found: list[dict[int, int]]) -> list[x509.CertificateRevocationList]:
    """Return CRLs that revoke these serial numbers so many days from now, the newest last."""
    return [
        a_crl({serial: NOW + timedelta(days=day) for serial, day in each.items()}, number=number)
        for number, each in enumerate(found, 7)
    ]


@given(st.lists(DAYS, max_size=3))
def test_the_first_of_several_revocations_counts(found: list[dict[int, int]]) -> None:
    of_ca = crls_of(found)
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


@given(st.lists(DAYS, max_size=3))
def test_the_next_crl_of_a_name_has_all_that_the_ones_before_have(
    found: list[dict[int, int]],
) -> None:
    of_ca, issuer = crls_of(found), an_issuer()
    newest = {serial: day for each in found for serial, day in each.items()}
    dates = {serial: NOW + timedelta(days=day) for serial, day in newest.items()}
    same = following(issuer, of_ca, NOW)
    more = revoke(issuer, of_ca, 99, UNSPECIFIED, NOW)
    assert number_of(same) == number_of(more) == (len(found) + 7 if found else 1)
    assert revocations([same]) == dates
    assert revocations([more]) == dates | {99: NOW}


def test_what_a_delta_crl_releases_is_not_revoked_by_it() -> None:
    leaf = a_certificate(key=LEAF_KEY, by=(CA.subject, CA_KEY))
    reasons = {leaf.serial_number: x509.ReasonFlags.remove_from_crl, 5: COMPROMISED}
    entries = [crls.entry(serial, NOW, x509.CRLReason(reasons[serial])) for serial in reasons]
    delta = [(x509.DeltaCRLIndicator(1), True)]
    crl = x509.load_pem_x509_crl(crls.made_elsewhere(CA, CA_KEY, entries=entries, extensions=delta))
    assert not [*revoked(leaf, [crl], "f")]
    assert revocations([crl]) == {5: NOW}


def test_only_an_error_is_a_reason_to_refuse() -> None:
    warning = Finding("soon", "It expires soon.", severity="warning")
    require([warning])
    with pytest.raises(RefusedError, match=r"^It expired\.$") as caught:
        require([warning, Finding("expired", "It expired.", "Renew it."), Finding("key", "Weak.")])
    assert (caught.value.rule, caught.value.hint) == ("expired", "Renew it.")
