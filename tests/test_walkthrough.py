"""The documented walkthrough, step by step."""

from pathlib import Path

from tests.conftest import CommandLine


def test_walkthrough_leaves_the_documented_files(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--common-name", "Cert", "--curve", "P-256", input="\n\n")
    certstrap("request-cert", "--common-name", "your-namespace", input="\n\n")
    certstrap("sign", "your-namespace", "--CA", "Cert")
    certstrap("export-pkcs8", "your-namespace")
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "Cert.crl",
        "Cert.crt",
        "Cert.key",
        "your-namespace.crt",
        "your-namespace.csr",
        "your-namespace.key",
        "your-namespace.pkcs8.key",
    ]
