"""Names: which file a name becomes, and what a subject and alternative names become."""

import os
import sys
import unicodedata
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import assume, given
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, InvalidAlternativeNameError, InvalidNameError
from certstrap.hints import printed
from certstrap.pki.names import (
    NO_NAMES,
    AlternativeNames,
    Subject,
    name_text,
    oid_name,
    parse_domain,
)
from certstrap.store.depot import Name
from tests.builders import DATA
from tests.builders.certificates import alternative
from tests.builders.der import PRINTABLE, UTF8, der, oid, sequence

LONGEST_SUFFIX = ".pkcs8.key"

AWKWARD = st.text(st.sampled_from("aZ9éǗ東🙂_-. ./\\:*~%$\0\n\x1b\u200d\u202e\xa0"), max_size=12)
ANY_TEXT = st.one_of(AWKWARD, st.text(max_size=300))


def is_one_visible_file_in(folder: str, file: str) -> bool:
    path = os.path.join(folder, file)
    return os.path.split(os.path.normpath(path)) == (folder, file) and not file.startswith(".")


@given(ANY_TEXT)
def test_a_name_is_refused_or_names_one_visible_file_of_the_folder(text: str) -> None:
    try:
        name = Name.parse(text)
    except InvalidNameError:
        return
    for stem in (name.stem, name.ca_stem):
        assert is_one_visible_file_in("out", stem + LONGEST_SUFFIX)
        assert len((stem + LONGEST_SUFFIX).encode()) <= 255
        assert "/" not in stem
        assert stem in name.stems
    assert not set(name.stem) & set('\\/:*?"<>| \0')


@given(ANY_TEXT)
def test_no_spelling_of_a_name_leaves_the_folder_or_is_hidden(text: str) -> None:
    with suppress(InvalidNameError):
        for stem in Name.parse(text).stems:
            assert is_one_visible_file_in("out", f"{stem}.key")


@given(ANY_TEXT)
def test_the_stem_of_a_stem_is_the_stem(text: str) -> None:
    with suppress(InvalidNameError):
        stem = Name.parse(text).stem
        assert Name.parse(stem).stem == stem


