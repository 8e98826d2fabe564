"""Plays a recording through SDL's mixer, which comes with Kivy. Knows no words, no faces and no window.

A thread of its own does all that may take time: a sound card opens in some milliseconds, closes in a hundred, and one
that hangs must not hold up the kiosk. The card is held only while something is said, since an open one wakes the
processor a hundred times a second. The thread waits for what it is told; it polls nothing.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue

from terminal.kiosk import environment

FREQUENCY = 44100
_BUFFER = 512
"""Frames: 12 ms, which is what a press waits until it is heard."""
_STEREO = 2
# SDL_audio.h, SDL_mixer.h and SDL.h.
_S16 = 0x8010 if sys.byteorder == "little" else 0x9010
_ANY_CHANGE = 0x0F
_OGG = 0x10
_AUDIO = 0x10
_FULL = 128

_NOTHING = ctypes.CFUNCTYPE(None)(lambda: None)
"""Kept for the whole process: ALSA keeps its address."""


class SoundError(RuntimeError):
    """Nothing can be played; the text says why."""


class Player:
    """Plays one file at a time; a process has one player at a time, as SDL has one mixer.

    Every method returns at once, but `wait`, and `close` at the end.

    `device` is an ALSA device; None leaves the choice to SDL. Files are OGG Vorbis. Where a file cannot be played,
    nothing is heard and nothing is said: a line in a log would tell when somebody stood there.
    """

    def __init__(self, volume_percent: int, device: str | None = None) -> None:
        environment.choose_sound_card(device)
        self._volume = round(_FULL * volume_percent / 100)
        self._mixer: ctypes.CDLL | None = None
        self._music: int | None = None
        self._open = False
        self._usable = False
        self._problem = ""
        self._known = threading.Event()
        self._orders: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="fjes-sound", daemon=True)
        self._thread.start()
        self.look()

    @property
    def usable(self) -> bool:
        """Whether there was a sound card when one was last looked for, or wanted."""
        return self._usable

    @property
    def problem(self) -> str:
        """Why there was none; empty while it is not known yet."""
        return self._problem

    def look(self) -> None:
        """Look for the sound card anew: open it, and give it back."""
        self._known.clear()
        self._orders.put(self._look)

    def wait(self, seconds: float) -> bool:
        """Wait until it is known whether there is a sound card, but no longer; returns whether it is known."""
        return self._known.wait(seconds)

    def play(self, path: Path) -> None:
        """Play a file from its beginning, in place of what was playing."""
        self._orders.put(lambda: self._play(path))

    def stop(self) -> None:
        """Be silent."""
        self._orders.put(self._stop)

    def rest(self) -> None:
        """Be silent, and give the sound card back until something is to be played."""
        self._orders.put(self._rest)

    def close(self) -> None:
        """Give everything back. Nothing can be played afterwards."""
        self._orders.put(self._rest)
        self._orders.put(None)
        # A card that hangs is left to the end of the process.
        self._thread.join(2.0)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                order()
            except SoundError as error:
                self._usable, self._problem = False, str(error)
            self._known.set()

    def _look(self) -> None:
        self._ready()
        self._known.set()
        self._rest()

    def _play(self, path: Path) -> None:
        mixer = self._ready()
        self._stop()
        self._music = mixer.Mix_LoadMUS(os.fsencode(path))
        if self._music is not None:
            mixer.Mix_VolumeMusic(self._volume)
            mixer.Mix_PlayMusic(self._music, 0)

    def _stop(self) -> None:
        if self._mixer is not None and self._music is not None:
            self._mixer.Mix_HaltMusic()
            self._mixer.Mix_FreeMusic(self._music)
            self._music = None

    def _rest(self) -> None:
        self._stop()
        if self._mixer is not None and self._open:
            self._open = False
            self._mixer.Mix_CloseAudio()
            _quit(self._mixer)

    def _ready(self) -> ctypes.CDLL:
        """The mixer with the sound card open. Raises SoundError."""
        if self._mixer is None:
            self._mixer = _load()
        mixer = self._mixer
        if not self._open:
            if mixer.Mix_OpenAudioDevice(FREQUENCY, _S16, _STEREO, _BUFFER, None, _ANY_CHANGE):
                problem = mixer.SDL_GetError().decode("utf-8", "replace") or "no sound card was found"
                # Told before tidying up: that may take a tenth of a second.
                self._usable, self._problem = False, problem
                self._known.set()
                _quit(mixer)
                raise SoundError(problem)
            self._open = True
        self._usable, self._problem = True, ""
        return mixer


def _quit(mixer: ctypes.CDLL) -> None:
    # SDL counts: to end what has not begun could take the window's events away.
    if mixer.SDL_WasInit(_AUDIO):
        mixer.SDL_QuitSubSystem(_AUDIO)


def _load() -> ctypes.CDLL:
    """SDL's mixer, and SDL itself, as Kivy brings them. Raises SoundError."""
    kivy = find_spec("kivy")
    places = [str(Path(place) / "core" / "audio") for place in (kivy and kivy.submodule_search_locations) or ()]
    # Kivy's own module for sound is not imported: it would hold the sound card for good, and look ten times a second
    # whether a file has ended. But whatever it is linked to is found through it, in a wheel as in Debian's package.
    linked = PathFinder.find_spec("audio_sdl2", places)
    if linked is None or linked.origin is None:
        raise SoundError("this Kivy has no SDL mixer; install it as requirements.lock names it")
    try:
        mixer = ctypes.CDLL(linked.origin)
        mixer.Mix_Init.restype = ctypes.c_int
    except (OSError, AttributeError) as error:
        raise SoundError(f"the SDL mixer of Kivy cannot be used: {error}") from None
    mixer.SDL_GetError.restype = ctypes.c_char_p
    mixer.Mix_OpenAudioDevice.argtypes = [
        ctypes.c_int,
        ctypes.c_uint16,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
    ]
    mixer.Mix_LoadMUS.argtypes, mixer.Mix_LoadMUS.restype = [ctypes.c_char_p], ctypes.c_void_p
    mixer.Mix_PlayMusic.argtypes = [ctypes.c_void_p, ctypes.c_int]
    mixer.Mix_FreeMusic.argtypes, mixer.Mix_FreeMusic.restype = [ctypes.c_void_p], None
    mixer.Mix_CloseAudio.restype = mixer.SDL_QuitSubSystem.restype = None
    mixer.SDL_QuitSubSystem.argtypes = mixer.SDL_WasInit.argtypes = [ctypes.c_uint32]
    if not mixer.Mix_Init(_OGG) & _OGG:
        raise SoundError("the SDL mixer of Kivy cannot play OGG; install Kivy as requirements.lock names it")
    _hush_alsa()
    return mixer


def _hush_alsa() -> None:
    # It writes to standard error, and so to the system's log, when a card cannot be opened: at a visitor's press.
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_NOTHING)
    except (OSError, AttributeError):
        return
