import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import pytest
from aiohttp import ClientSession, web
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from telegram import Bot, Update
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.intake import (
    GRACE,
    MOST_WAITING,
    PATIENCE,
    POLL,
    REFUSED_FOR,
    TOO_LONG,
    Burst,
    Intake,
    RefusedError,
)
from bot.adapters.listen import LARGEST_BODY, MOST_CALLS, SECRET_HEADER, Webhook, is_ready_at, listening
from bot.settings import SettingsError
from tests.network import NoNetwork
from tests.ports import free_port
from tests.story import at_once, now

Json = dict[str, Any]

TOKEN = "480016:AAExampleOfATokenThatOpensNothing"  # noqa: S105 - it opens nothing
SECRET = "the-secret_of-the_webhook"  # noqa: S105 - it opens nothing
URL = "https://bot.example/telegram/in"
HOME = "127.0.0.1"
KINDS: Final = ["message", "callback_query"]
SHOWN: Final = {SECRET_HEADER: SECRET}
UNREAD: Final = 999
"""An update with this id is not for the bot."""


class Network(NoNetwork):
    """Telegram: says yes to every call, or what a test has laid ready, and keeps the parameters. It calls `called`."""

    def __init__(self, status: int = 200, description: str = "") -> None:
        self.calls: list[tuple[str, Json]] = []
        self.called = URL
        self.status = status
        self._description = description

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        self.calls.append((url.rpartition("/")[2], dict(request_data.parameters) if request_data else {}))
        is_asked = self.calls[-1][0] == "getWebhookInfo"
        info = {"url": self.called, "has_custom_certificate": False, "pending_update_count": 0}
        result = info if is_asked else True
        answer = {"ok": self.status == HTTPStatus.OK, "result": result, "description": self._description}
        return self.status, json.dumps(answer).encode()


class House:
    """What listens on `port`, and what handles updates: it keeps their ids when they are done."""

    def __init__(self, *, needs: float = 0, network: Network | None = None) -> None:
        self.done: list[int] = []
        self.stop = asyncio.Event()
        self.network = network or Network()
        bot = Bot(TOKEN, request=self.network, get_updates_request=Network())
        self.intake = Intake(bot, self._handle, self.stop, lambda content: content["update_id"] != UNREAD)
        self.webhook = Webhook(URL, SECRET, bot, self.intake)
        self.port = free_port()
        self._needs = needs

    async def _handle(self, update: Update | Burst) -> None:
        await asyncio.sleep(self._needs)
        self.done += [update.update_id] if isinstance(update, Update) else [one.update_id for one in update.updates]

    async def gets(self, path: str) -> tuple[int, str]:
        async with ClientSession() as session, session.get(f"http://{HOME}:{self.port}{path}") as answer:
            return answer.status, await answer.text()

    async def is_told(
        self, body: object, headers: dict[str, str] = SHOWN, *, path: str = "/telegram/in", method: str = "POST"
    ) -> int:
        """Call the webhook; give the status of its answer."""
        data = BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        address = f"http://{HOME}:{self.port}{path}"
        async with ClientSession() as session, session.request(method, address, data=data, headers=headers) as answer:
            await answer.read()
            return answer.status


@asynccontextmanager
async def serving(*, needs: float = 0) -> AsyncIterator[House]:
    """A house that is ready; it is told to stop at the end."""
    house = House(needs=needs)
    async with listening((HOME, house.port), house.intake, house.webhook), asyncio.TaskGroup() as tasks:
        tasks.create_task(house.intake.wait(house.webhook.is_called))
        await asyncio.sleep(0)
        yield house
        house.stop.set()


def update(number: int, person: int = 7, text: str = "x") -> Json:
    user = {"id": person, "is_bot": False, "first_name": "Annabella"}
    chat = {"id": person, "type": "private"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": user, "text": text}
    return {"update_id": number, "message": message}


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("bot_updates_total", {"outcome": outcome}) or 0


# --- who is believed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SECRET_HEADER: ""},
        {SECRET_HEADER: "wrong"},
        {SECRET_HEADER: SECRET[:-1]},
        {SECRET_HEADER: f"{SECRET}x"},
        {SECRET_HEADER: SECRET.upper()},
        {SECRET_HEADER: "sécret-ßß"},
        {SECRET_HEADER: "\udcff\udcfe"},
        {"Authorization": SECRET},
    ],
    ids=["missing", "empty", "wrong", "shorter", "longer", "in capitals", "not ASCII", "not UTF-8", "elsewhere"],
)
def test_call_without_the_secret_is_refused_and_nothing_of_it_is_handled(headers: dict[str, str]) -> None:
    async def story() -> None:
        before = counted("refused")
        async with serving() as house:
            assert await house.is_told(update(1), headers) == HTTPStatus.FORBIDDEN
            assert await house.is_told(b"{", headers) == HTTPStatus.FORBIDDEN
        assert house.done == []
        assert counted("refused") - before == 2

    at_once(story())


