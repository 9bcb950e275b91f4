"""What of Telegram's updates is for the bot, told from their JSON before anything is made of it.

Rules that hold here: of a group's messages those go on that are addressed to the bot, and those of members who agreed
to be read; in the rest nothing is looked at but the names in it and the command that it begins with, and nothing is
kept of it. What goes on is read anew by `updates`, which agrees on what is addressed. What cannot be looked at goes on
too, and is told there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telegram import Bot
from telegram.constants import ChatID

from bot.adapters.updates import command_in, is_our_name
from bot.core.commands import KNOWN_IN_GROUPS

Json = dict[str, Any]

_SERVICE: Final = ChatID.SERVICE_CHAT.value
_GROUPS: Final = frozenset({"group", "supergroup"})
_TELLING: Final = frozenset({"left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id"})
_NAMING: Final = frozenset({"mention", "text_mention", "bot_command"})
_WORDS: Final = (("text", "entities"), ("caption", "caption_entities"))


class Sieve:
    """Tells what is for `bot`. `hears` says of a chat and a person whether that person agreed to be read there."""

    def __init__(self, bot: Bot, hears: Callable[[int, int], bool] = lambda _, __: False) -> None:
        self.hears = hears
        self._bot = bot
        self._us = 0
        self._name = ""

    def lets(self, update: Json) -> bool:
        """Whether an update, as Telegram's JSON has it, goes on."""
        try:
            if "message" in update:
                return self._lets_message(update["message"], edited=False)
            if "edited_message" in update:
                return self._lets_message(update["edited_message"], edited=True)
            if "chat_member" in update:
                return _tells_of_leaving(update["chat_member"])
        except Exception:  # noqa: BLE001 the reader says what is wrong with it
            return True
        return "channel_post" not in update and "edited_channel_post" not in update

    def _lets_message(self, message: Json, *, edited: bool) -> bool:
        chat = message["chat"]
        if chat["type"] not in _GROUPS or not _TELLING.isdisjoint(message):
            return True
        person, unnamed = message["from"], "sender_chat" in message
        if (person["is_bot"] and not unnamed) or person["id"] == _SERVICE or "is_automatic_forward" in message:
            return False
        if not self._us:
            self._us, self._name = self._bot.id, self._bot.username.lower()
        if "reply_to_message" in message and self._is_of_us(message["reply_to_message"]):
            return True
        text = message.get("text") or message.get("caption")
        if not text:
            return False
        if not unnamed and self.hears(chat["id"], person["id"]):
            return True
        may_command = text[0] == "/" and not edited and "forward_origin" not in message
        if may_command and command_in(text, self._name)[0] in KNOWN_IN_GROUPS:
            return True
        return any(
            self._is_named(message[words], message[entities]) for words, entities in _WORDS if entities in message
        )

    def _is_of_us(self, answered: Json) -> bool:
        return "from" in answered and answered["from"]["id"] == self._us

    def _is_named(self, words: str, entities: list[Json]) -> bool:
        naming = [entity for entity in entities if entity["type"] in _NAMING]
        if not naming:
            return False
        # Telegram counts in units of UTF-16, which are letters only where all are of ASCII.
        width, cut = (1, words.encode()) if words.isascii() else (2, words.encode("utf-16-le"))
        for entity in naming:
            kind, start = entity["type"], entity["offset"] * width
            if kind == "text_mention":
                if entity["user"]["id"] == self._us:
                    return True
            else:
                named = cut[start : start + entity["length"] * width]
                if is_our_name(named.decode("ascii" if width == 1 else "utf-16-le"), self._name):
                    return True
        return False


def _tells_of_leaving(change: Json) -> bool:
    """Whether it is about someone who is not in a group any more. Of who joins one, nothing is to be known."""
    member = change["new_chat_member"]
    is_in = member["status"] not in {"left", "kicked"} and member.get("is_member", True)
    return not is_in and not member["user"]["is_bot"] and change["chat"]["type"] in _GROUPS
