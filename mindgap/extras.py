"""Optional libraries: the error message if a part of mindgap lacks one."""

from importlib import util


def require(extra: str, part: str, *libraries: str) -> None:
    """Checks that the libraries of an extra are installed, without importing them.

    Raises ImportError if one is missing; the message names `part`, the missing
    libraries and the extra to install.
    """
    if missing := [name for name in libraries if util.find_spec(name) is None]:
        raise ImportError(
            f"{part} needs {', '.join(missing)}: pip install 'mindgap[{extra}]'",
            name=missing[0],
        )
