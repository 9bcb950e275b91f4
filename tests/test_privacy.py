import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot import app, settings
from bot.core.lines import Label, Line
from bot.core.model import Purpose
from bot.store.keyring import read_keyring
from bot.store.ring import Ring
from bot.store.store import FILE, LOCK, Store
from tests.person import PROMPTS, Person, files_under, is_in, lines

ANN = 7_071_067_811
WORDS = (
    "my patient Wilhelmina fell asleep and never woke",
    "xyzzysorrow",
    "quuxtenderness for Wilhelmina",
    "plughletter to her mother",
    "frobnitzaunt",
)
"""What Ann writes in a walk. No other text in the world holds the odd words of it."""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds every place in which the bot may write."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("BOT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "HOME")
    return tmp_path


@asynccontextmanager
async def meeting() -> AsyncIterator[Person]:
    """Ann and the bot, built as it is to serve."""
    given = settings.load()
    async with app.responder(given, PROMPTS, given.bot_data) as answers:
        yield Person(answers, ANN)


async def walk_in_words(ann: Person) -> None:
    """A whole walk, in words of one's own wherever it can be, and off the path here and there."""
    await ann.commands("walk")
    await ann.says(WORDS[0], forwarded=True)
    await ann.presses(Label.DID_IT)
    await ann.edits(WORDS[0])
    await ann.says("strong")
    await ann.says(WORDS[1])
    await ann.presses(Label.DID_IT)
    await ann.presses(Label.FOR_LEFT_BEHIND)
    await ann.says(WORDS[2])
    await ann.presses(Label.DID_IT)
    await ann.says(WORDS[3])
    await ann.says(WORDS[4])
    await ann.presses(Label.DID_IT)
    await ann.says("a little")
    await ann.presses(Label.CARE_MORE)
    assert lines(ann.heard) == [Line.CLOSE_CROSSED, Line.BACK]


def traces(folder: Path) -> list[tuple[str, bytes]]:
    """What in the files of a folder tells of Ann or of what she wrote and answered: where, and which bytes."""
    number = [
        str(ANN).encode(),
        *(ANN.to_bytes(8, order) for order in ("big", "little")),
        *(ANN.to_bytes(5, order) for order in ("big", "little")),
        f"{ANN:x}".encode(),
    ]
    odd = [word for text in WORDS for word in text.lower().split() if len(word) > 9]
    words = [word.encode(encoding) for word in odd for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    answers = [name.encode() for name in ("upset_before", "upset_after", "ended_at", "feeling", "care_for", "left_beh")]
    return [
        (where, trace)
        for where, content in files_under(folder).items()
        for trace in [*number, *words, *answers]
        if trace in content or trace in content.lower()
    ]


@pytest.mark.parametrize(
    "left",
    [
        b"id 7071067811.",
        ANN.to_bytes(8, "big"),
        ANN.to_bytes(8, "little"),
        f"0x{ANN:X}".encode(),
        WORDS[0].encode(),
        "QUUXTENDERNESS".encode("utf-16-le"),
        b'{"upset_before":5}',
    ],
)
def test_search_finds_what_tells_of_someone_in_any_file(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/page").write_bytes(bytes(4096) + left + bytes(4096))
    assert {where for where, _ in traces(tmp_path)} == {"deep/page"}


async def test_walk_without_consent_leaves_not_one_byte_about_anyone(house: Path) -> None:
    async with meeting():
        pass
    untouched = files_under(house)
    assert set(untouched) == {
        f"data/{FILE}",
        f"data/{LOCK}",
        *(f"XDG_CONFIG_HOME/compassion-bot/{name}" for name in ("key", "forgotten")),
    }
    assert [path for path in untouched if (house / path).stat().st_mode & 0o077] == []
    async with meeting() as ann:
        await walk_in_words(ann)
        await ann.commands("privacy")
        await ann.says("i want to kill myself")
        await ann.commands("why")
        await ann.commands("consent")
        await ann.presses(Label.REMEMBER_NO)
        await ann.commands("stop")
        await ann.commands("forget")
        await ann.presses(Label.FORGET_YES)
        assert traces(house) == []
    assert traces(house) == []
    assert files_under(house) == untouched


async def test_what_is_kept_with_consent_is_nowhere_in_the_clear(house: Path) -> None:
    async with meeting() as ann:
        await ann.commands("consent")
        await ann.presses(Label.REMEMBER_YES)
        await walk_in_words(ann)
        assert traces(house) == []
    assert traces(house) == []
    assert {name: len(kept) for name, kept in rows(house / "data" / FILE) if kept} == {"consent": 1, "outcome": 1}


async def test_words_of_ones_own_and_danger_are_not_even_kept_sealed(house: Path) -> None:
    async with meeting() as ann:
        await ann.commands("consent")
        await ann.presses(Label.REMEMBER_YES)
        before = cells(house / "data" / FILE)
        await ann.says("i want to kill myself")
        assert cells(house / "data" / FILE) == before
        await ann.commands("stop")
        await walk_in_words(ann)
    ring = Ring(lambda: read_keyring(house / "XDG_CONFIG_HOME/compassion-bot/key"))
    async with Store.open(house / "data", ring) as store:
        (kept,) = (await store.kept(ANN)).outcomes
    assert not [word for word in WORDS if word in repr(kept)]


@pytest.mark.parametrize(
    ("command", "way_out"), [("forget", Label.FORGET_YES), ("consent", Label.REMEMBER_OFF)], ids=["forget", "consent"]
)
async def test_what_is_deleted_leaves_no_row_and_none_of_its_sealed_bytes(
    house: Path, command: str, way_out: Label
) -> None:
    async with meeting() as ann:
        await ann.commands("consent")
        await ann.presses(Label.REMEMBER_YES)
        await walk_in_words(ann)
        sealed = cells(house / "data" / FILE)
        assert found(sealed, house) == set(sealed)
        await ann.commands(command)
        await ann.presses(way_out)
        assert found(sealed, house) == set()
    assert found(sealed, house) == set()
    assert not [name for name, kept in rows(house / "data" / FILE) if kept]


def rows(file: Path) -> list[tuple[str, list[tuple[bytes | str, ...]]]]:
    """Every table about people, with its rows as they lie there."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        names = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'meta' ORDER BY 1")
        return [(name, database.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in names.fetchall()]  # noqa: S608


def cells(file: Path) -> list[bytes]:
    """Every cell about people that is not a plain word."""
    return [cell for _, kept in rows(file) for row in kept for cell in row if isinstance(cell, bytes)]


def found(sealed: list[bytes], folder: Path) -> set[bytes]:
    """Which of these cells are in the files of a folder, even in part."""
    contents = list(files_under(folder).values())
    return {cell for cell in sealed if any(is_in(cell, content) for content in contents)}


async def test_consent_of_another_person_is_no_consent_of_ones_own(house: Path) -> None:
    async with meeting() as ann:
        ben = Person(ann.responder, 5_772_156_649)
        await ben.commands("consent")
        await ben.presses(Label.REMEMBER_YES)
        before = cells(house / "data" / FILE)
        await walk_in_words(ann)
        assert cells(house / "data" / FILE) == before
        assert (await ann.commands("consent")).held.consents == frozenset()
        assert (await ben.commands("consent")).held.consents == {Purpose.REMEMBER}
