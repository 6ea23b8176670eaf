"""``issue`` beside what is there already, and beside others who make it at the same time."""

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from inspect import unwrap
from math import inf
from pathlib import Path
from types import CodeType, FrameType

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certstrap.operations.batch import SIZE, Line, create_all, prepare_all
from certstrap.operations.issue import Issuance, IssueRequest
from certstrap.pki.keys import P256, RSA_2048, KeySpec, PrivateKey
from certstrap.pki.names import NO_NAMES
from certstrap.pki.validity import Expiry
from certstrap.session import Generate, Passphrases, Session
from certstrap.store import transaction
from certstrap.store.depot import DepotFolder, Name
from certstrap.store.locks import Interrupts
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.builders.keys import a_key
from tests.conftest import NOW, CommandLine

DAYS = Expiry.parse("90d")
NO_PASSPHRASES = Passphrases(opening=bytes, opening_ca=str.encode, new=bytes, new_ca=bytes)


def issued(name: str, generate: Generate = KeySpec.generate, spec: KeySpec = P256) -> Issuance:
    wanted = IssueRequest(Name.parse(name), None, NO_NAMES, spec, DAYS)
    session = Session(DepotFolder("out"), NOW, NO_PASSPHRASES, generate)
    ready = prepare_all(session, [(0, wanted)], "")
    ((only,),) = create_all(session, ready, 1, lambda _: None)
    return only


def test_a_ca_that_another_process_creates_meanwhile_is_used(folder: Path) -> None:
    def generate_late(spec: KeySpec) -> PrivateKey:
        if not DepotFolder("out").authorities:
            issued("first", a_key, RSA_2048)
        return a_key(spec)

    second = issued("second", generate_late, RSA_2048)
    assert second.new_ca is None
    assert second.root_path == "out/Cert.crt"
    names = {path.name for path in (folder / "out").glob("*.crt")}
    assert names == {"Cert.crt", "first.crt", "second.crt"}


def test_while_a_list_is_looked_at_nobody_else_changes_the_depot(folder: Path) -> None:
    wanted = [IssueRequest(Name.parse(name), None, NO_NAMES, P256, DAYS) for name in ("one", "two")]
    issued("zero")
    session = Session(DepotFolder("out"), NOW, NO_PASSPHRASES)

    class Slow(list[Line]):
        """A list between whose first and second line another process issues that of the second."""

        def __iter__(self) -> Iterator[Line]:
            yield self[0]
            others.append(pool.submit(issued, "two"))
            assert wait(others, 0.2).not_done
            yield from self[1:]

    others: list[Future[Issuance]] = []
    with ThreadPoolExecutor(1) as pool:
        lines = Slow(enumerate(wanted, 2))
        one, two = prepare_all(session, lines, "list.csv")
        assert len(two.missing) == 3
        assert others[0].result().signed
    ((first, second),) = create_all(session, [one, two], 1, lambda _: None)
    assert first.signed
    assert second.signed is None
    assert {path.name for path in (folder / "out").glob("*.crt")} == {
        *("Cert.crt", "zero.crt", "one.crt", "two.crt")
    }


@contextmanager
def interrupted_after(code: CodeType) -> Iterator[None]:
    """Let Ctrl-C come whenever a function has ended, while a lock is held."""

    def send(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code and not is_let_through(frame):
            signal.raise_signal(signal.SIGINT)

    def is_let_through(frame: FrameType) -> bool:
        return getattr(frame.f_locals.get("self"), "most", inf) == 0

    before, profile = signal.signal(signal.SIGINT, signal.default_int_handler), sys.getprofile()
    sys.setprofile(send)
    yield
    sys.setprofile(profile)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def late() -> Iterator[None]:
    """Ctrl-C comes whenever files have been written, before their folders are released."""
    with interrupted_after(transaction.write.__code__):
        yield


@pytest.mark.usefixtures("late")
def test_an_interrupt_that_comes_too_late_for_a_batch_ends_the_list_after_it(folder: Path) -> None:
    wanted = [
        IssueRequest(Name.parse(f"n{i}"), None, NO_NAMES, P256, DAYS) for i in range(SIZE + 1)
    ]
    session = Session(DepotFolder("out"), NOW, NO_PASSPHRASES)
    ready = prepare_all(session, [(0, each) for each in wanted], "")
    batches = create_all(session, ready, 1, lambda _: None)
    assert len(next(batches)) == SIZE
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    assert len(list((folder / "out").glob("n*.crt"))) == SIZE


@pytest.mark.usefixtures("late")
def test_an_interrupt_that_comes_too_late_for_the_last_batch_has_no_effect(folder: Path) -> None:
    session = Session(DepotFolder("out"), NOW, NO_PASSPHRASES)
    wanted = IssueRequest(Name.parse("only"), None, NO_NAMES, P256, DAYS)
    ready = prepare_all(session, [(0, wanted)], "")
    assert [len(batch) for batch in create_all(session, ready, 1, lambda _: None)] == [1]


@pytest.mark.parametrize(
    ("make", "reported"),
    [
        (foreign.weak_key, "an RSA key of 1024 bits"),
        (lambda: ec.generate_private_key(ec.SECP192R1()), "an EC key of 192 bits"),
    ],
    ids=["RSA", "EC"],
)
def test_a_weak_key_that_is_there_is_not_used(
    certstrap: CommandLine, folder: Path, make: Callable[[], PrivateKey], reported: str
) -> None:
    (folder / "out").mkdir()
    foreign.write(folder / "out/weak.key", foreign.key_data(make()))
    certstrap.refuses("issue", "weak", sentence=f"out/weak.key has {reported}.", hint="Use one of")


def test_a_revoked_certificate_is_not_handed_out(certstrap: CommandLine) -> None:
    certstrap("issue", "a", "--curve", "P-256")
    certstrap("revoke", "--CN", "a", now=NOW + timedelta(hours=1))
    reported = "out/a.crt was revoked on 2026-11-23 13:00:00 UTC."
    certstrap.refuses("issue", "a", sentence=reported, hint="give it a new key")


def test_nothing_is_signed_below_a_revoked_intermediate(certstrap: CommandLine) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    certstrap("issue", "before", "--CA", "Int", "--curve", "P-256")
    certstrap("revoke", "--CN", "Int", "--CA", "Root")
    reported = 'The CA "CN=Int" was revoked on 2026-11-23 12:00:00 UTC.'
    certstrap.refuses("issue", "after", "--CA", "Int", sentence=reported)


def test_the_order_of_alternative_names_does_not_count(certstrap: CommandLine) -> None:
    certstrap("issue", "a", "--curve", "P-256", "--domain", "a.example,b.example")
    again = certstrap("issue", "a", "--domain", "b.example,a.example")
    assert again.lines[0].startswith("out/a.crt already exists")


@pytest.mark.parametrize("spelling", ["My CA (x)", "My_CA_(x)"])
def test_a_ca_under_certstraps_file_name_is_known_again(
    certstrap: CommandLine, folder: Path, spelling: str
) -> None:
    certstrap("init", "--cn", "My CA (x)", *NEW_KEY)
    (folder / "old").mkdir()
    for suffix in ("key", "crt", "crl"):
        shutil.copy2(folder / f"out/My_CA_(x).{suffix}", folder / "old")
    for _ in range(2):
        done = certstrap("--depot-path", "old", "issue", "w", "--CA", spelling, "--curve", "P-256")
    assert done.lines[0].startswith("old/w.crt already exists")


@pytest.mark.parametrize("args", [("issue", "a"), ("sign", "a")])
def test_a_ca_that_cannot_be_read_does_not_count_as_none(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    certstrap("init", "--cn", "MyCA", *NEW_KEY)
    path = folder / "out/MyCA.crt"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:200])
    if args[0] == "sign":
        certstrap("request-cert", "--cn", "a", *NEW_KEY)
    certstrap.refuses(*args, sentence="out/MyCA.crt is ")


