import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import BY_GROUP, LENGTHS, PURPOSES, QUESTIONS, ask_for, offers, with_versions
from bot.core.decide import decide
from bot.core.facts import Chose, Consented, Ended, Erased, Forgot, KeepFor, PlanDone, Planned, Withdrew
from bot.core.gap import DAY, outcome_of
from bot.core.keeping import BUTTONS, TYPED, awaiting, inactive_notice, looks_back
from bot.core.kept import KEPT_DAYS, Consent, Due, FollowUp, Kept, Nudging, Outcome, Plan, Purpose
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.model import Action, Button, Decision, Document, Held, Incoming, Kind, Opened, Reply, Where
from bot.core.plans import LONGEST_PLAN, MOST_PLANS, reminder
from bot.core.state import Act, Change, Condition, Source, State, Step
from tests.person import PROMPTS, buttons, lines

CONTENT = PROMPTS.content
NOW = int(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC).timestamp())
EVERY = frozenset(Purpose)
REMEMBERED = frozenset({Purpose.REMEMBER})
WALKED = State(walk=5, step=Step.CLOSE, upset_before=8, upset_after=2)
MINOR = State(minor=True)
GROUPS = (-1_000_000_007, -1_000_000_300)
GROUP = GROUPS[0]
WALK = Outcome(77, NOW - DAY, Source.NEWS, Condition.NONE, 7, 4, Change.MORE, finished=True)
LINE = "if I pass the hospital, then I write to her sister"
PLAN = Plan(0x0A0B0C, NOW - DAY, LINE)
PLANNING = Held(consents=frozenset({Purpose.PLANS}))
ONE_PLAN = Kept(plans=(PLAN,))
WALKING_STEPS = (Step.IDLE, Step.KIND, Step.CLOSE)


def told(command: str, held: Held = Held(), kept: Kept | None = None, text: str = "", seed: int = 9) -> Decision:  # noqa: B008  - frozen
    incoming = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, text=text, command=command, seed=seed, kept=kept)
    return decide(incoming, held, CONTENT)


def tapped(action: Action, held: Held, value: int | Purpose = 0, kept: Kept | None = None) -> Decision:
    place = PURPOSES.index(value) if isinstance(value, Purpose) else value
    opened = Opened(held.state, action, place)
    return decide(Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=opened, kept=kept), held, CONTENT)


def pressed(button: Button, held: Held, kept: Kept | None = None) -> Decision:
    return tapped(button.action, held, button.value, kept)


def typed(words: str, held: Held, kept: Kept | None = None) -> Decision:
    return decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words, seed=9, kept=kept), held, CONTENT)


def labelled(decision: Decision, label: Label) -> Button:
    return next(button for button in buttons(decision) if button.label is label)


def labels(decision: Decision) -> list[Label]:
    return [button.label for button in buttons(decision)]


def said(decision: Decision) -> str:
    return "\n".join(map(PROMPTS.text, decision.replies))


def given_to(*purposes: Purpose) -> Kept:
    return Kept(tuple(Consent(purpose, 1, NOW) for purpose in purposes))


# --- To ask -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_is_asked_in_one_question_with_the_age_and_both_ways_out(purpose: Purpose) -> None:
    asked = ask_for(purpose, Held(country="KE", room=GROUP))
    (reply,) = asked.replies
    actions = [(button.action, button.value) for button in buttons(asked)]
    place = PURPOSES.index(purpose)
    assert actions == [(Action.AGREE, place), (Action.UNDER_16, 0), (Action.DECLINE, place)]
    for wording in PROMPTS.lines[reply.keys[0]]:
        assert "16" in wording
        assert wording.count("?") == 1


def test_consent_asks_for_one_purpose_and_no_more() -> None:
    decision = told("consent", kept=Kept())
    assert lines(decision) == [Line.CONSENT_NONE, Line.CONSENT_ASK]
    assert labels(decision) == [Label.REMEMBER_YES, Label.UNDER_16, Label.REMEMBER_NO]


@pytest.mark.parametrize("purpose", Purpose)
def test_question_whose_words_have_changed_begins_with_that(purpose: Purpose) -> None:
    held = Held(country="KE", lapsed=frozenset({purpose}))
    first, second = lines(ask_for(purpose, held))
    assert first is Line.CONSENT_CHANGED
    assert [second] == lines(ask_for(purpose, replace(held, lapsed=frozenset())))


@pytest.mark.parametrize("purpose", Purpose)
def test_nobody_under_16_is_asked(purpose: Purpose) -> None:
    assert lines(ask_for(purpose, Held(MINOR, country="KE"))) == [Line.CONSENT_UNDER_16]


@pytest.mark.parametrize(
    "held",
    [
        Held(WALKED, consents=REMEMBERED | {Purpose.FOLLOW_UPS}),
        Held(replace(WALKED, minor=True)),
        Held(replace(WALKED, step=Step.CARE)),
        Held(replace(WALKED, conditions=Condition.OWN_LOSS, act=Act.WRITE)),
        Held(),
    ],
)
def test_nothing_is_offered_to_whoever_may_not_or_has_said_yes(held: Held) -> None:
    assert offers(held) == ()


@pytest.mark.parametrize(
    ("act", "offered"),
    [
        (Act.UNSAID, [Label.REMEMBER]),
        (Act.HOLD, [Label.REMEMBER]),
        (Act.WRITE, [Label.REMEMBER, Label.IF_THEN]),
        (Act.OTHER, [Label.REMEMBER, Label.IF_THEN]),
    ],
)
def test_at_the_end_of_a_walk_remembering_is_offered_and_a_plan_where_an_act_was_named(
    act: Act, offered: list[Label]
) -> None:
    assert [button.label for row in offers(Held(replace(WALKED, act=act))) for button in row] == offered


@pytest.mark.parametrize("label", [Label.REMEMBER, Label.IF_THEN, Label.ALONE])
def test_way_to_a_question_can_be_typed(label: Label) -> None:
    button = next(
        button
        for row in (
            *offers(Held(replace(WALKED, act=Act.GIVE))),
            *_rows(told("consent", Held(consents=EVERY - {Purpose.ALONE}))),
        )
        for button in row
        if button.label is label
    )
    assert lines(typed(CONTENT.labels[label], Held())) == lines(pressed(button, Held()))


def _rows(decision: Decision) -> list[tuple[Button, ...]]:
    return [row for reply in decision.replies for row in reply.buttons]


