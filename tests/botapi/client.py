"""The library's own bot, against the stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot
from telegram.request import BaseRequest

from bot.adapters.transport import AiohttpRequest
from tests.botapi.server import Server


@asynccontextmanager
async def bot_of(server: Server, request: BaseRequest | None = None) -> AsyncIterator[Bot]:
    """A bot with the stand-in's token, on the transport of the house, or on another `request`."""
    async with Bot(
        server.token,
        f"{server.url}/bot",
        f"{server.url}/file/bot",
        request=request or AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
    ) as bot:
        yield bot
