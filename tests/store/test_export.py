"""A copy of all that is kept, held against every row and cell of the database."""

import json
import sqlite3
from calendar import day_name
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.core.export import export
from bot.core.kept import Course, FollowUp, Nudging, Outcome, Plan, Point, Purpose, Rest, Schedule
from bot.core.state import Change, Condition, Source
from bot.store.opening import FILE
from bot.store.rows import consent_place, follow_up_place, nudging_place, outcome_place, plan_place, setting_place
from bot.store.store import Store
from tests.person import RING

ANN, BEN = 7_071_067_811, 5_772_156_649
DAY = 24 * 60 * 60
AT = 1_790_000_000
TODAY = date(2026, 9, 21).toordinal()
GROUPS = (-1_001_234_567_890, -1_009_876_543_210)
FILLED = {"consent", "setting", "outcome", "plan", "nudging", "follow_up", "person_due"}
"""The tables of people. A table that is added has to be filled here, and exported."""


async def keep_all(store: Store, person: int) -> None:
    """Keep one or more of everything that can be kept of a person."""
    for purpose in set(Purpose) - {Purpose.GROUP, Purpose.APART, Purpose.ALONE}:
        await store.grant(person, purpose, at=AT)
    for group in GROUPS:
        await store.grant(person, Purpose.GROUP, at=AT + 60, group=group)
    assert await store.offered(person, GROUPS[0], at=AT + 12_345, pause=0)
    await store.grant(person, Purpose.APART, at=AT, group=GROUPS[1])
    await store.grant(person, Purpose.ALONE, at=AT)
    await store.save_country(person, "KE")
    await store.save_days(person, 30)
    for number, source in enumerate(Source, start=1):
        outcome = Outcome(number, AT + number * DAY, source, Condition.GUILT, 8, 3, Change.MORE, finished=True)
        await store.save_outcome(person, outcome)
    for number in (7, 8):
        await store.save_plan(person, Plan(number, AT, f"if {number}, then rest"), remind_at=AT + number * DAY)
    schedule = Schedule(7 * 60 + 5, frozenset({1, 6}), "Europe/Lisbon", 22 * 60, 6 * 60)
    nudging = Nudging(schedule, Course.OPEN, 77, 3, 2, frozenset({"1a"}), TODAY + 5, rest=Rest.NONE, due_at=AT + 9)
    await store.revise_nudging(person, lambda _: replace(nudging, ignored=4, paused_until=AT + 8, did=11, not_today=12))
    for walk in (1, 9):  # one that is kept, and one that is not
        points = (Point(1, 6, Change.MORE), Point(3))
        one = FollowUp(walk, AT + walk * DAY, False, 8, 3, Change.MORE, points, 1, AT + 5 * DAY, AT + 6 * DAY)  # noqa: FBT003
        await store.save_follow_up(person, one)
    await store.told(person, AT // DAY + 1)


def opened(row: sqlite3.Row) -> Iterator[object]:
    """What a row says, in the clear and sealed, but for keyed hashes and names of purposes."""
    table, person = row["of"], row["person"]
    places = {
        "given": lambda: consent_place(person, row["purpose"], row["scope"], "given"),
        "id": lambda: consent_place(person, row["purpose"], row["scope"], "id"),
        "settings": lambda: (
            nudging_place(person) if table == "nudging" else setting_place(person, row["purpose"], row["scope"])
        ),
        "answers": lambda: (follow_up_place if table == "follow_up" else outcome_place)(person, row["walk"]),
        "line": lambda: plan_place(person, row["number"]),
    }
    for column in set(row.keys()) - {"of", "person", "purpose", "scope", "walk", "number", "item"}:
        value = row[column]
        if column in places:
            said = json.loads(RING.sealer.open(value, places[column]()))
            yield from named(said) if table == "nudging" else values(said) if isinstance(said, dict) else [int(said)]
        elif column in {"day", "told", "until"}:
            yield (date(1970, 1, 1) + timedelta(value)).isoformat()
        else:
            assert (table, column) in {("person_due", "at"), ("person_due", "claimed")}
            yield value or None  # nothing is under way


def named(nudging: dict[str, Any]) -> Iterator[object]:
    """What is kept of nudges, with times, days and weekdays as people write them."""
    schedule = nudging.pop("schedule")
    for minute in ("minute", "quiet_from", "quiet_until"):
        yield f"{schedule[minute] // 60:02}:{schedule[minute] % 60:02}"
    yield from (day_name[day] for day in schedule["days"])
    yield schedule["zone"]
    yield date.fromordinal(nudging.pop("told_on")).isoformat()
    yield None if nudging.pop("rest") == Rest.NONE else AssertionError
    yield from values(nudging)


def in_words(value: object) -> set[object]:
    """How a value may stand in the copy."""
    words: set[object] = {value}
    if isinstance(value, int) and value > AT // 2:
        words.add(datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if isinstance(value, str):
        words.add(value.replace("_", " "))
    return words


def values(copy: Any) -> Iterator[object]:  # noqa: ANN401 - JSON is any
    if isinstance(copy, dict | list):
        for one in copy.values() if isinstance(copy, dict) else copy:
            yield from values(one)
    else:
        yield copy


async def test_copy_has_every_row_and_what_every_cell_says(tmp_path: Path) -> None:
    async with Store.open(tmp_path, RING) as store:
        await keep_all(store, ANN)
        await store.grant(BEN, Purpose.COUNTRY, at=5)
        await store.save_country(BEN, "MT")
        copy = json.loads(export(await store.kept(ANN), AT)[0].content)
        with closing(sqlite3.connect(tmp_path / FILE)) as database:
            database.row_factory = sqlite3.Row
            (anns,) = {row["person"] for row in database.execute("SELECT person FROM plan")}
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            tables = {
                name: database.execute(f"SELECT '{name}' AS of, * FROM {name} WHERE person = ?", (anns,)).fetchall()  # noqa: S608
                for name in names
                if name not in {"meta", "mark", "room", "group_due"}
            }
    assert set(tables) == FILLED
    counts = {name: len(rows) for name, rows in tables.items()}
    listed = {
        "consent": "consents",
        "outcome": "walks",
        "plan": "plans",
        "nudging": "nudges",
        "follow_up": "follow_ups",
        "person_due": "to_be_sent",
    }
    assert {name: counts[name] for name in listed} == {name: len(copy[section]) for name, section in listed.items()}
    assert counts["setting"] == 3
    yeses = [(one["purpose"], one["group"]) for one in copy["consents"] if one["group"]]
    assert sorted(yeses) == [
        *(("never write because of one group", group) for group in GROUPS[1:]),
        *(("noticing in one group", group) for group in sorted(GROUPS)),
    ]
    told = set(values(copy))
    unnamed = {Source.NONE, int(Condition.GUILT), int(Change.MORE)}  # which stand in words of their own
    missing = [
        (row["of"], value)
        for rows in tables.values()
        for row in rows
        for value in opened(row)
        if value not in unnamed and told.isdisjoint(in_words(value))
    ]
    assert missing == []
    assert {one["conditions"][0] for one in copy["walks"]} == {"guilt"}
    assert {one["care"] for one in copy["walks"]} == {"more"}
    assert "MT" not in told
