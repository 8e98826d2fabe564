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
from terminal.kiosk.loop import System, system_of
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
    command = ["-m", "fjes", "terminal", "kiosk", "--quiet", "--config", str(settings)]
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
        assert "Error: the X server ended" in said
        with on_x(display) as early:
            status, said = early.ended()
            assert status == 1
            assert "Error: no window could be opened" in said
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


# With nothing else to wake it: what Kivy does by itself once a second is taken away, and the longest sleep is long.
PROGRAM = """
import os, signal, sys, threading, time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo
from bench.kiosk import Finger
from bench.x11 import Hand
from ratings.config import Config, Kiosk
from ratings.scale import Score
from terminal.clock import SystemClock
from terminal.kiosk import loop
from terminal.kiosk.app import Kiosk as App
from terminal.ledger import Ledger
from terminal.visit import State

folder, what = Path(sys.argv[1]), sys.argv[2]
config = Config(kiosk=Kiosk(size="800x480", thanks_seconds=0.5))
ledger = Ledger.open(folder / "card", config.release, ZoneInfo("Europe/Oslo"), config.kiosk.languages)
systems = {"mouse": loop.System.X11, "first screen": loop.System.MEMORY}
system = systems.get(what, loop.System.KMSDRM)
screens = []
if what == "first screen":
    loop.environment.has_display = lambda: bool(screens)
sleeper = partial(loop.Sleeper, system=system, inputs=folder / "input", connectors=folder / "drm")
kiosk = App(config, SystemClock(), ledger, offscreen=what != "mouse", sleeper=sleeper)
signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())

from kivy.cache import Cache
from kivy.clock import Clock
Clock.unschedule(Cache._purge_by_timeout)
loop.LONGEST = 0.05 if what.endswith("screen") else 60

def wait(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.005)

def works():
    before = time.process_time()
    time.sleep(0.3)
    return time.process_time() - before > 0.03

def fall_asleep():
    wait(lambda: not works())

def plug_and_unplug():
    while True:
        for status in ("disconnected", "connected"):
            (folder / "drm" / "card0-HDMI-A-1" / "status").write_text(status)
            time.sleep(0.2)

def plug_in():
    wait(lambda: kiosk.visit.state is State.ASKING)
    screens.append("the first")

def visitor():
    wait(lambda: kiosk.visit.state is State.ASKING)
    fall_asleep()
    if what == "button":
        kiosk.press(Score.HAPPY)
    elif what == "mouse":
        Hand(os.environ["DISPLAY"]).click(kiosk.screens.layout.faces[Score.HAPPY].picture.centre)
    else:
        finger, place = Finger(), kiosk.screens.layout.faces[Score.HAPPY].picture.centre
        for down in (True, False):
            finger.put(place, down=down)
            with (folder / "input" / "event0").open("wb", buffering=0) as device:
                device.write(bytes(24))
    wait(lambda: kiosk.visit.state is State.THANKS)
    wait(lambda: kiosk.visit.state is State.ASKING)
    fall_asleep()
    kiosk.stop()

does = {"screen": plug_and_unplug, "first screen": plug_in}
threading.Thread(target=does.get(what, visitor), daemon=True).start()
kiosk.run()
ledger.close()
"""


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """A folder with what stands for a touch panel and for a connector with a screen."""
    for name in ("input", "drm/card0-HDMI-A-1"):
        (tmp_path / name).mkdir(parents=True)
    os.mkfifo(tmp_path / "input" / "event0")
    (tmp_path / "drm" / "card0-HDMI-A-1" / "status").write_text("connected")
    return tmp_path


@pytest.mark.parametrize("what", ["button", "touch", "mouse"])
def test_asleep_it_takes_what_comes_and_ends_the_thank_you_when_it_is_time(devices: Path, what: str) -> None:
    command, card = ["-c", PROGRAM, str(devices), what], devices / "card"
    with x_server() as (display, _), running(command, card, {"DISPLAY": display} if what == "mouse" else {}) as kiosk:
        assert kiosk.ended() == (0, "")
        assert kiosk.counted == 1


@pytest.mark.parametrize(
    ("what", "words"), [("screen", "a screen was plugged in again,"), ("first screen", "a screen was plugged in,")]
)
def test_a_screen_that_comes_ends_the_kiosk_so_that_it_is_started_anew(devices: Path, what: str, words: str) -> None:
    with running(["-c", PROGRAM, str(devices), what], devices / "card", {}) as kiosk:
        status, said = kiosk.ended()
        assert status == 1
        assert f"DisplayError: {words}" in said


@pytest.mark.parametrize(
    ("info", "variables", "system"),
    [
        ("WindowInfoX11", {"SDL_VIDEODRIVER": "x11,wayland,kmsdrm", "DISPLAY": ":0"}, System.X11),
        ("NoneType", {"SDL_VIDEODRIVER": "kmsdrm"}, System.KMSDRM),
        ("NoneType", {"SDL_VIDEODRIVER": "x11,wayland,kmsdrm"}, System.KMSDRM),
        ("NoneType", {"SDL_VIDEODRIVER": "offscreen", "DISPLAY": ":0"}, System.MEMORY),
        ("WindowInfoWayland", {"SDL_VIDEODRIVER": "x11,wayland,kmsdrm", "WAYLAND_DISPLAY": "wayland-0"}, System.OTHER),
        ("NoneType", {"SDL_VIDEODRIVER": "x11,wayland,kmsdrm", "DISPLAY": ":0"}, System.OTHER),
        ("NoneType", {}, System.OTHER),
    ],
)
def test_it_knows_where_the_window_is_or_that_it_does_not(info: str, variables: dict[str, str], system: System) -> None:
    assert system_of(info, variables) is system
