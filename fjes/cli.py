"""The command `fjes`: a group to which the modules of `fjes.commands` give their commands.

Knows no work itself. Of the modules only that of the command that is asked for is imported, and at the top of none is
anything heavy: a command imports what it needs when it is called. A terminal's start waits for two of them.
"""

from __future__ import annotations

import click

NAMES = ("dashboard", "demo", "hardware", "import", "provision", "report", "terminal")


class Commands(click.Group):
    """A group that ends with one line, not a stack trace, where the configuration cannot be used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in order."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None where there is none."""
        match cmd_name:
            case "dashboard":
                from fjes.commands import dashboard

                return dashboard.dashboard
            case "demo":
                from fjes.commands import demo

                return demo.demo
            case "hardware":
                from fjes.commands import hardware

                return hardware.hardware
            case "import":
                from fjes.commands import importing

                return importing.import_
            case "provision":
                from fjes.commands import provision

                return provision.provision
            case "report":
                from fjes.commands import report

                return report.report
            case "terminal":
                from fjes.commands import terminal

                return terminal.terminal
        return None

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
