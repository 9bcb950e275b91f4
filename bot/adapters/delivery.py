"""Telegram's calls out: what is done when one of them fails.

Rules that hold here: what may have arrived is sent again for a danger card or a reply, since a double line beats
silence, and never for a broadcast; what Telegram refuses because someone or something has gone is no error; told to
wait, the bot waits; an edit that cannot be is no error, since its words can go as a new message. No id and no text is
in an error of this module or in the log.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import structlog
from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.adapters.lanes import FREE_RATE, Lanes, Ticket
from bot.adapters.transport import NotSentError
from bot.core.model import Document, Lane
from bot.log import failure
from bot.metrics import LIMITED, RETRIES, SENDS, WAITING

if TYPE_CHECKING:
    from telegram import Bot

T = TypeVar("T")

PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try, half as long to half as long again, where Telegram names no time itself."""

URGENT_TRIES: Final = 225
"""How often a danger card that certainly did not leave is tried again after that, with the last pause: for an hour."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a call waits because Telegram says so. Told to wait longer, it is given up."""

CHATS_IN_A_ROW: Final = 3
"""So many private chats refused one after the other, with nothing let through in between: it is not about a chat."""

UNCHANGED: Final = ("message is not modified",)

TOPIC_GONE: Final = ("message thread not found", "topic_closed", "topic_deleted")

NOTHING_TO_DO: Final = (
    *TOPIC_GONE,
    *UNCHANGED,
    "chat not found",
    "group chat was deactivated",
    "channel_private",
    "peer_id_invalid",
    "not enough rights to send",
    "have no rights to send",
    "need administrator rights in the channel chat",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_admin_required",
    "chat_send_plain_forbidden",
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message can't be deleted",
    "message_id_invalid",
    "query is too old",
    "query_id_invalid",
)
"""How Telegram's refusals begin that are no error: someone or something has gone, or all is done already."""

_COUNTED_AS: Final = {
    Lane.DANGER: "reply",  # a count of its own would tell the minute in which someone was in danger
    Lane.REPLY: "reply",
    Lane.BROADCAST: "broadcast",
}
_SENDS: Final = tuple(SENDS.labels(_COUNTED_AS[lane]) for lane in Lane)
_WAITING: Final = tuple(WAITING.labels(_COUNTED_AS[lane]) for lane in Lane)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture, as PNG."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    """A moving picture, as MP4 or GIF. By its `name` Telegram is told of it again, once it has it."""

    name: str
    content: bytes


Media = Photo | Clip | Document
Markup = Mapping[str, object]
"""Buttons, as Telegram's JSON has them."""

_NO_PREVIEW: Final = {"is_disabled": True}


async def _unheard(_: int, __: int) -> None: ...


