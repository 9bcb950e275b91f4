import asyncio
import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.store import Store
from tests.botapi import Server
from tests.botapi.faults import broken
from tests.person import PROMPTS, WALK, Clock, Person, buttons, files_under, responder_of

ROOT = Path(__file__).parent.parent
TOKEN = "480016:AADistinctiveTokenThatMustNotShow"  # noqa: S105 - it opens nothing
SECRET = b"k" * 32
KEY = base64.b64encode(SECRET).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder that holds every place in which the bot may write."""
    (tmp_path / "home").mkdir()
    return tmp_path


def environment(house: Path, **settings: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(house / "home"), **settings}


def told(house: Path, *arguments: str, **settings: str) -> str:
    """Start the bot where it cannot run: give the one line that it says. Nothing else may come of it."""
    before = files_under(house), sorted(house.rglob("*"))
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=house,
        env=environment(house, **settings),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        stdin=DEVNULL,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1), ended.stderr
    assert [secret for secret in (TOKEN, KEY, OTHER_KEY) if secret in ended.stderr] == []
    assert (files_under(house), sorted(house.rglob("*"))) == before
    return ended.stderr


async def make_database(house: Path) -> Path:
    """A database of the bot's, sealed with `SECRET`."""
    async with Store.open(house / "data", ring_of(SECRET)) as store:
        await store.kept(1)
    return house / "data" / FILE


# --- where it cannot start ----------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no token": ({}, "There is no token: "),
    "malformed token": ({"BOT_TOKEN": f"{TOKEN} x"}, "BOT_TOKEN is no token: "),
    "no token file": ({"BOT_TOKEN_FILE": "nowhere"}, "BOT_TOKEN_FILE cannot be read: "),
    "two tokens": ({"BOT_TOKEN": TOKEN, "BOT_TOKEN_FILE": "nowhere"}, "BOT_TOKEN and BOT_TOKEN_FILE are both set: "),
    "malformed key": ({"BOT_TOKEN": TOKEN, "BOT_DATA_KEY": f"{KEY}x"}, "The data key is not 32 bytes "),
    "two keys": (
        {"BOT_TOKEN": TOKEN, "BOT_DATA_KEY": KEY, "BOT_DATA_KEY_FILE": "nowhere"},
        "BOT_DATA_KEY and BOT_DATA_KEY_FILE are both set: ",
    ),
    "no key in a container": (
        {"BOT_TOKEN": TOKEN, "BOT_DATA_KEY_FILE": "/run/secrets/nowhere"},
        "There is no file at BOT_DATA_KEY_FILE: mount one there",
    ),
    "a wrong setting": ({"BOT_TOKEN": TOKEN, "BOT_LOG_LEVEL": "loud"}, "BOT_LOG_LEVEL is wrong: "),
}


@pytest.mark.parametrize(("settings", "line"), WRONG.values(), ids=WRONG)
def test_run_with_a_wrong_setting_says_one_line_and_writes_nothing(
    house: Path, settings: dict[str, str], line: str
) -> None:
    assert told(house, "run", **settings).startswith(line)


def test_data_folder_that_cannot_be_made_is_told_and_leaves_no_key_behind(house: Path) -> None:
    (house / "file").touch()
    line = told(house, "chat", BOT_DATA="file/below")
    assert line == "The data folder cannot be used: let this user write in it, or choose another with BOT_DATA.\n"


async def test_lost_data_key_is_told_and_no_other_is_made(house: Path) -> None:
    file = await make_database(house)
    line = told(house, "run", BOT_DATA=str(file.parent), BOT_TOKEN=TOKEN)
    assert line == "The data key has gone, and the database is sealed with it: put its copy back.\n"


