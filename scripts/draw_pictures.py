"""Draw the pictures of the README anew: python -m scripts.draw_pictures.

Rules that hold here: the terminal shows what the bot says, from a run of it with chance held still; both pictures bring
their own ground, so that they read on a light page and a dark one, and fetch nothing, no font among it; the same words
and packages give the same files. The picture of the gap has the letters as outlines, since no page has their font.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from io import StringIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont
from rich.console import Console
from rich.text import Text as Lines
from typing_extensions import override

from bot import prompts
from bot.adapters.terminal import Terminal
from bot.figure import CARE, MUTED, PAPER, UPSET, Drawing, Stroke, Text, file, svg
from bot.respond import Responder
from bot.store.ring import ring_of
from bot.store.store import Store

FOLDER: Final = Path(__file__).parent.parent / "docs/pictures"

TYPED: Final = ("i saw the flood on the news and i cant sleep, i keep seeing that little girl", "1", "very strong")
"""What someone types in the picture of the terminal. Made up."""

COLUMNS: Final = 84
TERMINAL: Final = {"TERM": "xterm", "COLUMNS": str(COLUMNS)}
"""What the environment says of it."""

_FETCHED: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_ITS_FONT: Final = "Fira Code, monospace"
_ANY_FONT: Final = "ui-monospace, Menlo, Consolas, monospace"


def main() -> None:
    """Write both files."""
    os.environ.update(TERMINAL)
    os.environ.pop("NO_COLOR", None)
    FOLDER.mkdir(exist_ok=True)
    for name, picture in (("gap", gap()), ("terminal", terminal())):
        (FOLDER / f"{name}.svg").write_text(picture + "\n", "utf-8")


# --- The gap ------------------------------------------------------------------------------------------------------


def paths() -> Drawing:
    """One beginning, and the two paths that part from it."""
    start, up, down = (210.0, 246.0), (480.0, 159.0), (480.0, 333.0)
    lines = Stroke((start, up), CARE, 9, smooth=True), Stroke((start, down), UPSET, 9, smooth=True)
    texts = (
        Text("One beginning, two paths", 400, 60, "middle", PAPER),
        Text("Another’s pain", 186, 240, "end", PAPER, 24),
        Text("reaches you", 186, 270, "end", PAPER, 24),
        Text("Compassion", 504, 144, "start", CARE, bold=True),
        Text("turns outward, steady,", 504, 176, "start", CARE, 24),
        Text("nourishing, connected", 504, 206, "start", CARE, 24),
        Text("Empathic distress", 504, 318, "start", UPSET, bold=True),
        Text("turns inward, unsteady,", 504, 350, "start", UPSET, 24),
        Text("draining, alone", 504, 380, "start", UPSET, 24),
        Text("The empathy-compassion gap, after Quaglia 2025", 400, 438, "middle", MUTED, 20),
    )
    return Drawing(texts, (*lines, Stroke((start,), PAPER, 11)), (lines,))


def gap() -> str:
    """The picture of the gap, as SVG."""
    drawn = paths()
    ground = svg(Drawing((), drawn.strokes, drawn.spaces)).removesuffix("</svg>")
    return "\n".join((ground, *map(_outlined, drawn.texts), "</svg>"))


def _outlined(text: Text) -> str:
    """A text as one shape, letter beside letter."""
    with TTFont(file(bold=text.bold)) as font:
        letters, names = font.getGlyphSet(), font.getBestCmap()
        scale, at, shapes = text.size / font["head"].unitsPerEm, 0.0, []
        for sign in text.words:
            letter = letters[names[ord(sign)]]
            letter.draw(pen := SVGPathPen(letters))
            shapes.append(f'<path transform="translate({at:g})" d="{pen.getCommands()}"/>')
            at += letter.width
    place = f"translate({text.box.left:.1f} {text.y:g}) scale({scale:.5f} {-scale:.5f})"
    return f'<g fill="{text.colour}" transform="{place}">{"".join(shapes)}</g>'


# --- The terminal -------------------------------------------------------------------------------------------------


class Screen(StringIO):
    """A terminal to write on."""

    @override
    def isatty(self) -> bool:
        return True


class Typing(Screen):
    """What is typed, which a terminal shows too."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen
        self._lines = self._typed()

    def _typed(self) -> Iterator[str]:
        for line in TYPED:
            self._screen.write(f"{line}\n")
            yield f"{line}\n"

    @override
    def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # as its own type is of its parent's
        return next(self._lines, "")


def terminal() -> str:
    """The picture of a conversation in the terminal, as SVG. Goes by the environment: see `TERMINAL`."""
    screen = Screen()
    asyncio.run(_talk(screen))
    console = Console(record=True, file=StringIO(), width=COLUMNS)
    console.print(Lines.from_ansi(f"$ scripts/run\n{screen.getvalue().rstrip().removesuffix('>').rstrip()}"))
    drawn = console.export_svg(title="compassion bot", unique_id="terminal")
    return _FETCHED.sub("", drawn).replace(_ITS_FONT, _ANY_FONT).strip()


async def _talk(screen: Screen) -> None:
    words = prompts.load()
    ring = ring_of(bytes(32))
    with TemporaryDirectory() as folder:
        async with Store.open(Path(folder), ring) as store:
            responder = Responder(words.content, store, ring.buttons, clock=lambda: 0, seed=count(1).__next__)
            await Terminal(responder, words, Typing(screen), screen).run()


if __name__ == "__main__":
    main()
