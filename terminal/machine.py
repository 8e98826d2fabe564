"""How the machine is, coarsely: free space, heat and power. Only looks, and only at what the system tells everybody.

Knows no ledger: nothing here moves with a tap. The words that come out are the status's (`ratings/wire.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ratings.wire import Condition, Room

PLENTY_BYTES, LITTLE_BYTES = 10**9, 10**8

HOT_MILLIDEGREES = 80_000
"""From here on a Raspberry Pi slows itself down."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the machine tells of itself."""

    thermal: Path = Path("/sys/class/thermal")
    hwmon: Path = Path("/sys/class/hwmon")


PLACES = Places()


def room(folder: Path, own: Path | None = None) -> Room:
    """Free space where a folder lies, and whether anything can be written there.

    `own` is a folder on the same card in which this process may write: systemd shows it all others as read-only.
    """
    try:
        system = os.statvfs(folder)
    except OSError:
        return Room.GONE
    if _is_locked(own or folder):
        return Room.LOCKED
    free = system.f_bavail * system.f_frsize
    return Room.PLENTY if free >= PLENTY_BYTES else Room.ENOUGH if free >= LITTLE_BYTES else Room.LITTLE


def _is_locked(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def heat(places: Places = PLACES) -> Condition:
    """Whether any part of the machine is too hot."""
    told = (_number(zone / "temp") for zone in places.thermal.glob("thermal_zone*"))
    hottest = max((degrees for degrees in told if degrees is not None), default=None)
    if hottest is None:
        return Condition.UNKNOWN
    return Condition.TROUBLE if hottest >= HOT_MILLIDEGREES else Condition.WELL


def power(places: Places = PLACES) -> Condition:
    """Whether the power supply is too weak: a Raspberry Pi's own alarm, which its driver `rpi_volt` tells."""
    for monitor in places.hwmon.glob("hwmon*"):
        alarm = _number(monitor / "in0_lcrit_alarm")
        if alarm is not None and _text(monitor / "name") == "rpi_volt":
            return Condition.TROUBLE if alarm else Condition.WELL
    return Condition.UNKNOWN


def _number(place: Path) -> int | None:
    try:
        return int(_text(place))
    except ValueError:
        return None


def _text(place: Path) -> str:
    try:
        return place.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
