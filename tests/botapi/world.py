"""Telegram's side of the world, as the stand-in keeps it for one bot."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.botapi.chats import Chat, Press, Unmet, Upload
from tests.botapi.limits import Limits
from tests.botapi.updates import Bell, Json, Refused, Updates
from tests.botapi.webhook import Webhook


@dataclass
class World:
    """All that Telegram knows in a test. Chats are added by the test.

    `clock` is in seconds since 1970; `patience` is how long anyone waits, in seconds; `pause` waits for so many before
    an update is handed to a webhook again.
    """

    bot: Json
    clock: Callable[[], float]
    patience: float
    pause: Callable[[float], Awaitable[None]]
    limits: Limits | None = None
    privacy: bool = True  # the bot's privacy mode: a group has the one of the time when the bot came in
    joins_groups: bool = True  # whether people may add the bot to groups
    webhook: Webhook | None = None
    bell: Bell = field(default_factory=Bell)
    chats: dict[int, Chat] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)  # file_id -> what the bot sent
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # scope as JSON, language -> commands
    descriptions: dict[str, str] = field(default_factory=dict)  # language -> words
    short_descriptions: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)  # what the bot was told it may not, in order
    last_message_id: int = 0
    last_place: int = 0
    last_number: int = 7_000_000_000_000_000

    def __post_init__(self) -> None:
        self.updates = Updates(self.bell, self.clock, first=480_016_001)

    def now(self) -> int:
        """The time as Telegram writes it into a message."""
        return int(self.clock())

    def next_message_id(self) -> int:
        self.last_message_id += 1
        return self.last_message_id

    def next_place(self) -> int:
        self.last_place += 1
        return self.last_place

    def next_number(self) -> str:
        self.last_number += 1
        return str(self.last_number)

    def chat(self, number: int) -> Chat:
        """A chat that exists; raises Refused for any other."""
        if number not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return self.chats[number]

    def add(self, chat: Chat) -> None:
        if chat.id in self.chats:
            raise ValueError(f"There is a chat {chat.id} already")
        self.chats[chat.id] = chat

    async def takes_webhook_away(self, *, drop: bool = False) -> None:
        """Let updates wait to be polled; or drop those that wait."""
        if self.webhook is not None:
            webhook, self.webhook = self.webhook, None
            await webhook.close()
        if drop:
            self.updates.forget()

    async def deliver(self, kind: str, content: Json, *, wait: bool) -> None:
        """Queue an update and, to `wait`, come back when the bot has confirmed it."""
        number = self.updates.add(kind, content)
        if wait and number is not None:
            await self.until(lambda: number not in self.updates, f"an update ({kind}) waits to be confirmed")

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for something to come true; raises Unmet, saying what and how things stand, after `patience`."""
        if not await self.bell.until(true, self.patience):
            raise Unmet(
                f"After {self.patience} s, {what} in vain. Updates not confirmed: {len(self.updates)}. "
                f"Kinds not asked for: {self.updates.left_out}. Refused: {self.refusals}"
            )
