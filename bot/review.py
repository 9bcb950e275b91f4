"""What a program can review of `prompts/`: every wording, and every message that is made of several.

Rules that hold here: whatever can be said together is judged together; a problem says the file, the line, what is
wrong and how to mend it; the rules for one text are in `bot.wording`. What no program sees is on the list for reviewers
in `prompts/README.md`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from hashlib import sha256
from itertools import product
from operator import add
from pathlib import Path
from typing import Final, NamedTuple

from bot.core.commands import COMMANDS
from bot.core.consent import QUESTIONS
from bot.core.copies import replace
from bot.core.course import THEMES, Contrast, Practice, Theme, Written
from bot.core.gap import AfterDays, Answered, Figure, Moment, OneWalk, OverDays
from bot.core.helplines import SHOWN_FOR, Country, message, today_of
from bot.core.kept import Course
from bot.core.lines import DANGER, MOST_WORDS, Label, Line
from bot.core.matching import STEM, normalise, silent
from bot.core.model import Reply
from bot.core.room import IN_A_GROUP
from bot.core.scoring import SLOT
from bot.core.state import Change, Tier
from bot.figure import drawing, font
from bot.prompts import FOLDER, SLOTS, Book, Page, Prompts, load, shown_path, text_of
from bot.wording import (
    LANGUAGE,
    Measure,
    label_problems,
    line_problems,
    measure,
    message_problems,
    name_problems,
    shown_problems,
)
from bot.zones import city_problems

_MOST_MIRRORED: Final = 2
"""Words of a feeling that are said back."""

_WARNED: Final = 60
"""Days ahead of a line's hiding."""


def check(folder: Path = FOLDER, language: str = "en") -> list[str]:
    """Every problem of one language: those that `load` raises, rules that never fire, and breaks of the copy rules."""
    book = Book(folder / language)
    return [
        *book.problems,
        *_silent_problems(book),
        *_wording_problems(book),
        *_consent_problems(book),
        *_country_problems(folder, book),
        *_city_problems(book),
        *_picture_problems(book),
        *((*_nudge_problems(book), *_circle_problems(book)) if language == LANGUAGE else _unruled_problems(book)),
    ]


def aging(prompts: Prompts, at: int) -> list[str]:
    """Say which lines are hidden by now (seconds since 1970), or will be within 60 days. They are no fault."""
    told = []
    for code, country in prompts.content.helplines.countries.items():
        for line in country.lines:
            left = line.read.toordinal() + SHOWN_FOR - today_of(at)
            when = "is hidden" if left < 0 else f"will be hidden in {left} days"
            if left < _WARNED:
                told.append((left, f"{code}, {line.name}: {when}; call it, or read its page, and record the check"))
            elif line.read.toordinal() > today_of(at) + 1:
                told.append((left, f"{code}, {line.name}: its day, {line.read}, has not come yet; mend it"))
    return [what for _, what in sorted(told)]


# --- What is said together ----------------------------------------------------------------------------------------


def _begins(*starts: str) -> tuple[Line, ...]:
    return tuple(line for line in Line if line.startswith(starts))


_ANCHORS: Final = _begins("anchor.")
_CLOSES: Final = _begins("close.")
_ASIDES: Final = (Line.QUESTION, Line.PRIVATE, Line.HEARD, Line.STALE, Line.EXPIRED, Line.UNREADABLE, Line.REAL)
_LEADS: Final = (*_begins("mirror", "act", "company"), Line.VALUE_HEARD)
_BEFORE_ANCHORS: Final = (*_ASIDES, Line.HIGH, Line.HARDER)
_WALK: Final = (
    *_begins("needs.", "ease", "resonance", "kind", "who.", "apart", "wish", "reach", "together", "we_care"),
    *(Line.WHO, Line.VALUE, Line.MINE, Line.NEXT_TASK, Line.LOOK_BACK, Line.CARE),
)
_NOTICED: Final = (
    *(Line.WHY_WITNESS, Line.WHY_OWN, Line.WHY_LOSS),
    *(Line.WHY_COMPASSION, Line.WHY_UNSURE, Line.WHY_NONE),
)
_GROUNDS: Final = (Line.WHY_DANGER, Line.WHY_FORWARDED, Line.WHY_KNOWN, Line.WHY_ANSWER, Line.WHY_LANGUAGE, *_NOTICED)
_PERIODS: Final = (Line.PROGRESS_EARLIER, Line.PROGRESS_WEEK)
_WHEN: Final = (
    *(Line.NUDGE_NEXT, Line.NUDGE_PAUSED, Line.NUDGE_NO_ZONE, Line.NUDGE_NO_SLOT, Line.NUDGE_STOPPED),
    *_begins("nudge.rests."),
)
_WHEN_THERE: Final = (Line.ROOM_NEXT, Line.ROOM_HELD, Line.ROOM_MUTED, Line.ROOM_NO_CIRCLE, Line.ROOM_NO_ZONE)
_QUESTIONS: Final = (Line.ASK, Line.OWN, Line.WHOSE, Line.STAY, Line.DANGER_ASK, Line.BARRIER_ASK, Line.PLAN_ASK)

