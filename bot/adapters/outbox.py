"""Replies, as the core names them, into Telegram's messages.

Rules that hold here: the words are those of `prompts/`; whatever becomes of a message is a value, and what is said of
it in the log is the kind of failure alone; a picture that cannot be had is left out, since its words say the same; a
keyboard opens in a private chat alone, since Telegram lets nobody be asked for their place elsewhere; while Telegram
answers nothing, no broadcast is spent on finding that out.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import structlog
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.adapters.delivery import Clip, Delivery, Markup, Media, Photo
from bot.adapters.transport import NotSentError
from bot.adapters.updates import PICKS
from bot.core.lines import Label
from bot.core.model import Action, Animation, Button, Document, Lane, Reply
from bot.core.ports import Fate, Sent
from bot.figure import png
from bot.log import failure
from bot.prompts import FOLDER, Prompts

_FORMATS: Final = (".mp4", ".gif")
_ADDING: Final = ("startgroup=add", "startchannel&admin=post_messages", "startgroup=add&admin=manage_chat")
"""How a link adds the bot: to a group, to a channel, as an admin of a group who may do nothing that members may not.

Source of the rights: https://core.telegram.org/api/links#groupchannel-bot-links
"""

MOST_IN_DOUBT: Final = 3
"""After so many broadcasts in a row that may not have arrived, it is asked whether Telegram answers."""

_ASKED_AFTER: Final = 60.0  # seconds

_ANSWERED_WITHIN: Final = 3.0
"""Seconds for that answer: fewer than a round has to give back what it claimed, when the bot is told to stop."""

log = structlog.get_logger()


class TelegramOutbox:
    """The `RoomOutbox` on Telegram. `delivery` and `bot` are of the same token; animations lie in `folder`.

    `now` is a clock in seconds that never goes back.
    """

    def __init__(
        self,
        bot: Bot,
        delivery: Delivery,
        prompts: Prompts,
        folder: Path = FOLDER,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._delivery = delivery
        self._prompts = prompts
        self._folder = folder
        self._clips: dict[Animation, Clip] = {}
        self._in_doubt = 0
        self._now = now
        self._ask_at = -math.inf
        self._asking = asyncio.Lock()

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        """Send one message into a chat, or one topic of it, and say what became of it."""
        is_broadcast = reply.lane is Lane.BROADCAST
        if is_broadcast and self._in_doubt >= MOST_IN_DOUBT and not await self._is_answered():
            return Sent(Fate.LOST)
        words, markup = self._prompts.text(reply), self._markup(chat, reply)
        media = await self._media(reply)
        sent = await _sent(self._delivery.send(chat, words, markup, thread=thread, lane=reply.lane, media=media))
        if is_broadcast and sent.fate is not Fate.LOST:  # which is not spent: it is tried again
            self._in_doubt = self._in_doubt + 1 if sent.fate is Fate.UNSURE else 0
        return sent

    async def _is_answered(self) -> bool:
        """Whether Telegram answers. It is asked where broadcasts are in doubt, once in `_ASKED_AFTER` seconds."""
        async with self._asking:
            now = self._now()
            if self._in_doubt >= MOST_IN_DOUBT and now >= self._ask_at:
                try:
                    async with asyncio.timeout(_ANSWERED_WITHIN):
                        await self._bot.get_me()
                    self._in_doubt = 0
                except (TelegramError, TimeoutError):
                    self._ask_at = now + _ASKED_AFTER
            return self._in_doubt < MOST_IN_DOUBT

    async def edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        """Put a message in place of the one with that number, and say what became of it, or None where it cannot be."""
        if reply.attached is not None or reply.is_keyboard or reply.closes_keyboard:
            return None
        words, buttons = self._prompts.text(reply), self._buttons(reply)

        async def edited() -> int | None:
            return number if await self._delivery.edit(chat, number, words, buttons, lane=reply.lane) else None

        sent = await _sent(edited())
        return None if sent.fate is Fate.REFUSED else sent

    async def delete(self, chat: int, number: int) -> None:
        """Delete a message of the bot's own, where it is still there."""
        await _done(self._delivery.delete(chat, number))

    async def leave(self, chat: int) -> None:
        """Leave a group or channel."""
        await _done(self._delivery.leave(chat))

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
            return {"remove_keyboard": True}
        return self._buttons(reply)

    def _keyboard(self, reply: Reply) -> Markup:
        asks_where = any(button.action is Action.LOCATE for row in reply.buttons for button in row)
        hint = {"input_field_placeholder": self._prompts.content.labels[Label.KEYBOARD_HINT]} if asks_where else {}
        keys = [[self._key(button) for button in row] for row in reply.buttons]
        return {"keyboard": keys, "resize_keyboard": True, "one_time_keyboard": True, **hint}

    def _key(self, button: Button) -> Markup:
        key = {"text": self._prompts.label(button)}
        match button.action:
            case Action.LOCATE:
                return {**key, "request_location": True}
            case Action.ROOM_PICK:
                is_channel = bool(button.value)
                asked = {"request_id": PICKS[is_channel], "chat_is_channel": is_channel, "request_title": True}
                # Of a channel it is not asked whether the bot is in: there it is an admin, which is more than a member.
                return {**key, "request_chat": {**asked, "bot_is_member": not is_channel}}
        return key

    def _buttons(self, reply: Reply) -> Markup | None:
        if not reply.buttons:
            return None
        return {"inline_keyboard": [[self._button(button) for button in row] for row in reply.buttons]}

    def _button(self, button: Button) -> Markup:
        label = self._prompts.label(button)
        match button.action:
            case Action.OPEN:
                return {"text": label, "url": button.payload}
            case Action.ADD:
                return {"text": label, "url": f"https://t.me/{self._bot.username}?{_ADDING[button.value]}"}
        return {"text": label, "callback_data": button.payload}


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


async def _done(call: Awaitable[None]) -> None:
    try:
        await call
    except TelegramError as error:
        log.warning("not done", **failure(error))
