"""How much may be said in a group, and asked because of it.

Rules that hold here: what is urgent hangs on nothing that others wrote; only numbers and times are held, of so many
people and groups at most, in memory alone.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import structlog

from bot.metrics import LIMITED_ANSWERS

CARD_APART: Final = 6 * 60 * 60
"""Seconds from one full card to the next in a group, so that nobody can fill it with them."""

ALERT_APART: Final = 10 * 60
"""Seconds from one word to the moderators of a group to the next."""

OF_A_PERSON: Final = (4, 10 * 60)
"""Answers to one person in a group, in so many seconds."""

OF_A_ROOM: Final = (8, 60)
"""Answers in a group to all its people, in so many seconds: below what Telegram allows, and a card has room beside."""

LOOKS: Final = (40, 60)
"""How often in so many seconds it is asked, because of what is done in a group, who its admins are: a flood of commands
is none of calls."""

LOOKS_OF_A_PERSON: Final = (20, 60)
"""The same for one person, also in private, where each tap on the panel is a look, and no flood in the group counts."""

_MOST: Final = 10_000
"""People and groups that are counted at a time: those are forgotten that had an answer longest ago."""

log = structlog.get_logger()


class Limits:
    """What came where and when. `clock` is in seconds since 1970, UTC; what lies ahead of it does not count."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._cards: dict[int, int] = {}  # when each group had its last full card
        self._alerts: dict[int, int] = {}
        self._counted: OrderedDict[tuple[int | str, ...], deque[int]] = OrderedDict()
        self._refused = 0

    def may_answer(self, chat: int, person: int, *, is_urgent: bool) -> bool:
        """Whether one more answer in the group is not too many, for this person and for all. It is counted.

        What is urgent hangs on nothing that others wrote, nor on what the same person wrote of other things.
        """
        if is_urgent:
            return self._may(OF_A_PERSON, chat, person, "urgent")
        return self._may(OF_A_PERSON, chat, person) and self._may(OF_A_ROOM, chat)

    def may_look(self, chat: int, person: int, *, in_the_group: bool) -> bool:
        """Whether it may be asked once more who the admins are, because of this person. It is counted."""
        of_the_person = self._may(LOOKS_OF_A_PERSON, chat, person, "look")
        return of_the_person and (not in_the_group or self._may(LOOKS, chat, "look"))

    def may_card(self, chat: int) -> bool:
        """Whether a full card may stand in the group once more."""
        return self._is_over(self._cards, chat, CARD_APART)

    def carded(self, chat: int) -> None:
        """Note that one goes out."""
        self._cards[chat] = self._clock()

    def uncarded(self, chat: int) -> None:
        """Note that it did not arrive."""
        self._cards.pop(chat, None)

    def may_alert(self, chat: int) -> bool:
        """Whether the moderators are told once more. It is noted."""
        is_over = self._is_over(self._alerts, chat, ALERT_APART)
        if is_over:
            self._alerts[chat] = self._clock()
        return is_over

    def carry(self, old: int, new: int) -> None:
        """Know by its new id what is known of a group."""
        for seen in (self._cards, self._alerts):
            if old in seen:
                seen[new] = seen.pop(old)

    def tell(self) -> None:
        """Leave in the log how many answers were too many since this was last said."""
        if self._refused:
            log.warning("too many for one group or person: these were not answered", count=self._refused)
        self._refused = 0

    def _is_over(self, seen: dict[int, int], chat: int, seconds: int) -> bool:
        return not 0 <= self._clock() - seen.get(chat, -seconds) < seconds

    def _may(self, limit: tuple[int, int], *whom: int | str) -> bool:
        (most, seconds), now = limit, self._clock()
        times = self._counted.setdefault(whom, deque())
        self._counted.move_to_end(whom)
        while len(self._counted) > _MOST:
            self._counted.popitem(last=False)
        while times and not 0 <= now - times[0] < seconds:
            times.popleft()
        if len(times) >= most:
            self._refused += 1
            LIMITED_ANSWERS.inc()
            return False
        times.append(now)
        return True
