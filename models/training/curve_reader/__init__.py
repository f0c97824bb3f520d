"""Train the network that reads the height of a curve to a fraction of a pixel."""
