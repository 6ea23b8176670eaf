"""The text of reports: in lines, and drawn for terminals of 60 and 120 columns."""

import re
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from certstrap.cli.render import check as render
from certstrap.cli.render.report import drawing, lines
from certstrap.temporal.check import Report, check_bundle
from certstrap.temporal.handshake import Handshake
from certstrap.temporal.inputs import read_certificates
from tests.builders.keys import OTHER_KEY, key_data
from tests.temporal.pki import LEAF, PRESENT, ROOT, judged

SOON = ROOT.but(start=PRESENT.replace(year=PRESENT.year - 1))
WRONG = """\
leaf: leaf.crt, leaf.key, CA ca.crt
Key
  failed   leaf.key is not the key of leaf.crt.
           To fix: Use the key and the certificate that
           belong together.
           Rule: key-pair
Rehearsal
  failed   The connection cannot be set up: "key values
           mismatch".
leaf failed: 2 of 56 checks.
"""
WRONG_IN_120 = """\
leaf: leaf.crt, leaf.key, CA ca.crt
Key
  failed   key-pair             leaf.key is not the key of leaf.crt.
                                To fix: Use the key and the certificate that belong together.
Rehearsal
  failed   rehearsal            The connection cannot be set up: "key values mismatch".
leaf failed: 2 of 56 checks.
"""
BUNDLE = """\
CA ca.crt
CA
  passed   The CA file is PEM text, and each certificate in
           it can be read.
  warning  ca.crt has text or empty lines after the last
           certificate, which tcld refuses.
           To fix: Write it again: certstrap bundle --cert
           FILE --output NEW
           Rule: ca-content
  passed   The CA file holds no private key.
  passed   There are at most 16 CA certificates.
  passed   The CA file has at most 32,768 bytes.
"""
BUNDLE_IN_120 = """\
CA ca.crt
CA
  passed   ca-pem               The CA file is PEM text, and each certificate in it can be read.
  warning  ca-content           ca.crt has text or empty lines after the last certificate, which \
tcld refuses.
                                To fix: Write it again: certstrap bundle --cert FILE --output NEW
  passed   ca-private-key       The CA file holds no private key.
"""


def drawn(reports: Sequence[Report], width: int, *, quiet: bool = False) -> str:
    """Return what a terminal of ``width`` columns shows, without colours."""
    file = StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    console.print(
        drawing(render.sections(reports, "", width, render.SHOWN["failures" if quiet else "all"]))
    )
    shown = file.getvalue().splitlines()
    assert max(map(len, shown)) <= width
    return "".join(f"{line.rstrip()}\n" for line in shown)


def wrong() -> Report:
    return judged(LEAF, key=key_data(OTHER_KEY))


def a_bundle() -> Report:
    return check_bundle(read_certificates(ROOT.pem + b"\n", "ca.crt"), PRESENT)


@pytest.mark.parametrize(("width", "text"), [(60, WRONG), (120, WRONG_IN_120)])
def test_what_failed_is_drawn(width: int, text: str) -> None:
    assert drawn([wrong()], width, quiet=True) == text


@pytest.mark.parametrize(("width", "text"), [(60, BUNDLE), (120, BUNDLE_IN_120)])
def test_a_verdict_stands_beside_each_rule(width: int, text: str) -> None:
    shown = drawn([a_bundle()], width)
    assert shown.startswith(text)
    assert shown.endswith("\nca.crt passed, with 1 warning.\n")


def test_with_quiet_nothing_is_drawn_of_what_passed() -> None:
    assert drawn([a_bundle(), wrong()], 60, quiet=True) == WRONG


def test_reports_are_lines_in_columns() -> None:
    shown = [*lines(render.sections([a_bundle(), wrong()], "", 0))]
    passed, warning = shown[3:5]
    assert shown[:3] == ["CA ca.crt", "", "CA"]
    assert passed.startswith("  passed   ca-pem           The CA file is PEM text, and each ")
    assert warning == (
        "  warning  ca-content       ca.crt has text or empty lines after the last certificate, "
        "which tcld refuses. To fix: Write it again: certstrap bundle --cert FILE --output NEW"
    )
    end = shown.index("ca.crt passed, with 1 warning.")
    assert shown[end + 1 : end + 3] == ["", "leaf: leaf.crt, leaf.key, CA ca.crt"]
    assert shown[-1] == "leaf failed: 2 of 56 checks."


def test_colours_say_nothing_that_words_do_not() -> None:
    file = StringIO()
    console = Console(file=file, width=60, force_terminal=True, color_system="standard")
    console.print(drawing(render.sections([wrong()], "", 60)))
    # Rich keeps the codes of a style for the colours that it was first drawn with.
    coloured = re.findall(r"\x1b\[([0-9;]+)m  (failed|passed) ", file.getvalue())
    colours = {word: code for code, word in coloured}
    assert colours["failed"] in {"31", "38;5;196"}
    assert colours["passed"] in {"32", "38;5;28"}


PROVES_NOTHING = (
    "h:1 accepts the client, but also clients without a certificate: this proves nothing about the "
    "certificate."
)
OUTCOMES = {
    Handshake("accepted", demanded=True): ("passed", "h:1 accepts the certificate."),
    Handshake("accepted", demanded=None): ("passed", "h:1 accepts the certificate."),
    Handshake("accepted", demanded=False): (
        "warning",
        PROVES_NOTHING,
    ),
    Handshake("refused", "tlsv1 alert unknown ca", "unknown_ca"): (
        "failed",
        'h:1 refuses the certificate: "tlsv1 alert unknown ca" (TLS alert unknown_ca).',
    ),
    Handshake("untrusted", "self-signed"): (
        "failed",
        'The certificate of h:1 is not trusted: "self-signed".',
    ),
    Handshake("unreachable", "refused"): ("failed", 'h:1 is not reachable: "refused".'),
    Handshake("failed", "wrong version"): (
        "failed",
        'The TLS connection to h:1 fails: "wrong version".',
    ),
    Handshake("skipped", "no key"): ("warning", "Not tried: no key."),
}


@pytest.mark.parametrize("tried", OUTCOMES)
def test_each_outcome_of_a_connection_has_its_own_sentence(tried: Handshake) -> None:
    report = judged(LEAF)._replace(connection=tried, address="h:1")
    row = [*render.rows(report)][-1]
    assert (row.group, row.status, row.sentence) == ("Connection", *OUTCOMES[tried])
    assert report.passed == (row.status != "failed")
