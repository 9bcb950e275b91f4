"""A clock for what waits: it takes no time, and keeps what was waited for."""

import asyncio


class PausingClock:
    """Seconds that pass only in pauses. `let` may be cleared, so that pauses last until it is set again."""

    def __init__(self) -> None:
        self.at = 0.0
        self.pauses: list[float] = []
        self.let = asyncio.Event()
        self.let.set()
        self._begun = asyncio.Event()

    def now(self) -> float:
        return self.at

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._begun.set()
        due = self.at + seconds
        await asyncio.sleep(0)
        await self.let.wait()
        self.at = max(self.at, due)

    async def begun(self) -> None:
        """Wait until anything waits."""
        while not self.pauses:
            self._begun.clear()
            await self._begun.wait()

    async def paused(self, seconds: float) -> None:
        """Wait until something waits for so long."""
        while seconds not in self.pauses:
            self._begun.clear()
            await self._begun.wait()
