"""Switching a screen off by DPMS, on a kernel whose structures are written down here once more, by ctypes.

A real one (virtio-gpu, with SDL on KMSDRM) is asked in the booted image: `make image-test` looks whether the screen is
off when the hours have ended, and on again after a touch.
"""

from __future__ import annotations

import ctypes
import fcntl
from pathlib import Path

import pytest

from hardware import HardwareError
from hardware.dpms import Dpms
from hardware.screen import Light

U32, U64 = ctypes.c_uint32, ctypes.c_uint64


class Resources(ctypes.Structure):
    """drm_mode_card_res."""

    _fields_ = [(name, U64) for name in ("fbs", "crtcs", "connectors", "encoders")] + [
        (name, U32)
        for name in ("n_fbs", "n_crtcs", "n_connectors", "n_encoders", "least_w", "most_w", "least_h", "most_h")
    ]


class Properties(ctypes.Structure):
    """drm_mode_obj_get_properties."""

    _fields_ = [("numbers", U64), ("values", U64), ("n", U32), ("object", U32), ("kind", U32)]


class Property(ctypes.Structure):
    """drm_mode_get_property."""

    _fields_ = [
        *(("values", U64), ("enums", U64), ("number", U32), ("flags", U32)),
        *(("name", ctypes.c_char * 32), ("n_values", U32), ("n_enums", U32)),
    ]


class Set(ctypes.Structure):
    """drm_mode_connector_set_property."""

    _fields_ = [("value", U64), ("number", U32), ("connector", U32)]


class Kernel:
    """Cards by open file: of each connector, its properties by number, and their values."""

    def __init__(self) -> None:
        self.cards: dict[int, dict[int, dict[int, tuple[bytes, int]]]] = {}
        self.refuses = False

    def ioctl(self, file: int, request: int, given: bytes) -> bytes:
        """Whoever calls knows neither the kernel's mind nor ours."""
        shapes = {0xA0: Resources, 0xAA: Property, 0xAB: Set, 0xB9: Properties}
        shape = shapes[request & 0xFF]
        # _IOWR('d', …): direction, size, letter.
        assert (request >> 30, request >> 8 & 0xFF, request >> 16 & 0x3FFF) == (3, 0x64, ctypes.sizeof(shape))
        if file not in self.cards or self.refuses:
            raise OSError(22, "Invalid argument")
        told = shape.from_buffer_copy(given)
        match told:
            case Resources():
                self._copy(told.connectors, U32, told.n_connectors, list(self.cards[file]))
                told.n_connectors = len(self.cards[file])
            case Properties():
                assert told.kind == 0xC0C0C0C0
                has = self.cards[file][told.object]
                self._copy(told.numbers, U32, told.n, list(has))
                self._copy(told.values, U64, told.n, [value for _, value in has.values()])
                told.n = len(has)
            case Property():
                told.name = next(has[told.number][0] for has in self.cards[file].values() if told.number in has)
            case Set():
                has = self.cards[file][told.connector]
                has[told.number] = has[told.number][0], told.value
        return bytes(told)

    @staticmethod
    def _copy(where: int, kind: type[ctypes.c_uint32 | ctypes.c_uint64], room: int, values: list[int]) -> None:
        # As Linux does: only where there is room for all.
        if room >= len(values):
            ctypes.memmove(where, (kind * len(values))(*values), ctypes.sizeof(kind) * len(values))

    def dpms(self) -> list[int]:
        """What each connector's DPMS is: 0 is on, 3 is off."""
        return [
            value
            for card in self.cards.values()
            for has in card.values()
            for name, value in has.values()
            if name == b"DPMS"
        ]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(fcntl, "ioctl", kernel.ioctl)
    return kernel


@pytest.fixture
def open_files(tmp_path: Path) -> Path:
    """A process that draws on card1, computes on card0, and has other files open."""
    for name, target in {"3": "null", "5": "dri/card0", "7": "dri/card1", "8": "dri/renderD128"}.items():
        (tmp_path / name).symlink_to(f"/dev/{target}")
    return tmp_path


def screens() -> dict[int, dict[int, tuple[bytes, int]]]:
    """Two connectors, of which one also has a property of another name, and a third that cannot be switched."""
    return {31: {1: (b"EDID", 44), 2: (b"DPMS", 0)}, 35: {2: (b"DPMS", 0)}, 38: {1: (b"EDID", 0)}}


def test_off_is_off_on_all_connectors_and_every_other_light_is_on(kernel: Kernel, open_files: Path) -> None:
    kernel.cards = {7: screens()}
    screen = Dpms(open_files)
    assert kernel.dpms() == [0, 0]
    assert screen.light(Light.OFF)
    assert kernel.dpms() == [3, 3]
    assert screen.light(Light.BRIGHT)
    assert kernel.dpms() == [0, 0]
    screen.light(Light.OFF)
    assert screen.light(Light.DIM)
    assert kernel.dpms() == [0, 0]


def test_a_screen_that_does_not_obey_is_told_of_and_asked_again(kernel: Kernel, open_files: Path) -> None:
    kernel.cards = {7: screens()}
    screen = Dpms(open_files)
    screen.light(Light.OFF)
    kernel.refuses = True
    assert not screen.light(Light.BRIGHT)
    kernel.refuses = False
    assert screen.light(Light.BRIGHT)
    assert kernel.dpms() == [0, 0]


@pytest.mark.parametrize("cards", [{}, {7: {}}, {7: {38: {1: (b"EDID", 0)}}}], ids=["none", "no connector", "no DPMS"])
def test_where_nothing_can_be_switched_that_is_said(
    kernel: Kernel, open_files: Path, cards: dict[int, dict[int, dict[int, tuple[bytes, int]]]]
) -> None:
    kernel.cards = cards
    with pytest.raises(HardwareError, match="no screen can be switched off from here"):
        Dpms(open_files)


def test_this_process_draws_on_no_screen_and_asks_no_kernel() -> None:
    with pytest.raises(HardwareError, match="no screen can be switched off from here"):
        Dpms()
