import base64
import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import SealError, SecretError
from bot.store.seal import Keys, Place, Sealer, make_or_read_secret, parse_secret, read_secret

SECRET = bytes(range(32))
PLACE = Place("outcome", b"row", "answers")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def assert_plain(error: SecretError) -> None:
    line = str(error)
    assert "\n" not in line
    assert line.endswith(".")


# --- The secret -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(SECRET).decode(),
        f"  {base64.b64encode(SECRET).decode()}\r\n",
        SECRET.hex(),
        SECRET.hex().upper(),
    ],
)
def test_secret_is_read_from_base64_and_hex(text: str) -> None:
    assert parse_secret(text) == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2-hunter2-hunter2",
        SECRET.hex()[:-1],
        SECRET.hex() + "00",
        base64.b64encode(SECRET[:31]).decode(),
        base64.b64encode(SECRET + b"x").decode(),
        base64.b64encode(SECRET).decode().replace("=", "é"),
        base64.b64encode(SECRET).decode()[:20] + " " + base64.b64encode(SECRET).decode()[20:],
    ],
)
def test_malformed_secret_is_refused_and_not_echoed(text: str) -> None:
    with pytest.raises(SecretError, match="openssl rand -base64 32") as caught:
        parse_secret(text)
    assert_plain(caught.value)
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_secret_is_made_owner_only_at_the_first_start_and_read_at_the_next(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    secret = make_or_read_secret(path)
    assert len(secret) == 32
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    assert make_or_read_secret(path) == secret
    assert read_secret(path) == secret


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert make_or_read_secret(tmp_path / "one") != make_or_read_secret(tmp_path / "two")


def test_secret_is_the_same_for_all_who_start_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    barrier = Barrier(8)

    def start(_: int) -> bytes:
        barrier.wait()
        return make_or_read_secret(path)

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(start, range(8)))
    assert secrets == {read_secret(path)}
    assert [file.name for file in path.parent.iterdir()] == ["key"]


@pytest.mark.parametrize("others", [0o640, 0o604, 0o660, 0o610])
def test_secret_open_to_others_is_refused_with_the_way_to_close_it(tmp_path: Path, others: int) -> None:
    path = tmp_path / "key"
    make_or_read_secret(path)
    path.chmod(others)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        make_or_read_secret(path)
    assert_plain(caught.value)


@pytest.mark.parametrize("content", [b"", b"no key", b"\x00\xff" * 16, b"A" * 5000])
def test_key_file_with_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    for read in (make_or_read_secret, read_secret):
        with pytest.raises(SecretError, match="holds no data key") as caught:
            read(path)
        assert_plain(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["file/key", "folder"])
def test_secret_in_an_impossible_place_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for read in (make_or_read_secret, read_secret):
        with pytest.raises(SecretError, match="BOT_DATA_KEY_FILE") as caught:
            read(tmp_path / name)
        assert_plain(caught.value)


def test_error_shows_a_home_folder_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "alma"))
    path = tmp_path / "alma" / "config" / "key"
    make_or_read_secret(path)
    path.chmod(0o644)
    with pytest.raises(SecretError, match="~/config/key") as caught:
        make_or_read_secret(path)
    assert "alma" not in str(caught.value)


def test_missing_key_file_says_how_to_give_one_and_repeats_no_key_put_in_its_place() -> None:
    mistaken = base64.b64encode(SECRET).decode().replace("/", "_")
    with pytest.raises(SecretError, match=r"mount one there, made with `openssl rand -base64 32`") as caught:
        read_secret(Path(mistaken))
    assert_plain(caught.value)
    assert mistaken not in str(caught.value)


# --- The keys -----------------------------------------------------------------------------------------------------


def test_keys_are_derived_apart_as_rfc_5869_says() -> None:
    # Derived here by hand: a change of these would lock everyone out of their database.
    extracted = hmac.digest(bytes(32), SECRET, hashlib.sha256)
    lookup, button, seal = (
        hmac.digest(extracted, f"compassion-bot {use}".encode() + b"\x01", hashlib.sha256)
        for use in ("lookup", "button", "seal")
    )
    assert Keys.of(SECRET) == Keys(lookup=lookup, button=button, seal=seal)


def test_keys_show_nothing_of_themselves() -> None:
    assert repr(Keys.of(SECRET)) == "Keys()"


# --- The cells ------------------------------------------------------------------------------------------------------


@given(plain=st.binary(max_size=600), table=st.text(), row=st.binary(), column=st.text())
def test_cell_opens_where_it_was_sealed(plain: bytes, table: str, row: bytes, column: str) -> None:
    sealer, place = Sealer(Keys.of(SECRET).seal), Place(table, row, column)
    assert Sealer(Keys.of(SECRET).seal).open(sealer.seal(plain, place), place) == plain


@pytest.mark.parametrize(
    "place",
    [
        Place("consent", b"row", "answers"),
        Place("outcome", b"raw", "answers"),
        Place("outcome", b"row", "given"),
        Place("outcomer", b"ow", "answers"),
        Place("outcome", b"rowa", "nswers"),
    ],
)
def test_cell_moved_elsewhere_does_not_open(place: Place) -> None:
    sealer = Sealer(Keys.of(SECRET).seal)
    with pytest.raises(SealError):
        sealer.open(sealer.seal(b"sad", PLACE), place)


def test_cell_with_any_byte_changed_does_not_open() -> None:
    sealer = Sealer(Keys.of(SECRET).seal)
    cell = sealer.seal(b"sad", PLACE)
    for position in range(len(cell)):
        changed = bytearray(cell)
        changed[position] ^= 1
        with pytest.raises(SealError):
            sealer.open(bytes(changed), PLACE)


@given(st.binary(max_size=300))
def test_cell_of_other_bytes_does_not_open(cell: bytes) -> None:
    with pytest.raises(SealError):
        Sealer(Keys.of(SECRET).seal).open(cell, PLACE)


def test_cell_of_another_key_does_not_open() -> None:
    with pytest.raises(SealError):
        Sealer(Keys.of(bytes(32)).seal).open(Sealer(Keys.of(SECRET).seal).seal(b"sad", PLACE), PLACE)


def test_cells_of_the_same_words_differ_and_cells_of_other_words_are_as_long() -> None:
    sealer = Sealer(Keys.of(SECRET).seal)
    cells = [sealer.seal(plain, PLACE) for plain in (b"sad", b"sad", b"", b"\x80\x00" * 90)]
    assert len(set(cells)) == 4
    assert {len(cell) for cell in cells} == {221}
