import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

import bot.store.backup
from bot.core.kept import Kept, Purpose
from bot.store import InUseError, NewerDatabaseError, StoreError, WrongKeyError, migrations
from bot.store.backup import BACKED_UP, Again, Restored, restore
from bot.store.ledger import KEPT_FOR, Ledger
from bot.store.migrations import STEPS
from bot.store.opening import FILE, LOCK, RESTORING
from bot.store.rows import outcome_place
from bot.store.store import Store
from tests.store.household import (
    AT,
    DAY,
    GROUPS,
    PEOPLE,
    ROOMS,
    House,
    content,
    everything,
    held,
    opened,
    planned,
    walked,
)
from tests.store.test_database import no_file_over

TAKEN = AT + 100
LATER = TAKEN + 100
NOTHING = Again(0, 0, 0, 0, 0)
EVERYONE = PEOPLE[0]
"""Someone with something of every purpose but the country."""
WALKER = PEOPLE[-1]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.at(tmp_path)


@pytest.fixture
async def serving(house: House) -> AsyncIterator[Store]:
    async with house.serve_filled() as store:
        yield store


@pytest.fixture
async def kept(house: House) -> House:
    """A house with a backup of what was not changed since."""
    async with house.serve_filled():
        house.back_up(TAKEN)
    return house


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- Where there is no room -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize("room", [0, 20_000])
def test_backup_that_finds_no_room_is_told_and_leaves_nothing(house: House, room: int) -> None:
    before = sorted(house.backup.parent.iterdir())
    with no_file_over(room), pytest.raises(StoreError, match=r"^There is no room for the backup there: make some, "):
        house.back_up(TAKEN)
    assert sorted(house.backup.parent.iterdir()) == before
    house.back_up(TAKEN)


# --- Making one -----------------------------------------------------------------------------------------------------


async def test_backup_beside_a_bot_that_serves_holds_what_was_there_then(house: House, serving: Store) -> None:
    before = await held(serving)
    house.back_up(TAKEN)
    await serving.save_outcome(WALKER, walked(99))
    other = house.root / "other"
    assert restore(other, house.ring, house.ledger, house.backup, LATER) == Restored(TAKEN, len(PEOPLE), NOTHING)
    async with Store.open(other, house.ring, at=LATER) as restored:
        assert await held(restored) == before


@pytest.mark.usefixtures("serving")
def test_backup_is_one_file_of_the_owners_alone_and_sealed(house: House) -> None:
    before = house.files()
    backup = house.back_up(TAKEN)
    assert house.files() - before == {backup.name}
    assert mode(backup) == 0o600
    clear = {b"after lunch", *(str(number).encode() for number in (*PEOPLE, *ROOMS, *GROUPS, AT, TAKEN))}
    assert {word for word in clear if word in backup.read_bytes()} == set()


def test_backup_replaces_no_file(kept: House) -> None:
    before = kept.backup.read_bytes()
    with pytest.raises(StoreError, match="replaces none"):
        kept.back_up(TAKEN)
    assert kept.backup.read_bytes() == before


@pytest.mark.usefixtures("serving")
def test_backup_that_fails_leaves_no_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError

    before = house.files()
    monkeypatch.setattr(bot.store.backup, "sync", fail)
    with pytest.raises(StoreError):
        house.back_up(TAKEN)
    assert house.files() == before


def test_backup_of_nothing_is_told(house: House) -> None:
    with pytest.raises(StoreError, match="no database"):
        house.back_up(TAKEN)
    assert house.files() == {"key"}


def test_backup_into_a_place_that_is_none_is_told(kept: House) -> None:
    with pytest.raises(StoreError, match="cannot be written there"):
        bot.store.backup.back_up(kept.data, kept.ring, kept.backup / "beneath", TAKEN)


# --- What was forgotten since ---------------------------------------------------------------------------------------

Change = Callable[[Store, int], Awaitable[object]]

