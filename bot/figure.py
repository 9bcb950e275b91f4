"""A person's own answers as a picture: Figure -> SVG -> PNG; and in plain letters for a terminal.

Rules that hold here: nothing is shown that was not answered, and a line is broken where an answer was skipped; no
colour judges, and no scale counts up to anything; the words stand where the lines begin and end, in boxes that are
reckoned from the font's own widths, so that none lies upon another or upon a line; the font comes from a package and
no other is looked for, so that the picture is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, Literal, TypeVar

import resvg_py

from bot.core.gap import AfterDays, Answered, Figure, Moment, OneWalk, OverDays
from bot.core.lines import Label
from bot.core.state import Change

Words = Mapping[Label, str]

WIDTH: Final = 800
HEIGHT: Final = 468
"""Of the drawing, in its own units."""

PIXELS: Final = 720
"""How wide the picture is. A phone shows it about so; more costs time that no one would see."""

BACKGROUND: Final = "#20303c"  # dark, so that it does not glare at night
PAPER: Final = "#eef1f0"
MUTED: Final = "#aab9c2"
UPSET: Final = "#f0bf86"
CARE: Final = "#93d4cf"
"""Sand and water: told apart by every kind of eye, and neither is a verdict."""

_FAMILY: Final = "Atkinson Hyperlegible"
_FILES: Final = files("fontpkg_atkinson_hyperlegible") / "files"

_SIZE: Final = 30
_SMALL: Final = 26
_EDGE: Final = 36  # of the picture
_WIDEST: Final = 160  # a label: at both sides of a picture they leave room for the lines
_SPACE: Final = 26  # between a word and the line that it belongs to
_APART: Final = 10  # between two labels
_TOP: Final = 120
_BOTTOM: Final = 384
_HIGHEST: Final = 64  # that a label may reach: above are the words over the picture
_LOWEST: Final = 405  # that a label may reach: below are the words under the lines
_STEP: Final = 3
"""How much more or less care is drawn as, on the scale of the upset, where "the same" is no step at all."""
_LEAST: Final = 10
"""Of that scale, what the picture of the days after has room for, however little the lines move."""
_FEW: Final = 12  # points, each of which may have a dot
_DOT: Final = 9
_SIDE: Final = 6  # two lines at one height lie side by side, and so do their dots


# --- The font -----------------------------------------------------------------------------------------------------


class Font:
    """The widths of a TrueType font, for text without kerning, as parts of its size."""

    def __init__(self, path: Path) -> None:
        from fontTools.ttLib import TTFont  # noqa: PLC0415  - 60 ms that a start need not wait for

        with TTFont(path) as read:
            units = read["head"].unitsPerEm
            names = read.getBestCmap()
            self._widths: dict[str, float] = {chr(sign): read["hmtx"][name][0] / units for sign, name in names.items()}
            self._empty: float = read["hmtx"][".notdef"][0] / units
            self.rise, self.fall = read["hhea"].ascent / units, -read["hhea"].descent / units

    def has(self, sign: str) -> bool:
        """Whether it has this sign."""
        return sign in self._widths

    def width(self, words: str) -> float:
        """How wide the words are at size 1. A sign that the font has not is as wide as its empty box."""
        return sum(self._widths.get(sign, self._empty) for sign in words)


@cache
def font(*, bold: bool) -> Font:
    """The font of the pictures, in one of its two weights."""
    return Font(file(bold=bold))


def file(*, bold: bool) -> Path:
    """Where the font of the pictures lies, in one of its two weights."""
    return Path(str(_FILES / f"AtkinsonHyperlegible-{'Bold' if bold else 'Regular'}.ttf"))


# --- What is drawn ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in units of the drawing; down is more."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether they have room in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not beside and self.top < other.bottom and other.top < self.bottom


Anchor = Literal["start", "middle", "end"]
_SHARE: Final[Mapping[Anchor, float]] = {"start": 0, "middle": 0.5, "end": 1}


@dataclass(frozen=True, slots=True)
class Text:
    """Words on one line. `x` is where they are held, by their start, middle or end; `y` is the line they stand on."""

    words: str
    x: float
    y: float
    anchor: Anchor
    colour: str
    size: float = _SIZE
    bold: bool = False

    @property
    def box(self) -> Box:
        """The room that the words take, from the highest letter to the lowest."""
        of = font(bold=self.bold)
        width = of.width(self.words) * self.size
        left = self.x - _SHARE[self.anchor] * width
        top, bottom = (round(y, 6) for y in (self.y - of.rise * self.size, self.y + of.fall * self.size))
        return Box(left, top, left + width, bottom)


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, smooth between two, or a dot where there is one."""

    points: tuple[Point, ...]
    colour: str
    dots: float  # their radius
    smooth: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a picture."""

    texts: tuple[Text, ...]
    strokes: tuple[Stroke, ...]
    spaces: tuple[tuple[Stroke, Stroke], ...]  # what lies between two lines


def drawing(figure: Figure, words: Words) -> Drawing:
    """Lay a figure out."""
    match figure:
        case OneWalk():
            return _one_walk(figure, words)
        case OverDays():
            return _over_days(figure, words)
        case AfterDays():
            return _after_days(figure, words)


def png(figure: Figure, words: Words) -> bytes:
    """A figure as a PNG file. Takes some tens of milliseconds of the processor."""
    return rendered(svg(drawing(figure, words)))


# --- Laying out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Label:
    """A name, and below it what was answered, beside the end of a line at height `y`."""

    name: str
    value: str
    colour: str
    y: float

    @property
    def size(self) -> float:
        return min(_fitted(self.name, _SIZE, _WIDEST, bold=True), _fitted(self.value, _SIZE, _WIDEST))

    @property
    def width(self) -> float:
        return max(font(bold=True).width(self.name), font(bold=False).width(self.value)) * self.size

    def texts(self, x: float, top: float, anchor: Anchor) -> tuple[Text, Text]:
        first, second = font(bold=True), font(bold=False)
        below = top + (first.rise + first.fall) * _SIZE
        return (
            Text(self.name, x, top + first.rise * _SIZE, anchor, self.colour, self.size, bold=True),
            Text(self.value, x, below + second.rise * _SIZE, anchor, self.colour, self.size),
        )


def _upset(rating: int | None, y: float, words: Words) -> _Label:
    value = words[Label.CHANGED_UNSAID] if rating is None else f"{rating} {words[Label.FIGURE_OF_TEN]}"
    return _Label(words[Label.FIGURE_UPSET], value, UPSET, y)


def _care(change: Change, y: float, words: Words) -> _Label:
    return _Label(words[Label.FIGURE_CARE], words[Label(f"changed.{change.name.lower()}")], CARE, y)


def _beside(labels: Sequence[_Label], x: float, anchor: Anchor) -> Iterator[Text]:
    """Put labels beside the lines, as near to their height as they can be without lying upon each other."""
    height = sum(font(bold=bold).rise + font(bold=bold).fall for bold in (True, False)) * _SIZE
    tops = [label.y - height / 2 for label in sorted(labels, key=lambda label: label.y)]
    for at in range(1, len(tops)):  # there are two at most
        short = tops[at - 1] + height + _APART - tops[at]
        if short > 0:
            tops[at - 1] -= short / 2
            tops[at] += short / 2
    over = max(tops[-1] + height - _LOWEST, 0) - max(_HIGHEST - tops[0], 0) if tops else 0
    for label, top in zip(sorted(labels, key=lambda label: label.y), tops, strict=True):
        yield from label.texts(x, top - over, anchor)


def _margin(labels: Sequence[_Label]) -> float:
    """How far from the edge the lines begin, so that their labels have room."""
    return _EDGE + max((label.width + _SPACE for label in labels), default=0)


def _fitted(words: str, size: float, room: float, *, bold: bool = False) -> float:
    """The size at which words are no wider than their room, and no larger than `size`."""
    return min(size, room / max(font(bold=bold).width(words), 1))


def _title(words: str) -> Text:
    return Text(words, WIDTH / 2, 52, "middle", PAPER, _fitted(words, _SIZE, WIDTH - 2 * _EDGE))


def _below(named: Sequence[tuple[str, float]], anchors: Sequence[Anchor], room: float) -> Iterator[Text]:
    """Words under the lines, each with where it is held: all of one size, at which each fits into so much room.

    What is held by its middle stays within the picture, too.
    """
    rooms = [
        min(room, 2 * x, 2 * (WIDTH - x)) if anchor == "middle" else room
        for (_, x), anchor in zip(named, anchors, strict=True)
    ]
    size = min(_fitted(words, _SMALL, there) for (words, _), there in zip(named, rooms, strict=True))
    for (words, x), anchor in zip(named, anchors, strict=True):
        yield Text(words, x, HEIGHT - 32, anchor, MUTED, size)


def _one_walk(figure: OneWalk, words: Words) -> Drawing:
    """From one point, where both begin, the upset goes its way, and care goes its own."""
    care = {Change.LESS: -_STEP, Change.SAME: 0, Change.MORE: _STEP}.get(figure.change)
    upset = figure.after - figure.before
    unit = (_BOTTOM - _TOP) / (10 + 2 * _STEP)
    heights = (0, upset, care or 0)
    middle = (_TOP + _BOTTOM) / 2 + (max(heights) + min(heights)) / 2 * unit
    side = _SIDE if care == upset else 0
    start = [_upset(figure.before, middle, words)]
    ends = [(_upset(figure.after, middle - upset * unit + side, words), side)]
    if care is not None:
        ends.append((_care(figure.change, middle - care * unit - side, words), -side))
    labels = [label for label, _ in ends]
    left, right = _margin(start), WIDTH - _margin(labels)
    lines = tuple(
        Stroke(((left, middle + aside), (right, label.y)), label.colour, _SIDE if side else _DOT, smooth=True)
        for label, aside in ends
    )
    shared = () if side else (Stroke(((left, middle),), PAPER, _DOT + 2),)
    texts = (
        _title(words[Label.FIGURE_WALK]),
        *_below(
            [(words[Label.FIGURE_BEFORE], left), (words[Label.FIGURE_AFTER], right)],
            ("middle", "middle"),
            right - left - _APART,
        ),
        *_beside(start, left - _SPACE, "end"),
        *_beside(labels, right + _SPACE, "start"),
    )
    return Drawing(texts, (*lines, *shared), tuple(pairwise(lines)))


def _over_days(figure: OverDays, words: Words) -> Drawing:
    """Both lines from walk to walk, broken where nothing was answered."""
    walks = figure.walks
    alone = len(walks) == 1
    before = [] if alone else _at_end(walks[0], walks, words)
    latest = _at_end(walks[-1], walks[::-1], words)
    left, right = (WIDTH / 2, WIDTH / 2) if alone else (_margin(before), WIDTH - _margin(latest))
    across = [left + (right - left) * at / max(len(walks) - 1, 1) for at in range(len(walks))]
    upset = [
        None if walk.upset is None else (x, _height(walk.upset) + _SIDE) for x, walk in zip(across, walks, strict=True)
    ]
    care = [
        None if (level := _level(walk)) is None else (x, _height(level) - _SIDE)
        for x, walk in zip(across, walks, strict=True)
    ]
    both = [None if one is None or other is None else (one, other) for one, other in zip(upset, care, strict=True)]
    spaces = (tuple(zip(*run, strict=True)) for run in _runs(both))
    named = [(words[Label.FIGURE_FIRST], left), (words[Label.FIGURE_LATEST], right)][-len(walks) :]
    texts = (
        _title(words[Label.FIGURE_WALKS]),
        *_below(named, ("middle",) if alone else ("start", "end"), WIDTH if alone else (right - left - _APART) / 2),
        *_beside(before, left - _SPACE, "end"),
        *_beside(latest, right + _SPACE, "start"),
    )
    return Drawing(
        texts,
        (
            *(Stroke(run, UPSET, _SIDE) for run in _runs(upset)),
            *(Stroke(run, CARE, _SIDE) for run in _runs(care)),
        ),
        tuple((Stroke(one, UPSET, 0), Stroke(other, CARE, 0)) for one, other in spaces),
    )


def _after_days(figure: AfterDays, words: Words) -> Drawing:
    """From one point, where both begin, both lines go through the days after. Times stand evenly, named below."""
    moments = figure.moments
    base = next((one.upset for one in moments if one.upset is not None), 5)
    levels = [None if one.care is None else base + _STEP * one.care for one in moments]
    known = [level for level in (*(one.upset for one in moments), *levels) if level is not None]
    unit = (_BOTTOM - _TOP) / max(max(known) - min(known), _LEAST)
    middle = (_TOP + _BOTTOM) / 2 + (max(known) + min(known)) / 2 * unit

    def height(level: float) -> float:
        return middle - level * unit

    start = _after_labels(moments[0], moments, levels, height, words)[:1]
    ends = _after_labels(moments[-1], moments[::-1], levels[::-1], height, words)
    left, right = _margin(start), WIDTH - _margin(ends)
    across = [left + (right - left) * at / (len(moments) - 1) for at in range(len(moments))]
    shared = moments[0].upset is not None and levels[0] == base
    apart = _apart(moments, levels)
    upset = [
        None if one.upset is None else (x, height(one.upset) + side)
        for x, one, side in zip(across, moments, apart, strict=True)
    ]
    care = [
        None if level is None else (x, height(level) - side)
        for x, level, side in zip(across, levels, apart, strict=True)
    ]
    both = [None if one is None or other is None else (one, other) for one, other in zip(upset, care, strict=True)]
    spaces = (tuple(zip(*run, strict=True)) for run in _runs(both))
    texts = (
        _title(words[Label.FIGURE_AFTER_DAYS]),
        *_below(
            [(_time(one, words), x) for one, x in zip(moments, across, strict=True)],
            ["middle"] * len(moments),
            across[1] - across[0] - _APART,
        ),
        *_beside(start, left - _SPACE, "end"),
        *_beside(ends, right + _SPACE, "start"),
    )
    strokes = (
        *(Stroke(run, UPSET, _SIDE) for run in _runs(upset)),
        *(Stroke(run, CARE, _SIDE) for run in _runs(care)),
        *((Stroke(((left, height(base)),), PAPER, _DOT + 2),) if shared else ()),
    )
    return Drawing(texts, strokes, tuple((Stroke(one, UPSET, 0), Stroke(other, CARE, 0)) for one, other in spaces))


def _apart(moments: Sequence[Moment], levels: Sequence[int | None]) -> list[int]:
    """How far each line goes aside where both are at one height, but for a point where both begin."""
    return [0, *(_SIDE * (one.upset == level) for one, level in zip(moments[1:], levels[1:], strict=True))]


def _after_labels(
    end: Moment,
    moments: Sequence[Moment],
    levels: Sequence[int | None],
    height: Callable[[float], float],
    words: Words,
) -> list[_Label]:
    """The labels at one end, the upset first. A line that has no point at all has no label."""
    upset = next((one.upset for one in moments if one.upset is not None), None)
    level = next((level for level in levels if level is not None), None)
    labels = []
    if upset is not None:
        labels.append(_upset(end.upset, height(upset), words))
    if level is not None:
        care = Change.UNSAID if end.care is None else _CHANGES[(end.care > 0) - (end.care < 0)]
        labels.append(_care(care, height(level), words))
    return labels


_CHANGES: Final = {-1: Change.LESS, 0: Change.SAME, 1: Change.MORE}


def _time(one: Moment, words: Words) -> str:
    if one.days is None:
        return words[Label.FIGURE_BEFORE]
    return words[Label(f"figure.days.{one.days}")] if one.days else words[Label.FIGURE_AFTER]


def _at_end(walk: Answered, walks: Sequence[Answered], words: Words) -> list[_Label]:
    """The labels at one end: what that walk's answers were. A line that has no point at all has no label."""
    upset = next((one.upset for one in walks if one.upset is not None), None)
    level = next((level for one in walks if (level := _level(one)) is not None), None)
    labels = []
    if level is not None:
        labels.append(_care(walk.change, _height(level) - _SIDE, words))
    if upset is not None:
        labels.append(_upset(walk.upset, _height(upset) + _SIDE, words))
    return labels


