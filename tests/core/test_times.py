import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.times import DAY_MINUTES, LONGEST, MOST, WEEK, Clock, Times, TimeWords, Wanted, Word, clock_words
from bot.prompts import FOLDER, ContentError, read

WORKDAYS = frozenset(range(5))
MON_WED_FRI = frozenset({0, 2, 4})
WORDS = read(FOLDER / "en" / "times.yaml", TimeWords)
TIMES = Times(WORDS)


def minute(words: str) -> int:
    hour, _, rest = words.partition(":")
    return int(hour) * 60 + int(rest)


# --- Lengths, and on or off ----------------------------------------------------------------------------------------

HOUR = 60 * 60
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12h", 12 * HOUR),
        ("3d", 3 * DAY),
        ("30m", 30 * 60),
        ("30 minutes", 30 * 60),
        ("1440 min", DAY),
        ("2 weeks", 14 * DAY),
        ("a day", DAY),
        ("an hour", HOUR),
        ("week", 7 * DAY),
        ("for twenty-four hours, please", DAY),
        ("12-hour", 12 * HOUR),
        ("0h", 0),
        ("9999d", 9999 * DAY),
        ("99999h", None),
        ("3", None),
        ("-3d", None),
        ("1.5h", None),
        ("3 days 2 hours", None),
        ("12h off", None),
        ("soon", None),
        ("", None),
    ],
)
def test_length_is_read(text: str, seconds: int | None) -> None:
    assert TIMES.length_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "is_on"),
    [
        *((text, True) for text in ("on", "On.", "on please")),
        *((text, False) for text in ("off", "OFF", "turn off", "never", "none", "no")),
        *((text, None) for text in ("", "on off", "stop", "3d", "off on sundays", "on monday", "maybe", "please")),
    ],
)
def test_switch_is_read(text: str, is_on: bool | None) -> None:  # noqa: FBT001 - a row of the table
    assert TIMES.switch_of(text) is is_on


# --- Times of day -------------------------------------------------------------------------------------------------

READ = {
    "00:00": ["midnight", "0:00", "00:00", "12am", "12 a.m.", "24:00", "0h", "12 midnight", "12 at night", "0000", "0"],
    "00:30": ["0:30", "12:30 am", "half past midnight", "00h30", "half past twelve at night", "0030"],
    "00:45": ["quarter to one", "quarter to one in the morning"],
    "01:00": ["1", "one", "1am", "1 at night", "one in the morning", "01h"],
    "06:10": ["ten past six", "10 past 6", "ten minutes past six", "ten after six", "6:10", "six ten", "610"],
    "06:50": ["ten to seven", "10 to 7", "ten til seven"],
    "07:00": [
        "every morning at 7",
        "7 every morning",
        "7",
        "07",
        "7am",
        "seven",
        "mornings at 7",
        "7:00",
        "7.00",
        "7 h",
    ],
    "07:23": ["23 minutes past 7", "7:23", "seven twenty-three", "seven twenty three"],
    "08:00": [
        *("8", "08", "eight", "8 am", "8am", "8 a.m.", "8 A M", "at 8", "8ish", "8 ish", "~8", "8!", "(8)", "'8'"),
        *("eight o'clock", "eight o’clock", "8 oclock", "8 o clock", "8 sharp", "8 hours", "８"),
        *("0800", "800", "8:00", "08.00", "8h00", "8 in the morning", "please make it 8", "٨"),
    ],
    "08:05": ["eight oh five", "five past eight", "8:05", "8h05", "805"],
    "08:30": [
        *("8:30", "08.30", "8.30", "8,30", "830", "0830", "8 30", "8h30", "8:30h", "08:30 hrs", "8:30.", " 8:30 "),
        *("half past eight", "half eight", "half 8", "half past 8", "eight thirty", "around 8:30", "about half eight"),
        *(
            "8.30am",
            "8:30 a.m.",
            "half past eight in the morning",
            "8:30 o'clock",
            "eight 30",
            "HALF PAST EIGHT",
            "８：３０",
        ),
    ],
    "08:45": ["quarter to nine", "a quarter to 9", "15 to 9", "8:45", "fifteen minutes to nine", "quarter til nine"],
    "11:45": ["quarter to twelve", "quarter to 12 in the morning", "quarter to noon"],
    "12:00": [
        "noon",
        "midday",
        "12",
        "12pm",
        "12 p.m.",
        "12 noon",
        "twelve",
        "lunchtime",
        "12 in the afternoon",
        "1200",
    ],
    "12:45": ["quarter to one pm", "quarter to one in the afternoon", "12:45 pm"],
    "13:00": ["1pm", "13", "13:00", "1 in the afternoon", "thirteen", "13h", "1300"],
    "19:15": ["quarter past 7 in the evening", "7.15 pm", "in the evening at 7:15", "19:15", "quarter after 7 pm"],
    "20:15": ["20h15", "20:15", "20.15", "2015", "8:15pm", "twenty fifteen", "20:15 in the evening", "quarter past 20"],
    "20:30": ["8.30pm", "8:30 p.m.", "8:30 PM", "8:30 pm.", "half past eight pm", "half eight at night", "20 30"],
    "20:40": ["twenty to 9 pm", "twenty minutes to nine in the evening"],
    "21:25": ["twenty-one twenty-five", "twenty one twenty five", "twenty-five past nine pm", "9:25pm"],
    "23:00": ["11 at night", "23", "23:00", "eleven pm"],
    "23:45": ["quarter to midnight", "quarter to 12 at night", "23.45", "2345"],
    "23:59": ["23:59", "11:59 pm", "2359"],
}
"""Times, and how people type them."""


