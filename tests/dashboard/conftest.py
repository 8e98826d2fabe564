"""Databases to put counts into as a terminal would, and the real pages on a free port with a real browser."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard import store
from dashboard.web import create_app, server
from ratings.config import Dashboard
from tests.dashboard.filling import Filling


@pytest.fixture
def engine(database: Engine) -> Engine:
    """A database of either kind: a test that asks for it runs twice."""
    return database


@pytest.fixture
def filling(engine: Engine) -> Filling:
    return Filling(engine)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Filling]:
    """For tests in which the kind of database does not matter."""
    opened = store.open_engine(sqlite_url)
    yield Filling(opened)
    opened.dispose()


@pytest.fixture
def served() -> Iterator[Callable[[Engine, date], str]]:
    """Serve the pages of a database as they are on a day: `served(engine, day)` gives their address."""
    running: list[tuple[Any, threading.Thread]] = []

    def serve(engine: Engine, today: date) -> str:
        app = create_app(engine, Dashboard(), today=lambda: today)
        listening = server(app, "127.0.0.1", 0)
        thread = threading.Thread(target=listening.run, daemon=True)
        thread.start()
        running.append((listening, thread))
        return f"http://127.0.0.1:{listening.effective_port}"

    yield serve
    for listening, thread in running:
        listening.close()
        thread.join(10)
