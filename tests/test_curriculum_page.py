"""docs/curriculum.md is what the script makes of the practices as they are."""

import shutil
from pathlib import Path

import pytest

from bot.core.course import Circle, CirclePractices, Curriculum, Practice
from bot.prompts import FOLDER, read
from scripts.write_curriculum import PAGE, page

CURRICULUM = PAGE.read_text("utf-8")


def test_page_is_what_the_script_makes() -> None:
    assert page() == CURRICULUM, "Write it anew: python -m scripts.write_curriculum"


def test_page_says_that_nobody_has_signed_it_off() -> None:
    assert "**No clinician has signed this off yet**" in CURRICULUM


def test_page_has_every_practice_and_every_source_in_a_row() -> None:
    curriculum = read(FOLDER / "en/nudges.yaml", Curriculum)
    circles = read(FOLDER / "en/circles.yaml", CirclePractices).circles()
    rows = [row.split(" | ") for row in CURRICULUM.splitlines() if row.startswith("| ")]
    drawn: list[Practice | Circle] = [*curriculum.practices(), *circles]
    for practice in drawn:
        ((_, words, moves, dose, seconds, evidence),) = [row for row in rows if row[0] == f"| {practice.name}"]
        assert (words, moves, dose, seconds) == (
            practice.words,
            practice.contrast,
            practice.dose,
            str(practice.seconds),
        )
        assert evidence.removesuffix(" |").split(", ") == [*practice.evidence]
    for name, source in curriculum.sources.items():
        ((_, study, _, found),) = [row for row in rows if row[0] == f"| {name}"]
        assert (study, found.removesuffix(" |")) == (source.study, source.found)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("nudges.yaml", "Find three things near you", "Find two things near you"),
        ("circles.yaml", "one quiet moment, in your mind", "one calm moment, in your mind"),
    ],
)
def test_page_follows_the_words(tmp_path: Path, name: str, old: str, new: str) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(FOLDER, folder)
    path = folder / "en" / name
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert new in page(folder)
