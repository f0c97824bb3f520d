"""Train the networks that read statements from records; see README.md."""
