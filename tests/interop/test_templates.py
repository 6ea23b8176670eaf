"""The templates of `connect` are programs as they stand: compilers and linters read them.

`ruff` and `mypy` read the one in Python, as they read all of src; nothing on the machines that run
the tests compiles the one in C#, which `tests/commands/test_connect_programs.py` reads.
"""

import re
from pathlib import Path

import pytest

from certstrap.cli.render.connect import LANGUAGES
from tests import programs
from tests.docs import ROOT
from tests.interop import peers

TEMPLATES = ROOT / "src/certstrap/cli/templates"
STUBS = Path(__file__).parent / "stubs"


def test_template_in_go_compiles_and_is_formatted() -> None:
    template = TEMPLATES / "connect.go"
    go = peers.program("go", asked="version", answers="go version go1", what="Go")
    assert not programs.run("gofmt", "-l", template).stdout
    environ = {"GO111MODULE": "off", "GOPATH": str(STUBS / "go"), "GOFLAGS": ""}
    programs.run(go, "vet", template, environ=environ, seconds=300)


def test_template_in_java_compiles_without_warnings(tmp_path: Path) -> None:
    javac = peers.program(
        "javac", asked="--version", answers=r"javac (1[7-9]|[2-9]\d)", what="a JDK, 17 or later"
    )
    options = ("-Xlint:all", "-Werror", "-sourcepath", STUBS / "java")
    programs.run(javac, "-d", tmp_path, *options, TEMPLATES / "Connect.java")


def test_template_in_typescript_is_read_by_node(tmp_path: Path) -> None:
    node = peers.program("node", asked="--version", answers=r"v(2\d|[3-9]\d)\.", what="Node 20")
    module = tmp_path / "connect.mjs"  # it has no types, so it is JavaScript too
    module.write_bytes((TEMPLATES / "connect.ts").read_bytes())
    programs.run(node, "--check", module)


@pytest.mark.parametrize(("name", "what", "check"), [("ruby", "Ruby", "-c"), ("php", "PHP", "-l")])
def test_template_is_read_by_its_language(name: str, what: str, check: str) -> None:
    program = peers.program(name, asked="--version", answers=rf"(?i){name} \d", what=what)
    programs.run(program, check, TEMPLATES / LANGUAGES[name].template)


@pytest.mark.parametrize("language", LANGUAGES)
def test_template_has_each_placeholder_and_each_condition(language: str) -> None:
    template = (TEMPLATES / LANGUAGES[language].template).read_text(encoding="utf-8")
    names = {"ADDRESS", "NAMESPACE", "CERTIFICATE", "KEY", "SERVER_NAME", "SERVER_CA"}
    assert {found[1] for found in re.findall(r"""(["'])([A-Z_]+)\1""", template)} >= names
    conditions = {"SERVER_NAME", "SERVER_CA", *(["ENCRYPTED"] if language == "java" else [])}
    assert {*re.findall(r" (?://|#) if (\w+)$", template, re.MULTILINE)} == conditions
    for line in template.splitlines():
        for name in ("SERVER_NAME", "SERVER_CA"):
            assert f"if {name}" in line or not re.search(f"[\"']{name}[\"']", line)


def test_each_template_is_of_a_language() -> None:
    found = {path.name for path in TEMPLATES.iterdir() if path.is_file()}
    assert found == {each.template for each in LANGUAGES.values()}
