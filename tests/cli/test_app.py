"""The app as a whole: version, help, unknown commands, completion, and the ways to start it."""

import inspect
import json
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules

import pexpect
import pytest
from typer.testing import CliRunner

from certstrap import __version__
from certstrap.cli import commands
from certstrap.cli.app import GROUPS, LONG_NAME_OF_GEN, MODULES, SUMMARIES, app
from certstrap.cli.help import GROUPS as OPTIONS
from tests import programs
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, issue
from tests.cli.shell import complete
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine
from tests.docs import README
from tests.interop import peers
from tests.programs import AS_INSTALLED, CERTSTRAP

ONE_AFTER_ANOTHER = """
import json, os, sys
from importlib import import_module
from pkgutil import iter_modules
from certstrap.__main__ import main
from certstrap.cli import commands
for each in iter_modules(commands.__path__):
    import_module(f"certstrap.cli.commands.{each.name}")
calls = json.loads(sys.argv[1])
for number, (args, environ) in enumerate(calls):
    print(end="\\f" * bool(number), flush=True)
    child = os.fork()
    if not child:
        os.environ |= environ
        sys.argv[1:] = args
        main()
    assert os.waitpid(child, 0)[1] == 0, args
"""
"""Runs the program with each of the arguments and environments that its own argument lists.

What they import is imported once, before.
"""

COMMAND_MODULES = [each.name for each in iter_modules(commands.__path__)]
COMMANDS = ["init", "request-cert", "sign", "issue", "export-pkcs8"]
FIRST = ("certstrap issue your-namespace", "certstrap status", "certstrap renew --expiring 30d")


@pytest.mark.parametrize("option", ["--version", "-v", "-version"])
def test_the_version_is_printed(certstrap: CommandLine, option: str) -> None:
    assert certstrap(option).stdout == f"certstrap version {__version__}\n"


