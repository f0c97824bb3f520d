"""Train the network that reads the printed lead names on a flattened page."""
