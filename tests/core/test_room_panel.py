from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands import COMMANDS
from bot.core.facts import RoomChange, RoomLeft
from bot.core.gap import DAY
from bot.core.kept import Noticing, Room, Schedule
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.model import Action, Button, Decision, Door, Held, Reply, Standing, There
from bot.core.pulse import Week
from bot.core.room import HOUR, MINUTE, ROOM_ACTIONS, marked
from bot.core.state import State, Step
from bot.wording import line_problems
from tests.core.rooms import (
    ALERTS,
    CONTENT,
    GROUP,
    LISBON,
    NOW,
    ON,
    REF,
    TYPED,
    Admin,
    every_kind,
    moderators,
    said_of_rooms,
)
from tests.person import PROMPTS, buttons, lines

READS_ALL = Standing(is_admin=True, reads_all=True)


@pytest.fixture
def admin() -> Admin:
    """Someone with the panel of a group open."""
    one = Admin()
    one.comes()
    return one


def said(decision: Decision) -> str:
    return "\n".join(map(PROMPTS.text, decision.replies))


def words_of(decision: Decision) -> list[str]:
    return [PROMPTS.label(button) for button in buttons(decision)]


def card_of(decision: Decision) -> Reply:
    (card,) = (reply for reply in decision.replies if reply.to)
    return card


# --- Who may ------------------------------------------------------------------------------------------------------


def test_link_opens_the_panel_for_an_admin() -> None:
    shown = Admin().comes()
    assert lines(shown) == [Line.ROOM_PANEL, Line.ROOM_NO_CIRCLE]
    assert "Evening group" in said(shown)
    assert shown.facts == ()
    assert shown.held.room == GROUP


def test_every_setting_has_a_row_with_what_it_is_set_to() -> None:
    room = replace(ON, noticing=Noticing.MEMBERS, circle=LISBON, topic=5, tidy=12 * HOUR, countries=("KE", "PT"))
    shown = Admin(room).comes()
    assert words_of(shown) == [
        "Noticing: members who agreed",
        "Pause between offers: 1 day",
        "Practice days: Sat",
        "Practice time: 18:00",
        "Time zone: Lisbon",
        "Topic: set",
        "Chat for alerts: none",
        "Own answers go after: 12 hours",
        "Helplines of: Kenya, Portugal",
        "Language: English",
        "Guide for admins",
        "Weekly totals",
        "Let it rest",
        "Turn it off there",
        "Send it away",
    ]
    assert all(len(row) == 1 for row in shown.replies[0].buttons[:10])


def test_panel_of_a_channel_has_times_rest_and_the_end_alone() -> None:
    there = replace(Admin().there, is_channel=True)
    shown = Admin(replace(ON, is_channel=True, circle=LISBON), there).comes()
    assert [button.label for button in buttons(shown)] == [
        *(Label.ROOM_DAYS, Label.ROOM_TIME, Label.ROOM_ZONE),
        *(Label.ROOM_HOLD, Label.ROOM_OFF, Label.ROOM_LEAVE),
    ]


@pytest.mark.parametrize("action", sorted(ROOM_ACTIONS - {Action.ROOM_GUIDE, Action.ROOM_PICK}))
def test_what_a_channel_does_not_have_cannot_be_set_there(action: Action) -> None:
    one = Admin(replace(ON, is_channel=True), replace(Admin().there, is_channel=True))
    before = one.now
    one.presses(action, 1)
    room = one.room or before
    assert (room.noticing, room.pause, room.tidy, room.alerts, room.countries) == (
        *(before.noticing, before.pause, before.tidy, before.alerts, before.countries),
    )


@pytest.mark.parametrize("door", [door for door in Door if door.is_for_admins])
def test_link_shows_nothing_to_anyone_else(door: Door) -> None:
    refused = Admin(is_admin=False).comes(door)
    assert lines(refused) == [Line.ROOM_NOT_ADMIN]
    assert "Evening group" not in said(refused)
    assert (refused.facts, buttons(refused), refused.held.room) == ((), [], 0)


def test_where_telegram_does_not_say_who_the_admins_are_nothing_changes() -> None:
    one = Admin(is_known=False)
    for answer in (one.comes(), one.presses(Action.ROOM_LEAVE, 1), one.picks()):
        assert (lines(answer), answer.facts) == ([Line.ROOM_UNKNOWN], ())


