"""Updates that nobody sent, by the thousand, through the adapter: it neither breaks nor answers what is not for it.

Each try is some updates in a row to a bot that has just started, in a world where people have done this and that.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.core.facts import RoomChange, RoomLeft
from bot.core.model import Decision, Incoming, Kind, Where
from tests.botapi import Call, Server
from tests.botapi.people import CAPTIONED, Media, Person
from tests.botapi.updates import Json
from tests.botapi.world import World
from tests.handed import Talk, admins_of, copied, new_world, talking, walks
from tests.mutate import SERVICES, Grammar, Mutator
from tests.person import SEEN, Clock

FEW: Final = 3_000
MANY: Final = 200_000
IN_A_ROW: Final = 25
SERVICE: Final = {*SERVICES, "pinned_message", "forum_topic_created", "migrate_from_chat_id"}
SERVICE_USER: Final = 777000
GROUP: Final = -1001
FORUM: Final = -1_000_000_000_002
ROOMS: Final = (GROUP, FORUM)
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


class Given(NamedTuple):
    """What each try begins with: the world, the clock that stands, and what updates are made of."""

    world: World
    clock: Clock
    mutator: Mutator
    grammar: Grammar


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def begun(runner: asyncio.Runner) -> Given:
    clock = Clock()

    async def prepared() -> Given:
        telegram = new_world(clock)
        async with talking(telegram.world, clock, ROOMS) as talk:
            corpus = await things_that_people_do(telegram, talk)
        grammar = Grammar(corpus)
        assert all(map(grammar.allows, corpus))
        chats = list(telegram.world.chats.values())
        names = [chat.user for chat in chats if isinstance(chat, Person)]
        return Given(telegram.world, clock, Mutator(corpus, names, [chat.json for chat in chats]), grammar)

    return runner.run(prepared())


async def things_that_people_do(telegram: Server, talk: Talk) -> list[Json]:
    """Updates of every kind, as Telegram sends them: walks, commands, media, groups, topics, a channel."""
    done = []
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
    for text in ("/hold 3d", "/release", "/topic", "/settings"):
        await ann.says(text, to=forum, topic=topic, wait=False)
    await ann.says_as(forum, "/walk", to=forum, wait=False)
    await ann.says_as(forum, "/hold 2h", to=forum, wait=False)
    await ann.says_as(channel, "/walk", to=forum, wait=False)
    await channel.posts(SEEN, wait=False)
    done += await talk.hands_what_waits()
    await group.sets_bot("restricted", by=ann.user, wait=False)
    await group.becomes_supergroup(-1_000_000_000_004, wait=False)
    return done + await talk.hands_what_waits()


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


def changes_without_rights(decided: list[tuple[Incoming, Decision]], world: World) -> bool:
    """Whether anything about a group was changed by someone who is no admin of it."""
    return any(
        isinstance(fact, RoomChange | RoomLeft) and incoming.person not in admins_of(world, fact.chat)
        for incoming, decision in decided
        for fact in decision.facts
        if incoming.kind is not Kind.STANDING  # of which Telegram tells
    )


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


def test_no_update_breaks_the_bot_or_gets_in_or_is_answered_where_none_is_due(
    count: int, begun: Given, runner: asyncio.Runner
) -> None:
    counts: Counter[str] = Counter()
    updates = begun.mutator.updates()

    async def tries(data: st.DataObject) -> None:
        world = copied(begun.world, begun.clock)
        async with talking(world, begun.clock, ROOMS) as talk:
            for _ in range(IN_A_ROW):
                update = data.draw(updates)
                goes_on = talk.sieve.lets(update)
                with capture_logs() as log:
                    calls = await talk.hands(update)
                if calls is None:
                    counts["not read by the library"] += 1
                elif not begun.grammar.allows(update):
                    counts["such as Telegram could not send"] += 1
                else:
                    counts["answered" if calls else "met with silence"] += 1
                    assert [*wrong(update, calls, [dict(line) for line in log])] == []
                    assert goes_on or not calls
                assert not changes_without_rights(talk.responder.decided, world)

    @settings(max_examples=count // IN_A_ROW, derandomize=count == FEW)
    @given(st.data())
    def handed(data: st.DataObject) -> None:
        runner.run(tries(data))

    handed()
    print(f"{counts.total()} updates: {dict(counts)}")  # noqa: T201 - the counts are the point
    assert counts.total() >= count
    assert counts["answered"] > count / 5
    assert counts["met with silence"] > count / 10


def test_group_with_the_id_of_a_person_is_a_group_that_nobody_may_change(begun: Given, runner: asyncio.Runner) -> None:
    async def handed() -> None:
        world = copied(begun.world, begun.clock)
        ann = cast("Person", world.chats[7])
        chat = {"id": 7, "title": "Wards", "type": "supergroup"}
        message = {"message_id": 1, "date": begun.clock(), "chat": chat, "from": ann.user, "text": "/hold 3d"}
        update = {"update_id": 1, "message": message}
        assert not begun.grammar.allows(update)
        async with talking(world, begun.clock, ROOMS) as talk:
            calls = await talk.hands(update)
            ((incoming, decision),) = talk.responder.decided
        assert [call.method for call in calls or ()] == ["getChatAdministrators"]
        assert (incoming.where, decision.replies, decision.facts) == (Where.GROUP, (), ())

    runner.run(handed())
