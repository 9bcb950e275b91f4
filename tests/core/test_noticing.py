"""Noticing: the cases of tests/cases/en/noticing.yaml, rules that are refused, and texts of any kind."""

import math
import sys
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.matching import hear
from bot.core.noticing import ABOUTS, OUTCOMES, NoticingRules, Points, Reader, Slot, Together, Weights
from bot.core.scoring import Lexicon
from bot.core.state import About, Condition, Notice, Reason, Source
from bot.prompts import FOLDER, ContentError, read, read_lexicon

RULES = read(FOLDER / "en" / "noticing.yaml", NoticingRules)
LEXICON = read_lexicon(FOLDER / "en" / "lexicon.txt", OUTCOMES)
READER = Reader(RULES, LEXICON)
FOLDER_OF_CASES = Path(__file__).parents[1] / "cases" / "en"
CASES: dict[str, Any] = yaml.safe_load((FOLDER_OF_CASES / "noticing.yaml").read_text(encoding="utf-8"))
MISSES: list[dict[str, Any]] = yaml.safe_load((FOLDER_OF_CASES / "known_misses.yaml").read_text(encoding="utf-8"))[
    "misses"
]


def small(changes: dict[str, Any] | None = None) -> NoticingRules:
    rules: dict[str, Any] = {
        "points": Points(ask=0.4, sure=0.6, offer=0.8),
        "start": Weights(other=1.0),
        "slots": {
            "sad": Slot("Sorrow.", ("sad",), Weights(witness=1.0)),
            "her": Slot("Another.", ("her", "she"), Weights(witness=0.5)),
        },
        "combinations": {"sad_for_her": Together(together=("sad", "her"), weights=Weights(witness=3.0))},
        "sources": {Source.STRANGER: {"her": 1.0}},
        "conditions": {"guilt": ("sad",)},
    }
    return NoticingRules(**(rules | (changes or {})))


def test_every_feature_has_a_case() -> None:
    assert {*CASES["features"]} == {*RULES.slots, *RULES.combinations}


@pytest.mark.parametrize("feature", CASES["features"])
def test_feature_fires_on_its_case_and_not_on_its_near_miss(feature: str) -> None:
    case = CASES["features"][feature]
    assert feature in READER.features(hear(case["fires"]))
    assert feature not in READER.features(hear(case["near"]))


def said_of(case: dict[str, Any]) -> dict[str, Any]:
    """What noticing says of the text of a case, of all that the case names."""
    notice = READER.notice(hear(case["text"]))
    said = {
        "text": case["text"],
        "about": notice.about.value,
        "ask": notice.ask,
        "source": notice.source.value,
        "conditions": [condition.name.lower() for condition in notice.conditions if condition.name],
    }
    return {name: said[name] for name in case}


@pytest.mark.parametrize("case", CASES["messages"], ids=lambda case: case["text"][:40])
def test_message_is_noticed_as_its_case_says(case: dict[str, Any]) -> None:
    assert said_of(case) == case


@pytest.mark.parametrize("case", MISSES, ids=lambda case: case["text"][:40])
def test_known_miss_that_comes_out_right_must_leave(case: dict[str, Any]) -> None:
    About(case["about"]), Source(case.get("source", "none"))
    assert said_of(case) != case


def test_every_condition_and_source_can_be_noticed() -> None:
    assert {name.upper() for name in RULES.conditions} == {one.name for one in Condition}
    assert {*RULES.sources} == {*Source} - {Source.NONE}


def test_explanation_says_which_words_spoke_the_strongest_first() -> None:
    lexicon = Lexicon(
        OUTCOMES, {"so": {"other": -0.5}, "for her": {"witness": 2.0}, "gloom*": {"own": 0.1}, "her": {"work": 0.5}}
    )
    reader = Reader(small(), lexicon)
    assert [(one.kind, one.name, one.words) for one in reader.explain(hear("Sad for HER, gloomily."))] == [
        ("combination", "sad_for_her", ""),
        ("lexicon", "for her", "for her"),
        ("slot", "sad", "sad"),
        ("slot", "her", "her"),
        ("lexicon", "gloom*", "gloomily"),
        ("lexicon", "her", "her"),
    ]
    notice = reader.notice(hear("Sad for HER, gloomily."))
    assert (notice.about, notice.source, notice.conditions) == (About.WITNESS, Source.STRANGER, Condition.GUILT)


