"""One normalisation of text, and the matching of phrases in time linear in its length.

Rules that hold here: every reader of text goes through `normalise`; a phrase in a rule file goes through the same
door as the words it is meant to find; nothing backtracks; no text makes it raise. Normalised text is a row of
words between single spaces, with one at each end, so that " word " finds whole words only. The marks
`. ? ! , "` and emoji stand as words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import ahocorasick

STEM = "*"
MOST_WORDINGS = 4096
"""How many wordings one phrase may stand for."""

_CHUNK = 256  # composing is quadratic in a run of combining marks: short runs keep the whole linear
_INVISIBLE = dict.fromkeys(
    [0, 0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, 0x20E3]
    + [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)]
    + [*range(0x1F3FB, 0x1F400), *range(0xE0000, 0xE0080), *range(0x300, 0x34F), *range(0x350, 0x370)],
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
_STRETCHED = re.compile(r"([a-z])\1\1+")
_FACES = ((":'(", " 😢 "), (":(", " 🙁 "), (":-(", " 🙁 "), ("</3", " 💔 "), ("--", " , "), (" - ", " , "))
_ENDINGS = (("n't", "nt"), ("'ll", " will"), ("'ve", " have"), ("'re", " are"), ("'m ", " am "), ("'d ", " would "))
_NOT = tuple(
    (f" {verb} not ", f" {verb}nt ".replace("willnt", "wont").replace("cannt", "cant"))
    for verb in ("do", "does", "did", "can", "could", "will", "would", "is", "are", "was", "should", "have", "has")
)
_FORMS = {
    form: word
    for word, forms in {
        "i am": "im iam",
        "i have": "ive",
        "i would": "id",
        "i will": "il",
        "i am going to": "imma ima",
        "want to": "wanna wana wannna",
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
        "suicide": "sucide suicde suiside suicid sucicide suacide suecide suiced su1cide suicidr sewerslide sewercide",
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


def normalise(text: str) -> str:
    """Words between single spaces, one at each end, whatever `text` holds. The empty text is one space."""
    if not text.isascii():
        chunks = (unicodedata.normalize("NFKC", text[at : at + _CHUNK]) for at in range(0, len(text), _CHUNK))
        text = _SYMBOL.sub(r" \g<0> ", "".join(chunks).translate(_ODD_MARKS))
        text = text.casefold()
    else:
        text = text.lower()
    for face, word in _FACES:
        text = text.replace(face, word)
    text = text.translate(_MARKS).replace("*", "").replace("~", "")
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
    text = f" {' '.join([_FORMS.get(word, word) for word in text.split()])} ".replace("  ", " ")
    if " not " in text:
        for two, one in _NOT:
            text = text.replace(two, one)
    return text
