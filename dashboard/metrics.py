"""Measurements for whatever watches over the machines (`/metrics`, as Prometheus reads them). None of them is a figure.

What moves with a single rating is not here, and nothing by place: requests by what is asked for, terminals by whether
they are heard. Of refused tables only how many terminals have any is told: where running counts are released, each
rating could be one more refused table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select

from dashboard import schema, terminal_health
from dashboard.store import StoreError, reading

UNKNOWN = "none"
"""What is counted where somebody asks for what is not there."""


class _Stored(Collector):
    """What the database tells, looked up when somebody asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """All of it; where the database does not answer, only that."""
        up = GaugeMetricFamily("fjes_database_up", "Whether the database answers.")
        standing = GaugeMetricFamily("fjes_terminals", "Terminals, by whether they are heard.", labels=["standing"])
        refused = GaugeMetricFamily("fjes_terminals_with_refused_tables", "Terminals of which something was refused.")
        age = GaugeMetricFamily("fjes_ingest_age_seconds", "How long ago ingest was at the broker last.")
        now = datetime.now(UTC)
        try:
            with reading(self._engine) as connection:
                standings = terminal_health.standings(connection, now)
                seen = terminal_health.last_listened(connection)
                waiting = connection.scalar(select(func.count(schema.refused.c.terminal_id.distinct())))
        except StoreError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        for each, number in standings.items():
            standing.add_metric([str(each)], number)
        refused.add_metric([], waiting or 0)
        yield from (up, standing, refused)
        if seen is not None:
            age.add_metric([], max(0.0, (now - seen).total_seconds()))
            yield age


class _Version(Collector):
    """Which Fjes this is."""

    def collect(self) -> Iterator[Metric]:
        """Its version."""
        yield InfoMetricFamily("fjes", "Which Fjes this is.", value={"version": version("fjes")})


def measure(app: Flask, engine: Engine) -> None:
    """Count and time every request of an application, and tell it at `/metrics`."""
    # When each kind of page was asked for first is nothing that anybody has to know.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    for collector in (_Version(), _Stored(engine), ProcessCollector(registry=None)):
        registry.register(collector)
    labels = ["endpoint", "status"]
    requests = Counter(
        "fjes_requests", "Requests, by what is asked for and what came of it.", labels, registry=registry
    )
    seconds = Histogram("fjes_request_seconds", "How long answers took.", ["endpoint"], registry=registry)
    pages = Blueprint("metrics", __name__)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        endpoint = request.endpoint or UNKNOWN
        requests.labels(endpoint, f"{response.status_code // 100}xx").inc()
        if began := g.pop("began", None):
            seconds.labels(endpoint).observe(time.perf_counter() - began)
        return response

    @pages.get("/metrics")
    def measured() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(pages)
