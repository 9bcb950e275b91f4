from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gap import HIGH
from bot.core.lines import Label, Line
from bot.core.matching import hear, plain
from bot.core.model import Action, Button, Reply
from bot.core.reading import Answer, mirrored, read, take, typed
from bot.core.sequence import WALKING, advance, begin, knows
from bot.core.state import (
    NO_RATING,
    Act,
    CareFor,
    Change,
    Company,
    Condition,
    Event,
    Feeling,
    Need,
    Source,
    State,
    Step,
)
from bot.core.steps import again, offer, onward, opening, stay_with
from tests.core.places import ways
from tests.person import PROMPTS

CONTENT = PROMPTS.content
ANSWERED = WALKING - {Step.STAY}


def offers() -> dict[State, list[Button]]:
    """What is offered: one place for each step and each way of offering."""
    shown: dict[tuple[Step, tuple[Button, ...]], State] = {}
    for place in ways():
        state = place.state()
        buttons = tuple(button for row in offer(state) for button in row)
        shown.setdefault((place.step, buttons), state)
    return {state: list(buttons) for (_, buttons), state in shown.items()}


def at(step: Step) -> State:
    return State(walk=5, step=step)


def worded(reply: Reply) -> Iterator[str]:
    """Every way in which a message can be worded."""
    for pick in range(max(len(PROMPTS.lines[line]) for line in reply.keys)):
        yield PROMPTS.text(Reply(reply.keys, slots=reply.slots, picks=(pick,) * len(reply.keys)))


# --- Buttons ------------------------------------------------------------------------------------------------------


def test_every_step_offers_buttons_and_none_twice() -> None:
    for state, buttons in offers().items():
        plain_close = state.step is Step.CLOSE and buttons == []
        assert buttons or plain_close
        assert len({button.label for button in buttons}) == len(buttons)
        assert all(len(row) <= 8 for row in offer(state))


def test_every_offered_button_leads_somewhere_at_its_step() -> None:
    for state, buttons in offers().items():
        for button in buttons if state.step is not Step.IDLE else ():
            taken = take(state, Answer(button.action, button.value))
            assert taken is not None
            assert knows(*taken)


def test_the_words_on_a_button_are_as_good_as_the_button() -> None:
    for state, buttons in offers().items():
        for button in buttons:
            said = CONTENT.labels[button.label]
            for words in (said, said.upper(), f"  {said}... "):
                assert read(state, hear(words), CONTENT) == Answer(button.action, button.value)


# --- Answers in words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Step.EASE, Step.LOOK_BACK])
@pytest.mark.parametrize("rating", range(11))
def test_a_rating_may_be_typed_in_several_ways(step: Step, rating: int) -> None:
    for words in (str(rating), f"{rating}/10", f"{rating} out of 10", f"{rating} of 10", f" {rating}. "):
        assert read(at(step), hear(words), CONTENT) == Answer(Action.RATE, rating)


@pytest.mark.parametrize("words", ["11", "100", "-", "7 8", "10 10 10", "½", "٣"])
def test_what_is_no_rating_is_none(words: str) -> None:
    assert read(at(Step.EASE), hear(words), CONTENT) is None


@pytest.mark.parametrize("step", [Step.RESONANCE, Step.CARE, Step.KIND, Step.WHO])
def test_a_number_that_nobody_asked_for_is_read_only_where_it_tells_of_a_rise(step: Step) -> None:
    for before, number, rises in (
        (NO_RATING, 6, False),
        (NO_RATING, 7, True),
        (5, 6, False),
        (5, 7, True),
        (9, 9, False),
    ):
        state = replace(at(step), upset_now=before)
        answer = read(state, hear(f"{number}"), CONTENT)
        assert answer == (Answer(Action.RATE, number) if rises else None)
        if answer is not None:
            _, event = take(state, answer) or (None, None)
            assert event is Event.HIGH


