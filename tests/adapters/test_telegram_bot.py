import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from telegram import Bot, Update
from telegram.error import NetworkError
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.delivery import Delivery
from bot.adapters.intake import Burst
from bot.adapters.telegram_bot import UPDATES, App, TelegramBot
from bot.core.commands import ADMIN_MENU, COMMANDS, GROUP_MENU
from bot.core.facts import RoomChange
from bot.core.lines import Label, Line
from bot.respond import Responder
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.adapters.contents import (
    ANN,
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
    TOKEN,
    UNSEEN,
    US,
    VENUE,
    Json,
    message,
    ours,
    press,
)
from tests.botapi.chats import words
from tests.botapi.people import MEDIA
from tests.network import NoNetwork
from tests.person import PROMPTS, RING, Clock, responder_of


class Recorder(NoNetwork):
    """The network: keeps every call, and answers as Telegram would, or with what a test has put in its way."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.finished: list[str] = []  # "method" when it is called, "method." when it is answered
        self.given: dict[str, object] = {}
        self.fails: dict[str, Exception | tuple[int, str]] = {}
        self._last_message = 500

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        parameters = dict(request_data.parameters) if request_data else {}
        if name != "getMe":
            self.calls.append((name, parameters))
            self.finished.append(name)
        match self.fails.get(name):
            case Exception() as error:
                raise error
            case (int(status), str(description)):
                answer = {"ok": False, "error_code": status, "description": description}
                return status, json.dumps(answer).encode()
        self.finished.append(f"{name}.")
        return HTTPStatus.OK, json.dumps({"ok": True, "result": self._result(name, parameters)}).encode()

    def _result(self, name: str, parameters: Json) -> object:
        match name:
            case "getMe":
                return US
            case "sendMessage":
                self._last_message += 1
                chat = {"id": parameters["chat_id"], "type": "private"}
                return {"message_id": self._last_message, "date": AT, "chat": chat, "text": parameters["text"]}
            case "sendAnimation":
                self._last_message += 1
                chat = {"id": parameters["chat_id"], "type": "private"}
                return {"message_id": self._last_message, "date": AT, "chat": chat, "caption": parameters["caption"]}
            case "getMyCommands":
                return self.given.get(parameters.get("scope", {}).get("type", "commands"), [])
            case "getMyDescription" | "getMyShortDescription":
                field = "description" if name == "getMyDescription" else "short_description"
                return {field: self.given.get(field, "")}
        return True


class Telegram:
    """What Telegram hands to the bot, and what it gets back."""

    def __init__(self, bot: Bot, network: Recorder, app: App, us: TelegramBot) -> None:
        self.bot = bot
        self.network = network
        self.us = us
        self._app = app

    async def hands(self, kind: str, content: Json) -> list[str]:
        """Hand over one update; give the methods that the bot calls then, in order."""
        self.network.calls.clear()
        self.network.finished.clear()
        update = Update.de_json({"update_id": 1, kind: content}, self.bot)
        await self._app.process_update(update)
        return [name for name, _ in self.network.calls]

    async def hands_in_a_row(self, *contents: Json) -> list[str]:
        """Hand over messages that were typed in a row; give the methods that the bot calls then, in order."""
        self.network.calls.clear()
        updates = [Update.de_json({"update_id": 1, "message": content}, self.bot) for content in contents]
        await self._app.process_update(Burst(tuple(updates)))
        return [name for name, _ in self.network.calls]

    async def says_in_a_row(self, *texts: str) -> list[str]:
        return await self.hands_in_a_row(*(message(**words(text)) for text in texts))

    async def says(self, text: str, **more: object) -> list[str]:
        return await self.hands("message", message(**words(text), **more))

    async def presses(self, label: Label, *, on: Json | None = None, query: str = "q1") -> list[str]:
        """Press a button of the latest message with buttons, or of an earlier one, as `shown` gave it."""
        shown = on or self.shown()
        data = next(
            button["callback_data"]
            for row in shown["reply_markup"]["inline_keyboard"]
            for button in row
            if button["text"] == PROMPTS.content.labels[label]
        )
        return await self.hands("callback_query", press(data, shown["message_id"], query=query))

    def sent(self) -> list[Json]:
        """What the bot sent since the last update."""
        return [parameters for name, parameters in self.network.calls if name == "sendMessage"]

    def shown(self) -> Json:
        """The latest message of the bot, as it would come back in a press or a reply."""
        (parameters,) = self.sent()
        return {"message_id": self.network._last_message, **parameters}  # noqa: SLF001 - its own

    def parameters(self, method: str) -> list[Json]:
        return [parameters for name, parameters in self.network.calls if name == method]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "data", RING) as opened:
        yield opened


@pytest.fixture
def network() -> Recorder:
    return Recorder()


@pytest.fixture
async def bot(network: Recorder) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, request=network, get_updates_request=Recorder()) as opened:
        yield opened


def assembled(bot: Bot, responder: Responder) -> TelegramBot:
    waits = PausingClock()
    return TelegramBot(bot, Delivery(bot, waits.pause, now=waits.now), responder, PROMPTS)


@pytest.fixture
async def telegram(bot: Bot, network: Recorder, store: Store) -> AsyncIterator[Telegram]:
    us = assembled(bot, responder_of(store, Clock()))
    app = us.application()
    async with app:
        yield Telegram(bot, network, app, us)


def says(parameters: Json, *lines: Line) -> bool:
    """Whether a sent message is made of these lines, in any of their wordings."""
    paragraphs = parameters["text"].split("\n\n")
    return len(paragraphs) == len(lines) and all(
        paragraph in PROMPTS.lines[line] for paragraph, line in zip(paragraphs, lines, strict=True)
    )


# --- messages -------------------------------------------------------------------------------------------------------


async def test_message_is_answered_in_plain_text_with_buttons_and_no_preview(telegram: Telegram) -> None:
    assert await telegram.says("/walk") == ["sendMessage"]
    (sent,) = telegram.sent()
    assert sent["chat_id"] == ANN["id"]
    assert "parse_mode" not in sent
    assert sent["link_preview_options"] == {"is_disabled": True}
    labels = [[button["text"] for button in row] for row in sent["reply_markup"]["inline_keyboard"]]
    assert labels == [["Did it", "Something else"]]


@pytest.mark.parametrize("name", COMMANDS)
async def test_every_command_is_answered(telegram: Telegram, name: str) -> None:
    assert set(await telegram.says(f"/{name}")) == {"sendAnimation" if name == "breathe" else "sendMessage"}


@pytest.mark.parametrize("content", [*UNSEEN.values(), MEDIA["location"], VENUE], ids=[*UNSEEN, "location", "venue"])
async def test_what_cannot_be_read_is_told_so_with_the_danger_line(telegram: Telegram, content: Json) -> None:
    assert await telegram.hands("message", message(**content)) == ["sendMessage"]
    (sent,) = telegram.sent()
    assert says(sent, Line.MEDIA)
    assert "/crisis" in sent["text"]


async def test_caption_is_read_for_danger(telegram: Telegram) -> None:
    await telegram.hands("message", message(**PICTURE, **words("i want to kill myself", "caption")))
    card, *more = telegram.sent()
    assert says(card, Line.CARD_OWN)
    assert says(more[0], Line.CARD_LINES)
    assert len(more) == 2
    assert says(more[1], Line.CARD_STAY, Line.BARRIER_ASK)


async def test_someone_who_moves_while_their_place_is_shared_live_gets_silence(telegram: Telegram) -> None:
    live = {"location": {"latitude": 1, "longitude": 2, "live_period": 900}, "edit_date": AT}
    assert await telegram.hands("edited_message", message(**live)) == []
    assert telegram.us._responder.remembered == 0  # noqa: SLF001 - nor are they kept in mind for it


async def test_edited_message_is_read_for_danger_and_for_nothing_else(telegram: Telegram) -> None:
    assert await telegram.hands("edited_message", message(**words("/walk"), edit_date=AT)) == []
    await telegram.hands("edited_message", message(**words("i want to kill myself"), edit_date=AT))
    assert says(telegram.sent()[0], Line.CARD_OWN)


@pytest.mark.parametrize("typed", [("no",), ("no", "not at all")])
async def test_a_no_that_is_edited_into_another_answer_gets_the_card(
    telegram: Telegram, typed: tuple[str, ...]
) -> None:
    await telegram.says("everyone would be happier without me")
    noes = [message(**words(text)) | {"message_id": number} for number, text in enumerate(typed, start=700)]
    await (telegram.hands_in_a_row(*noes) if len(noes) > 1 else telegram.hands("message", noes[0]))
    assert says(telegram.sent()[0], Line.DANGER_NO)
    yes = words("yes") | {"edit_date": AT}
    assert await telegram.hands("edited_message", message(**yes) | {"message_id": 699}) == []
    await telegram.hands("edited_message", message(**yes) | {"message_id": 700})
    assert says(telegram.sent()[0], Line.CARD_ASKED)


async def test_forwarded_words_of_danger_are_asked_about_before_any_card(telegram: Telegram) -> None:
    await telegram.says("i want to kill myself", forward_origin=FORWARDED["user"])
    (sent,) = telegram.sent()
    assert says(sent, Line.WHOSE)


async def test_buttons_are_taken_away_after_a_typed_answer_once_the_next_message_is_there(telegram: Telegram) -> None:
    await telegram.says("/walk")
    before = telegram.shown()["message_id"]
    await telegram.says("did it")
    assert telegram.network.finished == [
        "sendMessage",
        "sendMessage.",
        "editMessageReplyMarkup",
        "editMessageReplyMarkup.",
    ]
    (edit,) = telegram.parameters("editMessageReplyMarkup")
    assert edit == {"chat_id": ANN["id"], "message_id": before}


async def test_buttons_of_a_walk_are_taken_away_when_it_is_stopped(telegram: Telegram) -> None:
    await telegram.says("/walk")
    assert await telegram.says("/stop") == ["sendMessage", "editMessageReplyMarkup"]
    assert await telegram.says("/walk") == ["sendMessage"]


async def test_buttons_stay_while_the_walk_stays_where_it_is(telegram: Telegram) -> None:
    await telegram.says("/walk")
    shown = telegram.shown()
    assert await telegram.says("/help") == ["sendMessage"]
    assert await telegram.hands("message", message(**MEDIA["sticker"])) == ["sendMessage"]
    await telegram.presses(Label.DID_IT, on=shown)
    assert says(telegram.sent()[0], Line.EASE)


async def test_reply_to_a_message_with_buttons_goes_on_after_a_restart(telegram: Telegram, store: Store) -> None:
    await telegram.says("/walk")
    shown = telegram.shown()
    async with assembled(telegram.bot, responder_of(store, Clock())).application() as app:
        restarted = Telegram(telegram.bot, telegram.network, app, telegram.us)
        reply = ours(*shown["reply_markup"]["inline_keyboard"][0])
        await restarted.says("did it", reply_to_message=reply)
        assert says(restarted.sent()[0], Line.EASE)


# --- texts in a row -------------------------------------------------------------------------------------------------


async def test_texts_in_a_row_are_answered_once_over_all_that_they_say(telegram: Telegram) -> None:
    texts = ["lost a patient today", "and i cant stop seeing", "her sons face"]
    assert await telegram.says_in_a_row(*texts) == ["sendMessage"]
    assert telegram.sent()[0]["text"].split("\n\n")[0] in PROMPTS.lines[Line.ARRIVE_WORK_DIED]


@pytest.mark.parametrize("place", range(5))
async def test_each_text_in_a_row_is_read_for_danger(telegram: Telegram, place: int) -> None:
    texts = ["so", "it was a long week", "the bus was late", "and it rained", "anyway"]
    texts[place] = "i want to kill myself"
    assert await telegram.says_in_a_row(*texts) == ["sendMessage"] * 3
    assert says(telegram.sent()[0], Line.CARD_OWN)


async def test_reply_to_our_buttons_among_texts_in_a_row_brings_the_walk_with_it(
    telegram: Telegram, store: Store
) -> None:
    await telegram.says("/walk")
    reply = ours(*telegram.shown()["reply_markup"]["inline_keyboard"][0])
    async with assembled(telegram.bot, responder_of(store, Clock())).application() as app:
        restarted = Telegram(telegram.bot, telegram.network, app, telegram.us)
        await restarted.hands_in_a_row(message(**words("did it"), reply_to_message=reply), message(**words("sorry")))
        assert says(restarted.sent()[0], Line.EASE)


async def test_texts_in_a_row_of_another_bot_get_silence(telegram: Telegram) -> None:
    content = message(**words(SAID), sender=OTHER_BOT)
    assert await telegram.hands_in_a_row(content, content) == []


# --- presses --------------------------------------------------------------------------------------------------------


async def test_press_is_answered_and_old_buttons_are_taken_away_once_the_next_message_is_there(
    telegram: Telegram,
) -> None:
    await telegram.says("/walk")
    before = telegram.shown()["message_id"]
    first, *after = await telegram.presses(Label.DID_IT)
    assert first == "sendMessage"
    assert sorted(after) == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert telegram.network.finished[:2] == ["sendMessage", "sendMessage."]
    assert telegram.parameters("answerCallbackQuery") == [{"callback_query_id": "q1"}]
    assert telegram.parameters("editMessageReplyMarkup") == [{"chat_id": ANN["id"], "message_id": before}]


async def test_second_press_of_a_button_gets_a_short_note_and_nothing_else(telegram: Telegram) -> None:
    await telegram.says("/walk")
    shown = telegram.shown()
    await telegram.presses(Label.DID_IT, on=shown)
    assert await telegram.presses(Label.DID_IT, on=shown, query="q2") == ["answerCallbackQuery"]
    (answer,) = telegram.parameters("answerCallbackQuery")
    assert answer["callback_query_id"] == "q2"
    assert answer["text"] in PROMPTS.lines[Line.TWICE]


async def test_press_of_an_older_button_shows_the_step_again_and_is_answered(telegram: Telegram) -> None:
    await telegram.says("/walk")
    shown = telegram.shown()
    await telegram.presses(Label.DID_IT)
    calls = await telegram.presses(Label.SOMETHING_ELSE, on=shown)
    assert calls[0] == "sendMessage"
    assert "answerCallbackQuery" in calls
    assert says(telegram.sent()[0], Line.STALE, Line.EASE)


@pytest.mark.parametrize("data", ["forged", "A" * 64, None])
async def test_press_of_something_that_is_no_button_of_ours_is_answered(telegram: Telegram, data: str | None) -> None:
    calls = await telegram.hands("callback_query", press(data, 7))
    assert calls[0] == "sendMessage"
    assert "answerCallbackQuery" in calls
    assert telegram.sent()[0]["text"].split("\n\n")[0] in PROMPTS.lines[Line.UNREADABLE]


async def test_press_on_a_message_too_old_to_be_seen_is_followed(telegram: Telegram) -> None:
    await telegram.says("/walk")
    data = telegram.shown()["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    query = press(data, 44) | {"message": {"chat": PRIVATE, "message_id": 44, "date": 0}}
    await telegram.hands("callback_query", query)
    assert says(telegram.sent()[0], Line.EASE)
    assert telegram.parameters("editMessageReplyMarkup") == [{"chat_id": ANN["id"], "message_id": 44}]


async def test_press_without_its_message_is_followed(telegram: Telegram) -> None:
    await telegram.says("/walk")
    data = telegram.shown()["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    query = press(data, 44) | {"inline_message_id": "x"}
    del query["message"]
    assert sorted(await telegram.hands("callback_query", query)) == ["answerCallbackQuery", "sendMessage"]


@pytest.mark.parametrize(
    "failing", [(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")]
)
async def test_nothing_depends_on_the_answer_to_a_press(telegram: Telegram, failing: tuple[int, str]) -> None:
    await telegram.says("/walk")
    telegram.network.fails["answerCallbackQuery"] = failing
    calls = await telegram.presses(Label.DID_IT)
    assert sorted(calls) == ["answerCallbackQuery", "editMessageReplyMarkup", "sendMessage"]
    assert (await telegram.presses(Label.UPSET_LITTLE))[0] == "sendMessage"


async def test_old_buttons_stay_when_the_next_message_cannot_be_sent(telegram: Telegram) -> None:
    await telegram.says("/walk")
    shown = telegram.shown()
    telegram.network.fails["sendMessage"] = (400, "Bad Request: a refusal of next year")
    with capture_logs() as log:
        assert "editMessageReplyMarkup" not in await telegram.presses(Label.DID_IT, on=shown)
    assert [entry["event"] for entry in log if entry["log_level"] == "error"] == ["message refused"]


async def test_forged_press_in_a_group_is_answered_and_nothing_is_said_there(telegram: Telegram) -> None:
    assert await telegram.hands("callback_query", press("forged", 7, chat=GROUP)) == ["answerCallbackQuery"]


async def test_someone_who_has_blocked_the_bot_makes_no_error(telegram: Telegram) -> None:
    telegram.network.fails["sendMessage"] = (403, "Forbidden: bot was blocked by the user")
    with capture_logs() as log:
        await telegram.says("/walk")
    assert log == []


# --- groups, and what is not for the bot --------------------------------------------------------------------------


async def let_in(telegram: Telegram) -> None:
    """Let an admin say yes to the bot in the group."""
    await telegram.us._responder.rooms.save(RoomChange(GROUP["id"], is_on=True), AT)  # noqa: SLF001 - as the panel does


@pytest.mark.parametrize("text", ["/help", f"/why@{NAME}", f"@{NAME} i saw a terrible thing", f"/forget@{NAME}"])
async def test_group_gets_one_line_with_a_way_to_the_private_chat(telegram: Telegram, text: str) -> None:
    assert await telegram.says(text, chat=GROUP) == []  # before any admin has said yes
    await let_in(telegram)
    assert await telegram.says(text, chat=GROUP) == ["sendMessage"]
    (sent,) = telegram.sent()
    assert sent["chat_id"] == GROUP["id"]
    assert says(sent, Line.GROUP_PRIVATE)
    ((button,),) = sent["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Write privately"
    assert "url" not in button  # which everyone could open, and pass on


async def test_answer_in_a_topic_stays_in_it(telegram: Telegram) -> None:
    await let_in(telegram)
    await telegram.says("/help", chat={**GROUP, "is_forum": True}, message_thread_id=77, is_topic_message=True)
    assert telegram.sent()[0]["message_thread_id"] == 77
    await telegram.says("/help", chat=GROUP, message_thread_id=77)
    assert "message_thread_id" not in telegram.sent()[0]


@pytest.mark.parametrize("text", [SAID, "i want to kill myself", "/help@other_bot", "/ban @someone"])
async def test_group_talk_that_is_not_for_the_bot_gets_silence(telegram: Telegram, text: str) -> None:
    await let_in(telegram)
    assert await telegram.says(text, chat=GROUP) == []


SERVICE_MESSAGES: dict[str, Json] = {
    "joined": {"new_chat_members": [BEN]},
    "the bot joined": {"new_chat_members": [US]},
    "left": {"left_chat_member": BEN},
    "pinned": {"pinned_message": ours({"text": "Sad", "callback_data": "abc"})},
    "title": {"new_chat_title": f"@{NAME}"},
    "picture": {"new_chat_photo": PICTURE["photo"]},
    "picture gone": {"delete_chat_photo": True},
    "group made": {"group_chat_created": True},
    "became a supergroup": {"migrate_to_chat_id": -1_001},
    "was a group": {"migrate_from_chat_id": -1},
    "topic": {"forum_topic_created": {"name": "Nights", "icon_color": 1}},
    "timer": {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
    "call": {"video_chat_started": {}},
    "background": {"chat_background_set": {"type": {"type": "chat_theme", "theme_name": "x"}}},
    "write access": {"write_access_allowed": {}},
}


@pytest.mark.parametrize("chat", [PRIVATE, GROUP], ids=["private", "group"])
@pytest.mark.parametrize("content", SERVICE_MESSAGES.values(), ids=SERVICE_MESSAGES)
async def test_service_message_gets_silence(telegram: Telegram, content: Json, chat: Json) -> None:
    assert await telegram.hands("message", message(**content, chat=chat)) == []


@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post"])
async def test_channel_gets_silence(telegram: Telegram, kind: str) -> None:
    content = message(**words("i want to kill myself"), chat=CHANNEL, sender=None, sender_chat=CHANNEL)
    assert await telegram.hands(kind, content) == []


async def test_bot_is_handed_only_what_it_has_handlers_for() -> None:
    assert UPDATES == ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]


# --- the introduction ---------------------------------------------------------------------------------------------


SETTERS = ["setMyCommands"] * 3 + ["setMyDescription", "setMyShortDescription"]
MENUS: dict[str, tuple[str, ...]] = {  # by Telegram's name of the scope; the first is for where there is no other
    "commands": tuple(COMMANDS),
    "all_group_chats": GROUP_MENU,
    "all_chat_administrators": (*GROUP_MENU, *ADMIN_MENU),
}


def introduced() -> dict[str, object]:
    labels = PROMPTS.content.labels
    return {
        **{
            scope: [{"command": name, "description": labels[Label(f"command.{name}")]} for name in names]
            for scope, names in MENUS.items()
        },
        "description": PROMPTS.lines[Line.DESCRIPTION][0],
        "short_description": PROMPTS.lines[Line.SHORT_DESCRIPTION][0],
    }


def setters(network: Recorder) -> list[str]:
    return [name for name, _ in network.calls if name.startswith("set")]


async def test_introduction_sets_the_commands_of_each_place_and_both_descriptions(telegram: Telegram) -> None:
    await telegram.us.introduce()
    network = telegram.network
    assert setters(network) == SETTERS
    set_to = [parameters for name, parameters in network.calls if name in SETTERS]
    assert [menu.get("scope", {}).get("type", "commands") for menu in set_to[:3]] == list(MENUS)
    shown = [next(parameters[name] for name in parameters if name != "scope") for parameters in set_to]
    assert shown == list(introduced().values())


async def test_introduction_changes_nothing_that_is_so_already(telegram: Telegram) -> None:
    telegram.network.given = introduced()
    await telegram.us.introduce()
    assert setters(telegram.network) == []


@pytest.mark.parametrize(("name", "setter"), list(zip(introduced(), SETTERS, strict=True)))
async def test_introduction_sets_only_what_differs(telegram: Telegram, name: str, setter: str) -> None:
    telegram.network.given = introduced() | {name: [] if name in MENUS else "old"}
    await telegram.us.introduce()
    assert setters(telegram.network) == [setter]


async def test_introduction_that_fails_is_logged_and_ends_nothing(telegram: Telegram) -> None:
    telegram.network.fails["getMyCommands"] = NetworkError("down")
    with capture_logs() as log:
        await telegram.us.introduce()
    assert [(entry["event"], entry["error"]) for entry in log] == [("introduction failed", "NetworkError")]
