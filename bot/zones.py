"""The world's time zones: their clocks, and which of them is meant by what people type or share.

Rules that hold here: clocks are those of the package tzdata alone, never of the system that the bot runs on, so that
their version is known and the same everywhere; what may mean several zones gives all of them, and none is guessed; each
part is read when it is first asked for.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import tzdata
from typing_extensions import override

from bot.core.helplines import Helplines
from bot.core.schedule import Zones

REGION: Final = "+"
"""In the file of cities: before the name of a part of a country, or of a clock."""
SHORT: Final = ","
"""In the file of cities: before the letters of a part of a country, which count after a city alone."""
COUNTRY: Final = "="
"""In the file of cities: before the two letters of a country, whose zones stand by how many people live there."""

_MOST_LETTERS: Final = 60  # of a text that could name a place
_SPECIAL: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}
)
_DROPPED: Final = re.compile(r"[.'’‘ʻʼ`´]")
_WORD: Final = re.compile(r"[^\W_]+")
_BEFORE: Final = frozenset(
    {
        "i",
        "im",
        "am",
        "we",
        "are",
        "live",
        "living",
        "stay",
        "in",
        "at",
        "from",
        "near",
        "now",
        "currently",
        "its",
        "it",
        "is",
        "my",
        "on",
        "use",
    }
)
_AFTER: Final = frozenset(
    {"time", "times", "timezone", "zone", "tz", "please", "thanks", "now", "currently", "here", "area", "island"}
)
_IN_BRACKETS: Final = re.compile(r"(.+) \((.+)\)")
_NOT_IN_TABLE: Final = {"XK": ("Europe/Belgrade",)}
_WEEKS: Final = 3 * 52


class Atlas(Zones):
    """The zones of tzdata. `cities`: the file that `scripts/write_cities.py` writes."""

    def __init__(self, helplines: Helplines, cities: Path) -> None:
        self._helplines = helplines
        self._file = cities
        self._opened: dict[str, ZoneInfo] = {}
        self._countries: dict[str, tuple[str, ...]] = {}

    # --- Clocks ----------------------------------------------------------------------------------------------------

    @property
    @override
    def version(self) -> str:
        return str(tzdata.IANA_VERSION)

    @override
    def zone(self, name: str) -> ZoneInfo | None:
        found = self._opened.get(name)
        if found is None and name in self._all:
            with (files(tzdata) / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
                found = self._opened[name] = ZoneInfo.from_file(file, key=name)
        return found

    @override
    def with_offset(self, offset: int, at: int, among: tuple[str, ...] = ()) -> tuple[str, ...]:
        wanted = timedelta(minutes=offset)
        clocks = ((name, self.zone(name)) for name in among or self._of_places)
        return tuple(name for name, zone in clocks if zone and datetime.fromtimestamp(at, zone).utcoffset() == wanted)

    @override
    def place(self, zone: str) -> str:
        region, _, name = zone.partition("/")
        if region == "Etc":  # whose signs are those of POSIX: GMT+2 is two hours behind
            return name.translate(str.maketrans("+-", "-+")).replace("GMT", "UTC")
        return (name or zone).rpartition("/")[2].replace("_", " ")

    # --- Which is meant --------------------------------------------------------------------------------------------

    @override
    def named(self, text: str) -> tuple[str, ...]:
        if len(text) > _MOST_LETTERS:
            return ()
        words = spelled(text).split()
        if name := self._names.get(text.strip().casefold()) or self._spelled.get(" ".join(words)):
            return (name,)
        bare = _bare(words)
        return (
            self._called(" ".join(words))
            or self._called(" ".join(bare))
            or self._within(bare, by_comma="," in text)
            or self._of_countries(self._helplines.named(text))
        )

    @override
    def of_country(self, code: str) -> tuple[str, ...]:
        if code not in self._countries:
            listed = self._listed.get(code, ())
            peopled = self._noted(COUNTRY + code.lower())
            ordered = dict.fromkeys((*(name for name in peopled if name in listed), *listed))
            self._countries[code] = tuple(self._unlike(ordered))
        return self._countries[code]

    @override
    def located(self, latitude: float, longitude: float) -> str | None:
        # It takes 34 MB from its first use on, and many people never need it.
        from tzfpy import get_tz  # noqa: PLC0415

        return self._names.get(get_tz(longitude, latitude).casefold())

    def _called(self, name: str) -> tuple[str, ...]:
        """The zones of all that has this very name: countries, their parts, clocks, cities."""
        codes = self._codes.get(name, ())
        cities = dict.fromkeys((*self._noted(name), *self._ends.get(name, ())))
        if cities and any(cities.keys() <= {*self._listed[code]} for code in codes):
            return tuple(cities)  # in the country that is called the same
        return tuple(dict.fromkeys((*self._of_countries(codes), *self._noted(REGION + name), *cities)))

    def _within(self, words: list[str], *, by_comma: bool) -> tuple[str, ...]:
        """The zones of a city that stands before its country, or a part of one."""
        for cut in range(1, len(words)):
            city, around = self._noted(" ".join(words[:cut])), " ".join(words[cut:])
            parts = self._noted(SHORT + around) or self._noted(REGION + around)
            codes = self._codes.get(around, ())
            if (parts or codes) and (city or by_comma):
                zones = {*parts, *(name for code in codes for name in self._listed[code])}
                within = tuple(name for name in city if name in zones)
                return within or (*self._of_countries(codes), *parts)
        return ()

    def _of_countries(self, codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for code in codes for name in self.of_country(code)))

    def _noted(self, name: str) -> tuple[str, ...]:
        """What the file of cities has under a name."""
        wanted, data = f"{name}\t".encode(), self._cities
        start, end = 0, len(data)
        while start < end:
            middle = (start + end) // 2
            line = max(data.rfind(b"\n", start, middle) + 1, start)
            after = data.index(b"\n", middle) + 1
            if data[line:after] < wanted:
                start = after
            else:
                end = line
        if not data.startswith(wanted, start):
            return ()
        zones = data[start + len(wanted) : data.index(b"\n", start)].decode().split(" ")
        return tuple(zone for zone in zones if zone.casefold() in self._names)

    # --- What is alike ---------------------------------------------------------------------------------------------

    def _unlike(self, names: Iterable[str]) -> Iterator[str]:
        """The first of those that have the same clocks."""
        seen = set()
        for name in names:
            clock = self._clock(name)
            if clock not in seen:
                seen.add(clock)
                yield name

    def _clock(self, name: str) -> tuple[timedelta | None, ...]:
        """How a zone's clocks are set, week by week, for three years from when the data was made."""
        zone = self.zone(name)
        start = datetime(int(self.version[:4]), 1, 1, tzinfo=UTC)
        return tuple((start + timedelta(weeks=week)).astimezone(zone).utcoffset() for week in range(_WEEKS))

    # --- What is read ----------------------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The names that have a region, by their small letters: one that is older than another's gives that one."""
        lines = (files(tzdata) / "zoneinfo/tzdata.zi").read_text(encoding="utf-8").splitlines()
        links = {alias: name for line in lines if line.startswith("L ") for _, name, alias in [line.split(" ")]}
        of_places = frozenset(self._of_places)
        found = {}
        for name in self._all:
            newer = links.get(name, name)
            if "/" in name:
                found[name.casefold()] = newer if newer in of_places and name not in of_places else name
        return found

    @cached_property
    def _spelled(self) -> Mapping[str, str]:
        """The same as people type them."""
        return {spelled(each): name for each, name in self._names.items() if not name.startswith("Etc/")}

    @cached_property
    def _all(self) -> frozenset[str]:
        return _known()

    @cached_property
    def _ends(self) -> Mapping[str, tuple[str, ...]]:
        """The places that zones are called after."""
        return {spelled(self.place(name)): (name,) for name in self._of_places}

    @cached_property
    def _listed(self) -> Mapping[str, tuple[str, ...]]:
        """All zones of each country."""
        found = dict(_NOT_IN_TABLE)
        for code, _, name, *_ in _table("zone.tab"):
            found[code] = (*found.get(code, ()), name)
        return found

    @cached_property
    def _of_places(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for several in self._listed.values() for name in several))

    @cached_property
    def _codes(self) -> Mapping[str, tuple[str, ...]]:
        """The countries by all their names: those that the helplines have, and for others those of tzdata."""
        found: dict[str, tuple[str, ...]] = {}
        for code, country in self._helplines.countries.items():
            if code in self._listed:
                found.update((spelled(name), (code,)) for name in (country.name, *country.also))
        others: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        for code, name in _table("iso3166.tab"):
            if code in self._listed:
                for way in _ways(name):
                    others[spelled(way)] += (code,)
        return {**others, **found}

    @cached_property
    def _cities(self) -> bytes:
        return self._file.read_bytes()


