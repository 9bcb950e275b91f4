"""Buttons and links that were never given out, or to someone else, or long ago: by the thousand, through the adapter.

Whoever makes them up knows the layout of a button, and all that is shown to four people and in two groups; in part of
the tries even the key, so that nothing is left between a member and the settings of a group but Telegram's word on who
its admins are. Each try is some presses in a row, to a bot that has just started.
"""

import asyncio
import json
import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.core.button import LIFETIME, LONG_LIFETIME, VERSION, lifetime_of, open_payload, seal, spell, unspelled
from bot.core.facts import Moved, RoomChange, RoomLeft, Shown
from bot.core.lines import Label, Line
from bot.core.link import seal_link
from bot.core.model import Action, Button, Decision, Door, Held, Opened, There
from bot.core.room import ROOM_ACTIONS, marked
from bot.core.state import State, Step
from bot.store.opening import FILE
from tests.botapi import Call, Person
from tests.botapi.updates import Json
from tests.botapi.world import World
from tests.handed import Talk, admins_of, copied, new_world, talking
from tests.mutate import TEXTS, one_of
from tests.person import KEYS, SEEN, Clock, lines
from tests.test_buttons import in_version

FEW: Final = 1_500
MANY: Final = 100_000
IN_A_ROW: Final = 25

EVENING, DAWN, CHANNEL = -1_001_000_000_007, -1_001_000_000_008, -1_001_000_000_009
ROOMS: Final = (EVENING, DAWN, CHANNEL)
ANN, BEN, CID, EVE = 7_071_067_811, 7_071_067_812, 7_071_067_813, 7_071_067_814
"""Ann is an admin of the evening group and the channel, Cid of the group at dawn; Ben is a member, and Eve of none."""

PEOPLE: Final = (ANN, BEN, CID, EVE)
NAMES: Final = ("Ann", "Ben", "Cid", "Eve")
OTHER_KEY: Final = b"o" * 32
FOR_ADMINS: Final = frozenset({Line.ROOM_PANEL, Line.ROOM_INTRO, Line.ROOM_CHANNEL, Line.ROOM_LEFT})
ADMINS_DOORS: Final = frozenset(door for door in Door if door.is_for_admins)
PARTS: Final = (0, 1, 2, 3, 11, 15, 18, 19, 29)
"""Where a button's version, action, value, tag, time, walk, counter and state begin."""

