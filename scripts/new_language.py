"""Begin another language: python -m scripts.new_language xx makes prompts/xx/, where every text waits for its words.

What is said stands there in English behind a mark, so that a translator has it before them; what people type is left
out, since it is not translated but collected. Rules that hold here: names, comments and rules stay as they are; nothing
that is there already is overwritten; `python -m bot check --language xx` lists what is still to be written, and the bot
does not load the language before. docs/adding-a-language.md says what else it takes.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from bot.prompts import FOLDER, UNWRITTEN

_SAID: Final = frozenset({"lines", "labels"})
_SAID_OF_A_PRACTICE: Final = frozenset({"name", "dose", "words"})
_TYPED: Final = frozenset({"typed", "answers", "mirrored", "fillers", "words", "numbers", "days", "periods"})
_PHRASES: Final = "phrases"
_FITTED: Final = frozenset({"lexicon.txt", "danger.txt"})
"""Left out: they are written by the fits, from messages in the language."""

_Place = tuple[str, ...]
_Cut = tuple[int, int, str]


def begin(language: str, folder: Path = FOLDER) -> Path:
    """Make the folder of a language beside that of English, and give it. Raise FileExistsError where there is one."""
    made = folder / language
    made.mkdir()
    for path in sorted((folder / "en").iterdir()):
        if path.name not in _FITTED:
            text = path.read_text("utf-8")
            begun = _unwritten(text) if path.suffix == ".yaml" else f"{UNWRITTEN}: all of this page.\n\n{text}"
            (made / path.name).write_text(begun, "utf-8")
    return made


def _unwritten(text: str) -> str:
    """A page of YAML with marks in place of words."""
    root = yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    for start, end, instead in sorted(() if root is None else _cuts(root, ()), reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _cuts(node: yaml.Node, place: _Place) -> Iterator[_Cut]:
    """From where to where something else is to stand."""
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                yield from _cuts(value, (*place, key.value))
        case yaml.SequenceNode() if node.value and (place[0] in _TYPED or place[-1] == _PHRASES):
            yield node.start_mark.index, _end(node), f"[]  # {UNWRITTEN}"
        case yaml.SequenceNode():
            for item in node.value:
                yield from _cuts(item, (*place, ""))
        case yaml.ScalarNode() if place[0] in _SAID or place[-1] in _SAID_OF_A_PRACTICE:
            said = json.dumps(f"{UNWRITTEN}: {node.value}", ensure_ascii=False)
            yield node.start_mark.index, node.end_mark.index, said


def _end(node: yaml.Node) -> int:
    """Where the last word of a list stands. A list of lines ends for YAML only where the next thing begins."""
    is_in_brackets = isinstance(node, yaml.SequenceNode) and node.flow_style
    if isinstance(node, yaml.ScalarNode) or is_in_brackets:
        return int(node.end_mark.index)
    return _end(node.value[-1])


def main() -> None:
    """Begin the language that is named on the command line."""
    if len(sys.argv) != 2 or not re.fullmatch("[a-z]{2,3}", sys.argv[1]):  # noqa: PLR2004 - the program and a name
        sys.exit("Give the language by its code of ISO 639, in small letters: python -m scripts.new_language pt")
    try:
        made = begin(sys.argv[1])
    except FileExistsError:
        sys.exit(f"There is prompts/{sys.argv[1]} already: go on there, or take it away.")
    print(f"Begun: {made}. What is to be written: scripts/run check --language {sys.argv[1]}")


if __name__ == "__main__":
    main()
