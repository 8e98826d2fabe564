"""Buttons, lights, screen and clock of the board. Imports only `ratings`.

Every part is chosen by the configuration, and nothing is guessed: what is configured and not there is an error.
"""


class HardwareError(Exception):
    """A part that is configured and cannot be used; the text says what is wrong, where, and what to do."""
