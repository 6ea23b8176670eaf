"""PEM and DER: what a file contains, and the error for one that contains something else."""

import base64
import resource
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certstrap.errors import DamagedError, UnusableFileError
from certstrap.pki import pem
from certstrap.pki.pem import CERTIFICATE, CRL, PRIVATE_KEY, REQUEST
from tests.builders.der import sequence
from tests.builders.openssl import openssl

KINDS = [CERTIFICATE, REQUEST, PRIVATE_KEY, CRL]

LABELS = [
    ("CERTIFICATE", CERTIFICATE),
    ("X509 CERTIFICATE", CERTIFICATE),
    ("CERTIFICATE REQUEST", REQUEST),
    ("NEW CERTIFICATE REQUEST", REQUEST),
    ("X509 CRL", CRL),
    ("PRIVATE KEY", PRIVATE_KEY),
    ("ENCRYPTED PRIVATE KEY", PRIVATE_KEY),
    ("RSA PRIVATE KEY", PRIVATE_KEY),
    ("EC PRIVATE KEY", PRIVATE_KEY),
]

PEM_LIKE = st.lists(
    st.sampled_from([
        b"-----BEGIN ", b"-----END ", b"CERTIFICATE", b"PRIVATE KEY", b"EC PARAMETERS", b"-----",
        b"\n", b"\r\n", b"MAAA", b" ", b"Proc-Type: 4,ENCRYPTED", b"\xff", b"\x1b[31m", b"-",
    ]),
    max_size=20,
).map(b"".join)  # fmt: skip


@pytest.mark.parametrize(("label", "kind"), LABELS)
def test_a_block_is_found_by_each_label_of_its_kind(label: str, kind: str) -> None:
    block = pem.to_pem(label, b"content")
    assert pem.find(block, kind, "f") == (block, True)
    assert list(pem.find_all(block * 2, kind)) == [block, block]


@pytest.mark.parametrize("kind", KINDS)
def test_der_is_returned_as_it_is(kind: str) -> None:
    assert pem.find(b"\x30\x03abc", kind, "f") == (b"\x30\x03abc", False)


def test_the_first_block_of_the_kind_is_found_between_others() -> None:
    parameters, first, second, certificate = (
        pem.to_pem(label, b"\x06" + label.encode() + bytes([number]))
        for number, label in enumerate(
            ["EC PARAMETERS", "EC PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE"]
        )
    )
    data = b"a note\n" + parameters + b"\n" + first + b"between\n" + second + certificate + b"\0"
    assert pem.find(data, PRIVATE_KEY, "f") == (first, True)
    assert pem.find(data, CERTIFICATE, "f") == (certificate, True)
    assert list(pem.find_all(data, PRIVATE_KEY)) == [first, second]


@pytest.mark.parametrize("label", ["CERTIFICATE", "PRIVATE KEY"])
def test_what_follows_a_block_that_was_cut_short_is_not_read(label: str) -> None:
    """OpenSSL may read the first one, if only its last line is missing."""
    whole, cut = pem.to_pem("CERTIFICATE", b"x" * 100), pem.to_pem(label, b"y" * 100)
    for data in (cut[:60] + b"\n" + whole, cut[: cut.index(b"-----END")] + whole):
        with pytest.raises(UnusableFileError, match="it has a PEM block that is not valid"):
            pem.find(data, CERTIFICATE, "f")
    assert list(pem.find_all(whole + cut[:60] + b"\n" + whole, CERTIFICATE)) == [whole]


@pytest.mark.parametrize(
    "before", [b"> ", b" ", b"between"], ids=["quoted", "indented", "after other text"]
)
def test_a_boundary_is_a_line_of_its_own(before: bytes) -> None:
    block = pem.to_pem("CERTIFICATE", b"x" * 100)
    with pytest.raises(DamagedError, match="BEGIN"):
        pem.find(before + block, CERTIFICATE, "f")
    assert pem.find(before + block + block, CERTIFICATE, "f") == (block, True)
    assert list(pem.find_all(before + block, CERTIFICATE)) == []
    quoted_end = block.replace(b"-----END", before + b"-----END")
    with pytest.raises(UnusableFileError, match="END"):
        pem.find(quoted_end, CERTIFICATE, "f")


