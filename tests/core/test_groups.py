from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.groups import decide_in_group
from bot.core.lines import Label, Line
from bot.core.model import Action, Decision, Held, Incoming, Kind, Lane, State, Step, Where
from bot.core.noticing import Reader
from bot.core.safety import Guard
from tests.person import PROMPTS, SEEN

CONTENT = PROMPTS.content
HELD = Held(State(walk=5, step=Step.RESONANCE, counter=3))
PERSON = 7_071_067_811
GROUP_LINES = (Line.GROUP_PRIVATE, Line.GROUP_DANGER, Line.GROUP_LANGUAGE)


def heard(text: str = "", kind: Kind = Kind.TEXT, *, command: str = "", addressed: bool = True) -> Decision:
    incoming = Incoming(PERSON, Where.GROUP, kind, at=0, text=text, command=command, addressed=addressed)
    return decide(incoming, HELD, CONTENT)


def never(*_: object) -> NoReturn:
    raise AssertionError("a rule read it")


def test_what_is_not_addressed_is_dropped_before_any_rule_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "notice", never)
    monkeypatch.setattr(Guard, "read", never)
    for kind in Kind:
        assert heard("i want to die", kind, addressed=False) == Decision(HELD)


@pytest.mark.parametrize("text", [SEEN, "hello", "", "/walk", "stop", "thanks", "are you real?"])
def test_what_is_addressed_gets_one_line_and_the_way_to_the_private_chat(text: str) -> None:
    (reply,) = heard(text).replies
    assert reply.keys == (Line.GROUP_PRIVATE,)
    assert [[(button.label, button.action) for button in row] for row in reply.buttons] == [
        [(Label.WRITE_PRIVATELY, Action.DOOR)]
    ]


@pytest.mark.parametrize(
    "command", ["start", "walk", "crisis", "stop", "why", "privacy", "consent", "forget", "nonsense"]
)
def test_every_command_in_a_group_gets_the_same_line(command: str) -> None:
    (reply,) = heard(kind=Kind.COMMAND, command=command).replies
    assert reply.keys == (Line.GROUP_PRIVATE,)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.COMMAND])
def test_danger_in_a_group_is_answered_to_the_room(kind: Kind) -> None:
    (reply,) = heard("i want to die", kind, command="walk").replies
    assert reply.keys == (Line.GROUP_DANGER,)


def test_another_language_in_a_group_is_answered_only_when_it_is_addressed() -> None:
    text = "не могу спать после этого видео"
    (reply,) = heard(text).replies
    assert reply.keys == (Line.GROUP_LANGUAGE,)
    assert heard(text, addressed=False) == Decision(HELD)


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.MEDIA])
def test_danger_in_a_group_is_answered_in_an_edited_message_and_a_caption_too(kind: Kind) -> None:
    (reply,) = heard("i want to die", kind).replies
    assert (reply.keys, reply.lane) == ((Line.GROUP_DANGER,), Lane.DANGER)


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.PRESS, Kind.MEDIA])
def test_nothing_else_in_a_group_is_answered(kind: Kind) -> None:
    assert heard(SEEN, kind) == Decision(HELD)


@given(st.text() | st.sampled_from([SEEN, "i want to die", "skip"]), st.sampled_from(Kind))
def test_a_group_never_gets_a_private_step_or_moves_a_walk(text: str, kind: Kind) -> None:
    decision = heard(text, kind)
    assert decision.held == HELD
    assert decision.facts == ()
    assert {line for reply in decision.replies for line in reply.keys} <= set(GROUP_LINES)


def test_everyone_in_a_group_gets_the_same_words() -> None:
    incoming = Incoming(1, Where.GROUP, Kind.TEXT, at=0, text=SEEN)
    another = Incoming(2, Where.GROUP, Kind.TEXT, at=9, text="hello", seed=77)
    assert decide(incoming, HELD, CONTENT).replies == decide(another, Held(), CONTENT).replies


def test_decide_in_group_never_says_whose_message_it_answers() -> None:
    said = [wording for line in GROUP_LINES for wording in PROMPTS.lines[line]]
    assert not [wording for wording in said if "{" in wording]
    assert (
        decide_in_group(Incoming(PERSON, Where.GROUP, Kind.TEXT, at=0, text=SEEN), HELD, CONTENT).replies[0].slots == {}
    )
