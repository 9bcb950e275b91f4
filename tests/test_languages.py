"""Other languages: what is found of them, and English of all kinds that is never taken for one.

`cases/languages.jsonl` has sentences as people might write them to the bot, accents left out as often as people leave
them out. "romanised" is a language of another script, written in Latin letters.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.languages import Ear
from tests.person import PROMPTS

FOLDER = Path(__file__).parent
ROWS = [json.loads(line) for line in (FOLDER / "cases" / "languages.jsonl").read_text("utf-8").splitlines()]
LATIN = ("Latin", "romanised")

is_foreign = PROMPTS.content.is_foreign


def found(rows: list[dict[str, str]]) -> float:
    """Give the share of rows that are found to be in another language."""
    return sum(is_foreign(row["text"]) for row in rows) / len(rows)


def leaves(data: object) -> Iterator[str]:
    match data:
        case dict():
            for value in data.values():
                yield from leaves(value)
        case list():
            for value in data:
                yield from leaves(value)
        case str():
            yield data


def english() -> list[str]:
    """Give every English message that the tests have."""
    cases = [yaml.safe_load(path.read_text("utf-8")) for path in (FOLDER / "cases" / "en").glob("*.yaml")]
    corpora = [path.read_text("utf-8") for path in (FOLDER / "corpus").rglob("*.jsonl")]
    rows = (json.loads(line)["text"] for corpus in corpora for line in corpus.splitlines())
    return [*(text for case in cases for text in leaves(case)), *rows]


def test_every_sentence_in_another_script_is_found() -> None:
    rows = [row for row in ROWS if row["script"] not in LATIN]
    assert len({row["language"] for row in rows}) >= 8
    assert found(rows) == 1


def test_most_sentences_in_latin_letters_are_found() -> None:
    rows = [row for row in ROWS if row["script"] == "Latin"]
    assert len({row["language"] for row in rows}) >= 12
    assert found(rows) >= 0.9


def test_what_is_english_is_hardly_ever_taken_for_another_language() -> None:
    texts = english()
    assert len(texts) > 10_000
    assert sum(map(is_foreign, texts)) <= len(texts) / 1000


@pytest.mark.parametrize(
    "text",
    [
        # too little to tell
        *("", " ", "ok", "lol", "hmm", "?", "12", "k", "ty xx", "gracias lol", "merci beaucoup", "namaste"),
        # borrowed words, names, places
        *("c'est la vie he said", "Maria Gonzalez Fernandez", "Zoe Ana Luca", "Mohammed Abdul Rahman died"),
        *("Real Madrid vs Barcelona", "tiramisu panna cotta gelato", "que sera sera, what will be will be"),
        "Biker down on the Transfăgărășan. Four cars stopped, each did one thing.",
        # two languages at once, with enough English to answer
        "sobrang sakit sa loob. my patient was 8 yrs old only. i keep hearing the mother",
        *("Привет, how are you today my friend", "i love 日本 so much", "abuela died and i cant breathe"),
        # slang, misspelt, and of other places
        *("wat r u doin bruh", "i jst cnt stp thnkng abt it", "hes ded n i carnt evn", "gud nite evry1 slp wel"),
        *(
            "abeg I no fit sleep, that pikin wey die for our ward dey follow me",
            "ain nobody gon luv me",
            "1v1 me coward",
        ),
        "since three days I am coming home from ward and I am not able to eat properly",
        # no language
        *(
            "😭😭😭😭",
            "ಠ_ಠ",
            "(ノಠ益ಠ)ノ彡┻━┻",
            "¯\\_(ツ)_/¯ whatever",
            "κ = 3",
            "∑ x² = π",
            "asdf qwer zxcv",
            "haha hahaha hahahaha",
        ),
        *(
            "for i in range(10): print(i)",
            "SELECT name FROM users WHERE id = 3;",
            "https://example.org/la/vida/es/una/cosa",
        ),
        "@juan @maria #todosjuntos",
        # English in letters that only look like others
        *("𝓲 𝓯𝓮𝓮𝓵 𝓼𝓪𝓭 𝓽𝓸𝓭𝓪𝔂", "ｉ ｆｅｅｌ ｓａｄ"),
    ],
)
def test_english_and_what_is_no_language_is_not_foreign(text: str) -> None:
    assert not is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "да",
        "好难受",
        "hello كيف حالك",
        "我看了(地震)的视频",
        "estoy muy triste",
        "MIR GEHT ES NICHT GUT",
        "je suis là, aidez-moi !",
    ],
)
def test_a_short_text_that_is_plainly_foreign_is_found(text: str) -> None:
    assert is_foreign(text)


def test_the_words_that_the_bot_knows_are_taken_for_its_own() -> None:
    text = "la tarde gris y la noche"
    assert Ear("en", []).is_foreign(text)
    assert not Ear("en", [text]).is_foreign(text)


def test_a_bot_of_another_language_finds_english_foreign() -> None:
    texts = [row["text"] for row in ROWS if row["language"] == "es"]
    ear = Ear("es", texts)
    assert ear.is_foreign("i do not know what to do with all of this")
    assert not any(map(ear.is_foreign, texts))


@given(st.text(max_size=4096) | st.text(alphabet="aà'(_ #я1", max_size=4096))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_foreign(text) in {True, False}


def test_the_list_of_words_is_not_read_at_the_start() -> None:
    script = "import sys; from bot import prompts; prompts.load(); print('stopwordsiso' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_a_word_is_known_that_the_bot_has_or_that_is_used_every_day() -> None:
    knows = PROMPTS.content.knows
    assert all(map(knows, ("dizzy", "bathroom", "begin", "the", "dont")))
    assert not any(map(knows, ("narnia", "wakanda", "pakistn")))
