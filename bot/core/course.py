"""The course of the nudges: the practices, and in which order they come.

Rules that hold here: each practice stands alone, so any of them may come after any other; within a theme none comes
twice before all of it have come; the same `Nudging` draws the same practice.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from bot.core.copies import replace
from bot.core.kept import Course, Nudging


class Contrast(StrEnum):
    """What a practice moves: one side of the gap between empathic distress and compassion to the other."""

    REGULATED = "regulated"
    BENEFICIAL = "beneficial"
    OTHER = "other"  # oriented to them
    CONNECTED = "connected"
    MOTIVATED = "motivated"  # to help


@dataclass(frozen=True, slots=True)
class Study:
    """What a practice goes by. `checked`: against its page; `at`: where it stands in the evidence of this project."""

    study: str
    checked: bool
    at: str
    found: str


@dataclass(frozen=True, slots=True)
class Written:
    """A practice as it stands in its file. `evidence`: names of sources. `body`: it goes by the body or the senses."""

    contrast: Contrast
    evidence: tuple[str, ...]
    dose: str
    seconds: int
    body: bool
    words: str


@dataclass(frozen=True, slots=True)
class Practice(Written):
    """One small act that stands alone, with its name and its theme (1 to 8)."""

    name: str
    theme: int


@dataclass(frozen=True, slots=True)
class Circle(Written):
    """A practice for a whole group, with its name."""

    name: str

    @property
    def number(self) -> int:
        """Of its name, which travels in a button's byte."""
        return int(self.name[1:])


@dataclass(frozen=True, slots=True)
class CirclePractices:
    """circles.yaml: the practices for a whole group. What they go by is named in nudges.yaml."""

    practices: Mapping[str, Written]

    def __post_init__(self) -> None:
        """Raise ValueError with everything without which none could be drawn, or put in place again."""
        problems = [
            f"practices.{name}: is named otherwise: c and a number from 1 to {MOST_CIRCLES}"
            for name in self.practices
            if not re.fullmatch(r"c[1-9]\d{0,2}", name) or int(name[1:]) > MOST_CIRCLES
        ]
        if len(self.practices) < FEWEST_CIRCLES:
            problems.append(f"practices: there are {len(self.practices)}: write {FEWEST_CIRCLES}")
        for name, written in self.practices.items():
            problems += _written_problems(f"practices.{name}", written)
        if problems:
            raise ValueError("\n".join(problems))

    def circles(self) -> tuple[Circle, ...]:
        """All of them, in the order of the file."""
        return tuple(Circle(**_fields_of(written), name=name) for name, written in self.practices.items())


@dataclass(frozen=True, slots=True)
class Theme:
    """What some practices have in common. `contrast`: that of most of them; None: each has its part."""

    name: str
    practices: Mapping[str, Written]
    contrast: Contrast | None = None


@dataclass(frozen=True, slots=True)
class Curriculum:
    """nudges.yaml: the themes in their order, and what their practices go by."""

    sources: Mapping[str, Study]
    themes: tuple[Theme, ...]

    def __post_init__(self) -> None:
        """Raise ValueError with everything without which no practice could be drawn, or said where it comes from."""
        problems = [problem for number, theme in enumerate(self.themes) for problem in self._problems(number, theme)]
        if len(self.themes) != len(THEMES[Course.OPEN]):
            problems.append(f"themes: there are {len(self.themes)}: a course goes by {len(THEMES[Course.OPEN])}")
        named = {name for practice in self.practices() for name in practice.evidence}
        unused = (name for name in self.sources if name not in named)
        problems += (f"sources.{name}: no practice goes by it: take it out" for name in unused)
        if problems:
            raise ValueError("\n".join(problems))

    def practices(self) -> tuple[Practice, ...]:
        """All practices, theme after theme."""
        return tuple(
            Practice(**_fields_of(written), name=name, theme=number)
            for number, theme in enumerate(self.themes, start=1)
            for name, written in theme.practices.items()
        )

    def _problems(self, number: int, theme: Theme) -> Iterator[str]:
        place = f"themes.{number}"
        if len(theme.practices) < FEWEST:
            yield f"{place}.practices: there are {len(theme.practices)}: a week has {FEWEST} days, so write {FEWEST}"
        for name, written in theme.practices.items():
            here = f"{place}.practices.{name}"
            if not re.fullmatch(rf"{number + 1}[a-z]", name):
                yield f"{here}: is named otherwise: {number + 1} and a letter"
            yield from _written_problems(here, written)
            yield from (f"{here}.{problem}" for problem in self.unknown_to(written))

    def unknown_to(self, written: Written) -> Iterator[str]:
        """Problems of a practice, of this file or of another, that names a source which is not here."""
        unknown = (source for source in written.evidence if source not in self.sources)
        yield from (f"evidence: there is no source “{source}”: add it, or mend it" for source in unknown)


