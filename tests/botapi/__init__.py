"""A stand-in for Telegram's Bot API, and people who write to the bot through it."""

from tests.botapi.chats import Chat, Message, Press, Unmet
from tests.botapi.client import bot_of
from tests.botapi.faults import Dropped, Hang, Page, blocked, broken, too_many
from tests.botapi.limits import Limits
from tests.botapi.people import Channel, Group, Person, Place
from tests.botapi.server import Call, Server

__all__ = [
    "Call",
    "Channel",
    "Chat",
    "Dropped",
    "Group",
    "Hang",
    "Limits",
    "Message",
    "Page",
    "Person",
    "Place",
    "Press",
    "Server",
    "Unmet",
    "blocked",
    "bot_of",
    "broken",
    "too_many",
]
