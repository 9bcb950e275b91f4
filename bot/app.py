"""The composition root: every part is built, opened and closed here.

Rules that hold here: the clock and the randomness of the house are handed out from here; nothing is written before
everything was found in order; Telegram's library is imported only to run on Telegram, so that a terminal is ready at
once.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import structlog
from platformdirs import user_config_path

from bot import log, prompts
from bot.circles import Circles
from bot.clock import Clock
from bot.core.copies import replace
from bot.core.model import Content
from bot.core.ports import Directory, RoomOutbox
from bot.nudges import Nudges
from bot.respond import Responder
from bot.retention import sweep
from bot.settings import Settings, SettingsError
from bot.store import PlaceError
from bot.store.keyring import Keyring, make_or_read_keyring, parse_keyring, read_keyring
from bot.store.ledger import Ledger
from bot.store.ring import Ring
from bot.store.store import Store

_NAME: Final = "compassion-bot"
TERMINAL: Final = "terminal"
"""The folder of the terminal's own data, in the other."""


@asynccontextmanager
async def responder(  # noqa: PLR0913 the clock is handed in
    settings: Settings,
    words: prompts.Prompts,
    folder: Path,
    directory: Directory | None = None,
    *,
    clock: Callable[[], int] | None = None,
    without_memory: bool = False,
) -> AsyncIterator[Responder]:
    """Open the store in `folder` and build what answers.

    `directory` tells about groups, where there are any; `clock` is `now` where none is given. Raise StoreError where it
    cannot be opened. With `without_memory`, a folder that cannot serve is told in the log alone: nothing is kept until
    it can, and people are answered all the same.
    """
    refuse_unfit(settings, folder, without_memory=without_memory)
    clock = clock or now
    ring = Ring(lambda: keyring(settings) or make_or_read_keyring(key_file(), today()))
    ledger = Ledger(ledger_file(settings), ring)
    versions = words.content.versions
    async with AsyncExitStack() as open_store:

        async def opened() -> Store:
            opening = Store.open(folder, ring, at=clock(), ledger=ledger, versions=versions)
            return await open_store.enter_async_context(opening)

        try:
            store = await opened()
        except PlaceError as error:
            if not without_memory:
                raise
            structlog.get_logger().error("nothing can be kept: the data folder cannot be used", **log.failure(error))
            store = Store.closed(ring, error, opened, ledger=ledger, versions=versions)
        store.tidy_ledger(clock())
        content = _told_who_runs_it(words.content, settings)
        yield Responder(content, store, ring.buttons, clock=clock, seed=_seed, directory=directory)


def refuse_unfit(settings: Settings, folder: Path, *, without_memory: bool = False) -> None:
    """Raise StoreError where key, folder and database do not fit together. Write nothing."""
    given = keyring(settings)
    try:
        Store.refuse_unfit(folder, None if given is None else Ring(lambda: given))
    except PlaceError:
        if not without_memory:
            raise