@pytest.mark.parametrize(("expected", "typed"), [(time, typed) for time in READ for typed in READ[time]])
def test_time_is_read_in_every_form(expected: str, typed: str) -> None:
    clock = TIMES.time_of(typed)
    assert clock is not None
    assert clock.minute == minute(expected)


@pytest.mark.parametrize(
    "typed",
    [
        *("25:99", "8:75", "13pm", "13 p.m.", "25", "24:30", "24:01", "99", "8:60", "08.5", "8:5", "20:30pm"),
        *("12345", "00000000", "8:30:00", "1.2.2027", "8 am pm", "7am in the evening", "975", "2460"),
        *("half past 25", "quarter to 30", "twenty-five", "half 60", "13 in the morning", "8 noon"),
    ],
)
def test_time_that_cannot_be_is_told_from_what_is_none(typed: str) -> None:
    clock = TIMES.time_of(typed)
    assert clock is not None
    assert clock.minute is None


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "-1", "-8:30", "a", "am", "pm", "in the morning", "half", "quarter", "past eight", "o'clock", ":30"),
        *("8 or 9", "8-9", "8:30-9", "8 to 9", "tomorrow", "soon", "whenever", "8 friends", "Lisbon", "mon", "8 weeks"),
        *(
            "eight nine",
            "7 past 8",
            "I wake at 8 and cry",
            "?",
            "🙂",
            "8 30 15",
            "half quarter to 8",
            "to 8",
            "8:",
            "8h3x",
        ),
        *(
            "one two three",
            "192.168.1.1",
            "8:30 weekdays",
            "8:30 " + "x" * MOST,
            " ".join(["8"] * MOST),
            "8:30" + " " * MOST + "not",
            "8:3 0",
            "thirty past",
        ),
    ],
)
def test_time_is_not_guessed(typed: str) -> None:
    assert TIMES.time_of(typed) is None


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("please make it 25:99!", "25:99"),
        ("at half past 25, thanks", "half past 25"),
        ("13 pm", "13 pm"),
        ("８：７５", "8:75"),
    ],
)
def test_time_that_cannot_be_is_given_as_it_was_typed(text: str, typed: str) -> None:
    assert TIMES.time_of(text) == Clock(None, typed)


