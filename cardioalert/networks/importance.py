"""Which leads a statement rests on: hide each lead in turn and see how far the score falls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Analysis, Measurements
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.dsp import Floats
from cardioalert.networks.calibration import calibration
from cardioalert.networks.classifier import Look, look_at, member_scores
from cardioalert.networks.features import lead_columns


def with_lead_importance(analysis: Analysis) -> Analysis:
    """Return an analysis whose networks say which leads their statements rest on."""
    opinion = analysis.interpretation.opinion
    if opinion is None or opinion.silence:
        return analysis
    explained = explain_leads(analysis.record, analysis.measurements, opinion)
    return replace(analysis, interpretation=replace(analysis.interpretation, opinion=explained))


def explain_leads(record: ECGRecord, measurements: Measurements, opinion: Opinion) -> Opinion:
    """Return the opinion with the importance of each lead for its statements.

    Parameters
    ----------
    record, measurements : what the opinion is on
    opinion : Opinion
        One that is silent is returned as it is.
    """
    if opinion.silence:
        return opinion
    look = look_at(record, measurements, kind=opinion.kind)
    known = calibration(opinion.kind)
    hidden = {
        lead: known.probabilities(known.blend(member_scores(without_leads(look, (lead,)))))
        for lead in shown_leads(look)
    }
    changes = {
        code: {lead: found[code] - probability for lead, found in hidden.items()}
        for code, probability in opinion.statements.items()
    }
    return replace(opinion, lead_importance=changes)


def lead_falls(look: Look) -> dict[Lead, Floats]:
    """Return by how much the blended scores fall when a lead is hidden, shape (statements,) each.

    Leads without signal are left out: hiding them changes nothing.
    """
    known = calibration(look.kind)
    all_leads = known.blend(member_scores(look))
    return {
        lead: all_leads - known.blend(member_scores(without_leads(look, (lead,))))
        for lead in shown_leads(look)
    }


def shown_leads(look: Look) -> tuple[Lead, ...]:
    """Return the leads that have any signal."""
    rows = zip(STANDARD_LEADS, look.present, strict=True)
    return tuple(lead for lead, here in rows if here.any())


def without_leads(look: Look, leads: Iterable[Lead]) -> Look:
    """Return what the members see when some leads are hidden."""
    present: NDArray[np.bool_] = look.present.copy()
    features = look.features.copy()
    for lead in leads:
        present[STANDARD_LEADS.index(lead)] = False
        features[lead_columns(lead)] = np.nan
    return replace(look, signal=look.signal * present, present=present, features=features)