CHANGES: dict[str, tuple[Change, Again]] = {
    "nothing": (lambda store, _: store.kept(EVERYONE), NOTHING),
    "a person": (lambda store, at: store.forget(EVERYONE, at=at), Again(1, 0, 0, 0, 0)),
    "a purpose": (lambda store, at: store.withdraw(WALKER, Purpose.REMEMBER, at=at), Again(0, 1, 0, 0, 0)),
    "one group": (
        lambda store, at: store.withdraw(EVERYONE, Purpose.GROUP, at=at, group=GROUPS[0]),
        Again(0, 1, 0, 0, 0),
    ),
    "every group": (lambda store, at: store.withdraw(EVERYONE, Purpose.GROUP, at=at), Again(0, 2, 0, 0, 0)),
    "every wish about a group": (
        lambda store, at: store.withdraw(EVERYONE, Purpose.APART, at=at),
        Again(0, 1, 0, 0, 0),
    ),
    "a walk": (lambda store, at: store.erase_outcome(WALKER, 3, at=at), Again(0, 0, 1, 0, 0)),
    "a plan": (lambda store, at: store.finish_plan(EVERYONE, 1, at=at), Again(0, 0, 0, 1, 0)),
    "a room": (lambda store, at: store.forget_room(ROOMS[0], at=at), Again(0, 0, 0, 0, 1)),
    "a room of members": (lambda store, at: store.forget_room(GROUPS[0], at=at), Again(0, 3, 0, 0, 1)),
    "a group without a room": (lambda store, at: store.forget_room(GROUPS[1], at=at), Again(0, 6, 0, 0, 0)),
}


@pytest.mark.parametrize("at", [LATER, TAKEN])
@pytest.mark.parametrize(("change", "again"), CHANGES.values(), ids=CHANGES)
async def test_what_went_after_the_backup_goes_again_and_nothing_else(
    kept: House, change: Change, again: Again, at: int
) -> None:
    async with kept.serve(at) as store:
        await change(store, at)
        expected = await held(store)
    assert kept.restore(LATER) == Restored(TAKEN, len(PEOPLE) - again.people, again)
    assert await kept.held() == expected


async def test_bytes_of_whoever_is_forgotten_again_are_gone(kept: House) -> None:
    async with kept.serve() as store:
        for person in PEOPLE:
            await store.forget(person, at=LATER)
        for chat in ROOMS:
            await store.forget_room(chat, at=LATER)
    with closing(sqlite3.connect(kept.backup)) as database:
        cells = {cell for row in database.execute("SELECT person, given, id FROM consent") for cell in row}
        cells |= {cell for row in database.execute("SELECT walk, answers FROM outcome") for cell in row}
        cells |= {cell for row in database.execute("SELECT chat, settings FROM room") for cell in row}
    assert len(cells) > len(PEOPLE)
    restored = kept.restore(LATER)
    assert (restored.people, restored.again.people, restored.again.rooms) == (0, len(PEOPLE), len(ROOMS))
    assert {cell for cell in cells if cell in kept.database()} == set()


async def test_what_was_given_anew_before_the_backup_stays(house: House) -> None:
    async with house.serve_filled() as store:
        await store.forget(WALKER, at=AT + 10)
        await store.withdraw(EVERYONE, Purpose.PLANS, at=AT + 10)
        await store.erase_outcome(PEOPLE[5], 3, at=AT + 10)
        await store.finish_plan(PEOPLE[3], 1, at=AT + 10)  # and there is a walk of that number, which stays
        await store.forget_room(ROOMS[0], at=AT + 10)
        await store.grant(WALKER, Purpose.REMEMBER, at=AT + 11)
        await store.save_outcome(WALKER, walked(7, AT + 12))
        await store.grant(EVERYONE, Purpose.PLANS, at=AT + 11)
        await store.save_plan(EVERYONE, planned(8, AT + 12), remind_at=AT + DAY)
        await store.save_outcome(PEOPLE[5], walked(3, AT + 11))
        await store.save_plan(PEOPLE[3], planned(1, AT + 11), remind_at=AT + DAY)
        await store.revise_room(ROOMS[0], opened(ROOMS[0]))
        expected = await held(store)
    house.back_up(TAKEN)
    assert house.restore(LATER).again == NOTHING
    assert await house.held() == expected


