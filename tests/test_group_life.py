"""The whole life of a group: the real bot as a process of its own, over HTTP, with a restart in the midst of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.core.lines import Label, Line
from bot.store.opening import FILE
from tests.botapi.chats import Message
from tests.botapi.people import Group, Person
from tests.botapi.server import Server
from tests.test_telegram import OPENING, WORDS, label, running, telegram

__all__ = ["telegram"]  # the fixture

TITLE = "Carers' evening"
LATER = "another child died tonight and i keep seeing her eyes"


def says(message: Message, line: Line, **slots: str) -> bool:
    """Whether a message begins with a wording of this line."""
    return any(message.text.startswith(wording.format_map(slots)) for wording in WORDS.lines[line])


async def enters(person: Person, message: Message, name: Label) -> Message:
    """Press a button in the group, and follow it into one's own private chat."""
    await person.follows(await person.presses_button(message, label(name)))
    return person.latest()


def setting(message: Message, name: Label) -> str:
    """The button of the panel for this setting, with what it is set to."""
    (found,) = (button for row in message.buttons for button in row if button.startswith(label(name)))
    return found


def kept(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "data" / FILE)) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
    return int(count)


async def test_group_from_being_added_to_being_removed_with_a_restart_in_the_middle(
    telegram: Server, tmp_path: Path
) -> None:
    admin, member, other = (telegram.person(7_155_170_070 + n, name) for n, name in enumerate(("Ada", "Mel", "Oz")))
    group = telegram.group(-5_005, TITLE, {admin: "creator", member: "member", other: "member"}, bot="left")
    name = f"@{telegram.world.bot['username']}"
    async with running(telegram, tmp_path):
        door = await is_set_up(admin, member, group, name)
        assert says(await enters(other, door, Label.WRITE_PRIVATELY), Line.START)
        assert says(await enters(member, door, Label.WRITE_PRIVATELY), Line.ARRIVE_WORK_DIED)
        await member.says("stop")
    assert (kept(tmp_path, "room"), kept(tmp_path, "consent")) == (1, 0)
    async with running(telegram, tmp_path):
        assert says(await enters(other, door, Label.WRITE_PRIVATELY), Line.START)
        group = await group.becomes_supergroup(-1_000_000_005_005)
        await members_are_noticed(admin, member, other, group)
        await is_in_danger(member, other, group, name)
        await admin.says("/hold 3d", to=group)
        assert says(group.latest(), Line.ADMIN_HELD, length=f"3 {label(Label.DAYS)}")
        await admin.removes_bot(group)
    assert (kept(tmp_path, "room"), kept(tmp_path, "consent"), kept(tmp_path, "group_due")) == (1, 1, 0)
    left = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert not any(trace in left for trace in (b"7155170071", b"5005", TITLE.encode(), b"child"))


async def is_set_up(admin: Person, member: Person, group: Group, name: str) -> Message:
    """It is added and says one thing, then nothing until an admin has said yes. Give its answer to a member."""
    await admin.says("/start")
    await admin.opens(admin.latest().button(label(Label.ADD_GROUP))["url"], to=group)
    arrived = group.latest()
    assert says(arrived, Line.GROUP_ARRIVED)
    await member.says(f"{name} hello", to=group)
    press = await member.presses_button(arrived, label(Label.SET_IT_UP))
    assert press.answer is not None
    assert press.answer["url"] == ""
    assert group.hears() == [arrived]
    await enters(admin, arrived, Label.SET_IT_UP)
    await admin.presses(label(Label.ROOM_ON))
    assert says(group.latest(), Line.GROUP_CARD_MENTIONS)
    await member.says(f"{name} {OPENING}", to=group)
    assert says(group.latest(), Line.GROUP_PRIVATE)
    return group.latest()


async def members_are_noticed(admin: Person, member: Person, other: Person, group: Group) -> None:
    """An admin turns it on, one member agrees, and that one alone is written to, in private."""
    await admin.says("/settings", to=group)
    panel = await enters(admin, group.latest(), Label.OPEN_SETTINGS)
    await admin.presses(setting(panel, Label.ROOM_NOTICING))
    await admin.presses_button(panel, label(Label.NOTICING_MEMBERS))
    card = group.latest()
    assert says(card, Line.GROUP_CARD_MEMBERS)
    await admin.promotes_bot(group)
    await enters(member, card, Label.WHAT_IT_NOTICES)
    await member.presses(label(Label.AGREE))
    before = [len(place.hears()) for place in (member, other, group)]
    for person in (other, member):
        await person.says("lunch at one?", to=group)
        await person.says(LATER, to=group)
    # They have just agreed, so that they are in the midst of a talk, and nobody is written to.
    assert [len(place.hears()) for place in (member, other, group)] == before


async def is_in_danger(member: Person, other: Person, group: Group, name: str) -> None:
    """Their own card comes in private; for someone who has blocked the bot, help for the room."""
    before = len(group.hears())
    await member.says("i want to kill myself", to=group)
    assert any(says(message, Line.CARD_OWN) for message in member.hears())
    assert len(group.hears()) == before
    await other.blocks_bot()
    await other.says(f"{name} i want to kill myself", to=group)
    assert says(group.latest(), Line.GROUP_DANGER)
