"""What an operator is told of what is due, and of what would be sent on a day. Each as a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from bot.core.kept import FollowUp, Nudging, Plan, Purpose, Rest, Schedule
from bot.core.nudging import due_again, message_for, sent
from bot.core.state import Change
from bot.store.dues import Coming
from bot.store.keyring import parse_keyring
from bot.store.ring import Ring
from bot.store.store import Store
from tests.person import PROMPTS
from tests.test_cli import SECRET, bot

KEY: Final = "61" * 32
RING: Final = Ring(lambda: parse_keyring(KEY))
CONTENT: Final = PROMPTS.content
HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
PERSON: Final = 7_071_067_811


def now() -> int:
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - the process that is asked has this clock too


def midnight(days: int) -> int:
    """The beginning of a day after today, UTC."""
    return now() // DAY * DAY + days * DAY


def day(days: int) -> date:
    return datetime.fromtimestamp(midnight(days), UTC).date()


def kept(folder: Path, keep: Callable[[Store], Coroutine[Any, Any, object]]) -> None:
    """Have something in the store of a folder."""

    async def opened() -> None:
        async with Store.open(folder / "data", RING, versions=CONTENT.versions) as store:
            await keep(store)

    asyncio.run(opened())


def nudged(minute: int = 510, *, seed: int = 1, awaiting: bool = False, ignored: int = 0) -> Nudging:
    """Someone with a nudge each day at a minute of the day in UTC, from tomorrow on."""
    schedule = Schedule(minute, frozenset(range(7)), "Etc/UTC", 0, 0)
    some = Nudging(schedule, seed=seed, awaiting=awaiting, ignored=ignored, rest=Rest.NONE)
    return due_again(some, midnight(1) - 1, CONTENT.zones)


async def agree(store: Store, person: int, nudging: Nudging) -> None:
    await store.grant(person, Purpose.NUDGES, at=now())
    assert await store.revise_nudging(person, lambda _: nudging)


async def due(store: Store) -> list[Coming]:
    return [one async for one in store.coming(page=2)]


def asked(folder: Path, *arguments: str) -> str:
    status, out, err = bot(folder, "nudges", *arguments, BOT_DATA_KEY=KEY)
    assert (status, err) == (0, "")
    assert str(PERSON) not in out
    return out


def test_what_is_due_is_counted_by_kind(tmp_path: Path) -> None:
    async def keep(store: Store) -> None:
        times = (now() + 600, now() + 5 * HOUR, now() - 60, 0)
        for person, at in enumerate(times, start=PERSON):
            await agree(store, person, replace(nudged(), due_at=at))
        await store.grant(PERSON, Purpose.PLANS, at=now())
        await store.save_plan(PERSON, Plan(1, now(), "if i pass the ward, then i breathe"), remind_at=now() + 600)
        await store.claim(now())

    kept(tmp_path, keep)
    lines = [" ".join(line.split()) for line in asked(tmp_path).splitlines()]
    assert lines == [
        "due in the next hour in the next day overdue being sent",
        "nudges 1 2 0 1",
        "follow-ups of walks 0 0 0 0",
        "reminders of plans 1 1 0 0",
        "People who agreed to nudges: 4.",
        "Of these, with none due within 8 days (paused, stopped, or not set up): 1.",
    ]


def test_dry_run_prints_what_would_be_sent_on_a_day_and_changes_nothing(tmp_path: Path) -> None:
    many = {PERSON: nudged(), PERSON + 1: nudged(520), PERSON + 2: nudged(1000, awaiting=True, ignored=1)}
    follow_up = FollowUp(9, midnight(0), was_there=False, upset_before=8, upset_after=4, change=Change.MORE)
    before: list[Coming] = []

    async def keep(store: Store) -> None:
        for person, nudging in many.items():
            await agree(store, person, nudging)
        await agree(store, PERSON + 3, nudged())
        await store.grant(PERSON + 3, Purpose.ALONE, at=now())
        await store.grant(PERSON, Purpose.FOLLOW_UPS, at=now())
        await store.save_follow_up(PERSON, replace(follow_up, due_at=midnight(1) + 3 * HOUR))
        await store.grant(PERSON + 1, Purpose.PLANS, at=now())
        await store.save_plan(PERSON + 1, Plan(1, now(), "if so, then so"), remind_at=midnight(1) + 4 * HOUR)
        before.extend(await due(store))

    async def look(store: Store) -> None:
        assert sorted(map(repr, await due(store))) == sorted(map(repr, before))

    def named(nudging: Nudging) -> str:
        practice = message_for(nudging, CONTENT).practice
        assert practice is not None
        return f"practice {practice.name}: {' '.join(practice.words.split()[:6])} …"

    def after(nudging: Nudging) -> Nudging:
        message = message_for(nudging, CONTENT)
        return replace(sent(nudging, message, at=nudging.due_at, content=CONTENT), awaiting=False)

    kept(tmp_path, keep)
    lines = [" ".join(line.split()) for line in asked(tmp_path, "--on", str(day(1))).splitlines()]
    assert lines[3:] == [
        "03:00 1 follow-ups of walks",
        "04:00 1 reminders of plans",
        f"08:00 2 {named(nudged())}",
        "16:00 1 question whether to go on",
        (
            "In all: practice 2; question whether to go on 1; end, after silence 0; end of a course 0;"
            " follow-ups of walks 1; reminders of plans 1."
        ),
    ]
    lines = [" ".join(line.split()) for line in asked(tmp_path, "--on", str(day(2))).splitlines()]
    assert lines[3:-1] == [
        f"08:00 2 {named(after(nudged()))}",
        f"16:00 1 {named(replace(nudged(), due_at=0))}",
    ]
    kept(tmp_path, look)


@pytest.mark.parametrize("given", ["2026-25-11", SECRET, "2020-01-01", str(date.today() + timedelta(200))])  # noqa: DTZ011
def test_date_that_is_none_or_not_to_come_is_told_with_an_example(tmp_path: Path, given: str) -> None:
    status, out, err = bot(tmp_path, "nudges", "--on", given, BOT_DATA_KEY=KEY)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert given not in err
    assert str(day(0)) in err


def test_without_a_database_nothing_is_made(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "nudges", BOT_DATA_KEY=KEY)
    assert (status, out) == (2, "")
    assert err == "There is no database in the data folder: nothing was kept yet, or BOT_DATA names another.\n"
    assert list(tmp_path.iterdir()) == []
