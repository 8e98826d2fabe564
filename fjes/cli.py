"""The command `fjes`: a group to which the modules of `fjes.commands` give their commands.

Knows no work itself. Of the modules only that of the command that is asked for is imported, and at the top of none is
anything heavy: a command imports what it needs when it is called. A terminal's start waits for two of them.
"""

from __future__ import annotations

import importlib

import click

# Each command's module in fjes.commands, and what it is called there where that is not its own name.
_MODULES = {
    "dashboard": "dashboard",
    "demo": "demo",
    "hardware": "hardware",
    "import": "importing:import_",
    "provision": "provision",
    "report": "report",
    "terminal": "terminal",
}


class Commands(click.Group):
    """A group that ends with one line, not a stack trace, where the configuration cannot be used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in order."""
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None where there is none."""
        if cmd_name not in _MODULES:
            return None
        module, _, name = _MODULES[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"fjes.commands.{module}"), name or cmd_name)
        return command

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
