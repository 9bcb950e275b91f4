"""The files of `prompts/` as they are, and what is said of files that are broken."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, reduce
from itertools import chain, combinations, pairwise, product
from operator import add
from pathlib import Path

import pytest

from bot.core.commands import why
from bot.core.consent import QUESTIONS
from bot.core.kept import Purpose
from bot.core.lines import DANGER, Label, Line
from bot.core.matching import hear, plain
from bot.core.model import Action, Button, Ground, Held, Incoming, Kind, Reply, Where, Why
from bot.core.reading import Answer, take
from bot.core.sequence import advance, begin
from bot.core.state import Condition, Event, Reason, Source, Step, Tier
from bot.core.steps import again, offer, onward, opening
from bot.core.times import Clock
from bot.prompts import (
    FOLDER,
    SLOTS,
    ContentError,
    Copy,
    Prompts,
    load,
    read,
)
from bot.review import MESSAGES, MUST_SAY, aging, check
from bot.wording import Measure, line_problems, measure, message_problems


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    return load()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `prompts/` to break, in the folder that the problems are told from."""
    shutil.copytree(FOLDER, tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "prompts"


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / "en" / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- As they are ------------------------------------------------------------------------------------------------


def test_check_finds_nothing_in_the_prompts_as_they_are() -> None:
    assert check() == []


def test_load_has_words_for_every_line_and_label(prompts: Prompts) -> None:
    assert set(prompts.lines) == set(Line)
    assert set(prompts.content.labels) == set(Label)


def test_load_reads_typed_words_as_a_message_is_read(prompts: Prompts) -> None:
    assert prompts.content.typed[plain("Fuck off!!")] == "swear"
    assert prompts.content.typed[plain("I don't know...")] == "not_sure"
    assert prompts.content.typed[plain("NOPE.")] == "no"


def test_load_knows_the_words_of_a_button_at_any_step(prompts: Prompts) -> None:
    assert prompts.content.typed[plain("Stop!")] == "stop"
    assert prompts.content.typed[plain("this makes it harder")] == "harder"


def test_load_gives_a_reader_of_times(prompts: Prompts) -> None:
    assert prompts.content.times.time_of("half past eight") == Clock(8 * 60 + 30, "half past eight")


def test_load_gives_a_reader_and_a_guard(prompts: Prompts) -> None:
    assert prompts.content.reader.notice(hear("lost a patient today and i cant stop seeing her sons face")).ask
    assert prompts.content.guard.read(hear("i want to kill myself")).tier is Tier.OWN


# --- Words ------------------------------------------------------------------------------------------------------


def test_text_says_each_line_in_a_paragraph_of_its_own(prompts: Prompts) -> None:
    reply = Reply((Line.MIRROR_OWN, Line.KIND))
    assert prompts.text(reply) == f"{prompts.lines[Line.MIRROR_OWN][0]}\n\n{prompts.lines[Line.KIND][0]}"


def test_text_picks_a_wording_for_each_line_and_begins_again_after_the_last(prompts: Prompts) -> None:
    heard, ease = prompts.lines[Line.HEARD], prompts.lines[Line.EASE]
    assert prompts.text(Reply((Line.HEARD, Line.EASE), picks=(1, 2 + len(ease)))) == f"{heard[1]}\n\n{ease[2]}"


def test_text_fills_slots_with_the_words_of_labels(prompts: Prompts) -> None:
    slots = {"who": Label.WHO_LEFT_BEHIND, "need": Label.MAY_REST}
    assert "may those left behind find rest" in prompts.text(Reply((Line.WISH,), slots=slots))


SAID = {"feeling": "Sad", "who": "they", "need": "be safe", "act": "rest"}
"""Something for each slot of a walk."""

NEEDED_FOR_AN_ANCHOR = (
    r"hold something|holding|object|cup|mug|blanket|stone|pen|phone|music|drink|sip|water|ice|food|eat|chew|taste|"
    r"smell|clos\w+ your eyes|eyes (closed|shut)|breath\w*|inhale|exhale|air|friend|someone|person|together with|pet"
)


def test_steadying_acts_go_by_the_senses_and_need_nothing(prompts: Prompts) -> None:
    anchors = {line: wordings for line, wordings in prompts.lines.items() if line.startswith("anchor.")}
    assert set(anchors) == {Line.ANCHOR_SIGHT, Line.ANCHOR_SOUND, Line.ANCHOR_TOUCH, Line.ANCHOR_HANDS}
    for wordings in anchors.values():
        assert len(wordings) >= 4
        for wording in wordings:
            assert not re.search(rf"\b({NEEDED_FOR_AN_ANCHOR})\b", wording, re.IGNORECASE), wording
            assert len(wording.split()) <= 16
            assert "?" not in wording
            assert re.search(r"[Ii]f (you want|it suits|it fits)|You could|One small thing", wording), wording


def test_one_steadying_act_needs_no_more_than_the_hands(prompts: Prompts) -> None:
    for wording in prompts.lines[Line.ANCHOR_HANDS]:
        assert re.search(r"\b(hands?|palms)\b", wording)
        assert not re.search(r"\b(solid|firm|floor|wall|chair|under)\b", wording)


@pytest.fixture(scope="module")
def walk() -> Mapping[Line, tuple[str, ...]]:
    """What is said within a walk, but for the steps about body and day."""
    lines = read(FOLDER / "en" / "walk.yaml", Copy).lines
    return {line: wordings for line, wordings in lines.items() if not line.startswith("needs.")}


TAKEN_FOR_GRANTED = (
    r"hold\w* something|cup|mug|drinks?|water|food|eat|meal|breath\w*|(at|go) home|your (home|house|room|bed|garden)|"
    r"tonight|this (morning|evening)|good (night|morning)|winter|spring|summer|autumn|stand up|on your feet"
)


def test_walk_takes_no_thing_hour_or_season_for_granted(walk: Mapping[Line, tuple[str, ...]]) -> None:
    for line, wordings in walk.items():
        for wording in wordings:
            assert not re.search(rf"\b({TAKEN_FOR_GRANTED})\b", wording, re.IGNORECASE), (line, wording)


@pytest.mark.parametrize("start", ["kind", "wish"])
def test_silence_is_enough_for_kindness_and_wishes(walk: Mapping[Line, tuple[str, ...]], start: str) -> None:
    lines = [line for line in walk if line.startswith(start)]
    assert len(lines) == 2
    for line in lines:
        for wording in walk[line]:
            assert re.search(r"\b(silen(ce|t)|quiet|pause)\b", wording, re.IGNORECASE), wording


def test_wishes_leave_room_for_a_prayer_in_own_words(walk: Mapping[Line, tuple[str, ...]]) -> None:
    for wording in (*walk[Line.WISH], *walk[Line.WISH_DIED]):
        assert re.search(r"\bpray(er)? in your own words\b", wording), wording


def test_walk_gives_no_verdict_on_what_was_done(walk: Mapping[Line, tuple[str, ...]]) -> None:
    verdict = (
        r"(did|done) (nothing|something) wrong|you (have )?(not )?failed|(your|no one's|nobody's) fault|innocent|guilty"
    )
    for line, wordings in walk.items():
        for wording in wordings:
            assert not re.search(verdict, wording, re.IGNORECASE), (line, wording)


def test_acts_come_after_sleep_and_may_be_none(walk: Mapping[Line, tuple[str, ...]]) -> None:
    asked = [wording for line in walk if line.startswith("reach") for wording in walk[line]]
    planned = walk[Line.ACT]
    assert all(
        re.search(r"\b(slept|rested|no hurry|you choose when)\b", each, re.IGNORECASE) for each in walk[Line.ACT_OWN]
    )
    assert [
        each for each in (*asked, *planned) if not re.search(r"\b(sleep|slept|rested)\b", each, re.IGNORECASE)
    ] == []
    assert [each for each in asked if not re.search(r"\bnothing\b", each, re.IGNORECASE)] == []


def test_paragraphs_of_a_message_do_not_begin_alike(prompts: Prompts, said_in_walks: list[Reply]) -> None:
    messages = {reply.keys for reply in said_in_walks if len(reply.keys) > 1}
    alike = [
        (keys, pick, first)
        for keys, pick in product(messages, range(4))
        for first, second in pairwise(prompts.text(Reply(keys, picks=(pick,) * len(keys), slots=SAID)).split("\n\n"))
        if first.split()[0] == second.split()[0]
    ]
    assert alike == []


def test_label_is_the_words_on_a_button(prompts: Prompts) -> None:
    assert prompts.label(Button(Label.DID_IT, Action.NEXT)) == "Did it"


@pytest.fixture(scope="module")
def said_in_walks() -> list[Reply]:
    """What is said in walks of every kind, whatever buttons are pressed."""
    said = [opening(begin(1, source=source)) for source in Source]
    reached = [begin(1, step, conditions=condition) for condition in Condition for step in (Step.ARRIVE, Step.OWN)]
    seen = set()
    for state in reached:
        said += (again(state, line) for line in (None, Line.STALE, Line.REAL))
        presses = [Answer(button.action, button.value) for row in offer(state) for button in row]
        for answer in (*presses, Answer(Action.HARDER), Answer(Action.SKIP)):
            before, event = take(state, answer) or (state, Event.STOP)
            after = advance(before, event)
            if event is Event.STOP or after is before:
                continue
            said += (onward(before, event, after, heard=heard) for heard in (False, True))
            kind = (after.step, after.resume, after.conditions, after.care_for, after.short, after.asked, after.eases)
            if kind not in seen:
                seen.add(kind)
                reached.append(after)
    return said


def test_messages_of_a_walk_are_of_the_kinds_that_check_judges(said_in_walks: list[Reply]) -> None:
    judged = {part for groups in MESSAGES for keys in product(*groups) for part in (keys, keys[1:])}
    assert {reply.keys for reply in said_in_walks if len(reply.keys) > 1} - judged == set()


NOTICED = (Ground.WITNESS, Ground.OWN, Ground.LOSS, Ground.COMPASSION, Ground.UNSURE, Ground.NONE)


def said_of(ground: Ground, *reasons: Reason) -> Reply:
    """What /why says."""
    incoming = Incoming(7, Where.PRIVATE, Kind.COMMAND, at=0, command="why")
    (reply,) = why(incoming, Held(why=Why(ground, reasons))).replies
    return reply


@pytest.fixture(scope="module")
def said_of_all() -> list[Reply]:
    """What /why says of every ground with every choice of reasons; their order changes no count."""
    chosen = [reasons for number in range(4) for reasons in combinations(Reason, number)]
    noticed = [said_of(ground, *reasons) for ground in NOTICED for reasons in chosen]
    return [*noticed, *(said_of(ground) for ground in set(Ground) - {*NOTICED})]


def test_messages_of_why_are_of_the_kinds_that_check_judges(said_of_all: list[Reply]) -> None:
    judged = {part for groups in MESSAGES for keys in product(*groups) for part in (keys, keys[1:])}
    assert {reply.keys for reply in said_of_all} - judged == set()


def test_messages_of_why_keep_to_the_copy_rules_in_every_wording(prompts: Prompts, said_of_all: list[Reply]) -> None:
    @cache
    def judged(line: Line, pick: int, slots: frozenset[tuple[str, Label]]) -> tuple[Measure, tuple[str, ...]]:
        words = prompts.text(Reply((line,), slots=dict(slots), picks=(pick,)))
        return measure(words), (*line_problems(words), *(["is not filled"] if "{" in words else []))

    problems = []
    for reply in said_of_all:
        slots = frozenset(reply.slots.items())
        for picks in product(*(range(len(prompts.lines[line])) for line in reply.keys)):
            lines = zip(reply.keys, picks, strict=True)
            sizes, told = zip(*(judged(line, pick, slots) for line, pick in lines), strict=True)
            danger = Line.WHY_DANGER in reply.keys
            problems += [*chain(*told), *message_problems(reduce(add, sizes), danger=danger)]
    assert problems == []


def test_text_of_why_names_what_was_spoken_of(prompts: Prompts) -> None:
    said = [prompts.text(said_of(Ground.WITNESS, *reasons)) for reasons in ((), (*Reason,)[:1], (*Reason,)[:3])]
    assert [text.split("\n\n")[1:-1] for text in said] == [
        [],
        ["You spoke of someone else."],
        ["You spoke of someone else, animals or nature, and death or dying."],
    ]


def test_every_reason_has_a_label_and_every_ground_a_line() -> None:
    assert {f"reason.{reason}" for reason in Reason} == {label for label in Label if label.startswith("reason.")}
    assert {f"why.{ground}" for ground in Ground} | {Line.WHY_NOTHING} == {
        line for line in Line if line.startswith("why.")
    }


def test_messages_of_a_walk_fill_their_slots(prompts: Prompts, said_in_walks: list[Reply]) -> None:
    for reply in said_in_walks:
        assert "{" not in prompts.text(reply)


# --- Broken files -----------------------------------------------------------------------------------------------


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load(folder)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def line_of(folder: Path, name: str, text: str) -> int:
    lines = (folder / "en" / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_load_without_files_names_each(folder: Path) -> None:
    shutil.rmtree(folder)
    names = ["en/lexicon.txt", "en/danger.txt", "en/noticing.yaml", "en/safety.yaml"]
    names += ["helplines.yaml", "helpline_checks.yaml", "cities.txt", "en/nudges.yaml", "en/circles.yaml"]
    names += ["en/consents.yaml", "en/times.yaml", "en/walk.yaml", "en/copy.yaml", "en/groups.yaml"]
    assert problems_of(folder) == [f"prompts/{name}:1: there is no such file: add it" for name in names]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "1: is empty: fill it, or bring it back"),
        (b"# nothing\n", "1: is empty: fill it, or bring it back"),
        (b"lines:\n  - \xff\n", "2: is not UTF-8: save the file as UTF-8"),
        (b"lines:\n  real: 'a\n", "3: is not YAML (found unexpected end of stream)"),
        (b"lines:\n  real: \x00\n", "2: has a character that cannot be printed: take it out"),
        (b"lines:\n  real: [a]\n  real: [b]\n", "3: lines.real: stands here twice, first in line 2: keep one"),
        (b"lines: &all\n  real: *all\n", "2: lines.real: holds itself: write it out"),
        (b"lines:\n\n  rael: [a]\n", "3: lines.rael: there is no “rael”: did you mean “real”?"),
        (b"lines:\n  real: a\n", "2: lines.real: should be a list: each item on a line of its own, after a dash"),
        (b"lines:\n  real:\n  - [a]\n", "3: lines.real: should be words: put quotes around all of them"),
        (b"lines:\n", "1: lines: should hold names, each with a colon after it"),
        (b"- a\n", "1: should hold names, each with a colon after it"),
        (b"labels: {}\nlins: {}\n", "2: lins: is not known here: mend its spelling, or take it out"),
    ],
)
def test_read_says_where_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.yaml").write_bytes(content)
    with pytest.raises(ContentError) as caught:
        read(Path("copy.yaml"), Copy)
    assert any(each.startswith(f"copy.yaml:{problem}") for each in caught.value.problems), str(caught.value)


