"""Write docs/curriculum.md anew: python -m scripts.write_curriculum.

The page shows whoever has to judge them all practices that nudges send and that circles have, with what each moves,
goes by and asks for. Rules that hold here: all of it comes from prompts/en/nudges.yaml, prompts/en/circles.yaml and the
rules of the course; the same files give the same page.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bot.core.course import FEWEST, MOST_SECONDS, THEMES, CirclePractices, Curriculum, Theme, Written
from bot.core.kept import Course
from bot.core.lines import Line
from bot.prompts import FOLDER, load, read
from bot.review import MOST_IN_A_CIRCLE, MOST_IN_A_NUDGE
from bot.wording import measure

PAGE: Final = Path(__file__).parent.parent / "docs/curriculum.md"

_BEFORE: Final = f"""# The practices of the nudges and of the circle

For everyone who has to judge them, and for clinicians first: the small practices that nudges send, at most one a day,
to people who asked for them, and [those of the circle](#the-circle), for a whole group or channel. They are short
self-help exercises by a program that goes by rules. They are no therapy, and no person reads along.

**No clinician has signed this off yet**, neither the order nor the words, and none of these practices has been
studied. What a study found holds for its own dose, which was mostly far longer. Twenty seconds a day of kindness to
oneself had no effect as the trial had planned to look for it; those who did it nearly daily had less stress. So each
asks for one tiny thing, and promises nothing.

This page is written from `prompts/en/nudges.yaml` and `prompts/en/circles.yaml` by
`python -m scripts.write_curriculum`. Nobody edits it by hand, and a test holds it to what the bot sends. To change a
practice: [prompts/README.md](../prompts/README.md).

Each practice of a nudge stands alone and takes {MOST_SECONDS} seconds at most. Together with its first line, which says
nothing of what this is about, it has {MOST_IN_A_NUDGE} words at most. What goes by the body or the senses says a way
round. A theme lasts as many nudges as the person has days in a week. It has {FEWEST} practices, one for every day, and
none comes twice before all of them have come. Which comes first is another for everyone, and the contrasts of a theme
take turns. In four weeks each contrast has its turn, from two nudges a week on; with one a week, not all of them have.
"""

_CIRCLE: Final = f"""## The circle

One practice at a time for a whole group or channel, at the days and the time that its admins chose: the fourth
contrast, from disconnected to connected, for most of them. Each has {MOST_IN_A_CIRCLE} words and {MOST_SECONDS} seconds
at most, and comes again only when all have come; each room has an order of its own.

A group of peers may have people in it who grieve, who are ill or worn out, of any belief, and who read along in
silence. So each works alone before a screen, and asks for no words, no reply and no counting. It names nobody, speaks
to everyone alike, and says nothing of the dead of the group. Whoever did it may press a button; how many did is shown,
and no names. While admins have the bot on hold, no circle comes."""


def main() -> int:
    """Write the page, and say whether it has changed."""
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    after = page()
    PAGE.write_text(after, "utf-8")
    print("docs/curriculum.md is as it was." if after == before else "docs/curriculum.md is written anew.")
    return 0


def page(folder: Path = FOLDER) -> str:
    """The whole page."""
    curriculum = read(folder / "en/nudges.yaml", Curriculum)
    circles = read(folder / "en/circles.yaml", CirclePractices)
    lines = load(folder).lines
    firsts = _firsts("The first lines", lines[Line.NUDGE_FIRST])
    circle = _circle(circles, lines[Line.CIRCLE])
    parts = (_overview(curriculum), firsts, *_themes(curriculum), circle, _sources(curriculum))
    return "\n\n".join((_BEFORE.strip(), *("\n".join(part) for part in parts))) + "\n"


def _overview(curriculum: Curriculum) -> Iterator[str]:
    yield "## The themes"
    yield ""
    yield "| Theme | Contrast | Its practices move | Hardest to read: school year | Also in the four weeks |"
    yield "| --- | --- | --- | --- | --- |"
    for number, theme in enumerate(curriculum.themes, start=1):
        moved = Counter(written.contrast for written in theme.practices.values()).most_common()
        grade = max(measure(written.words).grade for written in theme.practices.values())
        yield (
            f"| {number} {theme.name} | {theme.contrast or 'all'} | {', '.join(f'{each} {n}' for each, n in moved)} "
            f"| {grade:.1f} | {'yes' if number in THEMES[Course.FOUR_WEEKS] else 'no'} |"
        )


def _firsts(title: str, firsts: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from (f"- {first}" for first in firsts)


def _themes(curriculum: Curriculum) -> Iterator[Iterator[str]]:
    return (_theme(number, theme) for number, theme in enumerate(curriculum.themes, start=1))


def _theme(number: int, theme: Theme) -> Iterator[str]:
    yield f"## {number} {theme.name}"
    yield ""
    yield from _table(theme.practices)


def _circle(circles: CirclePractices, firsts: tuple[str, ...]) -> Iterator[str]:
    yield _CIRCLE
    yield ""
    moved = Counter(written.contrast for written in circles.practices.values()).most_common()
    grade = max(measure(written.words).grade for written in circles.practices.values())
    yield f"They move: {', '.join(f'{each} {n}' for each, n in moved)}. Hardest to read: school year {grade:.1f}."
    yield ""
    yield from _table(circles.practices)
    yield ""
    yield from _firsts("The first lines of a circle", firsts)


def _table(practices: Mapping[str, Written]) -> Iterator[str]:
    yield "| Name | Its words | Moves | What one does | Seconds | Goes by |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, written in practices.items():
        evidence = ", ".join(written.evidence)
        yield f"| {name} | {written.words} | {written.contrast} | {written.dose} | {written.seconds} | {evidence} |"


def _sources(curriculum: Curriculum) -> Iterator[str]:
    yield "## What they go by"
    yield ""
    yield "| Name | Study | Its page was read | What was found |"
    yield "| --- | --- | --- | --- |"
    for name, source in curriculum.sources.items():
        yield f"| {name} | {source.study} | {'yes' if source.checked else 'no: general knowledge'} | {source.found} |"


if __name__ == "__main__":
    sys.exit(main())
