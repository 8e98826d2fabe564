"""`fjes dashboard broker`: makes the folder of a mosquitto that only enrolled terminals and the dashboard may use.

Says where things are and what to do next; never a password.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dashboard.broker import Folder, Given


@click.group()
def broker() -> None:
    """The MQTT broker between terminals and dashboard."""


_FILE = click.Path(path_type=Path, dir_okay=False)


@broker.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where it goes; made if new."
)
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME", help="A name or address of the broker; can be repeated."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True)
@click.option("--listen", "address", metavar="ADDRESS", help="Listen at this address of the machine only.")
@click.option("--connections", type=click.IntRange(2, 1_000_000), default=1000, show_default=True, metavar="N")
@click.option("--user", metavar="NAME", help="Whom the broker runs as. Default: mosquitto; where not root, you.")
@click.option("--ca", type=_FILE, metavar="FILE", help="The authority of a certificate made elsewhere (PEM).")
@click.option("--certificate", type=_FILE, metavar="FILE", help="That certificate, and those between (PEM).")
@click.option("--key", type=_FILE, metavar="FILE", help="Its private key (PEM, without passphrase).")
@click.option("--renew", is_flag=True, help="Only give the broker that is there a new certificate.")
@click.option(
    "--login",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The dashboard's fjes.toml, which gets the [broker] with its login; else that is left in dashboard.toml.",
)
def init(
    folder: Path,
    hosts: tuple[str, ...],
    port: int,
    address: str | None,
    connections: int,
    user: str | None,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    renew: bool,
    login: Path | None,
) -> None:
    """Make certificates, configuration and access rules for mosquitto. Overwrites nothing."""
    from datetime import UTC, datetime

    from dashboard import broker, broker_login

    if any((ca, certificate, key)) and not all((ca, certificate, key)):
        raise click.UsageError("--ca, --certificate and --key belong together: give all three, or none")
    given = broker.Given(ca, certificate, key) if ca and certificate and key else None
    try:
        if renew:
            _renewed(broker.Folder(folder), hosts, given)
            return
        if not hosts:
            raise click.UsageError("--host is missing: the name by which terminals reach the broker; can be repeated")
        runs_as = user or ("mosquitto" if os.geteuid() == 0 else getpass.getuser())
        wishes = broker.Wishes(hosts, port, address, connections, runs_as, given)
        if login is not None:
            broker_login.check(login)
        made = broker.init(folder, wishes, datetime.now(UTC))
        if login is not None:
            broker_login.hand_over(made, login)
    except broker.BrokerError as error:
        raise click.ClickException(str(error)) from None
    _tell(made, wishes.user, login, own=given is None)


@broker.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="What `init` has made.")
@click.option("--told", type=_FILE, metavar="FILE", help="Touched when that is done: the pages wait for it.")
def reload(folder: Path, told: Path | None) -> None:
    """Have the running broker read its logins again. systemd runs this when they change."""
    from dashboard import broker

    try:
        before = broker.Folder(folder).logins.stat().st_mtime_ns
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}; name the folder of the broker") from None
    try:
        broker.Folder(folder).tell()
    except PermissionError:
        raise click.ClickException("this user may not tell the broker: run it as the broker's user, or root") from None
    except (OSError, ValueError):
        click.echo("The broker does not run on this machine now. It reads its logins when it starts.")
    if told is not None:
        # As old as what it was told of: what has changed since it was not told of.
        told.touch()
        os.utime(told, ns=(before, before))


def _renewed(folder: Folder, hosts: tuple[str, ...], given: Given | None) -> None:
    from datetime import UTC, datetime

    names = folder.renew(hosts, given, datetime.now(UTC))
    click.echo(f"A new certificate for {', '.join(names)} is in {folder.server}.")
    click.echo(folder.reload() or "The broker has been told; the terminals need nothing.")


def _tell(made: Folder, user: str, login: Path | None, *, own: bool) -> None:
    click.echo(f"The broker's folder is {made.path}. Next:")
    click.echo(f"1. Start it: mosquitto -c {made.configuration} (under systemd: docs/broker.md)")
    if login is None:
        click.echo(f"2. Put what stands in {made.dashboard} into the dashboard's fjes.toml, then remove that file.")
    else:
        click.echo(f"2. {login} has the dashboard's login now: start its services again.")
    click.echo("3. Enrol terminals: fjes dashboard terminal add NAME --site SITE --config fjes.toml")
    if own:
        click.echo(f"{made.ca_key} signs for your broker: keep a copy where only you can read it.")
    if os.geteuid() == 0 and (barred := _barred(made.path, user)) is not None:
        click.echo(f"The user {user} cannot get into {barred}: let it (chmod a+x), or take another folder.", err=True)


def _barred(path: Path, user: str) -> Path | None:
    """The first folder on the way that keeps the broker's user out."""
    import pwd

    entry = pwd.getpwnam(user)
    if entry.pw_uid == 0:
        return None
    for each in reversed(path.parents):
        found = each.stat()
        mine = 0o100 if found.st_uid == entry.pw_uid else 0o010 if found.st_gid == entry.pw_gid else 0o001
        if not found.st_mode & mine:
            return each
    return None
