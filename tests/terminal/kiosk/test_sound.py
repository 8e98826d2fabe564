"""What is really played: SDL's disk driver writes to a file what a sound card would get, as fast as one would."""

from __future__ import annotations

import array
import contextlib
import itertools
import logging
import math
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ratings.config import Config, Question, Sound
from ratings.scale import Score
from terminal.clock import Clock, SystemClock
from terminal.kiosk import sound
from terminal.kiosk.sound import FREQUENCY, Player
from terminal.kiosk.voice import AGAIN, LINGER, Voice
from terminal.recordings import CAPTIONS, SHIPPED

LANGUAGES = ["nb", "en", "es", "bg", "th", "ro"]
ORDER = [Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY]
RECORDING = SHIPPED / "en" / "very_happy.ogg"
EVENTS = 0x4000
Wait = Callable[..., None]


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.seconds = 100.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


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
def _alone(rig: Any, wait_for: Wait) -> None:
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


@pytest.fixture
def players() -> Iterator[Callable[..., Player]]:
    made: list[Player] = []

    def make(volume_percent: int = 100, device: str | None = None) -> Player:
        made.append(Player(volume_percent, device))
        assert made[-1].wait(10)
        return made[-1]

    yield make
    for player in made:
        player.close()


# The player.


def test_what_is_played_is_the_recording(card: Card, players: Callable[..., Player], wait_for: Wait) -> None:
    players().play(RECORDING)
    expected = decoded(RECORDING)
    wait_for(lambda: len(card.played()) > 2 * len(expected) + FREQUENCY // 2, "the recording to end")
    # The recording has half as many samples a second as the card.
    heard = list(card.played()[::2])
    start = next(at for at, sample in enumerate(heard) if abs(sample) > 200)
    begin = next(at for at, sample in enumerate(expected) if abs(sample) > 200)
    likeness = max(alike(heard[start + shift :], expected[begin:]) for shift in range(-8, 8))
    assert likeness > 0.98
    assert max(map(abs, heard[start + len(expected) - begin + 200 :]), default=0) < 50, "and nothing after it"


def alike(one: list[int], other: list[int]) -> float:
    """The correlation of two sounds, over the shorter of them."""
    pairs = list(zip(one, other, strict=False))
    product = sum(a * b for a, b in pairs)
    return product / math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))


def decoded(path: Path) -> list[int]:
    raw = subprocess.run(["oggdec", "-Q", "-o", "-", str(path)], capture_output=True, check=True).stdout
    with wave.open(BytesIO(raw)) as file:
        return list(array.array("h", file.readframes(file.getnframes())))


