"""What people type about times: hours, days, quiet hours, how long to pause, and all of it in one line.

Rules that hold here: words belong to a language and stand in `times.yaml`, and what is here is how they fit together;
what cannot be read is said to be so and never guessed; a bare number is on the 24-hour clock, but for quiet hours,
which are a night; a text of more than `MOST` signs is none of it. No text makes it raise. `matching.normalise` is not
for this: it drops the signs that a time is written with.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple

from bot.core.copies import replace
from bot.core.matching import refuse

MOST: Final = 120
"""Signs of a text that are read. A longer text is no time."""

LONGEST: Final = 365
"""Days of a pause."""

DAY_MINUTES: Final = 24 * 60
WEEK: Final = frozenset(range(7))


class Word(StrEnum):
    """What a word means among times."""

    AM = "am"
    PM = "pm"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"
    NOON = "noon"
    MIDNIGHT = "midnight"
    HALF = "half"
    QUARTER = "quarter"
    PAST = "past"
    TO = "to"  # in "ten to six", and between two ends
    UNTIL = "until"  # between two ends alone
    FROM = "from"
    OCLOCK = "oclock"
    HOURS = "hours"  # behind a number of hours, and between hours and minutes: "20h15"
    MINUTES = "minutes"
    ONE = "a"  # one, where it counts weeks
    AND = "and"
    EVERY = "every"
    EXCEPT = "except"
    NONE = "none"
    QUIET = "quiet"
    PAUSE = "pause"
    STOP = "stop"
    OFF = "off"
    RESUME = "resume"
    ON = "on"
    OPEN = "open"
    FILLER = "filler"


@dataclass(frozen=True, slots=True)
class TimeWords:
    """One language's words about times. Each stands once in all of it; one may be of several words.

    Raises ValueError with every problem, one a line.
    """

    words: Mapping[Word, tuple[str, ...]]
    numbers: Mapping[int, tuple[str, ...]]  # those that hours and minutes are made of
    days: Mapping[str, tuple[str, ...]]  # "024": words for Monday, Wednesday and Friday
    periods: Mapping[int, tuple[str, ...]]  # how many days one of these is

    def __post_init__(self) -> None:
        """Refuse words that mean two things, or nothing."""
        refuse(self._problems())

    def _problems(self) -> Iterator[str]:
        yield from (f"words: there is no “{word}”: add what people type" for word in Word if word not in self.words)
        if any(not day.isdecimal() or not WEEK.issuperset(map(int, day)) for day in self.days):
            yield "days: are named by the numbers 0 (Monday) to 6, as “024”"
        elif any(str(day) not in self.days for day in WEEK):
            yield "days: each of 0 (Monday) to 6 needs words of its own"
        if any(number not in range(60) for number in self.numbers):
            yield "numbers: are 0 to 59"
        if any(number not in range(1, LONGEST + 1) for number in self.periods):
            yield f"periods: have 1 to {LONGEST} days"
        homes: dict[tuple[str, ...], str] = {}
        for place, phrases in self._places():
            for phrase in phrases:
                key = tuple(token.word for token in _tokens(phrase))
                if not key:
                    yield f"{place}: “{phrase}” has no words: take it out"
                elif key in homes:
                    yield f"{place}: “{phrase}” stands under {homes[key]} already: keep one"
                homes.setdefault(key, place)

    def _places(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield from ((f"words.{word}", phrases) for word, phrases in self.words.items())
        yield from ((f"numbers.{number}", phrases) for number, phrases in self.numbers.items())
        yield from ((f"days.{day}", phrases) for day, phrases in self.days.items())
        yield from ((f"periods.{number}", phrases) for number, phrases in self.periods.items())


# --- What is read -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was typed."""

    minute: int | None  # of the day, 0 to 1439; None: it reads like a time, and there is no such
    typed: str  # this part of the text alone


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one line asks for. What was not said is None, or False.

    Where `rest` is no name of a place, it may change the sense of all else ("don't stop"): then ask, and do nothing.
    """

    clock: Clock | None = None
    days: frozenset[int] | None = None  # empty: none were wanted
    quiet: tuple[int, int] | None = None  # equal ends: no quiet hours
    pause: int | None = None  # days; 0: a pause, and it was not said for how long
    weeks: int | None = None  # of the course: 4, 8, or 0 for open-ended
    stop: bool = False
    resume: bool = False
    rest: tuple[str, ...] = ()  # what was not read, as it was typed, in pieces: the name of a place, or a mistake


class _Kind(Enum):
    NUMBER = "number"  # in words
    DIGITS = "digits"
    DAYS = "days"
    PERIOD = "period"
    SIGN = "sign"
    UNKNOWN = "unknown"


class _Token(NamedTuple):
    word: str  # in lower case
    start: int
    end: int
    near: bool  # no space before it


class _Item(NamedTuple):
    """One or more tokens, by what they mean."""

    kind: Word | _Kind
    value: int
    days: frozenset[int]
    text: str
    start: int
    end: int
    near: bool


class _Mark(Enum):
    """How much a time says about its half of the day."""

    NONE = 0  # "8", "8:30"
    LONG = 1  # the 24-hour clock: "20", "08", "20h"
    SAID = 2  # "8 pm", "noon", "at night"


class _Time(NamedTuple):
    minute: int | None  # None: there is no such time
    mark: _Mark
    daily: bool  # "every morning"
    start: int
    end: int  # the items from start to end were read


class _Hour(NamedTuple):
    hour: int
    minute: int  # 60: there is no such minute
    mark: _Mark
    end: int


_TOKEN: Final = re.compile(r"\d++|[^\W\d_]++(?:['’][^\W\d_]++)*+|\S")
_DASHES: Final = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-")
_ENDS_CHUNK: Final = frozenset(",;!?()")
_PARTS: Final = (Word.MORNING, Word.AFTERNOON, Word.EVENING, Word.NIGHT)
_HALVES: Final = (Word.AM, Word.PM, *_PARTS, Word.NOON, Word.MIDNIGHT)
_SKIPPED: Final = (Word.FILLER, Word.ON)
_IDLE: Final = frozenset(",.!?;()\"'~")
_HOUR: Final = 60
_MINUTE: Final = 60  # seconds
_NOON: Final = 12
_LAST_HOUR: Final = 24
_HOUR_DIGITS: Final = 2
_DIGITS: Final = 4
_TENS: Final = (20, 30, 40, 50)
_STEP: Final = 5  # without "minutes" only multiples of it stand before "past" and "to"
_EARLY: Final = 5  # hours from midnight that are still night
_NIGHT_FROM: Final = 17 * _HOUR
_WIDEST: Final = 16  # items of one span
_COURSES: Final = (4, 8)
_UNITS: Final[Mapping[Word | _Kind, int]] = {
    Word.MINUTES: _MINUTE,
    Word.HOURS: _HOUR * _MINUTE,
    _Kind.PERIOD: DAY_MINUTES * _MINUTE,
}
"""Seconds; a period has a number of days."""
_JOINING: Final = (Word.AND, Word.FROM, Word.EVERY)


class Times:
    """Reads times by one language's words."""

    def __init__(self, words: TimeWords) -> None:
        self._phrases: dict[tuple[str, ...], tuple[Word | _Kind, int, frozenset[int]]] = {}
        for word, phrases in words.words.items():
            self._learn(phrases, word)
        for number, phrases in words.numbers.items():
            self._learn(phrases, _Kind.NUMBER, number)
        for days, phrases in words.days.items():
            self._learn(phrases, _Kind.DAYS, days=frozenset(map(int, days)))
        for number, phrases in words.periods.items():
            self._learn(phrases, _Kind.PERIOD, number)
        self._known = frozenset(word for phrase in self._phrases for word in phrase)
        self._longest = max(map(len, self._phrases))

    def time_of(self, text: str) -> Clock | None:
        """The time that the whole of `text` is, or None. Without am, pm or such it is on the 24-hour clock."""
        items = self._items(text)
        time = _whole(items)
        return None if time is None else Clock(time.minute, _slice(text, items[time.start : time.end]))

    def days_of(self, text: str) -> frozenset[int] | None:
        """The days (0 Monday) that the whole of `text` names, or None; empty for "none".

        Days of a week cannot hold "every other day": Monday, Wednesday and Friday come nearest.
        """
        items = self._items(text)
        at = _skip(items, 0)
        found = (frozenset[int](), _none_end(items, at)) if _is(items, at, Word.NONE) else _days_at(items, at)
        return found[0] if found and _skip(items, found[1]) == len(items) else None

    def span_of(self, text: str) -> tuple[int, int] | None:
        """The ends of the quiet hours that the whole of `text` is, in minutes of the day; (0, 0) for none.

        Where one end is on the 24-hour clock ("22", "08:00"), both are. Where one says its half of the day, the other
        is the one that makes them shorter. Where neither does, they are a night: "10 to 7" begins in the evening.
        """
        return _span(self._items(text))

    def length_of(self, text: str) -> int | None:
        """The seconds that the whole of `text` is, or None: "12h", "30m", "2 weeks", "a day". No bounds are held."""
        items = self._items(text)
        at = _skip(items, 0)
        number, end = _count_at(items, at)
        end += end > at and _is_sign(items, end, "-")
        unit = _UNITS.get(items[end].kind) if end < len(items) else None
        if unit is None or _skip(items, end + 1) != len(items):
            return None
        return number * unit * (items[end].value if items[end].kind is _Kind.PERIOD else 1)

    def switch_of(self, text: str) -> bool | None:
        """Whether the whole of `text` turns something on, or off ("never", "none"); None where it is neither."""
        said = {item.kind for item in self._items(text) if item.kind is Word.ON or not _idle(item)}
        if said == {Word.ON}:
            return True
        return False if said in ({Word.OFF}, {Word.NONE}) else None

    def line_of(self, text: str) -> Wanted:
        """All that one line asks for, in any order."""
        return _Line(text, self._items(text)).wanted()

    def _learn(
        self,
        phrases: Sequence[str],
        kind: Word | _Kind,
        value: int = 0,
        days: frozenset[int] = frozenset(),
    ) -> None:
        for phrase in phrases:
            self._phrases[tuple(token.word for token in _tokens(phrase))] = kind, value, days

    def _items(self, text: str) -> list[_Item]:
        """Return the text by what its words mean, the longest phrases first. A longer text is one unknown item."""
        even = _even(text)
        if len(even) > MOST:
            return [_Item(_Kind.UNKNOWN, 0, frozenset(), "", 0, MOST, near=False)]
        tokens = self._merged([*_tokens(even)])
        items: list[_Item] = []
        at = 0
        while at < len(tokens):
            for length in range(min(self._longest, len(tokens) - at), 0, -1):
                found = self._phrases.get(tuple(token.word for token in tokens[at : at + length]))
                if found:
                    break
            else:
                length, found = 1, (_kind(tokens[at].word), 0, frozenset[int]())
            first, last = tokens[at], tokens[at + length - 1]
            items.append(_Item(*found, first.word, first.start, last.end, first.near))
            at += length
        return items

    def _merged(self, tokens: Sequence[_Token]) -> list[_Token]:
        """Hold together what belongs to a name: "Europe/Lisbon", "GMT+2", "UTC -3"."""
        merged: list[_Token] = []
        after_name = False
        for chunk in _chunks(tokens):
            signed = len(chunk) > 1 and chunk[0].word in {"+", "-"} and chunk[1].word.isdecimal()
            named = any(token.word[0].isalpha() and token.word not in self._known for token in chunk)
            after_name = named or (signed and after_name)
            if after_name:
                word = "".join(token.word for token in chunk) if len(chunk) > 1 else chunk[0].word
                merged.append(_Token(word, chunk[0].start, chunk[-1].end, chunk[0].near))
            else:
                merged += chunk
        return merged


