"""The command `fjes`: a group to which each module of `fjes.commands` gives its commands.

Knows no work itself. It is imported for every command, so nothing heavy is imported here, nor at the top of
a module of `fjes.commands`: a command imports what it needs when it is called.
"""

from __future__ import annotations

import click

from fjes.commands import dashboard, demo, hardware, importing, provision, report, terminal


class Commands(click.Group):
    """A group that ends with one line, not a stack trace, where the configuration cannot be used."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for. Raises click.ClickException."""
        from ratings.config import ConfigError

        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fjes", message="%(prog)s %(version)s")
def main() -> None:
    """An open satisfaction terminal: four faces, counts instead of taps, and percentages to trust."""


# One line for each module of fjes.commands.
main.add_command(dashboard.dashboard)
main.add_command(demo.demo)
main.add_command(hardware.hardware)
main.add_command(importing.import_)
main.add_command(terminal.terminal)
main.add_command(provision.provision)
main.add_command(report.report)
