"""PEM and DER: what a file holds, and what is said of one that holds something else."""

import base64
import resource
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certstrap import encoding
from certstrap.encoding import CERTIFICATE, CRL, PRIVATE_KEY, REQUEST
from certstrap.errors import Unusable
from tests.making import openssl

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
    block = encoding.pem(label, b"content")
    assert encoding.find(block, kind, "f") == (block, True)
    assert list(encoding.find_all(block * 2, kind)) == [block, block]


@pytest.mark.parametrize("kind", KINDS)
def test_der_is_passed_on_as_it_is(kind: str) -> None:
    assert encoding.find(b"\x30\x03abc", kind, "f") == (b"\x30\x03abc", False)


def test_the_first_block_of_the_kind_is_found_between_others() -> None:
    parameters, first, second, certificate = (
        encoding.pem(label, label.encode() + bytes([number]))
        for number, label in enumerate(
            ["EC PARAMETERS", "EC PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE"]
        )
    )
    data = b"a note\n" + parameters + b"\n" + first + b"between" + second + certificate + b"\0"
    assert encoding.find(data, PRIVATE_KEY, "f") == (first, True)
    assert encoding.find(data, CERTIFICATE, "f") == (certificate, True)
    assert list(encoding.find_all(data, PRIVATE_KEY)) == [first, second]


def test_a_block_that_was_cut_short_does_not_hide_the_one_behind_it() -> None:
    whole = encoding.pem("CERTIFICATE", b"x" * 100)
    assert encoding.find(whole[:60] + b"\n" + whole, CERTIFICATE, "f") == (whole, True)
    other = encoding.pem("PRIVATE KEY", b"x" * 100)
    assert encoding.find(other[:60] + b"\n" + whole, CERTIFICATE, "f") == (whole, True)


@pytest.mark.parametrize("end", [b"\r\n", b" \n", b"\t\r\n"])
def test_lines_may_end_as_they_do_elsewhere(end: bytes) -> None:
    block = encoding.pem("CERTIFICATE", b"x" * 100)
    found, is_pem = encoding.find(b"\xef\xbb\xbf" + block.replace(b"\n", end), CERTIFICATE, "f")
    assert is_pem
    assert found.split() == block.split()


@pytest.mark.parametrize("data", [b"", b" \r\n\t"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_is_told_as_one(data: bytes, kind: str) -> None:
    with pytest.raises(Unusable, match=r"^out/a is empty\.$") as caught:
        encoding.find(data, kind, "out/a")
    assert caught.value.hint == f"It should hold a {kind}."


@pytest.mark.parametrize(("label", "held"), LABELS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_something_else_is_told_what_it_holds(label: str, held: str, kind: str) -> None:
    if kind == held:
        return
    with pytest.raises(Unusable) as caught:
        encoding.find(encoding.pem(label, b"x"), kind, "out/a")
    assert str(caught.value) == f"out/a holds a {held}, not a {kind}."


def test_a_file_with_an_object_of_no_use_here_is_told_by_its_label() -> None:
    with pytest.raises(Unusable, match=r"^a holds a dh parameters, not a certificate\.$"):
        encoding.find(encoding.pem("DH PARAMETERS", b"x"), CERTIFICATE, "a")


@pytest.mark.parametrize("cut", range(30, 170, 14))
def test_a_block_without_its_end_is_told_as_broken(cut: int) -> None:
    block = encoding.pem("CERTIFICATE", b"x" * 75)
    with pytest.raises(Unusable, match="its PEM has no end"):
        encoding.find(block[: min(cut, len(block) - 7)], CERTIFICATE, "a")


@pytest.mark.parametrize("label", [b"\x1b[31mRED", b"TWO\nLINES", b"\xff\xfe", b"X" * 5000])
def test_a_strange_label_is_told_in_one_short_line_that_a_terminal_does_not_obey(
    label: bytes,
) -> None:
    data = b"-----BEGIN " + label + b"-----\nAAAA\n-----END " + label + b"-----\n"
    with pytest.raises(Unusable) as caught:
        encoding.find(data, CERTIFICATE, "a")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@given(st.one_of(st.binary(max_size=200), PEM_LIKE), st.sampled_from(KINDS))
@example(b"-----BEGIN ", CERTIFICATE)
@example(b"-----BEGIN -----\n-----END -----", CERTIFICATE)
def test_any_bytes_are_refused_or_give_a_part_of_them(data: bytes, kind: str) -> None:
    with suppress(Unusable):
        found, is_pem = encoding.find(data, kind, "f")
        assert found.rstrip(b"\n") in data
        assert is_pem == (b"-----BEGIN " in data)
    for block in encoding.find_all(data, kind):
        assert block.rstrip(b"\n") in data
        assert encoding.der_of(block) is not None


def test_a_file_of_many_beginnings_without_an_end_is_refused_at_once() -> None:
    """The time must grow with the length of a file, not with its square."""
    program = (
        "from certstrap import encoding, errors\n"
        "try: encoding.find(b'-----BEGIN A-----\\n' * 32_000, encoding.CRL, 'f')\n"
        "except errors.Unusable as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (4, 4)),
    )
    assert done.stdout == "f is broken: its PEM has no end.\n", done


@given(st.binary(max_size=500), st.sampled_from([label for label, _ in LABELS]))
def test_der_goes_to_pem_and_back(der: bytes, label: str) -> None:
    block = encoding.pem(label, der)
    assert encoding.der_of(block) == der
    lines = block.decode("ascii").splitlines()
    assert (lines[0], lines[-1]) == (f"-----BEGIN {label}-----", f"-----END {label}-----")
    assert all(len(line) == 64 for line in lines[1:-2])
    assert block.endswith(b"-----\n")


def test_what_is_not_base64_or_has_headers_is_no_der() -> None:
    block = encoding.pem("RSA PRIVATE KEY", b"x")
    assert encoding.der_of(block.replace(b"\n", b"\nProc-Type: 4,ENCRYPTED\n\n", 1)) == b""
    assert encoding.der_of(b"-----BEGIN X-----\nAAA\n-----END X-----") == b""
    assert encoding.der_of(b"-----BEGIN X-----") == b""


def test_pem_is_what_openssl_writes() -> None:
    written = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    der = base64.b64decode(b"".join(written.splitlines()[1:-1]))
    assert encoding.pem("PRIVATE KEY", der) == written
