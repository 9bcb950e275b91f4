from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cards import (
    ANSWERS,
    Answers,
    card_of,
    failed,
    in_emergency,
    says_stop,
    standing,
    stands,
    tip,
    was_mistaken,
)
from bot.core.lines import Line
from bot.core.matching import hear
from bot.core.model import Action, Held, Incoming, Kind, Lane, Where
from bot.core.reading import Answer, read
from bot.core.sequence import AFTER_CARD
from bot.core.state import Barrier, State, Step, Tier
from tests.person import PROMPTS

CONTENT = PROMPTS.content
ANSWERED = CONTENT.answers

CLEAR_NO = (
    "no",
    "No.",
    "nope",
    "nah",
    "no no no",
    "wtf no, i mean...",
    "no way, i'm ok",
    "no not at all",
    "not at all",
    "god no",
    "no thanks",
    "never",
    "no, I'm just tired",
    "lol no",
    "no i would never do that",
    "no, it's just a figure of speech",
    "absolutely not!",
    "no i dont want to die",
    "omg no!! i am just really sad about this 😅",
    "I don't",
    "no, nothing like that, thanks for asking",
    "no! why do you ask?",
    "noo",
    "nooo",
    "nooooo lol",
    "no i dont want to kill myself",
    "no i'm not going to kill myself",
    "no, i wont do anything",
    "i would not do anything",
    "i wouldn't hurt myself",
    "no i would never hurt myself",
    "NO. the birds",
    "no, it's about the birds",
    "no! I am asking about my family",
    "no i'm worried about my brother in Sudan",
    "no i was only sad about the birds",
    "no jesus i dont want to die, im pissed off",
    "no, i am just furious about the news",
    "no ffs i just want the war to stop",
    "no, i won't hurt anyone",
    "wrong, no, you are not listening",
)
NO_CLEAR_NO = (
    "yes",
    "maybe",
    "i don't know",
    "no i want to",
    "no but maybe",
    "no but",
    "not really",
    "no, not really",
    "not now",
    "no not yet",
    "not tonight",
    "no, not today",
    "no comment",
    "no idea",
    "no one would care",
    "no more",
    "no point lying",
    "its not ok",
    "it isn't fine",
    "i dont really",
    "i dont think so",
    "i dont know anymore",
    "no im not ok",
    "no i'm tired of living",
    "no, i just want it to stop",
    "i dont want to die but i cant live",
    "i don't want to die",
    "no?",
    "ok",
    "done",
    "go on",
    "wtf",
    "i mean",
    "im fine",
    "",
    "🙂",
    "im done",
    "goodbye",
    "enough",
    "n",
    "and",
    "i'm not going to kill myself",
    "i wouldn't tell you",
    "i wouldn't hurt myself today",
    "no but sometimes i think about it",
    "no i just want the pain to stop",
    "no i just want it all to end",
    "its not the birds",
    "no, it's not about the war",
    "no, my kids",
    "no the kids",
    "no, my dog needs me",
    "no because of my family",
    "no, i am thinking about my family",
    "no i am worried about my friend",
    "no i'm sad about my kids",
    "no, its about me",
    "no, the birds and then me",
    "the birds",
    "im pissed off",
    "you are not listening",
    "wrong",
    "no i won't hurt anyone else",
)


@pytest.mark.parametrize("words", CLEAR_NO)
def test_a_clear_no_is_read_with_what_people_say_beside_it(words: str) -> None:
    assert ANSWERED.is_no(hear(words))


@pytest.mark.parametrize("words", NO_CLEAR_NO)
def test_what_could_go_on_is_no_clear_no(words: str) -> None:
    assert not ANSWERED.is_no(hear(words))


@given(st.sampled_from(CLEAR_NO), st.sampled_from(["but", "i want to", "not yet", "maybe", "i guess", "tonight"]))
def test_a_no_with_any_other_word_is_no_clear_no(words: str, more: str) -> None:
    assert not ANSWERED.is_no(hear(f"{words} {more}"))
    assert not ANSWERED.is_no(hear(f"{more} {words}"))


@given(st.text())
def test_any_text_can_be_read_as_an_answer(text: str) -> None:
    assert ANSWERED.is_no(hear(text)) in {True, False}
    assert ANSWERED.barrier(hear(text)) is None or isinstance(ANSWERED.barrier(hear(text)), Barrier)


def test_a_long_row_of_noes_is_not_gone_through() -> None:
    assert not ANSWERED.is_no(hear("no " * 10_000))


