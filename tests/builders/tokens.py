"""Tokens of SoftHSM, each with its own PIN, in the folder of a test."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from tests import programs
from tests.interop.peers import lacks, program
from tests.programs import Outcome

PIN = "12345"
SO_PIN = "87654321"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


class SoftHSM(NamedTuple):
    """A folder with tokens, and the module that reads them.

    Attributes:
        root: the folder that the configuration of SoftHSM and the tokens are in.
        module: the PKCS#11 module.
    """

    root: Path
    module: str

    @classmethod
    def new(cls, root: Path) -> "SoftHSM":
        """Return the folder with one token, ``ca``."""
        program("softhsm2-util", asked="--version", answers="2", what="SoftHSM 2")
        self = cls(root, next(filter(os.path.exists, MODULES)))
        self.tokens.mkdir(parents=True)
        self.configuration.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
        )
        self.add("ca")
        return self

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    @property
    def configuration(self) -> Path:
        return self.root / "softhsm2.conf"

    @property
    def environ(self) -> dict[str, str]:
        """What a program must have in its environment to find the tokens, but for the PIN."""
        return {"SOFTHSM2_CONF": str(self.configuration), "CERTSTRAP_PKCS11_MODULE": self.module}

    def add(self, label: str) -> None:
        """Add a token."""
        self._util("--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN)

    def remove(self, label: str) -> None:
        """Remove a token for good."""
        self._util("--delete-token", "--token", label)

    def pull_out(self) -> None:
        """Take all tokens out."""
        self.tokens.rename(self.root / "elsewhere")
        self.tokens.mkdir()

    def put_back(self) -> None:
        """Put them in again."""
        if self.tokens.exists():
            self.tokens.rmdir()
        (self.root / "elsewhere").rename(self.tokens)

    def tool(self, *args: str | Path) -> Outcome:
        """Run the program of OpenSC that manages what is in the token ``ca``."""
        tool = shutil.which("pkcs11-tool") or lacks("pkcs11-tool of OpenSC")
        login = ("--module", self.module, "--token-label", "ca", "--login", "--pin", PIN)
        return programs.run(tool, *login, *args, environ=self.environ)

    def key(
        self,
        label: str,
        kind: str = "EC:secp256r1",
        identifier: str = "01",
        options: tuple[str, ...] = (),
    ) -> str:
        """Make a key in the token ``ca``, and return its URI."""
        self.tool(
            "--keypairgen", "--key-type", kind, "--label", label, "--id", identifier,
            "--usage-sign", *options,
        )  # fmt: skip
        return f"pkcs11:token=ca;object={label}"

    def slots(self) -> str:
        """Return what SoftHSM says of its tokens."""
        return self._util("--show-slots").stdout

    def _util(self, *args: str) -> Outcome:
        util = shutil.which("softhsm2-util")
        assert util
        return programs.run(util, *args, environ=self.environ)
