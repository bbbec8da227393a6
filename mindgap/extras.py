"""Libraries that only a part of mindgap needs, and the sentence that says so."""

from importlib import util


def require(extra: str, part: str, *libraries: str) -> None:
    """Says which extra a part of mindgap needs, if one of its libraries is missing.

    Nothing is imported. Raises ImportError, in one sentence.
    """
    if missing := [name for name in libraries if util.find_spec(name) is None]:
        raise ImportError(
            f"{part} needs {', '.join(missing)}: pip install 'mindgap[{extra}]'",
            name=missing[0],
        )
