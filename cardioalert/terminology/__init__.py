"""The words of other systems: LOINC, MDC, SNOMED CT and UCUM, one table per concept."""