# --- To agree -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.ALONE}))
def test_a_yes_is_to_its_purpose_alone(purpose: Purpose) -> None:
    decision = tapped(Action.AGREE, Held(country="KE", room=GROUP), purpose)
    assert decision.facts[0] == yes_of(purpose)
    assert not any(isinstance(fact, Consented | Withdrew) for fact in decision.facts[1:])
    assert decision.held.consents == {purpose}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_yes_to_new_words_ends_the_lapse(purpose: Purpose) -> None:
    decision = tapped(Action.AGREE, Held(country="KE", room=GROUP, lapsed=frozenset({purpose})), purpose)
    assert (decision.held.consents, decision.held.lapsed) == (frozenset({purpose}), frozenset())


def test_a_yes_to_remember_keeps_the_walk_that_has_just_ended() -> None:
    decision = tapped(Action.AGREE, Held(WALKED), Purpose.REMEMBER)
    assert decision.facts == (Consented(Purpose.REMEMBER), Ended(outcome_of(WALKED, NOW, finished=True)))


def test_a_yes_within_a_walk_keeps_nothing_of_it_yet() -> None:
    decision = tapped(Action.AGREE, Held(State(walk=5, step=Step.KIND)), Purpose.REMEMBER)
    assert decision.facts == (Consented(Purpose.REMEMBER),)


def test_a_yes_to_the_country_keeps_the_one_that_is_held_and_none_where_it_is_gone() -> None:
    assert tapped(Action.AGREE, Held(country="KE"), Purpose.COUNTRY).facts == (Consented(Purpose.COUNTRY), Chose("KE"))
    gone = tapped(Action.AGREE, Held(), Purpose.COUNTRY)
    assert (lines(gone), gone.facts) == ([Line.COUNTRY_ASK], ())


def test_a_yes_to_plans_asks_for_one() -> None:
    decision = tapped(Action.AGREE, Held(), Purpose.PLANS)
    assert lines(decision) == [Line.CONSENT_YES_PLANS, Line.IF_THEN_ASK]
    assert decision.held.asked_plan


def test_being_left_alone_ends_all_that_writes_first_and_leaves_plans() -> None:
    held = Held(consents=EVERY - {Purpose.ALONE, Purpose.NUDGES}, lapsed=frozenset({Purpose.NUDGES}))
    decision = tapped(Action.AGREE, held, Purpose.ALONE)
    ended = {fact.purpose for fact in decision.facts if isinstance(fact, Withdrew)}
    assert decision.facts[0] == Consented(Purpose.ALONE)
    assert ended == {Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.GROUP}
    assert decision.held.consents == {*(Purpose.REMEMBER, Purpose.COUNTRY, Purpose.PLANS, Purpose.ALONE, Purpose.APART)}
    assert decision.held.lapsed == frozenset()
    assert lines(decision) == [Line.CONSENT_YES_ALONE]


def test_being_left_alone_takes_back_no_more_than_was_given() -> None:
    assert tapped(Action.AGREE, Held(), Purpose.ALONE).facts == (Consented(Purpose.ALONE),)


@pytest.mark.parametrize("purpose", Purpose)
def test_someone_under_16_cannot_say_yes(purpose: Purpose) -> None:
    decision = tapped(Action.AGREE, Held(MINOR, country="KE"), purpose)
    assert (lines(decision), decision.facts) == ([Line.CONSENT_UNDER_16], ())
    assert decision.held.consents == frozenset()


def test_someone_who_says_under_16_is_not_asked_again_and_loses_what_was_kept() -> None:
    held = Held(WALKED, consents=REMEMBERED, lapsed=frozenset({Purpose.PLANS}))
    decision = tapped(Action.UNDER_16, held)
    assert decision.facts == (Withdrew(Purpose.PLANS), Withdrew(Purpose.REMEMBER))
    assert lines(told("consent", decision.held)) == [Line.CONSENT_UNDER_16]


@pytest.mark.parametrize(
    ("held", "kept", "gone"),
    [
        (Held(), given_to(Purpose.COUNTRY), {Purpose.COUNTRY}),
        (Held(), None, EVERY),
        (Held(consents=REMEMBERED), None, REMEMBERED),
        (Held(), Kept(), set()),
    ],
)
def test_under_16_takes_back_what_memory_does_not_know_of(held: Held, kept: Kept | None, gone: set[Purpose]) -> None:
    decision = tapped(Action.UNDER_16, held, kept=kept)
    assert set(decision.facts) == {Withdrew(purpose) for purpose in gone}
    assert (lines(decision), decision.held.state.minor) == ([Line.CONSENT_UNDER_16], True)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_no_keeps_nothing_and_is_as_good(purpose: Purpose) -> None:
    decision = tapped(Action.DECLINE, Held(WALKED), purpose)
    assert (decision.facts, decision.held.consents) == ((), frozenset())
    assert lines(decision) == [Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_NO]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_no_to_new_words_leaves_what_was_kept_to_the_old(purpose: Purpose) -> None:
    held = Held(lapsed=frozenset({purpose}))
    decision = tapped(Action.DECLINE, held, purpose)
    assert (lines(decision), decision.facts, decision.held.lapsed) == ([Line.CONSENT_NO_NEW], (), held.lapsed)


@pytest.mark.parametrize("purpose", Purpose)
def test_typed_yes_is_to_what_was_asked_last(purpose: Purpose) -> None:
    held = ask_for(purpose, ask_for(Purpose.REMEMBER, Held(country="KE", room=GROUP)).held).held
    words = CONTENT.labels[buttons(ask_for(purpose, held))[0].label]
    assert typed(words, held).facts[0] == yes_of(purpose)


def test_typed_yes_after_a_no_is_asked_for_again() -> None:
    refused = typed("no, keep nothing", ask_for(Purpose.REMEMBER, Held()).held, Kept())
    assert lines(refused) == [Line.CONSENT_NO]
    assert typed("yes, i am 16 or older", refused.held, Kept()).facts == ()


def test_typed_yes_to_nothing_agrees_to_nothing() -> None:
    decision = typed("yes, i am 16 or older", Held(), Kept())
    assert (lines(decision), decision.facts) == ([Line.CONSENT_NONE, Line.CONSENT_ASK], ())


def yes_of(purpose: Purpose) -> Consented:
    """The yes to a purpose, where the talk is about one group."""
    return Consented(purpose, GROUP if purpose in BY_GROUP else 0)


def yes_to(asked: Decision, purpose: Purpose, version: int) -> Button:
    """The yes below a question whose words have that version."""
    dated = with_versions(asked, replace(CONTENT, versions={purpose: version}))
    return next(button for button in buttons(dated) if button.action is Action.AGREE)


