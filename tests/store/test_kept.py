"""What is kept under each consent, for how long, and what the clock does with it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, PLAN_DAYS, Due, FollowUp, Plan, Purpose, Room
from bot.core.plans import LONGEST_PLAN
from bot.core.state import Change
from bot.store import StoreError
from bot.store.database import connect
from bot.store.keyring import Keyring
from bot.store.opening import FILE, KEY_MARK
from bot.store.ring import Ring, ring_of
from bot.store.store import NOTICE_DAYS, PAGE, QUIET_DAYS, Store
from tests.person import RING, files_under, is_in, purposes
from tests.store.household import opened
from tests.store.test_store import ALMA, BENO, OUTCOME, blobs, found, raw, remember, walked

AT = 1_790_000_000
TODAY = AT // DAY
PLAN = Plan(0xABCDEF, AT, "if I pass the hospital, then I write to her sister")
GROUP, OTHER_GROUP = -1_001_234_567_890, -1_009_876_543_210
NEW_WORDS = {Purpose.REMEMBER: 2, Purpose.PLANS: 2}
FOLLOW_UP = FollowUp(OUTCOME.walk, AT, False, 9, 4, Change.MORE, due_at=AT + DAY)  # noqa: FBT003
OLDER, NEWER = b"o" * 32, b"n" * 32


async def plans(store: Store, person: int, *several: Plan, remind_at: int = AT + DAY) -> None:
    await store.grant(person, Purpose.PLANS, at=AT)
    for plan in several:
        assert await store.save_plan(person, plan, remind_at=remind_at)


async def reminders(store: Store, at: int) -> list[tuple[int, Plan | None]]:
    """Whom the clock would remind of what. It is claimed from then on."""
    return [(claim.person, claim.plan) for claim in await store.claim(at)]


async def sweep(store: Store, today: int) -> int:
    """Sweep until all is swept."""
    rows = 0
    while swept := await store.sweep(today):
        rows += swept
    return rows


def days(folder: Path) -> set[tuple[int, int]]:
    """On which days people were last seen, and told."""
    with raw(folder) as database:
        return set(database.execute("SELECT day, told FROM consent").fetchall())


# --- When someone wrote -------------------------------------------------------------------------------------------


async def test_day_on_which_someone_wrote_is_kept_for_all_their_consents(store: Store, folder: Path) -> None:
    await store.grant(ALMA, Purpose.REMEMBER, at=AT)
    await store.grant(ALMA, Purpose.PLANS, at=AT)
    await store.seen(ALMA, at=AT + 3 * DAY)
    assert (await store.kept(ALMA)).seen_on == TODAY + 3
    assert days(folder) == {(TODAY + 3, 0)}


async def test_day_of_someone_who_agreed_to_nothing_is_not_kept(store: Store, folder: Path) -> None:
    await store.grant(BENO, Purpose.REMEMBER, at=AT)
    before = blobs(folder)
    await store.seen(ALMA, at=AT + DAY)
    assert (blobs(folder), days(folder)) == (before, {(TODAY, 0)})


async def test_clock_that_was_set_back_makes_nobody_less_lately_seen(store: Store) -> None:
    await store.grant(ALMA, Purpose.REMEMBER, at=AT)
    await store.seen(ALMA, at=AT - DAY)
    assert (await store.kept(ALMA)).seen_on == TODAY


async def test_id_that_was_not_known_is_kept_when_the_person_writes(store: Store, folder: Path) -> None:
    await plans(store, ALMA, PLAN)
    with raw(folder) as database:
        database.execute("UPDATE consent SET id = x'', day = 0")
    assert await store.quiet(TODAY) == ()
    assert await reminders(store, AT + DAY) == []
    await store.seen(ALMA, at=AT)
    assert await reminders(store, AT + 2 * DAY) == [(ALMA, PLAN)]


# --- Groups and versions ------------------------------------------------------------------------------------------


async def test_consent_for_one_group_is_withdrawn_for_that_one(store: Store) -> None:
    for group in (GROUP, OTHER_GROUP):
        await store.grant(ALMA, Purpose.GROUP, at=AT, group=group)
    await store.withdraw(ALMA, Purpose.GROUP, at=AT, group=GROUP)
    assert [one.group for one in (await store.kept(ALMA)).consents] == [OTHER_GROUP]
    await store.grant(ALMA, Purpose.GROUP, at=AT, group=GROUP)
    await store.withdraw(ALMA, Purpose.GROUP, at=AT)
    assert (await store.kept(ALMA)).consents == ()


async def test_group_is_nowhere_in_the_clear(store: Store, folder: Path) -> None:
    await store.grant(ALMA, Purpose.GROUP, at=AT, group=GROUP)
    forms = [str(GROUP), str(-GROUP), f"{-GROUP:x}", str(GROUP).removeprefix("-100")]
    words = {form.encode() for form in forms} | {GROUP.to_bytes(8, order, signed=True) for order in ("big", "little")}
    assert found(folder, words) == set()


async def test_consent_to_words_that_changed_keeps_its_rows_and_takes_no_new_ones(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await remember(store, ALMA, OUTCOME)
        await plans(store, ALMA, PLAN)
    async with Store.open(folder, RING, versions=NEW_WORDS) as store:
        before = await store.kept(ALMA)
        assert {one.version for one in before.consents} == {1}
        assert not await store.save_outcome(ALMA, walked(1))
        assert not await store.save_days(ALMA, 7)
        assert not await store.save_plan(ALMA, replace(PLAN, number=1), remind_at=AT)
        assert await store.kept(ALMA) == before
        await store.grant(ALMA, Purpose.REMEMBER, at=AT)
        assert await store.save_outcome(ALMA, walked(1))
        assert (await store.kept(ALMA)).outcomes == (walked(1), OUTCOME)


async def test_versions_of_words_are_kept_with_each_yes(folder: Path) -> None:
    async with Store.open(folder, RING, versions=NEW_WORDS) as store:
        await store.grant(ALMA, Purpose.REMEMBER, at=AT)
        await store.grant(ALMA, Purpose.COUNTRY, at=AT + 1)
        given = {one.purpose: (one.version, one.given_at) for one in (await store.kept(ALMA)).consents}
    assert given == {Purpose.REMEMBER: (2, AT), Purpose.COUNTRY: (1, AT + 1)}


# --- How long walks are kept --------------------------------------------------------------------------------------


def ended(days_ago: int, walk: int = 1) -> int:
    return AT - days_ago * DAY + walk


async def test_walk_is_kept_for_ninety_days_and_not_one_more(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(1, ended_at=AT), walked(2, ended_at=AT + DAY))
    await store.seen(ALMA, at=AT)
    assert await sweep(store, TODAY + KEPT_DAYS) == 0
    before = blobs(folder)
    assert await sweep(store, TODAY + KEPT_DAYS + 1) == 1
    assert [one.walk for one in (await store.kept(ALMA)).outcomes] == [2]
    assert len(before - blobs(folder)) == 2
    assert found(folder, before - blobs(folder)) == set()


async def test_days_that_someone_chose_hold_for_walks_before_and_after(store: Store) -> None:
    await remember(store, ALMA, walked(1, ended_at=AT))
    await remember(store, BENO, walked(1, ended_at=AT))
    assert await store.save_days(ALMA, 7)
    assert await store.save_outcome(ALMA, walked(2, ended_at=AT + DAY))
    assert (await store.kept(ALMA)).days == 7
    assert await sweep(store, TODAY + 7) == 0
    assert await sweep(store, TODAY + 8) == 1
    assert [one.walk for one in (await store.kept(ALMA)).outcomes] == [2]
    assert len((await store.kept(BENO)).outcomes) == 1
    assert await store.save_days(ALMA, 365)
    assert await sweep(store, TODAY + 1 + 365) == 1  # Beno's
    assert [one.walk for one in (await store.kept(ALMA)).outcomes] == [2]
    assert await sweep(store, TODAY + 2 + 365) == 1


async def test_days_are_not_kept_without_consent_and_go_with_it(store: Store) -> None:
    assert not await store.save_days(ALMA, 7)
    await remember(store, ALMA)
    await store.save_days(ALMA, 7)
    await store.withdraw(ALMA, Purpose.REMEMBER, at=AT)
    await remember(store, ALMA)
    assert (await store.kept(ALMA)).days == KEPT_DAYS


async def test_one_walk_is_erased_and_no_other(store: Store, folder: Path) -> None:
    await remember(store, BENO, OUTCOME)
    await remember(store, ALMA, walked(1))
    others = blobs(folder)
    await store.save_outcome(ALMA, OUTCOME)
    his = blobs(folder) - others
    assert await store.erase_outcome(ALMA, OUTCOME.walk, at=AT)
    assert not await store.erase_outcome(ALMA, OUTCOME.walk, at=AT)
    assert (await store.kept(ALMA)).outcomes == (walked(1),)
    assert (await store.kept(BENO)).outcomes == (OUTCOME,)
    assert len(his) == 2
    assert found(folder, his) == set()


# --- Plans and their reminders ------------------------------------------------------------------------------------


async def test_plan_is_not_kept_without_consent(store: Store, folder: Path) -> None:
    await remember(store, ALMA)
    assert not await store.save_plan(ALMA, PLAN, remind_at=AT)
    assert (await store.kept(ALMA)).plans == ()
    assert not is_in(PLAN.text.encode(), b"".join(files_under(folder).values()))


async def test_plan_comes_back_as_it_was_with_its_reminder(store: Store) -> None:
    later = Plan(2, AT + 5, "if it is late, then I put the phone away \N{CRESCENT MOON}")
    await plans(store, ALMA, later, PLAN)
    kept = await store.kept(ALMA)
    assert kept.plans == (PLAN, later)
    assert kept.dues == (Due(Purpose.PLANS, AT + DAY),) * 2


async def test_plan_that_is_done_goes_with_its_reminder(store: Store, folder: Path) -> None:
    await plans(store, ALMA, PLAN, replace(PLAN, number=2))
    with raw(folder) as database:
        lines = {line for (line,) in database.execute("SELECT line FROM plan")}
    assert await store.finish_plan(ALMA, PLAN.number, at=AT)
    assert not await store.finish_plan(ALMA, PLAN.number, at=AT)
    assert [plan.number for plan in (await store.kept(ALMA)).plans] == [2]
    assert await reminders(store, AT + DAY) == [(ALMA, replace(PLAN, number=2))]
    assert len(found(folder, lines)) == 1


async def test_reminder_is_given_when_it_is_time_and_once(store: Store) -> None:
    await plans(store, ALMA, PLAN)
    assert await store.claim(AT + DAY - 1) == ()
    (claim,) = await store.claim(AT + DAY)
    assert (claim.person, claim.purpose, claim.plan) == (ALMA, Purpose.PLANS, PLAN)
    assert await store.may_send(claim)
    await store.finish(claim)
    assert await store.claim(AT + 2 * DAY) == ()
    kept = await store.kept(ALMA)
    assert (kept.plans, kept.dues) == ((PLAN,), ())


async def test_someone_who_is_to_be_left_alone_is_reminded_of_nothing(store: Store) -> None:
    await plans(store, ALMA, PLAN)
    await plans(store, BENO, PLAN)
    await store.grant(ALMA, Purpose.ALONE, at=AT)
    assert await reminders(store, AT + DAY) == [(BENO, PLAN)]
    assert (await store.kept(ALMA)).plans == (PLAN,)
    await store.withdraw(ALMA, Purpose.ALONE, at=AT)
    assert await reminders(store, AT + 9 * DAY) == []


async def test_plan_and_its_reminder_go_with_their_consent(store: Store, folder: Path) -> None:
    await plans(store, ALMA, PLAN)
    await store.withdraw(ALMA, Purpose.PLANS, at=AT)
    assert await store.claim(AT + DAY) == ()
    with raw(folder) as database:
        assert database.execute("SELECT count(*) FROM plan, person_due").fetchone() == (0,)


async def test_plan_is_kept_for_fourteen_days_and_leaves_no_byte(store: Store, folder: Path) -> None:
    await plans(store, ALMA, PLAN)
    await store.seen(ALMA, at=AT)
    with raw(folder) as database:
        swept = {blob for row in database.execute("SELECT number, line FROM plan") for blob in row}
    assert await sweep(store, TODAY + PLAN_DAYS) == 0
    assert found(folder, swept) == swept
    assert await sweep(store, TODAY + PLAN_DAYS + 1) == 2
    assert found(folder, swept) == set()
    assert (await store.kept(ALMA)).plans == ()
    assert await purposes(store, ALMA) == {Purpose.PLANS}


async def test_sweep_takes_a_page_at_a_time(store: Store) -> None:
    for walk in range(2 * PAGE + 1):
        await remember(store, ALMA, walked(walk, ended_at=AT))
    assert [await store.sweep(TODAY + 91) for _ in range(4)] == [PAGE, PAGE, 1, 0]


# --- Who has not written for a year -------------------------------------------------------------------------------

NOTICE = TODAY + QUIET_DAYS - NOTICE_DAYS


async def test_quiet_person_is_told_a_month_before_and_then_deleted(store: Store, folder: Path) -> None:
    await remember(store, ALMA, walked(1, ended_at=AT + 300 * DAY))
    await plans(store, ALMA)
    await store.seen(ALMA, at=AT)
    await store.grant(BENO, Purpose.REMEMBER, at=AT + 40 * DAY)
    hers = blobs(folder)
    assert await store.quiet(NOTICE - 1) == ()
    assert await store.quiet(NOTICE) == (ALMA,)
    await store.told(ALMA, NOTICE)
    assert await store.quiet(NOTICE) == ()
    assert await sweep(store, NOTICE + NOTICE_DAYS - 1) == 0
    assert await sweep(store, NOTICE + NOTICE_DAYS) == 3
    assert (await store.kept(ALMA)).consents == ()
    assert await purposes(store, BENO) == {Purpose.REMEMBER}
    assert found(folder, hers - blobs(folder)) == set()


async def test_nobody_is_deleted_untold_or_within_a_month_of_being_told(store: Store) -> None:
    await store.grant(ALMA, Purpose.COUNTRY, at=AT)
    late = TODAY + 3 * QUIET_DAYS
    assert await sweep(store, late) == 0
    await store.told(ALMA, late)
    assert await sweep(store, late + NOTICE_DAYS - 1) == 0
    assert await sweep(store, late + NOTICE_DAYS) == 1


async def test_writing_again_undoes_the_notice(store: Store) -> None:
    await store.grant(ALMA, Purpose.COUNTRY, at=AT)
    await store.told(ALMA, NOTICE)
    await store.seen(ALMA, at=(NOTICE + 1) * DAY)
    assert await sweep(store, TODAY + 2 * QUIET_DAYS) == 0
    assert await store.quiet(TODAY + 2 * QUIET_DAYS) == (ALMA,)


async def test_new_yes_undoes_the_notice_for_all_that_is_kept(store: Store) -> None:
    await store.grant(ALMA, Purpose.COUNTRY, at=AT)
    await store.told(ALMA, NOTICE)
    await store.grant(ALMA, Purpose.PLANS, at=(NOTICE + 1) * DAY)
    assert await sweep(store, NOTICE + NOTICE_DAYS) == 0
    assert await store.quiet(NOTICE + NOTICE_DAYS) == ()
    assert await purposes(store, ALMA) == {Purpose.COUNTRY, Purpose.PLANS}


async def test_quiet_people_come_by_pages_each_once(store: Store) -> None:
    for person in range(1, 6):
        await store.grant(person, Purpose.COUNTRY, at=AT)
        await store.grant(person, Purpose.PLANS, at=AT)
    pages = []
    while page := await store.quiet(NOTICE, most=4):  # rows, of which each of them has two
        pages.append(page)
        for person in page:
            await store.told(person, NOTICE)
    assert sorted(person for page in pages for person in page) == [1, 2, 3, 4, 5]
    assert max(map(len, pages)) <= 2


# --- What a copy without the key tells ----------------------------------------------------------------------------


async def test_cell_of_a_plan_does_not_tell_how_long_its_line_is_nor_its_script(store: Store, folder: Path) -> None:
    lines = ("a", "n" * LONGEST_PLAN, "\U0001f90d" * LONGEST_PLAN, '"' * LONGEST_PLAN)
    await plans(store, ALMA, *(Plan(2**24 - 1 - place, 2**34, line) for place, line in enumerate(lines)))
    with raw(folder) as database:
        assert len(set(database.execute("SELECT length(line) FROM plan").fetchall())) == 1
    assert {plan.text for plan in (await store.kept(ALMA)).plans} == set(lines)


# --- By which way rows are found ----------------------------------------------------------------------------------


async def use_rooms(store: Store) -> None:
    """Do with groups and channels whatever can be done."""
    await store.grant(ALMA, Purpose.GROUP, at=AT, group=GROUP)
    await store.grant(ALMA, Purpose.APART, at=AT, group=OTHER_GROUP)
    for chat in (GROUP, OTHER_GROUP):
        await store.revise_room(chat, opened(chat))
    await store.room(GROUP)
    assert len([room async for room in store.rooms(page=1)]) == 2
    assert await store.members(GROUP) == await store.apart(OTHER_GROUP) == {ALMA}
    assert await store.offered(ALMA, GROUP, at=AT, pause=0)
    assert await store.note_own(GROUP, 7, at=AT)
    await store.next_room_due_at()
    first, second, third = await store.claim_rooms(AT + DAY)
    assert len(await store.interrupted_rooms()) == 3
    await store.put_off_room(first, AT + 2 * DAY)
    for claim in (second, third):
        await store.finish_room(claim, lambda room: replace(room, due_at=AT + 2 * DAY))
    await store.move_room(GROUP, GROUP - 1, at=AT)
    await store.left(ALMA, GROUP - 1, at=AT)
    await store.revise_room(OTHER_GROUP, lambda _: Room(OTHER_GROUP, gone_at=AT))
    await store.forget_room(GROUP - 1, at=AT)


async def test_every_statement_goes_by_a_key_or_an_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def watched(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        connection.set_trace_callback(asked.add)
        return connection

    async with Store.open(folder, ring_of(NEWER, OLDER)):
        pass
    for place in ("bot.store.store.connect", "bot.store.database.connect"):
        monkeypatch.setattr(place, watched)
    async with Store.open(folder, ring_of(NEWER, OLDER)) as store:
        asked.clear()
        await remember(store, ALMA, OUTCOME)
        await store.save_days(ALMA, 30)
        await store.grant(ALMA, Purpose.COUNTRY, at=AT)
        await store.save_country(ALMA, "KE")
        await plans(store, ALMA, PLAN)
        await store.seen(ALMA, at=AT + DAY)
        await store.kept(ALMA)
        await store.grant(ALMA, Purpose.NUDGES, at=AT)
        await store.revise_nudging(ALMA, lambda kept: replace(kept, due_at=AT + DAY))
        await store.grant(ALMA, Purpose.FOLLOW_UPS, at=AT)
        await store.save_follow_up(ALMA, FOLLOW_UP)
        await store.revise_follow_up(ALMA, FOLLOW_UP.walk, lambda one: replace(one, unanswered=1))
        await store.save_days(ALMA, 7)
        await store.rest_follow_ups(ALMA, AT + 2 * DAY)
        await store.next_due_at()
        reminder, nudge, follow_up = await store.claim(AT + 2 * DAY)
        assert len(await store.interrupted()) == 3
        assert await store.may_send(reminder)
        await store.put_off(reminder, AT + 3 * DAY)
        await store.finish(nudge, nudging=lambda kept: replace(kept, told_on=1))
        await store.finish(follow_up, follow_up=lambda one: replace(one, due_at=0))
        await store.derive_again("1", lambda kept: replace(kept, due_at=AT))
        await store.finish_plan(ALMA, PLAN.number, at=AT)
        await store.erase_outcome(ALMA, OUTCOME.walk, at=AT)
        await store.quiet(TODAY + 2 * QUIET_DAYS)
        await store.told(ALMA, TODAY)
        await use_rooms(store)
        await store.withdraw(ALMA, Purpose.REMEMBER, at=AT)
        await store.forget(ALMA, at=AT)
        await store.sweep(TODAY + 2 * QUIET_DAYS)
    changes = ("SELECT", "INSERT", "UPDATE", "DELETE")
    statements = {sql for sql in (sql.strip() for sql in asked) if sql.startswith(changes)}
    assert {sql.split(maxsplit=1)[0] for sql in statements} == set(changes)
    with closing(connect(folder / FILE)) as database:
        scans = {
            (sql, how)
            for sql in statements
            for *_, how in database.execute(f"EXPLAIN QUERY PLAN {sql}")
            if (how.startswith("SCAN ") and how != "SCAN CONSTANT ROW")
            or (how.startswith("USE TEMP") and "_due" in sql)
        }
    assert scans == set()


# --- Several keys -------------------------------------------------------------------------------------------------


@pytest.fixture
async def rotated(folder: Path) -> AsyncIterator[Store]:
    """A store with Alma's rows under the older of its two keys."""
    async with Store.open(folder, ring_of(OLDER)) as store:
        await remember(store, ALMA, OUTCOME)
        await plans(store, ALMA, PLAN)
        await store.grant(ALMA, Purpose.GROUP, at=AT, group=GROUP)
        await store.revise_room(GROUP, opened(GROUP))
        await store.note_own(GROUP, 7, at=AT)
    async with Store.open(folder, ring_of(NEWER, OLDER)) as store:
        yield store