def test_secret_is_asked_for_before_anything_is_said_of_the_bot() -> None:
    async def story() -> None:
        house = House()
        async with listening((HOME, house.port), house.intake, house.webhook):
            assert await house.is_told(update(1), {}) == HTTPStatus.FORBIDDEN

    at_once(story())


# --- what is taken --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"message": {}}',
        b'{"update_id": "1"}',
        b'{"update_id": null}',
    ],
)
def test_what_is_no_update_is_refused(body: bytes) -> None:
    async def story() -> None:
        async with serving() as house:
            assert await house.is_told(body) == HTTPStatus.BAD_REQUEST
            assert await house.is_told(update(1)) == HTTPStatus.OK
        assert house.done == [1]

    at_once(story())


def test_body_that_is_too_large_is_refused() -> None:
    async def story() -> None:
        async with serving() as house:
            largest = json.dumps(update(1)).encode().ljust(LARGEST_BODY)
            assert await house.is_told(largest) == HTTPStatus.OK
            assert await house.is_told(largest + b" ") == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert house.done == [1]

    at_once(story())


@pytest.mark.parametrize(
    "kind", ["application/json; charset=nonsense", "text/plain", "application/json; charset=utf-16"]
)
def test_update_is_read_whatever_its_content_is_called(kind: str) -> None:
    async def story() -> None:
        async with serving() as house:
            assert await house.is_told(update(1, text="😢"), {**SHOWN, "Content-Type": kind}) == HTTPStatus.OK
        assert house.done == [1]

    at_once(story())


def test_update_that_cannot_be_read_is_not_asked_for_again() -> None:
    async def story() -> None:
        before = counted("unreadable")
        async with serving() as house:
            assert await house.is_told({"update_id": 1, "callback_query": {"id": "1"}}) == HTTPStatus.OK
        assert house.done == []
        assert counted("unreadable") - before == 1

    at_once(story())


def test_update_that_is_not_for_the_bot_is_not_asked_for_again() -> None:
    async def story() -> None:
        before = counted("unread")
        async with serving() as house:
            assert await house.is_told(update(UNREAD)) == HTTPStatus.OK
        assert house.done == []
        assert counted("unread") - before == 1

    at_once(story())


def test_only_the_path_of_the_address_is_the_webhook() -> None:
    async def story() -> None:
        async with serving() as house:
            assert await house.is_told(update(1), path="/") == HTTPStatus.NOT_FOUND
            assert await house.is_told(update(1), path="/telegram/in/") == HTTPStatus.NOT_FOUND
            assert await house.is_told(update(1), method="GET") == HTTPStatus.METHOD_NOT_ALLOWED
            assert await house.is_told(update(1), path="/healthz") == HTTPStatus.METHOD_NOT_ALLOWED
        assert house.done == []

    at_once(story())


def test_webhook_without_a_path_is_the_root() -> None:
    assert Webhook("https://bot.example", SECRET, Bot(TOKEN, request=Network()), House().intake).path == "/"


# --- when it is answered --------------------------------------------------------------------------------------------


def test_call_is_answered_when_its_update_was_handled() -> None:
    async def story() -> None:
        async with serving(needs=3) as house:
            assert await house.is_told(update(1)) == HTTPStatus.OK
            assert (now(), house.done) == (3, [1])

    at_once(story())


def test_call_is_answered_after_five_seconds_though_its_update_is_not_handled() -> None:
    async def story() -> None:
        async with serving(needs=7) as house:
            assert await house.is_told(update(1)) == HTTPStatus.OK
            assert (now(), house.done) == (PATIENCE, [])
        assert (now(), house.done) == (7, [1])

    at_once(story())


def test_update_that_comes_again_is_handled_once_and_answered_when_the_first_is() -> None:
    async def story() -> None:
        async with serving(needs=3) as house:
            answers = await asyncio.gather(*(house.is_told(update(1)) for _ in range(5)))
            assert (answers, now()) == ([HTTPStatus.OK] * 5, 3)
            assert await house.is_told(update(1)) == HTTPStatus.OK
        assert house.done == [1]

    at_once(story())


