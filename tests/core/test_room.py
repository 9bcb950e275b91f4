import unicodedata
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.facts import RoomChange
from bot.core.gap import DAY
from bot.core.kept import Noticing, Room
from bot.core.lines import Label
from bot.core.model import Action, Door, Held, Incoming, Kind, Opened, Refused, There, Where
from bot.core.room import (
    HOLDS,
    HOUR,
    IN_A_GROUP,
    IN_PRIVATE,
    MINUTE,
    ROOM_ACTIONS,
    TIDIES,
    changed,
    length_of,
    marked,
    needs_rights,
    picks_alerts,
    plain_title,
    ref_of,
    title_of,
)
from bot.core.state import State
from tests.core.rooms import ALERTS, CONTENT, GROUP, LISBON, NOW, ON

SATURDAY = NOW + 5 * DAY + 150 * MINUTE
"""The next one at 18:00 in Lisbon."""


def after(room: Room | None, change: RoomChange, at: int = NOW) -> Room:
    return changed(room, change, at=at, zones=CONTENT.zones, seed=9)


# --- What is kept ---------------------------------------------------------------------------------------------------


def test_changed_begins_a_room_with_a_seed_of_its_own() -> None:
    room = after(None, RoomChange(GROUP, is_on=True))
    assert room == Room(GROUP, is_on=True, seed=9)


def test_changed_applies_what_is_said_and_nothing_else() -> None:
    change = RoomChange(GROUP, noticing=Noticing.OFF, pause=HOUR, tidy=0, countries=(), title="Other", topic=3)
    before = replace(ON, countries=("KE",), tidy=HOUR)
    wanted = replace(ON, noticing=Noticing.OFF, pause=HOUR, tidy=0, countries=(), title="Other", topic=3)
    assert after(before, change) == wanted


def test_changed_takes_every_field_of_a_change() -> None:
    assert {each.name for each in fields(RoomChange)} <= {each.name for each in fields(Room)}


def test_changed_says_when_the_next_circle_comes() -> None:
    room = after(ON, RoomChange(GROUP, circle=LISBON))
    assert room.due_at == SATURDAY
    assert after(room, RoomChange(GROUP, held_until=SATURDAY + 1)).due_at == SATURDAY + 7 * DAY
    assert after(room, RoomChange(GROUP, is_on=False)).due_at == 0
    assert after(room, RoomChange(GROUP, may_write=False)).due_at == 0
    gone = after(room, RoomChange(GROUP, gone_at=NOW))
    assert gone.due_at == 0
    assert after(gone, RoomChange(GROUP, gone_at=0)).due_at == SATURDAY


def test_changed_leaves_a_circle_that_is_due_alone_where_something_else_changes() -> None:
    due = replace(ON, circle=LISBON, due_at=SATURDAY)
    assert after(due, RoomChange(GROUP, pause=HOUR), at=SATURDAY + 5).due_at == SATURDAY
    assert after(due, RoomChange(GROUP, title="Other"), at=SATURDAY + 5).due_at == SATURDAY


@pytest.mark.parametrize(
    ("text", "bounds", "length"),
    [
        ("10m", TIDIES, 10 * MINUTE),
        ("9m", TIDIES, None),
        ("40h", TIDIES, 40 * HOUR),
        ("41h", TIDIES, None),
        ("2 weeks", HOLDS, 14 * DAY),
        ("90d", HOLDS, 90 * DAY),
        ("91d", HOLDS, None),
        ("30m", HOLDS, None),
        ("an hour", HOLDS, HOUR),
        ("soon", HOLDS, None),
    ],
)
def test_length_is_read_within_its_bounds(text: str, bounds: tuple[int, int], length: int | None) -> None:
    assert length_of(text, bounds, CONTENT.times) == length


# --- What it is called ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Evening group", "Evening group"),
        ("  two\n\nlines\t and\u00a0more ", "two lines and more"),
        ("\u202egroup\u202c \u200b\u200dnamed\ufeff", "group named"),
        ("*bold* [link](https://example.org) <b>&amp;</b>", "*bold* [link](https://example.org) <b>&a"),
        ("a\x00b\x1bc", "a b c"),
        ("{title} %s", "{title} %s"),
        ("x" * 60, "x" * 40),
        ("Grüße 你好 🌧", "Grüße 你好 🌧"),
    ],
)
def test_title_is_text_on_one_line(text: str, title: str) -> None:
    assert title_of(text) == title


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u202e", "\u3164\u2800"])
def test_title_that_shows_nothing_has_a_word_in_its_place(text: str) -> None:
    assert title_of(text) is Label.ROOM_UNNAMED


