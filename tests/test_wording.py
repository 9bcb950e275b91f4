"""Each rule of the copy catches an example, and lets a near miss pass."""

import re
from collections.abc import Mapping

import pytest

from bot.wording import (
    MOST_GRADE,
    MOST_GRADE_IN_DANGER,
    NEVER_SAID,
    NEVER_SAID_IN_DANGER,
    Measure,
    label_problems,
    line_problems,
    measure,
    message_problems,
    name_problems,
    shown_problems,
)

# What each row of NEVER_SAID catches, every pattern of it by an example; and near misses that it lets pass.
NEVER: dict[str, tuple[list[str], list[str]]] = {
    "a program does not: leave it out": (
        [
            *("I understand.", "I really do understand that.", "We can relate.", "I know how you feel.", "I get it."),
            *("I can imagine how hard it is.", "I really care about you.", "I believe you.", "I can feel your pain."),
            *("My heart breaks.", "My heart goes out to them.", "I'm here. Sorry to hear that.", "My condolences."),
            *("I want you to live.", "We really appreciate it.", "I would rather ask.", "I'd love to help."),
        ],
        [
            *("You need not understand it.", "It hurts, and you care.", "I don't know that command."),
            *("What you write is taken as true here.", "I can understand only English.", "That is a great loss."),
            *("What do you want?", "“I need to talk” is enough.", "Rather not say.", "What would you like?"),
        ],
    ),
    "a program is not: “You can keep writing here.”": (
        [
            "I'm always here for you.",
            "I will be there for you.",
            "I am with you.",
            "We're in this together.",
            "I won't leave you.",
            "I'm all ears.",
        ],
        ["There is room here for you.", "Someone could be with you.", "Is someone there for you?"],
    ),
    "a program is not: “That sounds heavy.”": (
        ["I'm so sorry.", "We are very proud.", "I'm touched.", "I am deeply concerned.", "I'm so relieved."],
        ["I'm a program.", "It can stay on your mind.", "Good that you came."],
    ),
    "feigned warmth: leave it out": (
        [
            *(
                "Sending you strength.",
                "Big hugs.",
                "Thinking of you today.",
                "You are loved.",
                "You're so very special.",
            ),
            *(
                "You matter.",
                "Someone loves you.",
                "Thank you for sharing.",
                "You do matter to me.",
                "It means a lot to us.",
                "Happy to help.",
                "Gladly.",
                "My pleasure.",
            ),
        ],
        [
            *("One short line to them is enough.", "Think of a kind word.", "Someone you love.", "You loved them."),
            *("What you do can matter to them.", "What is the matter?", "A happy memory can hurt.", "Be with someone."),
        ],
    ),
    "flatters: name what was done": (
        ["You are so brave.", "You're enough.", "Your life matters.", "You have value."],
        ["One line is enough.", "You stopped for a moment, and you were kind. That counts.", "You are feeling a lot."],
    ),
    "it is a program, and says so: leave it out": (
        ["As a human, this is hard.", "I'm a person.", "I am real.", "Our team reads this.", "I have been there too."],
        ["I'm not a person.", "No person reads this.", "A program answers here.", "There is real care in it."],
    ),
    "plain “you”": (
        ["Oh sweetie.", "You can tell me, my friend.", "Dear friend, come in.", "Cheers, mate."],
        ["It could be a friend.", "Ask your friend.", "Someone dear to you is having a hard time."],
    ),
    "nobody's gender is known: “they”, “someone”": (
        ["Ask what he needs.", "She is gone.", "A man you trust."],
        ["Ask what they need.", "The others are here."],
    ),
    "nobody's family is known: “someone close”": (
        ["Your mother could listen.", "Tell your wife.", "Is your girlfriend there?"],
        ["Someone in your family could listen.", "An adult you choose, at home or at school."],
    ),
    "an order: “One small thing: ...”": (
        ["Calm down.", "Just breathe.", "Take a deep breath.", "Pull yourself together.", "Stay calm.", "Keep calm."],
        ["Sit down if you want.", "Take the time you want.", "Breathing can be slow.", "Keep something calm near you."],
    ),
    "can frighten: something to see, hear or touch": (
        ["Close your eyes.", "Hold your breath."],
        ["Rest your eyes on something near.", "You can close the window."],
    ),
    "an order: “You could ...”, “Only if it fits: ...”": (
        ["You should feel compassion.", "You really must rest.", "You have to forgive."],
        ["You may feel nothing.", "You don't have to answer.", "You need not explain it."],
    ),
    "pushes: “Only if it fits: ...”": (
        ["Let it go.", "Let them go now.", "Let it all out."],
        ["The picture will not let go of you.", "Let a person be near."],
    ),
    "pushes: leave it out": (
        ["Stop crying.", "Don't worry.", "Don't be afraid.", "Now be brave.", "You've got this."],
        ["You can stop here.", "Don't stay alone with it.", "You don't have to be strong here."],
    ),
    "makes it small: “Two things can be true.”": (
        [
            "At least it was quick.",
            "It's not that bad.",
            "It was only a video.",
            "It could be worse.",
            "Everyone has that.",
        ],
        ["The least thing counts.", "That is bad.", "What you saw in the video can stay.", "Everyone could rest."],
    ),
    "makes it small: leave it out": (
        ["It happened for a reason.", "Stay positive.", "They are in a better place.", "They would want you to rest."],
        ["That ache has a reason.", "Stay where it is safe.", "Look for a better time."],
    ),
    "makes it small and shames: leave it out": (
        ["Others have it worse.", "You are too sensitive.", "Don't exaggerate.", "You are feeling sorry for yourself."],
        ["Others feel this too.", "It feels worse now."],
    ),
    "shames: leave it out": (
        [
            "That is selfish.",
            "Only for attention.",
            "You are a burden.",
            "Why didn't you call?",
            "Think of your family.",
        ],
        ["Needing help is all right.", "Think of one person you could tell.", "Feeling guilty is common."],
    ),
    "agrees with despair: “It hurts, and you care.”": (
        ["You're right, it is over.", "There is no hope.", "Nothing can be done.", "It makes sense to end it."],
        ["That is your right.", "There may be more than one way.", "Nothing has to be done."],
    ),
    "a promise: leave it out": (
        [
            *("You'll be fine.", "Everything will be okay.", "You will soon feel better.", "It will all be over."),
            *("It is going to be all right.", "This cures.", "Breathing heals.", "It is proven.", "You can trust me."),
        ],
        ["A guess is fine.", "Fine, then.", "What might make it better?", "It will be read by no one."],
    ),
    "a promise: “Some people find it steadies them.”": (
        [
            "It gets better.",
            "Things get better.",
            "This too shall pass.",
            "Nothing lasts forever.",
            "Life does get easier.",
            "This will help.",
            "It will pass.",
            "You will definitely sleep.",
        ],
        ["A person can help too.", "Will you sleep?", "What might make things better?"],
    ),
    "unknown: “Blaming yourself is common.”": (
        ["It is not your fault.", "It was never your fault.", "You are to blame."],
        ["Blaming yourself is common.", "Guilt can come without a fault."],
    ),
    "a contract: “Could someone be with you?”": (
        ["Promise me to stay.", "Can you swear to wait?", "Let's make a deal."],
        ["Could someone stay with you?", "Please stay with someone."],
    ),
    "untrue: Telegram carries it": (
        ["Your secret is safe with me.", "This is anonymous.", "Nobody will know.", "It is completely safe."],
        ["Chats with bots are not end-to-end encrypted.", "Nobody reads this chat.", "Is it safe to call?"],
    ),
    "a program cannot: “I'm a program and can't call anyone.”": (
        ["I will call for help.", "We'll make sure of it.", "Help is on the way."],
        ["I'm a program and can't call anyone.", "You could call for help.", "I can read only English."],
    ),
    "sends away: stay, and give a line": (
        [
            *("I can't talk about that.", "I'm not allowed to help.", "Let's talk about something else."),
            *("This chat is over.", "This is not the place for that.", "Goodbye."),
        ],
        ["I can't hear or see this.", "You can come back any time.", "This is the end of the walk."],
    ),
    "keeps score: leave it out": (
        ["Day 3 of your walk.", "Your streak grows.", "Good job.", "You have 5 points."],
        ["A day like this is long.", "How strong is it at this point?", "It is good that you wrote it."],
    ),
    "raises distress: “What might they need?”": (
        ["Imagine that day.", "Picture what it was like.", "Put yourself there.", "Think back.", "What if it was you?"],
        ["What might they need?", "Without picturing it.", "The picture can come back.", "No need to picture it."],
    ),
    "asks for details: “No details needed.”": (
        [
            "What exactly did you see?",
            "What happened?",
            "Tell me more.",
            "Say it in detail.",
            "Describe what it was like.",
        ],
        ["Name three things you see.", "Say where it is and what is happening.", "No need to describe it."],
    ),
    "blames or counts: “ended their life”, “attempt”": (
        ["People commit suicide.", "It was a failed attempt.", "They took their life.", "It was a cry for help."],
        ["Some people end their life.", "After an attempt.", "Ask them about suicide."],
    ),
    "labels a person: say what to do": (
        ["You sound suicidal.", "You are at risk.", "You are a danger to others."],
        ["Are you thinking of ending your life?", "If a life is in danger, call."],
    ),
    "asks plan, means or time, and nobody could act on it: ask whether": (
        ["Do you have a plan?", "Is there a plan to die?", "How would you do it?", "When are you going to do it?"],
        ["So the plan is to sleep.", "Who could it be, when, and how?", "How would you call?"],
    ),
    "a method: “anything you might use to hurt yourself”": (
        ["Put the pills away.", "An overdose.", "Lock up knives.", "Is there a gun?"],
        ["Put distance between you and what you might use.", "You could hang up."],
    ),
    "a method: leave it out": (
        ["Stay away from the bridge.", "Don't jump off.", "Cutting yourself.", "Don't drown it."],
        ["Stay with someone.", "Jump to the end.", "It cuts both ways."],
    ),
    "food and weight: leave it out": (
        ["Count calories.", "Are you losing weight?", "Don't skip meals.", "You are too thin."],
        ["Eat something if you can.", "Let it take your weight for a moment.", "A thing like that."],
    ),
    "makes death look good: leave it out": (
        [
            "Now they are at peace.",
            "Death is a way out.",
            "Eternal sleep.",
            "A brave choice.",
            "They are watching over us.",
        ],
        ["May they find peace.", "The way back stays open.", "Choose what fits."],
    ),
    "a diagnosis: “That is worth showing to a doctor.”": (
        ["This is trauma.", "You have PTSD.", "Is it anxiety?", "You dissociate."],
        ["That is worth showing to a doctor.", "You sound anxious."],
    ),
    "a diagnosis: leave it out": (
        ["These are symptoms.", "A panic attack.", "Your mental health."],
        ["Bad sleep is common at first.", "What is on your mind?"],
    ),
    "jargon: everyday words": (
        ["Practise mindfulness.", "Good coping.", "Try grounding.", "A safety plan.", "Your nervous system."],
        ["Notice its colour.", "Put your feet on the ground.", "Someone who stands by you."],
    ),
    "a phrase of helpers: plain words": (
        ["Please reach out.", "Let me hold space.", "Sit with it."],
        ["Reach a person.", "Sit with someone."],
    ),
    "asks for money: “time or help”": (["Donate today.", "Give to charity."], ["Give time or help."]),
    "takes sides in religion: “a prayer in your own words”": (
        ["God has a plan.", "You are blessed.", "Go to church.", "It was fate."],
        ["Good that someone can know.", "Pray in your own words."],
    ),
    "takes sides in politics: leave it out": (
        ["The government did this.", "Vote.", "Help the refugees."],
        ["Someone should know of it.", "People far away."],
    ),
    "advice for a doctor: leave it out": (
        ["Ask about medication.", "Avoid alcohol.", "Are you on sedatives?"],
        ["Ask a doctor.", "Drink something warm."],
    ),
    "a brand: plain words": (
        ["Search on Google.", "Turn off Netflix."],
        ["Messages pass through Telegram.", "An apricot, or a cup of tea."],
    ),
    "a place that nothing fills: write the words": (
        ["TODO: a number.", "Call insert number."],
        ["There is nothing to do now.", "What takes the place of words?"],
    ),
}

