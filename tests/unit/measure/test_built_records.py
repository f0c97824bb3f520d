"""Records drawn from known bounds: intervals, rate, axis and voltages come back.

Tolerances: the drawn waves have corners, which the smoothed slopes (14 ms for the QRS, 18 ms for P
and T) see half a width early; so bounds may lie up to 10 ms outside, twice that for a duration.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.domain.clinical import BeatClass, LeadMeasurements, Measurements
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.measure import measure
from tests.built_ecg import as_page, built_record

BOUND = 0.010  # s
DURATION = 0.020  # s


@pytest.mark.parametrize("heart_rate", [30, 40, 60, 75, 100, 120, 150, 180, 200])
def test_heart_rate_is_found(heart_rate: int) -> None:
    rr = 60 / heart_rate
    record = built_record(
        heart_rate=heart_rate, pr=min(0.16, 0.3 * rr), p_duration=min(0.1, 0.2 * rr),
        qt=min(0.42, 0.38 * rr**0.4), noise=0.01,
    )  # fmt: skip
    measured = measure(record)
    assert measured.value("heart_rate") == pytest.approx(heart_rate, rel=0.005)
    assert measured.beats.agreement > 0.95
    assert set(measured.beats.classes) == {BeatClass.DOMINANT}


@pytest.mark.parametrize("pr", [0.10, 0.12, 0.16, 0.20, 0.24, 0.30, 0.40])
def test_pr_is_found(pr: float) -> None:
    measured = measure(built_record(pr=pr, p_duration=min(0.1, 0.8 * pr), noise=0.01))
    assert measured.value("pr") == pytest.approx(pr, abs=BOUND)
    assert measured.rhythm.p_before_every_qrs is True


@pytest.mark.parametrize("qrs", [0.06, 0.08, 0.10, 0.12, 0.16, 0.20])
def test_qrs_is_found(qrs: float) -> None:
    measured = measure(built_record(qrs=qrs, qt=0.30 + qrs, noise=0.01))
    assert measured.value("qrs") == pytest.approx(qrs, abs=DURATION)


@pytest.mark.parametrize("qt", [0.30, 0.34, 0.38, 0.44, 0.50, 0.56, 0.60])
def test_qt_is_found_however_long(qt: float) -> None:
    measured = measure(built_record(qt=qt, noise=0.01))
    assert measured.value("qt") == pytest.approx(qt, abs=DURATION)
    assert measured.value("qtc_bazett") == pytest.approx(measured.value("qt"), abs=0.002)


@pytest.mark.parametrize("sign", [1.0, -1.0, 0.3])
def test_qt_is_found_under_upright_inverted_and_low_t(sign: float) -> None:
    t = dict.fromkeys(["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"], 0.3 * sign)
    measured = measure(built_record(t=t, noise=0.01))
    assert measured.value("qt") == pytest.approx(0.38, abs=DURATION)
    lead = measured.leads[Lead.V4]
    seen = lead.t_positive if sign > 0 else lead.t_negative
    assert seen == pytest.approx(0.3 * sign, abs=0.03)


@pytest.mark.parametrize("sampling_rate", [100.0, 128.0, 250.0, 257.3, 500.0, 1000.0])
def test_the_sampling_rate_moves_bounds_by_less_than_a_sample(sampling_rate: float) -> None:
    values = measure(built_record(sampling_rate=sampling_rate)).values
    finest = measure(built_record(sampling_rate=1000.0)).values
    for name in ("pr", "qrs", "qt", "p_duration"):
        value, best = values[name].value, finest[name].value
        assert value is not None
        assert best is not None
        # Two bounds, each within a sample of the coarser clock (500 Hz inside the library).
        assert abs(value - best) < 2 / min(sampling_rate, 500.0)


@pytest.mark.parametrize("axis", [-170.0, -90.0, -45.0, 0.0, 50.0, 90.0, 120.0, 170.0])
def test_axis_is_found(axis: float) -> None:
    measured = measure(built_record(axis_deg=axis, noise=0.01))
    assert measured.value("qrs_axis") == pytest.approx(axis, abs=3)  # net area beside mean vector
    assert measured.value("p_axis") == pytest.approx(55, abs=5)
    assert measured.value("t_axis") == pytest.approx(45, abs=5)


def test_axis_needs_only_two_limb_leads() -> None:
    whole = measure(built_record(axis_deg=70))
    two = measure(built_record(axis_deg=70, leads=["I", "II"]))
    assert two.value("qrs_axis") == pytest.approx(whole.value("qrs_axis"), abs=2)


def test_voltages_are_those_drawn() -> None:
    record = built_record(voltages={"V1": (0.0, 0.2, -1.4), "V5": (-0.15, 1.9, -0.3)}, noise=0.005)
    measured = measure(record)
    one, five = measured.leads[Lead.V1], measured.leads[Lead.V5]
    assert one.r == pytest.approx(0.2, abs=0.02)
    assert one.s == pytest.approx(-1.4, abs=0.03)
    assert one.q == 0.0
    assert five.q == pytest.approx(-0.15, abs=0.02)
    assert five.r == pytest.approx(1.9, abs=0.04)
    assert five.s == pytest.approx(-0.3, abs=0.02)
    assert measured.value("sv1") == pytest.approx(1.4, abs=0.03)
    assert measured.value("rv5") == pytest.approx(1.9, abs=0.04)


def test_a_qs_complex_is_named_so() -> None:
    measured = measure(built_record(voltages={"V1": (0.0, -1.2, 0.0)}, noise=0.005))
    lead = measured.leads[Lead.V1]
    assert lead.qs is True
    assert lead.r == 0.0
    assert lead.q == lead.s == pytest.approx(-1.2, abs=0.03)


def test_st_is_measured_at_j_and_after() -> None:
    record = built_record(st={"V2": 0.25, "V3": -0.15}, qt=0.42, noise=0.005)
    measured = measure(record)
    for lead, level in ((Lead.V2, 0.25), (Lead.V3, -0.15)):
        found = measured.leads[lead]
        for value in (found.st_j, found.st_j60):
            assert value == pytest.approx(level, abs=0.03)


def test_without_p_there_is_no_pr_and_the_reason_is_given() -> None:
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.uniform(0.5, 1.1, 12)).tolist()
    measured = measure(built_record(qrs_onsets=onsets, p=False, noise=0.02))
    for name in ("pr", "p_duration", "p_axis"):
        assert measured.values[name].value is None
        assert measured.values[name].reason == "no-p-wave"
    assert all(wave.p_on is None for wave in measured.waves)
    assert measured.rhythm.p_repetition == 0.0
    assert measured.rhythm.rr_variation is not None
    assert measured.rhythm.rr_variation > 0.15


def test_extrasystoles_are_set_apart() -> None:
    onsets = [0.5, 1.3, 2.1, 2.65, 3.7, 4.5, 5.3, 6.1, 6.65, 7.7, 8.5]
    measured = measure(built_record(qrs_onsets=onsets, ectopic=[3, 8], noise=0.01))
    wide = [k for k, kind in enumerate(measured.beats.classes) if kind is BeatClass.ECTOPIC_WIDE]
    assert wide == [3, 8]
    assert measured.value("qrs") == pytest.approx(0.09, abs=DURATION)


def test_an_early_beat_of_the_usual_shape_is_narrow_ectopic() -> None:
    onsets = [0.5, 1.3, 2.1, 2.65, 3.7, 4.5, 5.3, 6.1, 6.9, 7.7, 8.5]
    classes = measure(built_record(qrs_onsets=onsets, noise=0.01)).beats.classes
    assert [k for k, kind in enumerate(classes) if kind is BeatClass.ECTOPIC_NARROW] == [3]


@pytest.mark.parametrize("rhythm", ["II", None])
def test_a_page_measures_like_the_whole_record(rhythm: str | None) -> None:
    record = built_record(heart_rate=72, noise=0.01)
    whole, page = measure(record), measure(as_page(record, rhythm=rhythm))
    assert page.value("heart_rate") == pytest.approx(72, abs=0.5)
    for name in ("pr", "qrs", "qt"):
        assert page.value(name) == pytest.approx(whole.value(name), abs=0.015)
        uncertainty = page.values[name].uncertainty
        assert uncertainty is not None
        assert uncertainty > (whole.values[name].uncertainty or 0)
    assert len(page.beats.r_peaks) == len(whole.beats.r_peaks)


def test_beats_cut_by_a_border_do_not_count() -> None:
    onsets = [0.6, 1.5, 2.46, 3.4, 4.3, 5.2, 6.1, 7.0, 7.9, 8.8]  # the third is cut at 2.5 s
    page = measure(as_page(built_record(qrs_onsets=onsets, noise=0.01)))
    assert page.leads[Lead.I].beats == 2
    assert len(page.beats.r_peaks) == len(onsets)  # the rhythm lead shows it


def test_a_gap_hides_only_its_beats() -> None:
    record = built_record(noise=0.01)
    signal = record.signal.copy()
    signal[:, 1600:1900] = np.nan
    measured = measure(
        ECGRecord(signal=signal, sampling_rate=record.sampling_rate, leads=record.leads)
    )
    assert len(measured.beats.r_peaks) == 9
    assert measured.value("heart_rate") == pytest.approx(60, abs=0.2)  # no RR across the gap
    assert measured.rhythm.rr_max == pytest.approx(1.0, abs=0.01)


def test_p_waves_without_qrs_are_seen() -> None:
    dropped = [0.5, 1.3, 2.1, 3.7, 4.5, 5.3, 6.9, 7.7, 8.5]  # after the third and the sixth
    record = built_record(qrs_onsets=dropped, noise=0.005)
    lonely = built_record(qrs_onsets=[2.9, 6.1], noise=0.0, voltages=dict.fromkeys(
        ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"], (0.0, 0.0, 0.0)), t=dict.fromkeys(
        ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"], 0.0))  # fmt: skip
    both = ECGRecord(signal=record.signal + lonely.signal, sampling_rate=500.0, leads=record.leads)
    extra = measure(both).rhythm.extra_p
    assert extra == pytest.approx([2.9 - 0.16, 6.1 - 0.16], abs=0.03)


def test_pacing_pulses_are_seen_and_bridged() -> None:
    record = built_record(p=False, qrs=0.15, qt=0.42, noise=0.003)
    signal = record.signal.copy()
    for onset in np.arange(0.3, 9.5, 1.0):
        signal[:, round(500 * onset) - 12] += 0.8
    measured = measure(ECGRecord(signal=signal, sampling_rate=500.0, leads=record.leads))
    assert len(measured.rhythm.pacing_pulses) >= 8
    assert measured.value("qrs") == pytest.approx(0.15, abs=DURATION)


def test_limb_leads_that_do_not_add_up_show() -> None:
    record = built_record(noise=0.005)
    assert measure(record).einthoven_residual == pytest.approx(0.0, abs=0.01)
    signal = record.signal.copy()
    signal[0] = -signal[0]
    wrong = measure(ECGRecord(signal=signal, sampling_rate=500.0, leads=record.leads))
    assert wrong.einthoven_residual is not None
    assert wrong.einthoven_residual > 0.1
    assert wrong.values["qrs_axis"].reason == "limb-leads-disagree"


def test_every_wave_lies_within_its_beat() -> None:
    measured: Measurements = measure(built_record(noise=0.01))
    for wave in measured.waves:
        bounds = [wave.p_on, wave.p_off, wave.qrs_on, wave.qrs_off, wave.t_on, wave.t_off]
        known = [bound for bound in bounds if bound is not None]
        assert known == sorted(known)


@pytest.mark.parametrize("rhythm", [None, "II"])
def test_the_t_wave_before_early_beats_is_not_their_p(rhythm: str | None) -> None:
    """Beats follow after 0.6 s and 1.6 s: the T before the early ones lies where P could be."""
    onsets = [0.5, 1.1, 1.7, 3.3, 3.9, 4.5, 6.1, 6.7, 7.3, 8.9, 9.5]
    record = built_record(
        qrs_onsets=onsets,
        pr=0.16,
        qt=0.42,
        t={"II": 0.8, "aVF": 0.7, "V4": 0.7, "V5": 0.6},
        p_voltages={"II": 0.06, "I": 0.03},
        noise=0.01,
    )
    for one in (record, as_page(record, rhythm=rhythm)):
        assert measure(one).value("pr") == pytest.approx(0.16, abs=0.02)


@pytest.mark.parametrize("coupling", [0.35, 0.8])
def test_half_a_qrs_at_the_rim_is_no_premature_beat(coupling: float) -> None:
    """As where a curve climbs along the edge of a sheet: early, steep, and not shown whole."""
    record = built_record(heart_rate=60, noise=0.01)
    signal = record.signal.copy()
    whole = measure(record).beats.r_peaks
    end = round((whole[-1] + coupling) * record.sampling_rate)
    rise = np.linspace(0.0, 1.0, 8)
    signal = signal[:, :end]
    signal[:, -8:] += (rise * np.ptp(signal, axis=1, keepdims=True)).astype(signal.dtype)
    measured = measure(ECGRecord(signal=signal, sampling_rate=500.0, leads=record.leads))
    assert set(measured.beats.classes) == {BeatClass.DOMINANT}
    assert len(measured.beats.r_peaks) == np.sum(whole < end / 500.0)


def test_the_height_of_r_is_that_of_its_tallest_part() -> None:
    """A small first r before a tall R' (paced, RBBB) is not the R of a voltage criterion."""
    split = LeadMeasurements(
        lead=Lead.V5, beats=5, noise=0.01, q=0.0, r=0.1, s=-0.2, r_prime=0.52, s_prime=-0.4
    )
    assert (split.r_height, split.s_depth) == (0.52, 0.4)
    only_s = LeadMeasurements(lead=Lead.V1, beats=5, noise=0.01, q=-1.2, r=0.0, s=-1.2)
    assert (only_s.r_height, only_s.s_depth) == (0.0, 1.2)
    unknown = LeadMeasurements(lead=Lead.V1, beats=5, noise=0.01)
    assert (unknown.r_height, unknown.s_depth) == (None, None)


@pytest.mark.parametrize("into", [-0.02, 0.0, 0.02])
def test_a_beat_on_the_border_of_two_columns_is_found_by_the_strip(into: float) -> None:
    """Each column shows a part of it only; so close to the beat before it looks like a T wave."""
    whole = built_record(heart_rate=190, qt=0.22, pr=0.1, noise=0.005)
    beats = measure(whole).beats.r_peaks
    border = 2.5 + into
    late = float(beats[np.argmin(np.abs(beats - border))]) - border
    shifted = np.roll(whole.signal, -round(late * whole.sampling_rate), axis=1)
    found = measure(as_page(replace(whole, signal=shifted))).beats.r_peaks
    assert np.abs(found - border).min() < 0.05
    assert np.diff(found).max() < 0.5
