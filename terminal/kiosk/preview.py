"""What visitors would see of settings that the dashboard has not sent yet: drawn by the kiosk's own screens.

    python -m terminal.kiosk.preview asking FOLDER < settings.json

reads what would be sent (`ratings/remote.py`), and writes a picture for each language shown, such as FOLDER/nb.png.
What cannot be shown is said on standard error, and ends it with 1. Knows no visit, no clock and no ledger.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ratings import remote
from ratings.config import Config, ConfigError
from ratings.remote import Remote
from terminal.kiosk import environment, gallery, pictograms
from terminal.kiosk.environment import DisplayError
from terminal.kiosk.typeface import TypefaceError
from terminal.kiosk.words import WordsError, words
from terminal.visit import State

SIZE = (800, 480)
"""Of the usual panel, in pixels."""

SCREENS = ("asking", "follow-up", "attract")
"""What can be looked at: the question, the one that follows, and what is shown while nobody is there."""


def pictures(settings: Remote, screen: str) -> dict[str, Image.Image]:
    """The screen in each language shown, in order. Once in a process.

    Raises ConfigError, DisplayError, TypefaceError, WordsError.
    """
    config = remote.combine(Config(), settings, "the settings")
    spoken = [words(language) for language in config.kiosk.languages]
    environment.prepare(offscreen=True)
    environment.open_window(SIZE, "Fjes")
    # They import Kivy.
    from terminal.kiosk import screens
    from terminal.kiosk.drawing import View
    from terminal.kiosk.lettering import Lettering

    reasons, said, letters = config.follow_up.reasons, config.said.texts, Lettering()
    place = screens.arrange(*SIZE, spoken, letters, config.kiosk.best_face, said=said)
    drawn = screens.Screens(
        place, spoken, config.questions[0], letters, reasons, pictograms.pictures(reasons), said=said
    )
    state = State.FOLLOW_UP if screen == "follow-up" else State.ASKING
    return {
        each.language: gallery.picture(
            drawn, View(state, each.language, said=screen == "attract" and bool(said.get(each.language)))
        )
        for each in spoken
    }


def main(arguments: Sequence[str]) -> int:
    """Write the pictures; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m terminal.kiosk.preview", description=__doc__)
    parser.add_argument("screen", choices=SCREENS)
    parser.add_argument("folder", type=Path)
    wanted = parser.parse_args(arguments)
    try:
        for language, drawn in pictures(remote.decode(sys.stdin.buffer.read(), "the settings"), wanted.screen).items():
            drawn.save(wanted.folder / f"{language}.png")
    except (ConfigError, DisplayError, TypefaceError, WordsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
