"""Who writes to the bot in a test: people, and the groups and channels that they are in. It reads like what they do.

Rules that hold here: what someone does is an update as Telegram makes it, and comes back when the bot has confirmed
it, which a bot does once it has handled it; with `wait=False` at once. What someone could not do on their telephone
is Unmet, and says what they could have done.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from tests.botapi.chats import PRESENT, Chat, Message, Press, Standing, Unmet, Upload, member, words
from tests.botapi.updates import Json, Refused
from tests.botapi.world import World

Media = Literal[
    "animation", "audio", "contact", "document", "location", "photo", "poll", "sticker", "video", "video_note", "voice"
]

ADMINS: Final = ("creator", "administrator")

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

STARTS: Final = ("start", "startgroup", "startchannel")
"""What a link to the bot may carry for it."""

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


class Place(Chat):
    """Where several people are, some of them its administrators."""

    def __init__(self, world: World, content: Json, bot: Standing) -> None:
        super().__init__(world, content, bot)
        self._people: dict[int, Json] = {}  # id -> ChatMember

    def members(self) -> dict[int, Json]:
        """Who is or was in it, the bot too: id -> ChatMember."""
        return {**self._people, self.world.bot["id"]: self.bot_member()}

    def sets(
        self, person: "Person", standing: Standing, *, may: Iterable[str] | None = None, anonymous: bool = False
    ) -> None:
        """Let someone stand so from now on; nobody is told. `may` as in `member`."""
        in_channel = self.json["type"] == "channel"
        self._people[person.id] = member(person.user, standing, may, anonymous=anonymous, in_channel=in_channel)

    async def changes(
        self,
        person: "Person",
        standing: Standing,
        *,
        by: "Person | None" = None,
        may: Iterable[str] | None = None,
        wait: bool = True,
    ) -> None:
        """Let someone stand so from now on. The bot is told if it is an administrator and has asked for that."""
        before = self._people.get(person.id, member(person.user, "left"))
        self.sets(person, standing, may=may)
        if self.bot_is == "administrator":
            after = self._people[person.id]
            change = {**self._change((by or person).user), "old_chat_member": before, "new_chat_member": after}
            await self.world.deliver("chat_member", change, wait=wait)

    async def leaves(self) -> None:
        """The bot goes by itself. It is told so, and is not waited for."""
        await self.sets_bot("left", by=self.world.bot, wait=False)


class Group(Place):
    """A group."""

    def __init__(self, world: World, content: Json, bot: Standing) -> None:
        super().__init__(world, content, bot)
        self.topics: dict[int, str] = {}  # message_thread_id -> name
        self.closed: set[int] = set()
        self.moved_to: int | None = None  # the supergroup that it has become
        self.muted = False  # only administrators write
        self.slow = 0  # seconds between two messages of one who is no administrator
        self.hides_members = False  # from bots that are no administrators

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
        restricted = self.bot_is == "restricted" and not self.bot_member()["can_send_messages"]
        if restricted or (self.muted and self.bot_is != "administrator"):
            raise Refused(400, f"Bad Request: not enough rights to send {what} to the chat")

    def slow_down(self) -> None:
        """Do nothing, or raise Refused where the bot has to wait before it says more here."""
        if self.slow and self.hears() and self.bot_is != "administrator":
            seconds = self.hears()[-1].json["date"] + self.slow - self.world.now()
            if seconds > 0:
                raise Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    @override
    def bot_reads(self, message: Message) -> bool:
        """An administrator reads all, a member what is meant for it and service messages; all without privacy mode."""
        if self.bot_is == "administrator":
            return True
        if self.bot_is not in PRESENT:
            return False
        if not self.bot_private:
            return True
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
            if entity["type"] == "text_mention" and entity["user"]["id"] == self.world.bot["id"]:
                return True
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

    async def becomes_supergroup(self, number: int, *, told: bool = True, wait: bool = True) -> "Group":
        """Go on as a supergroup with that number, below -10^12: it is said in both, unless that is lost."""
        group = Group(self.world, {**self.json, "id": number, "type": "supergroup"}, self.bot_is)
        group.bot_may, group.bot_private, group._people = self.bot_may, self.bot_private, dict(self._people)
        self.world.add(group)
        self.moved_to = number
        if not told:
            return group
        await self.receives({**_as(self), "migrate_to_chat_id": number}, wait=wait)
        await group.receives({**_as(group), "migrate_from_chat_id": self.id}, wait=wait)
        return group

    async def takes_in(self, person: "Person", *, quietly: bool = False, wait: bool = True) -> None:
        """Someone joins: there is a service message, unless the group takes them in `quietly`, as a large one may."""
        await self.changes(person, "member", wait=wait)
        if not quietly:
            await self.receives({"from": person.user, "new_chat_members": [person.user]}, wait=wait)

    async def loses(
        self, person: "Person", *, by: "Person | None" = None, quietly: bool = False, wait: bool = True
    ) -> None:
        """Someone leaves, or is put out."""
        await self.changes(person, "left" if by is None else "kicked", by=by, wait=wait)
        if not quietly:
            await self.receives({"from": (by or person).user, "left_chat_member": person.user}, wait=wait)


class Channel(Place):
    """A channel. A bot is its administrator, or not in it."""

    discussion: Group | None = None

    @override
    def let_bot_in(self) -> None:
        if self.bot_is != "administrator":
            raise Refused(403, "Forbidden: bot is not a member of the channel chat")

    @override
    def let_bot_send(self, what: str, thread: int | None) -> None:
        super().let_bot_send(what, thread)
        if not self.bot_can("can_post_messages"):
            raise Refused(400, "Bad Request: need administrator rights in the channel chat")

    @override
    def bot_reads(self, message: Message) -> bool:
        return self.bot_is == "administrator"

    @override
    def post(
        self, content: Json, *, by_bot: bool = False, upload: Upload | None = None, editable: bool = True
    ) -> Message:
        """Put a message into the channel. A bot's is forwarded like any other, and it is not told of its own."""
        message = super().post(content, by_bot=by_bot, upload=upload, editable=editable)
        if by_bot and self.discussion is not None:
            forward = self.discussion.post(self._forward(message))
            if self.discussion.bot_reads(forward):
                self.world.updates.add("message", forward.json)
        return message

    async def posts(self, text: str, *, wait: bool = True) -> Message:
        """The channel says something, which is forwarded to its discussion group if it has one."""
        post = await self.receives({"sender_chat": self.json, **words(text)}, kind="channel_post", wait=wait)
        if self.discussion is not None:
            await self.discussion.receives(self._forward(post), wait=wait)
        return post

    async def edits(self, post: Message, text: str, *, wait: bool = True) -> None:
        """The channel changes the words of a post."""
        post.change(words(text), None)
        if self.bot_reads(post):
            await self.world.deliver("edited_channel_post", post.json, wait=wait)

    def _forward(self, post: Message) -> Json:
        origin = {"type": "channel", "chat": self.json, "message_id": post.id, "date": post.json["date"]}
        said: Json = {key: post.json[key] for key in ("text", "entities", "caption", "photo") if key in post.json}
        return {
            "from": SERVICE,
            "sender_chat": self.json,
            "forward_origin": origin,
            "is_automatic_forward": True,
            **said,
        }


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
        return await self._sends({**words(text), **_in(topic, to or self), **_replying(reply_to)}, to, wait=wait)

    async def names(
        self, users: Mapping[str, Json], text: str, *, to: Chat, topic: int | None = None, wait: bool = True
    ) -> Message:
        """Write a text in a group that names users without a username: by these words of it."""
        return await self._sends({**words(text, mentions=users), **_in(topic, to)}, to, wait=wait)

    async def says_as(
        self, chat: Chat, text: str, *, to: Group, topic: int | None = None, wait: bool = True
    ) -> Message:
        """Write in a group under its own name, as an anonymous administrator, or under a channel's."""
        return await self._sends({**_as(chat), **words(text), **_in(topic, to)}, to, wait=wait)

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
        return await self._sends({**content, **_in(topic, to or self)}, to, wait=wait)

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
        key = self._key(label)
        if "request_chat" in key:
            raise Unmet(f"The key {label!r} asks for a chat: pick one")
        if key["request_location"] != (at is not None):
            raise Unmet(f"The key {label!r} shares a place: say where" if at is None else f"{label!r} shares no place")
        self._closes_keys()
        return await (self.says(label, wait=wait) if at is None else self.shares_place(*at, wait=wait))

    async def picks(self, label: str, place: Place, *, wait: bool = True) -> Message:
        """Press a key that asks for a group or a channel, and choose this one of those that are offered then."""
        asked = self._key(label).get("request_chat")
        if asked is None:
            raise Unmet(f"The key {label!r} asks for no chat")
        if reasons := ", ".join(self._misses(asked, place)):
            raise Unmet(f"{label!r} does not offer {place.name}: {reasons}")
        self._closes_keys()
        told = {"title": asked["request_title"], "username": asked["request_username"]}
        shown = {name: place.json[name] for name, wanted in told.items() if wanted and name in place.json}
        shared = {"request_id": asked["request_id"], "chat_id": place.id, **shown}
        return await self._sends({"chat_shared": shared}, None, wait=wait)

    def _key(self, label: str) -> Json:
        keys: list[Json] = [key for row in (self.keys or {"keyboard": []})["keyboard"] for key in row]
        for key in keys:
            if key["text"] == label:
                return key
        labels = ", ".join(repr(key["text"]) for key in keys) or "none"
        raise Unmet(f"{self.name} sees no key {label!r}. The keys: {labels}")

    def _closes_keys(self) -> None:
        if self.keys is not None and self.keys["one_time_keyboard"]:
            self.keys = None

    def _misses(self, asked: Json, place: Place) -> Iterable[str]:
        """What a chat lacks of what is asked for."""
        if asked["chat_is_channel"] != isinstance(place, Channel):
            yield "it is of the other kind"
        if asked.get("chat_is_forum", place.json.get("is_forum", False)) != place.json.get("is_forum", False):
            yield "it is a forum, or is none"
        if asked.get("chat_has_username", "username" in place.json) != ("username" in place.json):
            yield "it has a username, or has none"
        mine = place.members().get(self.id, {"status": "left"})
        if mine["status"] not in (("creator",) if asked.get("chat_is_created") else PRESENT):
            yield f"{self.name} did not make it" if asked.get("chat_is_created") else f"{self.name} is not in it"
        if not _has(mine, asked.get("user_administrator_rights")):
            yield f"{self.name} has not the rights there"
        if asked.get("bot_is_member") and place.bot_is not in PRESENT:
            yield "the bot is not in it"
        if not _has(place.bot_member(), asked.get("bot_administrator_rights")):
            yield "the bot has not the rights there"

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

    async def adds_bot(self, place: Place, *, may: Iterable[str] | None = None, wait: bool = True) -> None:
        """Add the bot to a group: it is told so, and there is a service message. With `may` as an administrator.

        In a channel it is an administrator: with all rights, where `may` says nothing.
        """
        if isinstance(place, Channel) or may is not None:
            self._governs(place)
            await place.sets_bot("administrator", by=self._shown_in(place), may=may, wait=wait)
        else:
            await place.sets_bot("member", by=self._shown_in(place), wait=wait)
        if isinstance(place, Group):
            await place.receives({**self._writes_in(place), "new_chat_members": [self.world.bot]}, wait=wait)

    async def promotes_bot(self, place: Place, *, may: Iterable[str] = (), wait: bool = True) -> None:
        """Make the bot an administrator with these rights, none of them needed, or change those that it has."""
        self._governs(place)
        await place.sets_bot("administrator", by=self._shown_in(place), may=may, wait=wait)

    async def demotes_bot(self, group: Group, *, wait: bool = True) -> None:
        """Let the bot be a mere member again."""
        self._governs(group)
        await group.sets_bot("member", by=self._shown_in(group), wait=wait)

    async def mutes_bot(self, group: Group, *, wait: bool = True) -> None:
        """Take from the bot the right to write."""
        self._governs(group)
        await group.sets_bot("restricted", by=self._shown_in(group), wait=wait)

    async def removes_bot(self, place: Place, *, wait: bool = True) -> None:
        """Put the bot out. Of a small group it still sees the service message."""
        self._governs(place)
        if place.json["type"] == "group":
            await place.receives({**self._writes_in(place), "left_chat_member": self.world.bot}, wait=wait)
        await place.sets_bot("kicked", by=self._shown_in(place), wait=wait)

    async def opens(self, link: str, *, to: Place | None = None, wait: bool = True) -> Message | None:
        """Open a link to the bot. One that adds it asks `to` where; one that starts it gives what is sent then."""
        address = urlsplit(link)
        asked = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        if (
            address.netloc not in {"t.me", "telegram.me"}
            or address.path.lower() != f"/{self.world.bot['username']}".lower()
        ):
            raise Unmet(f"{link} is no link to the bot")
        if not all(re.fullmatch("[A-Za-z0-9_-]{0,64}", asked.get(name, "")) for name in STARTS):
            raise Unmet(f"{link} has a payload that Telegram does not carry")
        if "start" in asked:
            if self.bot_is == "kicked":
                await self.unblocks_bot(wait=wait)
            return await self.says(f"/start {asked['start']}".strip(), wait=wait)
        if ("startchannel" in asked, "startgroup" in asked) != (isinstance(to, Channel), isinstance(to, Group)):
            raise Unmet(f"{link} adds the bot somewhere: say to which group or channel")
        may = {f"can_{right}" for right in asked["admin"].split()} if "admin" in asked else None
        if isinstance(to, Channel):
            await (self.adds_bot if to.bot_is not in PRESENT else self.promotes_bot)(to, may=may or (), wait=wait)
        if not isinstance(to, Group):
            return None
        if to.bot_is not in PRESENT:
            await self.adds_bot(to, may=may, wait=wait)
        elif may is not None:
            await self.promotes_bot(to, may=may, wait=wait)
        payload = "" if asked["startgroup"] == "true" else asked["startgroup"]
        return await self.says(f"/start@{self.world.bot['username']} {payload}".strip(), to=to, wait=wait)

    async def follows(self, press: Press, *, wait: bool = True) -> Message | None:
        """Go where the answer to a press leads."""
        if not (press.answer or {}).get("url"):
            raise Unmet(f"The press was answered with {press.answer}, which opens nothing")
        return await self.opens(press.answer["url"] if press.answer else "", wait=wait)

    def _governs(self, place: Place) -> None:
        mine = place.members().get(self.id, {"status": "left"})
        if mine["status"] not in ADMINS or not _has(mine, {"can_promote_members": True}):
            raise Unmet(f"{self.name} may not say how the bot stands in {place.name}")

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
        return await place.receives({**self._writes_in(place), **content}, wait=wait)

    def _writes_in(self, place: Chat) -> Mapping[str, Json]:
        """Who a message there is from: of an anonymous administrator, the group."""
        mine = place.members().get(self.id, {}) if isinstance(place, Group) else {}
        return _as(place) if mine.get("is_anonymous") else {"from": self.user}

    def _shown_in(self, place: Chat) -> Json:
        return self._writes_in(place)["from"]

    def _may_write(self, content: Json, group: Group) -> None:
        mine = group.members().get(self.id, {"status": "left"})
        if mine["status"] not in PRESENT or group.moved_to is not None:
            raise Unmet(f"{self.name} is not in {group.name}")
        only_by_admins = content.get("sender_chat") is group.json or content.get("message_thread_id") in group.closed
        if (only_by_admins or group.muted) and mine["status"] not in ADMINS:
            raise Unmet(f"{self.name} is no administrator of {group.name}")
        if not mine.get("can_send_messages", True):
            raise Unmet(f"{self.name} may not write in {group.name}")

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


