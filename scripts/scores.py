"""Figures of how well messages are read, from labelled messages and what was said of each.

Rules that hold here: pure functions, which read and print nothing; every rate comes with its 95 % interval. That of a
share is Wilson's (1927); that of F1 is Wilson's for hits among hits, false alarms and misses together, carried over by
F1 = 2x / (1 + x); that of an area under the ROC follows Hanley and McNeil (1982), and is a point where one side stands
wholly above the other. A rate of nothing is NaN.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import NormalDist, fmean
from typing import Final

from bot.core.noticing import SOURCES
from bot.core.state import About, Condition, Danger, Notice

WITNESS: Final = "WITNESS"
RIVALS: Final = ("OTHER", "OWN", "COMPASSION")
LENGTHS: Final = {5: " 1-5", 12: " 6-12", 25: "13-25", 60: "26-60"}
"""Most words, and the name for as many."""

_Z: Final = NormalDist().inv_cdf(0.975)
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled message and what was said of it. `took` is in nanoseconds, for notice and danger together."""

    text: str
    label: str
    source: str
    note: str
    setting: str
    voice: str
    notice: Notice
    danger: Danger
    took: int

    @property
    def chance(self) -> float:
        """The chance of being WITNESS that it was given."""
        return self.notice.probability

    @property
    def is_witness(self) -> bool:
        """Whether its label is WITNESS."""
        return self.label == WITNESS

    @property
    def length(self) -> str:
        """How many words it has, as one of `LENGTHS` or more."""
        words = len(self.text.split())
        return next((name for most, name in LENGTHS.items() if words <= most), "more")


Verdict = Callable[[Scored], bool]

VERDICTS: Final[Mapping[str, Verdict]] = {
    "asked": lambda one: one.notice.ask,
    "asked with no question": lambda one: one.notice.sure,
    "offered": lambda one: one.notice.offer,
    "most likely WITNESS": lambda one: one.notice.about is About.WITNESS,
}
"""What can be said of a message: that it is asked about in private, offered in a group, or most likely WITNESS."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure between 0 and 1, with the bounds of its 95 % interval; times 1,000 where so many are in a thousand."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return self.said(".3f")

    def per_thousand(self) -> str:
        """Write it as so many in 1,000."""
        return Rate(1000 * self.value, 1000 * self.low, 1000 * self.high).said(".0f")

    def said(self, form: str) -> str:
        """Write it in a form of numbers."""
        return "-" if math.isnan(self.value) else f"{self.value:{form}} ({self.low:{form}}-{self.high:{form}})"


NOTHING: Final = Rate(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a verdict finds WITNESS."""

    precision: Rate
    recall: Rate
    f1: Rate


