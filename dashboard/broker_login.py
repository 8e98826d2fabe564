"""The dashboard's own login, from the broker's folder into its fjes.toml. It is shown nowhere on the way."""

from __future__ import annotations

import tomllib
from pathlib import Path

from dashboard import files
from dashboard.broker import BrokerError, Folder
from ratings import config
from ratings.config import ConfigError


def check(file: Path) -> None:
    """Whether the login can go there: a fjes.toml that can be read, without a [broker] yet. Raises BrokerError."""
    try:
        config.load(file)
        has_one = "broker" in tomllib.loads(file.read_text("utf-8"))
    except (ConfigError, ValueError, OSError) as error:
        raise BrokerError(f"--login: {error}") from None
    if has_one:
        raise BrokerError(f"--login: {file} has a [broker] already; remove that, or leave out --login")


def hand_over(folder: Folder, file: Path) -> None:
    """Put the [broker] of dashboard.toml at the end of a fjes.toml, and remove that file. Raises BrokerError.

    What the file says of `[dashboard] broker` is not changed.
    """
    made = folder.dashboard.read_text("utf-8")
    section = made[made.index("[broker]") : made.index("\n[dashboard]")]
    try:
        before = file.read_text("utf-8").rstrip("\n")
        files.replace(file, f"{before}\n\n# Made with {folder.path}: the dashboard's login there.\n{section}".encode())
        folder.dashboard.unlink()
    except OSError as error:
        raise BrokerError(f"{error.filename or file}: {error.strerror}; the login is in {folder.dashboard}") from None
