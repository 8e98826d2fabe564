"""The dashboard's database as commands use it: brought up to date, and troubles end the command with one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@contextlib.contextmanager
def opened(url: str) -> Iterator[Engine]:
    """The database, with the tables of this version. Raises click.ClickException, for troubles in the block, too."""
    from dashboard import store

    try:
        engine = store.open_engine(url)
        try:
            store.upgrade(engine)
            yield engine
        finally:
            engine.dispose()
    except store.StoreError as error:
        raise click.ClickException(str(error)) from None


@contextlib.contextmanager
def arranging(url: str) -> Iterator[Connection]:
    """One transaction on the database, to arrange who may what. Raises click.ClickException."""
    from dashboard.accounts.people import PersonError

    with opened(url) as engine, engine.begin() as connection:
        try:
            yield connection
        except PersonError as error:
            raise click.ClickException(error.args[0]) from None
