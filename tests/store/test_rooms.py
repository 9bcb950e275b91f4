"""What is kept of groups and channels, what is due in them, and who agreed to what there."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.core.gap import DAY
from bot.core.kept import Noticing, Purpose, Room, Schedule
from bot.store.ledger import Ledger
from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.rooms import GONE_DAYS, RoomClaim, RoomDue
from bot.store.rotate import rotate
from bot.store.store import PAGE, Store
from tests.person import RING, purposes
from tests.store.household import AT, House, opened
from tests.store.test_store import ALMA, BENO, found, raw

TODAY = AT // DAY
GROUP, OTHER, NEW = -1_001_234_567_890, -42, -1_009_876_543_210
CARLA = 7_071_067_899
HOUR = 60 * 60
WEEKLY = Schedule(minute=7 * 60, days=frozenset({1, 6}), zone="Europe/Lisbon", quiet_from=1, quiet_until=2)
FULL = Room(
    GROUP,
    "Those who care \u202e<b>\U0001f90d",
    is_channel=True,
    is_on=True,
    language="pt",
    noticing=Noticing.MEMBERS,
    pause=7,
    circle=WEEKLY,
    topic=8,
    alerts=-9,
    tidy=10,
    held_until=11,
    countries=("PT", "KE"),
    may_write=False,
    gone_at=12 * DAY,
    seed=13,
    seen=frozenset({"1a", "2b"}),
    told_on=14,
    due_at=15,
)
"""A room of which nothing is as it is for a new one."""


async def open_room(store: Store, chat: int = GROUP, **changes: object) -> Room:
    room = replace(opened(chat)(None), **changes)  # type: ignore[arg-type]
    return await store.revise_room(chat, lambda _: room)


def change(**changes: object) -> Callable[[Room | None], Room]:
    """Change a room that is there."""

    def changed(room: Room | None) -> Room:
        assert room is not None
        return replace(room, **changes)  # type: ignore[arg-type]

    return changed


def cells(folder: Path) -> set[bytes]:
    """All that is sealed of people and rooms."""
    sealed = (("consent", "given"), ("consent", "id"), ("setting", "settings"), ("room", "id"), ("room", "settings"))
    with raw(folder) as database:
        rows = (database.execute(f"SELECT {column} FROM {table}") for table, column in sealed)  # noqa: S608 - ours
        return {cell for found_rows in rows for (cell,) in found_rows}


async def agree(store: Store, *people: int, group: int = GROUP, purpose: Purpose = Purpose.GROUP) -> None:
    for person in people:
        await store.grant(person, purpose, at=AT, group=group)


async def groups(store: Store, person: int = ALMA) -> list[tuple[Purpose, int]]:
    return sorted((one.purpose, one.group) for one in (await store.kept(person)).consents)


async def due(store: Store, at: int = AT + 900 * DAY) -> list[tuple[int, RoomDue, int, int]]:
    """What is due until then, and claimed from now on."""
    return [(one.chat, one.kind, one.number, one.due_at) for one in await store.claim_rooms(at)]


# --- What admins have set -----------------------------------------------------------------------------------------


def test_every_field_of_a_room_is_tried() -> None:
    fresh = Room(0)
    assert [field.name for field in fields(Room) if getattr(FULL, field.name) == getattr(fresh, field.name)] == []


async def test_room_comes_back_as_it_was(store: Store) -> None:
    assert await store.room(GROUP) is None
    assert await store.revise_room(GROUP, lambda before: FULL if before is None else before) == FULL
    assert await store.room(GROUP) == FULL
    assert await store.revise_room(GROUP, change(title="Calm", gone_at=0)) == replace(FULL, title="Calm", gone_at=0)
    assert await store.room(OTHER) is None


async def test_all_rooms_come_by_pages_each_once(store: Store) -> None:
    rooms = [await open_room(store, -number) for number in range(1, 8)]
    for page in (1, 3, 7, 256):
        assert sorted([room async for room in store.rooms(page)], key=lambda room: -room.chat) == rooms


async def test_room_that_does_not_open_is_left_out_and_keeps_no_other(store: Store, folder: Path) -> None:
    await open_room(store)
    await open_room(store, OTHER)
    with raw(folder) as database:
        database.execute("UPDATE room SET settings = (SELECT max(settings) FROM room)")
    assert len([room async for room in store.rooms()]) == 1
    assert len(await store.claim_rooms(AT + DAY)) == 1
    assert await store.next_room_due_at() == AT + 2 * DAY  # the other one, a day later


async def test_change_that_fails_changes_nothing(store: Store) -> None:
    room = await open_room(store)
    with pytest.raises(ZeroDivisionError):
        await store.revise_room(GROUP, lambda _: replace(room, topic=1 // 0))
    assert await store.room(GROUP) == room


async def test_change_to_what_stands_writes_nothing(store: Store, folder: Path) -> None:
    await open_room(store)
    before = cells(folder)
    await store.revise_room(GROUP, change())
    assert cells(folder) == before


async def test_room_is_nowhere_in_the_clear_and_its_size_tells_no_title(store: Store, folder: Path) -> None:
    titles = ("a", "n" * 128, "\U0001f90d" * 128, "\x01" * 128)
    for number, title in enumerate(titles):
        await open_room(store, GROUP - number, title=title)
    forms = [str(GROUP), str(-GROUP), f"{-GROUP:x}", str(GROUP).removeprefix("-100"), "n" * 9, "\U0001f90d" * 9]
    words = {form.encode() for form in forms} | {GROUP.to_bytes(8, order, signed=True) for order in ("big", "little")}
    assert found(folder, words) == set()
    with raw(folder) as database:
        assert len(set(database.execute("SELECT length(settings) FROM room").fetchall())) == 1


async def test_room_goes_with_all_that_anyone_agreed_to_for_it(store: Store, folder: Path) -> None:
    await open_room(store, OTHER)
    await agree(store, ALMA, group=OTHER)
    others = cells(folder)
    await open_room(store)
    await store.note_own(GROUP, 5, at=AT)
    await agree(store, ALMA, BENO)
    await agree(store, CARLA, purpose=Purpose.APART)
    assert await store.offered(ALMA, GROUP, at=AT, pause=0)
    gone = cells(folder) - others
    await store.forget_room(GROUP, at=AT)
    assert await store.room(GROUP) is None
    assert [await groups(store, person) for person in (ALMA, BENO, CARLA)] == [[(Purpose.GROUP, OTHER)], [], []]
    assert await due(store) == [(OTHER, RoomDue.CIRCLE, 0, AT + DAY)]
    assert found(folder, gone) == set()


async def test_person_who_is_forgotten_leaves_rooms_as_they_are(store: Store) -> None:
    room = await open_room(store)
    await agree(store, ALMA)
    await store.forget(ALMA, at=AT)
    assert await store.room(GROUP) == room
    assert await store.members(GROUP) == frozenset()


# --- Removed ------------------------------------------------------------------------------------------------------


async def test_room_that_the_bot_was_removed_from_rests_and_goes_after_a_month(store: Store, folder: Path) -> None:
    await open_room(store, OTHER)
    await agree(store, BENO, group=OTHER)
    await store.seen(BENO, at=AT)
    others = cells(folder)
    await open_room(store)
    await agree(store, ALMA, CARLA)
    gone = cells(folder) - others
    await store.revise_room(GROUP, change(gone_at=AT))
    gone |= cells(folder) - others
    assert await store.sweep(TODAY + GONE_DAYS - 1) == 0
    assert await store.members(GROUP) == {ALMA, CARLA}  # who need not agree again if it comes back
    assert await store.sweep(TODAY + GONE_DAYS) == 2
    assert await store.sweep(TODAY + GONE_DAYS) == 1
    assert await store.sweep(TODAY + GONE_DAYS) == 0
    assert await store.room(GROUP) is None
    assert await purposes(store, ALMA) == frozenset()
    assert await store.members(OTHER) == {BENO}
    assert found(folder, gone) == set()


async def test_bot_that_came_back_in_time_keeps_the_room(store: Store) -> None:
    await open_room(store, gone_at=AT)
    room = await store.revise_room(GROUP, change(gone_at=0))
    assert await store.sweep(TODAY + 2 * GONE_DAYS) == 0
    assert await store.room(GROUP) == room
    assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + DAY)]


async def test_yeses_for_a_room_that_goes_are_taken_a_page_at_a_time(store: Store) -> None:
    await open_room(store, gone_at=AT)
    await agree(store, *range(1, PAGE + 2))
    assert [await store.sweep(TODAY + GONE_DAYS) for _ in range(4)] == [PAGE, 1, 1, 0]


async def test_room_that_does_not_open_goes_too(store: Store, folder: Path) -> None:
    await open_room(store, gone_at=AT)
    await agree(store, ALMA)
    with raw(folder) as database:
        database.execute("UPDATE room SET id = settings")
    assert [await store.sweep(TODAY + GONE_DAYS) for _ in range(3)] == [1, 1, 0]


async def test_room_under_an_older_key_goes_with_yeses_under_each(tmp_path: Path) -> None:
    older, newer = b"o" * 32, b"n" * 32
    async with Store.open(tmp_path, ring_of(older)) as store:
        await open_room(store, gone_at=AT)
        await agree(store, ALMA)
    async with Store.open(tmp_path, ring_of(newer, older)) as store:
        await agree(store, BENO)
        assert await store.members(GROUP) == {ALMA, BENO}
        assert [await store.sweep(TODAY + GONE_DAYS) for _ in range(3)] == [2, 1, 0]


async def test_room_that_was_swept_does_not_come_back_with_a_backup(tmp_path: Path) -> None:
    house = House.at(tmp_path)
    async with house.serve() as store:
        await open_room(store)
        await agree(store, ALMA)
        await store.grant(ALMA, Purpose.COUNTRY, at=AT)
        house.back_up(AT + 1)
        await store.revise_room(GROUP, change(gone_at=AT + 1))
        while await store.sweep(TODAY + GONE_DAYS):
            pass
    assert house.restore(AT + GONE_DAYS * DAY).again.rooms == 1
    async with house.serve() as store:
        assert await store.room(GROUP) is None
        assert await purposes(store, ALMA) == {Purpose.COUNTRY}


# --- What is due --------------------------------------------------------------------------------------------------


async def test_circle_is_due_when_the_room_says_so_and_once(store: Store) -> None:
    room = await open_room(store)
    assert await store.next_room_due_at() == AT + DAY
    assert await store.claim_rooms(AT + DAY - 1) == ()
    (claim,) = await store.claim_rooms(AT + DAY)
    assert claim == RoomClaim(GROUP, RoomDue.CIRCLE, b"", AT + DAY, AT + DAY, room)
    assert await store.claim_rooms(AT + DAY) == ()
    now = await store.finish_room(claim, lambda room: replace(room, told_on=3, due_at=AT + 8 * DAY))
    assert now == replace(room, told_on=3, due_at=AT + 8 * DAY) == await store.room(GROUP)
    assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + 8 * DAY)]


async def test_circle_that_is_finished_with_no_change_is_due_no_more(store: Store) -> None:
    room = await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    assert await store.finish_room(claim) == room
    assert await store.next_room_due_at() is None


async def test_circle_that_is_finished_is_due_again_whenever_the_room_says_so(store: Store) -> None:
    await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    await store.finish_room(claim, lambda room: replace(room, told_on=3))
    assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + DAY)]


async def test_longest_due_comes_first_and_no_more_than_asked_for(store: Store) -> None:
    for number in range(1, 5):
        await open_room(store, -number, due_at=AT - number)
    assert [claim.chat for claim in await store.claim_rooms(AT, most=3)] == [-4, -3, -2]
    assert [claim.chat for claim in await store.claim_rooms(AT, most=3)] == [-1]


@pytest.mark.parametrize("changes", [{"is_on": False}, {"gone_at": AT}, {"due_at": 0}])
async def test_nothing_is_due_where_the_bot_is_off_or_removed_or_nothing_is_planned(
    store: Store, changes: dict[str, object]
) -> None:
    await open_room(store, OTHER)
    await open_room(store)
    await store.note_own(GROUP, 5, at=AT)
    await store.revise_room(GROUP, change(**changes))
    left = [one for one in await due(store) if one[0] == GROUP]
    assert left == ([(GROUP, RoomDue.TIDY, 5, AT)] if "due_at" in changes else [])
    assert await store.note_own(GROUP, 6, at=AT) == ("due_at" in changes)


async def test_circle_that_was_put_off_stays_so_whatever_else_is_changed(store: Store) -> None:
    await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    await store.put_off_room(claim, AT + 2 * DAY)
    await store.revise_room(GROUP, change(title="Calm"))
    assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + 2 * DAY)]


async def test_circle_that_was_moved_meanwhile_is_neither_put_off_nor_lost(store: Store) -> None:
    await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    await store.revise_room(GROUP, change(due_at=AT + 5 * DAY))
    await store.put_off_room(claim, AT + 2 * DAY)
    await store.finish_room(claim)
    assert await store.next_room_due_at() == AT + 5 * DAY
    now = await store.finish_room(claim, lambda room: replace(room, told_on=3))
    assert now is not None
    assert (now.told_on, now.due_at) == (3, AT + 5 * DAY)
    assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + 5 * DAY)]


async def test_room_that_was_forgotten_meanwhile_does_not_come_back(store: Store) -> None:
    await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    await store.forget_room(GROUP, at=AT)
    await store.put_off_room(claim, AT + 2 * DAY)
    assert await store.finish_room(claim, lambda room: replace(room, told_on=3)) is None
    assert await store.room(GROUP) is None
    assert await store.next_room_due_at() is None


async def test_what_a_process_had_claimed_is_told_to_the_next(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await open_room(store)
        await store.note_own(GROUP, 5, at=AT)
        claims = await store.claim_rooms(AT + DAY)
    async with Store.open(folder, RING) as store:
        assert await store.claim_rooms(AT + DAY) == ()
        assert sorted(await store.interrupted_rooms(), key=lambda one: one.kind) == sorted(
            claims, key=lambda one: one.kind
        )
        for claim in claims:
            await store.finish_room(claim)
        assert await store.interrupted_rooms() == ()


async def test_what_was_claimed_and_does_not_open_is_due_a_day_later(store: Store, folder: Path) -> None:
    await open_room(store)
    await store.claim_rooms(AT + DAY)
    with raw(folder) as database:
        database.execute("UPDATE room SET settings = id")
    assert await store.interrupted_rooms() == ()
    assert await store.next_room_due_at() == AT + 2 * DAY


async def test_own_messages_are_tidied_each_at_its_time(store: Store) -> None:
    await open_room(store, due_at=0)
    assert not await store.note_own(OTHER, 1, at=AT)
    for number in (1, 2**40):
        assert await store.note_own(GROUP, number, at=AT + number % 7)
    first, second = await store.claim_rooms(AT + 7)
    assert [(one.number, one.due_at) for one in (first, second)] == [(1, AT + 1), (2**40, AT + 2**40 % 7)]
    await store.finish_room(first)
    assert await store.interrupted_rooms() == (second,)


async def test_finishing_a_message_leaves_a_circle_that_is_under_way(store: Store) -> None:
    await open_room(store)
    await store.note_own(GROUP, 5, at=AT)
    (message,) = await store.claim_rooms(AT)
    (circle,) = await store.claim_rooms(AT + DAY)
    await store.finish_room(message, lambda room: replace(room, may_write=False))
    (still,) = await store.interrupted_rooms()
    assert (still.kind, still.claimed_at) == (circle.kind, circle.claimed_at)


# --- Who agreed to what -------------------------------------------------------------------------------------------


async def test_members_are_those_who_agreed_for_this_group_in_the_words_of_today(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        await agree(store, ALMA, BENO)
        await agree(store, CARLA, purpose=Purpose.APART)
        await agree(store, CARLA, group=OTHER)
        assert await store.members(GROUP) == {ALMA, BENO}
        assert await store.apart(GROUP) == {CARLA}
        assert [await store.members(NEW), await store.apart(OTHER)] == [set(), set()]
    async with Store.open(folder, RING, versions={Purpose.GROUP: 2, Purpose.APART: 2}) as store:
        assert await store.members(GROUP) == frozenset()
        assert await store.apart(GROUP) == {CARLA}  # a wish to be left alone has no words that grow old
        assert not await store.offered(ALMA, GROUP, at=AT, pause=0)
        await agree(store, ALMA)
        assert await store.members(GROUP) == {ALMA}


async def test_who_is_to_be_left_alone_is_no_member_and_offered_nothing(store: Store) -> None:
    await agree(store, ALMA)
    await store.grant(ALMA, Purpose.ALONE, at=AT)
    assert await store.members(GROUP) == frozenset()
    assert not await store.offered(ALMA, GROUP, at=AT, pause=0)
    await store.withdraw(ALMA, Purpose.ALONE, at=AT)
    assert await store.members(GROUP) == {ALMA}
    assert await store.offered(ALMA, GROUP, at=AT, pause=0)


async def test_yes_that_does_not_open_makes_nobody_a_member(store: Store, folder: Path) -> None:
    await agree(store, ALMA, BENO)
    with raw(folder) as database:
        database.execute("UPDATE consent SET given = (SELECT max(given) FROM consent)")
    assert len(await store.members(GROUP)) == 1


async def test_nobody_is_offered_anything_without_a_yes_for_this_group(store: Store) -> None:
    assert not await store.offered(ALMA, GROUP, at=AT, pause=0)
    await agree(store, ALMA, group=OTHER)
    await store.grant(ALMA, Purpose.GROUP, at=AT)  # for no group
    assert not await store.offered(ALMA, GROUP, at=AT, pause=0)
    assert await store.offered(ALMA, OTHER, at=AT, pause=0)


async def test_nobody_is_offered_anything_because_of_a_group_that_they_are_apart_from(store: Store) -> None:
    for group in (GROUP, OTHER):
        await agree(store, ALMA, group=group)
    await agree(store, ALMA, purpose=Purpose.APART)
    assert not await store.offered(ALMA, GROUP, at=AT, pause=0)
    assert await store.offered(ALMA, OTHER, at=AT, pause=0)
    await store.grant(ALMA, Purpose.APART, at=AT)  # from all, where no group is named
    assert not await store.offered(ALMA, OTHER, at=AT, pause=0)


async def test_pause_between_two_offers_holds_over_all_groups_and_a_restart(folder: Path) -> None:
    async with Store.open(folder, RING) as store:
        for group in (GROUP, OTHER):
            await agree(store, ALMA, group=group)
            await agree(store, BENO, group=group)
        assert await store.offered(ALMA, GROUP, at=AT, pause=HOUR)
    async with Store.open(folder, RING) as store:
        for group in (GROUP, OTHER):
            assert not await store.offered(ALMA, group, at=AT + HOUR - 1, pause=HOUR)
            assert not await store.offered(ALMA, group, at=AT - DAY, pause=HOUR)  # a clock that was set back
        assert await store.offered(BENO, OTHER, at=AT, pause=HOUR)
        assert await store.offered(ALMA, OTHER, at=AT + HOUR, pause=HOUR)
        assert not await store.offered(ALMA, GROUP, at=AT + HOUR + 1, pause=HOUR)
        await agree(store, ALMA, purpose=Purpose.APART)
        noted = {(one.purpose, one.group): one.offered_at for one in (await store.kept(ALMA)).consents}
        of_groups = {(Purpose.GROUP, GROUP): AT, (Purpose.GROUP, OTHER): AT + HOUR}
        assert noted == of_groups | {(Purpose.APART, GROUP): 0}


async def test_who_leaves_a_group_has_agreed_to_nothing_there_any_more(store: Store) -> None:
    for group in (GROUP, OTHER):
        await agree(store, ALMA, group=group)
        await agree(store, ALMA, group=group, purpose=Purpose.APART)
    await agree(store, BENO)
    await store.grant(ALMA, Purpose.COUNTRY, at=AT)
    assert await store.left(ALMA, GROUP, at=AT)
    assert not await store.left(ALMA, GROUP, at=AT)
    assert await groups(store) == [(Purpose.APART, OTHER), (Purpose.COUNTRY, 0), (Purpose.GROUP, OTHER)]
    assert await store.members(GROUP) == {BENO}


async def test_yes_for_all_groups_is_withdrawn_at_once_and_wishes_to_be_apart_stay(store: Store) -> None:
    for group in (GROUP, OTHER):
        await agree(store, ALMA, group=group)
    await agree(store, ALMA, purpose=Purpose.APART)
    assert await store.offered(ALMA, OTHER, at=AT, pause=0)
    await store.withdraw(ALMA, Purpose.GROUP, at=AT)
    assert await groups(store) == [(Purpose.APART, GROUP)]
    await agree(store, ALMA, group=OTHER)
    assert {one.offered_at for one in (await store.kept(ALMA)).consents} == {0}


# --- A group that has become a supergroup -------------------------------------------------------------------------


async def test_all_of_a_group_stands_under_its_new_id(store: Store, folder: Path) -> None:
    room = await open_room(store)
    await store.note_own(GROUP, 5, at=AT)
    await agree(store, ALMA, BENO)
    await agree(store, CARLA, purpose=Purpose.APART)
    assert await store.offered(ALMA, GROUP, at=AT, pause=0)
    old = cells(folder)
    for _ in range(2):
        await store.move_room(GROUP, NEW, at=AT)
        assert await store.room(GROUP) is None
        assert await store.room(NEW) == replace(room, chat=NEW)
        assert [await store.members(chat) for chat in (GROUP, NEW)] == [set(), {ALMA, BENO}]
        assert await store.apart(NEW) == {CARLA}
        assert await groups(store) == [(Purpose.GROUP, NEW)]
        assert not await store.offered(ALMA, NEW, at=AT + 1, pause=HOUR)
    assert await due(store) == [(NEW, RoomDue.CIRCLE, 0, AT + DAY)]  # numbers of messages mean nothing there
    assert found(folder, old) == set()
    await store.withdraw(ALMA, Purpose.GROUP, at=AT, group=NEW)
    assert await store.members(NEW) == {BENO}


@pytest.mark.parametrize(("before", "there"), [(AT + 7, AT), (AT, AT + 7)])
async def test_what_stands_under_the_new_id_stays_and_yeses_join_it(store: Store, before: int, there: int) -> None:
    await open_room(store)
    newer = await open_room(store, NEW, title="Newer", due_at=AT + 2 * DAY)
    await agree(store, ALMA, BENO)
    await store.grant(ALMA, Purpose.GROUP, at=AT + 9, group=NEW)
    await agree(store, CARLA, group=NEW)
    for at, group in sorted([(before, GROUP), (there, NEW)]):
        assert await store.offered(ALMA, group, at=at, pause=0)
    await store.move_room(GROUP, NEW, at=AT)
    assert await store.room(NEW) == newer
    assert await store.members(NEW) == {ALMA, BENO, CARLA}
    assert [(one.given_at, one.offered_at) for one in (await store.kept(ALMA)).consents] == [(AT + 9, AT + 7)]
    assert await due(store) == [(NEW, RoomDue.CIRCLE, 0, AT + 2 * DAY)]


async def test_yeses_move_without_a_room(store: Store) -> None:
    await agree(store, ALMA)
    await store.move_room(GROUP, NEW, at=AT)
    assert await store.members(NEW) == {ALMA}
    assert await store.room(NEW) is None


async def test_circle_under_way_goes_on_under_the_new_id(store: Store) -> None:
    await open_room(store)
    (claim,) = await store.claim_rooms(AT + DAY)
    await store.move_room(GROUP, NEW, at=AT)
    assert await store.claim_rooms(AT + DAY) == ()
    now = await store.finish_room(replace(claim, chat=NEW), lambda room: replace(room, due_at=AT + 8 * DAY))
    assert now is not None
    assert now.due_at == AT + 8 * DAY
    assert await due(store) == [(NEW, RoomDue.CIRCLE, 0, AT + 8 * DAY)]


async def test_moderators_of_other_rooms_hear_in_the_new_group(store: Store) -> None:
    await open_room(store, OTHER, alerts=GROUP)
    third = await open_room(store, -43, alerts=-9)
    await store.move_room(GROUP, NEW, at=AT)
    there = await store.room(OTHER)
    assert there is not None
    assert there.alerts == NEW
    assert await store.room(-43) == third


async def test_backup_from_before_the_move_brings_back_no_yes_that_was_withdrawn_since(tmp_path: Path) -> None:
    house = House.at(tmp_path)
    async with house.serve() as store:
        await open_room(store)
        await agree(store, ALMA)
        house.back_up(AT + 1)
        await store.move_room(GROUP, NEW, at=AT + 2)
        await store.withdraw(ALMA, Purpose.GROUP, at=AT + 3, group=NEW)
    again = house.restore(AT + 4).again
    assert (again.people, again.consents, again.rooms) == (0, 1, 1)
    async with house.serve() as store:
        assert (await store.kept(ALMA)).consents == ()


async def test_move_of_a_group_of_which_nothing_is_kept_notes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "forgotten", RING)
    async with Store.open(tmp_path / "data", RING, ledger=ledger) as store:
        await store.move_room(GROUP, NEW, at=AT)
    assert not (tmp_path / "forgotten").exists()


# --- Sealed anew --------------------------------------------------------------------------------------------------


async def test_room_goes_over_to_a_new_key_with_what_is_due_and_claimed(tmp_path: Path) -> None:
    house = House.at(tmp_path)
    async with house.serve() as store:
        room = await open_room(store, gone_at=0)
        await open_room(store, OTHER, gone_at=AT)
        await store.note_own(GROUP, 5, at=AT)
        (message,) = await store.claim_rooms(AT)
        await agree(store, ALMA)
        await agree(store, ALMA, purpose=Purpose.APART, group=OTHER)
        assert await store.offered(ALMA, GROUP, at=AT, pause=0)
        house.give_keys("ba")
        rotate(house.data, house.ring, pause=lambda: None)
        assert await store.interrupted_rooms() == (message,)
        assert await store.finish_room(message) == room
    house.give_keys("b")
    async with house.serve() as store:
        assert await store.room(GROUP) == room
        assert await store.members(GROUP) == await store.apart(OTHER) == {ALMA}
        assert not await store.offered(ALMA, GROUP, at=AT + 1, pause=2)
        assert await due(store) == [(GROUP, RoomDue.CIRCLE, 0, AT + DAY)]
        assert await store.sweep(TODAY + GONE_DAYS) == 1  # Alma's wish about the room that is gone
        assert await store.sweep(TODAY + GONE_DAYS) == 1
        assert await store.room(OTHER) is None
    with closing(sqlite3.connect(house.data / FILE)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
