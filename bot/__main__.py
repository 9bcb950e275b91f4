"""The command line: `compassion-bot`, the same as `python -m bot`.

Rules that hold here: settings never become flags, since a token on a command line is a leak; standard output holds
only what was asked for; an expected failure is one line for each problem and exit 2, never a traceback.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import BaseModel, Field, StrictInt, StrictStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, CliApp, CliPositionalArg, CliSubCommand, CliToggleFlag, SettingsConfigDict
from pydantic_settings import SettingsError as UsageError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import app, log, operate, policy, prompts, review, settings
from bot.core.kept import Purpose
from bot.core.matching import Utterance, hear
from bot.core.model import Content
from bot.core.noticing import ABOUTS, Fired, Points, Reader, Weights
from bot.core.nudging import Kind
from bot.core.state import About, Danger, Notice
from bot.operate import Foreseen
from bot.store import StoreError
from bot.store.dues import DUE, Counted, Tally
from bot.wording import printable

EXPECTED: Final = (settings.SettingsError, prompts.ContentError, StoreError)


class Run(BaseModel):
    """Serve on Telegram. Needs BOT_TOKEN."""

    def cli_cmd(self) -> None:
        """Run until told to stop."""
        asyncio.run(app.run(_configured("info")))


class Chat(BaseModel):
    """Talk to the same bot in this terminal, or through a pipe."""

    def cli_cmd(self) -> None:
        """Run until the input ends."""
        asyncio.run(app.chat(_configured("warning")))


class Check(BaseModel):
    """Check prompts/, settings, data key and database: each problem with its place. And what to know of the rest."""

    language: str = Field("en", description="a folder of prompts/: check that one alone, and no settings")

    def cli_cmd(self) -> None:
        """Exit 1 if there is a problem."""
        if "language" in self.model_fields_set:
            _check_language(self.language)
            return
        wrong = settings.problems()
        problems = [*review.check(), *policy.problems(), *(wrong or operate.unfit(settings.load()))]
        print(*(problems or ["prompts/, the settings, the data key and the database are in order."]), sep="\n")
        if problems:
            sys.exit(1)
        for line in settings.advice():
            print(line)
        words = prompts.load()
        for line in review.aging(words, app.now()):
            print(f"prompts/helplines.yaml: {line}")
        for line in review.balance(words.content.practices):
            print(f"prompts/en/nudges.yaml: {line}")


def _check_language(language: str) -> None:
    if not (prompts.FOLDER / language / "copy.yaml").is_file():
        line = "--language needs a folder of prompts/, such as en: python -m scripts.new_language begins another"
        raise settings.SettingsError(line)
    problems = [*review.check(language=language), *policy.problems(language=language)]
    print(*(problems or [f"prompts/{language} is in order."]), sep="\n")
    if problems:
        sys.exit(1)


class Privacy(BaseModel):
    """Print the privacy policy with what the settings say of who runs the bot: Markdown, to complete and publish."""

    def cli_cmd(self) -> None:
        """Write it as UTF-8, whatever the terminal's letters are."""
        given = settings.load()
        sys.stdout.buffer.write(policy.page(given.bot_operator, given.bot_operator_contact).encode())


class Health(BaseModel):
    """Ask the bot that runs with these settings whether it is ready. For a container's check."""

    def cli_cmd(self) -> None:
        """Exit 1 if it is not."""
        if not asyncio.run(app.is_ready(settings.load())):
            print("The bot is not ready.", file=sys.stderr)
            sys.exit(1)
        print("The bot is ready.")


class Doctor(BaseModel):
    """Look at this deployment from the inside: what is well, what is not, and how to mend it. Changes nothing."""

    offline: CliToggleFlag[bool] = Field(default=False, description="do not ask Telegram")

    def cli_cmd(self) -> None:
        """Exit 1 if something is wrong."""
        if not asyncio.run(_examine(offline=self.offline)):
            sys.exit(1)


