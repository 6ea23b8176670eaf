"""The lines on what was created; scripts read some of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from certstrap.hints import Hint
from certstrap.pki.decode import identity
from certstrap.pki.names import name_text
from certstrap.store.depot import KEY
from certstrap.store.withdrawn import fingerprint
from certstrap.text import counted, escaped, quoted, serial_number, timestamp

if TYPE_CHECKING:
    from cryptography import x509

    from certstrap.operations.ca import NewCA
    from certstrap.operations.request import NewRequest
    from certstrap.operations.revoke import NewCRL
    from certstrap.operations.sign import Signed
    from certstrap.pki.names import Subject
    from certstrap.pki.urls import URLs
    from certstrap.store.depot import Name


def document(
    now: datetime,
    certificate: "x509.Certificate | None",
    created: Iterable[str],
    updated: Iterable[str] = (),
) -> dict[str, Any]:
    """Return which files were written as JSON, which docs/json.md describes."""
    return {
        "schema": "certstrap.created/1",
        "created_at": timestamp(now),
        "created": [*created],
        "updated": [*updated],
        "serial": serial_number(certificate.serial_number) if certificate else None,
        "not_after": timestamp(certificate.not_valid_after_utc) if certificate else None,
    }


def ca_lines(new: "NewCA", key_file: str = "", place: str = "") -> Iterator[str]:
    """Yield the lines of certstrap's ``init``; ``place`` is the token that has the key."""
    entry = new.ca.entry
    read = key_file if entry.path(KEY) in new.paths else entry.path(KEY)
    created = key_line(entry.path(KEY), new.encrypted)
    yield f"Read {read}" if read else f"{created} (the key is in {place})" if place else created
    yield from (f"Created {path}" for path in new.paths if path != entry.path(KEY))


def https_lines(*urls: "URLs") -> Iterator[str]:
    """Yield a line on each URL that begins with https (RFC 5280, 8)."""
    for url in dict.fromkeys(url for each in urls for lists in each for url in lists):
        if url.lower().startswith("https:"):
            yield (
                f"{url}: a program that follows an https URL has to check another certificate "
                "first, which can go round in circles. Use http: what it serves is signed."
            )


def request_lines(new: "NewRequest") -> Iterator[str]:
    """Yield the lines of certstrap's ``request-cert``."""
    *keys, path = new.paths
    yield key_line(new.key_path, new.key.encrypted) if keys else f"Read {new.key_path}"
    yield f"Created {path}"


def country_lines(subject: "Subject") -> Iterator[str]:
    """Yield the line on a country that is not two letters."""
    if subject.has_odd_country:
        yield (
            f"The country {quoted(subject.country)} is not a code of two letters (ISO 3166), "
            "and some programs refuse it."
        )


def signed_line(signed: "Signed") -> str:
    """Return the line of certstrap's ``sign``."""
    return f"Created {signed.path} from {signed.request_path} signed by {signed.ca_key_path}"


def first_crl_lines(signed: "Signed") -> Iterator[str]:
    """Yield the line on the CRL of a CA that had none."""
    if signed.crl_path:
        yield f"Created {signed.crl_path}"


def crl_line(new: "NewCRL") -> str:
    """Return the line on a CRL that was created or renewed."""
    count, due = len(new.crl), new.crl.next_update_utc
    done = "Created" if new.created else "Updated"
    revoked = counted(count, "revoked certificate")
    return f"{done} {new.path}: {revoked}, next update on {due:%Y-%m-%d}"


def key_line(path: str, encrypted: bool) -> str:
    """Return the line for a new private key."""
    return f"Created {path}" + (" (encrypted by passphrase)" if encrypted else "")


def expiry_line(certificate: "x509.Certificate", *, cut: bool = False) -> str:
    """Return the line on the end of a certificate, which may be cut to its CA's end."""
    end = f"Expires {certificate.not_valid_after_utc:%Y-%m-%d}"
    return f"{end}, with its CA." if cut else f"{end}."


def path_length_lines(signed: "Signed") -> Iterator[str]:
    """Yield the line on an intermediate whose path length cannot be used in full."""
    if signed.remaining_path_length is not None:
        fit = signed.remaining_path_length
        fits = "fits" if fit == 1 else "fit"
        yield f"{counted(fit, 'more CA')} {fits} below this one: the CAs above it allow no more."


def disjoint_lines(signed: "Signed") -> Iterator[str]:
    """Yield a line for each kind of names of which an intermediate can sign none."""
    for permitted, above in signed.disjoint:
        yield (
            f"It can sign none of the names that it is permitted ({permitted}): a CA above it is "
            f"permitted only {above}."
        )


def usage_hints(name: str) -> Iterator[Hint]:
    """Yield what to do with a certificate, whose name is as the user typed it."""
    yield Hint("Check it", ("certstrap", "check", name))
    namespace = ("--namespace", "NAMESPACE.ACCOUNT")
    yield Hint("Configure its client", ("certstrap", "connect", name, namespace))


def other_name_lines(path: str, certificate: "x509.Certificate", name: "Name") -> Iterator[str]:
    """Yield whom a certificate is for, if the file that ``name`` led to has another name in it."""
    found = identity(certificate)
    if found and not name.stands_for(found):
        yield f"{path} is for {quoted(found)}, the name in it."


def identity_lines(certificate: "x509.Certificate") -> Iterator[str]:
    """Yield who a new CA is: what to compare with what its owner says before it is used."""
    yield f"Subject: {escaped(name_text(certificate.subject))}"
    yield f"SHA-256 of its public key: {fingerprint(certificate.public_key())}"


def left_out_lines(signed: "Signed") -> Iterator[str]:
    """Yield the lines on what was asked for and the certificate does not contain."""
    if signed.left_out:
        yield f"Not copied from the request: {', '.join(signed.left_out)}."
    yield from excluded_lines(signed.excluded)


def excluded_lines(usages: Iterable[str]) -> Iterator[str]:
    """Yield a line on the usages, in words, that a certificate does not have because of its CAs."""
    if words := ", ".join(usages):
        yield f"Left out, because a CA above excludes it: {words}."
