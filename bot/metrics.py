"""What is counted and timed, for whoever runs the bot.

Rules that hold here: no label names a person, a group, a step or a word of a message; danger is not counted here.
"""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

UPDATES = Counter("bot_updates", "Updates by outcome: handled, failed, shed, repeat, refused, unreadable.", ["outcome"])
HANDLING = Histogram("bot_update_seconds", "From the beginning of an update's handling to its end.", buckets=_SECONDS)

SENDS = Histogram(
    "bot_send_seconds", "From a message's place in its lane to its end, whatever that is.", ["lane"], buckets=_SECONDS
)
WAITING = Gauge("bot_waiting_messages", "Messages that have a place in a lane, or are under way.", ["lane"])
LIMITED = Counter("bot_limited", "Times that Telegram said to wait, by what has to: a chat, all.", ["about"])
RETRIES = Counter("bot_retries", "Calls made again after a failure.")
