"""Replies, as the core names them, into Telegram's messages.

Rules that hold here: the words are those of `prompts/`; whatever becomes of a message is a value, and what is said of
it in the log is the kind of failure alone; a picture that cannot be had is left out, since its words say the same.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.adapters.delivery import Clip, Delivery, Media, Photo
from bot.adapters.transport import NotSentError
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
        words, buttons = self._prompts.text(reply), self._markup(reply)
        media = await self._media(reply)
        try:
            number = await self._delivery.send(chat, words, buttons, thread=thread, lane=reply.lane, media=media)
        except (NotSentError, RetryAfter) as error:
            log.warning("message not sent", **failure(error))
            return Sent(Fate.LOST)
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

    def _markup(self, reply: Reply) -> InlineKeyboardMarkup | None:
        if not reply.buttons:
            return None
        return InlineKeyboardMarkup([[self._button(button) for button in row] for row in reply.buttons])

    def _button(self, button: Button) -> InlineKeyboardButton:
        label = self._prompts.label(button)
        if button.action is Action.DOOR:
            return InlineKeyboardButton(label, url=f"https://t.me/{self._bot.username}?start=group")
        return InlineKeyboardButton(label, callback_data=button.payload)
