import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import BUTTONS, COMMANDS, menu, split_command
from bot.core.decide import decide
from bot.core.facts import Ended, Moved
from bot.core.gap import DAY, outcome_of
from bot.core.helplines import PLACES
from bot.core.lines import Label, Line
from bot.core.model import Action, Decision, Held, Incoming, Kind, Opened, Where
from bot.core.room import IN_A_GROUP
from bot.core.sequence import AFTER_CARD, WALKING
from bot.core.state import CareFor, Condition, Event, State, Step
from bot.core.steps import again
from tests.person import PROMPTS, SEEN, buttons, lines

CONTENT = PROMPTS.content
NOW = 1_790_000_000


def at(step: Step) -> State:
    return State(walk=5, step=step, conditions=Condition.OWN_LOSS if step is Step.NEEDS else Condition.NONE)


def told(command: str, held: Held = Held(), text: str = "", seed: int = 9) -> Decision:  # noqa: B008  - frozen
    incoming = Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, text=text, command=command, seed=seed)
    return decide(incoming, held, CONTENT)


def tapped(action: Action, held: Held, value: int = 0) -> Decision:
    opened = Opened(held.state, action, value)
    return decide(Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=opened), held, CONTENT)


# --- The table ----------------------------------------------------------------------------------------------------


def test_the_menu_has_every_command_with_words_that_telegram_takes() -> None:
    assert [name for name, _ in menu()] == [*COMMANDS]
    for name, label in menu():
        assert re.fullmatch("[a-z][a-z0-9_]{0,31}", name)
        assert 1 <= len(CONTENT.labels[label]) <= 256


def test_no_command_has_the_description_or_the_handler_of_another() -> None:
    assert len({CONTENT.labels[label] for _, label in menu()}) == len(menu())
    assert len(set(COMMANDS.values())) == len(COMMANDS)


def test_the_commands_that_telegram_expects_are_there() -> None:
    expected = {"start", "help", "why", "settings", "privacy", "consent", "export", "forget", "history"}
    expected |= {"walk", "crisis", "country", "breathe", "progress", "plan", "nudge", "stop", "howtohelp"}
    assert expected == set(COMMANDS)


def test_every_command_that_the_copy_names_is_there() -> None:
    said = " ".join(
        [*(wording for wordings in PROMPTS.lines.values() for wording in wordings), *CONTENT.labels.values()]
    )
    assert set(re.findall(r"(?<!\w)/([a-z]+)", said)) <= {*COMMANDS, *IN_A_GROUP}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("step", Step)
def test_every_command_answers_at_every_step(command: str, step: Step) -> None:
    assert told(command, Held(at(step))).replies


@pytest.mark.parametrize("action", BUTTONS)
def test_the_buttons_beside_a_walk_answer_at_every_step(action: Action) -> None:
    for step in Step:
        assert tapped(action, Held(State(walk=5, step=step))).replies


def test_a_country_that_only_a_later_version_knows_is_asked_for() -> None:
    assert tapped(Action.COUNTRY, Held(), 0).held.country == PLACES[0]
    later = tapped(Action.COUNTRY, Held(), len(PLACES))
    assert (later.replies, later.held.country) == (told("country").replies, "")


def test_a_tap_on_the_settings_of_a_group_or_of_a_channel_asks_which_and_opens_its_settings() -> None:
    for kind, label in enumerate((Label.ROOM_PICK_GROUP, Label.ROOM_PICK_CHANNEL)):
        decision = tapped(Action.ROOM_PANEL, Held(), kind)
        assert [each.label for each in buttons(decision)] == [label, Label.ROOM_NEVER_MIND]
        assert decision.held.asked_room is Action.ROOM_PANEL


def test_an_unknown_command_changes_nothing() -> None:
    held = Held(State(walk=5, step=Step.KIND))
    decision = told("nonsense", held)
    assert lines(decision) == [Line.UNKNOWN_COMMAND]
    assert decision.held.state == held.state


# --- A slow pace to breathe at ------------------------------------------------------------------------------------


def typed(words: str, held: Held) -> Decision:
    return decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=words, seed=9), held, CONTENT)


