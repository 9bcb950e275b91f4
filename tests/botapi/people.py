"""Who writes to the bot in a test: people, and the groups and channels that they are in. It reads like what they do.

Rules that hold here: what someone does is an update as Telegram makes it, and comes back when the bot has confirmed
it, which a bot does once it has handled it; with `wait=False` at once. What someone could not do on their telephone
is Unmet, and says what they could have done.
"""

import copy
from collections.abc import Mapping
from typing import Final, Literal

from typing_extensions import override

from tests.botapi.chats import Chat, Message, Press, Standing, Unmet, member, words
from tests.botapi.updates import Json, Refused
from tests.botapi.world import World

Media = Literal[
    "animation", "audio", "contact", "document", "location", "photo", "poll", "sticker", "video", "video_note", "voice"
]

PRESENT: Final = ("creator", "administrator", "member")

GROUP_ANONYMOUS_BOT: Final = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Who stands for an administrator who writes as the group."""

CHANNEL_BOT: Final = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
"""Who stands for someone who writes as a channel."""

SERVICE: Final = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
"""Who forwards a channel's posts to its discussion group."""

SHOWN: Final = ("id", "first_name", "last_name", "username")
"""What a private chat shows of its user."""

CAPTIONED: Final = ("animation", "audio", "document", "photo", "video", "voice")

