"""Fit weights of slots and words on labelled messages: what the fits of noticing and of danger share.

Rules that hold here: regularised softmax regressions (scipy's L-BFGS-B); a word needs several messages and two voices,
so that it is no writer's habit; what carries little is left out, and the rest is fitted again without it; the same
bytes for the same messages.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table
from scipy import sparse
from scipy.optimize import Bounds, minimize

from bot.core.matching import STEM, Utterance, hear, normalise
from bot.core.scoring import SLOT
from scripts.score_noticing import WIDTH, Labelled, rows_of

MESSAGES: Final = 3
VOICES: Final = 2
"""So many messages and voices an entry of a lexicon needs."""

PARTS: Final = 6
"""So many groups of voices take turns where voices are held out."""

EVERY: Final = ""
"""The name of what all messages have."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Message:
    """One labelled message, with all that it has of slots, combinations and entries of a lexicon."""

    row: Labelled
    features: tuple[str, ...]
    entries: tuple[str, ...]


def given(parser: ArgumentParser, arguments: Sequence[str], files: Iterable[Path]) -> tuple[bool, list[Labelled]]:
    """Return whether to judge and write nothing, and the rows of `files`, or of those that are asked for instead.

    Ends the program where one cannot be read.
    """
    parser.add_argument("--judge", action="store_true", help="write nothing; print what the weights are worth")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="instead of tests/corpus")
    asked = parser.parse_args(arguments)
    try:
        return asked.judge, [row for path in asked.files or sorted(files) for row in rows_of(path)]
    except (OSError, ValueError) as error:
        parser.error(str(error))


def refuse_without(parser: ArgumentParser, needed: Iterable[str], there: Iterable[str | None]) -> None:
    """End the program where some of what is fitted has no message."""
    missing = {*needed} - {*there}
    if missing:
        parser.error(f"there is no message to fit {', '.join(sorted(missing))} with: give files that have some")


def print_tables(tables: Iterable[Table]) -> int:
    """Print what the weights are worth."""
    for table in tables:
        Console(width=WIDTH).print(table)
    return 0


def read(rows: Collection[Labelled], features: Callable[[Utterance], Iterable[str]], console: Console) -> list[Message]:
    """Take rows apart. `features` names the slots and combinations of a text."""

    def taken(row: Labelled) -> Message:
        said = hear(row.text)
        return Message(row, tuple(SLOT + name for name in features(said)), tuple(sorted(said.entries)))

    return [taken(row) for row in track(rows, "Reading", console=console)]


def candidates(messages: Sequence[Message], most: float = 1.0) -> list[str]:
    """Return the entries that enough messages of enough voices have, in the order of the alphabet.

    Words that are heard otherwise when they are typed as they stand ("boss's" becomes "bosss") are none, nor are single
    words that stand in more than a share `most` of the messages.
    """
    counts: Counter[str] = Counter()
    voices: defaultdict[str, set[str]] = defaultdict(set)
    for message in messages:
        counts.update(message.entries)
        for entry in message.entries:
            if len(voices[entry]) < VOICES:
                voices[entry].add(message.row.voice or "")
    fewest, highest = MESSAGES, most * len(messages)
    often = (
        entry
        for entry, count in counts.items()
        if count >= fewest and len(voices[entry]) >= VOICES and (" " in entry or count <= highest)
    )
    return sorted(entry for entry in often if entry.endswith(STEM) or normalise(entry).strip() == entry)


def one_hot(places: Sequence[int], count: int) -> Numbers:
    """Return a row for each of `places`, with a 1 there."""
    goal = np.zeros((len(places), count))
    goal[np.arange(len(places)), places] = 1
    return goal


@dataclass(frozen=True)
class Fitter:
    """Fits softmax regressions on slots, combinations and words.

    `strength`: half of it times the sum of squares is added to the loss (in nats). `carries`: words whose largest
    weight is below it are left out, and the rest is fitted again without them.
    """

    features: Sequence[str]
    words: Sequence[str]
    strength: float
    carries: float
    console: Console

    def fit(
        self, messages: Sequence[Message], goal: Numbers, least: Mapping[str, Numbers] = MappingProxyType({})
    ) -> dict[str, Numbers]:
        """Return a row of weights, one for each outcome, by name, EVERY's among them.

        `goal`: a row for each message. `least`: what a name's weights may not be below; EVERY's are then nothing else.
        """
        every = self._fitted(messages, [*self.features, *self.words], goal, least)
        kept = [word for word in self.words if np.abs(every[word]).max() >= self.carries]
        return self._fitted(messages, [*self.features, *kept], goal, least)

    def _fitted(
        self, messages: Sequence[Message], names: Sequence[str], goal: Numbers, least: Mapping[str, Numbers]
    ) -> dict[str, Numbers]:
        matrix, shape = _matrix(messages, names), (len(names) + 1, goal.shape[1])
        low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
        for number, name in enumerate((*names, EVERY)):
            low[number] = least.get(name, low[number])
        high[-1] = least.get(EVERY, high[-1])
        penalty = np.full(shape, self.strength)
        penalty[-1] = 0.01
        with Progress(console=self.console, transient=True) as progress:
            task = progress.add_task(f"Fitting {len(names)} names, {shape[1]} outcomes", total=None)
            found = minimize(
                partial(_loss, matrix, matrix.T.tocsr(), goal, penalty),
                np.zeros(shape[0] * shape[1]),
                jac=True,
                method="L-BFGS-B",
                bounds=Bounds(low.ravel(), high.ravel()),
                callback=lambda _: progress.advance(task),
                options={"maxiter": 300, "ftol": 1e-8, "maxcor": 20},
            )
        return dict(zip((*names, EVERY), found.x.reshape(shape), strict=True))


def held_out(voices: Sequence[str]) -> Iterator[set[str]]:
    """Yield groups of voices that take turns in being held out."""
    yield from ({*voices[part::PARTS]} for part in range(min(PARTS, len(voices))))


def lexicon_text(before: str, lexicon: Mapping[str, Mapping[str, float]]) -> str:
    """Return the text of a lexicon: the comment that it begins with, and a line for each entry."""
    head = [line for line in before.splitlines() if line.startswith("# ")]
    lines = (
        f"{word}\t" + " ".join(f"{name} {weight:+.2f}" for name, weight in weights.items())
        for word, weights in sorted(lexicon.items())
    )
    return "\n".join((*head, *lines)) + "\n"


def _matrix(messages: Sequence[Message], names: Sequence[str]) -> sparse.csr_matrix:
    """One row a message, one column a name, and a last one that all have."""
    place = {name: number for number, name in enumerate(names)}
    columns = [
        sorted(place[one] for one in (*message.features, *message.entries) if one in place) for message in messages
    ]
    ends = np.cumsum([0, *(len(one) + 1 for one in columns)])
    flat = np.array([number for one in columns for number in (*one, len(names))], dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(messages), len(names) + 1))


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
