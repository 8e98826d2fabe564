"""A screen without a backlight to set, such as most on HDMI: switched off and on by the kernel's DPMS, never dimmed.

Only whoever draws on a screen may do so. In the kiosk that is SDL, where it draws without X or Wayland (KMSDRM): what
it has opened is used here. Calls and structures are those of Linux (include/uapi/drm/drm_mode.h).
"""

from __future__ import annotations

import array
import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hardware import HardwareError
from hardware.screen import Light

OPEN_FILES = Path("/proc/self/fd")
_CARDS = "/dev/dri/card"
_ON, _OFF = 0, 3
_PROPERTY_NAME = b"DPMS"
_KIND_OF_CONNECTOR = 0xC0C0C0C0

_RESOURCES = 0xA0, struct.Struct("4Q8I")
_PROPERTY = 0xAA, struct.Struct("2Q2I32s2I")
_SET = 0xAB, struct.Struct("Q2I")
_PROPERTIES = 0xB9, struct.Struct("2Q3I4x")
"""Number and structure of each call."""


class Dpms:
    """The screens that this process draws on, all as one. Nothing is changed when this is made.

    Raises HardwareError where there is none that can be switched: then it stays lit.
    """

    def __init__(self, open_files: Path = OPEN_FILES) -> None:
        self._switches: list[tuple[int, int, int]] = []
        """Open file, connector, and the property's number."""
        for file in sorted(_open_cards(open_files)):
            try:
                self._switches += _switches(file)
            except OSError:
                continue  # A card that only computes, or one that somebody else draws on.
        if not self._switches:
            raise HardwareError(
                "no screen can be switched off from here: it has no backlight, and the kiosk draws on it through X or "
                "Wayland, or on none"
            )

    def light(self, light: Light) -> bool:
        """Light the screens, or switch them off; returns whether they are so now. Dimmed is lit."""
        done = True
        for file, connector, number in self._switches:
            try:
                _call(file, _SET, _OFF if light is Light.OFF else _ON, number, connector)
            except OSError:
                done = False
        return done


def _open_cards(open_files: Path) -> Iterator[int]:
    for link in open_files.iterdir():
        try:
            name = os.readlink(link)
        except OSError:
            continue  # What read this folder, and is closed by now.
        if name.startswith(_CARDS):
            yield int(link.name)


def _switches(file: int) -> list[tuple[int, int, int]]:
    """All connectors of a card that can be switched."""
    number = _call(file, _RESOURCES, *(0,) * 12)[6]
    connectors = array.array("I", bytes(4 * number))
    _call(file, _RESOURCES, 0, 0, connectors.buffer_info()[0], 0, 0, 0, number, 0, 0, 0, 0, 0)
    found = []
    for connector in connectors:
        count = _call(file, _PROPERTIES, 0, 0, 0, connector, _KIND_OF_CONNECTOR)[2]
        numbers, values = array.array("I", bytes(4 * count)), array.array("Q", bytes(8 * count))
        where = numbers.buffer_info()[0], values.buffer_info()[0]
        _call(file, _PROPERTIES, *where, count, connector, _KIND_OF_CONNECTOR)
        for each in numbers:
            name = _call(file, _PROPERTY, 0, 0, each, 0, b"", 0, 0)[4]
            if name.rstrip(b"\0") == _PROPERTY_NAME:
                found.append((file, connector, each))
    return found


def _call(file: int, call: tuple[int, struct.Struct], *values: int | bytes) -> tuple[Any, ...]:
    """What the kernel makes of a structure. Raises OSError."""
    number, shape = call
    both_ways = 3 << 30 | shape.size << 16 | ord("d") << 8 | number
    return shape.unpack(fcntl.ioctl(file, both_ways, shape.pack(*values)))
