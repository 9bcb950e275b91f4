import base64
import copy
import hashlib
import hmac
import pickle
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import SecretError
from bot.store.keyring import Keyring, Keys, add, make_or_read_keyring, parse_keyring, prune, read_keyring
from tests.store.test_database import no_file_over

SECRET = bytes(range(32))
TEXT = base64.b64encode(SECRET).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
THIRD = (b"t" * 32).hex()
TODAY = date(2026, 11, 23)
MONTH = timedelta(days=30)

SECRETS = st.binary(min_size=32, max_size=32)
DAYS = st.none() | st.dates()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def key_file(folder: Path, text: str) -> Path:
    path = folder / "key"
    path.write_text(text)
    path.chmod(0o600)
    return path


def read_today(path: Path) -> Keyring:
    return make_or_read_keyring(path, TODAY)


def add_today(path: Path) -> Keyring:
    return add(path, TODAY)


def prune_today(path: Path) -> Keyring:
    return prune(path, (), TODAY)


OURS: list[Callable[[Path], Keyring]] = [read_today, add_today, prune_today]


def assert_plain(error: SecretError, *hidden: str) -> None:
    """One line, with none of `hidden` in it, and no other error shown with it."""
    line = str(error)
    assert "\n" not in line
    assert line.endswith(".")
    assert [text for text in hidden if text in line] == []
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


# --- The text of a ring -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXT, f"  {TEXT}\r\n", SECRET.hex(), SECRET.hex().upper()])
def test_single_key_is_read_from_base64_and_hex(text: str) -> None:
    assert parse_keyring(text) == Keyring.of(SECRET)


@pytest.mark.parametrize("between", ["\n", "\r\n", " ", ",", ", ", "\n\n", "\n# of the year before\n", " \n  #\n\t"])
def test_keys_stand_apart_by_spaces_commas_lines_and_comments(between: str) -> None:
    assert parse_keyring(f"{TEXT}{between}{OTHER}{between}{THIRD}") == Keyring.of(SECRET, b"o" * 32, b"t" * 32)


@given(
    kept=st.lists(st.tuples(SECRETS, DAYS), min_size=1, max_size=4, unique_by=lambda entry: entry[0]),
    in_hex=st.booleans(),
    comment=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")),
)
def test_ring_is_read_as_it_was_written(kept: list[tuple[bytes, date | None]], comment: str, *, in_hex: bool) -> None:
    lines = [f"# {comment}"]
    for secret, made in kept:
        key = secret.hex() if in_hex else base64.b64encode(secret).decode()
        lines += [key if made is None else f"{key} {made.isoformat()}", f"# {comment}"]
    assert parse_keyring("\n".join(lines)).keys == tuple(Keys.of(secret, made) for secret, made in kept)


def test_days_belong_to_the_key_before_them_in_an_environment_too() -> None:
    days = [keys.made for keys in parse_keyring(f"{TEXT} 2026-11-23,{OTHER}, {THIRD},2025-01-02").keys]
    assert days == [date(2026, 11, 23), None, date(2025, 1, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a word of its owner",
        "hunter2-hunter2-hunter2",
        SECRET.hex()[:-1],
        SECRET.hex() + "00",
        base64.b64encode(SECRET[:31]).decode(),
        base64.b64encode(SECRET + b"x").decode(),
        TEXT.replace("=", "é"),
        f"{TEXT[:20]} {TEXT[20:]}",
        f"{TEXT}\n{OTHER[:-1]}",
        f"{TEXT}{OTHER}",
        f"{TEXT} 2026-11-23 2026-11-24",
        f"{TEXT} 2026-11-233",
        f"{TEXT} 2026-11-23{OTHER}",
        f"{TEXT}\n2026-11-23",
        f"{TEXT} # a comment has a line of its own",
    ],
)
def test_malformed_ring_is_refused_whole_and_not_echoed(text: str) -> None:
    with pytest.raises(SecretError, match="openssl rand -base64 32") as caught:
        parse_keyring(text)
    assert_plain(caught.value, *(part for part in text.split() if len(part) > 9))


