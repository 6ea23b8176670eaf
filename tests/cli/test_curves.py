"""Keys that clients or Temporal Cloud refuse: one line says so, where the key is created."""

from pathlib import Path

import pytest

from certstrap.pki.keys import KeySpec
from tests.builders import foreign, pairs
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine
from tests.temporal.pki import PRESENT

ADVICE = "Use RSA, P-256 or P-384 for Temporal Cloud."
LINES = {
    "P-224": f"None of Temporal's clients can use P-224 keys. {ADVICE}",
    "P-521": "Temporal's clients for Python, TypeScript, .NET and Ruby refuse P-521 keys. "
    f"{ADVICE}",
    "Ed25519": f"Temporal Cloud refuses Ed25519 keys. {ADVICE}",
}
NO_LINE = ("P-256", "P-384")


@pytest.mark.parametrize("curve", LINES)
def test_issue_says_who_refuses_a_key(certstrap: CommandLine, folder: Path, curve: str) -> None:
    lines = certstrap("issue", "a", "--curve", curve).lines
    assert lines.count(LINES[curve]) == 1
    assert any("pload" in line for line in lines) == (curve == "P-521")
    if curve != "P-521":  # nothing that cannot work is suggested
        assert lines[-1] == LINES[curve]


@pytest.mark.parametrize("curve", NO_LINE)
def test_issue_says_nothing_about_other_keys(
    certstrap: CommandLine, folder: Path, curve: str
) -> None:
    assert ADVICE not in certstrap("issue", "a", "--curve", curve).stdout


def test_issue_says_so_of_the_key_of_a_ca(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Ed", "--curve", "Ed25519", "--no-passphrase")
    lines = certstrap("issue", "a", "--curve", "P-256").lines
    assert lines[-1] == LINES["Ed25519"]
    certstrap("--depot-path", "other", "init", "--cn", "C", "--curve", "P-521", "--no-passphrase")
    lines = certstrap("--depot-path", "other", "issue", "a", "--curve", "P-256").lines
    assert not [line for line in lines if ADVICE in line]


@pytest.mark.parametrize("curve", [*LINES, *NO_LINE])
def test_request_cert_says_so_on_a_terminal_alone(
    certstrap: CommandLine, folder: Path, curve: str
) -> None:
    line = ("request-cert", "--curve", curve, "--no-passphrase", "--cn")
    assert certstrap(*line, "a").lines == ["Created out/a.key", "Created out/a.csr"]
    with terminal(folder, *line, "b") as child:
        shown = ends(child).splitlines()
    expected = [LINES[curve]] if curve in LINES else []
    assert shown == ["Created out/b.key", "Created out/b.csr", *expected]


@pytest.mark.parametrize(("curve", "lines"), [("Ed25519", 1), ("P-224", 0)])
def test_init_says_what_temporal_cloud_refuses(folder: Path, curve: str, lines: int) -> None:
    with terminal(folder, "init", "--cn", "C", "--curve", curve, "--no-passphrase") as child:
        assert ends(child).count(LINES["Ed25519"]) == lines


def test_gen_says_so_of_the_kind_of_key_that_follows_from_its_ca(folder: Path) -> None:
    ca = pairs.ca(key=KeySpec(curve="P-521").generate(), end=PRESENT + foreign.YEAR)
    ca.save("ca")
    line = [
        "gen",
        "leaf",
        "--org",
        "o",
        "--ca-cert",
        "ca.pem",
        "--ca-key",
        "ca.key",
        "--cert",
        "c.pem",
        "--key",
        "c.key",
    ]
    with terminal(folder, *line) as child:
        shown = ends(child).splitlines()
    assert shown == ["Created c.key", "Created c.pem", LINES["P-521"]]