def test_every_reason_can_be_noticed() -> None:
    assert [*RULES.reasons] == [*Reason]


def reasons(**features: Weights) -> tuple[Reason, ...]:
    """Give the reasons for WITNESS in a message with these features, each named for what it stands for."""
    slots = {name: Slot("", (name,), weights) for name, weights in features.items()}
    rules = small(
        {
            "slots": slots,
            "combinations": {},
            "sources": {},
            "conditions": {},
            "reasons": {Reason(name): (name,) for name in features},
            "start": Weights(witness=9.0),
        }
    )
    notice = Reader(rules, Lexicon(OUTCOMES)).notice(hear(" ".join(features)))
    assert notice.about is About.WITNESS
    return notice.reasons


def test_notice_gives_three_reasons_the_strongest_first() -> None:
    given = reasons(
        death=Weights(witness=0.1), body=Weights(witness=0.4), guilt=Weights(witness=0.2), scene=Weights(witness=0.3)
    )
    assert given == (Reason.BODY, Reason.SCENE, Reason.GUILT)


def test_notice_gives_reasons_of_one_strength_in_the_order_of_the_rules() -> None:
    assert reasons(scene=Weights(witness=0.2), death=Weights(witness=0.2)) == (Reason.SCENE, Reason.DEATH)


def test_notice_gives_no_reason_that_spoke_rather_for_something_else() -> None:
    given = reasons(
        death=Weights(witness=0.2, own=0.4), body=Weights(witness=0.2, own=0.41), guilt=Weights(own=1.0), care=Weights()
    )
    assert given == (Reason.DEATH,)


def test_features_that_stand_for_one_reason_add_up() -> None:
    rules = small({"reasons": {Reason.SOMEONE: ("her",), Reason.FEELING: ("sad", "sad_for_her")}})
    assert Reader(rules, Lexicon(OUTCOMES)).notice(hear("sad for her")).reasons == (Reason.FEELING, Reason.SOMEONE)
    assert Reader(rules, Lexicon(OUTCOMES)).notice(hear("tea at four")).reasons == ()


def test_notice_of_nothing_known_is_none() -> None:
    reader = Reader(small(), Lexicon(OUTCOMES))
    notice = reader.notice(hear("tea at four"))
    assert (notice.about, notice.source, reader.explain(hear("tea at four"))) == (About.NONE, Source.NONE, ())


def test_place_tells_the_source_whatever_else_speaks() -> None:
    rules = small({"sources": {Source.STRANGER: {"her": 9.0}}, "places": {Source.WORK: ("sad",)}})
    reader = Reader(rules, Lexicon(OUTCOMES))
    assert reader.notice(hear("her. her")).source is Source.NONE
    assert reader.notice(hear("sad for her")).source is Source.WORK
    plain = Reader(replace(rules, places={}), Lexicon(OUTCOMES))
    assert plain.notice(hear("sad for her")).source is Source.STRANGER


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tea", {"tea"}),
        ("Tea, TEA!", {"tea", ",", "!", "tea ,", ", tea", "tea !"}),
        ("crying", {"crying", "cryin*"}),
        ("", set()),
    ],
)
def test_entries_are_words_pairs_and_beginnings(text: str, found: set[str]) -> None:
    assert hear(text).entries == found


