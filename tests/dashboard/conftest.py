"""Databases to put counts into as a terminal would, and the real pages on a free port with a real browser."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Engine
from waitress import wasyncore  # type: ignore[import-untyped]

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


@contextmanager
def serving(app: Flask, proxy: str | None = None) -> Iterator[str]:
    """Serve an application on a free port; gives its address. `proxy`: whose word is taken on who asks."""
    listening = server(app, "127.0.0.1", 0, proxy)
    thread = threading.Thread(target=listening.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.effective_port}"
    finally:
        # In its own thread: what it waits for must not be closed under its hands. Was it awake, it may have closed all
        # before this one has woken it.
        with suppress(OSError):
            listening.trigger.pull_trigger(lambda: wasyncore.close_all(listening._map))
        thread.join(10)
        listening.task_dispatcher.shutdown()
        assert not thread.is_alive()


@pytest.fixture
def served() -> Iterator[Callable[[Engine, date], str]]:
    """Serve the pages of a database as they are on a day: `served(engine, day)` gives their address."""
    with ExitStack() as stack:

        def serve(engine: Engine, today: date) -> str:
            return stack.enter_context(serving(create_app(engine, Dashboard(), today=lambda: today)))

        yield serve
