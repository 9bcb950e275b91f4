import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.lanes import AT_ONCE, BURST, GROUP, SPACING, Lanes, Ticket
from bot.core.model import Lane

GROUP_ID = -1001


def started(lanes: Lanes, now: float) -> list[int]:
    """The chats to which messages go now; each arrives at once."""
    turns = lanes.turns(now)
    for ticket in turns:
        lanes.leave(ticket)
    return [ticket.chat for ticket in turns]


def drained(lanes: Lanes, end: Callable[[Ticket, float], None], now: float = 0.0) -> float:
    """Let all go that waits, and `end` each. Gives when nothing waits any more."""
    while (due := lanes.due()) < math.inf:
        now = max(now, due)
        for ticket in lanes.turns(now):
            end(ticket, now)
    return now


def times(lanes: Lanes, now: float = 0.0) -> list[float]:
    """When each message that waits goes."""
    went: list[float] = []

    def end(ticket: Ticket, at: float) -> None:
        went.append(at)
        lanes.leave(ticket)

    drained(lanes, end, now)
    return went


# --- Telegram's limits --------------------------------------------------------------------------------------------


def test_chat_gets_a_small_burst_and_then_one_a_second() -> None:
    lanes = Lanes()
    for _ in range(6):
        lanes.ask(7, Lane.REPLY)
    assert times(lanes) == [0, 0, 0, 1, 2, 3]


def test_group_gets_twenty_a_minute_and_keeps_a_place_for_danger() -> None:
    lanes = Lanes()
    for _ in range(20):
        lanes.ask(GROUP_ID, Lane.REPLY)
    went = times(lanes)
    assert went == [0, 0, 0, *range(1, 17), 60]
    assert [len(went), GROUP] == [20, (20, 60)]
    lanes = Lanes()
    for _ in range(19):
        lanes.ask(GROUP_ID, Lane.REPLY)
    assert times(lanes)[-1] == 16
    lanes.ask(GROUP_ID, Lane.REPLY)
    lanes.ask(GROUP_ID, Lane.DANGER)
    assert times(lanes, 20) == [20, 60]


def test_thirty_go_in_a_second_and_the_last_place_is_for_danger() -> None:
    lanes = Lanes()
    for chat in range(1, 61):
        lanes.ask(chat, Lane.REPLY)
    assert started(lanes, 0) == list(range(1, 30))
    lanes.ask(99, Lane.DANGER)
    assert started(lanes, 0.5) == [99]
    assert started(lanes, 0.5) == []
    assert lanes.due() == 1
    assert started(lanes, 1) == list(range(30, 58))


@pytest.mark.parametrize("rate", [1, 2, 3, 4, 30, 1000])
def test_broadcasts_are_spread_and_use_nearly_the_whole_rate(rate: int) -> None:
    lanes = Lanes(rate)
    for chat in range(1, 2 * rate + 1):
        lanes.ask(chat, Lane.BROADCAST)
    went = times(lanes)
    assert len(went) == 2 * rate
    if rate >= 30:
        assert went[-1] <= 2 / (0.9 if rate == 30 else 0.95)
        assert max(after - before for before, after in pairwise(went)) < 1.2 / rate


def test_broadcasts_catch_up_with_a_late_timer_and_with_no_more() -> None:
    lanes = Lanes(1000)
    for chat in range(1, 500):
        lanes.ask(chat, Lane.BROADCAST)
    assert [len(started(lanes, now)) for now in (0.0, 0.03, 0.03, 1.0)] == [1, 29, 0, 1]


def test_broadcasts_leave_connections_to_people_who_wait() -> None:
    lanes = Lanes(1000)
    waiting = [lanes.ask(chat, Lane.BROADCAST) for chat in range(1, 200)]
    under_way: list[Ticket] = []
    assert drained(lanes, lambda ticket, _: under_way.append(ticket)) < 1
    assert under_way == waiting[:AT_ONCE]
    lanes.ask(777, Lane.REPLY)
    assert started(lanes, 1) == [777]
    lanes.leave(under_way[0])
    assert lanes.turns(1) == [waiting[AT_ONCE]]


# --- Who goes first -----------------------------------------------------------------------------------------------


def test_more_urgent_lane_goes_first() -> None:
    lanes = Lanes(rate=30)
    for chat in range(1, 31):
        lanes.ask(chat, Lane(chat % 3))
    assert started(lanes, 0)[:21] == [*range(3, 31, 3), *range(1, 31, 3), 2]


def test_reply_goes_at_once_while_broadcasts_wait() -> None:
    lanes = Lanes()
    for chat in range(1, 5001):
        lanes.ask(chat, Lane.BROADCAST)
    now = 0.0
    while now < 3:
        started(lanes, now)
        now = lanes.due()
    for chat, lane in ((9001, Lane.REPLY), (9002, Lane.DANGER), (9003, Lane.REPLY), (9004, Lane.REPLY)):
        lanes.ask(chat, lane)
    went = started(lanes, now)
    assert went[:2] == [9002, 9001]
    while (now := lanes.due()) < 3.12:
        went += started(lanes, now)
    assert went[:4] == [9002, 9001, 9003, 9004]


