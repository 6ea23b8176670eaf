"""Names: what a user types, the file it becomes, and what a certificate contains.

`Name` is the only place where a string from outside becomes part of a path.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from certstrap.errors import InvalidAlternativeNameError, InvalidNameError
from certstrap.hints import Hint
from certstrap.text import quoted

LONGEST_COMMON_NAME = 64  # ub-common-name, RFC 5280 appendix A.1, in characters

_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"


class Subject(NamedTuple):
    """The distinguished name of a certificate; an empty field is left out (RFC 5280, 4.1.2.6)."""

    common_name: str = ""
    organization: str = ""
    organizational_unit: str = ""
    country: str = ""
    province: str = ""
    locality: str = ""

    @classmethod
    def of(cls, *fields: str, **named: str) -> Self:
        """Return the subject with these fields, which are those of the class.

        Raises:
            InvalidNameError: a field is too long or has `invalid_characters`.
        """
        self = cls(*fields, **named)
        for field, _, longest in _ATTRIBUTES:
            value = getattr(self, field)
            what = field.replace("_", " ")
            require_plain(what, value)
            if len(value) > longest:
                raise InvalidNameError(
                    what,
                    value,
                    f"has {len(value)} characters, and may have {longest}",
                    Hint("A longer host name goes into {}.", options=("--domain",))
                    if field == "common_name"
                    else "Shorten it.",
                )
        return self

    @property
    def has_odd_country(self) -> bool:
        """Whether the country is not the two letters of RFC 5280; certstrap takes any text."""
        country = self.country
        return bool(country) and not (country.isascii() and country.isalpha() and len(country) == 2)  # noqa: PLR2004 - ISO 3166

    def missing_in(self, name: x509.Name) -> Iterator[str]:
        """Yield which of its fields that are not empty have another value in ``name``."""
        for field, oid, _ in _ATTRIBUTES:
            found = [each.value for each in name.get_attributes_for_oid(oid)]
            if getattr(self, field) not in ["", *found]:
                yield field.replace("_", " ")

    def to_x509(self) -> x509.Name:
        """Return it as the RDN sequence C, ST, L, O, OU, CN, with the string types of certstrap.

        Go's programs compare names byte by byte: a CA that is created again, with its old key, must
        have the name that is in what it has issued.
        """
        return x509.Name(
            # Not validated: `cryptography` would count bytes; the characters are counted above.
            x509.NameAttribute(oid, value, _string_type(value), _validate=False)
            for field, oid, _ in _ATTRIBUTES
            if (value := getattr(self, field))
        )


_TEXT = {
    _ASN1Type.UTF8String,
    _ASN1Type.PrintableString,
    _ASN1Type.T61String,
    _ASN1Type.BMPString,
    _ASN1Type.UniversalString,
    _ASN1Type.IA5String,
    _ASN1Type.NumericString,
}


def is_text(attribute: x509.NameAttribute[str | bytes]) -> bool:
    """Return whether an attribute is a DirectoryString, or of another type that peers read as one.

    The others (RFC 5280, 4.1.2.4 has none of them) make Go refuse the whole certificate.
    """
    return attribute._type in _TEXT  # noqa: SLF001 - there is no other way to it


def is_ia5(attribute: x509.NameAttribute[str | bytes]) -> bool:
    """Return whether an attribute is an IA5String."""
    return attribute._type == _ASN1Type.IA5String  # noqa: SLF001


def _string_type(value: str) -> _ASN1Type:
    """Return the type that Go's ``encoding/asn1`` gives a string."""
    is_printable = re.fullmatch("[A-Za-z0-9 '()+,./:=?-]*", value)  # X.680, 41.4
    return _ASN1Type.PrintableString if is_printable else _ASN1Type.UTF8String


_ATTRIBUTES = (  # field, type and upper bound in characters (RFC 5280, appendix A.1)
    ("country", NameOID.COUNTRY_NAME, 128),  # as typed; no bound of its own in certstrap
    ("province", NameOID.STATE_OR_PROVINCE_NAME, 128),
    ("locality", NameOID.LOCALITY_NAME, 128),
    ("organization", NameOID.ORGANIZATION_NAME, 64),
    ("organizational_unit", NameOID.ORGANIZATIONAL_UNIT_NAME, 64),
    ("common_name", NameOID.COMMON_NAME, LONGEST_COMMON_NAME),
)


def oid_name(dotted: str) -> str:
    """Return the name of an object identifier; if it has none, or is not valid, as it is."""
    try:
        name = x509.ObjectIdentifier(dotted)._name  # noqa: SLF001 - there is no other way to it
    except ValueError:
        return dotted
    return dotted if name == "Unknown OID" else name


