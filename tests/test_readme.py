"""README and docs: what they show is done again, and what they name exists."""

import re
import shlex
import shutil
import stat
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from temporalio.envconfig import ClientConfig

from docs import picture
from tests import programs
from tests.conftest import CommandLine, visible
from tests.docs import (
    DOCUMENTS,
    ENGINES,
    GUIDES,
    README,
    ROOT,
    TOKENS,
    Block,
    Terminal,
    blocks,
    first_commands,
    steps,
)
from tests.interop import peers

REFERENCE = ROOT / "docs/reference.md"
# These sections set the tool up in a clone; the others begin in an empty folder, with the tool.
SETTING_UP = ("Install", "Install without pipx", "Run the tests")
# The programs that these sections use; the first two are installed from the package index.
INSTALLERS = {"pipx": "pipx==1.18.4", "uv": "uv==0.13.9", "python3": ""}
# Most of what pip would compile is never imported. By the variable it is told whether to compile.
WITHOUT_COMPILING = {"PIP_NO_COMPILE": "0"}
LONGEST_README = 160  # lines, which a newcomer reads in four minutes

RUN = {"console", "sh"}
UNSHOWN = {"--years", "--auto_confirm", "--ca-certificate-file"}  # hidden; another program's
# Only shown, or run by tests of their own.
OTHERS = {
    "caddyfile",
    "text",
    "toml",
    "powershell",
    "bat",
    "nginx",
    "ini",
    "cron",
    "yaml",
    "json",
    "python",
}

named = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def open_terminal() -> Iterator[OpenTerminal]:
    """Opens terminals in a folder, and closes them at the end."""
    if not shutil.which("bash"):
        pytest.skip("bash is not on this machine")
    with ExitStack() as opened:

        def opening(folder: Path, *, loaded: bool = False, **environ: str) -> Terminal:
            terminal = Terminal(folder, environ, loaded=loaded)
            opened.callback(terminal.close)
            return terminal

        yield opening


@pytest.fixture
def terminal(open_terminal: OpenTerminal, tmp_path: Path) -> Terminal:
    """A terminal in an empty folder, which is the home folder too."""
    return open_terminal(tmp_path, HOME=str(tmp_path))


