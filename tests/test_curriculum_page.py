"""docs/curriculum.md is what the script makes of the practices as they are."""

import shutil
from pathlib import Path

from bot.core.course import Curriculum
from bot.prompts import FOLDER, read
from scripts.write_curriculum import PAGE, page

CURRICULUM = PAGE.read_text("utf-8")


def test_page_is_what_the_script_makes() -> None:
    assert page() == CURRICULUM, "Write it anew: python -m scripts.write_curriculum"


def test_page_says_that_nobody_has_signed_it_off() -> None:
    assert "**No clinician has signed this off yet**" in CURRICULUM


def test_page_has_every_practice_and_every_source_in_a_row() -> None:
    curriculum = read(FOLDER / "en/nudges.yaml", Curriculum)
    rows = [row.split(" | ") for row in CURRICULUM.splitlines() if row.startswith("| ")]
    for practice in curriculum.practices():
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


def test_page_follows_the_words(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(FOLDER, folder)
    path = folder / "en/nudges.yaml"
    path.write_text(path.read_text("utf-8").replace("Find three things near you", "Find two things near you"), "utf-8")
    assert "Find two things near you" in page(folder)
