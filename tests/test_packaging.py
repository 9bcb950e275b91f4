"""What people start with: the two commands, the packages that they install, and the image."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import Settings
from scripts.sbom import PINNED, logical_lines, parts

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = [line for line in GROUPS["dev"] if isinstance(line, str)]
ASKED_FOR = {
    "requirements.txt": RUNTIME,
    "requirements-dev.txt": [*RUNTIME, *DEVELOPMENT, *GROUPS["build"]],
    "requirements-build.txt": GROUPS["build"],
    "requirements-audit.txt": GROUPS["audit"],
    "requirements-lock.txt": GROUPS["lock"],
}


# --- requirements ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKED_FOR)
def test_requirements_are_pinned_by_hash_and_name_no_index_host_or_path(name: str) -> None:
    assert [line for line in logical_lines(ROOT / name) if not PINNED.fullmatch(line)] == []
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize(("name", "asked_for"), ASKED_FOR.items())
def test_requirements_meet_every_line_of_pyproject(name: str, asked_for: list[str]) -> None:
    pins = [found for line in logical_lines(ROOT / name) if (found := PINNED.fullmatch(line))]

    def is_met(wanted: Requirement) -> bool:
        return any(
            pin["name"] == canonicalize_name(wanted.name) and wanted.specifier.contains(pin["version"]) for pin in pins
        )

    assert [line for line in asked_for if not is_met(Requirement(line))] == []


def test_runtime_requirements_are_the_same_in_development() -> None:
    assert set(logical_lines(ROOT / "requirements.txt")) <= set(logical_lines(ROOT / "requirements-dev.txt"))


def test_every_file_of_requirements_is_held_here() -> None:
    assert {path.name for path in ROOT.glob("requirements*")} == set(ASKED_FOR)


def test_nothing_is_installed_without_its_hash_but_what_is_built_here() -> None:
    programs = [ROOT / "Dockerfile", *(path for path in (ROOT / "scripts").iterdir() if path.is_file())]
    commands = [
        command
        for path in programs
        for line in logical_lines(path)
        for command in line.split("&&")
        if re.search(r"\bpip\b.*\binstall\b", command) and not command.lstrip().startswith('"""')
    ]
    assert len(commands) == 6
    assert [one for one in commands if "--require-hashes" not in one and "--no-index" not in one] == []


def test_list_of_parts_has_every_requirement_with_its_hashes() -> None:
    listed = parts()["components"]
    lines = (ROOT / "requirements.txt").read_text()
    assert [f"{one['name']}=={one['version']}" for one in listed] == re.findall(
        r"^[^#\s]+==[^\s;]+", lines, re.MULTILINE
    )
    digests = [digest["content"] for one in listed for digest in one["hashes"]]
    assert digests == re.findall(r"sha256:(\w+)", lines)


def test_every_dependency_is_justified_in_one_line_and_no_other_is() -> None:
    decision = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    groups = [line for name, group in GROUPS.items() if name != "dev" for line in group]
    named = {Requirement(line).name for line in [*RUNTIME, *DEVELOPMENT, *groups]}
    assert sorted(re.findall(r"^- `(.+?)` \(.+\): .+\.$", decision, re.MULTILINE)) == sorted(named)


def test_build_backend_is_the_one_whose_hash_is_pinned() -> None:
    assert PROJECT["build-system"]["requires"] == GROUPS["build"]