async def test_wrong_data_key_is_told_and_leaves_the_database_as_it_is(house: Path) -> None:
    await make_database(house)
    said = await asyncio.to_thread(told, house, "run", BOT_TOKEN=TOKEN, BOT_DATA="data", BOT_DATA_KEY=OTHER_KEY)
    assert said.startswith("The data key is not the one that the database was sealed with: ")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("PRAGMA user_version = 99", "The database was written by a newer version of the bot: "),
        ("PRAGMA application_id = 1", "The database belongs to another program: "),
    ],
)
async def test_database_that_is_not_ours_to_open_is_told_and_left_as_it_is(house: Path, change: str, line: str) -> None:
    with closing(sqlite3.connect(await make_database(house), isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute(change)
    said = await asyncio.to_thread(told, house, "run", BOT_TOKEN=TOKEN, BOT_DATA="data", BOT_DATA_KEY=KEY)
    assert said.startswith(line)


def test_file_that_is_no_database_is_told_and_left_as_it_is(house: Path) -> None:
    (house / "data").mkdir()
    (house / "data" / FILE).write_bytes(b"something else, " * 512)
    said = told(house, "run", BOT_TOKEN=TOKEN, BOT_DATA="data", BOT_DATA_KEY=KEY)
    assert said.startswith("The database is damaged, or is none: ")


def test_dotenv_in_another_character_set_is_told(house: Path) -> None:
    (house / ".env").write_bytes("BOT_TOKEN=é".encode("latin-1"))
    assert told(house, "run").startswith(".env is not UTF-8: ")


# --- Telegram, out of reach or refusing -----------------------------------------------------------------------------


@asynccontextmanager
async def running(house: Path, telegram: Server, **settings: str) -> AsyncIterator[Process]:
    """The bot on Telegram, still running."""
    given = {"BOT_TOKEN": telegram.token, "BOT_API_URL": telegram.url, "BOT_DATA": "data", **settings}
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=house,
        env=environment(house, **given),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(30):
            yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


async def ended(program: Process) -> tuple[int | None, bytes, list[str]]:
    """The end of a program: its status, its output, and the lines of its log or error."""
    out, err = await program.communicate()
    return program.returncode, out, err.decode().splitlines()


def events(lines: list[str]) -> list[str]:
    return [json.loads(line)["event"] for line in lines]


@pytest.mark.parametrize("token", [TOKEN, "480016:A"])
async def test_refused_token_ends_with_one_line(house: Path, token: str) -> None:
    async with Server() as telegram, running(house, telegram, BOT_TOKEN=token) as program:
        assert await ended(program) == (
            2,
            b"",
            ["Telegram refuses the token: copy it again from @BotFather into BOT_TOKEN"],
        )


async def test_telegram_out_of_reach_at_the_start_is_said_once_and_then_it_serves(house: Path) -> None:
    async with Server() as telegram:
        telegram.fails("getMe", broken())
        ann = telegram.person(7, "Ann")
        async with running(house, telegram) as program:
            await ann.says("/help")
            assert (await ann.waits_for_reply()).buttons == [["Begin"]]
            introduction = telegram.world.commands, telegram.world.descriptions, telegram.world.short_descriptions
            assert [len(words) for words in introduction] == [3, 1, 1]  # commands in private, in groups, and for admins
            program.send_signal(signal.SIGTERM)
            status, out, lines = await ended(program)
    assert (status, out) == (0, b"")
    assert events(lines) == ["Telegram is out of reach", "Telegram is back", "ready", "update"]


async def test_bot_that_waits_for_telegram_can_be_stopped(house: Path) -> None:
    async with Server() as telegram:
        nobody_there = telegram.url
    async with running(house, telegram, BOT_API_URL=nobody_there) as program:
        assert program.stderr is not None
        first = (await program.stderr.readline()).decode()
        program.send_signal(signal.SIGTERM)
        status, out, rest = await ended(program)
    assert (status, out, events([first, *rest])) == (0, b"", ["Telegram is out of reach"])


# --- what people can send -----------------------------------------------------------------------------------------

NASTY: dict[str, str] = {
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "cant go see her " * 2_500,
    "nothing to see": "\u200b\u200c\u200d\u2060\ufeff",
    "from right to left": "\u202eאני עצוב מאוד\u202c \u2067أنا حزين\u2069",
    "only emoji": "😢💔👨‍👩‍👧‍👦🏳️‍🌈",
    "NUL bytes": "\x00a\x00\x00",
    "control characters": "\x1b[2J\x07\x08\x7f",
    "a pile of accents": "e" + "\u0301" * 3_000,
    "line ends": "a\r\nb\u2028c\x85d\x0b\x0c",
    "half a character": "\ud83d a \udc00",
    "a template": "{feeling} {0} {} %s %(x)s $x \\",
    "mark-up": "<b>x</b> [x](tg://user?id=7) [bold]x[/bold] *_`",
    "only marks": "???!!!...,,,",
    "a slash": "/",
    "slashes": "//// /",
    "a long number": "9" * 5_000,
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
async def test_anything_is_answered_at_every_step(tmp_path: Path, text: str) -> None:
    async with Store.open(tmp_path, ring_of(SECRET)) as store:
        with capture_logs() as log:
            for steps in range(len(WALK) + 1):
                someone = Person(responder_of(store, Clock()))
                await someone.commands("walk")
                for label in WALK[:steps]:
                    await someone.presses(label)
                await someone.edits(text)
                for heard in [await someone.says(text), await someone.says(text, forwarded=True)]:
                    assert all(map(PROMPTS.text, heard.replies))
                    assert heard.replies != ()
                    assert all(len(button.payload) <= 64 for button in buttons(heard))
    assert log == []


async def test_anything_is_answered_before_a_walk(tmp_path: Path) -> None:
    async with Store.open(tmp_path, ring_of(SECRET)) as store:
        for text in NASTY.values():
            someone = Person(responder_of(store, Clock()))
            assert (await someone.says(text)).replies != ()
            assert (await someone.presses_data(text)).replies != ()
            assert (await someone.commands(text)).replies != ()


def test_terminal_answers_every_line_of_anything_on_a_pipe(house: Path) -> None:
    lines = [text.encode(errors="ignore") for text in NASTY.values() if "\n" not in text]
    given = [*lines, b"\xff\xfe\xfa \xc3", b"\xed\xa0\xbd", b"/walk", b"1"]
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "chat"],
        input=b"\n".join(given),
        cwd=house,
        env=environment(house, PYTHONIOENCODING="ascii:strict"),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    answers = ended.stdout.decode().removeprefix("> ").split("\n> ")
    assert len(answers) == len(given)
    assert [answer for answer in answers if "\n\n  " not in answer] == []
    assert answers[-1].endswith("  [5] Skip\n\n")