def _level(walk: Answered) -> int | None:
    """Where care is drawn, on the scale of the upset."""
    return {Change.LESS: 5 - _STEP, Change.SAME: 5, Change.MORE: 5 + _STEP}.get(walk.change)


def _height(rating: float) -> float:
    return _BOTTOM - rating / 10 * (_BOTTOM - _TOP)


_T = TypeVar("_T")


def _runs(points: Iterable[_T | None]) -> Iterator[tuple[_T, ...]]:
    """The stretches between what was skipped."""
    for known, run in groupby(points, key=lambda point: point is not None):
        if known:
            yield tuple(point for point in run if point is not None)


# --- SVG ----------------------------------------------------------------------------------------------------------


def svg(drawn: Drawing) -> str:
    """A drawing as SVG."""
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{BACKGROUND}"/>',
            *(_space(one, other) for one, other in drawn.spaces),
            *map(_stroke, drawn.strokes),
            *map(_text, drawn.texts),
            "</svg>",
        )
    )


def rendered(markup: str) -> bytes:
    """SVG as PNG, in the font of the pictures."""
    return resvg_py.svg_to_bytes(
        svg_string=markup,
        skip_system_fonts=True,  # they differ, and looking for them takes longer than all the rest
        font_files=[str(file(bold=False)), str(file(bold=True))],
        font_family=_FAMILY,
        width=PIXELS,
    )


