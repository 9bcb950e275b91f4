"""A deployment looked at from the inside, with the settings that the bot would use: each thing in one line.

Rules that hold here: a line says how it is, and where it is not well how to mend it; no token, key, id or address is
in one; nothing is changed, and a bot that runs is neither held up nor loses an update.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

import tzdata

from bot import app, operate, policy, prompts, review, settings
from bot.adapters.intake import RefusedError
from bot.adapters.standing import Standing, UnreachableError, ask
from bot.adapters.telegram_bot import UPDATES
from bot.settings import Settings, SettingsError
from bot.store import StoreError
from bot.store.examine import SQLITE, Found, examine, try_out
from bot.store.files import shown
from bot.store.keyring import Keyring
from bot.store.ledger import Ledger
from bot.store.opening import is_served
from bot.wording import printable

PATIENCE: Final = 8.0
"""Seconds for all that Telegram is asked."""

_HOUR: Final = 60 * 60
_DAY: Final = 24 * _HOUR
_MIB: Final = 1024 * 1024

_LEAST_ROOM: Final = 16 * _MIB
_ROOM: Final = 256 * _MIB
_COPIES: Final = 2
"""Copies of the database for which there should be room: an upgrade and a restoring make one each."""

_LARGE_LOG: Final = 64 * _MIB
_BACKUP_DUE: Final = 2 * _DAY
_OFF: Final = 5
_FAR_OFF: Final = 60
"""Seconds between two clocks. An answer takes some, and a nudge is due to the minute."""

_TAKEN: Final = (
    "start the bot again. If this comes back, another program has the token: end that, or make a new token by /revoke"
    " in @BotFather."
)
_MANY: Final = 100
_LONGEST_QUOTE: Final = 160

_REMOTE: Final = frozenset({"9p", "afs", "ceph", "cifs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs", "vboxsf"})
_PASSING: Final = frozenset({"overlay", "ramfs", "tmpfs"})
_MOUNTS: Final = Path("/proc/self/mountinfo")
_PROJECT: Final = Path(__file__).parent.parent / "pyproject.toml"


class How(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing, and what to know of it."""

    how: How
    about: str
    line: str


_ok = partial(Finding, How.OK)
_warn = partial(Finding, How.WARN)
_wrong = partial(Finding, How.WRONG)


async def examined(*, offline: bool, patience: float = PATIENCE) -> AsyncIterator[Finding]:
    """Look at one thing after the other. Unless `offline`, ask Telegram, for `patience` seconds at most."""
    for finding in _program():
        yield finding
    try:
        given = settings.load()
        token = given.token() if given.has_token else ""
    except SettingsError as error:
        for line in str(error).splitlines():
            yield _wrong("settings", line)
        return
    served = _is_served(given.bot_data)
    for finding in (*_set(given), *_kept(given, served=served)):
        yield finding
    yield await _serving(given, served=served)
    if not offline:
        for finding in await _at_telegram(given, token, patience, served=served):
            yield finding


