"""The printed charts, cell by cell."""

import csv

import pytest

from cardioalert.domain.patient import Sex
from cardioalert.risk import national_form, who2019
from cardioalert.tables import read_csv

AGES = ("40-44", "45-49", "50-54", "55-59", "60-64", "65-69", "70-74")
PRESSURES = ("<120", "120-139", "140-159", "160-179", ">=180")
THIRDS = {
    "nonlab": ("<20", "20-24", "25-29", "30-34", ">=35"),
    "lab": ("<4", "4-4.9", "5-5.9", "6-6.9", ">=7"),
}
SEXES = {"M": Sex.MALE, "F": Sex.FEMALE}


def our_cell(row):
    column = (
        row["smoker"] == "1",
        AGES.index(row["age_band"]),
        PRESSURES.index(row["sbp_band"]),
    )
    third = THIRDS[row["model"]].index(row["third_band"])
    sex = SEXES[row["sex"]]
    return who2019.cell(row["model"], sex, column, third, row["diabetes"] == "1")


@pytest.mark.data
def test_all_published_cells(shared_data):
    with (shared_data / "risk" / "who2019_central_asia_cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2100
    assert [our_cell(row) for row in rows] == [int(row["percent"]) for row in rows]


def test_the_form_differs_from_the_chart_where_the_table_says_so():
    rows = read_csv("cardioalert.risk", "national_grid_differences.csv")
    assert len(rows) == 79
    for row in rows:
        bands = (AGES.index(row["age_band"]), PRESSURES.index(row["sbp_band"]))
        bmi = THIRDS["nonlab"].index(row["bmi_band"])
        smoker, sex = row["smoker"] == "1", SEXES[row["sex"]]
        published = who2019.cell("nonlab", sex, (smoker, *bands), bmi, False)
        assert published == int(row["who_percent"])
        form = national_form.form_cell(sex, smoker, bands, bmi)
        assert form == int(row["ministry_percent"]) != published


def test_the_form_agrees_with_the_chart_in_all_other_cells():
    cells = [
        (sex, smoker, (age, sbp), bmi)
        for sex in Sex
        for smoker in (False, True)
        for age in range(7)
        for sbp in range(5)
        for bmi in range(5)
    ]
    same = [
        national_form.form_cell(*cell)
        == who2019.cell("nonlab", cell[0], (cell[1], *cell[2]), cell[3], False)
        for cell in cells
    ]
    assert (len(same), same.count(False)) == (700, 79)


@pytest.mark.parametrize(
    ("change", "percent"),
    [
        ({}, 23),
        ({"bmi": 35.5}, 26),  # the form's top band starts at 36: this is 30-34
        ({"bmi": 36.0}, 34),
        ({"smoker": 0.0, "former_smoker": 1.0}, 11),
        ({"age": 39.0}, None),
        ({"age": 75.0}, None),
    ],
)
def test_what_the_form_shows(change, percent):
    x = {"age": 55.0, "smoker": 1.0, "sbp": 145.0, "bmi": 26.8} | change
    assert national_form.form_score(Sex.MALE, x).percent == percent


def test_the_form_has_no_score_for_other_sexes():
    x = {"age": 55.0, "smoker": 1.0, "sbp": 145.0, "bmi": 26.8}
    assert national_form.form_score(None, x).percent is None


def test_a_band_holds_its_lower_border():
    x = {"age": 45.0, "smoker": 0.0, "sbp": 120.0, "diabetes": 0.0, "total_cholesterol_mmol": 4.0}
    inside = x | {"age": 47.0, "sbp": 130.0, "total_cholesterol_mmol": 4.5}
    assert who2019.lab_cell(Sex.MALE, x) == who2019.lab_cell(Sex.MALE, inside)
