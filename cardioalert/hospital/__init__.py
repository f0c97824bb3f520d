"""Send to and receive from hospitals: FHIR, HL7 v2 and DICOM, each in its own folder."""