@pytest.mark.parametrize(
    ("step", "words", "answer"),
    [
        (Step.EASE, "id say its a 6 maybe", Answer(Action.RATE, 6)),
        (Step.LOOK_BACK, "a lot calmer now", Answer(Action.RATE, 2)),
        (Step.EASE, "very strong i would say", Answer(Action.RATE, 8)),
        (Step.WHO, "not them", Answer(Action.CARE_FOR, CareFor.NOBODY_YET)),
        (Step.WHO, "nobody", Answer(Action.CARE_FOR, CareFor.NOBODY_YET)),
        (Step.WHO, "i dont have much time, the short one", Answer(Action.SHORT)),
        (Step.TOGETHER, "my mum but she died last year", Answer(Action.WITH)),
        (Step.TOGETHER, "i havent told my wife", Answer(Action.WITH)),
        (Step.REACH, "i dont know what i could do", Answer(Action.ACT)),
        (Step.REACH, "not now", Answer(Action.SKIP)),
        (Step.RESONANCE, "i think mostly sad", Answer(Action.FEEL, Feeling.SAD)),
        (Step.RESONANCE, "my fault, all of it", Answer(Action.FEEL, Feeling.GUILTY)),
        (Step.WHO, "i guess her family more than anyone", Answer(Action.CARE_FOR, CareFor.LEFT_BEHIND)),
        (Step.APART, "he needs to be safe first", Answer(Action.NEED, Need.SAFETY)),
        (Step.REACH, "nothing comes to mind sorry", Answer(Action.ACT, Act.HOLD)),
        (Step.TOGETHER, "perhaps my sister when she calls", Answer(Action.WITH, Company.FRIEND)),
        (Step.TOGETHER, "nothing", Answer(Action.WITH, Company.NO_ONE)),
        (Step.TOGETHER, "thats hard", Answer(Action.WITH)),
        (Step.REACH, "sorry", Answer(Action.ACT)),
        (Step.TOGETHER, "amen", Answer(Action.NEXT)),
        (Step.CARE, "a bit more than before", Answer(Action.CHANGE, Change.MORE)),
    ],
)
def test_an_answer_is_found_within_a_text(step: Step, words: str, answer: Answer) -> None:
    assert read(at(step), hear(words), CONTENT) == answer


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.RESONANCE, "im not sad about it really"),
        (Step.EASE, "she was only 8"),
        (Step.LOOK_BACK, "the worst is over"),
        (Step.LOOK_BACK, "huge relief"),
        (Step.TOGETHER, "Anna"),
        (Step.TOGETHER, "old Mr Brown from number nine"),
        (Step.REACH, "light a lamp for them"),
        (Step.REACH, "maybe write to my landlord on sunday"),
        (Step.KIND, "i want to stop the war one day"),
        (Step.APART, " ".join(["well"] * 14) + " they need rest"),
    ],
)
def test_a_text_that_denies_or_says_more_holds_no_answer(step: Step, words: str) -> None:
    assert read(at(step), hear(words), CONTENT) is None


@pytest.mark.parametrize(
    ("words", "word"),
    [
        *(("Gutted", "Gutted"), ("i feel so heartbroken", "Heartbroken"), ("worn out", "Worn out")),
        *(("heartbroken i guess", "Heartbroken"), ("just worn out now", "Worn out")),
    ],
)
def test_a_plain_word_for_a_feeling_is_said_back(words: str, word: str) -> None:
    assert mirrored(hear(words), CONTENT) == word


@pytest.mark.parametrize(
    "words", ["my fault", "useless", "selfish", "not sad", "i feel sad that he had to go", "Kevin", ""]
)
def test_a_word_that_blames_or_is_not_known_is_not_said_back(words: str) -> None:
    assert not mirrored(hear(words), CONTENT)


@pytest.mark.parametrize(
    ("step", "words", "answer"),
    [
        (Step.ARRIVE, "ok done", Answer(Action.NEXT)),
        (Step.ARRIVE, "something else", Answer(Action.ANOTHER)),
        (Step.EASE, "unbearable", Answer(Action.RATE, 10)),
        (Step.RESONANCE, "I feel sad", Answer(Action.FEEL, Feeling.SAD)),
        (Step.RESONANCE, "skip", Answer(Action.SKIP)),
        (Step.RESONANCE, "this makes it harder", Answer(Action.HARDER)),
        (Step.WHO, "the family", Answer(Action.CARE_FOR, CareFor.LEFT_BEHIND)),
        (Step.WHO, "something short", Answer(Action.SHORT)),
        (Step.APART, "to be safe", Answer(Action.NEED, Need.SAFETY)),
        (Step.REACH, "no", Answer(Action.ACT, Act.HOLD)),
        (Step.TOGETHER, "nobody", Answer(Action.WITH, Company.NO_ONE)),
        (Step.DANGER_ASK, "no", Answer(Action.NEXT)),
        (Step.DANGER_ASK, "yes", Answer(Action.OWN)),
        (Step.DANGER_ASK, "not sure", Answer(Action.OWN)),
        (Step.DANGER_ASK, "maybe", Answer(Action.OWN)),
        (Step.WHO, "maybe", Answer(Action.SKIP)),
        (Step.OWN, "no thanks", Answer(Action.STOP)),
        (Step.ASK, "yes", Answer(Action.NEXT)),
        (Step.ASK, "it's about me", Answer(Action.OWN)),
        (Step.STAY, "a person", Answer(Action.PERSON)),
        (Step.STAY, "go on", Answer(Action.MORE)),
    ],
)
def test_a_typed_answer_is_read_at_its_step(step: Step, words: str, answer: Answer) -> None:
    assert read(at(step), hear(words), CONTENT) == answer


