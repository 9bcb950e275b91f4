"""Chats, and the messages and presses in them.

Rules that hold here: every object is kept as the JSON that Telegram would give (https://core.telegram.org/bots/api).
What someone could not do, or did not get, is Unmet: a test finds it so.
"""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from typing_extensions import override

from tests.botapi.updates import Json, Refused

if TYPE_CHECKING:
    from tests.botapi.world import World

Standing = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]

ACCESSIBLE: Final = 48 * 60 * 60
"""Seconds after which a pressed button comes without its message."""

RIGHTS: Final = (
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_pin_messages",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
"""Of an administrator of a group."""

CHANNEL_RIGHTS: Final = (
    *(right for right in RIGHTS if right != "can_pin_messages"),
    "can_post_messages",
    "can_edit_messages",
)

PRESENT: Final = ("creator", "administrator", "member", "restricted")

PERMISSIONS: Final = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_react_to_messages",
)

_ENTITY: Final = re.compile(
    r"(?P<bot_command>(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{4,32})?)"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{4,32})"
    r"|(?P<url>https?://\S+)"
)


class Unmet(AssertionError):  # noqa: N818 - reads as what a test finds
    """Someone could not do, or did not get, what the test says."""


@dataclass(frozen=True)
class Upload:
    """A file as the bot sent it."""

    name: str
    kind: str
    content: bytes


class Message:
    """A message, as it stands now."""

    def __init__(
        self, chat: Chat, content: Json, *, by_bot: bool, upload: Upload | None = None, editable: bool = True
    ) -> None:
        self.chat = chat
        self.json = content
        self.by_bot = by_bot
        self.editable = editable  # none is that opened or closed a keyboard
        self.upload = upload
        self.deleted = False
        self.order = chat.world.next_place()  # among the messages of all chats
        self.keyboards: list[list[list[Json]]] = []  # each that it has had, the latest last
        self._keep_keyboard()

    @override
    def __repr__(self) -> str:
        return f"<message {self.id}: {self.text!r} {self.buttons}>"

    @property
    def id(self) -> int:
        return int(self.json["message_id"])

    @property
    def text(self) -> str:
        return str(self.json.get("text", self.json.get("caption", "")))

    @property
    def buttons(self) -> list[list[str]]:
        """The labels of the buttons that it has now, row by row."""
        rows = self.json.get("reply_markup", {}).get("inline_keyboard", [])
        return [[button["text"] for button in row] for row in rows]

    def button(self, label: str, *, ever: bool = False) -> Json:
        """The button with that label: of those that it has now, or that it has `ever` had."""
        if self.deleted:
            raise Unmet(f"The bot's message {self.text!r} is deleted")
        keyboards = self.keyboards[::-1] if ever else self.keyboards[-1:] if self.buttons else []
        found = [button for rows in keyboards for row in rows for button in row]
        for button in found:
            if button["text"] == label:
                return button
        labels = ", ".join(repr(button["text"]) for button in found) or "none"
        raise Unmet(f"The bot's message {self.text!r} has no button {label!r}. Its buttons: {labels}")

    def change(self, content: Json, markup: Json | None) -> None:
        """Edit what it says, and its keyboard: none takes it away."""
        before = copy.deepcopy(self.json)
        for gone in ("reply_markup", *(("entities", "caption_entities") if content else ())):
            self.json.pop(gone, None)
        self.json.update(content)
        if markup and markup["inline_keyboard"]:
            self.json["reply_markup"] = markup
        if self.json == before:
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        self.json["edit_date"] = self.chat.world.now()
        self._keep_keyboard()
        self.chat.world.bell.ring()

    def quoted(self) -> Json:
        """It, inside another message: with its buttons, but without the message that it replies to itself."""
        return {key: value for key, value in self.json.items() if key != "reply_to_message"}

    def pressed(self) -> Json:
        """It, as a press brings it along."""
        world = self.chat.world
        if world.now() - self.json["date"] > ACCESSIBLE:
            return {"chat": self.chat.json, "message_id": self.id, "date": 0}
        return self.json

    def _keep_keyboard(self) -> None:
        if self.buttons:
            self.keyboards.append(self.json["reply_markup"]["inline_keyboard"])


@dataclass
class Press:
    """A press on a button. `answer` is what the bot answered: `text`, `url`, `show_alert`; None before that."""

    id: str
    message: Message
    data: str
    at: int
    answer: Json | None = None


