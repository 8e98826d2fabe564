"""The kiosk as a process of its own: started with `run`, stopped from a signal handler, silent, leaving nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from zoneinfo import ZoneInfo
from ratings.config import Config, Kiosk, Release
from ratings.scale import Score
from terminal.clock import SystemClock
from terminal.kiosk.app import Kiosk as App
from terminal.ledger import Ledger
from terminal.visit import State

config = Config(kiosk=Kiosk(size="800x480", thanks_seconds=0.5))
ledger = Ledger.open(Path(sys.argv[1]), config.release, ZoneInfo("Europe/Oslo"), config.kiosk.languages)
kiosk = App(config, SystemClock(), ledger)
assert kiosk.offscreen
signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())
seen = []

def wait(state):
    end = time.monotonic() + 20
    while kiosk.visit.state is not state:
        assert time.monotonic() < end
        time.sleep(0.005)
    seen.append(state)

def visitor():
    wait(State.ASKING)
    kiosk.press(Score.HAPPY)
    wait(State.THANKS)
    wait(State.ASKING)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=visitor).start()
kiosk.run()
ledger.close()
print(len(seen))
"""


AT_ONCE = (
    PROGRAM.partition("signal.signal(")[0]
    + """
kiosk.window.bind(on_close=lambda *_: print("fjes-sound" in [thread.name for thread in threading.enumerate()]))
kiosk.stop()
kiosk.run()
ledger.close()
"""
)


def test_stopped_while_it_looks_for_a_sound_card_it_lets_go_of_it_before_the_window_closes(tmp_path: Path) -> None:
    # Otherwise SDL, which ends with the window, may wait without end.
    environment = dict(os.environ) | {"SDL_AUDIODRIVER": "alsa", "AUDIODEV": "plughw:CARD=NotThere"}
    command = [sys.executable, "-W", "error", "-c", AT_ONCE, str(tmp_path / "card")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_it_runs_until_it_is_stopped_and_says_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY", "SDL", "DISPLAY"))}
    environment.pop("WAYLAND_DISPLAY", None)
    environment |= {"HOME": str(home), "TMPDIR": str(home)}
    # What Kivy would make of "--help" is not what we would.
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path / "card"), "--help"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")
    assert list(home.iterdir()) == [], "Kivy left something behind"
