"""The stand-in with no network between: the library's own transport hands each call straight to it."""

import json
from http import HTTPStatus

from telegram.request import RequestData
from typing_extensions import override

from tests.botapi.chats import Upload
from tests.botapi.methods import call
from tests.botapi.server import Call
from tests.botapi.updates import Json, Refused
from tests.botapi.world import World
from tests.network import NoNetwork


class Offline(NoNetwork):
    """Answers as the server would, at once, and keeps the calls."""

    def __init__(self, world: World) -> None:
        self.calls: list[Call] = []
        self.world = world

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        came = Call(url.rpartition("/")[2], _parameters(request_data))
        self.calls.append(came)
        try:
            result = await call(came.method, came.parameters).answer(self.world)
        except Refused as refusal:
            came.refusal = refusal.description
            return refusal.status, json.dumps(refusal.answer).encode()
        return HTTPStatus.OK, json.dumps({"ok": True, "result": result}).encode()


def _parameters(data: RequestData | None) -> Json:
    if data is None:
        return {}
    files = {
        name: Upload(filename, kind, content if isinstance(content, bytes) else content.read())
        for name, (filename, content, kind) in data.multipart_data.items()
    }
    return {**data.json_parameters, **files}
