"""First start and every start of a machine made from the image: from `fjes.toml` on the card to what services read."""
