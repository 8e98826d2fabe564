"""`fjes provision`: what a machine made from the image does first at each start. Says what it found, never a secret."""

from __future__ import annotations

from pathlib import Path

import click

# Nobody but root reads the card, and not all of it is done by root.
_FOLDER = click.Path(path_type=Path, file_okay=False, readable=False)


@click.command()
@click.option("--boot", type=_FOLDER, default=Path("/boot/firmware"), show_default=True, help="Where fjes.toml lies.")
@click.option("--data", type=_FOLDER, default=Path("/data"), show_default=True, help="What outlives a start.")
@click.option("--run", type=_FOLDER, default=Path("/run/fjes"), show_default=True, help="Where services read it.")
@click.option("--systemd", type=_FOLDER, default=Path("/run/systemd"), show_default=True, help="Where systemd reads.")
@click.option("--group", default="fjes", show_default=True, metavar="NAME", help="Who may read what services read.")
@click.option("--first", is_flag=True, help="Only make what a new dashboard lacks: run by the dashboard's user.")
@click.option("--complete", is_flag=True, help="Only put what --first has made where services read it.")
@click.option("--later", is_flag=True, help="Only write the report once more, with addresses and clock.")
def provision(
    boot: Path, data: Path, run: Path, systemd: Path, group: str, first: bool, complete: bool, later: bool
) -> None:
    """Read fjes.toml on the card, move its secrets off, and write what all services read.

    A mistake in the file is told on the screen and in fjes-report.txt beside it, and ends nothing.
    """
    from fjes.provision import work

    places = work.Places(boot, data, run, systemd, group)
    if first or complete:
        _dashboard(places, first=first)
        return
    if later:
        _later(places)
        return
    start = work.provision(places)
    if start.problem is not None:
        where = f", line {start.problem.line}" if start.problem.line is not None else ""
        click.echo(f"There is a mistake in fjes.toml{where}: {start.problem.problem}", err=True)
        click.echo("The file as it last was goes on." if start.good else "There is none before it.", err=True)
    if not work.tell(places, start):
        start.notes.append("fjes-report.txt cannot be written.")
    for note in start.notes:
        click.echo(note, err=True)


def _dashboard(places: object, *, first: bool) -> None:
    from fjes.provision import first as dashboard
    from fjes.provision import work

    assert isinstance(places, work.Places)
    try:
        if first:
            dashboard.make((places.run / "fjes.toml").read_text("utf-8"))
        elif not dashboard.complete(places):
            raise click.ClickException("fjes-report.txt cannot be written; the card may be locked")
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


def _later(places: object) -> None:
    from datetime import UTC, datetime
    from importlib.metadata import version

    from fjes.provision import work
    from terminal.health import addresses
    from terminal.trust import is_synchronised

    assert isinstance(places, work.Places)
    if not work.tell_later(places, addresses(), datetime.now(UTC), version("fjes"), synchronised=is_synchronised()):
        raise click.ClickException("fjes-report.txt cannot be written; the card may be locked")
