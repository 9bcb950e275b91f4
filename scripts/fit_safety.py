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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from rich.console import Console

from bot import prompts
from bot.core.safety import ADULT, AS_ANSWER, MINOR, OUTCOMES, TIERS, Guard, SafetyRules
from bot.core.scoring import SLOT, Lexicon
from scripts.fitting import (
    EVERY,
    Fitter,
    Message,
    Numbers,
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

LEFT_OUT: Final = frozenset({"essay", "conditions", "everydays", *(path.stem for path in (*UNSEEN, IN_WALK))})
"""Voices that are read and not fitted on: two as in noticing, the others so that something stays unseen."""

STRENGTH: Final = 0.7
"""Of the regularisation, for tiers; and for the writer's age."""

MOST: Final = 0.02
"""A word by itself that stands in more than this share of all messages says nothing of danger: "going", "now", "I"."""

ONLY_BESIDE: Final = frozenset(
    {"i_am", "now", "near_now", "medical_now", "intends", "close_other", "family", "told_as_past"}
)
"""Slots that rules need beside others. With weights of their own they raise alarms on everyday plans."""

ANSWERS: Final = frozenset({"steps"})
"""Voices that answer within a walk, and are fitted on for what is read there alone: elsewhere their words may hint."""

WALKS: Final = ANSWERS | {"answers"}
"""Voices of those who answer within a walk: for what is read there, each of their messages counts TIMES."""

TIMES: Final = 4

_NONE: Final[Mapping[str, float]] = MappingProxyType({})

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
    anywhere = [one for one in messages if one.row.voice not in ANSWERS]
    again = [one for one in messages if one.row.voice in WALKS] * (TIMES - 1)
    fitter = Fitter(slots, candidates(anywhere, MOST), STRENGTH, CARRIES, console)
    within = replace(fitter, words=candidates(messages, MOST))
    tiers = _fitted(fitter, anywhere, TIERS, tier_of)
    ages = _fitted(fitter, anywhere, (MINOR, ADULT), lambda row: MINOR if is_minor(row) else ADULT)
    answers = _fitted(within, [*messages, *again], TIERS, tier_of) if again else tiers
    found: dict[str, dict[str, float]] = {}
    for name in {**tiers, **ages, **answers}:
        before, after = tiers.get(name, _NONE), answers.get(name, _NONE)
        weights = {
            **before,
            **ages.get(name, _NONE),
            **{AS_ANSWER + tier: after.get(tier, 0.0) - before.get(tier, 0.0) for tier in TIERS},
        }
        found[name] = {one: round(weight, 2) for one, weight in weights.items() if abs(round(weight, 2)) >= CARRIES / 2}
    return {entry: weights for entry, weights in found.items() if weights}


def _fitted(
    fitter: Fitter, messages: Sequence[Message], outcomes: Sequence[str], outcome_of: Callable[[Labelled], str]
) -> dict[str, dict[str, float]]:
    """Return the weights for each outcome by entry, as far as they are large enough to be written down."""
    goal = one_hot([outcomes.index(outcome_of(one.row)) for one in messages], len(outcomes))
    return {
        SLOT if name == EVERY else name: _told(outcomes, weights)
        for name, weights in fitter.fit(messages, goal).items()
    }


def _told(outcomes: Sequence[str], weights: Numbers) -> dict[str, float]:
    """Return the weights that are large enough to be written down."""
    rounded = ((one, round(float(weight), 2)) for one, weight in zip(outcomes, weights, strict=True))
    return {one: weight for one, weight in rounded if abs(weight) >= CARRIES / 2}


def judged(messages: Sequence[Message], rules: SafetyRules, console: Console) -> Iterator[Scored]:
    """Read each voice by weights that were fitted without it, some voices at a time."""
    content = prompts.load().content
    for out in held_out(sorted({one.row.voice or "" for one in messages})):
        seen = [one for one in messages if one.row.voice not in {*out, *LEFT_OUT}]
        judge = replace(content, guard=Guard(rules, Lexicon(OUTCOMES, fit(seen, rules, console))))
        yield from (
            scored_by(one.row, judge, answers=one.row.voice in WALKS) for one in messages if one.row.voice in out
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
