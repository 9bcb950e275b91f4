import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

import bot.store.rotate
from bot.core.kept import Kept, Purpose
from bot.store import SecretError, StoreError, WrongKeyError, migrations
from bot.store.database import connect
from bot.store.migrations import STEPS
from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.rooms import RoomDue
from bot.store.rotate import CELLS, Rotated, rotate, use_of_keys
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import is_in
from tests.store.household import (
    AT,
    DAY,
    GROUPS,
    PEOPLE,
    ROOMS,
    SECRETS,
    Held,
    content,
    fill,
    held,
    key_id,
    planned,
    ring_at,
    walked,
    write_keys,
)

ROOT = Path(__file__).parents[2]
TABLES = ("consent", "setting", "outcome", "plan", "nudging", "follow_up", "person_due", "mark", "room", "group_due")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    write_keys(path, "a")
    return path


@pytest.fixture
async def folder(tmp_path: Path, keys: Path) -> Path:
    async with Store.open(tmp_path / "data", ring_at(keys), at=AT) as store:
        await fill(store)
    return tmp_path / "data"


@pytest.fixture
async def before(folder: Path, keys: Path) -> Held:
    return await now_held(folder, keys)


async def now_held(folder: Path, keys: Path) -> Held:
    async with Store.open(folder, ring_at(keys), at=AT) as store:
        return await held(store)


def no_pause() -> None:
    pass


def rotate_at_once(folder: Path, keys: Path) -> Rotated:
    return rotate(folder, ring_at(keys), pause=no_pause)


def blobs(folder: Path) -> set[bytes]:
    """Every row key, key of a thing and sealed cell."""
    with closing(sqlite3.connect(folder / FILE)) as database:
        rows = [row for table in ("meta", *TABLES) for row in database.execute(f"SELECT * FROM {table}")]  # noqa: S608
    values = (value for row in rows for value in row)
    return {value if isinstance(value, bytes) else value.encode() for value in values if not isinstance(value, int)}


def counts(folder: Path) -> list[int]:
    with closing(sqlite3.connect(folder / FILE)) as database:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]  # noqa: S608


# --- What comes of it -----------------------------------------------------------------------------------------------


async def test_all_is_as_before_and_opens_with_the_new_key_alone(folder: Path, keys: Path, before: Held) -> None:
    numbers = counts(folder)
    write_keys(keys, "ba")
    rotated = rotate_at_once(folder, keys)
    assert rotated == Rotated(begun=True, anew=len(PEOPLE) + len(ROOMS), shut=0)
    assert set(use_of_keys(folder)) == {key_id("b")}
    write_keys(keys, "b")
    assert await now_held(folder, keys) == before
    assert counts(folder) == numbers


async def test_nothing_of_the_old_key_is_left_in_the_bytes(folder: Path, keys: Path) -> None:
    old = {blob for blob in blobs(folder) if len(blob) >= 16}
    assert {blob for blob in old if is_in(blob, content(folder))} == old
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    assert {blob for blob in old if is_in(blob, content(folder))} == set()
    assert b"\x02" + key_id("a") not in content(folder)
    assert b"\x02" + key_id("b") in content(folder)


async def test_what_is_written_afterwards_belongs_to_what_was_there(folder: Path, keys: Path) -> None:
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    write_keys(keys, "b")
    walker, planner = PEOPLE[-1], PEOPLE[0]
    async with Store.open(folder, ring_at(keys), at=AT) as store:
        assert await store.save_outcome(walker, replace(walked(3), upset_after=1))
        assert len((await store.kept(walker)).outcomes) == PEOPLE.index(walker)
        assert await store.erase_outcome(walker, 3, at=AT)
        assert await store.finish_plan(planner, 1, at=AT)
        claims = await store.claim(AT + DAY)
        assert [one.plan for one in claims if one.person == planner and one.plan] == [planned(2)]
        await store.withdraw(planner, Purpose.GROUP, at=AT, group=GROUPS[0])
        groups = [consent.group for consent in (await store.kept(planner)).consents if consent.group]
        assert groups == [GROUPS[1]] * 2
        assert await store.members(GROUPS[0]) == {PEOPLE[4], PEOPLE[8]}
        assert not await store.offered(PEOPLE[4], GROUPS[1], at=AT + 1, pause=60)
        room_claims = await store.claim_rooms(AT + DAY)
        assert {(one.chat, one.kind) for one in room_claims} == {(chat, kind) for chat in ROOMS for kind in RoomDue}
        for one in room_claims:
            await store.finish_room(one)
        assert await store.interrupted_rooms() == ()
        await store.forget_room(GROUPS[0], at=AT)
        assert await store.members(GROUPS[0]) == frozenset()
        await store.forget_room(ROOMS[0], at=AT)
        assert await store.room(ROOMS[0]) is None
        assert await store.forget(walker, at=AT)
        assert await store.kept(walker) == Kept()


