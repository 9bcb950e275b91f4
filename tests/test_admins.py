"""Admins set up groups in private: through the shell, with the store, and with what Telegram says of rights."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest
from typing_extensions import override

from bot.core.kept import Noticing, Room
from bot.core.lines import Label, Line
from bot.core.model import Decision, Held, Incoming, Kind, Standing, There, Where
from bot.core.ports import Directory
from bot.respond import Responder
from bot.store.store import Store
from tests.person import PROMPTS, RING, Clock, lines

GROUP, OTHER, MODERATORS = -1_000_000_000_007, -1_000_000_000_008, -1_000_000_000_009
ADMIN, MEMBER = 7_071_067_811, 7_071_067_812


@dataclass
class Telegram(Directory):
    """Who the admins of each group are, and how the bot stands there; None: it does not answer."""

    of: dict[int, set[int]] | None = field(
        default_factory=lambda: {GROUP: {ADMIN}, OTHER: {ADMIN}, MODERATORS: {ADMIN}}
    )

    @override
    async def admins(self, chat: int) -> frozenset[int] | None:
        return None if self.of is None else frozenset(self.of.get(chat, ()))

    @override
    async def look(self, chat: int) -> There | None:
        return None if self.of is None else There(chat, title=f"Group {chat % 10}", standing=Standing())


@dataclass
class Chat:
    """One person's private chat."""

    responder: Responder
    person: int = ADMIN
    heard: Decision = field(default_factory=lambda: Decision(Held()))

    async def picks(self, chat: int) -> Decision:
        return await self._sends(Kind.ROOM, there=There(chat))

    async def says(self, text: str) -> Decision:
        return await self._sends(Kind.TEXT, text=text)

    async def commands(self, command: str, text: str = "") -> Decision:
        return await self._sends(Kind.COMMAND, command=command, text=text)

    async def taps(self, words: str, of: Decision | None = None) -> Decision:
        shown = (
            button for reply in (of or self.heard).replies if not reply.to for row in reply.buttons for button in row
        )
        button = next(each for each in shown if PROMPTS.label(each).startswith(words))
        return await self._sends(Kind.PRESS, payload=button.payload)

    async def _sends(
        self, kind: Kind, *, text: str = "", command: str = "", payload: str = "", there: There | None = None
    ) -> Decision:
        incoming = Incoming(self.person, Where.PRIVATE, kind, 0, text=text, command=command, payload=payload)
        self.heard = await self.responder.respond(replace(incoming, there=there))
        return self.heard

    async def turns_on(self, chat: int = GROUP) -> Decision:
        await self.picks(chat)
        return await self.taps("Turn it on")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "data", RING) as opened:
        yield opened


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


def responder_of(store: Store, telegram: Telegram, clock: Clock | None = None) -> Responder:
    return Responder(
        PROMPTS.content, store, RING.buttons, clock=clock or Clock(), seed=count(1).__next__, directory=telegram
    )


@pytest.fixture
def chat(store: Store, telegram: Telegram) -> Chat:
    return Chat(responder_of(store, telegram))


async def kept(store: Store, chat: int = GROUP) -> Room:
    room = await store.room(chat)
    assert room is not None
    return room


async def test_nothing_is_kept_of_a_group_before_an_admin_says_yes(chat: Chat, store: Store) -> None:
    assert lines(await chat.picks(GROUP))[-1] is Line.ROOM_KEEPS
    assert await store.room(GROUP) is None
    done = await chat.taps("Turn it on")
    assert (await kept(store)).is_on
    card = next(reply for reply in done.replies if reply.to)
    assert (card.to, card.buttons[0][0].label) == (GROUP, Label.WRITE_PRIVATELY)
    assert card.buttons[0][0].payload


