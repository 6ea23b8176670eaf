"""Filters: what one admits, and which files with filters mean something else than they say."""

import json
from ipaddress import IPv4Address
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certstrap.documents import MOST_BYTES
from certstrap.errors import CertstrapError, RefusedError, UnusableFileError
from certstrap.pki.names import is_plain
from certstrap.temporal.filters import Filter, choices_of, document, parse
from tests.builders.certificates import a_certificate, a_name

names = st.text(min_size=1, max_size=20).filter(
    lambda text: is_plain(text) and text.strip() and "*" not in text
)


def a_leaf(
    common_name: str = "worker", *names: x509.GeneralName, **subject: str
) -> x509.Certificate:
    return a_certificate(subject=a_name(common_name, **subject), constraints=None, names=names)


WORKER = a_leaf(
    "worker-1",
    x509.DNSName("worker.example"),
    x509.DNSName("*.w.example"),
    x509.UniformResourceIdentifier("spiffe://example/worker"),
    x509.IPAddress(IPv4Address("10.0.0.7")),
    organization_name="Acme",
    organizational_unit_name="Blue",
)


@pytest.mark.parametrize(
    ("fields", "admitted"),
    [
        ({"common_name": "worker-1"}, True),
        ({"common_name": "WORKER-1"}, True),
        ({"common_name": "worker"}, False),
        ({"common_name": "worker-*"}, True),
        ({"common_name": "Work*"}, True),
        ({"common_name": "*-1"}, True),
        ({"common_name": "*-2"}, False),
        ({"common_name": "x*"}, False),
        ({"organization": "acme"}, True),
        ({"organization": "other"}, False),
        ({"organizational_unit": "BLUE"}, True),
        ({"subject_alternative_name": "worker.example"}, True),
        ({"subject_alternative_name": "*.example"}, True),
        ({"subject_alternative_name": "spiffe://example/*"}, True),
        ({"subject_alternative_name": "10.0.0.7"}, True),
        ({"subject_alternative_name": "worker-1"}, False),
        ({"common_name": "worker-1", "organization": "Acme"}, True),
        ({"common_name": "worker-1", "organization": "other"}, False),
        ({"common_name": "worker-2", "organization": "Acme"}, False),
    ],
)
def test_a_filter_admits_what_all_of_its_fields_match(
    fields: dict[str, str], admitted: bool
) -> None:
    assert Filter(**fields).admits(WORKER) == admitted


def test_a_field_that_the_certificate_lacks_matches_nothing() -> None:
    assert not Filter(organization="Acme").admits(a_leaf())
    assert not Filter(subject_alternative_name="a*").admits(a_leaf())


@given(names, st.none() | names, st.none() | names, st.sampled_from([str, str.upper, str.lower]))
def test_a_filter_of_a_certificate_admits_it_and_none_with_another_name(
    name: str, organization: str | None, unit: str | None, case: Any
) -> None:
    subject = {"organization_name": organization or "", "organizational_unit_name": unit or ""}
    certificate = a_leaf(name, **subject)
    first, *_ = choices_of(certificate, "leaf.crt")
    assert first.admits(certificate)
    assert not first.admits(a_leaf(f"{name}x", **subject))
    assert not first.admits(a_leaf(f"x{name}", **subject))
    assert Filter(*map(case, first)).admits(certificate) == (
        tuple(case(text).casefold() for text in first) == tuple(map(str.casefold, first))
    )
    assert parse(document([first]).encode(), "f") == (first,)


def test_a_certificate_without_a_common_name_goes_by_an_alternative_name() -> None:
    leaf = a_leaf("", x509.DNSName("*.w.example"), x509.DNSName("w.example"))
    assert choices_of(leaf, "leaf.crt") == [Filter(subject_alternative_name="w.example")]


def test_the_alternative_names_are_further_choices() -> None:
    base = Filter("worker-1", "Acme", "Blue")
    alternatives = ["worker.example", "spiffe://example/worker", "10.0.0.7"]
    assert choices_of(WORKER, "leaf.crt") == [
        base,
        *(base._replace(subject_alternative_name=name) for name in alternatives),
    ]


@pytest.mark.parametrize(
    "leaf",
    [
        a_leaf("*.w.example"),
        a_leaf("a*b"),
        a_leaf("worker", organization_name="*"),
        a_leaf("worker", organizational_unit_name="A*"),
        a_leaf("", x509.DNSName("*.w.example")),
        a_leaf("", x509.RFC822Name("worker@example.com")),
    ],
)
def test_a_certificate_that_no_filter_can_mean_is_refused(leaf: x509.Certificate) -> None:
    with pytest.raises(RefusedError, match=r"leaf\.crt"):
        choices_of(leaf, "leaf.crt")


def test_no_more_than_25_filters_are_made() -> None:
    many = [Filter(f"worker-{number}") for number in range(26)]
    assert len(json.loads(document(many[:25]))["filters"]) == 25
    with pytest.raises(RefusedError, match="26 filters"):
        document(many)


def the_file(*filters: object) -> bytes:
    return json.dumps({"filters": filters}).encode()


