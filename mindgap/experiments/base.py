"""Experiments as data: the types of which the registry in `mindgap.paper` is made.

An experiment states a claim of the paper, where it is, its printed number, and what has
to be run to test it. Nothing is run here; see `run`.
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
    """Which of CLRS-30's own sets this is, if any: drawn from dm-clrs's seed. The other
    fields then only describe it."""

    def draw(self, task: Task) -> Graphs:
        """The graphs of this set for a task."""
        return _drawn(self, task)


@functools.lru_cache(maxsize=8)
def _drawn(data: Data, task: Task) -> Graphs:
    """`Data.draw`. The last few sets are kept: scores of one set often follow."""
    if data.benchmark is not None:
        return task.benchmark(data.benchmark)
    key = random.key(data.seed)
    drawn = task.sample(key, data.nodes, data.graphs, data.p, data.random_positions)
    return drawn.trimmed()


def _benchmark(split: Literal["val", "test"]) -> Data:
    settings = BENCHMARK[split]
    return Data(
        f"clrs30-{split}",
        settings["nodes"],
        settings["count"],
        seed=settings["seed"],
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
"""Fresh graphs drawn as in training, 256 of each training length."""

TEST_16 = Data("test-16", 16, 64, seed=3)
"""64 graphs as in CLRS-30's test, of 16 nodes: 1,024 pointers."""

BY_SIZE = {
    nodes: Data(f"size-{nodes}", nodes, 64, seed=20_000 + nodes)
    for nodes in (16, 20, 24, 32, 48, 64)
}
"""Fresh graphs as in CLRS-30's test, 64 of each number of nodes, from the largest
number in training to four times that."""

FULL_SIZE = 128
"""Hidden size of the paper's networks."""

DEFAULT_MODEL = ModelConfig()
DEFAULT_TRAINING = TrainConfig()


@dataclasses.dataclass(frozen=True)
class Reported:
    """A result that the paper prints: accuracy in percent of pointers, over seeds."""

    mean: float
    std: float
    max: float
    seeds: int = 128
    """The paper's stated minimum; its actual numbers are not given."""


@dataclasses.dataclass(frozen=True)
class CompiledStart:
    """Compiled weights that training starts from, or starts near to.

    With a radius of 0, seeds differ only in the data that they are trained on.
    """

    program: str
    """Name of the program in `programs.PROGRAMS`."""
    sharpness: float
    """The argument `sharpness` of `compiler.compile`."""
    radius: float = dataclasses.field(default=0.0, metadata=config.added(0.0))
    """How far from the compiled weights a seed starts, in a random direction. In units
    of the filters' lengths: 1 moves each by its own (see `landscape.direction`)."""

    def params(self, model: ModelConfig) -> Params:
        """The compiled weights. Raises CannotCompile if they do not fit the network."""
        return _compiled_params(self.program, self.sharpness, model)

    def drawn(self, model: ModelConfig) -> Start:
        """A function of a key that draws the weights that a seed starts from."""
        exact = self.params(model)

        def draw(key: Key[Array, ""]) -> Params:
            return landscape.moved(exact, landscape.direction(key, exact), self.radius)

        return draw


