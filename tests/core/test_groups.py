from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.facts import Alerted, Consented, Joined, Offered, RoomChange, RoomLeft, Withdrew
from bot.core.kept import Noticing, Purpose, Room
from bot.core.lines import Label, Line
from bot.core.matching import hear
from bot.core.model import (
    Action,
    Decision,
    Door,
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
)
from bot.core.noticing import Reader
from bot.core.room import IN_A_GROUP, marked
from bot.core.safety import Guard
from bot.core.state import Source, State, Step, Tier
from tests.person import PROMPTS, SEEN

CONTENT = PROMPTS.content
HELD = Held()
PERSON = 7_071_067_811
CHAT, MODERATORS = -1_001_234_567_890, -1_001_234_567_891
NOW = 1_790_000_000
DAY = 24 * 60 * 60
ROOM = Room(CHAT, "Evening group", is_on=True)
READING = replace(ROOM, noticing=Noticing.MEMBERS)
THERE = There(CHAT, ref=0x12345678, title="Evening group", room=ROOM, post="https://t.me/c/1234567890/7")
AGREED = replace(THERE, room=READING, is_agreed=True)
ADMIN = replace(THERE, is_admin=True)
NOT_ON = replace(THERE, room=None)
DANGER = "i want to die"
UNCLEAR = "i cant carry this any more"
SPANISH = "no puedo dormir después de ver ese video del incendio"
YOUNG = "i am 13 years old and in 7th grade"
SMALL_TALK = "what time is the meeting tomorrow"
ADMIN_LINES = {line for line in Line if line.startswith("admin.")}


def heard(  # noqa: PLR0913 - all that a message may be
    text: str = "",
    there: There = THERE,
    kind: Kind = Kind.TEXT,
    *,
    command: str = "",
    addressed: bool = True,
    forwarded: bool = False,
    held: Held = HELD,
    seed: int = 9,
) -> Decision:
    incoming = Incoming(
        PERSON,
        Where.GROUP,
        Kind.COMMAND if command else kind,
        at=NOW,
        text=text,
        command=command,
        addressed=addressed,
        forwarded=forwarded,
        seed=seed,
        there=there,
    )
    return decide(incoming, held, CONTENT)


def pressed(
    action: Action, value: int = 0, there: There = THERE, state: State | None = None, where: Where = Where.GROUP
) -> Decision:
    opened = Opened(state or State(), action, value)
    return decide(Incoming(PERSON, where, Kind.PRESS, NOW, pressed=opened, there=there), HELD, CONTENT)


def stands(there: There, standing: Standing, where: Where = Where.GROUP) -> Decision:
    incoming = Incoming(PERSON, where, Kind.STANDING, NOW, seed=9, there=replace(there, standing=standing))
    return decide(incoming, HELD, CONTENT)


def in_public(decision: Decision) -> list[Reply]:
    """What may come into the group."""
    return [
        said for reply in decision.replies for said in ((reply.instead,) if reply.to else (reply,)) if said is not None
    ]


def in_private(decision: Decision) -> list[Line]:
    return [line for reply in decision.replies if reply.to == PERSON for line in reply.keys]


def lines(decision: Decision) -> list[Line]:
    return [line for reply in in_public(decision) for line in reply.keys]


def doors(decision: Decision) -> list[int]:
    buttons = [button for reply in in_public(decision) for row in reply.buttons for button in row]
    return [button.value for button in buttons if button.action is Action.DOOR]


def never(*_: object) -> NoReturn:
    raise AssertionError("a rule read it")


# --- What may not be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "there",
    [
        THERE,
        NOT_ON,
        ADMIN,
        replace(AGREED, room=replace(READING, noticing=Noticing.MENTIONS)),
        replace(AGREED, room=replace(READING, is_on=False)),
        replace(AGREED, room=replace(READING, gone_at=1)),
        replace(AGREED, is_apart=True),
        replace(AGREED, unnamed=True),
        replace(AGREED, is_agreed=False),
    ],
)
def test_what_may_not_be_read_is_dropped_before_any_rule_reads_it(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "notice", never)
    monkeypatch.setattr(Guard, "read", never)
    for kind in (Kind.TEXT, Kind.EDIT, Kind.COMMAND, Kind.MEDIA, Kind.LOCATION):
        assert heard(DANGER, there, kind, addressed=False) == Decision(HELD)


