import math
import re
import struct
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import combinations, product

import pytest
from PIL import Image

from bot.core.gap import MOST_WALKS, AfterDays, Answered, Figure, Moment, OneWalk, OverDays
from bot.core.lines import Label
from bot.core.state import Change
from bot.figure import (
    BACKGROUND,
    CARE,
    HEIGHT,
    MUTED,
    PAPER,
    PIXELS,
    UPSET,
    WIDTH,
    Box,
    Drawing,
    Stroke,
    Text,
    drawing,
    font,
    plot,
    png,
    rendered,
    svg,
)
from tests.dialects import DIALECTS
from tests.person import PROMPTS

WORDS = PROMPTS.content.labels
CHANGES = tuple(Change)
RATINGS = (None, 0, 2, 5, 8, 10)
ENDS = [Answered(upset, change) for upset, change in product((None, *range(11)), CHANGES)]
FULL = OverDays(tuple(Answered(10 * (at % 2), Change(1 + at % 3)) for at in range(MOST_WALKS)))


def walks() -> Iterator[OneWalk]:
    """Every walk that has a picture, and those that have none too."""
    yield from (OneWalk(*answers) for answers in product(range(11), range(11), CHANGES))


def days() -> Iterator[OverDays]:
    """One walk and two with any answers, and many: all the same, rising, falling, and with every kind of gap."""
    yield from (OverDays((one,)) for one in ENDS)
    yield from (OverDays((one, other)) for one, other in product(ENDS, ENDS))
    for upset, change, length in product(RATINGS, CHANGES, (3, 13, MOST_WALKS)):
        yield OverDays((Answered(upset, change),) * length)
    for skipped in product((True, False), repeat=4):
        answers = (Answered(None if skip else 5, Change.UNSAID if skip else Change.MORE) for skip in skipped)
        yield OverDays(tuple(answers))
    yield FULL
    yield OverDays(FULL.walks[::-1])


def days_after() -> Iterator[AfterDays]:
    """From a beginning of any upset to any end, care going each way, short and long, whole and broken."""
    yield from (AfterDays(1, two) for two in product(FIRSTS, LASTS) if any(one.upset is not None for one in two))
    for before, after, care in product((0, 3, 8, 10), (0, 3, 8, 10), range(-4, 5)):
        steps = [round(care * at / 5) for at in range(6)]
        upsets = [before + round((after - before) * at / 5) for at in range(6)]
        times = (None, 0, 1, 3, 7, 28)
        whole = tuple(Moment(*one) for one in zip(times, upsets, steps, strict=True))
        yield AfterDays(9, whole)
        yield AfterDays(9, whole[:5])
        yield AfterDays(9, (*whole[:2], Moment(1, None, steps[2]), Moment(3, upsets[3], None), whole[4]))
        yield AfterDays(9, (*whole[:2], Moment(1, None, None), whole[3]))
        yield AfterDays(9, whole[2:])


FIRSTS = [Moment(None, upset, care) for upset in (None, *range(11)) for care in (None, 0)]
LASTS = [Moment(1, upset, care) for upset in (None, *range(11)) for care in (None, -2, -1, 0, 1, 2)]
AFTER = AfterDays(3, (Moment(None, 8, 0), Moment(0, 4, 1), Moment(1, None, None), Moment(3, 3, 1), Moment(7, 2, -2)))


def ink(stroke: Stroke) -> Box:
    """The room that a line takes: it goes from point to point, and never above or below them."""
    across, down = [x for x, _ in stroke.points], [y for _, y in stroke.points]
    edge = max(stroke.dots, 3)
    return Box(min(across) - edge, min(down) - edge, max(across) + edge, max(down) + edge)


def faults(drawn: Drawing) -> list[str]:
    boxes = [(text.words, text.box) for text in drawn.texts]
    outside = [
        f"{words} is outside"
        for words, box in boxes
        if box.left < 0 or box.top < 0 or box.right > WIDTH or box.bottom > HEIGHT
    ]
    upon = [f"{one} lies upon {other}" for (one, at), (other, there) in combinations(boxes, 2) if at.meets(there)]
    lines = [f"{words} lies upon a line" for words, box in boxes for stroke in drawn.strokes if box.meets(ink(stroke))]
    return [*outside, *upon, *lines]


