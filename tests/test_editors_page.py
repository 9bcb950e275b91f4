"""prompts/README.md, for editors: each mistake that the page shows is made here, and the check answers as it says."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from bot.prompts import FOLDER
from bot.review import check

PAGE: Final = (FOLDER / "README.md").read_text("utf-8")

MISTAKES: Final = (
    ("en/walk.yaml", '"How strong is the upset right now? A guess is fine."', '"Calm down. How strong is the upset?"'),
    (
        "en/copy.yaml",
        '"Thank you for a clear answer. Help stays near at /crisis"',
        '"Communication is appreciated. Urgent information remains available at /crisis"',
    ),
    ("en/copy.yaml", '"Good to know, and thank you. If that changes: /crisis"', '"Is that so? If it changes: /crisis"'),
    ("en/walk.yaml", '"{feeling}. Thank you for naming it."', '"{feling}. Thank you for naming it."'),
    ("en/groups.yaml", "  group.private:", "  group.privat:"),
    ("en/copy.yaml", "Kept: the day. Sealed: words like “loss”", "Kept: one day. Sealed: words like “loss”"),
    ("en/times.yaml", "  half: [half]", "  half: [half"),
    ("en/walk.yaml", "  skip: [next,", "  skip: [next, bye,"),
    ("en/noticing.yaml", "phrases: [they, them,", "phrases: [they really, they, them,"),
    (
        "en/nudges.yaml",
        "If one is tight, it may drop a little. Or leave them be, and hear one sound to its end.",
        "One of them may be tight. It may drop a little, as it likes. It can take its time with that. "
        + "So can you. " * 4,
    ),
    (
        "en/circles.yaml",
        "Wish them all one quiet moment, in your mind.",
        "Wish them all one quiet moment, and count to ten.",
    ),
    ("helplines.yaml", 'phone: "0800 111 0 111"', 'phone: "0800 111 0 222"'),
)
"""Each in its file: what stands there, and what an editor makes of it."""


def told(lines: list[str]) -> set[str]:
    """Problems, without what changes with any edit, the number of a line and a digest, and with the YAML library."""
    return {re.sub(r":\d+: |[0-9a-f]{12}$|(?<=not YAML )\(.+\)", " ", line) for line in lines}


def test_check_answers_the_mistakes_of_the_page_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FOLDER, tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    for name, old, new in MISTAKES:
        file = Path("prompts") / name
        text = file.read_text("utf-8")
        assert text.count(old) >= 1, f"The page's mistake is outdated: {name} has no {old}"
        file.write_text(text.replace(old, new, 1), "utf-8")
    shown = re.findall(r"(?m)^prompts/\S+:\d+: .+", PAGE)
    assert len(shown) >= len(MISTAKES)
    assert told(shown) - told(check(Path("prompts"))) == set()
