"""Software of others that the tests talk to."""
