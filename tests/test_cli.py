import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from bot.core.lines import Line
from bot.core.matching import hear, normalise
from bot.core.state import About, Source, Tier
from bot.policy import page
from bot.settings import Settings
from tests.person import PROMPTS, SEEN

ROOT = Path(__file__).parent.parent
SECRET = "480016:AADistinctiveTokenThatMustNotShow"  # noqa: S105 - it opens nothing

USAGE = (
    "Give run, chat, notice [--explain TEXT], check [--language CODE], privacy, health, doctor [--offline],"
    " keys [show|rotate], backup FILE, restore FILE, export, forget or nudges [--on DATE], and nothing else: settings"
    " come from the environment."
)

Json = dict[str, Any]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a program of the bot's has of the world: a home of its own, and these settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "BOT_DATA": str(folder / "data"), **more}


def bot(
    folder: Path, *arguments: str, given: str | bytes = b"", code: Path = ROOT, **settings: str
) -> tuple[int, str, str]:
    """Run the program in a folder; give its exit status, output and errors."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=given.encode() if isinstance(given, str) else given,
        cwd=folder,
        env=environment(folder, PYTHONPATH=str(code), **settings),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def says(text: str, line: Line) -> bool:
    """Whether one of a line's wordings is in the text, whose own line breaks and indents do not matter."""
    flat = " ".join(text.split())
    return any(" ".join(wording.split()) in flat for wording in PROMPTS.lines[line])


# --- what can be given --------------------------------------------------------------------------------------------


