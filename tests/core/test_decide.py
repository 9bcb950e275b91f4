from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from bot.core import circle, follow_ups, keeping, nudging, pulse
from bot.core.cards import ASKING
from bot.core.commands import ADMIN_MENU, BUTTONS, COMMANDS, GROUP_MENU, menu
from bot.core.consent import PURPOSES
from bot.core.decide import decide
from bot.core.facts import Ended, FollowedUp, Moved, Shown, Withdrew
from bot.core.gap import DAY, AfterDays, OneWalk, OverDays
from bot.core.kept import (
    Consent,
    FollowUp,
    Kept,
    Noticing,
    Nudging,
    Outcome,
    Plan,
    Point,
    Purpose,
    Rest,
    Room,
    Schedule,
)
from bot.core.lines import Label, Line
from bot.core.matching import Utterance, hear
from bot.core.model import (
    Action,
    Decision,
    Door,
    Ground,
    Held,
    Incoming,
    Kind,
    Lane,
    Opened,
    Refused,
    Reply,
    Standing,
    There,
    Where,
    Why,
)
from bot.core.noticing import Reader
from bot.core.plans import reminder
from bot.core.pulse import Week
from bot.core.room import IN_A_GROUP
from bot.core.sequence import AFTER_CARD, WALKING, begin
from bot.core.state import (
    NO_RATING,
    Act,
    Barrier,
    CareFor,
    Change,
    Condition,
    Danger,
    Event,
    Notice,
    Reason,
    Source,
    State,
    Step,
    Tier,
)
from bot.core.steps import again, offer, opening
from bot.figure import drawing
from bot.prompts import SLOTS
from tests.core.places import ways
from tests.core.rooms import said_of_rooms
from tests.core.test_cards import CLEAR_NO, NO_CLEAR_NO
from tests.person import PROMPTS, SEEN, buttons, lines
from tests.stumble import SeeingGuard

CONTENT = PROMPTS.content
PERSON = 7_071_067_811
NOW = 1_790_000_000

DANGERS = {
    Tier.OWN: "i want to die",
    Tier.IMMINENT: "I have decided to end my life tonight",
    Tier.FRIEND: "my friend says she will kill herself tonight",
    Tier.SOMEONE: "there is a man beating her next door right now",
    Tier.ABUSE: "my husband hits me and locks me in",
    Tier.THREAT: "I am going to hurt him when he comes home",
    Tier.MEDICAL: "my dad is not breathing. please help",
    Tier.PSYCHOSIS: "the radio is talking to me. I am the chosen one",
    Tier.EATING: "I make myself sick after every meal",
}
UNCLEAR = "i cant do this anymore"
LAST = [(Line.CARD_LINES,), (Line.CARD_STAY, Line.BARRIER_ASK)]
YOUNG = "im 13 and my dog died"
ORDINARY = "what is the capital of france"
SPANISH = "no puedo dormir por las noticias"


def received(kind: Kind = Kind.TEXT, text: str = "", **more: object) -> Incoming:
    return replace(Incoming(PERSON, Where.PRIVATE, kind, NOW, text=text, seed=77), **more)  # type: ignore[arg-type]


def answer(state: State, incoming: Incoming) -> Decision:
    return decide(incoming, Held(state), CONTENT)


def at(step: Step) -> State:
    return State(walk=5, step=step, conditions=Condition.OWN_LOSS if step is Step.NEEDS else Condition.NONE)


RESUMED = {*AFTER_CARD, Step.WHOSE, Step.DANGER_ASK}


@cache
def stands() -> tuple[State, ...]:
    """Give a state for each step in each way that something else can be said or offered there."""
    found = {}
    for place in ways():
        if len(place.conditions) <= 1:
            resume = place.resume if place.step in RESUMED else Step.NEEDS
            found[place._replace(resume=resume, harder=0, eases=min(place.eases, 1))] = place
    return tuple(place.state() for place in found.values())


def pressed(state: State) -> Iterator[Incoming]:
    """Every button of a step."""
    for row in offer(state):
        for button in row:
            yield received(Kind.PRESS, pressed=Opened(state, button.action, button.value))


EVERYWHERE = pytest.mark.parametrize("step", Step)


# --- Danger comes first -------------------------------------------------------------------------------------------


def test_clear_danger_gets_its_card_first_wherever_someone_stands() -> None:
    for state in stands():
        decision = answer(state, received(text="i want to die"))
        assert [reply.keys for reply in decision.replies] == [(Line.CARD_OWN,), *LAST]
        assert {reply.lane for reply in decision.replies} == {Lane.DANGER}
        assert decision.held.state.step is Step.BARRIER
        assert not [fact for fact in decision.facts if isinstance(fact, Ended)]


def test_a_stop_with_the_same_danger_ends_the_walk_and_the_card_goes_on() -> None:
    shown = answer(at(Step.KIND), received(text="i want to die")).held
    decision = decide(received(text="stop. i want to die"), shown, CONTENT)
    assert lines(decision) == [Line.CARD_AGAIN]
    assert (decision.held.state.step, decision.held.state.resume) == (Step.BARRIER, Step.IDLE)
    assert decision.held.state.walk != shown.state.walk


@pytest.mark.parametrize("step", [Step.IDLE, Step.CLOSE])
def test_after_a_card_outside_a_walk_one_may_begin(step: Step) -> None:
    decision = answer(at(step), received(text="i want to die"))
    assert decision.held.state.walk == 66  # chance, and one on from the walk before
    assert offer(replace(decision.held.state, step=Step.HELD))[-1][0].label is Label.BEGIN


@pytest.mark.parametrize("tier", DANGERS)
@EVERYWHERE
def test_every_tier_has_a_card_of_its_own(step: Step, tier: Tier) -> None:
    decision = answer(at(step), received(text=DANGERS[tier]))
    asked = [Line.BARRIER_ASK] if tier in ASKING else []
    assert lines(decision) == [Line(f"card.{tier}"), Line.CARD_LINES, Line.CARD_STAY, *asked]
    assert len(decision.replies) == 3


@pytest.mark.parametrize(
    "incoming",
    [
        received(Kind.COMMAND, "i want to die", command="walk"),
        received(Kind.COMMAND, "i want to die", command="stop"),
        received(Kind.COMMAND, "i want to die", command="nonsense"),
        received(Kind.EDIT, "i want to die"),
        received(Kind.MEDIA, "i want to die"),
        received(text=f"{SEEN}. thanks. i want to die"),
        received(text="fuck off i want to die"),
    ],
)
@EVERYWHERE
def test_nothing_else_in_a_message_comes_before_its_danger(step: Step, incoming: Incoming) -> None:
    decision = answer(at(step), incoming)
    assert lines(decision)[0] is Line.CARD_OWN
    assert decision.held.state.step is Step.BARRIER


@EVERYWHERE
def test_the_unclear_is_asked_about_once_in_a_walk(step: Step) -> None:
    if step in {*AFTER_CARD, Step.DANGER_ASK}:
        return
    first = answer(at(step), received(text=UNCLEAR))
    assert lines(first) == [Line.DANGER_ASK]
    on = decide(received(text="no"), first.held, CONTENT)
    assert lines(on)[0] is Line.DANGER_NO
    assert Line.DANGER_ASK not in lines(decide(received(text=UNCLEAR), on.held, CONTENT))


@pytest.mark.parametrize("words", [*NO_CLEAR_NO, "thanks", "1"])
def test_anything_but_a_clear_no_to_the_question_shows_the_card(words: str) -> None:
    assert lines(answer(at(Step.DANGER_ASK), received(text=words)))[0] in {
        *(Line.CARD_ASKED, Line.CARD_OWN, Line.CARD_IMMINENT),
    }


@pytest.mark.parametrize("words", CLEAR_NO)
def test_a_clear_no_to_the_question_gets_no_card_whatever_it_denies(words: str) -> None:
    assert lines(answer(at(Step.DANGER_ASK), received(text=words)))[0] is Line.DANGER_NO