@pytest.mark.parametrize(("rate", "replies"), [(30, 25), (1000, 500)])
def test_many_replies_beside_broadcasts_never_wait_and_broadcasts_take_what_is_left(rate: int, replies: int) -> None:
    lanes, seconds = Lanes(rate), 20
    for chat in range(1, rate * seconds):
        lanes.ask(chat, Lane.BROADCAST)
    now, broadcasts = 0.0, 0
    for reply in range(replies * seconds):
        asked = reply / replies
        while (now := max(now, lanes.due())) < asked:
            broadcasts += len(started(lanes, now))
        lanes.ask(10**9 + reply, Lane.REPLY)
        assert started(lanes, asked)[:1] == [10**9 + reply]
        now = asked
    assert broadcasts + replies * seconds >= 0.89 * rate * seconds


def test_chat_gets_one_message_of_a_lane_at_a_time_and_waits_for_nothing_less_urgent() -> None:
    lanes = Lanes()
    broadcast, first, second = (lanes.ask(7, lane) for lane in (Lane.BROADCAST, Lane.REPLY, Lane.REPLY))
    assert lanes.turns(0) == [first]
    danger = lanes.ask(7, Lane.DANGER)
    assert lanes.turns(0) == [danger]
    assert lanes.due() == math.inf
    lanes.leave(first)
    assert lanes.turns(5) == []
    lanes.leave(danger)
    assert lanes.turns(5) == [second]
    lanes.leave(second)
    assert lanes.turns(5) == [broadcast]


def test_message_that_goes_once_more_keeps_its_place() -> None:
    lanes = Lanes()
    first, second = lanes.ask(7, Lane.REPLY), lanes.ask(7, Lane.REPLY)
    assert lanes.turns(0) == [first]
    lanes.again(first, 4)
    assert (lanes.turns(3), lanes.due()) == ([], 4)
    assert lanes.turns(4) == [first]
    lanes.leave(first)
    assert lanes.turns(4) == [second]


def test_message_that_is_given_up_lets_the_next_one_go() -> None:
    lanes = Lanes()
    first, second = lanes.ask(7, Lane.REPLY), lanes.ask(7, Lane.REPLY)
    lanes.leave(first)
    assert lanes.turns(0) == [second]
    lanes.leave(second)
    third = lanes.ask(7, Lane.DANGER)
    lanes.leave(third)
    assert (lanes.turns(0), lanes.due()) == ([], math.inf)


# --- Told to wait -------------------------------------------------------------------------------------------------


def test_hold_on_a_chat_holds_that_chat_alone() -> None:
    lanes = Lanes()
    lanes.hold(7, 5)
    lanes.ask(7, Lane.DANGER)
    lanes.ask(8, Lane.BROADCAST)
    assert started(lanes, 0) == [8]
    assert (lanes.held_until(7), lanes.held_until(8), lanes.held_until(None)) == (5, -math.inf, -math.inf)
    lanes.hold(7, 4)
    assert started(lanes, 4) == []
    assert times(lanes, 4) == [5]


def test_hold_on_all_holds_all() -> None:
    lanes = Lanes()
    lanes.hold(None, 5)
    for chat in range(1, 4):
        lanes.ask(chat, Lane.DANGER)
    assert (started(lanes, 4), lanes.due()) == ([], 5)
    assert (lanes.held_until(1), lanes.held_until(None)) == (5, 5)
    assert started(lanes, 5) == [1, 2, 3]


# --- What is remembered -------------------------------------------------------------------------------------------


def test_chat_that_is_at_rest_is_forgotten() -> None:
    lanes = Lanes(1000)
    for chat in range(1, 3001):
        lanes.ask(chat, Lane.BROADCAST)
    at = drained(lanes, lambda ticket, _: lanes.leave(ticket))
    lanes.ask(7, Lane.REPLY)
    started(lanes, at + 1)
    assert len(lanes) == 1
    lanes.hold(GROUP_ID, at + 9)
    started(lanes, at + 2)
    assert len(lanes) == 1
    started(lanes, at + 9)
    assert len(lanes) == 0


# --- Whatever happens ---------------------------------------------------------------------------------------------


