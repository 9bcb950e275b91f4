"""What the documents say, held against what the bot is."""

import re
import shlex
from io import StringIO
from math import lcm
from pathlib import Path

import pytest

from bot.__main__ import Cli
from bot.adapters.terminal import Terminal
from bot.core.commands import COMMANDS
from bot.settings import Settings
from bot.store.store import Store
from tests.person import PROMPTS, RING, Clock, responder_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "prompts/README.md"]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))


def section(title: str) -> str:
    """The text under one heading of the README, to the next heading."""
    return re.split(r"^#+ .*$", README.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def block(title: str) -> str:
    """The first block of text in a section."""
    return section(title).split("```text\n", 1)[1].split("```", 1)[0]


def first_column(title: str) -> list[str]:
    """What stands as code in the first column of the first table in a section."""
    rows = re.search(r"(^\|.*\n)+", section(title), re.MULTILINE)
    return re.findall(r"^\| `(.+?)` \|", rows[0] if rows else "", re.MULTILINE)


async def test_example_of_small_practices_is_what_the_bot_says(tmp_path: Path) -> None:
    shown = block("Small practices")
    typed = re.findall(r"^> (.+)$", shown, re.MULTILINE)
    printed = set()
    for number in (1, 2):  # each of its lines has two wordings, and chance begins with either
        stdout = StringIO()
        async with Store.open(tmp_path / str(number), RING) as store:
            responder = responder_of(store, Clock(), first_seed=number)
            await Terminal(responder, PROMPTS, StringIO("\n".join(typed)), stdout).run()
        printed.add(" ".join(stdout.getvalue().split()))
    assert " ".join(shown.split()) in printed


async def test_example_is_what_the_bot_says(tmp_path: Path) -> None:
    typed = re.findall(r"^> (.+)$", block("An example"), re.MULTILINE)
    # A walk's number chooses its wordings and its steadying act; from here on the choices come again.
    acts = sum(line.startswith("anchor.") for line in PROMPTS.lines)
    walks = acts * lcm(acts, *map(len, PROMPTS.lines.values()))
    printed = set()
    async with Store.open(tmp_path, RING) as store:
        for walk in range(1, walks + 1):
            stdout = StringIO()
            responder = responder_of(store, Clock(), first_seed=walk)
            await Terminal(responder, PROMPTS, StringIO("\n".join(typed)), stdout).run()
            printed.add(" ".join(stdout.getvalue().split()))
    mend = f"Paste into README.md what this prints: printf '%s\\n' {shlex.join(typed)} | scripts/run chat"
    assert " ".join(block("An example").split()) in printed, mend


def test_readme_has_a_row_for_each_command_of_the_chat() -> None:
    assert first_column("In the chat") == [f"/{name}" for name in COMMANDS]


def test_readme_has_a_row_for_each_command_of_the_command_line() -> None:
    assert first_column("The command line") == list(Cli.model_fields)


def test_env_example_names_each_setting() -> None:
    names = re.findall(r"^(?:# )?(BOT_\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert names == [name.upper() for name in Settings.model_fields]


def test_layout_names_what_is_there() -> None:
    paths = [line.split()[0] for line in block("How the house is laid out").splitlines()]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
