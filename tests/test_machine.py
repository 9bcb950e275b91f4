"""Several people at once, each on two devices, with restarts, a clock that jumps and a disk that fails: chance decides.

After every move it is checked that nobody's talk differs from what it would be without the others, that nothing is kept
of who has not agreed, and that each answer is as an answer has to be; in the end, that each walk ends.
"""

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from typing_extensions import override

from bot.core.button import open_payload, seal
from bot.core.commands import BUTTONS, COMMANDS
from bot.core.consent import PURPOSES
from bot.core.facts import Consented, Forgot, Moved, Withdrew
from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Button, Decision, Held, Opened, Refused
from bot.core.sequence import AFTER_CARD, WALKING
from bot.core.state import Step
from bot.respond import IDLE
from bot.store.opening import FILE
from bot.store.store import Store
from tests.core.places import is_known
from tests.person import KEYS, PROMPTS, RING, SEEN, WALK, Clock, files_under, lines
from tests.talk import Chat, Edits, Forwards, House, Move, Says, Sends, Taps, TapsBack, TapsData
from tests.test_respond import ALL, FailingStore

FEW: Final = 60
MANY: Final = 1_000
MOVES: Final = 40
PEOPLE: Final = 3
FIRST: Final = 7_071_067_811
"""The number of the first of them."""
TO_THE_END: Final = 20
"""Skips, after which any walk has ended."""

_KEPT_UNDER: Final = (Purpose.REMEMBER, Purpose.COUNTRY, Purpose.PLANS, Purpose.NUDGES, Purpose.FOLLOW_UPS)
"""What each number of rows, after that of consents, is kept under."""
OPENERS: Final = (
    SEEN,
    "i keep seeing the video of the children in the rubble and i feel sick",
    "im shaking and i cant breathe since i saw that video of the bombing",
    "my mum died last week and i cant stop crying",
    "i was there when the car hit him and i keep seeing it",
    "after all those patients i feel nothing any more",
    "it is all my fault, i should have seen that she was getting worse",
    "how can they do that to children, i am so full of rage",
    "there is nothing i can do for them and it wont let me go",
    "between two patients right now and the last one wont leave my head",
    "i am so stressed about my exams",
    "i heard about the fire",
    "i sat with a dying patient today and felt calm and full of care for her",
    "im 13 and my dog died",
)
DANGERS: Final = (
    "i want to die",
    "stop. I'll do it tonight",
    "i cant do this anymore",
    "my friend says she will kill herself",
)
ASIDES: Final = ("stop", "thanks", "are you real?", "fuck off", "7", "no", "yes", "skip", "not sure")
HARDER: Final = "this makes it harder"
COUNTRIES: Final = PROMPTS.content.helplines.countries
PLACES: Final = ("united states", "albania", "the gambia")  # with lines, with its page alone, with its name alone
AGREEING: Final = (Says("/consent"), Taps(PROMPTS.content.labels[Label.REMEMBER_YES]))
WAY: Final = (Says("/walk"), *(Taps(PROMPTS.content.labels[label]) for label in WALK))

