"""What Telegram says of a group or channel when it is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from bot.adapters.directory import PATIENCE, TelegramDirectory
from bot.core.model import Standing, There
from bot.core.ports import Directory
from tests.adapters.contents import TOKEN
from tests.botapi import Dropped, Group, Person, Server, bot_of
from tests.botapi.updates import Refused
from tests.network import NoNetwork
from tests.story import at_once, now

ROOM, CHANNEL = -1_001_000_000_001, -1_001_000_000_003


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


@pytest.fixture
async def directory(telegram: Server) -> AsyncIterator[Directory]:
    async with bot_of(telegram) as bot:
        yield TelegramDirectory(bot)


@pytest.fixture
def people(telegram: Server) -> tuple[Person, Person, Person]:
    return telegram.person(7, "Ann"), telegram.person(8, "Ben"), telegram.person(9, "Cleo")


@pytest.fixture
def group(telegram: Server, people: tuple[Person, Person, Person]) -> Group:
    ann, ben, cleo = people
    group = telegram.group(ROOM, "Night shift", {ann: "creator", ben: "administrator", cleo: "member"}, forum=True)
    group.sets(ben, "administrator", anonymous=True)
    return group


async def test_admins_are_the_people_among_them_also_those_who_are_shown_as_the_group(
    directory: Directory, group: Group
) -> None:
    group.bot_is = "administrator"
    assert await directory.admins(ROOM) == frozenset({7, 8})


async def test_who_lost_their_rights_is_no_admin_a_moment_later(
    directory: Directory, group: Group, people: tuple[Person, Person, Person]
) -> None:
    assert await directory.admins(ROOM) == frozenset({7, 8})
    group.sets(people[1], "member")
    assert await directory.admins(ROOM) == frozenset({7})


def muted(group: Group) -> None:
    group.muted = True


def made_admin(group: Group) -> None:
    group.bot_is = "administrator"


def put_out(group: Group) -> None:
    group.bot_is = "kicked"


@pytest.mark.parametrize(
    ("before", "standing"),
    [
        (lambda _: None, Standing()),
        (muted, Standing(may_write=False)),
        (made_admin, Standing(is_admin=True, reads_all=True)),
    ],
    ids=["member", "nobody may write", "admin"],
)
async def test_group_is_seen_with_its_name_and_how_the_bot_stands_there(
    directory: Directory, group: Group, before: Callable[[Group], None], standing: Standing
) -> None:
    before(group)
    assert await directory.look(ROOM) == There(ROOM, title="Night shift", is_forum=True, standing=standing)


async def test_channel_is_seen_as_one(directory: Directory, telegram: Server) -> None:
    telegram.channel(CHANNEL, "News")
    standing = Standing(is_admin=True, reads_all=True)
    assert await directory.look(CHANNEL) == There(CHANNEL, title="News", is_channel=True, standing=standing)


async def test_where_telegram_says_no_or_fails_nothing_is_known(
    directory: Directory, group: Group, telegram: Server
) -> None:
    telegram.fails("getChatAdministrators", Dropped(), Refused(400, "Bad Request: a refusal of next year"))
    telegram.fails("getChatMember", Dropped())
    with capture_logs() as lines:
        assert [await directory.admins(ROOM) for _ in range(2)] == [None, None]
        assert await directory.look(ROOM) is None
        put_out(group)
        assert await directory.admins(ROOM) is None
        assert await directory.look(ROOM) is None
    assert {line["event"] for line in lines} == {"admins are not known", "a chat is not known"}


async def test_private_chat_is_none_that_could_be_set_up(directory: Directory, people: tuple[Person, ...]) -> None:
    await people[0].says("hello", wait=False)
    assert await directory.look(7) is None
    assert await directory.admins(7) is None


class Silent(NoNetwork):
    """A network that never answers."""

    async def do_request(self, *_: Any, **__: Any) -> tuple[int, bytes]:  # noqa: ANN401 - whatever is asked
        await asyncio.Event().wait()
        raise AssertionError


def test_telegram_that_does_not_answer_is_waited_for_only_so_long() -> None:
    async def story() -> None:
        directory = TelegramDirectory(Bot(TOKEN, request=Silent()))
        began = now()
        assert await directory.admins(ROOM) is None
        assert now() - began == PATIENCE

    with capture_logs():
        at_once(story())