@given(st.text(max_size=80))
def test_title_of_any_signs_is_short_and_seen(text: str) -> None:
    title = plain_title(text)
    assert len(title) <= 40
    assert title == plain_title(title)
    assert not {unicodedata.category(sign) for sign in title} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


# --- Which is meant, and who may ------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
def test_button_brings_the_room_that_it_was_marked_with(ref: int) -> None:
    assert ref_of(marked(ref)) == ref
    assert 0 <= marked(ref).walk < 2**24


def came(where: Where, kind: Kind, **what: object) -> Incoming:
    return replace(Incoming(1, where, kind, NOW), **what)  # type: ignore[arg-type]


TALKS = Held(room=GROUP, asked_room=Action.ROOM_PAUSE)


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("action", Action)
def test_rights_are_asked_for_each_press_of_a_button_for_admins(where: Where, action: Action) -> None:
    pressed = Opened(State(), action, 0)
    assert needs_rights(came(where, Kind.PRESS, pressed=pressed), Held()) is (action in ROOM_ACTIONS)


@pytest.mark.parametrize("door", Door)
def test_rights_are_asked_at_the_doors_for_admins(door: Door) -> None:
    pressed = Opened(State(), Action.DOOR, door)
    assert needs_rights(came(Where.GROUP, Kind.PRESS, pressed=pressed), Held()) is door.is_for_admins
    opened = came(Where.PRIVATE, Kind.COMMAND, command="start", there=There(GROUP, door=door))
    assert needs_rights(opened, Held()) is door.is_for_admins


def test_rights_are_asked_for_the_commands_of_admins() -> None:
    for command in IN_A_GROUP:
        assert needs_rights(came(Where.GROUP, Kind.COMMAND, command=command), Held())
        assert not needs_rights(came(Where.GROUP, Kind.COMMAND, command=command, addressed=False), Held())
    for command in IN_PRIVATE:
        assert needs_rights(came(Where.PRIVATE, Kind.COMMAND, command=command), TALKS)
        assert not needs_rights(came(Where.PRIVATE, Kind.COMMAND, command=command), Held())
    for where in (Where.GROUP, Where.PRIVATE):
        assert not needs_rights(came(where, Kind.COMMAND, command="walk"), TALKS)


def test_rights_are_asked_for_what_may_answer_the_panel_and_for_a_room_that_was_picked() -> None:
    assert needs_rights(came(Where.PRIVATE, Kind.ROOM), Held())
    assert needs_rights(came(Where.PRIVATE, Kind.TEXT, text="12h"), TALKS)


@pytest.mark.parametrize(
    "incoming",
    [
        came(Where.PRIVATE, Kind.TEXT, text="word " * 50),
        came(Where.GROUP, Kind.TEXT, text="12h"),
        came(Where.PRIVATE, Kind.MEDIA),
        came(Where.PRIVATE, Kind.PRESS, pressed=Refused.EXPIRED),
        came(Where.GROUP, Kind.STANDING),
    ],
)
def test_rights_are_asked_for_nothing_else(incoming: Incoming) -> None:
    assert not needs_rights(incoming, TALKS)


def test_rights_are_not_asked_for_words_where_the_panel_asked_for_nothing() -> None:
    assert not needs_rights(came(Where.PRIVATE, Kind.TEXT, text="12h"), Held(room=GROUP))


def test_picked_group_is_for_alerts_where_those_were_asked_for() -> None:
    picked = came(Where.PRIVATE, Kind.ROOM, there=There(ALERTS))
    assert picks_alerts(picked, Held(room=GROUP, asked_room=Action.ROOM_ALERTS))
    assert not picks_alerts(picked, Held(room=GROUP, asked_room=Action.ROOM_PANEL))
    assert not picks_alerts(picked, Held(asked_room=Action.ROOM_ALERTS))
