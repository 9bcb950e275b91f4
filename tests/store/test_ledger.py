import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import StoreError
from bot.store.keyring import Keyring
from bot.store.ledger import KEPT_FOR, Ledger
from bot.store.ring import Ring

ROOT = Path(__file__).parent.parent.parent
NOW = 1_800_000_000
RING = Keyring.of(b"k" * 32)
RECORD = 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "forgotten"


def noted(path: Path, *whats: bytes, ring: Keyring = RING, at: int = NOW) -> Ledger:
    ledger = Ledger(path, ring)
    ledger.note_all((what, at) for what in whats)
    return ledger


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def note(ledger: Ledger) -> None:
    ledger.note(b"walk", NOW)


def read(ledger: Ledger) -> None:
    ledger.gone_at(b"person")


def expire(ledger: Ledger) -> None:
    ledger.expire(NOW + 2 * KEPT_FOR)


USES: list[Callable[[Ledger], None]] = [note, read, expire]


# --- What is noted ------------------------------------------------------------------------------------------------


def test_what_was_forgotten_is_found_with_its_time_by_whoever_has_the_key(path: Path) -> None:
    ledger = Ledger(path, RING)
    ledger.note(b"person", NOW)
    for reader in (ledger, Ledger(path, Keyring.of(b"k" * 32))):
        assert (reader.gone_at(b"person"), reader.gone_at(b"another")) == (NOW, None)


def test_missing_ledger_is_empty_and_not_made_by_reading(path: Path) -> None:
    ledger = Ledger(path, RING)
    ledger.expire(NOW)
    ledger.note_all([])
    assert ledger.gone_at(b"person") is None
    assert not path.parent.exists()


def test_ledger_is_made_owner_only(path: Path) -> None:
    noted(path, b"person")
    assert (mode(path.parent), mode(path)) == (0o700, 0o600)
    assert list(path.parent.iterdir()) == [path]


def test_latest_of_several_times_counts(path: Path) -> None:
    ledger = Ledger(path, RING)
    for at in (NOW, NOW + 5, NOW + 2):
        ledger.note(b"person", at)
    assert ledger.gone_at(b"person") == NOW + 5


def test_what_was_noted_with_a_retired_key_is_found_and_the_newest_notes(path: Path) -> None:
    noted(path, b"person", b"both", ring=Keyring.of(b"o" * 32), at=NOW + 9)
    ledger = noted(path, b"both", b"new", ring=Keyring.of(b"k" * 32, b"o" * 32))
    assert [ledger.gone_at(what) for what in (b"person", b"both", b"new")] == [NOW + 9, NOW + 9, NOW]
    alone = Ledger(path, RING)
    assert [alone.gone_at(what) for what in (b"person", b"both", b"new")] == [None, NOW, NOW]


def test_ledger_goes_on_with_a_ring_that_was_renewed(path: Path) -> None:
    rings = iter([Keyring.of(b"o" * 32), Keyring.of(b"k" * 32, b"o" * 32)])
    ring = Ring(lambda: next(rings))
    ledger = Ledger(path, ring)
    ledger.note(b"before", NOW)
    ring.renew()
    ledger.note(b"after", NOW)
    assert [ledger.gone_at(what) for what in (b"before", b"after")] == [NOW, NOW]
    assert Ledger(path, RING).gone_at(b"after") == NOW


def test_ledger_tells_neither_what_was_forgotten_nor_that_it_was_the_same_under_another_key(path: Path) -> None:
    noted(path, b"person 480016", b"480016")
    content = path.read_bytes()
    noted(path, b"person 480016", ring=Keyring.of(b"o" * 32))
    other = path.read_bytes()[len(content) :]
    assert b"480016" not in path.read_bytes()
    assert other[4:20] not in content
    assert Ledger(path, Keyring.of(b"x" * 32)).gone_at(b"person 480016") is None


def test_reader_sees_what_another_notes_afterwards(path: Path) -> None:
    reader = noted(path, b"one")
    assert reader.gone_at(b"two") is None
    noted(path, b"two")
    assert reader.gone_at(b"two") == NOW
    Ledger(path, RING).expire(NOW + KEPT_FOR + 1)
    assert reader.gone_at(b"two") is None


