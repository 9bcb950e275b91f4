# Sourced by the scripts beside it, in the repository's root. `prepare FILE` leaves .venv holding what the requirements
# in FILE ask for. Once it does, that costs one short start of Python and no network.

# A candidate counts only if it runs: a version manager may leave names on the PATH that start nothing.
find_python() {
    for python in python3.14 python3.13 python3.12 python3.11 python3 python; do
        "$python" -Ic 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
            </dev/null >/dev/null 2>&1 && return
    done
    echo "Please install Python 3.11 to 3.14 with venv (Debian, Ubuntu: apt install python3 python3-venv;" \
        "macOS: brew install python@3.14)." >&2
    exit 2
}

prepare() {
    .venv/bin/python -IS scripts/_venv.py --ready "$1" </dev/null >/dev/null 2>&1 && return
    find_python
    "$python" -I scripts/_venv.py "$1" </dev/null >&2
}
