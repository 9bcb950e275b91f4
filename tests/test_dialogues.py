"""Whole conversations: those written down in `dialogues/`, as its README says, and any that chance comes up with."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import count, zip_longest
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.button import open_payload, seal
from bot.core.commands import COMMANDS
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Forgot, Moved, Opened, Reply, Step
from bot.core.sequence import AFTER_CARD
from bot.store.store import Store
from tests.core.places import Place, ways
from tests.person import KEYS, PROMPTS, SEEN, WALK
from tests.talk import Chat, Edits, Forwards, House, Move, Restarts, Says, Sends, Taps, TapsBack, Waits

FOLDER: Final = Path(__file__).parent / "dialogues"
DIALOGUES: Final = {
    "README": (FOLDER / "README.md").read_text("utf-8").split("```")[1].strip(),
    **{path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))},
}

MOVES: Final[tuple[tuple[str, Callable[[str], Move]], ...]] = (
    (r">> (.+)", Forwards),
    (r"> (.+)", Says),
    (r"\(replying\) (.+)", lambda words: Says(words, replying=True)),
    (r"\(edited\) (.+)", Edits),
    (r"\[(.+)\]", Taps),
    (r"\((sticker)\)", lambda _: Sends()),
    (r"\((restart)\)", lambda _: Restarts()),
    (r"\((\d+) minutes? later\)", lambda number: Waits(60 * int(number))),
    (r"\((\d+) hours? later\)", lambda number: Waits(60 * 60 * int(number))),
)


class Turn(NamedTuple):
    """What the person does, and what the bot is to say then, as they are written."""

    done: str
    expected: list[str]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Store.open(tmp_path / "data", KEYS) as store:
        yield House(store)


# --- Reading and retelling a dialogue -----------------------------------------------------------------------------


def move_of(line: str) -> Move | None:
    """What a line does, or None for one of the bot's."""
    found = ((re.fullmatch(pattern, line), make) for pattern, make in MOVES)
    return next((make(match[1]) for match, make in found if match), None)


def turns_of(script: str) -> list[Turn]:
    """Read a dialogue. Empty lines and comments say nothing."""
    turns: list[Turn] = []
    for line in (" ".join(line.split()) for line in script.splitlines()):
        if line and not line.startswith("#"):
            if move_of(line):
                turns.append(Turn(line, []))
            else:
                turns[-1].expected.append(line)
    return turns


async def retold(script: str, house: House) -> list[str]:
    """Tell the dialogue as it goes: with a + at what came, and a - at what was expected in its place."""
    chat, told = Chat(house), []
    for done, expected in turns_of(script):
        told.append(f"  {done}")
        try:
            came = await heard(chat, done)
        except LookupError:
            return [*told, "+ (there is no such button)"]
        if expected[-1:] and expected[-1].startswith("(kept: "):
            came.append(await kept(chat))
        for wanted, said in zip_longest(expected, came, fillvalue=""):
            told += [f"  {said}"] if fits(wanted, said) else [f"- {wanted}", f"+ {said}"]
    return told


async def heard(chat: Chat, done: str) -> list[str]:
    """Do what the line says, and give the bot's lines."""
    move = move_of(done)
    decision = None if move is None else await chat.does(move)
    return [] if decision is None else shown(decision)


def shown(decision: Decision) -> list[str]:
    """What the bot says, as a dialogue has it."""
    note = [f"(note: {decision.toast})"] if decision.toast else []
    return [*note, *map(line_of, decision.replies)] or ["(silence)"]


def line_of(reply: Reply) -> str:
    labels = "".join(f" [{button.label}]" for row in reply.buttons for button in row)
    return " + ".join(reply.keys) + " (a picture)" * (reply.attached is not None) + labels


async def kept(chat: Chat) -> str:
    """What the store holds of the person."""
    consents = await chat.house.store.consents(chat.person)
    walks = len(await chat.house.store.outcomes(chat.person))
    country = await chat.house.store.country(chat.person)
    what = ["a yes"] * bool(consents) + [f"{walks} walk{'s' * (walks != 1)}"] * bool(walks) + [country] * bool(country)
    return f"(kept: {' and '.join(what) or 'nothing'})"


def fits(wanted: str, said: str) -> bool:
    """Whether a line is as it was written. A * stands for the rest of a name."""
    return re.fullmatch(re.escape(wanted).replace(r"\*", r"[\w.]+"), said) is not None


# --- Those that are written down ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIALOGUES)
async def test_dialogue(name: str, house: House) -> None:
    told = await retold(DIALOGUES[name], house)
    if any(line.startswith(("-", "+")) for line in told):
        pytest.fail("\n".join([f"{name} goes otherwise (- as written, + as it came):", *told]), pytrace=False)


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_says_first_what_it_shows(name: str) -> None:
    assert DIALOGUES[name].startswith("# Example: ")