@pytest.mark.parametrize("tier", sorted(set(DANGERS) - {Tier.OWN, Tier.IMMINENT}))
def test_a_no_hides_no_other_danger(tier: Tier) -> None:
    said = received(text=DANGERS[tier], earlier=("no",))
    assert lines(answer(at(Step.DANGER_ASK), said))[0] is Line(f"card.{tier}")


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.COMMAND, Kind.MEDIA])
def test_words_that_name_danger_are_denied_only_in_a_text(kind: Kind) -> None:
    said = received(kind, "no i dont want to kill myself", command="walk" if kind is Kind.COMMAND else "")
    seeing = replace(CONTENT, guard=SeeingGuard(Danger(Tier.OWN)))
    assert lines(decide(said, Held(at(Step.DANGER_ASK)), seeing))[0] is Line.CARD_OWN


ASKED_BACK = {
    Line.REAL: ("are you human", "are you real?", "does anyone read this"),
    Line.DANGER_WHY: ("why do you ask", "why are you asking?", "Why do you ask me that?"),
}


@pytest.mark.parametrize(("line", "words"), [(line, words) for line in ASKED_BACK for words in ASKED_BACK[line]])
def test_what_is_asked_back_is_answered_and_the_question_stays_open(line: Line, words: str) -> None:
    decision = answer(at(Step.DANGER_ASK), received(text=words))
    assert lines(decision) == [line, Line.DANGER_ASK]
    assert (decision.held.state, decision.facts) == (at(Step.DANGER_ASK), ())
    assert decision.replies[0].buttons == offer(at(Step.DANGER_ASK))


TAKEN_BACK = (
    "actually i lied",
    "i meant yes",
    "I meant: yes",
    "that was not true",
    "can i change my answer?",
    "i lied. it is really bad",
    "sorry, i wasn't honest",
    "i take that back",
    "my answer is yes",
    "actually, yes",
)


@pytest.mark.parametrize("words", TAKEN_BACK)
def test_a_no_can_be_taken_back_as_long_as_its_walk_is_held(words: str) -> None:
    for state in stands():
        if state.step not in {Step.DANGER_ASK, *AFTER_CARD}:
            decision = answer(replace(state, danger_asked=True), received(text=words))
            assert lines(decision)[0] in {Line.CARD_ASKED, Line.CARD_OWN}
            assert decision.held.state.step is Step.BARRIER
            assert decision.facts[-1] in {Shown(Tier.OWN), Shown(Tier.UNCLEAR)}


@pytest.mark.parametrize("words", ["i lied to my mum about the dog", "yes", "that is true", "he lied", "no"])
def test_what_takes_nothing_back_brings_no_card(words: str) -> None:
    assert not CONTENT.answers.takes_back(words)


def test_without_the_question_before_it_nothing_is_taken_back() -> None:
    assert Line.CARD_ASKED not in lines(answer(at(Step.KIND), received(text="i meant yes")))


def test_once_the_card_stands_taking_back_brings_no_other() -> None:
    card = answer(at(Step.DANGER_ASK), received(text="yes"))
    assert Line.CARD_ASKED not in lines(decide(received(text="i meant yes"), card.held, CONTENT))


@EVERYWHERE
def test_danger_hinted_at_again_after_the_question_is_led_by_where_help_is(step: Step) -> None:
    state = replace(at(step), danger_asked=True)
    decision = answer(state, received(text=UNCLEAR))
    ended = step in {Step.IDLE, Step.CLOSE}
    assert (Line.DANGER_ASK in lines(decision)) is ended
    assert (lines(decision)[0] is Line.DANGER_NEAR) is (not ended and step not in {Step.DANGER_ASK, *AFTER_CARD})
    edited = answer(state, received(Kind.EDIT, UNCLEAR))
    assert edited.replies or step in {Step.DANGER_ASK, *AFTER_CARD}


def test_what_is_forwarded_hints_at_nothing_of_ones_own() -> None:
    state = replace(at(Step.KIND), danger_asked=True)
    assert Line.DANGER_NEAR not in lines(answer(state, received(text=UNCLEAR, forwarded=True)))


YES = Opened(State(walk=3, step=Step.DANGER_ASK, danger_asked=True), Action.OWN, 0)


@EVERYWHERE
def test_a_late_yes_gets_the_card_wherever_someone_stands(step: Step) -> None:
    decision = answer(at(step), received(Kind.PRESS, pressed=YES))
    assert [reply.keys for reply in decision.replies] == [(Line.CARD_ASKED,), *LAST]
    assert decision.held.state.step is Step.BARRIER
    assert decision.facts[-1] == Shown(Tier.OWN)


@EVERYWHERE
def test_a_reply_to_the_question_is_its_answer_however_late(step: Step) -> None:
    said = lines(answer(at(step), received(text="yes", pressed=YES)))
    assert said[0] is Line.CARD_ASKED
    if step is not Step.DANGER_ASK:
        assert Line.CARD_ASKED not in lines(answer(at(step), received(text="no", pressed=YES)))


def test_a_late_yes_where_its_card_stands_gets_a_few_words() -> None:
    card = answer(at(Step.DANGER_ASK), received(Kind.PRESS, pressed=YES))
    assert lines(decide(received(Kind.PRESS, pressed=YES), card.held, CONTENT)) == [Line.CARD_AGAIN]


def test_an_edit_of_the_no_that_is_none_any_more_brings_the_card() -> None:
    no = answer(at(Step.DANGER_ASK), received(text="no", numbers=(7, 8)))
    for number, words, first in (
        (8, "yes", Line.CARD_ASKED),
        (7, "not really", Line.CARD_ASKED),
        (8, "no!!", None),
        (9, "yes", None),
    ):
        edited = decide(received(Kind.EDIT, words, numbers=(number,)), no.held, CONTENT)
        assert next(iter(lines(edited)), None) is first
    other = decide(received(text="done", numbers=(9,)), no.held, CONTENT)
    assert lines(decide(received(Kind.EDIT, "yes", numbers=(8,)), other.held, CONTENT))[0] is Line.CARD_ASKED
    assert not decide(received(Kind.EDIT, "yes", numbers=(9,)), other.held, CONTENT).replies


@pytest.mark.parametrize("command", [*COMMANDS, "nonsense"])
def test_no_command_loses_the_open_question(command: str) -> None:
    decision = answer(at(Step.DANGER_ASK), received(Kind.COMMAND, command=command))
    if decision.held.state.step is not Step.DANGER_ASK:
        assert lines(decision)[0] is Line.CARD_LINES
    elif command not in {"crisis", "country", "consent", "forget", "plan", "nudge"}:
        assert lines(decision)[-1] is Line.DANGER_ASK
        assert decision.replies[-1].buttons == offer(at(Step.DANGER_ASK))


@pytest.mark.parametrize("action", BUTTONS)
def test_no_button_loses_the_open_question(action: Action) -> None:
    decision = answer(at(Step.DANGER_ASK), received(Kind.PRESS, pressed=Opened(State(), action, 0)))
    assert decision.held.state.step is Step.DANGER_ASK or lines(decision)[0] is Line.CARD_LINES


@pytest.mark.parametrize("words", [SEEN, ORDINARY, SPANISH, "i want to die"])
def test_what_is_forwarded_does_not_lose_the_open_question(words: str) -> None:
    decision = answer(replace(at(Step.DANGER_ASK), danger_asked=True), received(text=words, forwarded=True))
    kept = decision.held.state.step is Step.DANGER_ASK and lines(decision)[-1] is Line.DANGER_ASK
    assert kept or lines(decision) == [Line.CARD_LINES, Line.WHOSE]
    assert decision.held.state.danger_asked