MESSAGES: Final[tuple[tuple[tuple[Line, ...], ...], ...]] = (
    (_begins("arrive."), _ANCHORS, (Line.ABOUT,)),
    ((Line.AFFIRM,), (Line.ABOUT,)),
    (_BEFORE_ANCHORS, _ANCHORS),
    (_BEFORE_ANCHORS, _ANCHORS, (Line.STAY_ANOTHER, Line.HELD_ANOTHER)),
    ((*_ASIDES, *_LEADS), _WALK),
    (_ASIDES, _QUESTIONS),
    (_ASIDES, _ANCHORS, (Line.ASK,)),
    ((Line.DANGER_WHY,), (Line.DANGER_ASK,)),
    (_ASIDES, (Line.CARD_AGAIN_NOW, Line.CARD_AGAIN_NOW_YOUNG)),
    (_ASIDES, _CLOSES, (Line.BACK,)),
    (_begins("act"), (Line.CLOSE_SHORT,), (Line.BACK,)),
    ((Line.CARD_STAY, Line.CARD_MINOR), (Line.BARRIER_ASK,)),
    (_begins("tip."), (Line.PLAN_ASK,)),
    ((Line.TIP_NOBODY,), (Line.LOOK_BACK,)),
    (_NOTICED, _begins("spoke_of."), (Line.BY_WORDS,)),
    (_GROUNDS, (Line.BY_WORDS,)),
    (_PERIODS, (Line.PROGRESS_UPSET,), (Line.PROGRESS_CARE,), (Line.PROGRESS_ABOUT,)),
    (_PERIODS, (Line.PROGRESS_CARE,), (Line.PROGRESS_ABOUT,)),
    (_PERIODS, (Line.PROGRESS_ABOUT,)),
    ((Line.CONSENT_CHANGED,), tuple(QUESTIONS.values())),
    (
        (Line.PULSE,),
        (Line.PULSE_OFFERS, Line.PULSE_OFFERS_FEW),
        (Line.PULSE_JOINS, Line.PULSE_JOINS_FEW),
        (Line.PULSE_PART,),
    ),
    (
        (Line.CONSENT_ON,),
        *((Line(f"consent.on.{name}"),) for name in ("remember", "country", "plans", "nudges", "follow_ups")),
    ),
    ((Line.CONSENT_ON,), *((Line(f"consent.on.{name}"),) for name in ("remember", "country", "plans", "alone"))),
    ((Line.CONSENT_YES_PLANS,), (Line.IF_THEN_ASK,)),
    ((Line.FORGET_KEEPS,), (Line.FORGET_ASK,)),
    ((Line.FORGET_WENT,), (Line.FORGET_DONE,)),
    ((Line.NUDGE_SET,), (Line.NUDGE_PANEL,), _WHEN),
    ((Line.NUDGE_IN_QUIET,), (Line.NUDGE_PANEL,), (Line.NUDGE_NEXT,)),
    ((Line.NUDGE_KEPT, Line.NUDGE_FEWER), (Line.NUDGE_NEXT, Line.NUDGE_NO_ZONE, Line.NUDGE_NO_SLOT)),
    ((Line.ROOM_IS_SET,), (Line.ROOM_PANEL,), (Line.ROOM_WAITS,), _WHEN_THERE),
    ((Line.ROOM_IS_SET,), (Line.ROOM_PANEL,), _WHEN_THERE),
    ((Line.GROUP_CARD_OFF, Line.GROUP_CARD_MENTIONS, Line.GROUP_CARD_MEMBERS), (Line.GROUP_CARD_ALERTS,)),
    ((Line.NOTHING_TO_STOP, Line.STOPPED), (Line.NUDGE_STOP_HOW,)),
    ((Line.STAY_PERSON, Line.CLOSE_WAS_THERE), (Line.FOLLOW_UP_REST,)),
    ((Line.SHOWN_AFTER,), (Line.SHOWN_AFTER_UPSETS,)),
    ((Line.SHOWN_AFTER_CARES,), (Line.SHOWN_BREAKS,)),
    ((Line.SHOWN_WALK,), (Line.SHOWN_CARE, Line.SHOWN_CARE_UNSAID)),
    ((Line.SHOWN_WALKS,), (Line.SHOWN_UPSETS,), (Line.SHOWN_CARES,), (Line.SHOWN_BREAKS,)),
)
"""The messages of several lines: one of each group, in this order; the first may be left out.

Every line is judged as a message of its own too.
"""

