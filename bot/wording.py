"""The copy rules that a program can check. What it cannot is on the list for reviewers in `prompts/README.md`.

Rules that hold here: pure functions of one text; a problem says what is wrong and what to do instead; a rule that
fires on a good sentence is mended here, never worked round in the copy.

Sources: a message is short, asks one thing and reads like a school book for ages 9 to 11, a message about danger even
plainer (VERA-MH; the safety bar of this project). Reading age is the Flesch-Kincaid grade (Kincaid 1975), with
syllables by pyphen's break points or by runs of vowels, whichever are more.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyphen import Pyphen

MOST_WORDS: Final = 45
MOST_WORDS_IN_A_SENTENCE: Final = 15
MOST_QUESTIONS: Final = 1
MOST_GRADE: Final = 8.0
MOST_GRADE_IN_DANGER: Final = 6.0
MOST_LETTERS_ON_A_BUTTON: Final = 40

NEVER_SAID: Final[tuple[tuple[str, str], ...]] = (
    # a program does not feel, and does not pretend to
    (r"i( really| truly| fully| do)? understand|i know (how|what) you", "a program does not: “That sounds heavy.”"),
    (r"i( really| do)? care\b|i( am|'m)( always)? here for you", "a program does not: “You can keep writing here.”"),
    (r"i( can)? (feel|hear you|see you|believe|hope|love|wish|worry|remember)", "a program does not: leave it out"),
    (r"i('m| am)( so| very| really)? (sorry|proud|sad|glad|happy|worried)", "a program is not: leave it out"),
    (r"my heart|as a human|i have been there|i've been there", "a program has none: leave it out"),
    (r"sending (you|love|hugs|strength)|hugs?\b|thinking of you|missed you", "simulated warmth: plain words"),
    (r"sweetie|sweetheart|honey|darling|buddy|bro|dude|hun|guys|sir|madam|my friend|dear (one|friend)", "plain “you”"),
    # orders
    (r"calm down|just breathe|relax|cheer up|snap out|get over it|take a deep breath", "“One small thing: ...”"),
    (r"close your eyes|hold your breath", "can frighten: something to see, hear or touch"),
    (r"you (should|must|ought to|have to|need to)( not)? (feel|care|love|forgive|accept)", "“Only if it fits: ...”"),
    (r"let (it |that |this |them |him |her )?go\b(?! of you)", "pushes: “Only if it fits: ...”"),
    (r"stop crying|don't (cry|be sad|worry)|(?<!have to )be (strong|brave|positive|grateful)", "pushes: leave it out"),
    # minimising, promising, judging
    (r"at least", "makes it small: “Two things can be true.”"),
    (r"for a reason|stay positive|silver lining|bright side|meant to be|better place|time heals", "makes it small"),
    (r"have it worse|could be worse|overreact\w*|too sensitive|selfish|self-pity", "shames: leave it out"),
    (r"(you|it|things|this)('ll| will)( all)? (be (fine|okay|all right|over|better)|get better)", "a promise"),
    (
        r"gets better|will( surely)? (help|pass|ease|work|feel better)",
        "a promise: “Some people find it steadies them.”",
    ),
    (r"guarantee\w*|always (helps|works)|cures?|heals?|healing|treats?|treatment", "a promise: leave it out"),
    (r"(not|isn't|wasn't) (your|their) fault|your (own )?fault", "unknown: “Blaming yourself is common.”"),
    (r"promise (me|not|to|that|you)|you promise|no-harm", "a contract: “Could someone be with you?”"),
    (r"your secret|secret is|safe with me|confidential|between us|anonymous", "untrue: Telegram carries it"),
    (r"can't (talk|speak) about|this chat is (over|closed)|can't help you", "sends away: stay, and give a line"),
    (r"streaks?|in a row|keep it up|good job|day \d+ of", "keeps score: leave it out"),
    # what raises distress
    (
        r"imagine (it|this|that|you|if|being)|(?<!without )(?<!to )pictur(e|ing) (it|this|them)",
        "“What might they need?”",
    ),
    (r"in (his|her|their) (shoes|place)|if it (was|were) you|your own child", "“What might they need?”"),
    (r"what( exactly)? (did you (see|hear)|happened\?|have you seen)|tell me (more|all|what)", "“No details needed.”"),
    (r"(?<!need to )(?<!need not )describe (it|what|them|any)", "“No need to describe it.”"),
    # danger
    (r"commit(s|ted|ting)? suicide|(failed|successful|completed) (suicide|attempt)", "“ended their life”, “attempt”"),
    (r"suicidal|(high|low|at) risk|risk level", "labels a person: say what to do"),
    (
        r"overdos\w+|pills?|tablets?|hang(ing|ed)?|noose|rope|razors?|blades?|kni(fe|ves)|guns?",
        "a method: leave it out",
    ),
    (r"bridge|jump(s|ed|ing)? (off|from)|cut(s|ting)? (yourself|your)|poison\w*|bleach|drown\w*|shoot\w*", "a method"),
    (r"starv\w+|purg\w+|vomit\w*|calories?|diet\w*|(lose|losing|gain) weight", "food and weight: leave it out"),
    (r"at peace|finally at rest|free of pain", "makes death look good: leave it out"),
    # not ours to say
    (r"ptsd|depress\w+|burn-?out|burnt out|trauma\w*|\w*disorders?|bipolar|psycho\w+|schizo\w+", "a diagnosis"),
    (
        r"diagnos\w+|symptoms?|mental(ly)? ill(ness)?|patholog\w+|addict\w*|compassion fatigue|panic attacks?",
        "likewise",
    ),
    (r"empathic|dysregulat\w+|self-compassion|mindful\w*|resonance|affect label\w*|coping", "jargon: everyday words"),
    (r"donat\w+|charit(y|ies)|fundrais\w+", "asks for money: “time or help”"),
    (r"god|allah|jesus|karma|heaven|angels?|blessed", "takes sides in religion: “a prayer in your own words”"),
    (r"medication|medicines?|dose|supplements?|alcohol", "advice for a doctor: leave it out"),
)
"""What may never be said, as patterns of whole words in lower case; and why, or what to say instead."""

_NEVER_SAID: Final = tuple((re.compile(rf"\b(?:{pattern})(?!\w)"), instead) for pattern, instead in NEVER_SAID)
_SENTENCE_END: Final = re.compile(r"[.?](?=[\s”’)]|$)|\n+")
_DIRECTORY: Final = "findahelpline.com"
_ADDRESS: Final = re.compile(
    rf"www\.|\b(?!{re.escape(_DIRECTORY)}\b)[\w-]+\.(?:com|org|net|me|info|co|uk|io)\b", re.IGNORECASE
)
_NOT_A_LETTER: Final = re.compile(r"[^a-z]")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"(?<=[^aeiouy])e[sd]?$")
_ODD: Final = re.compile(r"[^\w\s.,:;?!'“”()/{}-]|[-_/.]{2,}")
_NUMBER: Final = re.compile(r"\d[\d\s-]*\d{2}")
_EMERGENCY_NUMBERS: Final = frozenset({"112", "911", "999"})


# --- How long, and how hard to read -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a text is. Measures of the lines of one message add up."""

    words: int = 0
    sentences: int = 0
    syllables: int = 0
    questions: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(
            self.words + other.words,
            self.sentences + other.sentences,
            self.syllables + other.syllables,
            self.questions + other.questions,
        )

    @property
    def grade(self) -> float:
        """The Flesch-Kincaid grade: school years needed to read it with ease."""
        if not self.words:
            return 0.0
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def measure(text: str) -> Measure:
    """Count words, sentences, syllables and question marks. /crisis or an address is one syllable."""
    words = _words(text)
    return Measure(len(words), len(_sentences(text)), sum(map(_syllables, words)), text.count("?"))