async def run(settings: Settings) -> None:
    """Serve on Telegram until SIGTERM or SIGINT. Raise SettingsError, StoreError or ContentError where it cannot."""
    from telegram import Bot  # noqa: PLC0415 see the module's rules

    from bot.adapters.delivery import Delivery  # noqa: PLC0415
    from bot.adapters.directory import TelegramDirectory  # noqa: PLC0415
    from bot.adapters.intake import Intake, RefusedError, StoppedError, insist  # noqa: PLC0415
    from bot.adapters.listen import Webhook, listening  # noqa: PLC0415
    from bot.adapters.sieve import Sieve  # noqa: PLC0415
    from bot.adapters.telegram_bot import UPDATES, TelegramBot  # noqa: PLC0415
    from bot.adapters.transport import AiohttpRequest  # noqa: PLC0415

    token, words = settings.token(), prompts.load()
    refuse_unfit(settings, settings.bot_data, without_memory=True)
    stop, clock = _told_to_stop(), Clock(time.time, _steady)
    bot = Bot(
        token,
        base_url=f"{settings.bot_api_url}/bot",
        base_file_url=f"{settings.bot_api_url}/file/bot",
        request=AiohttpRequest(told=clock.told),
        get_updates_request=AiohttpRequest(told=clock.told),
    )
    delivery = Delivery(bot, jitter=secrets.SystemRandom().random, rate=settings.bot_send_rate)
    handler = asyncio.get_running_loop().create_future()  # what comes by webhook before it is there waits for it

    async def handle(update: object) -> None:
        await (await handler)(update)

    sieve = Sieve(bot)
    intake = Intake(bot, handle, stop, sieve.lets)
    url = settings.bot_webhook_url
    webhook = None if url is None else Webhook(url, _webhook_secret(settings), bot, intake)
    try:
        async with listening(settings.listen, intake, webhook):
            await insist(bot.initialize, stop)  # before anything is written: the token may be refused
            there, place = TelegramDirectory(bot), settings.bot_data
            async with responder(settings, words, place, there, clock=clock, without_memory=True) as answers:
                telegram_bot = TelegramBot(bot, delivery, answers, words)
                sieve.hears = answers.rooms.hears
                await answers.rooms.ready()
                by_the_clock = _nudges(answers, telegram_bot.outbox, clock, words.content).beside()
                async with telegram_bot.application() as app, telegram_bot.edits.beside(), by_the_clock:
                    handler.set_result(app.process_update)
                    await telegram_bot.introduce()
                    if webhook is None:
                        await insist(bot.delete_webhook, stop)  # Telegram answers no poll while it has one
                        _say_ready()
                        await intake.run(UPDATES)
                    else:
                        await insist(lambda: webhook.announce(UPDATES), stop)
                        _say_ready()
                        await intake.wait(webhook.is_called)
    except RefusedError:
        raise SettingsError("Telegram refuses the token: copy it again from @BotFather into BOT_TOKEN") from None
    except StoppedError:
        pass
    finally:
        await delivery.close(0)
        await bot.shutdown()


def _nudges(answers: Responder, outbox: RoomOutbox, clock: Clock, content: Content) -> Nudges:
    circles = Circles(answers.store, answers, outbox, clock, content, kept=answers.rooms.put)
    return Nudges(answers.store, answers, outbox, clock, content, circles=circles)


def _say_ready() -> None:
    """Log it. What is there by now is never looked through for garbage again: that would hold everyone up for 40 ms."""
    gc.freeze()
    structlog.get_logger().info("ready")


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
    async with responder(settings, words, settings.bot_data / TERMINAL) as answers:
        await sweep(answers.store, now())
        await talk(answers, words)


def _told_who_runs_it(content: Content, settings: Settings) -> Content:
    return replace(content, operator=settings.bot_operator or "", contact=settings.bot_operator_contact or "")


# --- What the parts are built from --------------------------------------------------------------------------------


def keyring(settings: Settings) -> Keyring | None:
    """Return the keys that were given, or made at an earlier start."""
    if settings.bot_data_key is not None:
        return parse_keyring(settings.bot_data_key.get_secret_value())
    if settings.bot_data_key_file is not None:
        return read_keyring(settings.bot_data_key_file)
    return make_or_read_keyring(key_file(), today()) if key_file().exists() else None


def key_file() -> Path:
    """Where a key is kept that was made at the first start."""
    return user_config_path(_NAME, appauthor=False) / "key"


def ledger_file(settings: Settings) -> Path:
    """Where it is noted what was forgotten."""
    return settings.bot_ledger_file or user_config_path(_NAME, appauthor=False) / "forgotten"


def _webhook_secret(settings: Settings) -> str:
    given = settings.bot_webhook_secret
    return secrets.token_urlsafe() if given is None else given.get_secret_value()


def _told_to_stop() -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    log.watch(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def now() -> int:
    """Seconds since 1970, UTC, as the machine has them."""
    return int(time.time())


def _steady() -> float:
    """Seconds that are never set. Those in which the machine slept are among them, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def today() -> date:
    """The day in UTC."""
    return datetime.fromtimestamp(now(), UTC).date()


def _seed() -> int:
    return 1 + secrets.randbelow(2**24 - 1)
