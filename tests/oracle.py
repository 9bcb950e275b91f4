"""What the clock must have sent to someone, worked out from their plan and from what went wrong.

Rules that hold here: no code of the bot is used, and of the zones only their changes as `tests.core.clocks` reads them;
where a day has a change, its clock is looked at minute by minute. The rules, as the issue and the modules have them:

- A slot is the first minute of a chosen local day that is not before the chosen time and not quiet, by the clock as it
  is shown; where there is none, the last that is not quiet. A minute that is shown twice is the first of both.
- What cannot come stays due: a quarter of an hour later for a nudge, an hour later for the rest, where the person was
  there in the last half hour, or Telegram out of reach; as Telegram says, where it wants a longer wait.
- A nudge is left out, and the next slot counts, where it is two hours late, in quiet hours, on a day that had a message
  or has another due, within a day of a walk that is followed up, or in a pause.
- A follow-up that is two hours late, or the day's second message, comes at the same hour of a later day; where no zone
  is known, no sooner than 20 hours after another. A reminder that is two hours late comes a day later. In quiet hours
  both wait.
- What may have arrived counts as sent, and so does what was under way when the bot was killed.
- Two messages without an answer: a question; four: an end, told once. Any answer or change of theirs is one.
- What someone changes holds from then on: the next slot, on a day that had no message. What waits when an older message
  is answered comes all the same. Times, days or a place that are chosen end a rest, but no pause. In another zone a day
  that was owed, and whose slot is over there, is served as soon as it is not quiet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from heapq import heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from tests.core.clocks import changes
from tests.year import DAY, HOUR, MINUTE, QUARTER, Act, Person, Setting, Troubles

EPOCH: Final = date(1970, 1, 1).toordinal()
LATE: Final = 2 * HOUR
REST: Final = 3 * DAY
HERE: Final = 30 * MINUTE
SOON: Final = 30
"""Seconds after which the clock looks again at what someone has changed."""
TRIED: Final = 32
"""Seconds in which a message is tried again and again, while Telegram is out of reach."""
PATIENT: Final = 60
"""Seconds that a message waits because Telegram says so."""
THEMES: Final = {"8 weeks": (1, 2, 3, 4, 5, 6, 7, 8), "4 weeks": (1, 2, 4, 6), "open": (1, 2, 3, 4, 5, 6, 7, 8)}
ASKED_ON: Final = (1, 3, 7)


class Came(NamedTuple):
    """A message that arrived."""

    at: int
    kind: str


# --- Clocks -------------------------------------------------------------------------------------------------------


def offset(zone: str, at: int) -> int:
    """How far its clocks are from UTC then, in seconds."""
    first, several = changes(zone)
    place = bisect_right(several, at, key=lambda change: change.at)
    return several[place - 1].after if place else first


def day_of(zone: str, at: int) -> int:
    """The local day, as a `date.toordinal`."""
    return EPOCH + (at + offset(zone, at)) // DAY


def minute_of(zone: str, at: int) -> int:
    """The minute that the clock shows."""
    return (at + offset(zone, at)) % DAY // MINUTE


def is_quiet(quiet: tuple[int, int], minute: int) -> bool:
    """Whether that minute of the day is quiet."""
    start, end = quiet
    return start <= minute < end if start <= end else not end <= minute < start


@cache
def minutes(zone: str, day: int) -> tuple[tuple[int, int], ...]:
    """Every minute of a local day, as it passes: what the clock shows, and when."""
    midnight = (day - EPOCH) * DAY
    if offset(zone, midnight - DAY) == offset(zone, midnight + 2 * DAY):
        begin = midnight - offset(zone, midnight)
        return tuple((minute, begin + minute * MINUTE) for minute in range(1440))
    walked = range(midnight - DAY, midnight + 2 * DAY, MINUTE)
    return tuple((minute_of(zone, at), at) for at in walked if day_of(zone, at) == day)


@cache
def slot(zone: str, day: int, minute: int, quiet: tuple[int, int]) -> int | None:
    """When a day's message is due."""
    several = minutes(zone, day)
    for shown, at in several:
        if shown >= minute and not is_quiet(quiet, shown):
            return at
    loud = [(shown, at) for shown, at in several if not is_quiet(quiet, shown)]
    latest = max((shown for shown, _ in loud), default=0)
    return next((at for shown, at in loud if shown == latest), None)


