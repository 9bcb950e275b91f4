import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.facts import Consented, NudgeChange, Tap, Withdrew
from bot.core.gap import DAY
from bot.core.keeping import NUDGE_ACTIONS, looks_back
from bot.core.kept import Consent, Course, Kept, Nudging, Purpose, Rest, Schedule
from bot.core.lines import MOST_WORDS, Label, Line
from bot.core.model import Action, Button, Decision, Held, Incoming, Kind, Opened, Where
from bot.core.nudging import changed
from bot.core.panel_shown import QUIETS, TIMES
from bot.core.state import State, Step
from tests.person import PROMPTS, SEEN, buttons, lines

CONTENT: Final = PROMPTS.content
NOW: Final = int(dt.datetime(2026, 9, 21, 14, 30, tzinfo=dt.UTC).timestamp())
"""A Monday, when it is 15:30 in Lisbon."""
AGREED: Final = frozenset({Purpose.NUDGES})
LISBON: Final = Nudging(Schedule(zone="Europe/Lisbon"), rest=Rest.NONE)
WALKING: Final = State(walk=5, step=Step.KIND)


@dataclass
class Someone:
    """Someone who agreed to nudges, with what is kept of them: what they change is applied as the shell does it."""

    nudging: Nudging | None = None
    held: Held = field(default_factory=lambda: Held(consents=AGREED))
    at: int = NOW
    shown: list[Button] = field(default_factory=list)

    def says(self, words: str, *, to_a_nudge: bool = False) -> Decision:
        pressed = Opened(State(), Action.NUDGE_DID, 0) if to_a_nudge else None
        return self._does(Incoming(1, Where.PRIVATE, Kind.TEXT, self.at, text=words, pressed=pressed))

    def commands(self, line: str) -> Decision:
        command, _, rest = line.partition(" ")
        return self._does(Incoming(1, Where.PRIVATE, Kind.COMMAND, self.at, command=command, text=rest))

    def shares(self, latitude: float, longitude: float) -> Decision:
        return self._does(Incoming(1, Where.PRIVATE, Kind.LOCATION, self.at, location=(latitude, longitude)))

    def taps(self, words: str) -> Decision:
        button = next(one for one in reversed(self.shown) if PROMPTS.label(one) == words)
        return self.presses(button.action, button.value)

    def presses(self, action: Action, value: int = 0) -> Decision:
        pressed = Opened(self.held.state, action, value)
        return self._does(Incoming(1, Where.PRIVATE, Kind.PRESS, self.at, pressed=pressed))

    def _does(self, incoming: Incoming) -> Decision:
        kept = Kept(tuple(Consent(each, 1, NOW) for each in self.held.consents), nudging=self.nudging)
        incoming = replace(incoming, seed=9, kept=kept)
        decision = decide(incoming, self.held, CONTENT)
        self.held = decision.held
        for fact in decision.facts:
            if isinstance(fact, NudgeChange):
                assert Purpose.NUDGES in self.held.consents
                before = self.nudging or Nudging()
                self.nudging = changed(before, fact, at=self.at, zones=CONTENT.zones, seed=9)
        self.shown += buttons(decision)
        return decision

    @property
    def rest(self) -> Rest:
        assert self.nudging is not None
        return self.nudging.rest

    @property
    def schedule(self) -> Schedule:
        assert self.nudging is not None
        return self.nudging.schedule


@pytest.fixture
def someone() -> Someone:
    return Someone(LISBON)


def newcomer() -> Someone:
    return Someone(held=Held())


def said(decision: Decision) -> str:
    return "\n".join(map(PROMPTS.text, decision.replies))


def change_of(decision: Decision) -> NudgeChange:
    (change,) = (fact for fact in decision.facts if isinstance(fact, NudgeChange))
    return change


# --- A yes first --------------------------------------------------------------------------------------------------


def test_without_a_yes_the_question_comes_first_and_nothing_is_changed() -> None:
    asked = newcomer().commands("nudge")
    assert lines(asked) == [Line.CONSENT_ASK_NUDGES]
    assert asked.facts == ()


def test_after_the_yes_the_zone_is_asked_for_and_then_all_is_set() -> None:
    person = newcomer()
    person.commands("nudge")
    agreed = person.taps("Yes, I am 16 or older")
    assert lines(agreed) == [Line.CONSENT_YES_NUDGES, Line.NUDGE_ZONE_ASK]
    assert agreed.facts == (Consented(Purpose.NUDGES),)
    done = person.says("Lisbon")
    assert lines(done) == [Line.NUDGE_SET, Line.NUDGE_PANEL, Line.NUDGE_NEXT]
    assert "Next: Wednesday 08:30, Lisbon." in said(done) or "The next one: Wednesday 08:30, Lisbon." in said(done)
    assert person.rest is Rest.NONE


def test_what_was_asked_for_in_one_line_waits_for_the_yes() -> None:
    person = newcomer()
    asked = person.commands("nudge 7:15 Tokyo weekends quiet 22-6 4 weeks")
    assert (lines(asked), asked.facts) == ([Line.CONSENT_ASK_NUDGES], ())
    done = person.taps("Yes, I am 16 or older")
    assert lines(done) == [Line.CONSENT_YES_NUDGES, Line.NUDGE_PANEL, Line.NUDGE_NEXT]
    assert person.schedule == Schedule(7 * 60 + 15, frozenset({5, 6}), "Asia/Tokyo", 22 * 60, 6 * 60)
    assert person.nudging is not None
    assert (person.nudging.course, person.nudging.rest) == (Course.FOUR_WEEKS, Rest.NONE)


