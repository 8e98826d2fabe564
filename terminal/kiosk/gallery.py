"""Pictures of every screen, in every language and size: for the eye (`make screens`) and for the test that compares.

    python -m terminal.kiosk.gallery            every picture and an index.html into build/screens
    python -m terminal.kiosk.gallery --accept   the same, and the references of the test anew

What is drawn are the kiosk's own screens, into memory. Knows no visit, no clock and no ledger.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter

from ratings.config import LANGUAGES, Config, Question, Reason
from ratings.scale import Score
from ratings.sections import REASONS
from terminal.kiosk import environment, pictograms, theme
from terminal.kiosk.words import Words, WordsError, words
from terminal.visit import State

if TYPE_CHECKING:
    # They import Kivy, which must not be imported before `environment.prepare`.
    from terminal.kiosk.drawing import View
    from terminal.kiosk.lettering import Lettering
    from terminal.kiosk.screens import Screens

Size = tuple[int, int]

SIZES: tuple[Size, ...] = ((800, 480), (1024, 600), (1280, 800), (1920, 1080), (480, 800), (800, 1280), (1080, 1920))
MORE = ("listen", "attract")
SCREENS = (*(state.value.replace(" ", "-") for state in State), "held", *MORE)
"""Every state there is, and a face held down, a face that is named, and what is shown while nobody is there."""
VOICES = tuple(code for code in LANGUAGES if code != "th")
"""Those that ship with one."""
SAID = {
    "nb": ["Dere ville slippe å vente så lenge.", "Nå åpner vi klokka ni."],
    "en": ["You asked for shorter waits.", "Now we open at nine."],
    "es": ["Pidieron esperar menos.", "Ahora abrimos a las nueve."],
    "bg": ["Искахте да се чака по-малко.", "Вече отваряме в девет часа."],
    "th": ["คุณอยากรอให้น้อยลง", "ตอนนี้เราเปิดเก้าโมงเช้า"],
    "ro": ["Ați cerut să așteptați mai puțin.", "Acum deschidem la ora nouă."],
}
"""What staff might have written."""
SHIPPED = [Reason(id=each) for each in REASONS]
FOLDER = Path("build/screens")
REFERENCES = Path("tests/terminal/kiosk/references")
"""Both from the root of the repository."""

SHORT_SIDE = 240
"""Pixels of the short side of a reference: half a pixel of the smallest panel at every size."""
MOST_DIFFERENCE = 32
"""Levels (of 255) that a pixel may differ by after both pictures were blurred: drivers round unlike."""
MOST_PIXELS = 0.0005
"""Share of the pixels that may differ by more. A caption that is gone has more than twice as many."""


def screens_of(
    size: Size, languages: Sequence[Words], question: Question, lettering: Lettering, screen: str = "asking"
) -> Screens:
    """The kiosk's screens for a window of this size. There has to be a window; its own size does not matter.

    What a terminal need not have, the listen button and what was said, is there on the screens that are about it.
    """
    from terminal.kiosk import screens

    voices = VOICES if screen in MORE else ()
    said = SAID if screen == "attract" else {}
    place = screens.arrange(*size, languages, lettering, "left", voices=voices, said=said)
    drawn = pictograms.pictures(SHIPPED)
    return screens.Screens(place, languages, question, lettering, SHIPPED, drawn, voices=voices, said=said)


def views(language: str) -> dict[str, View]:
    """Every screen in a language, by the names that `SCREENS` has."""
    from terminal.kiosk.drawing import View

    speaks = language in VOICES
    more = (
        View(State.ASKING, language, Score.HAPPY),
        View(State.ASKING, language, naming=Score.HAPPY if speaks else None, speaking=speaks),
        View(State.ASKING, language, said=True),
    )
    return dict(zip(SCREENS, (*(View(state, language) for state in State), *more), strict=True))


def picture(screens: Screens, view: View) -> Image.Image:
    """What the window would show, RGB."""
    from kivy.graphics import ClearBuffers, ClearColor, Fbo, InstructionGroup

    size = (screens.layout.width, screens.layout.height)
    sheet, drawn = Fbo(size=size), InstructionGroup()
    sheet.add(ClearColor(*theme.BACKGROUND.rgba))
    sheet.add(ClearBuffers())
    sheet.add(drawn)
    screens.draw(drawn, view)
    sheet.draw()
    # OpenGL counts from the foot.
    pixels = Image.frombytes("RGBA", size, sheet.pixels).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return pixels.convert("RGB")


def compared() -> dict[str, tuple[Size, str, str]]:
    """What the test compares, as size, language and screen by name: every language, size and screen at least once."""
    first, *others = Config().kiosk.languages
    wanted: list[tuple[Size, str, str]] = [(SIZES[0], first, screen) for screen in SCREENS]
    wanted += [(SIZES[0], language, "asking") for language in others]
    wanted += [(size, first, "asking") for size in SIZES[1:]]
    wanted += [(SIZES[0], language, "follow-up") for language in others] + [((480, 800), first, "follow-up")]
    wanted += [((480, 800), first, screen) for screen in MORE]
    # A language without a voice beside others that have one; and what was said in a script that is high.
    wanted += [(SIZES[0], "th", screen) for screen in MORE]
    # Two lines below the heading, and letters with marks above and below.
    wanted.append(((480, 800), "th", "thanks"))
    return {_name(*one): one for one in wanted}


def shrunk(full: Image.Image) -> Image.Image:
    """A picture as small as a reference."""
    factor = SHORT_SIDE / min(full.size)
    return full.resize((round(full.width * factor), round(full.height * factor)), Image.Resampling.BOX)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels (0 to 1) that differ visibly between two pictures; 1 where their sizes differ."""
    if one.size != other.size:
        return 1.0
    blur = ImageFilter.GaussianBlur(2)
    apart = ImageChops.difference(one.convert("RGB").filter(blur), other.convert("RGB").filter(blur))
    red, green, blue = apart.split()
    levels = ImageChops.lighter(ImageChops.lighter(red, green), blue).histogram()
    return sum(levels[MOST_DIFFERENCE + 1 :]) / (one.width * one.height)


