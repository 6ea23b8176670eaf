"""The rules as data: each is complete, and the commands in it are commands of this program."""

import re

import pytest

from certstrap.hints import printed
from certstrap.temporal.check import RULES
from certstrap.temporal.rules import GROUPS, Rule
from tests.conftest import CommandLine

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


@every_rule
def test_a_rule_has_a_sentence_a_reason_a_fix_and_a_page(rule: Rule) -> None:
    assert re.fullmatch(r"(ca|leaf|chain|key|names|namespace|client)(-[a-z]+)+", rule.identifier)
    assert rule.group in GROUPS
    for text in (rule.sentence, rule.reason):
        assert re.fullmatch(r"([A-Z]|tcld ).*\.", text)
        assert "certstrap" not in text
    assert re.fullmatch(r"[A-Z].*", printed(rule.fix))
    assert rule.page.startswith(
        ("https://docs.temporal.io/", "https://www.rfc-editor.org/rfc/", "https://pkg.go.dev/")
    )


@every_rule
def test_the_command_in_a_fix_exists_with_its_options(certstrap: CommandLine, rule: Rule) -> None:
    for command, rest in re.findall(r"certstrap ([a-z0-9-]+)([^&]*)", printed(rule.fix)):
        usage = certstrap(command, "--help").stdout
        for option in re.findall(r"(--[a-z-]+)", rest):
            assert f"{option} " in usage
