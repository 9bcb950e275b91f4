"""The shell round the core: load what is held of a person, decide, save, and hand back what to say.

Rules that hold here: without a consent everything stays in memory, for at most 30 idle minutes; a walk lives in its
buttons, so a restart forgets nobody's place; the highest counter of a walk in memory wins; a store that fails or
hangs, or a failing core, never leaves anyone without an answer, and only the answer to a wish about what is kept gives
way to the word that it failed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Final

import structlog
from structlog.contextvars import bind_contextvars

from bot.core.button import LONG_LIVED, open_payload, seal
from bot.core.cards import failed
from bot.core.commands import BUTTONS
from bot.core.copies import replace
from bot.core.decide import decide, worded
from bot.core.facts import (
    Chose,
    Consented,
    Ended,
    Erased,
    Fact,
    FollowedUp,
    Forgot,
    KeepFor,
    NudgeChange,
    PlanDone,
    Planned,
    RoomChange,
    RoomLeft,
    Shown,
    Tap,
    Withdrew,
)
from bot.core.follow_ups import answered, begun
from bot.core.gap import DAY
from bot.core.groups import DOOR
from bot.core.keeping import looks_back
from bot.core.kept import Kept, Purpose
from bot.core.lines import Line
from bot.core.link import Link, open_link, seal_link
from bot.core.model import (
    Action,
    Button,
    Content,
    Decision,
    Held,
    Incoming,
    Kind,
    Lane,
    Opened,
    Refused,
    Reply,
    There,
    Where,
)
from bot.core.nudging import RESTED, changed, due_again, rested
from bot.core.ports import Directory
from bot.core.progress import recalled
from bot.core.room import ROOM_ACTIONS
from bot.core.sequence import WALKING
from bot.core.state import State, Tier
from bot.log import failure
from bot.metrics import CORE_FAILURES, DANGERS, DailyTotals
from bot.rooms import TYPED, Nobody, Rooms
from bot.store import NoConsentError, StoreError
from bot.store.store import Store

IDLE: Final = 30 * 60
"""Seconds after which what was held in memory is gone."""

PATIENCE: Final = 1.0
"""Seconds that an answer waits for the store, once to load and once to save. After that the store counts as failing."""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Remembered:
    held: Held
    at: int
    known: bool  # whether the store has said what is agreed to, and each yes since is kept
    payload: str = ""  # the button that was followed, until something else comes


class Responder:
    """Answers one update at a time for each person; updates of different people may be answered side by side."""

    def __init__(  # noqa: PLR0913 - clock and chance are handed in
        self,
        content: Content,
        store: Store,
        button_keys: Callable[[], Sequence[bytes]],
        *,
        clock: Callable[[], int],
        seed: Callable[[], int],
        directory: Directory | None = None,
    ) -> None:
        self._content = content
        self.store = store
        self.rooms = Rooms(store, content, directory or Nobody(), button_keys, clock=clock, seed=seed)
        self._button_keys = button_keys
        self._clock = clock
        self._seed = seed
        self._memory: OrderedDict[int, _Remembered] = OrderedDict()
        self._dangers = DailyTotals(DANGERS)
        self._sweep: asyncio.TimerHandle | None = None
        self._latest = 0
        self._unrested: dict[int, int] = {}  # whose rest after a card could not be kept yet, and when that was

    @property
    def remembered(self) -> int:
        """How many people something is held of in memory."""
        return len(self._memory)

    def is_with(self, person: int) -> bool:
        """Whether the person has written or tapped a while ago, so that a message out of the blue would interrupt."""
        one = self._memory.get(person)
        return one is not None and self._clock() - one.at <= IDLE

    def addressed(self, person: int, reply: Reply) -> Reply:
        """A message that the person has not asked for just now, with its wordings chosen and its buttons filled."""
        incoming = Incoming(person, Where.PRIVATE, Kind.PRESS, self._clock(), seed=self._seed())
        decision = self._with_payloads(incoming, worded(incoming, Held(), Decision(Held(), (reply,))))
        return decision.replies[0]

    async def respond(self, incoming: Incoming) -> Decision:
        """What to say to `incoming`, with the buttons filled. Its `at`, `seed` and `pressed` are set here."""
        incoming = replace(incoming, at=self._clock(), seed=self._seed())
        self._dangers.turn(incoming.at)
        if incoming.where is not Where.PRIVATE:
            return await self._respond_there(incoming)
        before = await self._recall(incoming)
        incoming, held = self._open(incoming, before)
        incoming = await self.rooms.beside(self._followed(incoming), held)
        incoming, held = await self._look_back(incoming, held)
        decision = self._decide(incoming, held)
        unsaved = await self._save(incoming, decision, known=before.known)
        decision = _without(unsaved, held, decision)
        # What came too late may be kept or gone all the same, and a consent may have gone beside this process.
        self._keep(incoming, replace(before, known=before.known and not unsaved), decision)
        return self._with_payloads(incoming, _noted(incoming, decision))

    # --- groups and channels --------------------------------------------------------------------------------

    async def _respond_there(self, incoming: Incoming) -> Decision:
        """The same for what is in a group or channel. It is answered there, or in the private chat of its writer.

        What is held of its writer is looked at where the message may be read, and held anew where that has changed.
        """
        pressed = self._read_button(incoming) if incoming.kind is Kind.PRESS else None
        incoming = await self.rooms.within(replace(incoming, pressed=pressed))
        has_writer = incoming.kind in TYPED and self.rooms.reads(incoming)
        before = _Remembered(Held(), incoming.at, known=False)
        if has_writer:
            before = await self._recall(incoming)
        decision = self._decide(incoming, before.held)
        decision = await self.rooms.limited(incoming, before.held, decision, is_busy=self.is_with(incoming.person))
        unsaved = await self._save(incoming, decision, known=before.known)
        if incoming.kind is Kind.STANDING:
            self.rooms.owe(*unsaved)
        elif any(map(_is_told, unsaved)):
            decision = _not_done(incoming, before.held, decision)
        if incoming.kind is Kind.LEFT:
            await self.rooms.left(incoming)
        if has_writer and decision.held != before.held:
            self._keep(incoming, before, decision)
        return self._with_payloads(incoming, _noted(incoming, decision))

    def _followed(self, incoming: Incoming) -> Incoming:
        """The same with the door that the private chat was opened through, where a link to this person was followed."""
        if incoming.command != "start":
            return incoming
        read = (open_link(key, incoming.person, incoming.at, incoming.text) for key in self._button_keys())
        link = next((link for link in read if isinstance(link, Link)), None)
        return incoming if link is None else replace(incoming, text="", there=There(link.chat, door=link.door))

    def _decide(self, incoming: Incoming, held: Held) -> Decision:
        try:
            return decide(incoming, held, self._content)
        except Exception as error:  # noqa: BLE001 silence is the one answer that nobody may get
            log.error("core failed", **failure(error))
            CORE_FAILURES.inc()
            replies = _instead_of_failing(incoming)
            asks = any(reply.to or incoming.where is Where.PRIVATE for reply in replies)
            return worded(incoming, held, Decision(replace(held, asked_country=asks), replies))

    # --- memory ---------------------------------------------------------------------------------------------

    async def _recall(self, incoming: Incoming) -> _Remembered:
        self._forget_idle(incoming.at)
        before = self._memory.get(incoming.person) or _Remembered(Held(), incoming.at, known=False)
        if before.known:
            return before
        kept = await self._load(incoming.person)
        if kept is None:
            return before
        await self._seen(incoming, kept)
        held = self._agreed(before.held, kept)
        country = held.country or (kept.country if Purpose.COUNTRY in held.consents else "")
        return replace(before, held=recalled(replace(held, country=country), kept.outcomes), known=True)

    def _agreed(self, held: Held, kept: Kept) -> Held:
        """The same with what the person agreed to, by the store."""
        now = {one.purpose for one in kept.consents if one.version == self._content.versions.get(one.purpose, 1)}
        lapsed = {one.purpose for one in kept.consents} - now
        return replace(held, consents=frozenset(now), lapsed=frozenset(lapsed))

    async def _look_back(self, incoming: Incoming, held: Held) -> tuple[Incoming, Held]:
        """The same with all that is kept of the person, where the answer may rest on it.

        What they agreed to may have gone since it was read: an operator can delete it beside this process.
        """
        if not looks_back(incoming, held, self._content):
            return incoming, held
        kept = await self._load(incoming.person)
        incoming = replace(incoming, kept=kept, titles=self.rooms.titles())
        return incoming, held if kept is None else self._agreed(held, kept)

    async def _load(self, person: int) -> Kept | None:
        """All that is kept of the person, or None where it cannot be read."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.store.kept(person)
        except (StoreError, TimeoutError) as error:
            log.error("loading failed", **failure(error))
            return None

    async def _seen(self, incoming: Incoming, kept: Kept) -> None:
        """Note, once a day, that someone of whom something is kept has written."""
        if not kept.consents or kept.seen_on >= incoming.at // DAY:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self.store.seen(incoming.person, at=incoming.at)
        except (StoreError, TimeoutError) as error:
            log.error("saving failed", **failure(error))

    def _keep(self, incoming: Incoming, before: _Remembered, decision: Decision) -> None:
        if any(isinstance(fact, Forgot) for fact in decision.facts):
            self._memory.pop(incoming.person, None)
            return
        again = incoming.pressed is Refused.TWICE
        pressed = incoming.kind is Kind.PRESS and isinstance(incoming.pressed, Opened)
        followed = incoming.payload if again or pressed else ""
        self._memory[incoming.person] = _Remembered(decision.held, incoming.at, before.known, followed)
        self._memory.move_to_end(incoming.person)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE, self._forget_in_time)

    def _forget_in_time(self) -> None:
        """Let go of what is idle although nobody writes, and look again when the next may be."""
        now = self._clock()
        self._forget_idle(now)
        self._sweep = None
        if self._memory:
            oldest = next(iter(self._memory.values())).at
            self._sweep = asyncio.get_running_loop().call_later(IDLE + 1 - (now - oldest), self._forget_in_time)

    def _forget_idle(self, now: int) -> None:
        back = self._latest - now
        if back > 0:  # the clock was set back, which makes nobody less idle
            for person, one in self._memory.items():
                self._memory[person] = replace(one, at=one.at - back)
        self._latest = now
        while self._memory and now - next(iter(self._memory.values())).at > IDLE:
            self._memory.popitem(last=False)

    # --- buttons --------------------------------------------------------------------------------------------

    def _open(self, incoming: Incoming, before: _Remembered) -> tuple[Incoming, Held]:
        """Read the pressed button, or the one of the message that a text replies to."""
        held = before.held
        if not incoming.payload:
            return incoming, held
        opened = self._read_button(incoming)
        about = self.rooms.about(opened.state) if isinstance(opened, Opened) else None
        is_of_rooms = isinstance(opened, Opened) and opened.action in ROOM_ACTIONS
        if about is not None or is_of_rooms:  # a room, beside whatever walk is under way; or one that is not known now
            return replace(incoming, pressed=opened, there=about), held
        if incoming.kind is not Kind.PRESS:
            return replace(incoming, pressed=opened), _carried(held, opened)
        if isinstance(opened, Opened):
            begins = opened.action is Action.WALK  # the others beside the walk may be repeated: they do no more
            if incoming.payload == before.payload and (begins or opened.action not in BUTTONS):
                opened = Refused.TWICE
            elif opened.action not in BUTTONS and not opened.discloses and _is_stale(held.state, opened.state):
                opened = Refused.STALE
        return replace(incoming, pressed=opened), _carried(held, opened)

    def _read_button(self, incoming: Incoming) -> Opened | Refused:
        """Read the button under the newest key, or an older one that it may have been signed with.

        In a group it is everyone's there, and in a private chat one person's.
        """
        owners = (incoming.person,) if incoming.there is None else self.rooms.ids_of(incoming.there.chat)
        opened: Opened | Refused = Refused.UNREADABLE
        for key, whose in product(self._button_keys(), owners):
            opened = open_payload(key, whose, incoming.at, incoming.payload)
            if opened is not Refused.UNREADABLE:
                break
        return opened

    def _with_payloads(self, incoming: Incoming, decision: Decision) -> Decision:
        key = self._button_keys()[0]
        place = incoming.person if incoming.where is Where.PRIVATE or incoming.there is None else incoming.there.chat

        def filled(reply: Reply) -> Reply:
            chat = reply.to or place
            own = decision.held.state if chat == incoming.person else State()  # it goes nowhere else
            state = reply.state or own

            def sealed(button: Button) -> Button:
                is_link = button.action in {Action.OPEN, Action.ADD}
                return button if is_link else replace(button, payload=seal(key, chat, incoming.at, state, button))

            rows = tuple(tuple(map(sealed, row)) for row in reply.buttons)
            return replace(reply, buttons=rows, instead=None if reply.instead is None else filled(reply.instead))

        link = ""
        if decision.opens is not None and incoming.there is not None:
            link = seal_link(key, incoming.person, incoming.at, incoming.there.chat, decision.opens)
        return replace(decision, replies=tuple(map(filled, decision.replies)), link=link)

    # --- the store ------------------------------------------------------------------------------------------

    async def _save(self, incoming: Incoming, decision: Decision, *, known: bool) -> tuple[Fact, ...]:
        """Save what happened, and give what could not be saved."""
        unsaved = []
        until = asyncio.get_running_loop().time() + PATIENCE
        for fact in decision.facts:
            try:
                async with asyncio.timeout_at(until):
                    await self._save_one(incoming, decision.held, fact, known=known)
            except (StoreError, TimeoutError) as error:
                log.error("saving failed", **failure(error))
                unsaved.append(fact)
                if isinstance(fact, Shown):
                    self._unrested[incoming.person] = incoming.at
        return tuple(unsaved)

    async def _save_one(self, incoming: Incoming, held: Held, fact: Fact, *, known: bool) -> None:
        person, at = incoming.person, incoming.at
        match fact:
            case Consented() | Withdrew() | Forgot():
                await self._save_consent(person, fact, at)
            case Erased(walk=walk):
                await self.store.erase_outcome(person, walk, at=at)
            case PlanDone(number=number):
                await self.store.finish_plan(person, number, at=at)
            case Shown(tier=tier):
                self._dangers.count(tier)
                if tier is not Tier.UNCLEAR and known:
                    await self._rest(person, held.consents, at)
                elif tier is not Tier.UNCLEAR:  # a store that did not answer is not waited for again
                    self._unrested[person] = at
            case RoomChange() | RoomLeft():
                await self.rooms.save(fact, at)
            case _ if not held.state.minor:
                await self._save_with_consent(incoming, held.consents, fact)

    async def _save_consent(self, person: int, fact: Consented | Withdrew | Forgot, at: int) -> None:
        match fact:
            case Consented(purpose=purpose, group=group):
                await self.store.grant(person, purpose, at=at, group=group)
            case Withdrew(purpose=purpose, group=group):
                await self.store.withdraw(person, purpose, at=at, group=group)
            case Forgot():
                await self.store.forget(person, at=at)
        self.rooms.note(person, fact)

    async def _rest(self, person: int, consents: frozenset[Purpose], at: int) -> None:
        """After a card nothing is sent first for some days. What is kept is a pause like any other."""
        if Purpose.NUDGES in consents:
            zones = self._content.zones
            await self.store.revise_nudging(person, lambda kept: due_again(rested(kept, at), at, zones))
        if Purpose.FOLLOW_UPS in consents:
            await self.store.rest_follow_ups(person, at + RESTED)

    async def make_up(self) -> None:
        """Have those rest to whom a card was shown while the store failed. Raise StoreError where it still does."""
        for person, at in tuple(self._unrested.items()):
            await self._rest(person, frozenset(Purpose), at)
            self._unrested.pop(person, None)

    async def _save_with_consent(self, incoming: Incoming, consents: frozenset[Purpose], fact: Fact) -> None:
        person, agreed = incoming.person, True
        match fact:
            case Ended(outcome=outcome):
                if Purpose.REMEMBER in consents:
                    agreed = await self.store.save_outcome(person, outcome)
                follow_up = begun(outcome)
                if Purpose.FOLLOW_UPS in consents and follow_up is not None:
                    agreed &= await self.store.save_follow_up(person, follow_up)
            case FollowedUp(walk=walk) if Purpose.FOLLOW_UPS in consents:
                agreed = await self.store.revise_follow_up(person, walk, partial(answered, fact=fact))
            case NudgeChange() if Purpose.NUDGES in consents:
                revise = partial(changed, change=fact, at=incoming.at, zones=self._content.zones, seed=incoming.seed)
                agreed = await self.store.revise_nudging(person, revise)
            case KeepFor(days=days) if Purpose.REMEMBER in consents:
                agreed = await self.store.save_days(person, days)
            case Chose(country=country) if Purpose.COUNTRY in consents:
                agreed = await self.store.save_country(person, country)
            case Planned(plan=plan) if Purpose.PLANS in consents:
                agreed = await self.store.save_plan(person, plan, remind_at=plan.made_at + DAY)
        if not agreed:  # what memory has of the consent is no longer so
            raise NoConsentError("There is no consent to keep this: ask for it first.")


