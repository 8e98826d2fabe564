"""`fjes hardware` as people call it: a table, a picture, a sheet to print, and a check with its exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from PIL import Image

from fjes.cli import main
from hardware import picture
from tests.conftest import program

LEDS = "very_unhappy_led = 5\nunhappy_led = 6\nhappy_led = 13\nvery_happy_led = 19\n"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "fjes.toml"
    path.write_text(f'[sound]\nvolume_percent = 0\n[buttons]\nfactory = "mock"\nhappy = 24\n{LEDS}')
    return path


def test_the_table_and_the_picture_are_those_of_the_configuration(card: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "wiring.svg"
    result = CliRunner().invoke(main, ["hardware", "pins", "--config", str(card), "--svg", str(drawn)])
    assert result.exit_code == 0
    assert "18   24    happy button         contact" in result.output
    said = [element.text for element in ElementTree.fromstring(drawn.read_bytes()).iter() if element.text]
    assert "GPIO 24, pin 18" in said
    result = CliRunner().invoke(main, ["hardware", "pins", "--svg", str(drawn)])
    assert "15   22    happy button         contact" in result.output
    assert drawn.read_text("utf-8") == picture.PLACE.read_text("utf-8"), "without a file: that of the documentation"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["hardware", "pins", "--svg", str(tmp_path / "none" / "wiring.svg")])
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_a_pin_that_is_used_twice_is_an_error_in_one_line(card: Path) -> None:
    card.write_text(card.read_text().replace("happy = 24", "happy = 19"))
    result = CliRunner().invoke(main, ["hardware", "pins", "--config", str(card)])
    assert result.exit_code == 1
    assert "pin 19 is that of happy, too" in result.output


@pytest.mark.parametrize("best", ["left", "right"])
def test_the_sheet_of_faces_has_them_in_order_and_in_true_size(tmp_path: Path, best: str) -> None:
    sheet = tmp_path / "faces.pdf"
    command = ["hardware", "faces", "--pdf", str(sheet), "--diameter", "30", "--hole", "28", "--best-face", best]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    pages = subprocess.run(
        [program("pdftotext", "poppler-utils"), "-layout", str(sheet), "-"], check=True, capture_output=True, text=True
    ).stdout
    lines = [line.split() for line in pages.splitlines() if "appy" in line and "first" not in line]
    order = ["Very", "happy", "Happy", "Unhappy", "Very", "unhappy"]
    if best == "right":
        order = ["Very", "unhappy", "Unhappy", "Happy", "Very", "happy"]
    assert lines == [order] * 3, "two sets, and the holes"
    assert "28 mm holes" in pages
    # The ring to cut along; and a hole with the arms of its cross, 4 mm at each side.
    for page, wide in ((1, 30.0), (2, 28.0 + 8.0)):
        assert abs(_first_wide(sheet, page) - wide) < 0.6


def _first_wide(sheet: Path, page: int) -> float:
    """How wide what is drawn at the left of a page is, in mm."""
    rendered = subprocess.run(
        [program("pdftoppm", "poppler-utils"), "-r", "254", "-f", str(page), "-l", str(page), "-png", str(sheet)],
        check=True,
        capture_output=True,
    ).stdout
    whole = Image.open(io.BytesIO(rendered)).convert("L").point([255] * 200 + [0] * 56)
    millimetre = whole.width / 297
    drawn = whole.crop((0, round(40 * millimetre), round(85 * millimetre), round(95 * millimetre))).getbbox()
    assert drawn is not None
    return (drawn[2] - drawn[0]) / millimetre


def test_unattended_it_looks_at_what_is_there_and_its_exit_code_says_whether_it_failed(card: Path) -> None:
    command = [
        "hardware",
        "check",
        "--unattended",
        "--without",
        "clock",
        "--without",
        "temperature",
        "--config",
        str(card),
    ]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "pass  very happy button: up, as it is to be (GPIO 23, pin 16)" in result.output
    assert "pass  LED of the happy button: its pin does what it is told (GPIO 13, pin 33)" in result.output
    assert "none  sound: switched off" in result.output
    if not Path("/dev/gpiochip0").exists():
        card.write_text(card.read_text().replace('"mock"', '"lgpio"'))
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 1
        assert 'FAIL  buttons: [buttons] factory = "lgpio"' in result.output


def test_in_a_shell_it_asks_hears_the_answers_and_fails_for_what_nobody_pressed(card: Path) -> None:
    """A process without a screen: it says so, and goes on. Nobody presses; no LED is seen."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "fjes", "hardware", "check", "--seconds", "1", "--without", "screen"]
    done = subprocess.run(
        [*command, "--config", str(card)], env=environment, input="n\ny\n", capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert "On the screen nothing is shown: no screen was found" in done.stderr
    assert "FAIL  very happy button: nothing came within 1 s: see to its wires (GPIO 23, pin 16)" in done.stdout
    lamps = [line for line in done.stdout.splitlines() if "LED of the" in line]
    assert [line[:4] for line in lamps] == ["FAIL", "pass", "FAIL", "FAIL"], "no, yes, and then nobody answered"
    assert done.stdout.count("Press the button that is lit") == 4
