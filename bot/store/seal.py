"""The sealing of cells.

Rules that hold here: a cell opens only in the table, row and column that it was sealed for; it names its key, so that
it is opened by that one alone; its length says nothing of what is in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.store import SealError, UnknownKeyError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST: Final = b"\x01"  # the format of cells that name no key: nonce, the padded text and its tag
_FORMAT: Final = b"\x02"  # today's: key id, nonce, the padded text and its tag
_ID_END: Final = 5
_NONCE_BYTES: Final = 12
_END: Final = b"\x80"  # between what was sealed and the zeros that pad it
_BLOCK: Final = 192  # an outcome fits in one, so that a cell's length says nothing of the answers in it
_BLOCKS: Final = {
    "plan": 960,  # a line of 200 characters fits in one, in whatever script
    "nudging": 960,  # with every practice seen
    "follow_up": 448,  # with all three answers
    "room": 1344,  # with a title of 128 characters, in whatever script
}

_SHUT: Final = "A cell of the database does not open: put a backup of the database in its place."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell belongs: no cell opens in another place."""

    table: str
    row: bytes
    column: str

    def __bytes__(self) -> bytes:
        """Return what is authenticated with the cell: the parts, each after its length, so that no two places meet."""
        parts = (self.table.encode(), self.row, self.column.encode())
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class Sealer:
    """Seals cells with AES-256-GCM: format (1 byte), key id (4), nonce (12), the padded text, its tag (16)."""

    def __init__(self, keys: Sequence[tuple[bytes, bytes]]) -> None:
        """Take ids and keys, newest first: the first one seals, each opens what names it."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys}
        newest = keys[0][0]
        self._head = _FORMAT + newest
        self._cipher = self._ciphers[newest]

    def seal(self, plain: bytes, place: Place) -> bytes:
        """Return `plain` as a cell that opens in this place alone."""
        nonce = os.urandom(_NONCE_BYTES)
        padded = plain + _END + bytes(-len(plain + _END) % _BLOCKS.get(place.table, _BLOCK))
        return self._head + nonce + self._cipher.encrypt(nonce, padded, self._head + bytes(place))

    def open(self, cell: bytes, place: Place) -> bytes:
        """Return what was sealed in this place.

        Raise `UnknownKeyError` where the cell names a key that is not here, and `SealError` for any other cell.
        """
        if cell[:1] == _FORMAT:
            head = cell[:_ID_END]
            cipher = self._ciphers.get(head[1:])
            if cipher is None:
                raise UnknownKeyError("A cell of the database was sealed with a data key that is gone: put it back.")
            ciphers = [cipher]
        else:
            head, ciphers = _FIRST, list(self._ciphers.values())
            if cell[:1] != _FIRST:
                raise SealError(_SHUT)
        body = len(head) + _NONCE_BYTES
        nonce, sealed, bound = cell[len(head) : body], cell[body:], head + bytes(place)
        for cipher in ciphers:
            try:
                padded = cipher.decrypt(nonce, sealed, bound)
            except (InvalidTag, ValueError):
                continue
            return padded.rstrip(b"\x00").removesuffix(_END)
        raise SealError(_SHUT)

    def is_newest(self, cell: bytes) -> bool:
        """Whether a cell is as `seal` would make it now: the rotation leaves it as it is."""
        return cell[:_ID_END] == self._head


def key_id(cell: bytes) -> bytes:
    """Return the id of the key that a cell names, or b"" for one of the first format, which names none."""
    return cell[1:_ID_END] if cell[:1] == _FORMAT else b""