def test_a_walk_begun_at_the_open_question_is_not_asked_again() -> None:
    decision = answer(at(Step.DANGER_ASK), received(Kind.COMMAND, command="walk"))
    assert lines(decision)[:2] == [Line.CARD_LINES, Line.ARRIVE_ASKED]
    assert Line.DANGER_ASK not in lines(decide(received(text=UNCLEAR), decision.held, CONTENT))
    assert not answer(at(Step.KIND), received(Kind.COMMAND, command="walk")).held.state.danger_asked


def test_a_no_that_is_taken_back_in_the_next_message_is_no_clear_no() -> None:
    taken_back = received(text="well yes", earlier=("no",))
    assert lines(answer(at(Step.DANGER_ASK), taken_back))[0] is Line.CARD_ASKED


def test_danger_in_a_forwarded_text_is_asked_whose_it_is_before_any_card() -> None:
    asked = answer(at(Step.KIND), received(text="i want to die", forwarded=True))
    assert lines(asked) == [Line.WHOSE]
    mine, theirs = (decide(press, asked.held, CONTENT) for press in pressed(asked.held.state))
    assert [reply.keys for reply in mine.replies] == [(Line.CARD_MINE,), *LAST]
    assert [reply.keys for reply in theirs.replies] == [(Line.CARD_FORWARDED,), *LAST]


@pytest.mark.parametrize("step", sorted({*AFTER_CARD, Step.DANGER_ASK}))
def test_whatever_is_said_while_a_card_or_the_question_stands_comes_before_all_else(step: Step) -> None:
    told = [received(text=words) for words in (*DANGERS.values(), UNCLEAR, YOUNG, ORDINARY, SPANISH, "stop", "thanks")]
    told += (received(text=words) for words in ("are you real?", "fuck off", "kenya", "no"))
    told += (received(Kind.MEDIA), received(Kind.COMMAND, command="help"), received(Kind.PRESS, pressed=Refused.STALE))
    for incoming in (*told, *pressed(at(step))):
        assert {reply.lane for reply in answer(at(step), incoming).replies} == {Lane.DANGER}


def test_whose_forwarded_words_of_danger_are_is_asked_before_all_else() -> None:
    asked = answer(State(), received(text="i want to die", forwarded=True))
    for decision in (asked, decide(received(text="fuck off"), asked.held, CONTENT)):
        assert {reply.lane for reply in decision.replies} == {Lane.DANGER}


def test_danger_that_is_not_asked_about_twice_is_answered_before_all_else() -> None:
    decision = answer(replace(at(Step.KIND), danger_asked=True), received(text=UNCLEAR))
    assert Line.DANGER_ASK not in lines(decision)
    assert {reply.lane for reply in decision.replies} == {Lane.DANGER}


def test_what_has_to_do_with_no_danger_waits_its_turn() -> None:
    for incoming in (received(text=SEEN), received(text=SEEN, forwarded=True), received(text=ORDINARY)):
        assert {reply.lane for reply in answer(State(), incoming).replies} == {Lane.REPLY}
    assert {reply.lane for reply in answer(at(Step.KIND), received(text="did it")).replies} == {Lane.REPLY}


@pytest.mark.parametrize("words", ["stop", "thanks", "fuck off", "yes", "7", ORDINARY])
def test_a_forwarded_text_answers_nothing(words: str) -> None:
    decision = answer(at(Step.EASE), received(text=words, forwarded=True))
    assert lines(decision) == [Line.HEARD, Line.EASE]
    assert (decision.held.state, decision.facts) == (at(Step.EASE), ())


# --- While a card stands ------------------------------------------------------------------------------------------

EMERGENCY = {Tier.IMMINENT, Tier.SOMEONE, Tier.MEDICAL, Tier.THREAT}
NO_ANSWERS = (
    "she did it",
    "bathroom",
    "ok",
    "yes",
    "no",
    "idk",
    "i cant do this",
    "wtf",
    "go on",
    "begin",
    "",
)


def of_a_walk(decision: Decision) -> list[Action]:
    found = [button.action for reply in decision.replies for row in reply.buttons for button in row]
    return [action for action in found if action in {Action.MORE, Action.WALK}]


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("tier", sorted(EMERGENCY))
def test_in_an_emergency_all_else_gets_the_number_and_no_walk(tier: Tier, *, minor: bool) -> None:
    decision = answer(State(minor=minor), received(text=DANGERS[tier]))
    assert not of_a_walk(decision)
    wanted = Line.CARD_AGAIN_NOW_YOUNG if minor else Line.CARD_AGAIN_NOW
    for words in NO_ANSWERS:
        after = decide(received(text=words), decision.held, CONTENT)
        assert lines(after) == [wanted], words
        assert not of_a_walk(after)
        assert after.held.state == decision.held.state
    for held in (decision.held, replace(decision.held, state=replace(decision.held.state, step=Step.PLAN))):
        assert lines(decide(received(text="my sister will know"), held, CONTENT)) == [wanted]
    assert not of_a_walk(decide(received(Kind.COMMAND, command="help"), decision.held, CONTENT))


@pytest.mark.parametrize("tier", sorted(set(DANGERS) - EMERGENCY))
def test_after_other_cards_the_number_is_not_said_again_to_everything(tier: Tier) -> None:
    decision = answer(State(), received(text=DANGERS[tier]))
    for words in NO_ANSWERS:
        assert Line.CARD_AGAIN_NOW not in lines(decide(received(text=words), decision.held, CONTENT))


def test_wordings_take_turns_from_one_walk_to_the_next() -> None:
    held, said = Held(), []
    for _ in range(4):
        decision = decide(received(Kind.COMMAND, command="walk"), held, CONTENT)
        said.append(PROMPTS.text(decision.replies[0]).split("\n\n"))
        held = decision.held
    arrivals, anchors, abouts = zip(*said, strict=True)
    assert len(set(arrivals)) == len(PROMPTS.lines[Line.ARRIVE_ASKED])
    assert len(set(abouts)) == len(PROMPTS.lines[Line.ABOUT])
    assert all(first != second for first, second in pairwise(anchors))


def test_texts_that_say_nothing_to_a_program_lead_to_the_buttons_and_then_to_a_person() -> None:
    held, said = Held(), []
    for words in (ORDINARY, ORDINARY, "and of spain", ORDINARY):
        decision = decide(received(text=words), held, CONTENT)
        said += lines(decision)
        held = decision.held
    assert said == [Line.HELP, Line.HELP_AGAIN, Line.HELP_PERSON, Line.HELP_PERSON]
    thanked = decide(received(text="thanks"), held, CONTENT)
    assert lines(decide(received(text=ORDINARY), thanked.held, CONTENT)) == [Line.HELP]


def test_at_work_now_leads_to_the_form_between_tasks() -> None:
    state = replace(at(Step.EASE), source=Source.WORK)
    (press,) = (each for each in pressed(state) if each.pressed == Opened(state, Action.AT_WORK, 0))
    decision = answer(state, press)
    assert lines(decision) == [Line.MINE]
    for words, line in (("done", Line.NEXT_TASK), ("done", Line.CLOSE_AT_WORK)):
        decision = decide(received(text=words), decision.held, CONTENT)
        assert lines(decision)[0] is line
    assert [button.label for button in buttons(decision)] == [Label.MORE]


def test_own_word_for_the_feeling_is_said_back() -> None:
    (reply,) = answer(at(Step.RESONANCE), received(text="gutted")).replies
    assert reply.keys == (Line.MIRROR, Line.KIND)
    assert "Gutted" in PROMPTS.text(reply)


@pytest.mark.parametrize("words", ["guilty", "my fault", "im a stupid cow", "it went on for a long while"])
def test_other_words_for_the_feeling_are_not_said_back(words: str) -> None:
    (reply,) = answer(at(Step.RESONANCE), received(text=words)).replies
    assert Line.MIRROR not in reply.keys


