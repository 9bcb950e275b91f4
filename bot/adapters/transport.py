"""The HTTP transport that python-telegram-bot speaks through.

Rules that hold here: the bot's token is part of every address, so no address leaves this module, nor an error of
the HTTP library, since it may quote one; no body is quoted in an error or a log, since it may hold a person's
words; an error says whether the call may have taken effect.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from telegram.request import RequestData

# The library's own switch, read at each use: spans of time are timedeltas, not numbers with a warning.
os.environ["PTB_TIMEDELTA"] = "true"

PIECE: Final = 64 * 1024
"""Bytes of an upload that are handed to the connection at a time."""

NEVER_LEFT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
"""What fails before the first byte of a call has left. After any other failure it may have taken effect."""


class NotSentError(NetworkError):
    """The call failed, and certainly had no effect."""


class AiohttpRequest(BaseRequest):
    """The library's transport, on one aiohttp session.

    All limits are in seconds, None is none. `read_timeout`: the silence before and within an answer;
    `write_timeout`: one piece of an upload (what is not an upload fits in the connection's buffer);
    `connect_timeout`: name, connection and TLS together; `pool_timeout`: until one of `connections` is free.
    Proxies are those of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as it is at the first call to a host.
    `told` hears what time it is at Telegram, in seconds since 1970, whenever an answer says so.

    Raises NotSentError where nothing was sent, TimedOut and NetworkError where that is not known, and RuntimeError
    before `initialize` and after `shutdown`.
    """

    __slots__ = (
        *("_connect_timeout", "_date", "_places", "_pool_timeout", "_proxies", "_read_timeout", "_session"),
        *("_told", "_write_timeout"),
    )

    def __init__(  # noqa: PLR0913 - limits, and who hears the time
        self,
        *,
        connections: int = 256,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 20.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 1.0,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._places = asyncio.Semaphore(connections)
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._told = told
        self._date = ""  # the last one that was told
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str | None], str | None] = {}

    @property
    @override
    def read_timeout(self) -> float | None:
        """The read limit of a call that names none, in seconds."""
        return self._read_timeout

    @override
    async def initialize(self) -> None:
        """Open the session, if it is not open."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    @override
    async def shutdown(self) -> None:
        """Close the session, if it is open."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request and give the status and body of its answer.

        A limit that is neither a number nor None is the one that this transport was made with. A refusal in other
        words than Telegram's (a proxy's page, say) counts as 502, so that it is never taken for one of Telegram's.
        """
        if self._session is None:
            raise RuntimeError("The transport is not open.")
        limits = aiohttp.ClientTimeout(
            total=None,
            connect=_limit(connect_timeout, self._connect_timeout),
            sock_read=_limit(read_timeout, self._read_timeout),
        )
        try:
            async with self._place(_limit(pool_timeout, self._pool_timeout)), asyncio.timeout(None) as deadline:
                body, headers = await _body(request_data, deadline, _limit(write_timeout, self._write_timeout))
                async with self._session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=limits,
                    allow_redirects=False,
                    proxy=self._proxy_for(url),
                ) as response:
                    status, date = response.status, response.headers.get("Date", "")
                    payload = await response.read()
        except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the address
            failure = _without_address(error)
        else:
            if status // 100 == HTTPStatus.OK // 100 or _json_object(payload) is not None:
                self._tell(date)
                return status, payload
            return HTTPStatus.BAD_GATEWAY, b"{}"
        # Not raised where it was caught: the cause, which quotes the address, would travel along as its context.
        raise failure

    @staticmethod
    @override
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer. Raises NetworkError for what is no answer of Telegram's, and quotes none of it."""
        answer = _json_object(payload)
        if answer is None:
            raise NetworkError("The answer is not one of Telegram's")
        return answer

    def _tell(self, date: str) -> None:
        if date != self._date:  # it changes once a second
            self._date = date
            with suppress(ValueError):
                self._told(int(parsedate_to_datetime(date).timestamp()))

    def _proxy_for(self, url: str) -> str | None:
        """The proxy of the environment. aiohttp would look for it, and for a password, in threads at each call."""
        try:
            parts = urlsplit(url)
            known = parts.scheme, parts.hostname
        except ValueError:  # which aiohttp tells in its own way
            return None
        if known not in self._proxies:
            bypassed = parts.hostname is None or proxy_bypass(parts.hostname)
            self._proxies[known] = None if bypassed else getproxies().get(parts.scheme)
        return self._proxies[known]

    @asynccontextmanager
    async def _place(self, limit: float | None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(limit):
                await self._places.acquire()
        except TimeoutError:
            raise NotSentError("All connections are taken") from None
        try:
            yield
        finally:
            self._places.release()


def _limit(given: object, otherwise: float | None) -> float | None:
    return given if given is None or isinstance(given, int | float) else otherwise


def _json_object(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _without_address(error: Exception) -> TelegramError:
    match error:
        case TelegramError():
            return error
        case _ if isinstance(error, NEVER_LEFT):
            return NotSentError(type(error).__name__)
        case TimeoutError():
            return TimedOut()
    return NetworkError(type(error).__name__)


async def _body(
    data: RequestData | None, deadline: asyncio.Timeout, pace: float | None
) -> tuple[AsyncIterator[bytes] | dict[str, str] | None, dict[str, str]]:
    """Give a request's body and headers: a form, or for an upload its pieces, each due within `pace` seconds."""
    if data is None or not data.contains_files:
        return (data.json_parameters or None) if data else None, {}
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        # As a file, since aiohttp warns of large bytes: they would hold up the loop, were they sent in one piece.
        file = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, file, filename=filename, content_type=kind)
    encoded = form()
    whole = await encoded.as_bytes()
    return _pieces(whole, deadline, pace), {**encoded.headers, "Content-Length": str(len(whole))}


async def _pieces(whole: bytes, deadline: asyncio.Timeout, pace: float | None) -> AsyncIterator[bytes]:
    now = asyncio.get_running_loop().time
    for start in range(0, len(whole), PIECE):
        deadline.reschedule(None if pace is None else now() + pace)
        yield whole[start : start + PIECE]
    deadline.reschedule(None)
