"""A link out of a group into the private chat of whoever pressed a button there: which group, and which door.

Rules that hold here: nothing that cannot be checked is read; the tag binds a link to one person, so that it opens
nothing for anyone whom it was handed on to; it is good for 24 hours, by a clock that may be set back too.

Layout before base64url, 21 bytes after one letter: tag 8, made at 4 (seconds since 1970), chat 8, door 1. Source of the
limit: Telegram's deep links, `start` has 64 of A-Z, a-z, 0-9, _ and -.
"""

import hmac
import struct
from dataclasses import dataclass
from typing import Final

from bot.core.button import LIFETIME, TAG_SIZE, spell, tag, unspelled
from bot.core.model import Door, Refused

_LETTER: Final = "g"
"""Before all else, so that no other payload of /start is taken for one of these, nor a button."""
_BODY: Final = struct.Struct(">IqB")


@dataclass(frozen=True, slots=True)
class Link:
    """What the private chat was opened with: Telegram's id of the group or channel, and the door."""

    chat: int
    door: Door


def seal_link(key: bytes, person: int, at: int, chat: int, door: Door) -> str:
    """The payload of /start (29 ASCII characters) for this person, made `at` (seconds since 1970)."""
    body = _BODY.pack(at, chat, door)
    return _LETTER + spell(_tag(key, person, body) + body)


def open_link(key: bytes, person: int, at: int, text: str) -> Link | Refused:
    """What a payload said, if it is ours, this person's, and not too far from now, which is `at`."""
    raw = unspelled(text.removeprefix(_LETTER)) if text.startswith(_LETTER) else None
    if raw is None or len(raw) != TAG_SIZE + _BODY.size:
        return Refused.UNREADABLE
    sealed, body = raw[:TAG_SIZE], raw[TAG_SIZE:]
    if not hmac.compare_digest(sealed, _tag(key, person, body)):
        return Refused.UNREADABLE
    made_at, chat, door = _BODY.unpack(body)
    try:
        link = Link(chat, Door(door))
    except ValueError:  # sealed by a version of ours that knew more
        return Refused.UNREADABLE
    return Refused.EXPIRED if abs(at - made_at) > LIFETIME else link


def _tag(key: bytes, person: int, body: bytes) -> bytes:
    return tag(key, person, _LETTER.encode() + body)
