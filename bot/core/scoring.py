"""What the features and words of a text add up to.

Rules that hold here: weights are data, in hundredths, and every score can be told in the words that it comes of; a
word counts once, however often it is said. All scores of a feature or a word are one number, 32 bits for each: one sum
adds them all at once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from struct import Struct
from typing import Final

from bot.core.matching import STEM, STEM_LENGTH, Utterance, refuse

SLOT: Final = "@"
"""What tells a slot from a word, where both have weights in one place."""

MOST: Final = 100
"""The largest weight, for or against."""

UNIT: Final = 0.01
"""What scores are counted in (log odds)."""

_BITS: Final = 32
_FIELD: Final = (1 << _BITS) - 1
NOUGHT: Final = 1 << (_BITS - 1)
"""What `Scale` gives for a score of 0: it is added to each, so that none is below 0 when they are taken apart."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words, and what each adds to which score: a word, two side by side, or a beginning ("cryin*").

    `outcomes`: the names of the scores. `weights`: word -> outcome -> what it adds. Raises ValueError with every
    problem, one a line.
    """

    outcomes: Sequence[str]
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what can never be found."""
        refuse(self._problems())

    def _problems(self) -> Iterator[str]:
        outcomes = frozenset(self.outcomes)
        for entry, weights in self.weights.items():
            for outcome in weights:
                if outcome not in outcomes:
                    yield f"{entry}: there is no outcome {outcome!r}"
            yield from out_of_bounds(entry, weights)
            if entry.endswith(STEM) and (len(entry) != STEM_LENGTH + 1 or " " in entry):
                yield f"{entry}: a beginning is {STEM_LENGTH} letters of one word"
            elif "" in entry.split(" ") or entry.count(" ") > 1:
                yield f"{entry}: is not one word, or two with a space between"


def out_of_bounds(where: str, weights: Mapping[str, float]) -> Iterator[str]:
    """Say which weights are too large, a line each."""
    for name, weight in weights.items():
        if not abs(weight) <= MOST:  # nor is what is no number
            yield f"{where}: the weight for {name} is not from -{MOST} to {MOST}"


def entries(said: Utterance) -> set[str]:
    """Return all that a lexicon could hold of a text: what weights are fitted on."""
    return {*said.words, *map(" ".join, said.pairs), *(stem + STEM for stem in said.stems)}


def found_in(said: Utterance, entry: str) -> str:
    """Return the words of a text that one of its `entries` stands for: a beginning is told by the first such word."""
    if not entry.endswith(STEM):
        return entry
    stem = entry.removesuffix(STEM)
    return next(word for word in said.normal.split() if word.startswith(stem) and len(word) > STEM_LENGTH)


class Scale:
    """Adds up what the features and the words of a text speak for.

    `start`: what every text has. `features`: the bit of each feature, with its weights by outcome.
    """

    def __init__(
        self, lexicon: Lexicon, start: Mapping[str, float], features: Mapping[int, Mapping[str, float]]
    ) -> None:
        self._shifts = {outcome: _BITS * place for place, outcome in enumerate(lexicon.outcomes)}
        self._halves = sum(NOUGHT << shift for shift in self._shifts.values())
        self._fields = Struct(f"<{len(self._shifts)}I")
        self._start = self._halves + self._packed(start)
        self._rows = {bit: self._packed(weights) for bit, weights in features.items()}
        self._words: dict[str, int] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        self._stems: dict[str, int] = {}
        for entry, weights in lexicon.weights.items():
            row = self._packed(weights)
            one, _, other = entry.partition(" ")
            if other:
                self._pairs[one, other] = row
            elif entry.endswith(STEM):
                self._stems[entry[:-1]] = row
            else:
                self._words[entry] = row

    def weigh(self, features: int, said: Utterance) -> tuple[int, ...]:
        """Return all scores in the order of the outcomes: hundredths, from NOUGHT on."""
        rows, total = self._rows, self._start
        while features:
            bit = features & -features
            total += rows[bit]
            features ^= bit
        total += sum(map(self._words.get, said.words, repeat(0)))
        total += sum(map(self._pairs.get, said.pairs, repeat(0)))
        total += sum(map(self._stems.get, said.stems, repeat(0)))
        return self._fields.unpack(total.to_bytes(self._fields.size, "little"))

    def entry(self, word: str, outcome: str) -> float:
        """Return what an entry of the lexicon adds to an outcome."""
        one, _, other = word.partition(" ")
        if other:
            return self._unpacked(self._pairs.get((one, other), 0), outcome)
        found = self._stems.get(word[:-1], 0) if word.endswith(STEM) else self._words.get(word, 0)
        return self._unpacked(found, outcome)

    def feature(self, bit: int, outcome: str) -> float:
        """Return what a feature adds to an outcome."""
        return self._unpacked(self._rows[bit], outcome)

    def _unpacked(self, row: int, outcome: str) -> float:
        return ((row + self._halves >> self._shifts[outcome] & _FIELD) - NOUGHT) * UNIT

    def _packed(self, weights: Mapping[str, float]) -> int:
        """Pack weights by outcome, to hundredths. A field holds as many as the longest message can have."""
        return sum(round(weight / UNIT) << self._shifts[outcome] for outcome, weight in weights.items())


def chances(scores: Sequence[int]) -> list[float]:
    """Return scores as chances that add up to 1 (softmax)."""
    highest = max(scores)
    parts = [math.exp((score - highest) * UNIT) for score in scores]
    whole = sum(parts)
    return [part / whole for part in parts]