def test_rights_that_were_lost_since_end_it(admin: Admin) -> None:
    admin.taps("Pause")
    admin.is_admin = False
    for answer in (admin.says("12h"), admin.presses(Action.ROOM_PAUSE, 1), admin.presses(Action.ROOM_LEAVE, 1)):
        assert (lines(answer), answer.facts) == ([Line.ROOM_NOT_ADMIN], ())
    assert admin.room == ON


texts = st.one_of(st.sampled_from(TYPED), st.sampled_from([*CONTENT.labels.values()]), st.text(max_size=30))
actions = st.sampled_from(sorted(ROOM_ACTIONS))
does = st.one_of(
    st.tuples(st.just("press"), actions, st.integers(0, 255)),
    st.tuples(st.just("type"), st.one_of(st.none(), actions), texts),
    st.tuples(st.just("command"), st.sampled_from([*COMMANDS, "hold", "release", "leave", "topic", "pulse"]), texts),
    st.tuples(st.just("pick"), st.one_of(st.none(), actions), st.booleans()),
)


@given(st.lists(does, max_size=4), st.booleans(), st.integers(0, 10))
@settings(max_examples=150)
def test_nothing_changes_without_rights(doing: list[tuple[str, Action, int]], is_known: bool, kind: int) -> None:  # noqa: FBT001 - drawn
    one = [*every_kind()][kind]
    one.is_admin, one.is_known = False, is_known
    before = one.room
    for what, first, second in doing:
        if what == "press":
            answer = one.presses(first, second)
        elif what == "type":
            one.held = replace(one.held, room=GROUP, asked_room=first)
            answer = one.says(str(second))
        elif what == "command":
            one.held = replace(one.held, room=GROUP)
            answer = one.commands(f"{first} {second}")
        else:
            one.held = replace(one.held, room=GROUP, asked_room=first)
            answer = one.picks(moderators() if second else None)
        assert not [fact for fact in answer.facts if isinstance(fact, RoomChange | RoomLeft)]
        assert not [reply for reply in answer.replies if reply.to]
        assert "Evening" not in said(answer)
    assert one.room == before


@given(st.lists(does, max_size=6), st.integers(0, 10))
@settings(max_examples=150)
def test_an_admin_changes_this_room_alone_and_the_panel_keeps_to_its_bounds(
    doing: list[tuple[str, Action, int]], kind: int
) -> None:
    one = [*every_kind()][kind]
    for what, first, second in doing:
        match what:
            case "press":
                one.presses(first, second)
            case "type":
                one.held = replace(one.held, room=GROUP, asked_room=first)
                one.says(str(second))
            case "pick":
                one.held = replace(one.held, room=GROUP, asked_room=first)
                one.picks(moderators() if second else None)
            case _:
                one.commands(f"{first} {second}")
    room = one.room or ON
    assert HOUR <= room.pause <= 30 * DAY
    assert room.tidy == 0 or 10 * MINUTE <= room.tidy <= 40 * HOUR
    assert room.held_until <= NOW + 90 * DAY
    assert room.alerts in {0, ALERTS}
    assert room.circle.minute in range(24 * 60)


def test_button_of_a_room_that_is_not_known_is_never_followed_for_another() -> None:
    one = Admin(held=Held(room=GROUP))
    for action in sorted(ROOM_ACTIONS):
        answer = one.presses(action, 1, ref=REF + 1)
        assert (lines(answer), answer.facts) == ([Line.ROOM_WHICH], ())
    assert not one.left


def test_every_button_of_the_panel_brings_its_room_and_no_walk() -> None:
    for decision in said_of_rooms():
        for reply in decision.replies:
            acts = {button.action for row in reply.buttons for button in row} & ROOM_ACTIONS
            if acts and not reply.to and not reply.is_keyboard and Line.SETTINGS not in reply.keys:
                assert reply.state == marked(REF)


def test_in_an_emergency_the_number_comes_first(admin: Admin) -> None:
    admin.says("i took all the pills an hour ago")
    for answer in (admin.comes(), admin.presses(Action.ROOM_PAUSE, 1), admin.picks(), admin.commands("hold 3d")):
        assert lines(answer)[0] is Line.CARD_AGAIN_NOW
        assert answer.facts == ()


