"""Stories of minutes that are lived through in no time."""

import asyncio
import selectors
from collections.abc import Awaitable

from typing_extensions import override

_ON_ITS_WAY = 0.001
"""Real seconds in which what was sent over loopback arrives."""


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting, lets the time pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0) or super().select(0 if timeout == 0 else _ON_ITS_WAY)
        if not ready and timeout is None:
            raise AssertionError("Everyone waits for something that never comes")
        self.now += 0 if ready else timeout or 0
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """A loop in which time passes only while nobody has anything to do, and then at once."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        return self._jumping.now


def at_once(story: Awaitable[None]) -> None:
    """Live through a story of minutes in no time. One that takes hours never ends."""

    async def live() -> None:
        async with asyncio.timeout(2 * 60 * 60):
            await story

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(live())


def now() -> float:
    """Seconds since the story began."""
    return asyncio.get_running_loop().time()
