"""Files of any tool, read without trust: what is in them, and when they are not looked into."""

import codecs
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certstrap.pki import pem
from certstrap.pki.keys import RSA_2048, KeySpec
from certstrap.pki.pem import to_pem
from certstrap.temporal.inputs import (
    MOST_CERTIFICATES,
    join,
    read_certificates,
    read_key,
)
from tests.builders.keys import LEAF_KEY, a_key, an_rsa_key, key_data, never
from tests.temporal.pki import KEY, LEAF, ROOT, nobody


@contextmanager
def within_a_second() -> Iterator[None]:
    start = time.process_time()  # whatever else the machine does
    yield
    assert time.process_time() - start < 1


def test_certificates_are_numbered_if_there_are_several() -> None:
    (loaded,) = read_certificates(ROOT.pem, "ca.pem").certificates
    assert loaded.source == "ca.pem"
    both = read_certificates(ROOT.pem + LEAF.pem, "ca.pem")
    assert [each.source for each in both.certificates] == [
        "ca.pem (certificate 1)",
        "ca.pem (certificate 2)",
    ]
    assert both.is_complete


def test_one_broken_certificate_is_told_and_the_others_are_read() -> None:
    file = read_certificates(ROOT.pem + to_pem("CERTIFICATE", b"nothing"), "ca.pem")
    assert [each.certificate for each in file.certificates] == [ROOT.certificate]
    assert not file.is_complete
    (problem,) = file.problems
    assert problem.sentence == "ca.pem (certificate 2) is not a certificate that can be read."


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (codecs.BOM_UTF8 + ROOT.pem, "begins with a byte order mark"),
        (ROOT.pem.decode().encode("utf-16"), "is text in UTF-16"),
        (ROOT.der, "is DER, not PEM"),
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0" * 100, "contains no certificate"),
        (KEY, "contains no certificate"),
        (b"x\0\n" + ROOT.pem, "is neither PEM nor DER"),
        (ROOT.pem[:400], "is broken"),
    ],
)
def test_what_clients_do_not_read_is_told(data: bytes, problem: str) -> None:
    (found,) = read_certificates(data, "file").problems
    assert found.sentence.startswith(f"file {problem}")


def test_what_else_is_in_the_file_is_known() -> None:
    crl = to_pem("X509 CRL", b"a list")
    file = read_certificates(KEY + ROOT.pem + crl + key_data(a_key(RSA_2048)), "file")
    assert file.others == ("certificate revocation list",)
    assert file.private_keys == 2
    assert file.is_complete