def test_danger_is_read_in_what_is_typed_to_the_panel(admin: Admin) -> None:
    admin.taps("Pause")
    assert lines(admin.says("i want to die"))[0] is Line.CARD_OWN


def test_walk_under_way_stays_where_it_is(admin: Admin) -> None:
    walking = State(walk=5, step=Step.KIND)
    admin.held = replace(admin.held, state=walking)
    for answer in (admin.presses(Action.ROOM_PAUSE, 0), admin.says("12h"), admin.comes()):
        assert answer.held.state == walking
    assert admin.now.pause == 12 * HOUR


# --- Which one ----------------------------------------------------------------------------------------------------


def test_settings_in_private_ask_which_with_the_keyboard_of_telegram() -> None:
    one = Admin()
    assert words_of(one.commands("settings"))[:2] == ["A group's settings", "A channel's settings"]
    for words, key in (("A group's settings", 0), ("A channel's settings", 1)):
        button = next(one for one in one.shown if PROMPTS.label(one) == words)
        asked = Admin().presses(button.action, button.value, ref=0)
        (reply,) = asked.replies
        assert reply.keys == (Line.ROOM_WHICH,)
        assert [each.value for each in reply.buttons[0]] == [key]
        assert reply.is_keyboard


def test_ways_to_add_it_are_shown_at_the_beginning_and_at_the_settings() -> None:
    for command, added in (("start", [0]), ("settings", [0, 1])):
        shown = buttons(Admin().commands(command))
        assert [button.value for button in shown if button.action is Action.ADD] == added


def test_stop_is_a_stop_whatever_the_panel_has_asked(admin: Admin) -> None:
    for opens in ("Noticing", "Pause", "Let it rest", "Practice days", "Send it away"):
        admin.held = replace(admin.held, state=State(walk=5, step=Step.KIND))
        admin.taps(opens)
        assert lines(admin.says("stop")) == [Line.STOPPED]
        admin.comes()
    assert admin.room == ON


def test_picked_room_closes_the_keyboard_and_shows_the_panel() -> None:
    found = Admin().picks()
    assert lines(found) == [Line.ROOM_PICKED, Line.ROOM_PANEL, Line.ROOM_NO_CIRCLE]
    assert found.replies[0].closes_keyboard
    refused = Admin(is_admin=False).picks()
    assert lines(refused) == [Line.ROOM_NOT_ADMIN]
    assert refused.replies[0].closes_keyboard


def test_command_waits_for_the_room_that_it_is_about() -> None:
    one = Admin()
    assert lines(one.commands("hold")) == [Line.ROOM_WHICH]
    assert lines(one.picks()) == [Line.ROOM_PICKED, Line.ROOM_HOLD_ASK]
    assert lines(one.says("3d"))[0] is Line.ROOM_IS_SET
    assert one.now.held_until == NOW + 3 * DAY


def test_never_mind_closes_the_keyboard() -> None:
    one = Admin()
    one.commands("hold")
    answer = one.says("Never mind")
    assert lines(answer) == [Line.ROOM_KEPT]
    assert answer.replies[0].closes_keyboard


@pytest.mark.parametrize(
    ("title", "shown"),
    [("<b>*x*</b> _y_ [z](t.me)", "<b>*x*</b> _y_ [z](t.me)"), ("a\u202eb\nc\x00", "ab c"), ("\u200b", "this group")],
)
def test_title_with_markup_or_control_signs_is_shown_as_text(title: str, shown: str) -> None:
    one = Admin(replace(ON, title=""), There(GROUP, REF, title))
    assert shown in said(one.comes())
    one.presses(Action.ROOM_PAUSE, 1)
    assert one.now.title == ("" if shown == "this group" else shown)


# --- Before it is on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("standing", "line"), [(Standing(), Line.ROOM_HEARS_SOME), (READS_ALL, Line.ROOM_HEARS_ALL)])
def test_before_the_yes_it_is_told_what_telegram_hands_it(standing: Standing, line: Line) -> None:
    shown = Admin(None, replace(Admin().there, standing=standing)).comes()
    assert lines(shown) == [Line.ROOM_INTRO, line, Line.ROOM_KEEPS]
    assert words_of(shown) == ["Turn it on there"]
    assert shown.facts == ()


