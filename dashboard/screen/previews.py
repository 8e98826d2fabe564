"""Pictures of what terminals would show, drawn by the kiosk, kept in memory for as long as somebody looks at them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from ratings.remote import Remote

Draw = Callable[[Remote, str], dict[str, bytes]]
"""Settings, and which screen of `terminal/kiosk/preview.py`; gives a PNG for each language. Raises PreviewError."""

MOST = 60
"""Pictures: ten looks, each in six languages."""


class PreviewError(Exception):
    """Nothing could be drawn; the text says why and what to do."""


class Previews:
    """Those that were looked at last. `draw` is the kiosk's, which is handed in: pages know no terminal."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def take(self, settings: Remote, screen: str) -> list[tuple[str, str]]:
        """Languages, and the name under which each picture is found. Raises PreviewError."""
        drawn = self._draw(settings, screen)
        # Not to be guessed: what is planned is not for everybody yet.
        named = [(language, secrets.token_urlsafe(16)) for language in drawn]
        with self._lock:
            for language, name in named:
                self._kept[name] = drawn[language]
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return named

    def find(self, name: str) -> bytes | None:
        """A picture; None where it is not there any more."""
        with self._lock:
            return self._kept.get(name)
