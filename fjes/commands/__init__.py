"""One module for each group of commands; `fjes.cli` adds what they export. Heavy imports belong inside the commands."""
