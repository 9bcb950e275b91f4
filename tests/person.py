"""Someone who writes to the bot in private, with no adapter between, and what a story about them needs."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from bot import prompts
from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from bot.core.model import Button, Content, Decision, Held, Incoming, Kind, Where
from bot.respond import Responder
from bot.store.ring import Ring, ring_of
from bot.store.store import Store

PROMPTS: Final = prompts.load()
RING: Final = ring_of(b"k" * 32)
KEYS: Final = RING.keys[0]

SEEN: Final = "lost a patient today and i cant stop seeing her sons face"
"""Words that begin a walk. Where it does not matter how one begins, tests begin with /walk."""

WALK: Final = (
    Label.DID_IT,
    Label.UPSET_STRONG,
    Label.FEEL_SAD,
    Label.DID_IT,
    Label.FOR_THEM,
    Label.NEED_COMFORT,
    Label.DID_IT,
    Label.ACT_WRITE,
    Label.WITH_FRIEND,
    Label.DID_IT,
    Label.UPSET_LITTLE,
    Label.CARE_MORE,
)
"""The buttons of a whole walk after its beginning, from resonance to compassion."""


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = 1_790_000_000

    def __call__(self) -> int:
        return self.at


def responder_of(
    store: Store,
    clock: Callable[[], int],
    *,
    content: Content = PROMPTS.content,
    ring: Ring = RING,
    first_seed: int = 1,
) -> Responder:
    """What answers, as `app` builds it. Another one on the same store is the bot after a restart."""
    return Responder(content, store, ring.buttons, clock=clock, seed=count(first_seed).__next__)


class Person:
    """Someone, their messages, and the buttons of the latest answer to them."""

    def __init__(self, responder: Responder, number: int = 7_071_067_811) -> None:
        self.responder = responder
        self.number = number
        self.heard = Decision(Held())

    async def says(self, text: str, *, replying_to: Decision | None = None, forwarded: bool = False) -> Decision:
        payload = "" if replying_to is None else buttons(replying_to)[0].payload
        return await self._sends(Kind.TEXT, text=text, payload=payload, forwarded=forwarded)

    async def edits(self, text: str) -> Decision:
        return await self._sends(Kind.EDIT, text=text)

    async def sends_a_sticker(self) -> Decision:
        return await self._sends(Kind.MEDIA)

    async def commands(self, name: str) -> Decision:
        return await self._sends(Kind.COMMAND, command=name)

    async def presses(self, label: Label, *, of: Decision | None = None) -> Decision:
        """Press a button of the latest answer, or of an earlier one."""
        return await self.presses_data(button(of or self.heard, label).payload)

    async def presses_data(self, payload: str) -> Decision:
        return await self._sends(Kind.PRESS, payload=payload)

    async def walks(self) -> Decision:
        """Go through a whole walk."""
        await self.commands("walk")
        for label in WALK:
            await self.presses(label)
        return self.heard

    async def _sends(
        self, kind: Kind, *, text: str = "", command: str = "", payload: str = "", forwarded: bool = False
    ) -> Decision:
        incoming = Incoming(
            self.number, Where.PRIVATE, kind, at=0, text=text, command=command, payload=payload, forwarded=forwarded
        )
        self.heard = await self.responder.respond(incoming)
        return self.heard


def buttons(decision: Decision) -> list[Button]:
    """All buttons of an answer, in their order."""
    return [button for reply in decision.replies for row in reply.buttons for button in row]


def button(decision: Decision, label: Label) -> Button:
    """The button of an answer with that label."""
    return next(button for button in buttons(decision) if button.label is label)


def lines(decision: Decision) -> list[Line]:
    """What an answer says, line by line."""
    return [line for reply in decision.replies for line in reply.keys]


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file in a folder and below: where it lies, and what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_in(blob: bytes, content: bytes) -> bool:
    """Whether it is there: a few bytes as they are, and any piece of a keyed hash or of a sealed cell.

    SQLite may put the parts of a cell in several places.
    """
    if len(blob) < 16:
        return blob in content
    pieces = [blob[start : start + 32] for start in range(16, len(blob) - 32, 32)] or [blob[:8], blob[8:]]
    return any(piece in content for piece in pieces)


async def purposes(store: Store, person: int) -> frozenset[Purpose]:
    """What is kept of someone's consents."""
    return frozenset(one.purpose for one in (await store.kept(person)).consents)
