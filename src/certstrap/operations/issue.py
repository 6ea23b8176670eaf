"""Issue: create in one step whatever is missing of a CA, a key, a request and a certificate."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cryptography import x509

from certstrap.errors import ChooseCAError, InvalidExpiryError, RefusedError, WrongPassphraseError
from certstrap.hints import Hint
from certstrap.operations.ca import NewCA, create_ca, is_export, open_ca, require_usable
from certstrap.operations.request import NewRequest, OwnedKey, common_name_of, request_certificate
from certstrap.operations.sign import Signed, sign
from certstrap.pki import key_files, keys, rules
from certstrap.pki.decode import copied_names, extension, is_ca, validity_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.keys import RSA_2048, RSA_4096, KeySpec, kind_of, spec_of
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.pki.profiles import BOTH, CAProfile, LeafProfile
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.pki.validity import BACKDATED, Expiry
from certstrap.session import CA, Session
from certstrap.store.archive import Archive
from certstrap.store.depot import CERTIFICATE, KEY, PKCS8, REQUEST, DepotFolder, Entry, Name
from certstrap.store.files import EXPORT_MODE
from certstrap.store.renewal import expired
from certstrap.store.transaction import Transaction
from certstrap.store.withdrawn import compromised, key_of_ca, withdrawn
from certstrap.text import quoted

CA_EXPIRY = Expiry.parse("18 months")
DEFAULT_EXPIRY = Expiry.parse("2 years")
DEFAULT_CA = Name.parse("Cert")  # the name in the documented walkthrough


class Defaults(NamedTuple):
    """What is created where nothing else is asked for; what exists need not be like it."""

    spec: KeySpec = RSA_2048
    expiry: Expiry = DEFAULT_EXPIRY
    subject: Subject = Subject()
    profile: LeafProfile = LeafProfile()


class IssueRequest(NamedTuple):
    """What `issue` is asked for.

    Attributes:
        ca: by which CA; it is created only in a depot that has none. None is the only one of the
            depot, or a new one.
        spec: the kind of a new key, and on a curve that of a new CA too; None is the default.
        expiry: its end; cut to the CA's. None is the default, or that of what exists.
        profile: what it is for. None is the default, or that of what exists.
        subject: its subject, without the common name.
        urls: those in it; where there are none, those of its CA, or of what exists.
    """

    name: Name
    ca: Name | None
    names: AlternativeNames
    spec: KeySpec | None
    expiry: Expiry | None
    pkcs8: bool = False
    profile: LeafProfile | None = None
    subject: Subject = Subject()
    defaults: Defaults = Defaults()
    urls: URLs = NO_URLS

    @property
    def new_spec(self) -> KeySpec:
        """The kind of a key that is created."""
        return self.spec or self.defaults.spec

    @property
    def new_expiry(self) -> Expiry:
        """The end of a certificate that is created."""
        return self.expiry or self.defaults.expiry

    @property
    def new_profile(self) -> LeafProfile:
        """What a certificate that is created is for."""
        return self.profile or self.defaults.profile

    @property
    def new_subject(self) -> Subject:
        """The subject of a request that is created."""
        both = zip(self.subject[1:], self.defaults.subject[1:], strict=True)
        fields = (mine or default for mine, default in both)
        return Subject.of(common_name_of(self.name, self.names), *fields)


class Issuance(NamedTuple):
    """What `issue` created, and where everything is.

    Attributes:
        ready: what existed before.
        new_ca: the CA if it was created; so with the next two.
        key: its key, or None if the depot does not have it.
        root_path: the certificate of the root above it, or empty if the depot does not have it.
    """

    ready: "Ready"
    new_ca: NewCA | None
    request: NewRequest | None
    signed: Signed | None
    certificate: x509.Certificate
    key: OwnedKey | None
    ca: CA
    root_path: str


class Ready(NamedTuple):
    """A certificate that is wanted: what exists, checked; what does not is to be created.

    Attributes:
        ca: its CA; None if that is to be created.
        pkcs8_exists: whether its PKCS#8 form exists, and clients are to load that.
        has_other_expiry: whether the certificate was made for another end than is asked for.
    """

    wanted: IssueRequest
    entry: Entry
    ca_entry: Entry
    ca: CA | None
    certificate: x509.Certificate | None
    request: x509.CertificateSigningRequest | None
    key: OwnedKey | None
    pkcs8_exists: bool
    subject: Subject = Subject()
    has_other_expiry: bool = False

    @property
    def new_key(self) -> KeySpec | None:
        """The kind of the key that is to be created, if one is."""
        exists = self.key or self.request or self.certificate
        return None if exists else self.wanted.new_spec

    @property
    def pkcs8(self) -> str:
        """The path of its key as PKCS#8, if clients are to load that; else empty."""
        return self.entry.path(PKCS8) if self.wanted.pkcs8 or self.pkcs8_exists else ""

    @property
    def missing(self) -> list[str]:
        """The paths of its files that are to be created."""
        entry, cert = self.entry, self.certificate
        wanted = (
            (KEY, self.new_key),
            (REQUEST, not (self.request or cert)),
            (CERTIFICATE, not cert),
            (PKCS8, self.wanted.pkcs8 and not self.pkcs8_exists),
        )
        return [entry.path(suffix) for suffix, is_missing in wanted if is_missing]


