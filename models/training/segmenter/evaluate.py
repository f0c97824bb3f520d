"""Measure an ONNX segmenter on held-out pages: `python -m training.segmenter.evaluate --help`."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cardioalert.networks.planes import page_map, page_planes
from training.drawn_pages import page_stems
from training.segmenter.dataset import layer_targets
from training.segmenter.network import CHANNELS

NEAR = 2.0  # px, a ridge this near the truth is right
REACH = 6  # px, where the ridge of a line is looked for
RIDGE = 0.3  # probability from which a pixel is a ridge


def open_network(path: Path) -> onnxruntime.InferenceSession:
    """Open the network on two threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def predict(session: onnxruntime.InferenceSession, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Maps (4, h, w) of a page whose sides are multiples of 32."""
    answer = session.run(["maps"], {"planes": page_planes(rgb)})[0][0]
    return np.stack([page_map(part) for part in np.split(answer, len(CHANNELS))])


def dice(predicted: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    """Overlap 0..1 of two maps cut at one half; NaN when there is nothing to find."""
    a, b = predicted > 0.5, wanted > 0.5
    if b.sum() < 50:
        return float("nan")
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def ridge_errors(
    ridge: NDArray[np.float32], lines: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Compare the centre map with the true lines.

    Returns
    -------
    errors of the ridge in px, one per column of each line where it was found, and for every
    such column whether it was found
    """
    errors, found = [], []
    height = len(ridge)
    for line in lines:
        columns = np.flatnonzero((line > REACH) & (line < height - REACH - 1))
        if not len(columns):
            continue
        middle = np.round(line[columns]).astype(int)
        rows = middle[:, None] + np.arange(-REACH, REACH + 1)
        window = ridge[rows, columns[:, None]]
        peak = window.argmax(axis=1)
        around = np.clip(peak[:, None] + np.arange(-2, 3), 0, 2 * REACH)
        weight = np.take_along_axis(window, around, axis=1)
        place = np.take_along_axis(rows, around, axis=1)
        y = (weight * place).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)
        seen = window.max(axis=1) > RIDGE
        errors.append((y - line[columns])[seen])
        found.append(seen & (np.abs(y - line[columns]) < NEAR))
    if not errors:
        return np.zeros(0), np.zeros(0, bool)
    return np.concatenate(errors), np.concatenate(found)


def false_share(ridge: NDArray[np.float32], lines: NDArray[np.float32]) -> float:
    """Share of ridge pixels farther than 3 px from every true line.

    On a steep flank a line covers all heights between its neighbouring columns.
    """
    rows, columns = np.nonzero(ridge > 0.5)
    if not len(rows):
        return float("nan")
    if not len(lines):
        return 1.0
    padded = np.pad(lines, ((0, 0), (1, 1)), constant_values=np.nan)
    nearby = np.stack([padded[:, columns + shift] for shift in (0, 1, 2)])
    top = np.where(np.isnan(nearby), np.inf, nearby).min(axis=0)
    bottom = np.where(np.isnan(nearby), -np.inf, nearby).max(axis=0)
    nearest = np.maximum(np.maximum(top - rows, rows - bottom), 0).min(axis=0)
    return float((nearest > 3).mean())


def measure(session: onnxruntime.InferenceSession, stems: list[Path]) -> dict[str, float]:
    """Measure every page and average."""
    overlap: dict[str, list[float]] = {name: [] for name in CHANNELS[1:]}
    errors, found, false, seconds = [], [], [], []
    for stem in stems:
        page = np.load(stem.with_suffix(".npy"))
        lines = np.load(f"{stem}_centre.npy")
        before = time.perf_counter()
        maps = predict(session, page[..., :3])
        seconds.append(time.perf_counter() - before)
        wanted = layer_targets(page[..., 3:])
        for channel, name in enumerate(CHANNELS[1:]):
            overlap[name].append(dice(maps[channel + 1], wanted[channel]))
        page_errors, page_found = ridge_errors(maps[0], lines)
        errors.append(page_errors)
        found.append(page_found.mean() if len(page_found) else np.nan)
        false.append(false_share(maps[0], lines))
    distance = np.abs(np.concatenate(errors))
    return {
        "pages": float(len(stems)),
        **{f"dice_{name}": float(np.nanmean(values)) for name, values in overlap.items()},
        "centre_found": float(np.nanmean(found)),
        "centre_found_worst_tenth": float(np.nanquantile(found, 0.1)),
        "centre_false": float(np.nanmean(false)),
        "centre_error_median_px": float(np.median(distance)),
        "centre_error_95_px": float(np.quantile(distance, 0.95)),
        "seconds_per_page": float(np.median(seconds)),
    }


def main() -> None:
    """Print the measures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of held-out pages")
    parser.add_argument(
        "--network", type=Path, default=Path("cardioalert_models/weights/segmenter.onnx")
    )
    options = parser.parse_args()
    stems = page_stems(options.cache)
    print(json.dumps(measure(open_network(options.network), stems), indent=1))


if __name__ == "__main__":
    main()
