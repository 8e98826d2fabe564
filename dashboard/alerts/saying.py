"""What an alert says, in Norwegian and English: from the values kept when it was raised. Knows no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard import statistics
from dashboard.alerts.figures import Z
from dashboard.alerts.stored import About, Alert, Kind
from dashboard.bands import Band
from dashboard.language import Words
from ratings.period import Grain, Period, period_of


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and what to make of it."""

    heading: str
    text: str


def said(alert: Alert, say: Words) -> Said:
    """The alert in words."""
    about = alert.about
    match alert.kind:
        case Kind.LEVEL:
            return _level(about, say)
        case Kind.FALL:
            return _fall(about, say)
        case Kind.POUNDING:
            return _pounding(about, say)
        case Kind.FEW:
            return _few(about, say)
        case Kind.SILENT:
            return Said(
                say(
                    "%(terminal)s has not been heard since %(day)s",
                    terminal=about["name"],
                    day=say.day(date.fromisoformat(about["since"])),
                ),
                say("See to its power and its network. Ratings are kept on its card meanwhile; none is lost."),
            )
        case Kind.STUCK:
            return _stuck(about, say)


def _level(about: About, say: Words) -> Said:
    share = statistics.share(about["k"], about["n"])
    assert share is not None
    return Said(
        say(
            "%(percent)s were dissatisfied %(when)s",
            percent=say.percent(share.percent),
            when=_when(about, "first", "last", say),
        ),
        say(
            "%(k)s of %(n)s ratings were unhappy or very unhappy (95%% interval %(interval)s). "
            "It is told above %(level)s.",
            k=say.number(share.k),
            n=say.number(share.n),
            interval=say.interval(share.low, share.high, 0),
            level=say.percent(about["level"]),
        ),
    )


def _fall(about: About, say: Words) -> Said:
    now, then = statistics.share(about["k"], about["n"]), statistics.share(about["then_k"], about["then_n"])
    assert now is not None
    assert then is not None
    low, high = statistics.difference(now.k, now.n, then.k, then.n, Z)
    return Said(
        say("Fewer were satisfied %(when)s than before", when=_when(about, "first", "last", say)),
        say(
            "%(now)s of %(n)s ratings, against %(then)s of %(m)s %(before)s. That is a clear change (99%% "
            "interval: a fall of %(least)s to %(most)s percentage points).",
            now=say.percent(now.percent),
            n=say.number(now.n),
            then=say.percent(then.percent),
            m=say.number(then.n),
            before=_when(about, "then_first", "then_last", say),
            least=say.points(-100 * high),
            most=say.points(-100 * low),
        ),
    )


def _pounding(about: About, say: Words) -> Said:
    return Said(
        say("Many presses were set aside %(when)s", when=_when(about, "first", "last", say)),
        say(
            "%(band)s presses came so fast after each other that they count as repeats. They are in no percentage. "
            "The page Repeats says what helps.",
            band=say.band(Band(about["low"], about["high"])),
        ),
    )


def _few(about: About, say: Words) -> Said:
    name = about.get("name")
    helps = say("Is it seen, within reach, and in working order? Try it yourself, when nobody is about.")
    if name is None:
        return Said(
            say("Very few ratings"),
            say("For more than three weeks there was nothing new to show, though its terminals are online.")
            + f" {helps}",
        )
    return Said(
        say("Very few ratings at %(terminal)s", terminal=name),
        say("For more than three weeks there was nothing new to show of it, though it is online.") + f" {helps}",
    )


def _stuck(about: About, say: Words) -> Said:
    if about["cause"] == "button":
        return Said(
            say("A button of %(terminal)s is stuck", terminal=about["name"]),
            say("It was on the last day told of, or is now. See to its buttons."),
        )
    return Said(
        say("%(terminal)s may not be running", terminal=about["name"]),
        say("It is online, but has not looked for days for what has closed. Start it again, and look into its log."),
    )


def _when(about: About, first: str, last: str, say: Words) -> str:
    """`in March 2022`; where the days are not whole months, `on 11–17 March 2022`."""
    days = Period(date.fromisoformat(about[first]), date.fromisoformat(about[last]))
    is_whole = period_of(Grain.MONTH, days.first).first == days.first and (
        period_of(Grain.MONTH, days.last).last == days.last
    )
    return say("in %(months)s", months=say.months(days)) if is_whole else say("on %(days)s", days=say.days(days))
