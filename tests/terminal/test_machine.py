"""How the machine is: from files as the kernel writes them, and from this machine's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ratings.wire import Condition, Room
from terminal import machine
from terminal.machine import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "thermal", tmp_path / "hwmon", tmp_path / "get_throttled")


def zone(places: Places, number: int, temperature: str) -> None:
    folder = places.thermal / f"thermal_zone{number}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "temp").write_text(temperature)


def monitor(places: Places, number: int, name: str, alarm: str) -> None:
    folder = places.hwmon / f"hwmon{number}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(name)
    (folder / "in0_lcrit_alarm").write_text(alarm)


def test_a_machine_that_tells_nothing_is_not_taken_for_well(places: Places) -> None:
    assert (machine.heat(places), machine.power(places)) == (Condition.UNKNOWN, Condition.UNKNOWN)
    zone(places, 0, "nonsense\n")
    monitor(places, 0, "cpu_thermal\n", "1\n")
    assert (machine.heat(places), machine.power(places)) == (Condition.UNKNOWN, Condition.UNKNOWN)


def test_the_hottest_part_decides(places: Places) -> None:
    zone(places, 0, "51540\n")
    assert machine.heat(places) is Condition.WELL
    zone(places, 1, "80000\n")
    assert machine.heat(places) is Condition.TROUBLE


def test_a_weak_power_supply_is_the_boards_own_alarm(places: Places) -> None:
    monitor(places, 0, "pwmfan\n", "0\n")
    monitor(places, 1, "rpi_volt\n", "0\n")
    assert machine.power(places) is Condition.WELL
    monitor(places, 1, "rpi_volt\n", "1\n")
    assert machine.power(places) is Condition.TROUBLE


def test_free_space_is_told_in_three_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(tmp_path).free
    found = []
    for plenty, little in ((0, 0), (free * 2, 0), (free * 2, free * 2)):
        monkeypatch.setattr(machine, "PLENTY_BYTES", plenty)
        monkeypatch.setattr(machine, "LITTLE_BYTES", little)
        found.append(machine.room(tmp_path))
    assert found == [Room.PLENTY, Room.ENOUGH, Room.LITTLE]


def test_a_folder_that_is_not_there_is_gone(tmp_path: Path) -> None:
    assert machine.room(tmp_path / "card") is Room.GONE


def test_where_nothing_can_be_written_it_is_locked_but_by_what_is_ones_own_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, real = tmp_path / "locked", os.statvfs
    locked.mkdir()

    def statvfs(folder: Path) -> os.statvfs_result:
        found = list(real(folder))
        found[8] |= os.ST_RDONLY if folder == locked else 0  # A test may mount nothing.
        return os.statvfs_result(found)

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert machine.room(tmp_path) is not Room.LOCKED
    assert machine.room(locked) is Room.LOCKED
    assert machine.room(locked, own=tmp_path) is not Room.LOCKED, "systemd shows the courier the store like that"
    assert machine.room(tmp_path, own=locked) is Room.LOCKED


@pytest.mark.parametrize(
    ("flags", "heat", "power"),
    [
        ("0", Condition.WELL, Condition.WELL),
        ("50005", Condition.WELL, Condition.TROUBLE),  # Under-voltage, and slowed down for that.
        ("50000", Condition.WELL, Condition.TROUBLE),  # It was, since the start.
        ("8", Condition.TROUBLE, Condition.WELL),  # The soft limit of temperature.
        ("4", Condition.TROUBLE, Condition.WELL),
        ("e0000", Condition.WELL, Condition.WELL),  # It was slowed down before: it is over.
        ("", Condition.UNKNOWN, Condition.UNKNOWN),
        ("nonsense", Condition.UNKNOWN, Condition.UNKNOWN),
    ],
)
def test_the_flags_of_the_firmware_are_told_as_heat_or_as_power(
    places: Places, flags: str, heat: Condition, power: Condition
) -> None:
    places.firmware.write_text(f"{flags}\n")
    assert (machine.heat(places), machine.power(places)) == (heat, power)


@pytest.mark.parametrize(
    ("kind", "state", "heat"),
    [
        ("cpufreq-cpu0", "0", Condition.WELL),
        ("cpufreq-cpu0", "3", Condition.TROUBLE),
        ("pwm-fan", "3", Condition.UNKNOWN),  # Cooled, and not slowed down.
    ],
)
def test_a_processor_that_the_kernel_slows_down_is_too_hot_and_a_fan_that_turns_is_not(
    places: Places, kind: str, state: str, heat: Condition
) -> None:
    device = places.thermal / "cooling_device0"
    device.mkdir(parents=True)
    (device / "type").write_text(f"{kind}\n")
    (device / "cur_state").write_text(f"{state}\n")
    assert machine.heat(places) is heat


def test_this_machine_can_be_asked() -> None:
    assert machine.heat() in Condition
    assert machine.power() in Condition
