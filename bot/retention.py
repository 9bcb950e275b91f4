"""The end of what is kept: one notice to whoever has long been silent, and the daily sweep.

Rules that hold here: nobody's rows go unless they were told, asked never to be written to, or cannot be told, as their
id is not known; a sweep takes a page at a time, so that no writer waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.core.gap import DAY
from bot.core.keeping import inactive_notice
from bot.core.ports import Fate, Outbox
from bot.respond import Responder
from bot.store.store import Store


async def tell_the_quiet(
    store: Store, responder: Responder, outbox: Outbox, today: int, may_go_on: Callable[[], Awaitable[bool]]
) -> None:
    """Tell whoever has long been silent that all of theirs will go. `may_go_on` is asked after each page of them."""
    lost: set[int] = set()
    while people := [person for person in await store.quiet(today) if person not in lost]:
        for person in people:
            sent = await outbox.send(person, responder.addressed(person, inactive_notice()))
            if sent.fate is Fate.LOST:  # which is tried again tomorrow
                lost.add(person)
            else:  # who has blocked the bot can be told no more than that
                await store.told(person, today)
        if not await may_go_on():
            return


async def sweep(store: Store, at: int) -> None:
    """Delete what has been kept long enough at that time, page by page."""
    while await store.sweep(at // DAY):
        pass
