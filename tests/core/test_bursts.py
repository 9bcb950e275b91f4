"""Texts typed in a row, which are decided on together."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.lines import Line
from bot.core.model import Decision, Held, Incoming, Kind, Where
from bot.core.sequence import WALKING, begin
from bot.core.state import State, Step, Tier
from tests.person import PROMPTS, lines

CONTENT = PROMPTS.content
GRAVEST_FIRST = {
    Tier.IMMINENT: "I have decided to end my life tonight",
    Tier.MEDICAL: "my dad is not breathing. please help",
    Tier.SOMEONE: "there is a man beating her next door right now",
    Tier.THREAT: "I am going to hurt him when he comes home",
    Tier.OWN: "i want to die",
    Tier.FRIEND: "my friend says she will kill herself tonight",
    Tier.ABUSE: "my husband hits me and locks me in",
    Tier.PSYCHOSIS: "the radio is talking to me. I am the chosen one",
    Tier.EATING: "I make myself sick after every meal",
    Tier.UNCLEAR: "i cant do this anymore",
}
ORDINARY = ("so", "it was a long week", "the bus was late", "and it rained", "anyway")


def typed(*texts: str, state: State | None = None) -> Decision:
    """What is decided on texts that someone typed in a row."""
    incoming = Incoming(7, Where.PRIVATE, Kind.TEXT, at=1_790_000_000, text=texts[-1], earlier=texts[:-1], seed=5)
    return decide(incoming, Held(state) if state else Held(), CONTENT)


def at(step: Step) -> State:
    return begin(5, step)


@pytest.mark.parametrize("tier", GRAVEST_FIRST)
@pytest.mark.parametrize("place", range(len(ORDINARY)))
def test_danger_in_any_of_the_texts_is_answered_as_if_it_stood_alone(tier: Tier, place: int) -> None:
    texts = [*ORDINARY[:place], GRAVEST_FIRST[tier], *ORDINARY[place + 1 :]]
    assert lines(typed(*texts))[0] == lines(typed(GRAVEST_FIRST[tier]))[0]


@pytest.mark.parametrize(("first", "second"), list(permutations(GRAVEST_FIRST, 2)))
def test_of_two_dangers_the_graver_is_answered(first: Tier, second: Tier) -> None:
    graver = min(first, second, key=list(GRAVEST_FIRST).index)
    texts = (GRAVEST_FIRST[first], GRAVEST_FIRST[second])
    alone, together = lines(typed(GRAVEST_FIRST[graver])), lines(typed(*texts))
    # Read as one, two dangers can be graver than either.
    assert together[0] in {alone[0], Line.CARD_IMMINENT}


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (("i want to", "kill myself"), Line.CARD_OWN),
        (("i want to", "hurt", "myself"), Line.CARD_OWN),
        (("tonight im ending", "my life"), Line.CARD_IMMINENT),
    ],
)
def test_sentence_of_danger_that_was_sent_in_pieces_is_read_whole(texts: tuple[str, ...], line: Line) -> None:
    assert lines(typed(*texts))[0] is line


def test_age_in_any_of_the_texts_is_heard() -> None:
    assert typed("im 13", "my dog died", "and i cant stop crying").held.state.minor


def test_noticing_goes_over_all_texts() -> None:
    apart = ("lost a patient today", "and i cant stop seeing", "her sons face")
    assert typed(*apart).held.state == typed(" ".join(apart)).held.state
    assert typed(*apart).held.state.step is Step.ARRIVE


@pytest.mark.parametrize("step", sorted(WALKING))
@pytest.mark.parametrize("texts", [("stop", "sorry"), ("ok", "stop"), ("i", "stop", "yes"), ("stop", "please stop")])
def test_stop_among_the_texts_stops(step: Step, texts: tuple[str, ...]) -> None:
    assert typed(*texts, state=at(step)).held.state.step is Step.IDLE


def test_answer_among_the_texts_is_taken_and_the_last_of_several() -> None:
    assert typed("done it", "did it", "sorry that took long", state=at(Step.ARRIVE)).held.state.step is Step.EASE
    assert typed("4", "no", "6", state=at(Step.EASE)).held.state.upset_before == 6


@given(st.lists(st.sampled_from([*ORDINARY, *GRAVEST_FIRST.values(), "stop", "did it", "5"]), min_size=1, max_size=6))
def test_texts_in_a_row_are_no_less_dangerous_than_the_gravest_of_them(texts: list[str]) -> None:
    cards = {Line(f"card.{tier}") for tier in GRAVEST_FIRST if tier is not Tier.UNCLEAR}
    if any(lines(typed(text))[0] in cards for text in texts):
        assert lines(typed(*texts))[0] in cards


@given(st.text(max_size=40))
def test_one_text_alone_is_as_it_was(text: str) -> None:
    incoming = Incoming(7, Where.PRIVATE, Kind.TEXT, at=1, text=text)
    assert (incoming.texts, incoming.words) == ((text,), text)
