"""Several commands share one standard input: each takes its lines and leaves the rest."""

from pathlib import Path

import pytest

from tests.builders import foreign
from tests.cli.shell import bash
from tests.conftest import CommandLine

TWO = """
    certstrap init --cn CA --curve P-256
    certstrap request-cert --cn a --curve P-256
"""
CLEAR = ["Created out/CA.key", "Created out/CA.crt", "Created out/CA.crl",
         "Created out/a.key", "Created out/a.csr"]  # fmt: skip


def opens(path: str, passphrase: bytes) -> bool:
    return foreign.load_key(Path(path), passphrase).key_size == 256  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "script",
    [
        "printf '\\n\\n\\n\\n' | {{ {} }}",
        "printf '\\n\\n\\n\\n' > lines; {{ {} }} < lines",
        "{{ {} }} <<< $'\\n\\n\\n'",
        "{{ {} }} < <(printf '\\n\\n\\n\\n')",
        "printf '\\r\\n\\r\\n\\r\\n\\r\\n' | {{ {} }}",
    ],
    ids=["a pipe", "a file", "a here-string", "a process", "lines of Windows"],
)
def test_two_commands_read_their_answers_from(folder: Path, script: str) -> None:
    assert bash(script.format(TWO)).lines == CLEAR


def test_each_command_gets_its_own_passphrase_from_one_file(folder: Path) -> None:
    (folder / "lines").write_text("one\none\ntwo\ntwo\none\none\nthe rest\n")
    done = bash(
        f"""
        {{ {TWO}
        certstrap sign a --CA CA
        certstrap revoke --CN a --CA CA
        cat
        }} < lines
        """
    )
    assert done.lines[-1] == "the rest"
    assert "Created out/a.crt from out/a.csr signed by out/CA.key" in done.lines
    assert opens("out/CA.key", b"one")
    assert opens("out/a.key", b"two")


def test_a_loop_reads_names_while_the_commands_read_passphrases_between_them(
    folder: Path,
) -> None:
    (folder / "lines").write_text("a\nsecret a\nsecret a\nb\nsecret b\nsecret b\n")
    bash("while read -r name; do certstrap request-cert --cn $name --curve P-256; done < lines")
    assert opens("out/a.key", b"secret a")
    assert opens("out/b.key", b"secret b")


@pytest.mark.parametrize("file", ["-", "/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize("end", ["| {{ {} }}", "> lines; {{ {} }} < lines"])
def test_a_passphrase_file_that_is_standard_input_is_one_line_of_it(
    folder: Path, file: str, end: str
) -> None:
    commands = f"""
        certstrap init --cn CA --curve P-256 --passphrase-file {file}
        certstrap request-cert --cn a --curve P-256 --passphrase-file {file}
        cat
    """
    done = bash("printf 'one\\ntwo\\nthe rest\\n' " + end.format(commands))
    assert done.lines[-1] == "the rest"
    assert opens("out/CA.key", b"one")
    assert opens("out/a.key", b"two")


def test_a_command_that_needs_no_answer_reads_none(folder: Path) -> None:
    done = bash(
        """
        printf 'first\\n' | {
            certstrap init --cn CA --curve P-256 --no-passphrase
            certstrap request-cert --cn a --curve P-256 --passphrase ""
            certstrap sign a --CA CA
            cat
        }
        """
    )
    assert done.lines[-1] == "first"


def test_a_last_line_needs_no_end(folder: Path) -> None:
    bash("printf 'x\\nx\\ny\\ny' | { " + TWO + " }")
    assert opens("out/a.key", b"y")


def test_the_command_that_finds_no_line_fails(certstrap: CommandLine, folder: Path) -> None:
    done = bash("printf '\\n\\n' | { " + TWO + " }", exit_code=1)
    assert done.lines == CLEAR[:3]
    assert done.stderr.startswith("A passphrase is needed, and there is neither a terminal nor ")
    assert not (folder / "out/a.key").exists()


@pytest.mark.parametrize(
    "command",
    [
        "init --cn b --curve P-256",
        "init --cn b --key -",
        "init --cn b --curve P-256 --passphrase-file -",
        "request-cert --cn b --curve P-256 --no-passphrase --key -",
        "sign b --CA CA --csr -",
        "import b --cert -",
        "inspect -",
        "check --cert -",
    ],
)
def test_an_input_that_is_open_for_writing_only_is_reported_as_one(
    folder: Path, command: str
) -> None:
    foreign.store_ca(folder / "out", "CA")
    done = bash(f"certstrap {command} 0>file", exit_code=1)
    assert done.stderr.startswith("Cannot read standard input: Bad file descriptor.\n")
