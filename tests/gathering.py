"""Several people, a group, a channel and the bot, all in one process: what they do, line by line, and what comes of it.

Rules that hold here: the bot is the real one, from the updates that it fetches to the calls that it makes; only
Telegram, the clock and chance are stand-ins. What the bot does is told in the order of its calls, by the names of its
lines, and by where that is seen.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from telegram import Bot
from typing_extensions import override

from bot.adapters.delivery import Delivery
from bot.adapters.directory import TelegramDirectory
from bot.adapters.edits import Edits
from bot.adapters.intake import Intake
from bot.adapters.sieve import Sieve
from bot.adapters.telegram_bot import UPDATES, TelegramBot
from bot.adapters.transport import AiohttpRequest
from bot.circles import Circles
from bot.core.lines import Label, Line
from bot.core.model import Reply
from bot.nudges import Nudges
from bot.prompts import Prompts
from bot.respond import Responder
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.botapi import Call, Channel, Chat, Group, Message, Person, Place, Press, Server, Unmet
from tests.botapi.chats import PRESENT, Standing
from tests.botapi.offline import Offline
from tests.botapi.updates import Json
from tests.dialects import ENGLISH, Dialect
from tests.person import RING, Clock

GROUP, FORUM = -5_005, -1_000_000_005_005
CHANNEL, MODERATORS = -1_000_000_006_006, -1_000_000_007_007

TITLES: Final = {"group": "Evening circle", "moderators": "Moderators", "channel": "Quiet hour"}
UNITS: Final = {"minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}
PLACES: Final = r"(?:the )?(group|channel|moderators)"
SENT: Final = {
    "sendMessage": "",
    "sendPhoto": " (a picture)",
    "sendAnimation": " (a picture)",
    "sendDocument": " (a file)",
}


@dataclass(frozen=True, slots=True)
class Noting(Prompts):
    """The same prompts, which remember of which lines a message was made."""

    said: dict[str, Reply] = field(default_factory=dict)

    @override
    def text(self, reply: Reply) -> str:
        words = Prompts.text(self, reply)
        self.said[words] = reply
        return words


class Gathering:
    """The people are an admin, a moderator, a member and another; the bot is in none of their places yet.

    Its calls go over HTTP, or else straight to the stand-in, which is quicker.
    """

    def __init__(self, folder: Path, *, over_http: bool = False, dialect: Dialect = ENGLISH) -> None:
        self.clock = Clock()
        self.dialect = dialect
        self._folder = folder
        self._telegram = Server(now=self.clock)
        self._offline = None if over_http else Offline(self._telegram.world)
        self.calls = self._telegram.calls if self._offline is None else self._offline.calls  # by what was done last
        self.prompts = Noting(dialect.prompts.content, dialect.prompts.lines)
        self._seed = count(1).__next__
        names = ("admin", "moderator", "member", "other")
        self._people = {name: self._telegram.person(100 + n, name.title()) for n, name in enumerate(names, start=1)}
        self._places: dict[str, Place] = {}
        self._topics: dict[str, int] = {}
        self._newest: dict[str, Message] = {}  # of each person's messages, by their name
        self._press: dict[str, Press] = {}
        self._life = AsyncExitStack()

    @asynccontextmanager
    async def meeting(self) -> AsyncIterator[None]:
        """Let the bot live while the body runs."""
        everyone: dict[Person, Standing] = dict.fromkeys(self._people.values(), "member")
        everyone[self._people["admin"]] = "creator"
        team = {self._people[name]: everyone[self._people[name]] for name in ("admin", "moderator")}
        self._places = {
            "group": self._telegram.group(FORUM, TITLES["group"], everyone, bot="left"),
            "moderators": self._telegram.group(MODERATORS, TITLES["moderators"], team, bot="left"),
            "channel": self._telegram.channel(CHANNEL, TITLES["channel"], everyone, bot="left"),
        }
        async with AsyncExitStack() as closing, AsyncExitStack() as self._life:
            if self._offline is None:
                await closing.enter_async_context(self._telegram)
            await self._life.enter_async_context(self._living())
            yield

    @staticmethod
    def can_do(line: str) -> bool:
        """Whether a line says what someone does, or what happens."""
        return any(re.fullmatch(pattern, line) for pattern, _ in DEEDS)

    async def does(self, line: str) -> list[str]:
        """Do what a line says, and tell what the bot does then. Raise Unmet where it cannot be done."""
        found, do = next((found, do) for pattern, do in DEEDS if (found := re.fullmatch(pattern, line)))
        self.calls.clear()
        await do(self, *found.groups())
        await asyncio.gather(*self.us.edits._tasks)  # noqa: SLF001 - what was put is made at once here
        return [*self._told()] or ["(silence)"]

    # --- the bot -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[None]:
        bot = Bot(
            self._telegram.token,
            f"{self._telegram.url}/bot",
            request=self._offline or AiohttpRequest(),
            get_updates_request=self._offline or AiohttpRequest(),
        )
        stop, waits = asyncio.Event(), PausingClock()
        async with Store.open(self._folder, RING) as store:
            content, directory = self.dialect.prompts.content, TelegramDirectory(bot)
            responder = Responder(content, store, RING.buttons, clock=self.clock, seed=self._seed, directory=directory)
            us = self.us = TelegramBot(bot, Delivery(bot, waits.pause, now=waits.now), responder, self.prompts)
            us.edits = Edits(us.outbox.edit, waits.pause)
            circles = Circles(store, responder, us.outbox, self.clock, content, kept=responder.rooms.put)
            self._nudges = Nudges(store, responder, us.outbox, self.clock, content, circles=circles)
            self._store = store
            async with us.application() as app, us.edits.beside(), asyncio.TaskGroup() as tasks:
                sieve = Sieve(bot, responder.rooms.hears)
                await responder.rooms.ready()
                tasks.create_task(Intake(bot, app.process_update, stop, sieve.lets).run(UPDATES))
                yield
                stop.set()

    async def restarts(self) -> None:
        """The bot goes down and comes up again, with nothing in its memory."""
        await self._life.aclose()
        await self._life.enter_async_context(self._living())

    async def passes(self, number: str, unit: str) -> None:
        """Let time pass; what is due by the clock is done at its time."""
        end = self.clock.at + int(number) * UNITS[unit]
        while self.clock.at < end:
            due = await self._store.next_due_at(), await self._store.next_room_due_at()
            self.clock.at = min(max(min((at for at in due if at is not None), default=end), self.clock.at + 60), end)
            await self._nudges.round()

    # --- who does what -----------------------------------------------------------------------------------------

    async def says(self, name: str, where: str, text: str) -> None:
        """Someone writes in a place, in one of the group's topics, or to the bot alone."""
        person, words = self._person(name), self._words(text)
        users = {f"@{one.name}": one.user for one in self._people.values() if f"@{one.name}" in words}
        if where == "privately":
            self._newest[name] = await person.says(words)
            return
        place, topic = self._place(where)
        self._newest[name] = await person.names(users, words, to=place, topic=topic)

    async def says_as_channel(self, name: str, where: str, text: str) -> None:
        """Someone writes in the name of the channel."""
        place, topic = self._place(where)
        if not isinstance(place, Group):
            raise Unmet(f"In {place.name} nobody writes in another name")
        await self._person(name).says_as(self._places["channel"], self._words(text), to=place, topic=topic)

    async def replies(self, name: str, where: str, text: str) -> None:
        """Someone answers the bot's latest message there."""
        person = self._person(name)
        place: Chat = person if where == "privately" else self._place(where)[0]
        self._newest[name] = await person.says(self._words(text), to=place, reply_to=place.latest())

    async def forwards(self, name: str, where: str, text: str) -> None:
        """Someone passes on what another wrote elsewhere."""
        place = None if where == "privately" else self._place(where)[0]
        await self._person(name).forwards(self._words(text), written_by="Someone", to=place)

    async def edits(self, name: str, text: str) -> None:
        """Someone changes their latest message."""
        await self._person(name).edits(self._newest[name], self._words(text))

    async def sends_a_picture(self, name: str, where: str, caption: str) -> None:
        """Someone sends a picture with words."""
        place, topic = (None, None) if where == "privately" else self._place(where)
        await self._person(name).sends("photo", caption=self._words(caption), to=place, topic=topic)

    async def presses(self, name: str, label: str) -> None:
        """Someone presses the newest button that says so, of those that they can see."""
        person = self._person(name)
        message, words = self._newest_with(person, label)
        self._press[name] = await person.presses_button(message, words)

    async def presses_anothers(self, name: str, label: str, whose: str) -> None:
        """Someone sends the press of a button in another's private chat: only a forged client can."""
        person = self._person(name)
        message, words = self._newest_with(self._person(whose), label)
        data = message.button(words)["callback_data"]
        self._press[name] = await person.presses_data(data, message=(person.hears() or [message])[-1])

    async def presses_again(self, name: str, label: str) -> None:
        """Someone presses a button that was there once."""
        person = self._person(name)
        message, words = self._newest_with(person, label, ever=True)
        data = message.button(words, ever=True)["callback_data"]
        self._press[name] = await person.presses_data(data, message=message)

    async def goes_there(self, name: str) -> None:
        """Someone follows the link that the answer to their press was."""
        await self._person(name).follows(self._pressed(name))

    async def goes_where_another_may(self, name: str, whose: str) -> None:
        """Someone follows a link that was made for another."""
        await self._person(name).follows(self._pressed(whose))

    async def opens(self, name: str, label: str, where: str | None) -> None:
        """Someone opens the newest link that says so."""
        person = self._person(name)
        message, words = self._newest_with(person, label)
        link = message.button(words)["url"]
        if link.startswith("https://t.me/c/"):
            return  # it leads to a message, and the bot does not hear of it
        await person.opens(link, to=None if where is None else self._places[where])

    async def picks(self, name: str, where: str, label: str) -> None:
        """Someone chooses a place, as a key below the field asks for."""
        await self._person(name).picks(self.dialect.of(label), self._places[where])

    async def uses_key(self, name: str, label: str) -> None:
        """Someone presses a key below the field, which types its words."""
        await self._person(name).uses_key(self.dialect.of(label))

    # --- what happens ------------------------------------------------------------------------------------------

    async def adds_bot(self, name: str, as_admin: str | None, where: str | None) -> None:
        await self._person(name).adds_bot(self._places[where or "group"], may=() if as_admin else None)

    async def is_on(self, for_members: str | None) -> None:
        """An admin has added the bot and said yes; and set that it may notice members who agree."""
        words = ENGLISH.prompts.content.labels
        await self.adds_bot("admin", None, None)
        await self.presses("admin", words[Label.SET_IT_UP])
        await self.goes_there("admin")
        await self.presses("admin", words[Label.ROOM_ON])
        if for_members:
            await self.presses("admin", words[Label.ROOM_NOTICING])
            await self.presses("admin", words[Label.NOTICING_MEMBERS])
            await self.makes_bot("admin", "an admin")
        self.calls.clear()

    async def makes_bot(self, name: str, standing: str) -> None:
        group = self._group()
        person = self._person(name)
        await (person.promotes_bot(group) if standing == "an admin" else person.demotes_bot(group))

    async def mutes_bot(self, name: str) -> None:
        await self._person(name).mutes_bot(self._group())

    async def removes_bot(self, name: str, where: str | None) -> None:
        await self._person(name).removes_bot(self._places[where or "group"])

    async def becomes(self, name: str, standing: str) -> None:
        kind: Standing = "member" if standing == "no admin any more" else "administrator"
        self._group().sets(self._person(name), kind, anonymous="unnamed" in standing)

    async def leaves(self, name: str) -> None:
        await self._group().loses(self._person(name))

    async def joins(self, name: str) -> None:
        await self._group().takes_in(self._person(name))

    async def starts(self, name: str) -> None:
        await self._person(name).says("/start")

    async def blocks(self, name: str) -> None:
        await self._person(name).blocks_bot()

    async def posts(self, text: str) -> None:
        channel = self._places["channel"]
        assert isinstance(channel, Channel)
        await channel.posts(text)

    async def is_small(self) -> None:
        """The group is none of those that Telegram calls a supergroup."""
        everyone = self._group().members()
        group = self._telegram.group(GROUP, self._group().name, {}, bot="left")
        for person in self._people.values():
            group.sets(person, everyone[person.id]["status"])
        self._places["group"] = group

    async def grows(self, untold: str | None) -> None:
        self._places["group"] = await self._group().becomes_supergroup(FORUM - 1, told=not untold)

    async def has_topics(self, topics: str) -> None:
        group = self._group()
        group.json["is_forum"] = True
        self._topics |= {name: group.opens_topic(name) for name in re.findall('"([^"]+)"', topics)}

    async def has_no_privacy_mode(self) -> None:
        self._telegram.world.privacy = False

    async def is_the_discussion(self) -> None:
        channel = self._places["channel"]
        assert isinstance(channel, Channel)
        channel.discussion = self._group()

    # --- what the bot does -------------------------------------------------------------------------------------

    def _told(self) -> Iterator[str]:
        for call in self.calls:
            if call.refusal is None:
                yield from self._line_of(call)

    def _line_of(self, call: Call) -> Iterator[str]:
        asked = call.parameters
        match call.method:
            case "answerCallbackQuery":
                if asked.get("text"):
                    yield f"(note: {self._keys(asked['text'])})"
                if asked.get("url"):
                    yield "(opens a private chat)"
            case "deleteMessage":
                message = self._chat(asked).messages[int(asked["message_id"])]
                yield f"{self._where(asked)}, deleted: {self._keys(message.text)}"
            case "editMessageReplyMarkup" if isinstance(self._chat(asked), Place):
                message = self._chat(asked).messages[int(asked["message_id"])]
                yield f"{self._where(asked)}, without its buttons: {self._keys(message.text)}"
            case "leaveChat":
                yield f"{self._where(asked)}: (the bot leaves)"
            case "editMessageText":
                yield f"{self._where(asked)}, changed: {self._keys(asked['text'])}{self._buttons(asked)}"
            case method if method in SENT:
                yield f"{self._where(asked)}: {self._keys(_said(asked))}{SENT[method]}{self._buttons(asked)}"

    def _keys(self, words: str) -> str:
        reply = self.prompts.said.get(words)
        if reply is None:
            return words
        total = reply.slots.get("total")
        return " + ".join(f"{key} ({total})" if key is Line.CIRCLE_TOTAL else key for key in reply.keys)

    def _buttons(self, asked: Json) -> str:
        reply = self.prompts.said.get(_said(asked))
        buttons = [] if reply is None else [button for row in reply.buttons for button in row]
        named = {self.prompts.label(button): button.words or str(button.label) for button in buttons}
        markup = json.loads(asked.get("reply_markup", "{}"))
        rows = markup.get("inline_keyboard", markup.get("keyboard", []))
        texts = (button["text"] for row in rows for button in row)
        return "".join(f" [{self.dialect.back(named.get(text, text))}]" for text in texts)

    def _where(self, asked: Json) -> str:
        chat = self._chat(asked)
        named: Mapping[str, Chat] = {**self._people, **self._places}
        name = next((name for name, one in named.items() if one is chat), str(chat))
        topic = next(
            (title for title, thread in self._topics.items() if str(thread) == str(asked.get("message_thread_id"))), ""
        )
        return f'{name} "{topic}"' if topic else name

    def _chat(self, asked: Json) -> Chat:
        return self._telegram.world.chats[int(asked["chat_id"])]

    # --- what people see ---------------------------------------------------------------------------------------

    def _seen_by(self, person: Person) -> Iterator[Message]:
        """The bot's messages that someone sees, the newest first."""
        nobody = {"status": "left"}
        places = [one for one in self._places.values() if one.members().get(person.id, nobody)["status"] in PRESENT]
        seen = [message for chat in (person, *places) for message in chat.shows()]
        yield from sorted(seen, key=lambda message: message.order, reverse=True)

    def _newest_with(self, person: Person, label: str, *, ever: bool = False) -> tuple[Message, str]:
        """The newest message with a button that says so, or that says so before a colon; and all that it says."""
        for message in self._seen_by(person):
            keyboards = message.keyboards if ever else message.keyboards[-1:] if message.buttons else []
            for words in (button["text"] for rows in keyboards for row in rows for button in row):
                told = self.dialect.back(words)
                if told == label or told.startswith(f"{label}:"):
                    return message, words
        raise Unmet(f"{person.name.lower()} sees no button {label!r}")

    def _person(self, name: str) -> Person:
        if name not in self._people:
            raise Unmet(f"There is no {name}: there are {', '.join(self._people)}")
        return self._people[name]

    def _pressed(self, name: str) -> Press:
        if name not in self._press:
            raise Unmet(f"{name} has pressed nothing")
        return self._press[name]

    def _group(self) -> Group:
        group = self._places["group"]
        assert isinstance(group, Group)
        return group

    def _place(self, where: str) -> tuple[Place, int | None]:
        """A place, and a topic of the group where it is named."""
        topic = where.removeprefix('in "').removesuffix('"')
        if topic in self._topics:
            return self._group(), self._topics[topic]
        found = re.fullmatch(f"in {PLACES}", where)
        if found is None:
            raise Unmet(f"There is no such place: {where}")
        return self._places[found[1]], None

    def _words(self, text: str) -> str:
        """What is written, with the bot's own name, and with those of people as they bear them."""
        for name, person in self._people.items():
            text = re.sub(rf"@{name}\b", f"@{person.name}", text)
        return re.sub(r"@bot\b", f"@{self._telegram.world.bot['username']}", text)


