"""Replies, as the core names them, into Telegram's messages.

Rules that hold here: the words are those of `prompts/`; whatever becomes of a message is a value, and what is said of
it in the log is the kind of failure alone.
"""

from __future__ import annotations

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.adapters.delivery import Delivery
from bot.adapters.transport import NotSentError
from bot.core.model import Action, Button, Fate, Reply, Sent
from bot.log import failure
from bot.prompts import Prompts

log = structlog.get_logger()


class TelegramOutbox:
    """The `Outbox` on Telegram. `delivery` and `bot` are of the same token."""

    def __init__(self, bot: Bot, delivery: Delivery, prompts: Prompts) -> None:
        self._bot = bot
        self._delivery = delivery
        self._prompts = prompts

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        """Send one message into a chat, or one topic of it, and say what became of it."""
        words, buttons = self._prompts.text(reply), self._markup(reply)
        try:
            number = await self._delivery.send(chat, words, buttons, thread=thread, lane=reply.lane)
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

    def _markup(self, reply: Reply) -> InlineKeyboardMarkup | None:
        if not reply.buttons:
            return None
        return InlineKeyboardMarkup([[self._button(button) for button in row] for row in reply.buttons])

    def _button(self, button: Button) -> InlineKeyboardButton:
        label = self._prompts.label(button)
        if button.action is Action.DOOR:
            return InlineKeyboardButton(label, url=f"https://t.me/{self._bot.username}?start=group")
        return InlineKeyboardButton(label, callback_data=button.payload)