@pytest.mark.parametrize(
    ("words", "barrier"),
    [
        ("i can't afford it", Barrier.COST),
        ("how much does it cost", Barrier.COST),
        ("they would trace me", Barrier.TRACED),
        ("will they call my parents", Barrier.TRACED),
        ("they would send the police", Barrier.TRACED),
        ("my parents would hear me", Barrier.SPEAKING),
        ("i cant talk on the phone", Barrier.SPEAKING),
        ("phone anxiety", Barrier.SPEAKING),
        ("I tried before and it was useless", Barrier.BEFORE),
        ("they put me on hold", Barrier.BEFORE),
        ("i dont think it's bad enough", Barrier.ENOUGH),
        ("others need it more", Barrier.ENOUGH),
        ("i dont want to waste their time", Barrier.ENOUGH),
        ("nothing", Barrier.NOTHING),
        ("i will call", Barrier.NOTHING),
        ("nothing, but it costs money", Barrier.COST),
        ("nothing helps", Barrier.BEFORE),
        ("nothing matters", None),
        ("i can not do it", None),
        ("the dog is asleep", None),
    ],
)
def test_what_is_in_the_way_is_read_from_plain_words(words: str, barrier: Barrier | None) -> None:
    assert ANSWERED.barrier(hear(words)) is barrier


@pytest.mark.parametrize("barrier", Barrier)
def test_each_thing_in_the_way_has_a_tip_and_then_who_when_how(barrier: Barrier) -> None:
    reply = tip(barrier, State(walk=5, step=Step.PLAN))
    assert reply.keys == (Line(f"tip.{barrier.name.lower()}"), Line.PLAN_ASK)
    assert reply.buttons


@pytest.mark.parametrize(
    "words",
    [
        "i have no one",
        "there is nobody to call",
        "I don't have anyone",
        "nobody i trust",
        "i dont know who to call",
    ],
)
def test_someone_with_nobody_to_contact_is_heard(words: str) -> None:
    assert ANSWERED.barrier(hear(words)) is Barrier.NOBODY


def test_nobody_who_answered_is_another_thing_than_nobody_to_call() -> None:
    assert ANSWERED.barrier(hear("no one answered")) is Barrier.BEFORE


@pytest.mark.parametrize(
    "words", ["idk", "dont know", "I can't", "please help me", "no one", "no idea", "i dont know yet"]
)
def test_an_answer_without_a_plan_is_known_as_a_whole(words: str) -> None:
    read_at_plan = read(State(walk=5, step=Step.PLAN), hear(words), CONTENT)
    assert read_at_plan == Answer(Action.SKIP)


@pytest.mark.parametrize("words", ["i cant today, my sister tomorrow", "help from my sister", "my sister", "call now"])
def test_a_plan_with_such_words_in_it_is_one(words: str) -> None:
    assert read(State(walk=5, step=Step.PLAN), hear(words), CONTENT) != Answer(Action.SKIP)


@pytest.mark.parametrize(
    "words",
    [
        "jk",
        "jk lol",
        "i was joking",
        "lol i was just kidding",
        "you got me wrong",
        "no you misunderstood",
        "it is only a poem",
        "it's just a song i like",
        "I don't mean it like that",
        "no thats not what i meant",
        "no im literally just going to sleep",
        "Not what I meant!",
        "sorry, it was a joke",
        "no, I am not going to hurt anyone",
        "wtf i would never hurt anyone",
        "I'm just angry",
        "i am only furious at that judge",
        "no it is a memory, from last week",
        "it's a memory",
        "no i am safe, it happened years ago to my friend",
        "it was my friend, i am safe, it happened years ago",
        "you are not listening, i said i'm safe",
        "no i'm safe",
        "no, that's not what i meant",
        "wrong, its about a video",
    ],
)
def test_words_that_take_a_card_back_are_read(words: str) -> None:
    assert ANSWERED.is_mistaken(hear(words))
    assert not ANSWERED.is_mistaken(hear(f"{words} but maybe i do"))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "no",
        "im going to sleep",
        "i was not joking",
        "this is not a joke",
        "this is my story",
        "i wrote a poem about it",
        "i was joking before",
        "im ok",
        "you got me",
        "i am not going to hurt anyone",
        "no i am not going to hurt anyone else",
        "i'm angry",
        "i'm just tired",
        "i'm just angry at myself",
        "it was my friend",
        "no it happened to my friend",
        "it happened last night",
        "it happened years ago and it still does",
        "i only have memories",
        "i'm safe",
        "i said i'm not safe",
        "no i'm not safe",
        "no, i'm safe for now",
        "you are not listening",
        "wrong",
        "its about me",
        "its about a video of me",
        "no, the birds",
    ],
)
def test_words_that_do_not_take_it_back_wholly_are_no_way_out(words: str) -> None:
    assert not ANSWERED.is_mistaken(hear(words))


