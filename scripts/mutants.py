"""Mutate bot/core and count which mutants the tests see: python -m scripts.mutants [--of N] [--seed N] [NAME...].

A sample, drawn from each module in proportion to its mutants, is tried; with NAMEs of mutants, those are. The table
goes to standard output, what survived, with its change, to mutants/survivors.diff. mutmut makes the mutants and knows
where they stand; CONTRIBUTING.md has the command that installs it.

Rules that hold here: the tests are collected once, and every mutant is tried in a fork of that process, so none sees
what another left behind. A mutant meets the tests that come by its function, the quick ones first, until one fails. One
that runs much longer than the tests took before is killed as well: it hangs.
"""

import json
import os
import resource
import signal
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import mutmut.__main__ as mutmut
import pytest
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import get_module_from_key, mangled_name_from_mutant_name
from rich.console import Console
from rich.table import Table

FOLDER: Final = Path("mutants").absolute()
KILLED: Final = "killed"
HANGS: Final = "hangs"
SURVIVED: Final = "survived"
UNREACHED: Final = "unreached"

_QUIET: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Hypothesis is known before pytest starts."""

_LONGEST: Final = 20.0
"""Seconds of tests that one mutant may cost at most. Slower tests are left out for it."""

_MEMORY: Final = 6 << 30
"""Bytes that one mutant may take."""


class Trial:
    """A plugin of pytest that tries mutants where pytest would run the tests once. `verdicts` has what came of each."""

    def __init__(self, mutants: Sequence[str], children: int) -> None:
        self._mutants = mutants
        self._children = children
        self.verdicts: dict[str, str] = {}

    def pytest_sessionstart(self) -> None:
        """Let Hypothesis draw the same few examples for every mutant."""
        settings.register_profile(
            "mutants",
            settings.get_profile("unhurried"),
            database=None,
            derandomize=True,
            max_examples=20,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out which tests come by which function, and try each mutant on those."""
        items = {item.nodeid: item for item in session.items}
        took, reach = self._measured(session)
        print(f"{len(took)} tests in {sum(took.values()):.0f} s", file=sys.__stderr__)
        running: dict[int, str] = {}
        for number, mutant in enumerate(self._mutants, 1):
            reaching = reach.get(mangled_name_from_mutant_name(mutant), ())
            tests = [items[one] for one in sorted(reaching, key=took.__getitem__) if one in items]
            if not tests:
                self.verdicts[mutant] = UNREACHED
                continue
            if len(running) == self._children:
                self._reap(running)
            running[_forked(partial(_tried, mutant, tests, took))] = mutant
            if not number % 50:
                print(f"{number} of {len(self._mutants)}", Counter(self.verdicts.values()), file=sys.__stderr__)
        while running:
            self._reap(running)
        return True

    def _reap(self, running: dict[int, str]) -> None:
        """Take the verdict of whichever ends next."""
        pid, status = os.wait()
        ended = KILLED if os.WEXITSTATUS(status) else SURVIVED
        self.verdicts[running.pop(pid)] = HANGS if os.WIFSIGNALED(status) else ended

    @staticmethod
    def _measured(session: pytest.Session) -> tuple[dict[str, float], dict[str, list[str]]]:
        """Run each new test once, in a fork. Return the seconds of each, and the tests that come by a function."""
        kept = FOLDER / "reach.json"

        def known() -> tuple[dict[str, float], dict[str, list[str]]]:
            return tuple(json.loads(kept.read_text())) if kept.exists() else ({}, {})

        def measure() -> int:
            set_mutant_under_test("stats")
            took, reach = known()
            new = [item for item in session.items if item.nodeid not in took]
            for item, after in zip(new, [*new[1:], None], strict=True):
                state()._stats.clear()  # noqa: SLF001 # mutmut has no other way to it
                start = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                took[item.nodeid] = time.process_time() - start
                if session.testsfailed:
                    print(f"{item.nodeid} fails without any mutant", file=sys.__stderr__)
                    return 1
                for function in state()._stats:  # noqa: SLF001 # likewise
                    reach.setdefault(function, []).append(item.nodeid)
            kept.write_text(json.dumps([took, reach]))
            return 0

        if os.waitpid(_forked(measure), 0)[1]:
            raise SystemExit("The tests must pass before mutants can be tried on them.")
        return known()