A = {"commonName": "a"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (the_file({"common_name": "a"}), 'filter 1 has the unknown field "common_name"'),
        (the_file(A, {"cn": "a"}), 'filter 2 has the unknown field "cn"'),
        (the_file({**A, "x": 1}), 'filter 1 has the unknown field "x"'),
        (the_file(*[A] * 26), "has 26 filters, and a Namespace has 25 at most"),
        (the_file(), "has no filter: with it, tcld would clear all filters"),
        (the_file({}), "filter 1 has no field that is set, and tcld refuses it"),
        (the_file("a"), "filter 1 is not an object"),
        (the_file(None), "filter 1 has no field that is set"),
        (the_file([A]), "filter 1 is not an object"),
        (the_file({"commonName": "*"}), "commonName is * alone"),
        (the_file({"commonName": "a*b"}), "* may be written once, at the start or at the end"),
        (the_file({"commonName": "*a*"}), "* may be written once, at the start or at the end"),
        (the_file({"commonName": "**"}), "* may be written once, at the start or at the end"),
        (the_file({"commonName": "*a*b"}), "* may be written once, at the start or at the end"),
        (the_file({"commonName": ""}), "filter 1 has no field that is set"),
        (the_file({"commonName": " "}), "filter 1 has no field that is set"),
        (the_file(A, {"commonName": None}), "filter 2 has no field that is set"),
        (the_file(A, A), "filter 2 is the same as filter 1, and tcld refuses duplicates"),
        (the_file(A, {"CommonName": "a", "organization": None}), "is the same as filter 1"),
        (b'{"filters": [{"commonName": "a", "CommonName": "b"}]}', '"CommonName" twice'),
        (b'{"filters": [{"commonName": "a"}], "FILTERS": []}', '"FILTERS" twice'),
        (the_file({"commonName": 1}), "commonName is not a string"),
        (the_file({"organization": ["a"]}), "organization is not a string"),
        (b'{"filters": [{"commonName": "a", "commonName": "b"}]}', '"commonName" twice'),
        (b'{"filters": [{"commonName": "a"}], "filters": []}', '"filters" twice'),
        (b'{"filters": [{"commonName": "a"}], "more": 1}', 'has the unknown field "more"'),
        (
            b'{"filter": [{"commonName": "a"}]}',
            'has the unknown field "filter", which tcld ignores',
        ),
        (b'{"filters": {"commonName": "a"}}', 'has no list named "filters"'),
        (b'{"filters": null}', "has no filter: with it, tcld would clear all filters"),
        (b'[{"commonName": "a"}]', 'has no list named "filters"'),
        (b"{}", "has no filter: with it, tcld would clear all filters"),  # what export may write
        (b"null", "has no filter: with it, tcld would clear all filters"),
        (b'"a"', 'has no list named "filters"'),
        (b"", "is not JSON that can be read"),
        (b"{", "is not JSON that can be read"),
        (b"commonName: a", "is not JSON that can be read"),
        (b"\xef\xbb\xbf" + the_file(A), "is not JSON that can be read"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"[" * 100_000, "is not JSON that can be read: it nests too deep"),
        (b"9" * 5_000, "is not JSON that can be read: Exceeds the limit"),
        (b" " * (MOST_BYTES + 1), "has more than 1 MB"),
        (the_file(A) + b"{}", "is not JSON that can be read"),
    ],
)
def test_a_file_that_tcld_would_misread_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises((RefusedError, UnusableFileError)) as refused:
        parse(data, "f.json")
    assert str(refused.value).startswith("f.json")
    assert sentence in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize(
    "data",
    [
        the_file(A),
        b'{"Filters": [{"CommonName": "a"}]}',
        b'{"FILTERS": [{"commonname": "a", "ORGANIZATION": null}]}',
        the_file(
            {**A, "organization": "", "organizationalUnit": " ", "subjectAlternativeName": None}
        ),
    ],
)
def test_keys_in_any_case_and_fields_that_are_not_set_are_read_as_tcld_reads_them(
    data: bytes,
) -> None:
    (found,) = parse(data, "f.json")
    assert found.fields == A
    assert found.admits(a_leaf("a"))
    assert not found.admits(a_leaf("b"))


def test_what_tcld_exports_is_read() -> None:
    unset = dict.fromkeys(("organization", "organizationalUnit", "subjectAlternativeName"), "")
    exported = json.dumps(
        {"filters": [{"commonName": name, **unset} for name in ("a", "A", "b*")]}, indent=2
    )
    assert [each.fields for each in parse(exported.encode(), "f.json")] == [
        {"commonName": "a"},
        {"commonName": "A"},  # tcld compares filters with case
        {"commonName": "b*"},
    ]


def test_a_file_is_read_as_it_is_written() -> None:
    every = {
        "commonName": "a*",
        "organization": "b",
        "organizationalUnit": "*c",
        "subjectAlternativeName": "d",
    }
    assert parse(the_file(every, A), "f") == (Filter("a*", "b", "*c", "d"), Filter("a"))
    assert Filter("a*", "b", "*c", "d").fields == every
    assert str(Filter("a", organizational_unit="c")) == "commonName=a, organizationalUnit=c"


NAMES = ("commonName", "organization", "organizationalUnit", "subjectAlternativeName")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.lists(
        st.dictionaries(
            st.sampled_from(["commonName", "organization", "cn"]), json_values, max_size=2
        ),
        max_size=3,
    ).map(lambda filters: the_file(*filters))
)
def test_any_file_is_read_as_it_is_written_or_refused(data: bytes) -> None:
    try:
        found = parse(data, "f")
    except CertstrapError:
        return
    names = {name.casefold(): name for name in NAMES}
    (filters,) = json.loads(data).values()
    assert json.loads(document(found))["filters"] == [
        {names[key.casefold()]: text for key, text in each.items() if text and text.strip()}
        for each in filters
    ]
