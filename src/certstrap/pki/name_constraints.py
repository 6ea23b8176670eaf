"""Name constraints: which names a CA may sign (RFC 5280, 4.2.1.10).

The constraints of a CA are put into sets once, and a name is looked up in them by each constraint
that would contain it: no number of names and constraints takes long.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.errors import InvalidAlternativeNameError, RefusedError
from certstrap.hints import Hint
from certstrap.pki.decode import comparable_name, extension
from certstrap.pki.names import name_text, parse_domain, split
from certstrap.text import printable

_HOST_NAME = r"(\*|[A-Za-z0-9_-]+)(\.[A-Za-z0-9_-]+)+"
_LONGEST_DOMAIN = 253  # RFC 1035, 2.3.4
_MOST_COMPARISONS = 1 << 20
_MOST_SHOWN = 3

Kind = type[x509.GeneralName]


class Subtrees(NamedTuple):
    """Names that a CA may sign, or may not, as typed; each string is itself a comma list.

    Attributes:
        domains: ``example.com`` with all below it, or ``.example.com`` for those below alone.
        ips: networks, as in ``10.0.0.0/8``; an address is a network of one.
        uris: the host of URIs, or ``.example.com`` for all hosts below that.
        emails: a mailbox, as in ``a@example.com``, or the host of mailboxes, as in ``uris``.
    """

    domains: Iterable[str] = ()
    ips: Iterable[str] = ()
    uris: Iterable[str] = ()
    emails: Iterable[str] = ()

    def to_x509(self) -> list[x509.GeneralName]:
        """Return the names, each once.

        Raises:
            InvalidAlternativeNameError: one of them is not valid.
        """
        found: list[x509.GeneralName] = []
        for (kind, parse), texts in zip(_PARSERS.items(), self, strict=True):
            found += (parse(text) for text in split(kind, texts))
        return [*dict.fromkeys(found)]


NONE = Subtrees()


def constraints(permitted: Subtrees, excluded: Subtrees) -> x509.NameConstraints | None:
    """Return the name constraints of a CA; None if it may sign all names.

    Raises:
        InvalidAlternativeNameError: one of the names is not valid.
        RefusedError: a name is both permitted and excluded.
    """
    allowed, forbidden = permitted.to_x509(), excluded.to_x509()
    keys = {(type(name), _key(name.value)) for name in forbidden}
    if both := [name for name in allowed if (type(name), _key(name.value)) in keys]:
        raise RefusedError(f"{both[0].value} is both permitted and excluded.", "Choose one.")
    if not allowed and not forbidden:
        return None
    return x509.NameConstraints(allowed or None, forbidden or None)


def _domain(text: str) -> x509.GeneralName:
    hint = Hint(
        "Write it as example.com or .example.com; networks go into {}.", options=("--permit-ip",)
    )
    return x509.DNSName(_host("domain", text, text, hint))


def _network(text: str) -> x509.GeneralName:
    with suppress(ValueError):
        network = ip_network(text)
        first = network.network_address
        if "%" not in text and not getattr(first, "ipv4_mapped", None):  # no certificate has these
            return x509.IPAddress(network)
    hint = "Write it as 10.0.0.0/8 or 2001:db8::/32, without bits after the prefix."
    raise InvalidAlternativeNameError("network", text, hint)


def _uri_host(text: str) -> x509.GeneralName:
    hint = "Write the host alone, as in host.example.com, or .example.com for all below it."
    return x509.UniformResourceIdentifier(_host("host of URIs", text, text, hint))


def _mail(text: str) -> x509.GeneralName:
    mailbox, at, host = text.rpartition("@")
    is_valid = not at or (re.fullmatch(_MAILBOX, mailbox) and not host.startswith("."))
    hint = "Write it as a@example.com, example.com or .example.com."
    return x509.RFC822Name(_host("e-mail address", text, host if is_valid else "", hint))


def _host(kind: str, text: str, host: str, hint: Hint | str) -> str:
    """Return ``text`` if ``host`` in it is one; with a dot in front, all hosts below it."""
    try:
        parse_domain(host.removeprefix("."), wildcard=False)
    except InvalidAlternativeNameError:
        raise InvalidAlternativeNameError(kind, text, hint) from None
    return text


_PARSERS: dict[str, Callable[[str], x509.GeneralName]] = {
    "domain": _domain,
    "network": _network,
    "host of URIs": _uri_host,
    "e-mail address": _mail,
}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAILBOX = rf"{_ATOM}(\.{_ATOM})*"  # RFC 5321, 4.1.2, without quotation marks


def are_too_many(
    subject: x509.Name, alternative: Sequence[x509.GeneralName], ca: x509.Certificate
) -> bool:
    """Return whether OpenSSL refuses to compare so many names with the constraints of ``ca``."""
    constraints = extension(ca, x509.NameConstraints)
    if not constraints:
        return False
    trees = len(constraints.permitted_subtrees or ()) + len(constraints.excluded_subtrees or ())
    return (len(subject) + len(alternative)) * trees > _MOST_COMPARISONS


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
    domain if there is no other, as OpenSSL has it; not that of a CA (``common_name`` is False).
    """
    constraints = _constraints(ca)
    if not constraints:
        return
    for kind, value in _names(subject, alternative, common_name=common_name):
        if kind not in constraints:
            continue
        permitted, excluded, shown = constraints[kind]
        if (
            not _is_comparable(kind, value)
            or (permitted.keys and not permitted.contain(kind, value))
            or excluded.contain(kind, value)
        ):
            yield _text(value), shown


