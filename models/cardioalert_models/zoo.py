"""Open the networks that ship with the package, after checking that their files are unchanged.

Each network has a card, `cards/<name>.toml`, which names its file and its SHA-256 and says what
goes in, what comes out, and what it was trained and tested on.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).parent
THREADS: Final = 2

_threads = THREADS


class ModelFileProblem(ValueError):  # noqa: N818 - callers raise their own error for it
    """A network's card or weights are missing or damaged."""


class Network(Protocol):
    """What the callers use of an `onnxruntime.InferenceSession`."""

    def run(
        self,
        output_names: list[str] | None,
        input_feed: dict[str, NDArray[Any]],
        run_options: Any = None,
    ) -> list[NDArray[np.float32]]:
        """Return the named outputs for the named inputs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known about a network.

    Attributes
    ----------
    file : name of the weights, in the folder `weights`
    sha256 : of the weights, hexadecimal
    content : everything the card says
    """

    name: str
    file: str
    sha256: str
    content: dict[str, Any] = field(repr=False, compare=False)


def cards(folder: Path = FOLDER) -> tuple[Card, ...]:
    """Return the cards of all networks, sorted by name."""
    names = sorted(path.stem for path in (folder / "cards").glob("*.toml"))
    return tuple(read_card(name, folder=folder) for name in names)


def read_card(name: str, *, folder: Path = FOLDER) -> Card:
    """Return the card of a network.

    Raises
    ------
    ModelFileProblem
        There is no such card, or it is not TOML, or it lacks the file's name or SHA-256.
    """
    path = folder / "cards" / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Card(name=name, file=content["file"], sha256=content["sha256"], content=content)
    except KeyError as problem:
        raise ModelFileProblem(f"the card {path.name} lacks {problem}") from problem
    except (OSError, ValueError) as problem:
        raise ModelFileProblem(f"the card {path.name} cannot be read: {problem}") from problem


def check(card: Card, *, folder: Path = FOLDER) -> str:
    """Compare the weights with their card; return the file's name and size.

    Raises
    ------
    ModelFileProblem
        The weights are missing or are not the ones the card describes.
    """
    return f"{card.file}, {len(read_weights(card, folder=folder)) / 1e6:.1f} MB"


def read_weights(card: Card, *, folder: Path = FOLDER) -> bytes:
    """Return the bytes of a network's file, if they are the ones its card describes."""
    path = folder / "weights" / card.file
    try:
        weights = path.read_bytes()
    except OSError as problem:
        raise ModelFileProblem(f"the weights {path.name} cannot be read: {problem}") from problem
    found = hashlib.sha256(weights).hexdigest()
    if found != card.sha256:
        raise ModelFileProblem(
            f"the weights {path.name} have the SHA-256 {found}, but their card says {card.sha256}"
        )
    return weights


def use_threads(count: int) -> None:
    """Let networks that are opened from now on use so many processor cores a run."""
    global _threads  # noqa: PLW0603 - one setting of the process
    _threads = count


@cache
def open_network(name: str, *, threads: int | None = None, folder: Path = FOLDER) -> Network:
    """Load a network once; later calls return the same session.

    Parameters
    ----------
    name : of the card, such as `segmenter`
    threads : processor cores one run may use; None for what `use_threads` said, else two

    Raises
    ------
    ModelFileProblem
        The card or the weights are missing, or the weights are not the ones the card describes.
    """
    # Imported here: it takes half a second, and many uses of the package open no network.
    import onnxruntime  # noqa: PLC0415

    weights = read_weights(read_card(name, folder=folder), folder=folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads if threads is None else threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others work too
    options.log_severity_level = 4  # errors are raised, and need not be printed too
    # Pages differ in size: a plan for the next page of the same size costs 900 MB. The arena is
    # half the time of a page, because the system clears new memory; who runs a network lets it go.
    options.enable_mem_pattern = False
    try:
        session: Network = onnxruntime.InferenceSession(
            weights, options, providers=["CPUExecutionProvider"]
        )
    except Exception as problem:  # onnxruntime's errors have no base class of their own
        raise ModelFileProblem(f"the network {name!r} cannot be started: {problem}") from problem
    return session
