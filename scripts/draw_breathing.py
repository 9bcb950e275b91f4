"""Draw prompts/breathing.gif anew, the paced breathing for whoever asks for it: python -m scripts.draw_breathing.

Rules that hold here: four seconds in and six out, so that the way out is the longer one, as in the arm of Balban 2023
that did best; no words, which would be in one language; nothing flashes, and the ground is its own, so that it reads in
a light chat and a dark one. Every pixel is worked out here and Pillow only writes it down: the same Pillow gives the
same bytes, any other the same pictures.
"""

from itertools import pairwise
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILE: Final = Path(__file__).parent.parent / "prompts/breathing.gif"
IN: Final = 4_000
"""Milliseconds."""
OUT: Final = 6_000
FRAME: Final = 50
"""Milliseconds that a picture stays. Telegram shows animations as video, which has no use for more than 30 a second."""

SIZE: Final = 320
"""Pixels each way; even, as video needs it."""
_SMALL: Final = 44.0
"""The radius of the disc between two breaths, and when the air is in."""
_WIDE: Final = 128.0
_BOWL: Final = 138.0
"""The radius of what it fills, which stands still and shows how far it goes."""

_GROUND: Final = (44, 66, 78)
_BOWL_COLOUR: Final = (64, 92, 103)
_DISC_COLOUR: Final = (160, 198, 190)
_SHADES: Final = 15
"""Between two colours, where their edge runs through a pixel."""


def radius(at: int) -> float:
    """How wide the disc is so many milliseconds into a breath: it starts and ends each way without a jerk."""
    part = at / IN if at <= IN else 1 - (at - IN) / OUT
    return round(_SMALL + (_WIDE - _SMALL) * (1 - cos(pi * part)) / 2, 2)  # no last digit of a cosine decides a pixel


def pictures() -> list[Image.Image]:
    """One breath, in and out, after which it begins again."""
    return [_picture(radius(at)) for at in range(0, IN + OUT, FRAME)]


def draw(file: Path) -> None:
    """Write it for ever round."""
    first, *rest = pictures()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=FRAME, loop=0, optimize=True)


def _picture(wide: float) -> Image.Image:
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    away = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    shades = _shades(_BOWL - away) + _shades(wide - away)
    picture = Image.fromarray(shades.astype(np.uint8))
    picture.putpalette(_palette())
    return picture


def _shades(inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each pixel lies inside an edge, by how far within it the middle is."""
    return np.rint(np.clip(inside + 0.5, 0, 1) * _SHADES)


def _palette() -> list[int]:
    """From the ground to the bowl, and on to the disc."""
    part = np.linspace(0, 1, _SHADES + 1)[:, None]
    colours = pairwise(np.array((_GROUND, _BOWL_COLOUR, _DISC_COLOUR)))
    ways = [one * (1 - part) + other * part for one, other in colours]
    return [int(each) for each in np.rint(np.concatenate((ways[0], ways[1][1:]))).flat]


if __name__ == "__main__":
    draw(FILE)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
