"""What provisioning keeps on the data partition: the last file without a mistake, whole, and whose board it was.

One file, readable by root alone, replaced whole. A damaged one is as none.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fjes.provision.card import Disk

FOLDER = "provision"
FILE = "kept.json"
OWN = 0o600


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`text` is the whole file, with its secrets; `authority` the text of the certificate that it names.

    `was` and `becomes` are there from before the file on the card is written over until after it is.
    """

    text: str
    authority: str | None = None
    was: bytes | None = None
    becomes: bytes | None = None


def load(data: Path) -> Kept | None:
    """What is kept; None where nothing is, or nothing that can be read."""
    try:
        return msgspec.json.decode((data / FOLDER / FILE).read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def save(data: Path, kept: Kept, disk: Disk) -> None:
    """Keep it. Raises OSError."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk.replace(folder / FILE, msgspec.json.encode(kept), OWN)
