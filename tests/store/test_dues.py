"""What is due: claimed once, sent or put off, and never sent twice, whatever comes between."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, PLAN_DAYS, Due, FollowUp, Nudging, Plan, Point, Purpose, Rest, Schedule
from bot.core.state import Change
from bot.store.database import connect
from bot.store.dues import Claim, Counted, Tally
from bot.store.opening import FILE
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import KEYS, PROMPTS, RING
from tests.store.household import House, ring_at
from tests.store.test_store import ALMA, BENO, found, raw, remember, walked

AT = 1_790_000_000
TODAY = AT // DAY
WALK = 0xABCDEF
PLAN = Plan(WALK, AT - DAY, "if I pass the hospital, then I write to her sister")
"""Of the same number as the walk that is followed up: neither may be taken for the other."""
FOLLOW_UP = FollowUp(
    WALK, AT - DAY, was_there=False, upset_before=8, upset_after=3, change=Change.MORE, due_at=AT, unanswered=1
)
NUDGING = Nudging(
    Schedule(7 * 60, frozenset({1, 6}), "Europe/Lisbon", 22 * 60, 6 * 60),
    seed=5,
    seen=frozenset({"1a", "1b"}),
    rest=Rest.NONE,
    did=2,
    due_at=AT,
)


async def nudged(store: Store, person: int, due_at: int = AT) -> None:
    await store.grant(person, Purpose.NUDGES, at=AT)
    assert await store.revise_nudging(person, lambda _: replace(NUDGING, due_at=due_at))


async def followed(store: Store, person: int, *several: FollowUp) -> None:
    await store.grant(person, Purpose.FOLLOW_UPS, at=AT)
    for one in several:
        assert await store.save_follow_up(person, one)


async def planned(store: Store, person: int, plan: Plan = PLAN, remind_at: int = AT) -> None:
    await store.grant(person, Purpose.PLANS, at=AT)
    assert await store.save_plan(person, plan, remind_at=remind_at)


async def all_due(store: Store, person: int) -> None:
    """Have one of each kind due now."""
    await nudged(store, person)
    await followed(store, person, FOLLOW_UP)
    await planned(store, person)


def rows(folder: Path) -> list[tuple[str, int, int]]:
    """Of what purpose each due row is, when it is due, and when it was claimed."""
    with raw(folder) as database:
        return sorted(database.execute("SELECT purpose, at, claimed FROM person_due").fetchall())


def counts(folder: Path) -> tuple[int, ...]:
    """How many rows there are: nudges, follow-ups, plans, and what is due."""
    with raw(folder) as database:
        tables = ("nudging", "follow_up", "plan", "person_due")
        return tuple(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)  # noqa: S608


def as_it_was(kept: Nudging) -> Nudging:
    return kept


# --- Due, claimed, done -------------------------------------------------------------------------------------------


async def test_what_is_due_is_claimed_and_then_done_and_each_is_on_the_disk(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await nudged(store, ALMA)
    async with Store.open(folder, RING) as store:
        (claim,) = await store.claim(AT)
    assert rows(folder) == [("nudges", AT, AT)]
    async with Store.open(folder, RING) as store:
        assert await store.claim(AT + DAY) == ()
        assert await store.interrupted() == (claim,)
        await store.finish(claim, nudging=lambda kept: replace(kept, told_on=7, due_at=AT + DAY))
    async with Store.open(folder, RING) as store:
        assert await store.interrupted() == ()
        assert await store.claim(AT + DAY - 1) == ()
        (claim,) = await store.claim(AT + DAY)
        assert claim.nudging == replace(NUDGING, told_on=7, due_at=AT + DAY)


async def test_claim_has_all_that_it_is_about(store: Store) -> None:
    later = replace(FOLLOW_UP, walk=2, ended_at=AT, due_at=AT + DAY, sent_at=AT - 5)
    ended = replace(FOLLOW_UP, walk=3, ended_at=AT + 1, due_at=0, sent_at=AT - 6)
    await all_due(store, ALMA)
    await followed(store, ALMA, later, ended)
    claims = {claim.purpose: claim for claim in await store.claim(AT)}
    assert {purpose: (claim.plan, claim.follow_up) for purpose, claim in claims.items()} == {
        Purpose.NUDGES: (None, None),
        Purpose.FOLLOW_UPS: (None, FOLLOW_UP),
        Purpose.PLANS: (PLAN, None),
    }
    assert {(claim.person, claim.due_at, claim.claimed_at) for claim in claims.values()} == {(ALMA, AT, AT)}
    assert {claim.nudging for claim in claims.values()} == {NUDGING}
    assert {(claim.walked_at, claim.followed_at) for claim in claims.values()} == {(AT, AT - 5)}
    others = {purpose: {due.purpose for due in claim.dues} for purpose, claim in claims.items()}
    assert others == {
        Purpose.NUDGES: {Purpose.FOLLOW_UPS, Purpose.PLANS},
        Purpose.FOLLOW_UPS: {Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.PLANS},
        Purpose.PLANS: {Purpose.NUDGES, Purpose.FOLLOW_UPS},
    }


async def test_claims_come_by_pages_the_longest_due_first_and_each_once(store: Store) -> None:
    ages = {person: person * 7 % 10 for person in range(1, 10)}
    for person, age in ages.items():
        await nudged(store, person, AT - age)
    await nudged(store, 99, AT + 1)
    pages = [await store.claim(AT, most=4) for _ in range(4)]
    assert [len(page) for page in pages] == [4, 4, 1, 0]
    given = [claim.person for page in pages for claim in page]
    assert given == sorted(ages, key=lambda person: -ages[person])
    assert await store.next_due_at() == AT + 1


async def test_claim_is_given_once_to_two_stores_side_by_side(store: Store, folder: Path) -> None:
    people = range(1, 31)
    for person in people:
        await nudged(store, person)
    async with Store.beside(folder, RING) as other:
        pages = await asyncio.gather(*((store, other)[number % 2].claim(AT, most=4) for number in range(12)))
    assert sorted(claim.person for page in pages for claim in page) == list(people)


async def test_what_is_claimed_is_seen_as_interrupted_and_nowhere_else(store: Store) -> None:
    assert (await store.interrupted(), await store.next_due_at()) == ((), None)
    await all_due(store, ALMA)
    assert (await store.interrupted(), await store.next_due_at()) == ((), AT)
    claims = await store.claim(AT)
    assert (await store.claim(AT + 9 * DAY), await store.next_due_at()) == ((), None)
    assert set(await store.interrupted()) == set(claims)
    assert len(await store.interrupted(most=2)) == 2
    for claim in claims:
        await store.put_off(claim, AT + 60)
    assert (await store.interrupted(), await store.next_due_at()) == ((), AT + 60)


async def test_what_was_put_off_is_due_then_and_stays_what_it_is(store: Store) -> None:
    await all_due(store, ALMA)
    for claim in await store.claim(AT):
        assert await store.may_send(claim)
        await store.put_off(claim, AT + 60)
        assert not await store.may_send(claim)
    assert await store.claim(AT + 59) == ()
    claims = await store.claim(AT + 60)
    assert {(claim.purpose, claim.due_at, claim.plan, claim.follow_up) for claim in claims} == {
        (Purpose.NUDGES, AT + 60, None, None),
        (Purpose.FOLLOW_UPS, AT + 60, None, FOLLOW_UP),
        (Purpose.PLANS, AT + 60, PLAN, None),
    }
    kept = await store.kept(ALMA)
    assert (kept.nudging, kept.follow_ups) == (NUDGING, (FOLLOW_UP,))


async def test_what_is_done_says_itself_when_the_next_is_due(store: Store, folder: Path) -> None:
    await all_due(store, ALMA)
    for claim in await store.claim(AT):
        await store.finish(
            claim,
            nudging=(lambda kept: replace(kept, due_at=AT + DAY)) if claim.purpose is Purpose.NUDGES else None,
            follow_up=(lambda one: replace(one, due_at=AT + 2 * DAY)) if claim.follow_up else None,
        )
    assert rows(folder) == [("follow_ups", AT + 2 * DAY, 0), ("nudges", AT + DAY, 0)]
    assert (await store.kept(ALMA)).plans == (PLAN,)


async def test_what_is_done_and_says_nothing_of_a_next_one_is_not_due_again(store: Store, folder: Path) -> None:
    await all_due(store, ALMA)
    for claim in await store.claim(AT):
        await store.finish(claim)
    assert rows(folder) == []
    assert await store.interrupted() == ()


# --- What is changed between the claim and its end ----------------------------------------------------------------


async def again(store: Store, purpose: Purpose, save: Callable[[Store, int], Awaitable[None]]) -> None:
    await store.withdraw(ALMA, purpose, at=AT)
    await save(store, ALMA)


async def next_week(store: Store) -> None:
    await store.revise_nudging(ALMA, lambda kept: replace(kept, due_at=AT + 7 * DAY))


async def answered(store: Store, *, due_at: int) -> None:
    await store.revise_follow_up(ALMA, WALK, lambda one: replace(one, points=(Point(1, 4),), due_at=due_at))


SAVES: dict[Purpose, Callable[[Store, int], Awaitable[None]]] = {
    Purpose.NUDGES: nudged,
    Purpose.FOLLOW_UPS: lambda store, person: followed(store, person, FOLLOW_UP),
    Purpose.PLANS: planned,
}
CHANGES: dict[str, tuple[Purpose, Callable[[Store], Awaitable[object]]]] = {
    "settings": (Purpose.NUDGES, next_week),
    "stopped": (
        Purpose.NUDGES,
        lambda store: store.revise_nudging(ALMA, lambda kept: replace(kept, rest=Rest.STOPPED, due_at=0)),
    ),
    "nudges withdrawn": (Purpose.NUDGES, lambda store: store.withdraw(ALMA, Purpose.NUDGES, at=AT)),
    "nudges forgotten": (Purpose.NUDGES, lambda store: store.forget(ALMA, at=AT)),
    "nudges begun anew": (
        Purpose.NUDGES,
        lambda store: again(store, Purpose.NUDGES, lambda other, person: nudged(other, person, AT + DAY)),
    ),
    "answered": (Purpose.FOLLOW_UPS, lambda store: answered(store, due_at=AT + 2 * DAY)),
    "ended": (Purpose.FOLLOW_UPS, lambda store: answered(store, due_at=0)),
    "rested": (Purpose.FOLLOW_UPS, lambda store: store.rest_follow_ups(ALMA, AT + 3 * DAY)),
    "walk erased": (Purpose.FOLLOW_UPS, lambda store: store.erase_outcome(ALMA, WALK, at=AT)),
    "follow-ups withdrawn": (Purpose.FOLLOW_UPS, lambda store: store.withdraw(ALMA, Purpose.FOLLOW_UPS, at=AT)),
    "plan done": (Purpose.PLANS, lambda store: store.finish_plan(ALMA, WALK, at=AT)),
    "plan made anew": (Purpose.PLANS, lambda store: planned(store, ALMA, remind_at=AT + DAY)),
    "plans withdrawn": (Purpose.PLANS, lambda store: store.withdraw(ALMA, Purpose.PLANS, at=AT)),
}


@pytest.mark.parametrize(("purpose", "change"), CHANGES.values(), ids=CHANGES)
async def test_what_was_changed_meanwhile_is_neither_sent_nor_brought_back(
    store: Store, folder: Path, purpose: Purpose, change: Callable[[Store], Awaitable[object]]
) -> None:
    await SAVES[purpose](store, ALMA)
    (claim,) = await store.claim(AT)
    await change(store)
    changed, due = await store.kept(ALMA), rows(folder)
    assert not await store.may_send(claim)
    await store.put_off(claim, AT + 60)
    await store.finish(claim)
    await store.finish(claim, nudging=as_it_was, follow_up=lambda one: one)
    assert (await store.kept(ALMA), rows(folder)) == (changed, due)
    assert await store.claim(AT + 60) == ()


async def test_message_that_went_out_while_settings_changed_counts_all_the_same(store: Store, folder: Path) -> None:
    await nudged(store, ALMA)
    (claim,) = await store.claim(AT)
    await next_week(store)
    await store.finish(claim, nudging=lambda kept: replace(kept, told_on=7))
    assert (await store.kept(ALMA)).nudging == replace(NUDGING, told_on=7, due_at=AT + 7 * DAY)
    assert rows(folder) == [("nudges", AT + 7 * DAY, 0)]


async def test_follow_up_that_was_ended_while_it_went_out_stays_ended(store: Store, folder: Path) -> None:
    await followed(store, ALMA, FOLLOW_UP)
    (claim,) = await store.claim(AT)
    await answered(store, due_at=0)
    await store.finish(claim, follow_up=lambda one: replace(one, due_at=AT + 2 * DAY))
    assert [one.due_at for one in (await store.kept(ALMA)).follow_ups] == [0]
    assert rows(folder) == []


async def test_claim_of_an_earlier_time_ends_no_later_one(store: Store) -> None:
    await nudged(store, ALMA)
    (first,) = await store.claim(AT)
    await store.put_off(first, AT + 60)
    (second,) = await store.claim(AT + 60)
    await store.put_off(first, AT + 120)
    await store.finish(first)
    assert (await store.may_send(first), await store.may_send(second)) == (False, True)
    assert await store.interrupted() == (second,)


async def test_what_two_change_at_once_counts_twice(store: Store, folder: Path) -> None:
    await nudged(store, ALMA)
    await followed(store, ALMA, replace(FOLLOW_UP, unanswered=0))
    async with Store.beside(folder, RING) as other:
        stores = (store, other) * 10
        await asyncio.gather(
            *(one.revise_nudging(ALMA, lambda kept: replace(kept, did=kept.did + 1)) for one in stores),
            *(
                one.revise_follow_up(ALMA, WALK, lambda kept: replace(kept, unanswered=kept.unanswered + 1))
                for one in stores
            ),
        )
    kept = await store.kept(ALMA)
    assert (kept.nudging, [one.unanswered for one in kept.follow_ups]) == (replace(NUDGING, did=22), [20])


# --- Consent, at the claim and at the send ------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.PLANS])
async def test_nothing_is_sent_in_words_that_have_changed_since_the_yes(folder: Path, purpose: Purpose) -> None:
    async with Store.open(folder, RING) as store:
        await all_due(store, ALMA)
    async with Store.open(folder, RING, versions={purpose: 2}) as store:
        claims = {claim.purpose: claim for claim in await store.claim(AT)}
        assert [one for one, claim in claims.items() if not await store.may_send(claim)] == [purpose]
        await store.put_off(claims[purpose], AT + DAY)
        await store.grant(ALMA, purpose, at=AT + 60)
        (claim,) = await store.claim(AT + DAY)
        assert (claim.purpose, await store.may_send(claim)) == (purpose, True)


async def test_nothing_is_sent_to_someone_who_is_to_be_left_alone_until_they_take_it_back(store: Store) -> None:
    await all_due(store, ALMA)
    claims = await store.claim(AT)
    await store.grant(ALMA, Purpose.ALONE, at=AT)
    for claim in claims:
        assert not await store.may_send(claim)
        await store.put_off(claim, AT + 60)
    assert await store.claim(AT + 60) == ()
    assert (await store.kept(ALMA)).nudging == NUDGING
    await store.withdraw(ALMA, Purpose.ALONE, at=AT)
    assert await store.claim(AT + DAY + 59) == ()
    later = await store.claim(AT + DAY + 60)
    assert {claim.purpose for claim in later} == {Purpose.NUDGES, Purpose.FOLLOW_UPS}
    assert [await store.may_send(claim) for claim in later] == [True, True]


async def test_nothing_is_kept_without_its_consent(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(WALK))
    assert not await store.revise_nudging(ALMA, lambda _: NUDGING)
    assert not await store.save_follow_up(ALMA, FOLLOW_UP)
    assert not await store.revise_follow_up(ALMA, WALK, lambda one: one)
    await store.rest_follow_ups(ALMA, AT + DAY)
    assert counts(folder) == (0, 0, 0, 0)


async def test_consents_to_words_that_changed_take_no_new_rows(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await all_due(store, ALMA)
    async with Store.open(folder, RING, versions={Purpose.NUDGES: 2, Purpose.FOLLOW_UPS: 2}) as store:
        before = await store.kept(ALMA)
        assert not await store.revise_nudging(ALMA, lambda kept: replace(kept, did=9))
        assert not await store.save_follow_up(ALMA, replace(FOLLOW_UP, walk=1))
        assert not await store.revise_follow_up(ALMA, WALK, lambda one: replace(one, unanswered=9))
        assert await store.kept(ALMA) == before


# --- What is kept says when something is due ----------------------------------------------------------------------


async def test_nudges_begin_with_what_is_usual_and_with_nothing_due(store: Store, folder: Path) -> None:
    await store.grant(ALMA, Purpose.NUDGES, at=AT)
    assert (await store.kept(ALMA)).nudging is None
    await store.revise_nudging(ALMA, as_it_was)
    assert (await store.kept(ALMA)).nudging == Nudging()
    assert rows(folder) == []


async def test_due_row_follows_what_is_kept(store: Store, folder: Path) -> None:
    await nudged(store, ALMA)
    await followed(store, ALMA, FOLLOW_UP)
    kept = await store.kept(ALMA)
    assert (kept.nudging, kept.follow_ups) == (NUDGING, (FOLLOW_UP,))
    assert set(kept.dues) == {Due(Purpose.NUDGES, AT), Due(Purpose.FOLLOW_UPS, AT)}
    for due_at in (AT + DAY, 0, AT + 2 * DAY):
        await store.revise_nudging(ALMA, lambda kept, at=due_at: replace(kept, due_at=at))  # type: ignore[misc]
        await store.revise_follow_up(ALMA, WALK, lambda one, at=due_at: replace(one, due_at=at))  # type: ignore[misc]
        assert rows(folder) == [(name, due_at, 0) for name in ("follow_ups", "nudges") if due_at]


async def test_follow_up_of_a_walk_that_is_not_kept_changes_nothing(store: Store) -> None:
    await followed(store, ALMA, FOLLOW_UP)
    assert await store.revise_follow_up(ALMA, 1, lambda one: replace(one, unanswered=9))
    assert (await store.kept(ALMA)).follow_ups == (FOLLOW_UP,)


async def test_walk_that_ends_once_more_takes_no_answer_away(store: Store, folder: Path) -> None:
    await followed(store, ALMA, FOLLOW_UP)
    await store.revise_follow_up(
        ALMA, WALK, lambda one: replace(one, points=(Point(1, 4),), unanswered=0, sent_at=AT, due_at=AT + 2 * DAY)
    )
    before = (await store.kept(ALMA)).follow_ups
    await followed(store, ALMA, replace(FOLLOW_UP, upset_after=2))
    assert (await store.kept(ALMA)).follow_ups == tuple(replace(one, upset_after=2) for one in before)
    assert rows(folder) == [("follow_ups", AT + 2 * DAY, 0)]


async def test_follow_ups_that_rest_are_due_at_their_hour_when_the_rest_is_over(store: Store, folder: Path) -> None:
    later = replace(FOLLOW_UP, walk=2, due_at=AT + 9 * DAY)
    ended = replace(FOLLOW_UP, walk=3, due_at=0)
    await followed(store, ALMA, FOLLOW_UP, later, ended)
    await followed(store, BENO, FOLLOW_UP)
    await store.rest_follow_ups(ALMA, AT + 3 * DAY - 7)
    rested = replace(FOLLOW_UP, due_at=AT + 3 * DAY)
    assert set((await store.kept(ALMA)).follow_ups) == {rested, later, ended}
    await store.revise_follow_up(ALMA, WALK, lambda one: replace(one, unanswered=0))  # which ends no rest
    assert rows(folder) == [("follow_ups", at, 0) for at in (AT, AT + 3 * DAY, AT + 9 * DAY)]


async def test_plan_and_walk_of_one_number_do_not_share_what_is_due(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(WALK))
    await planned(store, ALMA)
    await followed(store, ALMA, FOLLOW_UP)
    await store.finish_plan(ALMA, WALK, at=AT)
    assert rows(folder) == [("follow_ups", AT, 0)]
    await planned(store, ALMA)
    await store.erase_outcome(ALMA, WALK, at=AT)
    assert rows(folder) == [("plans", AT, 0)]
    await followed(store, ALMA, FOLLOW_UP)
    await store.seen(ALMA, at=AT)
    while await store.sweep(TODAY - 1 + PLAN_DAYS + 1):
        pass
    assert rows(folder) == [("follow_ups", AT, 0)]


# --- Time zones that have changed ---------------------------------------------------------------------------------


class Deriving:
    """Moves what is due by an hour, and counts for how many; it may fail at one of them."""

    def __init__(self, fails_at: int = 0) -> None:
        self.calls = count(1)
        self.done = 0
        self.fails_at = fails_at

    def __call__(self, kept: Nudging) -> Nudging:
        self.done += 1
        if self.done == self.fails_at:
            raise RuntimeError
        return replace(kept, due_at=kept.due_at + 3600)


async def test_due_times_are_derived_again_once_with_each_version_of_the_zones(store: Store, folder: Path) -> None:
    for person in range(1, 6):
        await nudged(store, person)
    deriving = Deriving()
    await store.derive_again("2026a", deriving, page=2)
    assert (deriving.done, rows(folder)) == (5, [("nudges", AT + 3600, 0)] * 5)
    await store.derive_again("2026a", deriving, page=2)
    assert deriving.done == 5
    await store.derive_again("2026b", deriving, page=5)
    assert (deriving.done, rows(folder)) == (10, [("nudges", AT + 7200, 0)] * 5)


async def test_deriving_that_was_broken_off_begins_anew(store: Store, folder: Path) -> None:
    for person in range(1, 6):
        await nudged(store, person)
    with pytest.raises(RuntimeError):
        await store.derive_again("2026a", Deriving(fails_at=4), page=2)
    assert rows(folder) == [("nudges", AT, 0)] * 3 + [("nudges", AT + 3600, 0)] * 2  # whole pages, or nothing of one
    deriving = Deriving()
    await store.derive_again("2026a", deriving, page=2)
    assert deriving.done == 5


async def test_what_stays_the_same_is_not_written(store: Store) -> None:
    await nudged(store, ALMA)
    (claim,) = await store.claim(AT)
    await store.derive_again("2026a", as_it_was)
    assert await store.may_send(claim)


# --- What does not open -------------------------------------------------------------------------------------------

DAMAGES = {
    "nudging": "UPDATE nudging SET settings = x'02' WHERE person = ?",
    "follow_up": "UPDATE follow_up SET answers = x'02' WHERE person = ?",
    "plan": "UPDATE plan SET line = x'02' WHERE person = ?",
    "given": "UPDATE consent SET given = x'02' WHERE person = ?",
    "id": "UPDATE consent SET id = x'02' WHERE person = ?",
}


def damage(folder: Path, table: str) -> None:
    """Have a cell of Alma not open any more."""
    with raw(folder) as database:
        database.execute(DAMAGES[table], (row_key(KEYS, ALMA),))


@pytest.mark.parametrize("table", DAMAGES)
async def test_what_does_not_open_holds_up_nobody_and_is_looked_at_again_a_day_later(
    store: Store, folder: Path, table: str
) -> None:
    await all_due(store, ALMA)
    await nudged(store, BENO, AT + 1)
    damage(folder, table)
    with capture_logs() as logs:
        pages = [await store.claim(AT + 5, most=1) for _ in range(6)]
    given = [claim.person for page in pages for claim in page]
    assert given.count(BENO) == 1
    assert [one["event"] for one in logs] == ["a cell does not open"] * (3 - given.count(ALMA))
    assert {at for _, at, claimed in rows(folder) if not claimed} == {AT + 5 + DAY}
    assert {claim.person for claim in await store.interrupted()} == set(given)


async def test_what_was_claimed_and_does_not_open_any_more_is_due_a_day_later(store: Store, folder: Path) -> None:
    await nudged(store, ALMA)
    await nudged(store, BENO)
    await store.claim(AT)
    damage(folder, "nudging")
    with capture_logs() as logs:
        assert [claim.person for claim in await store.interrupted()] == [BENO]
    assert len(logs) == 1
    assert rows(folder) == [("nudges", AT, AT), ("nudges", AT + DAY, 0)]


async def test_cells_of_another_person_are_not_ones_own(store: Store, folder: Path) -> None:
    await all_due(store, ALMA)
    await all_due(store, BENO)
    with raw(folder) as database:
        for table, column in (("nudging", "settings"), ("follow_up", "answers")):
            cells = database.execute(f"SELECT {column}, person FROM {table}").fetchall()  # noqa: S608
            for (cell, _), (_, person) in zip(cells, reversed(cells), strict=True):
                database.execute(f"UPDATE {table} SET {column} = ? WHERE person = ?", (cell, person))  # noqa: S608
    with capture_logs() as logs:
        assert await store.claim(AT) == ()
    assert len(logs) == 6


# --- How long -----------------------------------------------------------------------------------------------------


async def sweep(store: Store, today: int) -> int:
    swept = 0
    while done := await store.sweep(today):
        swept += done
    return swept


async def test_follow_up_goes_with_its_walk(store: Store, folder: Path) -> None:
    other = replace(FOLLOW_UP, walk=1)
    await remember(store, ALMA, walked(WALK), walked(1))
    await followed(store, ALMA, other)
    before = cells(folder)
    await followed(store, ALMA, FOLLOW_UP)
    hers = cells(folder) - before
    assert await store.erase_outcome(ALMA, WALK, at=AT)
    assert ((await store.kept(ALMA)).follow_ups, rows(folder)) == ((other,), [("follow_ups", AT, 0)])
    assert found(folder, hers) == set()


def cells(folder: Path) -> set[bytes]:
    """Every key and every cell of nudges and follow-ups."""
    with raw(folder) as database:
        found_rows = database.execute("SELECT walk, answers FROM follow_up UNION SELECT settings, person FROM nudging")
        return {cell for row in found_rows for cell in row if cell != row_key(KEYS, ALMA)}


async def test_nudges_and_follow_ups_go_with_their_consents_and_leave_no_byte(store: Store, folder: Path) -> None:
    await nudged(store, ALMA)
    await followed(store, ALMA, FOLLOW_UP)
    await planned(store, ALMA, replace(PLAN, number=1))
    hers = cells(folder)
    await store.revise_nudging(ALMA, lambda kept: replace(kept, did=3))
    hers |= cells(folder)
    assert len(hers) == 4
    await store.withdraw(ALMA, Purpose.NUDGES, at=AT)
    assert counts(folder) == (0, 1, 1, 2)
    await store.withdraw(ALMA, Purpose.FOLLOW_UPS, at=AT)
    assert counts(folder) == (0, 0, 1, 1)
    assert found(folder, hers) == set()


async def test_follow_up_is_kept_as_long_as_a_walk_and_not_a_day_more(store: Store, folder: Path) -> None:
    late = replace(FOLLOW_UP, walk=1, ended_at=AT, due_at=AT + DAY)
    await followed(store, ALMA, FOLLOW_UP, late)
    await store.seen(ALMA, at=AT)
    assert await sweep(store, TODAY - 1 + KEPT_DAYS) == 0
    assert await sweep(store, TODAY + KEPT_DAYS) == 2  # with what was due
    assert ((await store.kept(ALMA)).follow_ups, rows(folder)) == ((late,), [("follow_ups", AT + DAY, 0)])


async def test_days_that_someone_chose_hold_for_follow_ups_before_and_after(store: Store) -> None:
    await followed(store, ALMA, FOLLOW_UP)
    await followed(store, BENO, FOLLOW_UP)
    await remember(store, ALMA)
    await store.save_days(ALMA, 7)
    later = replace(FOLLOW_UP, walk=1, ended_at=AT)
    await followed(store, ALMA, later)
    assert await sweep(store, TODAY - 1 + 7) == 0
    assert await sweep(store, TODAY + 7) == 2
    assert (await store.kept(ALMA)).follow_ups == (later,)
    assert (await store.kept(BENO)).follow_ups == (FOLLOW_UP,)


async def test_days_that_went_with_the_yes_to_walks_hold_for_no_follow_up_either(store: Store) -> None:
    await followed(store, ALMA, FOLLOW_UP)
    await remember(store, ALMA)
    await store.save_days(ALMA, 365)
    await store.withdraw(ALMA, Purpose.REMEMBER, at=AT)
    assert (await store.kept(ALMA)).days == KEPT_DAYS
    await store.seen(ALMA, at=AT)
    assert await sweep(store, TODAY - 1 + KEPT_DAYS) == 0
    assert await sweep(store, TODAY + KEPT_DAYS) == 2


# --- What a copy without the key tells ----------------------------------------------------------------------------


async def test_cells_do_not_tell_how_far_anyone_is(store: Store, folder: Path) -> None:
    names = frozenset(practice.name for practice in PROMPTS.content.practices)
    zone = "America/Argentina/ComodRivadavia"
    full = replace(
        NUDGING,
        schedule=Schedule(1439, frozenset(range(7)), zone, 1439, 1438),
        seed=2**24 - 1,
        seen=names,
        told_on=999_999,
        paused_until=2**34,
        rest=Rest.UNREACHED,
        did=999,
        not_today=999,
    )
    points = tuple(Point(days, 10, Change.MORE) for days in (1, 7, 28))
    asked = replace(FOLLOW_UP, walk=2**24 - 1, points=points, sent_at=2**34, upset_before=10, was_there=False)
    assert len(names) >= 56
    await store.grant(BENO, Purpose.NUDGES, at=AT)
    await store.revise_nudging(BENO, as_it_was)
    await followed(
        store, BENO, FollowUp(1, 0, was_there=True, upset_before=None, upset_after=None, change=Change.UNSAID)
    )
    await nudged(store, ALMA)
    await store.revise_nudging(ALMA, lambda _: full)
    await followed(store, ALMA, asked)
    kept = await store.kept(ALMA)
    assert (kept.nudging, kept.follow_ups) == (full, (asked,))
    with raw(folder) as database:
        lengths = {
            table: database.execute(f"SELECT DISTINCT length({column}) FROM {table}").fetchall()  # noqa: S608
            for table, column in (("nudging", "settings"), ("follow_up", "answers"))
        }
    assert lengths == {"nudging": [(33 + 960,)], "follow_up": [(33 + 448,)]}


async def test_follow_up_plan_and_walk_of_one_number_cannot_be_linked_between_people(
    store: Store, folder: Path
) -> None:
    for person in (ALMA, BENO):
        await all_due(store, person)
    with raw(folder) as database:
        items = Counter(item for (item,) in database.execute("SELECT item FROM person_due WHERE item != x''"))
    assert sorted(items.values()) == [2, 2]  # of one person each


# --- Sealed anew while something is claimed -----------------------------------------------------------------------


async def claims_of(store: Store) -> dict[Purpose, Claim]:
    return {claim.purpose: claim for claim in await store.claim(AT)}


async def test_what_is_claimed_is_sent_and_done_although_all_was_sealed_anew(tmp_path: Path) -> None:
    house = House.at(tmp_path)
    async with Store.open(house.data, ring_at(tmp_path / "key"), at=AT) as store:
        await all_due(store, ALMA)
        await all_due(store, BENO)
        claims = [claim for claim in await store.claim(AT) if claim.person == ALMA]
        kept = await store.kept(ALMA)
        house.rotate("ba")
        assert await store.kept(ALMA) == kept
        assert [await store.may_send(claim) for claim in claims] == [True] * 3
        assert {claim.person for claim in await store.interrupted()} == {ALMA, BENO}
        for claim in claims:
            if claim.purpose is Purpose.PLANS:
                await store.put_off(claim, AT + 60)
            await store.finish(
                claim,
                nudging=(lambda kept: replace(kept, due_at=AT + DAY)) if claim.purpose is Purpose.NUDGES else None,
                follow_up=lambda one: replace(one, due_at=AT + 2 * DAY),
            )
        assert (await store.kept(ALMA)).dues == (
            Due(Purpose.PLANS, AT + 60),
            Due(Purpose.NUDGES, AT + DAY),
            Due(Purpose.FOLLOW_UPS, AT + 2 * DAY),
        )
        assert {claim.person for claim in await store.interrupted()} == {BENO}
        assert [claim.plan for claim in await store.claim(AT + 60)] == [PLAN]


@pytest.mark.parametrize("method", ["may_send", "put_off", "finish", "interrupted", "derive_again"])
async def test_clock_reads_the_keys_again_whatever_it_does_first_after_a_rotation(tmp_path: Path, method: str) -> None:
    house, deriving = House.at(tmp_path), Deriving()
    async with Store.open(house.data, ring_at(tmp_path / "key"), at=AT) as store:
        await nudged(store, ALMA)
        (claim,) = await store.claim(AT)
        house.rotate("ba")
        match method:
            case "may_send":
                assert await store.may_send(claim)
            case "put_off":
                await store.put_off(claim, AT + 60)
                assert rows(house.data) == [("nudges", AT + 60, 0)]
            case "finish":
                await store.finish(claim, nudging=deriving)
                assert rows(house.data) == [("nudges", AT + 3600, 0)]
            case "interrupted":
                assert await store.interrupted() == (claim,)
            case _:
                await store.derive_again("2026a", deriving)
                assert rows(house.data) == [("nudges", AT + 3600, 0)]


async def test_backup_brings_back_no_follow_up_of_a_walk_that_was_erased(tmp_path: Path) -> None:
    house, taken = House.at(tmp_path), AT + 100
    other = replace(FOLLOW_UP, walk=1)
    async with house.serve() as store:
        await remember(store, ALMA, walked(WALK, AT - DAY))
        await all_due(store, ALMA)
        await followed(store, ALMA, other)
        await store.claim(AT, most=2)
        house.back_up(taken)
        assert await store.erase_outcome(ALMA, WALK, at=taken + 1)
        expected = await store.kept(ALMA)
        due = rows(house.data)
    house.restore(taken + 2)
    assert rows(house.data) == due
    async with house.serve() as store:
        assert await store.kept(ALMA) == expected
        assert expected.follow_ups == (other,)
        assert len(expected.plans) == 1


# --- By which way it is found -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["claim", "next_due_at", "interrupted"])
async def test_clock_looks_up_what_is_due_by_one_index_and_sorts_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    asked: list[str] = []

    def watched(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        connection.set_trace_callback(asked.append)
        return connection

    async with Store.open(folder, RING) as store:
        await nudged(store, ALMA)
    for place in ("bot.store.store.connect", "bot.store.database.connect"):
        monkeypatch.setattr(place, watched)
    async with Store.open(folder, RING) as store:
        asked.clear()
        await {"claim": lambda: store.claim(AT), "next_due_at": store.next_due_at, "interrupted": store.interrupted}[
            method
        ]()
    (sql,) = (sql for sql in asked if sql.startswith("SELECT") and "FROM person_due" in sql and "claimed" in sql)
    with closing(connect(folder / FILE)) as database:
        ways = [how for *_, how in database.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert [way.split(" (")[0] for way in ways] == ["SEARCH person_due USING COVERING INDEX person_due_at"]


# --- For operators ------------------------------------------------------------------------------------------------


async def test_tally_counts_and_names_nobody(store: Store) -> None:
    for person, due_at in enumerate((AT - 1, AT, AT + 3600, AT + 3601, AT + DAY, AT + 8 * DAY + 1, 0), start=1):
        await nudged(store, person, due_at)
    await planned(store, ALMA)
    plans = Counted(within_hour=1, within_day=1)
    nudges = Counted(within_hour=2, within_day=4, overdue=1, claimed=0)
    assert await store.tally(AT) == Tally({Purpose.NUDGES: nudges, Purpose.PLANS: plans}, agreed=7, resting=2)
    await store.claim(AT, most=1)
    nudges = Counted(within_hour=2, within_day=4, overdue=0, claimed=1)
    assert await store.tally(AT) == Tally({Purpose.NUDGES: nudges, Purpose.PLANS: plans}, agreed=7, resting=2)
