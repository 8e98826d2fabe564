"""The loop that sleeps: what wakes it and what does not, and what it does when a screen or a panel is unplugged.

On a real X server, and, for want of a panel and a graphics card, with pipes and folders that stand for theirs.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import x11
from ratings.scale import Score
from tests.terminal.kiosk.conftest import Rig

Wait = Callable[..., None]
Place = tuple[float, float]

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("KIVY", "SDL")) and name not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")
} | {"SDL_AUDIODRIVER": "dummy"}


class Running:
    """A kiosk in a process of its own, with a card in a folder."""

    def __init__(self, process: subprocess.Popen[str], card: Path) -> None:
        self.process, self._card = process, card

    @property
    def counted(self) -> int:
        """How many ratings are on the card."""
        with contextlib.closing(sqlite3.connect(f"file:{self._card}/open.db?mode=ro", uri=True)) as reader:
            cells = reader.execute("SELECT counts FROM cell WHERE slice='total'").fetchall()
        return sum(sum(struct.unpack(">4I", counts)) for (counts,) in cells)

    @property
    def sleeps(self) -> int:
        """How often the thread that runs the loop has gone to sleep so far (proc(5))."""
        status = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/status").read_text()
        (found,) = re.findall(r"\nvoluntary_ctxt_switches:\s*(\d+)", status)
        return int(found)

    def ended(self) -> tuple[int, str]:
        """Wait for its end: its exit status, and what it said on standard error."""
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextlib.contextmanager
def running(command: list[str], card: Path, more: dict[str, str]) -> Iterator[Running]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", *command], env=ENVIRONMENT | more, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(process, card)
        finally:
            process.kill()


@pytest.fixture
def on_x(tmp_path: Path) -> Callable[[str], contextlib.AbstractContextManager[Running]]:
    """Run the command `fjes terminal kiosk` on a display, again and again with the same card."""
    settings, card = tmp_path / "fjes.toml", tmp_path / "card"
    settings.write_text(
        f'[terminal]\nstore = "{card}"\nstate = "{tmp_path / "state"}"\n'
        '[kiosk]\nsize = "800x480"\nthanks_seconds = 0.5\n[buttons]\n'
    )
    command = ["-m", "fjes", "terminal", "kiosk", "--config", str(settings)]
    return lambda display: running(command, card, {"DISPLAY": display})


@contextlib.contextmanager
def x_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    if missing := x11.missing():
        pytest.fail(f"{missing}; `make test` installs them")
    with x11.server("800x480") as (display, process):
        yield display, process


def click(display: str, place: Place) -> None:
    hand = x11.Hand(display)
    hand.click(place)
    hand.close()


def test_on_an_x_server_it_sleeps_until_it_is_touched_and_the_thank_you_ends_by_itself(
    on_x: Callable[[str], Any], wait_for: Wait, rig: Rig
) -> None:
    place = rig.centre(Score.HAPPY)
    with x_server() as (display, _), on_x(display) as kiosk:
        rate(kiosk, display, place, 1, wait_for)
        # Only once the thank-you has gone does a click count again.
        rate(kiosk, display, place, 2, wait_for)
        time.sleep(1)
        sleeps = kiosk.sleeps
        time.sleep(3)
        assert kiosk.sleeps - sleeps <= 15, "it wakes more than five times a second for nothing"
        kiosk.process.send_signal(signal.SIGTERM)
        assert kiosk.ended() == (0, "")


def test_when_the_x_server_ends_it_says_so_and_ends_and_counts_on_when_it_is_started_again(
    on_x: Callable[[str], Any], wait_for: Wait, rig: Rig
) -> None:
    place = rig.centre(Score.UNHAPPY)
    with x_server() as (display, server), on_x(display) as kiosk:
        rate(kiosk, display, place, 1, wait_for)
        server.kill()
        status, said = kiosk.ended()
        assert status == 1
        assert said.startswith("Error: the X server ended")
        with on_x(display) as early:
            status, said = early.ended()
            assert status == 1
            assert said.startswith("Error: no window could be opened")
    with x_server() as (display, _), on_x(display) as kiosk:
        rate(kiosk, display, place, 2, wait_for)


def rate(kiosk: Running, display: str, place: Place, number: int, wait_for: Wait) -> None:
    """Click until the card has so many ratings: a kiosk that is not yet there, or still thanks, takes no click."""

    def done() -> bool:
        with contextlib.suppress(sqlite3.OperationalError):
            if kiosk.counted == number:
                return True
        assert kiosk.process.poll() is None, kiosk.ended()
        click(display, place)
        return False

    wait_for(done, f"rating number {number}")
