from dataclasses import replace

import pytest

from bot.core.button import LIFETIME, lifetime_of
from bot.core.consent import PURPOSES
from bot.core.decide import decide
from bot.core.facts import Consented, Withdrew
from bot.core.kept import Consent, Kept, Noticing, Purpose, Room
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Door, Held, Incoming, Kind, Opened, Reply, There, Where
from bot.core.room import marked
from bot.core.state import Notice, State, Step
from tests.core.test_groups import AGREED, CHAT, CONTENT, DANGER, NOW, READING, SMALL_TALK, THERE, heard
from tests.person import PROMPTS, SEEN, button, buttons, lines

OTHER = -1_001_234_567_999
MEMBER = replace(AGREED, is_agreed=False)


def through(door: Door, there: There = THERE, held: Held = Held()) -> Decision:  # noqa: B008  - frozen
    incoming = Incoming(
        1, Where.PRIVATE, Kind.COMMAND, NOW, command="start", seed=9, there=replace(there, door=door), kept=Kept()
    )
    return decide(incoming, held, CONTENT)


def said(text: str, held: Held, there: There | None = None, kept: Kept | None = None) -> Decision:
    incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=text, seed=9, there=there, kept=kept or Kept())
    return decide(incoming, held, CONTENT)


def tapped(pressed: Button, reply: Reply, held: Held, there: There | None = None, kept: Kept | None = None) -> Decision:
    opened = Opened(reply.state or held.state, pressed.action, pressed.value)
    incoming = Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=opened, there=there, kept=kept or Kept())
    return decide(incoming, held, CONTENT)


def labelled(decision: Decision, label: Label) -> tuple[Button, Reply]:
    return next(
        (each, reply) for reply in decision.replies for row in reply.buttons for each in row if each.label is label
    )


def agreed_to(*given: tuple[Purpose, int]) -> tuple[Held, Kept]:
    kept = Kept(tuple(Consent(purpose, 1, NOW, group) for purpose, group in given))
    return Held(consents=frozenset(purpose for purpose, _ in given)), kept


# --- Through a door -----------------------------------------------------------------------------------------------


def test_talk_takes_up_what_was_noticed_in_the_group() -> None:
    held = heard(SEEN).held
    decision = through(Door.TALK, held=held)
    assert lines(decision) == lines(said(SEEN, Held()))
    assert decision.held.state.step is Step.ARRIVE
    assert decision.held.told is None


def test_talk_asks_first_where_what_was_noticed_is_not_sure() -> None:
    notice = Notice(ask=True)
    assert through(Door.TALK, held=Held(told=notice)).held.state.step is Step.ASK


def test_talk_says_how_to_begin_to_anyone_else() -> None:
    for held in (Held(), heard(SMALL_TALK).held):
        decision = through(Door.TALK, held=held)
        assert (lines(decision), decision.held.state) == ([Line.START], State())
        assert buttons(decision)[0].label is Label.BEGIN


def test_talk_shows_the_card_that_could_not_be_sent() -> None:
    danger = heard(DANGER)
    decision = through(Door.TALK, held=danger.held)
    assert lines(decision) == [line for reply in danger.replies for line in reply.keys]
    assert decision.held.state == danger.held.state


def test_talk_asks_what_was_asked_and_goes_on_with_what_is_under_way() -> None:
    asked = through(Door.TALK, held=Held(State(walk=5, step=Step.DANGER_ASK)))
    assert lines(asked) == [Line.DANGER_ASK]
    walking = through(Door.TALK, held=Held(State(walk=5, step=Step.KIND), told=heard(SEEN).held.told))
    assert (lines(walking), walking.held.state.step) == ([Line.KIND], Step.KIND)


def test_walk_begins_at_once() -> None:
    assert through(Door.WALK).held.state.step is Step.ARRIVE


def test_how_to_help_has_three_ways_through_the_door_and_by_its_command() -> None:
    ways = [Line.HOW_TO_HELP_SAY, Line.HOW_TO_HELP_LEAVE, Line.HOW_TO_HELP_SELF]
    asked = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="howtohelp")
    for decision in (through(Door.HOW_TO_HELP), decide(asked, Held(), CONTENT)):
        assert lines(decision) == ways
        assert len(decision.replies) == len(ways)


# --- The guide ----------------------------------------------------------------------------------------------------


def test_guide_shows_the_lines_of_the_countries_that_were_chosen() -> None:
    there = replace(THERE, is_admin=True, room=Room(CHAT, is_on=True, countries=("KE", "PT")))
    decision = through(Door.GUIDE, there)
    shown = [reply.slots["country"] for reply in decision.replies if "country" in reply.slots]
    assert shown == ["Kenya", "Portugal"]
    assert lines(through(Door.GUIDE, replace(there, room=Room(CHAT, is_on=True))))[-1] is Line.GUIDE_LINES


