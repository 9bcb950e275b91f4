"""The bot on a disk that fails: people get their whole walk, hear what was not kept, and nothing is half-written."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.store.database
from bot import app, settings
from bot.core.kept import Kept
from bot.core.lines import Label, Line
from bot.core.state import Step
from bot.respond import Responder
from bot.store import PlaceError, SealError
from bot.store.database import SETTINGS
from bot.store.opening import FILE
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import KEYS, PROMPTS, RING, Clock, Person, lines, responder_of
from tests.store.test_database import full_disk
from tests.store.test_store import ALMA, BENO, OUTCOME, remember, walked


@asynccontextmanager
async def serving(
    monkeypatch: pytest.MonkeyPatch, home: Path, data: Path, *, without_memory: bool
) -> AsyncIterator[Responder]:
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("BOT_DATA", str(data))
    given = settings.load()
    async with app.responder(given, PROMPTS, given.bot_data, without_memory=without_memory) as answers:
        yield answers


@pytest.mark.parametrize("beneath", ["data", "data/deep"])
async def test_bot_serves_from_memory_where_the_data_folder_is_beneath_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beneath: str
) -> None:
    (tmp_path / "file").touch()
    with capture_logs() as logs:
        async with serving(monkeypatch, tmp_path / "home", tmp_path / "file" / beneath, without_memory=True) as answers:
            alma = Person(answers, ALMA)
            await alma.walks()
            assert alma.heard.held.state.step is Step.CLOSE
            assert Line.STORE_FAILED not in lines(alma.heard)
            await alma.presses(Label.REMEMBER)
            await alma.presses(Label.REMEMBER_YES)
            assert lines(alma.heard) == [Line.STORE_FAILED]
            assert alma.heard.held.consents == frozenset()
            await alma.commands("export")
            assert lines(alma.heard) == [Line.STORE_FAILED]
    first = logs[0]
    assert first["event"] == "nothing can be kept: the data folder cannot be used"
    assert first["log_level"] == "error"
    assert first["error"] == "PlaceError"
    assert (tmp_path / "file").read_bytes() == b""


async def test_data_folder_beneath_a_file_is_refused_where_memory_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PlaceError, match="BOT_DATA"):
        async with serving(monkeypatch, tmp_path / "home", tmp_path / "file" / "data", without_memory=False):
            pass


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "data", RING) as opened:
        yield opened


async def fill(store: Store) -> None:
    """Leave no page in the database, and none to be had."""

    def limit(database: sqlite3.Connection) -> None:
        ((pages,),) = database.execute("PRAGMA page_count").fetchall()
        database.execute(f"PRAGMA max_page_count = {pages}")

    await store._database.write(limit)  # noqa: SLF001 - the limit is of its connection alone


async def test_full_database_keeps_what_was_there_and_people_hear_what_was_not_kept(store: Store) -> None:
    alma = Person(responder_of(store, Clock()), ALMA)
    await remember(store, BENO, OUTCOME)
    await fill(store)
    await alma.commands("consent")
    with capture_logs() as logs:
        await alma.presses(Label.REMEMBER_YES)
    assert lines(alma.heard) == [Line.STORE_FAILED]
    assert [(one["event"], one["error"]) for one in logs] == [("saving failed", "PlaceError")]
    await alma.walks()
    assert alma.heard.held.state.step is Step.CLOSE
    assert await store.kept(ALMA) == Kept()
    assert (await store.kept(BENO)).outcomes == (OUTCOME,)
    assert await store.forget(BENO, at=0) == 2  # to delete, no room is needed
    await alma.commands("consent")
    await alma.presses(Label.REMEMBER_YES)
    assert Line.STORE_FAILED not in lines(alma.heard)


async def test_disk_that_is_full_at_the_commit_keeps_nothing_of_many_and_all_of_them_later(
    store: Store, tmp_path: Path
) -> None:
    people = range(1, 65)
    for person in people:
        await remember(store, person)
    with full_disk(tmp_path / "data" / FILE):
        saves = (store.save_outcome(person, OUTCOME) for person in people)
        told = await asyncio.gather(*saves, return_exceptions=True)
        assert [(await store.kept(person)).outcomes for person in people] == [()] * len(people)
    assert {type(one) for one in told} == {PlaceError}
    assert all(await asyncio.gather(*(store.save_outcome(person, OUTCOME) for person in people)))
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as database:
        assert database.execute("SELECT count(*) FROM outcome").fetchone() == (len(people),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_one_bad_write_beside_sixty_good_ones_fails_alone(store: Store, tmp_path: Path) -> None:
    people = [*range(1, 31), ALMA, *range(31, 61)]
    for person in people:
        await remember(store, person)
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as database, database:
        database.execute("UPDATE consent SET given = x'02' WHERE person = ?", (row_key(KEYS, ALMA),))
    saves = (store.save_outcome(person, walked(1)) for person in people)
    told = dict(zip(people, await asyncio.gather(*saves, return_exceptions=True), strict=True))
    assert isinstance(told.pop(ALMA), SealError)
    assert set(told.values()) == {True}
    assert {len((await store.kept(person)).outcomes) for person in told} == {1}


async def test_reader_that_holds_the_log_open_delays_no_word_of_a_deletion_that_is_not_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bot.store.database, "SETTINGS", SETTINGS.replace("5000", "0"))
    async with Store.open(tmp_path / "data", RING) as store:
        alma = Person(responder_of(store, Clock()), ALMA)
        await remember(store, ALMA, OUTCOME)
        with closing(sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM outcome").fetchall()
            await alma.commands("forget")
            await alma.presses(Label.FORGET_YES)
            assert lines(alma.heard) == [Line.STORE_FAILED]
            assert (await store.kept(ALMA)).consents == ()
            reader.execute("ROLLBACK")
        await alma.commands("forget")
        await alma.presses(Label.FORGET_YES)
        assert Line.STORE_FAILED not in lines(alma.heard)


async def test_bot_that_began_without_a_data_folder_keeps_things_as_soon_as_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.store.database, "TRIED_AFTER", 0)
    (tmp_path / "file").touch()
    async with serving(monkeypatch, tmp_path / "home", tmp_path / "file" / "data", without_memory=True) as answers:
        alma = Person(answers, ALMA)
        await alma.commands("consent")
        assert lines(alma.heard) == [Line.STORE_FAILED]
        (tmp_path / "file").unlink()
        await alma.commands("consent")
        await alma.presses(Label.REMEMBER_YES)
        assert Line.STORE_FAILED not in lines(alma.heard)
        await alma.walks()
        assert len((await answers.store.kept(ALMA)).outcomes) == 1
    assert (tmp_path / "file" / "data" / FILE).stat().st_size > 0
