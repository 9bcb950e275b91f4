"""One secret, the keys derived from it, and the sealing of cells.

Rules that hold here: the secret lives apart from the data and is never shown, in an error or a repr; each use has
a key of its own; a cell opens only in the table, row and column that it was sealed for.
"""

from __future__ import annotations

import base64
import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.store import SealError, SecretError

_SECRET_BYTES = 32
_MAKE_ONE = "`openssl rand -base64 32`"

_KEY_ID = b"\x01"  # the first byte of every cell, so that a later key can be told from this one
_NONCE_BYTES = 12
_END = b"\x80"  # between what was sealed and the zeros that pad it
_BLOCK = 192  # whatever is kept today fits in one, so that a cell's length says nothing of the answers in it
_LONGEST_FILE = 1024


def parse_secret(text: str) -> bytes:
    """Return the 32 bytes that `text` holds in base64 or hex. Raise `SecretError` for anything else."""
    text = text.strip()
    with suppress(ValueError):
        secret = bytes.fromhex(text) if re.fullmatch("[0-9a-fA-F]{64}", text) else base64.b64decode(text, validate=True)
        if len(secret) == _SECRET_BYTES:
            return secret
    # Without `from`: the error beneath could quote a part of the key.
    raise SecretError(f"The data key is not 32 bytes in base64 or hex: give it whole, or make one with {_MAKE_ONE}.")


def read_secret(path: Path) -> bytes:
    """Return the secret of a key file that was given by setting.

    Who else can read it is its giver's affair: containers mount secrets that everyone inside may read.
    The errors leave out the path, since a key can be put where its path belongs.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_FILE).decode("ascii", errors="replace")
    except FileNotFoundError:
        line = f"There is no file at BOT_DATA_KEY_FILE: mount one there, made with {_MAKE_ONE}."
        raise SecretError(line) from None
    except (OSError, ValueError):
        line = "The file at BOT_DATA_KEY_FILE cannot be read: give this user the right to, or mount another."
        raise SecretError(line) from None
    try:
        return parse_secret(text)
    except SecretError:
        line = f"The file at BOT_DATA_KEY_FILE holds no data key: mount the right one, or one made with {_MAKE_ONE}."
        raise SecretError(line) from None


def make_or_read_secret(path: Path) -> bytes:
    """Return the secret kept at `path`, made there at the first start: owner-only, and once, whoever else starts.

    Raise `SecretError` where it cannot be kept, others can read it, or the file holds something else.
    """
    shown = _shown(path)
    try:
        if not path.exists():
            _make_secret(path)
        with path.open("rb") as file:
            others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
            text = file.read(_LONGEST_FILE).decode("ascii", errors="replace")
    except OSError:
        line = f"The key file {shown} cannot be made or read: give this user the right to, or set BOT_DATA_KEY_FILE."
        raise SecretError(line) from None
    if others:
        raise SecretError(f"The key file {shown} is open to other users: run `chmod 600 {shown}`.")
    try:
        return parse_secret(text)
    except SecretError:
        line = f"The key file {shown} holds no data key: put its copy back, or delete it if nothing was stored yet."
        raise SecretError(line) from None


def _make_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A whole file is linked into place, which fails where one is: nobody reads half a key, and the first one stays.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(_SECRET_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _shown(path: Path) -> str:
    """Return the path with the home folder, which carries a person's name, as ~."""
    with suppress(RuntimeError, ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the house, 32 bytes each, derived apart (HKDF, RFC 5869) so that none tells another."""

    lookup: bytes = field(repr=False)  # makes row keys of ids
    button: bytes = field(repr=False)  # signs buttons
    seal: bytes = field(repr=False)  # seals cells

    @classmethod
    def of(cls, secret: bytes) -> Keys:
        """Return the keys of a secret."""
        return cls(*(_derive(secret, use) for use in ("lookup", "button", "seal")))


def _derive(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"compassion-bot {use}".encode()).derive(secret)


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
    """Seals cells with AES-256-GCM: key id (1 byte), nonce (12), the padded text, its tag (16)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: Place) -> bytes:
        """Return `plain` as a cell that opens in this place alone."""
        nonce = os.urandom(_NONCE_BYTES)
        padded = plain + _END + bytes(-len(plain + _END) % _BLOCK)
        return _KEY_ID + nonce + self._cipher.encrypt(nonce, padded, _KEY_ID + bytes(place))

    def open(self, cell: bytes, place: Place) -> bytes:
        """Return what was sealed in this place. Raise `SealError` for any other cell."""
        key_id, nonce, sealed = cell[:1], cell[1 : 1 + _NONCE_BYTES], cell[1 + _NONCE_BYTES :]
        try:
            padded = self._cipher.decrypt(nonce, sealed, key_id + bytes(place))
        except (InvalidTag, ValueError):
            line = "A cell of the database does not open: put a backup of the database in its place."
            raise SealError(line) from None
        return padded.rstrip(b"\x00").removesuffix(_END)
