"""How an answer is read: a button pressed, or the same in words.

Rules that hold here: a text is as good as a button at every step; what answers no step is no answer; a text that only
holds an answer counts as that answer where it denies nothing; nothing of its words is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.core.copies import replace
from bot.core.gap import HIGH, rated, rises
from bot.core.lines import Label
from bot.core.matching import Utterance
from bot.core.model import Action, Content
from bot.core.sequence import AFTER_CARD, WALKING, told
from bot.core.state import (
    NO_RATING,
    Act,
    Barrier,
    CareFor,
    Change,
    Company,
    Condition,
    Event,
    Feeling,
    Need,
    State,
    Step,
)
from bot.core.steps import FEELINGS, OFFERS, offer


@dataclass(frozen=True, slots=True)
class Answer:
    """A button pressed, or the same in words."""

    action: Action
    value: int = 0


_EVENTS: Mapping[Action, Event] = {
    Action.NEXT: Event.NEXT,
    Action.SKIP: Event.SKIP,
    Action.HARDER: Event.HARDER,
    Action.STOP: Event.STOP,
    Action.ANOTHER: Event.ANOTHER,
    Action.MORE: Event.MORE,
    Action.SHORT: Event.SHORT,
    Action.PERSON: Event.PERSON,
    Action.OWN: Event.OWN,
    Action.BARRIER: Event.NEXT,
    Action.NOT_MEANT: Event.MISTAKEN,
}

_MEANINGS: Mapping[str, Answer] = {
    "skip": Answer(Action.SKIP),
    "stop": Answer(Action.STOP),
    "harder": Answer(Action.HARDER),
    "another": Answer(Action.ANOTHER),
    "person": Answer(Action.PERSON),
    "more": Answer(Action.MORE),
    "short": Answer(Action.SHORT),
    "did_it": Answer(Action.NEXT),
    "at_work": Answer(Action.AT_WORK),
    Label.ACT_RESCUE.value: Answer(Action.ACT, Act.RESCUE),
    Label.ACT_REPORT.value: Answer(Action.ACT, Act.REPORT),
    **{f"rate.{rating}": Answer(Action.RATE, rating) for rating in range(11)},
    **{label.value: Answer(Action.FEEL, feeling) for feeling, label in FEELINGS.items()},
    **{
        button.label.value: Answer(button.action, button.value)
        for step in (Step.WHO, Step.APART, Step.REACH, Step.TOGETHER, Step.CARE)
        for row in OFFERS[step]
        for button in row
        if button.value
    },
}
"""What typed words mean at any step where they can be an answer."""

_BY_STEP: Mapping[str, tuple[Mapping[Step, Answer], Answer]] = {
    "yes": (
        {
            Step.WHOSE: Answer(Action.OWN),
            Step.BARRIER: Answer(Action.BARRIER, Barrier.UNSAID),
        },
        Answer(Action.NEXT),
    ),
    "no": (
        {
            Step.ASK: Answer(Action.OWN),
            Step.OWN: Answer(Action.STOP),
            Step.WHOSE: Answer(Action.NEXT),
            Step.BARRIER: Answer(Action.BARRIER, Barrier.NOTHING),
            Step.REACH: Answer(Action.ACT, Act.HOLD),
            Step.TOGETHER: Answer(Action.WITH, Company.NO_ONE),
        },
        Answer(Action.SKIP),
    ),
    "go_on": (dict.fromkeys((Step.STAY, Step.CLOSE, *AFTER_CARD), Answer(Action.MORE)), Answer(Action.NEXT)),
    "not_sure": (
        {
            Step.ASK: Answer(Action.NEXT),  # something steadying fits both
            Step.BARRIER: Answer(Action.BARRIER, Barrier.UNSAID),
        },
        Answer(Action.SKIP),
    ),
    Label.CARE_MORE.value: (
        {Step.LOOK_BACK: Answer(Action.HARDER), Step.CLOSE: Answer(Action.MORE)},
        Answer(Action.CHANGE, Change.MORE),
    ),
    Label.ACT_NOTHING.value: (
        {
            Step.RESONANCE: Answer(Action.SKIP),
            Step.WHO: Answer(Action.CARE_FOR, CareFor.NOBODY_YET),
            Step.TOGETHER: Answer(Action.WITH, Company.NO_ONE),
        },
        Answer(Action.ACT, Act.HOLD),
    ),
    Label.WITH_NO_ONE.value: (
        {Step.WHO: Answer(Action.CARE_FOR, CareFor.NOBODY_YET)},
        Answer(Action.WITH, Company.NO_ONE),
    ),
    "about_me": ({Step.WHO: Answer(Action.CARE_FOR, CareFor.MYSELF)}, Answer(Action.OWN)),
}
"""What typed words mean at some steps, and everywhere else."""

_TYPED: Mapping[Step, Answer] = {
    Step.EASE: Answer(Action.SKIP),
    Step.LOOK_BACK: Answer(Action.SKIP),
    Step.CARE: Answer(Action.SKIP),
    Step.RESONANCE: Answer(Action.FEEL, Feeling.OTHER),
    Step.WHO: Answer(Action.CARE_FOR, CareFor.THEM),
    Step.APART: Answer(Action.NEED, Need.OTHER),
    Step.REACH: Answer(Action.ACT, Act.OTHER),
    Step.TOGETHER: Answer(Action.WITH, Company.OTHER),
    Step.BARRIER: Answer(Action.BARRIER, Barrier.UNSAID),
    Step.WHOSE: Answer(Action.OWN),
    Step.DANGER_ASK: Answer(Action.OWN),  # anything but a clear no shows the card
}

_KEPT_AS: Mapping[Action, tuple[str, Callable[[int], Any]]] = {
    Action.FEEL: ("feeling", Feeling),
    Action.CARE_FOR: ("care_for", CareFor),
    Action.NEED: ("need", Need),
    Action.ACT: ("act", Act),
    Action.WITH: ("company", Company),
    Action.CHANGE: ("change", Change),
}
"""Where in the state an answer is kept."""

_PLACES: Mapping[Action, frozenset[Step]] = {
    Action.FEEL: frozenset({Step.RESONANCE}),
    Action.CARE_FOR: frozenset({Step.WHO}),
    Action.NEED: frozenset({Step.APART}),
    Action.ACT: frozenset({Step.REACH}),
    Action.WITH: frozenset({Step.TOGETHER}),
    Action.CHANGE: frozenset({Step.CARE}),
    Action.BARRIER: frozenset({Step.BARRIER}),
    Action.AT_WORK: frozenset({Step.ARRIVE, Step.ANCHOR, Step.EASE}),
}
_VALUES: Mapping[Action, tuple[int, ...]] = {
    Action.RATE: tuple(range(11)),
    Action.FEEL: tuple(Feeling),
    Action.CARE_FOR: tuple(CareFor),
    Action.NEED: tuple(Need),
    Action.ACT: tuple(Act),
    Action.WITH: tuple(Company),
    Action.CHANGE: tuple(Change),
    Action.BARRIER: tuple(Barrier),
}
"""What an answer can be. A button of a later version may hold more."""
_RATED: Final = frozenset({Step.EASE, Step.LOOK_BACK})
_ASKED: Final[Mapping[Step, Action]] = {
    Step.EASE: Action.RATE,
    Step.RESONANCE: Action.FEEL,
    Step.WHO: Action.CARE_FOR,
    Step.APART: Action.NEED,
    Step.REACH: Action.ACT,
    Step.TOGETHER: Action.WITH,
    Step.LOOK_BACK: Action.RATE,
    Step.CARE: Action.CHANGE,
}
"""What is looked for inside a text. Other answers are whole messages: "stop" or "next" in a paragraph is none."""
_ASKED_TOO: Final[Mapping[Step, Action]] = {Step.WHO: Action.SHORT}
"""The same, where a second thing is asked."""
_WHOLE: Final = frozenset({"yes", "no", "not_sure"})
"""Meanings that words have only as a whole message."""
_TOO_COMMON: Final = frozenset(
    {
        *("it", "person", "time", "care", "others", "down", "low", "much", "high", "share", "help"),
        *("a lot", "very", "little", "small", "big", "gone"),
    }
)
"""Answers that in a longer text mean anything."""
_LITTLE: Final[Mapping[Step, int]] = {Step.REACH: 1, Step.TOGETHER: 2}
"""So many words that are known, and that are no answer there, name no plan and nobody: "amen". A name is unknown."""
_TELLING: Mapping[Feeling, Condition] = {
    Feeling.GUILTY: Condition.GUILT,
    Feeling.HELPLESS: Condition.HELPLESS,
}
"""The conditions that an answer about a feeling enters. Numbness, and rage at who did it, are known by words only."""
_MOST_WORDS: Final = 15
"""In a text that is looked through for an answer."""
_MOST_IN_A_FEELING: Final = 4
"""Words in a text whose feeling is said back: "i feel so drained"."""
_LONGEST: Final = 5
"""Words of an answer within a text."""
_FRAME: Final = frozenset(
    {
        *("a", "about", "an", "around", "at", "be", "by", "close", "down", "guess", "guessing", "hmm", "i", "id", "im"),
        *("is", "it", "its", "just", "kind", "like", "maybe", "more", "now", "of", "or", "out", "perhaps", "probably"),
        *("right", "roughly", "say", "so", "sort", "still", "think", "to", "um", "up", "well", "would", "yeah", "yes"),
    }
)
"""The words of a guess."""
_DENIALS: Final = frozenset(
    {
        *("not", "no", "never", "nor", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "cant", "wont", "couldnt"),
        *("wouldnt", "shouldnt", "havent", "hasnt", "hadnt"),
    }
)
_ABSENT: Final = frozenset(["died", "dead", "gone", "left", "passed", "lost"])
"""Of someone so spoken of it is not said that they could know."""
_DENIED: Final[Mapping[Step, Answer]] = {
    Step.WHO: Answer(Action.CARE_FOR, CareFor.NOBODY_YET),
    Step.REACH: Answer(Action.ACT),
    Step.TOGETHER: Answer(Action.WITH),
}
"""What a text with a denial in it comes to: "not them", "i cant think of any", "i havent told my wife"."""


def read(state: State, said: Utterance, content: Content) -> Answer | None:
    """The answer that a text gives at this step, or None when it is no known one."""
    if state.step is Step.DANGER_ASK:
        return _to_the_question(said, content)
    words = said.plain
    pressed = _on_a_button(state, words, content)
    if pressed is not None:
        return pressed
    meaning = content.typed.get(words, "")
    asked = _after_danger(state, said, meaning, content)
    if asked is not None:
        return asked
    if meaning == Label.CARE_SAME and state.step in _RATED and rated(state.upset_now) is not None:
        return Answer(Action.RATE, state.upset_now)
    rating = _number(words)
    if rating is not None and (state.step in _RATED or (state.step in WALKING and rises(state, rating))):
        return Answer(Action.RATE, rating)
    answer = _meant(state, meaning)
    if answer is None and state.step in _ASKED:
        return _within(state, words.split(), content)
    return answer


def _meant(state: State, meaning: str) -> Answer | None:
    """The answer that a whole message of this meaning gives here."""
    if meaning in _BY_STEP:
        here, elsewhere = _BY_STEP[meaning]
        answer = here.get(state.step, elsewhere)
    else:
        found = _MEANINGS.get(meaning)
        if found is None:
            return None
        answer = found
    return answer if state.step in _PLACES.get(answer.action, {state.step}) else None


def _within(state: State, words: Sequence[str], content: Content) -> Answer | None:
    """The answer that a text holds among others: the longest, and of several the first; or that it says too little."""
    if len(words) > _MOST_WORDS:
        return None
    if _ASKED[state.step] is Action.RATE and (framed := _framed(words)) is not None:
        return framed
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            rest = {*words[:start], *words[start + length :]}
            answer = _choice(state, " ".join(words[start : start + length]), content)
            if answer is not None and (rest.isdisjoint(_denying(state)) or answer.action is Action.SHORT):
                return answer
    if not _denying(state).isdisjoint(words) and 2 * sum(map(content.knows, words)) > len(words):  # "no puedo ..."
        return _DENIED.get(state.step)
    says_little = 0 < len(words) <= _LITTLE.get(state.step, 0) and all(map(content.knows, words))
    return Answer(_ASKED[state.step]) if says_little else None


def _denying(state: State) -> frozenset[str]:
    return _DENIALS | _ABSENT if state.step is Step.TOGETHER else _DENIALS


def _framed(words: Sequence[str]) -> Answer | None:
    """The one number among words that only say that it is a guess: "id say its a 6 maybe", not "she was only 8"."""
    numbers = [word for word in words if word in _NUMBERS]
    framed = len(numbers) == 1 and _FRAME.issuperset({*words} - {*numbers})
    return Answer(Action.RATE, int(numbers[0])) if framed else None


def _choice(state: State, words: str, content: Content) -> Answer | None:
    """What these words choose among what this step asks for."""
    if _ASKED[state.step] is Action.RATE:  # "huge relief" and "the worst is over" are no 8 and no 10
        return _on_a_button(state, words, content)
    meaning = content.typed.get(words, "")
    plan = state.step is Step.REACH and meaning != Label.ACT_NOTHING  # "write to my landlord" is a plan of their own
    if plan or meaning in _WHOLE:
        return None
    answer = _on_a_button(state, words, content) or _meant(state, meaning)
    asked = {_ASKED[state.step], _ASKED_TOO.get(state.step)}
    return answer if answer is not None and answer.action in asked and words not in _TOO_COMMON else None


def _on_a_button(state: State, words: str, content: Content) -> Answer | None:
    """The answer of the button that says just this."""
    buttons = (button for row in offer(state) for button in row if content.spoken[button.label] == words)
    return next((Answer(button.action, button.value) for button in buttons), None)


def _after_danger(state: State, said: Utterance, meaning: str, content: Content) -> Answer | None:
    """Read what was typed about a danger that was seen: by words in it, and not as a whole message."""
    answers = content.answers
    if state.step in AFTER_CARD and answers.is_mistaken(said):
        return Answer(Action.NOT_MEANT)
    if state.step is Step.WHOSE and answers.is_someone_elses(said):
        return Answer(Action.NEXT)
    if state.step not in {Step.BARRIER, Step.PLAN}:
        return None
    barrier = answers.barrier(said)
    if barrier is None and meaning == Label.WITH_NO_ONE:
        barrier = Barrier.NOBODY
    if state.step is Step.BARRIER:
        return None if barrier is None else Answer(Action.BARRIER, barrier)
    return Answer(Action.SKIP) if barrier is Barrier.NOBODY or answers.is_no_plan(said) else None


def _to_the_question(said: Utterance, content: Content) -> Answer:
    """Anything but a clear no is none: "ok", "go on"; and of what stops a walk, "bye" and "enough" can mean more."""
    words, stop = said.plain, content.spoken[Label.STOP]
    if stop in words.split() and (words == stop or content.typed.get(words) == "stop"):
        return Answer(Action.STOP)
    return Answer(Action.NEXT if content.answers.is_no(said) else Action.OWN)


def mirrored(said: Utterance, content: Content) -> str:
    """The person's own word for a feeling, with a capital, where it is one that may be said back. Else ""."""
    words = said.plain.split()
    pairs = (" ".join(words[start : start + length]) for length in (2, 1) for start in range(len(words)))
    fit = next((word for word in pairs if word in content.mirrored), "") if len(words) <= _MOST_IN_A_FEELING else ""
    return fit.capitalize() if _DENIALS.isdisjoint(words) else ""


