"""No sentence stands outside `prompts/`: the bot, served in other letters, says nothing in English but names.

What may stand in a text as it is: what a person typed, a helpline's own name and numbers, the name of a place, the
title of a group, a command, the directory's address.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
import tzdata
from rich.cells import cell_len
from typing_extensions import override

from bot.adapters.terminal import Terminal
from bot.core.commands import ADMIN_MENU, COMMANDS, GROUP_MENU
from bot.core.lines import Label
from bot.core.model import Animation, Decision, Document, Reply
from bot.figure import drawing, plot
from bot.prompts import Prompts, in_order
from bot.store.store import Store
from tests.adapters.test_terminal import Screen
from tests.dialects import DIALECTS, ENGLISH, MARKS, Dialect
from tests.gathering import TITLES, Gathering
from tests.person import PROMPTS, RING, Clock, Person, buttons, responder_of
from tests.talk import Chat, House, Says
from tests.test_dialogues import DIALOGUES, move_of, turns_of
from tests.test_group_dialogues import DIALOGUES as GROUP_DIALOGUES
from tests.test_group_dialogues import OVER_HTTP, retold

FEW: Final = ("country_kept", "danger_again", "full_walk", "history", "nudge_by_buttons", "plans", "progress", "why")
FEW_OF_GROUPS: Final = ("alert", "circle", "guide_and_pulse", "settings_in_words")
"""The dialogues that are told in a dialect. With `--long` all are."""

GIVEN: Final = frozenset({"feeling", "plan", "title", "what"})
"""Slots that a person's own words fill."""

SHOWN: Final = frozenset({"text", "caption", "description", "short_description", "input_field_placeholder"})
"""Fields of a call to Telegram that people see."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("long")
    for name, few, all_of_them in (("private", FEW, DIALOGUES), ("in_group", FEW_OF_GROUPS, GROUP_DIALOGUES)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [tuple(all_of_them) if every else few], ids=["all" if every else "few"])
    if "in_group" in metafunc.fixturenames:
        metafunc.parametrize("name", DIALECTS if every else [*DIALECTS][:1])


# --- What is English in a text ------------------------------------------------------------------------------------


@cache
def names() -> re.Pattern[str]:
    """What may stand in any text as it is."""
    lines = [line for country in PROMPTS.content.helplines.countries.values() for line in country.lines]
    helplines = {way for line in lines for way in (line.name, line.phone, line.text, line.whatsapp, line.chat)}
    zones = (Path(tzdata.__file__).parent / "zones").read_text("utf-8").split()
    places = {PROMPTS.content.zones.place(zone) for zone in zones}
    known = sorted({*helplines, *places, *TITLES.values()} - {""}, key=len, reverse=True)
    address = r"findahelpline\.com(?:/\S*)?|(?<!\w)/[a-z]+"
    return re.compile(rf"{address}|\b(?:{'|'.join(map(re.escape, known))})(?!\w)")


def english_in(text: str, reply: Reply | None = None) -> list[str]:
    """What is left of a text in plain letters, beside names and what people gave."""
    text = MARKS.sub("", text)
    given = () if reply is None else (words for slot, words in reply.slots.items() if slot in GIVEN)
    for words in given:
        text = text.replace(words, "") if isinstance(words, str) else text
    return re.findall("[A-Za-z]+", names().sub("", text))


def said_in(decision: Decision, prompts: Prompts) -> Iterator[tuple[str, Reply | None]]:
    """Every text of an answer, and of which reply it is."""
    if decision.toast:
        yield prompts.text(Reply((decision.toast,))), None
    for reply in decision.replies:
        yield prompts.text(reply), reply
        yield from ((prompts.label(button), None) for row in reply.buttons for button in row)
        match reply.attached:
            case None | Animation() | Document():
                pass
            case figure:
                words = prompts.content.labels
                yield from ((text.words, None) for text in drawing(figure, words).texts)
                yield re.sub(r"\bo+\b", "", plot(figure, words)), None  # a sign, and no letter


def shown_in(call: object) -> Iterator[str]:
    """Every text of a call to Telegram that people see."""
    match call:
        case dict():
            for name, value in call.items():
                is_json = isinstance(value, str) and value[:1] in {"{", "["} and name not in SHOWN
                yield from [value] if name in SHOWN else shown_in(json.loads(value) if is_json else value)
        case list():
            for value in call:
                yield from shown_in(value)


def test_a_sentence_that_stands_elsewhere_is_found() -> None:
    assert english_in("07:30 and Ƒřḗḗ: call 112 at findahelpline.com/countries/de, or /crisis") == [
        *("and", "call", "at", "or")
    ]


class Listening(Gathering):
    """One that keeps what of the bot's calls is English."""

    def __init__(self, folder: Path, dialect: Dialect, *, over_http: bool) -> None:
        super().__init__(folder, over_http=over_http, dialect=dialect)
        self.left: list[tuple[str, list[str], str]] = []

    @override
    async def does(self, line: str) -> list[str]:
        told = await super().does(line)
        shown = [text for call in self.calls for text in shown_in(call.parameters)]
        read = ((text, english_in(text, self.prompts.said.get(text))) for text in shown)
        self.left += [(line, english, text) for text, english in read if english]
        return told


