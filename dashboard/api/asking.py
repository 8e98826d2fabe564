"""What programs may ask for: the parameters of each kind of answer, checked by the types that OpenAPI is made of.

Knows no database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from dashboard.api.shapes import Kind
from dashboard.pages.asking import LONGEST_YEARS, back, last_closed_month
from ratings import period as periods
from ratings.period import DAY, Grain, Period, period_of

PLACES, MOST_PLACES = 100, 500
"""Of so many places an answer has rows where nobody says otherwise, and at most."""

_YEAR = "(19|20|21)[0-9]{2}"
_MONTH = f"{_YEAR}-(0[1-9]|1[0-2])"
_DAY = f"^{_MONTH}(-(0[1-9]|[12][0-9]|3[01]))?$"
WORDS = ("last-month", "last-quarter", "last-year", "last-12-months", "this-year", "all")

Key = Annotated[
    str,
    Meta(
        pattern="^(all|area-[0-9]{1,9}|site-[0-9]{1,9}|terminal-[a-z0-9-]{1,64})$",
        examples=["all", "area-2", "site-3", "terminal-stua"],
    ),
]
Name = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$", examples=["visit"])]
Day = Annotated[str, Meta(pattern=_DAY, examples=["2023-01", "2023-01-31"])]
Word = Annotated[
    str,
    Meta(
        pattern=f"^({'|'.join(WORDS)}|{_YEAR}(-(0[1-9]|1[0-2])|-[qQ][1-4])?)$",
        description=f"Which months: a month as 2023-12, a quarter as 2023-q3, a year as 2023, or {', '.join(WORDS)}. "
        "Default: last-12-months.",
        examples=["last-month", "2023-12", "2023-q3", "2023"],
    ),
]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be asked of any answer."""

    place: Annotated[Key | UnsetType, Meta(description="Of which place. Default: every one of a kind.")] = UNSET
    kind: Annotated[
        Kind | UnsetType,
        Meta(description="Of all places of this kind in `place`, or anywhere. Default: `place` itself, or sites."),
    ] = UNSET
    limit: Annotated[int, Meta(ge=1, le=MOST_PLACES, description="Rows of so many places at most.")] = PLACES
    after: Annotated[Key | UnsetType, Meta(description="Only of places after this one: `next` has it.")] = UNSET
    format: Literal["json", "csv"] = "json"


class AskedFigures(Asked, frozen=True, kw_only=True):
    """Of figures, besides: of what time, and of which question."""

    period: Word | UnsetType = UNSET
    first: Annotated[
        Day | UnsetType,
        Meta(description="From this month or day on, in place of `period`."),
    ] = field(name="from", default=UNSET)
    last: Annotated[Day | UnsetType, Meta(description="To this month or day.")] = field(name="to", default=UNSET)
    question: Annotated[Name | UnsetType, Meta(description="Its id. Default: the one that was asked last.")] = UNSET


class AskedParts(AskedFigures, frozen=True, kw_only=True):
    """Of languages, hours and reasons, besides: the language of the labels."""

    lang: Annotated[Literal["nb", "en"], Meta(description="Of the labels.")] = "nb"


ASKED: dict[str, type[Asked]] = {
    "places": Asked,
    "totals": AskedFigures,
    "months": AskedFigures,
    "trend": AskedFigures,
    "languages": AskedParts,
    "hours": AskedParts,
    "reasons": AskedParts,
}
"""The parameters of each kind of answer."""


def read(kind: type[Asked], arguments: MultiDict[str, str]) -> Asked:
    """What an address has behind its `?`. Raises BadRequest, which says what is wrong, and what is allowed."""
    known = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    for name, values in arguments.lists():
        if name not in known:
            raise BadRequest(f"There is no parameter {name[:40]!r}. There are: {', '.join(known)}.")
        if len(values) > 1:
            raise BadRequest(f"The parameter {name!r} is there {len(values)} times. Give it once.")
        if not values[0].isprintable():  # To a pattern, a line's end is nothing.
            raise BadRequest(f"The parameter {name!r} has a character that cannot be shown. {_allowed(kind, name)}")
    found: dict[str, Any] = arguments.to_dict()
    try:
        asked = msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        wrong = str(error).rpartition("$.")[2].rstrip("`")
        raise BadRequest(f"The parameter {wrong!r} cannot be {found[wrong][:40]!r}. {_allowed(kind, wrong)}") from None
    if isinstance(asked, AskedFigures) and asked.period and (asked.first or asked.last):
        raise BadRequest("There is a 'period', and 'from' or 'to' as well. Leave out the one or the others.")
    return asked


def _allowed(kind: type[Asked], name: str) -> str:
    """What a parameter may be, in a sentence, out of its type."""
    about: dict[str, Any] = parameters(kind).get(name, {})
    if "enum" in about:
        return f"It is one of: {', '.join(about['enum'])}."
    if "minimum" in about:
        return f"It is a number from {about['minimum']} to {about['maximum']}."
    if name == "period":
        return str(about["description"])
    return f"Write it as {' or '.join(about['examples'])}."


@cache
def parameters(kind: type[Asked]) -> dict[str, dict[str, Any]]:
    """The parameters of an answer as JSON Schema."""
    _, known = msgspec.json.schema_components([kind])
    properties: dict[str, dict[str, Any]] = known[kind.__name__]["properties"]
    return properties


def days(asked: AskedFigures, today: date, known: Period | None, default: Period | None, until: date) -> Period | None:
    """The days that are asked for, as far as there may be figures of them; None where there are none.

    `known`: the months of which there are figures. `default`: where nothing is asked for. `until`: the last day of
    which there may be any. Raises BadRequest.
    """
    found = _named(asked, today, until) or default or _word("last-12-months", today, until)
    if known is None or found.first > min(found.last, until) or found.last < known.first:
        return None
    return Period(max(found.first, known.first), min(found.last, until))


def _named(asked: AskedFigures, today: date, until: date) -> Period | None:
    if asked.period:
        return _word(asked.period, today, until)
    if not asked.first and not asked.last:
        return None
    first = _day("from", asked.first).first if asked.first else _earliest(today)
    last = _day("to", asked.last).last if asked.last else max(until, first)
    if last < first:
        raise BadRequest(f"'from' ({asked.first}) is after 'to' ({asked.last}). Turn the two round.")
    return Period(first, last)


def _day(name: str, text: str) -> Period:
    try:
        return periods.parse(text if len(text) == len("2023-01") else f"{text}/{text}")[0]
    except ValueError:
        raise BadRequest(f"The parameter {name!r} cannot be {text!r}: there is no such day.") from None


def _word(word: str, today: date, until: date) -> Period:
    month = last_closed_month(today)
    year = period_of(Grain.YEAR, today)
    words: dict[str, Callable[[], Period]] = {
        "last-month": lambda: month,
        "last-quarter": lambda: period_of(Grain.QUARTER, period_of(Grain.QUARTER, today).first - DAY),
        "last-year": lambda: period_of(Grain.YEAR, year.first - DAY),
        "last-12-months": lambda: Period(back(month, 11).first, max(month.last, until)),
        "this-year": lambda: year,
        "all": lambda: Period(_earliest(today), max(month.last, until)),
    }
    return words[word]() if word in words else periods.parse(word.upper())[0]


def _earliest(today: date) -> date:
    return today.replace(year=today.year - LONGEST_YEARS, month=1, day=1)


def whole_months(days_: Period) -> Period:
    """The months that some days are in."""
    return Period(period_of(Grain.MONTH, days_.first).first, period_of(Grain.MONTH, days_.last).last)
