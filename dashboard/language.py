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
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

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
        """A run of days within one month: `1.–13. mars 2022`, `1–13 March 2022`."""
        if span.first == span.last:
            return self.day(span.first)
        return f"{span.first.day}{'.' if self.code == 'nb' else ''}–{self.day(span.last)}"

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
