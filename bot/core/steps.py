"""What each step of the walk says and offers.

Rules that hold here: lines are named, never worded; what fits best is said, and the order in which it is looked for is
that of the conditions; help comes before any question, so the first reply has none.
"""

from collections.abc import Callable, Mapping
from typing import Final

from bot.core.copies import replace
from bot.core.gap import gap, walk_figure
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Reply
from bot.core.sequence import HOLDS, WALKING, Under
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
    Source,
    State,
    Step,
)

Rows = tuple[tuple[Button, ...], ...]

_DID_IT = Button(Label.DID_IT, Action.NEXT)
_SKIP = Button(Label.SKIP, Action.SKIP)
_HARDER = Button(Label.HARDER, Action.HARDER)
_ANOTHER = Button(Label.SOMETHING_ELSE, Action.ANOTHER)
_PERSON = Button(Label.PERSON, Action.PERSON)
_STEADY_ME = Button(Label.STEADY_ME, Action.ANOTHER)
_GO_ON = Button(Label.GO_ON, Action.MORE)
_SHOW = Button(Label.SHOW, Action.SHOW)
_SHORT = Button(Label.SHORT, Action.SHORT)
URGENT_HELP: Final = Button(Label.URGENT_HELP, Action.CRISIS)
BEGIN: Final = Button(Label.BEGIN, Action.WALK)
NUDGE_SETTINGS: Final = Button(Label.NUDGE_SETTINGS, Action.NUDGE_PANEL)

_UPSET: Rows = (
    (Button(Label.UPSET_LITTLE, Action.RATE, 2), Button(Label.UPSET_STRONG, Action.RATE, 5)),
    (Button(Label.UPSET_VERY_STRONG, Action.RATE, 8), Button(Label.UPSET_TOO_MUCH, Action.RATE, 10)),
    (_SKIP,),
)
_PRACTICE: Rows = ((_DID_IT, _SKIP), (_HARDER,))

