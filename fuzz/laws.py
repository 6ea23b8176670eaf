"""What must hold of every call, whatever it was given."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography import x509

from certstrap.pki.parts import UNDECODABLE
from fuzz import command_lines, folders
from fuzz.cases import PROGRAM, Case
from fuzz.corpus import SECRET
from fuzz.runs import Outcome

EXIT_CODES = {0, 1, 2, 3, 130}
_NOT_OURS = re.compile(
    r"Traceback|failed unexpectedly|Exception ignored|[A-Za-z]Warning\b|panicked|OpenSSLError"
    r"|object at 0x|<class '|NoneType|\[Errno|, line \d+, in |Fatal Python error"
)
_BASE64 = re.compile(rb"^[A-Za-z0-9+/]{48,}$", re.MULTILINE)
_PUBLIC = re.compile(
    rb"-----BEGIN (CERTIFICATE|CERTIFICATE REQUEST|X509 CRL)-----[^-]+-----END \1-----"
)
_LOADERS: dict[bytes, Callable[[bytes], object]] = {
    b"CERTIFICATE": x509.load_pem_x509_certificate,
    b"CERTIFICATE REQUEST": x509.load_pem_x509_csr,
    b"X509 CRL": x509.load_pem_x509_crl,
}
_REPLACED = re.compile(r"\.crl$|/compromised-keys$")  # what a command may replace


class Fault(NamedTuple):
    """A law that was broken.

    Attributes:
        law: which one.
        detail: by what.
        kind: a text that is the same for the same fault in another call.
    """

    law: str
    detail: str
    kind: str


def faults(case: Case, outcome: Outcome) -> Iterator[Fault]:
    """Yield each law that a call broke."""
    for law, check in _LAWS.items():
        for detail in check(case, outcome):
            yield Fault(law, detail, _kind(case, law, detail))


def _kind(case: Case, law: str, detail: str) -> str:
    if "failed unexpectedly" in detail or "a usage error" in detail:
        return detail.splitlines()[-1]  # the same mistake, whatever the command
    names = {command.words[0] for command in command_lines.commands()}
    command = next((word for word in case.words if word in names), "")
    last = detail.strip().splitlines()[-1]
    where = re.findall(r'certstrap/(\S+)", line (\d+)', detail)[-1:]
    return re.sub(r"\d+", "N", f"{law}: {command}: {last}") + str(where)


def _exit_status(_: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.exit_code not in EXIT_CODES and not outcome.raised:
        yield f"it is {outcome.exit_code}"


def _no_exception(_: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.raised:
        yield outcome.raised


def _own_sentences(case: Case, outcome: Outcome) -> Iterator[str]:
    for text in (outcome.stdout, outcome.stderr):
        for line in text.splitlines():
            if _NOT_OURS.search(line):
                yield line
    is_quiet = case.redirection or "_CERTSTRAP_COMPLETE" in case.environ
    # What `inspect` cannot read is a result, too.
    reported = outcome.stderr + (outcome.stdout if "inspect" in case.words else "")
    if outcome.exit_code in {1, 2} and not is_quiet and not reported.strip():
        yield f"it ended with {outcome.exit_code}, and standard error is empty"


def _no_control_characters(_: Case, outcome: Outcome) -> Iterator[str]:
    """A terminal must not be told what to do by a name."""
    found = [c for c in outcome.stderr if not (c.isprintable() or c == "\n")]
    if found:
        what = "a usage error" if outcome.stderr.startswith("Usage:") else "an error"
        yield f"{found[0]!a} in {outcome.stderr[:500]!a}\n{what} has a control character"


def _no_noise(_: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.noise:
        yield outcome.noise


def _unchanged_by_failure(case: Case, outcome: Outcome) -> Iterator[str]:
    # If only its report failed, the files are there, and it says so.
    # And of all that end soon, those that can be renewed are.
    some = "renew" in case.words and any(re.match("--?expiring", word) for word in case.words)
    if outcome.exit_code not in {0, 3} and not case.redirection and not some:
        yield from _differences(outcome)


def _changed_in_its_place(case: Case, outcome: Outcome) -> Iterator[str]:
    """What is new is in the depot or was named; what is old stays, save a CRL."""
    if case.redirection or outcome.exit_code not in {0, 3}:
        return
    here = next((path for path in outcome.after if path.endswith(f"/{folders.HERE}")), "")
    named = {os.path.realpath(os.path.join(here, word)) for word in _paths(case)}
    into = any(re.match("--?into", word) for word in case.words)
    forced = any(re.match("--?force", word) for word in case.words)
    encrypted = "passphrase" in case.words
    for path, (mode, data) in outcome.after.items():
        if outcome.before.get(path) == outcome.after[path]:
            continue
        real = os.path.realpath(path)
        holds_named = stat.S_ISDIR(mode) and any(each.startswith(real + os.sep) for each in named)
        is_in_named = os.path.dirname(real.replace("/archive/", "/")) in named
        if not (real in named or is_in_named or holds_named) or "/.certstrap-" in path:
            yield f"{path} is new, in the wrong place"
        old = outcome.before.get(path)
        extended = into and old and old[0] == mode and data.startswith(old[1])
        archived = old and (old[1] in _archived(outcome) or stat.S_ISDIR(mode))
        changed = encrypted and path.endswith(".key")
        if old and not (forced or extended or archived or changed or _REPLACED.search(path)):
            yield f"{path} was overwritten"
    for path in outcome.before.keys() - outcome.after.keys():
        yield f"{path} is gone"


def _archived(outcome: Outcome) -> list[bytes]:
    """Return the content of the files that `renew` has put aside."""
    return [data for path, (_, data) in outcome.after.items() if "/archive/" in path]


def _paths(case: Case) -> Iterator[str]:
    """Yield what could be a path on a command line, and the depot."""
    yield case.environ.get("CERTSTRAP_DEPOT_PATH") or "out"
    for word in case.words:
        yield word
        yield word.partition("=")[2] or word


def _differences(outcome: Outcome) -> Iterator[str]:
    for path in sorted(outcome.before.keys() | outcome.after.keys()):
        if outcome.before.get(path) != outcome.after.get(path):
            how = (
                "gone"
                if path not in outcome.after
                else "changed"
                if path in outcome.before
                else "new"
            )
            yield f"{path} is {how}, and the exit status is {outcome.exit_code}"


def _nothing_strays(case: Case, outcome: Outcome) -> Iterator[str]:
    named = {os.path.realpath(path) for path in _paths(case) if path.startswith("/")}
    folders_of_named = {os.path.dirname(path) for path in named}
    for path in outcome.strayed:
        is_named = path in named or os.path.dirname(path) in named | folders_of_named
        if not is_named and not any(each.startswith(path + os.sep) for each in named):
            yield f"it changed {path}"


def _no_secrets(case: Case, outcome: Outcome) -> Iterator[str]:
    printed = outcome.stdout + outcome.stderr
    if any("/dev/" in word for word in case.words) and case.target == PROGRAM:
        return  # it may have been asked to write a key there
    if "PRIVATE KEY-----" in printed:
        yield "a private key was printed"
    # A file that was changed may have a certificate after the BEGIN line of a key.
    data = _PUBLIC.sub(_undecodable, printed.encode(errors="surrogateescape"))
    for path, (_, content) in {**outcome.before, **outcome.after}.items():
        if data and b"PRIVATE KEY" in content and any(line in data for line in _private(content)):
            yield f"a part of {os.path.basename(path)} was printed"
    # A command line that is not as it should be may have the passphrase in the place of a name.
    typed = any(SECRET in word for word in case.words) and not case.is_whole
    if SECRET in printed and not typed:
        yield "a passphrase was printed"


def _undecodable(block: re.Match[bytes]) -> bytes:
    """Return a PEM block if it is not what its label says, and nothing if it is."""
    try:
        _LOADERS[block[1]](block[0])
    except UNDECODABLE:
        return block[0]
    return b""


def _private(content: bytes) -> list[bytes]:
    """Return lines of the base64 of a key that are not of its public key.

    That is at the end of a short key (PKCS#8, RFC 5958) and at the start of an RSA key (RFC 8017).
    """
    lines: list[bytes] = _BASE64.findall(content)
    return lines[:2] if len(lines) < 6 else lines[len(lines) // 2 :]


_LAWS: dict[str, Callable[[Case, Outcome], Iterator[str]]] = {
    "the exit status is one of ours": _exit_status,
    "no exception leaves the app": _no_exception,
    "only our own sentences are printed": _own_sentences,
    "no control characters are printed": _no_control_characters,
    "nothing is printed past the streams": _no_noise,
    "a call that fails changes nothing": _unchanged_by_failure,
    "a call changes only what it should": _changed_in_its_place,
    "nothing outside of the folder is changed": _nothing_strays,
    "no secret is printed": _no_secrets,
}
