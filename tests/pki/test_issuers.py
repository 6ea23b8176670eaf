"""Who signed an object, by the key alone; who issued a certificate, and the paths to its roots."""

from datetime import timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.decode import comparable_name
from certstrap.pki.issuers import MOST_PATHS, Issuers, is_signed_by
from certstrap.pki.keys import P256, PrivateKey
from tests.builders.certificates import a_certificate, a_name
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY, a_key
from tests.conftest import NOW

_SHA256, _SHA384 = (bytes.fromhex(f"06082a8648ce3d04030{n}") for n in (2, 3))  # with ECDSA


def test_two_algorithms_in_one_certificate_are_no_signature() -> None:
    ca = a_certificate(key=a_key(P256))
    der = ca.public_bytes(Encoding.DER)
    assert der.count(_SHA256) == 2
    at = der.rindex(_SHA256)
    changed = x509.load_der_x509_certificate(der[:at] + _SHA384 + der[at + len(_SHA384) :])
    assert is_signed_by(ca, ca)
    assert not is_signed_by(changed, ca)


class Named(NamedTuple):
    """A CA in the index."""

    certificate: x509.Certificate
    name: str


def a_ca(
    subject: str, key: PrivateKey, by: tuple[str, PrivateKey] | None = None, days: int = 100
) -> x509.Certificate:
    issuer = (a_name(by[0]), by[1]) if by else None
    end = NOW + timedelta(days=days)
    return a_certificate(subject=a_name(subject), key=key, by=issuer, end=end)


def paths(issuers: Issuers[Named], certificate: x509.Certificate) -> list[str]:
    return [" ".join(ca.name for ca in path) for path in issuers.paths(certificate)]


ROOT, MIDDLE = CA_KEY, OTHER_KEY


def test_the_shortest_path_to_a_root_is_the_path() -> None:
    root = Named(a_ca("Root", ROOT), "root")
    other = Named(a_ca("Other", LEAF_KEY), "other")
    long = Named(a_ca("Int", MIDDLE, ("Lost", LEAF_KEY), days=300), "long")
    short = Named(a_ca("Int", MIDDLE, ("Root", ROOT)), "short")
    issuers = Issuers([long, root, other, short])
    leaf = a_certificate(subject=a_name("leaf"), key=LEAF_KEY, by=(a_name("Int"), MIDDLE))
    assert paths(issuers, leaf) == ["long", "short root"]
    assert [ca.name for ca in issuers.path(leaf)] == ["short", "root"]
    assert issuers.path(root.certificate) == ()
    assert [ca.name for ca in Issuers([long]).path(leaf)] == ["long"]


def test_of_a_ca_that_was_renewed_the_certificate_that_expires_last_comes_first() -> None:
    old, new = (Named(a_ca("Root", ROOT, days=days), str(days)) for days in (10, 20))
    leaf = a_certificate(subject=a_name("leaf"), key=LEAF_KEY, by=(a_name("Root"), ROOT))
    assert [ca.name for ca in Issuers([old, new]).of(leaf)] == ["20", "10"]
    assert [ca.name for ca in Issuers([old, new]).of(old.certificate)] == ["10", "20"]


def test_names_compare_byte_by_byte_or_as_rfc_5280_has_it() -> None:
    root = Named(a_ca("The  Root", ROOT), "root")
    leaf = a_certificate(subject=a_name("leaf"), key=LEAF_KEY, by=(a_name("the root"), ROOT))
    assert not any(Issuers([root]).of(leaf))
    assert any(Issuers([root], comparable_name).of(leaf))


def test_one_certificate_in_two_files_is_one_ca_of_a_path() -> None:
    root = a_ca("Root", ROOT)
    leaf = a_certificate(subject=a_name("leaf"), key=LEAF_KEY, by=(a_name("Root"), ROOT))
    issuers = Issuers([Named(root, "first"), Named(root, "second")])
    assert paths(issuers, leaf) == ["first"]
    assert [ca.name for ca in issuers.of(leaf)] == ["first", "second"]


def test_cas_that_signed_each_other_have_few_paths_and_still_lead_to_the_root() -> None:
    keys = [P256.generate() for _ in range(6)]
    cas = [
        Named(a_ca(f"CA {number}", key, (f"CA {by}", keys[by])), f"{number} by {by}")
        for number, key in enumerate(keys)
        for by in range(len(keys))
        if by != number
    ]
    root = Named(a_ca("Root", ROOT), "root")
    crossed = Named(a_ca("CA 5", keys[5], ("Root", ROOT)), "5 by root")
    leaf = a_certificate(subject=a_name("leaf"), key=LEAF_KEY, by=(a_name("CA 0"), keys[0]))
    issuers = Issuers([*cas, crossed, root])
    assert [ca.name for ca in issuers.path(leaf)] == ["0 by 5", "5 by root", "root"]
    assert len(paths(issuers, leaf)) <= MOST_PATHS + len(cas)