def test_the_version_goes_before_everything_else(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap("--depot-path", "", "--version", "init", "--cn", "X")
    assert outcome.stdout == f"certstrap version {__version__}\n"
    assert not list(folder.iterdir())


@pytest.mark.parametrize("start", [("certstrap",), AS_INSTALLED])
def test_there_are_two_ways_to_start_it(folder: Path, start: tuple[str, ...]) -> None:
    for args, status, reported in (
        (["sign"], 1, "One host name must be provided.\n"),
        (["bogus"], 2, "Usage: certstrap [OPTIONS] COMMAND [ARGS]...\n"),
    ):
        done = programs.run(*start, *args, exit_code=status)
        assert not done.stdout
        assert done.stderr.startswith(reported)


def test_help_lists_every_command(certstrap: CommandLine) -> None:
    outcome = certstrap("--help")
    listed = re.findall(r"^  ([a-z][a-z0-9-]+)  +[A-Z]", outcome.stdout, re.MULTILINE)
    assert listed == [*SUMMARIES]
    assert outcome.lines[-4:-2] == ["Examples:", "  certstrap issue your-namespace"]


@pytest.mark.parametrize("args", [("help",), ("-h",)])
def test_help_has_other_names(certstrap: CommandLine, args: tuple[str, ...]) -> None:
    assert certstrap(*args).stdout == certstrap("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_ends_with_three_examples(
    certstrap: CommandLine, command: str
) -> None:
    outcome = certstrap(command, "--help")
    assert outcome.lines[0].startswith(f"Usage: certstrap {command} [OPTIONS]")
    assert outcome.lines[-4] == "Examples:"
    assert all(line.startswith(f"  certstrap {command} ") for line in outcome.lines[-3:])
    assert certstrap("help", command).stdout == outcome.stdout


def examples() -> dict[str, tuple[str, ...]]:
    """Return the examples of every command and subcommand."""
    found: dict[str, tuple[str, ...]] = {"": FIRST}
    for name in COMMAND_MODULES:
        module = import_module(f"certstrap.cli.commands.{name}")
        command = name.strip("_").replace("_", "-")
        found[command] = module.EXAMPLES
        for sub, (_, _, lines) in getattr(module, "COMMANDS", {}).items():
            found[f"{command} {sub}"] = lines
    return found


def test_the_examples_can_be_copied_and_fit_on_a_terminal(
    certstrap: CommandLine, folder: Path, subtests: pytest.Subtests
) -> None:
    calls = json.dumps([([*command.split(), "--help"], {}) for command in examples()])
    loaded = (sys.executable, "-c", ONE_AFTER_ANOTHER)
    with terminal(folder, calls, program=loaded) as child:
        drawn = ends(child).split("\f")
    for (command, lines), page in zip(examples().items(), drawn, strict=True):
        with subtests.test(command):
            assert len(lines) == 3
            shown = [f"  {line}" for line in "\n".join(lines).splitlines()]
            assert max(map(len, shown)) <= 80
            plain = certstrap(*command.split(), "--help").lines
            assert plain[-len(shown) - 1 :] == ["Examples:", *shown]
            assert page.rstrip("\n").splitlines()[-len(shown) :] == shown
            assert all(shlex.split(line)[0] == "certstrap" for line in lines)


SCENE = (
    init(), init("Root", "--path-length", "1"), init("Cert 2028", *TEN_YEARS),
    issue("your-namespace", "--CA", "Cert"), issue("worker", "--CA", "Cert"),
    issue("web", "--CA", "Cert", "--domain", "web.example"),
    ("renew", "your-namespace"),
    ("request-cert", "--cn", "Issuing", *NEW_KEY, "--key", "issuing.key", "--csr", "issuing.csr"),
    ("gen", "ca", "--org", "acme", "-d", "1y", "--ca-cert", "ca.pem", "--ca-key", "ca.key"),
    (
        "gen", "leaf", "--org", "acme", "--ca-cert", "ca.pem", "--ca-key", "ca.key",
        "--cert", "client.pem", "--key", "client.key",
    ),
    ("bundle", "Cert", "--output", "ca-bundle.pem"),
    ("filters", "worker", "--output", "filters.json"),
)  # fmt: skip
"""Makes a folder with whatever the examples name."""

MISSING = {  # what an example creates, and must not find
    "init": "out/*",
    "issue": "out/*",
    "request-cert": "out/your-namespace.* out/worker.*",
    "sign": "out/your-namespace.crt out/worker.crt",
    "filters your": "filters.json",
    'bundle "Cert"': "ca-bundle.pem",
    "bundle --rotate": "ca-bundle.pem",
    "import Root": "out/Root.*",
    "gen ca": "ca.*",
    "gen leaf": "client.*",
    "export-pkcs12": "client.p12",
}


@pytest.mark.depot(*SCENE)
@pytest.mark.parametrize("line", sorted({line for lines in examples().values() for line in lines}))
def test_each_example_works(certstrap: CommandLine, folder: Path, depot: Path, line: str) -> None:
    (folder / "passphrase.txt").write_text("secret\n")
    (folder / "clients.csv").write_text("name\nfirst\nsecond\n")
    certstrap("export-pkcs12", "web", "--output", "client.p12", "--passphrase", "secret")
    for command, patterns in MISSING.items():
        if line.startswith(f"certstrap {command}") and "--force" not in line:
            for pattern in patterns.split():
                for path in folder.glob(pattern):
                    path.unlink() if path.is_file() else shutil.rmtree(path)
    words = shlex.split(line.replace("\\\n", ""))[1:]
    creates = words[0] in {"init", "request-cert", "issue"} and not {"--curve", "--from"} & {*words}
    fast = ["--curve", "P-256"] * creates  # a second each
    outcome = certstrap(*words, *fast, input="\n\n", exit_code=None)
    assert outcome.exit_code == 0, outcome
    assert depot.is_dir()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_on_a_pipe_is_plain_and_says_what_every_option_is_for(
    certstrap: CommandLine, command: str
) -> None:
    printed = certstrap(*command.split(), "--help").stdout
    assert printed.isascii()
    assert "\x1b" not in printed
    assert "--years" not in printed
    options = re.findall(r"^  (-\S.*)$\n?(.*)", printed, re.MULTILINE)
    assert options
    for first, second in options:
        assert re.search(r"\S  +\S", first) or second.startswith("       "), first


def test_help_on_a_terminal_is_drawn(folder: Path) -> None:
    for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal(folder, "sign", "--help", environ=environ) as child:
            printed = ends(child)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
        assert "\nOptions:\n  --CA NAME  " in plain
        assert "\x1b" not in printed.partition("Examples:")[2].strip("\x1b[0m")
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", printed)) == coloured


def test_help_on_a_terminal_is_plain_for_a_file(folder: Path) -> None:
    with terminal(folder, "--help", output="help.txt") as child:
        assert ends(child) == ""
    assert (folder / "help.txt").read_text().isascii()


def test_without_a_command_the_help_is_shown(certstrap: CommandLine) -> None:
    assert certstrap().stdout == certstrap("--help").stdout
    assert certstrap("gen").stdout == certstrap("gen", "--help").stdout


def test_help_of_a_command_of_a_group_has_another_name(certstrap: CommandLine) -> None:
    shown = certstrap("gen", "ca", "--help").stdout
    assert certstrap("gen", "help", "ca").stdout == shown
    assert certstrap("help", "gen").stdout == certstrap("gen", "help").stdout
    assert certstrap("generate-certificates", "ca", "-h").lines[1:] == shown.splitlines()[1:]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sgin", "sign"),
        ("requestcert", "request-cert"),
        ("request_cert", "request-cert"),
        ("export-pkcs", "export-pkcs8"),
        ("Init", "init"),
    ],
)
def test_a_mistyped_command_is_met_with_the_one_that_was_meant(
    certstrap: CommandLine, folder: Path, typed: str, meant: str
) -> None:
    error = certstrap(typed, "--cn", "x", exit_code=2).stderr.splitlines()[-1]
    assert error.startswith(f"Error: No such command '{typed}'. Did you mean '{meant}'")
    assert not list(folder.iterdir())


