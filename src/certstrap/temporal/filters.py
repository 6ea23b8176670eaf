"""Certificate filters: which of the clients that a CA admits may really connect.

A filter admits a certificate if all of its fields match; a certificate is admitted if one filter
admits it. Case does not count, and one ``*`` at the start or at the end of a field stands for any
text. https://docs.temporal.io/cloud/certificates#manage-certificate-filters
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.documents import Pairs, parse_json, text_of
from certstrap.errors import CertstrapError, RefusedError
from certstrap.hints import Hint
from certstrap.pki.decode import LoadedCertificate, is_ca, names_of, validity_of
from certstrap.pki.findings import require
from certstrap.pki.names import is_plain
from certstrap.store.depot import CERTIFICATE, DepotFolder, Entry
from certstrap.store.withdrawn import withdrawn
from certstrap.text import quoted

MOST = 25
"""Filters of a Namespace."""

_FIELDS = ("commonName", "organization", "organizationalUnit", "subjectAlternativeName")
_WILDCARD = "*"
_LIST = "filters"


class Filter(NamedTuple):
    """A filter; a field that is empty or blank is not compared."""

    common_name: str = ""
    organization: str = ""
    organizational_unit: str = ""
    subject_alternative_name: str = ""

    def admits(self, certificate: x509.Certificate) -> bool:
        """Return whether the filter admits ``certificate``."""
        return all(
            any(_matches(pattern, value) for value in values)
            for pattern, values in zip(self, values_of(certificate), strict=True)
            if pattern.strip()
        )

    @property
    def fields(self) -> dict[str, str]:
        """The fields that are set, as they are written in JSON."""
        return {key: value for key, value in zip(_FIELDS, self, strict=True) if value.strip()}

    def __str__(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in self.fields.items())

    @classmethod
    def parse(cls, found: object, what: str) -> Self:
        """Read a filter from decoded JSON.

        Raises:
            RefusedError: it would not mean what it seems to; ``what`` begins the sentence.
        """
        if found is not None and not isinstance(found, dict):
            raise RefusedError(f"{what} is not an object.", _FORM)
        values = {}
        for key, value in (found or {}).items():
            name = _known(key, _FIELDS)
            if not name:
                raise RefusedError(
                    f"{what} has the unknown field {quoted(key)}, which tcld ignores.",
                    f"The fields are {', '.join(_FIELDS)}.",
                )
            values[name] = _pattern(f"{what}: {key}", value)
        read = cls(*(values.get(name, "") for name in _FIELDS))
        if not read.fields:
            raise RefusedError(f"{what} has no field that is set, and tcld refuses it.", _FORM)
        return read


def _known(key: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that Go reads a key of JSON as, or nothing."""
    return next((name for name in names if name.casefold() == key.casefold()), "")


_CLEAR = ("tcld", "namespace", "certificate-filters", "clear", ("-n", "NAMESPACE.ACCOUNT"))
_FORM = 'A filter is written as in {"filters": [{"commonName": "worker"}]}.'