class NoticeLines(BaseModel):
    """Read JSON lines {"id", "text"}; for each, write one JSON line that says what is noticed."""

    explain: str = Field("", description="tell of this one text why it is read as it is; - reads it from the input")

    def cli_cmd(self) -> None:
        """Explain the one text, or read until the input ends."""
        content = prompts.load().content
        if "explain" in self.model_fields_set:
            typed = sys.stdin.buffer.read().decode(errors="replace") if self.explain == "-" else self.explain
            _explain(typed.strip(), content)
            return
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(json.dumps(_noticed(line, content), ensure_ascii=False).encode() + b"\n")
            sys.stdout.buffer.flush()


class ShowKeys(BaseModel):
    """Show the data keys by their ids, when each was made, and how many cells are sealed with each."""

    def cli_cmd(self) -> None:
        """Print a line for each key, newest first, and where they lie."""
        ring, cells, place = operate.shown_keys(settings.load())
        for keys in ring.keys:
            print(f"{keys.id.hex()}  made {keys.made or 'on a day unknown'}  {cells.get(keys.id, 0)} cells")
        if cells.get(b""):
            print(f"{cells[b'']} cells that name no key, or whose row may need any of them")
        print(f"The keys are in {place}.")


class RotateKeys(BaseModel):
    """Make a new data key and seal everything with it, while the bot runs. Goes on with what was interrupted."""

    def cli_cmd(self) -> None:
        """Exit 2 where the keys are not ours to change and no new one was given."""
        with _progress() as progress:
            rotated = operate.rotate_keys(settings.load(), progress)
        print(f"Sealed with the newest key: {rotated.anew} people and groups.")
        if rotated.shut:
            print(f"Left as they were, since they do not open: {rotated.shut} people and groups.")
        print("Older keys stay for 30 days, for backups. Copy the keys to where you keep their copy.")


class Keys(BaseModel):
    """Show the data keys, or rotate them."""

    show: CliSubCommand[ShowKeys] = Field(description=ShowKeys.__doc__)
    rotate: CliSubCommand[RotateKeys] = Field(description=RotateKeys.__doc__)

    def cli_cmd(self) -> None:
        """Run what was named, or show."""
        (self.rotate or ShowKeys()).cli_cmd()


class Backup(BaseModel):
    """Write the database, still sealed, to a new FILE, while the bot runs."""

    file: CliPositionalArg[Path] = Field(description="where the backup is to be")

    def cli_cmd(self) -> None:
        """Exit 2 where it cannot be written."""
        operate.back_up(settings.load(), self.file)
        print("The backup is written, and sealed. It opens with the data key alone, and serves for 30 days.")


class Restore(BaseModel):
    """Put the backup in FILE in the place of the database, less what was forgotten since. No bot may run."""

    file: CliPositionalArg[Path] = Field(description="the backup")

    def cli_cmd(self) -> None:
        """Exit 2 where it is refused: then nothing has changed."""
        given = settings.load()
        restored = operate.restore(given, self.file)
        again = restored.again
        print(f"Restored as of {datetime.fromtimestamp(restored.taken_at, UTC):%Y-%m-%d %H:%M} UTC.")
        print(f"People in it: {restored.people}.")
        print(
            f"Gone again, as they were forgotten or deleted since: {again.people} people, {again.consents} consents,"
            f" {again.walks} walks, {again.plans} plans, {again.rooms} groups."
        )
        if not app.ledger_file(given).exists():
            print("There is no ledger of what was forgotten, so nobody could be forgotten again by it.")


class Export(BaseModel):
    """Read a person's Telegram id from standard input; print all that is kept of them, as JSON."""

    def cli_cmd(self) -> None:
        """Exit 2 where nothing can be read."""
        sys.stdout.buffer.write(asyncio.run(operate.export_person(settings.load(), _given_id())))


