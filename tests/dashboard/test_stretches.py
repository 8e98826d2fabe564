"""Ranges that cut no figure, however many figures lie one across the other."""

from dashboard.stretches import spans, widened
from tests.dashboard.filling import months

CHAIN = [months(*each) for each in (("2022-01", "2022-03"), ("2022-03", "2022-05"), ("2022-05", "2022-07"))]


def test_a_range_is_widened_until_it_cuts_nothing() -> None:
    for some in (CHAIN, CHAIN[::-1]):
        assert widened(some, months("2022-02", "2022-02")) == months("2022-01", "2022-07")
        assert widened(some, months("2022-07", "2022-08")) == months("2022-01", "2022-08")
    assert widened(CHAIN, months("2022-08", "2022-09")) == months("2022-08", "2022-09")
    assert widened([], months("2022-02", "2022-02")) == months("2022-02", "2022-02")


def test_what_overlaps_goes_together() -> None:
    apart = months("2022-08", "2022-09")
    found = spans([apart, *CHAIN[::-1]], lambda days: days)
    assert found == [(months("2022-01", "2022-07"), CHAIN), (apart, [apart])]
