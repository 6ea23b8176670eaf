"""Telling from its bytes that a certificate file is surely not a CA's."""

import os
import re
from binascii import Error as Base64Error
from binascii import a2b_base64

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----"
_LONGEST = 16_384  # bytes; a longer file is decoded
# The extension basicConstraints, critical or not, and in it a SEQUENCE that is not empty.
_CONSTRAINTS = re.compile(rb"\x06\x03\x55\x1d\x13(?:\x01\x01.)?\x04.\x30(?!\x00)", re.DOTALL)
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def may_be_ca(path: str) -> bool:
    """Tell whether a file may be a CA's certificate; it is surely not if this is False.

    Only a file that begins with its PEM block can be told so; all others may be.
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
        return _CONSTRAINTS.search(a2b_base64(data[len(_BEGIN) : end])) is not None
    except (OSError, ValueError, Base64Error):  # whoever reads it says what is wrong
        return True
