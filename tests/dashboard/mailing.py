"""What tests about mail share: an application with people, what they asked for, and the post of its database."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage

from flask import Flask
from sqlalchemy import Engine

from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.alerts.watch import Watch
from dashboard.mail import wishes
from dashboard.mail.post import Post
from dashboard.mail.reports import Reports, still_wanted
from dashboard.mail.wishes import Kind, Wishes
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.sections import Mail
from tests.dashboard.test_accounts import Clock, add


@dataclass
class Office:
    """The pages and the post of a database, on a day that can be moved on."""

    engine: Engine
    mail: Mail
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.app: Flask = create_app(
            self.engine, Dashboard(), today=self.today, access=Access(self.engine, self.clock), mail=self.mail
        )

    def today(self) -> date:
        return self.clock().date()

    def on(self, text: str) -> None:
        """It is the morning of a day."""
        self.clock.moment = datetime.fromisoformat(f"{text}T06:00:00+00:00")

    def person(self, name: str, role: Role | None, at: dict[int, Role] | None = None) -> int:
        return add(self.engine, name, role, at)

    def wish(self, person: int, address: str, *places: str, code: str = "nb", kind: Kind = Kind.REPORT) -> None:
        with self.engine.begin() as connection:
            before = wishes.find(connection, person).places
            wishes.put(connection, person, Wishes(address, code, {**before, kind: frozenset(places)}))

    def post(self) -> Post:
        """As a process that has just been started has it."""
        reports = Reports(self.engine, self.app, Dashboard(), self.mail, self.today)
        watch = Watch(self.engine, Dashboard(), self.mail, self.today)
        return Post(self.engine, self.mail, [reports, watch], still_wanted, now=self.clock)


def part(message: EmailMessage, kind: str) -> str:
    """The text or the HTML of a message, its pictures in it as browsers have them."""
    body = message.get_body((kind,))
    assert body is not None
    found = str(body.get_content()).replace("\r\n", "\n")
    for each in message.walk():
        if each["Content-ID"]:
            picture = base64.b64encode(each.get_content()).decode()
            found = found.replace(f"cid:{each['Content-ID'].strip('<>')}", f"data:image/png;base64,{picture}")
    return found