LONGEST: Final = 64
"""Letters of a button and of a link."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "count" in metafunc.fixturenames:
        metafunc.parametrize("count", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


class Given(NamedTuple):
    """What was given out, and to whom: a person, or a group for all who are in it. When, in seconds since 1970."""

    buttons: dict[int, dict[str, int]]
    links: dict[int, dict[str, int]]

    def copied(self) -> "Given":
        return Given(*({owner: dict(each) for owner, each in kind.items()} for kind in self))

    def note(self, calls: list[Call], presser: int, at: int) -> None:
        """Note what these calls show to someone."""
        for call in calls:
            markup = call.parameters.get("reply_markup")
            rows = json.loads(markup).get("inline_keyboard", []) if markup else []
            for button in (button for row in rows for button in row if "callback_data" in button):
                self.buttons[int(call.parameters["chat_id"])].setdefault(button["callback_data"], at)
            for payload in parse_qs(urlsplit(call.parameters.get("url", "")).query).get("start", []):
                self.links[presser].setdefault(payload, at)


class Begun(NamedTuple):
    """What each try begins with."""

    world: World
    given: Given
    refs: dict[int, int]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def begun(runner: asyncio.Runner) -> Begun:
    return runner.run(things_that_are_shown())


async def things_that_are_shown() -> Begun:
    """People in the middle of things: a walk, a question about danger, consents, panels; and doors in the groups."""
    clock = Clock()
    telegram = new_world(clock)
    people = {number: telegram.person(number, name) for number, name in zip(PEOPLE, NAMES, strict=True)}
    ann, ben, cid, eve = people.values()
    evening = telegram.group(EVENING, "Evening", {ann: "creator", ben: "member", cid: "member"}, bot="administrator")
    dawn = telegram.group(DAWN, "Dawn", {cid: "administrator", ann: "member"}, bot="administrator")
    telegram.channel(CHANNEL, "News", {ann: "creator", cid: "member"}).post({"text": "A circle."}, by_bot=True)
    shown = Given({number: {} for number in (*PEOPLE, *ROOMS)}, {number: {} for number in PEOPLE})
    async with talking(telegram.world, clock, ROOMS) as talk:

        async def does(person: Person) -> None:
            for update in telegram.world.updates.waiting():
                shown.note(await talk.hands(update) or [], person.id, clock())
                telegram.world.updates.confirm([update["update_id"]])

        for person, home in ((ann, evening), (cid, dawn)):
            for text in ("/settings", "/walk"):
                await person.says(text, to=home, wait=False)
                await does(person)
                door = await person.presses_data(
                    next(reversed(shown.buttons[home.id])), message=home.latest(), wait=False
                )
                await does(person)
                await person.follows(door, wait=False)
                await does(person)
            await person.says_as(home, "/hold 2h", to=home, wait=False)
            await does(person)
        for person, texts in (
            (ben, (SEEN, "/consent", "/forget")),
            (eve, ("/walk", "/country", "kenya", "/nudge", "i cant do this anymore")),
        ):
            for text in texts:
                await person.says(text, wait=False)
                await does(person)
        refs = {chat: talk.responder.rooms.seen(There(chat), ANN).ref for chat in ROOMS}
    return Begun(telegram.world, shown, refs)


# --- What is pressed ----------------------------------------------------------------------------------------------


class Try(NamedTuple):
    """One press or one link: who, where, with what; and what was given out before it."""

    draw: st.DrawFn
    given: Given
    at: int
    person: int
    owner: int
    """Whose buttons work there: those of the person in private, and of the group in a group."""
    refs: dict[int, int]
    """The number by which a button names each room."""


def as_given(it: Try) -> str:
    """What was given out there, mostly of late."""
    return latest(it.draw, it.given.buttons[it.owner])


def of_another(it: Try) -> str:
    """What was given to another, or in another place: a phone that was seen, a message that was handed on."""
    return latest(it.draw, it.given.buttons[one_of(it.draw, tuple(it.given.buttons))])


def flipped(it: Try) -> str:
    raw = bytearray(unspelled(as_given(it)) or b"\0")
    for _ in range(one_of(it.draw, (1, 1, 1, 2, 8))):
        raw[it.draw(st.integers(0, len(raw) - 1))] ^= 1 << it.draw(st.integers(0, 7))
    return spell(bytes(raw))


def in_parts(it: Try) -> str:
    """Some parts of one, and some of another: an admin's action under one's own tag."""
    both = [unspelled(as_given(it)) or b"", unspelled(of_another(it)) or b""]
    return spell(b"".join(one_of(it.draw, both)[start:end] for start, end in pairwise(PARTS)))


def cut(it: Try) -> str:
    return (as_given(it) + of_another(it))[: it.draw(st.integers(1, LONGEST))]


def spelt_otherwise(it: Try) -> str:
    """The same to a lenient reader: padded, spaced, in another alphabet, in letters that look alike."""
    payload = as_given(it) or "AA"
    place = it.draw(st.integers(0, len(payload) - 1))
    return one_of(
        it.draw,
        (
            payload + "=",
            payload[:place] + one_of(it.draw, (" ", "\n", "\t", "\0", ".", "=", "~", "\u200b", "é")) + payload[place:],
            payload.translate(str.maketrans("-_AO", "+/\u0391\u041e")) + "\u200d",
            payload.swapcase() + "A",
            payload[:-1] + chr(ord(payload[-1]) + 1),
        ),
    )


def at_random(it: Try) -> str:
    """Bytes of the right length or another, or words."""
    size = one_of(it.draw, (29, 0, 21, 28, 30, 48))
    return one_of(it.draw, (spell(it.draw(st.binary(min_size=size, max_size=size))), one_of(it.draw, TEXTS)[:LONGEST]))


def of_elsewhere(it: Try) -> str:
    """By another key, in another version, or of what no version of ours knows, under a tag that is right."""
    button, state, owner = any_button(it.draw), any_state(it), it.owner
    unknown = replace(button, action=cast("Action", one_of(it.draw, (0, 40, 94, 160, 255))))
    makers: tuple[Callable[[], str], ...] = (
        lambda: seal(OTHER_KEY, owner, it.at, state, button),
        lambda: in_version(
            one_of(it.draw, (0, VERSION + 1, 255)), lambda: seal(KEYS.button, owner, it.at, state, button)
        ),
        lambda: seal(KEYS.button, owner, it.at, state, unknown),
        lambda: seal(KEYS.button, owner, it.at, replace(state, step=cast("Step", 31)), button),
        lambda: as_link(it),
    )
    return one_of(it.draw, makers)()


def with_the_key(it: Try) -> str:
    """Of any action, at any time, and for anyone, by whoever has the key: what is theirs there is as if given out."""
    owner = one_of(it.draw, (it.owner, it.owner, *it.given.buttons))
    made_at = it.at - one_of(it.draw, (0, 0, 0, 1, -1)) * one_of(it.draw, (1, LIFETIME + 1, LONG_LIFETIME + 1))
    payload = seal(KEYS.button, owner, made_at, any_state(it), any_button(it.draw))
    it.given.buttons[owner].setdefault(payload, made_at)
    return payload


def as_link(it: Try) -> str:
    """What was given out as a link, of anyone's; or one that is made with the key, for anyone."""
    person = one_of(it.draw, (it.person, it.person, *PEOPLE))
    made_at = it.at - one_of(it.draw, (0, 0, 1, -1)) * (LIFETIME + 1)
    key = one_of(it.draw, (KEYS.button, OTHER_KEY))
    made = seal_link(key, person, made_at, one_of(it.draw, (*ROOMS, EVE)), one_of(it.draw, tuple(Door)))
    if key == KEYS.button:
        it.given.links[person].setdefault(made, made_at)
    return one_of(it.draw, (made, latest(it.draw, it.given.links[person]) or made))


