"""The secrets of the house, newest first, and the keys that are derived from each.

Rules that hold here: a secret lives apart from the data and is never shown, in an error, a repr or a pickle; each use
has a key of its own, so that none tells another; what is written goes to the newest, and the others only open what
they once sealed; a key file changes whole or not at all.
"""

from __future__ import annotations

import base64
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.store import SecretError
from bot.store.files import NO_ROOM, is_open_to_others, locked, make, replace, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

KEPT_FOR: Final = timedelta(days=30)  # how long a retired secret stays, since a backup may need it

_SECRET_BYTES = 32
_ID_BYTES = 4
_MAKE_ONE = "`openssl rand -base64 32`"
_LONGEST_FILE = 65536
_ENTRY = re.compile(r"(?P<key>[^\s,]+)(?:[ \t,]+(?P<made>\d{4}-\d\d-\d\d)(?![^\s,]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one secret, 32 bytes each, derived apart (HKDF, RFC 5869), and the id that tells it from others."""

    lookup: bytes = field(repr=False)  # makes row keys of ids
    button: bytes = field(repr=False)  # signs buttons
    seal: bytes = field(repr=False)  # seals cells
    ledger: bytes = field(repr=False)  # makes the ledger's hashes of what was forgotten
    id: bytes  # 4 bytes, in the clear in each cell
    made: date | None = None  # the day on which the secret was made, where that is known

    @classmethod
    def of(cls, secret: bytes, made: date | None = None) -> Keys:
        """Return the keys of a secret."""
        lookup, button, seal, ledger = (_derive(secret, use) for use in ("lookup", "button", "seal", "ledger"))
        return cls(lookup, button, seal, ledger, _derive(secret, "id", _ID_BYTES), made)

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not copied or pickled")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of every secret, newest first: at least one."""

    keys: tuple[Keys, ...]

    @classmethod
    def of(cls, *secrets: bytes) -> Keyring:
        """Return the ring of these secrets, newest first."""
        return cls(tuple(Keys.of(secret) for secret in secrets))

    @property
    def newest(self) -> Keys:
        """The keys that everything new is written with."""
        return self.keys[0]


# --- Reading a ring -----------------------------------------------------------------------------------------------


def parse_keyring(text: str) -> Keyring:
    """Return the ring that `text` holds, newest first.

    A key is 32 bytes in base64 or hex. The day on which it was made may stand after it, on the same line. Keys stand
    apart by spaces, commas or ends of lines. A line that begins with # is a comment. Raise `SecretError` for anything
    else.
    """
    ring = _ring(text)
    if ring is None:
        line = f"The data key is not 32 bytes in base64 or hex: give it whole, or make one with {_MAKE_ONE}."
        raise SecretError(line)
    return ring


def read_keyring(path: Path) -> Keyring:
    """Return the ring of a key file that was given by setting.

    Who else can read it is its giver's affair: containers mount secrets that everyone inside may read.
    The errors leave out the path, since a key can be put where its path belongs.
    """
    try:
        with path.open("rb") as file:
            text = _text(file.fileno())
    except FileNotFoundError:
        line = f"There is no file at BOT_DATA_KEY_FILE: mount one there, made with {_MAKE_ONE}."
        raise SecretError(line) from None
    except (OSError, ValueError):
        line = "The file at BOT_DATA_KEY_FILE cannot be read: give this user the right to, or mount another."
        raise SecretError(line) from None
    ring = _ring(text)
    if ring is None:
        line = f"The file at BOT_DATA_KEY_FILE holds no data key: mount the right one, or one made with {_MAKE_ONE}."
        raise SecretError(line)
    return ring


def make_or_read_keyring(path: Path, today: date) -> Keyring:
    """Return the ring kept at `path`, made there at the first start: owner-only, and once, whoever else starts.

    Raise `SecretError` where it cannot be kept, others can read it, or the file holds something else.
    """
    with _in_plain_words(path):
        if not path.exists():
            make(path, _line(os.urandom(_SECRET_BYTES), today).encode())
        with path.open("rb") as file:
            return _own_ring(path, file.fileno())[0]


# --- Changing a key file of ours ----------------------------------------------------------------------------------


def add(path: Path, today: date) -> Keyring:
    """Put a new secret in front of those in the key file at `path`. Return the ring that it then holds."""
    with _in_plain_words(path), locked(path) as handle:
        ring, text = _own_ring(path, handle)
        ids = {keys.id for keys in ring.keys}
        secret = os.urandom(_SECRET_BYTES)
        while Keys.of(secret).id in ids:  # by chance, once in thousands of millions
            secret = os.urandom(_SECRET_BYTES)
        replace(path, _encoded(_line(secret, today) + text))
        return Keyring((Keys.of(secret, today), *ring.keys))


def prune(path: Path, ids_in_use: Collection[bytes], today: date) -> Keyring:
    """Drop from the key file at `path` what has been retired for 30 days and seals nothing. Return what stays.

    `ids_in_use` are the ids of the keys that cells still name (`bot.store.seal.key_id`). A cell that names none, b"",
    may need any of them: then all stay. So does a secret whose successor was made nobody knows when.
    """
    with _in_plain_words(path), locked(path) as handle:
        ring, text = _own_ring(path, handle)
        if b"" in ids_in_use:
            return ring
        gone = {
            retired.id
            for successor, retired in zip(ring.keys, ring.keys[1:], strict=False)
            if successor.made is not None and today - successor.made > KEPT_FOR and retired.id not in ids_in_use
        }
        if not gone:
            return ring
        replace(path, _encoded("".join(_without(line, gone) for line in text.splitlines(keepends=True))))
        return Keyring(tuple(keys for keys in ring.keys if keys.id not in gone))


@contextmanager
def _in_plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        is_full = isinstance(error, OSError) and error.errno in NO_ROOM
        mend = "make room on its disk" if is_full else "give this user the right to, or set BOT_DATA_KEY_FILE"
        line = f"The key file {shown(path)} cannot be made, read or changed: {mend}."
        raise SecretError(line) from None


def _own_ring(path: Path, handle: int) -> tuple[Keyring, str]:
    """Return the ring in an open key file of ours, and the file's text."""
    if is_open_to_others(handle):
        raise SecretError(f"The key file {shown(path)} is open to other users: run `chmod 600 {shown(path)}`.")
    text = _text(handle)
    ring = _ring(text)
    if ring is None:
        line = f"The key file {shown(path)} holds no data key: put its copy back, or delete it if nothing was stored"
        raise SecretError(f"{line} yet.")
    return ring, text


def _text(handle: int) -> str:
    """Return what an open file holds, or "" where that is too long to be keys: a part of a ring is never taken."""
    content = b""
    while len(content) <= _LONGEST_FILE and (more := os.read(handle, _LONGEST_FILE)):
        content += more
    return "" if len(content) > _LONGEST_FILE else content.decode(errors="surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


# --- The text of a ring -------------------------------------------------------------------------------------------


def _line(secret: bytes, made: date) -> str:
    return f"{base64.b64encode(secret).decode()} {made.isoformat()}\n"


def _ring(text: str) -> Keyring | None:
    """Return the ring that `text` holds, or None where it holds none or anything beside."""
    ring: list[Keys] = []
    for line in text.splitlines():
        for found in _entries(line):
            keys = _keys(found)
            if keys is None:
                return None
            ring.append(keys)
    if len({keys.id for keys in ring}) < len(ring):
        raise SecretError("The same data key is given twice: keep the first, and take the other away.")
    return Keyring(tuple(ring)) if ring else None


def _entries(line: str) -> Iterator[re.Match[str]]:
    return iter(()) if line.lstrip().startswith("#") else _ENTRY.finditer(line)


def _keys(entry: re.Match[str]) -> Keys | None:
    text = entry["key"]
    with suppress(ValueError):
        secret = bytes.fromhex(text) if re.fullmatch("[0-9a-fA-F]{64}", text) else base64.b64decode(text, validate=True)
        if len(secret) == _SECRET_BYTES:
            return Keys.of(secret, None if entry["made"] is None else _day(entry["made"]))
    return None


def _day(text: str) -> date:
    with suppress(ValueError):
        return date.fromisoformat(text)
    raise SecretError("The day after a data key is none: write it as 2026-11-23, or take it away.")


def _without(line: str, gone: Collection[bytes]) -> str:
    """Return a line of a key file without the keys of these ids, and without the line where nothing is left."""
    entries = [(found[0], keys.id) for found in _entries(line) if (keys := _keys(found)) is not None]
    stay = [text for text, number in entries if number not in gone]
    if len(stay) == len(entries):
        return line
    return "".join(f"{text}\n" for text in stay)


def _derive(secret: bytes, use: str, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"compassion-bot {use}".encode()).derive(secret)