def _or_well(about: str, line: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What was found, or else that it is well."""
    found = list(findings)
    yield from found or [_ok(about, line)]


# --- The program, its words and its settings ----------------------------------------------------------------------


def _program() -> Iterator[Finding]:
    yield _ok("program", f"compassion-bot {_version()}, Python {platform.python_version()}, SQLite {SQLITE}.")
    zones = str(tzdata.IANA_VERSION)
    if app.today().year - int(zones[:4]) > 1:
        line = f"The rules of time zones are those of {zones}: upgrade, or people get their messages at the wrong hour."
        yield _warn("time zones", line)
    else:
        yield _ok("time zones", f"Their rules are those of {zones}.")
    problems = [*review.check(), *policy.problems()]
    if problems:
        yield _wrong("content", f"prompts/ has {len(problems)} problems: `check` names each.")
        return
    yield _ok("content", "prompts/ is in order.")
    aging = review.aging(prompts.load(), app.now())
    if aging:
        line = f"{len(aging)} are hidden, or will be within 60 days: `check` names them. Call each, or read its page."
        yield _warn("helplines", line)
    else:
        yield _ok("helplines", "None will be hidden within 60 days.")


def _version() -> str:
    """The version of the clone that this is, or of the package."""
    if _PROJECT.exists():
        return str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])
    return version("compassion-bot")


def _set(given: Settings) -> Iterator[Finding]:
    yield from _or_well("operator", "People are told who runs the bot.", _unnamed(given))
    yield from _or_well("secrets", "No file that is set is open to other users.", _open_secrets(given))
    yield _listening(given)


def _unnamed(given: Settings) -> Iterator[Finding]:
    if not (given.bot_operator and given.bot_operator_contact):
        line = "BOT_OPERATOR or BOT_OPERATOR_CONTACT is not set: people have to know who runs the bot."
        yield _warn("operator", line)


def _open_secrets(given: Settings) -> Iterator[Finding]:
    files = {
        ".env": Path(".env") if given.bot_token or given.bot_data_key or given.bot_webhook_secret else None,
        "BOT_TOKEN_FILE": given.bot_token_file,
        "BOT_DATA_KEY_FILE": given.bot_data_key_file,
    }
    for name, path in files.items():
        if path is not None and _is_open(path):
            yield _warn("secrets", f"Other users may read the file of {name}: run `chmod go=` on it.")


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:  # it is not there, or not for this user to see: told where it is read
        return False


def _listening(given: Settings) -> Finding:
    if given.listen is None:
        return _warn("listen", "Nothing can ask whether the bot is ready: set BOT_LISTEN, to 8080 say.")
    if _is_loopback(given.listen[0]):
        return _ok("listen", "Only this machine, or container, can ask how the bot is.")
    line = "Other machines may reach /metrics: let a firewall, or a network of its own, keep out all but the proxy."
    return _warn("listen", line)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- What is kept -------------------------------------------------------------------------------------------------


def _is_served(folder: Path) -> bool:
    try:
        return is_served(folder)
    except StoreError:  # another user's: told where the folder is looked at
        return False


def _kept(given: Settings, *, served: bool) -> Iterator[Finding]:
    yield from _or_well("data folder", f"{shown(given.bot_data)} can be used.", _folder(given.bot_data))
    problems = operate.unfit(given)
    if problems:
        yield from (_wrong("key and data", line) for line in problems)
        return
    ring = app.keyring(given)
    yield _key(ring)
    try:
        found = examine(given.bot_data)
    except StoreError as error:
        yield _wrong("database", str(error))
        return
    yield _room(given.bot_data, found)
    if found is None:
        yield _ok("database", "There is none yet.")
    else:
        well = "It is sound." if found.is_sound else "It is too large to be looked through here; `backup` does that."
        yield from _or_well("database", well, _database(found, served=served))
        yield _backup(found)
    well = "It is apart from the data."
    yield from _or_well("ledger", well, _ledger(given, ring if found else None))


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        found = folder.stat()
    except OSError:
        found = None
    if found is None or not stat.S_ISDIR(found.st_mode):
        return  # the first start makes it, and whether it can is told with the key
    if found.st_uid != os.geteuid():
        line = "It is another user's: run this as the user that runs the bot, or give the folder to that user (chown)."
        yield _wrong("data folder", line)
        return
    if _is_open(folder):
        yield _warn("data folder", f"Other users can look into it: run `chmod 700 {shown(folder)}`.")
    kind = _file_system(folder.resolve(), _MOUNTS.read_text("utf-8", "replace") if _MOUNTS.exists() else "")
    if kind in _REMOTE or kind.startswith("fuse"):
        line = f"It is on {kind}, on which locks cannot be relied on, and SQLite needs them: choose a local disk."
        yield _wrong("data folder", line)
    if kind in _PASSING:
        line = f"It is on {kind}, which goes with the container or the machine's next start: mount a volume or a disk."
        yield _warn("data folder", line)
    try:
        try_out(folder)
    except StoreError as error:
        yield _wrong("data folder", str(error))


def _file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder is on, by Linux's list of mounts. "" where that is not known."""
    found = Path(), ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].replace(r"\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= len(found[0].parts):
            found = point, after.split()[0]
    return found[1]


def _key(ring: Keyring | None) -> Finding:
    if ring is None:
        return _ok("key", "There is none yet: the first start makes one. Keep a copy of it elsewhere then.")
    age = f", the newest made on {ring.newest.made}" if ring.newest.made else ""
    return _ok("key", f"It fits the data. Keys: {len(ring.keys)}{age}. Is there a copy elsewhere?")


def _room(folder: Path, found: Found | None) -> Finding:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    wanted = max(_ROOM, _COPIES * found.size if found else 0)
    if free < _LEAST_ROOM:
        return _wrong("disk", f"{free // _MIB} MiB are free, and soon nothing can be kept: make room.")
    if free < wanted:
        line = f"{free // _MIB} MiB are free, and an upgrade or a restoring may need {wanted // _MIB}: make room."
        return _warn("disk", line)
    return _ok("disk", f"{free // _MIB} MiB are free.")


def _database(found: Found, *, served: bool) -> Iterator[Finding]:
    if found.is_sound is False:
        line = "It is damaged: end the bot, keep a copy of the folder, and run `restore` with the newest backup."
        yield _wrong("database", line)
    if found.is_older:
        line = "It is of an older version: make a backup; the next start of the bot brings it up to date."
        yield _warn("database", line)
    if found.is_unfinished and not served:
        line = "A start or a restoring was interrupted and has left a copy: start the bot, which deletes it."
        yield _warn("database", line)
    if found.in_log > _LARGE_LOG:
        line = f"Its log has {found.in_log // _MIB} MiB, since another program keeps it open: end that program."
        yield _warn("database", line)


def _backup(found: Found) -> Finding:
    if found.backed_up_at is None:
        return _warn("backup", "None was made of this data yet: run `backup` each night, and copy it elsewhere.")
    age = app.now() - found.backed_up_at
    if age > _BACKUP_DUE:
        return _warn("backup", f"The last was made {age // _DAY} days ago: see why, and run `backup` each night.")
    return _ok("backup", f"The last was made {age // _HOUR} hours ago. Is there a copy elsewhere?")


def _ledger(given: Settings, ring: Keyring | None) -> Iterator[Finding]:
    file = app.ledger_file(given)
    if file.resolve().is_relative_to(given.bot_data.resolve()):
        line = "It lies in the data folder, and would be put back with it: choose another place by BOT_LEDGER_FILE."
        yield _wrong("ledger", line)
    if ring is None:
        return
    if not file.exists():
        line = (
            "There is none, so a backup would bring back who was forgotten: start the bot, which makes one, and restore"
            " no backup that is older."
        )
        yield _warn("ledger", line)
        return
    try:
        Ledger(file, ring).gone_at(b"")
    except StoreError as error:
        yield _wrong("ledger", str(error))


# --- The bot that runs, and Telegram ------------------------------------------------------------------------------


async def _serving(given: Settings, *, served: bool) -> Finding:
    is_ready = given.listen is not None and await app.is_ready(given)
    match served, is_ready:
        case True, True:
            return _ok("bot", "One serves this data, and is ready.")
        case True, False if given.listen is None:
            return _ok("bot", "One serves this data.")
        case True, False:
            return _wrong("bot", "One serves this data, and is not ready at BOT_LISTEN: its log says why.")
        case False, True:
            line = "One is ready at BOT_LISTEN, and serves other data: run this with its settings, as its user."
            return _wrong("bot", line)
    return _warn("bot", "None serves this data now: start it.")


async def _at_telegram(given: Settings, token: str, patience: float, *, served: bool) -> Iterable[Finding]:
    if not token:
        line = "There is none, so the bot talks in the terminal alone: set BOT_TOKEN_FILE, or BOT_TOKEN."
        return [_warn("token", line)]
    try:
        standing = await ask(given.bot_api_url, token, patience)
    except RefusedError:
        line = "Telegram refuses it: it is mistyped or revoked. @BotFather shows it by /token, and makes a new one by"
        return [_wrong("token", f"{line} /revoke.")]
    except UnreachableError as error:
        line = f"No answer ({error}): look at the network, its names (DNS) and firewall, HTTPS_PROXY, and BOT_API_URL."
        return [_wrong("Telegram", line)]
    return _standing(given, standing, served=served)


def _standing(given: Settings, standing: Standing, *, served: bool) -> Iterator[Finding]:
    yield _ok("token", "Telegram knows it.")
    yield _clock(standing)
    yield from _or_well("groups", "Privacy mode is on, and the bot can be added to groups.", _in_groups(standing))
    well = "It has none, and the bot polls." if given.bot_webhook_url is None else "It is the one that is set."
    yield from _or_well("webhook", well, _webhook(given, standing, served=served))
    yield from _or_well("updates", f"{standing.waiting} wait at Telegram.", _updates(standing, served=served))


def _clock(standing: Standing) -> Finding:
    if standing.clock is None:
        return _warn("clock", "Telegram's answer has no date to hold it against.")
    off = abs(app.now() - standing.clock)
    if off <= _OFF:
        return _ok("clock", "It goes as Telegram's does.")
    line = f"It is {off} s off from Telegram's: turn on NTP (`timedatectl set-ntp true`)."
    return (_wrong if off > _FAR_OFF else _warn)("clock", line)


def _in_groups(standing: Standing) -> Iterator[Finding]:
    if standing.reads_groups:
        line = (
            "Privacy mode is off, and Telegram sends all that is written in groups: turn it on by /setprivacy in"
            " @BotFather, take the bot out of each group, and add it again."
        )
        yield _warn("groups", line)
    if not standing.joins_groups:
        yield _warn("groups", "The bot cannot be added to groups: if it is to be, turn that on by /setjoingroups.")


def _webhook(given: Settings, standing: Standing, *, served: bool) -> Iterator[Finding]:
    if given.bot_webhook_url is None:
        if standing.webhook:
            yield _wrong("webhook", f"Telegram calls one, and BOT_WEBHOOK_URL is not set: {_TAKEN}")
        return
    if not standing.webhook:
        yield (_wrong if served else _warn)("webhook", f"Telegram has none, and BOT_WEBHOOK_URL is set: {_TAKEN}")
    elif standing.webhook != given.bot_webhook_url:
        yield _wrong("webhook", f"Telegram calls another address than BOT_WEBHOOK_URL: {_TAKEN}")
    if app.now() - standing.failed_at < _HOUR:
        at = datetime.fromtimestamp(standing.failed_at, UTC)
        said = printable(standing.failure)[:_LONGEST_QUOTE]
        line = f"A call failed at {at:%H:%M} UTC ({said}): look at the proxy, its certificate, and the bot's log."
        yield _warn("webhook", line)


def _updates(standing: Standing, *, served: bool) -> Iterator[Finding]:
    if standing.waiting > _MANY:
        line = f"{standing.waiting} wait at Telegram, which keeps them for a day: see that the bot runs, and its log."
        yield _warn("updates", line)
    left_out = sorted(set(UPDATES) - standing.allowed)
    if served and standing.allowed and left_out:
        yield _wrong("updates", f"Telegram was asked to leave out {', '.join(left_out)}: {_TAKEN}")
