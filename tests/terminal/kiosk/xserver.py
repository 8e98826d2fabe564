"""A real X server with a real pointer and keyboard, and a machine for a process of ours to run on it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops

from ratings import table
from ratings.config import Config
from ratings.scale import Score
from terminal.ledger import Ledger

Size = tuple[int, int]
LIMIT = 30.0
"""Seconds after which something will not happen any more."""


def wait(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, f"not within {LIMIT} s: {what}"
        time.sleep(0.01)


def colours(picture: Image.Image) -> set[Any]:
    return {colour for _, colour in picture.getcolors(1 << 20) or []}


class XImage(ctypes.Structure):
    """The beginning of Xlib's."""

    _fields_ = [(name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")] + [("data", ctypes.c_void_p)]


class Cursor(ctypes.Structure):
    """The beginning of XFixesCursorImage."""

    _fields_ = [
        *((name, ctypes.c_short) for name in ("x", "y")),
        *((name, ctypes.c_ushort) for name in ("width", "height", "xhot", "yhot")),
        ("serial", ctypes.c_ulong),
        ("pixels", ctypes.POINTER(ctypes.c_ulong)),
    ]


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, as long as an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 16),
    ]


class Server:
    """An X server without a window manager, and somebody in front of it."""

    def __init__(self, size: Size) -> None:
        self.size = size
        program = shutil.which("Xvfb")
        assert program, "Xvfb is missing: on Debian install xvfb"
        read, write = os.pipe()
        command = [program, "-displayfd", str(write), "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
        self.process = subprocess.Popen([*command, "-noreset"], pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.test = ctypes.CDLL("libXtst.so.6")
        self.fixes = ctypes.CDLL("libXfixes.so.3")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XGetImage.restype = ctypes.POINTER(XImage)
        self.x11.XDefaultRootWindow.restype = self.x11.XInternAtom.restype = ctypes.c_ulong
        self.fixes.XFixesGetCursorImage.restype = ctypes.POINTER(Cursor)
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(self.name.encode()))
        assert self.display
        self.root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))

    def close(self) -> None:
        self.x11.XCloseDisplay(self.display)
        self.process.terminate()
        self.process.wait()

    def click(self, x: float, y: float, button: int = 1) -> None:
        self.test.XTestFakeMotionEvent(self.display, 0, int(x), int(y), 0)
        for down in (1, 0):
            self.test.XTestFakeButtonEvent(self.display, button, down, 0)
        self.x11.XSync(self.display, 0)

    def type(self, *names: str) -> None:
        """Press keys, the last one while the others are held, and let go of them."""
        self.x11.XStringToKeysym.restype = ctypes.c_ulong
        codes = []
        for name in names:
            symbol = ctypes.c_ulong(self.x11.XStringToKeysym(name.encode()))
            codes.append(self.x11.XKeysymToKeycode(self.display, symbol) & 0xFF)
        assert all(codes), names
        for code in codes:
            self.test.XTestFakeKeyEvent(self.display, code, 1, 0)
        for code in reversed(codes):
            self.test.XTestFakeKeyEvent(self.display, code, 0, 0)
        self.x11.XSync(self.display, 0)

    def windows(self) -> list[int]:
        """What programs have opened."""
        windows, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        unused = ctypes.c_ulong()
        self.x11.XQueryTree(
            self.display,
            self.root,
            ctypes.byref(unused),
            ctypes.byref(unused),
            ctypes.byref(windows),
            ctypes.byref(count),
        )
        return windows[: count.value]

    def resize(self, size: Size) -> None:
        """What a window manager does when somebody drags a corner."""
        for window in self.windows():
            self.x11.XMoveResizeWindow(self.display, ctypes.c_ulong(window), 0, 0, *size)
        self.x11.XSync(self.display, 0)

    def ask_to_close(self) -> None:
        """What a window manager sends every window when somebody presses Alt-F4, or clicks a cross."""
        assert self.windows()
        for window in self.windows():
            message = ClientMessage(type=33, window=window, format=32)
            message.message_type = self.x11.XInternAtom(self.display, b"WM_PROTOCOLS", 0)
            message.data[0] = self.x11.XInternAtom(self.display, b"WM_DELETE_WINDOW", 0)
            self.x11.XSendEvent(self.display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
        self.x11.XSync(self.display, 0)

    def picture(self) -> Image.Image:
        width, height = self.size
        image = self.x11.XGetImage(
            self.display,
            self.root,
            0,
            0,
            width,
            height,
            ctypes.c_ulong(0xFFFFFFFF),
            2,  # ZPixmap
        )
        data = ctypes.string_at(image.contents.data, width * height * 4)
        return Image.frombytes("RGB", self.size, data, "raw", "BGRX")

    def cursor_is_seen(self) -> bool:
        image = self.fixes.XFixesGetCursorImage(self.display).contents
        return any(image.pixels[number] >> 24 & 0xFF for number in range(image.width * image.height))

    def shows(self, picture: Image.Image) -> bool:
        return ImageChops.difference(self.picture(), picture).getbbox() is None


class Place:
    """A machine of its own for a process: its card, its configuration, and folders that are to stay empty."""

    def __init__(self, folder: Path, server: Server, kiosk: str) -> None:
        self.server = server
        self.store = folder / "card"
        self.store.mkdir()
        self.state = folder / "state"
        self.config = folder / "fjes.toml"
        # No sound: where there is a card, a listen button would come some time after the faces.
        rest = f"[sound]\nvolume_percent = 0\n[kiosk]\nthanks_seconds = 0.5\n{kiosk}"
        where = f'store = "{self.store}"\nstate = "{self.state}"'
        self.config.write_text(f'[terminal]\nclock = "system"\n{where}\n{rest}', "utf-8")
        self.empty = [folder / name for name in ("home", "temporary", "here")]
        for each in self.empty:
            each.mkdir()

    def start(self, command: str, *program: str, under: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start one of our processes; `under` is what starts it in its turn, such as strace with its options."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KIVY", "SDL", "XDG")) and name not in ("WAYLAND_DISPLAY", "XAUTHORITY")
        }
        home, temporary, here = self.empty
        kept |= {"HOME": str(home), "TMPDIR": str(temporary), "DISPLAY": self.server.name}
        kept |= {"PYTHONPATH": str(Path.cwd()), "PYTHONDONTWRITEBYTECODE": "1"}
        python = [sys.executable, "-W", "error", *(program or ("-m", "fjes"))]
        return subprocess.Popen(
            [*under, *python, "terminal", command, "--config", str(self.config)],
            cwd=here,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def files(self) -> list[Path]:
        return [path for folder in self.empty for path in folder.rglob("*")]

    def ratings(self) -> dict[Score, int]:
        """What is counted on the card."""
        config = Config()
        ledger = Ledger.open(self.store, config.release, ZoneInfo("Europe/Oslo"), config.kiosk.languages)
        found = [0] * len(Score)
        for question, slice_, _, text in ledger.cells.running(ledger.epoch):
            if slice_ is table.Slice.TOTAL:
                cells = ledger.cells.read(ledger.epoch, question, slice_, text)
                for counts in cells.values():
                    found = [one + more for one, more in zip(found, counts, strict=True)]
        ledger.close()
        return {score: number for score, number in zip(Score, found, strict=True) if number}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(getattr(request, "param", (800, 480)))
    yield server
    server.close()


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Callable[[str], Place]:
    def make(kiosk: str) -> Place:
        return Place(tmp_path, server, kiosk)

    return make
