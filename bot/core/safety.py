"""What a message says about danger: who x what x when, in rules that a clinician can read.

Rules that hold here: the first rule that fits decides, so their order in `prompts/<language>/safety.yaml` is the
order of precedence; nothing is scored, weighed or remembered; a tier orders which help is shown first and is no
judgement of a person. Deterministic, linear in the length of the text, never raises on a text. Tiers follow
`copy_rules` of the evidence; what is quoted, sung, played, meant as an idiom or long past is told apart by slots.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from bot.core.matching import Combination, Matcher, Reading, Test, phrase_problems, refuse
from bot.core.model import Danger, Evidence, Tier


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
class SafetyRules:
    """Everything that the guard knows in one language. Raises ValueError with every problem, one a line."""

    slots: Mapping[str, Phrases]
    rules: Mapping[str, Rule]  # in order of precedence
    minor: Mapping[str, Combination] = field(default_factory=dict)  # any of them: under 16
    fillers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rules that contradict themselves."""
        refuse(self._problems())

    def _problems(self) -> Iterator[str]:
        for name, slot in self.slots.items():
            yield from phrase_problems(f"slots.{name}", slot.phrases, self.fillers)
        for name, rule in self.rules.items():
            yield from rule.problems(f"rules.{name}", self.slots)
        for name, combination in self.minor.items():
            if name in self.rules:
                yield f"minor.{name}: a rule has the same name"
            yield from combination.problems(f"minor.{name}", self.slots)


class Guard:
    """Reads messages for danger by one language's rules."""

    def __init__(self, rules: SafetyRules) -> None:
        self._matcher = Matcher(
            {name: slot.phrases for name, slot in rules.slots.items()},
            hiding=[name for name, slot in rules.slots.items() if slot.hides],
            fillers=rules.fillers,
        )
        self._rules = [(name, rule.tier) for name, rule in rules.rules.items()]
        self._tests = self._matcher.tests(rules.rules.values())
        self._minor = [*rules.minor]
        self._minor_tests = self._matcher.tests(rules.minor.values())

    def read(self, text: str) -> Danger:
        """Tell what any text says about danger, in which words. Takes time linear in its length; never raises."""
        reading = self._matcher.read(text)
        rule = next(reading.holding(self._tests), None)
        minor = next(reading.holding(self._minor_tests), None)
        if rule is None and minor is None:
            return _NOTHING
        tier = Tier.NONE
        evidence = []
        if rule is not None:
            name, tier = self._rules[rule]
            evidence.append(Evidence(name, _words(reading, self._tests[rule])))
        if minor is not None:
            evidence.append(Evidence(self._minor[minor], _words(reading, self._minor_tests[minor])))
        return Danger(tier, minor is not None, tuple(evidence))


_NOTHING = Danger()


def _words(reading: Reading, test: Test) -> str:
    """Return the words that a rule fired on, in the order of the text."""
    mask = reduce(or_, test.needs)
    return " ... ".join(dict.fromkeys(reading.words(start, end) for slots, start, end in reading.hits if slots & mask))
