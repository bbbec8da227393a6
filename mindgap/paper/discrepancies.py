"""Where the paper is unclear, silent or contradicts itself, and how it is read here.

The paper is paraphrased, not quoted. Each place is discussed in the chapter that it
names.
"""

from typing import NamedTuple


class Discrepancy(NamedTuple):
    """One place in the paper that is unclear, missing or contradictory."""

    number: int
    where: str
    """Section, equation, table or figure."""
    paper: str
    """What the paper states there, or leaves out."""
    here: str
    """How this book reads it, or what it does instead."""
    chapter: str


_ATTENTION = "01_attention"
_PROGRAMS = "02_graph_programs"
_DISPARITY = "04_bfs_dfs_disparity"
_TRACES = "05_traces"
_FAITHFUL = "06_faithfulness"
_STABILITY = "07_stability"
_LANDSCAPES = "08_landscapes"
_ABLATIONS = "09_ablations"

DISCREPANCIES = tuple(
    Discrepancy(number, *rest)
    for number, rest in enumerate(
        (
            (
                "Eq. 13",
                "p_m stands on both sides.",
                "max(p_1, p_2 + p_e), transposed, as the benchmark's decoder has it.",
                _ATTENTION,
            ),
            (
                "Eq. 11-14",
                "Decoders read the hidden state h.",
                "They read inputs, old and new state, three times as wide, as in the "
                "benchmark.",
                _ATTENTION,
            ),
            (
                "Listing 1",
                "The new distance is self.dist + edge.dist, the selection is by "
                "other.dist + edge.",
                "Both are run as printed; the program here has the other's distance.",
                _PROGRAMS,
            ),
            (
                "Listings 1-2",
                "edge.dist here and edge there; commas are missing.",
                "One name; the listings are programs that run, and print themselves.",
                _PROGRAMS,
            ),
            (
                "Listing 2",
                "The state declares s, the update writes visit.",
                "One component, reach.",
                _PROGRAMS,
            ),
            (
                "Listings 1-2",
                "No rule says that a parent is kept once it is found.",
                "A clause of the mask each: in BFS reached nodes stop looking, in "
                "Bellman-Ford the source. As printed, programs are often wrong.",
                _PROGRAMS,
            ),
            (
                "Listings 1-2",
                "The default selection is oneself, which overwrites the parent by "
                "oneself.",
                "The update says what a node without a selection keeps.",
                _PROGRAMS,
            ),
            (
                "Listings 1-2",
                "At the fixed point a node is tied with its own parent as candidate.",
                "Programs are checked hint by hint on all small graphs, ties included.",
                _PROGRAMS,
            ),
            (
                "2.4, A.2, Listing 2",
                "BFS takes no minimum, or one over ids, or an order held in the bias.",
                "The minimum over ids, as CLRS's answer asks for; the order comes from "
                "positions, and the bias holds the default only.",
                _PROGRAMS,
            ),
            (
                "Eq. 15-16",
                "Edge information is added after Eq. 9; the axis that W_reduce "
                "contracts is not said, and the authors' code has two other forms.",
                "Two forms that work on any size are run, one with parameters and one "
                "without.",
                _ABLATIONS,
            ),
            (
                "Table 10",
                "Its second row is on 64 nodes, impossible with a W_reduce that runs "
                "over neighbours, as in the authors' later code.",
                "W_reduce runs over features.",
                _ABLATIONS,
            ),
            (
                "Tables 8, 10",
                "All architecture ablations are said to be on 16 nodes; Table 10's "
                "maxima are shares of 64-node test sets.",
                "Table 10 on 64 nodes, Tables 11 and 12 on 16.",
                _ABLATIONS,
            ),
            (
                "Table 8",
                "Whether the default rows have the simplified decoder as well.",
                "Each row of Tables 11 to 13 is run with both decoders.",
                _ABLATIONS,
            ),
            (
                "Table 10",
                "The default row is Table 1's, which mixes regularised runs; Table 3 "
                "is as good without edge information.",
                "A default row of its own, without regularisation.",
                _ABLATIONS,
            ),
            (
                "B, Table 9",
                "Default hyperparameters; the benchmark's learning rate is 1e-3, Table "
                "9 has 1e-4.",
                "Table 9.",
                _ABLATIONS,
            ),
            (
                "B, Table 9",
                "The dataset is called unaltered, and five lengths are sampled.",
                "The five lengths, drawn on the fly, as the benchmark's script does.",
                _ABLATIONS,
            ),
            (
                "Table 9, Eq. 20",
                "Training positions are random; Eq. 20 and the test sets have them "
                "evenly spaced.",
                "As said, with what that does to the simplified decoder.",
                _ABLATIONS,
            ),
            (
                "Table 9, Eq. 19",
                "Layer norm is on, though it destroys the raw scalars that compiled "
                "states consist of.",
                "Compiled networks have it off, trained ones on.",
                _PROGRAMS,
            ),
            (
                "Eq. 6, 9",
                "One symbol for two activations, leaky ReLU and ReLU; biases are left "
                "out.",
                "Both as in the benchmark, with biases.",
                _ATTENTION,
            ),
            (
                "Eq. 2-5, 16",
                "Shapes do not fit, f and d stand for several things.",
                "The shapes of the benchmark's layer, checked against it.",
                _ATTENTION,
            ),
            (
                "A.1",
                "About 5e6 parameters at hidden size 128.",
                "Counted: some 400,000, and 518,159 for DFS.",
                _ABLATIONS,
            ),
            (
                "A.1, C.3",
                "500 parameters at hidden size 4.",
                "Counted: 516 and 537, without what compiling uses.",
                _ABLATIONS,
            ),
            (
                "3, C.3",
                "Seeds per table are not given: 128 at least, 1,024 for Table 13.",
                "128 and 1,024 in the paper's standard errors.",
                _ABLATIONS,
            ),
            (
                "Table 14",
                "No learning rate, steps, lengths or seeds, nor which checkpoint.",
                "Two rates, four sharpnesses and two sizes, on 16 nodes, the last "
                "checkpoint.",
                _STABILITY,
            ),
            (
                "Tables 6-7",
                "Settings without a result.",
                "Run, and shown as results of ours.",
                _ABLATIONS,
            ),
            (
                "3.2, Tables 1-2",
                "The text says that DFS improves with simplified traces; the tables "
                "have 11.66 after 11.82.",
                "Judged from both.",
                _DISPARITY,
            ),
            (
                "C.1",
                "Maximum performance unaffected, by 92.24 and 92.72.",
                "The gain of the best seed is shown with that of the mean.",
                _ABLATIONS,
            ),
            (
                "3.1",
                "Controls change length and complexity together: simplified DFS is "
                "also shorter.",
                "Trace lengths are measured; padded BFS is added as a control of "
                "length alone.",
                _DISPARITY,
            ),
            (
                "3.1",
                "Only predecessor and visitation, for BFS a mask, for DFS a colour of "
                "three values.",
                "Said where the variants are compared.",
                _DISPARITY,
            ),
            (
                "3.1",
                "DFS runs on directed graphs without a source and restarts; BFS and "
                "Bellman-Ford on undirected ones from a source.",
                "As in CLRS; said as a confound.",
                _DISPARITY,
            ),
            (
                "3.3",
                "Attention accuracy is not defined where coefficients tie, nor for "
                "nodes that do nothing.",
                "Ties share the credit, and only active nodes count.",
                _FAITHFUL,
            ),
            (
                "3.2, 3.3",
                "Trace accuracy may be per hint or pooled, teacher-forced or not.",
                "Mean over hints, run freely; hints one by one beside it.",
                _TRACES,
            ),
            (
                "3, B",
                "No rule for the checkpoint, and which score it is chosen by.",
                "The best of 200 validations, the first of equals; the last beside it.",
                _ABLATIONS,
            ),
            (
                "C.1",
                "A sentence on what learned biases do lacks its verb.",
                "Read as: they act along rows or columns only; measured.",
                _ABLATIONS,
            ),
            (
                "Abstract, 1",
                "Inherently sequential is P without NC: that DFS is so is conjectured, "
                "and which order of neighbours is meant is not said.",
                "What is known of DFS's class is said with its conditions.",
                _DISPARITY,
            ),
            (
                "3.4, C.7, Figures 7, 16",
                "Landscapes: directions, normalisation, loss and data are not given; "
                "two places disagree on DFS; one figure is never cited, one caption "
                "is lost.",
                "All four are stated; both readings of DFS are judged.",
                _LANDSCAPES,
            ),
        ),
        1,
    )
)
