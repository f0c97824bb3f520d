"""Criteria and networks: agreeing, disagreeing, silent. Every cell of the table is tried."""

from __future__ import annotations

import pytest

from cardioalert.domain.clinical import Evidence, Finding, Overall, Urgency
from cardioalert.domain.opinion import Call, Opinion
from cardioalert.interpret import interpret, network
from tests.built_measurements import built_measurements, built_record
from tests.unit.interpret.limit_cases import (
    IRREGULAR,
    LBBB_SHAPE,
    MAN,
    NO_P,
    merged,
    on,
    strokes,
    values,
)

VERDICTS = ("present", "possible", "undecided", "absent")


def call(verdict: str, probability: float = 0.5) -> Call:
    return Call(probability=probability, verdict=verdict, present_from=0.6, possible_from=0.3)


def opinion(**verdicts: str) -> Opinion:
    calls = {code.replace("_", "-"): call(verdict) for code, verdict in verdicts.items()}
    return Opinion(kind="digital", statements=dict.fromkeys(calls, 0.5), calls=calls)


def finding(code: str, status: str = "present", urgency: Urgency = Urgency.ORANGE) -> Finding:
    evidence = Evidence(text="seen", measure="pr", value=1.0, limit=1.0, unit="ms")
    return Finding(
        code=code,
        title=code,
        status=status,
        urgency=urgency,
        decided_by=("rule:RH3",),
        evidence=(evidence,),
    )


def judged(*overrides, heard: Opinion | None):
    measured = built_measurements(**merged(*overrides))
    return interpret(measured, built_record(10.0), MAN, opinion=heard)


def by_code(result) -> dict[str, Finding]:
    return {each.code: each for each in result.findings}


@pytest.mark.parametrize("status", ["present", "possible"])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_network_never_lowers_the_urgency_of_a_criterion(status, verdict):
    before = finding("atrial-fibrillation", status)
    after = network.weigh([before], [], opinion(AFIB=verdict)).findings[0]
    assert after.urgency is before.urgency


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_danger_that_only_criteria_decide_is_never_touched(verdict):
    before = finding("st-elevation", urgency=Urgency.RED)
    heard = opinion(AFIB=verdict, any_infarction=verdict, NORM=verdict)
    after = by_code(network.weigh([before], [], heard))["st-elevation"]
    assert after == before


def test_agreement_names_both():
    after = network.weigh([finding("atrial-fibrillation")], [], opinion(AFIB="present")).findings[0]
    assert after.decided_by == ("rule:RH3", "network:AFIB")
    assert after.probability == 0.5
    assert after.evidence[-1].measure == "probability:AFIB"


def test_doubt_is_shown_and_makes_present_possible():
    after = network.weigh([finding("atrial-fibrillation")], [], opinion(AFIB="absent")).findings[0]
    assert after.status == "possible"
    assert after.decided_by == ("rule:RH3",)
    assert after.against


def test_doubt_about_voltages_leaves_them_possible_and_as_urgent():
    before = finding("lvh-voltage")
    after = network.weigh([before], [], opinion(LVH="absent")).findings[0]
    assert (after.status, after.urgency) == ("possible", before.urgency)
    assert after.against


def test_both_make_a_possible_finding_present():
    before = finding("atrial-fibrillation", "possible")
    assert network.weigh([before], [], opinion(AFIB="present")).findings[0].status == "present"


def test_what_becomes_present_is_at_least_as_urgent_as_the_networks_alone():
    before = finding("q-waves-old-infarction", "possible", Urgency.GREEN)
    after = network.weigh([before], [], opinion(any_infarction="present")).findings[0]
    assert (after.status, after.urgency) == ("present", Urgency.YELLOW)


def test_a_network_alone_is_possible_says_so_and_is_orange_at_most():
    result = judged(heard=opinion(AFIB="present", NORM="present"))
    found = by_code(result)["atrial-fibrillation"]
    assert (found.status, found.decided_by) == ("possible", ("network:AFIB",))
    assert found.urgency is Urgency.ORANGE
    assert found.against
    assert result.overall is Overall.ABNORMAL
    assert "normal-ecg" not in by_code(result)


def test_a_statement_that_rules_decide_is_never_found_by_the_network_alone():
    result = judged(heard=opinion(**{"1AVB": "present"}, NORM="present"))
    assert "first-degree-av-block" not in by_code(result)


def test_normal_needs_both():
    result = judged(heard=opinion(NORM="present"))
    normal = by_code(result)["normal-ecg"]
    assert (normal.status, normal.against) == ("present", ())
    assert normal.decided_by == ("rule:NORM", "network:NORM")
    assert (result.overall, result.urgency) == (Overall.NORMAL, Urgency.GREEN)