@pytest.mark.parametrize("action", sorted(ROOM_ACTIONS))
def test_nothing_is_set_before_the_yes(action: Action) -> None:
    one = Admin(None)
    one.presses(action, 1)
    assert one.room is None


@pytest.mark.parametrize("words", [None, "Yes", "on", "Turn it on there"])
def test_the_yes_turns_it_on_and_posts_what_it_reads(words: str | None) -> None:
    one = Admin(None)
    one.comes()
    done = one.taps("Turn it on") if words is None else one.says(words)
    assert lines(done)[0] in {Line.ROOM_PANEL, Line.ROOM_IS_SET}
    assert one.now == Room(GROUP, "Evening group", is_on=True, seed=9)
    card = card_of(done)
    assert (card.keys, card.to, card.stays) == ((Line.GROUP_CARD_MENTIONS,), GROUP, True)
    assert [[(each.action, each.value) for each in row] for row in card.buttons] == [[(Action.DOOR, Door.TALK)]]
    assert card.instead is not None
    assert card.instead.keys == (Line.ROOM_CARD_LOST,)


def test_a_no_keeps_nothing() -> None:
    one = Admin(None)
    one.comes()
    assert lines(one.says("no")) == [Line.ROOM_KEPT]
    assert one.room is None


def test_second_yes_posts_nothing_again() -> None:
    one = Admin(None)
    one.comes()
    one.taps("Turn it on")
    again = one.taps("Turn it on")
    assert (again.facts, [reply for reply in again.replies if reply.to]) == ((), [])


def test_channel_is_turned_on_without_a_card() -> None:
    one = Admin(None, replace(Admin().there, is_channel=True))
    assert lines(one.comes()) == [Line.ROOM_CHANNEL, Line.ROOM_KEEPS]
    done = one.taps("Turn it on")
    assert [reply for reply in done.replies if reply.to] == []
    assert (one.now.is_on, one.now.is_channel) == (True, True)


def test_turned_off_all_stays_as_it_was_set(admin: Admin) -> None:
    admin.room = replace(ON, pause=HOUR)
    off = admin.taps("Turn it off")
    assert lines(off)[0] is Line.ROOM_TURNED_OFF
    assert (admin.now.is_on, admin.now.pause) == (False, HOUR)
    admin.taps("Turn it on")
    assert (admin.now.is_on, admin.now.pause) == (True, HOUR)


@pytest.mark.parametrize(("is_channel", "value"), [(False, 0), (True, 1)])
def test_where_the_bot_is_not_in_it_the_way_to_add_it_is_shown(is_channel: bool, value: int) -> None:  # noqa: FBT001
    there = replace(Admin().there, is_channel=is_channel, standing=Standing(is_in=False))
    one = Admin(None, there)
    shown = one.comes()
    assert lines(shown) == [Line.ROOM_OUT]
    assert [(button.action, button.value) for button in buttons(shown)] == [(Action.ADD, value)]
    assert one.presses(Action.ROOM_ON).facts == ()


# --- Noticing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "noticing"),
    [
        ("off", Noticing.OFF),
        ("no", Noticing.OFF),
        ("Mention only", Noticing.MENTIONS),
        ("members who agreed", Noticing.MEMBERS),
    ],
)
@pytest.mark.parametrize("is_tap", [True, False])
def test_noticing_is_set_and_the_group_is_told(words: str, noticing: Noticing, is_tap: bool) -> None:  # noqa: FBT001
    one = Admin(replace(ON, noticing=Noticing.MEMBERS if noticing is Noticing.MENTIONS else Noticing.MENTIONS))
    one.comes()
    assert lines(one.taps("Noticing")) == [Line.ROOM_NOTICING_ASK, Line.ROOM_HEARS_SOME]
    done = one.presses(Action.ROOM_NOTICING, [*Noticing].index(noticing) + 1) if is_tap else one.says(words)
    assert one.now.noticing is noticing
    card = card_of(done)
    assert card.keys == (Line(f"group.card.{noticing}"),)
    doors = [each.value for row in card.buttons for each in row]
    assert doors == ([Door.TALK, Door.NOTICE] if noticing is Noticing.MEMBERS else [Door.TALK])


