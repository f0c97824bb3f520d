"""Which lead stands in which row and column of a printed page."""

from dataclasses import dataclass

import numpy as np

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB = LEADS[:6]
CHEST = LEADS[6:]
CABRERA_LIMB = ("aVL", "I", "-aVR", "II", "aVF", "III")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The rows of a page, from top to bottom.

    Attributes
    ----------
    name : such as "3x4+1"
    rows : one tuple of lead names per row, from left to right
    """

    name: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> int:
        """Number of columns of the widest row."""
        return max(len(row) for row in self.rows)


def make_layout(
    name: str, *, rhythm: tuple[str, ...] = (), cabrera: bool = False, strip: tuple[str, ...] = ()
) -> Layout:
    """Build a layout from its base name ("3x4", "6x2", "12x1", "2x6", "limb", "chest", "strip").

    >>> make_layout("3x4", rhythm=("II",)).rows[0]
    ('I', 'aVR', 'V1', 'V4')
    >>> make_layout("6x2", cabrera=True).rows[2]
    ('-aVR', 'V3')
    """
    limb = CABRERA_LIMB if cabrera else LIMB
    leads = limb + CHEST
    bases: dict[str, tuple[tuple[str, ...], ...]] = {
        "3x4": tuple(tuple(leads[row::3]) for row in range(3)),
        "6x2": tuple(tuple(leads[row::6]) for row in range(6)),
        "2x6": tuple(tuple(leads[row::2]) for row in range(2)),
        "12x1": tuple((lead,) for lead in leads),
        "limb": tuple((lead,) for lead in limb),
        "chest": tuple((lead,) for lead in CHEST),
        "strip": tuple((lead,) for lead in strip),
    }
    rows = bases[name] + tuple((lead,) for lead in rhythm)
    suffix = f"+{len(rhythm)}" if rhythm else ""
    return Layout(name=f"{name}{suffix}", rows=rows)


def random_layout(rng: np.random.Generator) -> Layout:
    """Draw a layout as often as it is met: 3x4 with a rhythm row most of all."""
    name = rng.choice(
        ["3x4", "6x2", "12x1", "limb", "chest", "2x6", "strip"],
        p=[0.52, 0.16, 0.12, 0.06, 0.04, 0.03, 0.07],
    )
    counts = {"3x4": [0.25, 0.5, 0.08, 0.17], "6x2": [0.6, 0.4], "2x6": [0.5, 0.5]}
    weights = counts.get(str(name), [1.0])
    count = int(rng.choice(len(weights), p=weights))
    favourite = ["II"] if rng.random() < 0.6 else []
    others = [str(lead) for lead in rng.permutation(LEADS) if lead not in favourite]
    rhythm = tuple(favourite + others)[:count]
    strip = tuple(str(lead) for lead in rng.permutation(LEADS)[: rng.integers(1, 4)])
    cabrera = rng.random() < 0.12
    return make_layout(str(name), rhythm=rhythm, cabrera=cabrera, strip=strip)


def lead_signal(signal: np.ndarray, lead: str) -> np.ndarray:
    """Pick one lead from an array (12, samples) in the order of `LEADS`; "-aVR" is inverted."""
    if lead.startswith("-"):
        return -signal[LEADS.index(lead[1:])]
    return signal[LEADS.index(lead)]