def test_a_number_that_tells_of_a_rise_leads_back_to_an_anchor() -> None:
    state = replace(at(Step.WISH), upset_before=5)
    assert lines(answer(state, received(text="8")))[0] is Line.HIGH
    assert lines(answer(state, received(text="6"))) == [Line.REACH]


@pytest.mark.parametrize(
    ("step", "words", "said"),
    [
        (Step.RESONANCE, "sad, my mum died", [Line.HEARD, Line.NEEDS_LOSS]),
        (Step.WISH, "i was there when the car hit him", [Line.HEARD, Line.NEEDS_WAS_THERE]),
        (Step.RESONANCE, "i feel nothing any more", [Line.HEARD, Line.NEEDS_NUMB]),
        (Step.REACH, "my dad passed away last week", [Line.HEARD, Line.NEEDS_LOSS]),
    ],
)
def test_what_turns_a_walk_leads_to_what_body_and_day_need_wherever_it_is_told(
    step: Step, words: str, said: list[Line]
) -> None:
    assert lines(answer(at(step), received(text=words))) == said


def test_panic_within_an_answer_is_steadied_first() -> None:
    decision = answer(at(Step.RESONANCE), received(text="sad, im having a panic attack and shaking all over"))
    assert lines(decision)[0] is Line.HIGH


def test_a_walk_that_is_asked_for_after_a_text_that_opened_none_goes_by_its_words() -> None:
    unread = decide(received(text="my patient died"), Held(), replace(CONTENT, reader=_Unsure()))
    assert lines(unread) == [Line.HELP]
    begun = decide(received(Kind.COMMAND, command="walk"), unread.held, CONTENT)
    assert begun.held.state.conditions is Condition.GUILT
    assert begun.held.told is None


class _Unsure(Reader):
    """Finds nothing but what was blamed."""

    def __init__(self) -> None:
        pass

    @override
    def notice(self, said: Utterance) -> Notice:
        return Notice(conditions=Condition.GUILT)


def test_a_walk_after_a_loss_keeps_to_it() -> None:
    ended = Held(State(walk=5, step=Step.CLOSE, conditions=Condition.OWN_LOSS))
    assert decide(received(Kind.COMMAND, command="walk"), ended, CONTENT).held.state.conditions is Condition.OWN_LOSS


@pytest.mark.parametrize("words", ["is this confidential?", "do you keep what i write", "was it my fault? be honest"])
def test_a_question_is_no_answer_and_keeps_the_step(words: str) -> None:
    decision = answer(at(Step.WISH), received(text=words))
    assert lines(decision)[0] in {Line.PRIVATE, Line.QUESTION}
    assert decision.held.state.step is Step.WISH


@pytest.mark.parametrize("words", ["more", "go on", "a bit more"])
def test_more_may_be_typed_where_a_loss_ended_the_walk(words: str) -> None:
    ended = State(walk=5, step=Step.CLOSE, conditions=Condition.OWN_LOSS)
    assert answer(ended, received(text=words)).held.state.step is Step.KIND


@pytest.mark.parametrize("sign", [Condition.HEARD, Condition.OUTRAGE])
def test_a_steadying_act_that_could_harm_is_not_offered(sign: Condition) -> None:
    harmful = {Condition.HEARD: Line.ANCHOR_SOUND, Condition.OUTRAGE: Line.ANCHOR_HANDS}[sign]
    offered = {opening(begin(walk, conditions=sign)).keys[1] for walk in range(1, 60)}
    assert harmful not in offered
    assert len(offered) == 3


def test_the_wordings_in_an_emergency_take_turns() -> None:
    held = answer(State(), received(text=DANGERS[Tier.MEDICAL])).held
    said = []
    for _ in range(len(PROMPTS.lines[Line.CARD_AGAIN_NOW])):
        decision = decide(received(text="she did it"), held, CONTENT)
        said.append(PROMPTS.text(decision.replies[0]))
        held = decision.held
    assert len(set(said)) == len(said) >= 4


@pytest.mark.parametrize("tier", DANGERS)
def test_thanks_and_goodbyes_have_words_of_their_own_that_name_help(tier: Tier) -> None:
    held = answer(State(), received(text=DANGERS[tier])).held
    thanked, stopped = (decide(received(text=words), held, CONTENT) for words in ("ok thanks", "bye"))
    now = tier in EMERGENCY
    assert lines(thanked) == [Line.HELD_THANKS_NOW if now else Line.HELD_THANKS]
    assert lines(stopped) == [Line.HELD_STOPPED_NOW if now else Line.HELD_STOPPED]
    assert (thanked.held.state, stopped.held.state.step) == (held.state, Step.IDLE)


@pytest.mark.parametrize("tier", DANGERS)
def test_every_card_can_be_taken_back_and_help_stays_near(tier: Tier) -> None:
    held = answer(State(), received(text=DANGERS[tier])).held
    back = decide(received(text="you got me wrong"), held, CONTENT)
    assert lines(back) == [Line.DANGER_NO_NOW if tier in EMERGENCY else Line.DANGER_NO]
    assert back.held.state.step is Step.HELD
    assert lines(decide(received(text=DANGERS[tier]), back.held, CONTENT))[0] is Line(f"card.{tier}")
    assert lines(decide(received(text=SEEN), back.held, CONTENT))[0] is Line.ARRIVE_WORK_DIED


@pytest.mark.parametrize("tier", DANGERS)
def test_the_button_that_takes_a_card_back_is_not_where_the_only_thing_is_to_call(tier: Tier) -> None:
    labels = {
        button.label for row in answer(State(), received(text=DANGERS[tier])).replies[-1].buttons for button in row
    }
    assert (Label.NOT_MEANT in labels) is (tier in ASKING)


def test_after_a_card_about_ones_own_life_a_walk_is_about_oneself_until_it_is_taken_back() -> None:
    for words in (DANGERS[Tier.OWN], DANGERS[Tier.IMMINENT]):
        decision = answer(State(), received(text=words))
        assert decision.held.state.care_for is CareFor.MYSELF
        assert decide(received(text="jk"), decision.held, CONTENT).held.state.care_for is CareFor.UNSAID
        assert (
            decide(received(Kind.COMMAND, command="walk"), decision.held, CONTENT).held.state.care_for is CareFor.MYSELF
        )
    asked = answer(State(), received(text=UNCLEAR))
    assert decide(received(text="yes"), asked.held, CONTENT).held.state.care_for is CareFor.MYSELF
    assert answer(State(), received(text=DANGERS[Tier.FRIEND])).held.state.care_for is CareFor.UNSAID
    walking = answer(replace(at(Step.WISH), care_for=CareFor.THEM), received(text=DANGERS[Tier.OWN]))
    assert walking.held.state.care_for is CareFor.THEM


def test_thanks_after_danger_in_a_walk_are_answered_without_cheer() -> None:
    decision = answer(replace(at(Step.KIND), danger_asked=True), received(text="thanks"))
    assert lines(decision) == [Line.HELD_THANKS]


@pytest.mark.parametrize(
    ("kind", "step", "line"),
    [
        (Kind.TEXT, Step.BARRIER, Line.TIP_SPEAKING),
        (Kind.EDIT, Step.BARRIER, Line.CARD_AGAIN),
        (Kind.TEXT, Step.PLAN, Line.CARD_AGAIN),
    ],
)
def test_what_is_in_the_way_is_answered_though_it_speaks_of_the_same_danger(kind: Kind, step: Step, line: Line) -> None:
    held = answer(State(), received(text=DANGERS[Tier.ABUSE])).held
    held = replace(held, state=replace(held.state, step=step))
    assert lines(decide(received(kind, f"{DANGERS[Tier.ABUSE]}. he would hear me"), held, CONTENT))[0] is line


