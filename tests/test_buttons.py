"""Buttons that are none, another's, too old, pressed before or left behind: answered kindly, and never acted on."""

import asyncio
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that what is found is found again
from typing import Any, Final, NamedTuple, TypeVar, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core import button as buttons_module
from bot.core.button import LIFETIME, LONG_LIVED, lifetime_of, open_payload, seal
from bot.core.commands import BUTTONS
from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Held, Opened
from bot.core.room import ROOM_ACTIONS
from bot.core.sequence import advance, begin
from bot.core.state import (
    NO_RATING,
    Act,
    CareFor,
    Change,
    Company,
    Condition,
    Event,
    Feeling,
    Need,
    Source,
    State,
    Step,
)
from bot.core.steps import offer
from bot.respond import Responder
from bot.store.store import Store
from tests.person import KEYS, PROMPTS, RING, SEEN, Clock, Person, buttons, files_under, lines

FEW: Final = 4_000
MANY: Final = 100_000
REFUSALS: Final = frozenset({Line.UNREADABLE, Line.EXPIRED, Line.STALE})
OTHER_KEY: Final = b"o" * 32

T = TypeVar("T")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "presses" in metafunc.fixturenames:
        metafunc.parametrize("presses", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


class Desk:
    """The bot with its store and its clock, for many people one after the other."""

    def __init__(self, runner: asyncio.Runner, store: Store, folder: Path) -> None:
        self.clock = Clock()
        self.run = runner.run
        self.store = store
        self.folder = folder
        self._people = count(7_000_000_000)
        self._chance = Random(1)  # noqa: S311 - no secret

    def someone(self) -> Person:
        return Person(self._responder(), next(self._people))

    def restart(self, person: Person) -> None:
        person.responder = self._responder()

    def _responder(self) -> Responder:
        seed = partial(self._chance.randrange, 1, 2**24)
        return Responder(PROMPTS.content, self.store, RING.buttons, clock=self.clock, seed=seed)

    def presses(self, person: Person, payload: str) -> Decision:
        """Press a second later, as nobody is quicker."""
        self.clock.at += 1
        return self.run(person.presses_data(payload))

    def sealed(self, person: Person, state: State, button: Button, *, at: int | None = None) -> str:
        return seal(KEYS.button, person.number, self.clock.at if at is None else at, state, button)

    def stands(self, state: State, consents: frozenset[Purpose]) -> Person:
        """Someone who stands there, by a button that changes nothing, and has agreed to that."""
        person = self.someone()
        for purpose in consents:
            self.run(self.store.grant(person.number, purpose, at=self.clock.at))
        self.presses(person, self.sealed(person, state, Button(Label.STAY, Action.STAY)))
        assert person.heard.held.state == state
        return person


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with asyncio.Runner() as runner:
        opening = Store.open(folder, RING)
        yield Desk(runner, runner.run(opening.__aenter__()), folder)
        runner.run(opening.__aexit__(None, None, None))


# --- Any state, any button ----------------------------------------------------------------------------------------


RATINGS = st.integers(0, 10) | st.just(NO_RATING)
WALKS = st.integers(1, 2**24 - 1)
CONSENTS = st.frozensets(st.sampled_from(Purpose))
PRESSED = st.builds(Button, st.just(Label.SKIP), st.sampled_from(Action), st.integers(0, 255))


@st.composite
def walked(draw: st.DrawFn) -> State:
    """A state that a walk can come to, with any answers and after any number of them."""
    state = begin(
        draw(WALKS),
        draw(st.sampled_from([Step.ARRIVE, Step.ASK, Step.OWN, Step.WHOSE, Step.REACH, Step.IDLE])),
        source=draw(st.sampled_from(Source)),
        conditions=draw(st.integers(0, sum(Condition)).map(Condition)),
        minor=draw(st.booleans()),
    )
    for event in draw(st.lists(st.sampled_from(Event), max_size=20)):
        state = advance(state, event)
    return replace(
        state,
        counter=max(state.counter, draw(st.sampled_from([0, 0, 254, 255]))),
        care_for=draw(st.sampled_from(CareFor)),
        upset_before=draw(RATINGS),
        upset_after=draw(RATINGS),
        feeling=draw(st.sampled_from(Feeling)),
        need=draw(st.sampled_from(Need)),
        act=draw(st.sampled_from(Act)),
        company=draw(st.sampled_from(Company)),
        change=draw(st.sampled_from(Change)),
    )


def never_goes_stale(state: State, action: Action) -> bool:
    """Whether a press is heard wherever someone stands by now."""
    return action in {*BUTTONS, *ROOM_ACTIONS} or Opened(state, action, 0).discloses


class Case(NamedTuple):
    """Someone who stands somewhere, and a button of theirs that was shown there."""

    desk: Desk
    person: Person
    state: State
    button: Button
    draw: Callable[[st.SearchStrategy[Any]], Any]

    def sealed(self, state: State | None = None, *, at: int | None = None) -> str:
        return self.desk.sealed(self.person, state or self.state, self.button, at=at)


def forged(case: Case) -> tuple[str, Line]:
    """Someone who knows the layout and not the key, or not even that."""
    at, number = case.desk.clock.at, case.person.number
    guessed = st.binary(min_size=8, max_size=8).map(lambda tag: with_tag(case.sealed(), tag))
    drawn = st.just(seal(OTHER_KEY, number, at, case.state, case.button)) | guessed | st.text(min_size=1, max_size=64)
    return case.draw(drawn), Line.UNREADABLE


def truncated(case: Case) -> tuple[str, Line]:
    whole = case.sealed()
    return whole[: case.draw(st.integers(0, len(whole) - 1))], Line.UNREADABLE


def foreign(case: Case) -> tuple[str, Line]:
    other = case.draw(st.integers(-(2**63), 2**63 - 1).filter(lambda number: number != case.person.number))
    return seal(KEYS.button, other, case.desk.clock.at, case.state, case.button), Line.UNREADABLE


def of_another_version(case: Case) -> tuple[str, Line]:
    version = case.draw(st.integers(0, 255).filter(lambda number: number != buttons_module.VERSION))
    return in_version(version, case.sealed), Line.UNREADABLE


def expired(case: Case) -> tuple[str, Line]:
    assume(not Opened(case.state, case.button.action, 0).discloses)
    lifetime = lifetime_of(case.button.action)
    assume(lifetime < math.inf)
    ago = case.draw(st.sampled_from([-1, 1])) * (int(lifetime) + 2 + case.draw(st.integers(0, 10**6)))
    return case.sealed(at=case.desk.clock.at - ago), Line.EXPIRED


def repeated(case: Case) -> tuple[str, Line]:
    action = case.button.action
    assume(action is Action.WALK or action not in {*BUTTONS, *ROOM_ACTIONS})
    payload = case.sealed()
    case.desk.presses(case.person, payload)
    return payload, Line.TWICE


def left_behind(case: Case) -> tuple[str, Line]:
    """Of an earlier counter, of the same one on another way, or of another walk."""
    held, other = case.state, case.draw(walked())
    assume(not never_goes_stale(other, case.button.action))
    counter = case.draw(st.integers(0, held.counter))
    walk = case.draw(st.just(held.walk) | WALKS)
    old = replace(other, walk=walk, counter=counter if walk == held.walk else other.counter)
    assume(old != replace(held, minor=old.minor))
    return case.sealed(old), Line.STALE


KINDS = (forged, truncated, foreign, of_another_version, expired, repeated, left_behind)


def with_tag(payload: str, tag: bytes) -> str:
    raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return urlsafe_b64encode(raw[:3] + tag + raw[11:]).rstrip(b"=").decode()


def in_version(version: int, make: Callable[[], T]) -> T:
    """Make it as that version would, with a tag that is right."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(buttons_module, "VERSION", version)
        return make()


def kept_apart(held: Held) -> Held:
    """What is held, without which wordings were used."""
    return replace(held, said={}, asked_country=False)


def bare(rows: list[Button]) -> list[tuple[Label, Action, int]]:
    return [(button.label, button.action, button.value) for button in rows]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150)
@given(st.data())
def test_button_that_cannot_be_followed_is_answered_kindly_and_never_acted_on(
    desk: Desk, kind: Callable[[Case], tuple[str, Line]], data: st.DataObject
) -> None:
    state = data.draw(walked())
    person = desk.stands(state, data.draw(CONSENTS))
    payload, line = kind(Case(desk, person, state, data.draw(PRESSED), data.draw))
    before, kept = person.heard, files_under(desk.folder)
    after = desk.presses(person, payload)
    assert after.facts == ()
    assert kept_apart(after.held) == kept_apart(before.held)
    assert files_under(desk.folder) == kept
    if line is Line.TWICE:
        assert (after.toast, after.replies) == (line, ())
    else:
        assert (after.toast, lines(after)[0]) == (None, line)
        offered = [button for row in offer(state) for button in row]
        assert bare(buttons(after)) == bare(offered)
    ways_on = buttons(after) or [button for button in buttons(before) if button.action is not Action.DOOR]
    if ways_on:
        going_on = desk.presses(person, data.draw(st.sampled_from(ways_on)).payload)
        assert REFUSALS.isdisjoint(lines(going_on))
        assert going_on.toast is None
    desk.run(desk.store.forget(person.number, at=0))


@settings(max_examples=300)
@given(walked(), PRESSED, st.integers(-LIFETIME - 2, LIFETIME + 2) | st.sampled_from([-LIFETIME, LIFETIME]))
def test_any_button_of_ones_own_is_followed_for_a_day_by_a_clock_that_may_be_set_back(
    desk: Desk, state: State, button: Button, ago: int
) -> None:
    person = desk.someone()
    after = desk.presses(person, desk.sealed(person, state, button, at=desk.clock.at + 1 - ago))
    in_time = abs(ago) <= lifetime_of(button.action) or Opened(state, button.action, 0).discloses
    assert (lines(after)[0] is Line.EXPIRED) is not in_time
    assert Line.CARD_FAILED not in lines(after)
    assert in_time or after.held.state == State()
    reached = after.held.state
    assert open_payload(KEYS.button, 1, 0, seal(KEYS.button, 1, 0, reached, button)) == Opened(
        reached, button.action, button.value
    )
    desk.run(desk.store.forget(person.number, at=0))


@settings(max_examples=300)
@given(walked(), PRESSED)
def test_same_button_before_and_after_a_restart_leads_to_the_same_place(
    desk: Desk, state: State, button: Button
) -> None:
    assume(button.action is not Action.WALK and button.action not in LONG_LIVED)
    person = desk.stands(state, frozenset())
    payload = desk.sealed(person, state, button)
    once = desk.presses(person, payload)
    desk.restart(person)
    twice = desk.presses(person, payload)
    assert twice.held.state == once.held.state
    assert twice.held.consents == once.held.consents
    desk.run(desk.store.forget(person.number, at=0))


@given(walked(), walked())
def test_yes_to_the_question_about_danger_is_heard_however_late_and_wherever_one_stands(
    desk: Desk, state: State, asked: State
) -> None:
    person = desk.stands(state, frozenset())
    asked = advance(asked, Event.UNCLEAR)
    yes = desk.sealed(person, asked, Button(Label.YES, Action.OWN), at=desk.clock.at - 400 * LIFETIME)
    assert lines(desk.presses(person, yes))[0] in {Line.CARD_ASKED, Line.CARD_OWN_YOUNG}


@given(walked(), walked(), st.sampled_from(sorted(BUTTONS)), st.integers(0, 255))
def test_button_beside_the_walk_never_goes_stale(
    desk: Desk, state: State, other: State, action: Action, value: int
) -> None:
    person = desk.stands(state, frozenset())
    after = desk.presses(person, desk.sealed(person, other, Button(Label.BEGIN, action, value)))
    assert REFUSALS.isdisjoint(lines(after))
    assert after.toast is None
    desk.run(desk.store.forget(person.number, at=0))


# --- By the thousand ----------------------------------------------------------------------------------------------


class Fuzz:
    """Several people who walk, and payloads made of those that they were shown."""

    def __init__(self, desk: Desk, random: Random) -> None:
        self.desk = desk
        self.random = random
        self.people = [desk.someone() for _ in range(4)]
        self.shown = {person.number: dict[str, int]() for person in self.people}  # and when
        self.late = {person.number: deque[str](maxlen=400) for person in self.people}
        self.pressed = dict.fromkeys(self.shown, "-")
        self.perhaps_forgotten: set[int] = set()
        self.makers = (
            self.as_shown,
            self.as_shown,
            self.once_more,
            self.flipped,
            self.in_parts,
            self.cut,
            self.spelt_otherwise,
            self.of_others,
            self.of_elsewhere,
            self.at_random,
        )
        for person in self.people:
            for text in (SEEN, "/walk", "i cant do this anymore", "/consent", "/country"):
                command = text.removeprefix("/")
                self.hears(person, desk.run(person.says(text) if command == text else person.commands(command)))

    def hears(self, person: Person, decision: Decision, payload: str = "-") -> None:
        self.pressed[person.number] = payload
        self.perhaps_forgotten.discard(person.number)
        payloads = [button.payload for button in buttons(decision)]
        self.shown[person.number] |= dict.fromkeys(payloads, self.desk.clock.at)
        self.late[person.number] += payloads

    def payload_for(self, person: Person) -> str:
        return self.random.choice(self.makers)(person)

    def one_of(self, person: Person) -> str:
        return self.random.choice(self.late[person.number])

    def as_shown(self, person: Person) -> str:
        """Any that was shown to them, in any order, and mostly a late one."""
        late = self.late[person.number]
        return late[-self.random.randint(1, 8)] if self.random.random() < 0.7 else self.one_of(person)

    def once_more(self, person: Person) -> str:
        return self.pressed[person.number]

    def flipped(self, person: Person) -> str:
        raw = bytearray(raw_of(self.one_of(person)))
        for _ in range(self.random.choice((1, 1, 1, 2, 8))):
            raw[self.random.randrange(len(raw))] ^= 1 << self.random.randrange(8)
        return spelt(bytes(raw))

    def in_parts(self, person: Person) -> str:
        """Some parts of theirs, and some of another's or of another walk's."""
        mine, others = raw_of(self.one_of(person)), raw_of(self.one_of(self.random.choice(self.people)))
        cuts = (0, 1, 2, 3, 11, 15, 18, 19, 29)  # version, action, value, tag, issued at, walk, counter, state
        return spelt(b"".join(self.random.choice((mine, others))[start:end] for start, end in pairwise(cuts)))

    def cut(self, person: Person) -> str:
        """Of any other length, up to what Telegram takes."""
        long = self.one_of(person) + self.one_of(person)
        return long[: self.random.randrange(65)]

    def spelt_otherwise(self, person: Person) -> str:
        """The same to a lenient reader: padded, spaced, in another alphabet, in letters that look alike."""
        payload, place = self.one_of(person), self.random.randrange(39)
        return self.random.choice(
            (
                payload + "=" * self.random.randint(1, 26),
                payload[:place] + self.random.choice(" \n\t\0.=~\u200b\ud800é") + payload[place:],
                payload.translate(str.maketrans("-_AO", "+/\u0391\u041e")) + "\u200d",
                payload.swapcase() + "A",
                raw_of(payload).hex(),
                payload[:-1] + chr(ord(payload[-1]) + 1),
            )
        )

    def of_others(self, _: Person) -> str:
        return self.one_of(self.random.choice(self.people))

    def of_elsewhere(self, person: Person) -> str:
        """With a right tag: by another key, in another version, or with what no version of ours knows."""
        opened = open_payload(KEYS.button, person.number, 0, self.one_of(person))
        state = opened.state if isinstance(opened, Opened) else State(walk=self.random.randrange(1, 2**24))
        sealed, at, number = Button(Label.SKIP, self.random.choice(list(Action))), self.desk.clock.at, person.number
        later = replace(sealed, action=cast("Action", 255))
        return self.random.choice(
            (
                lambda: seal(OTHER_KEY, number, at, state, sealed),
                lambda: seal(KEYS.button, number, at, state, later),
                lambda: seal(KEYS.button, number, at, replace(state, step=cast("Step", 31)), sealed),
                lambda: in_version(
                    self.random.choice((0, buttons_module.VERSION + 1, 255)),
                    lambda: seal(KEYS.button, number, at, state, sealed),
                ),
            )
        )()

    def at_random(self, _: Person) -> str:
        letters = self.random.choice(("", "=", "ABCxyz019-_", "é☃\ud800\U0001f49b", "\0\n ", "+/"))
        any_length = "".join(self.random.choice(letters) for _ in range(self.random.randrange(65) if letters else 0))
        return self.random.choice((any_length, spelt(self.random.randbytes(29)), spelt(self.random.randbytes(48))))

    def something_happens(self) -> None:
        """Time passes or is set back, or the bot comes again with nothing in its memory."""
        event = self.random.random()
        if event < 0.006:
            self.perhaps_forgotten |= set(self.shown)
        if event < 0.002:
            for person in self.people:
                self.desk.restart(person)
        elif event < 0.006:
            self.desk.clock.at += self.random.choice((1_900, 40_000, 90_000, -1_900, -90_000))


def raw_of(payload: str) -> bytes:
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


def spelt(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def outcome_of(decision: Decision) -> str:
    if decision.toast is Line.TWICE:
        return "twice"
    first = lines(decision)[0]
    return first.value if first in REFUSALS else "followed"


def test_no_payload_is_followed_but_those_that_were_shown_in_their_day(desk: Desk, presses: int) -> None:
    fuzz = Fuzz(desk, Random(presses))  # noqa: S311 - no secret
    counts: Counter[str] = Counter()
    for _ in range(presses):
        fuzz.something_happens()
        person = fuzz.random.choice(fuzz.people)
        payload = fuzz.payload_for(person)
        shown_at = fuzz.shown[person.number].get(payload)
        before = person.heard.held
        after = desk.presses(person, payload)
        outcome = outcome_of(after)
        counts[outcome] += 1
        assert Line.CARD_FAILED not in lines(after)
        assert (outcome == "unreadable") is (shown_at is None)
        forgotten = person.number in fuzz.perhaps_forgotten
        if outcome == "followed":
            assert shown_at is not None
            opened = open_payload(KEYS.button, person.number, shown_at, payload)
            assert isinstance(opened, Opened)
            assert opened.discloses or abs(desk.clock.at - shown_at) <= lifetime_of(opened.action)
            brought, held = opened.state, before.state
            further = not held.walk or (brought.walk == held.walk and brought.counter >= held.counter)
            assert further or forgotten or never_goes_stale(brought, opened.action)
        else:
            assert after.facts == ()
            assert after.held.state == before.state or forgotten
        fuzz.hears(person, after, payload)
    print(f"{presses} presses: {dict(counts)}")  # noqa: T201 - the counts are the point
    assert set(counts) == {*map(str, REFUSALS), "twice", "followed"}
    for person in fuzz.people:
        desk.run(desk.store.forget(person.number, at=0))