OFFERS: Final[Mapping[Step, Rows]] = {
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
    Step.VALUE: (
        (Button(Label.VALUE_FAIRNESS, Action.NEXT), Button(Label.VALUE_SAFETY, Action.NEXT)),
        (Button(Label.VALUE_RESPECT, Action.NEXT), Button(Label.VALUE_LIFE, Action.NEXT)),
        (_SKIP, _HARDER),
    ),
    Step.MINE: _PRACTICE,
    Step.NEXT_TASK: ((_DID_IT, _SKIP),),
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
        (Button(Label.FOR_NOBODY, Action.CARE_FOR, CareFor.NOBODY_YET), _SHORT),
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

_SHORT_FIRST: Rows = ((_SHORT,), *OFFERS[Step.WHO][:-1], (OFFERS[Step.WHO][-1][0],))
_FOR_AN_ANIMAL: Rows = (
    (Button(Label.ACT_RESCUE, Action.ACT, Act.RESCUE), Button(Label.ACT_REPORT, Action.ACT, Act.REPORT)),
    *OFFERS[Step.REACH][1:],
)
_AT_WORK = Button(Label.AT_WORK, Action.AT_WORK)
_PLAN_YOUNG: Rows = (
    OFFERS[Step.PLAN][0],
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
    rows = _fitting_offer(state)
    return (*rows, (URGENT_HELP,)) if state.danger_asked and state.step in WALKING else rows


def _fitting_offer(state: State) -> Rows:
    match state.step:
        case Step.EASE if state.source is Source.WORK and HOLDS[Under.PLAIN](state):
            return (*OFFERS[Step.EASE], (_AT_WORK,))
        case Step.WHO if state.again:
            return _SHORT_FIRST
        case Step.REACH if _can_be_helped(state):
            return _FOR_AN_ANIMAL
        case step:
            return OFFERS.get(step, ())


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
_UNFIT = {Condition.HEARD: Line.ANCHOR_SOUND, Condition.OUTRAGE: Line.ANCHOR_HANDS}
"""A sound that comes back is not listened for, and clenched hands do not cool."""
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
_THEN: Mapping[Act, Label] = {
    Act.WRITE: Label.THEN_WRITE,
    Act.GIVE: Label.THEN_GIVE,
    Act.LEARN: Label.THEN_LEARN,
    Act.RESCUE: Label.THEN_RESCUE,
    Act.REPORT: Label.THEN_REPORT,
}

_MAIN: Mapping[Step, Line] = {
    Step.IDLE: Line.BACK,
    Step.HELD: Line.HELD_HEARD,
    Step.ASK: Line.ASK,
    Step.OWN: Line.OWN,
    Step.WHOSE: Line.WHOSE,
    Step.STAY: Line.STAY,
    Step.VALUE: Line.VALUE,
    Step.MINE: Line.MINE,
    Step.NEXT_TASK: Line.NEXT_TASK,
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


def _can_be_helped(state: State) -> bool:
    """Whether it is an animal, and not known to be dead."""
    return state.source is Source.ANIMAL and not state.conditions & (Condition.OWN_LOSS | Condition.DIED)


_FITTING: Mapping[Step, tuple[tuple[Callable[[State], bool], Line], ...]] = {
    Step.ARRIVE: (
        (HOLDS[Under.OVERWHELMED], Line.ARRIVE_OVERWHELM),
        (HOLDS[Under.THERE], Line.ARRIVE_WAS_THERE),
        (HOLDS[Under.BEREAVED], Line.ARRIVE_LOSS),
        (HOLDS[Under.NUMB], Line.ARRIVE_NUMB),
        (HOLDS[Under.AT_WORK], Line.ARRIVE_AT_WORK),
        (HOLDS[Under.GUILTY], Line.ARRIVE_GUILT),
        (lambda s: Condition.OWN_PEOPLE in s.conditions, Line.ARRIVE_OWN_PEOPLE),
        (HOLDS[Under.OUTRAGED], Line.ARRIVE_OUTRAGE),
        (lambda s: s.source is Source.WORK and Condition.DIED in s.conditions, Line.ARRIVE_WORK_DIED),
    ),
    Step.RESONANCE: ((lambda s: s.source is Source.PLANET, Line.RESONANCE_PLANET),),
    Step.KIND: ((HOLDS[Under.GUILTY], Line.KIND_GUILT),),
    Step.WHO: ((lambda s: s.again, Line.WHO_AGAIN), (HOLDS[Under.OUTRAGED], Line.WHO_OUTRAGE)),
    Step.APART: ((lambda s: s.source is Source.PLANET, Line.APART_PLANET),),
    Step.WISH: ((HOLDS[Under.FOR_THE_DEAD], Line.WISH_DIED),),
    Step.REACH: (
        (HOLDS[Under.OUTRAGED], Line.REACH_OUTRAGE),
        (HOLDS[Under.HELPLESS], Line.REACH_HELPLESS),
        (_can_be_helped, Line.REACH_ANIMAL),
    ),
    Step.TOGETHER: (
        (HOLDS[Under.GUILTY], Line.TOGETHER_GUILT),  # in grief too: that blame is common is said nowhere else
        (HOLDS[Under.BEREAVED], Line.TOGETHER_LOSS),
        (lambda s: s.source is Source.WORK, Line.TOGETHER_WORK),
    ),
    Step.WE_CARE: (
        (lambda s: s.source is Source.WORK, Line.WE_CARE_WORK),
        (lambda s: s.source is Source.NEWS and Condition.OWN_PEOPLE not in s.conditions, Line.WE_CARE_NEWS),
    ),
}
"""Words of its own for a condition or a source, where it matters: the first that fits."""


def opening(state: State, *, told: bool = True) -> Reply:
    """The first reply: acknowledges, gives one steadying act, says once what the bot is. It asks nothing."""
    return _reply(state, (_arrival(state) if told else Line.ARRIVE_ASKED, _anchor(state), Line.ABOUT))


def again(state: State, before: Line | None = None) -> Reply:
    """The step once more, after something aside (`before`): a question from the person, an old button."""
    if before is None:
        return _reply(state, _lines(state))
    alone = state.step is Step.IDLE and before is not Line.STALE
    return _reply(state, (before,) if alone else (before, *_lines(state)))


def onward(before: State, event: Event, state: State, *, heard: bool = False, word: str = "") -> Reply:
    """What is said when `event` led from `before` to `state`.

    `heard`: a text came where a button was expected. `word`: the person's own for what they feel, fit to be mirrored.
    """
    if state.step is Step.ARRIVE:
        return opening(state)
    if state.step in {Step.STAY, Step.HELD, Step.OWN}:
        return _reply(state, _staying(event, state))
    lead = _lead(before, event, state, word)
    if heard and not lead:
        lead = (Line.HEARD,)
    reply = _reply(state, (*lead, *_lines(state)))
    return replace(reply, slots={**reply.slots, "feeling": word}) if word else reply


def _reply(state: State, lines: tuple[Line, ...]) -> Reply:
    return Reply(lines, offer(state), _slots(state))


def _slots(state: State) -> Mapping[str, Label | str]:
    slots: dict[str, Label | str] = {
        "who": _WHO.get(state.care_for, Label.WHO_EVERYONE),
        "need": _MAY.get(state.need, Label.MAY_HAVE_NEED),
    }
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
    return _fitting(replace(state, step=Step.ARRIVE)) or Line(f"arrive.{state.source}")


def _fitting(state: State) -> Line | None:
    return next((line for fits, line in _FITTING.get(state.step, ()) if fits(state)), None)


def _anchor(state: State) -> Line:
    unfit = {line for condition, line in _UNFIT.items() if condition in state.conditions}
    anchors = [line for line in _ANCHORS if line not in unfit]
    number = state.walk // len(_ANCHORS) + state.anchors  # the rest of that division chooses the wording
    return anchors[number % len(anchors)]


def _lines(state: State) -> tuple[Line, ...]:
    match state.step:
        case Step.ARRIVE | Step.ANCHOR:
            return (_anchor(state),)
        case Step.ASK:  # help comes before a question
            return (_anchor(state), Line.ASK)
        case Step.EASE:
            first = state.eases <= 1 and state.upset_now == NO_RATING
            return (Line.EASE if first else Line.EASE_AGAIN,)
        case Step.NEEDS:
            return (Line(f"needs.{_tender(state)}"),)
        case Step.CLOSE:
            return (_close(state), Line.BACK)
        case _:
            return (_fitting(state) or _MAIN[state.step],)


def _close(state: State) -> Line:
    tender = _tender(state)
    if tender is not None:
        return Line(f"close.{tender}")
    if HOLDS[Under.AT_WORK](state):
        return Line.CLOSE_AT_WORK
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


def _lead(before: State, event: Event, state: State, word: str) -> tuple[Line, ...]:
    if state.step is Step.ANCHOR:
        return {Event.HIGH: (Line.HIGH,), Event.HARDER: (Line.HARDER,)}.get(event, ())
    if event is not Event.NEXT or (state.step is Step.CLOSE and before.step is not Step.REACH):
        return ()
    match before.step:
        case Step.VALUE:
            return (Line.VALUE_HEARD,)
        case Step.RESONANCE if state.feeling not in {Feeling.UNSAID, Feeling.GUILTY}:  # "Guilty" back is a verdict
            return (Line.MIRROR if word or state.feeling in FEELINGS else Line.MIRROR_OWN,)
        case Step.REACH if state.act is not Act.UNSAID:
            return (_ACTS.get(state.act, Line.ACT_OWN),)
        case Step.TOGETHER if state.company is not Company.UNSAID:
            return (_company(state),)
        case _:
            return ()


_ACTS: Mapping[Act, Line] = {
    **dict.fromkeys((Act.WRITE, Act.GIVE, Act.LEARN), Line.ACT),
    **dict.fromkeys((Act.RESCUE, Act.REPORT), Line.ACT_SOON),
    Act.HOLD: Line.ACT_HOLD,
}


def _company(state: State) -> Line:
    if state.company is not Company.NO_ONE:
        return Line.COMPANY
    own = state.danger_asked and state.care_for is CareFor.MYSELF
    return Line.TIP_NOBODY if own else Line.COMPANY_NO_ONE


def stay_with(state: State, *, done: bool = False) -> Reply:
    """What answers a text where the bot stays and no answer is expected. `done`: what was offered has been done."""
    if state.step is Step.STAY:
        return _reply(state, (Line.STAY_ANOTHER if done else Line.STAY_HEARD,))
    return _reply(state, (Line.HELD_ANOTHER if done else Line.HELD_HEARD,))
