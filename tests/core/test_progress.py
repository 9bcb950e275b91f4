from dataclasses import replace

import pytest

from bot.core.decide import decide
from bot.core.gap import DAY, WEEK, AfterDays, Answered, Moment, OneWalk, OverDays
from bot.core.kept import FollowUp, Kept, Outcome, Point, Purpose
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.model import Action, Decision, Held, Incoming, Kind, Opened, Where
from bot.core.sequence import AFTER_CARD
from bot.core.state import Change, Condition, Source, State, Step
from tests.person import PROMPTS, buttons, lines

CONTENT = PROMPTS.content
NOW = 1_790_000_000
CLOSED = State(walk=5, step=Step.CLOSE, upset_before=8, upset_after=3, change=Change.MORE)
AGREED = Held(consents=frozenset({Purpose.REMEMBER}))
OUTCOME = Outcome(5, NOW - 2 * DAY, Source.NONE, Condition.NONE, 8, 3, Change.MORE, finished=True)


def progress(*outcomes: Outcome, held: Held = AGREED) -> Decision:
    return decide(
        Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="progress", kept=Kept(outcomes=outcomes)), held, CONTENT
    )


def pressed(action: Action, state: State, held: Held, *outcomes: Outcome) -> Decision:
    opened = Opened(state, action, 0)
    return decide(
        Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, pressed=opened, kept=Kept(outcomes=outcomes)), held, CONTENT
    )


def typed(words: str, held: Held, *outcomes: Outcome) -> Decision:
    return decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words, kept=Kept(outcomes=outcomes)), held, CONTENT)


def told(decision: Decision) -> str:
    return "\n".join(PROMPTS.text(reply) for reply in decision.replies)


def labels(decision: Decision) -> list[Label]:
    return [button.label for button in buttons(decision)]


# --- One walk -----------------------------------------------------------------------------------------------------


def test_show_me_shows_the_walk_of_its_button_whatever_has_come_since() -> None:
    for held in (Held(), Held(CLOSED), Held(State(walk=9, step=Step.KIND))):
        (reply,) = pressed(Action.SHOW, CLOSED, held).replies
        assert reply.attached == OneWalk(8, 3, Change.MORE)
        assert {"8", "3", "more"} <= set(PROMPTS.text(reply).replace(".", " ").split())


def test_show_me_may_be_typed_after_a_walk() -> None:
    assert typed("Show me", Held(CLOSED)).replies[0].attached == OneWalk(8, 3, Change.MORE)


def test_words_beside_a_picture_say_that_care_was_skipped() -> None:
    decision = pressed(Action.SHOW, replace(CLOSED, change=Change.UNSAID), Held())
    assert lines(decision) == [Line.SHOWN_WALK, Line.SHOWN_CARE_UNSAID]


@pytest.mark.parametrize(
    "now",
    [
        *(State(walk=9, step=step) for step in AFTER_CARD),
        State(walk=9, step=Step.ARRIVE, conditions=Condition.OWN_LOSS),
        State(walk=9, step=Step.KIND, conditions=Condition.GUILT),
        State(walk=9, step=Step.STAY, upset_before=2, upset_after=9),
    ],
)
def test_no_picture_at_a_time_that_rules_it_out(now: State) -> None:
    decision = pressed(Action.SHOW, CLOSED, Held(now))
    assert Line.SHOWN_NONE in lines(decision)
    assert all(reply.attached is None for reply in decision.replies)
    assert labels(progress(OUTCOME, held=replace(AGREED, state=now))) == []


def test_forged_press_shows_nothing_of_a_walk_that_has_no_picture() -> None:
    decision = pressed(Action.SHOW, replace(CLOSED, conditions=Condition.NUMB), Held())
    assert lines(decision) == [Line.SHOWN_NONE]


# --- Over days ----------------------------------------------------------------------------------------------------


def test_progress_without_consent_says_that_nothing_is_kept_and_offers_to_remember() -> None:
    decision = progress(OUTCOME, held=Held())
    assert lines(decision) == [Line.PROGRESS_OFF]
    assert labels(decision) == [Label.REMEMBER]


def test_progress_under_16_offers_nothing() -> None:
    decision = progress(held=Held(State(minor=True)))
    assert lines(decision) == [Line.CONSENT_UNDER_16]
    assert labels(decision) == []


