"""What was forgotten, withdrawn or deleted of late, kept apart from the database: a restored backup is held against it.

Rules that hold here: an entry is a keyed hash and a time, and says nothing without the key; it is on the disk when the
call returns; several programs may note at once, and none loses what another noted; an entry that was cut off by a kill
harms none before or after it; entries expire with the oldest backup.
"""

from __future__ import annotations

import hmac
import os
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.store import StoreError
from bot.store.files import NO_ROOM, is_open_to_others, locked, make, replace, shared, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bot.store.keyring import Keyring, Keys
    from bot.store.ring import Ring

KEPT_FOR: Final = 30 * 24 * 60 * 60  # seconds

_RECORD: Final = 32
_HEAD: Final = b"compassion-bot: the forgotten, 1"
_HASH_BYTES: Final = 16
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8


class _Entry(NamedTuple):
    key_id: bytes
    hash: bytes
    at: int

    def __bytes__(self) -> bytes:
        body = self.key_id + self.hash + self.at.to_bytes(_TIME_BYTES, "big")
        return body + _check(body)


class _Reading(NamedTuple):
    """What was read, and what the file looked like then: it is read again when that has changed."""

    file: tuple[int, ...]
    latest: Mapping[tuple[bytes, bytes], int]


class Ledger:
    """The ledger at one path, under the keys that a ring has by then.

    Its methods block, and raise `StoreError` where it cannot be used.
    """

    def __init__(self, path: Path, keyring: Keyring | Ring) -> None:
        self._path = path
        self._keyring = keyring
        self._reading: _Reading | None = None

    def note(self, what: bytes, at: int) -> None:
        """Keep that something was forgotten, and when (seconds since 1970, UTC)."""
        self.note_all([(what, at)])

    def note_all(self, forgotten: Iterable[tuple[bytes, int]]) -> None:
        """Keep several at once, which takes as long as one. Where it fails, none of them is kept."""
        newest = self._keyring.newest
        records = b"".join(bytes(_Entry(newest.id, _hash(newest, what), at)) for what, at in forgotten)
        if not records:
            return
        with self._in_plain_words():
            if not self._path.exists():
                make(self._path, _HEAD)
            with locked(self._path) as handle:
                self._append(handle, records)

    def prepare(self, now: int) -> None:
        """Make the ledger where there is none, so that it is known now whether it can be; let go of what is old."""
        with self._in_plain_words():
            make(self._path, _HEAD)
        self.expire(now)

    def gone_at(self, what: bytes) -> int | None:
        """Return when something was last forgotten (seconds since 1970, UTC), or None where that is not known."""
        latest = self._latest()
        times = (latest.get((keys.id, _hash(keys, what))) for keys in self._keyring.keys)
        return max((at for at in times if at is not None), default=None)

    def expire(self, now: int) -> None:
        """Drop what was noted more than 30 days before `now`, and whatever is no entry."""
        with self._in_plain_words(), suppress(FileNotFoundError), locked(self._path) as handle:
            content = self._content(handle)
            kept = [entry for entry in _entries(content) if now - entry.at <= KEPT_FOR]
            fresh = _HEAD + b"".join(map(bytes, kept))
            if fresh != content:
                replace(self._path, fresh)

    def _append(self, handle: int, records: bytes) -> None:
        self._refuse_foreign(handle)
        size = os.fstat(handle).st_size
        whole = size - size % _RECORD  # what a kill cut off is taken away
        try:
            os.ftruncate(handle, whole)
            _write(handle, records if whole else _HEAD + records)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, whole)
            raise

    def _latest(self) -> Mapping[tuple[bytes, bytes], int]:
        with self._in_plain_words(), suppress(FileNotFoundError), shared(self._path) as handle:
            state = os.fstat(handle)
            file = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
            reading = self._reading
            if reading is None or reading.file != file:
                latest: dict[tuple[bytes, bytes], int] = {}
                for entry in _entries(self._content(handle)):
                    found = entry.key_id, entry.hash
                    latest[found] = max(entry.at, latest.get(found, entry.at))
                self._reading = reading = _Reading(file, latest)
            return reading.latest
        return {}

    def _content(self, handle: int) -> bytes:
        self._refuse_foreign(handle)
        return os.pread(handle, os.fstat(handle).st_size, 0)

    def _refuse_foreign(self, handle: int) -> None:
        if not _HEAD.startswith(os.pread(handle, len(_HEAD), 0)):
            path = shown(self._path)
            line = f"The file {path} is not of this bot, or of a newer version: move it away, or put its copy back."
            raise StoreError(line)
        if is_open_to_others(handle):
            path = shown(self._path)
            raise StoreError(f"The file of what was forgotten, {path}, is open to other users: run `chmod 600 {path}`.")

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            path = shown(self._path)
            mend = "make room on its disk" if error.errno in NO_ROOM else "give this user the right to"
            raise StoreError(f"What was forgotten cannot be read or noted in {path}: {mend}.") from None


def _hash(keys: Keys, what: bytes) -> bytes:
    return hmac.digest(keys.ledger, what, "sha256")[:_HASH_BYTES]


def _check(body: bytes) -> bytes:
    """Return what tells an entry from bytes that a power cut left in its place."""
    return zlib.crc32(body).to_bytes(4, "big")


def _entries(content: bytes) -> Iterator[_Entry]:
    for start in range(_RECORD, len(content) - _RECORD + 1, _RECORD):
        body, check = content[start : start + _RECORD - 4], content[start + _RECORD - 4 : start + _RECORD]
        if check == _check(body):
            key_id, digest = body[:_ID_BYTES], body[_ID_BYTES : _ID_BYTES + _HASH_BYTES]
            yield _Entry(key_id, digest, int.from_bytes(body[_ID_BYTES + _HASH_BYTES :], "big"))


def _write(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