def test_on_is_the_less_that_may_be_read() -> None:
    one = Admin(replace(ON, noticing=Noticing.OFF))
    one.comes()
    one.taps("Noticing")
    one.says("on")
    assert one.now.noticing is Noticing.MENTIONS


@pytest.mark.parametrize(
    ("standing", "line"), [(Standing(), Line.ROOM_MEMBERS_HOW), (READS_ALL, Line.ROOM_MEMBERS_NOW)]
)
def test_noticing_members_says_what_it_needs_and_whether_it_is_so(standing: Standing, line: Line) -> None:
    one = Admin(ON, replace(Admin().there, standing=standing))
    one.comes()
    done = one.presses(Action.ROOM_NOTICING, 3)
    waits = not standing.reads_all
    assert line in lines(done)
    assert (Line.ROOM_WAITS in lines(done)) is waits
    assert ((Action.ADD, 2) in [(each.action, each.value) for each in buttons(done)]) is waits
    again = one.presses(Action.ROOM_NOTICING, 3)
    assert (again.facts, [reply for reply in again.replies if reply.to]) == ((), [])
    assert line in lines(again)


def test_card_goes_to_the_topic_and_tells_of_alerts() -> None:
    one = Admin(replace(ON, topic=5, alerts=ALERTS))
    card = card_of(one.presses(Action.ROOM_NOTICING, 1))
    assert (card.keys, card.thread) == ((Line.GROUP_CARD_OFF, Line.GROUP_CARD_ALERTS), 5)


# --- Lengths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words", "length"),
    [
        (1, "12h", 12 * HOUR),
        (2, "a day", DAY),
        (4, "1 week", 7 * DAY),
        (0, "36 hours", 36 * HOUR),
        (0, "30d", 30 * DAY),
    ],
)
def test_pause_is_tapped_or_typed(value: int, words: str, length: int) -> None:
    for answer in filter(None, (value, words)):
        one = Admin(replace(ON, pause=5 * DAY))
        one.comes()
        assert lines(one.taps("Pause")) == [Line.ROOM_PAUSE_ASK]
        if isinstance(answer, int):
            assert one.presses(Action.ROOM_PAUSE, answer).replies[0].in_place
        else:
            assert lines(one.says(words))[:2] == [Line.ROOM_IS_SET, Line.ROOM_PANEL]
        assert one.now.pause == length


@pytest.mark.parametrize(
    ("value", "words", "length"),
    [(1, "1h", HOUR), (2, "12 hours", 12 * HOUR), (4, "40h", 40 * HOUR), (5, "never", 0), (3, "on", 24 * HOUR)],
)
def test_tidying_is_tapped_or_typed(value: int, words: str, length: int) -> None:
    for answer in (value, words, "off" if not length else words):
        one = Admin(replace(ON, tidy=2 * HOUR))
        one.comes()
        assert lines(one.taps("Own answers")) == [Line.ROOM_TIDY_ASK]
        _ = one.presses(Action.ROOM_TIDY, answer) if isinstance(answer, int) else one.says(answer)
        assert one.now.tidy == length


@pytest.mark.parametrize(("value", "words", "length"), [(24, "on", DAY), (72, "3d", 3 * DAY), (168, "a week", 7 * DAY)])
def test_rest_is_tapped_or_typed_and_ends(value: int, words: str, length: int) -> None:
    for answer in (value, words):
        one = Admin(replace(ON, circle=LISBON))
        one.comes()
        assert lines(one.taps("Let it rest")) == [Line.ROOM_HOLD_ASK]
        done = one.presses(Action.ROOM_HOLD, answer) if isinstance(answer, int) else one.says(answer)
        assert one.now.held_until == NOW + length
        assert Line.ROOM_HELD in lines(done)
        assert Line.ROOM_NEXT in lines(one.taps("End the rest"))
        assert one.now.held_until == 0


def test_commands_hold_and_release_in_private(admin: Admin) -> None:
    assert Line.ROOM_HELD in lines(admin.commands("hold 12h"))
    assert admin.now.held_until == NOW + 12 * HOUR
    assert lines(admin.commands("hold blue")) == [Line.ROOM_HOLD_WRONG]
    assert lines(admin.commands("hold")) == [Line.ROOM_HOLD_ASK]
    admin.says("off")
    assert admin.now.held_until == 0
    admin.commands("hold 3d")
    admin.commands("release")
    assert admin.now.held_until == 0


