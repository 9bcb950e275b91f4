"""The privacy policy, held against the program: its periods, its data table, and its files."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app
from bot.core.button import LIFETIME, LONG_LIFETIME
from bot.core.follow_ups import begun
from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, PLAN_DAYS, Plan, Purpose, Room
from bot.core.lines import Line
from bot.policy import page, problems
from bot.prompts import FOLDER, ContentError
from bot.respond import IDLE
from bot.settings import Settings
from bot.store import keyring, ledger
from bot.store.ledger import Ledger
from bot.store.opening import FILE
from bot.store.rooms import GONE_DAYS
from bot.store.seal import key_id
from bot.store.store import NOTICE_DAYS, QUIET_DAYS, Store
from tests.person import KEYS, PROMPTS, RING, Person, lines
from tests.store.test_store import OUTCOME

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs/privacy.md"
TEXT = (FOLDER / "en/privacy.md").read_text("utf-8")
ANN, GROUP = 7_071_067_811, -1_001_234_567_890
AT = 1_790_000_000

Columns = dict[str, tuple[str, str]]


def section(text: str, title: str) -> str:
    """The part of the policy whose title begins so."""
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


def data_table(text: str) -> Columns:
    """Each row of the data table, by the column of the database: how it lies there, and how long."""
    rows = re.findall(r"^\| `(.+?)` \| .+? \| .+? \| (.+?) \| (.+?) \|$", section(text, "Each column"), re.MULTILINE)
    return {column: (lies, how_long) for column, lies, how_long in rows}


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Path]:
    """A database that has something in each of its tables."""
    async with Store.open(tmp_path, RING) as store:
        for purpose in Purpose:
            await store.grant(ANN, purpose, at=AT, group=GROUP if purpose is Purpose.GROUP else 0)
        assert await store.save_outcome(ANN, OUTCOME)
        assert await store.save_days(ANN, 30)
        assert await store.save_country(ANN, "AT")
        assert await store.save_plan(ANN, Plan(7, AT, "If I pass the hospital, then I write to her."), remind_at=AT)
        assert await store.revise_nudging(ANN, lambda kept: replace(kept, due_at=AT))
        follow_up = begun(OUTCOME)
        assert follow_up is not None
        assert await store.save_follow_up(ANN, follow_up)
        await store.derive_again("2026b", lambda kept: kept)
        await store.revise_room(GROUP, lambda _: Room(GROUP, is_on=True, due_at=AT))
        assert await store.note_own(GROUP, 7, at=AT)
        yield tmp_path / FILE


def cells(file: Path) -> dict[str, list[object]]:
    """What each column of each table holds."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        tables = [row[1] for row in database.execute("PRAGMA table_list") if not row[1].startswith("sqlite_")]
        columns = [(table, row[1]) for table in tables for row in database.execute(f"PRAGMA table_info({table})")]
        return {
            f"{table}.{column}": [cell for (cell,) in database.execute(f"SELECT {column} FROM {table}")]  # noqa: S608
            for table, column in columns
        }


# --- what it says of the database ---------------------------------------------------------------------------------


def test_data_table_has_a_row_for_each_column_of_the_database_and_no_other(file: Path) -> None:
    rows = re.findall(r"^\| `(.+?)`", section(page(None, None), "Each column"), re.MULTILINE)
    assert sorted(rows) == sorted(cells(file))


def is_hash(cell: object) -> bool:
    """Whether a cell is a keyed hash, in bytes or in hex, or stands for everywhere."""
    return (isinstance(cell, bytes) and len(cell) in {0, 16}) or (
        isinstance(cell, str) and re.fullmatch("([0-9a-f]{32})?", cell) is not None
    )


def is_sealed(cell: object) -> bool:
    """Whether a cell names the key that seals it, and is filled up."""
    return isinstance(cell, bytes) and key_id(cell) == KEYS.id and len(cell) > 192


def is_number(cell: object) -> bool:
    """Whether a cell is the number of a message, or empty."""
    return isinstance(cell, bytes) and len(cell) in {0, 8}


LIES = {
    "a keyed hash": is_hash,
    "sealed": is_sealed,
    "in the clear": lambda cell: (
        isinstance(cell, int) or (isinstance(cell, str) and not is_hash(cell)) or is_number(cell)
    ),
}


def test_data_table_says_how_each_cell_lies_there(file: Path) -> None:
    lies = {column: how for column, (how, _) in data_table(page(None, None)).items()}
    found = cells(file)
    assert [column for column, there in found.items() if not there] == []
    assert [column for column, there in found.items() if not all(map(LIES[lies[column]], there))] == []


def test_data_table_says_of_each_table_how_long_it_is_kept() -> None:
    rows = data_table(page(None, None))
    periods = {column: how_long for column, (_, how_long) in rows.items() if not how_long.endswith("`")}
    pointed = {re.findall("`(.+?)`", how_long)[0] for _, how_long in rows.values() if "`" in how_long}
    assert pointed <= set(periods)
    assert periods["outcome.answers"].startswith(f"{KEPT_DAYS} days")
    assert periods["follow_up.answers"].startswith(f"{KEPT_DAYS} days")
    assert periods["plan.line"].startswith(f"until done, or {PLAN_DAYS} days")


