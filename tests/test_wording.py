"""Each rule of the copy catches an example, and lets a near miss pass."""

import re

import pytest

from bot.wording import (
    MOST_GRADE,
    MOST_GRADE_IN_DANGER,
    NEVER_SAID,
    Measure,
    label_problems,
    line_problems,
    measure,
    message_problems,
)

NEVER = {
    "I understand.": "You need not understand it.",
    "I know how you feel.": "I don't know that command.",
    "I really care about you.": "It hurts, and you care.",
    "I'm always here for you.": "There is room here for you.",
    "I believe you.": "What you write is taken as true here.",
    "I'm so sorry.": "I'm a program.",
    "My heart breaks.": "It can stay on your mind.",
    "Sending you strength.": "One short line to them is enough.",
    "Oh sweetie.": "Oh.",
    "You can tell me, my friend.": "It could be a friend.",
    "Calm down.": "Sit down if you want.",
    "Take a deep breath.": "Take the time you want.",
    "Close your eyes.": "Rest your eyes on something near.",
    "You should feel compassion.": "You may feel nothing.",
    "Let it go.": "The picture will not let go of you.",
    "Now be brave.": "You don't have to be strong here.",
    "At least it was quick.": "The least thing counts.",
    "It happened for a reason.": "That ache has a reason.",
    "Others have it worse.": "Others feel this too.",
    "You'll be fine.": "A guess is fine.",
    "It gets better.": "What might make it better?",
    "This will help.": "A person can help too.",
    "Breathing heals.": "Breathing can be slow.",
    "It is not your fault.": "Blaming yourself is common.",
    "Promise me to stay.": "Could someone stay with you?",
    "Your secret is safe with me.": "Chats with bots are not end-to-end encrypted.",
    "I can't talk about that.": "I can't hear or see this.",
    "Day 3 of your streak.": "A day like this is long.",
    "Imagine it was you.": "What might they need?",
    "Put yourself in their shoes.": "What they go through is theirs.",
    "What exactly did you see?": "Name three things you see.",
    "Describe what it was like.": "No need to describe it.",
    "People commit suicide.": "Some people end their life.",
    "You sound suicidal.": "Are you thinking of ending your life?",
    "Put the pills away.": "Put distance between you and what you might use.",
    "Stay away from the bridge.": "Stay with someone.",
    "Count calories.": "Eat something if you can.",
    "Now they are at peace.": "May they find peace.",
    "This is trauma.": "That is worth showing to a doctor.",
    "These are symptoms.": "Bad sleep is common at first.",
    "Practise mindfulness.": "Notice its colour.",
    "Donate today.": "Give time or help.",
    "God has a plan.": "Good that someone can know.",
    "Ask about medication.": "Ask a doctor.",
}


def test_never_said_examples_are_caught() -> None:
    assert [text for text in NEVER if not line_problems(text)] == []


def test_never_said_near_misses_pass() -> None:
    assert {text: line_problems(text) for text in NEVER.values() if line_problems(text)} == {}


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in NEVER_SAID])
def test_never_said_row_has_an_example(pattern: str) -> None:
    assert any(re.search(rf"\b(?:{pattern})(?!\w)", text.lower()) for text in NEVER)


def test_never_said_problem_gives_the_words_and_a_way_out() -> None:
    assert line_problems("Please calm down.") == ["“calm down” is never said: “One small thing: ...”"]


def test_never_said_sees_through_a_curly_apostrophe() -> None:
    assert line_problems("I’m here for you.")


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("Well done!", "That counts."),
        ("See example.org now.", "See findahelpline.com now."),
        ("See www.findahelpline.com", "See findahelpline.com"),
        ("See https://findahelpline.com", "See findahelpline.com"),
        ("Write to @helper.", "Write to a friend."),
        ("May {who} rest.", "May they rest."),
        ("Call 116 123.", "Call 112, 911 or 999."),
        ("Call 988.", "It takes 6 minutes."),
        ("A kind word \N{BLACK HEART SUIT}", "A kind word"),
        ("Hello \N{SLIGHTLY SMILING FACE}", "Hello"),
        ("*Now*", "Now"),
        ("So --- then", "A well-known thing"),
        ("Wait ...", "Wait."),
        ("Zero\N{ZERO WIDTH SPACE}width", "Zero width"),
        (f"{'word ' * 16}.", f"{'word ' * 15}."),
    ],
)
def test_line_problems_catch_the_bad_and_pass_the_good(bad: str, good: str) -> None:
    assert len(line_problems(bad)) == 1
    assert line_problems(good) == []


def test_line_problems_counts_words_by_the_sentence() -> None:
    assert line_problems(f"{'word ' * 9}. “{'word ' * 9}?” {'word ' * 9}\n\n{'word ' * 9}") == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("\N{THUMBS UP SIGN}", "Did it"),
        ("7", "7 of 10"),
        ("word " * 8 + "w", "word " * 8),
        ("Did you do it?", "Did it"),
        ("Did it.", "Did it"),
        ("I understand", "Not sure"),
    ],
)
def test_label_problems_catch_the_bad_and_pass_the_good(bad: str, good: str) -> None:
    assert label_problems(bad)
    assert label_problems(good) == []


def test_measure_counts_words_sentences_syllables_and_questions() -> None:
    assert measure("Their pain is theirs. What might they need? Urgent help: /crisis") == Measure(11, 3, 12, 1)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("pain", 1),
        ("theirs", 1),
        ("used", 1),
        ("about", 2),
        ("people", 2),
        ("being", 2),
        ("somebody's", 4),
        ("emergency", 4),
        ("112", 1),
        ("/crisis", 1),
        ("findahelpline.com.", 1),
    ],
)
def test_measure_counts_syllables_as_they_are_spoken(word: str, syllables: int) -> None:
    assert measure(word).syllables == syllables


def test_measures_of_lines_add_up_to_that_of_the_message() -> None:
    first, second = "That sounds heavy. No need to describe it.", "How strong is it right now?"
    assert measure(first) + measure(second) == measure(f"{first}\n\n{second}")


def test_grade_of_nothing_is_nothing() -> None:
    assert measure("").grade == 0


def test_grade_follows_flesch_and_kincaid() -> None:
    assert Measure(words=100, sentences=10, syllables=130).grade == pytest.approx(3.65)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (Measure(words=46, sentences=6, syllables=46), Measure(words=45, sentences=6, syllables=45)),
        (Measure(10, 2, 10, questions=2), Measure(10, 2, 10, questions=1)),
        (Measure(20, 2, 36), Measure(20, 2, 32)),
    ],
)
def test_message_problems_catch_the_bad_and_pass_the_good(bad: Measure, good: Measure) -> None:
    assert len(message_problems(bad)) == 1
    assert message_problems(good) == []


def test_message_problems_asks_for_plainer_words_in_danger() -> None:
    size = Measure(20, 2, 31)
    assert MOST_GRADE_IN_DANGER < size.grade < MOST_GRADE
    assert message_problems(size) == []
    assert message_problems(size, danger=True) == ["reads like school year 6.6: at most 6, so use shorter words"]
