"""One normalisation of text, and the matching of phrases in time linear in its length.

Rules that hold here: every reader of text goes through `normalise`; a phrase in a rule file goes through the same
door as the words it is meant to find; nothing backtracks; no text makes it raise. Normalised text is a row of
words between single spaces, with one at each end, so that " word " finds whole words only. The marks
`. ? ! , "` and emoji stand as words of their own.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, compress, groupby, islice, pairwise, product
from math import prod
from typing import Final, NamedTuple, Protocol

import ahocorasick

STEM = "*"
STEM_LENGTH = 5
"""Letters of the beginnings of words, for words that are longer."""

MOST_WORDINGS = 2048
"""How many wordings one part of a phrase may stand for."""

_TOO_MANY = f"has a part with more than {MOST_WORDINGS} wordings: make it several phrases"
_FEW = 48  # parts are multiplied out up to here: fewer steps, and yet few words to hold
_CHUNK = 256  # composing is quadratic in a run of combining marks: short runs keep the whole linear
_INVISIBLE = dict.fromkeys(
    (
        *(0xAD, 0x61C, 0x180E, 0xFEFF, 0x20E3),  # soft hyphen, marks of direction, the box round a keycap
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),  # zero width, direction
        *(*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0xE0000, 0xE0080)),  # looks and skins of emoji
        *range(0x300, 0x370),  # accents that compose with nothing
    ),
)
_ODD_MARKS = _INVISIBLE | str.maketrans("‘’‚‛′`´“”„‟″«»–—―‐‑−¿¡，。", "'''''''\"\"\"\"\"\"\",,,---?!,.")
_MARKS = str.maketrans(
    {
        **dict.fromkeys(";:\n\r\v\f\x1c\x1d\x1e\x85", "."),
        **dict.fromkeys("()[]{}|<>", ","),
        **dict.fromkeys("/\\-_=+\t\0#@^%$", " "),
    },
)
_SYMBOL = re.compile(r"[^\w\s'.?!,\"]")
_SIGNS = re.compile(r"[()|]|[^()|]+")
_BRACKETS = re.compile(r"\([^()]*\)|[^()|]+")
_PLAIN = re.compile(r"[a-z0-9 *\n]*+")
_STRETCHED = re.compile(r"([a-z])\1\1+")
_THRICE = re.compile(r"(.)\1\1")
"""What stands in every text with a stretched letter: looked for three times as fast."""
_AS_WORDS = (
    *((":'(", " 😢 "), (":(", " 🙁 "), (":-(", " 🙁 "), ("</3", " 💔 "), ("--", " , "), (" - ", " , ")),
    *(("k!ll", "kill"), ("su!c", "suic")),  # hidden from filters, not from people
)
_ENDINGS = (("n't", "nt"), ("'ll", " will"), ("'ve", " have"), ("'re", " are"), ("'m ", " am "), ("'d ", " would "))
_NOT = tuple(
    (f" {verb} not ", f" {verb}nt ".replace("willnt", "wont").replace("cannt", "cant"))
    for verb in ("do", "does", "did", "can", "could", "will", "would", "is", "are", "was", "should", "have", "has")
)
_STOPS = ".?!"
_STOPS_AND_MARKS = frozenset('.?!,"')
_FORMS = {
    form: word
    for word, forms in {
        "i am": "im iam",
        "i have": "ive",
        "i would": "id",
        "i will": "il",
        "i am going to": "imma ima",
        "want to": "wanna wana wannna",
        "want": "wnat wantt wan wnt",
        "going to": "gonna gunna gna goin2",
        "trying to": "tryna",
        "have to": "gotta hafta",
        "got to": "gota",
        "i dont know": "idk dunno",
        "you": "u ya yu",
        "your": "ur yr",
        "are": "r",
        "and": "n nd",
        "because": "cos cuz coz bc bcos becuase becos becoz",
        "people": "ppl peeps pple",
        "right now": "rn",
        "tonight": "tn 2nite 2night tonite 2nyt",
        "today": "2day tday",
        "tomorrow": "tmrw tmr tmrrw tomoz tomorow tommorow",
        "about": "abt",
        "before": "b4",
        "please": "plz pls pleas",
        "thanks": "thx thnx",
        "something": "smth sth somthing",
        "anyone": "any1 ne1",
        "someone": "some1 sum1",
        "them": "em",
        "that": "dat",
        "the": "da teh",
        "this": "dis",
        "what": "wat wot",
        "when": "wen",
        "with": "w wiv",
        "should have": "shoulda shouldve shudve shudda",
        "could have": "coulda couldve cudve",
        "would have": "woulda wouldve wudve",
        "should": "shud shld",
        "could": "cud cld",
        "would": "wud wld",
        "cant": "cannot carnt cnt kant",
        "dont": "dnt dunt donot",
        "doesnt": "dosnt",
        "didnt": "dint",
        "anymore": "nomore",
        "feel": "fel feal",
        "kill": "kil kll k1ll",
        "killing": "kiling killin",
        "myself": "mysef myslef mself meself",
        "all": "al",
        "still": "stil",
        "will": "wil",
        "sleep": "slep",
        "crying": "cryin criyng",
        "dying": "dyin dieing dieng",
        "thinking": "thinkin thinkng",
        "seeing": "seein",
        "feeling": "feelin feling",
        "watching": "watchin",
        "looking": "lookin",
        "suicide": "sicide sucide suicde suiside suicid sucicide suacide suecide suiced su1cide sewerslide sewercide",
        "suicidal": "sucidal suicidle suicdal suisidal",
        "unalive": "unaliv unalived un4live",
        "die": "dye d1e diee",
        "friend": "freind frend",
        "friends": "freinds frends",
        "hospital": "hospitl hosptial hopsital",
        "heartbroken": "hartbroken heartbrocken",
    }.items()
    for form in forms.split()
}


_CHANGED = frozenset({*_FORMS, "not", "more"})
"""What a plain word is, or stands beside, where `normalise` makes another of it. Beside these: what is stretched."""


def normalise(text: str) -> str:
    """Words between single spaces, one at each end, whatever `text` holds. The empty text is one space."""
    text = text.replace("*", "").replace("~", "")
    if not text.isascii():
        chunks = (unicodedata.normalize("NFKC", text[at : at + _CHUNK]) for at in range(0, len(text), _CHUNK))
        text = _SYMBOL.sub(r" \g<0> ", "".join(chunks).translate(_ODD_MARKS))
        text = text.casefold()
    else:
        text = text.lower()
    for signs, word in _AS_WORDS:
        text = text.replace(signs, word)
    text = text.translate(_MARKS)
    if _THRICE.search(text):
        text = _STRETCHED.sub(r"\1", text)
    for mark in '.?!,"':
        text = text.replace(mark, f" {mark} ")
    text += " "
    if "'" in text:
        for ending, word in _ENDINGS:
            text = text.replace(ending, word)
        if " '" in text and "' " in text:
            text = text.replace(" '", ' " ').replace("' ", ' " ')
        text = text.replace("'", "")
    words = text.split()
    text = f" {' '.join(map(_FORMS.get, words, words))} ".replace("  ", " ")
    if " not " in text:
        for two, one in _NOT:
            text = text.replace(two, one)
    return text.replace(" any more ", " anymore ")


class Utterance(NamedTuple):
    """A text as all that read it take it."""

    normal: str
    words: set[str]
    entries: set[str]  # what a lexicon could hold: words, two side by side, and the beginnings of long ones, starred

    @property
    def plain(self) -> str:
        """The words alone, as `plain` gives them."""
        return _without_marks(self.normal)


def hear(text: str) -> Utterance:
    """Normalise any text, and take it apart, once for all that read it."""
    normal = normalise(text)
    return _taken_apart(normal, normal.split())


def sentences(said: Utterance) -> Iterator[Utterance]:
    """Yield each sentence of what was said by itself, without the mark at its end."""
    for ends, row in groupby(said.normal.split(), _STOPS.__contains__):
        if not ends:
            words = [*row]
            yield _taken_apart(f" {' '.join(words)} ", words)


def _taken_apart(normal: str, row: Sequence[str]) -> Utterance:
    words = {*row}
    stems = [word[:STEM_LENGTH] + STEM for word in words if len(word) > STEM_LENGTH]
    return Utterance(normal, words, words.union(map(" ".join, pairwise(row)), stems))


def plain(text: str) -> str:
    """The words alone, without marks: for comparing a whole message with words that it might be."""
    return _without_marks(normalise(text))


def _without_marks(normal: str) -> str:
    return " ".join([word for word in normal.split() if word not in _STOPS_AND_MARKS])


Parts = tuple[tuple[str, ...], ...]
"""What a phrase stands for: parts that follow each other, each with its wordings, normalised."""


def parts(phrase: str) -> Parts:
    """Say what `phrase` stands for.

    `(a|b)` is one of several, `(a|)` may be left out, and a `*` at the end stands for any ending. Small brackets are
    multiplied out, so that "i (am|was) sad" is one part with two wordings. Raises ValueError when brackets do not
    close, when a wording is empty, or when a part has more than MOST_WORDINGS.
    """
    return _sound(phrase, *all_parts((phrase,)))


@cache
def all_parts(phrases: tuple[str, ...]) -> tuple[Parts | str, ...]:
    """Say what each of many phrases stands for, as `parts` does, or else what is wrong with it.

    Plain ones go through the door together: sooner. What was said is held until `forget_parts`.
    """
    found = [_multiplied_out(phrase) for phrase in phrases]
    rows = [options for each in found if not isinstance(each, str) for options in each]
    normal = iter(_all_normal(rows))
    return tuple(each if isinstance(each, str) else _unless_empty((*islice(normal, len(each)),)) for each in found)


forget_parts: Final = all_parts.cache_clear


def _unless_empty(found: Parts) -> Parts | str:
    for options in found:
        if " " in options:
            break
    else:
        if found:
            return found
    return "may be empty: keep a word outside brackets that may be"


def _multiplied_out(phrase: str) -> list[list[str]] | str:
    """Return the parts of a phrase with their wordings, or what is wrong with it."""
    found: list[list[str]] = []
    for words in _outer_words(phrase):
        try:
            options = _options(words)
        except ValueError as error:
            return str(error)
        if not found:
            found.append(options)
        elif len(found[-1]) * len(options) <= _FEW or "" in options or "" in found[-1]:
            found[-1] = [*map(" ".join, product(found[-1], options))]
        else:
            found.append(options)
    if STEM in phrase:
        for number, options in enumerate(found, start=1):
            stems = [option.removesuffix(STEM) if number == len(found) else option for option in options]
            if any(STEM in stem for stem in stems) or any(option.endswith(f" {STEM}") for option in options):
                return "has a * that ends no word at its end: put it there, or take it out"
    return found


def _outer_words(phrase: str) -> list[str]:
    """Part a phrase at brackets that stand between spaces, and hold whatever touches these brackets."""
    if "(" not in phrase and ")" not in phrase:
        return [phrase] if phrase.strip(" ") else []
    depth, words, is_plain = 0, list[str](), False
    for piece in phrase.split(" "):
        was_plain, is_plain = is_plain, "(" not in piece and ")" not in piece
        if depth or (was_plain and is_plain):
            words[-1] += f" {piece}"
            is_plain = is_plain and not depth
        else:
            words.append(piece)
        depth += piece.count("(") - piece.count(")")
    return [word for word in words if word.strip(" ")]


def _options(word: str) -> list[str]:
    """Multiply out the brackets of a word."""
    if "(" not in word and ")" not in word and "|" not in word:
        return [word]
    between = _BRACKETS.findall(word)
    if "".join(between) == word:  # none lies within another
        found = [*map("".join, _product([row.strip("()").split("|") for row in between]))]
    else:
        signs = _SIGNS.findall(word)
        found, end = _alternatives(signs, 0)
        if end < len(signs) or word.count("(") != word.count(")") or "(" not in word:
            raise ValueError("has brackets or bars that do not fit together: close each bracket, and put bars in them")
    return [*dict.fromkeys(found)]


def _product(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    if prod(map(len, rows)) > MOST_WORDINGS:
        raise ValueError(_TOO_MANY)
    return product(*rows)


def _alternatives(signs: Sequence[str], at: int) -> tuple[list[str], int]:
    """Multiply out what stands from `at` up to the bracket that closes it, and say where that is."""
    done: list[str] = []
    row = [""]
    while at < len(signs) and signs[at] != ")":
        if signs[at] == "|":
            done += row
            row = [""]
        else:
            options = [signs[at]]
            if signs[at] == "(":
                options, at = _alternatives(signs, at + 1)
            row = [before + option for before in row for option in options]
        if len(row) + len(done) > MOST_WORDINGS:
            raise ValueError(_TOO_MANY)
        at += 1
    return done + row, at


def _all_normal(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Normalise the wordings of many parts; one with a star is left open at its end.

    Most hold nothing that the door would change, and need not go through it. All others that are plain go together.
    """
    texts = ["\n".join(options) for options in rows]
    words = [{*text.split()} if _PLAIN.fullmatch(text) and STEM not in text else _CHANGED for text in texts]
    changed = _CHANGED.union(filter(_STRETCHED.search, set[str]().union(*words)))
    is_even = [changed.isdisjoint(row) for row in words]
    even = iter(_spaced("\n".join(compress(texts, is_even))))
    other = iter(_normal([option for row, is_so in zip(rows, is_even, strict=True) if not is_so for option in row]))
    return [
        tuple(dict.fromkeys(islice(even if is_so else other, len(row))))
        for row, is_so in zip(rows, is_even, strict=True)
    ]