def _space(one: Stroke, other: Stroke) -> str:
    back = Stroke(other.points[::-1], other.colour, 0, other.smooth)
    return f'<path d="M{_path(one)}L{_path(back)}Z" fill="{PAPER}" fill-opacity="0.08"/>'


def _stroke(stroke: Stroke) -> str:
    line = f'<path d="M{_path(stroke)}" fill="none" stroke="{stroke.colour}" stroke-width="5" stroke-linejoin="round"/>'
    dotted = stroke.points if len(stroke.points) <= _FEW else (stroke.points[0], stroke.points[-1])
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{stroke.dots}" fill="{stroke.colour}"/>' for x, y in dotted)
    return "".join((line if len(stroke.points) > 1 else "", *dots))


def _path(stroke: Stroke) -> str:
    """The points as a path has them after its first letter; smooth ones leave and arrive level."""
    said, *rest = (f"{x:.1f},{y:.1f}" for x, y in stroke.points)
    if not stroke.smooth:
        return "L".join((said, *rest))
    for (x, y), (to_x, to_y) in pairwise(stroke.points):
        middle = (x + to_x) / 2
        said += f"C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
    return said


def _text(text: Text) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{text.x:.1f}" y="{text.y:.1f}" font-size="{text.size}" font-family="{_FAMILY}"{weight}'
        f' font-kerning="none" text-anchor="{text.anchor}" fill="{text.colour}">{escape(text.words)}</text>'
    )