def test_numbers_that_travel_in_buttons_stay_as_they_are() -> None:
    assert (Action.NOT_MEANT, Barrier.UNSAID, Barrier.NOBODY) == (28, 8, 9)
    assert (Action.UNDER_16, Action.AGREE, Action.WITHDRAW, Action.PLAN_DONE, Action.ERASE_YES) == (46, 80, 82, 87, 91)
    assert tuple(Purpose) == ("remember", "country", "plans", "nudges", "follow_ups", "group", "alone", "apart")


# --- Under 16 -----------------------------------------------------------------------------------------------------


@EVERYWHERE
def test_whoever_is_under_16_agrees_to_nothing_any_more_whatever_comes(step: Step) -> None:
    before = Held(replace(at(step), minor=True), consents=frozenset(Purpose))
    withdrawn = tuple(Withdrew(purpose, asked=False) for purpose in sorted(Purpose))
    for incoming in (received(text=SEEN), received(Kind.MEDIA), received(Kind.COMMAND, command="help")):
        decision = decide(incoming, before, CONTENT)
        assert decision.facts[: len(withdrawn)] == withdrawn
        assert decision.held.consents == frozenset()
        assert lines(decision)[:1] != [Line.CARD_MINOR]  # they are told once


@EVERYWHERE
def test_words_that_say_under_16_are_answered_with_who_can_help_the_young(step: Step) -> None:
    decision = answer(at(step), received(text=YOUNG))
    assert lines(decision).count(Line.CARD_MINOR) == 1
    assert decision.held.state.minor


def test_someone_under_16_in_danger_gets_three_messages_and_no_more() -> None:
    assert lines(answer(State(), received(text="im 13 and i want to die"))) == [
        Line.CARD_OWN_YOUNG,
        Line.CARD_LINES,
        Line.CARD_MINOR,
        Line.BARRIER_ASK,
    ]


def test_the_age_in_a_forwarded_text_is_someone_elses() -> None:
    assert not answer(State(), received(text=YOUNG, forwarded=True)).held.state.minor


@pytest.mark.parametrize("words", ["/walk", SEEN, "i want to die", "stop"])
def test_under_16_is_not_forgotten_with_a_walk(words: str) -> None:
    kind, command = (Kind.COMMAND, words[1:]) if words.startswith("/") else (Kind.TEXT, "")
    decision = answer(
        State(walk=5, step=Step.CLOSE, minor=True), received(kind, "" if command else words, command=command)
    )
    assert decision.held.state.minor


# --- What is off the path -----------------------------------------------------------------------------------------


@EVERYWHERE
def test_an_edit_without_danger_is_let_be(step: Step) -> None:
    assert answer(at(step), received(Kind.EDIT, SEEN)) == Decision(Held(at(step)))


@EVERYWHERE
def test_what_cannot_be_read_is_said_so_and_moves_nothing(step: Step) -> None:
    decision = answer(at(step), received(Kind.MEDIA))
    assert lines(decision) == [Line.MEDIA]
    assert (decision.held.state, decision.facts) == (at(step), ())


@EVERYWHERE
@pytest.mark.parametrize("refused", Refused)
def test_a_refused_button_moves_nothing(step: Step, refused: Refused) -> None:
    decision = answer(at(step), received(Kind.PRESS, pressed=refused))
    assert (decision.held.state, decision.facts) == (at(step), ())
    if refused is Refused.TWICE:
        assert (decision.toast, decision.replies) == (Line.TWICE, ())
    else:
        assert lines(decision)[0] is Line(refused.value)


@pytest.mark.parametrize(("words", "line"), [("are you a bot", Line.REAL), ("fuck this", Line.SWEAR)])
@pytest.mark.parametrize("step", sorted(set(Step) - {Step.DANGER_ASK}))
def test_a_word_aside_is_answered_and_moves_nothing(step: Step, words: str, line: Line) -> None:
    decision = answer(at(step), received(text=words))
    assert lines(decision)[0] is line
    assert (decision.held.state, decision.facts) == (at(step), ())


@pytest.mark.parametrize("step", sorted(WALKING))
def test_thanks_end_a_walk_warmly_and_ask_for_no_number(step: Step) -> None:
    decision = answer(at(step), received(text="thank you"))
    assert lines(decision) == [Line.THANKS]
    assert decision.held.state.step is Step.IDLE


@EVERYWHERE
def test_an_empty_message_and_one_without_meaning_are_answered(step: Step) -> None:
    for words in ("", " ", "\0", "\u200b", "🙂", ORDINARY):
        assert answer(at(step), received(text=words)).replies


@pytest.mark.parametrize("step", sorted({*WALKING, Step.IDLE, Step.HELD}))
def test_another_language_is_answered_and_moves_nothing(step: Step) -> None:
    before = Held(at(step))
    decision = decide(received(text=SPANISH), before, CONTENT)
    assert lines(decision) == [Line.LANGUAGE]
    assert decision.held.state == before.state
    assert decision.replies[0].buttons == offer(at(step))


def test_another_language_is_no_clear_no_to_the_question_about_danger() -> None:
    assert lines(answer(at(Step.DANGER_ASK), received(text=SPANISH)))[0] is Line.CARD_ASKED


def test_the_language_is_asked_about_only_where_no_walk_opens() -> None:
    asked: list[str] = []

    def is_foreign(text: str) -> bool:
        asked.append(text)
        return False

    content = replace(CONTENT, is_foreign=is_foreign)
    for text in (SEEN, "i want to die", "stop", "thanks", ORDINARY):
        decide(received(text=text), Held(), content)
    assert asked == [ORDINARY]


def test_words_that_mean_nothing_here_are_answered_with_what_to_do() -> None:
    assert lines(answer(State(), received(text=ORDINARY))) == [Line.HELP]


# --- Stop ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["stop", "Stop!!", "STOP", "please stop", "enough", "bye"])
def test_stop_in_words_ends_a_walk_wherever_it_stands(words: str) -> None:
    unclear = {Step.DANGER_ASK} if "stop" not in words.lower() else set()
    for step in set(Step) - {Step.IDLE} - unclear:
        decision = answer(at(step), received(text=words))
        help_first = [Line.CARD_LINES] if step is Step.DANGER_ASK else []
        assert lines(decision) == [*help_first, Line.HELD_STOPPED if step in AFTER_CARD else Line.STOPPED]
        assert decision.held.state.step is Step.IDLE
        assert decision.facts[0] == Moved(step, Event.STOP, Step.IDLE)


def test_stop_with_words_of_danger_stops_and_gets_the_card() -> None:
    decision = answer(at(Step.WISH), received(text="stop. I'll do it tonight"))
    assert lines(decision)[0] is Line.CARD_IMMINENT
    assert decision.held.state.step not in WALKING


# --- Every decision -----------------------------------------------------------------------------------------------


INCOMING = st.builds(
    received,
    st.sampled_from(Kind),
    st.text(max_size=60) | st.sampled_from([*DANGERS.values(), SEEN, UNCLEAR, YOUNG, "stop", "skip", "7", "no"]),
    command=st.sampled_from([*COMMANDS, "nonsense", ""]),
    forwarded=st.booleans(),
    where=st.sampled_from(Where),
    addressed=st.booleans(),
    pressed=st.none()
    | st.sampled_from(Refused)
    | st.builds(Opened, st.just(State()), st.sampled_from(Action), st.just(1)),
)


@given(st.integers(0), INCOMING)
def test_the_same_message_at_the_same_place_gives_the_same_decision(number: int, incoming: Incoming) -> None:
    state = stands()[number % len(stands())]
    assert answer(state, incoming) == answer(state, incoming)


@given(st.integers(0), INCOMING)
def test_every_reply_says_something_and_has_a_pick_for_each_line(number: int, incoming: Incoming) -> None:
    for reply in answer(stands()[number % len(stands())], incoming).replies:
        assert reply.keys
        assert len(reply.picks) in {len(reply.keys), 0}
        assert PROMPTS.text(reply)


