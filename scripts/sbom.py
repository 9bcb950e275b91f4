"""The list of parts of the bot, as CycloneDX 1.6 has it (https://cyclonedx.org/docs/1.6/json/), on standard output.

Rules that hold here: it says what requirements.txt says and no more, and needs no network; the same input gives the
same bytes.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PINNED: Final = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)( ; (?P<marker>[^#]+?))?(?P<hashes>( +--hash=sha256:[0-9a-f]{64})+)"
)
"""A line of requirements*.txt, joined: a version, where it is for, and each of its files by its hash."""


def logical_lines(path: Path) -> list[str]:
    """Give the lines of a file, joined where they end in a backslash, without comments."""
    lines = [line for line in path.read_text().splitlines() if not line.strip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [line for line in joined.splitlines() if line.strip()]


def part(line: str) -> dict[str, Any]:
    """One package; its hashes are those of all its files, of which each system takes one."""
    found = PINNED.fullmatch(line)
    if found is None:
        raise SystemExit(f"requirements.txt: no version with its hashes: {line!r}; run scripts/lock")
    address = f"pkg:pypi/{found['name']}@{found['version']}"
    only = [{"name": "only where", "value": found["marker"]}] if found["marker"] else []
    return {
        "type": "library",
        "bom-ref": address,
        "name": found["name"],
        "version": found["version"],
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in re.findall(r"[0-9a-f]{64}", found["hashes"])],
        **({"properties": only} if only else {}),
    }


def parts() -> dict[str, Any]:
    """The whole list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bot = {"type": "application", "bom-ref": "bot", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": bot},
        "components": [part(line) for line in logical_lines(ROOT / "requirements.txt")],
    }


if __name__ == "__main__":
    print(json.dumps(parts(), indent=2))
