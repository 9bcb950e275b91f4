"""The practices of nudges and of the circle as they are, and what is said of a file of them that is broken."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bot.core.course import FEWEST, FEWEST_CIRCLES, MOST_SECONDS, THEMES, CirclePractices, Contrast, Curriculum
from bot.core.kept import Course
from bot.core.lines import MOST_WORDS, Line
from bot.core.model import Reply
from bot.prompts import FOLDER, ContentError, load, read
from bot.review import MOST_IN_A_CIRCLE, MOST_IN_A_NUDGE, balance, check
from bot.wording import measure

PROMPTS: Final = load()
PRACTICES: Final = PROMPTS.content.practices
CURRICULUM: Final = read(FOLDER / "en/nudges.yaml", Curriculum)

OWN_CONTRASTS: Final = ["regulated", "beneficial", "other", "connected", "motivated", "beneficial", "connected", None]
"""Of the themes, as the curriculum of the evidence has them."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `prompts/` to break, in the folder that the problems are told from."""
    shutil.copytree(FOLDER, tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "prompts"


def change(folder: Path, old: str, new: str, name: str = "nudges.yaml") -> None:
    path = folder / "en" / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")


def say(folder: Path, name: str, words: str, **fields: str) -> None:
    """Put other words, and other fields, into a practice."""
    path = folder / "en" / ("circles.yaml" if name.startswith("c") else "nudges.yaml")
    head, mark, rest = path.read_text("utf-8").partition(f"  {name}:\n")
    assert mark
    for field, value in {"words": f'"{words}"', **fields}.items():
        before, found, after = rest.partition(f" {field}: ")
        rest = before + found + value + after[after.index("\n") :]
    path.write_text(head + mark + rest, "utf-8")


# --- As they are --------------------------------------------------------------------------------------------------


def test_there_are_enough_for_eight_weeks_of_every_day() -> None:
    assert Counter(practice.theme for practice in PRACTICES) == dict.fromkeys(THEMES[Course.EIGHT_WEEKS], FEWEST)
    assert len(PRACTICES) == len({practice.name for practice in PRACTICES}) == 56


def test_themes_have_the_contrasts_of_the_evidence() -> None:
    assert [theme.contrast for theme in CURRICULUM.themes] == OWN_CONTRASTS


def test_every_nudge_is_short_with_any_first_line() -> None:
    assert len(PROMPTS.lines[Line.NUDGE_FIRST]) >= 4
    for practice in PRACTICES:
        reply = Reply((Line.NUDGE_FIRST, Line.NUDGE_PRACTICE), slots={"practice": practice.words})
        for pick, first in enumerate(PROMPTS.lines[Line.NUDGE_FIRST]):
            said = PROMPTS.text(replace(reply, picks=(pick, 0)))
            assert said == f"{first}\n\n{practice.words}"
            assert measure(said).words <= MOST_IN_A_NUDGE


def test_breath_never_comes_first_or_alone() -> None:
    named = [practice for practice in PRACTICES if "breath" in practice.words.lower()]
    assert [practice.name for practice in named] == ["1b"]
    for practice in named:
        before = practice.words[: practice.words.lower().index("breath")]
        assert re.search(r"\b(press|floor|ground|sounds?|hands?)\b", before)
        assert practice.body


def test_no_two_practices_of_a_theme_begin_alike() -> None:
    for theme in CURRICULUM.themes:
        starts = [" ".join(written.words.split()[:2]) for written in theme.practices.values()]
        assert len({*starts}) == len(starts), theme.name


def test_what_the_evidence_did_not_check_is_marked() -> None:
    """Holds the marks of the evidence: what was not checked is not given as checked."""
    unchecked = {name for name, source in CURRICULUM.sources.items() if not source.checked}
    assert unchecked == {"gap", "senses", "taught", "support", "planning"}


def test_load_gives_every_practice_of_the_file() -> None:
    assert CURRICULUM.practices() == PRACTICES


# --- Broken -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("evidence: [kjaervik]\n", "evidence: [kjaerwik]\n", "1f.evidence: there is no source “kjaerwik”: add it"),
        ("evidence: [kjaervik]\n", "evidence: []\n", "1f: says nothing of its evidence, its dose or what to do"),
        ("      1g:\n", "      2g:\n", "2g: is named otherwise: 1 and a letter"),
        ("      1g:\n", "      1f:\n", "1f: stands here twice, first in line"),
        (
            'dose: "one kind word, in the mind"\n        seconds: 10',
            'dose: "x"\n        seconds: 61',
            "takes 60 at most",
        ),
        (
            'dose: "one kind word, in the mind"\n        seconds: 10',
            'dose: "x"\n        seconds: a while',
            "a whole number",
        ),
        ("contrast: motivated\n    practices:", "contrast: motivating\n    practices:", "did you mean “motivated”?"),
        ("        evidence: [backdraft, susman]\n", "", "2d.evidence: is missing: add it"),
        ('  - name: "Going on lightly"', '  - nam: "Going on lightly"', "nam: is not known here"),
    ],
)
def test_reading_says_what_is_wrong_with_a_practice_and_where(folder: Path, old: str, new: str, problem: str) -> None:
    change(folder, old, new)
    with pytest.raises(ContentError) as raised:
        read(folder / "en/nudges.yaml", Curriculum)
    (told,) = [each for each in raised.value.problems if problem in each]
    path, line, _ = told.split(":", 2)
    assert path == "prompts/en/nudges.yaml"
    assert int(line) > 1


