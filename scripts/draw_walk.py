"""Draw docs/walk.md anew: python -m scripts.draw_walk.

The page shows the walk to someone who reads no Python: in pictures, by condition, and step by step with every sentence.
Rules that hold here: all that can change with the table or the words is asked of the bot (see `walked`); what stands
here is only what a table cannot say: plain names, and what the research says; every step, condition, event and
circumstance has its name here, or the page is not drawn; the same table and words give the same page.
"""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from bot.core import sequence
from bot.core.gap import Gap, gap, has_risen
from bot.core.lines import DANGER, Label, Line
from bot.core.matching import either, hear, plain
from bot.core.model import Action
from bot.core.noticing import NoticingRules, Together
from bot.core.reading import Answer, read
from bot.core.sequence import AFTER_CARD, HOLDS, WALKING, Row, Under, begin
from bot.core.state import CareFor, Condition, Event, Notice, Source, State, Step
from bot.prompts import FOLDER, SLOTS, Prompts, load
from bot.prompts import read as read_file
from scripts.walked import (
    ANCHORS,
    ASKED_FOR,
    FORWARDED,
    MOVED,
    OPENINGS,
    Fact,
    Fit,
    Turn,
    Walker,
    buttons_of,
    fits,
    full,
    steps_of,
    unfit,
    usual,
    way,
    when,
)

PAGE: Final = Path(__file__).parent.parent / "docs/walk.md"


# --- What a table cannot say ----------------------------------------------------------------------------------------


class Group(Enum):
    """Where a step belongs: the contrasts of the empathy-compassion gap, and what stands around them."""

    BEFORE = "Before a walk"
    REGULATED = "Regulated, not dysregulated"
    OUTSIDE = "Body and day first"
    SHARED = "The shared beginning"
    BENEFICIAL = "Beneficial, not detrimental"
    OTHER = "Other-oriented, not self-oriented"
    HELP = "Motivation to help"
    CONNECTED = "Connected, not disconnected"
    WE_CARE = "Beneficial, for both"
    MEASURE = "Measure"
    END = "The end"
    DANGER = "Danger"


class Named(NamedTuple):
    """A step in plain words."""

    name: str
    group: Group
    about: str
    evidence: str = ""


