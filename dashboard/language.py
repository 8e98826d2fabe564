"""Norwegian and English: words from `words/*.po`, and numbers, months and days written as each language writes them.

The texts in the code are English; a catalogue has what differs. Catalogues are read once, when first asked for.
Knows nothing of Flask: pages and `fjes report` use the same words.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from dashboard.bands import Band, Step
from dashboard.statistics import Change
from ratings.period import Period

LANGUAGES = {"nb": "Norsk", "en": "English"}
"""What the dashboard speaks, by its own name; the first is the default."""

DEFAULT = "nb"

_LOCALES = {"nb": "nb_NO", "en": "en_GB"}
_ALIKE = {"no": "nb", "nn": "nb"}

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Words:
    """One language. Call it with an English text to have it in this language, `%(name)s` filled in, `%%` one %."""

    code: str
    locale: Locale
    translations: Translations

    def __call__(self, text: str, /, **values: Any) -> str:
        """The text in this language."""
        return str(self.translations.gettext(text)) % values

    def many(self, one: str, several: str, n: int, /, **values: Any) -> str:
        """A text with a number in it, `%(n)s`."""
        return str(self.translations.ngettext(one, several, n)) % ({"n": self.number(n)} | values)

    def number(self, n: int) -> str:
        """A whole number: `12 345` in Norwegian, `12,345` in English."""
        return str(format_decimal(n, locale=self.locale))

    def percent(self, percent: float, decimals: int = 0) -> str:
        """A percentage (0–100), rounded half up: `67,8 %` in Norwegian, with a space that does not break; `67.8%`."""
        return self._rounded(percent, decimals) + self._sign

    def interval(self, low: float, high: float, decimals: int = 1) -> str:
        """Two percentages: `58,8–75,7 %`."""
        return f"{self._rounded(low, decimals)}–{self._rounded(high, decimals)}{self._sign}"

    def points(self, points: float) -> str:
        """Percentage points, rounded to whole ones, but never to none: `5`, `0,4`."""
        return self._rounded(points, 0 if points >= 0.5 else 1)

    def change(self, change: Change) -> str:
        """What became of a share: `opp 5 prosentpoeng`; called a change only where it is a clear one."""
        if not change.is_clear:
            return self("no clear change")
        if change.points > 0:
            return self("up by %(points)s points", points=self.points(change.points))
        return self("down by %(points)s points", points=self.points(-change.points))

    def decimal(self, number: float, decimals: int) -> str:
        """A number in a formula: `57,97`, `−2,03`."""
        return self._rounded(number, decimals).replace("-", "−")

    def band(self, band: Band) -> str:
        """A number of ratings as it may be told: `20–29`, `100 eller flere`; of repeats also `0`."""
        low = self.number(band.low)
        if band.low == band.high:
            return low
        return f"{low}–{self.number(band.high)}" if band.high is not None else self("%(n)s or more", n=low)

    def step(self, step: Step) -> str:
        """A share as it may be told: `80–85 %`, `95 % eller mer`."""
        if step.high == 100:
            return self("%(percent)s or more", percent=self.percent(step.low))
        if step.low == 0:
            return self("%(percent)s or less", percent=self.percent(step.high))
        return self.interval(step.low, step.high, 0)

    @property
    def _sign(self) -> str:
        return f"{NO_BREAK}%" if self.code == "nb" else "%"

    def _rounded(self, percent: float, decimals: int) -> str:
        step = Decimal(1).scaleb(-decimals)
        # repr() is the shortest number that is this float: 62.5 is rounded as people would round it.
        rounded = Decimal(repr(percent)).quantize(step, ROUND_HALF_UP)
        return str(format_decimal(rounded, "0." + "0" * decimals if decimals else "0", locale=self.locale))

    def day(self, day: date) -> str:
        """`1. mars 2022`, `1 March 2022`."""
        return str(format_date(day, "long", locale=self.locale))

    def days(self, span: Period) -> str:
        """A run of days: `1.–13. mars 2022`, `1–13 March 2022`; over months `28. februar–6. mars 2022`."""
        first, last = span.first, span.last
        if first == last:
            return self.day(first)
        dot = "." if self.code == "nb" else ""
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}{dot}–{self.day(last)}"
        before = format_date(first, f"d{dot} MMMM", locale=self.locale) if first.year == last.year else self.day(first)
        return f"{before}–{self.day(last)}"

    def months(self, span: Period) -> str:
        """Whole months: `januar 2022`, `januar–mars 2022`, `desember 2021–mars 2022`."""
        last = str(format_date(span.last, "LLLL y", locale=self.locale))
        if (span.first.year, span.first.month) == (span.last.year, span.last.month):
            return last
        pattern = "LLLL" if span.first.year == span.last.year else "LLLL y"
        return f"{format_date(span.first, pattern, locale=self.locale)}–{last}"

    def months_short(self, span: Period) -> str:
        """Whole months in little room, the year apart: `jan.`, `jan.–mars`."""
        first, last = (format_date(day, "LLL", locale=self.locale).rstrip(".") for day in (span.first, span.last))
        return str(first if first == last else f"{first}–{last}")

    def language(self, tag: str) -> str:
        """What a language is called: `norsk bokmål`, `Norwegian Bokmål`; its tag where nobody knows that."""
        try:
            return Locale.parse(tag, sep="-").get_display_name(self.locale) or tag
        except (ValueError, UnknownLocaleError):
            return tag

    def weekday(self, number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
        """An ISO weekday: `mandag`, `Monday`; `man`, `Mon`."""
        return str(self.locale.days["format"][width][number - 1]).rstrip(".")

    def hours(self, first_day: int, last_day: int, begin: int, end: int) -> str:
        """A stretch of a weekday, or of several: `fredag kl. 14–15`, `Friday 14:00–15:00`, `mandag–onsdag`."""
        days = self.weekday(first_day)
        if last_day != first_day:
            days = f"{days}–{self.weekday(last_day)}"
        if (begin, end) == (0, 24):
            return days
        return self("%(weekday)s %(begin)s:00–%(end)s:00", weekday=days, begin=begin, end=end)

    def together(self, names: Sequence[str]) -> str:
        """Several in one sentence: `a, b og c`."""
        return str(format_list(names, locale=self.locale))

    def listed(self, months: Iterable[Period]) -> str:
        """Months in order, runs of them joined: `januar 2022, mars–mai 2022`."""
        return ", ".join(self.months(span) for span in runs(months))


def runs(months: Iterable[Period]) -> list[Period]:
    """Months in order, those that follow each other joined."""
    found: list[Period] = []
    for month in months:
        if found and found[-1].last + timedelta(days=1) == month.first:
            found[-1] = Period(found[-1].first, month.last)
        else:
            found.append(month)
    return found


@cache
def words(code: str) -> Words:
    """A language by its code. Raises KeyError where it is not one of `LANGUAGES`."""
    locale = Locale.parse(_LOCALES[code])
    with (Path(__file__).parent / "words" / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=locale, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(code, locale, Translations(compiled))


def choose(asked: str | None, accepted: Sequence[str]) -> str:
    """The language to use: the one asked for where there is one of that name, else the first accepted, else Norwegian.

    `accepted`: language tags as a browser sends them, the best first.
    """
    for tag in [asked or "", *accepted]:
        code = tag.replace("_", "-").split("-")[0].lower()
        code = _ALIKE.get(code, code)
        if code in LANGUAGES:
            return code
    return DEFAULT