def test_normal_is_possible_where_the_network_stays_below_its_limit():
    result = judged(heard=opinion(NORM="possible"))
    normal = by_code(result)["normal-ecg"]
    assert normal.status == "possible"
    assert normal.decided_by == ("rule:NORM", "network:NORM")
    assert "called present from 60%" in normal.against[0]
    assert (result.overall, result.urgency) == (Overall.BORDERLINE, Urgency.YELLOW)
    assert "criteria-only" in {each.code for each in result.advice}


@pytest.mark.parametrize("verdict", ["undecided", "absent"])
def test_clear_criteria_without_the_network_are_borderline(verdict):
    result = judged(heard=opinion(NORM=verdict))
    assert by_code(result)["normal-not-confirmed"].against
    assert (result.overall, result.urgency) == (Overall.BORDERLINE, Urgency.YELLOW)


def test_a_silent_network_confirms_nothing_and_says_why():
    result = judged(heard=Opinion(kind="digital", silence="unlike-training"))
    reasons = {each.code: each.reason for each in result.not_assessed}
    assert "unlike" in reasons["network"]
    assert "normal-ecg" not in by_code(result)
    assert not result.statements


def test_rare_dangers_are_said_to_be_decided_by_criteria():
    reasons = {
        each.code: each.reason for each in judged(heard=opinion(NORM="present")).not_assessed
    }
    assert "criteria only" in reasons["network:rare"]


def test_fibrillation_that_is_present_drops_sinus_rhythm():
    both = [finding("atrial-fibrillation"), finding("sinus-rhythm", urgency=Urgency.GREEN)]
    assert [each.code for each in network.resolve(both)] == ["atrial-fibrillation"]


def test_fibrillation_that_is_possible_leaves_both_possible():
    both = [finding("atrial-fibrillation", "possible"), finding("sinus-rhythm")]
    assert [each.status for each in network.resolve(both)] == ["possible", "possible"]
    assert all(each.against for each in network.resolve(both))


def test_an_irregular_rhythm_without_p_and_a_network_agree():
    found = by_code(judged(IRREGULAR, NO_P, heard=opinion(AFIB="present")))
    assert "network:AFIB" in found["atrial-fibrillation"].decided_by


@pytest.mark.parametrize("rules", ["met", "possible", "clear", "unknown"])
@pytest.mark.parametrize("verdict", [*VERDICTS, None])
def test_every_cell_of_the_table_is_filled(rules, verdict):
    effect = network.effect_of(rules, None if verdict is None else call(verdict))
    known = ("confirm", "raise", "keep", "doubt", "add", "add-unjudged", "nothing")
    assert effect in known


def test_every_silence_has_a_text():
    codes = ("too-few-leads", "too-short", "scale-unconfirmed", "unlike-training", "poor-signal")
    for code in codes:
        assert network.silence_text(Opinion(kind="page", silence=code))


def test_no_two_rows_contradict_each_other():
    pairs = [(rule.first, other) for rule in network.contradictions() for other in rule.second]
    assert not any((b, a) in pairs for (a, b) in pairs)
    assert len(pairs) == len(set(pairs))


def test_every_row_asks_something_else():
    asked = [row.asks for row in network.shared_findings()]
    assert len(asked) == len(set(asked))


def test_networks_call_no_block_or_infarction_where_a_pacemaker_is_possible():
    heard = opinion(CLBBB="present", any_infarction="present", AFIB="present")
    alone = by_code(judged({}, heard=heard))
    assert {"left-bundle-branch-block", "q-waves-old-infarction"} <= set(alone)
    paced = by_code(judged(strokes(), heard=heard))
    assert "paced-rhythm" in paced
    assert not {"left-bundle-branch-block", "q-waves-old-infarction"} & set(paced)
    assert "atrial-fibrillation" in paced


@pytest.mark.parametrize(("verdict", "silenced"), [("present", True), ("undecided", False)])
def test_a_block_that_both_see_silences_what_it_imitates(verdict, silenced):
    """Within its error of 120 ms the criterion alone silences nothing."""
    close = merged(LBBB_SHAPE, values(qrs=122), {"uncertainty": {"qrs": 0.009}})
    found = by_code(judged(close, on("V1", s=-3.2), heard=opinion(CLBBB=verdict)))
    assert found["left-bundle-branch-block"].status == ("present" if silenced else "possible")
    assert ("lvh-voltage" in found) is not silenced
