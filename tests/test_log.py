import ast
import asyncio
import gc
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import NoReturn

import pytest
import structlog
from telegram import Bot, Update
from telegram.error import NetworkError, TelegramError
from typing_extensions import override

from bot import __main__, app, log
from bot.adapters.intake import Burst, Intake, insist
from bot.core.kept import Kept
from bot.core.lines import Label
from bot.store import StoreError
from bot.store.store import Store
from tests.botapi import Dropped, Server
from tests.botapi.updates import Refused
from tests.person import PROMPTS, RING, SEEN, Clock, Person, responder_of
from tests.stumble import StumblingGuard

ROOT = Path(__file__).parent.parent
SECRET = "AADistinctiveTokenThatMustNotShow"  # noqa: S105 - it opens nothing
TOKEN = f"480016:{SECRET}"
ANN = 7_071_067_811
GROUP = -1_009_876_543_210
FULL = Path("/dev/full")
WORDS = "Wilhelmina frobnitzsorrow"
TELLING = ("wilhelmina", "frobnitz", "annabella", "quuxward", SECRET.lower(), "480016", str(ANN), str(-GROUP))
"""What may never be in the log: parts of words, of names, of the token and of ids."""


def told_in(text: str) -> list[str]:
    """What the log tells that it may not."""
    return [telling for telling in TELLING if telling in text.lower()]


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is done to the logging of this process is undone at the end."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(params=["json", "console"])
def said(
    undone: None,  # noqa: ARG001 - wanted for what it does
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[], str]:
    """Log all that there is, as in a process of our own; give what the whole log says so far."""
    stream = StringIO()

    def whole() -> str:
        assert capsys.readouterr() == ("", "")  # nothing goes past the log
        return stream.getvalue()

    with redirect_stderr(stream):
        log.configure("debug", request.param)
    return whole


def failing() -> ZeroDivisionError:
    """An error with all in it that may not show, that was raised and so has its places."""
    try:
        fail()
    except ZeroDivisionError as error:
        return error


def fail() -> NoReturn:
    raise ZeroDivisionError(f"{WORDS} {TOKEN} {ANN}")


def is_clean(text: str, *events: str) -> bool:
    """Whether the log tells nothing that it may not, and tells of these events, a line each, in this order."""
    lines = text.splitlines()
    return told_in(text) == [] and len(lines) == len(events) and all(map(str.__contains__, lines, events))


# --- what a line may hold -------------------------------------------------------------------------------------------


def test_search_finds_what_may_not_show() -> None:
    assert told_in(f"x {WORDS} {TOKEN} {ANN} {GROUP} Annabella Quuxward") == list(TELLING)


@pytest.mark.parametrize("said", ["json"], indirect=True)
def test_line_is_json_with_allowed_fields_alone(said: Callable[[], str]) -> None:
    structlog.get_logger().error("answered", kind="text", updates=2, text=WORDS, person=ANN, update={"id": ANN})
    line = json.loads(said())
    assert set(line) <= log.ALLOWED
    del line["timestamp"]
    assert line == {"event": "answered", "level": "error", "kind": "text", "updates": 2}


def test_field_that_is_not_allowed_is_dropped(said: Callable[[], str]) -> None:
    structlog.get_logger().bind(person=ANN).warning("answered", text=WORDS, token=TOKEN, exc_info=failing())
    assert is_clean(said(), "answered")


def test_level_is_kept(said: Callable[[], str]) -> None:
    assert said() == ""
    with redirect_stderr(StringIO()) as stream:
        log.configure("warning", "json")
    structlog.get_logger().info("answered")
    structlog.get_logger().warning("loud")
    assert is_clean(stream.getvalue(), "loud")


@pytest.mark.usefixtures("undone")
@pytest.mark.skipif(not FULL.exists(), reason="there is a device that is always full on Linux alone")
def test_log_on_a_full_disk_stops_nobody_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    stream = FULL.open("w", buffering=1)
    with redirect_stderr(stream):
        log.configure("info", "json")
    for number in range(100):
        structlog.get_logger().info("answered", count=number)
    with (tmp_path / "room").open("w") as room:
        os.dup2(room.fileno(), stream.fileno())
    structlog.get_logger().info("there is room")
    stream.close()
    assert json.loads((tmp_path / "room").read_text().splitlines()[-1])["event"] == "there is room"