@given(st.lists(st.tuples(st.binary(max_size=3), st.integers(0, 2**63)), max_size=20))
def test_every_note_is_found_with_its_latest_time(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[bytes, int]]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "forgotten", RING)
    ledger.note_all(notes)
    for what in {what for what, _ in notes}:
        assert ledger.gone_at(what) == max(at for other, at in notes if other == what)


# --- Who else writes ----------------------------------------------------------------------------------------------

NOTE = """
import sys
from pathlib import Path
from bot.store.keyring import Keyring
from bot.store.ledger import Ledger

ledger = Ledger(Path(sys.argv[1]), Keyring.of(b"k" * 32))
for number in range(100):
    ledger.note(f"{sys.argv[2]} {number}".encode(), int(sys.argv[3]))
    if not number % 10:
        ledger.expire(int(sys.argv[3]))
"""


def test_programs_that_note_and_expire_at_once_lose_nothing(path: Path) -> None:
    commands = [[sys.executable, "-c", NOTE, path, name, str(NOW)] for name in ("one", "two", "three")]
    programs = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    assert [program.wait(timeout=60) for program in programs] == [0, 0, 0]
    ledger = Ledger(path, RING)
    whats = [f"{name} {number}".encode() for name in ("one", "two", "three") for number in range(100)]
    assert [what for what in whats if ledger.gone_at(what) != NOW] == []
    assert list(path.parent.iterdir()) == [path]


def test_threads_that_share_a_ledger_lose_nothing(path: Path) -> None:
    ledger, barrier = Ledger(path, RING), Barrier(8)

    def start(number: int) -> None:
        barrier.wait()
        ledger.note(b"%d" % number, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(8)))
    assert [ledger.gone_at(b"%d" % number) for number in range(8)] == [NOW] * 8


# --- What a kill or a power cut leaves ----------------------------------------------------------------------------


def test_ledger_cut_off_anywhere_keeps_what_is_whole_and_takes_more(path: Path) -> None:
    noted(path, b"one", b"two", b"three")
    content = path.read_bytes()
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        ledger = Ledger(path, RING)
        whole = max(0, length // RECORD - 1)
        expected = [NOW if place < whole else None for place in range(3)]
        assert [ledger.gone_at(what) for what in (b"one", b"two", b"three")] == expected
        ledger.note(b"four", NOW + 1)
        again = Ledger(path, RING)
        assert [again.gone_at(what) for what in (b"one", b"two", b"three", b"four")] == [*expected, NOW + 1]
        assert path.stat().st_size == RECORD * (whole + 2)


def test_cut_off_ledger_expires(path: Path) -> None:
    ledger = noted(path, b"one", b"two")
    path.write_bytes(path.read_bytes()[:-1])
    ledger.expire(NOW)
    assert (ledger.gone_at(b"one"), path.stat().st_size) == (NOW, 2 * RECORD)


@pytest.mark.parametrize("left", [bytes(2 * RECORD), b"\xff" * 2 * RECORD, bytes(range(2 * RECORD))])
def test_what_a_power_cut_left_in_the_place_of_entries_harms_none_beside_it(path: Path, left: bytes) -> None:
    noted(path, b"one")
    with path.open("ab") as file:
        file.write(left)
    ledger = noted(path, b"two")
    assert (ledger.gone_at(b"one"), ledger.gone_at(b"two")) == (NOW, NOW)
    ledger.expire(NOW)
    assert (ledger.gone_at(b"one"), ledger.gone_at(b"two"), path.stat().st_size) == (NOW, NOW, 3 * RECORD)


def test_entry_with_any_bit_changed_counts_as_none(path: Path) -> None:
    noted(path, b"person")
    content = path.read_bytes()
    for bit in range(8 * RECORD, 16 * RECORD):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert Ledger(path, RING).gone_at(b"person") is None


KILLED = """
import sys
from pathlib import Path
from bot.store.keyring import Keyring
from bot.store.ledger import Ledger

ledger, number = Ledger(Path(sys.argv[1]), Keyring.of(b"k" * 32)), 0
while True:
    batch = range(number, number + 50)
    ledger.note_all((b"%d" % one, int(sys.argv[2])) for one in batch)
    number += 50
    print(number, flush=True)
"""


@pytest.mark.parametrize("batches", range(1, 8))
def test_what_was_noted_outlives_a_kill_at_any_time(path: Path, batches: int) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, path, str(NOW)], cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        for _ in range(batches):
            program.stdout.readline()
        program.kill()
        acknowledged = int((program.stdout.readlines() or [b"%d" % (50 * batches)])[-1])
    ledger = noted(path, b"after")
    assert [one for one in range(acknowledged) if ledger.gone_at(b"%d" % one) != NOW] == []
    assert ledger.gone_at(b"after") == NOW


