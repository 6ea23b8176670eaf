"""Certificates, requests and CRLs: read with all their checks, and built by profile."""

from certstrap.certificates.build import extensions_left_out, make_request, self_sign, sign
from certstrap.certificates.issuer import Issuer
from certstrap.certificates.load import (
    decode_request,
    key_of_request,
    load_certificate,
    load_request,
)
from certstrap.certificates.profiles import (
    BOTH,
    CLIENT,
    SERVER,
    CAProfile,
    LeafProfile,
    Profile,
)

__all__ = [
    "BOTH",
    "CLIENT",
    "SERVER",
    "CAProfile",
    "Issuer",
    "LeafProfile",
    "Profile",
    "decode_request",
    "extensions_left_out",
    "key_of_request",
    "load_certificate",
    "load_request",
    "make_request",
    "self_sign",
    "sign",
]
