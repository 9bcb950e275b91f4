"""What each step of the walk says and offers, and how an answer is read.

Rules that hold here: lines are named, never worded; a text is as good as a button at every step; help comes before
any question, so the first reply has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.core.gap import HIGH, gap, has_risen, walk_figure
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import (
    NO_RATING,
    Act,
    Action,
    Barrier,
    Button,
    CareFor,
    Change,
    Company,
    Condition,
    Content,
    Event,
    Feeling,
    Need,
    Reply,
    State,
    Step,
)
from bot.core.sequence import AFTER_CARD, HOLDS, WALKING, Under

Rows = tuple[tuple[Button, ...], ...]

_DID_IT = Button(Label.DID_IT, Action.NEXT)
_SKIP = Button(Label.SKIP, Action.SKIP)
_HARDER = Button(Label.HARDER, Action.HARDER)
_ANOTHER = Button(Label.SOMETHING_ELSE, Action.ANOTHER)
_PERSON = Button(Label.PERSON, Action.PERSON)
_STEADY_ME = Button(Label.STEADY_ME, Action.ANOTHER)
_GO_ON = Button(Label.GO_ON, Action.MORE)
_SHOW = Button(Label.SHOW, Action.SHOW)
_URGENT_HELP = Button(Label.URGENT_HELP, Action.CRISIS)
BEGIN: Final = Button(Label.BEGIN, Action.WALK)
REMEMBER: Final = Button(Label.REMEMBER, Action.REMEMBER)

_UPSET: Rows = (
    (Button(Label.UPSET_LITTLE, Action.RATE, 2), Button(Label.UPSET_STRONG, Action.RATE, 5)),
    (Button(Label.UPSET_VERY_STRONG, Action.RATE, 8), Button(Label.UPSET_TOO_MUCH, Action.RATE, 10)),
    (_SKIP,),
)
_PRACTICE: Rows = ((_DID_IT, _SKIP), (_HARDER,))

_OFFERS: Mapping[Step, Rows] = {
    Step.IDLE: ((BEGIN,),),
    Step.ASK: ((Button(Label.YES, Action.NEXT), Button(Label.ABOUT_ME, Action.OWN)), (_SKIP,)),
    Step.OWN: ((_STEADY_ME, Button(Label.KINDNESS, Action.NEXT)), (_PERSON,)),
    Step.WHOSE: ((Button(Label.MINE, Action.OWN), Button(Label.SOMEONE_ELSES, Action.NEXT)),),
    Step.ARRIVE: ((_DID_IT, _ANOTHER),),
    Step.EASE: _UPSET,
    Step.ANCHOR: ((_DID_IT, _ANOTHER),),
    Step.STAY: ((_ANOTHER, _PERSON), (_GO_ON, Button(Label.STOP, Action.STOP))),
    Step.NEEDS: (
        (Button(Label.NEED_FOOD, Action.NEXT), Button(Label.NEED_WARMTH, Action.NEXT)),
        (Button(Label.NEED_SLEEP, Action.NEXT), Button(Label.NEED_SOMEONE, Action.NEXT)),
        (_SKIP,),
    ),
    Step.RESONANCE: (
        (
            Button(Label.FEEL_SAD, Action.FEEL, Feeling.SAD),
            Button(Label.FEEL_HELPLESS, Action.FEEL, Feeling.HELPLESS),
            Button(Label.FEEL_GUILTY, Action.FEEL, Feeling.GUILTY),
        ),
        (
            Button(Label.FEEL_ANGRY, Action.FEEL, Feeling.ANGRY),
            Button(Label.FEEL_NUMB, Action.FEEL, Feeling.NUMB),
            Button(Label.FEEL_TIRED, Action.FEEL, Feeling.TIRED),
        ),
        (_SKIP,),
    ),
    Step.KIND: _PRACTICE,
    Step.WHO: (
        (
            Button(Label.FOR_THEM, Action.CARE_FOR, CareFor.THEM),
            Button(Label.FOR_LEFT_BEHIND, Action.CARE_FOR, CareFor.LEFT_BEHIND),
        ),
        (
            Button(Label.FOR_OTHERS, Action.CARE_FOR, CareFor.OTHERS_LIKE_THEM),
            Button(Label.FOR_MYSELF, Action.CARE_FOR, CareFor.MYSELF),
        ),
        (
            Button(Label.FOR_NOBODY, Action.CARE_FOR, CareFor.NOBODY_YET),
            Button(Label.SHORT, Action.SHORT),
        ),
    ),
    Step.APART: (
        (Button(Label.NEED_SAFETY, Action.NEED, Need.SAFETY), Button(Label.NEED_COMFORT, Action.NEED, Need.COMFORT)),
        (Button(Label.NEED_COMPANY, Action.NEED, Need.COMPANY), Button(Label.NEED_REST, Action.NEED, Need.REST)),
        (_SKIP, _HARDER),
    ),
    Step.WISH: _PRACTICE,
    Step.REACH: (
        (Button(Label.ACT_WRITE, Action.ACT, Act.WRITE), Button(Label.ACT_GIVE, Action.ACT, Act.GIVE)),
        (Button(Label.ACT_LEARN, Action.ACT, Act.LEARN), Button(Label.ACT_NOTHING, Action.ACT, Act.HOLD)),
        (_SKIP,),
    ),
    Step.TOGETHER: (
        (
            Button(Label.WITH_FRIEND, Action.WITH, Company.FRIEND),
            Button(Label.WITH_COLLEAGUE, Action.WITH, Company.COLLEAGUE),
        ),
        (Button(Label.WITH_NO_ONE, Action.WITH, Company.NO_ONE), _SKIP),
    ),
    Step.WE_CARE: _PRACTICE,
    Step.LOOK_BACK: _UPSET,
    Step.CARE: (
        (
            Button(Label.CARE_LESS, Action.CHANGE, Change.LESS),
            Button(Label.CARE_SAME, Action.CHANGE, Change.SAME),
            Button(Label.CARE_MORE, Action.CHANGE, Change.MORE),
        ),
        (_SKIP,),
    ),
    Step.DANGER_ASK: (
        (Button(Label.YES, Action.OWN), Button(Label.NO, Action.NEXT)),
        (Button(Label.NOT_SURE, Action.OWN), Button(Label.RATHER_NOT_SAY, Action.OWN)),
    ),
    Step.BARRIER: (
        (
            Button(Label.BARRIER_COST, Action.BARRIER, Barrier.COST),
            Button(Label.BARRIER_TRACED, Action.BARRIER, Barrier.TRACED),
        ),
        (
            Button(Label.BARRIER_SPEAKING, Action.BARRIER, Barrier.SPEAKING),
            Button(Label.BARRIER_BEFORE, Action.BARRIER, Barrier.BEFORE),
        ),
        (
            Button(Label.BARRIER_ENOUGH, Action.BARRIER, Barrier.ENOUGH),
            Button(Label.BARRIER_ELSE, Action.BARRIER, Barrier.ELSE),
        ),
        (Button(Label.BARRIER_NOTHING, Action.BARRIER, Barrier.NOTHING), _STEADY_ME),
        (Button(Label.NOT_MEANT, Action.NOT_MEANT),),
    ),
    Step.PLAN: (
        (Button(Label.PLAN_CALL, Action.NEXT), Button(Label.PLAN_TEXT, Action.NEXT)),
        (Button(Label.PLAN_SOMEONE, Action.NEXT), Button(Label.PLAN_NOT_NOW, Action.SKIP)),
    ),
}

_PLAN_YOUNG: Rows = (
    _OFFERS[Step.PLAN][0],
    (Button(Label.PLAN_ADULT, Action.NEXT), Button(Label.PLAN_NOT_NOW, Action.SKIP)),
)


def offer(state: State) -> Rows:
    """The buttons of this step, in rows."""
    if state.step is Step.HELD:
        return ((_STEADY_ME, _PERSON), *_ways_on(state))
    if state.step is Step.PLAN and state.minor:
        return _PLAN_YOUNG
    if state.step is Step.CLOSE and not HOLDS[Under.PLAIN](state):
        return ((Button(Label.MORE, Action.MORE),),)
    if walk_figure(state) is not None:
        return ((_SHOW,),)
    rows = _OFFERS.get(state.step, ())
    return (*rows, (_URGENT_HELP,)) if state.danger_asked and state.step in WALKING else rows


def _ways_on(state: State) -> Rows:
    """After a card the walk goes on only if the person asks."""
    match state.resume:
        case Step.CLOSE | Step.IDLE:
            return ()
        case Step.ARRIVE:
            return ((Button(Label.BEGIN, Action.MORE),),)
        case _:
            return ((_GO_ON,),)


# --- What is said ---------------------------------------------------------------------------------------------


_ANCHORS = (Line.ANCHOR_TOUCH, Line.ANCHOR_SIGHT, Line.ANCHOR_HANDS, Line.ANCHOR_SOUND)
_TENDER = ((Condition.WAS_THERE, "was_there"), (Condition.OWN_LOSS, "loss"), (Condition.NUMB, "numb"))
"""The conditions that lead away from the training, in the order in which they come first."""

FEELINGS: Mapping[Feeling, Label] = {
    Feeling.SAD: Label.FEEL_SAD,
    Feeling.HELPLESS: Label.FEEL_HELPLESS,
    Feeling.GUILTY: Label.FEEL_GUILTY,
    Feeling.ANGRY: Label.FEEL_ANGRY,
    Feeling.NUMB: Label.FEEL_NUMB,
    Feeling.TIRED: Label.FEEL_TIRED,
}
_WHO: Mapping[CareFor, Label] = {
    CareFor.THEM: Label.WHO_THEM,
    CareFor.LEFT_BEHIND: Label.WHO_LEFT_BEHIND,
    CareFor.OTHERS_LIKE_THEM: Label.WHO_OTHERS,
}
_MAY: Mapping[Need, Label] = {
    Need.SAFETY: Label.MAY_BE_SAFE,
    Need.COMFORT: Label.MAY_BE_COMFORTED,
    Need.COMPANY: Label.MAY_HAVE_COMPANY,
    Need.REST: Label.MAY_REST,
}
_THEN: Mapping[Act, Label] = {Act.WRITE: Label.THEN_WRITE, Act.GIVE: Label.THEN_GIVE, Act.LEARN: Label.THEN_LEARN}

_MAIN: Mapping[Step, Line] = {
    Step.IDLE: Line.BACK,
    Step.HELD: Line.HELD_HEARD,
    Step.ASK: Line.ASK,
    Step.OWN: Line.OWN,
    Step.WHOSE: Line.WHOSE,
    Step.STAY: Line.STAY,
    Step.RESONANCE: Line.RESONANCE,
    Step.KIND: Line.KIND,
    Step.WHO: Line.WHO,
    Step.APART: Line.APART,
    Step.WISH: Line.WISH,
    Step.REACH: Line.REACH,
    Step.TOGETHER: Line.TOGETHER,
    Step.WE_CARE: Line.WE_CARE,
    Step.LOOK_BACK: Line.LOOK_BACK,
    Step.CARE: Line.CARE,
    Step.DANGER_ASK: Line.DANGER_ASK,
    Step.BARRIER: Line.BARRIER_ASK,
    Step.PLAN: Line.PLAN_ASK,
}


def opening(state: State, *, told: bool = True) -> Reply:
    """The first reply: acknowledges, gives one steadying act, says once what the bot is. It asks nothing."""
    return _reply(state, (_arrival(state) if told else Line.ARRIVE_ASKED, _anchor(state), Line.ABOUT))


def again(state: State, before: Line | None = None) -> Reply:
    """The step once more, after something aside (`before`): a question from the person, an old button."""
    if before is None:
        return _reply(state, _lines(state))
    alone = state.step is Step.IDLE and before is not Line.STALE
    return _reply(state, (before,) if alone else (before, *_lines(state)))


def onward(before: State, event: Event, state: State, *, heard: bool = False) -> Reply:
    """What is said when `event` led from `before` to `state`. `heard`: a text came where a button was expected."""
    if state.step is Step.ARRIVE:
        return opening(state)
    if state.step in {Step.STAY, Step.HELD, Step.OWN}:
        return _reply(state, _staying(event, state))
    lead = _lead(before, event, state)
    if heard and not lead:
        lead = (Line.HEARD,)
    return _reply(state, (*lead, *_lines(state)))


def _reply(state: State, lines: tuple[Line, ...]) -> Reply:
    return Reply(lines, offer(state), _slots(state))


def _slots(state: State) -> Mapping[str, Label]:
    slots = {"who": _WHO.get(state.care_for, Label.WHO_EVERYONE), "need": _MAY.get(state.need, Label.MAY_HAVE_NEED)}
    if state.feeling in FEELINGS:
        slots["feeling"] = FEELINGS[state.feeling]
    if state.act in _THEN:
        slots["act"] = _THEN[state.act]
    return slots


def _tender(state: State) -> str | None:
    if state.asked:
        return None
    return next((name for condition, name in _TENDER if condition in state.conditions), None)


def _arrival(state: State) -> Line:
    if Condition.OVERWHELM in state.conditions:
        return Line.ARRIVE_OVERWHELM
    return Line(f"arrive.{_tender(state) or state.source}")


def _anchor(state: State) -> Line:
    return _ANCHORS[(state.walk + state.anchors) % len(_ANCHORS)]


def _lines(state: State) -> tuple[Line, ...]:
    match state.step:
        case Step.ARRIVE | Step.ANCHOR:
            return (_anchor(state),)
        case Step.EASE:
            return (Line.EASE if state.eases <= 1 else Line.EASE_AGAIN,)
        case Step.NEEDS:
            return (Line(f"needs.{_tender(state)}"),)
        case Step.TOGETHER if _tender(state) == "loss":
            return (Line.TOGETHER_LOSS,)
        case Step.CLOSE:
            return (_close(state), Line.BACK)
        case _:
            return (_MAIN[state.step],)


def _close(state: State) -> Line:
    tender = _tender(state)
    if tender is not None:
        return Line(f"close.{tender}")
    return Line.CLOSE_SHORT if state.short else Line(f"close.{gap(state)}")


_STAYING: Mapping[tuple[Step, Event], Line] = {
    (Step.STAY, Event.RISE): Line.STAY_RISE,
    (Step.STAY, Event.HARDER): Line.STAY_HARDER,
    (Step.STAY, Event.PERSON): Line.STAY_PERSON,
    (Step.HELD, Event.HARDER): Line.STAY_HARDER,
    (Step.HELD, Event.PERSON): Line.OWN_PERSON,
    (Step.HELD, Event.NEXT): Line.PLAN_HEARD,
    (Step.HELD, Event.SKIP): Line.PLAN_LATER,
    (Step.OWN, Event.PERSON): Line.OWN_PERSON,
}
"""What is said where the bot stays, by what led there."""


def _staying(event: Event, state: State) -> tuple[Line, ...]:
    if event is Event.ANOTHER and state.step is not Step.OWN:
        return (_anchor(state), Line.STAY_ANOTHER if state.step is Step.STAY else Line.HELD_ANOTHER)
    if event is Event.PERSON and state.minor:
        return (Line.PERSON_YOUNG,)
    return (_STAYING.get((state.step, event), Line.OWN if state.step is Step.OWN else Line.STAY),)


def _lead(before: State, event: Event, state: State) -> tuple[Line, ...]:
    if state.step is Step.ANCHOR:
        return {Event.HIGH: (Line.HIGH,), Event.HARDER: (Line.HARDER,)}.get(event, ())
    if event is not Event.NEXT or state.step is Step.CLOSE:
        return ()
    match before.step:
        case Step.RESONANCE if state.feeling is Feeling.UNSAID:
            return ()
        case Step.RESONANCE:
            return (Line.MIRROR if state.feeling in FEELINGS else Line.MIRROR_OWN,)
        case Step.REACH:
            return (Line.ACT if state.act in _THEN else Line.ACT_HOLD if state.act is Act.HOLD else Line.ACT_OWN,)
        case Step.TOGETHER if state.company is not Company.NO_ONE:
            return (Line.COMPANY,)
        case Step.TOGETHER:
            own = state.danger_asked and state.care_for is CareFor.MYSELF
            return (Line.TIP_NOBODY if own else Line.COMPANY_NO_ONE,)
        case _:
            return ()


def stay_with(state: State) -> Reply:
    """What answers a text where the bot stays and no answer is expected."""
    return _reply(state, (Line.STAY_HEARD if state.step is Step.STAY else Line.HELD_HEARD,))


# --- What is answered -----------------------------------------------------------------------------------------


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
    **{f"rate.{rating}": Answer(Action.RATE, rating) for rating in range(11)},
    **{label.value: Answer(Action.FEEL, feeling) for feeling, label in FEELINGS.items()},
    **{
        button.label.value: Answer(button.action, button.value)
        for step in (Step.WHO, Step.APART, Step.REACH, Step.TOGETHER, Step.CARE)
        for row in _OFFERS[step]
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
    "go_on": (dict.fromkeys((Step.STAY, *AFTER_CARD), Answer(Action.MORE)), Answer(Action.NEXT)),
    "not_sure": (
        {Step.BARRIER: Answer(Action.BARRIER, Barrier.UNSAID)},
        Answer(Action.SKIP),
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
    Action.RATE: frozenset({Step.EASE, Step.LOOK_BACK}),
    Action.FEEL: frozenset({Step.RESONANCE}),
    Action.CARE_FOR: frozenset({Step.WHO}),
    Action.NEED: frozenset({Step.APART}),
    Action.ACT: frozenset({Step.REACH}),
    Action.WITH: frozenset({Step.TOGETHER}),
    Action.CHANGE: frozenset({Step.CARE}),
    Action.BARRIER: frozenset({Step.BARRIER}),
}


def read(state: State, text: str, content: Content) -> Answer | None:
    """The answer that a text gives at this step, or None when it is no known one."""
    if state.step is Step.DANGER_ASK:
        return _to_the_question(text, content)
    words = plain(text)
    for row in offer(state):
        for button in row:
            if content.spoken[button.label] == words:
                return Answer(button.action, button.value)
    meaning = content.typed.get(words, "")
    asked = _after_danger(state, text, meaning, content)
    if asked is not None:
        return asked
    if state.step in _PLACES[Action.RATE]:
        rating = _number(words)
        if rating is not None:
            return Answer(Action.RATE, rating)
    if meaning in _BY_STEP:
        here, elsewhere = _BY_STEP[meaning]
        return here.get(state.step, elsewhere)
    answer = _MEANINGS.get(meaning)
    if answer is not None and state.step not in _PLACES.get(answer.action, {state.step}):
        return None
    return answer


def _after_danger(state: State, text: str, meaning: str, content: Content) -> Answer | None:
    """Read what was typed about a danger that was seen: by words in it, and not as a whole message."""
    answers = content.answers
    if state.step in AFTER_CARD and answers.is_mistaken(text):
        return Answer(Action.NOT_MEANT)
    barrier = answers.barrier(text)
    nobody = barrier is Barrier.NOBODY or (barrier is None and meaning == Label.WITH_NO_ONE)
    match state.step:
        case Step.WHOSE if answers.is_someone_elses(text):
            return Answer(Action.NEXT)
        case Step.BARRIER if nobody:
            return Answer(Action.BARRIER, Barrier.NOBODY)
        case Step.BARRIER if barrier is not None:
            return Answer(Action.BARRIER, barrier)
        case Step.PLAN if nobody or answers.is_no_plan(text):
            return Answer(Action.SKIP)
        case _:
            return None


def _to_the_question(text: str, content: Content) -> Answer:
    """Anything but a clear no is none: "ok", "go on"; and of what stops a walk, "bye" and "enough" can mean more."""
    words, stop = plain(text), content.spoken[Label.STOP]
    if stop in words.split() and (words == stop or content.typed.get(words) == "stop"):
        return Answer(Action.STOP)
    return Answer(Action.NEXT if content.answers.is_no(text) else Action.OWN)


def typed(state: State) -> Answer:
    """What any other text counts as, at a step of a walk."""
    return _TYPED.get(state.step, Answer(Action.NEXT))


def take(state: State, answer: Answer) -> tuple[State, Event] | None:
    """The state with the answer in it, and the event that it is. None where it cannot be given."""
    if state.step not in _PLACES.get(answer.action, {state.step}):
        return None
    if answer.action is Action.RATE:
        return _rated(state, answer.value)
    if answer.action in _KEPT_AS:
        name, kind = _KEPT_AS[answer.action]
        return replace(state, **{name: kind(answer.value)}), Event.NEXT
    if answer.action is Action.NEXT and state.step in _PLACES[Action.RATE]:  # "ok" is no rating
        return state, Event.SKIP
    if answer.action is Action.SKIP and state.step is Step.WHO:
        return replace(state, care_for=CareFor.NOBODY_YET), Event.SKIP
    event = _EVENTS.get(answer.action)
    return None if event is None else (state, event)


def _rated(state: State, rating: int) -> tuple[State, Event]:
    if state.step is Step.LOOK_BACK:
        state = replace(state, upset_after=rating)
        return state, Event.RISE if has_risen(state) else Event.NEXT
    before = rating if state.upset_before == NO_RATING else state.upset_before
    return replace(state, upset_before=before), Event.HIGH if rating >= HIGH else Event.NEXT


def _number(words: str) -> int | None:
    """A rating from 0 to 10 in "7", "7 of 10", "7 10" (the slash of "7/10" is gone) or "7 out of 10"."""
    for tail in (" out of 10", " of 10", " 10"):
        words = words.removesuffix(tail)
    return int(words) if words in _NUMBERS else None


_NUMBERS = frozenset(map(str, range(11)))
