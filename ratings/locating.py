"""Where something stands in the text of a TOML file: its line, and the place of its value. Knows no configuration.

The text has been read by `tomllib` before: what is no TOML finds no places, or wrong ones, and never an error.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys from the top of the file, and indices in lists: `("questions", 0, "place")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})|' r"'''.*?'''(?:'{0,2})|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:[^\s,\]}#]*|[^\s,\]}#]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A line, counted from 1, and from which character up to which the value stands there; none for a heading."""

    line: int
    start: int
    end: int


def spots(text: str) -> dict[Path, Spot]:
    """Every key of a TOML text, every heading, and every item of a list."""
    try:
        return _Scanner(text).scan()
    except (_LostError, RecursionError, ValueError):
        return {}


def line_of(found: dict[Path, Spot], path: Path) -> int | None:
    """The line of a key; of one that is not there, that of its section; None where there is neither."""
    while path:
        if (spot := found.get(path)) is not None:
            return spot.line
        path = path[:-1]
    return None


class _LostError(Exception):
    """Something else stands here than in any TOML."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, Spot] = {}
        self._lists: dict[Path, int] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def scan(self) -> dict[Path, Spot]:
        here: Path = ()
        while self._skip(_BLANK) < len(self._text):
            start = self._at
            if self._text.startswith("[[", start):
                here = self._list(start)
            elif self._text[start] == "[":
                self._at += 1
                here = self._resolve(self._keys())
                self._expect("]")
                self._note(here, start, start, start)
            else:
                self._pair(here)
        return self._found

    def _list(self, start: int) -> Path:
        self._at += 2
        *before, last = self._keys()
        self._expect("]]")
        path = (*self._resolve(before), last)
        number = self._lists.get(path, 0)
        self._lists[path] = number + 1
        self._found.setdefault(path, Spot(self._line(start), start, start))
        self._note((*path, number), start, start, start)
        return (*path, number)

    def _resolve(self, keys: list[str]) -> Path:
        """Where a heading leads: of a list, into its last item."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._lists:
                path = (*path, self._lists[path] - 1)
        return path

    def _pair(self, base: Path) -> None:
        start, path = self._at, (*base, *self._keys())
        self._expect("=")
        self._skip(_SPACE)
        begin = self._at
        self._value(path)
        for length in range(len(base) + 1, len(path)):
            self._found.setdefault(path[:length], Spot(self._line(start), start, start))
        self._note(path, start, begin, self._at)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._text.startswith(".", self._skip(_SPACE)):
            self._at += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip(_SPACE)
        if self._text[self._at : self._at + 1] in ("'", '"'):
            written = self._take(_STRING)
            return _ESCAPE.sub(_unescaped, written[1:-1]) if written[0] == '"' else written[1:-1]
        return self._take(_BARE_KEY)

    def _value(self, path: Path) -> None:
        match self._text[self._at : self._at + 1]:
            case '"' | "'":
                self._take(_STRING)
            case "[":
                self._at += 1
                number = 0
                while not self._text.startswith("]", self._skip(_BLANK)):
                    start = self._at
                    self._value((*path, number))
                    self._note((*path, number), start, start, self._at)
                    number += 1
                    self._skip(_BLANK)
                    self._at += self._text.startswith(",", self._at)
                self._at += 1
            case "{":
                self._at += 1
                while not self._text.startswith("}", self._skip(_BLANK)):
                    self._pair(path)
                    self._skip(_BLANK)
                    self._at += self._text.startswith(",", self._at)
                self._at += 1
            case _:
                self._take(_BARE_VALUE)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        assert match is not None  # Both match nothing, too.
        self._at = match.end()
        return self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _LostError
        self._at = match.end()
        return match[0]

    def _expect(self, mark: str) -> None:
        self._skip(_SPACE)
        if not self._text.startswith(mark, self._at):
            raise _LostError
        self._at += len(mark)

    def _note(self, path: Path, line_at: int, start: int, end: int) -> None:
        self._found[path] = Spot(self._line(line_at), start, end)

    def _line(self, at: int) -> int:
        return bisect_right(self._ends, at - 1) + 1


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[3])
