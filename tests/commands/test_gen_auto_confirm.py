"""The flag of tcld that means: ask nothing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.builders import foreign
from tests.builders.keys import key_data
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine, Program

CA_FILES = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
GEN_CA = ("ca", "--org", "o", "-d", "1y", *CA_FILES)
GEN_LEAF = ("leaf", "--org", "o", *CA_FILES, "--cert", "c.pem", "--key", "c.key")


@pytest.mark.parametrize("flag", ["--auto_confirm", "-auto_confirm", "--auto_confirm=true"])
@pytest.mark.parametrize("place", ["{flag} gen {line}", "gen {flag} {line}", "gen {line} {flag}"])
def test_gen_takes_the_flag_of_tcld_in_any_place(
    certstrap: CommandLine, folder: Path, flag: str, place: str
) -> None:
    for line in (GEN_CA, GEN_LEAF):
        certstrap(*place.format(flag=flag, line=" ".join(line)).split())
    assert sorted(path.name for path in folder.iterdir()) == ["c.key", "c.pem", "ca.key", "ca.pem"]


def encrypt_ca_key() -> None:
    key = foreign.load_key(Path("ca.key"))
    Path("ca.key").write_bytes(key_data(key, passphrase=b"secret"))


NO_QUESTION = "A key is encrypted, and its passphrase was not given."


@pytest.mark.parametrize(
    ("args", "environ", "asks"),
    [
        (("--auto_confirm", "gen", *GEN_LEAF), {}, False),
        (("gen", "--auto_confirm", *GEN_LEAF), {}, False),
        (("gen", *GEN_LEAF, "--auto_confirm"), {}, False),
        (("gen", *GEN_LEAF), {"AUTO_CONFIRM": "1"}, False),
        (("gen", *GEN_LEAF), {"AUTO_CONFIRM": "true"}, False),
        (("gen", *GEN_LEAF), {"AUTO_CONFIRM": "0"}, True),
        (("gen", *GEN_LEAF), {"AUTO_CONFIRM": ""}, True),
        (("gen", *GEN_LEAF, "--auto_confirm=false"), {}, True),
        (("gen", *GEN_LEAF), {}, True),
    ],
)
def test_gen_asks_nothing_on_a_terminal_with_auto_confirm(
    program: Program, folder: Path, args: tuple[str, ...], environ: Mapping[str, str], asks: bool
) -> None:
    program("gen", *GEN_CA)
    encrypt_ca_key()
    with terminal(folder, *args, environ=environ) as child:
        if asks:
            child.expect_exact("Enter passphrase for CA key (empty for no passphrase): ")
            child.send("secret\r")
            assert "Created c.pem" in ends(child)
        else:
            assert NO_QUESTION in ends(child, 1)
    assert (folder / "c.pem").exists() == asks


def test_a_passphrase_that_is_given_is_used_without_a_question(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("gen", *GEN_CA)
    encrypt_ca_key()
    certstrap("gen", *GEN_LEAF, "--auto_confirm", "--passphrase", "secret")
    (folder / "c.pem").unlink()
    (folder / "c.key").unlink()
    certstrap("gen", *GEN_LEAF, "--auto_confirm", input="secret\n")
    assert (folder / "c.pem").is_file()
