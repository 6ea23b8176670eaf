"""OpenSSL and Go accept what a limited CA signs, and refuse what it may not sign, as we do."""

from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY
from tests.commands.test_limits import EVERY_LIMIT
from tests.conftest import CommandLine
from tests.interop.peers import go, openssl

VERIFY = Path(__file__).with_name("go_verify")
GOOD: dict[str, tuple[str, ...]] = {
    "domain": ("--domain", "a.example.com"),
    "network": ("--ip", "10.0.0.1,2001:db8::1"),
    "uri": ("--uri", "spiffe://a.example.com/worker"),
}
BAD: dict[str, tuple[str, ...]] = {
    "other-domain": ("--domain", "a.example.org"),
    "excluded-domain": ("--domain", "x.secret.example.com"),
    "other-network": ("--ip", "192.0.2.1"),
    "excluded-network": ("--ip", "10.9.1.1"),
    "other-uri": ("--uri", "https://example.org/"),
    "excluded-uri": ("--uri", "https://secret.example.com/"),
    "server": ("--domain", "s.example.com", "--profile", "server"),
}


@pytest.fixture
def limited(today: CommandLine) -> CommandLine:
    """A depot of a root, and of an intermediate for clients that has every limit.

    `Same` has the key and the name of the intermediate, and no limits: it signs what that may not.
    """
    today("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    today("request-cert", "--cn", "Int", *NEW_KEY)
    today("--depot-path", "free", "init", "--cn", "Int", "--key", "out/Int.key", "--no-passphrase")
    today("sign", "Int", "--intermediate", *EVERY_LIMIT, "--profile", "client")
    return today


def test_they_agree_with_us(limited: CommandLine, folder: Path) -> None:
    for name, options in GOOD.items():
        limited("issue", name, "--CA", "Int", *options, "--curve", "P-256")
    for name, options in BAD.items():
        line = ("issue", name, "--CA", "Int", *options, "--curve", "P-256")
        limited.refuses(*line, sentence="may not sign")
        limited("--depot-path", "free", *line)
    root, middle = ((folder / "out" / f"{ca}.crt").read_bytes() for ca in ("Root", "Int"))
    for name in (*GOOD, *BAD):
        leaf = folder / ("out" if name in GOOD else "free") / f"{name}.crt"
        code = openssl(
            "verify", "-purpose", "sslclient", "-CAfile", "out/Root.crt",
            "-untrusted", "out/Int.crt", leaf, exit_code=None,
        ).exit_code  # fmt: skip
        assert (code == 0) == (name in GOOD), name
        (folder / name).mkdir()
        (folder / name / "ca.pem").write_bytes(root)
        (folder / name / "leaf.pem").write_bytes(leaf.read_bytes() + middle)
    seconds = str(int(limited.now.timestamp()))
    lines = go(VERIFY, seconds, *(folder / name for name in (*GOOD, *BAD))).lines
    verdicts = dict(zip((*GOOD, *BAD), (line.endswith(" good") for line in lines), strict=True))
    assert verdicts == dict.fromkeys(GOOD, True) | dict.fromkeys(BAD, False)
