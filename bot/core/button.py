"""State, in and out of the 64 bytes of a button.

Rules that hold here: nothing that cannot be checked is read; the tag binds a button to one person, or to one group; a
button is good for 24 hours, below what comes unasked for 14 days, and for ever where it shows the way out of a
group or is a yes to the question about danger, by a clock that may be set back too; what someone sends back is a value
of `Opened` or a reason of `Refused`, never an exception.

Layout before base64url, 29 bytes of the 48 that fit: version 1, action 1, value 1, tag 8, issued-at 4 (seconds since
1970), walk 3, counter 1, state 10. Source of the limit: Bot API, InlineKeyboardButton.callback_data, 1-64 bytes.
"""

import hmac
import math
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

from bot.core.model import Action, Button, Opened, Refused
from bot.core.state import Act, CareFor, Change, Company, Condition, Feeling, Need, Source, State, Step

VERSION: Final = 2
LIFETIME: Final = 24 * 60 * 60  # seconds
LONG_LIFETIME: Final = 14 * LIFETIME
"""Of a button below a message that comes unasked, and may be read days later."""

LONG_LIVED: Final = frozenset(
    action
    for action in Action
    if action.name.startswith(("NUDGE_", "FOLLOW_", "ROOM_"))
    or action in {Action.JOIN, Action.OFFER_NO, Action.WITHDRAW_GROUP, Action.WITHDRAW_APART}
)

_ENDLESS: Final = frozenset({Action.DOOR, Action.ON_IT})
"""In a group, where a message stays and a button only shows the way."""

_HEAD = struct.Struct(">BBB")
TAG_SIZE = 8
_REST = struct.Struct(">I3sB10s")
_SIZE = _HEAD.size + TAG_SIZE + _REST.size
_SOURCES = tuple(Source)

_FIELDS: tuple[tuple[str, int, Callable[[int], Any]], ...] = (
    ("step", 5, Step),
    ("resume", 5, Step),
    ("short", 1, bool),
    ("asked", 1, bool),
    ("danger_asked", 1, bool),
    ("minor", 1, bool),
    ("conditions", 12, Condition),
    ("source", 4, _SOURCES.__getitem__),
    ("care_for", 3, CareFor),
    ("upset_before", 4, int),
    ("upset_after", 4, int),
    ("feeling", 4, Feeling),
    ("need", 4, Need),
    ("act", 4, Act),
    ("company", 4, Company),
    ("change", 2, Change),
    ("anchors", 4, int),
    ("eases", 2, int),
    ("harder", 2, int),
    ("of_another", 1, bool),
    ("again", 1, bool),
    ("upset_now", 4, int),
    ("rose", 1, bool),
)
"""Name, bits, and what a number becomes. Only ever add at the end: buttons live for a day across an upgrade."""


def seal(key: bytes, person: int, at: int, state: State, button: Button) -> str:
    """The callback data of a button (39 ASCII characters), shown `at` (seconds since 1970) in `state`."""
    head = _HEAD.pack(VERSION, button.action, button.value)
    rest = _REST.pack(at, state.walk.to_bytes(3), state.counter, _pack(state))
    return spell(head + tag(key, person, head + rest) + rest)


def open_payload(key: bytes, person: int, at: int, payload: str) -> Opened | Refused:
    """What a button said, if it is ours, this person's, and not too far from now, which is `at`."""
    raw = unspelled(payload)
    if raw is None or len(raw) != _SIZE:
        return Refused.UNREADABLE
    head, sealed, rest = raw[: _HEAD.size], raw[_HEAD.size : -_REST.size], raw[-_REST.size :]
    if not hmac.compare_digest(sealed, tag(key, person, head + rest)):
        return Refused.UNREADABLE
    version, action, value = _HEAD.unpack(head)
    issued_at, walk, counter, packed = _REST.unpack(rest)
    if version != VERSION:
        return Refused.UNREADABLE
    try:
        opened = Opened(_unpack(int.from_bytes(walk), counter, packed), Action(action), value)
    except (ValueError, IndexError):  # sealed by a version of ours that knew more
        return Refused.UNREADABLE
    is_over = abs(at - issued_at) > lifetime_of(opened.action)
    return Refused.EXPIRED if is_over and not opened.discloses else opened


def lifetime_of(action: Action) -> float:
    """Seconds that a button with this action is good for, which may be for ever."""
    if action in _ENDLESS:
        return math.inf
    return LONG_LIFETIME if action in LONG_LIVED else LIFETIME


def spell(raw: bytes) -> str:
    """Bytes in letters that a button and a link may hold."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unspelled(text: str) -> bytes | None:
    """The bytes that such letters stand for, or None where they are not as they were spelled."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if spell(raw) == text else None  # the decoder steps over letters that are none of base64


def tag(key: bytes, person: int, message: bytes) -> bytes:
    """What binds a message to one person, or to one group."""
    return hmac.digest(key, person.to_bytes(8, signed=True) + message, "sha256")[:TAG_SIZE]


def _pack(state: State) -> bytes:
    number = 0
    for name, bits, _ in reversed(_FIELDS):
        value = getattr(state, name)
        number = number << bits | (_SOURCES.index(value) if name == "source" else int(value))
    return number.to_bytes(10, "little")


def _unpack(walk: int, counter: int, packed: bytes) -> State:
    number = int.from_bytes(packed, "little")
    values: dict[str, Any] = {}
    for name, bits, make in _FIELDS:
        values[name] = make(number & (1 << bits) - 1)
        number >>= bits
    return State(walk=walk, counter=counter, **values)
