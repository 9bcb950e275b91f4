import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from bot.core.copies import replace
from bot.core.model import Held, Incoming, Kind, Where
from bot.core.state import State, Step


@dataclass(frozen=True)
class Counted:
    """As `Turn`: what was found out about it must not go along into a copy."""

    number: int

    @cached_property
    def double(self) -> int:
        return 2 * self.number


@dataclass(frozen=True, slots=True)
class Checked:
    """As rules are: a copy is checked, too."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("below 0")


@dataclass(frozen=True, slots=True)
class Inherited(Checked):
    other: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("old", "changes"),
    [
        (Held(), {"state": State(Step.EASE), "asked_room": None}),
        (Held(), {}),
        (State(step=Step.WHO, walk=3), {"walk": 4}),
        (Incoming(1, Where.PRIVATE, Kind.TEXT, at=3, text="hello"), {"at": 5, "seed": 7}),
        (Counted(1), {"number": 2}),
        (Inherited(1, [2]), {"number": 3}),
    ],
)
def test_copy_has_what_changed_and_all_else_as_it_was(old: Held, changes: Mapping[str, Any]) -> None:
    before = dataclasses.replace(old)
    new = replace(old, **changes)
    assert new == dataclasses.replace(old, **changes)
    assert type(new) is type(old)
    assert old == before  # is as it was


def test_copy_forgets_what_was_found_out_about_the_old() -> None:
    old = Counted(1)
    assert (old.double, replace(old, number=2).double) == (2, 4)


def test_copy_is_checked_as_the_old_was() -> None:
    with pytest.raises(ValueError, match=r"^below"):
        replace(Checked(1), number=-1)
