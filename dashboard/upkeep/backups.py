"""The folder of backups: what is in it, and putting one back only after what is there now was kept, too."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from dashboard import backup, restore
from dashboard.backup import MANIFEST, BackupError, Manifest

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder. `manifest`: what it says of itself; None where it is none, or damaged."""

    name: str
    bytes: int
    manifest: Manifest | None

    @property
    def made(self) -> datetime | None:
        """When, in UTC."""
        return self.manifest.made if self.manifest else None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where what was there before is now."""

    manifest: Manifest
    before: str


def listing(folder: Path) -> list[Kept]:
    """What is in the folder, the latest first. Raises BackupError where it cannot be read."""
    try:
        paths = sorted(folder.glob("*.zip"), key=lambda path: path.name, reverse=True)
        return [_kept(path) for path in paths[:MOST_LISTED]]
    except OSError as error:
        raise _unreadable(folder, error) from None


def _kept(path: Path) -> Kept:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (zipfile.BadZipFile, KeyError, OSError, msgspec.DecodeError, NotImplementedError, RuntimeError):
        manifest = None
    return Kept(path.name, path.stat().st_size, manifest)


def _unreadable(folder: Path, error: OSError) -> BackupError:
    return BackupError(f"{folder}: cannot be used ({error.strerror}); see that it is there and belongs to this user")


def make(engine: Engine, folder: Path) -> str:
    """Make one; gives its name. Raises BackupError."""
    if not os.path.isdir(folder):
        raise BackupError(f"{folder}: is no folder; make it, or name another as [dashboard] backups")
    moment = datetime.now(UTC)
    # Several within a second: what is there now, and another one that is put back.
    names = (f"{backup.name_at(moment)}{end}.zip" for end in ("", *(f"-{n}" for n in range(2, 100))))
    path = next(path for path in map(folder.joinpath, names) if not path.exists())
    return backup.write(engine, path, moment)[0].name


def put_back(engine: Engine, folder: Path, name: str) -> Restored:
    """Put back a backup of the folder, after a backup of what is there now. Raises BackupError, StoreError."""
    if name not in [each.name for each in listing(folder)]:
        raise BackupError(f"{name}: is not in {folder} any more")
    restore.check(folder / name)  # Before anything else: a damaged one needs no copy of what is there.
    before = make(engine, folder)
    return Restored(restore.put_back(engine, folder / name), before)
