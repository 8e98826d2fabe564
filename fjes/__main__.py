"""`python -m fjes`, where the command itself is not on the path."""

from fjes.cli import main

main(prog_name="fjes")
