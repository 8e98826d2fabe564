"""Screens and touch panels that are unplugged and come back, with pipes and folders that stand for theirs."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from terminal.kiosk.plugs import Connectors, Inputs


@pytest.fixture(name="devices")
def _devices(tmp_path: Path) -> Path:
    """A folder with what stands for a touch panel and for a connector with a screen."""
    for name in ("input", "drm/card0-HDMI-A-1", "drm/card0-HDMI-A-2"):
        (tmp_path / name).mkdir(parents=True)
    os.mkfifo(tmp_path / "input" / "event0")
    plug(tmp_path, 1, "connected")
    plug(tmp_path, 2, "disconnected")
    return tmp_path


def plug(folder: Path, socket: int, status: str) -> None:
    (folder / "drm" / f"card0-HDMI-A-{socket}" / "status").write_text(status + "\n")


@pytest.mark.parametrize("socket", [1, 2])
def test_only_a_screen_that_comes_back_is_seen_whatever_socket_it_is_plugged_in(devices: Path, socket: int) -> None:
    connectors = Connectors(devices / "drm")
    assert not connectors.came_back()
    plug(devices, 1, "disconnected")
    assert not connectors.came_back(), "without a screen the terminal still takes its buttons"
    assert not connectors.came_back()
    plug(devices, socket, "connected")
    assert connectors.came_back()


def test_a_second_screen_ends_nothing(devices: Path) -> None:
    connectors = Connectors(devices / "drm")
    plug(devices, 2, "connected")
    assert not connectors.came_back()


def test_a_touch_panel_that_was_unplugged_is_found_again(devices: Path) -> None:
    poll, panel = select.poll(), devices / "input" / "event0"
    (devices / "input" / "mouse0").touch()
    inputs = Inputs(devices / "input", poll)

    def touched() -> bool:
        ready = [number for number, _ in poll.poll(0)]
        return inputs.drain(ready) and not poll.poll(0)

    def touch() -> None:
        with panel.open("wb", buffering=0) as device:
            device.write(bytes(24))
            assert touched()

    assert not touched()
    touch()
    # A pipe whose writer has left is at its end, as a device is that was pulled out.
    assert touched()
    assert not poll.poll(0), "it is asked no more"
    inputs.look()
    touch()
    panel.unlink()
    inputs.look()
    assert not poll.poll(0)
    os.mkfifo(panel)
    inputs.look()
    touch()
    inputs.close()


def test_without_any_input_device_it_waits_for_one(tmp_path: Path) -> None:
    poll = select.poll()
    inputs = Inputs(tmp_path / "input", poll)
    (tmp_path / "input").mkdir()
    os.mkfifo(tmp_path / "input" / "event7")
    inputs.look()
    with (tmp_path / "input" / "event7").open("wb", buffering=0) as device:
        device.write(bytes(24))
        assert inputs.drain([number for number, _ in poll.poll(0)])
    inputs.close()
