"""Pictures of the staff menu, for `make screens` and for the test that compares: every page, with lines made up.

Knows no terminal: what is drawn is the menu's own scene, into memory. See `gallery.py` for the visitors'.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ratings.config import LANGUAGES
from ratings.scale import Score
from terminal.health import Line, phrase, verbatim
from terminal.kiosk import staff, theme
from terminal.kiosk.gallery import MOST_PIXELS, SIZES, Size, differs, shrunk
from terminal.kiosk.notice import Notice
from terminal.kiosk.staff import Page, StaffView
from terminal.kiosk.touch import Key
from terminal.kiosk.words import words

if TYPE_CHECKING:
    from terminal.kiosk.lettering import Lettering
    from terminal.kiosk.staff_scene import StaffScene

REFERENCES = Path("tests/terminal/kiosk/staff_references")
"""From the root of the repository."""

WELL = (
    Line(phrase("Connection"), phrase("The dashboard answers.")),
    Line(phrase("Waiting to be sent"), phrase("Nothing: all has arrived.")),
    Line(phrase("Last acknowledged"), verbatim("2026-03-01 00:12")),
    Line(phrase("Network"), verbatim("stua: 192.0.2.17")),
    Line(phrase("Clock"), verbatim("2026-03-02 10:00, Europe/Oslo")),
    Line(phrase("Storage"), phrase("Plenty of room.")),
    Line(phrase("Buttons"), phrase("All four are there.")),
    Line(phrase("Screen"), verbatim("KMSDRM, 800 × 480")),
    Line(phrase("Terminal"), verbatim("stua, Fjes 0.1.0")),
)
UNWELL = (
    Line(
        phrase("Connection"),
        phrase("No broker answers at %(where)s.", where="broker.example.org:8883"),
        phrase("Check the network, and [broker] in fjes.toml. Ratings are kept."),
    ),
    Line(
        phrase("Waiting to be sent"),
        phrase("Released tables: %(count)s", count=3),
        phrase("They are sent when there is a connection again."),
    ),
    WELL[2],
    Line(
        phrase("Network"),
        phrase("%(host)s has no address.", host="stua"),
        phrase("Check the cable or the wireless network. Ratings are kept."),
    ),
    Line(
        WELL[4].name,
        WELL[4].value,
        phrase("Not set by the network. If it is wrong, ratings count in the wrong month: connect it."),
    ),
    *WELL[5:],
)


NOTICE = Notice(
    "fjes.toml", "[terminal] id: 'Stua' is not allowed; allowed: a–z, 0–9 and hyphens, at most 64", 12, on_card=True
)


def pages(language: str) -> dict[str, StaffView]:
    """Every page in a language of the menu, by name."""
    tests = frozenset({staff.BUTTONS, staff.SOUND, staff.TOUCH})
    spoken = tuple(each for each in LANGUAGES if each != "th")
    return {
        "pin": StaffView(Page.PIN, language, digits=4, held=Key("5")),
        "wrong": StaffView(Page.PIN, language, said=staff.WRONG),
        "locked": StaffView(Page.PIN, language, said=staff.locked_until("10:00:30")),
        "well": StaffView(Page.STATUS, language, lines=WELL, keys=tests),
        "unwell": StaffView(Page.STATUS, language, lines=UNWELL, keys=tests),
        "unwell-more": StaffView(Page.STATUS, language, lines=UNWELL, keys=tests, leaf=1),
        "buttons": StaffView(Page.BUTTONS, language, pressed=frozenset({Score.HAPPY, Score.VERY_UNHAPPY})),
        "sound": StaffView(Page.SOUND, language, spoken=spoken, speaking="es"),
    }


def compared() -> dict[str, tuple[Size, str, str]]:
    """What the test compares, as size, language and page by name."""
    first = SIZES[0]
    wanted = [(first, "nb", page) for page in pages("nb")]
    wanted += [((480, 800), "nb", page) for page in ("pin", "unwell", "buttons")]
    wanted += [(first, "en", "well"), ((1280, 800), "en", "unwell"), ((1080, 1920), "en", "pin")]
    return {_name(*one): one for one in wanted}


def notices() -> dict[str, Size]:
    """What the test compares of the screen that says what is wrong with the file, by name; it has both languages."""
    return {_name(size, "both", "notice"): size for size in (SIZES[0], (480, 800))}


def notice_picture(size: Size, lettering: Lettering) -> Image.Image:
    """What the window would show that says so, RGB."""
    from terminal.kiosk.staff_notice import NoticeScene

    return _drawn(NoticeScene(*size, lettering, NOTICE).draw, size)


def scene_of(size: Size, lettering: Lettering) -> StaffScene:
    """The menu's scene for a window of this size. There has to be a window; its own size does not matter."""
    from terminal.kiosk.staff_scene import StaffScene

    names = {language: words(language).name for language in LANGUAGES}
    return StaffScene(*size, lettering, sorted(Score, reverse=True), names)