@given(st.text() | st.lists(st.sampled_from([TEXT, OTHER, THIRD, "2026-11-23", ",", " ", "\n", "#"])).map("".join))
def test_any_text_is_a_ring_or_refused_in_plain_words(text: str) -> None:
    with suppress(SecretError):
        assert parse_keyring(text).keys


def test_key_given_twice_is_refused_and_not_echoed() -> None:
    with pytest.raises(SecretError, match="given twice") as caught:
        parse_keyring(f"{TEXT}\n{OTHER}\n{SECRET.hex()}")
    assert_plain(caught.value, TEXT, SECRET.hex(), OTHER)


def test_day_that_is_none_is_told() -> None:
    with pytest.raises(SecretError, match="write it as 2026-11-23") as caught:
        parse_keyring(f"{TEXT} 2026-02-30")
    assert_plain(caught.value, TEXT, "2026-02-30")


# --- The key file -------------------------------------------------------------------------------------------------


def test_key_is_made_owner_only_at_the_first_start_and_read_at_the_next(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    ring = make_or_read_keyring(path, TODAY)
    assert [keys.made for keys in ring.keys] == [TODAY]
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600
    assert names(path.parent) == ["key"]
    assert make_or_read_keyring(path, TODAY + MONTH) == ring
    assert read_keyring(path) == ring


def test_key_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT}\n")
    assert read_today(path) == read_keyring(path) == Keyring.of(SECRET)


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert read_today(tmp_path / "one") != read_today(tmp_path / "two")


def test_secret_is_the_same_for_all_who_start_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    barrier = Barrier(8)

    def start(_: int) -> Keyring:
        barrier.wait()
        return read_today(path)

    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(start, range(8)))
    assert rings == [read_keyring(path)] * 8
    assert names(path.parent) == ["key"]


@pytest.mark.parametrize("use", OURS)
@pytest.mark.parametrize("others", [0o640, 0o604, 0o660, 0o610])
def test_key_file_open_to_others_is_refused_with_the_way_to_close_it(
    tmp_path: Path, others: int, use: Callable[[Path], Keyring]
) -> None:
    path = key_file(tmp_path, TEXT)
    path.chmod(others)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        use(path)
    assert_plain(caught.value, TEXT)
    assert (path.read_text(), mode(path)) == (TEXT, others)


@pytest.mark.parametrize("use", [*OURS, read_keyring])
@pytest.mark.parametrize("content", [b"", b"no key", b"\x00\xff" * 16, b"A" * 5000, f"{TEXT}\n{'#' * 70_000}".encode()])
def test_key_file_with_something_else_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, use: Callable[[Path], Keyring]
) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SecretError, match="holds no data key") as caught:
        use(path)
    assert_plain(caught.value, TEXT)
    assert path.read_bytes() == content


@pytest.mark.parametrize("use", [*OURS, read_keyring])
@pytest.mark.parametrize("name", ["file/key", "folder"])
def test_key_in_an_impossible_place_is_told(tmp_path: Path, name: str, use: Callable[[Path], Keyring]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SecretError, match="BOT_DATA_KEY_FILE") as caught:
        use(tmp_path / name)
    assert_plain(caught.value)


def test_error_shows_a_home_folder_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "alma"))
    path = tmp_path / "alma" / "config" / "key"
    read_today(path)
    path.chmod(0o644)
    with pytest.raises(SecretError, match="~/config/key") as caught:
        read_today(path)
    assert_plain(caught.value, "alma")


def test_missing_key_file_says_how_to_give_one_and_repeats_no_key_put_in_its_place() -> None:
    mistaken = TEXT.replace("/", "_")
    with pytest.raises(SecretError, match=r"mount one there, made with `openssl rand -base64 32`") as caught:
        read_keyring(Path(mistaken))
    assert_plain(caught.value, mistaken)


# --- A new secret -------------------------------------------------------------------------------------------------


