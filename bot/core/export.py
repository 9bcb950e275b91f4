"""All that is kept of one person, as two files to take away: JSON, and the same facts as CSV.

Rules that hold here: nothing that is kept is left out; both files say the same, in names and words that can be read
without this program; times are UTC, and what was skipped or not chosen stays empty; a spreadsheet that opens the CSV
runs nothing that is in it.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Final

from bot.core.kept import PLAN_DAYS, Consent, Due, FollowUp, Kept, Nudging, Outcome, Plan, Point, Purpose, Rest
from bot.core.model import Document
from bot.core.state import Change, Condition, Source

_Value = str | int | None
_Record = Mapping[str, _Value | tuple[str, ...]]
_Sections = Mapping[str, _Record | Sequence[_Record]]

_HEAD: Final = ("what", "number", "field", "value")
"""Of the CSV: a list's name, the place in it (from 1; empty where it is no list), and one fact a row."""

_BEGINS_FORMULA: Final = tuple("=+-@＝＋－＠")
_BEGINS_CELL: Final = ("'", "\t", "\r", "\n")
"""What a spreadsheet may take for its own at the very beginning. Source: OWASP, "CSV Injection"."""

_PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.REMEMBER: "remember walks",
    Purpose.COUNTRY: "remember the country",
    Purpose.PLANS: "plans and a reminder of them",
    Purpose.NUDGES: "nudges",
    Purpose.FOLLOW_UPS: "follow-ups",
    Purpose.GROUP: "noticing in one group",
    Purpose.ALONE: "never write first",
    Purpose.APART: "never write because of one group",
}

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_CONDITIONS: Final[Mapping[Condition, str]] = {
    Condition.OVERWHELM: "overwhelm",
    Condition.WAS_THERE: "was there",
    Condition.OWN_LOSS: "own loss",
    Condition.GUILT: "guilt",
    Condition.NUMB: "numb",
    Condition.OUTRAGE: "outrage",
    Condition.HELPLESS: "helpless",
    Condition.AT_WORK: "at work",
    Condition.OWN_PEOPLE: "own people in the news",
    Condition.DIED: "someone died",
    Condition.HEARD: "a sound comes back",
}


def export(kept: Kept, at: int) -> tuple[Document, Document]:
    """Give the JSON and the CSV, made `at` (seconds since 1970, UTC)."""
    sections = _sections(kept, at)
    name = f"compassion-bot-{_time(at):%Y-%m-%d}"
    page = json.dumps(sections, indent=2, ensure_ascii=False) + "\n"
    return Document(f"{name}.json", _encoded(page)), Document(f"{name}.csv", _encoded(_table(sections)))


def _sections(kept: Kept, at: int) -> _Sections:
    return {
        "export": {"made_at": _iso(at)},
        "settings": {
            "country": kept.country or None,
            "walks_kept_for_days": kept.days,
            "telegram_id": kept.person or None,
            "last_wrote_on": _day(kept.seen_on) if kept.seen_on else None,
            "told_of_deletion_on": _day(kept.told_on) if kept.told_on else None,
        },
        "consents": [_consent(consent) for consent in kept.consents],
        "walks": [_walk(outcome, kept.days) for outcome in kept.outcomes],
        "plans": [_plan(plan) for plan in kept.plans],
        "nudges": [] if kept.nudging is None else [_nudging(kept.nudging)],
        "follow_ups": [_follow_up(one, kept.days) for one in kept.follow_ups],
        "follow_up_answers": [
            _point(number, point) for number, one in enumerate(kept.follow_ups, start=1) for point in one.points
        ],
        "to_be_sent": [_due(due) for due in kept.dues],
    }


def _consent(consent: Consent) -> _Record:
    return {
        "purpose": _PURPOSES[consent.purpose],
        "group": consent.group or None,
        "given_at": _iso(consent.given_at),
        "version_of_its_words": consent.version,
        "last_offer_at": _iso(consent.offered_at) if consent.offered_at else None,
    }


def _walk(outcome: Outcome, days: int) -> _Record:
    return {
        "id": outcome.walk,
        "ended_at": _iso(outcome.ended_at),
        "finished": outcome.finished,
        "source": None if outcome.source is Source.NONE else outcome.source.replace("_", " "),
        "conditions": tuple(_CONDITIONS[condition] for condition in outcome.conditions),
        "upset_before": outcome.upset_before,
        "upset_after": outcome.upset_after,
        "care": _care(outcome.change),
        "kept_until": _later(outcome.ended_at, days),
    }


