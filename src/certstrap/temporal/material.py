"""What is judged: files with certificates and private keys, of any tool, read without trust.

A file that is too large, or has too many certificates, is not decoded: what is wrong with it is
known already, and looking further would take long.
"""

import codecs
import re
from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509

from certstrap import certificates, keys, pem
from certstrap.errors import CertstrapError, UnusableFileError
from certstrap.keys import Passphrase, PrivateKey
from certstrap.temporal.findings import Problem

MOST_BYTES = 1024 * 1024
"""Of a file that is decoded."""

MOST_KEY_BYTES = 32 * 1024
"""Of a file with a key; one of RSA with 16384 bits has a third of that."""

MOST_CERTIFICATES = 32
"""In a file whose certificates are decoded; a bundle may have 16, and no chain is that long."""

MOST_BLOCKS = 2_000
"""PEM blocks in a file that is looked into."""

_ANOTHER = "Use the file that was meant, or an unchanged copy of it."
_AS_ASCII = "Save it as plain ASCII text."

_BEGIN = re.compile(rb"-----BEGIN ")
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")


class Piece(NamedTuple):
    """A certificate, and where it comes from: a path, with its number if the file has several."""

    certificate: x509.Certificate
    source: str


class CertificateFile(NamedTuple):
    """A file with certificates.

    Attributes:
        path: its path.
        size: its bytes.
        total: the certificates in it, decoded or not.
        pieces: those that could be decoded.
        problems: why clients and Temporal Cloud cannot read it, or a certificate in it.
        others: what else is in it, such as a CRL.
        private_keys: the private keys in it.
        trailing: whether there is text after the last block.
    """

    path: str
    size: int
    total: int = 0
    pieces: tuple[Piece, ...] = ()
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = ()
    private_keys: int = 0
    trailing: bool = False

    @property
    def is_decoded(self) -> bool:
        """Whether its certificates are decoded, as far as they can be read."""
        return self.size <= MOST_BYTES and self.total <= MOST_CERTIFICATES

    @property
    def is_complete(self) -> bool:
        """Whether it has certificates, and all of them were decoded."""
        return 0 < len(self.pieces) == self.total


class KeyFile(NamedTuple):
    """A file with a private key.

    Attributes:
        path: its path.
        label: its PEM label, or empty for DER.
        private: the key; None if it could not be read.
        encrypted: whether it is encrypted.
        problem: why clients cannot read it, or None.
        lax: what is wrong with its mode, or empty; None if that is not judged.
    """

    path: str
    label: str = ""
    private: PrivateKey | None = None
    encrypted: bool = False
    problem: Problem | None = None
    lax: str | None = None


def read_certificates(data: bytes, path: str) -> CertificateFile:
    """Return what is in a file that should hold certificates."""
    file = CertificateFile(path, len(data), private_keys=len(_PRIVATE_KEY.findall(data)))
    if not file.is_decoded:
        return file
    form = _form(data, path)
    file = file._replace(problems=(form,) if form else ())
    if pem.is_der(data):
        return _decoded(file, [data])
    if len(_BEGIN.findall(data)) > MOST_BLOCKS:
        sentence = f"{path} has more than {MOST_BLOCKS:,} PEM blocks."
        return file._replace(problems=(Problem(sentence, _ANOTHER),))
    try:
        blocks = [(pem.kind_of(label), block) for label, block in pem.blocks(data, path)]
    except UnusableFileError as error:
        return file._replace(problems=file.problems or (Problem(str(error), _ANOTHER),))
    others = (kind for kind, _ in blocks if kind not in {pem.CERTIFICATE, pem.PRIVATE_KEY})
    file = file._replace(others=tuple(others), trailing=_has_rest(data))
    return _decoded(file, [block for kind, block in blocks if kind == pem.CERTIFICATE])


def _has_rest(data: bytes) -> bool:
    """Return whether anything, even an empty line, follows the line in which the last block ends.

    Go's reader leaves that over, and tcld refuses it.
    """
    newline = data.find(b"\n", data.rfind(b"-----END "))
    return 0 <= newline < len(data) - 1


def _decoded(file: CertificateFile, blocks: Sequence[bytes]) -> CertificateFile:
    path, count = file.path, len(blocks)
    if count > MOST_CERTIFICATES:
        return file._replace(total=count)
    pieces, problems = [], [*file.problems]
    if not blocks and not problems:
        problems.append(Problem(f"{path} holds no certificate.", _ANOTHER))
    for number, block in enumerate(blocks, 1):
        source = path if count == 1 else f"{path} (certificate {number})"
        try:
            pieces.append(Piece(certificates.load_certificate(block, source), source))
        except CertstrapError as error:
            problems.append(Problem(str(error), _ANOTHER))
    return file._replace(total=count, pieces=tuple(pieces), problems=tuple(problems))


def join(files: Sequence[CertificateFile]) -> CertificateFile:
    """Return several files as one, as if they had been concatenated."""
    first, *rest = files
    for file in rest:
        first = CertificateFile(
            f"{first.path}, {file.path}",
            first.size + file.size,
            first.total + file.total,
            first.pieces + file.pieces,
            first.problems + file.problems,
            first.others + file.others,
            first.private_keys + file.private_keys,
            first.trailing or file.trailing,
        )
    return first


def read_key(data: bytes, path: str, passphrase: Passphrase) -> KeyFile:
    """Return what is in a file that should hold a private key.

    Args:
        data: its content.
        path: its path.
        passphrase: called if the key is encrypted; one that fails, or is wrong, leaves it closed.
    """
    if len(data) > MOST_KEY_BYTES:
        sentence = f"{path} has {len(data):,} bytes, as no key has."
        return KeyFile(path, problem=Problem(sentence, _ANOTHER))
    asked: list[bool] = []

    def ask() -> bytes:
        asked.append(True)
        return passphrase()

    private, problem = None, None
    try:
        private, _ = keys.load(data, path, ask)
    except CertstrapError as error:
        problem = None if asked else Problem(str(error), _ANOTHER)
    label = _label(data) if (private or asked) and not pem.is_der(data) else ""
    form = _form(data, path)
    if pem.is_der(data) and problem:  # another kind of file altogether, such as PKCS#12
        form = problem
    return KeyFile(path, label, private, bool(asked), form or problem)


def _label(data: bytes) -> str:
    """Return the label of the first private key in a file that has one."""
    labels = (label for label, _ in pem.blocks(data, ""))
    return next(label.decode() for label in labels if pem.kind_of(label) == pem.PRIVATE_KEY)


def _form(data: bytes, path: str) -> Problem | None:
    """Return why clients do not read the file, whatever its content is; or None."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(f"{path} is text in UTF-16, which clients cannot read.", _AS_ASCII)
    if data.startswith(codecs.BOM_UTF8):
        return Problem(
            f"{path} begins with a byte order mark, which some clients cannot read.", _AS_ASCII
        )
    if pem.is_der(data):
        return Problem(f"{path} is DER, not PEM.")
    return None
