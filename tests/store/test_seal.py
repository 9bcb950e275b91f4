import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import SealError, UnknownKeyError
from bot.store.keyring import Keys
from bot.store.seal import Place, Sealer, key_id

SECRET = bytes(range(32))
OLD = b"o" * 32
PLACE = Place("outcome", b"row", "answers")

# Sealed by the version before keys had ids, with the nonce b"n" * 12: "sad" in `PLACE`, under `SECRET`.
FIRST_FORMAT = bytes.fromhex(
    "016e6e6e6e6e6e6e6e6e6e6e6ed7c2bf2fb6e94b541a9c6a3493e05ede5d02e2e7a7ef1817a485b3c65723415d780f8b"
    "b566408c622ee6f0cfc39e65abdc4ee567371679f73bd656e94fd91cab205bdbc1b5001adf65b8639b23d0e9263b8225"
    "e9da795312c632417892d99025fbe81f4dd3f6fea8cbc1a59f51458369ce71e27416602671bbc5218075adaf974a8076"
    "05cbee9830da1301139fa94f74e1273657301f86309bd14fd9271dc715068d719768d76ec11b710e2e3301d1d4cff31e"
    "5ce17e953951deb1efa8895a5649d9a6d6ce2caf4af3d542645acccfc4"
)
ELSEWHERE = [
    Place("consent", b"row", "answers"),
    Place("outcome", b"raw", "answers"),
    Place("outcome", b"row", "given"),
    Place("outcomer", b"ow", "answers"),
    Place("outcome", b"rowa", "nswers"),
]


def sealer_of(*secrets: bytes) -> Sealer:
    return Sealer([(keys.id, keys.seal) for keys in map(Keys.of, secrets)])


def cells() -> list[bytes]:
    return [sealer_of(SECRET).seal(b"sad", PLACE), FIRST_FORMAT]


@given(plain=st.binary(max_size=600), table=st.text(), row=st.binary(), column=st.text())
def test_cell_opens_where_it_was_sealed(plain: bytes, table: str, row: bytes, column: str) -> None:
    place = Place(table, row, column)
    assert sealer_of(SECRET).open(sealer_of(SECRET).seal(plain, place), place) == plain


@given(plain=st.binary(max_size=600))
def test_cell_of_a_retired_key_opens_and_is_sealed_with_the_newest_again(plain: bytes) -> None:
    before, after = sealer_of(OLD), sealer_of(SECRET, OLD)
    cell = before.seal(plain, PLACE)
    assert (before.is_newest(cell), after.is_newest(cell)) == (True, False)
    fresh = after.seal(after.open(cell, PLACE), PLACE)
    assert after.is_newest(fresh)
    assert sealer_of(SECRET).open(fresh, PLACE) == plain


def test_cell_tells_its_key() -> None:
    assert key_id(sealer_of(SECRET, OLD).seal(b"sad", PLACE)) == Keys.of(SECRET).id
    assert key_id(FIRST_FORMAT) == b""


@pytest.mark.parametrize("secrets", [[SECRET], [OLD, SECRET], [SECRET, OLD]])
def test_cell_of_the_first_format_opens_with_any_key_of_the_ring_and_is_not_the_newest(secrets: list[bytes]) -> None:
    sealer = sealer_of(*secrets)
    assert sealer.open(FIRST_FORMAT, PLACE) == b"sad"
    assert not sealer.is_newest(FIRST_FORMAT)


@pytest.mark.parametrize("place", ELSEWHERE)
@pytest.mark.parametrize("cell", cells(), ids=["today's", "first"])
def test_cell_moved_elsewhere_does_not_open(cell: bytes, place: Place) -> None:
    with pytest.raises(SealError):
        sealer_of(SECRET, OLD).open(cell, place)


@pytest.mark.parametrize("cell", cells(), ids=["today's", "first"])
def test_cell_with_any_bit_changed_does_not_open(cell: bytes) -> None:
    sealer = sealer_of(SECRET, OLD)
    for bit in range(8 * len(cell)):
        changed = bytearray(cell)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            sealer.open(bytes(changed), PLACE)


@pytest.mark.parametrize("cell", cells(), ids=["today's", "first"])
def test_cell_cut_short_or_lengthened_does_not_open(cell: bytes) -> None:
    sealer = sealer_of(SECRET, OLD)
    for changed in [cell[:length] for length in range(len(cell))] + [cell + b"\x00"]:
        with pytest.raises(SealError):
            sealer.open(changed, PLACE)


def test_cell_that_claims_another_format_does_not_open() -> None:
    sealer, (second, first) = sealer_of(SECRET), cells()
    for changed in (b"\x01" + second[1:], b"\x01" + second[5:], b"\x02" + Keys.of(SECRET).id + first[1:]):
        with pytest.raises(SealError):
            sealer.open(changed, PLACE)


def test_cell_that_claims_another_key_of_the_ring_does_not_open() -> None:
    sealer = sealer_of(SECRET, OLD)
    cell = sealer.seal(b"sad", PLACE)
    with pytest.raises(SealError):
        sealer.open(b"\x02" + Keys.of(OLD).id + cell[5:], PLACE)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"\x02" + Keys.of(SECRET).id + rest))
def test_cell_of_other_bytes_does_not_open(cell: bytes) -> None:
    with pytest.raises(SealError):
        sealer_of(SECRET, OLD).open(cell, PLACE)


def test_cell_of_a_key_that_is_gone_says_so() -> None:
    with pytest.raises(UnknownKeyError):
        sealer_of(SECRET).open(sealer_of(OLD).seal(b"sad", PLACE), PLACE)


def test_cell_of_the_first_format_does_not_open_with_another_key() -> None:
    with pytest.raises(SealError):
        sealer_of(OLD).open(FIRST_FORMAT, PLACE)


def test_cells_of_the_same_words_differ_and_cells_of_other_words_are_as_long() -> None:
    sealer = sealer_of(SECRET)
    sealed = [sealer.seal(plain, PLACE) for plain in (b"sad", b"sad", b"", b"\x80\x00" * 90, b"x" * 191)]
    assert len(set(sealed)) == 5
    assert {len(cell) for cell in sealed} == {225}
    assert len(sealer.seal(b"x" * 192, PLACE)) == 225 + 192
