"""The JDK loads our chains and PKCS#8 keys, validates them, and talks TLS 1.3 with them."""

import shutil
from pathlib import Path

from tests.conftest import CommandLine
from tests.interop.conftest import HOST, TLS_KINDS, Make, chain_of_below
from tests.interop.peers import java

SOURCE = Path(__file__).with_name("Interop.java")
SAYS = [
    "chain of client validated: 1 certificates",
    "chain of below validated: 2 certificates",
    "chain of server validated: 1 certificates",
    "chain of stranger refused",
    "TLSv1.3 with CN=client",
    "TLSv1.3 with CN=below",
    "TLS with stranger refused",
]


# The JDK verifies no P-224 signatures. It starts once, as that takes longer than all its checks.
def test_the_jdk_accepts_each_kind_of_chain_and_key_and_refuses_the_strangers(
    make_depot: Make, certstrap: CommandLine, folder: Path
) -> None:
    asked = []
    for kind in TLS_KINDS:
        depot, stranger, files = (
            make_depot(kind, "ours"),
            make_depot(kind, "strangers"),
            folder / kind,
        )
        files.mkdir()
        shutil.copy(depot / "Root.crt", files / "ca.crt")
        shutil.copy(depot / "Root.crl", files / "ca.crl")
        for name, owner, whose in (
            ("client", depot, "client"),
            ("below", depot, "below"),
            ("server", depot, "server"),
            ("stranger", stranger, "client"),
        ):
            shutil.copy(owner / f"{whose}.crt", files / f"{name}.crt")
            key = ("--key", str(owner / f"{whose}.key"), "--output", str(files / f"{name}.key"))
            certstrap("export-pkcs8", *key)
        (files / "below.crt").write_bytes(chain_of_below(depot))
        asked += [kind if kind in {"RSA", "Ed25519"} else "EC", kind]
    assert java(SOURCE, HOST, *asked).lines == SAYS * len(TLS_KINDS)
