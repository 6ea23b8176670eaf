"""One module looks at what is outside of the program; this reads the source of all the others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import certstrap

SOURCE = Path(certstrap.__file__).parent
CONTEXT = SOURCE / "cli" / "context.py"
TEMPLATES = SOURCE / "cli" / "templates"  # what is printed, not run
OUTSIDE = {
    "sys": {"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "argv"}
    | {"warnoptions"},
    "os": {"environ", "environb", "getenv", "getenvb", "putenv", "isatty", "get_terminal_size"}
    | {"getcwd", "chdir"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"},
    "shutil": {"get_terminal_size"},
    "socket": {"create_connection", "create_server"},
    "getpass": {"getpass"},
}
OF_ANY = {"isatty"}
BUILT_IN = {"input", "print"}


def looks(tree: ast.AST) -> Iterator[str]:
    """Yield each place in the code that looks outside."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in OUTSIDE.get(
                owner, ()
            ):
                yield f"{node.lineno}: {owner}.{name}"
            case ast.Attribute(attr=name) if name in OF_ANY:
                yield f"{node.lineno}: .{name}"
            case ast.ImportFrom(module=str(owner), names=names):
                for name in {alias.name for alias in names} & OUTSIDE.get(owner, set()):
                    yield f"{node.lineno}: from {owner} import {name}"
            case ast.Call(func=ast.Name(id=name)) if name in BUILT_IN:
                yield f"{node.lineno}: {name}()"
            case _:
                pass


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCE.rglob("*.py") if path != CONTEXT and path.parent != TEMPLATES],
    ids=str,
)
def test_only_the_context_looks_at_terminal_environment_clock_and_streams(path: Path) -> None:
    found = list(looks(ast.parse(path.read_text(encoding="utf-8"))))
    which_shell = path == SOURCE / "platform.py"
    assert [look.split(": ")[1] for look in found] == which_shell * ["os.environ"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import sys\nsys.stdout.write('')", ["2: sys.stdout"]),
        ("from os import environ", ["1: from os import environ"]),
        ("now = datetime.now(UTC)", ["1: datetime.now"]),
        ("stream.isatty()", ["1: .isatty"]),
        ("from getpass import getpass", ["1: from getpass import getpass"]),
        ("print('')", ["1: print()"]),
        ("context.now()", []),
    ],
)
def test_a_look_outside_is_found(code: str, found: list[str]) -> None:
    assert list(looks(ast.parse(code))) == found
