"""What was measured of the kiosks, and how it is printed: figure beside figure, their ratio, aim and verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.processes import Memory


@dataclass(slots=True)
class Side:
    """What was measured of one kiosk: milliseconds, percent of a core, MB, seconds."""

    name: str
    touches: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    without_disk: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    idle: float = 0.0
    wakes: float = 0.0
    memory: Memory = field(default_factory=lambda: Memory(0, 0, 0, 0))
    software_opengl: float = 0.0
    count: int = 0

    @property
    def p99(self) -> float:
        """Of the touches, 99 of 100 took no longer."""
        return quantiles(self.touches, n=100)[98]


def spread(milliseconds: Sequence[float]) -> str:
    """Median / p95 / p99."""
    cuts = quantiles(milliseconds, n=100)
    return f"{median(milliseconds):.1f} / {cuts[94]:.1f} / {cuts[98]:.1f}"


def print_sides(ours: Sequence[Side], theirs: Side | None, idle_seconds: float) -> None:
    """A column for each; the last is the ratio of our first to theirs."""
    sides = [*ours, *([theirs] if theirs else [])]
    _row("", [side.name for side in sides], "first/last" if theirs else "")
    ratio = f"{median(ours[0].touches) / median(theirs.touches):.2f}" if theirs else ""
    _row("touch to thank-you, ms (median/p95/p99)", [spread(side.touches) for side in sides], ratio)
    _row("  of which the commit", [spread(side.commits) for side in ours], "")
    _row("  without waiting for the disk", [spread(side.without_disk) for side in ours], "")
    rows: list[tuple[str, str, Callable[[Side], float]]] = [
        ("start to first frame, s (median)", ".2f", lambda side: median(side.starts)),
        (f"idle for {idle_seconds:g} s, % of a core", ".2f", lambda side: side.idle),
        ("  wakes a second", ".1f", lambda side: side.wakes),
        ("memory, MB (PSS)", ".0f", lambda side: side.memory.pss),
        ("memory, MB (RSS)", ".0f", lambda side: side.memory.rss),
        ("memory, MB (not shared)", ".0f", lambda side: side.memory.own),
        ("  software OpenGL's own libraries (PSS)", ".0f", lambda side: side.software_opengl),
    ]
    for what, written, value in rows:
        figures = [value(side) for side in sides]
        ratio = f"{figures[0] / figures[-1]:.2f}" if theirs and figures[-1] else ""
        _row(what, [format(figure, written) for figure in figures], ratio)
    _row("processes", [str(side.count) for side in sides], "")


def _row(what: str, figures: Sequence[str], ratio: str) -> None:
    print(f"  {what:<42}{''.join(f'{figure:>21}' for figure in figures)}{ratio:>13}".rstrip())


def print_aims(ours: Sequence[Side], theirs: Side | None) -> None:
    """What was to be reached, for each of ours."""
    for side in ours:
        share = side.memory.pss / theirs.memory.pss if theirs else 0
        aims = [
            ("touch to thank-you, median", median(side.touches), 16, ".1f", "ms"),
            ("touch to thank-you, p99", side.p99, 28, ".1f", "ms"),
            ("idle", side.idle, 0.2, ".2f", "% of a core"),
            ("start to first frame", median(side.starts), 1, ".2f", "s"),
            *([("memory (PSS)", share, 1 / 3, ".2f", "of Chromium's")] if theirs else []),
        ]
        for what, figure, most, written, unit in aims:
            aim, found = (f"{number:{written}} {unit}" for number in (most, figure))
            print(verdict(f"{side.name}: {what}", f"within {aim}", found, met=figure <= most))


def verdict(what: str, aim: str, figure: str, *, met: bool) -> str:
    """A line for one aim."""
    return f"  {'met' if met else 'NOT MET'}: {what}: {figure} (aim: {aim})"
