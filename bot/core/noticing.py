"""What a message is about: distress from another's suffering, one's own trouble, settled compassion, or none.

Rules that hold here: phrases, combinations, words and weights are data (`prompts/<language>/noticing.yaml` and
`lexicon.txt`), and every decision can be told in the words that it rests on; four scores compete, so that what speaks
for one's own trouble speaks against distress about another. Deterministic, linear in the length of the text, never
raises on a text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from bot.core.matching import Combination, Matcher, Reading, Utterance, each, phrase_problems, refuse
from bot.core.scoring import NOUGHT, Lexicon, Scale, chances, found_in, out_of_bounds
from bot.core.state import About, Condition, Notice, Reason, Source

ABOUTS: Final = (About.WITNESS, About.OWN, About.COMPASSION, About.NONE)
SOURCES: Final = tuple(source for source in Source if source is not Source.NONE)
_OF_OTHERS: Final = {About.WITNESS, About.COMPASSION}
OUTCOMES: Final = ("witness", "own", "compassion", "other", *SOURCES)
"""What a weight may speak for: four that compete for what a message is about, and the sources that compete beside."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a feature adds to each of the four scores (in log odds)."""

    witness: float = 0.0
    own: float = 0.0
    compassion: float = 0.0
    other: float = 0.0


@dataclass(frozen=True, slots=True)
class Slot:
    """Phrases that mean one thing. `hides`: other phrases within its words do not count.

    `speaks_for`: the weight for this is never below 0, whatever is fitted. `weighs`: weights are fitted for it; else it
    stands for conditions and places alone.
    """

    means: str
    phrases: tuple[str, ...]
    weights: Weights = Weights()
    hides: bool = False
    speaks_for: About | None = None
    weighs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(Combination):
    """A combination of slots that has weights of its own. `speaks_for` and `weighs` as in a slot."""

    weights: Weights = Weights()
    speaks_for: About | None = None
    weighs: bool = True


@dataclass(frozen=True, slots=True)
class Points:
    """From which probability of WITNESS the bot asks in private, is sure without a question, and offers in a group."""

    ask: float
    sure: float
    offer: float


@dataclass(frozen=True, slots=True)
class NoticingRules:
    """Everything that noticing knows in one language, but for single words.

    A *feature* is the name of a slot or of a combination. Raises ValueError with every problem, one a line.
    """

    points: Points
    start: Weights
    slots: Mapping[str, Slot]
    combinations: Mapping[str, Together] = field(default_factory=dict)
    sources: Mapping[Source, Mapping[str, float]] = field(default_factory=dict)  # what speaks for each, and how much
    places: Mapping[Source, tuple[str, ...]] = field(default_factory=dict)  # what tells a source whatever else speaks
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Mapping[Reason, tuple[str, ...]] = field(default_factory=dict)  # the features that stand for each
    fillers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rules that contradict themselves."""
        refuse(self._problems())

    @property
    def features(self) -> dict[str, Slot | Together]:
        """The slots and combinations by name, in their order."""
        return {**self.slots, **self.combinations}

    @property
    def weighing(self) -> dict[str, Slot | Together]:
        """The features that weights are fitted for."""
        return {name: feature for name, feature in self.features.items() if feature.weighs}

    def _problems(self) -> Iterator[str]:
        if not 0 < self.points.ask <= self.points.sure <= self.points.offer <= 1:
            yield "points: 0 < ask <= sure <= offer <= 1 does not hold"
        yield from out_of_bounds("start", asdict(self.start))
        for name, slot in self.slots.items():
            yield from out_of_bounds(f"slots.{name}.weights", asdict(slot.weights))
            yield from phrase_problems(f"slots.{name}", slot.phrases, self.fillers)
            yield from _misweighed(f"slots.{name}", slot)
        for name, combination in self.combinations.items():
            if name in self.slots:
                yield f"combinations.{name}: a slot has the same name"
            yield from out_of_bounds(f"combinations.{name}.weights", asdict(combination.weights))
            yield from combination.problems(f"combinations.{name}", self.slots)
            yield from _misweighed(f"combinations.{name}", combination)
        for source, weights in self.sources.items():
            yield from self._unknown(f"sources.{source}", weights)
            yield from out_of_bounds(f"sources.{source}", weights)
        for source, features in self.places.items():
            yield from self._unknown(f"places.{source}", features)
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


def _misweighed(where: str, feature: Slot | Together) -> Iterator[str]:
    if not feature.weighs and any(_row(feature.weights)):
        yield f"{where}: weighs nothing and has weights"
    if feature.speaks_for is not None and _row(feature.weights)[ABOUTS.index(feature.speaks_for)] < 0:
        yield f"{where}: speaks for {feature.speaks_for} and has a weight below 0 for it"


_CLEAR: Final = 10
"""Hundredths by which a source has to stand above the next."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A feature that a message has. `words`: the first that it was found in; a combination has none."""

    kind: str  # "slot", "combination" or "lexicon"
    name: str
    words: str
    weights: Weights


