"""Speed and memory of Fjes, printed beside a Chromium kiosk page measured in the same run: `python -m bench`.

Figures for people, on this machine as it is now; nothing is asserted. docs/speed.md says what they mean.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import (
    catching_up,
    chromium,
    disclosing,
    growth,
    image,
    importing,
    ingest,
    kiosks,
    pages,
    presses,
    processes,
    thousand,
    x11,
)
from bench.figures import Side, print_aims, print_sides, spread, verdict
from bench.kiosk import SIZE

# Beside the project, not in /tmp, which may be memory: commits are to wait for a real disk.
CACHE = processes.HERE / ".cache"
ROUNDS = 4
SOFTWARE_OPENGL = ("libLLVM", "swrast_dri", "libgallium")
"""Mesa's libraries that a machine with graphics hardware does not load."""
STILL_SECONDS = 2.0
"""After the last touch, before an idle process is watched."""


def main() -> None:
    asked = _parse()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # Through every clean-up.
    CACHE.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE) as name:
        folder = Path(name)
        for section in asked.sections or SECTIONS:
            SECTIONS[section](folder, asked)
    print(f"All of it took {time.monotonic() - began:.0f} s.")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"only some of: {', '.join(SECTIONS)}")
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS", help="how long idle kiosks are watched")
    parser.add_argument("--touches", type=int, default=200, metavar="NUMBER", help="how often each kiosk is touched")
    parser.add_argument("--starts", type=int, default=5, metavar="NUMBER", help="how often each kiosk is started")
    parser.add_argument(
        "--ratings", type=int, default=5000, metavar="NUMBER", help="over how many ratings growth of memory is watched"
    )
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return asked


def _imports(_folder: Path, _asked: argparse.Namespace) -> None:
    print("Import and report (commands, SQLite)")
    seconds = importing.main()
    print(verdict("the slowest import", "under 5 s", f"{max(seconds):.2f} s", met=max(seconds) < 5), "\n")


def _ingest(folder: Path, _asked: argparse.Namespace) -> None:
    print("Ingest (a busy terminal's year again and again, a commit for each message)")
    ingest.main(folder)
    print(flush=True)


def _offline(folder: Path, _asked: argparse.Namespace) -> None:
    print("Five years offline, caught up over TLS on loopback (courier, mosquitto and ingest as processes)", flush=True)
    catching_up.main(folder)
    print(flush=True)


def _disclosing(folder: Path, _asked: argparse.Namespace) -> None:
    print(f"Disclosure control ({disclosing.TERMINALS} terminals, two years, six languages, SQLite)", flush=True)
    disclosing.main(folder)
    print(flush=True)


def _pages(folder: Path, _asked: argparse.Namespace) -> None:
    print(f"Pages ({thousand.TERMINALS} terminals at {thousand.SITES} sites, {thousand.YEARS} years)", flush=True)
    pages.main(folder)
    print(flush=True)


def _growth(folder: Path, asked: argparse.Namespace) -> None:
    print(f"Memory over {asked.ratings} ratings (drawing into memory, 480x320)", flush=True)
    grown = growth.measure(folder, asked.ratings)
    print(f"  {grown}")
    print(verdict("growth", "none to speak of, 1 MB", f"{grown.megabytes:+.1f} MB", met=grown.megabytes <= 1), "\n")


def _buttons(folder: Path, asked: argparse.Namespace) -> None:
    print("Hardware buttons (gpiozero on mock pins, the kiosk drawing into memory)", flush=True)
    presses.measure(folder, asked.touches)
    print(flush=True)


def _kiosks(folder: Path, asked: argparse.Namespace) -> None:
    """Ours on X11, turn by turn with Chromium, so that whatever else the machine does falls on both; then in memory.

    Not both of ours at once: they would share libraries, and so have less memory each.
    """
    print("Kiosk, 1280x800", flush=True)
    ours, theirs = [], None
    with contextlib.ExitStack() as stack:
        missing = x11.missing()
        if missing is None:
            display, _ = stack.enter_context(x11.server(SIZE))
            side = Side("Fjes, X11 (Xvfb)")
            theirs = _compare(folder, asked, side, display)
            ours.append(side)
        else:
            print(f"  On X11 nothing is measured: {missing}.")
    side = Side("Fjes, in memory")
    beside = _compare(folder, asked, side, None, alone=theirs is not None)
    print_sides([*ours, side], theirs or beside, asked.idle)
    if missing := chromium.missing():
        print(f"  Nothing beside it: {missing}.")
    print_aims([*ours, side], theirs or beside)
    print(flush=True)


def _compare(
    folder: Path, asked: argparse.Namespace, ours: Side, display: str | None, *, alone: bool = False
) -> Side | None:
    """Measure ours, and beside it, unless it is to be `alone`, Chromium where it is installed: returned."""
    theirs, next_frames = Side("Chromium"), list[float]()
    with contextlib.ExitStack() as stack:
        server = url = None
        if not alone and chromium.missing() is None:
            server, url = stack.enter_context(chromium.server(folder))
        for _ in range(asked.starts):
            with kiosks.running(folder, display) as kiosk:
                ours.starts.append(kiosk.start_seconds)
            if server and url:
                with chromium.started(folder, server, url) as (seconds, _process, _address):
                    theirs.starts.append(seconds)
        kiosk = stack.enter_context(kiosks.running(folder, display))
        page = stack.enter_context(chromium.running(folder, server, url)) if server and url else None
        kiosk.touch(8)  # The first ones warm up.
        if page:
            page.tap(8)
        for _ in range(ROUNDS):
            touches = kiosk.touch(asked.touches // ROUNDS)
            ours.touches += touches.whole
            ours.commits += touches.commit
            ours.without_disk += kiosk.touch(asked.touches // ROUNDS // 2, fsync=False).whole
            if page:
                taps = page.tap(asked.touches // ROUNDS)
                theirs.touches += taps.handed_over
                next_frames += taps.next_frame
        time.sleep(STILL_SECONDS)
        _watch_idle([(ours, kiosk.processes), *([(theirs, page.processes)] if page else [])], asked.idle)
        ours.software_opengl = processes.mapped(kiosk.processes[0], SOFTWARE_OPENGL)
    if page:
        print(f"  Chromium, until its next frame begins: {spread(next_frames)} ms")
    return theirs if page else None


def _watch_idle(sides: Sequence[tuple[Side, list[int]]], seconds: float) -> None:
    """CPU time of the same minute for all, and how often they woke; then their memory."""
    begin = time.monotonic()
    before = [(processes.cpu_seconds(pids), processes.sleeps(pids)) for _, pids in sides]
    time.sleep(seconds)
    for (side, pids), (spent, slept) in zip(sides, before, strict=True):
        passed = time.monotonic() - begin
        side.idle = 100 * (processes.cpu_seconds(pids) - spent) / passed
        side.wakes = (processes.sleeps(pids) - slept) / passed
    for side, pids in sides:
        side.memory = processes.memory(pids)
        side.count = len(pids)


def _image(_folder: Path, _asked: argparse.Namespace) -> None:
    print("The Raspberry Pi image (as it was last built and booted here)")
    image.main()


SECTIONS = {
    "imports": _imports,
    "ingest": _ingest,
    "offline": _offline,
    "disclosure": _disclosing,
    "kiosk": _kiosks,
    "buttons": _buttons,
    "growth": _growth,
    "pages": _pages,
    "image": _image,
}


if __name__ == "__main__":
    main()
