"""How this bot stands with Telegram: asked without taking anything from a bot that runs.

Rules that hold here: only what changes nothing is asked; no address, token or id is handed on, nor an error's message.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.adapters.intake import RefusedError
from bot.adapters.transport import AiohttpRequest


class UnreachableError(Exception):
    """Telegram did not answer, or not as it should. Its text is the kind of failure."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What Telegram says of a bot. Times are in seconds since 1970."""

    clock: int | None  # Telegram's
    reads_groups: bool  # privacy mode is off
    joins_groups: bool
    webhook: str  # "" where there is none
    waiting: int  # updates
    failed_at: int  # when a call of the webhook last failed; 0: not that Telegram knows
    failure: str  # of that call, in Telegram's words
    allowed: frozenset[str]  # kinds of updates that were asked for; none: those of Telegram's choice


async def ask(api_url: str, token: str, within: float) -> Standing:
    """Ask Telegram, for `within` seconds at most.

    Raise RefusedError for a token that it does not know, and UnreachableError for any other answer, or none.
    """
    told: list[int] = []
    request = AiohttpRequest(told=told.append)
    bot = Bot(token, f"{api_url}/bot", f"{api_url}/file/bot", request=request, get_updates_request=AiohttpRequest())
    try:
        async with asyncio.timeout(within):
            await bot.initialize()
            me, info = bot.bot, await bot.get_webhook_info()
    except InvalidToken:
        raise RefusedError from None
    except (TelegramError, TimeoutError) as error:
        raise UnreachableError(type(error).__name__) from None
    finally:
        await bot.shutdown()  # `async with bot` would leave it open where it is cancelled while it opens
    return Standing(
        clock=told[-1] if told else None,
        reads_groups=bool(me.can_read_all_group_messages),
        joins_groups=bool(me.can_join_groups),
        webhook=info.url,
        waiting=info.pending_update_count,
        failed_at=int(info.last_error_date.timestamp()) if info.last_error_date else 0,
        failure=info.last_error_message or "",
        allowed=frozenset(info.allowed_updates or ()),
    )
