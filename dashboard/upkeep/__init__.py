"""The page *Upkeep*: backups, putting one back, and importing, for administrators."""