def test_new_secret_comes_first_and_the_text_before_it_stays(tmp_path: Path) -> None:
    text = f"# the copy lies in the safe \udcff\n{TEXT} 2025-01-02\n{THIRD}"
    path = tmp_path / "key"
    path.write_bytes(text.encode(errors="surrogateescape"))
    path.chmod(0o600)
    before = read_keyring(path)
    ring = add(path, TODAY)
    assert ring.keys[1:] == before.keys
    assert ring.newest.made == TODAY
    assert ring.newest.id not in {keys.id for keys in before.keys}
    assert read_keyring(path) == read_today(path) == ring
    assert path.read_bytes().endswith(text.encode(errors="surrogateescape"))
    assert mode(path) == 0o600
    assert names(tmp_path) == ["key"]


def test_secrets_added_at_once_are_all_kept(tmp_path: Path) -> None:
    path = key_file(tmp_path, TEXT)
    barrier = Barrier(8)

    def start(_: int) -> Keys:
        barrier.wait()
        return add(path, TODAY).newest

    with ThreadPoolExecutor(8) as pool:
        added = set(pool.map(start, range(8)))
    assert len(added) == 8
    assert set(read_keyring(path).keys) == added | set(Keyring.of(SECRET).keys)
    assert names(tmp_path) == ["key"]


def test_key_file_is_whole_whenever_it_is_read_while_it_changes(tmp_path: Path) -> None:
    path = key_file(tmp_path, TEXT)
    known = Keys.of(SECRET)
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(lambda: [add(path, TODAY) for _ in range(30)])
        while not changing.done():
            assert known in read_today(path).keys
    assert len(read_keyring(path).keys) == 31


def test_secret_is_put_into_the_file_that_a_link_names(tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir()
    kept = key_file(tmp_path / "safe", TEXT)
    link = tmp_path / "key"
    link.symlink_to(kept)
    ring = add(link, TODAY)
    assert link.is_symlink()
    assert read_keyring(kept) == ring


def test_what_a_killed_change_left_behind_is_taken_away_by_the_next(tmp_path: Path) -> None:
    path = key_file(tmp_path, TEXT)
    (tmp_path / ".key-next").write_text("half of a k")
    add(path, TODAY)
    assert names(tmp_path) == ["key"]
    assert len(read_keyring(path).keys) == 2


def test_key_that_finds_no_room_is_told_and_leaves_no_half_of_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with no_file_over(10), pytest.raises(SecretError, match=r"key cannot be made, .*: make room on its disk\.$"):
        make_or_read_keyring(path, TODAY)
    assert list(tmp_path.iterdir()) == []
    kept = make_or_read_keyring(path, TODAY)
    before = path.read_bytes()
    with no_file_over(10), pytest.raises(SecretError, match="make room on its disk"):
        add(path, TODAY)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before
    assert make_or_read_keyring(path, TODAY) == kept


@pytest.mark.parametrize("change", [add_today, prune_today])
def test_key_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, change: Callable[[Path], Keyring]) -> None:
    text = f"{TEXT} 2020-01-01\n{OTHER}"
    path = key_file(tmp_path, text)
    (tmp_path / ".key-next" / "in the way").mkdir(parents=True)
    with pytest.raises(SecretError, match="cannot be made, read or changed") as caught:
        change(path)
    assert_plain(caught.value, TEXT, OTHER)
    assert path.read_text() == text


# --- Retired secrets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "stays"), [(0, True), (30, True), (31, False), (-1, True)])
def test_retired_secret_stays_for_thirty_days_after_its_successor_was_made(
    tmp_path: Path, days: int, *, stays: bool
) -> None:
    path = key_file(tmp_path, f"{TEXT} 2026-11-23\n{OTHER} 2020-01-01\n")
    ring = prune(path, (), TODAY + timedelta(days=days))
    assert ring == read_keyring(path)
    assert [keys.id for keys in ring.keys] == [Keys.of(SECRET).id, Keys.of(b"o" * 32).id][: 1 + stays]
    assert mode(path) == 0o600