def issue(session: Session, new: Transaction, wanted: IssueRequest) -> Issuance:
    """Create whatever is missing for a certificate; what exists is used as it is.

    All that can be refused without a key is refused before one is opened or generated.

    Raises:
        RefusedError: a part that exists is not as wanted, or belongs to another name.
    """
    return create(session, new, prepare(session, wanted))


def prepare(session: Session, wanted: IssueRequest) -> Ready:
    """Find and check what exists; nothing is created, and no key of a CA is opened; see `issue`."""
    entry = session.depot.place(wanted.name)
    if session.depot.has(entry, CERTIFICATE):
        return _with_certificate(session, entry, wanted)
    found = _find_ca(session, entry, wanted)
    ca = open_ca(session, found) if session.depot.has(found, CERTIFICATE) else None
    wanted.new_expiry.after(session.now)
    request = entry.request() if session.depot.has(entry, REQUEST) else None
    if request:
        _require_as_wanted(request, entry.path(REQUEST), wanted)
    subject = wanted.new_subject
    require(_names_refused(ca, request, wanted, subject))
    key = _existing_key(session, entry, wanted, request, REQUEST)
    if request:
        path, asked = entry.path(REQUEST), request.public_key()
        require(key_of_ca(session.depot, asked, path))
        require(compromised(session.depot, asked, path))
    public = key.private.public_key() if key else None
    exists = _pkcs8_exists(session, entry, wanted, key, request.public_key() if request else public)
    return Ready(wanted, entry, found, ca, None, request, key, exists, subject)


def create(session: Session, new: Transaction, ready: Ready) -> Issuance:
    """Create what is missing."""
    wanted, entry, key, new_ca = ready.wanted, ready.entry, ready.key, None
    ca = ready.ca or session.cas.get(ready.ca_entry.stem)
    if ca is None:
        subject, spec = _subject_of_new_ca(wanted), _spec_of_new_ca(wanted)
        new_ca = create_ca(session, new, ready.ca_entry, subject, spec, CAProfile(), CA_EXPIRY)
        ca = new_ca.ca
    certificate, requested, signed = ready.certificate, None, None
    if certificate is None:
        request = ready.request
        if request is None:
            requested = request_certificate(
                session, new, entry, ready.subject, wanted.names, key or wanted.new_spec
            )
            request, key = requested.request, requested.key
        signed = sign(
            session,
            new,
            ca,
            request,
            entry.path(REQUEST),
            wanted.new_profile,
            wanted.new_expiry,
            entry.path(CERTIFICATE),
            wanted.urls,
        )
        certificate = signed.certificate
    if ready.pkcs8 in ready.missing:
        assert key  # noqa: S101 - see `_pkcs8_exists`
        new.add(ready.pkcs8, keys.dump_pkcs8(key.private, b"", session.rounds), EXPORT_MODE)
    return Issuance(ready, new_ca, requested, signed, certificate, key, ca, _root_path(session, ca))


def specs_of_new_ca(ready: Ready) -> dict[str, KeySpec]:
    """Return the path and the kind of the key of a CA, if that is to be generated."""
    if ready.ca or ready.ca_entry.has(KEY):
        return {}
    return {ready.ca_entry.path(KEY): _spec_of_new_ca(ready.wanted)}


