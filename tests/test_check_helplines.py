"""The program that lists helplines to check, and writes down what came of it."""

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.helplines import Check, Checks, Result
from bot.prompts import FOLDER, ContentError, load, read
from scripts.helplines import listed, record

ROOT = Path(__file__).parent.parent
DAY = dt.date(2026, 12, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of `prompts/`."""
    shutil.copytree(FOLDER, tmp_path / "prompts")
    return tmp_path / "prompts"


def test_list_says_what_to_dial_and_where_it_was_read(folder: Path) -> None:
    lines = list(listed(folder, DAY))
    assert len(lines) == sum(len(country.lines) for country in load().content.helplines.countries.values())
    (peru,) = [line for line in lines if line.startswith("PE")]
    assert "read 2026-11-22, never checked, shown for 356 days more" in peru
    assert "dial 113, choose option 5" in peru
    assert "https://panamericana.pe" in peru


def test_list_begins_with_the_one_left_alone_longest(folder: Path) -> None:
    record(folder, Check("AE", "SAKINA", DAY, Result.RIGHT, "number and hours confirmed"))
    lines = list(listed(folder, DAY))
    assert lines[-1].startswith("AE  SAKINA: found right on 2026-12-01, shown for 365 days more")
    assert list(listed(folder, DAY + dt.timedelta(days=300), due=60)) != []
    assert list(listed(folder, DAY, due=60)) == []


def test_what_is_recorded_holds_from_the_next_start(folder: Path) -> None:
    first = Check("GB", "Lifeline", DAY, Result.WRONG, "“no such number”: twice")
    second = Check("GB", "CALM", DAY, Result.RIGHT)
    record(folder, first)
    record(folder, second)
    assert read(folder / "helpline_checks.yaml", Checks).checks == (first, second)
    lines = {line.name: line for line in load(folder).content.helplines.countries["GB"].lines}
    assert "Lifeline" not in lines
    assert lines["CALM"].read == DAY
    assert "found wrong on 2026-12-01, not shown by a bot started since" in "".join(listed(folder, DAY))


def test_a_wrong_name_is_refused_and_changes_nothing(folder: Path) -> None:
    before = (folder / "helpline_checks.yaml").read_bytes()
    with pytest.raises(ContentError, match="there is no line “Lifelin” in GB"):
        record(folder, Check("GB", "Lifelin", DAY, Result.WRONG))
    assert (folder / "helpline_checks.yaml").read_bytes() == before


def test_program_records_and_lists(folder: Path) -> None:
    program = [sys.executable, "-m", "scripts.helplines", "--folder", str(folder)]
    told = [*program, "record", "GB", "Lifeline", "wrong", "--date", "2026-12-01"]
    ended = subprocess.run(told, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, "restart the bot" in ended.stdout) == (0, True)
    ended = subprocess.run(program, cwd=ROOT, check=False, capture_output=True, text=True)
    assert "GB  Lifeline: found wrong on 2026-12-01" in ended.stdout
    ended = subprocess.run([*told[:-4], "nobody", "right"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
