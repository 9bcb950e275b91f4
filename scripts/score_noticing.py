"""Print how well the rules of prompts/ read labelled messages: python -m scripts.score_noticing FILE...

Each FILE holds one JSON object a line with `text` and `label`, and, where known, `source` and `note`. Labels are those
of the project's messages: WITNESS, OWN, COMPASSION, OTHER; CRISIS_OWN (note T1, T2 or T3), CRISIS_OTHER, ABUSE, THREAT,
MEDICAL, PSYCHOSIS, EATING, MINOR and PAST. Nothing is fitted here, and no text is printed.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.core.model import About, Danger, Notice, Source, Tier
from bot.core.noticing import NoticingRules, Reader
from bot.core.safety import Guard, SafetyRules
from bot.prompts import FOLDER, read

HARMLESS = ("WITNESS", "OWN", "COMPASSION", "OTHER", "PAST")
RIVALS = ("OTHER", "OWN", "COMPASSION")


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled message and what the rules said of it. `took` is in nanoseconds, for both readers together."""

    label: str
    source: str
    note: str
    notice: Notice
    danger: Danger
    took: int


def main(paths: Sequence[str]) -> int:
    """Score the messages of the files and print the tables."""
    console = Console()
    if not paths:
        console.print(__doc__)
        return 2
    reader = Reader(read(FOLDER / "en" / "noticing.yaml", NoticingRules))
    guard = Guard(read(FOLDER / "en" / "safety.yaml", SafetyRules))
    rows = [json.loads(line) for path in paths for line in Path(path).read_text(encoding="utf-8").splitlines()]
    scored = [_scored(row, reader, guard) for row in track(rows, "Reading", console=Console(stderr=True))]
    for table in (_noticing(scored), _asked(scored), _dangers(scored)):
        console.print(table)
    console.print(f"{len(scored)} messages; {median(one.took for one in scored) / 1000:.1f} us each (median, both).")
    return 0


def auc(chosen: Sequence[float], others: Sequence[float]) -> float:
    """Return the chance that one of `chosen` stands above one of `others`, a tie being half (area under the ROC)."""
    ranks, below = 0.0, 0
    marked = sorted([(value, 1) for value in chosen] + [(value, 0) for value in others])
    for _, ties in groupby(marked, key=lambda pair: pair[0]):
        hits = [hit for _, hit in ties]
        ranks += sum(hits) * (below + (len(hits) + 1) / 2)
        below += len(hits)
    return (ranks - len(chosen) * (len(chosen) + 1) / 2) / (len(chosen) * len(others))


def _scored(row: dict[str, str | None], reader: Reader, guard: Guard) -> Scored:
    text = row["text"] or ""
    start = perf_counter_ns()
    danger, notice = guard.read(text), reader.notice(text)
    took = perf_counter_ns() - start
    return Scored(row["label"] or "", row.get("source") or "", row.get("note") or "", notice, danger, took)


def _noticing(scored: Sequence[Scored]) -> Table:
    table = Table("measure", "of WITNESS", title="Noticing")
    known = [one for one in scored if one.label in HARMLESS]
    true = [one for one in known if one.label == "WITNESS"]
    for name, said in (
        ("most likely WITNESS", [one for one in known if one.notice.about is About.WITNESS]),
        ("asked", [one for one in known if one.notice.ask]),
        ("offered", [one for one in known if one.notice.offer]),
    ):
        hits = sum(one.label == "WITNESS" for one in said)
        precision, recall = _share(hits, len(said)), _share(hits, len(true))
        f1 = _share(2 * hits, len(said) + len(true))
        table.add_row(name, f"precision {precision}, recall {recall}, F1 {f1}")
    for names in ((*RIVALS,), *((rival,) for rival in RIVALS)):
        others = [one.notice.probability for one in known if one.label in names]
        if true and others:
            area = auc([one.notice.probability for one in true], others)
            table.add_row(f"ROC-AUC against {', '.join(names)}", f"{area:.3f}")
    placed = [one for one in true if one.notice.ask and one.source in {*Source}]
    table.add_row("source, of those asked", _share(sum(one.notice.source == one.source for one in placed), len(placed)))
    return table


def _asked(scored: Sequence[Scored]) -> Table:
    table = Table("label", "messages", "asked", "offered", title="Who is asked in private, and offered in a group")
    for label, ones in _by(scored, lambda one: one.label):
        asked, offered = sum(one.notice.ask for one in ones), sum(one.notice.offer for one in ones)
        table.add_row(label, str(len(ones)), _share(asked, len(ones)), _share(offered, len(ones)))
    return table


def _dangers(scored: Sequence[Scored]) -> Table:
    table = Table("label", "messages", "any", "seen as under 16", "tiers", title="Danger")
    for label, ones in _by(scored, lambda one: f"{one.label} {one.note.split(';')[0]}" if _tiered(one) else one.label):
        tiers = Counter(one.danger.tier for one in ones if one.danger.tier is not Tier.NONE)
        said = ", ".join(f"{tier} {_share(count, len(ones))}" for tier, count in tiers.most_common())
        minors = sum(one.danger.minor for one in ones)
        table.add_row(label, str(len(ones)), _share(tiers.total(), len(ones)), _share(minors, len(ones)), said)
    return table


def _tiered(one: Scored) -> bool:
    return one.label.startswith("CRISIS")


def _by(scored: Iterable[Scored], key: Callable[[Scored], str]) -> list[tuple[str, list[Scored]]]:
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        groups[key(one)].append(one)
    return sorted(groups.items())


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