def test_several_zones_in_one_line_are_asked_about_after_the_yes() -> None:
    person = newcomer()
    person.commands("nudge 7:15 springfield")
    assert lines(person.taps("Yes, I am 16 or older")) == [Line.CONSENT_YES_NUDGES, Line.NUDGE_ZONE_WHICH]
    person.taps("Chicago")
    assert person.schedule == Schedule(7 * 60 + 15, zone="America/Chicago")


def test_a_no_lets_go_of_what_was_asked_for() -> None:
    person = newcomer()
    person.commands("nudge 7:15 Tokyo")
    assert person.held.wished is not None
    assert person.taps("No, thank you").held.wished is None


@pytest.mark.parametrize("purpose", [Purpose.NUDGES, Purpose.FOLLOW_UPS])
def test_a_yes_to_messages_ends_the_wish_that_none_come_first_and_says_so(purpose: Purpose) -> None:
    alone = Held(consents=frozenset({Purpose.ALONE}), asked=purpose)
    decision = Someone(held=alone).presses(Action.AGREE, tuple(Purpose).index(purpose))
    if lines(decision)[-1] is CONSENT_AGAIN.get(purpose):  # its words have changed: asked once more
        decision = Someone(held=alone).presses(Action.AGREE, buttons(decision)[0].value)
    assert lines(decision)[0] is Line.NUDGE_ALONE_ENDED
    assert Withdrew(Purpose.ALONE) in decision.facts
    assert Purpose.ALONE not in decision.held.consents


CONSENT_AGAIN: Final = {Purpose.NUDGES: Line.CONSENT_ASK_NUDGES, Purpose.FOLLOW_UPS: Line.CONSENT_ASK_FOLLOW_UPS}


def test_nobody_under_16_gets_nudges() -> None:
    young = Held(State(minor=True))
    assert lines(Someone(held=young).commands("nudge 8:30 Lisbon")) == [Line.CONSENT_UNDER_16]
    assert lines(Someone(held=young).presses(Action.NUDGE_TIME)) == [Line.CONSENT_UNDER_16]


@pytest.mark.parametrize("line", ["nudge", "nudge 8:30 Lisbon"])
def test_in_an_emergency_the_number_comes_first(line: str) -> None:
    person = Someone(LISBON)
    person.says("i took all the pills an hour ago")
    assert lines(person.commands(line))[0] is Line.CARD_AGAIN_NOW
    assert lines(person.presses(Action.NUDGE_TIME))[0] is Line.CARD_AGAIN_NOW


def test_where_the_store_fails_that_is_said() -> None:
    for incoming in (
        Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="nudge"),
        Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="nudge", text="8:30 lisbon"),
        Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, pressed=Opened(State(), Action.NUDGE_TIME, 5)),
    ):
        decision = decide(incoming, Held(consents=AGREED), CONTENT)
        assert (lines(decision), decision.facts) == ([Line.STORE_FAILED], ())


# --- The panel ----------------------------------------------------------------------------------------------------


def test_the_panel_shows_all_that_is_set_and_when_the_next_one_comes(someone: Someone) -> None:
    shown = someone.commands("nudge")
    someone.presses(Action.NUDGE_PAUSE, 7)
    assert lines(shown) == [Line.NUDGE_PANEL, Line.NUDGE_NO_SLOT]  # what is kept has no time of its own yet
    told = said(someone.presses(Action.NUDGE_BEGIN))
    for words in ("Mon, Wed, Fri", "08:30", "Lisbon", "21:00 to 08:00", "8 weeks", "Wednesday 08:30, Lisbon"):
        assert words in told


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        (Rest.STOPPED, Line.NUDGE_STOPPED),
        (Rest.SILENT, Line.NUDGE_RESTS_SILENT),
        (Rest.UNREACHED, Line.NUDGE_RESTS_UNREACHED),
        (Rest.ENDED, Line.NUDGE_RESTS_ENDED),
    ],
)
def test_where_none_comes_the_panel_says_why_and_has_a_way_back(rest: Rest, line: Line) -> None:
    person = Someone(replace(LISBON, rest=rest))
    assert lines(person.commands("nudge")) == [Line.NUDGE_PANEL, line]
    assert lines(person.taps("Begin again")) == [Line.NUDGE_PANEL, Line.NUDGE_NEXT]


def test_a_message_below_the_panel_stays_short_whatever_is_set() -> None:
    longest = Schedule(9 * 60, frozenset(range(6)), "America/Argentina/ComodRivadavia")
    for zone in (longest.zone, "America/Port_of_Spain", "Antarctica/DumontDUrville", "America/Indiana/Tell_City"):
        for rest in Rest:
            person = Someone(Nudging(replace(longest, zone=zone), Course.OPEN, rest=rest))
            for decision in (
                person.commands("nudge"),
                person.presses(Action.NUDGE_TIME, 21 * 4 + 1),
                person.presses(Action.NUDGE_PAUSE, 7),
            ):
                for reply in decision.replies:
                    for pick in range(2):
                        words = PROMPTS.text(replace(reply, picks=(pick,) * len(reply.keys))).split()
                        assert len(words) <= MOST_WORDS, words