def test_an_unknown_command_is_reported(certstrap: CommandLine) -> None:
    outcome = certstrap("frobnicate", exit_code=2)
    assert outcome.stderr.splitlines()[-1] == "Error: No such command 'frobnicate'."


def test_a_mistyped_option_is_met_with_the_one_that_was_meant(certstrap: CommandLine) -> None:
    outcome = certstrap("init", "--comon-name", "x", exit_code=2)
    assert "No such option: --comon-name" in outcome.stderr
    assert "--common-name" in outcome.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "environ",
    [{"CERTSTRAP_DEPOT_PATH": "elsewhere"}, {"CERTSTRAP_DEPOT_PATH": ""}],
)
def test_the_environment_names_the_depot(folder: Path, environ: Mapping[str, str]) -> None:
    depot = environ["CERTSTRAP_DEPOT_PATH"] or "out"
    args = ["init", "--cn", "X", *NEW_KEY]
    done = CliRunner().invoke(app, args, env=environ)
    assert done.stdout.startswith(f"Created {depot}/X.key\n")
    done = CliRunner().invoke(app, ["--depot-path", "option", *args], env=environ)
    assert done.stdout.startswith("Created option/X.key\n")


def module_of(name: str) -> str:
    return MODULES.get(name, name.replace("-", "_"))


@pytest.mark.parametrize("name", SUMMARIES)
def test_summary_in_the_list_begins_the_help_of_the_command(name: str) -> None:
    module = import_module(f"certstrap.cli.commands.{module_of(name)}")
    documented = module.before if hasattr(module, "COMMANDS") else module.command
    first_paragraph = (inspect.getdoc(documented) or "").partition("\n\n")[0]
    assert SUMMARIES[name] == first_paragraph


def test_every_command_module_is_listed() -> None:
    assert set(map(module_of, SUMMARIES)) == set(COMMAND_MODULES)


def test_help_says_what_each_command_does_in_one_line(certstrap: CommandLine) -> None:
    printed = certstrap("--help").stdout
    for name, summary in SUMMARIES.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", printed, re.MULTILINE)
    assert LONG_NAME_OF_GEN not in printed


def test_help_lists_commands_in_groups_and_the_documents_in_the_same_order(
    certstrap: CommandLine,
) -> None:
    groups = certstrap("--help").stdout.partition("\n\nOptions:")[0].split("\n\n")[2:]
    assert [group.partition(":\n")[0] for group in groups] == list(GROUPS)
    in_readme = re.findall(r"^\| `([a-z0-9-]+)(?: NAME)?` \|", README.read_text(), re.MULTILINE)
    assert in_readme == [*SUMMARIES]


def pages(certstrap: CommandLine) -> dict[str, list[str]]:
    """Return the lines of the help of every command and subcommand."""
    return {command: certstrap(*command.split(), "--help").lines for command in examples()}


