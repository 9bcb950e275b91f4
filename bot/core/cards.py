"""What is said once danger was seen, and how what comes back is read.

Rules that hold here: a card is three messages at most, help before any question; plan, means and time of a danger are
never asked for; none of what is typed here is kept. Only words that are known from end to end are a clear no, since
a miss costs most here. No clinician has signed off the cards yet.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Final

from bot.core.copies import replace
from bot.core.lines import Label, Line
from bot.core.matching import Matcher, Utterance, forget_parts, plain
from bot.core.model import Content, Held, Incoming, Lane, Reply
from bot.core.sequence import AFTER_CARD
from bot.core.state import Barrier, State, Step, Tier
from bot.core.steps import offer

NO: Final = ("no", "beside_no")
TAKEN_BACK: Final = "taken_back"
WHY: Final = "why"
WHOLE: Final = ("barrier.nothing", "plan.later", WHY)
MISTAKEN: Final = "mistaken"
FOUND: Final = (
    *("for_a_friend", "someone_elses"),
    *("barrier.speaking", "barrier.traced", "barrier.cost", "barrier.before", "barrier.enough", "barrier.nobody"),
    *("help_came", "close_by"),
)
ANSWERS: Final = (*NO, MISTAKEN, TAKEN_BACK, *WHOLE, *FOUND)
"""What prompts/ has words for. Those of NO and MISTAKEN are parts of an answer, those of TAKEN_BACK all of a clause,
those of WHOLE all of an answer ("nothing helps" is not "nothing"), and those of FOUND stand anywhere in a text. Of
several barriers the first here is answered.
"""

ASKING: Final = frozenset({Tier.OWN, Tier.IMMINENT, Tier.FRIEND, Tier.ABUSE, Tier.PSYCHOSIS, Tier.EATING})
"""After these cards comes what might get in the way. After the others only the emergency counts."""

ENDING: Final = frozenset({Tier.THREAT, Tier.PSYCHOSIS, Tier.EATING})
"""After these cards the walk that was under way is not offered any more: it could do harm."""

_CARDS: Final[Mapping[Tier, Line]] = {
    tier: Line(f"card.{tier}") for tier in Tier if tier not in {Tier.NONE, Tier.UNCLEAR}
}
_YOUNG: Final = {
    Line.CARD_OWN: Line.CARD_OWN_YOUNG,
    Line.CARD_ASKED: Line.CARD_OWN_YOUNG,
    Line.CARD_MINE: Line.CARD_MINE_YOUNG,
    Line.CARD_FRIEND: Line.CARD_FRIEND_YOUNG,
    Line.CARD_FORWARDED: Line.CARD_FRIEND_YOUNG,
    Line.CARD_ABUSE: Line.CARD_ABUSE_YOUNG,
    Line.CARD_PSYCHOSIS: Line.CARD_PSYCHOSIS_YOUNG,
    Line.CARD_EATING: Line.CARD_EATING_YOUNG,
}
_OWN: Final = frozenset({Line.CARD_OWN, Line.CARD_ASKED, Line.CARD_OWN_YOUNG, Line.CARD_IMMINENT})
EMERGENCIES: Final = frozenset({Tier.IMMINENT, Tier.SOMEONE, Tier.MEDICAL, Tier.THREAT})
"""While one of these cards stands, the emergency number comes before all that is no answer, and no walk is offered."""

_TIERS: Final = {
    **{line: tier for tier, line in _CARDS.items()},
    **{young: tier for tier, line in _CARDS.items() if (young := _YOUNG.get(line)) is not None},
    Line.CARD_ASKED: Tier.OWN,
    Line.CARD_FORWARDED: Tier.FRIEND,
}
_NOW: Final = frozenset(
    {Line.CARD_AGAIN_NOW, Line.CARD_AGAIN_NOW_YOUNG, *(line for line, tier in _TIERS.items() if tier in EMERGENCIES)}
)
_MISTAKEN: Final = frozenset({Line.DANGER_NO, Line.DANGER_NO_NOW})
_OF_A_CARD: Final = frozenset({*_TIERS, *_NOW, *_MISTAKEN})
_PAUSES: Final = frozenset('.!,"')  # a question mark counts: "no?" is no clear no
_CLAUSE_END: Final = re.compile(r"[.!?,;:\n]+")
_MOST_WORDS_OF_A_NO: Final = 40


# --- What is said -----------------------------------------------------------------------------------------------


def card(line: Line, state: State) -> tuple[Reply, ...]:
    """Three messages: what fits this danger, where help is, and that the bot stays, with what is asked at this step."""
    first = _YOUNG.get(line, line) if state.minor else line
    stays = Line.CARD_MINOR if state.minor else Line.CARD_STAY
    last = (stays, Line.BARRIER_ASK) if state.step is Step.BARRIER else (stays,)
    return urgent(Reply((first,)), where_help_is(), Reply(last, offer(state)))


def card_of(tier: Tier, state: State) -> tuple[Reply, ...]:
    """The card for what was read in a text."""
    return card(_CARDS[tier], state)


def once_more(state: State) -> tuple[Reply, ...]:
    """Danger of a kind whose card stands already: a few words, and never the same card once more."""
    return urgent(Reply((Line.CARD_AGAIN,), offer(state)))


def emergency_first(state: State, *before: Line) -> tuple[Reply, ...]:
    """What answers anything else while a card for an emergency stands, after something aside (`before`)."""
    line = Line.CARD_AGAIN_NOW_YOUNG if state.minor else Line.CARD_AGAIN_NOW
    return urgent(Reply((*before, line), offer(state)))


def was_shown(tier: Tier, said: Mapping[Line, int]) -> bool:
    """Whether this card was shown, or a graver one of its kind."""
    line = _CARDS[tier]
    same = _OWN if tier is Tier.OWN else {line, _YOUNG.get(line, line)}
    return not same.isdisjoint(said)


def standing(held: Held) -> Tier | None:
    """What the card is about that stands, where it is known: by what was said last, and so in memory alone."""
    return _TIERS.get(last) if (last := _last_of_a_card(held)) is not None else None


def stands(held: Held) -> bool:
    """Whether a card stands that nobody has taken for a mistake."""
    return held.state.step in AFTER_CARD and not was_mistaken(held)


def was_mistaken(held: Held) -> bool:
    """Whether the last card was not what was meant."""
    return _last_of_a_card(held) in _MISTAKEN


def in_emergency(held: Held) -> bool:
    """Whether the card that stands is for an emergency."""
    return _last_of_a_card(held) in _NOW


def _last_of_a_card(held: Held) -> Line | None:
    if held.state.step not in AFTER_CARD:
        return None
    return next((line for line in reversed(tuple(held.said)) if line in _OF_A_CARD), None)


def where_help_is() -> Reply:
    """The second message of every card."""
    return Reply((Line.CARD_LINES,), lane=Lane.DANGER)


def failed() -> tuple[Reply, ...]:
    """A general card, for a message that could not be read. It rests on nothing that could fail in its turn."""
    return urgent(Reply((Line.CARD_FAILED,)), where_help_is(), Reply((Line.CARD_STAY,)))


def tip(barrier: Barrier, state: State) -> Reply:
    """What fits what is in the way, and then who, when, how."""
    return Reply((Line(f"tip.{barrier.name.lower()}"), Line.PLAN_ASK), offer(state), lane=Lane.DANGER)


def urgent(*replies: Reply) -> tuple[Reply, ...]:
    """The same, before all else on its way out."""
    return tuple(replace(reply, lane=Lane.DANGER) for reply in replies)


# --- What comes back ----------------------------------------------------------------------------------------------


class Answers:
    """Reads, by one language's words, what is typed after danger was seen. Takes time linear in a text's length.

    The words are made ready when they are first asked for (some hundredths of a second): most starts see no danger.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self._phrases = phrases

    @cached_property
    def _pieces(self) -> Matcher:
        return self._matcher(*NO, MISTAKEN)

    @cached_property
    def _whole(self) -> Matcher:
        return self._matcher(*WHOLE, TAKEN_BACK)

    @cached_property
    def _found(self) -> Matcher:
        return self._matcher(*FOUND)

    def _matcher(self, *names: str) -> Matcher:
        matcher = Matcher({name: self._phrases[name] for name in names})
        forget_parts()
        return matcher

    def is_no(self, said: Utterance) -> bool:
        """Whether a text is a no, and nothing else but what may stand beside one ("wtf no, i am ok")."""
        no, beside, _ = self._pieces.bits.values()
        return self._is_made_of(said, no, no | beside)

    def is_mistaken(self, said: Utterance) -> bool:
        """Whether it says that the words before were not meant so, and nothing else that is not known."""
        no, beside, mistaken = self._pieces.bits.values()
        return self._is_made_of(said, mistaken, no | beside | mistaken)

    def is_no_plan(self, said: Utterance) -> bool:
        """Whether it is all of an answer that names nobody."""
        return self._is_whole(said.plain, "plan.later")

    def _is_made_of(self, said: Utterance, wanted: int, known: int) -> bool:
        words = [word for word in said.normal.split() if word not in _PAUSES]
        if len(words) > _MOST_WORDS_OF_A_NO:
            return False
        text = f" {' '.join(words)} "
        reached = {0: False}  # so much is known from end to end -> whether what is wanted is among it
        for piece, start, end in sorted(self._pieces.hits(text)[0], key=itemgetter(1)):
            if start in reached and piece & known:
                reached[end] = reached.get(end, False) or reached[start] or bool(piece & wanted)
        return reached.get(len(text) - 1, False)

    def _is_whole(self, words: str, name: str) -> bool:
        hits, _ = self._whole.hits(f" {words} ")
        bit = self._whole.bits[name]
        return any(hit & bit and not start and end == len(words) + 1 for hit, start, end in hits)

    def takes_back(self, text: str) -> bool:
        """Whether all of it, or a clause, takes an answer back ("i lied. it is bad"). A raw text has its clauses."""
        return any(self._is_whole(plain(clause), TAKEN_BACK) for clause in {text, *_CLAUSE_END.split(text)})

    def asks_why(self, said: Utterance) -> bool:
        """Whether it asks why that was asked, and nothing else."""
        return self._is_whole(said.plain, WHY)

    def is_helped(self, said: Utterance) -> bool:
        """Whether it says that help is there, or on its way."""
        return self._says("help_came", said)

    def is_close_by(self, said: Utterance) -> bool:
        """Whether it says that whom they fear is close by."""
        return self._says("close_by", said)

    def is_for_a_friend(self, said: Utterance) -> bool:
        """Whether it says that it asks for a friend."""
        return self._says("for_a_friend", said)

    def is_someone_elses(self, said: Utterance) -> bool:
        """Whether it says that forwarded words are another's."""
        return self._says("someone_elses", said)

    def barrier(self, said: Utterance) -> Barrier | None:
        """What is said to be in the way, if it is known."""
        if self._is_whole(said.plain, "barrier.nothing"):
            return Barrier.NOTHING
        found = self._found.find(said).whole
        names = (name for name, bit in self._found.bits.items() if found & bit and name.startswith("barrier."))
        name = next(names, None)
        return None if name is None else Barrier[name.removeprefix("barrier.").upper()]

    def _says(self, name: str, said: Utterance) -> bool:
        return bool(self._found.find(said).whole & self._found.bits[name])


def says_stop(incoming: Incoming, content: Content) -> bool:
    """Whether a clause of it is a wish to stop, whatever else it says."""
    if incoming.command == "stop":
        return True
    clauses = [plain(clause) for text in incoming.texts for clause in _CLAUSE_END.split(text)]
    words = content.spoken[Label.STOP]
    return any(content.typed.get(clause) == "stop" or clause.split(" ")[0] == words for clause in clauses)