_ANIMATION: Final = {"file_id": "CgACAgQA", "file_unique_id": "AgADanim", "width": 320, "height": 180, "duration": 4}
_DOCUMENT: Final = {"file_id": "BQACAgQA", "file_unique_id": "AgADdocu", "file_name": "notes.pdf", "file_size": 9216}
_POLL: Final = {
    "id": "5350124678",
    "question": "Who can take tonight?",
    "options": [
        {"persistent_id": "a", "text": "I can", "voter_count": 0},
        {"persistent_id": "b", "text": "Not today", "voter_count": 0},
    ],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
MEDIA: Final[dict[Media, Json]] = {
    "animation": {"animation": _ANIMATION, "document": {"file_id": "CgACAgQA", "file_unique_id": "AgADanim"}},
    "audio": {"audio": {"file_id": "CQACAgQA", "file_unique_id": "AgADaudi", "duration": 61, "title": "Rain"}},
    "contact": {"contact": {"phone_number": "+4912345", "first_name": "Ben"}},
    "document": {"document": _DOCUMENT},
    "location": {"location": {"latitude": 52.52, "longitude": 13.405}},
    "photo": {
        "photo": [
            {"file_id": "AgACAgQAs", "file_unique_id": "AQADphos", "width": 90, "height": 60, "file_size": 1300},
            {"file_id": "AgACAgQAm", "file_unique_id": "AQADphom", "width": 320, "height": 213, "file_size": 19000},
        ]
    },
    "poll": {"poll": _POLL},
    "sticker": {
        "sticker": {
            "file_id": "CAACAgQA",
            "file_unique_id": "AgADstic",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "😢",
        }
    },
    "video": {
        "video": {"file_id": "BAACAgQA", "file_unique_id": "AgADvide", "width": 640, "height": 360, "duration": 9}
    },
    "video_note": {"video_note": {"file_id": "DQACAgQA", "file_unique_id": "AgADnote", "length": 240, "duration": 5}},
    "voice": {"voice": {"file_id": "AwACAgQA", "file_unique_id": "AgADvoic", "duration": 3, "mime_type": "audio/ogg"}},
}


class Group(Chat):
    """A group."""

    def __init__(self, world: World, content: Json, bot: Standing) -> None:
        super().__init__(world, content, bot)
        self._people: dict[int, Json] = {}  # id -> ChatMember
        self.topics: dict[int, str] = {}  # message_thread_id -> name
        self.closed: set[int] = set()
        self.moved_to: int | None = None  # the supergroup that it has become

    def members(self) -> dict[int, Json]:
        """Who is or was in it, the bot too: id -> ChatMember."""
        return {**self._people, self.world.bot["id"]: member(self.world.bot, self.bot_is)}

    def sets(self, person: "Person", standing: Standing) -> None:
        """Let someone stand so from now on; nobody is told."""
        self._people[person.id] = member(person.user, standing)

    @override
    def let_bot_in(self) -> None:
        kind = self.json["type"]
        if self.moved_to is not None:
            raise Refused(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved_to
            )
        if self.bot_is == "kicked":
            raise Refused(403, f"Forbidden: bot was kicked from the {kind} chat")
        if self.bot_is == "left":
            raise Refused(403, f"Forbidden: bot is not a member of the {kind} chat")

    @override
    def let_bot_send(self, what: str, thread: int | None) -> None:
        self.let_bot_in()
        if thread is not None and thread not in self.topics:
            raise Refused(400, "Bad Request: message thread not found")
        if thread in self.closed and self.bot_is != "administrator":
            raise Refused(400, "Bad Request: TOPIC_CLOSED")
        if self.bot_is == "restricted":
            raise Refused(400, f"Bad Request: not enough rights to send {what} to the chat")

    @override
    def bot_reads(self, message: Message) -> bool:
        """As in privacy mode: an administrator reads all, a member what is meant for it, and service messages."""
        if self.bot_is == "administrator":
            return True
        if self.bot_is not in {"member", "restricted"}:
            return False
        content = message.json
        said = "text" in content or any(kind in content for kind in MEDIA)
        replied = content.get("reply_to_message", {}).get("from", {}).get("id")
        return not said or replied == self.world.bot["id"] or self._addresses_bot(message)

    def _addresses_bot(self, message: Message) -> bool:
        name = f"@{self.world.bot['username']}".lower()
        encoded = message.text.encode("utf-16-le", "surrogatepass")
        content = message.json
        for entity in (*content.get("entities", ()), *content.get("caption_entities", ())):
            start, length = entity["offset"], entity["length"]
            part = encoded[start * 2 : (start + length) * 2].decode("utf-16-le", "surrogatepass").lower()
            if part == name or (entity["type"] == "bot_command" and ("@" not in part or part.endswith(name))):
                return True
        return False

    def opens_topic(self, name: str) -> int:
        """Open a topic of a forum and give its message_thread_id."""
        if not self.json.get("is_forum"):
            raise Unmet(f"{self.name} is no forum")
        opened = self.post({"forum_topic_created": {"name": name, "icon_color": 7322096}})
        self.topics[opened.id] = name
        return opened.id

    async def closes_topic(self, topic: int, *, wait: bool = True) -> Message:
        """Close a topic: from now on only administrators write there."""
        self.closed.add(topic)
        closed = {"forum_topic_closed": {}, "message_thread_id": topic, "is_topic_message": True}
        return await self.receives({**_as(self), **closed}, wait=wait)

    def deletes_topic(self, topic: int) -> None:
        """Delete a topic; nobody is told."""
        del self.topics[topic]

    async def becomes_supergroup(self, number: int, *, wait: bool = True) -> "Group":
        """Go on as a supergroup with that number, below -10^12: it is said in both."""
        group = Group(self.world, {**self.json, "id": number, "type": "supergroup"}, self.bot_is)
        group._people = dict(self._people)
        self.world.add(group)
        self.moved_to = number
        await self.receives({**_as(self), "migrate_to_chat_id": number}, wait=wait)
        await group.receives({**_as(group), "migrate_from_chat_id": self.id}, wait=wait)
        return group

    async def takes_in(self, person: "Person", *, wait: bool = True) -> Message:
        """Someone joins."""
        self.sets(person, "member")
        joined = {"from": person.user, "new_chat_members": [person.user]}
        return await self.receives(joined, wait=wait)

    async def loses(self, person: "Person", *, wait: bool = True) -> Message:
        """Someone leaves."""
        self.sets(person, "left")
        return await self.receives({"from": person.user, "left_chat_member": person.user}, wait=wait)


class Channel(Chat):
    """A channel. A bot is its administrator, or not in it."""

    discussion: Group | None = None

    @override
    def let_bot_in(self) -> None:
        if self.bot_is != "administrator":
            raise Refused(403, "Forbidden: bot is not a member of the channel chat")

    @override
    def bot_reads(self, message: Message) -> bool:
        return self.bot_is == "administrator"

    async def posts(self, text: str, *, wait: bool = True) -> Message:
        """The channel says something, which is forwarded to its discussion group if it has one."""
        post = await self.receives({"sender_chat": self.json, **words(text)}, kind="channel_post", wait=wait)
        if self.discussion is not None:
            origin = {"type": "channel", "chat": self.json, "message_id": post.id, "date": post.json["date"]}
            forward = {"sender_chat": self.json, "forward_origin": origin, "is_automatic_forward": True}
            await self.discussion.receives({"from": SERVICE, **forward, **words(text)}, wait=wait)
        return post


class Person(Chat):
    """Someone, and their private chat with the bot, which has the same id."""

    def __init__(self, world: World, user: Json) -> None:
        known: Json = {key: user[key] for key in user if key in SHOWN}
        super().__init__(world, {**known, "type": "private"}, bot="left")
        self.user = user
        self.gone = False

    @override
    def let_bot_in(self) -> None:
        if self.gone:
            raise Refused(403, "Forbidden: user is deactivated")
        if self.bot_is == "kicked":
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if self.bot_is == "left":
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")

    @override
    def bot_reads(self, message: Message) -> bool:
        return self.bot_is == "member"

    async def says(
        self,
        text: str,
        *,
        to: Chat | None = None,
        reply_to: Message | None = None,
        topic: int | None = None,
        wait: bool = True,
    ) -> Message:
        """Write a text, to the bot or in a group; commands and mentions in it are marked as Telegram does."""
        return await self._sends({**words(text), **_replying(reply_to), **_in(topic)}, to, wait=wait)

    async def says_as(self, chat: Chat, text: str, *, to: Group, wait: bool = True) -> Message:
        """Write in a group under its own name, as an anonymous administrator, or under a channel's."""
        return await self._sends({**_as(chat), **words(text)}, to, wait=wait)

    async def sends(
        self,
        media: Media,
        *,
        caption: str = "",
        to: Chat | None = None,
        topic: int | None = None,
        wait: bool = True,
    ) -> Message:
        """Send something that is not a text; some of it can have a caption."""
        if caption and media not in CAPTIONED:
            raise Unmet(f"Telegram takes no caption for: {media}")
        content = {**copy.deepcopy(MEDIA[media]), **(words(caption, "caption") if caption else {})}
        return await self._sends({**content, **_in(topic)}, to, wait=wait)

    async def shares_place(
        self, latitude: float, longitude: float, *, seconds: int = 0, to: Chat | None = None, wait: bool = True
    ) -> Message:
        """Share a place; for so many seconds live, where it is more than none."""
        live = {"live_period": seconds} if seconds else {}
        place = {"latitude": latitude, "longitude": longitude, **live}
        return await self._sends({"location": place}, to, wait=wait)

    async def moves(self, message: Message, latitude: float, longitude: float, *, wait: bool = True) -> None:
        """Be elsewhere, while one's place is shared live."""
        if "live_period" not in message.json.get("location", {}):
            raise Unmet(f"{message!r} shares no place live")
        place = {**message.json["location"], "latitude": latitude, "longitude": longitude}
        message.change({"location": place}, None)
        if message.chat.bot_reads(message):
            await self.world.deliver("edited_message", message.json, wait=wait)

    async def uses_key(self, label: str, *, at: tuple[float, float] | None = None, wait: bool = True) -> Message:
        """Press a key of the keyboard below the field: it types its words, or shares where someone is."""
        keys = [key for row in (self.keys or {"keyboard": []})["keyboard"] for key in row]
        key = next((key for key in keys if key["text"] == label), None)
        if key is None:
            labels = ", ".join(repr(key["text"]) for key in keys) or "none"
            raise Unmet(f"{self.name} sees no key {label!r}. The keys: {labels}")
        if key["request_location"] != (at is not None):
            raise Unmet(f"The key {label!r} shares a place: say where" if at is None else f"{label!r} shares no place")
        if self.keys is not None and self.keys["one_time_keyboard"]:
            self.keys = None
        return await (self.says(label, wait=wait) if at is None else self.shares_place(*at, wait=wait))

    async def forwards(
        self, text: str, *, written_by: "Person | Channel | str", to: Chat | None = None, wait: bool = True
    ) -> Message:
        """Forward another's text: a person's, a channel's, or, as a name alone, that of someone who hides."""
        origin: Json
        match written_by:
            case Person():
                origin = {"type": "user", "sender_user": written_by.user}
            case Channel():
                origin = {"type": "channel", "chat": written_by.json, "message_id": 5}
            case _:
                origin = {"type": "hidden_user", "sender_user_name": written_by}
        origin["date"] = self.world.now() - 3600
        return await self._sends({"forward_origin": origin, **words(text)}, to, wait=wait)

    async def edits(self, message: Message, text: str, *, wait: bool = True) -> None:
        """Change the words of a message of one's own."""
        if message.json.get("from") != self.user:
            raise Unmet(f"{self.name} did not write {message!r}")
        name = "text" if "text" in message.json else "caption"
        message.change(words(text, name), None)
        message.chat.listens()
        if message.chat.bot_reads(message):
            await self.world.deliver("edited_message", message.json, wait=wait)

    def deletes(self, message: Message) -> None:
        """Delete a message; the bot is not told."""
        message.deleted = True

    def deletes_account(self) -> None:
        """Leave Telegram; the bot is not told."""
        self.gone = True

    async def presses(self, label: str, *, to: Chat | None = None, wait: bool = True) -> Press:
        """Press the button with that label on the bot's latest message."""
        message = (to or self).latest()
        return await self._presses(message, message.button(label), wait=wait)

    async def presses_button(self, message: Message, label: str, *, wait: bool = True) -> Press:
        """Press a button that an older message has, or once had."""
        return await self._presses(message, message.button(label, ever=True), wait=wait)

    async def presses_data(self, data: str, *, message: Message | None = None, wait: bool = True) -> Press:
        """Send the press of a button that never was: only a forged client can."""
        return await self._presses(message or self.latest(), {"text": "", "callback_data": data}, wait=wait)

    async def pins(self, message: Message, *, wait: bool = True) -> Message:
        """Pin a message."""
        return await message.chat.receives({"from": self.user, "pinned_message": message.quoted()}, wait=wait)

    async def adds_bot(self, group: Group, *, wait: bool = True) -> None:
        """Add the bot to a group: it is told so, and there is a service message."""
        await group.sets_bot("member", by=self.user, wait=wait)
        await group.receives({"from": self.user, "new_chat_members": [self.world.bot]}, wait=wait)

    async def blocks_bot(self, *, wait: bool = True) -> None:
        """Block the bot."""
        await self.sets_bot("kicked", by=self.user, wait=wait)

    async def unblocks_bot(self, *, wait: bool = True) -> None:
        """Let the bot write again."""
        await self.sets_bot("member", by=self.user, wait=wait)

    async def _sends(self, content: Json, to: Chat | None, *, wait: bool) -> Message:
        place = to or self
        if isinstance(place, Group):
            self._may_write(content, place)
        if place is self and self.bot_is == "left":
            self.bot_is = "member"
        return await place.receives({"from": self.user, **content}, wait=wait)

    def _may_write(self, content: Json, group: Group) -> None:
        standing = group.members().get(self.id, {}).get("status")
        if standing not in PRESENT or group.moved_to is not None:
            raise Unmet(f"{self.name} is not in {group.name}")
        only_by_admins = content.get("sender_chat") is group.json or content.get("message_thread_id") in group.closed
        if only_by_admins and standing == "member":
            raise Unmet(f"{self.name} is no administrator of {group.name}")

    async def _presses(self, message: Message, button: Json, *, wait: bool) -> Press:
        if "callback_data" not in button:
            raise Unmet(f"{button['text']!r} is a link to {button['url']}: it is opened, not pressed")
        press = Press(self.world.next_number(), message, button["callback_data"], self.world.now())
        self.world.presses[press.id] = press
        message.chat.listens()
        query = {
            "id": press.id,
            "from": self.user,
            "message": message.pressed(),
            "chat_instance": str(message.chat.id * 7919),
            "data": press.data,
        }
        await self.world.deliver("callback_query", query, wait=wait)
        return press


def _in(topic: int | None) -> Json:
    return {} if topic is None else {"message_thread_id": topic, "is_topic_message": True}


def _replying(to: Message | None) -> Json:
    """A reply. In a supergroup it is of a thread, though that be no topic."""
    if to is None:
        return {}
    thread = {"message_thread_id": to.json.get("message_thread_id", to.id)}
    return {"reply_to_message": to.quoted(), **(thread if to.chat.json["type"] == "supergroup" else {})}


def _as(chat: Chat) -> Mapping[str, Json]:
    """Who a message is from that bears the name of a group or a channel."""
    return {"from": GROUP_ANONYMOUS_BOT if isinstance(chat, Group) else CHANNEL_BOT, "sender_chat": chat.json}
