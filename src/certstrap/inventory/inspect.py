"""What a file is, and whether the files of one name belong together."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from cryptography import x509

from certstrap import files, pem
from certstrap.certificates import crl as crls
from certstrap.certificates import rules
from certstrap.certificates.signatures import is_signed_by
from certstrap.depot import CERTIFICATE, CRL, KEY, REQUEST, Authority, Depot, Entry
from certstrap.depot.chain import revoked
from certstrap.depot.compromised import compromised
from certstrap.errors import CertstrapError, LaxModeError
from certstrap.inventory import objects
from certstrap.inventory.issuers import Issuers
from certstrap.inventory.objects import KeyObject, Object
from certstrap.keys import Passphrase, PublicKey

OWN = {
    CERTIFICATE: pem.CERTIFICATE,
    REQUEST: pem.REQUEST,
    KEY: pem.PRIVATE_KEY,
    CRL: pem.CRL,
}
"""The files that are shown of a name, in that order, and what they hold."""


class Inspected(NamedTuple):
    """An object, and what the depot knows of it.

    Attributes:
        object: the object.
        issuer: the CA of the depot that issued the certificate, or signed the CRL.
        problems: what is wrong with it, in sentences.
    """

    object: Object
    issuer: Authority | None = None
    problems: tuple[str, ...] = ()


class Inspection(NamedTuple):
    """What was found under a name, or in a file.

    Attributes:
        name: the name or the path.
        found: the objects.
        together: whether certificate, request and key belong together; None if that is not known.
        sentence: that in a sentence; empty if there is nothing to compare.
    """

    name: str
    found: tuple[Inspected, ...]
    together: bool | None = None
    sentence: str = ""


class Inspector:
    """Looks at files, with what a depot knows of them.

    Attributes:
        depot: the depot.
        now: the instant at which things are valid, or not.
    """

    def __init__(
        self,
        depot: Depot,
        now: datetime,
        key_passphrase: Passphrase,
        pkcs12_passphrase: Passphrase,
    ) -> None:
        self.depot, self.now = depot, now
        self._passphrases = key_passphrase, pkcs12_passphrase

    def data(self, data: bytes, source: str) -> Inspection:
        """Return what is in ``data``, which came from ``source``.

        Raises:
            CertstrapError: see `objects.read`.
        """
        found = objects.read(data, source, *self._passphrases)
        return Inspection(source, tuple(map(self._inspected, found)))

    def entry(self, entry: Entry) -> Inspection:
        """Return what the files of an entry are, and whether they belong together."""
        found: list[Inspected] = []
        parts: list[Object] = []
        for suffix, kind in OWN.items():
            if entry.has(suffix):
                file = list(self._file(entry, suffix))
                found += file
                if suffix != CRL:
                    parts.append(next(each.object for each in file if each.object.kind == kind))
        together, sentence = _together(parts)
        return Inspection(entry.stem, tuple(found), together, sentence)

    def _file(self, entry: Entry, suffix: str) -> Iterator[Inspected]:
        path, kind = entry.path(suffix), OWN[suffix]
        lax = ""
        try:
            try:
                data = entry.read(suffix)
            except LaxModeError as error:
                lax, data = str(error), files.read(path, kind)
            pem.find(data, kind, path)  # whether it holds what its name says
            read = objects.read(data, path, *self._passphrases)
        except CertstrapError as error:
            yield Inspected(Object(path, kind, None, str(error)), None, (str(error),))
            return
        for number, each in enumerate(map(self._inspected, read)):
            problems = (lax, *each.problems) if lax and not number else each.problems
            yield each._replace(problems=problems)

    @cached_property
    def _issuers(self) -> Issuers[Authority]:
        return Issuers(self.depot.authorities)

    def _inspected(self, found: Object) -> Inspected:
        problems = [found.problem] if found.problem else []
        match found.value:
            case x509.Certificate() as certificate:
                issuer = self._issuers.of(certificate)
                problems = [*self._of_certificate(found, issuer), *self._compromised(found)]
                return Inspected(found, issuer, tuple(problems))
            case x509.CertificateSigningRequest() as request:
                problems = _sentences(rules.request_itself(request, found.source))
            case x509.CertificateRevocationList() as crl:
                problems = _sentences(crls.current(crl, self.now, found.source))
                return Inspected(found, self._signer(crl), tuple(problems))
            case KeyObject(malformed=True):
                problems = [MALFORMED.format(found.source)]
            case KeyObject(private=private) if private:
                problems = _sentences(rules.strong_key(private.public_key(), found.source))
        return Inspected(found, None, (*problems, *self._compromised(found)))

    def _compromised(self, found: Object) -> Iterator[str]:
        """Yield whether the key of an object is compromised."""
        key, source = found.public_key, found.source
        if isinstance(key, PublicKey):
            try:
                yield from _sentences(compromised(self.depot, key, source))
            except CertstrapError as error:
                yield f"It is not known whether the key of {source} is compromised: {error}"

    def _of_certificate(self, found: Object, issuer: Authority | None) -> Iterator[str]:
        certificate, source = found.value, found.source
        assert isinstance(certificate, x509.Certificate)  # noqa: S101 - the caller has looked
        yield from _sentences(rules.valid(certificate, self.now, source, ""))
        yield from _sentences(rules.strong_key(certificate.public_key(), source))
        if issuer and issuer.certificate != certificate:
            try:
                chain = [certificate, issuer.certificate]
                yield from _sentences(revoked(self.depot, chain, source))
            except CertstrapError as error:
                yield f"It is not known whether {source} is revoked: {error}"

    def _signer(self, crl: x509.CertificateRevocationList) -> Authority | None:
        signers = (
            ca
            for ca in self.depot.authorities
            if ca.certificate.subject == crl.issuer and is_signed_by(crl, ca.certificate)
        )
        return next(signers, None)


MALFORMED = (
    "{} has the malformed encoding of certstrap 1.3.0: this program reads it, and others do not."
)


def _sentences(violations: Iterable[rules.Violation]) -> list[str]:
    return [violation.sentence for violation in violations]


def _together(parts: list[Object]) -> tuple[bool | None, str]:
    """Return whether the certificate, the request and the key of one name have the same key."""
    known = [part for part in parts if part.public_key is not None]
    unknown = [part.source for part in parts if part.public_key is None]
    if len(parts) < 2 or not known:  # noqa: PLR2004 - there is nothing to compare
        return None, ""
    others = [part.source for part in known[1:] if part.public_key != known[0].public_key]
    if others:
        verb = "do" if len(others) > 1 else "does"
        return False, (
            f"{_listed(others)} {verb} not belong to {known[0].source}: the keys are not the same."
        )
    if unknown:
        return None, f"{_listed(unknown)} cannot be compared with {known[0].source}."
    return True, f"{_listed([part.source for part in parts])} belong together."


def _listed(words: list[str]) -> str:
    *firsts, last = words
    return f"{', '.join(firsts)} and {last}" if firsts else last
