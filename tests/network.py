"""The network's place below the library: what every stand-in for it has in common."""

from telegram.request import BaseRequest
from typing_extensions import override


class NoNetwork(BaseRequest):
    """Opens and closes nothing. What a call gets is for `do_request` to say."""

    @property
    @override
    def read_timeout(self) -> None:
        return None

    @override
    async def initialize(self) -> None: ...

    @override
    async def shutdown(self) -> None: ...
