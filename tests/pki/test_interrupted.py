"""Ctrl-C while a signature is verified is never an answer, at whatever moment it comes."""

import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from types import FrameType

import pytest

from certstrap.pki import crl, issuers, rules
from certstrap.pki.keys import P256, RSA_2048, KeySpec
from tests.builders.certificates import a_certificate, a_request, an_issuer
from tests.builders.keys import a_key
from tests.conftest import NOW


class _Moments:
    """Sends Ctrl-C at one of the calls and returns of what is looked at."""

    def __init__(self, moment: int) -> None:
        self.left = moment

    def __call__(self, _frame: FrameType, _event: str, what: object) -> None:
        if what is sys.setprofile:  # which ends this
            return
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


def answers(check: Callable[[], bool]) -> list[bool | None]:
    """Return what is answered if Ctrl-C comes at each moment; None if it ends the program."""
    found: list[bool | None] = []
    before, profile = signal.signal(signal.SIGINT, signal.default_int_handler), sys.getprofile()
    try:
        for moment in count(1):
            moments = _Moments(moment)
            answer = None
            try:
                sys.setprofile(moments)
                answer = check()
            except KeyboardInterrupt:
                pass
            finally:
                sys.setprofile(profile)
            if moments.left > 0:
                return found
            found.append(answer)
    finally:
        signal.signal(signal.SIGINT, before)
    raise AssertionError


SPECS = pytest.mark.parametrize("spec", [RSA_2048, P256, KeySpec(curve="Ed25519")], ids=str)


@SPECS
def test_an_interrupt_never_makes_a_crl_a_badly_signed_one(spec: KeySpec) -> None:
    issuer = an_issuer(key=a_key(spec))
    first = crl.following(issuer, [], NOW)
    found = answers(lambda: issuers.is_signed_by(first, issuer.certificate))
    assert found
    assert set(found) == {None}


@SPECS
def test_an_interrupt_never_makes_a_request_a_badly_signed_one(spec: KeySpec) -> None:
    request = a_request(key=a_key(spec))
    found = answers(lambda: not list(rules.request_itself(request, "source")))
    assert found
    assert set(found) == {None}


@SPECS
def test_an_interrupt_never_makes_a_certificate_a_badly_signed_one(spec: KeySpec) -> None:
    ca = a_certificate(key=a_key(spec))
    found = answers(partial(issuers.is_signed_by, ca, ca))
    assert found
    assert set(found) == {None}
