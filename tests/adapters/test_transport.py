import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest

from bot.adapters.transport import AiohttpRequest, NotSentError
from tests.botapi import Dropped, Hang, Page, Server, bot_of, broken

SECRET = "AADistinctiveTokenThatMustNotShow"  # noqa: S105 - it opens nothing
TOKEN = f"480016:{SECRET}"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def transport(**limits: float | None) -> AsyncIterator[AiohttpRequest]:
    request = AiohttpRequest(**limits)  # type: ignore[arg-type]  # `connections` alone is an int
    await request.initialize()
    try:
        async with asyncio.timeout(20):
            yield request
    finally:
        await request.shutdown()


@asynccontextmanager
async def listening(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that says what a test lets it say; its address, without a scheme."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        await server.wait_closed()


def saying(answer: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Talk that answers to anything in these bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()

    return talk


def page(status: str, body: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]).encode()


async def test_transport_opens_and_closes_once_however_often_it_is_told() -> None:
    request = AiohttpRequest(read_timeout=3)
    assert request.read_timeout == 3
    await request.shutdown()
    with pytest.raises(RuntimeError, match="not open"):
        await request.do_request("http://127.0.0.1", "POST")
    async with Server() as telegram:
        address = f"{telegram.url}/bot{telegram.token}/getMe"
        for _ in range(2):
            await request.initialize()
            await request.initialize()
            status, _ = await request.do_request(address, "POST")
            assert status == 200
            await request.shutdown()
            await request.shutdown()


async def test_connection_is_kept_and_used_again() -> None:
    met = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        while not reader.at_eof():
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            writer.write(page("200 OK", '{"ok": true, "result": 1}'))

    async with listening(talk) as address, transport() as request:
        for _ in range(3):
            assert await request.post(f"http://{address}/bot{TOKEN}/getMe") == 1
        await request.shutdown()
    assert met == 1


async def test_call_without_a_free_connection_is_not_sent() -> None:
    async with Server() as telegram, transport(connections=1) as request, asyncio.TaskGroup() as tasks:
        telegram.fails("getMe", hang := Hang())
        first = tasks.create_task(request.post(f"{telegram.url}/bot{telegram.token}/getMe"))
        await hang.reached()
        with pytest.raises(NotSentError, match="All connections are taken"):
            await request.post(f"{telegram.url}/bot{telegram.token}/getWebhookInfo", pool_timeout=0.01)
        hang.release()
        await first
        assert [call.method for call in telegram.calls] == ["getMe"]


@pytest.mark.parametrize(("own", "given"), [(0.05, BaseRequest.DEFAULT_NONE), (60.0, 0.05)])
async def test_silence_ends_at_the_read_timeout_of_the_call_or_the_transport(own: float, given: float) -> None:
    async with Server() as telegram, transport(read_timeout=own) as request:
        telegram.fails("getMe", Hang())
        with pytest.raises(TimedOut):
            await request.post(f"{telegram.url}/bot{telegram.token}/getMe", read_timeout=given)


async def test_no_limit_is_none_for_a_call_and_for_the_transport() -> None:
    limits = dict.fromkeys(("read_timeout", "write_timeout", "connect_timeout", "pool_timeout"))
    async with Server() as telegram, transport(**limits) as request:
        assert request.read_timeout is None
        address = f"{telegram.url}/bot{telegram.token}/getMe"
        assert await request.post(address)
        assert await request.post(address, None, None, None, None, None)


async def test_handshake_that_never_comes_ends_at_the_connect_timeout() -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(talk) as address, transport(connect_timeout=0.05) as request:
        with pytest.raises(NotSentError, match="ConnectionTimeoutError"):
            await request.post(f"https://{address}/bot{TOKEN}/getMe")


async def test_upload_that_is_not_taken_ends_at_the_write_timeout() -> None:
    gone = asyncio.Event()

    async def talk(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await gone.wait()

    async with listening(talk) as address, transport(read_timeout=None) as request:
        bot = Bot(TOKEN, f"http://{address}/bot", request=request, get_updates_request=request)
        with pytest.raises(TimedOut):
            await bot.send_document(7, bytes(32 * 1024 * 1024), write_timeout=0.05)
        gone.set()


async def test_large_upload_arrives_whole() -> None:
    content = bytes(range(256)) * 4096
    async with Server() as telegram, bot_of(telegram) as bot:
        ann = telegram.person(7, "Ann")
        await ann.says("hello", wait=False)
        await bot.send_document(ann.id, content, filename='my "own".bin', write_timeout=None)
    upload = ann.latest().upload
    assert upload is not None
    assert (upload.content == content, upload.kind) == (True, "application/octet-stream")


async def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(page("200 OK", "by proxy"))

    async with listening(talk) as address, transport() as request:
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        assert await request.retrieve("http://telegram.invalid/bot1:a/getMe") == b"by proxy"
    assert asked[0].startswith(b"GET http://telegram.invalid/bot1:a/getMe HTTP/1.1\r\n")


@pytest.mark.parametrize("status", ["302 Found", "401 Unauthorized", "404 Not Found", "502 Bad Gateway"])
async def test_refusal_in_other_words_than_telegrams_is_a_failing_network(status: str) -> None:
    talk = saying(page(status, "<html>Log in to this wireless network</html>"))
    async with listening(talk) as address, transport() as request:
        with pytest.raises(NetworkError, match=r"^Bad Gateway \(502\)$"):
            await request.post(f"http://{address}/bot{TOKEN}/getMe")


async def test_way_elsewhere_is_not_followed() -> None:
    async with Server(token=TOKEN) as elsewhere, transport() as request:
        talk = saying(page("302 Found", "", f"Location: {elsewhere.url}/bot{TOKEN}/getMe"))
        async with listening(talk) as address:
            with pytest.raises(NetworkError, match="Bad Gateway"):
                await request.post(f"http://{address}/bot{TOKEN}/getMe")
        assert elsewhere.calls == []


@pytest.mark.parametrize("body", ["<html>Log in</html>", "[1]", "\x00"])
async def test_answer_that_is_not_telegrams_is_neither_quoted_nor_logged(
    body: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    async with listening(saying(page("200 OK", body))) as address, transport() as request:
        with pytest.raises(NetworkError, match=r"^The answer is not one of Telegram's$"):
            await request.post(f"http://{address}/bot{TOKEN}/getMe")
    assert body not in caplog.text


async def test_file_is_fetched_as_it_is() -> None:
    async with listening(saying(page("200 OK", "not JSON"))) as address, transport() as request:
        assert await request.retrieve(f"http://{address}/file/bot{TOKEN}/a.txt") == b"not JSON"


# --- What a failure means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://telegram.invalid", "ftp://127.0.0.1"])
async def test_call_that_never_left_is_known_not_to_have_been_sent(base: str) -> None:
    async with transport() as request:
        with pytest.raises(NotSentError):
            await request.post(f"{base}/bot{TOKEN}/getMe")


async def test_call_that_no_proxy_takes_is_known_not_to_have_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(saying(page("407 Proxy Authentication Required", ""))) as address, transport() as request:
        for proxy in ("127.0.0.1:1", address):
            monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
            with pytest.raises(NotSentError):
                await request.post(f"https://telegram.invalid/bot{TOKEN}/getMe")


@pytest.mark.parametrize("fault", [Dropped(), Dropped(after=True), Page(), broken(), Hang()])
async def test_call_that_failed_on_its_way_is_in_doubt(fault: Dropped | Page | Hang) -> None:
    async with Server(token=TOKEN) as telegram, transport(read_timeout=0.2) as request:
        telegram.fails("getMe", fault)
        with pytest.raises(NetworkError) as failure:
            await request.post(f"{telegram.url}/bot{TOKEN}/getMe")
        assert not isinstance(failure.value, NotSentError)


# --- The token stays inside ---------------------------------------------------------------------------------------


def all_that_shows(error: BaseException | None) -> Iterator[str]:
    """Give every word of an error, of what caused it and of what was being handled."""
    while error is not None:
        yield f"{error} {error!r} {error.args} {''.join(traceback.format_exception(error))}"
        yield from all_that_shows(error.__cause__)
        error = error.__context__


ANSWERS = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a way elsewhere": page("302 Found", "", f"Location: http://127.0.0.1:1/bot{TOKEN}/getMe"),
    "a refusal that quotes": page("403 Forbidden", f"<p>You may not open /bot{TOKEN}/getMe</p>"),
    "a page that quotes": page("200 OK", f"<p>You may not open /bot{TOKEN}/getMe</p>"),
    "bad compression": page("200 OK", "{}", "Content-Encoding: gzip"),
}


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:1",  # nobody listens
        "http://[::1",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
        "",
        "http://a..b",
        "http://" + "a" * 64 + ".example",
    ],
)
async def test_bad_address_shows_no_token(base: str, caplog: pytest.LogCaptureFixture) -> None:
    await _fails_without_token(f"{base}/bot{TOKEN}/getMe", caplog)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_bad_answer_shows_no_token(scheme: str, answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with listening(saying(answer)) as address:
        await _fails_without_token(f"{scheme}://{address}/bot{TOKEN}/getMe", caplog)


@pytest.mark.parametrize("fault", [Dropped(), Dropped(after=True), broken(), Page(), Hang()])
async def test_fault_of_telegram_shows_no_token(fault: Dropped | Page | Hang, caplog: pytest.LogCaptureFixture) -> None:
    async with Server(token=TOKEN) as telegram:
        telegram.fails("getMe", fault)
        await _fails_without_token(f"{telegram.url}/bot{TOKEN}/getMe", caplog)


async def test_failing_proxy_shows_no_token(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    await _fails_without_token(f"http://telegram.invalid/bot{TOKEN}/getMe", caplog)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    await _fails_without_token(f"https://telegram.invalid/bot{TOKEN}/getMe", caplog)


async def _fails_without_token(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with transport(read_timeout=0.2) as request:
        with pytest.raises(NetworkError) as failure:
            await request.post(address)
        assert SECRET not in repr(request)
    assert SECRET not in "".join(all_that_shows(failure.value))
    assert failure.value.__context__ is None
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("status", "date", "body", "told"),
    [
        ("200 OK", "Sun, 06 Nov 1994 08:49:37 GMT", "{}", [784111777]),
        ("401 Unauthorized", "Sun, 06 Nov 1994 08:49:37 GMT", '{"ok": false}', [784111777]),
        ("200 OK", "yesterday", "{}", []),
        ("200 OK", "", "{}", []),
        ("502 Bad Gateway", "Sun, 06 Nov 1994 08:49:37 GMT", "<html>", []),  # not Telegram's
    ],
)
async def test_time_that_an_answer_of_telegrams_brings_is_told(
    status: str, date: str, body: str, told: list[int]
) -> None:
    heard: list[int] = []
    answer = f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    request = AiohttpRequest(told=heard.append)
    await request.initialize()
    async with listening(saying(answer.encode())) as address:
        for _ in range(2):  # once for each second
            await request.do_request(f"http://{address}/", "POST")
    await request.shutdown()
    assert heard == told