def test_a_label_that_breaks_a_line_begins_nothing() -> None:
    data = b"-----BEGIN TWO\nLINES-----\nAAAA\n-----END TWO\nLINES-----\n"
    assert pem.find(data, CERTIFICATE, "f") == (data, False)


def test_der_that_contains_the_text_of_a_block_is_der() -> None:
    block = pem.to_pem("CERTIFICATE", b"x" * 300)
    for content in (
        block,
        b"see " + block,
        b"\n-----BEGIN ",
        b"\n-----BEGIN X\n",
        b"\n----BEGIN X",
    ):
        data = sequence(content)
        assert pem.is_der(data)
        assert pem.find(data, CERTIFICATE, "f") == (data, False)
        assert list(pem.find_all(data, CERTIFICATE)) == []


def test_der_with_a_block_that_a_reader_of_pem_would_find_is_refused() -> None:
    """Which of the two OpenSSL shows depends on its options."""
    block = pem.to_pem("CERTIFICATE", b"x" * 300)
    for content in (b"\n" + block, bytes(250) + block, b"\r\n" + block.replace(b"\n", b"\r\n")):
        with pytest.raises(UnusableFileError, match=r"^f is DER with a PEM block inside, and "):
            pem.find(sequence(content), CERTIFICATE, "f")


def test_der_that_a_block_follows_is_refused() -> None:
    block = pem.to_pem("CERTIFICATE", b"x" * 300)
    with pytest.raises(UnusableFileError, match=r"^f is neither PEM nor DER"):
        pem.find(sequence(b"\1") + b"\n" + block, CERTIFICATE, "f")


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65_536])
def test_der_is_one_sequence_and_nothing_else(length: int) -> None:
    data = sequence(bytes(length))
    assert pem.is_der(data)
    assert not pem.is_der(data + b"\0")
    assert not pem.is_der(data[:-1])
    assert not pem.is_der(b"\x31" + data[1:])


@pytest.mark.parametrize("end", [b"\r\n", b" \n", b"\t\r\n"])
def test_lines_may_end_as_they_do_elsewhere(end: bytes) -> None:
    block = pem.to_pem("CERTIFICATE", b"x" * 100)
    found, is_pem = pem.find(b"\xef\xbb\xbf" + block.replace(b"\n", end), CERTIFICATE, "f")
    assert is_pem
    assert found.split() == block.split()
    assert pem.der_of(found) == b"x" * 100


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_the_utf_16_of_powershell_is_refused_with_a_hint(encoding: str) -> None:
    """OpenSSL does not read it; and it could have another block in it, in ASCII, that it reads."""
    text = "\ufeff" + pem.to_pem("CERTIFICATE", b"x" * 100).decode()
    with pytest.raises(UnusableFileError, match=r"^f is text in UTF-16, which other ") as caught:
        pem.find(text.encode(encoding), CERTIFICATE, "f")
    assert "Set-Content -Encoding ascii" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b" \r\n\t"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_is_called_empty(data: bytes, kind: str) -> None:
    with pytest.raises(UnusableFileError, match=r"^out/a is empty\.$") as caught:
        pem.find(data, kind, "out/a")
    assert caught.value.hint == f"It should hold a {kind}."


