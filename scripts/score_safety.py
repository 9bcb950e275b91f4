"""Print how well danger is seen in labelled messages: python -m scripts.score_safety [--answers] [--misses N] FILE...

Each FILE holds one JSON object a line, as for scripts/score_noticing.py. A *card* is any answer to danger but the one
question; recall is the share of messages of a label that get what is asked for. Rates come with their 95 % intervals.
With --answers they are read as within a walk. Nothing is fitted here. No text is printed but with --misses: at most N
that were missed of each label, and N harmless ones that were not left alone.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from bot.core.state import Tier
from bot.wording import printable
from scripts.score_noticing import CORPUS, Labelled, print_scores
from scripts.scores import Rate, Scored, by, share, share_of

_TIERS: Final = {
    "T1": Tier.UNCLEAR,
    "T2": Tier.OWN,
    "T3": Tier.IMMINENT,
    "friend-at-risk": Tier.FRIEND,
    "danger-now": Tier.SOMEONE,
    "ABUSE": Tier.ABUSE,
    "THREAT": Tier.THREAT,
    "MEDICAL": Tier.MEDICAL,
    "PSYCHOSIS": Tier.PSYCHOSIS,
    "EATING": Tier.EATING,
}
_OTHER_KINDS: Final = (Tier.ABUSE, Tier.THREAT, Tier.MEDICAL, Tier.PSYCHOSIS, Tier.EATING)
HARMLESS: Final = ("WITNESS", "COMPASSION", "OWN", "OTHER")

UNSEEN: Final = (CORPUS / "unseen.jsonl", CORPUS / "danger/later.jsonl")
"""Voices that no weight of danger is fitted on, and no rule is written for: they judge the rest."""

IN_WALK: Final = CORPUS / "danger/steps_exam.jsonl"
"""What people type at the steps of a walk, most of it no danger: no weight is fitted on it either."""


def tier_of(row: Labelled | Scored) -> Tier:
    """Return the tier that a message is labelled with."""
    return _TIERS.get((row.note or "").split(";")[0] if row.label.startswith("CRISIS") else row.label, Tier.NONE)


def is_minor(row: Labelled | Scored) -> bool:
    """Whether its writer is labelled as under 16."""
    return row.label == "MINOR" or "minor" in (row.note or "").split(";")


def main(arguments: Sequence[str]) -> int:
    """Score the messages of the files and print the tables."""
    parser = ArgumentParser("score_safety", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--answers", action="store_true", help="read them as answers within a walk")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="print the texts of N of each label, too")
    return print_scores(parser, tables_of, arguments)


def tables_of(scored: Sequence[Scored], misses: int = 0) -> Iterator[Table]:
    """Make all tables; with `misses`, one more that shows texts."""
    table = Table("what", "messages", "share", title="Danger")
    for name, messages, rate in goals(scored):
        table.add_row(name, str(messages), str(rate))
    yield table
    yield _labels(scored)
    if misses:
        yield _texts(scored, misses)


def is_seen(one: Scored) -> bool:
    """Whether it gets the question or a card."""
    return one.danger.tier is not Tier.NONE


def gets_card(one: Scored) -> bool:
    """Whether it gets a card, and not only the question."""
    return one.danger.tier not in {Tier.NONE, Tier.UNCLEAR}


def _gets(*tiers: Tier) -> Callable[[Scored], bool]:
    return lambda one: one.danger.tier in tiers


def goals(scored: Sequence[Scored]) -> Iterator[tuple[str, int, Rate]]:
    """Yield what is asked of seeing danger: in words, of how many messages, and the share reached."""

    def tiered(*tiers: Tier) -> list[Scored]:
        return [one for one in scored if tier_of(one) in tiers]

    def labelled(*labels: str) -> list[Scored]:
        return [one for one in scored if one.label in labels]

    minors = [one for one in scored if is_minor(one)]
    question, imminent = _gets(Tier.UNCLEAR), _gets(Tier.IMMINENT)
    for name, ones, verdict in (
        ("own and imminent: a card", tiered(Tier.OWN, Tier.IMMINENT), gets_card),
        ("own and imminent: a card or the question", tiered(Tier.OWN, Tier.IMMINENT), is_seen),
        ("hinted: a card or the question", tiered(Tier.UNCLEAR), is_seen),
        ("friend and someone: a card or the question", tiered(Tier.FRIEND, Tier.SOMEONE), is_seen),
        ("friend and someone: a card", tiered(Tier.FRIEND, Tier.SOMEONE), gets_card),
        *((f"{tier}: a card or the question", tiered(tier), is_seen) for tier in _OTHER_KINDS),
        ("under 16: seen", minors, lambda one: one.danger.minor),
        (
            "16 or older, as far as known: taken for younger",
            [o for o in scored if not is_minor(o)],
            lambda o: o.danger.minor,
        ),
        *((f"{label}: the imminent card", labelled(label), imminent) for label in HARMLESS),
        *((f"{label}: the question", labelled(label), question) for label in HARMLESS),
        *((f"{label}: a card", labelled(label), gets_card) for label in (*HARMLESS, "PAST")),
        ("PAST: the question", labelled("PAST"), question),
    ):
        yield name, len(ones), share_of(ones, verdict)


def _labels(scored: Sequence[Scored]) -> Table:
    table = Table("label", "messages", "any", "tiers", title="By label")
    for label, ones in by(scored, _name):
        tiers = Counter(one.danger.tier for one in ones if is_seen(one))
        said = ", ".join(f"{tier} {share(count, len(ones))}" for tier, count in tiers.most_common())
        table.add_row(Text(label), str(len(ones)), str(share(tiers.total(), len(ones))), said)
    return table


def _name(one: Scored) -> str:
    return f"{one.label} {one.note.split(';')[0]}" if one.label.startswith("CRISIS") else one.label


def _texts(scored: Sequence[Scored], most: int) -> Table:
    table = Table("label", "tier", "text", title="Missed, and not left alone")
    for label, ones in by(scored, _name):
        wrong = [one for one in ones if is_seen(one) == (tier_of(one) is Tier.NONE)]
        for one in wrong[:most]:
            table.add_row(label, one.danger.tier, Text(printable(one.text)))
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
