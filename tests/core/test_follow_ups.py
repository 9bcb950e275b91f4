from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import PURPOSES, offers
from bot.core.decide import decide
from bot.core.facts import Consented, Ended, FollowedUp, NudgeChange, Tap
from bot.core.follow_ups import BUTTONS, DAYS, DAYS_THERE, answered, asked, begun, days_of, ended, left_out, sent
from bot.core.follow_ups import tapped as by_button
from bot.core.gap import DAY, HIGH, outcome_of
from bot.core.keeping import looks_back
from bot.core.kept import FollowUp, Kept, Outcome, Point, Purpose
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.model import Action, Button, Decision, Held, Incoming, Kind, Lane, Opened, Reply, Where
from bot.core.state import NO_RATING, Act, Change, Condition, Source, State, Step
from tests.person import PROMPTS, buttons, lines

CONTENT = PROMPTS.content
NOW = 1_790_000_000
WALK = Outcome(77, NOW, Source.NEWS, Condition.NONE, 8, 4, Change.MORE, finished=True)
FOLLOW_UP = FollowUp(77, NOW, was_there=False, upset_before=8, upset_after=4, change=Change.MORE, due_at=NOW + DAY)
THERE = FollowUp(78, NOW, was_there=True, upset_before=None, upset_after=None, change=Change.UNSAID, due_at=NOW + DAY)
FOLLOWING = Held(consents=frozenset({Purpose.FOLLOW_UPS}))
WITH_NUDGES = Held(consents=frozenset({Purpose.FOLLOW_UPS, Purpose.NUDGES}))
ONE = sent(FOLLOW_UP, NOW + DAY)
KEPT = Kept(follow_ups=(ONE, sent(THERE, NOW + DAY)))
CLOSED = State(walk=77, step=Step.CLOSE, upset_before=8, upset_after=4, change=Change.MORE)


def after_answers(one: FollowUp, *answers: FollowedUp | None) -> FollowUp:
    """The same after each that was due was sent on time, and answered so, or not."""
    for answer in answers:
        one = sent(one, one.due_at)
        one = one if answer is None else answered(one, answer)
    return one


def tapped(button: Button, held: Held = FOLLOWING, kept: Kept | None = KEPT, walk: int = 77) -> Decision:
    opened = Opened(State(walk=walk), button.action, button.value)
    return decide(Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=opened, kept=kept), held, CONTENT)


def replied(words: str, button: Button, held: Held = FOLLOWING) -> Decision:
    """Words in reply to the message of a button."""
    opened = Opened(State(walk=77), button.action, button.value)
    return decide(
        Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words, seed=9, pressed=opened, kept=KEPT), held, CONTENT
    )


def typed(words: str, held: Held = FOLLOWING, kept: Kept | None = KEPT) -> Decision:
    return decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words, seed=9, kept=kept), held, CONTENT)


def all_of(reply: Reply) -> list[Button]:
    return [button for row in reply.buttons for button in row]


def number(rating: int, one: FollowUp = FOLLOW_UP) -> Button:
    return next(button for button in all_of(asked(one)) if button.words == str(rating))


def labelled(said: Reply | Decision, label: Label) -> Button:
    shown = buttons(said) if isinstance(said, Decision) else all_of(said)
    return next(button for button in shown if button.label is label)


# --- By the clock -------------------------------------------------------------------------------------------------


def test_walk_that_was_finished_is_followed_up_a_day_later() -> None:
    assert begun(WALK) == FOLLOW_UP


@pytest.mark.parametrize(
    "walk",
    [
        replace(WALK, finished=False),
        replace(WALK, upset_before=None),
        replace(WALK, conditions=Condition.OWN_LOSS),
        replace(WALK, conditions=Condition.NUMB),
        replace(WALK, conditions=Condition.WAS_THERE | Condition.OWN_LOSS),
    ],
)
def test_walk_that_was_left_or_tender_or_told_no_upset_is_not_followed_up(walk: Outcome) -> None:
    assert begun(walk) is None


def test_someone_who_was_there_is_followed_up_on_days_of_their_own_without_a_number_told() -> None:
    there = begun(replace(WALK, conditions=Condition.WAS_THERE, upset_before=None))
    assert there is not None
    assert there.was_there
    assert days_of(was_there=True) == DAYS_THERE


