"""The keys that serve, read again when the database was sealed anew beside the process that serves it."""

from collections.abc import Callable

from bot.store.keyring import Keyring, Keys
from bot.store.seal import Sealer


class Ring:
    """The keys as `read` gave them last, the newest first."""

    def __init__(self, read: Callable[[], Keyring]) -> None:
        self._read = read
        self.renew()

    def renew(self) -> None:
        """Read the keys again. Raise SecretError where they cannot be read."""
        self.keys = self._read().keys
        self.sealer = Sealer([(keys.id, keys.seal) for keys in self.keys])

    @property
    def newest(self) -> Keys:
        """The keys that everything new is written with."""
        return self.keys[0]

    def buttons(self) -> tuple[bytes, ...]:
        """The keys that buttons may be signed with, the newest first."""
        return tuple(keys.button for keys in self.keys)


def ring_of(*secrets: bytes) -> Ring:
    """A ring of these secrets, the newest first, whatever becomes of the database."""
    keyring = Keyring.of(*secrets)
    return Ring(lambda: keyring)
