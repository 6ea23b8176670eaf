"""PEM (RFC 7468) and DER: what a file contains, found before anything tries to decode it.

What is found is what OpenSSL finds in the same bytes. A file in which OpenSSL might find something
else, or nothing, is refused: it could show one object to whoever looks at it, and be signed as
another. The error for PEM that was damaged on its way, in a variable or in YAML, names the damage
and the command that repairs it.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from contextlib import suppress

from certstrap.errors import DamagedError, TooLargeError, UnusableFileError
from certstrap.hints import Command, Hint
from certstrap.pki import asn1
from certstrap.text import printable

CERTIFICATE = "certificate"
REQUEST = "certificate request"
PRIVATE_KEY = "private key"
CRL = "certificate revocation list"

PKCS12 = "PKCS#12 file"
PKCS7 = "PKCS#7 file"
JAVA_KEYSTORE = "Java keystore"

_KINDS = {
    b"CERTIFICATE": CERTIFICATE,
    b"X509 CERTIFICATE": CERTIFICATE,
    b"TRUSTED CERTIFICATE": CERTIFICATE,  # OpenSSL's own; it cannot be read here, nor passed over
    b"CERTIFICATE REQUEST": REQUEST,
    b"NEW CERTIFICATE REQUEST": REQUEST,
    b"X509 CRL": CRL,
    b"PKCS7": PKCS7,
}
_DER_LENGTH = rb"(?:[\x00-\x80]|\x81.|\x82..|\x83...)"
_CONTAINERS = {
    PKCS12: rb"(?s)\x30%b\x02\x01\x03\x30" % _DER_LENGTH,  # PFX (RFC 7292, 4); BER is common
    PKCS7: rb"(?s)\x30%b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02|\s*-----BEGIN PKCS7-----"
    % _DER_LENGTH,
    JAVA_KEYSTORE: rb"\xfe\xed\xfe\xed|\xce\xce\xce\xce",  # JKS and JCEKS, before Java 9
}
# Patterns are compiled where they are used: most commands use one of them.
_BLOCK = (
    rb"-----BEGIN ([ -~]{0,200}?)-----[ \t\r]{0,20}\n"
    rb"(?:(Proc-Type: 4,ENCRYPTED)[ \t\r]*+\n"  # RFC 1421, 4.6
    rb"(DEK-Info: [A-Z0-9-]++,[0-9A-Fa-f]++)[ \t\r]*+\n[ \t\r]*+\n|([ \t\r]{0,20}\n))?"
    rb"((?:[ \t]{0,64}[A-Za-z0-9+/=]++(?:[ \t]{1,64}+[A-Za-z0-9+/=]++)*+[ \t\r]*+\n)++)"
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
_ANY_KIND = "certificate, a certificate request, a CRL or a key"
_NOT_TEXT = rb"[\x00-\x08\x0e-\x1f]"  # every DER object has one of these bytes
# How a certificate, request, CRL or key begins in DER. `openssl -inform DER` takes one that comes
# after a PEM block, if it happens on its beginning: it goes through the text by what look like tags
# and lengths there.
_OBJECT = rb"0(?:[\x81-\x84]|[\x00-\x7f](?:\x02|0[\x00-\x08\x0e-\x1f]))"
_BEGIN = b"-----BEGIN "
_LONGEST_LINE = 254  # bytes; OpenSSL splits longer ones (get_name, crypto/pem/pem_lib.c)
_STRIPPED = bytes([*range(0x21), *range(0x80, 0x100)])  # what OpenSSL strips where a line ends
_WIDTH = 64  # characters in a line

MOST_BYTES = 1024 * 1024
"""Of a file with anything but CRLs; a certificate with 10,000 names has a fifth of that."""

MOST_CRL_BYTES = 16 * MOST_BYTES
"""Of a file with CRLs; one of 250,000 certificates has that, and is read in five seconds."""

AS_ASCII = "Save it as ASCII; in PowerShell: Get-Content FILE | Set-Content -Encoding ascii NEW"
"""What to do with text in UTF-16, or with a byte order mark."""

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
    """Return the first object of ``kind`` in a file, and whether it is PEM.

    PEM is returned as that one block, without the text around it and in lines of 64 characters.
    Data without any block is returned as it is: as DER, or for the error of whoever decodes it.

    Raises:
        UnusableFileError: the data is empty, contains another kind of object, is broken PEM, is
            both PEM and DER, or is larger than any of its kind.
        DamagedError: it was PEM, and its damage is known.
    """
    require_size(data, kind, source)
    if _is_one_block(data, kind):
        return data, True
    container = container_of(data)
    if container:
        hint = conversion(data, container, kind, source)
        raise UnusableFileError(source, f"is a {container}, not a {kind}", hint)
    if is_der(data):
        if any(_begins(data)):
            raise UnusableFileError(
                source,
                "is DER with a PEM block inside, and programs differ in which of the two they read",
                f"Ask for a {kind} without it.",
            )
        return data, False
    other = unclear = ""
    for label, block in blocks(data, source, kind):
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


def container_of(data: bytes) -> str:
    """Return the kind of a file that holds several objects in a form of its own, or nothing."""
    found = (kind for kind, pattern in _CONTAINERS.items() if re.match(pattern, data))
    return next(found, "")


def conversion(data: bytes, container: str, kind: str, source: str) -> Hint | str:
    """Return how what is of ``kind`` in a file, which is a ``container``, is written as PEM."""
    file = _file_of(source)
    if container == JAVA_KEYSTORE:
        files = ("-srckeystore", file), ("-destkeystore", "NEW")
        command: Command = ("keytool", ("-importkeystore",), *files, ("-deststoretype", "PKCS12"))
        return Hint("Convert it to PKCS#12 with", command)
    if kind == PRIVATE_KEY and container == PKCS12:
        return Hint(
            "Write its key as PEM with",
            ("certstrap", "export-pkcs8", ("--key", file), ("--output", "NEW")),
        )
    if kind != CERTIFICATE:
        return "Name the right file."
    if container == PKCS12:
        command = ("openssl", "pkcs12", ("-in", file), ("-nokeys",), ("-out", "NEW"))
    else:
        form = [("-inform", "DER")] if is_der(data) else []
        command = ("openssl", "pkcs7", *form, ("-in", file), ("-print_certs",), ("-out", "NEW"))
    return Hint("Write its certificates as PEM with", command)


def _file_of(source: str) -> str:
    return "FILE" if source == "standard input" else source


def _is_one_block(data: bytes, kind: str) -> bool:
    """Return whether ``data`` is one PEM block of ``kind`` as this program writes it, and no more.

    Most files of a depot are, and this is ten times as fast as looking for what others might see.
    """
    found = _ONE_BLOCK.fullmatch(data)
    if not found or kind_of(found[1]) != kind or len(found[2]) % 4:
        return False
    return bool(_decoded(found[2][-4:]))


def find_all(data: bytes, kind: str) -> Iterator[bytes]:
    """Yield each PEM block of ``kind`` in ``data``, up to the first block that is broken."""
    if not is_der(data):
        with suppress(UnusableFileError):
            for label, block in blocks(data, ""):
                if kind_of(label) == kind:
                    yield block


def blocks(data: bytes, source: str, kind: str = "") -> Iterator[tuple[bytes, bytes]]:
    """Yield the label and the whole of each PEM block in a file, which should hold a ``kind``.

    Raises:
        UnusableFileError: it is empty, one is broken, what is before it is not text, or there are
            too many.
        DamagedError: it was PEM, and its damage is known.
    """
    require_size(data, CRL, source)
    if not data.strip():
        raise UnusableFileError(source, "is empty", f"It should hold a {kind or _ANY_KIND}.")
    text = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell's `>` writes it
        raise DamagedError(
            source,
            "is text in UTF-16, which other programs cannot read",
            AS_ASCII,
            _repaired(data.decode("utf-16", "replace").encode("ascii", "replace")),
        )
    end = 0
    for number, begin in enumerate(_begins(data)):
        if number == MOST_BLOCKS:
            raise UnusableFileError(
                source, f"has more than {MOST_BLOCKS:,} PEM blocks", "Name the right file."
            )
        is_mixed = not number and re.compile(_OBJECT, re.DOTALL).search(text, begin)
        if is_mixed or (end < begin and re.search(_NOT_TEXT, text[end:begin])):
            raise UnusableFileError(
                source, "is neither PEM nor DER", "A PEM file is text, and nothing else."
            )
        found = re.compile(_BLOCK).match(text, begin)
        block = _normalized(found) if found else b""
        if not found or not block or text[max(begin - 1, 0) : begin] not in {b"", b"\n"}:
            raise _broken(text, begin, source, kind)
        yield found[1], block
        end = found.end()
    if not end and not re.search(_NOT_TEXT, text):
        reason, repaired = _damage(text)
        if reason:
            raise DamagedError(source, reason, _repair_hint(source, repaired, kind), repaired)


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
        if begin and (begin - line) % _LONGEST_LINE:
            continue
        line_text = text[begin : begin + _LONGEST_LINE].partition(b"\n")[0].partition(b"\0")[0]
        if line_text[len(_BEGIN) :].rstrip(_STRIPPED).endswith(b"-----"):
            yield begin


def _normalized(found: re.Match[bytes]) -> bytes:
    """Return a block in lines of 64 characters, or nothing if its content is not valid."""
    label, encrypted, algorithm, blank, body = found.groups()
    der = _decoded(b"".join(body.split()))
    if not der or (encrypted and kind_of(label) != PRIVATE_KEY):
        return b""
    block = to_pem(label.decode(), der)
    # After headers, or the empty line that ends none, OpenSSL demands such lines.
    given = [line.rstrip() for line in body.removesuffix(b"\n").split(b"\n")]
    if (encrypted or blank) and block.splitlines()[1:-1] != given:
        return b""
    return _with_headers(block, encrypted, algorithm)


def _decoded(text: bytes) -> bytes:
    """Return what is encoded in base64, or ``b""`` if ``text`` is not exactly that encoding."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return found if base64.b64encode(found) == text else b""