EMERGENCY = Held(at(Step.HELD), said={Line.CARD_MEDICAL: 1, Line.CARD_LINES: 1, Line.CARD_STAY: 1})


@pytest.mark.parametrize("step", Step)
def test_breathe_says_the_pace_and_then_the_step_once_more_and_moves_nothing(step: Step) -> None:
    before = Held(at(step))
    decision = told("breathe", before)
    first, *rest = decision.replies
    assert (first.keys, first.buttons) == ((Line.BREATHING,), ())
    said_again = () if step in {Step.IDLE, Step.CLOSE} else (again(before.state),)
    assert [(reply.keys, reply.buttons) for reply in rest] == [(reply.keys, reply.buttons) for reply in said_again]
    assert (decision.held.state, decision.facts) == (before.state, ())


@pytest.mark.parametrize(
    "words", ["breathing", "Breathe?", "can we breathe", "Let's breathe together", "slow breathing"]
)
def test_breathing_is_asked_for_in_words_too(words: str) -> None:
    for step in set(Step) - {Step.DANGER_ASK}:
        before = Held(at(step))
        assert lines(typed(words, before)) == lines(told("breathe", before))
        assert typed(words, before).held.state == before.state


def test_breathing_is_no_clear_no_to_the_question_about_danger() -> None:
    assert lines(typed("breathing", Held(at(Step.DANGER_ASK))))[0] is Line.CARD_ASKED


def test_breathing_gives_way_to_an_emergency() -> None:
    for decision in (told("breathe", EMERGENCY), typed("breathing", EMERGENCY)):
        assert lines(decision) == [Line.CARD_AGAIN_NOW]
        assert decision.held.state == EMERGENCY.state


def test_settings_give_way_to_an_emergency() -> None:
    for decision in (
        tapped(Action.ROOM_PANEL, EMERGENCY),
        *(told(command, EMERGENCY) for command in sorted(IN_A_GROUP - {"settings"})),
    ):
        assert lines(decision)[0] is Line.CARD_AGAIN_NOW
        assert decision.facts == ()


@pytest.mark.parametrize(
    "words",
    [
        "i can't breathe",
        "cant breathe",
        "help me breathe",
        "he is not breathing",
        "stopped breathing",
        "still breathing",
    ],
)
def test_trouble_with_the_breath_is_never_taken_for_asking(words: str) -> None:
    for step in Step:
        assert Line.BREATHING not in lines(typed(words, Held(at(step))))


def test_breathing_is_offered_nowhere_but_in_help_and_the_menu() -> None:
    breath = re.compile(r"\bbreath", re.IGNORECASE)
    named = {name for name, wordings in PROMPTS.lines.items() if any(map(breath.search, wordings))}
    labels = {label for label, words in CONTENT.labels.items() if breath.search(words)}
    assert (named, labels) == ({Line.HELP}, {Label.COMMAND_BREATHE})


# --- Begin and stop -----------------------------------------------------------------------------------------------


def test_walk_begins_anew_at_any_step_and_asks_nothing_first() -> None:
    for step in Step:
        decision = told("walk", Held(State(walk=5, step=step, minor=True)), seed=77)
        state = decision.held.state
        assert (state.walk, state.step, state.counter, state.minor) == (66, Step.ARRIVE, 0, True)  # chance, and one on
        assert lines(decision)[-3] is Line.ARRIVE_ASKED
        assert lines(decision)[-1] is Line.ABOUT
        assert decision.facts == (Moved(step, Event.NEXT, Step.ARRIVE),)


@given(st.integers(1, 2**24 - 1), st.integers(1, 2**24 - 1), st.integers(2, 6))
def test_a_new_walk_begins_with_other_wordings_than_the_one_before(seed: int, before: int, wordings: int) -> None:
    held = Held(State(walk=before, step=Step.CLOSE))
    walk = told("walk", held, seed=seed).held.state.walk
    assert 0 < walk < 2**24
    assert walk % wordings != before % wordings