def test_progress_with_nothing_yet_says_so() -> None:
    decision = progress()
    assert lines(decision) == [Line.PROGRESS_NONE]
    assert labels(decision) == []


def test_progress_tells_when_what_is_kept_cannot_be_read() -> None:
    for command in ("progress", "history"):
        incoming = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command=command)
        for held in (AGREED, Held()):  # a yes that could not be read is none
            assert lines(decide(incoming, held, CONTENT)) == [Line.STORE_FAILED]


def test_progress_tells_of_this_week_and_of_what_was_before_it() -> None:
    before = replace(OUTCOME, ended_at=NOW - WEEK, upset_before=10, upset_after=6, change=Change.LESS)
    decision = progress(before, before, OUTCOME)
    first, second = decision.replies
    assert first.keys == (Line.PROGRESS_EARLIER, Line.PROGRESS_UPSET, Line.PROGRESS_CARE)
    assert second.keys == (Line.PROGRESS_WEEK, Line.PROGRESS_UPSET, Line.PROGRESS_CARE, Line.PROGRESS_ABOUT)
    assert first.slots == {"count": "2", "before": "10", "after": "6", "less": "2", "same": "0", "more": "0"}
    assert second.slots == {"count": "1", "before": "8", "after": "3", "less": "0", "same": "0", "more": "1"}
    assert labels(decision) == [Label.SHOW_WALKS]


def test_progress_leaves_out_days_without_a_walk() -> None:
    assert lines(progress(OUTCOME))[0] is Line.PROGRESS_WEEK
    assert Line.PROGRESS_WEEK not in lines(progress(replace(OUTCOME, ended_at=NOW - WEEK)))


@pytest.mark.parametrize(
    "hard",
    [
        replace(OUTCOME, conditions=Condition.OWN_LOSS),
        replace(OUTCOME, conditions=Condition.GUILT),
        replace(OUTCOME, conditions=Condition.NUMB),
        replace(OUTCOME, conditions=Condition.WAS_THERE),
        replace(OUTCOME, upset_before=2, upset_after=8),
    ],
)
def test_progress_the_day_after_what_was_hard_is_words_alone(hard: Outcome) -> None:
    recent = replace(hard, ended_at=NOW - DAY // 2)
    assert labels(progress(OUTCOME, recent)) == []
    asked = typed("show my walks", AGREED, OUTCOME, recent)
    assert lines(asked) == lines(progress(OUTCOME, recent))
    assert all(reply.attached is None for reply in asked.replies)


def test_picture_over_days_is_told_in_words_too() -> None:
    skipped = replace(OUTCOME, upset_after=None, change=Change.UNSAID)
    decision = pressed(Action.SHOW_WALKS, State(), AGREED, replace(OUTCOME, upset_after=7), OUTCOME, skipped)
    (reply,) = decision.replies
    assert reply.attached == OverDays(
        (Answered(7, Change.MORE), Answered(3, Change.MORE), Answered(None, Change.UNSAID))
    )
    assert reply.keys == (Line.SHOWN_WALKS, Line.SHOWN_UPSETS, Line.SHOWN_CARES, Line.SHOWN_BREAKS)
    assert reply.slots == {
        "count": "3",
        "first_upset": "7",
        "latest_upset": Label.CHANGED_UNSAID,
        "lowest": "3",
        "highest": "7",
        "first_care": Label.CHANGED_MORE,
        "latest_care": Label.CHANGED_UNSAID,
    }


def test_picture_over_days_has_no_words_for_a_line_that_is_not_there() -> None:
    no_care = replace(OUTCOME, change=Change.UNSAID)
    no_upset = replace(OUTCOME, upset_after=None)
    assert Line.SHOWN_CARES not in lines(pressed(Action.SHOW_WALKS, State(), AGREED, no_care))
    assert Line.SHOWN_UPSETS not in lines(pressed(Action.SHOW_WALKS, State(), AGREED, no_upset))


def test_show_me_with_no_walk_to_show_is_about_those_that_are_kept() -> None:
    assert typed("show me", AGREED, OUTCOME).replies[0].attached == OverDays((Answered(3, Change.MORE),))
    assert lines(typed("show me", Held())) == [Line.PROGRESS_OFF]


# --- The days after -----------------------------------------------------------------------------------------------

FOLLOWING = Held(consents=frozenset({Purpose.FOLLOW_UPS}))
FOLLOWED = FollowUp(
    5,
    NOW - 9 * DAY,
    was_there=False,
    upset_before=8,
    upset_after=4,
    change=Change.MORE,
    points=(Point(1, 5, Change.LESS), Point(3), Point(7, 2, Change.MORE)),
    sent_at=NOW - 2 * DAY,
)


def after(*follow_ups: FollowUp, held: Held = FOLLOWING) -> Decision:
    kept = Kept(follow_ups=follow_ups or (FOLLOWED,))
    return decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="show the days after", kept=kept), held, CONTENT)