def _with_headers(block: bytes, encrypted: bytes, algorithm: bytes) -> bytes:
    begin, _, rest = block.partition(b"\n")
    return b"\n".join([begin, encrypted, algorithm, b"", rest]) if encrypted else block


def _broken(text: bytes, begin: int, source: str, kind: str) -> UnusableFileError:
    """Return the error for the block that begins there."""
    reason, repaired = _damage(text)
    if not reason and not re.search(_END, text[begin:]):
        reason = _NO_END
    if reason or repaired:
        reason = reason or "is broken: its PEM has spaces or empty lines in the wrong place"
        return DamagedError(source, reason, _repair_hint(source, repaired, kind), repaired)
    return UnusableFileError(
        source,
        "is broken: it has a PEM block that is not valid",
        "Between its BEGIN line and the END line of the same label there must be only base64.",
    )


_GAP = rb"(?:\\+[rnt]|[\s\\\"'`,>])"
"""What copying puts between lines of PEM: escapes of strings, quotation marks, ``>`` of mail."""

_DAMAGED_BLOCK = (
    rb"-----BEGIN ([A-Z0-9 ]{1,40})-----"
    rb"(?:%b*+(Proc-Type: 4,ENCRYPTED)%b++(DEK-Info: [A-Z0-9-]++,[0-9A-Fa-f]++)%b++)?"
    rb"([^-]*+)-----END \1-----" % (_GAP, _GAP, _GAP)
)
_DAMAGE = {
    rb"\\r\\+n": 'has the text "\\r\\n" where its lines should end',
    rb"\\n": 'has the text "\\n" where its lines should end',
    rb"[\"'`]\s*-----BEGIN|-----[\"'`]": "has quotation marks around its PEM",
    rb"\r(?![\r\n])": "has lines that end with CR alone, as on old Macs",
    rb"-----END [^-\n]*-----[ \t]*-----BEGIN": "has END and the next BEGIN on the same line",
    rb"-----BEGIN [^-\n]*-----[^-\n]*-----END": "has its PEM on one line",
    rb"-----BEGIN [^-\n]*-----[ \t]*[A-Za-z0-9+/]|[A-Za-z0-9+/=][ \t]*-----END": (
        "has other text on the same line as BEGIN or END"
    ),
    rb"(?m)^[ \t]+-----(?:BEGIN|END)": "has indented BEGIN and END lines, as in YAML",
    rb"[^\n]-----BEGIN": "has other text before BEGIN on the same line",
}
"""Damages of PEM: a pattern, and the end of the sentence. The first that is found is named."""

