"""Telegram's JSON as it comes: who writes, where, and what."""

import json
from http import HTTPStatus
from typing import Any

from telegram.request import RequestData
from typing_extensions import override

from tests.botapi.people import MEDIA
from tests.network import NoNetwork

Json = dict[str, Any]

TOKEN = "480016:AAExampleOfATokenThatOpensNothing"  # noqa: S105 - it opens nothing
NAME = "ExampleCompassionBot"
US: Json = {"id": 480016, "is_bot": True, "first_name": "Compassion", "username": NAME}
ANN: Json = {"id": 7_071_067_811, "is_bot": False, "first_name": "Ann"}
BEN: Json = {"id": 5_772_156_649, "is_bot": False, "first_name": "Ben"}
OTHER_BOT: Json = {"id": 333, "is_bot": True, "first_name": "Other", "username": "other_bot"}
PRIVATE: Json = {"id": ANN["id"], "type": "private", "first_name": "Ann"}
GROUP: Json = {"id": -1_001_234_567_890, "type": "supergroup", "title": "Night shift"}
CHANNEL: Json = {"id": -1_009_876_543_210, "type": "channel", "title": "News"}
ANONYMOUS: Json = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
AS_CHANNEL: Json = {"id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
SERVICE: Json = {"id": 777_000, "is_bot": False, "first_name": "Telegram"}
AT = 1_790_000_000
SAID = "lost a patient today"

PICTURE = MEDIA["photo"]
VENUE = {**MEDIA["location"], "venue": {**MEDIA["location"], "title": "Ward", "address": "1 Road"}}
FORWARDED: dict[str, Json] = {
    "user": {"type": "user", "sender_user": BEN, "date": AT},
    "hidden": {"type": "hidden_user", "sender_user_name": "Someone", "date": AT},
    "channel": {"type": "channel", "chat": CHANNEL, "message_id": 5, "date": AT},
    "chat": {"type": "chat", "sender_chat": GROUP, "date": AT},
}
UNSEEN: dict[str, Json] = {
    **{str(kind): content for kind, content in MEDIA.items() if kind != "location"},
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
    "story": {"story": {"chat": CHANNEL, "id": 4}},
    "game": {"game": {"title": "chess", "description": "", "photo": []}},
    "what nobody knows yet": {"hologram": {"id": "x"}},
}


def message(**content: object) -> Json:
    """A message of Ann's in private, but for what is said otherwise."""
    sender = content.pop("sender", ANN)
    return {"message_id": 10, "date": AT, "chat": PRIVATE, **({"from": sender} if sender else {}), **content}


def press(data: str | None, message_id: int, *, query: str = "q1", sender: Json = ANN, **more: object) -> Json:
    shown = {"message_id": message_id, "date": AT, "chat": PRIVATE, "from": US, "text": "shown", **more}
    return {
        "id": query,
        "from": sender,
        "message": shown,
        "chat_instance": "1",
        **({"data": data} if data is not None else {"game_short_name": "chess"}),
    }


def ours(*buttons: Json, text: str = "shown") -> Json:
    """A message of the bot's, inside a reply to it."""
    keyboard = {"reply_markup": {"inline_keyboard": [list(buttons)]}} if buttons else {}
    return {"message_id": 9, "date": AT, "chat": PRIVATE, "from": US, "text": text, **keyboard}


class OnlyUs(NoNetwork):
    """A network where the bot learns its own name and nothing else. `more`: what is so besides."""

    def __init__(self, **more: object) -> None:
        self._us = US | more

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        assert url.endswith("/getMe")
        return HTTPStatus.OK, json.dumps({"ok": True, "result": self._us}).encode()
