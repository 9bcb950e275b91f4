import asyncio
import hashlib
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.store.database
from bot.core.kept import Outcome, Purpose
from bot.core.state import Change, Condition, Source
from bot.store import InUseError, NewerDatabaseError, SealError, StoreError, WrongKeyError
from bot.store.opening import FILE, LOCK
from bot.store.ring import Ring, ring_of
from bot.store.store import Store
from tests.person import RING, is_in, purposes

OTHER_RING = ring_of(b"o" * 32)
ALMA, BENO = 7_071_067_811, 5_772_156_649
WALK = 0xABCDEF
OUTCOME = Outcome(
    walk=WALK,
    ended_at=1_767_225_671,
    source=Source.ONLINE_GROUP,
    conditions=Condition.GUILT | Condition.HELPLESS,
    upset_before=9,
    upset_after=4,
    change=Change.MORE,
    finished=True,
)
OUTCOMES = st.builds(
    Outcome,
    walk=st.integers(0, 2**24 - 1),
    ended_at=st.integers(0, 2**34),
    source=st.sampled_from(Source),
    conditions=st.integers(0, 127).map(Condition),
    upset_before=st.none() | st.integers(0, 10),
    upset_after=st.none() | st.integers(0, 10),
    change=st.sampled_from(Change),
    finished=st.booleans(),
)


def walked(walk: int, ended_at: int = 0) -> Outcome:
    return Outcome(
        walk=walk,
        ended_at=ended_at,
        source=Source.NONE,
        conditions=Condition.NONE,
        upset_before=None,
        upset_after=None,
        change=Change.UNSAID,
        finished=False,
    )


async def remember(store: Store, person: int, *outcomes: Outcome) -> None:
    await store.grant(person, Purpose.REMEMBER, at=1_767_225_600)
    for outcome in outcomes:
        assert await store.save_outcome(person, outcome)


async def open_and_close(folder: Path, ring: Ring = RING) -> None:
    async with Store.open(folder, ring):
        pass


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database as one without the key sees it."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        yield connection


def blobs(folder: Path) -> set[bytes]:
    """Every row key and every sealed cell that belongs to a person."""
    with raw(folder) as database:
        rows = database.execute("SELECT person, given, id FROM consent UNION SELECT person, walk, answers FROM outcome")
        return {blob for row in rows for blob in row}