@pytest.mark.parametrize(("label", "held"), LABELS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_error_for_a_file_with_something_else_names_what_it_holds(
    label: str, held: str, kind: str
) -> None:
    if kind == held:
        return
    with pytest.raises(UnusableFileError) as caught:
        pem.find(pem.to_pem(label, b"x"), kind, "out/a")
    assert str(caught.value) == f"out/a holds a {held}, not a {kind}."


def test_an_object_that_is_not_used_here_is_named_by_its_label() -> None:
    with pytest.raises(UnusableFileError, match=r"^a holds a dh parameters, not a certificate\.$"):
        pem.find(pem.to_pem("DH PARAMETERS", b"x"), CERTIFICATE, "a")


@pytest.mark.parametrize("cut", range(30, 170, 14))
def test_a_block_without_its_end_is_called_broken(cut: int) -> None:
    block = pem.to_pem("CERTIFICATE", b"x" * 75)
    with pytest.raises(UnusableFileError, match="it has no END line"):
        pem.find(block[: min(cut, len(block) - 7)], CERTIFICATE, "a")


@pytest.mark.parametrize("label", [b"\x1b[31mRED", b"TWO\x0bLINES", b"\xff\xfe", b"X" * 200])
def test_a_strange_label_is_shown_in_one_short_line_that_no_terminal_interprets(
    label: bytes,
) -> None:
    data = b"-----BEGIN " + label + b"-----\nAAAA\n-----END " + label + b"-----\n"
    with pytest.raises(UnusableFileError) as caught:
        pem.find(data, CERTIFICATE, "a")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("body", [b"MAF=", b"MA==\nMA==", b"MAA", b"MA=", b"MAAA\nM==="])
def test_base64_that_is_not_the_one_of_its_bytes_is_refused(body: bytes) -> None:
    data = b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"
    with pytest.raises(UnusableFileError, match="it has a PEM block that is not valid"):
        pem.find(data, CERTIFICATE, "a")


def is_beginning(line: bytes) -> bool:
    line = line.removesuffix(b"\r").rstrip(b" \t")
    head, label, tail = line[:11], line[11:-5], line[11:][-5:]
    return (head, tail) == (b"-----BEGIN ", b"-----") and b"\r" not in label


@given(st.one_of(st.binary(max_size=200), PEM_LIKE), st.sampled_from(KINDS))
@example(b"-----BEGIN ", CERTIFICATE)
@example(b"-----BEGIN -----\n-----END -----", CERTIFICATE)
def test_any_bytes_are_refused_or_give_a_part_of_them(data: bytes, kind: str) -> None:
    with suppress(UnusableFileError):
        found, is_pem = pem.find(data, kind, "f")
        assert b"".join(found.split()) in b"".join(data.split())
        assert is_pem == (not pem.is_der(data) and any(map(is_beginning, data.split(b"\n"))))
    for block in pem.find_all(data, kind):
        assert b"".join(block.split()) in b"".join(data.split())
        assert pem.der_of(block)


def test_a_file_of_many_beginnings_without_an_end_is_refused_quickly() -> None:
    """The time must grow with the length of a file, not with its square."""
    program = (
        "from certstrap import errors\nfrom certstrap.pki import pem\n"
        "try: pem.find(b'-----BEGIN A-----\\n' * 32_000, pem.CRL, 'f')\n"
        "except errors.UnusableFileError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (4, 4)),
    )
    assert done.stdout == "f is broken: it has no END line.\n", done


@given(st.binary(max_size=500), st.sampled_from([label for label, _ in LABELS]))
def test_der_goes_to_pem_and_back(der: bytes, label: str) -> None:
    block = pem.to_pem(label, der)
    assert pem.der_of(block) == der
    lines = block.decode("ascii").splitlines()
    assert (lines[0], lines[-1]) == (f"-----BEGIN {label}-----", f"-----END {label}-----")
    assert all(len(line) == 64 for line in lines[1:-2])
    assert block.endswith(b"-----\n")


def test_what_is_not_base64_or_has_headers_is_not_der() -> None:
    block = pem.to_pem("RSA PRIVATE KEY", b"x")
    assert pem.der_of(block.replace(b"\n", b"\nProc-Type: 4,ENCRYPTED\n\n", 1)) == b""
    assert pem.der_of(b"-----BEGIN X-----\nAAA\n-----END X-----") == b""
    assert pem.der_of(b"-----BEGIN X-----") == b""


def test_pem_is_what_openssl_writes() -> None:
    written = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    der = base64.b64decode(b"".join(written.splitlines()[1:-1]))
    assert pem.to_pem("PRIVATE KEY", der) == written
