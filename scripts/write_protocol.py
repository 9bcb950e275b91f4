"""Write the made parts of docs/protocol.md anew: python -m scripts.write_protocol.

The page says in plain words what the bot does about danger. What stands between `<!-- made: NAME -->` and
`<!-- end -->` comes from prompts/ and tests/corpus; the rest is written by hand, and stays. Rules that hold here: the
bot itself is asked what it says, so that nothing stands here that it would not say; each line about danger stands
there once in all its wordings; the same files give the same page.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml
from typing_extensions import override

from bot.core.decide import decide
from bot.core.kept import Room
from bot.core.lines import DANGER, Line
from bot.core.matching import Utterance, either
from bot.core.model import Button, Decision, Held, Incoming, Kind, Opened, Reply, There, Where
from bot.core.safety import Guard, Rule, SafetyRules
from bot.core.state import Danger, Tier
from bot.prompts import FOLDER, Prompts, load, read
from scripts.score_noticing import rows_of, scored_by
from scripts.score_safety import UNSEEN, goals
from scripts.scores import Scored

PAGE: Final = Path(__file__).parent.parent / "docs/protocol.md"

TIERS: Final[Mapping[Tier, str]] = {
    Tier.IMMINENT: "Their own life, now: it is about to happen, it is under way, or something was already taken",
    Tier.OWN: "Thoughts of ending their own life, or of hurting themselves",
    Tier.UNCLEAR: "Words that may mean this, and may not",
    Tier.FRIEND: "Someone else may end their life",
    Tier.SOMEONE: "Someone is being hurt now",
    Tier.ABUSE: "Someone hurts or controls the writer",
    Tier.THREAT: "The writer may hurt someone",
    Tier.MEDICAL: "A body in danger now",
    Tier.PSYCHOSIS: "Voices, signs, a mission, and no sleep",
    Tier.EATING: "Not eating, or undoing it",
}
"""Each tier in plain words, in the order of the page."""

_PART: Final = re.compile(r"(?<=<!-- made: )(?P<name>[\w-]+) -->\n.*?(?=<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write the page, and say whether it has changed."""
    before = PAGE.read_text("utf-8")
    after = rewritten(before, parts())
    PAGE.write_text(after, "utf-8")
    print("docs/protocol.md is as it was." if after == before else "docs/protocol.md is written anew.")
    return 0


def rewritten(page: str, made: Mapping[str, str]) -> str:
    """The page with each part made anew. Raises KeyError for a part that nothing makes."""
    return _PART.sub(lambda part: f"{part['name']} -->\n{made[part['name']]}\n", page)


def parts(folder: Path = FOLDER) -> dict[str, str]:
    """Every part that is made, by its name."""
    prompts = load(folder)
    said = _Said(prompts)
    unseen = [scored_by(row, prompts.content) for path in UNSEEN for row in rows_of(path)]
    rules = read(folder / "en/safety.yaml", SafetyRules)
    makers: dict[str, Callable[[], Iterable[str]]] = {
        "rules": lambda: rules_part(rules),
        "tiers": said.tiers,
        "answers": said.answers,
        "under-16": said.under_16,
        "elsewhere": said.elsewhere,
        "rest": said.rest,
        "helplines": lambda: helplines_part(folder / "helplines.yaml"),
        "figures": lambda: figures_part(unseen),
    }
    return {name: "\n".join(maker()) for name, maker in makers.items()}  # in this order: a line is written out once


# --- What it looks for --------------------------------------------------------------------------------------------


def rules_part(rules: SafetyRules) -> Iterator[str]:
    """Each rule in words, in the order of precedence."""
    for number, (name, rule) in enumerate(rules.rules.items(), start=1):
        told = "no danger" if rule.tier is Tier.NONE else f"`{rule.tier}`"
        yield f"{number}. `{name}`, {told}: {_condition(rule, rules)}."
    yield ""
    yield "Words within these count for nothing by themselves:"
    yield ""
    yield from (f"- {_means(name, rules)}" for name, slot in rules.slots.items() if slot.hides)


def _condition(rule: Rule, rules: SafetyRules) -> str:
    here = [_means(names, rules) for names in rule.together]
    anywhere = [f"anywhere in the message: {_means(names, rules)}" for names in rule.anywhere]
    barred = [*rule.without, *rule.nowhere]
    unless = f"; not with {', '.join(f'“{_means(names, rules)}”' for names in barred)}" if barred else ""
    return f"{'; and '.join((*here, *anywhere))}{unless}"


def _means(names: str, rules: SafetyRules) -> str:
    return ", or: ".join(rules.slots[name].means.rstrip(".") for name in either(names))


# --- What it says -------------------------------------------------------------------------------------------------


class _Seeing(Guard):
    """Sees the same in any text."""

    def __init__(self, danger: Danger) -> None:
        self._danger = danger

    @override
    def read(self, said: Utterance, *, answers: bool = False) -> Danger:
        return self._danger


