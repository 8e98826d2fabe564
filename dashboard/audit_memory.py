"""What was published, in a file outside the database: a backup that is restored has forgotten the latest of it.

The file holds counts as they were published, not only the bands in which they were told: it is kept like the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dashboard import files
from dashboard.audit import Remembered


class ForgottenError(ValueError):
    """The file cannot be used; the text says why, and what to do."""


def load(path: Path) -> list[Remembered]:
    """What earlier audits have written; nothing where there is no file yet. Raises ForgottenError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Remembered])
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ForgottenError(f"{path}: cannot be read ({error.strerror}); let this user read it") from None
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise ForgottenError(
            f"{path}: is not what an audit has written ({error}); name another file, or put this one back from a backup"
        ) from None


def save(path: Path, published: Sequence[Remembered]) -> None:
    """Write all that was published in the place of what was there, in one stroke. Raises ForgottenError."""
    content = msgspec.json.encode(published)
    try:
        if not path.exists():
            files.write_new(path, content)
        elif path.read_bytes() != content:
            files.replace(path, content)
    except OSError as error:
        raise ForgottenError(
            f"{path}: cannot be written ({error.strerror}); name a file in a folder of this user"
        ) from None
