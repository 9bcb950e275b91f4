"""What admins may see of a room's last week: two totals, or that they are too few to show.

Rules that hold here: a total is shown only where at least ten people stand behind it, and only of a whole week that is
over, so that no two looks at it tell anything of one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.core.lines import Line
from bot.core.model import Reply

FEWEST: Final = 10
"""People behind a total that is shown. Source: evidence, copy rules, section 7."""


@dataclass(frozen=True, slots=True)
class Week:
    """The last whole week of a room. None is too few to show. `is_whole`: it was counted from its beginning on."""

    offers: int | None = None  # of a walk in private
    joins: int | None = None  # of a circle: each person once in each
    is_whole: bool = False


def told(week: Week) -> tuple[Reply, ...]:
    """The week in words."""
    keys, slots = [Line.PULSE], {}
    for name, number, shown, few in (
        ("offers", week.offers, Line.PULSE_OFFERS, Line.PULSE_OFFERS_FEW),
        ("joins", week.joins, Line.PULSE_JOINS, Line.PULSE_JOINS_FEW),
    ):
        keys.append(few if number is None else shown)
        if number is not None:
            slots[name] = str(number)
    return (Reply((*keys, *(() if week.is_whole else (Line.PULSE_PART,))), slots=slots),)
