"""The composition root: every part is built, opened and closed here.

Rules that hold here: the clock and the randomness of the house are handed out from here; nothing is written before
everything was found in order; Telegram's library is imported only to run on Telegram, so that a terminal is ready at
once.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from platformdirs import user_config_path

from bot import log, prompts
from bot.respond import Responder
from bot.settings import Settings, SettingsError
from bot.store.seal import Keys, make_or_read_secret, parse_secret, read_secret
from bot.store.store import Store

if TYPE_CHECKING:
    from telegram import Bot

    from bot.adapters.intake import Intake

_NAME: Final = "compassion-bot"


@asynccontextmanager
async def responder(settings: Settings, words: prompts.Prompts, folder: Path) -> AsyncIterator[Responder]:
    """Open the store in `folder` and build what answers. Raise StoreError where it cannot be opened."""
    keys = Keys.of(_secret(settings))
    async with Store.open(folder, keys) as store:
        yield Responder(words.content, store, keys.button, clock=_now, seed=_seed)


async def run(settings: Settings) -> None:
    """Serve on Telegram until SIGTERM or SIGINT. Raise SettingsError, StoreError or ContentError where it cannot."""
    from telegram import Bot  # noqa: PLC0415 see the module's rules

    from bot.adapters.delivery import AiohttpRequest, Delivery  # noqa: PLC0415
    from bot.adapters.intake import Intake, RefusedError, StoppedError, insist  # noqa: PLC0415
    from bot.adapters.telegram_bot import TelegramBot  # noqa: PLC0415

    token, words = settings.token(), prompts.load()
    async with responder(settings, words, settings.bot_data) as answers:
        stop = _told_to_stop()
        bot = Bot(
            token,
            base_url=f"{settings.bot_api_url}/bot",
            base_file_url=f"{settings.bot_api_url}/file/bot",
            request=AiohttpRequest(),
            get_updates_request=AiohttpRequest(),
        )
        telegram_bot = TelegramBot(bot, Delivery(bot), answers, words)
        app = telegram_bot.application()
        try:
            await insist(app.initialize, stop)
            await telegram_bot.introduce()
            await _serve(settings, bot, Intake(bot, app.process_update, stop), stop)
        except RefusedError:
            raise SettingsError("Telegram refuses the token: copy it again from @BotFather into BOT_TOKEN") from None
        except StoppedError:
            pass
        finally:
            await app.shutdown()
            await bot.shutdown()  # the application leaves it open where it was never reached


async def _serve(settings: Settings, bot: Bot, intake: Intake, stop: asyncio.Event) -> None:
    """Take updates in, by webhook where there is an address for one, else by polling."""
    from bot.adapters.intake import insist  # noqa: PLC0415 see the module's rules
    from bot.adapters.listen import Webhook, listening  # noqa: PLC0415
    from bot.adapters.telegram_bot import UPDATES  # noqa: PLC0415

    log, url = structlog.get_logger(), settings.bot_webhook_url
    if url is None:
        await insist(bot.delete_webhook, stop)  # Telegram answers no poll while it has one
        async with listening(settings.listen, lambda: intake.is_current):
            log.info("ready")
            await intake.run(UPDATES)
        return
    given, is_set = settings.bot_webhook_secret, asyncio.Event()
    secret = given.get_secret_value() if given else secrets.token_urlsafe()
    async with listening(settings.listen, is_set.is_set, Webhook(url, secret, bot, intake)):
        await insist(
            lambda: bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES, max_connections=100), stop
        )
        is_set.set()
        log.info("ready")
        await stop.wait()
    await intake.finish()


async def is_ready(settings: Settings) -> bool:
    """Whether the bot that runs with these settings is ready. Raise SettingsError where it listens nowhere."""
    from bot.adapters.listen import is_ready_at  # noqa: PLC0415 see the module's rules

    if settings.listen is None:
        raise SettingsError("BOT_LISTEN is not set, so nothing can be asked: set it to a port, such as 8080")
    return await is_ready_at(settings.listen)


async def chat(settings: Settings) -> None:
    """Talk in the terminal until the input ends."""
    from bot.adapters.terminal import talk  # noqa: PLC0415 see the module's rules

    words = prompts.load()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio's own waits for the line being read
    async with responder(settings, words, settings.bot_data / "terminal") as answers:
        await talk(answers, words)


def _secret(settings: Settings) -> bytes:
    if settings.bot_data_key is not None:
        return parse_secret(settings.bot_data_key.get_secret_value())
    if settings.bot_data_key_file is not None:
        return read_secret(settings.bot_data_key_file)
    return make_or_read_secret(user_config_path(_NAME, appauthor=False) / "key")


def _told_to_stop() -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    log.watch(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _now() -> int:
    return int(time.time())


def _seed() -> int:
    return 1 + secrets.randbelow(2**24 - 1)