def logging_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of the house that logs, with its place."""
    levels = {"debug", "info", "warning", "error", "critical", "exception", "msg", "log"}
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def is_constant(node: ast.expr) -> bool:
    """Whether an expression is a word that stands in the code, or one of two."""
    match node:
        case ast.IfExp(body=body, orelse=other):
            return is_constant(body) and is_constant(other)
        case ast.Constant(value=str()):
            return True
    return False


def test_every_event_is_a_word_that_stands_in_the_code_and_every_field_is_allowed() -> None:
    calls = list(logging_calls())
    assert len(calls) > 10
    loose = [place for place, call in calls if len(call.args) != 1 or not is_constant(call.args[0])]
    assert loose == []
    named = {keyword.arg for _, call in calls for keyword in call.keywords}
    assert named - {None} <= log.ALLOWED


# --- errors -----------------------------------------------------------------------------------------------------------


def test_error_is_its_type_and_the_places_it_passed() -> None:
    told = log.failure(failing())
    assert told["error"] == "ZeroDivisionError"
    assert told["at"].startswith("test_log.py:")
    assert told_in(str(told)) == []


def test_library_is_cut_down_to_its_name_and_how_serious_it_is(said: Callable[[], str]) -> None:
    library = logging.getLogger("httpx._client")
    library.debug("POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
    library.info("POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
    library.warning("POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
    library.error("failed for %s", ANN, exc_info=failing(), extra={"text": WORDS}, stack_info=True)
    logging.getLogger("unheard.of").critical(WORDS)
    assert is_clean(said(), "httpx", "ZeroDivisionError", "unheard")


def test_warning_of_python_is_cut_down_too() -> None:
    story = f"from bot import log; log.configure('debug', 'json'); import warnings; warnings.warn({WORDS!r})"
    ended = subprocess.run([sys.executable, "-c", story], cwd=ROOT, capture_output=True, check=True, text=True)
    assert ended.stdout == ""
    assert is_clean(ended.stderr, "library")


def test_error_that_nobody_caught_is_told_without_its_words(said: Callable[[], str]) -> None:
    error = failing()
    sys.excepthook(type(error), error, error.__traceback__)
    assert is_clean(said(), "unhandled")


def test_error_in_a_thread_is_told_without_its_words(said: Callable[[], str]) -> None:
    def work() -> None:
        fail()

    thread = threading.Thread(target=work, name=WORDS)
    thread.start()
    thread.join()
    assert is_clean(said(), "lost")


def test_error_while_something_is_thrown_away_is_told_without_its_words(said: Callable[[], str]) -> None:
    class Thrown:
        def __del__(self) -> None:
            fail()

    Thrown()
    gc.collect()
    assert is_clean(said(), "lost")


async def test_error_of_a_task_that_nobody_awaits_is_told_without_its_words(said: Callable[[], str]) -> None:
    async def work() -> None:
        fail()

    loop = asyncio.get_running_loop()
    log.watch(loop)
    lost = loop.create_task(work(), name=WORDS)
    await asyncio.wait([lost])
    del lost
    gc.collect()
    loop.call_exception_handler({"message": WORDS, "person": ANN})
    assert is_clean(said(), "ZeroDivisionError", "lost")


async def test_loop_that_nobody_watches_tells_no_words_either(said: Callable[[], str]) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": WORDS, "exception": failing()})
    assert is_clean(said(), "asyncio")


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("command", ["run", "chat"])
def test_error_that_ends_the_program_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    async def end_badly(_: object) -> None:
        fail()

    monkeypatch.setattr(app, command, end_badly)
    monkeypatch.setattr(sys, "argv", ["compassion-bot", command])
    with redirect_stderr(StringIO()) as stream, pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == 1
    assert is_clean(stream.getvalue(), "unhandled")


# --- a person's way through the house -----------------------------------------------------------------------------


class FailingStore(Store):
    """A store that can keep nothing, and says of whom."""

    @override
    async def kept(self, person: int) -> Kept:
        raise StoreError(f"{person} {WORDS}")

    @override
    async def forget(self, person: int, *, at: int) -> int:
        raise StoreError(f"{person} {WORDS}")


async def test_walk_and_card_are_logged_without_words_or_person(said: Callable[[], str], tmp_path: Path) -> None:
    async with FailingStore.open(tmp_path, RING) as store:
        ann = Person(responder_of(store, Clock()), ANN)
        await ann.walks()
        await ann.says(WORDS)
        await ann.says(f"{WORDS} i want to kill myself")
        await ann.commands("forget")
        await ann.presses(Label.FORGET_YES)
        await ann.presses_data(WORDS)
    told = said()
    assert told_in(told) == []
    assert [event for event in ("loading failed", "saving failed") if event not in told] == []


async def test_message_that_the_core_fails_on_is_logged_without_words_or_person(
    said: Callable[[], str], tmp_path: Path
) -> None:
    async with Store.open(tmp_path, RING) as store:
        content = replace(PROMPTS.content, guard=StumblingGuard(WORDS.split(maxsplit=1)[0].lower()))
        await Person(responder_of(store, Clock(), content=content), ANN).says(WORDS)
    assert is_clean(said(), "core failed")


async def test_update_that_fails_is_logged_without_words_or_person(said: Callable[[], str]) -> None:
    stop = asyncio.Event()

    async def handle(_: Update | Burst) -> None:
        stop.set()
        fail()

    async with Server(token=TOKEN) as telegram:
        ann = telegram.person(ANN, "Annabella")
        await ann.says(WORDS, wait=False)
        async with Bot(TOKEN, f"{telegram.url}/bot") as bot:
            await Intake(bot, handle, stop).run(["message"])
    assert is_clean(said(), "update failed", "update")


async def test_outage_is_logged_without_the_address(said: Callable[[], str]) -> None:
    answers: list[TelegramError | None] = [NetworkError(f"https://api.telegram.org/bot{TOKEN}/getMe {WORDS}"), None]

    async def call() -> None:
        error = answers.pop(0)
        if error is not None:
            stop.set()
            raise error

    stop = asyncio.Event()
    with pytest.raises(Exception, match=r"^$"):
        await insist(call, stop)
    assert is_clean(said(), "out of reach")


# --- the whole program --------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(telegram: Server, folder: Path) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """The program itself, as it serves on Telegram; how to stop it and get its whole log."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "BOT_TOKEN": telegram.token,
        "BOT_API_URL": telegram.url,
        "BOT_DATA": str(folder / "data"),
        "BOT_LOG_LEVEL": "debug",
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )

    async def stop() -> str:
        program.send_signal(signal.SIGTERM)
        out, err = await program.communicate()
        assert (program.returncode, out) == (0, b"")
        return err.decode()

    try:
        yield stop
    finally:
        if program.returncode is None:
            program.kill()
            await program.communicate()