def row_keys(folder: Path) -> set[bytes]:
    with raw(folder) as database:
        return {person for (person,) in database.execute("SELECT person FROM consent")}


async def test_rows_under_an_older_key_are_found_and_written_to(rotated: Store, folder: Path) -> None:
    before = row_keys(folder)
    assert len(before) == 1
    assert await rotated.save_outcome(ALMA, walked(1))
    assert await rotated.save_days(ALMA, 30)
    await rotated.grant(ALMA, Purpose.COUNTRY, at=AT)
    assert await rotated.save_country(ALMA, "KE")
    await rotated.seen(ALMA, at=AT + DAY)
    kept = await rotated.kept(ALMA)
    assert (kept.outcomes, kept.country, kept.days, kept.plans) == ((walked(1), OUTCOME), "KE", 30, (PLAN,))
    assert row_keys(folder) == before  # one person lies in one place
    assert await reminders(rotated, AT + DAY) == [(ALMA, PLAN)]
    assert await rotated.members(GROUP) == {ALMA}
    assert await rotated.offered(ALMA, GROUP, at=AT, pause=0)
    room = await rotated.revise_room(GROUP, lambda room: replace(room or Room(GROUP), tidy=60))
    assert room.tidy == 60
    assert [room async for room in rotated.rooms()] == [room]
    assert [claim.number for claim in await rotated.claim_rooms(AT)] == [7]
    await rotated.move_room(GROUP, OTHER_GROUP, at=AT)
    assert await rotated.members(OTHER_GROUP) == {ALMA}
    assert await rotated.room(OTHER_GROUP) == replace(room, chat=OTHER_GROUP)
    assert row_keys(folder) == before


