"""A database with something of every kind in it, with its keys and its ledger, and what stands in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot.core.kept import FollowUp, Kept, Nudging, Outcome, Plan, Point, Purpose, Rest, Room, Schedule
from bot.core.state import Change, Condition, Source
from bot.store.backup import Restored, back_up, restore
from bot.store.keyring import Keyring, read_keyring
from bot.store.ledger import Ledger
from bot.store.opening import FILE
from bot.store.ring import Ring
from bot.store.rotate import rotate
from bot.store.store import Store

SECRETS: Final = {name: name.encode() * 32 for name in "abc"}
AT: Final = 1_790_000_000
DAY: Final = 24 * 60 * 60
PEOPLE: Final = tuple(range(7_000_000_001, 7_000_000_013))
GROUPS: Final = (-100_111, -100_222)
ROOMS: Final = (-1_001_234_567_890, GROUPS[0])


def write_keys(path: Path, names: str) -> None:
    """Write a key file with these secrets, newest first."""
    path.write_text("".join(f"{SECRETS[name].hex()}\n" for name in names))


def ring_at(path: Path) -> Ring:
    """The ring of a key file, which is read again when it has to be."""
    return Ring(lambda: read_keyring(path))


def key_id(name: str) -> bytes:
    """The id of one secret."""
    return Keyring.of(SECRETS[name]).newest.id


def walked(walk: int, ended_at: int = AT) -> Outcome:
    return Outcome(walk, ended_at, Source.NEWS, Condition.NONE, 8, 3, Change.MORE, finished=True)


def planned(number: int, made_at: int = AT) -> Plan:
    return Plan(number, made_at, f"after lunch I write to her, {number}")


def nudged(kept: Nudging) -> Nudging:
    """Someone in the midst of a course, with a message due."""
    schedule = Schedule(minute=7 * 60, days=frozenset({1, 6}), zone="Europe/Lisbon")
    return replace(kept, schedule=schedule, seen=frozenset({"a_hand", "a_wish"}), rest=Rest.NONE, due_at=AT + DAY)


def followed(walk: int, ended_at: int = AT) -> FollowUp:
    points = (Point(1, 4, Change.MORE),)
    return FollowUp(walk, ended_at, False, 8, 3, Change.MORE, points, due_at=ended_at + 3 * DAY)  # noqa: FBT003


def opened(chat: int) -> Callable[[Room | None], Room]:
    """A room with a circle that is due."""
    return lambda _: Room(chat, f"Those who care {chat}", is_on=True, alerts=GROUPS[0], due_at=AT + DAY)


async def follow(store: Store, place: int, person: int) -> None:
    """Give a person what the clock works on."""
    if place % 2 == 0:
        await store.grant(person, Purpose.NUDGES, at=AT)
        await store.revise_nudging(person, nudged)
    await store.grant(person, Purpose.FOLLOW_UPS, at=AT)
    for walk in (1, 3):  # a plan may have the same number
        await store.save_follow_up(person, followed(walk))


async def fill(store: Store) -> None:
    """Give every person something: of one kind, of some, of all."""

    async def fill_one(place: int, person: int) -> None:
        await store.grant(person, Purpose.REMEMBER, at=AT)
        for walk in range(place):
            await store.save_outcome(person, walked(walk))
        if place % 2:
            await store.save_days(person, 30 + place)
            await store.grant(person, Purpose.COUNTRY, at=AT)
            await store.save_country(person, "KE")
        if place % 3 == 0:
            await store.grant(person, Purpose.PLANS, at=AT)
            for number in (1, 2):
                await store.save_plan(person, planned(number), remind_at=AT + DAY)
        await follow(store, place, person)
        if place % 4 == 0:
            for group in GROUPS:
                await store.grant(person, Purpose.GROUP, at=AT, group=group)
            assert await store.offered(person, GROUPS[0], at=AT, pause=0)
            await store.grant(person, Purpose.APART, at=AT, group=GROUPS[1])

    await asyncio.gather(*(fill_one(place, person) for place, person in enumerate(PEOPLE)))
    for chat in ROOMS:
        await store.revise_room(chat, opened(chat))
        assert await store.note_own(chat, 77, at=AT + DAY)


Held = tuple[dict[int, Kept], list[object]]


async def held(store: Store) -> Held:
    """All that is kept, of all."""
    kept = {person: await store.kept(person) for person in PEOPLE}
    return kept, [await store.room(chat) for chat in ROOMS]


def content(folder: Path) -> bytes:
    """The bytes of the database and of its log."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob(f"{FILE}*")))


def everything(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@dataclass(frozen=True, slots=True)
class House:
    """A folder with keys, a ledger, a database and a backup of it."""

    root: Path
    ring: Ring
    ledger: Ledger

    @classmethod
    def at(cls, root: Path) -> "House":
        """Build one whose key is a."""
        write_keys(root / "key", "a")
        ring = ring_at(root / "key")
        return cls(root, ring, Ledger(root / "config" / "forgotten", ring))

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def backup(self) -> Path:
        return self.root / "backup"

    def serve(self, at: int = AT) -> AbstractAsyncContextManager[Store]:
        """Open the store as the bot does."""
        return Store.open(self.data, self.ring, at=at, ledger=self.ledger)

    @asynccontextmanager
    async def serve_filled(self) -> AsyncIterator[Store]:
        """Open the store with something in it."""
        async with self.serve() as store:
            await fill(store)
            yield store

    async def held(self) -> Held:
        """All that is kept, of all."""
        async with self.serve() as store:
            return await held(store)

    def give_keys(self, names: str) -> None:
        """Have other keys in the key file."""
        write_keys(self.root / "key", names)
        self.ring.renew()

    def rotate(self, names: str) -> None:
        """Seal all with the first of these keys."""
        self.give_keys(names)
        rotate(self.data, self.ring, pause=lambda: None)

    def back_up(self, at: int) -> Path:
        """Make a backup."""
        back_up(self.data, self.ring, self.backup, at)
        return self.backup

    def restore(self, at: int) -> Restored:
        """Restore the backup."""
        return restore(self.data, self.ring, self.ledger, self.backup, at)

    def database(self) -> bytes:
        """The bytes of the database and of its log."""
        return content(self.data)

    def files(self) -> set[str]:
        """The names of all files and folders."""
        return {path.name for path in self.root.iterdir()}
