"""What the player really plays, read from SDL's disk driver."""

from __future__ import annotations

import array
import math
import os
import subprocess
import wave
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from terminal.kiosk import environment, sound
from terminal.kiosk.sound import FREQUENCY, Player
from terminal.recordings import SHIPPED
from tests.terminal.kiosk.hearing import Card, Wait, tone
from tests.terminal.kiosk.hearing import alone as alone
from tests.terminal.kiosk.hearing import card as card
from tests.terminal.kiosk.hearing import no_card as no_card

RECORDING = SHIPPED / "en" / "very_happy.ogg"
EVENTS = 0x4000


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


def test_a_sessions_sound_server_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "")
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for there in (False, True):
        if there:
            (tmp_path / "pulse").mkdir()
            (tmp_path / "pulse" / "native").touch()
        monkeypatch.delenv("SDL_AUDIODRIVER")
        environment.choose_sound_card(None)
        assert os.environ.get("SDL_AUDIODRIVER") == (None if there else "alsa")
        monkeypatch.setenv("SDL_AUDIODRIVER", "")
