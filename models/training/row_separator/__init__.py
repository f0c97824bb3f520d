"""Train the network that tells which ink belongs to which printed row where rows cross."""
