"""Every change of the world's clocks from 2020 to 2035, read from tzdata's files by their format (RFC 8536) alone.

So what the tests hold the schedule against shares no code with it, and none with how Python reads zones.
"""

import re
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

FIRST: Final = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
LAST: Final = int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FOOTER: Final = re.compile(
    r"(?:<[^>]+>|[A-Za-z]+)(?P<std>[-+0-9:]+)"
    r"(?:(?:<[^>]+>|[A-Za-z]+)(?P<dst>[-+0-9:]*),(?P<begin>[^,]+),(?P<end>[^,]+))?"
)
_RULE: Final = re.compile(r"M(\d+)\.(\d)\.(\d)(?:/([-+0-9:]+))?")


class Change(NamedTuple):
    """The clocks go from one offset to another (seconds) at a time (seconds since 1970, UTC)."""

    at: int
    before: int
    after: int


NAMES: Final = tuple((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def changes(name: str) -> tuple[int, tuple[Change, ...]]:
    """The offset at the beginning of 2020, and every change until the end of 2035."""
    data = (files("tzdata") / "zoneinfo").joinpath(*name.split("/")).read_bytes()
    counts = struct.unpack(">20x6I", data[:44])
    start = 44 + counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0]  # the 32-bit part
    utc, wall, leaps, times, types, letters = struct.unpack(">20x6I", data[start : start + 44])
    start += 44
    at = struct.unpack(f">{times}q", data[start : start + 8 * times])
    which = data[start + 8 * times : start + 9 * times]
    start += 9 * times
    offsets = [struct.unpack(">i2x", data[start + 6 * each : start + 6 * each + 6])[0] for each in range(types)]
    footer = data[start + 6 * types + letters + leaps * 12 + wall + utc :].decode().strip()
    known = [(when, offsets[each]) for when, each in zip(at, which, strict=True)]
    last = known[-1][0] if known else -(2**62)
    known += [(when, offset) for when, offset in _recurring(footer) if when > last]
    offset, found = offsets[0], []
    opening = offset
    for when, after in known:
        if FIRST <= when < LAST and after != offset:
            found.append(Change(when, offset, after))
        offset = after
        opening = after if when < FIRST else opening
    return opening, tuple(found)


def _recurring(footer: str) -> Iterator[tuple[int, int]]:
    """What the last line of a file says of all later years."""
    found = _FOOTER.fullmatch(footer)
    assert found, footer
    std = -_seconds(found["std"])
    if found["begin"] is None:
        yield FIRST - 1, std
        return
    dst = -_seconds(found["dst"]) if found["dst"] else std + 3600
    both = []
    for year in range(2019, 2037):
        both += [(_ruled(found["begin"], year) - std, dst), (_ruled(found["end"], year) - dst, std)]
    yield from sorted(both)


def _ruled(rule: str, year: int) -> int:
    """The local second at which a rule falls in a year."""
    found = _RULE.fullmatch(rule)
    assert found, rule
    month, week, weekday = (int(each) for each in found.groups()[:3])
    days = [
        day
        for day in range(date(year, month, 1).toordinal(), date(year + month // 12, month % 12 + 1, 1).toordinal())
        if day % 7 == weekday
    ]
    time = _seconds(found[4]) if found[4] else 2 * 3600
    return (days[min(week, len(days)) - 1] - _EPOCH) * 86400 + time


def _seconds(time: str) -> int:
    sign = -1 if time.startswith("-") else 1
    parts = [int(each) for each in time.lstrip("+-").split(":")]
    return sign * sum(part * scale for part, scale in zip(parts, (3600, 60, 1), strict=False))


@cache
def zone(name: str) -> ZoneInfo:
    """The same file, as Python reads it."""
    with (files("tzdata") / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


BEHAVIOURS: Final = {changes(name): name for name in reversed(NAMES)}
"""One zone for each way in which clocks behave."""
