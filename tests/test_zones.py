import shutil
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tzdata
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.prompts import FOLDER, load, text_of
from bot.zones import Atlas, city_problems, spelled
from tests.core.clocks import FIRST, LAST, NAMES, changes

CITIES = FOLDER / "cities.txt"
ATLAS = load().content.zones
HELPLINES = load().content.helplines
TABLE = [
    line.split("\t")
    for line in (Path(tzdata.__file__).parent / "zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def offset(name: str, at: int) -> int:
    zone = ATLAS.zone(name)
    assert zone is not None
    away = datetime.fromtimestamp(at, zone).utcoffset()
    assert away is not None
    return int(away.total_seconds())


# --- Clocks ------------------------------------------------------------------------------------------------------


def test_zone_is_that_of_tzdata_at_every_change() -> None:
    for name in NAMES:
        before, several = changes(name)
        assert offset(name, FIRST) == before, name
        for change in several:
            assert (offset(name, change.at - 1), offset(name, change.at)) == change[1:], name


def test_zone_is_never_that_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "Europe").mkdir()
    shutil.copy(Path(tzdata.__file__).parent / "zoneinfo/Asia/Tokyo", tmp_path / "Europe/Lisbon")
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        zone = Atlas(HELPLINES, CITIES).zone("Europe/Lisbon")
        assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=1)
        assert datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo.no_cache("Europe/Lisbon")).utcoffset() == timedelta(
            hours=9
        )
    finally:
        zoneinfo.reset_tzpath()


@pytest.mark.parametrize(
    "name", ["", "Lisbon", "europe/lisbon", "Europe/Nowhere", "../zones", "/etc/passwd", "zone.tab"]
)
def test_zone_is_none_for_what_is_not_its_very_name(name: str) -> None:
    assert ATLAS.zone(name) is None


def test_version_is_that_of_tzdata() -> None:
    assert ATLAS.version == tzdata.IANA_VERSION
    assert ATLAS.version.startswith("20")