def test_what_a_member_who_agreed_passes_on_is_not_read() -> None:
    assert heard(DANGER, AGREED, addressed=False, forwarded=True) == Decision(HELD)


def test_nobody_who_wants_to_be_left_alone_is_read_unless_they_write_to_it() -> None:
    alone = Held(consents=frozenset({Purpose.ALONE}))
    assert heard(DANGER, AGREED, addressed=False, held=alone) == Decision(alone)
    assert lines(heard(DANGER, AGREED, held=alone)) == [Line.GROUP_DANGER]


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.COMMAND, Kind.EDIT])
def test_posts_of_a_channel_are_not_read(kind: Kind) -> None:
    incoming = Incoming(PERSON, Where.CHANNEL, kind, NOW, text=DANGER, command="walk", there=AGREED)
    assert decide(incoming, HELD, CONTENT) == Decision(HELD)


@pytest.mark.parametrize("command", ["", "start", "walk", "stop", "help", "guide", "pulse", "hold", "topic"])
@pytest.mark.parametrize("there", [NOT_ON, replace(NOT_ON, is_admin=True), replace(THERE, room=Room(CHAT))])
def test_without_a_yes_of_an_admin_all_is_silent(there: There, command: str) -> None:
    assert heard(SEEN, there, command=command) == Decision(HELD)


def test_without_a_yes_danger_that_is_told_to_it_has_the_line_for_all() -> None:
    decision = heard(DANGER, replace(NOT_ON, is_agreed=True))
    assert (lines(decision), in_private(decision), decision.facts) == ([Line.GROUP_DANGER], [], ())
    assert heard(DANGER, replace(NOT_ON, is_agreed=True), addressed=False) == Decision(HELD)


def test_without_a_yes_whoever_asks_where_help_is_hears_it() -> None:
    assert lines(heard(there=NOT_ON, command="crisis")) == [Line.GROUP_DANGER]


def test_without_a_yes_admins_can_set_it_up_or_send_it_away() -> None:
    there = replace(NOT_ON, is_admin=True)
    assert doors(heard(there=there, command="settings")) == [Door.SETTINGS]
    assert lines(heard(there=there, command="leave")) == [Line.ADMIN_LEAVE_ASK]


# --- What is for the bot ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["thanks", "@bot thank you", "no", "yes"])
def test_what_needs_no_answer_before_others_has_none(text: str) -> None:
    assert heard(text) == Decision(HELD)


@pytest.mark.parametrize("text", [SEEN, SMALL_TALK, "", "are you real?", "@bot"])
def test_what_is_addressed_gets_one_line_and_the_way_to_the_private_chat(text: str) -> None:
    (reply,) = heard(text).replies
    assert (reply.keys, reply.to) == ((Line.GROUP_PRIVATE,), 0)
    assert [[(button.label, button.action, button.value) for button in row] for row in reply.buttons] == [
        [(Label.WRITE_PRIVATELY, Action.DOOR, Door.TALK)]
    ]


@pytest.mark.parametrize("command", ["start", "help", "why", "privacy", "consent", "forget", "nonsense"])
def test_commands_that_are_private_show_the_way(command: str) -> None:
    assert lines(heard(command=command)) == [Line.GROUP_PRIVATE]


def test_walk_in_a_group_starts_nothing_and_opens_the_private_chat() -> None:
    decision = heard(command="walk")
    assert (lines(decision), doors(decision), decision.held) == ([Line.GROUP_WALK], [Door.WALK], HELD)


def test_how_to_help_is_told_in_private() -> None:
    decision = heard(command="howtohelp")
    assert (lines(decision), doors(decision)) == ([Line.GROUP_HOW_TO_HELP], [Door.HOW_TO_HELP])