def test_rest_says_until_when_by_the_clock_of_the_group(admin: Admin) -> None:
    assert "Tuesday 22 September, 14:30, UTC" in said(admin.commands("hold 1d"))
    admin.room = replace(ON, circle=LISBON)
    assert "Tuesday 22 September, 15:30, Lisbon" in said(admin.commands("hold 1d"))


# --- The circle ---------------------------------------------------------------------------------------------------


def test_days_are_tapped_one_by_one_and_then_the_zone_is_asked_for(admin: Admin) -> None:
    admin.taps("Practice days")
    assert admin.taps("Sat").replies[0].in_place
    assert admin.now.circle.days == {5}
    admin.taps("Mon")
    assert admin.now.circle.days == {0, 5}
    admin.taps("Sat: on")
    assert admin.now.circle.days == {0}
    assert lines(admin.taps("Every day")) == [Line.ROOM_ZONE_ASK]
    assert lines(admin.says("Lisbon")) == [Line.ROOM_IS_SET, Line.ROOM_PANEL, Line.ROOM_NEXT]
    assert admin.now.circle == Schedule(18 * 60, frozenset(range(7)), "Europe/Lisbon", 0, 0)
    assert admin.now.due_at == NOW + 150 * MINUTE
    admin.taps("Practice days")
    assert Line.ROOM_NO_CIRCLE in lines(admin.taps("No practice"))
    assert (admin.now.circle.days, admin.now.due_at) == (frozenset(), 0)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("mon thu", {0, 3}),
        ("weekends", {5, 6}),
        ("once a week", {0}),
        ("on", {0}),
        ("every day", set(range(7))),
        ("none", set()),
        ("off", set()),
        ("no", set()),
    ],
)
def test_days_are_typed(words: str, days: set[int]) -> None:
    one = Admin(replace(ON, circle=replace(LISBON, days=frozenset({5}) if not days else frozenset())))
    one.comes()
    one.taps("Practice days")
    one.says(words)
    assert one.now.circle.days == days


def test_time_is_tapped_or_typed(admin: Admin) -> None:
    assert lines(admin.taps("Practice time")) == [Line.ROOM_TIME_ASK]
    admin.taps("20:00")
    assert admin.now.circle.minute == 20 * 60
    admin.taps("Practice time")
    admin.says("half past eight pm")
    assert admin.now.circle.minute == 20 * 60 + 30


@pytest.mark.parametrize("opens", ["Practice days", "Practice time", "Time zone", None])
def test_all_of_the_circle_is_typed_in_one_line(admin: Admin, opens: str | None) -> None:
    if opens is not None:
        admin.taps(opens)
    done = admin.says("sat 18:15 Lisbon")
    assert lines(done) == [Line.ROOM_IS_SET, Line.ROOM_PANEL, Line.ROOM_NEXT]
    assert "Saturday 18:15, Lisbon" in said(done)
    assert admin.now.circle == replace(LISBON, minute=18 * 60 + 15)


def test_country_with_several_zones_asks_which(admin: Admin) -> None:
    admin.taps("Time zone")
    asked = admin.says("United States")
    assert lines(asked) == [Line.ROOM_ZONE_WHICH]
    assert asked.facts == ()
    assert Label.SHARE_LOCATION not in [button.label for button in buttons(asked)]
    admin.taps("New York")
    assert admin.now.circle.zone == "America/New_York"


def test_several_zones_in_one_line_keep_the_rest_of_it(admin: Admin) -> None:
    assert lines(admin.says("sat 18:00 United States")) == [Line.ROOM_ZONE_WHICH]
    admin.says("Chicago")
    assert admin.now.circle == replace(LISBON, zone="America/Chicago")


# --- Topic, alerts, countries, language ---------------------------------------------------------------------------


def test_topic_is_told_how_and_taken_away() -> None:
    one = Admin(replace(ON, topic=5))
    one.comes()
    assert lines(one.taps("Topic")) == [Line.ROOM_TOPIC_ASK]
    one.taps("Take it away")
    assert one.now.topic == 0
    one.room = replace(ON, topic=5)
    one.commands("topic")
    one.says("off")
    assert one.now.topic == 0


