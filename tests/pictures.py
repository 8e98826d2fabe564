"""Pictures of pages and PDF files, small enough to be committed: cut to what matters, in few colours."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.conftest import program

COLOURS = 256
MARGIN = 14
"""Pixels of the page that are left around what matters: less than there are between two cards."""
DOTS_PER_INCH = 80
"""Of a sheet of paper: 660 pixels wide."""
GAP, TABLE = 24, "#e5dccd"
"""Pixels between pictures that lie side by side, and the colour of what they lie on."""

AREA = """selectors => {
    const boxes = selectors.map(each => document.querySelector(each).getBoundingClientRect());
    const [left, top] = ["left", "top"].map(side => Math.min(...boxes.map(box => box[side])));
    const [right, bottom] = ["right", "bottom"].map(side => Math.max(...boxes.map(box => box[side])));
    return {x: left + scrollX, y: top + scrollY, width: right - left, height: bottom - top};
}"""


@dataclass(frozen=True, slots=True)
class Camera:
    """Puts pictures into a folder. Without one it takes none, and all else is the same."""

    folder: Path | None

    def take(self, name: str, *looks: bytes) -> None:
        """Keep pictures, side by side, as `name`.png."""
        if self.folder is None:
            return
        images = [Image.open(io.BytesIO(look)).convert("RGB") for look in looks]
        whole = images[0] if len(images) == 1 else _side_by_side(images)
        few = whole.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(self.folder / f"{name}.png", optimize=True)

    def look(self, page: Page, *selectors: str) -> bytes:
        """The part of a page that holds some elements; what is in the window where none is named."""
        if self.folder is None:
            return b""
        # Without the ring around what was clicked, and with letters in their own typeface.
        page.evaluate("async () => { document.activeElement?.blur(); await document.fonts.ready; }")
        if not selectors:
            return page.screenshot()
        area = page.evaluate(AREA, list(selectors))
        left, top = max(0.0, area["x"] - MARGIN), max(0.0, area["y"] - MARGIN)
        right, bottom = area["x"] + area["width"] + MARGIN, area["y"] + area["height"] + MARGIN
        return page.screenshot(
            full_page=True, clip={"x": left, "y": top, "width": right - left, "height": bottom - top}
        )

    def sheet(self, pdf: bytes) -> bytes:
        """The first sheet of a PDF file."""
        return drawn(pdf) if self.folder else b""


def _side_by_side(images: Sequence[Image.Image]) -> Image.Image:
    size = sum(each.width + GAP for each in images) + GAP, max(each.height for each in images) + 2 * GAP
    whole, left = Image.new("RGB", size, TABLE), GAP
    for each in images:
        whole.paste(each, (left, GAP))
        left += each.width + GAP
    return whole


def drawn(pdf: bytes) -> bytes:
    """The first sheet of a PDF file as a PNG."""
    return _poppler(pdf, "pdftoppm", "-png", "-r", str(DOTS_PER_INCH), "-singlefile", "-")


def read(pdf: bytes) -> str:
    """What stands on all sheets of a PDF file; each ends with a form feed."""
    return _poppler(pdf, "pdftotext", "-", "-").decode()


def _poppler(pdf: bytes, *command: str) -> bytes:
    name, *options = command
    return subprocess.run(
        [program(name, "poppler-utils"), *options], input=pdf, capture_output=True, timeout=60, check=True
    ).stdout
