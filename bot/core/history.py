"""The walks that are kept, one by one, and the deletion of one.

Rules that hold here: nothing is deleted by its place in a list alone, nor at one tap; where it is not known any more
which walk is meant, they are shown again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from bot.core.consent import REMEMBER, pressed, say
from bot.core.copies import replace
from bot.core.facts import Erased
from bot.core.gap import DAY
from bot.core.kept import Outcome, Purpose
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Held, Incoming, Reply
from bot.core.state import Change, Source
from bot.core.steps import Rows

_PAGE: Final = 5
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_CHECK_BITS: Final = 5
_CHECKED: Final = (1 << _CHECK_BITS) - 1
DELETE_LABELS: Final = tuple(Label(f"delete.{number}") for number in range(1, _PAGE + 1))
_ENDED: Final[Mapping[Change, Label]] = {
    Change.LESS: Label.ENDED_LESS,
    Change.SAME: Label.ENDED_SAME,
    Change.MORE: Label.ENDED_MORE,
}


def _no_history(incoming: Incoming, held: Held) -> Decision | None:
    """What is said where there are no walks to show."""
    if held.state.minor:
        return say(held, Line.CONSENT_UNDER_16)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    if Purpose.REMEMBER not in held.consents | held.lapsed:
        return say(held, Line.PROGRESS_OFF, buttons=((REMEMBER,),))
    return None if incoming.kept.outcomes else say(held, Line.PROGRESS_NONE)


def _newest_first(incoming: Incoming) -> tuple[Outcome, ...]:
    return () if incoming.kept is None else incoming.kept.outcomes[::-1]


def history(incoming: Incoming, held: Held) -> Decision:
    """The walks that are kept, newest first, a page of them."""
    return _history(pressed(incoming) or 0, incoming, held)


def older(incoming: Incoming, held: Held) -> Decision:
    """Typed: the page after the one that was shown last."""
    numbers = [one.walk for one in _newest_first(incoming)]
    shown = held.listed and held.listed[-1] in numbers
    return _history(numbers.index(held.listed[-1]) // _PAGE + 1 if shown else 0, incoming, held)


def _history(page: int, incoming: Incoming, held: Held) -> Decision:
    if (none := _no_history(incoming, held)) is not None:
        return none
    walks = _newest_first(incoming)
    page = page if page * _PAGE < len(walks) else 0
    start = page * _PAGE
    shown = walks[start : start + _PAGE]
    rows: Rows = tuple(
        (Button(DELETE_LABELS[place], Action.ERASE, place << _CHECK_BITS | one.walk & _CHECKED),)
        for place, one in enumerate(shown)
    )
    if start + _PAGE < len(walks):
        rows = (*rows, (Button(Label.OLDER, Action.HISTORY, page + 1),))
    told = [part for place, one in enumerate(shown) for part in ("\n" * bool(place), f"{place + 1}. ", *_told(one))]
    now = replace(held, listed=tuple(one.walk for one in shown))
    return Decision(now, (Reply((Line.HISTORY_PAGE,), rows, {"walks": tuple(told)}),))


def _day(at: int) -> tuple[Label | str, ...]:
    day = dt.date.fromordinal(_EPOCH + at // DAY)
    return (f"{day.day} ", Label(f"month.{day.month}"))


def _told(one: Outcome) -> tuple[Label | str, ...]:
    """A walk in at most eight words: its day, one word for it, the upset before and after, care at its end."""
    parts: list[tuple[Label | str, ...]] = []
    if one.source is not Source.NONE:
        parts.append((Label(f"met.{one.source}"),))
    elif one.conditions:
        parts.append((Label(f"told.{str(next(iter(one.conditions)).name).lower()}"),))
    if one.upset_before is not None and one.upset_after is not None:
        parts.append((f"{one.upset_before} ", Label.TO, f" {one.upset_after}"))
    if one.change is not Change.UNSAID:
        parts.append((_ENDED[one.change],))
    rest = [piece for place, part in enumerate(parts) for piece in (", " if place else ": ", *part)]
    return (*_day(one.ended_at), *rest)


def erase(incoming: Incoming, held: Held) -> Decision:
    """Delete one walk? Where it is not known any more which one is meant, they are shown again."""
    value = pressed(incoming)
    if value is None:
        return history(incoming, held)
    place, check = value >> _CHECK_BITS, value & _CHECKED
    fits = place < len(held.listed) and held.listed[place] & _CHECKED == check
    return erase_at(place if fits else _PAGE, incoming, held)


def erase_at(place: int, incoming: Incoming, held: Held) -> Decision:
    """The same for a place in the list that was shown last."""
    walk = held.listed[place] if place < len(held.listed) else 0
    one = next((one for one in _newest_first(incoming) if one.walk == walk), None)
    if one is None:
        return _history(0, incoming, held)
    rows = ((Button(Label.DELETE_WALK, Action.ERASE_YES, walk & 0xFF), Button(Label.FORGET_NO, Action.FORGET_NO)),)
    return Decision(replace(held, erasing=walk), (Reply((Line.HISTORY_ASK,), rows, {"day": _day(one.ended_at)}),))


def erased(incoming: Incoming, held: Held) -> Decision:
    """Yes, this walk: the one that was asked about last, and no other."""
    walk, value = held.erasing, pressed(incoming)
    one = next((one for one in _newest_first(incoming) if one.walk == walk), None)
    if one is None or value not in {None, walk & 0xFF}:
        return _history(0, incoming, held)
    reply = Reply((Line.HISTORY_DONE,), slots={"day": _day(one.ended_at)})
    return Decision(replace(held, erasing=0), (reply,), (Erased(walk),))
