"""The package as a library: ``from certstrap import Depot``.

The methods of a `Depot` do what the commands of the same names do, by the same functions. They
return values, raise `certstrap.CertstrapError`, and neither print nor ask. A certificate in what
they return is an `x509.Certificate` of the package ``cryptography``.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.context import Context, utc_now
from certstrap.errors import CertstrapError
from certstrap.inventory.status import Status, look
from certstrap.inventory.verify import Verdict, Verifier, read_certificates
from certstrap.operations.ca import NewCA, create_ca
from certstrap.operations.issue import DEFAULT_EXPIRY, IssueRequest, issue
from certstrap.operations.passphrase import change_passphrase
from certstrap.operations.renew import Renewed, RenewOptions, renew
from certstrap.operations.request import request_certificate
from certstrap.operations.revoke import Revoked, revoke
from certstrap.operations.sign import sign_request
from certstrap.pki.crl import reason_of
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.keys import KeySpec
from certstrap.pki.name_constraints import NONE, Subtrees, constraints
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.pki.profiles import CAProfile, LeafProfile, profile_of
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.pki.validity import Expiry
from certstrap.session import Passphrases, Session
from certstrap.store import depot as store
from certstrap.store.depot import CERTIFICATE, KEY, Entry, Name
from certstrap.store.transaction import Transaction
from certstrap.temporal.bundle import of_depot
from certstrap.temporal.check import CheckOptions, Report, check
from certstrap.temporal.inputs import Sources

__all__ = ["CertstrapError", "Depot", "Issued", "Subject", "Subtrees", "URLs"]


class Issued(NamedTuple):
    """A certificate of the depot, and where its files are.

    Attributes:
        certificate: the certificate.
        chain: it and the CAs above it that are no roots, as a TLS server or client sends them.
        certificate_path: its file.
        key_path: the file of its private key, or empty if the depot does not have it.
    """

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    certificate_path: str
    key_path: str

    @property
    def pem(self) -> bytes:
        """The chain as PEM."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    def key_pem(self) -> bytes:
        """Return the private key as it is in its file.

        Raises:
            OSError: it cannot be read, or the depot does not have it.
        """
        with open(self.key_path, "rb") as file:
            return file.read()


