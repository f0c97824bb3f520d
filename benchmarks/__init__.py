"""Scripts that measure, and the metrics they share. Run as `python -m benchmarks.digitize`."""
