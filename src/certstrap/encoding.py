"""PEM (RFC 7468) and DER: what a file holds, told before anything tries to decode it."""

import base64
import binascii
import codecs
from collections.abc import Iterator

from certstrap.errors import Unusable, printable

_BEGIN = b"-----BEGIN "

CERTIFICATE = "certificate"
REQUEST = "certificate request"
PRIVATE_KEY = "private key"
CRL = "certificate revocation list"

_KINDS = {
    b"CERTIFICATE": CERTIFICATE,
    b"X509 CERTIFICATE": CERTIFICATE,
    b"CERTIFICATE REQUEST": REQUEST,
    b"NEW CERTIFICATE REQUEST": REQUEST,
    b"X509 CRL": CRL,
}


def find(data: bytes, kind: str, source: str) -> tuple[bytes, bool]:
    """Return the first object of ``kind`` in ``data`` and whether it is PEM.

    PEM comes back as its one block, whatever stands around it; anything else is taken for DER.

    Args:
        data: the content of a file.
        kind: `CERTIFICATE`, `REQUEST`, `PRIVATE_KEY` or `CRL`.
        source: the file's path, for the sentence.

    Raises:
        Unusable: the data is empty, holds another kind of object, or its PEM is broken.
    """
    if not data.strip():
        raise Unusable(source, "is empty", f"It should hold a {kind}.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell's `>` writes it
        data = data.decode("utf-16", errors="replace").encode()
    if _BEGIN not in data:
        return data, False
    others = []
    for label, block in _blocks(data):
        if kind_of(label) == kind:
            return block, True
        others.append(kind_of(label))
    if not others:
        raise Unusable(source, "is broken: its PEM has no end", "The file may have been cut short.")
    raise Unusable(source, f"holds a {others[-1]}, not a {kind}", "Name the right file.")


def find_all(data: bytes, kind: str) -> Iterator[bytes]:
    """Yield each PEM block of ``kind`` in ``data``."""
    return (block for label, block in _blocks(data) if kind_of(label) == kind)


def _blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the label and the whole of each PEM block."""
    for part in data.split(_BEGIN)[1:]:
        label, _, body = part.partition(b"-----")
        end = b"-----END " + label + b"-----"
        inside, found, _ = body.partition(end)
        if found:
            yield label, _BEGIN + label + b"-----" + inside + end + b"\n"


def kind_of(label: bytes) -> str:
    """Return what a PEM label says, in words."""
    if label.endswith(b"PRIVATE KEY"):
        return PRIVATE_KEY
    return _KINDS.get(label, printable(label.decode(errors="replace").lower()))


def der_of(block: bytes) -> bytes:
    """Return the DER inside one PEM block that has no headers, or ``b""`` if it is not base64."""
    body = b"".join(block.strip().splitlines()[1:-1])
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def pem(label: str, der: bytes) -> bytes:
    """Return ``der`` as PEM, 64 characters a line."""
    text = base64.b64encode(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    begin, end = f"-----BEGIN {label}-----".encode(), f"-----END {label}-----".encode()
    return b"\n".join([begin, *lines, end, b""])
