"""What terminals and sites may be called, and which number a site's name stands for."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from dashboard import schema
from dashboard.saying import say
from dashboard.trouble import NotAllowed

LONGEST = 200


def alone(connection: Connection) -> None:
    """Let nobody else name anything until this transaction ends: two at once would not see each other's names."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway.
        connection.exec_driver_sql("LOCK TABLE site, terminal IN SHARE ROW EXCLUSIVE MODE")


def check_terminal(connection: Connection, name: str) -> None:
    """Raises NotAllowed where no terminal may be called so, or one is."""
    if not _is_allowed(name):
        raise NotAllowed(
            say("the terminal's name %(name)s is not allowed; allowed: 1 to 200 characters in one line"),
            name=repr(name[:80]),
        )
    if connection.execute(select(schema.terminal.c.id).where(schema.terminal.c.name == name)).first():
        raise NotAllowed(
            say("there is already a terminal called %(name)s; choose another name"), is_taken=True, name=repr(name)
        )


def check_site(name: str) -> None:
    """Raises NotAllowed where no site may be called so."""
    if not _is_allowed(name):
        raise NotAllowed(
            say("the site's name %(name)s is not allowed; allowed: 1 to 200 characters in one line"),
            name=repr(name[:80]),
        )


def site(connection: Connection, name: str) -> int:
    """The number of a site, which is made if new. Raises NotAllowed."""
    check_site(name)
    found = connection.scalar(select(schema.site.c.id).where(schema.site.c.name == name))
    if found is not None:
        return int(found)
    made = connection.execute(insert(schema.site).values(name=name)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _is_allowed(name: str) -> bool:
    return 0 < len(name) <= LONGEST and name.isprintable()