def test_the_ca_of_what_exists_is_named_if_it_cannot_be_read(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "x", *NEW_KEY)
    foreign.write(folder / "out/Cert.crt", b"garbage")
    (folder / "list.csv").write_text("name\nx\n")
    for args in (("x",), ("x", "--CA", "Cert"), ("--from", "list.csv")):
        said = certstrap("issue", *args, exit_code=1).stderr
        assert "Cannot tell which CA issued out/x.crt." in said
        assert "out/Cert.crt is not a certificate that can be read." in said


def test_no_passphrase_for_a_new_key_lets_the_environment_open_the_ca(
    certstrap: CommandLine, folder: Path
) -> None:
    secret = {"CERTSTRAP_PASSPHRASE": "secret"}
    certstrap("init", "--cn", "Guarded", "--curve", "P-256", environ=secret)
    certstrap("issue", "a", *NEW_KEY, environ=secret)
    assert b"ENCRYPTED" in (folder / "out/Guarded.key").read_bytes()
    assert b"ENCRYPTED" not in (folder / "out/a.key").read_bytes()


def test_a_redirection_of_powershell_is_refused_with_a_hint(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "a", "--curve", "P-256")
    pem = (folder / "out/a.crt").read_text()
    (folder / "utf16.crt").write_bytes(pem.encode("utf-16"))
    certstrap.refuses(
        "import", "b", "--cert", "utf16.crt",
        sentence="utf16.crt is text in UTF-16, which other programs cannot read.",
        hint="Set-Content -Encoding ascii",
    )  # fmt: skip


def test_a_serial_number_of_another_ca_is_not_revoked(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "a", "--curve", "P-256")
    certstrap("init", "--cn", "Other", *NEW_KEY)
    serial = foreign.load_certificate(folder / "out/a.crt").serial_number
    reported = "The CA Other did not issue that certificate."
    certstrap.refuses("revoke", "--serial", f"{serial:x}", "--CA", "Other", sentence=reported)
    certstrap("revoke", "--serial", f"{serial:x}", "--CA", "Cert")


def test_a_ca_whose_name_ends_as_a_chain_does_is_found(certstrap: CommandLine) -> None:
    certstrap("init", "--cn", "x.chain", *NEW_KEY)
    certstrap("issue", "x", "--CA", "x.chain", "--curve", "P-256")
    assert certstrap("issue", "x").lines[0].startswith("out/x.crt already exists")


def test_several_permitted_domains_may_stand_in_one_option(certstrap: CommandLine) -> None:
    certstrap("init", "--cn", "C", *NEW_KEY,
              "--permit-domain", "a.example, b.example")  # fmt: skip
    certstrap("issue", "ok", "--curve", "P-256", "--domain", "x.b.example")
    reported = "The CA may not sign c.example: it is permitted a.example, b.example."
    certstrap.refuses("issue", "no", "--curve", "P-256", "--domain", "c.example", sentence=reported)


def test_an_interrupt_while_the_lock_is_given_back_to_ask_for_a_passphrase_ends_the_command(
    depot: Path,
) -> None:
    passphrases = NO_PASSPHRASES._replace(opening=lambda: pytest.fail("it asked"))
    session = Session(DepotFolder("out"), NOW, passphrases)
    with interrupted_after(unwrap(Interrupts.allowed).__code__), pytest.raises(KeyboardInterrupt):
        session.transact(lambda _: session.passphrases.opening())
