"""Telegram's word on a group or channel: who its admins are, what it is called, and how the bot stands there.

Rules that hold here: it is asked anew each time, and nothing of an answer is kept; where Telegram fails, says no or
takes longer than `PATIENCE`, the answer is that it cannot be known; nothing is raised.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from telegram.constants import ChatType

from bot.adapters.updates import standing_as, there_of
from bot.core.copies import replace
from bot.log import failure

if TYPE_CHECKING:
    from telegram import Bot

    from bot.core.model import There

PATIENCE: Final = 2.0
"""Seconds that an answer may take: someone waits for what hangs on it."""

log = structlog.get_logger()


class TelegramDirectory:
    """The `Directory` on Telegram."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def admins(self, chat: int) -> frozenset[int] | None:
        """Who may change things there at this moment, by their ids: people, whether they are shown as admins or not."""
        try:
            async with asyncio.timeout(PATIENCE):
                members = await self._bot.get_chat_administrators(chat)
            return frozenset(member.user.id for member in members if not member.user.is_bot)
        except Exception as error:  # noqa: BLE001 whatever an answer leads to, it is none
            log.warning("admins are not known", **failure(error))
            return None

    async def look(self, chat: int) -> There | None:
        """What it is called, of what kind it is, and how the bot stands there."""
        try:
            async with asyncio.timeout(PATIENCE):
                found, us = await asyncio.gather(
                    self._bot.get_chat(chat), self._bot.get_chat_member(chat, self._bot.id)
                )
            there = there_of(found)
            may = found.permissions is None or found.permissions.can_send_messages is not False
            standing = standing_as(us, self._bot, there, all_may_write=may)
        except Exception as error:  # noqa: BLE001 as above
            log.warning("a chat is not known", **failure(error))
            return None
        return None if found.type == ChatType.PRIVATE else replace(there, standing=standing)
