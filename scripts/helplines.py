"""List the helplines by age, or write down what came of a check: python -m scripts.helplines [record ...].

Without a word: every line of prompts/helplines.yaml, the one that was longest left alone first, with the days that it
is still shown, what to dial or text, and the page it was read on. `--due DAYS` leaves out those shown for longer.

    python -m scripts.helplines --due 60
    python -m scripts.helplines record GB "Lifeline" right --note "called at noon, answered in a minute"

A line recorded as wrong is shown no more from the bot's next start: restart it after each. Notes say nothing of
whoever answered.
"""

import datetime as dt
import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot import app, prompts
from bot.core.helplines import SHOWN_FOR, Check, Checks, Directory, Helpline, Result, today_of

_EMPTY: Final = "checks: []"


def main() -> None:
    """List, or record."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, metavar="DAYS", help="only lines that are shown for fewer days than these")
    parser.add_argument("--folder", type=Path, default=prompts.FOLDER, help="where helplines.yaml lies")
    recording = parser.add_subparsers(dest="command").add_parser("record", help="write down what came of a check")
    recording.add_argument("country", help="its code, as in helplines.yaml")
    recording.add_argument("line", help="its name, as in helplines.yaml")
    recording.add_argument("result", choices=[*Result])
    recording.add_argument("--date", type=dt.date.fromisoformat, help="2026-12-01; without it, today")
    recording.add_argument("--note", default="")
    given = parser.parse_args()
    today = dt.date.fromordinal(today_of(app.now()))
    try:
        if given.command == "record":
            check = Check(given.country, given.line, given.date or today, Result(given.result), given.note)
            record(given.folder, check)
            if check.result is Result.WRONG:
                print("Now restart the bot: one that runs has read the list at its start, and still shows this line.")
        else:
            print(*listed(given.folder, today, given.due), sep="\n")
    except prompts.ContentError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def listed(folder: Path, today: dt.date, due: int | None = None) -> Iterator[str]:
    """Give a paragraph for each line, those with the fewest days left first."""
    directory = prompts.read(folder / "helplines.yaml", Directory)
    latest = _latest(prompts.read(folder / "helpline_checks.yaml", Checks))
    found = []
    for code, country in directory.countries.items():
        for line in country.lines:
            check = latest.get((code, line.name))
            since = line.read if check is None else max(line.read, check.date)
            left = SHOWN_FOR - (today - since).days
            if due is None or left < due:
                found.append((left, code, line, _state(check, since, left)))
    for _, code, line, state in sorted(found, key=lambda each: each[:2]):
        yield f"{code}  {line.name}: {state}\n    {_what_to_try(line)}\n    {line.source}"


def _latest(checks: Checks) -> dict[tuple[str, str], Check]:
    return {(check.country, check.line): check for check in sorted(checks.checks, key=lambda check: check.date)}


def _state(check: Check | None, since: dt.date, left: int) -> str:
    if check is not None and check.result is Result.WRONG:
        return f"found wrong on {check.date}, not shown by a bot started since"
    how = f"read {since}, never checked" if check is None else f"found right on {check.date}"
    return f"{how}, {f'shown for {left} days more' if left >= 0 else 'hidden'}"


def _what_to_try(line: Helpline) -> str:
    phone = f"dial {line.dial or line.phone}" if line.phone else ""
    ways = (phone, line.note, line.text and f"text {line.text}", line.whatsapp and f"WhatsApp {line.whatsapp}")
    return ", ".join(filter(None, (*ways, line.chat)))


def record(folder: Path, check: Check) -> None:
    """Write a check at the end of helpline_checks.yaml. Raises ContentError, with nothing changed, for a wrong name."""
    path = folder / "helpline_checks.yaml"
    directory = prompts.read(folder / "helplines.yaml", Directory)
    before = prompts.read(path, Checks)
    try:
        directory.checked(Checks((*before.checks, check)))
    except ValueError as error:
        raise prompts.ContentError([str(error).partition(": ")[2]]) from None
    fields = {"country": check.country, "line": check.line, "date": f"{check.date}", "result": check.result.value}
    fields |= {"note": check.note} if check.note else {}
    row = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    text = path.read_text("utf-8").rstrip("\n")
    text = f"{text.removesuffix(_EMPTY)}checks:" if text.endswith(_EMPTY) else text
    path.write_text(f"{text}\n  - {{{row}}}\n", "utf-8")


if __name__ == "__main__":
    main()