def test_read_says_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        read(tmp_path, Copy)


def test_read_tells_every_problem_in_the_order_of_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.yaml").write_text("labels:\n  nope: a\nlines:\n  real: [a]\n  real: b\nmore: c\n", encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read(Path("copy.yaml"), Copy)
    assert [problem.split(" ")[0] for problem in caught.value.problems] == [
        "copy.yaml:2:",
        "copy.yaml:5:",
        "copy.yaml:5:",
        "copy.yaml:6:",
    ]


def test_read_takes_bare_words_for_text(tmp_path: Path) -> None:
    path = tmp_path / "copy.yaml"
    path.write_text("labels: {no: No, yes: 7}\ntyped: {off: [off, 1e3, 12:30, null]}\n", encoding="utf-8")
    copy = read(path, Copy)
    assert copy.labels == {Label.NO: "No", Label.YES: "7"}
    assert copy.typed == {"off": ("off", "1e3", "12:30", "null")}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rules that contradict themselves."""

    weight: float
    slots: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is here."""
        raise ValueError("slots.work: is idle\nslots.rest: is missing\nnothing fits")


def test_read_tells_each_line_of_a_value_error_where_the_file_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shelf.yaml").write_text("weight: 0.5\nslots:\n  work: 1\n", encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read(Path("shelf.yaml"), Shelf)
    assert caught.value.problems == (
        "shelf.yaml:1: nothing fits",
        "shelf.yaml:2: slots.rest: is missing",
        "shelf.yaml:3: slots.work: is idle",
    )