def test_help_lists_options_in_groups(certstrap: CommandLine) -> None:
    shown = [line.rstrip(":") for line in pages(certstrap)["issue"] if re.match(r"\w+:$", line)]
    assert shown == [
        "Arguments",
        "Options",
        *(group for group in OPTIONS if group != "Limits"),
        "Examples",
    ]
    spelled = {
        option
        for lines in pages(certstrap).values()
        for line in lines
        for option in re.findall(r"--[\w-]+", line)
    }
    assert {option for group in OPTIONS.values() for option in group.split()} <= spelled


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_help_is_readable_at_every_width(columns: int) -> None:
    calls = json.dumps([([*command.split(), "--help"], {}) for command in examples()])
    size = {"COLUMNS": str(columns)}
    printed = programs.run(sys.executable, "-c", ONE_AFTER_ANOTHER, calls, environ=size).stdout
    for command, shown in zip(examples(), printed.split("\f"), strict=True):
        page = shown.partition("\nExamples:")[0].splitlines()
        assert max(map(len, page)) <= min(columns, 100), command
        assert not any(re.search(r"[a-z ]\.\.\.", line) for line in page), command
        assert "<=x<=" not in "".join(page)
        texts = [match.start(1) for line in page if (match := re.match(r"  -.*?  +(\S)", line))]
        assert max(texts) <= columns / 2


@pytest.mark.parametrize(
    ("command", "encrypts"),
    [
        *((name, "new keys") for name in ("init", "request-cert")),
        ("issue", "the key of a new CA"),
        *((name, "the new file") for name in ("import", "export-pkcs12")),
        *((name, "") for name in ("sign", "revoke", "export-pkcs8", "check", "inspect")),
    ],
)
def test_help_of_no_passphrase_says_what_is_not_encrypted(
    certstrap: CommandLine, command: str, encrypts: str
) -> None:
    shown = " ".join(certstrap(command, "--help").stdout.split())
    help_text = shown.partition("--no-passphrase ")[2]
    about_new = f"Do not ask for a passphrase or encrypt {encrypts}."
    about_existing = (
        "key is not encrypted. If it is, its passphrase is asked for on a terminal only."
    )
    assert (about_new if encrypts else about_existing) in help_text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "wanted", "unwanted"),
    [
        ("certstrap ", COMMANDS, ["--version"]),
        ("certstrap re", ["request-cert"], ["init"]),
        ("certstrap help re", ["request-cert"], ["init"]),
        ("certstrap --dep", ["--depot-path"], ["init"]),
        ("certstrap init --p", ["--passphrase-file", "--path-length", "--province"], ["--CA"]),
        ("certstrap sign x --CA Cert --exp", ["--expires"], ["--CA"]),
        ("certstrap connect x --format ", ["toml", "env", "java", "kubernetes"], ["sh"]),
        ("certstrap connect x --format env --shell ", ["sh", "powershell", "fish"], ["toml"]),
    ],
)
def test_each_shell_completes_a_line(
    shell: str, line: str, wanted: list[str], unwanted: list[str]
) -> None:
    done = CliRunner().invoke(app, [], env=complete(shell, line), prog_name="certstrap")
    assert (done.exit_code, done.stderr) == (0, "")
    offered = set(re.findall(r'^(?:_arguments.*\(\()?"?([A-Za-z0-9-]+)', done.stdout, re.MULTILINE))
    assert set(wanted) <= offered
    assert not set(unwanted) & offered


@pytest.mark.parametrize("command", ["connect", "filters"])
def test_clients_are_offered_and_no_cas(certstrap: CommandLine, command: str) -> None:
    certstrap("issue", "client", *NEW_KEY)
    line = f"certstrap {command} "
    done = CliRunner().invoke(app, [], env=complete("bash", line), prog_name="certstrap")
    assert done.stdout.split() == ["client"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("init --curve ", ["P-224", "P-256", "P-384", "P-521", "Ed25519"]),
        ("init --curve P", ["P-224", "P-256", "P-384", "P-521"]),
        ("revoke --reason k", ["keyCompromise"]),
        ("sign pending --profile ", ["client", "server", "both"]),
        ("sign --CA ", ["Cert"]),
        ("issue --CA ", ["Cert"]),
        ("sign ", ["pending"]),
        ("export-pkcs8 ", ["client", "pending"]),
        ("export-chain ", ["Cert", "client"]),
        ("passphrase ", ["Cert", "client", "pending"]),
    ],
)
def test_values_are_offered(certstrap: CommandLine, words: str, offered: list[str]) -> None:
    certstrap("issue", "client", "--pkcs8", *NEW_KEY)
    certstrap("request-cert", "--cn", "pending", *NEW_KEY)
    environ = complete("bash", f"certstrap {words}")
    done = CliRunner().invoke(app, [], env=environ, prog_name="certstrap")
    assert done.stdout.split() == offered


