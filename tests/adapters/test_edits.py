"""Edits that may be many at once: the latest of each message, and none too soon after another."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.adapters.edits import PAUSE, Edits
from bot.adapters.lanes import GROUP
from bot.core.lines import Line
from bot.core.model import Lane, Reply
from bot.core.ports import Fate, Sent

CHAT, OTHER = -1_001_111, -1_002_222


def total(number: int) -> Reply:
    return Reply((Line.CIRCLE_TOTAL,), slots={"total": str(number)}, lane=Lane.BROADCAST)


class Writing:
    """What edits are made by: it writes down when each was made. Time passes by `passes` alone."""

    def __init__(self) -> None:
        self.at = 0.0
        self.made: list[tuple[float, int, int, str]] = []
        self.ends: list[Sent | None] = []
        self.under_way = 0
        self.gate: asyncio.Event | None = None
        self._pauses: list[tuple[float, asyncio.Event]] = []
        self.edits = Edits(self._edit, self._pause)

    async def _edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        self.under_way += 1
        assert self.under_way == 1 or chat == OTHER
        if self.gate is not None:
            await self.gate.wait()
        self.made.append((self.at, chat, number, str(reply.slots["total"])))
        self.under_way -= 1
        return self.ends.pop(0) if self.ends else Sent(Fate.ARRIVED, number)

    async def _pause(self, seconds: float) -> None:
        over = asyncio.Event()
        self._pauses.append((self.at + seconds, over))
        await over.wait()

    async def passes(self, seconds: float) -> None:
        self.at += seconds
        for until, over in self._pauses:
            if until <= self.at:
                over.set()
        for _ in range(5):
            await asyncio.sleep(0)

    def told(self) -> list[tuple[int, int, str]]:
        """What was edited since it was last asked."""
        made = [(chat, number, words) for _, chat, number, words in self.made]
        self.made.clear()
        return made


@pytest.fixture
def writing() -> Writing:
    return Writing()


async def test_hundred_in_a_minute_are_ten_edits_and_the_last_total_stands_in_the_end(writing: Writing) -> None:
    for number in range(1, 101):
        writing.edits.put(CHAT, 5, total(number))
        await writing.passes(0.6)
    await writing.passes(PAUSE)
    times = [at for at, *_ in writing.made]
    assert all(after - before >= PAUSE for before, after in itertools.pairwise(times))
    within = [at for at in times if at <= GROUP[1]]
    assert len(within) <= 11
    assert len(within) <= GROUP[0] // 2 + 1  # so that half of what a group may get is left for answers
    assert writing.told()[-1] == (CHAT, 5, "100")


async def test_hundred_at_once_are_two_edits(writing: Writing) -> None:
    writing.edits.put(CHAT, 5, total(1))
    await writing.passes(0)
    for number in range(2, 101):
        writing.edits.put(CHAT, 5, total(number))
    await writing.passes(PAUSE)
    await writing.passes(PAUSE)
    assert writing.told() == [(CHAT, 5, "1"), (CHAT, 5, "100")]


async def test_one_is_under_way_at_a_time_and_what_comes_meanwhile_is_made_after_it(writing: Writing) -> None:
    writing.gate = asyncio.Event()
    writing.edits.put(CHAT, 5, total(1))
    await writing.passes(0)
    writing.edits.put(CHAT, 5, total(2))
    await writing.passes(2 * PAUSE)
    assert writing.told() == []
    writing.gate.set()
    await writing.passes(0)
    assert writing.told() == [(CHAT, 5, "1")]
    await writing.passes(PAUSE)
    assert writing.told() == [(CHAT, 5, "2")]


async def test_messages_of_one_chat_take_turns_and_chats_do_not_wait_for_each_other(writing: Writing) -> None:
    for chat in (CHAT, OTHER):
        for number in (5, 6):
            writing.edits.put(chat, number, total(number))
    await writing.passes(0)
    assert writing.told() == [(CHAT, 5, "5"), (OTHER, 5, "5")]
    await writing.passes(PAUSE)
    assert writing.told() == [(CHAT, 6, "6"), (OTHER, 6, "6")]


async def test_first_after_a_while_is_made_at_once_and_soon_after_waits(writing: Writing) -> None:
    writing.edits.put(CHAT, 5, total(1))
    await writing.passes(PAUSE)
    writing.told()
    await writing.passes(60)
    writing.edits.put(CHAT, 5, total(2))
    await writing.passes(0)
    assert writing.told() == [(CHAT, 5, "2")]
    writing.edits.put(CHAT, 5, total(3))
    await writing.passes(PAUSE - 1)
    assert writing.told() == []
    await writing.passes(1)
    assert writing.told() == [(CHAT, 5, "3")]


async def test_told_to_wait_it_waits_and_makes_the_latest(writing: Writing) -> None:
    writing.ends = [Sent(Fate.LOST, wait=40.0), Sent(Fate.LOST)]
    writing.edits.put(CHAT, 5, total(1))
    await writing.passes(0)
    await writing.passes(39)
    assert len(writing.told()) == 1
    writing.edits.put(CHAT, 5, total(2))
    await writing.passes(1)
    assert writing.told() == [(CHAT, 5, "2")]
    await writing.passes(PAUSE)  # that one was lost for good, and nothing tries again by itself
    assert writing.told() == []


async def test_what_cannot_be_edited_is_let_go_of(writing: Writing) -> None:
    writing.ends = [None]
    writing.edits.put(CHAT, 5, total(1))
    await writing.passes(0)
    await writing.passes(PAUSE)
    assert writing.told() == [(CHAT, 5, "1")]


async def test_stop_waits_for_no_edit_and_makes_none_after_it(writing: Writing) -> None:
    async with writing.edits.beside():
        writing.edits.put(CHAT, 5, total(1))
        await writing.passes(0)
        writing.edits.put(CHAT, 5, total(2))
    await writing.passes(PAUSE)
    assert writing.told() == [(CHAT, 5, "1")]