def next_slot(setting: Setting, after: int, last_day: int) -> int:
    """The first after a time, on a chosen day after another."""
    first = max(day_of(setting.zone, after), last_day + 1)
    for day in range(first, first + 30):
        if date.fromordinal(day).weekday() in setting.days:
            found = slot(setting.zone, day, setting.minute, setting.quiet)
            if found is not None and found > after:
                return found
    raise AssertionError("Somebody is never due")


# --- Someone ------------------------------------------------------------------------------------------------------


@dataclass
class Nudges:
    """What is known of someone's nudges."""

    setting: Setting
    rest: str = ""  # why none comes
    paused_until: int = 0
    told_on: int = 0
    theme: int = 0
    in_theme: int = 0
    awaiting: bool = False
    asked: bool = False
    ignored: int = 0
    due: int = 0
    look: int = 0  # when it is looked at

    def put(self, due: int) -> None:
        self.due = self.look = due

    def derive(self, at: int) -> None:
        after = max(at, self.paused_until)
        self.put(0 if self.rest else next_slot(self.setting, after, self.told_on))

    def answered(self) -> None:
        self.awaiting, self.asked, self.ignored = False, False, 0

    def told(self, at: int) -> None:
        self.told_on = max(self.told_on, day_of(self.setting.zone, at))
        self.derive(at)

    def place(self) -> None:
        if self.in_theme >= len(self.setting.days):
            self.theme, self.in_theme = self.theme + 1, 0
        if self.setting.course == "open":
            self.theme %= 8

    def message(self) -> str:
        """What comes next."""
        ignored = self.ignored + self.awaiting
        if ignored >= 4:
            return "silent"
        if ignored >= 2 and not self.asked:
            return "keep?"
        self.place()
        themes = THEMES[self.setting.course]
        return f"practice {themes[self.theme]}" if self.theme < len(themes) else "course end"

    def sent(self, at: int) -> None:
        what = self.message()
        self.ignored += self.awaiting
        self.awaiting = True
        if what in {"silent", "course end"}:
            self.answered()
            self.rest = what
        elif what == "keep?":
            self.asked = True
        else:
            self.in_theme += 1
            self.place()
        self.told(at)


