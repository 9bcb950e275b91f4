"""Whole conversations that are written down in `dialogues/`, as its README says. `test_machine` has those of chance."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import yaml

from bot import prompts
from bot.core.lines import Line
from bot.core.model import Decision, Document, Reply
from bot.core.sequence import WALKING
from bot.core.state import Condition, State, Step
from bot.store.store import Store
from tests.person import RING, purposes
from tests.talk import Chat, Edits, Forwards, House, Move, Restarts, Says, Sends, Taps, Waits

FOLDER: Final = Path(__file__).parent / "dialogues"
DIALOGUES: Final = {
    "README": (FOLDER / "README.md").read_text("utf-8").split("```")[1].strip(),
    **{path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))},
}

MOVES: Final[tuple[tuple[str, Callable[[str], Move]], ...]] = (
    (r">> (.+)", Forwards),
    (r"> (.+ // .+)", lambda words: Says(words.split(" // ")[-1], earlier=tuple(words.split(" // ")[:-1]))),
    (r"> (.+)", Says),
    (r"\(replying\) (.+)", lambda words: Says(words, replying=True)),
    (r"\(edited\) (.+)", Edits),
    (r"\[(.+)\]", Taps),
    (r"\((sticker)\)", lambda _: Sends()),
    (r"\((restart)\)", lambda _: Restarts()),
    (r"\((\d+) minutes? later\)", lambda number: Waits(60 * int(number), sends=True)),
    (r"\((\d+) hours? later\)", lambda number: Waits(60 * 60 * int(number), sends=True)),
)

OFF_THE_PATH: Final = frozenset(
    {
        *(Line.ASK, Line.OWN, Line.OWN_PERSON, Line.WHOSE, Line.WHOSE_MINE, Line.REAL, Line.THANKS, Line.SWEAR),
        *(Line.BREATHING, Line.MEDIA, Line.LANGUAGE, Line.STALE, Line.EXPIRED, Line.TWICE, Line.UNKNOWN_COMMAND),
        *(Line.HELP, Line.HELP_AGAIN, Line.HELP_PERSON, Line.NOTHING_TO_STOP, Line.HELD_STOPPED, Line.HELD_THANKS),
    }
)
"""What is said beside the walk, whatever someone does there."""


class Turn(NamedTuple):
    """What the person does, and what the bot is to say then, as they are written."""

    done: str
    expected: list[str]


@dataclass(frozen=True, slots=True)
class Met:
    """What comes up in conversations."""

    steps: set[Step] = field(default_factory=set)
    conditions: set[Condition] = field(default_factory=set)
    lines: set[Line] = field(default_factory=set)
    left_at: set[Step] = field(default_factory=set)  # for a while, with nothing said


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Store.open(tmp_path / "data", RING) as store:
        yield House(store)


# --- Reading and retelling a dialogue -----------------------------------------------------------------------------


def move_of(line: str) -> Move | None:
    """What a line does, or None for one of the bot's."""
    found = ((re.fullmatch(pattern, line), make) for pattern, make in MOVES)
    return next((make(match[1]) for match, make in found if match), None)


def turns_of(script: str) -> list[Turn]:
    """Read a dialogue. Empty lines and comments say nothing."""
    turns: list[Turn] = []
    for line in (" ".join(line.split()) for line in script.splitlines()):
        if line and not line.startswith("#"):
            if move_of(line):
                turns.append(Turn(line, []))
            else:
                turns[-1].expected.append(line)
    return turns


async def retold(script: str, house: House) -> list[str]:
    """Tell the dialogue as it goes: with a + at what came, and a - at what was expected in its place."""
    chat, told = Chat(house), []
    for done, expected in turns_of(script):
        told.append(f"  {done}")
        try:
            came = await heard(chat, done)
        except LookupError:
            return [*told, "+ (there is no such button)"]
        if expected[-1:] and expected[-1].startswith("(kept: "):
            came.append(await kept(chat))
        for wanted, said in zip_longest(expected, came, fillvalue=""):
            told += [f"  {said}"] if fits(wanted, said) else [f"- {wanted}", f"+ {said}"]
    return told


