"""The vocabulary of the registry: experiments as data, with the paper's numbers.

The registry says what was claimed, where, and what would have to be run. It runs
nothing; `run` does.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Literal

import jax
from jaxtyping import Array, Key

from mindgap import config
from mindgap.compiler.compile import compile
from mindgap.graphs import Graphs
from mindgap.language.program import GraphProgram
from mindgap.measures import landscape
from mindgap.network import ModelConfig, Params
from mindgap.programs import PROGRAMS
from mindgap.tasks import random
from mindgap.tasks.base import BENCHMARK, TRAIN_PROBABILITIES, Task
from mindgap.training import Start, TrainConfig


@dataclasses.dataclass(frozen=True)
class Data:
    """A named set of graphs to score networks on, the same for every seed."""

    name: str
    nodes: int
    graphs: int
    p: tuple[float, ...] = (0.5,)
    seed: int = 0
    random_positions: bool = False
    benchmark: Literal["val", "test"] | None = None
    """CLRS-30's own set, from dm-clrs's seed; the rest then describes it."""

    def draw(self, task: Task) -> Graphs:
        """The graphs of this set for a task."""
        if self.benchmark is not None:
            return task.benchmark(self.benchmark)
        key = random.key(self.seed)
        drawn = task.sample(key, self.nodes, self.graphs, self.p, self.random_positions)
        return drawn.trimmed()


def _benchmark(split: Literal["val", "test"]) -> Data:
    made = BENCHMARK[split]
    return Data(
        f"clrs30-{split}",
        made["nodes"],
        made["count"],
        seed=made["seed"],
        benchmark=split,
    )


CLRS30_TEST = _benchmark("test")
CLRS30_VAL = _benchmark("val")
IN_DISTRIBUTION = tuple(
    Data(
        f"in-distribution-{nodes}", nodes, 256, TRAIN_PROBABILITIES, 1000 + nodes, True
    )
    for nodes in TrainConfig().lengths
)
"""Fresh graphs as in training, 256 of each training length."""


TEST_16 = Data("test-16", 16, 64, seed=3)
"""64 graphs as in CLRS-30's test, of 16 nodes: 1,024 pointers."""

BY_SIZE = {
    nodes: Data(f"size-{nodes}", nodes, 64, seed=20_000 + nodes)
    for nodes in (16, 20, 24, 32, 48, 64)
}
"""Fresh graphs as in CLRS-30's test, 64 of each number of nodes: what a network is
worth on sizes from the largest in training to four times that."""

FULL_SIZE = 128
"""Hidden size of the paper's networks."""

DEFAULT_MODEL = ModelConfig()
DEFAULT_TRAINING = TrainConfig()


@dataclasses.dataclass(frozen=True)
class Reported:
    """What the paper prints, in percent of pointers."""

    mean: float
    std: float
    max: float
    seeds: int = 128
    """The paper's stated minimum; its actual numbers are not given."""


@dataclasses.dataclass(frozen=True)
class CompiledStart:
    """Compiled weights that training starts from, or starts near to.

    Without a radius a seed is an order of the data, and nothing else.
    """

    program: str
    """A name of `programs.PROGRAMS`."""
    sharpness: float
    """As `compiler.compile` takes it."""
    radius: float = dataclasses.field(default=0.0, metadata=config.added(0.0))
    """How far each seed first steps away, in a random direction: 1 is as far as its
    filters are long (see `landscape.direction`)."""

    def params(self, model: ModelConfig) -> Params:
        """The weights. Raises CannotCompile if the network cannot hold them."""
        return _compiled(self.program, self.sharpness, model)

    def drawn(self, model: ModelConfig) -> Start:
        """Draws the weights that a seed starts from."""
        exact = self.params(model)

        def draw(key: Key[Array, ""]) -> Params:
            return landscape.moved(exact, landscape.direction(key, exact), self.radius)

        return draw


