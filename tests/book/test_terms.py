"""Terms of the glossary are links where a page first uses them, in its prose only."""

from pathlib import Path

from mindgap.book import terms

GLOSSARY = """# Glossary

```{glossary}
hint
  What is written down.

graph program
  An algorithm. It has hints.

refused
kept
  Of graphs.
```
"""


def test_terms_are_what_the_glossary_explains():
    assert terms.terms_of(GLOSSARY) == ["hint", "graph program", "refused", "kept"]


def test_the_first_use_is_a_link():
    pending = terms.terms_of(GLOSSARY)
    text = "All Hints of a graph\nprogram; a hint is a hint, and hinting is not."
    assert terms.linked(text, pending) == (
        "All {term}`Hints <hint>` of a {term}`graph\nprogram <graph program>`; "
        "a hint is a hint, and hinting is not."
    )
    assert pending == ["refused", "kept"]
    assert terms.linked("another hint", pending) == "another hint"
    assert terms.linked("graph\n\nprogram", ["graph program"]) == "graph\n\nprogram"


def test_what_is_no_prose_is_left_alone():
    for text in (
        "# A hint\n",
        "| hint | 3 |\n",
        "`hint` and $hint$ and [hint](hint.html) and {doc}`hint <hint>`",
        "```python\nhint = 3\n```\n",
        "```{figure} a.svg\n:alt: a hint\n\nthe hint\n```\n",
        "$$\nhint\n$$\n",
        '<a href="hint">',
        "re-hint",
        "https://a.b/hint and [hint][one]",
        "::::{grid}\n:::{card}\nhint\n:::\n::::\n",
        "    hint = 3\n",
    ):
        assert terms.linked(text, ["hint"]) == text


def test_the_books_glossary_is_read():
    root = Path(__file__).parents[2]
    found = terms.terms_of((root / "book" / "glossary.md").read_text("utf-8"))
    assert len(found) > 30 and terms.AMBIGUOUS < {*found}
