"""DER as a tree (X.690), to change it and to write it again."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, UTF8 = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C
PRINTABLE, IA5, UTC_TIME, GENERALIZED_TIME, BMP = 0x13, 0x16, 0x17, 0x18, 0x1E
SEQUENCE, SET = 0x30, 0x31
STRINGS = (UTF8, PRINTABLE, 0x14, IA5, 0x12, 0x19, 0x1A, 0x1B, 0x1C, BMP, BIT_STRING, OCTET_STRING)
TIMES = (UTC_TIME, GENERALIZED_TIME)
_TAGS = (*STRINGS, *TIMES, 0x00, 0x01, INTEGER, NULL, OID, 0x0A, SEQUENCE, SET)
_CONTEXT = tuple(range(0x80, 0x8A)) + tuple(range(0xA0, 0xAA))
_CONSTRUCTED = 0x20
_DEEPEST = 40

_INTEGERS = (
    b"", b"\0", b"\1", b"\x7f", b"\xff", b"\x80", b"\0\0", b"\0\x80", b"\xff\xff", b"\x27\x0f",
    b"\x7f" * 20, b"\x80" * 20, b"\0" + b"\xff" * 20, b"\x7f" * 21, b"\x7f" * 200,
    b"\x7f\xff\xff\xff", b"\0\x80\0\0\0", b"\x7f" + b"\xff" * 7, b"\0" + b"\xff" * 8,
)  # fmt: skip
_TIMES = (
    b"", b"Z", b"491231235959Z", b"500101000000Z", b"19500101000000Z", b"99991231235959Z",
    b"00000101000000Z", b"20260230000000Z", b"20261123120060Z", b"20261123120000+0100",
    b"20261123120000.5Z", b"2611231200Z", b"261123120000Z", b"-9991231235959Z",
    b"2026112312000\xff",
)  # fmt: skip
_OIDS = tuple(
    bytes.fromhex(text)
    for text in (
        "551d11", "551d13", "551d0f", "551d25", "551d1e", "551d23", "551d0e", "551d14", "551d15",
        "551d20", "551d24", "551d36", "551d1f", "550403", "550406", "55040a", "55042d", "",
        "2a864886f70d010901", "2a864886f70d010101", "2a864886f70d01010a", "2a864886f70d010105",
        "2a8648ce3d040302", "2a8648ce3d0201", "2a8648ce3d030107", "2b65706e", "2b6570", "2b6571",
        "2a864886f70d01090e", "2a864886f70d010907", "2a864886f70d01050d", "2a864886f70d01050c",
        "2b81040021", "2b81040023", "2a864886f70d0209", "80", "ff", "ffffffffffffffffff7f", "2b06",
    )
)  # fmt: skip
_CONTENTS = (
    b"", b"\0", b" ", b"*", b"a\0b", b"a.example", b"\xff\xfe", b"\xed\xa0\x80", b"x" * 65, b"DE",
    b"deu", "\u202eevil".encode(), "Ünï".encode(), b"1.2.3.4", b"\x7f\0\0\1", b"\0" * 16, b"\0" * 5,
    b"\xff" * 8, b"a" * 300, b"https://a.example:x/", b"mailto:a@b", b"@", b"a@", b"@b", b"..",
    b".",
)  # fmt: skip


@dataclass
class Node:
    """One value: its tag and either its content or the values that it consists of.

    ``before`` is what stands before those values in the content (a bit string's unused bits), and
    ``length`` are the octets that are written instead of the true length.
    """

    tag: int
    content: bytes = b""
    children: list["Node"] | None = None
    before: bytes = b""
    length: bytes | None = field(default=None)

    def encoded(self) -> bytes:
        content = self.content
        if self.children is not None:
            content = self.before + b"".join(child.encoded() for child in self.children)
        length = length_of(len(content)) if self.length is None else self.length
        return bytes([self.tag]) + length + content


def length_of(size: int) -> bytes:
    """Return the octets of a length."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def der(tag: int, *parts: bytes) -> bytes:
    """Return one value."""
    return Node(tag, b"".join(parts)).encoded()


def parse(data: bytes, depth: int = 0) -> list[Node] | None:
    """Return the values that ``data`` consists of, or None if it is not DER."""
    nodes = []
    while data:
        if len(data) < 2 or data[0] & 0x1F == 0x1F or depth > _DEEPEST:
            return None
        octets = data[1] & 0x7F if data[1] & 0x80 else 0
        start = 2 + octets
        size = int.from_bytes(data[2:start], "big") if octets else data[1]
        if data[1] == 0x80 or octets > 4 or len(data) < start + size:
            return None
        nodes.append(_node(data[0], data[start : start + size], depth))
        data = data[start + size :]
    return nodes


def _node(tag: int, content: bytes, depth: int) -> Node:
    """Return a value; a string that contains DER is a tree as well, as extensions are."""
    before = b"\0" if tag == BIT_STRING and content[:1] == b"\0" else b""
    inner = content[len(before) :]
    nested = tag & _CONSTRUCTED or (tag in {BIT_STRING, OCTET_STRING} and inner[:1] == b"\x30")
    children = parse(inner, depth + 1) if nested else None
    return Node(tag, content, children, before if children else b"")


def places(nodes: list[Node]) -> Iterator[tuple[list[Node], int]]:
    """Yield each value as the list that it is in and its index there."""
    for index, node in enumerate(nodes):
        yield nodes, index
        if node.children is not None:
            yield from places(node.children)


def mutated(rng: Random, data: bytes, donors: list[bytes], *, below: tuple[int, ...] = ()) -> bytes:
    """Return DER with up to four changes.

    Args:
        rng: what decides.
        data: DER; something else is returned as it is.
        donors: DER whose parts may be put into it.
        below: the indices that lead to the only value that is changed, from the outermost on.
    """
    roots = parse(data)
    if not roots:
        return data
    inside = roots
    for index in below:
        children = inside[index].children if index < len(inside) else None
        if children is None:
            return data
        inside = children
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        found = list(places(inside))
        if found:
            siblings, index = rng.choice(found)
            rng.choice(_CHANGES)(rng, siblings, index, donors)
    return b"".join(node.encoded() for node in roots)


_Change = Callable[[Random, list[Node], int, list[bytes]], None]


def _retag(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    old = siblings[index].tag
    similar = next((group for group in (STRINGS, TIMES) if old in group), _TAGS)
    siblings[index].tag = rng.choice((*similar, rng.choice(_CONTEXT), rng.choice(_TAGS)))


def _relength(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    node = siblings[index]
    size = len(node.encoded()) - 2
    siblings[index].length = rng.choice(
        (
            b"\x80", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\xff", b"\x00",
            b"\x84" + size.to_bytes(4, "big"), length_of(size + rng.randint(1, 9)),
            length_of(max(0, size - rng.randint(1, 9))),
        )
    )  # fmt: skip


def _refill(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    node = siblings[index]
    pools = {INTEGER: _INTEGERS, UTC_TIME: _TIMES, GENERALIZED_TIME: _TIMES, OID: _OIDS}
    pool = rng.choice(
        (pools.get(node.tag, _CONTENTS), _CONTENTS, (rng.randbytes(rng.randrange(9)),))
    )
    node.children, node.content = None, rng.choice(pool)


def _remove(_: Random, siblings: list[Node], index: int, __: list[bytes]) -> None:
    del siblings[index]


def _double(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    copies = rng.choice((1, 1, 1, 1, 3, 300))
    # Copies of their own: what is doubled again below them would be doubled below each.
    siblings[index:index] = [deepcopy(siblings[index]) for _ in range(copies)]


def _swap(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    other = rng.randrange(len(siblings))
    siblings[index], siblings[other] = siblings[other], siblings[index]


def _splice(rng: Random, siblings: list[Node], index: int, donors: list[bytes]) -> None:
    """Put another value in its place, from this tree's neighbours or from other DER."""
    roots = parse(rng.choice(donors)) if donors else None
    found = list(places(roots or siblings))
    new_siblings, new_index = rng.choice(found)
    siblings[index] = _node_of(new_siblings[new_index].encoded())


def _node_of(data: bytes) -> Node:
    nodes = parse(data)
    return nodes[0] if nodes else Node(OCTET_STRING, data)


def _wrap(rng: Random, siblings: list[Node], index: int, _: list[bytes]) -> None:
    data = siblings[index].encoded()
    for _round in range(rng.choice((1, 1, 1, 2, 2, 30, 400))):
        data = der(SEQUENCE, data)
    siblings[index] = Node(data[0], data[2:]) if len(data) < 0x82 else _raw(data)


def _raw(data: bytes) -> Node:
    """Return a value whose content is not looked into, as it may be too deep."""
    start = 2 + (data[1] & 0x7F)
    return Node(data[0], data[start:])


def _unwrap(_: Random, siblings: list[Node], index: int, __: list[bytes]) -> None:
    children = siblings[index].children
    if children is not None:
        siblings[index : index + 1] = children


_CHANGES: tuple[_Change, ...] = (
    _retag, _retag, _relength, _refill, _refill, _refill, _refill, _remove, _double, _swap, _splice,
    _splice, _wrap, _unwrap,
)  # fmt: skip
