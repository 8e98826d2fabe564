"""The pages' typeface: Noto Sans, cut down to the letters of staff's languages, so that a phone loads it at once.

Cut when it is first asked for, a third of a second, so that no generated file lies in the repository.
"""

from __future__ import annotations

import functools
import io
import threading
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
WEIGHTS = {"regular": "NotoSans-Regular.ttf", "bold": "NotoSans-Bold.ttf"}

_LETTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),  # Latin-1 and Latin Extended-A: the languages of Europe that are written in Latin.
    *range(0x218, 0x21C),
    *range(0x2000, 0x2040),  # Dashes, quotation marks, narrow spaces.
    0x20AC,
)


_lock = threading.Lock()
"""fontTools fills tables of its own when they are first used; two who cut at once see them half-filled."""


def woff(weight: str) -> bytes:
    """The typeface as WOFF 1.0. Raises KeyError for a weight that there is not."""
    with _lock:
        return _cut(weight)


@functools.cache
def _cut(weight: str) -> bytes:
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(flavor="woff", layout_features=["kern", "mark", "mkmk", "ccmp", "locl", "tnum", "lnum"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=_LETTERS)
    target = io.BytesIO()
    with load_font(str(FOLDER / WEIGHTS[weight]), options) as font:
        subsetter.subset(font)
        save_font(font, target, options)
    return target.getvalue()
