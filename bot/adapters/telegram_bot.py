"""Telegram's updates into the words of the house, and replies into Telegram's calls.

Rules that hold here: the next message is sent before the old buttons are taken away; every press is answered, and
nothing depends on that answer; what cannot be said in place of the pressed message is said below it; nothing of an
update is logged, and where someone is goes no further than their one answer; what is not for the bot gets silence.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

import structlog
from structlog.contextvars import bind_contextvars
from telegram import Bot, BotCommand, MaybeInaccessibleMessage, Message, MessageEntity, Update
from telegram.constants import ChatID, ChatType
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.adapters.delivery import Delivery
from bot.adapters.intake import Burst, tell_failure
from bot.adapters.outbox import TelegramOutbox
from bot.core.commands import COMMANDS, menu, split_command
from bot.core.lines import Line
from bot.core.model import Fate, Incoming, Kind, Reply, Sent, Where
from bot.log import failure
from bot.prompts import Prompts
from bot.respond import Responder

UPDATES: Final = ["message", "edited_message", "callback_query"]
"""What Telegram is asked for. Left out, it would send what was asked for the last time."""

_NAMING: Final = {MessageEntity.MENTION, MessageEntity.BOT_COMMAND}
_REMEMBERED_CHATS: Final = 10_000
_POLE: Final = 90  # degrees
_DATE_LINE: Final = 180

log = structlog.get_logger()

App = Application[Bot, ContextTypes.DEFAULT_TYPE, dict[Any, Any], dict[Any, Any], dict[Any, Any], None]


class TelegramBot:
    """The handlers of one bot. `delivery` and `bot` are of the same token."""

    def __init__(self, bot: Bot, delivery: Delivery, responder: Responder, prompts: Prompts) -> None:
        self._bot = bot
        self._delivery = delivery
        self.outbox = TelegramOutbox(bot, delivery, prompts)
        self._responder = responder
        self._prompts = prompts
        self._with_buttons: OrderedDict[int, int] = OrderedDict()  # chat -> the last message of ours with buttons

    def application(self) -> App:
        """Build python-telegram-bot's application: its handlers, and no updater, since `intake` fetches."""
        app = ApplicationBuilder().bot(self._bot).updater(None).job_queue(None).build()
        # What has words is asked about first: going through all kinds of service messages takes its time.
        written = filters.UpdateType.MESSAGE | filters.UpdateType.EDITED_MESSAGE
        no_service = filters.TEXT | filters.CAPTION | ~filters.StatusUpdate.ALL
        app.add_handler(MessageHandler(written & no_service, self._on_message))
        app.add_handler(CallbackQueryHandler(self._on_press))
        app.add_handler(TypeHandler(Burst, self._on_burst))
        app.add_error_handler(_on_error)
        return app

    async def introduce(self) -> None:
        """Set the menu of commands and both descriptions, where they are not set like this already."""
        commands = [BotCommand(name, self._prompts.content.labels[label]) for name, label in menu()]
        description = self._prompts.text(Reply((Line.DESCRIPTION,)))
        short = self._prompts.text(Reply((Line.SHORT_DESCRIPTION,)))
        try:
            if list(await self._bot.get_my_commands()) != commands:
                await self._bot.set_my_commands(commands)
            if (await self._bot.get_my_description()).description != description:
                await self._bot.set_my_description(description)
            if (await self._bot.get_my_short_description()).short_description != short:
                await self._bot.set_my_short_description(short)
        except TelegramError as error:
            log.warning("introduction failed", **failure(error))

    # --- in -------------------------------------------------------------------------------------------------

    async def _on_message(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        edited = update.edited_message is not None
        incoming = None if message is None else incoming_of(message, self._bot, edited=edited)
        if message is not None and incoming is not None:
            await self._answer(message, replace(incoming, numbers=(message.message_id,)))

    async def _on_burst(self, burst: Burst, _: ContextTypes.DEFAULT_TYPE) -> None:
        messages = [update.message for update in burst.updates if update.message is not None]
        typed = [incoming for message in messages if (incoming := incoming_of(message, self._bot)) is not None]
        if typed:
            earlier = tuple(incoming.text for incoming in typed[:-1])
            payload = next((incoming.payload for incoming in reversed(typed) if incoming.payload), "")
            numbers = tuple(message.message_id for message in messages)
            await self._answer(messages[-1], replace(typed[-1], earlier=earlier, payload=payload, numbers=numbers))

    async def _answer(self, message: Message, incoming: Incoming) -> None:
        decision = await self._responder.respond(incoming)
        done_with = self._with_buttons.pop(message.chat_id, None) if decision.moved else None
        arrived = await self._send(message.chat_id, _thread(message), decision.replies)
        if arrived and done_with is not None:
            await self._delivery.take_buttons(message.chat_id, done_with)

    async def _on_press(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        message = query.message
        chat = query.from_user.id if message is None else message.chat.id
        where = Where.PRIVATE if chat == query.from_user.id else Where.GROUP
        incoming = Incoming(query.from_user.id, where, Kind.PRESS, at=0, payload=query.data or "")
        decision = await self._responder.respond(incoming)
        edited = await self._edit(message, decision.replies)
        arrived = await self._send(chat, None, decision.replies[edited:])
        toast = "" if decision.toast is None else self._prompts.text(Reply((decision.toast,)))
        finish = [self._delivery.answer(query.id, toast)]
        if arrived and message is not None and decision.replies and not edited:
            finish.append(self._delivery.take_buttons(chat, message.message_id))
        await asyncio.gather(*finish)

    # --- out ------------------------------------------------------------------------------------------------

    async def _edit(self, pressed: MaybeInaccessibleMessage | None, replies: tuple[Reply, ...]) -> bool:
        """Say the first reply in place of the pressed message. Whether that was tried: else it is for a new one."""
        if pressed is None or not pressed.is_accessible or not replies or not replies[0].in_place:
            return False
        sent = await self.outbox.edit(pressed.chat.id, pressed.message_id, replies[0])
        if sent is None:
            return False
        _noted(sent)
        return True

    async def _send(self, chat: int, thread: int | None, replies: tuple[Reply, ...]) -> bool:
        """Send all replies, and say whether none was lost: old buttons stay where nothing new came."""
        arrived = True
        for reply in replies:
            sent = await self.outbox.send(chat, reply, thread=thread)
            arrived = _noted(sent) and arrived
            if sent.number is not None and reply.buttons and not reply.is_keyboard:
                self._with_buttons[chat] = sent.number
                self._with_buttons.move_to_end(chat)
        while len(self._with_buttons) > _REMEMBERED_CHATS:
            self._with_buttons.popitem(last=False)
        return arrived


def incoming_of(message: Message, bot: Bot, *, edited: bool = False) -> Incoming | None:
    """Read a message, or give None where it is not a person's words."""
    person = message.from_user
    if person is None or person.id == ChatID.SERVICE_CHAT or (person.is_bot and message.sender_chat is None):
        return None
    where = Where.PRIVATE if message.chat.type == ChatType.PRIVATE else Where.GROUP
    if edited and message.location is not None:  # of who shares it live: the first one counts
        return None
    text = message.text or message.caption or ""
    location = _location(message) if where is Where.PRIVATE else None
    forwarded = message.forward_origin is not None
    command, rest = ("", text) if forwarded or _is_for_another(text, bot) else split_command(text)
    kind = Kind.COMMAND if command else Kind.TEXT if text else Kind.LOCATION if location else Kind.MEDIA
    if edited:
        kind, command, rest = Kind.EDIT, "", text
    return Incoming(
        person.id,
        where,
        kind,
        at=0,
        text=rest,
        command=command,
        payload=_payload(message.reply_to_message, bot),
        forwarded=forwarded,
        addressed=where is Where.PRIVATE or command in COMMANDS or _is_addressed(message, bot),
        location=location,
    )


def _location(message: Message) -> tuple[float, float] | None:
    """The place that a message tells, a person's or a venue's. The library does not check that it is on the map."""
    place = message.location
    if place is None or not (abs(place.latitude) <= _POLE and abs(place.longitude) <= _DATE_LINE):
        return None
    return place.latitude, place.longitude


def _is_for_another(text: str, bot: Bot) -> bool:
    """Whether a command names another bot: /walk@other_bot."""
    head = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    _, at, name = head.partition("@")
    return bool(at) and name.lower().rstrip(".,!?") != bot.username.lower()


def _is_addressed(message: Message, bot: Bot) -> bool:
    answered = message.reply_to_message
    if answered is not None and answered.from_user is not None and answered.from_user.id == bot.id:
        return True
    entities = message.parse_entities() | message.parse_caption_entities()
    return any(
        (entity.user is not None and entity.user.id == bot.id)
        or (entity.type in _NAMING and words.lower().endswith(f"@{bot.username}".lower()))
        for entity, words in entities.items()
    )


def _payload(answered: Message | None, bot: Bot) -> str:
    """A button of our own message that someone replies to, as Telegram sends it along."""
    if answered is None or answered.from_user is None or answered.from_user.id != bot.id or not answered.reply_markup:
        return ""
    buttons = (button for row in answered.reply_markup.inline_keyboard for button in row)
    return next((button.callback_data for button in buttons if isinstance(button.callback_data, str)), "")


def _noted(sent: Sent) -> bool:
    """Whether a message was not lost. Where it was, the line of this update in the log says so."""
    if sent.fate is Fate.LOST:
        bind_contextvars(outcome="failed")
    return sent.fate is not Fate.LOST


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


async def _on_error(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    tell_failure(context.error)
