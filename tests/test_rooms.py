"""The shell in groups and channels: what it asks, limits, holds in memory and keeps, with no adapter between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from bot.core.circle import message
from bot.core.kept import Noticing, Purpose, Room
from bot.core.lines import Label, Line
from bot.core.link import seal_link
from bot.core.model import Action, Decision, Door, Held, Incoming, Kind, Standing, There, Where
from bot.core.ports import Fate, Sent
from bot.core.room import marked
from bot.core.state import Step
from bot.limits import ALERT_APART, CARD_APART, OF_A_PERSON, OF_A_ROOM
from bot.respond import IDLE, Responder
from bot.rooms import RENEWED_AFTER, TRIED_AFTER, Rooms
from bot.store import StoreError
from bot.store.store import Store
from tests.person import PROMPTS, RING, SEEN, Clock, buttons, lines

GROUP, OTHER_GROUP, MODERATORS, CHANNEL = (-1_000_000_000_000 - number for number in (7, 8, 9, 10))
OLD_GROUP: Final = -77
ADMIN, ANN, BEN = 101, 102, 103
DAY: Final = 24 * 60 * 60
DANGER: Final = "i want to die"
YOUNG: Final = "i am 15 and i cant stop seeing the video of that child dying"
POST: Final = "https://t.me/c/7/42"


@dataclass
class Telegram:
    """What can be asked about groups, as a test has it."""

    of: dict[int, set[int]] = field(default_factory=dict)  # the admins of each
    asked: list[int] = field(default_factory=list)
    is_out: bool = False

    async def admins(self, chat: int) -> frozenset[int] | None:
        self.asked.append(chat)
        return None if self.is_out or chat not in self.of else frozenset(self.of[chat])

    async def look(self, chat: int) -> There | None:
        standing = Standing(is_admin=True, reads_all=True)
        return None if self.is_out else There(chat, title=f"Group {-chat % 100}", standing=standing)


class FailingStore(Store):
    """A store whose methods fail while they are named in `failing`, and whose reading may never end."""

    failing: frozenset[str] = frozenset()
    hangs: bool = False
    meanwhile: Callable[[], Awaitable[object]] | None = None  # what happens within the next reading

    def _perhaps(self, method: str) -> None:
        if method in self.failing:
            raise StoreError("The disk of the data folder is full: make room on it.")

    @override
    async def rooms(self, page: int = 256) -> AsyncIterator[Room]:
        self._perhaps("rooms")
        if self.hangs:
            await asyncio.Event().wait()
        async for room in super().rooms(page):
            yield room

    @override
    async def members(self, chat: int) -> frozenset[int]:
        found = await super().members(chat)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        return found

    @override
    async def revise_room(self, chat: int, revise: Callable[[Room | None], Room]) -> Room:
        self._perhaps("revise_room")
        return await super().revise_room(chat, revise)

    @override
    async def forget_room(self, chat: int, *, at: int) -> None:
        self._perhaps("forget_room")
        await super().forget_room(chat, at=at)

    @override
    async def move_room(self, old: int, new: int, *, at: int) -> None:
        self._perhaps("move_room")
        await super().move_room(old, new, at=at)

    @override
    async def withdraw(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        self._perhaps("withdraw")
        await super().withdraw(person, purpose, at=at, group=group)

    @override
    async def offered(self, person: int, group: int, *, at: int, pause: int) -> bool:
        self._perhaps("offered")
        return await super().offered(person, group, at=at, pause=pause)


@dataclass
class House:
    """The bot, what it keeps, and what Telegram says, with a clock."""

    store: FailingStore
    clock: Clock
    telegram: Telegram
    responder: Responder

    def restarts(self) -> None:
        """Begin with nothing in memory."""
        self.responder = responder_of(self.store, self.clock, self.telegram)

    async def has(self, room: Room, *members: int) -> None:
        """Have a group with what its admins have set, and members who agreed."""
        await self.store.revise_room(room.chat, lambda _: room)
        for person in members:
            await self.store.grant(person, Purpose.GROUP, at=self.clock(), group=room.chat)
        self.telegram.of.setdefault(room.chat, {ADMIN})

    async def kept(self, chat: int = GROUP) -> Room:
        room = await self.store.room(chat)
        assert room is not None
        return room

    async def hears(self, person: int, chat: int = GROUP) -> bool:
        await self.responder.rooms.renew()
        return self.responder.rooms.hears(chat, person)

    # --- who does what ---

    async def says(self, person: int, text: str, *, addressed: bool = True, **there: object) -> Decision:
        """Someone writes in the group, to the bot unless said otherwise."""
        return await self._there(person, Kind.TEXT, text=text, addressed=addressed, **there)

    async def commands(self, person: int, line: str, **there: object) -> Decision:
        command, _, rest = line.partition(" ")
        return await self._there(person, Kind.COMMAND, command=command, text=rest, addressed=True, **there)

    async def presses(self, person: int, payload: str, chat: int = GROUP, *, number: int = 5) -> Decision:
        there = There(chat, title="Evening group", number=number)
        return await self.responder.respond(
            Incoming(person, Where.GROUP, Kind.PRESS, at=0, payload=payload, there=there)
        )

    async def _there(self, person: int, kind: Kind, **more: object) -> Decision:
        message = {name: more.pop(name) for name in ("text", "command", "addressed") if name in more}
        there = replace(There(GROUP, title="Evening group", post=POST), **more)  # type: ignore[arg-type]
        incoming = Incoming(person, Where.GROUP, kind, at=0, there=there)
        return await self.responder.respond(replace(incoming, **message))  # type: ignore[arg-type]

    async def stands(self, person: int, standing: Standing, chat: int = GROUP) -> Decision:
        there = There(chat, title="Evening group", standing=standing)
        return await self.responder.respond(Incoming(person, Where.GROUP, Kind.STANDING, at=0, there=there))

    async def leaves(self, person: int) -> Decision:
        return await self._there(person, Kind.LEFT)

    async def privately(self, person: int, text: str = "", **more: object) -> Decision:
        incoming = Incoming(person, Where.PRIVATE, Kind.TEXT, at=0, text=text)
        return await self.responder.respond(replace(incoming, **more))  # type: ignore[arg-type]

    async def taps(self, person: int, label: Label, decision: Decision) -> Decision:
        """Press a button in private."""
        payload = next(one.payload for one in buttons(decision) if one.label is label)
        return await self.privately(person, kind=Kind.PRESS, payload=payload)

    async def comes(self, person: int, link: str) -> Decision:
        """Open the private chat with a link."""
        return await self.privately(person, link, kind=Kind.COMMAND, command="start")

    async def opens(self, person: int, decision: Decision, chat: int = GROUP) -> Decision:
        """Press the first button of what was said in the group, and come through the door."""
        pressed = await self.presses(person, buttons(decision)[0].payload, chat)
        return await self.comes(person, pressed.link)

    async def panel(self, person: int = ADMIN) -> Decision:
        """Open the settings of the group."""
        return await self.opens(person, await self.commands(person, "settings"))


def responder_of(
    store: Store, clock: Clock, telegram: Telegram, versions: Mapping[Purpose, int] = PROMPTS.content.versions
) -> Responder:
    content = replace(PROMPTS.content, versions=versions)
    return Responder(content, store, RING.buttons, clock=clock, seed=count(1).__next__, directory=telegram)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock, telegram = Clock(), Telegram()
    async with FailingStore.open(tmp_path / "data", RING) as store:
        yield House(store, clock, telegram, responder_of(store, clock, telegram))


ON: Final = Room(GROUP, "Evening group", is_on=True)
READS: Final = replace(ON, noticing=Noticing.MEMBERS)


def in_group(decision: Decision) -> list[Line]:
    """What is said in the group, where all that is for others reaches them."""
    return [line for reply in decision.replies if not reply.to for line in reply.keys]


def to(decision: Decision, chat: int) -> list[Line]:
    """What is said to one person, or in another group."""
    return [line for reply in decision.replies if reply.to == chat for line in reply.keys]


async def goes_out(house: House, decision: Decision, chat: int = GROUP, *, may_tell: bool = False) -> list[Line]:
    """What comes to stand in the group, as an adapter sends it; `may_tell`: the bot may write to people first."""
    said: list[Line] = []
    for reply in decision.replies:
        shown = reply.instead if reply.to > 0 and not may_tell else reply if reply.to in {0, chat} else None
        if shown is not None:
            now = house.responder.rooms.as_of_now(chat, shown)
            await house.responder.rooms.sent(chat, Sent(Fate.ARRIVED, len(said) + 1), now)
            said += now.keys
    return said


# --- who may --------------------------------------------------------------------------------------------------------


async def test_who_the_admins_are_is_asked_for_each_change(house: House) -> None:
    await house.has(ON)
    assert in_group(await house.commands(ADMIN, "hold 3d")) == [Line.ADMIN_HELD]
    assert (await house.kept()).held_until == house.clock() + 3 * DAY
    house.telegram.of[GROUP] = set()
    assert (await house.commands(ADMIN, "release")).replies == ()
    assert (await house.kept()).held_until == house.clock() + 3 * DAY
    assert house.telegram.asked == [GROUP, GROUP]


@pytest.mark.parametrize("line", ["settings", "guide", "pulse", "hold 3d", "release", "topic", "leave"])
async def test_members_who_use_an_admins_command_meet_silence(house: House, line: str) -> None:
    await house.has(replace(ON, held_until=house.clock() + DAY))
    before = await house.kept()
    assert await house.commands(ANN, line) == Decision(Held())
    assert await house.kept() == before


async def test_panel_changes_nothing_once_rights_are_lost(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    house.telegram.of[GROUP] = {BEN}
    for label in (Label.ROOM_NOTICING, Label.ROOM_HOLD, Label.ROOM_OFF, Label.ROOM_LEAVE):
        assert lines(await house.taps(ADMIN, label, panel)) == [Line.ROOM_NOT_ADMIN]
    assert lines(await house.privately(ADMIN, kind=Kind.COMMAND, command="hold", text="3d")) == [Line.ROOM_NOT_ADMIN]
    assert await house.kept() == ON


async def test_typed_answer_to_the_panel_takes_rights_when_it_comes(house: House) -> None:
    await house.has(ON)
    asked = await house.taps(ADMIN, Label.ROOM_HOLD, await house.panel())
    assert Line.ROOM_HOLD_ASK in lines(asked)
    house.telegram.of[GROUP] = set()
    assert lines(await house.privately(ADMIN, "3d")) == [Line.ROOM_NOT_ADMIN]
    assert not (await house.kept()).held_until


async def test_button_of_a_panel_is_about_its_own_group_whichever_was_opened_last(house: House) -> None:
    await house.has(ON)
    await house.has(replace(ON, chat=OTHER_GROUP))
    panel = await house.panel()
    other = await house.privately(ADMIN, kind=Kind.ROOM, there=There(OTHER_GROUP))
    assert Line.ROOM_PANEL in lines(other)
    house.telegram.of[OTHER_GROUP] = set()
    await house.taps(ADMIN, Label.ROOM_OFF, panel)
    assert not (await house.kept()).is_on
    assert lines(await house.taps(ADMIN, Label.ROOM_OFF, other)) == [Line.ROOM_NOT_ADMIN]
    assert (await house.kept(OTHER_GROUP)).is_on


async def test_panel_of_an_admin_is_nobody_elses(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    house.telegram.of[GROUP] = {ADMIN, BEN}
    assert lines(await house.taps(BEN, Label.ROOM_OFF, panel))[0] is Line.UNREADABLE
    assert await house.kept() == ON


async def test_where_telegram_does_not_say_who_the_admins_are_nothing_changes(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    house.telegram.is_out = True
    assert lines(await house.taps(ADMIN, Label.ROOM_OFF, panel)) == [Line.ROOM_UNKNOWN]
    assert (await house.commands(ADMIN, "hold 3d")).replies == ()
    assert await house.kept() == ON


async def test_an_admin_may_tap_through_a_panel(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    for _ in range(12):
        assert Line.ROOM_HOLD_ASK in lines(await house.taps(ADMIN, Label.ROOM_HOLD, panel))


async def test_flood_of_an_admins_command_asks_telegram_no_more_and_keeps_no_admin_out(house: House) -> None:
    await house.has(ON)
    for _ in range(100):
        await house.commands(ANN, "settings")
    assert len(house.telegram.asked) < 50
    assert in_group(await house.commands(ADMIN, "hold 3d")) == [Line.ADMIN_HELD]


async def test_flood_of_many_keeps_no_admin_from_the_panel(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    for number in range(300):
        await house.commands(200 + number, "settings")
    assert len(house.telegram.asked) < 100
    assert Line.ROOM_HOLD_ASK in lines(await house.taps(ADMIN, Label.ROOM_HOLD, panel))


async def test_who_asks_too_often_is_not_told_that_they_are_no_admin(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    answers = [lines(await house.taps(ADMIN, Label.ROOM_HOLD, panel)) for _ in range(100)]
    assert answers[0] == [Line.ROOM_HOLD_ASK]
    assert answers[-1] == [Line.ROOM_UNKNOWN]


async def test_moderators_group_takes_rights_in_both_groups(house: House) -> None:
    await house.has(ON)
    house.telegram.of[MODERATORS] = {ADMIN}
    for admins_here, admins_there, alerts in (
        (set[int](), {ADMIN}, 0),
        ({ADMIN}, set[int](), 0),
        ({ADMIN}, {ADMIN}, MODERATORS),
    ):
        house.telegram.of[GROUP] = {ADMIN}
        await house.taps(ADMIN, Label.ROOM_ALERTS, await house.panel())
        house.telegram.of[GROUP], house.telegram.of[MODERATORS] = admins_here, admins_there
        await house.privately(ADMIN, kind=Kind.ROOM, there=There(MODERATORS))
        assert (await house.kept()).alerts == alerts
    assert await house.store.room(MODERATORS) is None


async def test_who_wrote_as_the_group_is_asked_for_by_a_press(house: House) -> None:
    await house.has(ON)
    anonymous = await house.commands(1_087_968_824, "hold 12h", unnamed=True, as_room=True)
    assert in_group(anonymous) == [Line.ADMIN_VERIFY]
    payload = buttons(anonymous)[0].payload
    assert (await house.presses(ANN, payload)).toast is Line.ADMIN_ONLY
    assert not (await house.kept()).held_until
    assert in_group(await house.presses(ADMIN, payload)) == [Line.ADMIN_HELD]
    assert (await house.kept()).held_until == house.clock() + DAY / 2


async def test_button_of_one_group_does_nothing_in_another(house: House) -> None:
    await house.has(ON)
    await house.has(replace(ON, chat=OTHER_GROUP))
    anonymous = await house.commands(1_087_968_824, "hold 12h", unnamed=True, as_room=True)
    pressed = await house.presses(ADMIN, buttons(anonymous)[0].payload, OTHER_GROUP)
    assert (pressed.replies, pressed.facts, pressed.opens) == ((), (), None)


# --- how much is said -----------------------------------------------------------------------------------------------


async def test_one_person_gets_so_many_answers_and_then_silence_while_others_are_answered(house: House) -> None:
    await house.has(ON)
    most, seconds = OF_A_PERSON
    assert [in_group(await house.says(ANN, "hello")) for _ in range(most + 2)] == [[Line.GROUP_PRIVATE]] * most + [
        [],
        [],
    ]
    assert in_group(await house.says(BEN, "hello")) == [Line.GROUP_PRIVATE]
    house.clock.at += seconds
    assert in_group(await house.says(ANN, "hello")) == [Line.GROUP_PRIVATE]


async def test_one_group_gets_so_many_answers_in_a_minute(house: House) -> None:
    await house.has(ON)
    most, seconds = OF_A_ROOM
    answers = [in_group(await house.commands(200 + number, "walk")) for number in range(most + 3)]
    assert answers == [[Line.GROUP_WALK]] * most + [[]] * 3
    house.clock.at += seconds
    assert in_group(await house.commands(ANN, "walk")) == [Line.GROUP_WALK]


@pytest.mark.parametrize("as_room", [True, False])
async def test_admins_are_answered_as_often_as_they_command(house: House, *, as_room: bool) -> None:
    await house.has(ON)
    for _ in range(OF_A_PERSON[0] + 2):
        assert in_group(await house.commands(ADMIN, "settings", unnamed=as_room, as_room=as_room))


async def test_what_was_too_much_is_told_as_a_count_without_any_id(house: House) -> None:
    await house.has(ON)
    for _ in range(OF_A_PERSON[0] + 3):
        await house.says(ANN, "hello")
    with capture_logs() as logs:
        house.responder.rooms.limits.tell()
        house.responder.rooms.limits.tell()
    assert [log["count"] for log in logs] == [3]
    assert str(ANN) not in str(logs)


async def test_clock_that_is_set_back_silences_nobody(house: House) -> None:
    await house.has(ON)
    for _ in range(OF_A_PERSON[0]):
        await house.says(ANN, "hello")
    house.clock.at -= DAY
    assert in_group(await house.says(ANN, "hello")) == [Line.GROUP_PRIVATE]


async def test_danger_is_answered_however_much_others_have_written(house: House) -> None:
    await house.has(ON)
    await goes_out(house, await house.says(BEN, DANGER))
    for number in range(OF_A_ROOM[0] + 1):
        await house.says(200 + number, "hello")
    for _ in range(OF_A_PERSON[0]):
        await house.says(ANN, "hello")
    assert in_group(await house.says(ANN, DANGER, unnamed=True)) == [Line.GROUP_DANGER_AGAIN]
    assert await goes_out(house, await house.says(ANN, DANGER)) == [Line.GROUP_DANGER_AGAIN]


async def test_danger_that_is_told_again_and_again_fills_no_group_and_is_always_answered_in_private(
    house: House,
) -> None:
    await house.has(ON)
    said = []
    for _ in range(30):
        decision = await house.says(ANN, DANGER)
        assert to(decision, ANN) != []
        said += await goes_out(house, decision)
    assert said[0] is Line.GROUP_DANGER
    assert len(said) <= OF_A_PERSON[0] + 1


async def test_full_card_is_shown_once_in_six_hours(house: House) -> None:
    await house.has(ON)
    assert await goes_out(house, await house.says(ANN, DANGER)) == [Line.GROUP_DANGER]
    house.clock.at += CARD_APART - 1
    assert await goes_out(house, await house.says(BEN, DANGER)) == [Line.GROUP_DANGER_AGAIN]
    house.clock.at += 1
    assert await goes_out(house, await house.says(BEN, DANGER)) == [Line.GROUP_DANGER]


async def test_full_card_is_shown_once_to_those_who_write_at_the_same_moment(house: House) -> None:
    await house.has(ON)
    decisions = await asyncio.gather(*(house.says(person, DANGER) for person in (ANN, BEN, 104)))
    said = [await goes_out(house, decision) for decision in decisions]
    assert said == [[Line.GROUP_DANGER], [Line.GROUP_DANGER_AGAIN], [Line.GROUP_DANGER_AGAIN]]


async def test_full_card_that_did_not_go_out_does_not_count(house: House) -> None:
    await house.has(ON)
    card = (await house.says(ANN, DANGER)).replies[0].instead
    assert card is not None
    rooms = house.responder.rooms
    await rooms.sent(GROUP, Sent(Fate.LOST), rooms.as_of_now(GROUP, card))
    assert await goes_out(house, await house.says(BEN, DANGER)) == [Line.GROUP_DANGER]


async def test_card_that_reached_its_writer_counts_for_nobody_else(house: House) -> None:
    await house.has(ON)
    assert await goes_out(house, await house.says(ANN, DANGER), may_tell=True) == []
    assert await goes_out(house, await house.says(BEN, DANGER)) == [Line.GROUP_DANGER]


async def test_moderators_hear_once_in_a_while(house: House) -> None:
    await house.has(replace(ON, alerts=MODERATORS))
    assert to(await house.says(ANN, DANGER), MODERATORS) == [Line.ALERT]
    house.clock.at += ALERT_APART - 1
    assert to(await house.says(BEN, DANGER), MODERATORS) == []
    house.clock.at += 1
    assert to(await house.says(BEN, DANGER), MODERATORS) == [Line.ALERT]


# --- what is said unasked -------------------------------------------------------------------------------------------


async def test_member_who_agreed_is_offered_steps_in_private_and_nothing_shows_in_the_group(house: House) -> None:
    await house.has(READS, ANN)
    decision = await house.says(ANN, SEEN, addressed=False)
    assert [(reply.to, reply.keys, reply.instead) for reply in decision.replies] == [(ANN, (Line.OFFER,), None)]
    begun = await house.taps(ANN, Label.BEGIN, decision)
    assert begun.held.state.step is Step.ARRIVE


async def test_not_now_and_no_more_are_one_tap_each(house: House) -> None:
    await house.has(READS, ANN)
    decision = await house.says(ANN, SEEN, addressed=False)
    assert lines(await house.taps(ANN, Label.NOT_NOW, decision)) == [Line.OFFER_NO]
    assert await house.hears(ANN)
    await house.taps(ANN, Label.STOP_THERE, decision)
    assert not await house.hears(ANN)
    assert (await house.store.kept(ANN)).consents == ()


@pytest.mark.parametrize(
    "room", [ON, replace(READS, is_on=False), replace(READS, gone_at=1), replace(READS, held_until=2**40)]
)
async def test_nobody_is_offered_anything_where_the_group_is_not_to_be_noticed(house: House, room: Room) -> None:
    await house.has(room, ANN)
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()


@pytest.mark.parametrize("purpose", [Purpose.ALONE, Purpose.APART])
async def test_who_is_to_be_left_alone_is_offered_nothing(house: House, purpose: Purpose) -> None:
    await house.has(READS, ANN)
    group = GROUP if purpose is Purpose.APART else 0
    await house.store.grant(ANN, purpose, at=house.clock(), group=group)
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()


async def test_yes_to_one_group_is_none_to_another_nor_anyone_elses(house: House) -> None:
    await house.has(READS, ANN)
    await house.has(replace(READS, chat=OTHER_GROUP))
    assert (await house.says(ANN, SEEN, addressed=False, chat=OTHER_GROUP)).replies == ()
    assert (await house.says(BEN, SEEN, addressed=False)).replies == ()
    assert house.responder.remembered == 0


async def test_pause_of_the_group_is_kept_through_a_restart_and_a_clock_that_is_set_back(house: House) -> None:
    await house.has(replace(READS, pause=3 * DAY), ANN)
    assert to(await house.says(ANN, SEEN, addressed=False), ANN) == [Line.OFFER]
    house.restarts()
    house.clock.at += 3 * DAY - 1
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()
    house.clock.at -= 30 * DAY
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()
    house.clock.at += 30 * DAY + 1
    assert to(await house.says(ANN, SEEN, addressed=False), ANN) == [Line.OFFER]


async def test_who_is_with_the_bot_in_private_is_not_interrupted(house: House) -> None:
    await house.has(READS, ANN)
    await house.privately(ANN, "hello")
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()
    house.clock.at += IDLE + 1
    assert to(await house.says(ANN, SEEN, addressed=False), ANN) == [Line.OFFER]


async def test_without_the_store_nobody_is_offered_anything(house: House) -> None:
    await house.has(READS, ANN)
    house.store.failing = frozenset({"offered"})
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()


async def test_yes_that_an_operator_deleted_beside_counts_no_more(house: House) -> None:
    await house.has(READS, ANN)
    assert await house.hears(ANN)
    await house.store.forget(ANN, at=house.clock())
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()
    house.clock.at += RENEWED_AFTER
    assert not await house.hears(ANN)


async def test_member_who_says_to_be_under_16_is_read_no_more_and_offered_nothing(house: House) -> None:
    await house.has(READS, ANN)
    decision = await house.says(ANN, YOUNG, addressed=False)
    assert Line.OFFER not in lines(decision)
    assert {reply.to for reply in decision.replies} == {ANN}
    assert decision.held.state.minor
    assert not await house.hears(ANN)
    assert (await house.store.kept(ANN)).consents == ()


async def test_member_under_16_is_read_no_more_although_an_offer_would_come_too_soon(house: House) -> None:
    await house.has(READS, ANN)
    await house.says(ANN, SEEN, addressed=False)
    await house.says(ANN, YOUNG, addressed=False)
    assert not await house.hears(ANN)


# --- what is held of someone ----------------------------------------------------------------------------------------


async def test_what_was_noticed_in_a_mention_meets_its_writer_alone_behind_the_door(house: House) -> None:
    await house.has(ON)
    said = await house.says(ANN, SEEN)
    assert in_group(said) == [Line.GROUP_PRIVATE]
    assert lines(await house.opens(BEN, said)) == [Line.START]
    assert (await house.opens(ANN, said)).held.state.step is Step.ARRIVE


async def test_what_was_noticed_in_a_mention_is_forgotten_after_a_while(house: House) -> None:
    await house.has(ON)
    said = await house.says(ANN, SEEN)
    house.clock.at += IDLE + 1
    assert lines(await house.opens(ANN, said)) == [Line.START]


async def test_nothing_is_held_of_who_writes_what_is_not_noticed(house: House) -> None:
    await house.has(READS, BEN)
    for text in ("lunch?", "see you at six"):
        await house.says(BEN, text, addressed=False)
        await house.says(ANN, text)
    assert house.responder.remembered == 0


async def test_mention_leaves_the_walk_that_is_under_way_as_it_is(house: House) -> None:
    await house.has(ON)
    walk = await house.privately(ANN, kind=Kind.COMMAND, command="walk")
    await house.says(ANN, "hello")
    assert (await house.taps(ANN, Label.DID_IT, walk)).held.state.step is Step.EASE


async def test_button_of_a_panel_that_is_known_no_more_leaves_walks_as_they_are(house: House) -> None:
    house.telegram.of[GROUP] = {ADMIN}
    intro = await house.panel()
    walk = await house.privately(ADMIN, kind=Kind.COMMAND, command="walk")
    house.restarts()
    assert Line.ROOM_WHICH in lines(await house.taps(ADMIN, Label.ROOM_ON, intro))
    assert (await house.taps(ADMIN, Label.DID_IT, walk)).held.state.step is Step.EASE


async def test_press_in_a_group_holds_nothing_of_anyone(house: House) -> None:
    await house.has(ON)
    said = await house.says(ANN, "hello")
    await house.presses(BEN, buttons(said)[0].payload)
    assert house.responder.remembered == 0


# --- links ----------------------------------------------------------------------------------------------------------


async def test_link_opens_its_door_for_the_presser_alone(house: House) -> None:
    await house.has(READS)
    payload = buttons(await house.commands(ANN, "howtohelp"))[0].payload
    pressed = await house.presses(ANN, payload)
    assert pressed.opens is Door.HOW_TO_HELP
    assert Line.HOW_TO_HELP_SAY in lines(await house.comes(ANN, pressed.link))
    assert lines(await house.comes(BEN, pressed.link)) == [Line.START]


async def test_link_is_good_for_a_day(house: House) -> None:
    await house.has(READS)
    pressed = await house.presses(ANN, buttons(await house.commands(ANN, "howtohelp"))[0].payload)
    house.clock.at += DAY + 1
    assert lines(await house.comes(ANN, pressed.link)) == [Line.START]


async def test_button_in_a_group_does_not_grow_old(house: House) -> None:
    await house.has(ON)
    said = await house.says(ANN, "hello")
    house.clock.at += 400 * DAY
    assert lines(await house.opens(BEN, said)) == [Line.START]


async def test_link_for_admins_is_given_to_admins_alone_and_looked_at_again_behind_the_door(house: House) -> None:
    await house.has(ON)
    said = await house.commands(ADMIN, "settings")
    payload = buttons(said)[0].payload
    refused = await house.presses(ANN, payload)
    assert (refused.link, refused.toast) == ("", Line.ADMIN_ONLY)
    link = (await house.presses(ADMIN, payload)).link
    house.telegram.of[GROUP] = set()
    assert lines(await house.comes(ADMIN, link)) == [Line.ROOM_NOT_ADMIN]


async def test_yes_behind_the_door_is_for_that_group_and_counts_at_once(house: House) -> None:
    await house.has(READS)
    assert not await house.hears(ANN)
    panel = await house.panel()
    card = await house.taps(ADMIN, Label.ROOM_OFF, panel)
    card = await house.taps(ADMIN, Label.ROOM_ON, card)
    payload = next(one.payload for one in buttons(card) if one.label is Label.WHAT_IT_NOTICES)
    asked = await house.comes(ANN, (await house.presses(ANN, payload)).link)
    assert Line.CONSENT_ASK_GROUP in lines(asked)
    await house.taps(ANN, Label.AGREE, asked)
    assert await house.hears(ANN)
    assert not await house.hears(ANN, OTHER_GROUP)


# --- what is kept ---------------------------------------------------------------------------------------------------


async def test_group_without_a_row_is_silent_and_nothing_is_kept_of_it(house: House) -> None:
    house.telegram.of[GROUP] = {ADMIN}
    arrived = await house.stands(ADMIN, Standing())
    assert in_group(arrived) == [Line.GROUP_ARRIVED]
    assert (await house.says(ANN, "hello")).replies == ()
    assert (await house.commands(ANN, "walk")).replies == ()
    assert await goes_out(house, await house.says(ANN, DANGER)) == [Line.GROUP_DANGER]
    assert await house.store.room(GROUP) is None


async def test_arrival_that_is_repeated_fills_no_group(house: House) -> None:
    answers = []
    for _ in range(20):
        answers += in_group(await house.stands(ANN, Standing()))
        await house.stands(ANN, Standing(is_in=False, was_in=True))
    assert len(answers) <= OF_A_PERSON[0]


async def test_removed_and_back_needs_another_yes(house: House) -> None:
    await house.has(READS, ANN)
    await house.stands(ADMIN, Standing(is_in=False, was_in=True))
    assert not await house.hears(ANN)
    assert (await house.kept()).gone_at == house.clock()
    assert in_group(await house.stands(ADMIN, Standing())) == [Line.GROUP_ARRIVED]
    assert not await house.hears(ANN)
    kept = await house.kept()
    assert (kept.is_on, kept.gone_at, kept.noticing) == (False, 0, Noticing.MEMBERS)


async def test_back_after_all_was_deleted_it_begins_nothing_without_a_yes(house: House) -> None:
    await house.has(READS, ANN)
    await house.stands(ADMIN, Standing(is_in=False, was_in=True))
    await house.store.forget_room(GROUP, at=house.clock())  # as the sweep does, beside what is in memory
    assert in_group(await house.stands(ADMIN, Standing())) == [Line.GROUP_ARRIVED]
    assert await house.store.room(GROUP) is None
    assert house.responder.rooms.room(GROUP) is None


async def test_sent_away_all_goes_from_memory_and_from_the_store(house: House) -> None:
    await house.has(READS, ANN)
    leaving = await house.taps(ADMIN, Label.ROOM_LEAVE, await house.panel())
    await house.taps(ADMIN, Label.ROOM_LEAVE_YES, leaving)
    assert await house.store.room(GROUP) is None
    assert (await house.store.kept(ANN)).consents == ()
    assert not await house.hears(ANN)
    assert (await house.says(ANN, "hello")).replies == ()


async def test_yes_to_a_group_that_the_bot_has_left_keeps_nothing(house: House) -> None:
    await house.has(READS)
    panel = await house.panel()
    card = await house.taps(ADMIN, Label.ROOM_ON, await house.taps(ADMIN, Label.ROOM_OFF, panel))
    payload = next(one.payload for one in buttons(card) if one.label is Label.WHAT_IT_NOTICES)
    asked = await house.comes(ANN, (await house.presses(ANN, payload)).link)
    leaving = await house.taps(ADMIN, Label.ROOM_LEAVE, await house.panel())
    await house.taps(ADMIN, Label.ROOM_LEAVE_YES, leaving)
    assert Line.CONSENT_YES_GROUP not in lines(await house.taps(ANN, Label.AGREE, asked))
    assert (await house.store.kept(ANN)).consents == ()
    assert not await house.hears(ANN)


async def test_stop_in_a_group_ends_it_for_the_one_who_says_it(house: House) -> None:
    await house.has(READS, ANN, BEN)
    stopped = await house.commands(ANN, "stop")
    assert (in_group(stopped), to(stopped, ANN)) == ([], [Line.NOTICE_STOPPED_THERE])
    assert not await house.hears(ANN)
    assert await house.hears(BEN)


async def test_who_leaves_a_group_agrees_to_nothing_there_any_more(house: House) -> None:
    await house.has(READS, ANN)
    await house.store.grant(ANN, Purpose.APART, at=house.clock(), group=OTHER_GROUP)
    assert (await house.leaves(ANN)).replies == ()
    assert not await house.hears(ANN)
    assert [one.group for one in (await house.store.kept(ANN)).consents] == [OTHER_GROUP]


async def test_who_leaves_takes_along_a_yes_to_older_words_too(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    async with Store.open(folder, RING) as older:
        await older.revise_room(GROUP, lambda _: READS)
        await older.grant(ANN, Purpose.GROUP, at=house.clock(), group=GROUP)
    async with FailingStore.open(folder, RING, versions={Purpose.GROUP: 2}) as house.store:
        house.restarts()
        await house.leaves(ANN)
        assert (await house.store.kept(ANN)).consents == ()


async def test_stop_ends_a_yes_to_older_words_too(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    async with Store.open(folder, RING) as older:
        await older.revise_room(GROUP, lambda _: READS)
        await older.grant(ANN, Purpose.GROUP, at=house.clock(), group=GROUP)
    async with FailingStore.open(folder, RING, versions={Purpose.GROUP: 2}) as house.store:
        house.responder = responder_of(house.store, house.clock, house.telegram, {Purpose.GROUP: 2})
        await house.commands(ANN, "stop")
        assert (await house.store.kept(ANN)).consents == ()


async def test_yes_to_new_words_is_for_the_group_of_the_old_one_whatever_the_talk_is_about(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "older"
    async with Store.open(folder, RING) as older:
        for chat in (GROUP, OTHER_GROUP):
            await older.revise_room(chat, lambda _, chat=chat: replace(READS, chat=chat))  # type: ignore[misc]
        await older.grant(ANN, Purpose.GROUP, at=house.clock(), group=GROUP)
    async with FailingStore.open(folder, RING, versions={Purpose.GROUP: 2}) as house.store:
        house.responder = responder_of(house.store, house.clock, house.telegram, {Purpose.GROUP: 2})
        house.telegram.of[OTHER_GROUP] = {ANN}
        await house.privately(ANN, kind=Kind.ROOM, there=There(OTHER_GROUP))
        shown = await house.privately(ANN, kind=Kind.COMMAND, command="consent")
        asked = await house.taps(ANN, Label.ASK_AGAIN, shown)
        assert Line.CONSENT_YES_GROUP in lines(await house.taps(ANN, Label.AGREE, asked))
        assert [one.group for one in (await house.store.kept(ANN)).consents] == [GROUP]


async def test_forgotten_is_read_nowhere(house: House) -> None:
    await house.has(READS, ANN)
    await house.has(replace(READS, chat=OTHER_GROUP), ANN)
    assert await house.hears(ANN)
    asked = await house.privately(ANN, kind=Kind.COMMAND, command="forget")
    await house.taps(ANN, Label.FORGET_YES, asked)
    assert not await house.hears(ANN)
    assert not await house.hears(ANN, OTHER_GROUP)


async def test_own_answers_are_tidied_where_admins_want_that_and_what_stays_is_not(house: House) -> None:
    await house.has(replace(ON, tidy=3600))
    said = (await house.says(ANN, "hello")).replies[0]
    rooms = house.responder.rooms
    await rooms.ready()
    await rooms.sent(GROUP, Sent(Fate.ARRIVED, 41), said)
    await rooms.sent(GROUP, Sent(Fate.ARRIVED, 42), replace(said, stays=True))
    await rooms.sent(OTHER_GROUP, Sent(Fate.ARRIVED, 43), said)
    house.clock.at += 3600
    claims = await house.store.claim_rooms(house.clock())
    assert [(claim.chat, claim.number) for claim in claims] == [(GROUP, 41)]


async def test_message_that_gets_through_ends_what_was_taken_for_a_mute(house: House) -> None:
    await house.has(replace(ON, may_write=False))
    await goes_out(house, await house.says(ANN, "hello"))
    assert (await house.kept()).may_write


# --- a group that moves ---------------------------------------------------------------------------------------------


async def test_group_that_becomes_a_supergroup_is_known_by_its_new_id_at_once(house: House) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    assert await house.hears(ANN, OLD_GROUP)
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    await house.responder.rooms.moved(OLD_GROUP, GROUP)  # both chats tell it
    assert await house.hears(ANN)
    assert not await house.hears(ANN, OLD_GROUP)
    assert in_group(await house.says(BEN, "hello")) == [Line.GROUP_PRIVATE]


@pytest.mark.parametrize("is_first", [True, False])
async def test_that_the_bot_comes_into_the_supergroup_changes_nothing_of_what_was_set(
    house: House, *, is_first: bool
) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    if is_first:
        await house.stands(ADMIN, Standing())
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    if not is_first:
        assert (await house.stands(ADMIN, Standing())).replies == ()
    assert await house.kept() == READS
    assert await house.hears(ANN)


async def test_full_card_counts_for_the_group_when_it_moves(house: House) -> None:
    await house.has(replace(ON, chat=OLD_GROUP))
    await goes_out(house, await house.says(ANN, DANGER, chat=OLD_GROUP), OLD_GROUP)
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    assert await goes_out(house, await house.says(BEN, DANGER)) == [Line.GROUP_DANGER_AGAIN]


async def test_group_that_moves_while_all_is_read_is_known_by_its_new_id(house: House) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    house.store.meanwhile = lambda: house.responder.rooms.moved(OLD_GROUP, GROUP)
    await house.responder.rooms.ready()
    assert await house.hears(ANN)
    assert house.responder.rooms.room(OLD_GROUP) is None


async def test_group_that_moves_is_served_however_long_the_store_takes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    assert await house.hears(ANN, OLD_GROUP)
    house.store.hangs = True
    monkeypatch.setattr("bot.rooms.SOON", 0.01)
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    assert house.responder.rooms.hears(GROUP, ANN)
    assert not house.responder.rooms.hears(OLD_GROUP, ANN)
    assert in_group(await house.says(BEN, "hello")) == [Line.GROUP_PRIVATE]


async def test_move_that_could_not_be_kept_is_made_up_for(house: House) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    house.store.failing = frozenset({"move_room"})
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    await house.responder.rooms.make_up()
    assert not await house.hears(ANN)
    house.store.failing = frozenset()
    await house.responder.rooms.make_up()
    assert await house.hears(ANN)
    assert await house.store.room(OLD_GROUP) is None


async def test_change_after_a_move_that_could_not_be_kept_changes_what_was_set(house: House) -> None:
    await house.has(replace(READS, chat=OLD_GROUP), ANN)
    assert await house.hears(ANN, OLD_GROUP)
    house.telegram.of[GROUP] = {ADMIN}
    house.store.failing = frozenset({"move_room"})
    await house.responder.rooms.moved(OLD_GROUP, GROUP)
    assert to(await house.commands(ADMIN, "hold 3d"), ADMIN) == [Line.STORE_FAILED]
    house.store.failing = frozenset()
    await house.commands(ADMIN, "hold 3d")
    assert await house.kept() == replace(READS, held_until=house.clock() + 3 * DAY)


# --- a store that fails ---------------------------------------------------------------------------------------------


async def test_without_the_store_nobody_is_read_unasked_and_danger_is_answered(house: House) -> None:
    await house.has(READS, ANN)
    house.store.failing = frozenset({"rooms"})
    assert not await house.hears(ANN)
    assert (await house.says(ANN, SEEN, addressed=False)).replies == ()
    assert await goes_out(house, await house.says(ANN, DANGER)) == [Line.GROUP_DANGER]
    house.store.failing = frozenset()
    house.clock.at += TRIED_AFTER
    assert await house.hears(ANN)


async def test_danger_does_not_wait_for_a_store_that_hangs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.has(READS)
    house.store.hangs = True
    monkeypatch.setattr("bot.rooms.SOON", 0.01)
    async with asyncio.timeout(5):
        assert await goes_out(house, await house.says(ANN, DANGER)) == [Line.GROUP_DANGER]


async def test_what_is_known_stays_known_while_the_store_fails(house: House) -> None:
    await house.has(READS, ANN)
    assert await house.hears(ANN)
    house.store.failing = frozenset({"rooms"})
    house.clock.at += RENEWED_AFTER
    assert await house.hears(ANN)


async def test_admin_hears_in_private_that_nothing_could_be_kept(house: House) -> None:
    await house.has(ON)
    house.store.failing = frozenset({"revise_room", "forget_room"})
    failed = await house.commands(ADMIN, "hold 3d")
    assert (in_group(failed), to(failed, ADMIN)) == ([], [Line.STORE_FAILED])
    leave = buttons(await house.commands(ADMIN, "leave"))[0].payload
    pressed = await house.presses(ADMIN, leave)
    assert (pressed.replies, pressed.facts, pressed.toast) == ((), (), Line.STORE_FAILED)
    assert await house.kept() == ON


async def test_change_on_the_panel_that_could_not_be_kept_is_not_called_done(house: House) -> None:
    await house.has(ON)
    panel = await house.panel()
    house.store.failing = frozenset({"revise_room"})
    assert lines(await house.taps(ADMIN, Label.ROOM_OFF, panel)) == [Line.STORE_FAILED]
    assert house.responder.rooms.room(GROUP) == ON


async def test_stop_in_a_group_that_could_not_be_kept_is_not_called_done(house: House) -> None:
    await house.has(READS, ANN)
    house.store.failing = frozenset({"withdraw"})
    failed = await house.commands(ANN, "stop")
    assert (in_group(failed), to(failed, ANN)) == ([], [Line.STORE_FAILED])


async def test_removal_that_could_not_be_kept_is_made_up_for(house: House) -> None:
    await house.has(READS, ANN)
    house.store.failing = frozenset({"revise_room"})
    await house.stands(ADMIN, Standing(is_in=False, was_in=True))
    house.clock.at += 60
    await house.stands(ADMIN, Standing())
    house.store.failing = frozenset()
    await house.responder.rooms.make_up()
    kept = await house.kept()
    assert (kept.is_on, kept.gone_at) == (False, 0)
    assert not await house.hears(ANN)


async def test_arrival_is_told_although_it_could_not_be_kept(house: House) -> None:
    await house.has(replace(ON, is_on=False, gone_at=1))
    house.store.failing = frozenset({"revise_room"})
    assert in_group(await house.stands(ADMIN, Standing())) == [Line.GROUP_ARRIVED]


async def test_leaving_that_could_not_be_kept_is_made_up_for(house: House) -> None:
    await house.has(READS, ANN, BEN)
    house.store.failing = frozenset({"withdraw"})
    await house.leaves(ANN)
    assert not await house.hears(ANN)
    house.store.failing = frozenset()
    await house.responder.rooms.make_up()
    assert (await house.store.kept(ANN)).consents == ()
    assert await house.hears(BEN)


async def test_who_left_and_came_back_has_agreed_anew(house: House) -> None:
    await house.has(READS, ANN)
    house.store.failing = frozenset({"withdraw"})
    await house.leaves(ANN)
    house.store.failing = frozenset()
    asked = await house.comes(ANN, seal_link(RING.buttons()[0], ANN, house.clock(), GROUP, Door.NOTICE))
    await house.taps(ANN, Label.AGREE, asked)
    await house.responder.rooms.make_up()
    assert await house.hears(ANN)


async def test_change_that_is_made_while_all_is_read_is_not_lost(house: House) -> None:
    await house.has(READS, ANN)
    await house.responder.rooms.ready()
    house.clock.at += RENEWED_AFTER
    house.store.meanwhile = lambda: house.commands(ANN, "stop")
    await house.responder.rooms.renew()
    assert not await house.hears(ANN)


async def test_button_brings_the_room_that_it_was_made_for_and_no_other(house: House) -> None:
    await house.has(ON)
    await house.responder.rooms.ready()
    rooms = house.responder.rooms
    ref = rooms.seen(There(GROUP), ADMIN).ref
    assert rooms.about(marked(ref)) == There(GROUP)
    assert rooms.about(replace(marked(ref), step=Step.ASK)) is None
    assert rooms.about(marked(ref ^ 1)) is None


async def test_button_brings_its_room_from_the_moment_on_that_keys_change(house: House) -> None:
    await house.has(ON)
    keys = [b"a" * 32]
    rooms = Rooms(house.store, PROMPTS.content, house.telegram, lambda: keys, clock=house.clock, seed=lambda: 1)
    await rooms.ready()
    keys.insert(0, b"b" * 32)
    assert rooms.about(marked(rooms.seen(There(GROUP), ADMIN).ref)) == There(GROUP)


# --- a circle -------------------------------------------------------------------------------------------------------


async def test_who_took_part_is_a_total_and_each_counts_once(house: House) -> None:
    await house.has(ON)
    circle = message(ON, PROMPTS.content)
    assert circle is not None
    post = house.responder.addressed(GROUP, circle)
    join = next(one.payload for row in post.buttons for one in row if one.action is Action.JOIN)
    first = await house.presses(ANN, join)
    assert (first.toast, first.replies[0].slots["total"]) == (Line.JOINED, "1")
    assert (await house.presses(ANN, join)).replies[0].slots["total"] == "1"
    assert (await house.presses(BEN, join)).replies[0].slots["total"] == "2"
    assert house.responder.remembered == 0
