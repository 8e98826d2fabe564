"""The backlight, in a folder that looks like the kernel's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardware import HardwareError
from hardware.screen import Light, Screen


def lamp(folder: Path, most: int = 255, *, power: bool = True) -> Path:
    """A panel whose light was left at a seventh by whoever was there before."""
    folder.mkdir(parents=True)
    (folder / "max_brightness").write_text(f"{most}\n")
    (folder / "brightness").write_text(f"{most // 7}")
    if power:
        (folder / "bl_power").write_text("4")
    return folder


def told(folder: Path) -> tuple[int, int | None]:
    """What brightness and bl_power were last told."""
    power = folder / "bl_power"
    return int((folder / "brightness").read_text()), int(power.read_text()) if power.exists() else None


def test_it_is_bright_from_the_start_whatever_it_was_before(tmp_path: Path) -> None:
    panel = lamp(tmp_path / "rpi")
    Screen(folder=tmp_path)
    assert told(panel) == (255, 0)


@pytest.mark.parametrize(
    ("light", "brightness", "power"), [(Light.BRIGHT, 204, 0), (Light.DIM, 26, 0), (Light.OFF, 0, 4)]
)
def test_bright_and_dim_are_percents_of_its_full_and_off_is_off(
    tmp_path: Path, light: Light, brightness: int, power: int
) -> None:
    panel = lamp(tmp_path / "rpi")
    screen = Screen(bright=80, dim=10, folder=tmp_path)
    assert screen.light(light)
    assert told(panel) == (brightness, power)


def test_a_panel_of_few_steps_is_never_dimmed_to_nothing(tmp_path: Path) -> None:
    panel = lamp(tmp_path / "gpio", 1)
    screen = Screen(dim=10, folder=tmp_path)
    screen.light(Light.DIM)
    assert told(panel) == (1, 0)


def test_several_panels_are_lit_as_one_and_bl_power_may_be_missing(tmp_path: Path) -> None:
    one, other = lamp(tmp_path / "one", 100), lamp(tmp_path / "other", 1000, power=False)
    screen = Screen(dim=10, folder=tmp_path)
    screen.light(Light.DIM)
    assert (told(one), told(other)) == ((10, 0), (100, None))


def test_without_a_backlight_it_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(HardwareError, match=f"there is no backlight under {folder}"):
            Screen(folder=folder)


def test_a_backlight_that_cannot_be_set_says_so_with_its_reason(tmp_path: Path) -> None:
    panel = lamp(tmp_path / "rpi")
    (panel / "brightness").unlink()
    (panel / "brightness").mkdir()  # Nobody may write to it, not even root.
    with pytest.raises(HardwareError, match=r"cannot be set \(.*brightness.*\); let this user write"):
        Screen(folder=tmp_path)


def test_what_cannot_be_lit_is_told_and_tried_again(tmp_path: Path) -> None:
    panel = lamp(tmp_path / "rpi")
    screen = Screen(folder=tmp_path)
    (panel / "brightness").unlink()
    (panel / "brightness").mkdir()
    assert not screen.light(Light.DIM)
    (panel / "brightness").rmdir()
    (panel / "brightness").write_text("")
    assert screen.light(Light.DIM)
    assert told(panel) == (51, 0)


def test_a_panel_that_was_unplugged_is_no_failure_and_leaves_nothing_behind(tmp_path: Path) -> None:
    panel = lamp(tmp_path / "rpi")
    screen = Screen(folder=tmp_path)
    shutil.rmtree(panel)
    assert screen.light(Light.BRIGHT)
    assert not panel.exists()
