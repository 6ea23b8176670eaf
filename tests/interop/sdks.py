"""Temporal's SDKs for Python, Go, Java and TypeScript: they run the programs that `connect` prints.

Each program may come with one that makes a worker of it, from the folder ``temporal``.
"""

import shutil
import sys
from pathlib import Path

from tests import programs
from tests.interop import peers

PROJECT = Path(__file__).parent / "temporal"
JARS = PROJECT / "target" / "dependency"
MODULES = Path(__file__).parent / "node_modules"
SECONDS = 600
"""How long the first build of the SDK for Go may take."""

Command = tuple[str | Path, ...]


def python(program: Path, *more: str) -> Command:
    """Return the command that runs the last of the files in Python."""
    for name in more:
        shutil.copy(PROJECT / name, program.parent)
    return (sys.executable, program.parent / [program.name, *more][-1])


def go(program: Path, *more: str, folder: Path | None = None) -> Command:
    """Build a program in Go with more files of the project, and return the command that runs it.

    It is built in a new folder, which is beside the program if none is given.
    """
    # From 1.21 on, Go fetches the version that go.mod names.
    later = r"go version go1\.(2[1-9]|[3-9]\d)"
    path = peers.program("go", asked="version", answers=later, what="Go 1.21 or later")
    folder = folder / "go" if folder else program.with_suffix("")
    folder.mkdir()
    shutil.copy(program, folder)
    for name in ("go.mod", "go.sum", *more):
        shutil.copy(PROJECT / name, folder)
    # Like the SDKs for Java and TypeScript, it is there if somebody has downloaded it.
    offline = {"GOPROXY": "off"}
    if programs.run(path, "mod", "download", folder=folder, environ=offline, exit_code=None)[0]:
        peers.lacks("go.temporal.io/sdk (cd tests/interop/temporal && go mod download)")
    assert not programs.run("gofmt", "-l", folder).stdout
    built = folder / "program"
    for verb in (("vet",), ("build", "-o", built)):
        programs.run(path, *verb, ".", folder=folder, environ=peers.GO, seconds=SECONDS)
    return (built,)


def java(program: Path, *more: str, folder: Path | None = None) -> Command:
    """Compile a program in Java likewise; the class of the last file is run.

    The classes go to a folder, which is beside the program if none is given.

    The printed source is ASCII, so that any encoding that a compiler takes for granted will do.
    """
    javac = peers.program(
        "javac", asked="--version", answers=r"javac (1[7-9]|[2-9]\d)", what="a JDK, 17 or later"
    )
    if not JARS.is_dir():
        peers.lacks("io.temporal:temporal-sdk (mvn -f tests/interop/temporal/pom.xml "
                    "dependency:copy-dependencies)")  # fmt: skip
    classes = folder or program.with_suffix("")
    sources = (program, *(PROJECT / name for name in more))
    jars = f"{JARS}/*"
    options = ("-encoding", "US-ASCII", "-Xlint:all,-path,-processing", "-Werror")
    programs.run(javac, "-d", classes, "-cp", jars, *options, *sources)
    path = f"{classes}:{jars}"
    return ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path, sources[-1].stem)


def node() -> str:
    """Return the path of Node, for which Temporal's packages are installed."""
    path = peers.program("node", asked="--version", answers=r"v(2\d|[3-9]\d)\.", what="Node 20")
    if not (MODULES / "@temporalio/worker").is_dir():
        peers.lacks("@temporalio/worker (npm install --prefix tests/interop)")
    return path


def typescript(program: Path, *more: str) -> Command:
    """Check and compile a program in TypeScript likewise; the last file is run."""
    folder = program.with_suffix("")
    folder.mkdir()
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    sources = (program, *(PROJECT / name for name in more))
    for source in sources:
        shutil.copy(source, folder)
    options = ("--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck",
               "--types", "node")  # fmt: skip
    tsc = MODULES / "typescript/bin/tsc"
    programs.run(node(), tsc, *options, *(source.name for source in sources), folder=folder)
    return (node(), folder / sources[-1].with_suffix(".js").name)