@functools.cache
def _compiled_params(program: str, sharpness: float, model: ModelConfig) -> Params:
    """Cached, since each seed and checkpoint is compared with the same weights."""
    compiled = compile(PROGRAMS[program], model, sharpness=sharpness)
    return jax.tree.map(jax.numpy.asarray, compiled.params)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Experiment:
    """One row of a table of the paper, or a row that is added to one."""

    name: str
    """Table and row, as in `table-1/bfs`."""
    source: str
    """The place in the paper."""
    claim: str
    """What the paper claims, or what the row is to show."""
    task: Task
    model: ModelConfig = DEFAULT_MODEL
    train: TrainConfig = DEFAULT_TRAINING
    start: CompiledStart | None = None
    """Compiled weights from which training starts; None for random weights."""
    test: Data = CLRS30_TEST
    """The graphs of the headline score."""
    beside: tuple[Data, ...] = (CLRS30_VAL, *IN_DISTRIBUTION)
    """Further sets of graphs to score."""
    seeds: int = 128
    """Number of seeds in the paper, or wanted for a row that is not in it."""
    reported: Reported | None = None
    """The number that the paper prints, if any."""
    unsure: tuple[str, ...] = ()
    """Settings that the paper leaves open."""
    incomparable: str = ""
    """Why the paper's number cannot be compared with this row; empty if it can."""
    headline: Literal["best", "last"] = "best"
    """The checkpoint whose score is the row's: best by validation, or last. After a
    compiled start the best checkpoint is the start itself or close to it."""
    keep: bool = True
    """Whether the best network is kept for figures (see `learned`)."""
    followed: bool = True
    """Whether faithfulness is measured at every step, in addition to the scores."""
    larger: int = 32
    """Number of parts of the larger test set, each of 32 graphs drawn as the test's."""
    sized: bool = False
    """Whether networks are scored by size even if smaller than the paper's."""
    same_as: str = ""
    """Name of the row that this one repeats under another number of the paper; both
    have the same records."""

    @property
    def table(self) -> str:
        """The table's name, `table-1`."""
        return self.name.split("/")[0]

    @property
    def recorded(self) -> str:
        """The name under which the store keeps the records."""
        return self.same_as or self.name

    @property
    def by_size(self) -> tuple[Data, ...]:
        """The sets on which networks are scored by size.

        Empty for networks that are tied to one number of nodes, and for those smaller
        than the paper's unless `sized`.
        """
        full = self.model.hidden_size >= FULL_SIZE and self.model.nodes is None
        return tuple(BY_SIZE.values()) if full or self.sized else ()

    @property
    def program(self) -> GraphProgram | None:
        """The graph program with whose selections attention is compared, if any."""
        # compared by name, since the task is a copy on a cluster's worker
        programs = (
            p for p in PROGRAMS.values() if p.task and p.task.name == self.task.name
        )
        return next(programs, None)

    @property
    def traced(self) -> tuple[Data, ...]:
        """The sets on which faithfulness is measured: the test's, and CLRS-30's."""
        if not self.followed:
            return ()
        clrs = (data for data in self.beside if data.benchmark)
        return (self.test, *clrs)

    @property
    def larger_name(self) -> str:
        """The larger test set's name in the column `data` of rows."""
        return f"larger-test-{self.test.nodes}"

    def larger_test(self) -> Iterator[Graphs]:
        """The larger test set in parts, each drawn as CLRS-30's test is."""
        for part in range(self.larger):
            key = random.key(10_000 + part)
            yield self.task.sample(key, self.test.nodes, 32)

    @property
    def configuration(self) -> dict:
        """All settings that can change a recorded number, in readable form."""
        start = {"start": self.start} if self.start else {}
        # the first records did not name their random stream, which was version 2
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

    @functools.cached_property
    def digest(self) -> str:
        """Digest of the configuration, under which the store keeps the records.

        With any changed setting it is another one.
        """
        return config.digest(self.configuration)

    def quick(self) -> "Experiment":
        """The same experiment, reduced to seconds of training (profile `quick`).

        At most hidden size 32, graphs of 8 nodes, 100 steps at learning rate 1e-3, two
        seeds. The training is real, but the score cannot be compared with the paper's.
        """
        hidden_size = min(32, self.model.hidden_size)
        hidden_size -= hidden_size % self.model.heads  # heads divide it
        return dataclasses.replace(
            self,
            model=self.model
            if self.start
            else dataclasses.replace(self.model, hidden_size=hidden_size),
            train=dataclasses.replace(
                self.train,
                steps=100 + self.train.gathered,
                learning_rate=1e-3,
                lengths=(self.model.nodes or 8,),
                batch=16,
                evaluate_every=min(50, self.train.evaluate_every),
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
        reason = f"trained for {steps} steps, not {self.train.steps}"
        return dataclasses.replace(
            self,
            train=dataclasses.replace(self.train, steps=steps),
            incomparable="; ".join(filter(None, (reason, self.incomparable))),
        )


MIXED = (
    "the paper's row mixes runs under slightly different settings, with and without "
    "regularisation (section 3), in shares that it does not give"
)
"""Reason why two rows of Table 1 cannot be compared."""

UNSURE = (
    "how many seeds: 128 is a minimum over all experiments",
    "which checkpoint: we report the best by validation, and the last beside it",
    "Table 9 lists five training lengths, section B an unaltered dataset",
)
"""Settings that the paper leaves open for every table."""