_MOST_LETTERS: Final = {Line.DESCRIPTION: 512, Line.SHORT_DESCRIPTION: 120}
"""What Telegram shows of the bot before anything is written; these are Telegram's limits."""

_PLAINEST: Final = DANGER | {Line.BY_WORDS, Line.LANGUAGE, Line.GROUP_LANGUAGE, Line.WHY_LANGUAGE}
"""About danger or said with it, or for someone who may know little of the language."""

_CARDS: Final = frozenset(
    {
        *(Line(f"card.{tier}") for tier in Tier if tier not in {Tier.NONE, Tier.UNCLEAR}),
        *(line for line in Line if line.startswith("card.") and line.endswith("_young")),
        *(Line.CARD_ASKED, Line.CARD_MINE, Line.CARD_FORWARDED, Line.CARD_FAILED, Line.CARD_AGAIN),
    }
)
MUST_SAY: Final[tuple[tuple[frozenset[Line], str, str], ...]] = (
    (
        _CARDS,
        r"someone (you|near)|anyone is near|(to|near) someone|a person|who could|ask (your friend|them)|adult|doctor",
        "a person to turn to",
    ),
    (
        frozenset(
            {Line.CARD_IMMINENT, Line.CARD_SOMEONE, Line.CARD_MEDICAL, Line.CARD_MINE, Line.CARD_MINE_YOUNG},
        ),
        r"^[^.?]*emergency",
        "the emergency number, in its first sentence",
    ),
    (frozenset({Line.CARD_IMMINENT}), r"distance|away from", "to move away from what might be used"),
    (
        frozenset(
            {
                *(Line.CARD_LINES, Line.CARD_AGAIN_NOW, Line.CARD_AGAIN_NOW_YOUNG, Line.CRISIS, Line.GROUP_DANGER),
                *(Line.HELD_THANKS_NOW, Line.HELD_STOPPED_NOW, Line.DANGER_NO_NOW, Line.LANGUAGE),
            }
        ),
        r"emergency number",
        "the emergency number",
    ),
    (
        frozenset({Line.CARD_LINES, Line.CRISIS, Line.GROUP_DANGER, Line.GROUP_DANGER_AGAIN, Line.LANGUAGE}),
        r"findahelpline\.com",
        "where there is a line",
    ),
    (frozenset({Line.CARD_LINES}), r"name of your country", "that the name of a country shows lines there"),
    (frozenset({Line.BARRIER_ASK}), r"a line or a person", "whom to contact: on some cards “them” is the friend"),
    (
        frozenset(line for line in Line if line.startswith(("held.thanks", "held.stopped"))),
        r"come back|write (here )?again",
        "that one can come back",
    ),
    (
        frozenset({Line.CARD_STAY, Line.CARD_MINOR, Line.CRISIS, Line.CRISIS_STAY}),
        r"(keep|still) writ",
        "that one can go on writing",
    ),
    (
        frozenset(
            {Line.CARD_STAY, Line.CARD_MINOR, Line.CRISIS, Line.CRISIS_STAY, Line.GROUP_DANGER, Line.GROUP_DANGER_AGAIN}
        ),
        r"can't call",
        "that it can't call",
    ),
    (
        frozenset(line for line in Line if line.endswith("young") or line is Line.CARD_MINOR),
        r"\badult you\b",
        "an adult of their own choice",
    ),
    (frozenset({Line.DANGER_ASK}), r"ending \w+('s)? life", "what is meant, in plain words"),
    (frozenset({Line.DANGER_ASK}), r"\?$", "a question at its end"),
    (
        frozenset(
            {
                *(*_begins("group."), Line.CARD_STAY, Line.CARD_MINOR, Line.CRISIS),
                *(Line.ABOUT, Line.START, Line.HELP, Line.REAL, *_MOST_LETTERS),
            }
        ),
        r"\bprogram\b",
        "that this is a program",
    ),
    (
        frozenset(
            {
                *(Line.ABOUT, Line.START, Line.HELP, Line.OWN, Line.STOPPED, Line.MEDIA, Line.LANGUAGE),
                *(Line.STALE, Line.EXPIRED, Line.UNREADABLE, Line.DANGER_NO, Line.DANGER_NEAR),
                *(Line.PLAN_LATER, Line.HELD_THANKS, Line.HELD_STOPPED, Line.HELD_THANKS_NOW, Line.HELD_STOPPED_NOW),
            }
        ),
        r"/crisis",
        "where help is: /crisis",
    ),
)
"""What lines have to say in each of their wordings: the lines, a pattern, and what it looks for."""
_OFTEN: Final = frozenset(
    {
        *(
            *_ASIDES,
            *_LEADS,
            *_WALK,
            *_ANCHORS,
            *_CLOSES,
            *_begins("arrive.", "stay", "own", "whose", "help"),
            Line.STOPPED,
            Line.BACK,
        ),
        *(Line.ABOUT, Line.AFFIRM, Line.HIGH, Line.HARDER, Line.THANKS, Line.SWEAR, Line.MEDIA),
        *(Line.ASK, Line.TWICE, Line.START, Line.NUDGE_DID, Line.NUDGE_NOT_TODAY, Line.NUDGE_READ),
    },
)


