"""FHIR R4B and R5: results out, orders and patients in, and a gate that both must pass."""
