"""Makes .venv hold what a requirements file asks for: `_venv.py [--ready] FILE`, run in the repository's root.

Rules that hold here: the standard library only, and little of it, because `--ready` is asked at every start. A stamp
(a copy of the requirements) lies in .venv only while all that it names is whole: it is taken away before anything is
changed, and written after. A .venv without a stamp is a set-up that broke off, and is made anew. The lock is the
kernel's, so a set-up that was killed leaves nothing behind that must be cleaned up.
"""

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.txt"  # every other requirements file holds all of it
VERSION = "import sys; print(sys.version_info.major, sys.version_info.minor, sep='.')"


def stamp(requirements: str, version: str) -> Path:
    """Where a stamp lies. Each is for one version of Python ("3.11"): another would not find the packages."""
    return VENV / f"installed-{version}-{requirements}"


def is_ready(requirements: str, version: str) -> bool:
    """Whether .venv, whose Python has this version, holds all of a requirements file."""
    have = stamp(requirements, version)
    return have.exists() and have.read_bytes() == Path(requirements).read_bytes()


def version_in_venv() -> str:
    """Ask the Python in .venv for its version: "none" where none runs."""
    try:
        return subprocess.run([PYTHON, "-ISc", VERSION], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


def set_up(requirements: str) -> None:
    """Make .venv ready, one process at a time. Exits with 2 where venv or pip fails, which has then said why."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def run(*command: str | Path) -> None:
            # The lock is handed on, so that pip is waited for even if this process alone is killed.
            if subprocess.run(command, check=False, pass_fds=[lock.fileno()]).returncode:
                sys.exit(2)

        version = version_in_venv()
        if is_ready(requirements, version):
            return  # another start made it so while this one waited
        print(f"Setting up .venv from {requirements} (once, about a minute) ...", file=sys.stderr)
        if not any(VENV.glob(f"installed-{version}-*")):
            run(sys.executable, "-I", "-m", "venv", "--clear", VENV)
            version = version_in_venv()
        for old in VENV.glob("installed-*"):
            old.unlink()
        run(PYTHON, "-m", "pip", "install", "-qq", "--require-hashes", "-r", requirements)
        for done in {RUNTIME, requirements}:
            stamp(done, version).write_bytes(Path(done).read_bytes())


if __name__ == "__main__":
    *flags, wanted = sys.argv[1:]
    if flags:
        sys.exit(not is_ready(wanted, f"{sys.version_info.major}.{sys.version_info.minor}"))
    set_up(wanted)
