"""Whether a text is plainly in another language than the bot's.

Rules that hold here: a text that may be in the bot's language counts as being in it, slang, misspelt or mixed as it
may be; what is needed to tell is read when the first text is asked about, so that the start costs nothing; the same
text gives the same answer, in time linear in its length.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from typing import Final

FEWEST: Final = 3
"""Different words in Latin letters that tell a language at all. Fewer may be a name, or borrowed ("gracias lol")."""

MANY: Final = 5
"""Different words among which a single everyday word of another language tells something. In fewer it takes two."""

_WORD: Final = re.compile(r"(?<!\w)[^\W\d_]++(?:['’][^\W\d_]++)*+(?!\w)")
_NO_WORDS: Final = re.compile(r"https?://\S+|[@#/]\w+")
_FACE: Final = re.compile(r"(?<!\S)\S?[(_]\S{1,10}(?!\S)")  # like ಠ_ಠ, drawn with letters of many scripts
_LATIN: Final = re.compile(r"[a-zªºÀ-ÖØ-öø-ʯᴀ-ᶿḀ-ỿꜢ-ꟿ]", re.IGNORECASE)


class Ear:
    """Tells the bot's language from others.

    `language`: its code ("en"). `texts`: all that the bot says and looks for, so that it knows its own words.
    """

    def __init__(self, language: str, texts: Collection[str]) -> None:
        self._language = language
        self._texts = texts

    def is_foreign(self, text: str) -> bool:
        """Whether `text` is plainly in another script, or in another language in Latin letters.

        Against the bot's language speak the everyday words of whichever other language has most of them; for it, its
        own everyday words and all words that the bot knows, at half the weight since most words are both.
        """
        if _is_in_another_script(unicodedata.normalize("NFKC", _FACE.sub(" ", text))):
            return True
        words = _words(_NO_WORDS.sub(" ", unicodedata.normalize("NFKC", text)))
        if len(words) < FEWEST:
            return False
        everyday = _everyday_words()
        found = Counter(language for word in words for language in everyday.get(word, ()))
        home = (found.pop(self._language, 0) + len(words & self._known)) / 2
        other = max(found.values(), default=0)
        return other > home and (other > 1 or len(words) >= MANY)

    def knows(self, word: str) -> bool:
        """Whether a word, in lower case and without marks, is the bot's own or an everyday one of its language."""
        return word in self._known or self._language in _everyday_words().get(word, ())

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(word for text in self._texts for word in _words(text))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower().replace("'", "").replace("’", "") for word in _WORD.findall(text))


def _is_in_another_script(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    others = letters - len(_LATIN.findall(text))
    return others > 1 and others * 2 > letters  # one may be part of a formula


@cache
def _everyday_words() -> Mapping[str, tuple[str, ...]]:
    """The words that most texts of a language have, each with the codes of its languages: nearly sixty of these."""
    # At the start it would cost more than most other parts of it, and many people never need it.
    from stopwordsiso import langs, stopwords  # noqa: PLC0415

    languages = defaultdict(list)
    for language in sorted(langs()):
        for word in stopwords(language):
            languages[word].append(language)
    return {word: tuple(codes) for word, codes in languages.items()}
