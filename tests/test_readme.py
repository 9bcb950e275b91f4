"""What the documents say, held against what the bot is."""

import re
import shlex
import tomllib
from io import StringIO
from math import lcm
from pathlib import Path

import pytest

from bot.__main__ import Cli
from bot.adapters.terminal import Terminal
from bot.core.commands import COMMANDS, KNOWN_IN_GROUPS
from bot.settings import Settings
from bot.store.store import Store
from tests.person import PROMPTS, RING, Clock, responder_of

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("[!.]*/**/*.md"), *ROOT.glob(".github/*.md")})


def section(title: str, page: str = "README.md") -> str:
    """The text under one heading of a page, to the next heading."""
    text = (ROOT / page).read_text("utf-8").split(f"# {title}\n", 1)[1]
    return re.split(r"^#+ .*$", text, maxsplit=1, flags=re.MULTILINE)[0]


def block(text: str) -> str:
    """The first block of plain text."""
    return text.split("```text\n", 1)[1].split("```", 1)[0]


def first_column(text: str) -> list[str]:
    """What stands as code in the first column of the first table."""
    rows = re.search(r"(^\|.*\n)+", text, re.MULTILINE)
    return re.findall(r"^\| `(.+?)` \|", rows[0] if rows else "", re.MULTILINE)


async def test_example_of_small_practices_is_what_the_bot_says(tmp_path: Path) -> None:
    shown = block(section("Small practices", "docs/using.md"))
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
    typed = re.findall(r"^> (.+)$", block(section("A conversation")), re.MULTILINE)
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
    assert " ".join(block(section("A conversation")).split()) in printed, mend


def test_each_command_of_the_chat_has_a_row() -> None:
    assert first_column(section("Commands", "docs/using.md")) == [f"/{name}" for name in COMMANDS]


def test_each_command_of_the_command_line_has_a_row() -> None:
    assert first_column(section("The command line", "docs/command-line.md")) == list(Cli.model_fields)


def test_env_example_names_each_setting() -> None:
    names = re.findall(r"^(?:# )?(BOT_\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert names == [name.upper() for name in Settings.model_fields]


def test_layout_names_what_is_there_and_each_module() -> None:
    paths = [line.split()[0] for line in block(section("What is where", "docs/architecture.md")).splitlines()]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    modules = [*ROOT.glob("bot/*.py"), *ROOT.glob("bot/core/*.py")]
    named = {str(module.relative_to(ROOT)) for module in modules if module.name != "__init__.py"}
    assert named - {*paths} == set()


def test_layout_orders_the_rooms_as_the_imports_may_go() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", section("Who may import whom", "docs/architecture.md"), re.MULTILINE)
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [set(row.split(" | ")) for row in layers["layers"]]


@pytest.mark.parametrize(("index", "folder"), [("docs/README.md", "docs"), ("docs/architecture.md", "docs/decisions")])
def test_index_links_to_each_page(index: str, folder: str) -> None:
    linked = {(ROOT / index).parent / link for link in links(ROOT / index)}
    pages = {*(ROOT / folder).glob("*.md")} - {ROOT / index}
    assert pages - linked == set()


def links(document: Path) -> list[str]:
    """Where a page leads within the repository, without the heading."""
    return [path for path, _ in places(document) if path]


def places(document: Path) -> list[tuple[str, str]]:
    """Where a page leads within the repository: the path, "" for itself, and the heading, "" for none."""
    return re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", document.read_text("utf-8"))


def headings(document: Path) -> set[str]:
    """The headings of a page, as links name them."""
    found = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    assert [link for link in links(document) if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(document: Path) -> None:
    named = [(document.parent / path if path else document, heading) for path, heading in places(document) if heading]
    assert [(path, heading) for path, heading in named if path.exists() and heading not in headings(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_names_paths_programs_and_settings_that_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    paths = re.findall(r"(?<![\w/.-])(?:bot|docs|prompts|scripts|tests)/[\w./-]*\w", text)
    programs = [f"scripts/{name}.py" for name in re.findall(r"-m scripts\.(\w+)", text)]
    made = {"prompts/pt", "tests/cases/pt"}  # by who adds a language
    assert [path for path in {*paths, *programs} - made if not any(ROOT.glob(f"{path}*"))] == []
    caddys = {"BOT_HOST"}  # the domain, in docs/operations/Caddyfile
    assert {*re.findall(r"\bBOT_[A-Z_]+\b", text)} - {name.upper() for name in Settings.model_fields} - caddys == set()


def test_threats_name_tests_that_exist() -> None:
    rows = [row.split(" | ") for row in (ROOT / "docs/security.md").read_text("utf-8").splitlines() if row[:2] == "| "]
    named = [re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)` \|", row[-1]) for row in rows[2:]]
    assert len(named) > 20
    assert all(name and f"def {name[2]}(" in (ROOT / name[1]).read_text("utf-8") for name in named)


def test_readme_names_commands_that_exist() -> None:
    named = re.findall(r"`/(\w+)", (ROOT / "README.md").read_text("utf-8"))
    assert named
    assert {*named} - {"newbot"} - KNOWN_IN_GROUPS == set()  # the first is BotFather's
