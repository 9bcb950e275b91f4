"""The time that the bot goes by: the machine's, as long as nothing speaks against it.

Rules that hold here: a jump of the machine's clock is not followed before Telegram says the same, since by a clock that
is a year ahead all that people keep would be old enough to go; where the two differ, Telegram's time counts; from one
word of Telegram's to the next it is measured by a clock that nobody sets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from bot.metrics import CLOCK_AHEAD

NEAR: Final = 60.0
"""Seconds within which two clocks count as one: an answer may be under way as long as a poll lasts."""

UNTOLD: Final = 60 * 60
"""Seconds that a jump has to stand until it is followed, where nobody has ever told the time."""

log = structlog.get_logger()


class Clock:
    """Called, it gives seconds since 1970, UTC.

    `wall` gives them as the machine has them; `steady` gives seconds that are never set, from whenever it began.
    """

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._began = wall() - steady()  # when the steady clock began, as far as is known
        self._jumped: tuple[float, float] | None = None  # that time by a clock that is not followed, and since when
        self._is_told = False
        self._is_wrong = False  # the machine's, by what was told

    def __call__(self) -> int:
        """Seconds since 1970, UTC."""
        at = self._steady()
        began = self._wall() - at
        if abs(began - self._began) <= NEAR:
            self._follow(began)
        elif self._jumped is None or abs(began - self._jumped[0]) > NEAR:
            self._jumped = began, at
            log.warning("the machine's clock was set: not followed yet", seconds=round(began - self._began))
        elif not self._is_told and at - self._jumped[1] >= UNTOLD:
            self._follow(began)
        return int(at + self._began)

    def told(self, at: int) -> None:
        """Hear from Telegram what time it is, in seconds since 1970, UTC."""
        self._is_told = True
        steady = self._steady()
        began = self._wall() - steady
        ahead = round(steady + began - at)
        CLOCK_AHEAD.set(ahead)
        if abs(ahead) <= NEAR:
            self._follow(began)
            return
        if abs(steady + self._began - at) > NEAR:
            self._began = at - steady
        if not self._is_wrong:
            self._is_wrong, self._jumped = True, (began, steady)
            log.error("the machine's clock is wrong: Telegram's is followed until it is set", seconds=ahead)

    def _follow(self, began: float) -> None:
        if self._jumped is not None:
            log.warning("the machine's clock is followed again", seconds=round(began - self._began))
        self._began, self._jumped, self._is_wrong = began, None, False
