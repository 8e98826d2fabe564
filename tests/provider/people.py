"""Who is known to the provider of the tests, and in which groups."""

from __future__ import annotations

PASSWORD = "only for tests"
PEOPLE: dict[str, list[str]] = {
    "kari": [],
    "ola": [],
    "berit": ["fjes-admins", "others"],
    "nils": ["stua"],
    "stranger": [],
}
