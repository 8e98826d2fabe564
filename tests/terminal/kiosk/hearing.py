"""For tests of sound: a sound card that can be read, and none at all.

SDL's disk driver writes to a file what a sound card would get, as fast as one would. A test file that uses these
imports the fixtures by name.
"""

from __future__ import annotations

import array
import contextlib
import math
import subprocess
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from terminal.kiosk.sound import FREQUENCY

Wait = Callable[..., None]


class Card:
    """A sound card that can be read: what was played since it was opened, and whether it is open."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def played(self) -> array.array[int]:
        """The left channel; the right one is the same."""
        content = self._file.read_bytes() if self._file.exists() else b""
        samples = array.array("h", content[: len(content) // 4 * 4])
        assert samples[::2] == samples[1::2]
        return samples[::2]

    def loudest(self) -> int:
        return max(map(abs, self.played()), default=0)

    def bursts(self) -> list[array.array[int]]:
        """What was played, cut at every tenth of a second of silence."""
        pieces: list[array.array[int]] = []
        silence = FREQUENCY
        for sample in self.played():
            if abs(sample) >= 50:
                if silence > FREQUENCY // 10:
                    pieces.append(array.array("h"))
                silence = 0
            else:
                silence += 1
            if pieces and silence <= FREQUENCY // 10:
                pieces[-1].append(sample)
        return pieces

    @staticmethod
    def is_open() -> bool:
        # SDL names the thread that feeds the card. A thread may end while it is looked at.
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):
                if (task / "comm").read_text().startswith("SDLAudio"):
                    return True
        return False


@pytest.fixture(autouse=True)
def alone(rig: Any, wait_for: Wait) -> None:
    """SDL has one mixer in a process: the kiosk that the tests share has to be silent."""
    wait_for(lambda: not Card.is_open(), "silence")


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(tmp_path / "played.raw"))
    return Card(tmp_path / "played.raw")


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "alsa")
    monkeypatch.setenv("AUDIODEV", "plughw:CARD=NotThere")


def tone(path: Path, pitch: int) -> None:
    """A recording of a fifth of a second at so many hertz."""
    file = BytesIO()
    with wave.open(file, "wb") as sounds:
        sounds.setnchannels(1)
        sounds.setsampwidth(2)
        sounds.setframerate(22050)
        samples = [round(8000 * math.sin(2 * math.pi * pitch * at / 22050)) for at in range(4410)]
        sounds.writeframes(array.array("h", samples).tobytes())
    path.with_suffix(".wav").write_bytes(file.getvalue())
    subprocess.run(["oggenc", "-Q", "-o", str(path), str(path.with_suffix(".wav"))], check=True)