@pytest.mark.parametrize(
    "words", ["sign ", "sign --CA ", "export-chain ", "export-pkcs8 ", "connect ", "revoke --CA "]
)
def test_nothing_is_offered_from_a_depot_that_cannot_be_read(folder: Path, words: str) -> None:
    (folder / "file").touch()
    line = f"certstrap --depot-path file {words}"
    done = CliRunner().invoke(app, [], env=complete("bash", line), prog_name="certstrap")
    assert (done.exit_code, done.stdout.strip(), done.stderr) == (0, "", "")


@pytest.fixture
def home(folder: Path) -> Mapping[str, str]:
    """What sets the environment of a user whose home is the folder, and has nothing in it yet."""
    return {
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "TERM": "dumb",
        "PS1": "ready> ",
    }


def install_completion(shell: str, home: Mapping[str, str]) -> str:
    """Let ``shell`` install the completion for itself, and return its path."""
    path = peers.program(shell, asked="--version", answers=".", what=shell)
    script = "certstrap --show-completion; certstrap --install-completion; true"
    done = programs.run(path, "-c", script, environ=home)
    assert "_CERTSTRAP_COMPLETE" in done.stdout
    assert f"{shell} completion installed in {home['HOME']}/" in done.stdout
    return path


@pytest.mark.parametrize(("shell", "prompt"), [("bash", "[#$] $"), ("zsh", "ready> ")])
def test_completion_works_in_a_real_shell_once_it_is_installed(
    folder: Path, home: dict[str, str], shell: str, prompt: str
) -> None:
    path = install_completion(shell, home)
    env = programs.environment(home)
    child = pexpect.spawn(path, ["-i"], env=env, cwd=str(folder), timeout=20, encoding="utf-8")
    try:
        child.expect(prompt)
        child.send("certstrap req\t")
        if shell == "zsh":  # the first time it loads typer's script, and the next time asks it
            child.expect_exact("\a")
            child.send("\t")
        child.expect_exact("uest-cert ")
        child.send("--no-pass\t")
        child.expect_exact("phrase ")
        child.send("--cn typed --curve P-256\r")
        child.expect_exact("Created out/typed.csr")
    finally:
        child.close(force=True)


def test_completion_works_in_fish_once_it_is_installed(home: dict[str, str]) -> None:
    path = install_completion("fish", home)
    asked = ("certstrap req", "certstrap init --no-pass", "certstrap sign --csr .conf")
    script = "; ".join(f'complete -C "{line}"' for line in asked)
    offered = programs.run(path, "-c", script, environ=home).lines
    assert [line.split("\t")[0] for line in offered] == [
        "request-cert",
        "--no-passphrase",
        ".config/",
    ]


def test_completion_for_an_unknown_shell_is_refused_in_one_sentence() -> None:
    environ = {"_CERTSTRAP_COMPLETE": "complete_tcsh"}
    done = CliRunner().invoke(app, [], env=environ, prog_name="certstrap")
    assert (done.exit_code, done.stderr) == (1, "Shell tcsh not supported.\n")


@pytest.mark.parametrize(
    "environ", [{}, {"COMP_WORDS": "certstrap", "COMP_CWORD": "abc"}, {"COMP_WORDS": "certstrap"}]
)
def test_completion_without_what_a_shell_sets_is_refused_in_one_sentence(
    environ: dict[str, str],
) -> None:
    environ = {"_CERTSTRAP_COMPLETE": "complete_bash", **environ}
    done = programs.run(*CERTSTRAP, environ=environ, exit_code=1)
    assert done.stderr == "Shell completion needs the variables that a shell sets.\n"


def test_a_size_that_no_terminal_has_does_not_count(subtests: pytest.Subtests) -> None:
    command = ["sign", "--help"]
    plain = programs.run(*CERTSTRAP, *command).stdout
    names = ("COLUMNS", "LINES", "TERMINAL_WIDTH")
    sizes = [*product(names, ("abc", "", "0", "-1", "99999999999", "١٢"))]
    calls = json.dumps([(command, {name: size}) for name, size in sizes])
    printed = programs.run(sys.executable, "-c", ONE_AFTER_ANOTHER, calls).stdout.split("\f")
    for (name, size), page in zip(sizes, printed, strict=True):
        with subtests.test(name, size=size):
            assert page == plain


def test_warnings_that_somebody_asked_for_are_theirs() -> None:
    done = programs.run(sys.executable, "-W", "error", "-m", "certstrap", "--version")
    assert not done.stderr