@pytest.mark.parametrize(
    ("walked_at", "again"), [(0, False), (NOW - DAY, False), (NOW - DAY + 1, True), (NOW - 60, True)]
)
def test_after_a_full_walk_the_short_one_is_offered_first_for_a_day(walked_at: int, again: bool) -> None:  # noqa: FBT001
    held = Held(walked_at=walked_at)
    begun = decide(Incoming(7, Where.PRIVATE, Kind.COMMAND, NOW, command="walk", seed=9), held, CONTENT)
    noticed = decide(Incoming(7, Where.PRIVATE, Kind.TEXT, NOW, text=SEEN, seed=9), held, CONTENT)
    assert (begun.held.state.again, noticed.held.state.again) == (again, again)


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (State(walk=5, step=Step.CLOSE, upset_before=5), True),
        (State(walk=5, step=Step.CLOSE), False),
        (State(walk=5, step=Step.CLOSE, upset_before=5, care_for=CareFor.MYSELF), False),
        (State(walk=5, step=Step.CLOSE, upset_before=5, short=True), False),
        (State(walk=5, step=Step.CLOSE, upset_before=5, conditions=Condition.OWN_LOSS), False),
        (State(walk=5, step=Step.KIND), False),
    ],
)
def test_a_button_of_the_end_of_a_full_walk_tells_of_it_too(state: State, again: bool) -> None:  # noqa: FBT001
    pressed = Opened(state, Action.WALK, 0)
    incoming = Incoming(7, Where.PRIVATE, Kind.PRESS, NOW, pressed=pressed, seed=9)
    assert decide(incoming, Held(), CONTENT).held.state.again is again


def test_walks_open_with_every_steadying_act_in_each_of_its_wordings() -> None:
    openings = [told("walk", seed=seed).replies[0] for seed in range(48)]
    said = {(reply.keys[1], reply.picks[1] % len(PROMPTS.lines[reply.keys[1]])) for reply in openings}
    anchors = [line for line in Line if line.startswith("anchor.")]
    assert said == {(line, number) for line in anchors for number in range(len(PROMPTS.lines[line]))}


@pytest.mark.parametrize("step", sorted(set(Step) - {Step.IDLE}))
def test_stop_ends_at_once_and_asks_nothing(step: Step) -> None:
    before = State(walk=5, step=step, upset_before=8)
    decision = told("stop", Held(before))
    ended = (Ended(outcome_of(before, NOW, finished=False)),) if step in WALKING else ()
    help_first = [Line.CARD_LINES] if step is Step.DANGER_ASK else []
    assert decision.held.state.step is Step.IDLE
    assert lines(decision) == [*help_first, Line.HELD_STOPPED if step in AFTER_CARD else Line.STOPPED]
    assert buttons(decision) == []
    assert decision.facts == (Moved(step, Event.STOP, Step.IDLE), *ended)


def test_stop_with_nothing_under_way_says_so() -> None:
    decision = told("stop")
    assert lines(decision) == [Line.NOTHING_TO_STOP]
    assert decision.facts == ()


# --- Reading a command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/walk", "walk", ""),
        ("/WALK", "walk", ""),
        ("/walk@Some_Bot", "walk", ""),
        ("/walk i want to die", "walk", "i want to die"),
        ("/walk@some_bot  i want\nto die ", "walk", "i want\nto die "),
        ("/stop.", "stop", "."),
        ("/stop!!", "stop", "!!"),
        ("/stop, please", "stop", ", please"),
        ("/forget_me", "forget_me", ""),
        ("hello /walk", "", "hello /walk"),
        ("", "", ""),
        ("/", "", "/"),
        ("/ walk", "", "/ walk"),
        ("//", "", "//"),
        ("/@some_bot", "", "/@some_bot"),
        ("/é", "", "/é"),
        ("/walké", "", "/walké"),
        ("/a/path", "", "/a/path"),
        ("walk", "", "walk"),
    ],
)
def test_split_command_at_its_edges(text: str, command: str, rest: str) -> None:
    assert split_command(text) == (command, rest)


@given(st.text())
def test_split_command_loses_no_word_that_could_speak_of_danger(text: str) -> None:
    command, rest = split_command(text)
    assert text.endswith(rest)
    if not command:
        assert rest == text
    else:
        assert text.lower().startswith(f"/{command}")