@pytest.mark.parametrize("entry", ["tea", "four tea", "after*"])
def test_entry_of_the_lexicon_counts_once_however_often_it_stands(entry: str) -> None:
    reader = Reader(small(), Lexicon(OUTCOMES, {entry: {"witness": 1.5, "news": 0.5}}))
    plain, once, thrice = (
        reader.chances(hear(text)) for text in ("two", "four tea afternoon", "four tea afternoon " * 3)
    )
    assert once == thrice
    odds = once[About.WITNESS] / once[About.OWN] / (plain[About.WITNESS] / plain[About.OWN])
    assert math.log(odds) == pytest.approx(1.5)
    assert reader.notice(hear("four tea afternoon")).source is Source.NEWS


@given(st.text(max_size=200) | st.lists(st.sampled_from(sorted(LEXICON.weights)), max_size=12).map(" ".join))
def test_explanation_adds_up_to_what_is_noticed(text: str) -> None:
    scores = [getattr(RULES.start, name) for name in ("witness", "own", "compassion", "other")]
    for one in READER.explain(hear(text)):
        scores = [score + more for score, more in zip(scores, astuple(one.weights), strict=True)]
    chances = READER.chances(hear(text))
    assert sum(chances.values()) == pytest.approx(1)
    for about, score in zip(ABOUTS, scores, strict=True):
        assert chances[about] == pytest.approx(math.exp(score) / sum(map(math.exp, scores)))
    assert READER.notice(hear(text)).probability == chances[About.WITNESS]


def test_notice_asks_is_sure_and_offers_from_its_points() -> None:
    notice = Reader(small(), Lexicon(OUTCOMES)).notice(hear("sad"))
    assert (notice.ask, notice.sure, notice.offer) == (False, False, False)
    chance = notice.probability
    for points, ask, sure, offer in (
        (Points(chance, 1.0, 1.0), True, False, False),
        (Points(chance, chance, 1.0), True, True, False),
        (Points(chance, chance, chance), True, True, True),
    ):
        expected = replace(notice, ask=ask, sure=sure, offer=offer)
        assert Reader(small({"points": points}), Lexicon(OUTCOMES)).notice(hear("sad")) == expected


@given(st.text(st.characters(), max_size=400))
def test_notice_takes_any_text(text: str) -> None:
    notice = READER.notice(hear(text))
    assert isinstance(notice, Notice)
    assert 0 <= notice.probability <= 1
    assert notice == READER.notice(hear(text))


