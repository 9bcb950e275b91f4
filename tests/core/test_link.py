import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.button import open_payload, seal
from bot.core.lines import Label
from bot.core.link import Link, open_link, seal_link
from bot.core.model import Action, Button, Door, Refused
from bot.core.state import State

KEY = b"k" * 32
ANN, BEN = 7_071_067_811, 7_071_067_812
GROUP = -1_001_234_567_890
NOW = 1_790_000_000
DAY = 24 * 60 * 60

people = st.integers(1, 2**52)
chats = st.integers(-(2**52), -1)
times = st.integers(0, 2**32 - 1)


@given(people, chats, times, st.sampled_from(Door))
def test_link_opens_for_whom_it_was_made(person: int, chat: int, at: int, door: Door) -> None:
    assert open_link(KEY, person, at, seal_link(KEY, person, at, chat, door)) == Link(chat, door)


@given(chats, times, st.sampled_from(Door))
def test_link_is_a_payload_that_telegram_takes(chat: int, at: int, door: Door) -> None:
    assert re.fullmatch(r"g[A-Za-z0-9_-]{1,63}", seal_link(KEY, ANN, at, chat, door))


def test_link_opens_for_nobody_whom_it_was_handed_on_to() -> None:
    link = seal_link(KEY, ANN, NOW, GROUP, Door.SETTINGS)
    assert open_link(KEY, BEN, NOW, link) is Refused.UNREADABLE
    assert open_link(b"x" * 32, ANN, NOW, link) is Refused.UNREADABLE


@pytest.mark.parametrize(("later", "opens"), [(DAY, True), (DAY + 1, False), (-DAY, True), (-DAY - 1, False)])
def test_link_is_good_for_a_day_by_a_clock_that_may_be_set_back(later: int, opens: bool) -> None:  # noqa: FBT001
    opened = open_link(KEY, ANN, NOW + later, seal_link(KEY, ANN, NOW, GROUP, Door.TALK))
    assert opened == (Link(GROUP, Door.TALK) if opens else Refused.EXPIRED)


@given(st.integers(0, 28), st.sampled_from("AZaz09_-"))
def test_link_with_another_letter_opens_nothing(place: int, letter: str) -> None:
    link = seal_link(KEY, ANN, NOW, GROUP, Door.TALK)
    forged = link[:place] + letter + link[place + 1 :]
    if forged != link:
        assert open_link(KEY, ANN, NOW, forged) is Refused.UNREADABLE


@given(st.text() | st.sampled_from(["", "g", "group", "add", "gé", "g===="]))
def test_other_payloads_open_nothing(text: str) -> None:
    assert open_link(KEY, ANN, NOW, text) is Refused.UNREADABLE


def test_button_is_no_link_and_link_no_button() -> None:
    button = seal(KEY, ANN, NOW, State(), Button(Label.BEGIN, Action.WALK))
    link = seal_link(KEY, ANN, NOW, GROUP, Door.TALK)
    assert {open_link(KEY, ANN, NOW, text) for text in (button, "g" + button)} == {Refused.UNREADABLE}
    assert {open_payload(KEY, ANN, NOW, text) for text in (link, link[1:])} == {Refused.UNREADABLE}


def test_link_of_a_door_that_is_not_known_opens_nothing() -> None:
    made = {number: seal_link(KEY, ANN, NOW, GROUP, number) for number in (200,)}  # type: ignore[arg-type]  # of a later version
    assert open_link(KEY, ANN, NOW, made[200]) is Refused.UNREADABLE
