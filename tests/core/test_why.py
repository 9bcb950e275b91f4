"""/why: what the answer to the last text went by, and nothing of the text itself."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.lines import Line
from bot.core.model import Action, Decision, Ground, Held, Incoming, Kind, Opened, Reply, Where, Why
from bot.core.state import Condition, Reason, State, Step
from tests.person import PROMPTS, SEEN

CONTENT = PROMPTS.content
OWN_TROUBLE = "i am so stressed about my exams"
KIND_WORDS = "i sat with a dying patient today and felt calm and full of care for her"
PUZZLING = "i heard about the fire"
ORDINARY = "what is the capital of france"
UNCLEAR = "i cant do this anymore"

KNOWN = {
    *re.findall(r"[a-z]+", " ".join(wording for wordings in PROMPTS.lines.values() for wording in wordings).lower()),
    *re.findall(r"[a-z]+", " ".join(CONTENT.labels.values()).lower()),
}
"""Every word that the bot has."""


def told(held: Held, kind: Kind = Kind.TEXT, text: str = "", **more: object) -> Decision:
    incoming = replace(Incoming(7, Where.PRIVATE, kind, 1_790_000_000, text=text, seed=77), **more)  # type: ignore[arg-type]
    return decide(incoming, held, CONTENT)


def asked(held: Held) -> Reply:
    """Ask why."""
    reply, *_ = told(held, Kind.COMMAND, command="why").replies  # an open question comes once more after it
    return reply


def held_after(text: str, *, step: Step = Step.IDLE, kind: Kind = Kind.TEXT, forwarded: bool = False) -> Held:
    conditions = Condition.OWN_LOSS if step is Step.NEEDS else Condition.NONE
    return told(Held(State(walk=5, step=step, conditions=conditions)), kind, text, forwarded=forwarded).held


@pytest.mark.parametrize(
    ("held", "ground"),
    [
        (held_after(SEEN), Ground.WITNESS),
        (held_after(OWN_TROUBLE), Ground.OWN),
        (held_after("my mum died last week and i cant stop crying"), Ground.LOSS),
        (held_after(KIND_WORDS), Ground.COMPASSION),
        (held_after(PUZZLING), Ground.UNSURE),
        (held_after(ORDINARY), Ground.NONE),
        (held_after(ORDINARY, step=Step.ASK), Ground.NONE),
        (held_after(""), Ground.NONE),
        (held_after("i want to die"), Ground.DANGER),
        (held_after("i want to die", kind=Kind.EDIT), Ground.DANGER),
        (held_after("i want to die", kind=Kind.MEDIA), Ground.DANGER),
        (held_after("i want to die", kind=Kind.COMMAND), Ground.DANGER),
        (held_after(UNCLEAR), Ground.DANGER),
        (held_after(UNCLEAR, step=Step.KIND), Ground.DANGER),
        (held_after(SEEN, forwarded=True), Ground.FORWARDED),
        (held_after(ORDINARY, forwarded=True), Ground.FORWARDED),
        (held_after("i want to die", forwarded=True), Ground.FORWARDED),
        (held_after("thanks"), Ground.KNOWN),
        (held_after("stop", step=Step.KIND), Ground.KNOWN),
        (held_after("sad", step=Step.RESONANCE), Ground.ANSWER),
        (held_after(SEEN, step=Step.KIND), Ground.ANSWER),
        (held_after("maybe", step=Step.DANGER_ASK), Ground.ANSWER),
        (held_after("it was long", step=Step.STAY), Ground.ANSWER),
        (held_after("no puedo dormir por las noticias"), Ground.LANGUAGE),
        (held_after("no puedo dormir por las noticias", step=Step.KIND), Ground.LANGUAGE),
    ],
)
def test_the_ground_of_an_answer_is_held_and_said(held: Held, ground: Ground) -> None:
    assert held.why is not None
    assert held.why.ground is ground
    assert asked(held).keys[0] is Line(f"why.{ground}")
    assert asked(held).keys[-1] is Line.BY_WORDS


def test_without_a_text_before_it_why_says_so() -> None:
    assert asked(Held()).keys == (Line.WHY_NOTHING,)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Kind.COMMAND, {"command": "help"}),
        (Kind.COMMAND, {"command": "why"}),
        (Kind.COMMAND, {"command": "walk", "text": SEEN}),
        (Kind.PRESS, {"pressed": Opened(State(), Action.WALK, 0)}),
        (Kind.MEDIA, {}),
        (Kind.EDIT, {"text": SEEN}),
    ],
)
def test_what_is_no_new_text_leaves_the_last_one(kind: Kind, more: dict[str, object]) -> None:
    held = held_after(OWN_TROUBLE)
    assert told(held, kind, **more).held.why == held.why  # type: ignore[arg-type]


@pytest.mark.parametrize("step", Step)
def test_why_moves_nothing(step: Step) -> None:
    held = Held(State(walk=5, step=step), why=Why(Ground.WITNESS, (Reason.DEATH,)))
    decision = told(held, Kind.COMMAND, command="why")
    assert (decision.held.state, decision.held.why, decision.facts) == (held.state, held.why, ())


def test_the_last_of_several_texts_counts() -> None:
    held = told(held_after(OWN_TROUBLE), text="i want to die").held
    assert held.why == Why(Ground.DANGER)


def test_reasons_are_named_in_their_order() -> None:
    reply = asked(Held(why=Why(Ground.OWN, (Reason.BODY, Reason.GUILT))))
    assert reply.keys == (Line.WHY_OWN, Line.SPOKE_OF_TWO, Line.BY_WORDS)
    assert dict(reply.slots) == {"first": "reason.body", "second": "reason.guilt"}


def test_nobody_hears_that_a_death_weighed_too_little() -> None:
    heavy = tuple(reason for reason in Reason if reason not in {Reason.EVERYDAY, Reason.PLAY})
    assert asked(Held(why=Why(Ground.NONE, heavy))).keys == (Line.WHY_NONE, Line.BY_WORDS)
    mixed = asked(Held(why=Why(Ground.NONE, (Reason.DEATH, Reason.PLAY))))
    assert dict(mixed.slots) == {"first": "reason.play"}


WORDS = st.sampled_from(
    [*SEEN.split(), *OWN_TROUBLE.split(), *KIND_WORDS.split(), *PUZZLING.split(), "xyzzysorrow", "wilhelmina", "die"]
)
TEXTS = st.text(max_size=60) | st.lists(WORDS, max_size=14).map(" ".join)


@given(text=TEXTS, step=st.sampled_from(Step), forwarded=st.booleans())
def test_after_any_text_why_answers_and_holds_no_word_of_it(*, text: str, step: Step, forwarded: bool) -> None:
    held = held_after(text, step=step, forwarded=forwarded)
    reply = asked(held)
    said = PROMPTS.text(reply)
    assert reply.keys[0] is not Line.WHY_NOTHING
    odd = {*re.findall(r"\w+", text.lower())} - KNOWN
    assert not odd & {*re.findall(r"\w+", said.lower())}
    assert held.why is not None
    assert all(type(each) in {Ground, Reason} for each in (held.why.ground, *held.why.reasons))
    assert len(held.why.reasons) <= 3
