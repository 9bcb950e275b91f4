import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import bot.store
from bot.core.kept import Plan, Room
from bot.store import NewerDatabaseError, StoreError, migrations
from bot.store.migrations import APPLICATION, STEPS, migrate, own_version
from bot.store.opening import FILE, KEY_MARK, LOCK
from bot.store.rows import consent_place, outcome_place, plan_place, room_place, row_key, scope_of, setting_place
from bot.store.seal import Place
from bot.store.store import Store
from tests.person import KEYS, RING

TODAY = 20_000
DAY = 24 * 60 * 60
SEALER = RING.sealer
ROW, WALK = b"r" * 16, b"w" * 16
OUTCOME = {
    "walk": 5,
    "ended_at": 19_990 * DAY + 7,
    "source": "news",
    "conditions": 3,
    "upset_before": 8,
    "upset_after": None,
    "change": 3,
    "finished": True,
}


def sealed_at_first(text: str, place: Place) -> bytes:
    """A cell as the first two versions of the database hold it: it names no key."""
    nonce = os.urandom(12)
    padded = text.encode() + b"\x80" + bytes(-len(text.encode() + b"\x80") % 192)
    return b"\x01" + nonce + AESGCM(KEYS.seal).encrypt(nonce, padded, b"\x01" + bytes(place))


def fill(database: sqlite3.Connection, version: int) -> None:
    """Put in what a person had in a database of an older version."""
    for purpose in ("remember", "country")[:version]:
        given = sealed_at_first('{"version": 1, "at": 5}', Place("consent", ROW + f"/{purpose}/".encode(), "given"))
        database.execute(
            "INSERT INTO consent (person, purpose, scope, given) VALUES (?, ?, '', ?)", (ROW, purpose, given)
        )
    if version >= 1:
        cell = sealed_at_first(json.dumps(OUTCOME), Place("outcome", ROW + WALK, "answers"))
        columns = "person, purpose, scope, walk, answers"
        database.execute(f"INSERT INTO outcome ({columns}) VALUES (?, 'remember', '', ?, ?)", (ROW, WALK, cell))  # noqa: S608
    if version >= 2:
        cell = sealed_at_first("KE", Place("country", ROW, "code"))
        database.execute("INSERT INTO country VALUES (?, 'country', '', ?)", (ROW, cell))


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def shape(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return database.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_database_of_every_older_version_goes_up(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", STEPS[:version])
        migrate(database, SEALER, TODAY)
        assert own_version(database) == version
    migrate(database, SEALER, TODAY)
    assert own_version(database) == len(STEPS)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, SEALER, TODAY)
        assert shape(database) == shape(fresh)


@pytest.mark.parametrize("version", range(1, 3))
def test_what_a_person_had_is_there_after_every_step_up(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", STEPS[:version])
        migrate(database, SEALER, TODAY)
    fill(database, version)
    migrate(database, SEALER, TODAY)
    ((cell, until),) = database.execute("SELECT answers, until FROM outcome").fetchall()
    assert json.loads(SEALER.open(cell, outcome_place(ROW, WALK))) == OUTCOME
    assert until == 19_990 + 90
    settings = database.execute("SELECT purpose, settings FROM setting").fetchall()
    opened = [(purpose, SEALER.open(cell, setting_place(ROW, purpose, ""))) for purpose, cell in settings]
    assert opened == [("country", b'{"code": "KE"}')][: version - 1]
    assert database.execute("SELECT DISTINCT id, day, told FROM consent").fetchall() == [(b"", TODAY, 0)]
    assert database.execute("SELECT count(*) FROM consent").fetchone() == (version,)


def test_step_that_fails_half_way_leaves_the_version_before(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database, SEALER, TODAY)
    before = shape(database)
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, ("CREATE TABLE half (way)", "CREATE TABLE half (way)")))
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, SEALER, TODAY)
    database.execute("ROLLBACK")
    assert own_version(database) == len(STEPS)
    assert shape(database) == before


