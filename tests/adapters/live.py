"""The bot's handlers at Telegram's stand-in, with the core's answers laid out by a test."""

from dataclasses import dataclass, field

from structlog.contextvars import clear_contextvars, get_contextvars
from telegram import Update
from typing_extensions import override

from bot.adapters.telegram_bot import App, TelegramBot
from bot.core.model import Decision, Held, Incoming, Reply
from bot.core.ports import Sent
from bot.respond import Responder
from bot.rooms import Nobody, Rooms
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.botapi import Person, Server
from tests.person import PROMPTS, RING, Clock


class Noting(Rooms):
    """Notes what it is told of."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, PROMPTS.content, Nobody(), RING.buttons, clock=Clock(), seed=lambda: 1)
        self.noted: list[tuple[int, int, Reply]] = []  # what was sent into groups
        self.moves: list[tuple[int, int]] = []

    @override
    async def sent(self, chat: int, sent: Sent, reply: Reply) -> None:
        await super().sent(chat, sent, reply)
        if sent.number is not None:
            self.noted.append((chat, sent.number, reply))

    @override
    async def moved(self, old: int, new: int) -> None:
        self.moves.append((old, new))


class Scripted(Responder):
    """Answers with what a test has laid out, one after the other."""

    def __init__(self, store: Store) -> None:
        super().__init__(PROMPTS.content, store, RING.buttons, clock=Clock(), seed=lambda: 1)
        self.laid: list[Decision] = []
        self.heard: list[Incoming] = []
        self.rooms = self.noting = Noting(store)

    @override
    async def respond(self, incoming: Incoming) -> Decision:
        self.heard.append(incoming)
        return self.laid.pop(0)


@dataclass
class Live:
    """The bot's handlers at Telegram's stand-in. They handle what waits when the test says so."""

    telegram: Server
    app: App
    us: TelegramBot
    responder: Scripted
    clock: PausingClock
    ann: Person
    at: Clock
    outcome: str = "handled"
    methods: list[str] = field(default_factory=list)

    async def answers(self, *decisions: tuple[Reply, ...] | Decision) -> None:
        """Handle what waits, with one of these answers to each."""
        self.responder.laid = [one if isinstance(one, Decision) else Decision(Held(), one) for one in decisions]
        waiting = await self.telegram.world.updates.fetch(0, 100, 0)
        before = len(self.telegram.calls)
        clear_contextvars()
        for update in waiting:
            await self.app.process_update(Update.de_json(update, self.us._bot))  # noqa: SLF001 - the one it runs with
        self.outcome = get_contextvars().get("outcome", "handled")
        self.methods = [call.method for call in self.telegram.calls[before:]]
        await self.telegram.world.updates.fetch(waiting[-1]["update_id"] + 1, 1, 0)
        assert self.responder.laid == []

    async def shows(self, *replies: Reply) -> None:
        """Let Ann write, and be answered with these."""
        await self.ann.says("hello", wait=False)
        await self.answers(replies)

    def heard(self) -> list[tuple[str, list[list[str]]]]:
        """All that Ann sees of the bot: the words and the buttons of each message."""
        return [(message.text, message.buttons) for message in self.ann.hears()]


def as_seen(reply: Reply) -> tuple[str, list[list[str]]]:
    labels = [[PROMPTS.label(button) for button in row] for row in reply.buttons]
    return PROMPTS.text(reply), labels
