"""Fit the weights of danger on labelled messages: python -m scripts.fit_safety.

Reads tests/corpus/*.jsonl, or the FILES given, and writes what slots and words add up to into prompts/en/danger.txt:
the same bytes for the same messages and phrases. With `--judge` nothing is written: it fits without some voices at a
time, reads those by the rules and by these weights, and prints what both are worth on voices that the weights have not
seen; the points of safety.yaml are chosen on that.

Rules that hold here: those of scripts/fitting.py; the rules of safety.yaml are never fitted.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import track

from bot import prompts
from bot.core.matching import hear
from bot.core.safety import ADULT, MINOR, OUTCOMES, SLOT, TIERS, Guard, SafetyRules
from bot.core.scoring import Lexicon, entries
from scripts.fitting import CORPUS, EVERY, Fitter, Message, candidates, held_out, lexicon_text, one_hot
from scripts.score_noticing import Labelled, rows_of, scored_by
from scripts.score_safety import is_minor, tables_of, tier_of
from scripts.scores import Scored

SAFETY: Final = prompts.FOLDER / "en/safety.yaml"
DANGER: Final = prompts.FOLDER / "en/danger.txt"

LEFT_OUT: Final = frozenset({"essay", "unseen"})
"""Voices that are read and not fitted on: one as in noticing, one so that something stays unseen."""

STRENGTH: Final = 0.7
"""Of the regularisation, for tiers; and for the writer's age."""

CARRIES: Final = 0.2
"""Entries whose largest weight is below this are left out."""

TABLES: Final = 150
"""Columns."""


def main(arguments: Sequence[str]) -> int:
    """Fit and write, or judge."""
    parser = ArgumentParser("fit_safety", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--judge", action="store_true", help="write nothing; print what the weights are worth")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="instead of tests/corpus/*.jsonl")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    rules = prompts.read(SAFETY, SafetyRules)
    try:
        rows = [row for path in given.files or sorted(CORPUS.glob("*.jsonl")) for row in rows_of(path)]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    messages = read(rows, rules, console)
    missing = {*TIERS} - {tier_of(one.row) for one in messages if one.row.voice not in LEFT_OUT}
    if missing:
        parser.error(f"there is no message to fit {', '.join(sorted(missing))} with: give files that have some")
    if given.judge:
        scored = [*judged(messages, rules, console)]
        for table in tables_of(scored):
            Console(width=TABLES).print(table)
        return 0
    lexicon = fit([one for one in messages if one.row.voice not in LEFT_OUT], rules, console)
    DANGER.write_text(lexicon_text(DANGER.read_text("utf-8"), lexicon), "utf-8")
    console.print(f"{len(lexicon)} slots and words.")
    return 0


def read(rows: Iterable[Labelled], rules: SafetyRules, console: Console) -> list[Message]:
    """Read all messages."""
    guard = Guard(rules, Lexicon(OUTCOMES))
    said = [(row, hear(row.text)) for row in rows]
    return [
        Message(row, tuple(SLOT + name for name in guard.features(heard)), tuple(sorted(entries(heard))))
        for row, heard in track(said, "Reading", console=console)
    ]


def fit(messages: Sequence[Message], rules: SafetyRules, console: Console) -> dict[str, dict[str, float]]:
    """Fit the tier of a message, and whether its writer is under 16. Returns entry -> outcome -> weight."""
    fitter = Fitter(STRENGTH, console)
    slots = [SLOT + name for name in rules.slots]
    words = candidates(messages)
    tiered = [one for one in messages if tier_of(one.row) is not None]
    found: dict[str, dict[str, float]] = {}
    for outcomes, rows, goal in (
        (TIERS, tiered, one_hot([TIERS.index(tier_of(one.row) or TIERS[0]) for one in tiered], len(TIERS))),
        ((MINOR, ADULT), messages, one_hot([0 if is_minor(one.row) else 1 for one in messages], 2)),
    ):
        every = fitter.fit(rows, [*slots, *words], goal, {})
        kept = [word for word in words if np.abs(every[word]).max() >= CARRIES]
        for name, weights in fitter.fit(rows, [*slots, *kept], goal, {}).items():
            given = {one: round(float(weight), 2) for one, weight in zip(outcomes, weights, strict=True)}
            entry = SLOT if name == EVERY else name
            found.setdefault(entry, {}).update(
                {one: weight for one, weight in given.items() if abs(weight) >= CARRIES / 2}
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