def test_newer_database_is_refused(database: sqlite3.Connection) -> None:
    migrate(database, SEALER, TODAY)
    database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(NewerDatabaseError, match="newer version"):
        own_version(database)


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE notes (text)",
        "PRAGMA user_version = 1",
        f"PRAGMA user_version = {len(STEPS) + 1}",
        "PRAGMA application_id = 7; CREATE TABLE consent (person)",
    ],
)
def test_database_of_another_program_is_refused(database: sqlite3.Connection, made: str) -> None:
    database.executescript(made)
    with pytest.raises(StoreError, match="another program"):
        own_version(database)


def test_every_table_is_strict_and_without_rowid(database: sqlite3.Connection) -> None:
    migrate(database, SEALER, TODAY)
    tables = database.execute("SELECT name, wr, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'").fetchall()
    of_people = {"consent", "follow_up", "nudging", "outcome", "person_due", "plan", "setting"}
    names = of_people | {"group_due", "mark", "meta", "room"}
    assert sorted(tables) == [(name, 1, 1) for name in sorted(names)]
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


@pytest.mark.parametrize("scope", ["", "-100"])
@pytest.mark.parametrize("purpose", ["remember", "nudges"])
def test_outcome_needs_a_consent_to_remember_in_its_scope(
    database: sqlite3.Connection, purpose: str, scope: str
) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    migrate(database, SEALER, TODAY)
    database.execute("INSERT INTO consent VALUES (x'01', ?, ?, x'00', x'00', 0, 0)", (purpose, scope))
    row = (b"\x01", purpose, "", b"\x02", b"\x00", 0)
    if (purpose, scope) == ("remember", ""):
        database.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?)", row)
    else:
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("column", ["person", "purpose", "scope"])
def test_outcome_with_a_part_of_its_consent_left_out_is_refused(database: sqlite3.Connection, column: str) -> None:
    # NULL in a foreign key would escape it.
    database.execute("PRAGMA foreign_keys = ON")
    migrate(database, SEALER, TODAY)
    row = {"person": b"\x01", "purpose": "remember", "scope": "", column: None}
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        database.execute("INSERT INTO outcome VALUES (:person, :purpose, :scope, x'02', x'00', 0)", row)


def test_store_replaces_no_row() -> None:
    # `INSERT OR REPLACE` deletes a row, and its children with it, before it writes the new one.
    for file in Path(bot.store.__path__[0]).glob("*.py"):
        assert not re.search(r"\bOR REPLACE\b|\bREPLACE INTO\b", file.read_text("utf-8"), re.IGNORECASE)


# --- The file that is brought up to date --------------------------------------------------------------------------

COPY = f"{FILE}-before"


