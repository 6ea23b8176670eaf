"""Name constraints: what a CA may sign is what OpenSSL accepts under it (RFC 5280, 4.2.1.10)."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from string import ascii_letters, digits
from time import process_time

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certstrap.errors import InvalidAlternativeNameError, RefusedError
from certstrap.pki import rules
from certstrap.pki.decode import alternative_names
from certstrap.pki.name_constraints import (
    Subtrees,
    are_too_many,
    constraints,
    disjoint,
    not_permitted,
)
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.text import printable
from tests.builders.certificates import NO_CA, a_certificate, a_name, a_request
from tests.builders.keys import CA_KEY, LEAF_KEY
from tests.builders.openssl import openssl_accepts

CA_NAME = a_name("Test CA")


def require_permitted(request: x509.CertificateSigningRequest, ca: x509.Certificate) -> None:
    """Refuse a request with a name that the constraints of ``ca`` do not permit."""
    for name, permitted in not_permitted(request.subject, alternative_names(request), ca):
        sentence = f"The CA may not sign {printable(name)}: it is permitted {permitted}."
        raise RefusedError(sentence, "Ask for a name that it may sign, or choose another CA.")


def dns(text: str) -> x509.DNSName:
    return x509.DNSName(text)


def ip(text: str) -> x509.IPAddress:
    return x509.IPAddress(ip_network(text) if "/" in text else ip_address(text))


def uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def email(text: str) -> x509.RFC822Name:
    return x509.RFC822Name(text)


def directory(**attributes: str) -> x509.DirectoryName:
    return x509.DirectoryName(a_name(**attributes))


Names = Sequence[x509.GeneralName]


def constrained(permitted: Names, excluded: Names) -> x509.Certificate:
    return a_certificate(
        subject=CA_NAME, name_constraints=x509.NameConstraints(permitted or None, excluded or None)
    )


def refusal(
    *, permitted: Names = (), excluded: Names = (), names: Names = (), subject: x509.Name
) -> str:
    """Return the sentence of the refusal, or nothing."""
    try:
        require_permitted(a_request(subject=subject, names=names), constrained(permitted, excluded))
    except RefusedError as error:
        return str(error)
    return ""


def is_permitted(
    *,
    permitted: Names = (),
    excluded: Names = (),
    names: Names = (),
    subject: x509.Name | None = None,
) -> bool:
    subject = a_name("leaf") if subject is None else subject
    return not refusal(permitted=permitted, excluded=excluded, names=names, subject=subject)


DOMAINS = [
    "example.com", "a.example.com", "b.a.example.com", "*.example.com", "*.a.example.com",
    "notexample.com", "example.com.other", "EXAMPLE.com", "com", "other",
]  # fmt: skip
URIS = [
    "http://example.com/", "spiffe://a.example.com/x", "HTTP://A.EXAMPLE.COM", "urn:a:b",
    "https://a.example.com:8443/y", "http://other/@example.com", "mailto:a@example.com", "x:///y",
]  # fmt: skip
MAILS = ["a@example.com", "A@EXAMPLE.com", "b@a.example.com", "c@other"]
TREES: list[x509.GeneralName] = [
    *map(dns, ["example.com", ".example.com", "", "a.example.com", "com", "Example.COM"]),
    *map(uri, ["example.com", ".example.com", "other"]),
    *map(ip, ["10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "::/0", "fe80::/10"]),
    *map(email, ["example.com", ".example.com", "a@example.com"]),
    directory(organization_name="Good"),
    directory(organization_name="good", organizational_unit_name="Unit"),
]
NAMES: list[x509.GeneralName] = [
    *map(dns, DOMAINS),
    *map(uri, URIS),
    *map(ip, ["10.0.0.1", "11.0.0.1", "::1", "fe80::1"]),
    *map(email, MAILS),
    directory(organization_name="Good", common_name="x"),
    directory(organization_name="Bad"),
]
SUBJECTS = [
    a_name(),
    a_name("leaf"),
    a_name("a.example.com"),
    a_name("a.other"),
    a_name("a b.other"),
    a_name("Ünï.other"),
    a_name("10.0.0.1"),
    a_name("x", organization_name="Good"),
    a_name("x", organization_name="Good", organizational_unit_name="Unit"),
    a_name("x", organization_name="Bad"),
    a_name("x", email_address="a@example.com"),
]


def says_what_openssl_says(
    folder: Path,
    subjects: Sequence[x509.Name],
    names: Sequence[Names],
    *,
    permitted: Names = (),
    excluded: Names = (),
) -> None:
    cases = [(subject, some) for subject in subjects for some in names if subject.rdns or some]
    leaves = [
        a_certificate(
            key=LEAF_KEY, subject=subject, by=(CA_NAME, CA_KEY), constraints=NO_CA, names=some
        )
        for subject, some in cases
    ]
    accepted = openssl_accepts(folder, constrained(permitted, excluded), *leaves)
    for (subject, some), verdict in zip(cases, accepted, strict=True):
        ours = is_permitted(permitted=permitted, excluded=excluded, names=some, subject=subject)
        assert ours == verdict, (permitted, excluded, some, subject)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: f"{type(tree).__name__} {tree.value}")
def test_each_constraint_judges_names_and_subjects_as_openssl_does(
    tmp_path: Path, tree: x509.GeneralName
) -> None:
    alone: list[Names] = [[name] for name in NAMES if type(name) is type(tree)]
    says_what_openssl_says(tmp_path, [a_name()], alone, permitted=[tree])
    says_what_openssl_says(tmp_path, [a_name()], alone, excluded=[tree])
    others: list[Names] = [[dns("leaf.example.com")], [ip("10.0.0.1")], []]
    says_what_openssl_says(tmp_path, SUBJECTS, others, permitted=[tree])
    says_what_openssl_says(tmp_path, SUBJECTS, others, excluded=[tree])


@given(
    st.lists(st.sampled_from(TREES), max_size=3),
    st.lists(st.sampled_from(TREES), max_size=2),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
    st.sampled_from(SUBJECTS),
)
@settings(max_examples=60)
def test_any_names_under_any_constraints_are_judged_as_openssl_does(
    tmp_path: Path, permitted: Names, excluded: Names, names: Names, subject: x509.Name
) -> None:
    if permitted or excluded:
        says_what_openssl_says(tmp_path, [subject], [names], permitted=permitted, excluded=excluded)


def test_without_constraints_any_name_is_permitted() -> None:
    for names in (NAMES, ()):
        require_permitted(a_request(names=names), a_certificate())


def test_the_sentence_names_the_name_and_what_is_permitted() -> None:
    subject = a_name("leaf")
    trees = [dns("example.com"), dns("example.org"), ip("10.0.0.0/8")]
    assert (
        refusal(permitted=trees, names=[dns("a.other")], subject=subject)
        == "The CA may not sign a.other: it is permitted example.com, example.org."
    )
    assert (
        refusal(permitted=trees, names=[ip("11.0.0.1")], subject=subject)
        == "The CA may not sign 11.0.0.1: it is permitted 10.0.0.0/8."
    )
    assert (
        refusal(excluded=[dns("other")], names=[dns("a.other")], subject=subject)
        == "The CA may not sign a.other: it is permitted other names."
    )


def test_a_name_that_a_terminal_could_obey_is_not_printed_as_it_is() -> None:
    odd = x509.DNSName._init_without_validation("a\x1b[31m.other")
    assert refusal(permitted=[dns("example.com")], names=[odd], subject=a_name("x")).isprintable()


# Where OpenSSL is not the judge.


@pytest.mark.parametrize("common_name", ["*.other", "*.a.other", "*.notexample.com"])
def test_a_wildcard_as_common_name_is_a_domain_too(common_name: str) -> None:
    """OpenSSL's X509_check_host matches it, though its constraints pass it by."""
    assert not is_permitted(permitted=[dns("example.com")], subject=a_name(common_name))
    assert not is_permitted(excluded=[dns(common_name[2:])], subject=a_name(common_name))
    assert is_permitted(permitted=[dns("example.com")], subject=a_name("*.a.example.com"))


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "[fe80::1]:80", ""])
def test_a_uri_whose_host_is_no_domain_is_refused_wherever_uris_are_constrained(host: str) -> None:
    name = uri(f"http://{host}/x")
    assert not is_permitted(permitted=[uri(".example.com")], names=[name])
    assert not is_permitted(permitted=[uri(host.strip("[]"))], names=[name])
    assert not is_permitted(excluded=[uri(".example.com")], names=[name])
    assert is_permitted(permitted=[dns("example.com")], names=[name])


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://example.com", "example.com"),
        ("http://u@example.com/", "example.com"),
        ("http://u:p@example.com:80", "example.com"),
        ("http://example.com?a=@other", "example.com"),
        ("http://example.com#@other", "example.com"),
        ("http://example.com@other/", "other"),
        ("http://other/example.com", "other"),
    ],
)
def test_the_host_of_a_uri_is_found_as_rfc_3986_has_it(text: str, host: str) -> None:
    for tree in ("example.com", "other"):
        assert is_permitted(permitted=[uri(tree)], names=[uri(text)]) == (tree == host)
        assert is_permitted(excluded=[uri(tree)], names=[uri(text)]) == (tree != host)


