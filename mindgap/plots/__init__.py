"""Figures: each function takes arrays and returns a figure, and loads no results."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "matplotlib")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