@dataclass
class World:
    """Lanes in use, and what is held against them."""

    rate: int
    lanes: Lanes = field(init=False)
    now: float = 0.0
    waiting: list[Ticket] = field(default_factory=list)
    under_way: list[Ticket] = field(default_factory=list)
    went: list[tuple[float, int]] = field(default_factory=list)  # when, to which chat
    order: defaultdict[tuple[int, Lane], list[int]] = field(default_factory=lambda: defaultdict(list))
    done: list[Ticket] = field(default_factory=list)
    again: set[Ticket] = field(default_factory=set)
    held: defaultdict[int | None, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.rate)

    def asks(self, chat: int, lane: Lane) -> None:
        self.waiting.append(self.lanes.ask(chat, lane))

    def looks(self) -> None:
        for ticket in self.lanes.turns(self.now):
            self._starts(ticket)

    def _starts(self, ticket: Ticket) -> None:
        self.waiting.remove(ticket)
        assert self.now >= max(self.held[ticket.chat], self.held[None], ticket.not_before)
        same = [other for other in self.waiting if other.chat == ticket.chat]
        assert all((other.lane, other.number) > (ticket.lane, ticket.number) for other in same)
        assert not any(other.lane <= ticket.lane for other in self.under_way if other.chat == ticket.chat)
        fresh = {other for other in self.waiting if other.lane is Lane.DANGER and other.chat not in self._known()}
        assert ticket.lane is Lane.DANGER or not fresh
        if ticket not in self.again:
            self.order[ticket.chat, ticket.lane].append(ticket.number)
        self.under_way.append(ticket)
        self.went.append((self.now, ticket.chat))

    def _known(self) -> set[int]:
        return (
            {chat for _, chat in self.went}
            | {ticket.chat for ticket in self.under_way}
            | {chat for chat, until in self.held.items() if chat is not None and until > self.now}
        )

    def ends(self, which: int) -> None:
        if self.under_way:
            ticket = self.under_way.pop(which % len(self.under_way))
            self.done.append(ticket)
            self.lanes.leave(ticket)

    def tries_again(self, which: int, seconds: float) -> None:
        if self.under_way:
            ticket = self.under_way.pop(which % len(self.under_way))
            self.again.add(ticket)
            self.waiting.append(ticket)
            self.lanes.again(ticket, self.now + seconds)

    def gives_up(self, which: int) -> None:
        if self.waiting:
            ticket = self.waiting.pop(which % len(self.waiting))
            self.done.append(ticket)
            self.lanes.leave(ticket)

    def holds(self, chat: int | None, seconds: float) -> None:
        self.held[chat] = max(self.held[chat], self.now + seconds)
        self.lanes.hold(chat, self.now + seconds)

    def finishes(self) -> None:
        self.looks()
        while self.waiting or self.under_way:
            if self.under_way:
                self.ends(0)
            else:
                assert self.now < self.lanes.due()
                self.now = self.lanes.due()
            self.looks()


CHATS = st.sampled_from([7, 8, 9, 10, -1, -2])
SECONDS = st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.5, 61.0])
NUMBERS = st.integers(0, 50)
MOVES = st.one_of(
    st.tuples(st.just(World.asks), CHATS, st.sampled_from(Lane)),
    st.tuples(st.just(World.asks), CHATS, st.sampled_from(Lane)),
    st.tuples(st.just(World.looks)),
    st.tuples(st.just(World.ends), NUMBERS),
    st.tuples(st.just(World.tries_again), NUMBERS, SECONDS),
    st.tuples(st.just(World.gives_up), NUMBERS),
    st.tuples(st.just(World.holds), st.one_of(CHATS, st.none()), SECONDS),
    SECONDS.map(lambda seconds: (_passes, seconds)),
)


def _passes(world: World, seconds: float) -> None:
    world.now += seconds


def most_within(moments: list[float], seconds: float) -> int:
    """The most of these moments in any so many seconds, the last not counted."""
    return max((bisect_left(moments, at + seconds - 1e-9) - index for index, at in enumerate(moments)), default=0)


@given(rate=st.sampled_from([1, 2, 5, 30]), moves=st.lists(MOVES, max_size=120))
def test_whatever_happens_limits_and_order_hold_and_nothing_is_lost(
    rate: int, moves: list[tuple[Callable[..., None], *tuple[object, ...]]]
) -> None:
    world = World(rate)
    for move, *with_what in moves:
        move(world, *with_what)
    world.finishes()

    assert most_within([at for at, _ in world.went], 1.0) <= rate
    for chat in {chat for _, chat in world.went}:
        moments = [at for at, to in world.went if to == chat]
        for first, at in enumerate(moments):
            for last in range(first, len(moments)):
                assert last - first + 1 <= BURST + (moments[last] - at) / SPACING + 1e-9
        if chat < 0:
            assert most_within(moments, GROUP[1]) <= GROUP[0]
    assert all(numbers == sorted(set(numbers)) for numbers in world.order.values())
    asked = sum(move is World.asks for move, *_ in moves)
    assert (len(world.done), len(set(world.done))) == (asked, asked)
    world.now = max([world.now + 61, *world.held.values()])
    world.looks()
    assert len(world.lanes) == 0
