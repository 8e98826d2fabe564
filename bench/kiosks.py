"""Our kiosk from the outside: started, touched and ended as a process, on an X server or drawing into memory."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import processes

WINDOW_SYSTEM = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")


@dataclass(frozen=True, slots=True)
class Touches:
    """Milliseconds of each touch: from the finger's lifting to the thank-you drawn, and of the commit in that."""

    whole: list[float]
    commit: list[float]


class OurKiosk:
    """One running kiosk."""

    def __init__(self, child: processes.Child) -> None:
        self._child = child
        self.start_seconds = child.hear()["first_frame"] - child.began

    @property
    def processes(self) -> list[int]:
        return processes.family(self._child.pid)

    def touch(self, count: int, *, fsync: bool = True) -> Touches:
        taken = self._child.ask(f"{'touch' if fsync else 'without-fsync'} {count}")
        return Touches(taken["touch"], taken["commit"])


@contextlib.contextmanager
def running(folder: Path, display: str | None = None) -> Iterator[OurKiosk]:
    """The kiosk with a new store in `folder`; in a window of an X server's `display` where one is named."""
    home = folder / "kiosk"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in WINDOW_SYSTEM}
    # A sound card that nobody hears, on every machine.
    environment["SDL_AUDIODRIVER"] = "dummy"
    if display:
        environment["DISPLAY"] = display
    child = processes.Child("bench.kiosk", str(home), "x11" if display else "memory", environment=environment)
    try:
        yield OurKiosk(child)
    finally:
        child.close()
        shutil.rmtree(home)
