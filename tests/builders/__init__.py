"""Builders with valid defaults, keyword-only: a case says only what it is about.

`keys` and `certificates` build values; `der` puts together what `cryptography` would not build;
`foreign` and `pairs` build what other tools leave in files; `crls` builds and reads CRLs; `openssl`
asks OpenSSL.
"""

from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "certstrap-1.3.0"
"""What certstrap 1.3.0 itself wrote."""
