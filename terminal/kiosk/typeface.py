"""The kiosk's one font: Noto Sans with its Thai and Arabic in a single file, since Kivy falls back to no second font.

Made on first use, or beforehand by `python -m terminal.kiosk.typeface` (an image or a package does that at build
time, since the folder may be read-only later). Knows no Kivy.
"""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
SOURCES = (FOLDER / "NotoSans-Bold.ttf", FOLDER / "NotoSansThai-Bold.ttf", FOLDER / "NotoSansArabic-Bold.ttf")
FONT = FOLDER / "FjesSans-Bold.ttf"
_NAMES = {1: "Fjes Sans", 4: "Fjes Sans Bold", 6: "FjesSans-Bold", 16: "Fjes Sans"}

_ASCENT = 1300
"""In thousandths of an em."""


class TypefaceError(RuntimeError):
    """The font is not there and cannot be made; the text says what to do."""


def ready(*, anew: bool = False) -> Path:
    """The path of the merged font; makes it where it is missing, or `anew`. Raises TypefaceError."""
    if FONT.exists() and not anew:
        return FONT
    missing = [source.name for source in SOURCES if not source.exists()]
    if missing:
        raise TypefaceError(f"{FOLDER}: {' and '.join(missing)} missing; install Fjes again")
    try:
        _make(FONT)
    except OSError as error:
        raise TypefaceError(
            f"{FONT}: the kiosk's font is not there and cannot be written ({error.strerror or error}); "
            "run `python -m terminal.kiosk.typeface` once as a user who may write to that folder"
        ) from None
    return FONT


@cache
def characters() -> frozenset[int]:
    """The code points that the merged font can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(ready(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def _make(path: Path) -> None:
    """Merge into a temporary file beside `path`, then move it there: nobody ever sees half a font."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fjes-", suffix=".ttf")
    os.close(handle)
    try:
        from fontTools.merge import Merger

        font = Merger().merge([str(source) for source in SOURCES])
        for record in font["name"].names:
            # Family, full name, PostScript name, typographic family (OpenType, "name").
            record.string = _NAMES.get(record.nameID, record.string)
        # Thai tone marks above vowels rise higher than Noto Sans says; what is above the ascent would be cut off.
        font["hhea"].ascent = font["OS/2"].sTypoAscender = font["OS/2"].usWinAscent = _ASCENT
        font.save(name)
        os.chmod(name, 0o644)  # mkstemp made it for its owner only; the kiosk has a user of its own.
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ready(anew=True)}\n")
    except TypefaceError as problem:
        sys.exit(str(problem))
