"""The files that `cryptography` is tested with: what `inspect` shows of each, beside OpenSSL.

Whatever OpenSSL prints of one, we show the same, or name the part that cannot be read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest

from certstrap.cli.render import inspect as render
from certstrap.errors import CertstrapError, NoPassphraseError
from certstrap.inventory.inspect import Inspection, Inspector
from certstrap.pki import pem
from certstrap.store.depot import DepotFolder
from tests.conftest import NOW, CommandLine
from tests.interop.peers import openssl

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's, which `cli.main` keeps back

VECTORS = Path(cryptography_vectors.__file__).parent
KINDS = {".cer", ".crl", ".crt", ".csr", ".der", ".key", ".p12", ".p7b", ".pem", ".pfx", ".pub"}
FILES = sorted(
    path
    for folder in ("asymmetric", "pkcs7", "pkcs12", "x509")
    for path in (VECTORS / folder).rglob("*")
    if path.suffix in KINDS
)
SOME = 20
"""Of this many PKCS#12 files, one is opened: their keys take long to derive, and are all alike."""

Properties = Mapping[str, Any]


@cache
def inspections() -> dict[Path, Inspection]:
    """Return what is in each file that can be read."""
    return dict(_inspected())


def _inspected() -> Iterator[tuple[Path, Inspection]]:
    for number, path in enumerate(FILES):

        def passphrase(number: int = number) -> bytes:
            if number % SOME:
                raise NoPassphraseError(str(number))
            return b"password"

        inspector = Inspector(DepotFolder("none"), NOW, passphrase, passphrase)
        with suppress(CertstrapError):
            yield path, inspector.data(path.read_bytes(), str(path))


def shown() -> dict[str, Properties]:
    """Return the JSON of each certificate, request and CRL, by its PEM."""
    found = list(inspections().values())
    pems = [block for each in found for block in render.pem_blocks(each)]
    objects = [
        each
        for result in json.loads(json.dumps(render.document(found, NOW)))["results"]
        for each in result["objects"]
        if each["kind"] in {pem.CERTIFICATE, pem.REQUEST, pem.CRL}
    ]
    signed = [block for block in pems if " KEY-----" not in block]
    return dict(zip(signed, objects, strict=True))


def test_every_file_is_shown_or_refused_in_a_sentence(certstrap: CommandLine) -> None:
    assert len(FILES) > 1_000
    assert len(inspections()) > 900
    some = [str(path) for path in inspections() if path.suffix != ".p12"]
    outcome = certstrap("inspect", "--json", *some, exit_code=1)
    assert outcome.stderr == ""
    assert len(json.loads(outcome.stdout)["results"]) == len(some)
    assert certstrap("inspect", *some, exit_code=1).stderr == ""


def test_what_cannot_be_read_openssl_cannot_read_either() -> None:
    """Of X.509; of keys and of PKCS#12, the passphrase may be lacking."""
    for path in FILES:
        if path.suffix != ".p12" and "x509" in path.parts and path not in inspections():
            for kind in ("x509", "req", "crl"):
                assert openssl(kind, "-in", path, "-noout", exit_code=None).exit_code


def test_every_certificate_and_crl_is_shown_as_openssl_prints_it(folder: Path) -> None:
    ours = shown()
    file = folder / "all.pem"
    file.write_text("\n".join(block for block in ours if " REQUEST-----" not in block) + "\n")
    printed = openssl("storeutl", "-text", file, exit_code=None).stdout
    entry = r"^\d+: (?:Certificate|CRL)\n(.*?)(-----BEGIN .*?-----END [^-]*-----)$"
    theirs = {block: text for text, block in re.findall(entry, printed, re.DOTALL | re.MULTILINE)}
    assert len(theirs) > 600
    assert theirs.keys() <= ours.keys()
    for block, text in theirs.items():
        agree(ours[block], text)
    for block in ours.keys() - theirs.keys():
        assert " REQUEST-----" in block or ours[block]["unreadable"], ours[block]["source"]


def test_every_request_is_shown_as_openssl_prints_it(folder: Path) -> None:
    requests = {block: each for block, each in shown().items() if " REQUEST-----" in block}
    assert len(requests) > 15
    for block, each in requests.items():
        (folder / "r").write_text(block + "\n")
        agree(each, openssl("req", "-in", "r", "-noout", "-text").stdout)


FIELDS = {
    "subject": ("subject", "Subject"),
    "issuer": ("issuer", "Issuer"),
    "not_before": ("start date", "Not Before"),
    "not_after": ("expiry date", "Not After "),
    "last_update": ("last update", "Last Update"),
    "next_update": ("next update", "Next Update"),
}


def agree(each: Properties, text: str) -> None:
    """Assert that what we show is what OpenSSL prints, or is named as what cannot be read."""
    content, unreadable = each["content"], {lost["part"] for lost in each["unreadable"]}
    for field, (part, label) in FIELDS.items():
        found = re.search(rf"^ *{label}: ?(.*)$", text, re.MULTILINE)
        if found and field in content and part not in unreadable:
            ours = content[field]
            expected = name(ours) if field in {"subject", "issuer"} else date(ours)
            theirs = without_separators(found[1]) if "=" in expected else found[1].strip()
            assert theirs == expected, (each["source"], field)
    if "serial" in content and "serial number" not in unreadable:
        assert int(content["serial"], 16) == serial(text), each["source"]


def date(ours: str | None) -> str:
    """Return a timestamp as OpenSSL prints it."""
    if ours is None:
        return "NONE"
    instant = datetime.strptime(ours, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return f"{instant:%b} {instant.day:2} {instant:%H:%M:%S} {instant.year} GMT"


SHORT = {
    "STREET": "street",
    "givenName": "GN",
    "surname": "SN",
    "jurisdictionCountryName": "jurisdictionC",
    "jurisdictionStateOrProvinceName": "jurisdictionST",
}


def name(ours: str) -> str:
    """Return a name of RFC 4514 as OpenSSL prints it, without what separates its parts."""
    parts = [part.partition("=") for part in re.split(r"(?<!\\)[,+]", ours)[::-1] if part]
    return without_separators("".join(f"{SHORT.get(k, k)}={value(v)}" for k, _, v in parts))


def value(ours: str) -> str:
    plain = re.sub(r"\\([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), ours)
    octets = re.sub(r"\\(.)", r"\1", plain).encode()
    if ours.startswith("#"):  # a BIT STRING: after the count of the bits that are not used
        octets = bytes.fromhex(ours[3:])
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02X}" for octet in octets)


def without_separators(text: str) -> str:
    return re.sub(r"[ ,/+]|\\(?=/)", "", text)


def serial(text: str) -> int:
    """Return the serial number that OpenSSL prints: short as a number, long in hex."""
    found = re.search(
        r"Serial Number:\s*(?:(-?\d+) \(|(\(Negative\))?\s*([0-9a-f:]+)$)", text, re.MULTILINE
    )
    assert found, text[:200]
    number, negative, octets = found.groups()
    if number:
        return int(number)
    return int(octets.replace(":", ""), 16) * (-1 if negative else 1)