class Forget(BaseModel):
    """Read a person's Telegram id from standard input; delete all that is kept of them."""

    def cli_cmd(self) -> None:
        """Exit 2 where it cannot be deleted."""
        print(f"Deleted: {asyncio.run(operate.forget_person(settings.load(), _given_id()))} rows.")
        print("A bot that runs may still have their walk in memory, until they were idle for 30 minutes.")


class DueNudges(BaseModel):
    """Count what is due: nudges, follow-ups, reminders. Or print what would be sent on a day to come."""

    on: str = Field("", description="a date, such as 2026-11-25: print what would be sent then, and send nothing")

    def cli_cmd(self) -> None:
        """Exit 2 where there is no database, or the date is none."""
        given = settings.load()
        if "on" not in self.model_fields_set:
            _tell_due(asyncio.run(operate.tally(given)))
            return
        day, words = _day_to_come(self.on), prompts.load()
        _tell_foreseen(day, asyncio.run(operate.foresee(given, words.content, day)))


class Cli(BaseSettings):
    """A companion for the moment when another's suffering will not let go."""

    # The prefix keeps the environment out: a variable called RUN or CHECK is no command.
    # What would stand for None is what no argument can hold: "null" is a text like any other.
    model_config = SettingsConfigDict(
        cli_prog_name="compassion-bot",
        env_prefix="COMPASSION_BOT_COMMAND_",
        cli_exit_on_error=False,
        cli_parse_none_str="\0",
    )

    run: CliSubCommand[Run] = Field(description=Run.__doc__)
    chat: CliSubCommand[Chat] = Field(description=Chat.__doc__)
    notice: CliSubCommand[NoticeLines] = Field(description=NoticeLines.__doc__)
    check: CliSubCommand[Check] = Field(description=Check.__doc__)
    privacy: CliSubCommand[Privacy] = Field(description=Privacy.__doc__)
    health: CliSubCommand[Health] = Field(description=Health.__doc__)
    doctor: CliSubCommand[Doctor] = Field(description=Doctor.__doc__)
    keys: CliSubCommand[Keys] = Field(description=Keys.__doc__)
    backup: CliSubCommand[Backup] = Field(description=Backup.__doc__)
    restore: CliSubCommand[Restore] = Field(description=Restore.__doc__)
    export: CliSubCommand[Export] = Field(description=Export.__doc__)
    forget: CliSubCommand[Forget] = Field(description=Forget.__doc__)
    nudges: CliSubCommand[DueNudges] = Field(description=DueNudges.__doc__)

    def cli_cmd(self) -> None:
        """Run what was named."""
        CliApp.run_subcommand(self)


class _Message(BaseModel):
    id: StrictStr | StrictInt
    text: str


_ID: Final = re.compile(rb"\s*\d{1,16}\s*")  # Telegram: at most 52 bits
_LONGEST_INPUT: Final = 64
_WIDEST_THING: Final = 12  # of what the doctor looks at
_MESSAGE: Final = TypeAdapter(_Message)
_USAGE: Final = (
    "Give run, chat, notice [--explain TEXT], check [--language CODE], privacy, health, doctor [--offline],"
    " keys [show|rotate], backup FILE, restore FILE, export, forget or nudges [--on DATE], and nothing else: settings"
    " come from the environment."
)


