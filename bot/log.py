"""The log: structlog, one line an event, to standard error.

Rules that hold here: a line has only the fields in `ALLOWED`, so that no text, token or id can get in, whoever logs;
an exception is its type and the places it passed, never its message; what libraries log is cut down to who and how
serious, since their messages quote addresses (with the token) and updates; a log that takes nothing, on a full disk
say, keeps nobody from being answered.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "kind",  # of an update
        "step",  # of a walk
        "milliseconds",  # that its handling took
        "waited",  # milliseconds before that
        "updates",  # how many were handled together
        "outcome",
        "id",  # random, of one handling: it tells which lines belong together
        "seconds",  # until the next try
        "count",  # of messages, over all people
        "error",  # the type of an exception
        "at",  # the places that it passed
        "library",
    }
)

_QUIET: Final = ("aiohttp", "aiosqlite", "asyncio", "httpcore", "httpx", "telegram")


def configure(level: str, form: str) -> None:
    """Set up logging for the whole process. `level`: debug, info, warning or error. `form`: json or console."""
    number = logging.getLevelNamesMapping()[level.upper()]
    render = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lossy(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Library()], level=logging.WARNING, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _unhandled
    sys.unraisablehook = threading.excepthook = _lost_outside


def only_allowed(_: object, __: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not allowed. A test holds events and fields to words that stand in the code."""
    return {name: value for name, value in fields.items() if name in ALLOWED}


def failure(error: BaseException) -> dict[str, str]:
    """The fields that tell of an exception without its message: its type, and the places that it passed."""
    return {"error": type(error).__name__, "at": " < ".join(_places(error.__traceback__))}


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody awaited, without its message."""
    loop.set_exception_handler(_lost)


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[::-1]


def _unhandled(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    structlog.get_logger().critical("unhandled", **failure(error))


def _lost(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _say_lost(context.get("exception"))


def _lost_outside(lost: sys.UnraisableHookArgs | threading.ExceptHookArgs) -> None:
    _say_lost(lost.exc_value)


def _say_lost(error: BaseException | None) -> None:
    structlog.get_logger().error("lost", **(failure(error) if error else {}))


class _Lossy:
    """A stream that loses what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Library(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log = structlog.get_logger()
        getattr(log, "error" if record.levelno >= logging.ERROR else "warning")(
            "library", library=record.name.partition(".")[0], **(failure(error) if error else {})
        )