@pytest.mark.parametrize("words", ["yes", "ok", "did it"])
def test_after_the_end_of_a_walk_a_yes_is_told_that_the_way_back_stays_open(words: str) -> None:
    decision = answer(at(Step.CLOSE), received(text=words))
    assert (lines(decision), decision.held.state) == ([Line.BACK], at(Step.CLOSE))


def test_a_walk_that_ends_says_so_once() -> None:
    state = State(walk=5, step=Step.CARE, upset_before=5, upset_after=2)
    decision = answer(state, received(Kind.PRESS, pressed=Opened(state, Action.CHANGE, Change.MORE)))
    (ended,) = [fact for fact in decision.facts if isinstance(fact, Ended)]
    assert (ended.outcome.walk, ended.outcome.finished, ended.outcome.change) == (5, True, Change.MORE)


# --- Nothing is named in vain -------------------------------------------------------------------------------------


SAID_ELSEWHERE = {
    Line.CARD_FAILED,  # by respond, when the core fails
    Line.DESCRIPTION,  # by the adapter, on Telegram's page of the bot
    Line.SHORT_DESCRIPTION,
}


def _fitting() -> Iterator[Decision | Reply]:
    """Give what is said for each source and condition, wherever the walk stands."""
    for step in sorted(WALKING - {Step.NEEDS}):
        for source in Source:
            for condition in Condition:
                state = replace(at(step), source=source, conditions=condition, care_for=CareFor.THEM)
                yield from (again(state), again(replace(state, again=True)))
    for_an_animal = replace(at(Step.REACH), source=Source.ANIMAL)
    yield from (answer(for_an_animal, incoming) for incoming in pressed(for_an_animal))
    yield from (answer(at(Step.KIND), received(text=words)) for words in ("is this private?", "why her?"))
    yield answer(replace(at(Step.NEXT_TASK), conditions=Condition.AT_WORK), received(text="done"))
    yield from (decide(received(text=ORDINARY), Held(unread=number), CONTENT) for number in (1, 2))


@cache
def everything_said() -> tuple[Decision | Reply, ...]:
    """Give every answer that there is: at every step to every button, and to all else that may come."""
    said: list[Decision | Reply] = [
        opening(begin(walk, source=source, conditions=condition))
        for walk in range(1, 5)
        for source in Source
        for condition in Condition
    ]
    for state in stands():
        afters = (2, 5, 9) if state.step is Step.CARE else (NO_RATING,)
        for told in (replace(state, upset_before=5, upset_after=after) for after in afters):
            said += (answer(told, incoming) for incoming in pressed(told))
        said += (
            answer(state, received(text=words)) for words in ("this makes it harder", "it went on for a long while")
        )
    said += (*_fitting(), *_in_rooms_by_the_clock())
    said += (
        answer(at(Step.KIND), received(text=words)) for words in ("is this private?", "why did it have to be him?")
    )
    said.append(answer(replace(at(Step.NEXT_TASK), conditions=Condition.AT_WORK), received(text="done")))
    said += (decide(received(text=ORDINARY), Held(unread=number), CONTENT) for number in (1, 2))
    for care_for in CareFor:
        state = replace(at(Step.APART), care_for=care_for)
        said += (answer(state, incoming) for incoming in pressed(state))
    texts = (*DANGERS.values(), UNCLEAR, YOUNG, SEEN, ORDINARY, SPANISH, "stop", "thanks", "are you real?", "fuck off")
    for words in DANGERS.values():
        held = answer(State(), received(text=words)).held
        said.append(decide(received(text=words), held, CONTENT))
        said.append(answer(State(minor=True), received(text=words)))
        said.append(decide(received(text="and now"), replace(held, state=replace(held.state, minor=True)), CONTENT))
        said += (decide(received(text=aside), held, CONTENT) for aside in ("jk", "thanks", "bye"))
    said += (
        answer(at(Step.BARRIER), received(text=words))
        for words in ("i have no one", "?", "thanks", "bye", "i called 999")
    )
    said.append(answer(replace(at(Step.BARRIER), minor=True), received(text="nothing")))
    said.append(answer(replace(at(Step.HELD), minor=True), received(text="a person")))
    whose = replace(at(Step.WHOSE), of_another=True)
    said += (answer(whose, received(text=words)) for words in ("no", "mine"))
    said.append(answer(replace(whose, minor=True), received(text="mine")))
    said.append(answer(at(Step.DANGER_ASK), received(text="why do you ask")))
    said += (
        answer(replace(at(Step.KIND), danger_asked=True), received(text=words)) for words in (UNCLEAR, "not again")
    )
    texts += (
        "i heard about the fire",
        "i am so stressed about my exams",
        "im shaking and i cant breathe since i saw it",
    )
    texts += ("i sat with a dying patient today and felt calm and full of care for her",)
    said += (answer(state, received(text=words)) for state in (State(), at(Step.KIND)) for words in texts)
    said += (answer(at(Step.WHOSE), incoming) for incoming in pressed(at(Step.WHOSE)))
    said.append(answer(State(), received(text=SEEN, forwarded=True)))
    said += (answer(at(Step.KIND), received(Kind.PRESS, pressed=refused)) for refused in Refused)
    said.append(answer(State(), received(Kind.MEDIA)))
    said += (answer(at(Step.KIND), received(Kind.COMMAND, command=command)) for command in (*COMMANDS, "nonsense"))
    said.append(answer(State(), received(Kind.COMMAND, command="stop")))
    said += (opening(replace(at(Step.ARRIVE), anchors=number)) for number in range(4))
    whys = [Why(ground, (*Reason,)[start : start + 3]) for ground in Ground for start in range(len(Reason))]
    said += (decide(received(Kind.COMMAND, command="why"), Held(why=why), CONTENT) for why in whys)
    remembering = Held(consents=frozenset(Purpose))
    said.append(decide(received(Kind.COMMAND, command="consent"), remembering, CONTENT))
    said += (answer(State(), received(Kind.PRESS, pressed=Opened(State(), action, 0))) for action in BUTTONS)
    lived = [Held(country=code) for code in CONTENT.helplines.countries]
    crises = [received(Kind.COMMAND, command="crisis"), received(text="i want to die")]
    said += (decide(incoming, held, CONTENT) for held in lived for incoming in crises)
    asking = [Held(asked_country=True), Held(at(Step.HELD), asked_country=True)]
    said += (
        decide(received(text=words), held, CONTENT) for held in asking for words in ("kenya", "slovania", "Narnia")
    )
    keeping = Held(country="KE", consents=frozenset(Purpose))
    pressed_keep = received(Kind.PRESS, pressed=Opened(State(), Action.AGREE, PURPOSES.index(Purpose.COUNTRY)))
    said += (
        decide(incoming, keeping, CONTENT) for incoming in (pressed_keep, received(Kind.COMMAND, command="country"))
    )
    said += (*said_of_walks(), *said_of_what_is_kept(), *said_of_rooms(), *said_because_of_groups())
    return tuple(said)


def said_of_walks() -> Iterator[Decision]:
    """Give what is told and shown of walks."""
    agreed = Held(consents=frozenset(Purpose))
    kept = Outcome(5, NOW, Source.NONE, Condition.NONE, 8, 3, Change.MORE, finished=True)
    skipped = replace(kept, ended_at=0, upset_after=None, change=Change.UNSAID)
    for asked in (received(Kind.COMMAND, command="progress"), received(text="show my walks")):
        for outcomes in (None, (), (kept,), (skipped, kept)):
            yield decide(replace(asked, kept=None if outcomes is None else Kept(outcomes=outcomes)), agreed, CONTENT)
    for change in Change:
        walked = State(walk=5, step=Step.CLOSE, upset_before=8, upset_after=3, change=change)
        yield answer(walked, received(Kind.PRESS, pressed=Opened(walked, Action.SHOW, 0)))


