"""docs/groups.md, held against the bot: its examples are what it says, in any of its wordings, since these take turns."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import pytest
from typing_extensions import override

from tests.botapi.updates import Json
from tests.gathering import Gathering
from tests.person import PROMPTS
from tests.test_group_dialogues import SILENCE

PAGE = (Path(__file__).parent.parent / "docs/groups.md").read_text("utf-8")
EXAMPLES = re.findall(r"```text\n(.+?)```", PAGE, re.DOTALL)


class Speaking(Gathering):
    """The same, told in the words that people read."""

    @override
    def _keys(self, words: str) -> str:
        return " ".join(words.split())

    @override
    def _buttons(self, asked: Json) -> str:
        rows = json.loads(asked.get("reply_markup", "{}")).get("inline_keyboard", [])
        return "".join(f" [{button['text']}]" for row in rows for button in row)


def wordings() -> Iterator[tuple[str, str]]:
    """Each wording, with the name of what is said: steadying acts and practices of the circle take turns, too."""
    for practice in PROMPTS.content.circles:
        yield practice.words, "(practice)"
    for line, spoken in PROMPTS.lines.items():
        name = "anchor" if line.startswith("anchor.") else str(line)
        yield from ((wording, f"({name})") for wording in spoken if not wording.startswith("{words"))


def pattern_of(wording: str) -> str:
    """What finds a wording on one line, whatever fills its slots."""
    return re.sub(r"\\\{\w+\\\}", r"[^\\[\\]]{1,40}?", re.escape(" ".join(wording.split())))


PATTERNS = [
    (re.compile(pattern_of(wording)), name) for wording, name in sorted(wordings(), key=lambda each: -len(each[0]))
]


def named(text: str) -> str:
    """The same on one line, with each wording by its name."""
    text = " ".join(text.split())
    for pattern, name in PATTERNS:
        text = pattern.sub(name, text)
    return text


@pytest.mark.parametrize("example", EXAMPLES, ids=["a_group", "a_member"])
async def test_example_is_what_the_bot_says(example: str, tmp_path: Path) -> None:
    told = ""
    gathering = Speaking(tmp_path / "data")
    async with gathering.meeting():
        for done in filter(gathering.can_do, example.splitlines()):
            came = await gathering.does(done)
            lines = [] if came == SILENCE and done.startswith("(") else came
            told += "\n".join([done, *(fill(line, 110, subsequent_indent="  ") for line in lines), "\n"])
    assert named(told) == named(example), f"Paste it as it came:\n{told}"
