"""The script that counts tries and goes back to the old slot, run for real under the shells that run it on a card."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image.places import IMAGE

SCRIPT = IMAGE / "files/usr/lib/fjes/slot"
SHELLS = [
    pytest.param(shell.split(), id=shell)
    for shell in ("busybox sh", "dash", "bash --posix")
    if shutil.which(shell.split()[0])
]


@pytest.fixture(name="file", params=SHELLS)
def _file(request: pytest.FixtureRequest, tmp_path: Path) -> "File":
    place = tmp_path / "slot.txt"
    shutil.copy(IMAGE / "boot/slot.txt", place)
    return File(request.param, place)


class File:
    """slot.txt, and what the script makes of it in some shell."""

    def __init__(self, shell: list[str], place: Path) -> None:
        self._shell, self.place = shell, place

    def do(self, *words: str) -> int:
        self.said = ""
        done = subprocess.run(
            [*self._shell, SCRIPT, self.place, *words],
            env={"TMPDIR": str(self.place.parent), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        self.said = done.stdout.strip() or done.stderr.strip()
        return done.returncode

    def shows(self) -> str:
        assert self.do("show") == 0
        return self.said


def test_a_shell_of_the_image_is_among_them() -> None:
    assert len(SHELLS) >= 2


def test_a_new_card_starts_slot_a_and_writes_nothing(file: File) -> None:
    before = (file.place.read_bytes(), file.place.stat().st_mtime_ns)
    assert file.shows() == "a good"
    assert file.do("start", "a") == 0
    assert (file.place.read_bytes(), file.place.stat().st_mtime_ns) == before


def test_a_version_that_never_says_it_works_is_tried_three_times_and_then_left(file: File) -> None:
    assert file.do("next", "b") == 0
    for tried in (1, 2, 3):
        assert file.do("start", "b") == 0
        assert file.shows() == f"b {tried}"
    assert file.do("start", "b") == 1
    assert file.shows() == "a good"
    assert file.do("start", "a") == 0
    assert file.shows() == "a good"


def test_a_version_that_works_stays_however_often_it_starts(file: File) -> None:
    file.do("next", "b")
    file.do("start", "b")
    assert file.do("good", "b") == 0
    for _ in range(5):
        assert file.do("start", "b") == 0
    assert file.shows() == "b good"


@pytest.mark.parametrize("steps", [["next b"], ["next b", "start b"], ["next b", "start b", "good b"], ["good a"]])
def test_the_file_is_always_one_sector_that_the_firmware_can_read(file: File, steps: list[str]) -> None:
    inode = file.place.stat().st_ino
    for step in steps:
        file.do(*step.split())
        content = file.place.read_bytes()
        assert len(content) == 64
        assert re.match(rb"os_prefix=[ab]/\n# [a-z0-9 ]+ *\n$", content)
        assert file.place.stat().st_ino == inode, "written in place: a new file is more than one sector"


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"os_prefix=", b"os_prefix=c/\n# good\n", b"\xff\xfe\n\n\n"])
def test_a_broken_file_is_mended_for_the_slot_that_has_started(file: File, content: bytes) -> None:
    file.place.write_bytes(content)
    assert file.do("start", "b") == 0
    assert file.shows() == "b good"


def test_starting_the_other_slot_by_hand_changes_nothing(file: File) -> None:
    file.do("next", "b")
    assert file.do("start", "a") == 0
    assert file.shows() == "b 0"


@pytest.mark.parametrize("words", [("start", "c"), ("good",), ("next", ""), ("mend", "a")])
def test_what_it_does_not_understand_changes_nothing_and_says_so(file: File, words: tuple[str, ...]) -> None:
    before = file.place.read_bytes()
    assert file.do(*words) == 2
    assert file.said.startswith("slot: ")
    assert file.place.read_bytes() == before