def differs(full: Image.Image, reference: Path) -> float:
    """The share of pixels in which a picture differs from a reference's file."""
    with Image.open(reference) as small:
        return difference(shrunk(full), small)


def accept(folder: Path, question: Question, lettering: Lettering) -> None:
    """Write the references of what looks different now, and remove those of screens that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    spoken = [words(language) for language in Config().kiosk.languages]
    wanted = set()
    for name, (size, language, screen) in compared().items():
        drawn = picture(screens_of(size, spoken, question, lettering, screen), views(language)[screen])
        path = folder / f"{name}.png"
        if not path.exists() or differs(drawn, path) > MOST_PIXELS:
            # Few colours make a small file; what that changes is far within the tolerance.
            shrunk(drawn).quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
        wanted.add(path.name)
    for path in folder.glob("*.png"):
        if path.name not in wanted:
            path.unlink()


def render(folder: Path, spoken: Sequence[Words], question: Question, lettering: Lettering) -> int:
    """Write every picture, and an index.html of them; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.png"):
        path.unlink()
    parts, count = [], 0
    for size in SIZES:
        screens = dict.fromkeys(SCREENS, screens_of(size, spoken, question, lettering))
        screens |= {screen: screens_of(size, spoken, question, lettering, screen) for screen in MORE}
        parts.append(f"<h2>{size[0]} x {size[1]}</h2>")
        for of in spoken:
            parts.append(f'<h3 lang="{of.language}">{escape(of.name)}</h3><p>')
            for screen, view in views(of.language).items():
                file = f"{_name(size, of.language, screen)}.png"
                picture(screens[screen], view).save(folder / file)
                parts.append(f'<a href="{file}"><img src="{file}" alt="{screen}" title="{screen}" loading="lazy"></a>')
                count += 1
            parts.append("</p>")
    page = _PAGE.format(body="\n".join(parts), count=count)
    (folder / "index.html").write_text(page, "utf-8")
    return count


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The kiosk's screens</title>
<style>body{{font:16px sans-serif;margin:24px;background:#ddd}} img{{height:240px;margin:0 8px 8px 0}}</style></head>
<body><h1>The kiosk's {count} screens</h1>
{body}
</body></html>
"""


def _name(size: Size, language: str, screen: str) -> str:
    return f"{size[0]}x{size[1]}-{language}-{screen}"


def main(arguments: Sequence[str]) -> None:
    """Render the gallery, and the references where that is asked for."""
    parser = argparse.ArgumentParser(prog="make screens ARGS=…", description="Pictures of every screen of the kiosk.")
    parser.add_argument("--accept", action="store_true", help="make what is drawn now the references of the test")
    parser.add_argument("--place", default="", help="the name of the place in the question")
    parser.add_argument("--languages", default=",".join(LANGUAGES), help="codes with commas between them (%(default)s)")
    wanted = parser.parse_args(arguments)
    try:
        spoken = [words(language) for language in wanted.languages.split(",")]
    except WordsError as error:
        parser.error(str(error))
    environment.prepare(offscreen=True)
    environment.open_window(SIZES[0], "Fjes")
    from terminal.kiosk import lettering, staff_gallery

    letters = lettering.Lettering()
    count = render(FOLDER, spoken, Question(place=wanted.place), letters)
    sys.stdout.write(f"{count} pictures: open {FOLDER}/index.html\n")
    count = staff_gallery.render(FOLDER, letters)
    sys.stdout.write(f"{count} pictures of the staff menu: open {FOLDER}/staff.html\n")
    if wanted.accept:
        accept(REFERENCES, Question(), letters)
        staff_gallery.accept(staff_gallery.REFERENCES, letters)
        sys.stdout.write(f"References written to {REFERENCES}: look at them, and commit them\n")


if __name__ == "__main__":
    main(sys.argv[1:])
