"""A stand-in for Telegram's Bot API: an HTTP server on loopback, for one bot and the people that a test lets meet it.

    async with Server() as telegram:
        ann = telegram.person(7, "Ann")
        ...  # start a bot with telegram.token against telegram.url
        await ann.says("lost a patient today")
        reply = await ann.waits_for_reply()
        await ann.presses("Did it")

Rules that hold here: only real sockets, so the bot may be another process; strict about what it accepts, and 400
for what it does not know, since the library takes 404 for a wrong token.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.botapi.chats import Standing, Upload
from tests.botapi.faults import Dropped, Fault, Hang, Page
from tests.botapi.methods import call
from tests.botapi.people import Channel, Group, Person
from tests.botapi.updates import Json, Refused
from tests.botapi.world import World

LARGEST_BODY = 50 * 1024 * 1024


@dataclass
class Call:
    """A call as it came in.

    `fault` is what went wrong with it, and `refusal` what Telegram said to it; None where it took effect and was
    answered.
    """

    method: str
    parameters: Json
    fault: Fault | None = None
    refusal: str | None = None


class Server:
    """Telegram, for the bot with `token`.

    `now` gives seconds since 1970; `patience` bounds every wait, in seconds; `pause` waits for so many seconds before
    an update is handed to a webhook again. What `trouble` gives goes wrong with a call, where `fails` says nothing of
    it. Any number of messages gets through, unless `world.limits` is set.
    """

    def __init__(
        self,
        *,
        token: str = "480016:AAExampleOfATokenThatOpensNothing",  # noqa: S107 - it opens nothing
        username: str = "example_compassion_bot",
        now: Callable[[], float] = time.time,  # noqa: TID251 - a bot in another process has this clock
        patience: float = 10.0,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.token = token
        self.url = ""
        self.calls: list[Call] = []
        bot = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Compassion", "username": username}
        self.world = World(bot, now, patience, pause)
        self.trouble: Callable[[Call], Fault | None] = lambda _: None
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._hangs: list[Hang] = []
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/bot{token}/{method}", self._answer)
        application.router.add_get("/file/bot{token}/files/{name}", self._download)
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, handler_cancellation=True, shutdown_timeout=1
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.world.takes_webhook_away()
        self.world.updates.close()
        for hang in self._hangs:
            hang.release()
        await self._runner.cleanup()

    def person(
        self, number: int, name: str, *, last_name: str = "", username: str = "", language: str = "en"
    ) -> Person:
        """Someone, who has not yet written to the bot."""
        given = {"last_name": last_name, "username": username, "language_code": language}
        user = {
            "id": number,
            "is_bot": False,
            "first_name": name,
            **{key: value for key, value in given.items() if value},
        }
        person = Person(self.world, user)
        self.world.add(person)
        return person

    def group(
        self,
        number: int,
        title: str,
        people: Mapping[Person, Standing],
        *,
        bot: Standing = "member",
        forum: bool = False,
    ) -> Group:
        """A group with these people in it. As at Telegram its number is below 0, a supergroup's below -10^12."""
        kind = "supergroup" if number < -(10**12) else "group"
        if number >= 0 or (forum and kind == "group"):
            raise ValueError("A group's id is below 0, and a forum is a supergroup")
        content = {"id": number, "title": title, "type": kind, **({"is_forum": True} if forum else {})}
        group = Group(self.world, content, bot)
        self.world.add(group)
        for person, standing in people.items():
            group.sets(person, standing)
        return group

    def channel(
        self,
        number: int,
        title: str,
        people: Mapping[Person, Standing] | None = None,
        *,
        bot: Standing = "administrator",
    ) -> Channel:
        """A channel with these people in it. As at Telegram its number is below -10^12."""
        channel = Channel(self.world, {"id": number, "title": title, "type": "channel"}, bot)
        self.world.add(channel)
        for person, standing in (people or {}).items():
            channel.sets(person, standing)
        return channel

    def fails(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, one fault each."""
        self._faults[method].extend(faults)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method so far."""
        return [one for one in self.calls if one.method == method]

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for something to come true here; raises Unmet, saying `what` and how things stand."""
        await self.world.until(true, what)

    async def _answer(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        if token != self.token:
            return _refuse(Refused(401, "Unauthorized") if ":" in token else Refused(404, "Not Found"))
        came = Call(method, {})
        self.calls.append(came)
        try:
            came.parameters = await _parameters(request)
            return await self._carry_out(request, came)
        except Refused as refusal:
            came.refusal = refusal.description
            self.world.refusals.append(f"{method}: {refusal.description}")
            return _refuse(refusal)
        finally:
            self.world.bell.ring()

    async def _carry_out(self, request: web.Request, came: Call) -> web.Response:
        fault = self._faults[came.method].popleft() if self._faults[came.method] else self.trouble(came)
        came.fault = fault
        if isinstance(fault, Hang):
            self._hangs.append(fault)
        match fault:
            case Refused():
                raise fault
            case Page():
                return web.Response(status=fault.status, text=fault.body, content_type="text/html")
            case Dropped(after=False):
                return _drop(request)
            case Hang(after=False):
                await fault.hold()
        result = await call(came.method, came.parameters).answer(self.world)
        match fault:
            case Dropped():
                return _drop(request)
            case Hang(after=True):
                await fault.hold()
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["name"])
        if request.match_info["token"] != self.token or file is None:
            return _refuse(Refused(404, "Not Found"))
        return web.Response(body=file.content, content_type="application/octet-stream")


async def _parameters(request: web.Request) -> Json:
    """Read what a call carries: in its address, as JSON, or as a form. Files become Uploads."""
    parameters: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise Refused(400, "Bad Request: can't parse JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "Bad Request: object expected")
        return parameters | body
    form = await request.post()
    if len(form) != len(form.keys()):
        raise Refused(400, "Bad Request: a parameter is there twice")
    for name, value in form.items():
        if isinstance(value, web.FileField):
            with value.file as file:
                parameters[name] = Upload(value.filename, value.content_type, file.read())
        else:
            parameters[name] = value
    return parameters


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _refuse(refusal: Refused) -> web.Response:
    return web.json_response(refusal.answer, status=refusal.status)
