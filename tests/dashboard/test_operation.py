"""Whatever looks after the dashboard: `/healthz` and `/metrics` tell how it is, and no figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, insert, text

from dashboard import early, schema, terminal_health
from dashboard.accounts.tokens import Use
from dashboard.early import Early
from dashboard.health import EARLY
from dashboard.web import create_app
from ratings.config import Dashboard
from tests.dashboard.filling import EPOCH, Filling
from tests.dashboard.test_accounts import TODAY, sign_in
from tests.dashboard.test_accounts import _quick as _quick
from tests.dashboard.test_accounts import access as access
from tests.dashboard.test_accounts import app as app
from tests.dashboard.test_accounts import clock as clock
from tests.dashboard.test_accounts import filled as filled
from tests.dashboard.test_tokens import bearer, made, said


def health(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/healthz")
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert isinstance(answer.json, dict)
    return answer.status_code, answer.json


def listen(engine: Engine, ago: timedelta) -> None:
    with engine.begin() as connection:
        terminal_health.listened(connection, datetime.now(UTC) - ago)


def test_it_is_well_while_the_database_answers_and_somebody_listens(app: Flask, filled: Filling) -> None:
    well = {"status": "well", "database": "well", "publishing": "not-here"}
    assert health(app) == (200, well | {"listening": "never"})
    listen(filled.engine, timedelta(minutes=1))
    assert health(app) == (200, well | {"listening": "well"})
    listen(filled.engine, timedelta(minutes=6))
    assert health(app) == (503, well | {"status": "unwell", "listening": "silent"})


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '0001'", "DROP TABLE alembic_version"])
def test_tables_of_another_version_are_told(app: Flask, filled: Filling, statement: str) -> None:
    with filled.engine.begin() as connection:
        connection.execute(text(statement))
    code, found = health(app)
    assert (code, found["status"], found["database"]) == (503, "unwell", "other-version")


def test_a_database_that_cannot_be_read_is_told(sqlite: Filling, tmp_path: Path) -> None:
    app = create_app(sqlite.engine, Dashboard())
    assert health(app)[0] == 200
    sqlite.engine.dispose()
    path = Path(str(sqlite.engine.url.database))
    for each in path.parent.glob(f"{path.name}-*"):
        each.unlink()
    path.write_bytes(b"no database" * 1000)
    code, found = health(app)
    assert (code, found["database"]) == (503, "unreachable")
    measured = app.test_client().get("/metrics").text
    assert "fjes_database_up 0.0" in measured
    assert "fjes_terminals" not in measured


def test_what_publishes_early_is_well_while_it_goes_on(
    sqlite: Filling, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., None]
) -> None:
    app = create_app(sqlite.engine, Dashboard())
    running = app.extensions[EARLY] = Early(sqlite.engine, 10)
    assert health(app)[1]["publishing"] == "stuck", "it was not started"
    running.start()
    try:
        assert health(app) == (
            200,
            {"status": "well", "database": "well", "listening": "never", "publishing": "well"},
        )
        monkeypatch.setattr(early, "STUCK_SECONDS", 0.0)
        assert health(app)[0] == 503
    finally:
        running.stop()


def values(measured: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(measured)
        for sample in family.samples
    }


def measured(app: Flask, word: str) -> str:
    answer = app.test_client().get("/metrics", headers=bearer(word))
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return answer.text


@pytest.fixture
def word(filled: Filling) -> str:
    return made(filled, "Prometheus", use=Use.METRICS)[1]


def test_measurements_need_a_token_of_their_own(app: Flask, filled: Filling, word: str) -> None:
    asked = app.test_client()
    assert "Show a token for measurements" in said(asked.get("/metrics"), 401)
    _, figures = made(filled, "Excel")
    assert "for figures, not for metrics" in said(asked.get("/metrics", headers=bearer(figures)), 401)
    assert "Show a token" in said(sign_in(app, "Admin").get("/metrics"), 401)
    assert asked.get("/metrics", headers=bearer(word)).status_code == 200


def test_requests_are_counted_by_what_is_asked_for_and_not_by_place(app: Flask, word: str) -> None:
    admin = sign_in(app, "Admin")
    for address in ("/site-1", "/site-2/trend", "/site-99", "/nothing/at/all", "/api/v1/months?perod=1"):
        admin.get(address)
    text_ = measured(app, word)
    found = values(text_)
    assert found["fjes_requests_total", "pages.page,2xx"] == 2
    assert found["fjes_requests_total", "pages.page,4xx"] == 1
    assert found["fjes_requests_total", "none,4xx"] == 1
    assert found["fjes_requests_total", "api.rows,4xx"] == 1
    assert found["fjes_request_seconds_count", "pages.page"] == 3
    assert "site-" not in text_
    assert "_created" not in text_


def test_terminals_are_counted_by_whether_they_are_heard(app: Flask, filled: Filling, word: str) -> None:
    listen(filled.engine, timedelta(seconds=30))
    with filled.engine.begin() as connection:
        status = {"payload": "{}", "state": "online", "received": datetime.now(UTC)}
        connection.execute(insert(schema.status).values(terminal_id="stua", **status))
        connection.execute(schema.terminal.update().where(schema.terminal.c.id == "bod").values(revoked=TODAY))
        for number in range(3):
            connection.execute(
                insert(schema.refused).values(
                    terminal_id="kafe",
                    epoch=EPOCH,
                    revision=number,
                    payload="[]",
                    fingerprint=str(number),
                    reason="why",
                    day=TODAY,
                )
            )
    found = values(measured(app, word))
    assert sum(value for (name, _), value in found.items() if name == "fjes_terminals") == 3
    assert found["fjes_terminals", "revoked"] == 1
    # How many tables wait is not told: where running counts are released, each rating could be one more.
    assert found["fjes_terminals_with_refused_tables", ""] == 1
    assert found["fjes_database_up", ""] == 1
    assert 25 < found["fjes_ingest_age_seconds", ""] < 90


def test_nothing_moves_with_ratings(app: Flask, filled: Filling, word: str) -> None:
    def stable() -> str:
        return "\n".join(
            line for line in measured(app, word).splitlines() if not re.match(r"(process_|fjes_request)", line)
        )

    before = stable()
    filled.month("stua", "2022-04", (5, 5, 5, 5))
    assert stable() == before
    for name in ("Stua", "stua", "Pro Sentret", "visit"):
        assert name not in before


def test_who_watches_gets_no_page_and_needs_none(app: Flask) -> None:
    for address in ("/healthz", "/metrics"):
        answer: Any = app.test_client().post(address)
        assert "use GET" in said(answer, 405)
