import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from random import Random  # noqa: TID251 - seeded

import pytest

import bot.store.database
from bot.store import PlaceError, StoreError
from bot.store.database import (
    MOST_TOGETHER,
    PAGE_BYTES,
    SETTINGS,
    TRIED_AFTER,
    ClosedDatabase,
    Database,
    connect,
    rebuild_in_small_pages,
)
from bot.store.migrations import migrate
from bot.store.opening import FILE, reading
from tests.person import RING, is_in

MANY = 64


class Opened:
    """A database with one table, and a look at what its writer does."""

    def __init__(self, database: Database, writing: sqlite3.Connection, file: Path) -> None:
        self.database = database
        self.file = file
        self.statements: list[str] = []
        writing.set_trace_callback(self.statements.append)

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")

    async def adds(self, number: int) -> int:
        return await self.database.write(lambda database: adding(database, number))

    def rows(self) -> list[int]:
        """What another connection sees, in the order in which it was written."""
        with closing(sqlite3.connect(self.file)) as other:
            return [number for (number,) in other.execute("SELECT number FROM row ORDER BY place")]


def adding(database: sqlite3.Connection, number: int) -> int:
    database.execute("INSERT INTO row (number) VALUES (?)", (number,))
    return number


@asynccontextmanager
async def opened_at(file: Path) -> AsyncIterator[Opened]:
    with closing(connect(file)) as writing:
        writing.execute("CREATE TABLE row (place INTEGER PRIMARY KEY, number INTEGER UNIQUE, filling BLOB) STRICT")
        async with Database.over(writing, file) as database:
            yield Opened(database, writing, file)
            writing.set_trace_callback(None)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened_at(tmp_path / "database") as database:
        yield database


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is waited for no longer than it takes to see it."""
    monkeypatch.setattr(bot.store.database, "SETTINGS", SETTINGS.replace("5000", "0"))


def full_disk(file: Path) -> AbstractContextManager[None]:
    """No byte more than its log has now."""
    return no_file_over(file.with_name(f"{file.name}-wal").stat().st_size)


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """The system writes no byte beyond so many of any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- Together -----------------------------------------------------------------------------------------------------


async def test_writers_that_wait_are_committed_together(opened: Opened) -> None:
    assert await asyncio.gather(*map(opened.adds, range(MANY))) == list(range(MANY))
    assert opened.commits == 1
    assert opened.rows() == list(range(MANY))


async def test_writers_that_come_again_and_again_are_committed_together_each_time(opened: Opened) -> None:
    async def caller(first: int) -> None:
        for number in range(first, first + 5):
            await opened.adds(number)

    await asyncio.gather(*(caller(5 * number) for number in range(MANY)))
    assert opened.commits == 5
    assert len(opened.rows()) == 5 * MANY


async def test_writers_who_come_while_others_are_committed_share_the_next_commit(opened: Opened) -> None:
    come = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(database: sqlite3.Connection) -> None:
        asyncio.run_coroutine_threadsafe(all_have_come(), loop).result()
        adding(database, -1)

    async def all_have_come() -> None:
        await come.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(opened.database.write(slow))
        for number in range(MANY):
            await asyncio.sleep(0)  # one after the other, while the first is not done
            tasks.create_task(opened.adds(number))
        for _ in range(3):
            await asyncio.sleep(0)
        come.set()
    assert opened.commits == 2
    assert opened.rows() == [-1, *range(MANY)]


async def test_no_more_than_so_many_are_committed_together(opened: Opened) -> None:
    await asyncio.gather(*map(opened.adds, range(2 * MOST_TOGETHER + 1)))
    assert opened.commits == 3
    assert opened.rows() == list(range(2 * MOST_TOGETHER + 1))


async def test_writer_is_answered_only_when_its_commit_is_there_for_others(opened: Opened) -> None:
    async def caller(number: int) -> bool:
        await opened.adds(number)
        return number in opened.rows()

    assert all(await asyncio.gather(*map(caller, range(MANY))))
    assert not await opened.database.write(lambda database: adding(database, MANY) in opened.rows())