@pytest.mark.parametrize(("one", "days"), [(FOLLOW_UP, DAYS), (THERE, DAYS_THERE)])
def test_each_comes_so_many_days_after_the_walk_and_then_no_more(one: FollowUp, days: tuple[int, ...]) -> None:
    for day in days:
        assert one.due_at == NOW + day * DAY
        one = answered(sent(one, one.due_at + 60), FollowedUp(one.walk, day, upset=3))
    assert one.due_at == 0
    assert [(point.days, point.upset) for point in one.points] == [(day, 3) for day in days]


def test_two_in_a_row_without_an_answer_end_them() -> None:
    once = after_answers(FOLLOW_UP, None)
    assert (once.unanswered, once.due_at) == (1, NOW + 3 * DAY)
    assert after_answers(FOLLOW_UP, None, None).due_at == 0
    answer = FollowedUp(77, 3, change=Change.SAME)
    assert after_answers(FOLLOW_UP, None, answer).due_at == NOW + 7 * DAY


def test_a_skip_is_an_answer() -> None:
    skipped = after_answers(FOLLOW_UP, FollowedUp(77, 1), FollowedUp(77, 3))
    assert (skipped.unanswered, skipped.due_at) == (0, NOW + 7 * DAY)
    assert skipped.points == (Point(1), Point(3))


def test_late_answer_brings_the_next_one_back() -> None:
    silent = after_answers(FOLLOW_UP, None, None)
    assert answered(silent, FollowedUp(77, 1, upset=5)).due_at == NOW + 7 * DAY


def test_no_more_of_these_ends_them_and_keeps_what_was_answered() -> None:
    one = answered(after_answers(FOLLOW_UP, FollowedUp(77, 1, upset=5)), FollowedUp(77, 1, ends=True))
    assert (one.due_at, one.points) == (0, (Point(1, 5),))
    assert answered(one, FollowedUp(77, 1, change=Change.MORE)).due_at == 0
    silent = after_answers(FOLLOW_UP, None, None)
    assert answered(silent, FollowedUp(77, 3, ends=True)).due_at == 0


def test_upset_and_care_are_kept_in_one_point_whichever_comes_first() -> None:
    upset, care = FollowedUp(77, 1, upset=5), FollowedUp(77, 1, change=Change.LESS)
    for answers in ((upset, care), (care, upset)):
        one = ONE
        for answer in answers:
            one = answered(one, answer)
        assert one.points == (Point(1, 5, Change.LESS),)


def test_answer_that_comes_before_the_sending_is_noted_is_not_lost() -> None:
    quick = answered(FOLLOW_UP, FollowedUp(77, 1, upset=5))
    assert sent(quick, NOW + DAY).points == (Point(1, 5),)
    assert sent(quick, NOW + DAY).unanswered == 0


def test_left_out_comes_at_the_same_hour_of_a_later_day() -> None:
    assert left_out(FOLLOW_UP, FOLLOW_UP.due_at).due_at == NOW + 2 * DAY
    assert left_out(FOLLOW_UP, FOLLOW_UP.due_at + DAY + 9).due_at == NOW + 3 * DAY


def test_what_is_left_out_too_long_gives_way_to_the_next_and_the_last_to_nothing() -> None:
    late = left_out(FOLLOW_UP, NOW + 4 * DAY - 9)
    assert sent(late, late.due_at).points == (Point(3),)
    last = after_answers(FOLLOW_UP, FollowedUp(77, 1), FollowedUp(77, 3))
    assert left_out(last, NOW + 9 * DAY).due_at == NOW + 10 * DAY
    assert left_out(last, NOW + 10 * DAY).due_at == 0


@given(st.booleans(), st.lists(st.sampled_from(["sent", "answered", "left out"]), max_size=12))
def test_whatever_comes_no_day_is_asked_about_twice_and_each_time_is_later(was_there: bool, story: list[str]) -> None:  # noqa: FBT001
    one, times = replace(FOLLOW_UP, was_there=was_there), []
    for what in story:
        if what == "answered" and one.points:
            one = answered(one, FollowedUp(77, one.points[-1].days, upset=4))
        elif one.due_at:
            times.append(one.due_at)
            points = one.points
            one = sent(one, one.due_at) if what == "sent" else left_out(one, one.due_at)
            assert what != "sent" or len(one.points) == len(points) + 1
    assert times == sorted(set(times))
    assert len(one.points) <= 3


