"""The merged font: made where it is missing, whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from terminal.kiosk import typeface
from terminal.kiosk.typeface import TypefaceError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    sources = [Path(shutil.copy(source, tmp_path)) for source in typeface.SOURCES]
    monkeypatch.setattr(typeface, "FOLDER", tmp_path)
    monkeypatch.setattr(typeface, "SOURCES", tuple(sources))
    monkeypatch.setattr(typeface, "FONT", tmp_path / typeface.FONT.name)
    return tmp_path


def test_it_covers_the_letters_of_all_six_languages() -> None:
    assert {ord(letter) for letter in "æøåñ¿¡щъюяășțÎกขฃฤ฿0123456789?%"} <= typeface.characters()


def test_it_is_made_once_and_leaves_nothing_beside_it(folder: Path) -> None:
    made = typeface.ready()
    first = made.stat().st_mtime_ns
    assert typeface.ready() == made
    assert made.stat().st_mtime_ns == first
    assert len(list(folder.iterdir())) == len(typeface.SOURCES) + 1


def test_it_is_made_anew_where_that_is_asked_for(folder: Path) -> None:
    typeface.FONT.write_bytes(b"of an older release")
    assert typeface.ready(anew=True).stat().st_size > 100_000


def test_a_folder_that_cannot_be_written_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so that a folder is not enough: a file stands where the folder should be.
    monkeypatch.setattr(typeface, "FONT", typeface.SOURCES[0] / "FjesSans-Bold.ttf")
    with pytest.raises(TypefaceError, match=r"cannot be written .*python -m terminal\.kiosk\.typeface"):
        typeface.ready()


def test_missing_sources_are_named(folder: Path) -> None:
    os.remove(typeface.SOURCES[1])
    with pytest.raises(TypefaceError, match=r"NotoSansThai-Bold\.ttf missing; install Fjes again"):
        typeface.ready()
