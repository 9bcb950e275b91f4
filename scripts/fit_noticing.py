"""Fit the weights of noticing on labelled messages: python -m scripts.fit_noticing.

Reads tests/corpus/*.jsonl, or the FILES given, and writes the weights into prompts/en/noticing.yaml and
prompts/en/lexicon.txt: the same bytes for the same messages and phrases. With `--judge` nothing is written: it fits
without some voices at a time, reads those with the rest, and prints what the weights are worth on voices that they have
not seen; the points of noticing.yaml are chosen on that.

Rules that hold here: one regularised softmax regression over slots, combinations and words (scipy's L-BFGS-B); a weight
is never fitted below 0 for what its slot `speaks_for`; a word needs several messages and two voices, so that it is no
writer's habit; what carries little is left out, and the rest is fitted again without it.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, track
from scipy import sparse
from scipy.optimize import Bounds, minimize

from bot import prompts
from bot.core.model import About, Source
from bot.core.noticing import (
    ABOUTS,
    OUTCOMES,
    SOURCES,
    Lexicon,
    NoticingRules,
    Reader,
    Weights,
    entries,
)
from scripts.score_noticing import Labelled, rows_of, scored_by, tables_of
from scripts.scores import Scored

CORPUS: Final = Path(__file__).parent.parent / "tests/corpus"
NOTICING: Final = prompts.FOLDER / "en/noticing.yaml"
LEXICON: Final = prompts.FOLDER / "en/lexicon.txt"
LABELS: Final = ("WITNESS", "OWN", "COMPASSION", "OTHER")
"""The labels that are fitted, in the order of ABOUTS."""

PLACED: Final = ("WITNESS", "COMPASSION")
"""The labels whose source is fitted."""

LEFT_OUT: Final = "essay"
"""A voice that is read and not fitted on: on real reactions to articles it makes noticing worse (docs/noticing.md)."""

MESSAGES: Final = 3
VOICES: Final = 2
"""So many messages and voices an entry of the lexicon needs."""

STRENGTH: Final = 6.0
"""Of the regularisation: half of this times the sum of squares is added to the loss (in nats)."""

CARRIES: Final = 0.07
"""Entries whose largest weight is below this are left out."""

OFTENER: Final = 2.0
"""What speaks for a source is kept where the first fit gives it so many times `CARRIES`, as there are eight of them."""

PARTS: Final = 6
"""So many groups of voices take turns in `--judge`."""

SLOT: Final = "@{}"
"""How slots and combinations are told from words here: some have a word for a name."""

TABLES: Final = 150
"""Columns."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Message:
    """One labelled message, with all that it has of slots, combinations and entries of a lexicon."""

    row: Labelled
    features: tuple[str, ...]
    entries: tuple[str, ...]


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
    parser.add_argument("--judge", action="store_true", help="write nothing; print what the weights are worth")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="instead of tests/corpus/*.jsonl")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    rules = prompts.read(NOTICING, NoticingRules)
    try:
        rows = [row for path in given.files or sorted(CORPUS.glob("*.jsonl")) for row in rows_of(path)]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    messages = read(rows, rules, console)
    missing = {*LABELS} - {one.row.label for one in messages if one.row.voice != LEFT_OUT}
    if missing:
        parser.error(f"there is no message to fit {', '.join(sorted(missing))} with: give files that have some")
    if given.judge:
        scored = [*held_out(messages, rules, console)]
        for table in tables_of(scored):
            Console(width=TABLES).print(table)
        return 0
    fitted = fit([one for one in messages if one.row.voice != LEFT_OUT], rules, console)
    try:
        yaml = with_weights(NOTICING.read_text("utf-8"), fitted)
        lexicon = lexicon_text(LEXICON.read_text("utf-8"), fitted)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    NOTICING.write_text(yaml, "utf-8")
    LEXICON.write_text(lexicon, "utf-8")
    console.print(f"{len(fitted.features)} slots and combinations, {len(fitted.lexicon)} entries of the lexicon.")
    return 0


def read(rows: Iterable[Labelled], rules: NoticingRules, console: Console) -> list[Message]:
    """Read the messages of the four labels that are fitted."""
    reader = Reader(rules, Lexicon())
    return [
        Message(row, tuple(map(SLOT.format, reader.features(row.text))), tuple(sorted(entries(row.text))))
        for row in track([*rows], "Reading", console=console)
        if row.label in LABELS
    ]