def _pattern(what: str, value: object) -> str:
    """Return the value of a field, which is empty if it is null."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RefusedError(f"{what} is not a string.", _FORM)
    if value == _WILDCARD:
        raise RefusedError(
            f"{what} is * alone, which is not allowed.",
            "Leave out a field that is not to be compared.",
        )
    if value.count(_WILDCARD) > 1 or _WILDCARD in value[1:-1]:
        raise RefusedError(
            f"{what} is {quoted(value)}: * may be written once, at the start or at the end.",
            "Write a filter for each name.",
        )
    return value


def _matches(pattern: str, value: str) -> bool:
    pattern, value = pattern.casefold(), value.casefold()
    if pattern.startswith(_WILDCARD):
        return value.endswith(pattern[1:])
    if pattern.endswith(_WILDCARD):
        return value.startswith(pattern[:-1])
    return value == pattern


def values_of(certificate: x509.Certificate) -> tuple[tuple[str, ...], ...]:
    """Return the values of a certificate that the fields of a filter are compared with.

    They are in the order of the fields; of each there may be several, or none.
    """
    names = names_of(certificate)
    alternative = (*names.domains, *names.uris, *map(str, names.addresses))
    oids = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    attributes = map(certificate.subject.get_attributes_for_oid, oids)
    return (*(tuple(str(each.value) for each in found) for found in attributes), alternative)


def choices_of(certificate: x509.Certificate, source: str) -> list[Filter]:
    """Return the filters that admit ``certificate`` and have no wildcard, the usual one first.

    That has the common name, the organization and the organizational unit. The others compare one
    of its alternative names as well.

    Raises:
        RefusedError: no filter can say that it means this certificate alone.
    """
    common, organization, unit, alternative = (
        tuple(value for value in values if value.strip()) for values in values_of(certificate)
    )
    for value in (*common, *organization, *unit):
        if _WILDCARD in value:
            raise RefusedError(
                f"{source} has the name {quoted(value)}, and in a filter * stands for any text.",
                "Issue the client a certificate whose name has no *.",
            )
    exact = [value for value in alternative if _WILDCARD not in value]
    base = Filter(*(values[0] if values else "" for values in (common, organization, unit)))
    choices = [base] if base.common_name else []
    choices += [base._replace(subject_alternative_name=value) for value in exact]
    if not choices:
        raise RefusedError(
            f"{source} has neither a common name nor an alternative name that a filter can "
            "compare.",
            "Issue the client a certificate with a common name.",
        )
    return choices


def document(filters: Sequence[Filter]) -> str:
    """Return filters as the JSON that tcld imports; in ASCII, if one has control characters.

    Raises:
        RefusedError: there are more than Temporal Cloud takes.
    """
    if len(filters) > MOST:
        raise RefusedError(
            f"These are {len(filters)} filters, and a Namespace has {MOST} at most.",
            "Give the clients names with a common beginning, and write one filter with *.",
        )
    ascii_only = not all(is_plain(value) for each in filters for value in each)
    found = {_LIST: [each.fields for each in filters]}
    return json.dumps(found, indent=2, ensure_ascii=ascii_only)


def parse(data: bytes, path: str) -> tuple[Filter, ...]:
    """Read a file with filters, as tcld imports and exports it.

    Keys are compared without case, and a field that is null, empty or blank is not set, as in Go.
    What tcld ignores without a word is refused, as a mistake in it is harmful.

    Raises:
        UnusableFileError: it is not JSON, or has more than 1 MB.
        RefusedError: tcld refuses it, or reads something else in it than what it seems to say.
    """
    found = _decoded(data, path)
    keys = {} if found is None else found
    if not isinstance(keys, dict):
        raise RefusedError(f'{path} has no list named "{_LIST}".', _FORM)
    for key in keys:
        if not _known(key, [_LIST]):
            raise RefusedError(
                f"{path} has the unknown field {quoted(key)}, which tcld ignores.", _FORM
            )
    entries = next(iter(keys.values()), None)
    if not isinstance(entries, list | None):
        raise RefusedError(f'{path} has no list named "{_LIST}".', _FORM)
    if not entries:
        raise RefusedError(
            f"{path} has no filter: with it, tcld would clear all filters.",
            Hint("To clear them, use", _CLEAR),
        )
    if len(entries) > MOST:
        raise RefusedError(
            f"{path} has {len(entries)} filters, and a Namespace has {MOST} at most.",
            "Write one filter for names with a common beginning, as in worker-*.",
        )
    filters: list[Filter] = []
    for number, entry in enumerate(entries, 1):
        each = Filter.parse(entry, f"{path}: filter {number}")
        if each in filters:
            raise RefusedError(
                f"{path}: filter {number} is the same as filter {filters.index(each) + 1}, and "
                "tcld refuses duplicates.",
                "Remove one of them.",
            )
        filters.append(each)
    return tuple(filters)


def _decoded(data: bytes, path: str) -> object:
    def unique(pairs: Pairs) -> dict[str, object]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key.casefold() in seen:
                raise RefusedError(
                    f"{path} has the field {quoted(key)} twice in one object.",
                    "Write a filter of its own for each value.",
                )
            seen.add(key.casefold())
        return dict(pairs)

    return parse_json(text_of(data, path), path, unique, _FORM)


class Admission(NamedTuple):
    """A leaf that a filter admits although it was not asked for.

    Attributes:
        withdrawn: the rules by which nobody should accept it, which Temporal Cloud does not know:
            ``revoked`` and ``compromised-key``.
    """

    filter: Filter
    path: str
    withdrawn: frozenset[str]


class Match(NamedTuple):
    """A leaf, and the filters that admit it.

    Attributes:
        numbers: the filters, from 1 on; none if it is shut out.
        withdrawn: if it is admitted, the rules by which nobody should accept it, as in `Admission`.
    """

    name: str
    path: str
    numbers: tuple[int, ...]
    withdrawn: frozenset[str]


def leaves_of(
    depot: DepotFolder,
) -> tuple[list[LoadedCertificate], list[tuple[Entry, CertstrapError]]]:
    """Return the certificates of the depot that are not a CA's, and those that cannot be read."""
    leaves, unreadable = [], []
    for entry, found in depot.certificates():
        if isinstance(found, CertstrapError):
            unreadable.append((entry, found))
        elif not is_ca(found):
            leaves.append(LoadedCertificate(found, entry.path(CERTIFICATE), entry.stem))
    return leaves, unreadable


