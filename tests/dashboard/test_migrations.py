"""The migrations make exactly the tables of `dashboard/schema.py`, on both databases."""

from __future__ import annotations

import re
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from dashboard import exchange, store
from dashboard.schema import metadata


@pytest.fixture
def empty(empty_database_url):  # type: ignore[no-untyped-def]
    engine = store.open_engine(empty_database_url)
    yield engine
    engine.dispose()


def parts(statement: str) -> list[str]:
    """What stands between the commas of a CREATE statement, but for those in brackets."""
    head, _, body = " ".join(statement.replace('"', "").split()).partition("(")
    return sorted([head, *(each.strip() for each in re.split(r",(?![^(]*\))", body.rpartition(")")[0]))])


def constraints(engine: Engine) -> dict[str, object]:
    """What Alembic's own comparison leaves out."""
    look = inspect(engine)
    if engine.dialect.name == "sqlite":
        with store.reading(engine) as connection:
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name <> 'alembic_version'"))
            # The order of constraints, quotes around names and line ends mean nothing.
            return {row.name: parts(row.sql) for row in found if row.sql and "alembic" not in row.sql}
    return {
        name: [
            sorted((each["name"] or "", each["sqltext"]) for each in look.get_check_constraints(name)),
            sorted((each["name"] or "", str(each["column_names"])) for each in look.get_unique_constraints(name)),
            sorted((each["name"] or "", str(each["options"])) for each in look.get_foreign_keys(name)),
            [(each["name"], each["default"], each["nullable"]) for each in look.get_columns(name)],
        ]
        for name in look.get_table_names()
        if name != "alembic_version"
    }


def test_an_upgraded_database_has_the_tables_of_the_schema(empty: Engine) -> None:
    store.upgrade(empty)

    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_upgraded_database_has_the_constraints_of_the_schema(empty: Engine) -> None:
    metadata.create_all(empty)
    made = constraints(empty)
    metadata.drop_all(empty)

    store.upgrade(empty)

    assert constraints(empty) == made
    assert len(made) >= len(metadata.tables)


def test_a_terminal_that_was_enrolled_before_any_could_be_revoked_may_still_send(empty: Engine) -> None:
    store.upgrade(empty, "0001")
    with empty.begin() as connection:
        connection.execute(text("INSERT INTO site (name) VALUES ('Pro Sentret')"))
        connection.execute(text("INSERT INTO terminal (id, name, site_id, timezone) VALUES ('stua', 'Stua', 1, 'UTC')"))

    store.upgrade(empty)

    with store.reading(empty) as connection:
        assert exchange.is_enrolled(connection, "stua")


def test_upgrading_again_changes_nothing(database: Engine) -> None:
    before = constraints(database)
    with database.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")

    store.upgrade(database)

    assert constraints(database) == before
    with store.reading(database) as connection:
        assert connection.scalar(text("SELECT count(*) FROM terminal")) == 1


def test_processes_that_start_at_once_upgrade_one_after_the_other(empty: Engine, empty_database_url: str) -> None:
    other = store.open_engine(empty_database_url)
    errors: list[BaseException] = []

    def upgrade(engine: Engine) -> None:
        try:
            store.upgrade(engine)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade, args=(each,)) for each in (empty, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()

    assert errors == []


def test_a_database_of_a_later_version_is_refused_and_left_alone(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(store.StoreError, match=r"of a version that this Fjes does not know.*update Fjes"):
        store.upgrade(database)


def test_a_database_of_somebody_else_is_refused_and_left_alone(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE terminal (id INTEGER)"))

    with pytest.raises(store.StoreError, match=r"nothing was changed\. Give Fjes a database of its own"):
        store.upgrade(empty)

    assert inspect(empty).get_table_names() == ["terminal"]