def fit(messages: Sequence[Message], rules: NoticingRules, console: Console) -> Fitted:
    """Fit what a message is about, and where it was met, on all that is given."""
    by_name = rules.features
    features = [SLOT.format(name) for name in by_name]
    candidates = _candidates(messages)
    speaks_for = {SLOT.format(name): one.speaks_for for name, one in by_name.items()}
    abouts = _one_hot([LABELS.index(one.row.label) for one in messages], len(LABELS))
    every = _fitted(messages, [*features, *candidates], abouts, speaks_for, console)
    about_words = [word for word in candidates if np.abs(every[word]).max() >= CARRIES]
    about = _fitted(messages, [*features, *about_words], abouts, speaks_for, console)

    placed = [one for one in messages if one.row.label in PLACED and one.row.source in {*SOURCES}]
    places = _one_hot([SOURCES.index(Source(one.row.source or "")) for one in placed], len(SOURCES))
    every = _fitted(placed, [*features, *candidates], places, None, console)
    source_words = [word for word in candidates if np.abs(every[word]).max() >= OFTENER * CARRIES]
    source = _fitted(placed, [*features, *source_words], places, None, console)

    def weights(name: str) -> dict[str, float]:
        both = (*about.get(name, np.zeros(len(LABELS))), *source.get(name, np.zeros(len(SOURCES))))
        return {
            one: round(float(weight), 2)
            for one, weight in zip(OUTCOMES, both, strict=True)
            if abs(weight) >= CARRIES / 2
        }

    lexicon = {word: weights(word) for word in sorted({*about_words, *source_words})}
    return Fitted(
        dict(zip(OUTCOMES, (round(float(one), 2) for one in about[""]), strict=False)),
        {name: weights(SLOT.format(name)) for name in by_name},
        {word: given for word, given in lexicon.items() if given},
    )


def _candidates(messages: Sequence[Message]) -> list[str]:
    """Return the entries that enough messages of enough voices have, in the order of the alphabet."""
    counts: Counter[str] = Counter()
    voices: defaultdict[str, set[str]] = defaultdict(set)
    for message in messages:
        counts.update(message.entries)
        for entry in message.entries:
            if len(voices[entry]) < VOICES:
                voices[entry].add(message.row.voice or "")
    return sorted(entry for entry, count in counts.items() if count >= MESSAGES and len(voices[entry]) >= VOICES)


def _matrix(messages: Sequence[Message], names: Sequence[str]) -> sparse.csr_matrix:
    """One row a message, one column a name, and a last one that all have."""
    place = {name: number for number, name in enumerate(names)}
    columns = [
        sorted(place[one] for one in (*message.features, *message.entries) if one in place) for message in messages
    ]
    ends = np.cumsum([0, *(len(one) + 1 for one in columns)])
    flat = np.array([number for one in columns for number in (*one, len(names))], dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(messages), len(names) + 1))


def _one_hot(places: Sequence[int], count: int) -> Numbers:
    goal = np.zeros((len(places), count))
    goal[np.arange(len(places)), places] = 1
    return goal


def _fitted(
    messages: Sequence[Message],
    names: Sequence[str],
    goal: Numbers,
    speaks_for: Mapping[str, About | None] | None,
    console: Console,
) -> dict[str, Numbers]:
    """Fit one softmax regression; give the weights by name, and those that all messages have by the empty name.

    Without `speaks_for` it is about sources, which nothing speaks for unless it is in the message.
    """
    matrix, shape = _matrix(messages, names), (len(names) + 1, goal.shape[1])
    least, most = np.full(shape, -np.inf), np.full(shape, np.inf)
    if speaks_for is None:
        least[-1] = most[-1] = 0
    for number, name in enumerate(names):
        about = None if speaks_for is None else speaks_for.get(name)
        if about is not None:
            least[number, ABOUTS.index(about)] = 0
    penalty = np.full(shape, STRENGTH)
    penalty[-1] = 0.01
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"Fitting {len(names)} names, {shape[1]} outcomes", total=None)
        found = minimize(
            partial(_loss, matrix, matrix.T.tocsr(), goal, penalty),
            np.zeros(shape[0] * shape[1]),
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(least.ravel(), most.ravel()),
            callback=lambda _: progress.advance(task),
            options={"maxiter": 300, "ftol": 1e-8, "maxcor": 20},
        )
    weights = found.x.reshape(shape)
    return dict(zip((*names, ""), weights, strict=True))