async def test_what_was_made_while_the_clock_was_ahead_goes_again_too(house: House) -> None:
    ahead = LATER + DAY
    async with house.serve() as store:
        for person in PEOPLE[:2]:
            await store.grant(person, Purpose.REMEMBER, at=ahead)
        await store.save_outcome(PEOPLE[1], walked(3, ahead))
        house.back_up(TAKEN)
        await store.forget(PEOPLE[0], at=LATER)
        await store.erase_outcome(PEOPLE[1], 3, at=LATER)
    assert house.restore(LATER).again == Again(1, 0, 1, 0, 0)


async def test_yes_that_does_not_open_goes_with_its_person(kept: House) -> None:
    run_sql("UPDATE consent SET given = (SELECT max(given) FROM consent)")(kept.backup)
    async with kept.serve() as store:
        await store.forget(EVERYONE, at=LATER)
    assert kept.restore(LATER).again.people == 1


@pytest.mark.parametrize("rotated_first", [True, False])
async def test_person_forgotten_around_a_rotation_is_forgotten_again(
    kept: House,
    rotated_first: bool,  # noqa: FBT001 - as pytest hands it over
) -> None:
    if rotated_first:
        kept.rotate("ba")
    async with kept.serve() as store:
        await store.forget(EVERYONE, at=LATER)
    if not rotated_first:
        kept.rotate("ba")
    assert kept.restore(LATER).again == Again(1, 0, 0, 0, 0)


# --- What is refused ------------------------------------------------------------------------------------------------


def cut(backup: Path) -> None:
    os.truncate(backup, backup.stat().st_size // 2)


def scribble(backup: Path) -> None:
    with backup.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)


def write_a_diary(backup: Path) -> None:
    backup.write_text("Dear diary, today I saw\n" * 900)