def test_help_shows_every_command_and_no_setting(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "--help")
    assert (status, err) == (0, "")
    assert [
        command for command in ("run", "chat", "notice", "check", "privacy", "health") if f"\n    {command} " not in out
    ] == []
    flags = {word for word in out.replace(",", " ").split() if word.startswith("-")}
    assert flags == {"-h", "--help"}
    assert [name for name in Settings.model_fields if f"--{name}" in out.replace("-", "_")] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("notice", "--bot-token", SECRET),
        ("notice", "--explain", "a", "--bot-token", SECRET),
        ("run", "--bot-token", SECRET),
        ("--bot_token", SECRET, "run"),
        (f"--bot-token={SECRET}", "chat"),
        ("chat", SECRET),
    ],
)
def test_setting_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    status, out, err = bot(tmp_path, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert SECRET not in err
    assert list(tmp_path.iterdir()) == []


def test_unknown_command_is_told_with_those_there_are(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "walk")
    assert (status, out) == (2, "")
    assert err == f"{USAGE}\n"


def test_without_arguments_and_token_it_is_the_terminal_whatever_else_the_environment_says(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, given="/help\n", RUN="1", CHAT="{}", NOTICE="x", CHECK="true", COMMAND="run")
    assert (status, err) == (0, "")
    assert says(out, Line.HELP)


def test_without_arguments_and_with_a_token_it_is_telegram(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, BOT_TOKEN="no token")  # noqa: S106 - it opens nothing
    assert (status, out) == (2, "")
    assert err.startswith("BOT_TOKEN is no token: ")


# --- chat ---------------------------------------------------------------------------------------------------------


def test_chat_on_a_pipe_opens_the_walk_and_ends_at_the_end_of_the_file(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "chat", given=f"{SEEN}\n")
    assert (status, err) == (0, "")
    assert out.startswith(f"> {SEEN}\n\n")
    assert says(out, Line.ARRIVE_WORK_DIED)
    assert says(out, Line.ABOUT)
    assert out.endswith("\n  [1] Did it   [2] Something else\n\n")
    assert "?" not in out


def test_chat_leads_through_a_whole_walk_by_numbers_and_by_words(tmp_path: Path) -> None:
    answers = ["did it", "2", "sad", "1", "them", "2", "did it", "2", "a friend or family", "1", "1", "3"]
    status, out, err = bot(tmp_path, "chat", given="\n".join(["/walk", *answers]))
    assert (status, err) == (0, "")
    assert says(out, Line.CLOSE_CROSSED)
    assert out.endswith("\n  [1] Show me\n  [2] Remember my walks\n  [3] Make a plan of it\n\n")


def test_chat_remembers_across_starts_once_it_may(tmp_path: Path) -> None:
    assert says(bot(tmp_path, "chat", given="/consent\n1\n")[1], Line.CONSENT_YES)
    status, out, err = bot(tmp_path, "chat", given="/consent\n")
    assert (status, err) == (0, "")
    assert says(out, Line.CONSENT_ON)
    assert (tmp_path / "data/terminal").is_dir()


def test_chat_with_nothing_to_read_says_nothing(tmp_path: Path) -> None:
    assert bot(tmp_path, "chat") == (0, "", "")


# --- notice -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """What is said of each line of `GIVEN`, with a terminal that writes in an old character set."""
    folder = tmp_path_factory.mktemp("notice")
    status, out, err = bot(folder, "notice", given=b"\n".join(GIVEN.values()), PYTHONIOENCODING="latin-1:strict")
    assert (status, err) == (0, "")
    assert list(folder.iterdir()) == []
    return [json.loads(line) for line in out.splitlines()]


def message(number: object, text: object) -> bytes:
    return json.dumps({"id": number, "text": text}).encode()


GIVEN: dict[str, bytes] = {
    "of a witness": message(1, SEEN),
    "no JSON": b"not json",
    "an empty line": b"",
    "a list": b"[1]",
    "a word": b'"x"',
    "no text": b'{"id":2}',
    "no id": b'{"text":"x"}',
    "text that is none": message(3, 5),
    "an id that is a list": message([4], "x"),
    "an id that is true": message(True, "x"),  # noqa: FBT003 - that is what is given
    "an id that is a fraction": message(1.0, "x"),
    "an id that is null": message(None, "x"),
    "bytes that are no UTF-8": b'{"id":5,"text":"\xff\xfe"}',
    "half a character": b'{"id":6,"text":"\\ud83d"}',
    "of danger": message("seven", "i want to kill myself, im 14"),
    "of nothing": message(-8, ""),
    "with more than is asked": b'{"id":"9","text":"hello","more":[1]}',
    "in other letters": '{"id":"é 😢","text":"ich 😢 \u202eabc\u200b"}'.encode(),
    "with a NUL": message(10, "a\x00b"),
    "very long": message(11, "x " * 5000),
    "with a carriage return": message(12, "x") + b"\r",
    "without a line end": message(13, SEEN),
}
GOOD = {
    "of a witness": 1,
    "of danger": "seven",
    "of nothing": -8,
    "with more than is asked": "9",
    "in other letters": "é 😢",
    "with a NUL": 10,
    "very long": 11,
    "with a carriage return": 12,
    "without a line end": 13,
}


def test_notice_answers_every_line_in_its_place(noticed: list[Json]) -> None:
    assert len(noticed) == len(GIVEN)
    assert [line["id"] for line in noticed] == [GOOD.get(name) for name in GIVEN]


def test_notice_says_of_a_bad_line_what_is_wrong_and_nothing_else(noticed: list[Json]) -> None:
    bad = [line for name, line in zip(GIVEN, noticed, strict=True) if name not in GOOD]
    assert {tuple(line) for line in bad} == {("id", "error")}
    assert [line for line in bad if not line["error"].endswith('; give {"id": ..., "text": ...} on one line')] == []


def test_notice_has_exactly_the_fields_and_values_that_are_promised(noticed: list[Json]) -> None:
    good = [line for name, line in zip(GIVEN, noticed, strict=True) if name in GOOD]
    fields = ["id", "notice", "probability", "ask", "sure", "offer", "source", "danger", "minor", "evidence"]
    for line in good:
        assert list(line) == fields
        assert line["notice"] in set(About)
        assert line["source"] in set(Source)
        assert line["danger"] in set(Tier)
        assert [type(line[name]) for name in ("ask", "sure", "offer", "minor")] == [bool] * 4
        assert isinstance(line["probability"], float)
        assert 0 <= line["probability"] <= 1
        assert [list(seen) for seen in line["evidence"]] == [["rule", "text"]] * len(line["evidence"])
        assert all(isinstance(value, str) for seen in line["evidence"] for value in seen.values())


def test_notice_reads_what_is_promised(noticed: list[Json]) -> None:
    by_id = {line["id"]: line for line in noticed}
    witness, danger = by_id[1], by_id["seven"]
    assert (witness["notice"], witness["ask"], witness["source"], witness["danger"]) == (
        "witness",
        True,
        "work",
        "none",
    )
    assert witness["evidence"] != []
    assert (danger["danger"], danger["minor"]) == ("own", True)
    assert (by_id[-8]["notice"], by_id[-8]["ask"], by_id[-8]["evidence"]) == ("none", False, [])
    assert witness == by_id[13] | {"id": 1}


@asynccontextmanager
async def listening(folder: Path, *arguments: str) -> AsyncIterator[tuple[asyncio.StreamWriter, Process]]:
    """What writes to a program that runs meanwhile, and the program."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment(folder, PYTHONPATH=str(ROOT)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(30):
            assert program.stdin is not None
            yield program.stdin, program
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


async def test_notice_answers_a_line_before_the_next_is_sent(tmp_path: Path) -> None:
    async with listening(tmp_path, "notice") as (stdin, program):
        assert program.stdout is not None
        for number in range(3):
            stdin.write(message(number, SEEN) + b"\n")
            assert json.loads(await program.stdout.readline())["id"] == number


def test_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes((message(1, SEEN) + b"\n") * 2_000)
    ended = subprocess.run(
        ["sh", "-c", '{ "$0" -m bot notice <given; echo $? >status; } | head -n 1', sys.executable],  # noqa: S607
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.stdout.count(b"\n"), ended.stderr) == (1, b"")
    assert (tmp_path / "status").read_text() == "0\n"


# --- notice --explain ---------------------------------------------------------------------------------------------

READER, GUARD = PROMPTS.content.reader, PROMPTS.content.guard


def explained(text: str) -> list[list[str]]:
    """What must stand in the lines about a text, by words."""
    fired, chances, notice, danger = (
        READER.explain(hear(text)),
        READER.chances(hear(text)),
        READER.notice(hear(text)),
        GUARD.read(hear(text)),
    )
    return [
        ["kind", "rule", "words", "witness", "own", "compassion", "none"],
        ["start", *(f"{weight:+.2f}" for weight in astuple(READER.start))],
        *(
            [one.kind, *one.name.split(), *one.words.split(), *(f"{weight:+.2f}" for weight in astuple(one.weights))]
            for one in fired
        ),
        ["chances", *(f"{chance:.2f}" for chance in chances.values())],
        ["about", notice.about],
        ["ask", *against(notice.ask, notice.probability, READER.points.ask)],
        ["sure", *against(notice.sure, notice.probability, READER.points.sure)],
        ["offer", *against(notice.offer, notice.probability, READER.points.offer)],
        ["source", notice.source],
        ["conditions", *(", ".join(str(one.name).lower() for one in notice.conditions) or "none").split()],
        ["danger", *(danger.tier + ", under 16" * danger.minor).split()],
        *([f"{seen.rule}:", *seen.text.split()] for seen in GUARD.explain(hear(text))),
    ]


def against(holds: bool, chance: float, point: float) -> list[str]:  # noqa: FBT001 - as the notice has it
    return ["yes:" if holds else "no:", f"{chance:.3f}", "≥" if holds else "<", f"{point:.3f}"]


@pytest.mark.parametrize(
    "text",
    [
        SEEN,
        "i watched the news and i feel so guilty and so numb",
        "im 14 and i want to kill myself tonight",
        "my exam is tomorrow",
        "[bold]lantern[/bold]",
        "null",
        '{"a": 1}',
        "- i cant",
        "",
    ],
)
def test_explain_shows_words_rules_weights_chances_points_and_decision(tmp_path: Path, text: str) -> None:
    status, out, err = bot(tmp_path, "notice", "--explain", text, PYTHONIOENCODING="latin-1:strict")
    assert (status, err) == (0, "")
    words, *lines = out.splitlines()
    assert words == normalise(text).strip()
    assert [line.split() for line in lines if line] == explained(text)
    assert list(tmp_path.iterdir()) == []


def test_explain_reads_standard_input_where_it_is_told_to(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "notice", "--explain", "-", given=f"{SEEN}\n")
    assert (status, err) == (0, "")
    assert out == bot(tmp_path, "notice", "--explain", SEEN)[1]


def test_explain_takes_any_bytes_and_steers_no_terminal(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "notice", "--explain", "-", given=b"im sad \xff \x1b[2J\x9b\xc2\x9b \xed\xa0\x80")
    assert (status, err) == (0, "")
    assert all(sign.isprintable() or sign == "\n" for sign in out)


def read_to_the_end(terminal: int) -> Iterator[bytes]:
    """What a program writes on a terminal, until it has closed it: Linux then gives an error, and others no bytes."""
    with suppress(OSError):
        while seen := os.read(terminal, 1 << 16):
            yield seen


def test_explain_is_coloured_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "notice", "--explain", SEEN],
        env=environment(tmp_path, PYTHONPATH=str(ROOT), TERM="xterm"),
        stdout=theirs,
    ) as program:
        os.close(theirs)
        shown = b"".join(read_to_the_end(ours))
        os.close(ours)
    assert program.returncode == 0
    assert b"\x1b[32m" in shown
    assert SEEN in re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())


@pytest.mark.parametrize("more", [(), (SEEN, "more"), ("--explain",), ("-x",)])
def test_explain_without_one_text_is_told_and_nothing_is_repeated(tmp_path: Path, more: tuple[str, ...]) -> None:
    assert bot(tmp_path, "notice", "--explain", *more) == (2, "", f"{USAGE}\n")


def test_help_of_notice_shows_explain_and_no_setting(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "notice", "--help")
    assert (status, err) == (0, "")
    assert {word for word in out.replace("[", " ").replace(",", " ").split() if word.startswith("--")} == {
        "--help",
        "--explain",
    }


# --- privacy ------------------------------------------------------------------------------------------------------


def test_privacy_prints_the_policy_with_who_runs_the_bot(tmp_path: Path) -> None:
    status, out, err = bot(
        tmp_path,
        "privacy",
        BOT_OPERATOR="Łucja Ørsted",
        BOT_OPERATOR_CONTACT="help@lantern.example",
        PYTHONIOENCODING="latin-1:strict",
    )
    assert (status, err) == (0, "")
    assert out == page("Łucja Ørsted", "help@lantern.example")
    assert list(tmp_path.iterdir()) == []


# --- check, and what a broken file does ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program in whose prompts one line is wrong, and one in its privacy policy."""
    copy = tmp_path_factory.mktemp("broken")
    for name in ("bot", "prompts"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "prompts/en/groups.yaml"
    file.write_text(file.read_text("utf-8").replace("group.private:", "group.privat:"), "utf-8")
    file = copy / "prompts/en/privacy.md"
    file.write_text(re.sub(r"\{contact\|[^}]*\}", "us", file.read_text("utf-8")), "utf-8")
    return copy


def test_check_of_a_language_that_is_not_there_says_how_to_begin_one(tmp_path: Path) -> None:
    told = "--language needs a folder of prompts/, such as en: python -m scripts.new_language begins another\n"
    assert bot(tmp_path, "check", "--language", "../prompts/xx") == (2, "", told)


def test_check_of_prompts_and_settings_in_order_says_so(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "check")
    assert (status, out.splitlines()[0], err) == (
        0,
        "prompts/, the settings, the data key and the database are in order.",
        "",
    )
    assert list(tmp_path.iterdir()) == []


def test_check_tells_that_nobody_is_named_and_is_content(tmp_path: Path) -> None:
    status, out, err = bot(tmp_path, "check", BOT_TOKEN=SECRET)
    assert (status, out.splitlines()[0], err) == (
        0,
        "prompts/, the settings, the data key and the database are in order.",
        "",
    )
    assert out.splitlines()[1].startswith("BOT_OPERATOR and BOT_OPERATOR_CONTACT are not set: ")


def test_check_tells_what_does_not_fit_in_the_privacy_policy(tmp_path: Path, broken: Path) -> None:
    status, out, _ = bot(tmp_path, "check", code=broken)
    assert (status, f"{broken}/prompts/en/privacy.md:1: {{contact}} stands nowhere: say it\n" in out) == (1, True)


def test_check_tells_every_problem_with_file_and_line_or_setting(tmp_path: Path, broken: Path) -> None:
    status, out, err = bot(tmp_path, "check", code=broken, BOT_LOG_FORMAT="xml", BOT_TOKEN=f"{SECRET} x")
    assert (status, err) == (1, "")
    file = broken / "prompts/en/groups.yaml"
    number = file.read_text("utf-8").splitlines().index("  group.privat:") + 1
    assert f"{file}:{number}: " in out
    assert "group.private" in out
    assert out.endswith("BOT_LOG_FORMAT is wrong: give json or console\n")
    assert SECRET not in out


@pytest.mark.parametrize("command", ["run", "chat", "notice"])
def test_broken_prompts_are_told_and_nothing_is_written(tmp_path: Path, broken: Path, command: str) -> None:
    status, out, err = bot(tmp_path, command, code=broken, BOT_TOKEN=SECRET)
    assert (status, out) == (2, "")
    assert "groups.yaml:" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
