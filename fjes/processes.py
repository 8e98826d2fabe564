"""The demo's processes: started by the commands anyone would use, stopped in order, none left behind."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


def free_port(wanted: int) -> int:
    """The wanted port on the loopback address, or any other where it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DemoError("no port of 127.0.0.1 can be had for the page; end what holds them, or try again")


@contextlib.contextmanager
def child(command: tuple[str, str], settings: Path) -> Iterator[None]:
    """One of the product's processes, in a session of its own, so that Ctrl-C reaches it through us, in order."""
    child = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "fjes", *command, "--quiet", "--config", str(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _die_with_parent() -> None:
    """Ask Linux to end this process when the demo is killed and cannot do it (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def wait_for_page(port: int) -> str:
    """The address of the page, once it answers. Raises DemoError."""
    url = f"http://127.0.0.1:{port}/"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
            return url
        time.sleep(0.1)
    raise DemoError(f"the page at {url} did not answer in {START_SECONDS:g} s; see the lines above for the reason")


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the demo in order, once: a second Ctrl-C does not hurt the tidying."""
    caught = False

    def stop(number: int, _frame: object) -> None:
        nonlocal caught
        if not caught:
            caught = True
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
