"""Under which key a row lies, and where its cells belong.

Rules that hold here: a row key is a keyed hash, so that no id can be read or tried from it without the key; the place
of a cell has the keys of its row, so that it opens in no other.
"""

import hmac
from typing import Final

from bot.store.keyring import Keys
from bot.store.seal import Place

EVERYWHERE: Final = ""
"""The scope of a consent that is not for one group."""

_BYTES: Final = 16


def row_key(keys: Keys, *ids: int) -> bytes:
    """The key of a person or a room, or of something that is theirs (16 bytes)."""
    return hmac.digest(keys.lookup, "/".join(map(str, ids)).encode(), "sha256")[:_BYTES]


def scope_of(keys: Keys, group: int) -> str:
    """The scope of a consent: for one group by its id, with the key of its row, or everywhere (0)."""
    return row_key(keys, group).hex() if group else EVERYWHERE


def group_key(scope: str) -> bytes:
    """The key of the group that such a scope is for."""
    return bytes.fromhex(scope)


def consent_place(row: bytes, purpose: str, scope: str, column: str) -> Place:
    """Where a cell of a consent belongs."""
    return Place("consent", consent_key(row, purpose, scope), column)


def setting_place(row: bytes, purpose: str, scope: str) -> Place:
    """Where the settings of a purpose belong."""
    return Place("setting", consent_key(row, purpose, scope), "settings")


def outcome_place(row: bytes, walk: bytes) -> Place:
    """Where the answers of a walk belong."""
    return Place("outcome", row + walk, "answers")


def plan_place(row: bytes, item: bytes) -> Place:
    """Where the line of a plan belongs."""
    return Place("plan", row + item, "line")


def nudging_place(row: bytes) -> Place:
    """Where what is kept of nudges belongs."""
    return Place("nudging", row, "settings")


def follow_up_place(row: bytes, walk: bytes) -> Place:
    """Where the answers in the days after a walk belong."""
    return Place("follow_up", row + walk, "answers")


def room_place(row: bytes, column: str) -> Place:
    """Where a cell of a group or channel belongs."""
    return Place("room", row, column)


def consent_key(row: bytes, purpose: str, scope: str) -> bytes:
    """What tells one consent from all others."""
    return row + f"/{purpose}/{scope}".encode()


def plan_key(item: bytes) -> bytes:
    """What tells a plan that is done from a walk of the same number that was deleted."""
    return item + b"/plan"
