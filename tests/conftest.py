"""What holds for every test: no setting of the one who runs it, and no clock in judgement."""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, settings

import bot.respond
from tests.core.places import FITTING, LIMITS

for name in [name for name in os.environ if name.startswith("BOT_")]:
    del os.environ[name]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
bot.respond.PATIENCE = 60.0  # type: ignore[misc] # so that a busy machine is not taken for a store that hangs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the long variants: many people, many updates")
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="run the files, and the tests of each, in another order"
    )
    parser.addoption("--soak", type=float, default=0.0, metavar="MINUTES", help="let tests/test_soak.py last so long")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--long"):
        LIMITS["fitting"] = len(FITTING)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed: int | None = config.getoption("--shuffle")
    if seed is not None:
        chance = Random(seed)
        chance.shuffle(items)
        place = {item.path: chance.random() for item in items}
        items.sort(key=lambda item: place[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what tests have counted."""
    for report in terminalreporter.getreports("passed"):
        for name, count in report.user_properties:
            terminalreporter.write_line(f"{name}: {count}")
