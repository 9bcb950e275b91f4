"""What people do in a chat with the bot, written down or drawn at random, and the chat itself."""

from dataclasses import dataclass

from bot.core.commands import split_command
from bot.core.model import Button, Decision, Held, Incoming, Kind, Reply, Where
from bot.core.ports import Fate, Sent
from bot.nudges import Nudges
from bot.respond import Responder
from bot.store.store import Store
from tests.dialects import ENGLISH, Dialect
from tests.person import RING, Clock, buttons


@dataclass(frozen=True, slots=True)
class Says:
    """Words, or a command. `replying`: to the bot's latest message with buttons, which Telegram sends along.

    `earlier`: what was typed in a row just before, and is answered together with it.
    """

    text: str
    replying: bool = False
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forwards:
    """The words of someone else."""

    text: str


@dataclass(frozen=True, slots=True)
class Edits:
    """The latest message, into these words."""

    text: str


@dataclass(frozen=True, slots=True)
class Sends:
    """A sticker, or whatever else has no words."""


@dataclass(frozen=True, slots=True)
class Taps:
    """The newest button in the chat that has these words, in English."""

    words: str


@dataclass(frozen=True, slots=True)
class TapsBack:
    """Whichever button was shown so many buttons ago, counted round where there are fewer."""

    ago: int


@dataclass(frozen=True, slots=True)
class TapsData:
    """A button that was never shown in this chat: another's, or a forged one."""

    payload: str


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing is done for some seconds. `sends`: then the bot sends what is due by its clock."""

    seconds: int
    sends: bool = False


@dataclass(frozen=True, slots=True)
class Restarts:
    """The bot goes down and comes up again, with nothing in its memory."""


Move = Says | Forwards | Edits | Sends | Taps | TapsBack | TapsData | Waits | Restarts


class Written:
    """What the bot sent first, and to whom."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Reply]] = []

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        assert thread is None
        self.sent.append((chat, reply))
        return Sent(Fate.ARRIVED)

    def give_up(self) -> None:
        """Nothing waits here."""


class House:
    """The bot with its store and its clock."""

    def __init__(self, store: Store, clock: Clock | None = None, *, dialect: Dialect = ENGLISH) -> None:
        self.store = store
        self.dialect = dialect
        self.clock = clock or Clock()
        self.seed = 1
        self.responder = self._responder()

    def restart(self) -> None:
        self.responder = self._responder()

    async def sends(self, person: int) -> tuple[Reply, ...]:
        """Send what is due by now, and give what the person got."""
        written = Written()
        await Nudges(self.store, self.responder, written, self.clock, self.dialect.prompts.content).round()
        return tuple(reply for chat, reply in written.sent if chat == person)

    def _responder(self) -> Responder:
        content = self.dialect.prompts.content
        return Responder(content, self.store, RING.buttons, clock=self.clock, seed=lambda: self.seed)


class Chat:
    """One person's chat, with every button that was ever shown in it: any of them may be tapped."""

    def __init__(self, house: House, person: int = 7_071_067_811) -> None:
        self.house = house
        self.person = person
        self.shown: list[Button] = []  # oldest first
        self._moves = 0
        self._newest = 0  # the person's latest message: an edit changes it

    async def does(self, move: Move) -> Decision | None:
        """Do it, and give the bot's answer. Raise LookupError for a button that was never shown."""
        match move:
            case Waits(seconds, sends):
                self.house.clock.at += seconds
                replies = await self.house.sends(self.person) if sends else ()
                return self._shown(Decision(Held(), replies)) if replies else None
            case Restarts():
                self.house.restart()
                return None
            case _:
                return await self._told(self._incoming(move))

    async def _told(self, incoming: Incoming) -> Decision:
        self._moves += 1
        self.house.seed = self._moves  # so that a chat goes the same way, whatever others do
        return self._shown(await self.house.responder.respond(incoming))

    def _shown(self, decision: Decision) -> Decision:
        self.shown += buttons(decision)
        return decision

    def _incoming(self, move: Says | Forwards | Edits | Sends | Taps | TapsBack | TapsData) -> Incoming:
        kind, text, command, payload = Kind.TEXT, "", "", ""
        earlier: tuple[str, ...] = ()
        match move:
            case Says(words, replying, earlier):
                command, text = split_command(words)
                kind = Kind.COMMAND if command else Kind.TEXT
                payload = self.shown[-1].payload if replying and self.shown else ""
            case Forwards(text):
                pass
            case Edits(text):
                kind = Kind.EDIT
            case Sends():
                kind = Kind.MEDIA
            case Taps(words):
                kind, payload = Kind.PRESS, self._button(words).payload
            case TapsBack(ago):
                kind, payload = Kind.PRESS, self.shown[-1 - ago % len(self.shown)].payload if self.shown else "-"
            case TapsData(payload):
                kind = Kind.PRESS
        if kind in {Kind.TEXT, Kind.COMMAND, Kind.MEDIA}:
            self._newest += 1
        return Incoming(
            self.person,
            Where.PRIVATE,
            kind,
            0,
            text=text,
            earlier=earlier,
            command=command,
            payload=payload,
            forwarded=isinstance(move, Forwards),
            numbers=() if kind is Kind.PRESS else (self._newest,),
        )

    def _button(self, words: str) -> Button:
        dialect = self.house.dialect
        for button in reversed(self.shown):
            if dialect.back(dialect.prompts.label(button)) == words:
                return button
        raise LookupError(words)
