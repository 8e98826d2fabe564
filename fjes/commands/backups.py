"""`fjes dashboard backup` and `restore`: all that the database holds in a file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard


NIGHTLY = Path("/var/lib/fjes/backups")


@click.command()
@click.argument("where", type=click.Path(path_type=Path), metavar="FILE_OR_FOLDER", required=False)
@click.option(
    "--nightly", is_flag=True, help=f"Into [dashboard] backups, else {NIGHTLY}; and remove those that are too old."
)
@click.option(
    "--keep", type=click.IntRange(1, 36500), default=30, show_default=True, metavar="DAYS", help="With --nightly."
)
@with_database
def backup(dashboard: Dashboard, where: Path | None, nightly: bool, keep: int) -> None:
    """Write all that the database holds to a new file, or to one that is named after the moment in a folder.

    Nothing has to be stopped for it. It holds exact counts: keep it as you keep the database.
    """
    from datetime import UTC, datetime, timedelta

    from dashboard import backup
    from dashboard.backup import BackupError

    if nightly:
        where = where or dashboard.backups or NIGHTLY
        if not where.is_dir():
            raise click.ClickException(f"{where} is no folder; make it, or name another in [dashboard] backups")
    if where is None:
        raise click.UsageError("FILE_OR_FOLDER is missing, or --nightly")
    with opened(dashboard.database) as engine:
        try:
            path, manifest = backup.write(engine, where)
            if nightly:
                # Only now: there is a newer one.
                backup.tidy(where, datetime.now(UTC) - timedelta(days=keep))
        except BackupError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{path}: {manifest.rows:,} rows, {path.stat().st_size / 1e6:.1f} MB. Keep it as you keep the database.")


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--replace", is_flag=True, help="Also where the database holds something: all of that is gone then.")
@with_database
def restore(dashboard: Dashboard, path: Path, replace: bool) -> None:
    """Put a backup back, into an empty database or, with --replace, in the place of all that one holds.

    SQLite or PostgreSQL, whichever it was made of, and by this or an older version. All or nothing.
    """
    from dashboard import restore, store
    from dashboard.backup import BackupError

    with opened(dashboard.database) as engine:
        with store.reading(engine) as connection:
            empty = restore.is_empty(connection)
        if not (empty or replace):
            raise click.ClickException(
                "the database is not empty. To put the backup in the place of all that it holds: --replace "
                "(a backup of what is there now is made by fjes dashboard backup)"
            )
        try:
            manifest = restore.put_back(engine, path)
        except BackupError as error:
            raise click.ClickException(str(error)) from None
    click.echo(
        f"Put back as of {manifest.made:%Y-%m-%d %H:%M} UTC: {manifest.rows:,} rows. Terminals send what is missing by "
        "themselves. What was shown since that day is forgotten: let fjes dashboard audit --remember look at it "
        "before somebody opens a page."
    )