def _silent_problems(book: Book) -> Iterator[str]:
    """Phrases and words that no message can hold, as it is read."""
    for page, rules in zip(book.rules, (book.noticing, book.safety), strict=True):
        if rules is not None:
            slots_of = tuple((name, slot.phrases, slot.hides) for name, slot in rules.slots.items())
            for name, phrase, wording in _silent(slots_of, tuple(rules.fillers)):
                where = "slots", name, "phrases", rules.slots[name].phrases.index(phrase)
                yield page.problem(where, f"“{wording}” is never found: write it as it reads when it is evened out")
    slots = {SLOT, *(SLOT + name for name in book.safety.slots)} if book.safety else {}
    for path in (book.folder / "lexicon.txt", book.folder / "danger.txt"):
        for number, entry in _silent_entries(text_of(path)[0], frozenset(slots)):
            yield f"{shown_path(path)}:{number}: “{entry}” is never found: take it out"


def _city_problems(book: Book) -> Iterator[str]:
    for number, problem in city_problems(text_of(book.cities)[0]):
        yield f"{shown_path(book.cities)}:{number}: {problem}"


_DRAWN: Final = ("figure.", "changed.")
"""Labels in pictures begin so."""
_SMALLEST: Final = 14
"""In units of a picture, which is 800 wide: below it a phone shows words too small."""


def _picture_problems(book: Book) -> Iterator[str]:
    """Words in pictures that their font cannot draw, or that are so long that they would be drawn too small."""
    drawn = {
        label: (page, words)
        for page, copy in book.pages
        for label, words in copy.labels.items()
        if label.startswith(_DRAWN)
    }
    for label, (page, words) in drawn.items():
        missing = next((sign for sign in words if not all(font(bold=bold).has(sign) for bold in (True, False))), "")
        if missing:
            told = f"the font of the pictures has no “{missing}”: other words, or another font in bot/figure.py"
            yield page.problem(("labels", label), told)
    if drawn.keys() != {label for label in Label if label.startswith(_DRAWN)}:
        return
    said = {label: words for label, (_, words) in drawn.items()}
    small = {text.words for figure in _fullest() for text in drawing(figure, said).texts if text.size < _SMALLEST}
    for label, (page, words) in drawn.items():
        if words in small:
            yield page.problem(("labels", label), "is too long for the pictures: drawn so small, nobody can read it")


