import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from typing_extensions import override

from bot.core.facts import RoomChange
from bot.core.follow_ups import asked, sent
from bot.core.gap import Answered, OneWalk, OverDays
from bot.core.kept import Consent, FollowUp, Kept, Nudging, Outcome, Point, Purpose
from bot.core.lines import Label, Line
from bot.core.matching import Utterance
from bot.core.model import Action, Content, Decision, Door, Held, Incoming, Kind, Lane, There, Where
from bot.core.noticing import Reader
from bot.core.state import Change, Notice, Source, Step
from bot.respond import IDLE, PATIENCE, Responder
from bot.store import StoreError
from bot.store.ring import ring_of
from bot.store.store import Store
from tests.core.test_decide import DANGERS, UNCLEAR
from tests.person import PROMPTS, RING, SEEN, WALK, Clock, Person, button, buttons, lines, purposes, responder_of
from tests.story import at_once, now
from tests.stumble import StumblingGuard

DAY = 24 * 60 * 60
ANN, BEN = 7_071_067_811, 5_772_156_649
GROUP = -5
REMEMBER = frozenset({Purpose.REMEMBER})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator["FailingStore"]:
    async with FailingStore.open(tmp_path / "data", RING) as opened:
        yield opened


@pytest.fixture
def ann(store: Store, clock: Clock) -> Person:
    return Person(responder_of(store, clock), ANN)


