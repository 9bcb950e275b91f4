"""docs/walk.md is what the script draws of the table and the words as they are."""

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from bot.core import sequence
from bot.core.lines import DANGER, Line
from bot.core.model import Action
from bot.core.reading import Answer
from bot.core.sequence import Row, Under, begin
from bot.core.state import Condition, Event, Source, Step
from bot.prompts import FOLDER, load
from scripts.draw_walk import BESIDE, CONDITIONS, PAGE, STEPS, Edge, Group, flowchart, forms, page, unnamed
from scripts.walked import Fact, fits, full, steps_of, unfit, way, when

WALK = PAGE.read_text("utf-8")
PICTURES = re.findall(r"```mermaid\n(.*?)```", WALK, re.DOTALL)
NODE = re.compile(r'  +(\w+)(?:\["[^"\n]+"\]|\(\["[^"\n]+"\]\))')
EDGE = re.compile(r'  (\w+) (?:==>|-->|-\.->)(?:\|"[^"|\n]+"\|)? (\w+)')
FRAME = re.compile(r'flowchart (?:TD|LR)|  subgraph IN_\w+ \["[^"\n]+"\]|  end')


@pytest.fixture(scope="module")
def drawn() -> str:
    return page()


def test_page_is_what_the_script_draws(drawn: str) -> None:
    assert drawn == WALK, "Draw it anew: python -m scripts.draw_walk"


def test_everything_has_its_plain_words() -> None:
    assert unnamed() == []


def test_conditions_are_those_that_are_known() -> None:
    assert {*CONDITIONS} == {*Condition}


def test_pictures_have_every_step_and_nothing_unknown() -> None:
    nodes = {name for picture in PICTURES for name in NODE.findall(picture)}
    assert nodes == {step.name for step in Step} | {*BESIDE}


@pytest.mark.parametrize("picture", PICTURES)
def test_picture_is_made_of_nodes_edges_and_groups_alone(picture: str) -> None:
    shapes = (NODE, EDGE, FRAME)
    assert [line for line in picture.splitlines() if not any(shape.fullmatch(line) for shape in shapes)] == []


@pytest.mark.parametrize("picture", PICTURES)
def test_picture_names_each_place_once_and_joins_no_other(picture: str) -> None:
    nodes = [found[1] for line in picture.splitlines() if (found := NODE.fullmatch(line))]
    ends = {end for line in picture.splitlines() if (found := EDGE.fullmatch(line)) for end in found.groups()}
    assert len(nodes) == len({*nodes})
    assert ends == {*nodes}


@pytest.mark.parametrize("picture", PICTURES)
def test_picture_has_one_edge_of_a_kind_between_two_places(picture: str) -> None:
    between: dict[tuple[str, ...], int] = defaultdict(int)
    for line in picture.splitlines():
        if found := EDGE.fullmatch(line):
            between[found.groups()] += 1
    assert {ends for ends, number in between.items() if number > 1} == set()


def test_whole_walk_groups_the_steps_by_contrast() -> None:
    whole = PICTURES[0]
    for group in Group:
        inside = re.search(rf"subgraph IN_{group.name} .*?\n(.*?)\n  end", whole, re.DOTALL)
        members = {step.name for step in Step if STEPS[step].group is group}
        assert inside is None or {*NODE.findall(inside[1])} <= members


def test_page_has_a_chapter_for_every_step() -> None:
    chapters = re.findall(r"^### (.+)$", WALK.partition("## Step by step")[2], re.MULTILINE)
    assert sorted(chapters) == sorted(STEPS[step].name for step in Step)


