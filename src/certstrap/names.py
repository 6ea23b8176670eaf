"""Names: what a user types, the file it becomes, and what stands in a certificate.

`Name.stem` is the only place where a string from outside becomes part of a path.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.errors import InvalidAlternativeName, InvalidName, quoted

LONGEST_COMMON_NAME = 64  # ub-common-name, RFC 5280 appendix A.1, in characters
LONGEST_STEM = 255 - len(".pkcs8.key")  # bytes; 255 is the limit of every common file system

_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"


class _NameFields(NamedTuple):
    text: str


class Name(_NameFields):
    """A name as the user typed it, without the spaces around it.

    Raises:
        InvalidName: nothing in it can name a file, or it holds control characters.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:  # noqa: D102 - the class says it
        self = super().__new__(cls, text.strip())
        _require_plain("name", self.text)
        if not any(unicodedata.category(c)[0] in "LN" for c in self.text):
            raise InvalidName(
                "name", self.text, "has no letter or digit", "Choose a name that can name a file."
            )
        if len(self.stem.encode()) > LONGEST_STEM:
            raise InvalidName(
                "name",
                self.text,
                "is too long for the name of a file",
                "Choose a shorter one; a long domain or URI goes with a short --common-name.",
            )
        return self

    @property
    def stem(self) -> str:
        """The name of its files, without suffix.

        Letters, marks and digits of any script, ``.``, ``_`` and ``-`` stay; a run of anything
        else, and the dots in front, become one ``_`` each.
        """
        stem = _runs_replaced(
            unicodedata.normalize("NFC", self.text), lambda c: _is_letter(c) or c in "._-"
        )
        return "_" + stem.lstrip(".") if stem.startswith(".") else stem

    @property
    def stems(self) -> tuple[str, ...]:
        """The file names under which a depot may keep it: ours first, then certstrap's two."""
        of_init = self.text.replace(" ", "_")
        of_request = _runs_replaced(
            self.text, lambda c: c.isascii() and (c.isalnum() or c in "._-")
        )
        certstraps = (
            stem
            for stem in (of_init, of_request)
            if not {"/", "\\", ":"} & set(stem) and any(map(str.isalnum, stem))
        )
        return tuple(dict.fromkeys((self.stem, *certstraps)))

    def __str__(self) -> str:
        return self.text


class _SubjectFields(NamedTuple):
    common_name: str
    organization: str
    organizational_unit: str
    country: str
    province: str
    locality: str


class Subject(_SubjectFields):
    """The distinguished name of a certificate; an empty field is not there (RFC 5280, 4.1.2.6).

    Raises:
        InvalidName: a field is too long or holds control characters.
    """

    __slots__ = ()

    def __new__(  # noqa: D102 - the class says it
        cls,
        common_name: str = "",
        organization: str = "",
        organizational_unit: str = "",
        country: str = "",
        province: str = "",
        locality: str = "",
    ) -> Self:
        self = super().__new__(
            cls, common_name, organization, organizational_unit, country, province, locality
        )
        for field, _, longest in _ATTRIBUTES:
            value = getattr(self, field)
            what = field.replace("_", " ")
            _require_plain(what, value)
            if len(value) > longest:
                raise InvalidName(
                    what,
                    value,
                    f"has {len(value)} characters and may have {longest}",
                    "A longer host name goes into --domain."
                    if field == "common_name"
                    else "Shorten it.",
                )
        if country and not (country.isascii() and country.isalpha() and len(country) == 2):  # noqa: PLR2004 - ISO 3166
            raise InvalidName(
                "country", country, "is not two letters", "Use its ISO 3166 code, such as DE."
            )
        return self

    def to_x509(self) -> x509.Name:
        """Return it as the RDN sequence C, ST, L, O, OU, CN."""
        return x509.Name(
            # Not validated: `cryptography` would count bytes; the characters are counted above.
            x509.NameAttribute(oid, value.upper() if field == "country" else value, _validate=False)
            for field, oid, _ in _ATTRIBUTES
            if (value := getattr(self, field))
        )