def test_whoever_cannot_be_reached_is_asked_no_more() -> None:
    assert ended(FOLLOW_UP, NOW).due_at == 0


# --- What is sent -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [FOLLOW_UP, THERE, after_answers(FOLLOW_UP, FollowedUp(77, 1))])
def test_question_begins_neutral_and_can_be_answered_skipped_and_ended(one: FollowUp) -> None:
    reply = asked(one)
    assert (reply.lane, reply.state) == (Lane.BROADCAST, State(walk=one.walk))
    assert [button.words for button in all_of(reply)][:11] == [str(rating) for rating in range(11)]
    assert [button.label for button in all_of(reply)][11:] == [Label.SKIP, Label.FOLLOW_UP_END]
    for pick in range(len(PROMPTS.lines[Line.FOLLOW_UP_ASK])):
        said = PROMPTS.text(replace(reply, picks=(pick,)))
        first = said.partition("\n")[0].lower()
        assert not {"upset", "walk", "care", "suffering"} & set(first.replace(",", "").replace(".", "").split())
        assert len(said.split()) <= 40
        assert said.count("?") == 1


def test_question_says_how_long_ago_the_walk_was() -> None:
    late = left_out(FOLLOW_UP, FOLLOW_UP.due_at)
    said = [asked(one).slots["ago"] for one in (FOLLOW_UP, after_answers(FOLLOW_UP, FollowedUp(77, 1)), late)]
    assert said == [Label.AGO_1, Label.AGO_3, Label.AGO_SOME]


def test_nothing_that_is_said_counts_or_blames() -> None:
    words = " ".join(
        wording for line in Line if line.startswith("follow_up.") for wording in PROMPTS.lines[line]
    ).lower()
    assert not any(word in words for word in ("streak", "in a row", "well done", "miss", "should", "failed"))


# --- What is answered ---------------------------------------------------------------------------------------------


def test_tap_on_the_upset_keeps_it_and_asks_for_care_of_the_same_walk() -> None:
    decision = tapped(number(4))
    assert decision.facts == (FollowedUp(77, 1, upset=4),)
    (reply,) = decision.replies
    assert (reply.keys, reply.state) == ((Line.FOLLOW_UP_CARE,), State(walk=77))
    labels = [button.label for button in buttons(decision)]
    assert labels == [Label.CARE_LESS, Label.CARE_SAME, Label.CARE_MORE, Label.SKIP]


@pytest.mark.parametrize(
    ("label", "change"),
    [
        (Label.CARE_LESS, Change.LESS),
        (Label.CARE_SAME, Change.SAME),
        (Label.CARE_MORE, Change.MORE),
        (Label.SKIP, Change.UNSAID),
    ],
)
def test_tap_on_care_keeps_it_and_says_thanks_and_asks_nothing(label: Label, change: Change) -> None:
    decision = tapped(labelled(tapped(number(4)), label))
    assert decision.facts == (FollowedUp(77, 1, change=change),)
    assert lines(decision) == [Line.FOLLOW_UP_THANKS]
    assert buttons(decision) == []


def test_buttons_know_which_of_the_three_they_are_about() -> None:
    second = after_answers(FOLLOW_UP, FollowedUp(77, 1))
    kept = Kept(follow_ups=(sent(second, NOW + 3 * DAY),))
    decision = tapped(number(4, second), kept=kept)
    assert decision.facts == (FollowedUp(77, 3, upset=4),)
    care = labelled(decision, Label.CARE_SAME)
    assert tapped(care, kept=kept).facts == (FollowedUp(77, 3, change=Change.SAME),)
    end = labelled(asked(second), Label.FOLLOW_UP_END)
    assert tapped(end, kept=kept).facts == (FollowedUp(77, 3, ends=True),)


def test_skip_is_as_good_an_answer_and_nothing_more_is_asked() -> None:
    decision = tapped(labelled(asked(FOLLOW_UP), Label.SKIP))
    assert decision.facts == (FollowedUp(77, 1),)
    assert lines(decision) == [Line.FOLLOW_UP_SKIPPED]
    assert buttons(decision) == []


