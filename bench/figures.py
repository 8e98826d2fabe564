"""What was measured of the two kiosks, and how it is printed: figure beside figure, their ratio, aim and verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.processes import Memory

TWO_FRAMES = 2000 / 60
"""Milliseconds, at 60 Hz."""


@dataclass(slots=True)
class Side:
    """What was measured of one of the two kiosks: milliseconds, percent of a core, MB, seconds."""

    touches: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    idle: float = 0.0
    memory: Memory = field(default_factory=lambda: Memory(0, 0, 0))
    count: int = 0


def spread(milliseconds: Sequence[float]) -> str:
    """Median / p95 / p99."""
    cuts = quantiles(milliseconds, n=100)
    return f"{median(milliseconds):.1f} / {cuts[94]:.1f} / {cuts[98]:.1f}"


def print_sides(ours: Side, theirs: Side | None, idle_seconds: float) -> None:
    sides = [ours, *([theirs] if theirs else [])]
    _row("", ["Fjes", "Chromium"][: len(sides)], "ours/Chromium" if theirs else "")
    ratio = f"{median(ours.touches) / median(theirs.touches):.2f}" if theirs else ""
    _row("touch to thank-you, ms (median/p95/p99)", [spread(side.touches) for side in sides], ratio)
    rows: list[tuple[str, str, Callable[[Side], float]]] = [
        ("start to first frame, s (median)", ".2f", lambda side: median(side.starts)),
        (f"idle for {idle_seconds:g} s, % of a core", ".2f", lambda side: side.idle),
        ("memory, MB (PSS)", ".0f", lambda side: side.memory.pss),
        ("memory, MB (RSS)", ".0f", lambda side: side.memory.rss),
        ("memory, MB (not shared)", ".0f", lambda side: side.memory.own),
    ]
    for what, written, value in rows:
        figures = [value(side) for side in sides]
        ratio = f"{figures[0] / figures[1]:.2f}" if theirs and figures[1] else ""
        _row(what, [format(figure, written) for figure in figures], ratio)
    _row("processes", [str(side.count) for side in sides], "")


def _row(what: str, figures: Sequence[str], ratio: str) -> None:
    print(f"  {what:<42}{''.join(f'{figure:>21}' for figure in figures)}{ratio:>15}".rstrip())


def print_aims(ours: Side, theirs: Side | None) -> None:
    touch = median(ours.touches)
    print(
        verdict("touch to thank-you, median", f"within {TWO_FRAMES:.0f} ms", f"{touch:.1f} ms", met=touch <= TWO_FRAMES)
    )
    print(verdict("idle", "below 3 % of a core", f"{ours.idle:.2f} %", met=ours.idle < 3))
    if theirs:
        share = ours.memory.pss / theirs.memory.pss
        print(verdict("memory (PSS)", "a third of Chromium's", f"{share:.2f} of it", met=share <= 1 / 3))


def verdict(what: str, aim: str, figure: str, *, met: bool) -> str:
    return f"  {'met' if met else 'NOT MET'}: {what}: {figure} (aim: {aim})"
