"""Breaking a text into lines of about one length, as large as a box allows. Knows no window: it is given a ruler.

Kivy would break Thai between any two letters. So the breaks are made here: at U+200B, the marks between phrases, where
a text has any, else at spaces. A no-break space is never broken, and shown as a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

MARK = "\N{ZERO WIDTH SPACE}"
THAI_SCALE = 1.12
"""Thai letters are small in their em: they are set larger than Latin and Cyrillic ones beside them."""

Ruler = Callable[[str, int], float]
"""The width in pixels of a text at a size in pixels of an em (before `THAI_SCALE`)."""

_THAI = re.compile("[\u0e00-\u0e7f]")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_MARKED = re.compile(f"( *{MARK}[ {MARK}]*)")
_SPACED = re.compile("( +)")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Heights in ems: the highest stroke above the baseline, the lowest below it, capitals, from line to line."""

    ascent: float
    descent: float
    capital: float
    leading: float


_ARABIC_METRICS = Metrics(ascent=1.24, descent=0.46, capital=0.6, leading=1.5)
_LATIN = Metrics(ascent=0.95, descent=0.24, capital=0.714, leading=1.24)
_THAI_METRICS = Metrics(ascent=1.19, descent=0.31, capital=0.714, leading=1.5)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size in pixels of an em, to be centred under each other."""

    lines: tuple[str, ...]
    size: int
    metrics: Metrics

    @property
    def height(self) -> float:
        """Pixels from the highest stroke of the first line to the lowest of the last."""
        return _height(self.metrics, len(self.lines), self.size)

    def baselines(self, top: float, height: float) -> list[float]:
        """Where the lines stand, so that the block looks centred in a box: capitals to baseline, not accents."""
        metrics, size = self.metrics, self.size
        inked = (metrics.capital + metrics.leading * (len(self.lines) - 1)) * size
        first = top + (height - inked) / 2 + metrics.capital * size
        highest = top + metrics.ascent * size
        lowest = top + height - (metrics.descent + metrics.leading * (len(self.lines) - 1)) * size
        first = max(min(first, lowest), highest)
        return [first + number * metrics.leading * size for number in range(len(self.lines))]


def is_thai(text: str) -> bool:
    """Whether a text has Thai letters, which want their own shaping and size."""
    return _THAI.search(text) is not None


def is_arabic(text: str) -> bool:
    """Whether a text has letters of the Arabic script, which are joined, and written from right to left."""
    return _ARABIC.search(text) is not None


def metrics(text: str) -> Metrics:
    """The heights of a text's script."""
    if is_thai(text):
        return _THAI_METRICS
    return _ARABIC_METRICS if is_arabic(text) else _LATIN


def fit(text: str, ruler: Ruler, width: float, height: float, *, largest: int, lines: int, smallest: int = 8) -> Block:
    """Set a text as large as a box of `width` by `height` pixels allows, in at most `lines` lines, balanced.

    The size is at most `largest`; between equal sizes, fewer lines win. What fits at no size is set in `smallest`.
    """
    parts = _parts(text)
    heights = metrics(text)
    best: Block | None = None
    for count in range(1, min(lines, len(parts)) + 1):
        broken = _balance(parts, count, lambda piece: ruler(piece, 100))
        size = min(largest, int(height / _height(heights, count, 1)))
        size = min(size, int(100 * width / max(ruler(line, 100) for line in broken)))
        # Hinting makes small letters a little wider than the scaled large ones.
        while size > smallest and max(ruler(line, size) for line in broken) > width:
            size -= 1
        if best is None or size > best.size:
            best = Block(broken, max(size, smallest), heights)
    assert best is not None
    return best


def shown(text: str) -> str:
    """The text as it is drawn: marks gone, spaces plain."""
    return text.replace(MARK, "").replace("\N{NO-BREAK SPACE}", " ")


def _height(metrics: Metrics, lines: int, size: float) -> float:
    return (metrics.ascent + metrics.descent + metrics.leading * (lines - 1)) * size


def _parts(text: str) -> list[tuple[str, str]]:
    """What may stand on a line of its own, each with the glue that joins it to the next: a space or nothing."""
    pieces = (_MARKED if MARK in text else _SPACED).split(text.strip())
    glue = [*(" " if " " in gap else "" for gap in pieces[1::2]), ""]
    return list(zip(pieces[::2], glue, strict=True))


def _balance(parts: Sequence[tuple[str, str]], count: int, width: Callable[[str], float]) -> tuple[str, ...]:
    """The way to make `count` lines whose longest is shortest; between equals, the most even one."""
    if count == 1:
        return (_join(parts),)
    lengths = [width(shown(piece)) for piece, _ in parts]
    gaps = [width(" ") if glue else 0.0 for _, glue in parts]

    def cost(breaks: tuple[int, ...]) -> tuple[float, float]:
        edges = (0, *breaks, len(parts))
        widths = [sum(lengths[a:b]) + sum(gaps[a : b - 1]) for a, b in pairwise(edges)]
        return max(widths), sum(width * width for width in widths)

    breaks = min(_breaks(len(parts), count), key=cost)
    edges = (0, *breaks, len(parts))
    return tuple(_join(parts[a:b]) for a, b in pairwise(edges))


def _breaks(parts: int, count: int) -> Iterator[tuple[int, ...]]:
    return combinations(range(1, parts), count - 1)


def _join(parts: Sequence[tuple[str, str]]) -> str:
    return shown("".join(piece + glue for piece, glue in parts)).rstrip()