def tapped_when(version: int, purpose: Purpose, button: Button, held: Held) -> Decision:
    """What comes of a button when the words of a purpose have that version."""
    pressed = Opened(held.state, button.action, button.value)
    incoming = Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=pressed, kept=Kept())
    return decide(incoming, held, replace(CONTENT, versions={purpose: version}))


@pytest.mark.parametrize("purpose", Purpose)
def test_yes_that_was_shown_under_older_words_asks_in_those_of_today_and_agrees_to_nothing(purpose: Purpose) -> None:
    asked = ask_for(purpose, Held(country="KE", room=GROUP))
    anew = tapped_when(2, purpose, yes_to(asked, purpose, 1), asked.held)
    assert (lines(anew)[:2], anew.facts) == ([Line.CONSENT_CHANGED, QUESTIONS[purpose]], ())
    assert purpose not in anew.held.consents
    assert tapped_when(2, purpose, buttons(anew)[0], anew.held).facts[0] == yes_of(purpose)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("version", [1, 2, 31, 32])
def test_yes_fits_the_words_that_it_stands_under_whatever_their_version(purpose: Purpose, version: int) -> None:
    asked = ask_for(purpose, Held(country="KE", room=GROUP))
    yes = yes_to(asked, purpose, version)
    assert yes.value < 256
    assert tapped_when(version, purpose, yes, asked.held).facts[0] == yes_of(purpose)


def test_question_is_shown_with_the_version_of_its_words() -> None:
    content = replace(CONTENT, versions={Purpose.REMEMBER: 3})
    incoming = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="consent", seed=9, kept=Kept())
    yes = labelled(decide(incoming, Held(), content), Label.REMEMBER_YES)
    assert pressed(yes, Held(), Kept()).facts == ()


# --- What is on ---------------------------------------------------------------------------------------------------


def test_consent_asks_for_nothing_where_nobody_can_tell_what_is_on() -> None:
    unknown = told("consent", Held(), None)
    assert (lines(unknown), unknown.held.asked) == ([Line.STORE_FAILED], None)


def test_consent_shows_all_that_is_on_in_one_message_each_with_its_way_out() -> None:
    on = EVERY - {Purpose.GROUP, Purpose.ALONE, Purpose.APART}
    (reply,) = told("consent", Held(consents=on), given_to(*on)).replies
    assert reply.keys == (
        Line.CONSENT_ON,
        Line.CONSENT_ON_REMEMBER,
        Line.CONSENT_ON_COUNTRY,
        Line.CONSENT_ON_PLANS,
        Line.CONSENT_ON_NUDGES,
        Line.CONSENT_ON_FOLLOW_UPS,
    )
    off = {button.value for row in reply.buttons for button in row if button.action is Action.WITHDRAW}
    assert {PURPOSES[value] for value in off} == on
    assert len(PROMPTS.text(reply).split()) <= MOST_WORDS


@pytest.mark.parametrize(
    ("kept", "words"), [(Kept(days=30), "30 days"), (Kept(), f"{KEPT_DAYS} days"), (None, "as long as you chose")]
)
def test_consent_says_how_long_walks_are_kept(kept: Kept | None, words: str) -> None:
    decision = told("consent", Held(consents=REMEMBERED), kept)
    assert words in said(decision)
    assert Label.HOW_LONG in labels(decision)


def test_being_left_alone_is_offered_where_something_is_on() -> None:
    assert Label.ALONE in labels(told("consent", Held(consents=frozenset({Purpose.PLANS})), Kept()))
    assert Label.ALONE not in labels(told("consent", Held(), Kept()))
    assert Label.ALONE not in labels(told("consent", Held(consents=EVERY), Kept()))


def test_consent_shows_what_lapsed_with_both_ways_on() -> None:
    decision = told("consent", Held(consents=REMEMBERED, lapsed=frozenset({Purpose.PLANS})), Kept())
    assert lines(decision)[-1] is Line.CONSENT_LAPSED
    assert "plans" in PROMPTS.text(decision.replies[-1])
    again, off = labelled(decision, Label.ASK_AGAIN), labelled(decision, Label.PLANS_OFF)
    held = decision.held
    assert lines(pressed(again, held, Kept())) == [Line.CONSENT_CHANGED, Line.CONSENT_ASK_PLANS]
    assert pressed(off, held).facts == (Withdrew(Purpose.PLANS),)


@pytest.mark.parametrize("purpose", Purpose)
def test_withdrawing_takes_one_tap_and_leaves_the_rest(purpose: Purpose) -> None:
    for held in (Held(consents=EVERY), Held(consents=EVERY - {purpose}, lapsed=frozenset({purpose}))):
        decision = tapped(Action.WITHDRAW, held, purpose)
        assert decision.facts == (Withdrew(purpose),)
        assert (decision.held.consents, decision.held.lapsed) == (EVERY - {purpose}, frozenset())


def test_withdrawing_what_a_later_version_keeps_shows_what_is_kept_and_ends_nothing() -> None:
    decision = tapped(Action.WITHDRAW, Held(consents=EVERY), len(PURPOSES), Kept())
    assert decision.facts == ()
    assert lines(decision) == lines(told("consent", Held(consents=EVERY), Kept()))


def test_withdrawing_can_be_typed() -> None:
    shown = told("consent", Held(consents=EVERY), Kept())
    offered = {PURPOSES[one.value]: one.label for one in buttons(shown) if one.action is Action.WITHDRAW}
    assert offered.keys() == EVERY
    for purpose, label in offered.items():
        assert typed(CONTENT.labels[label], shown.held).facts == (Withdrew(purpose),)


def test_each_group_is_shown_and_withdrawn_by_itself() -> None:
    kept = Kept(tuple(Consent(Purpose.GROUP, 1, NOW, group) for group in GROUPS))
    held = Held(consents=frozenset({Purpose.REMEMBER, Purpose.GROUP}))
    asked = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="consent", kept=kept, titles={GROUPS[1]: "Carers\n"})
    shown = [reply for reply in decide(asked, held, CONTENT).replies if reply.keys == (Line.CONSENT_ON_GROUP,)]
    assert [reply.slots["title"] for reply in shown] == ["Carers", Label.ROOM_SOME]
    ended = set()
    for reply in shown:
        decision = pressed(reply.buttons[0][0], held, kept)
        assert Purpose.GROUP in decision.held.consents
        (fact,) = decision.facts
        assert isinstance(fact, Withdrew)
        ended.add(fact.group)
    assert ended == set(GROUPS)


