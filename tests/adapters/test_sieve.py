"""What of Telegram's updates goes on, and what is left where it came from."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from telegram import Bot, Message, Update
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.intake import BATCH, POLL, Burst, Intake
from bot.adapters.sieve import Sieve
from bot.adapters.updates import incoming_of
from tests.adapters.contents import (
    ANN,
    ANONYMOUS,
    AS_CHANNEL,
    AT,
    BEN,
    CHANNEL,
    FORWARDED,
    GROUP,
    NAME,
    OTHER_BOT,
    PICTURE,
    PRIVATE,
    SAID,
    SERVICE,
    TOKEN,
    US,
    Json,
    OnlyUs,
    message,
    ours,
    press,
)
from tests.adapters.test_updates import CASES
from tests.botapi.chats import words

AGREED = (GROUP["id"], ANN["id"])


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with Bot(TOKEN, request=OnlyUs(), get_updates_request=OnlyUs()) as opened:
        yield opened


def update(content: Json, kind: str = "message", number: int = 1) -> Json:
    return {"update_id": number, kind: content}


@pytest.mark.parametrize("content", [content for content, _ in CASES.values()], ids=CASES)
async def test_what_goes_on_is_what_is_read_as_addressed(bot: Bot, content: Json) -> None:
    kind = "edited_message" if "edit_date" in content else "message"
    if content["chat"] is CHANNEL:
        kind = "channel_post"
    read = incoming_of(Message.de_json(content, bot), bot, edited="edit_date" in content)
    in_private = content["chat"] is PRIVATE  # where all goes on, and the reader tells what is none of ours
    assert Sieve(bot).lets(update(content, kind)) == (in_private or (read is not None and read.addressed))


def entities(kind: str, text: str, at: int) -> st.SearchStrategy[Json]:
    """An entity over what follows `at`, counted in units of UTF-16 as Telegram does."""
    start = len(text[:at].encode("utf-16-le")) // 2
    length = len(text[at:].encode("utf-16-le")) // 2
    more = {"user": st.sampled_from([US, BEN])} if kind == "text_mention" else {}
    return st.fixed_dictionaries({"type": st.just(kind), "offset": st.just(start), "length": st.just(length), **more})


@st.composite
def talk(draw: st.DrawFn) -> Json:
    """A message in a group: anyone's, about anyone, in whatever form."""
    before = draw(st.sampled_from(["", "/", "/help", "/hold 3d ", "/ban ", "well ", "😢🏽 é ", "/help@other_bot "]))
    name = draw(st.sampled_from([f"@{NAME}", f"@{NAME.lower()}", f"@{NAME}2", "@other_bot", f"/walk@{NAME}", "you"]))
    text = before + name
    kinds = st.sampled_from(["mention", "text_mention", "bot_command", "bold", "url"])
    marks = [draw(entities(kind, text, len(before))) for kind in draw(st.lists(kinds, max_size=3))]
    form = draw(st.sampled_from(["text", "caption", "none"]))
    said: dict[str, Json] = {
        "text": {"text": text, **({"entities": marks} if marks else {})},
        "caption": {**PICTURE, "caption": text, **({"caption_entities": marks} if marks else {})},
        "none": PICTURE,
    }
    who, more = draw(
        st.sampled_from(
            [
                (ANN, {}),
                (OTHER_BOT, {}),
                (ANONYMOUS, {"sender_chat": GROUP}),
                (AS_CHANNEL, {"sender_chat": CHANNEL}),
                (SERVICE, {"sender_chat": CHANNEL, "is_automatic_forward": True}),
            ]
        )
    )
    beside: list[Json] = [
        {"reply_to_message": ours()},
        {"reply_to_message": message(text="x", sender=BEN)},
        {"forward_origin": FORWARDED["hidden"]},
        {"message_thread_id": 77, "is_topic_message": True},
        {"edit_date": AT},
    ]
    for extra in draw(st.lists(st.sampled_from(beside), max_size=2)):
        more = more | extra
    return message(chat=GROUP, sender=who, **said[form], **more)


@given(content=talk(), agreed=st.booleans())
async def test_what_goes_on_is_what_may_be_read(content: Json, agreed: bool) -> None:  # noqa: FBT001
    async with Bot(TOKEN, request=OnlyUs(), get_updates_request=OnlyUs()) as bot:
        edited = "edit_date" in content
        read = incoming_of(Message.de_json(content, bot), bot, edited=edited)
        sieve = Sieve(bot, lambda chat, person: agreed and (chat, person) == AGREED)
        addressed = read is not None and read.addressed
        heard = agreed and content["from"] is ANN and bool(content.get("text") or content.get("caption"))
        assert sieve.lets(update(content, "edited_message" if edited else "message")) == (addressed or heard)


