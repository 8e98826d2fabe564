"""The hardware clock: a battery clock (DS3231 or the like) that the kernel sets the system's time from at the start.

Nothing here sets a clock: the kernel does at the start, and keeps the battery clock right while a network sets the
system's (`docs/decisions/0007-which-day-it-is.md`). This only looks, for the check of the hardware; what the terminal
believes is decided in `terminal/trust.py`, by the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

CLOCKS = Path("/sys/class/rtc")


@dataclass(frozen=True, slots=True)
class BatteryClock:
    """One of them: its driver's name, and its time; None where it has lost it (an empty battery), or cannot be read."""

    name: str
    time: datetime | None


def look(folder: Path = CLOCKS) -> list[BatteryClock]:
    """The battery clocks that the kernel knows."""
    return [BatteryClock(_name(clock), _time(clock)) for clock in sorted(folder.glob("rtc*"))]


def _name(clock: Path) -> str:
    try:
        # "rtc-ds1307 1-0068": driver and place.
        return (clock / "name").read_text("ascii", "replace").strip() or clock.name
    except OSError:
        return clock.name


def _time(clock: Path) -> datetime | None:
    try:
        # A DS3231 whose oscillator has stopped since it was set refuses to be read.
        return datetime.fromtimestamp(int((clock / "since_epoch").read_text("ascii")), UTC)
    except (OSError, ValueError, OverflowError):
        return None
