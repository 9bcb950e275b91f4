"""A store that takes in many people at once, for measuring.

Rules that hold here: what is kept of them is what the bot itself would keep, sealed in the same way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from bot.core.gap import DAY
from bot.core.kept import Nudging, Purpose
from bot.store.dues import put_due
from bot.store.rows import EVERYWHERE, consent_place, row_key
from bot.store.store import Store

TOGETHER: Final = 10_000
"""People in one transaction."""


class Filled(Store):
    """People who agreed to nudges, by the thousand."""

    async def fill(self, numbers: Iterable[int], nudging: Callable[[int], Nudging], at: int) -> None:
        """Keep a yes to nudges of each, given then, and what is kept of them."""
        keys = self._ring.newest
        rows = sorted((row_key(keys, number), number) for number in numbers)  # as they lie in the file

        def change(database: sqlite3.Connection, start: int) -> None:
            database.execute("PRAGMA cache_size = -200000")
            for row, number in rows[start : start + TOGETHER]:
                given = self._seal({"version": 1, "at": at}, consent_place(row, Purpose.NUDGES, EVERYWHERE, "given"))
                own = self._seal(str(number), consent_place(row, Purpose.NUDGES, EVERYWHERE, "id"))
                database.execute(
                    "INSERT INTO consent (person, purpose, scope, given, id, day, told) VALUES (?, ?, ?, ?, ?, ?, 0)",
                    (row, Purpose.NUDGES, EVERYWHERE, given, own, at // DAY),
                )
                self._put_nudging(database, row, now := nudging(number))
                put_due(database, row, Purpose.NUDGES, b"", now.due_at)

        for start in range(0, len(rows), TOGETHER):
            await self._database.write(partial(change, start=start))
