"""Recognizing from its bytes that a certificate is not a CA's, without decoding it."""

import os
from binascii import Error as Base64Error
from binascii import a2b_base64

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----"
_LONGEST = 16_384  # bytes; a longer file is decoded
_BASIC_CONSTRAINTS = b"\x06\x03\x55\x1d\x13"  # the OID 2.5.29.19
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def may_be_ca(path: str) -> bool:
    """Return whether a file may be a CA's certificate; it is surely not if this is False.

    Only a file that begins with its PEM block can be recognized; all others may be a CA's.
    """
    try:
        fd = os.open(path, _FLAGS)
        try:
            data = os.read(fd, _LONGEST)
        finally:
            os.close(fd)
        end = data.find(_END)
        if len(data) == _LONGEST or end < 0 or not data.startswith(_BEGIN):
            return True
        der = a2b_base64(data[len(_BEGIN) : end])
    except (OSError, ValueError, Base64Error):  # whoever reads it says what is wrong
        return True
    return any(map(_is_filled, der.split(_BASIC_CONSTRAINTS)[1:]))


def _is_filled(rest: bytes) -> bool:
    """Tell if an extension, of which ``rest`` follows the OID, has a SEQUENCE with content."""
    octets = rest[3:] if rest.startswith(b"\x01\x01") else rest  # after critical, a BOOLEAN
    return octets[:1] == b"\x04" and octets[2:3] == b"\x30" and octets[3:4] != b"\x00"