def test_a_press_on_the_panel_is_answered_in_its_place(someone: Someone) -> None:
    someone.commands("nudge")
    for words in ("Time", "07:00", "Days", "Every day", "Quiet hours", "No quiet hours", "Course", "4 weeks"):
        assert someone.taps(words).replies[0].in_place
    assert someone.taps("Pause for a week").replies[0].in_place
    assert someone.taps("End the pause").replies[0].in_place
    assert someone.taps("Stop these messages").replies[0].in_place


def test_the_settings_below_a_nudge_leave_the_nudge_as_it_is(someone: Someone) -> None:
    below, back = someone.presses(Action.NUDGE_PANEL), someone.presses(Action.NUDGE_PANEL, 1)
    assert [decision.replies[0].in_place for decision in (below, back)] == [False, True]


def test_every_change_can_be_taken_back(someone: Someone) -> None:
    for line in ("nudge 9:30 weekdays quiet 22-7", "nudge pause", "nudge stop"):
        someone.commands(line)
        someone.commands("nudge 8:30 mon wed fri quiet 21-8 8 weeks")
        assert someone.nudging is not None
        assert (someone.schedule, someone.nudging.rest) == (LISBON.schedule, Rest.NONE)
    someone.commands("nudge stop")
    someone.taps("Begin again")
    assert someone.rest is Rest.NONE


# --- Time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minute", TIMES)
def test_a_time_that_is_offered_is_set_with_a_tap(minute: int, someone: Someone) -> None:
    someone.presses(Action.NUDGE_TIME)
    someone.taps(f"{minute // 60:02}:{minute % 60:02}")
    assert someone.schedule.minute == minute


@pytest.mark.parametrize(
    ("words", "minute"), [("9:45", 585), ("8.30pm", 1230), ("half past nine", 570), ("at noon please", 720)]
)
def test_a_time_is_typed_where_it_was_asked_for(words: str, minute: int, someone: Someone) -> None:
    someone.presses(Action.NUDGE_TIME)
    assert lines(someone.says(words))[-2:] == [Line.NUDGE_PANEL, Line.NUDGE_NEXT]
    assert someone.schedule.minute == minute


@pytest.mark.parametrize("words", ["25:99", "8:75", "eleventy"])
def test_what_is_no_time_is_said_to_be_none_with_an_example(words: str, someone: Someone) -> None:
    someone.presses(Action.NUDGE_TIME)
    wrong = someone.says(words)
    assert (lines(wrong), wrong.facts) == ([Line.NUDGE_TIME_WRONG], ())
    assert "8:30" in said(wrong)
    someone.says("9:45")
    assert someone.schedule.minute == 585


def test_a_time_in_quiet_hours_is_told_with_a_way_out_whichever_was_set_last(someone: Someone) -> None:
    for decision in (someone.presses(Action.NUDGE_TIME, 7 * 4 + 1), someone.commands("nudge quiet 22-7:30")):
        assert lines(decision)[0] is Line.NUDGE_IN_QUIET
        assert {Label.NUDGE_TIME, Label.NUDGE_QUIET} <= {button.label for button in buttons(decision)}
    assert Line.NUDGE_IN_QUIET not in lines(someone.commands("nudge quiet 22-7"))


def test_any_other_text_is_noticed_as_ever_and_the_question_is_dropped(someone: Someone) -> None:
    someone.presses(Action.NUDGE_TIME)
    assert lines(someone.says(SEEN))[0].startswith("arrive.")
    assert someone.held.asked_nudge is None
    someone.presses(Action.NUDGE_TIME)
    assert lines(someone.says("i want to die"))[0] is Line.CARD_OWN


def test_a_time_that_nobody_asked_for_sets_nothing(someone: Someone) -> None:
    assert someone.says("9:45").facts == ()
    someone.presses(Action.NUDGE_TIME)
    someone.held = Held(consents=AGREED)  # after a restart
    assert someone.says("9:45").facts == ()


# --- Days ---------------------------------------------------------------------------------------------------------


def test_days_are_put_in_and_out_one_by_one_and_a_second_tap_undoes_nothing(someone: Someone) -> None:
    someone.presses(Action.NUDGE_DAY, 7)
    out = next(button for button in someone.shown if PROMPTS.label(button) == "Mon: on")
    for _ in range(2):
        someone.presses(out.action, out.value)
        assert someone.schedule.days == {2, 4}
    someone.taps("Sun")
    assert someone.schedule.days == {2, 4, 6}
    assert "Sun: on" in map(PROMPTS.label, someone.shown[-12:])


@pytest.mark.parametrize(
    ("words", "days"), [("Weekdays", {0, 1, 2, 3, 4}), ("Every day", set(range(7))), ("Weekend", {5, 6})]
)
def test_several_days_are_set_at_once(words: str, days: set[int], someone: Someone) -> None:
    someone.presses(Action.NUDGE_DAY, 7)
    someone.taps(words)
    assert someone.schedule.days == days
    someone.presses(Action.NUDGE_DAY, 7)
    someone.says("tuesdays and thursdays")
    assert someone.schedule.days == {1, 3}


def test_an_empty_set_of_days_is_refused_with_an_example(someone: Someone) -> None:
    someone.presses(Action.NUDGE_DAY, 7)
    for words in ("Mon: on", "Wed: on"):
        someone.taps(words)
    for decision in (someone.taps("Fri: on"), someone.says("none"), someone.commands("nudge no days")):
        assert lines(decision) == [Line.NUDGE_DAYS_EMPTY]
        assert "mon" in said(decision)
        assert someone.schedule.days == {4}