@given(st.integers(0, DAY_MINUTES - 1))
def test_time_that_is_shown_is_read_back(shown: int) -> None:
    assert TIMES.time_of(clock_words(shown)) == Clock(shown, clock_words(shown))
    assert TIMES.time_of(clock_words(shown).replace(":", "")) == Clock(shown, clock_words(shown).replace(":", ""))


def test_clock_words_has_two_digits_on_each_side() -> None:
    assert [clock_words(each) for each in (0, 65, 510, 1439)] == ["00:00", "01:05", "08:30", "23:59"]


# --- Days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        *(
            (typed, "024")
            for typed in ("mon wed fri", "Mon, Wed & Fri", "m w f", "M/W/F", "monday, wednesday and friday")
        ),
        *((typed, "024") for typed in ("every other day", "mo we fr", "fri wed mon", "mon+wed+fri", "mon wed fri mon")),
        *(
            (typed, "01234")
            for typed in ("monday-friday", "mon to fri", "Mon – Fri", "weekdays", "on weekdays", "workdays")
        ),
        *(
            (typed, "01234")
            for typed in ("from monday to friday", "monday through friday", "mon till fri", "week days")
        ),
        *((typed, "0123") for typed in ("mon to thu", "mon-thurs", "weekdays except friday", "weekdays, not friday")),
        *((typed, "0123456") for typed in ("every day", "daily", "everyday", "Every single day", "mon-sun", "all")),
        *((typed, "0123456") for typed in ("every morning", "7 days a week", "weekdays and weekends", "tue to mon")),
        *((typed, "012345") for typed in ("all but sunday", "every day except sunday", "daily but not on sundays")),
        *((typed, "01234") for typed in ("every day except sat and sun", "all days but the weekend")),
        *(
            (typed, "13")
            for typed in ("tuesdays and thursdays", "every tuesday and thursday", "tue/thu", "Tues Thurs.")
        ),
        *((typed, "56") for typed in ("weekends", "the weekend", "sat sun", "sat & sun", "weekends please")),
        *((typed, "0456") for typed in ("fri-mon", "friday to monday")),
        *((typed, "2") for typed in ("wednesday", "only wednesdays", "on wed", "WEDS", "just wensday")),
        *((typed, "01246") for typed in ("mon-wed, fri and sunday", "mon-wed fri sun")),
        *((typed, "") for typed in ("none", "no days", "No days.", "nothing", "never", "daily except every day")),
    ],
)
def test_days_are_read(typed: str, expected: str) -> None:
    assert TIMES.days_of(typed) == frozenset(map(int, expected))


@pytest.mark.parametrize(
    "typed",
    [
        *("", "mo di", "lunes", "someday", "mon and", "and mon", "mon-", "-mon", "mon-weekdays", "weekdays-sat", "8"),
        *("no sundays", "not on weekends", "except sunday", "mon except", "monday 8:30", "mon or tue", "twice a week"),
        *("every", "every week", "every 3 days", "next month", "day", "m", "t", "s", "mon\x00blah", "mon " * MOST),
    ],
)
def test_days_are_not_guessed(typed: str) -> None:
    assert TIMES.days_of(typed) is None


