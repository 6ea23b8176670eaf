"""Name constraints: which names a CA may sign (RFC 5280, 4.2.1.10)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.pki.decode import comparable_name, extension
from certstrap.text import printable

_HOST_NAME = r"(\*|[A-Za-z0-9_-]+)(\.[A-Za-z0-9_-]+)+"


def not_permitted(
    subject: x509.Name,
    alternative: Sequence[x509.GeneralName],
    ca: x509.Certificate,
    *,
    common_name: bool = True,
) -> Iterator[tuple[str, str]]:
    """Yield each name that ``ca`` may not sign, and what it is permitted instead.

    Each name is compared with the constraints of its own type; one that cannot be compared (a URI
    without a domain, an unknown type) is not permitted if its type is constrained. The subject
    counts as a directory name, its e-mail addresses as such, and a common name with a dot as a
    domain if there is no other, as OpenSSL has it.

    Args:
        subject: the distinguished name.
        alternative: the alternative names.
        ca: the CA.
        common_name: whether a common name may count as a domain; that of a CA does not.
    """
    constraints = extension(ca, x509.NameConstraints)
    if not constraints:
        return
    for kind, value in _names(subject, alternative, common_name=common_name):
        permitted = _of_kind(kind, constraints.permitted_subtrees)
        excluded = _of_kind(kind, constraints.excluded_subtrees)
        if (
            ((permitted or excluded) and not _is_comparable(kind, value))
            or (permitted and not any(_is_in(kind, value, tree) for tree in permitted))
            or any(_is_in(kind, value, tree) for tree in excluded)
        ):
            yield (
                _text(value),
                ", ".join(printable(_text(tree)) for tree in permitted) or "other names",
            )


def _names(
    subject: x509.Name, alternative: Sequence[x509.GeneralName], *, common_name: bool
) -> Iterator[tuple[type[x509.GeneralName], Any]]:
    yield from ((type(name), name.value) for name in alternative)
    if subject.rdns:
        yield x509.DirectoryName, subject
    for attribute in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield x509.RFC822Name, attribute.value
    if common_name and not any(isinstance(name, x509.DNSName) for name in alternative):
        for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if re.fullmatch(_HOST_NAME, str(attribute.value)):
                yield x509.DNSName, attribute.value


def _of_kind(kind: type[x509.GeneralName], trees: Iterable[x509.GeneralName] | None) -> list[Any]:
    return [tree.value for tree in trees or () if type(tree) is kind]


def _is_comparable(kind: type[x509.GeneralName], value: Any) -> bool:
    if kind is x509.UniformResourceIdentifier:
        return bool(_host(value))
    if kind is x509.IPAddress:
        return isinstance(value, IPv4Address | IPv6Address)
    return kind in {x509.DNSName, x509.RFC822Name, x509.DirectoryName}


def _is_in(kind: type[x509.GeneralName], value: Any, tree: Any) -> bool:
    if isinstance(tree, IPv4Network | IPv6Network):
        return value in tree
    if isinstance(tree, x509.Name):
        return _rdns(value)[: len(tree.rdns)] == _rdns(tree)
    if kind is x509.DNSName:
        value, tree = value.lower(), tree.lower()
        return not tree or value == tree or value.endswith("." + tree.removeprefix("."))
    if kind is x509.UniformResourceIdentifier:
        return _host_is_in(_host(value), tree)
    mailbox, _, host = value.rpartition("@")
    wanted, at, tree = tree.rpartition("@")
    return (not at or mailbox == wanted) and _host_is_in(host, tree)


def _host(uri: str) -> str:
    """Return the domain of a URI, or nothing if it has none (RFC 3986, 3.2).

    It takes time in proportion to the length, whatever the URI is.
    """
    scheme, _, rest = uri.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    user, _, place = authority.rpartition("@")
    host = place.partition(":")[0]
    is_clear = scheme and ":" not in scheme and "@" not in user and not set(host) & set("[]")
    return host if is_clear and host.strip("0123456789.") else ""


def _host_is_in(host: str, tree: str) -> bool:
    host, tree = host.lower(), tree.lower()
    return host.endswith(tree) if tree.startswith(".") else host == tree


def _rdns(name: x509.Name) -> list[list[tuple[str, str]]]:
    return [sorted(comparable_name(x509.Name([rdn]))) for rdn in name.rdns]


def _text(value: Any) -> str:
    return value.rfc4514_string() if isinstance(value, x509.Name) else str(value)