@pytest.mark.parametrize(("may_card", "line"), [(True, Line.GROUP_DANGER), (False, Line.GROUP_DANGER_AGAIN)])
def test_full_card_is_not_shown_over_and_over(may_card: bool, line: Line) -> None:  # noqa: FBT001
    there = replace(THERE, may_card=may_card)
    for decision in (heard(there=there, command="crisis"), heard(DANGER, there), heard(DANGER, there, forwarded=True)):
        assert lines(decision) == [line]
        assert {reply.lane for reply in in_public(decision)} == {Lane.DANGER}


def test_start_by_the_link_that_added_it_is_silent() -> None:
    assert heard("add", command="start") == Decision(HELD)


@pytest.mark.parametrize("command", ["", "help", "walk"])
def test_nobody_is_sent_to_somebody_else(command: str) -> None:
    decision = heard("help @someone", replace(THERE, names_another=True), command=command)
    assert (lines(decision), doors(decision)) == ([Line.GROUP_NOBODY_SENT], [Door.HOW_TO_HELP])
    assert decision.held == HELD


def test_another_language_is_answered_only_where_it_is_addressed() -> None:
    assert lines(heard(SPANISH)) == [Line.GROUP_LANGUAGE]
    assert heard(SPANISH, AGREED, addressed=False) == Decision(HELD)


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.MEDIA])
def test_nothing_else_in_a_group_is_answered(kind: Kind) -> None:
    assert heard(SEEN, kind=kind) == Decision(HELD)


def test_what_is_addressed_is_answered_while_the_group_rests() -> None:
    resting = replace(THERE, room=replace(ROOM, held_until=NOW + 1))
    assert lines(heard(SEEN, resting)) == [Line.GROUP_PRIVATE]


def test_what_someone_wrote_to_it_is_noticed_for_when_they_come_through_the_door() -> None:
    decision = heard("@bot " + SEEN)
    assert decision.held.told == CONTENT.reader.notice(hear(SEEN))
    assert heard(SMALL_TALK).held.told is None


@pytest.mark.parametrize(
    "there",
    [replace(THERE, room=replace(ROOM, noticing=Noticing.OFF)), replace(THERE, unnamed=True)],
)
def test_nothing_is_noticed_where_that_is_off_or_nobody_can_be_told(there: There) -> None:
    decision = heard(SEEN, there)
    assert (lines(decision), decision.held) == ([Line.GROUP_PRIVATE], HELD)


def test_nothing_is_noticed_in_the_words_of_another() -> None:
    assert heard(SEEN, forwarded=True).held == HELD


# --- Stop ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "command"), [("", "stop"), ("@bot stop", ""), ("stop", "")])
def test_stop_ends_noticing_of_the_one_who_says_it_and_the_group_hears_nothing(text: str, command: str) -> None:
    decision = heard(text, AGREED, command=command)
    assert decision.facts == (Withdrew(Purpose.GROUP, group=CHAT),)
    assert (in_public(decision), in_private(decision)) == ([], [Line.NOTICE_STOPPED_THERE])
    nothing = heard(text, command=command)
    assert (in_public(nothing), in_private(nothing), nothing.facts) == ([], [Line.NOTICE_NOT_THERE], ())


def test_stop_of_someone_who_is_never_written_to_is_done_in_silence() -> None:
    apart = replace(AGREED, is_apart=True)
    assert heard(there=apart, command="stop").replies == ()
    assert heard(there=replace(AGREED, unnamed=True), command="stop") == Decision(HELD)


# --- Danger -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.COMMAND, Kind.EDIT, Kind.MEDIA])
@pytest.mark.parametrize("there", [THERE, AGREED])
def test_danger_is_answered_by_the_writers_own_card_and_where_that_cannot_be_by_the_line_for_all(
    there: There, kind: Kind
) -> None:
    decision = heard(DANGER, there, kind, addressed=there is THERE)
    assert in_private(decision)[0] is Line.CARD_OWN
    assert {reply.to for reply in decision.replies} == {PERSON}
    (instead,) = in_public(decision)
    assert (instead.keys, doors(decision), instead.lane) == ((Line.GROUP_DANGER,), [Door.TALK], Lane.DANGER)
    assert decision.replies[0].instead == instead
    assert decision.held.state.step is Step.BARRIER


