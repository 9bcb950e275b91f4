import hashlib
import hmac
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import app
from bot import settings as app_settings
from bot.core.button import seal
from bot.core.commands import COMMANDS
from bot.core.consent import BY_GROUP
from bot.core.kept import FollowUp, Purpose, Room, Schedule
from bot.core.lines import Label, Line
from bot.core.model import Action, Button
from bot.core.state import Change
from bot.store.keyring import read_keyring
from bot.store.opening import FILE, LOCK
from bot.store.ring import Ring
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import PROMPTS, Person, buttons, files_under, is_in, lines

ANN = 7_071_067_811
WORDS = (
    "my patient Wilhelmina fell asleep and never woke",
    "xyzzysorrow",
    "quuxtenderness for Wilhelmina",
    "plughletter to her mother",
    "frobnitzaunt",
)
"""What Ann writes in a walk. No other text in the world holds the odd words of it."""

PLAN = "if I pass the hospizgarden, then I write to Wilhelmina's frobnitzaunt"
LISBON = Schedule(zone="Europe/Lisbon")
FOLLOW_UP = FollowUp(7, 0, was_there=False, upset_before=8, upset_after=3, change=Change.MORE)
BEN = 5_772_156_649
GROUP = -1_001_234_567_890
TITLE = "Zwirnhospiz of <b>Wilhelmina</b>"
KEY_FILE = "XDG_CONFIG_HOME/compassion-bot/key"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds every place in which the bot may write."""
    return within(tmp_path, monkeypatch)


def within(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        (folder / name).mkdir()
        monkeypatch.setenv(name, str(folder / name))
    monkeypatch.setenv("BOT_DATA", str(folder / "data"))
    monkeypatch.chdir(folder / "HOME")
    return folder


@asynccontextmanager
async def meeting() -> AsyncIterator[Person]:
    """Ann and the bot, built as it is to serve."""
    given_settings = app_settings.load()
    async with app.responder(given_settings, PROMPTS, given_settings.bot_data) as answers:
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


def forms(number: int) -> set[bytes]:
    """How an id may be written: in digits, in hex, in bytes, and as a hash that needs no key."""
    size = 5 if abs(number) < 1 << 39 else 8
    written = {str(number).encode(), str(abs(number)).encode(), f"{abs(number):x}".encode()}
    packed = {number.to_bytes(length, order, signed=True) for length in (size, 8) for order in ("big", "little")}
    hashes = {hashlib.new(name, form).digest() for name in ("md5", "sha1", "sha256") for form in written | packed}
    keyed = {hmac.digest(key, form, "sha256") for key in (b"", bytes(32)) for form in written | packed}
    digests = {digest[:16] for digest in hashes | keyed}
    return written | packed | digests | {digest.hex().encode() for digest in digests}


def traces(folder: Path, person: int = ANN) -> list[tuple[str, bytes]]:
    """What in the files of a folder tells of a person or of what was written and answered: where, and which bytes."""
    odd = [word for text in (*WORDS, PLAN, TITLE) for word in text.lower().split() if len(word) > 9]
    words = [word.encode(encoding) for word in odd for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    answers = [
        b"upset_before",
        b"upset_after",
        b"ended_at",
        b"feeling",
        b"care_for",
        b"left_beh",
        b"made_at",
        b'"days"',
        b'"code"',
        b'"group"',
        b"europe/lisbon",
        b'"due_at"',
        b'"points"',
        b'"alerts"',
        b'"offered_at"',
    ]
    return [
        (where, trace)
        for where, content in files_under(folder).items()
        for trace in [*forms(person), *forms(GROUP), *words, *answers]
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
        hashlib.sha256(b"7071067811").digest(),
        hmac.digest(b"", b"7071067811", "sha256").hex().encode(),
        PLAN.encode(),
        b'{"days":30}',
        b"group 1001234567890",
        b'{"zone":"Europe/Lisbon"}',
        b'{"due_at":0}',
        b'{"points":[]}',
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
    ring = Ring(lambda: read_keyring(house / KEY_FILE))
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


# --- Chance -------------------------------------------------------------------------------------------------------

TEXTS = st.sampled_from([*WORDS, PLAN, "strong", "skip", "a little", "kenya", "i want to die", "thanks"])
TALK = st.lists(
    st.sampled_from(["says", "forwards", "edits"]).flatmap(lambda how: st.tuples(st.just(how), TEXTS))
    | st.tuples(st.just("commands"), st.sampled_from(sorted(COMMANDS)))
    | st.tuples(st.just("presses"), st.integers(0, 9)),
    max_size=25,
)


async def does(person: Person, how: str, what: str | int) -> None:
    """One move; but never a yes."""
    match how, what:
        case "presses", int(number):
            shown = [one for one in buttons(person.heard) if one.action is not Action.AGREE and one.payload]
            if shown:
                await person.presses_data(shown[number % len(shown)].payload)
        case "says" | "forwards", str(text):
            await person.says(text, forwarded=how == "forwards")
        case "edits", str(text):
            await person.edits(text)
        case "commands", str(name):
            await person.commands(name)


async def agrees(person: Person, purpose: Purpose) -> None:
    """Tap the yes to a purpose, as its question has it."""
    if purpose is Purpose.COUNTRY:
        await person.commands("country")
        await person.says("kenya")
    state = person.heard.held.state
    button = Button(Label.AGREE, Action.AGREE, tuple(Purpose).index(purpose))
    at, keys = app.now(), read_keyring(app_settings.load().bot_data.parent / KEY_FILE).newest
    await person.presses_data(seal(keys.button, person.number, at, state, button))


@settings(max_examples=15)
@given(
    talk=st.lists(st.tuples(st.integers(0, 2), TALK), max_size=6),
    agreed=st.sets(st.sampled_from([one for one in Purpose if one not in BY_GROUP])),
)
async def test_whatever_people_do_nothing_tells_of_them_and_without_a_yes_nothing_is_kept(
    talk: list[tuple[int, list[tuple[str, str | int]]]], agreed: set[Purpose]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = within(Path(name), patch)
        async with meeting() as ann:
            people = [ann, Person(ann.responder, BEN), Person(ann.responder, BEN + 1)]
            for purpose in sorted(agreed):
                await agrees(people[1], purpose)
            left = agreed - ({Purpose.ALONE} if agreed & {Purpose.NUDGES, Purpose.FOLLOW_UPS} else set())
            assert len(dict(rows(folder / "data" / FILE))["consent"]) == len(left)
            for who, moves in talk:
                for how, what in moves:
                    await does(people[who], how, what)
            assert [traces(folder, person.number) for person in people] == [[], [], []]
        assert [traces(folder, person.number) for person in people] == [[], [], []]
        keys = read_keyring(folder / KEY_FILE).newest
        content = b"".join(files_under(folder / "data").values())
        assert not is_in(row_key(keys, ANN), content)
        assert not is_in(row_key(keys, BEN + 1), content)
        kept = {cell for cell in cells(folder / "data" / FILE) if len(cell) == 16}
        assert bool(kept) <= bool(agreed)


# --- Without the key ----------------------------------------------------------------------------------------------

NAMES = {str(purpose) for purpose in Purpose}


def is_hash(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == 16


def is_hash_or_none(value: object) -> bool:
    return value == b"" or is_hash(value)


def is_sealed(value: object, block: int = 192) -> bool:
    """Key and nonce, and then blocks that tell no length."""
    return isinstance(value, bytes) and value[0] == 2 and len(value) > block and (len(value) - 33) % block == 0


def is_sealed_answers(value: object) -> bool:
    return is_sealed(value, 448)


def is_version(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"20\d\d[a-z][\w.+/-]{0,40}", value) is not None


def is_scope(value: object) -> bool:
    return value == "" or (isinstance(value, str) and len(value) == 32 and not set(value) - set("0123456789abcdef"))


def is_day(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 100_000


def is_time(value: object) -> bool:
    return isinstance(value, int) and 1_000_000_000 < value < 10_000_000_000


def is_time_or_none(value: object) -> bool:
    return value == 0 or is_time(value)


OF_PEOPLE = ("consent", "setting", "outcome", "plan", "nudging", "follow_up", "person_due")


PLAIN = {
    "meta.name": lambda value: value == "key",
    "meta.value": is_sealed,
    "room.chat": is_hash,
    "room.id": is_sealed,
    "room.settings": is_sealed,
    **{f"{table}.person": is_hash for table in OF_PEOPLE},
    **{f"{table}.purpose": NAMES.__contains__ for table in OF_PEOPLE},
    **{f"{table}.scope": is_scope for table in OF_PEOPLE},
    "consent.given": is_sealed,
    "consent.id": is_sealed,
    "consent.day": is_day,
    "consent.told": is_day,
    "setting.settings": is_sealed,
    "outcome.walk": is_hash,
    "outcome.answers": is_sealed,
    "outcome.until": is_day,
    "plan.number": is_hash,
    "plan.line": is_sealed,
    "plan.until": is_day,
    "nudging.settings": is_sealed,
    "follow_up.walk": is_hash,
    "follow_up.answers": is_sealed_answers,
    "follow_up.until": is_day,
    "person_due.item": is_hash_or_none,
    "person_due.at": is_time,
    "person_due.claimed": is_time_or_none,
    "room.gone": is_day,
    "group_due.chat": is_hash,
    "group_due.kind": {"circle", "tidy"}.__contains__,
    "group_due.item": lambda value: value in {b"", (7).to_bytes(8)},
    "group_due.at": is_time,
    "group_due.claimed": is_time_or_none,
    "mark.name": "zones".__eq__,
    "mark.value": is_version,
}
"""All that a copy of the database tells without the key."""


async def test_copy_of_the_database_without_the_key_tells_days_times_purposes_and_counts_alone(house: Path) -> None:
    given_settings = app_settings.load()
    async with app.responder(given_settings, PROMPTS, given_settings.bot_data) as answers:
        for person in (Person(answers, ANN), Person(answers, BEN)):
            for purpose in Purpose:
                await agrees(person, purpose)
            await walk_in_words(person)
            await person.commands("plan")
            await person.says(PLAN)
            await person.commands("consent")
            await person.presses(Label.HOW_LONG)
            await person.presses(Label.KEEP_FOR_30)
    ring = Ring(lambda: read_keyring(house / KEY_FILE))
    async with Store.open(house / "data", ring) as store:
        await store.withdraw(ANN, Purpose.ALONE, at=app.now())
        await store.withdraw(ANN, Purpose.APART, at=app.now())
        await store.grant(ANN, Purpose.GROUP, at=app.now(), group=GROUP)
        assert await store.offered(ANN, GROUP, at=app.now(), pause=0)
        await store.grant(ANN, Purpose.APART, at=app.now(), group=GROUP)
        for chat, gone_at in ((GROUP, 0), (GROUP - 1, app.now())):
            room = Room(chat, TITLE, is_on=True, due_at=app.now(), gone_at=gone_at)
            await store.revise_room(chat, lambda _, room=room: room)  # type: ignore[misc]
        assert await store.note_own(GROUP, 7, at=app.now())
        for number in (ANN, BEN):
            for purpose in (Purpose.NUDGES, Purpose.FOLLOW_UPS):  # as someone has them who takes back "never write"
                await store.grant(number, purpose, at=app.now())
            await store.revise_nudging(number, lambda kept: replace(kept, schedule=LISBON, due_at=app.now()))
            await store.save_follow_up(number, replace(FOLLOW_UP, ended_at=app.now(), due_at=app.now()))
        assert len(await store.claim(app.now())) == 2
        await store.derive_again(PROMPTS.content.zones.version, lambda kept: kept)
        kept = await store.kept(ANN)
        assert (len(kept.plans), len(kept.follow_ups)) == (1, 1)
    seen = set()
    with closing(sqlite3.connect(f"{(house / 'data' / FILE).as_uri()}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").fetchall()
        for (table,) in tables:
            found_rows = database.execute(f"SELECT * FROM {table}")  # noqa: S608
            columns = [f"{table}.{name}" for name, *_ in found_rows.description]
            for row in found_rows.fetchall():
                seen |= set(columns)
                assert [column for column, value in zip(columns, row, strict=True) if not PLAIN[column](value)] == []
        sizes = database.execute(
            "SELECT length(answers) FROM outcome UNION SELECT length(answers) FROM follow_up"
            " UNION SELECT length(settings) FROM nudging ORDER BY 1"
        ).fetchall()
    assert seen == set(PLAIN)
    assert sizes == [(33 + 192,), (33 + 448,), (33 + 960,)]
    assert traces(house) == []
    assert traces(house, BEN) == []
