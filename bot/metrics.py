"""What is counted and timed, for whoever runs the bot.

Rules that hold here: no label names a person, a group, a step or a word of a message. Danger is counted for all people
together and shown a day late, so that no count can be laid beside the minute of one message; what goes out in the lane
of danger is counted with the replies.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from bot.core.state import Tier

_DAY: Final = 24 * 60 * 60
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

READY = Gauge("bot_ready", "Whether Telegram answers, and messages are taken: 1 or 0, as /readyz.")

UPDATES = Counter(
    "bot_updates", "Updates by outcome: handled, failed, shed, repeat, refused, unreadable, unread.", ["outcome"]
)
for _outcome in ("handled", "failed", "shed", "repeat", "refused", "unreadable", "unread"):
    UPDATES.labels(_outcome)  # from 0: of a count that begins with its first one, nobody sees that it has grown

HANDLING = Histogram("bot_update_seconds", "From the beginning of an update's handling to its end.", buckets=_SECONDS)

SENDS = Histogram(
    "bot_send_seconds", "From a message's place in its lane to its end: reply, broadcast.", ["lane"], buckets=_SECONDS
)
WAITING = Gauge("bot_waiting_messages", "Messages that wait or are under way: reply, broadcast.", ["lane"])
LIMITED = Counter("bot_limited", "Times that Telegram said to wait, by what has to: a chat, all.", ["about"])
for _about in ("a chat", "all"):
    LIMITED.labels(_about)

RETRIES = Counter("bot_retries", "Calls made again after a failure.")

CLOCK_AHEAD = Gauge("bot_clock_ahead_seconds", "How far the machine's clock is ahead of Telegram's; below 0: behind.")

LIMITED_ANSWERS = Counter("bot_limited_answers", "Answers in groups that were left out, since there were too many.")

TASKS = Gauge("bot_tasks", "Tasks that are under way or wait, in the whole program.")

CORE_FAILURES = Counter("bot_core_failures", "Messages that could not be read or answered, and got a general card.")


class DailyTotals:
    """Counts what a day had, and adds it to a counter when that day (UTC) is over. A restart loses a day's."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._day = 0
        self._counts: dict[str, int] = {}

    def turn(self, at: int) -> None:
        """Show what earlier days had. `at` is now, in seconds since 1970."""
        day = at // _DAY
        if day == self._day:
            return
        for name, count in self._counts.items():
            self._counter.labels(name).inc(count)
        self._day, self._counts = day, {}

    def count(self, name: str) -> None:
        """Add one to the day."""
        self._counts[name] = self._counts.get(name, 0) + 1


DANGERS = Counter("bot_dangers", "Cards about danger by what was read, and questions (unclear), a day late.", ["tier"])
for _tier in set(Tier) - {Tier.NONE}:
    DANGERS.labels(_tier)
