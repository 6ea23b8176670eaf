"""Go reads what this tool writes, with the library of certstrap, and verifies it by its bytes."""

import shutil
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.context import utc_now
from certstrap.pki.keys import CURVES
from tests.builders import DATA, foreign
from tests.builders.certificates import a_certificate
from tests.conftest import CommandLine, visible
from tests.interop.peers import go

READ_DEPOT = Path(__file__).with_name("go")
KINDS = {"RSA": ("--key-bits", "2048"), **{curve: ("--curve", curve) for curve in CURVES}}


TODAY = utc_now()  # Go looks at no other clock
certstrap = CommandLine(now=TODAY)


def judged(depot: Path) -> list[str]:
    return sorted(go(READ_DEPOT, depot, "secret").lines)


def test_go_reads_every_file_of_a_depot_and_signs_with_its_cas(folder: Path) -> None:
    for kind, options in KINDS.items():
        for secret in ("", "secret"):
            ca, client = f"CA {kind} {secret}", f"client {kind} {secret}"
            certstrap("init", "--cn", ca, *options, "--passphrase", secret, "--path-length", "1")
            certstrap("request-cert", "--cn", client, *options, "--passphrase", "")
            certstrap("request-cert", "--cn", f"Int {client}", *options, "--passphrase", secret)
            certstrap("sign", f"Int {client}", "--CA", ca, "--intermediate", "--passphrase", secret)
            certstrap("sign", client, "--CA", f"Int {client}", "--passphrase", secret)
            certstrap("revoke", "--CN", client, "--passphrase", secret)
    files = [path.name for path in visible(folder / "out")]
    assert len(files) == len(KINDS) * 2 * (3 + 4 + 3)
    assert judged(folder / "out") == sorted(f"{file} is right" for file in files)


ISSUED = ("Int_CA.crt", "under_int.crt")
FULL = ("--c", "US", "--st", "CA", "--l", "SF", "--o", "Example", "--ou", "Ops")


def test_what_certstrap_issued_is_valid_in_go_below_a_root_that_is_made_again(
    folder: Path,
) -> None:
    shutil.copy(DATA / "EC_Clear.key", "old.key")
    line = ("--key", "old.key", "--cn", "EC Clear", *FULL, "--exclude-path-length")
    certstrap("init", *line, "--passphrase", "")
    for file in ISSUED:
        shutil.copy(DATA / file, "out")
    verdicts = [f"{file} is right" for file in ISSUED]
    assert set(verdicts) < set(judged(folder / "out"))


def test_what_certstrap_issued_is_valid_in_go_below_a_root_that_is_renewed(folder: Path) -> None:
    for file in ("EC_Clear.crt", "EC_Clear.key"):
        foreign.write(folder / "out" / file, (DATA / file).read_bytes(), 0o440)
    certstrap("renew", "EC Clear", "--no-passphrase")
    assert foreign.load_certificate(folder / "out/EC_Clear.crt") != foreign.load_certificate(
        DATA / "EC_Clear.crt"
    )
    for file in ISSUED:
        shutil.copy(DATA / file, "out")
    shutil.rmtree("out/archive")
    verdicts = [f"{file} is right" for file in ("EC_Clear.crt", *ISSUED)]
    assert set(verdicts) < set(judged(folder / "out"))


def test_it_is_not_below_a_root_whose_name_has_other_string_types(folder: Path) -> None:
    old = foreign.load_certificate(DATA / "EC_Clear.crt")
    other = x509.Name(x509.NameAttribute(part.oid, part.value) for part in old.subject)
    assert other == old.subject
    key = foreign.load_key(DATA / "EC_Clear.key")
    root = a_certificate(
        key=key, subject=other, start=TODAY - foreign.YEAR, end=TODAY + foreign.YEAR
    )
    foreign.write(folder / "out/Root.crt", root.public_bytes(Encoding.PEM))
    for file in ISSUED:
        shutil.copy(DATA / file, "out")
    wrong = "is wrong: x509: certificate signed by unknown authority"
    assert [line for line in judged(folder / "out") if wrong in line] == [
        f"{file} {wrong}" for file in ISSUED
    ]
