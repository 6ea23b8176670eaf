"""PEM that was damaged on its way: each damage has its sentence, and is repaired if it can be."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import DamagedError, UnusableFileError
from certstrap.hints import Hint, printed
from certstrap.pki import keys, pem
from tests.builders.certificates import a_certificate, a_request
from tests.builders.crls import made_elsewhere
from tests.builders.keys import CA_KEY, a_key, key_data
from tests.builders.openssl import openssl_sees
from tests.conftest import FEW_ROUNDS

CERTIFICATE = a_certificate().public_bytes(Encoding.PEM)
ENCRYPTED = a_key().private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
)
OBJECTS = {
    pem.CERTIFICATE: CERTIFICATE,
    pem.REQUEST: a_request().public_bytes(Encoding.PEM),
    pem.PRIVATE_KEY: key_data(CA_KEY),
    pem.CRL: made_elsewhere(a_certificate(), CA_KEY, crl_number=1),
}
every_kind = pytest.mark.parametrize("kind", OBJECTS)


def body_of(block: bytes) -> bytes:
    return b"".join(block.splitlines(keepends=True)[1:-1])


def indented(block: bytes) -> bytes:
    return b"tls: |\n" + b"".join(b"  " + line for line in block.splitlines(keepends=True))


def secret(block: bytes) -> bytes:
    return b"kind: Secret\ndata:\n  tls: " + base64.b64encode(block) + b"\n  x: YWJj\n"


LINES = 'has the text "\\n" where its lines should end'
BARE = "has base64 without BEGIN and END lines"
QUOTED = "has quotation marks around its PEM"
SHARED = "has other text on the same line as BEGIN or END"
TWICE = "has its PEM encoded in base64 once more, as in a Kubernetes Secret"
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "backslash and n": (lambda a: a.replace(b"\n", rb"\n"), LINES),
    "backslashes and n": (lambda a: a.replace(b"\n", rb"\\n"), LINES),
    "backslash and n in quotes": (lambda a: json.dumps(a.decode()).encode(), LINES),
    "escaped slashes": (lambda a: a.replace(b"\n", rb"\n").replace(b"/", rb"\/"), LINES),
    "backslashes of CR LF": (
        lambda a: a.replace(b"\n", rb"\r\n"),
        'has the text "\\r\\n" where its lines should end',
    ),
    "one line of spaces": (lambda a: a.replace(b"\n", b" "), "has its PEM on one line"),
    "one line": (lambda a: a.replace(b"\n", b""), "has its PEM on one line"),
    "base64 of it": (base64.b64encode, TWICE),
    "base64 of it in lines": (base64.encodebytes, TWICE),
    "a Secret": (secret, TWICE),
    "YAML": (indented, "has indented BEGIN and END lines, as in YAML"),
    "quotation marks": (lambda a: b'"' + a.strip() + b'"\n', QUOTED),
    "apostrophes": (lambda a: b"KEY='" + a.strip() + b"'\n", QUOTED),
    "base64 alone": (body_of, BARE),
    "base64 alone on a line": (lambda a: body_of(a).replace(b"\n", b""), BARE),
    "no BEGIN": (lambda a: a.partition(b"\n")[2], "has no BEGIN line"),
    "no END": (lambda a: a[: a.index(b"-----END")], "is broken: it has no END line"),
    "half of END": (lambda a: a[:-9], "is broken: it has no END line"),
    "CR alone": (
        lambda a: a.replace(b"\n", b"\r"),
        "has lines that end with CR alone, as on old Macs",
    ),
    "BEGIN before base64": (lambda a: a.replace(b"-----\n", b"-----", 1), SHARED),
    "END after base64": (lambda a: a.replace(b"\n-----END", b"-----END"), SHARED),
    "text before BEGIN": (lambda a: b"x: " + a, "has other text before BEGIN on the same line"),
    "mail": (
        lambda a: b"".join(b"> " + line for line in a.splitlines(keepends=True)),
        "has other text before BEGIN on the same line",
    ),
    "two that were joined": (
        lambda a: a.rstrip() + a,
        "has END and the next BEGIN on the same line",
    ),
    "empty lines": (
        lambda a: a.replace(b"\n", b"\n\n"),
        "is broken: its PEM has spaces or empty lines in the wrong place",
    ),
}
damages = pytest.mark.parametrize("damage", DAMAGES)


@every_kind
@damages
def test_each_damage_has_its_own_sentence_whatever_was_damaged(kind: str, damage: str) -> None:
    apply, reason = DAMAGES[damage]
    data = apply(OBJECTS[kind])
    for look in (lambda: pem.find(data, kind, "f"), lambda: list(pem.blocks(data, "f"))):
        with pytest.raises(DamagedError) as caught:
            look()
        assert str(caught.value) == f"f {reason}."
        command = "export-pkcs8 --key f --output NEW" if kind == pem.PRIVATE_KEY else "inspect f"
        assert f": certstrap {command}" in printed(caught.value.hint)


@every_kind
@damages
def test_what_need_not_be_guessed_is_repaired(kind: str, damage: str) -> None:
    block = OBJECTS[kind]
    data, sentence = pem.repair(DAMAGES[damage][0](block), "f", kind)
    assert sentence
    if DAMAGES[damage][1] == BARE:  # the label is lost
        assert data == pem.der_of(block)
    else:
        assert data in {block, block * 2}


GUESSED = {"one line", "mail", "empty lines", "base64 alone", "base64 alone on a line"}


@pytest.mark.parametrize("damage", [each for each in DAMAGES if each not in GUESSED])
def test_the_headers_of_an_encrypted_key_are_repaired_and_it_stays_encrypted(damage: str) -> None:
    with pytest.raises(DamagedError) as caught:
        pem.find(DAMAGES[damage][0](ENCRYPTED), pem.PRIVATE_KEY, "f")
    assert caught.value.repaired in {ENCRYPTED, ENCRYPTED * 2}
    assert " --encrypt" in printed(caught.value.hint)


def test_base64_of_an_encrypted_key_stays_encrypted() -> None:
    block = keys.dump_pkcs8(CA_KEY, b"secret", FEW_ROUNDS)
    for kind in (pem.PRIVATE_KEY, ""):
        with pytest.raises(DamagedError) as caught:
            list(pem.blocks(body_of(block), "f", kind))
        assert printed(caught.value.hint).endswith("--key f --output NEW --encrypt")


@damages
def test_what_lacks_a_part_is_not_repaired(damage: str) -> None:
    cut = CERTIFICATE[:200] + CERTIFICATE[CERTIFICATE.index(b"\n-----END") :]
    data = DAMAGES[damage][0](cut)
    with pytest.raises(UnusableFileError) as caught:
        pem.repair(data, "f")
    assert getattr(caught.value, "repaired", b"") == b""
    assert caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_repaired(encoding: str) -> None:
    data, sentence = pem.repair(f"\ufeff{CERTIFICATE.decode()}".encode(encoding), "f")
    assert data == CERTIFICATE
    assert sentence.startswith("f is text in UTF-16")


def test_what_is_not_damaged_is_not_repaired() -> None:
    der = pem.der_of(CERTIFICATE)
    for data in (CERTIFICATE, CERTIFICATE * 2, b"a note\n" + CERTIFICATE, der, b"\x01\x02", b"no"):
        assert pem.repair(data, "f") == (data, "")


def test_a_file_from_standard_input_is_not_named_in_a_command() -> None:
    with pytest.raises(DamagedError) as caught:
        pem.find(CERTIFICATE.replace(b"\n", b" "), pem.CERTIFICATE, "standard input")
    assert isinstance(caught.value.hint, Hint)
    assert caught.value.hint.command == ("certstrap", "inspect", "FILE", ("--pem",))


def test_parameters_before_a_key_are_repaired_with_it() -> None:
    parameters = pem.to_pem("EC PARAMETERS", bytes.fromhex("06082a8648ce3d030107"))
    whole = parameters + OBJECTS[pem.PRIVATE_KEY]
    assert pem.repair(indented(whole), "f")[0] == whole


def seen(folder: Path, data: bytes) -> bytes:
    """Return the certificate that OpenSSL sees, in DER."""
    (folder / "f").write_bytes(data)
    return openssl_sees("x509", "-outform", "DER", "-in", folder / "f")


@every_kind
@pytest.mark.parametrize("width", [0, 1, 4, 64])
def test_an_indented_body_is_read_as_openssl_reads_it(
    tmp_path: Path, kind: str, width: int
) -> None:
    begin, *body, end = OBJECTS[kind].splitlines(keepends=True)
    data = begin + b"".join(b" " * width + line for line in body) + end
    assert pem.find(data, kind, "f") == (OBJECTS[kind], True)
    if kind == pem.CERTIFICATE:
        assert seen(tmp_path, data) == pem.der_of(CERTIFICATE)


@every_kind
@pytest.mark.parametrize("line", [b"\n", b" \n", b"\r\n"])
def test_an_empty_line_after_begin_is_read_as_openssl_reads_it(
    tmp_path: Path, kind: str, line: bytes
) -> None:
    data = OBJECTS[kind].replace(b"-----\n", b"-----\n" + line, 1)
    assert pem.find(data, kind, "f") == (OBJECTS[kind], True)
    if kind == pem.CERTIFICATE:
        assert seen(tmp_path, data) == pem.der_of(CERTIFICATE)


def test_after_an_empty_line_openssl_demands_lines_of_64_characters(tmp_path: Path) -> None:
    begin, *body, end = CERTIFICATE.splitlines(keepends=True)
    for lines in ([b"".join(body).replace(b"\n", b""), b"\n"], [b"  " + line for line in body]):
        data = b"".join([begin, b"\n", *lines, end])
        assert not seen(tmp_path, data)
        with pytest.raises(DamagedError, match="spaces or empty lines in the wrong place"):
            pem.find(data, pem.CERTIFICATE, "f")


@given(st.text("-BEGINDSR \\nrt\"'`>\r\nMA=/+,x", max_size=300).map(str.encode))
def test_any_text_is_refused_or_repaired_to_what_is_read(data: bytes) -> None:
    try:
        repaired, _ = pem.repair(data, "f")
    except UnusableFileError:
        return
    assert repaired == data or pem.is_der(repaired) or list(pem.blocks(repaired, "f"))