def main() -> None:
    """Run the command line, and tell an expected failure in plain words."""
    log.configure("warning", "json")
    try:
        CliApp.run(Cli, cli_args=sys.argv[1:] or [_what_to_run()])
    except EXPECTED as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except UsageError:  # whose words repeat what was given: perhaps a token
        print(_USAGE, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read us has gone; what Python flushes at its end goes nowhere, as its documentation advises.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 a traceback may quote a person's words
        structlog.get_logger().critical("unhandled", **log.failure(error))
        sys.exit(1)


def _what_to_run() -> str:
    return "run" if settings.load().has_token else "chat"


def _configured(level: str) -> settings.Settings:
    given = settings.load()
    log.configure(given.bot_log_level or level, given.bot_log_format)
    return given


async def _examine(*, offline: bool) -> bool:
    """Print a line for each thing that the doctor looks at. Return whether nothing is wrong."""
    from bot.doctor import How, examined  # noqa: PLC0415 it needs Telegram's library, for which no other should wait

    well = True
    async for how, about, line in examined(offline=offline):
        print(f"{how:<5}  {about:<{_WIDEST_THING}}  {line}", flush=True)
        well &= how is not How.WRONG
    return well


def _given_id() -> int:
    """Read a Telegram id. It is no argument, since others on the machine can read a command line."""
    found = _ID.fullmatch(sys.stdin.buffer.read(_LONGEST_INPUT))
    if found is None:
        line = "Give the person's Telegram id, a number, on standard input, and nothing else"
        raise settings.SettingsError(line)
    return int(found[0])


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on standard error: a bar on a terminal, else a line for each tenth."""
    if sys.stderr.isatty():
        # Here, since every start would wait for it.
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

        with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // max(total, 1)
        if tenth != told:
            print(f"{done} of {total}", file=sys.stderr)
        told = tenth

    yield tell


# --- What is due --------------------------------------------------------------------------------------------------

_KINDS: Final[Mapping[Kind | Purpose, str]] = {
    Kind.PRACTICE: "practice",
    Kind.KEEP_ASK: "question whether to go on",
    Kind.SILENT: "end, after silence",
    Kind.COURSE_END: "end of a course",
    Purpose.NUDGES: "nudges",
    Purpose.FOLLOW_UPS: "follow-ups of walks",
    Purpose.PLANS: "reminders of plans",
}
_FARTHEST: Final = 100
"""Days ahead that can be foreseen: each message until then is gone through."""

_FIRST_WORDS: Final = 6


def _day_to_come(text: str) -> date:
    """Read a date. What was given is not repeated: it may be a token."""
    today = app.today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise settings.SettingsError(f"--on needs a date: year, month and day, such as {today}") from None
    if not today <= day <= today + timedelta(_FARTHEST):
        line = (
            f"--on needs a day to come, and at most {_FARTHEST} days ahead: {today} to {today + timedelta(_FARTHEST)}"
        )
        raise settings.SettingsError(line)
    return day


def _tell_due(tally: Tally) -> None:
    print(f"{'due':<22}{'in the next hour':>18}{'in the next day':>18}{'overdue':>10}{'being sent':>12}")
    for purpose in DUE:
        one = tally.due.get(purpose, Counted())
        print(f"{_KINDS[purpose]:<22}{one.within_hour:>18}{one.within_day:>18}{one.overdue:>10}{one.claimed:>12}")
    print(f"People who agreed to nudges: {tally.agreed}.")
    print(f"Of these, with none due within 8 days (paused, stopped, or not set up): {tally.resting}.")


def _tell_foreseen(day: date, counts: Counter[Foreseen]) -> None:
    """Print a line for each hour and message, and the sums."""
    print(f"{day}, hours in UTC, from now on. Counted as if every message until then were sent on time and answered,")
    print("and nobody changed anything. A nudge gives way to a follow-up or reminder of its day, and to a walk in the")
    print("day before: so these are the most that may be sent.")
    for one, number in sorted(counts.items(), key=lambda item: (item[0].hour, -item[1], _called(item[0]))):
        print(f"{one.hour:02}:00{number:>8}  {_called(one)}")
    sums = Counter[Kind | Purpose]()
    for one, number in counts.items():
        sums[one.kind] += number
    told = (kind for kind in _KINDS if kind is not Purpose.NUDGES)
    print("In all: " + "; ".join(f"{_KINDS[kind]} {sums[kind]}" for kind in told) + ".")


def _called(one: Foreseen) -> str:
    if one.practice is None:
        return _KINDS[one.kind]
    return f"{_KINDS[one.kind]} {one.practice.name}: {' '.join(one.practice.words.split()[:_FIRST_WORDS])} …"


def _noticed(line: bytes, content: Content) -> dict[str, Any]:
    try:
        message = _MESSAGE.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        return {"id": None, "error": f'{place}: {first["msg"]}; give {{"id": ..., "text": ...}} on one line'}
    said = hear(message.text)
    notice, danger = content.reader.notice(said), content.guard.read(said)
    return {
        "id": message.id,
        "notice": notice.about,
        "probability": round(notice.probability, 4),
        "ask": notice.ask,
        "sure": notice.sure,
        "offer": notice.offer,
        "source": notice.source,
        "danger": danger.tier,
        "minor": danger.minor,
        "evidence": [
            *({"rule": one.name, "text": one.words} for one in content.reader.explain(said) if _speaks(one, notice)),
            *({"rule": seen.rule, "text": seen.text} for seen in content.guard.explain(said)),
        ],
    }


def _speaks(fired: Fired, notice: Notice) -> bool:
    """Whether a feature speaks for what was decided."""
    return _weights(fired.weights)[notice.about] > 0


def _weights(weights: Weights) -> dict[About, float]:
    return dict(zip(ABOUTS, astuple(weights), strict=True))


# --- Why a text is read as it is ----------------------------------------------------------------------------------

_PIPE: Final = 200
"""Columns where the output is no terminal."""


def _explain(text: str, content: Content) -> None:
    """Print the words, what fired on them, the chances, and the decision. In colour on a terminal."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    said = hear(text)
    fired, notice = content.reader.explain(said), content.reader.notice(said)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE)
    words = Text(printable(said.normal.strip()), "dim")
    for one in fired:
        if one.words:
            words.highlight_regex(rf"(?<!\S){re.escape(printable(one.words))}(?!\S)", "not dim bold")
    console.print(words, soft_wrap=True)
    console.print()
    console.print(_reasons(fired, content.reader, said))
    console.print()
    for line in _decided(notice, content.guard.read(said), content.reader.points):
        console.print(line, soft_wrap=True)
    for seen in content.guard.explain(said):
        console.print(_decision("", f"{seen.rule}: {printable(seen.text)}"), soft_wrap=True)


