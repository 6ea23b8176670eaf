"""A CA or a leaf in two files that the user names, as `tcld gen` makes them; no depot."""

import os
import re
from datetime import datetime, timedelta
from string import ascii_lowercase
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, files, keys
from certstrap.authority.key_source import Generate, read_key
from certstrap.certificates import CAProfile, LeafProfile
from certstrap.errors import Missing, Refused
from certstrap.facts import require_pair
from certstrap.files import NewFile
from certstrap.issuer import Issuer
from certstrap.keys import P384, RSA_4096, KeySpec, Passphrase
from certstrap.names import AlternativeNames, Subject
from certstrap.validity import Duration, Expiry, Validity

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
            Missing: there is no organization.
        """
        if not self.organization.strip():
            raise Missing("Must provide an organization", "For example: --organization temporal")
        label = re.sub("[^a-z0-9]+", "-", self.organization.lower())[:_LONGEST_LABEL].strip("-")
        own = ".".join(part for part in ("client", kind, label, _four_letters()) if part)
        subject = Subject(self.common_name or own, self.organization, self.unit)
        return subject, AlternativeNames(domains=(own,))


def gen_ca(
    holder: Holder,
    target: Pair,
    expiry: Expiry,
    now: datetime,
    *,
    rsa: bool = False,
    overwrite: bool = False,
    generate: Generate = KeySpec.generate,
) -> None:
    """Write a new root CA: its certificate, mode 0644, and its PKCS#8 key in the clear, 0600.

    Args:
        holder: whose it is.
        target: where to.
        expiry: its end, counted from ``now``.
        now: the instant of its creation.
        rsa: make an RSA 4096 key; otherwise it is P-384.
        overwrite: put them in the place of files that are there.
        generate: makes the key.

    Raises:
        Refused: it would be one file.
        FileExists: one of the files is there, and not to be overwritten.
    """
    _require_free(target, overwrite=overwrite)
    subject, names = holder.names("root")
    validity = Validity.starting(now, expiry.after(now))
    key = generate(RSA_4096 if rsa else P384)
    certificate = certificates.self_sign(key, subject, CAProfile(), validity, names)
    files.create(_as_files(target, key, certificate), overwrite=overwrite)


def gen_leaf(
    holder: Holder,
    ca: Pair,
    target: Pair,
    expiry: Expiry | None,
    passphrase: Passphrase,
    now: datetime,
    *,
    overwrite: bool = False,
    generate: Generate = KeySpec.generate,
) -> None:
    """Write a new leaf under ``ca``, with a key of the same kind, as `gen_ca` writes a CA.

    Args:
        holder: whose it is.
        ca: the CA's files, PEM or DER, in any form that is read here.
        target: where to.
        expiry: its end, counted from ``now``; None is 24 hours before the CA's.
        passphrase: asked if the CA's key is encrypted.
        now: the instant of its creation.
        overwrite: put them in the place of files that are there.
        generate: makes the key.

    Raises:
        Refused: it would end after its CA, or take the place of another file of the four.
        FileExists: one of the files is there, and not to be overwritten.
    """
    require_apart(ca.certificate, target.certificate, target.key)
    require_apart(ca.key, target.certificate, target.key)
    _require_free(target, overwrite=overwrite)
    data = files.read(ca.certificate, "CA certificate")
    ca_certificate = certificates.load_certificate(data, ca.certificate)

    def ca_key() -> keys.PrivateKey:
        key, _ = read_key(ca.key, passphrase)
        require_pair(ca_certificate, ca.certificate, key, ca.key)
        return key

    issuer = Issuer.of(ca_certificate, ca.certificate, now, ca_key)
    last = issuer.validity.end
    end = expiry.after(now) if expiry else last - BEFORE_CA
    if end > last:
        raise Refused(
            f"The certificate would end {_in_words(end - last)} after its CA.",
            f"{ca.certificate} ends on {last:%Y-%m-%d %H:%M:%S} UTC: choose a shorter time.",
        )
    if end <= now:
        raise Refused(
            f"{ca.certificate} ends in {_in_words(last - now)}.",
            "Choose a time with --validity-period, or make a new CA.",
        )
    subject, names = holder.names("endentity")
    key = generate(keys.spec_like(issuer.key))
    request = certificates.make_request(key, subject, names)
    certificate = certificates.sign(issuer, request, LeafProfile(), Validity.starting(now, end))
    files.create(_as_files(target, key, certificate), overwrite=overwrite)


def require_apart(*paths: str) -> None:
    """Refuse paths of which the first is also another one.

    Raises:
        Refused: writing one would destroy another.
    """
    real = [os.path.realpath(path) for path in paths]
    if real[0] in real[1:]:
        raise Refused(f"{paths[0]} is named for two files.", "Give each file a path of its own.")


def _require_free(target: Pair, *, overwrite: bool) -> None:
    """Refuse places that are taken; only files are overwritten, and both or none."""
    require_apart(target.certificate, target.key)
    force = "Only a file is overwritten" if overwrite else "--force overwrites a file"
    for path in (target.key, target.certificate):
        if not (overwrite and os.path.isfile(path)):
            files.require_free(path, f"{force}: move it away, or name another.")


def _four_letters() -> str:
    return "".join(ascii_lowercase[byte % 26] for byte in os.urandom(4))


def _as_files(target: Pair, key: keys.PrivateKey, certificate: x509.Certificate) -> list[NewFile]:
    return [
        NewFile(target.key, keys.dump_pkcs8(key, b""), KEY_MODE),
        NewFile(target.certificate, certificate.public_bytes(Encoding.PEM), CERTIFICATE_MODE),
    ]


def _in_words(difference: timedelta) -> str:
    minutes, seconds = divmod(difference.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return str(Duration(days=difference.days, hours=hours, minutes=minutes, seconds=seconds))
