"""The manual page and the completion scripts of the wheel."""

import re
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

from docs import manual
from tests import programs

BIN = str(Path(sys.executable).parent)


def test_the_manual_says_what_the_help_says() -> None:
    assert manual.PAGE.read_text(encoding="utf-8") == manual.manual(), (
        "run: .venv/bin/python -m docs.manual"
    )


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_is_a_page_of_its_kind() -> None:
    done = programs.run("groff", "-man", "-ww", "-Tutf8", manual.PAGE)
    assert done.stderr == ""
    printed = re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout)  # bold
    for text in ("EXIT STATUS", "request-cert", "CERTSTRAP_PASSPHRASE"):
        assert text in printed


@pytest.mark.parametrize("shell", manual.COMPLETIONS)
def test_a_completion_script_is_that_of_the_program(shell: str) -> None:
    installed = manual.COMPLETIONS[shell].read_text(encoding="utf-8")
    assert installed == manual.completion(shell), "run: .venv/bin/python -m docs.manual"


def test_bash_completes_with_the_installed_script(folder: Path) -> None:
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("bash is not installed")
    script = (
        f"PATH={BIN}:$PATH; . {manual.COMPLETIONS['bash']}; COMP_WORDS=(certstrap req); "
        "COMP_CWORD=1; _certstrap_completion certstrap; echo ${COMPREPLY[@]}"
    )
    assert programs.run(bash, "-c", script, folder=folder).stdout == "request-cert\n"


def test_fish_completes_with_the_installed_script(folder: Path) -> None:
    fish = shutil.which("fish")
    if not fish:
        pytest.skip("fish is not installed")
    script = (
        f"set PATH {BIN} $PATH; source {manual.COMPLETIONS['fish']}; complete -C 'certstrap req'"
    )
    done = programs.run(fish, "--no-config", "-c", script, folder=folder)
    assert done.lines[0].split("\t")[0] == "request-cert"


def test_zsh_completes_with_the_installed_script(folder: Path) -> None:
    zsh = shutil.which("zsh")
    if not zsh:
        pytest.skip("zsh is not installed")
    (folder / ".zshrc").write_text(
        f"fpath=({manual.COMPLETIONS['zsh'].parent} $fpath)\nautoload -U compinit; compinit -u\n"
        f"PATH={BIN}:$PATH\nPS1='ready> '\n"
    )
    env = programs.environment({"ZDOTDIR": str(folder), "HOME": str(folder), "TERM": "dumb"})
    child = pexpect.spawn(zsh, ["-i"], env=env, cwd=str(folder), timeout=20, encoding="utf-8")
    try:
        child.expect("ready> ")
        child.send("certstrap req\t")
        child.expect_exact("uest-cert ")
    finally:
        child.close(force=True)
