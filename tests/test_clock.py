"""The time that the bot goes by, while the machine's clock is set, wrong, or stands still."""

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.clock import UNTOLD, Clock

HOUR = 60 * 60
YEAR = 365 * 24 * HOUR
TRUE = 1_790_000_000.0
JUMPS = (-YEAR, -24 * HOUR, -HOUR, HOUR, 24 * HOUR, YEAR)


class Machine:
    """A machine whose clock can be set, and Telegram, which has the true time."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead
        self.at = 0.0
        self.slept = 0.0
        self.clock = Clock(lambda: TRUE + self.at + self.ahead, lambda: 5.0 + self.at - self.slept)

    def passes(self, seconds: float) -> float:
        """Let time pass, and give how far the clock is ahead of the true time by then."""
        self.at += seconds
        return self.clock() - int(TRUE + self.at)

    def sleeps(self, seconds: float) -> None:
        """Let time pass that no steady clock of the machine sees."""
        self.at += seconds
        self.slept += seconds

    def asks_telegram(self) -> float:
        """Give the same as `passes`, once Telegram has told the time."""
        self.clock.told(int(TRUE + self.at))
        return self.passes(0)


def test_clock_that_nobody_sets_is_followed_as_it_is_slewed() -> None:
    machine = Machine()
    for slewed in range(100):
        machine.ahead = slewed
        assert machine.passes(HOUR) == slewed


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_is_not_followed_while_telegram_is_away_and_its_end_is_not_noticed(jump: float) -> None:
    machine = Machine()
    machine.asks_telegram()
    with capture_logs() as logs:
        machine.ahead = jump
        assert [machine.passes(30 * 60) for _ in range(10)] == [0] * 10
        machine.ahead = 0
        assert machine.passes(60) == 0
    assert [(one["event"], one["seconds"]) for one in logs] == [
        ("the machine's clock was set: not followed yet", jump),
        ("the machine's clock is followed again", 0),
    ]


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_that_telegram_speaks_against_is_said_once_and_never_followed(jump: float) -> None:
    machine = Machine()
    machine.asks_telegram()
    machine.ahead = jump
    with capture_logs() as logs:
        for _ in range(10):
            machine.at += HOUR
            assert machine.asks_telegram() == 0
    assert [(one["log_level"], one["event"], one["seconds"]) for one in logs] == [
        ("error", "the machine's clock is wrong: Telegram's is followed until it is set", jump)
    ]
    assert REGISTRY.get_sample_value("bot_clock_ahead_seconds") == jump


@pytest.mark.parametrize("ahead", JUMPS)
def test_clock_that_was_wrong_at_the_start_is_put_right_by_the_first_answer(ahead: float) -> None:
    machine = Machine(ahead)
    assert machine.passes(0) == ahead
    assert machine.asks_telegram() == 0
    assert machine.passes(30) == 0
    machine.ahead = 0  # it was set
    assert machine.passes(30) == 0


@pytest.mark.parametrize("slept", [HOUR, 24 * HOUR])
def test_time_that_a_machine_has_slept_through_is_known_with_the_first_answer(slept: float) -> None:
    machine = Machine()
    machine.asks_telegram()
    machine.sleeps(slept)
    assert machine.passes(0) == -slept
    assert machine.asks_telegram() == 0
    assert machine.passes(HOUR) == 0


def test_clock_that_sleeps_and_comes_back_behind_is_put_right_by_telegram() -> None:
    machine = Machine()
    machine.asks_telegram()
    machine.sleeps(HOUR)
    machine.ahead = -HOUR  # until it is set from outside, as after a snapshot
    assert machine.asks_telegram() == 0
    machine.ahead = 0
    assert machine.passes(60) == 0


def test_where_nobody_tells_the_time_a_jump_is_followed_once_it_has_stood_for_an_hour() -> None:
    machine = Machine()
    machine.ahead = YEAR
    assert machine.passes(0) == 0
    assert machine.passes(UNTOLD - 1) == 0
    machine.ahead = 2 * YEAR
    assert machine.passes(1) == 0
    assert machine.passes(UNTOLD) == 2 * YEAR


def test_a_few_seconds_between_two_clocks_are_no_jump() -> None:
    machine = Machine()
    with capture_logs() as logs:
        for ahead in (-30, 0, 30):
            machine.ahead = ahead
            assert machine.asks_telegram() == ahead
    assert logs == []