@pytest.mark.parametrize("label", ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY"])
def test_a_private_key_is_seen_even_if_it_is_broken(label: str) -> None:
    data = ROOT.pem + f"-----BEGIN {label}-----\nnot base64\n".encode()
    assert read_certificates(data, "file").private_keys == 1


@pytest.mark.parametrize(
    ("rest", "trailing"),
    [(b"", False), (b"\n", True), (b" ", True), (b"more\n", True)],
)
def test_what_follows_the_last_certificate_is_seen(rest: bytes, trailing: bool) -> None:
    assert read_certificates(b"text\n" + ROOT.pem + rest, "file").trailing == trailing
    assert not read_certificates(ROOT.pem.rstrip(b"\n"), "file").trailing


def test_as_many_certificates_as_a_file_may_have_are_decoded() -> None:
    file = read_certificates(ROOT.pem * MOST_CERTIFICATES, "file")
    assert len(file.certificates) == file.total == MOST_CERTIFICATES
    assert file.is_decoded


@pytest.mark.parametrize("number", [MOST_CERTIFICATES + 1, 1000])
def test_more_certificates_are_only_counted(number: int) -> None:
    with within_a_second():
        file = read_certificates(ROOT.pem * number, "file")
    assert (file.total, file.certificates) == (number, ())
    assert not file.is_decoded
    assert not file.is_complete


def test_a_file_that_is_too_large_is_not_looked_into() -> None:
    with within_a_second():
        file = read_certificates(ROOT.pem * (10 * pem.MOST_BYTES // len(ROOT.pem)), "file")
    assert file.size > 9 * pem.MOST_BYTES
    assert (file.total, file.problems) == (0, ())
    assert not file.is_decoded


def test_blocks_without_number_are_not_looked_into() -> None:
    blocks = b"".join(to_pem(f"THING {number}", b"thing") for number in range(5000))
    with within_a_second():
        file = read_certificates(blocks, "file")
    assert [each.sentence for each in file.problems] == ["file has more than 2,000 PEM blocks."]


def test_begins_without_end_take_no_time() -> None:
    with within_a_second():
        assert read_certificates(b"-----BEGIN CERTIFICATE-----\n" * 30_000, "file").problems
        assert read_certificates(b"-----BEGIN " * 1900 + b"A" * 900_000, "file").problems


def test_files_are_joined_as_if_they_had_been_concatenated() -> None:
    one, two = (read_certificates(each.pem, name) for each, name in ((ROOT, "a"), (LEAF, "b")))
    both = join([one, two])
    assert both.path == "a, b"
    assert both.certificates == one.certificates + two.certificates
    assert both.size == one.size + two.size
    assert both.is_complete
    assert join([one]) == one


@pytest.mark.parametrize(
    ("form", "spec", "label"),
    [
        (PrivateFormat.PKCS8, "P-256", "PRIVATE KEY"),
        (PrivateFormat.TraditionalOpenSSL, "P-256", "EC PRIVATE KEY"),
        (PrivateFormat.TraditionalOpenSSL, "", "RSA PRIVATE KEY"),
    ],
)
def test_a_key_is_read_with_its_label(form: PrivateFormat, spec: str, label: str) -> None:
    key = a_key(KeySpec(curve=spec)) if spec else a_key(RSA_2048)
    file = read_key(key_data(key, form=form), "k", never)
    assert (file.label, file.encrypted, file.problem) == (label, False, None)
    assert file.private
    assert file.private.public_key() == key.public_key()


def test_an_encrypted_key_is_opened_with_its_passphrase() -> None:
    data = key_data(LEAF_KEY, passphrase=b"secret")
    file = read_key(data, "k", lambda: b"secret")
    assert (file.label, file.encrypted) == ("ENCRYPTED PRIVATE KEY", True)
    assert file.private
    for passphrase in (nobody, bytes, lambda: b"wrong"):
        closed = read_key(data, "k", passphrase)
        assert (closed.private, closed.problem) == (None, None)
        assert (closed.label, closed.encrypted) == ("ENCRYPTED PRIVATE KEY", True)


def test_an_encrypted_key_in_der_has_no_label() -> None:
    data = key_data(LEAF_KEY, encoding=Encoding.DER, passphrase=b"secret")
    file = read_key(data, "k", nobody)
    assert (file.label, file.encrypted) == ("", True)
    assert file.problem
    assert file.problem.sentence == "k is DER, not PEM."


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (codecs.BOM_UTF8 + KEY, "begins with a byte order mark"),
        (KEY.decode().encode("utf-16"), "is text in UTF-16"),
        (key_data(LEAF_KEY, encoding=Encoding.DER), "is DER, not PEM"),
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0", "is not a private key that can be read"),
        (LEAF.pem, "holds a certificate, not a private key"),
        (b"A" * 40_000, "is too large to be a key (40,000 bytes)"),
    ],
)
def test_what_is_no_key_for_clients_is_told(data: bytes, problem: str) -> None:
    file = read_key(data, "k", never)
    assert file.problem
    assert file.problem.sentence.startswith(f"k {problem}")


def test_the_largest_key_is_read() -> None:
    data = key_data(an_rsa_key(4096), form=PrivateFormat.TraditionalOpenSSL)
    assert read_key(data, "k", never).private
    # Four times as many bits have four times as many bytes.
    assert 4 * len(data) < 32 * 1024
