"""Updates that are handed straight to the bot's handlers: the adapter, the core and the store are real.

Rules that hold here: there is no network, the clock stands still, and the same updates in the same world lead to the
same calls; the world can be copied, so that each try begins as the one before.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from telegram import Bot, Update
from typing_extensions import override

from bot.adapters.delivery import Delivery
from bot.adapters.directory import TelegramDirectory
from bot.adapters.sieve import Sieve
from bot.adapters.telegram_bot import App, TelegramBot
from bot.core.facts import RoomChange
from bot.core.model import Decision, Incoming
from bot.respond import Responder
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.botapi import Person, Place, Server
from tests.botapi.offline import Offline
from tests.botapi.people import ADMINS
from tests.botapi.server import Call
from tests.botapi.updates import Json
from tests.botapi.world import World
from tests.person import PROMPTS, RING, WALK, Clock


class Watched(Responder):
    """Keeps what it decided, and on what."""

    decided: list[tuple[Incoming, Decision]]

    @override
    async def respond(self, incoming: Incoming) -> Decision:
        decision = await super().respond(incoming)
        self.decided.append((incoming, decision))
        return decision


class Talk:
    """The bot's own handlers in a world, and what comes out of them."""

    def __init__(self, folder: Path, network: Offline, bot: Bot, app: App, responder: Watched) -> None:
        self.folder = folder
        self.responder = responder
        self.sieve = Sieve(bot, responder.rooms.hears)
        self._bot = bot
        self._network = network
        self._app = app

    async def hands_what_waits(self) -> list[Json]:
        """Hand over what people did, and give it."""
        updates = self._network.world.updates.waiting()
        for update in updates:
            await self.hands(update)
        self._network.world.updates.confirm([update["update_id"] for update in updates])
        return updates

    async def hands(self, update: Json) -> list[Call] | None:
        """Hand over one update; give the calls that it led to, or None where the library cannot read it."""
        self._network.calls.clear()
        self.responder.decided.clear()
        try:
            read = Update.de_json(json.loads(json.dumps(update)), self._bot)
        except Exception:  # noqa: BLE001 - it never comes as far as the adapter
            return None
        with suppress(TypeError):  # the library's own bookkeeping takes only ids that can be a key
            await self._app.process_update(read)
        return list(self._network.calls)


def new_world(clock: Clock) -> Server:
    """Telegram with nobody there yet. Its server is never started."""
    return Server(now=clock)


@asynccontextmanager
async def talking(world: World, clock: Clock, rooms: Iterable[int]) -> AsyncIterator[Talk]:
    """Let the bot live in a world, with nothing in its store but that it is on in these rooms."""
    network, waits = Offline(world), PausingClock()
    token = f"{world.bot['id']}:AAExampleOfATokenThatOpensNothing"
    bot = Bot(token, "http://telegram.invalid/bot", request=network, get_updates_request=network)
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with Store.open(folder, RING) as store:
            seed, directory = iter(range(1, 1_000_000)).__next__, TelegramDirectory(bot)
            responder = Watched(PROMPTS.content, store, RING.buttons, clock=clock, seed=seed, directory=directory)
            responder.decided = []
            for chat in rooms:
                await responder.rooms.save(RoomChange(chat, is_on=True), clock())
            app = TelegramBot(bot, Delivery(bot, waits.pause, now=waits.now), responder, PROMPTS).application()
            async with app:
                yield Talk(folder, network, bot, app, responder)


def copied(world: World, clock: Clock) -> World:
    """The same world once more, by this clock; what is done in one changes nothing in the other."""
    return copy.deepcopy(world, {id(world.clock): clock})


async def walks(person: Person, talk: Talk) -> list[Json]:
    """Let someone go through a whole walk."""
    await person.says("/walk", wait=False)
    done = await talk.hands_what_waits()
    for label in WALK:
        await person.presses(PROMPTS.content.labels[label], wait=False)
        done += await talk.hands_what_waits()
    return done


def admins_of(world: World, chat: int) -> frozenset[int]:
    """Who is an admin of a group or channel now, by Telegram."""
    place = world.chats.get(chat)
    members = place.members() if isinstance(place, Place) else {}
    return frozenset(who for who, member in members.items() if member["status"] in ADMINS)