def test_page_has_every_line_of_the_walk_or_leaves_it_to_the_protocol() -> None:
    said = (FOLDER / "en/walk.yaml").read_text("utf-8").partition("\nlines:\n")[2].partition("\nlabels:\n")[0]
    lines = {Line(name) for name in re.findall(r"^  ([\w.]+):", said, re.MULTILINE)}
    protocol = (PAGE.parent / "protocol.md").read_text("utf-8")
    assert lines
    assert [line for line in lines - DANGER if f"\n- `{line}`" not in WALK] == []
    assert [line for line in lines & DANGER if f"`{line}`" not in protocol] == []


def test_page_says_when_each_line_is_said() -> None:
    for line, when_said in (
        (Line.ARRIVE_WORK_DIED, "met at work and the one who suffered has died"),
        (Line.RESONANCE_PLANET, "met in the living world"),
        (Line.RESONANCE, "at other times"),
        (Line.CLOSE_UNKNOWN, "an answer was skipped"),
        (Line.WHO_AGAIN, "a whole walk ended within a day"),
        (Line.REACH_HELPLESS, "helplessness"),
        (Line.WE_CARE_NEWS, "met in the news, unless: their own people in the news"),
        (Line.STAY_HARDER, "it is harder for the second time"),
        (Line.ACT_OWN, "any other words at *What is in reach?*"),
        (Line.ANCHOR_SOUND, "one of these acts, in turn; never under: a sound that comes back"),
    ):
        assert f"\n- `{line}` ({when_said}):" in WALK


def test_page_gives_one_line_at_a_step_to_other_times() -> None:
    chapters = WALK.partition("## Step by step")[2].split("\n### ")[1:]
    assert len(chapters) == len(Step)
    for chapter in chapters:
        assert chapter.count("` (at other times)") <= 1, chapter.partition("\n")[0]


def test_passed_over_names_steps_and_never_none() -> None:
    rows = re.findall(r"^Passed over: (.*)$", WALK, re.MULTILINE)
    assert rows
    assert [row for row in rows if not re.fullmatch(r"\*[^*]+\*(, \*[^*]+\*)*\.", row)] == []


def test_page_says_what_each_condition_changes() -> None:
    table = WALK.partition("| Changes |")[2].partition("\n\n")[0]
    changes = {row.split(" | ")[0].removeprefix("| "): row.split(" | ")[-1] for row in table.splitlines()[2:]}
    assert changes["A sound that comes back"] == "which steadying act is offered |"
    assert changes["The one who suffered has died"] == "steps (“Them” at *Who is the care for?*) and words |"
    assert changes["Helplessness"] == "steps and words |"
    assert [name for name, change in changes.items() if "nothing" in change] == []


def test_page_has_every_wording_of_every_line_it_names_once() -> None:
    lines = load().lines
    named = {line for line in lines if f"\n- `{line}`" in WALK}
    assert named
    for line in named:
        for wording in lines[line]:
            before = " ".join(wording.split()).partition("{")[0]
            assert WALK.count(f"\n  - {before}") >= 1, line


def test_page_leaves_danger_to_the_protocol() -> None:
    assert [line for line in DANGER if f"\n- `{line}`" in WALK] == []
    for step in Step:
        if STEPS[step].group is Group.DANGER:
            chapter = WALK.partition(f"\n### {STEPS[step].name}\n")[2].partition("\n### ")[0]
            assert "(protocol.md)" in chapter


def test_page_follows_the_words(tmp_path: Path, drawn: str) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(FOLDER, folder)
    for name, old, new in (
        ("walk.yaml", "You need not explain it.", "You may leave it untold."),
        ("noticing.yaml", "means: The writer feels nothing any more.", "means: Nothing is felt by the writer."),
    ):
        path = folder / "en" / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    after = page(folder)
    assert (
        after.replace("You may leave it untold.", "You need not explain it.").replace(
            "Nothing is felt by the writer", "The writer feels nothing any more"
        )
        == drawn
    )
    assert "You may leave it untold." in after
    assert "Nothing is felt by the writer" in after