@pytest.mark.parametrize("rating", range(HIGH, 11))
def test_strong_upset_is_steadied_with_a_person_and_care_is_not_asked(rating: int) -> None:
    decision = tapped(number(rating))
    assert decision.facts == (FollowedUp(77, 1, upset=rating),)
    assert lines(decision)[0] is Line.HIGH
    assert lines(decision)[1].startswith("anchor.")
    assert lines(decision)[2:] == [Line.STAY_PERSON]
    assert [button.action for button in buttons(decision)] == [Action.WALK, Action.CRISIS]


def test_upset_clearly_above_that_of_the_beginning_is_met_as_a_strong_one() -> None:
    kept = Kept(follow_ups=(replace(ONE, upset_before=2),))
    assert lines(tapped(number(3), kept=kept)) == [Line.FOLLOW_UP_CARE]
    assert lines(tapped(number(4), kept=kept))[0] is Line.HIGH


def test_strong_upset_gives_practices_three_days_of_rest_where_they_are_sent() -> None:
    decision = tapped(number(9), WITH_NUDGES)
    assert decision.facts == (FollowedUp(77, 1, upset=9), NudgeChange(tap=Tap.HARDER))
    assert lines(decision)[-1] is Line.FOLLOW_UP_REST
    assert tapped(number(3), WITH_NUDGES).facts == (FollowedUp(77, 1, upset=3),)


def test_strong_upset_of_someone_who_was_there_names_a_doctor() -> None:
    decision = tapped(number(9, THERE), walk=78)
    assert decision.facts == (FollowedUp(78, 1, upset=9),)
    assert lines(decision)[-1] is Line.CLOSE_WAS_THERE
    assert all("doctor" in wording for wording in PROMPTS.lines[Line.CLOSE_WAS_THERE])


def test_no_more_of_these_is_said_so_and_can_be_typed() -> None:
    for decision in (
        tapped(labelled(asked(FOLLOW_UP), Label.FOLLOW_UP_END)),
        typed("No more of these"),
        replied("bye", number(4)),
    ):
        assert lines(decision) == [Line.FOLLOW_UP_ENDED]
        assert all(isinstance(fact, FollowedUp) and fact.ends for fact in decision.facts)
        assert len(decision.facts) == 1


def test_typed_end_is_about_the_walk_that_was_asked_about_last() -> None:
    kept = Kept(follow_ups=(replace(ONE, walk=5, sent_at=NOW + 9 * DAY), ONE))
    (fact,) = typed("no more of these", kept=kept).facts
    assert isinstance(fact, FollowedUp)
    assert fact.walk == 5


@pytest.mark.parametrize("action", BUTTONS)
@pytest.mark.parametrize(
    ("held", "kept", "line"),
    [
        (FOLLOWING, Kept(), Line.FOLLOW_UP_GONE),
        (Held(), KEPT, Line.FOLLOW_UP_GONE),
        (FOLLOWING, None, Line.STORE_FAILED),
    ],
)
def test_answer_about_a_walk_that_is_not_kept_keeps_nothing(
    action: Action, held: Held, kept: Kept | None, line: Line
) -> None:
    decision = tapped(Button(Label.SKIP, action, 4), held, kept)
    assert (lines(decision), decision.facts) == ([line], ())


@pytest.mark.parametrize(
    ("held", "kept", "line"),
    [(FOLLOWING, Kept(), Line.FOLLOW_UP_GONE), (FOLLOWING, None, Line.STORE_FAILED)],
)
def test_strong_upset_is_steadied_although_nothing_can_be_kept(held: Held, kept: Kept | None, line: Line) -> None:
    for decision in (tapped(number(HIGH), held, kept), tapped(number(10), held, kept)):
        assert (lines(decision)[0], lines(decision)[-1], decision.facts) == (Line.HIGH, line, ())
    assert lines(tapped(number(HIGH - 1), held, kept)) == [line]


def test_answer_that_no_button_brought_is_to_a_walk_that_has_gone() -> None:
    decision = by_button(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="4", kept=KEPT), FOLLOWING)
    assert (lines(decision), decision.facts) == ([Line.FOLLOW_UP_GONE], ())


