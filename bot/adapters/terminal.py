"""The same bot in a terminal: same core, same prompts, a store of its own, no token.

Rules that hold here: buttons are numbered, and their number or any text answers; a place cannot be shared, so the key
for it has no number; a picture is drawn in plain letters, and a file is shown by its name and its text; on a pipe the
transcript is plain, and the end of the input is a good end.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from itertools import count
from typing import Final, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.core.commands import split_command
from bot.core.model import Action, Animation, Button, Document, Incoming, Kind, Reply, Where
from bot.figure import plot
from bot.prompts import Prompts
from bot.respond import Responder

PERSON: Final = 1
"""The one person of a terminal, in a store of their own."""

_TELEGRAMS: Final = frozenset({Action.LOCATE, Action.ROOM_PICK, Action.ADD, Action.OPEN})
"""Buttons that only Telegram can follow: they are shown without a number."""


class Terminal:
    """A conversation on `stdin` and `stdout`. Both a terminal: in colour, with a prompt; else a plain transcript."""

    def __init__(self, responder: Responder, prompts: Prompts, stdin: TextIO, stdout: TextIO) -> None:
        self._responder = responder
        self._prompts = prompts
        self._stdin = stdin
        self._interactive = stdin.isatty() and stdout.isatty()
        self._console = Console(file=stdout, highlight=False, markup=False, soft_wrap=not self._interactive)
        self._buttons: tuple[Button, ...] = ()
        self._are_keys = False

    async def run(self) -> None:
        """Talk until the input ends. Reading blocks: there is nobody else to serve."""
        if self._interactive:
            await self._hear("/start")
        while line := self._next_line():
            if line.strip():
                await self._hear(line)
        if self._interactive:
            self._say("")

    def _next_line(self) -> str:
        """Give a line with its end, or "" at the end of the input."""
        if self._interactive:
            self._console.print("> ", style="bold", end="")
            return self._stdin.readline()
        line = self._stdin.readline()
        if line.strip():
            self._say(f"> {line.strip()}")
        return line

    async def _hear(self, line: str) -> None:
        decision = await self._responder.respond(self._incoming(line.strip()))
        if decision.toast is not None:
            self._say(self._prompts.text(Reply((decision.toast,))))
        for reply in decision.replies:
            self._show(reply)
        self._say("")

    def _show(self, reply: Reply) -> None:
        self._say("")
        self._say(self._prompts.text(reply), indent=2)
        self._show_attached(reply)
        if not reply.buttons:
            return
        self._buttons = tuple(button for row in reply.buttons for button in row if button.action not in _TELEGRAMS)
        self._are_keys = reply.is_keyboard
        numbers = count(1)
        self._say("")
        for row in reply.buttons:
            marks = ("" if button.action in _TELEGRAMS else f"[{next(numbers)}] " for button in row)
            labels = (f"{mark}{self._prompts.label(button)}" for mark, button in zip(marks, row, strict=True))
            self._say("   ".join(labels), indent=2, style="cyan")

    def _show_attached(self, reply: Reply) -> None:
        match reply.attached:
            case None | Animation():
                return
            case Document(name, content):
                read = content.decode("utf-8-sig").replace("\r\n", "\n").rstrip()
                text = f"{name}\n\n{read}"
            case figure:
                text = plot(figure, self._prompts.content.labels)
        self._say("")
        self._say(text, indent=4)

    def _say(self, text: str, *, indent: int = 0, style: str = "") -> None:
        if self._interactive:
            self._console.print(Padding(Text(text, style), (0, 0, 0, indent)))
        else:
            self._console.print(Text("\n".join(" " * indent + line if line else "" for line in text.split("\n"))))

    def _incoming(self, line: str) -> Incoming:
        pressed = self._pressed(line)
        if pressed is not None and self._are_keys:
            line = self._prompts.label(pressed)
        elif pressed is not None:
            return Incoming(PERSON, Where.PRIVATE, Kind.PRESS, at=0, payload=pressed.payload)
        command, rest = split_command(line)
        if command:
            return Incoming(PERSON, Where.PRIVATE, Kind.COMMAND, at=0, command=command, text=rest)
        return Incoming(PERSON, Where.PRIVATE, Kind.TEXT, at=0, text=line)

    def _pressed(self, line: str) -> Button | None:
        return {str(number): button for number, button in enumerate(self._buttons, start=1)}.get(line)


async def talk(responder: Responder, prompts: Prompts) -> None:
    """Talk on this process's standard input and output. Bytes that are no UTF-8 are replaced."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    await Terminal(responder, prompts, sys.stdin, sys.stdout).run()
