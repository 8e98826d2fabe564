"""Where log lines go: to standard error, which systemd keeps, in plain words or as JSON. Never a line for a single tap.

Nor for a request, and none has the name or the address of somebody, or what an address has behind its `?`.
"""

from __future__ import annotations

import functools
import json
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class JsonLines(logging.Formatter):
    """A line of JSON for each: `time` (UTC), `level`, `room` (who says it), `text`, and `trace` where it is a bug."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
            "level": record.levelname.lower(),
            "room": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def with_log(command: F) -> F:
    """Add `--quiet` and `--log` to a command of a process, and let what our own rooms say be seen.

    Of libraries only warnings.
    """

    @click.option("--quiet", is_flag=True, help="Say only what is wrong.")
    @click.option(
        "--log", "log_form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of the log."
    )
    @functools.wraps(command)
    def begun(*args: Any, quiet: bool, log_form: str, **kwargs: Any) -> Any:
        _begin(quiet=quiet, in_json=log_form == "json")
        return command(*args, **kwargs)

    return begun  # type: ignore[return-value]


def _begin(*, quiet: bool, in_json: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if in_json else logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("fjes").setLevel(logging.WARNING if quiet else logging.INFO)
    if in_json:
        # Whoever reads JSON gets nothing else, not even of a bug.
        sys.excepthook = lambda *error: logging.critical("ended by a bug", exc_info=error)
        threading.excepthook = lambda error: logging.critical(
            "a thread was ended by a bug",
            exc_info=(error.exc_type, error.exc_value or error.exc_type(), error.exc_traceback),
        )
