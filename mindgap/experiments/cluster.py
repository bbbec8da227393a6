"""Blocks of seeds as tasks of a dask cluster (https://distributed.dask.org).

A task is a pure function of an experiment and its seeds, so that another worker can
repeat the task of a worker that died. Workers need this package but not the store:
results are sent back to the process that asked for them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mindgap.experiments import blocks
from mindgap.experiments.base import Experiment

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
"""Seconds to wait for the scheduler's answer."""


def results(
    address: str, experiment: Experiment, seeds: Sequence[int]
) -> Iterator[blocks.Block]:
    """Yields each block as soon as a worker has finished it, in any order.

    The address is a scheduler's (`tcp://host:port`), or `local` for one worker process
    per core of this machine. The first free worker decides the size of all blocks.

    Raises ImportError without dask.distributed, and OSError if no scheduler answers. If
    a block fails, yields all others and then raises the first error: the block's own,
    or KilledWorker if its workers kept dying.
    """
    from distributed import as_completed

    with _client(address) as client:
        if not client.scheduler_info()["workers"]:
            print(f"no workers at {address} yet: waiting for them", flush=True)
        settings = experiment.task, experiment.model, experiment.train
        size = client.submit(blocks.block_size, *settings, pure=False).result()
        parts = blocks.cut(seeds, size)
        tasks = [
            client.submit(_complete, experiment, list(part), pure=False)
            for part in parts
        ]
        print(
            f"{experiment.name}: {len(seeds)} seeds in {len(tasks)} tasks", flush=True
        )
        failed = []
        for task in as_completed(tasks):
            if task.status == "finished":
                yield task.result()
            else:
                failed.append(task.exception())
            task.release()
    if failed:
        raise failed[0]


def _client(address: str) -> "Client":
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError(
            "a cluster needs dask.distributed: pip install 'mindgap[cluster]'"
        ) from error
    if address == "local":
        return Client(LocalCluster(threads_per_worker=1, dashboard_address=":0"))
    return Client(address, timeout=CONNECT_SECONDS)


def _complete(experiment: Experiment, seeds: Sequence[int]) -> blocks.Block:
    blocks.cache_compilation()
    return blocks.complete(experiment, seeds, lambda *_: None)