def everything(folder: Path) -> dict[str, bytes]:
    """All files but the one that is there to be held alone, which is empty."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != LOCK}


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


def put(folder: Path, content: bytes) -> None:
    """Have a file in the place of the database."""
    folder.mkdir()
    (folder / FILE).write_bytes(content)


def found(folder: Path, needles: set[bytes]) -> set[bytes]:
    haystack = b"".join(everything(folder).values())
    return {needle for needle in needles if is_in(needle, haystack)}


def database_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "connection_worker" in thread.name]


def assert_no_thread_is_left() -> None:
    for thread in database_threads():
        thread.join(timeout=10)  # it is told to end, and may be about to
    assert database_threads() == []


# --- What is kept -----------------------------------------------------------------------------------------------


async def test_nobody_has_consented_at_first(store: Store) -> None:
    assert await purposes(store, ALMA) == frozenset()
    assert (await store.kept(ALMA)).outcomes == ()


async def test_consent_is_one_persons(store: Store) -> None:
    await store.grant(ALMA, Purpose.REMEMBER, at=0)
    assert await purposes(store, ALMA) == {Purpose.REMEMBER}
    assert await purposes(store, BENO) == frozenset()


async def test_outcome_without_consent_is_not_kept(store: Store, folder: Path) -> None:
    await remember(store, BENO)
    before = blobs(folder)
    assert await store.save_outcome(ALMA, OUTCOME) is False
    assert (await store.kept(ALMA)).outcomes == ()
    assert blobs(folder) == before


async def test_outcomes_come_back_oldest_first_and_apart(store: Store) -> None:
    late, early = walked(1, ended_at=20), walked(2, ended_at=10)
    await remember(store, ALMA, late, early)
    await remember(store, BENO, OUTCOME)
    assert (await store.kept(ALMA)).outcomes == (early, late)
    assert (await store.kept(BENO)).outcomes == (OUTCOME,)


async def test_outcome_of_the_same_walk_takes_the_place_of_the_earlier(store: Store) -> None:
    await remember(store, ALMA, walked(WALK), OUTCOME)
    await remember(store, BENO, walked(WALK))
    assert (await store.kept(ALMA)).outcomes == (OUTCOME,)


async def test_second_consent_keeps_what_the_first_allowed(store: Store) -> None:
    await remember(store, ALMA, OUTCOME)
    await store.grant(ALMA, Purpose.REMEMBER, at=1_800_000_000)
    assert await purposes(store, ALMA) == {Purpose.REMEMBER}
    assert (await store.kept(ALMA)).outcomes == (OUTCOME,)


@settings(max_examples=20)
@given(outcomes=st.lists(OUTCOMES, unique_by=lambda outcome: outcome.walk, max_size=4), person=st.integers())
async def test_outcomes_survive_reopening_as_they_were(outcomes: list[Outcome], person: int) -> None:
    with TemporaryDirectory() as name:
        async with Store.open(Path(name), RING) as store:
            await remember(store, person, *outcomes)
        async with Store.open(Path(name), RING) as store:
            assert await purposes(store, person) == {Purpose.REMEMBER}
            kept = (await store.kept(person)).outcomes
    # By repr, which tells an enumeration from its number.
    assert sorted(map(repr, kept)) == sorted(map(repr, outcomes))


async def test_people_are_served_side_by_side(store: Store) -> None:
    people = range(1, 21)

    async def live(person: int) -> int:
        await remember(store, person, walked(1), walked(2))
        return await store.forget(person, at=0) if person % 2 else 0

    assert await asyncio.gather(*map(live, people)) == [3 if person % 2 else 0 for person in people]
    assert [len((await store.kept(person)).outcomes) for person in people] == [
        0 if person % 2 else 2 for person in people
    ]


# --- What is gone -----------------------------------------------------------------------------------------------


async def test_withdrawn_consent_takes_its_rows_along(store: Store, folder: Path) -> None:
    await remember(store, BENO, OUTCOME)
    others = blobs(folder)
    await remember(store, ALMA, OUTCOME)
    hers = blobs(folder) - others
    assert found(folder, hers) == hers
    await store.withdraw(ALMA, Purpose.REMEMBER, at=0)
    assert await purposes(store, ALMA) == frozenset()
    assert (await store.kept(ALMA)).outcomes == ()
    assert await store.save_outcome(ALMA, OUTCOME) is False
    assert found(folder, hers) == set()
    assert blobs(folder) == others
    assert (await store.kept(BENO)).outcomes == (OUTCOME,)


async def test_forgotten_person_leaves_no_row_and_no_byte(store: Store, folder: Path) -> None:
    await remember(store, BENO, OUTCOME)
    others = blobs(folder)
    await remember(store, ALMA, OUTCOME, walked(1), walked(2))
    hers = blobs(folder) - others
    assert len(hers) == 9  # her key, her yes, her id, and three walks with their answers
    assert found(folder, hers) == hers
    assert await store.forget(ALMA, at=0) == 4
    assert found(folder, hers) == set()
    assert blobs(folder) == others
    assert await store.forget(ALMA, at=0) == 0


async def test_earlier_answers_of_a_forgotten_person_leave_no_byte(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(WALK))
    earlier = blobs(folder)
    await remember(store, ALMA, OUTCOME)
    hers = earlier | blobs(folder)
    assert len(hers) == 8  # her key and walk, and both versions of her yes, her id and her answers
    await store.forget(ALMA, at=0)
    assert found(folder, hers) == set()


async def test_forgotten_among_many_leave_no_byte(store: Store, folder: Path) -> None:
    # Enough rows for pages to split and merge, which moves cells about.
    for person in range(40):
        await remember(store, person, *map(walked, range(6)))
    before = blobs(folder)
    for person in range(0, 40, 2):
        assert await store.forget(person, at=0) == 7
    kept = blobs(folder)
    assert len(kept) == len(before) / 2
    assert found(folder, before) == kept


async def test_bytes_that_another_program_still_reads_are_not_said_to_be_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = bot.store.database.SETTINGS.replace("5000", "0")  # so that the test need not wait
    monkeypatch.setattr(bot.store.database, "SETTINGS", impatient)
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
        hers = blobs(folder)
        with raw(folder) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM outcome").fetchall()
            with pytest.raises(StoreError, match="Another program"):
                await store.forget(ALMA, at=0)
            assert (await store.kept(ALMA)).outcomes == ()
        assert await store.forget(ALMA, at=0) == 0
        assert found(folder, hers) == set()


_EMPTYING = """
import fcntl, sys
with open(sys.argv[1], "r+b") as index:
    fcntl.lockf(index, fcntl.LOCK_EX, 1, 121)  # what SQLite locks to empty the log
    print(flush=True)
    sys.stdin.read()
