"""Names: what may name a file, and what a subject and alternative names become."""

import os
import unicodedata
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import assume, given
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, InvalidAlternativeName, InvalidName
from certstrap.names import NO_NAMES, AlternativeNames, Name, Subject, parse_domain
from tests.making import DATA, PRINTABLE, UTF8, alternative, der, oid, sequence

LONGEST_SUFFIX = ".pkcs8.key"

AWKWARD = st.text(st.sampled_from("aZ9éǗ東🙂_-. ./\\:*~%$\0\n\x1b\u200d\u202e\xa0"), max_size=12)
ANY_TEXT = st.one_of(AWKWARD, st.text(max_size=300))


def is_one_visible_file_in(folder: str, file: str) -> bool:
    path = os.path.join(folder, file)
    return os.path.split(os.path.normpath(path)) == (folder, file) and not file.startswith(".")


@given(ANY_TEXT)
def test_a_name_is_refused_or_names_one_visible_file_of_the_folder(text: str) -> None:
    try:
        name = Name(text)
    except InvalidName:
        return
    assert is_one_visible_file_in("out", name.stem + LONGEST_SUFFIX)
    assert len((name.stem + LONGEST_SUFFIX).encode()) <= 255
    assert not set(name.stem) & set('\\/:*?"<>| \0')


@given(ANY_TEXT)
def test_no_spelling_of_a_name_leaves_the_folder(text: str) -> None:
    with suppress(InvalidName):
        for stem in Name(text).stems:
            assert os.path.split(os.path.normpath(f"out/{stem}.key")) == ("out", f"{stem}.key")


@given(ANY_TEXT)
def test_the_stem_of_a_stem_is_the_stem(text: str) -> None:
    with suppress(InvalidName):
        stem = Name(text).stem
        assert Name(stem).stem == stem


