"""The commands that write, each before a depot that it can work on; and what is right after it."""

import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certstrap.cli.context import utc_now
from certstrap.pki.keys import PublicKey
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, visible
from tests.promises.strace import DEPOT

MODES = {
    ".key": 0o400,
    ".csr": 0o444,
    ".crt": 0o444,
    ".crl": 0o444,
    ".urls": 0o644,
    ".pkcs8.key": 0o400,
}


@dataclass(frozen=True)
class Scene:
    """A command, those that come before it, and the files that it creates."""

    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...]
    creates: frozenset[str]

    def __str__(self) -> str:
        return self.command[0]

    def prepare(self, folder: Path) -> None:
        """Run what comes before the command."""
        folder.mkdir()
        for args in self.before:
            here(folder, *args)


_INIT = ("init", "--common-name", "Cert", *NEW_KEY)
_REQUEST = ("request-cert", "--common-name", "client", *NEW_KEY)
_SIGN = ("sign", "client", "--CA", "Cert")
_CA = {"Cert.key", "Cert.crt", "Cert.crl"}
_CLIENT = {"client.key", "client.csr", "client.crt", "client.pkcs8.key"}

URL = "http://pki.example/Cert.crl"
INIT = Scene(_INIT, (), frozenset(_CA))
INIT_WITH_URLS = Scene((*_INIT, "--crl-url", URL), (), frozenset({*_CA, "Cert.urls"}))
REQUEST = Scene(_REQUEST, (_INIT,), frozenset({"client.key", "client.csr"}))
SIGN = Scene(_SIGN, (_INIT, _REQUEST), frozenset({"client.crt"}))
EXPORT = Scene(
    ("export-pkcs8", "client"), (_INIT, _REQUEST, _SIGN), frozenset({"client.pkcs8.key"})
)
ISSUE = Scene(("issue", "client", "--curve", "P-256", "--pkcs8"), (), frozenset(_CA | _CLIENT))
REVOKE = Scene(("revoke", "--CN", "client", "--CA", "Cert"), (_INIT, _REQUEST, _SIGN), frozenset())
CREATING = [INIT, REQUEST, SIGN, EXPORT, ISSUE]


def here(folder: Path, *args: str, exit_code: int = 0) -> str:
    """Call the app in this process, on the depot in ``folder``, and return its sentence."""
    # The real program wrote the depot, or will read it, and it goes by the wall clock.
    certstrap = CommandLine(now=utc_now())
    outcome = certstrap("--depot-path", str(folder / DEPOT), *args, exit_code=exit_code)
    return outcome.stderr.partition("\n")[0]


def temporary(folder: Path) -> list[str]:
    """Return the temporary files in the depot, which are hidden."""
    return [name for name in names(folder) if name.startswith(".")]


def names(folder: Path) -> list[str]:
    """Return the names of all that is in the depot, which need not be there."""
    depot = folder / DEPOT
    return [path.name for path in visible(depot)] if depot.exists() else []


def revoked(folder: Path) -> int:
    """Return how many certificates the CA has revoked."""
    return len(x509.load_pem_x509_crl((folder / DEPOT / "Cert.crl").read_bytes()))


def assert_whole(folder: Path) -> None:
    """Assert that each file of the depot is whole, and that what it depends on is there."""
    for name in names(folder):
        if not name.startswith("."):
            _assert_whole(folder / DEPOT / name)


def _assert_whole(path: Path) -> None:
    stem, _, suffix = path.name.partition(".")
    assert stat.S_IMODE(path.lstat().st_mode) == MODES[f".{suffix}"], path
    key = path.with_name(f"{stem}.key")
    if suffix == "urls":
        assert path.read_text() == f"crl {URL}\n"
    elif suffix == "crl":
        issuer = _certificate(path.with_suffix(".crt"))
        crl = x509.load_pem_x509_crl(path.read_bytes())
        assert crl.is_signature_valid(issuer.public_key()), path  # type: ignore[arg-type]
    elif suffix == "csr":
        request = x509.load_pem_x509_csr(path.read_bytes())
        assert request.is_signature_valid
        assert request.public_key() == _public_key(key), path
    elif suffix == "crt":
        certificate = _certificate(path)
        assert certificate.public_key() == _public_key(key), path
        certificate.verify_directly_issued_by(_certificate(path.with_name("Cert.crt")))
    else:
        assert _public_key(path) == _public_key(key), path


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _public_key(path: Path) -> PublicKey:
    key = load_pem_private_key(path.read_bytes(), None).public_key()
    assert isinstance(key, PublicKey)
    return key
