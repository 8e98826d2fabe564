"""What the rule against pounding does to honest visitors, simulated: `python -m bench.repeats`. See docs/repeats.md."""

from __future__ import annotations

import random

from ratings.config import Kiosk, Repeats
from terminal.repeats import Pounding

REST = Kiosk().thanks_seconds
VISITORS = 200_000

chance = random.Random(2026)


USUAL = (0.8, 6.0, 2.0)
HURRIED = (0.8, 2.5, 1.4)
"""Seconds from stepping up to the touch: least, most, usual."""


def share_set_aside(gaps: list[float], needs: tuple[float, float, float] = USUAL) -> float:
    """The share of visitors set aside, in percent. `gaps`: seconds from one arrival to the next."""
    pounding = Pounding(Repeats())
    arrived = ready = 0.0
    aside = 0
    for gap in gaps:
        arrived += gap
        # Wait for the one before and the thank-you, step up, look, choose.
        pressed = max(arrived, ready) + chance.triangular(*needs)
        ready = pressed + REST
        aside += pounding.is_repeat(pressed)
    return 100 * aside / len(gaps)


def main() -> None:
    print(f"{'visitors':<48}{'usual':>10}{'hurried':>10}")
    for rate in (1, 10, 60, 120, 240, 480):
        gaps = [chance.expovariate(rate / 3600) for _ in range(VISITORS)]
        _print(f"{rate} an hour", gaps)
    _print("groups of ten that leave together", [0.0 if n % 10 else 600.0 for n in range(VISITORS)])
    _print("groups of thirty that leave together", [0.0 if n % 30 else 600.0 for n in range(VISITORS)])
    pounding = Pounding(Repeats())
    pressed = [pounding.is_repeat(n * (REST + 0.2)) for n in range(10_000)]
    print(f"{'one who presses all the time, without looking':<48}{100 * sum(pressed) / len(pressed):>8.1f} %")


def _print(what: str, gaps: list[float]) -> None:
    print(f"{what:<48}{share_set_aside(gaps):>8.2f} %{share_set_aside(gaps, HURRIED):>8.2f} %")


if __name__ == "__main__":
    main()
