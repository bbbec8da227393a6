"""The language: what is written is printed, what means nothing is refused by place."""

import pytest

from mindgap import programs
from mindgap.language import expressions, interpreter, normal_forms
from mindgap.language.expressions import Constant, ProgramError, Read, show
from mindgap.language.normal_forms import Affine, Field
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min
from tests import cases


def test_a_program_prints_as_it_reads():
    assert str(programs.bfs) == (
        "bfs: reach (bool), pi (node)\n"
        "  start   reach = init.s\n"
        "          pi    = init.index\n"
        "  select  the candidate of least other.index\n"
        "          among those with edge.adj & other.reach & ~self.reach, else self\n"
        "  update  reach <- other.reach\n"
        "          pi    <- other.index + (self.pi - self.index)"
    )


def test_every_operator_has_every_meaning():
    operators = set(expressions.OPERATORS)
    assert operators == expressions.PRINT.keys() == set(expressions.BINDING)
    assert operators == normal_forms.AFFINE.keys() == interpreter.INTERPRET.keys()


@pytest.mark.parametrize("name", cases.REFUSED)
def test_a_program_without_meaning_is_refused_by_place(name):
    changes, message = cases.REFUSED[name]
    with pytest.raises(ProgramError, match=message):
        cases.changed(programs.bfs, **changes)


a, b, c = (Read("self", name, "float") for name in "abc")
p, q = (Read("other", name, "bool") for name in "pq")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (a + b - c, "self.a + self.b - self.c"),
        (a - (b - c), "self.a - (self.b - self.c)"),
        (2 * (a + b), "2 * (self.a + self.b)"),
        (~(p & q) | p, "~(other.p & other.q) | other.p"),
        ((p | q) & p, "(other.p | other.q) & other.p"),
        ((a < b) & p, "(self.a < self.b) & other.p"),
        (1 - a > b, "self.b < 1 - self.a"),
        (p & True, "other.p & True"),
    ],
)
def test_parentheses_are_where_they_are_needed(expr, text):
    assert show(expr) == text


def test_the_affine_form_collects_coefficients():
    one = Field("self", "a")
    assert normal_forms.affine(2 * a - a * 0.5 + 1) == Affine({one: 1.5}, 1.0)
    assert normal_forms.affine(a - a) == Affine({})
    assert normal_forms.affine(~p + 1) == Affine({Field("other", "p"): -1.0}, 2.0)
    assert normal_forms.affine((a + 1) * Constant(3)) == Affine({one: 3.0}, 3.0)


def test_conditions_are_one_conjunction_or_one_disjunction():
    both = normal_forms.condition(p & ~q)
    assert both.every and [lit.positive for lit in both.literals] == [True, False]
    neither = normal_forms.condition(~(p | q))
    assert neither.every and [lit.positive for lit in neither.literals] == [False] * 2
    either = normal_forms.condition(~(p & q))
    assert not either.every and len(either.literals) == 2
    with pytest.raises(normal_forms.NotCompilable, match="neither one"):
        normal_forms.condition(p & q | p)


def test_a_new_program_takes_ten_lines():
    """Of the reader's own, without a task: every component is a hint and an output."""
    farthest = GraphProgram(
        name="two_hops",
        start=lambda init: {"near": init.s, "far": False},
        select=lambda self, other, init, edge: Min(
            other.index, where=edge.adj & other.near, default=self
        ),
        update=lambda self, other, init, edge: {
            "near": self.near,
            "far": other.near & ~self.near,
        },
    )
    assert farthest.components == {"near": "bool", "far": "bool"}
    assert interpreter.shown(farthest) == {
        "near_h": "near",
        "near": "near",
        "far_h": "far",
        "far": "far",
    }
    graphs = cases.all_graphs(farthest, 4)
    from mindgap.compiler.compile import compile

    compiled = compile(farthest, cases.MODIFIED)
    assert cases.agrees(compiled, cases.within(compiled, graphs))
