"""The templates of `connect` are programs as they stand: compilers and linters read them.

`ruff` and `mypy` read the one in Python, as they read all of src; nothing on the machines that run
the tests compiles the one in C#, which `tests/commands/test_connect_programs.py` reads.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from certstrap.cli.render.connect import LANGUAGES
from tests import programs
from tests.docs import ROOT
from tests.interop import peers, sdks

TEMPLATES = ROOT / "src/certstrap/cli/templates"


@pytest.mark.parametrize("build", [sdks.go, sdks.java, sdks.typescript])
def test_template_is_a_program_of_the_sdk(
    build: Callable[[Path], sdks.Command], tmp_path: Path
) -> None:
    language = build.__name__
    file = tmp_path / LANGUAGES[language].template
    lines = (TEMPLATES / file.name).read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.endswith("if PLAIN\n")))
    assert build(file)


@pytest.mark.parametrize(("name", "what", "check"), [("ruby", "Ruby", "-c"), ("php", "PHP", "-l")])
def test_template_is_read_by_its_language(name: str, what: str, check: str) -> None:
    program = peers.program(name, asked="--version", answers=rf"(?i){name} \d", what=what)
    programs.run(program, check, TEMPLATES / LANGUAGES[name].template)


@pytest.mark.parametrize("language", LANGUAGES)
def test_template_has_each_placeholder_and_each_condition(language: str) -> None:
    template = (TEMPLATES / LANGUAGES[language].template).read_text(encoding="utf-8")
    names = {"ADDRESS", "NAMESPACE", "CERTIFICATE", "KEY", "SERVER_NAME", "SERVER_CA"}
    assert {found[1] for found in re.findall(r"""(["'])([A-Z_]+)\1""", template)} >= names
    conditions = {
        "SERVER_NAME",
        "SERVER_CA",
        *(["ENCRYPTED", "PLAIN"] if language == "java" else []),
    }
    assert {*re.findall(r" (?://|#) if (\w+)$", template, re.MULTILINE)} == conditions
    for line in template.splitlines():
        for name in ("SERVER_NAME", "SERVER_CA"):
            assert f"if {name}" in line or not re.search(f"[\"']{name}[\"']", line)


def test_each_template_is_of_a_language() -> None:
    found = {path.name for path in TEMPLATES.iterdir() if path.is_file()}
    assert found == {each.template for each in LANGUAGES.values()}