def city_problems(text: str) -> Iterator[tuple[int, str]]:
    """What is wrong in the file of cities, each with its line."""
    known, before = _known(), ""
    for number, line in enumerate(text.splitlines(), start=1):
        name, tab, zones = line.partition("\t")
        if line.startswith("#"):
            continue
        if not tab or (name.strip(REGION + SHORT + COUNTRY) != spelled(name)):
            yield number, "should be a name as it is spelled, a tab, then zones: write the file anew"
        elif line <= before:
            yield number, f"“{name}” is out of order, and would not be found: write the file anew"
        elif unknown := [zone for zone in zones.split(" ") if zone not in known]:
            yield number, f"“{unknown[0]}” is no zone of tzdata {tzdata.IANA_VERSION}: write the file anew"
        before = line


def spelled(name: str) -> str:
    """A name without capitals, accents, dots and marks, as people type it; “Saint” is “st”."""
    letters = unicodedata.normalize("NFKD", _DROPPED.sub("", name).casefold()).translate(_SPECIAL)
    words = _WORD.findall("".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join("st" if word == "saint" else word for word in words if word != "and")


def _bare(words: list[str]) -> list[str]:
    """Without what may stand before the name of a place, and after it."""
    start, end = 0, len(words)
    while start < end - 1 and words[start] in _BEFORE:
        start += 1
    while end - 1 > start and words[end - 1] in _AFTER:
        end -= 1
    return words[start:end]


def _ways(name: str) -> frozenset[str]:
    """What a country is called where tzdata calls it “Korea (South)”, or “Cook Islands”."""
    bracketed = _IN_BRACKETS.fullmatch(name)
    main, beside = bracketed.groups() if bracketed else (name, "")
    return frozenset({main, f"{main} {beside}", f"{beside} {main}", main.removesuffix(" Islands")})


def _known() -> frozenset[str]:
    return frozenset((files(tzdata) / "zones").read_text(encoding="utf-8").split())


def _table(name: str) -> Iterator[list[str]]:
    """The rows of a table of tzdata."""
    for line in (files(tzdata) / "zoneinfo" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
