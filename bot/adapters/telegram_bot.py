"""The handlers: what comes from Telegram is answered, and each reply goes where it is meant to.

Rules that hold here: the next message is sent before the old buttons are taken away; every press is answered, and
nothing depends on that answer; what cannot be said in place of the pressed message is said below it in private, and
not at all in a group, where anyone can press; in a group no buttons are taken away; nothing of an update is logged;
what is not for the bot gets silence.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import structlog
from structlog.contextvars import bind_contextvars
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    MaybeInaccessibleMessage,
    Update,
)
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.adapters.delivery import Delivery
from bot.adapters.edits import Edits
from bot.adapters.intake import Burst, tell_failure
from bot.adapters.outbox import TelegramOutbox
from bot.adapters.updates import (
    incoming_of,
    left_of,
    member_of,
    moved_of,
    picked_of,
    press_of,
    standing_of,
    thread_of,
)
from bot.core.commands import ADMIN_MENU, COMMANDS, GROUP_MENU, menu
from bot.core.copies import replace
from bot.core.facts import RoomLeft
from bot.core.lines import Line
from bot.core.model import Decision, Incoming, Lane, Reply, Where
from bot.core.ports import Fate, Sent
from bot.log import failure
from bot.prompts import Prompts
from bot.respond import Responder

UPDATES: Final = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
"""What Telegram is asked for. Left out, it would send what was asked for the last time."""

_REMEMBERED_CHATS: Final = 10_000
_TELLING: Final = (
    filters.StatusUpdate.CHAT_SHARED | filters.StatusUpdate.LEFT_CHAT_MEMBER | filters.StatusUpdate.MIGRATE
)
MENUS: Final[tuple[tuple[BotCommandScope | None, tuple[str, ...]], ...]] = (
    (None, tuple(COMMANDS)),
    (BotCommandScopeAllGroupChats(), GROUP_MENU),
    (BotCommandScopeAllChatAdministrators(), (*GROUP_MENU, *ADMIN_MENU)),
)
"""The commands that are shown, by where: a narrower scope counts before a wider one. It is no authorisation."""

log = structlog.get_logger()

App = Application[Bot, ContextTypes.DEFAULT_TYPE, dict[Any, Any], dict[Any, Any], dict[Any, Any], None]


class TelegramBot:
    """The handlers of one bot. `delivery` and `bot` are of the same token."""

    def __init__(self, bot: Bot, delivery: Delivery, responder: Responder, prompts: Prompts) -> None:
        self._bot = bot
        self._delivery = delivery
        self.outbox = TelegramOutbox(bot, delivery, prompts)
        self.edits = Edits(self.outbox.edit)
        delivery.moved = responder.rooms.moved
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
        app.add_handler(MessageHandler(filters.UpdateType.MESSAGE & _TELLING, self._on_service))
        app.add_handler(CallbackQueryHandler(self._on_press))
        app.add_handler(ChatMemberHandler(self._on_standing, ChatMemberHandler.MY_CHAT_MEMBER))
        app.add_handler(ChatMemberHandler(self._on_member, ChatMemberHandler.CHAT_MEMBER))
        app.add_handler(TypeHandler(Burst, self._on_burst))
        app.add_error_handler(_on_error)
        return app

    async def introduce(self) -> None:
        """Set the menus of commands and both descriptions, where they are not set like this already."""
        labels = self._prompts.content.labels
        description = self._prompts.text(Reply((Line.DESCRIPTION,)))
        short = self._prompts.text(Reply((Line.SHORT_DESCRIPTION,)))
        try:
            for scope, names in MENUS:
                commands = [BotCommand(name, labels[label]) for name, label in menu(names)]
                if list(await self._bot.get_my_commands(scope)) != commands:
                    await self._bot.set_my_commands(commands, scope)
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
            incoming = replace(incoming, numbers=(message.message_id,))
            await self._answer(incoming, message.chat_id, thread_of(message))

    async def _on_burst(self, burst: Burst, _: ContextTypes.DEFAULT_TYPE) -> None:
        messages = [update.message for update in burst.updates if update.message is not None]
        typed = [incoming for message in messages if (incoming := incoming_of(message, self._bot)) is not None]
        if typed:
            earlier = tuple(incoming.text for incoming in typed[:-1])
            payload = next((incoming.payload for incoming in reversed(typed) if incoming.payload), "")
            numbers = tuple(message.message_id for message in messages)
            incoming = replace(typed[-1], earlier=earlier, payload=payload, numbers=numbers)
            await self._answer(incoming, messages[-1].chat_id, thread_of(messages[-1]))

    async def _on_service(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None:
            return
        moved = moved_of(message)
        if moved is not None:
            await self._responder.rooms.moved(*moved)
        incoming = picked_of(message) or left_of(message)
        if incoming is not None:
            await self._answer(incoming, message.chat_id)

    async def _on_standing(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        change = update.my_chat_member
        incoming = None if change is None else standing_of(change, self._bot)
        if change is not None and incoming is not None:
            await self._answer(incoming, change.chat.id)

    async def _on_member(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        change = update.chat_member
        incoming = None if change is None else member_of(change)
        if change is not None and incoming is not None:
            await self._answer(incoming, change.chat.id)

    async def _answer(self, incoming: Incoming, chat: int, thread: int | None = None) -> None:
        decision = await self._responder.respond(incoming)
        # A walk goes on in the private chat, whatever it was answered to.
        done_with = self._with_buttons.pop(incoming.person, None) if decision.moved else None
        arrived = await self._send(chat, thread, decision.replies)
        await self._leave(decision)
        if arrived and done_with is not None:
            await self._delivery.take_buttons(incoming.person, done_with)

    async def _on_press(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        incoming = press_of(query)
        decision = await self._responder.respond(incoming)
        toast = "" if decision.toast is None else self._prompts.text(Reply((decision.toast,)))
        url = f"https://t.me/{self._bot.username}?start={decision.link}" if decision.link else ""
        answer = partial(self._delivery.answer, query.id, toast, url)
        if incoming.where is Where.PRIVATE:
            await self._press_answered(incoming.person, query.message, decision.replies, answer)
        else:
            await asyncio.gather(answer(), self._press_answered_there(query.message, decision.replies))
        await self._leave(decision)

    async def _press_answered(
        self,
        person: int,
        pressed: MaybeInaccessibleMessage | None,
        replies: tuple[Reply, ...],
        answer: Callable[[], Awaitable[None]],
    ) -> None:
        accessible = pressed is not None and pressed.is_accessible
        edited = pressed is not None and accessible and await self._edit(pressed, replies)
        arrived = await self._send(person, None, replies[edited:])
        finish = [answer()]
        if arrived and pressed is not None and replies and not edited:
            finish.append(self._delivery.take_buttons(person, pressed.message_id))
        await asyncio.gather(*finish)

    async def _press_answered_there(self, pressed: MaybeInaccessibleMessage | None, replies: tuple[Reply, ...]) -> None:
        if pressed is not None:
            for reply in replies:
                if reply.in_place and reply.lane is Lane.BROADCAST:  # a total: many may press at once
                    self.edits.put(pressed.chat.id, pressed.message_id, reply)
                elif reply.in_place:
                    await self._edit(pressed, (reply,))
            below = tuple(reply for reply in replies if not reply.in_place)
            await self._send(pressed.chat.id, thread_of(pressed), below)

    # --- out ------------------------------------------------------------------------------------------------

    async def _edit(self, pressed: MaybeInaccessibleMessage, replies: tuple[Reply, ...]) -> bool:
        """Say the first reply in place of the pressed message. Whether that was tried: else it is for a new one."""
        if not replies or not replies[0].in_place:
            return False
        sent = await self.outbox.edit(pressed.chat.id, pressed.message_id, replies[0])
        if sent is None:
            return False
        _noted(sent)
        return True

    async def _send(self, chat: int, thread: int | None, replies: tuple[Reply, ...]) -> bool:
        """Send all replies, and say whether none was lost: old buttons stay where nothing new came.

        What may not be written to someone goes to where they wrote, in the words that are meant for there.
        """
        arrived, refused = True, set[int]()
        for reply in replies:
            place, topic = (reply.to, reply.thread) if reply.to else (chat, thread)
            if place in refused:
                continue
            sent = await self._send_one(place, topic, reply)
            if sent.fate is Fate.REFUSED:
                refused.add(place)
            is_urgent = sent.fate is Fate.LOST and reply.lane is Lane.DANGER
            if (sent.fate is Fate.REFUSED or is_urgent) and reply.instead is not None and place != chat:
                sent = await self._send_one(chat, thread, reply.instead)
            arrived = _noted(sent) and arrived
        while len(self._with_buttons) > _REMEMBERED_CHATS:
            self._with_buttons.popitem(last=False)
        return arrived

    async def _send_one(self, chat: int, thread: int | None, reply: Reply) -> Sent:
        if chat < 0:
            reply = self._responder.rooms.as_of_now(chat, reply)
        sent = await self.outbox.send(chat, reply, thread=thread)
        if chat < 0:
            await self._responder.rooms.sent(chat, sent, reply)
        elif sent.number is not None and reply.buttons and not reply.is_keyboard:
            self._with_buttons[chat] = sent.number
            self._with_buttons.move_to_end(chat)
        return sent

    async def _leave(self, decision: Decision) -> None:
        for fact in decision.facts:
            if isinstance(fact, RoomLeft):
                await self.outbox.leave(fact.chat)


def _noted(sent: Sent) -> bool:
    """Whether a message was not lost. Where it was, the line of this update in the log says so."""
    if sent.fate is Fate.LOST:
        bind_contextvars(outcome="failed")
    return sent.fate is not Fate.LOST


async def _on_error(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    tell_failure(context.error)
