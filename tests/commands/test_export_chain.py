"""`export-chain`: from the leaf up to the root, or to just before it; found by signature."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY
from tests.conftest import NOW, CommandLine

LATER = NOW + 2 * foreign.YEAR


@pytest.fixture
def keyless(folder: Path) -> Path:
    """Three certificates, `leaf` below `Int` below `Root`, in a depot without any key."""
    root = pairs.ca(subject="Root")
    intermediate = pairs.ca(subject="Int", by=root)
    root.store_certificate("Root")
    intermediate.store_certificate("Int")
    pairs.leaf(intermediate, "leaf").store_certificate("leaf")
    return folder / "out"


def chain(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def of(keyless: Path, *stems: str) -> list[x509.Certificate]:
    return [foreign.load_certificate(keyless / f"{stem}.crt") for stem in stems]


def test_a_chain_is_the_leaf_and_what_stands_between_it_and_the_root(
    certstrap: CommandLine, keyless: Path
) -> None:
    assert certstrap("export-chain", "leaf").stdout == "Created out/leaf.chain.crt\n"
    path = keyless / "leaf.chain.crt"
    both = (keyless / "leaf.crt").read_bytes() + (keyless / "Int.crt").read_bytes()
    assert path.read_bytes() == both
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_chain_ends_with_the_root_if_asked_to(certstrap: CommandLine, keyless: Path) -> None:
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(keyless / "leaf.chain.crt") == of(keyless, "leaf", "Int", "Root")


def test_the_chain_of_an_intermediate_begins_with_it(certstrap: CommandLine, keyless: Path) -> None:
    certstrap("export-chain", "Int")
    assert chain(keyless / "Int.chain.crt") == of(keyless, "Int")
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(keyless / "leaf.chain.crt") == of(keyless, "leaf", "Int", "Root")


def test_a_leaf_right_below_its_root_is_its_own_chain(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca()
    root.store_certificate("Root")
    pairs.leaf(root).store_certificate("leaf")
    certstrap("export-chain", "leaf")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf")


def test_a_root_alone_has_no_chain_without_itself(certstrap: CommandLine, keyless: Path) -> None:
    certstrap.refuses("export-chain", "Root", sentence="Root is a root", hint="--with-root")
    certstrap("export-chain", "Root", "--with-root")
    assert chain(keyless / "Root.chain.crt") == of(keyless, "Root")


def test_a_chain_of_many_intermediates_is_found(certstrap: CommandLine, folder: Path) -> None:
    above = pairs.ca(subject="0")
    above.store_certificate("0")
    names = [str(number) for number in range(1, 9)]
    for name in names:
        above = pairs.ca(subject=name, by=above)
        above.store_certificate(name)
    pairs.leaf(above).store_certificate("leaf")
    certstrap("export-chain", "leaf")
    expected = of(folder / "out", "leaf", *reversed(names))
    assert chain(folder / "out/leaf.chain.crt") == expected


def test_the_file_goes_to_the_path_that_was_given(certstrap: CommandLine, keyless: Path) -> None:
    before = sorted(keyless.iterdir())
    outcome = certstrap("export-chain", "leaf", "--output", "bundle.pem")
    assert outcome.stdout == "Created bundle.pem\n"
    assert chain(Path("bundle.pem")) == of(keyless, "leaf", "Int")
    assert sorted(keyless.iterdir()) == before


def test_nothing_is_overwritten(certstrap: CommandLine, keyless: Path) -> None:
    certstrap("export-chain", "leaf")
    again = "out/leaf.chain.crt already exists!"
    certstrap.refuses("export-chain", "leaf", "--with-root", sentence=again, hint="Hint: ")
    certstrap.refuses("export-chain", "leaf", "--output", "out/Int.crt", sentence="out/Int.crt al")


@pytest.mark.parametrize(
    ("gone", "leaf", "issuer"),
    [("Int", "leaf", "CN=Int"), ("Root", "leaf", "CN=Root"), ("Root", "Int", "CN=Root")],
)
@pytest.mark.parametrize("options", [(), ("--with-root",), ("--output", "bundle.pem")])
def test_an_incomplete_chain_is_refused_and_names_the_missing_issuer(
    certstrap: CommandLine,
    keyless: Path,
    gone: str,
    leaf: str,
    issuer: str,
    options: tuple[str, ...],
) -> None:
    (keyless / f"{gone}.crt").unlink()
    certstrap.refuses(
        "export-chain", leaf, *options,
        sentence=f'The chain is incomplete: out does not have the certificate of its issuer '
        f'"{issuer}".',
        hint="certstrap import NAME --cert FILE",
    )  # fmt: skip


def test_the_missing_issuer_is_named_whole_and_fit_for_a_terminal(
    certstrap: CommandLine, folder: Path
) -> None:
    root, intermediate, leaf = pairs.step_pki()
    root.store_certificate("Root")
    leaf.store_certificate("leaf")
    named = '"CN=Smallstep Intermediate CA,O=Smallstep"'
    certstrap.refuses("export-chain", "leaf", sentence=named)
    pairs.ca(subject=intermediate.certificate.subject).store_certificate("other")
    certstrap.refuses("export-chain", "leaf", sentence=named)  # by signature, not by name
    evil = pairs.ca(subject="red \x1b[31m\u202e")
    pairs.leaf(evil).store_certificate("evil")
    outcome = certstrap.refuses("export-chain", "evil", sentence="incomplete")
    assert "\x1b" not in outcome.stderr
    assert "\u202e" not in outcome.stderr


def test_names_that_are_alike_are_distinguished_by_signature(
    certstrap: CommandLine, folder: Path
) -> None:
    right, wrong = pairs.ca(subject="Root"), pairs.ca(subject="Root", end=LATER)
    wrong.store_certificate("a")
    right.store_certificate("b")
    pairs.ca(subject="Root", end=LATER).store_certificate("c")
    pairs.leaf(right).store_certificate("leaf")
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf", "b")


@pytest.mark.parametrize("newest", ["a", "b"])
def test_of_two_certificates_of_one_ca_the_one_that_ends_last_is_taken(
    certstrap: CommandLine, folder: Path, newest: str
) -> None:
    root = pairs.ca(subject="Root")
    old = pairs.ca(subject="Int", by=root)
    renewed = pairs.ca(subject="Int", by=root, key=old.key, end=LATER)
    root.store_certificate("Root")
    renewed.store_certificate(newest)
    old.store_certificate("a" if newest == "b" else "b")
    pairs.leaf(old).store_certificate("leaf")
    certstrap("export-chain", "leaf")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf", newest)


@pytest.mark.parametrize("name", ["cross", "A-cross"])
def test_a_root_is_preferred_to_its_cross_certificate_by_a_ca_that_is_not_here(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    root = pairs.ca(subject="Root")
    root.store_certificate("Root")
    pairs.ca(
        subject="Root", key=root.key, by=pairs.ca(subject="Older"), end=LATER
    ).store_certificate(name)
    pairs.leaf(root).store_certificate("leaf")
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf", "Root")


def test_a_way_that_reaches_a_root_is_preferred_to_one_that_does_not(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root")
    intermediate = pairs.ca(subject="Int", by=root)
    elsewhere = pairs.ca(subject="Int", key=intermediate.key, by=pairs.ca(subject="?"), end=LATER)
    root.store_certificate("Root")
    intermediate.store_certificate("Int")
    elsewhere.store_certificate("Int-cross")
    pairs.leaf(intermediate).store_certificate("leaf")
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf", "Int", "Root")


def test_two_cas_that_certify_each_other_end_the_search(
    certstrap: CommandLine, folder: Path
) -> None:
    a, b = pairs.ca(subject="A"), pairs.ca(subject="B")
    pairs.ca(subject="A", key=a.key, by=b).store_certificate("A")
    pairs.ca(subject="B", key=b.key, by=a).store_certificate("B")
    pairs.leaf(a).store_certificate("leaf")
    certstrap.refuses("export-chain", "leaf", sentence="The chain is incomplete: ")


def test_only_cas_stand_above_a_leaf(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject="Root")
    no_ca = pairs.leaf(root, "no CA")
    root.store_certificate("Root")
    no_ca.store_certificate("no_CA")
    pairs.leaf(no_ca).store_certificate("leaf")
    certstrap.refuses("export-chain", "leaf", sentence='"CN=no CA"')


def test_what_else_is_in_the_depot_does_not_matter(certstrap: CommandLine, keyless: Path) -> None:
    (keyless / "broken.crt").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    (keyless / "folder.crt").mkdir()
    root = foreign.load_certificate(keyless / "Root.crt")
    (keyless / "Root.crt").unlink()
    (keyless / "Root.crt").write_bytes(root.public_bytes(Encoding.DER))
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(keyless / "leaf.chain.crt")[2] == root


def test_an_expired_ca_is_still_who_issued_it(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(end=NOW - timedelta(days=1))
    root.store_certificate("Root")
    pairs.leaf(root).store_certificate("leaf")
    subject = root.certificate.subject.rfc4514_string()
    sentence = f'The CA "{subject}" expired on 2026-11-22 12:00:00 UTC.\n'
    certstrap("export-chain", "leaf", "--with-root", stderr=sentence)


def test_a_ca_whose_name_ends_in_chain_signs_and_is_found(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "block.chain", *NEW_KEY)
    certstrap("request-cert", "--cn", "leaf", *NEW_KEY)
    certstrap("sign", "leaf")
    certstrap("export-chain", "leaf", "--with-root")
    assert chain(folder / "out/leaf.chain.crt") == of(folder / "out", "leaf", "block.chain")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("nobody",), "There is no certificate out/nobody.crt."),
        (("leaf", "--output", "no/such/folder"), "Cannot write no/such/folder: No such file or "),
        (("leaf", "--output", "out"), "out already exists!"),
        (("..",), 'Invalid name: ".." has no letter or digit.'),
        (("",), 'Invalid name: "" has no letter or digit.'),
    ],
)
def test_what_cannot_be_exported_is_reported_in_one_sentence_with_a_hint(
    certstrap: CommandLine, keyless: Path, line: tuple[str, ...], sentence: str
) -> None:
    outcome = certstrap.refuses("export-chain", *line, sentence=sentence, hint="Hint: ")
    assert len(outcome.stderr.splitlines()) == 2


@pytest.mark.parametrize("data", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"junk"])
def test_a_certificate_that_cannot_be_read_is_reported(
    certstrap: CommandLine, keyless: Path, data: bytes
) -> None:
    (keyless / "leaf.crt").unlink()
    (keyless / "leaf.crt").write_bytes(data)
    certstrap.refuses("export-chain", "leaf", sentence="out/leaf.crt is ", hint="Hint: ")


def test_a_line_without_a_name_cannot_be_read(certstrap: CommandLine) -> None:
    assert certstrap("export-chain", exit_code=2).stderr