def test_guide_opens_by_its_command_and_on_the_panel_for_an_admin_alone() -> None:
    held = Held(room=CHAT)
    for is_admin in (True, False):
        there = replace(THERE, is_admin=is_admin)
        command = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="guide", there=there)
        opened = Opened(marked(there.ref), Action.ROOM_GUIDE, 0)
        press = Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, pressed=opened, there=there)
        for decision in (decide(command, held, CONTENT), decide(press, held, CONTENT), through(Door.GUIDE, there)):
            assert (Line.GUIDE_ANSWER in lines(decision)) == is_admin


# --- What is agreed to for one group ------------------------------------------------------------------------------


def test_question_names_the_group_and_its_buttons_bring_it() -> None:
    decision = through(Door.NOTICE, MEMBER)
    about, question = decision.replies
    assert (about.keys, about.slots) == ((Line.ROOM_PICKED,), {"title": "Evening group"})
    assert (question.keys, question.state) == ((Line.CONSENT_ASK_GROUP,), marked(THERE.ref))
    assert [each.label for each in buttons(decision)] == [Label.AGREE, Label.UNDER_16, Label.DECLINE, Label.APART]
    assert (decision.held.room, decision.facts) == (CHAT, ())


def test_question_says_that_moderators_may_get_a_link() -> None:
    assert all(
        "moderators" in wording.lower() and "link" in wording for wording in PROMPTS.lines[Line.CONSENT_ASK_GROUP]
    )


@pytest.mark.parametrize("noticing", [Noticing.OFF, Noticing.MENTIONS])
def test_nothing_is_asked_where_admins_have_not_turned_it_on(noticing: Noticing) -> None:
    decision = through(Door.NOTICE, replace(MEMBER, room=replace(READING, noticing=noticing)))
    assert lines(decision) == [Line.NOTICE_OFF_THERE]
    assert [each.label for each in buttons(decision)] == [Label.APART]
    agreed = Opened(marked(THERE.ref), Action.AGREE, PURPOSES.index(Purpose.GROUP))
    late = Incoming(
        1,
        Where.PRIVATE,
        Kind.PRESS,
        NOW,
        pressed=agreed,
        there=replace(MEMBER, room=replace(READING, noticing=noticing)),
    )
    (reply,) = decide(late, Held(), CONTENT).replies
    assert (reply.keys, reply.slots) == ((Line.NOTICE_OFF_THERE,), {"title": "Evening group"})


def test_nobody_agrees_to_anything_where_nothing_is_kept_of_the_group() -> None:
    gone = replace(MEMBER, room=None)
    assert lines(through(Door.NOTICE, gone)) == [Line.START]
    asked = through(Door.NOTICE, MEMBER)
    agreed = tapped(*labelled(asked, Label.AGREE), asked.held, gone)
    assert (lines(agreed), agreed.facts) == ([Line.ROOM_KEPT], ())


def test_nothing_is_asked_of_someone_under_16() -> None:
    assert lines(through(Door.NOTICE, MEMBER, Held(State(minor=True)))) == [Line.CONSENT_UNDER_16]


def test_who_agreed_is_shown_how_to_end_it() -> None:
    held, kept = agreed_to((Purpose.GROUP, CHAT), (Purpose.GROUP, OTHER))
    decision = through(Door.NOTICE, AGREED, held)
    assert lines(decision) == [Line.NOTICE_ON_THERE]
    ended = tapped(*labelled(decision, Label.STOP_THERE), held, AGREED, kept)
    assert ended.facts == (Withdrew(Purpose.GROUP, group=CHAT),)
    assert Purpose.GROUP in ended.held.consents


def test_yes_is_for_this_group_tapped_and_typed() -> None:
    asked = through(Door.NOTICE, MEMBER)
    yes, reply = labelled(asked, Label.AGREE)
    by_tap = tapped(yes, reply, asked.held, MEMBER)
    by_words = said("yes, i am 16 or older", asked.held, MEMBER)
    for decision in (by_tap, by_words):
        assert decision.facts == (Consented(Purpose.GROUP, CHAT),)
        assert lines(decision) == [Line.CONSENT_YES_GROUP]
        assert Purpose.GROUP in decision.held.consents


def test_yes_needs_the_age() -> None:
    asked = through(Door.NOTICE, MEMBER)
    assert said("yes", asked.held, MEMBER).facts == ()
    assert tapped(*labelled(asked, Label.UNDER_16), asked.held, MEMBER).held.state.minor
    declined = tapped(*labelled(asked, Label.DECLINE), asked.held, MEMBER)
    assert (lines(declined), declined.facts) == ([Line.CONSENT_NO], ())


