"""Reading lead names: from the network's answers to labels, and on a page built for the test."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from cardioalert_models.zoo import ModelFileProblem

from cardioalert.domain.record import Lead
from cardioalert.errors import ModelFileError
from cardioalert.networks import sessions
from cardioalert.networks.label_reader import CELL, NAMES, decode, read_labels

BOX = (50.0, 30.0, 80.0, 46.0)  # left, top, right, bottom, px


def answers(*cells, rows=10, columns=20):
    """Maps in which some cells (row, column, presence, name, box in px) see a name."""
    maps = np.zeros((1 + len(NAMES) + 4, rows, columns), np.float32)
    for row, column, presence, name, (left, top, right, bottom) in cells:
        x, y = ((np.array([column, row]) + 0.5) * CELL - 0.5).tolist()
        maps[0, row, column] = presence
        maps[1 + NAMES.index(name), row, column] = 1.0
        maps[-4:, row, column] = np.array([x - left, y - top, right - x, bottom - y]) / CELL
    return maps


def box_of(label):
    return label.left, label.top, label.right, label.bottom


def test_silent_cells_give_no_label():
    assert decode(answers()) == ()


def test_box_comes_back_in_page_pixels():
    (label,) = decode(answers((4, 8, 0.9, (Lead.V3, False), BOX)))
    assert label.lead is Lead.V3
    assert not label.inverted
    assert box_of(label) == pytest.approx(BOX, abs=1e-3)  # single precision
    assert label.confidence > 0.9


def test_minus_avr_is_inverted():
    (label,) = decode(answers((4, 8, 0.9, (Lead.AVR, True), BOX)))
    assert (label.lead, label.inverted) == (Lead.AVR, True)


def test_of_two_overlapping_labels_the_surer_stays():
    maps = answers((4, 7, 0.6, (Lead.II, False), BOX), (4, 8, 0.8, (Lead.III, False), BOX))
    assert [label.lead for label in decode(maps)] == [Lead.III]


def test_two_answers_about_one_narrow_letter_are_one():
    thin, beside = (60.0, 30.0, 63.0, 46.0), (64.0, 30.0, 67.0, 46.0)
    maps = answers((4, 7, 0.9, (Lead.I, False), thin), (4, 8, 0.7, (Lead.I, False), beside))
    assert len(decode(maps)) == 1


def test_neighbours_both_stay():
    other = tuple(np.add(BOX, (40, 0, 40, 0)))
    maps = answers((4, 8, 0.6, (Lead.V1, False), BOX), (4, 13, 0.8, (Lead.V1, False), other))
    assert len(decode(maps)) == 2


def test_doubt_about_the_name_lowers_the_confidence():
    sure = answers((4, 8, 0.7, (Lead.V1, False), BOX))
    doubtful = sure.copy()
    doubtful[1:-4] *= 0.8
    (first,), (second,) = decode(sure), decode(doubtful)
    assert second.confidence < first.confidence


def test_plain_stroke_is_believed_less_than_other_names():
    (one,) = decode(answers((4, 8, 0.8, (Lead.I, False), BOX)))
    (two,) = decode(answers((4, 8, 0.8, (Lead.V2, False), BOX)))
    assert one.confidence < two.confidence


def test_damaged_weights_are_the_library_s_own_error(monkeypatch):
    def fail(name):
        raise ModelFileProblem(f"{name} is damaged")

    monkeypatch.setattr(sessions, "open_network", fail)
    with pytest.raises(ModelFileError, match="damaged"):
        read_labels(np.full((64, 64, 3), 255, np.uint8))


def grid_page(height, width):
    """White paper with a red grid of 1 mm and 5 mm at 8 px per mm."""
    page = np.full((height, width, 3), 255, np.uint8)
    for pitch, colour in ((8, (255, 210, 210)), (40, (240, 130, 130))):
        page[::pitch] = colour
        page[:, ::pitch] = colour
    return page


@pytest.mark.parametrize("lead", ["II", "aVR", "aVF", "V2", "V5"])
def test_names_on_a_clean_page_are_read(lead):
    page = grid_page(403, 605)  # not a multiple of the cell
    place = (200, 240)
    cv2.putText(page, lead, place, cv2.FONT_HERSHEY_DUPLEX, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
    (width, height), _ = cv2.getTextSize(lead, cv2.FONT_HERSHEY_DUPLEX, 0.9, 2)
    (label,) = read_labels(page)
    assert label.lead.value == lead
    assert label.confidence > 0.5
    expected = (place[0], place[1] - height, place[0] + width, place[1])
    assert box_of(label) == pytest.approx(expected, abs=CELL)  # one answer per cell


def test_bare_grid_has_no_names():
    assert read_labels(grid_page(400, 600)) == ()


def test_straight_line_and_pulse_are_not_names():
    page = grid_page(400, 600)
    line = np.array([[0, 200], [40, 200], [40, 120], [80, 120], [80, 200], [600, 200]])
    cv2.polylines(page, [line], False, (20, 20, 20), 2, cv2.LINE_AA)
    assert read_labels(page) == ()