def _spaced(text: str) -> list[str]:
    """Return each line between single spaces."""
    text = f" {text} ".replace("\n", " \n ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.split("\n")


def _normal(options: Sequence[str]) -> list[str]:
    odd = {option: normalise(option) for option in options if not _PLAIN.fullmatch(option)}
    plain_ones = [option for option in options if option not in odd]
    even = [f" {words} " for words in normalise("\n".join(plain_ones)).strip().split(" . ")]
    if len(even) != len(plain_ones):  # one is empty
        even = [normalise(option) for option in plain_ones]
    rest = iter(even)
    found = [odd[option] if option in odd else next(rest) for option in options]
    pairs = zip(options, found, strict=True)
    return [words.removesuffix(" ") or " " if option.endswith(STEM) else words for option, words in pairs]


class Test(NamedTuple):
    """A combination as masks."""

    nowhere: int
    needs: tuple[int, ...]  # all that it needs, wherever
    together: tuple[int, ...]
    without: int


class Reading(NamedTuple):
    """What was found in one text. Bit n of a mask stands for the n-th slot."""

    text: str  # normalised
    clauses: tuple[int, ...]  # the slots in each clause that has any
    whole: int  # the slots anywhere
    hits: tuple[tuple[int, int, int], ...]  # slots, start and end of the words in `text`

    def words(self, start: int, end: int) -> str:
        """Return the whole words of a hit."""
        stop = self.text.find(" ", end)
        return self.text[start : len(self.text) if stop < 0 else stop].strip()

    def holding(self, tests: tuple[Test, ...]) -> Iterator[int]:
        """Yield the numbers of the tests that hold."""
        whole = self.whole
        for number, (nowhere, needs, together, without) in enumerate(tests):
            if whole & nowhere:
                continue
            for need in needs:
                if not whole & need:
                    break
            else:
                if not together or self._in_a_clause(together, without):
                    yield number

    def _in_a_clause(self, together: tuple[int, ...], without: int) -> bool:
        for clause in self.clauses:
            if clause & without:
                continue
            for need in together:
                if not clause & need:
                    break
            else:
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Slots that mean more together than alone. `a | b` is either of two slots."""

    together: tuple[str, ...] = ()  # in one clause
    without: tuple[str, ...] = ()  # not in that clause
    anywhere: tuple[str, ...] = ()  # somewhere in the message
    nowhere: tuple[str, ...] = ()  # nowhere in the message

    def problems(self, where: str, slots: Collection[str]) -> Iterator[str]:
        """Say what is wrong with it, a line each."""
        if not self.together and not self.anywhere:
            yield f"{where}: needs a slot in `together` or `anywhere`"
        for names in self.together + self.anywhere:
            if {*either(names)} <= {*self.nowhere} | ({*self.without} if names in self.together else {*()}):
                yield f"{where}: needs {names!r} and forbids it, so it never fires"
        for names in self.together + self.without + self.anywhere + self.nowhere:
            yield from (f"{where}: there is no slot {name!r}" for name in either(names) if name not in slots)


class _Piece(NamedTuple):
    """What a wording means: whole phrases by itself, or a part of longer ones."""

    slots: int = 0  # of the phrases that it is the whole of
    part: int = 0  # the parts that it may stand for, a bit each
    begins: int = 0  # those of them that begin a phrase
    stop: bool = False  # a mark that ends a clause


class Matcher:
    """Finds the phrases of many slots in one pass over a text.

    `slots` holds the phrases of each slot, `hiding` names the slots whose words hide whatever lies within them
    ("dying to see" hides "dying"), and `fillers` are words that are stepped over ("really").

    Wordings are found by Aho and Corasick's automaton (1975); the parts of a phrase follow each other as the bits of
    one number that is shifted along (Baeza-Yates and Gonnet's shift-and, 1992, on parts instead of letters).
    """

    def __init__(
        self,
        slots: Mapping[str, Sequence[str]],
        hiding: Iterable[str] = (),
        fillers: Iterable[str] = (),
    ) -> None:
        self.bits = {name: 1 << number for number, name in enumerate(slots)}
        self._fillers = frozenset(word for filler in fillers for word in normalise(filler).split())
        self._hiding = self.mask(hiding)
        self._ends: dict[int, int] = {}  # the bit of a phrase's last part -> its slot
        pieces = {f" {mark} ": _Piece(stop=True) for mark in _STOPS}
        bit = 1
        for name, phrases in slots.items():
            found = [*map(_sound, phrases, all_parts((*phrases,)))]
            _add(
                pieces, chain.from_iterable(phrase[0] for phrase in found if len(phrase) == 1), _Piece(self.bits[name])
            )
            for phrase in found:
                if len(phrase) > 1:
                    for number, options in enumerate(phrase):
                        _add(pieces, options, _Piece(part=bit, begins=0 if number else bit))
                        bit <<= 1
                    self._ends[bit >> 1] = self.bits[name]
                    bit <<= 1  # a gap, so that no phrase runs on into the next
        self._last = sum(self._ends)
        self._automaton = ahocorasick.Automaton()
        values: dict[tuple[int, _Piece], tuple[int, _Piece]] = {}  # most are alike: held once
        for wording, piece in pieces.items():
            value = len(wording) - 1, piece
            self._automaton.add_word(wording, values.setdefault(value, value))
        self._automaton.make_automaton()

    def read(self, text: str) -> Reading:
        """Find every slot in any text, in time linear in its length. Never raises."""
        return self.find(hear(text))

    def find(self, said: Utterance) -> Reading:
        """Find every slot in a text that was heard."""
        words = said.normal if self._fillers.isdisjoint(said.words) else self._step_over(said.normal)
        hits, stops = self.hits(words)
        if self._hiding and hits:
            hits = _uncovered(hits, self._hiding)
        return Reading(words, *_clauses(hits, stops), tuple(hits))

    def hits(self, words: str) -> tuple[list[tuple[int, int, int]], list[int]]:
        """Return slots, start and end of all that is found in normalised words, in the order of the ends.

        It starts and ends at the spaces round it, and with a star at the last letter before the ending. Then come the
        ends of clauses. Nothing is stepped over or hidden.
        """
        hits: list[tuple[int, int, int]] = []
        stops: list[int] = []
        begun: dict[int, list[tuple[int, int]]] = {}  # where words end -> parts that have been seen, and since where
        for end, (length, (slots, part, begins, stop)) in self._automaton.iter(words):
            start = end - length
            if slots:
                hits.append((slots, start, end))
            if part:
                following = [(begins, start)] if begins else []
                for seen, since in begun.get(start, ()):
                    reached = (seen << 1) & part
                    if reached:
                        following.append((reached, since))
                        if reached & self._last:
                            hits.append((self._ended(reached & self._last), since, end))
                if following:
                    begun.setdefault(end, []).extend(following)
            if stop:
                stops.append(end)
        return hits, stops

    def _ended(self, reached: int) -> int:
        """Return the slots of the phrases that end with these parts."""
        slots = 0
        for bit in each(reached):
            slots |= self._ends[bit]
        return slots

    def tests(self, combinations: Iterable[Combination]) -> tuple[Test, ...]:
        """Return combinations as masks of this matcher's slots."""
        return tuple(
            Test(
                self.mask(slot for names in combination.nowhere for slot in either(names)),
                tuple(self.mask(either(names)) for names in combination.together + combination.anywhere),
                tuple(self.mask(either(names)) for names in combination.together),
                self.mask(slot for names in combination.without for slot in either(names)),
            )
            for combination in combinations
        )

    def mask(self, names: Iterable[str]) -> int:
        """Return the bits of the named slots."""
        return sum(self.bits[name] for name in set(names))

    def _step_over(self, text: str) -> str:
        kept = [word for word in text.split(" ") if word not in self._fillers]
        return " ".join(kept) if len(kept) > 2 else text  # noqa: PLR2004  - a phrase made of fillers alone stays


def _sound(phrase: str, found: Parts | str) -> Parts:
    if isinstance(found, str):
        raise ValueError(f"{phrase!r} {found}")  # noqa: TRY004 - it is the phrase that is wrong
    return found


def _add(pieces: dict[str, _Piece], wordings: Iterable[str], piece: _Piece) -> None:
    """Let wordings mean this too."""
    new = dict.fromkeys(wordings, piece)
    for wording in new.keys() & pieces.keys():
        slots, part, begins, stop = pieces[wording]
        new[wording] = _Piece(slots | piece.slots, part | piece.part, begins | piece.begins, stop)
    pieces.update(new)


class Slotted(Protocol):
    """What has the phrases of one slot."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """As `parts` takes them."""

    @property
    def hides(self) -> bool:
        """Whether its words hide what lies within them."""


def silent(slots: Mapping[str, Slotted], fillers: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield slot, phrase and wording of each that is not found when it is all that a message says, nor hidden."""
    hiding = [name for name, slot in slots.items() if slot.hides]
    matcher = Matcher({name: slot.phrases for name, slot in slots.items()}, hiding, fillers)
    hides = matcher.mask(hiding)
    for name, slot in slots.items():
        for phrase, found in zip(slot.phrases, map(_sound, slot.phrases, all_parts((*slot.phrases,))), strict=True):
            firsts = [options[0] for options in found]
            for place, options in enumerate(found):
                for option in options:
                    wording = " ".join("".join((*firsts[:place], option, *firsts[place + 1 :])).split())
                    if not matcher.read(wording).whole & (matcher.bits[name] | hides):
                        yield name, phrase, wording


def either(names: str) -> tuple[str, ...]:
    """Return the slots of `a | b`."""
    return tuple(name.strip() for name in names.split("|"))


def phrase_problems(where: str, phrases: Sequence[str], fillers: Collection[str]) -> Iterator[str]:
    """Say what is wrong with the phrases of one slot, a line each."""
    if not phrases:
        yield f"{where}: has no phrases: add one"
    seen: dict[str, str] = {}
    all_found = all_parts((*phrases,))
    has_fillers = _holds((options for found in all_found for options in found), fillers)
    for phrase, found in zip(phrases, all_found, strict=True):
        if isinstance(found, str):
            yield f"{where}: {phrase!r} {found}"
            continue
        keys = found[0] if len(found) == 1 else ("\n".join("|".join(part) for part in found),)
        if all(map(seen.__contains__, keys)):
            yield f"{where}: {phrase!r} repeats {seen[keys[0]]!r}: take it out"
        seen.update(dict.fromkeys(keys, phrase))
        if has_fillers and _holds(found, fillers):
            yield f"{where}: {phrase!r} holds a word that is stepped over: leave that word out"


def _holds(wordings: Iterable[Iterable[str]], words: Iterable[str]) -> bool:
    text = f" {' '.join(map(' '.join, wordings))} "
    return any(f" {word} " in text for word in words)


def refuse(problems: Iterable[str]) -> None:
    """Raise ValueError with every problem, one a line, if there is any."""
    lines = "\n".join(problems)
    if lines:
        raise ValueError(lines)


def each(mask: int) -> Iterator[int]:
    """Yield the single bits of a mask, lowest first."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def _uncovered(hits: list[tuple[int, int, int]], hiding: int) -> list[tuple[int, int, int]]:
    """Return the hits, in the order of their ends, that lie within no hiding words."""
    hides = [(start, end) for slots, start, end in hits if slots & hiding]
    if not hides:
        return hits
    kept: list[tuple[int, int, int]] = []
    left, lowest = len(hides), hits[-1][2]
    for hit in reversed(hits):
        slots, start, end = hit
        while left and hides[left - 1][1] >= end:
            left -= 1
            lowest = min(lowest, hides[left][0])
        if slots & hiding:
            kept.append((slots & hiding, start, end))  # what hides others is itself nothing else
        elif start < lowest:
            kept.append(hit)
    kept.reverse()
    return kept


def _clauses(hits: list[tuple[int, int, int]], stops: list[int]) -> tuple[tuple[int, ...], int]:
    """Return the slots of each clause that has any, and of all. A mark belongs to the clause that it ends."""
    clauses: list[int] = []
    whole = mask = at = 0
    for slots, _, end in hits:
        while at < len(stops) and stops[at] < end:
            at += 1
            if mask:
                clauses.append(mask)
                whole |= mask
                mask = 0
        mask |= slots
    if mask:
        clauses.append(mask)
    return tuple(clauses), whole | mask
