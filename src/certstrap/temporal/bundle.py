"""The CA bundle: the file that is uploaded, made so that no rule can refuse it."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha1
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import CertstrapError, ChooseCAError, RefusedError
from certstrap.hints import Command, Hint
from certstrap.pki import rules
from certstrap.pki.decode import LoadedCertificate, extension, is_ca, validity_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import Issuers, is_self_signed
from certstrap.pki.profiles import CLIENT, SERVER
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    KEY,
    PKCS12,
    REQUEST,
    Authority,
    DepotFolder,
    Entry,
    Name,
)
from certstrap.store.withdrawn import compromised, revoked, withdrawn
from certstrap.temporal import ca_rules
from certstrap.temporal.inputs import CertificateFile, read_ca
from certstrap.temporal.namespace import Namespace
from certstrap.temporal.rules import require_passed


class Bundle(NamedTuple):
    """A CA bundle.

    Attributes:
        certificates: its certificates, each root before what it issued.
        warnings: what does not keep it from being used, in sentences.
    """

    pem: bytes
    certificates: tuple[LoadedCertificate, ...]
    warnings: tuple[str, ...]


def make(files: Sequence[CertificateFile], now: datetime, hint: Hint | str = "") -> Bundle:
    """Return the bundle of the CAs in ``files``, each once.

    Args:
        hint: what to do if a rule refuses it, in place of what that rule says itself.

    Raises:
        RefusedError: a rule refuses it.
    """
    for file in files:
        if file.private_keys or not file.is_complete:
            require_passed(ca_rules.judge(file, now), hint)
    found = {each.certificate: each for file in files for each in file.certificates}
    certificates = _ordered(list(found.values()))
    pem = b"".join(each.certificate.public_bytes(Encoding.PEM) for each in certificates)
    whole = CertificateFile("The bundle", len(pem), len(certificates), certificates)
    return Bundle(pem, certificates, require_passed(ca_rules.judge(whole, now), hint))


def of_depot(
    depot: DepotFolder, names: Sequence[str], now: datetime, others: Iterable[CertificateFile] = ()
) -> Bundle:
    """Return the bundle of CAs of a depot and of other files; of all its CAs if none is named.

    Raises:
        RefusedError: a rule refuses it, or one of the CAs is revoked or has a compromised key.
        IncompleteError: none is named, and a certificate that may be a CA's cannot be read.
    """
    files = [read_ca(depot, depot.find(Name.parse(name), CERTIFICATE, ca=True)) for name in names]
    files += others
    bundle = make(files, now) if files else _of_all(depot, now)
    require(withdrawn_cas(depot, bundle.certificates))
    return bundle


def _of_all(depot: DepotFolder, now: datetime) -> Bundle:
    depot.require()
    depot.require_all_cas("Cannot tell which CAs belong in the bundle.")
    files = {ca.entry.stem: read_ca(depot, ca.entry) for ca in depot.authorities}
    if not files:
        raise ChooseCAError(depot.root, [])
    fitting = [
        stem
        for stem, file in files.items()
        if all(each.status != "failed" for each in ca_rules.judge(file, now))
    ]
    named = fitting if len(fitting) <= ca_rules.MOST_CAS else ["CA"]
    hint = Hint("Name the CAs to upload", ("certstrap", "bundle", *named))
    return make([*files.values()], now, hint if fitting and len(files) > 1 else "")


def withdrawn_cas(depot: DepotFolder, cas: Iterable[LoadedCertificate]) -> list[Finding]:
    """Return which of the CAs are revoked, or have a key that is compromised."""
    return [
        violation
        for ca, path, *_ in cas
        for violation in withdrawn(depot, depot.chain_of(ca), path)
    ]


def _ordered(certificates: Sequence[LoadedCertificate]) -> tuple[LoadedCertificate, ...]:
    """Return the certificates, each after those that issued it."""
    issuers = Issuers(certificates)

    def depth(each: LoadedCertificate) -> int:
        return max(len(path) for path in issuers.paths(each.certificate))

    return tuple(sorted(certificates, key=depth))


def fingerprint(certificate: x509.Certificate) -> str:
    """Return a certificate's fingerprint in tcld's form: SHA-1, in lower-case hex."""
    der = certificate.public_bytes(Encoding.DER)
    return sha1(der, usedforsecurity=False).hexdigest()


MOST_NAMED = 20
"""Clients whose commands are printed one by one."""


Line = Command | Hint
"""A command, or a comment among the commands, which may name another one."""


class RotationStep(NamedTuple):
    """A step: what is done, and the commands that do it."""

    sentence: str
    lines: tuple[Line, ...] = ()


class Rotation(NamedTuple):
    """What a rotation is about.

    Attributes:
        leaving: the CA that goes, and those above it that go too.
        arriving: the CA that comes, and those above it that come too.
        staying: the CAs above both.
        clients: whose certificates are below a CA that goes, and are not revoked.
        below: the other CAs below those that go.
        bundle: the path of the bundle with both.
    """

    leaving: Sequence[Authority]
    arriving: Sequence[Authority]
    staying: Sequence[Authority]
    clients: Sequence[Entry]
    below: Sequence[Authority]
    bundle: str
    namespace: Namespace
    now: datetime

    @property
    def is_late(self) -> bool:
        """Whether the CA that goes, or one above it that goes too, has expired.

        Then clients below it are refused, and Temporal Cloud refuses every bundle with it.
        """
        leaving = (validity_of(ca.certificate) for ca in self.leaving)
        return any(validity.state(self.now) == "expired" for validity in leaving)

    @property
    def cas(self) -> tuple[Authority, ...]:
        """The CAs of the bundle, with which clients of both are let in, unless it is too late."""
        return (*self.staying, *(() if self.is_late else self.leaving), *self.arriving)

    @property
    def old(self) -> Authority:
        """The CA that goes."""
        return self.leaving[0]

    @property
    def new(self) -> Authority:
        """The CA that comes."""
        return self.arriving[0]


Lines = Callable[[Rotation, Entry], Iterator[Line]]
"""Yields the commands for a client."""


def steps(rotation: Rotation) -> Iterator[RotationStep]:
    """Yield the steps of a rotation, in their order."""
    old, new = rotation.old.entry.stem, rotation.new.entry.stem
    first = min(validity_of(ca.certificate).end for ca in rotation.leaving)
    others = (
        Hint(f"Every client below {ca.entry.stem} needs a new certificate, also those not listed.")
        for ca in rotation.below
    )
    when = f"{old} expired on {first:%Y-%m-%d}: sign"
    if not rotation.is_late:
        when = f"Before {old} expires on {first:%Y-%m-%d}, sign"
    yield RotationStep(
        f"{when} new certificates with {new}, beside the old ones. No client uses them yet.",
        (("mkdir", ("-p", "new")), *_each(rotation, _sign), *others),
    )
    if rotation.is_late:
        yield RotationStep(
            f"Let the Namespace accept {new} alone, with this line or on its web page. It replaces "
            "all CAs of the Namespace. While an expired one is among them, Temporal Cloud refuses "
            "to add or remove others.",
            (_set(rotation),),
        )
    else:
        yield RotationStep(
            "Let the Namespace accept both CAs, with one of these lines, or on its web page. The "
            "line with set replaces all CAs of the Namespace.",
            tuple(_upload(rotation)),
        )
    yield RotationStep(
        "Move the clients to their new certificates, and restart them.",
        (("mkdir", ("-p", "old")), *_each(rotation, _move)),
    )
    yield RotationStep(
        "Check each client's new certificate, and see in the logs of the workers that all of them "
        "connect.",
        tuple(_each(rotation, _check)),
    )
    if not rotation.is_late:
        yield RotationStep(
            f"When no client uses {old} any more, remove it, with one of these lines.",
            tuple(_remove(rotation)),
        )


def _each(rotation: Rotation, lines: Lines) -> Iterator[Line]:
    """Yield the commands for each client; past the limit, those for any ``NAME``."""
    for entry in rotation.clients[:MOST_NAMED]:
        yield from lines(rotation, entry)
    more = len(rotation.clients) - MOST_NAMED
    if more > 0 or not rotation.clients:
        if more > 0:
            yield Hint(f"And {more} more, each as NAME:")
        yield from lines(rotation, Entry(rotation.old.entry.root, "NAME"))


def _sign(rotation: Rotation, entry: Entry) -> Iterator[Line]:
    certificate = os.path.join("new", entry.stem + CERTIFICATE)
    if not rotation.new.entry.has(KEY):
        new = rotation.new.entry.stem
        yield Hint(f"{entry.stem}: sign it where the key of {new} is, and copy it to {certificate}")
        return
    if entry.stem != "NAME" and not entry.has(REQUEST):
        yield Hint(f"{entry.stem} has no request here: create one where its key is, then:")
    options = ("--CA", rotation.new.entry.stem), ("--cert", certificate)
    yield ("certstrap", "sign", entry.stem, *options, *_profile(entry))


def _profile(entry: Entry) -> list[tuple[str, str]]:
    """Return the option that gives a new certificate the usages of the old one."""
    if not entry.has(CERTIFICATE):
        return []
    usages = {*(extension(entry.certificate(), x509.ExtendedKeyUsage) or ())}
    names = {"client": {*CLIENT}, "server": {*SERVER}}
    return [("--profile", name) for name, only in names.items() if usages == only]


def _tcld(verb: str, rotation: Rotation) -> Command:
    return ("tcld", "namespace", "accepted-client-ca", verb, ("-n", str(rotation.namespace)))


def _temporal(verb: str, rotation: Rotation) -> Command:
    namespace = ("--namespace", str(rotation.namespace))
    return ("temporal", "cloud", "namespace", "mtls", "cert-ca", verb, namespace)


def _upload(rotation: Rotation) -> Iterator[Line]:
    new = [_file_option(ca.entry.path(CERTIFICATE)) for ca in reversed(rotation.arriving)]
    yield from ((*_tcld("add", rotation), file) for file in new)
    yield _set(rotation)
    yield from ((*_temporal("create", rotation), file) for file in new)


def _set(rotation: Rotation) -> Command:
    return (*_tcld("set", rotation), _file_option(rotation.bundle))


def _file_option(path: str) -> tuple[str, str]:
    return ("--ca-certificate-file", path)


def _move(rotation: Rotation, entry: Entry) -> Iterator[Line]:
    certificate = entry.path(CERTIFICATE)
    yield ("mv", certificate, "old/")
    for suffix in (CHAIN, PKCS12):
        if entry.has(suffix):
            yield ("mv", entry.path(suffix), "old/")
    needs_chain = not is_self_signed(rotation.new.certificate)
    yield ("mv", os.path.join("new", entry.stem + CERTIFICATE), certificate)
    if needs_chain:
        yield ("certstrap", "export-chain", entry.stem)
    if entry.has(PKCS12):
        yield ("certstrap", "export-pkcs12", entry.stem)
    if entry.has(CERTIFICATE) and entry.has(CHAIN) != needs_chain:
        yield Hint(
            "This client loads another file from now on. Its configuration",
            ("certstrap", "connect", entry.stem, ("--namespace", str(rotation.namespace))),
        )


def _check(rotation: Rotation, entry: Entry) -> Iterator[Line]:
    yield ("certstrap", "check", entry.stem, ("--connect", rotation.namespace.host))


def _remove(rotation: Rotation) -> Iterator[Line]:
    for ca in rotation.leaving:
        shown = ("--ca-certificate-fingerprint", fingerprint(ca.certificate))
        yield (*_tcld("remove", rotation), shown)
    for ca in rotation.leaving:
        yield (*_temporal("delete", rotation), _file_option(ca.entry.path(CERTIFICATE)))


def between(
    depot: DepotFolder, old: Entry, new: Entry, bundle: str, namespace: Namespace, now: datetime
) -> Rotation:
    """Return the rotation from one CA of the depot to another.

    Raises:
        RefusedError: they are one CA, one of them is none, or the new one is not valid.
        CertstrapError: the CRL of the old CA cannot be read.
    """
    known = {each.certificate for each in depot.authorities}
    chains = []
    for entry in (old, new):
        certificate = entry.certificate()
        if certificate not in known:
            raise RefusedError(
                f"{entry.path(CERTIFICATE)} is not a CA's certificate.", "Name two CAs."
            )
        own = Authority(entry, certificate, certificate.public_key())
        chains.append([own, *depot.issuers.path(certificate)])
    leaving, arriving = chains
    another = Hint(
        "Create a new CA, and name that",
        ("certstrap", "init", ("--common-name", "NEW")),
        ("certstrap", "bundle", ("--rotate", old.stem, "NEW")),
    )
    if leaving[0].certificate == arriving[0].certificate:
        raise RefusedError(f"{old.stem} and {new.stem} are the same CA.", another)
    for ca in arriving:
        require(rules.valid(ca.certificate, now, ca.entry.path(CERTIFICATE), ""), another)
    kept = {ca.certificate for ca in leaving} & {ca.certificate for ca in arriving}
    if {leaving[0].certificate, arriving[0].certificate} & kept:
        raise RefusedError(
            f"{old.stem} and {new.stem} are in one chain, and cannot take each other's place.",
            "Name the CAs that are uploaded; clients below another intermediate need no rotation.",
        )
    leaving = [ca for ca in leaving if ca.certificate not in kept]
    below = _below(depot, leaving, arriving)
    return Rotation(
        leaving,
        [ca for ca in arriving if ca.certificate not in kept],
        [ca for ca in arriving if ca.certificate in kept],
        [*_clients(depot, [*leaving, *below])],
        below,
        bundle,
        namespace,
        now,
    )


def _below(
    depot: DepotFolder, leaving: Sequence[Authority], arriving: Sequence[Authority]
) -> list[Authority]:
    """Return the other CAs of the depot that nothing accepts without those that are leaving."""
    gone = {ca.certificate for ca in leaving}
    others = gone | {ca.certificate for ca in arriving}
    return [
        ca
        for ca in depot.authorities
        if ca.certificate not in others and gone & {*depot.chain_of(ca.certificate)[1:]}
    ]


def _clients(depot: DepotFolder, cas: Sequence[Authority]) -> Iterator[Entry]:
    """Yield the clients below ``cas``, save those that are to get no new certificate.

    Raises:
        IncompleteError: there are certificates that cannot be read, and whose clients the last step
            of the rotation would lock out.
    """
    depot.require_readable_certificates("Cannot tell which clients need a new certificate.")
    for entry, leaf in depot.certificates():
        if isinstance(leaf, CertstrapError) or is_ca(leaf):
            continue
        issuer = next((ca.certificate for ca in depot.issuers.of(leaf) if ca in cas), None)
        if issuer and not (
            any(revoked(depot, [leaf, issuer], ""))
            or any(compromised(depot, leaf.public_key(), ""))
        ):
            yield entry
