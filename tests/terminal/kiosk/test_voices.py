"""Recordings made by the synthesizer: what it is given to say, how loud that is, and what happens without it."""

from __future__ import annotations

import array
import math
import os
import subprocess
import sys
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fjes.cli import main
from ratings.config import Question
from ratings.scale import Score
from terminal.kiosk import voices, words
from terminal.recordings import CAPTIONS, find

HERE = Path(__file__).resolve().parents[3]
RATE = 22050


def test_every_voice_has_words_to_say() -> None:
    for language in voices.VOICES:
        said = voices.said(language, {"question": Question()})
        assert said["question"] == words.words(language).question(Question())
        assert {name: said[name] for name in CAPTIONS.values()} == {
            CAPTIONS[score]: words.words(language).captions[score] for score in Score
        }


def test_what_only_tells_where_lines_may_break_is_not_spoken() -> None:
    assert (
        voices._spoken("på Pro\N{NO-BREAK SPACE}Sentret\N{ZERO WIDTH SPACE}i\N{SOFT HYPHEN}dag?")
        == "på Pro Sentretidag?\n"
    )
    assert voices._spoken("Колко доволни сте?") == "Колко доволни сте?\n"


@pytest.mark.parametrize("amplitude", [200, 3000, 32000])
def test_whatever_the_synthesizer_gives_comes_out_equally_loud_with_the_silence_cut_to_size(amplitude: int) -> None:
    speech = [round(amplitude * math.sin(2 * math.pi * 220 * at / RATE)) for at in range(2 * RATE)]
    levelled = samples(voices.level(recording([0] * RATE + speech + [0] * 3 * RATE)))
    power = sum(sample * sample for sample in levelled if sample) / sum(1 for sample in levelled if sample)
    assert 10 * math.log10(power / 32767**2) == pytest.approx(voices.LOUDNESS, abs=0.1)
    assert len(levelled) / RATE == pytest.approx(voices.LEAD + 2 + voices.TAIL, abs=0.01)
    assert next(at for at, sample in enumerate(levelled) if sample) / RATE == pytest.approx(voices.LEAD, abs=0.01)


def test_a_single_loud_click_does_not_clip() -> None:
    speech = [round(300 * math.sin(at / 10)) for at in range(RATE)]
    speech[RATE // 2] = 32767
    levelled = samples(voices.level(recording(speech)))
    assert max(map(abs, levelled)) == pytest.approx(32767 * 10 ** (voices.PEAK / 20), abs=2)


def test_a_short_word_is_followed_by_silence_so_that_its_face_is_lit_long_enough() -> None:
    levelled = samples(voices.level(recording([9000, -9000] * (RATE // 10))))
    assert len(levelled) / RATE == pytest.approx(voices.LEAST, abs=0.01)


def test_a_synthesizer_that_says_nothing_is_an_error() -> None:
    with pytest.raises(voices.VoicesError, match="espeak-ng was silent"):
        voices.level(recording([0] * RATE))


def test_the_same_words_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        voices.render("nb", {"question": "Hvor fornøyd er du?"}, tmp_path / name)
    assert (tmp_path / "one/question.ogg").read_bytes() == (tmp_path / "two/question.ogg").read_bytes()


def test_without_the_programs_the_build_goes_on_and_says_in_one_line_what_is_missing(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "terminal.kiosk.voices"]
    built = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert built.stderr == ""
    (line,) = built.stdout.splitlines()
    assert line == (
        "The kiosk will have no listen button: espeak-ng and oggenc missing; "
        "on Debian: apt-get install espeak-ng vorbis-tools"
    )


def recording(sound: list[int]) -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(array.array("h", sound).tobytes())
    return file.getvalue()


def samples(content: bytes) -> array.array[int]:
    with wave.open(BytesIO(content)) as file:
        return array.array("h", file.readframes(file.getnframes()))


# `fjes terminal recordings`.

QUESTIONS = """
[kiosk]
languages = ["nb", "th", "en"]

[[questions]]
id = "visit"
place = "Pro Sentret"

[[questions]]
id = "food"
from = "2027-01"
texts = { nb = "Var maten god?", en = "Was the food good?", th = "อาหารอร่อยไหม" }
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "fjes.toml").write_text(QUESTIONS, "utf-8")

    def command(*words: str) -> Result:
        options = ["--config", str(tmp_path / "fjes.toml"), "--to", str(tmp_path / "own"), *words]
        return CliRunner().invoke(main, ["terminal", "recordings", *options], catch_exceptions=False)

    return command


def test_the_command_speaks_what_the_terminal_asks_and_the_terminal_finds_it(run: Run, tmp_path: Path) -> None:
    done = run()
    assert done.exit_code == 0
    assert "th: no usable voice; record these files yourself" in done.output
    assert f'set folder = "{tmp_path / "own"}" under [sound]' in done.output
    own = tmp_path / "own"
    assert sorted(folder.name for folder in own.iterdir()) == ["en", "nb"]
    for question in (Question(place="Pro Sentret"), Question(id="food", texts={"nb": "Var maten god?"})):
        found = find("nb", question, own, only=False)
        assert found.question.path == own / "nb" / f"{question.id}.ogg"
        assert {each.path.parent for each in found.captions.values()} == {own / "nb"}


def test_the_command_writes_over_nothing_unless_it_is_told_to(run: Run, tmp_path: Path) -> None:
    voice = tmp_path / "own" / "en" / "happy.ogg"
    voice.parent.mkdir(parents=True)
    voice.write_bytes(b"somebody's own voice")
    refused = run()
    assert refused.exit_code == 1
    assert f"{voice} would be written over" in refused.output
    assert list(tmp_path.glob("own/*/*")) == [voice]
    assert voice.read_bytes() == b"somebody's own voice"
    assert run("--replace").exit_code == 0
    assert voice.read_bytes().startswith(b"OggS")


def test_the_command_says_what_is_missing_where_nothing_can_speak(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run()
    assert refused.exit_code == 1
    assert "on Debian: apt-get install espeak-ng vorbis-tools" in refused.output
    assert not (tmp_path / "own").exists()
