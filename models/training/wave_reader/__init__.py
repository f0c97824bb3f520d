"""Train the network that reads steep and tangled parts of a curve."""
