"""Figures of the kiosk, with the real window and the real ledger: `python -m bench.kiosk [--idle SECONDS]`.

Prints one JSON object: milliseconds from a finger's lifting to the thank-you on the screen, its commit awaited (median,
p95, p99); milliseconds from start to first frame; percent of a core when idle; memory in MB (PSS).
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import random  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median, quantiles  # noqa: E402

from ratings.config import Config, Kiosk  # noqa: E402
from ratings.scale import Score  # noqa: E402
from terminal.clock import SystemClock  # noqa: E402
from terminal.kiosk.app import Kiosk as App  # noqa: E402
from terminal.kiosk.driver import Driver  # noqa: E402
from terminal.ledger import Ledger  # noqa: E402

LONGEST_WAIT = 0.008
"""Seconds that a finger may wait for the kiosk's next look at the window's queue; drawn at random for each touch."""


class HurriedClock(SystemClock):
    """The machine's time, but for thank-yous, which are skipped."""

    skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped


def touches(driver: Driver, clock: HurriedClock, count: int) -> list[float]:
    """Milliseconds from lifting the finger to the frame with the thank-you, sorted."""
    frames: list[float] = []
    driver.kiosk.window.bind(on_flip=lambda *_: frames.append(time.perf_counter()))
    taken = []
    for number in range(count):
        centre = driver.face_centre(Score(number % 4))
        driver.down(*centre)
        driver.pump()
        drawn = len(frames)
        begin = time.perf_counter()
        time.sleep(random.uniform(0, LONGEST_WAIT))
        driver.up(*centre)
        taken.append((frames[drawn] - begin) * 1000)
        clock.skipped += 60
        driver.pump()
    return sorted(taken)


def idle(kiosk: App, seconds: float) -> float:
    """Percent of a core that the running kiosk takes on a still screen; ends it."""
    shares = []

    def watch() -> None:
        time.sleep(1)
        cpu, wall = time.process_time(), time.perf_counter()
        time.sleep(seconds)
        shares.append(100 * (time.process_time() - cpu) / (time.perf_counter() - wall))
        kiosk.stop()

    threading.Thread(target=watch).start()
    kiosk.run()
    return shares[0]


def pss() -> float:
    """Memory of this process in MB, shared pages divided by those who share them."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=60, help="how long to watch an idle kiosk, in seconds")
    parser.add_argument("--touches", type=int, default=200)
    parser.add_argument("--size", default="1280x800")
    asked = parser.parse_args()
    config = Config(kiosk=Kiosk(size=asked.size))
    with tempfile.TemporaryDirectory() as folder:
        clock = HurriedClock()
        ledger = Ledger.open(Path(folder), config.release, config.terminal.zone, config.kiosk.languages)
        kiosk = App(config, clock, ledger)
        driver = Driver(kiosk)
        first = (time.perf_counter() - STARTED) * 1000
        for _ in range(60):
            driver.pump()
        taken = touches(driver, clock, asked.touches)
        cuts = quantiles(taken, n=100)
        memory = pss()
        figures = {
            "screen": "offscreen" if kiosk.offscreen else "window",
            "touch_ms": {"median": median(taken), "p95": cuts[94], "p99": cuts[98]},
            "first_frame_ms": first,
            "idle_percent": idle(kiosk, asked.idle),
            "memory_mb": memory,
        }
        ledger.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
