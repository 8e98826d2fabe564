"""Options that several commands share: which configuration file, and which of its databases.

Knows what may be asked for on the command line, and opens nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ratings.config import Dashboard

F = TypeVar("F", bound=Callable[..., Any])

HERE = "sqlite:///fjes.db"
"""The database where nothing names one: a file in the current folder."""


def with_database(command: F) -> F:
    """Add `--config` and `--database` to a command, which gets what they come to as `dashboard`.

    The database is, first found: `--database`; the file given by `--config`; `$FJES_DATABASE`; `fjes.db` in the
    current folder. The threshold and all else is the file's, or the default. A file that cannot be used ends the
    command with exit code 2, as any wrong option does.
    """

    @click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="A fjes.toml.")
    @click.option(
        "--database",
        metavar="URL",
        help="SQLite or PostgreSQL. Default: from --config, else $FJES_DATABASE, else fjes.db in the current folder.",
    )
    @functools.wraps(command)
    def settled(*args: Any, config_file: Path | None, database: str | None, **kwargs: Any) -> Any:
        from ratings.config import ConfigError

        try:
            dashboard = dashboard_of(config_file, database)
        except ConfigError as error:
            raise click.BadParameter(str(error), param_hint="--config") from None
        return command(*args, dashboard=dashboard, **kwargs)

    return settled  # type: ignore[return-value]


def dashboard_of(config_file: Path | None, database: str | None) -> Dashboard:
    """The `[dashboard]` that `--config` and `--database` come to. Raises ConfigError."""
    import os

    import msgspec

    from ratings import config

    if config_file is not None:
        dashboard = config.load(config_file).dashboard
    else:
        dashboard = config.Dashboard(database=os.environ.get("FJES_DATABASE") or HERE)
    return msgspec.structs.replace(dashboard, database=database) if database else dashboard
