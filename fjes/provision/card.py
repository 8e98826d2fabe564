"""`fjes.toml` on the card's FAT partition: read as any editor may have left it, and written so that power may go.

FAT has no journal, and renaming over a file is several writes there. So a file is written over in place, which also
leaves nothing of the old one in free space; what it is to become lies on the data partition before the first byte is
touched, and a start that finds the file between the two writes it again (`docs/decisions/0021-provisioning.md`).
"""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ratings.config import ConfigError
from terminal import files

NAME = "fjes.toml"
REPORT = "fjes-report.txt"
MOST_BYTES = 256 * 1024
SECTOR = 512
"""Bytes that a card writes whole or not at all."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Disk:
    """All that is written, step by step; tests stop it at each."""

    def replace(self, path: Path, content: bytes, mode: int) -> None:
        """Put a file in place of what is there, whole, on a file system with a journal. Raises OSError."""
        files.replace(path, content, mode)

    def overwrite(self, path: Path, content: bytes) -> None:
        """Write a file over in place, down to the card. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self.write(descriptor, content)
            os.fsync(descriptor)
            if os.fstat(descriptor).st_size != len(content):
                os.ftruncate(descriptor, len(content))
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def write(self, descriptor: int, content: bytes) -> None:
        """Write from the beginning of a file on."""
        written = 0
        while written < len(content):
            written += os.pwrite(descriptor, content[written:], written)


@dataclass(frozen=True, slots=True)
class Found:
    """The file as it is: its bytes, its text, and how the text is written."""

    content: bytes
    text: str
    mark: bytes
    encoding: str

    def written(self, text: str) -> bytes:
        """Another text in the same form."""
        return self.mark + text.encode(self.encoding)


def read(folder: Path) -> bytes | None:
    """The bytes of the file; None where there is none. At most one more than are allowed. Raises ConfigError."""
    path = folder / NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError.at(NAME, "is no file; remove it, and copy the file onto the card once more")
            content = b""
            while len(content) <= MOST_BYTES and (part := os.read(descriptor, MOST_BYTES + 1)):
                content += part
            return content
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError.at(NAME, f"cannot be read ({error.strerror}); copy it onto the card once more") from None


def decoded(content: bytes) -> Found:
    """The text of a file that Notepad or any other editor has saved. Raises ConfigError."""
    if len(content) > MOST_BYTES:
        raise ConfigError.at(NAME, f"larger than {MOST_BYTES // 1024} kB; allowed: a file that the dashboard made")
    mark, encoding = next((each for each in _MARKS if content.startswith(each[0])), (b"", "utf-8"))
    body = content[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].decode(encoding, "replace").count("\n") + 1
        what = "not UTF-8; save the file as UTF-8 in the editor (in Notepad: Save as, Encoding)"
        raise ConfigError.at(NAME, what, line) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ConfigError.at(NAME, "no text: was it copied to its end? Copy it onto the card once more", line)
    return Found(content, text, mark, encoding)


def is_torn(content: bytes | None, was: bytes, becomes: bytes) -> bool:
    """Whether a file is what a cut of power left on the way from `was` to `becomes`, and so is neither.

    Each sector is the old or the new one. Behind the old end, where the file has grown, there may be anything.
    """
    if not content:
        return True
    if content in (was, becomes) or len(content) > max(len(was), len(becomes)):
        return False
    for begin in range(0, len(content), SECTOR):
        piece = content[begin : begin + SECTOR]
        old, new = was[begin : begin + SECTOR], becomes[begin : begin + SECTOR]
        grown = len(old) < len(piece) and piece.startswith(old)
        if not (old.startswith(piece) or new.startswith(piece) or grown or _cut(piece, new, old)):
            return False
    return True


def _cut(piece: bytes, new: bytes, old: bytes) -> bool:
    """A sector that was written, in a file that has not been made shorter yet: its new end, and what was behind it."""
    return len(new) < len(piece) and piece == new + old[len(new) : len(piece)]


def misnamed(folder: Path) -> list[str]:
    """Files that were most likely meant to be the one that is read: Windows hides the end of names."""
    with contextlib.suppress(OSError):
        return sorted(
            each for each in os.listdir(folder) if each.lower().startswith(NAME) and each.lower() not in (NAME,)
        )
    return []


def report(folder: Path, text: str, disk: Disk, *, later: str | None = None) -> bool:
    """Put the report beside it; where it is there, and says the same at its beginning, only what is known `later`.

    Returns whether it is there. Nothing is lost with it: one that a cut of power has left in part is written anew.
    """
    path = folder / REPORT
    head = text.replace("\n", "\r\n").encode("utf-8-sig")
    whole = head + (later or "").replace("\n", "\r\n").encode()
    try:
        there = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if there == whole or (later is None and there.startswith(head)):
            return True
        disk.overwrite(path, whole)
    except OSError:
        return False
    return True
