"""Create a CA: its key, its certificate, its first CRL."""

from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, keys, revocation
from certstrap.authority.key_source import Generate, Passphrases, create, read_key
from certstrap.certificates import CAProfile
from certstrap.depot import CERTIFICATE, CRL, KEY, Depot
from certstrap.errors import AlreadyExists
from certstrap.files import KEY_MODE, PUBLIC_MODE, NewFile
from certstrap.issuer import Issuer
from certstrap.keys import KeySpec
from certstrap.names import Name, Subject
from certstrap.validity import Expiry, Validity


class NewCA(NamedTuple):
    """A CA that was created: the paths of its files, and its parts."""

    key_path: str
    certificate_path: str
    crl_path: str
    issuer: Issuer
    encrypted: bool


def create_ca(
    depot: Depot,
    name: Name,
    subject: Subject,
    key: KeySpec | str,
    profile: CAProfile,
    expiry: Expiry,
    passphrases: Passphrases,
    now: datetime,
    generate: Generate = KeySpec.generate,
) -> NewCA:
    """Create a root CA in ``depot``.

    Args:
        depot: where to.
        name: the name of its files.
        subject: its distinguished name.
        key: the kind of its new key, or a file with its key, which is copied into the depot.
        profile: its path length and permitted domains.
        expiry: its end, counted from ``now``.
        passphrases: asked for a key file that is encrypted; otherwise for the copy in the depot.
        now: the instant of its creation.
        generate: makes the key.

    Raises:
        AlreadyExists: there is a CA of that name, or a part of one.
    """
    ca, new = draft_ca(depot, name, subject, key, profile, expiry, passphrases, now, generate)
    create(depot, new, "CA", name)
    return ca


def draft_ca(
    depot: Depot,
    name: Name,
    subject: Subject,
    key: KeySpec | str,
    profile: CAProfile,
    expiry: Expiry,
    passphrases: Passphrases,
    now: datetime,
    generate: Generate,
) -> tuple[NewCA, list[NewFile]]:
    """Do what `create_ca` does, but for writing the files."""
    for suffix in (CERTIFICATE, KEY, CRL):
        if depot.has(name, suffix):
            raise AlreadyExists("CA", name.stem, depot.path(name, suffix))
    validity = Validity.starting(now, expiry.after(now))
    if isinstance(key, KeySpec):
        secret = passphrases.new()
        private = generate(key)
    else:
        private, secret = read_key(key, passphrases.opening)
        keys.require_strong(private.public_key(), key)
        secret = secret or passphrases.new()
    certificate = certificates.self_sign(private, subject, profile, validity)
    path = depot.path(name, CERTIFICATE)
    issuer = Issuer.of(certificate, path, now, lambda: private)
    crl = revocation.empty(issuer, now)
    ca = NewCA(depot.path(name, KEY), path, depot.path(name, CRL), issuer, bool(secret))
    return ca, [
        NewFile(ca.key_path, keys.dump(private, secret), KEY_MODE),
        NewFile(ca.certificate_path, certificate.public_bytes(Encoding.PEM), PUBLIC_MODE),
        NewFile(ca.crl_path, crl.public_bytes(Encoding.PEM), PUBLIC_MODE),
    ]


def load_issuer(depot: Depot, ca: Name, passphrases: Passphrases, now: datetime) -> Issuer:
    """Return the CA of that name, ready to sign.

    Raises:
        NotFound: its certificate or its key is not in the depot.
        NotAllowedToSign, Refused: as `Issuer.of` has it.
    """
    certificate = depot.certificate(
        ca, f'Check the name, or make it with: certstrap init --common-name "{ca}"'
    )
    path = depot.path(ca, CERTIFICATE)
    return Issuer.of(certificate, path, now, lambda: depot.key(ca, passphrases.opening_ca)[0])
