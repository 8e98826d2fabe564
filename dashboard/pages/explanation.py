"""The examples on the page that explains the figures to staff: made-up counts, computed as all others are."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.statistics import Change, Share, change, share


@dataclass(frozen=True, slots=True)
class Pair:
    """Two months of one place, and what became of the share."""

    before: Share
    after: Share

    @property
    def change(self) -> Change:
        """From the one to the other."""
        return change(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Examples:
    """The same share of few ratings and of many; a change that is not clear, and one that is."""

    few: Share
    many: Share
    unclear: Pair
    clear: Pair


def examples() -> Examples:
    """Examples with round numbers."""
    return Examples(
        _share(9, 12),
        _share(225, 300),
        Pair(_share(30, 40), _share(32, 40)),
        Pair(_share(300, 400), _share(336, 400)),
    )


def _share(k: int, n: int) -> Share:
    found = share(k, n)
    assert found is not None
    return found