def test_danger_in_a_command_that_is_none_is_seen() -> None:
    assert in_private(heard(command="i_want_to_die"))[0] is Line.CARD_OWN


def test_what_could_be_danger_is_asked_about_in_private() -> None:
    decision = heard(UNCLEAR)
    assert in_private(decision) == [Line.DANGER_ASK]
    assert lines(decision) == [Line.GROUP_DANGER]


def test_what_could_be_danger_and_was_not_for_the_bot_leaves_no_trace_in_the_group() -> None:
    decision = heard(UNCLEAR, AGREED, addressed=False)
    assert (in_private(decision), in_public(decision)) == ([Line.DANGER_ASK], [])


def test_what_merely_adds_up_to_unclear_is_asked_about_only_where_it_was_for_the_bot() -> None:
    text = "not much time, lunch ends at half past"
    assert heard(text, AGREED, addressed=False) == Decision(HELD)
    assert in_private(heard(text, AGREED)) == [Line.DANGER_ASK]


@pytest.mark.parametrize(
    "there", [replace(AGREED, may_card=False), replace(AGREED, room=replace(READING, held_until=NOW + 1))]
)
def test_nothing_by_itself_comes_into_a_group_that_rests_or_had_its_card(there: There) -> None:
    decision = heard(DANGER, there, addressed=False)
    assert in_private(decision)[0] is Line.CARD_OWN
    assert in_public(decision) == []


@pytest.mark.parametrize(
    ("there", "held"),
    [
        (replace(THERE, is_apart=True), HELD),
        (replace(THERE, unnamed=True), HELD),
        (THERE, Held(consents=frozenset({Purpose.ALONE}))),
        (THERE, Held(lapsed=frozenset({Purpose.ALONE}))),
    ],
)
def test_danger_of_someone_who_is_not_written_to_has_the_line_for_all(there: There, held: Held) -> None:
    decision = heard(DANGER, there, held=held)
    assert (lines(decision), in_private(decision), decision.held) == ([Line.GROUP_DANGER], [], held)


def test_danger_in_the_words_of_another_has_the_line_for_all() -> None:
    decision = heard(DANGER, replace(THERE, room=replace(ROOM, alerts=MODERATORS)), forwarded=True)
    assert (lines(decision), len(decision.replies), decision.facts) == ([Line.GROUP_DANGER], 1, ())


@pytest.mark.parametrize("step", [step for step in Step if step not in {Step.IDLE, Step.CLOSE}])
def test_danger_in_a_group_is_no_answer_to_what_was_asked_in_private(step: Step) -> None:
    held = Held(State(walk=5, step=step, counter=3, danger_asked=True))
    decision = heard(UNCLEAR, held=held)
    assert decision.held.state == held.state
    assert in_private(decision)
    assert lines(decision) == [Line.GROUP_DANGER]


def test_moderators_hear_of_danger_by_a_link_alone() -> None:
    there = replace(AGREED, room=replace(READING, alerts=MODERATORS))
    decision = heard(DANGER, there, addressed=False)
    (alert,) = [reply for reply in decision.replies if reply.to == MODERATORS]
    assert (alert.keys, alert.slots, alert.stays) == ((Line.ALERT,), {"title": "Evening group"}, True)
    assert [[(button.label, button.action, button.payload) for button in row] for row in alert.buttons] == [
        [(Label.OPEN_MESSAGE, Action.OPEN, THERE.post)],
        [(Label.ON_IT, Action.ON_IT, "")],
    ]
    assert decision.facts[-1] == Alerted(CHAT)
    without = heard(DANGER, replace(there, post=""), addressed=False).replies[-1]
    assert [button.label for row in without.buttons for button in row] == [Label.ON_IT]


