"""The content of files, changed: bytes, PEM, and the DER in PEM."""

import base64
import binascii
import re
from random import Random

from fuzz import tlv

_BLOCK = re.compile(rb"-----BEGIN ([^\n]*?)-----\r?\n(.*?)-----END [^\n]*-----", re.DOTALL)
_LABELS = (
    b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE", b"CERTIFICATE REQUEST",
    b"X509 CRL",
    b"NEW CERTIFICATE REQUEST", b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PRIVATE KEY",
    b"RSA PRIVATE KEY", b"DSA PRIVATE KEY", b"OPENSSH PRIVATE KEY", b"PUBLIC KEY", b"EC PARAMETERS",
    b"PKCS7", b"", b" ", b"\xff\xfe", b"\x1b[31m", b"certificate", b"PRIVATE KEY-----", b"X" * 300,
)  # fmt: skip
_HEADERS = (
    b"Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\n",
    b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
    b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC\n\n",
    b"Proc-Type: 4,ENCRYPTED\nDEK-Info: NOT-A-CIPHER,0011223344556677\n\n",
    b"Proc-Type: 4,ENCRYPTED\n\n",
    b"DEK-Info: ,\n\n",
    b"Comment: x\n\n",
    b":\n",
)
_CHUNKS = (
    b"", b"\0", b"\n", b"\r\n", b"-", b"-----", b"=", b"==", b"\xff", b"\x1a", b"-----BEGIN ", b" ",
    b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\0" * 100, b"A" * 70_000, b"not PEM at all\n",
)  # fmt: skip


def file_changed(rng: Random, data: bytes, donors: list[bytes]) -> bytes:
    """Return the content of a file, changed in one of many ways; ``donors`` lend parts of theirs.

    Most changes keep it close to what it was, so that they are found out late.
    """
    way = rng.random()
    if way < 0.55:
        return der_changed(rng, data, donors)
    if way < 0.75:
        return pem_changed(rng, data)
    if way < 0.95:
        return bytes_changed(rng, data)
    return rng.choice((b"", b"\n", b"junk", b"\0" * 64, rng.randbytes(40), rng.choice(donors)))


def der_of(data: bytes) -> bytes:
    """Return the DER in the first PEM block, or the data itself."""
    found = _BLOCK.search(data)
    try:
        return base64.b64decode(found[2], validate=False) if found else data
    except binascii.Error:
        return data


def to_pem(label: bytes, der: bytes) -> bytes:
    """Return DER as PEM."""
    text = base64.b64encode(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN %b-----" % label, *lines, b"-----END %b-----" % label, b""])


def der_changed(rng: Random, data: bytes, donors: list[bytes]) -> bytes:
    """Return a file whose DER is changed; it stays PEM, mostly."""
    found = _BLOCK.search(data)
    der = tlv.mutated(rng, der_of(data), [der_of(donor) for donor in rng.sample(donors, 1)])
    return to_pem(found[1], der) if found and rng.random() < 0.85 else der


def bytes_changed(rng: Random, data: bytes) -> bytes:
    """Return data with some bytes changed, lost or added."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at, size = rng.randrange(len(result) + 1), rng.choice((1, 1, 2, 8, 100))
        change = rng.randrange(6)
        if change == 0 and at < len(result):
            result[at] ^= 1 << rng.randrange(8)
        elif change == 1 and at < len(result):
            result[at] = rng.choice((0, 0x7F, 0x80, 0xFF, 0x30, 0x0A))
        elif change == 2:
            del result[at:]
        elif change == 3:
            del result[at : at + size]
        elif change == 4:
            result[at:at] = result[at : at + size]
        else:
            result[at:at] = rng.choice(_CHUNKS)
    return bytes(result)


def pem_changed(rng: Random, data: bytes) -> bytes:
    """Return PEM with other labels, line ends, headers, white space or encoding."""
    found = _BLOCK.search(data)
    label, body = (found[1], found[2]) if found else (rng.choice(_LABELS), data)
    other = rng.choice(_LABELS)
    lines = body.splitlines()
    begin, end = b"-----BEGIN %b-----" % label, b"-----END %b-----" % label
    plain = b"\n".join([begin, *lines, end, b""])
    change = rng.randrange(14)
    changed = {
        0: plain.replace(label, other),
        1: plain.replace(begin, b"-----BEGIN %b-----" % other, 1),
        2: plain.replace(end, b"-----END %b-----" % other),
        3: plain.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"\x0b", b"\0"))),
        4: plain.replace(begin + b"\n", begin + b"\n" + rng.choice(_HEADERS)),
        5: b"\n".join([begin, b"".join(lines), end]),
        6: rng.choice(_CHUNKS) + plain,
        7: plain + rng.choice(_CHUNKS) + plain,
        8: plain.replace(b"\n" + end, b"\n" + rng.choice((b"", end[:9], b" " + end, begin))),
        9: plain.replace(begin, rng.choice((b" " + begin, begin + b" ", begin[1:], begin[:-1]))),
        10: plain.decode("latin-1").encode(
            rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig"))
        ),
        11: b"\n".join([begin, *lines[::-1], end, b""]),
        12: b"\n".join([begin, end, b""]),
        13: plain[:-1],
    }
    return changed[change]
