"""What is typed into the forms about the screen, and the sections of a configuration that it means.

A form is a mapping from its fields' names to what is in them. Knows no database and no request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import structs

from dashboard.language import Words
from ratings import opening
from ratings import period as periods
from ratings.legible import is_legible
from ratings.period import Period
from ratings.remote import Answers, Shown
from ratings.sections import LANGUAGES, REASONS, Answer, Opening, Question, Said

Form = Mapping[str, str]

LONGEST_QUESTION = 200
LONGEST_PLACE = 60
LONGEST_ANSWER = 40
LONGEST_LINE = 90
MOST_LANGUAGES = len(LANGUAGES)
"""Characters, and choices: what `ratings/sections.py` allows."""

_TIMES = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d\d))?")
_DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})")


class FormError(ValueError):
    """What was entered cannot be stored. `problems`: what is wrong, in the reader's language, by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


def question_fields(question: Question) -> dict[str, str]:
    """A question as its form has it."""
    texts = {f"text-{language}": text for language, text in question.texts.items()}
    return {"from": question.from_ or "", "place": question.place, **texts}


def question(say: Words, form: Form, languages: Sequence[str], was: Question | None, earliest: Period) -> Question:
    """The question that a form means: `was` with what was changed, or a new one, which has no id yet.

    `languages`: those shown; one's own words are needed in all of them. `earliest`: the first month that a new one can
    be asked in. Raises FormError.
    """
    problems: dict[str, str] = {}
    place = _line(say, form, "place", LONGEST_PLACE, problems)
    texts = {}
    for language in languages:
        if text := _line(say, form, f"text-{language}", LONGEST_QUESTION, problems):
            texts[language] = text
    # A language that is not shown just now keeps what it had.
    texts |= {key: text for key, text in (was.texts if was else {}).items() if key not in languages and texts}
    if texts:
        for language in languages:
            if language not in texts and f"text-{language}" not in problems:
                problems[f"text-{language}"] = say(
                    "Missing. Whoever chose this language would be asked something else."
                )
    begin = was.from_ if was else None
    if was is None or was.from_ is not None:
        begin = form.get("from", "").strip()
        if not was or begin != was.from_:
            try:
                month = periods.parse_month(begin)
            except ValueError:
                problems["from"] = say("Write a month as 2027-01.")
            else:
                if month.first < earliest.first:
                    problems["from"] = say("At the earliest from %(month)s.", month=say.months(earliest))
    if problems:
        raise FormError(problems)
    changed = was or Question(id="new")
    return structs.replace(changed, from_=begin, place=place, texts=texts)


def language_fields(languages: Sequence[str]) -> dict[str, str]:
    """The languages as the form has them."""
    return {f"language-{number}": code for number, code in enumerate(languages, start=1)}


def languages(say: Words, form: Form, allowed: Sequence[str]) -> Shown:
    """The languages that a form means, in order. Raises FormError."""
    chosen: list[str] = []
    problems = {}
    for number in range(1, MOST_LANGUAGES + 1):
        code = form.get(f"language-{number}", "")
        if not code:
            continue
        if code not in allowed:
            problems[f"language-{number}"] = say("There is no such language.")
        elif code in chosen:
            problems[f"language-{number}"] = say("This language is chosen above already.")
        chosen.append(code)
    if not chosen:
        problems["language-1"] = say("Choose at least one language.")
    if problems:
        raise FormError(problems)
    return Shown(languages=chosen)


def hour_fields(hours: Opening) -> dict[str, str]:
    """Opening hours as the form has them."""
    given = hours.weekdays
    days = dict(zip(opening.WEEKDAYS, ([", ".join(day) for day in given or [[]] * 7]), strict=True))
    return {"always": "" if given else "yes", **days, "closed": "\n".join(hours.closed)}