def bent_link(it: Try) -> str:
    """A link with some letters that are otherwise."""
    link = as_link(it)
    place = it.draw(st.integers(0, len(link) - 1))
    bent = (link[:place] + one_of(it.draw, "Ag_-z") + link[place + 1 :], link[:place], link + "A", link[1:])
    return one_of(it.draw, (*bent, as_given(it)))[:LONGEST]


LINKS: Final = (as_link, bent_link)
PRESSES: Final = (as_given, of_another, flipped, in_parts, cut, spelt_otherwise, at_random, of_elsewhere, with_the_key)


def latest(draw: st.DrawFn, given_out: dict[str, int]) -> str:
    """One of those, the latest being the simplest; "" where there is none."""
    newest_first = tuple(reversed(given_out))
    return one_of(draw, newest_first[: one_of(draw, (8, len(newest_first)))]) if newest_first else ""


def any_button(draw: st.DrawFn) -> Button:
    """Of any action, half of the time of an admin's."""
    of_admins = (*sorted(ROOM_ACTIONS), Action.DOOR, Action.WITHDRAW_APART, Action.JOIN, Action.ON_IT)
    value = one_of(draw, (0, 1, 2, *Door, 7, 255))
    return Button(Label.SKIP, one_of(draw, one_of(draw, (of_admins, tuple(Action)))), value)


def any_state(it: Try) -> State:
    """That brings a group, or a walk."""
    chat, step = one_of(it.draw, ROOMS), one_of(it.draw, tuple(Step))
    return one_of(it.draw, (marked(it.refs[chat]), State(step=step, walk=it.draw(st.integers(1, 2**24 - 1)))))


# --- What may come of it ------------------------------------------------------------------------------------------


def opened_of(it: Try, payload: str) -> Opened | None:
    """What a button says that was given out there, or made there with the key; None where it may not be followed now.

    It is read as of the second in which it was made.
    """
    made_at = it.given.buttons[it.owner].get(payload)
    if made_at is None:
        return None
    opened = open_payload(KEYS.button, it.owner, made_at, payload)
    assert isinstance(opened, Opened)
    is_over = abs(it.at - made_at) > lifetime_of(opened.action)
    return None if is_over and not opened.discloses else opened


def got_in(it: Try, decision: Decision, world: World) -> Iterator[str]:
    """What nobody may bring about who is no admin, whatever they press."""
    about = {fact.chat for fact in decision.facts if isinstance(fact, RoomChange | RoomLeft)}
    if any(it.person not in admins_of(world, chat) for chat in about):
        yield "a group is changed by someone who is no admin of it"
    if not FOR_ADMINS.isdisjoint(lines(decision)) and it.person not in admins_of(world, decision.held.room):
        yield "a panel is shown to someone who is no admin"
    if decision.opens in ADMINS_DOORS and it.person not in admins_of(world, it.owner):
        yield "a door for admins opens"


def followed(it: Try, decision: Decision) -> Iterator[str]:
    """What came of a press that is not to be followed."""
    if decision.facts or decision.link or decision.toast is not None:
        yield "it is acted on"
    if it.owner != it.person and decision.replies:
        yield "it is answered where others read it"
    if it.owner == it.person and lines(decision)[0] not in {Line.UNREADABLE, Line.EXPIRED}:
        yield "it is taken for a button"


def held_of(talk: Talk) -> dict[int, Held]:
    """What is held of each person."""
    return {number: one.held for number, one in talk.responder._memory.items()}  # noqa: SLF001 - looked at, not used


