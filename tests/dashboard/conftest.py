"""A database of its own for each test, and a way to put counts in as a terminal would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard import store
from tests.dashboard.filling import Filling


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = store.open_engine(f"sqlite:///{tmp_path}/fjes.db")
    store.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def filling(engine: Engine) -> Filling:
    return Filling(engine)