def _fullest() -> Iterator[Figure]:
    """Pictures with as many words as there can be in one."""
    for change in Change:
        yield OneWalk(10, 10, change)
        yield OverDays((Answered(10, change), Answered(None, change)))
    after = (int(label.rpartition(".")[2]) for label in Label if label.startswith("figure.days."))
    yield AfterDays(9, tuple(Moment(days, 10, 0) for days in (None, 0, *after)))


def _unruled_problems(book: Book) -> Iterator[str]:
    """That nobody has written the rules by which the words of a language are judged."""
    told = f"nothing holds what is said in “{book.language}” to the copy rules: write them for it"
    yield f"{shown_path(book.folder / 'copy.yaml')}:1: {told} (docs/adding-a-language.md)"


class _Phrases(NamedTuple):
    phrases: tuple[str, ...]
    hides: bool


@cache
def _silent(
    slots: tuple[tuple[str, tuple[str, ...], bool], ...], fillers: tuple[str, ...]
) -> tuple[tuple[str, str, str], ...]:
    return tuple(silent({name: _Phrases(phrases, hides) for name, phrases, hides in slots}, fillers))


@cache
def _silent_entries(text: str, slots: frozenset[str]) -> tuple[tuple[int, str], ...]:
    """The words of a lexicon that are never found, each with its line."""
    entries = ((number, line.partition("\t")[0]) for number, line in enumerate(text.splitlines(), start=1))
    read = ((number, entry) for number, entry in entries if not entry.startswith("#") and not entry.endswith(STEM))
    return tuple((number, entry) for number, entry in read if entry not in slots and normalise(entry).strip() != entry)


def _wording_problems(book: Book) -> Iterator[str]:
    sizes: dict[Line, list[Measure]] = {}
    for page, copy in book.pages:
        for label, words in copy.labels.items():
            yield from (page.problem(("labels", label), each) for each in label_problems(words, book.language))
        for words in copy.mirrored:
            yield from (page.problem(("mirrored",), each) for each in _mirrored_problems(words, book.language))
        for line, wordings in copy.lines.items():
            said = [_filled(book, line, wording) for wording in wordings]
            sizes[line] = [measure(wording) for wording in said]
            yield from (page.problem(("lines", line), problem) for problem in _choice_problems(line, said))
            for number, wording in enumerate(said):
                problems = (
                    *line_problems(wording, danger=line in DANGER, language=book.language),
                    *_command_problems(wording),
                    *(_silence_problems(line, wording) if book.language == LANGUAGE else ()),
                )
                yield from (page.problem(("lines", line, number), problem) for problem in problems)
    yield from _message_problems(book, sizes)


def _mirrored_problems(words: str, language: str) -> Iterator[str]:
    if len(words.split()) > _MOST_MIRRORED:
        yield f"“{words}” is longer than {_MOST_MIRRORED} words: what is said back is short"
    yield from label_problems(words, language)


def _filled(book: Book, line: Line, wording: str) -> str:
    """The wording with the longest words in its slots, each once."""
    labels: dict[str, str] = {name: words for _, copy in book.pages for name, words in copy.labels.items()}
    for slot, start in SLOTS.get(line, {}).items():
        longest = max(
            (name for name in labels if name.startswith(start)), key=lambda name: len(labels[name]), default=""
        )
        wording = wording.replace(f"{{{slot}}}", labels.pop(longest, slot))
    return wording


def _command_problems(wording: str) -> Iterator[str]:
    commands = re.findall(r"(?<!\w)/(\w+)", wording)
    yield from (
        f"there is no command /{name}: name one that there is"
        for name in commands
        if name not in {*COMMANDS, *IN_A_GROUP}
    )


def _silence_problems(line: Line, wording: str) -> Iterator[str]:
    missing = (what for lines, said, what in MUST_SAY if line in lines and not re.search(said, wording, re.IGNORECASE))
    yield from (f"does not say {what}: each of its wordings has to" for what in missing)


def _choice_problems(line: Line, said: list[str]) -> Iterator[str]:
    fewest = 4 if line in _OFTEN else 3 if line.startswith("card.") else 2 if line in _PLAINEST else 1
    if len(said) < fewest:
        yield f"has {len(said)} wordings, and is met often: write at least {fewest}"
    if len(set(said)) < len(said):
        yield "has one wording twice: keep one"
    if len({"?" in wording for wording in said}) > 1:
        yield "asks in one wording and not in another: any of them may be said, so all ask or none does"
    most = _MOST_LETTERS.get(line)
    if most and any(len(wording) > most for wording in said):
        yield f"is longer than the {most} letters that Telegram shows"


