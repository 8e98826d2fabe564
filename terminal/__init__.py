"""The terminal: kiosk, ledger, release, outbox, courier. Imports only `hardware` and `ratings`."""