def _plan(plan: Plan) -> _Record:
    return {
        "id": plan.number,
        "made_at": _iso(plan.made_at),
        "text": plan.text,
        "kept_until": _later(plan.made_at, PLAN_DAYS),
    }


def _nudging(nudging: Nudging) -> _Record:
    schedule = nudging.schedule
    return {
        "time": _clock(schedule.minute),
        "days": tuple(_WEEKDAYS[day] for day in sorted(schedule.days)),
        "time_zone": schedule.zone or None,
        "quiet_from": _clock(schedule.quiet_from),
        "quiet_until": _clock(schedule.quiet_until),
        "course": nudging.course.replace("_", " "),
        "order_of_practices": nudging.seed,
        "theme": nudging.theme,
        "sent_of_this_theme": nudging.in_theme,
        "practices_sent": tuple(sorted(nudging.seen)),
        "last_sent_on": dt.date.fromordinal(nudging.told_on).isoformat() if nudging.told_on else None,
        "last_is_unanswered": nudging.awaiting,
        "asked_whether_to_go_on": nudging.asked,
        "unanswered_in_a_row": nudging.ignored,
        "paused_until": _iso(nudging.paused_until) if nudging.paused_until else None,
        "rests_because": None if nudging.rest is Rest.NONE else nudging.rest.value,
        "did_it": nudging.did,
        "not_today": nudging.not_today,
        "next_at": _iso(nudging.due_at) if nudging.due_at else None,
    }


def _follow_up(one: FollowUp, days: int) -> _Record:
    return {
        "walk": one.walk,
        "ended_at": _iso(one.ended_at),
        "was_there": one.was_there,
        "upset_before": one.upset_before,
        "upset_after": one.upset_after,
        "care": _care(one.change),
        "unanswered_in_a_row": one.unanswered,
        "last_sent_at": _iso(one.sent_at) if one.sent_at else None,
        "next_at": _iso(one.due_at) if one.due_at else None,
        "kept_until": _later(one.ended_at, days),
    }


def _point(number: int, point: Point) -> _Record:
    return {"follow_up": number, "days": point.days, "upset": point.upset, "care": _care(point.change)}


def _care(change: Change) -> str | None:
    return None if change is Change.UNSAID else change.name.lower()


def _due(due: Due) -> _Record:
    return {"purpose": _PURPOSES[due.purpose], "at": _iso(due.at)}


# --- Times ------------------------------------------------------------------------------------------------------


def _time(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _iso(at: int) -> str:
    return f"{_time(at):%Y-%m-%dT%H:%M:%SZ}"


def _clock(minute: int) -> str:
    """The minute of a day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _day(number: int) -> str:
    """The day by its number since 1970."""
    return (dt.date(1970, 1, 1) + dt.timedelta(number)).isoformat()


def _later(at: int, days: int) -> str:
    return (_time(at).date() + dt.timedelta(days)).isoformat()


# --- As a table -------------------------------------------------------------------------------------------------


def _table(sections: _Sections) -> str:
    page = StringIO(newline="")
    writer = csv.writer(page)  # as RFC 4180 has it
    writer.writerow(_HEAD)
    for what, section in sections.items():
        if isinstance(section, Mapping):
            writer.writerows(_rows(what, "", section))
        else:
            for number, record in enumerate(section, start=1):
                writer.writerows(_rows(what, str(number), record))
    return "\ufeff" + page.getvalue()  # without this mark some spreadsheets take UTF-8 for an older code


def _rows(what: str, number: str, record: _Record) -> Iterator[tuple[str, str, str, str]]:
    for field, value in record.items():
        several = value if isinstance(value, tuple) else (value,)
        yield from ((what, number, field, _cell(one)) for one in several)


def _cell(value: _Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
    text = str(value)
    runs = text.startswith(_BEGINS_CELL) or text.lstrip().startswith(_BEGINS_FORMULA)
    return f"'{text}" if runs else text


def _encoded(text: str) -> bytes:
    # Half a sign, which some phones send, has no bytes of its own in UTF-8.
    return text.encode("utf-8", "backslashreplace")
