"""What all score recipes share: channels, the score of one head, its room."""

from typing import NamedTuple

from mindgap.compiler.layout import Layout, Reading
from mindgap.compiler.limits import Margin
from mindgap.compiler.static import Bounds, CannotCompile
from mindgap.compiler.updates import fine
from mindgap.language.normal_forms import Affine
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Selection
from mindgap.network import ModelConfig
from mindgap.network.attention import NO_EDGE
from mindgap.network.pairwise import LEAK as SLOPE


class Channel(NamedTuple):
    """One leaky ReLU of a score: what it reads, and its weight omega."""

    name: str
    zeta: Reading
    weight: float
    form: Affine
    """What it reads, as a sum; `times` this, as it stands in the weights."""
    times: float


class Score(NamedTuple):
    """The score of one selection: its channels, and what it needs of a graph."""

    channels: list[Channel]
    margin: Margin
    position_gap: float
    """Neighbouring positions must be at least this far apart."""
    reasons: dict[str, str]
    """What sets `key_gap` and `position_gap`, for `Compiled.explain`."""
    leak: float = 0.0
    """The most that a softmax gives to all nodes but the selected one."""
    diagonal: float = 0.0
    """The bias B of Eq. 17 on its diagonal; 0 elsewhere."""
    separated: bool = True
    """Whether a node that is not selected is scored far enough below the selected."""
    directed: bool = True
    """Whether edges may lack their opposite."""
    neighbours_only: bool = False
    """Whether it relies on attention to neighbours alone, for its mask."""


class Setting(NamedTuple):
    """What a recipe knows: one selection of a program, and the network."""

    program: GraphProgram
    name: str
    """Of the selection."""
    selection: Selection
    layout: Layout
    config: ModelConfig
    sharpness: float
    """K: the score per unit of key."""

    @property
    def bounds(self) -> Bounds:
        """The largest sizes of values and weights."""
        return self.layout.bounds

    @property
    def place(self) -> str:
        """For messages: `dfs, select child`; without a name for an only selection."""
        only = len(self.program.selections) == 1
        return f"{self.program.name}, select{'' if only else f' {self.name}'}"

    def channel(
        self, name: str, form: Affine, times: float, weight: float = -1.0
    ) -> Channel:
        """weight * leaky(times * form)."""
        zeta = self.layout.reading(form).times(times)
        return Channel(name, zeta, weight, form, times)

    def rectified(
        self, name: str, form: Affine, times: float, weight: float
    ) -> list[Channel]:
        """weight * relu(times * form), from two leaky ReLUs."""
        scale = weight / (1 - SLOPE**2)
        return [
            self.channel(name, form, times, scale),
            self.channel(f"-({name})", form, -times, SLOPE * scale),
        ]

    def position_gap(self, gap: float, why: str) -> tuple[float, str]:
        """The gap, or what an update needs to tell nodes apart; and which it is."""
        finest = 2 / fine(self.sharpness)
        if gap > finest:
            return gap, why
        return finest, "how finely an update tells nodes apart"

    def check_size(self, size: float) -> None:
        """Raises CannotCompile if scores come near the constant of Eq. 7."""
        if self.config.attend_to == "neighbours" and size > NO_EDGE / 4:
            raise CannotCompile(
                f"{self.place}: scores reach {size:.2g}, but among neighbours they "
                f"must stay below {NO_EDGE / 4:.2g}, else nodes that are no neighbours "
                "take part: compile with less sharpness"
            )