def clock_words(minute: int) -> str:
    """Write a minute of the day on the 24-hour clock, as people are shown it: "08:30"."""
    return f"{minute // _HOUR:02}:{minute % _HOUR:02}"


# --- Words to items ---------------------------------------------------------------------------------------------


def _even(text: str) -> str:
    """Return the text in one form of each letter and sign, and cut off when it is too long."""
    return unicodedata.normalize("NFKC", text.strip()[: MOST + 1]).translate(_DASHES).replace(": ", ", ")


def _tokens(text: str) -> Iterator[_Token]:
    end = -1
    for found in _TOKEN.finditer(text):
        word = found[0].casefold().replace("'", "").replace("’", "") or found[0]
        yield _Token(word, found.start(), found.end(), found.start() == end)
        end = found.end()


def _chunks(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Yield what stands between spaces, and the signs that end it by themselves."""
    chunk: list[_Token] = []
    for token in tokens:
        if chunk and (not token.near or token.word in _ENDS_CHUNK or chunk[-1].word in _ENDS_CHUNK):
            yield chunk
            chunk = []
        chunk.append(token)
    if chunk:
        yield chunk


def _kind(word: str) -> _Kind:
    if word.isdecimal():
        return _Kind.DIGITS
    return _Kind.SIGN if len(word) == 1 and not word.isalpha() else _Kind.UNKNOWN


def _slice(text: str, items: Sequence[_Item]) -> str:
    return _even(text)[items[0].start : items[-1].end] if items else ""


def _idle(item: _Item) -> bool:
    """Whether an item says nothing here."""
    if item.kind is _Kind.SIGN:
        return item.text in _IDLE or not item.text.isascii()
    return item.kind in _SKIPPED


def _skip(items: Sequence[_Item], at: int) -> int:
    """Return the place of the first item from `at` on that says something."""
    while at < len(items) and _idle(items[at]):
        at += 1
    return at


def _is(items: Sequence[_Item], at: int, *kinds: Word | _Kind) -> bool:
    return at < len(items) and items[at].kind in kinds


def _is_sign(items: Sequence[_Item], at: int, signs: str) -> bool:
    return _is(items, at, _Kind.SIGN) and items[at].text in signs


# --- Times ------------------------------------------------------------------------------------------------------


def _whole(items: Sequence[_Item]) -> _Time | None:
    """Return the time that all of the items are."""
    time = _time_at(items, _skip(items, 0))
    return time if time and _skip(items, time.end) == len(items) else None


def _time_at(items: Sequence[_Item], start: int) -> _Time | None:
    """Return the time that begins at `start`, as far as it goes: "every morning at 8", "ten to six pm"."""
    at, parts, daily = _part_at(items, start)
    found = _to_or_past(items, _skip(items, at)) or _hour_at(items, _skip(items, at))
    if found is None:
        return None
    at, marked = found.end, False
    while True:
        while _is(items, at, Word.OCLOCK, Word.HOURS):
            marked = marked or items[at].kind is Word.HOURS
            at += 1
        after, more, every_day = _part_at(items, at)
        if not more:
            break
        at, parts, daily = after, parts + more, daily or every_day
    minute = _in_half(found, parts)
    mark = _Mark.SAID if parts else _Mark.LONG if marked else found.mark
    return _Time(minute, mark, daily, start, at)


def _part_at(items: Sequence[_Item], start: int) -> tuple[int, list[Word], bool]:
    """Return where a part of the day that stands here ends, that part, and whether it is said of every day."""
    at = _skip(items, start)
    daily = _is(items, at, Word.EVERY)
    at = _skip(items, at + daily)
    if at < len(items) and isinstance(half := items[at].kind, Word) and half in _HALVES:
        behind_hour = at > 0 and items[at - 1].kind in {_Kind.DIGITS, _Kind.NUMBER, Word.OCLOCK}
        if behind_hour or half not in {Word.NOON, Word.MIDNIGHT}:  # these can be a time of their own
            return at + 1, [half], daily
    return start, [], False


def _in_half(time: _Hour, halves: Sequence[Word]) -> int | None:
    """Return the minute of the day, where there is such a time in these parts of the day."""
    if time.hour > _LAST_HOUR or time.minute >= _HOUR or (time.hour == _LAST_HOUR and time.minute):
        return None
    hours = {_hour_in(half, time) for half in halves} or {time.hour % _LAST_HOUR}
    hour = hours.pop()
    return None if hour is None or hours else hour * _HOUR + time.minute


def _hour_in(half: Word, time: _Hour) -> int | None:
    """Return the hour of the 24-hour clock that is meant, or None where this part of the day has none such."""
    hour = time.hour % _LAST_HOUR
    if hour > _NOON or time.hour == _LAST_HOUR:
        return hour if half in {Word.AFTERNOON, Word.EVENING, Word.NIGHT} else None
    early = hour % _NOON
    match half:
        case Word.AM | Word.MORNING:
            return early
        case Word.PM | Word.AFTERNOON:
            return early + _NOON
        case Word.EVENING:
            return early + _NOON if early else 0
        case Word.NIGHT:
            return early if early <= _EARLY else early + _NOON
        case Word.NOON:
            return _NOON if hour == _NOON and not time.minute else None
        case _:
            return 0 if not early and not time.minute else None


def _to_or_past(items: Sequence[_Item], at: int) -> _Hour | None:
    """Read "half past eight", "half eight" (8:30), "ten to six", "quarter past noon"."""
    if _is(items, at, Word.HALF):
        hour = _round_hour(items, at + 1 + _is(items, at + 1, Word.PAST))
        return hour and _moved(hour, 30)
    at += _is(items, at, Word.ONE) and _is(items, at + 1, Word.QUARTER)
    if _is(items, at, Word.QUARTER):
        minutes, at = 15, at + 1
    else:
        read = _number_at(items, at)
        if read is None or not 0 < read[0] < _HOUR:
            return None
        minutes, at = read
        if not _is(items, at, Word.MINUTES) and minutes % _STEP:
            return None
        at += _is(items, at, Word.MINUTES)
    if not _is(items, at, Word.PAST, Word.TO):
        return None
    hour = _round_hour(items, at + 1)
    return hour and _moved(hour, minutes if items[at].kind is Word.PAST else -minutes)


def _round_hour(items: Sequence[_Item], at: int) -> _Hour | None:
    """Return an hour that has no minutes of its own."""
    if _is(items, at, Word.NOON, Word.MIDNIGHT):
        return _Hour(_NOON if items[at].kind is Word.NOON else 0, 0, _Mark.SAID, at + 1)
    read = _number_at(items, at)
    if read is None:
        return None
    hour, end = read
    return _Hour(hour, 0, _Mark.LONG if hour > _NOON or not hour else _Mark.NONE, end)


def _moved(time: _Hour, minutes: int) -> _Hour:
    if time.hour > _LAST_HOUR:
        return time
    hour, minute = divmod((time.hour * _HOUR + minutes) % DAY_MINUTES, _HOUR)
    return time._replace(hour=hour, minute=minute)


def _hour_at(items: Sequence[_Item], at: int) -> _Hour | None:
    """Read "8", "08:30", "8.30", "830", "20h15", "eight thirty", "8 30", "noon"."""
    if _is(items, at, Word.NOON, Word.MIDNIGHT):
        return _round_hour(items, at)
    if _is(items, at, _Kind.DIGITS):
        text = items[at].text
        if len(text) > _HOUR_DIGITS:
            if len(text) > _DIGITS:
                return _Hour(_LAST_HOUR, _HOUR, _Mark.NONE, at + 1)
            return _marked(int(text[:-2]), int(text[-2:]), at + 1, long=text.startswith("0"))
        hour, end, long = int(text), at + 1, len(text) > 1 and text.startswith("0")
        if _is_sign(items, end, ":.,") or _is(items, end, Word.HOURS):
            minutes = items[end + 1] if _is(items, end + 1, _Kind.DIGITS) else None
            if minutes and minutes.near and items[end].near:
                long = long or items[end].kind is Word.HOURS
                end += 2
                right = len(minutes.text) == _HOUR_DIGITS and not _goes_on(items, end)
                while _goes_on(items, end):
                    end += 2
                return _marked(hour, int(minutes.text) if right else _HOUR, end, long=long)
    else:
        read = _number_at(items, at)
        if read is None:
            return None
        (hour, end), long = read, False
    minute, end = _minutes_at(items, end)
    return _marked(hour, minute, end, long=long)


def _goes_on(items: Sequence[_Item], at: int) -> bool:
    """Whether more digits follow, as in a date or an address."""
    return _is_sign(items, at, ":.") and items[at].near and _is(items, at + 1, _Kind.DIGITS) and items[at + 1].near


def _marked(hour: int, minute: int, end: int, *, long: bool) -> _Hour:
    return _Hour(hour, minute, _Mark.LONG if long or hour > _NOON or not hour else _Mark.NONE, end)


def _minutes_at(items: Sequence[_Item], at: int) -> tuple[int, int]:
    """Return the minutes that stand behind an hour without a sign ("eight thirty", "8 30"), 0 for none."""
    if _is(items, at, _Kind.DIGITS):
        if len(items[at].text) != _HOUR_DIGITS or items[at].near or _is(items, at + 1, _Kind.PERIOD):
            return 0, at
        return int(items[at].text), at + 1
    if _is(items, at, _Kind.NUMBER):
        if not items[at].value and _is(items, at + 1, _Kind.NUMBER) and items[at + 1].value:  # "oh five"
            return items[at + 1].value, at + 2
        minute, end = _number_at(items, at) or (0, at)
        if minute >= 2 * _STEP and not _is(items, end, _Kind.PERIOD):
            return minute, end
    return 0, at


def _number_at(items: Sequence[_Item], at: int) -> tuple[int, int] | None:
    """Return a number, in at most two digits or in words ("twenty-five"), and where it ends."""
    if _is(items, at, _Kind.DIGITS):
        return (int(items[at].text), at + 1) if len(items[at].text) <= _HOUR_DIGITS else None
    if not _is(items, at, _Kind.NUMBER):
        return None
    number, end = items[at].value, at + 1
    if number in _TENS:
        dash = _is_sign(items, end, "-")
        if _is(items, end + dash, _Kind.NUMBER) and 0 < items[end + dash].value < 10:  # noqa: PLR2004 - the ones
            return number + items[end + dash].value, end + dash + 1
    return number, end


# --- Days, quiet hours, pauses ----------------------------------------------------------------------------------


def _days_at(items: Sequence[_Item], at: int) -> tuple[frozenset[int], int] | None:
    """Return the days that are named from `at` on, and where they end: "mon-thu and sat", "every day but sunday"."""
    found = _listed(items, at)
    if found is None:
        return None
    days, end = found
    if _is(items, _skip(items, end), Word.EXCEPT, Word.NONE):
        left_out = _listed(items, _skip(items, end) + 1)
        if left_out:
            return days - left_out[0], left_out[1]
    return found


def _listed(items: Sequence[_Item], at: int) -> tuple[frozenset[int], int] | None:
    days, end = frozenset[int](), -1
    while True:
        at = _skip(items, at)
        if _is(items, at, Word.EVERY, Word.FROM):
            at = _skip(items, at + 1)
            if _is(items, at, *_PARTS) and end < 0:
                return WEEK, at + 1
        if not _is(items, at, _Kind.DAYS):
            return (days, end) if end >= 0 else None
        first, at = items[at].days, at + 1
        if (_is_sign(items, at, "-") or _is(items, at, Word.TO, Word.UNTIL)) and _is(items, at + 1, _Kind.DAYS):
            last = items[at + 1].days
            if len(first) > 1 or len(last) > 1:
                return None
            (begin,), (close,) = first, last
            first = frozenset((begin + number) % 7 for number in range((close - begin) % 7 + 1))
            at += 2
        days, end = days | first, at
        while _is(items, at, Word.AND) or _is_sign(items, at, "&+/,"):
            at += 1


def _none_end(items: Sequence[_Item], at: int) -> int:
    """Return where "none" or "no days" ends."""
    return at + 1 + (_is(items, at + 1, _Kind.PERIOD) and items[at + 1].value == 1)


def _duration_at(items: Sequence[_Item], at: int) -> tuple[int, int] | None:
    """Return the days of "1w", "two weeks", "a week", "week", and where it ends."""
    found = _counted(items, at)
    if found is None:
        return None
    number, period, end = found
    days = number * period
    return (days, end) if 0 < days <= LONGEST else None


def _count_at(items: Sequence[_Item], at: int) -> tuple[int, int]:
    """Return a number of any length that stands before a unit, one where there is none, and where it ends."""
    if _is(items, at, _Kind.DIGITS) and len(items[at].text) <= _DIGITS:
        return int(items[at].text), at + 1
    return _number_at(items, at) or (1, at + _is(items, at, Word.ONE))


def _counted(items: Sequence[_Item], at: int) -> tuple[int, int, int] | None:
    """Return how many, of how many days each, and where it ends."""
    number, end = _number_at(items, at) or (1, at + _is(items, at, Word.ONE))
    end += end > at and _is_sign(items, end, "-")
    return (number, items[end].value, end + 1) if _is(items, end, _Kind.PERIOD) else None


def _span(items: Sequence[_Item]) -> tuple[int, int] | None:
    kept = [item for item in items if item.kind is not Word.QUIET]
    at = _skip(kept, 0)
    at = _skip(kept, at + (len(kept) < len(items) and _is(kept, at, Word.HOURS)))
    if _is(kept, at, Word.NONE, Word.OFF):
        end = _skip(kept, at + 1)
        return (0, 0) if _skip(kept, end + _is(kept, end, Word.HOURS)) == len(kept) else None
    at = _skip(kept, at + _is(kept, at, Word.FROM))
    found = {
        span
        for cut in range(at + 1, min(len(kept), at + _WIDEST))
        if _is_sign(kept, cut, "-") or _is(kept, cut, Word.TO, Word.UNTIL, Word.AND)
        if (begin := _whole(kept[at:cut])) and (close := _whole(kept[cut + 1 :]))
        if (span := _ends(begin, close))
    }
    return found.pop() if len(found) == 1 else None


def _ends(begin: _Time, close: _Time) -> tuple[int, int] | None:
    """Return the two ends, each in the half of the day that is meant."""
    if begin.minute is None or close.minute is None:
        return None
    first, last = begin.minute, close.minute
    marks = {begin.mark, close.mark}
    if _Mark.LONG not in marks:
        if _Mark.SAID not in marks:
            first = next(each for each in _halves(first) if each >= _NIGHT_FROM or each < _EARLY * _HOUR)
        elif begin.mark is _Mark.NONE:
            first = min(_halves(first), key=lambda each: (last - each - 1) % DAY_MINUTES)
        if close.mark is _Mark.NONE:
            last = min(_halves(last), key=lambda each: (each - first - 1) % DAY_MINUTES)
    return (first, last) if first != last else None


def _halves(minute: int) -> tuple[int, int]:
    """Return the two minutes of the day that a clock with twelve hours shows alike."""
    early = minute % (DAY_MINUTES // 2)
    return early, early + DAY_MINUTES // 2


# --- One line ---------------------------------------------------------------------------------------------------


class _Line:
    """One line, read item by item. What is said once more, and otherwise, is not read."""

    def __init__(self, text: str, items: Sequence[_Item]) -> None:
        self._even = _even(text)
        self._items = items
        self._unread: list[tuple[int, int]] = []  # from item to item
        self._wanted = Wanted()

    def wanted(self) -> Wanted:
        """Read all of it."""
        at = 0
        while at < len(self._items):
            at = self._next(at)
        if self._wanted == Wanted() and not self._unread and any(item.kind is Word.ON for item in self._items):
            return Wanted(resume=True)
        return replace(self._wanted, rest=tuple(self._pieces()))

    def _next(self, at: int) -> int:
        """Read what begins at `at`, and return where it ends."""
        items = self._items
        if _idle(items[at]):
            return at + 1
        for reads in (self._quiet, self._pause, self._course, self._clock, self._days, self._turned, self._turn):
            end = reads(at)
            if end > at:
                return end
        if items[at].kind is not _Kind.SIGN and items[at].kind not in _JOINING:
            self._unread.append((at, at + 1))
        return at + 1

    def _take(self, at: int, end: int, **said: Any) -> int:  # noqa: ANN401 - the fields of Wanted
        """Note what was said, unless it was said otherwise before."""
        before = ((getattr(self._wanted, name), value) for name, value in said.items())
        if all(old is None or old is False or old == value for old, value in before):
            self._wanted = replace(self._wanted, **said)
        else:
            self._unread.append((at, end))
        return end

    def _quiet(self, at: int) -> int:
        items = self._items
        begin = at + _is(items, at, Word.NONE, Word.OFF)
        if not _is(items, begin, Word.QUIET):
            return at
        for end in range(min(len(items), begin + _WIDEST), begin, -1):
            span = _span(items[at:end])
            if span:
                return self._take(at, end, quiet=span)
        return at

    def _pause(self, at: int) -> int:
        items = self._items
        if _is(items, at, Word.PAUSE):
            duration = _duration_at(items, _skip(items, at + 1))
            return self._take(at, duration[1], pause=duration[0]) if duration else self._take(at, at + 1, pause=0)
        duration = _duration_at(items, at)
        if duration and _is(items, duration[1], Word.PAUSE):
            return self._take(at, duration[1] + 1, pause=duration[0])
        return at

    def _course(self, at: int) -> int:
        counted = _counted(self._items, at)
        if counted and counted[0] in _COURSES and counted[1] == len(WEEK):
            return self._take(at, counted[2], weeks=counted[0])
        if counted:
            self._unread.append((at, counted[2]))
            return counted[2]
        return self._take(at, at + 1, weeks=0) if _is(self._items, at, Word.OPEN) else at

    def _clock(self, at: int) -> int:
        time = _time_at(self._items, at)
        if time is None:
            return at
        end = self._take(at, time.end, clock=Clock(time.minute, self._slice(at, time.end)))
        if time.daily and self._wanted.days is None:
            self._wanted = replace(self._wanted, days=WEEK)
        return end

    def _days(self, at: int) -> int:
        items = self._items
        if _is(items, at, Word.NONE) and _none_end(items, at) > at + 1:
            return self._take(at, at + 2, days=frozenset())
        found = _days_at(items, at)
        return self._take(at, found[1], days=found[0]) if found else at

    def _turned(self, at: int) -> int:
        """Leave unread what a word before it turns into something else: "until monday", "not on sundays"."""
        if not _is(self._items, at, Word.UNTIL, Word.TO, Word.NONE, Word.EXCEPT):
            return at
        begin = _skip(self._items, at + 1)
        days, time = _days_at(self._items, begin), _time_at(self._items, begin)
        end = days[1] if days else time.end if time else at + 1
        self._unread.append((at, end))
        return end

    def _turn(self, at: int) -> int:
        if _is(self._items, at, Word.STOP, Word.OFF):
            return self._take(at, at + 1, stop=True)
        return self._take(at, at + 1, resume=True) if _is(self._items, at, Word.RESUME) else at

    def _slice(self, at: int, end: int) -> str:
        return self._even[self._items[at].start : self._items[end - 1].end]

    def _pieces(self) -> Iterator[str]:
        """Yield what was not read; pieces with nothing between them that says something are one."""
        joined: list[tuple[int, int]] = []
        for at, end in self._unread:
            if joined and _skip(self._items, joined[-1][1]) == at:
                joined[-1] = joined[-1][0], end
            else:
                joined.append((at, end))
        yield from (self._slice(at, end).strip(",.;!? ") for at, end in joined)
