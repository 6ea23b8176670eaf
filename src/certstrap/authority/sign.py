"""Sign a request with a CA of the depot."""

from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, files
from certstrap.authority.chain import issuers_of, require_not_revoked
from certstrap.authority.create import load_issuer
from certstrap.authority.key_source import Passphrases, create
from certstrap.certificates import Profile
from certstrap.depot import CERTIFICATE, KEY, REQUEST, Depot
from certstrap.errors import AlreadyExists, ChooseCA
from certstrap.files import PUBLIC_MODE, NewFile
from certstrap.issuer import Issuer
from certstrap.names import Name
from certstrap.validity import Expiry, Validity


class Signed(NamedTuple):
    """A certificate that was signed.

    Attributes:
        path: where it is.
        request_path: the request it was made from.
        ca_key_path: the key that signed it.
        certificate: the certificate.
        cut: whether it was asked to end after its CA, and ends with it.
        left_out: the extensions of the request that were not taken over.
    """

    path: str
    request_path: str
    ca_key_path: str
    certificate: x509.Certificate
    cut: bool
    left_out: tuple[str, ...]


def choose_ca(depot: Depot, ca: str, default: str = "") -> Name:
    """Return the CA of that name, or where it is empty the only one of the depot.

    Raises:
        ChooseCA: there is none and no ``default`` either, or more than one.
    """
    if ca:
        return Name(ca)
    found = depot.cas() or ([default] if default else [])
    if len(found) != 1:
        raise ChooseCA(depot.root, found)
    return Name(found[0])


def sign_request(
    depot: Depot,
    name: Name,
    ca: Name,
    profile: Profile,
    expiry: Expiry,
    passphrases: Passphrases,
    now: datetime,
    *,
    request_file: str = "",
    request_data: bytes | None = None,
    certificate_file: str | None = "",
) -> Signed:
    """Sign the request of ``name`` with ``ca``.

    Args:
        depot: where the CA is, and the request and the certificate, save what is named otherwise.
        name: whose request it is.
        ca: who signs.
        profile: what the certificate is for.
        expiry: its end, counted from ``now``; cut to the CA's.
        passphrases: asked if the CA's key is encrypted.
        now: the instant of signing.
        request_file: the request, if it is not in the depot.
        request_data: what is in it, if it is not to be read from there.
        certificate_file: where the certificate goes, if not into the depot; None for nowhere.

    Raises:
        AlreadyExists: the depot has a certificate of that name.
        NotAllowedToSign, Refused: the CA may not sign, or not this.
    """
    path = certificate_file or depot.path(name, CERTIFICATE)
    if certificate_file:
        files.require_free(certificate_file)
    elif certificate_file == "" and depot.has(name, CERTIFICATE):
        raise AlreadyExists("certificate", name.stem, path)
    end = expiry.after(now)
    if request_file:
        if request_data is None:
            request_data = files.read(request_file, "certificate request")
        request = certificates.load_request(request_data, request_file)
    else:
        request = depot.request(
            name, f'Make it with: certstrap request-cert --common-name "{name}"'
        )
    issuer = load_issuer(depot, ca, passphrases, now)
    certificate = certify(depot, issuer, request, profile, Validity.starting(now, end))
    if certificate_file is not None:
        create(depot, [certificate_as(path, certificate)], "certificate", name)
    return Signed(
        path,
        request_file or depot.path(name, REQUEST),
        depot.path(ca, KEY),
        certificate,
        is_cut(issuer, end),
        certificates.extensions_left_out(request, certificate),
    )


def certify(
    depot: Depot,
    issuer: Issuer,
    request: x509.CertificateSigningRequest,
    profile: Profile,
    validity: Validity,
) -> x509.Certificate:
    """Return the certificate for ``request``, if all CAs of the chain let it be signed."""
    ancestors = issuers_of(depot, issuer.certificate)
    for below, above in pairwise((issuer.certificate, *ancestors)):
        require_not_revoked(depot, below, f'The CA "{below.subject.rfc4514_string()}"', above)
    return certificates.sign(issuer, request, profile, validity, ancestors)


def certificate_as(path: str, certificate: x509.Certificate) -> NewFile:
    """Return ``certificate`` as the file at ``path``."""
    return NewFile(path, certificate.public_bytes(Encoding.PEM), PUBLIC_MODE)


def is_cut(issuer: Issuer, end: datetime) -> bool:
    """Tell whether a certificate that should end at ``end`` ends before, with its CA."""
    return end > issuer.validity.end