def test_each_wish_about_a_group_is_shown_and_withdrawn_by_itself() -> None:
    kept = Kept(tuple(Consent(Purpose.APART, 1, NOW, group) for group in GROUPS))
    held = Held(consents=frozenset({Purpose.REMEMBER, Purpose.APART}))
    shown = [reply for reply in told("consent", held, kept).replies if reply.keys == (Line.CONSENT_ON_APART,)]
    ended = [pressed(reply.buttons[0][0], held, kept).facts for reply in shown]
    assert ended == [(Withdrew(Purpose.APART, group=group),) for group in sorted(GROUPS)]
    unknown = told("consent", held, None)
    assert Line.CONSENT_ON_APART in lines(unknown)
    assert pressed(labelled(unknown, Label.APART_OFF), held).facts == (Withdrew(Purpose.APART),)


def test_last_group_ends_the_purpose() -> None:
    kept = Kept((Consent(Purpose.GROUP, 1, NOW, GROUPS[0]),))
    held = Held(consents=frozenset({Purpose.REMEMBER, Purpose.GROUP}))
    for decision in (
        tapped(Action.WITHDRAW_GROUP, held, GROUPS[0] & 0xFF, kept),
        typed(CONTENT.labels[Label.GROUP_OFF], held, kept),
    ):
        assert decision.facts == (Withdrew(Purpose.GROUP, group=GROUPS[0]),)
        assert decision.held.consents == REMEMBERED


def test_group_that_is_not_known_ends_nothing() -> None:
    kept = Kept(tuple(Consent(Purpose.GROUP, 1, NOW, group) for group in GROUPS))
    held = Held(consents=frozenset({Purpose.GROUP}))
    unknown = next(value for value in range(256) if value not in {group & 0xFF for group in GROUPS})
    assert tapped(Action.WITHDRAW_GROUP, held, unknown, kept).facts == ()
    assert typed(CONTENT.labels[Label.GROUP_OFF], held, kept).facts == ()  # which one?
    assert lines(tapped(Action.WITHDRAW_GROUP, held, unknown)) == [Line.STORE_FAILED]


def test_groups_that_cannot_be_read_can_be_withdrawn_together() -> None:
    held = Held(consents=frozenset({Purpose.REMEMBER, Purpose.GROUP}))
    off = labelled(told("consent", held), Label.GROUPS_OFF)
    assert pressed(off, held).facts == (Withdrew(Purpose.GROUP),)


# --- In words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [CONTENT.labels[Label.FORGET_YES], "yes", "delete all"])
def test_words_alone_delete_nothing_that_was_not_asked_about(words: str) -> None:
    kept = replace(given_to(Purpose.REMEMBER), outcomes=(WALK,))
    held = Held(consents=REMEMBERED)
    asked = told("forget", held, kept)
    aside = told("help", asked.held, kept)
    assert all(typed(words, each, kept).facts == () for each in (held, aside.held))


def test_yes_to_the_deletion_of_a_walk_deletes_no_more() -> None:
    kept = replace(given_to(Purpose.REMEMBER), outcomes=(WALK,))
    shown = told("history", Held(consents=REMEMBERED), kept)
    asked = typed(CONTENT.labels[Label.DELETE_1], shown.held, kept)
    for words in ("yes", CONTENT.labels[Label.FORGET_YES]):
        assert typed(words, asked.held, kept).facts == (Erased(WALK.walk),)


def test_no_to_the_deletion_of_a_walk_is_not_taken_back_by_an_older_button() -> None:
    kept = replace(given_to(Purpose.REMEMBER), outcomes=(WALK,))
    shown = told("history", Held(consents=REMEMBERED), kept)
    asked = typed(CONTENT.labels[Label.DELETE_1], shown.held, kept)
    yes, no = buttons(asked)
    assert pressed(yes, pressed(no, asked.held, kept).held, kept).facts == ()


@pytest.mark.parametrize("label", [label for label in Label if label.startswith("keep_for.")])
def test_length_that_nobody_asked_for_deletes_nothing(label: Label) -> None:
    held = Held(State(walk=5, step=Step.RESONANCE), REMEMBERED)
    decision = typed(CONTENT.labels[label], held, given_to(Purpose.REMEMBER))
    assert (lines(decision), decision.facts) == ([Line.KEEP_FOR_ASK], ())


@pytest.mark.parametrize("purpose", Purpose)
def test_yes_without_the_age_is_asked_for_the_age(purpose: Purpose) -> None:
    asked = awaiting(ask_for(purpose, Held(country="KE", room=GROUP)))
    for words in ("yes", "ok"):
        decision = typed(words, asked.held)
        assert (lines(decision), decision.facts) == ([Line.CONSENT_AGE], ())
        assert buttons(decision) == buttons(asked)
        agreed = typed(CONTENT.labels[buttons(asked)[0].label], decision.held)
        assert yes_of(purpose) in agreed.facts


def test_answer_to_a_step_is_no_yes_to_keeping() -> None:
    held = Held(State(walk=5, step=Step.KIND))
    asked = told("consent", held, Kept())
    assert lines(typed("did it", asked.held)) == lines(typed("did it", held))


@pytest.mark.parametrize("words", ["no", "no thanks", "not now"])
@pytest.mark.parametrize("purpose", Purpose)
def test_no_in_words_is_a_no_to_the_question(purpose: Purpose, words: str) -> None:
    asked = awaiting(ask_for(purpose, Held(State(walk=5, step=Step.KIND), country="KE")))
    decision = typed(words, asked.held)
    assert lines(decision) == [Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_NO]
    assert (decision.held.state, decision.facts) == (asked.held.state, ())


def test_no_to_keeping_is_none_to_the_question_about_danger() -> None:
    for command in ("consent", "forget"):
        asked = told(command, Held(State(walk=5, step=Step.DANGER_ASK)), Kept())
        decision = typed("no", asked.held, Kept())
        assert decision.held.state.step is Step.DANGER_ASK
        assert lines(decision)[-1] is Line.DANGER_ASK


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("where is my data?", "privacy"),
        ("how do i turn this off?", "consent"),
        ("what do you know about me", "export"),
        ("show me my history", "history"),
        ("Delete everything!", "forget"),
    ],
)
def test_what_is_kept_is_asked_about_in_plain_words(words: str, command: str) -> None:
    kept = replace(given_to(Purpose.REMEMBER), outcomes=(WALK,))
    incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words)
    assert looks_back(incoming, Held(), CONTENT) or command == "privacy"
    for step in WALKING_STEPS:
        held = Held(State(walk=5, step=step), REMEMBERED)
        assert lines(typed(words, held, kept)) == lines(told(command, held, kept))


