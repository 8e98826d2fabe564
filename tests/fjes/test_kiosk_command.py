"""`fjes terminal kiosk` hands on what it was told: reasons are counted, and the day's release tells of the buttons."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.outbox import Outbox
from terminal.storage import StoreError


def reasons_in(folder: Path) -> set[str]:
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{folder}/card/open.db?mode=ro", uri=True)) as connection,
    ):
        return {key for (key,) in connection.execute("SELECT key FROM cell WHERE slice='reason'")}
    return set()


def faults_in(folder: Path) -> dict[str, str]:
    with contextlib.suppress(StoreError):
        return Outbox(folder / "card").faults()
    return {}


def test_the_kiosk_counts_the_reasons_of_its_configuration(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    path = tmp_path / "fjes.toml"
    reasons = "".join(f'[[follow_up.reasons]]\nid = "{reason}"\n' for reason in ("waiting", "staff"))
    path.write_text(
        f'[terminal]\nstore = "{tmp_path}/card"\nstate = "{tmp_path}/state"\n[kiosk]\nsize = "800x480"\n'
        f'[buttons]\nfactory = "mock"\n{reasons}'
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "fjes", "terminal", "kiosk", "--quiet", "--config", str(path)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: reasons_in(tmp_path) == {"waiting", "staff", "skipped"}, "the reasons' cells", 60)
        wait_for(lambda: faults_in(tmp_path) == {"buttons": "well"}, "the day's release")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0


@pytest.mark.skipif(Path("/dev/gpiochip0").exists(), reason="there is a GPIO here, and it may be in use")
def test_without_a_gpio_chip_the_kiosk_runs_by_touch_and_says_so_to_its_log_and_in_its_status(
    tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    path = tmp_path / "fjes.toml"
    path.write_text(
        f'[terminal]\nstore = "{tmp_path}/card"\nstate = "{tmp_path}/state"\n[kiosk]\nsize = "800x480"\n'
        '[buttons]\nfactory = "lgpio"\n'
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "fjes", "terminal", "kiosk", "--quiet", "--config", str(path)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: faults_in(tmp_path) == {"buttons": "missing"}, "the status to tell of it", 60)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0
    assert '[buttons] factory = "lgpio"' in (tmp_path / "log").read_text()
    assert "The terminal goes on by touch alone." in (tmp_path / "log").read_text()
