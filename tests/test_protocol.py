"""docs/protocol.md is what the script makes of the prompts as they are."""

import re
import shutil
from pathlib import Path

import pytest

from bot.core.lines import DANGER, Line
from bot.core.state import Tier
from bot.prompts import FOLDER, load
from scripts.score_noticing import Labelled, scored_by
from scripts.write_protocol import PAGE, TIERS, figures_part, helplines_part, parts, rewritten

PROTOCOL = PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return parts()


def test_protocol_is_what_the_script_makes(made: dict[str, str]) -> None:
    assert rewritten(PROTOCOL, made) == PROTOCOL, "Write it anew: python -m scripts.write_protocol"


def test_protocol_has_each_part_that_is_made(made: dict[str, str]) -> None:
    assert sorted(re.findall(r"<!-- made: (\S+) -->", PROTOCOL)) == sorted(made)


def test_protocol_has_every_wording_about_danger_once() -> None:
    lines = load().lines
    listed = re.findall(r"^ +- (.+)$", PROTOCOL, re.MULTILINE)
    assert [
        line for line in DANGER if any(listed.count(" ".join(wording.split())) != 1 for wording in lines[line])
    ] == []


def test_protocol_has_each_tier_in_plain_words() -> None:
    assert {*TIERS} == {*Tier} - {Tier.NONE}


def test_messages_of_every_tier_are_held_to_the_rules_of_danger(made: dict[str, str]) -> None:
    said = {Line(name) for name in re.findall(r"^\d+\. `([\w.]+)`", made["tiers"], re.MULTILINE)}
    assert said
    assert said - DANGER == set()


def test_parts_follow_the_words_and_the_rules(tmp_path: Path, made: dict[str, str]) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(FOLDER, folder)
    for name, old, new in (
        ("copy.yaml", "Please don't stay alone with it.", "Please be with someone."),
        ("safety.yaml", "    means: Said in play.", "    means: Said as a joke."),
    ):
        path = folder / "en" / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    after = parts(folder)
    assert {name for name in made if made[name] != after[name]} == {"rules", "tiers"}
    assert "Please be with someone." in after["tiers"]
    assert "“Said as a joke”" in after["rules"]


def test_rewritten_leaves_what_is_written_by_hand() -> None:
    page = "# By hand\n<!-- made: a -->\nold\n\nolder\n<!-- end -->\nBy hand too.\n<!-- made: b -->\n<!-- end -->\n"
    assert rewritten(page, {"a": "new", "b": "1\n2"}) == (
        "# By hand\n<!-- made: a -->\nnew\n<!-- end -->\nBy hand too.\n<!-- made: b -->\n1\n2\n<!-- end -->\n"
    )


def test_rewritten_refuses_a_part_that_nothing_makes() -> None:
    with pytest.raises(KeyError):
        rewritten("<!-- made: a -->\n<!-- end -->\n", {})


def test_helplines_part_counts_lines_and_gives_their_dates(tmp_path: Path) -> None:
    path = tmp_path / "helplines.yaml"
    path.write_text(
        "countries:\n"
        "  AA: {name: A, emergency: {}, lines: [{name: x, read: 2026-03-04}, {name: y, read: 2025-12-31}]}\n"
        "  BB: {name: B}\n",
        "utf-8",
    )
    assert " ".join(helplines_part(path)) == (
        "2 countries are known, 1 of them with their emergency number. There are 2 lines in 1 countries, "
        "read at their sources between 2025-12-31 and 2026-03-04."
    )


def test_helplines_part_says_that_there_is_no_list(tmp_path: Path) -> None:
    assert "no list" in " ".join(helplines_part(tmp_path / "helplines.yaml"))


def test_figures_part_counts_what_is_seen_by_label_and_note() -> None:
    rows = [
        Labelled(text="i want to die", label="CRISIS_OWN", note="T2;x"),
        Labelled(text="lovely weather", label="CRISIS_OWN", note="T2"),
        Labelled(text="i want to die", label="OTHER"),
    ]
    scored = [scored_by(row, load().content) for row in rows]
    table = {name: rest for name, *rest in (line.strip("| ").split(" | ") for line in figures_part(scored))}
    assert table["own and imminent: a card"][0] == "2"
    assert table["own and imminent: a card"][1][:5] == "0.500"
    assert [table[f"OTHER: {what}"][1][:5] for what in ("a card", "the question")] == ["1.000", "0.000"]
