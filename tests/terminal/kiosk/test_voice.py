"""The kiosk's voice: which languages it has, what it says when, and when it is silent; with a real player."""

from __future__ import annotations

import array
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ratings.config import Config, Question, Sound
from ratings.scale import Score
from terminal.clock import Clock, SystemClock
from terminal.kiosk.sound import FREQUENCY
from terminal.kiosk.voice import AGAIN, LINGER, Voice
from terminal.recordings import CAPTIONS
from tests.terminal.kiosk.hearing import Card, Wait, tone
from tests.terminal.kiosk.hearing import alone as alone
from tests.terminal.kiosk.hearing import card as card
from tests.terminal.kiosk.hearing import no_card as no_card

LANGUAGES = ["nb", "en", "es", "bg", "th", "ro"]
ORDER = [Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY]


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
