"""Alerts: what staff are told of by itself, from closed periods and figures that may be shown, and their answers."""
