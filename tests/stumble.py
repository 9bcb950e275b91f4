"""Guards for tests: what sees danger in no word, one that sees the same in any text, one that fails on a word."""

from typing import Final

from typing_extensions import override

from bot.core.matching import Utterance
from bot.core.safety import OUTCOMES, Guard, Phrases, Points, Rule, SafetyRules
from bot.core.scoring import Lexicon
from bot.core.state import Danger, Tier

SILENT: Final = SafetyRules(
    {"unsaid": Phrases("Nothing that anyone says.", ("qzxqzx",))},
    {"unsaid": Rule(tier=Tier.UNCLEAR, together=("unsaid",))},
    Points(0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
)
CALM: Final = Lexicon(OUTCOMES, {"@": {"none": 9.0, "adult": 9.0}})
"""What sees danger in no word, so that rules stand alone."""


class SeeingGuard(Guard):
    """Sees the same in any text."""

    def __init__(self, danger: Danger) -> None:
        super().__init__(SILENT, CALM)
        self._danger = danger

    @override
    def read(self, said: Utterance, *, answers: bool = False) -> Danger:
        return self._danger


class StumblingGuard(Guard):
    """Fails on every text that has a word, and shows the text to whoever logs the error."""

    def __init__(self, word: str) -> None:
        super().__init__(SILENT, CALM)
        self._word = word

    @override
    def read(self, said: Utterance, *, answers: bool = False) -> Danger:
        if self._word in said.words:
            raise ZeroDivisionError(said.normal)
        return super().read(said, answers=answers)