def test_newest_secret_is_never_dropped(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT} 1990-01-01\n")
    assert prune(path, (), TODAY).newest == Keys.of(SECRET, date(1990, 1, 1))
    assert len(read_keyring(path).keys) == 1


def test_retired_secret_that_a_cell_names_stays(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT} 2020-01-01\n{OTHER} 2019-01-01\n{THIRD}\n")
    ring = prune(path, {Keys.of(b"t" * 32).id}, TODAY)
    assert [keys.id for keys in ring.keys] == [Keys.of(SECRET).id, Keys.of(b"t" * 32).id]


def test_all_stay_while_a_cell_names_no_key(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT} 2020-01-01\n{OTHER} 2019-01-01\n")
    assert len(prune(path, {b""}, TODAY).keys) == 2


def test_secret_stays_whose_successor_was_made_nobody_knows_when(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT}\n{OTHER} 2019-01-01\n{THIRD}\n")
    assert [keys.id for keys in prune(path, (), TODAY).keys] == [Keys.of(SECRET).id, Keys.of(b"o" * 32).id]


def test_what_is_dropped_is_gone_from_the_folder_and_the_rest_stays_as_it_was_written(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"# mine\n{TEXT} 2020-01-01, {OTHER}\n# {OTHER}?\n {THIRD} 2018-02-03\n")
    prune(path, {Keys.of(b"t" * 32).id}, TODAY)
    assert path.read_text() == f"# mine\n{TEXT} 2020-01-01\n# {OTHER}?\n {THIRD} 2018-02-03\n"
    assert names(tmp_path) == ["key"]


@given(
    kept=st.lists(
        st.tuples(SECRETS, st.none() | st.dates(date(2026, 9, 1), TODAY)),
        min_size=1,
        max_size=5,
        unique_by=lambda e: e[0],
    ),
    between=st.lists(st.sampled_from(["\n", " ", ",", "\n# a comment\n"]), min_size=5, max_size=5),
    used=st.sets(st.integers(0, 4)),
)
def test_pruning_drops_all_that_may_go_and_no_more(
    tmp_path_factory: pytest.TempPathFactory,
    kept: list[tuple[bytes, date | None]],
    between: list[str],
    used: set[int],
) -> None:
    entries = [base64.b64encode(secret).decode() + (f" {made}" if made else "") for secret, made in kept]
    path = key_file(tmp_path_factory.mktemp("keys"), "".join(map("".join, zip(entries, between, strict=False))))
    before = read_keyring(path).keys
    ring = prune(path, {before[place].id for place in used if place < len(before)}, TODAY)
    may_go = [
        place > 0 and place not in used and (made := before[place - 1].made) is not None and TODAY - made > MONTH
        for place in range(len(before))
    ]
    assert ring == read_keyring(path) == Keyring(tuple(keys for keys, go in zip(before, may_go, strict=True) if not go))


# --- The keys -----------------------------------------------------------------------------------------------------


def test_keys_are_derived_apart_as_rfc_5869_says() -> None:
    # Derived here by hand: a change of these would lock everyone out of their database.
    extracted = hmac.digest(bytes(32), SECRET, hashlib.sha256)
    lookup, button, seal, ledger, number = (
        hmac.digest(extracted, f"compassion-bot {use}".encode() + b"\x01", hashlib.sha256)
        for use in ("lookup", "button", "seal", "ledger", "id")
    )
    assert Keys.of(SECRET) == Keys(lookup=lookup, button=button, seal=seal, ledger=ledger, id=number[:4])


def test_ring_shows_ids_and_days_and_nothing_of_its_keys(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{TEXT} 2026-11-23")
    ring = read_keyring(path)
    number = ring.newest.id
    for shown in (repr(ring), str(ring), f"{ring}"):
        assert shown == f"Keyring(keys=(Keys(id={number!r}, made=datetime.date(2026, 11, 23)),))"


@pytest.mark.parametrize("kept", [Keys.of(SECRET), Keyring.of(SECRET)])
def test_keys_are_neither_pickled_nor_copied(kept: object) -> None:
    for use in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or pickled"):
            use(kept)