def test_alerts_explain_what_they_are_and_pick_another_group(admin: Admin) -> None:
    asked = admin.taps("Chat for alerts")
    assert lines(asked) == [Line.ROOM_ALERTS_ASK, Line.ROOM_ALERTS_PICK]
    assert asked.replies[1].is_keyboard
    done = admin.picks(moderators())
    assert lines(done)[0] is Line.ROOM_ALERTS_SET
    assert admin.now.alerts == ALERTS
    assert card_of(done).keys == (Line.GROUP_CARD_MENTIONS, Line.GROUP_CARD_ALERTS)
    admin.taps("Chat for alerts")
    admin.taps("Take it away")
    assert admin.now.alerts == 0


@pytest.mark.parametrize(
    "picked",
    [
        moderators(is_admin=False),
        moderators(is_in=False),
        moderators(may_write=False),
        moderators(is_channel=True),
        replace(moderators(), chat=GROUP),
        replace(moderators(), standing=None),
    ],
)
def test_alerts_go_only_to_another_group_of_this_admin_where_the_bot_may_write(admin: Admin, picked: There) -> None:
    admin.taps("Chat for alerts")
    refused = admin.picks(picked)
    assert (lines(refused)[0], refused.facts) == (Line.ROOM_ALERTS_WRONG, ())


def test_alerts_need_rights_in_the_group_itself_too(admin: Admin) -> None:
    admin.taps("Chat for alerts")
    admin.is_admin = False
    refused = admin.picks(moderators())
    assert (lines(refused), refused.facts) == ([Line.ROOM_NOT_ADMIN], ())


def test_alerts_where_the_other_group_is_not_known_change_nothing(admin: Admin) -> None:
    admin.taps("Chat for alerts")
    assert lines(admin.picks(moderators(is_known=False))) == [Line.ROOM_UNKNOWN]
    assert admin.now.alerts == 0


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Portugal", ("PT",)),
        ("Kenya, portugal", ("KE", "PT")),
        ("Kenya and Portugal, Kenya", ("KE", "PT")),
        ("none", ()),
        ("off", ()),
    ],
)
def test_countries_are_typed(words: str, codes: tuple[str, ...]) -> None:
    one = Admin(replace(ON, countries=("US",)))
    one.comes()
    assert lines(one.taps("Helplines of")) == [Line.ROOM_COUNTRIES_ASK]
    one.says(words)
    assert one.now.countries == codes


def test_countries_are_taken_away_by_a_tap() -> None:
    one = Admin(replace(ON, countries=("US", "KE", "PT")))
    assert "Helplines of: 3 countries" in words_of(one.comes())
    one.taps("Helplines of")
    one.taps("Take it away")
    assert one.now.countries == ()


def test_language_says_that_there_is_one(admin: Admin) -> None:
    assert lines(admin.taps("Language")) == [Line.ROOM_LANGUAGE]
    assert lines(admin.taps("Back")) == [Line.ROOM_PANEL, Line.ROOM_NO_CIRCLE]


# --- Totals, and the end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["tap", "command", "link"])
def test_totals_of_the_week_are_for_admins(way: str) -> None:
    one = Admin(there=replace(Admin().there, week=Week(12, None, is_whole=True)))
    one.comes()

    def asks() -> Decision:
        if way == "link":
            return one.comes(Door.PULSE)
        return one.taps("Weekly totals") if way == "tap" else one.commands("pulse")

    shown = asks()
    assert lines(shown) == [Line.PULSE, Line.PULSE_OFFERS, Line.PULSE_JOINS_FEW]
    assert "12" in said(shown)
    one.is_admin = False
    assert lines(asks()) == [Line.ROOM_NOT_ADMIN]


@pytest.mark.parametrize("words", [None, "yes", "Yes, leave and delete all"])
def test_leaving_takes_two_taps_and_deletes_all(admin: Admin, words: str | None) -> None:
    asked = admin.taps("Send it away")
    assert (lines(asked), asked.facts) == ([Line.ROOM_LEAVE_ASK], ())
    done = admin.taps("Yes, leave") if words is None else admin.says(words)
    assert lines(done) == [Line.ROOM_LEFT]
    assert done.facts == (RoomLeft(GROUP),)
    assert done.held.room == 0


