"""What GitHub runs and asks: the workflows, the forms of issues, and the notes of a release."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted({*(ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")} - {ROOT / ".github/ISSUE_TEMPLATE/config.yml"})
PINNED = re.compile(r"(\./\.github/workflows/\w+\.yml|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)")

Node = Any  # what YAML says


def read(file: Path) -> Node:
    return yaml.safe_load(file.read_text("utf-8"))


def jobs(file: Path) -> dict[str, Node]:
    found: dict[str, Node] = read(file)["jobs"]
    return found


def steps(file: Path) -> Iterator[Node]:
    for job in jobs(file).values():
        yield from job.get("steps", [])


# --- workflows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflow_names_each_action_by_commit_and_version(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text("utf-8"))
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_one_action_has_one_version() -> None:
    used = {action for file in WORKFLOWS for action in re.findall(r"uses: (\S+@\S+)", file.read_text("utf-8"))}
    assert len(used) == len({action.split("@")[0] for action in used})


def test_rights_are_none_or_to_read_but_where_something_is_published() -> None:
    assert [read(file)["permissions"] for file in WORKFLOWS] == [{}, {"contents": "read"}]
    writes = {
        (file.stem, name, right)
        for file in WORKFLOWS
        for name, job in jobs(file).items()
        for right, level in job.get("permissions", {}).items()
        if level != "read"
    }
    image = {("release", "image", right) for right in ("packages", "id-token", "attestations")}
    assert writes == {("release", "release", "contents")} | image


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflow_has_no_secret_and_leaves_no_token_behind(file: Path) -> None:
    assert "secrets." not in file.read_text("utf-8")
    checkouts = [step for step in steps(file) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflow_runs_what_is_there_and_puts_no_words_of_others_into_a_shell(file: Path) -> None:
    shells = "\n".join(step["run"] for step in steps(file) if "run" in step)
    scripts = re.findall(r"scripts/\S+", shells)
    assert scripts
    assert [path for path in scripts if not (ROOT / path).exists()] == []
    assert "${{" not in shells


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_each_job_ends_by_itself(file: Path) -> None:
    assert [name for name, job in jobs(file).items() if "timeout-minutes" not in job and "uses" not in job] == []


def test_each_python_that_the_bot_supports_is_tested() -> None:
    job = jobs(ROOT / ".github/workflows/tests.yml")["tests"]
    first, last = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(int(first), int(last))]
    (setup,) = (step["with"] for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert (ROOT / setup["cache-dependency-path"]).exists()


def test_nothing_is_published_before_notes_and_tests() -> None:
    release = jobs(ROOT / ".github/workflows/release.yml")
    assert release["image"]["needs"] == ["notes", "tests"]
    assert release["release"]["needs"] == "image"
    assert release["tests"]["uses"] == "./.github/workflows/tests.yml"


# --- the notes of a release ---------------------------------------------------------------------------------------


def release_of(folder: Path, tag: str, changelog: str) -> "subprocess.CompletedProcess[str]":
    (folder / "scripts").mkdir()
    (folder / "scripts/release_notes.py").write_bytes((ROOT / "scripts/release_notes.py").read_bytes())
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## [Unreleased]\n\n{changelog}")
    command = [sys.executable, "-I", "scripts/release_notes.py", tag]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env={**os.environ})


def test_notes_are_what_the_changelog_says_of_the_version(tmp_path: Path) -> None:
    said = "### Added\n\n- A way\n  in two lines.\n"
    done = release_of(tmp_path, "v1.2.0", f"## [1.2.0] - 2026-12-01\n\n{said}\n## [1.1.0] - 2026-11-01\n\n- Older.\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


@pytest.mark.parametrize(
    ("tag", "changelog", "mend"),
    [
        ("v1.3.0", "## [1.2.0] - 2026-12-01\n\n- A.\n", "set the version there first"),
        ("1.2.0", "## [1.2.0] - 2026-12-01\n\n- A.\n", "then tag v1.2.0"),
        ("v1.2.0", "- A.\n", "move there what is under Unreleased"),
        ("v1.2.0", "## [1.2.0] - 2026-12-01\n\n## [1.1.0] - 2026-11-01\n\n- Older.\n", "says nothing"),
        ("v1.2.0", "## [1x2.0] - 2026-12-01\n\n- A.\n", "says nothing"),
    ],
)
def test_tag_that_does_not_fit_is_refused_with_what_to_do(tmp_path: Path, tag: str, changelog: str, mend: str) -> None:
    done = release_of(tmp_path, tag, changelog)
    assert (done.returncode, done.stdout, mend in done.stderr) == (1, "", True)


# --- forms --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_form_asks_for_no_private_text(file: Path) -> None:
    form = read(file)
    first, *_, last = form["body"]
    assert first["type"] == "markdown"
    assert "**" in first["attributes"]["value"]
    (promise,) = last["attributes"]["options"]
    assert (last["type"], last["id"], promise["required"]) == ("checkboxes", "private", True)
    assert promise["label"].endswith("mine included.")


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_form_names_files_and_commands_that_exist(file: Path) -> None:
    named = re.findall(r"`((?:scripts|prompts|docs)/[^` ]*)", file.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_helpline_needs_a_source_and_a_day() -> None:
    fields = {field["id"]: field for field in read(ROOT / ".github/ISSUE_TEMPLATE/wrong-helpline.yml")["body"][1:]}
    needed = {name for name, field in fields.items() if field.get("validations", {}).get("required")}
    assert needed == {"country", "right", "source", "day"}


def test_issue_without_a_form_cannot_be_made_and_whoever_needs_help_is_shown_where_it_is() -> None:
    config = read(ROOT / ".github/ISSUE_TEMPLATE/config.yml")
    assert config["blank_issues_enabled"] is False
    assert [link["url"] for link in config["contact_links"]] == ["https://findahelpline.com"]
