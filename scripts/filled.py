"""A store that takes in many people at once, for measuring.

Rules that hold here: what is kept of them is what the bot itself would keep, sealed in the same way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from bot.core.gap import DAY
from bot.core.model import Nudging, Purpose
from bot.store.rows import EVERYWHERE, consent_place, row_key
from bot.store.store import Store


class Filled(Store):
    """People who agreed to nudges, by the thousand."""

    async def fill(self, numbers: Sequence[int], nudging: Callable[[int], Nudging], at: int) -> None:
        """Keep a yes to nudges of each, given then, and what is kept of them; all in one transaction."""
        keys = self._ring.newest

        def change(database: sqlite3.Connection) -> None:
            for row, number in sorted((row_key(keys, number), number) for number in numbers):
                given = self._seal({"version": 1, "at": at}, consent_place(row, Purpose.NUDGES, EVERYWHERE, "given"))
                own = self._seal(str(number), consent_place(row, Purpose.NUDGES, EVERYWHERE, "id"))
                database.execute(
                    "INSERT INTO consent (person, purpose, scope, given, id, day, told) VALUES (?, ?, ?, ?, ?, ?, 0)",
                    (row, Purpose.NUDGES, EVERYWHERE, given, own, at // DAY),
                )
                self._put_nudging(database, row, nudging(number))

        await self._database.write(change)
