"""The guard: the cases of tests/cases/en/safety.yaml, rules that are refused, and texts of any kind."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.matching import Combination, either, hear
from bot.core.safety import OUTCOMES, Evidence, Guard, Phrases, Points, Rule, SafetyRules
from bot.core.scoring import Lexicon
from bot.core.state import Danger, Tier
from bot.prompts import FOLDER, read, read_lexicon
from tests.stumble import CALM

RULES = read(FOLDER / "en" / "safety.yaml", SafetyRules)
LEXICON = read_lexicon(FOLDER / "en" / "danger.txt", OUTCOMES)
GUARD = Guard(RULES, LEXICON)
CASES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "en" / "safety.yaml").read_text(encoding="utf-8"),
)


def small(changes: dict[str, Any] | None = None) -> SafetyRules:
    rules: dict[str, Any] = {
        "slots": {
            "die": Phrases("Wants to die.", ("want to die",)),
            "now": Phrases("Now.", ("tonight",)),
            "age": Phrases("Under 16.", ("i am 12",)),
        },
        "rules": {
            "die_now": Rule(tier=Tier.IMMINENT, together=("die",), anywhere=("now",)),
            "die": Rule(tier=Tier.OWN, together=("die",)),
        },
        "minor": {"age": Combination(together=("age",))},
        "points": Points(ask=0.2, sentence=0.9, card=0.3, imminent=0.6, answer=0.8, minor=0.5),
    }
    return SafetyRules(**(rules | (changes or {})))


def test_every_rule_has_a_case_and_every_tier_a_rule() -> None:
    assert {*CASES["rules"]} == {*RULES.rules}
    assert {rule.tier for rule in RULES.rules.values()} == {*Tier}


def test_only_slots_have_weights_of_slots() -> None:
    assert {entry.removeprefix("@") for entry in LEXICON.weights if entry.startswith("@")} <= {"", *RULES.slots}


def test_every_slot_is_used() -> None:
    used = {
        slot
        for one in (*RULES.rules.values(), *RULES.minor.values())
        for names in one.together + one.without + one.anywhere + one.nowhere
        for slot in either(names)
    }
    assert {name for name, slot in RULES.slots.items() if not slot.hides} <= used


@pytest.mark.parametrize("rule", CASES["rules"])
def test_rule_decides_its_case_and_not_its_near_miss(rule: str) -> None:
    case = CASES["rules"][rule]
    said = hear(case["fires"])
    assert (GUARD.explain(said)[0].rule, GUARD.read(said).tier) == (rule, RULES.rules[rule].tier)
    assert GUARD.read(hear(case["near"])) == Danger()


@pytest.mark.parametrize("case", CASES["tiers"], ids=lambda case: case["text"][:40])
def test_message_gets_the_tier_of_its_case(case: dict[str, str]) -> None:
    assert GUARD.read(hear(case["text"])).tier == case["tier"]


@pytest.mark.parametrize("case", CASES["answers"], ids=lambda case: case["text"][:40])
def test_answer_within_a_walk_gets_the_tier_of_its_case(case: dict[str, str]) -> None:
    assert GUARD.read(hear(case["text"]), answers=True).tier == case["tier"]


@pytest.mark.parametrize("case", CASES["known"], ids=lambda case: case["text"][:40])
def test_message_known_to_be_read_wrongly_still_is(case: dict[str, str]) -> None:
    assert GUARD.read(hear(case["text"])).tier != case["tier"]


@pytest.mark.parametrize("case", CASES["minors"], ids=lambda case: case["text"][:40])
def test_message_is_of_a_minor_as_its_case_says(case: dict[str, Any]) -> None:
    assert GUARD.read(hear(case["text"])).minor is case["minor"]


def test_rule_and_its_words_are_told() -> None:
    said = hear("I'm 12. I want to DIE, tonight")
    assert Guard(small(), CALM).read(said) == Danger(Tier.IMMINENT, minor=True, by_rule=True, age_said=True)
    assert Guard(small(), CALM).explain(said) == (
        Evidence("die_now", "want to die ... tonight"),
        Evidence("age", "i am 12"),
    )


def test_minor_in_no_danger_is_told() -> None:
    assert Guard(small(), CALM).read(hear("i am 12")) == Danger(minor=True, age_said=True)
    assert Guard(small(), CALM).explain(hear("i am 12")) == (Evidence("age", "i am 12"),)


@given(st.text(st.characters(), max_size=400))
def test_read_takes_any_text(text: str) -> None:
    assert GUARD.read(hear(text)) == GUARD.read(hear(text))


@given(st.text(st.characters(), max_size=60))
def test_plain_words_of_danger_are_heard_among_any_others(around: str) -> None:
    assert Guard(small(), CALM).read(hear(f"{around}\nI want to die\n{around}")).tier in {Tier.OWN, Tier.IMMINENT}


@pytest.mark.parametrize(
    "text", ["i want to " * 1_000, "😭" * 10_000, "e\u0301" * 5_000, "مرحبا" * 2_000, "\0" * 10_000]
)
def test_read_takes_long_texts(text: str) -> None:
    assert GUARD.read(hear(text)) == GUARD.read(hear(text))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"points": Points(ask=0.0, sentence=0.9, card=0.3, imminent=0.6, answer=0.8, minor=0.5)},
            "points.ask: is not above 0, and at most 1",
        ),
        ({"slots": {}}, "rules.die: there is no slot 'die'"),
        ({"rules": {}}, "rules: there is none, and what is said plainly needs one"),
        (
            {"points": Points(ask=0.2, sentence=7, card=0.3, imminent=0.6, answer=0.8, minor=0.5)},
            "points.sentence: is not above 0, and at most 1",
        ),
        ({"rules": {"x": Rule(tier=Tier.OWN)}}, "rules.x: needs a slot in `together` or `anywhere`"),
        ({"rules": {"age": Rule(tier=Tier.OWN, together=("die",))}}, "minor.age: a rule has the same name"),
        ({"minor": {"x": Combination(together=("young",))}}, "minor.x: there is no slot 'young'"),
        ({"fillers": ("want",)}, "slots.die: 'want to die' holds a word that is stepped over: leave that word out"),
    ],
)
def test_malformed_rules_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        small(changes)
    assert problem in str(refused.value).splitlines()


def words(**weights: dict[str, float]) -> Guard:
    """A guard that has the rules of `small`, and these words beside them."""
    return Guard(small(), Lexicon(OUTCOMES, {"@": {"none": 4.0, "adult": 2.0}, **weights}))


def test_words_that_no_rule_knows_add_up_to_a_tier() -> None:
    guard = words(bleak={"unclear": 4.0}, bleaker={"own": 6.0})
    assert guard.read(hear("bleak")) == Danger(Tier.UNCLEAR)
    assert guard.explain(hear("bleak")) == (Evidence("words", "bleak"),)
    assert guard.read(hear("bleak and bleaker")).tier is Tier.OWN
    assert (guard.read(hear("tea")), guard.explain(hear("tea"))) == (Danger(), ())


def test_rule_decides_before_words_do() -> None:
    assert words(want={"none": 9.0}).explain(hear("i want to die")) == (Evidence("die", "want to die"),)


def test_few_words_within_a_walk_weigh_what_they_weigh_in_answers() -> None:
    guard = words(bleak={"unclear": 6.0, "answer.none": 5.0}, grim={"answer.own": 6.0})
    assert guard.read(hear("bleak")) == Danger(Tier.UNCLEAR)
    assert guard.read(hear("bleak"), answers=True) == Danger()
    assert guard.read(hear("grim")) == Danger()
    assert guard.read(hear("grim"), answers=True) == Danger(Tier.OWN)


def test_card_for_the_writers_own_life_needs_more_within_a_walk() -> None:
    guard = words(bleak={"own": 4.6}, her={"friend": 4.6})
    assert guard.read(hear("bleak")) == Danger(Tier.OWN)
    assert guard.read(hear("bleak"), answers=True) == Danger(Tier.UNCLEAR)
    assert guard.read(hear("her"), answers=True) == Danger(Tier.FRIEND)


def test_many_words_within_a_walk_weigh_what_they_weigh_anywhere() -> None:
    guard = words(bleak={"unclear": 6.0, "answer.none": 5.0})
    long = " ".join(f"word{number}" for number in range(25))
    assert guard.read(hear(f"bleak {long}"), answers=True) == Danger(Tier.UNCLEAR)


def test_rule_decides_within_a_walk_too_and_may_be_raised_by_what_words_weigh_anywhere() -> None:
    guard = words(want={"answer.none": 9.0}, soon={"imminent": 9.0, "answer.none": 9.0})
    assert guard.read(hear("i want to die"), answers=True) == Danger(Tier.OWN, by_rule=True)
    assert guard.read(hear("i want to die soon"), answers=True) == Danger(Tier.IMMINENT, by_rule=True)


def test_what_is_about_to_happen_counts_within_a_walk_as_anywhere() -> None:
    guard = words(soon={"imminent": 9.0, "answer.none": 9.0})
    assert guard.read(hear("soon"), answers=True) == Danger(Tier.IMMINENT)


def test_age_of_a_writer_is_told_within_a_walk_as_anywhere() -> None:
    guard = words(homework={"minor": 5.0, "answer.none": 5.0})
    assert guard.read(hear("homework"), answers=True) == Danger(minor=True)


def test_danger_to_another_needs_a_greater_chance() -> None:
    assert words(her={"friend": 2.0}).read(hear("her")).tier is Tier.NONE
    assert words(her={"friend": 2.6, "own": 2.5}).read(hear("her")).tier is Tier.FRIEND
    assert words(her={"friend": 5.0}).read(hear("her")).tier is Tier.FRIEND


def test_faint_sign_that_it_is_about_to_happen_gets_the_card_for_what_is_said_plainly() -> None:
    assert words(now={"imminent": 3.5}).read(hear("now")).tier is Tier.OWN
    assert words(now={"imminent": 6.0}).read(hear("now")).tier is Tier.IMMINENT


def test_hint_gets_a_card_where_it_is_likelier_that_death_is_meant() -> None:
    assert words(ready={"unclear": 6.0, "own": 5.5, "imminent": 5.5}).read(hear("ready")).tier is Tier.OWN
    assert words(ready={"unclear": 7.0, "own": 5.5, "imminent": 5.5}).read(hear("ready")).tier is Tier.UNCLEAR


def test_slot_speaks_beside_its_words() -> None:
    assert words(**{"@now": {"imminent": 6.0}}).read(hear("tonight")).tier is Tier.IMMINENT


def test_sentence_of_a_long_message_is_read_by_itself() -> None:
    guard = words(bleak={"own": 9.0}, tea={"none": 9.0}, grim={"own": 5.0})
    long = " ".join(f"word{number}" for number in range(30))
    assert guard.read(hear(f"tea. bleak! {long}")) == Danger(Tier.OWN)
    assert guard.explain(hear(f"tea. bleak! {long}")) == (Evidence("words", "bleak"),)
    assert guard.read(hear(f"tea, bleak, {long}")) == Danger()
    assert guard.read(hear(f"tea. grim! {long}")) == Danger()  # less sure than one sentence needs
    assert guard.read(hear("tea. bleak!")) == Danger()  # in a short one all words count together


def test_words_can_tell_that_a_writer_is_under_16() -> None:
    guard = words(homework={"minor": 5.0})
    assert guard.read(hear("homework")) == Danger(minor=True)
    assert guard.explain(hear("homework")) == (Evidence("minor", "homework"),)
    assert not words(homework={"minor": 1.0}).read(hear("homework")).minor


def test_chances_add_up_to_one_whatever_is_said() -> None:
    for text in ("", "tea at four", "i want to die"):
        assert sum(GUARD.chances(hear(text)).values()) == pytest.approx(1)
