"""The real bot, as a process of its own, against the stand-in for Telegram: nothing is replaced but Telegram."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import socket

import pytest
from aiohttp import ClientSession

from bot import prompts
from bot.adapters.telegram_bot import MENUS, UPDATES
from bot.core.lines import Label, Line
from bot.core.model import Reply
from tests.botapi.faults import Dropped, Hang, Page
from tests.botapi.people import Person
from tests.botapi.server import Server
from tests.botapi.updates import Refused
from tests.person import files_under
from tests.ports import free_port

OPENING = "lost a patient today and i cant stop seeing her sons face"
PATIENCE = 20  # seconds for a process to start or to stop
SECRET = "the-secret_of-the_webhook"  # noqa: S105 - it opens nothing
WORDS = prompts.load()


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server(patience=PATIENCE) as server:
        yield server


async def start(telegram: Server, home: Path, command: str = "run", **settings: str) -> Process:
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
        command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=home,
        env=environment | settings,
    )


@asynccontextmanager
async def running(telegram: Server, home: Path, **settings: str) -> AsyncIterator[list[str]]:
    """A bot that serves until the block ends. The list then holds its log, a line each."""
    way_in = "setWebhook" if "BOT_WEBHOOK_URL" in settings else "getUpdates"
    before = len(telegram.calls_of(way_in))
    process = await start(telegram, home, **settings)
    log: list[str] = []
    try:
        await telegram.until(lambda: len(telegram.calls_of(way_in)) > before, "the bot takes updates in")
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
    """Every wording of a line that needs nothing to fill it."""
    return {WORDS.text(Reply((line,), picks=(pick,))) for pick in range(len(WORDS.lines[line]))}


def label(name: Label) -> str:
    return WORDS.content.labels[name]


def paragraphs(person: Person) -> list[str]:
    return person.latest().text.split("\n\n")


async def test_a_walk_over_http_goes_on_after_a_restart_with_nothing_kept(telegram: Server, tmp_path: Path) -> None:
    ann = telegram.person(7_155_170_071, "Ann")
    async with running(telegram, tmp_path):
        await ann.says(OPENING)
        acknowledged, _, about = paragraphs(ann)
        assert acknowledged in said(Line.ARRIVE_WORK_DIED)
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
    async with running(telegram, tmp_path):
        await ann.presses(label(Label.SHOW))
        picture = ann.latest()
        assert picture.json["photo"][0]["file_size"] < 60_000
        assert "5" in picture.text
        assert picture.button(label(Label.REMEMBER))
    left = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert left.startswith(b"SQLite format 3")
    assert b"consent" in left  # the schema: what could hold her is there, and empty
    assert not any(trace in left for trace in (b"7155170071", b"somebody tells", b"patient"))


async def test_a_consent_survives_a_restart_and_forget_takes_it_back(telegram: Server, tmp_path: Path) -> None:
    ann = telegram.person(7_155_170_071, "Ann")
    async with running(telegram, tmp_path):
        await ann.says("/consent")
        assert ann.latest().text in said(Line.CONSENT_ASK)
        await ann.presses(label(Label.REMEMBER_YES))
        assert ann.latest().text in said(Line.CONSENT_YES)
    async with running(telegram, tmp_path):
        await ann.says("/consent")
        assert ann.latest().text.splitlines()[0] in said(Line.CONSENT_ON)
        await ann.says("/forget")
        await ann.presses(label(Label.FORGET_YES))
        assert ann.latest().text.splitlines()[-1] in said(Line.FORGET_DONE)
        await ann.says("/consent")
        assert ann.latest().text in said(Line.CONSENT_ASK)


async def test_everything_that_is_not_a_walk_is_met(telegram: Server, tmp_path: Path) -> None:
    ann, ben = telegram.person(7_155_170_071, "Ann"), telegram.person(72, "Ben")
    group = telegram.group(-1_001_000_000_000_1, "Ward", {ann: "creator", ben: "member"}, bot="member")
    async with running(telegram, tmp_path):
        for command, line in (
            ("/start", Line.START),
            ("/help", Line.HELP),
            ("/crisis", Line.CRISIS),
            ("/settings", Line.SETTINGS),
            ("/stop", Line.NOTHING_TO_STOP),
            ("/privacy", Line.PRIVACY_WHO),
            ("/nonsense", Line.UNKNOWN_COMMAND),
        ):
            await ann.says(command)
            assert ann.latest().text in said(line), command
        for kind in ("sticker", "voice", "photo", "document", "poll"):
            await ann.sends(kind)
            assert ann.latest().text in said(Line.MEDIA), kind
        await ann.sends("photo", caption=OPENING)
        assert paragraphs(ann)[0] in said(Line.ARRIVE_WORK_DIED)
        before = len(ben.hears())
        message = await ben.says("what a long day at the shop")
        await ben.edits(message, "i am going to kill myself tonight")
        assert ben.hears()[before + 1].text in said(Line.CARD_IMMINENT)
        await ben.forwards(OPENING, written_by="Somebody")
        assert ben.latest().text not in said(Line.ABOUT)
        await ben.says("/walk", to=group)
        await ben.says("lunch at one?", to=group)
        assert group.hears() == []  # no admin has said yes


async def test_the_next_message_is_sent_before_the_old_buttons_go_and_every_press_is_answered(
    telegram: Server, tmp_path: Path
) -> None:
    ann = telegram.person(7_155_170_071, "Ann")
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
    for method, times in (("setMyCommands", len(MENUS)), ("setMyDescription", 1), ("setMyShortDescription", 1)):
        assert len(telegram.calls_of(method)) == times, method
    description = telegram.calls_of("setMyDescription")[0].parameters["description"]
    assert description == WORDS.text(Reply((Line.DESCRIPTION,)))


async def test_a_refused_token_gets_one_line_and_exit_2_and_writes_nothing(telegram: Server, tmp_path: Path) -> None:
    process = await start(telegram, tmp_path, BOT_TOKEN="1234:AnotherThatOpensNothing")  # noqa: S106 - it opens nothing
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out) == (2, b"")
    assert errors.decode().splitlines() == ["Telegram refuses the token: copy it again from @BotFather into BOT_TOKEN"]
    assert files_under(tmp_path) == {}


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
        await ann.shares_place(48.20849, 16.37208)
    text = "\n".join(log).lower()
    assert '"event": "update"' in text
    assert not any(trace in text for trace in ("xylophonist", "zebulonia", "715517", telegram.token.lower()))
    assert not any(trace in text for trace in ("48.20849", "16.37208"))


# --- by webhook -----------------------------------------------------------------------------------------------------


def by_webhook() -> dict[str, str]:
    port = free_port()
    return {"BOT_WEBHOOK_URL": f"http://127.0.0.1:{port}/in", "BOT_LISTEN": str(port), "BOT_WEBHOOK_SECRET": SECRET}


async def said_by(telegram: Server, home: Path, command: str, **settings: str) -> tuple[int | None, str, str]:
    """The end of a command: its status, output and errors."""
    process = await start(telegram, home, command, **settings)
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, out.decode(), errors.decode()


async def test_a_walk_by_webhook(telegram: Server, tmp_path: Path) -> None:
    ann, settings = telegram.person(715517, "Zebulonia"), by_webhook()
    async with running(telegram, tmp_path, **settings) as log:
        await ann.says(OPENING)
        assert paragraphs(ann)[0] in said(Line.ARRIVE_WORK_DIED)
        await ann.presses(label(Label.DID_IT))
        assert paragraphs(ann)[0] in said(Line.EASE)
    webhook = telegram.world.webhook
    assert webhook is not None
    assert (webhook.url, webhook.secret, webhook.most) == (settings["BOT_WEBHOOK_URL"], SECRET, 100)
    assert telegram.world.updates.allowed == UPDATES
    assert telegram.calls_of("getUpdates") == []
    assert [json.loads(line)["event"] for line in log] == ["ready", "update", "update"]
    text = "\n".join(log).lower()
    assert not any(trace in text for trace in (SECRET, "zebulonia", "715517", "patient", telegram.token.lower()))


async def test_each_start_makes_a_secret_where_none_is_given(telegram: Server, tmp_path: Path) -> None:
    ann, settings = telegram.person(7_155_170_071, "Ann"), by_webhook()
    del settings["BOT_WEBHOOK_SECRET"]
    for _ in range(2):
        async with running(telegram, tmp_path, **settings):
            await ann.says("/help")
    first, second = [call.parameters["secret_token"] for call in telegram.calls_of("setWebhook")]
    assert first != second
    assert len(first) > 30


async def test_stop_finishes_what_came_by_webhook(telegram: Server, tmp_path: Path) -> None:
    ann, settings = telegram.person(7_155_170_071, "Ann"), by_webhook()
    telegram.fails("sendMessage", hang := Hang())
    process = await start(telegram, tmp_path, **settings)
    await telegram.until(lambda: telegram.calls_of("setWebhook"), "the bot has a webhook")
    await ann.says("/help", wait=False)
    await hang.reached()
    process.send_signal(signal.SIGTERM)
    await ann.says("/walk", wait=False)
    hang.release()
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out) == (0, b"")
    assert [json.loads(line)["event"] for line in errors.decode().splitlines()] == ["ready", "update"]
    assert [message.text in said(Line.HELP) for message in ann.hears()] == [True]
    assert len(telegram.world.updates) == 1  # /walk waits for the next start
    async with running(telegram, tmp_path, **settings):
        await telegram.until(lambda: not len(telegram.world.updates), "the bot takes what waited")
        assert len(ann.hears()) == 2


async def test_polling_takes_a_webhook_away_first(telegram: Server, tmp_path: Path) -> None:
    async with running(telegram, tmp_path, **by_webhook()):
        pass
    assert telegram.world.webhook is not None
    telegram.calls.clear()
    ann = telegram.person(7_155_170_071, "Ann")
    async with running(telegram, tmp_path):
        await ann.says("/help")
    assert ann.latest().text in said(Line.HELP)
    methods = [call.method for call in telegram.calls]
    assert methods.index("deleteWebhook") < methods.index("getUpdates")
    assert "drop_pending_updates" not in telegram.calls_of("deleteWebhook")[0].parameters


async def test_a_webhook_that_telegram_refuses_gets_one_line_and_exit_2(telegram: Server, tmp_path: Path) -> None:
    settings = by_webhook()
    telegram.fails("setWebhook", Refused(400, f"Bad Request: bad webhook: {settings['BOT_WEBHOOK_URL']}"))
    status, out, errors = await said_by(telegram, tmp_path, "run", **settings)
    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("Telegram refuses BOT_WEBHOOK_URL: ")
    assert settings["BOT_WEBHOOK_URL"] not in errors


# --- health ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way_in", ["polling", "webhook"])
async def test_health_says_whether_the_bot_is_ready(telegram: Server, tmp_path: Path, way_in: str) -> None:
    settings = {"BOT_LISTEN": str(free_port())} if way_in == "polling" else by_webhook()
    async with running(telegram, tmp_path, **settings):
        assert await said_by(telegram, tmp_path, "health", **settings) == (0, "The bot is ready.\n", "")
    assert await said_by(telegram, tmp_path, "health", **settings) == (1, "", "The bot is not ready.\n")


async def test_bot_that_waits_for_telegram_is_alive_and_not_ready(telegram: Server, tmp_path: Path) -> None:
    settings = {"BOT_LISTEN": str(free_port())}
    telegram.fails("getMe", hang := Hang())
    process = await start(telegram, tmp_path, **settings)
    await hang.reached()
    async with ClientSession(f"http://127.0.0.1:{settings['BOT_LISTEN']}") as session:
        alive, ready = await session.get("/healthz"), await session.get("/readyz")
    assert (alive.status, ready.status) == (200, 503)
    assert (await said_by(telegram, tmp_path, "health", **settings))[0] == 1
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0


async def test_health_of_a_bot_that_listens_nowhere_is_told_as_a_setting(telegram: Server, tmp_path: Path) -> None:
    status, out, errors = await said_by(telegram, tmp_path, "health")
    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("BOT_LISTEN is not set")


async def test_a_port_that_is_taken_gets_one_line_and_exit_2(telegram: Server, tmp_path: Path) -> None:
    port = telegram.url.rpartition(":")[2]
    assert await said_by(telegram, tmp_path, "run", BOT_LISTEN=port) == (
        2,
        "",
        "BOT_LISTEN cannot be listened on: give a free port of this machine\n",
    )
    assert telegram.calls == []


async def test_polling_listens_nowhere_unless_told_to(telegram: Server, tmp_path: Path) -> None:
    with socket() as taken:  # the default of a webhook: polling must not want it
        with suppress(OSError):
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        async with running(telegram, tmp_path) as log:
            pass
    assert [json.loads(line)["event"] for line in log] == ["ready"]


# --- secrets --------------------------------------------------------------------------------------------------------


def command_lines(number: int) -> list[bytes]:
    """What anyone on this machine sees of the processes that one has started, and of those that they have."""
    started = " ".join(one.read_text() for one in Path(f"/proc/{number}/task").glob("*/children")).split()
    return [
        line for each in started for line in (Path(f"/proc/{each}/cmdline").read_bytes(), *command_lines(int(each)))
    ]


async def test_secrets_are_nowhere_but_where_they_were_given(tmp_path: Path) -> None:
    key, token, revoked = b"CanaryOfTheDataKey.ThirtyTwoByte", "480016:CanaryOfTheToken", "480017:CanaryThatIsRevoked"
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_text(key.hex())
    given = by_webhook() | {"BOT_DATA_KEY_FILE": str(tmp_path / "key"), "BOT_LOG_LEVEL": "debug"}
    async with Server(token=token, patience=PATIENCE) as telegram:
        ann = telegram.person(7_155_170_071, "Ann")
        async with running(telegram, tmp_path, **given) as log:
            for fault in (Refused(400, f"Bad Request: {token} {SECRET}"), Page(body=token)):
                telegram.fails("sendMessage", fault)
                await ann.says(OPENING, wait=False)
                await telegram.until(lambda: not len(telegram.world.updates), "the bot is done with it")
            async with ClientSession(f"http://127.0.0.1:{given['BOT_LISTEN']}") as session:
                shut_out = await session.post("/in", json={}, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]})
                metrics = await (await session.get("/metrics")).read()
                told = [*command_lines(os.getpid()), await shut_out.read(), metrics]
            commands = [said_by(telegram, tmp_path, command, **given) for command in ("keys", "health", "doctor")]
            settings = given | {"BOT_TOKEN": revoked, "BOT_DATA": "another", "BOT_LISTEN": str(free_port())}
            ends = await asyncio.gather(*commands, said_by(telegram, tmp_path, "run", **settings))
    assert [status for status, *_ in ends] == [0, 0, 0, 2]
    assert {"update", "message refused"} <= {json.loads(line)["event"] for line in log}
    assert sys.platform == "darwin" or b"bot\0run" in told[0]
    assert b"bot_updates_total" in metrics
    told += [text.encode() for text in (*log, *(text for _, *texts in ends for text in texts))]
    told += [content for where, content in files_under(tmp_path).items() if where != "key"]
    forms = key, key.hex().encode(), b64encode(key), b"CanaryOfTheToken", b"CanaryThatIsRevoked", SECRET.encode()
    assert [form for form in forms if form.lower() in b"\n".join(told).lower()] == []