def said_of_what_is_kept() -> Iterator[Decision | Reply]:
    """Give what is asked, shown and taken back of what is kept, and what is sent without a message before it."""
    groups = tuple(Consent(Purpose.GROUP, 1, NOW, group=-number) for number in (1, 2))
    sources = [source for source in Source if source is not Source.NONE]
    conditions = [*Condition]
    outcomes = tuple(
        Outcome(
            number + 1,
            NOW - number * 29 * DAY,
            sources[number] if number < len(sources) else Source.NONE,
            conditions[number - len(sources)] if number >= len(sources) else Condition.NONE,
            8,
            3,
            Change(1 + number % 3),
            finished=True,
        )
        for number in range(len(sources) + len(conditions))
    )
    plans = tuple(Plan(number, NOW, "If I sit down, then I write to them.") for number in range(5))
    everything = Kept((*(Consent(each, 1, NOW) for each in Purpose), *groups), outcomes, plans, (), "KE")
    stores = (None, Kept(), Kept(outcomes=outcomes[:1]), everything)
    agreed, lapsed = Held(country="KE", consents=frozenset(Purpose)), Held(country="KE", lapsed=frozenset(Purpose))
    most = replace(agreed, consents=agreed.consents - {Purpose.ALONE})
    helds = (Held(), Held(country="KE"), agreed, most, lapsed, Held(State(minor=True)))
    for held in helds:
        for kept in stores:
            for command in keeping.COMMANDS:
                yield decide(received(Kind.COMMAND, command=command, kept=kept), held, CONTENT)
            for action in keeping.BUTTONS:
                for value in range(7):
                    incoming = received(Kind.PRESS, pressed=Opened(State(), action, value), kept=kept)
                    yield decide(incoming, held, CONTENT)
    for page in range(5):
        yield decide(
            received(Kind.PRESS, pressed=Opened(State(), Action.HISTORY, page), kept=everything), agreed, CONTENT
        )
    listed = replace(agreed, listed=(outcomes[-1].walk,))
    asked = decide(received(text="delete 1", kept=everything), listed, CONTENT)
    yield asked
    yield decide(received(text="delete this walk", kept=everything), asked.held, CONTENT)
    for text in ("if i sit down then i write to them", "if " * 99):
        for planner in (agreed, most):
            yield decide(received(Kind.COMMAND, command="plan", text=text, kept=Kept()), planner, CONTENT)
    yield decide(received(text="ok"), Held(asked=Purpose.REMEMBER, question=Line.CONSENT_ASK), CONTENT)
    named = replace(CONTENT, operator="Ann", contact="ann at example")
    yield decide(received(Kind.COMMAND, command="privacy"), Held(), named)
    yield reminder(plans[0])
    yield keeping.inactive_notice()
    yield from said_of_follow_ups()
    yield from said_of_nudges()
    written = State(walk=5, step=Step.CARE, upset_before=8, upset_after=3, act=Act.WRITE)
    yield answer(written, received(text="more"))


def said_because_of_groups() -> Iterator[Decision]:
    """Give what is said in a group, and in private because of one."""
    on = Room(-1, "Evening group", is_on=True, noticing=Noticing.MEMBERS, alerts=-2)
    here = There(-1, room=on, is_agreed=True, is_forum=True, post="https://t.me/c/1/2")
    known = replace(here, may_card=False)
    lone = replace(here, room=replace(on, title=""), is_agreed=False, is_forum=False, names_another=True)
    admin = replace(here, is_admin=True)
    as_room = replace(here, unnamed=True, as_room=True)
    unknown = replace(here, is_known=False)
    for there in (here, known, lone, admin, as_room, unknown, replace(here, is_forum=False, is_admin=True)):
        incoming = received(where=Where.GROUP, there=there)
        for text in (SEEN, SPANISH, "i want to die", "stop"):
            yield decide(replace(incoming, text=text), Held(), CONTENT)
            yield decide(replace(incoming, text=text, addressed=False), Held(), CONTENT)
        for command in (*COMMANDS, *IN_A_GROUP):
            yield decide(replace(incoming, kind=Kind.COMMAND, command=command), Held(), CONTENT)
        yield decide(replace(incoming, kind=Kind.COMMAND, command="hold", text="never"), Held(), CONTENT)
        for action in Action:
            press = replace(incoming, kind=Kind.PRESS)
            for value in (1, Door.SETTINGS):
                yield decide(replace(press, pressed=Opened(State(), action, value)), Held(), CONTENT)
        for door in Door:
            opened = received(Kind.COMMAND, command="start", there=replace(there, door=door))
            yield decide(opened, Held(), CONTENT)
            yield decide(replace(opened, there=replace(opened.there or there, room=None)), Held(), CONTENT)
    for where in (Where.GROUP, Where.CHANNEL):
        come = There(-1, title="Evening group", is_channel=where is Where.CHANNEL, standing=Standing())
        yield decide(received(Kind.STANDING, where=where, there=come), Held(), CONTENT)
    named = {-1: "Evening group"}
    everywhere = Held(consents=frozenset({Purpose.GROUP, Purpose.APART}))
    kept = Kept(
        tuple(Consent(each, 1, NOW, group=group) for each in (Purpose.GROUP, Purpose.APART) for group in (-1, -2))
    )
    yield decide(received(Kind.COMMAND, command="consent", kept=kept, titles=named), everywhere, CONTENT)
    yield decide(received(Kind.COMMAND, command="stop"), everywhere, CONTENT)
    for purpose in (Purpose.GROUP, Purpose.APART):
        yes = Opened(State(), Action.AGREE, PURPOSES.index(purpose) | CONTENT.versions[purpose] - 1 << 3)
        yield decide(received(Kind.PRESS, pressed=yes, kept=kept), Held(room=-1), CONTENT)
        asks = Opened(State(), Action.ASK_FOR, PURPOSES.index(purpose))
        yield decide(received(Kind.PRESS, pressed=asks, kept=kept), Held(), CONTENT)


def said_of_follow_ups() -> Iterator[Decision | Reply]:
    """Give what is asked some days after walks, what is said of the answers, and what is shown of them."""
    agreed = Held(consents=frozenset(Purpose))
    for was_there in (False, True):
        one = FollowUp(5, NOW - 40 * DAY, was_there, 8, 4, Change.LESS, due_at=NOW - 39 * DAY)
        late = follow_ups.left_out(one, one.due_at)
        yield follow_ups.asked(late)
        while one.due_at:
            yield follow_ups.asked(one)
            one = follow_ups.sent(one, one.due_at)
            one = follow_ups.answered(one, FollowedUp(5, one.points[-1].days, 3, Change.MORE))
        kept = Kept(follow_ups=(one, replace(one, points=(one.points[0], Point(one.points[1].days), one.points[2]))))
        for action in follow_ups.BUTTONS:
            for value in (1, 9, 15):
                opened = Opened(State(walk=5), action, value)
                yield decide(received(Kind.PRESS, pressed=opened, kept=kept), agreed, CONTENT)
        gone = Opened(State(walk=6), Action.FOLLOW_CARE, 1)
        yield decide(received(Kind.PRESS, pressed=gone, kept=kept), agreed, CONTENT)
        yield decide(received(Kind.COMMAND, command="progress", kept=kept), agreed, CONTENT)
        yield decide(received(text="show the days after", kept=kept), agreed, CONTENT)
    closed = State(walk=5, step=Step.CARE, upset_before=8, upset_after=3)
    yield decide(received(text="more"), Held(closed, consents=frozenset({Purpose.REMEMBER})), CONTENT)


