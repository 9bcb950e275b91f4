"""The bot's own HTTP server: Telegram's webhook, and what a machine asks of a program that serves.

Rules that hold here: on loopback unless told otherwise; a webhook call is believed only with the secret, compared in
constant time; it is answered when its update was handled or `PATIENCE` has passed, so Telegram keeps what a crash
interrupts; too much waiting is answered with 503, and Telegram sends it again.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from prometheus_client import generate_latest
from telegram import Bot, Update
from yarl import URL

from bot.adapters.intake import GRACE, PATIENCE, Intake
from bot.log import failure
from bot.metrics import UPDATES
from bot.settings import SettingsError

LARGEST_BODY: Final = 1024 * 1024  # bytes; an update is a few thousand
MOST_WAITING: Final = 1_000
"""Updates in the queues of all people together, beyond which Telegram is asked to wait."""

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 its name, as Telegram gives it

_HEALTH_WAIT: Final = 5.0  # seconds

log = structlog.get_logger()


class Webhook:
    """What answers Telegram's calls to `url`."""

    def __init__(self, url: str, secret: str, bot: Bot, intake: Intake) -> None:
        self.path = urlsplit(url).path or "/"
        self._secret = secret.encode()
        self._bot = bot
        self._intake = intake

    async def receive(self, request: web.Request) -> web.Response:
        """Take one update in. 200 once handled, 403 without the secret, 400 for no update, 503 when too many wait."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            return _refuse(HTTPStatus.FORBIDDEN)
        if self._intake.backlog >= MOST_WAITING:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            content = await request.json()
        except ValueError:
            return _refuse(HTTPStatus.BAD_REQUEST)
        update = _update(content, self._bot)
        if update is None:
            return _refuse(HTTPStatus.BAD_REQUEST)
        await asyncio.wait([self._intake.take(update)], timeout=PATIENCE)
        return web.Response()


@asynccontextmanager
async def listening(
    address: tuple[str, int] | None, is_ready: Callable[[], bool], webhook: Webhook | None = None
) -> AsyncIterator[None]:
    """Serve on `address` (host, port) until the block ends; then take no more, and finish what is under way.

    Without an address nothing is served. Raise SettingsError where the address cannot be had.
    """
    if address is None:
        yield
        return

    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.OK if is_ready() else HTTPStatus.SERVICE_UNAVAILABLE)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", _metrics)
    if webhook is not None:
        app.router.add_post(webhook.path, webhook.receive)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=GRACE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except OSError:
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


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _refuse(status: HTTPStatus) -> web.Response:
    UPDATES.labels("refused").inc()
    return web.Response(status=status)


def _update(content: object, bot: Bot) -> Update | None:
    """Read an update, or give None where it is none."""
    if not isinstance(content, dict) or not isinstance(content.get("update_id"), int):
        return None
    try:
        return Update.de_json(content, bot)
    except Exception as error:  # noqa: BLE001 the library raises whatever a missing field leads to
        log.error("unreadable update", **failure(error))
        return None
