"""What a page hands over to its template: contents of its own, and charts that are shown and offered as files."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.charts.chart import Chart


@dataclass(frozen=True, slots=True)
class Page:
    """`contents`: what the template calls `found`. `refreshes`: it shows running counts, and asks for itself again."""

    template: str
    title: str
    contents: object
    charts: tuple[Chart, ...] = ()
    refreshes: bool = False
