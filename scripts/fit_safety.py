"""Fit the weights of danger on labelled messages: python -m scripts.fit_safety.

Reads tests/corpus/**/*.jsonl, or the FILES given, and writes what slots and words add up to into prompts/en/danger.txt:
the same bytes for the same messages and phrases. With `--judge` nothing is written: it fits without some voices at a
time, reads those by the rules and by these weights, and prints what both are worth on voices that the weights have not
seen; the points of safety.yaml are chosen on that.

Rules that hold here: those of scripts/fitting.py; the rules of safety.yaml are never fitted.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rich.console import Console

from bot import prompts
from bot.core.safety import ADULT, MINOR, OUTCOMES, TIERS, Guard, SafetyRules
from bot.core.scoring import SLOT, Lexicon
from scripts.fitting import (
    EVERY,
    Fitter,
    Message,
    candidates,
    given,
    held_out,
    lexicon_text,
    one_hot,
    print_tables,
    read,
    refuse_without,
)
from scripts.score_noticing import CORPUS, Labelled, scored_by
from scripts.score_safety import IN_WALK, UNSEEN, is_minor, tables_of, tier_of
from scripts.scores import Scored

SAFETY: Final = prompts.FOLDER / "en/safety.yaml"
DANGER: Final = prompts.FOLDER / "en/danger.txt"

LEFT_OUT: Final = frozenset({"essay", "conditions", *(path.stem for path in (*UNSEEN, IN_WALK))})
"""Voices that are read and not fitted on: two as in noticing, the others so that something stays unseen."""

STRENGTH: Final = 0.7
"""Of the regularisation, for tiers; and for the writer's age."""

MOST: Final = 0.02
"""A word by itself that stands in more than this share of all messages says nothing of danger: "going", "now", "I"."""

ONLY_BESIDE: Final = frozenset(
    {"i_am", "now", "near_now", "medical_now", "intends", "close_other", "family", "told_as_past"}
)
"""Slots that rules need beside others. With weights of their own they raise alarms on everyday plans."""

CARRIES: Final = 0.3
"""Entries whose largest weight is below this are left out."""


def main(arguments: Sequence[str]) -> int:
    """Fit and write, or judge."""
    parser = ArgumentParser("fit_safety", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    judge, rows = given(parser, arguments, CORPUS.rglob("*.jsonl"))
    console = Console(stderr=True)
    rules = prompts.read(SAFETY, SafetyRules)
    messages = messages_of(rows, rules, console)
    refuse_without(parser, TIERS, (tier_of(one.row) for one in messages if one.row.voice not in LEFT_OUT))
    if judge:
        return print_tables(tables_of([*judged(messages, rules, console)]))
    lexicon = fit([one for one in messages if one.row.voice not in LEFT_OUT], rules, console)
    DANGER.write_text(lexicon_text(DANGER.read_text("utf-8"), lexicon), "utf-8")
    console.print(f"{len(lexicon)} slots and words.")
    return 0


def messages_of(rows: Sequence[Labelled], rules: SafetyRules, console: Console) -> list[Message]:
    """Read all messages."""
    return read(rows, Guard(rules, Lexicon(OUTCOMES)).features, console)


def fit(messages: Sequence[Message], rules: SafetyRules, console: Console) -> dict[str, dict[str, float]]:
    """Fit the tier of a message, and whether its writer is under 16. Returns entry -> outcome -> weight."""
    slots = [SLOT + name for name in rules.slots if name not in ONLY_BESIDE]
    fitter = Fitter(slots, candidates(messages, MOST), STRENGTH, CARRIES, console)
    found: dict[str, dict[str, float]] = {}
    for outcomes, goal in (
        (TIERS, one_hot([TIERS.index(tier_of(one.row)) for one in messages], len(TIERS))),
        ((MINOR, ADULT), one_hot([0 if is_minor(one.row) else 1 for one in messages], 2)),
    ):
        for name, weights in fitter.fit(messages, goal).items():
            found.setdefault(SLOT if name == EVERY else name, {}).update(
                {
                    one: round(float(weight), 2)
                    for one, weight in zip(outcomes, weights, strict=True)
                    if abs(round(float(weight), 2)) >= CARRIES / 2
                }
            )
    return {entry: weights for entry, weights in found.items() if weights}


def judged(messages: Sequence[Message], rules: SafetyRules, console: Console) -> Iterator[Scored]:
    """Read each voice by weights that were fitted without it, some voices at a time."""
    content = prompts.load().content
    for out in held_out(sorted({one.row.voice or "" for one in messages})):
        seen = [one for one in messages if one.row.voice not in {*out, *LEFT_OUT}]
        judge = replace(content, guard=Guard(rules, Lexicon(OUTCOMES, fit(seen, rules, console))))
        yield from (scored_by(one.row, judge) for one in messages if one.row.voice in out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