STEPS: Final[Mapping[Step, Named]] = {
    Step.VALUE: Named(
        "What matters, under the anger",
        Group.SHARED,
        "Under outrage, what the person stands for is asked for instead of a word for the feeling. Nobody argues, and "
        "who did it is left aside.",
        "What lowers arousal cools anger (g = -.63, 154 studies), and venting does not (g = -.02): "
        "Kjaervik and Bushman 2024.",
    ),
    Step.MINE: Named(
        "Mine, and not mine",
        Group.OTHER,
        "Between two tasks: what they go through is theirs, and only a small part of it is for the one at work.",
    ),
    Step.NEXT_TASK: Named(
        "The next thing",
        Group.HELP,
        "Between two tasks: one thing comes next, and it alone. Then it ends, in less than a minute.",
    ),
    Step.ASK: Named(
        "One question first",
        Group.BEFORE,
        "Where it is not sure what a message is about, the bot asks whether it is about someone else's suffering.",
    ),
    Step.WHOSE: Named(
        "Whose words?",
        Group.BEFORE,
        "Forwarded words may be another's. That is asked before anything else is made of them.",
    ),
    Step.OWN: Named(
        "One's own trouble",
        Group.BEFORE,
        "The bot says what it is for, and what it has all the same: something steadying, kindness, a person.",
    ),
    Step.ARRIVE: Named(
        "Arrive",
        Group.REGULATED,
        "The first reply acknowledges, offers one small steadying act, and says once that a program writes. "
        "It asks nothing.",
        "Grounding by the senses is widely used in first aid for distress, with weak trial evidence of its own. "
        "Nobody is asked to close their eyes. Breath is not the first offer: attention to it can worsen panic, trauma "
        "and asthma.",
    ),
    Step.EASE: Named(
        "How strong is it?",
        Group.REGULATED,
        "The upset is asked once, by buttons or a number from 0 to 10. From 7 on it is steadied before anything else.",
    ),
    Step.ANCHOR: Named(
        "Another steadying act",
        Group.REGULATED,
        "By touch, sight, sound or hands; none needs an object. Then the upset is asked again.",
        "What lowers arousal lowers anger (g = -0.63), and what raises it, venting among it, does not (g = -0.02; "
        "Kjaervik & Bushman 2024).",
    ),
    Step.STAY: Named(
        "Stay",
        Group.REGULATED,
        "It has not eased, or it has grown. The bot stays, offers another act or a person, and goes no further unless "
        "asked. It never calls this a failure.",
    ),
    Step.NEEDS: Named(
        "What body and day need",
        Group.OUTSIDE,
        "Outside the training: food, warmth, sleep, someone near. Nothing is practised and nothing has to be told.",
        "After a trauma, debriefing has shown no benefit and perhaps harm (NICE NG116). So no detail is asked, nothing "
        "is pictured, and a doctor is named for what lasts past a month or is severe.",
    ),
    Step.RESONANCE: Named(
        "One word for it",
        Group.SHARED,
        "Feeling with someone is where care can start. One word for the feeling, from buttons or one's own.",
        "Training in empathy raised negative feeling; training in compassion, after it, undid that rise (Klimecki "
        "2014). Naming a feeling lowers the amygdala's response (Lieberman 2007); in a trial on fear of spiders it "
        "lowered skin conductance a week later, and not the fear that people reported (Kircanski 2012). So it is one "
        "word, no detail is asked for, and nothing is promised.",
    ),
    Step.KIND: Named(
        "Kindness for oneself",
        Group.BENEFICIAL,
        "Twenty seconds of kindness toward the one who is moved, in words, or in silence.",
        "Twenty seconds a day for a month: no effect over all who were assigned to it, and some in those who practised "
        "more than 28 times (Susman 2024). Feeling worse is reported, and poorly studied. Touch may bring back abuse, "
        "so words or silence are always enough.",
    ),
    Step.WHO: Named(
        "Who is the care for?",
        Group.OTHER,
        "Asked before turning to anyone: the one who suffers may be dead, many, far away, or someone who did harm. The "
        "short way is offered here.",
    ),
    Step.APART: Named(
        "Theirs and mine",
        Group.OTHER,
        "Their pain is theirs, the ache is one's own, both are real. Then, without picturing: what might they need?",
        "To imagine how another feels brings concern; to imagine oneself in their place brings concern and distress "
        "(Batson 1997). So nobody is asked to put themselves in another's place.",
    ),
    Step.WISH: Named(
        "A wish",
        Group.OTHER,
        "One wish, made of the need that was named; or a prayer in one's own words, or silence.",
        "A few minutes of such wishes raised felt connection with strangers (Hutcherson 2008). To be left out while "
        "the upset is 7 or more, in acute trauma, and toward one who did harm.",
    ),
    Step.REACH: Named(
        "What is in reach?",
        Group.HELP,
        "One small act: safe, free, under fifteen minutes, after sleep. “Nothing” is an answer too, and is met with "
        "care that need not fix.",
        "If-then plans help people reach what they mean to (94 tests, d = 0.65, likely inflated by bias; Gollwitzer & "
        "Sheeran 2006). To be aware of those out of reach drains the good feeling of helping those within it "
        "(Vastfjall 2015).",
    ),
    Step.TOGETHER: Named(
        "Who could know?",
        Group.CONNECTED,
        "Someone who could know, or no one right now, which is met with a line that does not sting.",
        "Common humanity is taught in programmes of many weeks; no effect of it alone is known to this project.",
    ),
    Step.WE_CARE: Named(
        "For them and for you",
        Group.WE_CARE,
        "One thing for others and one for oneself. A limit counts as care. A moment to notice that one cared.",
        "As above: taught in longer programmes, with no effect of it alone known to this project.",
    ),
    Step.LOOK_BACK: Named(
        "Look back",
        Group.MEASURE,
        "The upset, asked once more. If it has risen by 2 or more, the steps stop.",
        "Turning away lowers distress too, so that distress alone is the wrong measure.",
    ),
    Step.CARE: Named(
        "Care, now",
        Group.MEASURE,
        "Care for them, compared with the start: less, the same, or more. No answer is better than another.",
    ),
    Step.CLOSE: Named(
        "Close",
        Group.END,
        "In words, what has moved, and how to come back.",
    ),
    Step.IDLE: Named(
        "No walk",
        Group.END,
        "Nothing is under way. Stopping leads here at once, with no question.",
    ),
    Step.DANGER_ASK: Named(
        "The one direct question",
        Group.DANGER,
        "Where words may mean danger and may not, the bot asks. Anything but a clear no shows where help is.",
    ),
    Step.BARRIER: Named(
        "What might get in the way",
        Group.DANGER,
        "After a card about danger: what could keep the person from contacting someone, with a tip that fits.",
    ),
    Step.PLAN: Named(
        "Who, when, how",
        Group.DANGER,
        "After that: a small plan, of which nothing is kept.",
    ),
    Step.HELD: Named(
        "After a card",
        Group.DANGER,
        "The card stands. Something steadying or a person is offered; the walk goes on only if the person asks.",
    ),
}
"""Every step in plain words, in the order of the page, with what is known of its kind from research."""

CONDITIONS: Final[Mapping[Condition, str]] = {
    Condition.OVERWHELM: "overwhelm",
    Condition.WAS_THERE: "was there",
    Condition.OWN_LOSS: "own loss",
    Condition.GUILT: "guilt",
    Condition.NUMB: "numbness",
    Condition.OUTRAGE: "outrage",
    Condition.HELPLESS: "helplessness",
    Condition.AT_WORK: "between two tasks at work",
    Condition.OWN_PEOPLE: "their own people in the news",
    Condition.DIED: "the one who suffered has died",
    Condition.HEARD: "a sound that comes back",
}
"""Every condition in plain words, in the order in which conditions come first."""

UNDER: Final[Mapping[Under, str]] = {
    Under.ALWAYS: "always",
    Under.PLAIN: "no own loss, was not there, not numb, not between two tasks (or asked for more)",
    Under.BEREAVED: "own loss",
    Under.THERE: "was there",
    Under.NUMB: "numbness",
    Under.AT_WORK: "between two tasks at work",
    Under.OFF_WORK: "not between two tasks at work",
    Under.GUILTY: "guilt",
    Under.OUTRAGED: "outrage",
    Under.NOT_OUTRAGED: "no outrage",
    Under.HELPLESS: "helplessness",
    Under.FOR_THE_DEAD: "the care is for the one who has died",
    Under.OVERWHELMED: "overwhelm",
    Under.MYSELF: "the care is for oneself",
    Under.NOBODY_YET: "the care is for nobody yet",
    Under.SHORT: "the short way",
    Under.QUIET: "own loss, was there, numb or between two tasks, and not overwhelmed",
    Under.NOT_BEGUN: "no walk had begun",
    Under.ENDED: "the walk had been ended",
    Under.DANGER_OF_ANOTHER: "the danger may be another's",
    Under.NOT_EASED_TWICE: "asked for the second time",
    Under.HARDER_BEFORE: "it is harder for the second time",
}
"""Every circumstance in plain words."""