async def test_commit_is_on_the_disk_and_what_is_deleted_is_overwritten(opened: Opened) -> None:
    names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store")
    given = await opened.database.write(
        lambda database: [database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    )
    assert given == ["wal", 2, 1, 1, 2]


async def test_read_sees_one_moment_while_others_write(opened: Opened) -> None:
    await opened.adds(1)

    def look(database: sqlite3.Connection) -> list[int]:
        seen = [database.execute("SELECT count(*) FROM row").fetchone()[0]]
        with closing(sqlite3.connect(opened.file)) as other, other:
            adding(other, 2)
        return [*seen, database.execute("SELECT count(*) FROM row").fetchone()[0]]

    assert await opened.database.read(look) == [1, 1]
    assert opened.rows() == [1, 2]


async def test_read_cannot_write(opened: Opened) -> None:
    with pytest.raises(StoreError):
        await opened.database.read(lambda database: adding(database, 1))
    assert opened.rows() == []


# --- What is deleted ----------------------------------------------------------------------------------------------


YES = (
    "INSERT INTO consent (person, purpose, scope, given) VALUES (?, 'remember', '', ?)"
    " ON CONFLICT DO UPDATE SET given = excluded.given"
)
WALKED = (
    "INSERT INTO outcome (person, purpose, scope, walk, answers)"
    " SELECT person, purpose, scope, ?, ? FROM consent WHERE person = ?"
)


def test_cells_that_moved_when_pages_were_balanced_leave_no_byte_when_they_are_deleted(tmp_path: Path) -> None:
    chance, found, deleted = Random(10), 0, 0  # noqa: S311 - so that the same rows move
    with closing(connect(tmp_path / "database")) as database:
        database.execute("PRAGMA synchronous = OFF")
        migrate(database, RING.sealer, 0)
        people = [chance.randbytes(16) for _ in range(30)]
        for _ in range(3000):
            person = chance.choice(people)
            match chance.randrange(7):
                case 0 | 1:
                    database.execute(YES, (person, chance.randbytes(450)))
                case 2 | 3 | 4:
                    size = chance.choice([225, 225, 225, 417])
                    database.execute(WALKED, (chance.randbytes(16), chance.randbytes(size), person))
                case way:
                    kept = database.execute("SELECT answers FROM outcome WHERE person = ?", (person,)).fetchall()
                    kept = kept[:1] if way == 5 else kept
                    database.executemany("DELETE FROM outcome WHERE answers = ?", kept)
                    content = database.serialize()
                    deleted += len(kept)
                    found += sum(is_in(cell, content) for (cell,) in kept)
    assert deleted > 500
    assert found == 0


def test_database_in_larger_pages_is_written_anew_with_all_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "database"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA page_size = 4096")
        database.execute("CREATE TABLE row (number)")
        database.executemany("INSERT INTO row VALUES (?)", [(number,) for number in range(1000)])
    with closing(connect(file)) as database:
        rebuild_in_small_pages(database)
        given = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "journal_mode")]
        assert given == [PAGE_BYTES, "wal"]
        assert database.execute("SELECT count(*), sum(number) FROM row").fetchone() == (1000, 499_500)


# --- One fails beside others --------------------------------------------------------------------------------------


def half_done(database: sqlite3.Connection) -> None:
    adding(database, -1)
    raise LookupError("of this one alone")


def twice_the_same(database: sqlite3.Connection) -> None:
    adding(database, -1)
    adding(database, -1)


def gives_up_the_whole(database: sqlite3.Connection) -> None:
    adding(database, -1)
    database.execute("ROLLBACK")
    raise sqlite3.OperationalError


