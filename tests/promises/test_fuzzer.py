"""The fuzzer sees a key that is printed, and takes nothing public for one."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fuzz import laws
from fuzz.cases import APP, Case
from fuzz.runs import Outcome
from tests.builders.certificates import a_certificate
from tests.builders.keys import an_rsa_key, key_data

KEY = key_data(an_rsa_key(2048))
CERTIFICATE = a_certificate().public_bytes(Encoding.PEM)
BEGIN = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"


def broken(printed: bytes, **files: bytes) -> set[str]:
    """Return the laws that are broken by printing something, with these files in the folder."""
    folder = {name: (0o100440, content) for name, content in files.items()}
    outcome = Outcome(0, printed.decode(), "", before=folder, after=folder)
    return {fault.law for fault in laws.faults(Case(0, 0, APP), outcome)}


@pytest.mark.parametrize("label", [b"PRIVATE KEY", b"PRIVATE KEY-----\n", b"CERTIFICATE"])
def test_a_line_of_a_key_is_a_secret_whatever_its_label_became(label: bytes) -> None:
    begin, *body, end, _ = KEY.split(b"\n")
    mangled = b"\n".join([begin.replace(b"PRIVATE KEY", label), *body, end, b""])
    assert broken(body[len(body) // 2 + 1], key=mangled) == {"no secret is printed"}


def test_a_certificate_is_none_even_where_a_file_has_it_after_the_label_of_a_key() -> None:
    changed = BEGIN + CERTIFICATE.partition(b"\n")[2]
    assert broken(CERTIFICATE, changed=changed) == set()
    assert broken(changed, changed=changed) == {"no secret is printed"}