_NO_END = "is broken: it has no END line"
_TWICE = "has its PEM encoded in base64 once more, as in a Kubernetes Secret"
_BARE = "has base64 without BEGIN and END lines"
_BASE64_OF_BEGIN = rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]*={0,2}"


def _damage(text: bytes) -> tuple[str, bytes]:
    """Return how PEM was damaged, as the end of a sentence, and what it was before.

    The sentence is empty if nothing is known of it, and the PEM if something had to be guessed.
    What has lost its label is returned as DER.
    """
    begins, ends = (
        re.search(rb"-----%b ([A-Z0-9 ]{1,40})-----" % word, text) for word in (b"BEGIN", b"END")
    )
    if begins and not ends:
        text = re.sub(rb"\n-[^\n]*\Z", b"", text.rstrip()) + b"-----END %b-----" % begins[1]
        return _NO_END, _repaired(text)
    if ends and not begins:
        return "has no BEGIN line", _repaired(b"-----BEGIN %b-----%b" % (ends[1], text))
    if not begins:
        return _bare(text)
    reasons = (reason for pattern, reason in _DAMAGE.items() if re.search(pattern, text))
    return next(reasons, ""), _repaired(text)


def _bare(text: bytes) -> tuple[str, bytes]:
    """Return the same as `_damage` for text that has neither a BEGIN nor an END line."""
    content = re.sub(_GAP, b"", text)
    der = _decoded(content)
    if is_der(der):
        return _BARE, der
    encoded = re.findall(_BASE64_OF_BEGIN, content if der else text)
    if encoded:
        return _TWICE, _repaired(b"\n".join(map(_decoded, encoded)))
    is_cut = re.fullmatch(rb"MI[A-Za-z0-9+/=]{60,}", content)
    return (_BARE if is_cut else ""), b""