# --- How long -----------------------------------------------------------------------------------------------------


def test_how_long_is_one_of_five() -> None:
    held = Held(consents=REMEMBERED)
    asked = tapped(Action.HOW_LONG, held, kept=Kept(days=7))
    assert "7 days" in said(asked)
    assert [pressed(button, held).facts for button in buttons(asked)] == [(KeepFor(days),) for days in LENGTHS]
    assert [typed(CONTENT.labels[label], asked.held).facts for label in labels(asked)] == [
        (KeepFor(days),) for days in LENGTHS
    ]


def test_how_long_means_nothing_without_a_yes_and_takes_no_other_number() -> None:
    for decision in (tapped(Action.HOW_LONG, Held()), tapped(Action.KEEP_FOR, Held(), 1)):
        assert (lines(decision), decision.facts) == ([Line.CONSENT_ASK], ())
    assert tapped(Action.KEEP_FOR, Held(consents=REMEMBERED), len(LENGTHS)).facts == ()


# --- Privacy, a copy, forgetting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "contact", "named"),
    [("", "", ""), ("Ann Example", "", "Ann Example"), ("", "ann@x", "ann@x"), ("Ann", "ann@x", "Ann, ann@x")],
)
def test_privacy_names_the_operator_where_one_is_set(operator: str, contact: str, named: str) -> None:
    content = replace(CONTENT, operator=operator, contact=contact)
    decision = decide(Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="privacy"), Held(), content)
    who = Line.PRIVACY_OPERATOR if named else Line.PRIVACY_WHO
    assert lines(decision) == [
        Line.PRIVACY_KEPT,
        Line.PRIVACY_LONG,
        Line.PRIVACY_GROUPS,
        Line.PRIVACY_WHERE,
        who,
        Line.PRIVACY_RIGHTS,
    ]
    assert named in said(decision)


def test_export_gives_two_files_and_says_where_they_stay() -> None:
    kept = replace(given_to(Purpose.REMEMBER), outcomes=(WALK,))
    first, second = told("export", Held(consents=REMEMBERED), kept).replies
    assert isinstance(first.attached, Document)
    assert isinstance(second.attached, Document)
    assert json.loads(first.attached.content)["walks"]
    assert "until you delete" in PROMPTS.text(second)


@pytest.mark.parametrize(("kept", "line"), [(None, Line.STORE_FAILED), (Kept(seen_on=20_000), Line.EXPORT_NONE)])
def test_export_says_so_where_there_is_nothing_or_it_cannot_be_read(kept: Kept | None, line: Line) -> None:
    decision = told("export", Held(), kept)
    assert lines(decision) == [line]
    assert decision.replies[0].attached is None


FULL = Kept(
    (*given_to(Purpose.REMEMBER, Purpose.PLANS).consents, Consent(Purpose.GROUP, 1, NOW, GROUPS[0])),
    (WALK, replace(WALK, walk=78)),
    (PLAN,),
    (Due(Purpose.PLANS, NOW + 9), Due(Purpose.NUDGES, NOW + 9), Due(Purpose.NUDGES, NOW + 99)),
    "KE",
    30,
    nudging=Nudging(),
    follow_ups=(FollowUp(77, NOW, False, 7, 4, Change.MORE),),  # noqa: FBT003
)
COUNTS = {"walks": "2", "after": "1", "plans": "1", "settings": "3", "dues": "3", "groups": "1", "yeses": "2"}


def test_forget_takes_two_taps_and_both_count() -> None:
    held = Held(WALKED, consents=frozenset({Purpose.REMEMBER, Purpose.PLANS, Purpose.GROUP}))
    asked = told("forget", held, FULL)
    assert (lines(asked), asked.facts) == ([Line.FORGET_KEEPS, Line.FORGET_ASK], ())
    assert asked.replies[0].slots == COUNTS
    assert [button.action for button in buttons(asked)] == [Action.FORGET_YES, Action.FORGET_NO]
    done = tapped(Action.FORGET_YES, asked.held, kept=FULL)
    assert (lines(done), done.facts) == ([Line.FORGET_WENT, Line.FORGET_DONE], (Forgot(),))
    assert done.replies[0].slots == COUNTS
    assert (done.held.state, done.held.consents) == (State(), frozenset())


def test_forget_counts_groups_that_may_notice_and_a_wish_about_one_as_a_yes_like_any_other() -> None:
    of_groups = ((Purpose.GROUP, -1), (Purpose.GROUP, -2), (Purpose.APART, -2), (Purpose.APART, -3))
    given = tuple(Consent(purpose, 1, NOW, group) for purpose, group in of_groups)
    slots = told("forget", Held(), Kept(given)).replies[0].slots
    assert (slots["groups"], slots["yeses"]) == ("2", "2")


@pytest.mark.parametrize(("kept", "line"), [(None, Line.FORGET_ASK), (Kept(), Line.FORGET_NONE)])
def test_forget_counts_nothing_that_is_not_there_or_cannot_be_read(kept: Kept | None, line: Line) -> None:
    asked = told("forget", Held(), kept)
    assert lines(asked) == [line]
    assert typed("yes", asked.held, kept).facts == (Forgot(),)
    done = tapped(Action.FORGET_YES, Held(), kept=kept)
    assert (lines(done), done.facts) == ([Line.FORGET_DONE], (Forgot(),))


def test_forget_can_be_typed_where_it_was_asked_just_now() -> None:
    held = Held(WALKED, consents=REMEMBERED)
    asked = told("forget", held, FULL)
    assert typed("yes, delete it", asked.held, FULL).facts == (Forgot(),)
    later = typed("hello", asked.held, FULL)
    again = typed("yes, delete it", later.held, FULL)
    assert (lines(again)[-1], again.facts) == (Line.FORGET_ASK, ())


def test_typed_yes_to_deleting_one_walk_deletes_no_more() -> None:
    kept = walks(7)
    asked = typed("delete 2", told("history", REMEMBERING, kept).held, kept)
    assert typed("yes, delete it", asked.held, kept).facts == (Erased(1005),)
    later = typed("hello", asked.held, kept)
    assert typed("yes, delete it", later.held, kept).facts == ()


