"""The links that lead from a group into a private chat: who presses a button there gets one of their own.

Rules that hold here: nothing that cannot be checked is read; the tag binds a link to one person, so that passed on it
opens nothing; it is good for as long as a button, by a clock that may be set back too; what someone sends is a value of
`Link` or a reason of `Refused`, never an exception.

Layout before base64url, 22 bytes of the 47 that fit: version 1, door 1, chat 8, issued-at 4 (seconds since 1970) and
tag 8.
Source of the limit: https://core.telegram.org/bots/features#deep-linking, 64 letters, digits, hyphens, underscores.
"""

import hmac
import struct
from dataclasses import dataclass
from typing import Final

from bot.core.button import LIFETIME, TAG_SIZE, bound, spelled, unspelled
from bot.core.model import Door, Refused

VERSION: Final = 1
_MARK: Final = "g"
"""With which each begins: "add" is none."""

_BODY = struct.Struct(">BBqI")
_KIND = b"link"
"""In the tag, so that no link is a button."""


@dataclass(frozen=True, slots=True)
class Link:
    """Which door was opened, of which group or channel (Telegram's id)."""

    chat: int
    door: Door


def seal_link(key: bytes, person: int, at: int, chat: int, door: Door) -> str:
    """What the private chat is opened with (31 ASCII characters): for this person, made `at`."""
    body = _BODY.pack(VERSION, door, chat, at)
    return _MARK + spelled(body + bound(key, person, _KIND + body))


def open_link(key: bytes, person: int, at: int, text: str) -> Link | Refused:
    """What a link said, if it is ours, this person's, and not too far from now, which is `at`."""
    raw = unspelled(text.removeprefix(_MARK)) if text.startswith(_MARK) else b""
    if len(raw) != _BODY.size + TAG_SIZE:
        return Refused.UNREADABLE
    body, given = raw[: _BODY.size], raw[_BODY.size :]
    if not hmac.compare_digest(given, bound(key, person, _KIND + body)):
        return Refused.UNREADABLE
    version, door, chat, issued_at = _BODY.unpack(body)
    if version != VERSION or door not in {*Door}:
        return Refused.UNREADABLE
    return Refused.EXPIRED if abs(at - issued_at) > LIFETIME else Link(chat, Door(door))
