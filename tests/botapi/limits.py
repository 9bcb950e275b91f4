"""How much Telegram lets out at a time, for a stand-in that holds a bot to it."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from tests.botapi.updates import Refused

EVERYWHERE: Final = 0
"""The place of the limit over all chats: no chat has this id."""


@dataclass
class Limits:
    """So many messages within so many seconds: to one chat, to one group besides, and over all.

    Beyond that comes 429. What was refused does not count. Source of the figures: https://core.telegram.org/bots/faq,
    which promises no more; Telegram itself lets short bursts pass.
    """

    chat: tuple[int, float] = (1, 1)
    group: tuple[int, float] = (20, 60)
    overall: tuple[int, float] = (30, 1)
    _sent: defaultdict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def take(self, chat: int, *, in_group: bool, at: float) -> None:
        """Count a message that goes out `at` so many seconds. Raises Refused, with when to come again."""
        bounds = [(self._sent[EVERYWHERE], self.overall), (self._sent[chat], self.chat)]
        if in_group:
            bounds.append((self._sent[chat], self.group))
        wait = max(_wait(sent, most, seconds, at) for sent, (most, seconds) in bounds)
        if wait > 0:
            seconds = ceil(wait)
            raise Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for place in (EVERYWHERE, chat):
            self._sent[place].append(at)


def _wait(sent: deque[float], most: int, seconds: float, at: float) -> float:
    """Seconds until one more may go out."""
    if len(sent) < most:
        return 0
    return sent[-most] + seconds - at