async def test_second_run_finds_nothing_to_do(folder: Path, keys: Path) -> None:
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    after = blobs(folder)
    assert rotate_at_once(folder, keys) == Rotated(begun=False, anew=0, shut=0)
    assert blobs(folder) == after


async def test_person_whose_cells_are_newer_than_their_row_key_goes_over_too(folder: Path, keys: Path) -> None:
    person = PEOPLE[0]
    write_keys(keys, "ba")
    async with Store.open(folder, ring_at(keys), at=AT) as store:
        for purpose in (Purpose.REMEMBER, Purpose.PLANS):
            await store.grant(person, purpose, at=AT + 1)
        for group in GROUPS:
            await store.grant(person, Purpose.GROUP, at=AT + 1, group=group)
        for number in (1, 2):
            await store.save_plan(person, planned(number), remind_at=AT + DAY)
    rotate_at_once(folder, keys)
    old, new = (row_key(ring_of(SECRETS[name]).newest, person) for name in "ab")
    assert (old in content(folder), new in content(folder)) == (False, True)


async def test_person_whose_id_is_not_known_keeps_the_row_key_and_is_sealed_anew(
    folder: Path, keys: Path, before: Held
) -> None:
    person = PEOPLE[-1]
    row = row_key(ring_of(SECRETS["a"]).newest, person)
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as database:
        database.execute("UPDATE consent SET id = x'' WHERE person = ?", (row,))
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    assert set(use_of_keys(folder)) == {key_id("b"), b""}  # so that no key is dropped
    assert row in content(folder)
    assert b"\x02" + key_id("a") not in content(folder)
    assert await now_held(folder, keys) == before


async def test_what_does_not_open_stays_and_keeps_nobody_else(folder: Path, keys: Path) -> None:
    person = PEOPLE[-1]
    row = row_key(ring_of(SECRETS["a"]).newest, person)
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as database:
        swap = "UPDATE outcome SET answers = (SELECT max(answers) FROM outcome) WHERE person = ?"
        database.execute(swap, (row,))
        mine = "SELECT * FROM outcome WHERE person = ? ORDER BY walk"
        rows = database.execute(mine, (row,)).fetchall()
        write_keys(keys, "ba")
        assert rotate_at_once(folder, keys) == Rotated(begun=True, anew=len(PEOPLE) + len(ROOMS) - 1, shut=1)
        assert database.execute(mine, (row,)).fetchall() == rows
    assert set(use_of_keys(folder)) == {key_id("a"), key_id("b")}


async def test_progress_tells_how_many_are_done(folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.store.rotate, "MOST_ROWS", 10)
    write_keys(keys, "ba")
    told: list[tuple[int, int]] = []
    rotate(folder, ring_at(keys), pause=no_pause, progress=lambda done, total: told.append((done, total)))
    total = len(PEOPLE) + len(ROOMS)
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == (total, total)


# --- What is refused ------------------------------------------------------------------------------------------------


async def test_ring_without_the_key_is_refused_and_changes_nothing(folder: Path, keys: Path) -> None:
    bytes_before = content(folder)
    write_keys(keys, "bc")
    with pytest.raises(WrongKeyError):
        rotate_at_once(folder, keys)
    assert content(folder) == bytes_before


