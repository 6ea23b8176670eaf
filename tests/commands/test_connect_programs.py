"""What `connect` prints in each language is read back as the same values.

Python, Node, sh and fish read what is theirs themselves; `tests/interop/test_connect.py` does so
with whole programs, also in Java and Go. Nothing on the machines that run the tests reads C#, Ruby,
PHP and PowerShell: their programs are read by the lexers of Pygments, and by ruby and php only
where these happen to be; their strings are read by the rules of the language, written down here
once more.
"""

import ast
import re
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, String

import certstrap.cli
from certstrap.cli.render.connect import (
    FORMATS,
    LANGUAGES,
    SHELLS,
    cli,
    double,
    env,
    java_string,
    program,
    secret_name,
    single,
)
from certstrap.pki.names import is_plain
from certstrap.platform import powershell
from certstrap.temporal.connect import ClientFile, Connection, Target
from tests import programs
from tests.interop import peers

ODD = [
    r"""it's "odd" \u0041 \\ $HOME `id` #{1} %s ${x} {$x} \n \' \" ünï 🙂""",
    "\\", "'", '"', "\\'", '\\"', "''", "\u2018x\u2019", "C:\\Users\\new", "-n", "~", "*", "a b",
    "#", "!", "\\\\", "\ufeff", "\u00a0", "$(id)", "@", "%PATH%", "<?php ?>", "<!--", "//", "/* */",
]  # fmt: skip
plain = st.text().filter(is_plain) | st.sampled_from(ODD)


def connection_of(*values: str, encrypted: bool = False) -> Connection:
    address, certificate, key, name, ca = values
    target = Target("worker.acct", address, name, ca)
    return Connection(target, ClientFile(certificate, b""), ClientFile(key, b""), encrypted)


def unescaped(text: str) -> str:
    """Return what a string stands for in which a backslash takes the next character as it is."""
    return re.sub(r"\\(.)", r"\1", text)


def read_java(source: str) -> str:
    """Return the value of a string of Java: first of its Unicode escapes (JLS, 3.3), then it."""
    units = re.sub(
        r"(?<!\\)((?:\\\\)*)\\u([0-9a-f]{4})", lambda m: m[1] + chr(int(m[2], 16)), source
    )
    text = units.encode("utf-16", "surrogatepass").decode("utf-16")
    assert text[0] == text[-1] == '"'
    assert not re.search(r'(?<!\\)(\\\\)*"', text[1:-1])
    return unescaped(text[1:-1])


def read_single(source: str) -> str:
    """Return the value of a string of Ruby or PHP in single quotes."""
    found = re.fullmatch(r"'((?:[^'\\]|\\.)*)'", source)
    assert found, source
    return re.sub(r"\\(['\\])", r"\1", found[1])


def read_double(source: str) -> str:
    """Return the value of a string of Go or C# in double quotes, with the escapes that we use."""
    found = re.fullmatch(r'"((?:[^"\\\ufeff]|\\["\\]|\\ufeff)*)"', source)
    assert found, source
    return re.sub(r"\\(ufeff|.)", lambda m: m[1].replace("ufeff", "\ufeff"), found[1])


def read_powershell(source: str) -> str:
    """Return the value of a string of PowerShell in single quotes, of which it knows five."""
    quotes = "'\u2018\u2019\u201a\u201b"
    found = re.fullmatch(f"'((?:[^{quotes}]|([{quotes}])[{quotes}])*)'", source)
    assert found, source
    return re.sub(f"([{quotes}])[{quotes}]", r"\1", found[1])


@pytest.mark.parametrize(
    ("quote", "read"),
    [
        (double, ast.literal_eval),
        (double, read_double),
        (single, read_single),
        (single, ast.literal_eval),
        (java_string, read_java),
        (powershell, read_powershell),
    ],
)
@given(text=plain)
def test_a_string_is_read_as_it_was(
    quote: Callable[[str], str], read: Callable[[str], str], text: str
) -> None:
    assert read(quote(text)) == text


@given(plain)
def test_a_string_of_java_is_ascii(text: str) -> None:
    assert java_string(text).isascii()


words = st.lists(st.text(min_size=1).filter(is_plain) | st.sampled_from(ODD), max_size=30)


@settings(max_examples=20)
@given(words)
def test_sh_reads_words_as_they_were(texts: list[str]) -> None:
    script = "".join(f"printf '%s\\0' {SHELLS['sh'](text)}\n" for text in texts)
    assert programs.run("sh", input=script).stdout.split("\0")[:-1] == texts


