"""Languages that nobody speaks: the words of `prompts/` in other letters, so that words from elsewhere stand out.

Rules that hold here: every sign of a sentence has one sign in its place, and back; figures, slots, commands and the
directory's address stay as they are; what people type, and what the bot looks for in it, stays English.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_letters
from typing import Final

from bot.core.helplines import Country, Helpline
from bot.prompts import Prompts
from tests.person import PROMPTS

_STAYS: Final = re.compile(r"(\{\w+\}|(?<!\w)/[a-z]+|findahelpline\.com(?:/\S*)?)")
"""Of a sentence: slots, commands and addresses."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A language in which the bot's words are English ones, sign by sign. `of`: English in it; `back`: the reverse."""

    prompts: Prompts
    of: Callable[[str], str] = str
    back: Callable[[str], str] = str


ENGLISH: Final = Dialect(PROMPTS)


MARKS: Final = re.compile("[\u2066\u2069]")
"""Of what runs from left to right, in a language that runs from right to left."""


def _dialect(of_words: Callable[[str], str], back: Callable[[str], str], language: str = "en") -> Dialect:
    def of(text: str) -> str:
        return "".join(part if at % 2 else of_words(part) for at, part in enumerate(_STAYS.split(text)))

    return Dialect(translated(PROMPTS, of, language), of, back)


def _lettered(letters: Sequence[str], language: str = "en") -> Dialect:
    """The one that has these for `string.ascii_letters`."""
    there = str.maketrans(dict(zip(ascii_letters, letters, strict=True)))
    home = re.compile("|".join(sorted(letters, key=len, reverse=True)))
    english = dict(zip(letters, ascii_letters, strict=True))

    def back(text: str) -> str:
        return home.sub(lambda sign: english[sign[0]], MARKS.sub("", text))

    return _dialect(lambda text: text.translate(there), back, language)


def translated(prompts: Prompts, of: Callable[[str], str], language: str) -> Prompts:
    """The same with other words wherever it says any."""
    content = prompts.content
    labels = {label: of(words) for label, words in content.labels.items()}
    countries = {code: _country(country, of) for code, country in content.helplines.countries.items()}
    content = replace(
        content,
        language=language,
        labels=labels,
        helplines=replace(content.helplines, countries=countries),
        practices=tuple(replace(one, words=of(one.words)) for one in content.practices),
        circles=tuple(replace(one, words=of(one.words)) for one in content.circles),
    )
    return Prompts(content, {line: tuple(map(of, wordings)) for line, wordings in prompts.lines.items()})


def _country(country: Country, of: Callable[[str], str]) -> Country:
    names = country.name, *country.also
    return replace(country, name=of(country.name), also=names, lines=tuple(_line(line, of) for line in country.lines))


def _line(line: Helpline, of: Callable[[str], str]) -> Helpline:
    """All but its name and the ways to reach it."""
    whom, hours, region, note = (of(words) for words in (line.whom, line.hours, line.region, line.note))
    return replace(line, whom=whom, hours=hours, region=region, note=note, languages=tuple(map(of, line.languages)))


_ACCENTED: Final = "ȧƀƈḓḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏẑȦƁƇḒḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎẐ"
_HEBREW: Final = "אבגדהוזחטיךכלםמןנסעףפץצקרש"
_POINT: Final = "\u05b7"  # makes a capital of a letter, since these letters have none
_PAD: Final = "ẹ"
_WORD: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 40

ACCENTED: Final = _lettered(_ACCENTED)
RIGHT_TO_LEFT: Final = _lettered([*_HEBREW, *(letter + _POINT for letter in _HEBREW)], "he")


def _stretched(word: str) -> str:
    """Two and a half times as long, as German words are to English ones at their worst."""
    return word.ljust(min(_LONGEST, len(word) * 5 // 2), _PAD)


LONG: Final = _dialect(
    lambda text: _WORD.sub(lambda word: _stretched(ACCENTED.of(word[0])), text),
    lambda text: ACCENTED.back(text.replace(_PAD, "")),
)
DIALECTS: Final[Mapping[str, Dialect]] = {"accented": ACCENTED, "right_to_left": RIGHT_TO_LEFT, "long": LONG}