def make_older(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the file of the version before the newest, with what a person had in it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as older, monkeypatch.context() as then:
        then.setattr(migrations, "STEPS", STEPS[:2])
        migrate(older, SEALER, TODAY)
        fill(older, 2)
        older.execute("INSERT INTO meta VALUES ('key', ?)", (sealed_at_first("", KEY_MARK),))
    return folder / FILE


def version_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as database:
        return own_version(database)


async def test_older_file_is_brought_up_to_date_and_no_copy_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_older(tmp_path / "data", monkeypatch)
    (file.parent / COPY).write_bytes(b"of a start that was killed")
    async with Store.open(file.parent, RING, at=TODAY * DAY):
        assert version_of(file) == len(STEPS)
        assert not (file.parent / COPY).exists()


async def test_file_that_cannot_be_brought_up_to_date_is_as_it_was_with_a_copy_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_older(tmp_path / "data", monkeypatch)
    with closing(sqlite3.connect(file)) as database:
        before = list(database.iterdump())
    with monkeypatch.context() as broken:
        broken.setattr(migrations, "STEPS", (*STEPS[:2], ("DROP TABLE country", "CREATE TABLE half (way) NONSENSE")))
        with pytest.raises(StoreError):
            async with Store.open(file.parent, RING, at=TODAY * DAY):
                pass
    for place in (file, file.parent / COPY):
        assert version_of(place) == 2
        with closing(sqlite3.connect(place)) as database:
            assert list(database.iterdump()) == before
    assert (file.parent / COPY).stat().st_mode & 0o077 == 0
    async with Store.open(file.parent, RING, at=TODAY * DAY):
        assert version_of(file) == len(STEPS)
    assert sorted(path.name for path in file.parent.iterdir()) == [FILE, LOCK]


async def test_plan_that_was_due_in_a_file_of_the_third_version_is_due_still_and_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, plan = 7_071_067_811, Plan(5, TODAY * DAY, "if I pass the hospital, then I write to her")
    row, item = row_key(KEYS, person), row_key(KEYS, person, plan.number)
    cells = (
        SEALER.seal(b'{"version": 1, "at": 5}', consent_place(row, "plans", "", "given")),
        SEALER.seal(str(person).encode(), consent_place(row, "plans", "", "id")),
        SEALER.seal(json.dumps(asdict(plan)).encode(), plan_place(row, item)),
    )
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as older, monkeypatch.context() as then:
        then.setattr(migrations, "STEPS", STEPS[:3])
        migrate(older, SEALER, TODAY)
        older.execute("INSERT INTO meta VALUES ('key', ?)", (SEALER.seal(b"", KEY_MARK),))
        older.execute("INSERT INTO consent VALUES (?, 'plans', '', ?, ?, ?, 0)", (row, *cells[:2], TODAY))
        older.execute("INSERT INTO plan VALUES (?, 'plans', '', ?, ?, ?)", (row, item, cells[2], TODAY + 14))
        older.execute("INSERT INTO person_due VALUES (?, 'plans', '', ?, ?)", (row, item, TODAY * DAY + 60))
    async with Store.open(tmp_path, RING, at=TODAY * DAY) as store:
        assert version_of(tmp_path / FILE) == len(STEPS)
        assert await store.interrupted() == ()
        assert await store.claim(TODAY * DAY + 59) == ()
        (claim,) = await store.claim(TODAY * DAY + 60)
        assert (claim.person, claim.plan, claim.due_at) == (person, plan, TODAY * DAY + 60)


async def test_rooms_and_yeses_for_groups_of_the_fourth_version_are_there_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, group = 7_071_067_811, -1_001_234_567_890
    row, chat, scope = row_key(KEYS, person), row_key(KEYS, group), scope_of(KEYS, group)
    given = json.dumps({"version": 1, "at": 5, "group": group}).encode()
    cells = (
        SEALER.seal(given, consent_place(row, "group", scope, "given")),
        SEALER.seal(str(person).encode(), consent_place(row, "group", scope, "id")),
    )
    of_room = (
        SEALER.seal(str(group).encode(), room_place(chat, "id")),
        SEALER.seal(b'{"title": "Those who care", "is_on": true}', room_place(chat, "settings")),
    )
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as older, monkeypatch.context() as then:
        then.setattr(migrations, "STEPS", STEPS[:4])
        migrate(older, SEALER, TODAY)
        older.execute("INSERT INTO meta VALUES ('key', ?)", (SEALER.seal(b"", KEY_MARK),))
        older.execute("INSERT INTO consent VALUES (?, 'group', ?, ?, ?, ?, 0)", (row, scope, *cells, TODAY))
        older.execute("INSERT INTO room VALUES (?, ?, ?)", (chat, *of_room))
    async with Store.open(tmp_path, RING, at=TODAY * DAY) as store:
        assert version_of(tmp_path / FILE) == len(STEPS)
        assert await store.room(group) == Room(group, "Those who care", is_on=True)
        assert await store.members(group) == {person}
        assert await store.sweep(TODAY + 300) == 0  # the bot was not removed
        assert await store.note_own(group, 5, at=7)
        assert [claim.room.title for claim in await store.claim_rooms(7)] == ["Those who care"]


async def test_cell_of_an_older_file_that_does_not_open_stops_the_step_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_older(tmp_path / "data", monkeypatch)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("UPDATE country SET code = (SELECT answers FROM outcome)")
    with pytest.raises(StoreError, match="does not open"):
        async with Store.open(file.parent, RING, at=TODAY * DAY):
            pass
    assert (version_of(file), version_of(file.parent / COPY)) == (2, 2)