@pytest.mark.parametrize(("text", "alerts"), [(DANGER, 0), (DANGER, CHAT), (UNCLEAR, MODERATORS), (SEEN, MODERATORS)])
def test_moderators_hear_of_nothing_else(text: str, alerts: int) -> None:
    decision = heard(text, replace(THERE, room=replace(ROOM, alerts=alerts)))
    assert Alerted(CHAT) not in decision.facts
    assert not [reply for reply in decision.replies if reply.keys == (Line.ALERT,)]


def test_someone_who_says_to_be_under_16_hears_so_in_private_and_nothing_of_them_stays() -> None:
    held = Held(consents=frozenset({Purpose.GROUP}))
    unasked, asked = heard(YOUNG, AGREED, addressed=False, held=held), heard(YOUNG, AGREED, held=held)
    for decision in (unasked, asked):
        assert in_private(decision) == [Line.CARD_MINOR]
        assert decision.held.state.minor
        assert Withdrew(Purpose.GROUP, asked=False) in decision.facts
    assert (lines(unasked), lines(asked)) == ([], [Line.GROUP_PRIVATE])


# --- Offers -------------------------------------------------------------------------------------------------------


def test_member_who_agreed_is_written_to_in_private_and_nothing_appears_in_the_group() -> None:
    decision = heard(SEEN, AGREED, addressed=False)
    (offer,) = decision.replies
    assert (offer.to, offer.keys, offer.instead) == (PERSON, (Line.OFFER,), None)
    assert offer.slots == {"title": "Evening group"}
    assert [button.action for row in offer.buttons for button in row] == [
        *(Action.WALK, Action.OFFER_NO, Action.WITHDRAW_GROUP)
    ]
    assert offer.state is not None
    assert (offer.state.walk, offer.state.step, offer.state.source) == (9, Step.ASK, Source.WORK)
    assert (decision.facts, decision.held) == ((Offered(CHAT),), HELD)


@pytest.mark.parametrize(
    ("there", "held"),
    [
        (replace(AGREED, room=replace(READING, held_until=NOW + 1)), HELD),
        (AGREED, Held(State(walk=5, step=Step.KIND))),
        (AGREED, Held(State(walk=5, step=Step.BARRIER))),
        (AGREED, Held(State(minor=True))),
    ],
)
def test_nothing_is_offered_while_the_group_rests_or_something_is_under_way_or_to_a_minor(
    there: There, held: Held
) -> None:
    assert heard(SEEN, there, addressed=False, held=held) == Decision(held)


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.MEDIA])
def test_nothing_is_offered_for_what_is_edited_or_beside_a_picture(kind: Kind) -> None:
    assert heard(SEEN, AGREED, kind, addressed=False) == Decision(HELD)


def test_nothing_is_offered_for_small_talk() -> None:
    assert heard(SMALL_TALK, AGREED, addressed=False) == Decision(HELD)


# --- How the bot stands there -------------------------------------------------------------------------------------


def test_arrival_is_one_line_with_the_way_to_the_settings() -> None:
    decision = stands(NOT_ON, Standing())
    assert (lines(decision), doors(decision), decision.facts) == ([Line.GROUP_ARRIVED], [Door.SETTINGS], ())


@pytest.mark.parametrize(
    ("there", "standing"),
    [
        (NOT_ON, Standing(was_in=True, is_admin=True)),
        (NOT_ON, Standing(may_write=False)),
        (NOT_ON, Standing(is_in=False, was_in=True)),
        (THERE, Standing()),
    ],
)
def test_other_changes_are_met_in_silence(there: There, standing: Standing) -> None:
    assert stands(there, standing).replies == ()


def test_removal_is_noted_and_the_return_is_told_while_all_stays_set() -> None:
    assert stands(THERE, Standing(is_in=False, was_in=True)).facts == (RoomChange(CHAT, is_on=False, gone_at=NOW),)
    back = stands(replace(THERE, room=replace(ROOM, is_on=False, gone_at=5)), Standing())
    assert lines(back) == [Line.GROUP_ARRIVED]
    assert back.facts == (RoomChange(CHAT, title="Evening group", may_write=True, gone_at=0),)