def _fields_of(written: Written) -> dict[str, Any]:
    return {field.name: getattr(written, field.name) for field in fields(written)}


def _written_problems(here: str, written: Written) -> Iterator[str]:
    """Problems of a practice at that place of its file."""
    if not 0 < written.seconds <= MOST_SECONDS:
        yield f"{here}.seconds: is {written.seconds}: a practice takes {MOST_SECONDS} at most"
    if not (written.evidence and written.dose.strip() and written.words.strip()):
        yield f"{here}: says nothing of its evidence, its dose or what to do: write it"


FEWEST: Final = 7
"""Practices of a theme: whoever is sent one each day gets each once."""

FEWEST_CIRCLES: Final = 24
"""Practices of the circle: in a room that has one each day, none comes again for more than three weeks."""

MOST_CIRCLES: Final = 255
"""The highest number of one: it is a byte of a button."""

MOST_SECONDS: Final = 60
"""That a practice takes. Source: evidence, curriculum, delivery rules."""

THEMES: Final[Mapping[Course, tuple[int, ...]]] = {
    Course.EIGHT_WEEKS: (1, 2, 3, 4, 5, 6, 7, 8),
    Course.FOUR_WEEKS: (1, 2, 4, 6),
    Course.OPEN: (1, 2, 3, 4, 5, 6, 7, 8),
}
"""The themes of a course, one after the other. Source: evidence, curriculum."""


def draw(nudging: Nudging, practices: Sequence[Practice]) -> Practice | None:
    """The practice that comes next; None at the end of the course."""
    themes = THEMES[nudging.course]
    theme, _ = _place(nudging)
    if theme >= len(themes):
        return None
    deck = _dealt([practice for practice in practices if practice.theme == themes[theme]], nudging.seed)
    return next((practice for practice in deck if practice.name not in nudging.seen), deck[0])


def drawn(nudging: Nudging, practice: Practice, practices: Sequence[Practice]) -> Nudging:
    """The place after this practice was sent."""
    theme, in_theme = _place(nudging)
    seen = nudging.seen
    if practice.name in seen:
        seen -= {each.name for each in practices if each.theme == practice.theme}
    moved = replace(nudging, theme=theme, in_theme=in_theme + 1, seen=seen | {practice.name})
    theme, in_theme = _place(moved)
    return replace(moved, theme=theme, in_theme=in_theme)


def _place(nudging: Nudging) -> tuple[int, int]:
    """The place in the course and in its theme, which lasts as many practices as a week now has days."""
    theme, in_theme = nudging.theme, nudging.in_theme
    if in_theme >= max(1, len(nudging.schedule.days)):
        theme, in_theme = theme + 1, 0
    return (theme % len(THEMES[Course.OPEN]) if nudging.course is Course.OPEN else theme), in_theme


def _dealt(deck: Sequence[Practice], seed: int) -> list[Practice]:
    """This deck, shuffled by the seed, so that its contrasts take turns: first the one that has most of it."""
    most = Counter(practice.contrast for practice in deck)
    turns: Counter[Contrast] = Counter()
    rows = []
    for practice in sorted(deck, key=lambda practice: mixed(seed, practice.name)):
        rows.append((turns[practice.contrast], -most[practice.contrast], practice))
        turns[practice.contrast] += 1
    return [practice for *_, practice in sorted(rows, key=lambda row: row[:2])]


def mixed(seed: int, name: str) -> bytes:
    """What a name is sorted by, so that each seed gives another order."""
    return blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
