"""DICOM: waveform and PDF objects, store, worklist, and the web."""
