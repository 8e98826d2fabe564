"""From a button's press to its commit, and to the light of the LEDs: a part of `make bench`.

The command `fjes terminal kiosk` as it is, with gpiozero's buttons and LEDs on mock pins: a level on a pin is the
press, and one on another the light. What a real pin adds is the time that its contact has to be quiet
(`bounce_seconds`). The kiosk draws into memory; rests after a thank-you are skipped.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import bench.kiosk
import hardware.buttons
import hardware.leds
from bench.figures import spread, verdict
from bench.kiosk import HELD_SECONDS, Clock, Kiosk, say, wait
from ratings.config import Buttons as Settings
from ratings.scale import Score
from terminal.ledger import Pending

COMMIT_AIM, LIGHT_AIM = 20.0, 50.0
"""Milliseconds at the median, without waiting for the disk."""
_PINS = """[buttons]
factory = "mock"
very_unhappy_led = 5
unhappy_led = 6
happy_led = 13
very_happy_led = 19
"""


class Ledger(bench.kiosk.Ledger):
    """The ledger, which tells when a rating was on the disk."""

    committed = 0.0

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> Pending | None:
        pending = super().record(question, score, language, moment, repeat=repeat)
        Ledger.committed = time.monotonic()
        return pending


class Buttons(hardware.buttons.Buttons):
    """The buttons, whose pins can be reached."""

    made: Buttons

    def __init__(self, settings: Settings, *arguments: Any, **more: Any) -> None:
        super().__init__(settings, *arguments, **more)
        self.pins = settings.pins
        Buttons.made = self


class Leds(hardware.leds.Leds):
    """The LEDs, which tell when they are lit."""

    lit_at = 0.0
    shines = threading.Event()

    def light(self, lit: bool) -> None:
        super().light(lit)
        if lit:
            Leds.lit_at = time.monotonic()
            Leds.shines.set()


def serve(kiosk: Kiosk) -> None:
    """Press as often as is asked on standard input, beside the running kiosk; end with it."""
    say({"first_frame": kiosk.first_frame})
    for line in sys.stdin:
        what, _, count = line.partition(" ")
        for name in ("main", "outbox"):
            setting = "FULL" if what == "press" else "OFF"
            bench.kiosk.Ledger.opened.connection.execute(f"PRAGMA {name}.synchronous={setting}")
        say(press(kiosk, int(count)))
    kiosk.stop()


def press(kiosk: Kiosk, count: int) -> dict[str, list[float]]:
    """Milliseconds from each press until its rating is committed, and until all four LEDs are lit."""
    commits, lights = [], []
    buttons = Buttons.made
    for number in range(count):
        pin = buttons.factory.pin(buttons.pins[number % len(Score)])
        kiosk.asking.clear()
        Leds.shines.clear()
        begin = time.monotonic()
        pin.drive_low()
        wait(Leds.shines, "the light")
        commits.append(1000 * (Ledger.committed - begin))
        lights.append(1000 * (Leds.lit_at - begin))
        time.sleep(random.uniform(*HELD_SECONDS))
        pin.drive_high()
        kiosk.asking.clear()
        Clock.skipped += 60
        kiosk.refresh()
        wait(kiosk.asking, "the question")
        time.sleep(random.uniform(0.04, 0.06))
    return {"commit": commits, "light": lights}


def measure(folder: Path, presses: int) -> None:
    """Run it as a process, and print what came out."""
    home = folder / "pressed"
    home.mkdir()
    command = [sys.executable, "-m", "bench.presses", str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()

        def asked(what: str, count: int) -> dict[str, list[float]]:
            print(f"{what} {count}", file=process.stdin, flush=True)
            answer: dict[str, list[float]] = json.loads(process.stdout.readline() if process.stdout else "")
            return answer

        asked("press", 8)  # The first ones warm up.
        with_disk, without = asked("press", presses), asked("without-fsync", presses)
        process.stdin.close()
    for name, what in (("commit", "press to commit"), ("light", "press to light")):
        print(f"  {what}, ms (median/p95/p99): {spread(with_disk[name])}; without the disk: {spread(without[name])}")
    for name, aim in (("commit", COMMIT_AIM), ("light", LIGHT_AIM)):
        figure = median(without[name])
        print(verdict(f"press to {name}", f"within {aim:g} ms", f"{figure:.1f} ms", met=figure <= aim))
        # By reckoning: the kernel tells of a level when it has lasted for so long.
        bounced = figure + 1000 * Settings().bounce_seconds
        print(verdict("… and for a contact to be quiet", f"within {aim:g} ms", f"{bounced:.1f} ms", met=bounced <= aim))


def main(words: list[str]) -> None:
    """The kiosk's process."""
    bench.kiosk.SETTINGS += _PINS
    bench.kiosk.serve = serve
    bench.kiosk.Ledger = Ledger  # type: ignore[misc]
    hardware.buttons.Buttons = Buttons  # type: ignore[misc]
    hardware.leds.Leds = Leds  # type: ignore[misc]
    bench.kiosk.main([words[0], "memory"])


if __name__ == "__main__":
    main(sys.argv[1:])
