"""Whole conversations of several people, written down in `dialogues/groups/`, as the README of `dialogues/` says."""

from itertools import zip_longest
from pathlib import Path
from typing import Final

import pytest

from tests.botapi import Unmet
from tests.gathering import Gathering
from tests.test_dialogues import FOLDER, Turn, fits

DIALOGUES: Final = {
    "README": (FOLDER / "README.md").read_text("utf-8").split("```")[3].strip(),
    **{path.stem: path.read_text("utf-8") for path in sorted((FOLDER / "groups").glob("*.txt"))},
}
OVER_HTTP: Final = {"a_whole_life"}
ANY_BUTTONS: Final = " [...]"

SILENCE: Final = ["(silence)"]


def turns_of(script: str) -> list[Turn]:
    """Read a dialogue. Empty lines and comments say nothing."""
    turns: list[Turn] = []
    for line in (" ".join(line.split()) for line in script.splitlines()):
        if line and not line.startswith("#"):
            if Gathering.can_do(line):
                turns.append(Turn(line, []))
            else:
                turns[-1].expected.append(line)
    return turns


async def retold(script: str, gathering: Gathering) -> list[str]:
    """Tell the dialogue as it goes: with a + at what came, and a - at what was expected in its place.

    After what happens, silence need not be written.
    """
    told = []
    async with gathering.meeting():
        for done, expected in turns_of(script):
            told.append(f"  {done}")
            try:
                came = await gathering.does(done)
            except Unmet as unmet:
                return [*told, f"+ ({unmet})"]
            if came == SILENCE and not expected and done.startswith("("):
                continue
            for wanted, said in zip_longest(expected, came, fillvalue=""):
                told += [f"  {said}"] if is_as_written(wanted, said) else [f"- {wanted}", f"+ {said}"]
    return told


def is_as_written(wanted: str, said: str) -> bool:
    """Whether a line is as it was written. Three dots stand for whatever buttons there are."""
    if wanted.endswith(ANY_BUTTONS):
        wanted, (said, some, _) = wanted.removesuffix(ANY_BUTTONS), said.partition(" [")
        return bool(some) and fits(wanted, said)
    return fits(wanted, said)


@pytest.mark.parametrize("name", DIALOGUES)
async def test_group_dialogue(name: str, tmp_path: Path) -> None:
    told = await retold(DIALOGUES[name], Gathering(tmp_path / "data", over_http=name in OVER_HTTP))
    if any(line.startswith(("-", "+")) for line in told):
        pytest.fail("\n".join([f"{name} goes otherwise (- as written, + as it came):", *told]), pytrace=False)


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_group_dialogue_says_first_what_it_shows(name: str) -> None:
    assert DIALOGUES[name].startswith("# Example: ")


async def test_a_group_dialogue_that_goes_otherwise_is_told_with_what_came(tmp_path: Path) -> None:
    script = """
    > member privately: /stop
    member: nothing_to_stop

    > member privately: /help
    member: start [begin]

    (restart)
    member: help

    > other presses [Begin]
    member: help
    """
    assert await retold(script, Gathering(tmp_path / "data")) == [
        "  > member privately: /stop",
        "  member: nothing_to_stop",
        "  > member privately: /help",
        "- member: start [begin]",
        "+ member: help [begin]",
        "  (restart)",
        "- member: help",
        "+ (silence)",
        "  > other presses [Begin]",
        "+ (other sees no button 'Begin')",
    ]


def test_three_dots_stand_for_some_buttons() -> None:
    assert is_as_written("admin: room.panel + room.* [...]", "admin: room.panel + room.next [room.hold] [room.off]")
    assert not is_as_written("admin: room.panel [...]", "admin: room.panel")
    assert not is_as_written("admin: room.panel [...]", "member: room.panel [room.hold]")
