"""A small local PKI, step by step: a CA, keys, requests and certificates in one folder."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"
__all__ = ["CertstrapError", "Depot", "Issued", "Subject", "Subtrees", "URLs"]

if TYPE_CHECKING:
    from certstrap.api import CertstrapError, Depot, Issued, Subject, Subtrees, URLs


def __getattr__(name: str) -> object:
    """Import the library when it is used: the command line has no need of it (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module("certstrap.api"), name)
    return found
