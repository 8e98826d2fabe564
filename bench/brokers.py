"""Mosquitto for the bench: the closed one that `fjes dashboard broker init` makes, and one with its stock settings."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import processes
from dashboard import broker
from dashboard.broker import Folder, Wishes

HOST = "127.0.0.1"
START_SECONDS = 20.0


def program() -> str | None:
    """Where mosquitto is; None where Debian's package is missing."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


@contextlib.contextmanager
def closed(path: Path, logins: dict[str, str | None]) -> Iterator[Folder]:
    """The broker as Fjes sets it up, with these logins besides the dashboard's."""
    made = broker.init(path, Wishes((HOST,), _free_port(), HOST, 50, getpass.getuser()), datetime.now(UTC))
    made.set_logins(logins)
    with _running(made.configuration, made.section().port):
        yield made


@contextlib.contextmanager
def stock(path: Path, like: Folder, more: str = "") -> Iterator[int]:
    """A broker with the certificate and logins of `like`, and otherwise mosquitto's own defaults; gives its port."""
    port = _free_port()
    path.write_text(
        f"listener {port} {HOST}\ncertfile {like.server}\nkeyfile {like.server}\nuser {getpass.getuser()}\n"
        f"allow_anonymous false\npassword_file {like.passwords}\nlog_type error\n{more}\n"
    )
    with _running(path, port):
        yield port


@contextlib.contextmanager
def _running(configuration: Path, port: int) -> Iterator[None]:
    found = program()
    assert found is not None
    command = [found, "-c", str(configuration)]
    with (
        configuration.with_suffix(".log").open("wb") as said,
        processes.running(command, stdout=said, stderr=said) as process,
    ):
        until = time.monotonic() + START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"mosquitto did not start; see {configuration.with_suffix('.log')}")
            time.sleep(0.02)
        yield


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
