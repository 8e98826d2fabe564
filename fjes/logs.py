"""Where log lines go: to standard error, which systemd keeps, in plain words. Never a line for a single tap."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def with_log(command: F) -> F:
    """Add `--quiet` to a command of a process, and let what our own rooms say be seen; of libraries, only warnings."""

    def begin(_context: click.Context, _parameter: click.Parameter, quiet: bool) -> None:
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        logging.getLogger("fjes").setLevel(logging.WARNING if quiet else logging.INFO)

    return click.option(
        "--quiet", is_flag=True, expose_value=False, is_eager=True, callback=begin, help="Say only what is wrong."
    )(command)
