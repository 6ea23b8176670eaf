"""DER (X.690): elements taken apart, and written."""

from collections.abc import Iterator

INTEGER, BIT_STRING, OCTET_STRING = 0x02, 0x03, 0x04  # tags
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20  # the bit of a tag that has elements as its content (8.1.2.5)


def content_of(data: bytes | memoryview, at: int = 0) -> tuple[int, int]:
    """Return where the content of the element at ``at`` begins and ends (8.1.3)."""
    length, begin = data[at + 1], at + 2
    if not length & 0x80:
        return begin, begin + length
    begin += length & 0x7F
    return begin, begin + int.from_bytes(data[at + 2 : begin])


def is_element(data: bytes) -> bool:
    """Return whether ``data`` is one element, of any kind."""
    return len(data) > 1 and content_of(data)[1] == len(data)


def elements(data: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the tag and the content of each element, up to one that is broken."""
    data = memoryview(data)
    while len(data) > 1:
        begin, end = content_of(data)
        if end > len(data):
            return
        yield data[0], data[begin:end]
        data = data[end:]


def contents(data: bytes | memoryview) -> list[memoryview]:
    """Return the content of each element."""
    return [content for _, content in elements(data)]


def items(element: bytes) -> list[bytes]:
    """Return each element in the content of an element."""
    begin, end = content_of(element) if len(element) > 1 else (0, 0)
    content = memoryview(element)[begin:end]
    return [encoded(tag, bytes(each)) for tag, each in elements(content)]


def encoded(tag: int, *parts: bytes) -> bytes:
    """Return an element with that tag and content."""
    content = b"".join(parts)
    if len(content) < 0x80:  # noqa: PLR2004 - where the short form of a length ends (8.1.3)
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes(4).lstrip(b"\0")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of these elements."""
    return encoded(SEQUENCE, *parts)
