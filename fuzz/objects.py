"""Certificates, requests and CRLs with odd content and a valid signature."""

from random import Random

from fuzz import corpus, tlv
from fuzz.mutate import der_of, to_pem
from fuzz.tlv import (
    BIT_STRING,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    UTF8,
    Node,
    der,
)

_ATTRIBUTES = (
    "550403", "550403", "55040a", "55040b", "550406", "550408", "550407", "55042d", "550405",
    "2a864886f70d010901", "0992268993f22c640119", "2a030405", "",
)  # fmt: skip
_STRINGS = (
    b"leaf", b"Cert", b"cERT ", b"a.example", b"*.a.example", b"", b" ", b"a\0b", b"\xff",
    b"x" * 65,
    b"x" * 300, b"DE", b"deu", b"\0l\0f", b"\0\0\0l", "Ünï".encode(), "\u202eevil".encode(),
    b"../../x",
    b"10.0.0.1", b"a@b.example", b"\x1b[31m", b"a\nb", b"\xf0\x9f\x99\x82", b"a,b=c+d",
)  # fmt: skip
_NAMES = (  # contents of general names
    b"a.example", b"*.a.example", b".a.example", b"", b"\xff", b"a\0b", b"a b", b"xn--x",
    b"x" * 300,
    b"a@b.example", b"a@", b"@b", b"\x7f\0\0\1", b"\0" * 16, b"\x0a\0\0\0\xff\0\0\0", b"\0" * 32,
    b"\xff\0\xff\0" * 2, b"https://a.example/", b"https://[::1]/", b"urn:x", b"http://a@b@c/",
    b"\x2a\x03",
    b"http://" + b"a" * 3000, b"http://" + b"a." * 1500 + b":", b"a://" + b"@" * 3000, b"\x80",
)  # fmt: skip
_USAGES = (b"\0\xff", b"\7\x80", b"\2\4", b"\1\6", b"\0", b"\0\0", b"\x09\xff", b"\7\xff\x80", b"")
_NUMBERS = (b"\0", b"\1", b"\x80", b"\xff", b"\x7f" * 21, b"\0" + b"\xff" * 20, b"\x7f" * 200, b"")


def odd(rng: Random, kind: str, whose: str = "") -> bytes:
    """Return an odd ``kind`` as PEM: certificate, certificate request or x509 crl.

    It is signed by ``whose`` key, which is any if none is given.
    """
    makers = {"certificate": _certificate, "certificate request": _request, "x509 crl": _crl}
    return to_pem(kind.upper().encode(), makers[kind](rng, whose))


def odd_name(rng: Random) -> bytes:
    """Return a distinguished name of up to four RDNs."""
    return der(SEQUENCE, *(_rdn(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 4)))))


def _rdn(rng: Random) -> bytes:
    return der(SET, *(_attribute(rng) for _ in range(rng.choice((1, 1, 1, 1, 0, 2)))))


def _attribute(rng: Random) -> bytes:
    kind = der(OID, bytes.fromhex(rng.choice(_ATTRIBUTES)))
    tag = rng.choice((UTF8, UTF8, UTF8, *tlv.STRINGS, INTEGER, SEQUENCE))
    return der(SEQUENCE, kind, der(tag, rng.choice(_STRINGS)))


def _general_name(rng: Random) -> bytes:
    tag = rng.choice(
        (0x82, 0x82, 0x82, 0x86, 0x86, 0x87, 0x87, 0x81, 0x88, 0xA0, 0xA4, 0xA3, 0xA5, 0x89)
    )
    if tag == 0xA4:
        return der(tag, odd_name(rng))
    if tag == 0xA0:
        kind = rng.choice(("2b060104018237140203", "2b06010505070809", "2a03"))
        value = der(0xA0, der(rng.choice(tlv.STRINGS), rng.choice(_NAMES)))
        return der(tag, der(OID, bytes.fromhex(kind)), value)
    return der(tag, rng.choice(_NAMES))


def _general_names(rng: Random) -> bytes:
    return der(SEQUENCE, *(_general_name(rng) for _ in range(rng.choice((0, 1, 1, 2, 5)))))


def _constraints(rng: Random) -> bytes:
    return der(SEQUENCE, *(_subtrees(rng, tag) for tag in (0xA0, 0xA1) if rng.random() < 0.6))


def _subtrees(rng: Random, tag: int) -> bytes:
    odd_minimum = der(0x80, rng.choice(_NUMBERS)) if rng.random() < 0.1 else b""
    trees = (
        der(SEQUENCE, _general_name(rng), odd_minimum) for _ in range(rng.choice((0, 1, 1, 2)))
    )
    return der(tag, *trees)


def _basic(rng: Random) -> bytes:
    ca = der(0x01, rng.choice((b"\xff", b"\xff", b"\xff", b"\0", b"\1")))
    length = der(INTEGER, rng.choice(_NUMBERS)) if rng.random() < 0.4 else b""
    return der(SEQUENCE, rng.choice((ca, ca, ca, b"")), length)


def _reason(rng: Random) -> bytes:
    return der(rng.choice((0x0A, INTEGER)), rng.choice((*_NUMBERS, b"\7", b"\x08", b"\x0a")))


