"""Draw ECG pages from recordings, photograph them, and keep the exact truth.

The flow: `recordings` -> `design` (what is random) -> `page` (a sharp print with its truth)
-> `camera` (a photo and the map from page millimetres to photo pixels) -> `flatten` (the page as
the digitiser sees it, 8 px per mm, with the truth that a segmentation network learns).
"""
