"""What is signed is what others see: of any bytes, the object that OpenSSL reads, or none.

Each shape has two objects in it. OpenSSL is asked in every way that it can be asked.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.errors import CertstrapError
from certstrap.pki import decode, key_files, pem, rules
from certstrap.pki.keys import KeySpec
from tests.builders.certificates import a_certificate, a_name, a_request
from tests.builders.crls import made_elsewhere
from tests.builders.der import der, oid, raw_request, sequence
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY, a_key, key_data, public
from tests.builders.openssl import openssl_sees

CA = a_certificate()


def request(name: str) -> bytes:
    return a_request(subject=a_name(name)).public_bytes(Encoding.PEM)


def certificate(name: str) -> bytes:
    return a_certificate(subject=a_name(name)).public_bytes(Encoding.PEM)


KINDS: dict[str, tuple[bytes, bytes]] = {  # two objects of each
    "request": (request("evil-admin"), request("harmless")),
    "certificate": (certificate("evil-admin"), certificate("harmless")),
    "key": (key_data(LEAF_KEY), key_data(OTHER_KEY)),
    "CRL": (
        made_elsewhere(CA, CA_KEY, crl_number=1),
        made_elsewhere(CA, CA_KEY, crl_number=2),
    ),
}

OPENSSL = {
    "request": ("req", "-outform", "DER"),
    "certificate": ("x509", "-outform", "DER"),
    "key": ("pkey", "-pubout", "-outform", "DER"),
    "CRL": ("crl", "-outform", "DER"),
}

READ: dict[str, Callable[[bytes], bytes]] = {
    "request": lambda data: rules.load_request(data, "f").public_bytes(Encoding.DER),
    "certificate": lambda data: decode.load_certificate(data, "f").public_bytes(Encoding.DER),
    "key": lambda data: public(key_files.load(data, "f", bytes)[0]),
    "CRL": lambda data: decode.decode_crl(data, "f").public_bytes(Encoding.DER),
}


def label(block: bytes) -> bytes:
    return block.partition(b"\n")[0][11:-5]


def first_line(block: bytes, new: bytes) -> bytes:
    return block.replace(b"-----\n", new, 1)


def in_body(block: bytes, piece: bytes) -> bytes:
    lines = block.splitlines(keepends=True)
    return lines[0] + lines[1][:10] + piece + lines[1][10:] + b"".join(lines[2:])


def indented(block: bytes, width: int) -> bytes:
    begin, *body, end = block.splitlines(keepends=True)
    return begin + b"".join(b" " * width + line for line in body) + end


def lines_of(block: bytes, width: int) -> bytes:
    begin, *body, end = block.splitlines()
    text = b"".join(body)
    pieces = (text[i : i + width] for i in range(0, len(text), width))
    return b"\n".join([begin, *pieces, end, b""])


def without_end(block: bytes) -> bytes:
    return block[: block.index(b"-----END")]


Shape = Callable[[bytes, bytes], bytes]


def preceded_by(text: bytes) -> Shape:
    return lambda a, b: text + a + b


def with_label(new: bytes) -> Shape:
    return lambda a, b: a.replace(label(a), new) + b


SHAPES: dict[str, Shape] = {
    "one after the other": lambda a, b: a + b,
    "empty lines before": lambda a, b: b"\n\n" + a + b,
    "text before": lambda a, b: b"some text\n" + a + b,
    "text of 8 bits before": lambda a, b: b"caf\xe9 \xfa\n" + a + b,
    "a NUL before": lambda a, b: b"\0" + a + b,
    "a line with a NUL before": lambda a, b: b"abc\0def\n" + a + b,
    "a byte order mark": lambda a, b: b"\xef\xbb\xbf" + a + b,
    "the byte order mark of UTF-16": lambda a, b: b"\xff\xfe\n" + a + b,
    "CR LF": lambda a, b: a.replace(b"\n", b"\r\n") + b,
    "CR CR LF": lambda a, b: a.replace(b"\n", b"\r\r\n") + b,
    "CR alone": lambda a, b: a.replace(b"\n", b"\r") + b,
    "spaces at the ends of lines": lambda a, b: a.replace(b"\n", b" \n") + b,
    "bytes of 8 bits at the end of the first line": lambda a, b: first_line(a, b"-----\x80\n") + b,
    "a NUL at the end of the first line": lambda a, b: first_line(a, b"-----\0\n") + b,
    "text at the end of the first line": lambda a, b: first_line(a, b"-----x\n") + b,
    "a first line of four dashes": lambda a, b: a[1:] + b,
    "a first line in lower case": lambda a, b: a.replace(b"BEGIN", b"begin") + b,
    "no end": lambda a, b: without_end(a) + b,
    "another end": lambda a, b: without_end(a) + b"-----END X-----\n" + b,
    "an end without dashes": lambda a, b: without_end(a) + b"-----END " + label(a) + b"\n" + b,
    "an end without a newline": lambda a, b: a.rstrip() + b,
    "a beginning in a beginning": lambda a, b: a.partition(b"\n")[0] + b"\n" + a + b,
    "a header": lambda a, b: first_line(a, b"-----\nX: y\n\n") + b,
    "a header of RFC 1421": lambda a, b: first_line(a, b"-----\nProc-Type: 4,CLEAR\n\n") + b,
    "an encryption that is none": lambda a, b: (
        first_line(a, b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\n") + b
    ),
    "an empty line first": lambda a, b: first_line(a, b"-----\n\n") + b,
    "an empty line first, then one long line": lambda a, b: (
        first_line(lines_of(a, 10_000), b"-----\n\n") + b
    ),
    "an empty line after an empty line": lambda a, b: first_line(a, b"-----\n\n\n") + b,
    "an indented body": lambda a, b: indented(a, 2) + b,
    "a body indented by more than a piece": lambda a, b: indented(a, 300) + b,
    "an indented body after an empty line": lambda a, b: (
        first_line(indented(a, 2), b"-----\n\n") + b
    ),
    "an empty line in the middle": lambda a, b: in_body(a, b"\n\n") + b,
    "a space in a line": lambda a, b: in_body(a, b" ") + b,
    "a tab in a line": lambda a, b: in_body(a, b"\t") + b,
    "a NUL in a line": lambda a, b: in_body(a, b"\0") + b,
    "a dash in a line": lambda a, b: in_body(a, b"-") + b,
    "a remark in the middle": lambda a, b: in_body(a, b"\n# remark\n") + b,
    "short lines": lambda a, b: lines_of(a, 32) + b,
    "lines of odd length": lambda a, b: lines_of(a, 31) + b,
    "one long line": lambda a, b: lines_of(a, 10_000) + b,
    "too much padding": lambda a, b: without_end(a).rstrip() + b"====\n" + a[-60:] + b,
    "the alphabet of URLs": lambda a, b: a.replace(b"+", b"_").replace(b"/", b"_") + b,
    "base64 alone": lambda a, _: b"".join(a.splitlines(keepends=True)[1:-1]),
    "DER": lambda a, _: pem.der_of(a),
    "DER, then PEM": lambda a, b: pem.der_of(a) + b"\n" + b,
    "DER, then DER": lambda a, b: pem.der_of(a) + pem.der_of(b),
    "DER, then a NUL": lambda a, _: pem.der_of(a) + b"\0",
    "PEM, then DER": lambda a, b: a + pem.der_of(b),
    "PEM in a SEQUENCE": lambda a, b: sequence(der(0x04, a), pem.der_of(b)),
}
BEFORE = [b" ", b"\t", b"\r", b"\x0b", b"\x0c", b"> ", b"#", b"\xa0", b"-", b"text"]
SHAPES |= {f"{text!r} before": preceded_by(text) for text in BEFORE}
SHAPES |= {  # OpenSSL reads a line in pieces of 254 bytes
    f"{count} bytes before": preceded_by(b"x" * count)
    for count in (253, 254, 255, 256, 508, 509, 1016)
}
LABELS = [
    b"", b"WEIRD", b"NEW CERTIFICATE REQUEST", b"CERTIFICATE REQUEST", b"CERTIFICATE",
    b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE", b"X509 CRL", b"PRIVATE KEY", b"ANY PRIVATE KEY",
    b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"XPRIVATE KEY", b"PUBLIC KEY",
    b"EC PARAMETERS", b"DH PARAMETERS", b"PKCS7", b"CMS", b"ATTRIBUTE CERTIFICATE",
]  # fmt: skip
SHAPES |= {f"the label {new.decode()!r}": with_label(new) for new in LABELS}


def seen(folder: Path, kind: str, data: bytes) -> set[bytes]:
    """Return what OpenSSL reads, in each of its forms; nothing where it reads nothing."""
    (folder / "f").write_bytes(data)
    forms = ((), ("-inform", "PEM"), ("-inform", "DER"))
    outputs = (openssl_sees(*OPENSSL[kind], "-in", folder / "f", *form) for form in forms)
    return set(filter(None, outputs))


def agrees(folder: Path, kind: str, data: bytes) -> bool:
    """Tell whether it is read, and not refused; if it is, OpenSSL must read the same object."""
    try:
        read = READ[kind](data)
    except CertstrapError:
        return False
    assert seen(folder, kind, data) == {read}
    return True


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_what_openssl_reads(tmp_path: Path, kind: str, shape: str) -> None:
    first, second = KINDS[kind]
    agrees(tmp_path, kind, SHAPES[shape](first, second))


@pytest.mark.parametrize("kind", KINDS)
def test_what_everybody_writes_is_read(tmp_path: Path, kind: str) -> None:
    for shape in (
        "one after the other",
        "text before",
        "CR LF",
        "a byte order mark",
        "DER",
        "an empty line first",
        "an indented body",
        "a space in a line",
        "a tab in a line",
    ):
        assert agrees(tmp_path, kind, SHAPES[shape](*KINDS[kind])), shape


def harmless(content: bytes) -> bytes:
    """Return the DER of a request with an attribute that contains something."""
    attribute = sequence(oid("1.2.840.113549.1.9.7"), der(0x31, der(0x0C, content)))
    return raw_request(attributes=attribute)


@pytest.mark.parametrize("kind", KINDS)
def test_der_after_pem_is_refused(kind: str) -> None:
    """OpenSSL finds it in some of such files, with `-inform DER`."""
    first, second = KINDS[kind]
    for data in (first + pem.der_of(second), first + b"text\n" + pem.der_of(second) + first):
        with pytest.raises(CertstrapError, match="is neither PEM nor DER"):
            READ[kind](data)


def test_der_of_a_short_key_after_pem_is_refused() -> None:
    key = a_key(KeySpec(curve="Ed25519"))
    private = pem.der_of(key_data(key))
    half = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for data in (private, half):
        with pytest.raises(CertstrapError, match="is neither PEM nor DER"):
            READ["key"](KINDS["key"][0] + data)


@pytest.mark.parametrize("after", [b"\x1a", b"\0\0", b"0A0\n", "é 0°\n".encode()])
def test_what_is_no_der_after_pem_is_passed_over(tmp_path: Path, after: bytes) -> None:
    for kind, (first, _) in KINDS.items():
        assert agrees(tmp_path, kind, first + after)


@pytest.mark.parametrize("before", [b"", b"\n", b"\r\n", b"\0\n", b" ", b"text\n"])
def test_pem_in_an_attribute_of_a_der_request_is_not_signed(tmp_path: Path, before: bytes) -> None:
    evil, _ = KINDS["request"]
    agrees(tmp_path, "request", harmless(before + evil))


@pytest.mark.parametrize("count", [0, 1, 100, 240, *range(246, 256)])
def test_pem_at_any_place_in_a_der_request_is_not_signed(tmp_path: Path, count: int) -> None:
    evil, _ = KINDS["request"]
    agrees(tmp_path, "request", harmless(b"x" * count + evil))


@pytest.mark.parametrize("name", ["-----BEGIN ", "-----BEGIN X-----", "a -----BEGIN "])
def test_der_with_the_beginning_of_pem_in_its_name_is_read(tmp_path: Path, name: str) -> None:
    data = a_request(subject=a_name(name)).public_bytes(Encoding.DER)
    assert agrees(tmp_path, "request", data)