def _message_problems(book: Book, sizes: Mapping[Line, list[Measure]]) -> Iterator[str]:
    pages = {line: page for page, copy in book.pages for line in copy.lines}
    alone = [((line,),) for line in Line]
    for groups in (*MESSAGES, *(groups[1:] for groups in MESSAGES), *alone):
        choices = [[(line, size) for line in group for size in sizes.get(line, ())] for group in groups]
        messages = [_joined(parts) for parts in product(*choices)]
        worst = dict.fromkeys(max(messages, key=trait) for trait in _TRAITS if messages)
        for lines, size in worst:
            for problem in message_problems(size, danger=_PLAINEST.issuperset(lines), language=book.language):
                names = " + ".join(lines)
                yield pages[lines[-1]].problem(("lines", lines[-1]), f"{problem} (the message {names})")


def digest_of(wordings: Sequence[str]) -> str:
    """What changes with any of these wordings: 12 letters of the SHA-256 of all of them."""
    return sha256("\n".join(wordings).encode()).hexdigest()[:12]


def _consent_problems(book: Book) -> Iterator[str]:
    """Questions about keeping whose words are others than when their version was set."""
    if book.consents is None:
        return
    wordings = {line: said for _, copy in book.pages for line, said in copy.lines.items()}
    for purpose, line in QUESTIONS.items():
        digest = digest_of(wordings.get(line, ()))
        if line in wordings and digest != book.consents.purposes[purpose].digest:
            yield book.asked.problem(
                ("purposes", purpose, "digest"),
                f"the words of {line} have changed: raise the version, or if it means the same, leave it;"
                f" and write the new digest: {digest}",
            )


MOST_IN_A_NUDGE: Final = 40
"""Words of a nudge, its first line included. Source: evidence, curriculum, delivery rules."""

_TELLING: Final = re.compile(
    r"\b(suffer\w*|pain|hurts?|compassion\w*|kind(ness)?|cares?|caring|feel\w*|upset|distress\w*|grie\w+|loss(es)?|ill\w*"
    r"|sick\w*|train\w*|practi[cs]e\w*|exercise\w*|course|week\w*|help\w*|crisis|danger\w*|therap\w+|walks?|sad\w*|hard\w*"
    r"|nudge\w*|breath\w*|minds?|heart\w*|heal\w*|health\w*|steady\w*|warm\w*|dead|death|die[ds]?)\b"
)
"""What a first line may not say, since it may show on a locked screen: what this is about."""

_BODY: Final = re.compile(
    r"\b(breath\w*|feet|foot|your hands?|one hand|jaw|shoulders?|eyes?|chest|belly|skin|touch|posture)\b"
    r"|\blook (away|around)\b"
)
_THINGS: Final = re.compile(
    r"\b(cups?|mugs?|tea|coffee|water|drink\w*|eat\w*|food|blankets?|candles?|paper|pens?|photos?)\b"
)
_WAY_ROUND: Final = re.compile(r"\b(or|instead|if)\b")
_NOT_IN_A_NUDGE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\bshould\b"), "pushes: “You could ...”"),
    (re.compile(r"\b(type|reply|write (it |this |back |here)|tell me|send me)\b"), "asks for words, and none are kept"),
    (
        re.compile(r"\b(missed|yesterday|so far|still (not|haven't)|last time|again today)\b"),
        "keeps count: each stands alone",
    ),
    (re.compile(r"\b(beats|better than|rather than worry\w*|instead of worry\w*)\b"), "compares: leave it out"),
)
"""What no practice says beside what nothing here says, and why."""


