"""The algorithms of the paper as tasks: `bfs`, `dfs`, `bellman_ford`."""

from mindgap.tasks.base import Feature, Task
from mindgap.tasks.bellman_ford import bellman_ford
from mindgap.tasks.bfs import bfs
from mindgap.tasks.dfs import dfs

TASKS = {task.name: task for task in (bfs, dfs, bellman_ford)}

__all__ = ["TASKS", "Feature", "Task", "bellman_ford", "bfs", "dfs"]