async def test_rows_under_an_older_key_are_deleted(rotated: Store, folder: Path) -> None:
    cells = blobs(folder)
    assert await rotated.erase_outcome(ALMA, OUTCOME.walk, at=AT)
    assert await rotated.finish_plan(ALMA, PLAN.number, at=AT)
    await rotated.withdraw(ALMA, Purpose.GROUP, at=AT, group=GROUP)
    assert await purposes(rotated, ALMA) == {Purpose.REMEMBER, Purpose.PLANS}
    assert await rotated.forget(ALMA, at=AT) == 2
    await rotated.forget_room(GROUP, at=AT)
    assert await rotated.room(GROUP) is None
    assert found(folder, cells) == set()


async def test_new_people_are_written_under_the_newest_key(rotated: Store, folder: Path) -> None:
    older = row_keys(folder)
    await remember(rotated, BENO, OUTCOME)
    (new,) = row_keys(folder) - older
    with raw(folder) as database:
        (given,) = database.execute("SELECT given FROM consent WHERE person = ?", (new,)).fetchone()
    assert given[1:5] == ring_of(NEWER).newest.id
    assert (await rotated.kept(BENO)).outcomes == (OUTCOME,)


async def test_ring_that_grew_is_read_again_when_the_database_was_sealed_anew(folder: Path) -> None:
    rings = [Keyring.of(OLDER)]
    ring = Ring(lambda: rings[-1])
    async with Store.open(folder, ring) as store:
        await remember(store, ALMA, OUTCOME)
        rings.append(Keyring.of(NEWER, OLDER))
        with closing(connect(folder / FILE)) as other:  # as the rotation begins
            other.execute("UPDATE meta SET value = ? WHERE name = 'key'", (ring_of(NEWER).sealer.seal(b"", KEY_MARK),))
        assert (await store.kept(ALMA)).outcomes == (OUTCOME,)
        await store.grant(BENO, Purpose.REMEMBER, at=AT)
        assert [keys.id for keys in ring.keys] == [ring_of(NEWER).newest.id, ring_of(OLDER).newest.id]


async def test_database_sealed_anew_with_a_key_that_is_not_given_fails_and_says_so(folder: Path) -> None:
    async with Store.open(folder, ring_of(OLDER)) as store:
        await remember(store, ALMA, OUTCOME)
        with closing(connect(folder / FILE)) as other:
            cell = ring_of(NEWER).sealer.seal(b"", KEY_MARK)
            other.execute("UPDATE meta SET value = ? WHERE name = 'key'", (cell,))
        with pytest.raises(StoreError):
            await store.kept(ALMA)
        with pytest.raises(StoreError):
            await store.save_outcome(ALMA, walked(1))
