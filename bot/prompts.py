"""The files of `prompts/`: read, checked, and turned into what the core and the adapters use.

Rules that hold here: every problem of every file is found before any is told, and a problem says the file, the line,
what is wrong and how to mend it; the names of `bot.core.lines` and the files are compared both ways; nothing that a
person wrote ever comes here. `load` is for the running bot and does no more than it needs; `review` holds the words to
the copy rules.
"""

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Any, Final, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.core import noticing, safety
from bot.core.cards import ANSWERS, NO, Answers
from bot.core.course import CirclePractices, Curriculum
from bot.core.helplines import Checks, Directory, Helplines
from bot.core.kept import Purpose
from bot.core.lines import Label, Line, filled
from bot.core.matching import forget_parts, phrase_problems, plain
from bot.core.model import Button, Content, Reply
from bot.core.noticing import NoticingRules, Reader
from bot.core.safety import Guard, SafetyRules
from bot.core.scoring import Lexicon, Rows
from bot.core.times import Times, TimeWords
from bot.languages import Ear
from bot.zones import Atlas

FOLDER: Final = Path(__file__).resolve().parent.parent / "prompts"
"""`prompts/` beside the package."""

UNWRITTEN: Final = "TODO"
"""Stands in a file where words of its language are still to come: `scripts/new_language.py` puts it there."""

_T = TypeVar("_T")
_From = TypeVar("_From")
_Place = tuple[str | int, ...]