def test_forget_can_be_thought_better_of() -> None:
    held = Held(WALKED, consents=REMEMBERED)
    decision = tapped(Action.FORGET_NO, held)
    assert decision.facts == ()
    assert (decision.held.state, decision.held.consents) == (held.state, held.consents)


# --- Walk by walk -------------------------------------------------------------------------------------------------

REMEMBERING = Held(consents=REMEMBERED)


def walks(number: int) -> Kept:
    """So many, a day between them, the oldest first."""
    return Kept(outcomes=tuple(replace(WALK, walk=1000 + one, ended_at=NOW + one * DAY) for one in range(number)))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (WALK, "1. 19 March: news, 7 to 4, more"),
        (replace(WALK, change=Change.UNSAID), "1. 19 March: news, 7 to 4"),
        (replace(WALK, upset_after=None, change=Change.SAME), "1. 19 March: news, same"),
        (
            replace(WALK, source=Source.NONE, conditions=Condition.OWN_LOSS | Condition.NUMB, upset_before=None),
            "1. 19 March: loss, more",
        ),
        (
            replace(WALK, source=Source.NONE, upset_before=None, change=Change.UNSAID),
            "1. 19 March",
        ),
    ],
)
def test_history_tells_a_walk_in_a_few_words(one: Outcome, words: str) -> None:
    assert said(told("history", REMEMBERING, Kept(outcomes=(one,)))).splitlines()[-1] == words


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("condition", [Condition.NONE, *Condition])
def test_history_keeps_to_the_length_of_a_message(source: Source, condition: Condition) -> None:
    one = replace(WALK, source=source, conditions=condition, upset_before=10, upset_after=10, change=Change.SAME)
    assert len(said(told("history", REMEMBERING, Kept(outcomes=(one,) * 5))).split()) <= MOST_WORDS


def test_history_shows_five_newest_first_and_leads_to_the_older() -> None:
    kept = walks(12)
    first = told("history", REMEMBERING, kept)
    assert first.held.listed == (1011, 1010, 1009, 1008, 1007)
    second = pressed(labelled(first, Label.OLDER), first.held, kept)
    third = typed(CONTENT.labels[Label.OLDER], second.held, kept)
    assert (second.held.listed[0], third.held.listed) == (1006, (1001, 1000))
    assert Label.OLDER not in labels(third)
    assert typed(CONTENT.labels[Label.OLDER], replace(third.held, listed=()), kept).held.listed == first.held.listed


def test_delete_asks_once_more_with_the_day_and_then_the_walk_goes() -> None:
    kept = walks(7)
    shown = told("history", REMEMBERING, kept)
    asked = pressed(labelled(shown, Label.DELETE_2), shown.held, kept)
    assert (lines(asked), asked.facts) == ([Line.HISTORY_ASK], ())
    assert "25 March" in said(asked)
    done = pressed(labelled(asked, Label.DELETE_WALK), asked.held, kept)
    assert (lines(done), done.facts) == ([Line.HISTORY_DONE], (Erased(1005),))
    assert "25 March" in said(done)
    kept_after_all = pressed(labelled(asked, Label.FORGET_NO), asked.held, kept)
    assert (lines(kept_after_all), kept_after_all.facts) == ([Line.FORGET_KEPT], ())


def test_delete_can_be_typed() -> None:
    kept = walks(7)
    asked = typed("delete 2", told("history", REMEMBERING, kept).held, kept)
    assert lines(asked) == [Line.HISTORY_ASK]
    assert typed("delete this walk", asked.held, kept).facts == (Erased(1005),)


def test_without_memory_the_list_is_shown_again_and_nothing_goes() -> None:
    kept = walks(7)
    shown = told("history", REMEMBERING, kept)
    asked = pressed(labelled(shown, Label.DELETE_2), shown.held, kept)
    forgetful = replace(asked.held, listed=(), erasing=0)
    by_tap = [
        pressed(button, forgetful, kept)
        for button in (labelled(shown, Label.DELETE_2), labelled(asked, Label.DELETE_WALK))
    ]
    for decision in (*by_tap, *(typed(words, forgetful, kept) for words in ("delete 2", "delete this walk"))):
        assert (lines(decision), decision.facts) == ([Line.HISTORY_PAGE], ())
        assert decision.held.listed == shown.held.listed


def test_old_button_of_another_page_deletes_nothing_by_its_place() -> None:
    kept = walks(12)
    first = told("history", REMEMBERING, kept)
    second = pressed(labelled(first, Label.OLDER), first.held, kept)
    late = pressed(labelled(first, Label.DELETE_1), second.held, kept)
    assert (lines(late), late.facts) == ([Line.HISTORY_PAGE], ())


def test_old_yes_deletes_no_walk_but_the_one_that_was_asked_about_last() -> None:
    kept = walks(7)
    shown = told("history", REMEMBERING, kept)
    one = pressed(labelled(shown, Label.DELETE_1), shown.held, kept)
    other = pressed(labelled(shown, Label.DELETE_2), one.held, kept)
    late = pressed(labelled(one, Label.DELETE_WALK), other.held, kept)
    assert (lines(late), late.facts) == ([Line.HISTORY_PAGE], ())


def test_walk_that_has_gone_meanwhile_is_not_deleted_twice() -> None:
    kept = walks(7)
    shown = told("history", REMEMBERING, kept)
    asked = pressed(labelled(shown, Label.DELETE_2), shown.held, kept)
    left = replace(kept, outcomes=tuple(one for one in kept.outcomes if one.walk != asked.held.erasing))
    assert pressed(labelled(asked, Label.DELETE_WALK), asked.held, left).facts == ()


@pytest.mark.parametrize(
    ("held", "kept", "line"),
    [
        (Held(), Kept(), Line.PROGRESS_OFF),
        (Held(MINOR), Kept(), Line.CONSENT_UNDER_16),
        (REMEMBERING, None, Line.STORE_FAILED),
        (REMEMBERING, Kept(), Line.PROGRESS_NONE),
        (Held(lapsed=REMEMBERED), Kept(outcomes=(WALK,)), Line.HISTORY_PAGE),
    ],
)
def test_history_says_why_there_is_none(held: Held, kept: Kept | None, line: Line) -> None:
    assert lines(told("history", held, kept)) == [line]


# --- Plans --------------------------------------------------------------------------------------------------------


