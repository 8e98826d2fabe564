"""Which values of `fjes.toml` are secret, and the text with remarks in their place, or with them in the remarks' place.

Works on the text alone: whatever is not secret stays as it was, character for character. Knows no disk.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

from ratings import locating
from ratings.config import ConfigError
from terminal import pin

MARK = "(kept on the card; write a new one here to change it)"
"""Stands in the file in the place of a secret. DO NOT change: it stands in files on cards."""

Path = tuple[str, str]

SECRETS: tuple[Path, ...] = (
    ("network", "wifi_password"),
    ("network", "proxy"),
    ("broker", "password"),
    ("staff", "pin"),
    ("mail", "password"),
    ("oidc", "client_secret"),
    ("dashboard", "database"),
    ("dashboard", "broker_password"),
)
WITH_ADDRESS = (("network", "proxy"), ("dashboard", "database"))
"""Addresses, which are secret only where there is a password in them."""

_LOGIN = re.compile(r"(?<=://)[^/@]*@")


def redacted(text: str) -> str:
    """The text with a remark in the place of each secret."""
    document = tomllib.loads(text)
    return _replaced(text, {path: MARK for path in SECRETS if _is_secret(path, _value(document, path))})


def restored(text: str, kept: str | None, name: str) -> str:
    """The text with the secrets of `kept`, an earlier whole text, in the place of its remarks.

    A PIN in digits becomes its hash. Raises ConfigError where a remark stands for nothing, or a PIN may not be used.
    """
    document, known = tomllib.loads(text), tomllib.loads(kept) if kept is not None else {}
    values: dict[Path, str] = {}
    for path in SECRETS:
        value = _value(document, path)
        if value == MARK:
            found = _value(known, path)
            if not isinstance(found, str) or found == MARK:
                raise _error(
                    text, path, name, "is kept on another card, not on this one; allowed: write it here once more"
                )
            values[path] = found
        elif path == ("staff", "pin") and (digits := _digits(value)) is not None:
            # Of the same digits the same hash, or each start would write to the card.
            values[path] = _hash(digits, _value(known, path), text, name)
        elif isinstance(value, str) and _is_secret(path, value):
            values[path] = value  # Quoted as the next start will, so that it is the same text then.
    return _replaced(text, values)


def served(text: str) -> str:
    """The whole text as services may read it: without what only the machine's own network needs."""
    document = tomllib.loads(text)
    values = {}
    if _is_secret(wifi := ("network", "wifi_password"), _value(document, wifi)):
        values[wifi] = MARK
    if _is_secret(proxy := ("network", "proxy"), value := _value(document, proxy)):
        values[proxy] = _LOGIN.sub("", str(value))
    return _replaced(text, values)


def quoted(text: str) -> str:
    """A text as TOML has it, in one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_secret(path: Path, value: object) -> bool:
    if not isinstance(value, str) or value in ("", MARK):
        return False
    if path not in WITH_ADDRESS:
        return True
    try:
        return urlsplit(value).password is not None or "password=" in value
    except ValueError:
        return True


def _value(document: dict[str, Any], path: Path) -> object:
    section = document.get(path[0])
    return section.get(path[1]) if isinstance(section, dict) else None


def _replaced(text: str, values: dict[Path, str]) -> str:
    found = locating.spots(text)
    places = sorted((found[path].start, found[path].end, value) for path, value in values.items())
    for start, end, value in reversed(places):
        text = f"{text[:start]}{quoted(value)}{text[end:]}"
    return text


def _digits(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _hash(digits: str, known: object, text: str, name: str) -> str:
    if (why := pin.problem(digits)) is not None:
        raise _error(
            text, ("staff", "pin"), name, f"{why}; allowed: 6 to 12 digits, or what `fjes terminal pin` prints"
        )
    try:
        if isinstance(known, str) and pin.matches(digits, known):
            return known
    except pin.PinError:
        pass
    return pin.hashed(digits)


def _error(text: str, path: Path, name: str, what: str) -> ConfigError:
    line = locating.line_of(locating.spots(text), path)
    return ConfigError.at(name, f"[{path[0]}] {path[1]}: {what}", line)
