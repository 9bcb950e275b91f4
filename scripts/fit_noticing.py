"""Fit the weights of noticing on labelled messages: python -m scripts.fit_noticing.

Reads tests/corpus/*.jsonl, or the FILES given, and writes the weights into prompts/en/noticing.yaml and
prompts/en/lexicon.txt: the same bytes for the same messages and phrases. With `--judge` nothing is written: it fits
without some voices at a time, reads those with the rest, and prints what the weights are worth on voices that they have
not seen; the points of noticing.yaml are chosen on that.

Rules that hold here: those of scripts/fitting.py; a weight is never fitted below 0 for what its slot `speaks_for`.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Final

import numpy as np
from rich.console import Console

from bot import prompts
from bot.core.noticing import ABOUTS, OUTCOMES, SOURCES, NoticingRules, Reader, Weights
from bot.core.scoring import SLOT, Lexicon
from bot.core.state import About, Source
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
from scripts.score_noticing import CORPUS, Labelled, scored_by, tables_of
from scripts.scores import Scored

NOTICING: Final = prompts.FOLDER / "en/noticing.yaml"
LEXICON: Final = prompts.FOLDER / "en/lexicon.txt"
LABELS: Final = ("WITNESS", "OWN", "COMPASSION", "OTHER")
"""The labels that are fitted, in the order of ABOUTS."""

PLACED: Final = ("WITNESS", "COMPASSION")
"""The labels whose source is fitted."""

LEFT_OUT: Final = frozenset({"essay", "answers", "conditions"})
"""Voices that are not fitted on: with one, noticing reads real reactions worse (docs/noticing.md); one answers the bot,
and is there for danger alone; one judges conditions."""

STRENGTH: Final = 6.0
"""Of the regularisation: half of this times the sum of squares is added to the loss (in nats)."""

CARRIES: Final = 0.07
"""Entries whose largest weight is below this are left out."""

OFTENER: Final = 2.0
"""What speaks for a source is kept where the first fit gives it so many times `CARRIES`, as there are eight of them."""


@dataclass(frozen=True)
class Fitted:
    """Weights: feature or entry -> outcome -> weight. `start` is for the four that compete for what it is about."""

    start: Mapping[str, float]
    features: Mapping[str, Mapping[str, float]]
    lexicon: Mapping[str, Mapping[str, float]]

    @property
    def sources(self) -> dict[Source, dict[str, float]]:
        """What speaks for each source, of slots and combinations, as noticing.yaml has it."""
        return {
            source: {name: weights[source] for name, weights in self.features.items() if source in weights}
            for source in SOURCES
        }


def main(arguments: Sequence[str]) -> int:
    """Fit and write, or judge."""
    parser = ArgumentParser("fit_noticing", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    judge, rows = given(parser, arguments, CORPUS.glob("*.jsonl"))
    console = Console(stderr=True)
    rules = prompts.read(NOTICING, NoticingRules)
    messages = messages_of(rows, rules, console)
    refuse_without(parser, LABELS, (one.row.label for one in messages if one.row.voice not in LEFT_OUT))
    if judge:
        return print_tables(tables_of([*judged(messages, rules, console)]))
    found = fit([one for one in messages if one.row.voice not in LEFT_OUT], rules, console)
    try:
        yaml = with_weights(NOTICING.read_text("utf-8"), found)
        lexicon = lexicon_text(LEXICON.read_text("utf-8"), found.lexicon)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    NOTICING.write_text(yaml, "utf-8")
    LEXICON.write_text(lexicon, "utf-8")
    console.print(f"{len(found.features)} slots and combinations, {len(found.lexicon)} entries of the lexicon.")
    return 0


def messages_of(rows: Iterable[Labelled], rules: NoticingRules, console: Console) -> list[Message]:
    """Read the messages of the four labels that are fitted."""
    features = Reader(rules, Lexicon(OUTCOMES)).features
    return read([row for row in rows if row.label in LABELS], features, console)


def fit(messages: Sequence[Message], rules: NoticingRules, console: Console) -> Fitted:
    """Fit what a message is about, and where it was met, on all that is given."""
    by_name, words = rules.weighing, candidates(messages)
    features = [SLOT + name for name in by_name]
    least = {SLOT + name: _least(one.speaks_for) for name, one in by_name.items()}
    abouts = one_hot([LABELS.index(one.row.label) for one in messages], len(LABELS))
    about = Fitter(features, words, STRENGTH, CARRIES, console).fit(messages, abouts, least)

    placed = [one for one in messages if one.row.label in PLACED and one.row.source in {*SOURCES}]
    places = one_hot([SOURCES.index(Source(one.row.source or "")) for one in placed], len(SOURCES))
    unbound = {EVERY: np.zeros(len(SOURCES))}  # nothing speaks for a source unless it is in the message
    source = Fitter(features, words, STRENGTH, OFTENER * CARRIES, console).fit(placed, places, unbound)

    def weights(name: str) -> dict[str, float]:
        both = (*about.get(name, np.zeros(len(LABELS))), *source.get(name, np.zeros(len(SOURCES))))
        return {
            one: round(float(weight), 2)
            for one, weight in zip(OUTCOMES, both, strict=True)
            if abs(weight) >= CARRIES / 2
        }

    lexicon = {word: weights(word) for word in words if word in about or word in source}
    return Fitted(
        dict(zip(OUTCOMES, (round(float(one), 2) for one in about[EVERY]), strict=False)),
        {name: weights(SLOT + name) for name in by_name},
        {word: carried for word, carried in lexicon.items() if carried},
    )


def _least(speaks_for: About | None) -> Numbers:
    return np.array([0.0 if about is speaks_for else -np.inf for about in ABOUTS])


def reader_of(found: Fitted, rules: NoticingRules) -> Reader:
    """Return a reader with these weights."""

    def weighed(name: str) -> Weights:
        return Weights(**{one: found.features.get(name, {}).get(one, 0.0) for one in OUTCOMES[: len(ABOUTS)]})

    return Reader(
        replace(
            rules,
            start=Weights(**found.start),
            slots={name: replace(slot, weights=weighed(name)) for name, slot in rules.slots.items()},
            combinations={name: replace(one, weights=weighed(name)) for name, one in rules.combinations.items()},
            sources=found.sources,
        ),
        Lexicon(OUTCOMES, found.lexicon),
    )


def judged(messages: Sequence[Message], rules: NoticingRules, console: Console) -> Iterator[Scored]:
    """Read each voice by weights that were fitted without it, some voices at a time."""
    content = prompts.load().content
    for out in held_out(sorted({one.row.voice or "" for one in messages})):
        seen = [one for one in messages if one.row.voice not in {*out, *LEFT_OUT}]
        judge = replace(content, reader=reader_of(fit(seen, rules, console), rules))
        yield from (scored_by(one.row, judge) for one in messages if one.row.voice in out)


# --- what is written --------------------------------------------------------------------------------------------


def with_weights(yaml: str, found: Fitted) -> str:
    """Put weights into the text of noticing.yaml: beside each slot and combination, and under `sources`.

    Raises ValueError, which names the features that have no line for them.
    """

    def shown(weights: Mapping[str, float]) -> str:
        return ", ".join(f"{name}: {weights.get(name, 0.0):.2f}" for name in OUTCOMES[: len(ABOUTS)])

    before, _, after = yaml.partition("\nsources:\n")
    lines, name, left = [], "", {*found.features}
    for line in before.split("\n"):
        head = re.match(r"  (\w+):", line)
        name = head[1] if head else name
        if line.startswith("start: "):
            lines.append(f"start: {{{shown(found.start)}}}")
        elif line.startswith("    weights: "):
            lines.append(f"    weights: {{{shown(found.features[name])}}}")
            left.discard(name)
        else:
            lines.append(line)
    if left:
        raise ValueError(f"{', '.join(sorted(left))}: give each a line `weights: {{}}` in noticing.yaml")
    return "\n".join((*lines, "sources:", *_source_lines(found))) + after[after.index("\n\n") :]


def _source_lines(found: Fitted) -> Iterable[str]:
    for source, weights in found.sources.items():
        if not weights:
            yield f"  {source}: {{}}"
            continue
        strongest = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
        words = ", ".join(f"{name}: {weight:.2f}".replace(" ", "_") for name, weight in strongest)
        lines = wrap(words, 112, initial_indent=f"  {source}: {{", subsequent_indent="      ")
        yield from (line.replace(":_", ": ") for line in lines[:-1])
        yield lines[-1].replace(":_", ": ") + "}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
