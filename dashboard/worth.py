"""Small rules about counts that publication rests on: what a threshold's worth is, and what two margins tell.

Each is used in more than one room of the disclosure rules. Knows no database, no days and no terminals.
"""

from __future__ import annotations

from ratings.scale import Counts, subtract


def gone_and_come(before: Counts, after: Counts) -> tuple[int, int]:
    """How many ratings have gone, and how many have come, as far as the two figures tell."""
    moved = subtract(after, before)
    return -sum(each for each in moved if each < 0), sum(each for each in moved if each > 0)


def may_change(before: Counts, after: Counts, threshold: int) -> bool:
    """Whether one figure may take the other's place: what came, and what went, is nothing or a threshold's worth.

    Whoever remembers the old figure can subtract: then those who came late are a figure of their own.
    """
    return all(part == 0 or part >= threshold for part in gone_and_come(before, after))


def is_small(counts: Counts, threshold: int) -> bool:
    """Whether there is somebody to protect: some ratings, and fewer than the threshold."""
    return 0 < sum(counts) < threshold


def tells(
    hidden: Counts, figure: Counts, threshold: int, *, others: Counts | None = None, own: Counts | None = None
) -> bool:
    """Whether a figure tells something of a small part of it. None: not known to be limited.

    What is more than the `others` in it can have must be the part's; and the part is no more than the figure and its
    `own` sum have in common, score by score. These are the Fréchet bounds of a cell in a table with known margins.
    Source: Dobra and Fienberg (2000), PNAS 97: 11885-11892.
    """
    if not is_small(hidden, threshold):
        return False
    if others is not None and (sum(figure) > sum(others) or any(a > b for a, b in zip(figure, others, strict=True))):
        return True
    return own is not None and sum(map(min, figure, own)) < threshold - 1