def test_load_gathers_the_problems_of_all_files(folder: Path) -> None:
    change(folder, "copy.yaml", "  mine: ", "  mein: ")
    change(folder, "groups.yaml", "  write_privately: ", "  write_publicly: ")
    (folder / "en" / "safety.yaml").unlink()
    assert [problem.split(":")[0] for problem in problems_of(folder)] == [
        "prompts/en/safety.yaml",
        "prompts/en/copy.yaml",
        "prompts/en/groups.yaml",
    ]


def test_load_names_a_line_that_has_no_words_and_where_it_could_stand(folder: Path) -> None:
    text = (folder / "en" / "walk.yaml").read_text(encoding="utf-8")
    start, end = text.index("  look_back:\n"), text.index("  care:\n")
    (folder / "en" / "walk.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    place = f"prompts/en/walk.yaml:{line_of(folder, 'walk.yaml', '  back:')}: lines.back"
    assert problems_of(folder) == [f"{place}: there is no “look_back”: add it beside this"]


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("groups.yaml", "labels:", "labels:\n  skip: Skip", "labels.skip: stands in another file too: keep one"),
        ("walk.yaml", "{feeling}: a fair", "{feelings}: a fair", "lines.mirror: has other slots than its line"),
        ("walk.yaml", "Once more: how", "Once more, {who}: how", "has other slots than its line: write no slot"),
        ("walk.yaml", "Once more: how", "Once more {how", "lines.ease.again: has a brace that does not close"),
        ("walk.yaml", "Thank you for writing that.", " ", "lines.heard: has no words"),
        ("walk.yaml", "  skip: [next", "  skap: [next", "typed.skap: there is no meaning “skap”"),
        ("walk.yaml", "  skip: [next", "  # skip: [next", "typed: there is no “skip”: add what people type"),
        ("walk.yaml", "  skip: [next", "  skip: ['?!', next", "typed.skip: “?!” has no words: take it out"),
        ("walk.yaml", "  skip: [next", "  skip: [Fuck OFF!, next", "typed.swear: “fuck off” stands under skip already"),
        ("walk.yaml", "  skip: [next", "  skip: [Stop., next", "typed.skip: “Stop.” stands under stop already"),
    ],
)
def test_load_compares_names_slots_and_typed_words(folder: Path, name: str, old: str, new: str, problem: str) -> None:
    change(folder, name, old, new)
    assert any(problem in each for each in problems_of(folder))


