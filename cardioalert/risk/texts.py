"""What people read about a risk result: English here, other languages in the catalogs.

Codes are stable; texts are looked up by code at the moment they are shown, in the chosen language.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cardioalert.i18n import N_, number, unit_text
from cardioalert.i18n import translate as _
from cardioalert.risk.questionnaire import Answers, inputs

DISCLAIMER: Final = N_(
    "This is an estimate for people like you, not a diagnosis, and it does not replace a doctor. "
    "With chest pain, breathlessness, fainting or sudden weakness of face, arm or speech call 103."
)

SCORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "who2019-lab": N_("WHO 2019, Central Asia, with cholesterol"),
        "who2019-nonlab": N_("WHO 2019, Central Asia, without laboratory values"),
        "score2": N_("SCORE2, very-high-risk region"),
        "score2-op": N_("SCORE2-OP for 70-89 years, very-high-risk region"),
        "score2-diabetes": N_("SCORE2-Diabetes, very-high-risk region"),
        "prevent": N_("AHA PREVENT"),
        "framingham2008-lab": N_("Framingham 2008 with cholesterol"),
        "framingham2008-bmi": N_("Framingham 2008 with body mass index"),
        "interheart": N_("INTERHEART points"),
    }
)

CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "low": N_("low risk"),
        "low-moderate": N_("low to moderate risk"),
        "borderline": N_("borderline risk"),
        "moderate": N_("moderate risk"),
        "intermediate": N_("intermediate risk"),
        "medium": N_("medium risk"),
        "high": N_("high risk"),
        "very-high": N_("very high risk"),
    }
)

INPUTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "age": N_("age"),
        "sex": N_("sex"),
        "sbp": N_("upper (systolic) blood pressure"),
        "dbp": N_("lower (diastolic) blood pressure"),
        "height_cm": N_("height"),
        "weight_kg": N_("weight"),
        "bmi": N_("body mass index"),
        "total_cholesterol_mmol": N_("total cholesterol"),
        "hdl_mmol": N_("HDL cholesterol"),
        "hba1c_mmol_mol": N_("glycated haemoglobin (HbA1c)"),
        "egfr": N_("kidney function (eGFR)"),
        "uacr_mg_g": N_("urine albumin-creatinine ratio"),
        "age_at_diabetes_diagnosis": N_("age when diabetes was found"),
        "cigarettes_per_day": N_("cigarettes a day"),
        "waist_cm": N_("waist"),
        "hip_cm": N_("hips"),
        "waist_hip_ratio": N_("waist-hip ratio"),
        "smoker": N_("smoking"),
        "former_smoker": N_("smoking in the past"),
        "diabetes": N_("diabetes"),
        "type_1_diabetes": N_("type 1 diabetes"),
        "on_bp_treatment": N_("treatment of blood pressure"),
        "on_statin": N_("treatment with a statin"),
        "known_cvd": N_("known heart or vessel disease"),
        "pregnant": N_("pregnancy"),
        "familial_hypercholesterolaemia": N_("familial hypercholesterolaemia"),
        "high_bp": N_("high blood pressure"),
        "parent_mi": N_("heart attack of a parent"),
        "secondhand_smoke": N_("second-hand smoke"),
        "stress": N_("stress"),
        "depression": N_("depression"),
        "salty_food_daily": N_("salty food"),
        "fried_food_often": N_("fried food"),
        "fruit_daily": N_("fruit"),
        "vegetables_daily": N_("vegetables"),
        "meat_twice_daily": N_("meat"),
        "sedentary": N_("physical activity"),
    }
)

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "symptoms": N_("These symptoms may be an emergency. They come before any risk test."),
        "known-cvd": N_("With known heart or vessel disease the risk is already high."),
        "pregnancy": N_("No risk score was made for pregnancy."),
        "familial-hypercholesterolaemia": N_(
            "With familial hypercholesterolaemia the risk is already high."
        ),
        "egfr-below-30": N_("With severe kidney disease (eGFR below 30) the risk is already high."),
        "sex-not-covered": N_("The scores were made for men and women only."),
        "age-outside-range": N_("The score does not cover this age."),
        "diabetes-not-covered": N_("The score does not cover people with diabetes."),
        "diabetes-required": N_("The score is for people with diabetes only."),
        "type-1-diabetes-not-covered": N_("The score is for type 2 diabetes only."),
        "missing": N_("Not answered: {input}."),
        "implausible": N_("Not plausible: {input} {value} (expected {low} to {high} {unit})."),
        "contradiction": N_("Another answer contradicts: {input}."),
        "outside-range": N_("The score does not cover this value: {input} {value} {unit}."),
    }
)

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "category-differs": N_(
            "The printed chart and the exact equation give different categories: {chart} on the "
            "chart, {exact} by equation."
        ),
        "not-calibrated": N_("This score is not calibrated for Uzbekistan."),
        "overestimates": N_("This score is older and tends to overestimate."),
        "points-not-percent": N_(
            "Points are not a percentage. Measure the blood pressure for one."
        ),
        "points-at-least": N_("Some questions are open: between {low} and {high} points."),
        "taken-as-no": N_("Not answered and taken as “no”: {inputs}."),
        "national-form-differs": N_(
            "The national questionnaire computes {form} % here, the WHO chart {chart} %."
        ),
        "unknown-answers": N_("Not understood and not used: {inputs}."),
        "more-answers": N_("More answers would allow {score}: {inputs}."),
    }
)

ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "call-103": N_("Call 103 now. Do not drive yourself, do not wait for it to pass."),
        "blood-pressure-very-high": N_(
            "The blood pressure is very high: rest for five minutes and measure again. If it stays "
            "so high, see a doctor today."
        ),
        "already-high-risk": N_("You do not need a score: treatment matters now."),
        "see-cardiologist": N_("See a cardiologist or a general practitioner."),
        "see-doctor-today": N_("See a doctor today."),
        "ask-antenatal-doctor": N_("Talk to the doctor who cares for your pregnancy."),
        "talk-to-doctor": N_("Talk to a doctor about your risk."),
        "check-answers": N_("Check the answers and their units, then try again."),
        "answer-more": N_("Answer the open questions, then try again."),
        "measure-blood-pressure": N_("Measure your blood pressure, then take the test again."),
        "book-ecg": N_("Book an ECG."),
        "healthy-lifestyle": N_("Eat healthily, move every day, avoid tobacco and limit alcohol."),
        "recheck-12-months": N_("Take the test again in 12 months."),
        "recheck-3-months": N_(
            "Check-ups every 3 months, every 6-9 months once the blood pressure is at its target."
        ),
        "recheck-3-6-months": N_(
            "Check-ups every 3-6 months until the blood pressure is at target."
        ),
        "tests-and-ecg-2-years": N_(
            "Blood glucose, cholesterol, urine protein, eyes and an ECG every 2 years."
        ),
        "tests-and-ecg-yearly": N_(
            "Blood glucose, cholesterol, urine protein, eyes and an ECG every year."
        ),
        "lipids-and-kidney-yearly": N_("Lipids, creatinine and kidney function every year."),
        "stop-smoking": N_("Stop smoking. Ask a doctor for help with it."),
        "lower-blood-pressure": N_("Have the blood pressure treated and measured regularly."),
    }
)

CHANGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "quit-smoking": N_("Stop smoking"),
        "sbp-140": N_("Bring the upper blood pressure to 140 mmHg"),
        "sbp-120": N_("Bring the upper blood pressure to 120 mmHg"),
        "bmi-25": N_("Bring the weight to a body mass index of 25 kg/m²"),
        "cholesterol-5": N_("Bring total cholesterol to 5 mmol/L"),
        "all-together": N_("All of these together"),
        "avoid-secondhand-smoke": N_("Avoid the smoke of others"),
        "reduce-stress": N_("Reduce stress"),
        "less-salt": N_("Eat less salty food"),
        "less-fried-food": N_("Eat less fried food"),
        "daily-fruit": N_("Eat fruit every day"),
        "daily-vegetables": N_("Eat vegetables every day"),
        "less-meat": N_("Eat meat once a day at most"),
        "be-active": N_("Be physically active"),
    }
)


def input_names(names: tuple[str, ...]) -> str:
    """Return the names of inputs, for people."""
    return ", ".join(_(INPUTS.get(name, name)) for name in names)


def reason_text(code: str, answers: Answers) -> str:
    """Explain why a score does not apply."""
    for prefix in ("missing", "implausible", "contradiction", "outside-range"):
        if code.startswith(f"{prefix}-"):
            name = code.removeprefix(f"{prefix}-").replace("-", "_")
            return _(REASONS[prefix], input=_(INPUTS[name]), **_figures(name, answers))
    return _(REASONS[code])


def _figures(name: str, answers: Answers) -> dict[str, str]:
    """Return the value of an input with its unit and plausible range, as text."""
    known = inputs().get(name)
    if known is None:
        return {}
    wrong = {found.name: found.value for found in answers.implausible}
    value = wrong.get(name, answers.values.get(name))
    return {
        "value": "" if value is None else number(value),
        "low": number(known.low),
        "high": number(known.high),
        "unit": unit_text(known.unit) if known.unit != "1" else "",
    }
