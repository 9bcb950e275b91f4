import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import get_args

import aiohttp
import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    ChatAdministratorRights,
    ChatShared,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestChat,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    TelegramObject,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from bot.adapters.transport import AiohttpRequest
from tests.botapi import Dropped, Hang, Limits, Page, Server, Unmet, blocked, bot_of, broken, too_many
from tests.botapi.chats import ACCESSIBLE, Chat
from tests.botapi.people import CAPTIONED, MEDIA, Media, Person
from tests.botapi.updates import LIFE_OF_A_PRESS, LIFE_OF_AN_UPDATE, Json

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x0c\x00\x00\x00\x08"
DID_IT = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Did it", callback_data="1"), InlineKeyboardButton("Else", callback_data="2")]]
)


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = 1_790_000_000.0

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def meeting(
    *, clock: Clock | None = None, patience: float = 10.0, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[tuple[Server, Bot, Person]]:
    """Telegram, a bot there, and Ann."""
    async with (
        asyncio.timeout(30),
        Server(now=clock or Clock(), patience=patience, pause=pause) as telegram,
        bot_of(telegram) as bot,
    ):
        yield telegram, bot, telegram.person(7, "Ann", last_name="Bee", username="ann_bee")


@asynccontextmanager
async def answering(bot: Bot) -> AsyncIterator[None]:
    """The bot says "heard ..." with a button, and takes it away once it is pressed."""

    async def live() -> None:
        offset = 0
        while True:
            for update in await bot.get_updates(offset, timeout=20):
                offset = update.update_id + 1
                if update.message:
                    await bot.send_message(update.message.chat_id, f"heard {update.message.text}", reply_markup=DID_IT)
                if update.callback_query and update.callback_query.message:
                    query, message = update.callback_query, update.callback_query.message
                    await bot.answer_callback_query(query.id, f"got {query.data}")
                    await bot.edit_message_reply_markup(message.chat.id, message.message_id)

    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(live())
        yield
        life.cancel()


async def post(server: Server, method: str, parameters: Json, *, token: str = "") -> tuple[int, Json]:
    """Call a method without the library, as JSON."""
    async with aiohttp.ClientSession() as session:
        address = f"{server.url}/bot{token or server.token}/{method}"
        async with session.post(address, json=parameters) as response:
            return response.status, await response.json()


def keys_of(chat: Chat) -> list[str]:
    """The labels of the keyboard that is open."""
    return [key["text"] for row in (chat.keys or {"keyboard": []})["keyboard"] for key in row]


def not_known(found: object) -> Iterator[str]:
    """Name every field that the library has no place for."""
    if isinstance(found, TelegramObject):
        yield from found.api_kwargs
        yield from not_known(found.to_dict(recursive=False))
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from not_known(value)
    elif isinstance(found, list | tuple):
        for value in found:
            yield from not_known(value)


def holds(whole: object, part: object) -> bool:
    """Say whether all of `part` is found in `whole`, which may have more fields."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and holds(whole[key], part[key]) for key in part)
    if isinstance(whole, list) and isinstance(part, list):
        return all(map(holds, whole, part)) and len(whole) == len(part)
    return whole == part


async def waiting(server: Server) -> list[Json]:
    """What waits for the bot, as it is sent; it goes on waiting."""
    return list(await server.world.updates.fetch(0, 100, 0))


class Site:
    """The bot's end of a webhook: it keeps what comes, and answers with `statuses` first, and then 200."""

    def __init__(self) -> None:
        self.came: list[Json] = []
        self.secrets: list[str | None] = []
        self.answers: list[web.Response] = []
        self.url = ""

    @property
    def texts(self) -> list[str]:
        """What came: a text as it is, a press by its data."""
        return [one["message"]["text"] if "message" in one else one["callback_query"]["data"] for one in self.came]

    async def take(self, request: web.Request) -> web.Response:
        self.came.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        return self.answers.pop(0) if self.answers else web.Response()


@asynccontextmanager
async def listening() -> AsyncIterator[Site]:
    """A site that Telegram can call."""
    site, application = Site(), web.Application()
    application.router.add_post("/hook", site.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    site.url = f"http://{host}:{port}/hook"
    try:
        yield site
    finally:
        await runner.cleanup()


class Pauses(list[float]):
    """The pauses that were asked for. None lasts."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


# --- What it gives is what the library reads -------------------------------------------------------------------


async def test_every_update_is_read_by_the_library_whole() -> None:
    async with meeting() as (telegram, bot, ann):
        ben = telegram.person(8, "Ben")
        group = telegram.group(-1001, "Night shift", {ann: "creator", ben: "member"}, bot="administrator")
        forum = telegram.group(-1_000_000_000_002, "Wards", {ann: "administrator"}, bot="administrator", forum=True)
        channel = telegram.channel(-1_000_000_000_003, "News")
        await ann.says("/start deep_link https://example.org @ann_bee", wait=False)
        said = await ann.says("lost a patient today", wait=False)
        await ann.edits(said, "lost two", wait=False)
        for media in get_args(Media):
            await ann.sends(media, caption="look /help" if media in CAPTIONED else "", wait=False)
        shared = await ann.shares_place(38.7223, -9.1393, seconds=900, wait=False)
        await ann.moves(shared, 38.73, -9.14, wait=False)
        for writer in (ben, channel, "Someone"):
            await ann.forwards("I can't go on", written_by=writer, wait=False)
        sent = await bot.send_message(7, "How strong?", reply_markup=DID_IT)
        await ann.presses("Did it", wait=False)
        await ann.says("strong", reply_to=ann.latest(), wait=False)
        await ann.pins(ann.latest(), wait=False)
        await ann.blocks_bot(wait=False)
        await ann.unblocks_bot(wait=False)
        await ben.says("hello", to=group, wait=False)
        await group.loses(ben, wait=False)
        await group.takes_in(ben, wait=False)
        await group.sets_bot("left", by=ann.user, wait=False)
        await ann.adds_bot(group, wait=False)
        await ann.says("in a topic", to=forum, topic=forum.opens_topic("Nights"), wait=False)
        topic = forum.opens_topic("Days")
        await ann.sends("photo", to=forum, topic=topic, wait=False)
        await forum.closes_topic(topic, wait=False)
        await ann.says_as(forum, "as the group", to=forum, wait=False)
        await ann.says_as(channel, "as the channel", to=forum, wait=False)
        channel.discussion = forum
        await channel.posts("today", wait=False)
        await ann.says("a comment", to=forum, reply_to=list(forum.messages.values())[-1], wait=False)
        await group.sets_bot("restricted", by=ann.user, wait=False)
        await group.becomes_supergroup(-1_000_000_000_004, wait=False)
        raw = await waiting(telegram)
        read = [Update.de_json(update, bot) for update in raw]
        assert holds([json.loads(update.to_json()) for update in read], raw)
        assert list(not_known(read)) == []
        assert sent.message_id == ann.latest().id
        assert len(read) == 30 + len(MEDIA)


async def test_message_ids_update_ids_and_dates_are_telegrams() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        group = telegram.group(-1_000_000_000_002, "Wards", {ann: "member"}, bot="administrator")
        first = await ann.says("a", wait=False)
        clock.at += 60
        sent = await bot.send_message(7, "b")
        in_group = await ann.says("c", to=group, wait=False)
        one, two = await waiting(telegram)
        assert (first.id, sent.message_id, in_group.id) == (1, 2, 1)
        assert two["update_id"] == one["update_id"] + 1
        assert two["message"]["date"] == one["message"]["date"] + 60 == int(sent.date.timestamp())


async def test_entities_count_in_utf16_units() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("😢 /stop@example_compassion_bot", wait=False)
        (update,) = [Update.de_json(update, bot) for update in await waiting(telegram)]
        assert update.message is not None
        assert list(update.message.parse_entities().values()) == ["/stop@example_compassion_bot"]
        assert update.message.entities[0].offset == 3


async def test_reply_carries_the_bots_message_with_its_buttons_as_it_stands() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("a", wait=False)
        sent = await bot.send_message(7, "How strong?", reply_markup=DID_IT)
        await ann.says("b", reply_to=ann.latest(), wait=False)
        await bot.edit_message_reply_markup(7, sent.message_id)
        await ann.says("c", reply_to=ann.latest(), wait=False)
        replies = [update["message"]["reply_to_message"] for update in (await waiting(telegram))[1:]]
        assert replies[0]["reply_markup"] == DID_IT.to_dict()
        assert replies[0]["from"]["is_bot"]
        assert "reply_markup" not in replies[1]


# --- Methods ------------------------------------------------------------------------------------------------------


async def test_bot_knows_itself_by_get_me() -> None:
    async with meeting() as (telegram, bot, _):
        assert (bot.id, bot.username, bot.bot.can_read_all_group_messages) == (480016, "example_compassion_bot", False)
        assert telegram.token.startswith("480016:")


async def test_message_is_sent_edited_and_loses_its_buttons() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        sent = await bot.send_message(
            7,
            "  one https://example.org ",
            reply_markup=DID_IT,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(ann.messages[1].id),
            protect_content=True,
        )
        assert (sent.text, sent.chat_id, sent.reply_markup) == ("one https://example.org", 7, DID_IT)
        assert sent.link_preview_options == LinkPreviewOptions(is_disabled=True)
        assert sent.reply_to_message is not None
        assert ann.latest().buttons == [["Did it", "Else"]]
        edited = await bot.edit_message_text("two", 7, sent.message_id, reply_markup=DID_IT)
        assert (edited.text, edited.edit_date is not None) == ("two", True)  # type: ignore[union-attr]
        await bot.edit_message_reply_markup(7, sent.message_id)
        assert (ann.latest().text, ann.latest().buttons) == ("two", [])
        assert list(not_known([sent, edited])) == []


async def test_keyboard_types_its_words_shares_a_place_and_is_closed() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        keys = [[KeyboardButton("Share", request_location=True)], [KeyboardButton("Back")]]
        for label, at in (("Share", (38.7223, -9.1393)), ("Back", None)):
            await bot.send_message(7, "where?", reply_markup=ReplyKeyboardMarkup(keys, one_time_keyboard=True))
            await ann.uses_key(label, at=at, wait=False)
            assert keys_of(ann) == []
        shared, typed = [update["message"] for update in (await waiting(telegram))[1:]]
        assert (shared["location"], typed["text"]) == ({"latitude": 38.7223, "longitude": -9.1393}, "Back")
        await bot.send_message(7, "where?", reply_markup=ReplyKeyboardMarkup(keys))
        with pytest.raises(BadRequest, match="can't be edited"):
            await bot.edit_message_text("here", 7, ann.latest().id)
        with pytest.raises(Unmet, match=r"sees no key 'Stop'. The keys: 'Share', 'Back'"):
            await ann.uses_key("Stop")
        with pytest.raises(Unmet, match="'Share' shares a place"):
            await ann.uses_key("Share")
        with pytest.raises(Unmet, match="shares no place live"):
            await ann.moves(await ann.shares_place(1, 2, wait=False), 1, 3)
        await ann.uses_key("Back", wait=False)
        assert keys_of(ann) == ["Share", "Back"]
        await bot.send_message(7, "thanks", reply_markup=ReplyKeyboardRemove())
        assert keys_of(ann) == []
        telegram.group(-1001, "Night shift", {})
        with pytest.raises(BadRequest, match="private chats only"):
            await bot.send_message(-1001, "where?", reply_markup=ReplyKeyboardMarkup(keys))


async def test_document_and_photo_arrive_whole() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("/export", wait=False)
        sent = await bot.send_document(7, b"a,b\n1,2\n", caption="Yours", filename="wälks.csv")
        shown = await bot.send_photo(7, PNG, caption="Before and after")
        document, photo = ann.hears()
        assert document.upload is not None
        assert (document.upload.name, document.upload.content, document.text) == ("wälks.csv", b"a,b\n1,2\n", "Yours")
        assert sent.document is not None
        assert (sent.document.file_name, sent.document.file_size) == ("wälks.csv", 8)
        assert (shown.photo[0].width, shown.photo[0].height, photo.text) == (12, 8, "Before and after")
        with pytest.raises(BadRequest, match="Image_process_failed"):
            await bot.send_photo(7, b"no picture")
        with pytest.raises(BadRequest, match="File must be non-empty"):
            await bot.send_document(7, b"", filename="walks.csv")


async def test_photo_keeps_to_telegrams_limits() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        for width, height in ((9_000, 1_001), (2_100, 100)):
            with pytest.raises(BadRequest, match="Photo_invalid_dimensions"):
                await bot.send_photo(7, PNG[:16] + struct.pack(">II", width, height) + PNG[24:])
        with pytest.raises(BadRequest, match="caption is too long"):
            await bot.send_photo(7, PNG, caption="x" * 1025)


async def test_animation_is_sent_as_a_file_and_then_by_its_id() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        sent = await bot.send_animation(7, b"GIF89a", filename="breathing.gif", caption="In and out")
        assert sent.animation is not None
        again = await bot.send_animation(7, sent.animation.file_id)
        assert again.animation is not None
        assert again.animation.file_id == sent.animation.file_id
        assert [message.text for message in ann.hears()] == ["In and out", ""]
        with pytest.raises(BadRequest, match=r"[Ww]rong file identifier"):
            await bot.send_animation(7, "CgACAgQAnobody")
        with pytest.raises(BadRequest, match=r"(?i)video_content_type_invalid"):
            await bot.send_animation(7, b"no picture")


async def test_press_is_answered_once_and_in_time() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (_, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one", reply_markup=DID_IT)
        press = await ann.presses("Did it", wait=False)
        for elsewhere in ("https://t.me/example?start=1", f"t.me/{bot.username}", f"t.me/{bot.username}?start=a=b"):
            with pytest.raises(BadRequest, match="Url_invalid"):
                await bot.answer_callback_query(press.id, url=elsewhere)
        link = f"https://t.me/{bot.username}?start=1"
        assert await bot.answer_callback_query(press.id, "thanks", url=link)
        assert press.answer == {"text": "thanks", "show_alert": False, "url": link}
        late = await ann.presses("Else", wait=False)
        clock.at += LIFE_OF_A_PRESS + 1
        for number in (press.id, late.id, "12345"):
            with pytest.raises(
                BadRequest, match="Query is too old and response timeout expired or query id is invalid"
            ):
                await bot.answer_callback_query(number)
        assert late.answer is None


async def test_commands_are_kept_by_scope_and_language() -> None:
    async with meeting() as (_, bot, ann):
        await bot.set_my_commands([BotCommand("walk", "Walk")])
        await bot.set_my_commands([BotCommand("walk", "Gehen")], language_code="de")
        await bot.set_my_commands([BotCommand("about", "What it is")], BotCommandScopeAllGroupChats())
        await bot.set_my_commands([BotCommand("hold", "Hold")], BotCommandScopeChat(ann.id))
        assert await bot.get_my_commands() == (BotCommand("walk", "Walk"),)
        assert await bot.get_my_commands(language_code="de") == (BotCommand("walk", "Gehen"),)
        assert await bot.get_my_commands(BotCommandScopeAllGroupChats()) == (BotCommand("about", "What it is"),)
        assert await bot.get_my_commands(BotCommandScopeChat(ann.id)) == (BotCommand("hold", "Hold"),)
        await bot.delete_my_commands(BotCommandScopeChat(ann.id))
        assert await bot.get_my_commands(BotCommandScopeChat(ann.id)) == ()


async def test_descriptions_are_kept_by_language() -> None:
    async with meeting() as (_, bot, _):
        await bot.set_my_description("d" * 512)
        await bot.set_my_short_description("s" * 120, language_code="de")
        assert (await bot.get_my_description()).description == "d" * 512
        assert (await bot.get_my_description("de")).description == ""
        assert (await bot.get_my_short_description("de")).short_description == "s" * 120


async def test_chats_and_their_administrators_are_told() -> None:
    async with meeting() as (telegram, bot, ann):
        ben, cat = telegram.person(8, "Ben"), telegram.person(9, "Cat")
        group = telegram.group(-1001, "Night shift", {ann: "creator", ben: "administrator", cat: "member"})
        assert (await bot.get_chat(7)).username == "ann_bee"
        assert (await bot.get_chat(group.id)).title == "Night shift"
        found = await bot.get_chat_administrators(group.id)
        assert [(one.user.id, one.status) for one in found] == [(7, "creator"), (8, "administrator")]
        assert (await bot.get_chat_member(group.id, bot.id)).status == "member"
        assert await bot.send_chat_action(group.id, "typing")
        with pytest.raises(BadRequest, match="User not found"):
            await bot.get_chat_member(group.id, 55)
        await ann.says("hello", wait=False)
        with pytest.raises(BadRequest, match="There are no administrators in the private chat"):
            await bot.get_chat_administrators(7)
        assert list(not_known([*found, await bot.get_chat(7)])) == []


async def test_what_the_bot_sent_can_be_downloaded() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("/export", wait=False)
        sent = await bot.send_document(7, b"a,b\n1,2\n", filename="walks.csv")
        assert sent.document is not None
        file = await bot.get_file(sent.document.file_id)
        assert await file.download_as_bytearray() == b"a,b\n1,2\n"
        assert (file.file_size, file.file_unique_id) == (8, sent.document.file_unique_id)
        with pytest.raises(BadRequest, match="Wrong file_id"):
            await bot.get_file("BQACAgQA1")
        async with aiohttp.ClientSession() as session:
            address = f"{telegram.url}/file/bot{telegram.token}/files/nothing"
            assert (await session.get(address)).status == 404


# --- Polling ------------------------------------------------------------------------------------------------------


async def test_updates_come_again_until_an_offset_confirms_them() -> None:
    async with meeting() as (_, bot, ann):
        for text in "abc":
            await ann.says(text, wait=False)
        first = await bot.get_updates(timeout=0)
        again = await bot.get_updates(timeout=0, limit=2)
        assert (len(first), again) == (3, first[:2])
        assert await bot.get_updates(first[1].update_id + 1, timeout=0) == first[2:]
        assert await bot.get_updates(timeout=0) == first[2:]
        assert await bot.get_updates(first[2].update_id + 1, timeout=0) == ()


async def test_negative_offset_forgets_all_but_the_latest() -> None:
    async with meeting() as (_, bot, ann):
        for text in "abc":
            await ann.says(text, wait=False)
        (last,) = await bot.get_updates(-1, timeout=0)
        assert last.message is not None
        assert last.message.text == "c"
        assert await bot.get_updates(timeout=0) == (last,)


async def test_offset_polled_again_at_once_gets_one_update_only() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (_, bot, ann):
        first = await ann.says("a", wait=False)
        offset = (await bot.get_updates(timeout=0))[0].update_id
        for text in "bc":
            await ann.says(text, wait=False)
        assert len(await bot.get_updates(offset, timeout=0)) == 3
        (again,) = await bot.get_updates(offset, timeout=0)
        assert again.effective_message is not None
        assert again.effective_message.message_id == first.id
        clock.at += 0.5
        assert len(await bot.get_updates(offset, timeout=0)) == 3


async def test_ids_that_restart_are_not_taken_for_confirmed() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("before a quiet week", wait=False)
        (before,) = await bot.get_updates(timeout=0)
        assert await bot.get_updates(before.update_id + 1, timeout=0) == ()
        telegram.world.updates.restart(1000)
        await ann.says("after it", wait=False)
        (after,) = await bot.get_updates(before.update_id + 1, timeout=0)
        assert after.update_id == 1000
        assert await bot.get_updates(1001, timeout=0) == ()


async def test_confirmed_updates_can_come_once_more() -> None:
    async with meeting() as (telegram, bot, ann):
        for text in "ab":
            await ann.says(text, wait=False)
        batch = await bot.get_updates(timeout=0)
        offset = batch[-1].update_id + 1
        assert await bot.get_updates(offset, timeout=0) == ()
        telegram.world.updates.repeat(1)
        assert await bot.get_updates(offset + 0, timeout=0) == batch[1:]
        assert await bot.get_updates(offset, timeout=0) == ()


# --- Webhook ------------------------------------------------------------------------------------------------------


async def test_webhook_gets_each_update_once_with_its_secret() -> None:
    async with meeting() as (telegram, bot, ann), listening() as site:
        await ann.says("before", wait=False)
        await bot.set_webhook(site.url, secret_token="a-Secret_1", max_connections=3, allowed_updates=["message"])  # noqa: S106 - of this test
        await ann.says("after")
        await bot.send_message(7, "one", reply_markup=DID_IT)
        await ann.presses("Did it")
        assert site.texts == ["before", "after"]
        assert site.secrets == ["a-Secret_1"] * 2
        assert telegram.world.updates.left_out == ["callback_query"]
        info = await bot.get_webhook_info()
        assert (info.url, info.max_connections, info.pending_update_count) == (site.url, 3, 0)
        assert list(not_known(info)) == []


async def test_webhook_and_polling_exclude_each_other() -> None:
    async with meeting() as (_, bot, ann), listening() as site:
        await bot.set_webhook(site.url)
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates(timeout=0)
        await bot.delete_webhook()
        await ann.says("hello", wait=False)
        assert len(await bot.get_updates(timeout=0)) == 1
        assert site.came == []
        await bot.delete_webhook(drop_pending_updates=True)
        assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_update_comes_again_until_it_is_answered_with_200() -> None:
    pauses = Pauses()
    async with meeting(pause=pauses) as (telegram, bot, ann), listening() as site:
        site.answers = [
            web.Response(status=500),
            web.Response(status=503, headers={"Retry-After": "7"}),
            web.Response(status=302, headers={"Location": "/hook"}),
            web.Response(status=403),
            web.Response(status=204),
        ]
        await bot.set_webhook(site.url)
        await ann.says("a", wait=False)
        await ann.says("b")
        assert site.texts == ["a"] * 5 + ["b"]
        assert pauses == [1, 7, 4, 8]
        info = await bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 403 Forbidden"
        assert telegram.world.webhook is not None
        assert len(telegram.world.webhook.errors) == 4


async def test_update_waits_for_a_bot_that_is_not_there() -> None:
    pauses = Pauses()

    async def pause(seconds: float) -> None:
        await pauses(seconds)
        if len(pauses) > 2:
            await asyncio.Event().wait()

    async with meeting(pause=pause) as (telegram, bot, ann):
        async with listening() as site:
            pass
        await bot.set_webhook(site.url)
        await ann.says("a", wait=False)
        await telegram.until(lambda: len(pauses) > 2, "Telegram tries again")
        assert len(telegram.world.updates) == 1
        async with listening() as back:
            await bot.set_webhook(back.url)
            await ann.says("b")
            assert back.texts == ["a", "b"]


async def test_presses_overtake_messages_that_are_held_up() -> None:
    async with meeting() as (telegram, bot, ann), listening() as site:
        await bot.set_webhook(site.url)
        await ann.says("a")
        await bot.send_message(7, "one", reply_markup=DID_IT)
        assert telegram.world.webhook is not None
        telegram.world.webhook.held.add("message")
        await ann.says("b", wait=False)
        await ann.presses("Did it")
        assert site.texts == ["a", "1"]
        telegram.world.webhook.held.clear()
        await ann.says("c")
        assert site.texts == ["a", "1", "b", "c"]
        assert [one["update_id"] - site.came[0]["update_id"] for one in site.came] == [0, 2, 1, 3]


async def test_webhook_gets_a_confirmed_update_once_more() -> None:
    async with meeting() as (telegram, bot, ann), listening() as site:
        await bot.set_webhook(site.url)
        await ann.says("a")
        telegram.world.updates.repeat(1)
        await ann.says("b")
        assert site.texts == ["a", "a", "b"]
        assert site.came[0] == site.came[1]


async def test_poll_waits_for_an_update() -> None:
    async with meeting() as (telegram, bot, ann):
        async with asyncio.TaskGroup() as tasks:
            poll = tasks.create_task(bot.get_updates(timeout=20))
            await telegram.until(lambda: telegram.calls_of("getUpdates"), "the bot polls")
            assert not poll.done()
            await ann.says("hello", wait=False)
        assert [update.message.text for update in poll.result() if update.message] == ["hello"]


async def test_poll_ends_empty_after_its_timeout() -> None:
    async with meeting() as (_, bot, _):
        assert await bot.get_updates(timeout=1) == ()


async def test_second_poller_ends_the_first_with_a_conflict() -> None:
    async with meeting() as (telegram, bot, _), bot_of(telegram) as other:
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(_refusal_of_poll(bot))
            await telegram.until(lambda: telegram.calls_of("getUpdates"), "the bot polls")
            assert await other.get_updates(timeout=0) == ()
        assert first.result().startswith("Conflict: terminated by other getUpdates request")


async def _refusal_of_poll(bot: Bot) -> str:
    with pytest.raises(Conflict) as refusal:
        await bot.get_updates(timeout=20)
    return refusal.value.message


async def test_allowed_updates_are_remembered_and_others_never_queued() -> None:
    async with meeting() as (telegram, bot, ann):
        await bot.get_updates(timeout=0, allowed_updates=["edited_message"])
        said = await ann.says("hello")
        await bot.get_updates(timeout=0)
        await ann.edits(said, "hello again", wait=False)
        assert [list(update) for update in await waiting(telegram)] == [["update_id", "edited_message"]]
        assert telegram.world.updates.left_out == ["message"]
        await bot.get_updates(timeout=0, allowed_updates=[])
        await ann.says("hello", wait=False)
        assert len(await waiting(telegram)) == 2


async def test_updates_that_nobody_fetches_pass() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one", reply_markup=DID_IT)
        await ann.presses("Did it", wait=False)
        clock.at += LIFE_OF_A_PRESS + 1
        assert [list(update)[1] for update in await waiting(telegram)] == ["message"]
        clock.at += LIFE_OF_AN_UPDATE
        assert await waiting(telegram) == []


# --- Strictness ---------------------------------------------------------------------------------------------------


def keyboard(*rows: list[Json]) -> Json:
    return {"inline_keyboard": list(rows)}


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("sendMessage", {"text": "a"}, 'Bad Request: parameter "chat_id": Field required'),
        ("sendMessage", {"chat_id": "x", "text": "a"}, "Bad Request: parameter"),
        ("sendMessage", {"chat_id": 8, "text": "a"}, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": 7, "text": 5}, "Bad Request: parameter"),
        ("sendMessage", {"chat_id": 7, "text": " \n"}, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": 7, "text": "a" * 4097}, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": 7, "text": "a", "parse_mode": "HTML"}, 'Bad Request: parameter "parse_mode"'),
        ("sendMessage", {"chat_id": 7, "text": "a", "message_thread_id": 3}, "Bad Request: message thread not found"),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_parameters": {"message_id": 99}},
            "Bad Request: message to be replied not found",
        ),
        ("sendMessage", {"chat_id": 7, "text": "a", "reply_markup": "{"}, "Bad Request: object expected"),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_markup": keyboard([{"text": "a", "callback_data": "é" * 33}])},
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_markup": keyboard([{"text": "a", "callback_data": ""}])},
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_markup": keyboard([{"text": "a"}])},
            "Bad Request: can't parse inline keyboard button",
        ),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_markup": keyboard([{"text": "a", "callback_data": "1"}] * 9)},
            'Bad Request: parameter "reply_markup.inline_keyboard.0"',
        ),
        (
            "sendMessage",
            {"chat_id": 7, "text": "a", "reply_markup": keyboard(*[[{"text": "a", "callback_data": "1"}]] * 101)},
            "Bad Request: reply markup is too long",
        ),
        ("editMessageText", {"chat_id": 7, "message_id": 99, "text": "a"}, "Bad Request: message to edit not found"),
        ("editMessageText", {"chat_id": 7, "message_id": 1, "text": "a"}, "Bad Request: message can't be edited"),
        ("editMessageText", {"chat_id": 7, "message_id": 2, "text": "one"}, "Bad Request: message is not modified"),
        ("editMessageReplyMarkup", {"chat_id": 7, "message_id": 2}, "Bad Request: message is not modified"),
        ("editMessageText", {"chat_id": 7, "message_id": 3, "text": "a"}, "Bad Request: there is no text"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "a" * 201}, 'Bad Request: parameter "text"'),
        ("setMyCommands", {"commands": [{"command": "Walk", "description": "w"}]}, "Bad Request: parameter"),
        ("setMyCommands", {"commands": [{"command": "w", "description": "w"}] * 101}, "Bad Request: parameter"),
        ("setMyCommands", {"commands": [], "scope": {"type": "chat"}}, "Bad Request: can't parse BotCommandScope"),
        ("setMyCommands", {"commands": [], "language_code": "deu"}, "Bad Request: parameter"),
        ("setMyDescription", {"description": "d" * 513}, "Bad Request: parameter"),
        ("setMyShortDescription", {"short_description": "s" * 121}, "Bad Request: parameter"),
        ("sendDocument", {"chat_id": 7, "document": "https://example.org"}, "Bad Request: parameter"),
        ("getUpdates", {"limit": 101}, "Bad Request: parameter"),
        ("setWebhook", {"url": "ftp://example.org"}, "Bad Request: parameter"),
        ("setWebhook", {"url": "https://example.org", "secret_token": "a b"}, "Bad Request: parameter"),
        ("setWebhook", {"url": "https://example.org", "max_connections": 101}, "Bad Request: parameter"),
        ("getFile", {"file_id": "AgACAgQAs"}, "Bad Request: wrong file_id"),
        ("getUpdates", {"allowed_updates": ["messages"]}, "Bad Request: the stand-in has no updates of the kind"),
        ("getmE", {}, "Bad Request: the stand-in has no method getmE"),
        ("_Sending", {}, "Bad Request: the stand-in has no method _Sending"),
    ],
)
async def test_what_telegram_does_not_accept_is_refused(method: str, parameters: Json, description: str) -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one")
        await bot.send_photo(7, PNG)
        telegram.world.refusals.clear()
        status, answer = await post(telegram, method, parameters)
        assert (status, answer["ok"], answer["error_code"]) == (400, False, 400)
        assert answer["description"].startswith(description)
        assert telegram.world.refusals == [f"{method}: {answer['description']}"]
        assert len(ann.hears()) == 2


async def test_limits_themselves_are_accepted() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        row = [InlineKeyboardButton("a", callback_data="é" * 32)] * 8
        await bot.send_message(7, "a" * 4096, reply_markup=InlineKeyboardMarkup([row] * 12 + [row[:4]]))
        assert sum(map(len, ann.latest().buttons)) == 100


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b'{"chat_id": 7, "text": "hi"}', 200),
        ({"Content-Type": "application/json"}, b'{"chat_id": 7', 400),
        ({"Content-Type": "application/json"}, b"[7]", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"chat_id=7&text=hi", 200),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"chat_id=7&chat_id=7&text=hi", 400),
        ({}, b"", 400),
    ],
)
async def test_body_is_json_or_a_form(headers: dict[str, str], body: bytes, status: int) -> None:
    async with meeting() as (telegram, _, ann), aiohttp.ClientSession() as session:
        await ann.says("hello", wait=False)
        address = f"{telegram.url}/bot{telegram.token}/sendMessage"
        async with session.post(address, data=body, headers=headers) as response:
            assert response.status == status
            assert (await response.json())["ok"] is (status == 200)


async def test_parameters_may_stand_in_the_address() -> None:
    async with meeting() as (telegram, _, ann), aiohttp.ClientSession() as session:
        await ann.says("hello", wait=False)
        address = f"{telegram.url}/bot{telegram.token}/sendMessage"
        async with session.get(address, params={"chat_id": "7", "text": "hi"}) as response:
            assert (await response.json())["result"]["text"] == "hi"


@pytest.mark.parametrize(
    ("token", "status", "description"), [("480016:AAwrong", 401, "Unauthorized"), ("nonsense", 404, "Not Found")]
)
async def test_wrong_token_is_refused(token: str, status: int, description: str) -> None:
    async with meeting() as (telegram, _, _):
        refused = {"ok": False, "error_code": status, "description": description}
        assert await post(telegram, "getMe", {}, token=token) == (status, refused)
        with pytest.raises(InvalidToken):
            async with Bot(token, f"{telegram.url}/bot", request=AiohttpRequest()):
                pass


# --- Who can be written to -------------------------------------------------------------------------------------------


async def test_bot_writes_only_to_whom_it_may() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {ann: "creator"}, bot="left")
        channel = telegram.channel(-1_000_000_000_003, "News", bot="left")
        for chat in (ann, group, channel):
            with pytest.raises(Forbidden):
                await bot.send_message(chat.id, "hello")
        await ann.says("hello", wait=False)
        await ann.adds_bot(group, wait=False)
        await channel.sets_bot("administrator", by=ann.user, wait=False)
        for chat in (ann, group, channel):
            await bot.send_message(chat.id, "hello")
        await ann.blocks_bot(wait=False)
        await group.sets_bot("kicked", by=ann.user, wait=False)
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(ann.id, "hello")
        with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
            await bot.send_message(group.id, "hello")
        assert [len(chat.hears()) for chat in (ann, group, channel)] == [1, 1, 1]


async def test_topic_is_answered_in_the_topic() -> None:
    async with meeting() as (telegram, bot, ann):
        forum = telegram.group(-1_000_000_000_002, "Wards", {ann: "creator"}, forum=True)
        topic = forum.opens_topic("Nights")
        sent = await bot.send_message(forum.id, "hello", message_thread_id=topic)
        assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)


async def test_closed_and_deleted_topics_take_nothing() -> None:
    async with meeting() as (telegram, bot, ann):
        forum = telegram.group(-1_000_000_000_002, "Wards", {ann: "creator"}, forum=True)
        closed, deleted = forum.opens_topic("Nights"), forum.opens_topic("Days")
        await forum.closes_topic(closed, wait=False)
        forum.deletes_topic(deleted)
        with pytest.raises(BadRequest, match="Topic_closed"):
            await bot.send_message(forum.id, "hello", message_thread_id=closed)
        with pytest.raises(BadRequest, match="Message thread not found"):
            await bot.send_message(forum.id, "hello", message_thread_id=deleted)
        await forum.sets_bot("administrator", by=ann.user, wait=False)
        await bot.send_message(forum.id, "hello", message_thread_id=closed)
        ben = telegram.person(8, "Ben")
        forum.sets(ben, "member")
        with pytest.raises(Unmet, match="Ben is no administrator of Wards"):
            await ben.says("hello", to=forum, topic=closed)


async def test_restricted_bot_reads_and_may_not_send() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {ann: "creator"}, bot="restricted")
        await ann.says("/help", to=group, wait=False)
        assert len(await waiting(telegram)) == 1
        with pytest.raises(BadRequest, match="Not enough rights to send text messages to the chat"):
            await bot.send_message(group.id, "hello")
        with pytest.raises(BadRequest, match="Not enough rights to send documents to the chat"):
            await bot.send_document(group.id, b"a")
        assert (await bot.get_chat_member(group.id, bot.id)).status == "restricted"


async def test_group_that_became_a_supergroup_says_where_it_is() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {ann: "creator"})
        there = await group.becomes_supergroup(-1_000_000_000_009, wait=False)
        lost = telegram.group(-1002, "Day shift", {ann: "creator"})
        await lost.becomes_supergroup(-1_000_000_000_010, told=False, wait=False)
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(group.id, "hello")
        assert moved.value.new_chat_id == there.id
        await bot.send_message(there.id, "hello")
        with pytest.raises(Unmet, match="Ann is not in Night shift"):
            await ann.says("hello", to=group)
        await ann.says("/help", to=there, wait=False)
        told = [update["message"] for update in await waiting(telegram)]
        assert [one["chat"]["id"] for one in told] == [group.id, there.id, there.id]
        assert (told[0]["migrate_to_chat_id"], told[1]["migrate_from_chat_id"]) == (there.id, group.id)


async def test_who_writes_under_another_name_is_known_by_telegrams_own_users() -> None:
    async with meeting() as (telegram, _, ann):
        channel = telegram.channel(-1_000_000_000_003, "News", bot="left")
        group = telegram.group(-1_000_000_000_002, "Wards", {ann: "administrator"}, bot="administrator")
        channel.discussion = group
        await ann.says_as(group, "we", to=group, wait=False)
        await ann.says_as(channel, "news", to=group, wait=False)
        await channel.posts("more", wait=False)
        written = [update["message"] for update in await waiting(telegram)]
        assert [(one["from"]["id"], one["sender_chat"]["id"]) for one in written] == [
            (1087968824, group.id),
            (136817688, channel.id),
            (777000, channel.id),
        ]
        assert [one.get("is_automatic_forward", False) for one in written] == [False, False, True]
        group.sets(ann, "member")
        with pytest.raises(Unmet, match="Ann is no administrator of Wards"):
            await ann.says_as(group, "we", to=group)


async def test_nothing_reaches_someone_who_has_left_telegram() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        ann.deletes_account()
        with pytest.raises(Forbidden, match="user is deactivated"):
            await bot.send_message(7, "hello")


async def test_deleted_message_is_not_there_to_edit_or_to_reply_to() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        sent = await bot.send_message(7, "one", reply_markup=DID_IT)
        ann.deletes(ann.latest())
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await bot.edit_message_reply_markup(7, sent.message_id)
        with pytest.raises(BadRequest, match="Message to be replied not found"):
            await bot.send_message(7, "two", reply_parameters=ReplyParameters(sent.message_id))


async def test_limits_hold_up_a_chat_a_group_and_all_by_the_clock() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {ann: "creator"})
        people = [telegram.person(100 + number, "P") for number in range(5)]
        for person in people:
            await person.says("hello", wait=False)

        async def refused(chat: int) -> float:
            with pytest.raises(RetryAfter) as told:
                await bot.send_message(chat, "hello")
            return told.value.retry_after.total_seconds()  # type: ignore[union-attr]

        telegram.world.limits = Limits(group=(3, 60), overall=(4, 1))
        await bot.send_message(100, "hello")
        assert await refused(100) == 1
        for person in people[1:4]:
            await bot.send_message(person.id, "hello")
        assert await refused(104) == 1
        await bot.send_message(104, "hello", allow_paid_broadcast=True)
        for _ in range(3):
            clock.at += 1
            await bot.send_message(group.id, "hello")
        clock.at += 1.5
        assert await refused(group.id) == 57
        await bot.send_message(104, "hello")
        clock.at += 56.5
        await bot.send_message(group.id, "hello")
        assert [len(person.hears()) for person in people] == [1, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hello", False),
        ("@someone_else hello", False),
        ("/help@another_bot", False),
        ("/help", True),
        ("/help@example_compassion_bot", True),
        ("hi @Example_Compassion_Bot", True),
    ],
)
async def test_member_bot_reads_only_what_is_meant_for_it(text: str, *, read: bool) -> None:
    async with meeting() as (telegram, _, ann):
        group = telegram.group(-1001, "Night shift", {ann: "member"})
        await ann.says(text, to=group, wait=False)
        assert bool(await waiting(telegram)) is read


async def test_member_bot_reads_replies_to_it_captions_and_service_messages() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {ann: "member"})
        await bot.send_message(group.id, "hello")
        said = await ann.says("hello", to=group, wait=False)
        await ann.says("me too", to=group, reply_to=said, wait=False)
        await ann.sends("photo", to=group, wait=False)
        assert await waiting(telegram) == []
        await ann.says("yes", to=group, reply_to=group.latest(), wait=False)
        await ann.sends("photo", caption="@example_compassion_bot", to=group, wait=False)
        await ann.pins(said, wait=False)
        assert len(await waiting(telegram)) == 3


# --- Groups and channels, and how the bot stands there ----------------------------------------------------------------


FORUM = -1_000_000_000_002
CHANNEL = -1_000_000_000_003


async def test_every_change_of_how_the_bot_stands_is_told_with_its_rights() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "creator"}, bot="left")
        channel = telegram.channel(CHANNEL, "News", {ann: "creator"}, bot="left")
        await ann.adds_bot(group, wait=False)
        await ann.promotes_bot(group, wait=False)
        await ann.demotes_bot(group, wait=False)
        await ann.mutes_bot(group, wait=False)
        await group.sets_bot("restricted", by=ann.user, may=["can_send_messages"], wait=False)
        await bot.send_message(group.id, "hello")
        await ann.removes_bot(group, wait=False)
        await ann.adds_bot(channel, may=["can_post_messages"], wait=False)
        raw = [update for update in await waiting(telegram) if "my_chat_member" in update]
        changes = [one for update in raw if (one := Update.de_json(update, bot).my_chat_member)]
        assert [(one.old_chat_member.status, one.new_chat_member.status) for one in changes] == [
            ("left", "member"),
            ("member", "administrator"),
            ("administrator", "member"),
            ("member", "restricted"),
            ("restricted", "restricted"),
            ("restricted", "kicked"),
            ("left", "administrator"),
        ]
        rights = changes[1].new_chat_member.to_dict()
        assert [right for right, given in rights.items() if given is True] == ["can_manage_chat"]
        assert not changes[3].new_chat_member.can_send_messages  # type: ignore[attr-defined]
        assert changes[4].new_chat_member.can_send_messages  # type: ignore[attr-defined]
        assert changes[6].new_chat_member.can_post_messages  # type: ignore[attr-defined]
        assert list(not_known(changes)) == []


async def test_only_an_administrator_says_how_the_bot_stands() -> None:
    async with meeting() as (telegram, _, ann):
        group = telegram.group(FORUM, "Wards", {ann: "member"})
        with pytest.raises(Unmet, match="Ann may not say how the bot stands in Wards"):
            await ann.promotes_bot(group)
        group.sets(ann, "administrator", may=["can_delete_messages"])
        with pytest.raises(Unmet, match="Ann may not say how the bot stands in Wards"):
            await ann.promotes_bot(group)
        group.sets(ann, "administrator")
        await ann.promotes_bot(group, wait=False)


async def test_small_group_still_shows_the_bot_that_it_is_put_out() -> None:
    async with meeting() as (telegram, _, ann):
        group = telegram.group(-1001, "Night shift", {ann: "creator"})
        await ann.removes_bot(group, wait=False)
        message, change = await waiting(telegram)
        assert message["message"]["left_chat_member"]["id"] == telegram.world.bot["id"]
        assert change["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_bot_leaves_and_is_told_so() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "creator"})
        await ann.says("hello", wait=False)
        assert await bot.leave_chat(group.id)
        change = (await waiting(telegram))[-1]["my_chat_member"]
        assert (change["from"]["id"], change["new_chat_member"]["status"]) == (bot.id, "left")
        with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
            await bot.send_message(group.id, "hello")
        with pytest.raises(BadRequest, match="Chat member status can't be changed in private chats"):
            await bot.leave_chat(ann.id)


async def test_anonymous_administrators_are_among_the_administrators() -> None:
    async with meeting() as (telegram, bot, ann):
        ben = telegram.person(8, "Ben")
        group = telegram.group(FORUM, "Wards", {ann: "creator"})
        group.sets(ben, "administrator", anonymous=True)
        found = await bot.get_chat_administrators(group.id)
        assert [(one.user.id, one.is_anonymous) for one in found] == [(7, False), (8, True)]  # type: ignore[attr-defined]


async def test_anonymous_administrator_writes_and_changes_things_as_the_group_and_presses_in_person() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {})
        group.sets(ann, "creator", anonymous=True)
        await ann.says("/help", to=group, wait=False)
        await ann.promotes_bot(group, wait=False)
        await bot.send_message(group.id, "who?", reply_markup=DID_IT)
        await ann.presses("Did it", to=group, wait=False)
        message, change, press = await waiting(telegram)
        assert (message["message"]["from"]["id"], message["message"]["sender_chat"]["id"]) == (1087968824, group.id)
        assert change["my_chat_member"]["from"]["id"] == 1087968824
        assert press["callback_query"]["from"]["id"] == ann.id


async def test_members_who_come_and_go_are_told_to_an_administrator_that_asks_for_it() -> None:
    async with meeting() as (telegram, bot, ann):
        ben = telegram.person(8, "Ben")
        group = telegram.group(FORUM, "Wards", {ann: "creator"})
        await bot.get_updates(timeout=0, allowed_updates=["chat_member", "message"])
        await group.takes_in(ben, quietly=True, wait=False)
        assert await waiting(telegram) == []
        await ann.promotes_bot(group, wait=False)
        await group.changes(ben, "administrator", by=ann, wait=False)
        await group.loses(ben, by=ann, quietly=True, wait=False)
        changes = [update["chat_member"] for update in await waiting(telegram)]
        assert [
            (one["from"]["id"], one["old_chat_member"]["status"], one["new_chat_member"]["status"]) for one in changes
        ] == [(7, "member", "administrator"), (7, "administrator", "kicked")]
        await bot.get_updates(timeout=0, allowed_updates=[])
        await group.takes_in(ben, wait=False)
        assert [list(update)[1] for update in (await waiting(telegram))[2:]] == ["message"]


async def test_bot_without_privacy_mode_reads_all_where_it_came_in_since() -> None:
    async with meeting() as (telegram, bot, ann):
        before = telegram.group(-1001, "Night shift", {ann: "creator"})
        telegram.world.privacy = False
        assert (await bot.get_me()).can_read_all_group_messages
        await ann.says("hello", to=before, wait=False)
        assert await waiting(telegram) == []
        await ann.removes_bot(before, wait=False)
        await ann.adds_bot(before, wait=False)
        await ann.says("hello", to=before, wait=False)
        assert (await waiting(telegram))[-1]["message"]["text"] == "hello"


async def test_user_without_a_username_is_mentioned_by_words_and_so_is_the_bot() -> None:
    async with meeting() as (telegram, bot, ann):
        ben = telegram.person(8, "Ben")
        group = telegram.group(FORUM, "Wards", {ann: "member", ben: "member"})
        await ann.names({"Ben": ben.user}, "😢 how is Ben @ann_bee", to=group, wait=False)
        assert await waiting(telegram) == []
        await ann.names({"you": telegram.world.bot}, "😢 help you", to=group, wait=False)
        (update,) = [Update.de_json(update, bot) for update in await waiting(telegram)]
        assert update.message is not None
        (entity,) = update.message.entities
        assert (entity.type, entity.offset, update.message.parse_entity(entity)) == ("text_mention", 8, "you")
        with pytest.raises(Unmet, match="'Cat' is not in 'hello'"):
            await ann.names({"Cat": ben.user}, "hello", to=group)


async def test_muted_and_slow_groups_hold_a_member_up_and_no_administrator() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        ben = telegram.person(8, "Ben")
        group = telegram.group(FORUM, "Wards", {ann: "creator", ben: "member"})
        group.muted = True
        with pytest.raises(BadRequest, match="Not enough rights to send text messages to the chat"):
            await bot.send_message(group.id, "hello")
        assert not (await bot.get_chat(group.id)).permissions.can_send_messages  # type: ignore[union-attr]
        with pytest.raises(Unmet, match="Ben is no administrator of Wards"):
            await ben.says("hello", to=group)
        group.muted, group.slow = False, 60
        await bot.send_message(group.id, "one")
        clock.at += 20
        with pytest.raises(RetryAfter) as held:
            await bot.send_message(group.id, "two")
        assert held.value.retry_after.total_seconds() == 40  # type: ignore[union-attr]
        assert await bot.send_chat_action(group.id, "typing")
        await ann.promotes_bot(group, wait=False)
        await bot.send_message(group.id, "two")
        await ann.demotes_bot(group, wait=False)
        clock.at += 60
        await bot.send_message(group.id, "three")
        group.sets(ben, "restricted")
        with pytest.raises(Unmet, match="Ben may not write in Wards"):
            await ben.says("hello", to=group)


async def test_members_may_be_hidden_from_a_bot_that_is_no_administrator() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "creator"})
        group.hides_members = True
        with pytest.raises(BadRequest, match="Member list is inaccessible"):
            await bot.get_chat_member(group.id, ann.id)
        assert len(await bot.get_chat_administrators(group.id)) == 1
        await ann.promotes_bot(group, wait=False)
        assert (await bot.get_chat_member(group.id, ann.id)).status == "creator"


async def test_own_messages_are_deleted_within_48_hours() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "creator"})
        said = await ann.says("/help", to=group, wait=False)
        one, two = [await bot.send_message(group.id, text, reply_markup=DID_IT) for text in ("one", "two")]
        assert await bot.delete_message(group.id, two.message_id)
        assert [message.text for message in group.shows()] == ["one"]
        assert group.latest().id == one.message_id
        with pytest.raises(Unmet, match="'two' is deleted"):
            await ann.presses_button(group.hears()[-1], "Did it")
        with pytest.raises(BadRequest, match="Message to delete not found"):
            await bot.delete_message(group.id, two.message_id)
        with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
            await bot.delete_message(group.id, said.id)
        await ann.promotes_bot(group, may=["can_delete_messages"], wait=False)
        assert await bot.delete_message(group.id, said.id)
        clock.at += 48 * 60 * 60 + 1
        with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
            await bot.delete_message(group.id, one.message_id)


async def test_message_in_a_topic_replies_to_how_that_began() -> None:
    async with meeting() as (telegram, bot, ann):
        forum = telegram.group(FORUM, "Wards", {ann: "creator"}, bot="administrator", forum=True)
        topic = forum.opens_topic("Nights")
        await ann.says("hello", to=forum, topic=topic, wait=False)
        await bot.send_message(forum.id, "yes?", message_thread_id=topic)
        await ann.says("no", to=forum, reply_to=forum.latest(), wait=False)
        began, replied = [update["message"] for update in await waiting(telegram)]
        assert began["reply_to_message"]["forum_topic_created"]["name"] == "Nights"
        assert replied["reply_to_message"]["text"] == "yes?"
        assert (replied["message_thread_id"], replied["is_topic_message"]) == (topic, True)


async def test_link_starts_the_bot_and_unblocks_it() -> None:
    async with meeting() as (telegram, bot, ann):
        link = f"https://t.me/{bot.username}"
        sent = await ann.opens(f"{link}?start=a_B-9", wait=False)
        assert sent is not None
        assert sent.text == "/start a_B-9"
        await ann.blocks_bot(wait=False)
        await ann.opens(f"{link}?start=", wait=False)
        assert [list(update)[1] for update in await waiting(telegram)] == [
            "message",
            "my_chat_member",
            "my_chat_member",
            "message",
        ]
        with pytest.raises(Unmet, match="is no link to the bot"):
            await ann.opens("https://t.me/another_bot?start=1")
        with pytest.raises(Unmet, match="a payload that Telegram does not carry"):
            await ann.opens(f"{link}?start={'a' * 65}")
        with pytest.raises(Unmet, match="say to which group or channel"):
            await ann.opens(f"{link}?startgroup=1")


async def test_link_adds_the_bot_to_a_group_or_makes_it_an_administrator_there() -> None:
    async with meeting() as (telegram, bot, ann):
        link = f"https://t.me/{bot.username}?startgroup"
        group = telegram.group(-1001, "Night shift", {ann: "creator"}, bot="left")
        await ann.opens(f"{link}=true", to=group, wait=False)
        await ann.opens(f"{link}=add&admin=manage_chat+delete_messages", to=group, wait=False)
        first, added, started, second, again = await waiting(telegram)
        assert first["my_chat_member"]["new_chat_member"]["status"] == "member"
        assert added["message"]["new_chat_members"][0]["id"] == bot.id
        assert started["message"]["text"] == f"/start@{bot.username}"
        assert second["my_chat_member"]["new_chat_member"]["status"] == "administrator"
        assert group.bot_can("can_delete_messages")
        assert not group.bot_can("can_pin_messages")
        assert again["message"]["text"] == f"/start@{bot.username} add"
        group.sets(ann, "member")
        with pytest.raises(Unmet, match="Ann may not say how the bot stands"):
            await ann.opens(f"{link}=add&admin=manage_chat", to=group)


async def test_link_adds_the_bot_to_a_channel() -> None:
    async with meeting() as (telegram, bot, ann):
        channel = telegram.channel(CHANNEL, "News", {ann: "creator"}, bot="left")
        link = f"https://t.me/{bot.username}?startchannel&admin=post_messages"
        assert await ann.opens(link, to=channel, wait=False) is None
        (change,) = await waiting(telegram)
        assert change["my_chat_member"]["new_chat_member"]["can_post_messages"]
        assert not channel.bot_can("can_edit_messages")
        await bot.send_message(channel.id, "hello")
        await ann.promotes_bot(channel, wait=False)
        with pytest.raises(BadRequest, match="Need administrator rights in the channel chat"):
            await bot.send_message(channel.id, "hello")


async def test_answer_to_a_press_opens_the_private_chat_of_the_presser() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "member"})
        await bot.send_message(group.id, "privately?", reply_markup=DID_IT)
        press = await ann.presses("Did it", to=group, wait=False)
        with pytest.raises(Unmet, match="which opens nothing"):
            await ann.follows(press)
        await bot.answer_callback_query(press.id, url=f"https://t.me/{bot.username}?start=door")
        sent = await ann.follows(press, wait=False)
        assert sent is not None
        assert (sent.chat.id, sent.text) == (ann.id, "/start door")


def picking(*rights: str, **criteria: object) -> ReplyKeyboardMarkup:
    asked = ChatAdministratorRights(**{**ChatAdministratorRights.no_rights().to_dict(), **dict.fromkeys(rights, True)})
    criteria = {"chat_is_channel": False, "user_administrator_rights": asked, "request_title": True, **criteria}
    key = KeyboardButton("Choose", request_chat=KeyboardButtonRequestChat(5, **criteria))  # type: ignore[arg-type]
    return ReplyKeyboardMarkup([[key]], one_time_keyboard=True)


async def test_chat_is_picked_of_those_that_fit() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        group = telegram.group(FORUM, "Wards", {ann: "administrator"})
        channel = telegram.channel(CHANNEL, "News", {ann: "creator"})
        await bot.send_message(7, "which?", reply_markup=picking("can_manage_chat", bot_is_member=True))
        with pytest.raises(Unmet, match="'Choose' does not offer News: it is of the other kind"):
            await ann.picks("Choose", channel)
        group.bot_is = "left"
        with pytest.raises(Unmet, match="the bot is not in it"):
            await ann.picks("Choose", group)
        group.bot_is = "member"
        group.sets(ann, "member")
        with pytest.raises(Unmet, match="Ann has not the rights there"):
            await ann.picks("Choose", group)
        with pytest.raises(Unmet, match="'Choose' asks for a chat"):
            await ann.uses_key("Choose")
        group.sets(ann, "administrator")
        await ann.picks("Choose", group, wait=False)
        update = Update.de_json((await waiting(telegram))[-1], bot)
        assert update.message is not None
        assert update.message.chat_shared == ChatShared(5, group.id, "Wards")
        assert update.message.chat_shared.title == "Wards"
        assert keys_of(ann) == []
        await bot.send_message(7, "which?", reply_markup=picking(chat_is_created=True, chat_is_forum=True))
        with pytest.raises(Unmet, match="it is a forum, or is none, Ann did not make it"):
            await ann.picks("Choose", group)
        await bot.send_message(7, "which?", reply_markup=ReplyKeyboardMarkup([["Back"]]))
        with pytest.raises(Unmet, match="'Back' asks for no chat"):
            await ann.picks("Back", group)
        with pytest.raises(BadRequest, match="Chats can be requested in private chats only"):
            await bot.send_message(group.id, "which?", reply_markup=picking())
        twice = ReplyKeyboardMarkup([[*picking().keyboard[0], *picking().keyboard[0]]])
        with pytest.raises(BadRequest, match="Request identifiers must be unique"):
            await bot.send_message(7, "which?", reply_markup=twice)


async def test_posts_of_the_bot_are_pressed_edited_deleted_and_forwarded_to_the_discussion() -> None:
    async with meeting() as (telegram, bot, ann):
        channel = telegram.channel(CHANNEL, "News", {ann: "member"})
        channel.discussion = telegram.group(FORUM, "Wards", {ann: "member"}, bot="administrator")
        sent = await bot.send_message(channel.id, "one", reply_markup=DID_IT)
        assert (sent.from_user, sent.sender_chat and sent.sender_chat.id) == (None, channel.id)
        await ann.presses("Did it", to=channel, wait=False)
        await bot.edit_message_text("two", channel.id, sent.message_id, reply_markup=DID_IT)
        await bot.edit_message_reply_markup(channel.id, sent.message_id)
        forward, press = [Update.de_json(update, bot) for update in await waiting(telegram)]
        assert forward.message is not None
        assert (forward.message.text, forward.message.is_automatic_forward) == ("one", True)
        assert forward.message.reply_markup is None
        assert press.callback_query is not None
        assert press.callback_query.message is not None
        assert press.callback_query.message.chat.type == "channel"
        assert (channel.latest().text, channel.latest().buttons) == ("two", [])
        assert (await bot.get_chat(channel.id)).linked_chat_id == FORUM
        assert await bot.get_chat_administrators(channel.id)
        assert await bot.delete_message(channel.id, sent.message_id)


async def test_what_a_channel_changes_is_told() -> None:
    async with meeting() as (telegram, _, _):
        channel = telegram.channel(CHANNEL, "News")
        post = await channel.posts("one", wait=False)
        await channel.edits(post, "two", wait=False)
        assert (await waiting(telegram))[-1]["edited_channel_post"]["text"] == "two"


async def test_chat_that_the_bot_is_put_out_of_tells_nothing_of_itself() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(FORUM, "Wards", {ann: "creator"}, bot="kicked")
        for ask in (bot.get_chat, bot.get_chat_administrators):
            with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
                await ask(group.id)


# --- Faults ---------------------------------------------------------------------------------------------------------


async def test_calls_go_wrong_as_trouble_says_and_are_told_apart_afterwards() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        lost = Dropped(after=True)
        telegram.trouble = lambda call: lost if call.parameters.get("text") == "1" else None
        with pytest.raises(NetworkError):
            await bot.send_message(7, "1")
        await bot.send_message(7, "2")
        assert [message.text for message in ann.hears()] == ["1", "2"]
        assert [call.fault for call in telegram.calls_of("sendMessage")] == [lost, None]


async def test_calls_go_wrong_as_scripted_and_then_right() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        telegram.fails("sendMessage", too_many(3), broken(), Page(), blocked(), Dropped(), Dropped(after=True))
        with pytest.raises(RetryAfter) as told:
            await bot.send_message(7, "1")
        assert "0:00:03" in told.value.message
        with pytest.raises(NetworkError, match="Internal Server Error"):
            await bot.send_message(7, "2")
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(7, "3")
        with pytest.raises(Forbidden):
            await bot.send_message(7, "4")
        for text in ("5", "6"):
            with pytest.raises(NetworkError, match=r"ServerDisconnected|ClientOSError"):
                await bot.send_message(7, text)
        await bot.send_message(7, "7")
        assert [message.text for message in ann.hears()] == ["6", "7"]


@pytest.mark.parametrize("after", [False, True])
async def test_hanging_call_takes_effect_before_or_after_it_is_released(*, after: bool) -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        telegram.fails("sendMessage", hang := Hang(after=after))
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(bot.send_message(7, "hello"))
            await hang.reached()
            assert len(ann.hears()) == after
            hang.release()
        assert sending.result().text == "hello"
        assert len(ann.hears()) == 1


async def test_call_that_its_caller_gave_up_takes_no_effect() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        telegram.fails("sendMessage", hang := Hang())
        with pytest.raises(TimedOut):
            await bot.send_message(7, "one", read_timeout=0.05)
        await bot.send_message(7, "two")
        hang.release()
        await bot.get_me()
        assert [message.text for message in ann.hears()] == ["two"]


async def test_server_closes_while_a_call_hangs_and_another_polls() -> None:
    async with asyncio.timeout(10), Server() as telegram, bot_of(telegram) as bot, asyncio.TaskGroup() as tasks:
        telegram.fails("getMyCommands", hang := Hang())
        tasks.create_task(bot.get_updates(timeout=20))
        tasks.create_task(bot.get_my_commands())
        await hang.reached()
        await telegram.until(lambda: telegram.calls_of("getUpdates"), "the bot polls")
        await telegram.__aexit__(None, None, None)


# --- People ---------------------------------------------------------------------------------------------------------


async def test_person_writes_presses_and_hears() -> None:
    async with meeting() as (_, bot, ann), answering(bot):
        await ann.says("hello")
        reply = await ann.waits_for_reply()
        assert (reply.text, reply.buttons) == ("heard hello", [["Did it", "Else"]])
        press = await ann.presses("Did it")
        assert press.answer == {"text": "got 1", "show_alert": False, "url": ""}
        assert [(message.text, message.buttons) for message in ann.hears()] == [("heard hello", [])]


async def test_replies_are_heard_one_after_the_other() -> None:
    async with meeting() as (_, bot, ann), answering(bot):
        await ann.says("a", wait=False)
        await ann.says("b", wait=False)
        assert [(await ann.waits_for_reply()).text, (await ann.waits_for_reply()).text] == ["heard a", "heard b"]


async def test_stale_and_forged_presses_reach_the_bot() -> None:
    async with meeting() as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one", reply_markup=DID_IT)
        first = ann.latest()
        await bot.edit_message_reply_markup(7, first.id)
        await bot.send_message(7, "two")
        await ann.presses_button(first, "Else", wait=False)
        await ann.presses_data("forged", wait=False)
        stale, forged = [update["callback_query"] for update in (await waiting(telegram))[1:]]
        assert (stale["data"], stale["message"]["message_id"], "reply_markup" in stale["message"]) == ("2", 2, False)
        assert (forged["data"], forged["message"]["text"]) == ("forged", "two")


async def test_press_on_an_old_message_comes_without_it() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (telegram, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one", reply_markup=DID_IT)
        clock.at += ACCESSIBLE + 1
        await ann.presses("Did it", wait=False)
        (update,) = [Update.de_json(update, bot) for update in await waiting(telegram)]
        assert update.callback_query is not None
        assert update.callback_query.message is not None
        assert not update.callback_query.message.is_accessible
        assert update.callback_query.message.message_id == 2


async def test_what_someone_cannot_do_says_what_they_could() -> None:
    async with meeting() as (telegram, bot, ann):
        group = telegram.group(-1001, "Night shift", {})
        with pytest.raises(Unmet, match="The bot has said nothing to Ann"):
            await ann.presses("Did it")
        with pytest.raises(Unmet, match="Ann is not in Night shift"):
            await ann.says("hello", to=group)
        with pytest.raises(Unmet, match="no caption for: sticker"):
            await ann.sends("sticker", caption="hello")
        with pytest.raises(Unmet, match="Night shift is no forum"):
            group.opens_topic("Nights")
        await ann.says("hello", wait=False)
        door = InlineKeyboardButton("Open", url="https://t.me/example")
        await bot.send_message(7, "one", reply_markup=InlineKeyboardMarkup([[*DID_IT.inline_keyboard[0], door]]))
        with pytest.raises(Unmet, match=r"'one' has no button 'Stop'. Its buttons: 'Did it', 'Else', 'Open'"):
            await ann.presses("Stop")
        with pytest.raises(Unmet, match=r"'Open' is a link to https://t.me/example"):
            await ann.presses("Open")
        with pytest.raises(Unmet, match="Ann did not write"):
            await ann.edits(ann.latest(), "hello")


async def test_waiting_in_vain_says_how_things_stand() -> None:
    async with meeting(patience=0.01) as (telegram, _, ann):
        await post(telegram, "sendMessage", {"chat_id": 99, "text": "a"})
        with pytest.raises(Unmet, match=r"to be confirmed in vain. Updates not confirmed: 1\."):
            await ann.says("hello")
        with pytest.raises(Unmet, match=r"Ann waits .* Refused: \['sendMessage: Bad Request: chat not found'\]"):
            await ann.waits_for_reply()


async def test_chat_exists_once_and_has_an_id_of_its_kind() -> None:
    async with meeting() as (telegram, _, ann):
        with pytest.raises(ValueError, match="There is a chat 7 already"):
            telegram.person(ann.id, "Ben")
        with pytest.raises(ValueError, match="A group's id is below 0"):
            telegram.group(5, "Night shift", {})
        group: Chat = telegram.group(-1_000_000_000_002, "Wards", {})
        assert json.dumps(group.json) == '{"id": -1000000000002, "title": "Wards", "type": "supergroup"}'
