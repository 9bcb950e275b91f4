"""What an operator does beside a bot that serves: the keys, copies of the database, and what one person asks for.

Rules that hold here: each works while the bot runs, but for what would take the database from under it; nothing is
made where there is nothing; of people, only counts are told.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from bot import app
from bot.core import follow_ups
from bot.core.course import Practice
from bot.core.export import export
from bot.core.facts import FollowedUp, NudgeChange, Tap
from bot.core.gap import DAY
from bot.core.kept import FollowUp, Nudging, Purpose
from bot.core.model import Content
from bot.core.nudging import LATEST, Kind, changed, left_out, may_come, message_for, sent
from bot.settings import Settings, SettingsError
from bot.store import SecretError, StoreError, backup
from bot.store.backup import Restored
from bot.store.dues import Tally
from bot.store.files import shown
from bot.store.keyring import Keyring, add, prune
from bot.store.ledger import Ledger
from bot.store.opening import FILE
from bot.store.ring import Ring
from bot.store.rotate import Rotated, rotate, use_of_keys
from bot.store.store import Store

_HOUR: Final = 60 * 60

_PAUSE: Final = 0.02
"""Seconds between two transactions of a rotation, in which the bot that serves can write."""
_PUT_A_KEY: Final = (
    "The data key is given by setting: put a new one in front of it, made with `openssl rand -base64 32`, keep the old"
    " one behind it, let the bot read both, and run this again"
)


_Due = tuple[int, Kind | Purpose, Practice | None]
"""When (seconds since 1970, UTC), and what."""


class Foreseen(NamedTuple):
    """What would be sent in one hour of a day, UTC."""

    hour: int
    kind: Kind | Purpose
    practice: Practice | None = None


def unfit(settings: Settings) -> list[str]:
    """Why key, folder and database do not fit together, a line each. Write nothing."""
    problems = []
    try:
        app.refuse_unfit(settings, settings.bot_data)
    except StoreError as error:
        problems += str(error).splitlines()
    file = _own_key_file(settings)
    if file is not None and file.resolve().is_relative_to(settings.bot_data.resolve()):
        problems.append("The data key lies in the data folder: whoever copies that has both, so put the key elsewhere.")
    return problems


def shown_keys(settings: Settings) -> tuple[Keyring, Mapping[bytes, int], str]:
    """Return the keys, how many cells are sealed under the id of each, and where the keys lie."""
    ring = _ring(settings)
    counts = sum((use_of_keys(folder) for folder in _folders(settings, ring)), Counter())
    file = _own_key_file(settings)
    return Keyring(ring.keys), counts, "BOT_DATA_KEY" if file is None else shown(file)


def rotate_keys(settings: Settings, progress: Callable[[int, int], None]) -> Rotated:
    """Seal everything anew: with a key that waits to be used, or a new one in front of a key file of ours."""
    ring = _ring(settings)
    folders, file = _folders(settings, ring), _own_key_file(settings)

    def run() -> Rotated:
        done = [rotate(folder, ring, pause=lambda: time.sleep(_PAUSE), progress=progress) for folder in folders]
        return Rotated(any(one.begun for one in done), sum(one.anew for one in done), sum(one.shut for one in done))

    in_use: Counter[bytes] = sum((use_of_keys(folder) for folder in folders), Counter())
    rotated = Rotated(begun=False, anew=0, shut=0)
    if len(ring.keys) > 1 and set(in_use) - {ring.newest.id}:
        rotated = run()
    if not (rotated.begun or rotated.anew):
        if file is None or not _is_changeable(file):
            raise SettingsError(_PUT_A_KEY)
        add(file, app.today())
        ring.renew()
        rotated = run()
    if file is not None and _is_changeable(file):
        prune(file, set().union(*(use_of_keys(folder) for folder in folders)), app.today())
    return rotated


def back_up(settings: Settings, target: Path) -> None:
    """Write the database, as it is now, to a new file."""
    backup.back_up(settings.bot_data, _ring(settings), target, app.now())


def restore(settings: Settings, source: Path) -> Restored:
    """Put a backup in the place of the database, without what was forgotten since."""
    ring = _ring(settings)
    return backup.restore(settings.bot_data, ring, Ledger(app.ledger_file(settings), ring), source, app.now())


async def tally(settings: Settings) -> Tally:
    """Count what is due."""
    async with Store.beside(settings.bot_data, _ring(settings)) as store:
        return await store.tally(app.now())


async def foresee(settings: Settings, content: Content, day: date) -> Counter[Foreseen]:
    """Count what would be sent on a day, from now on.

    Everything until then is taken as sent on time and answered, and nothing as changed by anyone.
    """
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    now, end = app.now(), start + DAY
    counts = Counter[Foreseen]()
    async with Store.beside(settings.bot_data, _ring(settings), versions=content.versions) as store:
        async for one in store.coming():
            dues: list[_Due] = [(max(at, now), Purpose.PLANS, None) for at in one.reminders]
            dues += ((at, Purpose.FOLLOW_UPS, None) for each in one.follow_ups for at in _asked(each, now))
            dues += () if one.nudging is None else _nudged(one.nudging, content, now, end)
            counts.update(
                Foreseen((at - start) // _HOUR, kind, practice) for at, kind, practice in dues if start <= at < end
            )
    return counts


def _nudged(kept: Nudging, content: Content, now: int, end: int) -> Iterator[_Due]:
    """What the clock would send someone until that time, each answered."""
    while kept.due_at and (at := max(kept.due_at, now)) < end:
        if not may_come(kept, at, content.zones):
            kept = left_out(kept, due_at=kept.due_at, at=at, content=content)
            continue
        message = message_for(kept, content)
        yield at, message.kind, message.practice
        kept = sent(kept, message, at=at, content=content)
        kept = changed(kept, NudgeChange(tap=Tap.DID), at=at, zones=content.zones, seed=kept.seed)


def _asked(one: FollowUp, now: int) -> Iterator[int]:
    """When the clock would ask about a walk, each answered."""
    while one.due_at:
        at = max(one.due_at, now)
        if at - one.due_at >= LATEST:
            one = follow_ups.left_out(one, at)
            continue
        yield at
        one = follow_ups.sent(one, at)
        one = follow_ups.answered(one, FollowedUp(one.walk, one.points[-1].days))


async def export_person(settings: Settings, person: int) -> bytes:
    """Return all that is kept of a person, as JSON."""
    async with Store.beside(settings.bot_data, _ring(settings)) as store:
        page, _ = export(await store.kept(person), app.now())
    return page.content


async def forget_person(settings: Settings, person: int) -> int:
    """Delete all that is kept of a person. Return how many rows that was."""
    ring = _ring(settings)
    async with Store.beside(settings.bot_data, ring, ledger=Ledger(app.ledger_file(settings), ring)) as store:
        return await store.forget(person, at=app.now())


def _ring(settings: Settings) -> Ring:
    """The keys that there are. Raise SecretError where none was made yet."""
    given = app.keyring(settings)
    if given is None:
        raise SecretError(
            "There is no data key: put its copy back. If nothing was kept yet, the first start of the bot makes one."
        )
    return Ring(lambda: app.keyring(settings) or given)


def _folders(settings: Settings, ring: Ring) -> list[Path]:
    """The folders with a database, each of which the keys fit."""
    folders = [folder for folder in (settings.bot_data, settings.bot_data / app.TERMINAL) if (folder / FILE).exists()]
    for folder in folders:
        Store.refuse_unfit(folder, ring)
    return folders


def _own_key_file(settings: Settings) -> Path | None:
    return None if settings.bot_data_key else settings.bot_data_key_file or app.key_file()


def _is_changeable(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
