"""Pipes and devices in the place of files that the user names; the depot has files only."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
from cryptography import x509

from tests import programs
from tests.builders import foreign
from tests.builders.depots import init, request
from tests.cli.shell import EC, bash
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine, Program, snapshot

SIGNED = "Created {} from {} signed by out/CA.key"


pytestmark = pytest.mark.depot(
    init("CA"), request("a"), request("b", "--key", "b.key", "--csr", "b.csr")
)
"""A depot with the CA `CA` and the request `a`; next to it, a key and a request for it."""


def common_names(pem: str) -> list[str]:
    certificates = x509.load_pem_x509_certificates(pem.encode())
    return [certificate.subject.rfc4514_string() for certificate in certificates]


# Read


READ = {
    "init --key": "certstrap init --cn B --passphrase '' --key {key}",
    "request-cert --key": "certstrap request-cert --cn B --key {key}",
    "sign --csr": "certstrap sign b --CA CA --csr {csr} --cert B.crt",
    "import": "certstrap --depot-path new import B --no-passphrase --cert {crt} {rest}",
    "export-pkcs8 --key": "certstrap export-pkcs8 --key {key} --output p8.key",
    "gen leaf": "certstrap gen leaf --org o --ca-cert {ca} --ca-key {ca_key} --cert c --key k",
}


@pytest.mark.parametrize("command", READ)
def test_the_pipes_of_a_shell_are_read(depot: Path, command: str) -> None:
    bash("certstrap sign b --CA CA --csr b.csr")
    done = bash(
        READ[command].format(
            key="<(cat b.key)",
            csr="<(cat b.csr)",
            crt="<(cat out/b.crt)",
            rest="--key <(cat b.key) --csr <(cat b.csr)",
            ca="<(cat out/CA.crt)",
            ca_key="<(cat out/CA.key)",
        )
    )
    assert done.lines[-1].startswith("Created ")


ONE = {
    "init --key": ("init --cn B --no-passphrase --key {}", "b.key", "Read {}"),
    "request-cert --key": ("request-cert --cn B --key {}", "b.key", "Read {}"),
    "sign --csr": ("sign b --CA CA --csr {}", "b.csr", SIGNED.format("out/b.crt", "{}")),
    "import --cert": ("--depot-path new import B --cert {}", "out/CA.crt", "Created new/B.crt"),
    "export-pkcs8 --key": ("export-pkcs8 --key {} --output p8", "b.key", "Created p8"),
    "gen leaf --ca-key": (
        "gen leaf --org o --ca-cert out/CA.crt --ca-key {} --cert c --key k", "out/CA.key",
        "Created k",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", ONE)
@pytest.mark.parametrize(
    ("file", "known_as"), [("/dev/stdin", "/dev/stdin"), ("-", "standard input")]
)
@pytest.mark.parametrize("script", ["cat {} | {}", "{1} < {0}"], ids=["a pipe", "a file"])
def test_standard_input_is_read(
    depot: Path, command: str, file: str, known_as: str, script: str
) -> None:
    args, source, line = ONE[command]
    done = bash(script.format(source, "certstrap " + args.format(file)))
    assert line.format(known_as) in done.lines


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ("init --cn B --key - --passphrase-file -", "Both --key and --passphrase-file are -."),
        ("request-cert --cn B --key - --passphrase-file -", "Both --key and --passphrase-file are"),
        ("sign a --csr - --passphrase-file -", "Both --csr and --passphrase-file are -."),
        ("import B --cert - --key -", "Both --cert and --key are -."),
        ("import B --cert x --key - --csr -", "Both --key and --csr are -."),
        ("export-pkcs8 --key - --output x --passphrase-file -", "Both --key and --passphrase-file"),
        (
            "issue a --passphrase-file - --key-passphrase-file -",
            "Both --passphrase-file and --key-passphrase-file",
        ),
    ],
)
def test_standard_input_is_one_thing_only(certstrap: CommandLine, args: str, sentence: str) -> None:
    certstrap.refuses(*args.split(), sentence=sentence, hint="Give one of them as a file.")


def test_a_key_from_standard_input_may_be_encrypted(depot: Path) -> None:
    bash(
        """
        certstrap request-cert --cn Enc --curve P-256 --passphrase secret
        cat out/Enc.key | certstrap request-cert --cn B --key - --passphrase secret
        certstrap sign B --CA CA < /dev/null
        """
    )
    key = foreign.load_key(depot / "Enc.key", b"secret")
    assert foreign.load_certificate(depot / "B.crt").public_key() == key.public_key()


@pytest.fixture
def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


@pytest.fixture
def once(fifo: Path, depot: Path) -> Iterator[None]:
    """Write the request `b` to `fifo`, once."""
    writer = Thread(target=fifo.write_bytes, args=(Path("b.csr").read_bytes(),), daemon=True)
    writer.start()
    yield
    writer.join(10)
    assert not writer.is_alive()


@pytest.mark.usefixtures("once")
def test_a_fifo_is_waited_for_and_read_once(program: Program, depot: Path) -> None:
    outcome = program("sign", "B", "--csr", "fifo")
    assert outcome.lines == [SIGNED.format("out/B.crt", "fifo")]
    assert foreign.load_certificate(depot / "B.crt").subject == foreign.name_of("b")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("certstrap sign B --csr <(true)", "/dev/fd/63 is empty."),
        ("certstrap sign B --csr - < /dev/null", "Standard input is empty."),
        ("certstrap sign B --csr /dev/null", "/dev/null is empty."),
        ("certstrap request-cert --cn B --key <(echo x)", "/dev/fd/63 is not a private key "),
        ("certstrap init --cn B --key - <<< x", "Standard input is not a private key "),
        ("certstrap sign B --csr /dev/zero", "/dev/zero has more than 64 MB."),
        ("certstrap sign B --csr /dev/stdin <&-", "Cannot read /dev/stdin: Bad file descriptor."),
        ("certstrap sign B --csr /dev/fd/99", "Cannot read /dev/fd/99: Bad file descriptor."),
    ],
)
def test_what_a_pipe_has_is_judged_like_a_file(depot: Path, command: str, sentence: str) -> None:
    before = snapshot(depot)
    assert sentence in bash(command, exit_code=1).stderr.splitlines()[0]
    assert snapshot(depot) == before


# Written


WHERE_TO = pytest.mark.parametrize("after", ["| cat", "> got; cat got", ">> got; cat got"])


@WHERE_TO
def test_a_certificate_goes_to_dev_stdout_before_its_line(depot: Path, after: str) -> None:
    done = bash("certstrap sign a --CA CA --cert /dev/stdout " + after)
    assert done.lines[0] == "-----BEGIN CERTIFICATE-----"
    assert done.lines[-2:] == [
        "-----END CERTIFICATE-----",
        SIGNED.format("/dev/stdout", "out/a.csr"),
    ]
    assert common_names(done.stdout) == ["CN=a"]
    assert not (depot / "a.crt").exists()


@WHERE_TO
def test_a_request_goes_to_dev_stdout_before_its_lines(depot: Path, after: str) -> None:
    done = bash(f"certstrap request-cert --cn B --csr /dev/stdout {EC} {after}")
    assert done.lines[-2:] == ["Created out/B.key", "Created /dev/stdout"]
    request = x509.load_pem_x509_csr(done.stdout.encode())
    assert request.public_key() == foreign.load_key(depot / "B.key").public_key()
    assert not (depot / "B.csr").exists()


def test_what_was_written_before_to_a_file_stays(depot: Path) -> None:
    done = bash(
        """
        { echo before; certstrap sign a --CA CA --cert /dev/stdout; echo after; } > got
        cat got
        """
    )
    assert done.lines[0] == "before"
    assert done.lines[-2:] == [SIGNED.format("/dev/stdout", "out/a.csr"), "after"]
    assert common_names(done.stdout) == ["CN=a"]


def test_a_request_becomes_a_certificate_without_a_file(depot: Path) -> None:
    done = bash(
        f"""
        certstrap request-cert --cn B --csr /dev/stdout {EC} |
            certstrap sign B --CA CA --csr /dev/stdin --cert /dev/stdout
        """
    )
    assert common_names(done.stdout) == ["CN=B"]
    assert sorted(path.name for path in depot.glob("B*")) == ["B.key"]


@pytest.mark.parametrize("path", ["/dev/fd/3", "/proc/self/fd/3"])
def test_a_certificate_goes_to_an_open_file(depot: Path, path: str) -> None:
    done = bash(f"certstrap sign a --CA CA --cert {path} 3> got")
    assert done.lines == [SIGNED.format(path, "out/a.csr")]
    assert common_names(Path("got").read_text()) == ["CN=a"]


def test_a_certificate_goes_to_the_pipe_of_a_shell(depot: Path) -> None:
    bash("certstrap sign a --CA CA --cert >(cat > got); until grep -q END got; do sleep 0.1; done")
    assert common_names(Path("got").read_text()) == ["CN=a"]


def test_a_certificate_goes_to_a_fifo_that_stays_one(
    program: Program, depot: Path, fifo: Path
) -> None:
    reader = programs.start("cat", "fifo", folder=Path.cwd())
    program("sign", "a", "--cert", "fifo")
    assert common_names(programs.end(reader).stdout) == ["CN=a"]
    assert fifo.is_fifo()


def test_a_certificate_may_go_nowhere(program: Program, depot: Path) -> None:
    outcome = program("sign", "a", "--cert", "/dev/null", "--stdout")
    assert outcome.lines[0] == SIGNED.format("/dev/null", "out/a.csr")
    assert common_names(outcome.stdout) == ["CN=a"]
    assert not os.path.isfile("/dev/null")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("sign a --CA CA --cert /dev/full", "Cannot write /dev/full: No space left on device."),
        ("request-cert --cn B --csr /dev/full", "Cannot write /dev/full: No space left on "),
        ("sign a --CA CA --cert - >&-", "Cannot write to standard output: Bad file descriptor."),
        ("sign a --CA CA --cert /dev/stdout >&-", "Cannot write /dev/stdout: Bad file descriptor"),
        ("request-cert --cn B --csr /dev/stdout >&-", "Cannot write /dev/stdout: Bad file desc"),
        ("sign a --CA CA --cert /dev/fd/3 3< b.csr", "Cannot write /dev/fd/3: Bad file desc"),
        ("sign a --CA CA --cert /dev/stdout > /dev/full", "Cannot write /dev/stdout: No space "),
    ],
)
def test_what_cannot_be_written_leaves_the_depot_as_it_was(
    depot: Path, command: str, sentence: str
) -> None:
    before = snapshot(depot)
    key = EC if "request" in command else ""
    done = bash(f"certstrap {command.replace('B', f'B {key}', 1)}", exit_code=1)
    assert sentence in done.stderr.splitlines()[0]
    assert snapshot(depot) == before
    if "/dev/" in sentence:
        assert done.stderr.splitlines()[1] == "Hint: Check what the path refers to."


def test_a_depot_is_gone_again_when_what_follows_cannot_be_written(folder: Path) -> None:
    bash(f"certstrap request-cert --cn B {EC} --csr /dev/full", exit_code=1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "command", ["status", "status --svg /dev/stdout", "sign a --CA CA --cert /dev/stdout"]
)
def test_a_pipe_that_nobody_reads_any_more_is_no_error(depot: Path, command: str) -> None:
    before = snapshot(depot)
    bash(f"{{ sleep 0.1; certstrap {command} 2> err || echo $? > status; }} | true")
    assert Path("err").read_text() == ""
    assert Path("status").read_text() == "1\n"
    assert snapshot(depot) == before


def test_ctrl_c_ends_the_wait_for_a_reader(folder: Path, depot: Path, fifo: Path) -> None:
    before = snapshot(depot)
    with terminal(folder, "sign", "a", "--cert", "fifo") as child:
        _wait_until_it_waits(child.pid)
        child.sendintr()
        ends(child, 130)
    assert snapshot(depot) == before


def _wait_until_it_waits(pid: int) -> None:
    """Wait until a process waits in the opening of a FIFO, or for two seconds."""
    until = monotonic() + 2
    while monotonic() < until:
        if Path(f"/proc/{pid}/wchan").read_text() == "wait_for_partner":
            return
        sleep(0.02)


# The depot


@pytest.mark.parametrize("file", ["CA.key", "CA.crt", "a.csr"])
def test_a_fifo_in_the_depot_is_refused_at_once(program: Program, depot: Path, file: str) -> None:
    (depot / file).unlink()
    os.mkfifo(depot / file)
    outcome = program("sign", "a", "--CA", "CA", exit_code=1, seconds=20)
    assert outcome.stderr.startswith(f"out/{file} is not a regular file.\n")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("init --cn B --key out/x", "out/x is not a regular file."),
        ("request-cert --cn B --key out/../out/x", "out/../out/x is not a regular file."),
        ("sign B --csr out/x", "out/x is not a regular file."),
        ("import B --cert out/x", "out/x is not a regular file."),
        ("sign a --cert out/x", "out/x already exists!"),
        ("request-cert --cn B --csr out/x --no-passphrase", "out/x already exists!"),
    ],
)
def test_a_fifo_in_the_depot_is_refused_when_it_is_named_too(
    certstrap: CommandLine, depot: Path, command: str, sentence: str
) -> None:
    os.mkfifo(depot / "x")
    certstrap.refuses(*command.split(), sentence=sentence)


def test_no_temporary_file_is_left_anywhere(depot: Path, folder: Path) -> None:
    devices = set(os.listdir("/dev"))
    bash("certstrap sign a --CA CA --cert /dev/stdout > got")
    assert not [name for name in set(os.listdir("/dev")) - devices if "certstrap" in name]
    assert not list(folder.rglob(".certstrap-*"))
