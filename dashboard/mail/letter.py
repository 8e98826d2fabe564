"""A letter as it travels (RFC 5322): headers that no name can add a line to, text and HTML, pictures, and files.

Knows no database, no server and no figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from ratings import mailing
from ratings.legible import printable
from ratings.sections import Mail


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG in the HTML, which shows it as `<img src="cid:name@fjes">`."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A PDF that is attached, by the name it is kept under."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody gets. `stop`: where to end it."""

    subject: str
    text: str
    html: str
    language: str
    pictures: tuple[Picture, ...] = ()
    files: tuple[File, ...] = ()
    stop: str = ""


def written(letter: Letter, to: str, mail: Mail, moment: datetime) -> str:
    """The message, with the Message-ID that it keeps however often it is tried. In ASCII, lines ended by CRLF."""
    name, address = mailing.sender(mail.from_ or "") or ("", "")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(letter.subject)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = make_msgid("fjes", address.rpartition("@")[2])
    # Nobody's "I am on holiday" is to come back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.stop:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    html = message.get_payload()[1]  # type: ignore[index]
    assert isinstance(html, EmailMessage)
    for picture in letter.pictures:
        html.add_related(
            picture.content,
            "image",
            "png",
            cid=f"<{picture.name}@fjes>",
            filename=f"{picture.name}.png",
            disposition="inline",
        )
    for file in letter.files:
        message.add_attachment(file.content, "application", "pdf", filename=file.name)
    message["Content-Language"] = letter.language  # Before, it would have become that of a part.
    return message.as_bytes().decode("ascii")


def one_line(text: str) -> str:
    """A text that came from elsewhere, fit for a header: one line, and nothing in it that is not seen."""
    return printable(" ".join(text.split()))
