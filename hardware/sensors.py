"""What the board tells of heat and power. Only looks, and only at what the system tells everybody.

Raspberry Pi's own kernel gives the firmware's flags as a number (`get_throttled`, the one of `vcgencmd`); Debian's has
the alarm for under-voltage alone (`rpi_volt`), and tells by its cooling devices when it slows the processor down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Raspberry Pi documentation, "vcgencmd get_throttled": now, and 16 bits higher the same since the start.
_UNDER_VOLTAGE, _CAPPED, _THROTTLED, _SOFT_LIMIT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_SINCE = 16


@dataclass(frozen=True, slots=True)
class Places:
    """Where the machine tells of itself."""

    thermal: Path = Path("/sys/class/thermal")
    hwmon: Path = Path("/sys/class/hwmon")
    firmware: Path = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")


PLACES = Places()


def temperature(places: Places = PLACES) -> float | None:
    """The hottest part, in degrees Celsius; None where nothing tells."""
    told = (_number(zone / "temp") for zone in places.thermal.glob("thermal_zone*"))
    found = [degrees for degrees in told if degrees is not None]
    return max(found) / 1000 if found else None


def under_voltage(places: Places = PLACES) -> bool | None:
    """Whether the power supply is too weak, or was since the start where the firmware tells; None: nothing tells."""
    flags = _flags(places)
    if flags is not None:
        return bool(flags & (_UNDER_VOLTAGE | _UNDER_VOLTAGE << _SINCE))
    for monitor in places.hwmon.glob("hwmon*"):
        alarm = _number(monitor / "in0_lcrit_alarm")
        if alarm is not None and _text(monitor / "name") == "rpi_volt":
            return bool(alarm)
    return None


def slowed(places: Places = PLACES) -> bool | None:
    """Whether the board slows itself down for heat (or for want of power) now; None where nothing tells."""
    flags = _flags(places)
    if flags is not None:
        return bool(flags & (_CAPPED | _THROTTLED | _SOFT_LIMIT))
    # A fan is a cooling device, too, and slows nothing.
    steps = [
        _number(device / "cur_state")
        for device in places.thermal.glob("cooling_device*")
        if "cpufreq" in _text(device / "type")
    ]
    return any(steps) if steps else None


def _flags(places: Places) -> int | None:
    try:
        return int(_text(places.firmware), 16)
    except ValueError:
        return None


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
