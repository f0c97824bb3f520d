"""Keep the translations in step with the program. Not part of what is installed.

python -m catalogs update     take every text out of the program into the PO files
python -m catalogs check      tell what is missing or wrong in them
"""
