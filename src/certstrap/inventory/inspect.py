"""What a file is, as values that JSON has, and whether the files of one name belong together."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha1, sha256
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.errors import CertstrapError, LaxModeError
from certstrap.pki import crl as crls
from certstrap.pki import decode, parts, pem, revocation, rules
from certstrap.pki.decode import KeyObject, Object, extension, is_ca, path_length_of
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import Issuers, is_self_signed, signature_name
from certstrap.pki.key_files import Passphrase, TokenURI
from certstrap.pki.keys import KeySpec, PublicKey, kind_of
from certstrap.pki.names import name_text, oid_name
from certstrap.pki.parts import Readable, Signed
from certstrap.pki.profiles import KEY_USAGES, usage_name
from certstrap.pki.urls import URLs
from certstrap.store import files
from certstrap.store.depot import (
    CERTIFICATE,
    CRL,
    KEY,
    REQUEST,
    URLS,
    Authority,
    DepotFolder,
    Entry,
)
from certstrap.store.withdrawn import compromised, revoked
from certstrap.text import days_left, enumerated, serial_number, timestamp

Properties = dict[str, Any]

_KINDS_OF_NAMES: dict[type[x509.GeneralName], str] = {
    x509.DNSName: "dns",
    x509.IPAddress: "ip",
    x509.UniformResourceIdentifier: "uri",
    x509.RFC822Name: "email",
    x509.DirectoryName: "directory",
}
# NIST SP 800-57 part 1, table 2: bits of an RSA modulus, and of security.
_RSA_STRENGTHS = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_WELL_KNOWN = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.NameConstraints,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
)


_WITHOUT = {
    parts.SERIAL: ("serial",),
    parts.START: ("not_before",),
    parts.END: ("not_after", "days_left"),
    parts.SIGNATURE: ("signature",),
    parts.LAST_UPDATE: ("last_update",),
    parts.NEXT_UPDATE: ("next_update", "days_left"),
    x509.BasicConstraints.oid.dotted_string: ("ca", "path_length"),
    x509.KeyUsage.oid.dotted_string: ("key_usage",),
    x509.ExtendedKeyUsage.oid.dotted_string: ("extended_key_usage",),
    x509.SubjectAlternativeName.oid.dotted_string: ("names",),
    x509.NameConstraints.oid.dotted_string: ("permitted_names", "excluded_names"),
    x509.CRLDistributionPoints.oid.dotted_string: ("crl_urls",),
    x509.AuthorityInformationAccess.oid.dotted_string: ("ocsp_urls", "issuer_urls"),
    x509.SubjectKeyIdentifier.oid.dotted_string: ("subject_key_identifier",),
    x509.AuthorityKeyIdentifier.oid.dotted_string: ("authority_key_identifier",),
    x509.CRLNumber.oid.dotted_string: ("number",),
}
"""What cannot be told without a part of an object."""


def properties(of: Readable, now: datetime) -> Properties:
    """Return what can be read of an object; what is None cannot be read, or is not there."""
    match of.shown:
        case x509.Certificate() as certificate:
            found = certificate_properties(certificate, now)
            found["sha256"] = sha256(of.der).hexdigest()
            found["sha1"] = sha1(of.der, usedforsecurity=False).hexdigest()
            found["self_signed"] = found["self_signed"] if of.whole else None
        case x509.CertificateSigningRequest() as request:
            found = request_properties(request)
        case _:
            found = crl_properties(of.shown, now)
    for each in of.unreadable:
        match each.part:
            case parts.SUBJECT | parts.ISSUER:
                found[each.part] = parts.shown_name(of.raw[each.part])
            case parts.KEY:
                digest = sha256(of.raw[each.part]).hexdigest()
                found["key"] = {"kind": None, "strength": None, "sha256": digest}
        found |= dict.fromkeys(_WITHOUT.get(each.oid or each.part, ()))
    return found


def certificate_properties(certificate: x509.Certificate, now: datetime) -> Properties:
    """Return what a certificate says."""
    subject_key = extension(certificate, x509.SubjectKeyIdentifier)
    end = certificate.not_valid_after_utc
    return {
        "subject": name_text(certificate.subject),
        "issuer": name_text(certificate.issuer),
        "self_signed": is_self_signed(certificate),
        "serial": serial_number(certificate.serial_number),
        "not_before": timestamp(certificate.not_valid_before_utc),
        "not_after": timestamp(end),
        "days_left": days_left(end, now),
        **_common(certificate),
        "subject_key_identifier": subject_key.digest.hex() if subject_key else None,
        "authority_key_identifier": _authority(certificate),
    }


def request_properties(request: x509.CertificateSigningRequest) -> Properties:
    """Return what a certificate request asks for."""
    return {"subject": name_text(request.subject), **_common(request)}


def _common(of: x509.Certificate | x509.CertificateSigningRequest) -> Properties:
    usage = extension(of, x509.KeyUsage)
    usages = extension(of, x509.ExtendedKeyUsage)
    constraints = extension(of, x509.NameConstraints)
    urls = URLs.in_(of)
    return {
        "names": _names(extension(of, x509.SubjectAlternativeName) or ()),
        "key": key_properties(of.public_key()),
        "signature": signature_name(of),
        "ca": is_ca(of),
        "path_length": path_length_of(of),
        "key_usage": [
            words for attribute, words in KEY_USAGES.items() if usage and getattr(usage, attribute)
        ],
        "extended_key_usage": [*map(usage_name, usages or ())],
        "permitted_names": _names(constraints.permitted_subtrees or ()) if constraints else None,
        "excluded_names": _names(constraints.excluded_subtrees or ()) if constraints else None,
        "crl_urls": [*urls.crl],
        "ocsp_urls": [*urls.ocsp],
        "issuer_urls": [*urls.issuer],
        "other_extensions": _others(of, [*urls.extensions()]),
    }


def crl_properties(crl: x509.CertificateRevocationList, now: datetime) -> Properties:
    """Return what a CRL says."""
    number, end = extension(crl, x509.CRLNumber), crl.next_update_utc
    return {
        "issuer": name_text(crl.issuer),
        "number": number.crl_number if number else None,
        "last_update": timestamp(crl.last_update_utc),
        "next_update": timestamp(end) if end else None,
        "days_left": days_left(end, now) if end else None,
        "signature": signature_name(crl),
        "authority_key_identifier": _authority(crl),
        "other_extensions": _others(crl),
        "revoked": [
            {
                "serial": serial_number(entry.serial_number),
                "date": timestamp(entry.revocation_date_utc),
                "reason": reason.value if (reason := crls.reason_in(entry)) else None,
            }
            for entry in crl
        ],
    }


def key_properties(key: Any) -> Properties:
    """Return the kind of a public key, its strength in bits, and its fingerprint."""
    kind = kind_of(key)
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "kind": str(kind) if kind else "of a kind that cannot sign",
        "strength": strength_of(kind, key) if kind else None,
        "sha256": sha256(encoded).hexdigest(),
    }


def strength_of(kind: KeySpec, key: object) -> int:
    """Return the bits of security of a key (NIST SP 800-57 part 1, table 2); 0 is hardly any."""
    if kind.bits:
        return next((strength for bits, strength in _RSA_STRENGTHS if kind.bits >= bits), 0)
    if kind.curve in {"Ed25519", "Ed448"}:
        return 128 if kind.curve == "Ed25519" else 224
    size = getattr(key, "key_size", 0)
    return min(int(size) // 2, 256)


def _names(names: Iterable[x509.GeneralName]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        kind = _KINDS_OF_NAMES.get(type(name), "other")
        found.setdefault(kind, []).append(_text(name))
    return found


def _text(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return name_text(name.value)
    if isinstance(name, x509.OtherName):
        return name.type_id.dotted_string
    if isinstance(name, x509.RegisteredID):
        return name.value.dotted_string
    return str(name.value)


def _authority(of: x509.Certificate | x509.CertificateRevocationList) -> str | None:
    named = extension(of, x509.AuthorityKeyIdentifier)
    return named.key_identifier.hex() if named and named.key_identifier else None


def _others(of: Signed, shown: Sequence[x509.ExtensionType] = ()) -> list[Properties]:
    """Return the extensions of which something is not shown elsewhere."""
    others = [
        each
        for each in of.extensions
        if not isinstance(each.value, _WELL_KNOWN) and each.value not in shown
    ]
    return [
        {"oid": oid, "name": name if (name := oid_name(oid)) != oid else None, "critical": critical}
        for oid, critical in ((each.oid.dotted_string, each.critical) for each in others)
    ]


OWN = {CERTIFICATE: pem.CERTIFICATE, REQUEST: pem.REQUEST, KEY: pem.PRIVATE_KEY, CRL: pem.CRL}
"""The files that are shown of a name, in that order, and what they hold."""


class Inspected(NamedTuple):
    """An object, and what the depot knows of it.

    Attributes:
        issuer: the CA of the depot that issued the certificate, or signed the CRL.
        problems: what is wrong with it, in sentences.
        is_known: whether the depot could be asked; False if a file of it cannot be read.
    """

    object: Object
    issuer: Authority | None = None
    problems: tuple[str, ...] = ()
    is_known: bool = True


class Inspection(NamedTuple):
    """What was found under a name, or in a file.

    Attributes:
        together: whether certificate, request and key belong together; None if that is not known.
        sentence: that in a sentence; empty if there is nothing to compare.
    """

    name: str
    found: tuple[Inspected, ...]
    together: bool | None = None
    sentence: str = ""


class Inspector:
    """Looks at files, with what a depot knows of them at an instant."""

    def __init__(
        self,
        depot: DepotFolder,
        now: datetime,
        key_passphrase: Passphrase,
        pkcs12_passphrase: Passphrase,
    ) -> None:
        self.depot, self.now = depot, now
        self._passphrases = key_passphrase, pkcs12_passphrase

    def data(self, data: bytes, source: str) -> Inspection:
        """Return what is in ``data``, which came from ``source``.

        Raises:
            CertstrapError: see `decode.read`.
        """
        found = decode.read(data, source, *self._passphrases)
        return Inspection(source, tuple(map(self._inspected, found)))

    def entry(self, entry: Entry) -> Inspection:
        """Return what the files of an entry are, and whether they belong together."""
        found: list[Inspected] = []
        own: list[Object] = []
        for suffix, kind in OWN.items():
            file = list(self._file(entry, suffix)) if entry.has(suffix) else []
            found += file
            if suffix != CRL:
                own += [each.object for each in file if each.object.kind == kind][:1]
        try:
            entry.urls()
        except CertstrapError as error:
            path, problem = entry.path(URLS), str(error)
            found.append(Inspected(Object(path, "list of URLs", None, problem), None, (problem,)))
        together, sentence = _together(own)
        return Inspection(entry.stem, tuple(found), together, sentence)

    def _file(self, entry: Entry, suffix: str) -> Iterator[Inspected]:
        path, kind = entry.path(suffix), OWN[suffix]
        lax = ""
        try:
            try:
                data = entry.read(suffix)
            except LaxModeError as error:
                lax, data = str(error), files.read(path, kind)
            if not (kind == pem.PRIVATE_KEY and TokenURI.in_file(data, path)):
                pem.find(data, kind, path)  # whether it holds what its name says
            read = decode.read(data, path, *self._passphrases)
        except CertstrapError as error:
            yield Inspected(Object(path, kind, None, str(error)), None, (str(error),))
            return
        for number, each in enumerate(map(self._inspected, read)):
            problems = (lax, *each.problems) if lax and not number else each.problems
            yield each._replace(problems=problems)

    def _inspected(self, found: Object) -> Inspected:
        issuer, problems = None, [Finding("unreadable", found.problem)] if found.problem else []
        match found.value:
            case x509.Certificate() as certificate:
                issuer = next(self.depot.issuers.of(certificate), None)
                problems += self._of_certificate(certificate, found.source, issuer)
            case x509.CertificateSigningRequest() as request:
                problems += rules.request_itself(request, found.source)
            case x509.CertificateRevocationList() as crl:
                cas = Issuers(self.depot.authorities, decode.comparable_name)
                issuer = next(cas.of(crl), None)
                problems += crls.current(crl, self.now, found.source)
                problems += revocation.unusable(crl, found.source)
                problems += () if issuer else self._unknown_issuer("signed", found.source)
            case KeyObject(malformed=True):
                problems = [Finding("malformed", MALFORMED.format(found.source))]
            case KeyObject(private=private) if private:
                problems = [*rules.strong_key(private.public_key(), found.source)]
        problems += self._compromised(found)
        is_known = not any(each.rule == _UNKNOWN for each in problems)
        return Inspected(found, issuer, tuple(each.sentence for each in problems), is_known)

    def _compromised(self, found: Object) -> Iterator[Finding]:
        key, source = found.public_key, found.source
        if isinstance(key, PublicKey):
            try:
                yield from compromised(self.depot, key, source)
            except CertstrapError as error:
                sentence = f"Cannot tell whether the key of {source} is compromised: {error}"
                yield Finding(_UNKNOWN, sentence)

    def _of_certificate(
        self, certificate: x509.Certificate, source: str, issuer: Authority | None
    ) -> Iterator[Finding]:
        yield from rules.valid(certificate, self.now, source, "")
        yield from rules.key(certificate, source)
        yield from rules.signature(certificate, source)
        if not issuer and not is_self_signed(certificate):
            yield from self._unknown_issuer("issued", source)
        elif issuer and issuer.certificate != certificate:
            try:
                yield from revoked(self.depot, [certificate, issuer.certificate], source)
            except CertstrapError as error:
                yield Finding(_UNKNOWN, f"Cannot tell whether {source} is revoked: {error}")

    def _unknown_issuer(self, verb: str, source: str) -> Iterator[Finding]:
        """Yield which certificates cannot be read that may be those of the CA."""
        try:
            self.depot.require_all_cas(f"Cannot tell which CA {verb} {source}.")
        except CertstrapError as error:
            yield Finding(_UNKNOWN, error.text)


_UNKNOWN = "unknown"
MALFORMED = (
    "{} has the malformed encoding of certstrap 1.3.0: this program reads it, and others do not."
)


def _together(parts: list[Object]) -> tuple[bool | None, str]:
    """Return whether the certificate, the request and the key of one name have the same key."""
    known = [part for part in parts if part.public_key is not None]
    unknown = [part.source for part in parts if part.public_key is None]
    if len(parts) < 2 or not known:  # noqa: PLR2004 - there is nothing to compare
        return None, ""
    first, *others = known
    differences = [
        finding.sentence
        for other in others
        for finding in rules.same_key(
            other.public_key, other.source, first.public_key, first.source
        )
    ]
    if differences:
        return False, " ".join(differences)
    if unknown:
        return None, f"{enumerated(unknown)} cannot be compared with {first.source}."
    return True, f"{enumerated([part.source for part in parts])} belong together."