@pytest.mark.parametrize(
    "text",
    [
        "urn:http://example.com",
        "://example.com",
        "http://example.com@other@example.com",
        "http://example.com]/",
        "example.com",
    ],
)
def test_a_uri_that_programs_could_read_in_more_than_one_way_is_refused(text: str) -> None:
    assert not is_permitted(permitted=[uri("example.com")], names=[uri(text)])
    assert not is_permitted(excluded=[uri("other")], names=[uri(text)])


@pytest.mark.parametrize("part", ["1.b", "a", "1", "@", ".", ":", "a://", "b@", "/", "["])
def test_a_long_uri_is_compared_in_no_time(part: str) -> None:
    text = f"a://{part * (32_000 // len(part))}]"
    begin = process_time()
    is_permitted(permitted=[uri("example.com")], names=[uri(text)])
    assert process_time() - begin < 1


def a_name_of_one_rdn(*values: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    rdn = x509.RelativeDistinguishedName(x509.NameAttribute(*value) for value in values)
    return x509.Name([rdn])


def load_order(name: x509.Name) -> list[x509.ObjectIdentifier]:
    return [each.oid for each in a_certificate(subject=name).subject]


def test_the_order_in_an_rdn_of_many_values_does_not_matter() -> None:
    """An RDN is a set (RFC 5280, 7.1), which some programs write in an order of their own."""
    common_name = (NameOID.COMMON_NAME, "xyz1")
    one, other, third = (
        a_name_of_one_rdn((NameOID.ORGANIZATION_NAME, text), common_name)
        for text in ("Bad", "  Bad", "Good")  # DER has the shorter value first
    )
    assert load_order(one) != load_order(other)
    for tree in (one, other):
        for subject in (one, other):
            assert not is_permitted(excluded=[x509.DirectoryName(tree)], subject=subject)
            assert is_permitted(permitted=[x509.DirectoryName(tree)], subject=subject)
        assert is_permitted(excluded=[x509.DirectoryName(tree)], subject=third)
        assert not is_permitted(permitted=[x509.DirectoryName(tree)], subject=third)


OTHER_NAME = x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x0c\x01a")
REGISTERED = x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))
REGISTERED_5 = x509.RegisteredID(x509.ObjectIdentifier("1.2.3.5"))


