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

from bench import chromium, importing, ingest, kiosks, processes
from bench.figures import Side, print_aims, print_sides, spread, verdict

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
        print("Import and report (commands, SQLite)")
        imports = importing.main()
        print(verdict("the slowest import", "under 5 s", f"{max(imports):.2f} s", met=max(imports) < 5))
        print("\nIngest (a busy terminal's year again and again, a commit for each message)")
        print(f"  SQLite      {ingest.on_sqlite(folder)}")
        print(f"  PostgreSQL  {ingest.on_postgres() or 'is not installed'}")
        print("\nKiosk, offscreen, 1280x800", flush=True)
        _compare(folder, asked)
        _on_x11(folder, asked.touches // 2)
    print(f"\nAll of it took {time.monotonic() - began:.0f} s.")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS", help="how long idle kiosks are watched")
    parser.add_argument("--touches", type=int, default=200, metavar="NUMBER", help="how often each kiosk is touched")
    parser.add_argument("--starts", type=int, default=5, metavar="NUMBER", help="how often each kiosk is started")
    return parser.parse_args()


def _compare(folder: Path, asked: argparse.Namespace) -> None:
    """Both kiosks, turn by turn: whatever else the machine does then falls on both."""
    ours, theirs = Side(), Side()
    commits: list[float] = []
    without: list[float] = []
    next_frames: list[float] = []
    with contextlib.ExitStack() as stack:
        missing = chromium.missing()
        server = url = None
        if missing is None:
            server, url = stack.enter_context(chromium.server(folder))
        for _ in range(asked.starts):
            with kiosks.running(folder) as kiosk:
                ours.starts.append(kiosk.start_seconds)
            if server and url:
                with chromium.started(folder, server, url) as (seconds, _process, _address):
                    theirs.starts.append(seconds)
        kiosk = stack.enter_context(kiosks.running(folder))
        page = stack.enter_context(chromium.running(folder, server, url)) if server and url else None
        kiosk.touch(8)  # The first ones warm up.
        if page:
            page.tap(8)
        for _ in range(ROUNDS):
            touches = kiosk.touch(asked.touches // ROUNDS)
            ours.touches += touches.whole
            commits += touches.commit
            without += kiosk.touch(asked.touches // ROUNDS // 2, fsync=False).whole
            if page:
                taps = page.tap(asked.touches // ROUNDS)
                theirs.touches += taps.handed_over
                next_frames += taps.next_frame
        time.sleep(STILL_SECONDS)
        sides = [(ours, kiosk.processes), *([(theirs, page.processes)] if page else [])]
        _watch_idle(sides, asked.idle)
        software = processes.mapped(kiosk.processes[0], SOFTWARE_OPENGL)
    print_sides(ours, theirs if page else None, asked.idle)
    print(f"  of a touch of ours, the commit                   {spread(commits)} ms")
    print(f"  a touch of ours that waits for no disk           {spread(without)} ms")
    if page:
        print(f"  Chromium, until its next frame begins            {spread(next_frames)} ms")
    else:
        print(f"  Nothing beside it: {missing}.")
    print(f"  of our memory, software OpenGL's own libraries   {software:.0f} MB")
    print_aims(ours, theirs if page else None)


def _watch_idle(sides: Sequence[tuple[Side, list[int]]], seconds: float) -> None:
    """CPU time of the same minute for all, then their memory."""
    begin = time.monotonic()
    before = [processes.cpu_seconds(pids) for _, pids in sides]
    time.sleep(seconds)
    for (side, pids), spent in zip(sides, before, strict=True):
        side.idle = 100 * (processes.cpu_seconds(pids) - spent) / (time.monotonic() - begin)
    for side, pids in sides:
        side.memory = processes.memory(pids)
        side.count = len(pids)


def _on_x11(folder: Path, touches: int) -> None:
    with kiosks.x_server() as display:
        if display is None:
            print("  on X11: not measured, there is no Xvfb.")
            return
        with kiosks.running(folder, display) as kiosk:
            kiosk.touch(8)
            print(f"  on X11 (Xvfb), a touch of ours                   {spread(kiosk.touch(touches).whole)} ms")


if __name__ == "__main__":
    main()
