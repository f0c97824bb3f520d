"""Score a hospital's whole past: a table of every ECG, made in one run or in many.

    sources -> inventory -> manifest -> jobs -> executor -> outcomes -> shards -> tables

The manifest alone knows what is done (`manifest.py`); whatever runs the jobs may be killed at any
moment. Read `runner.py` first.
"""