def said_of_nudges() -> Iterator[Decision | Reply]:
    """Give what the clock sends, what the panel shows and asks, and what is said of what people choose and answer."""
    yield from (nudging.worded_as(nudging.Message(kind)) for kind in nudging.Kind if kind is not nudging.Kind.PRACTICE)
    yield nudging.worded_as(nudging.Message(nudging.Kind.PRACTICE, CONTENT.practices[0]))
    agreed = Held(consents=frozenset({Purpose.NUDGES}))
    days = [Schedule(days=frozenset({day}), zone="Europe/Lisbon") for day in range(7)]
    quiet = Schedule(zone="Europe/Lisbon", quiet_from=1, quiet_until=0)
    schedules = (Schedule(), *days, quiet, Schedule(minute=60, zone="Europe/Lisbon"))
    resting = (Nudging(days[0], rest=rest) for rest in Rest)
    for kept in (*resting, *(Nudging(schedule, rest=Rest.NONE, did=4) for schedule in schedules)):
        by_all = Kept(nudging=kept)
        yield decide(received(Kind.COMMAND, command="nudge", kept=by_all), agreed, CONTENT)
        for action in keeping.NUDGE_ACTIONS:
            for value in (0, 1, 7, 8):
                opened = Opened(State(), action, value)
                yield decide(received(Kind.PRESS, pressed=opened, kept=by_all), agreed, CONTENT)
    one = Kept(nudging=Nudging(days[0], rest=Rest.NONE, did=4))
    asking = (Action.NUDGE_TIME, Action.NUDGE_DAY, Action.NUDGE_ZONE, Action.NUDGE_QUIET)
    for text in ("25:99", "qwxy", "none", "springfield", "15:13"):
        for action in asking:
            held = replace(agreed, asked_nudge=action)
            yield decide(received(text=text, kept=one), held, CONTENT)
    narrowed = replace(agreed, asked_nudge=Action.NUDGE_ZONE, zones=("Asia/Tokyo",), said={Line.NUDGE_ZONE_COUNTRY: 1})
    yield decide(received(text="kenya", kept=one), narrowed, CONTENT)
    for line in ("qwxy", "7:00", "9:15", "weekdays", "weekends", "every day", "russia"):
        yield decide(received(Kind.COMMAND, command="nudge", text=line, kept=one), agreed, CONTENT)
    in_reply = received(text="a blue one", pressed=Opened(State(), Action.NUDGE_DID, 0), kept=one)
    yield decide(in_reply, agreed, CONTENT)
    for command in ("stop", "progress"):
        yield decide(received(Kind.COMMAND, command=command, kept=one), agreed, CONTENT)
    gone = Kept(nudging=Nudging(days[0], rest=Rest.UNREACHED))
    yield decide(received(Kind.COMMAND, command="start", kept=gone), agreed, CONTENT)
    yes = Opened(State(), Action.AGREE, PURPOSES.index(Purpose.NUDGES) | CONTENT.versions[Purpose.NUDGES] - 1 << 3)
    for purposes in (frozenset[Purpose](), frozenset({Purpose.ALONE})):
        yield decide(received(Kind.PRESS, pressed=yes, kept=Kept()), Held(consents=purposes), CONTENT)


_IN_A_BUTTON = (
    *(Label.ROOM_SET, Label.ROOM_NEVER, Label.ROOM_ENGLISH, Label.ROOM_OF_THEM),
    *(label for label in Label if label.startswith("unit.")),
)
"""Behind the name of a setting."""


def _in_rooms_by_the_clock() -> Iterator[Reply]:
    """The circle, with and without a total, and each form of a week."""
    shown = circle.message(Room(-1), CONTENT)
    assert shown is not None
    yield circle.with_total(shown, 4)
    for week in (Week(), Week(12, 30, is_whole=True)):
        yield from pulse.told(week)


def replies_of(said: Decision | Reply) -> tuple[Reply, ...]:
    replies = said.replies if isinstance(said, Decision) else (said,)
    return (*replies, *(reply.instead for reply in replies if reply.instead is not None))


def test_words_that_the_bot_knows_as_a_whole_are_no_danger_by_words_alone() -> None:
    countries = [country.name for country in CONTENT.helplines.countries.values()]
    for words in (*CONTENT.typed, *CONTENT.spoken.values(), *countries):
        if not CONTENT.guard.read(hear(words)).by_rule:
            first, *_ = lines(answer(at(Step.TOGETHER), received(text=words)))
            assert not first.startswith(("card.", "danger."))


def test_answer_is_read_as_one_only_within_a_walk_in_which_no_danger_was_seen() -> None:
    words = "he would like to be at home"
    asked, walking = replace(at(Step.APART), danger_asked=True), at(Step.APART)
    assert CONTENT.guard.read(hear(words)).tier is Tier.UNCLEAR
    assert Line.DANGER_ASK not in lines(answer(walking, received(text=words)))
    assert lines(answer(asked, received(text=words)))[0] is Line.DANGER_NEAR
    assert Line.DANGER_ASK in lines(answer(State(), received(text=words)))
    assert answer(walking, received(text=words, forwarded=True)).held.state.step is Step.WHOSE


@pytest.mark.parametrize("name", ["i_want_to_die", "kms", "suicidal"])
def test_name_of_a_command_that_is_none_is_read_for_danger(name: str) -> None:
    assert lines(answer(State(), received(Kind.COMMAND, command=name)))[0] in {Line.CARD_OWN, Line.DANGER_ASK}


def test_who_has_said_that_they_are_16_is_taken_at_their_word_against_a_score() -> None:
    agreed = Held(consents=frozenset(Purpose))
    by_score = replace(CONTENT, guard=SeeingGuard(Danger(minor=True)))
    said = replace(CONTENT, guard=SeeingGuard(Danger(minor=True, age_said=True)))
    assert decide(received(text=SEEN), agreed, by_score).held.consents == agreed.consents
    assert decide(received(text=SEEN), agreed, said).held.consents == frozenset()
    assert decide(received(text=SEEN), Held(), by_score).held.state.minor


def test_every_line_is_said_somewhere() -> None:
    said = {line for each in everything_said() for reply in replies_of(each) for line in reply.keys}
    said |= {
        line for each in everything_said() for reply in replies_of(each) if reply.instead for line in reply.instead.keys
    }
    said |= {each.toast for each in everything_said() if isinstance(each, Decision) and each.toast}
    assert set(Line) - said == SAID_ELSEWHERE


def test_every_label_is_shown_somewhere() -> None:
    replies = [reply for each in everything_said() for reply in replies_of(each)]
    replies += [reply.instead for reply in replies if reply.instead is not None]
    shown = {button.label for reply in replies for row in reply.buttons for button in row}
    shown |= {
        label
        for reply in replies
        for line in reply.keys
        for name, filling in reply.slots.items()
        for label in (filling if isinstance(filling, tuple) else (filling,))
        if name in SLOTS.get(line, ()) and isinstance(label, Label)
    }
    shown |= {label for _, label in menu((*COMMANDS, *GROUP_MENU, *ADMIN_MENU))}
    on_buttons = [button.words for reply in replies for row in reply.buttons for button in row]
    shown |= {
        label
        for label in (Label.NUDGE_ON, Label.TO, *_IN_A_BUTTON)
        if any(CONTENT.labels[label] in each for each in on_buttons)
    }
    shown |= {Label.KEYBOARD_HINT for reply in replies if reply.is_keyboard}
    names = {label: label.value for label in Label}
    pictures = [
        drawing(each, names)
        for each in (reply.attached for reply in replies)
        if isinstance(each, OneWalk | OverDays | AfterDays)
    ]
    shown |= {label for label in Label for drawn in pictures for text in drawn.texts if label in text.words.split()}
    words = [words for reply in replies for words in reply.slots.values() if not isinstance(words, Label | tuple)]
    filling = [label for label in Label if label.startswith(("emergency.", "reaches.", "serves.", "line.", "or"))]
    shown |= {label for label in filling if any(CONTENT.labels[label] in each for each in words)}
    assert set(Label) - shown == set()
