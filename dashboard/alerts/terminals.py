"""Alerts about terminals: silent, stuck, or online while next to nobody presses. Reads no count of ratings.

Whether there are few is seen by what is published of the trend, and by when the place is open; that tells no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from dashboard import disclosure, remote, terminal_faults
from dashboard.alerts.stored import Found, Kind
from dashboard.places import Site
from dashboard.terminal_health import Health, Standing
from ratings import opening
from ratings import remote as shape
from ratings.period import DAY
from ratings.sections import Opening

SILENT_FOR = timedelta(hours=24)
"""Many are switched off at night. After so long nobody meant to."""
WEEKS = 5
"""Of a trend by weeks, the last two pieces are always held back: then nothing has come for three weeks."""

Alone = tuple[str, str]
"""A terminal and what is the matter with it: of one such, one alert at a time."""


def silent_or_stuck(all_: Sequence[Health], sites: Mapping[str, int], now: datetime) -> dict[Alone, Found]:
    """What is the matter with terminals. `sites`: the number of each terminal's site."""
    found: dict[Alone, Found] = {}
    for each in all_:
        id_, site = each.terminal.id, sites.get(each.terminal.id)
        if site is None:
            continue
        if each.standing is Standing.SILENT and each.since is not None and now - each.since >= SILENT_FOR:
            about = {"name": each.terminal.name, "since": each.since.date().isoformat()}
            key = f"{Kind.SILENT}/{id_}/{each.since:%Y-%m-%dT%H}"
            found[id_, Kind.SILENT] = Found(key, Kind.SILENT, site, id_, about)
        for remark in each.remarks:
            cause = terminal_faults.STUCK.get(remark.text)
            if cause is not None:
                about = {"name": each.terminal.name, "cause": cause}
                found[id_, cause] = Found(f"{Kind.STUCK}/{id_}/{cause}/{now:%Y-%m-%d}", Kind.STUCK, site, id_, about)
    return found


def few(connection: Connection, site: Site, questions: Sequence[str], online: set[str], today: date) -> Iterator[Found]:
    """Whether nothing new of a site's trend could be shown for long, though terminals are online.

    Of each terminal by itself where others go on; else of the site, since pieces wait for the slowest.
    """
    last: dict[str, date] = {}
    for question in questions:
        for terminal, day in disclosure.trend_until(connection, site, question).items():
            last[terminal] = max(day, last.get(terminal, day))
    there = [each for each in site.terminals if each.id in online and each.id in last and not each.live]
    hours = _hours(connection, site)
    late = [each for each in there if _is_late(last[each.id], today, hours.get(each.id))]
    if late and len(late) == len(there):
        latest = max(last.values())
        if all(_is_late(latest, today, hours.get(each.id)) for each in late):
            yield Found(f"{Kind.FEW}/site-{site.id}/{latest}", Kind.FEW, site.id, None, {})
            return
    for each in late:
        key = f"{Kind.FEW}/{each.id}/{last[each.id]}"
        yield Found(key, Kind.FEW, site.id, each.id, {"name": each.name})


def _is_late(seen: date, today: date, hours: Opening | None) -> bool:
    """Whether it was open for `WEEKS` usual weeks since a day."""
    days = [seen + number * DAY for number in range(1, (today - seen).days)]
    week = hours.weekdays if hours else None
    usual = sum(map(bool, week)) if week else 7
    closed = [opening.parse_days(each) for each in hours.closed] if hours else []
    is_open = [
        day
        for day in days
        if (not week or week[day.weekday()]) and not any(first <= day <= end for first, end in closed)
    ]
    return len(is_open) >= WEEKS * usual


def _hours(connection: Connection, site: Site) -> dict[str, Opening]:
    """The opening hours of terminals, where they were set from here: those in their own files nobody here knows."""
    found: dict[str, Opening] = {}
    for terminal, message in remote.terminals(connection, remote.Place("site", site.name)):
        if message is not None and (hours := shape.decode(message).hours):
            found[terminal] = hours
    return found