@pytest.mark.parametrize(
    ("away", "at", "among", "names"),
    [
        pytest.param(0, "2026-01-15T12:00", ("Europe/Lisbon", "Atlantic/Azores"), ("Europe/Lisbon",), id="winter"),
        pytest.param(0, "2026-07-15T12:00", ("Europe/Lisbon", "Atlantic/Azores"), ("Atlantic/Azores",), id="summer"),
        pytest.param(60, "2026-03-29T00:59:59", ("Europe/London", "Europe/Paris"), ("Europe/Paris",), id="before"),
        pytest.param(60, "2026-03-29T01:00", ("Europe/London", "Europe/Paris"), ("Europe/London",), id="at-the-change"),
        pytest.param(345, "2026-01-15T12:00", (), ("Asia/Kathmandu",), id="of-all"),
        pytest.param(-720, "2026-01-15T12:00", (), (), id="of-ships-alone"),
        pytest.param(15, "2026-01-15T12:00", (), (), id="of-none"),
    ],
)
def test_with_offset_goes_by_the_clocks_of_that_time(
    away: int, at: str, among: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert ATLAS.with_offset(away, utc(at), among) == names


@given(st.sampled_from([row[2] for row in TABLE]), st.integers(FIRST, LAST))
def test_with_offset_holds_every_place_by_its_own_clock(name: str, at: int) -> None:
    assert name in ATLAS.with_offset(offset(name, at) // 60, at)


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ("Europe/Lisbon", "Lisbon"),
        ("America/New_York", "New York"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ("America/Port-au-Prince", "Port-au-Prince"),
        ("Etc/UTC", "UTC"),
        ("Etc/GMT", "UTC"),
        ("Etc/GMT+2", "UTC-2"),
        ("Etc/GMT-14", "UTC+14"),
    ],
)
def test_place_is_what_people_call_it(zone: str, place: str) -> None:
    assert ATLAS.place(zone) == place


# --- By name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # as IANA has it
        ("Europe/Lisbon", "Europe/Lisbon"),
        ("europe/lisbon", "Europe/Lisbon"),
        (" EUROPE / LISBON ", "Europe/Lisbon"),
        ("America/New York", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Eastern", "America/New_York"),
        ("america/buenos_aires", "America/Argentina/Buenos_Aires"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("UTC", "Etc/UTC"),
        # cities, also those that are no zone's
        ("lisbon", "Europe/Lisbon"),
        ("Lisboa", "Europe/Lisbon"),
        ("Munich", "Europe/Berlin"),
        ("München", "Europe/Berlin"),
        ("Muenchen", "Europe/Berlin"),
        ("Mumbai", "Asia/Kolkata"),
        ("bombay", "Asia/Kolkata"),
        ("São Paulo", "America/Sao_Paulo"),
        ("ŁÓDŹ", "Europe/Warsaw"),
        ("lodz", "Europe/Warsaw"),
        ("Köln", "Europe/Berlin"),
        ("koeln", "Europe/Berlin"),
        ("Kiev", "Europe/Kyiv"),
        ("the hague", "Europe/Amsterdam"),
        ("Den Haag", "Europe/Amsterdam"),
        ("new york city", "America/New_York"),
        ("NYC", "America/New_York"),
        ("Washington, D.C.", "America/New_York"),
        ("St. Petersburg", "Europe/Moscow"),
        ("Saint Petersburg", "Europe/Moscow"),
        ("Ho Chi Minh City", "Asia/Ho_Chi_Minh"),
        ("Easter Island", "Pacific/Easter"),
        ("Nuuk", "America/Nuuk"),
        ("Gaza", "Asia/Gaza"),
        ("N'Djamena", "Africa/Ndjamena"),
        ("London", "Europe/London"),
        ("Apia", "Pacific/Apia"),
        # with what people write beside them
        ("Lisbon time", "Europe/Lisbon"),
        ("I'm in Lisbon", "Europe/Lisbon"),
        ("I live in new york now", "America/New_York"),
        ("lisbon time zone please", "Europe/Lisbon"),
        ("Portland, Maine", "America/New_York"),
        ("portland or", "America/Los_Angeles"),
        ("birmingham uk", "Europe/London"),
        ("Birmingham, AL", "America/Chicago"),
        ("London, Ontario", "America/Toronto"),
        ("san jose costa rica", "America/Costa_Rica"),
        ("indianapolis usa", "America/Indiana/Indianapolis"),
        # countries, and parts of them
        ("germany", "Europe/Berlin"),
        ("Deutchland", "Europe/Berlin"),
        ("UK", "Europe/London"),
        ("Trinidad and Tobago", "America/Port_of_Spain"),
        ("Côte d'Ivoire", "Africa/Abidjan"),
        ("american samoa", "Pacific/Pago_Pago"),
        ("Åland", "Europe/Mariehamn"),
        ("Kosovo", "Europe/Belgrade"),
        ("south korea", "Asia/Seoul"),
        ("Arizona", "America/Phoenix"),
        ("Queensland", "Australia/Brisbane"),
        ("🇯🇵", "Asia/Tokyo"),
        # more than one: all of them
        ("Portugal", "Europe/Lisbon Atlantic/Azores"),
        ("Sintra, Portugal", "Europe/Lisbon Atlantic/Azores"),
        ("Spain", "Europe/Madrid Atlantic/Canary"),
        ("Portland", "America/Los_Angeles America/New_York"),
        ("Birmingham", "Europe/London America/Chicago"),
        ("Georgia", "Asia/Tbilisi America/New_York"),
        ("Salvador", "America/El_Salvador America/Bahia"),
        ("Washington", "America/Los_Angeles America/New_York"),
        ("paris texas", "America/Chicago America/Denver"),
        ("virgin islands", "America/Tortola America/St_Thomas"),
        ("IST", "Asia/Kolkata Europe/Dublin Asia/Jerusalem"),
        ("PST", "America/Los_Angeles America/Vancouver Asia/Manila"),
        ("BST", "Europe/London Asia/Dhaka"),
        ("CEST", "Europe/Berlin Europe/Paris Europe/Madrid Africa/Algiers"),
        ("GMT", "Europe/London Africa/Accra Etc/GMT"),
        ("Eastern time", "America/New_York America/Toronto Australia/Sydney"),
        # none
        ("", ""),
        ("xyzzy", ""),
        ("Europe/Nowhere", ""),
        ("8:30", ""),
        ("weekdays", ""),
        ("in", ""),
        ("de", ""),
        ("time", ""),
        ("UTC+2", ""),
        ("EST5EDT", ""),
        ("lisbon paris", ""),
        ("\n", ""),
        ("+alabama", "America/Chicago America/New_York"),
        ("lisbon" * 20, ""),
    ],
)
def test_named_is_all_that_may_be_meant(text: str, names: str) -> None:
    assert " ".join(ATLAS.named(text)) == names


@pytest.mark.parametrize(
    "letters",
    ["CET", "CEST", "EET", "WET", "GMT", "BST", "IST", "EST", "EDT", "CST", "CDT", "MST", "PST", "PDT", "AST"],
)
def test_letters_of_a_clock_never_mean_one_zone(letters: str) -> None:
    assert len(ATLAS.named(letters)) != 1
    assert len(ATLAS.named(f"{letters.lower()} time")) != 1


def test_named_knows_every_zone_of_a_place_by_its_name() -> None:
    for name in {row[2] for row in TABLE}:
        assert ATLAS.named(name) == (name,)
        assert ATLAS.named(name.lower().replace("_", " ")) == (name,)
        assert name in ATLAS.named(ATLAS.place(name)), name


@settings(max_examples=50)
@given(st.one_of(st.text(), st.text("abelnosuk ,./'", max_size=80)))
def test_named_gives_zones_or_nothing_for_any_text(text: str) -> None:
    assert all(ATLAS.zone(name) is not None for name in ATLAS.named(text))


def test_of_country_has_one_zone_for_each_of_its_clocks() -> None:
    ahead = range(utc(f"{ATLAS.version[:4]}-01-02T00:00"), LAST, 86400 * 5)
    clocks = {name: tuple(offset(name, at) for at in ahead) for name in {row[2] for row in TABLE}}
    for code in {row[0] for row in TABLE}:
        listed, found = {row[2] for row in TABLE if row[0] == code}, ATLAS.of_country(code)
        assert set(found) <= listed
        assert len(found) == len({clocks[name] for name in found}) == len({clocks[name] for name in listed}), code


@pytest.mark.parametrize(
    ("code", "first"),
    [("US", "America/New_York"), ("AU", "Australia/Sydney"), ("BR", "America/Sao_Paulo"), ("XK", "Europe/Belgrade")],
)
def test_of_country_begins_where_most_people_live(code: str, first: str) -> None:
    assert ATLAS.of_country(code)[0] == first


def test_of_country_is_empty_for_letters_that_are_none() -> None:
    assert ATLAS.of_country("ZZ") == ATLAS.of_country("") == ()


def test_every_country_with_helplines_can_be_named() -> None:
    assert [code for code, country in HELPLINES.countries.items() if not ATLAS.named(country.name)] == []


# --- By place ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        pytest.param(38.72, -9.14, "Europe/Lisbon", id="lisbon"),
        pytest.param(37.74, -25.67, "Atlantic/Azores", id="azores"),
        pytest.param(28.61, 77.21, "Asia/Kolkata", id="delhi"),
        pytest.param(-33.87, 151.21, "Australia/Sydney", id="south-and-east"),
        pytest.param(42.5050, 1.5200, "Europe/Andorra", id="small-country"),
        pytest.param(41.9029, 12.4534, "Europe/Vatican", id="smallest"),
        pytest.param(48.95, -122.75, "America/Los_Angeles", id="south-of-a-border"),
        pytest.param(49.05, -122.75, "America/Vancouver", id="north-of-it"),
        pytest.param(47.55, 7.59, "Europe/Zurich", id="basel"),
        pytest.param(47.59, 7.56, "Europe/Paris", id="saint-louis"),
        pytest.param(47.615, 7.66, "Europe/Berlin", id="loerrach"),
        pytest.param(30.0, -30.0, "Etc/GMT+2", id="ocean"),
        pytest.param(0.0, 0.0, "Etc/GMT", id="nowhere"),
        pytest.param(0.0, 180.0, "Etc/GMT-12", id="date-line"),
        pytest.param(0.0, -180.0, "Etc/GMT+12", id="date-line-from-the-east"),
        pytest.param(-90.0, 0.0, "Antarctica/McMurdo", id="south-pole"),
        pytest.param(90.0, 0.0, "Etc/GMT", id="north-pole"),
        pytest.param(100.0, 0.0, None, id="no-latitude"),
        pytest.param(10.0, 200.0, None, id="no-longitude"),
        pytest.param(float("nan"), 0.0, None, id="no-number"),
    ],
)
def test_located_is_the_zone_of_a_place(latitude: float, longitude: float, name: str | None) -> None:
    assert ATLAS.located(latitude, longitude) == name


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_located_finds_a_zone_that_has_clocks_anywhere_on_earth(latitude: float, longitude: float) -> None:
    name = ATLAS.located(latitude, longitude)
    assert name is not None
    assert ATLAS.zone(name) is not None


