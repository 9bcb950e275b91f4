"""What comes from groups and channels, and where the answers go: at Telegram's stand-in."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.adapters.edits import Edits
from bot.adapters.telegram_bot import UPDATES
from bot.core.facts import Moved, RoomLeft
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Door, Held, Kind, Lane, Reply, Where
from bot.core.state import Event, Step
from tests.adapters.live import Live, as_seen
from tests.botapi import Channel, Group, Hang, Person, Press, too_many
from tests.botapi.chats import ACCESSIBLE
from tests.botapi.updates import Refused
from tests.person import PROMPTS

ROOM, OTHER_ROOM, CHANNEL = -1_001_000_000_001, -1_001_000_000_002, -1_001_000_000_003
DOOR = ((Button(Label.WRITE_PRIVATELY, Action.DOOR, payload="1"),),)
SAID = Reply((Line.GROUP_PRIVATE,), DOOR)
GENERAL = Reply((Line.GROUP_DANGER,), DOOR, lane=Lane.DANGER)
CARD = Reply((Line.HELP,), to=7, instead=GENERAL)
MORE = Reply((Line.THANKS,), to=7)
TOTAL = Reply((Line.ABOUT,), DOOR, in_place=True, lane=Lane.BROADCAST)
SEEN_TO = Reply((Line.THANKS,), in_place=True)
MOVED = (Moved(Step.ASK, Event.NEXT, Step.ARRIVE),)


@pytest.fixture
def group(live: Live) -> Group:
    return live.telegram.group(ROOM, "Night shift", {live.ann: "creator"}, forum=True)


async def met(live: Live) -> Person:
    """Ann, once she has written to the bot in private."""
    await live.shows(Reply((Line.START,)))
    return live.ann


def said_in(group: Group | Channel) -> list[tuple[str, list[list[str]]]]:
    return [(message.text, message.buttons) for message in group.hears()]


async def asks(live: Live, group: Group, *decisions: tuple[Reply, ...] | Decision, topic: int | None = None) -> None:
    """Let Ann ask the bot in the group, and be answered with these."""
    await live.ann.says("/help", to=group, topic=topic, wait=False)
    await live.answers(*decisions)


# --- where an answer goes -----------------------------------------------------------------------------------------


async def test_answer_to_a_person_goes_to_them_and_nothing_into_the_group(live: Live, group: Group) -> None:
    await met(live)
    await asks(live, group, (CARD, MORE))
    assert live.heard()[1:] == [as_seen(CARD), as_seen(MORE)]
    assert said_in(group) == []
    assert live.responder.noting.noted == []


async def test_who_may_not_be_written_to_is_answered_in_the_group_in_words_for_there(live: Live, group: Group) -> None:
    topic = group.opens_topic("Nights")
    await asks(live, group, (CARD, MORE), topic=topic)
    assert said_in(group) == [as_seen(GENERAL)]
    assert group.latest().json["message_thread_id"] == topic
    assert live.methods == ["sendMessage"] * 2  # what would follow the card is not tried
    assert live.outcome == "handled"


async def test_answer_to_a_person_that_is_lost_is_not_said_in_the_group(live: Live, group: Group) -> None:
    await met(live)
    live.telegram.fails("sendMessage", too_many(600))
    with capture_logs() as lines:
        await asks(live, group, (CARD,))
    assert said_in(group) == []
    assert (live.outcome, [line["event"] for line in lines]) == ("failed", ["message not sent"])


async def test_card_that_is_lost_on_its_way_to_a_person_is_the_line_for_all_in_the_group(
    live: Live, group: Group
) -> None:
    await met(live)
    live.telegram.fails("sendMessage", Refused(400, "Bad Request: something is wrong with that"))
    await asks(live, group, (replace(CARD, lane=Lane.DANGER), MORE))
    assert said_in(group) == [as_seen(GENERAL)]


async def test_answer_for_another_group_goes_into_its_topic(live: Live, group: Group) -> None:
    moderators = live.telegram.group(OTHER_ROOM, "Moderators", {}, forum=True)
    topic = moderators.opens_topic("Alerts")
    alert = Reply((Line.ABOUT,), ((Button(Label.URGENT_HELP, Action.OPEN, payload="https://t.me/c/1/2"),),))
    await asks(live, group, (SAID, replace(alert, to=OTHER_ROOM, thread=topic)))
    assert said_in(group) == [as_seen(SAID)]
    assert said_in(moderators) == [as_seen(alert)]
    assert moderators.latest().json["message_thread_id"] == topic


async def test_what_is_said_in_a_group_is_noted_with_its_number(live: Live, group: Group) -> None:
    await met(live)
    await asks(live, group, (CARD, SAID))
    assert live.responder.noting.noted == [(ROOM, group.latest().id, SAID)]


async def test_buttons_of_a_walk_are_taken_in_private_when_words_in_a_group_lead_it_on(
    live: Live, group: Group
) -> None:
    shown = Reply((Line.START,), ((Button(Label.STOP, Action.STOP, payload="1"),),))
    await live.shows(shown)
    await asks(live, group, (SAID,))
    await asks(live, group, Decision(Held(), (CARD,), MOVED))
    assert live.heard() == [(PROMPTS.text(shown), []), as_seen(CARD)]
    assert said_in(group) == [as_seen(SAID)]


async def test_group_that_sends_the_bot_away_is_left_once_all_is_said(live: Live, group: Group) -> None:
    await asks(live, group, Decision(Held(), (SAID,), (RoomLeft(ROOM),)))
    assert live.methods == ["sendMessage", "leaveChat"]
    assert group.bot_is == "left"


async def test_group_can_be_left_from_a_private_chat(live: Live, group: Group) -> None:
    await live.shows(Reply((Line.START,), ((Button(Label.STOP, Action.STOP, payload="1"),),)))
    await live.ann.presses("Stop", wait=False)
    await live.answers(Decision(Held(), (Reply((Line.STOPPED,)),), (RoomLeft(ROOM),)))
    assert live.heard()[-1] == (PROMPTS.text(Reply((Line.STOPPED,))), [])
    assert group.bot_is == "left"


# --- presses ------------------------------------------------------------------------------------------------------


async def pressed(live: Live, place: Group | Channel, *decisions: tuple[Reply, ...] | Decision) -> Press:
    """Let Ann press the button of the latest message there, and be answered with these."""
    press = await live.ann.presses(PROMPTS.content.labels[Label.WRITE_PRIVATELY], to=place, wait=False)
    await live.answers(*decisions)
    return press


async def test_door_opens_the_private_chat_and_stays(live: Live, group: Group) -> None:
    await asks(live, group, (SAID,))
    press = await pressed(live, group, Decision(Held(), opens=Door.TALK, link="gAbc-1"))
    name = live.telegram.world.bot["username"]
    assert press.answer == {"text": "", "show_alert": False, "url": f"https://t.me/{name}?start=gAbc-1"}
    assert live.methods == ["answerCallbackQuery"]
    assert said_in(group) == [as_seen(SAID)]


async def test_press_in_a_group_is_read_with_its_place(live: Live, group: Group) -> None:
    topic = group.opens_topic("Nights")
    await asks(live, group, (SAID,), topic=topic)
    await pressed(live, group, (SAID,))
    there = live.responder.heard[-1].there
    assert there is not None
    assert (there.chat, there.thread, there.number) == (ROOM, topic, group.hears()[0].id)
    assert group.latest().json["message_thread_id"] == topic
    assert said_in(group) == [as_seen(SAID)] * 2  # and neither lost its buttons


@pytest.mark.parametrize("later", [0, ACCESSIBLE + 1], ids=["at once", "too old to be seen"])
async def test_press_in_a_group_may_change_the_pressed_message(live: Live, group: Group, later: int) -> None:
    await asks(live, group, (SAID,))
    live.at.at += later
    press = await pressed(live, group, (SEEN_TO,))
    assert said_in(group) == [as_seen(SEEN_TO)]
    assert press.answer is not None


async def test_press_that_cannot_change_the_message_says_nothing_more_in_the_group(live: Live, group: Group) -> None:
    await asks(live, group, (SAID,))
    live.telegram.fails("editMessageText", Refused(400, "Bad Request: message can't be edited"))
    press = await pressed(live, group, (SEEN_TO,))
    assert said_in(group) == [as_seen(SAID)]
    assert press.answer is not None


async def test_presses_of_many_change_a_total_to_the_latest_and_wait_for_none(live: Live, group: Group) -> None:
    await asks(live, group, (SAID,))
    latest = replace(TOTAL, keys=(Line.THANKS,))
    live.us.edits = Edits(live.us.outbox.edit, live.clock.pause)
    live.telegram.fails("editMessageText", hang := Hang())
    async with live.us.edits.beside():
        for total in (TOTAL, TOTAL, latest):
            assert (await pressed(live, group, (total,))).answer is not None
        hang.release()
        await live.telegram.until(lambda: said_in(group) == [as_seen(latest)], "the latest total is shown")
    assert len(live.telegram.calls_of("editMessageText")) == 2


async def test_press_below_a_post_is_answered_there(live: Live) -> None:
    channel = live.telegram.channel(CHANNEL, "News", {live.ann: "member"})
    assert (await live.us.outbox.send(CHANNEL, SAID)).number == channel.latest().id
    await pressed(live, channel, (SEEN_TO,))
    assert said_in(channel) == [as_seen(SEEN_TO)]
    assert live.responder.heard[-1].where is Where.CHANNEL


# --- what Telegram tells by itself --------------------------------------------------------------------------------


async def test_group_that_the_bot_comes_into_hears_who_it_is(live: Live) -> None:
    group = live.telegram.group(ROOM, "Night shift", {live.ann: "creator"}, bot="left")
    await live.ann.adds_bot(group, wait=False)
    await live.answers((SAID,))
    assert said_in(group) == [as_seen(SAID)]
    (heard,) = live.responder.heard
    assert (heard.kind, heard.person) == (Kind.STANDING, live.ann.id)
    assert heard.there is not None
    assert heard.there.standing is not None
    assert heard.there.standing.is_in


async def test_who_leaves_a_group_is_handed_on(live: Live, group: Group) -> None:
    ben = live.telegram.person(8, "Ben")
    await group.takes_in(ben, wait=False)
    await group.loses(ben, wait=False)
    await live.answers(())
    assert [(heard.kind, heard.person) for heard in live.responder.heard] == [(Kind.LEFT, ben.id)]


async def test_who_leaves_quietly_is_handed_on_where_the_bot_is_an_admin(live: Live, group: Group) -> None:
    ben = live.telegram.person(8, "Ben")
    live.telegram.world.updates.allowed = UPDATES
    group.bot_is = "administrator"
    await group.takes_in(ben, quietly=True, wait=False)
    await group.loses(ben, by=live.ann, quietly=True, wait=False)
    await live.answers(())
    assert [(heard.kind, heard.person) for heard in live.responder.heard] == [(Kind.LEFT, ben.id)]


async def test_group_that_is_picked_in_private_is_handed_on(live: Live, group: Group) -> None:
    await live.shows(Reply((Line.START,), ((Button(Label.BEGIN, Action.ROOM_PICK),),)))
    await live.ann.picks(PROMPTS.content.labels[Label.BEGIN], group, wait=False)
    await live.answers((Reply((Line.THANKS,)),))
    there = live.responder.heard[-1].there
    assert there is not None
    assert (live.responder.heard[-1].kind, there.chat, there.title) == (Kind.ROOM, ROOM, "Night shift")
    assert live.heard()[-1] == as_seen(Reply((Line.THANKS,)))


async def test_group_that_becomes_a_supergroup_is_told_by_both_its_ids(live: Live) -> None:
    group = live.telegram.group(-1001, "Night shift", {live.ann: "creator"})
    await group.becomes_supergroup(ROOM, wait=False)
    await live.answers()
    assert live.responder.noting.moves == [(-1001, ROOM)] * 2


async def test_full_card_is_sent_once_and_counts_only_where_it_went_out(live: Live, group: Group) -> None:
    live.telegram.fails("sendMessage", Refused(400, "Bad Request: something is wrong with that"))
    for _ in range(3):
        await asks(live, group, (GENERAL,))
    again = Reply((Line.GROUP_DANGER_AGAIN,), DOOR, lane=Lane.DANGER)
    assert said_in(group) == [as_seen(GENERAL), as_seen(again)]