def test_page_follows_what_is_passed_over(monkeypatch: pytest.MonkeyPatch, drawn: str) -> None:
    more = (*sequence.FORBIDDEN, (Under.NUMB, frozenset({Step.NEEDS})))
    monkeypatch.setattr(sequence, "FORBIDDEN", more)
    sequence.forbidden.cache_clear()
    after = page()
    sequence.forbidden.cache_clear()
    assert "  NEEDS -->" in drawn.partition("## The ways")[0]
    assert '  ARRIVE -->|"numbness"| CLOSE' in after.partition("## The ways")[0]


def test_page_follows_the_rows(monkeypatch: pytest.MonkeyPatch, drawn: str) -> None:
    row = Row(Step.BARRIER, Event.OWN, Step.IDLE)
    monkeypatch.setattr(sequence, "TRANSITIONS", (*sequence.TRANSITIONS, row))
    assert "  BARRIER --> IDLE" not in drawn
    assert '  BARRIER -->|"their own"| IDLE' in page()


def test_forms_are_the_ways_that_differ_each_once() -> None:
    found = [form.steps for form in forms(load().content.labels)]
    assert steps_of(full()) not in found
    assert len(found) == len({*found})
    for condition in Condition:
        assert steps_of(way(begin(1, conditions=condition), {})) in [*found, steps_of(full())]


def test_fits_are_in_the_order_in_which_they_are_said() -> None:
    at = {state.step: state for state in full()}
    assert [fit.line for fit in fits(at[Step.REACH])] == [Line.REACH_OUTRAGE, Line.REACH_HELPLESS, Line.REACH_ANIMAL]
    assert [fit.line for fit in fits(at[Step.ARRIVE])][-2:] == [Line.ARRIVE_WORK_DIED, Line.ARRIVE_WORK]
    assert fits(at[Step.CARE]) == ()


def test_fit_names_what_keeps_it_from_being_said() -> None:
    we_care = next(state for state in full() if state.step is Step.WE_CARE)
    news = next(fit for fit in fits(we_care) if fit.line is Line.WE_CARE_NEWS)
    assert news.facts == (Fact(source=Source.NEWS),)
    assert news.unless == (Fact(conditions=Condition.OWN_PEOPLE),)


def test_fact_is_not_added_where_nobody_of_whom_it_is_known_is_led() -> None:
    at = {state.step: state for state in full()}
    assert Fact(conditions=Condition.GUILT).added_to(at[Step.RESONANCE]) is None
    told = Fact(conditions=Condition.GUILT).added_to(at[Step.KIND])
    assert told is not None
    assert told.conditions is Condition.GUILT
    assert Fact(source=Source.NEWS).with_(Fact(source=Source.WORK)) is None


def test_unfit_acts_are_those_that_a_condition_never_brings() -> None:
    assert unfit(Condition.HEARD) == (Line.ANCHOR_SOUND,)
    assert unfit(Condition.DIED) == ()


def test_way_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no end"):
        way(begin(1), {Step.CLOSE: Answer(Action.MORE)})


def test_flowchart_names_each_place_once() -> None:
    assert [*flowchart([Edge("WHO", "WISH", "short"), Edge("WISH", "WHO")], across=True)] == [
        "```mermaid",
        "flowchart LR",
        f'  WHO["{STEPS[Step.WHO].name}"]',
        f'  WISH["{STEPS[Step.WISH].name}"]',
        '  WHO -->|"short"| WISH',
        "  WISH --> WHO",
        "```",
    ]


def test_when_names_the_fewest_circumstances_that_tell() -> None:
    cases = [(1, ["a", "c"]), (2, ["b", "c"]), (3, ["d"]), (4, [])]
    order = ["a", "b", "c", "d"]
    assert when(cases, lambda case: case < 3, order) == ("c",)
    assert when(cases, lambda case: case in {1, 3}, order) == ("a", "d")
    assert when(cases, lambda case: case > 0, order) == ()
    assert when(cases, lambda case: case == 4, order) is None
