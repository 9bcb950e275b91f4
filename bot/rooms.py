"""Groups and channels at hand: what is kept of them, who of their members agreed to what, and what may be said there.

Rules that hold here: nothing of any message is held; whose rights a change hangs on is asked anew for each; what the
store does not say is taken for not agreed to.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_bytes
from typing import Final, TypeVar

import structlog

from bot.core.copies import replace
from bot.core.facts import Alerted, Consented, Fact, Forgot, Offered, RoomChange, RoomLeft, Withdrew
from bot.core.kept import Purpose, Room
from bot.core.lines import Line
from bot.core.model import Action, Content, Decision, Held, Incoming, Kind, Lane, Opened, Reply, There
from bot.core.ports import Directory, Fate, Sent
from bot.core.room import changed, marked, needs_rights, picks_alerts, ref_of
from bot.core.state import State
from bot.limits import Limits
from bot.log import failure
from bot.pulse import Pulse, Totals
from bot.store import StoreError
from bot.store.store import Store

RENEWED_AFTER: Final = 15 * 60
"""Seconds after which all is read again, since an operator may delete beside this process."""

PATIENCE: Final = 30.0
"""Seconds that the start waits for all that is kept."""

SOON: Final = 1.0
"""Seconds that an answer waits for the store."""

TRIED_AFTER: Final = 10
"""Seconds after which a store that failed is asked again."""

_MOST_MET: Final = 1_000
"""Rooms of which nothing is kept, that someone looked at in private."""
_REF_BYTES: Final = 4

TYPED: Final = {Kind.TEXT, Kind.EDIT, Kind.COMMAND, Kind.MEDIA}
"""What people write, with words or without."""
_LIMITED: Final = {*TYPED, Kind.STANDING}
"""What is answered in a group only so often."""

T = TypeVar("T")

log = structlog.get_logger()


class GoneError(Exception):
    """A room was deleted since it was read."""


class Nobody:
    """A `Directory` where there are no groups: in a terminal."""

    async def admins(self, _: int) -> frozenset[int] | None:
        """Not known."""
        return None

    async def look(self, _: int) -> There | None:
        """Not known."""
        return None


class Rooms:
    """All that is known of groups and channels. `clock` is in seconds since 1970, UTC."""

    def __init__(  # noqa: PLR0913 - clock, chance and keys are handed in
        self,
        store: Store,
        content: Content,
        directory: Directory,
        keys: Callable[[], Sequence[bytes]],
        *,
        clock: Callable[[], int],
        seed: Callable[[], int],
        salt: Callable[[], bytes] = lambda: token_bytes(16),
    ) -> None:
        self._store = store
        self._content = content
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._seed = seed
        self._pulse = Pulse(clock, salt)
        self._totals = Totals(self._pulse, salt)
        self.limits = Limits(clock)
        self._rooms: dict[int, Room] = {}
        self._members: dict[int, set[int]] = {}
        self._apart: dict[int, set[int]] = {}
        self._refs: dict[int, int] = {}
        self._refs_by = b""  # the key that they were made with
        self._met: OrderedDict[int, int] = OrderedDict()  # the same, of rooms of which nothing is kept
        self._former: dict[int, int] = {}  # the id of a supergroup -> the one that it had before it was one
        self._owed: dict[int, RoomChange] = {}  # of how the bot stands in a room, while the store failed
        self._moves: dict[int, int] = {}  # of groups that got another id, likewise or under way
        self._leavers: set[tuple[int, int]] = set()  # who left which group, likewise
        self._is_read = False
        self._due_at = 0  # when it is read again
        self._changes = 0  # that were made here

    # --- what is kept ---------------------------------------------------------------------------------------------

    async def ready(self) -> None:
        """Read what is kept, where that was not done yet."""
        if not self._is_read:
            await self.renew()

    async def renew(self) -> None:
        """Read it again, where that is due."""
        now = self._clock()
        if 0 < self._due_at - now <= RENEWED_AFTER:
            return
        self._due_at = now + TRIED_AFTER
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._read():
                    pass
        except (StoreError, TimeoutError) as error:
            log.error("loading failed", **failure(error))
        else:
            self._is_read, self._due_at = True, now + RENEWED_AFTER

    async def _read(self) -> bool:
        """Whether all was read, and nothing changed meanwhile."""
        changes = self._changes
        rooms = {room.chat: room async for room in self._store.rooms()}
        members = {chat: set(await self._store.members(chat)) for chat in rooms}
        apart = {chat: set(await self._store.apart(chat)) for chat in rooms}
        if changes != self._changes:
            return False
        self._rooms, self._members, self._apart = rooms, members, apart
        self._refs_by = b""
        return True

    def room(self, chat: int) -> Room | None:
        """What is kept of a group or channel."""
        return self._rooms.get(chat)

    def titles(self) -> dict[int, str]:
        """What they are called, by their ids."""
        return {chat: room.title for chat, room in self._rooms.items()}

    def hears(self, chat: int, person: int) -> bool:
        """Whether a message there by this person may be read although it is not for the bot."""
        room = self._rooms.get(chat)
        return room is not None and room.reads_members and person in self._members.get(chat, ())

    def reads(self, incoming: Incoming) -> bool:
        """Whether what is held of the writer of a message there may bear on its answer."""
        there = incoming.there
        room = None if there is None else self.room(there.chat)
        if there is None or room is None or there.unnamed:
            return False
        if incoming.addressed:
            return room.is_on and not room.gone_at
        return not incoming.forwarded and self.hears(there.chat, incoming.person)

    async def save(self, fact: RoomChange | RoomLeft, at: int) -> None:
        """Keep what was changed about a room, or delete all that is kept of it. Raise StoreError where that fails.

        Then all is read again, since it may be done all the same.
        """
        for old, new in tuple(self._moves.items()):
            if new == fact.chat:  # else it would begin anew there
                await self._move(old, new)
        due_at, self._due_at = self._due_at, 0
        match fact:
            case RoomChange(chat=chat):
                try:
                    self.put(await self._store.revise_room(chat, self._revising(self._with_owed(fact), at)))
                except GoneError:
                    self._drop(chat)
            case RoomLeft(chat=chat):
                await self._store.forget_room(chat, at=at)
                self._drop(chat)
        self._owed.pop(fact.chat, None)
        self._due_at = due_at

    def _revising(self, change: RoomChange, at: int) -> Callable[[Room | None], Room]:
        """What makes this change. A room begins with an admin's yes alone: it may have been deleted meanwhile."""

        def revise(before: Room | None) -> Room:
            if before is None and not change.is_on:
                raise GoneError
            return changed(before, change, at=at, zones=self._content.zones, seed=self._seed())

        return revise

    async def _move(self, old: int, new: int) -> None:
        self._moves[old] = new
        self._former[new] = old
        self._carry(old, new)
        await self._store.move_room(old, new, at=self._clock())
        self._moves.pop(old, None)
        if old in self._owed:
            self.owe(replace(self._owed.pop(old), chat=new))
        self._changes += 1
        self._due_at = 0
        await self.renew()

    def _carry(self, old: int, new: int) -> None:
        """Know by its new id what is known of a group, so that it is served however long the store takes."""
        self.limits.carry(old, new)
        room = self._rooms.get(old)
        if room is None:
            return
        for agreed in (self._members, self._apart):
            agreed[new] = agreed.get(new, set()) | agreed.pop(old, set())
        self._rooms.pop(old)
        self.put(self._rooms.get(new) or replace(room, chat=new))

    def owe(self, *facts: Fact) -> None:
        """What could not be kept of how the bot stands in rooms is kept later: it is told once."""
        for fact in facts:
            if isinstance(fact, RoomChange):
                self._owed[fact.chat] = self._with_owed(fact)

    def _with_owed(self, change: RoomChange) -> RoomChange:
        """A change, with what is owed of the same room before it."""
        return replace(self._owed.get(change.chat, change), **change.said)

    async def make_up(self) -> None:
        """Keep what is owed. Raises nothing: what fails stays owed."""
        for old, new in tuple(self._moves.items()):
            await self._tried(self._move(old, new))
        for fact in tuple(self._owed.values()):
            if fact.chat not in self._moves:
                await self._tried(self.save(fact, self._clock()))
        for person, chat in tuple(self._leavers):
            await self._let_leave(person, chat)

    def ids_of(self, chat: int) -> tuple[int, ...]:
        """The id of a group, and the one that it had: a message that was on its way as it moved has buttons of that."""
        return (chat, self._former[chat]) if chat in self._former else (chat,)

    def note(self, person: int, fact: Consented | Withdrew | Forgot) -> None:
        """Know what someone has agreed to, or taken back, for one group or for all."""
        match fact:
            case Consented(purpose=Purpose.GROUP | Purpose.APART as purpose, group=chat):
                self._of(purpose).setdefault(chat, set()).add(person)
                self._leavers.discard((person, chat))  # they are back
            case Withdrew(purpose=Purpose.GROUP | Purpose.APART as purpose, group=chat):
                self._let_go(person, self._of(purpose), chat)
            case Forgot():
                self._let_go(person, self._members)
                self._let_go(person, self._apart)
        self._changes += 1

    @staticmethod
    def _let_go(person: int, agreed: dict[int, set[int]], chat: int = 0) -> None:
        for people in [agreed.get(chat, set())] if chat else agreed.values():
            people.discard(person)

    def _of(self, purpose: Purpose) -> dict[int, set[int]]:
        return self._members if purpose is Purpose.GROUP else self._apart

    def _drop(self, chat: int) -> None:
        self._changes += 1
        self._refs.pop(self._ref(chat), None)
        self._rooms.pop(chat, None)
        self._members.pop(chat, None)
        self._apart.pop(chat, None)
        self._pulse.forget(chat)
        self._totals.forget(chat)

    def put(self, room: Room) -> None:
        """Know what is kept of a room now."""
        self._changes += 1
        self._rooms[room.chat] = room
        self._refs[self._ref(room.chat)] = room.chat

    # --- what a message is in, or about -----------------------------------------------------------------------------

    def about(self, state: State) -> There | None:
        """The room that a button brings, by its state, or None where it brings none."""
        key = self._keys()[0]
        if key != self._refs_by:
            self._refs_by, self._refs = key, {self._ref(chat): chat for chat in self._rooms}
        chat = self._refs.get(ref_of(state), self._met.get(ref_of(state)))
        return None if chat is None or state != marked(ref_of(state)) else There(chat)

    def seen(self, there: There, person: int) -> There:
        """The same with what is kept of the room, and of what this person agreed to."""
        room, chat = self.room(there.chat), there.chat
        return replace(
            there,
            ref=self._ref(chat),
            title=there.title or ("" if room is None else room.title),
            is_channel=there.is_channel or (room is not None and room.is_channel),
            room=room,
            is_agreed=person in self._members.get(chat, ()),
            is_apart=person in self._apart.get(chat, ()),
            may_card=self.limits.may_card(chat),
            week=self._pulse.last_week(chat),
        )

    async def within(self, incoming: Incoming) -> Incoming:
        """A message with what is kept of the room that it is in, and whether an admin writes where that is needed.

        Whoever presses below a circle is counted with this.
        """
        if incoming.there is None:
            return incoming
        await self._tried(self.ready())
        there = self.seen(incoming.there, incoming.person)
        match incoming.pressed:
            case Opened(action=Action.JOIN, state=State(walk=shown)):
                total = self._totals.joined(there.chat, there.number, incoming.person, shown)
                there = replace(there, total=total)
        if needs_rights(incoming, Held()):
            there = await self._with_rights(there, incoming.person, in_the_group=True)
        return replace(incoming, there=there)

    async def beside(self, incoming: Incoming, held: Held) -> Incoming:
        """A private message with the room that it is about, if it is about one."""
        there = There(held.room) if incoming.there is None and held.room else incoming.there
        if there is None:
            return incoming
        await self._tried(self.ready())
        there = self.seen(there, incoming.person)
        incoming = replace(incoming, there=there)
        if needs_rights(incoming, held):
            there = await self._found(there, incoming)
            if picks_alerts(incoming, held):  # which is about two rooms, and takes rights in both
                home = self.seen(There(held.room), incoming.person)
                incoming, there = replace(incoming, picked=there), await self._found(home, incoming)
            incoming = replace(incoming, there=there)
        return incoming

    async def _found(self, there: There, incoming: Incoming) -> There:
        """The same with the rights of whoever writes, and for an admin as Telegram tells of it now.

        That puts right what is kept, since the end of a mute may not be told.
        """
        there = await self._with_rights(there, incoming.person, in_the_group=False)
        if not there.is_admin:  # who is shown nothing of it
            return there
        there = await self._looked_at(there)
        room, standing = there.room, there.standing
        if room is None or standing is None or room.may_write == standing.may_write:
            return there
        change = RoomChange(there.chat, may_write=standing.may_write)
        await self._tried(self.save(change, incoming.at))
        return replace(there, room=self.room(there.chat))

    async def _with_rights(self, there: There, person: int, *, in_the_group: bool) -> There:
        """The same with whether this person is one of its admins: asked now, and not of whoever asks too often."""
        if not self.limits.may_look(there.chat, person, in_the_group=in_the_group):
            return replace(there, is_known=False)
        admins = await self._directory.admins(there.chat)
        return replace(there, is_admin=admins is not None and person in admins, is_known=admins is not None)

    async def _looked_at(self, there: There) -> There:
        """The same with what it is called, and how the bot stands there. What is looked at can be found by a button."""
        found = await self._directory.look(there.chat)
        self._met[self._ref(there.chat)] = there.chat
        while len(self._met) > _MOST_MET:
            self._met.popitem(last=False)
        if found is None:
            return there
        return replace(
            there,
            title=found.title,
            is_channel=found.is_channel,
            is_forum=found.is_forum,
            standing=found.standing,
        )

    def _ref(self, chat: int) -> int:
        key = self._keys()[0]
        return int.from_bytes(hmac.digest(key, b"room/%d" % chat, "sha256")[:_REF_BYTES])

    # --- how much may be said ---------------------------------------------------------------------------------------

    async def limited(self, incoming: Incoming, held: Held, decision: Decision, *, is_busy: bool) -> Decision:
        """A decision without what came there, or to this person because of it, too short a while ago.

        Nothing is offered to who `is_busy` in private. What is left is counted with this.
        """
        there = incoming.there
        if there is None:
            return decision
        replies = decision.replies
        if any(isinstance(fact, Offered) for fact in decision.facts) and (
            is_busy or not await self._may_offer(incoming, there)
        ):
            return Decision(held)
        if any(isinstance(fact, Alerted) for fact in decision.facts) and not self.limits.may_alert(there.chat):
            replies = tuple(reply for reply in replies if there.room is None or reply.to != there.room.alerts)
        said = [shown for reply in replies if (shown := reply.instead if reply.to else reply) is not None]
        is_full = any(Line.GROUP_DANGER in reply.keys for reply in said)  # which is limited by itself
        by_admin = there.is_admin or there.as_room  # who could write there without end anyway
        if not said or is_full or by_admin or incoming.kind not in _LIMITED:
            return replace(decision, replies=replies)
        is_urgent = any(reply.lane is Lane.DANGER for reply in said)
        if not self.limits.may_answer(there.chat, incoming.person, is_urgent=is_urgent):
            replies = tuple(replace(reply, instead=None) for reply in replies if reply.to)
        return replace(decision, replies=replies)

    def as_of_now(self, chat: int, reply: Reply) -> Reply:
        """A message as it may go into a group at this moment: a full card is a short line where one stands already."""
        if Line.GROUP_DANGER not in reply.keys:
            return reply
        if not self.limits.may_card(chat):
            return replace(reply, keys=(Line.GROUP_DANGER_AGAIN,))
        self.limits.carded(chat)
        return reply

    async def sent(self, chat: int, sent: Sent, reply: Reply) -> None:
        """Note what became of a message into a group: it is to be tidied away, or was a full card that never came."""
        if Line.GROUP_DANGER in reply.keys and sent.fate in {Fate.LOST, Fate.REFUSED}:
            self.limits.uncarded(chat)
        number, room = sent.number, self.room(chat)
        if number is not None and room is not None and not room.may_write:  # the end of a mute may not be told
            await self._tried(self.save(RoomChange(chat, may_write=True), self._clock()))
        if number is not None and room is not None and room.tidy and not reply.stays:
            await self._tried(self._store.note_own(chat, number, at=self._clock() + room.tidy))

    async def moved(self, old: int, new: int) -> None:
        """A group has become a supergroup, with another id. Where that cannot be kept, it is made up for."""
        await self._tried(self._move(old, new))

    async def left(self, incoming: Incoming) -> None:
        """Whoever left a group agrees to nothing there any more, in whatever words that was."""
        there, person = incoming.there, incoming.person
        if there is not None and there.room is not None:
            self._leavers.add((person, there.chat))
            await self._let_leave(person, there.chat)

    async def _let_leave(self, person: int, chat: int) -> None:
        for purpose in (Purpose.GROUP, Purpose.APART):
            self.note(person, Withdrew(purpose, asked=False, group=chat))
        if await self._tried(self._store.left(person, chat, at=self._clock())) is not None:
            self._leavers.discard((person, chat))

    async def _may_offer(self, incoming: Incoming, there: There) -> bool:
        """Whether someone may be written to now because of what they wrote there. Where so, it is noted."""
        person, chat = incoming.person, there.chat
        pause = there.room.pause if there.room else 0
        may = bool(await self._tried(self._store.offered(person, chat, at=incoming.at, pause=pause)))
        if may:
            self._pulse.offered(chat, person)
        return may

    @staticmethod
    async def _tried(work: Awaitable[T]) -> T | None:
        """What came of it; None where the store failed or hung, which is said in the log."""
        try:
            async with asyncio.timeout(SOON):
                return await work
        except (StoreError, TimeoutError) as error:
            log.error("the store failed", **failure(error))
            return None
