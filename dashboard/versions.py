"""Of which version the tables of a database are: the migrations, and which of them a database has had."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config


def settings() -> Config:
    """What Alembic has to know of our migrations."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("path_separator", "os")
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return made


@cache
def known() -> tuple[str, ...]:
    """All versions, the newest first."""
    from alembic.script import ScriptDirectory

    return tuple(each.revision for each in ScriptDirectory.from_config(settings()).walk_revisions())


def of(connection: Connection) -> str:
    """That of a database that was brought up to date."""
    found: str = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    return found
