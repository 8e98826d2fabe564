"""Runs pytest again and again, each time in a child that finds what is not ours imported already: that takes longest.

A script of its own, so that nothing of ours is: it is what changes. Reads lines of JSON (a folder, pytest's arguments,
a file for what it says, and after how many seconds it hangs), and answers each with the exit code. With `--prepared` it
imports beforehand.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys

HEAVY = (
    "alembic.command babel.messages.pofile cryptography.x509 flask flask_wtf html5lib matplotlib.figure msgspec numpy "
    "openpyxl paho.mqtt.client psycopg pytest scipy.optimize scipy.sparse sqlalchemy.dialects.postgresql "
    "sqlalchemy.dialects.sqlite waitress weasyprint"
)


def child(folder: str, arguments: list[str], said: str, seconds: int) -> int:
    """Become a pytest of that folder; returns its exit code."""
    import pytest

    signal.alarm(seconds)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = folder
    sys.path.insert(0, folder)
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    return int(pytest.main(arguments))


def main() -> None:
    sys.path.pop(0)  # This folder.
    for name in HEAVY.split() if "--prepared" in sys.argv else ():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        process = os.fork()
        if not process:
            code = 1
            try:
                code = child(*json.loads(line))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
