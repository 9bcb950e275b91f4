"""Normalising text, what a phrase stands for, and finding phrases."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.matching import Combination, Matcher, all_parts, hear, normalise, parts, phrase_problems, sentences

ANY_TEXT = st.text(st.characters(), max_size=300)  # with NULs and lone surrogates


def found(matcher: Matcher, text: str) -> set[str]:
    whole = matcher.read(text).whole
    return {name for name, bit in matcher.bits.items() if whole & bit}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", " "),
        (" \n\t ", " . "),
        ("I'm SO sad", " i am so sad "),
        ("I can’t", " i cant "),
        ("can not, cannot", " cant , cant "),
        ("sooooo tired", " so tired "),
        ("killlll", " kill "),
        ("wanna", " want to "),
        ("sucide", " suicide "),
        ("ｆｕｌｌ ｗｉｄｔｈ", " full width "),
        ("di\u200be\u202e\u00ad", " die "),
        ("a\0b", " a b "),
        ("gone.home", " gone . home "),
        ("self-harm", " self harm "),
        ("he said “no”", ' he said " no " '),
        ("cry😭cry", " cry 😭 cry "),
        ("👍🏽", " 👍 "),
        (":(", " 🙁 "),
    ],
)
def test_normalise_evens_out(text: str, words: str) -> None:
    assert normalise(text) == words


@given(ANY_TEXT)
def test_normalise_gives_words_between_single_spaces(text: str) -> None:
    words = normalise(text)
    assert words[0] == words[-1] == " "
    assert "  " not in words


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "\u0301\u0323" * 5_000, "😭" * 10_000, "\ufdfa" * 10_000, "\ud800" * 10_000]
)
def test_normalise_takes_long_odd_texts(text: str) -> None:
    assert normalise(text).startswith(" ")


@pytest.mark.parametrize(
    ("phrase", "stands_for"),
    [
        ("cry", ((" cry ",),)),
        ("cry*", ((" cry",),)),
        ("i (am|was) sad", ((" i am sad ", " i was sad "),)),
        ("(so |)sad", ((" so sad ", " sad "),)),
        ("kill(ed|ing)", ((" killed ", " killing "),)),
        ("(a|b (c|d))", ((" a ", " b c ", " b d "),)),
        ("I'm sad", ((" i am sad ",),)),
    ],
)
def test_parts_are_the_wordings_of_a_phrase(phrase: str, stands_for: tuple[tuple[str, ...], ...]) -> None:
    assert parts(phrase) == stands_for


WORDS = st.sampled_from(
    [
        "sad",
        "do",
        "not",
        "any",
        "more",
        "im",
        "u",
        "sooo",
        "kil",
        "(a|b)",
        "(so |very |)",
        "(is|are) ",
        "i ",
        " ",
        "s(o|)",
    ]
)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), max_size=6))
def test_all_parts_are_those_of_each_phrase(phrases: list[str]) -> None:
    assert all_parts((*phrases,)) == tuple(found for phrase in phrases for found in all_parts((phrase,)))


@given(st.text(alphabet="aimnotrey ", max_size=20))
@example("not any more")
@example("i do not sooo")
def test_parts_are_normalised_whatever_is_plain_to_see(phrase: str) -> None:
    assert all_parts((phrase, "do not")) == (
        ((normalise(phrase),),) if phrase.strip() else "may be empty: keep a word outside brackets that may be",
        ((" dont ",),),
    )


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "   ",
        "*",
        "(a",
        "a)",
        "a|b",
        "(|a)",
        "c*y",
        "(a|b*) c",
        "(" + "|".join("ab" * 2000) + "x|y)",
        f"(x {'(a|b)' * 12}|y)",
    ],
)
def test_parts_of_a_malformed_phrase_are_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parts(phrase)


def test_phrase_problems_tells_them_all() -> None:
    problems = [*phrase_problems("slots.x", ("sad", "so sad", "SAD", "(a", "really sad"), ("really",))]
    assert problems == [
        "slots.x: 'SAD' repeats 'sad': take it out",
        "slots.x: '(a' has brackets or bars that do not fit together: close each bracket, and put bars in them",
        "slots.x: 'really sad' holds a word that is stepped over: leave that word out",
    ]
    assert [*phrase_problems("slots.x", (), ())] == ["slots.x: has no phrases: add one"]


def test_read_finds_whole_words_and_stems() -> None:
    matcher = Matcher({"sad": ["sad"], "cry": ["cry*"]})
    assert found(matcher, "sadly") == set()
    assert found(matcher, "so sad") == {"sad"}
    assert found(matcher, "crying") == {"cry"}
    assert found(matcher, "outcry") == set()


def test_read_gives_the_words_of_a_hit() -> None:
    matcher = Matcher({"cry": ["i cry*"]})
    reading = matcher.read("Yes, I crieddd all night? I CRYYY")
    assert [reading.words(start, end) for _, start, end in reading.hits] == ["i cry"]
    stem = Matcher({"cry": ["cr*"]}).read("she cried")
    assert [stem.words(start, end) for _, start, end in stem.hits] == ["cried"]


def test_read_follows_the_parts_of_a_long_phrase() -> None:
    many = "|".join(f"{letter}{number}" for letter in "abcdefgh" for number in range(80))
    matcher = Matcher({"row": [f"({many}) ({many}) end"]})
    assert len(parts(f"({many}) ({many}) end")) == 3
    assert found(matcher, "x a1 h7 end") == {"row"}
    assert found(matcher, "a1 h7 x end") == set()
    assert found(matcher, "a1. h7 end") == set()
    reading = matcher.read("x a1 h7 end y")
    assert [reading.words(start, end) for _, start, end in reading.hits] == ["a1 h7 end"]


def test_read_steps_over_fillers() -> None:
    matcher = Matcher({"die": ["want to die"]}, fillers=["really", "fucking"])
    assert found(matcher, "I want to really fucking die") == {"die"}


def test_read_drops_what_hiding_words_hold() -> None:
    matcher = Matcher({"die": ["dying"], "idiom": ["dying to"], "see": ["see"]}, hiding=["idiom"])
    assert found(matcher, "dying to see it") == {"idiom", "see"}
    assert found(matcher, "dying to see it, dying") == {"idiom", "see", "die"}
    assert found(matcher, "dying") == {"die"}


def test_read_keeps_clauses_apart() -> None:
    matcher = Matcher({"a": ["a"], "b": ["b"], "asks": ["?"]})
    bits = matcher.bits
    assert matcher.read("a, b. b? a").clauses == (bits["a"] | bits["b"], bits["b"] | bits["asks"], bits["a"])


@pytest.mark.parametrize(
    ("combination", "text", "holds"),
    [
        (Combination(together=("a", "b")), "a b", True),
        (Combination(together=("a", "b")), "a. b", False),
        (Combination(together=("a | c", "b")), "c b", True),
        (Combination(together=("a",), without=("b",)), "a b", False),
        (Combination(together=("a",), without=("b",)), "a. b", True),
        (Combination(together=("a",), anywhere=("b",)), "a. b", True),
        (Combination(together=("a",), anywhere=("b",)), "a", False),
        (Combination(anywhere=("a", "b")), "b! a", True),
        (Combination(anywhere=("a",), nowhere=("b",)), "a. b", False),
    ],
)
def test_tests_hold_where_slots_stand_so(combination: Combination, text: str, *, holds: bool) -> None:
    matcher = Matcher({"a": ["a"], "b": ["b"], "c": ["c"]})
    assert bool([*matcher.read(text).holding(matcher.tests([combination]))]) is holds


def test_combination_problems_tells_unknown_slots_and_emptiness() -> None:
    assert [*Combination(without=("x",)).problems("rules.r", {"a"})] == [
        "rules.r: needs a slot in `together` or `anywhere`",
        "rules.r: there is no slot 'x'",
    ]


@given(ANY_TEXT)
def test_read_finds_the_same_however_often(text: str) -> None:
    matcher = Matcher({"a": ["a*", "(b|c) d"], "hide": ["a b"]}, hiding=["hide"], fillers=["e"])
    assert matcher.read(text) == matcher.read(text)


@given(ANY_TEXT)
def test_sentences_are_heard_as_they_are_when_said_alone(text: str) -> None:
    for sentence in sentences(hear(text)):
        assert sentence == hear(sentence.normal)


def test_sentences_end_at_full_stops_questions_and_calls() -> None:
    said = hear("I saw it. Did you? No!! never, i think\nbye")
    assert [sentence.normal for sentence in sentences(said)] == [
        " i saw it ",
        " did you ",
        " no ",
        " never , i think ",
        " bye ",
    ]
