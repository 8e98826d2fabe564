"""The short form of `make fuzz`: a few hundred examples for each target, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.targets import Target


@pytest.fixture(params=targets.NAMES, scope="module")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    with targets.target(request.param) as ready:
        for seed in targets.seeds(request.param):
            ready(seed)
        yield ready


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_make_it_stumble(target: Target, data: bytes) -> None:
    target(data)