# --- Quiet hours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "begin", "end"),
    [
        *(
            (typed, "22:00", "07:00")
            for typed in ("22:00-7:00", "22-7", "22 – 07", "22h-7h", "2200-0700", "22.00 to 7")
        ),
        *((typed, "22:00", "07:00") for typed in ("10pm to 7am", "10pm-7", "10 to 7am", "10 p.m. until 7 a.m.")),
        *(
            (typed, "22:00", "07:00")
            for typed in ("from ten to seven", "10 to 7", "10-7", "10:00-7:00", "ten till seven")
        ),
        *(
            (typed, "22:00", "07:00")
            for typed in ("between 10 at night and 7 in the morning", "quiet hours from 10 to 7")
        ),
        *((typed, "22:00", "11:00") for typed in ("22:00-11:00", "22-11")),
        *(
            (typed, "09:00", "17:00")
            for typed in ("9am to 5", "9am-5pm", "9-17", "09:00-17:00", "9 to 5pm", "from 9 to 17h")
        ),
        *((typed, "08:00", "20:00") for typed in ("8am to 8", "8 to 8pm", "08-20")),
        *((typed, "20:00", "08:00") for typed in ("8 to 8", "8pm to 8", "20:00 - 8:00")),
        *(
            (typed, "00:00", "07:00")
            for typed in ("12 to 7", "midnight to 7", "24:00-7:00", "midnight to seven", "0-7")
        ),
        *((typed, "21:45", "07:00") for typed in ("quarter to ten to seven", "from quarter to ten to seven")),
        *(
            (typed, "21:30", "06:30")
            for typed in ("half past nine to half past six", "9:30 to 6:30", "half nine - half six")
        ),
        *((typed, "23:00", "12:00") for typed in ("23:00-12:00", "11pm to noon")),
        ("22:00-24:00", "22:00", "00:00"),
        ("1 to 7", "01:00", "07:00"),
        *(
            (typed, "00:00", "00:00")
            for typed in ("none", "no quiet hours", "off", "quiet off", "no quiet", "None.", "never")
        ),
        ("quiet hours: off", "00:00", "00:00"),
        ("no", "00:00", "00:00"),
        ("quiet hours: 22:00-7:00", "22:00", "07:00"),
    ],
)
def test_quiet_hours_are_read(typed: str, begin: str, end: str) -> None:
    assert TIMES.span_of(typed) == (minute(begin), minute(end))


@pytest.mark.parametrize(
    "typed",
    [
        *("", "quiet", "quiet hours", "22", "until 8", "from 10", "25-7", "22-7:75", "10pm", "10 7", "10pm to", "to 7"),
        *("22:00-22:00", "10pm to 10pm", "8-9-10", "mon to fri", "all day", "at night", "none at 8", "22-7 maybe"),
        *("13pm to 7", "22-7 " + "x" * MOST, "-22-7", "5 to ten to seven"),
    ],
)
def test_quiet_hours_are_not_guessed(typed: str) -> None:
    assert TIMES.span_of(typed) is None


@given(st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES - 1))
def test_quiet_hours_on_the_clock_are_read_as_they_are(begin: int, end: int) -> None:
    shown = range(10 * 60, 13 * 60)  # two such ends do not show which clock they are on
    if begin not in shown or end not in shown:
        read = TIMES.span_of(f"{clock_words(begin)} to {clock_words(end)}")
        assert read == (None if begin == end else (begin, end))


# --- Pauses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        *(
            ("1w", 7),
            ("1 week", 7),
            ("a week", 7),
            ("one week", 7),
            ("week", 7),
            ("for a week", 7),
            ("1-week", 7),
            ("1 wk.", 7),
        ),
        *(("2 weeks", 14), ("two weeks", 14), ("a fortnight", 14), ("for the next two weeks", 14), ("2W", 14)),
        *(("3d", 3), ("3 days", 3), ("ten days", 10), ("twenty-one days", 21), ("a day", 1), ("99 d", 99)),
        *(("a month", 30), ("2 months", 60), ("52 weeks", 364), ("12 months", 360)),
    ],
)
def test_length_of_a_pause_is_read_in_days(typed: str, days: int) -> None:
    assert TIMES.line_of(f"pause {typed}") == Wanted(pause=days)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "0 days", "-1 day", "400 days", "53 weeks", "99 months", "2", "a", "ten", "half a week", "1.5 weeks"),
        *("some days", "2 years", "until monday", "weekdays", "999999999999 days", "for"),
    ],
)
def test_length_of_a_pause_is_not_guessed(typed: str) -> None:
    assert TIMES.line_of(f"pause {typed}").pause == 0