_RFC4514 = {  # 3
    NameOID.COMMON_NAME,
    NameOID.COUNTRY_NAME,
    NameOID.DOMAIN_COMPONENT,
    NameOID.LOCALITY_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.STATE_OR_PROVINCE_NAME,
    NameOID.STREET_ADDRESS,
    NameOID.USER_ID,
}
_OTHER_NAMES = {
    NameOID.INITIALS: "initials",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    x509.ObjectIdentifier("2.5.4.13"): "description",
    x509.ObjectIdentifier("2.5.4.20"): "telephoneNumber",
    x509.ObjectIdentifier("2.5.4.41"): "name",
} | {
    oid: name
    for oid in vars(NameOID).values()
    if isinstance(oid, x509.ObjectIdentifier)
    and oid not in _RFC4514
    and (name := oid_name(oid.dotted_string)) != oid.dotted_string
}


def name_text(name: x509.Name) -> str:
    """Return a distinguished name as RFC 4514 has it; no attribute that has a name is a number."""
    return name.rfc4514_string(_OTHER_NAMES)


class AlternativeNames(NamedTuple):
    """The subject alternative names of a request (RFC 5280, 4.2.1.6), each once, as typed."""

    domains: tuple[str, ...] = ()
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()
    uris: tuple[str, ...] = ()

    @classmethod
    def parse(cls, domains: Iterable[str], addresses: Iterable[str], uris: Iterable[str]) -> Self:
        """Read lists of domains, IP addresses and URIs; each string is itself a comma list.

        Raises:
            InvalidAlternativeNameError: an entry is empty or is not what its list holds.
        """
        return cls(
            tuple(dict.fromkeys(map(parse_domain, split("domain", domains)))),
            tuple(dict.fromkeys(map(_parse_address, split("IP address", addresses)))),
            tuple(dict.fromkeys(map(_parse_uri, split("URI", uris)))),
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
        InvalidAlternativeNameError: it is not; an IP address has an error of its own.
    """
    labels = text.split(".")
    if wildcard and labels[0] == "*" and len(labels) > 1:
        labels = labels[1:]
    hint: Hint | str
    if is_address(text):
        hint = Hint("It is an IP address: give it with {}.", options=("--ip",))
    elif not text.isascii():
        hint = "Write an international name in its ASCII form (xn--...)."
    elif len(text) > 253:  # noqa: PLR2004 - RFC 1035, 2.3.4
        hint = "A domain has 253 characters at most."
    elif labels[-1].isdigit():
        hint = Hint(
            "A domain does not end in a number; an IP address goes into {}.", options=("--ip",)
        )
    elif not all(re.fullmatch(_LABEL, label) for label in labels):
        hint = (
            "A domain is labels of letters, digits and hyphens with dots between, as in a.example."
        )
    else:
        return text
    raise InvalidAlternativeNameError("domain", text, hint)


def _parse_address(text: str) -> IPv4Address | IPv6Address:
    if not is_address(text) or "%" in text:  # a certificate has no place for fe80::1%eth0
        raise InvalidAlternativeNameError(
            "IP address",
            text,
            Hint("Write it as 127.0.0.1 or ::1; names go into {}.", options=("--domain",)),
        )
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address  # as in Go, ::ffff:10.0.0.1 is IPv4


def _parse_uri(text: str) -> str:
    if not re.fullmatch(_URI, text):
        raise InvalidAlternativeNameError(
            "URI", text, "Write it whole, in ASCII, as in spiffe://example.com/service."
        )
    return text


def split(kind: str, lists: Iterable[str]) -> Iterator[str]:
    """Yield the entries of comma lists.

    Raises:
        InvalidAlternativeNameError: an entry is empty.
    """
    for text in lists:
        for entry in map(str.strip, text.split(",")):
            if not entry:
                hint = "The list has an empty entry: remove the extra comma."
                if not text:
                    hint = "The list is empty: fill it, or leave it out."
                raise InvalidAlternativeNameError(kind, quoted(text), hint)
            yield entry


def is_address(text: str) -> bool:
    """Return whether ``text`` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def is_plain(text: str) -> bool:
    """Return whether a text has no control characters, nor any that reorder what is shown."""
    if text.isascii():  # almost every text, and ten times as fast
        return text.isprintable()
    return not any(
        unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(c) in _REORDERING
        for c in text
    )


# Soft hyphen, zero width space, word joiner, byte order mark. No script needs them in a name, as
# some need the zero width joiner and non-joiner (Unicode Standard, 23.2).
_INVISIBLE = set("\u00ad\u200b\u2060\ufeff")


def invalid_characters(text: str) -> str:
    """Return what in a name could let it look like another one; empty if there is nothing."""
    if not is_plain(text):
        return "a control character"
    is_visible = text.isascii() or _INVISIBLE.isdisjoint(text)
    return "" if is_visible else "an invisible character"


def require_plain(what: str, text: str) -> None:
    """Refuse a name that has `invalid_characters`.

    Raises:
        InvalidNameError: it has some.
    """
    if found := invalid_characters(text):
        raise InvalidNameError(what, text, f"has {found}", "Type it without.")
