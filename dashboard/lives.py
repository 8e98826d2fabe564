"""Pieces of trend where an epoch has had two lives: a card was copied or rewound before anybody noticed.

All other tables of two lives are of the same periods, and a merge keeps the one with more ratings. Pieces of trend are
cut by what was rated, so those of two lives may overlap: then those are taken that hold most, and no day twice.
Reads no database.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from ratings.period import Period
from ratings.pooling import Piece
from ratings.scale import add


def together(epochs: Iterable[Iterable[Piece]]) -> list[Piece]:
    """The pieces of one terminal in order, its epochs summed where their days agree."""
    summed: dict[Period, Piece] = {}
    for pieces in epochs:
        for piece in apart(pieces):
            same = summed.get(piece.days)
            summed[piece.days] = Piece(piece.days, add(piece.counts, same.counts)) if same else piece
    return [summed[days] for days in sorted(summed)]


def apart(pieces: Iterable[Piece]) -> list[Piece]:
    """Of one epoch's pieces those that hold most ratings together, no two of the same day, in order of days.

    A copy has counted no more in any days than the card it was taken from, which went on: so the heaviest are that
    card's own. Weighted interval scheduling (Kleinberg and Tardos, Algorithm Design, 2005, 6.1).
    """
    ordered = sorted(pieces, key=lambda piece: (piece.days.last, piece.days.first))
    ends = [piece.days.last for piece in ordered]
    best: list[tuple[int, list[Piece]]] = [(0, [])]
    for number, piece in enumerate(ordered):
        weight, before = best[bisect_left(ends, piece.days.first, 0, number)]
        # At a tie the finer pieces.
        best.append(max(best[-1], (weight + piece.n, [*before, piece]), key=lambda each: (each[0], len(each[1]))))
    return best[-1][1]
