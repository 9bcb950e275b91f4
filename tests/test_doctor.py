"""The doctor, on real files and against the stand-in for Telegram: each kind of trouble is made, and its line seen."""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from bot import app, doctor, policy, prompts, review
from bot.__main__ import Doctor
from bot.adapters.telegram_bot import UPDATES
from bot.doctor import Finding, How, examined
from bot.store import backup, examine
from bot.store.backup import BACKED_UP
from bot.store.keyring import make_or_read_keyring
from bot.store.ledger import Ledger
from bot.store.opening import BEFORE, FILE, serving_alone
from bot.store.ring import Ring
from bot.store.store import Store
from tests.botapi.client import bot_of
from tests.botapi.faults import Hang, Page
from tests.botapi.server import Server
from tests.person import PROMPTS
from tests.ports import free_port
from tests.test_telegram import PATIENCE, running

HOOK: Final = "https://bot.example/telegram"


@dataclass
class House:
    """A deployment in which all is well, but that no bot runs."""

    root: Path
    telegram: Server
    settings: pytest.MonkeyPatch
    ring: Ring
    port: int

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def key(self) -> Path:
        return self.root / "key"

    @property
    def ledger(self) -> Path:
        return self.root / "apart/forgotten"

    def sets(self, **values: str) -> None:
        for name, value in values.items():
            self.settings.setenv(name, value)

    def changes(self, *sql: str) -> None:
        """Change the database behind the bot's back."""
        with closing(sqlite3.connect(self.data / FILE, isolation_level=None)) as database:
            for one in sql:
                database.execute(one)


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server(patience=PATIENCE) as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, telegram: Server) -> House:
    # Both take seconds, and have tests of their own.
    monkeypatch.setattr(review, "check", list)
    monkeypatch.setattr(prompts, "load", lambda: PROMPTS)
    monkeypatch.chdir(tmp_path)
    keys = make_or_read_keyring(tmp_path / "key", datetime(2026, 11, 1, tzinfo=UTC).date())
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(telegram.token)
    # Where tests are run, a container's own files may be all that there is.
    monkeypatch.setattr(doctor, "_MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(mounted("ext4"))
    house = House(tmp_path, telegram, monkeypatch, Ring(lambda: keys), free_port())
    house.sets(
        HOME=str(tmp_path),
        XDG_CONFIG_HOME=str(tmp_path / "config"),
        BOT_TOKEN_FILE=str(tmp_path / "token"),
        BOT_API_URL=telegram.url,
        BOT_DATA=str(house.data),
        BOT_DATA_KEY_FILE=str(house.key),
        BOT_LEDGER_FILE=str(house.ledger),
        BOT_LISTEN=str(house.port),
        BOT_OPERATOR="A helper",
        BOT_OPERATOR_CONTACT="bot@example.org",
    )
    Ledger(house.ledger, house.ring).prepare(app.now())
    async with Store.open(house.data, house.ring):
        pass
    backup.back_up(house.data, house.ring, tmp_path / "copy", app.now())
    return house


def mounted(kind: str) -> str:
    """Linux's list of mounts, with the root on a file system of this kind."""
    return (
        f"22 1 8:1 / / rw,relatime shared:1 - {kind} /dev/sda1 rw\n"
        "23 22 0:5 / /proc\\040elsewhere rw,nosuid - proc proc rw\n"
    )


async def findings(house: House, *, offline: bool = False, patience: float = PATIENCE) -> list[Finding]:
    """All that is found; nothing of what must never be shown is in it."""
    found = [one async for one in examined(offline=offline, patience=patience)]
    shown = " ".join(one.line for one in found)
    private = (house.telegram.token, house.telegram.token.partition(":")[0], house.telegram.url, HOOK)
    assert [one for one in (*private, house.key.read_text().split()[0]) if one in shown] == []
    return found


async def troubles(house: House, *, offline: bool = False, patience: float = PATIENCE) -> list[Finding]:
    """What is found beside what is well, and beside that no bot runs."""
    found = await findings(house, offline=offline, patience=patience)
    return [one for one in found if one.how is not How.OK and one.about != "bot"]


async def test_deployment_beside_a_bot_that_serves_is_all_ok_and_the_bot_goes_on(
    house: House, telegram: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = telegram.person(7_155_170_071, "Ann")
    house.settings.delenv("BOT_TOKEN_FILE")
    house.sets(BOT_TOKEN=telegram.token)
    served = {name: os.environ[name] for name in os.environ if name.startswith("BOT_")}
    async with running(telegram, tmp_path, **served):
        asked = {one.method for one in telegram.calls}
        polls = len(telegram.calls_of("getUpdates"))
        await asyncio.to_thread(Doctor().cli_cmd)  # which would end with SystemExit
        assert {one.method for one in telegram.calls} - asked == {"getWebhookInfo"}
        assert len(telegram.calls_of("getUpdates")) <= polls + 1  # the bot's own
        before = len(ann.messages)
        await ann.says("/help")
        assert len(ann.messages) > before + 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert [line for line in lines if "One serves this data, and is ready." in line]
    assert [line for line in lines if "0 wait at Telegram." in line]


async def test_deployment_before_its_first_start_is_not_wrong(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("BOT_DATA_KEY_FILE", "BOT_LEDGER_FILE"):
        house.settings.delenv(name)
    house.sets(BOT_DATA=str(tmp_path / "none"))
    await asyncio.to_thread(Doctor(offline=True).cli_cmd)
    assert [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok")] == [
        "warn   bot           None serves this data now: start it."
    ]
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "config").exists()
    assert house.telegram.calls == []


async def test_what_is_wrong_is_an_exit_status(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.sets(BOT_DATA_KEY_FILE=str(house.root / "none"))
    with pytest.raises(SystemExit, match="1"):
        await asyncio.to_thread(Doctor(offline=True).cli_cmd)
    assert "\nwrong  key and data  There is no file at BOT_DATA_KEY_FILE" in capsys.readouterr().out


# --- what is wrong here -------------------------------------------------------------------------------------------


def settings_wrong(house: House) -> None:
    house.sets(BOT_SEND_RATE="many", BOT_LISTEN="nowhere at all")


def token_mistyped(house: House) -> None:
    (house.root / "token").write_text("no token")


def operator_unnamed(house: House) -> None:
    house.sets(BOT_OPERATOR="")


def secrets_open(house: House) -> None:
    for name in ("token", "key"):
        (house.root / name).chmod(0o644)


def env_open(house: House) -> None:
    house.settings.delenv("BOT_TOKEN_FILE")
    (house.root / ".env").write_text(f"BOT_TOKEN={house.telegram.token}")
    (house.root / ".env").chmod(0o644)


def listens_to_all(house: House) -> None:
    house.sets(BOT_LISTEN=f"0.0.0.0:{house.port}")


def listens_nowhere(house: House) -> None:
    house.sets(BOT_LISTEN="")


def words_broken(house: House) -> None:
    (house.root / "en").mkdir()
    (house.root / "en/privacy.md").write_text("{nobody}")
    found = policy.problems(house.root)
    house.settings.setattr(policy, "problems", lambda: found)


def years_pass(house: House) -> None:
    later = app.now() + 3 * 366 * 24 * 60 * 60
    house.settings.setattr(app, "now", lambda: later)


def key_of_another(house: House) -> None:
    house.key.write_text("61" * 32)


def key_beside_the_data(house: House) -> None:
    house.sets(BOT_DATA_KEY_FILE=str(house.key.rename(house.data / "key")))
    house.key.write_text("61" * 32)  # it is what is not shown


def folder_of_another(house: House) -> None:
    nobody = os.geteuid() + 1
    house.settings.setattr(os, "geteuid", lambda: nobody)


def folder_open(house: House) -> None:
    house.data.chmod(0o755)


def key_out_of_reach(house: House) -> None:
    house.sets(BOT_DATA_KEY_FILE="k" * 256)  # nobody may ask for such a name; for others' folders root always may


def folder_out_of_reach(house: House) -> None:
    house.sets(BOT_DATA="d" * 256)


def folder_is_a_file(house: House) -> None:
    house.sets(BOT_DATA=str(house.root / "token"))


def folder_remote(house: House) -> None:
    (house.root / "mounts").write_text(mounted("nfs4"))


def folder_passing(house: House) -> None:
    (house.root / "mounts").write_text(mounted("tmpfs"))


def folder_without_locks(house: House) -> None:
    house.settings.setattr(fcntl, "flock", lambda *_: None)


def disk_full(house: House) -> None:
    house.settings.setattr(doctor, "_LEAST_ROOM", 2**60)


def disk_nearly_full(house: House) -> None:
    house.settings.setattr(doctor, "_ROOM", 2**60)


def database_damaged(house: House) -> None:
    house.changes("CREATE TABLE large (it BLOB)", "INSERT INTO large VALUES (zeroblob(100000))")
    content = bytearray((house.data / FILE).read_bytes())
    content[-40_000:-30_000] = b"x" * 10_000
    (house.data / FILE).write_bytes(content)


def database_no_database(house: House) -> None:
    (house.data / FILE).write_bytes(b"lost" * 5000)


def database_older(house: House) -> None:
    house.changes("PRAGMA user_version = 1")


def database_newer(house: House) -> None:
    house.changes("PRAGMA user_version = 99")


def start_interrupted(house: House) -> None:
    (house.data / BEFORE).touch()


def log_large(house: House) -> None:
    house.settings.setattr(doctor, "_LARGE_LOG", 1)
    (house.data / f"{FILE}-wal").write_bytes(b"x" * 2)


def never_backed_up(house: House) -> None:
    (house.data / BACKED_UP).unlink()


def backed_up_long_ago(house: House) -> None:
    os.utime(house.data / BACKED_UP, (0, app.now() - 5 * 24 * 60 * 60))


def ledger_lost(house: House) -> None:
    house.ledger.unlink()


def ledger_beside_the_data(house: House) -> None:
    house.sets(BOT_LEDGER_FILE=str(house.ledger.rename(house.data / "forgotten")))


def ledger_foreign(house: House) -> None:
    house.ledger.write_text("a list of another program")


HERE: Final = [
    (settings_wrong, How.WRONG, "settings", "BOT_SEND_RATE is wrong: give a whole number"),
    (settings_wrong, How.WRONG, "settings", "BOT_LISTEN is wrong: give a port"),
    (token_mistyped, How.WRONG, "settings", "BOT_TOKEN is no token"),
    (operator_unnamed, How.WARN, "operator", "is not set: people have to know who runs the bot"),
    (secrets_open, How.WARN, "secrets", "Other users may read the file of BOT_TOKEN_FILE: run `chmod go=`"),
    (secrets_open, How.WARN, "secrets", "Other users may read the file of BOT_DATA_KEY_FILE: run `chmod go=`"),
    (env_open, How.WARN, "secrets", "Other users may read the file of .env: run `chmod go=`"),
    (listens_to_all, How.WARN, "listen", "let a firewall, or a network of its own"),
    (listens_nowhere, How.WARN, "listen", "set BOT_LISTEN"),
    (words_broken, How.WRONG, "content", "problems: `check` names each"),
    (years_pass, How.WARN, "time zones", "upgrade"),
    (years_pass, How.WARN, "helplines", "`check` names them"),
    (key_of_another, How.WRONG, "key and data", "The data key is not the one that the database was sealed with"),
    (key_beside_the_data, How.WRONG, "key and data", "put the key elsewhere"),
    (folder_of_another, How.WRONG, "data folder", "run this as the user that runs the bot"),
    (folder_open, How.WARN, "data folder", "run `chmod 700"),
    (key_out_of_reach, How.WRONG, "key and data", "The file at BOT_DATA_KEY_FILE cannot be read"),
    (folder_out_of_reach, How.WRONG, "key and data", "let this user write in it, or choose another with BOT_DATA"),
    (folder_is_a_file, How.WRONG, "key and data", "let this user write in it, or choose another with BOT_DATA"),
    (folder_remote, How.WRONG, "data folder", "It is on nfs4"),
    (folder_passing, How.WARN, "data folder", "It is on tmpfs"),
    (folder_without_locks, How.WRONG, "data folder", "cannot lock files: choose a local disk"),
    (disk_full, How.WRONG, "disk", "make room"),
    (disk_nearly_full, How.WARN, "disk", "make room"),
    (database_damaged, How.WRONG, "database", "run `restore` with the newest backup"),
    (database_no_database, How.WRONG, "key and data", "The database is damaged, or is none"),
    (database_older, How.WARN, "database", "the next start of the bot brings it up to date"),
    (database_newer, How.WRONG, "key and data", "start that version"),
    (start_interrupted, How.WARN, "database", "start the bot, which deletes it"),
    (log_large, How.WARN, "database", "end that program"),
    (never_backed_up, How.WARN, "backup", "run `backup` each night"),
    (backed_up_long_ago, How.WARN, "backup", "The last was made 5 days ago"),
    (ledger_lost, How.WARN, "ledger", "start the bot, which makes one"),
    (ledger_beside_the_data, How.WRONG, "ledger", "choose another place by BOT_LEDGER_FILE"),
    (ledger_foreign, How.WRONG, "ledger", "is not of this bot"),
]


@pytest.mark.parametrize(("make", "how", "about", "mend"), HERE, ids=lambda one: getattr(one, "__name__", None))
async def test_trouble_here_is_told_with_how_to_mend_it(
    house: House, make: Callable[[House], None], how: How, about: str, mend: str
) -> None:
    assert await troubles(house, offline=True) == []
    make(house)
    found = await troubles(house, offline=True)
    assert [line for as_bad, thing, line in found if (as_bad, thing) == (how, about) and mend in line], found


async def test_database_that_takes_long_is_looked_through_for_a_moment_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "_LONGEST", -1)
    monkeypatch.setattr(examine, "_STEPS_BETWEEN", 1)
    found = await findings(house, offline=True)
    assert (How.OK, "database", "It is too large to be looked through here; `backup` does that.") in found


# --- the bot that runs --------------------------------------------------------------------------------------------


async def state_of_the_bot(house: House) -> tuple[How, str]:
    ((how, line),) = [(how, line) for how, about, line in await findings(house, offline=True) if about == "bot"]
    return how, line


async def test_bot_that_serves_and_is_not_ready_is_told(house: House) -> None:
    with serving_alone(house.data):
        how, line = await state_of_the_bot(house)
        assert (how, "its log says why" in line) == (How.WRONG, True)
        house.sets(BOT_LISTEN="")
        assert await state_of_the_bot(house) == (How.OK, "One serves this data.")


async def test_bot_that_serves_other_data_is_told(house: House) -> None:
    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    served = web.Application()
    served.router.add_get("/readyz", ready)
    runner = web.AppRunner(served)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", house.port).start()
    how, line = await state_of_the_bot(house)
    await runner.cleanup()
    assert (how, "run this with its settings, as its user" in line) == (How.WRONG, True)


async def test_restoring_is_no_trouble_while_it_goes_on(house: House) -> None:
    start_interrupted(house)
    with serving_alone(house.data):
        assert await troubles(house, offline=True) == []


# --- what is wrong at Telegram ------------------------------------------------------------------------------------


async def token_revoked(house: House) -> None:
    house.telegram.token = f"{house.telegram.token}Newer"


async def out_of_reach(house: House) -> None:
    house.sets(BOT_API_URL=f"http://127.0.0.1:{free_port()}")


async def answers_with_a_page(house: House) -> None:
    house.telegram.fails("getMe", Page())


async def refuses_what_is_asked(house: House) -> None:
    house.telegram.fails("getWebhookInfo", Page())


async def no_token(house: House) -> None:
    house.settings.delenv("BOT_TOKEN_FILE")


async def clock_a_little_off(house: House) -> None:
    house.settings.setattr(app, "now", lambda: int(time.time()) - 30)  # noqa: TID251 - that of the stand-in, but for


async def clock_far_off(house: House) -> None:
    house.settings.setattr(app, "now", lambda: int(time.time()) + 4000)  # noqa: TID251 - likewise


async def privacy_off(house: House) -> None:
    house.telegram.world.privacy = False


async def joins_no_groups(house: House) -> None:
    house.telegram.world.joins_groups = False


async def webhook_of_another(house: House) -> None:
    async with bot_of(house.telegram) as bot:
        await bot.set_webhook("https://another.example/hook")


async def webhook_elsewhere(house: House) -> None:
    house.sets(BOT_WEBHOOK_URL=HOOK)
    await webhook_of_another(house)


async def webhook_not_set(house: House) -> None:
    house.sets(BOT_WEBHOOK_URL=HOOK)


async def webhook_fails(house: House) -> None:
    url = f"http://127.0.0.1:{free_port()}/telegram"
    house.sets(BOT_WEBHOOK_URL=url)
    async with bot_of(house.telegram) as bot:
        await bot.set_webhook(url)
    await house.telegram.person(7, "Ann").says("hello", wait=False)
    webhook = house.telegram.world.webhook
    await house.telegram.until(lambda: webhook and webhook.errors, "a call fails")


async def many_wait(house: House) -> None:
    ann = house.telegram.person(7, "Ann")
    for _ in range(101):
        await ann.says("hello", wait=False)


AT_TELEGRAM: Final = [
    (token_revoked, How.WRONG, "token", "makes a new one by /revoke"),
    (out_of_reach, How.WRONG, "Telegram", "No answer (NotSentError): look at the network"),
    (answers_with_a_page, How.WRONG, "Telegram", "look at the network"),
    (refuses_what_is_asked, How.WRONG, "Telegram", "look at the network"),
    (no_token, How.WARN, "token", "set BOT_TOKEN_FILE"),
    (clock_a_little_off, How.WARN, "clock", "turn on NTP"),
    (clock_far_off, How.WRONG, "clock", "turn on NTP"),
    (privacy_off, How.WARN, "groups", "/setprivacy"),
    (joins_no_groups, How.WARN, "groups", "/setjoingroups"),
    (webhook_of_another, How.WRONG, "webhook", "BOT_WEBHOOK_URL is not set: start the bot again"),
    (webhook_elsewhere, How.WRONG, "webhook", "another address than BOT_WEBHOOK_URL: start the bot again"),
    (webhook_not_set, How.WARN, "webhook", "Telegram has none, and BOT_WEBHOOK_URL is set: start the bot again"),
    (webhook_fails, How.WARN, "webhook", "look at the proxy"),
    (many_wait, How.WARN, "updates", "101 wait at Telegram"),
]


@pytest.mark.parametrize(("make", "how", "about", "mend"), AT_TELEGRAM, ids=lambda one: getattr(one, "__name__", None))
async def test_trouble_at_telegram_is_told_with_how_to_mend_it(
    house: House, make: Callable[[House], Awaitable[None]], how: How, about: str, mend: str
) -> None:
    assert await troubles(house) == []
    await make(house)
    found = await troubles(house)
    assert [(one.how, one.about) for one in found] == [(how, about)], found
    assert mend in found[0].line


async def test_clock_is_not_judged_where_no_answer_says_the_time(house: House, telegram: Server) -> None:
    async def without_date(_: web.BaseRequest, response: web.StreamResponse) -> None:
        del response.headers["Date"]

    mute = Server(token=telegram.token)
    mute._runner.app.on_response_prepare.append(without_date)  # noqa: SLF001 - it has no other way
    async with mute:
        house.sets(BOT_API_URL=mute.url)
        found = await troubles(house)
    assert found == [(How.WARN, "clock", "Telegram's answer has no date to hold it against.")]


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
async def test_telegram_that_hangs_is_told_in_time(house: House, method: str) -> None:
    house.telegram.fails(method, Hang())
    ((how, about, line),) = await troubles(house, patience=0.1)
    assert (how, about, "No answer (TimeoutError)" in line) == (How.WRONG, "Telegram", True)


async def test_kinds_of_updates_that_are_left_out_are_told_of_a_bot_that_serves(house: House) -> None:
    async with bot_of(house.telegram) as bot:
        await bot.get_updates(allowed_updates=["message"], timeout=0)
        assert await troubles(house) == []  # the next start asks for others
        house.sets(BOT_LISTEN="")
        with serving_alone(house.data):
            ((line),) = [line for how, about, line in await troubles(house) if (how, about) == (How.WRONG, "updates")]
            assert "leave out callback_query, chat_member, edited_message, my_chat_member: start the bot again" in line
            await bot.get_updates(allowed_updates=UPDATES, timeout=0)
            assert [one for one in await troubles(house) if one.about == "updates"] == []
