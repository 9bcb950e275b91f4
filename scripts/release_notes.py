"""Print the notes of a release, from CHANGELOG.md: python -I scripts/release_notes.py v0.1.0.

Rules that hold here: the standard library only, since it runs before anything is set up. A tag that is not the version
of pyproject.toml, or of which the changelog says nothing, is refused with 1 and a line that says how to mend it.
"""

import re
import sys
import tomllib
from pathlib import Path


def notes(tag: str, root: Path) -> str:
    """Give the changelog's part about the version of a tag. Exits with 1 where the three do not agree."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag != f"v{version}":
        sys.exit(
            f"The tag is {tag} and pyproject.toml has {version}: set the version there first, then tag v{version}."
        )
    heading = rf"## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    parts = re.split(heading, (root / "CHANGELOG.md").read_text("utf-8"))
    said = parts[1].split("\n## ")[0].strip() if len(parts) > 1 else ""
    if not said:
        sys.exit(
            f"CHANGELOG.md says nothing under ## [{version}] - YEAR-MONTH-DAY: move there what is under Unreleased."
        )
    return said


if __name__ == "__main__":
    print(notes(sys.argv[1], Path(__file__).parent.parent))
