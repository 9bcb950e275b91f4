"""docs/groups.md, held against the bot.

Its examples are what the bot says, in any of its wordings, since these take turns; its numbers are those that the bot
goes by, and its names are those of commands and buttons.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import pytest
from typing_extensions import override

from bot.core.commands import ADMIN_MENU, GROUP_MENU
from bot.core.gap import DAY
from bot.core.lines import Label
from bot.core.pulse import FEWEST
from bot.core.room import A_HOLD, HOLDS, HOUR, MINUTE, PAUSES, TIDIES
from bot.core.room_typed import MOST_COUNTRIES
from bot.limits import ALERT_APART, CARD_APART, OF_A_PERSON, OF_A_ROOM
from bot.respond import IDLE
from bot.store.rooms import GONE_DAYS
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


# --- numbers and names --------------------------------------------------------------------------------------------

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@pytest.mark.parametrize(
    "said",
    [
        f"{NUMBERS[PAUSES[0] // HOUR]} hour to {PAUSES[1] // DAY} days | {NUMBERS[1]} day |",
        f"{NUMBERS[TIDIES[0] // MINUTE]} minutes to {TIDIES[1] // HOUR} hours, or never",
        f"{NUMBERS[HOLDS[0] // HOUR]} hour to {HOLDS[1] // DAY} days",
        f"rest, {NUMBERS[A_HOLD // DAY]} day unless you say how long",
        f"up to {NUMBERS[MOST_COUNTRIES]} countries",
        f"once in {NUMBERS[CARD_APART // HOUR]} hours at most",
        f"{NUMBERS[ALERT_APART // MINUTE]} minutes lie between two of them",
        f"{NUMBERS[OF_A_PERSON[0]]} answers in {NUMBERS[OF_A_PERSON[1] // MINUTE]} minutes",
        f"{NUMBERS[OF_A_ROOM[0]]} in {NUMBERS[OF_A_ROOM[1] // MINUTE]} minute",
        f"where {NUMBERS[FEWEST]} people or more are behind it",
        f"chat alone, for {IDLE // MINUTE} minutes",
        f"before all {len(PROMPTS.content.circles)} have come",
        f"or {GONE_DAYS} days after the bot was removed",
        f"again within {GONE_DAYS} days",
    ],
)
def test_numbers_are_those_that_the_bot_goes_by(said: str) -> None:
    assert said in " ".join(PAGE.split())


def test_page_has_each_command_of_the_menus_in_groups() -> None:
    assert [name for name in (*GROUP_MENU, *ADMIN_MENU) if f"`/{name}" not in PAGE] == []


@pytest.mark.parametrize(
    "label",
    [
        *(Label.ADD_GROUP, Label.ADD_CHANNEL, Label.ADD_ADMIN, Label.SET_IT_UP, Label.ROOM_ON),
        *(Label.WHAT_IT_NOTICES, Label.APART, Label.CIRCLE_JOIN, Label.ON_IT),
    ],
)
def test_buttons_have_their_words(label: Label) -> None:
    assert f"**{PROMPTS.content.labels[label]}**" in " ".join(PAGE.split())


@pytest.mark.parametrize(
    "label",
    [
        *(Label.ROOM_NOTICING, Label.ROOM_PAUSE, Label.ROOM_TOPIC, Label.ROOM_ALERTS, Label.ROOM_TIDY),
        *(Label.ROOM_COUNTRIES, Label.ROOM_LANGUAGE, Label.ROOM_HOLD, Label.ROOM_OFF, Label.ROOM_LEAVE),
    ],
)
def test_settings_have_a_row_each(label: Label) -> None:
    assert f"\n| {PROMPTS.content.labels[label]} |" in PAGE