@settings(max_examples=20)
@given(words)
def test_fish_reads_words_as_they_were(texts: list[str]) -> None:
    shell = peers.program("fish", asked="--version", answers="fish, version", what="fish")
    script = "".join(f"printf '%s\\0' {SHELLS['fish'](text)}\n" for text in texts)
    assert programs.run(shell, "--no-config", input=script).stdout.split("\0")[:-1] == texts


@settings(max_examples=20)
@given(words)
def test_node_reads_strings_as_they_were(texts: list[str]) -> None:
    node = peers.program("node", asked="--version", answers=r"v(2\d|[3-9]\d)\.", what="Node 20")
    script = f"process.stdout.write([{', '.join(map(single, texts))}].join('\\0'))"
    assert programs.run(node, "-", input=script).stdout == "\0".join(texts)


A_CONNECTION = connection_of("h:1", "/a b/c.crt", "/a b/c.key", "server.example", "/ca.pem")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_lines_of_its_own(shell: str) -> None:
    begins = {"sh": "export TEMPORAL_", "powershell": "$env:TEMPORAL_", "fish": "set -gx TEMPORAL_"}
    lines = env(A_CONNECTION, shell).splitlines()
    assert len(lines) == 6
    assert all(line.startswith(begins[shell]) for line in lines)
    assert "--tls-key-path '/a b/c.key' --tls-server-name" in cli(A_CONNECTION, shell)


@given(st.tuples(plain, plain, plain, plain, plain), st.booleans())
def test_the_program_in_python_has_the_values_it_was_given(
    values: tuple[str, ...], encrypted: bool
) -> None:
    found = ast.parse(program("python", connection_of(*values, encrypted=encrypted)))
    strings = [node.value for node in ast.walk(found) if isinstance(node, ast.Constant)]
    assert {*filter(None, values)} <= {*strings}


LEXERS = {"dotnet": "csharp"}
CHECKS = {"go": ("gofmt", "-l"), "ruby": ("ruby", "-c"), "php": ("php", "-l")}


@pytest.mark.parametrize("values", [["host:7233", text, text, text, text] for text in ODD])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_is_read_by_a_lexer_of_its_language(
    language: str, values: list[str], tmp_path: Path
) -> None:
    text = program(language, connection_of(*values))
    tokens = list(get_lexer_by_name(LEXERS.get(language, language)).get_tokens(text))
    assert not [value for kind, value in tokens if kind in Error]
    comments = [value for kind, value in tokens if kind in Comment and kind is not Comment.Preproc]
    source = files(certstrap.cli).joinpath("templates", LANGUAGES[language].template)
    of_a_line = re.compile(r"^ *((?://|#) .*)$", re.MULTILINE)
    assert [each.strip() for each in comments] == of_a_line.findall(source.read_text("utf-8"))
    assert "host:7233" in "".join(value for kind, value in tokens if kind in String)
    check = CHECKS.get(language)
    if check and shutil.which(check[0]):
        file = tmp_path / LANGUAGES[language].template
        file.write_text(text, encoding="utf-8")
        ended = programs.run(*check, file)
        assert language != "go" or not ended.stdout, "gofmt would write it in another way"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_names_nothing_that_was_not_given(language: str) -> None:
    target = Target("worker.acct", "worker.acct.tmprl.cloud:7233")
    text = program(
        language, Connection(target, ClientFile("/c.crt", b""), ClientFile("/c.key", b""))
    )
    assert "None" not in text.replace("-> None", "")
    for word in (
        "x509",
        "rootCert",
        "RootCert",
        "server_root",
        "NameOverride",
        "overrideA",
        "overrideS",
        "Domain",
    ):
        assert word not in text


@given(plain)
def test_a_secret_has_a_name_that_kubernetes_takes(text: str) -> None:
    label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    assert re.fullmatch(rf"{label}(\.{label})*", secret_name(text))
    assert len(secret_name(text)) <= 253


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("your-namespace", "your-namespace"),
        ("Worker_1.example.com", "worker-1.example.com"),
        ("ünï", "n"),
        ("дом", "temporal-client"),
        ("-a-.-b-", "a.b"),
    ],
)
def test_a_secret_is_named_after_its_client(name: str, secret: str) -> None:
    assert secret_name(name) == secret


def test_the_help_lists_every_format() -> None:
    assert [*FORMATS] == [
        "toml", "env", "cli", "python", "go", "java", "typescript", "dotnet", "ruby", "php",
        "kubernetes",
    ]  # fmt: skip
