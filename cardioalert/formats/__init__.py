"""Digital ECG files to and from records: one small module per format, found by `registry`."""
