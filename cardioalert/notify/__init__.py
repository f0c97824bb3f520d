"""Notifications: what stands in the outbox goes out, at least once, as people chose."""