IN_DANGER: dict[str, tuple[list[str], list[str]]] = {
    "a metaphor: say it as it is": (
        [
            *("That is heavy.", "Clouds pass.", "The black hole.", "You are broken.", "A lifeline.", "Hang in there."),
            *("You can open up.", "It is deep."),
        ],
        ["That sounds very hard.", "Keep the phone near you.", "Stay on the line.", "A light meal."],
    ),
    "a word of forms and offices: use the everyday one": (
        [
            "Call a crisis line.",
            "See a professional.",
            "Are you overwhelmed?",
            "Consider it.",
            "It is difficult.",
            "Utilise it.",
        ],
        ["Urgent help: /crisis", "Call a line.", "See a doctor.", "Call the emergency services."],
    ),
    "vague or clipped: say it straight": (["It is sort of urgent."], ["What help is near?"]),
    "hard to follow: two sentences": (["Call, unless they are near."], ["If it is now, call."]),
    "argues: leave it out": (
        ["You have so much to live for.", "People love you.", "Please live.", "Don't do it."],
        ["Some people who feel like this think about ending their life.", "What you might need.", "Don't wait."],
    ),
}


def told(text: str, *, danger: bool = False) -> set[str]:
    """What the problems of a text advise."""
    return {problem.partition(" is never said: ")[2] for problem in line_problems(text, danger=danger)}


