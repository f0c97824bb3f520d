"""Care: clinics and their hours, patients and their consent, slots and bookings.

Plain rules first (`hours`, `holidays`, `folding`, `phones`), then what uses the database.
"""
