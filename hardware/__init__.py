"""Buttons, lights, screen and clock of the board. Imports only `ratings`."""
