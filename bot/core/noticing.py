"""What a message is about: distress from another's suffering, one's own trouble, settled compassion, or none.

Rules that hold here: phrases, combinations and weights are data (`prompts/<language>/noticing.yaml`), and every
decision can be told in the words that it rests on; four scores compete, so that what speaks for one's own trouble
speaks against distress about another. Deterministic, linear in the length of the text, never raises on a text.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.core.matching import Combination, Matcher, Reading, each, phrase_problems
from bot.core.model import About, Condition, Evidence, Notice, Reason, Source


@dataclass(frozen=True, slots=True)
class Weights:
    """What a feature adds to each of the four scores (in log odds)."""

    witness: float = 0.0
    own: float = 0.0
    compassion: float = 0.0
    other: float = 0.0


@dataclass(frozen=True, slots=True)
class Slot:
    """Phrases that mean one thing. `hides`: other phrases within its words do not count."""

    means: str
    phrases: tuple[str, ...]
    weights: Weights = Weights()
    hides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(Combination):
    """A combination of slots that has weights of its own."""

    weights: Weights = Weights()


@dataclass(frozen=True, slots=True)
class Points:
    """From which probability of WITNESS the bot asks in private, and offers in a group. 0 to 1."""

    ask: float
    offer: float


@dataclass(frozen=True, slots=True)
class NoticingRules:
    """Everything that noticing knows in one language.

    A *feature* is the name of a slot or of a combination. Raises ValueError with every problem, one a line.
    """

    points: Points
    start: Weights
    slots: Mapping[str, Slot]
    combinations: Mapping[str, Together] = field(default_factory=dict)
    sources: Mapping[Source, Mapping[str, float]] = field(default_factory=dict)  # what speaks for each, and how much
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Mapping[Reason, tuple[str, ...]] = field(default_factory=dict)  # the features that stand for each
    fillers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rules that contradict themselves."""
        problems = [*self._problems()]
        if problems:
            raise ValueError("\n".join(problems))

    def _problems(self) -> Iterator[str]:
        if not 0 < self.points.ask <= self.points.offer <= 1:
            yield "points: 0 < ask <= offer <= 1 does not hold"
        for name, slot in self.slots.items():
            yield from phrase_problems(f"slots.{name}", slot.phrases, self.fillers)
        for name, combination in self.combinations.items():
            if name in self.slots:
                yield f"combinations.{name}: a slot has the same name"
            yield from combination.problems(f"combinations.{name}", self.slots)
        for source, weights in self.sources.items():
            yield from self._unknown(f"sources.{source}", weights)
        for name, features in self.conditions.items():
            if name.upper() not in Condition.__members__:
                yield f"conditions.{name}: there is no such condition"
            yield from self._unknown(f"conditions.{name}", features)
        for reason, features in self.reasons.items():
            yield from self._unknown(f"reasons.{reason}", features)

    def _unknown(self, where: str, features: Iterable[str]) -> Iterator[str]:
        for name in features:
            if name not in self.slots and name not in self.combinations:
                yield f"{where}: there is no slot or combination {name!r}"


_ABOUTS = (About.WITNESS, About.OWN, About.COMPASSION, About.NONE)