_ATTRIBUTES = (  # field, type and upper bound in characters (RFC 5280, appendix A.1)
    ("country", NameOID.COUNTRY_NAME, 2),
    ("province", NameOID.STATE_OR_PROVINCE_NAME, 128),
    ("locality", NameOID.LOCALITY_NAME, 128),
    ("organization", NameOID.ORGANIZATION_NAME, 64),
    ("organizational_unit", NameOID.ORGANIZATIONAL_UNIT_NAME, 64),
    ("common_name", NameOID.COMMON_NAME, LONGEST_COMMON_NAME),
)


class AlternativeNames(NamedTuple):
    """The subject alternative names of a request (RFC 5280, 4.2.1.6), each once, as typed."""

    domains: tuple[str, ...] = ()
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()
    uris: tuple[str, ...] = ()

    @classmethod
    def parse(cls, domains: Iterable[str], addresses: Iterable[str], uris: Iterable[str]) -> Self:
        """Read lists of domains, IP addresses and URIs; each string is itself a comma list.

        Raises:
            InvalidAlternativeName: an entry is empty or is not what its list holds.
        """
        return cls(
            tuple(dict.fromkeys(map(parse_domain, _split("domain", domains)))),
            tuple(dict.fromkeys(map(_parse_address, _split("IP address", addresses)))),
            tuple(dict.fromkeys(map(_parse_uri, _split("URI", uris)))),
        )

    @property
    def first(self) -> str:
        """The name to go by without a common name: a domain, else a URI, else an address."""
        return next(iter((*self.domains, *self.uris, *map(str, self.addresses))), "")

    def to_x509(self) -> x509.SubjectAlternativeName | None:
        """Return it as an extension's value, or None where it is empty."""
        names: list[x509.GeneralName] = [x509.DNSName(domain) for domain in self.domains]
        names += [x509.IPAddress(address) for address in self.addresses]
        names += [x509.UniformResourceIdentifier(uri) for uri in self.uris]
        return x509.SubjectAlternativeName(names) if names else None


NO_NAMES = AlternativeNames()


def parse_domain(text: str, *, wildcard: bool = True) -> str:
    """Return ``text`` if it is a DNS name of ASCII labels, the first of which may be ``*``.

    Raises:
        InvalidAlternativeName: it is not; an IP address is told apart.
    """
    labels = text.split(".")
    if wildcard and labels[0] == "*" and len(labels) > 1:
        labels = labels[1:]
    if _is_address(text):
        hint = "It is an IP address: give it with --ip."
    elif not text.isascii():
        hint = "Write an international name in its ASCII form (xn--...)."
    elif len(text) > 253:  # noqa: PLR2004 - RFC 1035, 2.3.4
        hint = "A domain has 253 characters at most."
    elif labels[-1].isdigit():
        hint = "It ends in a number, as no domain does; an IP address goes into --ip."
    elif not all(re.fullmatch(_LABEL, label) for label in labels):
        hint = (
            "A domain is labels of letters, digits and hyphens with dots between, as in a.example."
        )
    else:
        return text
    raise InvalidAlternativeName("domain", text, hint)


def _parse_address(text: str) -> IPv4Address | IPv6Address:
    if (
        _is_address(text) and "%" not in text
    ):  # a scope (fe80::1%eth0) has no place in a certificate
        return ip_address(text)
    raise InvalidAlternativeName(
        "IP address", text, "Write it as 127.0.0.1 or ::1; names go into --domain."
    )


def _parse_uri(text: str) -> str:
    if not re.fullmatch(_URI, text):
        raise InvalidAlternativeName(
            "URI", text, "Write it whole, in ASCII, as in spiffe://example.com/service."
        )
    return text


def _split(kind: str, lists: Iterable[str]) -> Iterator[str]:
    for text in lists:
        for entry in map(str.strip, text.split(",")):
            if not entry:
                raise InvalidAlternativeName(
                    kind, quoted(text), "The list has an empty entry: take out the comma too many."
                )
            yield entry


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _runs_replaced(text: str, keep: Callable[[str], bool]) -> str:
    """Return ``text`` with one ``_`` for each run of characters that are not to be kept."""
    kept = "".join(c if keep(c) else "\0" for c in text)
    while "\0\0" in kept:
        kept = kept.replace("\0\0", "\0")
    return kept.replace("\0", "_")


def _require_plain(what: str, text: str) -> None:
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text):
        raise InvalidName(what, text, "holds a control character", "Type it again without.")
