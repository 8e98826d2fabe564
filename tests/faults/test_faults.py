"""A short part of both fault harnesses; `make faults` is the long one, and docs/faults.md says what they do."""

from __future__ import annotations

from tests.conftest import Postgres
from tests.faults import processes, simulations
from tests.faults.disorder import Broker
from tests.faults.model import Kind

SEEDS = (0, 3, 4)
"""On SQLite and PostgreSQL, with each of the brokers; in the first a stock one has to drop messages."""


def test_the_protocol_loses_and_doubles_nothing_whatever_fails() -> None:
    outcome = simulations.run(range(30))
    assert outcome.failed == {}, "\n".join(outcome.lines())
    for kind in Kind:
        here = outcome.figures[kind]
        assert here.taps > 100
        assert here.cut > 5, "hardly any power was cut: is the disk that fails in use?"


def test_the_processes_lose_and_double_nothing_whatever_fails(postgres: Postgres) -> None:
    outcome = processes.run(SEEDS, postgres)
    assert outcome.failed == {}, "\n".join(outcome.lines())
    assert outcome.thanked > 10
    assert outcome.dropped[Broker.STOCK] > 0, "the stock broker dropped nothing: what was to be seen was not seen"
