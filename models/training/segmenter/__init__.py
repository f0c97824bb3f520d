"""Train the network that tells trace, grid and marks apart on a flattened page."""
