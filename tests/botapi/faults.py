"""What can go wrong with a call, to be scripted with `Server.fails`."""

import asyncio
from dataclasses import dataclass

from tests.botapi.updates import Refused


def too_many(retry_after: int) -> Refused:
    """429: the bot is told to wait for so many seconds."""
    return Refused(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def broken() -> Refused:
    """500 from Telegram itself."""
    return Refused(500, "Internal Server Error")


def blocked() -> Refused:
    """403: the person has blocked the bot."""
    return Refused(403, "Forbidden: bot was blocked by the user")


@dataclass(frozen=True)
class Page:
    """An answer that is not Telegram's: a page from something in between. The call has no effect."""

    status: int = 502
    body: str = "<html><head><title>502 Bad Gateway</title></head></html>"


@dataclass(frozen=True)
class Dropped:
    """The connection breaks, before the call, or `after` it took effect."""

    after: bool = False


class Hang:
    """No answer until `release`; the call, if its caller is still there, takes effect then, or `after` it did."""

    def __init__(self, *, after: bool = False) -> None:
        self.after = after
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    async def reached(self) -> None:
        """Wait until a call hangs."""
        await self._reached.wait()

    def release(self) -> None:
        """Let the call go on."""
        self._released.set()

    async def hold(self) -> None:
        """Hang."""
        self._reached.set()
        await self._released.wait()


Fault = Refused | Page | Dropped | Hang