@functools.cache
def _compiled(program: str, sharpness: float, model: ModelConfig) -> Params:
    """Each seed and checkpoint is held against the same weights."""
    compiled = compile(PROGRAMS[program], model, sharpness=sharpness)
    return jax.tree.map(jax.numpy.asarray, compiled.params)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Experiment:
    """One row of a table of the paper, or of ours beside it."""

    name: str
    """`table-1/bfs`: the table, then the row."""
    source: str
    claim: str
    task: Task
    model: ModelConfig = DEFAULT_MODEL
    train: TrainConfig = DEFAULT_TRAINING
    start: CompiledStart | None = None
    """Where training starts, if not at random."""
    test: Data = CLRS30_TEST
    """The headline score's graphs."""
    beside: tuple[Data, ...] = (CLRS30_VAL, *IN_DISTRIBUTION)
    seeds: int = 128
    """How many the paper has, or ours should."""
    reported: Reported | None = None
    unsure: tuple[str, ...] = ()
    """What the paper does not say."""
    incomparable: str = ""
    """Why the paper's number measures something else, if it does."""
    headline: Literal["best", "last"] = "best"
    """Whose score is the row's: best by validation, or last. After a compiled start the
    best is the start itself, or next to it."""
    keep: bool = True
    """Whether the best network is kept for figures (see `learned`)."""
    followed: bool = True
    """Whether faithfulness is measured, step by step, beside the scores."""
    larger: int = 32
    """How many more sets like the test's are scored beside it, 32 graphs each."""
    sized: bool = False
    """Whether networks smaller than the paper's are scored by size, too."""
    same_as: str = ""
    """The row that this one repeats under another number of the paper; its records are
    those of both."""

    @property
    def table(self) -> str:
        """The table's name, `table-1`."""
        return self.name.split("/")[0]

    @property
    def recorded(self) -> str:
        """The name that its records are kept under."""
        return self.same_as or self.name

    @property
    def by_size(self) -> tuple[Data, ...]:
        """The sets on which its networks are scored by size: none if tied to one."""
        full = self.model.hidden_size >= FULL_SIZE and self.model.nodes is None
        return tuple(BY_SIZE.values()) if full or self.sized else ()

    @property
    def program(self) -> GraphProgram | None:
        """The graph program whose selections attention is held against, if any."""
        # by name: on a cluster's worker the task is a copy
        named = (
            p for p in PROGRAMS.values() if p.task and p.task.name == self.task.name
        )
        return next(named, None)

    @property
    def traced(self) -> tuple[Data, ...]:
        """The sets on which faithfulness is measured: CLRS-30's, and the test's."""
        if not self.followed:
            return ()
        clrs = (data for data in self.beside if data.benchmark)
        return (self.test, *clrs)

    @property
    def larger_name(self) -> str:
        """What the larger test set is called in rows."""
        return f"larger-test-{self.test.nodes}"

    def larger_test(self) -> Iterator[Graphs]:
        """The larger test set in parts, each drawn as CLRS-30's test is."""
        for part in range(self.larger):
            key = random.key(10_000 + part)
            yield self.task.sample(key, self.test.nodes, 32)

    @property
    def configuration(self) -> dict:
        """Everything that can change a number, readably."""
        start = {"start": self.start} if self.start else {}
        # the first records did not name their stream, which was the second
        stream = (
            {"stream": config.STREAM} if config.STREAM != config.UNNAMED_STREAM else {}
        )
        return config.readable(
            {
                "task": self.task.name,
                "model": self.model,
                "train": self.train,
                "data": (self.test, *self.beside),
                **start,
                **stream,
            }
        )

    @property
    def digest(self) -> str:
        """Under which results are stored: a changed configuration is another one."""
        return config.digest(self.configuration)

    def quick(self) -> "Experiment":
        """The same question, small enough to be trained in seconds (`quick` profile).

        Hidden size 32, graphs of 8 nodes, 100 steps of 1e-3, two seeds: real training,
        whose score is not to be held against the paper's.
        """
        size = min(32, self.model.hidden_size)
        size -= size % self.model.heads  # each head has as many
        return dataclasses.replace(
            self,
            model=self.model
            if self.start
            else dataclasses.replace(self.model, hidden_size=size),
            train=dataclasses.replace(
                self.train,
                steps=100,
                learning_rate=1e-3,
                lengths=(self.model.nodes or 8,),
                batch=16,
            ),
            beside=(),
            followed=False,
            sized=False,
            larger=0,
            seeds=2,
            incomparable="a small network, trained briefly",
        )

    def with_steps(self, steps: int) -> "Experiment":
        """The same experiment, trained for another number of steps."""
        if steps == self.train.steps:
            return self
        changed = f"trained for {steps} steps, not {self.train.steps}"
        return dataclasses.replace(
            self,
            train=dataclasses.replace(self.train, steps=steps),
            incomparable="; ".join(filter(None, (changed, self.incomparable))),
        )


MIXED = (
    "the paper's row mixes runs under slightly different settings, with and without "
    "regularisation (section 3), in shares that it does not give"
)
"""Why two rows of Table 1 cannot be compared."""

UNSURE = (
    "how many seeds: 128 is a minimum over all experiments",
    "which checkpoint: we report the best by validation, and the last beside it",
    "Table 9 lists five training lengths, section B an unaltered dataset",
)
"""What no table says."""
