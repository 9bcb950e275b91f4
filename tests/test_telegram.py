"""The real bot, as a process of its own, against the stand-in for Telegram: nothing is replaced but Telegram."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import prompts
from bot.core.lines import Label, Line
from bot.core.model import Reply
from tests.botapi.faults import Dropped
from tests.botapi.people import Person
from tests.botapi.server import Server

OPENING = "lost a patient today and i cant stop seeing her sons face"
PATIENCE = 20  # seconds for a process to start or to stop
WORDS = prompts.load()


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server(patience=PATIENCE) as server:
        yield server


async def start(telegram: Server, home: Path, **settings: str) -> Process:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "BOT_DATA": str(home / "data"),
        "BOT_TOKEN": telegram.token,
        "BOT_API_URL": telegram.url,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=home,
        env=environment | settings,
    )


@asynccontextmanager
async def running(telegram: Server, home: Path) -> AsyncIterator[list[str]]:
    """A bot that serves until the block ends. The list then holds its log, a line each."""
    polled = len(telegram.calls_of("getUpdates"))
    process = await start(telegram, home)
    log: list[str] = []
    try:
        await telegram.until(lambda: len(telegram.calls_of("getUpdates")) > polled, "the bot polls")
        yield log
        process.send_signal(signal.SIGTERM)
    except BaseException:
        process.kill()
        raise
    finally:
        out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    log += errors.decode().splitlines()
    assert (process.returncode, out) == (0, b"")


def said(line: Line) -> set[str]:
    """Every wording of a line that has no slots."""
    return set(WORDS.lines[line])


def label(name: Label) -> str:
    return WORDS.content.labels[name]


def paragraphs(person: Person) -> list[str]:
    return person.latest().text.split("\n\n")


async def test_a_walk_over_http_goes_on_after_a_restart_with_nothing_kept(telegram: Server, tmp_path: Path) -> None:
    ann = telegram.person(71, "Ann")
    async with running(telegram, tmp_path):
        await ann.says(OPENING)
        acknowledged, _, about = paragraphs(ann)
        assert acknowledged in said(Line.ARRIVE_WORK)
        assert about in said(Line.ABOUT)
        assert "?" not in ann.latest().text
        await ann.presses(label(Label.DID_IT))
        assert paragraphs(ann)[0] in said(Line.EASE)
        await ann.says("5")
        assert paragraphs(ann)[0] in said(Line.RESONANCE)
        await ann.presses(label(Label.FEEL_SAD))
        assert paragraphs(ann)[1] in said(Line.KIND)
    async with running(telegram, tmp_path):
        await ann.presses(label(Label.DID_IT))
        assert paragraphs(ann)[0] in said(Line.WHO)
        await ann.presses(label(Label.FOR_LEFT_BEHIND))
        assert paragraphs(ann)[0] in said(Line.APART)
        await ann.says("that somebody tells them the truth")
        wish = WORDS.lines[Line.WISH]
        filled = {"who": label(Label.WHO_LEFT_BEHIND), "need": label(Label.MAY_HAVE_NEED)}
        assert paragraphs(ann)[-1] in {wording.format_map(filled) for wording in wish}
        await ann.presses(label(Label.DID_IT))
        assert paragraphs(ann)[0] in said(Line.REACH)
        await ann.presses(label(Label.ACT_NOTHING))
        assert paragraphs(ann)[0] in said(Line.ACT_HOLD)
        await ann.presses(label(Label.WITH_NO_ONE))
        assert paragraphs(ann)[0] in said(Line.COMPANY_NO_ONE)
        await ann.presses(label(Label.DID_IT))
        assert paragraphs(ann)[0] in said(Line.LOOK_BACK)
        await ann.presses(label(Label.UPSET_LITTLE))
        assert paragraphs(ann)[0] in said(Line.CARE)
        await ann.presses(label(Label.CARE_MORE))
        assert paragraphs(ann)[0] in said(Line.CLOSE_CROSSED)
    left = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert left.startswith(b"SQLite format 3")
    assert b"consent" in left  # the schema: what could hold her is there, and empty
    assert not any(trace in left for trace in (b"71", b"somebody tells", b"patient"))


async def test_a_consent_survives_a_restart_and_forget_takes_it_back(telegram: Server, tmp_path: Path) -> None:
    ann = telegram.person(71, "Ann")
    async with running(telegram, tmp_path):
        await ann.says("/consent")
        assert ann.latest().text in said(Line.CONSENT_ASK)
        await ann.presses(label(Label.REMEMBER_YES))
        assert ann.latest().text in said(Line.CONSENT_YES)
    async with running(telegram, tmp_path):
        await ann.says("/consent")
        assert ann.latest().text in said(Line.CONSENT_ON)
        await ann.says("/forget")
        await ann.presses(label(Label.FORGET_YES))
        assert ann.latest().text in said(Line.FORGET_DONE)
        await ann.says("/consent")
        assert ann.latest().text in said(Line.CONSENT_ASK)


async def test_everything_that_is_not_a_walk_is_met(telegram: Server, tmp_path: Path) -> None:
    ann, ben = telegram.person(71, "Ann"), telegram.person(72, "Ben")
    group = telegram.group(-1_001_000_000_000_1, "Ward", {ann: "creator", ben: "member"}, bot="member")
    async with running(telegram, tmp_path):
        for command, line in (
            ("/start", Line.START),
            ("/help", Line.HELP),
            ("/crisis", Line.CRISIS),
            ("/settings", Line.SETTINGS),
            ("/stop", Line.NOTHING_TO_STOP),
            ("/privacy", Line.PRIVACY_RIGHTS),
            ("/nonsense", Line.UNKNOWN_COMMAND),
        ):
            await ann.says(command)
            assert ann.latest().text in said(line), command
        for kind in ("sticker", "voice", "photo", "document", "poll"):
            await ann.sends(kind)
            assert ann.latest().text in said(Line.MEDIA), kind
        await ann.sends("photo", caption=OPENING)
        assert paragraphs(ann)[0] in said(Line.ARRIVE_WORK)
        before = len(ben.hears())
        message = await ben.says("what a long day at the shop")
        await ben.edits(message, "i am going to kill myself tonight")
        assert ben.hears()[before + 1].text in said(Line.CARD_IMMINENT)
        await ben.forwards(OPENING, written_by="Somebody")
        assert ben.latest().text not in said(Line.ABOUT)
        await ben.says("/walk", to=group)
        heard = group.hears()
        assert [message.text in said(Line.GROUP_PRIVATE) for message in heard] == [True]
        assert heard[0].buttons == [[label(Label.WRITE_PRIVATELY)]]
        await ben.says("lunch at one?", to=group)
        assert len(group.hears()) == 1


async def test_the_next_message_is_sent_before_the_old_buttons_go_and_every_press_is_answered(
    telegram: Server, tmp_path: Path
) -> None:
    ann = telegram.person(71, "Ann")
    async with running(telegram, tmp_path):
        await ann.says(OPENING)
        first = ann.latest()
        telegram.calls.clear()
        press = await ann.presses(label(Label.DID_IT))
        calls = [call.method for call in telegram.calls if call.method != "getUpdates"]
        assert calls[0] == "sendMessage"
        assert sorted(calls[1:]) == ["answerCallbackQuery", "editMessageReplyMarkup"]
        assert press.answer is not None
        assert not ann.messages[first.id].buttons


async def test_the_menu_and_the_descriptions_are_set_once(telegram: Server, tmp_path: Path) -> None:
    for _ in range(2):
        async with running(telegram, tmp_path):
            pass
    for method in ("setMyCommands", "setMyDescription", "setMyShortDescription"):
        assert len(telegram.calls_of(method)) == 1, method
    description = telegram.calls_of("setMyDescription")[0].parameters["description"]
    assert description == WORDS.text(Reply((Line.DESCRIPTION,)))


async def test_a_refused_token_gets_one_line_and_exit_2(telegram: Server, tmp_path: Path) -> None:
    process = await start(telegram, tmp_path, BOT_TOKEN="1234:AnotherThatOpensNothing")  # noqa: S106 - it opens nothing
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out) == (2, b"")
    assert errors.decode().splitlines() == ["Telegram refuses the token: copy it again from @BotFather into BOT_TOKEN"]


async def test_an_outage_at_the_start_is_waited_out_and_said_once(telegram: Server, tmp_path: Path) -> None:
    telegram.fails("getMe", Dropped(), Dropped())
    async with running(telegram, tmp_path) as log:
        pass
    events = [json.loads(line)["event"] for line in log]
    assert events == ["Telegram is out of reach", "Telegram is back", "ready"]


async def test_no_text_token_or_id_comes_into_the_log(telegram: Server, tmp_path: Path) -> None:
    ann = telegram.person(715517, "Zebulonia")
    async with running(telegram, tmp_path) as log:
        await ann.says("xylophonist: " + OPENING)
        telegram.fails("sendMessage", Dropped(), Dropped(after=True))
        await ann.presses(label(Label.DID_IT))
        await ann.presses_data("forged-xylophonist")
        await ann.says("i am going to kill myself tonight xylophonist")
        await ann.sends("photo", caption="xylophonist")
    text = "\n".join(log).lower()
    assert '"event": "update"' in text
    assert not any(trace in text for trace in ("xylophonist", "zebulonia", "715517", telegram.token.lower()))
