"""Which GPIO chip the buttons are on: found by what the kernel calls it, and never by guessing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware import HardwareError
from hardware.chip import find_chip, label_of, place_for_pipes


def chips(folder: Path, *numbers: int) -> Path:
    for number in numbers:
        (folder / f"gpiochip{number}").touch()
    return folder


def named(names: dict[int, str]) -> Callable[[Path], str]:
    return lambda device: names[int(device.name.removeprefix("gpiochip"))]


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ({0: "pinctrl-bcm2835", 1: "raspberrypi-exp-gpio"}, 0),
        ({0: "pinctrl-bcm2711", 1: "raspberrypi-exp-gpio"}, 0),
        # A Pi 5, whose header has been chip 0 and chip 4 and may be any.
        ({0: "pinctrl-rp1", 10: "gpio-brcmstb@107d508500"}, 0),
        ({0: "gpio-brcmstb@107d508500", 4: "pinctrl-rp1"}, 4),
        ({2: "gpio-brcmstb@107d508500", 11: "pinctrl-rp1"}, 11),
    ],
)
def test_the_header_is_found_by_name_whatever_its_number(tmp_path: Path, names: dict[int, str], number: int) -> None:
    assert find_chip(chips(tmp_path, *names), named(names)) == number


def test_a_second_name_of_a_chip_is_passed_over(tmp_path: Path) -> None:
    chips(tmp_path, 0)
    (tmp_path / "gpiochip4").symlink_to("gpiochip0")
    assert find_chip(tmp_path, named({0: "pinctrl-rp1", 4: "pinctrl-rp1"})) == 0


def test_without_a_chip_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="there is no GPIO chip"):
        find_chip(tmp_path)


def test_chips_of_another_kind_are_named_and_not_taken(tmp_path: Path) -> None:
    names = {0: "pl061", 1: "gpio-sim"}
    with pytest.raises(HardwareError, match=r"none of .*: 0 \(pl061\), 1 \(gpio-sim\); .* chip = its number"):
        find_chip(chips(tmp_path, *names), named(names))


def test_a_chip_that_may_not_be_opened_is_named_with_what_to_do(tmp_path: Path) -> None:
    def refused(_device: Path) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with pytest.raises(HardwareError, match=r"gpiochip0: Permission denied; .*group gpio"):
        find_chip(chips(tmp_path, 0), refused)


def test_what_is_no_chip_is_refused_by_the_kernel(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        label_of(chips(tmp_path, 0) / "gpiochip0")


def test_lgpio_is_imported_where_it_can_make_its_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with place_for_pipes():
        assert Path.cwd() == tmp_path
    # Root may write anywhere, so what the system says of it is said here.
    monkeypatch.setattr("os.access", lambda *_: False)
    with place_for_pipes():
        elsewhere = Path.cwd()
        assert elsewhere != tmp_path
        (elsewhere / ".lgd-nfy0").touch()
    assert Path.cwd() == tmp_path
    assert not elsewhere.exists()