def test_the_volume_is_that_of_the_configuration(
    card: Card, players: Callable[..., Player], wait_for: Wait, tmp_path: Path
) -> None:
    tone(tmp_path / "tone.ogg", 440)
    loudest = []
    for percent in (100, 50, 5):
        player = players(percent)
        player.play(tmp_path / "tone.ogg")
        wait_for(lambda: card.is_open() and len(card.played()) > FREQUENCY // 3, "the tone to end")
        loudest.append(card.loudest())
        player.close()
    assert loudest[1] / loudest[0] == pytest.approx(0.5, abs=0.02)
    assert loudest[2] / loudest[0] == pytest.approx(0.05, abs=0.01)


def test_stopped_it_is_silent_at_once(card: Card, players: Callable[..., Player], wait_for: Wait) -> None:
    player = players()
    player.play(SHIPPED / "en" / "question.ogg")
    wait_for(lambda: card.loudest() > 1000, "the first word")
    player.stop()
    at_most = len(card.played()) + FREQUENCY // 10
    wait_for(lambda: len(card.played()) > at_most + FREQUENCY // 4, "silence")
    assert max(map(abs, card.played()[at_most:])) == 0


def test_at_rest_the_sound_card_is_given_back_and_had_again(
    card: Card, players: Callable[..., Player], wait_for: Wait
) -> None:
    player = players()
    wait_for(lambda: not card.is_open(), "the card to be given back once it was found")
    player.play(RECORDING)
    wait_for(lambda: card.loudest() > 1000, "the first sound")
    assert card.is_open()
    player.rest()
    wait_for(lambda: not card.is_open(), "the card to be given back")
    player.play(RECORDING)
    wait_for(lambda: card.is_open() and card.loudest() > 1000, "sound again")


def test_a_file_that_cannot_be_played_is_passed_over_without_a_word(
    card: Card, players: Callable[..., Player], wait_for: Wait, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    player = players()
    broken = tmp_path / "broken.ogg"
    broken.write_bytes(RECORDING.read_bytes()[:3000])
    for path in (tmp_path / "gone.ogg", tmp_path, broken):
        player.play(path)
    player.play(RECORDING)
    wait_for(lambda: card.loudest() > 1000, "sound")
    assert [
        line for line in capfd.readouterr().err.splitlines() if "SDL disk" not in line and "Writing to" not in line
    ] == []


@pytest.mark.usefixtures("no_card")
def test_without_a_sound_card_it_says_why_and_writes_nothing_into_the_log(
    players: Callable[..., Player], capfd: pytest.CaptureFixture[str]
) -> None:
    player = players()
    assert not player.usable
    assert player.problem
    player.play(RECORDING)
    player.stop()
    player.close()
    assert capfd.readouterr() == ("", "")


# ALSA takes a tenth of a second each time.
@pytest.mark.parametrize(("driver", "times"), [("alsa", 3), ("nonsense", 100)])
def test_looking_in_vain_takes_nothing_from_the_window(
    driver: str, times: int, players: Callable[..., Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", driver)
    monkeypatch.setenv("AUDIODEV", "plughw:CARD=NotThere")
    mixer = sound._load()
    mixer.SDL_InitSubSystem(EVENTS)
    player = players()
    for _ in range(times):
        player.look()
    player.close()
    assert player.problem
    assert mixer.SDL_WasInit(EVENTS)
    mixer.SDL_QuitSubSystem(EVENTS)


def test_the_configured_device_is_an_alsa_device(
    players: Callable[..., Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SDL_AUDIODRIVER")
    monkeypatch.delenv("AUDIODEV", raising=False)
    # A card of ALSA's own that nobody hears; every machine with ALSA has it.
    player = players(device="null")
    assert player.usable
    player.close()
    monkeypatch.delenv("SDL_AUDIODRIVER")
    assert not players(device="plughw:CARD=NotThere").usable
    monkeypatch.delenv("SDL_AUDIODRIVER")
    monkeypatch.delenv("AUDIODEV")


# The voice.


@pytest.fixture
def voices() -> Iterator[Callable[..., Voice]]:
    made: list[Voice] = []

    def make(config: Config | None = None, clock: Clock | None = None, **more: Path) -> Voice:
        made.append(Voice(config or Config(), LANGUAGES, clock or HandClock(), **more))
        return made[-1]

    yield make
    for voice in made:
        voice.close()


def test_it_speaks_the_languages_that_have_recordings_and_says_why_not_the_others(
    voices: Callable[..., Voice], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert voices().languages == ("nb", "en", "es", "bg", "ro")
    (line,) = caplog.messages
    assert "no listen button in th: no recordings ship for th" in line


def test_at_volume_0_there_is_nothing_to_hear_nothing_to_wait_for_and_nothing_to_say(
    voices: Callable[..., Voice], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = threading.active_count()
    voice = voices(Config(sound=Sound(volume_percent=0)))
    voice.speak("nb", Question(), ORDER)
    voice.advance()
    assert (voice.languages, voice.speaking, voice.deadline()) == ((), False, None)
    assert caplog.messages == []
    assert threading.active_count() == before


@pytest.mark.usefixtures("no_card")
@pytest.mark.parametrize(
    ("device", "level", "what"),
    [(None, logging.INFO, "a sound card"), ("hw:9", logging.WARNING, r"[sound] device 'hw:9'")],
)
def test_without_a_sound_card_there_are_no_languages_and_that_is_said_once(
    voices: Callable[..., Voice], caplog: pytest.LogCaptureFixture, device: str | None, level: int, what: str
) -> None:
    caplog.set_level(logging.INFO)
    clock = HandClock()
    voice = voices(Config(sound=Sound(device=device)), clock)
    for _ in range(3):
        assert voice.languages == ()
        voice.speak("nb", Question(), ORDER)
        assert not voice.speaking
        clock.move(AGAIN + 1)
        voice.advance()
    (record,) = [each for each in caplog.records if "cannot be opened" in each.message]
    assert record.levelno == level
    assert f"no listen button: {what} cannot be opened (" in record.message
    assert "volume_percent = 0" in record.message


def test_each_face_is_told_while_it_is_named_and_then_it_is_over(voices: Callable[..., Voice]) -> None:
    clock = HandClock()
    voice = voices(clock=clock)
    order = ORDER[::-1]
    voice.speak("nb", Question(), order)
    named = []
    while voice.speaking:
        if voice.naming is not None:
            named.append(voice.naming)
        deadline = voice.deadline()
        assert deadline is not None
        clock.move(deadline - clock.seconds)
        voice.advance()
    assert named == order
    assert voice.naming is None


def test_hushed_it_says_no_more_and_gives_the_card_back_a_while_later(
    card: Card, voices: Callable[..., Voice], wait_for: Wait
) -> None:
    clock = HandClock()
    voice = voices(clock=clock)
    voice.speak("nb", Question(), ORDER)
    wait_for(lambda: card.loudest() > 1000, "the first word")
    voice.hush()
    assert not voice.speaking
    at_most = len(card.played()) + FREQUENCY // 10
    wait_for(lambda: len(card.played()) > at_most + 1000, "silence")
    assert max(map(abs, card.played()[at_most:])) == 0
    assert voice.deadline() == clock.seconds + LINGER
    clock.move(LINGER)
    voice.advance()
    wait_for(lambda: not card.is_open(), "the card to be given back")
    assert voice.deadline() is None


def test_asked_again_it_begins_anew(voices: Callable[..., Voice]) -> None:
    clock = HandClock()
    voice = voices(clock=clock)
    voice.speak("nb", Question(), ORDER)
    first = voice.deadline()
    assert first is not None
    clock.move(first - clock.seconds)
    voice.advance()
    voice.speak("nb", Question(), ORDER)
    assert voice.deadline() == pytest.approx(clock.seconds + (first - 100.0))


def test_in_a_language_without_recordings_it_is_silent(voices: Callable[..., Voice]) -> None:
    voice = voices()
    voice.speak("th", Question(), ORDER)
    assert not voice.speaking


def test_a_question_with_a_place_is_not_said_without_it(
    voices: Callable[..., Voice], caplog: pytest.LogCaptureFixture
) -> None:
    voice = voices()
    caplog.set_level(logging.INFO)
    voice.speak("nb", Question(place="Pro Sentret"), ORDER)
    assert not voice.speaking
    assert voice.languages == ()
    assert caplog.messages == [], "no line when somebody wants to listen"
    voice.ask(Question(place="Pro Sentret"))
    assert "no listen button in nb: FOLDER/nb/visit.ogg is missing" in caplog.text
    voice.ask(Question())
    assert "nb" in voice.languages


def test_a_card_that_goes_takes_the_languages_away_without_a_line_and_coming_back_brings_them(
    voices: Callable[..., Voice],
    wait_for: Wait,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    clock = HandClock()
    voice = voices(clock=clock)
    caplog.set_level(logging.INFO)
    assert voice.languages
    wait_for(lambda: not Card.is_open(), "the card to be given back")
    with monkeypatch.context() as gone:
        gone.setenv("SDL_AUDIODRIVER", "nonsense")
        voice.speak("nb", Question(), ORDER)
        wait_for(lambda: not voice.languages, "it to be noticed")
        voice.advance()
        assert not voice.speaking
    assert voice.deadline() == clock.seconds + AGAIN
    clock.move(AGAIN)
    voice.advance()
    wait_for(lambda: voice.languages, "the card to be found again")
    voice.advance()
    assert voice.deadline() is None
    assert caplog.messages == []
    assert capfd.readouterr() == ("", "")


def test_by_the_real_clock_the_question_is_heard_and_then_the_faces_in_the_order_of_the_screen(
    card: Card, voices: Callable[..., Voice], wait_for: Wait, tmp_path: Path
) -> None:
    pitches = dict(zip(["question", *(CAPTIONS[score] for score in ORDER)], range(300, 1300, 200), strict=True))
    (tmp_path / "nb").mkdir()
    for name, pitch in pitches.items():
        tone(tmp_path / "nb" / f"{name}.ogg", pitch)
    voice = voices(Config(sound=Sound(folder=tmp_path, volume_percent=100)), SystemClock())
    assert voice.languages[:2] == ("nb", "en")
    order = [Score.HAPPY, Score.VERY_UNHAPPY, Score.VERY_HAPPY, Score.UNHAPPY]
    voice.speak("nb", Question(), order)

    def over() -> bool:
        voice.advance()
        return not voice.speaking

    wait_for(over, "the end")
    heard = [pitch_of(burst) for burst in card.bursts()]
    expected = [pitches["question"], *(pitches[CAPTIONS[score]] for score in order)]
    assert heard == [pytest.approx(pitch, rel=0.03) for pitch in expected]


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


def pitch_of(burst: array.array[int]) -> float:
    """Hertz, by how often it crosses zero."""
    crossings = [at for at, (before, after) in enumerate(itertools.pairwise(burst)) if before < 0 <= after]
    return (len(crossings) - 1) * FREQUENCY / (crossings[-1] - crossings[0])


def test_the_window_goes_on_while_the_sound_card_comes_and_goes(
    rig: Any, card: Card, voices: Callable[..., Voice], wait_for: Wait
) -> None:
    voice = voices(clock=rig.clock)
    for score in ORDER:
        voice.speak("nb", Question(), ORDER)
        wait_for(card.is_open, "the card to be opened")
        rig.tap(score)
        voice.hush()
        rig.wait(LINGER + 1)
        voice.advance()
        wait_for(lambda: not card.is_open(), "the card to be given back")
        rig.wait(700)
    assert [score for score, _ in rig.notebook.taps] == ORDER