def _forked(work: Callable[[], int]) -> int:
    """Start `work` in a fork, whose status is what it returns. Return the fork's id."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        status = work()
    finally:
        os._exit(status)


def _tried(mutant: str, items: Sequence[pytest.Item], took: Mapping[str, float]) -> int:
    """Run the tests until one fails on the mutant: 1 if one does."""
    session = items[0].session
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        session.config.pluginmanager.unregister(reporter)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    set_mutant_under_test(mutant)
    spent = 0.0
    for item, after in zip(items, [*items[1:], None], strict=True):
        spent += took[item.nodeid]
        if spent > _LONGEST:
            break
        signal.setitimer(signal.ITIMER_PROF, 5 * took[item.nodeid] + 3)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.testsfailed:
            return 1
    return 0


def made() -> dict[str, list[str]]:
    """Write the mutants into `FOLDER`. Return their names by module."""
    FOLDER.mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(os.cpu_count() or 1)
    names = defaultdict(list)
    for path in mutmut.walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name in data.exit_code_by_key:
            names[get_module_from_key(mangled_name_from_mutant_name(name))].append(name)
    return names


def drawn(names: Mapping[str, Sequence[str]], size: int, seed: int) -> list[str]:
    """Draw about `size` of the names, of each module in proportion, at least one."""
    total = sum(map(len, names.values()))
    chance = Random(seed)
    return [
        one
        for _, of_module in sorted(names.items())
        for one in chance.sample(sorted(of_module), min(len(of_module), max(1, round(size * len(of_module) / total))))
    ]


def tried(mutants: Sequence[str], children: int, arguments: Iterable[str]) -> dict[str, str]:
    """Try the mutants on the tests that pytest's arguments choose."""
    trial = Trial(mutants, children)
    os.environ["PY_IGNORE_IMPORTMISMATCH"] = "1"
    os.chdir(FOLDER)
    chosen = mutmut.config().pytest_add_cli_args_test_selection
    try:
        pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir=.", *_QUIET, *chosen, *arguments], plugins=[trial])
    finally:
        os.chdir("..")
    return trial.verdicts


def table_of(names: Mapping[str, Sequence[str]], verdicts: Mapping[str, str]) -> Table:
    """What came of the mutants, by module."""
    table = Table("module", "mutants", "tried", KILLED, HANGS, SURVIVED, UNREACHED, "seen")
    totals: Counter[str] = Counter()
    for module, of_module in sorted(names.items()):
        came = Counter(verdicts[name] for name in of_module if name in verdicts)
        if came:
            totals += came
            table.add_row(module.removeprefix("bot.core."), f"{len(of_module):,}", *_cells(came))
    table.add_section()
    table.add_row("all", f"{sum(map(len, names.values())):,}", *_cells(totals))
    return table


def _cells(came: Counter[str]) -> list[str]:
    from scripts.scores import share  # noqa: PLC0415 # brings the bot, which must be the one in `FOLDER`

    seen, tried = came[KILLED] + came[HANGS], came.total()
    return [f"{tried:,}", *(str(came[one]) for one in (KILLED, HANGS, SURVIVED, UNREACHED)), str(share(seen, tried))]


def main(arguments: Sequence[str]) -> int:
    """Make the mutants, try some, and print the table."""
    parser = ArgumentParser("mutants", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--of", type=int, default=1000, metavar="N", help="try about N mutants (1000)")
    parser.add_argument("--seed", type=int, default=10, metavar="N", help="which sample (10)")
    parser.add_argument("--children", type=int, default=2, metavar="N", help="how many at a time (2)")
    parser.add_argument("--pytest", default="", metavar="ARGUMENTS", help="what else pytest is told")
    parser.add_argument("names", nargs="*", metavar="NAME", help="try these mutants")
    given = parser.parse_args(arguments)
    names = made()
    verdicts = tried(given.names or drawn(names, given.of, given.seed), given.children, given.pytest.split())
    survivors = [name for name, verdict in verdicts.items() if verdict in {SURVIVED, UNREACHED}]
    (FOLDER / "survivors.diff").write_text("".join(f"# {name}\n{get_diff_for_mutant(name)}\n" for name in survivors))
    (FOLDER / "verdicts.json").write_text(json.dumps(verdicts))
    Console().print(table_of(names, verdicts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