def test_being_muted_is_noted() -> None:
    (change,) = stands(THERE, Standing(was_in=True, may_write=False)).facts
    assert change == RoomChange(CHAT, title="Evening group", may_write=False, gone_at=0)


def test_nothing_is_said_in_a_channel_on_arrival_and_who_added_it_can_set_it_up() -> None:
    decision = stands(replace(NOT_ON, is_channel=True), Standing(is_admin=True), Where.CHANNEL)
    assert (in_public(decision), in_private(decision)) == ([], [Line.CHANNEL_ADDED])
    unnamed = replace(NOT_ON, is_channel=True, unnamed=True, as_room=True)
    assert stands(unnamed, Standing(is_admin=True), Where.CHANNEL) == Decision(HELD)


@pytest.mark.parametrize("is_apart", [False, True])
def test_who_leaves_ends_what_they_agreed_to_there(is_apart: bool) -> None:  # noqa: FBT001
    there = replace(AGREED, is_agreed=not is_apart, is_apart=is_apart)
    decision = decide(Incoming(PERSON, Where.GROUP, Kind.LEFT, NOW, there=there), HELD, CONTENT)
    purpose = Purpose.APART if is_apart else Purpose.GROUP
    assert decision == Decision(HELD, facts=(Withdrew(purpose, asked=False, group=CHAT),))


# --- Buttons in the group -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", Door)
def test_door_opens_for_whoever_presses_it_and_for_admins_alone_where_it_is_theirs(door: Door) -> None:
    assert pressed(Action.DOOR, door, ADMIN).opens is door
    other = pressed(Action.DOOR, door)
    assert (other.opens, other.toast) == ((None, Line.ADMIN_ONLY) if door.is_for_admins else (door, None))
    unknown = pressed(Action.DOOR, door, replace(THERE, is_known=False))
    assert unknown.toast is (Line.ROOM_UNKNOWN if door.is_for_admins else None)


def test_presses_that_mean_nothing_do_nothing() -> None:
    assert pressed(Action.DOOR, 200) == Decision(HELD)
    assert pressed(Action.FORGET_YES, there=ADMIN) == Decision(HELD)
    for refused in Refused:
        incoming = Incoming(PERSON, Where.GROUP, Kind.PRESS, NOW, pressed=refused, there=ADMIN)
        assert decide(incoming, HELD, CONTENT) == Decision(HELD)


@pytest.mark.parametrize("where", [Where.GROUP, Where.CHANNEL])
def test_who_takes_part_in_a_circle_is_counted_and_the_total_shown(where: Where) -> None:
    shown = State(walk=3, counter=CONTENT.circles[0].number)
    decision = pressed(Action.JOIN, there=replace(THERE, total=4), state=shown, where=where)
    (circle,) = decision.replies
    assert (circle.in_place, circle.lane, circle.slots["total"]) == (True, Lane.BROADCAST, "4")
    assert (decision.facts, decision.toast) == ((Joined(CHAT),), Line.JOINED)
    assert pressed(Action.JOIN, there=NOT_ON, state=shown) == Decision(HELD)


def test_moderator_takes_an_alert_and_the_link_stays() -> None:
    (reply,) = pressed(Action.ON_IT, there=There(MODERATORS, post="https://t.me/c/1/2")).replies
    assert (reply.keys, reply.in_place) == ((Line.ALERT_TAKEN,), True)
    assert [button.payload for row in reply.buttons for button in row] == ["https://t.me/c/1/2"]
    assert pressed(Action.ON_IT, there=There(MODERATORS)).replies[0].buttons == ()


# --- For admins ---------------------------------------------------------------------------------------------------

AS_ROOM = replace(THERE, unnamed=True, as_room=True, is_forum=True)
WISHES: Mapping[str, tuple[str, RoomChange | RoomLeft]] = {
    "hold": ("3d", RoomChange(CHAT, held_until=NOW + 3 * DAY)),
    "release": ("", RoomChange(CHAT, held_until=0)),
    "topic": ("", RoomChange(CHAT, topic=77)),
    "leave": ("", RoomLeft(CHAT)),
}