@pytest.mark.parametrize(
    "repeated", ["i keep seeing her face ", "my my ", "i cant ", "a\u0301", "😭", "שלום ", "?!", "'", "x"]
)
def test_work_is_linear_in_the_length_whatever_is_repeated(repeated: str) -> None:
    short, long = lines_run(repeated * (512 // len(repeated))), lines_run(repeated * (4096 // len(repeated)))
    assert long <= 10 * short


def lines_run(text: str) -> int:
    """How many lines of Python run while a text is read: its work, but for what the libraries do."""
    count = 0

    def trace(_: FrameType, __: str, ___: object) -> Callable[[FrameType, str, object], Any]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        READER.notice(hear(text))
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"points": Points(ask=0.9, sure=0.95, offer=0.5)}, "points: 0 < ask <= sure <= offer <= 1 does not hold"),
        ({"slots": {"her": Slot("", ())}, "combinations": {}, "conditions": {}}, "slots.her: has no phrases: add one"),
        ({"combinations": {"her": Together(together=("sad",))}}, "combinations.her: a slot has the same name"),
        ({"combinations": {"x": Together(together=("joy",))}}, "combinations.x: there is no slot 'joy'"),
        (
            {
                "slots": {"her": Slot("", ("her",), Weights(own=-1), speaks_for=About.OWN)},
                "combinations": {},
                "conditions": {},
            },
            "slots.her: speaks for own and has a weight below 0 for it",
        ),
        (
            {
                "slots": {"her": Slot("", ("her",), Weights(own=1), weighs=False)},
                "combinations": {},
                "conditions": {},
            },
            "slots.her: weighs nothing and has weights",
        ),
        ({"places": {Source.NEWS: ("him",)}}, "places.news: there is no slot or combination 'him'"),
        ({"start": Weights(own=math.inf)}, "start: the weight for own is not from -100 to 100"),
        ({"sources": {Source.NEWS: {"her": 101}}}, "sources.news: the weight for her is not from -100 to 100"),
        (
            {"combinations": {"x": Together(together=("sad",), without=("sad", "her"))}},
            "combinations.x: needs 'sad' and forbids it, so it never fires",
        ),
        (
            {"combinations": {"x": Together(anywhere=("sad | her",), nowhere=("sad", "her"))}},
            "combinations.x: needs 'sad | her' and forbids it, so it never fires",
        ),
        ({"sources": {Source.NEWS: {"joy": 1.0}}}, "sources.news: there is no slot or combination 'joy'"),
        ({"conditions": {"numb": ("joy",)}}, "conditions.numb: there is no slot or combination 'joy'"),
        ({"conditions": {"hurry": ("sad",)}}, "conditions.hurry: there is no such condition"),
        ({"reasons": {Reason.BODY: ("sad", "joy")}}, "reasons.body: there is no slot or combination 'joy'"),
    ],
)
def test_malformed_rules_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        small(changes)
    assert problem in str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ({"tea": {"joy": 1.0}}, "tea: there is no outcome 'joy'"),
        ({"te*": {"own": 1.0}}, "te*: a beginning is 5 letters of one word"),
        ({"t ea*": {"own": 1.0}}, "t ea*: a beginning is 5 letters of one word"),
        ({"tea at four": {"own": 1.0}}, "tea at four: is not one word, or two with a space between"),
        ({" tea": {"own": 1.0}}, " tea: is not one word, or two with a space between"),
        ({"": {"own": 1.0}}, ": is not one word, or two with a space between"),
        ({"tea": {"own": math.nan}}, "tea: the weight for own is not from -100 to 100"),
        ({"tea": {"news": -1e8}}, "tea: the weight for news is not from -100 to 100"),
    ],
)
def test_malformed_lexicon_is_refused(weights: dict[str, dict[str, float]], problem: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        Lexicon(OUTCOMES, weights)
    assert str(refused.value) == problem


def test_lexicon_reads_alike_as_it_is_written_and_in_any_other_order(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    lines = ["# Words.", "a\town +0.20", "a b\twitness -1.00 own +2.50", "abcde*\tnews +0.10", "😢\tother -10.00"]
    readings = []
    for order in (lines, lines[::-1]):
        path.write_text("\n".join(order) + "\n", "utf-8")
        lexicon = read_lexicon(path, OUTCOMES)
        readings.append(
            (lexicon.weights, len(lexicon.weights), Reader(small(), lexicon).chances(hear("😢 a b abcdef a")))
        )
    assert readings[0] == readings[1]
    assert readings[0][0] == {
        "a": {"own": 0.2},
        "a b": {"witness": -1.0, "own": 2.5},
        "abcde*": {"news": 0.1},
        "😢": {"other": -10.0},
    }


@pytest.mark.parametrize(
    "line",
    [
        *(
            "tea",
            "tea\t",
            "tea\town",
            "tea\town +1.00 ",
            "tea\t own +1.00",
            "tea\town +1.00witness +1.00",
            "\town +1.00",
        ),
        *("tea\town +1.00 own +1.00", "tea\tjoy +1.00", "tea\town +100.01", " tea\town +1.00", "te*\town +1.00", ""),
        *("tea at four\town +1.00", "a\town +1.00"),
    ],
)
def test_line_that_is_no_entry_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"# Words.\na\town +0.20\n{line}\nz\town +0.20\n", "utf-8")
    with pytest.raises(ContentError) as refused:
        read_lexicon(path, OUTCOMES)
    assert ":3: " in refused.value.problems[0]


def test_malformed_rules_are_refused_with_all_problems_at_once() -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        small({"points": Points(2, 1, 1), "conditions": {"hurry": ("joy",)}})
    assert len(str(refused.value).splitlines()) == 3