@given(ANY_TEXT)
def test_a_name_has_one_file_however_its_letters_are_composed(text: str) -> None:
    def stem(form: str) -> str | None:
        try:
            return Name.parse(form).stem
        except InvalidNameError:
            return None

    assert stem(unicodedata.normalize("NFC", text)) == stem(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("your-namespace", "your-namespace"),
        (" Cert ", "_Cert_"),
        (" Ünï ", "Ünï"),
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
        ("a🙂b", "a_b"),
        ("2001:db8::1", "2001_db8_1"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_becomes_a_file_name_that_keeps_the_letters_of_any_script(
    text: str, stem: str
) -> None:
    assert Name.parse(text).stem == stem


NAMELESS = [
    "", " ", ".", "..", "/", "../..", "_", "-", "---", "*", ",", "🙂", "\u3000", "\u0301",
    "\u200d",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMELESS)
def test_a_name_without_a_letter_or_digit_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError, match="has no letter or digit"):
        Name.parse(text)


@pytest.mark.parametrize(
    "character", ["\0", "\t", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\u202e", "\u2066"]
)
def test_a_control_character_is_refused_and_not_shown(character: str) -> None:
    with pytest.raises(InvalidNameError, match="control character") as caught:
        Name.parse(f"a{character}b")
    assert character not in str(caught.value)
    with pytest.raises(InvalidNameError, match=r"organization.*control character"):
        Subject.of(common_name="a", organization=f"a{character}b")


@pytest.mark.parametrize("character", ["\u00ad", "\u200b", "\u2060", "\ufeff"])
def test_an_invisible_character_is_refused_and_shown(character: str) -> None:
    with pytest.raises(InvalidNameError, match="has an invisible character") as caught:
        Name.parse(f"q{character}z")
    assert ascii(character)[1:-1] in str(caught.value)
    with pytest.raises(InvalidNameError, match=r"organization.*invisible character"):
        Subject.of(common_name="a", organization=f"a{character}b")


@pytest.mark.parametrize("character", ["\u200c", "\u200d"])
def test_what_scripts_join_their_letters_with_is_part_of_a_name(character: str) -> None:
    assert Name.parse(f"q{character}z").text == f"q{character}z"


def test_a_name_is_limited_by_the_bytes_of_its_longest_file_name() -> None:
    longest = 255 - len(LONGEST_SUFFIX)
    assert len(Name.parse("x" * longest).stem) == longest
    for text in ("x" * (longest + 1), "é" * (longest // 2 + 1), "東" * 82):
        with pytest.raises(InvalidNameError, match="too long for the name of a file"):
            Name.parse(text)


def test_a_ca_name_that_is_longer_as_a_file_name_is_refused_too() -> None:
    # A CA's file name keeps each of these characters, any other file name has one "_" for them.
    with pytest.raises(InvalidNameError, match="too long for the name of a file"):
        Name.parse("x" + "@" * (255 - len(LONGEST_SUFFIX)))


def test_a_name_prints_without_the_spaces_around_it_and_keeps_what_was_typed() -> None:
    name = Name.parse(" My CA ")
    assert str(name) == name.text == "My CA"
    assert name.typed == " My CA "


@pytest.mark.parametrize(
    ("text", "ca_stem"),
    [
        ("My CA", "My_CA"),
        ("Acme, Inc. (Root)", "Acme,_Inc._(Root)"),
        ("alice@ex.com", "alice@ex.com"),
        ("a/b", "a_b"),
        ("../../x", "__.._x"),
        (".hidden", "_hidden"),
        ("Ünï CA", "Ünï_CA"),
        ("東 京@", "東_京_"),
    ],
)
def test_a_new_ca_is_named_by_the_rule_of_init_where_its_name_is_printable_ascii(
    text: str, ca_stem: str
) -> None:
    assert Name.parse(text).ca_stem == ca_stem


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
    assert {of_init, of_request} <= set(Name.parse(text).stems)


def test_the_spellings_of_a_name_are_tried_from_the_typed_one_on() -> None:
    assert Name.parse(" a @ü ").stems == (
        " a @ü ",  # as typed
        "a @ü",
        "_a_@ü_",  # certstrap's init
        "a_@ü",
        "_a_",  # certstrap's request-cert
        "a_",
        "a_ü",  # ours
    )


@pytest.mark.parametrize(
    "text",
    ["RSA Clear", "alice@ex.com", "*.w.example", "spiffe://example.com/foo/bar", "Ünï", "Int CA"],
)
def test_the_files_of_a_certstrap_depot_are_found_by_their_names(text: str) -> None:
    assert any((DATA / f"{stem}.key").exists() for stem in Name.parse(text).stems)


def test_a_spelling_with_a_separator_is_never_looked_for() -> None:
    assert Name.parse("a/../b").stems == ("a_.._b",)


@pytest.mark.skipif(sys.platform == "win32", reason="It separates folders there.")
def test_a_backslash_is_a_character_of_a_file_name() -> None:
    assert Name.parse("a\\b").stems == ("a\\b", "a_b")
    assert Name.parse("a\\b").stem == "a_b"


def test_a_spelling_that_is_hidden_or_too_long_is_never_looked_for() -> None:
    assert Name.parse(".a").stems == ("_a",)
    longest = "x" + "é" * ((255 - len(LONGEST_SUFFIX) - 1) // 2)
    assert Name.parse(f"{longest}  ").stems[0] == longest


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
    (attribute,) = Subject.of(**{field: value}).to_x509()
    assert attribute.value == value
    with pytest.raises(InvalidNameError) as caught:
        Subject.of(**{field: value + character})
    sentence = str(caught.value)
    assert field.replace("_", " ") in sentence
    assert f"has {longest + 1} characters, and may have {longest}" in sentence


def test_only_a_common_name_that_is_too_long_can_be_an_alternative_name() -> None:
    with pytest.raises(InvalidNameError) as long_name:
        Subject.of(common_name="x" * 65)
    with pytest.raises(InvalidNameError) as long_organization:
        Subject.of(organization="x" * 65)
    assert "--domain" in printed(long_name.value.hint)
    assert "--domain" not in printed(long_organization.value.hint)


@pytest.mark.parametrize(
    ("country", "odd"),
    [
        ("", False), ("DE", False), ("de", False), ("D", True), ("1A", True), ("D ", True),
        ("DÉ", True), ("\uff24\uff25", True), ("--", True), ("USA", True), ("x" * 128, True),
    ],
)  # fmt: skip
def test_a_country_stays_as_it_is_typed_and_is_odd_unless_it_is_two_letters(
    country: str, odd: bool
) -> None:
    subject = Subject.of(country=country)
    assert [attribute.value for attribute in subject.to_x509()] == [country] * bool(country)
    assert subject.has_odd_country is odd


def test_a_country_is_bounded_too() -> None:
    with pytest.raises(InvalidNameError, match=r"country.*has 129 characters, and may have 128"):
        Subject.of(country="x" * 129)


def test_a_subject_is_the_sequence_of_c_st_l_o_ou_cn_in_the_types_of_certstrap() -> None:
    subject = Subject.of("*.cn", "o", "öu", "de", "s_t", "l")
    expected = [
        ("2.5.4.6", PRINTABLE, b"de"),
        ("2.5.4.8", UTF8, b"s_t"),
        ("2.5.4.7", PRINTABLE, b"l"),
        ("2.5.4.10", PRINTABLE, b"o"),
        ("2.5.4.11", UTF8, "öu".encode()),
        ("2.5.4.3", UTF8, b"*.cn"),
    ]
    assert subject.to_x509().public_bytes() == sequence(
        *(der(0x31, sequence(oid(kind), der(tag, value))) for kind, tag, value in expected)
    )


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (NameOID.EMAIL_ADDRESS, "emailAddress"),
        (NameOID.SERIAL_NUMBER, "serialNumber"),
        (NameOID.POSTAL_CODE, "postalCode"),
        (NameOID.GIVEN_NAME, "givenName"),
        (NameOID.INITIALS, "initials"),
        (x509.ObjectIdentifier("2.5.4.13"), "description"),
        (x509.ObjectIdentifier("2.5.4.20"), "telephoneNumber"),
        (x509.ObjectIdentifier("2.5.4.41"), "name"),
        (NameOID.USER_ID, "UID"),
        (NameOID.DOMAIN_COMPONENT, "DC"),
        (x509.ObjectIdentifier("1.2.3.4"), "1.2.3.4"),
    ],
)
def test_an_attribute_is_shown_by_its_name(kind: x509.ObjectIdentifier, shown: str) -> None:
    assert name_text(x509.Name([x509.NameAttribute(kind, "x")])) == f"{shown}=x"


def test_an_object_identifier_without_a_name_is_shown_as_it_is() -> None:
    assert oid_name("2.5.29.17") == "subjectAltName"
    assert [oid_name("1.2.3.4"), oid_name("not one")] == ["1.2.3.4", "not one"]


def test_an_empty_field_is_not_in_the_subject() -> None:
    assert Subject.of().to_x509() == x509.Name([])
    (country,) = Subject.of(country="DE").to_x509()
    assert country.oid == NameOID.COUNTRY_NAME


@given(st.text(max_size=70), st.text(max_size=70), st.text(max_size=3))
def test_any_subject_is_refused_or_becomes_a_name_with_its_values(
    common_name: str, organization: str, country: str
) -> None:
    try:
        subject = Subject.of(common_name, organization, country=country).to_x509()
    except InvalidNameError:
        return
    assume(subject.rdns)
    assert x509.Name(subject.rdns).public_bytes()
    assert [part.value for part in subject] == [
        part for part in (country, organization, common_name) if part
    ]


# Alternative names


def test_lists_are_split_stripped_and_deduplicated_in_their_order() -> None:
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
    with pytest.raises(InvalidAlternativeNameError) as caught:
        AlternativeNames.parse(**given)
    assert ("has an empty entry" if text else "is empty") in caught.value.hint


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
def test_what_is_not_a_domain_is_refused_with_a_hint(domain: str, hint: str) -> None:
    with pytest.raises(InvalidAlternativeNameError, match="Invalid domain") as caught:
        alternative(domains=domain)
    assert hint in printed(caught.value.hint)


@pytest.mark.parametrize("domain", ["256.1.1.1", "1.2.3.04", "127.1", "1", "*.0.0.1"])
def test_what_ends_in_a_number_is_a_mistyped_address_and_not_a_domain(domain: str) -> None:
    """RFC 1123, 2.1: the last label of a host name is never all digits."""
    with pytest.raises(InvalidAlternativeNameError, match="Invalid domain"):
        alternative(domains=domain)


def test_a_domain_can_be_asked_for_without_a_wildcard() -> None:
    assert parse_domain("a.example", wildcard=False) == "a.example"
    with pytest.raises(InvalidAlternativeNameError):
        parse_domain("*.example", wildcard=False)


NO_ADDRESSES = [
    "foo", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4/8", "fe80::1%eth0", "[::1]", "::g",
    "\u0661.2.3.4",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_not_an_address_is_refused_as_scripts_expect(text: str) -> None:
    with pytest.raises(InvalidAlternativeNameError) as caught:
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
def test_what_is_not_a_uri_is_refused_as_scripts_expect(uri: str) -> None:
    with pytest.raises(InvalidAlternativeNameError) as caught:
        alternative(uris=uri)
    assert str(caught.value).startswith("Invalid URI: ")
    assert "spiffe://" in caught.value.hint


@pytest.mark.parametrize("text", ['a"b', "a<b>", "a\\b", "a^b", "a`b", "a{b}", "a|b", "a%zz", "%"])
def test_a_uri_is_made_of_the_characters_of_rfc_3986(text: str) -> None:
    with pytest.raises(InvalidAlternativeNameError, match="Invalid URI"):
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


def test_an_ipv4_address_in_ipv6_is_the_ipv4_address() -> None:
    addresses = alternative(addresses="::ffff:10.0.0.1, 10.0.0.1, ::FFFF:a00:2, ::1").addresses
    assert [str(address) for address in addresses] == ["10.0.0.1", "10.0.0.2", "::1"]
