"""What Kivy and SDL must be told before they are first imported. The one place that sets their variables.

Kivy, left alone, reads the command line, keeps settings and logs in the home directory, and takes touches from two
providers at once. Knows nothing of faces; imports Kivy only inside its functions.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_VARIABLES = {
    "KIVY_NO_ARGS": "1",
    "KIVY_NO_CONFIG": "1",
    "KIVY_NO_ENV_CONFIG": "1",
    "KIVY_NO_FILELOG": "1",
    "KIVY_NO_CONSOLELOG": "1",
    "KIVY_LOG_MODE": "PYTHON",
    # Where SDL finds no window, Kivy's other ways to one would end the process without a word of what to do.
    "KIVY_WINDOW": "sdl2",
    # One pixel of the layout is one pixel of the panel, whatever the panel says of itself.
    "KIVY_METRICS_DENSITY": "1",
    "KIVY_METRICS_FONTSCALE": "1",
    "KIVY_DPI": "96",
    # SIGTERM is for systemd and `fjes`, which stop the kiosk in order; SDL would make a window's close button of it.
    "SDL_NO_SIGNAL_HANDLERS": "1",
    # A press is made of the first finger, and no finger of a press: both together are told of once. SDL's own choice,
    # but not left to it.
    "SDL_TOUCH_MOUSE_EVENTS": "1",
    "SDL_MOUSE_TOUCH_EVENTS": "0",
    # A kiosk is looked at, not typed at: the screen must not be blanked under a visitor.
    "SDL_VIDEO_ALLOW_SCREENSAVER": "0",
    # Mesa would keep compiled shaders in the home directory (Debian 13's does): a few, compiled in no time.
    "MESA_SHADER_CACHE_DISABLE": "true",
}

_SETTINGS = {
    ("kivy", "exit_on_escape"): "0",
    ("kivy", "pause_on_minimize"): "0",
    ("graphics", "resizable"): "0",
    ("graphics", "multisamples"): "0",
    # The kiosk's own loop sleeps; see app.py.
    ("graphics", "maxfps"): "0",
    ("graphics", "allow_screensaver"): "0",
}


_DRIVERS = "x11,wayland,kmsdrm"
"""Where SDL may open a window, first of all first. Left alone, it would end with a window in memory that nobody sees: a
kiosk that is started before the X server has to fail, and be started again."""


class DisplayError(RuntimeError):
    """No window can be opened, or it is lost; the text says what to do."""


def has_display() -> bool:
    """Whether there is a screen to open a window on: an X11 or Wayland session, or a graphics card."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    cards = Path("/dev/dri").glob("card*")
    return any(os.access(card, os.R_OK | os.W_OK) for card in cards)


def prepare(*, offscreen: bool) -> None:
    """Set the variables. Must come before the first import of Kivy; a second call changes nothing.

    `offscreen` renders real OpenGL into memory instead of a window.
    """
    os.environ.update(_VARIABLES)
    # Kivy writes nothing there with these settings, but it wants a name; ours is one that it cannot mistake for a home.
    os.environ["KIVY_HOME"] = str(Path(tempfile.gettempdir()) / "fjes-keeps-no-kivy-home")
    if offscreen:
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    elif sys.platform == "linux":
        os.environ.setdefault("SDL_VIDEODRIVER", _DRIVERS)


def choose_sound_card(device: str | None) -> None:
    """Tell SDL which ALSA device to play on; None leaves the choice to SDL. Must come before sound is first opened.

    A driver that was named from outside stays: `SDL_AUDIODRIVER=dummy` keeps a machine silent.
    """
    if device is not None:
        os.environ["AUDIODEV"] = device
    if device is not None or not _has_sound_server():
        # Where SDL looks for PulseAudio in vain, that leaves folders behind, in the home directory and in /tmp.
        os.environ.setdefault("SDL_AUDIODRIVER", "alsa")


def _has_sound_server() -> bool:
    """Whether the session has PulseAudio, or PipeWire in its place."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return "PULSE_SERVER" in os.environ or (runtime is not None and (Path(runtime) / "pulse" / "native").exists())


def settle() -> None:
    """Set Kivy's own settings. Must come before whatever else of Kivy: its clock, say, reads them when imported.

    Raises DisplayError where that is too late, or `prepare` was not called.
    """
    # Kivy introduces itself when it is imported, sets its own level, and complains of every optional library that it
    # does not find; that a window cannot be had is said below.
    logging.getLogger("kivy").addFilter(_is_worth_saying)
    is_late = "kivy.clock" in sys.modules
    from kivy.config import Config

    set_before = all(Config.get(section, key) == value for (section, key), value in _SETTINGS.items())
    if "KIVY_HOME" not in os.environ or (is_late and not set_before):
        raise DisplayError("Kivy was imported before environment.prepare() and environment.settle()")
    for (section, key), value in _SETTINGS.items():
        Config.set(section, key, value)
    # Exactly one provider: SDL turns the first finger on a touch panel into this mouse. A second provider would
    # count a touch twice; on a right click Kivy would draw red dots for a second finger.
    Config.remove_section("input")
    Config.add_section("input")
    Config.set("input", "mouse", "mouse,disable_multitouch,disable_hover")


def open_window(size: tuple[int, int] | None, title: str) -> Any:
    """Open the process's one window (Kivy's `Window`) and return it.

    `size` is in pixels; None takes the full screen. Raises DisplayError when there is no window system or no OpenGL.
    """
    if "kivy.core.window" in sys.modules:
        raise DisplayError("the kiosk's window is opened once in a process")
    settle()
    from kivy.config import Config

    with contextlib.nullcontext(None) if size else _x11_screen() as screen:
        Config.set("graphics", "fullscreen", "0" if size or screen else "auto")
        for name, length in zip(("width", "height"), size or screen or (), strict=False):
            Config.set("graphics", name, str(length))
        if screen:
            for name, value in {"borderless": "1", "position": "custom", "left": "0", "top": "0"}.items():
                Config.set("graphics", name, value)

        from kivy.core.window import Window

    if Window is None:
        raise DisplayError(
            "no window could be opened: the screen is not there, or OpenGL is missing; on Debian and Raspberry Pi OS "
            "install libgl1 and libegl1, and run the kiosk in a session or as a user of the groups video and render"
        )
    Window.set_title(title)
    if size is None:
        Window.show_cursor = False
        Window.fullscreen = "auto"
    # Without X, SDL makes the surface anew at the first swap, and what was drawn until then is lost: the screen would
    # stay black until something changes. So an empty picture goes first.
    Window.flip()
    return Window


def _is_worth_saying(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.CRITICAL and not record.getMessage().startswith("Window:")


@contextlib.contextmanager
def _x11_screen() -> Iterator[tuple[int, int] | None]:
    """The size of the X server's screen in pixels; None where there is no X server.

    SDL leaves full screen to the window manager. Where there is none, it believes in a full screen while the window
    stays small, and touches land beside what is seen. So the window is opened as large as the screen to begin with,
    and meanwhile the connection is held: a server whose last client leaves starts anew, and takes nobody until then.
    """
    if not os.environ.get("DISPLAY") or "x11" not in os.environ.get("SDL_VIDEODRIVER", "x11"):
        yield None
        return
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        yield None
        return
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        yield None
        return
    screen = x11.XDefaultScreen(display)
    yield x11.XDisplayWidth(display, screen), x11.XDisplayHeight(display, screen)
    x11.XCloseDisplay(display)
