"""The privacy policy: the text of prompts/, filled with who runs the bot and for how long things are kept.

Rules that hold here: each period comes from the constant that the program goes by, so that the text cannot say
another; a slot that is unknown or left out is a problem, told with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.core.button import LIFETIME, LONG_LIFETIME
from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, PLAN_DAYS
from bot.prompts import FOLDER, ContentError, shown_path, text_of, unwritten_in
from bot.respond import IDLE
from bot.store import keyring, ledger
from bot.store.rooms import GONE_DAYS
from bot.store.store import NOTICE_DAYS, QUIET_DAYS

_SLOT: Final = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
"""A name, and after a line the words that stand there where it has none."""
_PERIODS: Final[Mapping[str, str]] = {
    "walk_days": str(KEPT_DAYS),
    "plan_days": str(PLAN_DAYS),
    "quiet_days": str(QUIET_DAYS),
    "notice_days": str(NOTICE_DAYS),
    "warned_days": str(QUIET_DAYS - NOTICE_DAYS),
    "gone_days": str(GONE_DAYS),
    "backup_days": str(ledger.KEPT_FOR // DAY),
    "key_days": str(keyring.KEPT_FOR.days),
    "idle_minutes": str(IDLE // 60),
    "button_hours": str(LIFETIME // (60 * 60)),
    "sent_days": str(LONG_LIFETIME // DAY),
}
_MAY_LACK: Final = frozenset({"operator", "contact"})
_SLOTS: Final = _MAY_LACK | _PERIODS.keys()


def page(operator: str | None, contact: str | None, folder: Path = FOLDER, language: str = "en") -> str:
    """Return the policy of a bot that `operator` runs, as Markdown. Raise ContentError where its text has problems."""
    text, told = _read(folder / language / "privacy.md")
    if told:
        raise ContentError(told)
    words = {"operator": operator, "contact": contact, **_PERIODS}
    return _SLOT.sub(lambda slot: words[slot[1]] or slot[2], text)


def problems(folder: Path = FOLDER, language: str = "en") -> list[str]:
    """Every problem of the text, with its file and line."""
    return _read(folder / language / "privacy.md")[1]


def _read(path: Path) -> tuple[str, list[str]]:
    text, unread = text_of(path)
    return text, [
        f"{shown_path(path)}:{line}: {what}" for line, what in unread or [*unwritten_in(text), *_misfits(text)]
    ]


def _misfits(text: str) -> list[tuple[int, str]]:
    lines = enumerate(text.splitlines(), start=1)
    slots = [(number, name, instead) for number, line in lines for name, instead in _SLOT.findall(line)]
    unknown = [
        (number, f"{{{name}}} is no slot here: mend its name") for number, name, _ in slots if name not in _SLOTS
    ]
    bare = [
        (number, f"{{{name}}} may be empty: say what then: {{{name}|...}}")
        for number, name, instead in slots
        if name in _MAY_LACK and not instead
    ]
    left_out = sorted(_SLOTS - {name for _, name, _ in slots})
    return [*unknown, *bare, *((1, f"{{{name}}} stands nowhere: say it") for name in left_out)]