def _instead_of_failing(incoming: Incoming) -> tuple[Reply, ...]:
    """If one message makes the core fail, its writer gets the card for one's own danger, in general words.

    In a group that is the general line, or in private where the message was not for the bot.
    """
    if incoming.where is Where.PRIVATE:
        return failed()
    if incoming.where is not Where.GROUP or incoming.kind not in TYPED:
        return ()
    if incoming.addressed:
        may_card = incoming.there is None or incoming.there.may_card
        return (Reply((Line.GROUP_DANGER if may_card else Line.GROUP_DANGER_AGAIN,), DOOR, lane=Lane.DANGER),)
    return tuple(replace(reply, to=incoming.person) for reply in failed())


_TOLD: Final = (
    Consented,
    Forgot,
    Planned,
    PlanDone,
    Erased,
    KeepFor,
    NudgeChange,
    FollowedUp,
    RoomChange,
    RoomLeft,
)
"""What a person asked to be kept or deleted: they hear where that failed."""
_READ: Final = NudgeChange(tap=Tap.OTHER)
"""What nobody asked for: it comes beside what they wrote, a card too, and takes nothing from it where it fails."""
_COMES_FIRST: Final = frozenset({Line.HIGH, Line.HARDER, *(line for line in Line if line.startswith("card."))})
"""With these something steady begins, or a card, which comes whatever could be kept."""