@pytest.mark.parametrize("action", BUTTONS)
@given(st.integers(0, 255))
def test_no_value_of_a_button_is_more_than_an_answer(action: Action, value: int) -> None:
    for fact in tapped(Button(Label.SKIP, action, value)).facts:
        assert isinstance(fact, FollowedUp)
        assert fact.days in DAYS
        assert fact.upset is None or 0 <= fact.upset <= 10


@pytest.mark.parametrize("action", BUTTONS)
def test_in_an_emergency_its_number_comes_first_and_nothing_is_kept(action: Action) -> None:
    card = State(walk=5, step=Step.HELD)
    held = replace(FOLLOWING, state=card, said={Line.CARD_MEDICAL: 1, Line.CARD_LINES: 1, Line.CARD_STAY: 1})
    decision = tapped(Button(Label.SKIP, action, 4), held)
    assert lines(decision) == [Line.CARD_AGAIN_NOW]
    assert decision.facts == ()


# --- In words -----------------------------------------------------------------------------------------------------

ASKS_UPSET = number(0)
ENDS = labelled(asked(FOLLOW_UP), Label.FOLLOW_UP_END)
ASKS_CARE = Button(Label.CARE_LESS, Action.FOLLOW_CARE, Change.LESS)


@pytest.mark.parametrize("button", [ASKS_UPSET, ENDS])
@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("4", FollowedUp(77, 1, upset=4)),
        ("0", FollowedUp(77, 1, upset=0)),
        ("maybe a 3", FollowedUp(77, 1, upset=3)),
        ("4/10", FollowedUp(77, 1, upset=4)),
        ("a little", FollowedUp(77, 1, upset=2)),
        ("very strong", FollowedUp(77, 1, upset=8)),
        ("worse", FollowedUp(77, 1)),
        ("skip", FollowedUp(77, 1)),
        ("not today", FollowedUp(77, 1)),
        ("stop", FollowedUp(77, 1, ends=True)),
        ("fuck off", FollowedUp(77, 1, ends=True)),
        ("no more messages", FollowedUp(77, 1, ends=True)),
    ],
)
def test_words_that_reply_to_the_question_answer_it(words: str, fact: FollowedUp, button: Button) -> None:
    assert replied(words, button).facts == (fact,)


@pytest.mark.parametrize(
    ("words", "change"),
    [("less", Change.LESS), ("more", Change.MORE), ("about the same", Change.SAME), ("skip", Change.UNSAID)],
)
def test_words_that_reply_to_the_question_about_care_answer_it(words: str, change: Change) -> None:
    assert replied(words, ASKS_CARE).facts == (FollowedUp(77, 1, change=change),)


def test_worse_is_met_with_something_steady() -> None:
    assert lines(replied("it gets worse", ASKS_UPSET))[0] is Line.HIGH


def test_danger_in_a_reply_comes_first() -> None:
    for words in ("4, i want to die", "i want to kill myself"):
        decision = replied(words, ASKS_UPSET)
        assert lines(decision)[0].startswith("card.")
        assert not any(isinstance(fact, FollowedUp) for fact in decision.facts)


def test_other_words_that_reply_are_read_as_ever() -> None:
    words = "i cant stop seeing the children in the flood on the news"
    assert lines(replied(words, ASKS_UPSET)) == lines(typed(words))


@pytest.mark.parametrize("words", ["no more questions", "Stop asking me!"])
def test_no_more_questions_needs_no_reply_to_end_them(words: str) -> None:
    assert lines(typed(words)) == [Line.FOLLOW_UP_ENDED]


@pytest.mark.parametrize("words", ["4", "less", "skip"])
def test_words_that_reply_to_nothing_are_left_alone(words: str) -> None:
    assert not any(isinstance(fact, FollowedUp) for fact in typed(words).facts)


def test_open_question_about_danger_is_not_answered_by_a_reply_to_something_else() -> None:
    held = replace(FOLLOWING, state=State(walk=5, step=Step.DANGER_ASK, danger_asked=True))
    decision = replied("4", ASKS_UPSET, held)
    assert not any(isinstance(fact, FollowedUp) for fact in decision.facts)