@pytest.mark.parametrize("words", ["no", "not sure", "i don't know", "rather not"])
def test_staying_is_not_left_by_words_that_do_not_ask_to_go_on(words: str) -> None:
    answer = read(at(Step.STAY), hear(words), CONTENT)
    taken = None if answer is None else take(at(Step.STAY), answer)
    assert taken is None or not knows(*taken)


def test_myself_is_understood_where_it_is_asked_who_the_care_is_for() -> None:
    assert read(at(Step.WHO), hear("me"), CONTENT) == Answer(Action.CARE_FOR, CareFor.MYSELF)


def test_every_phrase_that_may_be_typed_is_a_known_answer_at_some_step() -> None:
    asides = {"thanks", "real", "swear", "stop", "breathing"}
    beside_the_walk = {
        phrase
        for phrase, meaning in CONTENT.typed.items()
        if meaning not in asides and not [step for step in Step if read(at(step), hear(phrase), CONTENT)]
    }
    assert beside_the_walk == set()


@given(st.text(), st.sampled_from(Step))
def test_any_text_can_be_read_at_any_step(text: str, step: Step) -> None:
    answer = read(at(step), hear(text), CONTENT)
    assert answer is None or isinstance(answer.action, Action)


def test_a_paragraph_is_an_answer_at_every_step_of_a_walk() -> None:
    for place in ways():
        if place.step in ANSWERED | {Step.DANGER_ASK}:
            state = place.state()
            taken = take(state, typed(state))
            assert taken is not None
            assert knows(*taken)


def test_anything_but_a_clear_no_to_the_direct_question_shows_the_card() -> None:
    assert typed(at(Step.DANGER_ASK)) == Answer(Action.OWN)


def test_an_answer_elsewhere_is_none() -> None:
    assert take(at(Step.KIND), Answer(Action.RATE, 5)) is None
    assert take(at(Step.EASE), Answer(Action.FEEL, Feeling.SAD)) is None
    assert take(at(Step.KIND), Answer(Action.WALK)) is None


def test_a_skipped_rating_is_never_filled_in() -> None:
    taken = take(at(Step.EASE), Answer(Action.SKIP))
    assert taken == (at(Step.EASE), Event.SKIP)
    assert taken[0].upset_before == NO_RATING


@pytest.mark.parametrize(("rating", "event"), [(HIGH - 1, Event.NEXT), (HIGH, Event.HIGH)])
def test_from_high_on_the_upset_is_steadied_first(rating: int, event: Event) -> None:
    assert take(at(Step.EASE), Answer(Action.RATE, rating)) == (
        replace(at(Step.EASE), upset_before=rating, upset_now=rating),
        event,
    )


@pytest.mark.parametrize("step", [Step.EASE, Step.LOOK_BACK])
@pytest.mark.parametrize("words", ["ok", "yes", "done", "not sure"])
def test_what_says_no_number_is_a_skip_where_one_is_asked_for(step: Step, words: str) -> None:
    answer = read(at(step), hear(words), CONTENT)
    assert answer is not None
    assert take(at(step), answer) == (at(step), Event.SKIP)


def test_the_first_rating_stands_when_the_upset_is_asked_again() -> None:
    first, event = take(at(Step.EASE), Answer(Action.RATE, 9)) or pytest.fail("not taken")
    assert (first.upset_before, event) == (9, Event.HIGH)
    second, event = take(first, Answer(Action.RATE, 4)) or pytest.fail("not taken")
    assert (second.upset_before, event) == (9, Event.NEXT)