def test_yes_ends_the_wish_about_this_group_and_to_be_left_alone_and_no_other_wish() -> None:
    held, kept = agreed_to((Purpose.APART, CHAT), (Purpose.APART, OTHER), (Purpose.ALONE, 0))
    asked = through(Door.NOTICE, MEMBER, held)
    decision = tapped(*labelled(asked, Label.AGREE), asked.held, MEMBER, kept)
    assert set(decision.facts) == {
        *(Consented(Purpose.GROUP, CHAT), Withdrew(Purpose.APART, group=CHAT), Withdrew(Purpose.ALONE))
    }
    assert lines(decision) == [Line.NUDGE_ALONE_ENDED, Line.CONSENT_YES_GROUP]
    assert decision.held.consents == {Purpose.GROUP, Purpose.APART}


def test_wish_never_to_be_written_to_because_of_a_group_ends_noticing_there_alone() -> None:
    held, kept = agreed_to((Purpose.GROUP, CHAT), (Purpose.GROUP, OTHER))
    asked = tapped(*labelled(through(Door.NOTICE, AGREED, held), Label.APART), held, AGREED, kept)
    assert (lines(asked), asked.replies[0].state) == ([Line.CONSENT_ASK_APART], marked(THERE.ref))
    decision = tapped(*labelled(asked, Label.AGREE), asked.held, AGREED, kept)
    assert decision.facts == (Consented(Purpose.APART, CHAT), Withdrew(Purpose.GROUP, group=CHAT))
    assert decision.held.consents == {Purpose.GROUP, Purpose.APART}
    alone, one = agreed_to((Purpose.GROUP, CHAT))
    last = tapped(*labelled(asked, Label.AGREE), replace(alone, room=CHAT), AGREED, one)
    assert last.held.consents == {Purpose.APART}


def test_yes_to_new_words_is_for_each_group_that_there_was_a_yes_for() -> None:
    held, kept = agreed_to((Purpose.GROUP, CHAT), (Purpose.GROUP, OTHER))
    lapsed = Held(lapsed=held.consents)
    asked = tapped(Button(Label.ASK_AGAIN, Action.ASK_FOR, PURPOSES.index(Purpose.GROUP)), Reply(()), lapsed, kept=kept)
    decision = tapped(*labelled(asked, Label.AGREE), asked.held, kept=kept)
    assert set(decision.facts) == {Consented(Purpose.GROUP, CHAT), Consented(Purpose.GROUP, OTHER)}


def test_yes_for_no_group_agrees_to_nothing() -> None:
    decision = tapped(Button(Label.AGREE, Action.AGREE, PURPOSES.index(Purpose.GROUP)), Reply(()), Held())
    assert decision.facts == ()


# --- Offers, and stop ---------------------------------------------------------------------------------------------


def test_offer_begins_the_walk_in_the_branch_that_was_noticed_beside_whatever_is_held() -> None:
    (offer,) = heard(SEEN, AGREED, addressed=False).replies
    assert offer.state is not None
    begin = button(Decision(Held(), (offer,)), Label.BEGIN)
    for held in (Held(), Held(State(walk=5, step=Step.CLOSE))):
        state = tapped(begin, offer, held).held.state
        assert (state.step, state.source) == (Step.ARRIVE, offer.state.source)


def test_not_now_is_as_good_and_changes_nothing() -> None:
    (offer,) = heard(SEEN, AGREED, addressed=False).replies
    held = Held(State(walk=5, step=Step.KIND))
    decision = tapped(button(Decision(Held(), (offer,)), Label.NOT_NOW), offer, held)
    assert (lines(decision), decision.held.state, decision.facts) == ([Line.OFFER_NO], held.state, ())
    assert decision.replies[0].in_place


def test_one_tap_below_an_offer_ends_noticing_in_that_group() -> None:
    held, kept = agreed_to((Purpose.GROUP, CHAT), (Purpose.GROUP, OTHER))
    (offer,) = heard(SEEN, AGREED, addressed=False).replies
    stop = button(Decision(Held(), (offer,)), Label.STOP_THERE)
    assert tapped(stop, offer, held, kept=kept).facts == (Withdrew(Purpose.GROUP, group=CHAT),)
    assert lifetime_of(stop.action) > LIFETIME


@pytest.mark.parametrize("purposes", [{"consents"}, {"lapsed"}])
def test_stop_with_nothing_under_way_ends_noticing_in_all_groups(purposes: set[str]) -> None:
    held = Held(**dict.fromkeys(purposes, frozenset({Purpose.GROUP})))  # type: ignore[arg-type]  # frozensets
    command = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="stop", kept=Kept())
    for decision in (decide(command, held, CONTENT), said("stop", held)):
        assert (lines(decision), decision.facts) == ([Line.NOTICE_STOPPED], (Withdrew(Purpose.GROUP),))
        assert decision.held.consents == decision.held.lapsed == frozenset()


def test_stop_in_a_walk_stops_the_walk_alone() -> None:
    held = Held(State(walk=5, step=Step.KIND), consents=frozenset({Purpose.GROUP}))
    decision = said("stop", held)
    assert lines(decision) == [Line.STOPPED]
    assert decision.held.consents == {Purpose.GROUP}
