from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from typing_extensions import override

from bot.adapters.terminal import PERSON, Terminal
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Document, Held, Incoming, Kind, Reply
from bot.respond import Responder
from bot.store.store import Store
from tests.person import PROMPTS, RING, Clock, purposes, responder_of


class Giving(Responder):
    """Answers everything with the same: a file, unless a test gives something else."""

    given = Reply((Line.HELP,), attached=Document("walks.csv", '\ufeffwhat,value\r\nplans,"one,\nŽofie"\r\n'.encode()))
    heard: tuple[Incoming, ...] = ()

    @override
    async def respond(self, incoming: Incoming) -> Decision:
        self.heard = (*self.heard, incoming)
        return Decision(Held(), (self.given,))


class Screen(StringIO):
    """A terminal's end of a stream."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "data", RING) as opened:
        yield opened


async def transcript(store: Store, *said: str) -> str:
    """What a pipe gives back for these lines."""
    stdout = StringIO()
    await Terminal(responder_of(store, Clock()), PROMPTS, StringIO("\n".join(said)), stdout).run()
    return stdout.getvalue()


def says(line: Line, text: str) -> bool:
    """Whether one of a line's wordings is in the text, whose own line breaks and indents do not matter."""
    flat = " ".join(text.split())
    return any(" ".join(wording.split()) in flat for wording in PROMPTS.lines[line])


def after(text: str, said: str) -> str:
    """What follows the last line that someone wrote."""
    return text.rpartition(f"> {said}\n")[2]


# --- on a pipe ----------------------------------------------------------------------------------------------------


async def test_pipe_gives_a_plain_transcript_with_numbered_buttons(store: Store) -> None:
    text = await transcript(store, "/walk", "1")
    spoken, _, buttons = text.rstrip("\n").rpartition("\n\n")
    assert text.startswith("> /walk\n\n  ")
    assert "\n> 1\n\n  " in spoken
    assert buttons == "  [1] A little   [2] Strong\n  [3] Very strong   [4] Too much\n  [5] Skip"
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("answer", ["1", "Did it", "did it", " 1 ", "i did that, thank goodness it helped me"])
async def test_number_its_words_or_words_of_ones_own_all_answer(store: Store, answer: str) -> None:
    assert says(Line.EASE, after(await transcript(store, "/walk", answer), answer.strip()))


async def test_number_without_a_button_is_read_as_text(store: Store) -> None:
    assert says(Line.RESONANCE, after(await transcript(store, "/walk", "1", "6"), "6"))
    assert says(Line.HIGH, after(await transcript(store, "/walk", "1", "9"), "9"))


@pytest.mark.parametrize("said", ["0", "00010", "1" * 5000, "-1", "1.0", "²", "١"])
async def test_what_only_looks_like_a_number_presses_nothing(store: Store, said: str) -> None:
    text = await transcript(store, "/forget", said)
    assert not says(Line.FORGET_DONE, text)


async def test_long_lines_are_not_broken(store: Store) -> None:
    said = "word " * 100
    assert f"> {said.strip()}\n" in await transcript(store, said)


async def test_brackets_in_words_are_shown_as_they_are(store: Store) -> None:
    assert "> [bold]x[/bold] [link=a]b :smile:\n" in await transcript(store, "[bold]x[/bold] [link=a]b :smile:")


async def test_empty_lines_are_passed_over_and_the_end_is_a_good_end(store: Store) -> None:
    assert await transcript(store, "", "   ", "\t") == ""
    assert await transcript(store) == ""


@pytest.mark.parametrize("said", ["/walk", "/WALK", "/walk now", "/walk@example_compassion_bot"])
async def test_command_is_a_command(store: Store, said: str) -> None:
    assert says(Line.ARRIVE_ASKED, await transcript(store, said))


async def test_button_pressed_twice_gets_a_short_note(store: Store) -> None:
    text = await transcript(store, "/walk", "fuck off", "1", "1")
    once, _, twice = text.rpartition("> 1\n")
    assert says(Line.STOPPED, once)
    assert twice.strip() in PROMPTS.lines[Line.TWICE]


async def test_two_taps_forget_what_a_yes_has_kept(store: Store) -> None:
    text = await transcript(store, "/consent", "1", "/forget", "1")
    assert says(Line.CONSENT_YES, text)
    assert says(Line.FORGET_DONE, after(text, "1"))
    assert await purposes(store, PERSON) == frozenset()


async def test_key_that_shares_a_place_has_no_number_and_the_others_type_their_words(store: Store) -> None:
    locate, back = Button(Label.SHARE_LOCATION, Action.LOCATE), Button(Label.STOP, Action.STOP, payload="x")
    giving = Giving(PROMPTS.content, store, RING.buttons, clock=Clock(), seed=lambda: 1)
    giving.given = Reply((Line.HELP,), ((locate,), (back,)))
    stdout = StringIO()
    await Terminal(giving, PROMPTS, StringIO("hello\n1\n2"), stdout).run()
    assert stdout.getvalue().count("\n\n  Share my location\n  [1] Stop\n") == 3
    assert [(one.kind, one.text) for one in giving.heard] == [
        (Kind.TEXT, "hello"),
        (Kind.TEXT, "Stop"),
        (Kind.TEXT, "2"),
    ]


# --- in a terminal ------------------------------------------------------------------------------------------------


async def test_terminal_begins_with_what_this_is_and_asks_with_a_prompt(store: Store) -> None:
    stdout = Screen()
    await Terminal(responder_of(store, Clock()), PROMPTS, Screen("/walk\n1\n"), stdout).run()
    text = stdout.getvalue()
    assert says(Line.START, text.partition("> ")[0])
    assert text.count("> ") == 3
    assert says(Line.ARRIVE_ASKED, text)
    assert "> /walk" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize(("stdin", "stdout"), [(Screen(), StringIO()), (StringIO(), Screen())])
async def test_nothing_is_said_first_where_either_end_is_a_pipe(
    store: Store, stdin: StringIO, stdout: StringIO
) -> None:
    await Terminal(responder_of(store, Clock()), PROMPTS, stdin, stdout).run()
    assert stdout.getvalue() == ""


# --- pictures -----------------------------------------------------------------------------------------------------


async def test_picture_is_drawn_in_plain_letters_below_its_words(store: Store) -> None:
    walk = ("/walk", "did it", "6", "sad", "did it", "nobody yet", "no one", "did it", "0", "more")
    shown = after(await transcript(store, *walk, "show me"), "show me")
    assert says(Line.CLOSE_CROSSED, await transcript(store, *walk))
    assert "\n    Upset\n    Before  oooooo      6 of 10\n    After               0 of 10\n    Care: more\n" in shown
    assert "\x1b" not in shown


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [StringIO, Screen])
async def test_file_is_shown_by_its_name_and_its_text(store: Store, ends: type[StringIO]) -> None:
    stdout = ends()
    giving = Giving(PROMPTS.content, store, RING.buttons, clock=Clock(), seed=lambda: 1)
    await Terminal(giving, PROMPTS, ends("hello\n"), stdout).run()
    text = "\n".join(line.rstrip() for line in stdout.getvalue().split("\n"))
    shown = '\n\n    walks.csv\n\n    what,value\n    plans,"one,\n    Žofie"\n\n'
    before, found, _ = text.partition(shown)
    assert found, text
    assert says(Line.HELP, before)
    assert "\r" not in stdout.getvalue()
    assert "\ufeff" not in stdout.getvalue()
