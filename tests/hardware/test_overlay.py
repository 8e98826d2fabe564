"""The overlay of the hardware clock: it compiles without a warning, and adds the clock to a board's I²C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import hardware

SOURCE = Path(hardware.__file__).parent / "fjes-ds3231.dts"
# As the kernel has a board: the bus is there, with a label, and perhaps switched off.
BOARD = """/dts-v1/;
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    soc { i2c1: i2c@7e804000 { compatible = "brcm,bcm2835-i2c"; #address-cells = <1>; #size-cells = <0>;
          status = "disabled"; }; };
};
"""


@pytest.mark.skipif(shutil.which("fdtoverlay") is None, reason="Debian's device-tree-compiler is not there")
def test_the_overlay_adds_a_clock_to_a_boards_bus(tmp_path: Path) -> None:
    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout + done.stderr

    (tmp_path / "board.dts").write_text(BOARD)
    run("dtc", "-q", "-@", "-O", "dtb", "-o", "board.dtb", "board.dts")
    said = run("dtc", "-@", "-I", "dts", "-O", "dtb", "-o", "clock.dtbo", str(SOURCE))
    assert "Warning" not in said
    run("fdtoverlay", "-i", "board.dtb", "-o", "both.dtb", "clock.dtbo")
    bus = "/soc/i2c@7e804000"
    assert run("fdtget", "both.dtb", f"{bus}/rtc@68", "compatible").strip() == "maxim,ds3231"
    assert run("fdtget", "both.dtb", f"{bus}/rtc@68", "reg").strip() == "104"
    assert run("fdtget", "both.dtb", bus, "status").strip() == "okay"