class Reader:
    """Reads messages by one language's rules and words."""

    def __init__(self, rules: NoticingRules, lexicon: Lexicon) -> None:
        slots, features = rules.slots, rules.features
        self.points, self.start = rules.points, rules.start
        self._matcher = Matcher(
            {name: slot.phrases for name, slot in slots.items()},
            hiding=[name for name, slot in slots.items() if slot.hides],
            fillers=rules.fillers,
        )
        self._tests = self._matcher.tests(rules.combinations.values())
        self._bits = {name: 1 << number for number, name in enumerate(features)}
        rows = {self._bits[name]: asdict(feature.weights) for name, feature in features.items()}
        for source, weights in rules.sources.items():
            for name, weight in weights.items():
                rows[self._bits[name]][source] = weight
        self._scale = Scale(lexicon, asdict(rules.start), rows)
        self._weights = {name: feature.weights for name, feature in features.items()}
        self._reasons = _reasons(rules, self._bits)
        self._reasoning = [sum(reasons) for reasons in self._reasons]
        self._places = [(source, self._mask(names)) for source, names in rules.places.items()]
        self._conditions = [(Condition[name.upper()], self._mask(names)) for name, names in rules.conditions.items()]
        self._telling = self._mask(name for names in rules.conditions.values() for name in names)

    def notice(self, said: Utterance) -> Notice:
        """Tell what any text is about. Takes time linear in its length; never raises."""
        features, scores = self._read(said)
        likely = chances(scores[: len(ABOUTS)])
        witness, about = likely[0], likely.index(max(likely))
        ask = witness >= self.points.ask
        met = ask or ABOUTS[about] in _OF_OTHERS
        return Notice(
            about=ABOUTS[about],
            probability=witness,
            ask=ask,
            sure=witness >= self.points.sure,
            offer=witness >= self.points.offer,
            source=self._met(features, scores[len(ABOUTS) :]) if met else Source.NONE,
            conditions=self._under(features) if features & self._telling else Condition.NONE,
            reasons=_strongest(self._reasons[about], features & self._reasoning[about]),
        )

    def chances(self, said: Utterance) -> dict[About, float]:
        """Return the four scores as chances that add up to 1."""
        _, scores = self._read(said)
        return dict(zip(ABOUTS, chances(scores[: len(ABOUTS)]), strict=True))

    def features(self, said: Utterance) -> tuple[str, ...]:
        """Return the slots and combinations that fire on a text: what weights are fitted on."""
        features = self._features(self._matcher.find(said))
        return tuple(name for name, bit in self._bits.items() if features & bit)

    def explain(self, said: Utterance) -> tuple[Fired, ...]:
        """Return all that speaks in a text, beside `start`, the largest weight first."""
        reading = self._matcher.find(said)
        fired = [
            Fired("slot" if name in self._matcher.bits else "combination", name, words, self._weights[name])
            for name, words in self._evidence(reading, self._features(reading))
        ]
        for word in sorted(said.entries):
            weights = [self._scale.entry(word, outcome) for outcome in OUTCOMES]
            if any(weights):
                fired.append(Fired("lexicon", word, found_in(said, word), Weights(*weights[: len(ABOUTS)])))
        return tuple(sorted(fired, key=lambda one: -max(map(abs, _row(one.weights)))))

    def _read(self, said: Utterance) -> tuple[int, tuple[int, ...]]:
        """Return the slots and combinations of a text, and all its scores in the order of OUTCOMES."""
        features = self._features(self._matcher.find(said))
        return features, self._scale.weigh(features, said)

    def _met(self, features: int, scores: Sequence[int]) -> Source:
        """Return the source that a feature tells by itself, or that most speaks for."""
        for source, mask in self._places:
            if features & mask:
                return source
        return _source(scores)

    def _under(self, features: int) -> Condition:
        conditions = Condition.NONE
        for condition, mask in self._conditions:
            if features & mask:
                conditions |= condition
        return conditions

    def _features(self, reading: Reading) -> int:
        features = reading.whole
        for number in reading.holding(self._tests):
            features |= 1 << len(self._matcher.bits) + number
        return features

    def _evidence(self, reading: Reading, features: int) -> Iterator[tuple[str, str]]:
        """Yield each of these features with the first words that it was found in; a combination has none."""
        first: dict[int, str] = {}
        for found, start, end in reading.hits:
            for bit in each(found):
                first.setdefault(bit, reading.words(start, end))
        for name, bit in self._bits.items():
            if features & bit:
                yield name, first.get(bit, "")

    def _mask(self, names: Iterable[str]) -> int:
        return sum(self._bits[name] for name in {*names})


def _source(scores: Sequence[int]) -> Source:
    """Return the source that clearly most speaks for, or NONE: no wording beats a wrong one."""
    *_, second, best = sorted(scores)
    return SOURCES[scores.index(best)] if best > NOUGHT and best - second >= _CLEAR else Source.NONE


def _row(weights: Weights) -> tuple[float, float, float, float]:
    return weights.witness, weights.own, weights.compassion, weights.other


# --- Reasons, in the plainest words ------------------------------------------------------------------------------

_MOST_REASONS: Final = 3

_Reasons = Mapping[int, Sequence[tuple[Reason, float]]]
"""By the bit of a feature: each reason that it stands for, with what it adds."""


def _reasons(rules: NoticingRules, bits: Mapping[str, int]) -> list[_Reasons]:
    """Return what may be told for each score: the reasons of the features that speak for it."""
    features = rules.features
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
        for reason, weight in reasons[bit]:
            sums[reason] = sums.get(reason, 0.0) + weight
    return tuple(sorted(sums, key=sums.__getitem__, reverse=True)[:_MOST_REASONS])