# --- One line -----------------------------------------------------------------------------------------------------

AT_HALF_PAST = Clock(510, "8:30")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("8:30 Europe/Lisbon weekdays", Wanted(AT_HALF_PAST, WORKDAYS, rest=("Europe/Lisbon",))),
        ("weekdays Europe/Lisbon 8:30", Wanted(AT_HALF_PAST, WORKDAYS, rest=("Europe/Lisbon",))),
        ("at 8:30 in New York, mon wed fri", Wanted(AT_HALF_PAST, MON_WED_FRI, rest=("New York",))),
        ("8:30 Lisbon time", Wanted(AT_HALF_PAST, rest=("Lisbon",))),
        ("Lisbon, Portugal", Wanted(rest=("Lisbon, Portugal",))),
        ("America/Port-au-Prince, mon-fri", Wanted(days=WORKDAYS, rest=("America/Port-au-Prince",))),
        ("8:30 Etc/GMT-5", Wanted(AT_HALF_PAST, rest=("Etc/GMT-5",))),
        ("UTC+2 8:30", Wanted(AT_HALF_PAST, rest=("UTC+2",))),
        ("8:30 utc -3", Wanted(AT_HALF_PAST, rest=("utc -3",))),
        ("8:30 São Tomé", Wanted(AT_HALF_PAST, rest=("São Tomé",))),
        ("St. John's 8:30", Wanted(AT_HALF_PAST, rest=("St. John's",))),
        ("Port of Spain, every day", Wanted(days=WEEK, rest=("Port of Spain",))),
        ("every evening at 8", Wanted(Clock(1200, "every evening at 8"), WEEK)),
        ("every evening at 8 pm", Wanted(Clock(1200, "every evening at 8 pm"), WEEK)),
        ("weekdays every evening at 8", Wanted(Clock(1200, "every evening at 8"), WORKDAYS)),
        ("every monday at half past eight", Wanted(Clock(510, "half past eight"), frozenset({0}))),
        ("pause", Wanted(pause=0)),
        ("pause 1w", Wanted(pause=7)),
        ("pause for ten days", Wanted(pause=10)),
        ("two weeks pause", Wanted(pause=14)),
        ("pause 1w 1d", Wanted(pause=7, rest=("1d",))),
        ("stop", Wanted(stop=True)),
        ("off", Wanted(stop=True)),
        ("turn it off", Wanted(stop=True, rest=("turn",))),
        ("on", Wanted(resume=True)),
        ("turn on", Wanted(resume=True)),
        ("resume", Wanted(resume=True)),
        ("on mondays", Wanted(days=frozenset({0}))),
        ("4 weeks", Wanted(weeks=4)),
        ("8-week course", Wanted(weeks=8)),
        ("eight weeks at 8:30", Wanted(AT_HALF_PAST, weeks=8)),
        ("open-ended", Wanted(weeks=0)),
        ("open 4 weeks", Wanted(weeks=0, rest=("4 weeks",))),
        ("10 days", Wanted(rest=("10 days",))),
        ("quiet 22-7", Wanted(quiet=(1320, 420))),
        ("8:30 quiet hours 10pm to 7am Lisbon", Wanted(AT_HALF_PAST, quiet=(1320, 420), rest=("Lisbon",))),
        ("quiet 22-7 8:30 weekdays", Wanted(AT_HALF_PAST, WORKDAYS, quiet=(1320, 420))),
        ("no quiet hours, 4 weeks", Wanted(quiet=(0, 0), weeks=4)),
        ("no days", Wanted(days=frozenset())),
        ("25:99 weekdays", Wanted(Clock(None, "25:99"), WORKDAYS)),
        ("8:30 8:40", Wanted(AT_HALF_PAST, rest=("8:40",))),
        ("8:30 and 8:30", Wanted(AT_HALF_PAST)),
        ("8:30 or 9", Wanted(AT_HALF_PAST, rest=("or 9",))),
        ("8:30 blah mon foo", Wanted(AT_HALF_PAST, frozenset({0}), rest=("blah", "foo"))),
        ("pause until monday", Wanted(pause=0, rest=("until monday",))),
        ("not on sundays", Wanted(rest=("not on sundays",))),
        ("no sundays", Wanted(rest=("no sundays",))),
        ("except friday", Wanted(rest=("except friday",))),
        ("don't stop", Wanted(stop=True, rest=("don't",))),
        ("quiet until 8", Wanted(rest=("quiet until 8",))),
        ("evening", Wanted(rest=("evening",))),
        ("", Wanted()),
        ("please", Wanted()),
        ("8:30 " * 40, Wanted(rest=(("8:30 " * 40)[:MOST].strip(),))),
    ],
)
def test_line_is_read_in_any_order(typed: str, expected: Wanted) -> None:
    assert TIMES.line_of(typed) == expected


