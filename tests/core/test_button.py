from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core import button
from bot.core.button import LIFETIME, open_payload, seal
from bot.core.lines import Label
from bot.core.model import Action, Button, Opened, Refused
from bot.core.state import Act, CareFor, Change, Company, Condition, Feeling, Need, Source, State, Step

KEY = b"k" * 32
PERSON = 7_071_067_811
AT = 1_790_000_000
STATE = State(walk=0xABCDEF, counter=3, step=Step.RESONANCE, upset_before=5)
SAD = Button(Label.FEEL_SAD, Action.FEEL, Feeling.SAD)
PAYLOAD = seal(KEY, PERSON, AT, STATE, SAD)

STATES = st.builds(
    State,
    walk=st.integers(0, 2**24 - 1),
    counter=st.integers(0, 255),
    step=st.sampled_from(Step),
    resume=st.sampled_from(Step),
    short=st.booleans(),
    asked=st.booleans(),
    danger_asked=st.booleans(),
    minor=st.booleans(),
    conditions=st.integers(0, sum(Condition)).map(Condition),
    source=st.sampled_from(Source),
    care_for=st.sampled_from(CareFor),
    upset_before=st.integers(0, 15),
    upset_after=st.integers(0, 15),
    feeling=st.sampled_from(Feeling),
    need=st.sampled_from(Need),
    act=st.sampled_from(Act),
    company=st.sampled_from(Company),
    change=st.sampled_from(Change),
    anchors=st.integers(0, 15),
    eases=st.integers(0, 3),
    harder=st.integers(0, 3),
    of_another=st.booleans(),
)
BUTTONS = st.builds(Button, st.sampled_from(Label), st.sampled_from(Action), st.integers(0, 255))
PEOPLE = st.integers(-(2**63), 2**63 - 1)
TIMES = st.integers(0, 2**32 - 1)


@given(STATES, BUTTONS, PEOPLE, TIMES)
def test_every_state_comes_back_from_a_button_as_it_was(state: State, shown: Button, person: int, at: int) -> None:
    payload = seal(KEY, person, at, state, shown)
    assert open_payload(KEY, person, at, payload) == Opened(state, shown.action, shown.value)


@given(STATES, BUTTONS, PEOPLE, TIMES)
def test_a_payload_fits_what_telegram_takes(state: State, shown: Button, person: int, at: int) -> None:
    payload = seal(KEY, person, at, state, shown)
    assert payload.isascii()
    assert 1 <= len(payload) <= 64


def test_a_button_is_good_for_its_lifetime_and_not_a_second_longer() -> None:
    opened = Opened(STATE, Action.FEEL, Feeling.SAD)
    assert open_payload(KEY, PERSON, AT + LIFETIME, PAYLOAD) == opened
    assert open_payload(KEY, PERSON, AT + LIFETIME + 1, PAYLOAD) is Refused.EXPIRED


@pytest.mark.parametrize("action", [Action.NUDGE_DID, Action.NUDGE_PANEL, Action.FOLLOW_UPSET])
def test_a_button_below_what_the_clock_sends_is_good_for_two_weeks(action: Action) -> None:
    payload = seal(KEY, PERSON, AT, STATE, Button(Label.SKIP, action, 3))
    assert open_payload(KEY, PERSON, AT + 14 * LIFETIME, payload) == Opened(STATE, action, 3)
    assert open_payload(KEY, PERSON, AT + 14 * LIFETIME + 1, payload) is Refused.EXPIRED


@pytest.mark.parametrize(("action", "heard"), [(Action.OWN, True), (Action.NEXT, False)])
def test_only_what_discloses_danger_is_good_for_ever(action: Action, *, heard: bool) -> None:
    asked = replace(STATE, step=Step.DANGER_ASK)
    payload = seal(KEY, PERSON, AT, asked, Button(Label.YES, action))
    late = open_payload(KEY, PERSON, AT + 400 * LIFETIME, payload)
    assert late == (Opened(asked, action, 0) if heard else Refused.EXPIRED)
    assert open_payload(KEY, PERSON + 1, AT + 400 * LIFETIME, payload) is Refused.UNREADABLE


def test_a_button_outlives_a_clock_that_is_set_back_by_as_much_and_no_more() -> None:
    assert open_payload(KEY, PERSON, AT - LIFETIME, PAYLOAD) == Opened(STATE, Action.FEEL, Feeling.SAD)
    assert open_payload(KEY, PERSON, AT - LIFETIME - 1, PAYLOAD) is Refused.EXPIRED


@pytest.mark.parametrize("other", [0, 1, -PERSON, PERSON + 1, PERSON + 2**32])
def test_another_persons_button_is_refused(other: int) -> None:
    assert open_payload(KEY, other, AT, PAYLOAD) is Refused.UNREADABLE


def test_a_button_of_another_key_is_refused() -> None:
    assert open_payload(b"o" * 32, PERSON, AT, PAYLOAD) is Refused.UNREADABLE


def test_a_button_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(button, "VERSION", button.VERSION + 1)
    assert open_payload(KEY, PERSON, AT, PAYLOAD) is Refused.UNREADABLE


def test_an_expired_button_of_another_person_tells_nothing() -> None:
    assert open_payload(KEY, PERSON + 1, AT + LIFETIME + 1, PAYLOAD) is Refused.UNREADABLE


@pytest.mark.parametrize("length", range(len(PAYLOAD)))
def test_a_truncated_button_is_refused(length: int) -> None:
    assert open_payload(KEY, PERSON, AT, PAYLOAD[:length]) is Refused.UNREADABLE


def test_every_flipped_bit_is_refused() -> None:
    raw = urlsafe_b64decode(PAYLOAD + "==")
    for place in range(len(raw)):
        for bit in range(8):
            forged = bytearray(raw)
            forged[place] ^= 1 << bit
            payload = urlsafe_b64encode(forged).rstrip(b"=").decode()
            assert open_payload(KEY, PERSON, AT, payload) is Refused.UNREADABLE


def test_every_other_letter_in_its_place_is_refused() -> None:
    for place in range(len(PAYLOAD)):
        for letter in map(chr, range(256)):
            forged = PAYLOAD[:place] + letter + PAYLOAD[place + 1 :]
            assert (open_payload(KEY, PERSON, AT, forged) is Refused.UNREADABLE) is (forged != PAYLOAD)


@pytest.mark.parametrize("spoilt", [f" {PAYLOAD}", f"{PAYLOAD}\n", f"{PAYLOAD}=", f"{PAYLOAD}==", f"{PAYLOAD}AA"])
def test_a_button_with_something_added_is_refused(spoilt: str) -> None:
    assert open_payload(KEY, PERSON, AT, spoilt) is Refused.UNREADABLE


@given(st.text(max_size=100))
@example("")
@example("\0")
@example("=" * 64)
@example("é" * 38)
def test_any_text_is_refused_and_never_raises(payload: str) -> None:
    assert open_payload(KEY, PERSON, AT, payload) is Refused.UNREADABLE


def test_an_action_of_a_later_version_is_refused() -> None:
    later = seal(KEY, PERSON, AT, STATE, replace(SAD, action=cast("Action", 255)))
    assert open_payload(KEY, PERSON, AT, later) is Refused.UNREADABLE