@pytest.mark.parametrize(
    ("bad", "error"),
    [(half_done, LookupError), (twice_the_same, StoreError), (gives_up_the_whole, StoreError)],
    ids=["own error", "refused by SQLite", "whole transaction given up"],
)
async def test_write_that_fails_in_the_midst_of_many_fails_alone(
    opened: Opened, bad: Callable[[sqlite3.Connection], None], error: type[Exception]
) -> None:
    good = [opened.adds(number) for number in range(60)]
    results = await asyncio.gather(*good[:30], opened.database.write(bad), *good[30:], return_exceptions=True)
    failed = results.pop(30)
    assert isinstance(failed, error)
    assert results == list(range(60))
    assert opened.rows() == list(range(60))
    assert await opened.adds(60) == 60


async def test_write_that_fails_alone_leaves_nothing_of_itself(opened: Opened) -> None:
    with pytest.raises(LookupError):
        await opened.database.write(half_done)
    assert opened.rows() == []
    assert await opened.adds(1) == 1


async def test_writer_that_is_cancelled_while_it_waits_harms_nobody(opened: Opened) -> None:
    tasks = [asyncio.ensure_future(opened.adds(number)) for number in range(MANY)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        assert task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False] * (MANY // 2)
    assert [result for result in results if isinstance(result, int)] == list(range(1, MANY, 2))
    assert opened.rows() == list(range(1, MANY, 2))
    assert await opened.adds(MANY) == MANY


async def test_deletion_whose_caller_gave_up_is_made_all_the_same(opened: Opened) -> None:
    await opened.adds(1)
    deletion = asyncio.ensure_future(
        opened.database.write(lambda database: database.execute("DELETE FROM row"), wipes=True)
    )
    await asyncio.sleep(0)
    deletion.cancel()
    await asyncio.wait([deletion])
    await opened.adds(2)
    assert opened.rows() == [2]


async def test_first_writer_that_is_cancelled_harms_nobody_who_waits_with_it(opened: Opened) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(opened.adds(0))
        others = [tasks.create_task(opened.adds(number)) for number in range(1, MANY)]
        await asyncio.sleep(0)
        first.cancel()
    assert [other.result() for other in others] == list(range(1, MANY))


async def test_writers_that_wait_when_it_is_closed_are_all_answered(tmp_path: Path) -> None:
    async with opened_at(tmp_path / "database") as opened:
        waiting = [asyncio.ensure_future(opened.adds(number)) for number in range(2 * MOST_TOGETHER)]
        for _ in range(2):
            await asyncio.sleep(0)  # the first of them are on their way
    results = await asyncio.gather(*waiting, return_exceptions=True)
    done = [result for result in results if not isinstance(result, StoreError)]
    assert done == list(range(MOST_TOGETHER))
    assert opened.rows() == done
    with pytest.raises(StoreError, match="closed"):
        await opened.adds(-1)


# --- The disk and other programs ----------------------------------------------------------------------------------


def fill(database: sqlite3.Connection, number: int) -> None:
    database.execute("INSERT INTO row (number, filling) VALUES (?, ?)", (number, bytes(3000)))


async def test_full_database_is_told_to_each_and_nothing_is_half_written(opened: Opened) -> None:
    def limit(database: sqlite3.Connection) -> None:
        ((pages,),) = database.execute("PRAGMA page_count").fetchall()
        database.execute(f"PRAGMA max_page_count = {pages + 40}")

    await opened.database.write(limit)

    def both(number: int) -> Callable[[sqlite3.Connection], int]:
        def change(database: sqlite3.Connection) -> int:
            fill(database, number)
            fill(database, -1 - number)
            return number

        return change

    asked = (opened.database.write(both(number)) for number in range(20))
    results = await asyncio.gather(*asked, return_exceptions=True)
    written = [result for result in results if isinstance(result, int)]
    told = [result for result in results if isinstance(result, PlaceError)]
    assert len(written) + len(told) == len(results)
    assert written
    assert {str(error) for error in told} == {"The disk of the data folder is full: make room on it."}
    assert sorted(opened.rows()) == sorted([*written, *(-1 - number for number in written)])
    await opened.database.write(lambda database: database.execute("DELETE FROM row"), wipes=True)
    await opened.database.write(both(99))
    assert opened.rows() == [99, -100]


async def test_disk_that_is_full_at_the_commit_is_told_to_each_and_later_writes_work(opened: Opened) -> None:
    await opened.adds(-1)
    with full_disk(opened.file):
        results = await asyncio.gather(*map(opened.adds, range(MANY)), return_exceptions=True)
        assert opened.rows() == [-1]
    assert {type(result) for result in results} == {PlaceError}
    assert await asyncio.gather(*map(opened.adds, range(MANY))) == list(range(MANY))
    assert opened.rows() == [-1, *range(MANY)]


@pytest.mark.usefixtures("impatient")
async def test_lock_of_another_program_is_waited_for_once_by_all_together(tmp_path: Path) -> None:
    async with opened_at(tmp_path / "database") as opened:
        with closing(sqlite3.connect(opened.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(*map(opened.adds, range(MANY)), return_exceptions=True)
            other.execute("ROLLBACK")
        assert [str(result) for result in results] == [
            "Another program is using the database: close that program."
        ] * MANY
        assert opened.statements.count("BEGIN IMMEDIATE") == 1
        assert await opened.adds(1) == 1


@pytest.mark.usefixtures("impatient")
async def test_log_that_cannot_be_emptied_is_told_to_those_alone_who_delete(tmp_path: Path) -> None:
    async with opened_at(tmp_path / "database") as opened:
        await opened.adds(0)
        with closing(sqlite3.connect(opened.file, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM row").fetchall()
            deletes = opened.database.write(lambda database: database.execute("DELETE FROM row"), wipes=True)
            failed, added = await asyncio.gather(deletes, opened.adds(1), return_exceptions=True)
            other.execute("ROLLBACK")
        assert isinstance(failed, StoreError)
        assert added == 1
        assert opened.rows() == [1]


async def test_closed_database_raises_each_time_anew_until_it_can_be_opened(opened: Opened) -> None:
    now, whys = 0.0, [PlaceError("Another place is away."), None]

    async def again() -> Database:
        why = whys.pop(0)
        if why is not None:
            raise why
        return opened.database

    closed = ClosedDatabase(PlaceError("The folder is away."), again, lambda: now)
    traces = set()
    for _ in range(3):
        with pytest.raises(PlaceError, match="folder") as caught:
            await closed.read(lambda _: None)
        traces.add(len(caught.traceback))
        with pytest.raises(PlaceError, match="folder"):
            await closed.write(lambda _: None)
    assert len(traces) == 1
    now += TRIED_AFTER
    for _ in range(3):  # it is tried once
        with pytest.raises(PlaceError, match="place"):
            await closed.read(lambda _: None)
    now += TRIED_AFTER
    await closed.write(lambda database: adding(database, 7))
    assert await closed.read(lambda database: database.execute("SELECT number FROM row").fetchall()) == [(7,)]
    assert whys == []


def test_what_is_written_while_it_is_read_is_seen_though_the_log_was_empty(tmp_path: Path) -> None:
    file = tmp_path / FILE
    with closing(connect(file)) as writer:
        writer.execute("CREATE TABLE thing (it)")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert file.with_name(f"{FILE}-wal").stat().st_size == 0
        with reading(file) as reader:
            assert reader.execute("SELECT count(*) FROM thing").fetchall() == [(0,)]
            writer.execute("INSERT INTO thing VALUES (1)")
            assert reader.execute("SELECT count(*) FROM thing").fetchall() == [(1,)]


def test_reading_a_database_that_was_closed_leaves_nothing_beside_it(tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as writer:
        writer.execute("CREATE TABLE thing (it)")
    with reading(tmp_path / FILE) as reader:
        assert reader.execute("SELECT count(*) FROM thing").fetchall() == [(0,)]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