def pixels(picture: bytes) -> list[bytes]:
    """The rows of a PNG, four bytes a pixel."""
    with Image.open(BytesIO(picture)) as opened:
        raw, size = opened.convert("RGBA").tobytes(), 4 * opened.width
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def light(colour: str) -> float:
    """The relative luminance. Source: WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- Laid out -----------------------------------------------------------------------------------------------------


def test_no_words_lie_upon_others_or_upon_a_line_after_any_walk() -> None:
    assert [(walk, fault) for walk in walks() for fault in faults(drawing(walk, WORDS))] == []


def test_no_words_lie_upon_others_or_upon_a_line_over_any_days() -> None:
    assert [(figure, fault) for figure in days() for fault in faults(drawing(figure, WORDS))] == []


def test_no_words_lie_upon_others_or_upon_a_line_in_any_days_after() -> None:
    assert [(figure, fault) for figure in days_after() for fault in faults(drawing(figure, WORDS))] == []


TITLES = (Label.FIGURE_WALK, Label.FIGURE_WALKS, Label.FIGURE_AFTER_DAYS)
OTHERS: dict[str, Mapping[Label, str]] = {
    "right to left": DIALECTS["right_to_left"].prompts.content.labels,
    "long words": DIALECTS["long"].prompts.content.labels,
    "long titles": {**WORDS, **dict.fromkeys(TITLES, "Upset " * 8)},
}


@pytest.mark.parametrize("name", OTHERS)
def test_no_words_of_another_language_lie_upon_others_or_upon_a_line(name: str, request: pytest.FixtureRequest) -> None:
    step = 1 if request.config.getoption("long") else 12  # the one whose label reaches up to the title is among these
    figures: list[Figure] = [*walks(), *days(), *days_after()]
    assert [(figure, fault) for figure in figures[::step] for fault in faults(drawing(figure, OTHERS[name]))] == []


def test_words_that_lie_upon_others_would_be_found() -> None:
    text = Text("Upset", 100, 100, "start", UPSET)
    line = Stroke(((100.0, 90.0), (300.0, 90.0)), CARE, 3)
    assert len(faults(Drawing((text, text), (line,), ()))) == 3
    assert faults(Drawing((Text("Upset", WIDTH, 100, "start", UPSET),), (), ())) == ["Upset is outside"]


@pytest.mark.parametrize("words", ["Upset", "10 of 10", "the same", "Upset and care, before and after", "gjpqy"])
@pytest.mark.parametrize("bold", [True, False])
def test_box_of_words_holds_all_of_their_ink(words: str, bold: bool) -> None:  # noqa: FBT001
    text = Text(words, 100, 200, "start", PAPER, bold=bold)
    picture = rendered(svg(Drawing((text,), (), ())))
    background = bytes.fromhex(BACKGROUND[1:])
    inked = [
        (x * WIDTH / PIXELS, y * WIDTH / PIXELS)
        for y, row in enumerate(pixels(picture))
        for x in range(PIXELS)
        if row[4 * x : 4 * x + 3] != background
    ]
    box = text.box
    assert box.left - 2 <= min(x for x, _ in inked)
    assert max(x for x, _ in inked) <= box.right + 2
    assert box.top - 2 <= min(y for _, y in inked)
    assert max(y for _, y in inked) <= box.bottom + 2
    assert max(x for x, _ in inked) >= box.right - 0.2 * text.size  # nor is it much too large


def test_line_is_broken_where_an_answer_was_skipped() -> None:
    answers = (
        Answered(8, Change.MORE),
        Answered(None, Change.MORE),
        Answered(4, Change.UNSAID),
        Answered(2, Change.SAME),
    )
    strokes = drawing(OverDays(answers), WORDS).strokes
    assert [len(stroke.points) for stroke in strokes if stroke.colour == UPSET] == [1, 2]
    assert [len(stroke.points) for stroke in strokes if stroke.colour == CARE] == [2, 1]


def test_walk_without_an_answer_about_care_has_no_line_for_it() -> None:
    drawn = drawing(OneWalk(8, 3, Change.UNSAID), WORDS)
    assert all(stroke.colour != CARE for stroke in drawn.strokes)
    assert WORDS[Label.FIGURE_CARE] not in {text.words for text in drawn.texts}
    assert drawn.spaces == ()


def test_both_lines_of_a_walk_begin_at_one_point_and_part_as_the_answers_say() -> None:
    for before, after in ((8, 3), (10, 0), (5, 4)):
        upset, care, *_ = drawing(OneWalk(before, after, Change.MORE), WORDS).strokes
        assert upset.points[0] == care.points[0]
        assert care.points[1][1] < care.points[0][1] < upset.points[1][1]
    (same, *_) = (stroke for stroke in drawing(OneWalk(8, 3, Change.SAME), WORDS).strokes if stroke.colour == CARE)
    assert same.points[0][1] == same.points[1][1]


def test_lines_of_the_days_after_begin_at_one_point_and_break_where_nothing_was_answered() -> None:
    strokes = drawing(AFTER, WORDS).strokes
    upset, care = ([one for one in strokes if one.colour == colour] for colour in (UPSET, CARE))
    assert upset[0].points[0] == care[0].points[0]
    assert [len(stroke.points) for stroke in upset] == [2, 2] == [len(stroke.points) for stroke in care]
    assert care[0].points[1][1] < care[0].points[0][1] < upset[0].points[1][1]  # more care is higher
    assert care[1].points[1][1] > care[0].points[0][1]  # and less is lower


def test_times_of_the_days_after_stand_below_in_their_order() -> None:
    below = sorted((text.x, text.words) for text in drawing(AFTER, WORDS).texts if text.colour == MUTED)
    assert [words for _, words in below] == ["Before", "After", "1 day", "3 days", "7 days"]


def test_labels_of_the_days_after_say_the_first_and_the_latest_answers() -> None:
    said = {text.words for text in drawing(AFTER, WORDS).texts}
    assert {"8 of 10", "2 of 10", "less"} <= said
    assert said.isdisjoint({"4 of 10", "3 of 10", "more", "skipped"})


def test_lines_at_one_height_lie_side_by_side() -> None:
    for figure in (OneWalk(5, 5, Change.SAME), OverDays((Answered(5, Change.SAME),) * 4)):
        one, other, *_ = drawing(figure, WORDS).strokes
        assert not ink(one).meets(ink(other))


def test_label_says_what_the_walk_at_that_end_was_answered_with() -> None:
    drawn = drawing(OverDays((Answered(7, Change.LESS), Answered(2, Change.MORE), Answered(None, Change.SAME))), WORDS)
    said = {text.words for text in drawn.texts}
    assert {"7 of 10", "less", "skipped", "the same"} <= said
    assert said.isdisjoint({"2 of 10", "more"})


def test_longer_words_have_room_too() -> None:
    longer = {
        label: f"{words} {words}" if label.startswith(("figure.upset", "changed.")) else words
        for label, words in WORDS.items()
    }
    assert faults(drawing(OverDays((Answered(8, Change.SAME), Answered(8, Change.SAME))), longer)) == []


def test_words_are_kept_from_being_markup() -> None:
    odd = {**WORDS, Label.FIGURE_CARE: '<care> & "more"'}
    assert png(OneWalk(8, 3, Change.MORE), odd)
    assert "&lt;care&gt; &amp;" in svg(drawing(OneWalk(8, 3, Change.MORE), odd))


# --- Drawn --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [PAPER, MUTED, UPSET, CARE])
def test_colours_stand_out_from_their_own_background(colour: str) -> None:
    assert (light(colour) + 0.05) / (light(BACKGROUND) + 0.05) >= 4.5


def test_no_colour_judges() -> None:
    for colour in (UPSET, CARE):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert red <= 2 * green  # no red
        assert green <= max(red, blue) + 60  # no green


@pytest.mark.parametrize("figure", [OneWalk(8, 3, Change.MORE), OverDays((Answered(4, Change.SAME),)), FULL, AFTER])
def test_picture_is_opaque_and_small(figure: Figure) -> None:
    picture = png(figure, WORDS)
    assert struct.unpack(">II", picture[16:24]) == (PIXELS, math.ceil(HEIGHT * PIXELS / WIDTH))
    assert len(picture) < 60_000
    assert all(set(row[3::4]) == {255} for row in pixels(picture))


def test_same_answers_give_the_same_picture_and_others_another() -> None:
    figures = (OneWalk(8, 3, Change.MORE), OneWalk(8, 3, Change.SAME), OneWalk(8, 2, Change.MORE), FULL)
    assert len({png(figure, WORDS) for figure in figures}) == len(figures)
    assert png(FULL, WORDS) == png(FULL, WORDS)


def test_every_sign_of_the_words_is_in_the_font() -> None:
    signs = {sign for label, words in WORDS.items() if label.startswith(("figure.", "changed.")) for sign in words}
    for bold in (True, False):
        assert all(font(bold=bold).has(sign) for sign in signs | set("0123456789"))
    assert not font(bold=True).has("語")


# --- In plain letters ---------------------------------------------------------------------------------------------


def test_plot_of_a_walk_can_be_read_without_colour() -> None:
    assert plot(OneWalk(8, 3, Change.MORE), WORDS).splitlines() == [
        "Upset",
        "Before  oooooooo    8 of 10",
        "After   ooo         3 of 10",
        "Care: more",
    ]


def test_plot_over_days_has_a_column_for_each_walk() -> None:
    answers = (
        Answered(8, Change.SAME),
        Answered(5, Change.SAME),
        Answered(None, Change.MORE),
        Answered(0, Change.UNSAID),
    )
    title, *rows, legend = plot(OverDays(answers), WORDS).splitlines()
    assert title == "Upset and care, at the end of each walk"
    assert [row for row in rows if not re.fullmatch(r" ?\d+ \|", row)] == [" 8 | o   +", " 5 | + *", " 0 |       o"]
    assert legend == "o  Upset, +  Care, *  Upset / Care"


@pytest.mark.parametrize("figure", [*(OneWalk(10, 0, change) for change in CHANGES), FULL, AFTER])
def test_plot_is_narrow_and_plain(figure: Figure) -> None:
    said = plot(figure, WORDS)
    assert max(map(len, said.splitlines())) <= 72
    assert said.isascii()


def test_plot_of_the_days_after_has_a_row_for_each_time() -> None:
    assert plot(AFTER, WORDS).splitlines() == [
        "Upset and care, in the days after",
        "Before  oooooooo    8 of 10   =",
        "After   oooo        4 of 10   +",
        "1 day               skipped",
        "3 days  ooo         3 of 10   +",
        "7 days  oo          2 of 10   --",
        "o  Upset, + -  Care",
    ]
