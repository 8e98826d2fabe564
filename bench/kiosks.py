"""Our kiosk from the outside: started, touched and ended as a process, offscreen or on an X server of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.kiosk import SIZE

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
    if display:
        environment["DISPLAY"] = display
    where = "window" if display else "offscreen"
    child = processes.Child("bench.kiosk", str(home), where, environment=environment)
    try:
        yield OurKiosk(child)
    finally:
        child.close()
        shutil.rmtree(home)


@contextlib.contextmanager
def x_server() -> Iterator[str | None]:
    """An X server without a screen (Xvfb), its display's name; None where it is not installed."""
    if shutil.which("Xvfb") is None:
        yield None
        return
    readable, writable = os.pipe()
    command = ["Xvfb", "-displayfd", str(writable), "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp"]
    with (
        open(readable) as answer,
        open(os.devnull, "w") as nowhere,
        processes.running(command, pass_fds=[writable], stdout=nowhere, stderr=nowhere),
    ):
        os.close(writable)
        number = answer.readline().strip()
        yield f":{number}" if number else None
