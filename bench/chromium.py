"""The yardstick: Debian's Chromium with a kiosk page of four faces, and the small server that it posts to.

Chromium is started as a kiosk would start it, with the page's address; Playwright then takes hold of that very
process, to tap as a mouse does.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import processes
from bench.kiosk import HELD_SECONDS, SIZE

FLAGS = (
    "--headless",
    "--kiosk",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    # No traffic of its own: a kiosk has none, and it would count as idle CPU.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    f"--screen-info={{{SIZE}}}",
)


@dataclass(frozen=True, slots=True)
class Taps:
    """Milliseconds of each tap, from the finger's lifting on.

    `answered`: the server's answer was there. `handed_over`: the page had painted the thank-you and handed it over.
    `next_frame`: the frame after that one began (two `requestAnimationFrame`).
    """

    handed_over: list[float]
    next_frame: list[float]
    answered: list[float]


class Chromium:
    """One running Chromium with the page."""

    def __init__(self, process: subprocess.Popen[bytes], page: Page, server: processes.Child) -> None:
        self._page = page
        self._roots = process.pid, server.pid

    @property
    def processes(self) -> list[int]:
        """Chromium's processes and the server's; Playwright's own are not counted."""
        return [pid for root in self._roots for pid in processes.family(root)]

    def tap(self, count: int) -> Taps:
        page = self._page
        page.evaluate("taps.length = 0")
        buttons = page.locator("button")
        boxes = [buttons.nth(number).bounding_box() for number in range(4)]
        for number in range(count):
            box = boxes[number % 4]
            assert box is not None
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
            page.mouse.down()
            time.sleep(random.uniform(*HELD_SECONDS))
            page.mouse.up()
            page.evaluate(f"reached({number + 1})")
            page.evaluate("again()")
            time.sleep(random.uniform(0.02, 0.04))
        handed_over, next_frame, answered = zip(*page.evaluate("taps"), strict=True)
        return Taps(list(handed_over), list(next_frame), list(answered))


def missing() -> str | None:
    """What is not there, in words; None when all is."""
    return None if shutil.which("chromium") else "there is no chromium (Debian's package of that name)"


@contextlib.contextmanager
def server(folder: Path) -> Iterator[tuple[processes.Child, str]]:
    """The page's server and its address."""
    child = processes.Child("bench.page_server", str(folder))
    try:
        yield child, f"http://127.0.0.1:{child.hear()}/"
    finally:
        child.close()


@contextlib.contextmanager
def started(folder: Path, child: processes.Child, url: str) -> Iterator[tuple[float, subprocess.Popen[bytes], str]]:
    """Start Chromium; gives the seconds to the first paint, its process, and where Playwright finds it."""
    profile = folder / "chromium"
    profile.mkdir(exist_ok=True)
    # For root, Chromium has no sandbox.
    flags = [*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else []), f"--user-data-dir={profile}", url]
    with (folder / "chromium.log").open("w+b") as log, contextlib.ExitStack() as stack:
        # What it keeps outside the profile: crash reports, and a socket, for which a path must be short.
        short = stack.enter_context(tempfile.TemporaryDirectory(prefix="fjes-bench-"))
        environment = os.environ | {"XDG_CONFIG_HOME": str(profile), "XDG_CACHE_HOME": str(profile), "TMPDIR": short}
        more = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": environment}
        begin = time.time()
        process = stack.enter_context(processes.running(["chromium", *flags], **more))
        first_paint = child.hear() - begin
        said = (folder / "chromium.log").read_text(errors="replace")
        found = re.search(r"ws://\S+", said)
        if found is None:
            raise SystemExit(f"Chromium does not say where it listens:\n{said}")
        yield first_paint, process, found[0]


@contextlib.contextmanager
def running(folder: Path, child: processes.Child, url: str) -> Iterator[Chromium]:
    """Chromium with the page on it, to be tapped."""
    with (
        started(folder, child, url) as (_, process, address),
        sync_playwright() as playwright,
        playwright.chromium.connect_over_cdp(address) as browser,
    ):
        yield Chromium(process, browser.contexts[0].pages[0], child)
