"""A figure as a page shows it: drawn for its column and for a phone, in its colours.

A function that draws is decorated with `for_pages` and asks `room` how wide its figure
may be. What it returns shows itself as HTML with both drawings, of which the page's
width picks one. Colours are the page's own variables, so that dark mode needs no
dimming; without such a page, and in a file, they are the colours written here (those of
Okabe and Ito, which colour-blind readers can tell apart).
"""

import contextvars
import functools
import hashlib
import html
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

WIDE, NARROW = 6.8, 3.5
"""Inches: the column of a page (653 px), and a phone (336 px)."""

BLUE, ORANGE, GREEN, PURPLE, SKY, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#666666",
)
INK, PAPER = "#212222", "#fefefe"
_VARIABLES = {
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    PURPLE: "purple",
    SKY: "sky",
    GREY: "grey",
    INK: "ink",
    PAPER: "paper",
}
"""By colour, the page's variable: `--figure-blue` and so on."""

_CLEAR = "figure.facecolor", "axes.facecolor", "savefig.facecolor"
_INKED = (
    "text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"
)  # fmt: skip
_SMALL = "xtick.labelsize", "ytick.labelsize", "legend.fontsize"
_STYLE: dict[Any, Any] = {
    **dict.fromkeys(_CLEAR, "none"),
    **dict.fromkeys(_INKED, INK),
    **dict.fromkeys(_SMALL, 7.5),
    "grid.color": GREY,
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 8.0,
}

_room = contextvars.ContextVar("room", default=WIDE)


def room() -> float:
    """How wide, in inches, the figure that is being drawn may be."""
    return _room.get()


def narrow() -> bool:
    """Whether the figure that is being drawn is the one for a phone."""
    return room() < WIDE


def shade(*colours: str) -> LinearSegmentedColormap:
    """From nothing, at 0, to a colour; of two colours, from one to the other by way
    of nothing. What is 0 has the colour of the page."""
    solid = [(*to_rgb(colour), 1.0) for colour in colours]
    clear = [(*to_rgb(colour), 0.0) for colour in colours]
    steps = [(0.0, clear[0]), (1.0, solid[0])]
    if len(colours) == 2:
        steps = [(0.0, solid[0]), (0.5, clear[0]), (0.5, clear[1]), (1.0, solid[1])]
    return LinearSegmentedColormap.from_list("shade", steps)


_KINDS = (
    (("compiled",), GREEN),
    (("paper", "untrained", "blind", "control"), GREY),
    (("minimal",), PURPLE),
    (("without traces", "trained without traces"), ORANGE),
    (("edge information", "with edge information"), SKY),
    (("with traces", "trained", "learned"), BLUE),
)
"""How names of each kind of network begin, and its colour in the whole book."""


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name: that of its kind, or else one of those used least.

    What was compiled and then trained is of no kind.
    """
    found: dict[str, str] = {}
    for name in names:
        for starts, colour in _KINDS:
            if name.startswith(starts) and "then trained" not in name:
                found.setdefault(name, colour)
        usual = (BLUE, ORANGE, PURPLE, SKY, GREEN, GREY)
        # of more than six, the first colours come again, with other styles
        used = list(found.values())
        found.setdefault(name, min(usual, key=used.count))
    return found


class Drawn(Figure):
    """A figure that shows itself as HTML, drawn wide and, if there is one, narrow."""

    for_phone: "Drawn | None" = None

    def html(self) -> str:
        """Both drawings, for a page that shows the one that fits.

        The words for those who do not see it are missing: see `described`.
        """
        wide = _inline(self)
        narrow = _inline(self.for_phone) if self.for_phone else wide
        kinds = {"mg-wide": wide, "mg-narrow": narrow} if wide != narrow else {"": wide}
        # hidden by an attribute: JupyterLab drops styles of notebooks it does not trust
        hidden = {"mg-narrow": ' style="display:none"'}
        drawings = "".join(
            f'<div class="{kind}"{hidden.get(kind, "")}>{drawing}</div>'
            for kind, drawing in kinds.items()
        )
        return (
            "<style>.mg-figure{background:var(--figure-back,#fff)}"
            ".mg-figure svg{stroke-linejoin:round;stroke-linecap:butt}"
            "@media(max-width:600px){"
            ".mg-wide{display:none}.mg-narrow{display:block!important}}</style>"
            f'<div class="mg-figure" {_NO_WORDS}>{drawings}</div>'
        )

    def _repr_html_(self) -> str:
        return self.html()

    def save(self, path: Path) -> None:
        """The wide drawing as a file that stands alone, the same bytes each time."""
        with mpl.rc_context({"svg.hashsalt": "mindgap"}):
            more = {"metadata": {"Date": None}, "facecolor": "white"}
            self.savefig(path, bbox_inches="tight", **more)

    def publish(self, path: Path) -> None:
        """As `save`, to an `.svg`; and as `.html` what the book shows instead of it."""
        self.save(path)
        path.with_suffix(".html").write_text(self.html() + "\n", "utf-8")


_NO_WORDS = 'role="img" aria-label=""'


def described(page: str, words: str) -> str:
    """HTML in which figures without words, if there are any, have these."""
    return page.replace(_NO_WORDS, f'role="img" aria-label="{html.escape(words)}"')


def for_pages(draw: Callable[..., Figure]) -> Callable[..., Any]:
    """Decorates a function that draws: its figure is drawn for a phone, too."""

    @functools.wraps(draw)
    def drawn(*args: Any, **more: Any) -> Figure:
        with mpl.rc_context(_STYLE):
            figure = draw(*args, **more)
            token = _room.set(NARROW)
            try:
                figure.for_phone = draw(*args, **more)  # type: ignore
            finally:
                _room.reset(token)
        return figure

    return drawn


def _inline(figure: Figure) -> str:
    """A figure as SVG within a page: text as text, the page's colours, its own ids."""
    file = io.StringIO()
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "mindgap"}
    with mpl.rc_context({**_STYLE, **settings}):
        how = {"bbox_inches": "tight", "pad_inches": 0.03, "metadata": {"Date": None}}
        figure.savefig(file, format="svg", **how)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    # a style within the page would be one of the whole page: see `html`
    svg = re.sub(r"<(metadata|style).*?</\1>\s*", "", svg, flags=re.S)
    # groups and images have ids that nothing refers to; equal images have equal ones
    svg = re.sub(r'(<g|<image[^>]*) id="[^"]*"', r"\1", svg)
    own = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{own}", svg)
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--figure-{name}, {colour})")
    # the page's own font; it is narrower than the one that the text was laid out with
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    return re.sub(r"\s*\n\s*", " ", svg)
