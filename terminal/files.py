"""Files of the terminal that are replaced whole. Knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, content: bytes, mode: int, *, lasting: bool = True) -> None:
    """Put a file in place of what is there, whole. Raises OSError.

    `mode` is who may read it, whatever the umask is: `terminal.storage.OWN` or `SHARED`. One that is `lasting` is there
    after a cut of power as well; the card is spared where nothing hangs on that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    os.replace(new, path)
    if not lasting:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # Or the name might still be that of the old one.
    finally:
        os.close(folder)
