"""What a press does to the message that it was on, and a message by the clock to it: at Telegram's stand-in."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.adapters.delivery import LONGEST_WAIT
from bot.core.facts import Moved
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Held, Lane, Reply
from bot.core.ports import Fate
from bot.core.state import Event, Step
from tests.adapters.live import Live, as_seen
from tests.botapi import too_many
from tests.botapi.chats import ACCESSIBLE
from tests.botapi.faults import Fault
from tests.botapi.updates import Refused
from tests.person import PROMPTS

STOP = ((Button(Label.STOP, Action.STOP, payload="1"),),)
STAY = ((Button(Label.STAY, Action.STAY, payload="2"),),)
SHOWN = Reply((Line.HELP,), STOP)
PANEL = Reply((Line.START,), STAY, in_place=True)
BARE = Reply((Line.STOPPED,))
NUDGE = Reply((Line.THANKS,), STAY, lane=Lane.BROADCAST)
MOVED = (Moved(Step.ASK, Event.NEXT, Step.ARRIVE),)
KEYBOARD = Reply((Line.HELP,), ((Button(Label.SHARE_LOCATION, Action.LOCATE),),))


# --- in place of the pressed message ------------------------------------------------------------------------------


async def test_press_is_answered_in_place_and_the_new_buttons_stay(live: Live) -> None:
    await live.shows(SHOWN)
    press = await live.ann.presses("Stop", wait=False)
    await live.answers((PANEL,))
    assert live.heard() == [as_seen(PANEL)]
    assert live.methods == ["editMessageText", "answerCallbackQuery"]
    assert press.answer is not None


async def test_only_the_first_reply_is_in_place_and_the_others_follow_below(live: Live) -> None:
    await live.shows(SHOWN)
    await live.ann.presses("Stop", wait=False)
    await live.answers((PANEL, replace(PANEL, keys=(Line.THANKS,)), BARE))
    assert live.heard() == [as_seen(PANEL), as_seen(replace(PANEL, keys=(Line.THANKS,))), as_seen(BARE)]
    await live.ann.presses_button(live.ann.hears()[0], "Stay", wait=False)
    await live.answers((BARE, PANEL))
    assert live.heard()[3:] == [as_seen(BARE), as_seen(PANEL)]
    assert live.heard()[0] == (PROMPTS.text(PANEL), [])


async def test_two_quick_presses_leave_one_message_and_are_both_answered(live: Live) -> None:
    await live.shows(SHOWN)
    presses = [await live.ann.presses("Stop", wait=False) for _ in range(2)]
    with capture_logs() as lines:
        await live.answers((PANEL,), (PANEL,))
    assert live.heard() == [as_seen(PANEL)]
    assert live.methods == ["editMessageText", "answerCallbackQuery"] * 2
    assert all(press.answer for press in presses)
    assert lines == []


async def test_press_on_an_older_panel_changes_that_one(live: Live) -> None:
    await live.shows(SHOWN)
    await live.shows(BARE)
    await live.ann.presses_button(live.ann.hears()[0], "Stop", wait=False)
    await live.answers((PANEL,))
    assert live.heard() == [as_seen(PANEL), as_seen(BARE)]


async def test_press_on_a_message_too_old_to_be_seen_is_answered_below(live: Live) -> None:
    await live.shows(SHOWN)
    live.at.at += ACCESSIBLE + 1
    await live.ann.presses("Stop", wait=False)
    await live.answers((PANEL,))
    assert live.heard() == [(PROMPTS.text(SHOWN), []), as_seen(PANEL)]
    assert "editMessageText" not in live.methods


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Refused(400, "Bad Request: message can't be edited"),
        Refused(400, "Bad Request: there is no text in the message to edit"),
    ],
    ids=["gone", "fixed", "picture"],
)
async def test_press_on_a_message_that_cannot_be_edited_is_answered_below(live: Live, fault: Fault | None) -> None:
    await live.shows(SHOWN)
    press = await live.ann.presses("Stop", wait=False)
    if fault is None:
        live.ann.deletes(live.ann.latest())
    else:
        live.telegram.fails("editMessageText", fault)
    with capture_logs() as lines:
        await live.answers((PANEL,))
    assert live.heard()[1:] == [as_seen(PANEL)]
    assert live.methods[:2] == ["editMessageText", "sendMessage"]
    assert sorted(live.methods[2:]) == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert press.answer is not None
    assert lines == []


async def test_edit_that_is_told_to_wait_comes_then_and_nothing_twice(live: Live) -> None:
    await live.shows(SHOWN)
    await live.ann.presses("Stop", wait=False)
    live.telegram.fails("editMessageText", too_many(3))
    await live.answers((PANEL, BARE))
    assert live.heard() == [as_seen(PANEL), as_seen(BARE)]
    assert 3 in live.clock.pauses


async def test_edit_that_would_wait_too_long_is_lost_and_the_buttons_stay(live: Live) -> None:
    await live.shows(SHOWN)
    press = await live.ann.presses("Stop", wait=False)
    live.telegram.fails("editMessageText", too_many(int(LONGEST_WAIT) + 1))
    with capture_logs() as lines:
        await live.answers((PANEL,))
    assert live.heard() == [as_seen(SHOWN)]
    assert (live.methods, live.outcome) == (["editMessageText", "answerCallbackQuery"], "failed")
    assert press.answer is not None
    assert [line["event"] for line in lines] == ["message not sent"]


async def test_answer_to_words_is_never_in_place(live: Live) -> None:
    await live.shows(SHOWN)
    await live.shows(PANEL)
    assert live.heard() == [as_seen(SHOWN), as_seen(PANEL)]


async def test_buttons_of_an_edited_panel_go_when_words_lead_a_walk_on(live: Live) -> None:
    await live.shows(SHOWN)
    await live.ann.presses("Stop", wait=False)
    await live.answers((PANEL,))
    await live.ann.says("lost a patient today", wait=False)
    await live.answers(Decision(Held(), (BARE,), MOVED))
    assert live.heard() == [(PROMPTS.text(PANEL), []), as_seen(BARE)]


# --- by the clock -------------------------------------------------------------------------------------------------


async def test_nudge_leaves_the_buttons_of_a_walk_to_be_taken_and_keeps_its_own_until_pressed(live: Live) -> None:
    await live.shows(SHOWN)
    assert (await live.us.outbox.send(7, NUDGE)).fate is Fate.ARRIVED
    await live.ann.says("did it", wait=False)
    await live.answers(Decision(Held(), (BARE,), MOVED))
    assert live.heard() == [(PROMPTS.text(SHOWN), []), as_seen(NUDGE), as_seen(BARE)]
    await live.ann.presses_button(live.ann.hears()[1], "Stay", wait=False)
    await live.answers((BARE,))
    assert live.heard()[1] == (PROMPTS.text(NUDGE), [])


# --- where someone is ---------------------------------------------------------------------------------------------


async def test_place_that_was_asked_for_comes_in_once_and_moving_on_brings_nothing(live: Live) -> None:
    await live.shows(KEYBOARD)
    await live.ann.uses_key("Share my location", at=(38.7223, -9.1393), wait=False)
    await live.answers((replace(BARE, closes_keyboard=True),))
    assert live.responder.heard[-1].location == (38.7223, -9.1393)
    assert live.ann.keys is None
    shared = await live.ann.shares_place(1.5, 2.5, seconds=900, wait=False)
    await live.answers((BARE,))
    assert live.responder.heard[-1].location == (1.5, 2.5)
    await live.ann.moves(shared, 1.6, 2.6, wait=False)
    await live.answers()
    assert live.methods == []


async def test_message_that_opened_a_keyboard_is_not_asked_to_lose_buttons(live: Live) -> None:
    await live.shows(SHOWN)
    await live.shows(KEYBOARD)
    await live.ann.says("Lisbon", wait=False)
    await live.answers(Decision(Held(), (BARE,), MOVED))
    assert live.heard() == [(PROMPTS.text(SHOWN), []), (PROMPTS.text(KEYBOARD), []), as_seen(BARE)]
    assert live.telegram.world.refusals == []