EVENTS: Final[Mapping[Event, str]] = {
    Event.NEXT: "an answer",
    Event.SKIP: "skip",
    Event.TOLD: "told something that changes the way",
    Event.HARDER: "“This makes it harder”",
    Event.STOP: "stop",
    Event.ANOTHER: "something else",
    Event.HIGH: "the upset is very strong",
    Event.RISE: "higher than at the start",
    Event.MORE: "asks to go on",
    Event.SHORT: "something short",
    Event.OWN: "their own",
    Event.PERSON: "a person",
    Event.DANGER: "danger to others or the body",
    Event.CARD: "danger to oneself",
    Event.UNCLEAR: "words that may mean danger",
    Event.FOR_A_FRIEND: "asks for a friend",
    Event.PASSED_ON: "danger in forwarded words",
    Event.MISTAKEN: "not what was meant",
}
"""All that can be done at a step, in plain words."""

SOURCES: Final[Mapping[Source, str]] = {
    Source.NEWS: "met in the news",
    Source.WORK: "met at work",
    Source.LOVED_ONE: "met in a loved one",
    Source.STRANGER: "met in a stranger",
    Source.ANIMAL: "met in an animal",
    Source.PRESENT: "met where they were",
    Source.PLANET: "met in the living world",
    Source.ONLINE_GROUP: "met in an online group",
    Source.NONE: "nothing said of where it was met",
}
"""Where the suffering was met, in plain words."""

GAPS: Final[Mapping[Gap, str]] = {
    Gap.CROSSED: "upset lower, care the same or more",
    Gap.EASED: "upset lower, and care not asked or skipped",
    Gap.STEPPED_BACK: "upset lower, care less",
    Gap.STEADY: "upset no lower",
    Gap.RISEN: "upset clearly higher",
    Gap.UNKNOWN: "an answer was skipped",
}
"""What the answers came to, in plain words."""

_EASED_BEFORE: Final = "the upset was asked before"
_AGAIN: Final = "a whole walk ended within a day"
_OTHERWISE: Final = "at other times"
_RISEN: Final = "clearly higher than at the start"
_MANY: Final = 4
"""What holds at more steps than these is drawn once, from any step."""
_EXAMPLES: Final = 6
_WIDE: Final = 8
"""A picture with fewer edges in a row is drawn across."""
_ANY: Final = "ANY"
_LEFT: Final = "LEFT"
BESIDE: Final[Mapping[str, str]] = {_ANY: "Any step", _LEFT: "Where it was left"}
"""What stands in a picture beside steps."""


def unnamed() -> list[str]:
    """What has no plain words here yet."""
    kinds: tuple[tuple[str, Iterable[Enum], Collection[Enum]], ...] = (
        ("STEPS", Step, STEPS),
        ("CONDITIONS", Condition, CONDITIONS),
        ("UNDER", Under, UNDER),
        ("EVENTS", Event, EVENTS),
        ("SOURCES", Source, SOURCES),
        ("GAPS", Gap, GAPS),
    )
    return [f"{where}: give {one!s} its words" for where, every, named in kinds for one in every if one not in named]


def main() -> int:
    """Draw the page, and say whether it has changed."""
    if missing := unnamed():
        print("\n".join(missing))
        return 1
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    after = page()
    PAGE.write_text(after, "utf-8")
    print("docs/walk.md is as it was." if after == before else "docs/walk.md is drawn anew.")
    return 0


def page(folder: Path = FOLDER) -> str:
    """The whole page."""
    prompts = load(folder)
    walker = Walker(prompts.content)
    drawn = _Page(prompts, read_file(folder / "en/noticing.yaml", NoticingRules), walker, walker.turns())
    return "\n".join(drawn.whole()) + "\n"


