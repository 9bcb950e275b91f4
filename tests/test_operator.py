"""What an operator does on the command line: keys, backups, and what someone asks of them. Each as a process."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.core.lines import Line
from tests.test_cli import ROOT, USAGE, bot, environment, listening, says

KEY = Path(".config/compassion-bot/key")
LEDGER = Path(".config/compassion-bot/forgotten")
TALK = "data/terminal"
"""Where the terminal keeps its data: a database as any other, of one person."""
PERSON = "1"
A, B = "61" * 32, "62" * 32

pytestmark = pytest.mark.usefixtures("remembered")


def talk(folder: Path, *said: str, key: str = "", ledger: str = "") -> str:
    """Talk in the terminal; give what the bot said."""
    status, out, err = bot(folder, "chat", given="\n".join(said), BOT_DATA_KEY=key, BOT_LEDGER_FILE=ledger)
    assert (status, err) == (0, "")
    return out


@pytest.fixture
def remembered(tmp_path: Path) -> None:
    """Have someone whose walks are remembered, and a key that was made for it."""
    assert says(talk(tmp_path, "/consent", "1", "1"), Line.CONSENT_YES)


def is_remembered(folder: Path, key: str = "") -> bool:
    status, out, err = bot(folder, "export", given=PERSON, BOT_DATA=TALK, BOT_DATA_KEY=key)
    assert (status, err) == (0, "")
    return bool(json.loads(out)["consents"])


def ids(folder: Path) -> dict[str, int]:
    """The ids of the keys, newest first, with how many cells each has sealed."""
    status, out, err = bot(folder, "keys")
    assert (status, err) == (0, "")
    return {found[1]: int(found[2]) for found in re.finditer(r"^([0-9a-f]{8})  .*  (\d+) cells$", out, re.MULTILINE)}


def refused(folder: Path, *arguments: str, given: str = "", data: str = "data", key: str = "") -> str:
    """The one line with which it is refused."""
    status, out, err = bot(folder, *arguments, given=given, BOT_DATA=data, BOT_DATA_KEY=key)
    assert (status, out, err.count("\n")) == (2, "", 1)
    return err


# --- Keys -----------------------------------------------------------------------------------------------------------


def test_keys_are_shown_by_id_and_never_themselves(tmp_path: Path) -> None:
    secret = (tmp_path / KEY).read_text().split()[0]
    status, out, err = bot(tmp_path, "keys")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{8}  made \d{4}-\d\d-\d\d  \d+ cells\nThe keys are in ~/.config/\S+/key\.\n", out)
    assert secret not in out
    assert bot(tmp_path, "keys", "show") == (status, out, err)


def test_rotation_puts_a_new_key_in_front_and_seals_everything_with_it(tmp_path: Path) -> None:
    (old,) = ids(tmp_path)
    status, out, err = bot(tmp_path, "keys", "rotate")
    assert (status, out.splitlines()[0], err) == (0, "Sealed with the newest key: 1 people and groups.", "1 of 1\n")
    new, older = ids(tmp_path).items()
    assert older == (old, 0)
    assert new[1] > 0
    assert is_remembered(tmp_path)


async def test_rotation_beside_a_bot_that_serves(tmp_path: Path) -> None:
    async with listening(tmp_path, "chat") as (stdin, program):
        stdin.write(b"/consent\n")
        assert program.stdout
        while b"[1]" not in await program.stdout.readline():
            pass
        status, _, _ = bot(tmp_path, "keys", "rotate")
        assert status == 0
        out, err = await program.communicate(b"/forget\n1\n/consent\n1\n1\n")
    assert err == b""
    assert says(out.decode(), Line.CONSENT_YES)
    assert is_remembered(tmp_path)
    assert list(ids(tmp_path).values())[1] == 0


def test_key_that_waits_to_be_used_is_taken_before_another_is_made(tmp_path: Path) -> None:
    (tmp_path / KEY).write_text(f"{A}\n{(tmp_path / KEY).read_text()}")
    before = list(ids(tmp_path))
    assert bot(tmp_path, "keys", "rotate")[0] == 0
    after = ids(tmp_path)
    assert list(after) == before
    assert (after[before[0]] > 0, after[before[1]]) == (True, 0)
    assert bot(tmp_path, "keys", "rotate")[0] == 0
    assert list(ids(tmp_path))[1:] == before


def test_key_that_was_retired_long_ago_goes_when_it_seals_nothing(tmp_path: Path) -> None:
    secret = (tmp_path / KEY).read_text().split()[0]
    (tmp_path / KEY).write_text(f"{A} 2020-01-02\n{secret} 2020-01-01\n")
    assert bot(tmp_path, "keys", "rotate")[0] == 0
    assert (tmp_path / KEY).read_text() == f"{A} 2020-01-02\n"
    assert is_remembered(tmp_path)


def test_key_given_by_setting_is_rotated_when_a_new_one_stands_in_front(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    assert says(talk(given, "/consent", "1", "1", key=A), Line.CONSENT_YES)
    line = refused(given, "keys", "rotate", key=A)
    assert "put a new one in front" in line
    assert A not in line
    assert bot(given, "keys", "rotate", BOT_DATA_KEY=f"{B} {A}")[0] == 0
    assert is_remembered(given, B)
    assert "front" in refused(given, "keys", "rotate", key=f"{B} {A}")
    assert "sealed with" in refused(given, "keys", "rotate", key=A)


def test_keys_before_there_is_one_are_told_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / KEY).unlink()
    for arguments in (("keys",), ("keys", "rotate"), ("backup", "file"), ("restore", "file"), ("export",), ("forget",)):
        assert "There is no data key: put its copy back." in refused(tmp_path, *arguments, given=PERSON)
    assert not (tmp_path / KEY).exists()


def read_to_the_end(terminal: int) -> Iterator[bytes]:
    with suppress(OSError):
        while seen := os.read(terminal, 1 << 16):
            yield seen


def test_rotation_shows_a_bar_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "keys", "rotate"],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=str(ROOT), TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as program:
        os.close(theirs)
        shown = b"".join(read_to_the_end(ours))
        os.close(ours)
        program.communicate()
    assert program.returncode == 0
    assert b"1/1" in shown


# --- Backups --------------------------------------------------------------------------------------------------------


def test_what_was_forgotten_after_a_backup_is_forgotten_again(tmp_path: Path) -> None:
    assert bot(tmp_path, "backup", "copy", BOT_DATA=TALK)[0] == 0
    talk(tmp_path, "/forget", "1")
    status, out, err = bot(tmp_path, "restore", "copy", BOT_DATA=TALK)
    assert (status, err) == (0, "")
    assert "People in it: 0." in out
    assert "deleted since: 1 people, " in out
    assert not is_remembered(tmp_path)


def test_backup_brings_back_what_was_lost(tmp_path: Path) -> None:
    assert bot(tmp_path, "backup", "copy", BOT_DATA=TALK)[0] == 0
    (tmp_path / TALK / "compassion.sqlite3").write_bytes(b"lost" * 5000)
    assert "damaged" in refused(tmp_path, "export", given=PERSON, data=TALK)
    status, out, _ = bot(tmp_path, "restore", "copy", BOT_DATA=TALK)
    assert (status, "People in it: 1." in out) == (0, True)
    assert is_remembered(tmp_path)


def test_restore_without_a_ledger_says_so(tmp_path: Path) -> None:
    assert bot(tmp_path, "backup", "copy", BOT_DATA=TALK)[0] == 0
    (tmp_path / LEDGER).unlink()
    status, out, _ = bot(tmp_path, "restore", "copy", BOT_DATA=TALK)
    assert (status, "There is no ledger" in out) == (0, True)


async def test_all_but_a_second_bot_and_a_restoring_works_beside_one_that_serves(tmp_path: Path) -> None:
    async with listening(tmp_path, "chat") as (stdin, program):
        stdin.write(b"/consent\n")
        assert program.stdout
        while b"[1]" not in await program.stdout.readline():
            pass
        assert bot(tmp_path, "backup", "copy", BOT_DATA=TALK)[0] == 0
        assert bot(tmp_path, "check", BOT_DATA=TALK)[0] == 0
        assert ids(tmp_path)
        assert is_remembered(tmp_path)
        for second in (["chat"], ["restore", "copy"]):
            data = "data" if second == ["chat"] else TALK
            assert "Another process serves this data folder" in refused(tmp_path, *second, given="hello", data=data)
    assert bot(tmp_path, "restore", "copy", BOT_DATA=TALK)[0] == 0


@pytest.mark.parametrize("arguments", [("backup",), ("restore",), ("backup", "a", "b"), ("keys", "make")])
def test_arguments_that_do_not_fit_are_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert refused(tmp_path, *arguments) == f"{USAGE}\n"


# --- What someone asks of the operator ------------------------------------------------------------------------------


def test_export_and_forget_take_the_id_from_standard_input(tmp_path: Path) -> None:
    assert is_remembered(tmp_path)
    status, out, err = bot(tmp_path, "forget", given=f" {PERSON}\n", BOT_DATA=TALK)
    assert (status, out.splitlines()[0], err) == (0, "Deleted: 1 rows.", "")
    assert not is_remembered(tmp_path)
    assert bot(tmp_path, "forget", given=PERSON, BOT_DATA=TALK)[1].startswith("Deleted: 0 rows.")


@pytest.mark.parametrize("command", ["export", "forget"])
@pytest.mark.parametrize("given", ["", "@somebody", "7071 5772", "7" * 200])
def test_id_that_is_none_is_told_and_not_repeated(tmp_path: Path, command: str, given: str) -> None:
    assert refused(tmp_path, command, given=given, data=TALK).startswith("Give the person's Telegram id")
    assert refused(tmp_path, command, "7071067", data=TALK) == f"{USAGE}\n"


@pytest.mark.parametrize("command", ["export", "forget"])
def test_person_of_a_database_that_is_not_there_is_told_and_nothing_is_made(tmp_path: Path, command: str) -> None:
    assert "no database" in refused(tmp_path, command, given=PERSON, data="elsewhere")
    assert not (tmp_path / "elsewhere").exists()


# --- The ledger's place, and what the check says --------------------------------------------------------------------


def test_ledger_lies_where_it_is_set(tmp_path: Path) -> None:
    place = tmp_path / "apart" / "forgotten"
    before = (tmp_path / LEDGER).read_bytes()
    talk(tmp_path, "/forget", "1", ledger=str(place))
    assert place.stat().st_size > 32
    assert (tmp_path / LEDGER).read_bytes() == before


def test_ledger_that_cannot_be_written_is_told_in_the_log_and_all_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ledger = tmp_path / "file" / "beneath"
    status, _, err = bot(tmp_path, "chat", given="/forget\n1\n", BOT_LEDGER_FILE=str(ledger))
    assert status == 0
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert events == ["a backup cannot be told of what is forgotten: the ledger cannot be used", "ledger failed"]
    assert not is_remembered(tmp_path)


def test_check_tells_that_key_and_database_do_not_fit_and_writes_nothing(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status, out, err = bot(tmp_path, "check", BOT_DATA=TALK, BOT_DATA_KEY=A)
    assert (status, out, err) == (
        1,
        "The data key is not the one that the database was sealed with: give that one back.\n",
        "",
    )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_check_tells_of_a_key_that_lies_beside_what_it_seals(tmp_path: Path) -> None:
    key = tmp_path / "data" / "deep" / "key"
    key.parent.mkdir(parents=True)
    key.write_text(A)
    status, out, _ = bot(tmp_path, "check", BOT_DATA_KEY_FILE=str(key))
    assert (status, out.split(":")[0]) == (1, "The data key lies in the data folder")