@pytest.mark.parametrize(
    ("tree", "name"),
    [(OTHER_NAME, OTHER_NAME), (REGISTERED, REGISTERED), (REGISTERED, REGISTERED_5)],
)
def test_a_name_of_a_kind_that_cannot_be_judged_is_refused_where_its_kind_is_constrained(
    tmp_path: Path, tree: x509.GeneralName, name: x509.GeneralName
) -> None:
    """RFC 5280, 6.1.4 (g): what cannot be processed is refused, as OpenSSL does."""
    says_what_openssl_says(tmp_path, [a_name("x")], [[name]], permitted=[tree])
    says_what_openssl_says(tmp_path, [a_name("x")], [[name]], excluded=[tree])
    assert is_permitted(permitted=[dns("example.com")], names=[name])


def test_a_network_is_no_address() -> None:
    network = ip("10.0.0.0/24")
    for tree in ("10.0.0.0/8", "11.0.0.0/8", "::/0"):
        assert not is_permitted(permitted=[ip(tree)], names=[network])
        assert not is_permitted(excluded=[ip(tree)], names=[network])


def test_every_common_name_is_checked_against_the_constraints() -> None:
    two = x509.Name(
        x509.NameAttribute(NameOID.COMMON_NAME, text) for text in ("a.example.com", "a.other")
    )
    assert not is_permitted(permitted=[dns("example.com")], subject=two)
    assert is_permitted(permitted=[dns("example.com")], subject=two, names=[dns("example.com")])


