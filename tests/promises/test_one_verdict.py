"""The law of one verdict: what one command refuses by a rule, no other passes as good by that rule.

It has two sides: `check` is never milder than the others, and is stricter for Temporal's reasons
alone.

Chains are made with defects of every kind, up to three at a time, and `verify`, `check`, `status`
and `sign` are asked about the same files.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certstrap.cli.context import Context
from certstrap.pki.keys import P256, KeySpec, PrivateKey, PublicKey
from certstrap.pki.profiles import BOTH, SERVER
from tests.builders import crls, foreign
from tests.builders.certificates import a_certificate_with, a_name, a_request, key_usage
from tests.builders.keys import a_key, an_rsa_key
from tests.conftest import FEW_ROUNDS, NOW, call
from tests.temporal.pki import with_sha1

DAY = timedelta(days=1)
KEYS = [P256.generate() for _ in range(5)]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
NAMES = x509.SubjectAlternativeName([x509.DNSName("a.example.com")])
POLICY = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)
POLICY_REQUIRED = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)


@dataclass(frozen=True)
class Cert:
    """A certificate of a chain as it is to be made."""

    stem: str
    key: PrivateKey
    is_ca: bool = True
    path_length: int | None = None
    usage: tuple[str, ...] = ("key_cert_sign", "crl_sign")
    start: datetime = NOW - DAY
    end: datetime = NOW + 300 * DAY
    identifier: bytes = b""
    constraints: x509.NameConstraints | None = None
    policies: tuple[x509.PolicyInformation, ...] = ()
    requires_policy: bool = False
    usages: tuple[x509.ObjectIdentifier, ...] = ()
    has_sha1: bool = False
    is_critical: bool = False
    is_revoked: bool = False
    is_missing: bool = False
    signer: PrivateKey | None = None
    key_in_file: PrivateKey | None = None
    new_key: PrivateKey | None = None
    is_renamed: bool = False
    crl_name: str = ""

    @property
    def file(self) -> str:
        """The name of its files."""
        return f"{self.stem}-renamed" if self.is_renamed else self.stem

    @property
    def public(self) -> PublicKey:
        return self.key.public_key()

    def made(self, above: "Cert | None") -> x509.Certificate:
        issuer = above or self
        length = self.path_length if self.is_ca else None
        named = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public)
        if self.identifier:
            named = x509.AuthorityKeyIdentifier(self.identifier, None, None)
        extensions: list[tuple[x509.ExtensionType | None, bool]] = [
            (x509.BasicConstraints(self.is_ca, length), True),
            (key_usage(*self.usage), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.public), False),
            (named if above else None, False),
            (self.constraints, True),
            (UNKNOWN if self.is_critical else None, True),
            (x509.CertificatePolicies(self.policies) if self.policies else None, False),
            (POLICY_REQUIRED if self.requires_policy else None, True),
            (x509.ExtendedKeyUsage(self.usages) if self.usages else None, False),
            *([(NAMES, False)] if self.stem == "leaf" else []),
        ]
        signer = self.signer or issuer.key
        made = a_certificate_with(
            *((value, critical) for value, critical in extensions if value is not None),
            key=self.key,
            subject=a_name(self.stem),
            by=(a_name(issuer.stem), signer),
            start=self.start,
            end=self.end,
        )
        if not (self.has_sha1 and isinstance(signer, ec.EllipticCurvePrivateKey)):
            return made
        return x509.load_der_x509_certificate(with_sha1(signer)(made.public_bytes(Encoding.DER)))


Chain = list[Cert]  # the leaf first, the root last


def a_chain(intermediates: int) -> Chain:
    leaf = Cert("leaf", KEYS[0], is_ca=False, usage=("digital_signature",), usages=BOTH)
    middle = [Cert(f"int{n}", KEYS[n + 1]) for n in range(intermediates)]
    return [leaf, *middle, Cert("root", KEYS[4], path_length=3)]


def change(first: int, last: int, **changes: object) -> Callable[[Chain, int], None]:
    """Return what changes one of the certificates from ``first`` to ``last``, as of slices."""

    def defect(chain: Chain, choice: int) -> None:
        places = range(*slice(first, last or None).indices(len(chain)))
        if places:
            place = places[choice % len(places)]
            chain[place] = replace(chain[place], **changes)  # type: ignore[arg-type]

    return defect


def constrained(permitted: Sequence[str], excluded: Sequence[str]) -> Callable[[Chain, int], None]:
    trees = [[x509.DNSName(name) for name in names] or None for names in (permitted, excluded)]
    return change(1, 0, constraints=x509.NameConstraints(*trees))


def revoked_by(**changes: object) -> Callable[[Chain, int], None]:
    """Return what revokes a certificate by a CA that is changed."""

    def defect(chain: Chain, choice: int) -> None:
        place = choice % (len(chain) - 1)
        chain[place] = replace(chain[place], is_revoked=True)
        chain[place + 1] = replace(chain[place + 1], **changes)  # type: ignore[arg-type]

    return defect


DEFECTS: dict[str, Callable[[Chain, int], None]] = {
    "expired": change(0, 0, end=NOW - DAY / 2),
    "not yet valid": change(0, 0, start=NOW + DAY),
    "weak key": change(0, 0, key=an_rsa_key(1024)),
    "key of another kind": change(0, 0, key=a_key(KeySpec(curve="Ed25519"))),
    "wrong key in the file": change(0, 0, key_in_file=a_key(P256)),
    "path length": change(-1, 0, path_length=0),
    "names not permitted": constrained(["other.example"], []),
    "names excluded": constrained([], ["example.com"]),
    "names permitted": constrained(["example.com"], ["b.example.com"]),
    "policy of some": change(0, -1, policies=(POLICY,)),
    "policy required": change(1, -1, requires_policy=True),
    "policy required and stated": change(1, -1, requires_policy=True, policies=(POLICY,)),
    "clients excluded": change(1, 0, usages=SERVER),
    "clients and servers excluded": change(1, 0, usages=(ExtendedKeyUsageOID.CODE_SIGNING,)),
    "signed with SHA-1": change(0, -1, has_sha1=True),
    "unknown critical extension": change(0, 0, is_critical=True),
    "wrong identifier": change(0, -1, identifier=b"\1\2\3"),
    "revoked": change(0, -1, is_revoked=True),
    "revoked by a new key": revoked_by(new_key=P256.generate()),
    "revoked by a CA with renamed files": revoked_by(is_renamed=True),
    "listed under another name": revoked_by(crl_name="somebody"),
    "issuer missing": change(1, 0, is_missing=True),
    "not a CA": change(1, 0, is_ca=False),
    "no certificate signing": change(1, 0, usage=("crl_sign",)),
    "signed by another key": change(0, -1, signer=a_key(P256)),
}


def write(path: Path, data: bytes, mode: int) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def store(depot: Path, chain: Chain) -> None:
    """Write a chain to a depot, with its keys, the CRLs of its CAs and the file of the client."""
    depot.mkdir()
    above = [*chain[1:], None]
    made = [each.made(ca) for each, ca in zip(chain, above, strict=True)]
    for number, (each, certificate) in enumerate(zip(chain, made, strict=True)):
        if each.is_missing:
            continue
        write(depot / f"{each.file}.crt", certificate.public_bytes(Encoding.PEM), 0o444)
        key = foreign.key_data(each.key_in_file or each.key)
        write(depot / f"{each.file}.key", key, 0o400)
        if number:
            below = made[number - 1]
            entries = [crls.entry(below.serial_number)] if chain[number - 1].is_revoked else []
            if each.new_key:
                other = replace(each, key=each.new_key).made(above[number])
                write(depot / f"{each.stem}-new.crt", other.public_bytes(Encoding.PEM), 0o444)
            name = each.crl_name or each.stem
            crl = crls.made_elsewhere(
                certificate, each.new_key or each.key, entries=entries, issuer=a_name(name)
            )
            write(depot / f"{name}.crl", crl, 0o644)
    presented = [
        certificate.public_bytes(Encoding.PEM)
        for each, certificate in zip(chain[:-1], made, strict=False)
        if not each.is_missing
    ]
    if len(chain) > 2:
        write(depot / "leaf.chain.crt", b"".join(presented), 0o444)


Verdict = dict[str, bool]
"""Whether a command refuses by a rule; a rule by which it does not judge is missing."""

DATES, KEY, REVOKED = {"expired", "not-yet-valid"}, {"key-kind", "key-size"}, {"revoked"}
NO_CA = {"not-a-ca", "key-usage"}
NO_ISSUER = {"issuer-missing", "issuer-loop", "signature", "issuer-name", "untrusted-root"}
ALL, FIRST, SECOND, ABOVE = slice(None), slice(1), slice(1, 2), slice(1, None)  # of a chain

VERIFY: dict[str, tuple[set[str], slice]] = {
    "dates of the leaf": (DATES, FIRST),
    "dates of the CAs": (DATES, ABOVE),
    "key of the leaf": (KEY, FIRST),
    "key of the issuer": (KEY, SECOND),
    "keys of the CAs": (KEY, ABOVE),
    "revoked leaf": (REVOKED, FIRST),
    "revoked CA": (REVOKED, ABOVE),
    "path length": ({"path-length"}, ALL),
    "names": ({"name-constraints"}, ALL),
    "policies": ({"policies"}, ALL),
    "usages": ({"usages"}, ALL),
    "signature of the leaf": ({"weak-signature"}, FIRST),
    "signatures of the CAs": ({"weak-signature"}, ABOVE),
    "critical extensions": ({"critical-extension"}, ALL),
    "identifiers": ({"identifier"}, ALL),
    "CRLs": ({"crl-foreign"}, ALL),
    "the issuer may sign": (NO_CA, SECOND),
    "chain": (NO_CA | NO_ISSUER, ALL),
}
CHECK = {
    "dates of the leaf": {"leaf-expired", "leaf-started"},
    "dates of the CAs": {"chain-valid", "ca-expired", "ca-started"},
    "key of the leaf": {"key-kind"},
    "keys of the CAs": {"ca-key", "ca-algorithm", "chain-cas"},
    "path length": {"chain-length"},
    "names": {"chain-domains"},
    "policies": {"chain-policies"},
    "usages": {"ca-client-usage", "chain-cas"},
    "signature of the leaf": {"leaf-algorithm"},
    "signatures of the CAs": {"ca-algorithm", "chain-cas"},
    "critical extensions": {"leaf-critical", "ca-critical", "chain-cas"},
    "identifiers": {"chain-identifiers"},
    "chain": {
        "chain-complete", "chain-signature", "chain-name", "chain-cas", "ca-true", "ca-leaf",
        "ca-usage", "ca-issuer",
    },
    "pair of the leaf": {"key-pair"},
}  # fmt: skip
SIGN = {
    "dates of the CAs": ("expired on", "is not valid before"),
    "key of the issuer": ("has an RSA key",),
    "revoked CA": ("was revoked",),
    "path length": ("path length is",),
    "names": ("The CA may not sign a.example.com",),
    "usages": ("The CA may not sign certificates for this purpose",),
    "the issuer may sign": ("is not allowed to sign",),
    "pair of the issuer": ("is not the key of",),
}
CHAIN_CAS = {
    "key of kind": "keys of the CAs",
    "RSA key": "keys of the CAs",
    "is signed with": "signatures of the CAs",
    "extended key usage": "usages",
    "critical extension": "critical extensions",
}
"""The rule ``chain-cas`` judges by several truths: the words for each; all others are the chain."""

TEMPORALS_OWN = {
    "key-kind": "has a key of kind Ed25519",
    "leaf-algorithm": "is signed with Ed25519",
    "ca-algorithm": "is signed with Ed25519",
    "chain-cas": "Ed25519",
}
"""The reasons for which Temporal Cloud alone refuses: the rule, and what its sentence says.

