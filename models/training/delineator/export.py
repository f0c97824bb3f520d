"""Write the ONNX file of trained weights: `python -m training.delineator.export --help`."""

import argparse
from pathlib import Path

import torch

from cardioalert.networks.delineator import SAMPLES
from training.delineator.network import CHANNELS, Answer, Delineator, place_and_doubt
from training.onnx_check import TOLERANCE, export_checked

WEIGHTS = Path("cardioalert_models/weights/delineator.onnx")


def export(delineator: Delineator, path: Path) -> str:
    """Write `path` at once, after checking that onnxruntime gives the same bounds.

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    answer = Answer(delineator).eval()
    _compare(answer, delineator)
    return export_checked(
        answer,
        path,
        shape=(12, CHANNELS, SAMPLES),
        checked=(5, CHANNELS, SAMPLES),
        sides={"beat": {0: "leads"}, "bounds": {0: "rows"}},
    )


def _compare(answer: Answer, delineator: Delineator) -> None:
    """Check that what is exported says what was trained."""
    beat = torch.rand(12, CHANNELS, SAMPLES)
    with torch.no_grad():
        each, every, waves = delineator(beat[None], torch.ones(1, len(beat)))
        bounds = torch.stack(place_and_doubt(torch.cat([each[0], every])), dim=-1).flatten(1)
        found = answer(beat)
        torch.testing.assert_close(found[:, : bounds.shape[1]], bounds, rtol=0, atol=TOLERANCE)
        seen = torch.sigmoid(waves[0])
        torch.testing.assert_close(found[:-1, bounds.shape[1] :], seen, rtol=0, atol=TOLERANCE)


def main() -> None:
    """Export the weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    delineator = Delineator()
    delineator.load_state_dict(torch.load(options.weights, weights_only=True))
    print(export(delineator.eval(), options.out))


if __name__ == "__main__":
    main()
