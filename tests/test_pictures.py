"""The README's pictures are what the script draws, and stand alone."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.figure import HEIGHT, WIDTH
from scripts.draw_pictures import FOLDER, TERMINAL, TYPED, gap, paths, terminal

MEND = "Draw them anew: python -m scripts.draw_pictures"
FILES = sorted(FOLDER.iterdir())


def test_gap_is_what_the_script_draws() -> None:
    assert f"{gap()}\n" == (FOLDER / "gap.svg").read_text("utf-8"), MEND


def test_terminal_is_what_the_bot_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)
    assert f"{terminal()}\n" == (FOLDER / "terminal.svg").read_text("utf-8"), MEND


def test_terminal_shows_what_was_typed_and_an_answer_to_each() -> None:
    markup = (FOLDER / "terminal.svg").read_text("utf-8")
    shown = " ".join(" ".join(ET.fromstring(markup).itertext()).split())  # noqa: S314 - it is of this repository
    places = [shown.index(f"> {line}") for line in TYPED]
    assert places == sorted(places)
    assert shown.count("[1] ") == len(TYPED) + 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_picture_fetches_nothing(file: Path) -> None:
    markup = file.read_text("utf-8")
    assert re.findall(r"href|@import|@font-face|url\((?!#)", markup) == []


def test_words_of_the_gap_have_room_and_none_lies_upon_another() -> None:
    boxes = [text.box for text in paths().texts]
    assert [box for box in boxes if min(box.left, box.top, WIDTH - box.right, HEIGHT - box.bottom) < 16] == []
    assert [(one, other) for one, other in combinations(boxes, 2) if one.meets(other)] == []
