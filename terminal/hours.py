"""Whether the terminal asks at a moment, and when that changes next. Pure: knows no clock, no window, no Kivy.

The hours are what the clock on the wall says, so the wall is asked: a moment is turned into civil time and looked up.
A night in which the clock is put back goes through an hour twice, and what is said of that hour holds both times; one
in which it is put forward has no such hour, and what would begin in it begins with the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ratings import config, opening
from ratings import period as periods

FARTHEST = timedelta(days=366)
"""How far ahead `Hours.until` looks."""

_SECOND = timedelta(seconds=1)


class Hours:
    """The opening hours of a place. Takes settings that the configuration has found right."""

    def __init__(self, settings: config.Hours, zone: ZoneInfo) -> None:
        self._zone = zone
        self._week = [[(0, opening.MIDNIGHT)]] * 7
        if settings.weekdays is not None:
            self._week = [opening.parse_day(texts) for texts in settings.weekdays]
        self._closed = [opening.parse_days(text) for text in settings.closed]
        self._always = settings.weekdays is None and not self._closed

    def is_open(self, moment: datetime) -> bool:
        """Whether it asks at a moment (aware). Raises ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError("a naive datetime has no place in Fjes")
        wall = moment.astimezone(self._zone)
        minute = wall.hour * 60 + wall.minute
        return any(begin <= minute < end for begin, end in self._stretches(wall.date()))

    def until(self, moment: datetime) -> datetime:
        """The moment (UTC) at which `is_open` next changes; a year from now where it does not change before."""
        farthest = moment.astimezone(UTC) + FARTHEST
        if self._always:
            return farthest
        now = self.is_open(moment)
        day = periods.local_day(moment, self._zone)
        while (start := periods.start_of_day(day, self._zone)) < farthest:
            for edge in sorted(self._edges(day, start)):
                if moment < edge < farthest and self.is_open(edge) != now:
                    return edge
            day += periods.DAY
        return farthest

    def _stretches(self, day: date) -> list[tuple[int, int]]:
        if any(first <= day <= last for first, last in self._closed):
            return []
        return self._week[day.weekday()]

    def _edges(self, day: date, start: datetime) -> Iterator[datetime]:
        """Every moment of a day at which it may change: its stretches' ends, and where the clock on the wall jumps."""
        yield start
        for minute in {each for stretch in self._stretches(day) for each in stretch if each < opening.MIDNIGHT}:
            wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
            # A minute that comes twice has two moments. One that is left out has moments beside it, which do no harm.
            yield from (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        end = periods.start_of_day(day + periods.DAY, self._zone)
        if self._offset(start) != self._offset(end):
            yield self._jump(start, end)

    def _jump(self, before: datetime, after: datetime) -> datetime:
        """The first second with the later offset, between two moments whose offsets differ."""
        while after - before > _SECOND:
            middle = before + (after - before) // 2 // _SECOND * _SECOND
            if self._offset(middle) == self._offset(before):
                before = middle
            else:
                after = middle
        return after

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self._zone).utcoffset()