def test_load_refuses_a_broken_practice(folder: Path) -> None:
    change(folder, "evidence: [kjaervik]\n", "evidence: []\n")
    with pytest.raises(ContentError, match=r"themes\.practices\.1f: says nothing of its evidence"):
        load(folder)


def test_reading_says_that_practices_themes_and_uses_are_missing(folder: Path) -> None:
    path = folder / "en/nudges.yaml"
    text = path.read_text("utf-8").partition("      8g:\n")[0].replace("evidence: [holman]\n", "evidence: [gap]\n")
    path.write_text(text.replace("evidence: [holman, gollwitzer]\n", "evidence: [gap]\n"), "utf-8")
    with pytest.raises(ContentError) as raised:
        read(folder / "en/nudges.yaml", Curriculum)
    assert [problem.partition(": ")[2] for problem in raised.value.problems] == [
        "sources.holman: no practice goes by it: take it out",
        "themes.practices: there are 6: a week has 7 days, so write 7",
    ]
    path.write_text(text.partition('  - name: "Not alone"')[0], "utf-8")
    with pytest.raises(ContentError) as raised:
        read(folder / "en/nudges.yaml", Curriculum)
    assert any("themes: there are 6: a course goes by 8" in problem for problem in raised.value.problems)


def test_check_holds_each_practice_to_the_copy_rules_and_those_for_nudges(folder: Path) -> None:
    long = "One small thing can be enough for you today. " * 4
    hard = (
        "Contemplate considerable possibilities silently. Acknowledge particularly necessary alternatives individually."
    )
    words = {
        "1a": "Press both feet into the floor.",
        "1b": "Let your shoulders drop, or hear a sound.",
        "1c": "Notice your breath. Or hear a sound.",
        "2a": "You could stay with a cup in one place.",
        "3c": "One kind thought beats many others.",
        "2c": "You should be kind to yourself.",
        "2d": "Type one word.",
        "2e": long,
        "2f": hard,
        "2g": "One thing that you missed yesterday can wait.",
        "3a": "What might they need? Who could know?",
        "3b": "Ask yourself. See /nowhere",
    }
    for name, each in words.items():
        say(folder, name, each, **({"body": "false"} if name == "1c" else {}))
    problems = check(folder)
    told: dict[str, list[str]] = {name: [] for name in words}
    for problem in problems:
        found = re.fullmatch(r"prompts/en/nudges\.yaml:\d+: themes\.practices\.(\w+)\.words: (.*)", problem)
        assert found, problem
        told[found[1]].append(found[2].partition(":")[0])
    no_way_round = "has no way round for whoever can't do this here"
    assert told == {
        "1a": [no_way_round],
        "1b": [],
        "1c": ["“breath” goes by the body"],
        "2a": [no_way_round],
        "3c": ["“beats”"],
        "2c": ["“you should” is never said", "“should”"],
        "2d": ["“type”"],
        "2e": ["42 words with the longest first line"],
        "2f": ["reads like school year 34.7"],
        "2g": ["“missed”"],
        "3a": ["2 questions in one message"],
        "3b": ["there is no command /nowhere"],
    }