def test_progress_leads_to_the_days_after_whether_walks_are_remembered_or_not() -> None:
    kept = Kept(outcomes=(OUTCOME,), follow_ups=(FOLLOWED,))
    both = Held(consents=AGREED.consents | FOLLOWING.consents)
    incoming = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="progress", kept=kept)
    assert labels(decide(incoming, both, CONTENT)) == [Label.SHOW_WALKS, Label.SHOW_AFTER]
    assert labels(decide(incoming, FOLLOWING, CONTENT)) == [Label.REMEMBER, Label.SHOW_AFTER]
    assert labels(decide(incoming, AGREED, CONTENT)) == [Label.SHOW_WALKS]


def test_picture_of_the_days_after_is_told_in_words_too() -> None:
    picture, care = after().replies
    assert picture.attached == AfterDays(
        1, (Moment(None, 8, 0), Moment(0, 4, 1), Moment(1, 5, 0), Moment(3, None, None), Moment(7, 2, 1))
    )
    assert (picture.keys, care.keys) == (
        (Line.SHOWN_AFTER, Line.SHOWN_AFTER_UPSETS),
        (Line.SHOWN_AFTER_CARES, Line.SHOWN_BREAKS),
    )
    assert "before 8, after 4, 1 day 5, 3 days skipped, 7 days 2." in PROMPTS.text(picture)
    assert "after 1 more, 1 day the same, 3 days skipped, 7 days 1 more." in PROMPTS.text(care)


def test_words_beside_the_days_after_keep_to_the_length_of_a_message() -> None:
    plain = replace(FOLLOWED, points=tuple(Point(day, 10, Change.SAME) for day in (1, 3, 7)))
    there = replace(FOLLOWED, was_there=True, points=(Point(1, 10, Change.SAME), Point(28)))
    skipped = replace(there, points=(Point(1), Point(7), Point(28, 10, Change.SAME)))
    replies = after(plain, there, skipped).replies
    assert [bool(reply.attached) for reply in replies] == [True, False]
    for reply in replies:
        for pick in range(6):
            said = PROMPTS.text(replace(reply, picks=(pick,) * len(reply.keys)))
            assert len(said.split()) <= MOST_WORDS


def test_words_say_nothing_of_a_line_that_is_not_there() -> None:
    no_care = replace(FOLLOWED, change=Change.UNSAID, points=(Point(1, 5), Point(3, 4)))
    no_upset = replace(FOLLOWED, upset_before=None, upset_after=None, points=(Point(1, None, Change.MORE),))
    assert Line.SHOWN_AFTER_CARES not in lines(after(no_care))
    assert Line.SHOWN_AFTER_UPSETS not in lines(after(no_upset))


@pytest.mark.parametrize(
    "held",
    [
        Held(),
        replace(FOLLOWING, state=State(walk=9, step=Step.HELD)),
        replace(FOLLOWING, state=State(walk=9, step=Step.KIND, conditions=Condition.GUILT)),
        Held(State(minor=True)),
    ],
)
def test_no_picture_of_the_days_after_without_a_yes_or_at_a_time_that_rules_it_out(held: Held) -> None:
    decision = after(held=held)
    assert all(reply.attached is None for reply in decision.replies)
    assert Label.SHOW_AFTER not in labels(decision)


def test_nothing_that_is_told_keeps_a_score() -> None:
    words = told(progress(*[replace(OUTCOME, walk=number) for number in range(1, 40)])).lower()
    assert not any(word in words for word in ("streak", "row", "well done", "goal", "best", "missed"))
