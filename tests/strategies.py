"""Random inputs for hypothesis."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def weighted_digraphs(draw, most: int = 8, directed: bool = True):
    """Weights (N, N), 0 for no edge, self-loops included; any density.

    Of a few sizes up to `most`, since each is compiled.
    """
    nodes = draw(st.sampled_from([*(n for n in (1, 2, 3, 5) if n < most), most]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    edges = rng.random((nodes, nodes)) < draw(st.sampled_from((0.0, 0.2, 0.5, 1.0)))
    weights = rng.uniform(0.05, 1, (nodes, nodes)).astype(np.float32)
    if not directed:
        edges, weights = edges & edges.T, np.maximum(weights, weights.T)
    return np.where(edges, weights, 0).astype(np.float32)
