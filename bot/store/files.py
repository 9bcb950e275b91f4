"""Files that are the owner's alone: the keys, and the ledger of what was forgotten.

Rules that hold here: such a file is made and replaced whole or not at all, and is on the disk when the call returns;
whoever changes one holds its lock meanwhile; errors of the system go up as they are, for the caller to put in plain
words.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where nothing more can be written: the disk, someone's share of it, or a file is full."""


def shown(path: Path) -> str:
    """Return the path with the home folder, which carries a person's name, as ~."""
    with suppress(RuntimeError, ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


def is_open_to_others(handle: int) -> bool:
    """Whether users other than the owner have any right to an open file."""
    return bool(stat.S_IMODE(os.fstat(handle).st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def make_folder(path: Path) -> None:
    """Make an owner-only folder, unless there is one, and so those above it: `Path.mkdir` would open them to others."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def make(path: Path, content: bytes) -> None:
    """Make an owner-only file, and its folder, unless there is one: the first to make it wins."""
    make_folder(path.parent)
    # A whole file is linked into place, which fails where one is: nobody reads half of it, and the first one stays.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        _write(handle, content)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    _sync_folder(path)


def replace(path: Path, content: bytes) -> None:
    """Replace a file that is `locked` by an owner-only one."""
    path = path.resolve()  # where the name is a link to the file, the link stays
    # One name, since the lock leaves no second writer: what a kill leaves behind is taken away by the next.
    beside = path.with_name(f".{path.name}-next")
    beside.unlink(missing_ok=True)
    try:
        _write(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the file at `path` open, to read and to append, which no other program changes meanwhile."""
    with _opened(path, os.O_RDWR | os.O_APPEND, fcntl.LOCK_EX) as handle:
        yield handle


@contextmanager
def shared(path: Path) -> Iterator[int]:
    """Hold the file at `path` open, to read, while no other program changes it."""
    with _opened(path, os.O_RDONLY, fcntl.LOCK_SH) as handle:
        yield handle


@contextmanager
def _opened(path: Path, flags: int, lock: int) -> Iterator[int]:
    while True:
        handle = os.open(path, flags)
        try:
            fcntl.flock(handle, lock)
            if _is_at(path, handle):  # another may have come in its place while this one waited
                yield handle
                return
        finally:
            os.close(handle)


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _write(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Have a file that was written by others on the disk, and its name."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
