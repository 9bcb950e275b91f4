"""Updates that nobody sent, by the thousand, through the adapter: it neither breaks nor answers what is not for it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that what is found is found again
from typing import Final, get_args

import pytest
from structlog.testing import capture_logs
from telegram import Bot, Update

from bot.adapters.delivery import Delivery
from bot.adapters.telegram_bot import App, TelegramBot
from bot.core.facts import RoomChange
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.botapi import Call, Server
from tests.botapi.offline import Offline
from tests.botapi.people import CAPTIONED, Media, Person
from tests.botapi.updates import Json
from tests.mutate import SERVICES, Grammar, Mutator
from tests.person import PROMPTS, RING, SEEN, WALK, Clock, responder_of

FEW: Final = 5_000
MANY: Final = 50_000
SERVICE: Final = {*SERVICES, "pinned_message", "forum_topic_created", "migrate_from_chat_id"}
SERVICE_USER: Final = 777000
GROUP: Final = -1001
FORUM: Final = -1_000_000_000_002
MOVED: Final = {GROUP: "-1000000000004"}
"""The group that became a supergroup."""

OF_THE_PLACE: Final = (
    "Bad Request: message thread not found",
    "Bad Request: TOPIC_CLOSED",
    "Bad Request: group chat was upgraded to a supergroup chat",
    "Bad Request: not enough rights to send text messages to the chat",
)
"""Refusals that say something of a place, and nothing of the update."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "count" in metafunc.fixturenames:
        metafunc.parametrize("count", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


class Talk:
    """Telegram with no network, the bot's own handlers, and what comes out of them."""

    def __init__(self, telegram: Server, network: Offline, bot: Bot, app: App) -> None:
        self.telegram = telegram
        self.bot = bot
        self._network = network
        self._app = app

    async def hands_what_waits(self) -> list[Json]:
        """Hand over what people did, and give it."""
        updates = self.telegram.world.updates.waiting()
        for update in updates:
            await self._app.process_update(Update.de_json(update, self.bot))
        self.telegram.world.updates.confirm([update["update_id"] for update in updates])
        return updates

    async def hands(self, update: Json) -> list[Call] | None:
        """Hand over one update; give the calls that it led to, or None where the library cannot read it."""
        self._network.calls.clear()
        try:
            read = Update.de_json(json.loads(json.dumps(update)), self.bot)
        except Exception:  # noqa: BLE001 - it never comes as far as the adapter
            return None
        with suppress(TypeError):  # the library's own bookkeeping takes only ids that can be a key
            await self._app.process_update(read)
        return list(self._network.calls)


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[Talk]:
    async with Store.open(folder, RING) as store:
        clock = Clock()
        telegram = Server(now=clock)
        network = Offline(telegram.world)
        bot = Bot(telegram.token, "http://telegram.invalid/bot", request=network, get_updates_request=network)
        waits = PausingClock()
        delivery = Delivery(bot, waits.pause, now=waits.now)
        responder = responder_of(store, clock)
        for chat in (GROUP, FORUM):
            await responder.rooms.save(RoomChange(chat, is_on=True), clock())
        app = TelegramBot(bot, delivery, responder, PROMPTS).application()
        async with app:
            yield Talk(telegram, network, bot, app)


async def things_that_people_do(talk: Talk) -> list[Json]:
    """Updates of every kind, as Telegram sends them: walks, commands, media, groups, topics, a channel."""
    telegram, done = talk.telegram, []
    ann, ben = telegram.person(7, "Ann", username="ann_bee"), telegram.person(8, "Ben")
    group = telegram.group(GROUP, "Night shift", {ann: "creator", ben: "member"}, bot="administrator")
    forum = telegram.group(FORUM, "Wards", {ann: "administrator"}, bot="administrator", forum=True)
    channel = telegram.channel(-1_000_000_000_003, "News")
    channel.discussion = forum
    for person in (ann, ben):
        done += await walks(person, talk)
    said = await ann.says("lost a patient today", wait=False)
    await ann.edits(said, "i am going to kill myself tonight", wait=False)
    for media in get_args(Media):
        await ann.sends(media, caption=SEEN if media in CAPTIONED else "", wait=False)
    for writer in (ben, channel, "Someone"):
        await ann.forwards(SEEN, written_by=writer, wait=False)
    for text in ("/help", "/forget", "/consent", "/settings@example_compassion_bot", SEEN, "5"):
        await ann.says(text, wait=False)
        await ann.says(text, reply_to=ann.latest(), wait=False)
    await ann.pins(ann.latest(), wait=False)
    await ben.says("lunch at one?", to=group, wait=False)
    await ben.says(f"@example_compassion_bot {SEEN}", to=group, wait=False)
    await ben.says("/walk", to=group, wait=False)
    done += await talk.hands_what_waits()
    await ben.says("yes", to=group, reply_to=group.latest(), wait=False)
    await ben.presses_data("forged", message=group.latest(), wait=False)
    await group.loses(ben, wait=False)
    topic = forum.opens_topic("Nights")
    await ann.says("/walk", to=forum, topic=topic, wait=False)
    await ann.sends("photo", to=forum, topic=topic, wait=False)
    await forum.closes_topic(topic, wait=False)
    await ann.says_as(forum, "/walk", to=forum, wait=False)
    await ann.says_as(channel, "/walk", to=forum, wait=False)
    await channel.posts(SEEN, wait=False)
    done += await talk.hands_what_waits()
    await group.sets_bot("restricted", by=ann.user, wait=False)
    await group.becomes_supergroup(-1_000_000_000_004, wait=False)
    return done + await talk.hands_what_waits()


async def walks(person: Person, talk: Talk) -> list[Json]:
    """Someone goes through a whole walk."""
    await person.says("/walk", wait=False)
    done = await talk.hands_what_waits()
    for label in WALK:
        await person.presses(PROMPTS.content.labels[label], wait=False)
        done += await talk.hands_what_waits()
    return done


def is_not_for_the_bot(kind: str, content: Json) -> bool:
    """What certainly gets silence, as Telegram's own words for it tell. What is left may get an answer."""
    if kind not in {"message", "edited_message", "callback_query"}:
        return True
    if kind == "callback_query":
        return False
    writer = content.get("from")
    if writer is None or writer["id"] == SERVICE_USER or (writer["is_bot"] and "sender_chat" not in content):
        return True
    worded = content.get("text") or content.get("caption")
    if kind == "message" and not worded and any(content.get(name) not in (None, False, []) for name in SERVICE):
        return True
    if content["chat"]["type"] in {"private", "channel"}:
        return False
    return kind == "edited_message" or not may_be_addressed(content)


def may_be_addressed(message: Json) -> bool:
    said = f"{message.get('text')} {message.get('caption')}".lower()
    return "/" in said or "@example_compassion_bot" in said or "reply_to_message" in message


def must_be_answered(kind: str, content: Json) -> bool:
    """What certainly gets an answer: someone's words in private, as first written."""
    if kind != "message" or is_not_for_the_bot(kind, content):
        return False
    return bool(content["chat"]["type"] == "private")


def place_of(kind: str, content: Json) -> Json:
    """Where a message stands, or the one whose button was pressed, or else whoever pressed it."""
    message = content.get("message") if kind == "callback_query" else content
    place: Json = content["from"] if message is None else message["chat"]
    return place


def wrong(update: Json, calls: list[Call], log: list[Json]) -> Iterator[str]:
    """What is not as it should be with an update that Telegram could have sent."""
    kind, content = next((key, value) for key, value in update.items() if key != "update_id")
    if not any(call.refusal in OF_THE_PLACE for call in calls):
        yield from (f"{line['event']}: {line.get('error')}" for line in log if line["log_level"] != "info")
    sent = [call for call in calls if call.method == "sendMessage"]
    if calls and is_not_for_the_bot(kind, content):
        yield "what is not for the bot is answered"
    if not sent and must_be_answered(kind, content):
        yield "what is for the bot is not answered"
    place, writer = place_of(kind, content)["id"], content.get("from", {}).get("id")
    if not {call.parameters["chat_id"] for call in sent} <= {str(place), MOVED.get(place), str(writer)}:
        yield "the answer goes elsewhere"


async def test_no_update_breaks_the_bot_or_is_answered_where_none_is_due(count: int, tmp_path: Path) -> None:
    found: dict[str, Json] = {}
    counts: Counter[str] = Counter()
    async with talking(tmp_path) as talk:
        corpus = await things_that_people_do(talk)
        chats = list(talk.telegram.world.chats.values())
        names = [chat.user for chat in chats if isinstance(chat, Person)]
        grammar = Grammar(corpus)
        assert all(map(grammar.allows, corpus))
        mutator = Mutator(corpus, names, [chat.json for chat in chats], Random(count))  # noqa: S311 - no secret
        for update in islice(mutator, count):
            with capture_logs() as log:
                calls = await talk.hands(update)
            if calls is None:
                counts["not read by the library"] += 1
            elif not grammar.allows(update):
                counts["such as Telegram could not send"] += 1
            else:
                counts["answered" if calls else "met with silence"] += 1
                for what in wrong(update, calls, [dict(line) for line in log]):
                    counts[what] += 1
                    found[what] = min(found.get(what, update), update, key=lambda one: len(json.dumps(one)))
    print(f"{count} updates: {dict(counts)}")  # noqa: T201 - the counts are the point
    assert not found, "\n".join(f"{counts[what]} x {what}, such as {json.dumps(found[what])}" for what in found)
    assert counts["answered"] > count / 5
    assert counts["met with silence"] > count / 10
