"""The labelled messages of tests/corpus: what noticing and danger are fitted and measured on."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bot.core.state import Source

CORPUS: Final = Path(__file__).parent / "corpus"
FILES: Final = sorted(CORPUS.rglob("*.jsonl"))
FIELDS: Final = ["id", "text", "label", "source", "setting", "note", "voice"]
LABELS: Final = {
    *("WITNESS", "OWN", "COMPASSION", "OTHER", "PAST", "MINOR"),
    *("CRISIS_OWN", "CRISIS_OTHER", "THREAT", "MEDICAL", "ABUSE", "PSYCHOSIS", "EATING"),
}
NOTES: Final = {"CRISIS_OWN": {"T1", "T2", "T3"}, "CRISIS_OTHER": {"friend-at-risk", "danger-now"}}


def rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_is_labelled_in_known_words(path: Path) -> None:
    for row in rows(path):
        assert [*row] == FIELDS
        assert row["text"].strip()
        assert row["label"] in LABELS
        assert row["source"] in {*Source}
        assert row["setting"] in {"private", "group"}
        assert row["voice"] == path.stem
        if row["label"] in NOTES:
            assert row["note"].split(";")[0] in NOTES[row["label"]]


def test_every_row_has_an_id_of_its_own() -> None:
    counts = Counter(row["id"] for path in FILES for row in rows(path))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_message_of_some_length_stands_twice() -> None:
    texts = (re.sub(r"\W+", " ", row["text"].casefold()).strip() for path in FILES for row in rows(path))
    counts = Counter(text for text in texts if len(text.split()) > 5)
    assert [text for text, count in counts.items() if count > 1] == []


def test_each_of_the_four_has_many_messages_in_many_voices() -> None:
    voices = Counter((row["label"], path.stem) for path in FILES for row in rows(path))
    for label in ("WITNESS", "OWN", "COMPASSION", "OTHER"):
        assert sum(count for (one, _), count in voices.items() if one == label) >= 2_000
        assert len([1 for one, _ in voices if one == label]) >= 15