def _extension(rng: Random) -> bytes:
    kind, value = rng.choice(
        (
            ("551d11", _general_names(rng)),
            ("551d11", _general_names(rng)),
            ("551d13", _basic(rng)),
            ("551d1e", _constraints(rng)),
            ("551d1e", _constraints(rng)),
            ("551d0f", der(BIT_STRING, rng.choice(_USAGES))),
            ("551d25", der(SEQUENCE, *(der(OID, b"\x2a\x03") for _ in range(rng.randrange(3))))),
            ("551d0e", der(OCTET_STRING, rng.choice(_NAMES))),
            ("551d23", der(SEQUENCE, der(0x80, rng.choice(_NAMES)))),
            ("551d14", der(INTEGER, rng.choice(_NUMBERS))),
            ("551d15", _reason(rng)),
            ("551d12", _general_names(rng)),
            ("2a0304", rng.choice(_NAMES)),
        )
    )
    critical = der(0x01, b"\xff") if rng.random() < 0.3 else b""
    return der(SEQUENCE, der(OID, bytes.fromhex(kind)), critical, der(OCTET_STRING, value))


def _extensions(rng: Random) -> bytes:
    found = [_extension(rng) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    if found and rng.random() < 0.1:
        found.append(found[0])
    return der(SEQUENCE, *found)


def _basic_ca(rng: Random) -> bytes:
    """Return extensions that make a CA, and odd ones."""
    basic = der(SEQUENCE, der(OID, b"\x55\x1d\x13"), der(OCTET_STRING, b"\x30\x03\x01\x01\xff"))
    return der(SEQUENCE, basic, *(_extension(rng) for _ in range(rng.randrange(3))))


def _parts(pem: bytes) -> list[Node]:
    """Return what the content of a valid object consists of."""
    whole = tlv.parse(der_of(pem))
    assert whole is not None
    assert whole[0].children is not None
    content = whole[0].children[0].children
    assert content is not None
    return content


def _put_together(rng: Random, whose: str, parts: list[Node], donor: bytes) -> bytes:
    content = der(SEQUENCE, *(part.encoded() for part in parts))
    if rng.random() < 0.3:
        content = tlv.mutated(rng, content, [der_of(donor)], below=(0,))
    return corpus.signed(whose, content)


def _raw(data: bytes) -> Node:
    nodes = tlv.parse(data)
    return nodes[0] if nodes else Node(OCTET_STRING, data)


def _request(rng: Random, whose: str) -> bytes:
    whose = whose or rng.choice(("client", "pending", "a b", "Int"))
    donor = corpus.request(whose)
    parts = _parts(donor)
    if rng.random() < 0.6:
        parts[1] = _raw(odd_name(rng))
    attribute = der(
        SEQUENCE, der(OID, bytes.fromhex("2a864886f70d01090e")), der(SET, _extensions(rng))
    )
    challenge_value = der(SET, der(rng.choice(tlv.STRINGS), rng.choice(_STRINGS)))
    challenge = der(SEQUENCE, der(OID, bytes.fromhex("2a864886f70d010907")), challenge_value)
    both = rng.choice(
        (attribute, attribute, attribute, attribute + attribute, challenge + attribute, b"")
    )
    parts[3] = _raw(der(0xA0, both))
    return _put_together(rng, whose, parts, donor)


def _certificate(rng: Random, whose: str) -> bytes:
    whose = whose or rng.choice(("Cert", "Int", "client"))
    donor = corpus.certificate(whose, ca=True)
    parts = _parts(donor)
    if rng.random() < 0.2:
        parts[1] = Node(INTEGER, rng.choice(_NUMBERS))
    if rng.random() < 0.4:
        parts[3] = parts[5] = _raw(odd_name(rng))
    if rng.random() < 0.3:
        parts[4] = _raw(der(SEQUENCE, _time(rng), _time(rng)))
    parts[7] = _raw(der(0xA3, _basic_ca(rng) if rng.random() < 0.7 else _extensions(rng)))
    return _put_together(rng, whose, parts, donor)


def _time(rng: Random) -> bytes:
    whole = (b"19500101000000Z", b"99991231235959Z", b"20250101000000Z", b"00000101000000Z")
    short = (b"250101000000Z", b"491231235959Z", b"500101000000Z", b"2501010000Z")
    tag = rng.choice(tlv.TIMES)
    pool = whole if tag == tlv.GENERALIZED_TIME else short
    return der(tag, rng.choice(pool))


def _crl(rng: Random, whose: str) -> bytes:
    whose = whose or "Cert"
    donor = corpus.crl(whose, "gone", "client")
    parts = _parts(donor)
    if rng.random() < 0.2:
        parts[2] = _raw(odd_name(rng))
    if rng.random() < 0.4:
        entries = [_entry(rng) for _ in range(rng.choice((0, 1, 2, 200)))]
        parts[5] = _raw(der(SEQUENCE, *entries))
    if rng.random() < 0.5:
        parts[6] = _raw(der(0xA0, _extensions(rng)))
    if rng.random() < 0.1:
        del parts[rng.randrange(len(parts))]
    return _put_together(rng, whose, parts, donor)


def _entry(rng: Random) -> bytes:
    extensions = _extensions(rng) if rng.random() < 0.5 else b""
    return der(SEQUENCE, der(INTEGER, rng.choice(_NUMBERS)), _time(rng), extensions)
