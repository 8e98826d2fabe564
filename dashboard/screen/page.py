"""The page *Screen* of a site or a terminal: what is set of it, a form for each section, and pictures beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest, NotFound

from dashboard import remote
from dashboard.language import Words
from dashboard.pages import keys
from dashboard.pages.asking import Asked
from dashboard.pages.page import Page
from dashboard.places import Area, Site, Terminal, sites_of
from dashboard.remote import Standing
from dashboard.screen import forms, setting
from dashboard.screen.forms import FormError
from dashboard.screen.previews import PreviewError, Previews
from dashboard.screen.setting import ATTRIBUTES, SCREENS, ChangedMeanwhileError, Setting
from dashboard.store import reading
from ratings import opening
from ratings.config import ConfigError, Question
from ratings.period import Grain, Period, parse_month, period_of
from ratings.sections import LANGUAGES, REASONS

NAME = "screen"
"""The page's in addresses."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came back: its name, what was in it, what is wrong, and pictures where those were asked for."""

    form: str
    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[tuple[str, str], ...] = ()
    """Languages, and the names of the pictures."""

    @property
    def of(self) -> str:
        """Of several questions, which one: the month it begins in; empty for a new one."""
        return self.values.get("of", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A question on the page: its form's key and fields, when it is asked, and whether that is now."""

    key: str
    values: Mapping[str, str]
    title: str
    text: str
    now: bool
    over: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows. `places`: where it is about several sites, those to choose from, each with its address."""

    places: tuple[tuple[str, str], ...]
    setting: Setting | None = None
    standings: tuple[Standing, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """What terminals are called, by id."""
    questions: tuple[Line, ...] = ()
    earliest: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    """Those shown, and what they are called."""
    choices: tuple[tuple[str, str], ...] = ()
    """Those that can be shown."""
    days: tuple[tuple[str, str], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    sent: Sent | None = None
    saved: str = ""
    can_preview: bool = False
    address: str = ""

    def values(self, form: str) -> Mapping[str, str]:
        """What is in a form's fields: what was sent, else what is set."""
        assert self.setting is not None
        return self.sent.values if self.sent and self.sent.form == form else setting.fields(self.setting, form)

    def problems(self, form: str, of: str = "") -> Mapping[str, str]:
        """What is wrong with a form, by field."""
        return self.sent.problems if self.sent and (self.sent.form, self.sent.of) == (form, of) else {}

    def pictures(self, form: str, of: str = "") -> tuple[tuple[str, str], ...]:
        """What was drawn for a form."""
        return self.sent.pictures if self.sent and (self.sent.form, self.sent.of) == (form, of) else ()

    def is_open(self, form: str, of: str = "") -> bool:
        """Whether a form is unfolded: where something of it is to be read."""
        return bool(self.sent and (self.sent.form, self.sent.of) == (form, of))


def page(asked: Asked, sent: Sent | None = None, *, can_preview: bool = False) -> Page:
    """What is set, and the forms to change it. Looked up anew each time: how far terminals have got changes alone."""
    say, place = asked.words, asked.place
    if isinstance(place, Area):
        sites = tuple((site.name, asked.link(NAME, site)) for site in sites_of(place, asked.tree.sites))
        return Page("screen.html", say("Screen"), Screen(sites))
    with reading(asked.engine) as connection:
        found = setting.look(connection, place)
        standings = remote.standings(connection, found.where)
    if sent and sent.form == "questions" and sent.of not in map(setting.key_of, found.questions):
        # What was written for a question that is gone is there to be copied, as one to be planned.
        sent = replace(sent, values={name: text for name, text in sent.values.items() if name != "of"})
    month = period_of(Grain.MONTH, asked.today)
    named = keys.reason(say, {})
    contents = Screen(
        (),
        found,
        tuple(standings),
        {each.id: each.name for each in found.site.terminals},
        _lines(say, found, month, sent),
        f"{month.next():%Y-%m}",
        tuple((code, say.language(code)) for code in found.languages),
        tuple((code, say.language(code)) for code in dict.fromkeys((*LANGUAGES, *found.languages))),
        tuple((day, say.weekday(number)) for number, day in enumerate(opening.WEEKDAYS, start=1)),
        tuple((each, named(each)) for each in REASONS),
        sent,
        asked.query.get("saved", "") if sent is None else "",
        can_preview,
        asked.link(NAME),
    )
    return Page("screen.html", say("Screen"), contents)


def _lines(say: Words, found: Setting, month: Period, sent: Sent | None) -> tuple[Line, ...]:
    questions = found.questions
    now = questions.index(setting.asked_in(questions, month))
    is_own_file = found.effective.questions is None
    lines = []
    for number, question in enumerate(questions):
        key = setting.key_of(question)
        typed = sent.values if sent and (sent.form, sent.of) == ("questions", key) else None
        lines.append(
            Line(
                key,
                typed or forms.question_fields(question),
                say("The question that ships") if is_own_file else _when(say, question, is_now=number == now),
                _text(say, question),
                number == now,
                number < now,
            )
        )
    return tuple(lines)


def _when(say: Words, question: Question, *, is_now: bool) -> str:
    if is_now:
        return say("Asked now")
    if question.from_ is None:
        return say("Asked before")
    return say("From %(month)s", month=say.months(parse_month(question.from_)))


def _text(say: Words, question: Question) -> str:
    """The question in the reader's language, else in any."""
    texts = question.texts
    own = texts.get(say.code) or texts.get("en") or next(iter(texts.values()), None)
    if own:
        return own
    if question.place:
        return say("How satisfied are you with your visit to %(place)s today?", place=question.place)
    return say("How satisfied are you with your visit today?")


def take(
    asked: Asked, form: Mapping[str, str], previews: Previews | None, noted: Callable[[Connection], None]
) -> tuple[Page, int] | None:
    """Do what a form asks for. None where it was stored, and `noted`; else the page to show, and its status."""
    place = asked.place
    if not isinstance(place, Site | Terminal):
        raise BadRequest(asked.words("This is set site by site."))
    name, do = form.get("form", ""), form.get("do", "")
    if name not in ATTRIBUTES or do not in ("store", "remove", "clear", "preview"):
        raise BadRequest

    def again(problems: dict[str, str], status: int, pictures: tuple[tuple[str, str], ...] = ()) -> tuple[Page, int]:
        sent = Sent(name, form, problems, pictures)
        return page(asked, sent, can_preview=previews is not None), status

    say = asked.words
    try:
        if do == "preview":
            return again({}, 200, _drawn(asked, place, name, form, previews))
        with asked.engine.begin() as connection:
            found = setting.locked(connection, place)
            if form.get("was") != found.mark(name):
                raise ChangedMeanwhileError
            if do == "clear":
                wanted = setting.without(found, name)
            else:
                wanted = setting.meant(say, connection, found, name, form, period_of(Grain.MONTH, asked.today))
            setting.store(connection, found, wanted)
            noted(connection)
    except FormError as error:
        return again(error.problems, 400)
    except (ConfigError, PreviewError) as error:
        return again({"": str(error)}, 400 if isinstance(error, ConfigError) else 503)
    except ChangedMeanwhileError:
        text = say("Somebody else has changed this meanwhile. Copy what you wrote, open the page anew, and compare.")
        return again({"": text}, 409)
    except remote.PlaceError:
        raise NotFound from None
    return None


def _drawn(
    asked: Asked, place: Site | Terminal, name: str, form: Mapping[str, str], previews: Previews | None
) -> tuple[tuple[str, str], ...]:
    if previews is None or name not in SCREENS:
        raise BadRequest
    month = period_of(Grain.MONTH, asked.today)
    with reading(asked.engine) as connection:
        found = setting.look(connection, place)
        wanted = setting.meant(asked.words, connection, found, name, form, month)
    return tuple(previews.take(setting.preview_of(found, wanted, form, month), SCREENS[name]))
