"""Waiting: longer each time, up to a limit, spread, and short again once it went well."""

from __future__ import annotations

import random

import pytest

from ratings.patience import Patience


def test_each_wait_is_twice_as_long_up_to_a_limit_and_starts_again() -> None:
    patience = Patience(1.0, 30.0)
    assert [patience.next() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    patience.reset()
    assert patience.next() == 1


@pytest.mark.parametrize("spread", [0.1, 0.5])
def test_waits_are_spread_both_ways_and_differ(spread: float) -> None:
    waits = [Patience(10.0, 100.0, spread, random.Random(seed)).next() for seed in range(200)]
    assert all(10 * (1 - spread) <= wait <= 10 * (1 + spread) for wait in waits)
    assert min(waits) < 10 * (1 - spread * 0.9) < 10 * (1 + spread * 0.9) < max(waits)
    assert len(set(waits)) == 200