# --- Plain letters ------------------------------------------------------------------------------------------------

_ROWS: Final = range(10, -1, -1)


def plot(figure: Figure, words: Words) -> str:
    """A figure in plain letters: a column for each walk, or a row for each time after walks."""
    if isinstance(figure, AfterDays):
        return _plot_after(figure, words)
    if isinstance(figure, OneWalk):
        rows = [(words[Label.FIGURE_BEFORE], figure.before), (words[Label.FIGURE_AFTER], figure.after)]
        wide = max(len(name) for name, _ in rows)
        lines = [f"{name:{wide}}  {'o' * rating:{10}}  {rating} {words[Label.FIGURE_OF_TEN]}" for name, rating in rows]
        care = words[Label(f"changed.{figure.change.name.lower()}")]
        return "\n".join((words[Label.FIGURE_UPSET], *lines, f"{words[Label.FIGURE_CARE]}: {care}"))
    upset, care = words[Label.FIGURE_UPSET], words[Label.FIGURE_CARE]
    lines = [f"{row:2} |{''.join(' ' + _sign(walk, row) for walk in figure.walks)}".rstrip() for row in _ROWS]
    legend = f"o  {upset}, +  {care}, *  {upset} / {care}"
    return "\n".join((words[Label.FIGURE_WALKS], *lines, legend))


def _sign(walk: Answered, row: int) -> str:
    upset, care = walk.upset == row, _level(walk) == row
    return "*" if upset and care else "o" if upset else "+" if care else " "


def _plot_after(figure: AfterDays, words: Words) -> str:
    """A row for each time: the upset as so many letters, and the steps of care by a sign."""
    times = [_time(one, words) for one in figure.moments]
    wide = max(map(len, times))
    rows = (
        f"{time:{wide}}  {'o' * (one.upset or 0):{10}}  {_told(one.upset, words):{len(_told(10, words))}}  {_step(one)}"
        for time, one in zip(times, figure.moments, strict=True)
    )
    upset, care = words[Label.FIGURE_UPSET], words[Label.FIGURE_CARE]
    return "\n".join((words[Label.FIGURE_AFTER_DAYS], *(row.rstrip() for row in rows), f"o  {upset}, + -  {care}"))


def _told(rating: int | None, words: Words) -> str:
    return words[Label.CHANGED_UNSAID] if rating is None else f"{rating} {words[Label.FIGURE_OF_TEN]}"


def _step(one: Moment) -> str:
    return "" if one.care is None else "=" if not one.care else ("+" if one.care > 0 else "-") * abs(one.care)
