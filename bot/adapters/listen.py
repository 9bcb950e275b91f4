"""The bot's own HTTP server: Telegram's webhook, and what a machine asks of a program that serves.

Rules that hold here: on loopback unless told otherwise; a webhook call is believed only with the secret, compared in
constant time; it is answered when its update was handled or `PATIENCE` has passed, so Telegram keeps what a crash
interrupts; with too much waiting, and at the end, the answer is 503, and Telegram sends it again.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from prometheus_client import generate_latest
from telegram import Bot
from telegram.error import BadRequest
from yarl import URL

from bot.adapters.intake import PATIENCE, Intake, Json
from bot.metrics import READY, TASKS, UPDATES
from bot.settings import SettingsError

LARGEST_BODY: Final = 1024 * 1024  # bytes; an update is a few thousand
MOST_CALLS: Final = 100
"""Calls of Telegram's at a time: all that it allows, since each waits until its update was handled."""

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 its name, as Telegram gives it

_METRICS: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
_HEALTH_WAIT: Final = 5.0  # seconds
_CLOSING: Final = 1.0  # seconds for the last answers to go out


class Webhook:
    """What answers Telegram's calls to `url`."""

    def __init__(self, url: str, secret: str, bot: Bot, intake: Intake) -> None:
        self.path = urlsplit(url).path or "/"
        self._url = url
        self._secret = secret
        self._bot = bot
        self._intake = intake

    async def announce(self, allowed: list[str]) -> None:
        """Tell Telegram to call here with updates of the allowed kinds. Raise SettingsError where it cannot."""
        try:
            await self._bot.set_webhook(
                self._url, secret_token=self._secret, allowed_updates=allowed, max_connections=MOST_CALLS
            )
        except BadRequest:
            raise SettingsError(
                "Telegram refuses BOT_WEBHOOK_URL: give an https:// address, on port 443, 80, 88 or 8443"
            ) from None

    async def is_called(self) -> bool:
        """Whether Telegram calls here, by its own word."""
        return (await self._bot.get_webhook_info()).url == self._url

    async def receive(self, request: web.Request) -> web.Response:
        """Take one update in. 200 once handled, 403 without the secret, 503 to be asked again, 400 or 413 for none.

        An update that cannot be read gets 200 too: refused, it would come again, and hold up all of its chat.
        """
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            return _refuse(HTTPStatus.FORBIDDEN)
        if not self._intake.is_ready:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            content = _parsed(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if content is None:
            return _refuse(HTTPStatus.BAD_REQUEST)
        update = self._intake.read(content)
        if update is not None:
            await asyncio.wait([self._intake.take(update)], timeout=PATIENCE)
        return web.Response()


@asynccontextmanager
async def listening(
    address: tuple[str, int] | None, intake: Intake, webhook: Webhook | None = None
) -> AsyncIterator[None]:
    """Serve on `address` (host, port) until the block ends. Without an address, serve nothing.

    Raise SettingsError where the address cannot be had.
    """
    if address is None:
        yield
        return

    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.OK if intake.is_ready else HTTPStatus.SERVICE_UNAVAILABLE)

    async def metrics(_: web.Request) -> web.Response:
        READY.set(intake.is_ready)
        TASKS.set(len(asyncio.all_tasks()))
        return web.Response(body=generate_latest(), headers=_METRICS)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    if webhook is not None:
        app.router.add_post(webhook.path, webhook.receive)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_CLOSING)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except (OSError, UnicodeError):  # the latter for what can be no name of a machine
            raise SettingsError("BOT_LISTEN cannot be listened on: give a free port of this machine") from None
        yield
    finally:
        await runner.cleanup()


async def is_ready_at(address: tuple[str, int]) -> bool:
    """Whether a bot that listens on `address` says that it is ready."""
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 everywhere is here too
    url = URL.build(scheme="http", host=host, port=port, path="/readyz")
    try:
        async with ClientSession(timeout=ClientTimeout(_HEALTH_WAIT)) as session, session.get(url) as answer:
            return answer.status == HTTPStatus.OK
    except (ClientError, TimeoutError):
        return False


async def _alive(_: web.Request) -> web.Response:
    return web.Response()


def _refuse(status: HTTPStatus) -> web.Response:
    UPDATES.labels("refused").inc()
    return web.Response(status=status)


def _parsed(body: bytes) -> Json | None:
    """The JSON of an update, or None for anything else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("update_id"), int) else None