def leaf_of(depot: DepotFolder, entry: Entry, *, admitted: bool = True) -> LoadedCertificate:
    """Return the certificate of an entry.

    Raises:
        RefusedError: it is a CA's, or is to be admitted although it is revoked or its key is
            compromised.
    """
    leaf = LoadedCertificate(entry.certificate(), entry.path(CERTIFICATE), entry.stem)
    if is_ca(leaf.certificate):
        raise RefusedError(
            f"{leaf.source} is a CA's certificate, and filters are for clients.", "Name a client."
        )
    if admitted:
        chain = depot.chain_of(leaf.certificate)
        require(withdrawn(depot, chain, leaf.source))
    return leaf


def filters_for(
    depot: DepotFolder, wanted: Sequence[LoadedCertificate], now: datetime
) -> tuple[list[Filter], list[Admission]]:
    """Return filters that admit these leaves, and which others of the same CA they admit.

    Leaves that have expired are not counted, as nobody admits them.

    Raises:
        RefusedError: there is no filter for a leaf; see `choices_of`.
        IncompleteError: the depot has certificates that cannot be read.
    """
    depot.require_readable_certificates("Cannot tell which other clients the filters would admit.")
    others = [
        leaf
        for leaf in leaves_of(depot)[0]
        if leaf.name not in {each.name for each in wanted}
        and validity_of(leaf.certificate).state(now) != "expired"
    ]
    filters: list[Filter] = []
    admissions: list[Admission] = []
    for leaf in wanted:
        choices = choices_of(leaf.certificate, leaf.source)
        root = _root_above(depot, leaf.certificate)
        rivals = [
            other
            for other in others
            if any(each.admits(other.certificate) for each in choices)
            and _root_above(depot, other.certificate) == root
        ]
        admitted = [
            (each, [other for other in rivals if each.admits(other.certificate)])
            for each in choices
        ]
        found, also = min(admitted, key=lambda each: len(each[1]))
        if found not in filters:
            filters.append(found)
            admissions += [Admission(found, each.source, _withdrawn(depot, each)) for each in also]
    return filters, admissions


def _root_above(depot: DepotFolder, certificate: x509.Certificate) -> x509.Certificate | None:
    """Return the last CA above a certificate that the depot has; whoever trusts it trusts all."""
    return next(reversed(depot.chain_of(certificate)[1:]), None)


def _withdrawn(depot: DepotFolder, leaf: LoadedCertificate) -> frozenset[str]:
    chain = depot.chain_of(leaf.certificate)
    return frozenset(finding.rule for finding in withdrawn(depot, chain, leaf.source))


def matches(
    depot: DepotFolder, filters: Sequence[Filter], leaves: Sequence[LoadedCertificate]
) -> Iterator[Match]:
    """Yield for each leaf the filters that admit it."""
    for leaf in leaves:
        numbers = tuple(n for n, each in enumerate(filters, 1) if each.admits(leaf.certificate))
        rules_against = _withdrawn(depot, leaf) if numbers else frozenset[str]()
        yield Match(leaf.name, leaf.source, numbers, rules_against)
