"""The database: its tables, how it is opened, and what must happen in one transaction.

SQLite is embedded and needs no setup; PostgreSQL takes one URL. Whatever could go wrong between two
clients (two bookings of one place, two workers with one message) is decided here, by the database.
"""