def disjoint(below: x509.Certificate, above: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield what two CAs of a chain are permitted, of each kind of which no name is left to sign.

    Two subtrees that share a name are one inside the other.

    Args:
        below: a CA that was limited by `constraints`.
    """
    for kind, (permitted, _, shown) in _constraints(below).items():
        others, _, shown_above = _constraints(above).get(kind, (_trees([]), None, ""))
        if permitted.keys and others.keys:
            inside = (_is_inside(kind, tree, others) for tree in _permitted(below, kind))
            around = (_is_inside(kind, tree, permitted) for tree in _permitted(above, kind))
            if not any(inside) and not any(around):
                yield shown, shown_above


def _permitted(ca: x509.Certificate, kind: Kind) -> Iterator[Any]:
    """Yield the constraints of one kind that a CA is permitted, which has some."""
    found = ca.extensions.get_extension_for_class(x509.NameConstraints).value
    return (tree.value for tree in found.permitted_subtrees or () if type(tree) is kind)


def _is_inside(kind: Kind, tree: Any, trees: "_Trees") -> bool:
    """Return whether a constraint is part of one of others of its kind."""
    sizes = trees.sizes
    if kind is x509.IPAddress:
        sizes = frozenset(size for size in sizes if size <= tree.prefixlen)
        tree = tree.network_address
    if kind is x509.UniformResourceIdentifier:
        tree = f"scheme://{tree}"
    return not trees.keys.isdisjoint(_keys_of(kind, tree, sizes))


class _Trees(NamedTuple):
    """Constraints of one kind.

    Attributes:
        keys: what they are looked up by.
        sizes: the lengths of their prefixes, if they are networks or directory names.
    """

    keys: frozenset[Hashable]
    sizes: frozenset[int]

    def contain(self, kind: Kind, value: Any) -> bool:
        return not self.keys.isdisjoint(_keys_of(kind, value, self.sizes))


@lru_cache
def _constraints(ca: x509.Certificate) -> dict[Kind, tuple[_Trees, _Trees, str]]:
    """Return what is permitted, what is excluded and the former in words, by the kind of name."""
    found = extension(ca, x509.NameConstraints)
    if not found:
        return {}
    trees: dict[Kind, tuple[list[Any], list[Any]]] = {}
    for place, subtrees in enumerate((found.permitted_subtrees, found.excluded_subtrees)):
        for tree in subtrees or ():
            trees.setdefault(type(tree), ([], []))[place].append(tree.value)
    return {
        kind: (_trees(permitted), _trees(excluded), _shown(permitted))
        for kind, (permitted, excluded) in trees.items()
    }


def _trees(values: Iterable[Any]) -> _Trees:
    pairs = [_key(value) for value in values]
    return _Trees(frozenset(key for _, key in pairs), frozenset(size for size, _ in pairs))


def _shown(permitted: list[Any]) -> str:
    shown = [printable(_text(tree)) for tree in permitted[:_MOST_SHOWN]]
    more = len(permitted) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "") or "other names"


def _key(tree: Any) -> tuple[int, Hashable]:
    """Return the size of a constraint, and what it is looked up by."""
    if isinstance(tree, IPv4Network | IPv6Network):
        return tree.prefixlen, _prefix(tree.network_address, tree.prefixlen)
    if isinstance(tree, x509.Name):
        name = comparable_name(tree)
        return len(name), name
    if isinstance(tree, str):
        mailbox, at, host = tree.rpartition("@")
        return 0, mailbox + at + host.lower()
    return 0, tree  # of a kind that is never compared


def _prefix(address: IPv4Address | IPv6Address, size: int) -> Hashable:
    return address.version, size, int(address) >> (address.max_prefixlen - size)


def _keys_of(kind: Kind, value: Any, sizes: Iterable[int]) -> Iterable[Hashable]:
    """Return the keys of all constraints that would contain a name."""
    if kind is x509.DirectoryName:
        name = comparable_name(value)
        return (name[:size] for size in sizes)
    if kind is x509.IPAddress:
        return (_prefix(value, size) for size in sizes if size <= value.max_prefixlen)
    mailbox, at, domain = value.rpartition("@")
    host = (host_of(value) if kind is x509.UniformResourceIdentifier else domain).lower()
    parents = [host[dot:] for dot, character in enumerate(host) if character == "."]
    if kind is x509.DNSName:
        return ["", host, *parents, *(parent[1:] for parent in parents)]
    return [mailbox + at + host, host, *parents]


def _names(
    subject: x509.Name, alternative: Sequence[x509.GeneralName], *, common_name: bool
) -> Iterator[tuple[Kind, Any]]:
    yield from ((type(name), name.value) for name in alternative)
    if subject.rdns:
        yield x509.DirectoryName, subject
    for attribute in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield x509.RFC822Name, attribute.value
    if common_name and not any(isinstance(name, x509.DNSName) for name in alternative):
        for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if re.fullmatch(_HOST_NAME, str(attribute.value)):
                yield x509.DNSName, attribute.value


def _is_comparable(kind: Kind, value: Any) -> bool:
    if kind is x509.IPAddress:
        return isinstance(value, IPv4Address | IPv6Address)
    if kind is x509.UniformResourceIdentifier:
        return 0 < len(host_of(value)) <= _LONGEST_DOMAIN
    if kind is x509.RFC822Name:
        return "@" in value and len(value.rpartition("@")[2]) <= _LONGEST_DOMAIN
    return kind is x509.DirectoryName or (kind is x509.DNSName and len(value) <= _LONGEST_DOMAIN)


def host_of(uri: str) -> str:
    """Return the domain of a URI, or nothing if it has none (RFC 3986, 3.2).

    It takes time in proportion to the length, whatever the URI is.
    """
    scheme, _, rest = uri.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    user, _, place = authority.rpartition("@")
    host = place.partition(":")[0]
    is_clear = scheme and ":" not in scheme and "@" not in user and not set(host) & set("[]")
    return host if is_clear and host.strip("0123456789.") else ""


def _text(value: Any) -> str:
    return name_text(value) if isinstance(value, x509.Name) else str(value)