async def heard(chat: Chat, done: str) -> list[str]:
    """Do what the line says, and give the bot's lines."""
    move = move_of(done)
    decision = None if move is None else await chat.does(move)
    return [] if decision is None else shown(decision)


def shown(decision: Decision) -> list[str]:
    """What the bot says, as a dialogue has it."""
    note = [f"(note: {decision.toast})"] if decision.toast else []
    return [*note, *map(line_of, decision.replies)] or ["(silence)"]


def line_of(reply: Reply) -> str:
    labels = "".join(f" [{button.label}]" for row in reply.buttons for button in row)
    attached = "" if reply.attached is None else " (a file)" if isinstance(reply.attached, Document) else " (a picture)"
    return " + ".join(reply.keys) + attached + labels


async def kept(chat: Chat) -> str:
    """What the store holds of the person."""
    consents = await purposes(chat.house.store, chat.person)
    all_of_it = await chat.house.store.kept(chat.person)
    counts = ((len(all_of_it.outcomes), "walk"), (len(all_of_it.plans), "plan"))
    what = ["a yes"] * bool(consents) + [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    return f"(kept: {' and '.join(filter(None, (*what, all_of_it.country))) or 'nothing'})"


def fits(wanted: str, said: str) -> bool:
    """Whether a line is as it was written. A * stands for the rest of a name."""
    return re.fullmatch(re.escape(wanted).replace(r"\*", r"[\w.]+"), said) is not None


# --- Those that are written down ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIALOGUES)
async def test_dialogue(name: str, house: House) -> None:
    told = await retold(DIALOGUES[name], house)
    if any(line.startswith(("-", "+")) for line in told):
        pytest.fail("\n".join([f"{name} goes otherwise (- as written, + as it came):", *told]), pytrace=False)


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_says_first_what_it_shows(name: str) -> None:
    assert DIALOGUES[name].startswith("# Example: ")


@pytest.fixture
async def met(house: House) -> Met:
    """All that comes up in all of them together."""
    met = Met()
    for number, script in enumerate(DIALOGUES.values(), start=1):
        chat, state = Chat(House(house.store), person=number), State()  # each begins at the same hour
        for done, _ in turns_of(script):
            move = move_of(done)
            decision = None if move is None else await chat.does(move)
            if decision is not None:
                state = state if isinstance(move, Waits) else decision.held.state
                met.steps.add(state.step)
                met.conditions.update(state.conditions)
                met.lines.update(
                    *(reply.keys for reply in decision.replies), [decision.toast] if decision.toast else []
                )
            elif isinstance(move, Waits) and state.step in WALKING:
                met.left_at.add(state.step)
    return met


def test_together_they_meet_every_step_and_every_condition(met: Met) -> None:
    assert {*Step} - met.steps == set()
    assert {*Condition} - met.conditions == set()


def test_together_they_meet_every_line_of_the_walk_and_every_exit(met: Met) -> None:
    said = yaml.safe_load((prompts.FOLDER / "en" / "walk.yaml").read_text("utf-8"))["lines"]
    assert {*map(Line, said), *OFF_THE_PATH} - met.lines == set(), "Tell a conversation in which it is said."


def test_together_they_fall_silent_at_several_steps(met: Met) -> None:
    assert len(met.left_at) > 2


async def test_a_dialogue_that_goes_otherwise_is_told_with_what_came(house: House) -> None:
    script = """
    > /stop
    nothing_to_stop

    > /help
    start [begin]
    (silence)

    [Skip]
    back
    """
    assert await retold(script, house) == [
        "  > /stop",
        "  nothing_to_stop",
        "  > /help",
        "- start [begin]",
        "+ help [begin]",
        "- (silence)",
        "+ ",
        "  [Skip]",
        "+ (there is no such button)",
    ]


def test_a_star_stands_for_the_rest_of_one_name() -> None:
    assert fits("arrive.work + anchor.* + about [did_it]", "arrive.work + anchor.touch + about [did_it]")
    assert not fits("anchor.*", "anchor.touch + about")
    assert not fits("anchor.*", "anchor.touch [did_it]")
    assert not fits("ease", "ease.again")
