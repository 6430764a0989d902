"""Marks lie where they should."""
import numpy as np

from papers.figures.marked_pictures import DOT, MARK, response_picture, with_box, with_fixations

PICTURE = np.zeros((120, 160, 3), np.uint8)


def test_fixations_are_dots_at_x_y():
    marked = with_fixations(PICTURE, np.array([[100.6, 20.2]]))
    assert tuple(marked[20, 100]) == MARK and marked[100, 20].max() == 0
    assert PICTURE.max() == 0  # which stays as it was


def test_a_box_is_cut_at_the_border():
    marked = with_box(PICTURE, -30, 40, 60)
    assert tuple(marked[0, 50]) == MARK and tuple(marked[29, 50]) == MARK
    assert tuple(marked[15, 40]) == MARK and tuple(marked[15, 99]) == MARK
    assert marked[40].max() == 0 and marked[15, 70].max() == 0


def test_the_maximum_of_a_response_is_marked():
    response = np.zeros((6, 8))
    response[1, 6] = 3
    found = response_picture(response, (120, 160))
    assert found.shape == (120, 160, 3) and tuple(found[30, 130]) == DOT
    assert tuple(found[100, 20]) != DOT
