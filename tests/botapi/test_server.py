import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import get_args

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    TelegramObject,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.adapters.delivery import AiohttpRequest
from tests.botapi import Dropped, Hang, Page, Server, Unmet, blocked, bot_of, broken, too_many
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
        self.at = 1_790_000_000

    def __call__(self) -> int:
        return self.at


@asynccontextmanager
async def meeting(*, clock: Clock | None = None, patience: float = 10.0) -> AsyncIterator[tuple[Server, Bot, Person]]:
    """Telegram, a bot there, and Ann."""
    async with (
        asyncio.timeout(30),
        Server(now=clock or Clock(), patience=patience) as telegram,
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
        await channel.posts("today", wait=False)
        raw = await waiting(telegram)
        read = [Update.de_json(update, bot) for update in raw]
        assert holds([json.loads(update.to_json()) for update in read], raw)
        assert list(not_known(read)) == []
        assert sent.message_id == ann.latest().id
        assert len(read) == 19 + len(MEDIA)


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


async def test_press_is_answered_once_and_in_time() -> None:
    clock = Clock()
    async with meeting(clock=clock) as (_, bot, ann):
        await ann.says("hello", wait=False)
        await bot.send_message(7, "one", reply_markup=DID_IT)
        press = await ann.presses("Did it", wait=False)
        assert await bot.answer_callback_query(press.id, "thanks", url="https://t.me/example?start=1")
        assert press.answer == {"text": "thanks", "show_alert": False, "url": "https://t.me/example?start=1"}
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


async def test_webhook_is_none_and_its_deletion_can_drop_what_waits() -> None:
    async with meeting() as (_, bot, ann):
        await ann.says("hello", wait=False)
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == ("", 1)
        await bot.delete_webhook(drop_pending_updates=True)
        assert (await bot.get_webhook_info()).pending_update_count == 0


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


# --- Faults ---------------------------------------------------------------------------------------------------------


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