@pytest.mark.parametrize("command", sorted(IN_A_GROUP))
@pytest.mark.parametrize("there", [THERE, AGREED, replace(THERE, is_known=False), replace(THERE, unnamed=True)])
def test_commands_of_admins_are_met_with_silence_by_anyone_else(there: There, command: str) -> None:
    assert heard("3d", there, command=command) == Decision(HELD)


@pytest.mark.parametrize("there", [ADMIN, AS_ROOM])
@pytest.mark.parametrize(
    ("command", "door"), [("settings", Door.SETTINGS), ("guide", Door.GUIDE), ("pulse", Door.PULSE)]
)
def test_what_admins_look_at_is_opened_in_private(command: str, door: Door, there: There) -> None:
    assert doors(heard(there=there, command=command)) == [door]


@pytest.mark.parametrize("command", ["hold", "release", "topic"])
def test_command_of_an_admin_is_done_at_once(command: str) -> None:
    text, change = WISHES[command]
    decision = heard(text, replace(ADMIN, is_forum=True, thread=77), command=command)
    assert decision.facts == (change,)
    assert set(lines(decision)) < ADMIN_LINES


@pytest.mark.parametrize("text", ["", " "])
def test_hold_without_a_length_is_a_day(text: str) -> None:
    assert heard(text, ADMIN, command="hold").facts == (RoomChange(CHAT, held_until=NOW + DAY),)


@pytest.mark.parametrize("text", ["soon", "5m", "91d", "-3d"])
def test_hold_of_another_length_changes_nothing_and_says_an_example(text: str) -> None:
    decision = heard(text, ADMIN, command="hold")
    assert (lines(decision), decision.facts) == ([Line.ADMIN_HOLD_WRONG], ())


def test_topic_where_there_are_none_says_so() -> None:
    assert lines(heard(there=ADMIN, command="topic")) == [Line.ADMIN_NO_TOPICS]


def test_leaving_takes_a_second_press_by_an_admin() -> None:
    asked = heard(there=ADMIN, command="leave")
    (button,) = asked.replies[0].buttons[0]
    assert (lines(asked), asked.facts, button.action) == ([Line.ADMIN_LEAVE_ASK], (), Action.ROOM_LEAVE)
    assert pressed(button.action, button.value).toast is Line.ADMIN_ONLY
    for admin in (ADMIN, replace(ADMIN, room=None)):
        assert pressed(button.action, button.value, admin).facts == (RoomLeft(CHAT),)


@pytest.mark.parametrize("command", WISHES)
def test_who_writes_in_the_name_of_the_group_has_to_press_as_an_admin(command: str) -> None:
    text, change = WISHES[command]
    asked = heard(text, replace(AS_ROOM, thread=77), command=command)
    assert asked.facts == ()
    (reply,) = asked.replies
    (button,) = reply.buttons[0]
    assert (button.label, reply.state is not None) == (Label.VERIFY, True)
    refused = pressed(button.action, button.value, replace(THERE, thread=77), reply.state)
    assert (refused.facts, refused.replies, refused.toast) == ((), (), Line.ADMIN_ONLY)
    done = pressed(button.action, button.value, replace(ADMIN, thread=77), reply.state)
    assert done.facts == (change,)
    assert all(reply.in_place for reply in done.replies)


# --- The same for everyone ----------------------------------------------------------------------------------------

