"""What a page offers beside its figures: the numbers behind them, to take away."""

import base64
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class Download:
    """A link to a table as CSV that lies in the page itself, so it works offline."""

    name: str
    csv: str

    def _repr_html_(self) -> str:
        content = base64.b64encode(self.csv.encode()).decode()
        return (
            f'<a class="data" download="{self.name}.csv" '
            f'href="data:text/csv;base64,{content}">Data of {self.name} (CSV)</a>'
        )

    def __repr__(self) -> str:
        return self.csv


def data(name: str, table: "pd.DataFrame | pd.Series") -> Download:
    """The numbers of a figure, for the last line of its cell or of the next one.

    `name` is the figure's, and its file's without the ending; the index is kept.
    """
    return Download(name, table.to_csv())