def run_sql(*statements: str) -> Callable[[Path], None]:
    def change(backup: Path) -> None:
        with closing(sqlite3.connect(backup, isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)

    return change


DAMAGES: dict[str, tuple[Callable[[Path], None], type[StoreError], str]] = {
    "cut off": (cut, StoreError, "damaged"),
    "overwritten": (scribble, StoreError, "damaged"),
    "no database": (write_a_diary, StoreError, "damaged"),
    "no file": (Path.unlink, StoreError, "no file of that name"),
    "empty": (lambda backup: os.truncate(backup, 0), StoreError, "no backup"),
    "another program's": (run_sql("PRAGMA application_id = 7"), StoreError, "no backup"),
    "newer": (run_sql("PRAGMA user_version = 99"), NewerDatabaseError, "newer version"),
    "no backup but a copy": (run_sql("DELETE FROM meta WHERE name = 'backup'"), StoreError, "no backup"),
    "children without consent": (
        run_sql("PRAGMA foreign_keys = OFF", "DELETE FROM consent WHERE purpose = 'remember'"),
        StoreError,
        "damaged",
    ),
    "cells of an unknown key": (
        run_sql("UPDATE consent SET given = CAST(x'0201020304' || substr(given, 6) AS BLOB)"),
        WrongKeyError,
        "not there",
    ),
}


@pytest.mark.parametrize(("damage", "error", "words"), DAMAGES.values(), ids=DAMAGES)
def test_unfit_backup_is_refused_and_nothing_changes(
    kept: House, damage: Callable[[Path], None], error: type[StoreError], words: str
) -> None:
    damage(kept.backup)
    before = everything(kept.data)
    with pytest.raises(error, match=words) as caught:
        kept.restore(LATER)
    assert "\n" not in str(caught.value)
    assert everything(kept.data) == before


def test_backup_of_another_key_is_refused_and_nothing_changes(kept: House) -> None:
    kept.rotate("ba")
    kept.give_keys("b")
    before = everything(kept.data)
    with pytest.raises(WrongKeyError, match="not there"):
        kept.restore(LATER)
    assert everything(kept.data) == before


def test_backup_is_restored_until_it_is_thirty_days_old(kept: House) -> None:
    before = everything(kept.data)
    with pytest.raises(StoreError, match="older than 30 days"):
        kept.restore(TAKEN + KEPT_FOR + 1)
    assert everything(kept.data) == before
    assert kept.restore(TAKEN + KEPT_FOR).people == len(PEOPLE)


async def test_restore_is_refused_while_a_bot_serves(house: House, serving: Store) -> None:
    before = await held(serving)
    house.back_up(TAKEN)
    with pytest.raises(InUseError):
        house.restore(LATER)
    assert await held(serving) == before


def test_ledger_that_cannot_be_read_stops_it(kept: House) -> None:
    write_a_diary(kept.root / "diary")
    before = everything(kept.data)
    with pytest.raises(StoreError):
        restore(kept.data, kept.ring, Ledger(kept.root / "diary", kept.ring), kept.backup, LATER)
    assert everything(kept.data) == before


# --- In its place ---------------------------------------------------------------------------------------------------


async def test_what_was_there_before_is_gone(kept: House) -> None:
    before = await kept.held()
    async with Store.open(kept.data, kept.ring) as store:
        await store.forget(WALKER, at=AT)  # which no ledger knows
        await store.grant(1234, Purpose.REMEMBER, at=AT)
    kept.restore(LATER)
    assert set(everything(kept.data)) == {BACKED_UP, FILE, LOCK}
    assert mode(kept.data / FILE) == 0o600
    assert await kept.held() == before
    async with kept.serve() as store:
        assert await store.kept(1234) == Kept()


async def test_log_of_the_database_before_does_not_get_into_the_restored_one(kept: House) -> None:
    """As after a kill: the newest rows are in the log."""
    killed = kept.root / "killed"
    async with kept.serve() as store:
        await store.grant(1234, Purpose.REMEMBER, at=AT)
        shutil.copytree(kept.data, killed)
    assert everything(killed)[f"{FILE}-wal"]
    restore(killed, kept.ring, kept.ledger, kept.backup, LATER)
    async with Store.open(killed, kept.ring, at=AT) as store:
        assert await store.kept(1234) == Kept()
        assert len((await store.kept(WALKER)).outcomes) == len(PEOPLE) - 1


async def test_log_that_another_program_still_reads_does_not_get_in_either(kept: House) -> None:
    before = await kept.held()
    with closing(sqlite3.connect(kept.data / FILE, isolation_level=None)) as reader:
        reader.execute("UPDATE consent SET told = 7")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM consent").fetchall()
        assert everything(kept.data)[f"{FILE}-wal"]
        kept.restore(LATER)
    assert await kept.held() == before
    with closing(sqlite3.connect(kept.data / FILE)) as database:
        assert database.execute("SELECT DISTINCT told FROM consent").fetchall() == [(0,)]
        assert database.execute("SELECT name FROM meta").fetchall() == [("key",)]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_damaged_database_is_replaced(kept: House) -> None:
    before = await kept.held()
    for name in (FILE, f"{FILE}-wal"):
        write_a_diary(kept.data / name)
    assert kept.restore(LATER).people == len(PEOPLE)
    assert await kept.held() == before


async def test_what_a_killed_restoring_left_goes_at_the_next_start(kept: House) -> None:
    left = kept.data / RESTORING
    shutil.copytree(kept.data, left)
    assert await kept.held()
    assert set(everything(kept.data)) == {BACKED_UP, FILE, LOCK}


@pytest.mark.parametrize("version", range(1, len(STEPS)))
async def test_backup_of_an_older_version_comes_up_to_date(
    house: House, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    row, walk = b"r" * 16, b"w" * 16
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", STEPS[:version])
        async with house.serve():
            pass
    with closing(sqlite3.connect(house.data / FILE, isolation_level=None)) as database:
        answers = house.ring.sealer.seal(b'{"ended_at": %d}' % AT, outcome_place(row, walk))
        database.execute(
            "INSERT INTO consent (person, purpose, scope, given) VALUES (?, 'remember', '', x'01')", (row,)
        )
        sql = "INSERT INTO outcome (person, purpose, scope, walk, answers) VALUES (?, 'remember', '', ?, ?)"
        database.execute(sql, (row, walk, answers))
        if version >= 3:
            database.execute("UPDATE outcome SET until = ?", (AT // DAY + 90,))
    house.back_up(TAKEN)
    assert house.restore(LATER) == Restored(TAKEN, 1, NOTHING)
    with closing(sqlite3.connect(house.data / FILE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        assert database.execute("SELECT until FROM outcome").fetchall() == [(AT // DAY + 90,)]
    assert row in content(house.data)
