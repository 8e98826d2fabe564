"""Charts: what is drawn (a module a kind), how it is rendered (`rendering.py`), and the table that goes with it."""
