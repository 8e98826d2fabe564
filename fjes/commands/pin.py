"""`fjes terminal pin`: the line for `[staff]` in fjes.toml. The PIN itself is never shown and kept nowhere."""

from __future__ import annotations

import click


@click.command()
def pin() -> None:
    """Ask for a PIN twice, unseen, and print the line that opens the staff menu with it."""
    from terminal.pin import LEAST_DIGITS, MOST_DIGITS, hashed, problem

    chosen = click.prompt(
        f"A PIN for the staff menu ({LEAST_DIGITS} to {MOST_DIGITS} digits)", hide_input=True, err=True
    )
    if why := problem(chosen):
        raise click.ClickException(f"{why}. Choose another, and run this again.")
    if click.prompt("The same again", hide_input=True, err=True) != chosen:
        raise click.ClickException("the two are not the same. Run this again.")
    click.echo("Put this into the terminal's fjes.toml, and start the kiosk again:", err=True)
    click.echo(f'[staff]\npin = "{hashed(chosen)}"')