def _nudge_problems(book: Book) -> Iterator[str]:
    """Practices that break the rules for nudges, alone or with any first line, and a course that lacks a contrast."""
    firsts = [(page, copy.lines[Line.NUDGE_FIRST]) for page, copy in book.pages if Line.NUDGE_FIRST in copy.lines]
    for page, wordings in firsts:
        for number, wording in enumerate(wordings):
            if found := _TELLING.search(wording.lower()):
                told = f"“{found[0]}” tells something on a locked screen: leave it out"
                yield page.problem(("lines", Line.NUDGE_FIRST, number), told)
    if book.curriculum is None:
        return
    sizes = [measure(wording) for _, wordings in firsts for wording in wordings] or [Measure()]
    for number, theme in enumerate(book.curriculum.themes):
        place = "themes", number
        yield from (book.nudges.problem((*place, "name"), problem) for problem in name_problems(theme.name))
        yield from (book.nudges.problem(place, problem) for problem in _contrast_problems(theme))
        for name, practice in theme.practices.items():
            where = *place, "practices", name
            yield from (book.nudges.problem((*where, "dose"), each) for each in name_problems(practice.dose))
            problems = (*_practice_problems(practice), *_nudge_size_problems(measure(practice.words), sizes))
            yield from (book.nudges.problem((*where, "words"), problem) for problem in problems)
    practices = book.curriculum.practices()
    said = Counter(practice.words for practice in practices)
    for drawn in practices:
        if said[drawn.words] > 1:
            where = "themes", drawn.theme - 1, "practices", drawn.name
            yield book.nudges.problem((*where, "words"), "stands here twice: keep one")
    for course, themes in THEMES.items():
        moved = {drawn.contrast for drawn in practices if drawn.theme in themes}
        missing = [contrast for contrast in Contrast if contrast not in moved]
        yield from (book.nudges.problem(("themes",), f"{course} has none of {each}: add one") for each in missing)


def _practice_problems(practice: Written) -> Iterator[str]:
    yield from line_problems(practice.words)
    lower = practice.words.lower()
    yield from (f"“{found[0]}”: {why}" for pattern, why in _NOT_IN_A_NUDGE if (found := pattern.search(lower)))
    body, thing = _BODY.search(lower), _THINGS.search(lower)
    if body and not practice.body:
        yield f"“{body[0]}” goes by the body: write “body: true”"
    if (practice.body or thing) and not _WAY_ROUND.search(lower):
        yield "has no way round for whoever can't do this here: “Or ...”, “... instead”, “If ...”"
    yield from _command_problems(practice.words)


def _nudge_size_problems(size: Measure, firsts: Sequence[Measure]) -> Iterator[str]:
    messages = [first + size for first in firsts]
    words = max(message.words for message in messages)
    if words > MOST_IN_A_NUDGE:
        yield f"{words} words with the longest first line: a nudge has {MOST_IN_A_NUDGE} at most"
    yield from message_problems(max((*messages, size), key=lambda message: message.grade), danger=True)


MOST_IN_A_CIRCLE: Final = 40
"""Words of a practice of the circle. Its message has others before it, and how many took part."""

_NOT_IN_A_CIRCLE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(r"\b(aloud|out loud|post|comment|react|tap|button|in (the|this) chat|share|tell)\b"),
        "asks to be seen",
    ),
    (re.compile(r"\b(count\w*|(two|three|four|five|six|ten|\d+) times)\b"), "asks to count"),
    (
        re.compile(r"\b(dead|die[sd]?|dying|death|lost|loss(es)?|late|grie\w+|mourn\w*|buried|memory of)\b"),
        "may speak of the dead of a group",
    ),
    (
        re.compile(r"\b(members?|admins?|who(ever)? wrote|one of (you|us)|the (last|newest) (one|person))\b"),
        "singles out",
    ),
    (re.compile(r"\b((hold|take|touch|hug)\w* (each other|hands|someone|somebody))\b"), "asks to touch others"),
)
"""What no practice of the circle says beside what no nudge says, and why."""


def _circle_problems(book: Book) -> Iterator[str]:
    """Practices of the circle that break its rules, those for nudges, or their balance."""
    if book.circles is None:
        return
    around = [
        [measure(wording) for _, copy in book.pages for wording in copy.lines.get(line, ())] or [Measure()]
        for line in (Line.CIRCLE, Line.CIRCLE_TOTAL)
    ]
    nudged = {drawn.words for drawn in book.curriculum.practices()} if book.curriculum else set()
    practices = book.circles.practices
    said = Counter(practice.words for practice in practices.values())
    for name, practice in practices.items():
        where = "practices", name
        yield from (book.circling.problem((*where, "dose"), each) for each in name_problems(practice.dose))
        problems = [*_practice_problems(practice), *_circle_size_problems(measure(practice.words), around)]
        lower = practice.words.lower()
        problems += [f"“{found[0]}”: {why}" for pattern, why in _NOT_IN_A_CIRCLE if (found := pattern.search(lower))]
        if said[practice.words] > 1 or practice.words in nudged:
            problems.append("stands twice, here or in nudges.yaml: keep one")
        yield from (book.circling.problem((*where, "words"), problem) for problem in problems)
    connected = sum(practice.contrast is Contrast.CONNECTED for practice in practices.values())
    if 2 * connected <= len(practices):
        yield book.circling.problem(
            ("practices",),
            f"has {connected} practices of {Contrast.CONNECTED}, its own contrast: more than half, please",
        )


