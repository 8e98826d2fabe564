"""What has become due is published before anybody opens a page."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard import blocks_stored, disclosure
from dashboard.early import Early
from dashboard.store import StoreError, reading
from ratings.config import DEFAULT_QUESTION
from tests.dashboard.filling import Filling, day


def published(engine: Engine, site_id: int) -> int:
    with reading(engine) as connection:
        return len(blocks_stored.stored(connection, [site_id], DEFAULT_QUESTION).get(site_id, []))


def test_all_sites_are_published_at_once_and_again_when_something_comes(
    filling: Filling, engine: Engine, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., None]
) -> None:
    monkeypatch.setattr("dashboard.every_minute.EVERY_SECONDS", 0.05)
    for name, site in (("Stua", "Nord"), ("Hall", "Sør")):
        filling.month(filling.terminal(name, site), "2022-01", (0, 0, 0, 12))
    filling.month("hall", "2022-02", (0, 0, 0, 9))  # Too few for a threshold of ten.
    running = Early(engine, 10, lambda: day("2022-04-12"))
    running.start()
    try:
        wait_for(lambda: published(engine, 1) == published(engine, 2) == 1, "both sites to be published")
        filling.month("stua", "2022-02", (0, 0, 0, 12))
        wait_for(lambda: published(engine, 1) == 2, "what came to be published")
        assert published(engine, 2) == 1
    finally:
        running.stop()


def test_a_database_in_trouble_ends_nothing(
    filling: Filling,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wait_for: Callable[..., None],
) -> None:
    monkeypatch.setattr("dashboard.every_minute.EVERY_SECONDS", 0.05)
    filling.month(filling.terminal("Stua"), "2022-01", (0, 0, 0, 12))
    running = Early(engine, 10, lambda: day("2022-04-12"))
    real, broken = disclosure.publish_if_due, [True]

    def publish(*about: Any) -> None:
        if broken:
            raise StoreError("the disk is full")
        real(*about)

    monkeypatch.setattr(disclosure, "publish_if_due", publish)
    running.start()
    try:
        wait_for(lambda: "the disk is full" in caplog.text, "the trouble to be told")
        broken.clear()
        wait_for(lambda: published(engine, 1) == 1, "the block")
    finally:
        running.stop()