class Delivery:
    """Calls to Telegram that get through if they can, the urgent ones first.

    Where the person, the chat, the message or the press has gone, or the bot may not write, a call gives None. It
    raises NotSentError or NetworkError for a network that stays away (the latter where the call may have arrived),
    RetryAfter where Telegram wants a longer wait than `LONGEST_WAIT`, and TelegramError for any other refusal.

    `rate`: messages a second over all; above what is free, Telegram takes its fee. `moved` is told of a group that
    got another id, the old one first, and is waited for. `now` is a clock in seconds that never goes back, `pause`
    waits for so many of its seconds, and `jitter` draws from 0 to 1.
    """

    def __init__(  # noqa: PLR0913 - clock and chance are handed in
        self,
        bot: Bot,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: 0.5,
        rate: int = FREE_RATE,
        moved: Callable[[int, int], Awaitable[None]] = _unheard,
    ) -> None:
        self._bot = bot
        self._jitter = jitter
        self._paid = rate > FREE_RATE or None
        self.moved = moved
        self._now = now
        self._pause = pause
        self._lanes = Lanes(rate)
        self._clips: dict[str, str] = {}  # by name, the ids that Telegram gave them
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._refused: set[int] = set()  # chats told to wait, since a message last got through
        self._looking = False
        self._timer: asyncio.Task[None] | None = None
        self._due = math.inf  # when the timer ends
        self._given_up = False  # broadcasts wait no more
        self._closed = False  # takes no more
        self._ended = False  # nothing waits any more
        self._unfinished = 0
        self._finished = asyncio.Event()

    async def send(  # noqa: PLR0913 - what is sent, and where
        self,
        chat: int,
        text: str,
        markup: Markup | None = None,
        *,
        thread: int | None = None,
        lane: Lane = Lane.REPLY,
        media: Media | None = None,
    ) -> int | None:
        """Send plain text, without previews of links, and give the message's id.

        With `media` it is their caption, of at most 1024 characters. Where Telegram refuses a picture, the words go
        alone: they say the same. Without their file they would promise what is not there, so they do not go either.
        A message whose topic was closed or deleted goes to the group itself, but a broadcast does not: it goes only
        where admins want it.
        """

        async def post(place: int) -> int:
            return await self._post(place, text, markup, thread, media)

        def is_mended(error: TelegramError) -> bool:
            nonlocal thread, media
            if thread is not None and lane is not Lane.BROADCAST and _says(error, TOPIC_GONE):
                thread = None
                return True
            if isinstance(media, Photo | Clip) and isinstance(error, BadRequest):
                media = self._instead(media, error)
                return True
            return False

        return await self._in_turn(chat, lane, post, is_mended, tried_as=lane)

    async def _post(self, chat: int, text: str, markup: Markup | None, thread: int | None, media: Media | None) -> int:
        """Send a message once, and give its id."""
        method, own = self._method(text, media)
        message = await self._call(
            method,
            chat_id=chat,
            reply_markup=markup,
            message_thread_id=thread,
            allow_paid_broadcast=self._paid,
            **own,
        )
        if isinstance(media, Clip) and "animation" in message:
            self._clips[media.name] = message["animation"]["file_id"]
        return int(message["message_id"])

    def _method(self, text: str, media: Media | None) -> tuple[str, Mapping[str, object]]:
        match media:
            case None:
                return "sendMessage", {"text": text, "link_preview_options": _NO_PREVIEW}
            case Photo(content):
                return "sendPhoto", {"caption": text, "photo": InputFile(content, "walk.png")}
            case Clip(name, content):
                clip = self._clips.get(name) or InputFile(content, name)
                return "sendAnimation", {"caption": text, "animation": clip}
            case Document(name, content):
                return "sendDocument", {"caption": text, "document": InputFile(content, name)}

    def _instead(self, media: Photo | Clip, error: BadRequest) -> Photo | Clip | None:
        """What is sent after a refusal: a clip whose id is known no more goes up again, and else nothing."""
        if isinstance(media, Clip) and self._clips.pop(media.name, None) is not None:
            return media
        log.warning("picture refused", **failure(error))
        return None

    async def edit(
        self,
        chat: int,
        message_id: int,
        text: str,
        markup: Markup | None = None,
        *,
        lane: Lane = Lane.REPLY,
    ) -> bool:
        """Put plain text and buttons in place of those of a message, and say whether they stand there now.

        What may have arrived is tried again in every lane: an edit does no more the second time.
        """

        async def edited(place: int) -> bool:
            try:
                await self._call(
                    "editMessageText",
                    chat_id=place,
                    message_id=message_id,
                    text=text,
                    reply_markup=markup,
                    link_preview_options=_NO_PREVIEW,
                )
            except (BadRequest, ChatMigrated) as error:  # a message has another id where its group has
                return _says(error, UNCHANGED)
            return True

        return bool(await self._in_turn(chat, lane, edited, tried_as=Lane.REPLY))

    async def take_buttons(self, chat: int, message_id: int) -> None:
        """Take the buttons away from a message."""
        await self._insist(chat, lambda: self._call("editMessageReplyMarkup", chat_id=chat, message_id=message_id))

    async def answer(self, query_id: str, text: str = "", url: str = "") -> None:
        """Answer a press, so that its button stops waiting; `text` (0 to 200 characters) shows for a moment.

        `url`, a link to the bot's private chat, opens for whoever pressed, and for nobody else.
        """
        await self._insist(None, lambda: self._bot.answer_callback_query(query_id, text or None, url=url or None))

    async def delete(self, chat: int, message_id: int) -> None:
        """Delete a message of the bot's own, which Telegram allows for 48 hours."""
        await self._insist(chat, lambda: self._bot.delete_message(chat, message_id))

    async def leave(self, chat: int) -> None:
        """Leave a group or channel."""
        await self._insist(chat, lambda: self._bot.leave_chat(chat))

    def give_up_broadcasts(self) -> None:
        """Raise NotSentError where a broadcast waits for its turn, or will have to."""
        self._given_up = True
        self._give_up(_closing, lambda ticket: ticket.lane is Lane.BROADCAST)

    async def close(self, grace: float) -> None:
        """Take no more messages, give waiting broadcasts up, and finish the rest within `grace` seconds.

        What is not finished then, or comes later, raises NotSentError where it waits to be sent.
        """
        self._closed = True
        self.give_up_broadcasts()
        if self._unfinished:
            ends = [asyncio.ensure_future(self._finished.wait()), asyncio.ensure_future(self._pause(grace))]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
        self._ended = True
        self._give_up(_closing)
        if self._timer is not None:
            self._timer.cancel()

    async def _call(self, method: str, **given: object) -> Any:  # noqa: ANN401 - JSON is any
        """Call a method whose answer is a message, and give that as Telegram's JSON."""
        # Not by the library's own, which read all of it: of an echo's work that is a third, and the id alone is wanted.
        return await self._bot._post(method, given)  # noqa: SLF001

    # --- whose turn it is -----------------------------------------------------------------------------------

    def _ask(self, chat: int, lane: Lane) -> Ticket:
        if self._closed:
            raise _closing()
        self._let(chat)
        self._unfinished += 1
        self._finished.clear()
        _WAITING[lane].inc()
        return self._lanes.ask(chat, lane)

    def _leave(self, ticket: Ticket, since: float) -> None:
        self._lanes.leave(ticket)
        self._look()
        _WAITING[ticket.lane].dec()
        _SENDS[ticket.lane].observe(self._now() - since)
        self._unfinished -= 1
        if not self._unfinished:
            self._finished.set()

    async def _in_turn(
        self,
        chat: int,
        lane: Lane,
        call: Callable[[int], Awaitable[T]],
        is_mended: Callable[[TelegramError], bool] = lambda _: False,
        *,
        tried_as: Lane,
    ) -> T | None:
        """Make a call to a chat when its turn comes, as often as `tried_as` allows, and give what it gives.

        None where there is nothing to do. `is_mended` says of a refusal whether the next call is another, so that it
        can be made at once.
        """
        since, tries = self._now(), _Tries(self._jitter, urgent=tried_as is Lane.DANGER)
        ticket = self._ask(chat, lane)
        try:
            while True:
                await self._turn(ticket)
                try:
                    given = await call(ticket.chat)
                except ChatMigrated as error:
                    tries.another(error)
                    await self.moved(ticket.chat, error.new_chat_id)
                    self._lanes.leave(ticket)
                    ticket = self._lanes.ask(error.new_chat_id, lane)
                except TelegramError as error:
                    pause = 0.0 if is_mended(error) else self._pause_after(error, ticket.chat, tries, tried_as)
                    if pause is None:
                        return None
                    self._lanes.again(ticket, self._now() + pause)
                else:
                    if given:
                        self._refused.clear()
                    return given
        finally:
            self._leave(ticket, since)

    async def _turn(self, ticket: Ticket) -> None:
        if self._ended or (self._given_up and ticket.lane is Lane.BROADCAST):
            raise _closing()
        turn = self._turns[ticket] = asyncio.get_running_loop().create_future()
        self._look()
        try:
            await turn
        finally:
            del self._turns[ticket]

    def _look(self) -> None:
        # A moment later, so that what is asked for by then is weighed together, and a card of two messages stays whole.
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        self._looking = False
        for ticket in self._lanes.turns(self._now()):
            if not self._turns[ticket].done():
                self._turns[ticket].set_result(None)
        due = self._lanes.due()
        if due < self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._due, self._timer = due, asyncio.create_task(self._look_at(due))

    async def _look_at(self, due: float) -> None:
        await self._pause(due - self._now())
        self._due, self._timer = math.inf, None
        self._look()

    def _give_up(self, error: Callable[[], TelegramError], which: Callable[[Ticket], bool] = lambda _: True) -> None:
        for ticket, turn in self._turns.items():
            if which(ticket) and not turn.done():
                turn.set_exception(error())

    # --- what to do after a failure -------------------------------------------------------------------------

    async def _insist(self, chat: int | None, call: Callable[[], Awaitable[object]]) -> None:
        tries = _Tries(self._jitter)
        while True:
            while (wait := self._let(chat)) > 0:
                await self._pause(wait)
            try:
                await call()
            except TelegramError as error:
                pause = self._pause_after(error, chat, tries, Lane.REPLY)
                if pause is None:
                    return
                await self._pause(pause)
            else:
                return

    def _let(self, chat: int | None) -> float:
        """Give the seconds that Telegram wants no call to a chat. Raise RetryAfter where they are too many."""
        wait = self._lanes.held_until(chat) - self._now()
        if wait > LONGEST_WAIT:
            raise RetryAfter(timedelta(seconds=wait))
        return wait

    def _pause_after(self, error: TelegramError, chat: int | None, tries: _Tries, lane: Lane) -> float | None:
        """Give the seconds until the next try, or None where there is nothing to do. Raise what ends the trying."""
        match error:
            case RetryAfter():
                wait = cast("timedelta", error.retry_after).total_seconds()
                self._hold(chat, wait)
                if wait > LONGEST_WAIT:
                    raise error
                tries.another(error)
                return wait
            case Forbidden() | ChatMigrated():
                return None
            case BadRequest():  # which is a NetworkError to the library
                if _says(error, NOTHING_TO_DO):
                    return None
                raise error
            case NetworkError() if lane is not Lane.BROADCAST or isinstance(error, NotSentError):
                return tries.another(error)
        raise error

    def _hold(self, chat: int | None, wait: float) -> None:
        """Send nothing to a chat for so many seconds; nor to any, where it is not about that chat."""
        until = self._now() + wait
        self._lanes.hold(chat, until)
        if chat is not None and chat > 0:  # a group may be in slow mode, for up to an hour, which is its own matter
            self._refused.add(chat)
        about_all = chat is None or len(self._refused) == CHATS_IN_A_ROW
        LIMITED.labels("all" if about_all else "a chat").inc()
        if about_all:
            self._refused.clear()
            self._lanes.hold(None, until)
            log.warning("Telegram wants a pause", seconds=wait)
        if wait > LONGEST_WAIT:
            late = self._now() + LONGEST_WAIT
            self._give_up(
                lambda: RetryAfter(timedelta(seconds=wait)),
                lambda ticket: self._lanes.held_until(ticket.chat) > late,
            )


class _Tries:
    """How often one call was made, and what is told where all was in vain."""

    def __init__(self, jitter: Callable[[], float], *, urgent: bool = False) -> None:
        self._jitter = jitter
        self._pauses = iter(PAUSES)
        self._longer = repeat(PAUSES[-1], URGENT_TRIES if urgent else 0)  # for what cannot come twice
        self._doubt: NetworkError | None = None  # it may have arrived all the same

    def another(self, error: TelegramError) -> float:
        """Give the seconds until the next try, or raise the error that says most."""
        if isinstance(error, NetworkError) and not isinstance(error, NotSentError):
            self._doubt = error
        pause = next(self._pauses, None) or (next(self._longer, None) if self._doubt is None else None)
        if pause is None:
            raise self._doubt or error
        RETRIES.inc()
        return pause * (0.5 + self._jitter())


def _says(error: TelegramError, beginnings: tuple[str, ...]) -> bool:
    return isinstance(error, BadRequest) and error.message.lower().startswith(beginnings)


def _closing() -> NotSentError:
    return NotSentError("The bot is stopping")