class Reader:
    """Reads messages by one language's rules."""

    def __init__(self, rules: NoticingRules) -> None:
        slots, combinations = rules.slots, rules.combinations
        self._points = rules.points
        self._matcher = Matcher(
            {name: slot.phrases for name, slot in slots.items()},
            hiding=[name for name, slot in slots.items() if slot.hides],
            fillers=rules.fillers,
        )
        self._tests = self._matcher.tests(combinations.values())
        features: dict[str, Slot | Together] = {**slots, **combinations}
        self._bits = {name: 1 << number for number, name in enumerate(features)}
        self._names = {bit: name for name, bit in self._bits.items()}
        self._start = _row(rules.start)
        self._rows = {bit: _row(features[name].weights) for name, bit in self._bits.items()}
        self._places = [*rules.sources]
        self._placing: dict[int, list[tuple[int, float]]] = {}  # what speaks for which source, and how much
        for place, weights in enumerate(rules.sources.values()):
            for name, weight in weights.items():
                self._placing.setdefault(self._bits[name], []).append((place, weight))
        self._places_mask = sum(self._placing)
        self._reasons = _reasons(rules, self._bits)
        self._conditions = [(Condition[name.upper()], self._mask(names)) for name, names in rules.conditions.items()]
        steers = self._mask(name for names in rules.conditions.values() for name in names)
        self._speaks = [
            steers | sum(bit for bit, row in self._rows.items() if row[about] > 0) for about in range(len(_ABOUTS))
        ]

    def notice(self, text: str) -> Notice:
        """Tell what any text is about, with the rules that fired. Takes time linear in its length; never raises."""
        reading = self._matcher.read(text)
        features = self._features(reading)
        chances = self._chances(features)
        witness = chances[0]
        about = chances.index(max(chances))
        conditions = Condition.NONE
        for condition, mask in self._conditions:
            if features & mask:
                conditions |= condition
        return Notice(
            about=_ABOUTS[about],
            probability=witness,
            ask=witness >= self._points.ask,
            offer=witness >= self._points.offer,
            source=self._source(features),
            conditions=conditions,
            reasons=_strongest(self._reasons[about], features),
            evidence=tuple(self._evidence(reading, features & self._speaks[about])),
        )

    def features(self, text: str) -> tuple[str, ...]:
        """Return the slots and combinations that fire on a text: what weights are fitted on."""
        features = self._features(self._matcher.read(text))
        return tuple(name for name, bit in self._bits.items() if features & bit)

    def _features(self, reading: Reading) -> int:
        features = reading.whole
        for number in reading.holding(self._tests):
            features |= 1 << len(self._matcher.bits) + number
        return features

    def _chances(self, features: int) -> list[float]:
        """Return the four scores as chances that add up to 1 (softmax), in the order of _ABOUTS."""
        witness, own, compassion, other = self._start
        for bit in each(features):
            more = self._rows[bit]
            witness += more[0]
            own += more[1]
            compassion += more[2]
            other += more[3]
        highest = max(witness, own, compassion, other)
        parts = [math.exp(score - highest) for score in (witness, own, compassion, other)]
        total = sum(parts)
        return [part / total for part in parts]

    def _source(self, features: int) -> Source:
        """Return the source that most speaks for; of equals, the one that stands first in the rules."""
        scores = [0.0] * len(self._places)
        for bit in each(features & self._places_mask):
            for place, weight in self._placing[bit]:
                scores[place] += weight
        best = max(scores, default=0.0)
        return self._places[scores.index(best)] if best > 0 else Source.NONE

    def _evidence(self, reading: Reading, features: int) -> Iterator[Evidence]:
        """Yield each of these features with the first words that it was found in; a combination has none."""
        slots = features & reading.whole
        combinations = features ^ slots
        for found, start, end in reading.hits:
            fresh = found & slots
            if fresh:
                slots ^= fresh
                words = reading.words(start, end)
                for bit in each(fresh):
                    yield Evidence(self._names[bit], words)
        for bit in each(combinations):
            yield Evidence(self._names[bit], "")

    def _mask(self, names: Iterable[str]) -> int:
        return sum(self._bits[name] for name in {*names})


def _row(weights: Weights) -> tuple[float, float, float, float]:
    return weights.witness, weights.own, weights.compassion, weights.other


# --- Reasons, in the plainest words ------------------------------------------------------------------------------

_MOST_REASONS: Final = 3

_Reasons = Mapping[int, Sequence[tuple[Reason, float]]]
"""By the bit of a feature: each reason that it stands for, with what it adds."""


def _reasons(rules: NoticingRules, bits: Mapping[str, int]) -> list[_Reasons]:
    """Return what may be told for each score: the reasons of the features that speak for it."""
    features: dict[str, Slot | Together] = {**rules.slots, **rules.combinations}
    found: list[dict[int, list[tuple[Reason, float]]]] = [{} for _ in _row(rules.start)]
    for reason, names in rules.reasons.items():
        for name in names:
            row = _row(features[name].weights)
            for about, weight in enumerate(row):
                if weight > 0 and weight >= max(row) / 2:  # less than that, it rather speaks for another
                    found[about].setdefault(bits[name], []).append((reason, weight))
    return [*found]


def _strongest(reasons: _Reasons, features: int) -> tuple[Reason, ...]:
    """Return the reasons that these features add up to most; of equals, those that stand first in the rules."""
    sums: dict[Reason, float] = {}
    for bit in each(features):
        for reason, weight in reasons.get(bit, ()):
            sums[reason] = sums.get(reason, 0.0) + weight
    return tuple(sorted(sums, key=lambda reason: -sums[reason])[:_MOST_REASONS])
