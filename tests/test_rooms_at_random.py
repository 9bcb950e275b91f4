"""People, groups and rights at random, through the shell: what may never happen, whatever they do and in what order."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded by the test, so that what it finds is found again
from typing import Final

import pytest

from bot.core.lines import Line
from bot.core.model import Decision, Incoming, Kind, Noticing, Purpose, Reply, Room, Standing, There, Where
from tests.person import PROMPTS, RING, SEEN, Clock
from tests.test_rooms import (
    ADMIN,
    ANN,
    BEN,
    DANGER,
    DAY,
    GROUP,
    MODERATORS,
    OTHER_GROUP,
    YOUNG,
    FailingStore,
    House,
    Telegram,
    responder_of,
)

PEOPLE: Final = (ADMIN, ANN, BEN, 104, 105)
GROUPS: Final = (GROUP, OTHER_GROUP, MODERATORS)
WORD: Final = "zanzibarine"
"""In all that anyone writes, and in what their groups are called."""
TEXTS: Final = (
    *(f"{SEEN} {WORD}", f"{DANGER} {WORD}", f"{YOUNG} {WORD}", f"lunch {WORD}", "stop", "8", "no puedo dormir"),
    *("yes", "Yes, I am 16 or older", "3d", "daily 18:00 Lisbon", "Portugal", "members who agreed", "off", "never"),
)
COMMANDS: Final = (
    *("walk", "stop", "crisis", "howtohelp", "consent", "forget", "start", "settings", "guide", "pulse"),
    *("hold 3d", "release", "topic", "leave"),
)
IN_GROUPS: Final = frozenset(
    line for line in Line if line.startswith(("group.", "admin.", "circle", "alert")) and line != Line.ADMIN_ONLY
)


@dataclass
class World:
    """The house, with all buttons and links that anyone was ever shown."""

    house: House
    chance: Random
    payloads: list[tuple[int, str]] = field(default_factory=list)  # with the chat where each was shown
    links: list[str] = field(default_factory=list)

    async def rooms(self) -> dict[int, Room]:
        return {room.chat: room async for room in self.house.store.rooms()}

    async def yeses(self) -> dict[int, set[tuple[Purpose, int]]]:
        kept = {person: await self.house.store.kept(person) for person in PEOPLE}
        return {person: {(one.purpose, one.group) for one in kept[person].consents} for person in PEOPLE}

    def message(self, person: int) -> Incoming:
        """What someone does: in a group, or in private."""
        chance, group = self.chance, self.chance.choice(GROUPS)
        there = There(group, title=f"{WORD} <b>", is_forum=True, thread=3, post="https://t.me/c/1/2")
        match chance.randrange(9):
            case 0 | 1:
                addressed = chance.random() < 0.5
                text = chance.choice(TEXTS)
                return Incoming(person, Where.GROUP, Kind.TEXT, 0, text=text, addressed=addressed, there=there)
            case 2:
                command, _, rest = chance.choice(COMMANDS).partition(" ")
                message = Incoming(person, Where.GROUP, Kind.COMMAND, 0, text=rest, command=command, there=there)
                return Incoming(**{each: getattr(message, each) for each in message.__slots__} | {"addressed": True})
            case 3 | 4 if self.payloads:
                seen = [one for one in self.payloads[-80:] if one[0] in {person, *GROUPS}]
                chat, payload = chance.choice(seen if seen and chance.random() < 0.8 else self.payloads)
                chat = chat if chance.random() < 0.9 else chance.choice((*GROUPS, 1))
                if chat > 0:
                    return Incoming(person, Where.PRIVATE, Kind.PRESS, 0, payload=payload)
                at = There(chat, title=f"{WORD} <b>", number=5)
                return Incoming(person, Where.GROUP, Kind.PRESS, 0, payload=payload, there=at)
            case 5 if self.links:
                link = chance.choice(self.links[-20:])
                return Incoming(person, Where.PRIVATE, Kind.COMMAND, 0, text=link, command="start")
            case 6:
                return Incoming(person, Where.PRIVATE, Kind.TEXT, 0, text=chance.choice(TEXTS))
            case 7:
                command, _, rest = chance.choice(COMMANDS).partition(" ")
                return Incoming(person, Where.PRIVATE, Kind.COMMAND, 0, text=rest, command=command)
            case _:
                return Incoming(person, Where.PRIVATE, Kind.ROOM, 0, there=There(group, title="Picked"))

    async def happens(self) -> None:
        """Rights come and go, time passes, the bot comes and goes."""
        chance, house = self.chance, self.house
        match chance.randrange(12):
            case 0 | 1 | 2:
                others = chance.sample(PEOPLE, chance.randrange(3))
                house.telegram.of[chance.choice(GROUPS)] = {*others, *chance.sample((ADMIN, ADMIN, ANN), 1)}
            case 3:
                house.clock.at += chance.choice((60, 3600, DAY))
            case 4:
                house.restarts()
            case 5:
                is_in = chance.random() < 0.7
                await house.stands(chance.choice(PEOPLE), Standing(is_in=is_in, was_in=not is_in), GROUP)
            case 6:
                group = chance.choice(GROUPS[:2])
                on = Room(group, is_on=True, noticing=Noticing.MEMBERS, alerts=MODERATORS)
                await house.has(on, *chance.sample(PEOPLE, 2))
                house.restarts()
            case 7:
                house.telegram.is_out = chance.random() < 0.2

    def remember(self, incoming: Incoming, decision: Decision) -> None:
        place = incoming.there.chat if incoming.where is Where.GROUP and incoming.there else incoming.person
        replies = [each for reply in decision.replies for each in (reply, reply.instead) if each is not None]
        for reply in replies:
            shown = [button.payload for row in reply.buttons for button in row]
            self.payloads += [(reply.to or place, payload) for payload in shown if payload]
        self.links += [decision.link] if decision.link else []


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock, telegram = Clock(), Telegram()
    async with FailingStore.open(tmp_path / "data", RING) as store:
        yield House(store, clock, telegram, responder_of(store, clock, telegram))


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_people_do_nobody_is_singled_out_and_nothing_changes_without_rights(
    house: House, seed: int
) -> None:
    world = World(house, Random(seed))  # noqa: S311 - no secret
    for group in GROUPS[:2]:
        await house.has(Room(group, is_on=True, noticing=Noticing.MEMBERS, alerts=MODERATORS), BEN, 104)
    for _ in range(250):
        await world.happens()
        person = world.chance.choice((ADMIN, *PEOPLE))
        incoming = world.message(person)
        rooms, yeses = await world.rooms(), await world.yeses()
        admins = {} if house.telegram.is_out else {chat: set(who) for chat, who in house.telegram.of.items()}
        decision = await house.responder.respond(incoming)
        world.remember(incoming, decision)
        is_public(incoming, decision)
        is_asked_for(incoming, decision, yeses[person])
        only_admins_change(person, admins, rooms, await world.rooms())
        now = await world.yeses()
        left = {chat for chat in rooms if chat not in await world.rooms()}
        for other in PEOPLE:
            if other != person:
                assert {one for one in yeses[other] if one[1] not in left} == now[other]


def is_public(incoming: Incoming, decision: Decision) -> None:
    """What comes into a group speaks to all: no words of anyone, no name, and no step of a walk."""
    in_group = incoming.where is Where.GROUP
    for reply in decision.replies:
        assert reply.to in {0, incoming.person} or reply.to < 0
        for each in (reply, reply.instead):
            if each is None or (reply.to > 0 and each is reply) or (reply.to < 0 and each is reply.instead):
                continue
            if in_group or (reply.to < 0 and each is reply):
                assert IN_GROUPS.issuperset(each.keys)
                assert Line.ALERT in each.keys or WORD not in shown(each)
                assert str(incoming.person) not in shown(each)


def shown(reply: Reply) -> str:
    labels = [PROMPTS.label(button) for row in reply.buttons for button in row]
    return " ".join((PROMPTS.text(reply), *labels))


def is_asked_for(incoming: Incoming, decision: Decision, yeses: set[tuple[Purpose, int]]) -> None:
    """Nobody is written to, and nothing is said, because of words that were not for the bot, without a yes."""
    if incoming.where is Where.GROUP and incoming.kind is Kind.TEXT and not incoming.addressed:
        assert incoming.there is not None
        if (Purpose.GROUP, incoming.there.chat) not in yeses:
            assert decision == Decision(decision.held)
        assert not any(reply.to == 0 for reply in decision.replies)


def only_admins_change(person: int, admins: dict[int, set[int]], before: dict[int, Room], now: dict[int, Room]) -> None:
    for chat in before.keys() | now.keys():
        if before.get(chat) != now.get(chat):
            assert person in admins.get(chat, set())
            if chat in before and chat in now and now[chat].alerts not in {0, before[chat].alerts}:
                assert person in admins.get(now[chat].alerts, set())