def test_telegram_is_asked_to_wait_while_too_much_waits_and_what_it_sends_again_is_taken() -> None:
    async def story() -> None:
        async with serving(needs=3) as house:
            handled = [house.intake.take(Update.de_json(update(n, n), None)) for n in range(1, MOST_WAITING + 1)]
            assert await house.is_told(update(5_000, 5_000)) == HTTPStatus.SERVICE_UNAVAILABLE
            assert now() == 0
            await asyncio.wait(handled)
            assert await house.is_told(update(5_000, 5_000)) == HTTPStatus.OK
        assert (len(house.done), house.done[-1]) == (MOST_WAITING + 1, 5_000)

    at_once(story())


def test_nothing_is_taken_before_the_bot_is_ready() -> None:
    async def story() -> None:
        house = House()
        async with listening((HOME, house.port), house.intake, house.webhook):
            assert await house.is_told(update(1)) == HTTPStatus.SERVICE_UNAVAILABLE
        assert house.done == []

    at_once(story())


def test_stop_lets_what_is_under_way_finish_and_takes_no_more() -> None:
    async def story() -> None:
        async with serving(needs=3) as house:
            under_way = asyncio.ensure_future(house.is_told(update(1)))
            await asyncio.sleep(1)
            house.stop.set()
            assert await house.is_told(update(2)) == HTTPStatus.SERVICE_UNAVAILABLE
            assert await house.gets("/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, "")
            assert await under_way == HTTPStatus.OK
        assert (now(), house.done) == (3, [1])

    at_once(story())


def test_stop_gives_up_what_does_not_end() -> None:
    async def story() -> None:
        async with serving(needs=1000) as house:
            assert await house.is_told(update(1)) == HTTPStatus.OK
        assert (now(), house.done) == (PATIENCE + GRACE, [])

    at_once(story())


# --- whether Telegram is still there --------------------------------------------------------------------------------


def test_webhook_is_not_ready_while_telegram_is_away_and_asks_it_to_keep_what_it_sends() -> None:
    async def story() -> None:
        with capture_logs() as log:
            async with serving() as house:
                await asyncio.sleep(3600)
                assert await house.gets("/readyz") == (HTTPStatus.OK, "")
                house.network.status = HTTPStatus.BAD_GATEWAY
                await asyncio.sleep(POLL + TOO_LONG)
                assert await house.gets("/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, "")
                assert await house.is_told(update(1)) == HTTPStatus.SERVICE_UNAVAILABLE
                house.network.status = HTTPStatus.OK
                await asyncio.sleep(60)
                assert await house.gets("/readyz") == (HTTPStatus.OK, "")
                assert await house.is_told(update(1)) == HTTPStatus.OK
        assert house.done == [1]
        assert [one["event"] for one in log] == ["Telegram is out of reach", "Telegram is back", "update"]

    at_once(story())


def test_webhook_that_another_program_has_taken_is_told_once_and_is_not_ready() -> None:
    async def story() -> None:
        with capture_logs() as log:
            async with serving() as house:
                for called in ("", URL, "https://another.example/"):
                    house.network.called = called
                    await asyncio.sleep(2 * POLL + TOO_LONG)
                    ready = HTTPStatus.OK if called == URL else HTTPStatus.SERVICE_UNAVAILABLE
                    assert await house.gets("/readyz") == (ready, "")
        told = ("error", "Telegram calls elsewhere: another program uses this token")
        assert [(one["log_level"], one["event"]) for one in log] == [told] * 2

    at_once(story())


def test_token_that_stays_revoked_ends_the_webhook() -> None:
    async def story() -> None:
        house = House(network=Network(401, "Unauthorized"))
        with pytest.raises(RefusedError):
            await house.intake.wait(house.webhook.is_called)
        assert now() >= POLL + REFUSED_FOR

    at_once(story())


# --- what Telegram is told ------------------------------------------------------------------------------------------


async def test_telegram_is_told_the_address_the_secret_and_the_kinds() -> None:
    network = Network()
    await House(network=network).webhook.announce(KINDS)
    assert network.calls == [
        (
            "setWebhook",
            {"url": URL, "secret_token": SECRET, "allowed_updates": KINDS, "max_connections": MOST_CALLS},
        )
    ]


async def test_address_that_telegram_refuses_is_told_as_a_setting() -> None:
    network = Network(400, f"Bad Request: bad webhook: {URL} {SECRET}")
    with pytest.raises(SettingsError, match=r"^Telegram refuses BOT_WEBHOOK_URL: [^\n]+$") as refused:
        await House(network=network).webhook.announce(KINDS)
    assert (URL in str(refused.value), SECRET in str(refused.value)) == (False, False)


# --- what a machine asks --------------------------------------------------------------------------------------------


def test_bot_is_alive_before_it_is_ready() -> None:
    async def story() -> None:
        house = House()
        async with listening((HOME, house.port), house.intake):
            assert await house.gets("/healthz") == (HTTPStatus.OK, "")
            assert await house.gets("/readyz") == (HTTPStatus.SERVICE_UNAVAILABLE, "")
            assert "\nbot_ready 0.0\n" in (await house.gets("/metrics"))[1]
            assert not await is_ready_at((HOME, house.port))
        async with serving() as house:
            assert await house.gets("/healthz") == (HTTPStatus.OK, "")
            assert await house.gets("/readyz") == (HTTPStatus.OK, "")
            assert "\nbot_ready 1.0\n" in (await house.gets("/metrics"))[1]
            assert await is_ready_at((HOME, house.port))

    at_once(story())


def test_without_a_webhook_no_update_is_taken() -> None:
    async def story() -> None:
        house = House()
        async with listening((HOME, house.port), house.intake):
            assert await house.is_told(update(1)) == HTTPStatus.NOT_FOUND

    at_once(story())


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", HOME), ("localhost", "localhost")])  # noqa: S104
async def test_bot_that_listens_everywhere_is_asked_at_home(host: str, reached: str) -> None:
    house = House()
    async with listening((host, house.port), house.intake), ClientSession() as session:
        async with session.get(f"http://{reached}:{house.port}/healthz") as answer:
            assert answer.status == HTTPStatus.OK
        assert await is_ready_at((host, house.port)) is house.intake.is_ready


async def test_bot_that_is_not_there_is_not_ready() -> None:
    assert not await is_ready_at((HOME, free_port()))
    assert not await is_ready_at(("no.such.host.invalid", 80))


def test_bot_that_does_not_answer_is_not_ready() -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(1000)
        return web.Response()

    async def story() -> None:
        app = web.Application()
        app.router.add_get("/readyz", never)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, HOME, free_port())
        await site.start()
        port = int(site.name.rpartition(":")[2])
        assert not await is_ready_at((HOME, port))
        await runner.cleanup()

    at_once(story())


def test_metrics_tell_of_updates_and_of_nobody() -> None:
    async def story() -> None:
        before = {outcome: counted(outcome) for outcome in ("handled", "refused", "repeat")}
        async with serving(needs=2) as house:
            await house.is_told(update(1, 715_517, "xylophonist"))
            await house.is_told(update(1, 715_517, "xylophonist"))
            await house.is_told(update(2, 715_517, "xylophonist"), {})
            status, text = await house.gets("/metrics")
        assert status == HTTPStatus.OK
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert families["bot_update_seconds"].type == "histogram"
        ours = [sample for name, family in families.items() if name.startswith("bot_") for sample in family.samples]
        labels = {label for sample in ours for label in sample.labels}
        assert {"outcome", "le"} <= labels <= {"outcome", "le", "lane", "about", "tier"}  # some by what was sent before
        outcomes = {one.labels["outcome"]: one.value for one in ours if one.name == "bot_updates_total"}
        assert {outcome: outcomes[outcome] - count for outcome, count in before.items()} == dict.fromkeys(before, 1)
        assert not any(trace in text for trace in ("xylophonist", "715517", "Annabella", SECRET, TOKEN))

    at_once(story())


# --- where it listens -----------------------------------------------------------------------------------------------


async def test_port_that_is_taken_is_told_as_a_setting() -> None:
    house = House()
    async with listening((HOME, house.port), house.intake):
        with pytest.raises(SettingsError, match=r"^BOT_LISTEN cannot be listened on: [^\n]+$"):
            await listening((HOME, house.port), house.intake).__aenter__()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "a..b", "x" * 64])
async def test_host_that_is_not_this_machine_is_told_as_a_setting(host: str) -> None:
    house = House()
    with pytest.raises(SettingsError, match=r"^BOT_LISTEN cannot be listened on: "):
        await listening((host, house.port), house.intake).__aenter__()


async def test_port_is_free_again_afterwards() -> None:
    house = House()
    for _ in range(2):
        async with listening((HOME, house.port), house.intake):
            pass
