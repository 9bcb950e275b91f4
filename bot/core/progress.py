"""What is told and shown of walks: the picture of one, and over days what *remember* keeps of them.

Rules that hold here: a picture comes on request alone, and its words say all that it shows; no walk is counted
against anyone; without consent nothing is kept, so there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.core.cards import stands
from bot.core.consent import REMEMBER, offers
from bot.core.copies import replace
from bot.core.gap import (
    WEEK,
    AfterDays,
    Moment,
    OneWalk,
    OverDays,
    Span,
    after_figure,
    days_figure,
    is_tender,
    span_of,
    walk_figure,
)
from bot.core.kept import Outcome, Purpose
from bot.core.lines import Filling, Label, Line
from bot.core.model import Action, Button, Decision, Held, Incoming, Kind, Opened, Reply
from bot.core.state import Change

SHOW_WALKS: Final = Button(Label.SHOW_WALKS, Action.SHOW_WALKS)


def recalled(held: Held, outcomes: Sequence[Outcome]) -> Held:
    """The same with what kept walks, oldest first, say about the next one: which it follows, and when a full one was.

    A short walk asks for neither number, so that a finished one with an answer at its end was a full one.
    """
    full = (one for one in outcomes if one.finished and (one.upset_after is not None or one.change))
    walked_at = max((one.ended_at for one in full), default=0)
    return replace(held, walked=outcomes[-1].walk if outcomes else 0, walked_at=max(held.walked_at, walked_at))


SHOW_AFTER: Final = Button(Label.SHOW_AFTER, Action.SHOW_AFTER)


def progress(incoming: Incoming, held: Held) -> Decision:
    """The weeks in words, the ways to pictures of walks and of the days after, and how many practices were done."""
    decision = _practices(incoming, _weeks(incoming, held))
    if _figure_after(incoming, held) is None:
        return decision
    *before, last = decision.replies
    return replace(decision, replies=(*before, replace(last, buttons=(*last.buttons, (SHOW_AFTER,)))))


def _practices(incoming: Incoming, decision: Decision) -> Decision:
    """The same, before it how many practices were done, where any are kept."""
    held, kept = decision.held, None if incoming.kept is None else incoming.kept.nudging
    if held.state.minor or Purpose.NUDGES not in held.consents | held.lapsed or kept is None or not kept.did:
        return decision
    done = Reply((Line.PROGRESS_NUDGES,), slots={"count": str(kept.did)})
    return replace(decision, replies=(done, *decision.replies))


def _weeks(incoming: Incoming, held: Held) -> Decision:
    if held.state.minor:
        return Decision(held, (Reply((Line.CONSENT_UNDER_16,)),))
    if incoming.kept is None:
        return Decision(held, (Reply((Line.STORE_FAILED,)),))
    if Purpose.REMEMBER not in held.consents | held.lapsed:
        return Decision(held, (Reply((Line.PROGRESS_OFF,), ((REMEMBER,),)),))
    if not incoming.kept.outcomes:
        return Decision(held, (Reply((Line.PROGRESS_NONE,)),))
    recent = [one for one in incoming.kept.outcomes if incoming.at - one.ended_at < WEEK]
    earlier = [one for one in incoming.kept.outcomes if incoming.at - one.ended_at >= WEEK]
    weeks = ((Line.PROGRESS_EARLIER, earlier), (Line.PROGRESS_WEEK, recent))
    replies = [_told(line, span_of(outcomes)) for line, outcomes in weeks if outcomes]
    rows = () if _figure(incoming, held) is None else ((SHOW_WALKS,),)
    last = replace(replies[-1], keys=(*replies[-1].keys, Line.PROGRESS_ABOUT), buttons=rows)
    return Decision(held, (*replies[:-1], last))


def show(incoming: Incoming, held: Held) -> Decision:
    """The picture of one walk: of the one that the button was shown after, or the one that has just ended.

    Typed with no walk to show, it asks for the walks that are kept.
    """
    match incoming.pressed:
        case Opened(state=state) if incoming.kind is Kind.PRESS:
            figure = None if _is_no_time(held) else walk_figure(state)
        case _:
            figure = None if _is_no_time(held) else walk_figure(held.state)
            if figure is None:
                return show_walks(incoming, held)
    if figure is None:
        return Decision(held, (Reply((Line.SHOWN_NONE,)),))
    return Decision(held, (replace(_shown(figure), buttons=offers(held)),))  # since it takes those before away


def show_walks(incoming: Incoming, held: Held) -> Decision:
    """The picture over days; in words alone where none may be shown."""
    figure = _figure(incoming, held)
    return progress(incoming, held) if figure is None else Decision(held, (_shown_over_days(figure),))


def show_after(incoming: Incoming, held: Held) -> Decision:
    """The picture of the days after walks; in words alone where none may be shown."""
    figure = _figure_after(incoming, held)
    return progress(incoming, held) if figure is None else Decision(held, _shown_after(figure))


def _is_no_time(held: Held) -> bool:
    """Whether what is going on now rules every picture out."""
    return stands(held) or is_tender(held.state)


def _figure(incoming: Incoming, held: Held) -> OverDays | None:
    if Purpose.REMEMBER not in held.consents | held.lapsed or incoming.kept is None or _is_no_time(held):
        return None
    return days_figure(incoming.kept.outcomes, incoming.at)


def _figure_after(incoming: Incoming, held: Held) -> AfterDays | None:
    if Purpose.FOLLOW_UPS not in held.consents | held.lapsed or incoming.kept is None or _is_no_time(held):
        return None
    return after_figure(incoming.kept.follow_ups, incoming.kept.outcomes, incoming.at)


# --- In words ---------------------------------------------------------------------------------------------------


def _told(line: Line, span: Span) -> Reply:
    lines = [line]
    slots: dict[str, Filling] = {"count": str(span.walks)}
    if span.before is not None:
        lines.append(Line.PROGRESS_UPSET)
        slots |= {"before": str(span.before), "after": str(span.after)}
    if span.less or span.same or span.more:
        lines.append(Line.PROGRESS_CARE)
        slots |= {"less": str(span.less), "same": str(span.same), "more": str(span.more)}
    return Reply(tuple(lines), slots=slots)


def _shown(figure: OneWalk) -> Reply:
    care = Line.SHOWN_CARE_UNSAID if figure.change is Change.UNSAID else Line.SHOWN_CARE
    slots = {"before": str(figure.before), "after": str(figure.after), "care": _changed(figure.change)}
    return Reply((Line.SHOWN_WALK, care), slots=slots, attached=figure)


def _shown_over_days(figure: OverDays) -> Reply:
    walks = figure.walks
    upsets = [walk.upset for walk in walks if walk.upset is not None]
    lines = [Line.SHOWN_WALKS]
    slots: dict[str, Filling] = {"count": str(len(walks))}
    if upsets:
        lines.append(Line.SHOWN_UPSETS)
        slots |= {
            "first_upset": _upset(walks[0].upset),
            "latest_upset": _upset(walks[-1].upset),
            "lowest": str(min(upsets)),
            "highest": str(max(upsets)),
        }
    if any(walk.change for walk in walks):
        lines.append(Line.SHOWN_CARES)
        slots |= {"first_care": _changed(walks[0].change), "latest_care": _changed(walks[-1].change)}
    if any(walk.upset is None or not walk.change for walk in walks):
        lines.append(Line.SHOWN_BREAKS)
    return Reply(tuple(lines), slots=slots, attached=figure)


def _shown_after(figure: AfterDays) -> tuple[Reply, ...]:
    """With the picture the upset; then care, which has no room beside it."""
    moments = figure.moments
    lines, more = [Line.SHOWN_AFTER], []
    slots: dict[str, Filling] = {"count": str(figure.walks)}
    if any(one.upset is not None for one in moments):
        lines.append(Line.SHOWN_AFTER_UPSETS)
        slots["upsets"] = _by_times(moments, [(_upset(one.upset),) for one in moments])
    if any(one.care is not None for one in moments):
        more.append(Line.SHOWN_AFTER_CARES)
    if any(one.upset is None or one.care is None for one in moments):
        more.append(Line.SHOWN_BREAKS)
    since = [one for one in moments if one.days is not None]
    cares = _by_times(since, [_steps(one.care) for one in since])
    first = Reply(tuple(lines), slots=slots, attached=figure)
    return (first, Reply(tuple(more), slots={"cares": cares})) if more else (first,)


def _by_times(moments: Sequence[Moment], values: Sequence[tuple[Label | str, ...]]) -> tuple[Label | str, ...]:
    told = (
        (", " * bool(place), _when(one), " ", *value)
        for place, (one, value) in enumerate(zip(moments, values, strict=True))
    )
    return tuple(part for each in told for part in each if part)


def _when(one: Moment) -> Label:
    if one.days is None:
        return Label.WHEN_BEFORE
    return Label(f"figure.days.{one.days}") if one.days else Label.WHEN_AFTER


def _steps(care: int | None) -> tuple[Label | str, ...]:
    if not care:
        return (Label.CHANGED_UNSAID if care is None else Label.CHANGED_SAME,)
    return (f"{abs(care)} ", Label.CHANGED_MORE if care > 0 else Label.CHANGED_LESS)


def _upset(rating: int | None) -> Label | str:
    return Label.CHANGED_UNSAID if rating is None else str(rating)


_CHANGED: Final[Mapping[Change, Label]] = {change: Label(f"changed.{change.name.lower()}") for change in Change}


def _changed(change: Change) -> Label:
    return _CHANGED[change]
