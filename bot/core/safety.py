"""What a message says about danger: who x what x when, in rules that a clinician can read, and a score beside them.

Rules that hold here: rules come first, and the first that fits decides, so their order in
`prompts/<language>/safety.yaml` is the order of precedence; where none fits, what the slots and single words of
`danger.txt` add up to decides, so that what is only hinted is asked about; nothing is remembered; a tier orders which
help is shown first and is no judgement of a person. Deterministic, linear in the length of the text, never raises on a
text. Tiers follow `copy_rules` of the evidence; what is quoted, sung, played, meant as an idiom or long past is told
apart by slots.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add, or_
from typing import Final

from bot.core.matching import Combination, Matcher, Reading, Test, Utterance, each, phrase_problems, refuse, sentences
from bot.core.scoring import SLOT, Lexicon, Scale, chances, found_in
from bot.core.state import Danger, Tier

TIERS: Final = tuple(Tier)
MINOR, ADULT = "minor", "adult"
AS_ANSWER: Final = "answer."
"""Before a tier: what a weight adds to it, or takes from it, where a text is an answer within a walk."""

OUTCOMES: Final = (*TIERS, MINOR, ADULT, *(AS_ANSWER + tier for tier in TIERS))
"""What a weight may speak for: tiers that compete, the first of them for no danger; two about the writer's age; and
the same tiers within a walk."""

BY_WORDS: Final = "words"
"""The name of the evidence for what no rule saw."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases that mean one thing. `hides`: other phrases within its words do not count."""

    means: str
    phrases: tuple[str, ...]
    hides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Combination):
    """Slots that, standing together, speak of one tier; of none, when they are known to be harmless."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rule that decided, BY_WORDS or MINOR, and the words that it went by, normalised. Never logged or kept."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """From which chance something is done where no rule fits.

    `ask`: some danger, likeliest to the writer's own life: the one question. `card`: the card of the likeliest kind.
    `imminent`: of its being about to happen; below that, the card for what is said plainly. `sentence`: some danger in
    one sentence of a long message, in which the others outweigh it. `answer`: as `card`, where few words within a walk
    may be about the writer's own life; below it comes the question. `minor`: under 16.
    """

    ask: float
    sentence: float
    card: float
    imminent: float
    answer: float
    minor: float


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """Everything that the guard knows in one language, but for single words.

    Raises ValueError with every problem, one a line.
    """

    slots: Mapping[str, Phrases]
    rules: Mapping[str, Rule]  # in order of precedence
    points: Points
    minor: Mapping[str, Combination] = field(default_factory=dict)  # any of them: under 16
    adult: tuple[str, ...] = ()  # slots that keep words alone from telling so
    fillers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rules that contradict themselves."""
        refuse(self._problems())

    def _problems(self) -> Iterator[str]:
        if not self.rules:
            yield "rules: there is none, and what is said plainly needs one"
        for name, point in asdict(self.points).items():
            if not 0 < point <= 1:
                yield f"points.{name}: is not above 0, and at most 1"
        yield from (f"adult: there is no slot {name!r}" for name in self.adult if name not in self.slots)
        for name, slot in self.slots.items():
            yield from phrase_problems(f"slots.{name}", slot.phrases, self.fillers)
        for name, rule in self.rules.items():
            yield from rule.problems(f"rules.{name}", self.slots)
        for name, combination in self.minor.items():
            if name in self.rules:
                yield f"minor.{name}: a rule has the same name"
            yield from combination.problems(f"minor.{name}", self.slots)