async def test_missing_database_is_told_and_not_made(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        rotate_at_once(tmp_path / "elsewhere", keys)
    assert not (tmp_path / "elsewhere").exists()
    assert use_of_keys(tmp_path / "elsewhere") == Counter()


async def test_older_database_is_told(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", STEPS[:2])
        async with Store.open(tmp_path / "data", ring_at(keys), at=AT):
            pass
    with pytest.raises(StoreError, match="older version"):
        rotate_at_once(tmp_path / "data", keys)


def test_every_sealed_column_is_known() -> None:
    """A new table is named here, and in what seals it anew."""
    keys_of_rows = {"person", "walk", "number", "item", "chat"}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        migrations.migrate(database, ring_of(b"k" * 32).sealer, 0)
        columns = database.execute(
            "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' AND columns.type = 'BLOB'"
        ).fetchall()
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert {pair for pair in columns if pair[1] not in keys_of_rows} == {*CELLS} - {("country", "code")}
    assert {name for (name,) in tables} == {"meta", *TABLES}


# --- Beside a bot that serves ---------------------------------------------------------------------------------------


@pytest.fixture
async def serving(folder: Path, keys: Path) -> AsyncIterator[Store]:
    async with Store.open(folder, ring_at(keys), at=AT) as store:
        yield store


async def test_bot_that_serves_reads_and_writes_all_the_time(
    folder: Path, keys: Path, before: Held, serving: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.store.rotate, "MOST_ROWS", 1)
    write_keys(keys, "ba")
    rotation = asyncio.create_task(asyncio.to_thread(rotate_at_once, folder, keys))  # noqa: TID251
    newcomers = count(9_000_000_000)
    last, guests = PEOPLE[-1], 0
    while not rotation.done():
        assert await held(serving) == before
        guest = next(newcomers)
        await serving.grant(guest, Purpose.REMEMBER, at=AT)
        assert await serving.save_outcome(guest, walked(5))
        assert (await serving.kept(guest)).outcomes == (walked(5),)
        assert await serving.save_outcome(last, walked(0))
        if guest % 2:
            assert await serving.forget(guest, at=AT) == 2
        guests += 1
    assert (await rotation).shut == 0
    assert await held(serving) == before
    assert [len((await serving.kept(9_000_000_000 + place)).outcomes) for place in range(guests)] == [
        (place + 1) % 2 for place in range(guests)
    ]
    assert set(use_of_keys(folder)) == {key_id("b")}


@pytest.mark.usefixtures("serving")
async def test_nothing_of_the_old_key_is_left_in_the_log_of_a_bot_that_serves(folder: Path, keys: Path) -> None:
    old = {blob for blob in blobs(folder) if len(blob) >= 16}
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    assert {blob for blob in old if blob in content(folder)} == set()


async def test_others_may_write_between_two_transactions(
    folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.store.rotate, "MOST_ROWS", 1)
    write_keys(keys, "ba")
    pauses = 0
    with closing(sqlite3.connect(folder / FILE, isolation_level=None, timeout=0)) as other:

        def write() -> None:
            nonlocal pauses
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE consent SET told = told + 1")
            other.execute("COMMIT")
            pauses += 1

        rotate(folder, ring_at(keys), pause=write)
        assert pauses == len(PEOPLE) + len(ROOMS)
        assert other.execute("SELECT DISTINCT told FROM consent").fetchall() == [(pauses,)]


async def test_bot_that_was_not_given_the_new_key_says_so_and_does_nothing(folder: Path) -> None:
    async with Store.open(folder, ring_of(SECRETS["a"]), at=AT) as store:
        await store.kept(PEOPLE[0])
        rotate(folder, ring_of(SECRETS["b"], SECRETS["a"]), pause=no_pause)
        for _ in range(2):
            with pytest.raises(WrongKeyError, match="start it again"):
                await store.kept(PEOPLE[0])
            with pytest.raises(WrongKeyError, match="start it again"):
                await store.save_outcome(PEOPLE[0], walked(1))
    assert set(use_of_keys(folder)) == {key_id("b")}


async def test_bot_whose_key_file_is_empty_says_so_and_goes_on_when_it_is_mended(
    folder: Path, keys: Path, before: Held, serving: Store
) -> None:
    await serving.kept(PEOPLE[0])
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    write_keys(keys, "")
    with pytest.raises(SecretError):
        await serving.kept(PEOPLE[0])
    write_keys(keys, "ba")
    assert await held(serving) == before


# --- Killed ---------------------------------------------------------------------------------------------------------

KILLS = 200


def rotate_until_killed(folder: Path, keys: Path, statement: int) -> None:
    """Rotate in a process that is killed before the statement of this number."""
    seen = count(1)

    def watched(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        connection.set_trace_callback(
            lambda _: os.kill(os.getpid(), signal.SIGKILL) if next(seen) >= statement else None
        )
        return connection

    bot.store.rotate.connect = watched  # type: ignore[attr-defined]
    rotate_at_once(folder, keys)


def be_killed_often(folder: str, keys: str) -> None:
    """Run in a process of its own, without threads: rotate in children that are killed, and print what each left.

    Whenever one has come to the end, the keys change places, so that there is something to do again.
    """
    before, order = counts(Path(folder)), "ba"
    for number in range(KILLS):
        child = os.fork()
        if not child:
            rotate_until_killed(Path(folder), Path(keys), 1 + (number * 37) % 331)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        print("killed" if killed else f"ended {status}", counts(Path(folder)) == before)  # noqa: T201
        if not killed:
            order = order[::-1]
            write_keys(Path(keys), order)


def rotations_that_are_killed(folder: Path, keys: Path) -> Counter[str]:
    program = f"from {__name__} import be_killed_often; be_killed_often({str(folder)!r}, {str(keys)!r})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return Counter(ran.stdout.splitlines())


async def test_rotation_that_is_killed_anywhere_loses_nothing_and_goes_on(
    folder: Path, keys: Path, before: Held
) -> None:
    old = {blob for blob in blobs(folder) if len(blob) >= 16}
    write_keys(keys, "ba")
    told = rotations_that_are_killed(folder, keys)
    assert set(told) == {"killed True", "ended 0 True"}
    assert told["killed True"] > KILLS / 2
    write_keys(keys, "ba")
    rotate_at_once(folder, keys)
    assert {blob for blob in old if is_in(blob, content(folder))} == set()
    with closing(sqlite3.connect(folder / FILE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    write_keys(keys, "b")
    assert await now_held(folder, keys) == before