def test_a_common_name_of_a_ca_is_no_domain() -> None:
    ca = constrained([dns("example.com")], [])
    subject = a_name("host.other.org")
    assert list(not_permitted(subject, [], ca)) == [("host.other.org", "example.com")]
    assert not list(not_permitted(subject, [], ca, common_name=False))
    assert not list(rules.names(subject, [], CAProfile(), ca))
    assert [each.rule for each in rules.names(subject, [], LeafProfile(), ca)] == [
        "name-constraints"
    ]


def many(form: str, number: int) -> list[str]:
    return [form.format(each) for each in range(number)]


@pytest.mark.parametrize(
    ("kind", "trees", "names"),
    [
        (dns, "t{}.test", "a.t{}.test"),
        (uri, "t{}.test", "http://t{}.test/"),
        (email, "t{}.test", "a@t{}.test"),
        (email, "a@t{}.test", "a@t{}.test"),
        (lambda text: directory(organization_name=text), "t{}", "t{}"),
        (dns, "a{}", "b." * 120 + "a{}"),
    ],
)
def test_many_names_below_many_constraints_take_no_time(
    kind: Callable[[str], x509.GeneralName], trees: str, names: str
) -> None:
    asked = [kind(name) for name in many(names, 1020)]
    ca = constrained([kind(tree) for tree in many(trees, 1020)], [])
    begin = process_time()
    assert not list(not_permitted(a_name(), asked, ca))
    assert not are_too_many(a_name(), asked, ca)
    assert process_time() - begin < 1


@pytest.mark.parametrize("form", ["10.{}.0.0/24", "fd00:{}::/32"])
def test_many_addresses_below_many_networks_take_no_time(form: str) -> None:
    networks = many(form, 256)
    names = [ip(network.partition("/")[0]) for network in networks] * 15
    ca = constrained([*map(ip, networks)], [])
    begin = process_time()
    assert not list(not_permitted(a_name(), names, ca))
    assert process_time() - begin < 1


def test_a_domain_that_is_too_long_is_not_compared() -> None:
    for name in (dns("a." * 200 + "b"), uri(f"http://{'a.' * 200}b/"), email(f"x@{'a.' * 200}b")):
        tree = type(name)("b")
        assert not is_permitted(permitted=[tree], names=[name])
        assert not is_permitted(excluded=[type(name)("other")], names=[name])
        assert is_permitted(permitted=[ip("10.0.0.0/8")], names=[name])


