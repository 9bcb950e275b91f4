"""What the features and words of a text add up to.

Rules that hold here: weights are data, in hundredths, and every score can be told in the words that it comes of; a
word counts once, however often it is said. All scores of a feature or a word are one number, 32 bits for each: one sum
adds them all at once. What a word adds is read when it is first met: most of thousands never are.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import lt
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
    """The entries of a lexicon's file, held as its text and read when they are asked for: all that one word begins."""

    __slots__ = ("blocks",)

    def __init__(self, blocks: Mapping[str, str]) -> None:
        self.blocks = blocks  # word -> its lines

    @classmethod
    def of(cls, text: str, outcomes: Sequence[str]) -> Self | None:
        """Take the text apart if it is as fits write it, and so a `Lexicon` can hold all of it: else None.

        Comments stand above all entries, entries in the order of the alphabet, names in the order of `outcomes`.
        """
        start = comments.end() if (comments := _COMMENTS.match(text)) else 0
        entries = _ENTRIES.findall(text, start)
        if not _well_formed(outcomes).fullmatch(text, start) or not all(map(lt, entries, islice(entries, 1, None))):
            return None
        return cls({block[1]: block[0] for block in _BLOCKS.finditer(text, start)})

    def __getitem__(self, entry: str) -> Mapping[str, float]:
        return dict(read_block(self.blocks[entry.partition(" ")[0]]))[entry]

    def __iter__(self) -> Iterator[str]:
        return (entry for block in self.blocks.values() for entry, _ in read_block(block))

    def __len__(self) -> int:
        return sum(block.count("\n") for block in self.blocks.values())


def read_block(lines: str) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield the entry of each line, with its weights."""
    for line in lines.splitlines():
        entry, _, rest = line.partition("\t")
        row = rest.split(" ")
        yield entry, dict(zip(row[::2], map(float, row[1::2]), strict=True))


_COMMENTS: Final = re.compile(r"(?:#[ -~]*+\n)*+")
_ENTRIES: Final = re.compile(r"^[^\t\n]++", re.MULTILINE)
_BLOCKS: Final = re.compile(r"^([^ \t\n]++)[ \t].*+\n(?:\1[ \t].*+\n)*+", re.MULTILINE)


def _well_formed(outcomes: Sequence[str]) -> re.Pattern[str]:
    """What the lines match that a `Lexicon` can hold."""
    names = "".join(rf"(?:{re.escape(outcome)} [+-]\d\d?\.\d\d(?: (?=\S)|(?=\n)))?+" for outcome in outcomes)
    return re.compile(rf"(?:(?!#)(?:[^\s*]{{{STEM_LENGTH}}}\*|[^\s*]++(?: [^\s*]++)?+)\t(?=\S){names}\n)*+")


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
        self._unread: dict[str, str] = {}  # by the word that they begin with
        self._entries: dict[str, int] = {}
        if isinstance(lexicon.weights, Rows):
            self._unread.update(lexicon.weights.blocks)
        else:
            self._entries.update({entry: self._packed(weights) for entry, weights in lexicon.weights.items()})

    def weigh(self, features: int, said: Utterance) -> tuple[int, ...]:
        """Return all scores in the order of the outcomes: hundredths, from NOUGHT on."""
        rows, total = self._rows, self._start
        while features:
            bit = features & -features
            total += rows[bit]
            features ^= bit
        self._meet(said.entries)
        total += sum(filter(None, map(self._entries.get, said.entries)))
        return self._fields.unpack(total.to_bytes(self._fields.size, "little"))

    def entry(self, word: str, outcome: str) -> float:
        """Return what an entry of the lexicon adds to an outcome."""
        self._meet({word.partition(" ")[0]})
        return self._unpacked(self._entries.get(word, 0), outcome)

    def feature(self, bit: int, outcome: str) -> float:
        """Return what a feature adds to an outcome."""
        return self._unpacked(self._rows[bit], outcome)

    def _meet(self, words: set[str]) -> None:
        """Read what begins with these words, if it was not read before."""
        for word in words & self._unread.keys():
            for entry, weights in read_block(self._unread.pop(word)):
                self._entries[entry] = self._packed(weights)

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