By no other reason may `check` refuse what other commands pass as good.
"""


def by_verify(depot: str) -> Verdict:
    exit_code, document = asked("verify", "leaf", "--json", depot=depot)
    links = [
        {each["rule"] for each in link["failures"]} for link in document["results"][0]["chain"]
    ]
    assert exit_code == (3 if any(links) else 0)
    assert set().union(*links) <= set().union(*(rules for rules, _ in VERIFY.values()))
    verdict = {
        truth: any(rules & found for found in links[where])
        for truth, (rules, where) in VERIFY.items()
    }
    return _refused(verdict) if set().union(*links) & NO_ISSUER else verdict


def by_check(depot: str) -> Verdict:
    _, document = asked("check", "leaf", "--json", depot=depot)
    findings = document["results"][0]["findings"]
    problems = {each["rule"]: each["problems"] for each in findings}
    assert all(bool(each["problems"]) == (each["status"] != "passed") for each in findings)
    verdict = {}
    for truth, rules in CHECK.items():
        said = [
            (rule, sentence)
            for rule in rules & problems.keys()
            for sentence in problems[rule]
            if rule != "chain-cas" or _truth_of(sentence) in {truth, ""}
        ]
        shared = [each for each in said if not _is_temporals_own(*each)]
        if rules & problems.keys() and bool(said) == bool(shared):  # else nobody else judges by it
            verdict[truth] = bool(shared)
    for each in findings:
        if each["rule"] == "leaf-revoked":
            of_leaf = [sentence.startswith(f"{depot}/leaf.crt") for sentence in each["problems"]]
            verdict |= {"revoked leaf": any(of_leaf), "revoked CA": not all(of_leaf)}
    is_complete = problems.get("chain-complete") == [] and not verdict.get("chain")
    return verdict if is_complete else _refused(verdict)


def _truth_of(sentence: str) -> str:
    """Return what a sentence of ``chain-cas`` is about; empty for those that are not shown."""
    if sentence.startswith("And "):
        return ""
    return next((truth for words, truth in CHAIN_CAS.items() if words in sentence), "chain")


def _is_temporals_own(rule: str, sentence: str) -> bool:
    is_shown = not sentence.startswith("And ")
    return not is_shown or (rule in TEMPORALS_OWN and TEMPORALS_OWN[rule] in sentence)


def by_status(depot: str) -> Verdict:
    _, document = asked("status", "--json", depot=depot)
    items = {each["name"]: each for each in document["items"]}
    chain, name = [], "leaf"
    while name and items[name] not in chain:
        chain.append(items[name])
        name = items[name]["issuer"]
    problems = [{each["rule"] for each in item["problems"]} for item in chain]
    states = [item["state"] for item in chain]
    verdict = {
        "key of the leaf": bool(KEY & problems[0]),
        "keys of the CAs": any(KEY & each for each in problems[1:]),
        "revoked leaf": "revoked" in states[:1],
        "revoked CA": "revoked" in states[1:],
        "signature of the leaf": "weak-signature" in problems[0],
        "signatures of the CAs": any("weak-signature" in each for each in problems[1:]),
        "chain": any("issuer-missing" in each for each in problems),
        "pair of the leaf": "pair" in problems[0],
    }
    if len(chain) > 1:
        verdict["key of the issuer"] = bool(KEY & problems[1])
        verdict["pair of the issuer"] = "pair" in problems[1]
    for what, some in {"leaf": states[:1], "CAs": states[1:]}.items():
        if "revoked" not in some:  # which is shown in the place of the dates
            verdict[f"dates of the {what}"] = bool({"expired", "not yet valid"} & {*some})
    if not verdict["chain"]:
        del verdict["chain"]  # it does not say whether the issuer may sign
        return verdict
    return _refused(verdict)


def by_sign(depot: str, ca: str) -> Verdict:
    """Ask for a certificate with the names of the leaf; the first reason is the only one."""
    if not Path(depot, f"{ca}.crt").exists():
        return {}
    data = a_request(subject=a_name("new"), key=KEYS[3], names=[x509.DNSName("a.example.com")])
    Path(depot, "new.csr").write_bytes(data.public_bytes(Encoding.PEM))
    outcome = call("--depot-path", depot, "sign", "new", "--CA", ca, input="", context=CONTEXT)
    if outcome.exit_code == 0:  # some of the usages may have been left out
        return dict.fromkeys(SIGN.keys() - {"usages"}, False)
    reasons = {
        truth: True for truth, words in SIGN.items() if any(w in outcome.stderr for w in words)
    }
    assert reasons, outcome
    return reasons


def _refused(verdict: Verdict) -> Verdict:
    """Return what a command refuses that did not see the whole chain."""
    return {truth: refused for truth, refused in verdict.items() if refused}


CONTEXT = Context(now=lambda: NOW, environ={}, rounds=FEW_ROUNDS)


def asked(*args: str, depot: str) -> tuple[int, dict[str, Any]]:
    outcome = call("--depot-path", depot, *args, input="", context=CONTEXT)
    return outcome.exit_code, json.loads(outcome.stdout)


def verdicts_on(chain: Chain) -> dict[str, Verdict]:
    with TemporaryDirectory() as folder:
        store(Path(folder, "out"), chain)
        depot = f"{folder}/out"
        return {
            "verify": by_verify(depot),
            "check": by_check(depot),
            "status": by_status(depot),
            "sign": by_sign(depot, chain[1].file),
        }


def contradictions(verdicts: dict[str, Verdict]) -> list[tuple[str, str, str]]:
    """Return each rule by which one command refuses what another one passes as good.

    Of a chain that is broken not everybody sees the same part; the leaf they all do.
    """
    is_broken = any(verdict.get("chain") for verdict in verdicts.values())
    return [
        (truth, one, other)
        for one, verdict in verdicts.items()
        for truth, refused in verdict.items()
        for other, theirs in verdicts.items()
        if refused
        and theirs.get(truth, True) is False
        and not (is_broken and not truth.endswith("leaf"))
    ]


@settings(max_examples=120)
@given(
    intermediates=st.integers(0, 2),
    defects=st.lists(st.tuples(st.sampled_from(sorted(DEFECTS)), st.integers(0, 5)), max_size=3),
)
def test_no_command_passes_what_another_one_refuses(
    intermediates: int, defects: list[tuple[str, int]]
) -> None:
    chain = a_chain(intermediates)
    for name, choice in defects:
        DEFECTS[name](chain, choice)
    if not chain[0].is_missing:
        assert not contradictions(verdicts_on(chain))


@pytest.mark.parametrize("intermediates", [0, 1, 2])
def test_all_commands_pass_a_good_chain_by_every_rule(intermediates: int) -> None:
    chain = a_chain(intermediates)
    for verdict in verdicts_on(chain).values():
        assert verdict
        assert not any(verdict.values())


def test_temporal_cloud_alone_refuses_for_each_of_its_own_reasons() -> None:
    refused_by = set()
    for place in range(3):
        chain = a_chain(1)
        DEFECTS["key of another kind"](chain, place)
        with TemporaryDirectory() as folder:
            store(Path(folder, "out"), chain)
            exit_code, document = asked("check", "leaf", "--json", depot=f"{folder}/out")
            assert exit_code == 3
            for verdict in (by_verify, by_check, by_status):
                assert not any(verdict(f"{folder}/out").values())
        refused_by |= {
            each["rule"]
            for each in document["results"][0]["findings"]
            for sentence in each["problems"]
            if _is_temporals_own(each["rule"], sentence)
        }
    assert refused_by == set(TEMPORALS_OWN)


EVERY_REFUSAL = {
    ("expired", 0): "dates of the leaf",
    ("expired", 1): "dates of the CAs",
    ("not yet valid", 0): "dates of the leaf",
    ("not yet valid", 2): "dates of the CAs",
    ("weak key", 0): "key of the leaf",
    ("weak key", 1): "key of the issuer",
    ("wrong key in the file", 0): "pair of the leaf",
    ("wrong key in the file", 1): "pair of the issuer",
    ("path length", 0): "path length",
    ("names not permitted", 1): "names",
    ("names excluded", 1): "names",
    ("policy required", 0): "policies",
    ("policy required and stated", 0): "policies",
    ("clients excluded", 0): "usages",
    ("clients excluded", 1): "usages",
    ("clients and servers excluded", 0): "usages",
    ("clients and servers excluded", 1): "usages",
    ("signed with SHA-1", 0): "signature of the leaf",
    ("signed with SHA-1", 1): "signatures of the CAs",
    ("unknown critical extension", 0): "critical extensions",
    ("unknown critical extension", 1): "critical extensions",
    ("wrong identifier", 0): "identifiers",
    ("revoked", 0): "revoked leaf",
    ("revoked", 1): "revoked CA",
    ("revoked by a new key", 0): "revoked leaf",
    ("revoked by a new key", 1): "revoked CA",
    ("revoked by a CA with renamed files", 0): "revoked leaf",
    ("revoked by a CA with renamed files", 1): "revoked CA",
    ("issuer missing", 0): "chain",
    ("not a CA", 0): "chain",
    ("no certificate signing", 0): "the issuer may sign",
    ("signed by another key", 0): "chain",
}


@pytest.mark.parametrize("defect", EVERY_REFUSAL, ids=str)
def test_each_defect_is_refused_by_all_that_judge_it(defect: tuple[str, int]) -> None:
    name, choice = defect
    chain = a_chain(2 if name == "path length" else 1)
    DEFECTS[name](chain, choice)
    verdicts = [each.get(EVERY_REFUSAL[defect]) for each in verdicts_on(chain).values()]
    assert verdicts.count(True) >= (1 if name == "no certificate signing" else 2)
    assert False not in verdicts


def test_what_is_listed_under_another_name_is_revoked_for_nobody() -> None:
    for choice in (0, 1):
        chain = a_chain(1)
        DEFECTS["listed under another name"](chain, choice)
        for verdict in verdicts_on(chain).values():
            assert not any(refused for truth, refused in verdict.items() if "revoked" in truth)
