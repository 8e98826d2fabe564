"""A short part of both fault harnesses; `make faults` is the long one, and docs/faults.md says what they do."""

from __future__ import annotations

from tests.conftest import Postgres
from tests.faults import processes, simulations
from tests.faults.disorder import Broker
from tests.faults.model import Kind

SEEDS = (0, 3)
"""On SQLite with a stock broker, which has to drop messages, and on PostgreSQL with one that keeps its memory."""


def test_the_protocol_loses_and_doubles_nothing_whatever_fails() -> None:
    outcome = simulations.run(range(24))
    assert outcome.failed == {}, "\n".join(outcome.lines())
    for kind in Kind:
        here = outcome.figures[kind]
        assert here.taps > 50
        assert here.cut > 2, "hardly any power was cut: is the disk that fails in use?"


def test_the_processes_lose_and_double_nothing_whatever_fails(postgres: Postgres) -> None:
    outcome = processes.run(SEEDS, postgres)
    assert outcome.failed == {}, "\n".join(outcome.lines())
    assert outcome.thanked > 5
    assert outcome.dropped[Broker.STOCK] > 0, "the stock broker dropped nothing: what was to be seen was not seen"