def test_check_refuses_a_first_line_that_tells_what_it_is_about(folder: Path) -> None:
    firsts = {"A moment for pain.": "pain", "Week two is here.": "week", "A short practice.": "practice"}
    for old, first in zip(PROMPTS.lines[Line.NUDGE_FIRST], firsts, strict=False):
        change(folder, f'"{old}"', f'"{first}"', "copy.yaml")
    assert [re.sub(r"^.*?:\d+: ", "", problem) for problem in check(folder)] == [
        f"lines.nudge.first: “{word}” tells something on a locked screen: leave it out" for word in firsts.values()
    ]


def test_check_says_what_the_balance_of_contrasts_lacks(folder: Path) -> None:
    path = folder / "en/nudges.yaml"
    text = path.read_text("utf-8").replace("        contrast: motivated\n", "        contrast: connected\n")
    path.write_text(text, "utf-8")
    say(folder, "3a", CURRICULUM.themes[1].practices["2a"].words)
    assert {re.sub(r"^.*?:\d+: ", "", problem) for problem in check(folder)} == {
        "themes: has 0 practices of motivated, its own contrast: more than half, please",
        "themes: has no practice of motivated, and is for all: add one",
        *(f"themes: {course} has none of motivated: add one" for course in Course),
        *(f"themes.practices.{name}.words: stands here twice: keep one" for name in ("2a", "3a")),
    }


def test_balance_counts_each_week_and_its_hardest_words() -> None:
    told = balance(PRACTICES)
    assert len(told) == 8
    assert re.fullmatch(r"week 1: regulated 7; school year \d\.\d at most", told[0])
    assert told[2].startswith("week 3: other 5, regulated 2; ")
    assert {contrast for contrast in Contrast if contrast in told[7]} == {*Contrast}


# --- The circle ---------------------------------------------------------------------------------------------------


def test_there_are_enough_practices_of_the_circle_and_most_connect() -> None:
    circles = PROMPTS.content.circles
    assert circles == read(FOLDER / "en/circles.yaml", CirclePractices).circles()
    assert len(circles) == len({circle.number for circle in circles}) >= FEWEST_CIRCLES
    moved = Counter(circle.contrast for circle in circles)
    assert {*moved} == {*Contrast}
    assert moved[Contrast.CONNECTED] > len(circles) / 2
    assert all(0 < circle.seconds <= MOST_SECONDS for circle in circles)
    assert {source for circle in circles for source in circle.evidence} <= {*CURRICULUM.sources}


def test_every_circle_is_short_with_any_first_line_and_any_total() -> None:
    keys = (Line.CIRCLE, Line.CIRCLE_PRACTICE, Line.CIRCLE_TOTAL)
    for circle in PROMPTS.content.circles:
        assert measure(circle.words).words <= MOST_IN_A_CIRCLE
        reply = Reply(keys, slots={"words": circle.words, "total": "120"})
        for first in range(len(PROMPTS.lines[Line.CIRCLE])):
            for last in range(len(PROMPTS.lines[Line.CIRCLE_TOTAL])):
                assert measure(PROMPTS.text(replace(reply, picks=(first, 0, last)))).words <= MOST_WORDS


