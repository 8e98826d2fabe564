"""The hands for the kernel's simulated chip, in folders like its own. The chip itself is only in the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware import simulated
from hardware.simulated import LINES, Chip

REAL = simulated.CONFIGFS / "gpio-sim"


@pytest.fixture
def chip(tmp_path: Path) -> Chip:
    """A chip as the kernel shows it once it is live: names, and a folder for each line."""
    folder = tmp_path / "config" / "gpio-sim" / "fjes"
    (folder / "bank0").mkdir(parents=True)
    (folder / "bank0" / "chip_name").write_text("gpiochip3\n")
    (folder / "dev_name").write_text("gpio-sim.0\n")
    for line in range(LINES):
        (tmp_path / "devices" / "gpio-sim.0" / "gpiochip3" / f"sim_gpio{line}").mkdir(parents=True)
        (tmp_path / "devices" / "gpio-sim.0" / "gpiochip3" / f"sim_gpio{line}" / "value").write_text(f"{line % 2}\n")
    return Chip("fjes", tmp_path / "config", tmp_path / "devices")


def test_a_button_is_pressed_by_pulling_its_line_down_and_let_go_by_pulling_it_up(chip: Chip, tmp_path: Path) -> None:
    pull = tmp_path / "devices" / "gpio-sim.0" / "gpiochip3" / "sim_gpio17" / "pull"
    chip.press(17)
    assert pull.read_text() == "pull-down"
    chip.release(17)
    assert pull.read_text() == "pull-up"


def test_its_number_and_its_levels_are_those_of_the_kernel(chip: Chip) -> None:
    assert chip.number == 3
    assert [chip.value(line) for line in (4, 5)] == [0, 1]


@pytest.mark.skipif(REAL.exists(), reason="there is a gpio-sim here")
def test_where_the_kernel_has_none_it_says_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulated.main(["make"]) == 2
    assert "a kernel with gpio-sim" in capsys.readouterr().err
    assert simulated.main(["value", "5"]) == 2
    assert "make it first" in capsys.readouterr().err


@pytest.mark.parametrize("gpio", ["28", "-1", "x"])
def test_a_line_that_there_is_not_is_refused(gpio: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        simulated.main(["press", "--", gpio])
    assert "is no GPIO number; allowed: 0 to 27" in capsys.readouterr().err


@pytest.mark.skipif(not REAL.exists(), reason="this kernel has no gpio-sim: `make image-test` runs this in the image")
def test_the_real_lgpio_on_the_kernels_own_lines() -> None:
    assert simulated.main(["test"]) == 0
