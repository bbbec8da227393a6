"""What pages show beside their figures."""

import pandas as pd
import pytest

from mindgap.book import pages


def test_a_long_table_is_shown_in_parts():
    table = pd.DataFrame(
        {"mean": [1, 2, 3]}, index=["BFS, size 4", "Bellman-Ford, size 4", "BFS, <8"]
    )
    shown = pages.parts(table)
    assert list(shown.tables) == ["BFS", "Bellman-Ford"]
    assert shown.tables["BFS"]["mean"].to_dict() == {"size 4": 1, "<8": 3}
    html = shown._repr_html_()
    assert html.count("<table") == 2 and "<8" not in html


def test_a_row_that_belongs_to_no_part_is_refused():
    with pytest.raises(ValueError, match="'BFS' has no comma"):
        pages.parts(pd.DataFrame({"mean": [1]}, index=["BFS"]))
