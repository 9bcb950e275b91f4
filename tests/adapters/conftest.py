"""What tests of the handlers begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.delivery import Delivery
from bot.adapters.telegram_bot import TelegramBot
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.adapters.live import Live, Scripted
from tests.botapi import Server, bot_of
from tests.person import PROMPTS, RING, Clock


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    clock, at = PausingClock(), Clock()
    async with (
        Server(now=at) as telegram,
        bot_of(telegram) as bot,
        Store.open(tmp_path / "data", RING) as store,
    ):
        responder = Scripted(store)
        us = TelegramBot(bot, Delivery(bot, clock.pause, now=clock.now), responder, PROMPTS)
        async with us.application() as app:
            yield Live(telegram, app, us, responder, clock, telegram.person(7, "Ann"), at)
