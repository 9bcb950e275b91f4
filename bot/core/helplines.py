"""Where help is, by country: which lines are shown, in what order, and in which words.

Rules that hold here: numbers are shown as they were written down; a line is shown for 12 months from the day on which
it was read or found right, and not at all once a check found it wrong, while the emergency number and the directory
stay; a line for the young or for some never stands alone, but for someone known to be under 16; a country is chosen by
the person and never guessed from anything else.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bot.core.copies import replace
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.matching import plain, refuse
from bot.core.model import Action, Button, Reply

if TYPE_CHECKING:
    from bot.core.model import Content, Decision

SHOWN_FOR: Final = 365
"""Days for which a line is shown after it was read or found right."""

_CODES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"
)
PLACES: Final = tuple(_CODES.split())
"""ISO 3166-1 alpha-2, and XK. A place in this row travels in a button: never reorder it, only add at the end."""

_OTHER_WORDS: Final = 12  # the most in a wording of `card.lines.country` beside what fills it
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_DAY: Final = 24 * 60 * 60
_LONG_ENOUGH: Final = 5  # letters of a name from which one of them may be wrong
_MOST_LETTERS: Final = 60  # of a text that could name a country
_ALWAYS: Final = "24/7"
_DIRECTORY: Final = re.compile(r"findahelpline\.com(?:/countries/[a-z]{2})?")
_DIAL: Final = re.compile(r"[+*]?[0-9]+")
_BEFORE: Final = re.compile(
    r"^(?:(?:(?:hi|hey|ok|okay|yes|well) )?(?:(?:i|we) (?:am|m|are|live|was|come) |its |it is |my country is )?"
    r"(?:currently |now )?(?:in |from |at )?|country )?"
)
_AFTER: Final = re.compile(
    r"(?: (?:please|help|help me|now|right now|currently|today|at the moment|atm|here|thanks|thank you|then|why|btw))+$"
)
_BESIDE: Final = re.compile(
    r"(?:hi|hey|hello|ok|okay|yes|yeah|sorry|why|why do you ask|please|now|(?:please )?help(?: me)?(?: please)?|"
    r"(?:thanks|thank you)(?: so much)?)?"
)
"""What may stand beside the name of a country, between commas."""
_APART: Final = re.compile(r"[.,;:?!\n]+|(?<!\w)(?:but|although|though|and|or)(?!\w)", re.IGNORECASE)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f?")
_LETTERS_OF_A_FLAG: Final = {first + number: ord("A") + number for first in (0x1F1E6, 0xE0061) for number in range(26)}


# --- What is known -----------------------------------------------------------------------------------------------


class Reaches(StrEnum):
    """Whom an emergency number reaches, where it is not known to reach all."""

    ANYONE = "anyone"
    AMBULANCE = "ambulance"
    RESCUE = "rescue"
    POLICE = "police"
    REGIONS = "regions"  # works in some of them only


class Serves(StrEnum):
    """Whom a line is for."""

    ANYONE = "anyone"
    YOUNG = "young"
    VIOLENCE = "violence"
    SOME = "some"  # `whom` says it


@dataclass(frozen=True, slots=True)
class Number:
    """An emergency number as it is dialled."""

    number: str
    reaches: Reaches = Reaches.ANYONE


@dataclass(frozen=True, slots=True)
class Emergency:
    """The emergency numbers of a country, in the order in which they are shown."""

    numbers: tuple[Number, ...]
    source: str
    read: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """One line. All but `dial`, `source` and `read` is shown as it stands."""

    name: str
    source: str
    read: dt.date  # the day on which the source was read, or of the latest right check
    serves: Serves = Serves.ANYONE
    whom: str = ""
    phone: str = ""
    dial: str = ""  # what a phone dials; none where a menu follows
    text: str = ""  # keyword and number, or the number alone
    whatsapp: str = ""
    chat: str = ""
    hours: str = ""  # none: not known
    languages: tuple[str, ...] = ()
    region: str = ""
    note: str = ""

    def is_fresh(self, today: int) -> bool:
        """Whether it may be shown on a day, as its ordinal."""
        return today - self.read.toordinal() <= SHOWN_FOR


@dataclass(frozen=True, slots=True)
class Country:
    """What is known of one country. `also`: what else people call it, or a part of it."""

    name: str
    directory: str = "findahelpline.com"
    also: tuple[str, ...] = ()
    emergency: Emergency | None = None
    lines: tuple[Helpline, ...] = ()


class Result(StrEnum):
    """What came of calling a line."""

    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one line by the operator."""

    country: str
    line: str  # its name
    date: dt.date
    result: Result
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks by the operator."""

    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """What the file says, country by country. Raises ValueError with every problem, one a line."""

    countries: Mapping[str, Country]
    first: tuple[str, ...] = ()  # on the first page of /country

    def __post_init__(self) -> None:
        """Refuse what could mislead someone."""
        refuse(self._problems())

    def _problems(self) -> Iterator[str]:
        known = frozenset(PLACES)
        for code, country in self.countries.items():
            if code not in known:
                yield f"countries.{code}: there is no country with this code of ISO 3166: mend it"
            yield from _country_problems(f"countries.{code}", country)
        for code in self.first:
            if code not in self.countries:
                yield f"first: there is no {code} among the countries: add it, or take it out"
        homes: dict[str, str] = {}
        for code, country in self.countries.items():
            for name in dict.fromkeys(map(_spelling, (country.name, *country.also))):
                if not name:
                    yield f"countries.{code}: has a name without letters: take it out"
                elif name in homes:
                    yield f"countries.{code}: “{name}” is a name of {homes[name]} too: keep one"
                homes[name] = code

    def checked(self, checks: Checks) -> Helplines:
        """What may be shown: without the lines found wrong, and with the days of those found right.

        The latest check of a line counts. Raises ValueError where a check names a line that is not there.
        """
        refuse(
            f"checks.{number}: there is no line “{each.line}” in {each.country}: write its name as it stands there"
            for number, each in enumerate(checks.checks)
            if each.country not in self.countries
            or each.line not in {line.name for line in self.countries[each.country].lines}
        )
        latest = {(each.country, each.line): each for each in sorted(checks.checks, key=lambda each: each.date)}
        return Helplines(
            {
                code: replace(
                    country,
                    lines=tuple(
                        replace(line, read=line.read if check is None else max(line.read, check.date))
                        for line in country.lines
                        if (check := latest.get((code, line.name))) is None or check.result is Result.RIGHT
                    ),
                )
                for code, country in self.countries.items()
            },
            self.first,
        )


@dataclass(frozen=True)  # without slots, so that the names are made ready once
class Helplines:
    """Every country by its code, with the lines that no check found wrong."""

    countries: Mapping[str, Country]
    first: tuple[str, ...] = ()

    # --- By name -------------------------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {
            _spelling(name): code for code, country in self.countries.items() for name in (country.name, *country.also)
        }

    def named(self, text: str, *, near: bool = True) -> tuple[str, ...]:
        """The countries that a whole text may name, by its flag too; none where it names none.

        `near`: with one letter wrong at most. Of several, the last that someone is in, or else is from, is meant.
        """
        if len(text) > _MOST_LETTERS:
            return ()
        whole = _FLAG.sub(lambda flag: f" {self._under(flag[0])} ", text)
        if code := self._alone(_spelling(whole)):
            return (code,)
        several = self._among(_FLAG.sub(lambda flag: f", {self._under(flag[0])}, ", text))
        if several or not near:
            return several
        ways = _ways(_spelling(text))
        near_by = {code for name, code in self._names.items() if any(_is_near(name, way) for way in ways)}
        return tuple(sorted(near_by, key=lambda code: self.countries[code].name))

    def _alone(self, words: str) -> str:
        return next((self._names[way] for way in (words, *_ways(words)) if way in self._names), "")

    def _among(self, text: str) -> tuple[str, ...]:
        pieces = _APART.split(text)
        if len(pieces) == 1:  # it was seen already that this is no name
            return ()
        codes = []
        for part in map(_spelling, pieces):
            if code := self._alone(part):
                codes.append((part, code))
            elif not _BESIDE.fullmatch(part):
                return ()
        for place in ("in", "from"):
            here = [code for part, code in codes if re.search(rf"\b{place}\b", part)]
            if here:
                return (here[-1],)
        return tuple(sorted({code for _, code in codes}, key=lambda code: self.countries[code].name))

    def _under(self, flag: str) -> str:
        """The name of the country under this flag, or the flag."""
        country = self.countries.get(flag.translate(_LETTERS_OF_A_FLAG).strip("\U0001f3f4\U000e007f")[:2])
        return flag if country is None else country.name


def bare_name(text: str) -> str:
    """What is left of a text without the words that stand beside the name of a country."""
    return _ways(_spelling(text))[-1]


def _ways(words: str) -> tuple[str, ...]:
    """Without what may stand before a name, and without what may stand after it, too."""
    found = _BEFORE.match(words)
    words = words[found.end() :] if found else words
    return words, _AFTER.sub("", words)


def _spelling(name: str) -> str:
    """A name without capitals, accents, dots and marks, as people type it."""
    words = plain(name.replace(".", ""))
    if words.isascii():
        return words
    letters = unicodedata.normalize("NFD", words)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _is_near(name: str, typed: str) -> bool:
    """Whether the two are one letter apart: one too many, one missing, another one, or two in the wrong order."""
    if len(name) < _LONG_ENOUGH or abs(len(name) - len(typed)) > 1 or name[:1] != typed[:1]:
        return False
    same = next((at for at, (one, other) in enumerate(zip(name, typed, strict=False)) if one != other), None)
    if same is None:
        return True
    swapped = name[:same] + name[same : same + 2][::-1] + name[same + 2 :]
    return (
        typed == swapped
        or name[same + 1 :] == typed[same + 1 :]
        or (name[same + 1 :] == typed[same:] or name[same:] == typed[same + 1 :])
    )


# --- What may not stand in the file -----------------------------------------------------------------------------


def _country_problems(place: str, country: Country) -> Iterator[str]:
    if country.emergency is not None:
        yield from _emergency_problems(f"{place}.emergency", country.emergency)
    if not _DIRECTORY.fullmatch(country.directory):
        yield f"{place}.directory: “{country.directory}” is no page of findahelpline.com: mend it"
    if _is_marked(country.name):
        yield f"{place}.name: has a line break, a question or an exclamation mark: plain words"
    names = Counter(line.name for line in country.lines)
    yield from (f"{place}.lines: “{name}” stands here twice: keep one" for name, count in names.items() if count > 1)
    ways = Counter(way for line in country.lines for way in {line.phone, line.text, line.whatsapp, line.chat} if way)
    yield from (f"{place}.lines: {way} is given twice: keep one" for way, count in ways.items() if count > 1)
    for number, line in enumerate(country.lines):
        yield from (f"{place}.lines.{number}: {problem}" for problem in _line_problems(line))
    if country.lines and all(line.serves is not Serves.ANYONE for line in country.lines):
        yield f"{place}.lines: none is for anyone: a line for the young or for some never stands alone"


def _emergency_problems(place: str, emergency: Emergency) -> Iterator[str]:
    if not emergency.numbers:
        yield f"{place}: has no numbers: add them, or take it out"
    if not emergency.source.strip():
        yield f"{place}: has no source: say where the numbers were read"
    for each in emergency.numbers:
        if not _DIAL.fullmatch(each.number):
            yield f"{place}: “{each.number}” cannot be dialled: digits alone"
    order = [each.reaches for each in emergency.numbers]
    if Reaches.AMBULANCE in order and Reaches.POLICE in order[: order.index(Reaches.AMBULANCE)]:
        yield f"{place}: the police stand before the ambulance: put the ambulance first"


def _line_problems(line: Helpline) -> Iterator[str]:
    if not line.name.strip():
        yield "has no name: add it"
    if not line.source.strip():
        yield "has no source: say where it was read"
    if not (line.phone or line.text or line.whatsapp or line.chat):
        yield "has no phone, text, whatsapp or chat: add one, or take it out"
    if line.dial and not _DIAL.fullmatch(line.dial):
        yield f"“{line.dial}” cannot be dialled: digits alone, with + or * before them at most"
    elif line.dial and line.dial != "".join(re.findall(r"[+*0-9]", line.phone)):
        yield f"dials {line.dial} and shows {line.phone}: make them the same"
    if line.phone and not line.dial and not line.note:
        yield "has a phone that nothing dials: add `dial`, or a note that says what to choose"
    if (line.serves is Serves.SOME) != bool(line.whom):
        yield "is for some and does not say for whom, or the other way round: `serves: some` goes with `whom`"
    if any(map(_is_marked, (line.name, line.whom, line.hours, line.note, line.region, *line.languages))):
        yield "has a line break, a question or an exclamation mark in what is shown: plain words"


def _is_marked(words: str) -> bool:
    return any(mark in words for mark in "\n?!")


# --- What is shown ------------------------------------------------------------------------------------------------


def today_of(at: int) -> int:
    """The day of a time (seconds since 1970, UTC), as its ordinal."""
    return _EPOCH + at // _DAY


def shown(country: Country, at: int, *, minor: bool) -> tuple[Helpline, ...]:
    """The lines that may be shown now, the first to be shown first.

    Always open before others; those for the young or for some after those for anyone, and only beside them, while
    someone known to be under 16 is shown those for the young first.
    """
    fresh = [line for line in country.lines if line.is_fresh(today_of(at))]
    parts = defaultdict(list)
    for line in sorted(fresh, key=lambda line: line.hours != _ALWAYS):
        parts[line.serves].append(line)
    anyone, young = parts[Serves.ANYONE], parts[Serves.YOUNG]
    beside = [*parts[Serves.SOME], *parts[Serves.VIOLENCE]] if anyone else []
    if minor:
        return (*young, *anyone, *beside)
    return (*anyone, *(young if anyone else ()), *beside)


def words_of(line: Helpline, labels: Mapping[Label, str]) -> str:
    """All that is said of a line, in one paragraph."""
    serves = {Serves.YOUNG: labels[Label.SERVES_YOUNG], Serves.VIOLENCE: labels[Label.SERVES_VIOLENCE]}
    about = ", ".join(filter(None, (serves.get(line.serves, line.whom), line.region)))
    hours = line.hours or labels[Label.LINE_HOURS_UNKNOWN]
    ways = (
        (Label.LINE_TEXT, line.text),
        (Label.LINE_WHATSAPP, line.whatsapp),
        (Label.LINE_CHAT, line.chat),
    )
    written = f" {labels[Label.OR]} ".join(f"{labels[label]} {way}" for label, way in ways if way)
    said = ", ".join(filter(None, (line.phone, line.note, hours, ", ".join(line.languages))))
    silent = f"; {labels[Label.LINE_SILENT]} {written}" if written else ""
    return f"{line.name}{f' ({about})' if about else ''}: {said}{silent}"


def emergency_of(country: Country | None, labels: Mapping[Label, str]) -> str:
    """The emergency numbers as they are shown, or "" where none is known."""
    if country is None or country.emergency is None:
        return ""
    named = [_number(each, labels) for each in country.emergency.numbers]
    return f" {labels[Label.OR]} ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def _number(number: Number, labels: Mapping[Label, str]) -> str:
    if number.reaches is Reaches.ANYONE:
        return number.number
    return f"{number.number} ({labels[Label(f'reaches.{number.reaches}')]})"


def message(reply: Reply, country: Country, content: Content, at: int, *, minor: bool) -> Reply:
    """The same message with the lines of a country: as many of them as 45 words hold."""
    labels = content.labels
    unknown = f"{labels[Label.EMERGENCY_LOCAL]}, {labels[Label.EMERGENCY_OFTEN]}"
    emergency = emergency_of(country, labels) or unknown
    slots = {"country": country.name, "emergency": emergency, "directory": country.directory}
    room = MOST_WORDS - _OTHER_WORDS - _count(country.name, emergency)
    said, days = [], []
    for line in shown(country, at, minor=minor):
        words = words_of(line, labels)
        if room >= _count(words):
            room -= _count(words)
            said.append(words)
            days.append(line.read)
    if not said:
        return replace(reply, keys=(Line.CARD_LINES_NONE,), slots=slots)
    slots |= {"lines": "\n".join(said), "read": min(days).isoformat()}
    return replace(reply, keys=(Line.CARD_LINES_COUNTRY,), slots=slots)


def _count(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


# --- In a decision ------------------------------------------------------------------------------------------------

_ASKING: Final = frozenset(
    {
        *(Line.CARD_LINES, Line.CRISIS, Line.LANGUAGE),
        *(Line.COUNTRY_ASK, Line.COUNTRY_WHICH, Line.COUNTRY_UNKNOWN),
    }
)
"""After one of these a text may be the name of a country."""
_WITH_NUMBER: Final = frozenset(
    {
        *(Line.CARD_IMMINENT, Line.CARD_MEDICAL, Line.CARD_SOMEONE, Line.CARD_THREAT, Line.CARD_FORWARDED),
        *(Line.CARD_FRIEND, Line.CARD_FRIEND_YOUNG, Line.CARD_ABUSE, Line.CARD_ABUSE_YOUNG),
        *(Line.CARD_AGAIN_NOW, Line.CARD_AGAIN_NOW_YOUNG, Line.HELD_THANKS_NOW, Line.HELD_STOPPED_NOW),
        *(Line.DANGER_NO_NOW, Line.CARD_MINE, Line.CARD_MINE_YOUNG),
    }
)
_WITH_NAME: Final = frozenset({Line.COUNTRY_NOW, Line.COUNTRY_KEEP, Line.COUNTRY_KEPT})


def placed(decision: Decision, content: Content, at: int) -> Decision:
    """The same with what depends on the country: numbers, lines, names; and whether a country may be typed next."""
    held = decision.held
    country = content.helplines.countries.get(held.country)
    replies = tuple(one for reply in decision.replies for one in _placed(reply, country, decision, content, at))
    asked = any(line in _ASKING for reply in replies for line in reply.keys)
    asked = asked or (held.asked_country and not replies)
    if asked is not held.asked_country:
        held = replace(held, asked_country=asked)
    return replace(decision, held=held, replies=replies)


def _placed(reply: Reply, country: Country | None, decision: Decision, content: Content, at: int) -> Iterator[Reply]:
    key = reply.keys[0]
    if key is Line.COUNTRY_ASK:
        yield replace(reply, buttons=(*rows_of(content.helplines.first, content.helplines), *reply.buttons))
    elif country is None:
        yield reply
    elif key in {Line.CARD_LINES, Line.CRISIS}:
        lines = message(reply, country, content, at, minor=decision.held.state.minor)
        yield lines if key is Line.CARD_LINES else replace(lines, buttons=())
        if key is Line.CRISIS:
            yield replace(reply, keys=(Line.CRISIS_STAY,))
    elif not _WITH_NAME.isdisjoint(reply.keys):
        yield replace(reply, slots={**reply.slots, "country": country.name})
    elif not _WITH_NUMBER.isdisjoint(reply.keys) and country.emergency is not None:
        yield replace(reply, slots={**reply.slots, "emergency": emergency_of(country, content.labels)})
    else:
        yield reply


def rows_of(codes: Iterable[str], helplines: Helplines) -> tuple[tuple[Button, ...], ...]:
    """Buttons for countries, two in a row, in the order of their names."""
    names = sorted((helplines.countries[code].name, code) for code in codes)
    buttons = [Button(Label.COUNTRY, Action.COUNTRY, PLACES.index(code), words=name) for name, code in names]
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
