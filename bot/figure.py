"""A person's own answers as a picture: Figure -> SVG -> PNG; and in plain letters for a terminal.

Rules that hold here: nothing is shown that was not answered, and a line is broken where an answer was skipped; no
colour judges, and no scale counts up to anything; the words stand where the lines begin and end, in boxes that are
reckoned from the font's own widths, so that none lies upon another or upon a line; the font comes from a package and
no other is looked for, so that the picture is the same everywhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import resvg_py

from bot.core.gap import Answered, Figure, OneWalk, OverDays
from bot.core.lines import Label
from bot.core.model import Change

Words = Mapping[Label, str]

WIDTH: Final = 800
HEIGHT: Final = 560
ZOOM: Final = 1.5
"""Pixels for each unit of the drawing: 1200 to 840, of which Telegram's clients show all."""

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
_SPACE: Final = 26  # between a word and the line that it belongs to
_APART: Final = 10  # between two labels
_TOP: Final = 128
_BOTTOM: Final = 452
_STEP: Final = 3
"""How much more or less care is drawn as, on the scale of the upset, where "the same" is no step at all."""
_SIDE: Final = 4  # two lines at one height lie side by side


# --- The font -----------------------------------------------------------------------------------------------------


class Font:
    """The widths of a TrueType font, for text without kerning. Source: OpenType, tables head, hhea, hmtx and cmap."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        (count,) = struct.unpack_from(">H", raw, 4)
        tables = {raw[at : at + 4]: struct.unpack_from(">I", raw, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
        (units,) = struct.unpack_from(">H", raw, tables[b"head"] + 18)
        rise, fall = struct.unpack_from(">hh", raw, tables[b"hhea"] + 4)
        (many,) = struct.unpack_from(">H", raw, tables[b"hhea"] + 34)
        self._widths = [struct.unpack_from(">H", raw, tables[b"hmtx"] + 4 * at)[0] / units for at in range(many)]
        self._glyphs = dict(_glyphs(raw, tables[b"cmap"]))
        self.rise, self.fall = rise / units, -fall / units

    def width(self, words: str) -> float:
        """How wide the words are at size 1. A sign that the font has not is as wide as its empty box."""
        return sum(self._widths[min(self._glyphs.get(ord(sign), 0), len(self._widths) - 1)] for sign in words)


def _glyphs(raw: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """Give each sign's number with the number of its glyph, as the table's format 4 has them."""
    (count,) = struct.unpack_from(">H", raw, cmap + 2)
    places = (cmap + struct.unpack_from(">I", raw, cmap + 8 + 8 * at)[0] for at in range(count))
    table = next(place for place in places if struct.unpack_from(">H", raw, place)[0] == 4)  # noqa: PLR2004 its format
    double = struct.unpack_from(">H", raw, table + 6)[0]
    ends, starts = table + 14, table + 16 + double
    for at in range(0, double, 2):
        (end,), (start,) = struct.unpack_from(">H", raw, ends + at), struct.unpack_from(">H", raw, starts + at)
        (delta,) = struct.unpack_from(">H", raw, starts + double + at)
        offset_at = starts + 2 * double + at
        (offset,) = struct.unpack_from(">H", raw, offset_at)
        for sign in range(start, min(end, 0xFFFE) + 1):
            if offset:
                (glyph,) = struct.unpack_from(">H", raw, offset_at + offset + 2 * (sign - start))
                yield sign, (glyph + delta) % 0x10000 if glyph else 0
            else:
                yield sign, (sign + delta) % 0x10000


@cache
def font(*, bold: bool) -> Font:
    """The font of the pictures, in one of its two weights."""
    return Font(_file(bold=bold))


def _file(*, bold: bool) -> Path:
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
    size: int = _SIZE
    bold: bool = False

    @property
    def box(self) -> Box:
        """The room that the words take, from the highest letter to the lowest."""
        of = font(bold=self.bold)
        width = of.width(self.words) * self.size
        left = self.x - _SHARE[self.anchor] * width
        return Box(left, self.y - of.rise * self.size, left + width, self.y + of.fall * self.size)


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
    """All of a picture. The strokes keep to `field`, the words out of it."""

    field: Box
    texts: tuple[Text, ...]
    strokes: tuple[Stroke, ...]
    spaces: tuple[tuple[Stroke, Stroke], ...]  # what lies between two lines


def drawing(figure: Figure, words: Words) -> Drawing:
    """Lay a figure out."""
    return _one_walk(figure, words) if isinstance(figure, OneWalk) else _over_days(figure, words)


def png(figure: Figure, words: Words) -> bytes:
    """A figure as a PNG file of 1200 to 840 pixels. Takes some milliseconds of the processor."""
    return resvg_py.svg_to_bytes(
        svg_string=svg(drawing(figure, words)),
        zoom=ZOOM,
        skip_system_fonts=True,  # they differ, and looking for them takes longer than all the rest
        font_files=[str(_file(bold=False)), str(_file(bold=True))],
        font_family=_FAMILY,
    )


# --- Laying out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Label:
    """A name, and below it what was answered, beside the end of a line at height `y`."""

    name: str
    value: str
    colour: str
    y: float

    @property
    def width(self) -> float:
        return max(font(bold=True).width(self.name), font(bold=False).width(self.value)) * _SIZE

    def texts(self, x: float, top: float, anchor: Anchor) -> tuple[Text, Text]:
        first, second = font(bold=True), font(bold=False)
        below = top + (first.rise + first.fall) * _SIZE
        return (
            Text(self.name, x, top + first.rise * _SIZE, anchor, self.colour, bold=True),
            Text(self.value, x, below + second.rise * _SIZE, anchor, self.colour),
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
    for label, top in zip(sorted(labels, key=lambda label: label.y), tops, strict=True):
        yield from label.texts(x, top, anchor)


def _field(left: Sequence[_Label], right: Sequence[_Label]) -> Box:
    """The room for the lines, between the words."""

    def taken(labels: Sequence[_Label]) -> float:
        return _EDGE + max((label.width + _SPACE for label in labels), default=0)

    return Box(taken(left), _TOP, WIDTH - taken(right), _BOTTOM)


def _title(words: str) -> Text:
    return Text(words, WIDTH / 2, 66, "middle", PAPER)


def _below(words: str, x: float, anchor: Anchor) -> Text:
    return Text(words, x, HEIGHT - 44, anchor, MUTED, _SMALL)


def _one_walk(figure: OneWalk, words: Words) -> Drawing:
    """From one point, where both begin, the upset goes its way, and care goes its own."""
    cared = {Change.LESS: -_STEP, Change.SAME: 0, Change.MORE: _STEP}.get(figure.change)
    upset = figure.after - figure.before
    heights = [0, upset, *([] if cared is None else [cared])]
    unit = (_BOTTOM - _TOP) / (10 + 2 * _STEP)
    middle = (_TOP + _BOTTOM) / 2 + (max(heights) + min(heights)) / 2 * unit
    side = _SIDE if cared == upset else 0
    ends = [_upset(figure.after, middle - upset * unit + side, words)]
    if cared is not None:
        ends.append(_care(figure.change, middle - cared * unit - side, words))
    start = [_upset(figure.before, middle, words)]
    field = _field(start, ends)
    lines = tuple(
        Stroke(((field.left, middle + (side if end.colour == UPSET else -side)), (field.right, end.y)), end.colour, 9, True)
        for end in ends
    )
    texts = (
        _title(words[Label.FIGURE_WALK]),
        _below(words[Label.FIGURE_BEFORE], field.left, "middle"),
        _below(words[Label.FIGURE_AFTER], field.right, "middle"),
        *_beside(start, field.left - _SPACE, "end"),
        *_beside(ends, field.right + _SPACE, "start"),
    )
    shared = () if side else (Stroke(((field.left, middle),), PAPER, 11),)
    return Drawing(field, texts, (*lines, *shared), ((lines[0], lines[1]),) if len(lines) == 2 else ())  # noqa: PLR2004


def _over_days(figure: OverDays, words: Words) -> Drawing:
    """Both lines from walk to walk, broken where nothing was answered."""
    walks = figure.walks
    first, latest = walks[0], walks[-1]
    several = len(walks) > 1
    left = _at_end(first, walks, words) if several else []
    right = _at_end(latest, tuple(reversed(walks)), words)
    field = _field(left, right)
    gap = (field.right - field.left) / max(len(walks) - 1, 1)
    across = [field.left + at * gap if several else (field.left + field.right) / 2 for at in range(len(walks))]
    dots = 9 if len(walks) <= 12 else 7 if len(walks) <= 30 else 4.5
    upset = [(x, _height(walk.upset) + _SIDE) if walk.upset is not None else None for x, walk in zip(across, walks, strict=True)]
    care = [(x, _height(y) - _SIDE) if (y := _level(walk)) is not None else None for x, walk in zip(across, walks, strict=True)]
    both = [pair if None not in pair else None for pair in zip(upset, care, strict=True)]
    spaces = tuple(
        (Stroke(tuple(one for one, _ in run), UPSET, 0), Stroke(tuple(other for _, other in run), CARE, 0)) for run in _runs(both)
    )
    strokes = (
        *(Stroke(run, UPSET, dots) for run in _runs(upset)),
        *(Stroke(run, CARE, dots) for run in _runs(care)),
    )
    below = (
        (
            _below(words[Label.FIGURE_FIRST], field.left, "start"),
            _below(words[Label.FIGURE_LATEST], field.right, "end"),
        )
        if several
        else (_below(words[Label.FIGURE_FIRST], across[0], "middle"),)
    )
    texts = (
        _title(words[Label.FIGURE_WALKS]),
        *below,
        *_beside(left, field.left - _SPACE, "end"),
        *_beside(right, field.right + _SPACE, "start"),
    )
    return Drawing(field, texts, strokes, spaces)
