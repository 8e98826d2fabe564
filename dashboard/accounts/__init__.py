"""Who may see and do what: people, their passwords and sessions, and the pages on which that is arranged."""
