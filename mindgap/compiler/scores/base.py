"""What all score recipes share: channels, the score of one head, its room."""

from typing import NamedTuple

from mindgap.compiler.layout import Layout, Reading
from mindgap.compiler.limits import UNIT, Margin
from mindgap.compiler.static import Bounds, CannotCompile, accumulates, literals_of
from mindgap.compiler.updates import fine
from mindgap.language.interpreter import shown, task_of
from mindgap.language.normal_forms import Affine, Part
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Selection
from mindgap.network import ModelConfig
from mindgap.network.attention import NO_EDGE
from mindgap.network.pairwise import LEAK as SLOPE

EDGES = ("edge", "mask")
"""Location and type of features whose pairs of nodes attend to each other."""


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

    def drift(self, compared: Affine) -> float:
        """By how much two numbers that are compared may come closer with each step.

        A gated number stands beside constants of up to three times the largest value,
        and a step adds up at most five terms of it.
        """
        numbers = {
            field.name
            for field in compared.terms
            if self.program.components.get(field.name) == "float"
        }
        wrong = any(
            accumulates(self.program, number, self.bounds.value) for number in numbers
        )
        return wrong * 5 * UNIT * 4 * self.bounds.value

    def check_reach(self) -> None:
        """Raises CannotCompile if attention reaches more than can be followed.

        Among neighbours it reaches the ends of edges, and what references that are fed
        back as hints join. Other masks of edges and pointers join nodes, too, of which
        the program knows nothing.
        """
        task = task_of(self.program)
        for name in self.config.encodes(task):
            feature = task.features[name]
            joins = name != "adj" and (feature.location, feature.type) == EDGES
            if feature.type == "pointer":
                # without a component it is fed back as equal shares
                joins = not shown(self.program).get(name)
            if joins:
                raise CannotCompile(
                    f"{self.place}: the {feature.stage} {name} lets nodes attend to "
                    "each other, of which the program says nothing: only adj, and "
                    "pointers that a component shows, may do so with "
                    "attend_to='neighbours'"
                )

    def check_size(self, size: float) -> None:
        """Raises CannotCompile if scores come near the constant of Eq. 7."""
        if self.config.attend_to == "neighbours" and size > NO_EDGE / 4:
            raise CannotCompile(
                f"{self.place}: scores reach {size:.2g}, but among neighbours they "
                f"must stay below {NO_EDGE / 4:.2g}, else nodes that are no neighbours "
                "take part: compile with less sharpness"
            )


def fed_pointers(program: GraphProgram, config: ModelConfig) -> tuple[str, ...] | None:
    """The components that are fed back as pointers; None with attention to all."""
    if config.attend_to == "all":
        return None
    task, components = task_of(program), shown(program)
    fed = [n for n in config.encodes(task) if task.features[n].type == "pointer"]
    named = [components.get(name) for name in fed]
    return tuple(name for name in named if isinstance(name, str))


def asked(read: list[Part]) -> tuple[tuple[str, bool], ...]:
    """What a node must hold itself in all parts that read a selection."""
    if not read:
        return ()
    common = set.intersection(*(set(literals_of(part)) for part in read))
    own = {lit for lit in common if lit.field.role == "self"}
    return tuple(sorted((lit.field.name, lit.positive) for lit in own))
