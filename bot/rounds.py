"""How a round of what is done by the clock goes.

Rules that hold here: what fails keeps nothing else from being done, is tried again at a later round, and is said once
in a round; what is claimed is served side by side, so many at a time that no lane runs dry.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog

from bot.log import failure
from bot.store.dues import MOST_CLAIMED

PAGE: Final = MOST_CLAIMED // 2
"""Rows that are claimed at once, while as many at most are under way."""

C = TypeVar("C")

log = structlog.get_logger()


class Rounds:
    """What rounds have in common, one after the other."""

    def __init__(self) -> None:
        self.is_failing = False  # nothing can be claimed, until a round finds otherwise
        self._said: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """Say again what fails."""
        self._said.clear()

    async def tried(self, part: Awaitable[None]) -> bool:
        """Whether a part of a round came to its end. The next round may do better."""
        try:
            await part
        except Exception as error:  # noqa: BLE001 one part that fails keeps no other from its work
            self.failed(error)
            return False
        return True

    def failed(self, error: Exception) -> None:
        """Say that something failed, unless the same did at the same place in this round."""
        told = failure(error)
        kind = told["error"], told["at"].partition(" < ")[0]
        if kind not in self._said:
            self._said.add(kind)
            log.error("round failed", **told)

    async def serve(
        self,
        claim: Callable[[int], Awaitable[Sequence[C]]],
        serve: Callable[[C], Awaitable[None]],
        give_back: Callable[[C], Awaitable[None]],
        whose: Callable[[C], object] = id,
    ) -> None:
        """Claim so many at a time and serve them, until nothing is due: what was left out may be due again at once.

        A second thing of one of `whose` is given back once all else is served, to be claimed again: what is to become
        of it may rest on the first.
        """
        is_due = True
        while is_due:
            is_due = await self._serve(claim, serve, give_back, whose)

    async def _serve(
        self,
        claim: Callable[[int], Awaitable[Sequence[C]]],
        serve: Callable[[C], Awaitable[None]],
        give_back: Callable[[C], Awaitable[None]],
        whose: Callable[[C], object],
    ) -> bool:
        """Whether there was anything to claim."""
        was_due = False
        places = asyncio.Semaphore(MOST_CLAIMED - PAGE)
        under_way: Counter[object] = Counter()
        second: list[C] = []

        async def one(claimed: C) -> None:
            try:
                await self.tried(serve(claimed))
            finally:
                places.release()
                under_way[whose(claimed)] -= 1

        async with asyncio.TaskGroup() as group:
            while not second and (claims := await self._claimed(claim)):
                was_due = True
                under_way = +under_way  # without whom nothing is under way for
                first: list[C] = []
                for each in claims:
                    (second if under_way[whose(each)] else first).append(each)
                    under_way[whose(each)] += 1
                for each in first:
                    await places.acquire()
                    group.create_task(one(each))
        for each in second:
            await self.tried(give_back(each))
        return was_due

    async def _claimed(self, claim: Callable[[int], Awaitable[Sequence[C]]]) -> Sequence[C]:
        try:
            return await claim(PAGE)
        except Exception as error:  # noqa: BLE001 the next round may do better
            self.failed(error)
            self.is_failing = True
            return ()