@pytest.mark.parametrize("step", sorted(AFTER_CARD))
def test_the_card_that_stands_is_the_one_shown_last(step: Step) -> None:
    def held(*said: Line) -> Held:
        return Held(State(walk=5, step=step), said=dict.fromkeys(said, 1))

    assert standing(held()) is None
    assert stands(held())
    assert standing(held(Line.CARD_IMMINENT, Line.CARD_FRIEND_YOUNG, Line.CARD_LINES)) is Tier.FRIEND
    assert standing(held(Line.CARD_FRIEND, Line.CARD_ASKED)) is Tier.OWN
    assert not in_emergency(held(Line.CARD_IMMINENT, Line.CARD_FRIEND))
    assert in_emergency(held(Line.CARD_FRIEND, Line.CARD_MEDICAL, Line.CARD_STAY, Line.TIP_COST))
    assert in_emergency(held(Line.CARD_IMMINENT, Line.CARD_FRIEND, Line.CARD_AGAIN_NOW))
    for line in (Line.DANGER_NO, Line.DANGER_NO_NOW):
        assert was_mistaken(held(Line.CARD_IMMINENT, line))
        assert not stands(held(Line.CARD_IMMINENT, line))
        assert not in_emergency(held(Line.CARD_IMMINENT, line))
        assert in_emergency(held(line, Line.CARD_THREAT))


def test_no_card_stands_anywhere_else() -> None:
    for step in set(Step) - AFTER_CARD:
        held = Held(State(walk=5, step=step), said={Line.CARD_IMMINENT: 1})
        assert not stands(held)
        assert not in_emergency(held)
        assert standing(held) is None


def test_the_words_of_another_are_told_from_ones_own() -> None:
    for words in ("my sister", "a friend sent it", "not mine", "his", "someone else", "i found it in a group"):
        assert ANSWERED.is_someone_elses(hear(words)), words
    for words in ("mine", "i wrote it", "me", "yes", "what now"):
        assert not ANSWERED.is_someone_elses(hear(words)), words


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("stop. I'll do it tonight", True),
        ("please stop, i cant do this", True),
        ("stop i cant do this anymore", True),
        ("leave me alone! i want to die", True),
        ("i cant stop crying", False),
        ("it wont stop", False),
        ("i want to die", False),
    ],
)
def test_a_wish_to_stop_is_seen_beside_words_of_danger(text: str, *, stops: bool) -> None:
    incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, at=0, text=text)
    assert says_stop(incoming, CONTENT) is stops
    assert says_stop(replace(incoming, kind=Kind.COMMAND, command="stop"), CONTENT)


@pytest.mark.parametrize("tier", sorted(set(Tier) - {Tier.NONE, Tier.UNCLEAR}))
@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("step", [Step.HELD, Step.BARRIER])
def test_every_card_is_three_messages_in_their_order_before_all_else(tier: Tier, *, minor: bool, step: Step) -> None:
    first, second, last = card_of(tier, State(walk=5, step=step, minor=minor))
    assert second.keys == (Line.CARD_LINES,)
    assert last.keys[0] is (Line.CARD_MINOR if minor else Line.CARD_STAY)
    assert last.buttons
    assert {first.lane, second.lane, last.lane} == {Lane.DANGER}


def test_the_general_card_names_the_emergency_a_line_and_a_person() -> None:
    said = " ".join(PROMPTS.text(reply) for reply in failed())
    for named in ("emergency number", "helpline", "someone you trust", "doctor", "findahelpline.com"):
        assert named in said


def test_every_group_of_words_is_used() -> None:
    assert len(set(ANSWERS)) == len(ANSWERS)
    nothing = dict.fromkeys(ANSWERS, ("zzz",))
    assert not Answers(nothing).is_no(hear("no"))


@pytest.mark.parametrize("line", [line for line in Line if line.startswith(("card.", "tip.", "plan.", "barrier."))])
def test_no_two_wordings_that_follow_each_other_are_the_same(line: Line) -> None:
    wordings = PROMPTS.lines[line]
    assert len(wordings) >= 2
    assert all(one != other for one, other in pairwise(wordings))