def test_plan_without_a_yes_asks_for_it_and_holds_nothing_of_what_followed() -> None:
    for held in (Held(), Held(lapsed=frozenset({Purpose.PLANS}))):
        decision = told("plan", held, Kept(), text=LINE)
        assert lines(decision)[-1] is Line.CONSENT_ASK_PLANS
        assert decision.facts == ()
        assert not decision.held.asked_plan
        assert LINE not in repr(decision)


def test_plan_keeps_the_line_after_the_command() -> None:
    decision = told("plan", PLANNING, Kept(), text=f"  {LINE}\n")
    (fact,) = decision.facts
    assert isinstance(fact, Planned)
    assert (fact.plan.text, fact.plan.made_at) == (LINE, NOW)
    assert LINE in said(decision)
    assert not decision.held.asked_plan


def test_plan_is_one_line_with_nothing_in_it_that_steers_a_screen_or_cannot_be_written_down() -> None:
    (fact,) = told(
        "plan", PLANNING, Kept(), text="if it\n\n rains\x1b[2J,\tthen\ud83d I call \U0001f469\u200d\U0001f467"
    ).facts
    assert isinstance(fact, Planned)
    assert fact.plan.text == "if it rains[2J, then I call \U0001f469\u200d\U0001f467"


def test_bare_plan_asks_for_a_line_and_the_next_text_is_it() -> None:
    asked = told("plan", PLANNING, Kept())
    assert lines(asked) == [Line.IF_THEN_ASK]
    (fact,) = typed(LINE, asked.held, Kept()).facts
    assert isinstance(fact, Planned)
    assert fact.plan.text == LINE


@pytest.mark.parametrize(
    "words", ["i want to die", "i cant do this anymore", "stop", "thanks", "skip", "7", "???", "Delete 1"]
)
def test_danger_and_what_means_something_else_is_no_plan(words: str) -> None:
    asked = told("plan", PLANNING, Kept())
    decision = typed(words, asked.held, Kept())
    assert not any(isinstance(fact, Planned) for fact in decision.facts)


@pytest.mark.parametrize(
    "words",
    [
        "if i go to school, then i hug her",
        "if i see the picture again then i close the app",
        "If I come home, then I sit on the bench for ten minutes",
        "if it gets too much then i call my sister",
        "If I lie in bed, then I say one wish for them",
        "If my colleague is on break, then I tell her",
    ],
)
def test_words_around_a_plan_are_no_danger_where_one_was_asked_for(words: str) -> None:
    assert lines(typed(words, PLANNING))[0].startswith(("card.", "danger."))  # and anywhere else they are read as ever
    for decision in (told("plan", PLANNING, Kept(), words), typed(words, told("plan", PLANNING, Kept()).held, Kept())):
        assert lines(decision) == [Line.IF_THEN_KEPT]


@pytest.mark.parametrize(
    "words",
    [
        "if everyone is asleep then i will kill myself",
        "if i'm alone tonight then i take all the pills",
        "if i sit down then i end it",
        "if she comes home then i hurt her",
        "if nobody answers then i won't wake up again",
        "if it gets dark then i leave this world",
    ],
)
def test_danger_in_the_form_of_a_plan_is_seen(words: str) -> None:
    for decision in (told("plan", PLANNING, Kept(), words), typed(words, told("plan", PLANNING, Kept()).held, Kept())):
        assert lines(decision)[0].startswith(("card.", "danger."))


def test_nothing_comes_between_the_question_for_a_plan_and_its_line() -> None:
    asked = told("plan", PLANNING, Kept())
    aside = told("help", asked.held)
    assert not aside.held.asked_plan
    assert not any(isinstance(fact, Planned) for fact in typed(LINE, aside.held, Kept()).facts)


@pytest.mark.parametrize(
    "incoming",
    [
        Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=LINE, forwarded=True, kept=Kept()),
        Incoming(1, Where.PRIVATE, Kind.EDIT, NOW, text=LINE, kept=Kept()),
    ],
)
def test_words_of_another_or_an_edit_are_no_plan(incoming: Incoming) -> None:
    asked = told("plan", PLANNING, Kept())
    assert not any(isinstance(fact, Planned) for fact in decide(incoming, asked.held, CONTENT).facts)


@pytest.mark.parametrize("words", ["i want to die", "i cant do this anymore", "my friend says she will kill herself"])
def test_danger_after_the_command_comes_first_and_nothing_is_kept(words: str) -> None:
    for state in (State(), State(walk=5, step=Step.KIND, danger_asked=True)):
        decision = told("plan", replace(PLANNING, state=state), Kept(), text=words)
        assert not any(isinstance(fact, Planned) for fact in decision.facts)
        assert lines(decision)[0].startswith(("card.", "danger."))


def test_line_after_the_question_about_danger_is_an_answer_and_no_plan() -> None:
    held = replace(PLANNING, state=State(walk=5, step=Step.DANGER_ASK), asked_plan=True)
    decision = typed(LINE, held, Kept())
    assert not any(isinstance(fact, Planned) for fact in decision.facts)
    assert Line.CARD_ASKED in lines(decision)


@pytest.mark.parametrize("step", WALKING_STEPS)
def test_plan_leaves_the_walk_where_it_is(step: Step) -> None:
    held = replace(PLANNING, state=State(walk=5, step=step))
    asked = told("plan", held, Kept())
    assert typed(LINE, asked.held, Kept()).held.state == held.state


@pytest.mark.parametrize(
    ("kept", "text", "line"),
    [
        (None, LINE, Line.STORE_FAILED),
        (Kept(), "x" * (LONGEST_PLAN + 1), Line.IF_THEN_LONG),
        (Kept(plans=tuple(replace(PLAN, number=number) for number in range(MOST_PLANS))), LINE, Line.IF_THEN_MANY),
    ],
)
def test_plan_that_cannot_be_kept_is_said_so(kept: Kept | None, text: str, line: Line) -> None:
    decision = told("plan", PLANNING, kept, text=text)
    assert (lines(decision), decision.facts) == ([line], ())


def test_plan_of_someone_who_is_never_written_to_first_promises_no_reminder() -> None:
    held = Held(consents=frozenset({Purpose.PLANS, Purpose.ALONE}))
    kept = told("plan", held, Kept(), LINE)
    assert (lines(kept), kept.facts) == ([Line.IF_THEN_KEPT_ALONE], (Planned(Plan(9, NOW, LINE)),))


def test_plan_that_was_too_long_may_come_shorter() -> None:
    long = told("plan", PLANNING, Kept(), text="x " * LONGEST_PLAN)
    assert typed(LINE, long.held, Kept()).facts
    assert told("plan", PLANNING, Kept(), text="x" * LONGEST_PLAN).facts