class FailingStore(Store):
    """A store whose methods fail while they are named in `failing`, and never end while in `hanging`."""

    failing: frozenset[str] = frozenset()
    hanging: frozenset[str] = frozenset()

    async def _perhaps(self, method: str) -> None:
        if method in self.failing:
            raise StoreError("The disk of the data folder is full: make room on it.")
        if method in self.hanging:
            await asyncio.Event().wait()

    @override
    async def kept(self, person: int) -> Kept:
        await self._perhaps("kept")
        return await super().kept(person)

    @override
    async def grant(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        await self._perhaps("grant")
        await super().grant(person, purpose, at=at, group=group)

    @override
    async def withdraw(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        await self._perhaps("withdraw")
        await super().withdraw(person, purpose, at=at, group=group)

    @override
    async def forget(self, person: int, *, at: int) -> int:
        await self._perhaps("forget")
        return await super().forget(person, at=at)

    @override
    async def save_country(self, person: int, code: str) -> bool:
        await self._perhaps("save_country")
        return await super().save_country(person, code)

    @override
    async def save_outcome(self, person: int, outcome: Outcome) -> bool:
        await self._perhaps("save_outcome")
        return await super().save_outcome(person, outcome)

    @override
    async def revise_nudging(self, person: int, revise: Callable[[Nudging], Nudging]) -> bool:
        await self._perhaps("revise_nudging")
        return await super().revise_nudging(person, revise)

    @override
    async def revise_follow_up(self, person: int, walk: int, revise: Callable[[FollowUp], FollowUp]) -> bool:
        await self._perhaps("revise_follow_up")
        return await super().revise_follow_up(person, walk, revise)


ALL = frozenset({"kept", "grant", "withdraw", "forget", "save_country", "save_outcome"})


def restarted(person: Person, store: Store, clock: Clock) -> Person:
    """The same person, who meets the bot after a restart: with the same keys, and nothing in its memory."""
    again = Person(responder_of(store, clock, first_seed=900), person.number)
    again.heard = person.heard
    return again


async def says_yes(person: Person) -> Decision:
    await person.commands("consent")
    return await person.presses(Label.REMEMBER_YES)


# --- buttons ------------------------------------------------------------------------------------------------------


async def test_every_button_of_a_walk_has_a_payload_of_its_own_that_telegram_takes(ann: Person) -> None:
    await ann.commands("walk")
    seen: list[str] = []
    for label in WALK:
        payloads = [button.payload for button in buttons(ann.heard)]
        assert all(1 <= len(payload.encode()) <= 64 for payload in payloads)
        seen += payloads
        await ann.presses(label)
    assert len(set(seen)) == len(seen)


async def test_walk_goes_on_from_its_buttons_with_a_restart_before_every_press(
    ann: Person, store: Store, clock: Clock
) -> None:
    through = Person(responder_of(store, clock), ANN)
    await ann.commands("walk")
    await through.commands("walk")
    for label in WALK:
        ann = restarted(ann, store, clock)
        await ann.presses(label)
        await through.presses(label)
        assert lines(ann.heard) == lines(through.heard)
        assert ann.heard.held.state == through.heard.held.state
    assert ann.heard.held.state.step is Step.CLOSE


async def test_text_that_replies_to_a_message_of_the_bot_goes_on_from_its_buttons(
    ann: Person, store: Store, clock: Clock
) -> None:
    shown = await ann.commands("walk")
    ann = restarted(ann, store, clock)
    assert (await ann.says("did it", replying_to=shown)).held.state.step is Step.EASE


async def test_text_after_a_restart_that_replies_to_nothing_is_read_anew(
    ann: Person, store: Store, clock: Clock
) -> None:
    await ann.commands("walk")
    ann = restarted(ann, store, clock)
    assert lines(await ann.says("please stop")) == [Line.NOTHING_TO_STOP]


async def test_text_that_replies_to_an_older_message_does_not_lead_back(ann: Person) -> None:
    shown = await ann.commands("walk")
    await ann.presses(Label.DID_IT)
    await ann.presses(Label.UPSET_LITTLE)
    assert (await ann.says("sad", replying_to=shown)).held.state.step is Step.KIND


async def test_older_button_of_a_walk_changes_nothing_and_shows_the_step_again(ann: Person) -> None:
    shown = await ann.commands("walk")
    before = await ann.presses(Label.DID_IT)
    after = await ann.presses(Label.SOMETHING_ELSE, of=shown)
    assert lines(after) == [Line.STALE, Line.EASE]
    assert after.held.state == before.held.state
    assert (await ann.presses(Label.UPSET_LITTLE)).held.state.step is Step.RESONANCE


async def test_button_of_an_earlier_walk_changes_nothing(ann: Person) -> None:
    shown = await ann.commands("walk")
    before = await ann.commands("walk")
    after = await ann.presses(Label.DID_IT, of=shown)
    assert lines(after)[0] is Line.STALE
    assert after.held.state == before.held.state


async def test_button_of_another_way_through_the_same_walk_answers_nothing(
    ann: Person, store: Store, clock: Clock
) -> None:
    shown = await ann.commands("walk")
    one_way = await ann.presses(Label.SOMETHING_ELSE)
    ann = restarted(ann, store, clock)
    await ann.says("i cant do this anymore", replying_to=shown)
    before = ann.heard
    assert (before.held.state.step, before.held.state.counter) == (Step.DANGER_ASK, one_way.held.state.counter)
    after = await ann.presses(Label.DID_IT, of=one_way)  # which would be a no
    assert lines(after)[0] is Line.STALE
    assert after.held.state == before.held.state


async def test_older_button_of_a_walk_without_end_changes_nothing(ann: Person, clock: Clock) -> None:
    await ann.commands("walk")
    shown = newest = ann.heard
    for _ in range(260):
        clock.at += 1
        shown, newest = newest, await ann.presses(Label.SOMETHING_ELSE)
    before = await ann.presses(Label.DID_IT, of=newest)
    assert (before.held.state.step, before.held.state.counter) == (Step.EASE, 255)
    after = await ann.presses(Label.DID_IT, of=shown)  # which would skip the question
    assert lines(after) == [Line.STALE, Line.EASE]
    assert after.held.state == before.held.state


async def test_button_that_went_further_on_a_second_device_wins(ann: Person, store: Store, clock: Clock) -> None:
    await ann.commands("walk")
    second = restarted(ann, store, clock)
    await second.presses(Label.DID_IT)
    await second.presses(Label.UPSET_LITTLE)
    assert (await ann.presses(Label.FEEL_SAD, of=second.heard)).held.state.step is Step.KIND


async def test_button_pressed_twice_is_answered_with_a_short_note_alone(ann: Person) -> None:
    shown = await ann.commands("walk")
    once = await ann.presses(Label.DID_IT)
    twice = await ann.presses(Label.DID_IT, of=shown)
    assert (twice.replies, twice.facts, twice.toast) == ((), (), Line.TWICE)
    assert twice.held == once.held


async def test_button_works_for_a_day_and_then_is_kindly_refused(ann: Person, clock: Clock) -> None:
    shown = await ann.commands("walk")
    clock.at += DAY + 1
    late = await ann.presses(Label.DID_IT, of=shown)
    assert lines(late)[0] is Line.EXPIRED
    assert late.held.state.step is Step.IDLE
    clock.at -= 1
    assert (await ann.presses(Label.DID_IT, of=shown)).held.state.step is Step.EASE


@pytest.mark.parametrize("payload", ["-", "AAAA", "\ud800", "é" * 20, "=" * 64, "A" * 38, ""])
async def test_press_of_something_that_is_no_button_is_answered(ann: Person, payload: str) -> None:
    before = await ann.commands("walk")
    after = await ann.presses_data(payload)
    assert lines(after)[0] is Line.UNREADABLE
    assert after.held.state == before.held.state


async def test_button_of_another_person_opens_nothing(ann: Person) -> None:
    shown = await ann.commands("walk")
    ben = Person(ann.responder, BEN)
    assert lines(await ben.presses(Label.DID_IT, of=shown))[0] is Line.UNREADABLE
    assert ben.heard.held.state.step is Step.IDLE


async def test_button_sealed_with_another_key_opens_nothing(ann: Person, store: Store, clock: Clock) -> None:
    shown = await ann.commands("walk")
    elsewhere = Person(responder_of(store, clock, ring=ring_of(b"o" * 32)), ANN)
    assert lines(await elsewhere.presses(Label.DID_IT, of=shown))[0] is Line.UNREADABLE


# --- memory -------------------------------------------------------------------------------------------------------


async def test_typed_answer_finds_the_walk_for_thirty_idle_minutes(ann: Person, clock: Clock) -> None:
    await ann.commands("walk")
    clock.at += IDLE
    assert (await ann.says("did it")).held.state.step is Step.EASE
    clock.at += IDLE
    assert (await ann.says("a little")).held.state.step is Step.RESONANCE


async def test_who_agreed_is_offered_the_short_way_first_on_the_same_day_even_after_a_restart(
    store: Store, clock: Clock
) -> None:
    ann = Person(responder_of(store, clock))
    await ann.walks()
    first = ann.heard.held.state.walk
    await ann.presses(Label.REMEMBER)
    await ann.presses(Label.REMEMBER_YES)
    for later, again in ((60 * 60, True), (2 * DAY, False)):
        clock.at += later
        ann = Person(responder_of(store, clock, first_seed=500))
        begun = (await ann.commands("walk")).held.state
        assert begun.again is again
        assert begun.walk % 60 == (first + 1) % 60  # other wordings than those of the walk that is kept


async def test_who_agreed_to_nothing_is_offered_it_while_memory_lasts(store: Store, clock: Clock) -> None:
    ann = Person(responder_of(store, clock))
    await ann.walks()
    assert (await ann.commands("walk")).held.state.again
    clock.at += IDLE + 1
    assert not (await ann.commands("walk")).held.state.again


async def test_memory_of_an_idle_person_is_gone_after_thirty_minutes(ann: Person, clock: Clock) -> None:
    await ann.commands("walk")
    clock.at += IDLE + 1
    after = await ann.says("please stop")
    assert lines(after) == [Line.NOTHING_TO_STOP]
    assert (after.held.state.walk, set(after.held.said)) == (0, {Line.NOTHING_TO_STOP})


async def test_memory_of_idle_people_goes_although_nobody_writes(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.respond.IDLE", -1)  # everybody is idle at once
    await ann.commands("walk")
    async with asyncio.timeout(5):
        while ann.responder.remembered:  # noqa: ASYNC110  - a timer of the loop does it, and says nothing
            await asyncio.sleep(0)


async def test_clock_that_is_set_back_neither_ends_nor_lengthens_what_is_remembered(ann: Person, clock: Clock) -> None:
    ben = Person(ann.responder, BEN)
    await ann.commands("walk")
    clock.at += IDLE - 1
    await ben.commands("walk")
    clock.at -= DAY
    await ben.presses(Label.DID_IT)
    assert ann.responder.remembered == 2
    clock.at += 2
    await ben.presses(Label.UPSET_LITTLE)
    assert ann.responder.remembered == 1
    assert lines(await ann.says("please stop")) == [Line.NOTHING_TO_STOP]


async def test_someone_who_keeps_writing_does_not_keep_others_in_memory(ann: Person, clock: Clock) -> None:
    ben = Person(ann.responder, BEN)
    await ann.commands("walk")
    await ben.commands("walk")
    clock.at += IDLE
    await ann.presses(Label.DID_IT)
    clock.at += 1
    await ann.presses(Label.UPSET_LITTLE)
    assert lines(await ben.says("please stop")) == [Line.NOTHING_TO_STOP]
    assert (await ann.says("sad")).held.state.step is Step.KIND


async def test_forgotten_person_is_no_longer_in_memory(ann: Person) -> None:
    await says_yes(ann)
    await ann.commands("walk")
    await ann.commands("forget")
    assert lines(await ann.presses(Label.FORGET_YES)) == [Line.FORGET_WENT, Line.FORGET_DONE]
    assert ann.responder.remembered == 0
    assert lines(await ann.says("please stop")) == [Line.NOTHING_TO_STOP]


# --- the store ----------------------------------------------------------------------------------------------------


async def test_outcome_of_a_walk_is_kept_with_consent(ann: Person, store: Store, clock: Clock) -> None:
    await says_yes(ann)
    closed = await ann.walks()
    assert (await store.kept(ANN)).outcomes == (
        Outcome(
            walk=closed.held.state.walk,
            ended_at=clock.at,
            source=Source.NONE,
            conditions=closed.held.state.conditions,
            upset_before=5,
            upset_after=2,
            change=Change.MORE,
            finished=True,
        ),
    )


async def test_outcome_of_a_stopped_walk_is_kept_as_unfinished_with_skips_unknown(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.commands("walk")
    await ann.presses(Label.DID_IT)
    await ann.commands("stop")
    (kept,) = (await store.kept(ANN)).outcomes
    assert (kept.finished, kept.upset_before, kept.upset_after, kept.change) == (False, None, None, Change.UNSAID)


async def test_outcome_is_not_kept_without_consent(ann: Person, store: Store) -> None:
    await ann.walks()
    assert (await purposes(store, ANN), (await store.kept(ANN)).outcomes) == (frozenset(), ())


@pytest.mark.parametrize("restart", [False, True])
async def test_walk_that_has_just_ended_is_kept_when_the_yes_comes_at_its_close(
    ann: Person, store: Store, clock: Clock, *, restart: bool
) -> None:
    closed = await ann.walks()
    await ann.presses(Label.REMEMBER)
    ann = restarted(ann, store, clock) if restart else ann
    assert lines(await ann.presses(Label.REMEMBER_YES)) == [Line.CONSENT_YES]
    (kept,) = (await store.kept(ANN)).outcomes
    assert (kept.walk, kept.upset_before, kept.upset_after) == (closed.held.state.walk, 5, 2)


async def test_yes_before_any_walk_keeps_no_outcome(ann: Person, store: Store) -> None:
    await says_yes(ann)
    assert (await purposes(store, ANN), (await store.kept(ANN)).outcomes) == (REMEMBER, ())


async def test_consent_holds_after_a_restart_and_is_shown_with_the_way_out(
    ann: Person, store: Store, clock: Clock
) -> None:
    await says_yes(ann)
    ann = restarted(ann, store, clock)
    assert lines(await ann.commands("consent")) == [Line.CONSENT_ON, Line.CONSENT_ON_REMEMBER]
    assert lines(await ann.presses(Label.REMEMBER_OFF)) == [Line.CONSENT_OFF]
    assert await purposes(store, ANN) == frozenset()
    assert lines(await ann.commands("consent")) == [Line.CONSENT_NONE, Line.CONSENT_ASK]


async def test_withdrawing_deletes_what_was_kept(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.walks()
    await ann.commands("consent")
    await ann.presses(Label.REMEMBER_OFF)
    assert (await store.kept(ANN)).outcomes == ()


async def test_forgetting_takes_two_taps_and_leaves_no_row(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.walks()
    assert lines(await ann.commands("forget")) == [Line.FORGET_KEEPS, Line.FORGET_ASK]
    assert len((await store.kept(ANN)).outcomes) == 1
    await ann.presses(Label.FORGET_YES)
    assert (await purposes(store, ANN), (await store.kept(ANN)).outcomes) == (frozenset(), ())


async def test_second_tap_that_says_no_keeps_everything(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.walks()
    await ann.commands("forget")
    assert lines(await ann.presses(Label.FORGET_NO)) == [Line.FORGET_KEPT]
    assert len((await store.kept(ANN)).outcomes) == 1


@pytest.mark.parametrize("told", ["im 14 and i saw a video of a dog being beaten", Label.UNDER_16])
async def test_someone_under_16_cannot_say_yes(ann: Person, store: Store, told: str) -> None:
    asked = await ann.commands("consent")
    await (ann.presses(told) if isinstance(told, Label) else ann.says(told))
    assert ann.heard.held.state.minor
    assert lines(await ann.presses(Label.REMEMBER_YES, of=asked)) == [Line.CONSENT_UNDER_16]
    assert lines(await ann.commands("consent")) == [Line.CONSENT_UNDER_16]
    assert await purposes(store, ANN) == frozenset()


async def test_nothing_more_is_kept_of_someone_who_turns_out_to_be_under_16(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.says("im 14 and i saw a video of a dog being beaten")
    await ann.walks()
    assert (await store.kept(ANN)).outcomes == ()


async def test_under_16_is_known_from_a_button_beside_a_later_walk(ann: Person, clock: Clock) -> None:
    await ann.says("im 14")
    offered = await ann.commands("start")
    clock.at += IDLE + 1
    await ann.walks()
    assert not ann.heard.held.state.minor
    await ann.presses(Label.BEGIN, of=offered)
    assert ann.heard.held.state.minor


async def test_under_16_is_known_from_the_buttons_after_a_restart(ann: Person, store: Store, clock: Clock) -> None:
    await ann.says("im 14 and i saw a video of a dog being beaten")
    ann = restarted(ann, store, clock)
    assert (await ann.presses_data(buttons(ann.heard)[0].payload)).held.state.minor
    assert lines(await ann.commands("consent")) == [Line.CONSENT_UNDER_16]


# --- when something fails -----------------------------------------------------------------------------------------


async def test_walk_is_led_to_its_close_while_the_store_can_neither_be_read_nor_written(
    ann: Person, store: FailingStore
) -> None:
    store.failing = frozenset({"kept", "save_outcome"})
    closed = await ann.walks()
    assert lines(closed) == [Line.CLOSE_CROSSED, Line.BACK]


async def test_card_comes_while_the_store_can_neither_be_read_nor_written(ann: Person, store: FailingStore) -> None:
    store.failing = frozenset({"kept", "save_outcome"})
    await ann.commands("walk")
    assert lines(await ann.says("i want to kill myself")) == [
        Line.CARD_OWN,
        Line.CARD_LINES,
        Line.CARD_STAY,
        Line.BARRIER_ASK,
    ]


async def test_close_is_said_when_its_outcome_cannot_be_kept(ann: Person, store: FailingStore) -> None:
    await says_yes(ann)
    store.failing = frozenset({"save_outcome"})
    with capture_logs() as log:
        closed = await ann.walks()
    assert lines(closed) == [Line.CLOSE_CROSSED, Line.BACK]
    assert [(entry["event"], entry["error"]) for entry in log if entry["log_level"] == "error"] == [
        ("saving failed", "StoreError")
    ]


async def test_consents_are_read_again_once_the_store_is_well(ann: Person, store: FailingStore, clock: Clock) -> None:
    await says_yes(ann)
    ann = restarted(ann, store, clock)
    store.failing = frozenset({"kept"})
    await ann.commands("walk")
    store.failing = frozenset()
    for label in WALK:
        await ann.presses(label)
    assert len((await store.kept(ANN)).outcomes) == 1


async def test_yes_that_cannot_be_kept_is_told_and_leaves_nothing_half_done(ann: Person, store: FailingStore) -> None:
    await ann.walks()
    asked = await ann.presses(Label.REMEMBER)
    store.failing = frozenset({"grant"})
    after = await ann.presses(Label.REMEMBER_YES)
    assert lines(after) == [Line.STORE_FAILED]
    assert after.held.consents == frozenset()
    assert (await purposes(store, ANN), (await store.kept(ANN)).outcomes) == (frozenset(), ())
    store.failing = frozenset()
    assert lines(await ann.presses(Label.REMEMBER_YES, of=asked)) == [Line.CONSENT_YES]
    assert len((await store.kept(ANN)).outcomes) == 1


async def test_what_an_operator_has_deleted_is_not_said_to_be_on_or_kept(ann: Person, store: Store) -> None:
    await says_yes(ann)
    await ann.commands("plan")
    await ann.presses(Label.AGREE)
    await store.forget(ANN, at=0)  # by another process, while the bot runs
    assert lines(await ann.commands("plan")) == [Line.CONSENT_ASK_PLANS]
    assert lines(await ann.commands("consent")) == [Line.CONSENT_NONE, Line.CONSENT_ASK]


@pytest.fixture
async def following(ann: Person, store: FailingStore, clock: Clock) -> Decision:
    """Ann's message of a day after a walk, with follow-ups agreed to."""
    for purpose in (Purpose.REMEMBER, Purpose.FOLLOW_UPS):
        await store.grant(ANN, purpose, at=clock.at)
    await ann.walks()
    (one,) = (await store.kept(ANN)).follow_ups
    clock.at = one.due_at
    assert await store.revise_follow_up(ANN, one.walk, partial(sent, at=clock.at))
    return Decision(Held(), (ann.responder.addressed(ANN, asked(one)),))


async def test_walk_that_ends_is_followed_up_and_what_is_answered_is_kept(
    ann: Person, store: FailingStore, following: Decision
) -> None:
    (reply,) = following.replies
    four = next(button for row in reply.buttons for button in row if button.words == "4")
    assert lines(await ann.presses_data(four.payload)) == [Line.FOLLOW_UP_CARE]
    assert lines(await ann.presses(Label.CARE_LESS)) == [Line.FOLLOW_UP_THANKS]
    (one,) = (await store.kept(ANN)).follow_ups
    assert (one.points, one.unanswered) == ((Point(1, 4, Change.LESS),), 0)


async def test_answer_about_a_walk_of_days_ago_leaves_the_one_under_way(
    ann: Person, store: FailingStore, clock: Clock, following: Decision
) -> None:
    await ann.commands("walk")
    begun = await ann.presses(Label.DID_IT)
    ann = restarted(ann, store, clock)
    (reply,) = following.replies
    care = await ann.presses_data(reply.buttons[0][4].payload)
    resonance = await ann.presses(Label.UPSET_STRONG, of=begun)
    assert lines(resonance) == [Line.RESONANCE]
    assert lines(await ann.presses(Label.CARE_MORE, of=care)) == [Line.FOLLOW_UP_THANKS]
    assert lines(await ann.presses(Label.FEEL_SAD, of=resonance)) == [Line.MIRROR, Line.KIND]


async def test_strong_upset_is_steadied_although_it_cannot_be_kept(
    ann: Person, store: FailingStore, following: Decision
) -> None:
    (reply,) = following.replies
    store.failing = frozenset({"revise_follow_up"})
    heard = lines(await ann.presses_data(reply.buttons[1][3].payload))
    assert (heard[0], heard[-1]) == (Line.HIGH, Line.STORE_FAILED)
    assert lines(await ann.presses_data(reply.buttons[0][4].payload)) == [Line.STORE_FAILED]


async def test_withdrawal_that_fails_is_told_and_can_be_tried_again(ann: Person, store: FailingStore) -> None:
    await says_yes(ann)
    shown = await ann.commands("consent")
    store.failing = frozenset({"withdraw"})
    after = await ann.presses(Label.REMEMBER_OFF)
    assert (lines(after), after.held.consents) == ([Line.STORE_FAILED], REMEMBER)
    store.failing = frozenset()
    assert lines(await ann.presses(Label.REMEMBER_OFF, of=shown)) == [Line.CONSENT_OFF]
    assert await purposes(store, ANN) == frozenset()


async def test_card_comes_though_what_someone_under_16_agreed_to_cannot_be_deleted(
    ann: Person, store: FailingStore
) -> None:
    await says_yes(ann)
    store.failing = frozenset({"withdraw"})
    after = await ann.says("im 14 and i want to kill myself")
    assert lines(after) == [Line.CARD_OWN_YOUNG, Line.CARD_LINES, Line.CARD_MINOR, Line.BARRIER_ASK]
    assert (after.held.state.minor, after.held.consents) == (True, REMEMBER)
    await ann.says("stop")
    await ann.walks()
    assert (await store.kept(ANN)).outcomes == ()


@pytest.mark.parametrize("told", ["im 14", Label.UNDER_16])
async def test_under_16_stays_known_though_nothing_can_be_deleted(ann: Person, store: FailingStore, told: str) -> None:
    asked = await ann.commands("consent")
    await ann.presses(Label.REMEMBER_YES)
    store.failing = frozenset({"withdraw"})
    await (ann.presses(told, of=asked) if isinstance(told, Label) else ann.says(told))
    assert ann.heard.held.state.minor
    await ann.walks()
    assert (await store.kept(ANN)).outcomes == ()


async def test_what_someone_under_16_agreed_to_is_deleted_by_any_later_message(
    ann: Person, store: FailingStore, clock: Clock
) -> None:
    await says_yes(ann)
    store.failing = frozenset({"withdraw"})
    await ann.says("im 14 and i want to kill myself")
    assert await purposes(store, ANN) == REMEMBER
    store.failing = frozenset()
    assert lines(await ann.says("thanks")) == [Line.HELD_THANKS]
    assert await purposes(store, ANN) == frozenset()
    clock.at += IDLE + 1  # nobody knows their age any more
    await ann.walks()
    assert (await store.kept(ANN)).outcomes == ()


async def test_the_words_of_someone_under_16_are_answered_while_nothing_can_be_deleted(
    ann: Person, store: FailingStore
) -> None:
    await says_yes(ann)
    store.failing = frozenset({"withdraw"})
    told = await ann.says("im 14 and i keep seeing the video of the children in the rubble")
    assert lines(told)[:2] == [Line.CARD_MINOR, Line.ARRIVE_NEWS]
    assert lines(await ann.says("thanks")) == [Line.THANKS]
    assert lines(await ann.commands("privacy"))[0] is Line.PRIVACY_KEPT


DANGER_ANSWERED: Mapping[str, tuple[str | Label, ...]] = {
    **{tier.value: (text,) for tier, text in DANGERS.items()},
    "once more": ("i want to die", "i really want to die"),
    "once more, now": ("I have decided to end my life tonight", "I'll do it tonight"),
    "the question": (UNCLEAR,),
    "no clear no": (UNCLEAR, "maybe"),
    "a clear no": (UNCLEAR, Label.NO),
    "stop at the question": (UNCLEAR, "stop"),
    "stop and danger": ("stop. I'll do it tonight", "thanks"),
    "what is in the way": ("i want to die", Label.BARRIER_COST, Label.PLAN_CALL, "my cat is called tom"),
    "something steady": ("i want to die", Label.STEADY_ME, "are you real?", "fuck off"),
    "forwarded, mine": (">> i want to die", Label.MINE),
    "forwarded, another's": (">> i want to die", "what now?", "it costs money", "not now"),
}


async def does(person: Person, move: str | Label) -> Decision:
    if isinstance(move, Label):
        return await person.presses(move)
    return await person.says(move.removeprefix(">> "), forwarded=move.startswith(">> "))


@pytest.mark.parametrize(
    "broken", [{"withdraw"}, {"save_outcome"}, ALL, None], ids=["withdraw", "save_outcome", "all", "hangs"]
)
@pytest.mark.parametrize("moves", DANGER_ANSWERED.values(), ids=DANGER_ANSWERED)
async def test_what_answers_danger_is_said_whatever_the_store_does(
    store: FailingStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    moves: tuple[str | Label, ...],
    broken: set[str] | None,
) -> None:
    for young in (False, True):
        store.failing = store.hanging = frozenset()
        monkeypatch.setattr("bot.respond.PATIENCE", 5)
        told = [f"{moves[0]}. im 14", *moves[1:]] if young else moves
        well, ill = (Person(responder_of(store, clock), number + young) for number in (ANN, BEN))
        for person in (well, ill):
            await in_new_zealand(person)
            await person.presses(Label.COUNTRY_KEEP)
            await says_yes(person)
            await person.commands("walk")
        expected = [lines(await does(well, move)) for move in told]
        if broken is None:
            monkeypatch.setattr("bot.respond.PATIENCE", 0)
            store.hanging = ALL
        else:
            store.failing = frozenset(broken)
        answers = [await does(ill, move) for move in told]
        assert [lines(answer) for answer in answers] == expected
        assert {reply.lane for answer in answers for reply in answer.replies} == {Lane.DANGER}


async def test_a_store_that_never_answers_keeps_nobody_waiting(
    ann: Person, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.respond.PATIENCE", 0)
    store.hanging = ALL
    with capture_logs() as log:
        assert lines(await ann.says("i want to die"))[0] is Line.CARD_OWN
    assert [(entry["event"], entry["error"]) for entry in log] == [("loading failed", "TimeoutError")]
    assert lines(await ann.commands("walk"))[0] is Line.ARRIVE_ASKED
    assert lines(await ann.commands("consent")) == [Line.STORE_FAILED]


def test_an_answer_waits_once_for_all_that_is_to_be_saved(clock: Clock) -> None:
    class Hung(Store):
        """Has two consents, and lets go of none."""

        @override
        def __init__(self) -> None:
            pass

        @override
        async def kept(self, person: int) -> Kept:
            return Kept(tuple(Consent(purpose, 1, 0) for purpose in Purpose), seen_on=clock.at // DAY)

        @override
        async def withdraw(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
            await asyncio.Event().wait()

    async def story() -> None:
        ann = Person(responder_of(Hung(), clock), ANN)
        begun = now()
        assert lines(await ann.says("im 14 and i want to die"))[0] is Line.CARD_OWN_YOUNG
        assert now() - begun == pytest.approx(PATIENCE)
        assert ann.heard.held.consents == frozenset(Purpose)

    at_once(story())


async def test_a_yes_that_comes_too_late_and_is_kept_all_the_same_is_known(
    ann: Person, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ann.commands("consent")
    with monkeypatch.context() as impatient:
        impatient.setattr("bot.respond.PATIENCE", 0)
        store.hanging = frozenset({"grant"})
        assert lines(await ann.presses(Label.REMEMBER_YES)) == [Line.STORE_FAILED]
    store.hanging = frozenset()
    await store.grant(ANN, Purpose.REMEMBER, at=0)
    assert lines(await ann.commands("consent")) == [Line.CONSENT_ON, Line.CONSENT_ON_REMEMBER]


async def test_country_under_a_consent_that_has_gone_beside_this_process_is_not_said_to_be_kept(
    ann: Person, store: FailingStore
) -> None:
    await in_new_zealand(ann)
    await ann.presses(Label.COUNTRY_KEEP)
    await store.forget(ANN, at=0)  # as an operator does
    assert lines(await in_new_zealand(ann)) == [Line.CARD_LINES_COUNTRY, Line.STORE_FAILED]
    assert await store.kept(ANN) == Kept()
    assert lines(await in_new_zealand(ann)) == [Line.CARD_LINES_COUNTRY, Line.COUNTRY_KEEP]


async def test_consent_that_has_gone_beside_this_process_is_not_shown_as_on(ann: Person, store: FailingStore) -> None:
    await says_yes(ann)
    await store.forget(ANN, at=0)
    assert lines(await ann.commands("consent")) == [Line.CONSENT_NONE, Line.CONSENT_ASK]
    assert lines(await ann.commands("history")) == [Line.PROGRESS_OFF]


async def test_withdrawal_that_was_refused_half_way_leaves_no_doubt_what_is_on(
    ann: Person, store: FailingStore
) -> None:
    await store.grant(ANN, Purpose.NUDGES, at=0)
    await ann.commands("consent")
    await ann.says(PROMPTS.content.labels[Label.ALONE])
    store.failing = frozenset({"withdraw"})
    assert lines(await ann.presses(Label.AGREE)) == [Line.STORE_FAILED]
    store.failing = frozenset()
    assert (await ann.commands("consent")).held.consents == {Purpose.NUDGES, Purpose.ALONE}


async def test_forgetting_that_fails_is_told_and_forgets_nothing(ann: Person, store: FailingStore) -> None:
    await says_yes(ann)
    await ann.commands("walk")
    shown = await ann.commands("forget")
    store.failing = frozenset({"forget"})
    after = await ann.presses(Label.FORGET_YES)
    assert lines(after) == [Line.STORE_FAILED]
    assert (after.held.state.step, after.held.consents) == (Step.ARRIVE, REMEMBER)
    store.failing = frozenset()
    assert lines(await ann.presses(Label.FORGET_YES, of=shown)) == [Line.FORGET_WENT, Line.FORGET_DONE]
    assert await purposes(store, ANN) == frozenset()


def stumbling(content: Content) -> Content:
    return replace(content, guard=StumblingGuard("xylophone"))


async def test_writer_of_a_message_that_the_core_fails_on_gets_a_general_card(store: Store, clock: Clock) -> None:
    ann = Person(responder_of(store, clock, content=stumbling(PROMPTS.content)), ANN)
    before = await ann.commands("walk")
    failed_before = failures()
    with capture_logs() as log:
        after = await ann.says("xylophone")
    assert lines(after) == [Line.CARD_FAILED, Line.CARD_LINES, Line.CARD_STAY]
    assert {reply.lane for reply in after.replies} == {Lane.DANGER}
    assert after.held.state == before.held.state
    assert failures() == failed_before + 1
    assert [(entry["event"], entry["error"]) for entry in log] == [("core failed", "ZeroDivisionError")]
    assert (await ann.says("did it")).held.state.step is Step.EASE


async def test_general_line_in_a_group_comes_before_all_else_too(store: Store, clock: Clock) -> None:
    responder = responder_of(store, clock, content=stumbling(PROMPTS.content))
    after = await responder.respond(Incoming(ANN, Where.GROUP, Kind.TEXT, at=0, text="xylophone"))
    assert [(reply.keys, reply.lane) for reply in after.replies] == [((Line.GROUP_DANGER,), Lane.DANGER)]


async def test_danger_gets_a_general_card_when_what_is_read_beside_it_fails(store: Store, clock: Clock) -> None:
    class StumblingReader(Reader):
        @override
        def __init__(self) -> None:
            pass

        @override
        def notice(self, said: Utterance) -> Notice:
            raise ZeroDivisionError(said.normal)

    ann = Person(responder_of(store, clock, content=replace(PROMPTS.content, reader=StumblingReader())), ANN)
    with capture_logs() as log:
        assert lines(await ann.says("i want to die"))[0] is Line.CARD_FAILED
    assert "die" not in str(log)


async def test_dangers_are_counted_for_all_together_when_their_day_is_over(ann: Person, clock: Clock) -> None:
    def counted(tier: str) -> float:
        return REGISTRY.get_sample_value("bot_dangers_total", {"tier": tier}) or 0

    own, unclear = counted("own"), counted("unclear")
    await ann.says("i want to die")
    await ann.says("i want to die")
    await Person(ann.responder, 2).says("i cant do this anymore")
    assert (counted("own"), counted("unclear")) == (own, unclear)
    clock.at += 24 * 60 * 60
    await Person(ann.responder, 3).says("hello")
    assert (counted("own"), counted("unclear")) == (own + 1, unclear + 1)


def failures() -> float:
    return REGISTRY.get_sample_value("bot_core_failures_total") or 0


# --- many, and groups ---------------------------------------------------------------------------------------------


async def test_many_people_side_by_side_do_not_mix(ann: Person, store: Store) -> None:
    upset = {2: Label.UPSET_LITTLE, 5: Label.UPSET_STRONG}
    care = {Change.LESS: Label.CARE_LESS, Change.SAME: Label.CARE_SAME, Change.MORE: Label.CARE_MORE}
    answers = {1000 + number: (before, change) for number, (before, change) in enumerate(
        [(before, change) for before in upset for change in care] * 5
    )}  # fmt: skip

    async def walk(number: int) -> None:
        someone = Person(ann.responder, number)
        before, change = answers[number]
        given = [*WALK[:1], upset[before], *WALK[2:-1], care[change]]
        if number % 2:
            await says_yes(someone)
        await someone.commands("walk")
        for label in given:
            await asyncio.sleep(0)
            await someone.presses(label)

    await asyncio.gather(*map(walk, answers))
    kept = {
        number: [(one.upset_before, one.change) for one in (await store.kept(number)).outcomes] for number in answers
    }
    assert kept == {number: [answer] if number % 2 else [] for number, answer in answers.items()}


async def in_group(responder: Responder, number: int, text: str, *, addressed: bool) -> Decision:
    await responder.rooms.save(RoomChange(GROUP, is_on=True), 1)
    there = There(GROUP)
    incoming = Incoming(number, Where.GROUP, Kind.TEXT, at=0, text=text, addressed=addressed, there=there)
    return await responder.respond(incoming)


async def test_group_gets_one_line_with_the_way_to_write_privately(ann: Person) -> None:
    answer = await in_group(ann.responder, ANN, SEEN, addressed=True)
    assert lines(answer) == [Line.GROUP_PRIVATE]
    assert [(each.label, each.action, each.value) for each in buttons(answer)] == [
        (Label.WRITE_PRIVATELY, Action.DOOR, Door.TALK)
    ]


async def test_group_message_that_is_not_for_the_bot_is_dropped_unread(store: Store, clock: Clock) -> None:
    responder = responder_of(store, clock, content=stumbling(PROMPTS.content))
    assert await in_group(responder, ANN, "xylophone", addressed=False) == Decision(Person(responder).heard.held)


async def test_group_message_that_is_not_for_the_bot_asks_the_store_nothing_and_is_not_logged(
    ann: Person, store: FailingStore
) -> None:
    store.failing = frozenset({"kept"})
    with capture_logs() as log:
        await in_group(ann.responder, ANN, SEEN, addressed=False)
    assert log == []


async def test_words_in_a_group_leave_the_private_walk_as_it_is(ann: Person) -> None:
    await ann.commands("walk")
    await in_group(ann.responder, ANN, "please stop", addressed=True)
    assert (await ann.says("did it")).held.state.step is Step.EASE


async def test_group_message_that_the_core_fails_on_gets_one_line_for_everyone(store: Store, clock: Clock) -> None:
    responder = responder_of(store, clock, content=stumbling(PROMPTS.content))
    answer = await in_group(responder, ANN, "xylophone", addressed=True)
    assert (lines(answer), len(buttons(answer))) == ([Line.GROUP_DANGER], 1)


# --- the country --------------------------------------------------------------------------------------------------


async def in_new_zealand(person: Person) -> Decision:
    await person.commands("country")
    return await person.presses_data(
        next(each.payload for each in buttons(person.heard) if PROMPTS.label(each) == "New Zealand")
    )


async def test_a_card_with_the_store_failing_still_shows_the_lines_of_the_country(
    ann: Person, store: FailingStore
) -> None:
    await in_new_zealand(ann)
    store.failing = frozenset({"kept", "grant", "withdraw", "forget", "save_outcome", "save_country"})
    await ann.says("i want to die")
    assert lines(ann.heard) == [Line.CARD_OWN, Line.CARD_LINES_COUNTRY, Line.CARD_STAY, Line.BARRIER_ASK]
    assert "0508 828 865" in PROMPTS.text(ann.heard.replies[1])


async def test_a_kept_country_is_there_after_half_an_hour_and_after_a_restart(
    ann: Person, store: FailingStore, clock: Clock
) -> None:
    await in_new_zealand(ann)
    await ann.presses(Label.COUNTRY_KEEP)
    clock.at += IDLE + 1
    assert lines(await ann.commands("crisis")) == [Line.CARD_LINES_COUNTRY, Line.CRISIS_STAY]
    assert lines(await restarted(ann, store, clock).commands("crisis"))[0] is Line.CARD_LINES_COUNTRY


async def test_a_country_that_is_not_kept_is_gone_after_half_an_hour(ann: Person, clock: Clock) -> None:
    await in_new_zealand(ann)
    clock.at += IDLE + 1
    assert lines(await ann.commands("crisis")) == [Line.CRISIS]


async def test_a_country_that_cannot_be_kept_is_shown_and_nobody_is_told_that_it_is_kept(
    ann: Person, store: FailingStore
) -> None:
    await in_new_zealand(ann)
    store.failing = frozenset({"save_country"})
    assert lines(await ann.presses(Label.COUNTRY_KEEP)) == [Line.STORE_FAILED]
    assert lines(await in_new_zealand(ann)) == [Line.CARD_LINES_COUNTRY, Line.STORE_FAILED]


async def test_under_16_keeps_no_country(ann: Person, store: FailingStore) -> None:
    await in_new_zealand(ann)
    await ann.presses(Label.COUNTRY_KEEP)
    await ann.says("im 13 and my dog died")
    assert (await store.kept(ANN)).country == ""
    assert lines(await in_new_zealand(ann)) == [Line.CARD_LINES_COUNTRY, Line.COUNTRY_NOW]
    assert (await store.kept(ANN)).country == ""


async def test_a_country_button_of_yesterday_means_the_same_country(ann: Person, store: Store, clock: Clock) -> None:
    await ann.commands("country")
    payload = next(each.payload for each in buttons(ann.heard) if PROMPTS.label(each) == "Kenya")
    again = restarted(ann, store, clock)
    assert (await again.presses_data(payload)).held.country == "KE"


async def test_a_country_may_be_typed_after_the_core_has_failed(store: Store, clock: Clock) -> None:
    stumbling = replace(PROMPTS.content, guard=StumblingGuard("xylophone"))
    ann = Person(responder_of(store, clock, content=stumbling), ANN)
    assert lines(await ann.says("xylophone")) == [Line.CARD_FAILED, Line.CARD_LINES, Line.CARD_STAY]
    assert lines(await ann.says("new zealand"))[0] is Line.CARD_LINES_COUNTRY


# --- what walks tell ----------------------------------------------------------------------------------------------


async def test_progress_tells_of_what_is_kept_after_a_restart(ann: Person, store: Store, clock: Clock) -> None:
    await store.grant(ANN, Purpose.REMEMBER, at=clock.at)
    await ann.walks()
    later = Person(responder_of(store, clock), ANN)
    told = await later.commands("progress")
    assert lines(told)[0] is Line.PROGRESS_WEEK
    shown = await later.presses(Label.SHOW_WALKS)
    assert shown.replies[0].attached == OverDays((Answered(2, Change.MORE),))


async def test_progress_never_tells_of_someone_else(ann: Person, store: Store, clock: Clock) -> None:
    for person in (ANN, BEN):
        await store.grant(person, Purpose.REMEMBER, at=clock.at)
    await ann.walks()
    ben = Person(ann.responder, BEN)
    assert lines(await ben.commands("progress")) == [Line.PROGRESS_NONE]


async def test_picture_of_a_walk_needs_no_memory_and_no_store(ann: Person, store: FailingStore, clock: Clock) -> None:
    closed = await ann.walks()
    store.failing = frozenset({"kept"})
    shown = await Person(responder_of(store, clock), ANN).presses_data(button(closed, Label.SHOW).payload)
    assert shown.replies[0].attached == OneWalk(5, 2, Change.MORE)


async def test_progress_says_so_where_what_is_kept_cannot_be_read(
    ann: Person, store: FailingStore, clock: Clock
) -> None:
    await store.grant(ANN, Purpose.REMEMBER, at=clock.at)
    await ann.commands("help")
    store.failing = frozenset({"kept"})
    with capture_logs() as logged:
        assert lines(await ann.commands("progress")) == [Line.STORE_FAILED]
    assert {line["event"] for line in logged} == {"loading failed"}


async def test_what_is_kept_of_walks_is_read_once_while_memory_lasts(
    ann: Person, store: FailingStore, clock: Clock
) -> None:
    await store.grant(ANN, Purpose.REMEMBER, at=clock.at)
    await ann.commands("walk")
    store.failing = frozenset({"outcomes"})
    with capture_logs() as logged:
        await ann.walks()
        await ann.says("hello")
    assert logged == []


async def test_walks_that_cannot_be_read_take_no_consent_away(ann: Person, store: FailingStore, clock: Clock) -> None:
    await store.grant(ANN, Purpose.REMEMBER, at=clock.at)
    store.failing = frozenset({"outcomes"})
    assert Purpose.REMEMBER in (await ann.commands("walk")).held.consents
