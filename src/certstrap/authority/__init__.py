"""The verbs: create a CA, request, sign, issue, export.

Each takes a depot, values and ``now``, and returns a small frozen result; none prints. What a verb
writes, it writes at its end and all at once, so that one that fails has changed nothing.
"""

from certstrap.authority.create import NewCA, create_ca
from certstrap.authority.export import export_pkcs8
from certstrap.authority.issue import Issued, Wanted, issue
from certstrap.authority.key_source import Generate, OwnedKey, Passphrases
from certstrap.authority.request import (
    NewRequest,
    common_name_of,
    name_of,
    request_certificate,
)
from certstrap.authority.sign import Signed, choose_ca, sign_request

__all__ = [
    "Generate",
    "Issued",
    "NewCA",
    "NewRequest",
    "OwnedKey",
    "Passphrases",
    "Signed",
    "Wanted",
    "choose_ca",
    "common_name_of",
    "create_ca",
    "export_pkcs8",
    "issue",
    "name_of",
    "request_certificate",
    "sign_request",
]
