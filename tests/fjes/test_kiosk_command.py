"""`fjes terminal kiosk` hands the configuration on: the reasons that it asks for are counted."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def reasons_in(folder: Path) -> set[str]:
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{folder}/card/open.db?mode=ro", uri=True)) as connection,
    ):
        return {key for (key,) in connection.execute("SELECT key FROM cell WHERE slice='reason'")}
    return set()


def test_the_kiosk_counts_the_reasons_of_its_configuration(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    path = tmp_path / "fjes.toml"
    reasons = "".join(f'[[follow_up.reasons]]\nid = "{reason}"\n' for reason in ("waiting", "staff"))
    path.write_text(
        f'[terminal]\nstore = "{tmp_path}/card"\nstate = "{tmp_path}/state"\n[kiosk]\nsize = "800x480"\n{reasons}'
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "fjes", "terminal", "kiosk", "--quiet", "--config", str(path)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: reasons_in(tmp_path) == {"waiting", "staff", "skipped"}, "the reasons' cells", 60)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0