# --- How long -----------------------------------------------------------------------------------------------------


def test_entries_expire_after_thirty_days_and_leave_no_byte(path: Path) -> None:
    ledger = noted(path, b"old", b"other")
    old = path.read_bytes()[RECORD:]
    ledger.note(b"new", NOW + 1)
    ledger.expire(NOW + KEPT_FOR)
    assert [ledger.gone_at(what) for what in (b"old", b"new")] == [NOW, NOW + 1]
    ledger.expire(NOW + KEPT_FOR + 1)
    assert [ledger.gone_at(what) for what in (b"old", b"new")] == [None, NOW + 1]
    assert old[4:20] not in path.read_bytes()
    assert old[36:52] not in path.read_bytes()
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_ledger_in_which_all_stays_is_not_written_anew(path: Path) -> None:
    ledger = noted(path, b"person")
    before = path.stat()
    ledger.expire(NOW)
    assert os.path.samestat(path.stat(), before)


def test_entries_of_a_key_that_is_gone_stay_until_they_expire(path: Path) -> None:
    noted(path, b"person", ring=Keyring.of(b"o" * 32))
    Ledger(path, RING).expire(NOW)
    assert Ledger(path, Keyring.of(b"o" * 32)).gone_at(b"person") == NOW
    Ledger(path, RING).expire(NOW + KEPT_FOR + 1)
    assert path.stat().st_size == RECORD


# --- What cannot be used ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("others", [0o640, 0o604, 0o660, 0o610])
def test_ledger_open_to_others_is_refused_with_the_way_to_close_it(
    path: Path, others: int, use: Callable[[Ledger], None]
) -> None:
    ledger = noted(path, b"person")
    content = path.read_bytes()
    path.chmod(others)
    with pytest.raises(StoreError, match=r"chmod 600 .*\.$"):
        use(ledger)
    assert (path.read_bytes(), mode(path)) == (content, others)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "content", [b"x", b"another program's notes, of some length", bytes(64), b"compassion-bot: the forgotten, 2" * 2]
)
def test_file_of_another_program_is_refused_and_left_alone(
    path: Path, content: bytes, use: Callable[[Ledger], None]
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreError, match=r"not of this bot, or of a newer version.*\.$"):
        use(Ledger(path, RING))
    assert path.read_bytes() == content


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["file/forgotten", "folder"])
def test_ledger_in_an_impossible_place_is_told(tmp_path: Path, name: str, use: Callable[[Ledger], None]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot be read or noted.*: give this user the right to\.$"):
        use(Ledger(tmp_path / name, RING))


FULL = """
import resource, signal, sys
from pathlib import Path
from bot.store import StoreError
from bot.store.keyring import Keyring
from bot.store.ledger import Ledger

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, resource.RLIM_INFINITY))
try:
    Ledger(path, Keyring.of(b"k" * 32)).note_all([(b"two", 1), (b"three", 1)])
except StoreError as error:
    print(error)
"""


def test_entries_that_find_no_room_are_told_and_none_of_them_is_kept(path: Path) -> None:
    ledger = noted(path, b"one")
    content = path.read_bytes()
    said = subprocess.run([sys.executable, "-c", FULL, path], cwd=ROOT, check=True, capture_output=True, text=True)
    assert said.stdout.startswith("What was forgotten cannot be read or noted in ")
    assert path.read_bytes() == content
    assert ledger.gone_at(b"one") == NOW


def test_error_shows_a_home_folder_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "alma"))
    path = tmp_path / "alma" / "forgotten"
    ledger = noted(path, b"person")
    path.chmod(0o644)
    with pytest.raises(StoreError, match="~/forgotten") as caught:
        ledger.gone_at(b"person")
    assert "alma" not in str(caught.value)


def test_ledger_shows_nothing_of_its_keys(path: Path) -> None:
    ledger = noted(path, b"person")
    assert repr(RING.newest.ledger) not in repr(vars(ledger))
    with pytest.raises(TypeError, match="not copied or pickled"):
        pickle.dumps(ledger)