def hours(say: Words, form: Form) -> Opening:
    """The opening hours that a form means. Raises FormError."""
    problems: dict[str, str] = {}
    week: dict[str, list[str]] = {}
    if not form.get("always"):
        for day in opening.WEEKDAYS:
            try:
                week[day] = _stretches(form.get(day, ""))
                opening.parse_day(week[day])
            except ValueError:
                problems[day] = say("Write it as 10:00-16:00, several with a comma between them, none after 24:00.")
        if not problems and not any(week.values()):
            problems["monday"] = say("It would be closed on every day of the week.")
    closed = []
    for line in re.split(r"[\n,;]", form.get("closed", "")):
        if not line.strip():
            continue
        try:
            closed.append(_days(line))
        except ValueError:
            problems["closed"] = say(
                "“%(text)s” is not a day. Write it as 2026-12-24, and several days as 2026-12-24/2027-01-01.",
                text=line.strip()[:40],
            )
    if len(closed) > 366:
        problems["closed"] = say("That are too many days.")
    if problems:
        raise FormError(problems)
    return Opening(**week, closed=closed)


def reason_fields(reasons: Sequence[Answer]) -> dict[str, str]:
    """The answers to the question that follows as the form has them."""
    ticked = {f"reason-{each.id}": "yes" for each in reasons}
    return ticked | {f"word-{each.id}-{language}": text for each in reasons for language, text in each.texts.items()}


def reasons(say: Words, form: Form, languages: Sequence[str], was: Sequence[Answer]) -> Answers:
    """The answers that a form means, those that ship, in the order they are in `was`, then in their own.

    Raises FormError.
    """
    before = {each.id: each for each in was}
    problems: dict[str, str] = {}
    chosen = []
    for reason in dict.fromkeys((*before, *REASONS)):
        texts = dict(before[reason].texts) if reason in before else {}
        for language in languages:
            texts.pop(language, None)
            if text := _line(say, form, f"word-{reason}-{language}", LONGEST_ANSWER, problems):
                texts[language] = text
        if form.get(f"reason-{reason}"):
            chosen.append(Answer(id=reason, texts=texts))
    if problems:
        raise FormError(problems)
    return Answers(reasons=chosen)


def said_fields(said: Said) -> dict[str, str]:
    """ "You said, we did" as the form has it."""
    return {
        f"said-{language}-{number}": line
        for language, lines in said.texts.items()
        for number, line in enumerate(lines, start=1)
    }


def said(say: Words, form: Form, languages: Sequence[str], was: Said) -> Said:
    """What a form means to tell visitors, by language. Raises FormError."""
    problems: dict[str, str] = {}
    texts = {language: lines for language, lines in was.texts.items() if language not in languages}
    for language in languages:
        lines = [_line(say, form, f"said-{language}-{number}", LONGEST_LINE, problems) for number in (1, 2)]
        if any(lines):
            texts[language] = [line for line in lines if line]
    if problems:
        raise FormError(problems)
    return Said(texts=texts)


def _line(say: Words, form: Form, name: str, longest: int, problems: dict[str, str]) -> str:
    text = " ".join(form.get(name, "").split())
    if len(text) > longest:
        problems[name] = say("%(n)s characters; at most %(most)s fit.", n=say.number(len(text)), most=longest)
    elif text and not is_legible(text):
        problems[name] = say("There is a character in it that a screen cannot show.")
    return text


def _stretches(text: str) -> list[str]:
    """`10-16, 18.00–20.00` as `10:00-16:00` and `18:00-20:00`. Raises ValueError."""
    found = []
    for part in re.split(r"[,;\n]", text):
        if not part.strip():
            continue
        times = _TIMES.fullmatch(part.strip())
        if times is None:
            raise ValueError(part)
        begin, begin_minute, end, end_minute = times.groups(default="00")
        stretch = f"{int(begin):02}:{begin_minute}-{int(end):02}:{end_minute}"
        if not re.fullmatch(opening.STRETCH, stretch):
            raise ValueError(part)
        found.append(stretch)
    return found


def _days(text: str) -> str:
    """`24.12.2026`, or two of them, as `2026-12-24/…`. Raises ValueError."""
    found = [
        date(*map(int, (year, month, day) if year else (late, middle, first)))
        for year, month, day, first, middle, late in _DAY.findall(text)
    ]
    between = _DAY.sub("", text).strip()
    if len(found) not in (1, 2) or (between not in ("/", "-", "–") if len(found) == 2 else between):
        raise ValueError(text)
    if found[-1] < found[0] or found[0].year < 2000 or found[-1].year > 2099:
        raise ValueError(text)
    return "/".join(map(date.isoformat, found))
