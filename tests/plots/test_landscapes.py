"""Figures of the loss around networks: what is drawn is what was given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindgap.plots import landscapes as plots


def bowl(scale=1.0):
    at = np.linspace(-1, 1, 9)
    return plots.Surface(at, 2 * at, scale * (0.1 + at[None] ** 2 + at[:, None] ** 2))


def contours(panel):
    """Levels of the lines, and the points of each."""
    (lines,) = [c for c in panel.collections if not c.filled]
    return dict(zip(lines.levels, lines.get_paths(), strict=True))


def test_lines_of_a_map_lie_where_the_loss_is_what_they_say():
    figure = plots.surfaces({"a": bowl(), "b": bowl(100)}, ("x", "y"), (0.1, 100.0))
    first, second, _ = figure.axes
    assert list(contours(first)) == [0.2, 0.5, 1, 2]
    assert list(contours(second)) == [20, 50, 100, 200]
    x, y = contours(first)[1.0].vertices.T
    np.testing.assert_allclose(0.1 + x**2 + (y / 2) ** 2, 1, atol=0.02)
    said = [text.get_text() for text in first.texts]
    assert {"0.2", "0.5", "1"} <= set(said)
    titles = [panel.get_title() for panel in (first, second)]
    assert titles == ["a\n0.1 to 2.1 nats", "b\n10 to 210 nats"]


def test_rows_of_a_surface_are_heights():
    at = np.array([0.0, 1.0, 2.0])
    losses = np.array([[1.0, 1, 1], [10, 10, 10], [100, 100, 100]])
    figure = plots.surfaces(
        {"": plots.Surface(at, at, losses)}, ("x", "y"), (1.0, 100.0)
    )
    x, y = contours(figure.axes[0])[10.0].vertices.T
    assert np.ptp(x) == 2 and np.allclose(y, 1)


def test_what_is_not_finite_is_left_out_and_what_is_flat_has_no_lines():
    at, up, losses = bowl()
    losses = losses.copy()
    losses[0, 0], losses[0, 1] = np.nan, np.inf
    panels = {
        "holes": plots.Surface(at, up, losses),
        "flat": plots.Surface(at, up, np.full((9, 9), 3.0)),
        "empty": plots.Surface(at, up, np.full((9, 9), np.nan)),
    }
    holes, flat, empty, _ = plots.surfaces(panels, ("x", "y"), (0.1, 100.0)).axes
    titles = [panel.get_title() for panel in (holes, flat, empty)]
    assert titles == ["holes\n0.1 to 2.1 nats", "flat\n3 to 3 nats", "empty"]
    lowest = min(p.vertices[:, 1].min() for p in contours(holes).values() if len(p))
    assert lowest < -1 and len([c for c in flat.collections if not c.filled]) == 0


def test_points_are_named_where_they_lie():
    marks = {"start": (-0.5, 0.0), "end": (1.0, 0.5)}
    panel = plots.surfaces({"": bowl()}, ("x", "y"), (0.1, 100.0), marks).axes[0]
    drawn = [tuple(np.ravel(line.get_xydata())) for line in panel.lines]
    assert drawn == list(marks.values())
    named = {t.get_text(): t.get_ha() for t in panel.texts if t.get_text() in marks}
    assert named == {"start": "left", "end": "right"}


@given(st.floats(1e-20, 1e20), st.floats(1.001, 1e15), st.integers(2, 8), st.booleans())
def test_levels_are_few_and_inside(low, ratio, most, zero):
    values = np.array([0.0 if zero else low, low * ratio])
    found = plots.levels(values, most)
    assert len(found) <= most
    assert ((found > values[0]) & (found < values[1])).all()
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.3, 12, [0.5, 1, 2, 5, 10]),
        (2.5, 3.1, [2.6, 2.8, 3.0]),
        (1e-9, 2e6, [1e-8, 1e-4, 1, 1e4]),
    ],
)
def test_levels_are_round(low, high, expected):
    np.testing.assert_allclose(plots.levels(np.array([low, high])), expected)


def test_a_cut_is_the_median_of_directions_and_stops_where_one_overflows():
    at = np.array([0.01, 0.1, 1.0])
    values = np.array([[1.0, 2, 3], [1, 4, np.inf], [1, 9, 100]])
    panels = {"loss": {"a": (at, values)}, "wrong": {"b": (at, values[:1])}}
    figure = plots.cuts(panels, "x", ["nats", "%"], ["log", "linear"], columns=1)
    first, second = figure.axes
    np.testing.assert_array_equal(first.lines[0].get_xydata(), [[0.01, 1], [0.1, 4]])
    assert first.collections[0].get_paths()[0].vertices[:, 1].max() == 9
    assert [p.get_yscale() for p in (first, second)] == ["log", "linear"]
    assert [p.get_ylabel() for p in (first, second)] == ["nats", "%"]
    assert second.lines[0].get_color() != first.lines[0].get_color()
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["a", "b"]
