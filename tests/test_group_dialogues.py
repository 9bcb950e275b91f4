"""Whole conversations of several people, written down in `dialogues/groups/`, as the README of `dialogues/` says."""

from itertools import zip_longest
from pathlib import Path
from typing import Final

import pytest

from tests.botapi import Unmet
from tests.gathering import Gathering
from tests.test_dialogues import Turn, fits

FOLDER: Final = Path(__file__).parent / "dialogues" / "groups"
DIALOGUES: Final = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))}

SILENCE: Final = ["(silence)"]


@pytest.fixture
def gathering(tmp_path: Path) -> Gathering:
    return Gathering(tmp_path / "data")


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
                told += [f"  {said}"] if fits(wanted, said) else [f"- {wanted}", f"+ {said}"]
    return told


@pytest.mark.parametrize("name", DIALOGUES)
async def test_group_dialogue(name: str, gathering: Gathering) -> None:
    told = await retold(DIALOGUES[name], gathering)
    if any(line.startswith(("-", "+")) for line in told):
        pytest.fail("\n".join([f"{name} goes otherwise (- as written, + as it came):", *told]), pytrace=False)


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_group_dialogue_says_first_what_it_shows(name: str) -> None:
    assert DIALOGUES[name].startswith("# Example: ")


async def test_a_group_dialogue_that_goes_otherwise_is_told_with_what_came(gathering: Gathering) -> None:
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
    assert await retold(script, gathering) == [
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