def _loss(
    matrix: sparse.csr_matrix, turned: sparse.csr_matrix, goal: Numbers, penalty: Numbers, flat: Numbers
) -> tuple[float, Numbers]:
    """Return the loss (in nats) and its gradient."""
    weights = flat.reshape(penalty.shape)
    scores = matrix @ weights
    scores -= scores.max(axis=1, keepdims=True)
    whole = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    chances = np.exp(scores - whole)
    loss = -(goal * (scores - whole)).sum() + 0.5 * (penalty * weights**2).sum()
    gradient = turned @ (chances - goal) + penalty * weights
    return float(loss), gradient.ravel()


def reader_of(fitted: Fitted, rules: NoticingRules) -> Reader:
    """Return a reader with these weights."""

    def weighed(name: str) -> Weights:
        return Weights(**{one: fitted.features[name].get(one, 0.0) for one in OUTCOMES[: len(ABOUTS)]})

    return Reader(
        replace(
            rules,
            start=Weights(**fitted.start),
            slots={name: replace(slot, weights=weighed(name)) for name, slot in rules.slots.items()},
            combinations={name: replace(one, weights=weighed(name)) for name, one in rules.combinations.items()},
            sources=fitted.sources,
        ),
        Lexicon(fitted.lexicon),
    )


def held_out(messages: Sequence[Message], rules: NoticingRules, console: Console) -> Iterator[Scored]:
    """Read each voice by weights that were fitted without it, some voices at a time."""
    voices = sorted({one.row.voice or "" for one in messages})
    content = prompts.load().content
    for part in range(min(PARTS, len(voices))):
        out = {*voices[part::PARTS]}
        seen = [one for one in messages if one.row.voice not in {*out, LEFT_OUT}]
        judge = replace(content, reader=reader_of(fit(seen, rules, console), rules))
        yield from (scored_by(one.row, judge) for one in messages if one.row.voice in out)


# --- what is written --------------------------------------------------------------------------------------------


def with_weights(yaml: str, fitted: Fitted) -> str:
    """Put weights into the text of noticing.yaml: beside each slot and combination, and under `sources`.

    Raises ValueError, which names the features that have no line for them.
    """

    def shown(weights: Mapping[str, float]) -> str:
        return ", ".join(f"{name}: {weights.get(name, 0.0):.2f}" for name in OUTCOMES[: len(ABOUTS)])

    before, _, after = yaml.partition("\nsources:\n")
    lines, name, left = [], "", {*fitted.features}
    for line in before.split("\n"):
        head = re.match(r"  (\w+):", line)
        name = head[1] if head else name
        if line.startswith("start: "):
            lines.append(f"start: {{{shown(fitted.start)}}}")
        elif line.startswith("    weights: "):
            lines.append(f"    weights: {{{shown(fitted.features[name])}}}")
            left.discard(name)
        else:
            lines.append(line)
    if left:
        raise ValueError(f"{', '.join(sorted(left))}: give each a line `weights: {{}}` in noticing.yaml")
    return "\n".join((*lines, "sources:", *_source_lines(fitted))) + after[after.index("\n\nconditions:") :]


def _source_lines(fitted: Fitted) -> Iterable[str]:
    for source, given in fitted.sources.items():
        if not given:
            yield f"  {source}: {{}}"
            continue
        strongest = sorted(given.items(), key=lambda pair: (-pair[1], pair[0]))
        words = ", ".join(f"{name}: {weight:.2f}".replace(" ", "_") for name, weight in strongest)
        lines = wrap(words, 112, initial_indent=f"  {source}: {{", subsequent_indent="      ")
        yield from (line.replace(":_", ": ") for line in lines[:-1])
        yield lines[-1].replace(":_", ": ") + "}"


def lexicon_text(before: str, fitted: Fitted) -> str:
    """Return the text of lexicon.txt: the comment that it begins with, and a line for each entry."""
    head = [line for line in before.splitlines() if line.startswith("# ")]
    lines = (
        f"{word}\t" + " ".join(f"{name} {weight:+.2f}" for name, weight in weights.items())
        for word, weights in sorted(fitted.lexicon.items())
    )
    return "\n".join((*head, *lines)) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