@pytest.mark.parametrize(("number", "good"), [(1023, True), (1024, False)])
def test_more_comparisons_than_openssl_makes_are_refused_at_once(
    tmp_path: Path, number: int, good: bool
) -> None:
    """One name more is the subject's; OpenSSL stops at 2 to the 20th."""
    names = [dns(name) for name in many("a.t{}.test", number)]
    ca = constrained([dns(tree) for tree in many("t{}.test", 1024)], [])
    leaf = a_certificate(
        key=LEAF_KEY, subject=a_name("x"), by=(CA_NAME, CA_KEY), constraints=NO_CA, names=names
    )
    assert openssl_accepts(tmp_path, ca, leaf) == [good]
    found = list(rules.names(a_name("x"), names, LeafProfile(), ca))
    assert [each.sentence for each in found] == (
        []
        if good
        else ["The request has too many names to compare with the name constraints of the CA."]
    )


def test_what_is_permitted_is_not_listed_without_end() -> None:
    trees = [dns(tree) for tree in many("t{}.test", 4096)]
    assert refusal(permitted=trees, names=[dns("other")], subject=a_name("x")) == (
        "The CA may not sign other: it is permitted t0.test, t1.test, t2.test and 4,093 more."
    )


def asked(**lists: str) -> list[x509.GeneralName]:
    """Return what options are read as."""
    return Subtrees(**{kind: [text] for kind, text in lists.items()}).to_x509()


@pytest.mark.parametrize("text", ["a.example", ".a.example", ".a"])
def test_a_ca_can_be_restricted_to_a_domain_with_a_dot_in_front(text: str) -> None:
    assert asked(domains=text) == [x509.DNSName(text)]


@pytest.mark.parametrize("text", ["", ".", "..a", "*.a.example", ".*.a", ".1.2.3.4", "a."])
def test_a_ca_cannot_be_restricted_to_what_is_no_domain(text: str) -> None:
    with pytest.raises(InvalidAlternativeNameError, match="Invalid domain"):
        asked(domains=text)


def test_a_ca_can_be_restricted_to_networks_hosts_and_mailboxes_each_once() -> None:
    assert asked(ips="10.0.0.0/8, 2001:db8::/32,10.1.2.3,10.0.0.0/8") == [
        x509.IPAddress(ip_network(network))
        for network in ("10.0.0.0/8", "2001:db8::/32", "10.1.2.3/32")
    ]
    assert asked(uris="prod,h.example,.h.example") == [
        x509.UniformResourceIdentifier(host) for host in ("prod", "h.example", ".h.example")
    ]
    assert asked(emails="a.b+c@h.example,h.example,.h.example") == [
        x509.RFC822Name(text) for text in ("a.b+c@h.example", "h.example", ".h.example")
    ]


@given(st.text(ascii_letters + digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=64))
def test_every_mailbox_of_atoms_can_be_named(atom: str) -> None:
    assert asked(emails=f"{atom}@h.example") == [x509.RFC822Name(f"{atom}@h.example")]


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("ips", "10.0.0.1/8", "Invalid network: 10.0.0.1/8"),
        ("ips", "10.0.0.0/33", "Invalid network"),
        ("ips", "host.example", "Invalid network"),
        ("ips", "::ffff:10.0.0.0/104", "Invalid network"),
        ("ips", "fe80::%eth0/64", "Invalid network"),
        ("uris", "https://h.example", "Invalid host of URIs: https://h.example"),
        ("uris", "10.0.0.1", "Invalid host of URIs"),
        ("uris", "h.example:443", "Invalid host of URIs"),
        ("uris", "*.example", "Invalid host of URIs"),
        ("emails", "@h.example", "Invalid e-mail address: @h.example"),
        ("emails", "a@.h.example", "Invalid e-mail address"),
        ("emails", "a b@h.example", "Invalid e-mail address"),
        ("emails", "a..b@h.example", "Invalid e-mail address"),
        ("emails", "a@h.example@h.example", "Invalid e-mail address"),
        ("emails", "ä@h.example", "Invalid e-mail address"),
        ("emails", "a,,b", 'Invalid e-mail address: "a,,b"'),
    ],
)
def test_a_ca_cannot_be_restricted_to_nonsense(kind: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidAlternativeNameError) as caught:
        asked(**{kind: text})
    assert str(caught.value).startswith(sentence)


