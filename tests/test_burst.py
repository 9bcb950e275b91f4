"""Ten thousand people whose nudge is due at the same second: on the real store, and by no clock but the test's."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from typing_extensions import override

from bot.core.kept import Nudging, Rest, Schedule
from bot.core.model import Reply
from bot.core.ports import Sent
from bot.nudges import Nudges
from bot.store.database import connect
from bot.store.dues import MOST_CLAIMED
from bot.store.opening import FILE
from scripts.filled import Filled
from tests.person import PROMPTS, RING, Clock, responder_of
from tests.test_nudges import Writing

PEOPLE: Final = range(1, 10_001)
EARLY: Final = 10
"""Each tenth of them was due a second before the others."""

SOME: Final = 4_000
"""So many have been sent something when the bot is told to stop."""

LOOKED_AT: Final = 50
"""After each so many messages, the claimed rows are counted."""


class Watching(Writing):
    """An outbox that writes down what it is given, and how many are claimed then; it tells when `most` were sent."""

    def __init__(self, database: sqlite3.Connection, most: int) -> None:
        super().__init__()
        self.claimed: set[int] = set()
        self.reached = asyncio.Event()
        self._database = database
        self._most = most

    @override
    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        if len(self.sent) % LOOKED_AT == 0:
            self.claimed.add(self.count())
        if len(self.sent) + 1 == self._most:
            self.reached.set()
        return await super().send(chat, reply, thread=thread)

    def count(self) -> int:
        (number,) = self._database.execute("SELECT count(*) FROM person_due WHERE claimed > 0").fetchone()
        return int(number)

    def people(self) -> list[int]:
        return [chat for chat, _ in self.sent]


async def test_ten_thousand_at_one_second_are_each_sent_once_in_order_and_by_pages_with_a_stop_between(
    tmp_path: Path,
) -> None:
    clock, file = Clock(), tmp_path / "data" / FILE
    at = clock.at
    schedule = Schedule(at % 86_400 // 60, frozenset(range(7)), "Etc/UTC", 0, 0)
    nudging = Nudging(schedule, seed=1, rest=Rest.NONE)
    async with Filled.open(tmp_path / "data", RING) as store:
        await store.derive_again(PROMPTS.content.zones.version, lambda kept: kept)
        await store.fill(PEOPLE, lambda number: replace(nudging, due_at=at - (number % EARLY == 0)), at)

        with closing(connect(file)) as database:
            first = Watching(database, SOME)
            async with Nudges(store, responder_of(store, clock), first, clock, PROMPTS.content).beside():
                await first.reached.wait()
            assert first.count() == 0
            assert SOME <= len(first.sent) <= SOME + MOST_CLAIMED

            clock.at += 60
            rest = Watching(database, len(PEOPLE))
            await Nudges(store, responder_of(store, clock), rest, clock, PROMPTS.content).round()
            assert rest.count() == 0
        people = first.people() + rest.people()
        assert sorted(people) == list(PEOPLE)
        early = len(PEOPLE) // EARLY
        assert {number % EARLY for number in people[: early - MOST_CLAIMED]} == {0}
        assert {number % EARLY for number in people[early + MOST_CLAIMED :]} == set(range(1, EARLY))
        assert max(first.claimed | rest.claimed) <= MOST_CLAIMED
        assert await store.claim(clock.at) == ()