@pytest.mark.parametrize(("rows", "examples"), [(NEVER_SAID, NEVER), (NEVER_SAID_IN_DANGER, IN_DANGER)])
def test_never_said_row_has_examples_for_each_pattern(
    rows: Mapping[str, tuple[str, ...]], examples: dict[str, tuple[list[str], list[str]]]
) -> None:
    assert [*examples] == [*rows]
    bare = [
        pattern
        for instead, patterns in rows.items()
        for pattern in patterns
        if not any(re.search(rf"\b(?:{pattern})(?!\w)", text.lower()) for text in examples[instead][0])
    ]
    assert bare == []


@pytest.mark.parametrize("instead", NEVER)
def test_never_said_examples_are_caught_and_near_misses_pass(instead: str) -> None:
    caught, passed = NEVER[instead]
    assert [text for text in caught if instead not in told(text)] == []
    assert {text: problems for text in passed if (problems := line_problems(text))} == {}


@pytest.mark.parametrize("instead", IN_DANGER)
def test_never_said_in_danger_holds_there_alone(instead: str) -> None:
    caught, passed = IN_DANGER[instead]
    assert [text for text in caught if instead not in told(text, danger=True)] == []
    assert {text: problems for text in passed if (problems := line_problems(text, danger=True))} == {}
    assert [text for text in caught if instead in told(text)] == []


