"""Print how well the rules of prompts/ read labelled messages: python -m scripts.score_noticing [--misses N] FILE...

Each FILE holds one JSON object a line with `text` and `label`, and, where known, `source`, `note`, `setting` and
`voice`. Labels are those of the project's messages: WITNESS, OWN, COMPASSION, OTHER; CRISIS_OWN (note T1, T2 or T3),
CRISIS_OTHER, ABUSE, THREAT, MEDICAL, PSYCHOSIS, EATING, MINOR and PAST. The figures of noticing count the first four;
the table of labels has all; danger is scored by
scripts/score_safety.py. Rates come with their 95 % intervals (scripts/scores.py says whose).
Nothing is fitted here. No text is printed but with --misses: the worst N misses and the worst N false alarms.
"""

import math
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Final

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from bot import prompts
from bot.core.matching import hear
from bot.core.model import Content
from bot.core.state import Condition
from bot.wording import printable
from scripts.scores import (
    RIVALS,
    VERDICTS,
    WITNESS,
    Scored,
    auc,
    brier,
    by,
    calibration_error,
    is_opened_as_distress,
    known_for,
    placed,
    quality,
    reliability,
    share,
    share_of,
    spot,
    worst_false_alarms,
    worst_misses,
)

CORPUS: Final = Path(__file__).parent.parent / "tests/corpus"

CONDITIONS: Final = "conditions"
"""The voice whose notes name the conditions that hold; `exam` is in those that no rule was written for."""

_MOST: Final = (0.01, 0.02, 0.04, 0.08, 0.16)
WIDTH: Final = 150
"""Columns of the tables on a pipe."""


class Labelled(BaseModel):
    """One line of a file."""

    text: str
    label: str
    source: str | None = None
    note: str | None = None
    setting: str | None = None
    voice: str | None = None


Tables = Callable[[Sequence[Scored], int], Iterable[Table]]
"""What makes tables of scored messages, with so many texts of those that were read wrongly."""


def main(arguments: Sequence[str]) -> int:
    """Score the messages of the files and print the tables."""
    parser = ArgumentParser("score_noticing", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="print the texts of the worst N, too")
    return print_scores(parser, tables_of, arguments)


