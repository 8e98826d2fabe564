"""Database troubles in words: what is wrong, where, and what to do. Used by `dashboard/store.py` for every statement.

Knows error codes only; opens nothing. A trouble that is a bug (a broken constraint, wrong SQL) is left as it is.
"""

from __future__ import annotations

from dashboard.saying import Told

ALLOWED = "allowed: sqlite:////path/to/fjes.db or postgresql://user:password@host/name"

# https://www.sqlite.org/rescode.html: the low byte is the kind.
_SQLITE = {
    5: "is locked by another process for too long; end the other one, or try again",
    6: "is locked by another process for too long; end the other one, or try again",
    8: "may not be written; let the user who runs Fjes write the file and its folder",
    10: "cannot be read or written (the storage failed); check the disk",
    11: "is damaged; set the file aside and restore a backup, or start with an empty one: terminals then send again "
    "all that they still keep",
    13: "is full: no room on the disk; make room, nothing was lost",
    14: "cannot be opened; check that the folder is there and that the user who runs Fjes may write in it",
    23: "may not be read; let the user who runs Fjes read the file",
    26: "is not a database, or is damaged; set the file aside and restore a backup, or name another file",
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html: whole codes first, then classes.
_POSTGRESQL = {
    "3D000": "does not exist on that server; make it with createdb, or name another",
    "40P01": "is used by another process in the opposite order; try again",
    "53100": "is full: no room on the server's disk; make room there, nothing was lost",
    "53300": "has no connection left; raise max_connections, or end what else is connected",
    "55P03": "is locked by another process for too long; end the other one, or try again",
    "25006": "takes no writing (a standby server?); name the primary one",
    "28": "refuses the user or the password; check both in the database URL",
    "42501": "refuses: the user may not do this; make it the database's owner",
    "57": "is shutting down or was interrupted; start PostgreSQL, or wait until it has started",
    "58": "cannot be read or written (the server's storage failed); check its disk",
    "XX001": "is damaged; restore a backup, or start with an empty one: terminals then send again all they still keep",
    "XX002": "has a damaged index; run REINDEX DATABASE",
    "08": "cannot be reached; check that PostgreSQL runs, and host and port in the database URL",
}


class StoreError(Exception):
    """A database that cannot be used; the text says what is wrong, where, and what to do."""


class NotAllowed(Told, StoreError):
    """Something that the database shall not hold: a name, an id or a zone. Nothing is wrong with the database."""


def explain(error: BaseException | None, database: str) -> StoreError | None:
    """The trouble in words where people can do something about it, None where it is a bug.

    `database` is the URL as it may be shown: without its password.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        words = _SQLITE.get(code & 0xFF)
        return StoreError(f"the database {database} {words}") if words else None
    if error is None or not type(error).__module__.startswith("psycopg"):
        return None
    state = getattr(error, "sqlstate", None)
    if state is not None:
        words = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
        return StoreError(f"the database {database} {words}") if words else None
    if type(error).__name__ not in ("OperationalError", "ConnectionTimeout"):
        return None
    # Before a connection stands there is no code, only the server's words.
    said = str(error)
    kinds = {
        "password": "28",
        "role ": "28",
        "no pg_hba": "28",
        "database ": "3D000",
        "too many": "53300",
        "star": "57",
    }
    state = next((kind for word, kind in kinds.items() if "FATAL" in said and word in said), "08")
    return StoreError(f"the database {database} {_POSTGRESQL[state]}")


def forget_details(*errors: BaseException | None) -> None:
    """Leave only the first line of what some errors say: PostgreSQL goes on with the whole row, counts and all."""
    for error in errors:
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def first_line(error: BaseException) -> str:
    """The first line of an error's text: the rest is SQL."""
    return (str(error).splitlines() or [type(error).__name__])[0]