@pytest.mark.parametrize("step", [Step.IDLE, Step.KIND, Step.CLOSE])
def test_answer_leaves_the_walk_that_is_under_way(step: Step) -> None:
    held = replace(FOLLOWING, state=State(walk=5, step=step))
    for decision in (tapped(number(4), held), replied("4", ASKS_UPSET, held), tapped(number(9), held)):
        assert decision.held.state == held.state
        assert not decision.moved


@pytest.mark.parametrize("kind", [Kind.PRESS, Kind.TEXT])
@pytest.mark.parametrize("action", BUTTONS)
def test_what_is_kept_is_looked_up_for_an_answer(kind: Kind, action: Action) -> None:
    incoming = Incoming(1, Where.PRIVATE, kind, NOW, text="4", pressed=Opened(State(walk=77), action, 4))
    assert looks_back(incoming, Held(), CONTENT)


# --- Offered, and agreed to ---------------------------------------------------------------------------------------

REMEMBERED = frozenset({Purpose.REMEMBER})


def test_a_question_tomorrow_is_offered_where_walks_are_remembered() -> None:
    held = Held(CLOSED, consents=REMEMBERED)
    assert [button.label for row in offers(held) for button in row] == [Label.ASK_TOMORROW]
    with_act = replace(held, state=replace(CLOSED, act=Act.WRITE))
    assert [button.label for row in offers(with_act) for button in row] == [Label.ASK_TOMORROW, Label.IF_THEN]


@pytest.mark.parametrize(
    "held",
    [
        Held(CLOSED, consents=REMEMBERED | {Purpose.FOLLOW_UPS}),
        Held(replace(CLOSED, upset_before=NO_RATING), consents=REMEMBERED),
        Held(replace(CLOSED, conditions=Condition.OWN_LOSS), consents=REMEMBERED),
        Held(replace(CLOSED, conditions=Condition.NUMB), consents=REMEMBERED),
        Held(replace(CLOSED, minor=True), consents=REMEMBERED),
        Held(replace(CLOSED, step=Step.CARE), consents=REMEMBERED),
    ],
)
def test_no_question_is_offered_to_whoever_may_not_or_said_yes_or_told_no_upset(held: Held) -> None:
    assert Label.ASK_TOMORROW not in [button.label for row in offers(held) for button in row]


def test_offer_leads_to_the_question_of_its_purpose_tapped_or_typed() -> None:
    held = Held(CLOSED, consents=REMEMBERED)
    ((button,),) = offers(held)
    assert button.value == PURPOSES.index(Purpose.FOLLOW_UPS)
    for decision in (tapped(button, held), typed("ask me again tomorrow", held)):
        assert lines(decision) == [Line.CONSENT_ASK_FOLLOW_UPS]


@pytest.mark.parametrize("outcomes", [(), (WALK,), (replace(WALK, walk=5), WALK)])
def test_a_yes_follows_up_the_walk_that_has_just_ended_as_it_is_kept(outcomes: tuple[Outcome, ...]) -> None:
    held = Held(CLOSED, consents=REMEMBERED)
    button = Button(Label.AGREE, Action.AGREE, PURPOSES.index(Purpose.FOLLOW_UPS))
    decision = tapped(button, held, Kept(outcomes=outcomes))
    just_ended = WALK if outcomes else outcome_of(CLOSED, NOW, finished=True)
    assert decision.facts == (Consented(Purpose.FOLLOW_UPS), Ended(just_ended))
    assert lines(decision) == [Line.CONSENT_YES_FOLLOW_UPS]


def test_a_yes_without_a_walk_follows_up_none() -> None:
    button = Button(Label.AGREE, Action.AGREE, PURPOSES.index(Purpose.FOLLOW_UPS))
    assert tapped(button, Held()).facts == (Consented(Purpose.FOLLOW_UPS),)


def test_words_to_agree_to_say_what_is_kept_and_when_it_ends() -> None:
    for wording in PROMPTS.lines[Line.CONSENT_ASK_FOLLOW_UPS]:
        assert len(wording.split()) <= MOST_WORDS
        for said in ("28 days", "upset", "care", "90 days", "how to reach you", "16"):
            assert said in wording