def _in(topic: int | None, place: Chat) -> Json:
    """A message in a topic replies to how that began, unless it replies to another."""
    if topic is None:
        return {}
    began = {"reply_to_message": place.messages[topic].quoted()} if topic in place.messages else {}
    return {"message_thread_id": topic, "is_topic_message": True, **began}


def _replying(to: Message | None) -> Json:
    """A reply. In a supergroup it is of a thread, though that be no topic."""
    if to is None:
        return {}
    thread = {"message_thread_id": to.json.get("message_thread_id", to.id)}
    if to.json.get("is_topic_message"):
        thread["is_topic_message"] = True
    return {"reply_to_message": to.quoted(), **(thread if to.chat.json["type"] == "supergroup" else {})}


def _has(mine: Json, rights: Json | None) -> bool:
    """Say whether a ChatMember has all of these ChatAdministratorRights."""
    wanted = [right for right, is_wanted in (rights or {}).items() if is_wanted]
    return rights is None or mine["status"] == "creator" or all(mine.get(right) for right in wanted)


def _as(chat: Chat) -> Mapping[str, Json]:
    """Who a message is from that bears the name of a group or a channel."""
    return {"from": GROUP_ANONYMOUS_BOT if isinstance(chat, Group) else CHANNEL_BOT, "sender_chat": chat.json}