# --- the two commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["scripts/run", "scripts/test", "scripts/coverage", "scripts/lock", "scripts/audit", ".ci/run"]
)
def test_command_is_executable(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def test_ci_only_calls_the_tests() -> None:
    assert logical_lines(ROOT / ".ci/run") == ['exec "$(dirname -- "$0")/../scripts/test"']


class Clone:
    """A small copy of the repository whose bot says back what it is given, and a PATH with hardly anything on it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone"
        self.bin = folder / "bin"

    def fill(self) -> None:
        """Lay it out, with all that the scripts need but a Python."""
        shutil.copytree(ROOT / "scripts", self.root / "scripts")
        (self.root / "bot").mkdir()
        (self.root / "bot/__main__.py").write_text("import sys; print(sys.argv[1:], sys.stdin.read())")
        (self.root / "requirements.txt").write_text("# nothing\n")
        self.bin.mkdir()
        (self.bin / "dirname").symlink_to(shutil.which("dirname") or "")

    def offer_python(self) -> None:
        """Put one Python on the PATH that works, behind one that only seems to."""
        (self.bin / "python3").symlink_to(Path(sys.executable).resolve())
        (self.bin / "python3.14").write_text("#!/bin/sh\nexit 127\n")
        (self.bin / "python3.14").chmod(0o755)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start scripts/run, from another folder."""
        return subprocess.Popen(
            [self.root / "scripts/run", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.bin,
            env={"PATH": str(self.bin)},
        )


def end(started: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Give a program "hello" to read; give back its exit status, output and errors."""
    with started:
        output, errors = started.communicate("hello")
    return started.returncode, output, errors


@pytest.fixture(scope="module")
def first_starts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, list[tuple[int, str, str]]]:
    """Give a clone that was started twice at once, and what came of it."""
    clone = Clone(tmp_path_factory.mktemp("first"))
    clone.fill()
    clone.offer_python()
    started = [clone.start("chat", "a b"), clone.start("chat", "a b")]
    return clone, [end(one) for one in started]


@pytest.fixture
def clone(first_starts: tuple[Clone, list[tuple[int, str, str]]], tmp_path: Path) -> Clone:
    """Give a clone that has been set up."""
    shutil.copytree(first_starts[0].root.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Clone(tmp_path)


def test_run_without_python_says_in_one_line_what_to_install(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    clone.fill()
    status, output, errors = end(clone.start())
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "Python 3.11" in errors


def test_two_first_starts_at_once_set_up_once_and_keep_the_pipes_clean(
    first_starts: tuple[Clone, list[tuple[int, str, str]]],
) -> None:
    _, ends = first_starts
    assert [(status, output) for status, output, _ in ends] == [(0, "['chat', 'a b'] hello\n")] * 2
    assert "".join(errors for _, _, errors in ends).count("\n") == 1


def test_second_start_needs_nothing_and_says_nothing(clone: Clone) -> None:
    shutil.rmtree(clone.root / ".venv/lib")  # neither pip nor ensurepip could run any more
    (clone.bin / "python3").unlink()
    assert end(clone.start("chat")) == (0, "['chat'] hello\n", "")


def test_run_installs_again_when_the_requirements_changed(clone: Clone) -> None:
    (clone.root / "requirements.txt").write_text("# nothing new\n")
    status, _, errors = end(clone.start())
    assert (status, errors.count("Setting up")) == (0, 1)
    assert end(clone.start()) == (0, "[] hello\n", "")


@pytest.mark.parametrize("missing", ["bin/python", "installed-*"])
def test_run_mends_a_set_up_that_is_not_whole(clone: Clone, missing: str) -> None:
    for path in (clone.root / ".venv").glob(missing):
        path.unlink()
    status, output, _ = end(clone.start())
    assert (status, output) == (0, "[] hello\n")
    assert end(clone.start()) == (0, "[] hello\n", "")


# --- the image ------------------------------------------------------------------------------------------------


def dockerfile(instruction: str) -> list[str]:
    """Give what follows one instruction, each time that it stands there."""
    return [
        line.removeprefix(instruction).strip()
        for line in logical_lines(ROOT / "Dockerfile")
        if line.startswith(instruction)
    ]


def copied() -> list[str]:
    """Give the paths that the image takes from the repository."""
    return [path for line in dockerfile("COPY ") if "--from" not in line for path in line.split()[:-1]]


def test_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    linted = subprocess.run([hadolint, ROOT / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_every_path_that_the_image_copies_exists_and_nothing_else_reaches_it() -> None:
    assert [path for path in copied() if not (ROOT / path).exists()] == []
    everything, *exceptions = logical_lines(ROOT / ".dockerignore")
    assert everything == "*"
    assert {line.removeprefix("!") for line in exceptions if line.startswith("!")} == set(copied())


def test_image_runs_the_console_script_and_not_as_root() -> None:
    assert [json.loads(line) for line in dockerfile("ENTRYPOINT ")] == [list(PROJECT["project"]["scripts"])]
    assert [json.loads(line) for line in dockerfile("CMD ")] == [["run"]]
    assert dockerfile("USER ")[-1] not in {"root", "0"}


def test_image_asks_the_bot_whether_it_is_ready_where_it_listens() -> None:
    (check,) = dockerfile("HEALTHCHECK ")
    assert json.loads(check[check.index("CMD ") :].removeprefix("CMD ")) == ["compassion-bot", "health"]
    (listen,) = re.findall(r"BOT_LISTEN=(\S+)", " ".join(dockerfile("ENV ")))
    given = Settings(_env_file=None, bot_listen=listen)
    assert given.listen == ("127.0.0.1", 8080)


def test_image_holds_no_secret() -> None:
    set_there = re.findall(r"(\w+)=", " ".join([*dockerfile("ENV "), *dockerfile("ARG ")]))
    assert "BOT_DATA" in set_there
    assert [name for name in set_there if re.search("TOKEN|KEY|SECRET", name) and not name.endswith("_FILE")] == []


def test_image_keeps_database_and_ledger_in_volumes_apart() -> None:
    (volumes,) = map(json.loads, dockerfile("VOLUME "))
    env = " ".join(dockerfile("ENV "))
    (data,), (ledger,) = re.findall(r"BOT_DATA=(\S+)", env), re.findall(r"BOT_LEDGER_FILE=(\S+)", env)
    assert {data, str(Path(ledger).parent)} == set(volumes)
    assert data != str(Path(ledger).parent)


def test_console_script_finds_its_prompts_wherever_it_is_installed(tmp_path: Path) -> None:
    build = ["hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    install = ["pip", "install", "--no-index", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run([sys.executable, "-m", *install], check=True, capture_output=True)
    (script,) = (installed / "bin").iterdir()
    checked = subprocess.run(
        [script, "check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    shipped = [file.relative_to(ROOT) for file in (ROOT / "prompts").rglob("*") if file.is_file()]
    assert Path("prompts/breathing.gif") in shipped
    assert [file for file in shipped if (installed / file).read_bytes() != (ROOT / file).read_bytes()] == []
