"""Replies, as the core names them, into Telegram's messages.

Rules that hold here: the words are those of `prompts/`; whatever becomes of a message is a value, and what is said of
it in the log is the kind of failure alone; a picture that cannot be had is left out, since its words say the same; a
keyboard opens in a private chat alone, since Telegram lets nobody be asked for their place elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.adapters.delivery import Clip, Delivery, Markup, Media, Photo
from bot.adapters.transport import NotSentError
from bot.core.lines import Label
from bot.core.model import Action, Animation, Button, Document, Fate, Reply, Sent
from bot.figure import png
from bot.log import failure
from bot.prompts import FOLDER, Prompts

_FORMATS: Final = (".mp4", ".gif")

log = structlog.get_logger()


class TelegramOutbox:
    """The `Outbox` on Telegram. `delivery` and `bot` are of the same token; animations lie in `folder`."""

    def __init__(self, bot: Bot, delivery: Delivery, prompts: Prompts, folder: Path = FOLDER) -> None:
        self._bot = bot
        self._delivery = delivery
        self._prompts = prompts
        self._folder = folder
        self._clips: dict[Animation, Clip] = {}

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        """Send one message into a chat, or one topic of it, and say what became of it."""
        words, markup = self._prompts.text(reply), self._markup(chat, reply)
        media = await self._media(reply)
        return await _sent(self._delivery.send(chat, words, markup, thread=thread, lane=reply.lane, media=media))

    async def edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        """Put a message in place of the one with that number, and say what became of it, or None where it cannot be."""
        if reply.attached is not None or reply.is_keyboard or reply.closes_keyboard:
            return None
        words, buttons = self._prompts.text(reply), self._buttons(reply)

        async def edited() -> int | None:
            return number if await self._delivery.edit(chat, number, words, buttons, lane=reply.lane) else None

        sent = await _sent(edited())
        return None if sent.fate is Fate.REFUSED else sent

    def give_up(self) -> None:
        """Have broadcasts that still wait for their turn be lost at once."""
        self._delivery.give_up_broadcasts()

    async def _media(self, reply: Reply) -> Media | None:
        try:
            match reply.attached:
                case None | Document() as ready:
                    return ready
                case Animation() as animation:
                    return await self._clip(animation)
                case figure:
                    return Photo(await asyncio.to_thread(png, figure, self._prompts.content.labels))
        except Exception as error:  # noqa: BLE001 whatever became of the picture, the words are sent
            log.error("no picture", **failure(error))
            return None

    async def _clip(self, animation: Animation) -> Clip:
        if animation not in self._clips:
            paths = [self._folder / f"{animation}{ending}" for ending in _FORMATS]
            path = next((path for path in paths if path.exists()), paths[0])
            self._clips[animation] = Clip(path.name, await asyncio.to_thread(path.read_bytes))
        return self._clips[animation]

    def _markup(self, chat: int, reply: Reply) -> Markup | None:
        in_private = chat > 0
        if reply.is_keyboard:
            return self._keyboard(reply) if in_private else None
        if not reply.buttons and reply.closes_keyboard and in_private:
            return ReplyKeyboardRemove()
        return self._buttons(reply)

    def _keyboard(self, reply: Reply) -> ReplyKeyboardMarkup:
        return ReplyKeyboardMarkup(
            [[self._key(button) for button in row] for row in reply.buttons],
            resize_keyboard=True,
            one_time_keyboard=True,
            input_field_placeholder=self._prompts.content.labels[Label.KEYBOARD_HINT],
        )

    def _key(self, button: Button) -> KeyboardButton:
        asks = button.action is Action.LOCATE
        return KeyboardButton(self._prompts.label(button), request_location=asks or None)

    def _buttons(self, reply: Reply) -> InlineKeyboardMarkup | None:
        if not reply.buttons:
            return None
        return InlineKeyboardMarkup([[self._button(button) for button in row] for row in reply.buttons])

    def _button(self, button: Button) -> InlineKeyboardButton:
        label = self._prompts.label(button)
        if button.action is Action.DOOR:
            return InlineKeyboardButton(label, url=f"https://t.me/{self._bot.username}?start=group")
        return InlineKeyboardButton(label, callback_data=button.payload)


async def _sent(call: Awaitable[int | None]) -> Sent:
    """What became of a message. The call gives its number, or None where nothing may go there."""
    try:
        number = await call
    except NotSentError as error:
        log.warning("message not sent", **failure(error))
        return Sent(Fate.LOST)
    except RetryAfter as error:
        log.warning("message not sent", **failure(error))
        return Sent(Fate.LOST, wait=cast("timedelta", error.retry_after).total_seconds())
    except BadRequest as error:
        log.error("message refused", **failure(error))
        return Sent(Fate.LOST)
    except NetworkError as error:
        log.warning("message in doubt", **failure(error))
        return Sent(Fate.UNSURE)
    except TelegramError as error:
        log.error("message refused", **failure(error))
        return Sent(Fate.LOST)
    return Sent(Fate.REFUSED) if number is None else Sent(Fate.ARRIVED, number)
