"""TLS 1.3 with a certificate on both sides, by Python's ``ssl``; the bytes never leave memory."""

import ssl
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.interop.conftest import HOST, TLS_KINDS

every_kind = pytest.mark.parametrize("kind", TLS_KINDS)
UNTRUSTED = "unable to get local issuer|self.signed certificate in certificate chain"


def server_of(depot: Path) -> ssl.SSLContext:
    """Return a server that demands a certificate."""
    context = _trusting(depot, ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(depot / "server.crt", depot / "server.key")
    return context


def client_of(depot: Path, certificate: Path | None = None, name: str = "client") -> ssl.SSLContext:
    """Return a client with the certificate of ``name``, or that in a file of its own."""
    context = _trusting(depot, ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(certificate or depot / f"{name}.crt", depot / f"{name}.key")
    return context


def _trusting(depot: Path, protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(depot / "Root.crt")
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str = HOST) -> str:
    """Return the certificate that the server sees, once the client has read what it sent."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(down, up, server_hostname=host)
    far = server.wrap_bio(up, down, server_side=True)
    shaking = [near, far]
    for _ in range(5):  # three flights are enough
        for end in tuple(shaking):
            try:
                end.do_handshake()
                shaking.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not shaking
    far.write(b"welcome")
    assert near.read() == b"welcome"
    assert near.version() == "TLSv1.3"
    seen = far.getpeercert(binary_form=True)
    assert seen
    return ssl.DER_cert_to_PEM_cert(seen)


@every_kind
def test_both_sides_accept_each_other(pki: Path) -> None:
    seen = handshake(server_of(pki), client_of(pki))
    assert seen == (pki / "client.crt").read_text()


@every_kind
def test_a_client_below_an_intermediate_is_accepted_by_who_trusts_the_root(
    pki: Path, below: Path
) -> None:
    seen = handshake(server_of(pki), client_of(pki, below, "below"))
    assert seen == (pki / "below.crt").read_text()


def test_a_client_that_leaves_out_its_intermediate_is_refused(pki: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=UNTRUSTED):
        handshake(server_of(pki), client_of(pki, name="below"))


@every_kind
def test_a_client_of_another_ca_of_the_same_name_is_refused(pki: Path, stranger: Path) -> None:
    client = client_of(stranger)
    client.load_verify_locations(pki / "Root.crt")
    with pytest.raises(ssl.SSLCertVerificationError, match=UNTRUSTED):
        handshake(server_of(pki), client)


@every_kind
def test_a_server_of_another_ca_of_the_same_name_is_refused(pki: Path, stranger: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=UNTRUSTED):
        handshake(server_of(stranger), client_of(pki))


@pytest.mark.parametrize("host", [HOST, "www.example.com", "127.0.0.1", "::1"])
def test_a_server_is_known_by_each_of_its_alternative_names(pki: Path, host: str) -> None:
    handshake(server_of(pki), client_of(pki), host)


@pytest.mark.parametrize("host", ["other.example.com", "server", "127.0.0.2"])
def test_a_server_is_known_by_no_other_name(pki: Path, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(server_of(pki), client_of(pki), host)


@every_kind
def test_a_server_that_looks_into_the_crl_accepts_the_client(pki: Path) -> None:
    server = server_of(pki)
    server.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get certificate CRL"):
        handshake(server, client_of(pki))
    server.load_verify_locations(pki / "Root.crl")
    handshake(server, client_of(pki))


def test_an_encrypted_key_is_opened_with_its_passphrase(
    pki: Path, certstrap: CommandLine, folder: Path
) -> None:
    certstrap(
        "export-pkcs8", "--key", str(pki / "client.key"), "--output", "client.key", "--encrypt",
        "--passphrase", "secret",
    )  # fmt: skip
    client = _trusting(pki, ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLError, match="PEM lib"):
        client.load_cert_chain(pki / "client.crt", folder / "client.key", "wrong")
    client.load_cert_chain(pki / "client.crt", folder / "client.key", "secret")
    handshake(server_of(pki), client)