def test_no_circle_goes_by_breath_or_takes_a_body_for_granted() -> None:
    for circle in PROMPTS.content.circles:
        assert "breath" not in circle.words.lower()
        assert circle.body == ("or " in circle.words.lower() and bool({"senses", "kjaervik"} & {*circle.evidence}))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  c28:\n", "  c0:\n", "practices.c0: is named otherwise: c and a number from 1 to 255"),
        ("  c28:\n", "  c256:\n", "practices.c256: is named otherwise"),
        ("  c28:\n", "  c01:\n", "practices.c01: is named otherwise"),
        ("  c28:\n", "  c27:\n", "practices.c27: stands here twice"),
        (
            'seconds: 15\n    body: false\n    words: "Somewhere',
            'seconds: 90\n    body: false\n    words: "Somewhere',
            "takes 60",
        ),
        ("evidence: [vastfjall, gap]", "evidence: []", "practices.c28: says nothing of its evidence"),
    ],
)
def test_reading_says_what_is_wrong_with_a_circle_and_where(folder: Path, old: str, new: str, problem: str) -> None:
    change(folder, old, new, "circles.yaml")
    with pytest.raises(ContentError) as raised:
        read(folder / "en/circles.yaml", CirclePractices)
    (told,) = [each for each in raised.value.problems if problem in each]
    path, line, _ = told.split(":", 2)
    assert path == "prompts/en/circles.yaml"
    assert int(line) > 1


def test_reading_wants_enough_circles(folder: Path) -> None:
    path = folder / "en/circles.yaml"
    path.write_text(path.read_text("utf-8").partition("  c20:\n")[0], "utf-8")
    with pytest.raises(ContentError, match="practices: there are 19: write 24"):
        read(path, CirclePractices)


def test_load_refuses_a_circle_whose_source_nobody_knows(folder: Path) -> None:
    change(folder, "evidence: [vastfjall, gap]", "evidence: [vastfjal, gap]", "circles.yaml")
    with pytest.raises(ContentError) as raised:
        load(folder)
    (told,) = raised.value.problems
    assert re.fullmatch(
        r"prompts/en/circles\.yaml:\d+: practices\.c28\.evidence: there is no source “vastfjal”: add it, or mend it",
        told,
    )


def test_check_holds_each_circle_to_the_copy_rules_and_its_own(folder: Path) -> None:
    words = {
        "c1": "Say one kind word aloud.",
        "c2": "Press both feet down, or hear a sound. Then count your steps.",
        "c3": "Let those come to mind whom this group has lost.",
        "c4": "Wish one of the members a good day.",
        "c5": "Hold hands with whoever is near.",
        "c6": "Post one word. Nobody has to.",
        "c7": "You should be kind to yourself.",
        "c8": "Let your shoulders drop.",
        "c9": "One quiet moment is enough for all of us here today. " * 4,
        "c10": PRACTICES[0].words,
    }
    for name, each in words.items():
        say(folder, name, each, body="true" if name in {"c2", "c8", "c10"} else "false")
    path = folder / "en/circles.yaml"
    head, mark, rest = path.read_text("utf-8").partition("  c15:\n")
    path.write_text(head.replace("contrast: connected", "contrast: other") + mark + rest, "utf-8")
    *problems, balance_problem = check(folder)
    assert balance_problem.endswith(
        ": practices: has 4 practices of connected, its own contrast: more than half, please"
    )
    told: dict[str, list[str]] = {name: [] for name in words}
    for problem in problems:
        found = re.fullmatch(r"prompts/en/circles\.yaml:\d+: practices\.(\w+)\.words: (.*)", problem)
        assert found, problem
        told[found[1]].append(found[2].partition(":")[0])
    assert told == {
        "c1": ["“aloud”"],
        "c2": ["“count”"],
        "c3": ["“lost”"],
        "c4": ["“members”"],
        "c5": ["“hold hands”"],
        "c6": ["“post”"],
        "c7": ["“you should” is never said", "“should”"],
        "c8": ["has no way round for whoever can't do this here"],
        "c9": ["44 words", "55 words in one message"],
        "c10": ["stands twice, here or in nudges.yaml"],
    }
