"""HL7 v2 over MLLP: a listener that loses nothing, a sender that repeats nothing, and messages."""