# --- The copy rules ---------------------------------------------------------------------------------------------


LONG = "It is a long way to go, and a longer way to come back from it."


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("That sounds heavy.", "I understand.", "lines.arrive.none: “i understand” is never said"),
        ("tap /walk", "tap /wlak", "there is no command /wlak: name one that there is"),
        ('did_it: "Did it"', 'did_it: "+"', "labels.did_it: a button without words"),
        ('    - "Thank you for writing that."\n', "", "lines.heard: has 3 wordings, and is met often"),
        ("Thank you for writing that.", "Putting that into words can be hard.", "lines.heard: has one wording twice"),
        ("Once more: how upset do you feel now?", "Once more.", "lines.ease.again: asks in one wording and not in"),
        ("That sounds heavy.", LONG, "words in one message: at most 45 (the message arrive.none + anchor."),
        (
            "Thank you for writing that.",
            "Shall we go on?",
            "2 questions in one message: ask one thing (the message heard",
        ),
        ("Thank you for writing that.", "Unimaginable circumstances.", "reads like school year"),
    ],
)
def test_check_holds_the_words_to_the_copy_rules(folder: Path, old: str, new: str, problem: str) -> None:
    text = (folder / "en" / "walk.yaml").read_text(encoding="utf-8")
    (folder / "en" / "walk.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(problem in each for each in check(folder)), check(folder)


MANY = "|".join(f"x{number}" for number in range(600))  # more than are multiplied out: what stands beside is a part
NEVER = f"(he was|{MANY}) (not|never) here"  # reads "wasnt"


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("noticing.yaml", "phrases: [dying,", f"phrases: [dying, {NEVER},", "“he was not here” is never found"),
        ("safety.yaml", "(dead|no longer alive)", f"(dead|not tall|{MANY})", "“wish i was not tall” is never found"),
        ("lexicon.txt", "\nwords ", "\ndon't\town +0.20\nwords ", "“don't” is never found: take it out"),
    ],
)
def test_check_tells_of_rules_that_never_fire(folder: Path, name: str, old: str, new: str, problem: str) -> None:
    text = (folder / "en" / name).read_text(encoding="utf-8")
    assert old in text
    (folder / "en" / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(problem in told for told in check(folder))


def test_check_tells_of_cities_that_would_not_be_found(folder: Path) -> None:
    text = (folder / "cities.txt").read_text(encoding="utf-8")
    (folder / "cities.txt").write_text(f"{text}aachen\tEurope/Berlin\n", encoding="utf-8")
    number = text.count("\n") + 1
    assert any(told.startswith(f"prompts/cities.txt:{number}: “aachen” is out of order") for told in check(folder))


def put(folder: Path, line: Line, wording: str) -> None:
    """Say this in place of the line's first wording."""
    (path,) = (path for path in (folder / "en").glob("*.yaml") if f"\n  {line}:\n" in path.read_text("utf-8"))
    before, after = path.read_text("utf-8").split(f"\n  {line}:\n", 1)
    rest = after.split("\n", 1)[1]
    path.write_text(f'{before}\n  {line}:\n    - "{wording}"\n{rest}', "utf-8")


def test_check_tells_what_each_line_has_to_say_and_does_not(folder: Path) -> None:
    for line in {line for lines, _, _ in MUST_SAY for line in lines}:
        put(folder, line, "Some words.")
    problems = check(folder)
    for lines, _, what in MUST_SAY:
        for line in lines:
            assert any(f"lines.{line}: does not say {what}: " in problem for problem in problems)


def test_check_wants_the_emergency_number_before_all_else(folder: Path) -> None:
    put(folder, Line.CARD_MEDICAL, "Say where you are. Call {emergency}. Tell someone near you.")
    (problem,) = check(folder)
    assert "lines.card.medical: does not say the emergency number, in its first sentence" in problem


def test_check_takes_no_metaphor_where_it_is_about_danger(folder: Path) -> None:
    for line in DANGER:
        put(folder, line, "That is heavy.")
    problems = check(folder)
    for line in DANGER:
        assert any(f"lines.{line}: “heavy” is never said: a metaphor" in problem for problem in problems)


def test_check_takes_what_is_a_metaphor_in_danger_elsewhere(folder: Path) -> None:
    put(folder, Line.ARRIVE_NONE, "That is heavy.")
    assert check(folder) == []


def test_check_wants_three_wordings_of_each_card(folder: Path) -> None:
    path = folder / "en" / "copy.yaml"
    before = path.read_text("utf-8")
    two = re.sub(r"(?m)^(  card\.[\w.]+:\n(?: +#.*\n)*(?: +- .+\n){2})(?: +- .+\n)+", r"\1", before)
    path.write_text(two, "utf-8")
    problems = check(folder)
    for line in (line for line in Line if line.startswith("card.")):
        assert any(f"lines.{line}: has 2 wordings, and is met often" in problem for problem in problems)


def test_danger_has_all_that_cards_and_the_question_say() -> None:
    assert {line for line in Line if line.startswith(("card.", "danger."))} <= DANGER


def test_check_judges_the_longest_words_of_a_slot(folder: Path) -> None:
    change(folder, "walk.yaml", '"have what they need"', '"have all that they need, for as long as they need it"')
    assert any("lines.wish: a sentence of" in problem for problem in check(folder))


def test_check_holds_the_description_to_what_telegram_shows(folder: Path) -> None:
    change(folder, "copy.yaml", "Small steps from another's pain", f"{LONG} {LONG} Small steps")
    assert any("is longer than the 120 letters that Telegram shows" in problem for problem in check(folder))


def test_check_holds_the_description_to_the_length_of_a_message(folder: Path) -> None:
    put(folder, Line.DESCRIPTION, f"{'It is. ' * 22} A program.")
    assert any("46 words in one message: at most 45 (the message description)" in problem for problem in check(folder))


def test_check_judges_what_can_be_read_beside_a_broken_file(folder: Path) -> None:
    (folder / "en" / "copy.yaml").write_text("", encoding="utf-8")
    change(folder, "walk.yaml", "That sounds heavy.", "I understand.")
    problems = check(folder)
    assert len(problems) == 2
    assert "copy.yaml:1: is empty" in problems[0]
    assert "“i understand” is never said" in problems[1]


def test_slots_are_filled_by_labels_that_there_are() -> None:
    for starts in SLOTS.values():
        assert all(any(label.startswith(start) for label in Label) for start in starts.values())


# --- Consents -----------------------------------------------------------------------------------------------------


def test_load_gives_the_version_of_each_question(prompts: Prompts, folder: Path) -> None:
    assert set(prompts.content.versions) == set(Purpose)
    change(folder, "consents.yaml", "plans: {version: 1,", "plans: {version: 3,")
    assert load(folder).content.versions[Purpose.PLANS] == 3


@pytest.mark.parametrize("purpose", Purpose)
def test_check_says_that_the_words_of_a_question_have_changed(folder: Path, purpose: Purpose) -> None:
    line = QUESTIONS[purpose]
    old = read(folder / "en" / "copy.yaml", Copy).lines[line][-1]
    change(folder, "copy.yaml", f'"{old}"', f'"{old.replace("16", "17")}"')
    (problem,) = [each for each in check(folder) if "consents.yaml" in each]
    place = line_of(folder, "consents.yaml", f"  {purpose}:")
    assert problem.startswith(f"prompts/en/consents.yaml:{place}: purposes.{purpose}.digest: the words of {line} have")
    was = re.search(rf'{purpose}: {{version: 1, digest: "(\w+)"', (folder / "en" / "consents.yaml").read_text("utf-8"))
    assert was is not None
    change(folder, "consents.yaml", was[1], problem.rsplit(" ", 1)[1])
    assert check(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  plans: {version: 1,", "  plans: {version: 0,", "version: counts from 1"),
        ("  plans: {", "  plan: {", "there is no “plan”: did you mean “plans”?"),
        ("  plans: {", "  # {", "there is no “plans”: add it"),
    ],
)
def test_load_without_a_question_of_each_purpose_says_which(folder: Path, old: str, new: str, problem: str) -> None:
    change(folder, "consents.yaml", old, new)
    assert [each for each in problems_of(folder) if "consents.yaml" in each and problem in each]


# --- Helplines ----------------------------------------------------------------------------------------------------


def in_helplines(folder: Path, old: str, new: str) -> None:
    path = folder / "helplines.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_load_tells_every_problem_of_the_helplines_with_its_line(folder: Path) -> None:
    in_helplines(folder, 'dial: "800725462"', 'dial: "800 SAKINA"')
    in_helplines(folder, "read: 2026-11-22", "read: last year")
    assert any(problem.endswith("read: should be a day: 2026-11-22") for problem in problems_of(folder))
    in_helplines(folder, "read: last year", "read: 2026-11-22")
    in_helplines(folder, '"https://www.emaratalyoum.com/local-section/health/2026-03-03-1.2021372"', '""')
    in_helplines(folder, "GB:", "UK:")
    told = problems_of(folder)
    assert all(problem.startswith("prompts/helplines.yaml:") for problem in told)
    for what in (
        "“800 SAKINA” cannot be dialled",
        "has no source",
        "there is no country with this code",
        "no GB among",
    ):
        assert [what in problem for problem in told].count(True) == 1
    number = next(
        at
        for at, text in enumerate((folder / "helplines.yaml").read_text("utf-8").splitlines(), start=1)
        if "SAKINA" in text and "name" in text
    )
    assert any(problem.startswith(f"prompts/helplines.yaml:{number}: countries.AE.lines:") for problem in told)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[Arabic, English]", '["Arabic", "{}"]'),
        ('name: "Albania"', 'name: "{}"'),
        ('name: "SAKINA"', 'name: "{}"'),
    ],
)
@pytest.mark.parametrize(
    ("words", "problem"),
    [("English 😀", "the sign GRINNING FACE"), ("English {x}", "a brace"), ("English!", "exclamation")],
)
def test_check_holds_all_that_a_country_shows_to_plain_signs(
    folder: Path, old: str, new: str, words: str, problem: str
) -> None:
    in_helplines(folder, old, new.replace("{}", words))
    assert any(problem in told for told in check(folder))