def print_scores(parser: ArgumentParser, tables_of: Tables, arguments: Sequence[str]) -> int:
    """Score the messages of the files and print the tables, which are told how many texts `--misses` asks for."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.set_defaults(answers=False)
    given = parser.parse_args(arguments)
    try:
        rows = [row for path in given.files for row in rows_of(path)]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if not rows:
        parser.error("there is no message in these files")
    content = prompts.load().content
    scored = [
        scored_by(row, content, answers=given.answers) for row in track(rows, "Reading", console=Console(stderr=True))
    ]
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for table in tables_of(scored, given.misses):
        console.print(table)
    took = median(one.took for one in scored) / 1000
    console.print(f"{len(scored)} messages; {took:.1f} us each (median, notice and danger together).")
    return 0


def rows_of(path: Path) -> Iterator[Labelled]:
    """Give the rows of a file. Raises OSError, and ValueError that names the line and not what stands there."""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield Labelled.model_validate_json(line)
        except ValidationError:
            raise ValueError(f"{path}:{number}: give a JSON object with text and label") from None


def scored_by(row: Labelled, content: Content, *, answers: bool = False) -> Scored:
    """Read one message, for danger as an answer within a walk if asked to, and note how long that took."""
    start = perf_counter_ns()
    said = hear(row.text)
    danger, notice = content.guard.read(said, answers=answers), content.reader.notice(said)
    took = perf_counter_ns() - start
    given = {name: value or "" for name, value in row}
    return Scored(**given, notice=notice, danger=danger, took=took)


def tables_of(scored: Sequence[Scored], misses: int = 0) -> Iterator[Table]:
    """Make all tables; with `misses`, two more that show so many texts each."""
    known = [one for one in scored if one.label in {WITNESS, *RIVALS}]
    yield _qualities(known)
    yield _figures(known)
    yield _false_alarms(known)
    yield _curve(known)
    yield _calibration(known)
    yield _labels(scored)
    yield _conditions([one for one in scored if one.voice == CONDITIONS])
    yield _groups("source", known, lambda one: one.source)
    yield _groups("setting", known, lambda one: one.setting)
    yield _groups("voice", known, lambda one: one.voice)
    yield _groups("words", known, lambda one: one.length)
    if misses:
        yield _texts("Worst misses", worst_misses(known, misses))
        yield _texts("Worst false alarms", worst_false_alarms(known, misses))


def _of(known: Sequence[Scored], *labels: str) -> list[Scored]:
    return [one for one in known if one.label in labels]


def _chances(known: Sequence[Scored], *labels: str) -> list[float]:
    return [one.chance for one in _of(known, *labels)]


def _qualities(known: Sequence[Scored]) -> Table:
    table = Table("verdict", "precision", "recall", "F1", title="Noticing WITNESS")
    for name, verdict in VERDICTS.items():
        found = quality(known, verdict)
        table.add_row(name, str(found.precision), str(found.recall), str(found.f1))
    return table


def _figures(known: Sequence[Scored]) -> Table:
    table = Table("figure", "value", title="Chances, and what else is said")
    for names in (RIVALS, *((rival,) for rival in RIVALS)):
        area = auc(_chances(known, WITNESS), _chances(known, *names))
        table.add_row(f"ROC-AUC against {', '.join(names)}", str(area))
    table.add_row("expected calibration error", _said(calibration_error(reliability(known))))
    table.add_row("Brier's score", _said(brier(known)))
    table.add_row("COMPASSION opened as distress", str(share_of(_of(known, "COMPASSION"), is_opened_as_distress)))
    table.add_row("right source, of WITNESS asked", str(placed(known)))
    return table


def _false_alarms(known: Sequence[Scored]) -> Table:
    table = Table("label", *VERDICTS, title="False alarms in 1,000 messages")
    for label in RIVALS:
        ones = _of(known, label)
        table.add_row(label, *(share_of(ones, verdict).per_thousand() for verdict in VERDICTS.values()))
    return table


def _curve(known: Sequence[Scored]) -> Table:
    table = Table("at most", title="How many WITNESS are reached where at most so many others are")
    for others in (("OTHER",), ("OTHER", "OWN")):
        name = " and ".join(others)
        table.add_column(f"{name} from")
        table.add_column(f"{name} reached")
        table.add_column("WITNESS reached")
    for most in _MOST:
        cells = [f"{most:.0%}"]
        for others in (("OTHER",), ("OTHER", "OWN")):
            found = spot(_chances(known, WITNESS), _chances(known, *others), most)
            cells += [f"{found.threshold:.4f}", str(found.others), str(found.chosen)]
        table.add_row(*cells)
    return table


def _calibration(known: Sequence[Scored]) -> Table:
    table = Table("chance of WITNESS", "messages", "mean chance", "are WITNESS", title="Calibration")
    for one in reliability(known):
        table.add_row(f"{one.low:.1f} to {one.high:.1f}", str(one.messages), _said(one.expected), str(one.true))
    return table


def _labels(scored: Sequence[Scored]) -> Table:
    table = Table("label", "messages", *VERDICTS, title="By label")
    for label, ones in by(scored, lambda one: one.label):
        table.add_row(Text(label), str(len(ones)), *(str(share_of(ones, verdict)) for verdict in VERDICTS.values()))
    return table


def _conditions(ones: Sequence[Scored]) -> Table:
    table = Table("condition", title="Conditions")
    parts = {"all": ones, "exam": [one for one in ones if "exam" in one.note.split(";")]}
    for name in parts:
        for column in ("hold", "precision", "recall"):
            table.add_column(f"{column}, {name}")
    for condition in Condition:
        cells = []
        for part in parts.values():
            known = known_for(part, condition)
            hits = known.count((True, True))
            hold, noticed = sum(true for true, _ in known), sum(said for _, said in known)
            cells += [str(hold), str(share(hits, noticed)), str(share(hits, hold))]
        table.add_row(f"{condition.name}".lower(), *cells)
    return table


def _groups(name: str, known: Sequence[Scored], key: Callable[[Scored], str]) -> Table:
    table = Table(name, title=f"By {name}")
    for label in (WITNESS, "OTHER"):
        for column in (label, "asked", "offered"):
            table.add_column(column)
    table.add_column("ROC-AUC against all")
    for group, ones in by(known, key):
        cells = [Text(group or "-")]
        for label in (WITNESS, "OTHER"):
            labelled = _of(ones, label)
            cells.append(Text(str(len(labelled))))
            cells += [Text(str(share_of(labelled, VERDICTS[verdict]))) for verdict in ("asked", "offered")]
        table.add_row(*cells, str(auc(_chances(ones, WITNESS), _chances(ones, *RIVALS))))
    return table


def _texts(title: str, ones: Sequence[Scored]) -> Table:
    table = Table("chance", "label", "text", title=title)
    for one in ones:
        table.add_row(f"{one.chance:.3f}", one.label, Text(printable(one.text)))
    return table


def _said(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
