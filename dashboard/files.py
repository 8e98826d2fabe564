"""Files that hold secrets: written so that nobody else can read them, nothing is lost, and none is ever half there."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that is not there yet, through to the disk. Raises FileExistsError, or another OSError."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        try:
            os.fchmod(file.fileno(), mode)  # Whatever the umask.
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise


def share(path: Path) -> None:
    """Make a file that several users are to write, where its folder is set up for that: its group's, and inherited.

    To be called before something opens the file that would make it for one user alone. Raises OSError.
    """
    shared = stat.S_ISGID | stat.S_IWGRP
    try:
        if path.parent.stat().st_mode & shared != shared:
            return
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660)
    except (FileExistsError, FileNotFoundError):
        return
    try:
        os.fchmod(opened, 0o660)  # Whatever the umask.
    finally:
        os.close(opened)


def replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of one that is there, in one stroke, with its owner and mode. Raises OSError.

    Only root can keep the owner: of whoever else may write the folder, it is from then on, and stays its group's.
    """
    before = path.stat()
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    write_new(new, content, before.st_mode & 0o777)
    try:
        made = new.stat()
        owner = before.st_uid if os.geteuid() == 0 else made.st_uid
        if (made.st_uid, made.st_gid) != (owner, before.st_gid):
            os.chown(new, owner, before.st_gid)
        os.replace(new, path)
    except BaseException:
        new.unlink()
        raise
    held = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
