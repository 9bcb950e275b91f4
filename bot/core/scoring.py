"""What the features and words of a text add up to.

Rules that hold here: weights are data, in hundredths, and every score can be told in the words that it comes of; a
word counts once, however often it is said. All scores of a feature or a word are one number, 32 bits for each: one sum
adds them all at once. What a word adds is read when it is first met: most of thousands never are.
"""

import math
import re
from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, Self

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


class Rows(Mapping[str, Mapping[str, float]]):
    """The entries of a lexicon's file, each read when it is asked for."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Mapping[str, str]) -> None:
        self._rows = rows

    @classmethod
    def of(cls, text: str, outcomes: Sequence[str]) -> Self | None:
        """Take the file apart, if it is as fits write it and a `Lexicon` can hold all of it: else None.

        Comments stand above all entries; the names of a line stand in the order of `outcomes`.
        """
        head = _COMMENTS.match(text)
        count = text.count("\n", head.end() if head else 0)
        rows = dict(_well_formed(outcomes).findall(text))
        return cls(rows) if len(rows) == count and text.endswith("\n") else None

    def __getitem__(self, entry: str) -> Mapping[str, float]:
        row = self._rows[entry].split(" ")
        return dict(zip(row[::2], map(float, row[1::2]), strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def keys(self) -> KeysView[str]:
        """The entries: none of them is read to look whether it is there."""
        return self._rows.keys()


_COMMENTS: Final = re.compile(r"(?:#[ -~]*+\n)*+")


def _well_formed(outcomes: Sequence[str]) -> re.Pattern[str]:
    """What finds the lines that a `Lexicon` can hold, each as its entry and the rest."""
    names = (rf"(?:{re.escape(outcome)} [+-]\d\d?\.\d\d(?: (?=\S)|$))?+" for outcome in outcomes)
    entry = rf"[^\s*]{{{STEM_LENGTH}}}\*|[^\s*]++(?: [^\s*]++)?+"
    return re.compile(rf"^(?!#)({entry})\t(?=\S)({''.join(names)})$", re.MULTILINE)


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
        if not isinstance(self.weights, Rows):
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
        self._weights = lexicon.weights
        self._known = lexicon.weights.keys()
        self._entries: dict[str, int] = {}  # those that were met

    def weigh(self, features: int, said: Utterance) -> tuple[int, ...]:
        """Return all scores in the order of the outcomes: hundredths, from NOUGHT on."""
        rows, total = self._rows, self._start
        while features:
            bit = features & -features
            total += rows[bit]
            features ^= bit
        met = said.entries & self._known
        try:
            total += sum(map(self._entries.__getitem__, met))
        except KeyError:
            total += sum(map(self._entry, met))
        return self._fields.unpack(total.to_bytes(self._fields.size, "little"))

    def entry(self, word: str, outcome: str) -> float:
        """Return what an entry of the lexicon adds to an outcome."""
        return self._unpacked(self._entry(word) if word in self._known else 0, outcome)

    def feature(self, bit: int, outcome: str) -> float:
        """Return what a feature adds to an outcome."""
        return self._unpacked(self._rows[bit], outcome)

    def _entry(self, entry: str) -> int:
        """Return the row of an entry, which is kept from now on. What is no entry is a person's, and never is."""
        row = self._entries.get(entry)
        if row is None:
            row = self._entries[entry] = self._packed(self._weights[entry])
        return row

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