def test_what_names_no_days_is_said_to_name_none(someone: Someone) -> None:
    someone.presses(Action.NUDGE_DAY, 7)
    assert lines(someone.says("funday")) == [Line.NUDGE_DAYS_WRONG]


# --- Place --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "zone"),
    [((38.72, -9.14), "Europe/Lisbon"), ((19.08, 72.88), "Asia/Kolkata"), ((-33.9, 151.2), "Australia/Sydney")],
)
def test_a_shared_location_gives_the_zone_and_is_held_nowhere(place: tuple[float, float], zone: str) -> None:
    person = Someone()
    assert next(button.action for button in buttons(person.commands("nudge"))) is Action.LOCATE
    done = person.shares(*place)
    assert person.schedule.zone == zone
    assert done.replies[0].closes_keyboard
    assert lines(done) == [Line.NUDGE_SET, Line.NUDGE_PANEL, Line.NUDGE_NEXT]


def test_a_location_from_someone_without_a_yes_is_nothing_that_can_be_read() -> None:
    decision = Someone(held=Held()).shares(38.72, -9.14)
    assert (lines(decision), decision.facts) == ([Line.MEDIA], ())


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Lisbon", "Europe/Lisbon"),
        ("munich", "Europe/Berlin"),
        ("Europe/Paris", "Europe/Paris"),
        ("kenya", "Africa/Nairobi"),
    ],
)
def test_a_city_a_country_or_a_zone_is_typed(words: str, zone: str) -> None:
    person = Someone()
    person.commands("nudge")
    person.says(words)
    assert person.schedule.zone == zone


def test_of_several_zones_one_is_chosen_by_a_tap_or_by_its_name() -> None:
    for choose in (Someone.taps, Someone.says):
        person = Someone()
        person.commands("nudge")
        assert lines(person.says("springfield")) == [Line.NUDGE_ZONE_WHICH]
        choose(person, "Chicago")
        assert person.schedule.zone == "America/Chicago"


def test_a_button_of_another_list_of_zones_sets_none() -> None:
    person = Someone()
    person.commands("nudge")
    person.says("springfield")
    chicago = next(button for button in person.shown if PROMPTS.label(button) == "Chicago")
    person.presses(Action.NUDGE_ZONE)
    for words in ("australia", "brazil"):
        person.says(words)
        assert person.presses(chicago.action, chicago.value).facts == ()
    person.held = Held(consents=AGREED)  # after a restart
    assert lines(person.presses(chicago.action, chicago.value)) == [Line.NUDGE_ZONE_ASK]


def test_of_very_many_zones_the_clock_is_asked_for_first() -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says("russia")) == [Line.NUDGE_ZONE_CLOCK]
    person.says("5:30 pm")
    assert person.schedule.zone == "Europe/Moscow"


def test_a_button_with_a_time_that_no_day_has_asks_again_and_changes_nothing() -> None:
    person = Someone(LISBON)
    for value in (97, 255):  # a day has 96 quarters of an hour
        decision = person.presses(Action.NUDGE_TIME, value)
        assert (lines(decision), decision.facts) == ([Line.NUDGE_TIME_ASK], ())
    assert person.presses(Action.NUDGE_TIME, 96).facts != ()
    assert person.schedule.minute == 23 * 60 + 45


def test_what_the_clock_shows_and_then_the_country_give_the_zone() -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says("4:30 pm")) == [Line.NUDGE_ZONE_COUNTRY]
    person.says("germany")
    assert person.schedule.zone == "Europe/Berlin"


def test_the_country_and_then_what_the_clock_shows_give_the_zone() -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says("usa")) == [Line.NUDGE_ZONE_WHICH]
    assert lines(person.says("7:30")) == [Line.NUDGE_ZONE_WHICH]
    assert {button.words for button in person.shown[-2:]} == {"Los Angeles", "Phoenix"}
    person.taps("Phoenix")
    assert person.schedule.zone == "America/Phoenix"


def test_a_clock_that_fits_no_zone_of_the_country_is_said_to_fit_none() -> None:
    person = Someone()
    person.commands("nudge")
    person.says("4:30 pm")
    wrong = person.says("japan")
    assert (lines(wrong), wrong.facts) == ([Line.NUDGE_ZONE_OTHER], ())
    person.says("japan")
    assert person.schedule.zone == "Asia/Tokyo"


@pytest.mark.parametrize("words", ["Qwxyburg", "Europe/Nowhere", "25:99"])
def test_a_zone_that_is_none_is_said_to_be_none_with_an_example(words: str) -> None:
    person = Someone()
    person.commands("nudge")
    wrong = person.says(words)
    assert lines(wrong)[0] in {Line.NUDGE_ZONE_WRONG, Line.NUDGE_ZONE_OTHER}
    assert "Lisbon" in said(wrong)
    assert wrong.held.asked_nudge is Action.NUDGE_ZONE


def test_settings_typed_in_place_of_a_zone_show_the_panel() -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says("Settings")) == [Line.NUDGE_PANEL, Line.NUDGE_NO_ZONE]


# --- Quiet hours, course, pause, stop -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(1, len(QUIETS) + 1))
def test_quiet_hours_that_are_offered_are_set_with_a_tap(place: int, someone: Someone) -> None:
    someone.presses(Action.NUDGE_QUIET, place)
    assert (someone.schedule.quiet_from, someone.schedule.quiet_until) == QUIETS[place - 1]


