"""Servers: the names that clients ask for, and whether a certificate serves one of them.

Clients judge it as rustls (webpki) and Go (crypto/x509) do, and where the two differ, as the
stricter one: both ignore the common name, webpki also refuses certificates before version 3, those
of CAs, a wildcard before a single label, and an extended key usage that allows any purpose but does
not name server authentication. With ring, it knows no key and no signature beyond P-384.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from certstrap.errors import CertstrapError, InvalidNameError
from certstrap.pki.decode import LoadedCertificate, extension, is_ca, names_of
from certstrap.pki.findings import Finding
from certstrap.pki.keys import kind_of
from certstrap.pki.names import is_address, parse_domain
from certstrap.text import quoted

_REFUSED_CURVES = {"P-224", "P-521"}  # rustls with ring has neither, and TLS 1.3 no P-224
_REFUSED_SIGNATURES = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA224,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    SignatureAlgorithmOID.ED448,
}
_LARGEST_RSA = 8192  # bits, of Go and of ring
_MOST_INTERMEDIATES = 6  # of webpki
_OTHER_CA = "Let a CA with a P-256 key issue the server's certificate."


def parse_server_name(text: str) -> str:
    """Return ``text`` if it is a name that a client can ask for: a domain or an IP address.

    Raises:
        InvalidNameError: it is something else, such as a URL or an address with a port.
    """
    try:
        return _domain_or_address(text)
    except CertstrapError as error:
        host = host_in(text)
        hint = f"Write only the name: {host}" if host else error.hint
        raise InvalidNameError("server name", text, "is not a host name", hint) from None


def host_in(text: str) -> str:
    """Return the host in a URL, or in an address with a port; empty if there is none."""
    if text.isprintable():  # `urlsplit` removes some characters that are not
        with suppress(ValueError, CertstrapError):
            host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
            return _domain_or_address(host.removesuffix("."))
    return ""


def _domain_or_address(text: str) -> str:
    with suppress(ValueError):
        return str(ip_address(text))
    return parse_domain(text, wildcard=False)


def serves(certificate: x509.Certificate, name: str, source: str) -> Iterator[Finding]:
    """Yield why clients that ask for ``name`` refuse a server with ``certificate``.

    Whether it is valid now, and whose it is, is for others to judge. The name is what
    `parse_server_name` returns.
    """
    if not _is_for(certificate, name):
        option = "--ip" if is_address(name) else "--domain"
        hint = f"Issue the server a certificate with {option} {name}."
        yield Finding("server-name", _not_for(certificate, name, source), hint)
    if not _permits_servers(certificate):
        yield Finding(
            "server-usage",
            f"{source} is not for servers: its extended key usage does not include them.",
            "Issue the server a certificate with --profile server.",
        )
    if certificate.version != x509.Version.v3:
        number = certificate.version.value + 1
        yield Finding(
            "server-version",
            f"{source} is X.509 version {number}, and clients need version 3.",
            "Issue the server another certificate.",
        )
    kind = kind_of(certificate.public_key())
    if kind and (kind.curve in _REFUSED_CURVES or kind.bits > _LARGEST_RSA):
        yield Finding(
            "server-key",
            f"{source} has a key of kind {kind}, and some clients refuse it as a server's.",
            "Issue the server a certificate with a P-256 key.",
        )
    yield from _signature(certificate, source)
    if is_ca(certificate):
        yield Finding(
            "server-ca",
            f"{source} is a CA's certificate, and some clients refuse it as a server's.",
            "Issue the server a certificate of its own.",
        )


def above_server(path: Sequence[LoadedCertificate]) -> Iterator[Finding]:
    """Yield why clients refuse a server because of the CAs above it.

    ``path`` is its certificate, its intermediates, and the CA that the client trusts.
    """
    for ca in path[1:]:
        kind = kind_of(ca.certificate.public_key())
        if kind and kind.curve in _REFUSED_CURVES:
            yield Finding(
                "server-ca-key",
                f"{ca.source} has a key of kind {kind}, and some clients refuse what it signed.",
                _OTHER_CA,
            )
    for ca in path[1:-1]:  # of the CA that they trust, clients take the name and the key alone
        yield from _signature(ca.certificate, ca.source)
        if not _permits_servers(ca.certificate):
            yield Finding(
                "server-ca-usage",
                f"{ca.source} is not for servers: its extended key usage does not include them.",
                "Let a CA without an extended key usage issue the server's certificate.",
            )
    count = len(path[1:-1])
    if count > _MOST_INTERMEDIATES:
        yield Finding(
            "server-path",
            f"{path[0].source} is below {count} intermediate CAs, and some clients allow "
            f"{_MOST_INTERMEDIATES}.",
            "Let a CA nearer to the root issue the server's certificate.",
        )


def _signature(certificate: x509.Certificate, source: str) -> Iterator[Finding]:
    if certificate.signature_algorithm_oid in _REFUSED_SIGNATURES:
        yield Finding(
            "server-signature", f"{source} has a signature that some clients refuse.", _OTHER_CA
        )


def _permits_servers(certificate: x509.Certificate) -> bool:
    usage = extension(certificate, x509.ExtendedKeyUsage)
    return not usage or ExtendedKeyUsageOID.SERVER_AUTH in usage


def is_for_server(certificate: x509.Certificate) -> bool:
    """Return whether a certificate is for a server: it may be one's, and has names for one."""
    return _permits_servers(certificate) and bool(served_names(certificate))


def served_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names that clients compare: domains and IP addresses, not the common name."""
    names = names_of(certificate)
    return (*names.domains, *map(str, names.addresses))


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    names = names_of(certificate)
    with suppress(ValueError):
        return ip_address(name) in names.addresses
    return any(_matches(name, each) for each in names.domains)


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name is what a certificate has; ``*`` stands for one label (RFC 6125)."""
    if pattern.startswith("*.") and pattern.count(".") > 1:
        name = re.sub(r"^[^.]+", "*", name)
    return name.lower() == pattern.lower()


def _not_for(certificate: x509.Certificate, name: str, source: str) -> str:
    found = served_names(certificate)
    if name in found:
        return f"{source} has {quoted(name)} as a domain, and clients look for an IP address."
    if found:
        return f"{source} is for {', '.join(map(quoted, found))}, not for {quoted(name)}."
    return f"{source} has no alternative names, and clients ignore its common name."
