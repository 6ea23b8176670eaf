"""NIST's path validation suite (PKITS): what `verify` says, NIST expects and OpenSSL says.

Its 223 end certificates are judged with all of its CAs and CRLs in one depot, and any policy is
accepted. Where two of the three differ, `DIFFERENCES` has a line with the reason.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import cryptography_vectors
import pytest

from certstrap.pki.pem import to_pem
from tests.conftest import NOW, CommandLine
from tests.interop.peers import openssl

PKITS = Path(cryptography_vectors.__file__).parent / "x509/PKITS_data"
ROOT = "TrustAnchorRootCertificate"


class Verdicts(NamedTuple):
    """Who says that a certificate is good."""

    nist: bool
    ours: bool
    openssl: bool


OURS_ALONE_ACCEPTS = Verdicts(nist=False, ours=True, openssl=False)
OURS_ALONE_REFUSES = Verdicts(nist=True, ours=False, openssl=True)
DIFFERENCES: list[tuple[str, Verdicts, list[str]]] = [
    (
        "Without a CRL, `verify` says good, and that there is none. None of these CAs has its own.",
        OURS_ALONE_ACCEPTS,
        [
            "InvalidMissingCRLTest1",
            "InvalidWrongCRLTest6",
            "InvalidBadCRLIssuerNameTest5",
            "InvalidcRLIssuerTest27",
            "InvalidIDPwithindirectCRLTest26",
        ],
    ),
    (
        "Partial CRLs alone do not tell whether a certificate is revoked.",
        OURS_ALONE_REFUSES,
        [
            "ValidcRLIssuerTest28",
            "ValidcRLIssuerTest29",
            "ValiddistributionPointTest1",
            "ValiddistributionPointTest4",
            "ValiddistributionPointTest5",
            "ValiddistributionPointTest7",
            "ValidonlyContainsCACertsTest13",
            "ValidonlySomeReasonsTest18",
            "ValidonlySomeReasonsTest19",
        ],
    ),
    (
        "Indirect CRLs are not supported.",
        OURS_ALONE_REFUSES,
        [
            "ValidIDPwithindirectCRLTest22",
            "ValidIDPwithindirectCRLTest24",
            "ValidIDPwithindirectCRLTest25",
            "ValidcRLIssuerTest33",
        ],
    ),
    (
        "A delta CRL releases nothing from hold.",
        Verdicts(nist=True, ours=False, openssl=False),
        ["ValiddeltaCRLTest5"],
    ),
    (
        "OpenSSL uses a delta CRL only with an option.",
        Verdicts(nist=False, ours=False, openssl=True),
        ["InvaliddeltaCRLTest4"],
    ),
    (
        "DSA is not supported, and OpenSSL refuses its 1024 bits.",
        Verdicts(nist=True, ours=False, openssl=False),
        ["ValidDSASignaturesTest4", "ValidDSAParameterInheritanceTest5"],
    ),
    (
        "OpenSSL does not accept the path of the CRL's issuer.",
        Verdicts(nist=True, ours=True, openssl=False),
        ["ValidcRLIssuerTest30"],
    ),
]


def is_good_to_nist(name: str) -> bool:
    """Return what NIST expects, by the name; "Different Policies" mostly leave none in common."""
    return not name.startswith(("Invalid", "DifferentPolicies")) or name == "DifferentPoliciesTest3"


@pytest.fixture
def names(folder: Path) -> list[str]:
    """The depot with PKITS's CAs and CRLs, and a file for each of its end certificates."""
    depot = folder / "out"
    depot.mkdir(mode=0o700)
    names = []
    for path in sorted((PKITS / "certs").iterdir()):
        pem = to_pem("CERTIFICATE", path.read_bytes())
        if path.stem.endswith("EE"):
            names.append(path.stem.removesuffix("EE"))
            (folder / f"{names[-1]}.pem").write_bytes(pem)
        else:
            (depot / path.name).write_bytes(pem)
    for path in (PKITS / "crls").iterdir():
        (depot / path.name).write_bytes(to_pem("X509 CRL", path.read_bytes()))
    return names


def good_to_openssl(folder: Path, names: list[str]) -> set[str]:
    def joined(name: str, pattern: str) -> list[str]:
        paths = [path for path in (folder / "out").glob(pattern) if path.stem != ROOT]
        (folder / name).write_bytes(b"".join(path.read_bytes() for path in paths))
        return [name]

    done = openssl(
        "verify", "-attime", str(int(NOW.timestamp())), "-auth_level", "2",
        "-policy_check", "-policy", "anyPolicy", "-crl_check_all", "-extended_crl",
        "-no-CApath", "-no-CAstore", "-CAfile", f"out/{ROOT}.crt",
        "-untrusted", *joined("cas", "*.crt"), "-CRLfile", *joined("crls", "*.crl"),
        *(f"{name}.pem" for name in names),
        exit_code=None,
    )  # fmt: skip
    return {*re.findall(r"^(\w+)\.pem: OK$", done.stdout, re.MULTILINE)}


def test_verdicts_on_pkits_are_those_of_nist_and_openssl_but_for_known_differences(
    certstrap: CommandLine, folder: Path, names: list[str]
) -> None:
    assert len(names) == 223
    files = [f"./{name}.pem" for name in names]
    found = json.loads(certstrap("verify", "--json", *files, exit_code=3).stdout)
    ours = {each["name"][2:-4] for each in found["results"] if each["good"]}
    theirs = good_to_openssl(folder, names)
    verdicts = {
        name: Verdicts(is_good_to_nist(name), name in ours, name in theirs) for name in names
    }
    assert {name: each for name, each in verdicts.items() if len({*each}) > 1} == {
        name: each for _, each, names in DIFFERENCES for name in names
    }
