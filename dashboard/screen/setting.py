"""What is set of a place, by section: read for the page, and changed by a form. The rules are the terminals' own."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from msgspec import structs
from sqlalchemy import Connection, select

from dashboard import disclosure, places, remote, schema
from dashboard.language import Words
from dashboard.places import Site, Terminal
from dashboard.screen import forms
from dashboard.screen.forms import Form, FormError
from ratings import remote as shape
from ratings.config import ConfigError, Question
from ratings.period import Grain, Period, period_of
from ratings.remote import Answers, Remote
from ratings.sections import DEFAULT_QUESTION, LANGUAGES, Opening, Said

ATTRIBUTES = {"questions": "questions", "languages": "kiosk", "hours": "hours", "reasons": "follow_up", "said": "said"}
"""The forms, and what their section is called in `Remote`."""

SCREENS = {"questions": "asking", "languages": "asking", "reasons": "follow-up", "said": "attract"}
"""What of the kiosk shows what a form is about."""


class ChangedMeanwhileError(Exception):
    """Somebody else has changed the same section since the form was opened."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is set of a site or a terminal: there itself, and by its site where it is a terminal."""

    where: remote.Place
    site: Site
    own: Remote
    above: Remote

    @property
    def effective(self) -> Remote:
        """What is sent: section by section its own, else that of the site."""
        return shape.over(self.above, self.own)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that are shown, as far as that is known here."""
        shown = self.effective.kiosk
        return tuple(shown.languages) if shown else LANGUAGES

    @property
    def questions(self) -> list[Question]:
        """Those that are set; else the one that ships, as it will be asked first."""
        return self.effective.questions or [Question(place=self.site.name[: forms.LONGEST_PLACE])]

    def said_by(self, form: str) -> str:
        """Where a form's section is set: `here`, at the `site`, or `nowhere`."""
        attribute = ATTRIBUTES[form]
        if getattr(self.own, attribute) is not None:
            return "here"
        return "site" if getattr(self.above, attribute) is not None else "nowhere"

    def mark(self, form: str) -> str:
        """What changes when this section is changed."""
        section = msgspec.json.encode(getattr(self.own, ATTRIBUTES[form]))
        return hashlib.sha256(section).hexdigest()[:16]


def look(connection: Connection, place: Site | Terminal) -> Setting:
    """What is set of a place. Raises remote.PlaceError where it is gone."""
    site = next(each for each in places.sites(connection) if each.id in places.site_ids(place))
    above = remote.Place("site", site.name)
    if isinstance(place, Site):
        return Setting(above, site, remote.find(connection, above) or Remote(), Remote())
    where = remote.Place("terminal", place.id)
    own, of_site = remote.find(connection, where), remote.find(connection, above)
    return Setting(where, site, own or Remote(), of_site or Remote())


def locked(connection: Connection, place: Site | Terminal) -> Setting:
    """The same, for whoever is about to change it: two do so one after the other."""
    table, id_ = (schema.site, place.id) if isinstance(place, Site) else (schema.terminal, place.id)
    connection.execute(select(table.c.id).where(table.c.id == id_).with_for_update())
    return look(connection, place)


def without(setting: Setting, form: str) -> Remote:
    """What is set of the place but for one section."""
    return structs.replace(setting.own, **{ATTRIBUTES[form]: None})


def key_of(question: Question) -> str:
    """What the forms call a question of several: the month it begins in, or `first`."""
    return question.from_ or "first"


def asked_in(questions: list[Question], month: Period) -> Question:
    """The one that is asked in a month."""
    return remote.checked(Remote(questions=questions), "the questions").question_in(month)


def fields(setting: Setting, form: str) -> dict[str, str]:
    """What a form starts with. That of the questions has one form for each, by `forms.question_fields`."""
    now = setting.effective
    match form:
        case "languages":
            return forms.language_fields(setting.languages)
        case "hours":
            return forms.hour_fields(now.hours or Opening())
        case "reasons":
            return forms.reason_fields(now.follow_up.reasons if now.follow_up else [])
        case "said":
            return forms.said_fields(now.said or Said())
    return {}


def meant(say: Words, connection: Connection, setting: Setting, name: str, form: Form, month: Period) -> Remote:
    """What would be set of the place. `month`: the running one. Raises FormError, ChangedMeanwhileError."""
    now = setting.effective
    section: object
    match name:
        case "questions":
            section = _questions(say, connection, setting, form, month)
        case "languages":
            section = forms.languages(say, form, (*LANGUAGES, *setting.languages))
        case "hours":
            section = forms.hours(say, form)
        case "reasons":
            section = forms.reasons(say, form, setting.languages, (now.follow_up or Answers()).reasons)
        case _:
            section = forms.said(say, form, setting.languages, now.said or Said())
    wanted = structs.replace(setting.own, **{ATTRIBUTES[name]: section})
    try:
        remote.checked(shape.over(setting.above, wanted), say("What was entered"))
    except ConfigError as error:
        raise FormError({"": str(error)}) from None
    return wanted


def _questions(say: Words, connection: Connection, setting: Setting, form: Form, month: Period) -> list[Question]:
    """All questions, with the form's own one among them: changed, taken away, or new."""
    questions = list(setting.questions)
    was = None
    if form.get("of"):
        was = next((each for each in questions if key_of(each) == form["of"]), None)
        if was is None:
            raise ChangedMeanwhileError
        questions.remove(was)
    if was is not None and form.get("do") == "remove":
        if was == asked_in(setting.questions, month):
            raise FormError({"": say("This question is being asked. Plan another one instead.")})
        return questions
    changed = forms.question(say, form, setting.languages, was, period_of(Grain.MONTH, month.next()))
    if changed.from_ is not None and any(each.from_ == changed.from_ for each in questions):
        raise FormError({"from": say("Another question begins in this month already.")})
    if was is None:
        changed = _named(connection, setting, questions, changed)
    return _in_order((*questions, changed))


def _in_order(questions: Iterable[Question]) -> list[Question]:
    return sorted(questions, key=lambda each: each.from_ or "")


def _named(connection: Connection, setting: Setting, questions: list[Question], new: Question) -> Question:
    """A new question with an id: that of the one that ships where it may be asked again, else one never used here."""
    if not new.texts:
        shipped = structs.replace(new, id=DEFAULT_QUESTION)
        with contextlib.suppress(ConfigError):
            remote.checked(Remote(questions=_in_order((*questions, shipped))), "")
            return shipped
    taken = {each.id for each in questions} | set(disclosure.questions(connection, [setting.site.id]))
    here = schema.terminal.c
    for text in connection.scalars(select(here.settings).where(here.site_id == setting.site.id)):
        taken |= {each.id for each in shape.decode((text or "{}").encode()).questions or []}
    first = f"question-{new.from_}"
    names = itertools.chain([first], (f"{first}-{n}" for n in itertools.count(2)))
    free = next(name for name in names if name not in taken)
    return structs.replace(new, id=free)


def preview_of(setting: Setting, wanted: Remote, form: Form, month: Period) -> Remote:
    """What the kiosk is to draw: what will be, with the question that the form is about, else that of the month."""
    will_be = shape.over(setting.above, wanted)
    questions = will_be.questions or setting.questions
    begin = form.get("from") or form.get("of")
    shown = next((each for each in questions if key_of(each) == begin), asked_in(questions, month))
    return structs.replace(will_be, questions=[structs.replace(shown, from_=None)])


def store(connection: Connection, setting: Setting, wanted: Remote) -> None:
    """Set it. Raises ConfigError where a terminal of the site would refuse it, PlaceError."""
    remote.put(connection, setting.where, wanted, "what was entered")
