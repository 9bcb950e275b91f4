"""An admin who sets up a group or channel in private, as the shell brings their messages to the core."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from bot.core.decide import decide
from bot.core.facts import RoomChange, RoomLeft
from bot.core.kept import Noticing, Room, Schedule
from bot.core.model import Action, Button, Decision, Door, Held, Incoming, Kind, Opened, Standing, There, Where
from bot.core.pulse import Week
from bot.core.room import ROOM_ACTIONS, changed, marked, needs_rights, picks_alerts
from bot.core.state import State
from tests.person import PROMPTS, buttons

CONTENT: Final = PROMPTS.content
NOW: Final = int(dt.datetime(2026, 9, 21, 14, 30, tzinfo=dt.UTC).timestamp())
"""A Monday, when it is 15:30 in Lisbon."""
GROUP: Final = -1_000_000_000_007
ALERTS: Final = -1_000_000_000_009
REF: Final = 0xA1B2C3D4
ADMIN: Final = 7_071_067_811
ON: Final = Room(GROUP, "Evening group", is_on=True)
LISBON: Final = Schedule(minute=18 * 60, days=frozenset({5}), zone="Europe/Lisbon", quiet_from=0, quiet_until=0)


@dataclass
class Admin:
    """Someone in private, with what is kept of one group or channel: a change is applied as the shell does it."""

    room: Room | None = ON
    there: There = field(default_factory=lambda: There(GROUP, REF, "Evening group", standing=Standing()))
    held: Held = field(default_factory=Held)
    is_admin: bool = True
    is_known: bool = True
    left: bool = False
    at: int = NOW
    shown: list[Button] = field(default_factory=list)

    def comes(self, door: Door = Door.SETTINGS) -> Decision:
        """Open the private chat by a link that the group gave."""
        there = replace(self.there, door=door)
        return self._does(Incoming(ADMIN, Where.PRIVATE, Kind.COMMAND, self.at, command="start", there=there))

    def picks(self, picked: There | None = None) -> Decision:
        """Choose a group or channel with the keyboard: this one, unless said otherwise."""
        incoming = Incoming(ADMIN, Where.PRIVATE, Kind.ROOM, self.at, there=self.there)
        return self._does(replace(incoming, picked=picked) if picks_alerts(incoming, self.held) else incoming)

    def says(self, words: str) -> Decision:
        return self._does(Incoming(ADMIN, Where.PRIVATE, Kind.TEXT, self.at, text=words))

    def commands(self, line: str) -> Decision:
        command, _, rest = line.partition(" ")
        return self._does(Incoming(ADMIN, Where.PRIVATE, Kind.COMMAND, self.at, command=command, text=rest))

    def taps(self, words: str) -> Decision:
        """Tap the newest button that begins with these words."""
        button = next(one for one in reversed(self.shown) if PROMPTS.label(one).startswith(words))
        return self.presses(button.action, button.value)

    def presses(self, action: Action, value: int = 0, *, ref: int = REF) -> Decision:
        pressed = Opened(marked(ref), action, value)
        there = self.there if ref == REF else None
        return self._does(Incoming(ADMIN, Where.PRIVATE, Kind.PRESS, self.at, pressed=pressed, there=there))

    def _does(self, incoming: Incoming) -> Decision:
        there = incoming.there or (self.there if self.held.room == GROUP else None)
        incoming = replace(incoming, seed=9)
        if there is not None:
            is_asked = needs_rights(replace(incoming, there=there), self.held)
            there = replace(
                there, room=self.room, is_admin=is_asked and self.is_admin, is_known=not is_asked or self.is_known
            )
        decision = decide(replace(incoming, there=there), self.held, CONTENT)
        self.held = decision.held
        for fact in decision.facts:
            match fact:
                case RoomChange(chat=chat):
                    assert (self.is_admin, self.is_known, chat) == (True, True, GROUP)
                    self.room = changed(self.room, fact, at=self.at, zones=CONTENT.zones, seed=9)
                case RoomLeft(chat=chat):
                    assert (self.is_admin, self.is_known, chat) == (True, True, GROUP)
                    self.room, self.left = None, True
        self.shown += buttons(decision)
        return decision

    @property
    def now(self) -> Room:
        """What is kept of the room."""
        assert self.room is not None
        return self.room


def moderators(**what: bool) -> There:
    """Another group, which was picked for alerts."""
    standing = Standing(is_in=what.pop("is_in", True), may_write=what.pop("may_write", True))
    what = {"is_admin": True, "is_known": True, **what}
    return There(ALERTS, title="Moderators", standing=standing, **what)  # type: ignore[arg-type]


def every_kind() -> Iterator[Admin]:
    """Give admins of groups and channels, on and off, with all set and with nothing set."""
    full = replace(
        ON,
        noticing=Noticing.MEMBERS,
        circle=LISBON,
        topic=5,
        alerts=ALERTS,
        tidy=3600,
        countries=("KE", "PT"),
    )
    plain = There(GROUP, REF, "Evening group", standing=Standing())
    reads = replace(plain, is_forum=True, standing=Standing(is_admin=True, reads_all=True))
    channel = replace(plain, is_channel=True)
    for there, room in (
        (plain, None),
        (reads, None),
        (channel, None),
        (plain, ON),
        (plain, full),
        (
            reads,
            replace(full, tidy=90 * 60, noticing=Noticing.OFF, held_until=NOW + 3600, countries=("KE", "PT", "US")),
        ),
        (replace(plain, title=""), replace(full, circle=replace(LISBON, zone=""), title="")),
        (channel, replace(ON, is_channel=True, circle=LISBON)),
        (replace(plain, standing=Standing(may_write=False)), full),
        (replace(plain, standing=Standing(is_in=False)), full),
        (replace(channel, standing=Standing(is_in=False)), None),
    ):
        yield Admin(room, replace(there, week=Week(12, 30, is_whole=True)))


TYPED: Final = (
    *("12h", "3d", "5m", "2 weeks", "never", "off", "on", "yes", "no", "mon thu", "every day", "18:30", "25:00"),
    *("sat 18:00 Lisbon", "sat 18:00 United States", "Lisbon", "United States", "Narnia", "Portugal, Kenya"),
    *("Kenya, Narnia", "members who agreed", "back to the settings", "never mind", "blue"),
)


_TYPED_TO: Final = (0, 4, 7)
"""Of those kinds: off, all set, and a channel."""


@cache
def said_of_rooms() -> tuple[Decision, ...]:
    """What is answered to every button of the panel, and to all that may be typed after it."""
    return tuple(_said())


def _said() -> Iterator[Decision]:
    for number, admin in enumerate(every_kind()):
        start = admin.room
        for door in Door:
            yield admin.comes(door)
        for action in sorted(ROOM_ACTIONS):
            for value in (0, 1, 2, 3, 7, 8, 10, 24):
                admin.room, admin.held = start, Held()
                yield admin.presses(action, value)
                for words in TYPED if number in _TYPED_TO and admin.held.asked_room is action else ():
                    admin.room, admin.held = start, Held()
                    admin.presses(action, value)
                    yield admin.says(words)
    admin = Admin()
    for command in ("settings", "hold", "release", "leave", "topic", "pulse", "guide"):
        admin.held = Held()
        yield admin.commands(command)
        yield admin.picks()
        yield admin.commands(command)
        yield admin.commands(f"{command} 3d")
        admin.room = ON
    for picked in (moderators(), moderators(is_admin=False), None):
        admin.held, admin.room = Held(room=GROUP, asked_room=Action.ROOM_ALERTS), ON
        yield admin.picks(picked)
    yield Admin(is_admin=False).comes()
    yield Admin(is_known=False).comes()
    yield Admin(held=Held(State(walk=3))).presses(Action.ROOM_HOLD, ref=1)
