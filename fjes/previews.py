"""The kiosk as the pages' draughtsman: it draws what terminals would show, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Lock

from dashboard.screen.previews import PreviewError
from ratings import remote
from ratings.remote import Remote
from ratings.sections import LANGUAGES

LIMIT_SECONDS = 60.0
"""On a Raspberry Pi it takes about five."""

_one_at_a_time = Lock()


def can_draw() -> bool:
    """Whether the kiosk's packages are on this machine: a server may have the dashboard alone."""
    return importlib.util.find_spec("kivy") is not None


def draw(settings: Remote, screen: str) -> dict[str, bytes]:
    """As `dashboard.screen.previews.Draw` says."""
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="fjes-preview-") as folder:
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                [sys.executable, "-m", "terminal.kiosk.preview", screen, folder],
                input=remote.encode(settings),
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=False,
                # Drawn by the processor, whatever this machine has; and so that no code is made while it runs, which
                # a service may be forbidden.
                env=os.environ | {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "softpipe"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PreviewError(f"the kiosk could not draw it: {error}") from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise PreviewError(lines[-1] if lines else f"the kiosk ended with {done.returncode}")
        shown = settings.kiosk.languages if settings.kiosk else LANGUAGES
        return {language: (Path(folder) / f"{language}.png").read_bytes() for language in shown}