def test_never_said_problem_gives_the_words_and_a_way_out() -> None:
    assert line_problems("Please calm down.") == ["“calm down” is never said: an order: “One small thing: ...”"]


def test_never_said_sees_through_a_curly_apostrophe() -> None:
    assert line_problems("I’m here for you.")


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("That counts!", "That counts."),
        ("Please STOP now.", "The SMS is free."),
        ("Please call 15.", "Call 112, or in 15 minutes."),
        ("See bot.example now.", "See it. Now."),
        ("May [name] rest.", "May they rest."),
        ("It costs $5.", "It costs nothing."),
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
        ("Call now!", "Línea *102"),
        ("Help ... now", "Talk & Text"),
        ("\N{BLACK TELEPHONE} Help", "Telefon +00 116 123"),
        ("<b>Help</b>", "helpline.example/chat"),
        ("{name}", "Suicide Crisis Helpline"),
    ],
)
def test_shown_problems_let_others_choose_their_words_and_numbers(bad: str, good: str) -> None:
    assert len(shown_problems(bad)) == 1
    assert shown_problems(good) == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("ENGLISH", "English"),
        ("English!", "Serbo-Croatian"),
        ("English \N{GRINNING FACE}", "Twi"),
        ("{language}", "Guarani (Paraguay)"),
        ("Chile & Peru", "Côte d'Ivoire"),
        ("CONGO", "DR Congo"),
    ],
)
def test_name_problems_hold_countries_and_languages_to_plain_signs(bad: str, good: str) -> None:
    assert len(name_problems(bad)) == 1
    assert name_problems(good) == []


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
        ("something", 2),
        ("somewhere", 2),
        ("safely", 2),
        ("deleted", 3),
        ("stopped", 1),
        ("messages", 3),
        ("reaches", 2),
        ("times", 1),
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