def test_line_tells_what_it_did_not_read_as_it_was_typed() -> None:
    assert TIMES.line_of("Mon BLAH 8:30 Foo/Bar-Baz").rest == ("BLAH", "Foo/Bar-Baz")


# --- Any text -----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "8",
            "08",
            "830",
            "25:99",
            ":",
            ".",
            "-",
            "/",
            ",",
            "half",
            "quarter",
            "past",
            "to",
            "ten",
            "eight",
            "am",
            "p.m.",
        ),
        *(
            "noon",
            "midnight",
            "mon",
            "fri-mon",
            "weekdays",
            "every",
            "day",
            "morning",
            "at",
            "no",
            "quiet",
            "22-7",
            "or",
        ),
        *(
            "pause",
            "1w",
            "weeks",
            "4",
            "off",
            "on",
            "UTC",
            "+2",
            "Lisbon",
            "Europe/Lisbon",
            "'",
            "½",
            "٨",
            "é",
            "🙂",
            "ﷺ",
        ),
    ]
)
LISTS = st.lists(PIECES, max_size=30)
TEXTS = st.text(max_size=2 * MOST) | LISTS.map(" ".join) | LISTS.map("".join)


@given(TEXTS)
def test_no_text_makes_reading_fail(text: str) -> None:
    clock, days, span = TIMES.time_of(text), TIMES.days_of(text), TIMES.span_of(text)
    assert clock is None or clock.minute is None or clock.minute in range(DAY_MINUTES)
    assert days is None or days <= WEEK
    assert span is None or all(end in range(DAY_MINUTES) for end in span)
    wanted = TIMES.line_of(text)
    assert wanted.pause is None or 0 <= wanted.pause <= LONGEST
    even = unicodedata.normalize("NFKC", text)
    assert all(len(piece) <= MOST for piece in wanted.rest)
    assert (
        clock is None or clock.typed.casefold() in even.translate(dict.fromkeys(range(0x2010, 0x2015), "-")).casefold()
    )


@given(TEXTS)
def test_line_reads_the_time_that_is_all_of_it(text: str) -> None:
    clock = TIMES.time_of(text)
    assert clock is None or TIMES.line_of(text).clock == clock


# --- The file -----------------------------------------------------------------------------------------------------

