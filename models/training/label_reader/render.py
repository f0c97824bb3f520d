"""Fill a folder with patches: `python -m training.label_reader.render --help`.

Each shard is two files: `<number>.npy`, uint8 (patches, h, w, 3), and `<number>_names.npy`,
float32 (names, 6) = patch, index into `NAMES`, left, top, right, bottom.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from synthesis.recordings import held_out_recordings, training_recordings

from training.label_reader.patches import random_patch

PER_SHARD = 32


def main() -> None:
    """Render shards until the count is reached; go on where a former run stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=120)
    parser.add_argument("--first", type=int, default=0, help="first shard")
    parser.add_argument("--held-out", action="store_true", help="PTB-XL fold 9")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    read = held_out_recordings if options.held_out else training_recordings
    recordings = read(options.data)
    for shard in range(options.first, options.first + options.shards):
        path = options.cache / f"{shard:05d}.npy"
        if path.exists():
            continue
        drawn = [random_patch(recordings, shard * PER_SHARD + k) for k in range(PER_SHARD)]
        rows = [
            (patch, box.name, box.left, box.top, box.right, box.bottom)
            for patch, (_, boxes) in enumerate(drawn)
            for box in boxes
        ]
        names = np.array(rows, np.float32).reshape(-1, 6)
        np.save(path.with_name(f"{shard:05d}_names.npy"), names)
        temporary = path.with_suffix(".tmp.npy")
        np.save(temporary, np.stack([rgb for rgb, _ in drawn]))
        temporary.replace(path)


if __name__ == "__main__":
    main()