def _said(asked: Json) -> str:
    return str(asked.get("text", asked.get("caption", "")))


_SAYS: Final = r'(in (?:the )?\w+|in "[^"]+"|privately)'
DEEDS: Final[tuple[tuple[str, Callable[..., Awaitable[None]]], ...]] = (
    (rf"> (\w+) as the channel {_SAYS}: (.+)", Gathering.says_as_channel),
    (rf"> (\w+) replies {_SAYS}: (.+)", Gathering.replies),
    (rf"> (\w+) forwards {_SAYS}: (.+)", Gathering.forwards),
    (rf"> (\w+) sends a picture {_SAYS}: (.+)", Gathering.sends_a_picture),
    (r"> (\w+) edits: (.+)", Gathering.edits),
    (rf"> (\w+) {_SAYS}: (.+)", Gathering.says),
    (r"> (\w+) presses \[(.+)\]", Gathering.presses),
    (r"> (\w+) presses \[(.+)\] again", Gathering.presses_again),
    (r"> (\w+) presses \[(.+)\] of (\w+)", Gathering.presses_anothers),
    (r"> (\w+) goes there", Gathering.goes_there),
    (r"> (\w+) goes there instead of (\w+)", Gathering.goes_where_another_may),
    (rf"> (\w+) opens \[(.+)\](?: for {PLACES})?", Gathering.opens),
    (rf"> (\w+) picks {PLACES} by \[(.+)\]", Gathering.picks),
    (r"> (\w+) uses the key \[(.+)\]", Gathering.uses_key),
    (rf"\((\w+) adds the bot( as an admin)?(?: to {PLACES})?\)", Gathering.adds_bot),
    (r"\(the bot is on in the group(, for members who agree)?\)", Gathering.is_on),
    (r"\((\w+) makes the bot (an admin|a member)\)", Gathering.makes_bot),
    (r"\((\w+) mutes the bot\)", Gathering.mutes_bot),
    (rf"\((\w+) removes the bot(?: from {PLACES})?\)", Gathering.removes_bot),
    (r"\((\w+) is (an admin|an unnamed admin|no admin any more)\)", Gathering.becomes),
    (r"\((\w+) leaves\)", Gathering.leaves),
    (r"\((\w+) joins\)", Gathering.joins),
    (r"\((\w+) has started the bot\)", Gathering.starts),
    (r"\((\w+) blocks the bot\)", Gathering.blocks),
    (r"\(the channel posts: (.+)\)", Gathering.posts),
    (r"\(the group is small\)", Gathering.is_small),
    (r"\(the group becomes a supergroup(, and the bot is not told)?\)", Gathering.grows),
    (r"\(the group has the topics (.+)\)", Gathering.has_topics),
    (r"\(the group is the channel's discussion\)", Gathering.is_the_discussion),
    (r"\(privacy mode is off\)", Gathering.has_no_privacy_mode),
    (r"\((\d+) (minute|hour|day)s? later\)", Gathering.passes),
    (r"\(restart\)", Gathering.restarts),
)
"""What a line may say, the first that fits."""
