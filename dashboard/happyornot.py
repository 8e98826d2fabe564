"""Reads what HappyOrNot gives its customers, and counts it at once: no rating is kept, and no text is looked at.

Two formats: the older raw results (API v1: a JSON array of `{"ts", "r"}`) and the button feedbacks of the Customer
API v2 (`https://api.happy-or-not.com/v2/`: a JSON array, or CSV with any one-character separator). A damaged element
is refused by number and reason, the rest is counted; what is none of these formats is a `FormatError`. Reasons and
errors name keys and what is allowed, never what stood there. Knows nothing of tables, databases or the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dashboard import separated
from ratings.scale import ZERO, Counts

EARLIEST = date(2000, 1, 1)
"""A time before this is a clock that was wrong: HappyOrNot began in 2009."""

EXPECTED = (
    "expected HappyOrNot's raw results (a JSON array of objects with ts and r), or button feedbacks of its Customer "
    "API v2 (a JSON array, or CSV with the names of the columns in the first line: feedbackId, localTime, "
    "experiencePointId, buttonIndex, misuse and others), in UTF-8"
)

STEP = 10_000
"""After so many elements progress is told."""

# ASCII digits only; the hour is checked here, whether the day exists is seen once for each hour of the file.
_MINUTE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
_UUID = r"^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\Z"

_Score = Annotated[int, Meta(ge=0, le=3)]
_Id = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,40}\Z")]

_BEYOND = "a whole number from 0 to 3 (surveys with five or eleven steps cannot be counted on four)"
_ALLOWED = {
    "ts": "an ISO time with its offset, such as 2022-01-31T14:05:00.000+01:00",
    "r": _BEYOND,
    "spam": "true or false",
    "feedbackId": "a UUID",
    "localTime": "an ISO time, such as 2024-01-31T14:05:00",
    "experiencePointId": "a number",
    "buttonIndex": _BEYOND,
    "misuse": "true or false",
    "surveyId": "a number",
}


class FormatError(ValueError):
    """A file that is none of the known formats; the text says what is wrong and what is expected."""


class Format(StrEnum):
    """What a file is."""

    RAW = "raw results"
    FEEDBACKS = "button feedbacks"
    NONE = "an empty list"


class _RawResult(msgspec.Struct, gc=False):
    """One of the older raw results. `text` and `relevance` are not even decoded."""

    when: Annotated[str, Meta(pattern=_MINUTE + _OFFSET + r"\Z")] = msgspec.field(name="ts")
    score: _Score = msgspec.field(name="r")
    repeat: bool | None = msgspec.field(name="spam", default=None)


class _Feedback(msgspec.Struct, gc=False):
    """One button feedback of the Customer API v2, as far as it is counted."""

    id: Annotated[str, Meta(pattern=_UUID)] = msgspec.field(name="feedbackId")
    when: Annotated[str, Meta(pattern=_MINUTE + _OFFSET + r"?\Z")] = msgspec.field(name="localTime")
    point: _Id = msgspec.field(name="experiencePointId")
    score: _Score = msgspec.field(name="buttonIndex")
    repeat: bool = msgspec.field(name="misuse")
    survey: int | str | None = msgspec.field(name="surveyId", default=None)


_KINDS: dict[Format, type[_RawResult] | type[_Feedback]] = {Format.RAW: _RawResult, Format.FEEDBACKS: _Feedback}
COLUMNS = ("feedbackId", "localTime", "experiencePointId", "buttonIndex", "misuse")
"""The columns of a CSV file that are needed; `surveyId` is counted where it is there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An element that was not counted: its number (in JSON: the element's, in CSV: the line's, from 1) and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour at one place. `point` is the experience point, empty in raw results. `repeat`: set aside as misuse."""

    point: str
    day: date
    hour: int
    repeat: bool


@dataclass(slots=True)
class Reading:
    """What a file says: counts by hour, what was refused, and what else people should know."""

    format: Format
    unit: str  # What the numbers of `refused` count: "element" or "line".
    hours: dict[Hour, Counts] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    doubled: int = 0  # Elements whose feedbackId stood in the file before.
    surveys: int = 0  # How many different surveys were counted together.

    @property
    def n(self) -> int:
        """How many ratings were read, repeats included."""
        return sum(map(sum, self.hours.values()))

    @property
    def beyond(self) -> int:
        """How many elements were refused because of a score that four steps do not have, or that is none."""
        return sum(1 for each in self.refused if each.reason.endswith(_BEYOND))


def read(data: bytes, latest: date, progress: Callable[[int, int], None] = lambda done, total: None) -> Reading:
    """Read a whole file. `latest` is the last day that is not in the future, at the place of the ratings.

    `progress` is told, now and then, how many elements of how many are done. A time belongs to the day and hour that
    are written in it, whatever its offset: it is the civil time where the button was pressed. Raises FormatError.
    """
    text = _text(data)
    first = text.lstrip()[0]
    if first == "[":
        return _read_json(text, latest, progress)
    if first == "{":
        raise FormatError(f"holds a JSON object, not an array; {EXPECTED}")
    rows = separated.read(text, COLUMNS)
    if rows is None:
        raise FormatError(f"is neither a JSON array nor CSV with the columns of button feedbacks; {EXPECTED}")
    if rows.missing:
        raise FormatError(f"has no column {', '.join(rows.missing)}; {EXPECTED}")
    if rows.twice:
        raise FormatError(f"has the column {', '.join(rows.twice)} more than once; {EXPECTED}")
    reading = Reading(Format.FEEDBACKS, "line")
    decoded = _decode(_Feedback, rows.records(), reading, strict=False)
    return _count(decoded, rows.most, reading, latest, progress)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"is written in UTF-16; save it as UTF-8. {EXPECTED}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"is not UTF-8 (at byte {error.start + 1}); {EXPECTED}") from None
    if not text.strip():
        raise FormatError(f"is empty; {EXPECTED}")
    return text


def _read_json(text: str, latest: date, progress: Callable[[int, int], None]) -> Reading:
    for format_, kind in _KINDS.items():
        try:
            whole = msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            # Another format, or something is damaged: then each element is read by itself, below.
            continue
        reading = Reading(format_ if whole else Format.NONE, "element")
        return _count(enumerate(whole, 1), len(whole), reading, latest, progress)
    elements = _elements(text)
    reading = Reading(_format(elements), "element")
    decoded = _decode(_KINDS[reading.format], enumerate(elements, 1), reading, strict=True)
    return _count(decoded, len(elements), reading, latest, progress)


def _elements(text: str) -> list[Any]:
    """The elements of a JSON array. The standard library's reader: it is the more patient one with foreign text."""
    try:
        # A number with thousands of digits is damaged, but costs no more than its element.
        whole = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 20 else None)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"is JSON that breaks off or is damaged (at line {error.lineno}, column {error.colno}); {EXPECTED}"
        ) from None
    except RecursionError:
        raise FormatError(f"is JSON that is nested too deeply; {EXPECTED}") from None
    return whole  # type: ignore[no-any-return]  # It begins with a bracket.


