"""A language that is begun: nothing of it loads before all is written, and the check says what is missing."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import yaml

from bot import policy
from bot.core.consent import QUESTIONS
from bot.core.lines import Label, Line
from bot.core.model import Reply
from bot.prompts import FOLDER, UNWRITTEN, ContentError, load
from bot.review import check
from scripts import new_language
from tests.dialects import ACCENTED
from tests.person import PROMPTS

SHARED = ("helplines.yaml", "helpline_checks.yaml", "cities.txt")
FITTED = ("lexicon.txt", "danger.txt")
"""Those of English: for a language that nobody speaks they are good enough."""

WAITS = f"says {UNWRITTEN}: write what stands here"
UNRULED = "nothing holds what is said in “pt” to the copy rules: write them for it (docs/adding-a-language.md)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `prompts/` with English, and Portuguese begun."""
    prompts = tmp_path / "prompts"
    shutil.copytree(FOLDER / "en", prompts / "en", ignore=shutil.ignore_patterns(*FITTED))
    for name in SHARED:
        (prompts / name).symlink_to(FOLDER / name)
    new_language.begin("pt", prompts)
    return prompts


def write(folder: Path) -> None:
    """Write all that waits for words, in letters of another kind."""
    number = count().__next__
    for path in folder.iterdir():
        text = re.sub(rf'"{UNWRITTEN}: (?:[^"\\]|\\.)*"', lambda said: _written(said[0]), path.read_text("utf-8"))
        text = re.sub(rf"\[\]  # {UNWRITTEN}", lambda _: f"[palavra{number()}]", text)
        path.write_text(text.removeprefix(f"{UNWRITTEN}: all of this page.\n\n"), "utf-8")
    for name in FITTED:
        (folder / name).symlink_to(FOLDER / "en" / name)


def _written(said: str) -> str:
    words = json.loads(said).removeprefix(f"{UNWRITTEN}: ")
    return json.dumps(ACCENTED.of(words), ensure_ascii=False)


def kinds(problems: list[str]) -> list[str]:
    """What is wrong, without where."""
    return [problem.split(": ", 1)[1] for problem in problems]


def test_what_is_begun_has_all_files_of_english_but_those_that_are_fitted(folder: Path) -> None:
    english = {path.name for path in (FOLDER / "en").iterdir()}
    assert {path.name for path in (folder / "pt").iterdir()} == english - {*FITTED}


def test_what_is_begun_waits_for_every_text_and_every_list_of_words(folder: Path) -> None:
    told, content = kinds(check(folder, "pt")), PROMPTS.content
    said = sum(map(len, PROMPTS.lines.values())) + len(Label) + len(content.practices) + len(content.circles)
    assert told.count(WAITS) > said
    assert {*told} == {WAITS, UNRULED, "there is no such file: add it"}
    assert policy.problems(folder, "pt")[0].endswith(f"privacy.md:1: {WAITS}")


def lists_in(part: object) -> Iterator[list[object]]:
    """The lists of a part of a file, wherever they are."""
    match part:
        case dict():
            for value in part.values():
                yield from lists_in(value)
        case list():
            yield part


def test_what_is_begun_has_none_of_the_words_that_people_type_in_english(folder: Path) -> None:
    for name in ("walk.yaml", "copy.yaml", "times.yaml", "noticing.yaml", "safety.yaml"):
        begun, english = (
            yaml.load((folder / language / name).read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - our own
            for language in ("pt", "en")
        )
        for part in ("typed", "answers", "mirrored", "words", "numbers", "days", "periods", "fillers"):
            assert all(lists_in(english.get(part)))
            assert not any(lists_in(begun.get(part)))
        phrases = [slot["phrases"] for slot in begun.get("slots", {}).values()]
        assert phrases == [[]] * len(english.get("slots", {}))


def test_what_is_begun_does_not_load(folder: Path) -> None:
    with pytest.raises(ContentError):
        load(folder, "pt")


def test_what_is_begun_has_the_comments_and_the_slots_of_english(folder: Path) -> None:
    page, english = ((folder / language / "walk.yaml").read_text("utf-8") for language in ("pt", "en"))
    for kept in (r"(?m)^ *#.*", r"\{\w+\}", r"(?m)^ *[\w.]+:"):
        assert re.findall(kept, page) == re.findall(kept, english)


def test_one_text_that_waits_keeps_a_language_from_loading(folder: Path) -> None:
    write(folder / "pt")
    load(folder, "pt")
    page = folder / "pt" / "copy.yaml"
    text = page.read_text("utf-8")
    at = text.index(ACCENTED.of("Thank you for a clear answer"))
    page.write_text(f"{text[:at]}{UNWRITTEN}: {text[at:]}", "utf-8")
    with pytest.raises(ContentError) as refused:
        load(folder, "pt")
    number = text[:at].count("\n") + 1
    assert [problem.rpartition("copy.yaml:")[2] for problem in refused.value.problems] == [f"{number}: {WAITS}"]


def test_language_in_which_all_is_written_loads_and_the_check_says_what_nobody_has_judged(folder: Path) -> None:
    write(folder / "pt")
    page = folder / "pt" / "copy.yaml"
    same = f'changed.same: "{ACCENTED.of("the same")}"'
    page.write_text(page.read_text("utf-8").replace(same, 'changed.same: "sem qualquer diferença de antes"'), "utf-8")
    prompts = load(folder, "pt")
    assert prompts.content.language == "pt"
    assert prompts.text(Reply((Line.START,))) == ACCENTED.of(PROMPTS.text(Reply((Line.START,))))
    assert policy.problems(folder, "pt") == []
    told = kinds(check(folder, "pt"))
    assert [each for each in told if not each.startswith(("purposes.", "labels."))] == [UNRULED]
    assert sum(each.startswith("purposes.") for each in told) == len(QUESTIONS)
    assert "labels.changed.same: is too long for the pictures: drawn so small, nobody can read it" in told
    undrawn = "labels.changed.more: the font of the pictures has no “ḿ”: other words, or another font in bot/figure.py"
    assert undrawn in told


@pytest.mark.parametrize("given", [[], ["Portuguese"], ["pt", "es"], ["../x"]])
def test_script_takes_the_code_of_one_language(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["new_language", *given])
    with pytest.raises(SystemExit, match="by its code of ISO 639"):
        new_language.main()


def test_script_overwrites_no_language(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["new_language", "en"])
    with pytest.raises(SystemExit, match="There is prompts/en already"):
        new_language.main()
    with pytest.raises(FileExistsError):
        new_language.begin("pt", folder)


# --- The page -----------------------------------------------------------------------------------------------------


def test_page_names_what_stands_in_the_code() -> None:
    page = (FOLDER.parent / "docs" / "adding-a-language.md").read_text("utf-8")
    said = re.findall(r"[^|;\n]*`bot/[\w/]+\.py`[^|;\n]*", page)
    named = [(re.findall(r"`(\w+)`", part), file) for part in said for file in re.findall(r"`(bot/[\w/]+\.py)`", part)]
    lacking = [
        (name, file)
        for names, file in named
        for name in names
        if not re.search(rf"\b{name}\b", (FOLDER.parent / file).read_text("utf-8"))
    ]
    assert len(named) > 15
    assert lacking == []
