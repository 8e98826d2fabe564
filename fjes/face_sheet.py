"""The sheet of faces for the buttons, as a PDF in A4: the very faces of the screen, large enough to be cut out.

Two sets, with a ring to cut along, a ruler to see that it was printed in its true size, and the order they go in; on
the second page, where to drill. Joins the kiosk's drawings with WeasyPrint; knows no terminal.
"""

from __future__ import annotations

import base64
import io

from ratings.scale import Score
from terminal.kiosk import faces, theme

_DOTS = 600 / 25.4
"""Pixels a millimetre: 600 dpi."""
_APART = 62.0
"""Millimetres from one button to the next: no hand presses two, and the sheet still holds all four."""
_LABELS = {
    Score.VERY_HAPPY: "Very happy",
    Score.HAPPY: "Happy",
    Score.UNHAPPY: "Unhappy",
    Score.VERY_UNHAPPY: "Very unhappy",
}
_STYLE = """
@page { size: A4 landscape; margin: 14mm 16mm }
.drilling { break-before: page }
.drilling svg { display: block; margin: 8mm auto 0 }
body { margin: 0; font-family: "Noto Sans", "DejaVu Sans", sans-serif; color: INK; font-size: 10pt; line-height: 1.4 }
h1 { font-size: 17pt; margin: 0 0 2mm }
p { margin: 0 0 2mm; max-width: 240mm }
.row { display: flex; justify-content: space-between; margin: 9mm 0 2mm }
figure { margin: 0; text-align: center; width: 60mm }
.cut { display: inline-flex; align-items: center; justify-content: center; border-radius: 50%;
       border: 0.2mm dashed SOFT; width: CUTmm; height: CUTmm }
.cut img { width: FACEmm; height: FACEmm }
figcaption { font-size: 9pt; color: SOFT; margin-top: 1.5mm }
.ruler { margin-top: 6mm; width: 100mm; height: 4mm; border: 0.3mm solid INK; border-top: 0; position: relative }
.ruler i { position: absolute; bottom: 0; width: 0; height: 2mm; border-left: 0.2mm solid INK }
.note { font-size: 9pt; color: SOFT; margin-top: 1mm }
"""


def html(diameter: float, hole: float, *, left_is_best: bool = True) -> str:
    """The sheet as a document: faces and holes of so many millimetres."""
    order = sorted(Score, reverse=left_is_best)
    pictures = {score: _picture(score, diameter) for score in order}
    # The picture has room for the shadow around it; it is cut off with the ring.
    style = _STYLE.replace("INK", _css(theme.INK)).replace("SOFT", _css(theme.SOFT_INK))
    style = style.replace("CUT", f"{diameter:g}").replace("FACE", f"{diameter * 0.94:g}")
    row = "".join(
        f'<figure><span class="cut"><img src="{pictures[score]}" alt="{_LABELS[score]}"></span>'
        f"<figcaption>{_LABELS[score]}</figcaption></figure>"
        for score in order
    )
    marks = "".join(f'<i style="left:{10 * number}mm"></i>' for number in range(1, 10))
    ends = ("very happy", "very unhappy") if left_is_best else ("very unhappy", "very happy")
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Faces for the buttons</title>
<style>{style}</style></head><body>
<h1>Faces for the buttons</h1>
<p>Print at 100 %, in colour, on paper of 120 g or more (no “fit to page”). Cut along the dashed rings, {diameter:g} mm
across, and put each under the clear cap of its button. The second set is for another box, or for when these fade.</p>
<p>From left to right as you stand before the box: {ends[0]} first, {ends[1]} last, as on the screen.</p>
<div class="row">{row}</div>
<div class="row">{row}</div>
<div class="ruler">{marks}</div>
<p class="note">This is 100 mm long. If a ruler says otherwise, the printer has changed the size.</p>
<section class="drilling"><h1>Where to drill</h1>
<p>Tape this sheet to the lid. Drill at the crosses: {hole:g} mm holes, {_APART:g} mm from middle to middle. The faces
go in as they are named, seen from the outside.</p>
{_template(order, hole)}
</section></body></html>
"""


def _template(order: list[Score], hole: float) -> str:
    """The four holes, true to size."""
    width, height, middle = 3 * _APART + 60, 90, 40
    parts = []
    for number, score in enumerate(order):
        x = 30 + number * _APART
        parts.append(
            f'<circle cx="{x:g}" cy="{middle}" r="{hole / 2:g}" class="hole"/>'
            f'<path d="M{x - hole / 2 - 4:g} {middle} h{hole + 8:g} M{x:g} {middle - hole / 2 - 4:g} v{hole + 8:g}"/>'
            f'<text x="{x:g}" y="{middle + hole / 2 + 11:g}">{_LABELS[score]}</text>'
        )
    for number in range(3):
        x = 30 + number * _APART
        parts.append(f'<path d="M{x:g} 78 h{_APART:g} M{x:g} 76 v4 M{x + _APART:g} 76 v4"/>')
        parts.append(f'<text x="{x + _APART / 2:g}" y="84">{_APART:g} mm</text>')
    ink = _css(theme.INK)
    return (
        f'<svg width="{width:g}mm" height="{height}mm" viewBox="0 0 {width:g} {height}" fill="none" stroke="{ink}" '
        'stroke-width="0.25"><style>.hole { stroke-width: 0.5 } text { stroke: none; text-anchor: middle; '
        f"font-size: 4px; fill: {ink} }}</style>{''.join(parts)}</svg>"
    )


def pdf(diameter: float = 27.0, hole: float = 30.0, *, left_is_best: bool = True) -> bytes:
    """The sheet as a PDF."""
    from weasyprint import HTML

    return bytes(HTML(string=html(diameter, hole, left_is_best=left_is_best)).write_pdf())


def _picture(score: Score, diameter: float) -> str:
    """A face without the room around it, as an address that holds it."""
    pixels = round(diameter * _DOTS)
    drawn = faces.face(score, pixels)
    room = faces.padding(pixels)
    buffer = io.BytesIO()
    drawn.crop((room, room, room + pixels, room + pixels)).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _css(colour: theme.Colour) -> str:
    return "#" + bytes(colour.rgb).hex()