def _names_refused(
    ca: CA | None,
    request: x509.CertificateSigningRequest | None,
    wanted: IssueRequest,
    own: Subject,
) -> Iterator[Finding]:
    if request:
        subject, names = request.subject, copied_names(request)
    else:
        subject, names = own.to_x509(), [*(wanted.names.to_x509() or ())]
    if ca:
        return rules.names(subject, names, wanted.new_profile, ca.certificate, ca.ancestors)
    new_ca = _subject_of_new_ca(wanted).to_x509()
    return rules.names_below(subject, names, wanted.new_profile, [new_ca])


def _existing_key(
    session: Session,
    entry: Entry,
    wanted: IssueRequest,
    found: x509.Certificate | x509.CertificateSigningRequest | None,
    suffix: str,
) -> OwnedKey | None:
    """Return the key of an entry, which must be that of what was ``found`` beside it."""
    if not session.depot.has(entry, KEY):
        kind = kind_of(found.public_key()) if found else None
        if kind and wanted.spec not in {None, kind}:
            raise _differs(entry.path(suffix), f"a key of kind {kind}, not {wanted.spec}")
        return None
    if is_export(entry) and not entry.has(REQUEST, CERTIFICATE):
        raise RefusedError(
            f"{entry.path(KEY)} is the PKCS#8 form of another key.", "Choose another name."
        )
    try:
        key, secret = entry.key(session.passphrases.opening)
    except WrongPassphraseError:
        hint = "If it has another passphrase than the CA's key, use --key-passphrase-file FILE."
        raise WrongPassphraseError(entry.path(KEY), hint) from None
    session.passphrases.require_used(entry.path(KEY), secret, name=entry.stem)
    require_usable(session, key, entry.path(KEY))
    require(key_of_ca(session.depot, key.public_key(), entry.path(KEY)))
    if wanted.spec not in {None, spec_of(key)}:
        raise RefusedError(
            f"{entry.path(KEY)} is a key of kind {spec_of(key)}, not {wanted.spec}.",
            "An existing key is used as it is: leave the option out, or choose another name.",
        )
    if found:
        require(rules.pair(found, entry.path(suffix), key, entry.path(KEY)))
    return OwnedKey(key, bool(secret))


def _with_certificate(session: Session, entry: Entry, wanted: IssueRequest) -> Ready:
    """Return what exists if the certificate does; only the PKCS#8 key may be missing."""
    path = entry.path(CERTIFICATE)
    certificate = entry.certificate()
    if is_ca(certificate):
        raise RefusedError(f"{path} is a CA's certificate.", "Choose another name for the client.")
    ca = _issuer(session, certificate, path, wanted.ca)
    chain = [certificate, ca.certificate, *ca.ancestors]
    require(withdrawn(session.depot, chain, path))  # before its dates: renewing would not help
    require(expired(session.depot, [certificate], session.now, path))
    _require_as_wanted(certificate, path, wanted)
    require(expired(session.depot, chain[1:], session.now))
    key = _existing_key(session, entry, wanted, certificate, CERTIFICATE)
    exists = _pkcs8_exists(session, entry, wanted, key, certificate.public_key())
    before = Archive(session.depot).certificates_of(entry) if wanted.expiry else ()
    other = not _is_for(certificate, before, ca.certificate, wanted.expiry)
    return Ready(
        wanted, entry, ca.entry, ca, certificate, None, key, exists, has_other_expiry=other
    )


def _is_for(
    certificate: x509.Certificate,
    before: Iterable[x509.Certificate],
    ca: x509.Certificate,
    expiry: Expiry | None,
) -> bool:
    """Return whether a certificate was made for that end, or a renewal of one that was.

    A renewal keeps, in days, the length of those ``before``; the end of its CA cuts it.
    """
    if not expiry:
        return True
    validity, outer = validity_of(certificate), validity_of(ca)
    for each in (validity, *map(validity_of, before)):
        start = each.start + BACKDATED
        try:
            length = expiry.after(start) - start
        except InvalidExpiryError:  # a day before that
            continue
        asked_for = validity._replace(end=validity.start + BACKDATED + length)
        if asked_for.within(outer).is_about(validity):
            return True
    return False


def _root_path(session: Session, ca: CA) -> str:
    root = (ca.certificate, *ca.ancestors)[-1]
    if not is_self_signed(root):
        return ""
    others = (each.entry for each in session.depot.authorities if each.certificate == root)
    return (next(others) if ca.ancestors else ca.entry).path(CERTIFICATE)