WHO: Final = st.integers(0, PEOPLE - 1)
WORDS: Final = st.sampled_from(
    (*OPENERS, *DANGERS, *ASIDES, HARDER, *PLACES, *PROMPTS.content.labels.values())
) | st.text(max_size=60)
COMMANDED: Final = st.sampled_from([*COMMANDS, "nonsense", "walk i want to die"]).map(lambda name: f"/{name}")
STOPS: Final = ("stop", "Stop.", "/stop", "/stop!", "please stop")
PLAIN_DANGERS: Final = (
    "i want to die",
    "/walk i want to die",
    "/stop i want to die",
    "stop. i want to die",
    "I WANT TO DIE!!",
)
REFUSALS: Final = frozenset({Line.UNREADABLE, Line.EXPIRED, Line.STALE})
YESES: Final = frozenset({Label.REMEMBER_YES, Label.COUNTRY_KEEP, Label.AGREE})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "runs" in metafunc.fixturenames:
        metafunc.parametrize("runs", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


class Places:
    """A store for all, and for each one a store where they are alone."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        self.run = runner.run
        self.folder = folder / "all"
        self._open = AsyncExitStack()
        self.all, *self.alone = (self._opened(folder / name) for name in ("all", *map(str, range(PEOPLE))))
        self._reads = sqlite3.connect(f"{(self.folder / FILE).as_uri()}?mode=ro", uri=True)
        names = self._reads.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'meta'")
        self._tables = [name for (name,) in names.fetchall()]
        self.counts: Counter[str] = Counter()

    def _opened(self, folder: Path) -> FailingStore:
        return self.run(self._open.enter_async_context(FailingStore.open(folder, RING)))

    @property
    def stores(self) -> tuple[FailingStore, ...]:
        return (self.all, *self.alone)

    def fails(self, methods: frozenset[str]) -> None:
        for store in self.stores:
            store.failing = methods

    def rows(self) -> int:
        """How many rows about people there are in the store for all, but for how long walks are kept."""
        counted = (f"SELECT count(*) FROM {name}" for name in self._tables)  # noqa: S608
        days = "SELECT count(*) FROM setting WHERE purpose = 'remember'"
        return sum(self._count(each) for each in counted) - self._count(days)

    def _count(self, sql: str) -> int:
        count: int = self._reads.execute(sql).fetchone()[0]
        return count

    def close(self) -> None:
        self._reads.close()
        self.run(self._open.aclose())


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    with asyncio.Runner() as runner:
        opened = Places(runner, tmp_path)
        yield opened
        opened.close()


@dataclass
class Someone:
    """One of the people: their chat among the others, the same chat alone, and what is known of them."""

    chat: Chat
    alone: Chat
    held: Held = field(default_factory=Held)
    idle: int = 0  # seconds, since their latest move
    forgotten: bool = True  # or perhaps
    second_device: int = 0  # how many buttons were there when it was last looked at
    agreed: set[Purpose] = field(default_factory=set)
    typed: set[bytes] = field(default_factory=set)
    said: dict[tuple[int, Line], list[int]] = field(default_factory=lambda: defaultdict(list))


class Machine(RuleBasedStateMachine):
    """What people and the world do."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self.places = places
        self.clock = Clock()
        self.houses = [House(store, self.clock) for store in places.stores]
        self.someone = [self._someone(number) for number in range(PEOPLE)]
        self.bystanders = [Chat(house, FIRST + PEOPLE) for house in self.houses]
        self.failing: frozenset[str] = frozenset()
        self.troubled = False  # once the disk has failed, what is kept may be more than what is held

    def _someone(self, number: int) -> Someone:
        return Someone(Chat(self.houses[0], FIRST + number), Chat(self.houses[1 + number], FIRST + number))

    # --- What people do ---------------------------------------------------------------------------------------

    @initialize(lengths=st.tuples(*[st.integers(0, len(WAY))] * PEOPLE), agrees=st.tuples(*[st.booleans()] * PEOPLE))
    def some_have_come_part_of_the_way(self, lengths: tuple[int, ...], agrees: tuple[bool, ...]) -> None:
        for who, (length, agreed) in enumerate(zip(lengths, agrees, strict=True)):
            for move in (*(AGREEING if agreed else ()), *WAY[:length]):
                self.does(who, move)

    @rule(who=WHO, words=WORDS | COMMANDED, replying=st.booleans())
    def writes(self, who: int, words: str, *, replying: bool) -> None:
        self.does(who, Says(words, replying=replying))

    @rule(who=WHO, words=WORDS, kind=st.sampled_from([Forwards, Edits]))
    def forwards_or_edits(self, who: int, words: str, kind: Callable[[str], Move]) -> None:
        self.does(who, kind(words))

    @rule(who=WHO)
    def sends_a_sticker(self, who: int) -> None:
        self.does(who, Sends())

    @rule(who=WHO, ago=st.integers(0, 6))
    def taps(self, who: int, ago: int) -> None:
        self.does(who, TapsBack(ago))

    @rule(who=WHO, agos=st.lists(st.integers(0, 6), min_size=1, max_size=8))
    def taps_on_and_on(self, who: int, agos: list[int]) -> None:
        for ago in agos:
            self.does(who, TapsBack(ago))

    @rule(who=WHO, ago=st.integers(0, 60))
    def taps_what_is_far_up(self, who: int, ago: int) -> None:
        self.does(who, TapsBack(ago))

    @rule(who=WHO)
    def taps_twice(self, who: int) -> None:
        button = self.someone[who].chat.shown[-1:]
        once = self.does(who, TapsBack(0))
        if button and button[0].action not in BUTTONS.keys() - {Action.WALK} and not is_refused(once):
            twice = self.does(who, TapsData(button[0].payload))
            assert (twice.toast, twice.replies) == (Line.TWICE, ())

    @rule(who=WHO)
    def looks_at_the_second_device(self, who: int) -> None:
        self.someone[who].second_device = len(self.someone[who].chat.shown)

    @precondition(lambda self: any(one.second_device for one in self.someone))
    @rule(who=WHO, ago=st.integers(0, 6))
    def taps_on_the_second_device(self, who: int, ago: int) -> None:
        one = self.someone[who]
        if one.second_device:
            self.does(who, TapsBack(len(one.chat.shown) - one.second_device + ago))

    @rule(who=WHO, other=WHO, ago=st.integers(0, 30))
    def taps_what_was_shown_to_another(self, who: int, other: int, ago: int) -> None:
        shown = self.someone[other].chat.shown
        if who != other and shown:
            decision = self.does(who, TapsData(shown[-1 - ago % len(shown)].payload))
            assert lines(decision)[0] is Line.UNREADABLE

    @rule(who=WHO, ago=st.integers(0, 30), place=st.integers(0, 37), letter=st.sampled_from("AQgw-_z0 =é"))
    def forges(self, who: int, ago: int, place: int, letter: str) -> None:
        shown = self.someone[who].chat.shown
        payload = shown[-1 - ago % len(shown)].payload if shown else "-" * 38
        forged = payload[:place] + letter + payload[place + 1 :]
        if forged != payload:
            assert lines(self.does(who, TapsData(forged)))[0] is Line.UNREADABLE

    # --- What must hold whenever it is said -------------------------------------------------------------------

    @rule(who=WHO, words=st.sampled_from(STOPS))
    def stops(self, who: int, words: str) -> None:
        decision = self.does(who, Says(words))
        assert decision.held.state.step is Step.IDLE
        stopped = [reply.keys for reply in decision.replies if reply.keys != (where_help_is(decision),)]
        assert stopped in [
            [(line,)] for line in (Line.STOPPED, Line.HELD_STOPPED, Line.HELD_STOPPED_NOW, Line.NOTHING_TO_STOP)
        ]

    @rule(who=WHO, words=st.sampled_from(PLAIN_DANGERS), kind=st.sampled_from([Says, Edits]))
    def says_plainly_that_they_are_in_danger(self, who: int, words: str, kind: Callable[[str], Move]) -> None:
        decision = self.does(who, kind(words))
        first, *rest = [reply.keys for reply in decision.replies]
        if rest:
            assert first in {(Line.CARD_OWN,), (Line.CARD_OWN_YOUNG,)}
            assert rest[0] == (where_help_is(decision),)
        else:  # a card for oneself stands already
            assert first in {(Line.CARD_AGAIN,), (Line.CARD_AGAIN_NOW,), (Line.CARD_AGAIN_NOW_YOUNG,)}
        assert decision.held.state.step in AFTER_CARD

    # --- What the world does ----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([60, 20 * 60, 31 * 60, 25 * 60 * 60, -60, -31 * 60, -25 * 60 * 60]))
    def time_passes_or_the_clock_is_set_back(self, seconds: int) -> None:
        self.clock.at += seconds
        for one in self.someone:
            one.idle += max(seconds, 0)
            one.forgotten |= one.idle > IDLE
        for bystander in self.bystanders:  # so that the others are forgotten, or not, everywhere at the same time
            self.places.run(bystander.does(Says("/help")))

    @rule()
    def the_bot_comes_again(self) -> None:
        for house in self.houses:
            house.restart()
        for one in self.someone:
            one.forgotten = True

    @rule(methods=st.just(ALL) | st.sets(st.sampled_from(sorted(ALL))).map(frozenset))
    def the_disk_fails(self, methods: frozenset[str]) -> None:
        self.failing, self.troubled = methods, self.troubled or bool(methods)
        self.places.fails(methods)

    @precondition(lambda self: self.failing)
    @rule()
    def the_disk_is_well_again(self) -> None:
        self.the_disk_fails(frozenset())

    # --- What holds after each move ---------------------------------------------------------------------------

    def does(self, who: int, move: Move) -> Decision:
        one = self.someone[who]
        opened = self._opened(one, move)
        one.agreed |= self._agrees(move, opened, one.held)
        if isinstance(move, Says | Forwards | Edits):
            text = move.text.lower()
            one.typed |= {text.encode()} if len(text.split()) > 2 and text.isascii() else set()
        before = one.held
        decision = self.places.run(one.chat.does(move))
        assert decision is not None
        assert decision == self.places.run(one.alone.does(move))
        one.held = decision.held
        self._goes_on_from(one, before, opened, decision)
        self._is_fit(decision, move)
        self._chooses_other_words(one, decision)
        self._keeps_what_was_agreed_to(one, decision)
        one.idle, one.forgotten = 0, Forgot() in decision.facts
        self.places.counts["moves"] += 1
        return decision

    def _opened(self, one: Someone, move: Move) -> Opened | Refused | None:
        match move:
            case TapsBack(ago) if one.chat.shown:
                payload = one.chat.shown[-1 - ago % len(one.chat.shown)].payload
            case TapsData(payload):
                pass
            case Taps(words):
                payload = next(each.payload for each in reversed(one.chat.shown) if PROMPTS.label(each) == words)
            case _:
                return None
        return open_payload(KEYS.button, one.chat.person, self.clock.at, payload)

    @staticmethod
    def _agrees(move: Move, opened: Opened | Refused | None, held: Held) -> set[Purpose]:
        match move, opened:
            case _, Opened(action=Action.AGREE, value=value):
                return {PURPOSES[value]}
            case Says(text), _ if held.asked is not None:
                spoken = PROMPTS.content.spoken
                return {held.asked} if plain(text) in {spoken[label] for label in YESES} else set()
            case _:
                return set()

    def _goes_on_from(self, one: Someone, before: Held, opened: Opened | Refused | None, decision: Decision) -> None:
        """A walk goes on, and never back; and not at all by a button that is not followed."""
        now = decision.held.state
        payload = seal(KEYS.button, one.chat.person, self.clock.at, now, Button(Label.SKIP, Action.SKIP))
        assert open_payload(KEYS.button, one.chat.person, self.clock.at, payload) == Opened(now, Action.SKIP, 0)
        assert is_known(now)
        if one.forgotten:
            return
        was = before.state
        assert now.walk != was.walk or now.counter >= was.counter
        refused = decision.toast is Line.TWICE or is_refused(decision)
        match opened:
            case Opened(state=state, action=action) if was.walk and action not in BUTTONS and not opened.discloses:
                assert refused or (state.walk == was.walk and state.counter >= was.counter)
            case Refused():
                assert refused
        if refused and not self.troubled:
            minor = now.minor if isinstance(opened, Opened) else was.minor
            assert replace(was, minor=minor) == now
            assert decision.held.consents == before.consents or now.minor
            assert all(isinstance(fact, Withdrew) and not fact.asked for fact in decision.facts)
            self.places.counts["buttons refused"] += 1

    @staticmethod
    def _is_fit(decision: Decision, move: Move) -> None:
        """An answer that keeps to the copy rules; and the first of a walk has no question."""
        assert decision.replies or decision.toast or isinstance(move, Edits)
        for reply in decision.replies:
            words = PROMPTS.text(reply)
            assert reply.keys
            assert len(words) <= 4096
            assert len(words.split()) <= 45
            assert words.count("?") <= 1
        moves_on = [fact for fact in decision.facts if isinstance(fact, Moved) and fact.before is not fact.after]
        if any(fact.after in {Step.ARRIVE, Step.OWN} for fact in moves_on):
            assert "?" not in PROMPTS.text(decision.replies[-1])

    def _chooses_other_words(self, one: Someone, decision: Decision) -> None:
        """No wording comes twice in a walk before all have come, while the bot remembers."""
        if one.forgotten or self.failing or Forgot() in decision.facts:
            one.said.clear()
        if self.failing:
            return
        for reply in decision.replies:
            for line, pick in zip(reply.keys, reply.picks, strict=True):
                wordings = len(PROMPTS.lines[line])
                picks = one.said[decision.held.state.walk, line]
                picks.append(pick % wordings)
                assert len(set(picks[-wordings:])) == len(picks[-wordings:])

    def _keeps_what_was_agreed_to(self, one: Someone, decision: Decision) -> None:
        """Nothing without a yes, each row somebody's, and no words at all."""
        kept = [self._kept(each) for each in self.someone]
        assert self.places.rows() == sum(map(sum, kept))
        for each, (consents, *rows) in zip(self.someone, kept, strict=True):
            assert consents <= len(each.agreed)
            for purpose, number in zip(_KEPT_UNDER, rows, strict=True):
                assert not number or purpose in each.agreed
        if not self.troubled:
            assert kept[self.someone.index(one)][0] == len(decision.held.consents)
            assert not (decision.held.state.minor and decision.held.consents)
            done = {fact.purpose for fact in decision.facts if isinstance(fact, Withdrew)}
            one.agreed -= set(Purpose) if Forgot() in decision.facts else done
            given = {fact.purpose for fact in decision.facts if isinstance(fact, Consented)}
            assert given <= one.agreed
        files = b"".join(files_under(self.places.folder).values()).lower()
        assert not [text for each in self.someone for text in each.typed if text in files]
        self.places.counts["moves with something kept"] += bool(sum(map(sum, kept)))

    def _kept(self, one: Someone) -> tuple[int, ...]:
        async def rows() -> tuple[int, ...]:
            store, person = self.places.all, one.chat.person
            kept = await Store.kept(store, person)
            dues = Counter(due.purpose for due in kept.dues)
            return (
                len(kept.consents),
                len(kept.outcomes),
                bool(kept.country),
                len(kept.plans) + dues[Purpose.PLANS],
                (kept.nudging is not None) + dues[Purpose.NUDGES],
                len(kept.follow_ups) + dues[Purpose.FOLLOW_UPS],
            )

        return self.places.run(rows())

    # --- The end ----------------------------------------------------------------------------------------------

    @override
    def teardown(self) -> None:
        self.the_disk_fails(frozenset())
        try:
            for who in range(PEOPLE):
                self._comes_to_an_end(who)
        finally:
            for store in self.places.stores:
                for one in self.someone:
                    self.places.run(store.forget(one.chat.person, at=0))
        assert self.places.rows() == 0

    def _comes_to_an_end(self, who: int) -> None:
        skips = 0
        while self.someone[who].held.state.step in WALKING - {Step.STAY}:
            self.does(who, Says("skip"))
            skips += 1
            assert skips <= TO_THE_END
        self.places.counts[f"ended by {'skipping' if skips else 'stopping'}"] += 1
        self.stops(who, "stop")


def is_refused(decision: Decision) -> bool:
    """Whether a button was not followed."""
    return bool(decision.replies) and lines(decision)[0] in REFUSALS


def where_help_is(decision: Decision) -> Line:
    """Which line says where help is: with the lines of the country that the person chose, where it has some."""
    country = COUNTRIES.get(decision.held.country)
    if country is None:
        return Line.CARD_LINES
    return Line.CARD_LINES_COUNTRY if country.lines else Line.CARD_LINES_NONE


def test_people_never_mix_nothing_is_kept_unasked_and_every_walk_ends(places: Places, runs: int) -> None:
    machine: Any = partial(Machine, places)
    run_state_machine_as_test(machine, settings=settings(max_examples=runs, stateful_step_count=MOVES))
    print(f"{runs} runs: {dict(places.counts)}")  # noqa: T201 - the counts are the point


@pytest.mark.parametrize("moves", [("/country", "albania"), ("/country", "united states"), ("/country", "the gambia")])
def test_stop_and_danger_win_where_a_country_was_named(places: Places, moves: tuple[str, ...]) -> None:
    machine = Machine(places)
    for move in moves:
        machine.does(0, Says(move))
    machine.says_plainly_that_they_are_in_danger(0, "i want to die", Edits)
    machine.does(1, Says(moves[0]))
    machine.does(1, Says(moves[1]))
    machine.does(1, Says("i cant do this anymore"))
    machine.stops(1, "stop")
    machine.teardown()
