"""Noticing: the cases of tests/cases/en/noticing.yaml, rules that are refused, and texts of any kind."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import About, Condition, Notice, Reason, Source
from bot.core.noticing import NoticingRules, Points, Reader, Slot, Together, Weights
from bot.prompts import FOLDER, read

RULES = read(FOLDER / "en" / "noticing.yaml", NoticingRules)
READER = Reader(RULES)
CASES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "en" / "noticing.yaml").read_text(encoding="utf-8"),
)


def small(changes: dict[str, Any] | None = None) -> NoticingRules:
    rules: dict[str, Any] = {
        "points": Points(ask=0.4, offer=0.8),
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
    assert feature in READER.features(case["fires"])
    assert feature not in READER.features(case["near"])


@pytest.mark.parametrize("case", CASES["messages"], ids=lambda case: case["text"][:40])
def test_message_is_noticed_as_its_case_says(case: dict[str, Any]) -> None:
    notice = READER.notice(case["text"])
    said = {
        "about": notice.about.value,
        "ask": notice.ask,
        "source": notice.source.value,
        "conditions": [condition.name.lower() for condition in notice.conditions if condition.name],
    }
    assert {name: said[name] for name in case if name != "text"} == {
        name: value for name, value in case.items() if name != "text"
    }


def test_every_condition_and_source_can_be_noticed() -> None:
    assert {name.upper() for name in RULES.conditions} == {one.name for one in Condition}
    assert {*RULES.sources} == {*Source} - {Source.NONE}


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
    notice = Reader(rules).notice(" ".join(features))
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
    assert Reader(rules).notice("sad for her").reasons == (Reason.FEELING, Reason.SOMEONE)
    assert Reader(rules).notice("tea at four").reasons == ()


def test_notice_says_which_words_spoke() -> None:
    notice = Reader(small()).notice("Sad for HER.")
    assert [(one.rule, one.text) for one in notice.evidence] == [("sad", "sad"), ("her", "her"), ("sad_for_her", "")]
    assert notice.about is About.WITNESS
    assert notice.source is Source.STRANGER
    assert notice.conditions is Condition.GUILT


def test_notice_of_nothing_known_is_none() -> None:
    notice = Reader(small()).notice("tea at four")
    assert notice.about is About.NONE
    assert notice.evidence == ()
    assert notice.source is Source.NONE


def test_notice_asks_and_offers_from_its_points() -> None:
    notice = Reader(small()).notice("sad")
    at, above = Points(notice.probability, 1.0), Points(notice.probability, notice.probability)
    assert notice.ask is False
    assert Reader(small({"points": at})).notice("sad") == replace(notice, ask=True)
    assert Reader(small({"points": above})).notice("sad") == replace(notice, ask=True, offer=True)


@given(st.text(st.characters(), max_size=400))
def test_notice_takes_any_text(text: str) -> None:
    notice = READER.notice(text)
    assert isinstance(notice, Notice)
    assert 0 <= notice.probability <= 1
    assert notice == READER.notice(text)


@pytest.mark.parametrize(
    "text", ["i keep seeing her face " * 450, "😭" * 10_000, "a\u0301" * 5_000, "שלום" * 2_500, "\0" * 10_000]
)
def test_notice_takes_long_texts(text: str) -> None:
    assert READER.notice(text) == READER.notice(text)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"points": Points(ask=0.9, offer=0.5)}, "points: 0 < ask <= offer <= 1 does not hold"),
        ({"slots": {"her": Slot("", ())}, "combinations": {}, "conditions": {}}, "slots.her: has no phrases"),
        ({"combinations": {"her": Together(together=("sad",))}}, "combinations.her: a slot has the same name"),
        ({"combinations": {"x": Together(together=("joy",))}}, "combinations.x: there is no slot 'joy'"),
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


def test_malformed_rules_are_refused_with_all_problems_at_once() -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        small({"points": Points(2, 1), "conditions": {"hurry": ("joy",)}})
    assert len(str(refused.value).splitlines()) == 3