class _Said:
    """What the bot says about danger. A line is written out the first time, and named after that."""

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts
        self._shown: set[Line] = set()

    def tiers(self) -> Iterator[str]:
        """The messages for each tier."""
        for tier, words in TIERS.items():
            yield f"### {words} (`{tier}`)"
            yield ""
            yield from self._messages(self._decided(Danger(tier)).replies)
            yield ""

    def answers(self) -> Iterator[str]:
        """What the buttons of the question and of a card lead to."""
        for tier, words in ((Tier.UNCLEAR, "After the question"), (Tier.OWN, "After a card")):
            decision = self._decided(Danger(tier))
            yield f"{words}:"
            yield ""
            for button in (button for row in decision.replies[-1].buttons for button in row):
                after = self._pressed(decision, button)
                yield f"- **{self._prompts.label(button)}** leads to {_named(after)}"
            yield ""

    def under_16(self) -> Iterator[str]:
        """The messages for someone under 16 who is in danger."""
        yield from self._messages(self._decided(Danger(Tier.OWN, minor=True)).replies)

    def elsewhere(self) -> Iterator[str]:
        """What is said to forwarded words, in a group, and to its moderators."""
        danger = Danger(Tier.OWN)
        yield "To words that were forwarded:"
        yield ""
        yield from self._messages(self._decided(danger, forwarded=True).replies)
        yield ""
        room = Room(-1, is_on=True, alerts=-2)
        there = There(-1, title="{title}", unnamed=True, post="https://t.me/c/1/2", room=room)
        card, alert = self._decided(danger, where=Where.GROUP, there=there).replies
        yield "In a group, where the bot is addressed and may not write to them in private:"
        yield ""
        yield from self._messages((card,))
        yield ""
        yield "To moderators, where the group's admins chose that:"
        yield ""
        yield from self._messages((alert,))

    def rest(self) -> Iterator[str]:
        """All other lines about danger."""
        for line in Line:
            if line in DANGER and line not in self._shown:
                yield f"- `{line}`"
                yield from self._wordings(line)

    def _decided(
        self, danger: Danger, where: Where = Where.PRIVATE, *, forwarded: bool = False, there: There | None = None
    ) -> Decision:
        incoming = Incoming(1, where, Kind.TEXT, at=0, text="words", forwarded=forwarded, there=there)
        return decide(incoming, Held(), replace(self._prompts.content, guard=_Seeing(danger)))

    def _pressed(self, decision: Decision, button: Button) -> tuple[Reply, ...]:
        opened = Opened(decision.held.state, button.action, button.value)
        incoming = Incoming(1, Where.PRIVATE, Kind.PRESS, at=0, pressed=opened)
        return decide(incoming, decision.held, self._prompts.content).replies

    def _messages(self, replies: Iterable[Reply]) -> Iterator[str]:
        for number, reply in enumerate(replies, start=1):
            new = [line for line in reply.keys if line not in self._shown]
            yield f"{number}. {_named((reply,))}" + ("" if new else ", as above")
            for line in new:
                yield from self._wordings(line)
            buttons = [self._prompts.label(button) for row in reply.buttons for button in row]
            if buttons and new:
                yield f"   - Buttons: {', '.join(f'**{words}**' for words in buttons)}"

    def _wordings(self, line: Line) -> Iterator[str]:
        self._shown.add(line)
        yield from (f"   - {' '.join(wording.split())}" for wording in self._prompts.lines[line])


def _named(replies: Iterable[Reply]) -> str:
    return ", then ".join(" with ".join(f"`{line}`" for line in reply.keys) for reply in replies)


# --- Helplines, figures -------------------------------------------------------------------------------------------


def helplines_part(path: Path) -> Iterator[str]:
    """How many countries and lines there are, and when they were read."""
    if not path.exists():
        yield "There is no list by country yet: everyone is shown the words above, with the directory."
        return
    countries: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))["countries"]
    lines = [line for country in countries.values() for line in country.get("lines", ())]
    dates: list[date] = sorted(line["read"] for line in lines)
    emergency = sum("emergency" in country for country in countries.values())
    yield f"{len(countries)} countries are known, {emergency} of them with their emergency number. There are"
    yield f"{len(lines)} lines in {sum('lines' in country for country in countries.values())} countries,"
    yield f"read at their sources between {dates[0]} and {dates[-1]}."


def figures_part(scored: Sequence[Scored]) -> Iterator[str]:
    """How often the bot sees what it should, and what it should not, with 95 % intervals."""
    yield "| Messages, and what is counted | how many | share |"
    yield "| --- | --- | --- |"
    yield from (f"| {name} | {messages} | {rate} |" for name, messages, rate in goals(scored))


if __name__ == "__main__":
    sys.exit(main())
