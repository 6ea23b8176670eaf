"""A CA that has expired or is weak signs nothing any more, and still revokes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.keys import P256
from tests.builders import crls, foreign, pairs
from tests.builders.depots import NEW_KEY
from tests.builders.keys import an_rsa_key
from tests.cli.shell import bash
from tests.conftest import NOW, CommandLine

NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def store_leaf(name: str, leaf: pairs.Pair) -> None:
    foreign.write(Path.cwd() / f"out/{name}.crt", leaf.pem, 0o444)


def revoke_with(
    certstrap: CommandLine, ca: pairs.Pair, leaf: pairs.Pair
) -> x509.CertificateRevocationList:
    ca.store("Old")
    store_leaf("client", leaf)
    outcome = certstrap("revoke", "--CN", "client", "--CA", "Old")
    assert outcome.stdout == "Updated out/Old.crl: 1 revoked certificate\n"
    crl = crls.load(Path("out/Old.crl"))
    assert crls.serials(Path("out/Old.crl")) == [leaf.certificate.serial_number]
    assert crl.is_signature_valid(ca.key.public_key())
    assert crl.last_update_utc == NOW
    return crl


def test_an_expired_ca_revokes_and_its_crl_does_not_end_before_it_begins(
    certstrap: CommandLine,
) -> None:
    ca = pairs.ca(subject="Old", end=NOW - timedelta(days=30))
    crl = revoke_with(certstrap, ca, pairs.leaf(ca))
    assert crl.next_update_utc == NEVER


def test_the_crl_of_a_ca_that_has_not_expired_ends_with_it(certstrap: CommandLine) -> None:
    ca = pairs.ca(subject="Old", end=NOW + timedelta(seconds=1))
    crl = revoke_with(certstrap, ca, pairs.leaf(ca))
    assert crl.next_update_utc == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("end", [NOW + timedelta(days=1), NOW - timedelta(days=1)])
def test_a_weak_ca_revokes(certstrap: CommandLine, end: datetime) -> None:
    ca = pairs.ca(subject="Old", key=an_rsa_key(1024), end=end)
    revoke_with(certstrap, ca, pairs.leaf(ca))


def test_a_second_revocation_of_an_expired_ca_keeps_the_first(certstrap: CommandLine) -> None:
    ca = pairs.ca(subject="Old", end=NOW - timedelta(days=30))
    first, second = pairs.leaf(ca), pairs.leaf(ca, "second")
    revoke_with(certstrap, ca, first)
    store_leaf("second", second)
    certstrap("revoke", "--CN", "second")
    serials = crls.serials(Path("out/Old.crl"))
    assert serials == [first.certificate.serial_number, second.certificate.serial_number]
    assert crls.number(Path("out/Old.crl")) == 2


def test_openssl_reads_the_crl_of_an_expired_ca(certstrap: CommandLine) -> None:
    ca = pairs.ca(subject="Old", end=NOW - timedelta(days=30))
    revoke_with(certstrap, ca, pairs.leaf(ca))
    done = bash("openssl crl -in out/Old.crl -noout -lastupdate -nextupdate")
    assert done.lines == [
        "lastUpdate=Nov 23 12:00:00 2026 GMT",
        "nextUpdate=Dec 31 23:59:59 9999 GMT",
    ]


@pytest.mark.parametrize("ca", ["expired", "weak"])
def test_such_a_ca_still_signs_nothing(certstrap: CommandLine, ca: str) -> None:
    pair = (
        pairs.ca(subject="Old", end=NOW - timedelta(days=30))
        if ca == "expired"
        else pairs.ca(subject="Old", key=an_rsa_key(1024))
    )
    pair.store("Old")
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    sentence = {"expired": "out/Old.crt expired on", "weak": "an RSA key of 1024 bits"}[ca]
    certstrap.refuses("sign", "client", "--CA", "Old", sentence=sentence)


def test_a_key_that_is_not_the_cas_revokes_nothing(certstrap: CommandLine) -> None:
    ca = pairs.ca(subject="Old", end=NOW - timedelta(days=30))
    foreign.store_ca(Path.cwd() / "out", "Old", it=ca.certificate, key=P256.generate())
    store_leaf("client", pairs.leaf(ca))
    certstrap.refuses("revoke", "--CN", "client", sentence="out/Old.key is not the key of")