@dataclass
class Walk:
    """A walk that is followed up."""

    ended_at: int
    due: int = 0
    look: int = 0
    asked: list[int] = field(default_factory=list)
    unanswered: int = 0
    sent_at: int = 0

    def put(self, due: int) -> None:
        self.due = self.look = due

    def day(self) -> int:
        return max((day for day in ASKED_ON if self.ended_at + day * DAY <= self.due), default=1)

    def after(self, day: int) -> int:
        return next((self.ended_at + later * DAY for later in ASKED_ON if later > day), 0)

    def sent(self, at: int) -> None:
        day = self.day()
        self.asked.append(day)
        self.unanswered += 1
        self.sent_at = at
        self.put(0 if self.unanswered >= 2 else self.after(day))

    def answered(self, *, ends: bool) -> None:
        was_over, self.unanswered = self.unanswered >= 2, 0
        if ends or was_over:
            self.put(0 if ends else self.after(self.asked[-1]))
        else:
            self.put(self.due)

    def later(self, at: int) -> None:
        due = self.due + DAY * (max(0, at - self.due) // DAY + 1)
        self.put(0 if due - self.ended_at > ASKED_ON[-1] * DAY * 3 // 2 else due)

    def rests(self, until: int) -> None:
        if self.due and self.due < until:
            self.put(self.due + -(-(until - self.due) // DAY) * DAY)


@dataclass
class Plan:
    """A plan that is reminded of."""

    look: int

    @property
    def due(self) -> int:
        return self.look

    def put(self, due: int) -> None:
        self.look = due


Row = Nudges | Walk | Plan


class Oracle:
    """Someone's year."""

    def __init__(self, person: Person, troubles: Troubles) -> None:
        self._person = person
        self._troubles = troubles
        self._nudges: Nudges | None = None
        self._walks: list[Walk] = []
        self._plans: list[Plan] = []
        self._here_at = 0
        self._order = count()
        self._acts = [(act.at, next(self._order), act, 0) for act in person.acts]
        self._came: list[Came] = []
        self._asked_about: dict[int, Walk] = {}  # by the number of the message
        self.settings: list[tuple[int, Setting | None]] = []  # from when on

    def lives(self, last: int) -> list[Came]:
        """All that must arrive until a time."""
        now = 0
        while True:
            due = min(self._rows(), key=lambda row: row.look, default=None)
            look_at = last if due is None else self._looked_at(due.look, now)
            if self._acts and self._acts[0][0] <= look_at:
                now, _, act, about = heappop(self._acts)
                if now >= last:
                    return self._came
                self._does(act, self._asked_about.get(about))
            elif due is None or look_at >= last:
                return self._came
            else:
                now = look_at
                self._look(due, now)

    def _rows(self) -> Iterator[Row]:
        several: list[Row] = [*self._walks, *self._plans]
        if self._nudges is not None:
            several.append(self._nudges)
        return (row for row in several if row.look)

    def _looked_at(self, due: int, now: int) -> int:
        """When the bot looks at what is due: as soon as it is there."""
        at = max(due, now, self._here_at + SOON if self._here_at else 0)
        down = self._troubles.at(at)
        is_down = down is not None and down.what in {"stopped", "given back", "drained", "killed", "killed, arrived"}
        return down.end if down is not None and is_down and (at > down.start or down.what == "given back") else at

    # --- by the clock -------------------------------------------------------------------------------------------

    def _look(self, row: Row, at: int) -> None:
        is_here = at - self._here_at <= HERE and not self._troubles.started_between(self._here_at, at)
        match row:
            case Nudges():
                if not self._may_come(row, at):
                    row.derive(row.due)
                elif is_here:
                    row.look = at + QUARTER
                else:
                    self._send(row, at)
            case Walk() if at - row.look >= LATE or self._is_second(at):
                row.later(at)
            case Plan() if at - row.look >= LATE:
                row.put(at - (at - row.look) % DAY + DAY)
            case _ if is_here or self._is_night(at):
                row.look = at + HOUR
            case _:
                self._send(row, at)

    def _may_come(self, nudges: Nudges, at: int) -> bool:
        zone = nudges.setting.zone
        today = day_of(zone, at)
        return (
            at - nudges.due < LATE
            and nudges.paused_until <= at
            and not is_quiet(nudges.setting.quiet, minute_of(zone, at))
            and today > nudges.told_on
            and all(at - walk.ended_at >= DAY for walk in self._walks if walk.due)
            and all(day_of(zone, other.look) != today for other in self._rows() if other is not nudges)
        )

    def _is_second(self, at: int) -> bool:
        if self._nudges is None:
            return at - max(walk.sent_at for walk in self._walks) < 20 * HOUR
        return day_of(self._nudges.setting.zone, at) <= self._nudges.told_on

    def _is_night(self, at: int) -> bool:
        if self._nudges is None:
            return False
        setting = self._nudges.setting
        return is_quiet(setting.quiet, minute_of(setting.zone, at))

    def _send(self, row: Row, at: int) -> None:
        person, wait = self._person, QUARTER if isinstance(row, Nudges) else HOUR
        there = self._troubles.at(at, person.number)
        match there.what if there is not None else "":
            case "refused":
                row.look = at + TRIED + wait
            case "flooded" | "busy" if there is not None and there.end - at > PATIENT:
                row.look = at + max(wait, there.end - at)
            case "flooded" | "busy" if there is not None:
                self._arrives(row, at, there.end)
            case "broken" | "killed":
                self._is_sent(row, at)
            case _ if person.is_away(at):
                self._is_unreached(row)
            case _:
                self._arrives(row, at, at)

    def _arrives(self, row: Row, at: int, arrived: int) -> None:
        match row:
            case Nudges():
                kind = row.message()
            case Walk():
                after = (row.due - row.ended_at) // DAY
                kind = f"follow-up {after if after in ASKED_ON else 'some'}"
            case _:
                kind = "reminder"
        if self._person.is_away(at):
            self._is_unreached(row)
            return
        self._came.append(Came(arrived, kind))
        nth = len(self._came)
        answer = self._person.answer(nth, kind, arrived, self._troubles)
        if isinstance(row, Walk):
            self._asked_about[nth] = row
        if answer is not None:
            heappush(self._acts, (answer.at, next(self._order), answer, nth))
        self._is_sent(row, at)

    def _is_sent(self, row: Row, at: int) -> None:
        match row:
            case Nudges():
                row.sent(at)
            case Walk():
                row.sent(at)
            case Plan():
                row.look = 0
        if self._nudges is not None and row is not self._nudges:
            self._nudges.told(at)

    def _is_unreached(self, row: Row) -> None:
        if not isinstance(row, Nudges):
            row.put(0)
        if self._nudges is not None and not self._nudges.rest:
            self._nudges.rest = "unreached"
            self._nudges.put(0)

    # --- by the person ------------------------------------------------------------------------------------------

    def _does(self, act: Act, about: Walk | None) -> None:  # noqa: C901 - all that people do
        at, nudges = act.at, self._nudges
        if act.what != "block":
            self._here_at = at
        match act.what, act.value:
            case "walk", _:
                self._walks.append(walk := Walk(at))
                walk.put(at + DAY)
            case "plan", _:
                self._plans.append(Plan(at + DAY))
            case "withdraw", _:
                self._nudges = None
            case "begin", Setting() as setting:
                self._nudges = nudges = nudges or Nudges(setting)
                self._changes(at, setting, chosen=True)
            case "4" | "2" | "skip" | "9" | "end", _:
                assert about is not None
                about.answered(ends=act.what == "end")
                if act.what == "9" and nudges is not None:
                    self._pauses(nudges, at, max(nudges.paused_until, at + REST))
            case "danger", _:
                for walk in self._walks:
                    walk.rests(at + REST)
                if nudges is not None:  # which is no answer
                    nudges.paused_until = max(nudges.paused_until, at + REST)
                    nudges.derive(at)
            case _ if nudges is not None:
                self._says(act, nudges)
            case _:
                pass
        self.settings.append((at, None if self._nudges is None else self._nudges.setting))

    def _says(self, act: Act, nudges: Nudges) -> None:  # noqa: C901, PLR0912 - all that people say
        """What they answer and choose, while they want nudges."""
        at = act.at
        match act.what, act.value:
            case (("did" | "not today"), _):
                nudges.answered()
                if nudges.due and 0 <= at - nudges.due < LATE:
                    nudges.put(nudges.due)
                else:
                    nudges.derive(at)
            case "harder", _:
                self._pauses(nudges, at, max(nudges.paused_until, at + REST))
            case (("on" | "resume"), _):
                self._changes(at, nudges.setting, begins=True)
            case "fewer", _:
                self._changes(at, nudges.setting._replace(days=(min(nudges.setting.days),)), chosen=True)
            case "stop", _:
                nudges.rest = "stopped"
                nudges.answered()
                nudges.put(0)
            case "pause", _:
                self._pauses(nudges, at, at + 7 * DAY)
            case "back", _ if nudges.rest == "unreached":
                self._changes(at, nudges.setting, chosen=True)
            case "time", int() as minute:
                self._changes(at, nudges.setting._replace(minute=minute), chosen=True)
            case "days", tuple() as days:
                self._changes(at, nudges.setting._replace(days=days), chosen=True)
            case "zone", str() as zone:
                self._changes(at, nudges.setting._replace(zone=zone), chosen=True)
            case "quiet", tuple() as quiet:
                self._changes(at, nudges.setting._replace(quiet=quiet))
            case "course", str() as course:
                self._changes(at, nudges.setting._replace(course=course))
            case _:
                pass

    def _pauses(self, nudges: Nudges, at: int, until: int) -> None:
        nudges.paused_until = until
        nudges.answered()
        nudges.derive(at)

    def _changes(self, at: int, to: Setting, *, begins: bool = False, chosen: bool = False) -> None:
        """What is set from now on. Whoever begins again ends a pause too; who has `chosen` when they come, a rest."""
        nudges = self._nudges
        assert nudges is not None
        was = nudges.setting
        begins = begins or (chosen and nudges.rest == "course end")
        if to.course != was.course or (begins and nudges.rest == "course end"):
            nudges.theme = nudges.in_theme = 0
        if begins or chosen:
            nudges.rest = ""
        if begins:
            nudges.paused_until = 0
        self._holds(nudges, to, at)

    def _holds(self, nudges: Nudges, to: Setting, at: int) -> None:
        """What is chosen now; and when the next message is due."""
        was, due = nudges.setting, nudges.due
        nudges.setting = to
        nudges.answered()
        nudges.derive(at)
        if nudges.due and due and nudges.paused_until <= at and to.zone != was.zone:
            owed, today = day_of(was.zone, due), day_of(to.zone, at)
            over = slot(to.zone, today, to.minute, to.quiet)
            is_chosen = date.fromordinal(today).weekday() in to.days
            if nudges.told_on < today and owed <= today and is_chosen and over is not None and over <= at:
                rest = (t for shown, t in minutes(to.zone, today) if t > at and not is_quiet(to.quiet, shown))
                nudges.put(next(rest, nudges.due))