def _reasons(fired: tuple[Fired, ...], reader: Reader, said: Utterance) -> Table:
    """One line for what every message has and for each feature, with weights, and the chances that come of all."""
    chances = reader.chances(said)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("kind", "rule", "words"):
        table.add_column(name, overflow="fold")
    for about in chances:
        table.add_column(about, justify="right")
    for one in (Fired("start", "", "", reader.start), *fired):
        weights = _weights(one.weights)
        table.add_row(one.kind, one.name, Text(printable(one.words)), *(_weight(weights[about]) for about in chances))
    table.add_row(Text("chances", "bold"), "", "", *(Text(f"{chance:.2f}", "bold") for chance in chances.values()))
    return table


def _weight(weight: float) -> Text:
    return Text(f"{weight:+.2f}", "green" if weight > 0 else "red" if weight < 0 else "dim")


def _decided(notice: Notice, danger: Danger, points: Points) -> Iterator[Text]:
    """Say what comes of the chances, and what the guard says, which goes before."""
    yield _decision("about", notice.about)
    yield _decision("ask", "yes" if notice.ask else "no", _against(notice, points.ask))
    yield _decision("sure", "yes" if notice.sure else "no", _against(notice, points.sure))
    yield _decision("offer", "yes" if notice.offer else "no", _against(notice, points.offer))
    yield _decision("source", notice.source)
    yield _decision("conditions", ", ".join(str(one.name).lower() for one in notice.conditions) or "none")
    yield _decision("danger", danger.tier + ", under 16" * danger.minor)


def _against(notice: Notice, point: float) -> str:
    sign = "≥" if notice.probability >= point else "<"
    return f": {notice.probability:.3f} {sign} {point:.3f}"


def _decision(name: str, what: str, why: str = "") -> Text:
    return Text.assemble(f"{name:12}", (what, "bold"), why)


if __name__ == "__main__":
    main()