class ContentError(Exception):
    """What is wrong in `prompts/`: all of it, a line each, `file:line: what is wrong and how to mend it`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


# --- What the files hold --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of words. Each wording is all that its line says; `typed` has whole messages by what they mean.

    `answers` has the words by which answers are read after danger was seen, and `mirrored` those for a feeling that
    are said back as they were typed.
    """

    lines: Mapping[Line, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[Label, str] = field(default_factory=dict)
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mirrored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The version of the words that a yes is asked with, and the digest of those words as they were then."""

    version: int
    digest: str

    def __post_init__(self) -> None:
        """Raise ValueError where it is none."""
        if self.version < 1:
            raise ValueError("version: counts from 1")


@dataclass(frozen=True, slots=True)
class Consents:
    """consents.yaml: how each purpose is asked for."""

    purposes: Mapping[Purpose, Asked]

    def __post_init__(self) -> None:
        """Raise ValueError with each purpose that is missing."""
        missing = [purpose for purpose in Purpose if purpose not in self.purposes]
        if missing:
            raise ValueError("\n".join(f"purposes: there is no “{purpose}”: add it" for purpose in missing))


@dataclass(frozen=True, slots=True)
class Prompts:
    """All that the bot can say in one language, and how it reads what people write."""

    content: Content
    lines: Mapping[Line, tuple[str, ...]]

    def text(self, reply: Reply) -> str:
        """The words of a message: a paragraph for each of its lines."""
        labels = self.content.labels
        slots = {name: filled(words, labels) for name, words in reply.slots.items()}
        slots.setdefault("emergency", labels[Label.EMERGENCY_LOCAL])
        picks = reply.picks or (0,) * len(reply.keys)
        said = ((self.lines[line], pick) for line, pick in zip(reply.keys, picks, strict=True))
        text = "\n\n".join(wordings[pick % len(wordings)].format_map(slots) for wordings, pick in said)
        return in_order(text, self.content.language)

    def label(self, button: Button) -> str:
        """The words on a button."""
        return in_order(button.words or self.content.labels[button.label], self.content.language)


RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
"""Languages whose script runs so, by their codes. Source: CLDR, characterOrder."""

_LATIN: Final = "0-9A-Za-zÀ-ÖØ-öø-ʯ"
_PIECE: Final = rf"[/@#+*]*[{_LATIN}]+(?:[_./:+@#'’&-]+[{_LATIN}]+)*"
_LEFT_TO_RIGHT: Final = re.compile(rf"{_PIECE}(?: {_PIECE})*")
"""Numbers, names, commands and addresses, as far as they belong together."""


def in_order(text: str, language: str) -> str:
    """The text with marks round what runs from left to right, in a language that runs from right to left.

    Without them the sign before a number or a command goes to its other end, and the parts of a number change places.
    The marks are U+2066 and U+2069, which Telegram keeps (TDLib, clean_input_string). Source: UAX 9, isolates.
    """
    return _LEFT_TO_RIGHT.sub("\u2066\\g<0>\u2069", text) if language in RIGHT_TO_LEFT else text


_COUNTRY: Final = "country"
"""In `SLOTS`: words of helplines.yaml or nudges.yaml fill it, or those of a person. The label of this name stands in
for them where the copy is judged."""

_NUMBER: Final = "changed.unsaid"
"""In `SLOTS`: a number from 0 to 10, a count, or this label in its place. One word, as it is judged."""

SLOTS: Final[Mapping[Line, Mapping[str, str]]] = {
    Line.MIRROR: {"feeling": "feel."},
    Line.WISH: {"who": "who.", "need": "may."},
    Line.ACT: {"act": "then."},
    Line.ACT_SOON: {"act": "then."},
    Line.NUDGE_PANEL: {
        **dict.fromkeys(("days", "place"), _COUNTRY),
        **dict.fromkeys(("time", "quiet"), _NUMBER),
        "course": "course.",
    },
    Line.NUDGE_IN_QUIET: {"time": _NUMBER},
    Line.NUDGE_NEXT: {"next": _COUNTRY},
    Line.NUDGE_PAUSED: {"next": _COUNTRY},
    Line.NUDGE_LINE_WRONG: {"what": _COUNTRY},
    Line.ROOM_PICKED: {"title": _COUNTRY},
    Line.ROOM_OUT: {"title": _COUNTRY},
    Line.ROOM_INTRO: {"title": _COUNTRY},
    Line.ROOM_CHANNEL: {"title": _COUNTRY},
    Line.ROOM_TURNED_OFF: {"title": _COUNTRY},
    Line.ROOM_PANEL: {"title": _COUNTRY},
    Line.ROOM_NEXT: {"next": _COUNTRY},
    Line.ROOM_HELD: {"until": _COUNTRY},
    Line.ROOM_ALERTS_SET: {"title": _COUNTRY},
    Line.ROOM_COUNTRIES_WRONG: {"what": _COUNTRY},
    Line.ROOM_LEAVE_ASK: {"title": _COUNTRY},
    Line.ROOM_LEFT: {"title": _COUNTRY},
    Line.PROGRESS_NUDGES: {"count": _NUMBER},
    Line.PROGRESS_EARLIER: {"count": _NUMBER},
    Line.PROGRESS_WEEK: {"count": _NUMBER},
    Line.PROGRESS_UPSET: {"before": _NUMBER, "after": _NUMBER},
    Line.PROGRESS_CARE: {"less": _NUMBER, "same": _NUMBER, "more": _NUMBER},
    Line.SHOWN_WALK: {"before": _NUMBER, "after": _NUMBER},
    Line.SHOWN_CARE: {"care": "changed."},
    Line.SHOWN_WALKS: {"count": _NUMBER},
    Line.SHOWN_UPSETS: dict.fromkeys(("first_upset", "latest_upset", "lowest", "highest"), _NUMBER),
    Line.SHOWN_CARES: {"first_care": "changed.", "latest_care": "changed."},
    Line.SHOWN_AFTER: {"count": _NUMBER},
    Line.SHOWN_AFTER_UPSETS: {"upsets": _COUNTRY},
    Line.SHOWN_AFTER_CARES: {"cares": _COUNTRY},
    Line.FOLLOW_UP_ASK: {"ago": "ago."},
    Line.CONSENT_ON_REMEMBER: {"days": "days."},
    Line.CONSENT_ON_GROUP: {"title": _COUNTRY},
    Line.CONSENT_ON_APART: {"title": _COUNTRY},
    Line.OFFER: {"title": _COUNTRY},
    Line.ALERT: {"title": _COUNTRY},
    Line.ADMIN_HELD: {"length": _COUNTRY},
    Line.CHANNEL_ADDED: {"title": _COUNTRY},
    Line.NOTICE_OFF_THERE: {"title": _COUNTRY},
    Line.NOTICE_ON_THERE: {"title": _COUNTRY},
    Line.NOTICE_STOPPED_THERE: {"title": _COUNTRY},
    Line.NOTICE_NOT_THERE: {"title": _COUNTRY},
    Line.CONSENT_LAPSED: {"what": "what."},
    Line.KEEP_FOR_ASK: {"days": "days."},
    Line.KEEP_FOR_SET: {"days": "days."},
    Line.PRIVACY_OPERATOR: {"operator": _COUNTRY},
    Line.FORGET_KEEPS: dict.fromkeys(("walks", "after", "plans", "settings", "dues", "groups", "yeses"), _NUMBER),
    Line.FORGET_WENT: dict.fromkeys(("walks", "after", "plans", "settings", "dues", "groups", "yeses"), _NUMBER),
    Line.HISTORY_PAGE: {"walks": _COUNTRY},
    Line.HISTORY_ASK: {"day": "month."},
    Line.HISTORY_DONE: {"day": "month."},
    Line.IF_THEN_KEPT: {"plan": _COUNTRY},
    Line.IF_THEN_KEPT_ALONE: {"plan": _COUNTRY},
    Line.IF_THEN_SHOWN: {"plan": _COUNTRY},
    Line.IF_THEN_DONE: {"plan": _COUNTRY},
    Line.IF_THEN_REMINDER: {"plan": _COUNTRY},
    Line.NUDGE_PRACTICE: {"practice": _COUNTRY},
    Line.CIRCLE_PRACTICE: {"words": _COUNTRY},
    Line.CIRCLE_TOTAL: {"total": _NUMBER},
    Line.PULSE_OFFERS: {"offers": _NUMBER},
    Line.PULSE_JOINS: {"joins": _NUMBER},
    Line.SPOKE_OF_ONE: {"first": "reason."},
    Line.SPOKE_OF_TWO: {"first": "reason.", "second": "reason."},
    Line.SPOKE_OF_THREE: {"first": "reason.", "second": "reason.", "third": "reason."},
    Line.CARD_IMMINENT: {"emergency": "emergency.local"},
    Line.CARD_MINE: {"emergency": "emergency.local"},
    Line.CARD_MINE_YOUNG: {"emergency": "emergency.local"},
    Line.CARD_MEDICAL: {"emergency": "emergency.local"},
    Line.CARD_SOMEONE: {"emergency": "emergency.local"},
    Line.CARD_FRIEND: {"emergency": "emergency.local"},
    Line.CARD_FRIEND_YOUNG: {"emergency": "emergency.local"},
    Line.CARD_FORWARDED: {"emergency": "emergency.local"},
    Line.CARD_ABUSE: {"emergency": "emergency.local"},
    Line.CARD_ABUSE_YOUNG: {"emergency": "emergency.local"},
    Line.CARD_THREAT: {"emergency": "emergency.local"},
    Line.CARD_AGAIN_NOW: {"emergency": "emergency.local"},
    Line.CARD_AGAIN_NOW_YOUNG: {"emergency": "emergency.local"},
    Line.DANGER_NO_NOW: {"emergency": "emergency.local"},
    Line.HELD_THANKS_NOW: {"emergency": "emergency.local"},
    Line.HELD_STOPPED_NOW: {"emergency": "emergency.local"},
    Line.CARD_LINES_COUNTRY: {
        "country": _COUNTRY,
        "emergency": "emergency.local",
        "lines": _COUNTRY,
        "directory": _COUNTRY,
        "read": _COUNTRY,
    },
    Line.CARD_LINES_NONE: {"country": _COUNTRY, "emergency": "emergency.local", "directory": _COUNTRY},
    Line.COUNTRY_NOW: {"country": _COUNTRY},
    Line.COUNTRY_KEEP: {"country": _COUNTRY},
    Line.COUNTRY_KEPT: {"country": _COUNTRY},
}
"""The slots of a line. Each is filled by a label whose name begins as given here, or by other words."""

MEANINGS: Final = (
    *("skip", "stop", "harder", "another", "did_it", "person", "more", "short", "go_on"),
    *(
        "at_work",
        "yes",
        "no",
        "not_sure",
        "about_me",
        "thanks",
        "real",
        "private",
        "swear",
        "urgent",
        "breathing",
        "keep",
        "no_more",
        "no_questions",
        "nudges",
        "no_place",
        "missed",
        "too_hard",
    ),
    *("privacy", "consent", "export", "history", "forget"),
    *(label.value for label in Label if label.startswith(("feel.", "for.", "need.", "act.", "with.", "care."))),
)
"""What typed words mean. Each has some; beside these, "rate.0" to "rate.10" may have some."""

_RATINGS: Final = tuple(f"rate.{rating}" for rating in range(11))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave garbage lie: thousands of small things are made, and what is left of them at the end stays."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # and back, among what is old: so that no collection goes through all of it at once
        gc.unfreeze()
        if was:
            gc.enable()


@_uncollected()
def load(folder: Path = FOLDER, language: str = "en") -> Prompts:
    """Read one language. Raises ContentError with every problem of all its files."""
    book = Book(folder / language)
    if book.problems or not (
        book.reader
        and book.guard
        and book.helplines
        and book.curriculum
        and book.circles
        and book.consents
        and book.times
    ):
        raise ContentError(book.problems)
    labels = {label: words for _, copy in book.pages for label, words in copy.labels.items()}
    ear = Ear(language, book.texts)
    content = Content(
        language=language,
        reader=book.reader,
        guard=book.guard,
        labels=labels,
        helplines=book.helplines,
        spoken={label: plain(words) for label, words in labels.items()},
        typed=book.typed,
        answers=Answers(book.answers),
        is_foreign=ear.is_foreign,
        knows=ear.knows,
        times=book.times,
        mirrored=frozenset(plain(words) for _, copy in book.pages for words in copy.mirrored),
        versions={purpose: asked.version for purpose, asked in book.consents.purposes.items()},
        practices=book.curriculum.practices(),
        circles=book.circles.circles(),
        zones=Atlas(book.helplines, book.cities),
    )
    return Prompts(content, {line: wordings for _, copy in book.pages for line, wordings in copy.lines.items()})


def read(path: Path, shape: type[_T]) -> _T:
    """One YAML file as `shape`, a frozen dataclass. Raises ContentError with every problem of the file.

    A key that stands twice, a key that `shape` does not know, and a ValueError of its `__post_init__` are problems
    too. Each line of such an error is one, told where the file has the place that it begins with ("slots.work: ").
    """
    return Page(path).shaped(shape)


def read_lexicon(path: Path, outcomes: Sequence[str]) -> Lexicon:
    """Read words: on each line an entry, a tab, and some of `outcomes` with their weights. Raises ContentError."""
    weights: dict[str, dict[str, float]] = {}
    lines: dict[str, int] = {}
    text, problems = text_of(path)
    rows = None if problems else Rows.of(text, outcomes)
    if rows is not None:
        return Lexicon(outcomes, rows)
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            continue
        entry, _, rest = line.partition("\t")
        parts = rest.split(" ")
        try:
            given = {parts[at]: float(parts[at + 1]) for at in range(0, len(parts), 2)}
            if 2 * len(given) != len(parts):
                raise ValueError  # noqa: TRY301 - one name stands twice
        except (IndexError, ValueError):
            problems.append((number, "should be an entry, a tab, then names with their weights: mend it"))
            continue
        if entry in weights:
            problems.append((number, f"“{entry}” stands on line {lines[entry]} already: keep one"))
        weights[entry], lines[entry] = given, number
    try:
        lexicon = Lexicon(outcomes, weights)
    except ValueError as error:
        problems += ((lines[problem.partition(": ")[0]], problem) for problem in str(error).splitlines())
    else:
        if not problems:
            return lexicon
    raise ContentError(f"{shown_path(path)}:{line}: {what}" for line, what in sorted(problems))


def text_of(path: Path) -> tuple[str, list[tuple[int, str]]]:
    """The text of a file, or why it cannot be read, with the line."""
    try:
        return path.read_text(encoding="utf-8-sig"), []
    except FileNotFoundError:
        problem = 1, "there is no such file: add it"
    except OSError as error:
        problem = 1, f"cannot be read ({error.strerror}): mend its permissions"
    except UnicodeDecodeError as error:
        problem = error.object[: error.start].count(b"\n") + 1, "is not UTF-8: save the file as UTF-8"
    return "", [problem]


def unwritten_in(text: str) -> list[tuple[int, str]]:
    """The lines whose words are still to come, each with what to do."""
    if UNWRITTEN not in text:
        return []
    lines = enumerate(text.splitlines(), start=1)
    return [(number, f"says {UNWRITTEN}: write what stands here") for number, line in lines if UNWRITTEN in line]


def shown_path(path: Path) -> Path:
    """The path as it is told: from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


# --- One file -------------------------------------------------------------------------------------------------


_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all is text here, whatever it looks like

_MENDED: Final = {
    "missing": "is missing: add it",
    "unexpected_keyword_argument": "is not known here: mend its spelling, or take it out",
    "tuple_type": "should be a list: each item on a line of its own, after a dash",
    "string_type": "should be words: put quotes around all of them",
    "dict_type": "should hold names, each with a colon after it",
    "mapping_type": "should hold names, each with a colon after it",
    "dataclass_type": "should hold names, each with a colon after it",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "int_parsing": "should be a whole number",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "date_from_datetime_parsing": "should be a day: 2026-11-22",
    "date_parsing": "should be a day: 2026-11-22",
}


class _OddError(Exception):
    """A part of a page holds itself, or has a key twice."""


def _value(node: yaml.Node, above: tuple[yaml.Node, ...]) -> Any:  # noqa: ANN401 - YAML is any
    """What a part of a page holds, without a note of where. Raises _OddError."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if node in above:
        raise _OddError
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, above) for item in node.value]
    found = {str(key.value): _value(value, above) for key, value in node.value}
    if len(found) < len(node.value):
        raise _OddError
    return found


class Page:
    """A YAML file as dicts, lists and strings, with the line that each part stands on.

    A bare `no` or `12` is the text that it looks like: it becomes something else where a shape asks for that.
    """

    def __init__(self, path: Path) -> None:
        self.name = shown_path(path)
        self.text = ""
        self._lines: dict[_Place, int] = {(): 1}
        self._problems: list[tuple[int, str]] = []
        root = self._composed(path)
        self._is_numbered = False
        try:
            self._data = None if root is None else _value(root, ())
        except _OddError:
            self._number(root)

    def shaped(self, shape: type[_T]) -> _T:
        """The file as `shape`. Raises ContentError."""
        problems = list(self._problems)
        if self._data is not None:
            try:
                value = _checked(shape, self._data)
            except ValidationError as error:
                told = (each for detail in error.errors(include_url=False) for each in _told(detail))
                problems += ((self._line(place), _at(place, what)) for place, what in told)
            else:
                if not problems:
                    return value
        raise ContentError(f"{self.name}:{line}: {what}" for line, what in sorted(problems))

    def problem(self, place: _Place, what: str) -> str:
        """What is wrong at `place`, with its file and line."""
        return f"{self.name}:{self._line(place)}: {_at(place, what)}"

    def _line(self, place: _Place) -> int:
        """The line of `place`, or of the nearest thing round it that is in the file."""
        if self._data is not None and not self._is_numbered:
            self._number(yaml.compose(self.text, Loader=_LOADER))
        return next(self._lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self._lines)

    def _composed(self, path: Path) -> yaml.Node | None:
        self.text, self._problems = text_of(path)
        if self._problems:
            return None
        try:
            root: yaml.Node | None = yaml.compose(self.text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self._problems.append((line, f"is not YAML ({error.problem}): look at the quotes, colons and spaces here"))
        except yaml.reader.ReaderError as error:
            line = self.text[: error.position].count("\n") + 1
            self._problems.append((line, "has a character that cannot be printed: take it out"))
        else:
            if root is None:
                self._problems.append((1, "is empty: fill it, or bring it back"))
            return root
        return None

    def _number(self, root: yaml.Node | None) -> None:
        """Note the line of each part, which most pages are never asked for, and what is wrong with it."""
        self._is_numbered = True
        self._data = None if root is None else self._built(root, (), ())

    def _built(self, node: yaml.Node, place: _Place, above: tuple[yaml.Node, ...]) -> Any:  # noqa: ANN401  - YAML is any
        self._lines.setdefault(place, node.start_mark.line + 1)
        if node in above:
            self._problems.append((self._lines[place], _at(place, "holds itself: write it out")))
            return None
        above = (*above, node)
        match node:
            case yaml.MappingNode():
                return dict(self._pairs(node, place, above))
            case yaml.SequenceNode():
                return [self._built(item, (*place, number), above) for number, item in enumerate(node.value)]
            case _:
                return node.value

    def _pairs(self, node: yaml.MappingNode, place: _Place, above: tuple[yaml.Node, ...]) -> Iterator[tuple[str, Any]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            inner = (*place, str(key.value))
            if inner in self._lines:
                first = self._lines[inner]
                self._problems.append((line, _at(inner, f"stands here twice, first in line {first}: keep one")))
            self._lines[inner] = line
            yield str(key.value), self._built(value, inner, above)


def _checked(shape: type[_T], data: object) -> _T:
    # In a tuple, since the settings of an adapter do not reach a bare dataclass.
    adapter = TypeAdapter(tuple[shape], config=ConfigDict(extra="forbid"))  # type: ignore[valid-type]
    return adapter.validate_python((data,))[0]


def _at(place: _Place, what: str) -> str:
    names = ".".join(part for part in place if isinstance(part, str))
    return f"{names}: {what}" if names else what


def _told(detail: ErrorDetails) -> Iterator[tuple[_Place, str]]:
    """Where in the file a problem is, and what it is, in plain words."""
    place = tuple(part for part in detail["loc"][1:] if part != "[key]")
    match detail["type"]:
        case "value_error":
            for line in str(detail["ctx"]["error"]).splitlines():
                head, colon, rest = line.partition(": ")
                yield ((*place, *map(_part, head.split("."))), rest) if colon else (place, line)
        case "enum":
            known = re.findall("'([^']*)'", detail["ctx"]["expected"])
            close = get_close_matches(str(detail["input"]), known, n=1)
            yield place, f"there is no “{detail['input']}”" + (f": did you mean “{close[0]}”?" if close else " here")
        case kind:
            yield place, _MENDED.get(kind, detail["msg"])


# --- All files of a language ------------------------------------------------------------------------------------


_COPY_FILES: Final = ("walk.yaml", "copy.yaml", "groups.yaml")


class Book:
    """The files of one language, as far as they can be read, and what is wrong in them.

    `typed` has each whole message that is known, as `matching.plain` gives it, with what it means. The words on a
    button are typed words too, where its name has any.
    """

    def __init__(self, folder: Path) -> None:
        self.problems: list[str] = []
        self.folder = folder
        self.language = folder.name
        lexicon = self._told(partial(read_lexicon, outcomes=noticing.OUTCOMES), folder / "lexicon.txt")
        danger = self._told(partial(read_lexicon, outcomes=safety.OUTCOMES), folder / "danger.txt")
        self.rules = tuple(Page(folder / name) for name in ("noticing.yaml", "safety.yaml"))
        # One after the other: what the phrases of one stand for is forgotten before those of the next are spelled out.
        self.noticing = self._read(self.rules[0], NoticingRules)
        self.reader = Reader(self.noticing, lexicon) if self.noticing and lexicon else None
        forget_parts()
        self.safety = self._read(self.rules[1], SafetyRules)
        self.guard = Guard(self.safety, danger) if self.safety and danger else None
        forget_parts()
        self.helplines = self._helplines(folder.parent)
        self.cities = folder.parent / "cities.txt"  # large, and read when someone first names a place
        if not self.cities.is_file():
            self.problems.append(f"{shown_path(self.cities)}:1: there is no such file: add it")
        self.nudges = Page(folder / "nudges.yaml")
        self.curriculum = self._read(self.nudges, Curriculum)
        self.circling = Page(folder / "circles.yaml")
        self.circles = self._read(self.circling, CirclePractices)
        self.problems += self._source_problems()
        self.asked = Page(folder / "consents.yaml")
        self.consents = self._read(self.asked, Consents)
        times = self._read(Page(folder / "times.yaml"), TimeWords)
        self.times = Times(times) if times else None
        pages = [Page(folder / name) for name in _COPY_FILES]
        self.texts = tuple(page.text for page in (*self.rules, *pages))
        read = [(page, self._read(page, Copy)) for page in pages]
        self.pages = [(page, copy) for page, copy in read if copy is not None]
        self.problems += self._name_problems("lines", Line)
        self.problems += self._name_problems("labels", Label)
        self.problems += (problem for each in self.wordings() for problem in _slot_problems(*each))
        self.typed: dict[str, str] = {}
        self.problems += self._typed_problems()
        self.answers: dict[str, tuple[str, ...]] = {}
        self.problems += self._answer_problems()
        forget_parts()

    def wordings(self) -> Iterator[tuple[Page, _Place, str]]:
        """Every wording of every line, with where it stands."""
        for page, copy in self.pages:
            for line, wordings in copy.lines.items():
                yield from ((page, ("lines", line, number), wording) for number, wording in enumerate(wordings))

    def _helplines(self, folder: Path) -> Helplines | None:
        """Read the lines of all countries, with what came of checking them."""
        directory = self._read(Page(folder / "helplines.yaml"), Directory)
        page = Page(folder / "helpline_checks.yaml")
        checks = self._read(page, Checks)
        if directory is None or checks is None:
            return None
        try:
            return directory.checked(checks)
        except ValueError as error:
            for problem in str(error).splitlines():
                place, _, what = problem.partition(": ")
                self.problems.append(page.problem(tuple(_part(part) for part in place.split(".")), what))
            return None

    def _read(self, page: Page, shape: type[_T]) -> _T | None:
        unwritten = unwritten_in(page.text)
        self.problems += (f"{page.name}:{number}: {problem}" for number, problem in unwritten)
        return None if unwritten else self._told(page.shaped, shape)

    def _told(self, reads: Callable[[_From], _T], what: _From) -> _T | None:
        try:
            return reads(what)
        except ContentError as error:
            self.problems += error.problems
            return None

    def _source_problems(self) -> Iterator[str]:
        """Practices of the circle that name sources which nudges.yaml does not have."""
        if self.circles is None or self.curriculum is None:
            return
        for name, written in self.circles.practices.items():
            for problem in self.curriculum.unknown_to(written):
                place, _, what = problem.partition(": ")
                yield self.circling.problem(("practices", name, place), what)

    def _name_problems(self, part: str, names: type[Line] | type[Label]) -> Iterator[str]:
        homes: dict[str, Page] = {}
        for page, copy in self.pages:
            for name in getattr(copy, part):
                if name in homes:
                    yield page.problem((part, name), "stands in another file too: keep one")
                homes[name] = page
        if len(self.pages) < len(_COPY_FILES):
            return
        for name in names:
            if name not in homes:
                sibling = get_close_matches(name, homes, n=1, cutoff=0)
                page = homes[sibling[0]] if sibling else self.pages[0][0]
                yield page.problem((part, *sibling), f"there is no “{name}”: add it beside this")

    def _typed_problems(self) -> Iterator[str]:
        meanings = {meaning for _, copy in self.pages for meaning in copy.typed}
        labels = ((label, words) for _, copy in self.pages for label, words in copy.labels.items())
        self.typed.update({plain(words): label for label, words in labels if label in meanings})
        typed = (
            (page, ("typed", meaning, number), phrase)
            for page, copy in self.pages
            for meaning, phrases in copy.typed.items()
            for number, phrase in enumerate(phrases)
        )
        for page, place, phrase in typed:
            words, meaning = plain(phrase), place[1]
            if meaning not in (*MEANINGS, *_RATINGS):
                yield page.problem(place, f"there is no meaning “{meaning}”: mend its spelling, or take it out")
            if not words:
                yield page.problem(place, f"“{phrase}” has no words: take it out")
            elif words in self.typed:
                yield page.problem(place, f"“{phrase}” stands under {self.typed[words]} already: keep one")
            self.typed.setdefault(words, meaning)
        if len(self.pages) == len(_COPY_FILES):
            page = self.pages[0][0]
            missing = [meaning for meaning in MEANINGS if meaning not in meanings]
            yield from (
                page.problem(("typed",), f"there is no “{meaning}”: add what people type") for meaning in missing
            )

    def _answer_problems(self) -> Iterator[str]:
        for page, copy in self.pages:
            for name, phrases in copy.answers.items():
                if name not in ANSWERS:
                    yield page.problem(("answers", name), "is not known here: mend its spelling, or take it out")
                yield from (page.problem(("answers",), each) for each in phrase_problems(name, phrases, ()))
                self.answers[name] = self.answers.get(name, ()) + phrases
        if len(self.pages) == len(_COPY_FILES):
            missing = [name for name in ANSWERS if name not in self.answers]
            page = self.pages[1][0]
            yield from (page.problem(("answers",), f"there is no “{name}”: add what people type") for name in missing)
        known = [words for words, meaning in self.typed.items() if meaning == NO[0]]
        self.answers[NO[0]] = (*self.answers.get(NO[0], ()), *known)


def _part(name: str) -> str | int:
    return int(name) if name.isdecimal() else name


def _slot_problems(page: Page, place: _Place, wording: str) -> Iterator[str]:
    line = Line(str(place[1]))
    needed = set(SLOTS.get(line, ()))
    try:
        used = {name for _, name, _, _ in Formatter().parse(wording) if name is not None}
    except ValueError:
        yield page.problem(place, "has a brace that does not close: a slot is written like {feeling}")
        return
    if used != needed:
        slots = " and ".join(f"{{{name}}}" for name in sorted(needed)) or "no slot"
        yield page.problem(place, f"has other slots than its line: write {slots}")
    if not wording.strip():
        yield page.problem(place, "has no words: write them, or take it out")
