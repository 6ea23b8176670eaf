"""The columns that a text takes: as rich counts them, which is not loaded for plain lines."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from certstrap.text import columns, padded
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

TEXTS = [
    "",
    "worker-1 (CA)",
    "Ñandú",
    "N\u0303andu\u0301",
    "證書",
    "ﾜｰｶｰ",
    "ワーカー",
    "한글",
    "\u1112\u1161\u11ab",
    "сертификат",
    "عَمِيل",
    "ग्राहक",
    "น้ำ",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_takes_as_many_columns_as_rich_counts(text: str) -> None:
    assert columns(text) == cell_len(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_padded_to_its_columns_and_never_cut(text: str) -> None:
    assert cell_len(padded(text, 20)) == 20
    assert padded(text, 20).rstrip() == text
    assert padded(text, 1 if text else 0) == text


def test_plain_lines_are_aligned_for_names_of_any_script(
    certstrap: CommandLine, folder: Path
) -> None:
    names = ["a", "證書", "N\u0303andu\u0301", "ग्राहक"]
    certstrap("issue", *names, *NEW_KEY)
    filters = [{"commonName": name} for name in names]
    (folder / "filters.json").write_text(json.dumps({"filters": filters}))
    for line, word in (("status", "  P-256"), ("filters --match filters.json", "  filter ")):
        before = [each.split(word)[0] for each in certstrap(*line.split()).lines if word in each]
        assert len(before) >= len(names)
        assert len({cell_len(each) for each in before}) == 1