def typed(state: State) -> Answer:
    """What any other text counts as, at a step of a walk."""
    return _TYPED.get(state.step, Answer(Action.NEXT))


def take(state: State, answer: Answer) -> tuple[State, Event] | None:
    """The state with the answer in it, and the event that it is. None where it cannot be given."""
    if state.step not in _PLACES.get(answer.action, {state.step}):
        return None
    if answer.value not in _VALUES.get(answer.action, (answer.value,)):
        return None
    if answer.action is Action.RATE:
        return _rated(state, answer.value)
    if answer.action is Action.AT_WORK:
        return told(state, Condition.AT_WORK), Event.NEXT
    if answer.action in _KEPT_AS:
        name, kind = _KEPT_AS[answer.action]
        state = replace(state, **{name: kind(answer.value)})
        telling = answer.action is Action.FEEL and state.feeling in _TELLING
        return told(state, _TELLING[state.feeling]) if telling else state, Event.NEXT
    if answer.action is Action.NEXT and state.step in _RATED:  # "ok" is no rating
        return state, Event.SKIP
    if answer.action in {Action.NEXT, Action.SKIP} and state.step is Step.WHO:  # nobody is turned to unnamed
        return replace(state, care_for=CareFor.NOBODY_YET), Event.SKIP
    if answer.action is Action.HARDER and state.step is Step.LOOK_BACK:  # "worse" is what was asked there
        return state, Event.RISE
    event = _EVENTS.get(answer.action)
    return None if event is None else (state, event)


def _rated(state: State, rating: int) -> tuple[State, Event] | None:
    before = rating if state.upset_before == NO_RATING else state.upset_before
    rated_now = replace(state, upset_now=rating)
    if state.step is Step.EASE:
        return replace(rated_now, upset_before=before), Event.HIGH if rating >= HIGH else Event.NEXT
    rose = rises(state, rating)
    if state.step is Step.LOOK_BACK:
        rose &= state.upset_now != NO_RATING  # a first number is no rise where it was asked for
        return replace(rated_now, upset_after=rating, rose=state.rose or rose), Event.RISE if rose else Event.NEXT
    return (replace(rated_now, rose=True), Event.HIGH) if rose and state.step in WALKING else None


def _number(words: str) -> int | None:
    """A rating from 0 to 10 in "7", "7 of 10", "7 10" (the slash of "7/10" is gone) or "7 out of 10"."""
    for tail in (" out of 10", " of 10", " 10"):
        words = words.removesuffix(tail)
    return int(words) if words in _NUMBERS else None


_NUMBERS = frozenset(map(str, range(11)))