async def test_each_file_that_a_store_makes_is_named(tmp_path: Path) -> None:
    folder, beside = tmp_path / "data", tmp_path / "beside"
    beside.mkdir()
    async with Store.open(folder, RING, ledger=Ledger(beside / "forgotten", RING)) as store:
        await store.grant(ANN, Purpose.REMEMBER, at=AT)
        made = {path.name for path in folder.iterdir()}
        await store.forget(ANN, at=AT)
    files = section(TEXT, "The files beside it")
    named = {name for row in re.findall(r"^\| (`.+?) \|", files, re.MULTILINE) for name in re.findall("`(.+?)`", row)}
    assert made == named - {f"{FILE}-before"}
    assert [path.name for path in beside.iterdir()] == ["forgotten"]
    assert "| the list of what was forgotten (in another folder) |" in files


# --- what it says of time -----------------------------------------------------------------------------------------


def test_no_period_is_written_by_hand() -> None:
    assert re.findall(r"\b\d+\s+(?:minute|hour|day|week|month|year)s?\b", TEXT) == []


@pytest.mark.parametrize(
    "said",
    [
        f"{KEPT_DAYS} days for each walk",
        f"until you call it done, or {PLAN_DAYS} days",
        f"If you do not write for {QUIET_DAYS - NOTICE_DAYS} days",
        f"do not write in the {NOTICE_DAYS} days",
        f"{QUIET_DAYS} days without a word",
        f"when the bot is removed, after {GONE_DAYS} days",
        f"no older than {ledger.KEPT_FOR // DAY} days",
        f"It is gone after {IDLE // 60} minutes",
        f"takes them for {LIFETIME // 3600} hours",
        f"sent first for {LONG_LIFETIME // DAY} days",
        f"the old key is kept for {keyring.KEPT_FOR.days} days",
    ],
)
def test_periods_are_those_that_the_program_goes_by(said: str) -> None:
    assert said in " ".join(page(None, None).split())


def test_chat_says_of_groups_the_period_that_the_program_goes_by() -> None:
    said = PROMPTS.lines[Line.PRIVACY_GROUPS]
    assert [wording for wording in said if f"{GONE_DAYS} days after the bot is removed" not in wording] == []


# --- who runs the bot ---------------------------------------------------------------------------------------------


def test_policy_names_who_runs_the_bot() -> None:
    filled = page("Lantern {walk_days} e.V.", "help@lantern.example")
    assert "- Run by: Lantern {walk_days} e.V.\n- To reach them: help@lantern.example\n" in filled
    assert "BOT_OPERATOR" not in filled


def test_policy_says_plainly_that_nobody_is_named_yet() -> None:
    assert re.search(
        r"^- Run by: not named yet .*\n- To reach them: no address is given yet", page(None, None), re.MULTILINE
    )


def test_policy_says_that_it_is_a_start_and_that_no_lawyer_has_read_it() -> None:
    beginning = page("Lantern", "@lantern").partition("\n## ")[0]
    assert "**a start**" in beginning
    assert "**no lawyer has looked at it**" in beginning


@pytest.mark.parametrize(
    ("operator", "contact", "line"),
    [("Lantern", "@lantern", Line.PRIVACY_OPERATOR), (None, None, Line.PRIVACY_WHO)],
)
async def test_chat_names_who_runs_the_bot_as_the_settings_do(
    tmp_path: Path, operator: str | None, contact: str | None, line: Line
) -> None:
    key = SecretStr("ab" * 32)
    settings = Settings(_env_file=None, bot_data_key=key, bot_operator=operator, bot_operator_contact=contact)
    async with app.responder(settings, PROMPTS, tmp_path) as answers:
        said = await Person(answers, ANN).commands("privacy")
    assert line in lines(said)
    assert all(words in " ".join(map(PROMPTS.text, said.replies)) for words in (operator, contact) if words)


def test_document_is_the_policy_of_nobody_in_particular() -> None:
    mend = "Write it anew, where no .env names an operator: python -m bot privacy > docs/privacy.md"
    assert DOCUMENT.read_text("utf-8") == page(None, None), mend


# --- a text that does not fit -------------------------------------------------------------------------------------


def told(folder: Path, text: bytes | None) -> list[str]:
    (folder / "en").mkdir()
    if text is not None:
        (folder / "en/privacy.md").write_bytes(text)
    with pytest.raises(ContentError) as refused:
        page(None, None, folder)
    found = problems(folder)
    assert list(refused.value.problems) == found
    return [problem.rpartition("privacy.md:")[2] for problem in found]


def test_policy_in_order_has_no_problem() -> None:
    assert problems() == []


def test_unknown_and_missing_slots_are_told_with_their_line(tmp_path: Path) -> None:
    wrong = TEXT.replace("{contact|", "{adress|")
    number = next(number for number, line in enumerate(wrong.splitlines(), start=1) if "{adress|" in line)
    assert told(tmp_path, wrong.encode()) == [
        f"{number}: {{adress}} is no slot here: mend its name",
        "1: {contact} stands nowhere: say it",
    ]


def test_a_slot_that_may_be_empty_says_what_stands_there_then(tmp_path: Path) -> None:
    text = re.sub(r"\{operator\|[^}]*\}", "{operator}", TEXT)
    number = next(number for number, line in enumerate(text.splitlines(), start=1) if "{operator}" in line)
    assert told(tmp_path, text.encode()) == [f"{number}: {{operator}} may be empty: say what then: {{operator|...}}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "1: there is no such file: add it"), (b"a\n\xff", "2: is not UTF-8: save the file as UTF-8")],
)
def test_policy_that_cannot_be_read_is_told(tmp_path: Path, text: bytes | None, problem: str) -> None:
    assert told(tmp_path, text) == [problem]
