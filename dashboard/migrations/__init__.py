"""How the dashboard's tables came to be, one revision after the other (Alembic).

`dashboard.store.upgrade` runs them; there is no alembic.ini. To change a table: change `dashboard/schema.py`, then
add a file to `versions/` by the pattern of the newest (its `down_revision` is the newest's `revision`).
`tests/dashboard/test_migrations.py` fails until the two agree. DO NOT change a revision that was released.
"""