async def test_a_dialogue_that_goes_otherwise_is_told_with_what_came(house: House) -> None:
    script = """
    > /stop
    nothing_to_stop

    > /help
    start [begin]
    (silence)

    [Skip]
    back
    """
    assert await retold(script, house) == [
        "  > /stop",
        "  nothing_to_stop",
        "  > /help",
        "- start [begin]",
        "+ help [begin]",
        "- (silence)",
        "+ ",
        "  [Skip]",
        "+ (there is no such button)",
    ]


def test_a_star_stands_for_the_rest_of_one_name() -> None:
    assert fits("arrive.work + anchor.* + about [did_it]", "arrive.work + anchor.touch + about [did_it]")
    assert not fits("anchor.*", "anchor.touch + about")
    assert not fits("anchor.*", "anchor.touch [did_it]")
    assert not fits("ease", "ease.again")


# --- Any that chance comes up with --------------------------------------------------------------------------------


OPENERS = (
    SEEN,
    "i keep seeing the video of the children in the rubble and i feel sick",
    "im shaking and i cant breathe since i saw that video of the bombing",
    "my mum died last week and i cant stop crying",
    "i was there when the car hit him and i keep seeing it",
    "after all those patients i feel nothing any more",
    "i am so stressed about my exams",
    "i heard about the fire",
    "i sat with a dying patient today and felt calm and full of care for her",
    "im 13 and my dog died",
)
DANGERS = (
    "i want to die",
    "stop. I'll do it tonight",
    "i cant do this anymore",
    "my friend says she will kill herself",
)
ASIDES = ("stop", "thanks", "are you real?", "fuck off", "7", "no", "yes", "skip", "not sure", "this makes it harder")
COUNTRIES = PROMPTS.content.helplines.countries
PLACES = ("united states", "albania", "the gambia")  # with lines, with its page alone, with its name alone
WORDS = st.sampled_from((*OPENERS, *DANGERS, *ASIDES, *PLACES, *PROMPTS.content.labels.values())) | st.text(max_size=60)
COMMANDED = st.sampled_from([*COMMANDS, "nonsense", "walk i want to die"]).map(lambda name: f"/{name}")
TAPS = st.integers(0, 6).map(TapsBack)
DOINGS: st.SearchStrategy[Move] = st.one_of(
    TAPS,
    TAPS,  # more often, so that walks get on
    TAPS,
    st.integers(0, 60).map(TapsBack),
    st.builds(Says, WORDS | COMMANDED, replying=st.booleans()),
    WORDS.map(Forwards),
    WORDS.map(Edits),
    st.just(Sends()),
)
HAPPENINGS: st.SearchStrategy[Move] = st.sampled_from([Waits(60), Waits(31 * 60), Waits(25 * 60 * 60), Restarts()])
WAY = (Says("/walk"), *(Taps(PROMPTS.content.labels[label]) for label in WALK))


def chats(doings: st.SearchStrategy[Move]) -> st.SearchStrategy[list[Move]]:
    """Part of a walk, and then anything."""
    begun = st.integers(0, len(WAY)).map(lambda length: [*WAY[:length]])
    return st.builds(list.__add__, begun, st.lists(doings, max_size=30))


CHATS = chats(DOINGS)
ROUGH_CHATS = chats(DOINGS | DOINGS | HAPPENINGS)

many = settings(max_examples=200)


class Bench:
    """A store for many chats one after the other, each with someone new."""

    def __init__(self, runner: asyncio.Runner, store: Store) -> None:
        self._runner = runner
        self._store = store
        self._people = count(1)

    def chat(self) -> Chat:
        return Chat(House(self._store), next(self._people))

    def does(self, chat: Chat, *moves: Move) -> list[Decision]:
        """Give the answers to those moves that get one."""

        async def answers() -> list[Decision]:
            return [answer for move in moves if (answer := await chat.does(move)) is not None]

        return self._runner.run(answers())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        opening = Store.open(tmp_path_factory.mktemp("bench"), KEYS)
        yield Bench(runner, runner.run(opening.__aenter__()))
        runner.run(opening.__aexit__(None, None, None))


def where_help_is(decision: Decision) -> Line:
    """Which line says where help is: with the lines of the country that the person chose, where it has some."""
    country = COUNTRIES.get(decision.held.country)
    if country is None:
        return Line.CARD_LINES
    return Line.CARD_LINES_COUNTRY if country.lines else Line.CARD_LINES_NONE


def bare(decision: Decision) -> Decision:
    """The same with nothing on its buttons that belongs to one person."""
    replies = (
        replace(reply, buttons=tuple(tuple(replace(button, payload="") for button in row) for row in reply.buttons))
        for reply in decision.replies
    )
    return replace(decision, replies=tuple(replies))


@many
@given(ROUGH_CHATS)
def test_any_conversation_leaves_a_state_that_a_walk_can_have_and_a_button_can_carry(
    bench: Bench, moves: list[Move]
) -> None:
    for decision in bench.does(bench.chat(), *moves):
        state = decision.held.state
        payload = seal(KEYS.button, 1, 0, state, Button(Label.SKIP, Action.SKIP))
        assert open_payload(KEYS.button, 1, 0, payload) == Opened(state, Action.SKIP, 0)
        assert Place.of(state) in ways()


