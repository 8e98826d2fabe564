"""Names in plain letters, for ids and files: `Stua Øst` becomes `stua-ost`. Knows nothing of what is named."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "ł": "l", "œ": "oe"})


def plain(name: str, longest: int) -> str:
    """The name in a–z, 0–9 and hyphens; empty where it has no letter that can be written so."""
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:longest].strip("-")
