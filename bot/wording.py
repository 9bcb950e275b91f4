"""The copy rules that a program can check. What it cannot is on the list for reviewers in `prompts/README.md`.

Rules that hold here: pure functions of one text; a problem says what is wrong and what to do instead; a rule that
fires on a good sentence is mended here, never worked round in the copy.

Sources: a message is short, asks one thing and reads like a school book for ages 9 to 11, a message about danger even
plainer (VERA-MH; the safety bar of this project). Reading age is the Flesch-Kincaid grade (Kincaid 1975), with
syllables by pyphen's break points or by runs of vowels, whichever are more: docs/decisions/0013 has how well that goes.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyphen import Pyphen

from bot.core.lines import MOST_WORDS

LANGUAGE: Final = "en"
"""The one that these rules are about. Of another they hold what counts words, letters and questions."""

MOST_WORDS_IN_A_SENTENCE: Final = 15
MOST_QUESTIONS: Final = 1
MOST_GRADE: Final = 8.0
MOST_GRADE_IN_DANGER: Final = 6.0
MOST_LETTERS_ON_A_BUTTON: Final = 40

NEVER_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    # a program does not feel, and does not pretend to
    "a program does not: leave it out": (
        r"(i|we)( really| truly| fully| do| can)* (understand|relate|sympathi[sz]e|empathi[sz]e)\b(?! only)",
        r"i (know|get|see|can imagine|can tell) (how|what|that) (it|you|this|that|hard)|i get it",
        r"(i|we)( really| do| truly| deeply)* care\b",
        r"i( can| do| really| will| truly)* (feel|hear you|see you|believe|hope|love|wish|worry|remember|miss|admire)",
        r"my heart|heart (goes out|breaks|aches)|condolences|sorry (to hear|for|that|about)|hurts me",
        r"(i|we)( do| just| really| truly)* (like|enjoy|appreciate|treasure|value|prefer|fear|respect|trust you)\b",
        r"(i|we)( do| just| only| really| truly)* (want|need) (you|this|that|it|nothing|to (help|hear|know|see))",
        r"(i'd|we'd|(i|we) would)( much| really)* (rather|like|love|prefer|hate)",
    ),
    "a program is not: “You can keep writing here.”": (
        r"(i'm|i am|i'll be|i will be|we're|we are)( always| right| still)* (here (for|with) you|there for you)",
        r"(i'm|i am|we're|we are)( always| right| still)* (with you|(by|on) your side|listening|in this together)",
        r"(i|we)('ll| will)( always| never| not)* (stay|be) with you|(i|we)('ll never| will never| won't) leave you",
        r"(i'm|i am|we're|we are) (not going anywhere|all ears)",
    ),
    "a program is not: “That sounds heavy.”": (
        r"(i'm|i am|we're|we are)( so| very| really| truly| deeply)* (sorry|proud|sad|glad|happy|worried|moved)",
        r"(i'm|i am|we're|we are)( so| very| really| truly| deeply)* (touched|honou?red|concerned|grateful|afraid)",
        r"(i'm|i am|we're|we are)( so| very| really| truly)* (relieved|pleased|excited|curious|thankful|begging)",
    ),
    "feigned warmth: leave it out": (
        r"sending (you|love|hugs|strength)|hugs?|thinking of you|missed you|rooting for you",
        r"you('re| are)( so| very| deeply| truly| dearly)* (loved|cherished|treasured|precious|special|amazing)",
        r"you( really| truly| do)* matter|(matters?|means? (a lot|so much|the world)) to (me|us)",
        r"(happy|glad|pleased|delighted|thrilled) (to|that|you)|gladly|(my|with) pleasure",
        r"(someone|somebody|everyone|everybody) loves you|(thank you|thanks) for (trusting|sharing|opening)",
    ),
    "flatters: name what was done": (
        r"you('re| are)( so| very| really| truly)* (brave|strong|enough|worthy|worth (it|so much)|a fighter)",
        r"you have value|your life (matters|has (value|meaning))",
    ),
    "it is a program, and says so: leave it out": (
        r"as a human|i('m| am) (a person|human|real|alive|a (counsellor|nurse|doctor|friend|volunteer))",
        r"our (team|staff)|one of our|i( have|'ve) (also |too )?(been|felt|lost)|my own (life|experience)|when i was",
    ),
    # whoever reads it
    "plain “you”": (
        r"sweetie|sweetheart|honey|darling|buddy|bro|dude|hun|guys|sir|madam|my (friend|dear|child)",
        r"dear (one|friend|user)|lovely|mate|pal|champ",
    ),
    "nobody's gender is known: “they”, “someone”": (
        r"he|she|him|his|hers?|himself|herself|(wo)?m[ae]n|boys?|girls?|ladies|gentlem[ae]n",
    ),
    "nobody's family is known: “someone close”": (
        r"mothers?|fathers?|mums?|moms?|dads?|daddy|sons?|daughters?|brothers?|sisters?|husbands?|wi(fe|ves)",
        r"boyfriends?|girlfriends?|grand(ma|pa|mother|father)s?",
    ),
    # what pushes, makes small, shames
    "an order: “One small thing: ...”": (
        r"calm (down|yourself)|just breathe|relax|cheer up|chin up|snap out|get over it|get a grip|man up|move on",
        r"pull yourself|toughen|take (a|some) deep breaths?|breathe (in|out|deeply|slowly)|smile|take it easy",
        r"(be|keep|remain|stay|try to be) calm|keep (your cool|it together)",
    ),
    "can frighten: something to see, hear or touch": (r"close your eyes|hold your breath|clear your mind",),
    "an order: “You could ...”, “Only if it fits: ...”": (
        r"you (just |simply |really |absolutely )?(should|must|ought to|have to|need to|had better)",
    ),
    "pushes: “Only if it fits: ...”": (r"let (it |that |this |them )?go\b(?! of you)|let it all out",),
    "pushes: leave it out": (
        r"stop (crying|thinking|worrying|feeling|being)",
        r"don't (cry|be (sad|afraid|scared|upset|angry|silly)|worry|panic|think about|feel)",
        r"you've got this|(don't|never) (ever )?give up|keep going|hang in there|focus on the (good|positive)",
        r"(?<!have to )be (strong|brave|positive|grateful|thankful|patient)",
    ),
    "makes it small: “Two things can be true.”": (
        r"at least|no big deal|not (that|so) bad|not the end of the world|it's (only|just) ",
        r"only a (video|film|picture)|could (be|have been) worse|count your blessings|look at it this way",
        r"everyone (feels|goes|has)|happens to (everyone|us all)",
    ),
    "makes it small: leave it out": (
        r"for a reason|(stay|think|be) positive|positive side|silver lining|bright side|(was|is|were) meant to be",
        r"better place|time heals|(makes?|made) you stronger|blessing in disguise|could be a lesson|god'?s plan",
        r"(he|she|they) would(n't)? (have )?want(ed)? you",
    ),
    "makes it small and shames: leave it out": (
        r"have it worse|worse off|overreact\w*|(too|so) (sensitive|dramatic|emotional)|exaggerat\w+|self-pity",
        r"feel(ing)? sorry for yourself",
    ),
    "shames: leave it out": (
        r"selfish|coward\w*|weak(ness)?|crazy|insane|mad|stupid|silly|pathetic|lazy|attention-seeking",
        r"for attention|shame on|ashamed|how could you|what's wrong with you|a burden",
        r"why (would|didn't|don't|haven't) you|think of (your|those|what)|what (it|that|this) would do to",
    ),
    # what is not known
    "agrees with despair: “It hurts, and you care.”": (
        r"you(('re| are) (quite |absolutely |so )?right|r feelings are (right|wrong))|i agree|no (hope|way out)",
        r"nothing (can|will|could) (help|be done|change)|hopeless|life is (hard|unfair|cruel|pain)|makes sense to",
    ),
    "a promise: leave it out": (
        r"(you|it|things|this|that|everything|all)('ll| will)( all| soon)* (be|get|feel) (fine|ok|okay|all right)",
        r"(you|it|things|this|that|everything|all)('ll| will)( all| soon)* (be|get|feel) (over|better|well|safe)",
        r"(going to|will)( all)? (be (fine|ok|okay|all right)|work out|go away|get better)",
        r"guarantee\w*|always (helps|works|there)|cures?|heals?|healing|treats?|treatment|therapeutic|proven",
        r"clinically|scientific\w*|works for everyone|you can trust me|rely on me",
    ),
    "a promise: “Some people find it steadies them.”": (
        r"(it|things|life|this|that|everything|all)( will| do| does| always| usually)* gets? (better|easier|brighter)",
        r"(this|that|it) too (shall|will) pass|better (days|times) (are|will|lie)|tomorrow is another day",
        r"nothing lasts forever|(feelings|thoughts) (always )?pass|won't always (be|feel)|will (look up|end|stop)",
        r"(will|is sure to)( surely| definitely| always)? (help|pass|ease|work|heal)",
        r"definitely|surely|certainly|no doubt|never again",
    ),
    "unknown: “Blaming yourself is common.”": (
        r"(not|isn't|wasn't|never) (your|their) fault|your (own )?fault|you('re| are) to blame",
    ),
    "a contract: “Could someone be with you?”": (
        r"promise|swear (to|that|you)|pledge|give me your word|your word that|agree (to|not to|that you)|no-harm",
        r"contract|commit to|make a deal",
    ),
    "untrue: Telegram carries it": (
        r"(your|a|the|our|keep (a|this)) secrets?|secret is|safe with me|confidential\w*|between us|anonymous\w*",
        r"no one (will|can) (ever )?(know|see|read|find out)|nobody will (know|see|find out)|completely private",
        r"(totally|fully|completely|perfectly) (safe|secure|private)",
    ),
    "a program cannot: “I'm a program and can't call anyone.”": (
        r"(i|we)( will| can|'ll) (call|send|alert|contact|tell|notify|report|rescue|save|protect|fix|make sure)",
        r"(help|someone|an ambulance) is on (the|its|their) way",
    ),
    "sends away: stay, and give a line": (
        r"can't (talk|speak|chat|discuss|hear) about|(not allowed|unable) to (talk|speak|discuss|help)",
        r"let's talk about|change the (subject|topic)",
        r"(this|the|our) (chat|conversation|talk) (is|has|will) (over|closed|end\w*)|can't help you",
        r"not (the|a) (right )?place for|go (somewhere|talk) else|come back (when|once|after)|goodbye",
    ),
    "keeps score: leave it out": (
        r"streaks?|in a row|keep it up|(good|great|nice) job|well done|day \d+ of|congrat\w*|\d+ points|scores?",
    ),
    # what leads back into a picture
    "raises distress: “What might they need?”": (
        r"imagine|(?<!without )(?<!to )(?<!the )pictur(e|ing) (it|this|them|yourself|what|how)|visuali[sz]e",
        r"put yourself|think back|go back to (that|the) (moment|day|scene)|relive|in their (shoes|place)",
        r"if it (was|were) you|your own child|as if you were",
    ),
    "asks for details: “No details needed.”": (
        r"what( exactly| else)? (did you (see|hear|feel)|happened\?|have you seen|was it like|did it look)",
        r"tell me (more|all|what|about|how)|in (more )?detail|walk me through",
        r"(?<!need to )(?<!need not )(?<!have to )describe",
    ),
    # danger
    "blames or counts: “ended their life”, “attempt”": (
        r"commit(s|ted|ting)? (suicide|self-harm)",
        r"(failed|successful|completed|unsuccessful|botched) (suicide|attempt)s?|took (their|your) (own )?life",
        r"suicide (victim|attempter)|cry for help",
    ),
    "labels a person: say what to do": (
        r"suicidal|ideation|(high|low|at|your) risk|risk (level|score|assessment)|self-harm(er|ing)?|self-injur\w+",
        r"a danger to (yourself|others)",
    ),
    "asks plan, means or time, and nobody could act on it: ask whether": (
        r"do you have (a plan|the means|access|(any )?(weapon|medicine)s?)|(a|your) plan to (die|end|kill|hurt)",
        r"(how|when|where) (would|will|do|are|were) you (going to |planning to |plan to )?(do it|end|kill|hurt|die)",
    ),
    "a method: “anything you might use to hurt yourself”": (
        r"overdos\w+|pills?|tablets?|paracetamol|painkillers?|opioids?|hang(s|ed|ing)?(?! up)|noose|rope|ligature",
        r"strangl\w+|suffocat\w+|razors?|blades?|kni(fe|ves)|guns?|rifles?|pistols?|weapons?|bullets?",
    ),
    "a method: leave it out": (
        r"bridges?|rooftops?|ledge|cliffs?|train tracks?|railway|jump(s|ed|ing)? (off|from|in front)",
        r"cut(s|ting)? (yourself|your|their)|slit\w*|wrists?|poison\w*|bleach|pesticides?|gas(sed|sing)?|exhaust",
        r"carbon monoxide|drown\w*|shoot\w*|stab\w*|bleed\w* out|burn(ing)? (yourself|themselves)|electrocut\w*",
    ),
    "food and weight: leave it out": (
        r"starv\w+|purg\w+|vomit\w*|laxatives?|calories?|diet\w*|(lose|losing|gain|gaining) weight|fasting",
        r"skip(ping)? meals?|kilos?|pounds|bmi|fat|thin|skinny|slim",
    ),
    "makes death look good: leave it out": (
        r"at peace|finally (at rest|free)|free of (pain|suffering)|rest in peace|peaceful (death|end|way)",
        r"a way out|the (only|easy) (way|option|choice)|end(s|ing)? (the|your|all) (pain|suffering)|escape",
        r"relief of death|eternal|forever asleep|sleep forever",
        r"(brave|beautiful|romantic|noble|heroic|tragic) (act|death|choice|end)|with (them|your loved ones) again",
        r"watching over",
    ),
    # not ours to say
    "a diagnosis: “That is worth showing to a doctor.”": (
        r"ptsd|depress\w+|burn-?out|burnt out|(re)?trauma\w*|\w*disorders?|bipolar|psycho\w+|schizo\w+|manic|mania",
        r"delusion\w*|hallucinat\w+|paranoi\w+|anxiety|anorexi\w+|bulimi\w+|ocd|adhd|autis\w+|dementia|borderline",
        r"dissociat\w+|nervous breakdown",
    ),
    "a diagnosis: leave it out": (
        r"diagnos\w+|symptoms?|mental(ly)? (ill(ness)?|health)|patholog\w+|addict\w*|compassion fatigue",
        r"panic attacks?|clinical|(sick|ill) in the (head|mind)|unstable",
    ),
    "jargon: everyday words": (
        r"empathic|empathy|(dys)?regulat\w+|self-compassion|mindful\w*|resonance|affect|coping|cope|resilien\w+",
        r"grounding|trigger\w*|boundar(y|ies)|self-care|wellness|wellbeing|well-being|process (it|this|your)",
        r"validat\w+|intervention|resources|support (network|system)|safety plan|de-escalat\w+",
        r"(mental|emotional) state|somatic|nervous system|closure|toxic|inner child",
    ),
    "a phrase of helpers: plain words": (
        r"hold(ing)? space|sit with (it|this|your)|lean into|safe space|show up for|reach out|heal(ing)? journey",
    ),
    "asks for money: “time or help”": (r"donat\w+|charit(y|ies|able)|fundrais\w+|petitions?|sponsor\w*|crowdfund\w*",),
    "takes sides in religion: “a prayer in your own words”": (
        r"god|allah|jesus|christ|buddha|lord|karma|heaven|hell|angels?|bless(ed|ings?)?|sins?|soul|scripture",
        r"church|mosque|temple|the universe|destiny|fate",
    ),
    "takes sides in politics: leave it out": (
        r"vot(e|es|ing)|elections?|politic\w*|governments?|regimes?|left-wing|right-wing|boycott\w*|protests?",
        r"terrorists?|migrants?|refugees",
    ),
    "advice for a doctor: leave it out": (
        r"medications?|medicines?|doses?|dosage|supplements?|vitamins?|herbal|alcohol|drugs?|antidepressants?",
        r"sedatives?|cannabis|sleeping pills?",
    ),
    "a brand: plain words": (
        r"facebook|instagram|tiktok|youtube|twitter|snapchat|reddit|discord|google|apple|android|iphone",
        r"netflix|spotify|amazon|uber|chatgpt|openai|siri|alexa|headspace|betterhelp|xanax|valium|prozac|zoloft",
    ),
    "a place that nothing fills: write the words": (
        r"todo|tbd|fixme|lorem|ipsum|xxx+|placeholder|insert (name|number)|name here",
    ),
}
"""What may never be said: why, or what to say instead; and patterns of whole words in lower case."""

NEVER_SAID_IN_DANGER: Final[Mapping[str, tuple[str, ...]]] = {
    "a metaphor: say it as it is": (
        r"heavy|weigh\w*|burdens?|carr(y|ies|ied|ying)|journey|paths?|roads?|steps? (forward|back)|storms?|waves?",
        r"clouds?|tunnels?|dark(ness)?|shadows?|light at|(rock|the) bottom|black hole|deep|sink\w*|floating",
        r"anchors?|broken|shattered|pieces|battles?|fight(ing)? (it|this|on|through|your)|lifeline|oceans?",
        r"mountains?|stay strong|hang in|hold on|hang on|get through|break(ing)? down|fall(ing)? apart|shut down",
        r"open up|heart|spirit|inner",
    ),
    "a word of forms and offices: use the everyday one": (
        r"crisis (line|team|service|worker|counsell?or)s?|professionals?|(?<!emergency )services?|specialists?",
        r"providers?|hotlines?|counsell?ing|therap\w+|psychiatr\w+|clinicians?|assess\w*|distress\w*|overwhelm\w*",
        r"thoughts of self|situation|circumstances|individuals?|appropriate|immediate(ly)?|consider\w*|assist\w*",
        r"encounter\w*|experienc\w+|difficult(y|ies)?|intense|regarding|concern\w*|obtain\w*|require\w*",
        r"utili[sz]e\w*",
    ),
    "vague or clipped: say it straight": (
        r"perhaps if|might possibly|kind of|sort of|somewhat|and/or|etc|e\.g|i\.e|via",
    ),
    "hard to follow: two sentences": (
        r"unless|although|whereas|nevertheless|however|whether or not|in order to|in case of",
    ),
    "argues: leave it out": (
        r"but (think|remember|look)|you have so much|so much to live for|people (love|need) you|worth living",
        r"please (live|stay alive)|don't (die|do (it|this|anything))|you deserve to live|need(s|ed)? you|be missed",
    ),
}
"""What may not be said where it is about danger either: metaphors, and words that are hard when one is afraid."""


def _compiled(said: Mapping[str, tuple[str, ...]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = ((pattern, instead) for instead, patterns in said.items() for pattern in patterns)
    return tuple((re.compile(rf"\b(?:{pattern})(?!\w)"), instead) for pattern, instead in rows)


_NEVER_SAID: Final = _compiled(NEVER_SAID)
_NEVER_SAID_IN_DANGER: Final = _compiled(NEVER_SAID_IN_DANGER)
_SENTENCE_END: Final = re.compile(r"[.?](?=[\s”’)]|$)|\n+")
_DIRECTORY: Final = "findahelpline.com"
_ADDRESS: Final = re.compile(rf"www\.|\b(?!{re.escape(_DIRECTORY)}\b)[\w-]+\.[a-z]{{2,}}\b", re.IGNORECASE)
_NOT_A_LETTER: Final = re.compile(r"[^a-z]")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(
    r"(?<=[^aeiouy])e(?=$|ly$|thing$|where$)|(?<=[^aeiouytd])ed$|(?<=[^aeiouyscgxz])(?<![cs]h)es$"
)
"""Letters that are written and not spoken, at the end of a word or of its first part."""
_ODD: Final = re.compile(r"[^\w\s.,:;?!'“”()/{}-]|[-_/.]{2,}")
_ODD_IN_NAMES: Final = re.compile(r"[^\w\s.,:;?!'“”()/{}+*#&-]|[-_/.]{2,}")
_NUMBER: Final = re.compile(r"\d[\d\s-]*\d{2}|(?:(?<=call )|(?<=dial )|(?<=ring )|(?<=text ))\d+", re.IGNORECASE)
_SHOUTED: Final = re.compile(r"\b[A-Z]{4,}\b")
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


def message_problems(size: Measure, *, danger: bool = False, language: str = LANGUAGE) -> list[str]:
    """What is wrong with a whole message of this size. `danger`: it is about danger, so it has to be plainer."""
    most_grade = MOST_GRADE_IN_DANGER if danger else MOST_GRADE
    problems = []
    if size.words > MOST_WORDS:
        problems.append(f"{size.words} words in one message: at most {MOST_WORDS}")
    if size.questions > MOST_QUESTIONS:
        problems.append(f"{size.questions} questions in one message: ask one thing")
    if size.grade > most_grade and language == LANGUAGE:
        problems.append(f"reads like school year {size.grade:.1f}: at most {most_grade:.0f}, so use shorter words")
    return problems


def line_problems(text: str, *, danger: bool = False, language: str = LANGUAGE) -> list[str]:
    """What is wrong with these words, wherever they are said. `danger`: they are about danger."""
    if language != LANGUAGE:
        return []
    problems = [
        f"a sentence of {count} words (“{sentence.split()[0]} ...”): at most {MOST_WORDS_IN_A_SENTENCE}"
        for sentence in _sentences(text)
        if (count := len(_words(sentence))) > MOST_WORDS_IN_A_SENTENCE
    ]
    lower = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    for pattern, instead in (*_NEVER_SAID, *(_NEVER_SAID_IN_DANGER if danger else ())):
        if found := pattern.search(lower):
            problems.append(f"“{found[0]}” is never said: {instead}")
    if found := _SHOUTED.search(text):
        problems.append(_loud(found[0]))
    if found := _ADDRESS.search(text):
        problems.append(f"the address “{found[0]}”: none but {_DIRECTORY}")
    return [
        *problems,
        *_sign_problems(text, _ODD),
        *(
            f"the number {number}: only {', '.join(sorted(_EMERGENCY_NUMBERS))}, and other numbers in words"
            for number in _NUMBER.findall(text)
            if number not in _EMERGENCY_NUMBERS
        ),
    ]


def shown_problems(text: str) -> list[str]:
    """What is wrong with words that are shown and that others chose: the name of a helpline, its number, its chat."""
    return _sign_problems(text, _ODD_IN_NAMES)


def name_problems(text: str) -> list[str]:
    """What is wrong with the name of a country or a language."""
    shouted = _SHOUTED.search(text)
    return [*([_loud(shouted[0])] if shouted else []), *_sign_problems(text, _ODD)]


def _loud(word: str) -> str:
    return f"“{word}” in capitals: they shout, and are read aloud letter by letter"


def _sign_problems(text: str, odd: re.Pattern[str]) -> list[str]:
    problems = []
    if "!" in text:
        problems.append("an exclamation mark: end with a full stop")
    if found := odd.search(text):
        problems.append(f"the sign {unicodedata.name(found[0][0], 'without a name')}: plain words, read aloud well")
    if "{" in text or "}" in text:
        problems.append("a brace: a slot that nothing fills")
    return problems


def label_problems(text: str, language: str = LANGUAGE) -> list[str]:
    """What is wrong with the words on a button."""
    problems = [] if any(map(str.isalpha, text)) else ["a button without words: not everyone can see a picture"]
    if len(text) > MOST_LETTERS_ON_A_BUTTON:
        problems.append(f"{len(text)} letters on a button: at most {MOST_LETTERS_ON_A_BUTTON}")
    if "?" in text or text.endswith("."):
        problems.append("ends like a sentence: a button has a few words and no full stop or question mark")
    return [*problems, *line_problems(text, language=language)]


def printable(text: str) -> str:
    """Put spaces for what would steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