def _circle_size_problems(size: Measure, around: Sequence[Sequence[Measure]]) -> Iterator[str]:
    if size.words > MOST_IN_A_CIRCLE:
        yield f"{size.words} words: a practice of the circle has {MOST_IN_A_CIRCLE} at most"
    messages = [reduce(add, parts, size) for parts in product(*around)]
    longest, hardest = (max((*messages, size), key=trait) for trait in (_words_of, _grade_of))
    yield from dict.fromkeys((*message_problems(longest), *message_problems(hardest, danger=True)))


def _words_of(size: Measure) -> int:
    return size.words


def _grade_of(size: Measure) -> float:
    return size.grade


def _contrast_problems(theme: Theme) -> Iterator[str]:
    counts = Counter(practice.contrast for practice in theme.practices.values())
    if theme.contrast is None:
        yield from (f"has no practice of {each}, and is for all: add one" for each in Contrast if not counts[each])
    elif 2 * counts[theme.contrast] <= counts.total():
        yield f"has {counts[theme.contrast]} practices of {theme.contrast}, its own contrast: more than half, please"


def balance(practices: Sequence[Practice]) -> list[str]:
    """For each week of the eight, how many of its practices move which contrast, and how hard they are to read."""
    told = []
    for theme in THEMES[Course.EIGHT_WEEKS]:
        week = [practice for practice in practices if practice.theme == theme]
        moved = Counter(practice.contrast for practice in week).most_common()
        grade = max(measure(practice.words).grade for practice in week)
        counts = ", ".join(f"{contrast} {count}" for contrast, count in moved)
        told.append(f"week {theme}: {counts}; school year {grade:.1f} at most")
    return told


def _country_problems(folder: Path, book: Book) -> Iterator[str]:
    """Messages of a country that are longer than a message may be, in any wording."""
    if book.problems or book.helplines is None:
        return
    prompts = load(folder, book.folder.name)
    page = Page(folder / "helplines.yaml")
    for code, country in book.helplines.countries.items():
        yield from (page.problem(("countries", code), problem) for problem in _shown_problems(country))
        at = max((line.read.toordinal() for line in country.lines), default=today_of(0)) - today_of(0)
        for minor in (False, True):
            reply = message(Reply((Line.CARD_LINES,)), country, prompts.content, at * 86_400, minor=minor)
            for pick in range(len(prompts.lines[reply.keys[0]])):
                count = len(prompts.text(replace(reply, picks=(pick,))).split())
                if count > MOST_WORDS:
                    yield page.problem(("countries", code), f"{count} words in one message: at most {MOST_WORDS}")
            if country.lines and reply.keys == (Line.CARD_LINES_NONE,):
                yield page.problem(("countries", code), "no line fits into a message: shorten names and notes")


def _shown_problems(country: Country) -> Iterator[str]:
    yield from (f"{country.name}: {problem}" for problem in name_problems(country.name))
    for line in country.lines:
        for language in line.languages:
            yield from (f"{line.name}: {problem}" for problem in name_problems(language))
        for words in (
            line.name,
            line.whom,
            line.region,
            line.phone,
            line.note,
            line.hours,
            line.text,
            line.whatsapp,
            line.chat,
        ):
            yield from (f"{line.name}: {problem}" for problem in shown_problems(words))


_Message = tuple[tuple[Line, ...], Measure]

_TRAITS: Final[tuple[Callable[[_Message], float], ...]] = (
    lambda message: message[1].words,
    lambda message: message[1].questions,
    lambda message: message[1].grade,
)
"""Of all messages of a kind the longest is judged, the one that asks most, and the one that is hardest to read."""


def _joined(parts: tuple[tuple[Line, Measure], ...]) -> _Message:
    return tuple(line for line, _ in parts), reduce(add, [size for _, size in parts])
