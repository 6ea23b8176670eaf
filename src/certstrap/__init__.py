"""A small local PKI, step by step: a CA, keys, requests and certificates in one folder."""

__version__ = "0.2.0"