TEXTS = (SEEN, DANGER, UNCLEAR, SPANISH, YOUNG, SMALL_TALK, "stop", "@bot stop", "skip", "yes", "Ann", "kenya", "3d")
MAY_BE_SAID = {
    *(line for line in Line if line.startswith(("group.", "admin."))),
    *(Line.ALERT, Line.ALERT_TAKEN, Line.CIRCLE, Line.CIRCLE_PRACTICE, Line.CIRCLE_TOTAL),
}
texts = st.sampled_from(TEXTS) | st.text()
states = st.builds(
    State,
    walk=st.integers(0, 5),
    step=st.sampled_from(Step),
    danger_asked=st.booleans(),
    upset_before=st.sampled_from((5, 15)),
)
helds = st.builds(
    Held,
    states,
    st.frozensets(st.sampled_from([purpose for purpose in Purpose if purpose is not Purpose.ALONE])),
    country=st.sampled_from(["", "KE"]),
    asked_country=st.booleans(),
    asked=st.sampled_from([None, *Purpose]),
    question=st.sampled_from([None, Line.CONSENT_ASK, Line.FORGET_ASK]),
)
theres = st.builds(
    There,
    st.just(CHAT),
    ref=st.just(7),
    title=st.sampled_from(["", "Evening group"]),
    is_forum=st.booleans(),
    unnamed=st.booleans(),
    names_another=st.booleans(),
    post=st.sampled_from(["", THERE.post]),
    room=st.sampled_from([None, ROOM, READING, replace(READING, alerts=MODERATORS), replace(ROOM, held_until=NOW + 9)]),
    is_admin=st.booleans(),
    is_agreed=st.booleans(),
    is_apart=st.booleans(),
    may_card=st.booleans(),
)


messages = st.fixed_dictionaries(
    {
        "text": texts,
        "there": theres,
        "kind": st.sampled_from([Kind.TEXT, Kind.EDIT, Kind.MEDIA]),
        "command": st.sampled_from(["", "walk", "stop", "crisis", "settings", "hold", "leave", "forget"]),
        "addressed": st.booleans(),
        "forwarded": st.booleans(),
    }
)


@given(messages, helds)
def test_what_comes_into_a_group_hangs_on_nothing_that_is_held_of_its_writer(
    message: dict[str, Any], held: Held
) -> None:
    said, there = heard(**message, held=held, seed=5), message["there"]
    assert in_public(said) == in_public(heard(**message))
    for reply in in_public(said):
        assert MAY_BE_SAID.issuperset(reply.keys)
        assert set(reply.slots) <= {"length"}
        assert reply.picks == ()
        assert (reply.state or State()).step is Step.IDLE
    assert {reply.to for reply in said.replies} <= {0, PERSON, MODERATORS}
    if not (there.room and there.is_agreed) and not message["addressed"]:
        assert said == Decision(held)
    if not there.is_admin:
        assert not any(isinstance(fact, RoomChange | RoomLeft | Consented) for fact in said.facts)


@given(texts, texts, theres)
def test_what_comes_into_a_group_hangs_on_no_words_but_their_kind(text: str, other: str, there: There) -> None:
    assert kind_of(text) != kind_of(other) or in_public(heard(text, there)) == in_public(heard(other, there))


def kind_of(text: str) -> tuple[bool, ...]:
    """What of a text may be told by the answer in the group."""
    tier = CONTENT.guard.read(hear(text)).tier
    bare = " ".join(word for word in text.split() if not word.startswith("@"))
    meaning = CONTENT.typed.get(hear(bare).plain)
    is_stop, needs_none = meaning in {"stop", "no_more"}, meaning in {"thanks", "swear", "yes", "no"}
    return tier is not Tier.NONE, tier in {Tier.NONE, Tier.UNCLEAR}, CONTENT.is_foreign(text), is_stop, needs_none


@given(text=texts, there=theres.filter(lambda there: not there.is_agreed), forwarded=st.booleans())
def test_nobody_is_written_to_unasked_who_did_not_agree(text: str, there: There, *, forwarded: bool) -> None:
    assert heard(text, there, addressed=False, forwarded=forwarded) == Decision(HELD)


def test_lines_for_a_group_name_nobody() -> None:
    said = [wording for line in MAY_BE_SAID for wording in PROMPTS.lines[line]]
    slots = {part.split("}")[0] for wording in said for part in wording.split("{")[1:]}
    assert slots == {"length", "title", "words", "total"}
    assert marked(THERE.ref).step is Step.IDLE