def picture(scene: StaffScene, size: Size, view: StaffView) -> Image.Image:
    """What the window would show, RGB."""
    return _drawn(lambda drawn: scene.draw(drawn, view), size)


def _drawn(draw: Callable[[Any], None], size: Size) -> Image.Image:
    from kivy.graphics import ClearBuffers, ClearColor, Fbo, InstructionGroup

    sheet, drawn = Fbo(size=size), InstructionGroup()
    sheet.add(ClearColor(*theme.BACKGROUND.rgba))
    sheet.add(ClearBuffers())
    sheet.add(drawn)
    draw(drawn)
    sheet.draw()
    # OpenGL counts from the foot.
    pixels = Image.frombytes("RGBA", size, sheet.pixels).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return pixels.convert("RGB")


def accept(folder: Path, lettering: Lettering) -> None:
    """Write the references of what looks different now, and remove those of pages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = compared()
    for name, (size, language, page) in wanted.items():
        drawn, path = picture(scene_of(size, lettering), size, pages(language)[page]), folder / f"{name}.png"
        _keep(drawn, path)
    for name, size in notices().items():
        _keep(notice_picture(size, lettering), folder / f"{name}.png")
    for path in folder.glob("*.png"):
        if path.stem not in wanted and path.stem not in notices():
            path.unlink()


def _keep(drawn: Image.Image, path: Path) -> None:
    if not path.exists() or differs(drawn, path) > MOST_PIXELS:
        shrunk(drawn).quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def render(folder: Path, lettering: Lettering) -> int:
    """Write every picture, and a staff.html of them; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, count = [], 0
    for size in SIZES:
        scene = scene_of(size, lettering)
        for language in staff.LANGUAGES:
            parts.append(f"<h2>{size[0]} x {size[1]}, {language}</h2><p>")
            for page, view in pages(language).items():
                file = f"{_name(size, language, page)}.png"
                picture(scene, size, view).save(folder / file)
                parts.append(f'<a href="{file}"><img src="{file}" alt="{page}" title="{page}" loading="lazy"></a>')
                count += 1
            parts.append("</p>")
    parts.append("<h2>A mistake in the file</h2><p>")
    for size in SIZES:
        file = f"{_name(size, 'both', 'notice')}.png"
        notice_picture(size, lettering).save(folder / file)
        parts.append(f'<a href="{file}"><img src="{file}" alt="notice" title="notice" loading="lazy"></a>')
        count += 1
    parts.append("</p>")
    (folder / "staff.html").write_text(_PAGE.format(body="\n".join(parts)), "utf-8")
    return count


def _name(size: Size, language: str, page: str) -> str:
    return f"{size[0]}x{size[1]}-{language}-staff-{page}"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The staff menu</title>
<style>body{{font:16px sans-serif;margin:24px;background:#ddd}} img{{height:240px;margin:0 8px 8px 0}}</style></head>
<body><h1>The staff menu</h1>
{body}
</body></html>
"""