def strayed(it: Try, decision: Decision, calls: list[Call], log: list[Json]) -> Iterator[str]:
    """What went to somebody else, or wrong. A group is told what was changed there."""
    places = {int(call.parameters["chat_id"]) for call in calls if call.method in {"sendMessage", "editMessageText"}}
    changed = {fact.chat for fact in decision.facts if isinstance(fact, RoomChange)}
    if not places <= {it.person, it.owner, *changed}:
        yield "someone else is written to"
    if not any(call.refusal for call in calls):
        yield from (f"{line['event']}: {line.get('error')}" for line in log if line["log_level"] != "info")


async def press(it: Try, payload: str, world: World, talk: Talk) -> list[Call]:
    """Press below the latest message there: one that can still be seen, or not; and below none in private."""
    person, place = cast("Person", world.chats[it.person]), world.chats[it.owner]
    await person.presses_data(payload, message=place.latest(), wait=False)
    (update,) = world.updates.waiting()
    world.updates.confirm([update["update_id"]])
    query = update["callback_query"]
    how = one_of(it.draw, ("seen", "seen", "not accessible", "none"))
    if how == "not accessible":
        query["message"] = {"chat": place.json, "message_id": place.latest().id, "date": 0}
    elif how == "none" and it.owner == it.person:
        del query["message"]
    calls = await talk.hands(update)
    assert calls is not None
    return calls


async def start(it: Try, payload: str, world: World, talk: Talk) -> list[Call]:
    """Open the private chat by a link, or type what it would send."""
    await cast("Person", world.chats[it.person]).says(f"/start {payload}", wait=False)
    (update,) = world.updates.waiting()
    world.updates.confirm([update["update_id"]])
    calls = await talk.hands(update)
    assert calls is not None
    return calls


async def tries(draw: st.DrawFn, begun: Begun, counts: Counter[str]) -> None:
    """Some presses and links in a row, and what came of each."""
    clock, shown = Clock(), begun.given.copied()
    world = copied(begun.world, clock)
    async with talking(world, clock, ROOMS) as talk:
        with closing(sqlite3.connect(f"{(talk.folder / FILE).as_uri()}?mode=ro", uri=True)) as reads:
            for _ in range(IN_A_ROW):
                await talk.hands_what_waits()  # where the bot has left a group, Telegram tells it so
                clock.at += one_of(draw, (1, 1, 1, 1, 1, 60, 1_900, 90_000, -90_000))
                person = one_of(draw, PEOPLE)
                owner = one_of(draw, (person, person, *ROOMS))
                it = Try(draw, shown, clock.at, person, owner, begun.refs)
                before, version = held_of(talk), reads.execute("PRAGMA data_version").fetchone()
                is_link = one_of(draw, (False, False, False, True))
                make = one_of(draw, LINKS if is_link else PRESSES)
                payload = make(it)
                with capture_logs() as log:
                    calls = await (start if is_link else press)(it, payload, world, talk)
                ((_, decision),) = talk.responder.decided
                wrong = [*got_in(it, decision, world), *strayed(it, decision, calls, [dict(line) for line in log])]
                if any(before.get(other) != held for other, held in held_of(talk).items() if other != person):
                    wrong.append("what is held of someone else is otherwise")
                if is_link:
                    is_good = abs(clock.at - shown.links[person].get(payload, -math.inf)) <= LIFETIME
                else:
                    is_good = opened_of(it, payload) is not None
                    wrong += [] if is_good else followed(it, decision)
                if not is_good:
                    if not all(isinstance(fact, Moved | Shown) for fact in decision.facts):  # as words may lead to
                        wrong.append("it is acted on")
                    if not FOR_ADMINS.isdisjoint(lines(decision)):
                        wrong.append("a panel is shown")
                    if version != reads.execute("PRAGMA data_version").fetchone() and not decision.held.consents:
                        wrong.append("something is written")
                counts[f"{'link' if is_link else 'button'} {'followed' if is_good else 'refused'}"] += 1
                assert wrong == [], f"{make.__name__} by {person} in {owner}: {payload!r}"
                shown.note(calls, person, clock.at)


def test_no_button_or_link_lets_anyone_in_but_whom_it_was_given_to_in_its_day(
    count: int, begun: Begun, runner: asyncio.Runner
) -> None:
    counts: Counter[str] = Counter()

    @settings(max_examples=count // IN_A_ROW, derandomize=count == FEW)
    @given(st.data())
    def pressed(data: st.DataObject) -> None:
        runner.run(tries(cast("st.DrawFn", data.draw), begun, counts))

    pressed()
    print(f"{counts.total()} presses: {dict(counts)}")  # noqa: T201 - the counts are the point
    assert counts.total() >= count
    assert (
        min(counts[f"{kind} {fate}"] for kind in ("button", "link") for fate in ("followed", "refused")) > count / 100
    )
