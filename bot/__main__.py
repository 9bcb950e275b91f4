"""The command line: `compassion-bot`, the same as `python -m bot`.

Rules that hold here: settings never become flags, since a token on a command line is a leak; standard output holds
only what was asked for; an expected failure is one line for each problem and exit 2, never a traceback.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any, Final

import structlog
from pydantic import BaseModel, Field, StrictInt, StrictStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, CliApp, CliSubCommand, SettingsConfigDict
from pydantic_settings import SettingsError as UsageError

from bot import app, log, prompts, settings
from bot.core.model import Content
from bot.store import StoreError

EXPECTED: Final = (settings.SettingsError, prompts.ContentError, StoreError)


class Run(BaseModel):
    """Serve on Telegram. Needs BOT_TOKEN."""

    def cli_cmd(self) -> None:
        """Run until told to stop."""
        asyncio.run(app.run(_configured("info")))


class Chat(BaseModel):
    """Talk to the same bot in this terminal, or through a pipe."""

    def cli_cmd(self) -> None:
        """Run until the input ends."""
        asyncio.run(app.chat(_configured("warning")))


class Check(BaseModel):
    """Check prompts/ and the settings, and say every problem with its place."""

    def cli_cmd(self) -> None:
        """Exit 1 if there is a problem."""
        problems = [*prompts.check(), *settings.problems()]
        print(*(problems or ["prompts/ and the settings are in order."]), sep="\n")
        if problems:
            sys.exit(1)


class Health(BaseModel):
    """Ask the bot that runs with these settings whether it is ready. For a container's check."""

    def cli_cmd(self) -> None:
        """Exit 1 if it is not."""
        if not asyncio.run(app.is_ready(settings.load())):
            print("The bot is not ready.", file=sys.stderr)
            sys.exit(1)
        print("The bot is ready.")


class NoticeLines(BaseModel):
    """Read JSON lines {"id", "text"}; for each, write one JSON line that says what is noticed."""

    def cli_cmd(self) -> None:
        """Read until the input ends."""
        content = prompts.load().content
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(json.dumps(_noticed(line, content), ensure_ascii=False).encode() + b"\n")
            sys.stdout.buffer.flush()


class Cli(BaseSettings):
    """A companion for the moment when another's suffering will not let go."""

    # The prefix keeps the environment out: a variable called RUN or CHECK is no command.
    model_config = SettingsConfigDict(
        cli_prog_name="compassion-bot", env_prefix="COMPASSION_BOT_COMMAND_", cli_exit_on_error=False
    )

    run: CliSubCommand[Run] = Field(description=Run.__doc__)
    chat: CliSubCommand[Chat] = Field(description=Chat.__doc__)
    notice: CliSubCommand[NoticeLines] = Field(description=NoticeLines.__doc__)
    check: CliSubCommand[Check] = Field(description=Check.__doc__)
    health: CliSubCommand[Health] = Field(description=Health.__doc__)

    def cli_cmd(self) -> None:
        """Run what was named."""
        CliApp.run_subcommand(self)


class _Message(BaseModel):
    id: StrictStr | StrictInt
    text: str


_MESSAGE: Final = TypeAdapter(_Message)
_USAGE: Final = "Give run, chat, notice, check or health, and nothing else: settings come from the environment."


def main() -> None:
    """Run the command line, and tell an expected failure in plain words."""
    log.configure("warning", "json")
    try:
        CliApp.run(Cli, cli_args=sys.argv[1:] or [_what_to_run()])
    except EXPECTED as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except UsageError:  # whose words repeat what was given: perhaps a token
        print(_USAGE, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read us has gone; what Python flushes at its end goes nowhere, as its documentation advises.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 a traceback may quote a person's words
        structlog.get_logger().critical("unhandled", **log.failure(error))
        sys.exit(1)


def _what_to_run() -> str:
    return "run" if settings.load().has_token else "chat"


def _configured(level: str) -> settings.Settings:
    given = settings.load()
    log.configure(given.bot_log_level or level, given.bot_log_format)
    return given


def _noticed(line: bytes, content: Content) -> dict[str, Any]:
    try:
        message = _MESSAGE.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        return {"id": None, "error": f'{place}: {first["msg"]}; give {{"id": ..., "text": ...}} on one line'}
    notice, danger = content.reader.notice(message.text), content.guard.read(message.text)
    return {
        "id": message.id,
        "notice": notice.about,
        "probability": round(notice.probability, 4),
        "ask": notice.ask,
        "offer": notice.offer,
        "source": notice.source,
        "danger": danger.tier,
        "minor": danger.minor,
        "evidence": [{"rule": seen.rule, "text": seen.text} for seen in (*notice.evidence, *danger.evidence)],
    }


if __name__ == "__main__":
    main()