# --- The file of cities ------------------------------------------------------------------------------------------


def test_cities_are_found_wherever_they_stand_in_the_file() -> None:
    rows = [line.split("\t") for line in text_of(CITIES)[0].splitlines() if line[0].isalnum()]
    assert len(rows) > 30_000
    for name, zones in (*rows[:3], *rows[::500], *rows[-3:]):
        assert set(zones.split(" ")) <= {*ATLAS.named(name)}, name


def test_cities_name_their_source_and_its_licence() -> None:
    head = CITIES.read_text(encoding="utf-8")[:500]
    assert "GeoNames" in head
    assert "CC BY 4.0" in head


def test_city_problems_finds_nothing_in_the_file_as_it_is() -> None:
    assert [*city_problems(text_of(CITIES)[0])] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("lisbon Europe/Lisbon", "should be a name"),
        ("Lisbon\tEurope/Lisbon", "should be a name"),
        ("aachen\tEurope/Berlin", "out of order"),
        ("lisbon\tEurope/Lisboa", "“Europe/Lisboa” is no zone"),
        ("lisbon\t", "“” is no zone"),
    ],
)
def test_city_problems_says_the_line_and_what_is_wrong(line: str, problem: str) -> None:
    [(number, found)] = city_problems(f"# head\nberlin\tEurope/Berlin\n{line}\nzwolle\tEurope/Amsterdam\n")
    assert number == 3
    assert problem in found


def test_a_zone_that_tzdata_no_longer_has_is_not_offered(tmp_path: Path) -> None:
    file = tmp_path / "cities.txt"
    file.write_text("# head\nspringfield\tAmerica/Gone America/Chicago\n", encoding="utf-8")
    assert Atlas(HELPLINES, file).named("Springfield") == ("America/Chicago",)


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "cities.txt"
    atlas = Atlas(HELPLINES, file)
    assert atlas.zone("Europe/Lisbon") is not None
    shutil.copy(CITIES, file)
    assert atlas.named("Munich") == ("Europe/Berlin",)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Saint-Étienne", "st etienne"), ("Kraków", "krakow"), ("Trinidad & Tobago", "trinidad tobago")],
)
def test_spelled_is_as_people_type_it(name: str, wanted: str) -> None:
    assert spelled(name) == wanted