def test_what_is_permitted_and_excluded_is_refused() -> None:
    names = Subtrees(["a.example"])
    with pytest.raises(RefusedError, match=r"a\.example is both permitted and excluded"):
        constraints(names, names)
    assert constraints(Subtrees(), Subtrees()) is None


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("domains", "A.example", "a.EXAMPLE"),
        ("uris", ".A.example", ".a.example"),
        ("emails", "me@A.example", "me@a.example"),
    ],
)
def test_the_case_of_a_host_makes_no_other_name_of_it(kind: str, one: str, other: str) -> None:
    with pytest.raises(RefusedError, match="is both permitted and excluded"):
        constraints(Subtrees(**{kind: [one]}), Subtrees(**{kind: [other]}))


def test_mailboxes_of_another_case_and_names_of_another_kind_are_others() -> None:
    emails = Subtrees(emails=["Me@a.example"]), Subtrees(emails=["me@a.example"])
    kinds = Subtrees(domains=["a.example"]), Subtrees(uris=["a.example"])
    assert constraints(*emails)
    assert constraints(*kinds)


HOSTS = ["a.b.c", ".b.c", "b.c", ".c", "x.b.c", "b.x", ".x.b.c"]
NAMED = ["a.b.c", "b.c", "x.b.c", "y.x.b.c", "z.c", "b.x", "a.b.x"]
KINDS: dict[str, tuple[Names, Names]] = {
    "domains": ([*map(dns, HOSTS), dns("B.C")], [*map(dns, NAMED)]),
    "hosts of URIs": ([*map(uri, HOSTS)], [uri(f"https://{name}/") for name in NAMED]),
    "e-mail addresses": (
        [*map(email, HOSTS), email("m@b.c"), email("n@b.c"), email("m@x.b.c")],
        [email(f"{mailbox}@{name}") for mailbox in "mnx" for name in NAMED],
    ),
    "networks": (
        [*map(ip, ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "::/0", "::1/128"))],
        [*map(ip, ("9.0.0.1", "10.0.0.1", "10.1.0.1", "10.2.0.1", "::1", "::2"))],
    ),
}
"""Constraints, and names, so many that two of the former share one if they share any."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_is_left_if_two_cas_are_permitted_none_in_common(kind: str) -> None:
    trees, names = KINDS[kind]
    cas = [constrained([tree], []) for tree in trees]
    signed = [
        {name for name in names if not any(not_permitted(x509.Name([]), [name], ca))} for ca in cas
    ]
    for one, below in enumerate(cas):
        for other, above in enumerate(cas):
            is_left = not any(disjoint(below, above))
            assert is_left == bool(signed[one] & signed[other]), (trees[one], trees[other])


def test_only_names_of_a_kind_that_both_are_permitted_are_compared() -> None:
    below = constrained([dns("a.b"), ip("10.0.0.0/8")], [dns("c.d")])
    for above in (
        constrained([], [dns("a.b")]),
        constrained([uri("c.d")], []),
        constrained([dns("c.d"), dns("b")], []),
        a_certificate(subject=CA_NAME),
    ):
        assert not any(disjoint(below, above))
    assert [*disjoint(below, constrained([dns("c.d")], []))] == [("a.b", "c.d")]
    assert not any(disjoint(constrained([], [dns("a.b")]), constrained([dns("c.d")], [])))
