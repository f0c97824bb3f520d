"""The REST server: routes are thin, `care` does the work, the policy table decides who may.

Start at `app.py`; every error leaves as problem+json (`problems.py`).
"""