def test_leaving_is_not_done_at_a_no_or_at_anything_else(admin: Admin) -> None:
    for words in ("no", "hello there", "1d"):
        admin.commands("leave")
        assert admin.says(words).facts == ()
    assert lines(admin.says("yes")) != [Line.ROOM_LEFT]  # asked about no more
    assert not admin.left


# --- Wrong answers, and other words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opens", "words", "line"),
    [
        ("Noticing", "blue", Line.ROOM_NOTICING_ASK),
        ("Pause", "5m", Line.ROOM_PAUSE_WRONG),
        ("Pause", "31d", Line.ROOM_PAUSE_WRONG),
        ("Pause", "blue", Line.ROOM_PAUSE_WRONG),
        ("Own answers", "41h", Line.ROOM_TIDY_WRONG),
        ("Own answers", "5m", Line.ROOM_TIDY_WRONG),
        ("Let it rest", "91d", Line.ROOM_HOLD_WRONG),
        ("Let it rest", "30m", Line.ROOM_HOLD_WRONG),
        ("Practice days", "someday", Line.ROOM_DAYS_WRONG),
        ("Practice time", "25:00", Line.ROOM_TIME_WRONG),
        ("Practice time", "teatime", Line.ROOM_TIME_WRONG),
        ("Time zone", "Narnia", Line.ROOM_ZONE_WRONG),
        ("Helplines of", "Kenya, Narnia", Line.ROOM_COUNTRIES_WRONG),
    ],
)
def test_wrong_answer_is_told_with_an_example_and_changes_nothing(
    admin: Admin, opens: str, words: str, line: Line
) -> None:
    admin.taps(opens)
    answer = admin.says(words)
    assert (lines(answer), answer.facts) == ([line], ())
    assert admin.room == ON
    assert answer.held.asked_room is not None  # so that it can be tried again


def test_country_that_is_not_known_is_named(admin: Admin) -> None:
    admin.taps("Helplines of")
    assert "“Narnia”" in said(admin.says("Kenya, Narnia"))


def test_words_about_something_else_go_on_to_be_noticed(admin: Admin) -> None:
    admin.taps("Pause")
    answer = admin.says("i saw the fire on the news and i cant stop seeing those faces")
    assert answer.held.state.step in {Step.ARRIVE, Step.ASK}
    assert answer.held.asked_room is None


def test_answer_counts_only_while_the_panel_was_said_last(admin: Admin) -> None:
    admin.taps("Pause")
    admin.commands("help")
    admin.says("12h")
    assert admin.room == ON


def test_words_of_a_button_open_it(admin: Admin) -> None:
    for words, line in (
        ("noticing", Line.ROOM_NOTICING_ASK),
        ("Time zone", Line.ROOM_ZONE_ASK),
        ("language", Line.ROOM_LANGUAGE),
        ("back to the settings", Line.ROOM_PANEL),
        ("send it away", Line.ROOM_LEAVE_ASK),
    ):
        assert lines(admin.says(words))[0] is line
    assert admin.room == ON


# --- What is said -------------------------------------------------------------------------------------------------


def test_messages_of_the_panel_keep_to_their_length_in_every_wording() -> None:
    replies = {PROMPTS.text(reply): reply for decision in said_of_rooms() for reply in decision.replies}.values()
    assert {Line.ROOM_PANEL, Line.ROOM_LEAVE_ASK} <= {key for reply in replies for key in reply.keys}
    for reply in replies:
        if reply.keys[0] in {Line.CARD_AGAIN_NOW, Line.PRIVACY_KEPT}:
            continue
        for pick in range(2):
            text = PROMPTS.text(replace(reply, picks=(pick,) * len(reply.keys)))
            assert len(text.split()) <= MOST_WORDS, text
            assert "{" not in text


def test_words_on_buttons_are_short() -> None:
    shown: set[Button] = {button for decision in said_of_rooms() for button in buttons(decision)}
    assert {PROMPTS.label(button) for button in shown if len(PROMPTS.label(button)) > 40} == set()


def test_card_names_nobody_and_is_the_same_for_all() -> None:
    cards = [reply for decision in said_of_rooms() for reply in decision.replies if reply.to]
    assert {reply.to for reply in cards} == {GROUP}
    assert not any(reply.slots or reply.state for reply in cards)
    assert [problem for reply in cards for problem in line_problems(PROMPTS.text(reply))] == []