@many
@given(ROUGH_CHATS)
def test_any_conversation_is_answered_in_messages_that_keep_to_the_copy_rules(bench: Bench, moves: list[Move]) -> None:
    chat = bench.chat()
    for move in moves:
        for decision in bench.does(chat, move):
            assert decision.replies or decision.toast or isinstance(move, Edits)
            for reply in decision.replies:
                words = PROMPTS.text(reply)
                assert reply.keys
                assert len(words) <= 4096
                assert len(words.split()) <= 45
                assert words.count("?") <= 1


@many
@given(ROUGH_CHATS, WORDS)
def test_the_first_answer_of_a_walk_has_no_question(bench: Bench, moves: list[Move], words: str) -> None:
    for decision in bench.does(bench.chat(), *moves, Says(words), Says("/walk")):
        moves_on = [fact for fact in decision.facts if isinstance(fact, Moved) and fact.before is not fact.after]
        if any(fact.after in {Step.ARRIVE, Step.OWN} for fact in moves_on):
            assert "?" not in PROMPTS.text(decision.replies[-1])


@many
@given(CHATS)
def test_no_wording_comes_twice_in_a_walk_before_all_have_come(bench: Bench, moves: list[Move]) -> None:
    said: dict[tuple[int, Line], list[int]] = defaultdict(list)
    for decision in bench.does(bench.chat(), *moves):
        if Forgot() in decision.facts:  # what was said is forgotten too
            said.clear()
        for reply in decision.replies:
            for line, pick in zip(reply.keys, reply.picks, strict=True):
                wordings = len(PROMPTS.lines[line])
                picks = said[decision.held.state.walk, line]
                picks.append(pick % wordings)
                assert len(set(picks[-wordings:])) == len(picks[-wordings:])


@many
@example([Says("/country"), Says("albania"), Says("i cant do this anymore")], "stop")
@example([Says("/country"), Says("united states"), Says("i cant do this anymore")], "stop")
@given(ROUGH_CHATS, st.sampled_from(["stop", "Stop.", "/stop", "/stop!", "please stop"]))
def test_stop_always_stops(bench: Bench, moves: list[Move], words: str) -> None:
    *_, decision = bench.does(bench.chat(), *moves, Says(words))
    assert decision.held.state.step is Step.IDLE
    stopped = [reply.keys for reply in decision.replies if reply.keys != (where_help_is(decision),)]
    assert stopped in [
        [(line,)] for line in (Line.STOPPED, Line.HELD_STOPPED, Line.HELD_STOPPED_NOW, Line.NOTHING_TO_STOP)
    ]


@many
@example([Says("/country"), Says("the gambia")], Says, "i want to die")
@example([Says("/country"), Says("united states")], Edits, "i want to die")
@given(
    ROUGH_CHATS,
    st.sampled_from([Says, Edits]),
    st.sampled_from(
        ["i want to die", "/walk i want to die", "/stop i want to die", "stop. i want to die", "I WANT TO DIE!!"]
    ),
)
def test_danger_always_gets_the_card_first(
    bench: Bench, moves: list[Move], kind: Callable[[str], Move], words: str
) -> None:
    *_, decision = bench.does(bench.chat(), *moves, kind(words))
    first, *rest = [reply.keys for reply in decision.replies]
    if rest:
        assert first in {(Line.CARD_OWN,), (Line.CARD_OWN_YOUNG,)}
        assert rest[0] == (where_help_is(decision),)
    else:  # a card for oneself stands already
        assert first in {(Line.CARD_AGAIN,), (Line.CARD_AGAIN_NOW,), (Line.CARD_AGAIN_NOW_YOUNG,)}
    assert decision.held.state.step in AFTER_CARD


@many
@given(st.lists(st.tuples(st.booleans(), DOINGS), max_size=25))
def test_two_people_never_mix(bench: Bench, moves: list[tuple[bool, Move]]) -> None:
    one, two = bench.chat(), bench.chat()
    two.house = one.house
    together = [bare(decision) for first, move in moves for decision in bench.does(one if first else two, move)]
    alone = {
        first: iter(bench.does(bench.chat(), *(move for who, move in moves if who is first))) for first in (True, False)
    }
    assert together == [bare(next(alone[first])) for first, _ in moves]


@many
@given(CHATS, CHATS, st.integers(0, 60))
def test_nobody_can_tap_the_button_of_another(bench: Bench, moves: list[Move], others: list[Move], ago: int) -> None:
    one, two = bench.chat(), bench.chat()
    two.house = one.house
    bench.does(one, *moves, Says("/walk"))
    before = bench.does(two, *others, Says("/help"))[-1].held
    two.shown = one.shown
    (decision,) = bench.does(two, TapsBack(ago))
    assert decision.replies[0].keys[0] is Line.UNREADABLE
    assert (decision.held.state, decision.held.consents) == (before.state, before.consents)
