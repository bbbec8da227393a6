"""Figures of how networks work: what is drawn is what was given."""

import numpy as np

from mindgap.plots import faithfulness as plots


def test_attention_is_shown_and_rings_mark_whom_the_program_selects():
    learned = np.linspace(0, 1, 18).reshape(2, 3, 3)
    rows = {
        "compiled": (np.stack([np.eye(3)] * 2), np.array([[-1, 0, 1], [2, -1, -1]])),
        "learned": (learned, np.array([[0, 1, 2], [-1, -1, -1]])),
    }
    notes = {"compiled": ["2 of 2", "1 of 1"], "learned": ["a", "b"]}
    figure = plots.attention_maps(rows, ["step 1", "step 2"], notes)
    first, second, third, fourth = figure.axes
    rings = [np.transpose(p.lines[0].get_xydata()).tolist() for p in figure.axes]
    # senders to the right, receivers down
    assert rings == [[[0, 1], [1, 2]], [[2], [0]], [[0, 1, 2], [0, 1, 2]], [[], []]]
    drawn = np.stack([third.images[0].get_array(), fourth.images[0].get_array()])
    np.testing.assert_array_equal(drawn, learned)
    assert [p.get_title() for p in figure.axes] == ["step 1", "step 2", "", ""]
    assert [p.get_xlabel() for p in figure.axes] == ["2 of 2", "1 of 1", "a", "b"]
    assert first.get_ylabel().startswith("compiled") and not second.get_ylabel()


def test_rows_may_have_other_numbers_of_nodes():
    rows = {str(n): (np.eye(n)[None], np.full((1, n), -1)) for n in (2, 5)}
    figure = plots.attention_maps(rows, ["step 1"], {"2": [""], "5": [""]})
    assert [p.images[0].get_array().shape for p in figure.axes] == [(2, 2), (5, 5)]


def test_every_network_is_a_dot_and_keeps_its_look():
    many = np.arange(30.0), np.arange(30.0, 60)
    panels = {
        "trace": {"a": many, "b": (np.array([1.0]), np.array([2.0]))},
        "attention": {"b": (np.array([3.0, 4]), np.array([5.0, 6]))},
        "third": {"c": (np.array([]), np.array([]))},
    }
    figure = plots.scatter(panels, "x", ["left", "right"], {"trace": {"floor": 20.0}})
    first, second, third, fourth = figure.axes
    np.testing.assert_array_equal(first.lines[0].get_xydata(), np.transpose(many))
    assert second.lines[0].get_xydata().tolist() == [[3, 5], [4, 6]]
    look = [(line.get_color(), line.get_marker()) for line in first.lines[:2]]
    assert look[0] != look[1]
    assert (second.lines[0].get_color(), second.lines[0].get_marker()) == look[1]
    assert [t.get_text() for t in first.texts] == ["floor"] and not second.texts
    assert list(first.lines[2].get_ydata()) == [20.0, 20.0]
    assert [p.get_ylabel() for p in (first, second, third)] == ["left", "right", "left"]
    assert not fourth.get_visible()
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["a", "b", "c"]


def test_looks_differ_for_ten_names_and_corners_are_named():
    dot = np.array([1.0]), np.array([1.0])
    panels = {"trace": {str(k): dot for k in range(10)}}
    figure = plots.scatter(panels, "x", ["y"], {}, columns=1, corners=True)
    (panel,) = figure.axes
    looks = {(line.get_color(), line.get_marker()) for line in panel.lines[:10]}
    assert len(looks) == 10
    said = {t.get_text(): t.get_position() for t in panel.texts}
    assert said["effective,\nfaithful"][0] > 50 < said["effective,\nfaithful"][1]
    assert said["not effective,\nnot faithful"][0] < 50
    assert len(said) == 4