class Depot:
    """A depot: one folder with CAs, keys, requests and certificates.

    Several processes, this one and `certstrap` on the command line among them, can use one folder
    at the same time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "out",
        *,
        passphrase: str | bytes = b"",
        pin: str | bytes = b"",
        pkcs11_module: str = "",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Use a folder, which the first method that creates something makes if it does not exist.

        Args:
            path: the folder.
            passphrase: opens keys that are encrypted, and encrypts new ones, except those that
                `issue` creates for clients; without it, new keys are not encrypted.
            pin: of the token that has the key of a CA, if one has.
            pkcs11_module: the module of that token, if neither the URI of the key names one nor
                p11-kit knows it.
            now: returns the present instant, in UTC and whole seconds.
        """
        self.path = os.fspath(path)
        self._secret = os.fsencode(passphrase)
        self._pin, self._module = os.fsencode(pin), pkcs11_module
        self._now = now

    @classmethod
    @contextmanager
    def temporary(cls, *, now: Callable[[], datetime] = utc_now) -> Iterator["Depot"]:
        """Yield a depot that is gone after the block; in memory, where the system has a place."""
        memory = "/dev/shm"  # noqa: S108 - a new folder in it, for this user alone
        place = memory if os.access(memory, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="certstrap-", dir=place) as folder:
            yield cls(os.path.join(folder, "out"), now=now)

    def init(
        self,
        name: str,
        *,
        curve: str = "",
        key_bits: int = 0,
        expires: str = "18 months",
        path_length: int | None = 0,
        permitted: Subtrees = NONE,
        excluded: Subtrees = NONE,
        subject: Subject | None = None,
        urls: URLs = NO_URLS,
    ) -> Issued:
        """Create a root CA: its key, its certificate and an empty CRL.

        Args:
            name: its name, and common name.
            curve: of its key, such as ``P-256`` or ``Ed25519``; else the key is RSA.
            key_bits: the size of an RSA key; 4096 if it is 0.
            expires: a length of time, as in ``90d``, or the last day, as in ``2027-12-31``.
            path_length: how many intermediates may be below it; None for any number.
            permitted: the only names of these kinds that it may sign.
            excluded: names that it may not sign.
            subject: its distinguished name, if that is more than a common name.
            urls: those in all that it signs.
        """
        session, whose = self._session(), Name.parse(name)
        spec = KeySpec.of(key_bits or (0 if curve else 4096), curve)
        profile = CAProfile.of(path_length, constraints(permitted, excluded))
        holder, expiry = subject or Subject.of(whose.common_name), Expiry.parse(expires)

        def steps(new: Transaction) -> NewCA:
            entry = session.depot.place(whose, ca=True)
            return create_ca(session, new, entry, holder, spec, profile, expiry, URLs.of(*urls))

        return self._issued(session, session.transact(steps, creates=True).ca.entry)

    def issue(
        self,
        name: str,
        *,
        ca: str = "",
        curve: str = "",
        key_bits: int = 0,
        expires: str = "",
        domains: Iterable[str] = (),
        ips: Iterable[str] = (),
        uris: Iterable[str] = (),
        profile: str = "",
        subject: Subject | None = None,
        key_passphrase: str | bytes = b"",
        urls: URLs = NO_URLS,
    ) -> Issued:
        """Create whatever is missing for a certificate; what exists is used as it is.

        Args:
            name: its name, and common name.
            ca: the CA that signs, if the depot has several; a new one is called ``Cert``.
            curve: of new keys, such as ``P-256``; else they are RSA.
            key_bits: the size of a new RSA key; 2048 if it is 0.
            expires: as in `init`, and no later than its CA; 2 years if it is empty.
            domains: its DNS names.
            ips: its IP addresses.
            uris: its URIs.
            profile: what it is for: ``client``, ``server`` or, if empty, both.
            subject: its distinguished name, in which the common name is not used.
            key_passphrase: encrypts its new key, which most clients then cannot load; without it,
                that key is not encrypted.
            urls: those in it; of each kind that is empty, those of its CA.
        """
        session = self._session(os.fsencode(key_passphrase))
        wanted = IssueRequest(
            Name.parse(name),
            Name.parse(ca) if ca else None,
            AlternativeNames.parse(tuple(domains), tuple(ips), tuple(uris)),
            KeySpec.of(key_bits, curve) if curve or key_bits else None,
            Expiry.parse(expires) if expires else None,
            profile=LeafProfile.of(profile),
            subject=subject or Subject(),
            urls=URLs.of(*urls),
        )
        issued = session.transact(lambda new: issue(session, new, wanted), creates=True)
        return self._issued(session, issued.ready.entry)

    def request(
        self,
        name: str,
        *,
        curve: str = "",
        key_bits: int = 0,
        domains: Iterable[str] = (),
        ips: Iterable[str] = (),
        uris: Iterable[str] = (),
        subject: Subject | None = None,
    ) -> x509.CertificateSigningRequest:
        """Create a key and a request, which `sign` signs."""
        session, whose = self._session(), Name.parse(name)
        spec = KeySpec.of(key_bits or (0 if curve else 2048), curve)
        names = AlternativeNames.parse(tuple(domains), tuple(ips), tuple(uris))
        subject = subject or Subject.of(whose.common_name)
        requested = session.transact(
            lambda new: request_certificate(
                session, new, session.depot.place(whose), subject, names, spec
            ),
            creates=True,
        )
        return requested.request

    def sign(
        self,
        name: str,
        *,
        ca: str = "",
        request: str = "",
        expires: str = "",
        profile: str = "",
        intermediate: bool = False,
        path_length: int = 0,
        permitted: Subtrees = NONE,
        excluded: Subtrees = NONE,
        urls: URLs = NO_URLS,
    ) -> Issued:
        """Sign a request with a CA.

        Args:
            name: whose request it is, and where the certificate goes.
            ca: the CA that signs, if the depot has several.
            request: a file with the request, if it is not in the depot.
            expires: as in `issue`.
            profile: as in `issue`; of an intermediate, what it may sign.
            intermediate: whether the certificate is a CA's.
            path_length: how many intermediates may be below that.
            permitted: as in `init`, of an intermediate.
            excluded: as in `init`, of an intermediate.
            urls: as in `issue`.
        """
        session, whose = self._session(), Name.parse(name)
        issuer = Name.parse(ca) if ca else None
        limits = constraints(permitted, excluded)
        kind = profile_of(profile, path_length or None, limits, is_ca=intermediate)
        expiry, found = Expiry.parse(expires) if expires else DEFAULT_EXPIRY, URLs.of(*urls)
        session.transact(
            lambda new: sign_request(
                session, new, whose, issuer, kind, expiry, request_file=request, urls=found
            )
        )
        return self._issued(session, session.depot.find(whose, CERTIFICATE))

    def renew(self, *names: str, new_key: bool = False, expires: str = "") -> list[Renewed]:
        """Renew certificates: the same names, the same CA, new dates.

        Args:
            names: which ones.
            new_key: create new keys of the same kind.
            expires: as in `issue`; each is valid for as long as before if it is empty.
        """
        session = self._session()
        wanted = RenewOptions(new_key, Expiry.parse(expires) if expires else None)
        whose = [Name.parse(name) for name in names]
        return session.transact(lambda new: renew(session, new, whose, wanted)).renewed

    def revoke(self, certificate: str | int, *, ca: str = "", reason: str = "") -> Revoked:
        """Revoke a certificate: add it to the CRL of its CA.

        Args:
            certificate: its name, or its serial number.
            ca: the CA that issued it; otherwise that is found by its signature.
            reason: as RFC 5280, 5.3.1, names it: ``keyCompromise``, ``superseded``, ...
        """
        session = self._session()
        which = certificate if isinstance(certificate, int) else Name.parse(certificate)
        issuer, why = Name.parse(ca) if ca else None, reason_of(reason)
        return session.transact(lambda new: revoke(session, new, which, issuer, why))

    def passphrase(self, name: str, new: str | bytes) -> Sequence[str]:
        """Change the passphrase of a key, and return the files that were written.

        The passphrase of the depot opens it; use another `Depot` with the new one afterwards.

        Args:
            name: whose key it is.
            new: the new passphrase; the key is not encrypted if it is empty.
        """
        session, whose = self._session(), Name.parse(name)
        session.passphrases = session.passphrases._replace(new=lambda: os.fsencode(new))
        return session.transact(lambda new: change_passphrase(session, new, whose)).updated

    def status(self) -> Status:
        """Return what the depot contains, when it expires and what is wrong."""
        session = self._reading()
        return look(session.depot, session.now)

    def verify(self, name: str, *, at: datetime | None = None) -> Verdict:
        """Follow a certificate to its root, and return what is wrong with the chain, if anything.

        Args:
            name: the certificate.
            at: when everything must be valid; now if it is None.
        """
        session = self._reading()
        entry = session.depot.find(Name.parse(name), CERTIFICATE)
        data, path = entry.read(CERTIFICATE), entry.path(CERTIFICATE)
        found, lost = read_certificates(data, path, session.passphrases.opening_pkcs12)
        verdict = Verifier(session.depot, at or session.now).verify(name, found[0], found[1:])
        if lost and not verdict.is_good:
            raise lost
        return verdict

    def check(self, name: str, *, namespace: str = "") -> Report:
        """Check a certificate and its key against Temporal Cloud's rules, with a rehearsal.

        Args:
            name: the certificate.
            namespace: the Namespace, as in ``your-namespace.acct``, if that is to be checked too.
        """
        session, outside = self._reading(), Context()
        subject = Sources(session).entry(session.depot.find(Name.parse(name), CERTIFICATE))
        wanted = CheckOptions(namespace=namespace or None)
        return check(subject, wanted, session.now, outside.loopback, outside.connect)

    def bundle(self, *cas: str) -> bytes:
        """Return the CA file to upload to Temporal Cloud, as PEM; without names, of all CAs."""
        session = self._reading()
        return of_depot(session.depot, cas, session.now).pem

    def __getitem__(self, name: str) -> Issued:
        """Return a certificate of the depot.

        Raises:
            NotFoundError: the depot has none of that name.
        """
        session = self._reading()
        return self._issued(session, session.depot.find(Name.parse(name), CERTIFICATE))

    @staticmethod
    def _issued(session: Session, entry: Entry) -> Issued:
        certificate, *cas = session.depot.chain_of(entry.certificate())
        chain = (certificate, *(ca for ca in cas if not is_self_signed(ca)))
        key = entry.path(KEY) if entry.has(KEY) else ""
        return Issued(certificate, chain, entry.path(CERTIFICATE), key)

    def _reading(self) -> Session:
        session = self._session()
        session.depot.require()
        return session

    def _session(self, of_client: bytes | None = None) -> Session:
        """Return a session, in which a client's key may have a passphrase of its own."""

        def secret(_name: str = "") -> bytes:
            return self._secret

        passphrases = Passphrases(
            opening=lambda: of_client or self._secret,
            opening_ca=secret,
            new=lambda: self._secret if of_client is None else of_client,
            new_ca=secret,
            opening_named=secret,
            pin=lambda _token: self._pin,
            waits=False,
        )
        depot = store.DepotFolder(self.path)
        session = Session(depot, self._now(), passphrases, module=self._module)
        session.recover()
        return session