# --- Ways -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """A way through the walk, by what leads to it."""

    names: tuple[str, ...]
    states: tuple[State, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order."""
        return steps_of(self.states)


def forms(label: Mapping[Label, str]) -> tuple[Form, ...]:
    """Every way that differs from the full one: by condition, by an answer on the full way, by where it begins."""
    ways: dict[tuple[Step, ...], list[str]] = {}
    states: dict[tuple[Step, ...], tuple[State, ...]] = {}
    for name, taken in _ways(label):
        ways.setdefault(steps_of(taken), []).append(name)
        states.setdefault(steps_of(taken), taken)
    ways.pop(steps_of(full()), None)
    return tuple(Form(tuple(names), states[steps]) for steps, names in ways.items())


def _ways(label: Mapping[Label, str]) -> Iterator[tuple[str, tuple[State, ...]]]:
    too_much = {Step.EASE: Answer(Action.RATE, 10)}
    quiet = []
    for condition, name in CONDITIONS.items():
        under = way(begin(1, conditions=condition), too_much if condition is Condition.OVERWHELM else {})
        yield name, under
        quiet += [condition] if steps_of(under) == steps_of(full()) else []
    for state in full():
        for button in buttons_of(state):
            if button.action in {Action.SKIP, Action.HARDER, Action.ANOTHER}:
                continue
            given = {state.step: Answer(button.action, button.value)}
            answered = f"“{label[button.label]}” at *{STEPS[state.step].name}*"
            yield answered, way(begin(1), given)
            for condition in quiet:  # the others change the way already
                under = way(begin(1, conditions=condition), given)
                if steps_of(under) != steps_of(way(begin(1), given)):
                    yield f"{CONDITIONS[condition]}, with {answered}", under
    yield "one's own trouble", way(begin(1, Step.OWN), {})
    yield "care that is settled already", way(begin(1, Step.REACH), {})


# --- Pictures -------------------------------------------------------------------------------------------------------


class Edge(NamedTuple):
    """A line from one place of a picture to another."""

    start: str
    to: str
    label: str = ""
    kind: str = "-->"


def flowchart(edges: Sequence[Edge], *, across: bool = False, grouped: bool = False) -> Iterator[str]:
    """A picture that GitHub draws: every place that an edge names, once, and every edge."""
    found = dict.fromkeys(place for edge in edges for place in edge[:2])
    yield "```mermaid"
    yield f"flowchart {'LR' if across else 'TD'}"
    if grouped:
        for group in Group:
            inside = [step.name for step in STEPS if STEPS[step].group is group and step.name in found]
            if inside:
                yield f'  subgraph IN_{group.name} ["{group.value}"]'
                yield from (f"    {_node(name)}" for name in inside)
                yield "  end"
    else:
        yield from (f"  {_node(name)}" for name in found)
    for start, to, label, kind in edges:
        said = f'|"{label}"|' if label else ""
        yield f"  {start} {kind}{said} {to}"
    yield "```"


def _node(name: str) -> str:
    if name in BESIDE:
        return f'{name}(["{BESIDE[name]}"])'
    return f'{name}["{STEPS[Step[name]].name}"]'


def _joined(edges: Iterable[Edge]) -> list[Edge]:
    """The same, with those that lead the same way as one."""
    labels: dict[tuple[str, str, str], dict[str, None]] = {}
    for edge in edges:
        labels.setdefault((edge.start, edge.to, edge.kind), {})[edge.label] = None
    return [Edge(start, to, "<br/>".join(filter(None, said)), kind) for (start, to, kind), said in labels.items()]


def whole_walk(ways: Iterable[Form]) -> list[Edge]:
    """The full way, thick, and beside it every other."""
    main = [Edge(a.name, b.name, kind="==>") for a, b in pairwise(steps_of(full()))]
    thick = {edge[:2] for edge in main}
    others = [
        Edge(a.name, b.name, _on_edge(name))
        for form in ways
        for a, b in pairwise(form.steps)
        if (a.name, b.name) not in thick
        for name in form.names
    ]
    before = [
        Edge(step.name, row.to.name, _done(row))
        for step in STEPS
        if STEPS[step].group is Group.BEFORE
        for row in sequence.TRANSITIONS
        if row.step is step and row.to not in {None, step, Step.IDLE} and row.under is Under.ALWAYS
        if row.event in {Event.NEXT, Event.OWN} and row.to is not None
        if row.step is not Step.OWN
    ]
    edges = [*_joined(before), *main, *_joined(others)]
    leaving = Counter(edge.start for edge in edges)
    return [edge if leaving[edge.start] > 1 else edge._replace(label="") for edge in edges]


def _on_edge(name: str) -> str:
    return name.partition(" at *")[0]


def harder() -> list[Edge]:
    """What happens when a step makes it harder, or the upset is very strong or grows."""
    rising = {Event.HARDER, Event.HIGH, Event.RISE}
    steadying = {Step.EASE, Step.ANCHOR, Step.STAY}
    rows = [row for row in _rows() if row.step not in AFTER_CARD and (row.event in rising or row.step in steadying)]
    return _between(row for row in rows if row.event not in _FROM_ANYWHERE)


def danger() -> list[Edge]:
    """Where danger leads, from anywhere, and how the walk goes on."""
    onward = {Event.NEXT, Event.SKIP, Event.OWN}
    asking = {Step.DANGER_ASK, *AFTER_CARD}
    goes_on = {row.step for row in sequence.TRANSITIONS if row.event in onward}
    return _between(
        row
        for row in _rows()
        if row.event in _FROM_ANYWHERE - {Event.STOP}
        or (row.step in asking and (row.event in onward or (row.event is Event.MORE and row.step not in goes_on)))
        or (row.step is Step.WHOSE and row.under is Under.DANGER_OF_ANOTHER)
    )


_FROM_ANYWHERE: Final = frozenset(
    {Event.DANGER, Event.CARD, Event.UNCLEAR, Event.FOR_A_FRIEND, Event.PASSED_ON, Event.STOP}
)


def _between(rows: Iterable[Row]) -> list[Edge]:
    """An edge for all rows that lead the same way, what holds at many steps first."""
    edges: dict[tuple[str, str], dict[Under, list[str]]] = {}
    for row, start, to in sorted(_drawn([*rows]), key=lambda drawn: drawn[1] != _ANY):
        done = EVENTS[row.event] if start == _ANY else _done(row)
        if start != to:
            edges.setdefault((start, to), {}).setdefault(row.under, []).append(done)
    return [Edge(start, to, _labelled(done)) for (start, to), done in edges.items()]


def _labelled(done: Mapping[Under, Sequence[str]]) -> str:
    """What is done, and under what."""
    unders: dict[str, list[Under]] = {}
    for under, said in done.items():
        unders.setdefault(" / ".join(dict.fromkeys(said)), []).append(under)
    return "<br/>".join(
        said if Under.ALWAYS in under else f"{said}: {_listed([UNDER[one] for one in under], 'or')}"
        for said, under in unders.items()
    )


def _rows() -> tuple[Row, ...]:
    return (*sequence.TRANSITIONS, *sequence.ANYWHERE)


def _drawn(rows: Sequence[Row]) -> Iterator[tuple[Row, str, str]]:
    """Each row with where it is drawn from and to. What holds at many steps is drawn once."""
    alike: dict[tuple[Event, Step | None, Under], list[Step]] = {}
    for row in rows:
        alike.setdefault(row[1:], []).append(row.step)
    for row in rows:
        steps = alike[row[1:]]
        to = _LEFT if row.to is None else row.to.name
        if len(steps) <= _MANY:
            yield row, row.step.name, to
        elif row.step is steps[0]:
            yield row, _ANY, to


def _done(row: Row) -> str:
    return _DONE.get((row.step, row.event), EVENTS[row.event])


_DONE: Final[Mapping[tuple[Step, Event], str]] = {
    (Step.ASK, Event.NEXT): "yes",
    (Step.ASK, Event.OWN): "about me",
    (Step.WHOSE, Event.NEXT): "someone else's",
    (Step.DANGER_ASK, Event.NEXT): "a clear no",
    (Step.DANGER_ASK, Event.OWN): "anything else",
    (Step.EASE, Event.NEXT): "eased",
    (Step.EASE, Event.HIGH): "still very strong",
}
"""What is done at some steps, in words that are closer to what happens there."""


# --- The page -------------------------------------------------------------------------------------------------------


class _Page:
    def __init__(self, prompts: Prompts, rules: NoticingRules, walker: Walker, turns: Sequence[Turn]) -> None:
        self._prompts = prompts
        self._labels = prompts.content.labels
        self._rules = rules
        self._walker = walker
        self._turns = turns
        self._forms = forms(self._labels)
        self._fitting = {state.step: fits(state) for state in full()}
        self._usual = {usual(state) for state in full()}
        self._shown: dict[Line, Step] = {}
        self._at_any_step = self._read_alike()

    def whole(self) -> Iterator[str]:
        yield from _TOP
        yield from ("## The whole walk", "")
        yield (
            "Thick: the full way, under no condition. Thin: the other ways, each with what leads to it. Every step can"
            " be skipped or stopped, which is not drawn."
        )
        yield from ("", *flowchart(whole_walk(self._forms), grouped=True), "")
        yield from self._ways()
        yield from self._interruptions()
        yield from self._by_condition()
        yield from self._beginnings()
        yield from self._any_step()
        yield from ("## Step by step", "")
        for step in STEPS:
            yield from self._step(step)
        yield from self._counts()

    # Ways

    def _ways(self) -> Iterator[str]:
        yield from ("## The ways that people take", "")
        yield f"The full way has {len(full())} steps: {_named(steps_of(full()))}."
        yield "Each way below is what comes of doing every step that is offered. Someone may leave it at any point."
        yield "Prohibitions of several conditions add up."
        for form in self._forms:
            passed = [step for step in steps_of(full()) if step not in form.steps]
            yield from ("", f"### {'; '.join(_capital(name) for name in form.names)}", "")
            edges = [Edge(a.name, b.name, kind="==>") for a, b in pairwise(form.steps)]
            yield from flowchart([*_joined(edges), *self._asking(form)], across=len(edges) < _WIDE)
            yield ""
            if form.steps[-1] is Step.CLOSE:
                yield f"Passed over: {_named(passed)}." if passed else "No step is passed over; their order is another."
            else:
                yield f"It stays at *{STEPS[form.steps[-1]].name}*, and goes no further unless asked."
        same = [name for _, name in self._same_steps()]
        if same:
            yield from ("", "### The same steps as the full way", "")
            yield f"{_capital(_listed(same))}: noticed and kept in mind while the walk lasts."
        yield ""

    def _asking(self, form: Form) -> Iterator[Edge]:
        """What leads on from the end, if someone asks."""
        last = form.states[-1]
        for button in buttons_of(last):
            if button.action is Action.MORE:
                to = self._walker.presses(last, button).held.state.step
                yield Edge(last.step.name, to.name, f"“{self._labels[button.label]}”", "-.->")

    def _same_steps(self) -> Iterator[tuple[Condition, str]]:
        for condition, name in CONDITIONS.items():
            if not any(known.startswith(name) for form in self._forms for known in form.names):
                yield condition, name

    def _interruptions(self) -> Iterator[str]:
        yield from ("## What interrupts a walk", "", "### When it is too strong, or grows", "")
        yield from flowchart(harder())
        yield from ("", "### Danger", "")
        yield (
            "Every message is read for danger before anything else. What is looked for, and every sentence that"
            " follows, stands in [protocol.md](protocol.md)."
        )
        yield from ("", *flowchart(danger()), "")
        yield from ("“Stop” ends the walk at once from any step, with no question.", "")

    # Conditions

    def _by_condition(self) -> Iterator[str]:
        yield from ("## Conditions, in the order in which they come first", "")
        yield (
            "A condition is known by what someone writes or chooses. It holds for one walk and is forgotten after it,"
            " unless the person has asked the bot to remember."
        )
        yield from ("", "| Circumstance | Known by | Steps that are passed over |", "| --- | --- | --- |")
        for under, steps in sequence.FORBIDDEN:
            yield f"| {_capital(UNDER[under])} | {self._known_by(under)} | {_named(_in_order(steps))} |"
        yield from ("", "All conditions that are noticed, and by what:", "")
        yield from (
            "| Condition | The words say | Also when told later in a walk | Changes |",
            "| --- | --- | --- | --- |",
        )
        for condition, name in CONDITIONS.items():
            later = "yes" if self._heard_later(condition) else "no"
            yield f"| {_capital(name)} | {self._words_of(condition)} | {later} | {self._changes(condition)} |"
        yield ""

    def _known_by(self, under: Under) -> str:
        """What brings someone under this."""
        holds, nothing = HOLDS[under], State()
        if holds(nothing):
            return "none of these"
        leading = [one for one in CONDITIONS if holds(State(conditions=one))]
        ways = [CONDITIONS[one] for one in leading] if len(leading) > 1 else [*map(self._words_of, leading)]
        ways += [self._chosen(one) for one in CareFor if holds(State(care_for=one))]
        both = [
            f"{CONDITIONS[condition]}, with {self._chosen(one)}"
            for one in CareFor
            for condition in CONDITIONS
            if holds(State(care_for=one, conditions=condition))
        ]
        return _listed(ways or both, "or") or "-"

    def _chosen(self, care_for: CareFor) -> str:
        """The button for whom the care is."""
        labels = (
            self._labels[button.label]
            for button in buttons_of(State(step=Step.WHO))
            if (button.action, button.value) == (Action.CARE_FOR, care_for)
        )
        return f"“{next(labels, care_for.name.lower())}” at *{STEPS[Step.WHO].name}*"

    def _words_of(self, condition: Condition) -> str:
        features = self._rules.conditions.get((condition.name or "").lower(), ())
        return "; or: ".join(map(self._means, features)) or "(no words lead to it)"

    def _means(self, feature: str) -> str:
        rule = self._rules.features[feature]
        if isinstance(rule, Together):
            names = [name for all_of in (*rule.together, *rule.anywhere) for name in either(all_of)]
            return " with ".join(f"“{self._means(name)}”" for name in dict.fromkeys(names))
        return rule.means.rstrip(".")

    def _heard_later(self, condition: Condition) -> bool:
        state = next(state for state in full() if state.step is Step.RESONANCE)
        later = self._walker.writes(state, Notice(conditions=condition)).held.state
        return condition in later.conditions

    def _changes(self, condition: Condition) -> str:
        """All that differs under a condition alone."""
        found = [] if condition in {one for one, _ in self._same_steps()} else ["steps"]
        found = [f"steps ({_listed(self._only_with(condition), 'or')})"] if self._only_with(condition) else found
        plain, told = (self._everything_said(one) for one in (Condition.NONE, condition))
        found += ["words"] if told - plain - {*ANCHORS} else []
        found += ["which steadying act is offered"] if unfit(condition) else []
        return _listed(found) or "nothing yet"

    def _only_with(self, condition: Condition) -> list[str]:
        """The answers with which a condition passes over steps that it does not by itself."""
        return [
            self._chosen(one)
            for one in CareFor
            if any(
                HOLDS[under](State(conditions=condition, care_for=one))
                and not HOLDS[under](State(conditions=condition))
                and not HOLDS[under](State(care_for=one))
                for under, _ in sequence.FORBIDDEN
            )
        ]

    def _everything_said(self, condition: Condition) -> set[Line]:
        """What is said on the way under a condition, from the first reply, whatever is tapped at each step."""
        first = self._walker.writes(State(), replace(OPENINGS[MOVED], conditions=condition))
        said = [reply.keys for reply in first.replies]
        for state in way(first.held.state, {}):
            for button in buttons_of(state):
                said += [reply.keys for reply in self._walker.presses(state, button).replies]
        return {line for lines in said for line in lines}

    # Beginnings

    def _beginnings(self) -> Iterator[str]:
        yield from ("## How a walk begins", "", "| What came | The bot begins at |", "| --- | --- |")
        for words in (*OPENINGS, FORWARDED, ASKED_FOR):
            found = {
                turn.after.step: None for turn in self._turns if turn.answer == words and not turn.after.conditions
            }
            yield f"| {_capital(words)} | {' or '.join(f'*{STEPS[step].name}*' for step in found)} |"
        yield from ("", "Words about the writer's own loss open a walk as words about another's suffering do.", "")

    # Typed words

    def _any_step(self) -> Iterator[str]:
        yield from ("## Words instead of buttons", "")
        yield (
            "What is typed is as good as a button. At every step of a walk these are understood; what else a step"
            " understands stands with it."
        )
        yield from ("", "| Button | The same in words |", "| --- | --- |")
        for answer, phrases in self._at_any_step.items():
            button = self._button_for(answer)
            yield f"| {button} | {_examples(phrases, button)} |"
        yield ""
        yield "A paragraph where a button was expected counts as an answer, and is thanked for first:"
        yield from ("", f"- `{Line.HEARD}`:")
        yield from (f"  - {words}" for words in self._filled(Line.HEARD))
        self._shown[Line.HEARD] = Step.IDLE
        yield ""

    def _read_alike(self) -> dict[Answer, list[str]]:
        """What means the same at every step of a walk, and the words for it."""
        alike: dict[Answer, list[str]] = {}
        for phrase in self._prompts.content.typed:
            found = {read(State(step=step), hear(phrase), self._prompts.content) for step in WALKING}
            if len(found) == 1 and (answer := found.pop()) is not None:
                alike.setdefault(answer, []).append(phrase)
        return alike

    def _button_for(self, answer: Answer) -> str:
        labels = [
            self._labels[button.label]
            for step in STEPS
            for button in buttons_of(State(step=step))
            if (button.action, button.value) == (answer.action, answer.value)
        ]
        return f"“{max(dict.fromkeys(labels), key=labels.count)}”" if labels else answer.action.name.lower()

    # A step

    def _step(self, step: Step) -> Iterator[str]:
        name, group, about, evidence = STEPS[step]
        yield from (f"### {name}", "", f"*{group.value}* (`{step.name}` in the table). {about}", "")
        if evidence:
            yield from (f"What it rests on: {evidence}", "")
        never = [UNDER[under] for under, steps in sequence.FORBIDDEN if step in steps]
        if never:
            yield from (f"Never led here: {'; '.join(never)}.", "")
        if group is Group.DANGER:
            yield from ("What it says, and where its answers lead: [protocol.md](protocol.md).", "")
            return
        yield from self._said(step)
        yield from self._answers(step)
        yield from self._typed(step)

    def _said(self, step: Step) -> Iterator[str]:
        arrivals = [turn for turn in self._turns if turn.after.step is step and (turn.moved or step in WALKING)]
        fitting = self._fitting.get(step, ())
        lines = {line for turn in arrivals for line in turn.lines} | {fit.line for fit in fitting}
        lines |= {*ANCHORS} if lines & {*ANCHORS} else set()
        if not lines:
            return
        reasons = self._reasons(arrivals, lines, fitting)
        first = "; of those that fit what is known of someone, the first" if len(fitting) > 1 else ""
        yield from (f"**The bot says**, each line in one of its wordings{first}:", "")
        for line in _in_turn(lines, fitting, reasons):
            if line in DANGER or line is Line.HEARD:
                continue
            circumstances = f" ({reasons[line]})" if reasons[line] else ""
            if line in self._shown:
                yield f"- `{line}`{circumstances}: as at *{STEPS[self._shown[line]].name}*"
                continue
            self._shown[line] = step
            yield f"- `{line}`{circumstances}:"
            yield from (f"  - {words}" for words in self._filled(line))
        yield ""

    def _reasons(self, arrivals: Sequence[Turn], lines: Collection[Line], fitting: Sequence[Fit]) -> dict[Line, str]:
        """When each line is said: "" for always."""
        cases = [(turn, _circumstances(turn, self._labels)) for turn in arrivals]
        order = list(dict.fromkeys([*_ORDER, *(name for _, names in cases for name in names)]))
        reasons = {}
        for line in lines:
            told = when(cases, partial(_says, line), order)
            if line in ANCHORS:
                never = [name for one, name in CONDITIONS.items() if line in unfit(one)]
                reasons[line] = "; ".join(["one of these acts, in turn", *(f"never under: {name}" for name in never)])
            elif any(fit.line is line for fit in fitting):
                reasons[line] = _listed([_known(fit) for fit in fitting if fit.line is line], "or")
            elif told is None or (fitting and line in self._usual and not {*told} & {*GAPS.values()}):
                reasons[line] = _OTHERWISE
            else:
                reasons[line] = _listed(told, "or")
        return reasons

    def _filled(self, line: Line) -> Iterator[str]:
        """Each wording with its slots filled, and what else may fill them."""
        fillings = {
            slot: [words for label, words in self._labels.items() if label.startswith(prefix)]
            for slot, prefix in SLOTS.get(line, {}).items()
        }
        first = {slot: f"*{words[0]}*" for slot, words in fillings.items()}
        yield from (" ".join(wording.format_map(first).split()) for wording in self._prompts.lines[line])
        yield from (f"In place of *{words[0]}*: {_listed(words[1:], 'or')}" for words in fillings.values())

    def _answers(self, step: Step) -> Iterator[str]:
        answered: dict[str, list[Turn]] = {}
        for turn in self._turns:
            if turn.before.step is step and turn.before.walk:
                answered.setdefault(self._answer(turn), []).append(turn)
        leads: dict[str, list[str]] = {}
        for words, turns in answered.items():
            leads.setdefault(self._leads(turns), []).append(words)
        if not leads:
            return
        yield from ("| Answer | What comes then |", "| --- | --- |")
        yield from (f"| {_capital(', '.join(words))} | {to} |" for to, words in leads.items())
        yield ""
        for state in full():
            first, *_ = [*buttons_of(replace(state, again=True)), None]
            if state.step is step and first not in {None, *buttons_of(state)[:1]}:
                yield from (f"Offered first where {_AGAIN}: **{self._labels[first.label]}**.", "")

    def _answer(self, turn: Turn) -> str:
        """The answer, and where it was met if it is offered there alone."""
        if isinstance(turn.answer, str):
            return turn.answer
        everywhere = turn.answer in buttons_of(replace(turn.before, source=Source.NONE))
        return f"**{self._labels[turn.answer.label]}**{'' if everywhere else f' ({SOURCES[turn.before.source]})'}"

    def _leads(self, turns: Sequence[Turn]) -> str:
        cases = [(turn, _under(turn.before)) for turn in turns]
        found = [(to, when(cases, partial(_leads_to, to), _ORDER)) for to in dict.fromkeys(map(_target, turns))]
        found.sort(key=lambda one: (one[1] is None, len(one[1] or ())))
        told = [to if not why else f"{to} ({_listed(why, 'or')})" for to, why in found if why is not None]
        rest = [to for to, why in found if why is None]
        if rest:
            left = "where it was left: " if len(rest) > 1 else ""
            told.append(f"{'else ' if told else ''}{left}{_listed(rest, 'or')}")
        return "; ".join(told)

    def _typed(self, step: Step) -> Iterator[str]:
        content = self._prompts.content
        rows = []
        for button in buttons_of(State(step=step)):
            answer = Answer(button.action, button.value)
            if answer in self._at_any_step:
                continue
            phrases = [phrase for phrase in content.typed if read(State(step=step), hear(phrase), content) == answer]
            if phrases:
                rows.append(f"- **{self._labels[button.label]}**: {_examples(phrases, self._labels[button.label])}")
        if rows:
            yield from ("Typed words that count as a button here:", "", *rows, "")

    # Counts

    def _counts(self) -> Iterator[str]:
        wordings = sum(len(self._prompts.lines[line]) for line in self._shown)
        yield from ("## Counts", "", "| What | How many |", "| --- | --- |")
        yield f"| Steps | {len(Step)} |"
        yield f"| Rows of the table | {len(sequence.TRANSITIONS)} |"
        yield f"| Rows that hold at many steps | {len(sequence.ANYWHERE)} |"
        yield f"| Rules about what is passed over | {len(sequence.FORBIDDEN)} |"
        yield f"| Conditions | {len(CONDITIONS)} |"
        yield f"| Ways other than the full one | {len(self._forms)} |"
        yield f"| Steps of the full way | {len(full())} |"
        yield f"| Steps of the shortest | {min(len(form.steps) for form in self._forms)} |"
        yield f"| Places that the bot was asked about for this page | {len({turn.before for turn in self._turns})} |"
        yield f"| Answers that were tried there | {len(self._turns)} |"
        yield f"| Lines on this page | {len(self._shown)} |"
        yield f"| Their wordings | {wordings} |"


_ORDER: Final = [_RISEN, *(UNDER[under] for under in Under if under is not Under.ALWAYS)]


def _under(state: State) -> list[str]:
    risen = [_RISEN] if has_risen(state) else []
    return [*risen, *(UNDER[under] for under in Under if under is not Under.ALWAYS and HOLDS[under](state))]


def _circumstances(turn: Turn, labels: Mapping[Label, str]) -> list[str]:
    """All that may be why a line was said."""
    state = turn.before if turn.before.walk else turn.after
    told = [name for one, name in CONDITIONS.items() if one in state.conditions and not state.asked]
    answered = turn.answer if isinstance(turn.answer, str) else f"after “{labels[turn.answer.label]}”"
    there = [f"{answered} at *{STEPS[turn.before.step].name}*"] if turn.before.walk else []
    asked_before = [_EASED_BEFORE] if turn.before.eases else []
    source = [SOURCES[turn.after.source]] if turn.answer == MOVED and not state.conditions else []
    is_measured = turn.after.step is Step.CLOSE and HOLDS[Under.PLAIN](turn.after) and not turn.after.short
    measured = [GAPS[gap(turn.after)]] if is_measured else []
    return [*_under(state), *told, *asked_before, *measured, *source, answered, *there]


def _known(fit: Fit) -> str:
    """What is known of someone where a line fits them."""
    unless = f", unless: {_listed([_told(fact) for fact in fit.unless], 'or')}" if fit.unless else ""
    return _listed([_told(fact) for fact in reversed(fit.facts)]) + unless


def _told(fact: Fact) -> str:
    if fact.again:
        return _AGAIN
    return CONDITIONS[fact.conditions] if fact.conditions else SOURCES[fact.source]


def _in_turn(lines: Collection[Line], fitting: Sequence[Fit], reasons: Mapping[Line, str]) -> list[Line]:
    """In their order, but of those that may fit the first comes first, and last what is said where none does."""
    fit = list(dict.fromkeys(fit.line for fit in fitting))
    fit += [line for line in lines if fit and reasons[line] == _OTHERWISE]
    ranked = iter(fit)
    return [next(ranked) if line in fit else line for line in sorted(lines, key=list(Line).index)]


def _target(turn: Turn) -> str:
    if turn.moved:
        return f"*{STEPS[turn.after.step].name}*"
    return "the same step" if turn.before.step in WALKING else "is read as a first message would be"


def _leads_to(target: str, turn: Turn) -> bool:
    return _target(turn) == target


def _says(line: Line, turn: Turn) -> bool:
    return line in turn.lines


def _named(steps: Iterable[Step]) -> str:
    return ", ".join(f"*{STEPS[step].name}*" for step in steps)


def _in_order(steps: Collection[Step]) -> list[Step]:
    return [step for step in STEPS if step in steps]


def _listed(words: Sequence[str], last: str = "and") -> str:
    *firsts, final = words or ("",)
    return f"{', '.join(firsts)} {last} {final}" if firsts else final


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _examples(phrases: Iterable[str], button: str) -> str:
    """Some of the phrases, without the words of the button itself."""
    phrases = [phrase for phrase in phrases if phrase != plain(button)]
    more = f", and {len(phrases) - _EXAMPLES} more" if len(phrases) > _EXAMPLES else ""
    return ", ".join(phrases[:_EXAMPLES]) + more


_TOP: Final = (
    "# The walk",
    "",
    "For everyone who has to judge it, and for clinicians first: what someone is led through who has been moved by",
    "another's suffering, from the first reply to the last. It is a short self-help exercise by a program that goes by",
    "rules. It is no therapy and no emergency service, and no person reads along.",
    "",
    "**No clinician has signed this off yet**, neither the steps nor the words.",
    "",
    "This page is drawn from the table of the walk (`bot/core/sequence.py`) and from the words (`prompts/en/`) by",
    "`python -m scripts.draw_walk`, which walks the table and asks the bot at every step. Nobody edits it by hand, and",
    "a test holds it to what the bot does. To change a sentence: [prompts/README.md](../prompts/README.md).",
    "",
    "**How to read it.** The model behind the walk is the empathy-compassion gap: what empathic distress and",
    "compassion share is the beginning, that another's suffering has reached someone. From there they part in four",
    "contrasts: regulated or not, other-oriented or self-oriented, beneficial or detrimental, connected or not; and",
    "compassion includes the motivation to help. Each step belongs to one of these. First come pictures of all ways",
    "through, then the conditions that change the way, then each step with all that it says. Words in `this type` are",
    "names in the files; in *this type* they are the names of steps on this page.",
    "",
)


if __name__ == "__main__":
    sys.exit(main())