"""


async def test_deletion_waits_for_another_that_is_emptying_the_log(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    hers = blobs(folder)
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _EMPTYING, str(folder / f"{FILE}-shm")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other.stdout
    await other.stdout.readline()
    async with asyncio.TaskGroup() as tasks:
        forgetting = tasks.create_task(store.forget(ALMA, at=0))
        while (await store.kept(ALMA)).consents:
            pass
        assert not forgetting.done()
        await other.communicate(b"")
    assert forgetting.result() == 2
    assert found(folder, hers) == set()


# --- What the files say -----------------------------------------------------------------------------------------


async def test_files_say_nothing_in_the_clear(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    numbers = {ALMA, WALK, OUTCOME.ended_at, 1_767_225_600}
    words = {str(number).encode() for number in numbers} | {b"%x" % number for number in numbers}
    packed = {number.to_bytes(size, order) for number in numbers for size in (5, 8) for order in ("big", "little")}
    unkeyed = {hashlib.sha256(word).digest()[:16] for word in words | packed}
    named = {b"online_group", b"upset", b"ended_at", b"finished", b"version"}
    assert found(folder, words | packed | unkeyed | named) == set()
    assert found(folder, {b"remember"}) == {b"remember"}  # so the search finds what is there


async def test_sealed_cells_are_of_one_length(store: Store, folder: Path) -> None:
    longest = Outcome(2**24 - 1, 2**34, Source.ONLINE_GROUP, Condition(127), 10, 10, Change.MORE, finished=False)
    await remember(store, ALMA, walked(0), longest)
    assert {len(blob) for blob in blobs(folder)} == {16, 225}


async def test_walk_of_two_people_cannot_be_linked(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    await remember(store, BENO, OUTCOME)
    with raw(folder) as database:
        assert database.execute("SELECT count(DISTINCT walk), count(DISTINCT answers) FROM outcome").fetchone() == (
            2,
            2,
        )


async def test_files_are_the_owners_alone(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    files = (FILE, f"{FILE}-wal", f"{FILE}-shm", LOCK)
    assert modes(folder) == {"data": 0o700} | dict.fromkeys(files, 0o600)


async def test_folders_that_are_made_above_are_the_owners_alone(folder: Path) -> None:
    async with Store.open(folder / "terminal", RING):
        assert modes(folder) == {"data": 0o700, "terminal": 0o700}


async def test_nothing_about_anyone_is_written_without_consent(store: Store, folder: Path) -> None:
    before = everything(folder)
    assert await store.save_outcome(ALMA, OUTCOME) is False
    assert (await store.kept(ALMA)).outcomes == ()
    assert await purposes(store, ALMA) == frozenset()
    assert await store.forget(ALMA, at=0) == 0
    after = everything(folder)
    assert after[FILE] == before[FILE]
    assert after[f"{FILE}-wal"] == b""


# --- What was tampered with ---------------------------------------------------------------------------------------


def swap(database: sqlite3.Connection) -> None:
    """Swap the answers of two rows, which are all there are."""
    ((one,), (other,)) = database.execute("SELECT answers FROM outcome")
    database.execute("UPDATE outcome SET answers = iif(answers = ?, ?, ?)", (one, other, one))


async def test_cells_swapped_between_two_people_do_not_open(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    await remember(store, BENO, walked(WALK))
    with raw(folder) as database:
        swap(database)
    for person in (ALMA, BENO):
        with pytest.raises(SealError):
            await store.kept(person)


async def test_cells_swapped_between_two_walks_do_not_open(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(1), walked(2))
    with raw(folder) as database:
        swap(database)
    with pytest.raises(SealError):
        await store.kept(ALMA)


async def test_cell_moved_to_another_column_does_not_open(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    with raw(folder) as database:
        database.execute("UPDATE outcome SET answers = (SELECT given FROM consent)")
    with pytest.raises(SealError):
        await store.kept(ALMA)


async def test_consent_copied_from_someone_else_is_none(store: Store, folder: Path) -> None:
    await remember(store, ALMA)
    await remember(store, BENO)
    with raw(folder) as database:
        database.execute("UPDATE consent SET given = (SELECT max(given) FROM consent)")
    refused = 0
    for person in (ALMA, BENO):
        try:
            assert await purposes(store, person) == {Purpose.REMEMBER}
        except SealError:
            refused += 1
    assert refused == 1


# --- What is refused at opening -----------------------------------------------------------------------------------


async def test_wrong_key_is_told_and_nothing_is_written(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
    before = everything(folder)
    with pytest.raises(WrongKeyError, match="give that one back"):
        await open_and_close(folder, OTHER_RING)
    assert everything(folder) == before
    assert_no_thread_is_left()
    async with Store.open(folder, RING) as store:
        assert (await store.kept(ALMA)).outcomes == (OUTCOME,)


async def test_wrong_key_is_told_even_before_anyone_consented(folder: Path) -> None:
    await open_and_close(folder)
    with pytest.raises(WrongKeyError):
        await open_and_close(folder, OTHER_RING)


async def test_newer_database_is_refused_and_nothing_is_written(folder: Path) -> None:
    await open_and_close(folder)
    with raw(folder) as database:
        database.execute("PRAGMA user_version = 999")
    before = everything(folder)
    with pytest.raises(NewerDatabaseError):
        await open_and_close(folder)
    assert everything(folder) == before
    assert_no_thread_is_left()


async def test_database_of_another_program_is_refused_and_left_alone(folder: Path) -> None:
    put(folder, b"")
    with raw(folder) as database:
        database.execute("CREATE TABLE recipes (name)")
    before = everything(folder)
    with pytest.raises(StoreError, match="another program"):
        await open_and_close(folder)
    assert everything(folder) == before


@pytest.mark.parametrize(
    "content", [b"Dear diary, today I saw\n" * 300, b"SQLite format 3\x00" + b"\xff" * 4080, b"no"]
)
async def test_file_that_is_no_database_is_refused_and_left_alone(folder: Path, content: bytes) -> None:
    put(folder, content)
    with pytest.raises(StoreError, match="damaged, or is none") as caught:
        await open_and_close(folder)
    assert "\n" not in str(caught.value)
    assert everything(folder) == {FILE: content}
    assert_no_thread_is_left()


async def test_database_with_a_damaged_page_fails_as_a_store_error(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
    with (folder / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (os.fstat(file.fileno()).st_size - 4096))
    with pytest.raises(StoreError, match="damaged"):
        async with Store.open(folder, RING) as store:
            await store.kept(ALMA)
    assert_no_thread_is_left()


async def test_database_that_was_killed_while_it_was_rebuilt_is_taken_back_and_opens(
    tmp_path: Path, folder: Path
) -> None:
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
        await remember(store, BENO, *map(walked, range(40)))
    with raw(folder) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA cache_size = 1")  # so that the half that is done is in the file
        database.execute("BEGIN")
        database.execute("UPDATE outcome SET answers = randomblob(225)")
        killed = shutil.copytree(folder, tmp_path / "killed")
        database.execute("ROLLBACK")
    assert (killed / f"{FILE}-journal").stat().st_size
    assert (killed / FILE).read_bytes() != (folder / FILE).read_bytes()
    async with Store.open(killed, RING) as store:
        assert (await store.kept(ALMA)).outcomes == (OUTCOME,)
        assert len((await store.kept(BENO)).outcomes) == 40


async def test_empty_file_becomes_a_database(folder: Path) -> None:
    put(folder, b"")
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
        assert (await store.kept(ALMA)).outcomes == (OUTCOME,)


async def test_folder_beneath_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(StoreError, match="BOT_DATA"):
            await open_and_close(folder)
    assert everything(tmp_path) == {"file": b""}


async def test_folder_in_place_of_the_database_is_told(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)
    with pytest.raises(StoreError, match="BOT_DATA"):
        await open_and_close(folder)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_unwritable_folder_is_told_and_left_alone(tmp_path: Path, folder: Path) -> None:
    with unwritable(tmp_path), pytest.raises(StoreError, match="let this user write"):
        await open_and_close(folder)
    assert everything(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_database_in_an_unwritable_folder_is_told_and_left_alone(folder: Path) -> None:
    await open_and_close(folder)
    before = everything(folder)
    with unwritable(folder), pytest.raises(StoreError, match="let this user write"):
        await open_and_close(folder)
    assert everything(folder) == before


async def test_old_sqlite_is_told(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match=r"older than 3\.37"):
        await open_and_close(folder)
    assert everything(tmp_path) == {}


# --- What goes wrong later ------------------------------------------------------------------------------------------


async def test_closed_store_fails_as_a_store_error(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await purposes(store, ALMA)
    assert_no_thread_is_left()


async def test_store_is_closed_when_its_user_fails(folder: Path) -> None:
    async def fail() -> None:
        async with Store.open(folder, RING):
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert_no_thread_is_left()
    assert list(everything(folder)) == [FILE]


@pytest.mark.parametrize("later", range(4))
async def test_opening_that_is_cancelled_leaves_no_thread(folder: Path, later: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        opening = tasks.create_task(open_and_close(folder))
        for _ in range(later):
            await asyncio.sleep(0)
        opening.cancel()
    assert_no_thread_is_left()


async def test_disk_that_takes_no_more_fails_as_a_store_error_and_recovers(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((folder / f"{FILE}-wal").stat().st_size, hard))
    try:
        with pytest.raises(StoreError, match="BOT_DATA"):
            await store.save_outcome(ALMA, walked(1))
        assert (await store.kept(ALMA)).outcomes == (OUTCOME,)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await store.save_outcome(ALMA, walked(1))
    assert (await store.kept(ALMA)).outcomes == (walked(1), OUTCOME)


# --- Killed ---------------------------------------------------------------------------------------------------------


async def _serve_until_killed(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
        await remember(store, BENO, OUTCOME)
        print(",".join(blob.hex() for blob in sorted(blobs(folder))), flush=True)  # noqa: T201 -- to the test
        await store.forget(BENO, at=0)
        await store.save_outcome(ALMA, walked(1))
        print("acknowledged", flush=True)  # noqa: T201
        sys.stdin.read()


def serve_until_killed(folder: str) -> None:
    """Run in a child process."""
    asyncio.run(_serve_until_killed(Path(folder)))


@pytest.fixture
def killed(folder: Path) -> set[bytes]:
    """The row keys and cells that a process had written before it forgot one of two people, and was killed."""
    program = f"from {__name__} import serve_until_killed; serve_until_killed({str(folder)!r})"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        written = child.stdout.readline().strip()
        acknowledged = child.stdout.readline()
        child.kill()
    assert acknowledged == "acknowledged\n"
    return {bytes.fromhex(blob) for blob in written.split(",")}


async def test_what_was_acknowledged_is_there_after_a_kill(folder: Path, killed: set[bytes]) -> None:
    assert (folder / f"{FILE}-wal").stat().st_size > 0
    async with Store.open(folder, RING) as store:
        assert (await store.kept(ALMA)).outcomes == (walked(1), OUTCOME)
        assert await purposes(store, BENO) == frozenset()
        assert (await store.kept(BENO)).outcomes == ()
        assert len(killed) == 10
        assert len(found(folder, killed)) == 5  # Alma's alone


async def test_wrong_key_after_a_kill_is_told_and_loses_nothing(folder: Path, killed: set[bytes]) -> None:
    before = everything(folder)
    with pytest.raises(WrongKeyError):
        await open_and_close(folder, OTHER_RING)
    after = everything(folder)
    assert after.keys() == before.keys()
    assert {after[name] == before[name] for name in (FILE, f"{FILE}-wal")} == {True}
    assert len(found(folder, killed)) == 5
    async with Store.open(folder, RING) as store:
        assert (await store.kept(ALMA)).outcomes == (walked(1), OUTCOME)


# --- A country ----------------------------------------------------------------------------------------------------


async def test_country_is_kept_with_a_consent_of_its_own_alone(store: Store) -> None:
    await remember(store, ALMA)
    assert await store.save_country(ALMA, "KE") is False
    await store.grant(ALMA, Purpose.COUNTRY, at=0)
    assert await store.save_country(ALMA, "KE")
    assert await store.save_country(ALMA, "MT")
    assert ((await store.kept(ALMA)).country, (await store.kept(BENO)).country) == ("MT", "")


async def test_withdrawing_the_consent_to_a_country_deletes_it_and_nothing_else(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    await store.grant(ALMA, Purpose.COUNTRY, at=0)
    await store.save_country(ALMA, "KE")
    with raw(folder) as database:
        (cell,) = database.execute("SELECT settings FROM setting").fetchone()
    assert found(folder, {cell}) == {cell}
    await store.withdraw(ALMA, Purpose.COUNTRY, at=0)
    assert found(folder, {cell}) == set()
    assert (await store.kept(ALMA)).country == ""
    assert (await store.kept(ALMA)).outcomes == (OUTCOME,)


async def test_forgetting_deletes_the_country(store: Store) -> None:
    await store.grant(ALMA, Purpose.COUNTRY, at=0)
    await store.save_country(ALMA, "KE")
    assert await store.forget(ALMA, at=0) == 2
    assert (await store.kept(ALMA)).country == ""


async def test_country_of_another_person_does_not_open(store: Store, folder: Path) -> None:
    for person, code in ((ALMA, "KE"), (BENO, "MT")):
        await store.grant(person, Purpose.COUNTRY, at=0)
        await store.save_country(person, code)
    with raw(folder) as database:
        database.execute("UPDATE setting SET settings = (SELECT settings FROM setting LIMIT 1)")
    opened = []
    for person in (ALMA, BENO):
        with suppress(StoreError):
            opened.append((await store.kept(person)).country)
    assert len(opened) == 1


# --- Two that would serve ------------------------------------------------------------------------------------------


async def test_second_process_that_would_serve_is_refused_and_changes_nothing(store: Store, folder: Path) -> None:
    await remember(store, ALMA, OUTCOME)
    before = everything(folder)
    with pytest.raises(InUseError, match="Another process serves this data folder"):
        await open_and_close(folder)
    assert [everything(folder)[name] == before[name] for name in (FILE, f"{FILE}-wal")] == [True, True]
    assert (await store.kept(ALMA)).outcomes == (OUTCOME,)
    assert len(database_threads()) == 2
