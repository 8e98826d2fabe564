"""The four-step scale and the four counts that everything is made of."""

from __future__ import annotations

from enum import IntEnum

# DO NOT change these values: they are stored and sent (and are HappyOrNot's `buttonIndex`).


class Score(IntEnum):
    """What a face says, from worst to best."""

    VERY_UNHAPPY = 0
    UNHAPPY = 1
    HAPPY = 2
    VERY_HAPPY = 3


Counts = tuple[int, int, int, int]
"""Numbers of ratings, indexed by `Score`: very unhappy, unhappy, happy, very happy."""

ZERO: Counts = (0, 0, 0, 0)

MAX_COUNT = 2**32 - 1
"""The largest single count: four of them fit the fixed-width cell on the terminal's card."""


def one(score: Score) -> Counts:
    """The counts of a single rating."""
    return tuple(int(step == score) for step in Score)  # type: ignore[return-value]


def add(*counts: Counts) -> Counts:
    """The sum, score by score."""
    return tuple(map(sum, zip(ZERO, *counts, strict=True)))  # type: ignore[return-value]


def subtract(counts: Counts, other: Counts) -> Counts:
    """The difference, score by score; may be negative."""
    return tuple(a - b for a, b in zip(counts, other, strict=True))  # type: ignore[return-value]
