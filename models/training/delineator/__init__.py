"""Train the network that finds where P, QRS and T begin and end in a median beat."""
