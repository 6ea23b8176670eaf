"""PEM (RFC 7468) and DER: what a file contains, found before anything tries to decode it.

What is found is what OpenSSL finds in the same bytes. A file in which OpenSSL might find something
else, or nothing, is refused: it could show one object to whoever looks at it, and be signed as
another.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from contextlib import suppress

from certstrap.errors import TooLargeError, UnusableFileError
from certstrap.text import printable

CERTIFICATE = "certificate"
REQUEST = "certificate request"
PRIVATE_KEY = "private key"
CRL = "certificate revocation list"

_KINDS = {
    b"CERTIFICATE": CERTIFICATE,
    b"X509 CERTIFICATE": CERTIFICATE,
    b"TRUSTED CERTIFICATE": CERTIFICATE,  # OpenSSL's own; it cannot be read here, nor passed over
    b"CERTIFICATE REQUEST": REQUEST,
    b"NEW CERTIFICATE REQUEST": REQUEST,
    b"X509 CRL": CRL,
}
# Patterns are compiled where they are used: most commands use one of them.
_BLOCK = (
    rb"-----BEGIN ([ -~]{0,200}?)-----[ \t\r]{0,20}\n"
    rb"(?:(Proc-Type: 4,ENCRYPTED)[ \t\r]*+\n"  # RFC 1421, 4.6
    rb"(DEK-Info: [A-Z0-9-]++,[0-9A-Fa-f]++)[ \t\r]*+\n[ \t\r]*+\n)?"
    rb"((?:[A-Za-z0-9+/=]++[ \t\r]*+\n)++)"
    rb"-----END \1-----[ \t\r]*+(?:\n|\Z)"
)
_END = rb"\n-----END [^\n]*-----"
_ONE_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\n"
    rb"(?:[A-Za-z0-9+/]{64}\n)*([A-Za-z0-9+/]{2,64}={0,2})\n"
    rb"-----END \1-----\n"
)
# The name of a curve, or its prime field or binary field (RFC 3279, 2.3.5).
_EC_PARAMETERS = (
    rb"(?s)\x06|"
    rb"\x30(?:[^\x80-\xff]|\x81.|\x82..)\x02\x01\x01\x30.\x06\x07\x2a\x86\x48\xce\x3d\x01"
)
_NOT_TEXT = rb"[\x00-\x08\x0e-\x1f]"  # every DER object has one of these bytes
_BEGIN = b"-----BEGIN "
_PIECE = 254  # bytes; OpenSSL takes a longer line for several (get_name, crypto/pem/pem_lib.c)
_STRIPPED = bytes([*range(0x21), *range(0x80, 0x100)])  # what OpenSSL strips where a line ends
_WIDTH = 64  # characters in a line
INTEGER, SEQUENCE = 0x02, 0x30  # tags

MOST_BYTES = 1024 * 1024
"""Of a file with anything but CRLs; a certificate with 10,000 names has a fifth of that."""

MOST_CRL_BYTES = 16 * MOST_BYTES
"""Of a file with CRLs; one of 250,000 certificates has that, and is read in five seconds."""

MOST_BLOCKS = 2_000
"""PEM blocks in a file."""


def require_size(data: bytes, kind: str, source: str) -> None:
    """Refuse a file that is larger than any of its kind, and would take too long to decode.

    Raises:
        TooLargeError: it is larger.
    """
    limit = MOST_CRL_BYTES if kind == CRL else MOST_BYTES
    if len(data) > limit:
        raise TooLargeError(source, limit)


def find(data: bytes, kind: str, source: str) -> tuple[bytes, bool]:
    """Return the first object of ``kind`` in ``data``, and whether it is PEM.

    PEM is returned as that one block, without the text around it and in lines of 64 characters.
    Data without any block is returned as it is: as DER, or for the error of whoever decodes it.

    Args:
        data: the content of a file.
        kind: `CERTIFICATE`, `REQUEST`, `PRIVATE_KEY` or `CRL`.
        source: the file's path, for error messages.

    Raises:
        UnusableFileError: the data is empty, contains another kind of object, is broken PEM, is
            both PEM and DER, or is larger than any of its kind.
    """
    require_size(data, kind, source)
    if not data.strip():
        raise UnusableFileError(source, "is empty", f"It should hold a {kind}.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell's `>` writes it
        raise UnusableFileError(
            source,
            "is text in UTF-16, which other programs cannot read",
            "Save it as ASCII; in PowerShell: Get-Content FILE | Set-Content -Encoding ascii NEW",
        )
    if _is_one_block(data, kind):
        return data, True
    if is_der(data):
        if any(_begins(data)):
            raise UnusableFileError(
                source,
                "is DER with a PEM block inside, and programs differ in which of the two they read",
                f"Ask for a {kind} without it.",
            )
        return data, False
    other = unclear = ""
    for label, block in blocks(data, source):
        other = kind_of(label)
        if other != kind:
            unclear = unclear or ("" if _is_passed_over(label, block) else other)
        elif unclear and kind == PRIVATE_KEY:
            raise UnusableFileError(
                source, f"holds a {unclear} before its {kind}", f"Put the {kind} first."
            )
        else:
            return block, True
    if not other:
        return data, False
    raise UnusableFileError(source, f"holds a {other}, not a {kind}", "Name the right file.")


def _is_one_block(data: bytes, kind: str) -> bool:
    """Return whether ``data`` is one PEM block of ``kind`` as this program writes it, and no more.

    Most files of a depot are, and this is ten times as fast as looking for what others might see.
    """
    found = _ONE_BLOCK.fullmatch(data)
    if not found or kind_of(found[1]) != kind:
        return False
    last = found[2]
    return len(last) % 4 == 0 and base64.b64encode(base64.b64decode(last[-4:])) == last[-4:]


def find_all(data: bytes, kind: str) -> Iterator[bytes]:
    """Yield each PEM block of ``kind`` in ``data``, up to the first block that is broken."""
    if not is_der(data):
        with suppress(UnusableFileError):
            for label, block in blocks(data, ""):
                if kind_of(label) == kind:
                    yield block


def blocks(data: bytes, source: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the label and the whole of each PEM block.

    Raises:
        UnusableFileError: one is broken, what is before it is not text, or there are too many.
    """
    require_size(data, CRL, source)
    text = data.removeprefix(codecs.BOM_UTF8)
    end = 0
    for number, begin in enumerate(_begins(data)):
        if number == MOST_BLOCKS:
            raise UnusableFileError(
                source, f"has more than {MOST_BLOCKS:,} PEM blocks", "Name the right file."
            )
        if end < begin and re.search(_NOT_TEXT, text[end:begin]):
            raise UnusableFileError(
                source, "is neither PEM nor DER", "A PEM file is text, and nothing else."
            )
        found = re.compile(_BLOCK).match(text, begin)
        block = _normalized(found) if found else b""
        if not found or not block or text[max(begin - 1, 0) : begin] not in {b"", b"\n"}:
            raise _broken(text, begin, source)
        yield found[1], block
        end = found.end()