def _is_told(fact: Fact) -> bool:
    """Whether someone hears it, where it could not be saved."""
    return fact != _READ and (isinstance(fact, _TOLD) or (isinstance(fact, Withdrew) and fact.asked))


def _not_done(incoming: Incoming, held: Held, decision: Decision) -> Decision:
    """What is said, to them alone, to someone in a group whose wish could not be kept. A card comes all the same."""
    if incoming.kind is Kind.PRESS:
        return Decision(held, toast=Line.STORE_FAILED)
    cards = tuple(reply for reply in decision.replies if reply.lane is Lane.DANGER)
    is_someone = incoming.kind in TYPED and incoming.there is not None and not incoming.there.unnamed
    failed = (Reply((Line.STORE_FAILED,), to=incoming.person),) if is_someone else ()
    return Decision(decision.held if cards else held, (*cards, *failed))


def _without(unsaved: tuple[Fact, ...], held: Held, decision: Decision) -> Decision:
    """What is held and said where not all could be saved: `held` is what was held before."""
    if not unsaved:
        return decision
    failed = Reply((Line.STORE_FAILED,))
    if any(map(_is_told, unsaved)):
        minor = held.state.minor or decision.held.state.minor
        first = (reply for reply in decision.replies if reply.keys[0] in _COMES_FIRST)
        return Decision(replace(held, state=replace(held.state, minor=minor)), (*first, failed))
    left = {fact.purpose for fact in unsaved if isinstance(fact, Withdrew)}
    decision = replace(decision, held=replace(decision.held, consents=decision.held.consents | left))
    if any(isinstance(fact, Chose) for fact in unsaved):  # its lines are shown all the same, and nothing is called kept
        return replace(decision, replies=(*decision.replies[:-1], failed))
    return decision


def _noted(incoming: Incoming, decision: Decision) -> Decision:
    """Leave for the log line of this update what may be said of it."""
    step = decision.held.state.step
    where = {"step": step.name.lower()} if step in WALKING else {}
    bind_contextvars(kind=incoming.kind.value, **where)
    return decision


def _carried(held: Held, opened: Opened | Refused) -> Held:
    """What memory holds, or the state that the button brings where it has gone further; and that one is under 16.

    A button that lives for days brings nothing: it stands beside the walk that may be under way, or long be over.
    """
    if isinstance(opened, Refused) or opened.action in LONG_LIVED:
        return held
    state = opened.state if _is_further(held.state, opened.state) else held.state
    return replace(held, state=replace(state, minor=opened.state.minor or held.state.minor))


def _is_further(held: State, brought: State) -> bool:
    return not held.walk or (brought.walk == held.walk and brought.counter > held.counter)


def _is_stale(held: State, brought: State) -> bool:
    """Whether it is neither of the state that is held nor further.

    The counter alone does not tell: it ends at 255, and after a restart an old button can lead a walk another way.
    """
    return bool(held.walk) and not _is_further(held, brought) and replace(brought, minor=held.minor) != held