class Guard:
    """Reads messages for danger by one language's rules and words.

    An entry of `lexicon` that begins with SLOT is no word but a slot; SLOT alone is what every text has.
    """

    def __init__(self, rules: SafetyRules, lexicon: Lexicon) -> None:
        self._matcher = Matcher(
            {name: slot.phrases for name, slot in rules.slots.items()},
            hiding=[name for name, slot in rules.slots.items() if slot.hides],
            fillers=rules.fillers,
        )
        self._rules = [(name, rule.tier) for name, rule in rules.rules.items()]
        self._tests = self._matcher.tests(rules.rules.values())
        self._minor = [*rules.minor]
        self._minor_tests = self._matcher.tests(rules.minor.values())
        self._adult = self._matcher.mask(rules.adult)
        self._points = rules.points
        slots = {bit: lexicon.weights.get(SLOT + name, {}) for name, bit in self._matcher.bits.items()}
        self._scale = Scale(lexicon, lexicon.weights.get(SLOT, {}), slots)

    def read(self, said: Utterance, *, answers: bool = False) -> Danger:
        """Tell what any text says about danger. Takes time linear in its length; never raises.

        `answers`: it was typed within a walk in which no danger was seen, where a few words are most often an answer.
        Rules see the same in it, and what is about to happen counts as anywhere.
        """
        reading = self._matcher.find(said)
        scores = self._scale.weigh(reading.whole, said)
        rule = next(reading.holding(self._tests), None)
        tier = None if rule is None else self._rules[rule][1]
        if tier is None or tier in _RAISED:
            scored = self._scored(scores, said)[0]
            if answers and tier is None and scored is not Tier.IMMINENT and len(said.words) < _LONG:
                scored = self._weighed(_as_answer(scores), self._points.ask, self._points.answer)
            tier = scored if tier is None or scored in _RAISED[tier] else tier
        age_said = any(True for _ in reading.holding(self._minor_tests))
        minor = age_said or (not reading.whole & self._adult and self._is_minor(scores))
        return Danger(tier, minor, rule is not None, age_said) if minor or tier is not Tier.NONE else _NOTHING

    def explain(self, said: Utterance) -> tuple[Evidence, ...]:
        """Return what decided on the tier, unless there is no danger and no rule says so, and on the writer's age."""
        reading, danger = self._matcher.find(said), self.read(said)
        scores = self._scale.weigh(reading.whole, said)
        evidence = []
        rule = next(reading.holding(self._tests), None)
        if rule is not None and self._rules[rule][1] is danger.tier:
            evidence.append(Evidence(self._rules[rule][0], _fired(reading, self._tests[rule])))
        elif danger.tier is not Tier.NONE:
            evidence.append(self._told(BY_WORDS, self._scored(scores, said)[1], danger.tier))
        young = next(reading.holding(self._minor_tests), None)
        if young is not None:
            evidence.append(Evidence(self._minor[young], _fired(reading, self._minor_tests[young])))
        elif danger.minor:
            evidence.append(self._told(MINOR, said, MINOR))
        return tuple(evidence)

    def features(self, said: Utterance) -> tuple[str, ...]:
        """Return the slots that fire on a text: what weights are fitted on."""
        whole = self._matcher.find(said).whole
        return tuple(name for name, bit in self._matcher.bits.items() if whole & bit)

    def chances(self, said: Utterance) -> dict[Tier, float]:
        """Return what slots and words add up to, as chances of the tiers that add up to 1. Rules are not asked."""
        scores = self._scale.weigh(self._matcher.find(said).whole, said)
        return dict(zip(TIERS, chances(scores[: len(TIERS)]), strict=True))

    def words(self, said: Utterance, outcome: str) -> tuple[str, ...]:
        """Return what speaks for an outcome rather than for nothing, in words of the text, the strongest first."""
        nothing = Tier.NONE if outcome in TIERS else ADULT
        reading = self._matcher.find(said)
        weights: dict[str, float] = {}
        for entry in said.entries:
            words = found_in(said, entry)
            weight = self._scale.entry(entry, outcome) - self._scale.entry(entry, nothing)
            weights[words] = max(weight, weights.get(words, 0.0))
        for slots, start, end in reading.hits:
            for bit in each(slots):
                words = reading.words(start, end)
                weight = self._scale.feature(bit, outcome) - self._scale.feature(bit, nothing)
                weights[words] = max(weight, weights.get(words, 0.0))
        return tuple(sorted((word for word in weights if weights[word] > 0), key=lambda word: (-weights[word], word)))

    def _scored(self, scores: tuple[int, ...], said: Utterance) -> tuple[Tier, Utterance]:
        """Return the tier that words add up to, and where: in all that was said, or in one sentence of it."""
        tier = self._weighed(scores, self._points.ask, self._points.card)
        if tier is Tier.NONE and len(said.words) >= _LONG:
            for sentence in sentences(said):
                scores = self._scale.weigh(self._matcher.find(sentence).whole, sentence)
                tier = self._weighed(scores, self._points.sentence, self._points.card)
                if tier is not Tier.NONE:
                    return tier, sentence
        return tier, said

    def _weighed(self, scores: tuple[int, ...], ask: float, own: float) -> Tier:
        """Return the tier that slots and words add up to, if the chance of any danger is at least `ask`.

        What is likeliest to be about the writer's own life gets its card from `own` on.
        """
        nothing, *others = scores[: len(TIERS)]
        if nothing - max(others) > _FAR:
            return Tier.NONE
        none, *likely = chances(scores[: len(TIERS)])
        danger, points = 1 - none, self._points
        if danger < ask:
            return Tier.NONE
        tier = TIERS[1 + likely.index(max(likely))]
        if danger < (own if tier in _OWN_LIFE else points.card):
            return Tier.UNCLEAR if tier in _OWN_LIFE else Tier.NONE
        unclear, own, imminent = likely[: len(_OWN_LIFE)]
        if tier is Tier.UNCLEAR and own + imminent > unclear:
            return Tier.OWN
        return Tier.OWN if tier is Tier.IMMINENT and imminent < points.imminent else tier

    def _is_minor(self, scores: tuple[int, ...]) -> bool:
        age = scores[len(TIERS) : len(TIERS) + 2]
        return age[1] - age[0] <= _FAR and chances(age)[0] >= self._points.minor

    def _told(self, name: str, said: Utterance, outcome: str) -> Evidence:
        return Evidence(name, " ... ".join(self.words(said, outcome)[:_MOST_WORDS]))


_NOTHING: Final = Danger()
_OWN_LIFE: Final = TIERS[1:4]
"""A hint, said plainly, about to be done: what the one question is about."""

_RAISED: Final = {Tier.UNCLEAR: frozenset(TIERS[2:]), Tier.OWN: frozenset({Tier.IMMINENT})}
"""To what the score may raise what a rule says: a rule is never taken back."""

_FAR: Final = 500
"""Hundredths by which a score has to stand below another to be no match for it: less than one in a hundred."""

_MOST_WORDS: Final = 4

_LONG: Final = 25
"""Different words from which a message is long, so that a sentence may be outweighed in it."""


def _as_answer(scores: tuple[int, ...]) -> tuple[int, ...]:
    """Return the scores of the tiers within a walk."""
    return tuple(map(add, scores[: len(TIERS)], scores[-len(TIERS) :]))


def _fired(reading: Reading, test: Test) -> str:
    """Return the words that a rule fired on, in the order of the text."""
    mask = reduce(or_, test.needs)
    return " ... ".join(dict.fromkeys(reading.words(start, end) for slots, start, end in reading.hits if slots & mask))