def test_quiet_hours_are_typed_where_they_were_asked_for(someone: Someone) -> None:
    someone.presses(Action.NUDGE_QUIET)
    someone.says("10pm to 6am")
    assert (someone.schedule.quiet_from, someone.schedule.quiet_until) == (22 * 60, 6 * 60)
    someone.presses(Action.NUDGE_QUIET)
    assert lines(someone.says("whenever really")) == [Line.NUDGE_QUIET_WRONG]


@pytest.mark.parametrize("course", Course)
def test_a_course_is_tapped_or_typed(course: Course, someone: Someone) -> None:
    someone.presses(Action.NUDGE_COURSE)
    someone.presses(Action.NUDGE_COURSE, tuple(Course).index(course) + 1)
    assert someone.nudging is not None
    assert someone.nudging.course is course
    someone.presses(Action.NUDGE_COURSE)
    someone.says("4 weeks")
    assert someone.nudging.course is Course.FOUR_WEEKS


def test_another_course_begins_again_where_one_has_ended() -> None:
    person = Someone(replace(LISBON, rest=Rest.ENDED))
    person.presses(Action.NUDGE_COURSE, 2)
    assert person.rest is Rest.NONE


@pytest.mark.parametrize(("line", "days"), [("nudge pause", 7), ("nudge pause 3d", 3), ("nudge pause for 2 weeks", 14)])
def test_a_pause_is_told_with_the_day_of_the_next_one_and_ended_with_a_tap(
    line: str, days: int, someone: Someone
) -> None:
    paused = someone.commands(line)
    assert lines(paused)[-1] is Line.NUDGE_PAUSED
    assert change_of(paused).paused_until == NOW + days * DAY
    assert any(month in said(paused) for month in (" September", " October"))
    assert lines(someone.taps("End the pause")) == [Line.NUDGE_PANEL, Line.NUDGE_NEXT]


def test_a_pause_that_is_over_is_none(someone: Someone) -> None:
    someone.commands("nudge pause 3d")
    someone.at += 4 * DAY
    assert Line.NUDGE_PAUSED not in lines(someone.commands("nudge"))


def test_no_other_setting_ends_a_pause(someone: Someone) -> None:
    someone.presses(Action.NUDGE_HARDER)
    for line in ("nudge 9:00 weekdays", "nudge Tokyo", "nudge 4 weeks"):
        assert lines(someone.commands(line))[-1] is Line.NUDGE_PAUSED
    someone.presses(Action.NUDGE_FEWER)
    assert lines(someone.commands("nudge"))[-1] is Line.NUDGE_PAUSED
    assert lines(someone.commands("nudge on"))[-1] is Line.NUDGE_NEXT


def test_quiet_hours_and_a_course_begin_nothing_that_was_stopped() -> None:
    person = Someone(replace(LISBON, rest=Rest.STOPPED))
    for line in ("nudge quiet 22-7", "nudge 4 weeks"):
        assert lines(person.commands(line))[-1] is Line.NUDGE_STOPPED
    assert lines(person.commands("nudge 9:00"))[-1] is Line.NUDGE_NEXT


def test_a_pause_before_the_yes_holds_after_it() -> None:
    person = newcomer()
    person.commands("nudge 8:30 Lisbon pause 3d")
    assert lines(person.taps("Yes, I am 16 or older"))[-1] is Line.NUDGE_PAUSED


def test_a_number_in_a_walk_answers_the_walk_although_the_panel_was_shown() -> None:
    person = Someone(LISBON, Held(State(walk=5, step=Step.EASE), consents=AGREED))
    person.commands("nudge")
    decision = person.says("5")
    assert decision.held.state.upset_before == 5
    assert not any(isinstance(fact, NudgeChange) for fact in decision.facts)


def test_nudges_stop_with_one_line_and_begin_again_with_another(someone: Someone) -> None:
    stopped = someone.commands("nudge stop")
    assert lines(stopped) == [Line.NUDGE_STOPPED]
    assert someone.nudging is not None
    assert (someone.nudging.rest, someone.nudging.due_at) == (Rest.STOPPED, 0)
    assert lines(someone.commands("nudge on"))[-1] is Line.NUDGE_NEXT


# --- One line -----------------------------------------------------------------------------------------------------


def test_one_line_sets_all_of_it(someone: Someone) -> None:
    done = someone.commands("nudge 8:30 Europe/Berlin weekdays")
    assert lines(done) == [Line.NUDGE_SET, Line.NUDGE_PANEL, Line.NUDGE_NEXT]
    assert someone.schedule == Schedule(510, frozenset(range(5)), "Europe/Berlin")
    assert said(done).endswith(("Tuesday 08:30, Berlin.",))


@pytest.mark.parametrize(
    ("line", "expected", "words"),
    [
        ("nudge 25:99", Line.NUDGE_TIME_WRONG, "8:30"),
        ("nudge 8:30 Qwxyburg weekdays", Line.NUDGE_LINE_WRONG, "“Qwxyburg”"),
        ("nudge 8:30 Lisbon funday", Line.NUDGE_LINE_WRONG, "/nudge 8:30 Lisbon weekdays"),
        ("nudge no days", Line.NUDGE_DAYS_EMPTY, "mon"),
        ("nudge don't stop", Line.NUDGE_LINE_WRONG, "don't"),
        ("nudge ???", Line.NUDGE_LINE_WRONG, "???"),
    ],
)
def test_a_line_of_which_some_is_not_understood_changes_nothing(
    line: str, expected: Line, words: str, someone: Someone
) -> None:
    wrong = someone.commands(line)
    assert (lines(wrong), wrong.facts) == ([expected], ())
    assert words in said(wrong)
    assert someone.nudging == LISBON


