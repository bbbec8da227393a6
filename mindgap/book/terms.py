"""Links from the text of a page to the glossary, at the first use of each term."""

import re

AMBIGUOUS = {
    *("reading", "row", "kept", "refused", "differs", "claim", "limits", "simplified"),
    *("margin", "radius", "deciding"),
}
"""Terms that are common words, too, so that not every use is one of the term."""

_LEFT_ALONE = "|".join(
    (
        r"^(?P<fence>`{3,}|~{3,}|:{3,})[\s\S]*?^(?P=fence)",  # code, directives
        r"^ {4}.*$",
        r"^\$\$[\s\S]*?\$\$",
        r"^(?:#|\||<|\([\w-]+\)=).*$",  # headings, tables, HTML, targets
        r"\{[^}\s]+\}`[^`]*`",
        r"`[^`]*`",
        r"\$[^$]*\$",
        r"!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])",
        r"https?://\S+",
        r"<[^>\s][^>]*>",
    )
)


def terms_of(glossary: str) -> list[str]:
    """The terms that a glossary explains: lines that begin where its lines begin."""
    (inside,) = re.findall(r"^```\{glossary\}\n(.*?)^```", glossary, flags=re.S | re.M)
    return re.findall(r"^\S.*$", inside, flags=re.M)


def clear(known: list[str]) -> list[str]:
    """Those terms of which every use can be a link."""
    return [term for term in known if term not in AMBIGUOUS]


def linked(text: str, pending: list[str]) -> str:
    """Markdown in which the first use of each pending term is a link.

    A term that was found is taken from `pending`, which a page's pieces share. Code,
    equations, headings, tables and links are left as they are.
    """
    last, pieces = 0, []
    for alone in re.finditer(_LEFT_ALONE, text, flags=re.M):
        pieces += [_in_prose(text[last : alone.start()], pending), alone[0]]
        last = alone.end()
    return "".join([*pieces, _in_prose(text[last:], pending)])


def _in_prose(text: str, pending: list[str]) -> str:
    found = []
    for term in pending:
        words = r"[ \t]*\n?[ \t]*".join(map(re.escape, term.split()))
        use = re.search(rf"(?<![\w-]){words}s?(?![\w-])", text, flags=re.I)
        if use:
            found.append((use.start(), use.end(), term))
    found.sort(key=lambda use: (use[0], -use[1]))
    last, pieces = 0, []
    for start, end, term in found:
        if start < last:
            continue  # within another term
        pending.remove(term)
        pieces += [text[last:start], f"{{term}}`{text[start:end]} <{term}>`"]
        last = end
    return "".join([*pieces, text[last:]])
