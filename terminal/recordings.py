"""Which recordings are played in a language: what IT has put into a folder of its own, else what ships.

A set is whole or it is nothing: the question, and the names of the four faces. What ships says the question that ships,
without a place; a terminal that asks in other words must never say those, so it needs a recording of its own question.
Knows the files and how long they last; plays nothing.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from ratings.config import Question
from ratings.scale import Score

SHIPPED = Path(__file__).parent / "kiosk" / "recordings"
"""A folder for each language that has a usable voice; `terminal.kiosk.voices` fills it when Fjes is built."""

QUESTION = "question"
CAPTIONS = {score: score.name.lower() for score in Score}
"""Names of the files, without the `.ogg`."""

LONGEST = 30.0
"""Seconds: nobody stands and listens for longer, and a recorder that was forgotten is not meant."""

_PAGE = 65307
"""Bytes of the largest page of an OGG file (RFC 3533, 6)."""
_HEAD = struct.Struct("<4sxBqLLLB")
_LAST = 4
_VORBIS = struct.Struct("<7sLBL")


class RecordingsError(ValueError):
    """Why a language cannot be heard; the text names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class Recording:
    """An OGG Vorbis file, and how many seconds it lasts."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Recordings:
    """All that is said in one language."""

    question: Recording
    captions: dict[Score, Recording]


def find(
    language: str, question: Question, folder: Path | None, *, only: bool = True, shipped: Path = SHIPPED
) -> Recordings:
    """What to play in a language; `folder` is IT's own, `only` whether no other question is asked in other months.

    Raises RecordingsError.
    """
    own = folder / language if folder is not None else None
    for place in (folder, own):
        # A folder that lacks a language is as good as one that has nothing of its own to say.
        if place is not None and (place is folder or _exists(place)) and not os.access(place, os.R_OK | os.X_OK):
            raise RecordingsError(
                f"[sound] folder: {place} is not there, or this user may not read it "
                "(the systemd unit keeps /home closed to it); put it right, or leave folder out"
            )
    return Recordings(_question(language, question, own, shipped, only), _captions(language, own, shipped))


def length(path: Path) -> float:
    """How many seconds an OGG Vorbis file lasts. Raises RecordingsError where it is none, or not whole."""
    mend = "save it anew as OGG Vorbis (docs/sound.md says how)"
    try:
        with path.open("rb") as file:
            start = file.read(_PAGE)
            file.seek(-min(_PAGE, file.seek(0, 2)), 2)
            end = file.read()
    except OSError as error:
        raise RecordingsError(
            f"{path}: cannot be read ({error.strerror or error}); let the kiosk's user read it"
        ) from None
    segments = start[26] if start.startswith(b"OggS") and len(start) > 26 else 0
    packet = start[27 + segments :]
    if not segments or len(packet) < _VORBIS.size or not packet.startswith(b"\x01vorbis"):
        raise RecordingsError(f"{path}: is no OGG Vorbis file; {mend}")
    rate = _VORBIS.unpack_from(packet)[3]
    last = end.rfind(b"OggS")
    if last < 0 or not rate or not (samples := _samples(end[last:])):
        raise RecordingsError(f"{path}: breaks off; copy it again, or {mend}")
    seconds = float(samples / rate)
    if seconds > LONGEST:
        raise RecordingsError(f"{path}: lasts {seconds:.0f} seconds; at most {LONGEST:.0f} are allowed: cut it shorter")
    return seconds


def _samples(page: bytes) -> int:
    """How many samples there are up to the end of a stream's last page (RFC 3533, 6); 0 where it is none, or cut."""
    if len(page) < _HEAD.size:
        return 0
    _, flags, samples, *_, segments = _HEAD.unpack_from(page)
    whole = _HEAD.size + segments + sum(page[_HEAD.size : _HEAD.size + segments])
    return samples if flags & _LAST and samples > 0 and len(page) >= whole else 0


def question_names(question: Question, *, only: bool) -> list[str]:
    """What the recording of a question may be called, best first, without the `.ogg`."""
    # A question may have the name of a face's file as its id.
    own = QUESTION if question.id in CAPTIONS.values() else question.id
    return [own, QUESTION] if only and own != QUESTION else [own]


def _question(language: str, question: Question, own: Path | None, shipped: Path, only: bool) -> Recording:
    names = question_names(question, only=only)
    if own is not None:
        for name in names:
            if _exists(path := own / f"{name}.ogg"):
                return Recording(path, length(path))
    if question.place or language in question.texts:
        wanted = (own or Path("FOLDER") / language) / f"{names[0]}.ogg"
        where = "" if own is not None else ", and name FOLDER under [sound] folder"
        raise RecordingsError(
            f"{wanted} is missing, and what ships says another question than this terminal's, which has a place or "
            f"words of its own; record it, or see whether `fjes terminal recordings` can make it{where}"
        )
    return _shipped(language, QUESTION, shipped)


def _captions(language: str, own: Path | None, shipped: Path) -> dict[Score, Recording]:
    """The four names, all from one place: two voices in turn would be hard to follow."""
    if own is not None:
        paths = {score: own / f"{name}.ogg" for score, name in CAPTIONS.items()}
        missing = [path.name for path in paths.values() if not _exists(path)]
        if not missing:
            return {score: Recording(path, length(path)) for score, path in paths.items()}
        if len(missing) < len(paths):
            raise RecordingsError(
                f"{own}: {' and '.join(sorted(missing))} missing; add what is missing, or remove the other faces' "
                "names, too: they are taken from one place"
            )
    return {score: _shipped(language, name, shipped) for score, name in CAPTIONS.items()}


def _shipped(language: str, name: str, shipped: Path) -> Recording:
    path = shipped / language / f"{name}.ogg"
    if not _exists(path):
        raise RecordingsError(
            f"no recordings ship for {language}, or they were not made; record question.ogg, very_happy.ogg, "
            f"happy.ogg, unhappy.ogg and very_unhappy.ogg into a folder {language} in [sound] folder (docs/sound.md)"
        )
    return Recording(path, length(path))


def _exists(path: Path) -> bool:
    # `Path.exists` raises where a folder on the way may not be entered.
    return os.path.exists(path)