def test_what_was_not_understood_is_shown_in_short_and_in_plain_signs(someone: Someone) -> None:
    told = said(someone.commands("nudge \u202eqwx\x07 " + "x" * 200))
    assert len(told) < 160
    assert told.isprintable()


def test_nudges_is_another_name_of_it(someone: Someone) -> None:
    assert lines(someone.commands("nudges"))[0] is Line.NUDGE_PANEL


def test_what_follows_the_command_is_read_for_danger_first(someone: Someone) -> None:
    decision = someone.commands("nudge i want to die")
    assert lines(decision)[0] is Line.CARD_OWN
    assert not any(isinstance(fact, NudgeChange) for fact in decision.facts)


# --- What strangers typed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["nudge", "When is the next one?", "change the time"])
def test_the_panel_is_asked_for_in_words(words: str, someone: Someone) -> None:
    assert lines(someone.says(words))[0] is Line.NUDGE_PANEL
    assert lines(newcomer().says(words)) == [Line.CONSENT_ASK_NUDGES]


@pytest.mark.parametrize(
    ("action", "value", "words", "line"),
    [
        (Action.NUDGE_DAY, 7, "2", Line.NUDGE_DAYS_WRONG),
        (Action.NUDGE_QUIET, 0, "11pm", Line.NUDGE_QUIET_WRONG),
        (Action.NUDGE_COURSE, 0, "six", Line.NUDGE_COURSE_ASK),
        (Action.NUDGE_COURSE, 0, "6 weeks", Line.NUDGE_COURSE_ASK),
    ],
)
def test_a_number_is_no_time_of_day_where_something_else_was_asked(
    action: Action, value: int, words: str, line: Line, someone: Someone
) -> None:
    someone.presses(action, value)
    wrong = someone.says(words)
    assert (lines(wrong), wrong.facts) == ([line], ())
    assert buttons(wrong)


def test_weeks_are_typed_as_a_number(someone: Someone) -> None:
    someone.presses(Action.NUDGE_COURSE)
    assert change_of(someone.says("four")).course is Course.FOUR_WEEKS


@pytest.mark.parametrize("words", ["UTC+1", "gmt +1:00", "+01:00"])
def test_hours_from_utc_are_a_clock_and_the_country_decides(words: str) -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says(words)) == [Line.NUDGE_ZONE_COUNTRY]
    person.says("Portugal")
    assert person.schedule.zone == "Europe/Lisbon"


@pytest.mark.parametrize("words", ["Why do you need my location?", "I don't want to say where I am"])
def test_who_would_not_say_where_they_are_hears_again_that_the_zone_alone_is_kept(words: str) -> None:
    person = Someone()
    person.commands("nudge")
    assert lines(person.says(words)) == [Line.NUDGE_ZONE_ASK]


def test_words_of_a_button_work_behind_the_command(someone: Someone) -> None:
    assert lines(someone.commands("nudge once a week"))[0] is Line.NUDGE_FEWER
    assert lines(someone.commands("nudge time")) == [Line.NUDGE_TIME_ASK]
    assert lines(newcomer().commands("nudge once a week")) == [Line.CONSENT_ASK_NUDGES]


def test_slips_beside_days_are_no_sign_of_danger(someone: Someone) -> None:
    someone.presses(Action.NUDGE_DAY, 7)
    assert lines(someone.says("mon, wensday & frydayy")) == [Line.NUDGE_DAYS_WRONG]
    assert lines(someone.says("mon, i want to die")) != [Line.NUDGE_DAYS_WRONG]


def test_a_sentence_about_settings_is_told_which_part_was_not_read(someone: Someone) -> None:
    someone.commands("nudge")
    assert lines(someone.says("I work nights, can it come at 6am after my shift")) == [Line.NUDGE_LINE_WRONG]


def test_a_line_is_put_right_before_the_yes() -> None:
    person = newcomer()
    person.commands("nudge 25:99")
    assert lines(person.says("8:45 Lisbon")) == [Line.CONSENT_ASK_NUDGES]


def test_what_is_set_in_a_line_ends_no_pause() -> None:
    person = Someone(replace(LISBON, paused_until=NOW + 3 * DAY))
    assert Line.NUDGE_PAUSED in lines(person.commands("nudge 9:15"))
    assert person.schedule.minute == 9 * 60 + 15
    assert Line.NUDGE_NEXT in lines(person.commands("nudge on"))


# --- Answers to a nudge -------------------------------------------------------------------------------------------

TAPS: Final = (
    (Action.NUDGE_DID, Tap.DID, Line.NUDGE_DID),
    (Action.NUDGE_NOT_TODAY, Tap.NOT_TODAY, Line.NUDGE_NOT_TODAY),
    (Action.NUDGE_HARDER, Tap.HARDER, Line.NUDGE_HARDER),
)


@pytest.mark.parametrize(("action", "tap", "line"), TAPS)
def test_each_answer_is_taken_and_said_in_a_line(action: Action, tap: Tap, line: Line, someone: Someone) -> None:
    decision = someone.presses(action)
    assert lines(decision)[-1] is line
    assert change_of(decision) == NudgeChange(tap=tap)


@pytest.mark.parametrize(("action", "line"), [(action, line) for action, _, line in TAPS])
def test_an_answer_without_a_yes_any_more_is_taken_kindly_and_kept_nowhere(action: Action, line: Line) -> None:
    decision = newcomer().presses(action)
    assert (lines(decision)[-1], decision.facts) == (line, ())


