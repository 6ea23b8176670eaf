"""Export a key in the form that others load."""

from certstrap import files, keys
from certstrap.authority.key_source import Passphrases
from certstrap.depot import KEY, PKCS8, Depot
from certstrap.errors import Missing, Refused
from certstrap.facts import is_ca
from certstrap.files import EXPORT_MODE, NewFile
from certstrap.keys import PrivateKey
from certstrap.names import Name


def export_pkcs8(
    depot: Depot,
    name: Name | None,
    passphrases: Passphrases,
    *,
    encrypt: bool = False,
    allow_ca: bool = False,
    key_file: str = "",
    output: str = "",
) -> str:
    """Write a key as PKCS#8 PEM, mode 0400, and return the path.

    Args:
        depot: where the key is and the copy goes, save what is named otherwise.
        name: whose key it is; None where both ``key_file`` and ``output`` are named.
        passphrases: ``opening`` is asked if the key is encrypted, ``new`` if the copy is to be.
        encrypt: protect the copy with a passphrase (PBES2).
        allow_ca: export the key of a CA too.
        key_file: the key, if it is not in the depot.
        output: where the copy goes, if not to the depot's ``NAME.pkcs8.key``.

    Raises:
        Missing: it is not said which key, or where to.
        Refused: it is the key of a CA in the depot.
        FileExists: there is a copy already.
    """
    source = key_file or (depot.path(name, KEY) if name else "")
    if not source:
        raise Missing(
            "Must provide a name or --key FILE", "For example: certstrap export-pkcs8 NAME"
        )
    path = output or (depot.path(name, PKCS8) if name else "")
    if not path:
        raise Missing("Must provide a name or --output FILE", "Name the file to write.")
    files.require_free(path)
    data = files.read(source, "private key", private=not key_file)
    key, opened = keys.load(data, source, passphrases.opening)
    if not allow_ca:
        require_leaf(depot, key, source)
    secret = b""
    if encrypt:
        secret = passphrases.new()
        if not secret:
            raise Missing("--encrypt needs a passphrase", "Give one, or leave out --encrypt.")
    else:
        passphrases.require_used(source, opened)
    depot.create([pkcs8_as(path, key, secret)])
    return path


def pkcs8_as(path: str, key: PrivateKey, passphrase: bytes = b"") -> NewFile:
    """Return ``key`` as the PKCS#8 file at ``path``, in the clear if ``passphrase`` is empty."""
    return NewFile(path, keys.dump_pkcs8(key, passphrase), EXPORT_MODE)


def require_leaf(depot: Depot, key: PrivateKey, path: str) -> None:
    """Refuse the key of a CA of the depot.

    Raises:
        Refused: a CA's certificate in the depot holds its public key.
    """
    public = key.public_key()
    for stem, certificate in depot.certificates():
        if is_ca(certificate) and certificate.public_key() == public:
            raise Refused(
                f"{path} is the key of the CA {stem}: clients use the key of an end entity.",
                "Name the client's key; --allow-ca exports the CA's if you mean it.",
            )