def _is_passed_over(label: bytes, block: bytes) -> bool:
    """Return whether OpenSSL passes over a block when it looks for a private key.

    It reads a private key even from a block with the label of public keys or parameters.
    """
    return label in _KINDS or (
        label == b"EC PARAMETERS" and re.match(_EC_PARAMETERS, der_of(block)) is not None
    )


def _begins(data: bytes) -> Iterator[int]:
    """Yield where OpenSSL's PEM reader sees a block begin; positions do not count a BOM."""
    text = data.removeprefix(codecs.BOM_UTF8)
    line, last = len(text) - len(data), 0
    begin = -1
    while (begin := text.find(_BEGIN, begin + 1)) >= 0:
        newline = text.rfind(b"\n", last, begin)
        line, last = (line if newline < 0 else newline + 1), begin
        if begin and (begin - line) % _PIECE:
            continue
        piece = text[begin : begin + _PIECE].partition(b"\n")[0].partition(b"\0")[0]
        if piece[len(_BEGIN) :].rstrip(_STRIPPED).endswith(b"-----"):
            yield begin


def _normalized(found: re.Match[bytes]) -> bytes:
    """Return a block in lines of 64 characters, or nothing if its content is not valid."""
    label, encrypted, algorithm, body = found.groups()
    given = body.split()
    try:
        block = to_pem(label.decode(), base64.b64decode(b"".join(given), validate=True))
    except binascii.Error:
        return b""
    begin, *lines, end = block.splitlines()
    if b"".join(lines) != b"".join(given):  # more padding, or bits that mean nothing
        return b""
    if not encrypted:
        return block
    # Where there are headers, OpenSSL demands such lines; and nothing else is encrypted so.
    if lines != given or kind_of(label) != PRIVATE_KEY:
        return b""
    return b"\n".join([begin, encrypted, algorithm, b"", *lines, end, b""])


def _broken(text: bytes, begin: int, source: str) -> UnusableFileError:
    """Return the error for the block that begins there."""
    if not re.search(_END, text[begin:]):
        return UnusableFileError(
            source, "is broken: its PEM has no end", "The file may have been cut short."
        )
    return UnusableFileError(
        source,
        "is broken: it has a PEM block that is not valid",
        "Between its BEGIN line and the END line of the same label there must be only base64.",
    )


def is_der(data: bytes) -> bool:
    """Return whether ``data`` is one DER SEQUENCE and nothing else."""
    return len(data) > 1 and data[0] == SEQUENCE and content_of(data)[1] == len(data)


def elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the tag and the content of each element of a DER encoding, up to one that is broken."""
    while len(data) > 1:
        begin, end = content_of(data)
        if end > len(data):
            return
        yield data[0], data[begin:end]
        data = data[end:]


def content_of(data: bytes | memoryview, at: int = 0) -> tuple[int, int]:
    """Return where the content of the element at ``at`` begins and ends (X.690, 8.1.3)."""
    length, begin = data[at + 1], at + 2
    if not length & 0x80:
        return begin, begin + length
    begin += length & 0x7F
    return begin, begin + int.from_bytes(data[at + 2 : begin])


def kind_of(label: bytes) -> str:
    """Return what a PEM label stands for, in words."""
    if label.endswith(b"PRIVATE KEY"):
        return PRIVATE_KEY
    return _KINDS.get(label) or printable(label.decode(errors="replace").lower())


def der_of(block: bytes) -> bytes:
    """Return the DER in one PEM block without headers, or ``b""`` if it is not base64."""
    body = b"".join(line.strip() for line in block.strip().splitlines()[1:-1])
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def to_pem(label: str, der: bytes) -> bytes:
    """Return ``der`` as PEM, 64 characters a line."""
    text = base64.b64encode(der)
    lines = [text[i : i + _WIDTH] for i in range(0, len(text), _WIDTH)]
    begin, end = f"-----BEGIN {label}-----".encode(), f"-----END {label}-----".encode()
    return b"\n".join([begin, *lines, end, b""])