async def test_settings_are_kept_over_a_restart(chat: Chat, store: Store, telegram: Telegram) -> None:
    await chat.turns_on()
    await chat.taps("Noticing")
    await chat.taps("members who agreed")
    await chat.says("sat 18:00 Lisbon")
    await chat.commands("hold", "3d")
    before = await kept(store)
    assert before.noticing is Noticing.MEMBERS
    assert before.circle.days == {5}
    again = Chat(responder_of(store, telegram))
    shown = await again.picks(GROUP)
    assert Line.ROOM_HELD in lines(shown)
    await again.taps("End the rest")
    assert await kept(store) == replace(before, held_until=0, due_at=(await kept(store)).due_at)
    assert (await kept(store)).due_at > 0


async def test_panel_of_one_group_never_changes_another(chat: Chat, store: Store) -> None:
    await chat.turns_on(OTHER)
    old = chat.heard
    await chat.turns_on(GROUP)
    asked = await chat.taps("Pause", of=old)
    await chat.taps("7 days", of=asked)
    assert (await kept(store, OTHER)).pause == 7 * 24 * 3600
    assert (await kept(store, GROUP)).pause == Room(GROUP).pause


async def test_buttons_of_an_admin_do_nothing_for_anyone_else(chat: Chat, store: Store) -> None:
    await chat.turns_on()
    before = await kept(store)
    member = Chat(chat.responder, MEMBER)
    assert lines(await member.taps("Turn it off", of=chat.heard))[0] is Line.UNREADABLE
    assert lines(await member.picks(GROUP)) == [Line.ROOM_NOT_ADMIN]
    assert await kept(store) == before


async def test_rights_are_asked_anew_at_each_tap_and_word(chat: Chat, store: Store, telegram: Telegram) -> None:
    await chat.turns_on()
    panel = chat.heard
    await chat.taps("Pause")
    before, telegram.of = await kept(store), {}
    assert lines(await chat.says("12h")) == [Line.ROOM_NOT_ADMIN]
    assert lines(await chat.taps("Send it away", of=panel)) == [Line.ROOM_NOT_ADMIN]
    telegram.of = None
    assert lines(await chat.taps("Turn it off", of=panel)) == [Line.ROOM_UNKNOWN]
    assert await kept(store) == before


async def test_many_taps_in_a_row_are_followed(chat: Chat, store: Store) -> None:
    await chat.turns_on()
    await chat.taps("Practice days")
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat"):
        await chat.taps(day)
    assert (await kept(store)).circle.days == frozenset(range(6))


async def test_flood_of_taps_is_stopped_without_a_change(chat: Chat, store: Store) -> None:
    await chat.turns_on()
    panel = chat.heard
    answers = [await chat.taps("Language", of=panel) for _ in range(30)]
    assert lines(answers[-1]) == [Line.ROOM_UNKNOWN]
    assert lines(await chat.taps("Turn it off", of=panel)) == [Line.ROOM_UNKNOWN]
    assert (await kept(store)).is_on


async def test_alerts_take_rights_in_both_groups(chat: Chat, store: Store, telegram: Telegram) -> None:
    await chat.turns_on()
    for admins, line in (
        ({GROUP: {ADMIN}}, Line.ROOM_ALERTS_WRONG),
        ({MODERATORS: {ADMIN}}, Line.ROOM_NOT_ADMIN),
        ({GROUP: {ADMIN}, MODERATORS: {ADMIN}}, Line.ROOM_ALERTS_SET),
    ):
        telegram.of = {GROUP: {ADMIN}}
        await chat.commands("help")
        await chat.picks(GROUP)
        await chat.taps("Chat for alerts")
        telegram.of = admins
        assert lines(await chat.picks(MODERATORS))[0] is line
    assert (await kept(store)).alerts == MODERATORS


async def test_sent_away_nothing_is_left(chat: Chat, store: Store) -> None:
    await chat.turns_on()
    panel = chat.heard
    await chat.taps("Send it away")
    assert lines(await chat.taps("Yes, leave")) == [Line.ROOM_LEFT]
    assert await store.room(GROUP) is None
    assert (await chat.taps("Turn it off", of=panel)).facts == ()