@pytest.fixture
def loaded_terminal(open_terminal: OpenTerminal, tmp_path: Path) -> Terminal:
    """The same, where `certstrap` is that of `tests/loaded.py`."""
    return open_terminal(tmp_path, loaded=True, HOME=str(tmp_path))


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A folder with what a clone of this tree holds; what is installed in it is big, and goes."""
    ignore = shutil.ignore_patterns(
        ".git",
        ".venv",
        "node_modules",
        ".*_cache",
        ".coverage*",
        ".hypothesis",
        "__pycache__",
        "build",
        "dist",
    )

    def left_out(folder: str, names: list[str]) -> set[str]:
        depot = {*names} - {".gitignore"} if Path(folder) == ROOT / "out" else set()
        return {*ignore(folder, names), *depot}

    folder = tmp_path / "clone"
    shutil.copytree(ROOT, folder, ignore=left_out)
    yield folder
    shutil.rmtree(folder)


def under(heading: str) -> list[Block]:
    """Return the blocks of the README under a heading."""
    found = [block for block in blocks(README) if block.heading == heading]
    assert found, heading
    return found


def require_index(*pip: str | Path, folder: Path) -> None:
    """Skip the test where an installer reaches no package index, or fail it if it should."""
    asked = ("install", "--quiet", "--dry-run", "--no-deps", "--target", folder / "no", "hatchling")
    try:
        reached = programs.run(*pip, *asked, exit_code=None).exit_code == 0
    except programs.TimeoutExpired:
        reached = False
    if not reached:
        peers.lacks(f"a package index that {' '.join(map(str, pip))} reaches")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_readme_installs_and_runs_its_first_command(
    installer: str, clone: Path, tmp_path: Path, open_terminal: OpenTerminal
) -> None:
    tools, apps = tmp_path / "tools", tmp_path / "apps"
    require_index(sys.executable, "-m", "pip", folder=tmp_path)
    if INSTALLERS[installer]:
        # A venv without a pip of its own, which would take longer than all that is installed.
        programs.run(sys.executable, "-m", "venv", "--without-pip", tools)
        pip = (sys.executable, "-m", "pip", "--python", tools / "bin/python")
        wanted = ("install", INSTALLERS[installer])
        programs.run(*pip, *wanted, environ=WITHOUT_COMPILING, seconds=300)
    if installer == "uv":  # it does not read the settings of pip
        require_index(tools / "bin/uv", "pip", folder=tmp_path)
    terminal = open_terminal(
        clone,
        PATH=f"{apps}:{tools / 'bin'}:{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin",
        **WITHOUT_COMPILING,
        PIP_QUIET="1",  # what pip has to say of its own settings is not ours
        PIPX_HOME=str(tmp_path / "home"),
        PIPX_BIN_DIR=str(apps),
        UV_TOOL_DIR=str(tmp_path / "home"),
        UV_TOOL_BIN_DIR=str(apps),
        VIRTUAL_ENV_DISABLE_PROMPT="1",  # `Terminal` knows its own prompt
    )
    found = [*blocks(README), *blocks(ROOT / "docs/install.md")]
    section = [block for block in found if block.heading in SETTING_UP[:2]]
    assert sum(block.language == "sh" for block in section) == len(INSTALLERS)
    for step in steps(
        [b for b in section if b.language == "console" or b.lines[0].startswith(installer)]
    ):
        terminal.follow(step)
    folder = clone / ".venv/bin" if installer == "python3" else apps
    assert (folder / "certstrap").exists()
    before = visible(clone)
    home = tmp_path / "reader"  # of the commands alone: the installers use the caches in ours
    home.mkdir()
    terminal.run(f"HOME={shlex.quote(str(home))}")
    for step in steps(under("First command")):
        terminal.follow(step)
    assert (home / "temporal-certs/out/your-namespace.crt").exists()
    assert visible(clone) == before


def test_readme_shows_what_the_program_prints(terminal: Terminal) -> None:
    for step in steps([block for block in blocks(README) if block.heading not in SETTING_UP]):
        terminal.follow(step)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_guides_show_what_the_program_prints(guide: Path, loaded_terminal: Terminal) -> None:
    elsewhere = {*SETTING_UP, *ENGINES, *TOKENS}
    for step in steps([block for block in blocks(guide) if block.heading not in elsewhere]):
        loaded_terminal.follow(step)


def test_quick_tests_that_contributing_names_exist() -> None:
    lines = [line for block in blocks(ROOT / "CONTRIBUTING.md") for line in block.lines]
    quick = next(line for line in lines if line.startswith(".venv/bin/pytest "))
    paths = [word for word in quick.split() if word.startswith("tests/")]
    assert len(paths) >= 5
    assert all((ROOT / path).exists() for path in paths)


def test_example_of_contributing_signs_a_request(terminal: Terminal, tmp_path: Path) -> None:
    (example,) = (b for b in blocks(ROOT / "CONTRIBUTING.md") if b.language == "python")
    (tmp_path / "example.py").write_text("\n".join(example.lines), encoding="utf-8")
    terminal.run("certstrap init --common-name Cert --curve P-256 --no-passphrase")
    terminal.run("certstrap request-cert --common-name worker --curve P-256 --no-passphrase")
    assert terminal.run("python3 example.py") == (0, [])
    assert terminal.run("certstrap verify worker")[0] == 0


def test_readme_is_short_and_begins_with_a_command() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README
    assert blocks(README)[0].number <= 10
    assert blocks(README)[0].language in RUN


def test_readme_says_which_python_it_needs_before_it_is_installed() -> None:
    text = README.read_text(encoding="utf-8")
    assert "Python 3.11, 3.12, 3.13 or 3.14" in text.split("\n## Install\n")[0]


def test_contents_line_of_the_readme_leads_to_every_section_in_order() -> None:
    text = README.read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    contents = next(line for line in text.splitlines() if line.startswith("[Install]"))
    assert re.findall(r"\[([^]]+)\]\(#[^)]+\)", contents) == titles[:-1]
    assert titles[-1] == "Licence"


def test_picture_shows_what_the_first_command_prints() -> None:
    drawn = picture.shown(picture.draw())
    assert picture.shown(picture.PICTURE.read_text(encoding="utf-8")) == drawn
    assert f"$ {first_commands()[1]}" in drawn
    assert "  Upload out/Cert.crt to your Namespace, as its CA certificate." in drawn
    assert f"]({picture.PICTURE.relative_to(ROOT)})" in README.read_text(encoding="utf-8")


def test_picture_loads_nothing_from_elsewhere() -> None:
    svg = picture.PICTURE.read_text(encoding="utf-8")
    assert re.findall(r"(?:url\(|src=|href=)[\"']?(?!#)", svg) == []


def test_reference_lists_the_files_of_a_client_with_their_modes(
    loaded_terminal: Terminal, tmp_path: Path
) -> None:
    url = "--crl-url http://pki.example.com/Cert.crl"
    loaded_terminal.run(f"certstrap init --common-name Cert --curve P-256 --no-passphrase {url}")
    loaded_terminal.run("certstrap issue your-namespace --curve P-256 --no-passphrase --pkcs8")
    loaded_terminal.run("certstrap export-chain your-namespace")
    loaded_terminal.run("certstrap export-pkcs12 your-namespace --passphrase p")
    loaded_terminal.run("certstrap issue lost --no-passphrase")
    loaded_terminal.run("certstrap revoke --CN lost --reason keyCompromise")
    loaded_terminal.run("rm -f out/lost.*")
    text = REFERENCE.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(out/[^`]+)` \| (\d{4}) \|", text, re.MULTILINE))
    assert listed == {
        str(path.relative_to(tmp_path)): f"{stat.S_IMODE(path.stat().st_mode):04o}"
        for path in visible(tmp_path / "out")
    }
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_reference_lists_the_exit_statuses(terminal: Terminal) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \| ", text, re.MULTILINE) == ["0", "1", "2", "3", "130"]
    assert terminal.run("certstrap --version")[0] == 0
    assert terminal.run("certstrap sign nobody")[0] == 1
    assert terminal.run("certstrap sign --no-such-option")[0] == 2
    assert terminal.interrupt('certstrap init --common-name "Cert"') == 130


def test_files_exist_if_only_standard_output_could_not_be_written(
    terminal: Terminal, tmp_path: Path
) -> None:
    line = 'certstrap init --common-name "Cert" --curve P-256 --no-passphrase > /dev/full'
    assert terminal.run(line)[0] == 1
    assert sorted(path.name for path in visible(tmp_path / "out")) == [
        "Cert.crl",
        "Cert.crt",
        "Cert.key",
    ]


def commands_of(certstrap: CommandLine) -> list[str]:
    """Return the commands that the help lists."""
    listed = certstrap("--help").stdout.partition("\nOptions:\n")[0]
    return re.findall(r"^  ([a-z0-9-]+)  ", listed, re.MULTILINE)


def prose(document: Path) -> str:
    """Return a document without its blocks."""
    text = document.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def test_readme_has_a_row_for_every_command(certstrap: CommandLine) -> None:
    commands = commands_of(certstrap)
    assert {"init", "request-cert", "sign", "issue", "export-pkcs8"} <= {*commands}
    rows = re.findall(r"^\| `([a-z0-9][a-z0-9-]*)(?: [A-Z]+)?` \|", prose(README), re.MULTILINE)
    assert sorted(rows) == sorted(commands)


@named
def test_documents_name_only_options_that_there_are(document: Path, certstrap: CommandLine) -> None:
    whole = certstrap("--help").stdout
    helps = {name: certstrap(name, "--help").stdout for name in commands_of(certstrap)}
    helps["gen"] += "".join(certstrap("gen", kind, "--help").stdout for kind in ("ca", "leaf"))
    lines = [line.removeprefix("$ ") for block in blocks(document) for line in block.lines]
    spans = re.findall(r"`([^`\n]+)`", prose(document))
    typed = [text for text in [*lines, *spans] if text.startswith("certstrap ")]
    for words in map(shlex.split, typed):
        of_command = next((helps[word] for word in words if word in helps), "")
        for option in (word.partition("=")[0] for word in words if word.startswith("-")):
            assert f"{option} " in whole + of_command, words
    every = "".join([whole, *helps.values()])
    for option in (re.split("[ =]", span)[0] for span in spans if span.startswith("--")):
        assert option in UNSHOWN or f"{option} " in every, option


def as_in_bash(language: str, line: str) -> list[str]:
    """Return the words of a line of PowerShell or cmd as bash would have them."""
    if language == "powershell":
        line = re.sub(r"^\$env:(\w+) = ", r"export \1=", line)
        line = re.sub(r"\$env:(\w+)", r"${\1}", line)
    if language == "bat":
        assert "'" not in line, "single quotes do not quote in cmd"
        line = re.sub(r"^set ", "export ", line).replace("%CD%", "$PWD")
        line = re.sub(r"%(\w+)%", r"${\1}", line)
    return shlex.split(line.replace("\\", "/"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_other_shells_are_given_the_same_words_as_bash(guide: Path) -> None:
    found = blocks(guide)
    for bash, *twins in zip(found, found[1:], found[2:], strict=False):
        languages = [twin.language for twin in twins]
        if bash.language in RUN and bash.heading.startswith("Step "):
            assert languages == ["powershell", "bat"], bash
        if languages == ["powershell", "bat"]:
            words = [shlex.split(step.command) for step in steps([bash])]
            for twin in twins:
                assert [as_in_bash(twin.language, line) for line in twin.lines] == words
    assert sum(b.language == "powershell" for b in found) == sum(b.language == "bat" for b in found)


@named
def test_only_blocks_that_are_run_look_as_if_they_were(document: Path) -> None:
    for block in blocks(document):
        assert block.language in RUN | OTHERS, block
        if block.language in {"text", "toml"}:
            assert not [line for line in block.lines if line.startswith(("$ ", "certstrap "))]
    assert not re.search(r"^(    |\t)\s*(\$ )?certstrap", prose(document), re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    text = document.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@named
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            file = document.parent / path if path else document
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), target


def test_client_reads_the_variables_and_the_file_of_the_walkthrough(
    loaded_terminal: Terminal, tmp_path: Path
) -> None:
    guide = ROOT / "docs/walkthrough.md"
    loaded_terminal.run("certstrap issue your-namespace --curve P-256 --no-passphrase")
    for step in steps([block for block in blocks(guide) if block.heading.startswith("Step 7")]):
        loaded_terminal.follow(step)
    wanted = {
        "target_host": "your-namespace.acct.tmprl.cloud:7233",
        "namespace": "your-namespace.acct",
    }
    files = [(tmp_path / f"out/your-namespace.{end}").read_bytes() for end in ("crt", "key")]

    _, printed = loaded_terminal.run("env | grep ^TEMPORAL_")
    environ = dict(line.split("=", 1) for line in printed)
    of_environ = ClientConfig.load_client_connect_config(
        disable_file=True, override_env_vars=environ
    )
    posix, windows = (block for block in blocks(guide) if block.language == "toml")
    config = tmp_path / "temporal.toml"
    config.write_text("\n".join(posix.lines).replace("/home/you", str(tmp_path)))
    of_file = ClientConfig.load_client_connect_config(config_file=str(config), disable_env=True)
    for found in (of_environ, of_file):
        assert {name: found.get(name) for name in wanted} == wanted
        tls = found.get("tls")
        assert tls
        assert not isinstance(tls, bool)
        assert [tls.client_cert, tls.client_private_key] == files

    on_windows = tomllib.loads("\n".join(windows.lines))["profile"]["default"]["tls"]
    on_posix = tomllib.loads("\n".join(posix.lines))["profile"]["default"]["tls"]
    assert {
        name: path.replace("C:\\Users", "/home").replace("\\", "/")
        for name, path in on_windows.items()
    } == on_posix


def test_profile_of_the_documentation_is_what_connect_prints(
    loaded_terminal: Terminal, tmp_path: Path
) -> None:
    found = blocks(ROOT / "docs/connect.md")
    (shown,) = (block for block in found if block.language == "toml")
    lines = [
        step.command for step in steps(found) if "namespace your-namespace.acct" in step.command
    ]
    loaded_terminal.run("certstrap issue your-namespace --curve P-256 --no-passphrase")
    (command,) = (line for line in lines if line.endswith("--namespace your-namespace.acct"))
    status, printed = loaded_terminal.run(command)
    assert status == 0
    assert [line.replace(str(tmp_path), "/home/you") for line in printed] == [*shown.lines]