def test_where_it_makes_it_harder_an_anchor_a_person_and_three_days_come_and_the_rest_can_be_ended(
    someone: Someone,
) -> None:
    decision = someone.presses(Action.NUDGE_HARDER)
    assert lines(decision)[0] is Line.HARDER
    assert lines(decision)[1].startswith("anchor.")
    assert {Label.URGENT_HELP, Label.NUDGE_GO_ON} == {button.label for button in buttons(decision)}
    assert someone.nudging is not None
    assert someone.nudging.paused_until == NOW + 3 * DAY
    someone.taps("End the pause")
    assert someone.nudging.paused_until == 0


@pytest.mark.parametrize(
    ("words", "tap"),
    [
        ("did it", Tap.DID),
        ("done", Tap.DID),
        ("not today", Tap.NOT_TODAY),
        ("this makes it harder", Tap.HARDER),
        ("it's too much", Tap.HARDER),
        ("it made me cry", Tap.HARDER),
        ("sorry i forgot", Tap.NOT_TODAY),
    ],
)
def test_an_answer_is_typed_in_reply_or_while_one_waits(words: str, tap: Tap) -> None:
    waiting = Someone(replace(LISBON, awaiting=True)).says(words)
    replying = Someone(LISBON).says(words, to_a_nudge=True)
    assert change_of(waiting) == change_of(replying) == NudgeChange(tap=tap)
    if words != "did it":  # which means nothing else
        assert not any(isinstance(fact, NudgeChange) for fact in Someone(LISBON).says(words).facts)


def test_did_it_once_more_is_taken_kindly_and_counts_nothing(someone: Someone) -> None:
    someone.nudging = replace(LISBON, told_on=1)
    decision = someone.says("did it")
    assert (lines(decision), decision.facts) == ([Line.NUDGE_DID], ())


def test_something_else_in_reply_is_not_today(someone: Someone) -> None:
    assert change_of(someone.says("something else", to_a_nudge=True)) == NudgeChange(tap=Tap.NOT_TODAY)


def test_in_a_walk_the_same_words_are_an_answer_to_the_walk() -> None:
    person = Someone(replace(LISBON, awaiting=True), Held(WALKING, consents=AGREED))
    decision = person.says("did it")
    assert decision.held.state.step is not Step.KIND
    assert not any(isinstance(fact, NudgeChange) for fact in decision.facts)


def test_words_in_reply_that_are_nothing_else_were_read_and_that_is_an_answer(someone: Someone) -> None:
    decision = someone.says("the blue one on the left", to_a_nudge=True)
    assert lines(decision) == [Line.NUDGE_READ]
    assert {Label.NUDGE_SETTINGS, Label.URGENT_HELP} == {button.label for button in buttons(decision)}
    assert change_of(decision) == NudgeChange(tap=Tap.OTHER)


def test_words_in_reply_that_tell_of_suffering_open_a_walk_and_answer_too(someone: Someone) -> None:
    decision = someone.says(SEEN, to_a_nudge=True)
    assert lines(decision)[0].startswith("arrive.")
    assert change_of(decision) == NudgeChange(tap=Tap.OTHER)


ASKED: Final = replace(LISBON, awaiting=True, asked=True, ignored=2)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("keep them", Line.NUDGE_KEPT),
        ("Keep them as they are", Line.NUDGE_KEPT),
        ("yes", Line.NUDGE_KEPT),
        ("fewer", Line.NUDGE_FEWER),
        ("Once a week", Line.NUDGE_FEWER),
        ("no", Line.NUDGE_STOPPED),
        ("stop", Line.NUDGE_STOPPED),
    ],
)
def test_whether_to_go_on_is_answered_in_words(words: str, line: Line) -> None:
    person = Someone(ASKED)
    assert lines(person.says(words))[0] is line
    assert person.nudging is not None
    assert (person.nudging.asked, person.nudging.ignored) == (False, 0)


def test_a_no_below_a_practice_is_not_today_and_stops_nothing() -> None:
    later = replace(ASKED, ignored=3)  # the question was not answered, and a practice came after it
    for decision in (Someone(later).says("no thanks"), Someone(ASKED).says("no", to_a_nudge=True)):
        assert change_of(decision) == NudgeChange(tap=Tap.NOT_TODAY)


@pytest.mark.parametrize(
    ("action", "line", "days"), [(Action.NUDGE_BEGIN, Line.NUDGE_KEPT, 3), (Action.NUDGE_FEWER, Line.NUDGE_FEWER, 1)]
)
def test_to_keep_them_or_make_them_fewer_says_when_the_next_one_comes(action: Action, line: Line, days: int) -> None:
    person = Someone(ASKED)
    assert lines(person.presses(action)) == [line, Line.NUDGE_NEXT]
    assert len(person.schedule.days) == days


def test_once_a_week_after_the_end_of_a_course_begins_it_again() -> None:
    person = Someone(replace(LISBON, rest=Rest.ENDED))
    assert lines(person.presses(Action.NUDGE_FEWER)) == [Line.NUDGE_FEWER, Line.NUDGE_NEXT]


