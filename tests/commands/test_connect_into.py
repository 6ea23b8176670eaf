"""`connect --into`: a profile is added to a file, of which every byte stays."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from certstrap.temporal.connect import default_file
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

CONNECT = ("connect", "client", "--namespace", "your-namespace.acct", "--into", "temporal.toml")
PROD = (*CONNECT, "--profile", "prod")
BEFORE = """\
# My own settings
[profile.default]   # used every day
address = 'localhost:7233'
"""


@pytest.fixture
def file(certstrap: CommandLine, folder: Path) -> Path:
    """A temporal.toml, beside a depot with `client`."""
    certstrap("issue", "client", *NEW_KEY)
    path = folder / "temporal.toml"
    path.write_text(BEFORE)
    return path


def test_a_profile_is_added_and_all_bytes_stay(certstrap: CommandLine, file: Path) -> None:
    outcome = certstrap(*PROD)
    assert outcome.stdout == (
        'Added the profile "prod" to temporal.toml\n'
        f"Clients read it if you run: export TEMPORAL_CONFIG_FILE={file}; "
        "export TEMPORAL_PROFILE=prod\n"
    )
    text = file.read_text()
    assert text.startswith(BEFORE + "\n[profile.prod]\n")
    profiles = tomllib.loads(text)["profile"]
    assert profiles["default"] == {"address": "localhost:7233"}
    assert profiles["prod"]["namespace"] == "your-namespace.acct"
    assert profiles["prod"]["tls"]["client_cert_path"] == str(file.parent / "out/client.crt")


def test_a_profile_that_is_there_is_not_changed(certstrap: CommandLine, file: Path) -> None:
    certstrap.refuses(
        *CONNECT, sentence='temporal.toml already has the profile "default".', hint="--profile"
    )
    certstrap(*PROD)
    certstrap.refuses(*PROD, sentence='temporal.toml already has the profile "prod".')


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_the_file_stays(mode: int, certstrap: CommandLine, file: Path) -> None:
    file.chmod(mode)
    certstrap(*PROD)
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_of_the_file_stays(certstrap: CommandLine, file: Path) -> None:
    os.chown(file, 4711, 4712)
    certstrap(*PROD)
    assert (file.stat().st_uid, file.stat().st_gid) == (4711, 4712)


def test_a_link_stays_a_link(certstrap: CommandLine, file: Path) -> None:
    real = file.parent / "dotfiles" / "real.toml"
    real.parent.mkdir()
    file.rename(real)
    file.symlink_to(Path("dotfiles") / "real.toml")
    certstrap(*PROD)
    assert file.is_symlink()
    assert "[profile.prod]" in real.read_text()
    assert [path.name for path in real.parent.iterdir()] == ["real.toml"]


def test_an_empty_file_begins_with_the_profile(certstrap: CommandLine, file: Path) -> None:
    file.write_bytes(b"")
    certstrap(*CONNECT)
    assert file.read_text() == certstrap(*CONNECT[:-2]).stdout


def test_a_last_line_without_an_end_gets_one(certstrap: CommandLine, file: Path) -> None:
    file.write_text("# nothing yet")
    certstrap(*CONNECT)
    assert file.read_text().startswith("# nothing yet\n\n[profile.default]\n")


def test_line_ends_of_windows_are_kept(certstrap: CommandLine, file: Path) -> None:
    file.write_bytes(BEFORE.replace("\n", "\r\n").encode())
    certstrap(*PROD)
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") > 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[profile", "temporal.toml is not TOML that can be read"),
        (b'x = """', "temporal.toml is not TOML that can be read"),
        (b"a = " + b"[" * 5000, "temporal.toml is not TOML that can be read: it nests too deep"),
        (b"a = " + b"9" * 5000, "temporal.toml is not TOML that can be read: Exceeds the limit"),
        (b"a" + b".a" * 30_000 + b" = 1", "A key has more than 40 parts (at line 1, column 1)."),
        (b"\n" * 1_048_577, "temporal.toml has more than 1 MB"),
        (b"\xff", "temporal.toml is not text in UTF-8"),
        (b"\xef\xbb\xbf" + BEFORE.encode(), "temporal.toml is not TOML that can be read"),
        (b"profile = 1", "temporal.toml has no table of profiles"),
        (b"profile = { default = {} }", "temporal.toml cannot be extended"),
        (b"[[profile]]\na = 1", "temporal.toml has no table of profiles"),
    ],
)
def test_a_file_that_cannot_be_extended_is_refused(
    content: bytes, sentence: str, certstrap: CommandLine, file: Path
) -> None:
    file.write_bytes(content)
    certstrap.refuses(*PROD, sentence=sentence)


def test_profiles_with_dotted_keys_are_extended(certstrap: CommandLine, file: Path) -> None:
    file.write_text("profile.default.address = 'a'\n")
    certstrap(*PROD)
    assert {*tomllib.loads(file.read_text())["profile"]} == {"default", "prod"}


def test_a_file_that_is_not_there_is_not_created(certstrap: CommandLine, file: Path) -> None:
    file.unlink()
    certstrap.refuses(
        *PROD,
        sentence="There is no configuration file temporal.toml.",
        hint="Create it: certstrap connect client --namespace your-namespace.acct --profile prod "
        "--output temporal.toml",
    )


def test_the_place_where_clients_look_needs_no_variable(certstrap: CommandLine, file: Path) -> None:
    environ = {"HOME": str(file.parent)}
    default = file.parent / ".config" / "temporalio" / "temporal.toml"
    into = (*CONNECT[:-1], str(default))
    certstrap.refuses(
        *into,
        environ=environ,
        sentence=f"There is no configuration file {default}.",
        hint=f"Create it: mkdir -p {default.parent} && certstrap connect client",
    )
    default.parent.mkdir(parents=True)
    default.write_text("")
    added = f"to {default}\n"
    assert certstrap(*into, environ=environ).stdout.endswith(added)
    environ["TEMPORAL_PROFILE"] = "prod"
    assert certstrap(*into, "--profile", "prod", environ=environ).stdout.endswith(added)
    said = certstrap(*into, "--profile", "dev", environ=environ).stdout
    assert said.endswith(f"{added}Clients read it if you run: export TEMPORAL_PROFILE=dev\n")
    environ = {"HOME": str(file.parent), "TEMPORAL_CONFIG_FILE": "other.toml"}
    said = certstrap(*into, "--profile", "test", environ=environ).stdout
    assert f"export TEMPORAL_CONFIG_FILE={default}; export TEMPORAL_PROFILE=test" in said


@pytest.mark.parametrize(
    ("environ", "system", "path"),
    [
        ({"HOME": "/h"}, "linux", "/h/.config"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "linux", "/x"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "darwin", "/h/Library/Application Support"),
        ({"HOME": "/h", "APPDATA": "/a"}, "win32", "/a"),
    ],
)
def test_the_place_where_clients_look_is_that_of_the_system(
    environ: dict[str, str], system: str, path: str
) -> None:
    assert default_file(environ, system) == f"{path}/temporalio/temporal.toml"


def test_a_folder_is_no_configuration_file(certstrap: CommandLine, file: Path) -> None:
    file.unlink()
    file.mkdir()
    certstrap.refuses(*CONNECT, sentence="temporal.toml is not a regular file")
