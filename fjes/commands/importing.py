"""`fjes import`: puts the records of other systems into the dashboard's database, and says what it did.

Exit code: 0 where all went in (or was in already), 1 where some elements were refused, 2 where of a file nothing went
in. The summary and the errors have numbers of ratings, days and names of terminals; nothing of a single rating.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fjes.options import with_database

if TYPE_CHECKING:
    from dashboard.happyornot import Reading
    from dashboard.importing import Outcome, Wishes
    from ratings.config import Dashboard

ALL_IN, SOME_REFUSED, NOTHING = 0, 1, 2

MOST_LISTED = 20
"""So many refused elements of a file are listed; of the rest, how many they are."""

LONG = 50_000
"""From so many elements on, a file is long: progress is shown, if somebody looks."""


@click.group("import")
def import_() -> None:
    """Bring in what was rated elsewhere."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    hash: str
    reading: Reading


@import_.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--terminal", metavar="NAME", help="Raw results: where they were given. Feedbacks: how names begin.")
@click.option("--site", metavar="NAME", help="The site of terminals that are new. Default: a site of their own.")
@click.option("--timezone", metavar="ZONE", help="Where terminals that are new are. Default: Europe/Oslo.")
@click.option("--trend", type=click.Choice(["week", "day", "none"]), default="week", show_default=True)
@click.option("--question", metavar="ID", help="The id of the question that was asked. Default: visit.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--replace", is_flag=True, help="Take the place of earlier imports that a file covers whole.")
@with_database
def happyornot(files: tuple[Path, ...], dashboard: Dashboard, dry_run: bool, **options: Any) -> None:
    """Import ratings that HappyOrNot's customers get: raw results, or button feedbacks of its API (JSON or CSV).

    Each file goes in whole or not at all, but for damaged elements. Free text is never stored.
    """
    from dashboard.importing import ImportRefused, import_file, opened
    from dashboard.store import StoreError

    wishes = _wishes(**options)
    moment = datetime.now(UTC)
    code = ALL_IN
    read = [file for path in files if (file := _read(path, wishes, moment)) is not None]
    if len(read) < len(files):
        code = NOTHING
    try:
        with opened(dashboard.database, dry=dry_run) if any(file.reading.n for file in read) else _nothing() as engine:
            for file in read:
                if not file.reading.n:
                    code = max(code, _without_ratings(file))
                    continue
                try:
                    outcome = import_file(
                        engine,
                        file.reading,
                        file.hash,
                        wishes,
                        moment=moment,
                        threshold=dashboard.threshold,
                        dry=dry_run,
                    )
                except (ImportRefused, StoreError) as error:
                    _complain(f"{file.path}: {error}. Nothing of it was imported.")
                    code = NOTHING
                else:
                    code = max(code, _tell(file, outcome, dry_run))
    except StoreError as error:
        _complain(f"{error}. Nothing was imported.")
        code = NOTHING
    sys.exit(code)


@contextmanager
def _nothing() -> Iterator[Any]:
    """Stands for the database where nothing needs one: then none is made."""
    yield None


def _wishes(**options: Any) -> Wishes:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from dashboard.importing import Wishes
    from ratings.config import DEFAULT_QUESTION
    from ratings.period import Grain
    from ratings.table import is_name

    for option in ("terminal", "site"):
        text = options[option]
        if text is not None and not (0 < len(text.strip()) <= 150 and text.isprintable()):
            raise click.BadParameter("allowed: 1 to 150 characters in one line", param_hint=f"--{option}")
    question = options["question"] or DEFAULT_QUESTION
    if not is_name(question):
        raise click.BadParameter("allowed: a–z, 0–9 and hyphens, at most 64", param_hint="--question")
    if (timezone := options["timezone"]) is not None:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise click.BadParameter(
                "allowed: a name of the IANA time zone database, such as Europe/Oslo", param_hint="--timezone"
            ) from None
    trend = None if options["trend"] == "none" else Grain(options["trend"])
    return Wishes(options["terminal"], options["site"], timezone, trend, question, options["replace"])


def _read(path: Path, wishes: Wishes, moment: datetime) -> _File | None:
    """Read a file; None, and the reason told, where it cannot be read."""
    from dashboard.happyornot import EXPECTED, FormatError
    from dashboard.importing import MOST_BYTES, ImportRefused, read_file

    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        with _progress(path.name) as progress:
            reading, hash_ = read_file(data, wishes, moment, progress)
        return _File(path, hash_, reading)
    except IsADirectoryError:
        _complain(f"{path}: is a folder; {EXPECTED}.")
    except OSError as error:
        _complain(f"{path}: cannot be read ({error.strerror}); {EXPECTED}.")
    except (FormatError, ImportRefused) as error:
        _complain(f"{path}: {error}. Nothing of it was imported.")
    return None


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that appears for a long file when somebody looks at a terminal."""
    bar: Any = None

    def told(done: int, total: int) -> None:
        nonlocal bar
        if total < LONG or not sys.stderr.isatty():
            return
        if bar is None:
            bar = click.progressbar(length=total, label=name, file=sys.stderr)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield told
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _without_ratings(file: _File) -> int:
    if file.reading.refused:
        _list_refused(file)
        _complain(f"{file.path}: no element of it could be read. Nothing of it was imported.")
        return NOTHING
    click.echo(f"{file.path}: holds no ratings; nothing to import.")
    return ALL_IN


def _tell(file: _File, outcome: Outcome, dry_run: bool) -> int:
    """Say what became of a file. Returns the exit code for it."""
    reading = file.reading
    if outcome.known:
        click.echo(f"{file.path}: was imported before, as {', '.join(outcome.known)}; nothing was changed.")
        return ALL_IN
    words = "would be imported (dry run: nothing was changed)" if dry_run else "imported"
    click.echo(f"{file.path}: {reading.format}, {reading.n:,} ratings {words}")
    for share in outcome.shares:
        name = f"{share.name} (new)" if share.made else share.name
        click.echo(
            f"  {name}: {share.days.first} to {share.days.last}, {share.n:,} counted, "
            f"{share.repeats:,} set aside as misuse"
        )
    if outcome.replaced:
        click.echo(f"  earlier imports {'to be ' if dry_run else ''}replaced: {outcome.replaced}")
    if reading.doubled:
        click.echo(f"  with a feedbackId that stood in the file before, counted once: {reading.doubled:,}")
    if reading.surveys > 1:
        click.echo(f"  of {reading.surveys} surveys, counted as one question: see --question to keep questions apart")
    if not reading.refused:
        return ALL_IN
    _list_refused(file)
    _complain(f"{file.path}: {len(reading.refused):,} refused; all others {'would go' if dry_run else 'went'} in.")
    if reading.beyond:
        _complain(
            f"{file.path}: if a survey in it has more than four steps, its other ratings do not belong here either: "
            "leave that survey out of the file, and import it again with --replace."
        )
    return SOME_REFUSED


def _list_refused(file: _File) -> None:
    refused, unit = file.reading.refused, file.reading.unit
    for each in refused[:MOST_LISTED]:
        _complain(f"{file.path}: {unit} {each.number} refused: {each.reason}")
    if len(refused) > MOST_LISTED:
        _complain(f"{file.path}: and {len(refused) - MOST_LISTED:,} more")


def _complain(text: str) -> None:
    click.echo(text, err=True)
