"""The whole ensemble on records that are known."""

import numpy as np
import pytest

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure
from cardioalert.networks.classifier import classify
from cardioalert.networks.importance import explain_leads
from tests.built_ecg import as_page, built_record


def opinion_of(record, **how):
    return classify(record, measure(record), on_paper=how.pop("on_paper", False), **how)


@pytest.fixture(scope="module")
def record():
    return built_record()


def test_probabilities_are_probabilities(record):
    opinion = opinion_of(record)
    if opinion.silence:
        pytest.skip(f"a made-up record is {opinion.silence}")
    assert opinion.statements
    assert all(0.0 <= value <= 1.0 for value in opinion.statements.values())


def test_the_same_record_gives_the_same_opinion(record):
    assert opinion_of(record) == opinion_of(record)


def test_rare_dangers_are_not_among_the_statements(record):
    known = opinion_of(record).statements
    assert not {"2AVB", "3AVB", "WPW", "LNGQT", "STE_", "PSVT", "SVTAC"} & set(known)


def test_five_leads_are_too_few(record):
    few = ECGRecord(
        signal=record.signal[:5], sampling_rate=record.sampling_rate, leads=STANDARD_LEADS[:5]
    )
    assert opinion_of(few).silence == "too-few-leads"


def test_one_second_is_too_short(record):
    short = ECGRecord(
        signal=record.signal[:, :500], sampling_rate=record.sampling_rate, leads=record.leads
    )
    assert opinion_of(short).silence in ("too-short", "too-few-leads")


def test_an_unconfirmed_scale_silences(record):
    opinion = opinion_of(as_page(record), on_paper=True, scale_confirmed=False)
    assert opinion.silence == "scale-unconfirmed"
    assert not opinion.statements


def test_pages_have_their_own_calibration(record):
    assert opinion_of(as_page(record), on_paper=True).kind == "page"


def test_noise_is_not_interpreted_as_a_disease():
    noise = np.random.default_rng(0).normal(0, 0.5, (12, 5000)).astype(np.float32)
    opinion = opinion_of(ECGRecord(signal=noise, sampling_rate=500.0, leads=STANDARD_LEADS))
    assert opinion.silence or opinion.calls["NORM"].verdict not in ("present", "possible")


def test_lead_importance_names_the_leads_that_are_there(record):
    opinion = opinion_of(record)
    if opinion.silence:
        pytest.skip(f"a made-up record is {opinion.silence}")
    explained = explain_leads(record, measure(record), opinion)
    assert set(explained.lead_importance) == set(opinion.statements)
    assert set(explained.lead_importance["NORM"]) == set(STANDARD_LEADS)
