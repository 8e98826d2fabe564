"""A PostgreSQL of the bench's own, where Debian's is installed. It waits for the disk, as it does by default."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from bench import processes

START_SECONDS = 60.0


def is_installed() -> bool:
    return bool(_programs())


@contextlib.contextmanager
def running() -> Iterator[str]:
    """A PostgreSQL with its usual settings, on 127.0.0.1 and a free port, gone afterwards; gives its URL."""
    programs = _programs()[-1].parent
    port = processes.free_port()
    folder = Path(tempfile.mkdtemp(prefix="fjes-bench-postgres-"))
    process = None
    try:
        # It refuses to run as root.
        user = pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        more = {"cwd": folder, "user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        data = str(folder / "data")
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "fjes", "-A", "trust", "--locale=C", "-E", "UTF8"],
            check=True,
            **more,
        )  # type: ignore[call-overload]
        options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        # No parent's death signal: it is lost with the change of user. PostgreSQL ends when its folder goes.
        process = subprocess.Popen([programs / "postgres", "-D", data, *options], start_new_session=True, **more)  # type: ignore[call-overload]
        until = time.monotonic() + START_SECONDS
        while subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("PostgreSQL did not start")
            time.sleep(0.1)
        yield f"postgresql://fjes@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # "fast": open connections are ended
            processes.end(process)
        shutil.rmtree(folder)


def new_database(url: str, name: str) -> str:
    """The URL of a new database beside the one of `url`."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def _programs() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