# --- Conversations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIALECTS)
async def test_a_private_chat_says_nothing_that_is_not_in_prompts(
    name: str, private: tuple[str, ...], tmp_path: Path
) -> None:
    dialect, left = DIALECTS[name], []
    async with Store.open(tmp_path / "data", RING) as store:
        for number, told in enumerate(private, start=1):
            chat = Chat(House(store, dialect=dialect), person=number)
            for done, _ in turns_of(DIALOGUES[told]):
                move = move_of(done)
                decision = None if move is None else await chat.does(move)
                said = [] if decision is None else [*said_in(decision, dialect.prompts)]
                left += [(told, done, english, text) for text, reply in said if (english := english_in(text, reply))]
                left += [(told, done, ["too long"], text) for text, reply in said if units(text) > most(reply)]
    assert left == []


def units(text: str) -> int:
    """How long Telegram takes a text to be."""
    return len(text.encode("utf-16-le")) // 2


def most(reply: Reply | None) -> int:
    """How long a text may be: a message, or words beside a picture or a file."""
    return 4096 if reply is None or reply.attached is None else 1024


async def test_groups_go_as_written_and_say_nothing_that_is_not_in_prompts(
    name: str, in_group: tuple[str, ...], tmp_path: Path
) -> None:
    for told in in_group:
        gathering = Listening(tmp_path / told, DIALECTS[name], over_http=told in OVER_HTTP)
        assert [line for line in await retold(GROUP_DIALOGUES[told], gathering) if line[0] in "+-"] == []
        assert gathering.left == []


@pytest.mark.parametrize("name", DIALECTS)
async def test_terminal_says_nothing_that_is_not_in_prompts(name: str, tmp_path: Path) -> None:
    prompts, said = DIALECTS[name].prompts, ("/start", "/walk", "1", "germany", "/crisis", "/nudge", "/help")
    stdout = StringIO()
    async with Store.open(tmp_path / "data", RING) as store:
        answers = responder_of(store, Clock(), content=prompts.content)
        await Terminal(answers, prompts, StringIO("\n".join(said)), stdout).run()
    assert [line for line in stdout.getvalue().splitlines() if not line.startswith("> ") and english_in(line)] == []


async def test_terminal_wraps_words_that_are_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, stdout = DIALECTS["long"].prompts, Screen()
    monkeypatch.setenv("COLUMNS", "32")
    monkeypatch.setenv("TERM", "xterm")
    async with Store.open(tmp_path / "data", RING) as store:
        answers = responder_of(store, Clock(), content=prompts.content)
        await Terminal(answers, prompts, Screen("/walk\n1\n"), stdout).run()
    shown = re.sub("\x1b\\[[0-9;]*m", "", stdout.getvalue()).replace("> ", "")
    assert max(map(cell_len, shown.splitlines())) == 32


@pytest.mark.parametrize("name", DIALECTS)
async def test_menus_and_descriptions_say_nothing_that_is_not_in_prompts(name: str, tmp_path: Path) -> None:
    gathering = Gathering(tmp_path / "data", dialect=DIALECTS[name])
    async with gathering.meeting():
        gathering.calls.clear()
        await gathering.us.introduce()
        shown = [text for call in gathering.calls for text in shown_in(call.parameters)]
    assert len(shown) == len(COMMANDS) + 2 * len(GROUP_MENU) + len(ADMIN_MENU) + 2
    assert [text for text in shown if english_in(text)] == []


async def test_an_export_is_a_format_the_same_in_every_language(tmp_path: Path) -> None:
    given = [await _exported(tmp_path / name, dialect) for name, dialect in {"english": ENGLISH, **DIALECTS}.items()]
    assert len(given[0]) == 2
    assert given == [given[0]] * len(given)


async def _exported(folder: Path, dialect: Dialect) -> list[Document]:
    async with Store.open(folder, RING) as store:
        ann = Person(responder_of(store, Clock(), content=dialect.prompts.content))
        await ann.walks()
        await ann.presses(Label.REMEMBER)
        await ann.presses(Label.REMEMBER_YES)
        return [one.attached for one in (await ann.commands("export")).replies if isinstance(one.attached, Document)]


# --- From right to left -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("שלום /crisis.", "שלום ⟨/crisis⟩."),
        ("קו (+49 800 111 0 111), 24/7", "קו (⟨+49 800 111 0 111⟩), ⟨24/7⟩"),
        ("ראה findahelpline.com/countries/il?", "ראה ⟨findahelpline.com/countries/il⟩?"),
        ("21:00 עד 08:00, Lisbon", "⟨21:00⟩ עד ⟨08:00⟩, ⟨Lisbon⟩"),
        ("בית", "בית"),
    ],
)
def test_what_runs_from_left_to_right_is_marked_in_a_language_that_does_not(text: str, marked: str) -> None:
    assert in_order(text, "he") == marked.translate({ord("⟨"): "\u2066", ord("⟩"): "\u2069"})
    assert in_order(text, "en") == text


async def test_numbers_names_and_commands_are_marked_in_all_that_is_said_from_right_to_left(tmp_path: Path) -> None:
    dialect, bare = DIALECTS["right_to_left"], []
    async with Store.open(tmp_path / "data", RING) as store:
        chat = Chat(House(store, dialect=dialect))
        for words in ("/start", "/country germany", "/crisis", "/nudge 8:30 Lisbon", "/privacy"):
            decision = await chat.does(Says(words))
            assert decision is not None
            texts = [dialect.prompts.text(reply) for reply in decision.replies]
            labels = [dialect.prompts.label(button) for button in buttons(decision)]
            bare += [text for text in (*texts, *labels) if re.search("[0-9A-Za-z]", _ISOLATED.sub("", text))]
            assert any(map(_ISOLATED.search, texts))
    assert bare == []


_ISOLATED: Final = re.compile("\u2066[^\u2066\u2069]*\u2069")