class Chat(ABC):
    """A place where messages are, and how the bot stands there."""

    def __init__(self, world: World, content: Json, bot: Standing) -> None:
        self.world = world
        self.id: int = content["id"]
        self.json = content
        self.bot_is: Standing = bot
        self.bot_may: tuple[str, ...] | None = None  # rights of an administrator, permissions of a restricted one
        self.bot_private = world.privacy  # the mode is that of the time when the bot came in
        self.messages: dict[int, Message] = {}
        self.keys: Json | None = None  # the keyboard that is open below the field
        self._ids_of_its_own = content["type"] in {"supergroup", "channel"}
        self._last_id = 0
        self._next_to_hear = 0

    @override
    def __repr__(self) -> str:
        return f"<{self.json['type']} {self.name}>"

    @property
    def name(self) -> str:
        return str(self.json.get("first_name", self.json.get("title")))

    @abstractmethod
    def let_bot_in(self) -> None:
        """Do nothing, or raise Refused where the bot has no way to here."""

    def let_bot_send(self, what: str, thread: int | None) -> None:  # noqa: ARG002 - a group may say no to `what`
        """Do nothing, or raise Refused where the bot may not send `what` here, or not in that topic."""
        self.let_bot_in()
        if thread is not None:
            raise Refused(400, "Bad Request: message thread not found")

    @abstractmethod
    def bot_reads(self, message: Message) -> bool:
        """Say whether Telegram hands this message to the bot."""

    def post(
        self, content: Json, *, by_bot: bool = False, upload: Upload | None = None, editable: bool = True
    ) -> Message:
        """Put a message into the chat. Its id comes from Telegram's counter for that kind of chat."""
        if self._ids_of_its_own:
            self._last_id += 1
            number = self._last_id
        else:
            number = self.world.next_message_id()
        content = {"message_id": number, "date": self.world.now(), "chat": self.json, **content}
        message = Message(self, copy.deepcopy(content), by_bot=by_bot, upload=upload, editable=editable)
        self.messages[number] = message
        self.world.bell.ring()
        return message

    def message(self, number: int, refusal: str) -> Message:
        """One of the chat's messages; raises Refused with the given words where it is not there."""
        if number not in self.messages or self.messages[number].deleted:
            raise Refused(400, f"Bad Request: {refusal}")
        return self.messages[number]

    def hears(self) -> list[Message]:
        """All that the bot has said here, as it stands now, and what was deleted as it stood last."""
        return [message for message in self.messages.values() if message.by_bot]

    def shows(self) -> list[Message]:
        """What the bot has said here and is not deleted."""
        return [message for message in self.hears() if not message.deleted]

    def listens(self) -> None:
        """From now on, `waits_for_reply` gives what comes now."""
        self._next_to_hear = len(self.hears())

    def latest(self) -> Message:
        """The bot's latest message here."""
        if not self.shows():
            raise Unmet(f"The bot has said nothing to {self.name}")
        return self.shows()[-1]

    async def waits_for_reply(self) -> Message:
        """The next message of the bot's: the first since someone last did something here, then the one after it."""
        await self.world.until(
            lambda: len(self.hears()) > self._next_to_hear, f"{self.name} waits for the bot to say something"
        )
        self._next_to_hear += 1
        return self.hears()[self._next_to_hear - 1]

    def bot_member(self) -> Json:
        """How the bot stands here, as a ChatMember."""
        return member(self.world.bot, self.bot_is, self.bot_may, in_channel=self.json["type"] == "channel")

    def bot_can(self, right: str) -> bool:
        """Say whether the bot is an administrator with that right."""
        return self.bot_is == "administrator" and bool(self.bot_member().get(right))

    async def sets_bot(
        self, standing: Standing, *, by: Json, may: Iterable[str] | None = None, wait: bool = True
    ) -> None:
        """Tell the bot that it now stands otherwise here.

        `may`: an administrator's rights, which are all where it is None, or what a restricted one is permitted, which
        is nothing then.
        """
        before = self.bot_member()
        if self.bot_is not in PRESENT:
            self.bot_private = self.world.privacy
        self.bot_is, self.bot_may = standing, None if may is None else tuple(may)
        change = {**self._change(by), "old_chat_member": before, "new_chat_member": self.bot_member()}
        await self.world.deliver("my_chat_member", change, wait=wait)

    def _change(self, by: Json) -> Json:
        return {"chat": self.json, "from": by, "date": self.world.now()}

    async def receives(self, content: Json, *, kind: str = "message", wait: bool = True) -> Message:
        """Put a message that is not the bot's here, and hand it to the bot if it may read it."""
        message = self.post(content)
        self.listens()
        if self.bot_reads(message):
            await self.world.deliver(kind, message.json, wait=wait)
        return message


def member(
    user: Json,
    standing: Standing,
    may: Iterable[str] | None = None,
    *,
    anonymous: bool = False,
    in_channel: bool = False,
) -> Json:
    """A ChatMember: an administrator with all rights, a restricted one with none, unless it is said what they `may`."""
    rights = CHANNEL_RIGHTS if in_channel else RIGHTS
    given = {"can_manage_chat", *may} if may is not None else set(rights)  # who has any right has that one
    granted = {right: right in given for right in rights}
    permitted = {one: one in (may or ()) for one in PERMISSIONS}
    more: dict[Standing, Json] = {
        "creator": {"is_anonymous": anonymous},
        "administrator": {"can_be_edited": False, "is_anonymous": anonymous, **granted},
        "restricted": {"is_member": True, "until_date": 0, **permitted},
        "kicked": {"until_date": 0},
    }
    return {"status": standing, "user": user, **more.get(standing, {})}


def words(text: str, name: str = "text", mentions: Mapping[str, Json] | None = None) -> Json:
    """A text, or a caption, with the entities that Telegram finds in it by itself. They count UTF-16 units.

    `mentions` are users without a username: by the words that name them in the text.
    """
    entities = [_entity(found.lastgroup, text, found.start(), found.group()) for found in _ENTITY.finditer(text)]
    for label, user in (mentions or {}).items():
        if label not in text:
            raise Unmet(f"{label!r} is not in {text!r}")
        entities.append({**_entity("text_mention", text, text.index(label), label), "user": user})
    entities.sort(key=lambda entity: entity["offset"])
    return {name: text, **({("entities" if name == "text" else f"{name}_entities"): entities} if entities else {})}


def _entity(kind: str | None, text: str, start: int, part: str) -> Json:
    return {"type": kind, "offset": _units(text[:start]), "length": _units(part)}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