GOES_ON: dict[str, Json] = {
    "press in a group": update(press("abc", 7, chat=GROUP), "callback_query"),
    "press below a post": update(press("abc", 7, chat=CHANNEL), "callback_query"),
    "how the bot stands": update({"chat": GROUP}, "my_chat_member"),
    "group that becomes a supergroup": update(message(chat=GROUP, migrate_to_chat_id=-1)),
    "supergroup that was a group": update(message(chat=GROUP, migrate_from_chat_id=-1)),
    "someone left": update(message(chat=GROUP, left_chat_member=BEN)),
    "someone left, to admins": update(
        {"chat": GROUP, "new_chat_member": {"status": "left", "user": BEN}}, "chat_member"
    ),
    "someone left while muted, to admins": update(
        {"chat": GROUP, "new_chat_member": {"status": "restricted", "is_member": False, "user": BEN}}, "chat_member"
    ),
    "kind that nobody knows yet": update({}, "hologram"),
    "message that cannot be read": update(message(chat={"id": 1, "type": "supergroup"}, sender=None)),
    "message that is none": {"update_id": 1, "message": 7},
    "entities that are none": update(message(chat=GROUP, text="x", entities=7)),
}
STAYS: dict[str, Json] = {
    "post": update(message(chat=CHANNEL, sender=None, sender_chat=CHANNEL, text=f"@{NAME}"), "channel_post"),
    "edited post": update(message(chat=CHANNEL, sender=None, text=f"@{NAME}"), "edited_channel_post"),
    "someone joined": update(message(chat=GROUP, new_chat_members=[BEN])),
    "someone joined, to admins": update(
        {"chat": GROUP, "new_chat_member": {"status": "member", "user": BEN}}, "chat_member"
    ),
    "bot left, to admins": update(
        {"chat": GROUP, "new_chat_member": {"status": "left", "user": OTHER_BOT}}, "chat_member"
    ),
    "someone left a channel": update(
        {"chat": CHANNEL, "new_chat_member": {"status": "left", "user": BEN}}, "chat_member"
    ),
    "title": update(message(chat=GROUP, new_chat_title=f"@{NAME}")),
    "pinned": update(message(chat=GROUP, pinned_message=ours())),
}


@pytest.mark.parametrize("content", GOES_ON.values(), ids=GOES_ON)
async def test_what_may_concern_the_bot_goes_on(bot: Bot, content: Json) -> None:
    assert Sieve(bot).lets(content)


@pytest.mark.parametrize("content", STAYS.values(), ids=STAYS)
async def test_what_concerns_nobody_here_stays_where_it_is(bot: Bot, content: Json) -> None:
    assert not Sieve(bot, lambda _, __: True).lets(content)


async def test_members_who_agreed_are_heard_in_that_group_alone(bot: Bot) -> None:
    sieve = Sieve(bot, lambda chat, person: (chat, person) == AGREED)
    said = message(**words(SAID), chat=GROUP)
    assert sieve.lets(update(said))
    assert not sieve.lets(update(said | {"from": BEN}))
    assert not sieve.lets(update(said | {"chat": GROUP | {"id": -1_001}}))
    assert not sieve.lets(update(message(**PICTURE, chat=GROUP)))  # which nobody could read anyway


# --- what comes of what stays -------------------------------------------------------------------------------------


class Polled(OnlyUs):
    """Gives these updates, as polls do, and then has the intake stop."""

    def __init__(self, updates: Iterator[Json], stop: asyncio.Event) -> None:
        super().__init__()
        self._updates = updates
        self._stop = stop

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *more: object, **named: object
    ) -> tuple[int, bytes]:
        if not url.endswith("/getUpdates"):
            return await super().do_request(url, method, request_data, *more, **named)
        batch = list(islice(self._updates, BATCH))
        if not batch and not self._stop.is_set():
            self._stop.set()
            await asyncio.sleep(POLL)  # which the stop cuts short
        return 200, json.dumps({"ok": True, "result": batch}).encode()


async def polled(updates: Iterator[Json], handled: list[Update | Burst]) -> None:
    """Take all of them in, as the bot does."""
    stop = asyncio.Event()
    network = Polled(updates, stop)

    async def handle(update: Update | Burst) -> None:
        handled.append(update)

    async with Bot(TOKEN, request=network, get_updates_request=network) as bot:
        await Intake(bot, handle, stop, Sieve(bot).lets).run([])


def overheard(numbers: Iterable[int]) -> Iterator[Json]:
    """What people say to each other in a group: each someone else, and no two the same."""
    for number in numbers:
        said = words(f"{SAID} {number}", "text")
        yield update(message(chat=GROUP, sender={**ANN, "id": number}, **said) | {"message_id": number}, number=number)


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("bot_updates_total", {"outcome": outcome}) or 0


async def test_of_what_stays_only_a_count_is_left() -> None:
    before, handled = counted("unread"), list[Update | Burst]()
    ours_among_them = update(message(chat=GROUP, **words(f"@{NAME}")), number=500)
    with capture_logs() as log:
        await polled(chain(overheard(range(1, 251)), [ours_among_them], overheard(range(501, 600))), handled)
    assert [one.update_id for one in handled if isinstance(one, Update)] == [500]
    assert [line["event"] for line in log] == ["update"]
    assert counted("unread") - before == 349


async def test_memory_stays_as_it_is_whatever_is_said_in_groups() -> None:
    handled = list[Update | Burst]()
    took: list[int] = []

    def measured(numbers: Iterable[int]) -> Iterator[Json]:
        for number, said in zip(numbers, overheard(numbers), strict=True):
            if number % 5_000 == 0:
                gc.collect()
                took.append(tracemalloc.get_traced_memory()[0])
            yield said

    tracemalloc.start()
    try:
        await polled(measured(range(1, 20_001)), handled)
    finally:
        tracemalloc.stop()
    assert handled == []
    assert max(took) - took[0] < 100_000  # bytes; a number kept of each would be five times that
