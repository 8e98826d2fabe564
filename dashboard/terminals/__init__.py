"""The pages on which administrators see how the terminals are, and enrol, rename, move and revoke them."""