def _format(elements: Sequence[object]) -> Format:
    """Which format most elements of an array have, damaged ones too. Raises FormatError."""
    keys = [each.keys() for each in elements if isinstance(each, dict)]
    feedbacks = sum(1 for each in keys if not each.isdisjoint(COLUMNS))
    raw = sum(1 for each in keys if not each.isdisjoint(("ts", "r")))
    if not feedbacks and not raw:
        raise FormatError(f"is a JSON array, but none of its elements is a rating; {EXPECTED}")
    return Format.RAW if raw > feedbacks else Format.FEEDBACKS


def _decode(
    kind: type[_RawResult] | type[_Feedback],
    elements: Iterable[tuple[int, object]],
    reading: Reading,
    *,
    strict: bool,
) -> Iterator[tuple[int, _RawResult | _Feedback]]:
    """Each element by itself; those that cannot be read are refused."""
    for number, element in elements:
        if isinstance(element, separated.Damaged):
            reading.refused.append(Refused(number, element.reason))
            continue
        try:
            yield number, msgspec.convert(element, kind, strict=strict)
        except msgspec.ValidationError as error:
            reading.refused.append(Refused(number, _explain(str(error))))


def _explain(message: str) -> str:
    """Say what is wrong in words that hold nothing of the element but a key's name."""
    what, _, where = message.partition(" - at `$.")
    key = where.rstrip("`")
    if key in _ALLOWED:
        return f"{key} is not {_ALLOWED[key]}"
    if what.startswith("Object missing required field"):
        return f"{what.split('`')[1]} is missing"
    return "is not an object with the keys of a rating"


def _count(
    elements: Iterable[tuple[int, _RawResult | _Feedback]],
    most: int,
    reading: Reading,
    latest: date,
    progress: Callable[[int, int], None],
) -> Reading:
    """Count elements into `reading`: `most` of them at most, told to `progress`."""
    counts: dict[tuple[str | int, str, bool], list[int]] = {}
    days: dict[str, date | str] = {}
    ids: set[str] = set()
    surveys: set[int | str] = set()
    for done, (number, each) in enumerate(elements, 1):
        point: str | int = ""
        if done % STEP == 0:
            progress(done, most)
        hour = each.when[:13]
        if hour not in days:
            days[hour] = _day(hour, latest)
        if isinstance(reason := days[hour], str):
            reading.refused.append(Refused(number, reason))
            continue
        if isinstance(each, _Feedback):
            if (id_ := each.id.lower()) in ids:
                reading.doubled += 1
                continue
            ids.add(id_)
            point = each.point
            if each.survey is not None:
                surveys.add(each.survey)
        key = (point, hour, bool(each.repeat))
        if key not in counts:
            counts[key] = [0, 0, 0, 0]
        counts[key][each.score] += 1
    progress(most, most)
    reading.surveys = len(surveys)
    for (place, hour, repeat), (a, b, c, d) in counts.items():
        day = days[hour]
        assert isinstance(day, date)
        known = Hour(str(place), day, int(hour[11:]), repeat)
        # One hour can have been written in two ways: as "T10" and " 10".
        before = reading.hours.get(known, ZERO)
        reading.hours[known] = (before[0] + a, before[1] + b, before[2] + c, before[3] + d)
    reading.refused.sort(key=lambda refused: refused.number)
    return reading


def _day(hour: str, latest: date) -> date | str:
    """The day of an hour (`2022-01-31T14`), or why it cannot be one."""
    try:
        day = date.fromisoformat(hour[:10])
    except ValueError:
        return "its day does not exist"
    if day < EARLIEST:
        return f"its time is before {EARLIEST.year}: a clock was wrong"
    if day > latest:
        return "its time lies in the future"
    return day