# --- What is said -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("condition", Condition)
def test_the_opening_asks_nothing_whatever_its_words(source: Source, condition: Condition) -> None:
    for walk in range(1, 5):
        reply = opening(begin(walk, source=source, conditions=condition))
        assert len(reply.keys) == 3
        assert reply.keys[-1] is Line.ABOUT
        assert not [words for words in worded(reply) if "?" in words]


def test_the_opening_is_by_what_comes_first() -> None:
    everything = Condition.OVERWHELM | Condition.WAS_THERE | Condition.OWN_LOSS | Condition.NUMB
    said = []
    for condition in (Condition.OVERWHELM, Condition.WAS_THERE, Condition.OWN_LOSS, Condition.NUMB):
        said.append(opening(begin(5, source=Source.NEWS, conditions=everything)).keys[0])
        everything &= ~condition
    assert said == [Line.ARRIVE_OVERWHELM, Line.ARRIVE_WAS_THERE, Line.ARRIVE_LOSS, Line.ARRIVE_NUMB]


def test_something_else_is_something_else_each_time() -> None:
    state, anchors = begin(5), []
    for _ in range(4):
        anchors.append(again(state).keys[-1])
        state = advance(state, Event.ANOTHER)
    assert len(set(anchors)) == 4


def test_the_chosen_feeling_and_act_are_in_the_words() -> None:
    sad = State(walk=5, step=Step.RESONANCE, feeling=Feeling.SAD)
    assert PROMPTS.text(onward(sad, Event.NEXT, advance(sad, Event.NEXT))).startswith(CONTENT.labels[Label.FEEL_SAD])
    give = State(walk=5, step=Step.REACH, act=Act.GIVE)
    assert CONTENT.labels[Label.THEN_GIVE] in PROMPTS.text(onward(give, Event.NEXT, advance(give, Event.NEXT)))


@pytest.mark.parametrize("care_for", CareFor)
@pytest.mark.parametrize("need", Need)
def test_the_wish_is_made_of_who_and_what_was_named(care_for: CareFor, need: Need) -> None:
    for words in worded(again(State(walk=5, step=Step.WISH, care_for=care_for, need=need))):
        assert "{" not in words
        assert "may " in words.lower()


def test_every_way_says_something_short_that_asks_one_thing_at_most() -> None:
    told_apart = {
        (place.step, event, to._replace(resume=Step.NEEDS, harder=0)): (place, event, to)
        for place, found in ways().items()
        for event, to in found
        if to.step not in {Step.IDLE, Step.HELD} or place.step is Step.HELD
    }
    moves = ((place.state(), event, to.state()) for place, event, to in told_apart.values())
    replies = (onward(*move, heard=heard) for move in moves for heard in (False, True))
    said = {(reply.keys, tuple(reply.slots.items())) for reply in replies}
    assert len(said) > 50
    for keys, slots in said:
        for words in worded(Reply(keys, slots=dict(slots))):
            assert len(words.split()) <= 45, keys
            assert words.count("?") <= 1, keys


def test_staying_hears_without_leading_on() -> None:
    for step in (Step.STAY, Step.HELD):
        reply = stay_with(at(step))
        assert reply.keys == (Line.STAY_HEARD if step is Step.STAY else Line.HELD_HEARD,)
        assert reply.buttons == offer(at(step))


def test_plain_words_are_the_same_as_a_label() -> None:
    assert plain("Did it!") == plain(CONTENT.labels[Label.DID_IT])


@pytest.mark.parametrize(
    ("step", "action", "value"),
    [
        (Step.EASE, Action.RATE, 11),
        (Step.LOOK_BACK, Action.RATE, 255),
        (Step.RESONANCE, Action.FEEL, 200),
        (Step.WHO, Action.CARE_FOR, 200),
        (Step.APART, Action.NEED, 200),
        (Step.REACH, Action.ACT, 200),
        (Step.TOGETHER, Action.WITH, 200),
        (Step.CARE, Action.CHANGE, 200),
        (Step.BARRIER, Action.BARRIER, 0),
    ],
)
def test_an_answer_that_only_a_later_version_knows_is_none(step: Step, action: Action, value: int) -> None:
    assert take(State(walk=1, step=step), Answer(action, value)) is None
