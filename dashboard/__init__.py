"""What staff and leaders open: takes in tables, decides what may be shown, computes and draws it."""