def test_plan_shows_each_with_the_way_to_be_done() -> None:
    kept = Kept(plans=(PLAN, replace(PLAN, number=7, text="if it rains, then I call")))
    decision = told("plan", PLANNING, kept)
    assert lines(decision) == [Line.IF_THEN_SHOWN, Line.IF_THEN_SHOWN, Line.IF_THEN_ASK]
    done = pressed(buttons(decision)[1], decision.held, kept)
    assert (lines(done), done.facts) == ([Line.IF_THEN_DONE], (PlanDone(7),))
    assert "if it rains" in said(done)


def test_plans_under_words_that_have_changed_can_still_be_seen_and_done() -> None:
    held = Held(lapsed=frozenset({Purpose.PLANS}))
    decision = told("plan", held, ONE_PLAN)
    assert lines(decision) == [Line.IF_THEN_SHOWN, Line.CONSENT_CHANGED, Line.CONSENT_ASK_PLANS]
    assert pressed(buttons(decision)[0], held, ONE_PLAN).facts == (PlanDone(PLAN.number),)


def test_done_can_be_typed_where_there_is_one_plan_and_shows_them_where_there_are_more() -> None:
    words = CONTENT.labels[Label.IF_THEN_DONE]
    assert typed(words, PLANNING, ONE_PLAN).facts == (PlanDone(PLAN.number),)
    two = Kept(plans=(PLAN, replace(PLAN, number=7)))
    decision = typed(words, PLANNING, two)
    assert (lines(decision)[0], decision.facts) == (Line.IF_THEN_SHOWN, ())


def test_done_with_a_plan_that_has_gone_deletes_no_other() -> None:
    button = reminder(PLAN).buttons[0][0]
    other = Kept(plans=(replace(PLAN, number=PLAN.number + 1),))
    for kept, line in ((other, Line.IF_THEN_GONE), (Kept(), Line.IF_THEN_GONE), (None, Line.STORE_FAILED)):
        decision = pressed(button, PLANNING, kept)
        assert (lines(decision), decision.facts) == ([line], ())


@given(st.integers(1, 2**24 - 1), st.sets(st.integers(0, 2**24 - 1), max_size=MOST_PLANS - 1))
def test_number_of_a_plan_is_told_from_the_others_by_its_last_byte(seed: int, others: set[int]) -> None:
    kept = Kept(plans=tuple(replace(PLAN, number=number) for number in sorted(others)))
    (fact,) = told("plan", PLANNING, kept, text=LINE, seed=seed).facts
    assert isinstance(fact, Planned)
    assert 0 <= fact.plan.number < 2**24
    assert fact.plan.number & 0xFF not in {number & 0xFF for number in others}


def test_no_plan_is_asked_for_or_kept_under_16_or_in_an_emergency() -> None:
    assert lines(told("plan", Held(MINOR), Kept(), text=LINE)) == [Line.CONSENT_UNDER_16]
    emergency = replace(
        PLANNING,
        state=State(walk=5, step=Step.HELD),
        said={Line.CARD_MEDICAL: 1, Line.CARD_LINES: 1, Line.CARD_STAY: 1},
        asked_plan=True,
    )
    for decision in (told("plan", emergency, Kept(), text=LINE), typed(LINE, emergency, Kept())):
        assert (lines(decision), decision.facts) == ([Line.CARD_AGAIN_NOW], ())


# --- What is sent first -------------------------------------------------------------------------------------------


def test_reminder_begins_neutral_says_the_line_and_can_be_answered_much_later() -> None:
    reply = reminder(PLAN)
    for pick in range(len(PROMPTS.lines[Line.IF_THEN_REMINDER])):
        first, *rest = PROMPTS.text(replace(reply, picks=(pick,))).splitlines()
        assert LINE in rest
        assert "reminder" in first.lower()
    done, stays = reply.buttons[0]
    assert pressed(done, Held(), ONE_PLAN).facts == (PlanDone(PLAN.number),)
    later = pressed(stays, Held(), ONE_PLAN)
    assert (lines(later), later.facts) == ([Line.IF_THEN_STAYS], ())


@pytest.mark.parametrize(("kept", "line"), [(Kept(), Line.IF_THEN_GONE), (None, Line.STORE_FAILED)])
def test_plan_that_is_gone_is_not_said_to_stay(kept: Kept | None, line: Line) -> None:
    assert lines(typed(CONTENT.labels[Label.IF_THEN_KEEP], PLANNING, kept)) == [line]
    assert lines(tapped(Action.PLAN_KEEP, PLANNING, PLAN.number & 0xFF, kept)) == [line]


def test_notice_before_deletion_begins_neutral_and_has_no_buttons() -> None:
    reply = inactive_notice()
    assert reply.buttons == ()
    for wording in PROMPTS.lines[Line.INACTIVE_NOTICE]:
        first = wording.splitlines()[0]
        assert "note" in first
        assert not {"deleted", "kept", "suffering"} & set(first.split())
        assert "/forget" in wording
        assert "30 days" in wording


@pytest.mark.parametrize("reply", [reminder(PLAN), inactive_notice()])
def test_what_is_sent_first_asks_nothing(reply: Reply) -> None:
    assert "?" not in PROMPTS.text(reply)


# --- What the shell has to look up --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incoming", "looks"),
    [
        *(
            (Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command=command), True)
            for command in ("progress", "consent", "export", "forget", "history", "plan")
        ),
        *((Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command=command), False) for command in ("walk", "privacy")),
        *((Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=CONTENT.labels[label]), True) for label in TYPED),
        (Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="Show me."), True),
        (Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="show my walks"), True),
        (Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="show the days after"), True),
        *(
            (Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, pressed=Opened(State(), action, 0)), True)
            for action in (*BUTTONS, Action.SHOW_WALKS, Action.SHOW_AFTER)
        ),
        (Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, pressed=Opened(State(), Action.SHOW, 0)), False),
        (
            Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="hello", pressed=Opened(State(), Action.SHOW_WALKS, 0)),
            False,
        ),
    ],
)
def test_what_is_kept_is_looked_up_for_what_tells_of_it_alone(incoming: Incoming, looks: bool) -> None:  # noqa: FBT001
    assert looks_back(incoming, Held(), CONTENT) is looks


def test_what_is_kept_is_looked_up_where_a_plan_may_come() -> None:
    incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=LINE)
    assert looks_back(incoming, Held(asked_plan=True), CONTENT)
    assert not looks_back(incoming, Held(), CONTENT)