# --- Stop, start, progress ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stop", ["/stop", "stop", "please stop", "unsubscribe", "leave me alone", "fuck off", "no more"]
)
def test_a_plain_stop_while_a_nudge_waits_stops_them_and_can_be_undone(stop: str) -> None:
    person = Someone(replace(LISBON, awaiting=True))
    decision = person.commands("stop") if stop == "/stop" else person.says(stop)
    assert lines(decision) == [Line.NUDGE_STOPPED]
    assert change_of(decision) == NudgeChange(rest=Rest.STOPPED)
    person.taps("Begin again")
    assert person.rest is Rest.NONE


def test_a_stop_in_reply_to_a_nudge_stops_them(someone: Someone) -> None:
    assert lines(someone.says("stop", to_a_nudge=True)) == [Line.NUDGE_STOPPED]


@pytest.mark.parametrize("words", ["stop sending me messages", "I don't want these messages anymore", "no more nudges"])
@pytest.mark.parametrize("state", [State(), WALKING])
def test_words_that_can_mean_nudges_alone_stop_them_at_any_time(words: str, state: State) -> None:
    person = Someone(LISBON, Held(state, consents=AGREED))
    assert lines(person.says(words)) == [Line.NUDGE_STOPPED]
    assert person.rest is Rest.STOPPED
    assert lines(newcomer().says(words)) == [Line.NOTHING_TO_STOP]


@pytest.mark.parametrize("words", ["no more messages", "when is the next one", "did it"])
def test_open_question_about_danger_is_not_left_for_words_about_nudges(words: str) -> None:
    asked = State(walk=5, step=Step.DANGER_ASK, danger_asked=True)
    person = Someone(replace(LISBON, awaiting=True, told_on=1), Held(asked, consents=AGREED))
    assert not any(isinstance(fact, NudgeChange) for fact in person.says(words).facts)


def test_a_stop_right_after_the_panel_stops_them(someone: Someone) -> None:
    someone.commands("nudge")
    assert lines(someone.says("stop")) == [Line.NUDGE_STOPPED]


def test_a_stop_in_a_walk_ends_the_walk_and_says_how_nudges_stop() -> None:
    person = Someone(replace(LISBON, awaiting=True), Held(WALKING, consents=AGREED))
    assert lines(person.says("stop")) == [Line.STOPPED, Line.NUDGE_STOP_HOW]
    assert person.rest is Rest.NONE


def test_a_stop_of_nothing_says_how_nudges_stop_where_they_are_on(someone: Someone) -> None:
    assert lines(someone.commands("stop")) == [Line.NOTHING_TO_STOP, Line.NUDGE_STOP_HOW]
    assert lines(newcomer().commands("stop")) == [Line.NOTHING_TO_STOP]
    assert lines(Someone(replace(LISBON, rest=Rest.STOPPED)).commands("stop")) == [Line.NOTHING_TO_STOP]


def test_a_good_night_stops_no_nudges() -> None:
    person = Someone(replace(LISBON, awaiting=True))
    assert Line.NUDGE_STOPPED not in lines(person.says("good night"))
    assert person.rest is Rest.NONE


def test_a_stop_with_danger_gets_the_card() -> None:
    person = Someone(replace(LISBON, awaiting=True))
    assert lines(person.says("Stop. I'll do it tonight"))[0].startswith("card.")


def test_a_start_brings_back_what_could_not_arrive() -> None:
    person = Someone(replace(LISBON, rest=Rest.UNREACHED))
    assert lines(person.commands("start")) == [Line.START, Line.NUDGE_BACK]
    assert person.rest is Rest.NONE
    assert lines(person.commands("start")) == [Line.START]


def test_progress_tells_what_was_done_even_where_no_walks_are_kept() -> None:
    assert lines(Someone(replace(LISBON, did=4)).commands("progress")) == [Line.PROGRESS_NUDGES, Line.PROGRESS_OFF]
    assert lines(Someone(LISBON).commands("progress")) == [Line.PROGRESS_OFF]
    assert lines(newcomer().commands("progress")) == [Line.PROGRESS_OFF]


# --- Whatever comes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incoming", "looks"),
    [
        (Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="not today"), True),
        (Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=SEEN), False),
        (Incoming(1, Where.PRIVATE, Kind.LOCATION, NOW, location=(1.0, 1.0)), True),
        (Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="start"), True),
        (Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="stop"), True),
        (Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="help"), False),
    ],
)
def test_the_shell_looks_at_what_is_kept_where_it_may_be_about_nudges(incoming: Incoming, *, looks: bool) -> None:
    assert looks_back(incoming, Held(consents=AGREED), CONTENT) is looks
    assert not looks_back(incoming, Held(), CONTENT)


@pytest.mark.parametrize("action", NUDGE_ACTIONS)
@given(value=st.integers(0, 255), rest=st.sampled_from(Rest), zone=st.sampled_from(["", "Europe/Lisbon"]))
def test_any_button_of_nudges_with_any_value_is_answered(action: Action, value: int, rest: Rest, zone: str) -> None:
    person = Someone(Nudging(Schedule(zone=zone), rest=rest))
    decision = person.presses(action, value)
    assert decision.replies
    assert person.nudging is not None
    assert person.schedule.days
    assert person.nudging.due_at == 0 or person.nudging.due_at > NOW


@given(text=st.text(max_size=60), asked=st.sampled_from([None, *NUDGE_ACTIONS]), awaiting=st.booleans())
def test_any_text_is_answered_whatever_was_asked(text: str, asked: Action | None, *, awaiting: bool) -> None:
    person = Someone(replace(LISBON, awaiting=awaiting), Held(consents=AGREED, asked_nudge=asked))
    assert person.says(text).replies
    assert person.schedule.days