def _repaired(text: bytes) -> bytes:
    """Return the PEM blocks in damaged text, or nothing if one of them is not whole."""
    blocks = []
    for found in re.finditer(_DAMAGED_BLOCK, text):
        label, encrypted, algorithm, body = found.groups()
        der = _decoded(re.sub(_GAP, b"", body.replace(b"\\/", b"/")))  # JSON may escape a slash
        if not asn1.is_element(der) and not (der and encrypted):
            return b""
        blocks.append(_with_headers(to_pem(label.decode(), der), encrypted, algorithm))
    return b"".join(blocks) if len(blocks) == text.count(_BEGIN) else b""


def _repair_hint(source: str, repaired: bytes, kind: str) -> Hint | str:
    """Return how to repair a file; a private key is written to a file, and never shown."""
    if not repaired:
        return "The file may have been cut short: copy it again, unchanged."
    file = _file_of(source)
    encrypted = b"ENCRYPTED" in repaired
    if is_der(repaired):
        tags = [each[0] for each in asn1.items(repaired)]
        encrypted = tags == [asn1.SEQUENCE, asn1.OCTET_STRING]  # RFC 5958, 3
        is_key = encrypted or tags[:1] == [asn1.INTEGER]
    else:
        is_key = b"PRIVATE KEY-----" in repaired and (
            kind == PRIVATE_KEY or b"BEGIN CERTIFICATE" not in repaired
        )
    if not is_key:
        return Hint(
            "Save the output of this command as a new file",
            ("certstrap", "inspect", file, ("--pem",)),
        )
    encrypt = [("--encrypt",)] if encrypted else []
    return Hint(
        "Write a repaired copy with",
        ("certstrap", "export-pkcs8", ("--key", file), ("--output", "NEW"), *encrypt),
    )


def repair(data: bytes, source: str, kind: str = "") -> tuple[bytes, str]:
    """Return the content of a file, repaired if it has to be, and what was wrong, in a sentence.

    Raises:
        UnusableFileError: it cannot be repaired without guessing.
    """
    try:
        if not is_der(data):
            list(blocks(data, source, kind))
    except DamagedError as error:
        if not error.repaired:
            raise
        return error.repaired, str(error)
    return data, ""


def is_der(data: bytes) -> bool:
    """Return whether ``data`` is one DER SEQUENCE and nothing else."""
    return asn1.is_element(data) and data[0] == asn1.SEQUENCE


def kind_of(label: bytes) -> str:
    """Return what a PEM label stands for, in words."""
    if label.endswith(b"PRIVATE KEY"):
        return PRIVATE_KEY
    return _KINDS.get(label) or printable(label.decode(errors="replace").lower())


def der_of(block: bytes) -> bytes:
    """Return the DER in one PEM block without headers, or ``b""`` if it is not base64."""
    body = b"".join(map(bytes.strip, block.strip().splitlines()[1:-1]))
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