@given(ANY_TEXT)
def test_a_name_has_one_file_however_its_letters_are_composed(text: str) -> None:
    def stem(form: str) -> str | None:
        try:
            return Name(form).stem
        except InvalidName:
            return None

    assert stem(unicodedata.normalize("NFC", text)) == stem(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("your-namespace", "your-namespace"),
        (" Cert ", "Cert"),
        ("My CA", "My_CA"),
        ("a  b//c", "a_b_c"),
        ("a_ b", "a__b"),
        (",a", "_a"),
        ("../../x", "__.._x"),
        ("..x", "_x"),
        (".hidden", "_hidden"),
        ("C:\\x", "C_x"),
        ("*.w.example", "_.w.example"),
        ("alice@ex.com", "alice_ex.com"),
        ("spiffe://example.com/foo/bar", "spiffe_example.com_foo_bar"),
        ("ns.acct", "ns.acct"),
        ("Ünï", "Ünï"),
        ("U\u0308ni\u0308", "Ünï"),
        ("東京", "東京"),
        ("Привет мир", "Привет_мир"),
        ("हिन्दी", "हिन्दी"),
        ("مثال", "مثال"),
        ("١٢", "١٢"),
        ("a\u202eb", "a_b"),
        ("a🙂b", "a_b"),
        ("2001:db8::1", "2001_db8_1"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_becomes_a_file_name_that_keeps_the_letters_of_any_script(
    text: str, stem: str
) -> None:
    assert Name(text).stem == stem


NAMELESS = [
    "", " ", ".", "..", "/", "../..", "_", "-", "---", "*", ",", "🙂", "\u3000", "\u0301",
    "\u200d",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMELESS)
def test_a_name_without_a_letter_or_digit_is_refused(text: str) -> None:
    with pytest.raises(InvalidName, match="has no letter or digit"):
        Name(text)


@pytest.mark.parametrize(
    "character", ["\0", "\t", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"]
)
def test_a_control_character_is_refused_and_not_shown(character: str) -> None:
    with pytest.raises(InvalidName, match="control character") as caught:
        Name(f"a{character}b")
    assert character not in str(caught.value)
    with pytest.raises(InvalidName, match=r"organization.*control character"):
        Subject(common_name="a", organization=f"a{character}b")


def test_a_name_is_limited_by_the_bytes_of_its_longest_file_name() -> None:
    longest = 255 - len(LONGEST_SUFFIX)
    assert len(Name("x" * longest).stem) == longest
    for text in ("x" * (longest + 1), "é" * (longest // 2 + 1), "東" * 82):
        with pytest.raises(InvalidName, match="too long for the name of a file"):
            Name(text)


def test_a_name_prints_as_it_was_typed() -> None:
    assert str(Name(" My CA ")) == Name("My CA").text == "My CA"


@pytest.mark.parametrize(
    ("text", "of_init", "of_request"),
    [
        ("RSA Clear", "RSA_Clear", "RSA_Clear"),
        ("Foo  @Bar", "Foo__@Bar", "Foo_Bar"),
        ("Ünï", "Ünï", "_n_"),
        ("a b'c", "a_b'c", "a_b_c"),
    ],
)
def test_a_name_is_found_under_both_of_certstraps_spellings(
    text: str, of_init: str, of_request: str
) -> None:
    assert {of_init, of_request} <= set(Name(text).stems)
    assert Name(text).stems[0] == Name(text).stem


@pytest.mark.parametrize(
    "text",
    ["RSA Clear", "alice@ex.com", "*.w.example", "spiffe://example.com/foo/bar", "Ünï", "Int CA"],
)
def test_the_files_of_a_certstrap_depot_are_found_by_their_names(text: str) -> None:
    assert any((DATA / f"{stem}.key").exists() for stem in Name(text).stems)


def test_a_spelling_that_holds_a_separator_is_never_looked_for() -> None:
    assert Name("a/../b").stems == ("a_.._b",)
    assert Name("a\\b").stems == ("a_b",)


# Subject


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        ("common_name", 64),
        ("organization", 64),
        ("organizational_unit", 64),
        ("province", 128),
        ("locality", 128),
    ],
)
@pytest.mark.parametrize("character", ["x", "é", "東", "🙂"])
def test_a_field_of_the_subject_is_bounded_in_characters(
    field: str, longest: int, character: str
) -> None:
    value = character * longest
    (attribute,) = Subject(**{field: value}).to_x509()
    assert attribute.value == value
    with pytest.raises(InvalidName) as caught:
        Subject(**{field: value + character})
    sentence = str(caught.value)
    assert field.replace("_", " ") in sentence
    assert f"has {longest + 1} characters and may have {longest}" in sentence


def test_only_a_common_name_that_is_too_long_can_be_an_alternative_name() -> None:
    with pytest.raises(InvalidName) as long_name:
        Subject(common_name="x" * 65)
    with pytest.raises(InvalidName) as long_organization:
        Subject(organization="x" * 65)
    assert "--domain" in long_name.value.hint
    assert "--domain" not in long_organization.value.hint


@pytest.mark.parametrize("country", ["D", "1A", "D ", "DÉ", "\uff24\uff25", "--"])
def test_a_country_that_is_not_two_letters_is_refused(country: str) -> None:
    with pytest.raises(InvalidName, match=r"Invalid country: .* is not two letters"):
        Subject(country=country)


def test_a_country_of_three_letters_is_refused() -> None:
    with pytest.raises(InvalidName, match="country"):
        Subject(country="DEU")


def test_a_subject_is_the_sequence_of_c_st_l_o_ou_cn_in_the_types_of_rfc_5280() -> None:
    subject = Subject("cn", "o", "ou", "de", "st", "l")
    expected = [
        ("2.5.4.6", PRINTABLE, b"DE"),
        ("2.5.4.8", UTF8, b"st"),
        ("2.5.4.7", UTF8, b"l"),
        ("2.5.4.10", UTF8, b"o"),
        ("2.5.4.11", UTF8, b"ou"),
        ("2.5.4.3", UTF8, b"cn"),
    ]
    assert subject.to_x509().public_bytes() == sequence(
        *(der(0x31, sequence(oid(kind), der(tag, value))) for kind, tag, value in expected)
    )


def test_an_empty_field_is_not_in_the_subject() -> None:
    assert Subject().to_x509() == x509.Name([])
    (country,) = Subject(country="DE").to_x509()
    assert country.oid == NameOID.COUNTRY_NAME


@given(st.text(max_size=70), st.text(max_size=70), st.text(max_size=3))
def test_any_subject_is_refused_or_becomes_a_name_with_its_values(
    common_name: str, organization: str, country: str
) -> None:
    try:
        subject = Subject(common_name, organization, country=country).to_x509()
    except InvalidName:
        return
    assume(subject.rdns)
    assert x509.Name(subject.rdns).public_bytes()
    assert [part.value for part in subject] == [
        part for part in (country.upper(), organization, common_name) if part
    ]


# Alternative names


def test_lists_are_split_stripped_and_freed_of_repetitions_in_their_order() -> None:
    names = AlternativeNames.parse(
        [" b.example , a.example", "b.example"],
        ["::1,10.0.0.1", "0:0:0:0:0:0:0:1"],
        ["urn:x:y, spiffe://a/b"],
    )
    assert names.to_x509() == x509.SubjectAlternativeName(
        [
            x509.DNSName("b.example"),
            x509.DNSName("a.example"),
            *(x509.IPAddress(address) for address in names.addresses),
            x509.UniformResourceIdentifier("urn:x:y"),
            x509.UniformResourceIdentifier("spiffe://a/b"),
        ]
    )
    assert list(map(str, names.addresses)) == ["::1", "10.0.0.1"]


@pytest.mark.parametrize("text", ["", " ", ",", "a,", ",a", "a,,b", "a, ,b"])
@pytest.mark.parametrize("kind", ["domains", "addresses", "uris"])
def test_an_empty_entry_of_a_list_is_refused(kind: str, text: str) -> None:
    given: dict[str, list[str]] = {"domains": [], "addresses": [], "uris": []}
    entry = {"domains": "a", "addresses": "::1", "uris": "u:a"}[kind]
    given[kind] = [text.replace("a", entry)]
    with pytest.raises(InvalidAlternativeName) as caught:
        AlternativeNames.parse(**given)
    assert "empty entry" in caught.value.hint


DOMAINS = [
    "a", "localhost", "a.example", "A.Example", "*.w.example", "*.example", "_acme.example",
    "xn--bcher-kva.example", "4.example", "1e100.net", "a--b.example", f"{'x' * 63}.example",
    ".".join(["x" * 63] * 3 + ["y" * 61]),
]  # fmt: skip


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_is_taken_as_it_was_typed(domain: str) -> None:
    assert alternative(domains=domain).domains == (domain,)


NO_DOMAINS = {
    "--ip": ["1.2.3.4", "::1", "fe80::1%eth0"],
    "xn--": ["bücher.example", "a。example"],
    "253": [".".join(["x" * 63] * 4)],
    "labels": [
        "*", "*.", "a.*.example", "*a.example", "*.*.example", ".example", "example.",
        "a..example", "-a.example", "a-.example", "a b.example", "a/b", "a.example\n.b",
        "http://a.example", "a@example.com", "10.0.0.0/8", f"{'x' * 64}.example",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("domain", "hint"), [(domain, hint) for hint in NO_DOMAINS for domain in NO_DOMAINS[hint]]
)
def test_what_is_no_domain_is_refused_with_a_hint(domain: str, hint: str) -> None:
    with pytest.raises(InvalidAlternativeName, match="Invalid domain") as caught:
        alternative(domains=domain)
    assert hint in caught.value.hint


@pytest.mark.parametrize("domain", ["256.1.1.1", "1.2.3.04", "127.1", "1", "*.0.0.1"])
def test_what_ends_in_a_number_is_an_address_mistyped_and_no_domain(domain: str) -> None:
    """RFC 1123, 2.1: the last label of a host name is never all digits."""
    with pytest.raises(InvalidAlternativeName, match="Invalid domain"):
        alternative(domains=domain)


def test_a_domain_can_be_asked_for_without_a_wildcard() -> None:
    assert parse_domain("a.example", wildcard=False) == "a.example"
    with pytest.raises(InvalidAlternativeName):
        parse_domain("*.example", wildcard=False)


NO_ADDRESSES = [
    "foo", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4/8", "fe80::1%eth0", "[::1]", "::g",
    "\u0661.2.3.4",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused_as_scripts_expect(text: str) -> None:
    with pytest.raises(InvalidAlternativeName) as caught:
        alternative(addresses=text)
    assert str(caught.value) == f"Invalid IP address: {text}"


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://example.com/service",
        "https://u:p@a.example:8443/p/a?q=1&r=%20#f",
        "http://[2001:db8::1]:80/",
        "urn:uuid:0d9bdb5c-0a5c-4a5b-8a65-000000000000",
        "mailto:a@b.example",
        "x-a+b.1:opaque",
        "file:///etc/x",
    ],
)
def test_a_uri_is_taken_as_it_was_typed(uri: str) -> None:
    assert alternative(uris=uri).uris == (uri,)


NO_URIS = [
    "/test", "test", "//host/path", "1http://x", "http:", ":x", "http://a/ b",
    "http://ä.example/", "http://a/\x7f",
]  # fmt: skip


@pytest.mark.parametrize("uri", NO_URIS)
def test_what_is_no_uri_is_refused_as_scripts_expect(uri: str) -> None:
    with pytest.raises(InvalidAlternativeName) as caught:
        alternative(uris=uri)
    assert str(caught.value).startswith("Invalid URI: ")
    assert "spiffe://" in caught.value.hint


@pytest.mark.parametrize("text", ['a"b', "a<b>", "a\\b", "a^b", "a`b", "a{b}", "a|b", "a%zz", "%"])
def test_a_uri_is_made_of_the_characters_of_rfc_3986(text: str) -> None:
    with pytest.raises(InvalidAlternativeName, match="Invalid URI"):
        alternative(uris=f"http://host/{text}")


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (NO_NAMES, ""),
        (alternative(domains="b,a", addresses="::1", uris="u:x"), "b"),
        (alternative(addresses="::1", uris="u:x"), "u:x"),
        (alternative(addresses="0:0::1"), "::1"),
    ],
)
def test_the_first_name_is_a_domain_else_a_uri_else_an_address(
    names: AlternativeNames, first: str
) -> None:
    assert names.first == first


def test_no_names_are_no_extension() -> None:
    assert NO_NAMES.to_x509() is None


@given(
    st.lists(ANY_TEXT, max_size=2), st.lists(ANY_TEXT, max_size=2), st.lists(ANY_TEXT, max_size=2)
)
def test_any_lists_are_refused_or_become_an_extension(
    domains: list[str], addresses: list[str], uris: list[str]
) -> None:
    with suppress(CertstrapError):
        value = AlternativeNames.parse(domains, addresses, uris).to_x509()
        assert (value is None) == (not domains and not addresses and not uris)
