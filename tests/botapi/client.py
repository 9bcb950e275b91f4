"""The library's own bot, against the stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot

from bot.adapters.delivery import AiohttpRequest
from tests.botapi.server import Server


@asynccontextmanager
async def bot_of(server: Server) -> AsyncIterator[Bot]:
    """A bot with the stand-in's token, on the transport of the house."""
    async with Bot(
        server.token,
        f"{server.url}/bot",
        f"{server.url}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
    ) as bot:
        yield bot