def _issuer(session: Session, certificate: x509.Certificate, path: str, ca: Name | None) -> CA:
    chosen = session.depot.choose_ca(ca) if ca else None
    for authority in session.depot.issuers.of(certificate):
        if chosen in {None, authority.entry}:
            _, *ancestors = session.depot.chain_of(authority.certificate)
            return CA(authority.entry, authority.certificate, ancestors)
    session.depot.require_all_cas(f"Cannot tell which CA issued {path}.")
    raise RefusedError(
        f"{path} already exists and is not issued by {ca or 'a CA of this depot'}.",
        "Add the certificate of the CA that issued it, or choose another name.",
    )


def _find_ca(session: Session, entry: Entry, wanted: IssueRequest) -> Entry:
    """Return the CA that signs, or where a new one goes if the depot has none."""
    try:
        found = session.depot.choose_ca(wanted.ca)
    except ChooseCAError as error:
        if error.found or error.keyless:
            raise
        found = session.depot.place(DEFAULT_CA, ca=True)
    if wanted.ca and not found.has(CERTIFICATE):
        _require_first_ca(session.depot, wanted.ca)
    if found.stem == entry.stem:
        raise RefusedError(
            f"{wanted.name} is the name of the CA.", "Choose another name for the client."
        )
    return found


def _require_first_ca(depot: DepotFolder, ca: Name) -> None:
    """Refuse to create the CA ``ca`` in a depot that has others: its name may be mistyped."""
    depot.require_readable_cas()
    if depot.authorities:
        stems = ", ".join(each.entry.stem for each in depot.authorities)
        create = ("certstrap", "init", ("--common-name", ca.text))
        raise RefusedError(
            f"{depot.root} has no CA {quoted(ca.text)}; it has: {stems}.",
            depot.without_suffix(ca.text, CERTIFICATE)
            or Hint("Name one of these, or create a new CA first with", create),
        )


def _subject_of_new_ca(wanted: IssueRequest) -> Subject:
    return Subject.of((wanted.ca or DEFAULT_CA).common_name)


def _spec_of_new_ca(wanted: IssueRequest) -> KeySpec:
    return wanted.new_spec if wanted.new_spec.curve else RSA_4096


def _pkcs8_exists(
    session: Session, entry: Entry, wanted: IssueRequest, key: OwnedKey | None, public: object
) -> bool:
    """Return whether the PKCS#8 form of the key exists, and clients are to load that.

    Its key must be ``public``, which is None for a key that is still to be created.
    """
    path, is_new = entry.path(PKCS8), public is None
    if not session.depot.has(entry, PKCS8):
        if wanted.pkcs8 and not key and not is_new:
            raise RefusedError(
                f"{entry.path(KEY)} does not exist, so there is no PKCS#8 form of it.",
                Hint("Run this where the key is", ("certstrap", "export-pkcs8", entry.stem)),
            )
        return False
    encrypted = key.encrypted if key else is_new and bool(session.passphrases.new())
    if not wanted.pkcs8 and not encrypted:
        return False
    found, _ = key_files.load(entry.read(PKCS8), path, session.passphrases.opening)
    if found.public_key() != public:
        raise RefusedError(
            f"{path} already exists and is not the key of {wanted.name}.",
            "Move it away, or choose another name.",
        )
    return True


def _require_as_wanted(
    found: x509.Certificate | x509.CertificateSigningRequest, path: str, wanted: IssueRequest
) -> None:
    for field in wanted.subject.missing_in(found.subject):
        raise _differs(path, f"another {field} than the one asked for")
    names, usages = wanted.names.to_x509(), (wanted.profile or LeafProfile()).usages
    if names and {*names} != {*(extension(found, x509.SubjectAlternativeName) or ())}:
        raise _differs(path, "other alternative names than those asked for")
    if isinstance(found, x509.CertificateSigningRequest):
        return
    if wanted.urls.or_else(URLs.in_(found)) != URLs.in_(found):
        raise _differs(path, "other URLs than those asked for")
    if usages != BOTH and {*(extension(found, x509.ExtendedKeyUsage) or BOTH)} != {*usages}:
        raise _differs(path, "another extended key usage than the profile that was asked for")


def _differs(path: str, how: str) -> RefusedError:
    return RefusedError(
        f"{path} has {how}.",
        "What exists is used as it is: leave the option out, or choose another name.",
    )