def _words(text: str) -> list[str]:
    return [word for word in text.split() if any(map(str.isalnum, word))]


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(text) if _words(sentence)]


def _syllables(word: str) -> int:
    # Either count misses some: a word is not broken after its first letter, and "being" has one run of vowels.
    letters = _NOT_A_LETTER.sub("", word.lower())
    if "/" in word or word.startswith(_DIRECTORY):
        return 1
    runs = len(_VOWELS.findall(_SILENT.sub("", letters)))
    return max(1, runs, len(_hyphens().positions(letters)) + 1)


@cache
def _hyphens() -> Pyphen:
    return Pyphen(lang="en_US")


# --- What is wrong ----------------------------------------------------------------------------------------------


def message_problems(size: Measure, *, danger: bool = False) -> list[str]:
    """What is wrong with a whole message of this size. `danger`: it is about danger, so it has to be plainer."""
    most_grade = MOST_GRADE_IN_DANGER if danger else MOST_GRADE
    problems = []
    if size.words > MOST_WORDS:
        problems.append(f"{size.words} words in one message: at most {MOST_WORDS}")
    if size.questions > MOST_QUESTIONS:
        problems.append(f"{size.questions} questions in one message: ask one thing")
    if size.grade > most_grade:
        problems.append(f"reads like school year {size.grade:.1f}: at most {most_grade:.0f}, so use shorter words")
    return problems


def line_problems(text: str) -> list[str]:
    """What is wrong with these words, wherever they are said."""
    problems = [
        f"a sentence of {count} words (“{sentence.split()[0]} ...”): at most {MOST_WORDS_IN_A_SENTENCE}"
        for sentence in _sentences(text)
        if (count := len(_words(sentence))) > MOST_WORDS_IN_A_SENTENCE
    ]
    lower = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    for pattern, instead in _NEVER_SAID:
        if found := pattern.search(lower):
            problems.append(f"“{found[0]}” is never said: {instead}")
    if "!" in text:
        problems.append("an exclamation mark: end with a full stop")
    if found := _ADDRESS.search(text):
        problems.append(f"the address “{found[0]}”: none but {_DIRECTORY}")
    if found := _ODD.search(text):
        problems.append(f"the sign {unicodedata.name(found[0][0], 'without a name')}: plain words, read aloud well")
    if "{" in text or "}" in text:
        problems.append("a brace: a slot that nothing fills")
    return problems + [
        f"the number {number}: only {', '.join(sorted(_EMERGENCY_NUMBERS))}, and other numbers in words"
        for number in _NUMBER.findall(text)
        if number not in _EMERGENCY_NUMBERS
    ]


def label_problems(text: str) -> list[str]:
    """What is wrong with the words on a button."""
    problems = [] if any(map(str.isalpha, text)) else ["a button without words: not everyone can see a picture"]
    if len(text) > MOST_LETTERS_ON_A_BUTTON:
        problems.append(f"{len(text)} letters on a button: at most {MOST_LETTERS_ON_A_BUTTON}")
    if "?" in text or text.endswith("."):
        problems.append("ends like a sentence: a button has a few words and no full stop or question mark")
    return [*problems, *line_problems(text)]


def printable(text: str) -> str:
    """Put spaces for what would steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
