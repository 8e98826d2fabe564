"""Recordings made by a speech synthesizer (espeak-ng) from the kiosk's own words, where its voice is usable.

`python -m terminal.kiosk.voices` makes those that ship, when Fjes is built; `fjes terminal recordings` those of one
terminal's own question. Without the programs there are no recordings, and everything else works. Knows no sound card.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from array import array
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from ratings.config import Question
from ratings.scale import Score
from terminal import recordings
from terminal.kiosk.words import words

VOICES = {"nb": "nb", "en": "en-gb", "es": "es", "bg": "bg", "ro": "ro"}
"""espeak-ng's voices that can be followed. Its Thai cannot; what nobody has listened to is not in here either."""

PROGRAMS = {"espeak-ng": "espeak-ng", "oggenc": "vorbis-tools"}
"""What is called, and Debian's package of it."""

WORDS_PER_MINUTE = 130
"""Calm: espeak-ng's own speed is 175."""

LOUDNESS = -22.0
"""Root mean square of what is spoken, in dB of full scale: every recording is as loud as every other."""
PEAK = -2.0
"""The highest peak in dB of full scale; where both cannot be had, this holds."""

LEAD = 0.15
"""Seconds of silence before the first sound: some sound cards, and every HDMI screen, swallow the beginning."""
TAIL = 0.1
LEAST = 1.2
"""Seconds that a recording lasts at least: the face that is named is lit as long, and has to be found."""

_AUDIBLE = 10 ** (-45 / 20)
_FULL = 32767.0
_BLOCK = 0.02


class VoicesError(RuntimeError):
    """Nothing can be rendered; the text says what to do."""


def missing() -> str:
    """Why nothing can be rendered here, in one line; empty where it can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if not absent:
        return ""
    packages = " ".join(PROGRAMS[program] for program in absent)
    return f"{' and '.join(absent)} missing; on Debian: apt-get install {packages}"


def said(language: str, questions: Mapping[str, Question]) -> dict[str, str]:
    """What is said in a language: the text of every file, by its name without `.ogg`. `questions` are by name, too."""
    speech = words(language)
    texts = {name: speech.question(question) for name, question in questions.items()}
    texts |= {recordings.CAPTIONS[score]: speech.captions[score] for score in Score}
    return texts


def render(language: str, texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Make `folder/<name>.ogg` of each text, in place of what is there. Raises VoicesError, OSError."""
    if problem := missing():
        raise VoicesError(problem)
    if language not in VOICES:
        raise VoicesError(f"there is no usable voice for {language}; record it (docs/sound.md)")
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in texts.items():
            raw, levelled, encoded = (Path(scratch) / f"{name}{suffix}" for suffix in (".raw.wav", ".wav", ".ogg"))
            voice = [
                "espeak-ng",
                "-v",
                VOICES[language],
                "-s",
                str(WORDS_PER_MINUTE),
                "-b",
                "1",
                "-w",
                str(raw),
                "--stdin",
            ]
            _run(voice, _spoken(text))
            levelled.write_bytes(level(raw.read_bytes()))
            # The serial number would be random: the same words give the same file.
            _run(["oggenc", "-Q", "-q", "4", "--serial", "1", "-o", str(encoded), str(levelled)])
            path = folder / f"{name}.ogg"
            temporary = path.with_suffix(".part")
            temporary.write_bytes(encoded.read_bytes())
            os.replace(temporary, path)
            made.append(path)
    return made


def level(recorded: bytes) -> bytes:
    """A WAV file (mono, 16 bits) as loud as all others, with the silence around it cut to size. Raises VoicesError."""
    with wave.open(BytesIO(recorded)) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise VoicesError("espeak-ng gave no mono sound of 16 bits; install it as Debian has it")
        rate = file.getframerate()
        samples = array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    peak = max(map(abs, samples), default=0)
    if not peak:
        raise VoicesError("espeak-ng was silent; install its voices (Debian's package espeak-ng-data)")
    floor = peak * _AUDIBLE
    heard = [at for at, sample in enumerate(samples) if abs(sample) > floor]
    speech = samples[heard[0] : heard[-1] + 1]
    factor = min(_FULL * 10 ** (LOUDNESS / 20) / _loudness(speech, rate), _FULL * 10 ** (PEAK / 20) / peak)
    loud = array("h", [round(sample * factor) for sample in speech])
    lead, tail = array("h", bytes(2 * round(rate * LEAD))), array("h", bytes(2 * round(rate * TAIL)))
    more = max(0, round(rate * LEAST) - len(lead) - len(loud) - len(tail))
    whole = lead + loud + tail + array("h", bytes(2 * more))
    if sys.byteorder == "big":
        whole.byteswap()
    result = BytesIO()
    with wave.open(result, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())
    return result.getvalue()


def _loudness(samples: array[int], rate: int) -> float:
    """The root mean square over those blocks that are not pauses: a long pause makes nothing louder."""
    size = max(1, round(rate * _BLOCK))
    blocks = (samples[at : at + size] for at in range(0, len(samples), size))
    powers = [sum(sample * sample for sample in block) / len(block) for block in blocks]
    spoken = [power for power in powers if power > max(powers) / 1000]
    return math.sqrt(sum(spoken) / len(spoken))


def _spoken(text: str) -> str:
    """A text as it is said: without the marks that only tell where a line may be broken."""
    plain = "".join(" " if letter.isspace() else letter for letter in text if letter.isprintable() or letter.isspace())
    return f"{plain}\n"


def _run(command: list[str], text: str = "") -> None:
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60, check=False)  # noqa: S603
    if done.returncode:
        problem = done.stderr.decode("utf-8", "replace").strip() or f"it ended with {done.returncode}"
        raise VoicesError(f"{command[0]} failed: {problem}")


def ship(folder: Path = recordings.SHIPPED) -> list[str]:
    """Make what ships, all languages anew; returns the languages. Raises VoicesError, OSError."""
    if problem := missing():
        raise VoicesError(problem)
    for language in VOICES:
        render(language, said(language, {recordings.QUESTION: Question()}), folder / language)
    return list(VOICES)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{recordings.SHIPPED}: {', '.join(ship())}\n")
    except VoicesError as error:
        # No failure: who builds without them gets a kiosk without a listen button.
        sys.stdout.write(f"The kiosk will have no listen button: {error}\n")
    except OSError as error:
        sys.exit(f"{recordings.SHIPPED}: the recordings cannot be written ({error.strerror or error})")