async def test_nothing_of_anyone_is_in_the_whole_log_of_the_program(tmp_path: Path) -> None:
    async with asyncio.timeout(30), Server(token=TOKEN) as telegram:
        ann = telegram.person(ANN, "Annabella", username="annabella_bee")
        group = telegram.group(GROUP, "Quuxward", {ann: "member"}, bot="administrator")
        async with running(telegram, tmp_path) as stop:
            said = await ann.says(f"{SEEN}, {WORDS}")
            await ann.says("/walk")
            await ann.presses("Did it")
            await ann.says(WORDS)
            await ann.presses_data(WORDS)
            await ann.edits(said, WORDS)
            await ann.forwards(f"{WORDS} i want to kill myself", written_by="Annabella")
            await ann.says(f"{WORDS} i want to kill myself")
            await ann.sends("photo", caption=WORDS)
            await ann.sends("sticker")
            await ann.says(f"@{telegram.world.bot['username']} {WORDS}", to=group)
            telegram.fails("sendMessage", Refused(400, f"Bad Request: {WORDS} of {ANN} at bot{TOKEN}"))
            await ann.says(WORDS)
            telegram.fails("answerCallbackQuery", Refused(400, f"Bad Request: {WORDS}"))
            await ann.presses_data(WORDS)
            telegram.fails("sendMessage", Dropped())
            await ann.says(f"/{WORDS}")
            telegram.fails("getUpdates", Dropped())
            await ann.says("/stop")
            await ann.says("/start")
            whole = await stop()
    assert told_in(whole) == []
    events = ("ready", '"update"', "update failed", "out of reach", "is back")
    assert [event for event in events if event not in whole] == []
    assert {field for line in whole.splitlines() for field in json.loads(line)} <= log.ALLOWED