@dataclass(frozen=True, slots=True)
class Bin:
    """The messages whose chances lie from `low` to below `high` (the last: to 1), and how many are WITNESS."""

    low: float
    high: float
    messages: int
    expected: float  # the mean of their chances; NaN where there are none
    true: Rate


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the curve: who stands at `threshold` or above."""

    threshold: float
    others: Rate
    chosen: Rate


def share(part: int, whole: int) -> Rate:
    """Return a share."""
    if not whole:
        return NOTHING
    value, squared = part / whole, _Z * _Z / whole
    middle = (value + squared / 2) / (1 + squared)
    half = math.sqrt(value * (1 - value) * squared + squared * squared / 4) / (1 + squared)
    return Rate(value, max(0.0, middle - half), min(1.0, middle + half))


def share_of(ones: Sequence[Scored], verdict: Verdict) -> Rate:
    """Return the share of those who get a verdict."""
    return share(sum(map(verdict, ones)), len(ones))


def quality(known: Sequence[Scored], verdict: Verdict) -> Quality:
    """Return how well a verdict finds WITNESS."""
    hits = sum(one.is_witness and verdict(one) for one in known)
    said, true = sum(map(verdict, known)), sum(one.is_witness for one in known)
    either = share(hits, said + true - hits)
    f1 = Rate(*(2 * part / (1 + part) for part in (either.value, either.low, either.high)))
    return Quality(share(hits, said), share(hits, true), f1)


def known_for(ones: Iterable[Scored], condition: Condition) -> list[tuple[bool, bool]]:
    """Return whether the condition holds, and whether it was noticed, of those whose note does not leave it unclear."""
    name = f"{condition.name}".lower()
    notes = ((one, one.note.split(";")) for one in ones)
    return [(name in note, condition in one.notice.conditions) for one, note in notes if f"unclear {name}" not in note]


def auc(chosen: Sequence[float], others: Sequence[float]) -> Rate:
    """Return the chance that one of `chosen` stands above one of `others`, a tie being half (area under the ROC)."""
    if not chosen or not others:
        return NOTHING
    ranks, below = 0.0, 0
    marked = sorted([(value, 1) for value in chosen] + [(value, 0) for value in others])
    for _, ties in groupby(marked, key=lambda pair: pair[0]):
        hits = [hit for _, hit in ties]
        ranks += sum(hits) * (below + (len(hits) + 1) / 2)
        below += len(hits)
    pairs = len(chosen) * len(others)
    area = (ranks - len(chosen) * (len(chosen) + 1) / 2) / pairs
    two_chosen = area / (2 - area) - area**2  # two of `chosen` above the same of `others`, beyond chance
    two_others = 2 * area**2 / (1 + area) - area**2
    spread = area * (1 - area) + (len(chosen) - 1) * two_chosen + (len(others) - 1) * two_others
    half = _Z * math.sqrt(max(0.0, spread) / pairs)
    return Rate(area, max(0.0, area - half), min(1.0, area + half))


def reliability(known: Sequence[Scored]) -> list[Bin]:
    """Return how often messages are WITNESS, beside the chances that they were given, in ten bins."""
    bins: list[list[Scored]] = [[] for _ in range(_BINS)]
    for one in known:
        bins[min(int(one.chance * _BINS), _BINS - 1)].append(one)
    return [
        Bin(
            low=number / _BINS,
            high=(number + 1) / _BINS,
            messages=len(ones),
            expected=fmean(one.chance for one in ones) if ones else math.nan,
            true=share(sum(one.is_witness for one in ones), len(ones)),
        )
        for number, ones in enumerate(bins)
    ]


def calibration_error(bins: Iterable[Bin]) -> float:
    """Return how far chances and truth lie apart, on average over messages (expected calibration error). 0 to 1."""
    held = [one for one in bins if one.messages]
    apart = [abs(one.expected - one.true.value) for one in held]
    return fmean(apart, [one.messages for one in held]) if held else math.nan


def brier(known: Sequence[Scored]) -> float:
    """Return the mean square of what chances lack to the truth (Brier's score). 0 is perfect, and 1 always wrong."""
    return fmean((one.chance - one.is_witness) ** 2 for one in known) if known else math.nan


def spot(chosen: Sequence[float], others: Sequence[float], most: float) -> Spot:
    """Return the lowest threshold that at most this share of `others` reaches; infinite where no chance is so high."""
    falling = sorted(others, reverse=True)
    allowed = int(most * len(falling))
    too_low = falling[allowed] if allowed < len(falling) else -1.0
    threshold = min((value for value in (*chosen, *others) if value > too_low), default=math.inf)

    def reach(values: Sequence[float]) -> Rate:
        return share(sum(value >= threshold for value in values), len(values))

    return Spot(threshold, reach(others), reach(chosen))


def placed(known: Iterable[Scored]) -> Rate:
    """Return the share of the right source, of WITNESS that are asked about and whose source is known."""
    ones = [one for one in known if one.is_witness and one.notice.ask and one.source in {*SOURCES}]
    return share_of(ones, lambda one: one.notice.source == one.source)


def is_opened_as_distress(one: Scored) -> bool:
    """Whether it is answered as distress is: with a walk, or with the question before one."""
    return one.notice.ask and one.notice.about is About.WITNESS


def worst_misses(known: Iterable[Scored], many: int) -> list[Scored]:
    """Return WITNESS that are not asked about, the least likely first."""
    missed = [one for one in known if one.is_witness and not one.notice.ask]
    return sorted(missed, key=lambda one: one.chance)[:many]


def worst_false_alarms(known: Iterable[Scored], many: int) -> list[Scored]:
    """Return others that are asked about, the most likely first."""
    wrong = [one for one in known if not one.is_witness and one.notice.ask]
    return sorted(wrong, key=lambda one: -one.chance)[:many]


def by(scored: Iterable[Scored], key: Callable[[Scored], str]) -> list[tuple[str, list[Scored]]]:
    """Return the messages that share a key, in the order of the keys."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        groups[key(one)].append(one)
    return sorted(groups.items())
