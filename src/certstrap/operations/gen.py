"""A CA or a leaf in two files that the user names, as `tcld gen` makes them; no depot."""

import os
import re
from datetime import timedelta
from functools import partial
from string import ascii_lowercase
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import PathTakenError, RefusedError
from certstrap.operations.ca import read_key
from certstrap.pki import build, decode, keys
from certstrap.pki.build import Issuer
from certstrap.pki.keys import P384, RSA_4096, PrivateKey
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import Duration, Expiry, Validity
from certstrap.session import Session
from certstrap.store import files
from certstrap.store.files import folder_of
from certstrap.store.transaction import Transaction, require_apart
from certstrap.text import utc

KEY_MODE, CERTIFICATE_MODE = 0o600, 0o644  # tcld's
BEFORE_CA = timedelta(hours=24)

_LONGEST_LABEL = 42  # characters; with `client.endentity.` and `.1234` it is a common name


class Pair(NamedTuple):
    """Two files: a certificate and its private key; of a CA that is there, perhaps one file."""

    certificate: str
    key: str


class Holder(NamedTuple):
    """For whom: an organization, perhaps a unit of it, perhaps a common name."""

    organization: str
    unit: str = ""
    common_name: str = ""

    def names(self, kind: str) -> tuple[Subject, AlternativeNames]:
        """Return the subject and the alternative names of a new ``kind``, root or endentity.

        Each gets a domain of its own, `client.KIND.ORGANIZATION.` and four random letters: the last
        label of a domain ends in no digit (RFC 3696, 2). It is the common name too where none is
        given, so that no two subjects of a chain are the same.

        Raises:
            RefusedError: there is no organization.
        """
        if not self.organization.strip():
            raise RefusedError(
                "Must provide an organization", "For example: --organization temporal"
            )
        label = re.sub("[^a-z0-9]+", "-", self.organization.lower())[:_LONGEST_LABEL].strip("-")
        letters = "".join(ascii_lowercase[byte % 26] for byte in os.urandom(4))
        own = ".".join(part for part in ("client", kind, label, letters) if part)
        subject = Subject.of(self.common_name or own, self.organization, self.unit)
        return subject, AlternativeNames(domains=(own,))


def create_ca_files(
    session: Session,
    new: Transaction,
    holder: Holder,
    target: Pair,
    expiry: Expiry,
    *,
    rsa: bool = False,
    overwrite: bool = False,
) -> x509.Certificate:
    """Write a new root CA: its certificate, mode 0644, and its unencrypted PKCS#8 key, mode 0600.

    Raises:
        RefusedError: both would be one file.
        PathTakenError: one of the files exists, and is not to be replaced.
    """
    _require_free(session, new, target, overwrite=overwrite)
    subject, names = holder.names("root")
    validity = Validity.starting(session.now, expiry.after(session.now))
    key = session.new_key(RSA_4096 if rsa else P384, target.key)
    certificate = build.self_sign(key, subject, CAProfile(), validity, names)
    _add(new, target, key, certificate, overwrite=overwrite)
    return certificate


def create_leaf_files(
    session: Session,
    new: Transaction,
    holder: Holder,
    ca: Pair,
    target: Pair,
    expiry: Expiry | None,
    *,
    overwrite: bool = False,
) -> x509.Certificate:
    """Write a new leaf under ``ca``, with a key of the same kind, like `create_ca_files`.

    Args:
        ca: the CA's files, PEM or DER, in any form that can be read.
        expiry: its end, counted from the session's ``now``; None is 24 hours before the CA's.

    Raises:
        RefusedError: it would end after its CA, or replace another file of the four.
        PathTakenError: one of the files exists, and is not to be replaced.
    """
    for output in target:
        require_apart(output, *ca)
    _require_free(session, new, target, overwrite=overwrite)
    now = session.now
    data = session.read(ca.certificate, "CA certificate")
    ca_certificate = decode.load_certificate(data, ca.certificate)

    def ca_key() -> tuple[PrivateKey, str]:
        opening = partial(session.passphrases.opening_ca, ca.certificate)
        return read_key(session, ca.key, opening)[0], ca.key

    issuer = Issuer.of(ca_certificate, ca.certificate, now, ca_key)
    last = issuer.validity.end
    end = expiry.after(now) if expiry else last - BEFORE_CA
    if end > last:
        raise RefusedError(
            f"The certificate would expire {_in_words(end - last)} after its CA.",
            f"{ca.certificate} expires on {utc(last)}: choose a shorter time.",
        )
    if end <= now:
        raise RefusedError(
            f"{ca.certificate} expires in {_in_words(last - now)}.",
            "Choose a time with --validity-period, or create a new CA.",
        )
    subject, names = holder.names("endentity")
    key = session.new_key(keys.spec_like(issuer.key.public_key()), target.key)
    request = build.make_request(key, subject, names)
    certificate = build.sign(issuer, request, LeafProfile(), Validity.starting(now, end))
    _add(new, target, key, certificate, overwrite=overwrite)
    return certificate


def unfinished(ca: Pair) -> list[str]:
    """Return the files of a CA in whose folders a killed process left something to finish."""
    return [path for path in map(os.path.realpath, ca) if files.journals(folder_of(path))]


def _require_free(session: Session, new: Transaction, target: Pair, *, overwrite: bool) -> None:
    """Refuse files that exist; only files outside of the depot are overwritten."""
    require_apart(target.certificate, target.key)
    for path in (target.key, target.certificate):
        if not os.path.lexists(path):
            new.require_free(path)
            continue
        if session.depot.holds(path):
            raise PathTakenError(path)
        is_file = os.path.isfile(path) and not files.is_stream(path)
        if not (overwrite and is_file):
            only = (
                "Only a regular file is overwritten" if overwrite else "--force overwrites a file"
            )
            raise PathTakenError(path, f"{only}: move it away, or name another.")


def _add(
    new: Transaction,
    target: Pair,
    key: PrivateKey,
    certificate: x509.Certificate,
    *,
    overwrite: bool,
) -> None:
    add = new.replace if overwrite else new.add
    add(target.key, keys.dump_pkcs8(key, b""), KEY_MODE)
    add(target.certificate, certificate.public_bytes(Encoding.PEM), CERTIFICATE_MODE)


def _in_words(difference: timedelta) -> str:
    minutes, seconds = divmod(difference.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return str(Duration(days=difference.days, hours=hours, minutes=minutes, seconds=seconds))
