"""Mail as `fjes.toml` sets it up: which addresses there can be, and what is wrong with a `[mail]`. Sends nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratings.sections import Mail

LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3, less the brackets)."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# No quotes, no comments, no groups: whatever could be read as more than one address is none.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>@\"\\]*?)\s*<(?P<address>[^<>]+)>")
_PAGE = re.compile(r"https?://[^\s/?#@\"<>\\]+(/[^\s?#\"<>\\]*)?")


def address(text: str) -> str | None:
    """An e-mail address as it is sent to, its domain in plain letters (IDNA); None where it is none.

    The part before the @ is ASCII: few servers take another.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > 64 or len(domain) > LONGEST or not _LOCAL.fullmatch(local):
        return None
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    found = f"{local}@{plain}"
    return found if all(map(_LABEL.fullmatch, plain.split("."))) and len(found) <= LONGEST else None


def sender(text: str) -> tuple[str, str] | None:
    """Name and address of `Fjes <fjes@example.org>`, or of an address alone; None where it is neither."""
    named = _NAMED.fullmatch(text.strip())
    name, written = (named["name"].strip(), named["address"]) if named else ("", text)
    plain = address(written)
    return (name, plain) if plain and name.isprintable() else None


def problem(mail: Mail) -> str | None:
    """What is wrong with a `[mail]`, or None."""
    if mail.host is None:
        given = [key for key in ("from", "page", "username") if getattr(mail, key.replace("from", "from_")) is not None]
        return f"[mail] host: missing, though {given[0]} is given; allowed: the mail server's name" if given else None
    if mail.from_ is None or sender(mail.from_) is None:
        what = "missing" if mail.from_ is None else f"{mail.from_!r} is not an address"
        return f'[mail] from: {what}; allowed: such as "Fjes <fjes@example.org>"'
    if mail.page is None or not _PAGE.fullmatch(mail.page):
        what = "missing" if mail.page is None else f"{mail.page!r} is not an address of pages"
        return f'[mail] page: {what}; allowed: what people open in the browser, such as "https://fjes.example.org"'
    if mail.security == "none" and mail.host not in LOOPBACK:
        return (
            f"[mail] security: none, but {mail.host} is another machine; "
            f"allowed: starttls or tls, and none only with host {', '.join(LOOPBACK)}"
        )
    if mail.password is not None and mail.password_file is not None:
        return "[mail] password: given, and password_file, too; allowed: one of them"
    has_password = mail.password is not None or mail.password_file is not None
    if has_password != (mail.username is not None):
        given_, lacks = ("username", "password") if mail.username is not None else ("password", "username")
        return f"[mail] {lacks}: missing, though a {given_} is given; allowed: both, or neither"
    return None
