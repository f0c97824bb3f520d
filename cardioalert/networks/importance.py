"""Which leads a statement rests on: hide each lead in turn and see how far the score falls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.dsp import Floats
from cardioalert.networks.calibration import calibration
from cardioalert.networks.classifier import Look, look_at, member_scores
from cardioalert.networks.features import lead_columns


def explain_leads(
    record: ECGRecord,
    measurements: Measurements,
    opinion: Opinion,
    statements: Iterable[str] | None = None,
) -> Opinion:
    """Return the opinion with the importance of each lead for the statements it calls.

    Parameters
    ----------
    record, measurements : what the opinion is on
    opinion : Opinion
        One that is silent is returned as it is.
    statements : codes of single statements, optional
        None: those called present or possible.
    """
    if opinion.silence:
        return opinion
    known = calibration(opinion.kind).statements
    if statements is None:
        statements = [
            code
            for code, call in opinion.calls.items()
            if code in known and call.verdict in ("present", "possible")
        ]
    falls = lead_falls(look_at(record, measurements, kind=opinion.kind))
    importance: dict[str, Mapping[Lead, float]] = {
        code: {lead: float(falls[lead][known.index(code)]) for lead in falls} for code in statements
    }
    return replace(opinion, lead_importance=importance)


def lead_falls(look: Look) -> dict[Lead, Floats]:
    """Return by how much the blended scores fall when a lead is hidden, shape (statements,) each.

    Leads without signal are left out: hiding them changes nothing.
    """
    known = calibration(look.kind)
    all_leads = known.blend(member_scores(look))
    return {
        lead: all_leads - known.blend(member_scores(without_leads(look, (lead,))))
        for row, lead in enumerate(STANDARD_LEADS)
        if look.present[row].any()
    }


def without_leads(look: Look, leads: Iterable[Lead]) -> Look:
    """Return what the members see when some leads are hidden."""
    present: NDArray[np.bool_] = look.present.copy()
    features = look.features.copy()
    for lead in leads:
        present[STANDARD_LEADS.index(lead)] = False
        features[lead_columns(lead)] = np.nan
    return replace(look, signal=look.signal * present, present=present, features=features)
