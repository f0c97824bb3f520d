"""Train the network that tells to which row a pixel of ink belongs."""