SHOWN: dict[Word, tuple[str, object]] = {
    Word.AM: ("12:30 {}", Clock(30, "")),
    Word.PM: ("8 {}", Clock(1200, "")),
    Word.MORNING: ("12:30 in the {}", Clock(30, "")),
    Word.AFTERNOON: ("1 in the {}", Clock(780, "")),
    Word.EVENING: ("8 in the {}", Clock(1200, "")),
    Word.NIGHT: ("11 at {}", Clock(1380, "")),
    Word.NOON: ("{}", Clock(720, "")),
    Word.MIDNIGHT: ("{}", Clock(0, "")),
    Word.HALF: ("{} eight", Clock(510, "")),
    Word.QUARTER: ("{} past eight", Clock(495, "")),
    Word.PAST: ("ten {} eight", Clock(490, "")),
    Word.TO: ("ten {} eight", Clock(470, "")),
    Word.OCLOCK: ("8 {}", Clock(480, "")),
    Word.HOURS: ("20 {}", Clock(1200, "")),
    Word.MINUTES: ("23 {} past 8", Clock(503, "")),
    Word.FILLER: ("{} 8", Clock(480, "")),
    Word.ON: ("{} 8", Clock(480, "")),
    Word.ONE: ("pause {} week", Wanted(pause=7)),
    Word.UNTIL: ("mon {} wed", frozenset({0, 1, 2})),
    Word.FROM: ("{} mon to wed", frozenset({0, 1, 2})),
    Word.AND: ("mon {} wed", frozenset({0, 2})),
    Word.EVERY: ("{} monday", frozenset({0})),
    Word.EXCEPT: ("weekdays {} fri", frozenset({0, 1, 2, 3})),
    Word.NONE: ("{}", frozenset()),
    Word.QUIET: ("{} 22-7", Wanted(quiet=(1320, 420))),
    Word.PAUSE: ("{}", Wanted(pause=0)),
    Word.STOP: ("{}", Wanted(stop=True)),
    Word.OFF: ("{}", Wanted(stop=True)),
    Word.RESUME: ("{}", Wanted(resume=True)),
    Word.OPEN: ("{}", Wanted(weeks=0)),
}
"""What a word does somewhere."""


def test_every_word_of_the_file_is_read() -> None:
    assert set(SHOWN) == set(Word)
    for word, phrases in WORDS.words.items():
        text, expected = SHOWN[word]
        for phrase in phrases:
            typed = text.format(phrase)
            match expected:
                case Clock():
                    clock = TIMES.time_of(typed)
                    assert clock is not None, typed
                    assert clock.minute == expected.minute, typed
                case frozenset():
                    assert TIMES.days_of(typed) == expected, typed
                case _:
                    assert TIMES.line_of(typed) == expected, typed
    for days, phrases in WORDS.days.items():
        assert {TIMES.days_of(phrase) for phrase in phrases} == {frozenset(map(int, days))}
    for period, phrases in WORDS.periods.items():
        assert {TIMES.line_of(f"pause 3 {phrase}").pause for phrase in phrases} == {3 * period}
    for number, phrases in WORDS.numbers.items():
        assert {TIMES.line_of(f"pause {phrase} days").pause for phrase in phrases} == {number}


BROKEN = "words: {}\nnumbers: {60: [sixty]}\ndays: {'7': [someday]}\nperiods: {0: [never]}\n"


def test_file_with_problems_tells_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "times.yaml").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        read(tmp_path / "times.yaml", TimeWords)
    problems = "\n".join(raised.value.problems)
    assert all(f"words: there is no “{word}”: add what people type" in problems for word in Word)
    assert "numbers: are 0 to 59" in problems
    assert "days: are named by the numbers 0 (Monday) to 6" in problems
    assert f"periods: have 1 to {LONGEST} days" in problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("half: [half]", "half: [half, Quarter]", "words.quarter: “quarter” stands under words.half already: keep one"),
        ("half: [half]", "half: [half, '']", "words.half: “” has no words: take it out"),
        ("  half: [half]", "  third: [half]", "there is no “third”"),
        ("7: [week,", "7: [day,", "periods: “day” stands under periods.1 already: keep one"),
        ("half: [half]", "half: [half, don’t disturb]", "“don't disturb” stands under words.half already"),
        ('  "6": [', '  "06": [', "days: each of 0 (Monday) to 6 needs words of its own"),
    ],
)
def test_file_with_a_word_that_means_two_things_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = (FOLDER / "en" / "times.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "times.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContentError, match=re.escape(problem)):
        read(tmp_path / "times.yaml", TimeWords)