@pytest.mark.parametrize(("old", "new"), [("[Arabic, English]", "[Arabic, ENGLISH]"), ('"Albania"', '"ALBANIA"')])
def test_check_refuses_a_shouted_language_or_country(folder: Path, old: str, new: str) -> None:
    in_helplines(folder, old, new)
    assert any("in capitals" in told for told in check(folder))


def test_load_tells_of_a_check_that_names_no_line(folder: Path) -> None:
    row = '{country: GB, line: "Lifelin", date: 2026-12-01, result: wrong}'
    (folder / "helpline_checks.yaml").write_text(f"checks:\n  - {row}\n", encoding="utf-8")
    (problem,) = problems_of(folder)
    assert problem.startswith("prompts/helpline_checks.yaml:2: checks: there is no line “Lifelin” in GB")


def test_load_leaves_out_a_line_that_was_found_wrong(folder: Path) -> None:
    row = '{country: GB, line: "Lifeline", date: 2026-12-01, result: wrong}'
    (folder / "helpline_checks.yaml").write_text(f"checks:\n  - {row}\n", encoding="utf-8")
    names = [line.name for line in load(folder).content.helplines.countries["GB"].lines]
    assert "NHS 111" in names
    assert "Lifeline" not in names


def test_check_tells_of_a_country_whose_message_is_too_long(folder: Path) -> None:
    in_helplines(folder, 'name: "SAKINA"', f'name: "{"one " * 30}"')
    in_helplines(folder, 'name: "Emirates Health Services"', f'name: "{"one " * 40}"')
    assert any("countries.AE: no line fits into a message" in problem for problem in check(folder))


@pytest.mark.parametrize(("old", "new"), [('name: "SAKINA"', 'name: "SAKINA ★"'), ('hours: "24/7"', 'hours: "24/7 ☎"')])
def test_check_holds_what_is_shown_of_a_line_to_plain_signs(folder: Path, old: str, new: str) -> None:
    in_helplines(folder, old, new)
    (problem,) = check(folder)
    assert "countries.AE: SAKINA" in problem
    assert "plain words, read aloud well" in problem


def test_aging_tells_sixty_days_ahead_and_of_nothing_before(prompts: Prompts) -> None:
    hidden = (date(2027, 11, 22) - date(1970, 1, 1)).days * 86_400
    read = [line.read for country in prompts.content.helplines.countries.values() for line in country.lines]
    assert aging(prompts, hidden - 60 * 86_400) == []
    assert len(aging(prompts, hidden - 59 * 86_400)) == read.count(date(2026, 11, 22))
    assert "will be hidden in 59 days" in aging(prompts, hidden - 59 * 86_400)[0]
    assert "is hidden" in aging(prompts, hidden + 86_400)[0]
