"""What a page gets of a figure: two drawings, in its own colours, with text as text."""

import re

import numpy as np
import pytest

from mindgap import plots
from mindgap.plots import page


def panels(count):
    steps = np.arange(1, 4)
    values = np.array([[90.0, 80, 70], [100, 90, 60]])
    names = "trained", "compiled, sharpness 8"
    return {f"panel {k}": dict.fromkeys(names, (steps, values)) for k in range(count)}


def widths(html):
    return [
        float(width) / 72
        for width in re.findall(r'<svg [^>]*?width="([\d.]+)pt"', html)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_a_figure_fits_the_column_and_a_phone(count):
    wide, narrow = widths(plots.over_steps(panels(count), "%")._repr_html_())
    assert wide <= page.WIDE + 0.15 and narrow <= page.NARROW + 0.15


def test_no_text_is_small():
    html = plots.over_steps(panels(3), "%")._repr_html_()
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", html)]
    assert len(sizes) > 20 and min(sizes) >= 7  # points, in drawings of true size
    assert html.count(">panel 2<") == 2


def test_colours_are_the_pages():
    html = plots.over_steps(panels(1), "%")._repr_html_()
    used = set(re.findall(r"var\(--figure-(\w+), #[0-9a-f]{6}\)", html))
    assert {"ink", "blue", "green", "grey"} <= used
    bare = re.sub(r"var\(--figure-\w+, #[0-9a-f]{6}\)", "", html)
    assert not re.findall(r"#(?:000000|ffffff)\b", bare)


def test_ids_are_a_figures_own():
    both = [plots.over_steps(panels(n), "%")._repr_html_() for n in (1, 2)]
    runs = {"reach": np.ones((3, 2))}, np.ones((3, 2, 2)), ["a", "b", "c"]
    both.append(plots.program_run(*runs)._repr_html_())  # with equal images
    found = re.findall(r' id="([^"]+)"', "".join(both))
    assert found and len(found) == len(set(found))
    named = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", "".join(both)))
    assert {a or b for a, b in named} <= set(found)


def test_the_same_kind_has_the_same_colour_in_every_figure():
    one = page.colours_of(["with traces", "compiled", "untrained, mean of 5"])
    other = page.colours_of(
        ["compiled, exact", "with traces", "sharpness 8, then trained"]
    )
    assert one["compiled"] == other["compiled, exact"] == page.GREEN
    assert one["with traces"] == other["with traces"] == page.BLUE
    assert one["untrained, mean of 5"] == page.GREY
    assert other["sharpness 8, then trained"] not in (page.GREEN, page.GREY, page.BLUE)
    assert len({*page.colours_of(["minimal", "a", "b", "c"]).values()}) == 4


def test_words_are_written_into_a_figure():
    html = plots.over_steps(panels(1), "%")._repr_html_()
    assert 'aria-label="5 &lt; 6 &quot;so&quot;"' in page.described(html, '5 < 6 "so"')
    assert page.described("<p>no figure</p>", "words") == "<p>no figure</p>"


def test_a_file_stands_alone_and_is_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        plots.over_steps(panels(2), "%").publish(tmp_path / f"{name}.svg")
    for suffix in (".svg", ".html"):
        one, other = ((tmp_path / f"{n}{suffix}").read_text("utf-8") for n in "ab")
        assert one == other
    assert "var(" not in (tmp_path / "a.svg").read_text("utf-8")
    assert (tmp_path / "a.html").read_text("utf-8").count("<svg") == 2
